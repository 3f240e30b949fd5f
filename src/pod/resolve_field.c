/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of the pod as values of variables and files:
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#available-fields */
#include "pod/resolve.h"

#include "pod/formats.h"
#include "pod/quote.h"

/* ---- Maps: one entry, metadata.labels['key'], or all of them, one key="value" a line ---- */

/* Splits "path['key']"; false if there is no subscript. */
static bool field_split(struct k8sm_slice *path, struct k8sm_slice *key) {
  size_t n = path->len, i = 0;
  if (n < 2 || path->ptr[n - 1] != ']' || path->ptr[n - 2] != '\'') return false;
  while (i + 1 < n && !(path->ptr[i] == '[' && path->ptr[i + 1] == '\'')) i++;
  if (i == 0 || i + 4 > n) return false;
  *key = (struct k8sm_slice){path->ptr + i + 2, n - i - 4};
  path->len = i;
  return true;
}

/* Why it can't be the key of an entry; NULL: it can. Annotations may have capitals in their prefix. */
static const char *field_key_wrong(unsigned field, struct k8sm_slice key) {
  char lower[512]; /* no key is that long */
  const char *wrong[K8SMI_FORMAT_WRONG];
  bool as_it_is = field == K8SMI_ObjectMeta_labels || key.len > sizeof lower;
  for (size_t i = 0; !as_it_is && i < key.len; i++) {
    char c = key.ptr[i];
    lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
  }
  if (!as_it_is) key.ptr = lower;
  return k8smi_format_qualified(key, wrong) > 0 ? wrong[0] : NULL;
}

static bool field_entry(struct k8smi_resolve *r, unsigned field, struct k8sm_slice key,
                        const struct k8smi_path *path, struct k8sm_slice *ret) {
  struct k8smi_list list = k8smi_get_list(r->metadata, field);
  const char *wrong = field_key_wrong(field, key);
  if (wrong != NULL) {
    k8smi_resolve_find(r, K8SM_DIAG_FIELD_INVALID, path, "invalid key subscript '%.*s': %s", K8SMI_P(key),
                       wrong);
    return false;
  }
  *ret = K8SMI_S("");
  for (size_t i = 0; i < list.count; i++) {
    if (k8smi_eq(k8smi_list_pair(list, i).key, key)) *ret = k8smi_list_pair(list, i).value;
  }
  return true;
}

static bool field_map(struct k8smi_resolve *r, unsigned field, struct k8sm_slice *ret) {
  struct k8smi_list list = k8smi_get_list(r->metadata, field);
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &r->arena->allocator)) {
    r->no_memory = true;
    return false;
  }
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    if (i > 0) k8smi_buf_putc(&buf, '\n');
    k8smi_buf_slice(&buf, pair.key);
    k8smi_buf_putc(&buf, '=');
    k8smi_put_go_quoted(&buf, pair.value);
  }
  *ret = k8smi_resolve_take(r, &buf);
  return ret->ptr != NULL;
}

/* ---- Addresses ---- */

/* Those of a list in the pod's status, with commas between them; empty: there are none. */
static struct k8sm_slice field_status_ips(struct k8smi_resolve *r, unsigned list_field, unsigned one_field,
                                          unsigned ip) {
  struct k8smi_list list = k8smi_get_list(r->status, list_field);
  struct k8smi_buf buf;
  if (list.count == 0) return k8smi_get_str(r->status, one_field);
  if (!k8smi_buf_init(&buf, &r->arena->allocator)) {
    r->no_memory = true;
    return (struct k8sm_slice){NULL, 0};
  }
  for (size_t i = 0; i < list.count; i++) {
    if (i > 0) k8smi_buf_putc(&buf, ',');
    k8smi_buf_slice(&buf, k8smi_get_str(k8smi_list_record(list, i), ip));
  }
  return k8smi_resolve_take(r, &buf);
}

static struct k8sm_slice field_host_ips(struct k8smi_resolve *r) {
  if (r->node.host_ips.len > 0) return r->node.host_ips;
  return field_status_ips(r, K8SMI_PodStatus_hostIPs, K8SMI_PodStatus_hostIP, K8SMI_HostIP_ip);
}

