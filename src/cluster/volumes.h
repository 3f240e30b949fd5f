/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_VOLUMES_H
#define K8SMI_CLUSTER_VOLUMES_H

#include "cluster/cluster.h"

/* Where persistent volumes are that outlive the pods which use them: what claims name. Known from offers,
 * until the agent is forgotten or it is said that one is gone; and before it was offered, as long as a pod
 * that claims it runs there. Pods may be on several agents, of which one has it, if any: a place for each,
 * and the first one counts. A pod's own volumes are not remembered: they go with it. */
struct k8smi_volume_place {
  struct k8smi_cell cell;
  struct k8sm_slice id; /* a block of its own, of the first place */
  uint32_t agent;
  uint32_t next;  /* place of the same volume; K8SMI_ROW_NONE */
  uint32_t users; /* pods that run there and claim it */
  bool seen;      /* offered once at least, or said to be there */
  bool supposed;  /* said to be there, and nothing but an offer can prove it */
};

/* The agent that has the volume; ROW_NONE: not known. */
uint32_t k8smi_volume_agent(const struct k8sm_cluster *cluster, struct k8sm_slice id);
/* It was offered by another agent than this one, or is said to be there. */
bool k8smi_volume_is_elsewhere(const struct k8sm_cluster *cluster, struct k8sm_slice id,
                               struct k8sm_slice agent_id);
/* Those of an offer. False when memory ran out: what was learned is true all the same. */
bool k8smi_volumes_learn(struct k8sm_cluster *cluster, const struct k8smi_offer *offer, uint32_t agent);
/* A pod that claims them comes to an agent, or leaves it. False when memory ran out: then it leaves none. */
bool k8smi_volumes_use(struct k8sm_cluster *cluster, const struct k8sm_demand *demand, uint32_t agent);
void k8smi_volumes_leave(struct k8sm_cluster *cluster, const struct k8sm_demand *demand, uint32_t agent);
/* The agent that was to make it is away: as long as nobody knows better, it is taken to be there, and doubted
 * once the agent is back without the task that came with it. Errors: NOMEM. */
int k8smi_volume_suppose(struct k8sm_cluster *cluster, struct k8sm_slice id, struct k8sm_slice agent_id);
void k8smi_volume_doubt(struct k8sm_cluster *cluster, struct k8sm_slice id, struct k8sm_slice agent_id);
/* An offer has shown it, and is to show it again. */
void k8smi_volume_recall(struct k8sm_cluster *cluster, struct k8sm_slice id);
/* Are there pods that claim it on the agent that has it, or may have it? */
bool k8smi_volume_is_used(const struct k8sm_cluster *cluster, struct k8sm_slice id);
/* Is one of them on the agent? */
bool k8smi_volumes_any_at(const struct k8sm_cluster *cluster, uint32_t agent);
void k8smi_volumes_end_at(struct k8sm_cluster *cluster, uint32_t agent);
void k8smi_volumes_free(struct k8sm_cluster *cluster);

#endif
