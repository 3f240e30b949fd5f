/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/prepare_private.h"

const struct k8smi_record *k8smi_prepare_set(struct k8smi_arena *arena, const struct k8smi_record *record,
                                             unsigned field, union k8smi_slot slot) {
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(record, slots);
  slots[field] = slot;
  return k8smi_record_new(arena, present | (uint64_t)1 << field, slots);
}

const struct k8smi_record *k8smi_prepare_items(struct k8smi_arena *arena, const struct k8smi_record *record,
                                               unsigned field, k8smi_prepare_change *change,
                                               const void *context) {
  struct k8smi_list list = k8smi_get_list(record, field);
  const struct k8smi_record **items = NULL;
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *item = k8smi_list_record(list, i), *made = change(arena, item, context);
    if (made == NULL) return NULL;
    if (made == item) continue;
    if (items == NULL) {
      items = k8smi_arena_array(arena, list.count, sizeof *items);
      if (items == NULL) return NULL;
      memcpy(items, list.items, list.count * sizeof *items);
    }
    items[i] = made;
  }
  if (items == NULL) return record;
  struct k8smi_list *copy = k8smi_arena_alloc(arena, sizeof *copy);
  if (copy == NULL) return NULL;
  *copy = (struct k8smi_list){items, list.count};
  return k8smi_prepare_set(arena, record, field, (union k8smi_slot){.list = copy});
}

const struct k8smi_record *k8smi_prepare_child(struct k8smi_arena *arena, const struct k8smi_record *record,
                                               unsigned field, k8smi_prepare_change *change,
                                               const void *context) {
  const struct k8smi_record *child = k8smi_get_record(record, field);
  const struct k8smi_record *made = child == NULL ? NULL : change(arena, child, context);
  if (child == made) return record;
  return made == NULL ? NULL : k8smi_prepare_set(arena, record, field, (union k8smi_slot){.record = made});
}

bool k8smi_is_stored(const struct k8smi_record *metadata) {
  return k8smi_has(metadata, K8SMI_ObjectMeta_uid) || k8smi_has(metadata, K8SMI_ObjectMeta_resourceVersion) ||
         k8smi_has(metadata, K8SMI_ObjectMeta_creationTimestamp);
}

const struct k8smi_record *k8smi_prepare_spec(struct k8smi_arena *arena, const struct k8smi_record *metadata,
                                              const struct k8smi_record *spec) {
  spec = k8smi_prepare_selectors(arena, metadata, spec);
  if (spec != NULL) spec = k8smi_prepare_apparmor(arena, metadata, spec);
  if (spec != NULL) spec = k8smi_prepare_resources(arena, spec);
  return spec;
}
