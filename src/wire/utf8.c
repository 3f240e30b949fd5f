/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/utf8.h"

#include <string.h>

#define UTF8_HIGH_BITS UINT64_C(0x8080808080808080)
#define UTF8_LOW_BITS  UINT64_C(0x0101010101010101)

static bool utf8_continues(unsigned char c) {
  return (c & 0xc0) == 0x80;
}

size_t k8smi_utf8_sequence(const unsigned char *p, size_t n) {
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xc2 || n < 2 || !utf8_continues(p[1])) return 0;
  if (p[0] < 0xe0) return 2;
  if (n < 3 || !utf8_continues(p[2])) return 0;
  if (p[0] < 0xf0) {
    bool overlong = p[0] == 0xe0 && p[1] < 0xa0, surrogate = p[0] == 0xed && p[1] >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (n < 4 || !utf8_continues(p[3])) return 0;
  bool overlong = p[0] == 0xf0 && p[1]<0x90, beyond = p[0]> 0xf4 || (p[0] == 0xf4 && p[1] >= 0x90);
  return overlong || beyond ? 0 : 4;
}

/* Bytes of plain text at the front: eight at a time while there is neither a high bit nor, when
 * `no_nul`, a zero byte. (The zero test may also stop early; the caller's byte loop goes on.) */
static size_t utf8_plain(const unsigned char *p, size_t len, bool no_nul) {
  size_t i = 0;
  for (uint64_t w; i + sizeof w <= len; i += sizeof w) {
    memcpy(&w, p + i, sizeof w);
    if ((w & UTF8_HIGH_BITS) != 0) break;
    if (no_nul && ((w - UTF8_LOW_BITS) & UTF8_HIGH_BITS) != 0) break;
  }
  return i;
}

static size_t utf8_check(const unsigned char *p, size_t len, bool no_nul) {
  size_t i = utf8_plain(p, len, no_nul);
  while (i < len) {
    size_t n = no_nul && p[i] == 0 ? 0 : k8smi_utf8_sequence(p + i, len - i);
    if (n == 0) return i;
    i += n;
    if (n > 1) i += utf8_plain(p + i, len - i, no_nul);
  }
  return len;
}

size_t k8smi_utf8_valid(const void *bytes, size_t len) {
  return utf8_check(bytes, len, false);
}

size_t k8smi_text_valid(const void *bytes, size_t len) {
  return utf8_check(bytes, len, true);
}

char *k8smi_utf8_put(char *to, uint32_t c) {
  if (c < 0x80) {
    *to++ = (char)c;
  } else if (c < 0x800) {
    *to++ = (char)(0xc0 | c >> 6);
    *to++ = (char)(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *to++ = (char)(0xe0 | c >> 12);
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    *to++ = (char)(0x80 | (c & 0x3f));
  } else {
    *to++ = (char)(0xf0 | c >> 18);
    *to++ = (char)(0x80 | (c >> 12 & 0x3f));
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    *to++ = (char)(0x80 | (c & 0x3f));
  }
  return to;
}
