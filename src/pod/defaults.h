/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_DEFAULTS_H
#define K8SMI_POD_DEFAULTS_H

#include "pod/record_private.h"

/* What the API server fills in: called when the fields of an object have been read (those of the
 * objects in it are complete then), before they are packed. False when memory ran out. */
bool k8smi_defaults_fill(struct k8smi_arena *arena, unsigned type, union k8smi_slot *slots,
                         uint64_t *present);

/* What it fills in for pods, but not for the templates that they come from: called with a pod that was made
 * of a template. Pods that are read have it already. NULL when memory ran out. */
const struct k8smi_record *k8smi_defaults_pod(struct k8smi_arena *arena, const struct k8smi_record *pod);

#endif
