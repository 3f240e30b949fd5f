/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/table.h"

#include <string.h>

void k8smi_table_init(struct k8smi_table *table, size_t row_size) {
  *table = (struct k8smi_table){.row_size = row_size, .free = K8SMI_ROW_NONE};
}

void k8smi_table_free(struct k8smi_table *table, const struct k8sm_allocator *allocator) {
  k8smi_free(allocator, table->rows, table->cap * table->row_size);
  k8smi_table_init(table, table->row_size);
}

enum {
  TABLE_LARGE = 1024
}; /* from so many rows on a table grows by an eighth: there is one row for each agent */

static bool table_grow(struct k8smi_table *table, const struct k8sm_allocator *allocator, size_t want) {
  size_t cap, bytes;
  if (want < TABLE_LARGE) return k8smi_grow(allocator, &table->rows, &table->cap, want, table->row_size);
  if (want <= table->cap) return true;
  if (!k8smi_add(want, want / 8, &cap) || !k8smi_mul(cap, table->row_size, &bytes)) return false;
  void *rows = k8smi_alloc(allocator, bytes);
  if (rows == NULL) return false;
  if (table->rows != NULL) memcpy(rows, table->rows, table->cap * table->row_size);
  k8smi_free(allocator, table->rows, table->cap * table->row_size);
  table->rows = rows;
  table->cap = cap;
  return true;
}

bool k8smi_table_reserve(struct k8smi_table *table, const struct k8sm_allocator *allocator, size_t more) {
  size_t spare = table->high - table->count, want;
  if (more <= spare) return true;
  if (!k8smi_add(table->high, more - spare, &want) || want >= K8SMI_ROW_NONE) return false;
  return table_grow(table, allocator, want);
}

uint32_t k8smi_table_take(struct k8smi_table *table) {
  uint32_t row = table->free;
  struct k8smi_cell *cell = k8smi_table_at(table, row == K8SMI_ROW_NONE ? table->high : row);
  if (row == K8SMI_ROW_NONE) {
    row = (uint32_t)table->high++;
  } else {
    table->free = cell->next_free;
  }
  memset(cell, 0, table->row_size);
  cell->used = 1;
  table->count++;
  return row;
}

void k8smi_table_give(struct k8smi_table *table, uint32_t row) {
  struct k8smi_cell *cell = k8smi_table_at(table, row);
  cell->used = 0;
  cell->next_free = table->free;
  table->free = row;
  table->count--;
}
