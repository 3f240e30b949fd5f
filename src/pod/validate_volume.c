/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include "pod/quantity.h"

/* Volumes: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/
 * Those that a node makes of what it has are here; those from elsewhere in validate_remote_volume.c. */

#define VOLUME_MODE_TEXT "must be a number between 0 and 0777 (octal), both inclusive"

static const struct k8smi_field_rule volume_secret_rules[] = {
    K8SMI_REQUIRED(SecretVolumeSource, secretName),
    {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(SecretVolumeSource, defaultMode), .high = 0777,
     .detail = VOLUME_MODE_TEXT},
};
static const struct k8smi_field_rule volume_config_map_rules[] = {
    K8SMI_REQUIRED(ConfigMapVolumeSource, name),
    {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(ConfigMapVolumeSource, defaultMode), .high = 0777,
     .detail = VOLUME_MODE_TEXT},
};
static const struct k8smi_field_rule volume_item_rules[] = {
    K8SMI_REQUIRED(KeyToPath, key),
    K8SMI_REQUIRED(KeyToPath, path),
    {K8SMI_RULE_TEXT, K8SMI_AT_FIELD(KeyToPath, path), .format = k8smi_format_file_path},
    {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(KeyToPath, mode), .high = 0777, .detail = VOLUME_MODE_TEXT},
};
static const struct k8smi_field_rule volume_downward_rules[] = {
    {K8SMI_RULE_BETWEEN, K8SMI_AT_FIELD(DownwardAPIVolumeSource, defaultMode), .high = 0777,
     .detail = VOLUME_MODE_TEXT},
};
static const struct k8smi_field_rule volume_file_path_rules[] = {
    K8SMI_REQUIRED(DownwardAPIVolumeFile, path),
    {K8SMI_RULE_TEXT, K8SMI_AT_FIELD(DownwardAPIVolumeFile, path), .format = k8smi_format_file_path},
};
static const struct k8smi_field_rule volume_file_mode = {K8SMI_RULE_BETWEEN,
                                                         K8SMI_AT_FIELD(DownwardAPIVolumeFile, mode),
                                                         .high = 0777, .detail = VOLUME_MODE_TEXT};
static const char *const volume_host_types[] = {
    "",     "BlockDevice",  "CharDevice", "Directory", "DirectoryOrCreate",
    "File", "FileOrCreate", "Socket",     NULL};
static const struct k8smi_field_rule volume_host_rules[] = {
    {K8SMI_RULE_TEXT, K8SMI_AT_FIELD(HostPathVolumeSource, path), .format = k8smi_format_no_backsteps},
    {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(HostPathVolumeSource, type), .words = volume_host_types},
};
static const char *const volume_pull_policies[] = {"Always", "IfNotPresent", "Never", NULL};
static const struct k8smi_field_rule volume_image_reference = K8SMI_REQUIRED(ImageVolumeSource, reference);
static const struct k8smi_field_rule volume_image_policy = {
    K8SMI_RULE_WORD_REQUIRED, K8SMI_AT_FIELD(ImageVolumeSource, pullPolicy), .words = volume_pull_policies};
static const struct k8smi_field_rule volume_claim_rules[] = {
    K8SMI_REQUIRED(PersistentVolumeClaimVolumeSource, claimName),
};

void k8smi_check_item(struct k8smi_check *c, const struct k8smi_record *item, const struct k8smi_path *path) {
  K8SMI_CHECK_RULES(c, item, volume_item_rules, path);
}

static void volume_items(struct k8smi_check *c, struct k8smi_list items, const struct k8smi_path *path) {
  for (size_t i = 0; i < items.count; i++) {
    struct k8smi_path at = k8smi_path_index(path, i);
    k8smi_check_item(c, k8smi_list_record(items, i), &at);
  }
}

static void volume_empty_dir(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path) {
  struct k8sm_slice size = k8smi_get_str(source, K8SMI_EmptyDirVolumeSource_sizeLimit);
  struct k8smi_path at = K8SMI_PATH(path, EmptyDirVolumeSource, sizeLimit);
  if (size.len > 0 && k8smi_quantity_cmp(size, K8SMI_S("0")) < 0)
    k8smi_check_forbidden(c, &at, "SizeLimit field must be a valid resource quantity");
}

