/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PREPARE_PRIVATE_H
#define K8SMI_POD_PREPARE_PRIVATE_H

#include "pod/prepare.h"

/* Copies of what changes: records that are read may be shared. All give NULL when memory ran out. */

/* A copy of the record with another value of the field. */
const struct k8smi_record *k8smi_prepare_set(struct k8smi_arena *arena, const struct k8smi_record *record,
                                             unsigned field, union k8smi_slot slot);
/* A copy of the record in which the items of a list of records are what `change` makes of each; the record
 * itself if none of them changes. */
typedef const struct k8smi_record *k8smi_prepare_change(struct k8smi_arena *arena,
                                                        const struct k8smi_record *item, const void *context);
const struct k8smi_record *k8smi_prepare_items(struct k8smi_arena *arena, const struct k8smi_record *record,
                                               unsigned field, k8smi_prepare_change *change,
                                               const void *context);
/* The same for a record in it. */
const struct k8smi_record *k8smi_prepare_child(struct k8smi_arena *arena, const struct k8smi_record *record,
                                               unsigned field, k8smi_prepare_change *change,
                                               const void *context);

#endif
