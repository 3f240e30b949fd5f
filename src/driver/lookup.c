/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/lookup.h"

#include <string.h>

enum { LOOKUP_KEEP = 1024 }; /* chains that an empty table keeps */

static struct drv_key **lookup_chain(struct drv_lookup *lookup, uint64_t number) {
  return lookup->more == NULL ? &lookup->few[number & (DRV_LOOKUP_FEW - 1)]
                              : &lookup->more[number & (lookup->cap - 1)];
}

static void lookup_push(struct drv_lookup *lookup, struct drv_key *key) {
  struct drv_key **chain = lookup_chain(lookup, key->number);
  key->next = *chain;
  *chain = key;
}

static void lookup_move(struct drv_lookup *to, struct drv_key *const *chains, size_t n) {
  for (size_t i = 0; i < n; i++) {
    for (struct drv_key *key = chains[i], *next; key != NULL; key = next) {
      next = key->next;
      lookup_push(to, key);
    }
  }
}

static void lookup_grow(struct drv_lookup *lookup, const struct k8sm_allocator *allocator) {
  const struct drv_lookup old = *lookup;
  size_t bytes, cap = old.more == NULL ? 4 * DRV_LOOKUP_FEW : 2 * old.cap;
  if (!k8smi_mul(cap, sizeof(struct drv_key *), &bytes)) return;
  struct drv_key **more = k8smi_zalloc(allocator, bytes);
  if (more == NULL) return;
  *lookup = (struct drv_lookup){.more = more, .cap = cap, .count = old.count};
  lookup_move(lookup, old.few, DRV_LOOKUP_FEW);
  lookup_move(lookup, old.more, old.cap);
  k8smi_free(allocator, old.more, old.cap * sizeof(struct drv_key *));
}

void k8smi_drv_lookup_put(struct drv_lookup *lookup, const struct k8sm_allocator *allocator,
                          struct drv_key *key, uint64_t number) {
  size_t cap = lookup->more == NULL ? DRV_LOOKUP_FEW : lookup->cap;
  if (lookup->count >= cap) lookup_grow(lookup, allocator);
  key->number = number;
  lookup_push(lookup, key);
  lookup->count++;
}

void k8smi_drv_lookup_remove(struct drv_lookup *lookup, const struct k8sm_allocator *allocator,
                             struct drv_key *key) {
  struct drv_key **at = lookup_chain(lookup, key->number);
  while (*at != key) at = &(*at)->next;
  *at = key->next;
  if (--lookup->count == 0 && lookup->cap > LOOKUP_KEEP) k8smi_drv_lookup_free(lookup, allocator);
}

static struct drv_key *lookup_same(struct drv_key *key, uint64_t number) {
  while (key != NULL && key->number != number) key = key->next;
  return key;
}

struct drv_key *k8smi_drv_lookup_first(struct drv_lookup *lookup, uint64_t number) {
  return lookup_same(*lookup_chain(lookup, number), number);
}

struct drv_key *k8smi_drv_lookup_next(const struct drv_key *key) {
  return lookup_same(key->next, key->number);
}

void k8smi_drv_lookup_free(struct drv_lookup *lookup, const struct k8sm_allocator *allocator) {
  k8smi_free(allocator, lookup->more, lookup->cap * sizeof(struct drv_key *));
  memset(lookup, 0, sizeof *lookup);
}
