/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_INDEX_H
#define K8SMI_LOCAL_INDEX_H

#include "base/map.h"

/* From ids to objects. Keys are the objects' memory. */
struct local_index {
  struct k8smi_map map; /* to places in `items` */
  void **items;
  uint32_t *places; /* the free ones, as a stack */
  size_t items_cap, places_cap;
  size_t used; /* how many places were ever given out */
  size_t free_count;
};

void k8smi_local_index_init(struct local_index *index, const struct k8sm_allocator *allocator, uint64_t seed);
void k8smi_local_index_free(struct local_index *index);
void *k8smi_local_index_get(const struct local_index *index, struct k8sm_slice key);
/* The key must be new. False when memory ran out: nothing changed. */
bool k8smi_local_index_put(struct local_index *index, struct k8sm_slice key, void *item);
void k8smi_local_index_remove(struct local_index *index, struct k8sm_slice key);

#endif
