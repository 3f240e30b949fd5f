/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_CONTAINERS_H
#define K8SMI_POD_CONTAINERS_H

#include "base/path.h"
#include "pod/pod.h"

/* The containers of a pod, in the order of k8sm_pod_containers: those of initContainers, of containers, of
 * ephemeralContainers. The record is one of type Container: an ephemeral one has the same fields in front. */
struct k8smi_container {
  const struct k8smi_record *record;
  uint32_t kind;  /* K8SM_CONTAINER_* */
  uint32_t index; /* in its own list */
};

size_t k8smi_container_count(const struct k8smi_record *spec);
struct k8smi_container k8smi_container_at(const struct k8smi_record *spec, size_t i);
/* The path of that container, on the caller's stack. */
struct k8smi_container_path {
  struct k8smi_path spec, list, item;
};
const struct k8smi_path *k8smi_container_path(struct k8smi_container_path *path, struct k8smi_container c);

#endif
