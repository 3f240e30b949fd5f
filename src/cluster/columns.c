/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/columns.h"

static bool columns_same(const struct k8smi_column_key *a, const struct k8smi_column_key *b) {
  return a->port == b->port && (a->port != 0 || k8smi_eq(a->name, b->name));
}

static struct k8smi_column *columns_find(const struct k8sm_cluster *c, const struct k8smi_column_key *key) {
  struct k8smi_columns *all = c->columns;
  for (size_t i = 0; i < K8SMI_COLUMNS; i++) {
    if (!k8smi_column_used(&all->items[i]) || !columns_same(&all->items[i].key, key)) continue;
    all->items[i].asked = ++all->asked;
    return &all->items[i];
  }
  return NULL;
}

static void columns_add(struct k8smi_offering *to, const struct k8smi_column *column) {
  to->milli[to->count] = column->milli;
  to->columns[to->count++] = column->slots;
}

bool k8smi_columns_find(const struct k8sm_cluster *c, const struct k8smi_column_key *keys, size_t count,
                        struct k8smi_offering *ret) {
  *ret = (struct k8smi_offering){.words = c->columns->words};
  if (count == 0 || count > K8SMI_OFFERING_MAX || ret->words == 0) return false;
  for (size_t i = 0; i < count; i++) {
    const struct k8smi_column *column = columns_find(c, &keys[i]);
    if (column == NULL) return false;
    columns_add(ret, column);
  }
  return true;
}

static size_t columns_milli_bytes(const struct k8sm_cluster *c) {
  return c->columns->words * 64 * sizeof(int64_t);
}

static void columns_forget(const struct k8sm_cluster *c, struct k8smi_column *column) {
  if (column->key.name.ptr != NULL) k8smi_text_free(&c->allocator, column->key.name);
  k8smi_free(&c->allocator, column->milli, columns_milli_bytes(c));
  column->milli = NULL;
  column->key = (struct k8smi_column_key){0, {NULL, 0}};
  column->asked = 0;
}

void k8smi_columns_clear(const struct k8sm_cluster *c) {
  struct k8smi_columns *all = c->columns;
  for (size_t i = 0; i < K8SMI_COLUMNS; i++) {
    columns_forget(c, &all->items[i]);
    k8smi_free(&c->allocator, all->items[i].slots, all->words * sizeof *all->items[i].slots);
  }
  memset(all, 0, sizeof *all);
}

static int64_t columns_slot_has(const struct k8sm_cluster *c, uint32_t slot,
                                const struct k8smi_column_key *key) {
  uint32_t row = k8smi_slot_at(c, slot)->first_offer;
  int64_t sum = 0;
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(c, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(c, row)->offer;
    bool some = key->port != 0 ? offer->ports : offer->extended;
    for (size_t i = 0; some && i < offer->resource_count; i++) {
      const struct k8smi_resource *r = &offer->resources[i];
      sum = k8smi_column_add(sum, k8smi_column_amount(key, r, &r->ranges, r->milli));
    }
  }
  return sum;
}

void k8smi_column_set(struct k8smi_column *column, uint32_t slot, int64_t amount) {
  const uint64_t bit = UINT64_C(1) << slot % 64;
  if (amount > 0) {
    column->slots[slot / 64] |= bit;
  } else {
    column->slots[slot / 64] &= ~bit;
  }
  if (column->milli != NULL) column->milli[slot] = amount;
}

void k8smi_columns_learn(const struct k8sm_cluster *c, uint32_t slot) {
  struct k8smi_columns *all = c->columns;
  if (all->words == 0) return;
  if (slot / 64 >= all->words) { /* they are made anew for who asks */
    k8smi_columns_clear(c);
    return;
  }
  for (size_t i = 0; i < K8SMI_COLUMNS; i++) {
    struct k8smi_column *column = &all->items[i];
    if (k8smi_column_used(column)) k8smi_column_set(column, slot, columns_slot_has(c, slot, &column->key));
  }
}

/* Memory for a column of the key. */
static bool columns_room(const struct k8sm_cluster *c, const struct k8smi_column_key *key,
                         struct k8smi_column *to) {
  const size_t bytes = c->columns->words * sizeof *to->slots;
  columns_forget(c, to);
  if (to->slots == NULL) to->slots = k8smi_alloc(&c->allocator, bytes);
  if (to->slots == NULL) return false;
  memset(to->slots, 0, bytes);
  if (key->port != 0) return true;
  to->milli = k8smi_zalloc(&c->allocator, columns_milli_bytes(c));
  return to->milli != NULL && k8smi_text_own(&c->allocator, key->name, &to->key.name);
}

/* In place of the one that nobody has asked for the longest. NULL when memory ran out. */
static struct k8smi_column *columns_new(const struct k8sm_cluster *c, const struct k8smi_column_key *key) {
  struct k8smi_columns *all = c->columns;
  struct k8smi_column *to = &all->items[0];
  for (size_t i = 1; i < K8SMI_COLUMNS; i++) {
    if (all->items[i].asked < to->asked) to = &all->items[i];
  }
  if (!columns_room(c, key, to)) return NULL;
  to->key.port = key->port;
  to->asked = ++all->asked;
  for (uint32_t i = 0; i < c->slots.high; i++) {
    if (k8smi_table_used(&c->slots, i)) k8smi_column_set(to, i, columns_slot_has(c, i, key));
  }
  return to;
}

bool k8smi_columns_make(const struct k8sm_cluster *c, const struct k8smi_column_key *keys, size_t count,
                        struct k8smi_offering *ret) {
  struct k8smi_columns *all = c->columns;
  if (count == 0 || count > K8SMI_OFFERING_MAX) return false;
  if (all->words == 0) all->words = c->slots.cap / 64 + 1; /* room for what the table of slots has room for */
  *ret = (struct k8smi_offering){.words = all->words};
  for (size_t i = 0; i < count; i++) {
    const struct k8smi_column *column = columns_find(c, &keys[i]);
    if (column == NULL) column = columns_new(c, &keys[i]);
    if (column == NULL) return false;
    columns_add(ret, column);
  }
  return true;
}