static void volume_host_path(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path) {
  struct k8smi_path at = K8SMI_PATH(path, HostPathVolumeSource, path);
  if (k8smi_get_str(source, K8SMI_HostPathVolumeSource_path).len == 0) {
    k8smi_check_required(c, &at, NULL);
  } else {
    K8SMI_CHECK_RULES(c, source, volume_host_rules, path);
  }
}

static void volume_secret(struct k8smi_check *c, const struct k8smi_record *source,
                          const struct k8smi_path *path) {
  struct k8smi_path items = K8SMI_PATH(path, SecretVolumeSource, items);
  K8SMI_CHECK_RULES(c, source, volume_secret_rules, path);
  volume_items(c, k8smi_get_list(source, K8SMI_SecretVolumeSource_items), &items);
}

static void volume_config_map(struct k8smi_check *c, const struct k8smi_record *source,
                              const struct k8smi_path *path) {
  struct k8smi_path items = K8SMI_PATH(path, ConfigMapVolumeSource, items);
  K8SMI_CHECK_RULES(c, source, volume_config_map_rules, path);
  volume_items(c, k8smi_get_list(source, K8SMI_ConfigMapVolumeSource_items), &items);
}

void k8smi_check_downward_file(struct k8smi_check *c, const struct k8smi_record *file,
                               const struct k8smi_path *path) {
  const struct k8smi_record *field = k8smi_get_record(file, K8SMI_DownwardAPIVolumeFile_fieldRef);
  const struct k8smi_record *resource = k8smi_get_record(file, K8SMI_DownwardAPIVolumeFile_resourceFieldRef);
  struct k8smi_path of_field = K8SMI_PATH(path, DownwardAPIVolumeFile, fieldRef),
                    of_resource = K8SMI_PATH(path, DownwardAPIVolumeFile, resourceFieldRef);
  K8SMI_CHECK_RULES(c, file, volume_file_path_rules, path);
  if (field != NULL) {
    k8smi_check_field_ref(c, field, true, &of_field);
    if (resource != NULL)
      k8smi_check_invalid(c, path, k8smi_v_text(K8SMI_S("resource")),
                          "fieldRef and resourceFieldRef can not be specified simultaneously");
  } else if (resource != NULL) {
    k8smi_check_resource_ref(c, resource, true, &of_resource);
  } else {
    k8smi_check_required(c, path, "one of fieldRef and resourceFieldRef is required");
  }
  k8smi_check_rule(c, file, &volume_file_mode, path);
}

/* The server gives the path of the volume, not that of the file. */
static void volume_downward(struct k8smi_check *c, const struct k8smi_record *source,
                            const struct k8smi_path *path) {
  struct k8smi_list items = k8smi_get_list(source, K8SMI_DownwardAPIVolumeSource_items);
  K8SMI_CHECK_RULES(c, source, volume_downward_rules, path);
  for (size_t i = 0; i < items.count; i++) k8smi_check_downward_file(c, k8smi_list_record(items, i), path);
}

static void volume_claim(struct k8smi_check *c, const struct k8smi_record *source,
                         const struct k8smi_path *path) {
  K8SMI_CHECK_RULES(c, source, volume_claim_rules, path);
}

static void volume_ephemeral(struct k8smi_check *c, const struct k8smi_record *source,
                             const struct k8smi_path *path) {
  const struct k8smi_record *claim =
      k8smi_get_record(source, K8SMI_EphemeralVolumeSource_volumeClaimTemplate);
  struct k8smi_path at = K8SMI_PATH(path, EphemeralVolumeSource, volumeClaimTemplate);
  if (claim == NULL) {
    k8smi_check_required(c, &at, NULL);
  } else {
    k8smi_check_claim_template(c, claim, &at);
  }
}

static void volume_image(struct k8smi_check *c, const struct k8smi_record *source,
                         const struct k8smi_path *path) {
  if (!c->is_stored) k8smi_check_rule(c, source, &volume_image_reference, path);
  k8smi_check_rule(c, source, &volume_image_policy, path);
}

/* The sources in the server's order, in which the second is one too many. Paths are the fields' names but
 * where the server has others: of findings in the source, and of the source as one too many. */
