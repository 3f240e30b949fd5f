/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/decimal.h"

#include <float.h>
#include "wire/bignum.h"
#include "wire/json_text.h"
#include "wire/number.h"

enum {
  DECIMAL_KEPT = 19,   /* digits that always fit 64 bits */
  DECIMAL_EXACT = 800, /* more digits than any double or half-way point between two has */
  DECIMAL_EXPONENT = 100000
};

static int32_t decimal_exponent(const char *p, const char *end) {
  bool negative = *p == '-';
  int32_t n = 0;
  if (*p == '+' || *p == '-') p++;
  for (; p < end; p++) {
    if (n < DECIMAL_EXPONENT) n = n * 10 + (*p - '0');
  }
  if (n > DECIMAL_EXPONENT) n = DECIMAL_EXPONENT;
  return negative ? -n : n;
}

/* The mantissa's digits; returns their count without leading zeros. */
static int32_t decimal_digits(struct k8sm_slice mantissa, struct k8smi_decimal *d) {
  int32_t count = 0;
  bool point = false;
  for (size_t i = 0; i < mantissa.len; i++) {
    char c = mantissa.ptr[i];
    if (c == '.') {
      point = true;
      continue;
    }
    if (count > 0 || c != '0') {
      if (count < DECIMAL_KEPT) {
        d->digits = d->digits * 10 + (uint64_t)(c - '0');
        count++;
      } else {
        d->cut = d->cut || c != '0';
        if (!point && d->exponent < DECIMAL_EXPONENT) d->exponent++;
        continue;
      }
    }
    if (point && d->exponent > -DECIMAL_EXPONENT) d->exponent--;
  }
  return count;
}

bool k8smi_decimal_parse(struct k8sm_slice text, struct k8smi_decimal *ret) {
  const char *wrong = NULL, *begin = text.ptr, *end = begin + text.len;
  if (text.len == 0 || k8smi_json_scan_number(begin, end, &wrong) != end || wrong != NULL) return false;
  struct k8smi_decimal d = {0};
  d.negative = *begin == '-';
  if (d.negative) begin++;
  const char *mantissa_end = begin;
  while (mantissa_end < end && *mantissa_end != 'e' && *mantissa_end != 'E') mantissa_end++;
  d.source = (struct k8sm_slice){begin, (size_t)(mantissa_end - begin)};
  decimal_digits(d.source, &d);
  if (mantissa_end < end) d.exponent += decimal_exponent(mantissa_end + 1, end);
  *ret = d;
  return true;
}

/* All digits of the source; `dropped` of them (for which there was no room in d->digits) move the
 * exponent. A digit of 1 stands for a tail that is too long to matter but for not being zero. */
static void decimal_all_digits(const struct k8smi_decimal *d, struct k8smi_bignum *n, int32_t *exponent) {
  struct k8smi_bignum digit;
  int32_t count = 0;
  k8smi_bignum_set(n, 0);
  for (size_t i = 0; i < d->source.len && count <= DECIMAL_EXACT; i++) {
    char c = d->source.ptr[i];
    if (c == '.' || (count == 0 && c == '0')) continue;
    if (count == DECIMAL_EXACT) c = '1';
    k8smi_bignum_mul(n, 10);
    k8smi_bignum_set(&digit, (uint64_t)(c - '0'));
    k8smi_bignum_add(n, &digit);
    count++;
  }
  *exponent -= count - DECIMAL_KEPT;
}

/* numerator / denominator = (quotient + a fraction) · 2^*exponent, with bit 63 set in the quotient.
 * *rest: the fraction is not zero. */
static uint64_t decimal_divide(struct k8smi_bignum *numerator, struct k8smi_bignum *denominator,
                               int *exponent, bool *rest) {
  unsigned n = k8smi_bignum_bits(numerator), d = k8smi_bignum_bits(denominator);
  uint64_t quotient = 0;
  *exponent = (int)n - (int)d + 1;
  if (n < d) k8smi_bignum_shift(numerator, d - n);
  if (n > d) k8smi_bignum_shift(denominator, n - d);
  while (quotient >> 63 == 0) {
    bool fits = k8smi_bignum_cmp(numerator, denominator) >= 0;
    if (fits) k8smi_bignum_sub(numerator, denominator);
    quotient = quotient << 1 | (fits ? 1 : 0);
    k8smi_bignum_mul(numerator, 2);
    --*exponent;
  }
  *rest = numerator->count != 0;
  return quotient;
}

/* Rounds (quotient + rest) · 2^exponent; the quotient's bit 63 is set. */
static bool decimal_round(uint64_t quotient, bool rest, int exponent, double *ret) {
  const uint64_t infinity = UINT64_C(0x7ff) << 52;
  int biased = exponent + 63 + 1023;
  if (biased > 2046) return false;
  int drop = biased >= 1 ? 11 : 12 - biased;
  if (drop > 64) drop = rest = 0, quotient = 0;
  uint64_t kept = drop < 64 ? quotient >> drop : 0;
  uint64_t lost = drop < 64 ? quotient - (kept << drop) : quotient,
           half = drop == 0 ? 1 : UINT64_C(1) << (drop - 1);
  if (lost > half || (lost == half && (rest || (kept & 1) != 0))) kept++;
  uint64_t bits =
      (biased >= 1 ? (uint64_t)(biased - 1) << 52 : 0) + kept; /* a carry goes into the exponent */
  if (bits >= infinity) return false;
  memcpy(ret, &bits, sizeof bits);
  return true;
}

static bool decimal_exactly(const struct k8smi_decimal *d, double *ret) {
  struct k8smi_bignum numerator, denominator;
  int32_t exponent = d->exponent;
  k8smi_bignum_set(&numerator, d->digits);
  k8smi_bignum_set(&denominator, 1);
  if (d->cut) decimal_all_digits(d, &numerator, &exponent);
  k8smi_bignum_mul_pow10(exponent >= 0 ? &numerator : &denominator,
                         exponent >= 0 ? (unsigned)exponent : (unsigned)-exponent);
  bool rest;
  int binary_exponent;
  uint64_t quotient = decimal_divide(&numerator, &denominator, &binary_exponent, &rest);
  return decimal_round(quotient, rest, binary_exponent, ret);
}

static int32_t decimal_count(uint64_t n) {
  int32_t count = 0;
  for (; n != 0; n /= 10) count++;
  return count;
}

bool k8smi_decimal_to_double(const struct k8smi_decimal *d, double *ret) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  double value = 0;
  int32_t magnitude = d->exponent + decimal_count(d->digits);
  if (d->digits != 0 && magnitude > 310) return false;
  if (d->digits != 0 && magnitude >= -330) {
    /* One rounding, of exact operands, is right; so is all that most numbers need. */
    if (FLT_EVAL_METHOD == 0 && !d->cut && d->digits <= UINT64_C(1) << 53 && d->exponent >= -22 &&
        d->exponent <= 22) {
      value = (double)d->digits;
      value = d->exponent < 0 ? value / powers[-d->exponent] : value * powers[d->exponent];
    } else if (!decimal_exactly(d, &value)) {
      return false;
    }
  }
  *ret = d->negative ? -value : value;
  return true;
}
