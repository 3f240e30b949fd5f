/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_TABLE_H
#define K8SMI_CLUSTER_TABLE_H

#include "base/alloc.h"

/* Rows with numbers that stay: freed ones are used again. Each row starts with a struct k8smi_cell. */
struct k8smi_cell {
  uint32_t next_free;
  uint32_t used;
};

struct k8smi_table {
  void *rows;
  size_t row_size;
  size_t cap;
  size_t high;   /* rows ever used: [0, high) */
  size_t count;  /* rows used now */
  uint32_t free; /* the first of the freed rows; K8SMI_ROW_NONE */
};

#define K8SMI_ROW_NONE UINT32_MAX

void k8smi_table_init(struct k8smi_table *table, size_t row_size);
void k8smi_table_free(struct k8smi_table *table, const struct k8sm_allocator *allocator);
/* Makes sure that the next `more` takes succeed. False when memory ran out: nothing changed. */
bool k8smi_table_reserve(struct k8smi_table *table, const struct k8sm_allocator *allocator, size_t more);
/* A row of zeros, reserved before. */
uint32_t k8smi_table_take(struct k8smi_table *table);
void k8smi_table_give(struct k8smi_table *table, uint32_t row);

static inline void *k8smi_table_at(const struct k8smi_table *table, size_t row) {
  return (char *)table->rows + row * table->row_size;
}
static inline bool k8smi_table_used(const struct k8smi_table *table, size_t row) {
  return ((const struct k8smi_cell *)k8smi_table_at(table, row))->used != 0;
}

#endif
