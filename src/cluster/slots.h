/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_SLOTS_H
#define K8SMI_CLUSTER_SLOTS_H

#include "cluster/cluster.h"

/* Slots and roles come with their first offer and go with their last. */

/* The slot of an agent and role; NONE if nothing is offered. */
uint32_t k8smi_slot_find(const struct k8sm_cluster *cluster, uint32_t agent, struct k8sm_slice role);

/* An offer that can't be put into its slot is a finding; `path` is that of the offer. */
bool k8smi_slot_refuses(const struct k8sm_cluster *cluster, uint32_t agent, const struct k8smi_offer *offer,
                        const struct k8smi_path *path, struct k8sm_diags *diags);

/* Puts an offer held into its slot, which is made if need be; its row must be reserved, and a row of
 * roles too. False when memory ran out. */
bool k8smi_slot_add(struct k8sm_cluster *cluster, uint32_t agent, uint32_t held);
void k8smi_slot_remove(struct k8sm_cluster *cluster, uint32_t held);
/* From now on the offer held has what `rest` says; NULL: all of it. Never fails. */
void k8smi_slot_set_rest(struct k8sm_cluster *cluster, uint32_t held, struct k8smi_rest *rest);

#endif
