/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/quote.h"

#include "wire/utf8.h"

/* What is no letter, mark, number, punctuation or symbol: controls, format characters, spaces, surrogates and
 * private use (categories Cc, Cf, Z*, Cs, Co). */
static const struct quote_range {
  uint32_t first, last;
} quote_ranges[] = {{0x7f, 0xa0},       {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
                    {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},
                    {0x1680, 0x1680},   {0x180e, 0x180e},   {0x2000, 0x200f},   {0x2028, 0x202f},
                    {0x205f, 0x2064},   {0x2066, 0x206f},   {0x3000, 0x3000},   {0xd800, 0xf8ff},
                    {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd},
                    {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
                    {0xe0001, 0xe0001}, {0xe0020, 0xe007f}, {0xf0000, 0x10ffff}};

bool k8smi_is_printable(uint32_t c) {
  if (c < ' ' || (c & 0xfffe) == 0xfffe) return false;
  for (size_t i = 0; i < sizeof quote_ranges / sizeof quote_ranges[0] && c >= quote_ranges[i].first; i++) {
    if (c <= quote_ranges[i].last) return false;
  }
  return true;
}

static void quote_put_hex(struct k8smi_buf *buf, char letter, uint32_t c, int digits) {
  k8smi_buf_putc(buf, '\\');
  k8smi_buf_putc(buf, letter);
  while (digits-- > 0) k8smi_buf_putc(buf, "0123456789abcdef"[c >> (4 * digits) & 15]);
}

static void quote_put(struct k8smi_buf *buf, const unsigned char *p, size_t n) {
  static const char named[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";
  uint32_t c = k8smi_utf8_get(p, n);
  const char *at = c != 0 && c < 0x7f ? strchr(named, (char)c) : NULL;
  if (at != NULL) {
    k8smi_buf_putc(buf, '\\');
    k8smi_buf_putc(buf, letters[at - named]);
  } else if (k8smi_is_printable(c)) {
    k8smi_buf_put(buf, p, n);
  } else if (c < 0x80) {
    quote_put_hex(buf, 'x', c, 2);
  } else {
    quote_put_hex(buf, c < 0x10000 ? 'u' : 'U', c, c < 0x10000 ? 4 : 8);
  }
}

void k8smi_put_go_quoted(struct k8smi_buf *buf, struct k8sm_slice text) {
  const unsigned char *p = (const unsigned char *)text.ptr;
  k8smi_buf_putc(buf, '"');
  for (size_t i = 0; i < text.len;) {
    size_t n = k8smi_utf8_sequence(p + i, text.len - i);
    if (n == 0) {
      quote_put_hex(buf, 'x', p[i++], 2); /* no UTF-8 */
      continue;
    }
    quote_put(buf, p + i, n);
    i += n;
  }
  k8smi_buf_putc(buf, '"');
}
