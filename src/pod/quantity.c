/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/quantity.h"

#include "wire/number.h"

/* A quantity as decimal digits and a power of ten. Powers of 1024 are multiplied into the digits, so
 * that each rule is exact and none needs wide integers. */

enum {
  QUANTITY_MAX_TEXT = 256,
  QUANTITY_MAX_DIGITS = QUANTITY_MAX_TEXT + 32, /* 1024^6 adds 19; a carry, one */
  QUANTITY_NANO = -9,                           /* the finest power of ten that is kept */
  QUANTITY_QUICK_DIGITS = 18                    /* see quantity_is_quick */
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
  struct k8sm_slice text;
  enum quantity_format format;
  int power; /* of 10, or of 1024 */
};

static const struct quantity_suffix quantity_suffixes[] = {
#define S(text, format, power)                                                                               \
  { {text, sizeof(text) - 1}, QUANTITY_##format, power }
    S("n", DECIMAL, -9), S("u", DECIMAL, -6), S("m", DECIMAL, -3), S("", DECIMAL, 0),
    S("k", DECIMAL, 3),  S("M", DECIMAL, 6),  S("G", DECIMAL, 9),  S("T", DECIMAL, 12),
    S("P", DECIMAL, 15), S("E", DECIMAL, 18), S("Ki", BINARY, 1),  S("Mi", BINARY, 2),
    S("Gi", BINARY, 3),  S("Ti", BINARY, 4),  S("Pi", BINARY, 5),  S("Ei", BINARY, 6),
#undef S
};

static const char *quantity_suffix_text(enum quantity_format format, int64_t power) {
  for (size_t i = 0; i < sizeof quantity_suffixes / sizeof quantity_suffixes[0]; i++) {
    if (quantity_suffixes[i].format == format && quantity_suffixes[i].power == power)
      return quantity_suffixes[i].text.ptr;
  }
  return "";
}

static bool quantity_find_suffix(struct k8sm_slice text, enum quantity_format *format, int64_t *power) {
  for (size_t i = 0; i < sizeof quantity_suffixes / sizeof quantity_suffixes[0]; i++) {
    struct k8sm_slice suffix = quantity_suffixes[i].text;
    if (suffix.len != text.len || !k8smi_same(suffix.ptr, text.ptr, text.len)) continue;
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
  if (!k8smi_parse_i64(exponent, power)) return false;
  *power = (int32_t)(uint32_t)*power; /* as Kubernetes cuts it */
  return true;
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

/* What a text consists of. Zeros in front of the digits are not counted; no other before the point: one. */
struct quantity_places {
  enum quantity_format format;
  int64_t power; /* that the suffix says */
  size_t begin;  /* of the digits before the point */
  size_t whole;  /* how many */
  size_t point;  /* behind it */
  size_t fraction;
};

/* Kubernetes has a quick parser for numbers that are sure to fit into 64 bits. It shows: the other one wants
 * digits, and only what this one has read can be kept as it was typed. */
static bool quantity_is_quick(const struct quantity_places *at) {
  if (at->format != QUANTITY_BINARY)
    return at->whole + at->fraction <= QUANTITY_QUICK_DIGITS &&
           at->power - (int64_t)at->fraction >= QUANTITY_NANO;
  int64_t bits = at->power * 10, room = 14 - (int64_t)at->whole - bits * 3 / 10;
  return at->fraction == 0 && room >= 0;
}

/* Whether Kubernetes writes the text as it came: where the quick parser takes it for canonical. */
static bool quantity_is_kept(const struct quantity *q, const struct quantity_places *at) {
  size_t n = at->whole + at->fraction;
  const unsigned char *end = q->digits + n;
  if (!quantity_is_quick(at)) return false;
  if (at->format == QUANTITY_BINARY) {
    unsigned tail = 0;
    for (size_t i = n < 3 ? n : 3; i > 0; i--) tail = tail * 10 + *(end - i);
    return tail % 8 != 0;
  }
  bool thousands = n >= 3 && end[-1] == 0 && end[-2] == 0 && end[-3] == 0;
  return (at->power - (int64_t)at->fraction) % 3 == 0 && !thousands && q->digits[0] != 0;
}

static size_t quantity_run(struct k8sm_slice text, size_t at) {
  size_t i = at;
  while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9') i++;
  return i - at;
}

static bool quantity_scan(struct k8sm_slice text, struct quantity_places *p) {
  size_t at = 0;
  memset(p, 0, sizeof *p);
  if (text.len == 0 || text.len > QUANTITY_MAX_TEXT) return false;
  if (text.ptr[0] == '-' || text.ptr[0] == '+') at++;
  size_t zeros = at;
  while (at < text.len && text.ptr[at] == '0') at++;
  zeros = at - zeros;
  p->begin = at;
  p->whole = quantity_run(text, at);
  at += p->whole;
  if (at < text.len && text.ptr[at] == '.') {
    p->point = at + 1;
    p->fraction = quantity_run(text, at + 1);
    at += 1 + p->fraction;
  }
  struct k8sm_slice suffix = {text.ptr + at, text.len - at};
  bool digits = zeros + p->whole + p->fraction > 0;
  if (p->whole == 0) p->whole = 1;
  if (!quantity_find_suffix(suffix, &p->format, &p->power)) return false;
  return digits || (suffix.len == 0 && p->point == 0) || quantity_is_quick(p);
}

static void quantity_take_digits(struct quantity *q, struct k8sm_slice text, size_t at) {
  while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
    q->digits[q->count++] = (unsigned char)(text.ptr[at++] - '0');
}

/* Quantities with a binary suffix end at the largest int64. */
static void quantity_cap(struct quantity *q) {
  static const unsigned char largest[] = {9, 2, 2, 3, 3, 7, 2, 0, 3, 6, 8, 5, 4, 7, 7, 5, 8, 0, 7};
  uint64_t ignored;
  if (q->format != QUANTITY_BINARY || quantity_magnitude(q, 0, INT64_MAX, &ignored)) return;
  memcpy(q->digits, largest, sizeof largest);
  q->count = sizeof largest;
  q->scale = 0;
}

static bool quantity_read(struct k8sm_slice text, struct quantity *q) {
  struct quantity_places places;
  size_t zeros = 0;
  if (!quantity_scan(text, &places)) return false;
  q->format = places.format;
  q->negative = text.ptr[0] == '-';
  q->count = 0;
  quantity_take_digits(q, text, places.begin);
  if (q->count == 0) q->digits[q->count++] = 0;
  if (places.point > 0) quantity_take_digits(q, text, places.point);
  q->as_typed = quantity_is_kept(q, &places);
  while (zeros < q->count && q->digits[zeros] == 0) zeros++;
  q->count -= zeros;
  memmove(q->digits, q->digits + zeros, q->count);
  q->scale = (q->format == QUANTITY_BINARY ? 0 : places.power) - (int64_t)places.fraction;
  for (int64_t i = 0; q->format == QUANTITY_BINARY && i < places.power; i++) quantity_multiply(q, 1024);
  if (q->count > 0 && q->scale < QUANTITY_NANO) quantity_cut(q, (uint64_t)(QUANTITY_NANO - q->scale));
  quantity_cap(q);
  return true;
}

bool k8smi_quantity_valid(struct k8sm_slice text) {
  struct quantity_places places;
  return quantity_scan(text, &places);
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
    *ret = (struct k8smi_amount){-whole - 1, (int32_t)(1000 * 1000 * 1000 - nano), q.format};
  } else {
    *ret = (struct k8smi_amount){q.negative ? -whole : whole, (int32_t)nano, q.format};
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

static void quantity_put(struct quantity *q, struct k8smi_buf *buf) {
  if (q->format == QUANTITY_BINARY) {
    quantity_put_binary(q, buf);
  } else {
    quantity_put_decimal(q, buf);
  }
}

bool k8smi_quantity_canonical(struct k8sm_slice text, struct k8smi_buf *buf) {
  struct quantity q;
  if (!quantity_read(text, &q)) return false;
  quantity_put(&q, buf);
  return true;
}

void k8smi_quantity_put(struct k8smi_amount amount, struct k8smi_buf *buf) {
  enum { FRACTION = 9, DIGITS = 19 + FRACTION };
  struct quantity q;
  memset(&q, 0, sizeof q);
  q.format = (enum quantity_format)amount.form;
  q.negative = amount.whole < 0;
  q.scale = QUANTITY_NANO;
  bool borrow = q.negative && amount.nano > 0;
  int32_t nano = borrow ? 1000 * 1000 * 1000 - amount.nano : amount.nano;
  uint64_t whole = q.negative ? 0 - (uint64_t)amount.whole - borrow : (uint64_t)amount.whole;
  unsigned char digits[DIGITS];
  for (int i = DIGITS - 1; i >= 0; i--) {
    bool fraction = i >= DIGITS - FRACTION;
    digits[i] = (unsigned char)(fraction ? (uint64_t)nano % 10 : whole % 10);
    if (fraction) {
      nano /= 10;
    } else {
      whole /= 10;
    }
  }
  size_t zeros = 0;
  while (zeros < DIGITS && digits[zeros] == 0) zeros++;
  q.count = DIGITS - zeros;
  memcpy(q.digits, digits + zeros, q.count);
  quantity_put(&q, buf);
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
  quantity_put(&q, buf);
  return true;
}

/* The digit of a power of ten. */
static unsigned quantity_digit(const struct quantity *q, int64_t power) {
  int64_t from_end = power - q->scale;
  return from_end < 0 || from_end >= (int64_t)q->count ? 0 : q->digits[q->count - 1 - (size_t)from_end];
}

static int quantity_cmp_magnitude(const struct quantity *a, const struct quantity *b) {
  if (a->count == 0 || b->count == 0) return (a->count > 0) - (b->count > 0);
  int64_t top_a = a->scale + (int64_t)a->count, top_b = b->scale + (int64_t)b->count;
  int64_t end = a->scale < b->scale ? a->scale : b->scale;
  if (top_a != top_b) return top_a > top_b ? 1 : -1;
  for (int64_t power = top_a - 1; power >= end; power--) {
    unsigned of_a = quantity_digit(a, power), of_b = quantity_digit(b, power);
    if (of_a != of_b) return of_a > of_b ? 1 : -1;
  }
  return 0;
}

int k8smi_quantity_cmp(struct k8sm_slice a, struct k8sm_slice b) {
  struct quantity of_a, of_b;
  if (!quantity_read(a, &of_a) || !quantity_read(b, &of_b)) return 0;
  bool below_a = of_a.negative && of_a.count > 0, below_b = of_b.negative && of_b.count > 0;
  if (below_a != below_b) return below_a ? -1 : 1;
  int c = quantity_cmp_magnitude(&of_a, &of_b);
  return below_a ? -c : c;
}
