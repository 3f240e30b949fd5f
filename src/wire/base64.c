/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/base64.h"

#include "base/slice.h"

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_put_group(char *to, const unsigned char *from, size_t n) {
  uint32_t group = (uint32_t)from[0] << 16 | (n > 1 ? (uint32_t)from[1] << 8 : 0) | (n > 2 ? from[2] : 0);
  to[0] = base64_alphabet[group >> 18];
  to[1] = base64_alphabet[group >> 12 & 63];
  to[2] = n > 1 ? base64_alphabet[group >> 6 & 63] : '=';
  to[3] = n > 2 ? base64_alphabet[group & 63] : '=';
}

void k8smi_put_base64(struct k8smi_buf *buf, const void *bytes, size_t len) {
  const unsigned char *p = bytes;
  size_t groups = len / 3 + (len % 3 != 0), size;
  if (len == 0) return;
  char *to = k8smi_mul(groups, 4, &size) ? k8smi_buf_extend(buf, size) : NULL;
  if (to == NULL) {
    buf->failed = true;
    return;
  }
  for (; len > 0; to += 4) {
    size_t n = len < 3 ? len : 3;
    base64_put_group(to, p, n);
    p += n;
    len -= n;
  }
}

static int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

/* n digits (2 to 4) → n - 1 bytes. False when a character is none, or `strict` and bits are left over. */
static bool base64_take_group(const char *from, size_t n, bool strict, unsigned char *to) {
  uint32_t group = 0;
  for (size_t i = 0; i < 4; i++) {
    int digit = i < n ? base64_digit(from[i]) : 0;
    if (digit < 0) return false;
    group = group << 6 | (uint32_t)digit;
  }
  for (size_t i = 0; i < n - 1; i++) to[i] = (unsigned char)(group >> (16 - 8 * i));
  return n == 4 || !strict || (group & (n == 3 ? 0xffu : 0xffffu)) == 0;
}

static struct k8sm_slice base64_parse(struct k8smi_arena *arena, struct k8sm_slice text, bool strict,
                                      bool *bad) {
  const struct k8sm_slice none = {NULL, 0};
  size_t len = text.len;
  if (len % 4 == 0) { /* padding, or none was needed */
    for (int i = 0; i < 2 && len > 0 && text.ptr[len - 1] == '='; i++) len--;
  }
  *bad = len % 4 == 1 || (len != text.len && text.len % 4 != 0);
  if (*bad) return none;
  size_t size = len / 4 * 3 + (len % 4 != 0 ? len % 4 - 1 : 0);
  unsigned char *bytes = k8smi_arena_alloc(arena, size + 1);
  if (bytes == NULL) return none;
  for (size_t at = 0, out = 0; at < len; at += 4, out += 3) {
    size_t n = len - at < 4 ? len - at : 4;
    if (!base64_take_group(text.ptr + at, n, strict, bytes + out)) {
      *bad = true;
      return none;
    }
  }
  bytes[size] = 0;
  return (struct k8sm_slice){(const char *)bytes, size};
}

struct k8sm_slice k8smi_parse_base64(struct k8smi_arena *arena, struct k8sm_slice text, bool *bad) {
  return base64_parse(arena, text, true, bad);
}

struct k8sm_slice k8smi_parse_base64_lines(struct k8smi_arena *arena, struct k8sm_slice text, bool *bad) {
  size_t len = 0;
  char *digits = k8smi_arena_alloc(arena, text.len + 1);
  *bad = false;
  if (digits == NULL) return (struct k8sm_slice){NULL, 0};
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    *bad = *bad || c == '-' || c == '_';
    if (c != '\r' && c != '\n') digits[len++] = c;
  }
  *bad = *bad || len % 4 != 0;
  return *bad ? (struct k8sm_slice){NULL, 0}
              : base64_parse(arena, (struct k8sm_slice){digits, len}, false, bad);
}
