/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_TREE_H
#define K8SMI_CLUSTER_TREE_H

#include "cluster/cluster.h"
#include <k8smesos/match.h>

/* The slots of a role in a treap, by key, then by how many offers there are, then by the agent's id; each
 * node knows the largest and the smallest free scalars below it, so that a search skips what is too small for
 * the pod. Nodes are the slots themselves: changing a tree takes no memory, and so never fails. A node's
 * priority is a mix of its number, hence taking a slot out and putting it back leaves the tree as it was. */

/* The room of free resources as one number, to order agents by: thousandths of a cpu, with 4 GiB of
 * memory counted as one. More of either never gives less. */
static inline int64_t k8smi_room(const int64_t *scalars) {
  return scalars[K8SMI_CPUS] + scalars[K8SMI_MEM] / 4096;
}

/* True if there is as much of each scalar as is needed. */
static inline bool k8smi_scalars_cover(const int64_t *have, const int64_t *need) {
  return have[K8SMI_CPUS] >= need[K8SMI_CPUS] && have[K8SMI_MEM] >= need[K8SMI_MEM] &&
         have[K8SMI_DISK] >= need[K8SMI_DISK];
}

/* Puts a slot into its role's tree; takes it out. */
void k8smi_tree_insert(struct k8sm_cluster *cluster, uint32_t slot);
void k8smi_tree_remove(struct k8sm_cluster *cluster, uint32_t slot);
/* Changes what is free in a slot that is in the tree. */
void k8smi_tree_update(struct k8sm_cluster *cluster, uint32_t slot, const int64_t *free_scalars);
/* What a strategy asks the trees to be ordered by: K8SMI_KEY_*. */
static inline uint32_t k8smi_tree_key_of(uint32_t strategy) {
  return strategy == K8SM_STRATEGY_FIRST_FIT ? K8SMI_KEY_NONE : K8SMI_KEY_ROOM;
}
/* Orders all trees by K8SMI_KEY_*. */
void k8smi_tree_key_by(struct k8sm_cluster *cluster, uint32_t key_by);

/* A search: the first slot, or the last, in the tree's order that has room and that `fits` accepts. */
struct k8smi_search {
  const struct k8sm_cluster *cluster;
  int64_t need[K8SMI_SCALARS];
  int64_t least_key; /* keys below are not looked at */
  bool last;         /* from the end */
  bool (*fits)(struct k8smi_search *search, uint32_t slot);
  void *ctx;
  size_t patience;              /* slots to look at before it asks once: `fits` may take some off … */
  bool (*is_vain)(void *asked); /* … whether none will do; NULL: it does not ask */
  void *asked;
  bool over;
};
uint32_t k8smi_tree_search(struct k8smi_search *search, uint32_t root);

/* How many slots of a tree have less than `least` of a scalar; looks at *patience of them at most, and takes
 * what it looked at off: 0: the count is not complete. */
uint32_t k8smi_tree_count_less(const struct k8sm_cluster *cluster, uint32_t root, int scalar, int64_t least,
                               size_t *patience);

#endif
