/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_OFFER_BAG_H
#define K8SMI_OFFER_BAG_H

#include "offer/identity.h"

/* Mesos' algebra of resources (its class v1::Resources) on sorted arrays: every operation is one walk over
 * both, nothing is looked for. */

/* All there is of one resource. */
struct k8smi_lot {
  const K8smMesos__Resource *identity; /* in normal form */
  struct k8smi_value value;
  uint32_t whole; /* spent as a whole: the value belongs to the identity, and … */
  uint32_t count; /* … there are so many of it; else 1 */
};

/* Sorted by identity, then by value where it belongs to it; none twice, none empty. */
struct k8smi_bag {
  struct k8smi_lot *lots;
  size_t count;
};

/* An order of lots: 0 if they are of one resource. */
int k8smi_lot_compare(const struct k8smi_lot *a, const struct k8smi_lot *b);
/* A lot of a resource that was read. False when memory ran out. */
bool k8smi_lot_make(struct k8smi_arena *arena, const struct k8smi_resource *resource, struct k8smi_lot *ret);

/* The results share memory with the arguments. Errors: NOMEM, LIMIT (the arena's); INVALID (a scalar beyond
 * K8SMI_SCALAR_MAX). */

/* A bag of any lots, which are sorted and united in place. */
int k8smi_bag_make(struct k8smi_arena *arena, struct k8smi_lot *lots, size_t count, struct k8smi_bag *ret);
int k8smi_bag_add(struct k8smi_arena *arena, const struct k8smi_bag *a, const struct k8smi_bag *b,
                  struct k8smi_bag *ret);
/* The first lot of `b` that is not all in `a`; NULL: a contains b. */
const struct k8smi_lot *k8smi_bag_missing(const struct k8smi_bag *a, const struct k8smi_bag *b);
/* `a` must contain `b`. */
int k8smi_bag_subtract(struct k8smi_arena *arena, const struct k8smi_bag *a, const struct k8smi_bag *b,
                       struct k8smi_bag *ret);
/* What of `total` has the amounts of `wanted`, whoever it is reserved for: first what has the wanted
 * reservation, then what is reserved for its role, then what is not reserved, then the rest. Nothing is found
 * twice. *ret_missing: the first lot that there is not enough of; NULL: all is found. */
int k8smi_bag_find(struct k8smi_arena *arena, const struct k8smi_bag *total, const struct k8smi_bag *wanted,
                   struct k8smi_bag *ret, const struct k8smi_lot **ret_missing);
/* A copy that needs nothing of `from`. */
int k8smi_bag_copy(struct k8smi_arena *arena, const struct k8smi_bag *from, struct k8smi_bag *ret);

#endif