/* On the node's network the pod has the node's addresses. */
static struct k8sm_slice field_pod_ips(struct k8smi_resolve *r) {
  if (r->node.pod_ips.len > 0) return r->node.pod_ips;
  struct k8sm_slice ips = field_status_ips(r, K8SMI_PodStatus_podIPs, K8SMI_PodStatus_podIP, K8SMI_PodIP_ip);
  bool host = k8smi_get_bool(r->spec, K8SMI_PodSpec_hostNetwork, false);
  return ips.len == 0 && host ? field_host_ips(r) : ips;
}

static struct k8sm_slice field_node_name(struct k8smi_resolve *r) {
  struct k8sm_slice name = k8smi_get_str(r->spec, K8SMI_PodSpec_nodeName);
  return name.len > 0 ? name : r->node.name;
}

static struct k8sm_slice field_first(struct k8sm_slice list) {
  const char *comma = list.len == 0 ? NULL : memchr(list.ptr, ',', list.len);
  return comma == NULL ? list : (struct k8sm_slice){list.ptr, (size_t)(comma - list.ptr)};
}

/* ---- All of them ---- */

static const struct field_row {
  const char *path;
  int metadata;                                         /* a text there; -1: elsewhere */
  int map;                                              /* labels or annotations */
  struct k8sm_slice (*placed)(struct k8smi_resolve *r); /* known where the pod runs */
  bool first;                                           /* of the list that it is */
} field_rows[] = {
    {"metadata.name", K8SMI_ObjectMeta_name, -1, NULL, false},
    {"metadata.namespace", K8SMI_ObjectMeta_namespace, -1, NULL, false},
    {"metadata.uid", K8SMI_ObjectMeta_uid, -1, NULL, false},
    {"metadata.labels", -1, K8SMI_ObjectMeta_labels, NULL, false},
    {"metadata.annotations", -1, K8SMI_ObjectMeta_annotations, NULL, false},
    {"spec.serviceAccountName", -1, -1, NULL, false},
    {"spec.nodeName", -1, -1, field_node_name, false},
    {"spec.host", -1, -1, field_node_name, false}, /* its name in the first version of the API */
    {"status.hostIP", -1, -1, field_host_ips, true},
    {"status.hostIPs", -1, -1, field_host_ips, false},
    {"status.podIP", -1, -1, field_pod_ips, true},
    {"status.podIPs", -1, -1, field_pod_ips, false},
};

static const struct field_row *field_find(struct k8sm_slice name, bool file) {
  for (size_t i = 0; i < sizeof field_rows / sizeof field_rows[0]; i++) {
    bool metadata = field_rows[i].metadata >= 0 || field_rows[i].map >= 0;
    if (k8smi_eqs(name, field_rows[i].path)) return metadata || !file ? &field_rows[i] : NULL;
  }
  return NULL;
}

static bool field_placed(struct k8smi_resolve *r, const struct field_row *row, const struct k8smi_path *path,
                         struct k8sm_slice *ret) {
  struct k8sm_slice value = row->placed(r);
  if (value.len == 0 && !r->no_memory)
    k8smi_resolve_find(r, K8SM_DIAG_VALUE_UNKNOWN, path, "%s is known only where the pod runs", row->path);
  *ret = row->first ? field_first(value) : value;
  return value.len > 0;
}

bool k8smi_resolve_field(struct k8smi_resolve *r, const struct k8smi_record *selector,
                         const struct k8smi_path *path, bool file, struct k8sm_slice *ret) {
  struct k8sm_slice whole = k8smi_get_str(selector, K8SMI_ObjectFieldSelector_fieldPath);
  struct k8sm_slice name = whole, key = {NULL, 0};
  bool entry = field_split(&name, &key);
  const struct field_row *row = field_find(name, file);
  if (row == NULL || (entry && row->map < 0)) {
    k8smi_resolve_find(r, K8SM_DIAG_FIELD_UNSUPPORTED, path, "unsupported fieldPath: %.*s", K8SMI_P(whole));
    return false;
  }
  if (entry) return field_entry(r, (unsigned)row->map, key, path, ret);
  if (row->map >= 0) return field_map(r, (unsigned)row->map, ret);
  if (row->placed != NULL) return field_placed(r, row, path, ret);
  *ret = row->metadata >= 0 ? k8smi_get_str(r->metadata, (unsigned)row->metadata)
                            : k8smi_get_str(r->spec, K8SMI_PodSpec_serviceAccountName);
  if (ret->ptr == NULL) *ret = K8SMI_S("");
  return true;
}
