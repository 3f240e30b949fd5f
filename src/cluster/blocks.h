/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_BLOCKS_H
#define K8SMI_CLUSTER_BLOCKS_H

#include "cluster/named.h"

/* What slots have to offer to any pod of their role, side by side for 64 of them: who asks all of them, since
 * a pod fits nowhere, reads a few kilobytes in a row and not some places of memory for each. Kept as offers
 * come and go, and as a match spends them. */

/* Ranges of ports, one of each slot: as many layers as the slot of the block with the most ranges has. */
struct k8smi_port_layer {
  uint16_t begin[K8SMI_LANES]; /* 0: none */
  uint16_t span[K8SMI_LANES];  /* so many ports behind the first */
};
enum { K8SMI_PORT_LAYERS_MAX = 32 };

/* What they lie between: as much as was ever in the block, so that what lies elsewhere is not looked for. */
struct k8smi_bounds {
  int32_t least, most;
};
struct k8smi_port_bounds {
  uint16_t least, most;
};

struct k8smi_block {
  uint64_t used;
  uint64_t owned;    /* slots with offers of which something names a pod: that is in none of this */
  uint64_t asked;    /* slots with more than the lists can hold: they have nothing in there, and are asked */
  uint32_t one_role; /* of all of them; ROW_NONE: of several */
  uint32_t first_agent; /* of agents in a row, each with a slot, the first; ROW_NONE: they are in no row */
  struct k8smi_bounds free_bounds[K8SMI_SCALARS];
  struct k8smi_port_layer *ports; /* layers */
  uint32_t layer_count;
  struct k8smi_named named;
  struct k8smi_port_bounds port_bounds[K8SMI_PORT_LAYERS_MAX];
  /* Up to here looked at for most pods; what follows for some. */
  int32_t free[K8SMI_SCALARS][K8SMI_LANES]; /* as above */
  uint32_t role[K8SMI_LANES];               /* ROW_NONE: the slot is not used */
  uint32_t agent[K8SMI_LANES];
  uint64_t noted;  /* slots with something in the lists */
  uint64_t beside; /* slots with ports or named scalars that only pods for their reservations may spend */
};

struct k8smi_blocks {
  struct k8smi_block **items; /* slot i is in number i / 64 */
  size_t count, cap;
  struct k8smi_names names;
  uint64_t *ports_seen; /* a bit for each port that some offer had; NULL: none had ports */
};

/* Room for so many slots. False when memory ran out. */
bool k8smi_blocks_reserve(struct k8sm_cluster *cluster, size_t slots);
void k8smi_blocks_free(struct k8sm_cluster *cluster);

/* A slot is new, or goes. */
void k8smi_block_begin(const struct k8sm_cluster *cluster, uint32_t slot);
void k8smi_block_end(const struct k8sm_cluster *cluster, uint32_t slot);
/* Its free scalars, or whether it has something that names a pod, have changed. */
void k8smi_block_set_free(const struct k8sm_cluster *cluster, uint32_t slot);
/* Its offers have changed, or nothing is spent of them any more. Never fails: without memory it is asked. */
void k8smi_block_learn(const struct k8sm_cluster *cluster, uint32_t slot);
/* The same in parts: nothing, and then each resource with what is left of it. */
void k8smi_block_clear(const struct k8sm_cluster *cluster, uint32_t slot);
void k8smi_block_add(const struct k8sm_cluster *cluster, uint32_t slot, const struct k8smi_resource *resource,
                     const struct k8smi_ranges *ports, int64_t milli);

/* Ports that come with an offer. False when memory ran out. */
bool k8smi_ports_see(struct k8sm_cluster *cluster, const struct k8smi_offer *offer);
/* False: no offer held has the port. */
bool k8smi_port_was_seen(const struct k8sm_cluster *cluster, uint16_t port);

/* The row of a name; K8SMI_MAP_NONE: nobody offers it. */
uint32_t k8smi_block_name(const struct k8sm_cluster *cluster, struct k8sm_slice name);
/* Slots that are used, and of a role. */
static inline uint64_t k8smi_block_of_role(const struct k8smi_block *block, uint32_t role) {
  if (block->one_role == K8SMI_ROW_NONE) return block->used & k8smi_lanes_equal(block->role, role);
  return block->one_role == role ? block->used : 0;
}
/* Slots that have less of a scalar; a port; as many in all; and less than so much of a name, of which the
 * amounts are those of all slots (NULL: none has any). Of those that are to be asked the bits mean nothing.
 */
static inline bool k8smi_block_free_differs(const struct k8smi_block *block, int scalar, int32_t least) {
  return block->free_bounds[scalar].least < least && block->free_bounds[scalar].most >= least;
}
uint64_t k8smi_block_with_less_free(const struct k8smi_block *block, int scalar, int32_t least);
static inline bool k8smi_block_may_have_port(const struct k8smi_block *block, uint32_t layer, uint16_t port) {
  return port >= block->port_bounds[layer].least && port <= block->port_bounds[layer].most;
}
uint64_t k8smi_block_with_port(const struct k8smi_block *block, uint16_t port);
uint64_t k8smi_block_with_ports(const struct k8smi_block *block, size_t count);
const int32_t *k8smi_block_amounts(const struct k8smi_block *block, uint32_t name);
uint64_t k8smi_block_with_less(const struct k8smi_block *block, uint32_t name, int32_t least);

/* Has what is looked at first of 64 slots come from memory. */
static inline void k8smi_block_fetch(const struct k8sm_cluster *cluster, size_t number) {
  if (number >= cluster->blocks->count) return;
  const char *block = (const char *)cluster->blocks->items[number];
  __builtin_prefetch(block);
  __builtin_prefetch(block + 64);
  __builtin_prefetch(block + 128);
}

static inline struct k8smi_block *k8smi_block_of(const struct k8sm_cluster *cluster, uint32_t slot) {
  return cluster->blocks->items[slot / K8SMI_LANES];
}

#endif
