/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_ID_KEYS_H
#define K8SMI_CLUSTER_ID_KEYS_H

#include "cluster/cluster.h"

/* Slots are ordered by their agents' ids, which lie elsewhere, in two places each. A slot has eight bytes of
 * its agent's id as a number: those behind what all ids begin with, since Mesos makes them of one uuid and a
 * number. Who has the smaller one comes first; where they are equal the ids decide. */

/* An id that comes: all may have less in common now. */
void k8smi_id_keys_learn(struct k8sm_cluster *cluster, struct k8sm_slice id);
uint64_t k8smi_id_key(const struct k8sm_cluster *cluster, struct k8sm_slice id);

static inline bool k8smi_id_before(const struct k8sm_cluster *c, const struct k8smi_cluster_slot *x,
                                   const struct k8smi_cluster_slot *y) {
  if (x->id_key != y->id_key) return x->id_key < y->id_key;
  return k8smi_cmp(k8smi_agent_at(c, x->agent)->id, k8smi_agent_at(c, y->agent)->id) < 0;
}

#endif
