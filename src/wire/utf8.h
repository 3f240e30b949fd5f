/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_UTF8_H
#define K8SMI_WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

/* How many bytes from the start on are well-formed UTF-8 (no overlong forms, no surrogates, nothing
 * beyond U+10FFFF): `len` when all of them are. */
size_t k8smi_utf8_valid(const void *bytes, size_t len);
/* The same, and a NUL ends it as well. */
size_t k8smi_text_valid(const void *bytes, size_t len);

/* Copies a text, and says whether it is UTF-8. Inline for short texts in ASCII, as most are: these are looked
 * at once. */
static inline bool k8smi_utf8_copy(char *to, const char *from, size_t n) {
  uint64_t seen = 0, word;
  if (n < sizeof word) {
    for (size_t i = 0; i < n; i++) seen |= (unsigned char)(to[i] = from[i]);
    return seen < 0x80 || k8smi_utf8_valid(from, n) == n;
  }
  if (n > 64) {
    memcpy(to, from, n);
    return k8smi_utf8_valid(from, n) == n;
  }
  for (size_t i = 0; i + sizeof word < n; i += sizeof word) {
    memcpy(&word, from + i, sizeof word);
    memcpy(to + i, &word, sizeof word);
    seen |= word;
  }
  memcpy(&word, from + n - sizeof word, sizeof word);
  memcpy(to + n - sizeof word, &word, sizeof word);
  return ((seen | word) & UINT64_C(0x8080808080808080)) == 0 || k8smi_utf8_valid(from, n) == n;
}

/* The length of the sequence at p (1 to 4), or 0 when it is not well-formed. n: the bytes that there are, at
 * least 1. */
size_t k8smi_utf8_sequence(const unsigned char *p, size_t n);

/* The code point of the sequence of n bytes at p, which is well-formed. */
uint32_t k8smi_utf8_get(const unsigned char *p, size_t n);

/* Writes one code point (at most 0x10FFFF) and returns the bytes behind it. */
char *k8smi_utf8_put(char *to, uint32_t code_point);

/* A copy in which each byte that is not UTF-8 has become U+FFFD, and a NUL behind it. ptr is NULL when memory
 * ran out. */
struct k8sm_slice k8smi_utf8_replace(struct k8smi_arena *arena, struct k8sm_slice bytes);

#endif
