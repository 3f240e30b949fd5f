/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/number.h"

#include "wire/decimal.h"

static bool number_is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool k8smi_parse_u64(struct k8sm_slice text, uint64_t *ret) {
  uint64_t n = 0;
  if (text.len == 0) return false;
  for (size_t i = 0; i < text.len; i++) {
    if (!number_is_digit(text.ptr[i])) return false;
    unsigned digit = (unsigned)(text.ptr[i] - '0');
    if (n > (UINT64_MAX - digit) / 10) return false;
    n = n * 10 + digit;
  }
  *ret = n;
  return true;
}

static bool number_with_sign(uint64_t n, bool negative, int64_t *ret) {
  if (n > (uint64_t)INT64_MAX + (negative ? 1 : 0)) return false;
  if (negative) {
    *ret = n == 0 ? 0 : -(int64_t)(n - 1) - 1;
  } else {
    *ret = (int64_t)n;
  }
  return true;
}

bool k8smi_parse_i64(struct k8sm_slice text, int64_t *ret) {
  uint64_t n;
  bool negative = text.len > 0 && text.ptr[0] == '-';
  if (negative) text = (struct k8sm_slice){text.ptr + 1, text.len - 1};
  return k8smi_parse_u64(text, &n) && number_with_sign(n, negative, ret);
}

bool k8smi_parse_json_i64(struct k8sm_slice text, int64_t *ret) {
  struct k8smi_decimal d;
  if (!k8smi_decimal_parse(text, &d) || d.cut) return false;
  uint64_t n = d.digits;
  if (n == 0) {
    *ret = 0;
    return true;
  }
  for (; d.exponent > 0; d.exponent--) {
    if (n > UINT64_MAX / 10) return false;
    n *= 10;
  }
  for (; d.exponent < 0; d.exponent++) {
    if (n % 10 != 0) return false;
    n /= 10;
  }
  return number_with_sign(n, d.negative, ret);
}

/* The fraction without its trailing zeros: 250 of 1000 → ".25", 0 → nothing. */
static void number_put_thousandths(struct k8smi_buf *buf, unsigned n) {
  char text[4] = {'.', (char)('0' + n / 100), (char)('0' + n / 10 % 10), (char)('0' + n % 10)};
  size_t len = sizeof text;
  while (len > 1 && text[len - 1] == '0') len--;
  if (len > 1) k8smi_buf_put(buf, text, len);
}

void k8smi_put_milli(struct k8smi_buf *buf, int64_t milli) {
  uint64_t n = milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;
  if (milli < 0) k8smi_buf_putc(buf, '-');
  k8smi_buf_u64(buf, n / 1000);
  number_put_thousandths(buf, (unsigned)(n % 1000));
}

bool k8smi_milli_of_double(double d, int64_t *ret) {
  double thousandths = d * 1000.0;
  bool negative = thousandths < 0;
  if (negative) thousandths = -thousandths;
  if (!(thousandths < 9223372036854774784.0)) return false; /* also what is not a number */
  int64_t n = (int64_t)thousandths;
  if (thousandths - (double)n >= 0.5) n++;
  *ret = negative ? -n : n;
  return true;
}

double k8smi_double_of_milli(int64_t milli) {
  const int64_t exact = INT64_C(1) << 53;
  if (milli >= -exact && milli <= exact) return (double)milli / 1000.0;
  /* Dividing would round twice. */
  struct k8smi_decimal d = {0};
  d.negative = milli < 0;
  d.digits = d.negative ? 0 - (uint64_t)milli : (uint64_t)milli;
  d.exponent = -3;
  double value = 0;
  return k8smi_decimal_to_double(&d, &value) ? value : 0;
}

/* Days since 1970 → year, month, day in the proleptic Gregorian calendar, over eras of 400 years that
 * begin in March, so that the leap day is the last of its year. */
static void number_civil_date(int64_t days, int64_t *year, unsigned *month, unsigned *day) {
  days += 719468; /* from 0000-03-01 */
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  unsigned in_era = (unsigned)(days - era * 146097);
  unsigned year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  unsigned in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  unsigned from_march = (5 * in_year + 2) / 153;
  *day = in_year - (153 * from_march + 2) / 5 + 1;
  *month = from_march < 10 ? from_march + 3 : from_march - 9;
  *year = era * 400 + year_of_era + (*month <= 2 ? 1 : 0);
}

/* Two digits. */
static char *number_put_pair(char *to, unsigned n, char after) {
  to[0] = (char)('0' + n / 10);
  to[1] = (char)('0' + n % 10);
  to[2] = after;
  return to + 3;
}

int64_t k8smi_seconds_of_milli(int64_t wall_ms) {
  const int64_t first = INT64_C(-62167219200000), last = INT64_C(253402300799999); /* years 0000 to 9999 */
  if (wall_ms < first) wall_ms = first;
  if (wall_ms > last) wall_ms = last;
  return (wall_ms >= 0 ? wall_ms : wall_ms - 999) / 1000;
}

void k8smi_put_time(struct k8smi_buf *buf, int64_t wall_ms) {
  char text[sizeof "2026-08-29T10:40:00Z" - 1];
  int64_t year;
  unsigned month, day;
  int64_t seconds = k8smi_seconds_of_milli(wall_ms);
  int64_t days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
  unsigned in_day = (unsigned)(seconds - days * 86400);
  number_civil_date(days, &year, &month, &day);
  number_put_pair(text, (unsigned)year / 100, '0');
  char *to = number_put_pair(text + 2, (unsigned)year % 100, '-');
  to = number_put_pair(to, month, '-');
  to = number_put_pair(to, day, 'T');
  to = number_put_pair(to, in_day / 3600, ':');
  to = number_put_pair(to, in_day / 60 % 60, ':');
  number_put_pair(to, in_day % 60, 'Z');
  k8smi_buf_put(buf, text, sizeof text);
}
