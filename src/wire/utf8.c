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

/* Bytes that are neither NUL nor beyond ASCII, in a word. (A zero also hides behind the borrow of one below
 * it; either way there is one.) */
static bool utf8_is_plain(uint64_t w) {
  return ((w | (w - UTF8_LOW_BITS)) & UTF8_HIGH_BITS) == 0;
}

static uint64_t utf8_load4(const unsigned char *p) {
  uint32_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

static bool utf8_is_ascii(uint64_t w) {
  return (w & UTF8_HIGH_BITS) == 0;
}

/* Whole texts that need no closer look: most of them. Loads overlap instead of ending in single bytes. */
static inline bool utf8_all(const unsigned char *p, size_t len, bool (*fine)(uint64_t w)) {
  uint64_t w;
  if (len >= 8) {
    for (size_t i = 0; i + 8 < len; i += 8) {
      memcpy(&w, p + i, 8);
      if (!fine(w)) return false;
    }
    memcpy(&w, p + len - 8, 8);
    return fine(w);
  }
  if (len >= 4) return fine(utf8_load4(p) | utf8_load4(p + len - 4) << 32);
  w = 0x2020202020202020;
  for (size_t i = 0; i < len; i++) w = w << 8 | p[i];
  return fine(w);
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
  return utf8_all(bytes, len, utf8_is_ascii) ? len : utf8_check(bytes, len, false);
}

size_t k8smi_text_valid(const void *bytes, size_t len) {
  return utf8_all(bytes, len, utf8_is_plain) ? len : utf8_check(bytes, len, true);
}

bool k8smi_looks_utf16(const void *bytes, size_t len) {
  const unsigned char *p = bytes;
  if (len < 2) return false;
  bool mark = (p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff);
  return mark || (p[0] == 0) != (p[1] == 0);
}

uint32_t k8smi_utf8_get(const unsigned char *p, size_t n) {
  static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  uint32_t c = p[0] & masks[n];
  for (size_t i = 1; i < n; i++) c = c << 6 | (p[i] & 0x3f);
  return c;
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

static struct k8sm_slice utf8_replace(struct k8smi_arena *arena, struct k8sm_slice bytes, bool no_nul) {
  static const char replacement[] = "\xef\xbf\xbd";
  const size_t wide = sizeof replacement - 1;
  size_t size;
  char *text = k8smi_mul(bytes.len, wide, &size) ? k8smi_arena_alloc(arena, size + 1) : NULL, *to = text;
  if (text == NULL) return (struct k8sm_slice){NULL, 0};
  for (size_t at = 0; at < bytes.len;) {
    size_t n = k8smi_utf8_sequence((const unsigned char *)bytes.ptr + at, bytes.len - at);
    if (no_nul && bytes.ptr[at] == '\0') n = 0;
    memcpy(to, n == 0 ? replacement : bytes.ptr + at, n == 0 ? wide : n);
    to += n == 0 ? wide : n;
    at += n == 0 ? 1 : n;
  }
  *to = '\0';
  return (struct k8sm_slice){text, (size_t)(to - text)};
}

struct k8sm_slice k8smi_utf8_replace(struct k8smi_arena *arena, struct k8sm_slice bytes) {
  return utf8_replace(arena, bytes, false);
}

struct k8sm_slice k8smi_text_replace(struct k8smi_arena *arena, struct k8sm_slice bytes) {
  return utf8_replace(arena, bytes, true);
}
