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
/* The same as memcmp(a, b, n) == 0, for names: these are short, and a call costs more than the comparison. */
static inline bool k8smi_same(const char *a, const char *b, size_t n) {
  uint64_t a8, b8, a_end, b_end;
  uint32_t a4, b4, a4_end, b4_end;
  if (n > 16) { /* names of one kind differ at their ends */
    memcpy(&a_end, a + n - 8, 8), memcpy(&b_end, b + n - 8, 8);
    return a_end == b_end && memcmp(a, b, n - 8) == 0;
  }
  if (n >= 8) {
    memcpy(&a8, a, 8), memcpy(&b8, b, 8);
    memcpy(&a_end, a + n - 8, 8), memcpy(&b_end, b + n - 8, 8);
    return ((a8 ^ b8) | (a_end ^ b_end)) == 0;
  }
  if (n >= 4) {
    memcpy(&a4, a, 4), memcpy(&b4, b, 4);
    memcpy(&a4_end, a + n - 4, 4), memcpy(&b4_end, b + n - 4, 4);
    return ((a4 ^ b4) | (a4_end ^ b4_end)) == 0;
  }
  while (n > 0 && a[n - 1] == b[n - 1]) n--;
  return n == 0;
}
/* The same as memcpy, for texts of which most are short. */
static inline void k8smi_copy(char *to, const char *from, size_t n) {
  if (n >= 8 && n <= 64) {
    char last[8];
    memcpy(last, from + n - 8, 8);
    for (size_t i = 0; i + 8 < n; i += 8) memcpy(to + i, from + i, 8);
    memcpy(to + n - 8, last, 8);
  } else if (n > 64) {
    memcpy(to, from, n);
  } else {
    for (size_t i = 0; i < n; i++) to[i] = from[i];
  }
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
static inline int k8smi_p_len(struct k8sm_slice s) {
  return s.len > 256 ? 256 : (int)s.len;
}
static inline const char *k8smi_p_text(struct k8sm_slice s) {
  return s.ptr == NULL ? "" : s.ptr;
}
#define K8SMI_P(s) k8smi_p_len(s), k8smi_p_text(s)

#endif
