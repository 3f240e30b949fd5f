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

bool k8smi_table_reserve(struct k8smi_table *table, const struct k8sm_allocator *allocator, size_t more) {
  size_t spare = table->high - table->count, want;
  if (more <= spare) return true;
  if (!k8smi_add(table->high, more - spare, &want) || want >= K8SMI_ROW_NONE) return false;
  return k8smi_grow(allocator, &table->rows, &table->cap, want, table->row_size);
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
