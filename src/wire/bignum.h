/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_BIGNUM_H
#define K8SMI_WIRE_BIGNUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Natural numbers of a fixed greatest size, for the exact conversion of doubles: large enough for
 * the 800 digits and the 10^1150 of the worst decimal, and for every product that decimal.c and double.c
 * form. */
enum { K8SMI_BIGNUM_WORDS = 160 };

struct k8smi_bignum {
  uint32_t words[K8SMI_BIGNUM_WORDS]; /* the lowest first; no zeros on top */
  size_t count;
};

void k8smi_bignum_set(struct k8smi_bignum *n, uint64_t value);
void k8smi_bignum_mul(struct k8smi_bignum *n, uint32_t factor);
void k8smi_bignum_mul_pow10(struct k8smi_bignum *n, unsigned exponent);
void k8smi_bignum_shift(struct k8smi_bignum *n, unsigned bits); /* to the left */
void k8smi_bignum_add(struct k8smi_bignum *n, const struct k8smi_bignum *other);
/* other must not be larger. */
void k8smi_bignum_sub(struct k8smi_bignum *n, const struct k8smi_bignum *other);
int k8smi_bignum_cmp(const struct k8smi_bignum *a, const struct k8smi_bignum *b); /* <0, 0, >0 */
unsigned k8smi_bignum_bits(const struct k8smi_bignum *n);

#endif
