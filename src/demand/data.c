/* SPDX-License-Identifier: Apache-2.0 */
/* The ConfigMaps and Secrets of the options, sorted so that objects and keys are found fast. */
#include "demand/build.h"

#include "base/abi.h"

#include <stdlib.h>

static int data_compare_object(const struct k8sm_manifest_data *row, const char *kind,
                               struct k8sm_slice name) {
  int c = k8smi_cmp(row->kind, k8smi_s(kind));
  return c != 0 ? c : k8smi_cmp(row->name, name);
}

static int data_compare(const void *a, const void *b) {
  const struct k8sm_manifest_data *x = a, *y = b;
  int c = k8smi_cmp(x->kind, y->kind);
  if (c == 0) c = k8smi_cmp(x->name, y->name);
  return c != 0 ? c : k8smi_cmp(x->key, y->key);
}

void k8smi_demand_sort_data(struct k8smi_demand_build *b) {
  struct k8sm_manifest_data row;
  if (b->options.data_count == 0 || b->options.data_size < sizeof row.kind) return;
  b->data = k8smi_demand_array(b, b->options.data_count, sizeof *b->data);
  if (b->data == NULL) return;
  for (size_t i = 0; i < b->options.data_count; i++) {
    k8smi_row_read(&row, sizeof row, b->options.data, b->options.data_size, i);
    if (k8smi_eq(row.name_space, b->demand->name_space)) b->data[b->data_count++] = row;
  }
  qsort(b->data, b->data_count, sizeof *b->data, data_compare);
}

/* The first row that is not before the object, or (`behind`) the first one after it. */
static size_t data_bound(const struct k8smi_demand_build *b, const char *kind, struct k8sm_slice name,
                         bool behind) {
  size_t low = 0, high = b->data_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (data_compare_object(&b->data[middle], kind, name) < (behind ? 1 : 0)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

size_t k8smi_demand_object(const struct k8smi_demand_build *b, const char *kind, struct k8sm_slice name,
                           const struct k8sm_manifest_data **ret) {
  size_t first = data_bound(b, kind, name, false), end = data_bound(b, kind, name, true);
  *ret = end > first ? &b->data[first] : NULL;
  return end - first;
}

const struct k8sm_manifest_data *k8smi_demand_key(const struct k8smi_demand_build *b, const char *kind,
                                                  struct k8sm_slice name, struct k8sm_slice key) {
  const struct k8sm_manifest_data *rows;
  size_t low = 0, high = k8smi_demand_object(b, kind, name, &rows);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int c = k8smi_cmp(rows[middle].key, key);
    if (c == 0) return &rows[middle];
    if (c < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return NULL;
}
