/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_JSON_PLAIN_H
#define K8SMI_WIRE_JSON_PLAIN_H

/* Where plain text ends in a JSON string: at a quote, a backslash, a control character, or a byte that is not
 * ASCII. Most of the bytes of any input go through here. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define K8SMI_JSON_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline bool k8smi_json_is_plain(char c) {
  return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* How many of eight bytes are plain: all of them at once. A borrow marks only bytes behind the first that
 * ends the run. */
static inline size_t k8smi_json_plain_in_word(const char *p) {
  uint64_t w;
  memcpy(&w, p, sizeof w);
  uint64_t quote = w ^ K8SMI_JSON_EACH('"'), slash = w ^ K8SMI_JSON_EACH('\\');
  uint64_t hit =
      (w - K8SMI_JSON_EACH(0x20)) | (quote - K8SMI_JSON_EACH(1)) | (slash - K8SMI_JSON_EACH(1)) | w;
  hit &= K8SMI_JSON_EACH(0x80);
  if (hit == 0) return sizeof w;
#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return (size_t)__builtin_ctzll(hit) / 8;
#else
  size_t n = 0;
  while (n < sizeof w && k8smi_json_is_plain(p[n])) n++;
  return n;
#endif
}

/* On any machine. */
static inline const char *k8smi_json_plain_by_words(const char *p, const char *end) {
  while (end - p >= 8) {
    size_t n = k8smi_json_plain_in_word(p);
    p += n;
    if (n < 8) return p;
  }
  while (p < end && k8smi_json_is_plain(*p)) p++;
  return p;
}

static inline const char *k8smi_json_plain(const char *p, const char *end) {
#if defined(__SSE2__) && defined(__GNUC__)
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(0x20);
  for (; end - p >= 16; p += 16) {
    __m128i w = _mm_loadu_si128((const __m128i *)(const void *)p);
    /* As signed numbers, bytes beyond ASCII are less than a blank, too. */
    __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(w, quote), _mm_cmpeq_epi8(w, slash)),
                               _mm_cmplt_epi8(w, space));
    int bits = _mm_movemask_epi8(hit);
    if (bits != 0) return p + __builtin_ctz((unsigned)bits);
  }
#endif
  return k8smi_json_plain_by_words(p, end);
}

#endif
