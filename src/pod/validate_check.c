/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "pod/quantity.h"

void k8smi_check_required(struct k8smi_check *c, const struct k8smi_path *path, const char *detail) {
  c->bad = true;
  k8smi_find(c->diags, K8SM_DIAG_FIELD_REQUIRED, path, "Required value%s%s", detail == NULL ? "" : ": ",
             detail == NULL ? "" : detail);
}

void k8smi_check_invalid(struct k8smi_check *c, const struct k8smi_path *path, struct k8sm_slice value,
                         const char *detail) {
  c->bad = true;
  k8smi_find(c->diags, K8SM_DIAG_FIELD_INVALID, path, "Invalid value: \"%.*s\": %s", K8SMI_P(value), detail);
}

void k8smi_check_invalid_number(struct k8smi_check *c, const struct k8smi_path *path, int64_t value,
                                const char *detail) {
  c->bad = true;
  k8smi_find(c->diags, K8SM_DIAG_FIELD_INVALID, path, "Invalid value: %" PRId64 ": %s", value, detail);
}

void k8smi_check_duplicate(struct k8smi_check *c, const struct k8smi_path *path, struct k8sm_slice value) {
  c->bad = true;
  k8smi_find(c->diags, K8SM_DIAG_FIELD_DUPLICATE, path, "Duplicate value: \"%.*s\"", K8SMI_P(value));
}

void k8smi_check_forbidden(struct k8smi_check *c, const struct k8smi_path *path, const char *detail) {
  c->bad = true;
  k8smi_find(c->diags, K8SM_DIAG_FIELD_FORBIDDEN, path, "Forbidden: %s", detail);
}

void k8smi_check_not_found(struct k8smi_check *c, const struct k8smi_path *path, struct k8sm_slice value) {
  c->bad = true;
  k8smi_find(c->diags, K8SM_DIAG_FIELD_NOT_FOUND, path, "Not found: \"%.*s\"", K8SMI_P(value));
}

bool k8smi_check_optional(struct k8smi_check *c, const struct k8smi_record *record, unsigned field,
                          const char *name, const struct k8smi_path *parent,
                          const char *(*format)(struct k8sm_slice)) {
  struct k8sm_slice value = k8smi_get_str(record, field);
  if (value.len == 0 || format == NULL) return true;
  const char *wrong = format(value);
  if (wrong == NULL) return true;
  struct k8smi_path path = k8smi_path_field(parent, k8smi_s(name));
  k8smi_check_invalid(c, &path, value, wrong);
  return false;
}

bool k8smi_check_text(struct k8smi_check *c, const struct k8smi_record *record, unsigned field,
                      const char *name, const struct k8smi_path *parent,
                      const char *(*format)(struct k8sm_slice)) {
  if (k8smi_get_str(record, field).len > 0)
    return k8smi_check_optional(c, record, field, name, parent, format);
  struct k8smi_path path = k8smi_path_field(parent, k8smi_s(name));
  k8smi_check_required(c, &path, NULL);
  return false;
}

void k8smi_check_range(struct k8smi_check *c, const struct k8smi_record *record, unsigned field,
                       const char *name, const struct k8smi_path *parent, int64_t low, int64_t high) {
  int64_t value = k8smi_get_i64(record, field, low);
  if (value >= low && value <= high) return;
  char detail[80];
  if (high == INT64_MAX || high == INT32_MAX) {
    snprintf(detail, sizeof detail, "must be greater than or equal to %" PRId64, low);
  } else {
    snprintf(detail, sizeof detail, "must be between %" PRId64 " and %" PRId64 ", inclusive", low, high);
  }
  struct k8smi_path path = k8smi_path_field(parent, k8smi_s(name));
  k8smi_check_invalid_number(c, &path, value, detail);
}

bool k8smi_check_unique(struct k8smi_check *c, struct k8smi_map *set, struct k8sm_slice value) {
  if (k8smi_map_get(set, value) != K8SMI_MAP_NONE) return false;
  if (!k8smi_map_put(set, value, 0)) c->no_memory = true;
  return true;
}

void k8smi_check_labels(struct k8smi_check *c, struct k8smi_list labels, const struct k8smi_path *path) {
  for (size_t i = 0; i < labels.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(labels, i);
    const char *wrong = k8smi_format_qualified(pair.key);
    if (wrong != NULL) k8smi_check_invalid(c, path, pair.key, wrong);
    wrong = k8smi_format_label_value(pair.value);
    if (wrong != NULL) k8smi_check_invalid(c, path, pair.value, wrong);
  }
}

