/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_REQUESTS_H
#define K8SMI_POD_REQUESTS_H

/* What a pod asks for as a whole, as kube-scheduler counts it:
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 * Mains and sidecars run together; an init container runs beside the sidecars before it; the larger of the
 * two is the need. What the pod states for itself takes its place; its overhead comes on top. */

#include "pod/amount.h"
#include "pod/record.h"

/* The sum of one resource, over requests or over limits. Zero before the first container. */
struct k8smi_sum {
  struct k8smi_amount lasting;  /* mains and sidecars */
  struct k8smi_amount sidecars; /* those so far */
  struct k8smi_amount init;     /* the largest need while containers start */
  bool lasting_set;
  bool init_set;
};

/* Adds what a container states. Init containers and sidecars have to come in the order of their list.
 * `kind` is K8SM_CONTAINER_*; ephemeral containers have no resources. */
void k8smi_sum_add(struct k8smi_sum *sum, uint32_t kind, struct k8smi_amount amount);
/* What the containers need together; false: none of them states this resource. */
bool k8smi_sum_of_containers(const struct k8smi_sum *sum, struct k8smi_amount *ret);
/* The pod's, with what its spec says of the pod as a whole. False: nobody states this resource. */
bool k8smi_sum_total(const struct k8smi_sum *sum, const struct k8smi_record *spec, const char *name,
                     bool limits, struct k8smi_amount *ret);

/* Is it one that a pod can state for itself? Others of its own do not count. */
bool k8smi_resource_is_pod_level(struct k8sm_slice name);
/* What a container (or the pod) states of a resource: field is K8SMI_ResourceRequirements_requests or
 * _limits. False: nothing. */
bool k8smi_resource_get(const struct k8smi_record *resources, unsigned field, const char *name,
                        struct k8smi_amount *ret);

/* "Guaranteed", "Burstable" or "BestEffort": https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
struct k8sm_slice k8smi_spec_qos_class(const struct k8smi_record *spec);

#endif
