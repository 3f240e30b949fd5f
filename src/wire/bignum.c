/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/bignum.h"

#include <string.h>

void k8smi_bignum_set(struct k8smi_bignum *n, uint64_t value) {
  n->words[0] = (uint32_t)value;
  n->words[1] = (uint32_t)(value >> 32);
  n->count = n->words[1] != 0 ? 2 : n->words[0] != 0 ? 1 : 0;
}

static void bignum_push(struct k8smi_bignum *n, uint32_t word) {
  if (word != 0 && n->count < K8SMI_BIGNUM_WORDS) n->words[n->count++] = word;
}

void k8smi_bignum_mul(struct k8smi_bignum *n, uint32_t factor) {
  uint64_t carry = 0;
  for (size_t i = 0; i < n->count; i++) {
    carry += (uint64_t)n->words[i] * factor;
    n->words[i] = (uint32_t)carry;
    carry >>= 32;
  }
  bignum_push(n, (uint32_t)carry);
}

void k8smi_bignum_mul_pow10(struct k8smi_bignum *n, unsigned exponent) {
  for (; exponent >= 9; exponent -= 9) k8smi_bignum_mul(n, 1000000000);
  uint32_t rest = 1;
  for (; exponent > 0; exponent--) rest *= 10;
  k8smi_bignum_mul(n, rest);
}

void k8smi_bignum_shift(struct k8smi_bignum *n, unsigned bits) {
  size_t words = bits / 32;
  if (n->count == 0 || n->count + words > K8SMI_BIGNUM_WORDS) return;
  memmove(n->words + words, n->words, n->count * sizeof n->words[0]);
  memset(n->words, 0, words * sizeof n->words[0]);
  n->count += words;
  k8smi_bignum_mul(n, UINT32_C(1) << bits % 32);
}

void k8smi_bignum_add(struct k8smi_bignum *n, const struct k8smi_bignum *other) {
  uint64_t carry = 0;
  while (n->count < other->count) n->words[n->count++] = 0;
  for (size_t i = 0; i < n->count; i++) {
    carry += (uint64_t)n->words[i] + (i < other->count ? other->words[i] : 0);
    n->words[i] = (uint32_t)carry;
    carry >>= 32;
  }
  bignum_push(n, (uint32_t)carry);
}

void k8smi_bignum_sub(struct k8smi_bignum *n, const struct k8smi_bignum *other) {
  uint32_t borrow = 0;
  for (size_t i = 0; i < n->count; i++) {
    uint64_t take = (uint64_t)(i < other->count ? other->words[i] : 0) + borrow;
    borrow = n->words[i] < take;
    n->words[i] = (uint32_t)(n->words[i] - take);
  }
  while (n->count > 0 && n->words[n->count - 1] == 0) n->count--;
}

int k8smi_bignum_cmp(const struct k8smi_bignum *a, const struct k8smi_bignum *b) {
  if (a->count != b->count) return a->count < b->count ? -1 : 1;
  for (size_t i = a->count; i-- > 0;) {
    if (a->words[i] != b->words[i]) return a->words[i] < b->words[i] ? -1 : 1;
  }
  return 0;
}

unsigned k8smi_bignum_bits(const struct k8smi_bignum *n) {
  unsigned bits = 0;
  if (n->count == 0) return 0;
  for (uint32_t top = n->words[n->count - 1]; top != 0; top >>= 1) bits++;
  return bits + 32 * (unsigned)(n->count - 1);
}
