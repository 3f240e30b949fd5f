/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_DECIMAL_H
#define K8SMI_WIRE_DECIMAL_H

#include "base/slice.h"

/* A decimal number: ± digits · 10^exponent. */
struct k8smi_decimal {
  bool negative;
  bool cut;                 /* there are more digits, not all zeros, than `digits` holds */
  uint64_t digits;          /* the first 19 */
  int32_t exponent;         /* of the last of them; beyond ±100,000 it stays there */
  struct k8sm_slice source; /* the text of all digits, with a point somewhere; only when cut */
};

/* A number in JSON's syntax, nothing before or behind. */
bool k8smi_decimal_parse(struct k8sm_slice text, struct k8smi_decimal *ret);
/* To the nearest double, ties to even. False: too large. */
bool k8smi_decimal_to_double(const struct k8smi_decimal *decimal, double *ret);

#endif
