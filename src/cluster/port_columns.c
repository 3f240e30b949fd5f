/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/port_columns.h"

static struct k8smi_port_column *columns_find(const struct k8sm_cluster *c, uint16_t port) {
  struct k8smi_port_columns *all = c->port_columns;
  for (size_t i = 0; i < K8SMI_PORT_COLUMNS; i++) {
    if (all->items[i].port != port) continue;
    all->items[i].asked = ++all->asked;
    return &all->items[i];
  }
  return NULL;
}

static void columns_add(struct k8smi_port_rows *rows, const struct k8smi_port_column *column) {
  rows->columns[rows->count++] = column->slots;
}

bool k8smi_port_columns_find(const struct k8sm_cluster *c, const uint16_t *ports, size_t count,
                             struct k8smi_port_rows *ret) {
  *ret = (struct k8smi_port_rows){.words = c->port_columns->words};
  if (count == 0 || count > K8SMI_PORT_ROWS_MAX || ret->words == 0) return false;
  for (size_t i = 0; i < count; i++) {
    const struct k8smi_port_column *column = columns_find(c, ports[i]);
    if (column == NULL) return false;
    columns_add(ret, column);
  }
  return true;
}

void k8smi_port_columns_clear(const struct k8sm_cluster *c) {
  struct k8smi_port_columns *all = c->port_columns;
  for (size_t i = 0; i < K8SMI_PORT_COLUMNS; i++)
    k8smi_free(&c->allocator, all->items[i].slots, all->words * sizeof *all->items[i].slots);
  memset(all, 0, sizeof *all);
}

static bool columns_slot_offers(const struct k8sm_cluster *c, uint32_t slot, uint16_t port) {
  uint32_t row = k8smi_slot_at(c, slot)->ports == 0 ? K8SMI_ROW_NONE : k8smi_slot_at(c, slot)->first_offer;
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(c, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(c, row)->offer;
    for (size_t i = 0; offer->ports && i < offer->resource_count; i++) {
      if (k8smi_port_is_free(&offer->resources[i], &offer->resources[i].ranges, port)) return true;
    }
  }
  return false;
}

void k8smi_port_column_set(struct k8smi_port_column *column, uint32_t slot, bool offers) {
  const uint64_t bit = UINT64_C(1) << slot % 64;
  if (offers) {
    column->slots[slot / 64] |= bit;
  } else {
    column->slots[slot / 64] &= ~bit;
  }
}

void k8smi_port_columns_learn(const struct k8sm_cluster *c, uint32_t slot) {
  struct k8smi_port_columns *all = c->port_columns;
  if (all->words == 0) return;
  if (slot / 64 >= all->words) { /* they are made anew for who asks */
    k8smi_port_columns_clear(c);
    return;
  }
  for (size_t i = 0; i < K8SMI_PORT_COLUMNS; i++) {
    struct k8smi_port_column *column = &all->items[i];
    if (column->port != 0) k8smi_port_column_set(column, slot, columns_slot_offers(c, slot, column->port));
  }
}

/* In place of the one that nobody has asked for the longest. */
static struct k8smi_port_column *columns_new(const struct k8sm_cluster *c, uint16_t port) {
  struct k8smi_port_columns *all = c->port_columns;
  struct k8smi_port_column *to = &all->items[0];
  for (size_t i = 1; i < K8SMI_PORT_COLUMNS; i++) {
    if (all->items[i].asked < to->asked) to = &all->items[i];
  }
  if (to->slots == NULL) to->slots = k8smi_alloc(&c->allocator, all->words * sizeof *to->slots);
  if (to->slots == NULL) return NULL;
  memset(to->slots, 0, all->words * sizeof *to->slots);
  to->port = port;
  to->asked = ++all->asked;
  for (uint32_t i = 0; i < c->slots.high; i++) {
    if (k8smi_table_used(&c->slots, i) && columns_slot_offers(c, i, port)) k8smi_port_column_set(to, i, true);
  }
  return to;
}

bool k8smi_port_columns_make(const struct k8sm_cluster *c, const uint16_t *ports, size_t count,
                             struct k8smi_port_rows *ret) {
  struct k8smi_port_columns *all = c->port_columns;
  if (count == 0 || count > K8SMI_PORT_ROWS_MAX) return false;
  if (all->words == 0)
    all->words = c->slots.cap / 64 + 1; /* as many slots as there will be before the next grow */
  *ret = (struct k8smi_port_rows){.words = all->words};
  for (size_t i = 0; i < count; i++) {
    const struct k8smi_port_column *column = columns_find(c, ports[i]);
    if (column == NULL) column = columns_new(c, ports[i]);
    if (column == NULL) return false;
    columns_add(ret, column);
  }
  return true;
}
