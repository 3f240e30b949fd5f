/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_ENCODE_H
#define K8SMI_POD_ENCODE_H

#include "pod/record_private.h"
#include "wire/json.h"

/* Records → JSON as Kubernetes writes it: the fields in their order, what Go's omitempty leaves out
 * left out, and the structs that it does not leave out written, if only as {}. */

/* NULL is a record without fields. */
void k8smi_encode_record(struct k8smi_json *w, unsigned type, const struct k8smi_record *record);
/* The value of a field that is set. */
void k8smi_encode_value(struct k8smi_json *w, const struct k8smi_field *field, union k8smi_slot slot);
/* One item of a list, or one value of a map. */
void k8smi_encode_item(struct k8smi_json *w, const struct k8smi_field *field, const struct k8smi_list *list,
                       size_t i);

#endif
