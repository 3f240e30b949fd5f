/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/cluster.h"

bool k8smi_text_own(const struct k8sm_allocator *allocator, struct k8sm_slice text, struct k8sm_slice *ret) {
  char *own = k8smi_alloc(allocator, text.len + 1);
  if (own == NULL) return false;
  if (text.len != 0) memcpy(own, text.ptr, text.len);
  own[text.len] = '\0';
  *ret = (struct k8sm_slice){own, text.len};
  return true;
}

void k8smi_text_free(const struct k8sm_allocator *allocator, struct k8sm_slice text) {
  if (text.ptr != NULL) k8smi_free(allocator, (void *)(uintptr_t)text.ptr, text.len + 1);
}
