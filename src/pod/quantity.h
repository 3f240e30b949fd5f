/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_QUANTITY_H
#define K8SMI_POD_QUANTITY_H

#include "base/buf.h"
#include "base/slice.h"
#include "pod/amount.h"

/* Quantities: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */

/* Whether the text is a quantity; the other functions tell as well, but take longer. */
bool k8smi_quantity_valid(struct k8sm_slice text);
/* A quantity's number in thousandths, or in units, rounded up; saturates at INT64_MAX. False if the
 * text is no quantity. */
bool k8smi_quantity_milli(struct k8sm_slice text, int64_t *ret);
bool k8smi_quantity_value(struct k8sm_slice text, int64_t *ret);
/* A quantity's number, exact. */
bool k8smi_quantity_amount(struct k8sm_slice text, struct k8smi_amount *ret);
/* A number's canonical form. */
void k8smi_quantity_put(struct k8smi_amount amount, struct k8smi_buf *buf);
/* The canonical form: "0.5" → "500m", "1024Ki" → "1Mi". False if the text is no quantity. */
bool k8smi_quantity_canonical(struct k8sm_slice text, struct k8smi_buf *buf);
/* The form in which Kubernetes writes a quantity that it has read: the canonical one, or the text itself
 * where that counts as such ("+5", "1.500"). False if the text is no quantity. */
bool k8smi_quantity_written(struct k8sm_slice text, struct k8smi_buf *buf);
/* Finer than thousandths: writes the quantity rounded up to those. False: nothing to round. */
bool k8smi_quantity_round_milli(struct k8sm_slice text, struct k8smi_buf *buf);
/* <0, 0, >0 by value, exact; 0 if one is no quantity. */
int k8smi_quantity_cmp(struct k8sm_slice a, struct k8sm_slice b);

#endif
