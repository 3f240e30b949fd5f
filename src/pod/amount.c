/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/amount.h"

enum { AMOUNT_NANO = 1000 * 1000 * 1000 };

static int64_t amount_add_whole(int64_t a, int64_t b) {
  if (b > 0 && a > INT64_MAX - b) return INT64_MAX;
  if (b < 0 && a < INT64_MIN - b) return INT64_MIN;
  return a + b;
}

struct k8smi_amount k8smi_amount_add(struct k8smi_amount a, struct k8smi_amount b) {
  int32_t nano = a.nano + b.nano;
  int64_t whole = amount_add_whole(a.whole, b.whole);
  uint32_t form = k8smi_amount_is_zero(a) ? b.form : a.form;
  if (nano < AMOUNT_NANO) return (struct k8smi_amount){whole, nano, form};
  return (struct k8smi_amount){amount_add_whole(whole, 1), nano - AMOUNT_NANO, form};
}

int k8smi_amount_cmp(struct k8smi_amount a, struct k8smi_amount b) {
  if (a.whole != b.whole) return a.whole < b.whole ? -1 : 1;
  return (a.nano > b.nano) - (a.nano < b.nano);
}

int64_t k8smi_amount_value(struct k8smi_amount a) {
  return a.whole < 0 || a.nano == 0 ? a.whole : amount_add_whole(a.whole, 1);
}

int64_t k8smi_amount_milli(struct k8smi_amount a) {
  enum { MILLI = AMOUNT_NANO / 1000 };
  if (a.whole >= INT64_MAX / 1000) return INT64_MAX;
  if (a.whole <= INT64_MIN / 1000) return INT64_MIN;
  return a.whole * 1000 + (a.whole < 0 ? a.nano : a.nano + MILLI - 1) / MILLI;
}

int64_t k8smi_amount_mb_milli(struct k8smi_amount a) {
  const int64_t mb = 1024 * 1024, bytes = k8smi_amount_value(a);
  if (bytes / mb > INT64_MAX / 1000 - 1) return INT64_MAX;
  return bytes / mb * 1000 + (bytes % mb * 1000 + mb - 1) / mb;
}
