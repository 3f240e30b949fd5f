/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/quantity.h"

#include "wire/number.h"

/* A quantity as decimal digits and a power of ten. Powers of 1024 are multiplied into the digits, so
 * that each rule is exact and none needs wide integers. */

enum {
  QUANTITY_MAX_TEXT = 256,
  QUANTITY_MAX_DIGITS = QUANTITY_MAX_TEXT + 32, /* 1024^6 adds 19; a carry, one */
  QUANTITY_NANO = -9,                           /* the finest power of ten that is kept */
  QUANTITY_FAST_DIGITS = 18                     /* more are never kept as typed */
};

enum quantity_format { QUANTITY_DECIMAL, QUANTITY_EXPONENT, QUANTITY_BINARY };

struct quantity {
  enum quantity_format format;
  bool negative;
  bool as_typed;                             /* the text counts as canonical, see quantity_is_kept */
  unsigned char digits[QUANTITY_MAX_DIGITS]; /* values from 0 to 9, no zeros in front; none: zero */
  size_t count;
  int64_t scale; /* the power of ten of the last digit */
};

struct quantity_suffix {
  const char *text;
  enum quantity_format format;
  int power; /* of 10, or of 1024 */
};

static const struct quantity_suffix quantity_suffixes[] = {
    {"n", QUANTITY_DECIMAL, -9}, {"u", QUANTITY_DECIMAL, -6}, {"m", QUANTITY_DECIMAL, -3},
    {"", QUANTITY_DECIMAL, 0},   {"k", QUANTITY_DECIMAL, 3},  {"M", QUANTITY_DECIMAL, 6},
    {"G", QUANTITY_DECIMAL, 9},  {"T", QUANTITY_DECIMAL, 12}, {"P", QUANTITY_DECIMAL, 15},
    {"E", QUANTITY_DECIMAL, 18}, {"Ki", QUANTITY_BINARY, 1},  {"Mi", QUANTITY_BINARY, 2},
    {"Gi", QUANTITY_BINARY, 3},  {"Ti", QUANTITY_BINARY, 4},  {"Pi", QUANTITY_BINARY, 5},
    {"Ei", QUANTITY_BINARY, 6},
};

static const char *quantity_suffix_text(enum quantity_format format, int64_t power) {
  for (size_t i = 0; i < sizeof quantity_suffixes / sizeof quantity_suffixes[0]; i++) {
    if (quantity_suffixes[i].format == format && quantity_suffixes[i].power == power)
      return quantity_suffixes[i].text;
  }
  return "";
}

static bool quantity_find_suffix(struct k8sm_slice text, enum quantity_format *format, int64_t *power) {
  for (size_t i = 0; i < sizeof quantity_suffixes / sizeof quantity_suffixes[0]; i++) {
    if (!k8smi_eqs(text, quantity_suffixes[i].text)) continue;
    *format = quantity_suffixes[i].format;
    *power = quantity_suffixes[i].power;
    return true;
  }
  if (text.len < 2 || (text.ptr[0] != 'e' && text.ptr[0] != 'E')) return false;
  struct k8sm_slice exponent = {text.ptr + 1, text.len - 1};
  if (exponent.ptr[0] == '+') {
    exponent = (struct k8sm_slice){exponent.ptr + 1, exponent.len - 1};
    if (exponent.len > 0 && exponent.ptr[0] == '-') return false;
  }
  *format = QUANTITY_EXPONENT;
  return k8smi_parse_i64(exponent, power) && *power >= INT32_MIN && *power <= INT32_MAX;
}

/* Cuts the last n digits off; what they held is rounded away from zero. */
static void quantity_cut(struct quantity *q, uint64_t n) {
  bool rest = false;
  size_t keep = n < q->count ? q->count - (size_t)n : 0;
  for (size_t i = keep; i < q->count; i++) rest = rest || q->digits[i] != 0;
  q->count = keep;
  q->scale += (int64_t)n;
  if (!rest) return;
  size_t i = keep;
  while (i > 0 && q->digits[i - 1] == 9) q->digits[--i] = 0;
  if (i > 0) {
    q->digits[i - 1]++;
    return;
  }
  memmove(q->digits + 1, q->digits, q->count);
  q->digits[0] = 1;
  q->count++;
}

static void quantity_multiply(struct quantity *q, unsigned factor) {
  unsigned carry = 0;
  for (size_t i = q->count; i-- > 0;) {
    carry += q->digits[i] * factor;
    q->digits[i] = (unsigned char)(carry % 10);
    carry /= 10;
  }
  for (; carry > 0; carry /= 10) {
    memmove(q->digits + 1, q->digits, q->count);
    q->digits[0] = (unsigned char)(carry % 10);
    q->count++;
  }
}

