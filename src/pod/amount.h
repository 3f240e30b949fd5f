/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_AMOUNT_H
#define K8SMI_POD_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* A quantity's number, exact to the last digit that quantities have: whole + nano / 10^9, with
 * 0 <= nano < 10^9 also below zero. It saturates where `whole` does. */
struct k8smi_amount {
  int64_t whole;
  int32_t nano;
  uint32_t form; /* in which it is written: that of the quantity that it comes from, see quantity.c */
};

/* The sum, in the form of the first that is not zero. */
struct k8smi_amount k8smi_amount_add(struct k8smi_amount a, struct k8smi_amount b);
/* <0, 0, >0 */
int k8smi_amount_cmp(struct k8smi_amount a, struct k8smi_amount b);
static inline bool k8smi_amount_is_zero(struct k8smi_amount a) {
  return a.whole == 0 && a.nano == 0;
}

/* In units and in thousandths, rounded away from zero, as Kubernetes rounds; saturating. */
int64_t k8smi_amount_value(struct k8smi_amount a);
int64_t k8smi_amount_milli(struct k8smi_amount a);
/* Bytes as Mesos counts them: in thousandths of a MB, rounded up; saturating. Not below zero. */
int64_t k8smi_amount_mb_milli(struct k8smi_amount a);

#endif
