/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PACK_H
#define K8SMI_POD_PACK_H

/* Pods as few bytes, for who keeps many of them. Most are like others but for a name and a uid: they are
 * packed as what is another than in one of those, and share its memory when they are unpacked. */

#include "base/buf.h"
#include "pod/pod.h"

/* Appends all that the pod says, or what `like`, unless it is NULL, does not say as well. */
void k8smi_pod_pack(struct k8smi_buf *buf, const struct k8sm_pod *pod, const struct k8sm_pod *like);
/* The same pod again, from bytes of _pack and the same `like`, to which it keeps a reference. NULL when
 * memory ran out. */
struct k8sm_pod *k8smi_pod_unpack(struct k8sm_slice bytes, struct k8sm_pod *like,
                                  const struct k8sm_allocator *allocator);

/* Equal for pods that are probably made alike: namespace, names and images of the containers. */
uint64_t k8smi_pod_likeness(const struct k8sm_pod *pod);

/* Are these the last references to the pod, and does nobody else hold what it shares, `like` apart? Then
 * letting go of them frees its memory. */
bool k8smi_pod_is_alone(struct k8sm_pod *pod, unsigned refs, const struct k8sm_pod *like);

#endif
