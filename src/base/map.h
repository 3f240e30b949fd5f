/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_MAP_H
#define K8SMI_BASE_MAP_H

#include "base/alloc.h"
#include "base/slice.h"

/* From byte strings to 32-bit numbers (indexes into the owner's tables). Keys are the owner's memory.
 * Linear probing. The hash is keyed by the map's own seed, so that a hostile peer can't aim at it. */
struct k8smi_map_slot {
  struct k8sm_slice key; /* ptr NULL: free, or deleted if hash is 1 */
  uint32_t hash;
  uint32_t value;
};
struct k8smi_map {
  struct k8sm_allocator allocator;
  struct k8smi_map_slot *slots;
  size_t cap;  /* a power of two, or 0 */
  size_t used; /* with the deleted ones */
  size_t count;
  uint64_t seed;
};

#define K8SMI_MAP_NONE UINT32_MAX

void k8smi_map_init(struct k8smi_map *map, const struct k8sm_allocator *allocator, uint64_t seed);
void k8smi_map_free(struct k8smi_map *map);
uint32_t k8smi_map_get(const struct k8smi_map *map, struct k8sm_slice key);
/* The key's hash in the map, which is never 0; the processor is told to bring where it is looked for. */
uint32_t k8smi_map_expect(const struct k8smi_map *map, struct k8sm_slice key);
/* What _get mostly gives: the value of the first key with that hash. No key's memory is looked at: the
 * processor is told to bring that key's. */
uint32_t k8smi_map_guess(const struct k8smi_map *map, uint32_t hash);
/* Sets or replaces; the key's memory must stay. False when memory ran out: nothing changed. */
bool k8smi_map_put(struct k8smi_map *map, struct k8sm_slice key, uint32_t value);
/* Returns the value that was there, or NONE. */
uint32_t k8smi_map_remove(struct k8smi_map *map, struct k8sm_slice key);
void k8smi_map_clear(struct k8smi_map *map);

uint64_t k8smi_hash(const void *bytes, size_t len, uint64_t seed);
/* To see whether a long text is still the same: three times as fast, and not fit for the keys of a map. */
uint64_t k8smi_fingerprint(const void *bytes, size_t len, uint64_t seed);

#endif
