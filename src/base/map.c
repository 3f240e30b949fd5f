/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

/* Words of eight bytes, multiplied and folded; the length is mixed in. Good enough for tables, keyed
 * by the seed; not for anything that must withstand more than that. */
uint64_t k8smi_hash(const void *bytes, size_t len, uint64_t seed) {
  const unsigned char *p = bytes;
  uint64_t h = seed ^ (len * UINT64_C(0x9e3779b97f4a7c15));
  while (len > 0) {
    uint64_t w = 0;
    size_t n = len < 8 ? len : 8;
    memcpy(&w, p, n);
    h = (h ^ w) * UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 32;
    p += n;
    len -= n;
  }
  h *= UINT64_C(0xc4ceb9fe1a85ec53);
  return h ^ (h >> 29);
}

enum { HASH_FREE = 0, HASH_GONE = 1 }; /* hashes of keys are never these */

static uint32_t map_slot_hash(const struct k8smi_map *map, struct k8sm_slice key) {
  uint32_t h = (uint32_t)k8smi_hash(key.ptr, key.len, map->seed);
  return h <= HASH_GONE ? h + 2 : h;
}

void k8smi_map_init(struct k8smi_map *map, const struct k8sm_allocator *allocator, uint64_t seed) {
  memset(map, 0, sizeof *map);
  map->allocator = *allocator;
  map->seed = seed;
}

void k8smi_map_free(struct k8smi_map *map) {
  k8smi_free(&map->allocator, map->slots, map->cap * sizeof *map->slots);
  map->slots = NULL;
  map->cap = map->used = map->count = 0;
}

void k8smi_map_clear(struct k8smi_map *map) {
  if (map->slots != NULL) memset(map->slots, 0, map->cap * sizeof *map->slots);
  map->used = map->count = 0;
}

static struct k8smi_map_slot *map_find(const struct k8smi_map *map, struct k8sm_slice key, uint32_t hash) {
  if (map->cap == 0) return NULL;
  for (size_t i = hash & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
    struct k8smi_map_slot *s = &map->slots[i];
    if (s->hash == HASH_FREE) return NULL;
    if (s->hash == hash && k8smi_eq(s->key, key)) return s;
  }
}

static void map_insert(struct k8smi_map *map, struct k8smi_map_slot slot) {
  size_t i = slot.hash & (map->cap - 1);
  while (map->slots[i].hash > HASH_GONE) i = (i + 1) & (map->cap - 1);
  if (map->slots[i].hash == HASH_FREE) map->used++;
  map->slots[i] = slot;
  map->count++;
}

/* Keeps at least a quarter of the slots free; sized by what is alive, so deleted ones go. */
static bool map_make_room(struct k8smi_map *map) {
  if (map->cap != 0 && map->used + 1 <= map->cap - map->cap / 4) return true;
  size_t cap = 16, bytes;
  while (cap < (map->count + 1) * 2) cap *= 2;
  if (!k8smi_mul(cap, sizeof *map->slots, &bytes)) return false;
  struct k8smi_map_slot *slots = k8smi_zalloc(&map->allocator, bytes);
  if (slots == NULL) return false;
  struct k8smi_map old = *map;
  map->slots = slots;
  map->cap = cap;
  map->used = map->count = 0;
  for (size_t i = 0; i < old.cap; i++) {
    if (old.slots[i].hash > HASH_GONE) map_insert(map, old.slots[i]);
  }
  k8smi_map_free(&old);
  return true;
}

uint32_t k8smi_map_get(const struct k8smi_map *map, struct k8sm_slice key) {
  const struct k8smi_map_slot *s = map_find(map, key, map_slot_hash(map, key));
  return s == NULL ? K8SMI_MAP_NONE : s->value;
}

bool k8smi_map_put(struct k8smi_map *map, struct k8sm_slice key, uint32_t value) {
  uint32_t hash = map_slot_hash(map, key);
  struct k8smi_map_slot *s = map_find(map, key, hash);
  if (s != NULL) {
    s->key = key;
    s->value = value;
    return true;
  }
  if (!map_make_room(map)) return false;
  map_insert(map, (struct k8smi_map_slot){key, hash, value});
  return true;
}

uint32_t k8smi_map_remove(struct k8smi_map *map, struct k8sm_slice key) {
  struct k8smi_map_slot *s = map_find(map, key, map_slot_hash(map, key));
  if (s == NULL) return K8SMI_MAP_NONE;
  uint32_t value = s->value;
  *s = (struct k8smi_map_slot){{NULL, 0}, HASH_GONE, 0};
  map->count--;
  return value;
}
