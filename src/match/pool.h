/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_POOL_H
#define K8SMI_MATCH_POOL_H

#include "match/need.h"
#include "match/plan.h"

/* What is left of a slot's offers while a match spends from it. It is made when the first pod is placed
 * there, in the order of offer ids, so that the order in which they came does not matter. */

struct k8smi_part {
  const struct k8smi_resource *resource;
  uint32_t offer;            /* in the pool */
  int64_t left;              /* of a scalar */
  struct k8smi_ranges ports; /* the resource's own until something is taken */
  size_t ports_cap;          /* 0: not copied yet */
};

struct k8smi_pool_offer {
  const struct k8smi_offer *offer;
  struct k8sm_offers *owner;
  bool open;                   /* spent from: the ACCEPT names it */
  bool fixed;                  /* open before the choice: stays so */
  int64_t have[K8SMI_SCALARS]; /* for the pod that is placed now: scratch of the choice */
};

struct k8smi_pool {
  struct k8smi_pool *next; /* of the match */
  uint32_t slot;
  uint32_t saved;                  /* the number of the journal that has it */
  int64_t before[K8SMI_SCALARS];   /* the slot's free scalars, to be put back */
  struct k8smi_pool_offer *offers; /* by id */
  size_t offer_count;
  struct k8smi_part *parts; /* by K8SMI_SPEND_*, then by offer; volumes are the last */
  size_t part_count;
  bool notes;                    /* the slot's block notes more of it than ports and named scalars */
  bool noted;                    /* the slot's block says what is left, not what was offered */
  struct k8smi_strings open_ids; /* made at the end */
};

/* NULL when memory ran out. */
struct k8smi_pool *k8smi_pool_make(struct k8smi_arena *scratch, const struct k8sm_cluster *cluster,
                                   uint32_t slot);

/* The first part that holds the port, of those that the pod may spend; NULL: none. */
struct k8smi_part *k8smi_pool_find_port(const struct k8smi_pool *pool, const struct k8smi_need *need,
                                        uint16_t port);
/* The part that is a persistent volume with this id, if nobody has taken it; NULL: none. */
struct k8smi_part *k8smi_pool_find_volume(const struct k8smi_pool *pool, struct k8sm_slice id);
/* Takes a port out of every part. False when memory ran out. */
bool k8smi_pool_take_port(struct k8smi_pool *pool, struct k8smi_arena *scratch, uint16_t port);

/* choose.c: opens the fewest offers, beside those that are open, that give what the pod needs; among
 * equals those with the first ids. The pool must have it. */
void k8smi_pool_choose(struct k8smi_pool *pool, const struct k8smi_need *need);

/* spend.c: takes what the pod needs from the open offers, and writes it into the placement. What any
 * pod could have spent goes off `free_scalars`. False when memory ran out. */
bool k8smi_pool_spend(struct k8smi_pool *pool, const struct k8smi_need *need, struct k8smi_arena *scratch,
                      struct k8smi_arena *arena, struct k8smi_placement *placement, int64_t *free_scalars);

#endif
