/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_SAME_H
#define K8SMI_POD_SAME_H

#include "pod/record_private.h"

/* Whether two values are written alike: quantities by their text. NULL is a record without fields. */
bool k8smi_same_record(unsigned type, const struct k8smi_record *a, const struct k8smi_record *b);
/* Two values of one field that are set. */
bool k8smi_same_value(const struct k8smi_field *field, union k8smi_slot a, union k8smi_slot b);

#endif