static const struct volume_source {
  uint8_t field;
  void (*check)(struct k8smi_check *c, const struct k8smi_record *source, const struct k8smi_path *path);
  const char *inside, *too_many;
} volume_sources[] = {
    {K8SMI_Volume_emptyDir, volume_empty_dir, NULL, NULL},
    {K8SMI_Volume_hostPath, volume_host_path, NULL, NULL},
    {K8SMI_Volume_gitRepo, NULL, NULL, NULL},
    {K8SMI_Volume_gcePersistentDisk, NULL, "persistentDisk", NULL},
    {K8SMI_Volume_awsElasticBlockStore, NULL, NULL, NULL},
    {K8SMI_Volume_secret, volume_secret, NULL, NULL},
    {K8SMI_Volume_nfs, NULL, NULL, NULL},
    {K8SMI_Volume_iscsi, NULL, NULL, NULL},
    {K8SMI_Volume_glusterfs, NULL, NULL, NULL},
    {K8SMI_Volume_flocker, NULL, NULL, NULL},
    {K8SMI_Volume_persistentVolumeClaim, volume_claim, NULL, NULL},
    {K8SMI_Volume_rbd, NULL, NULL, NULL},
    {K8SMI_Volume_cinder, NULL, NULL, NULL},
    {K8SMI_Volume_cephfs, NULL, NULL, "cephFS"},
    {K8SMI_Volume_quobyte, NULL, NULL, NULL},
    {K8SMI_Volume_downwardAPI, volume_downward, NULL, "downwarAPI"},
    {K8SMI_Volume_fc, NULL, NULL, NULL},
    {K8SMI_Volume_flexVolume, NULL, NULL, NULL},
    {K8SMI_Volume_configMap, volume_config_map, NULL, NULL},
    {K8SMI_Volume_azureFile, NULL, NULL, NULL},
    {K8SMI_Volume_vsphereVolume, NULL, NULL, NULL},
    {K8SMI_Volume_photonPersistentDisk, NULL, NULL, NULL},
    {K8SMI_Volume_portworxVolume, NULL, NULL, NULL},
    {K8SMI_Volume_azureDisk, NULL, NULL, NULL},
    {K8SMI_Volume_storageos, NULL, NULL, NULL},
    {K8SMI_Volume_projected, k8smi_check_projected, NULL, NULL},
    {K8SMI_Volume_scaleIO, NULL, NULL, NULL},
    {K8SMI_Volume_csi, NULL, NULL, NULL},
    {K8SMI_Volume_ephemeral, volume_ephemeral, NULL, NULL},
    {K8SMI_Volume_image, volume_image, NULL, NULL},
};

/* Rules of a source that also look at the volume's name. */
static void volume_source_and_name(struct k8smi_check *c, const struct k8smi_record *volume, unsigned field,
                                   bool first, const struct k8smi_path *path) {
  enum { PORTAL_MAX = 64 };
  struct k8sm_slice name = k8smi_get_str(volume, K8SMI_Volume_name);
  struct k8sm_slice pod = k8smi_get_str(c->metadata, K8SMI_ObjectMeta_name);
  const struct k8smi_record *source = k8smi_get_record(volume, field);
  struct k8smi_path at = K8SMI_PATH(path, Volume, name);
  if (field == K8SMI_Volume_iscsi && k8smi_has(source, K8SMI_ISCSIVolumeSource_initiatorName) &&
      name.len + 1 + k8smi_get_str(source, K8SMI_ISCSIVolumeSource_targetPortal).len > PORTAL_MAX)
    k8smi_check_invalid(c, &at, k8smi_v_text(name),
                        "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
                        "iscsi.initiatorName is specified.");
  if (field != K8SMI_Volume_ephemeral || !first || !c->is_pod || pod.len == 0 || name.len == 0) return;
  const char *wrong[K8SMI_FORMAT_WRONG];
  struct k8sm_slice claim = k8smi_check_join(c, pod, '-', name);
  size_t n = claim.ptr == NULL ? 0 : k8smi_format_subdomain(claim, wrong);
  for (size_t i = 0; i < n; i++)
    k8smi_check_invalid(c, &at, k8smi_v_text(name),
                        k8smi_check_text(c, "PVC name %s: %s", k8smi_check_quoted(c, claim), wrong[i]));
}

static void volume_check_source(struct k8smi_check *c, const struct k8smi_record *volume,
                                const struct k8smi_path *path) {
  bool first = true;
  for (size_t i = 0; i < sizeof volume_sources / sizeof volume_sources[0]; i++) {
    const struct volume_source *s = &volume_sources[i];
    const struct k8smi_record *source = k8smi_get_record(volume, s->field);
    if (source == NULL) continue;
    const char *other = first ? s->inside : s->too_many;
    struct k8sm_slice name =
        other == NULL ? k8smi_types[K8SMI_TYPE_Volume].fields[s->field].name : k8smi_s(other);
    struct k8smi_path at = k8smi_path_field(path, name);
    if (!first) {
      k8smi_check_forbidden(c, &at, "may not specify more than 1 volume type");
    } else if (s->check != NULL) {
      s->check(c, source, &at);
    } else {
      k8smi_check_remote_volume(c, s->field, source, &at);
    }
    volume_source_and_name(c, volume, s->field, first, path);
    first = false;
  }
  if (first) k8smi_check_required(c, path, "must specify a volume type");
}

