/* SPDX-License-Identifier: Apache-2.0 */
#include "local/index.h"

void k8smi_local_index_init(struct local_index *index, const struct k8sm_allocator *allocator,
                            uint64_t seed) {
  memset(index, 0, sizeof(*index));
  k8smi_map_init(&index->map, allocator, seed);
}

void k8smi_local_index_free(struct local_index *index) {
  const struct k8sm_allocator allocator = index->map.allocator;
  k8smi_free(&allocator, index->items, index->items_cap * sizeof(void *));
  k8smi_free(&allocator, index->places, index->places_cap * sizeof(uint32_t));
  k8smi_map_free(&index->map);
}

void *k8smi_local_index_get(const struct local_index *index, struct k8sm_slice key) {
  uint32_t place = k8smi_map_get(&index->map, key);
  return place == K8SMI_MAP_NONE ? NULL : index->items[place];
}

/* Both arrays have room for every place, so that removing can't fail. */
static bool index_make_room(struct local_index *index) {
  if (index->free_count > 0) {
    return true;
  }
  void *items = index->items;
  void *places = index->places;
  bool ok = k8smi_grow(&index->map.allocator, &items, &index->items_cap, index->used + 1, sizeof(void *));
  index->items = items;
  ok =
      ok && k8smi_grow(&index->map.allocator, &places, &index->places_cap, index->used + 1, sizeof(uint32_t));
  index->places = places;
  return ok;
}

bool k8smi_local_index_put(struct local_index *index, struct k8sm_slice key, void *item) {
  if (!index_make_room(index)) {
    return false;
  }
  uint32_t place = index->free_count > 0 ? index->places[index->free_count - 1] : (uint32_t)index->used;
  if (!k8smi_map_put(&index->map, key, place)) {
    return false;
  }
  if (index->free_count > 0) {
    index->free_count--;
  } else {
    index->used++;
  }
  index->items[place] = item;
  return true;
}

void k8smi_local_index_remove(struct local_index *index, struct k8sm_slice key) {
  uint32_t place = k8smi_map_remove(&index->map, key);
  if (place != K8SMI_MAP_NONE) {
    index->places[index->free_count++] = place;
  }
}
