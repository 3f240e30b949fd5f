/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/number.h"

#include "wire/bignum.h"
#include "wire/decimal.h"

bool k8smi_parse_double(struct k8sm_slice text, double *ret) {
  struct k8smi_decimal d;
  return k8smi_decimal_parse(text, &d) && k8smi_decimal_to_double(&d, ret);
}

/* The decimal digits of a double: 0.d1 d2 d3 … · 10^point. */
struct double_digits {
  char text[20];
  int count;
  int point;
};

/* Steele and White's and Dragon4's state, as Burger and Dybvig tell it: the value is number / scale, and all
 * between it minus `below` and plus `above` (over scale) reads back as the same double. */
struct double_state {
  struct k8smi_bignum number, scale, above, below;
  bool even; /* the ends of the interval belong to it */
};

static void double_times_ten(struct double_state *s) {
  k8smi_bignum_mul(&s->number, 10);
  k8smi_bignum_mul(&s->above, 10);
  k8smi_bignum_mul(&s->below, 10);
}

/* number + above reaches the scale. */
static bool double_reaches_one(const struct double_state *s) {
  struct k8smi_bignum sum = s->number;
  k8smi_bignum_add(&sum, &s->above);
  int c = k8smi_bignum_cmp(&sum, &s->scale);
  return s->even ? c >= 0 : c > 0;
}

/* A number mantissa · 2^exponent with both its neighbours one unit of the mantissa away; `narrow`: the one
 * below is half as far, as below a power of two. */
static void double_begin(struct double_state *s, uint64_t mantissa, int exponent, bool narrow,
                         int *exponent2) {
  unsigned up = exponent > 0 ? (unsigned)exponent : 0, down = exponent < 0 ? (unsigned)-exponent : 0;
  k8smi_bignum_set(&s->number, mantissa);
  k8smi_bignum_set(&s->scale, 1);
  k8smi_bignum_set(&s->above, 1);
  k8smi_bignum_set(&s->below, 1);
  k8smi_bignum_shift(&s->number, up + 1 + narrow);
  k8smi_bignum_shift(&s->scale, down + 1 + narrow);
  k8smi_bignum_shift(&s->above, up + narrow);
  k8smi_bignum_shift(&s->below, up);
  s->even = (mantissa & 1) == 0;
  *exponent2 = exponent;
  while (mantissa >>= 1) ++*exponent2;
}

static void double_begin_double(struct double_state *s, uint64_t bits, int *exponent2) {
  uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
  int biased = (int)(bits >> 52 & 0x7ff);
  uint64_t mantissa = biased == 0 ? fraction : fraction | UINT64_C(1) << 52;
  double_begin(s, mantissa, (biased == 0 ? 1 : biased) - 1075, fraction == 0 && biased > 1, exponent2);
}

static void double_begin_float(struct double_state *s, uint32_t bits, int *exponent2) {
  uint32_t fraction = bits & ((UINT32_C(1) << 23) - 1);
  int biased = (int)(bits >> 23 & 0xff);
  uint32_t mantissa = biased == 0 ? fraction : fraction | UINT32_C(1) << 23;
  double_begin(s, mantissa, (biased == 0 ? 1 : biased) - 150, fraction == 0 && biased > 1, exponent2);
}

/* Scales to 0.1 ≤ value < 1; from an estimate that is at most the right power. */
static int double_scale(struct double_state *s, int exponent2) {
  int point = (exponent2 * 1233) / 4096 - 1;
  if (point > 0) k8smi_bignum_mul_pow10(&s->scale, (unsigned)point);
  if (point < 0) {
    k8smi_bignum_mul_pow10(&s->number, (unsigned)-point);
    k8smi_bignum_mul_pow10(&s->above, (unsigned)-point);
    k8smi_bignum_mul_pow10(&s->below, (unsigned)-point);
  }
  for (; double_reaches_one(s); point++) k8smi_bignum_mul(&s->scale, 10);
  return point;
}

