/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_NEED_H
#define K8SMI_MATCH_NEED_H

#include <k8smesos/match.h>
#include "cluster/cluster.h"
#include "demand/demand.h"

/* What a demand asks of one agent, all in all. */
struct k8smi_need {
  const struct k8sm_demand *demand;
  const struct k8smi_placement_rules *rules; /* never NULL: empty if the pod says nothing, or runs already */
  int64_t scalars[K8SMI_SCALARS];            /* the executor's budget and the tokens of the tasks to launch */
  uint16_t *ports;                           /* host ports to take, sorted, each once */
  size_t port_count;
  size_t any_ports;       /* how many more, whichever are free */
  bool port_is_nowhere;   /* one of the fixed ones is in no offer of the cluster */
  size_t extended_count;  /* of the demand's; 0 if it holds them already */
  uint64_t volumes_known; /* bits by the demand's volumes: some agent has them, and they take no other disk */
  uint32_t volumes_at;    /* the agent that has the first of these: no other one will do */
  uint64_t of_disks; /* the same: to be made of disks of their own, unless the agent turns out to have them */
  const struct k8smi_disk_pick
      *picks;   /* where it is placed: one for each of these volumes, by the demand's numbers */
  bool resumed; /* the executor is there, with its budget and its ports */
  /* Of whose reservations it takes cpus and memory: of these alone, unless it is under way. NULL: of its
   * role's. */
  const struct k8smi_reservation_wish *wish;
  int64_t now_ms;   /* wall clock; 0: not known, and no maintenance matters */
  int64_t until_ms; /* maintenance that begins before matters */
  uint64_t rows;    /* of the predicates: those that can refuse it in this cluster */
};

/* The time for which maintenance matters. */
static inline struct k8smi_window k8smi_need_time(const struct k8smi_need *need) {
  return (struct k8smi_window){need->now_ms, need->until_ms};
}

/* False when memory ran out. */
bool k8smi_need_make(struct k8smi_arena *arena, const struct k8sm_cluster *cluster,
                     const struct k8sm_demand *demand, const struct k8sm_match_options *options,
                     struct k8smi_need *ret);

/* reservation.c: true if a reserved resource is of a reservation as it is wished for: one of the stack, or
 * that of the old format. */
bool k8smi_wish_is_of(const struct k8smi_reservation_wish *wish, const K8smMesos__Resource *reserved);
/* With a wish: may it spend this? */
bool k8smi_wish_allows(const struct k8smi_need *need, const struct k8smi_resource *resource);

/* True if the pod may spend the resource. */
static inline bool k8smi_need_may_spend(const struct k8smi_need *need, const struct k8smi_resource *r) {
  if (r->spend == K8SMI_SPEND_OWNED) return k8smi_eq(r->owner, need->demand->uid);
  return need->wish == NULL ? k8smi_resource_is_free(r) : k8smi_wish_allows(need, r);
}

/* What a task asks, by scalar. */
void k8smi_need_of_task(const struct k8smi_demand_task *task, int64_t *ret_scalars);

#endif
