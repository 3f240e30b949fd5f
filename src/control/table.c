/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

void k8smi_ctl_table_init(struct ctl_table *t, const struct k8sm_allocator *allocator, uint64_t seed) {
  memset(t, 0, sizeof *t);
  k8smi_map_init(&t->map, allocator, seed);
}

void k8smi_ctl_table_free(struct ctl_table *t, const struct k8sm_allocator *allocator) {
  k8smi_map_free(&t->map);
  k8smi_free(allocator, t->items, t->cap * sizeof *t->items);
}

void *k8smi_ctl_table_get(const struct ctl_table *t, struct k8sm_slice key) {
  uint32_t i = k8smi_map_get(&t->map, key);
  return i == K8SMI_MAP_NONE ? NULL : t->items[i];
}

bool k8smi_ctl_table_add(struct ctl_table *t, const struct k8sm_allocator *allocator, struct k8sm_slice key,
                         void *item) {
  size_t i = t->hole;
  void *items = t->items;
  while (i < t->count && t->items[i] != NULL) i++;
  t->hole = i;
  if (i >= K8SMI_MAP_NONE || !k8smi_grow(allocator, &items, &t->cap, i + 1, sizeof *t->items)) return false;
  t->items = items;
  if (!k8smi_map_put(&t->map, key, (uint32_t)i)) return false;
  t->items[i] = item;
  if (i == t->count) t->count++;
  return true;
}

void k8smi_ctl_table_remove(struct ctl_table *t, struct k8sm_slice key) {
  uint32_t i = k8smi_map_remove(&t->map, key);
  if (i == K8SMI_MAP_NONE) return;
  t->items[i] = NULL;
  if (i < t->hole) t->hole = i;
}
