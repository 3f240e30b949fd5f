/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "base/expect.h"

/* SipHash-1-3 (Aumasson and Bernstein): keyed, so that who chooses the keys can't choose where they meet. */
struct hash_state {
  uint64_t a, b, c, d;
};

static uint64_t hash_rotate(uint64_t x, int bits) {
  return x << bits | x >> (64 - bits);
}

static void hash_round(struct hash_state *s) {
  s->a += s->b;
  s->c += s->d;
  s->b = hash_rotate(s->b, 13) ^ s->a;
  s->d = hash_rotate(s->d, 16) ^ s->c;
  s->a = hash_rotate(s->a, 32) + s->d;
  s->c += s->b;
  s->d = hash_rotate(s->d, 21) ^ s->a;
  s->b = hash_rotate(s->b, 17) ^ s->c;
  s->c = hash_rotate(s->c, 32);
}

static void hash_word(struct hash_state *s, uint64_t w) {
  s->d ^= w;
  hash_round(s);
  s->a ^= w;
}

/* At most eight bytes, the lowest first: the same on every machine, since some hashes end in what is sent. */
static uint64_t hash_load(const unsigned char *p, size_t n) {
  uint64_t w = 0;
  for (size_t i = 0; i < n; i++) w |= (uint64_t)p[i] << (8 * i);
  return w;
}

uint64_t k8smi_hash(const void *bytes, size_t len, uint64_t seed) {
  const unsigned char *p = bytes;
  const uint64_t second = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  struct hash_state s = {seed ^ UINT64_C(0x736f6d6570736575), second ^ UINT64_C(0x646f72616e646f6d),
                         seed ^ UINT64_C(0x6c7967656e657261), second ^ UINT64_C(0x7465646279746573)};
  const uint64_t length = (uint64_t)len << 56;
  for (; len >= 8; p += 8, len -= 8) hash_word(&s, hash_load(p, 8));
  hash_word(&s, hash_load(p, len) | length);
  s.c ^= 0xff;
  for (int i = 0; i < 3; i++) hash_round(&s);
  return s.a ^ s.b ^ s.c ^ s.d;
}

static uint64_t hash_stir(uint64_t h, uint64_t w) {
  h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 32;
}

uint64_t k8smi_fingerprint(const void *bytes, size_t len, uint64_t seed) {
  const unsigned char *p = bytes;
  uint64_t h = seed ^ (uint64_t)len << 56;
  for (; len >= 8; p += 8, len -= 8) h = hash_stir(h, hash_load(p, 8));
  return hash_stir(hash_stir(h, hash_load(p, len)), seed);
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

uint32_t k8smi_map_expect(const struct k8smi_map *map, struct k8sm_slice key) {
  const uint32_t hash = map_slot_hash(map, key);
  if (map->cap != 0) k8smi_expect(&map->slots[hash & (map->cap - 1)], sizeof *map->slots);
  return hash;
}

uint32_t k8smi_map_guess(const struct k8smi_map *map, uint32_t hash) {
  if (map->cap == 0) return K8SMI_MAP_NONE;
  for (size_t i = hash & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
    const struct k8smi_map_slot *s = &map->slots[i];
    if (s->hash == HASH_FREE) return K8SMI_MAP_NONE;
    if (s->hash != hash) continue;
    __builtin_prefetch(s->key.ptr);
    return s->value;
  }
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
