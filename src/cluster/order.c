/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by id. They are sorted when they are read, not at each change. */
#include "cluster/cluster.h"
#include "base/sort.h"

bool k8smi_order_reserve(struct k8smi_order *order, const struct k8sm_allocator *allocator, size_t count) {
  void *rows = order->rows;
  bool fine = k8smi_grow(allocator, &rows, &order->cap, count, sizeof *order->rows);
  order->rows = rows;
  return fine;
}

static int order_of_agents(const void *a, const void *b, const void *ctx) {
  const struct k8sm_cluster *c = ctx;
  return k8smi_cmp(k8smi_agent_at(c, *(const uint32_t *)a)->id, k8smi_agent_at(c, *(const uint32_t *)b)->id);
}

static int order_of_held(const void *a, const void *b, const void *ctx) {
  const struct k8sm_cluster *c = ctx;
  return k8smi_cmp(k8smi_held_at(c, *(const uint32_t *)a)->offer->id,
                   k8smi_held_at(c, *(const uint32_t *)b)->offer->id);
}

const struct k8smi_order *k8smi_agents_in_order(const struct k8sm_cluster *cluster) {
  struct k8smi_order *order = cluster->agent_order;
  if (!order->stale) return order;
  order->count = 0;
  for (uint32_t i = 0; i < cluster->agents.high; i++) {
    if (!k8smi_table_used(&cluster->agents, i) || k8smi_agent_at(cluster, i)->labels == NULL) continue;
    order->rows[order->count++] = i;
  }
  k8smi_sort(order->rows, order->count, sizeof *order->rows, order_of_agents, cluster);
  order->stale = false;
  return order;
}

const struct k8smi_order *k8smi_held_in_order(const struct k8sm_cluster *cluster) {
  struct k8smi_order *order = cluster->held_order;
  if (!order->stale) return order;
  order->count = 0;
  for (uint32_t i = 0; i < cluster->held.high; i++) {
    if (k8smi_table_used(&cluster->held, i)) order->rows[order->count++] = i;
  }
  k8smi_sort(order->rows, order->count, sizeof *order->rows, order_of_held, cluster);
  order->stale = false;
  return order;
}

void k8smi_order_drop_held(const struct k8sm_cluster *cluster, uint32_t row) {
  struct k8smi_order *order = cluster->held_order;
  size_t low = 0, high = order->count;
  if (order->stale) return;
  while (low < high) { /* the first that is not before it: the row itself */
    size_t middle = low + (high - low) / 2;
    if (order_of_held(&order->rows[middle], &row, cluster) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  order->count--;
  memmove(&order->rows[low], &order->rows[low + 1], (order->count - low) * sizeof *order->rows);
}
