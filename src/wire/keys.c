/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/keys.h"

#include "base/map.h"

enum {
  KEYS_LARGE = 16, /* an object with more keys is in the table */
  KEYS_FIRST = 32,
  KEYS_FIRST_TABLE = 256
};

struct k8smi_key {
  struct k8sm_slice text;
  uint64_t hash; /* only of keys that are in the table */
  size_t mark;   /* the object's */
};

void k8smi_keys_init(struct k8smi_keys *keys, struct k8smi_arena *arena) {
  memset(keys, 0, sizeof *keys);
  keys->arena = arena;
  /* Addresses are not known to who wrote the document. They decide where a key is looked for, never
   * what is found. */
  keys->seed = (uint64_t)(uintptr_t)keys ^ (uint64_t)(uintptr_t)arena->chunks << 17;
}

size_t k8smi_keys_open(const struct k8smi_keys *keys) {
  return keys->count;
}

static size_t keys_slot(const struct k8smi_keys *keys, size_t at) {
  const struct k8smi_key *key = &keys->stack[at];
  size_t i = key->hash & (keys->table_cap - 1);
  for (; keys->table[i] != 0; i = (i + 1) & (keys->table_cap - 1)) {
    const struct k8smi_key *other = &keys->stack[keys->table[i] - 1];
    if (other->hash == key->hash && other->mark == key->mark && k8smi_eq(other->text, key->text)) break;
  }
  return i;
}

static void keys_insert(struct k8smi_keys *keys, size_t at) {
  keys->table[keys_slot(keys, at)] = (uint32_t)at + 1;
  keys->table_used++;
}

/* Doubles, and enters again what was in it, oldest first: _close relies on that order. */
static bool keys_grow_table(struct k8smi_keys *keys) {
  size_t old_cap = keys->table_cap, cap = old_cap == 0 ? KEYS_FIRST_TABLE : old_cap * 2;
  const uint32_t *old = keys->table;
  uint32_t *table = k8smi_arena_array(keys->arena, cap, sizeof *table);
  bool *tabled = old == NULL ? NULL : k8smi_arena_array(keys->arena, keys->count, sizeof *tabled);
  if (table == NULL || (old != NULL && tabled == NULL)) return false;
  for (size_t i = 0; i < old_cap; i++) {
    if (old[i] != 0) tabled[old[i] - 1] = true;
  }
  keys->table = table;
  keys->table_cap = cap;
  keys->table_used = 0;
  for (size_t at = 0; old != NULL && at < keys->count; at++) {
    if (tabled[at]) keys_insert(keys, at);
  }
  return true;
}

static int keys_add_to_table(struct k8smi_keys *keys, size_t at) {
  struct k8smi_key *key = &keys->stack[at];
  if (keys->table_used + 1 > keys->table_cap / 2 && !keys_grow_table(keys))
    return k8smi_arena_error(keys->arena);
  key->hash = k8smi_hash(key->text.ptr, key->text.len, keys->seed ^ key->mark);
  if (keys->table[keys_slot(keys, at)] != 0) return K8SM_ERR_INVALID;
  keys_insert(keys, at);
  return K8SM_OK;
}

static bool keys_room(struct k8smi_keys *keys) {
  if (keys->count < keys->cap) return true;
  size_t cap = keys->cap == 0 ? KEYS_FIRST : keys->cap * 2;
  struct k8smi_key *stack = cap > UINT32_MAX ? NULL : k8smi_arena_array(keys->arena, cap, sizeof *stack);
  if (stack == NULL) return false;
  if (keys->count > 0) memcpy(stack, keys->stack, keys->count * sizeof *stack);
  keys->stack = stack;
  keys->cap = cap;
  return true;
}

int k8smi_keys_add(struct k8smi_keys *keys, size_t mark, struct k8sm_slice text) {
  size_t n = keys->count - mark;
  if (!keys_room(keys)) return k8smi_arena_error(keys->arena);
  if (n < KEYS_LARGE) {
    for (size_t i = mark; i < keys->count; i++) {
      if (k8smi_eq(keys->stack[i].text, text)) return K8SM_ERR_INVALID;
    }
  }
  keys->stack[keys->count] = (struct k8smi_key){text, 0, mark};
  for (size_t i = n == KEYS_LARGE ? mark : keys->count; n >= KEYS_LARGE && i <= keys->count; i++) {
    int r = keys_add_to_table(keys, i);
    if (r != K8SM_OK) return r;
  }
  keys->count++;
  return K8SM_OK;
}

/* Linear probing without marks for what was deleted: taking keys out in the reverse order of their
 * coming leaves the table as it was before them. */
void k8smi_keys_close(struct k8smi_keys *keys, size_t mark) {
  if (keys->count - mark > KEYS_LARGE) {
    for (size_t at = keys->count; at-- > mark;) {
      keys->table[keys_slot(keys, at)] = 0;
      keys->table_used--;
    }
  }
  keys->count = mark;
}
