/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of the pod as values of variables and files:
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
#include "demand/build.h"

#include "wire/json.h"

struct field_row {
  const char *path;
  bool spec; /* else metadata */
  unsigned field;
};

/* What is known before the pod has a place. */
static const struct field_row field_rows[] = {
    {"metadata.name", false, K8SMI_ObjectMeta_name},
    {"metadata.namespace", false, K8SMI_ObjectMeta_namespace},
    {"metadata.uid", false, K8SMI_ObjectMeta_uid},
    {"spec.serviceAccountName", true, K8SMI_PodSpec_serviceAccountName},
    {"spec.nodeName", true, K8SMI_PodSpec_nodeName},
};

static bool field_has_prefix(struct k8sm_slice text, const char *prefix, struct k8sm_slice *rest) {
  size_t n = strlen(prefix);
  if (text.len < n || memcmp(text.ptr, prefix, n) != 0) return false;
  *rest = (struct k8sm_slice){text.ptr + n, text.len - n};
  return true;
}

/* One entry, labels['key'], or all of them, one key="value" a line. */
static bool field_map_value(struct k8smi_demand_build *b, unsigned field, struct k8sm_slice rest,
                            struct k8sm_slice *ret) {
  struct k8smi_list list = k8smi_get_list(b->metadata, field);
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return false;
  }
  bool one = rest.len >= 4;
  struct k8sm_slice key = {one ? rest.ptr + 2 : "", one ? rest.len - 4 : 0};
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    if (one) {
      if (k8smi_eq(pair.key, key)) k8smi_buf_slice(&buf, pair.value);
      continue;
    }
    k8smi_buf_slice(&buf, pair.key);
    k8smi_buf_putc(&buf, '=');
    k8smi_put_json_string(&buf, pair.value, false);
    k8smi_buf_putc(&buf, '\n');
  }
  if (!one && buf.len > 0 && !buf.failed) buf.len--;
  *ret = k8smi_demand_take(b, &buf);
  return ret->ptr != NULL;
}

/* "" or "['key']". */
static bool field_is_subscript(struct k8sm_slice rest) {
  return rest.len == 0 || (rest.len > 4 && rest.ptr[0] == '[' && rest.ptr[1] == '\'' &&
                           rest.ptr[rest.len - 2] == '\'' && rest.ptr[rest.len - 1] == ']');
}

bool k8smi_demand_field_value(struct k8smi_demand_build *b, const struct k8smi_record *selector,
                              const struct k8smi_path *path, struct k8sm_slice *ret) {
  struct k8sm_slice name = k8smi_get_str(selector, K8SMI_ObjectFieldSelector_fieldPath), rest;
  if (field_has_prefix(name, "metadata.labels", &rest) && field_is_subscript(rest)) {
    return field_map_value(b, K8SMI_ObjectMeta_labels, rest, ret);
  }
  if (field_has_prefix(name, "metadata.annotations", &rest) && field_is_subscript(rest)) {
    return field_map_value(b, K8SMI_ObjectMeta_annotations, rest, ret);
  }
  for (size_t i = 0; i < sizeof field_rows / sizeof field_rows[0]; i++) {
    if (!k8smi_eqs(name, field_rows[i].path)) continue;
    struct k8sm_slice value = k8smi_get_str(field_rows[i].spec ? b->spec : b->metadata, field_rows[i].field);
    if (field_rows[i].field == K8SMI_PodSpec_nodeName && field_rows[i].spec && value.len == 0) break;
    *ret = value.ptr == NULL ? K8SMI_S("") : value;
    return true;
  }
  k8smi_demand_refuse(b, path, "'%.*s' is not known before the pod runs", K8SMI_P(name));
  return false;
}
