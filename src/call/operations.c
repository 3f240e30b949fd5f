/* SPDX-License-Identifier: Apache-2.0 */
#include "call/operations.h"
#include "base/slice.h"

static const struct {
  struct k8sm_slice prefix;
  const char *name;
} operations_table[K8SMI_OPERATIONS] = {
    [K8SMI_OPERATION_RESERVE] = {{"k8sm.reserve.", 13}, "RESERVE"},
    [K8SMI_OPERATION_CREATE] = {{"k8sm.create.", 12}, "CREATE"},
    [K8SMI_OPERATION_DESTROY] = {{"k8sm.destroy.", 13}, "DESTROY"},
    [K8SMI_OPERATION_UNRESERVE] = {{"k8sm.unreserve.", 15}, "UNRESERVE"},
};

struct k8sm_slice k8smi_operation_id(enum k8smi_operation what, struct k8sm_slice of,
                                     char text[K8SMI_ID_MAX + 1]) {
  const struct k8sm_slice prefix = operations_table[what].prefix;
  if (of.len == 0 || of.len > K8SMI_ID_MAX - prefix.len) return (struct k8sm_slice){NULL, 0};
  memcpy(text, prefix.ptr, prefix.len);
  memcpy(text + prefix.len, of.ptr, of.len);
  text[prefix.len + of.len] = '\0';
  return (struct k8sm_slice){text, prefix.len + of.len};
}

enum k8smi_operation k8smi_operation_parse(struct k8sm_slice id, struct k8sm_slice *ret_of) {
  unsigned what = 0;
  for (; what < K8SMI_OPERATIONS; what++) {
    const struct k8sm_slice prefix = operations_table[what].prefix;
    if (id.len <= prefix.len || memcmp(id.ptr, prefix.ptr, prefix.len) != 0) continue;
    *ret_of = (struct k8sm_slice){id.ptr + prefix.len, id.len - prefix.len};
    break;
  }
  return (enum k8smi_operation)what;
}

const char *k8smi_operation_name(enum k8smi_operation what) {
  return operations_table[what].name;
}
