/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_NAMED_H
#define K8SMI_CLUSTER_NAMED_H

#include "base/lanes.h"
#include "cluster/cluster.h"

/* What slots have of a name, side by side for 64 of them: of scalars that only some pods ask for, and of what
 * pods ask for by more than a name. For these the name is all that they may look at, so that pods are held
 * against each name, and not against each offer. */

enum {
  K8SMI_NAMED_SCALAR = 0, /* other than cpus, mem and disk: what any pod may spend */
  K8SMI_NAMED_DISK = 1,   /* disks of their own that are alike to storage classes: the largest */
  /* Reservations that are alike to pods for one. Of the first slots are noted that have any resource of it.
   */
  K8SMI_NAMED_FOR_CPUS = 2,
  K8SMI_NAMED_FOR_MEM = 3,
  K8SMI_NAMED_FOR_DISK = 4, /* what only such pods may spend */
  /* The agent's own disk that is reserved for the role: all, and the largest part. */
  K8SMI_NAMED_RESERVED = 5,
  K8SMI_NAMED_PART = 6
};

struct k8smi_name {
  struct k8smi_cell cell;
  uint32_t sort;         /* K8SMI_NAMED_* */
  uint32_t blocks;       /* that have it */
  struct k8sm_slice key; /* a block of its own */
  struct k8smi_arena arena;
  const K8smMesos__Resource *sample; /* one of these resources; NULL: a scalar, or reserved disk */
};

struct k8smi_names {
  struct k8smi_table rows; /* struct k8smi_name */
  struct k8smi_map map;    /* of keys to rows */
};

/* Of a name in a block. */
struct k8smi_named_head {
  uint32_t name; /* row of the names */
  int32_t most;  /* no slot has more: as much as one ever had, so that what is too little is not looked at */
  uint64_t has;  /* slots that have some */
};
enum { K8SMI_NAMED_MAX = 32 }; /* in a block */
/* One block of memory: heads, and for each, behind the last of these, the amounts of 64 slots. The largest
 * number stands for what is more, too. */
struct k8smi_named {
  struct k8smi_named_head *heads;
  uint32_t count, cap;
};
static inline int32_t *k8smi_named_amounts(const struct k8smi_named *named, uint32_t at) {
  return (int32_t *)(named->heads + named->cap) + (size_t)at * K8SMI_LANES;
}

/* A slot has so much more of a name. False: the block has too many names, or memory ran out. */
bool k8smi_named_add(const struct k8sm_cluster *cluster, struct k8smi_named *named, size_t lane,
                     uint32_t sort, const K8smMesos__Resource *of, int64_t milli);
/* A slot has nothing of any name. */
void k8smi_named_clear(const struct k8sm_cluster *cluster, struct k8smi_named *named, size_t lane);

/* The row of a name without a sample, of a scalar (empty for other sorts); K8SMI_MAP_NONE: nobody has any. */
uint32_t k8smi_name_find(const struct k8sm_cluster *cluster, uint32_t sort, struct k8sm_slice scalar);
void k8smi_names_free(const struct k8sm_cluster *cluster);

/* Some names, as bits by their rows. */
enum { K8SMI_NAME_SET_MAX = 512 };
struct k8smi_name_set {
  uint64_t bits[K8SMI_NAME_SET_MAX / 64];
};
static inline bool k8smi_name_set_has(const struct k8smi_name_set *set, uint32_t name) {
  return (set->bits[name / 64] >> name % 64 & 1) != 0;
}

/* Where a name is, `count`: nowhere. */
static inline uint32_t k8smi_named_at(const struct k8smi_named *named, uint32_t name) {
  uint32_t i = 0;
  while (i < named->count && named->heads[i].name != name) i++;
  return i;
}

/* Slots that have something of these names; that have, of all of them and of `beside` (NULL: nothing beside)
 * together, less than so much; or as much of one at least. Slots with so much that the largest number stands
 * for it are in *large. */
uint64_t k8smi_named_any(const struct k8smi_named *named, const struct k8smi_name_set *set);
uint64_t k8smi_named_less(const struct k8smi_named *named, const struct k8smi_name_set *set,
                          const int32_t *beside, int64_t least, uint64_t *large);
uint64_t k8smi_named_enough(const struct k8smi_named *named, const struct k8smi_name_set *set, int64_t least,
                            uint64_t *large);

#endif
