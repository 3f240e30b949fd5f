/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_PORT_COUNTS_H
#define K8SMI_CLUSTER_PORT_COUNTS_H

#include "cluster/cluster.h"

/* How many ranges of all offers held have a port: none has one that no agent offers, and who asks for it need
 * not ask them. Made when the first offer with ports comes. */

/* False when memory ran out. */
bool k8smi_port_counts_reserve(struct k8sm_cluster *cluster);
void k8smi_port_counts_free(struct k8sm_cluster *cluster);
/* Adds the ports of an offer, or takes them off. */
void k8smi_port_counts_change(struct k8sm_cluster *cluster, const struct k8smi_offer *offer, bool in);
uint32_t k8smi_port_count(const struct k8sm_cluster *cluster, uint16_t port);

#endif
