/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_EXECUTORS_H
#define K8SMI_CLUSTER_EXECUTORS_H

#include "cluster/cluster.h"

/* The executors of the framework's that agents run, as their offers name them: remembered without an offer,
 * too. A master names all of them in each offer, so the latest one is right, and what older offers say, which
 * may still be held, is over; only of offers that came together none is later, and what any of them says
 * counts.
 *
 * They are for who runs pods. To place one that is under way nobody asks here: its next stage or restart goes
 * to the agent of its executor and nowhere else, and who resumes it names that agent (k8smi_need.resumed).
 * That is known from the answer to its first launch on, an offer that names the executor comes later, if at
 * all. */

/* One block of memory, with the ids behind, each with a NUL. Most agents have none. */
struct k8smi_executor_ids {
  uint32_t count;
  uint32_t bytes;
  uint32_t at[]; /* where each begins */
};
struct k8smi_executors {
  struct k8smi_cell cell;
  struct k8smi_executor_ids *ids; /* sorted; never changed: others take their place, in a row of their own */
  uint64_t generation;            /* of the offers that said so */
};

static inline const struct k8smi_executor_ids *k8smi_executors_of(const struct k8sm_cluster *c,
                                                                  const struct k8smi_agent *agent) {
  if (agent->executors == K8SMI_ROW_NONE) return NULL;
  return ((const struct k8smi_executors *)k8smi_table_at(&c->executors, agent->executors))->ids;
}
static inline uint32_t k8smi_executors_count(const struct k8sm_cluster *c, const struct k8smi_agent *agent) {
  const struct k8smi_executor_ids *ids = k8smi_executors_of(c, agent);
  return ids == NULL ? 0 : ids->count;
}

/* What an offer of a generation says takes its place, or joins it. *ret_new: the agent has another row, and
 * the one before is the caller's: to be ended, or put back. False when memory ran out: nothing changed. */
bool k8smi_executors_learn(struct k8sm_cluster *cluster, uint32_t agent, const struct k8smi_items *ids,
                           uint64_t generation, bool *ret_new);
/* As if nothing of this generation had been said: `row` is the one before. */
void k8smi_executors_put_back(struct k8sm_cluster *cluster, uint32_t agent, uint32_t row);
/* ROW_NONE: there is nothing to end. */
void k8smi_executors_end(struct k8sm_cluster *cluster, uint32_t row);

#endif
