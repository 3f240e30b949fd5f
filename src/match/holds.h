/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_HOLDS_H
#define K8SMI_MATCH_HOLDS_H

#include "match/need.h"

/* Room on agents that is held for pods which are nominated there: others of the same priority, or of a lower
 * one, leave it alone. https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */

struct k8smi_hold {
  const struct k8sm_demand *demand;
  uint32_t agent;
  struct k8sm_slice role;
  bool active;                    /* the match has come to pods that must leave it alone */
  uint32_t slot;                  /* that it takes room of; ROW_NONE: nothing is offered there */
  int64_t taken[K8SMI_SCALARS];   /* of what the slot has: less than it needs while others still run there */
  int64_t missing[K8SMI_SCALARS]; /* the rest of what it needs */
};

struct k8smi_holds {
  struct k8smi_hold *items; /* those that came with the cluster by priority, the highest first */
  size_t count;
  size_t next; /* that is not active yet */
};

/* The hold of a pod; NULL: none. */
struct k8smi_hold *k8smi_holds_of(const struct k8smi_holds *holds, struct k8sm_slice uid);
/* True if some pod waits for a port of the agent. */
bool k8smi_holds_port(const struct k8smi_holds *holds, uint32_t agent, uint16_t port);
/* How much of an extended resource the agent's are waiting for. */
int64_t k8smi_holds_extended(const struct k8smi_holds *holds, uint32_t agent, struct k8sm_slice mesos);

#endif
