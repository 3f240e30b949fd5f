/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/topology.h"

static void topology_free(const struct k8sm_allocator *allocator, struct k8smi_topology *t) {
  k8smi_free(allocator, t->domains, t->cap * sizeof *t->domains);
  k8smi_text_free(allocator, t->key);
  k8smi_free(allocator, t, sizeof *t);
}

static struct k8smi_topology *topology_new(struct k8sm_cluster *c, struct k8sm_slice key) {
  struct k8smi_topologies *all = c->topologies;
  void *items = all->items;
  bool room = k8smi_grow(&c->allocator, &items, &all->cap, all->count + 1, sizeof(struct k8smi_topology *));
  all->items = items;
  if (!room) return NULL;
  struct k8smi_topology *t = k8smi_zalloc(&c->allocator, sizeof *t);
  if (t == NULL || !k8smi_text_own(&c->allocator, key, &t->key)) {
    if (t != NULL) k8smi_free(&c->allocator, t, sizeof *t);
    return NULL;
  }
  all->items[all->count++] = t;
  return t;
}

static bool topology_reserve(const struct k8sm_cluster *c, struct k8smi_topology *t) {
  void *domains = t->domains;
  bool fine = k8smi_grow(&c->allocator, &domains, &t->cap, c->agents.high, sizeof *t->domains);
  t->domains = domains;
  return fine;
}

/* Values are the agents' own texts: the map lives no longer than they. */
static bool topology_fill(struct k8sm_cluster *c, struct k8smi_topology *t) {
  struct k8smi_map values;
  bool fine = topology_reserve(c, t);
  t->count = 0;
  k8smi_map_init(&values, &c->allocator, c->seed);
  for (uint32_t i = 0; fine && i < c->agents.high; i++) {
    const struct k8smi_agent *agent = k8smi_agent_at(c, i);
    t->domains[i] = K8SMI_ROW_NONE;
    if (!k8smi_table_used(&c->agents, i) || agent->labels == NULL) continue;
    struct k8sm_slice value = k8smi_agent_label(agent, t->key);
    if (value.ptr == NULL) continue;
    t->domains[i] = k8smi_map_get(&values, value);
    if (t->domains[i] != K8SMI_MAP_NONE) continue;
    t->domains[i] = t->count;
    fine = k8smi_map_put(&values, value, t->count++);
  }
  k8smi_map_free(&values);
  t->made = fine ? c->label_changes : 0;
  return fine;
}

const struct k8smi_topology *k8smi_topology_get(struct k8sm_cluster *c, struct k8sm_slice key) {
  struct k8smi_topology *found = NULL;
  for (size_t i = 0; found == NULL && i < c->topologies->count; i++) {
    if (k8smi_eq(c->topologies->items[i]->key, key)) found = c->topologies->items[i];
  }
  if (found == NULL) found = topology_new(c, key);
  if (found == NULL) return NULL;
  return found->made == c->label_changes || topology_fill(c, found) ? found : NULL;
}

void k8smi_topologies_clear(struct k8sm_cluster *c) {
  struct k8smi_topologies *all = c->topologies;
  while (all->count > 0) topology_free(&c->allocator, all->items[--all->count]);
  k8smi_free(&c->allocator, all->items, all->cap * sizeof(struct k8smi_topology *));
  *all = (struct k8smi_topologies){NULL, 0, 0};
}

void k8smi_topologies_trim(struct k8sm_cluster *c) {
  if (c->topologies->count > K8SMI_TOPOLOGIES_MAX) k8smi_topologies_clear(c);
}
