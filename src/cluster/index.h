/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_INDEX_H
#define K8SMI_CLUSTER_INDEX_H

#include "base/alloc.h"
#include "base/slice.h"

/* From the texts that rows of a table have to the numbers of the rows: a map that keeps no keys, of which
 * there is one for each agent. Linear probing; hashes are keyed by the cluster's seed. */
struct k8smi_index_slot {
  uint32_t hash; /* or free, or deleted */
  uint32_t row;
};
struct k8smi_index {
  struct k8smi_index_slot *slots;
  size_t cap;  /* a power of two, or 0 */
  size_t used; /* with the deleted ones */
  size_t count;
  uint32_t of; /* K8SMI_INDEX_* */
};
enum { K8SMI_INDEX_AGENTS = 0, K8SMI_INDEX_HELD = 1, K8SMI_INDEX_LABELS = 2 };

struct k8sm_cluster;

/* ROW_NONE: there is none. */
uint32_t k8smi_index_get(const struct k8sm_cluster *cluster, const struct k8smi_index *index,
                         struct k8sm_slice text);
/* Adds a row, whose text is in no other. False when memory ran out: nothing changed. */
bool k8smi_index_put(const struct k8sm_cluster *cluster, struct k8smi_index *index, uint32_t row);
/* Takes a row out, whose text is still there. */
void k8smi_index_remove(const struct k8sm_cluster *cluster, struct k8smi_index *index, uint32_t row);
void k8smi_index_free(const struct k8sm_cluster *cluster, struct k8smi_index *index);

#endif
