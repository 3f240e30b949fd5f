/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include "pod/quantity.h"

/* PersistentVolumeClaims that are to be made: for an ephemeral volume, and for the pods of a StatefulSet:
 * https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#generic-ephemeral-volumes */

static const char *const claim_modes[] = {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
                                          "ReadWriteOncePod", NULL};
static const char *const claim_volume_modes[] = {"Block", "Filesystem", NULL};

/* Labels and annotations alone: other metadata is the claim's own. */
static void claim_metadata(struct k8smi_check *c, const struct k8smi_record *metadata,
                           const struct k8smi_path *path) {
  /* In the order of the Go struct, and with its names. */
  static const struct {
    uint8_t field;
    const char *name;
  } refused[] = {
      {K8SMI_ObjectMeta_name, "name"},
      {K8SMI_ObjectMeta_generateName, "generateName"},
      {K8SMI_ObjectMeta_namespace, "namespace"},
      {K8SMI_ObjectMeta_selfLink, "selfLink"},
      {K8SMI_ObjectMeta_uid, "uID"},
      {K8SMI_ObjectMeta_resourceVersion, "resourceVersion"},
      {K8SMI_ObjectMeta_generation, "generation"},
      {K8SMI_ObjectMeta_creationTimestamp, "creationTimestamp"},
      {K8SMI_ObjectMeta_deletionTimestamp, "deletionTimestamp"},
      {K8SMI_ObjectMeta_deletionGracePeriodSeconds, "deletionGracePeriodSeconds"},
      {K8SMI_ObjectMeta_ownerReferences, "ownerReferences"},
      {K8SMI_ObjectMeta_finalizers, "finalizers"},
      {K8SMI_ObjectMeta_managedFields, "managedFields"},
  };
  struct k8smi_path annotations = K8SMI_PATH(path, ObjectMeta, annotations),
                    labels = K8SMI_PATH(path, ObjectMeta, labels);
  k8smi_check_annotations(c, metadata, &annotations);
  k8smi_check_labels(c, k8smi_get_list(metadata, K8SMI_ObjectMeta_labels), &labels);
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    struct k8smi_path at = k8smi_path_field(path, k8smi_s(refused[i].name));
    if (k8smi_has(metadata, refused[i].field)) k8smi_check_forbidden(c, &at, "cannot be set");
  }
}

static void claim_access_modes(struct k8smi_check *c, struct k8smi_list modes,
                               const struct k8smi_path *path) {
  bool once = false, other = false;
  for (size_t i = 0; i < modes.count; i++) {
    struct k8sm_slice mode = k8smi_list_str(modes, i);
    bool known = k8smi_is_among(mode, claim_modes);
    if (!known) k8smi_check_unsupported(c, path, k8smi_v_word(mode), claim_modes);
    bool alone = k8smi_eqs(mode, "ReadWriteOncePod");
    once = once || alone;
    other = other || (known && !alone);
  }
  if (once && other) k8smi_check_forbidden(c, path, "may not use ReadWriteOncePod with other access modes");
}

static void claim_storage(struct k8smi_check *c, const struct k8smi_record *spec,
                          const struct k8smi_path *parent) {
  const struct k8smi_record *resources = k8smi_get_record(spec, K8SMI_PersistentVolumeClaimSpec_resources);
  struct k8sm_slice size = k8smi_get_pair(resources, K8SMI_VolumeResourceRequirements_requests, "storage");
  struct k8smi_path path = K8SMI_PATH(parent, PersistentVolumeClaimSpec, resources),
                    at = k8smi_path_key(&path, K8SMI_S("storage"));
  if (size.ptr == NULL) {
    k8smi_check_required(c, &at, NULL);
  } else if (k8smi_quantity_cmp(size, K8SMI_S("0")) <= 0) {
    k8smi_check_invalid(c, &at, k8smi_v_quantity(c, size), "must be greater than zero");
  }
}