static struct double_digits double_shortest(struct double_state *s, int exponent2) {
  struct double_digits d = {{0}, 0, 0};
  d.point = double_scale(s, exponent2);
  for (;;) {
    int digit = 0;
    double_times_ten(s);
    for (; k8smi_bignum_cmp(&s->number, &s->scale) >= 0; digit++) k8smi_bignum_sub(&s->number, &s->scale);
    int c = k8smi_bignum_cmp(&s->number, &s->below);
    bool low = s->even ? c <= 0 : c < 0, high = double_reaches_one(s);
    if (low && high) {
      k8smi_bignum_mul(&s->number, 2);
      int nearer = k8smi_bignum_cmp(&s->number, &s->scale);
      low = nearer < 0 || (nearer == 0 && digit % 2 == 0);
    }
    d.text[d.count++] = (char)('0' + digit + (high && !low ? 1 : 0));
    if (low || high) return d;
  }
}

static void double_put_zeros(struct k8smi_buf *buf, int n) {
  for (; n > 0; n--) k8smi_buf_putc(buf, '0');
}

/* Plain for 1e-7 ≤ value < 1e21, as ECMAScript has it, and always with a point or an exponent. */
static void double_put_digits(struct k8smi_buf *buf, const struct double_digits *d) {
  int before = d->point < 0 ? 0 : d->point < d->count ? d->point : d->count;
  bool plain = d->point > -6 && d->point <= 21;
  if (!plain) before = 1;
  k8smi_buf_put(buf, d->text, (size_t)before);
  if (plain && before == 0) k8smi_buf_putc(buf, '0');
  if (plain) double_put_zeros(buf, d->point - d->count);
  if (before < d->count) {
    k8smi_buf_putc(buf, '.');
    if (plain) double_put_zeros(buf, -d->point);
    k8smi_buf_put(buf, d->text + before, (size_t)(d->count - before));
  } else if (plain) {
    k8smi_buf_puts(buf, ".0");
  }
  if (plain) return;
  k8smi_buf_puts(buf, d->point > 0 ? "e+" : "e-");
  k8smi_buf_u64(buf, (uint64_t)(d->point > 0 ? d->point - 1 : 1 - d->point));
}

void k8smi_put_double(struct k8smi_buf *buf, double value) {
  uint64_t bits;
  int64_t milli;
  memcpy(&bits, &value, sizeof bits);
  if ((bits >> 52 & 0x7ff) == 0x7ff) {
    k8smi_buf_puts(buf, value != value ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    return;
  }
  if (bits >> 63 != 0) k8smi_buf_putc(buf, '-');
  bits &= UINT64_MAX >> 1;
  memcpy(&value, &bits, sizeof bits);
  /* Fifteen digits are never more than the shortest form has: what Mesos sends needs no long arithmetic. */
  if (value < 1e12 && k8smi_milli_of_double(value, &milli) && k8smi_double_of_milli(milli) == value) {
    k8smi_put_milli(buf, milli);
    if (milli % 1000 == 0) k8smi_buf_puts(buf, ".0");
    return;
  }
  struct double_state s;
  int exponent2;
  double_begin_double(&s, bits, &exponent2);
  struct double_digits d = double_shortest(&s, exponent2);
  double_put_digits(buf, &d);
}

void k8smi_put_float(struct k8smi_buf *buf, float value) {
  struct double_state s;
  struct double_digits d = {{'0'}, 1, 1};
  uint32_t bits;
  int exponent2;
  memcpy(&bits, &value, sizeof bits);
  if (bits >> 31 != 0) k8smi_buf_putc(buf, '-');
  bits &= UINT32_MAX >> 1;
  if (bits != 0) {
    double_begin_float(&s, bits, &exponent2);
    d = double_shortest(&s, exponent2);
  }
  bool plain = d.point > -4 && d.point <= 6;
  int before = !plain ? 1 : d.point < 0 ? 0 : d.point < d.count ? d.point : d.count;
  k8smi_buf_put(buf, d.text, (size_t)before);
  if (plain && before == 0) k8smi_buf_putc(buf, '0');
  if (plain) double_put_zeros(buf, d.point - d.count);
  if (before < d.count) {
    k8smi_buf_putc(buf, '.');
    if (plain) double_put_zeros(buf, -d.point);
    k8smi_buf_put(buf, d.text + before, (size_t)(d.count - before));
  }
  if (plain) return;
  int exponent = d.point > 0 ? d.point - 1 : 1 - d.point;
  k8smi_buf_puts(buf, d.point > 0 ? "e+" : "e-");
  if (exponent < 10) k8smi_buf_putc(buf, '0');
  k8smi_buf_i64(buf, exponent);
}
