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

/* Copies the n bytes of a text. False: some are beyond ASCII, or NUL if `no_nul`, and need a closer look. Up
 * to 64 of them are looked at as they pass by. */
static inline bool k8smi_copy_plain(char *to, const char *from, size_t n, bool no_nul) {
  const uint64_t high = UINT64_C(0x8080808080808080), ones = no_nul ? UINT64_C(0x0101010101010101) : 0;
  uint64_t seen = 0, word;
  uint32_t first, last;
  if (n >= sizeof first && n < sizeof word) {
    memcpy(&first, from, sizeof first), memcpy(&last, from + n - sizeof last, sizeof last);
    memcpy(to, &first, sizeof first), memcpy(to + n - sizeof last, &last, sizeof last);
    word = (uint64_t)last << 32 | first;
    return ((word | (word - ones)) & high) == 0;
  }
  if (n < sizeof first) {
    for (size_t i = 0; i < n; i++) {
      unsigned char c = (unsigned char)(to[i] = from[i]);
      seen |= c | (c - (ones & 1));
    }
    return seen < 0x80;
  }
  if (n > 64) {
    memcpy(to, from, n);
    return false;
  }
  for (size_t i = 0; i + sizeof word < n; i += sizeof word) {
    memcpy(&word, from + i, sizeof word);
    memcpy(to + i, &word, sizeof word);
    seen |= word | (word - ones); /* a borrow shows where there was a NUL below */
  }
  memcpy(&word, from + n - sizeof word, sizeof word);
  memcpy(to + n - sizeof word, &word, sizeof word);
  return ((seen | word | (word - ones)) & high) == 0;
}

/* Copies a text, and says whether it is UTF-8; without NUL, too. Inline for those that are short, and in
 * ASCII, as most are. */
static inline bool k8smi_utf8_copy(char *to, const char *from, size_t n) {
  return k8smi_copy_plain(to, from, n, false) || k8smi_utf8_valid(from, n) == n;
}
static inline bool k8smi_text_copy(char *to, const char *from, size_t n) {
  return k8smi_copy_plain(to, from, n, true) || k8smi_text_valid(from, n) == n;
}

/* Whether a text begins as it does in UTF-16: with a byte-order mark, or a character below 256. */
bool k8smi_looks_utf16(const void *bytes, size_t len);

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
/* The same, and of each NUL in it as well. */
struct k8sm_slice k8smi_text_replace(struct k8smi_arena *arena, struct k8sm_slice bytes);

#endif