/* Where the data comes from: both references have the same fields in front. */
static void claim_source(struct k8smi_check *c, const struct k8smi_record *source,
                         const struct k8smi_path *path) {
  static const struct k8smi_field_rule rules[] = {
      K8SMI_REQUIRED(TypedObjectReference, name),
      K8SMI_REQUIRED(TypedObjectReference, kind),
  };
  static const struct k8smi_field_rule formats[] = {
      {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(TypedObjectReference, apiGroup), .format = k8smi_format_subdomain},
  };
  struct k8sm_slice kind = k8smi_get_str(source, K8SMI_TypedObjectReference_kind);
  K8SMI_CHECK_RULES(c, source, rules, path);
  if (k8smi_get_str(source, K8SMI_TypedObjectReference_apiGroup).len == 0 &&
      !k8smi_eqs(kind, "PersistentVolumeClaim"))
    k8smi_check_invalid(c, path, k8smi_v_text(kind),
                        "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  K8SMI_CHECK_RULES(c, source, formats, path);
}

static bool claim_same_source(const struct k8smi_record *a, const struct k8smi_record *b) {
  return k8smi_has(a, K8SMI_TypedLocalObjectReference_apiGroup) ==
             k8smi_has(b, K8SMI_TypedObjectReference_apiGroup) &&
         k8smi_eq(k8smi_get_str(a, K8SMI_TypedLocalObjectReference_apiGroup),
                  k8smi_get_str(b, K8SMI_TypedObjectReference_apiGroup)) &&
         k8smi_eq(k8smi_get_str(a, K8SMI_TypedLocalObjectReference_kind),
                  k8smi_get_str(b, K8SMI_TypedObjectReference_kind)) &&
         k8smi_eq(k8smi_get_str(a, K8SMI_TypedLocalObjectReference_name),
                  k8smi_get_str(b, K8SMI_TypedObjectReference_name));
}

static void claim_sources(struct k8smi_check *c, const struct k8smi_record *spec,
                          const struct k8smi_path *path) {
  static const struct k8smi_field_rule space = {
      K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(TypedObjectReference, namespace), .format = k8smi_format_label};
  const struct k8smi_record *source = k8smi_get_record(spec, K8SMI_PersistentVolumeClaimSpec_dataSource);
  const struct k8smi_record *ref = k8smi_get_record(spec, K8SMI_PersistentVolumeClaimSpec_dataSourceRef);
  struct k8smi_path at = K8SMI_PATH(path, PersistentVolumeClaimSpec, dataSource),
                    of_ref = K8SMI_PATH(path, PersistentVolumeClaimSpec, dataSourceRef);
  if (source != NULL) claim_source(c, source, &at);
  if (ref != NULL) {
    claim_source(c, ref, &of_ref);
    k8smi_check_rule(c, ref, &space, &of_ref);
  }
  if (source == NULL || ref == NULL) return;
  /* The server prints its path here, which has nothing in it that JSON shows. */
  if (k8smi_get_str(ref, K8SMI_TypedObjectReference_namespace).len > 0) {
    k8smi_check_invalid(c, path, k8smi_v_raw(K8SMI_S("{}")),
                        "may not be specified when dataSourceRef.namespace is specified");
  } else if (!claim_same_source(source, ref)) {
    k8smi_check_invalid(c, path, k8smi_v_raw(K8SMI_S("{}")), "must match dataSourceRef");
  }
}

void k8smi_check_claim_spec(struct k8smi_check *c, const struct k8smi_record *spec,
                            const struct k8smi_path *path) {
  static const struct k8smi_field_rule modes = {K8SMI_RULE_REQUIRED,
                                                K8SMI_AT_FIELD(PersistentVolumeClaimSpec, accessModes),
                                                .detail = "at least 1 access mode is required"};
  static const struct k8smi_field_rule classes[] = {
      {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PersistentVolumeClaimSpec, storageClassName),
       .format = k8smi_format_subdomain},
      {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(PersistentVolumeClaimSpec, volumeMode),
       .words = claim_volume_modes},
  };
  static const struct k8smi_field_rule attributes = {
      K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(PersistentVolumeClaimSpec, volumeAttributesClassName),
      .format = k8smi_format_subdomain};
  struct k8smi_path of_modes = K8SMI_PATH(path, PersistentVolumeClaimSpec, accessModes),
                    selector = K8SMI_PATH(path, PersistentVolumeClaimSpec, selector);
  k8smi_check_rule(c, spec, &modes, path);
  k8smi_check_selector(c, k8smi_get_record(spec, K8SMI_PersistentVolumeClaimSpec_selector), &selector);
  claim_access_modes(c, k8smi_get_list(spec, K8SMI_PersistentVolumeClaimSpec_accessModes), &of_modes);
  claim_storage(c, spec, path);
  K8SMI_CHECK_RULES(c, spec, classes, path);
  claim_sources(c, spec, path);
  k8smi_check_rule(c, spec, &attributes, path);
}

void k8smi_check_claim_template(struct k8smi_check *c, const struct k8smi_record *claim,
                                const struct k8smi_path *path) {
  struct k8smi_path metadata = K8SMI_PATH(path, PersistentVolumeClaimTemplate, metadata),
                    spec = K8SMI_PATH(path, PersistentVolumeClaimTemplate, spec);
  claim_metadata(c, k8smi_get_record(claim, K8SMI_PersistentVolumeClaimTemplate_metadata), &metadata);
  k8smi_check_claim_spec(c, k8smi_get_record(claim, K8SMI_PersistentVolumeClaimTemplate_spec), &spec);
}
