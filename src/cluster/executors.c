/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/executors.h"
#include "base/abi.h"

static struct k8smi_executors *executors_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->executors, row);
}

static char *executors_text(const struct k8smi_executor_ids *ids) {
  return (char *)(uintptr_t)(ids->at + ids->count);
}

static size_t executors_block(const struct k8smi_executor_ids *ids) {
  return sizeof *ids + ids->count * sizeof ids->at[0] + ids->bytes;
}

static struct k8sm_slice executors_id(const struct k8smi_executor_ids *ids, uint32_t i) {
  const uint32_t end = i + 1 < ids->count ? ids->at[i + 1] : ids->bytes;
  return (struct k8sm_slice){executors_text(ids) + ids->at[i], end - ids->at[i] - 1};
}

static bool executors_are(const struct k8smi_executor_ids *ids, const struct k8smi_items *items) {
  const size_t count = ids == NULL ? 0 : ids->count;
  bool same = count == items->count;
  for (uint32_t i = 0; same && i < count; i++) same = k8smi_eq(executors_id(ids, i), items->items[i]);
  return same;
}

static struct k8smi_executor_ids *executors_make(const struct k8sm_cluster *c,
                                                 const struct k8smi_items *items) {
  struct k8smi_executor_ids head = {.count = (uint32_t)items->count};
  size_t bytes = 0;
  for (size_t i = 0; i < items->count; i++) bytes += items->items[i].len + 1;
  if (bytes > UINT32_MAX) return NULL; /* each id has a byte of them: their count is less */
  head.bytes = (uint32_t)bytes;
  struct k8smi_executor_ids *ids = k8smi_alloc(&c->allocator, executors_block(&head));
  if (ids == NULL) return NULL;
  *ids = head;
  uint32_t at = 0;
  for (uint32_t i = 0; i < ids->count; i++) {
    const struct k8sm_slice id = items->items[i];
    ids->at[i] = at;
    memcpy(executors_text(ids) + at, id.ptr, id.len);
    executors_text(ids)[at + id.len] = '\0';
    at += (uint32_t)id.len + 1;
  }
  return ids;
}

static bool executors_set(struct k8sm_cluster *c, struct k8smi_agent *agent, const struct k8smi_items *items,
                          uint64_t generation) {
  uint32_t row = K8SMI_ROW_NONE;
  if (items->count > 0) {
    if (!k8smi_table_reserve(&c->executors, &c->allocator, 1)) return false;
    struct k8smi_executor_ids *ids = executors_make(c, items);
    if (ids == NULL) return false;
    row = k8smi_table_take(&c->executors);
    executors_at(c, row)->ids = ids;
    executors_at(c, row)->generation = generation;
  }
  agent->executors = row;
  return true;
}

/* Both lists, in one. */
static struct k8smi_items executors_merged(const struct k8smi_executor_ids *ids,
                                           const struct k8smi_items *items, struct k8sm_slice *room) {
  struct k8smi_items all = {room, 0};
  struct k8sm_slice twice;
  for (uint32_t i = 0; i < ids->count; i++) room[all.count++] = executors_id(ids, i);
  for (size_t i = 0; i < items->count; i++) room[all.count++] = items->items[i];
  (void)k8smi_items_normalise(&all, &twice); /* those in both count once */
  return all;
}

static bool executors_join(struct k8sm_cluster *c, struct k8smi_agent *agent, const struct k8smi_items *items,
                           uint64_t generation, bool *ret_new) {
  const struct k8smi_executor_ids *ids = k8smi_executors_of(c, agent);
  size_t bytes;
  if (items->count == 0 || executors_are(ids, items)) return true;
  if (!k8smi_mul(ids->count + items->count, sizeof(struct k8sm_slice), &bytes)) return false;
  struct k8sm_slice *room = k8smi_alloc(&c->allocator, bytes);
  if (room == NULL) return false;
  const struct k8smi_items all = executors_merged(ids, items, room);
  *ret_new = all.count > ids->count;
  const bool fine = !*ret_new || executors_set(c, agent, &all, generation);
  *ret_new = *ret_new && fine;
  k8smi_free(&c->allocator, room, bytes);
  return fine;
}

bool k8smi_executors_learn(struct k8sm_cluster *cluster, uint32_t agent_row, const struct k8smi_items *items,
                           uint64_t generation, bool *ret_new) {
  struct k8smi_agent *agent = k8smi_agent_at(cluster, agent_row);
  const bool some = agent->executors != K8SMI_ROW_NONE;
  *ret_new = false;
  if (some && executors_at(cluster, agent->executors)->generation == generation)
    return executors_join(cluster, agent, items, generation, ret_new);
  if (!executors_are(k8smi_executors_of(cluster, agent), items)) {
    *ret_new = executors_set(cluster, agent, items, generation);
    return *ret_new;
  }
  if (some) executors_at(cluster, agent->executors)->generation = generation;
  return true;
}

void k8smi_executors_put_back(struct k8sm_cluster *cluster, uint32_t agent_row, uint32_t row) {
  struct k8smi_agent *agent = k8smi_agent_at(cluster, agent_row);
  if (agent->executors != row) k8smi_executors_end(cluster, agent->executors);
  agent->executors = row;
  if (row != K8SMI_ROW_NONE) executors_at(cluster, row)->generation = 0;
}

void k8smi_executors_end(struct k8sm_cluster *cluster, uint32_t row) {
  if (row == K8SMI_ROW_NONE) return;
  struct k8smi_executor_ids *ids = executors_at(cluster, row)->ids;
  k8smi_free(&cluster->allocator, ids, executors_block(ids));
  k8smi_table_give(&cluster->executors, row);
}

size_t k8sm_cluster_executors(const struct k8sm_cluster *cluster, struct k8sm_slice agent_id, size_t first,
                              struct k8sm_executor *rows, size_t row_size, size_t n) {
  const uint32_t agent = k8smi_agent_find(cluster, agent_id);
  if (agent == K8SMI_MAP_NONE) return 0;
  const struct k8smi_executor_ids *ids = k8smi_executors_of(cluster, k8smi_agent_at(cluster, agent));
  const size_t left = k8smi_rows_left(ids == NULL ? 0 : ids->count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    const struct k8sm_executor row = {executors_id(ids, (uint32_t)(first + i))};
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}
