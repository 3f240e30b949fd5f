/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_LOOKUP_H
#define K8SMI_DRIVER_LOOKUP_H

/* Finds what is on its way by its number, or by the hash of its id. Keys lie in their owners, and putting one
 * in can't fail: a table that finds no memory to grow is slower, and nothing else. All zeros: an empty one.
 */

#include "base/alloc.h"

struct drv_key {
  struct drv_key *next;
  uint64_t number; /* hashes may meet: owners look closer */
};

enum { DRV_LOOKUP_FEW = 16 }; /* chains without memory of their own */

struct drv_lookup {
  struct drv_key **more; /* NULL: `few` are all chains */
  size_t cap;            /* of `more`; a power of two */
  size_t count;
  struct drv_key *few[DRV_LOOKUP_FEW];
};

void k8smi_drv_lookup_put(struct drv_lookup *lookup, const struct k8sm_allocator *allocator,
                          struct drv_key *key, uint64_t number);
/* The key keeps its number. */
void k8smi_drv_lookup_remove(struct drv_lookup *lookup, const struct k8sm_allocator *allocator,
                             struct drv_key *key);
/* One with that number, and another one behind it; NULL: there is none. */
struct drv_key *k8smi_drv_lookup_first(struct drv_lookup *lookup, uint64_t number);
struct drv_key *k8smi_drv_lookup_next(const struct drv_key *key);
/* Its owners free the keys. */
void k8smi_drv_lookup_free(struct drv_lookup *lookup, const struct k8sm_allocator *allocator);

#endif
