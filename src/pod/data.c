/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/data.h"

#include "base/abi.h"
#include "base/slice.h"
#include "base/sort.h"

const char *const k8smi_data_kinds[] = {"ConfigMap", "Secret", "PersistentVolumeClaim"};
const char *const k8smi_data_words[] = {"configmap", "secret", "persistentvolumeclaim"};

static int data_compare_object(const struct k8sm_manifest_data *row, const char *kind,
                               struct k8sm_slice name) {
  int c = k8smi_cmp(row->kind, k8smi_s(kind));
  return c != 0 ? c : k8smi_cmp(row->name, name);
}

/* Equal ones stay in the order in which they were handed in: that of their places in one array. */
static int data_compare(const void *a, const void *b, const void *ctx) {
  const struct k8smi_data_row *x = *(struct k8smi_data_row *const *)a;
  const struct k8smi_data_row *y = *(struct k8smi_data_row *const *)b;
  (void)ctx;
  int c = k8smi_cmp(x->d.kind, y->d.kind);
  if (c == 0) c = k8smi_cmp(x->d.name, y->d.name);
  if (c == 0) c = k8smi_cmp(x->d.key, y->d.key);
  return c != 0 ? c : (x > y) - (x < y);
}

bool k8smi_data_init(struct k8smi_data *data, struct k8smi_arena *arena, struct k8sm_slice name_space,
                     const void *rows, size_t row_size, size_t count) {
  *data = (struct k8smi_data){NULL, 0};
  if (count == 0 || row_size < sizeof(struct k8sm_slice)) return true;
  struct k8smi_data_row *copies = k8smi_arena_array(arena, count, sizeof *copies);
  data->rows = k8smi_arena_array(arena, count, sizeof *data->rows);
  if (copies == NULL || data->rows == NULL) return false;
  for (size_t i = 0; i < count; i++) {
    k8smi_row_read(&copies[i].d, sizeof copies[i].d, rows, row_size, i);
    if (k8smi_eq(copies[i].d.name_space, name_space)) data->rows[data->count++] = &copies[i];
  }
  k8smi_sort(data->rows, data->count, sizeof *data->rows, data_compare, NULL);
  return true;
}

/* The first row that is not before the object, or (`behind`) the first one after it. */
static size_t data_bound(const struct k8smi_data *data, const char *kind, struct k8sm_slice name,
                         bool behind) {
  size_t low = 0, high = data->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (data_compare_object(&data->rows[middle]->d, kind, name) < (behind ? 1 : 0)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

size_t k8smi_data_object(const struct k8smi_data *data, enum k8smi_data_kind kind, struct k8sm_slice name,
                         struct k8smi_data_row *const **ret) {
  size_t first = data_bound(data, k8smi_data_kinds[kind], name, false);
  size_t end = data_bound(data, k8smi_data_kinds[kind], name, true);
  *ret = end > first ? &data->rows[first] : NULL;
  return end - first;
}

struct k8smi_data_row *k8smi_data_key(const struct k8smi_data *data, enum k8smi_data_kind kind,
                                      struct k8sm_slice name, struct k8sm_slice key) {
  struct k8smi_data_row *const *rows;
  size_t low = 0, high = k8smi_data_object(data, kind, name, &rows);
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (k8smi_cmp(rows[middle]->d.key, key) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  bool there = low > 0 && key.len > 0 && k8smi_eq(rows[low - 1]->d.key, key);
  return there ? rows[low - 1] : NULL;
}

bool k8smi_data_keep(struct k8smi_data_row *row, struct k8smi_arena *arena) {
  if (row->kept) return true;
  struct k8sm_slice key = k8smi_arena_copy(arena, row->d.key.ptr, row->d.key.len);
  struct k8sm_slice value = k8smi_arena_copy(arena, row->d.value.ptr, row->d.value.len);
  if (key.ptr == NULL || value.ptr == NULL) return false;
  row->d.key = key;
  row->d.value = value;
  row->kept = true;
  return true;
}
