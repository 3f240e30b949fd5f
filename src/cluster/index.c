/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/index.h"
#include "cluster/cluster.h"

enum { INDEX_FREE = 0, INDEX_GONE = 1, INDEX_CAP_LEAST = 16 }; /* hashes of texts are none of these */

static struct k8sm_slice index_agent(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_agent_at(c, row)->id;
}

static struct k8sm_slice index_held(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_held_at(c, row)->offer->id;
}

static struct k8sm_slice index_labels(const struct k8sm_cluster *c, uint32_t row) {
  const struct k8smi_label_row *labels = k8smi_table_at(&c->label_sets.rows, row);
  return k8smi_label_set_text(labels->set);
}

static struct k8sm_slice index_text(const struct k8sm_cluster *c, const struct k8smi_index *index,
                                    uint32_t row) {
  static struct k8sm_slice (*const texts[])(const struct k8sm_cluster *, uint32_t) = {
      [K8SMI_INDEX_AGENTS] = index_agent,
      [K8SMI_INDEX_HELD] = index_held,
      [K8SMI_INDEX_LABELS] = index_labels,
  };
  return texts[index->of](c, row);
}

static uint32_t index_hash(const struct k8sm_cluster *c, struct k8sm_slice text) {
  const uint32_t hash = (uint32_t)k8smi_hash(text.ptr, text.len, c->seed);
  return hash <= INDEX_GONE ? hash + 2 : hash;
}

static void index_insert(struct k8smi_index *index, struct k8smi_index_slot slot) {
  size_t i = slot.hash & (index->cap - 1);
  while (index->slots[i].hash > INDEX_GONE) i = (i + 1) & (index->cap - 1);
  if (index->slots[i].hash == INDEX_FREE) index->used++;
  index->slots[i] = slot;
  index->count++;
}

/* Keeps at least a quarter of the slots free; sized by what is alive, so deleted ones go. */
static bool index_make_room(const struct k8sm_cluster *c, struct k8smi_index *index) {
  if (index->cap != 0 && index->used + 1 <= index->cap - index->cap / 4) return true;
  const struct k8smi_index old = *index;
  size_t cap = INDEX_CAP_LEAST, bytes;
  while (cap < (index->count + 1) * 2) cap *= 2;
  if (!k8smi_mul(cap, sizeof *index->slots, &bytes)) return false;
  struct k8smi_index_slot *slots = k8smi_zalloc(&c->allocator, bytes);
  if (slots == NULL) return false;
  *index = (struct k8smi_index){.slots = slots, .cap = cap, .of = old.of};
  for (size_t i = 0; i < old.cap; i++) {
    if (old.slots[i].hash > INDEX_GONE) index_insert(index, old.slots[i]);
  }
  k8smi_free(&c->allocator, old.slots, old.cap * sizeof *old.slots);
  return true;
}

uint32_t k8smi_index_get(const struct k8sm_cluster *cluster, const struct k8smi_index *index,
                         struct k8sm_slice text) {
  const uint32_t hash = index_hash(cluster, text);
  if (index->cap == 0) return K8SMI_ROW_NONE;
  for (size_t i = hash & (index->cap - 1);; i = (i + 1) & (index->cap - 1)) {
    const struct k8smi_index_slot slot = index->slots[i];
    if (slot.hash == INDEX_FREE) return K8SMI_ROW_NONE;
    if (slot.hash == hash && k8smi_eq(index_text(cluster, index, slot.row), text)) return slot.row;
  }
}

bool k8smi_index_put(const struct k8sm_cluster *cluster, struct k8smi_index *index, uint32_t row) {
  if (!index_make_room(cluster, index)) return false;
  const struct k8sm_slice text = index_text(cluster, index, row);
  index_insert(index, (struct k8smi_index_slot){index_hash(cluster, text), row});
  return true;
}

void k8smi_index_remove(const struct k8sm_cluster *cluster, struct k8smi_index *index, uint32_t row) {
  const uint32_t hash = index_hash(cluster, index_text(cluster, index, row));
  size_t i = hash & (index->cap - 1);
  while (index->slots[i].hash != hash || index->slots[i].row != row) i = (i + 1) & (index->cap - 1);
  index->slots[i] = (struct k8smi_index_slot){INDEX_GONE, 0};
  index->count--;
}

void k8smi_index_free(const struct k8sm_cluster *cluster, struct k8smi_index *index) {
  k8smi_free(&cluster->allocator, index->slots, index->cap * sizeof *index->slots);
  *index = (struct k8smi_index){.of = index->of};
}
