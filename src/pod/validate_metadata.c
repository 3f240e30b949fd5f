/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include <inttypes.h>

#include "pod/quote.h"
#include "wire/utf8.h"

/* The metadata that all objects have:
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */

enum { METADATA_ANNOTATIONS_MAX = 262144, METADATA_MANAGER_MAX = 128, METADATA_SUBRESOURCE_MAX = 256 };

void k8smi_check_labels(struct k8smi_check *c, struct k8smi_list labels, const struct k8smi_path *path) {
  for (size_t i = 0; i < labels.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(labels, i);
    k8smi_check_format(c, path, pair.key, k8smi_format_qualified);
    k8smi_check_format(c, path, pair.value, k8smi_format_label_value);
  }
}

void k8smi_check_annotations(struct k8smi_check *c, const struct k8smi_record *metadata,
                             const struct k8smi_path *path) {
  struct k8smi_list list = k8smi_get_list(metadata, K8SMI_ObjectMeta_annotations);
  size_t total = 0;
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    k8smi_check_format(c, path, pair.key, k8smi_format_qualified_caseless);
    total += pair.key.len + pair.value.len;
  }
  if (total > METADATA_ANNOTATIONS_MAX) k8smi_check_too_long(c, path, METADATA_ANNOTATIONS_MAX);
}

/* Whether the text is VERSION or GROUP/VERSION. */
static bool metadata_is_api_version(struct k8sm_slice s) {
  const char *slash = memchr(s.ptr, '/', s.len);
  if (slash == NULL) return true;
  size_t left = s.len - (size_t)(slash + 1 - s.ptr);
  return left > 0 && memchr(slash + 1, '/', left) == NULL;
}

static void metadata_owner(struct k8smi_check *c, const struct k8smi_record *owner,
                           const struct k8smi_path *path) {
  static const struct k8smi_field_rule rules[] = {
      {K8SMI_RULE_REQUIRED, K8SMI_AT_FIELD(OwnerReference, kind), .detail = "must not be empty"},
      {K8SMI_RULE_REQUIRED, K8SMI_AT_FIELD(OwnerReference, name), .detail = "must not be empty"},
      {K8SMI_RULE_REQUIRED, K8SMI_AT_FIELD(OwnerReference, uid), .detail = "must not be empty"},
  };
  struct k8sm_slice version = k8smi_get_str(owner, K8SMI_OwnerReference_apiVersion);
  struct k8smi_path at = K8SMI_PATH(path, OwnerReference, apiVersion);
  if (version.len == 0) {
    k8smi_check_required(c, &at, "must not be empty");
  } else if (!metadata_is_api_version(version)) {
    k8smi_check_invalid(c, &at, k8smi_v_text(version), "must be <group>/<version> or <version>");
  }
  K8SMI_CHECK_RULES(c, owner, rules, path);
  bool core = k8smi_eqs(version, "v1") || k8smi_eqs(version, "/v1");
  if (core && k8smi_eqs(k8smi_get_str(owner, K8SMI_OwnerReference_kind), "Event"))
    k8smi_check_invalid(c, path, k8smi_v_json(c, K8SMI_TYPE_OwnerReference, owner),
                        "/v1, Kind=Event is disallowed from being an owner");
}

/* All owners, as findings have them; kept, because other values are shown in between. */
static struct k8smi_shown metadata_all_owners(struct k8smi_check *c, struct k8smi_list owners) {
  struct k8smi_shown all = k8smi_v_json_list(c, K8SMI_TYPE_OwnerReference, owners);
  all.text = k8smi_text_keep(&c->arena, all.text);
  c->no_memory = c->no_memory || all.text.ptr == NULL;
  return all;
}

static void metadata_owners(struct k8smi_check *c, struct k8smi_list list, const struct k8smi_path *path) {
  const struct k8smi_record *first = NULL;
  struct k8smi_shown all = k8smi_v_raw(K8SMI_S(""));
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *owner = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(path, i);
    metadata_owner(c, owner, &at);
    if (!k8smi_get_bool(owner, K8SMI_OwnerReference_controller, false)) continue;
    if (first == NULL) {
      first = owner;
      continue;
    }
    if (all.text.len == 0) all = metadata_all_owners(c, list);
    k8smi_check_invalid(
        c, path, all,
        k8smi_check_text(c,
                         "Only one reference can have Controller set to true. Found \"true\" in references "
                         "for %.*s/%.*s and %.*s/%.*s",
                         K8SMI_P(k8smi_get_str(first, K8SMI_OwnerReference_kind)),
                         K8SMI_P(k8smi_get_str(first, K8SMI_OwnerReference_name)),
                         K8SMI_P(k8smi_get_str(owner, K8SMI_OwnerReference_kind)),
                         K8SMI_P(k8smi_get_str(owner, K8SMI_OwnerReference_name))));
  }
}

static void metadata_finalizers(struct k8smi_check *c, struct k8smi_list list,
                                const struct k8smi_path *path) {
  bool orphan = false, foreground = false;
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice name = k8smi_list_str(list, i);
    k8smi_check_format(c, path, name, k8smi_format_qualified);
    orphan = orphan || k8smi_eqs(name, "orphan");
    foreground = foreground || k8smi_eqs(name, "foregroundDeletion");
  }
  if (orphan && foreground)
    k8smi_check_invalid(c, path, k8smi_v_list(c, list),
                        "finalizer orphan and foregroundDeletion cannot be both set");
}

