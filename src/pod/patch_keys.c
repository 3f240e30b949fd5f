/* SPDX-License-Identifier: Apache-2.0 */
/* The lists that a strategic merge patch merges: patchStrategy and patchMergeKey of Kubernetes' types.
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/ */
#include "pod/fields.h"
#include "pod/patch.h"

#define PATCH_ROW(T, list, key, retain)                                                                      \
  { K8SMI_TYPE_##T, K8SMI_##T##_##list, key, retain }
#define PATCH_MERGE(T, list, Item, key)  PATCH_ROW(T, list, K8SMI_##Item##_##key, 0)
#define PATCH_RETAIN(T, list, Item, key) PATCH_ROW(T, list, K8SMI_##Item##_##key, 1)

static const struct k8smi_patch_list patch_lists[] = {
    PATCH_MERGE(ObjectMeta, ownerReferences, OwnerReference, uid),
    PATCH_ROW(ObjectMeta, finalizers, K8SMI_PATCH_NO_KEY, 0),
    PATCH_RETAIN(PodSpec, volumes, Volume, name),
    PATCH_MERGE(PodSpec, initContainers, Container, name),
    PATCH_MERGE(PodSpec, containers, Container, name),
    PATCH_MERGE(PodSpec, ephemeralContainers, EphemeralContainer, name),
    PATCH_MERGE(PodSpec, imagePullSecrets, LocalObjectReference, name),
    PATCH_MERGE(PodSpec, hostAliases, HostAlias, ip),
    PATCH_MERGE(PodSpec, topologySpreadConstraints, TopologySpreadConstraint, topologyKey),
    PATCH_MERGE(PodSpec, schedulingGates, PodSchedulingGate, name),
    PATCH_RETAIN(PodSpec, resourceClaims, PodResourceClaim, name),
    PATCH_MERGE(PodSpec, evictionResponders, EvictionResponder, name),
    PATCH_MERGE(PodStatus, conditions, PodCondition, type),
    PATCH_MERGE(PodStatus, hostIPs, HostIP, ip),
    PATCH_MERGE(PodStatus, podIPs, PodIP, ip),
    PATCH_RETAIN(PodStatus, resourceClaimStatuses, PodResourceClaimStatus, name),
    PATCH_MERGE(PodStatus, nodeAllocatableResourceClaimStatuses, NodeAllocatableResourceClaimStatus,
                resourceClaimName),
    PATCH_MERGE(Container, ports, ContainerPort, containerPort),
    PATCH_MERGE(Container, env, EnvVar, name),
    PATCH_MERGE(Container, volumeMounts, VolumeMount, mountPath),
    PATCH_MERGE(Container, volumeDevices, VolumeDevice, devicePath),
    PATCH_MERGE(EphemeralContainer, ports, ContainerPort, containerPort),
    PATCH_MERGE(EphemeralContainer, env, EnvVar, name),
    PATCH_MERGE(EphemeralContainer, volumeMounts, VolumeMount, mountPath),
    PATCH_MERGE(EphemeralContainer, volumeDevices, VolumeDevice, devicePath),
    PATCH_MERGE(ContainerStatus, volumeMounts, VolumeMountStatus, mountPath),
    PATCH_MERGE(ContainerStatus, allocatedResourcesStatus, ResourceStatus, name),
};

const struct k8smi_patch_list *k8smi_patch_list(unsigned type, unsigned field) {
  for (size_t i = 0; i < sizeof patch_lists / sizeof patch_lists[0]; i++) {
    if (patch_lists[i].type == type && patch_lists[i].field == field) return &patch_lists[i];
  }
  return NULL;
}
