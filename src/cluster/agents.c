/* SPDX-License-Identifier: Apache-2.0 */
/* The agents remembered: what they are called, and what they can do. */
#include "cluster/cluster.h"
#include "base/abi.h"
#include "base/findings.h"
#include "cluster/columns.h"
#include "cluster/executors.h"
#include "cluster/id_keys.h"
#include "cluster/volumes.h"

int k8smi_agent_get(struct k8sm_cluster *cluster, struct k8sm_slice id, uint32_t *ret) {
  uint32_t row = k8smi_agent_find(cluster, id);
  if (row != K8SMI_MAP_NONE) {
    *ret = row;
    return K8SM_OK;
  }
  if (cluster->agents.count >= cluster->max_agents) return K8SM_ERR_LIMIT;
  struct k8sm_slice own;
  if (!k8smi_table_reserve(&cluster->agents, &cluster->allocator, 1) ||
      !k8smi_order_reserve(cluster->agent_order, &cluster->allocator, cluster->agents.count + 1) ||
      !k8smi_text_own(&cluster->allocator, id, &own)) {
    return K8SM_ERR_NOMEM;
  }
  k8smi_id_keys_learn(cluster, own);
  row = k8smi_table_take(&cluster->agents);
  struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  agent->id = own;
  if (!k8smi_index_put(cluster, &cluster->agent_index, row)) {
    k8smi_table_give(&cluster->agents, row);
    k8smi_text_free(&cluster->allocator, own);
    return K8SM_ERR_NOMEM;
  }
  agent->features = cluster->features & K8SM_FEATURE_ALL;
  agent->first_slot = agent->first_pod = agent->executors = K8SMI_ROW_NONE;
  cluster->label_changes++; /* topologies have no place for it yet */
  *ret = row;
  return K8SM_OK;
}

/* Keeps the counts of known agents right, and their columns: an agent counts while it is known. */
static void agents_count(struct k8sm_cluster *cluster, uint32_t row, bool in) {
  const struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  if (agent->labels == NULL) return;
  size_t one = in ? 1 : SIZE_MAX; /* -1, modulo */
  cluster->known += one;
  bool shied = false;
  const struct k8smi_taint *taint;
  for (size_t i = 0; !shied && (taint = k8smi_agent_taint(agent, i)) != NULL; i++)
    shied = taint->effect == K8SMI_EFFECT_PREFER;
  if (k8smi_agent_is_tainted(agent)) cluster->tainted += one;
  if (shied) cluster->shied += one;
  if (agent->labels->set->leaves) cluster->leaving += one;
  for (int bit = 0; bit < K8SMI_FEATURE_BITS; bit++) {
    if ((agent->features >> bit & 1) == 0) cluster->lacking[bit] += one;
  }
  if (in) {
    k8smi_columns_put(cluster, row);
  } else {
    k8smi_columns_drop(cluster, row);
  }
}

struct k8smi_labels *k8smi_agent_set_labels(struct k8sm_cluster *cluster, uint32_t row,
                                            struct k8smi_labels *labels) {
  struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  struct k8smi_labels *old = agent->labels;
  agents_count(cluster, row, false);
  agent->labels = labels;
  if (!agent->features_stated)
    agent->features =
        K8SM_FEATURE_ALL &
        (labels == NULL ? cluster->features : k8smi_label_set_features(labels->set, cluster->features));
  cluster->label_changes++;
  agents_count(cluster, row, true);
  if ((old == NULL) != (labels == NULL)) cluster->agent_order->stale = true;
  return old;
}

void k8smi_agent_forget(struct k8sm_cluster *cluster, uint32_t row) {
  struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  while (agent->first_pod != K8SMI_ROW_NONE) k8smi_pod_drop(cluster, agent->first_pod);
  k8smi_nominations_end_at(cluster, row);
  k8smi_volumes_end_at(cluster, row);
  k8smi_labels_free(cluster, k8smi_agent_set_labels(cluster, row, NULL));
  k8smi_node_free(agent->node, &cluster->allocator);
  k8smi_executors_end(cluster, agent->executors);
  k8smi_index_remove(cluster, &cluster->agent_index, row);
  k8smi_text_free(&cluster->allocator, agent->id);
  k8smi_table_give(&cluster->agents, row);
}

int k8sm_cluster_set_features(struct k8sm_cluster *cluster, struct k8sm_slice agent_id, uint32_t features) {
  uint32_t row;
  int result = k8smi_agent_get(cluster, agent_id, &row);
  if (result != K8SM_OK) return result;
  struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  agents_count(cluster, row, false);
  agent->features = features & K8SM_FEATURE_ALL;
  agent->features_stated = true;
  cluster->label_changes++; /* answers depend on them */
  agents_count(cluster, row, true);
  agent->generation = ++cluster->generation;
  return K8SM_OK;
}

int k8sm_cluster_set_node(struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                          const struct k8sm_node *node, struct k8sm_diags *diags) {
  uint32_t row;
  struct k8smi_node *made = NULL;
  int result = node == NULL ? K8SM_OK : k8smi_node_make(&cluster->allocator, node, &made, diags);
  if (result != K8SM_OK) return result;
  result = k8smi_agent_get(cluster, agent_id, &row);
  if (result != K8SM_OK) {
    k8smi_node_free(made, &cluster->allocator);
    return k8smi_find_nomem(diags, result);
  }
  struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  agents_count(cluster, row, false);
  k8smi_node_free(agent->node, &cluster->allocator);
  agent->node = made;
  cluster->label_changes++;
  agents_count(cluster, row, true);
  agent->generation = ++cluster->generation;
  return K8SM_OK;
}

static void agents_drop_offers(struct k8sm_cluster *c, const struct k8smi_agent *agent) {
  while (agent->first_slot != K8SMI_ROW_NONE)
    k8smi_cluster_drop(c, k8smi_slot_at(c, agent->first_slot)->first_offer);
}

int k8sm_cluster_forget(struct k8sm_cluster *cluster, struct k8sm_slice agent_id) {
  uint32_t row = k8smi_agent_find(cluster, agent_id);
  if (row == K8SMI_MAP_NONE) return 0;
  const struct k8smi_agent *agent = k8smi_agent_at(cluster, row);
  int known = agent->labels != NULL;
  agents_drop_offers(cluster, agent);
  k8smi_agent_forget(cluster, row);
  cluster->generation++;
  return known;
}

void k8smi_cluster_lose_agent(struct k8sm_cluster *c, struct k8sm_slice agent_id) {
  uint32_t row = k8smi_agent_find(c, agent_id);
  if (row == K8SMI_MAP_NONE) return;
  if (!k8smi_volumes_any_at(c, row)) {
    k8sm_cluster_forget(c, agent_id);
  } else {
    agents_drop_offers(c, k8smi_agent_at(c, row));
    c->generation++;
  }
}

size_t k8sm_cluster_agents(const struct k8sm_cluster *cluster, size_t first, struct k8sm_agent *rows,
                           size_t row_size, size_t n) {
  const struct k8smi_order *order = k8smi_agents_in_order(cluster);
  size_t left = k8smi_rows_left(order->count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    const struct k8smi_agent *a = k8smi_agent_at(cluster, order->rows[first + i]);
    struct k8sm_agent row = {a->id,       k8smi_hostname(a->labels),         a->offers,
                             a->features, k8smi_executors_count(cluster, a), 0};
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}
