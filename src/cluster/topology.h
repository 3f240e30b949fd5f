/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_TOPOLOGY_H
#define K8SMI_CLUSTER_TOPOLOGY_H

#include "cluster/cluster.h"

/* A topology: the agents that have a label, by its value. Made when it is first looked at, and again when
 * labels have changed since. */
struct k8smi_topology {
  struct k8sm_slice key; /* a block of its own */
  uint64_t made;         /* cluster.label_changes then; 0: never */
  uint32_t *domains;     /* by agent; ROW_NONE: it does not have the label, or is not known */
  size_t cap;            /* agents that there is room for */
  uint32_t count;        /* of domains */
};

enum { K8SMI_TOPOLOGIES_MAX = 64 }; /* kept between matches */
struct k8smi_topologies {
  struct k8smi_topology **items;
  size_t count, cap;
};

/* The topology of a label, up to date. It lasts until k8smi_topologies_trim. NULL: memory ran out. */
const struct k8smi_topology *k8smi_topology_get(struct k8sm_cluster *cluster, struct k8sm_slice key);
/* Forgets them, before a match, if there are many. */
void k8smi_topologies_trim(struct k8sm_cluster *cluster);
void k8smi_topologies_clear(struct k8sm_cluster *cluster);

#endif
