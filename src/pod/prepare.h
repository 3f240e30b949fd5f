/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PREPARE_H
#define K8SMI_POD_PREPARE_H

#include "pod/record_private.h"

/* What the API server makes of a pod when it is created, after the defaults and before it looks whether all
 * is well. A spec that needs nothing is returned as it is. NULL when memory ran out. */

/* Keys of labels whose values the pod shares become expressions of the selectors that they stand beside: of
 * terms of pod affinity (matchLabelKeys, mismatchLabelKeys), and of topology spread constraints. A selector
 * that ends with what is to be added has it already.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#matchlabelkeys */
const struct k8smi_record *k8smi_prepare_selectors(struct k8smi_arena *arena,
                                                   const struct k8smi_record *metadata,
                                                   const struct k8smi_record *spec);

/* AppArmor profiles in annotations, as they were given once, become fields of the containers that they name.
 * https://kubernetes.io/docs/tutorials/security/apparmor/ */
const struct k8smi_record *k8smi_prepare_apparmor(struct k8smi_arena *arena,
                                                  const struct k8smi_record *metadata,
                                                  const struct k8smi_record *spec);

/* What the pod states for itself is completed from what its containers state: requests of cpu and memory;
 * limits of huge pages; and limits of what all containers limit.
 * https://kubernetes.io/docs/tasks/configure-pod-container/assign-pod-level-resources/ */
const struct k8smi_record *k8smi_prepare_resources(struct k8smi_arena *arena,
                                                   const struct k8smi_record *spec);

/* All of these. The metadata is that which the pod will have. */
const struct k8smi_record *k8smi_prepare_spec(struct k8smi_arena *arena, const struct k8smi_record *metadata,
                                              const struct k8smi_record *spec);

/* Does a server have this object already: does it have what only a server gives? */
bool k8smi_is_stored(const struct k8smi_record *metadata);

#endif