/* The magnitude in units of 10^scale, rounded up; false when it is larger than `max`. */
static bool quantity_magnitude(const struct quantity *q, int64_t scale, uint64_t max, uint64_t *ret) {
  struct quantity units = *q;
  *ret = 0;
  if (q->count == 0) return true;
  if (units.scale < scale) quantity_cut(&units, (uint64_t)(scale - units.scale));
  if (units.count + (uint64_t)(units.scale - scale) > 20) return false;
  for (size_t i = 0; i < units.count + (size_t)(units.scale - scale); i++) {
    unsigned digit = i < units.count ? units.digits[i] : 0;
    if (*ret > (max - digit) / 10) return false;
    *ret = *ret * 10 + digit;
  }
  return true;
}

/* Whether Kubernetes writes the text as it came: it does where its quick parser takes the text for
 * canonical. `whole` digits stood before the point and `fraction` behind it, zeros in front not counted. */
static bool quantity_is_kept(const struct quantity *q, const unsigned char *digits, size_t whole,
                             size_t fraction, int64_t power) {
  size_t n = whole + fraction;
  if (q->format == QUANTITY_BINARY) {
    int64_t bits = power * 10, room = 15 - (int64_t)whole - bits * 3 / 10 - 1;
    unsigned tail = 0;
    for (size_t i = whole < 3 ? 0 : whole - 3; i < whole; i++) tail = tail * 10 + digits[i];
    return fraction == 0 && room >= 0 && tail % 8 != 0;
  }
  int64_t scale = power - (int64_t)fraction;
  bool thousands = n >= 3 && digits[n - 1] == 0 && digits[n - 2] == 0 && digits[n - 3] == 0;
  return n <= QUANTITY_FAST_DIGITS && scale >= QUANTITY_NANO && scale % 3 == 0 && !thousands &&
         digits[0] != 0;
}

static size_t quantity_take_digits(struct quantity *q, struct k8sm_slice text, size_t at) {
  while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
    q->digits[q->count++] = (unsigned char)(text.ptr[at++] - '0');
  return at;
}

static bool quantity_read(struct k8sm_slice text, struct quantity *q) {
  size_t at = 0, zeros = 0;
  int64_t power = 0;
  if (text.len == 0 || text.len > QUANTITY_MAX_TEXT) return false;
  q->count = 0;
  q->negative = text.ptr[0] == '-';
  if (text.ptr[0] == '-' || text.ptr[0] == '+') at++;
  while (at < text.len && text.ptr[at] == '0') at++;
  at = quantity_take_digits(q, text, at);
  if (q->count == 0) q->digits[q->count++] = 0;
  size_t whole = q->count;
  if (at < text.len && text.ptr[at] == '.') at = quantity_take_digits(q, text, at + 1);
  size_t fraction = q->count - whole;
  if (!quantity_find_suffix((struct k8sm_slice){text.ptr + at, text.len - at}, &q->format, &power))
    return false;
  q->as_typed = quantity_is_kept(q, q->digits, whole, fraction, power);
  while (zeros < q->count && q->digits[zeros] == 0) zeros++;
  q->count -= zeros;
  memmove(q->digits, q->digits + zeros, q->count);
  q->scale = (q->format == QUANTITY_BINARY ? 0 : power) - (int64_t)fraction;
  for (int64_t i = 0; q->format == QUANTITY_BINARY && i < power; i++) quantity_multiply(q, 1024);
  if (q->count > 0 && q->scale < QUANTITY_NANO) quantity_cut(q, (uint64_t)(QUANTITY_NANO - q->scale));
  return true;
}

bool k8smi_quantity_valid(struct k8sm_slice text) {
  enum quantity_format format;
  int64_t power;
  size_t at = 0;
  if (text.len == 0 || text.len > QUANTITY_MAX_TEXT) return false;
  if (text.ptr[0] == '-' || text.ptr[0] == '+') at++;
  for (int points = 0; at < text.len && points < 2; at++) {
    points += text.ptr[at] == '.';
    if (points == 2 || ((text.ptr[at] < '0' || text.ptr[at] > '9') && text.ptr[at] != '.')) break;
  }
  return quantity_find_suffix((struct k8sm_slice){text.ptr + at, text.len - at}, &format, &power);
}

static bool quantity_number(struct k8sm_slice text, int64_t scale, int64_t *ret) {
  struct quantity q;
  uint64_t n;
  if (!quantity_read(text, &q)) return false;
  if (!quantity_magnitude(&q, scale, INT64_MAX, &n)) n = INT64_MAX;
  *ret = q.negative ? -(int64_t)n : (int64_t)n;
  return true;
}

bool k8smi_quantity_milli(struct k8sm_slice text, int64_t *ret) {
  return quantity_number(text, -3, ret);
}

bool k8smi_quantity_value(struct k8sm_slice text, int64_t *ret) {
  return quantity_number(text, 0, ret);
}