/* The claims that the pod's ephemeral volumes make: of a pod whose name is known. */
static void volume_made_claims(struct k8smi_check *c, struct k8smi_list volumes) {
  struct k8sm_slice pod = k8smi_get_str(c->metadata, K8SMI_ObjectMeta_name);
  k8smi_map_clear(&c->others);
  for (size_t i = 0; i < volumes.count && c->is_pod && pod.len > 0; i++) {
    const struct k8smi_record *volume = k8smi_list_record(volumes, i);
    if (!k8smi_has(volume, K8SMI_Volume_ephemeral)) continue;
    struct k8sm_slice claim = k8smi_check_join(c, pod, '-', k8smi_get_str(volume, K8SMI_Volume_name));
    if (claim.ptr != NULL) k8smi_check_add(c, &c->others, claim);
  }
}

void k8smi_check_volumes(struct k8smi_check *c) {
  static const struct k8smi_field_rule of_name = {K8SMI_RULE_NAME, K8SMI_AT_FIELD(Volume, name),
                                                  .format = k8smi_format_label};
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, volumes);
  struct k8smi_list volumes = k8smi_get_list(c->spec, K8SMI_PodSpec_volumes);
  volume_made_claims(c, volumes);
  for (size_t i = 0; i < volumes.count; i++) {
    const struct k8smi_record *volume = k8smi_list_record(volumes, i);
    struct k8smi_path at = k8smi_path_index(&path, i), name = K8SMI_PATH(&at, Volume, name),
                      claim = K8SMI_PATH(&at, Volume, persistentVolumeClaim),
                      of_claim = K8SMI_PATH(&claim, PersistentVolumeClaimVolumeSource, claimName);
    struct k8sm_slice text = k8smi_get_str(volume, K8SMI_Volume_name);
    size_t before = c->found;
    volume_check_source(c, volume, &at);
    k8smi_check_rule(c, volume, &of_name, &at);
    if (k8smi_check_knows(&c->volumes, text)) k8smi_check_duplicate(c, &name, k8smi_v_text(text));
    /* A volume with a finding is unknown to its mounts. */
    if (c->found == before) k8smi_check_put(c, &c->volumes, text, i);
    text = k8smi_get_str(k8smi_get_record(volume, K8SMI_Volume_persistentVolumeClaim),
                         K8SMI_PersistentVolumeClaimVolumeSource_claimName);
    if (k8smi_has(volume, K8SMI_Volume_persistentVolumeClaim) && k8smi_check_knows(&c->others, text))
      k8smi_check_invalid(c, &of_claim, k8smi_v_text(text),
                          "must not reference a PVC that gets created for an ephemeral volume");
  }
}

void k8smi_check_token_volumes(struct k8smi_check *c) {
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, volumes);
  struct k8smi_list volumes = k8smi_get_list(c->spec, K8SMI_PodSpec_volumes);
  if (k8smi_get_str(c->spec, K8SMI_PodSpec_serviceAccountName).len > 0) return;
  for (size_t i = 0; i < volumes.count; i++) {
    const struct k8smi_record *projected =
        k8smi_get_record(k8smi_list_record(volumes, i), K8SMI_Volume_projected);
    struct k8smi_list sources = k8smi_get_list(projected, K8SMI_ProjectedVolumeSource_sources);
    struct k8smi_path at = k8smi_path_index(&path, i), of_projected = K8SMI_PATH(&at, Volume, projected),
                      of_sources = K8SMI_PATH(&of_projected, ProjectedVolumeSource, sources);
    for (size_t j = 0; j < sources.count; j++) {
      struct k8smi_path source = k8smi_path_index(&of_sources, j),
                        token = K8SMI_PATH(&source, VolumeProjection, serviceAccountToken);
      if (k8smi_has(k8smi_list_record(sources, j), K8SMI_VolumeProjection_serviceAccountToken))
        k8smi_check_forbidden(c, &token, "must not be specified when serviceAccountName is not set");
    }
  }
}