/* A name without a domain is one of Kubernetes' own. */
static void metadata_standard_finalizers(struct k8smi_check *c, struct k8smi_list list,
                                         const struct k8smi_path *path) {
  static const char *const standard[] = {"kubernetes", "orphan", "foregroundDeletion", NULL};
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice name = k8smi_list_str(list, i);
    struct k8smi_path at = k8smi_path_index(path, i);
    if ((name.len > 0 && memchr(name.ptr, '/', name.len) != NULL) || k8smi_is_among(name, standard)) continue;
    k8smi_check_invalid(c, &at, k8smi_v_text(name),
                        "name is neither a standard finalizer name nor is it fully qualified");
  }
}

static void metadata_manager(struct k8smi_check *c, struct k8sm_slice name, const struct k8smi_path *path) {
  if (name.len > METADATA_MANAGER_MAX) k8smi_check_too_long(c, path, METADATA_MANAGER_MAX);
  for (size_t i = 0, n; i < name.len; i += n) {
    n = k8smi_utf8_sequence((const unsigned char *)name.ptr + i, name.len - i);
    if (n == 0) return;
    uint32_t letter = k8smi_utf8_get((const unsigned char *)name.ptr + i, n);
    if (k8smi_is_printable(letter)) continue;
    k8smi_check_invalid(
        c, path, k8smi_v_text(name),
        k8smi_check_text(c, "invalid character U+%04" PRIX32 " (at position %zu)", letter, i));
  }
}

static void metadata_managed_fields(struct k8smi_check *c, struct k8smi_list list,
                                    const struct k8smi_path *parent) {
  static const char *const operations[] = {"Apply", "Update", NULL};
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *entry = k8smi_list_record(list, i);
    struct k8smi_path path = k8smi_path_index(parent, i),
                      operation = K8SMI_PATH(&path, ManagedFieldsEntry, operation),
                      type = K8SMI_PATH(&path, ManagedFieldsEntry, fieldsType),
                      manager = K8SMI_PATH(&path, ManagedFieldsEntry, manager),
                      subresource = K8SMI_PATH(&path, ManagedFieldsEntry, subresource);
    struct k8sm_slice word = k8smi_get_str(entry, K8SMI_ManagedFieldsEntry_operation);
    if (word.len == 0) {
      k8smi_check_required(c, &operation, "must not be empty");
    } else if (!k8smi_is_among(word, operations)) {
      k8smi_check_unsupported(c, &operation, k8smi_v_word(word), operations);
    }
    word = k8smi_get_str(entry, K8SMI_ManagedFieldsEntry_fieldsType);
    if (word.len > 0 && !k8smi_eqs(word, "FieldsV1"))
      k8smi_check_invalid(c, &type, k8smi_v_text(word), "must be `FieldsV1`");
    metadata_manager(c, k8smi_get_str(entry, K8SMI_ManagedFieldsEntry_manager), &manager);
    if (k8smi_get_str(entry, K8SMI_ManagedFieldsEntry_subresource).len > METADATA_SUBRESOURCE_MAX)
      k8smi_check_too_long(c, &subresource, METADATA_SUBRESOURCE_MAX);
  }
}

static void metadata_name(struct k8smi_check *c, const struct k8smi_record *metadata,
                          const struct k8smi_name_rules *names, const struct k8smi_path *path) {
  const struct k8smi_field_rule rules[] = {
      {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(ObjectMeta, generateName), .format = names->prefix},
      {K8SMI_RULE_NAME, K8SMI_AT_FIELD(ObjectMeta, name), .format = names->name,
       .detail = "name or generateName is required"},
      /* A namespace that is not named is that of the request. */
      {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(ObjectMeta, namespace), .format = k8smi_format_label},
  };
  for (size_t i = names->prefix == NULL ? 1 : 0; i < sizeof rules / sizeof rules[0]; i++)
    k8smi_check_rule(c, metadata, &rules[i], path);
}

void k8smi_check_metadata(struct k8smi_check *c, const struct k8smi_record *metadata,
                          const struct k8smi_name_rules *names, const struct k8smi_path *path) {
  struct k8smi_path labels = K8SMI_PATH(path, ObjectMeta, labels),
                    annotations = K8SMI_PATH(path, ObjectMeta, annotations),
                    owners = K8SMI_PATH(path, ObjectMeta, ownerReferences),
                    finalizers = K8SMI_PATH(path, ObjectMeta, finalizers),
                    managed = K8SMI_PATH(path, ObjectMeta, managedFields);
  metadata_name(c, metadata, names, path);
  k8smi_check_labels(c, k8smi_get_list(metadata, K8SMI_ObjectMeta_labels), &labels);
  k8smi_check_annotations(c, metadata, &annotations);
  metadata_owners(c, k8smi_get_list(metadata, K8SMI_ObjectMeta_ownerReferences), &owners);
  struct k8smi_list list = k8smi_get_list(metadata, K8SMI_ObjectMeta_finalizers);
  metadata_finalizers(c, list, &finalizers);
  metadata_managed_fields(c, k8smi_get_list(metadata, K8SMI_ObjectMeta_managedFields), &managed);
  metadata_standard_finalizers(c, list, &finalizers);
}