bool k8smi_quantity_amount(struct k8sm_slice text, struct k8smi_amount *ret) {
  struct quantity q;
  int64_t whole = 0, nano = 0, unit = 100 * 1000 * 1000;
  if (!quantity_read(text, &q)) return false;
  int64_t power = q.scale + (int64_t)q.count; /* of ten, just above the next digit */
  for (; power < 0 && unit > 0; power++) unit /= 10;
  power = q.scale + (int64_t)q.count;
  for (size_t i = 0; i < q.count || (power > 0 && whole > 0 && whole < INT64_MAX); i++, power--) {
    unsigned digit = i < q.count ? q.digits[i] : 0;
    if (power > 0) {
      whole = whole > (INT64_MAX - digit) / 10 ? INT64_MAX : whole * 10 + digit;
    } else {
      nano += digit * unit;
      unit /= 10;
    }
  }
  if (whole == INT64_MAX) nano = 0;
  if (q.negative && nano > 0) {
    *ret = (struct k8smi_amount){-whole - 1, (int32_t)(1000 * 1000 * 1000 - nano)};
  } else {
    *ret = (struct k8smi_amount){q.negative ? -whole : whole, (int32_t)nano};
  }
  return true;
}

/* An integer of a power of a thousand: the largest that takes no fraction. */
static void quantity_put_decimal(struct quantity *q, struct k8smi_buf *buf) {
  int64_t most = q->format == QUANTITY_EXPONENT ? INT64_MAX : 18;
  while (q->count > 0 && q->digits[q->count - 1] == 0) {
    q->count--;
    q->scale++;
  }
  if (q->count == 0) {
    k8smi_buf_putc(buf, '0');
    return;
  }
  int64_t power = q->scale - ((q->scale % 3) + 3) % 3;
  if (power > most) power = most;
  if (q->negative) k8smi_buf_putc(buf, '-');
  for (size_t i = 0; i < q->count; i++) k8smi_buf_putc(buf, (char)('0' + q->digits[i]));
  for (int64_t i = power; i < q->scale; i++) k8smi_buf_putc(buf, '0');
  if (q->format == QUANTITY_EXPONENT && power != 0) {
    k8smi_buf_putc(buf, 'e');
    k8smi_buf_i64(buf, power);
  } else if (q->format != QUANTITY_EXPONENT) {
    k8smi_buf_puts(buf, quantity_suffix_text(QUANTITY_DECIMAL, power));
  }
}

/* Binary suffixes are for integers from 1024 on; and such quantities end at the largest int64. */
static void quantity_put_binary(struct quantity *q, struct k8smi_buf *buf) {
  struct quantity whole = *q;
  uint64_t n = 0, power = 0;
  bool fits = quantity_magnitude(q, 0, INT64_MAX, &n);
  for (size_t i = 0; q->scale < 0 && i < (size_t)-q->scale && i < q->count; i++)
    if (q->digits[q->count - 1 - i] != 0) whole.count = 0;
  bool integer = q->count == whole.count;
  if (!fits) n = INT64_MAX;
  if (fits && (!integer || n < 1024)) {
    q->format = QUANTITY_DECIMAL;
    quantity_put_decimal(q, buf);
    return;
  }
  for (; power < 6 && n % 1024 == 0; power++) n /= 1024;
  if (q->negative) k8smi_buf_putc(buf, '-');
  k8smi_buf_u64(buf, n);
  k8smi_buf_puts(buf, quantity_suffix_text(QUANTITY_BINARY, (int64_t)power));
}

bool k8smi_quantity_canonical(struct k8sm_slice text, struct k8smi_buf *buf) {
  struct quantity q;
  if (!quantity_read(text, &q)) return false;
  if (q.format == QUANTITY_BINARY) {
    quantity_put_binary(&q, buf);
  } else {
    quantity_put_decimal(&q, buf);
  }
  return true;
}

bool k8smi_quantity_written(struct k8sm_slice text, struct k8smi_buf *buf) {
  struct quantity q;
  if (!quantity_read(text, &q)) return false;
  if (!q.as_typed) return k8smi_quantity_canonical(text, buf);
  k8smi_buf_slice(buf, text);
  return true;
}

bool k8smi_quantity_round_milli(struct k8sm_slice text, struct k8smi_buf *buf) {
  struct quantity q;
  if (!quantity_read(text, &q)) return false;
  size_t finer = q.scale < -3 ? (size_t)(-3 - q.scale) : 0;
  bool rounded = false;
  for (size_t i = 0; i < finer && i < q.count; i++) rounded = rounded || q.digits[q.count - 1 - i] != 0;
  if (!rounded) return false;
  quantity_cut(&q, finer);
  q.format = q.format == QUANTITY_EXPONENT ? QUANTITY_EXPONENT : QUANTITY_DECIMAL;
  quantity_put_decimal(&q, buf);
  return true;
}

int k8smi_quantity_cmp(struct k8sm_slice a, struct k8sm_slice b) {
  int64_t of_a = 0, of_b = 0;
  (void)(k8smi_quantity_value(a, &of_a) && k8smi_quantity_value(b, &of_b));
  if (of_a == of_b) (void)(k8smi_quantity_milli(a, &of_a) && k8smi_quantity_milli(b, &of_b));
  return (of_a > of_b) - (of_a < of_b);
}
