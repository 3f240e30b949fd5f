/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_SLICE_H
#define K8SMI_BASE_SLICE_H

#include <k8smesos/base.h>
#include <stdbool.h>
#include <string.h>

/* A slice of a literal. */
#define K8SMI_S(literal) ((struct k8sm_slice){"" literal, sizeof(literal) - 1})

static inline struct k8sm_slice k8smi_s(const char *text) {
  return (struct k8sm_slice){text, text == NULL ? 0 : strlen(text)};
}
static inline bool k8smi_eq(struct k8sm_slice a, struct k8sm_slice b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool k8smi_eqs(struct k8sm_slice a, const char *text) {
  return k8smi_eq(a, k8smi_s(text));
}
/* By bytes, the shorter first: <0, 0, >0. */
static inline int k8smi_cmp(struct k8sm_slice a, struct k8sm_slice b) {
  size_t n = a.len < b.len ? a.len : b.len;
  int c = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);
  return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

/* For "%.*s": at most 256 bytes, since messages are for people. */
#define K8SMI_P(s) (int)((s).len > 256 ? 256 : (s).len), ((s).ptr == NULL ? "" : (s).ptr)

#endif
