/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_DEFAULTS_PRIVATE_H
#define K8SMI_POD_DEFAULTS_PRIVATE_H

#include "pod/record_private.h"

/* Defaults that depend on other fields of the object; false when memory ran out. */
bool k8smi_default_pod_spec(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present);
bool k8smi_default_container(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present);
bool k8smi_default_ephemeral_container(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present);
bool k8smi_default_image_volume(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present);
bool k8smi_default_volume(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present);

#endif