/* Fields that take one of a few words. The lists are sorted, as the server's messages are. */
#define CHECK_WORDS_MAX 9
static const struct check_words {
  uint8_t type;
  uint8_t field;
  bool required;
  const char *words[CHECK_WORDS_MAX];
} check_words[] = {
#define CHECK_WORDS(T, field, required, ...)                                                                 \
  {                                                                                                          \
    K8SMI_TYPE_##T, K8SMI_##T##_##field, required, {                                                         \
      __VA_ARGS__                                                                                            \
    }                                                                                                        \
  }
    CHECK_WORDS(PodSpec, restartPolicy, true, "Always", "Never", "OnFailure"),
    CHECK_WORDS(PodSpec, dnsPolicy, true, "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    CHECK_WORDS(PodSpec, preemptionPolicy, false, "Never", "PreemptLowerPriority"),
    CHECK_WORDS(Container, imagePullPolicy, true, "Always", "IfNotPresent", "Never"),
    CHECK_WORDS(Container, terminationMessagePolicy, true, "FallbackToLogsOnError", "File"),
    CHECK_WORDS(ContainerPort, protocol, true, "SCTP", "TCP", "UDP"),
    CHECK_WORDS(VolumeMount, mountPropagation, false, "Bidirectional", "HostToContainer", "None"),
    CHECK_WORDS(VolumeMount, recursiveReadOnly, false, "Disabled", "Enabled", "IfPossible"),
    CHECK_WORDS(HTTPGetAction, scheme, true, "HTTP", "HTTPS"),
    CHECK_WORDS(HostPathVolumeSource, type, false, "BlockDevice", "CharDevice", "Directory",
                "DirectoryOrCreate", "File", "FileOrCreate", "Socket"),
    CHECK_WORDS(ImageVolumeSource, pullPolicy, false, "Always", "IfNotPresent", "Never"),
    CHECK_WORDS(PodSecurityContext, fsGroupChangePolicy, false, "Always", "OnRootMismatch"),
    CHECK_WORDS(PodSecurityContext, supplementalGroupsPolicy, false, "Merge", "Strict"),
    CHECK_WORDS(PodSecurityContext, seLinuxChangePolicy, false, "MountOption", "Recursive"),
    CHECK_WORDS(SecurityContext, procMount, false, "Default", "Unmasked"),
    CHECK_WORDS(SeccompProfile, type, true, "Localhost", "RuntimeDefault", "Unconfined"),
    CHECK_WORDS(AppArmorProfile, type, true, "Localhost", "RuntimeDefault", "Unconfined"),
    CHECK_WORDS(Toleration, effect, false, "NoExecute", "NoSchedule", "PreferNoSchedule"),
    CHECK_WORDS(Toleration, operator, false, "Equal", "Exists", "Gt", "Lt"),
    CHECK_WORDS(TopologySpreadConstraint, whenUnsatisfiable, true, "DoNotSchedule", "ScheduleAnyway"),
    CHECK_WORDS(TopologySpreadConstraint, nodeAffinityPolicy, false, "Honor", "Ignore"),
    CHECK_WORDS(TopologySpreadConstraint, nodeTaintsPolicy, false, "Honor", "Ignore"),
    CHECK_WORDS(PodOS, name, true, "linux", "windows"),
};

static bool check_word_among(const struct check_words *w, struct k8sm_slice value, char *list, size_t cap) {
  size_t len = 0;
  for (size_t i = 0; i < CHECK_WORDS_MAX && w->words[i] != NULL; i++) {
    if (k8smi_eqs(value, w->words[i])) return true;
    int n = snprintf(list + len, cap - len, "%s\"%s\"", i == 0 ? "" : ", ", w->words[i]);
    if (n > 0 && (size_t)n < cap - len) len += (size_t)n;
  }
  return false;
}

void k8smi_check_words(struct k8smi_check *c, unsigned type, const struct k8smi_record *record,
                       const struct k8smi_path *parent) {
  for (size_t i = 0; i < sizeof check_words / sizeof check_words[0]; i++) {
    const struct check_words *w = &check_words[i];
    char list[256];
    if (w->type != type) continue;
    struct k8sm_slice value = k8smi_get_str(record, w->field);
    if ((value.len == 0 && !w->required) || check_word_among(w, value, list, sizeof list)) continue;
    struct k8smi_path path = k8smi_path_field(parent, k8smi_types[type].fields[w->field].name);
    if (value.len == 0) {
      k8smi_check_required(c, &path, NULL);
      continue;
    }
    c->bad = true;
    k8smi_find(c->diags, K8SM_DIAG_FIELD_UNSUPPORTED, &path,
               "Unsupported value: \"%.*s\": supported values: %s", K8SMI_P(value), list);
  }
}
