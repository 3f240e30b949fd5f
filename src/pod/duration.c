/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/schedule.h"

/* Lengths of time as Go has them: numbers with their units, one behind the other, https://pkg.go.dev/time */

static const struct duration_unit {
  const char *name;
  uint64_t nanoseconds;
} duration_units[] = {
    {"ns", 1},           {"us", 1000},    {"\xc2\xb5s", 1000}, /* the micro sign, and the Greek letter */
    {"\xce\xbcs", 1000}, {"ms", 1000000}, {"s", 1000000000},   {"m", 60000000000}, {"h", 3600000000000},
};

/* In quotes, and as ASCII. */
static void duration_quote(struct k8smi_buf *buf, struct k8sm_slice text) {
  static const char digits[] = "0123456789abcdef";
  k8smi_buf_putc(buf, '"');
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.ptr[i];
    if (c < ' ' || c >= 0x80) {
      k8smi_buf_puts(buf, "\\x");
      k8smi_buf_putc(buf, digits[c >> 4]);
      k8smi_buf_putc(buf, digits[c & 15]);
    } else {
      if (c == '"' || c == '\\') k8smi_buf_putc(buf, '\\');
      k8smi_buf_putc(buf, (char)c);
    }
  }
  k8smi_buf_putc(buf, '"');
}

static bool duration_wrong(struct k8smi_buf *why, const char *what, struct k8sm_slice text) {
  k8smi_buf_puts(why, what);
  duration_quote(why, text);
  return false;
}

static bool duration_is_digit(struct k8sm_slice s, size_t at) {
  return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';
}

/* The whole number at *at; false: it is beyond 2^63. */
static bool duration_number(struct k8sm_slice s, size_t *at, uint64_t *ret) {
  const uint64_t most = (uint64_t)1 << 63;
  *ret = 0;
  for (; duration_is_digit(s, *at); ++*at) {
    uint64_t digit = (uint64_t)(s.ptr[*at] - '0');
    if (*ret > (most - digit) / 10) return false;
    *ret = *ret * 10 + digit;
  }
  return true;
}

/* What is behind the point, in millionths: finer does not matter here. */
static uint64_t duration_fraction(struct k8sm_slice s, size_t *at) {
  uint64_t millionths = 0, place = 100000;
  for (; duration_is_digit(s, *at); ++*at, place /= 10) millionths += place * (uint64_t)(s.ptr[*at] - '0');
  return millionths;
}

/* One number with its unit, added to *total, which stays at or below 2^63. */
static bool duration_piece(struct k8sm_slice text, size_t *at, uint64_t *total, struct k8smi_buf *why) {
  const uint64_t most = (uint64_t)1 << 63;
  size_t from = *at, digits;
  uint64_t number, millionths = 0;
  bool fits = duration_number(text, at, &number);
  digits = *at - from;
  if (fits && *at < text.len && text.ptr[*at] == '.') {
    from = ++*at;
    millionths = duration_fraction(text, at);
    digits += *at - from;
  }
  if (!fits || digits == 0) return duration_wrong(why, "time: invalid duration ", text);
  struct k8sm_slice unit = {text.ptr + *at, 0};
  while (*at < text.len && text.ptr[*at] != '.' && !duration_is_digit(text, *at)) {
    ++*at;
    unit.len++;
  }
  if (unit.len == 0) return duration_wrong(why, "time: missing unit in duration ", text);
  for (size_t i = 0; i < sizeof duration_units / sizeof duration_units[0]; i++) {
    if (!k8smi_eqs(unit, duration_units[i].name)) continue;
    if (number > (most - *total) / duration_units[i].nanoseconds)
      return duration_wrong(why, "time: invalid duration ", text);
    *total += number * duration_units[i].nanoseconds;
    millionths = millionths * duration_units[i].nanoseconds / 1000000;
    if (millionths <= most - *total) *total += millionths;
    return true;
  }
  duration_wrong(why, "time: unknown unit ", unit);
  return duration_wrong(why, " in duration ", text);
}

bool k8smi_duration_read(struct k8sm_slice text, int64_t *ret, struct k8smi_buf *why) {
  bool negative = text.len > 0 && text.ptr[0] == '-';
  size_t at = text.len > 0 && (negative || text.ptr[0] == '+');
  uint64_t total = 0;
  *ret = 0;
  if (text.len == at + 1 && text.ptr[at] == '0') return true;
  if (text.len == at) return duration_wrong(why, "time: invalid duration ", text);
  while (at < text.len) {
    if (!duration_piece(text, &at, &total, why)) return false;
  }
  if (!negative && total > INT64_MAX) return duration_wrong(why, "time: invalid duration ", text);
  *ret = total > INT64_MAX ? INT64_MIN : negative ? -(int64_t)total : (int64_t)total;
  return true;
}
