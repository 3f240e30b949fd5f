/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_QUANTITY_H
#define K8SMI_POD_QUANTITY_H

#include "base/buf.h"
#include "base/slice.h"

/* Quantities: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */

/* A quantity's number in thousandths, or in units, rounded up; saturates at INT64_MAX. False if the
 * text is no quantity. */
bool k8smi_quantity_milli(struct k8sm_slice text, int64_t *ret);
bool k8smi_quantity_value(struct k8sm_slice text, int64_t *ret);
/* The canonical form: "0.5" → "500m", "1024Ki" → "1Mi". False if the text is no quantity. */
bool k8smi_quantity_canonical(struct k8sm_slice text, struct k8smi_buf *buf);

#endif
