/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_text.h"

#include <k8smesos/diag.h>
#include "wire/json_plain.h"
#include "wire/utf8.h"

static int json_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code unit of \uXXXX at p, or -1. */
static int32_t json_code_unit(const char *p, const char *end) {
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
  int32_t unit = 0;
  for (int i = 2; i < 6; i++) {
    int digit = json_hex_digit(p[i]);
    if (digit < 0) return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

static bool json_high_surrogate(int32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}

static bool json_low_surrogate(int32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

/* Behind the escape at p; NULL with *wrong set when it is none. */
static const char *json_scan_escape(const char *p, const char *end, const char **wrong) {
  if (end - p >= 2 && p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL) return p + 2;
  int32_t unit = json_code_unit(p, end);
  *wrong = "an escape that JSON does not have";
  if (unit < 0) return NULL;
  if (!json_high_surrogate(unit) && !json_low_surrogate(unit)) return p + 6;
  *wrong = "half of a surrogate pair";
  bool pair = json_high_surrogate(unit) && json_low_surrogate(json_code_unit(p + 6, end));
  return pair ? p + 12 : NULL;
}

static struct k8smi_json_scan json_bad_byte(const char *p) {
  unsigned char c = (unsigned char)*p;
  if (c == 0) return (struct k8smi_json_scan){p, "a NUL byte in a string", K8SM_DIAG_NUL_BYTE, false};
  if (c < 0x20) {
    return (struct k8smi_json_scan){p, "a control character in a string, expected an escape",
                                    K8SM_DIAG_JSON_SYNTAX, false};
  }
  return (struct k8smi_json_scan){p, "a string that is not UTF-8", K8SM_DIAG_NOT_UTF8, false};
}

struct k8smi_json_scan k8smi_json_scan_string(const char *begin, const char *end) {
  struct k8smi_json_scan scan = {NULL, NULL, 0, false};
  const char *p = begin + 1;
  for (;;) {
    p = k8smi_json_plain(p, end);
    if (p == end)
      return (struct k8smi_json_scan){p, "the text ends in a string", K8SM_DIAG_JSON_SYNTAX, false};
    if (*p == '"') break;
    if (*p == '\\') {
      const char *next = json_scan_escape(p, end, &scan.wrong);
      if (next == NULL) return (struct k8smi_json_scan){p, scan.wrong, K8SM_DIAG_JSON_SYNTAX, false};
      scan.wrong = NULL;
      scan.escaped = true;
      p = next;
      continue;
    }
    size_t n =
        (unsigned char)*p < 0x20 ? 0 : k8smi_utf8_sequence((const unsigned char *)p, (size_t)(end - p));
    if (n == 0) return json_bad_byte(p);
    p += n;
  }
  scan.end = p + 1;
  return scan;
}

static char json_short_escape(char c) {
  switch (c) {
  case 'b': return '\b';
  case 'f': return '\f';
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  default: return c;
  }
}

char *k8smi_json_unescape_to(char *to, struct k8sm_slice raw) {
  for (const char *p = raw.ptr, *end = p + raw.len; p < end;) {
    if (*p != '\\') {
      *to++ = *p++;
    } else if (p[1] != 'u') {
      *to++ = json_short_escape(p[1]);
      p += 2;
    } else {
      int32_t unit = json_code_unit(p, end);
      p += 6;
      if (json_high_surrogate(unit)) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (json_code_unit(p, end) - 0xdc00);
        p += 6;
      }
      to = k8smi_utf8_put(to, (uint32_t)unit);
    }
  }
  *to = '\0';
  return to;
}

struct k8sm_slice k8smi_json_unescape(struct k8smi_arena *arena, struct k8sm_slice raw) {
  char *begin = k8smi_arena_bytes(arena, raw.len + 1);
  if (begin == NULL) return (struct k8sm_slice){NULL, 0};
  return (struct k8sm_slice){begin, (size_t)(k8smi_json_unescape_to(begin, raw) - begin)};
}

static const char *json_digits(const char *p, const char *end) {
  while (p < end && *p >= '0' && *p <= '9') p++;
  return p;
}

const char *k8smi_json_scan_number(const char *p, const char *end, const char **wrong) {
  if (p < end && *p == '-') p++;
  const char *digits = p;
  p = p < end && *p == '0' ? p + 1 : json_digits(p, end);
  bool missing = p == digits;
  if (!missing && p < end && *p == '.') {
    digits = p + 1;
    p = json_digits(digits, end);
    missing = p == digits;
  }
  if (!missing && p < end && (*p == 'e' || *p == 'E')) {
    digits = p + 1;
    if (digits < end && (*digits == '+' || *digits == '-')) digits++;
    p = json_digits(digits, end);
    missing = p == digits;
  }
  if (missing) *wrong = "a digit";
  return p;
}
