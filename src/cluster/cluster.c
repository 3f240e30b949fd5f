/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/cluster.h"
#include "base/abi.h"
#include "base/findings.h"
#include "cluster/answers.h"
#include "cluster/blocks.h"
#include "cluster/columns.h"
#include "cluster/executors.h"
#include "cluster/slots.h"
#include "cluster/topology.h"
#include "cluster/tree.h"
#include "cluster/volumes.h"

enum { CLUSTER_MAX_AGENTS = 1000000 };

/* The cluster and what it holds once, in one block. */
struct cluster_block {
  struct k8sm_cluster cluster;
  struct k8smi_order agent_order, held_order;
  struct k8smi_rescinded rescinded;
  struct k8smi_topologies topologies;
  struct k8smi_answers_list answers;
  struct k8smi_columns columns;
  struct k8smi_id_prefix id_prefix;
  struct k8smi_blocks blocks;
};

int k8sm_cluster_new(const struct k8sm_cluster_options *options, struct k8sm_cluster **ret,
                     struct k8sm_diags *diags) {
  struct k8sm_cluster_options o;
  struct k8sm_allocator allocator;
  int result = k8smi_options_read(&o, sizeof o, options, "cluster_options", diags);
  if (result != K8SM_OK) return result;
  if (!k8smi_allocator_init(&allocator, o.allocator)) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "cluster_options.allocator lacks a function");
    return K8SM_ERR_ABI;
  }
  if (o.strategy > K8SM_STRATEGY_BALANCED) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL,
               "cluster_options.strategy is %u: expected one of K8SM_STRATEGY_*", (unsigned)o.strategy);
    return K8SM_ERR_INVALID;
  }
  struct cluster_block *block = k8smi_zalloc(&allocator, sizeof *block);
  if (block == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  struct k8sm_cluster *c = &block->cluster;
  c->allocator = allocator;
  c->max_agents = o.max_agents == 0 ? CLUSTER_MAX_AGENTS : o.max_agents;
  c->features = o.features == 0 ? K8SM_FEATURE_ALL : o.features & K8SM_FEATURE_ALL;
  c->key_by = k8smi_tree_key_of(o.strategy);
  c->seed = k8smi_hash(&block, sizeof block, 0);
  c->agent_order = &block->agent_order;
  c->held_order = &block->held_order;
  c->rescinded = &block->rescinded;
  c->topologies = &block->topologies;
  c->answers = &block->answers;
  c->columns = &block->columns;
  c->id_prefix = &block->id_prefix;
  c->blocks = &block->blocks;
  k8smi_table_init(&c->agents, sizeof(struct k8smi_agent));
  k8smi_table_init(&c->slots, sizeof(struct k8smi_cluster_slot));
  k8smi_table_init(&c->roles, sizeof(struct k8smi_role));
  k8smi_table_init(&c->executors, sizeof(struct k8smi_executors));
  k8smi_table_init(&c->held, sizeof(struct k8smi_held));
  k8smi_map_init(&c->answers->by_key, &allocator, c->seed);
  k8smi_table_init(&c->blocks->names.rows, sizeof(struct k8smi_name));
  k8smi_map_init(&c->blocks->names.map, &allocator, c->seed);
  k8smi_map_init(&c->role_map, &allocator, c->seed);
  k8smi_table_init(&c->kinds, sizeof(struct k8smi_pod_kind));
  k8smi_table_init(&c->pods, sizeof(struct k8smi_running));
  c->agent_index.of = K8SMI_INDEX_AGENTS;
  c->held_index.of = K8SMI_INDEX_HELD;
  k8smi_map_init(&c->kind_map, &allocator, c->seed);
  k8smi_map_init(&c->pod_map, &allocator, c->seed);
  k8smi_table_init(&c->volumes, sizeof(struct k8smi_volume_place));
  k8smi_map_init(&c->volume_map, &allocator, c->seed);
  k8smi_map_init(&c->namespace_map, &allocator, c->seed);
  k8smi_label_sets_init(c);
  k8smi_rescinded_init(c->rescinded, &allocator, c->seed);
  c->text.allocator = allocator;
  *ret = c;
  return K8SM_OK;
}

static void cluster_drop_all(struct k8sm_cluster *cluster) {
  for (uint32_t i = 0; i < cluster->held.high; i++) {
    if (k8smi_table_used(&cluster->held, i)) k8smi_cluster_drop(cluster, i);
  }
}

void k8sm_cluster_free(struct k8sm_cluster *cluster) {
  if (cluster == NULL) return;
  struct k8sm_allocator allocator = cluster->allocator;
  cluster_drop_all(cluster);
  k8smi_volumes_free(cluster); /* first, or each agent would look through all of them */
  k8smi_columns_free(cluster);
  for (uint32_t i = 0; i < cluster->agents.high; i++) {
    if (k8smi_table_used(&cluster->agents, i)) k8smi_agent_forget(cluster, i);
  }
  k8smi_rescinded_clear(cluster->rescinded);
  k8smi_map_free(&cluster->rescinded->map);
  k8smi_label_sets_free(cluster);
  k8smi_index_free(cluster, &cluster->agent_index);
  k8smi_map_free(&cluster->role_map);
  k8smi_index_free(cluster, &cluster->held_index);
  k8smi_map_free(&cluster->kind_map);
  k8smi_map_free(&cluster->pod_map);
  k8smi_namespaces_free(cluster);
  k8smi_nominations_free(cluster);
  k8smi_topologies_clear(cluster);
  k8smi_answers_clear(cluster);
  k8smi_blocks_free(cluster);
  k8smi_table_free(&cluster->agents, &allocator);
  k8smi_table_free(&cluster->slots, &allocator);
  k8smi_table_free(&cluster->roles, &allocator);
  k8smi_table_free(&cluster->executors, &allocator);
  k8smi_table_free(&cluster->held, &allocator);
  k8smi_table_free(&cluster->kinds, &allocator);
  k8smi_table_free(&cluster->pods, &allocator);
  k8smi_free(&allocator, cluster->agent_order->rows, cluster->agent_order->cap * sizeof(uint32_t));
  k8smi_free(&allocator, cluster->held_order->rows, cluster->held_order->cap * sizeof(uint32_t));
  k8smi_buf_free(&cluster->text);
  k8smi_free(&allocator, cluster, sizeof(struct cluster_block));
}

uint64_t k8sm_cluster_generation(const struct k8sm_cluster *cluster) {
  return cluster->generation;
}

void k8smi_cluster_drop(struct k8sm_cluster *cluster, uint32_t row) {
  const struct k8smi_held *held = k8smi_held_at(cluster, row);
  k8smi_order_drop_held(cluster, row);
  k8smi_slot_remove(cluster, row);
  k8smi_index_remove(cluster, &cluster->held_index, row);
  k8smi_rest_free(held->rest);
  k8sm_offers_unref(held->owner);
  k8smi_table_give(&cluster->held, row);
}

int k8sm_cluster_remove(struct k8sm_cluster *cluster, struct k8sm_slice offer_id) {
  uint32_t row = k8smi_held_find(cluster, offer_id);
  if (row == K8SMI_MAP_NONE) {
    k8smi_rescinded_put(cluster->rescinded, offer_id);
    return 0;
  }
  k8smi_cluster_drop(cluster, row);
  cluster->generation++;
  return 1;
}

void k8sm_cluster_remove_all(struct k8sm_cluster *cluster) {
  if (cluster->held.count > 0) cluster->generation++;
  cluster_drop_all(cluster);
  k8smi_rescinded_clear(cluster->rescinded); /* what was rescinded can't come any more */
}

size_t k8sm_cluster_offers(const struct k8sm_cluster *cluster, size_t first, struct k8sm_held_offer *rows,
                           size_t row_size, size_t n) {
  const struct k8smi_order *order = k8smi_held_in_order(cluster);
  size_t left = k8smi_rows_left(order->count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    const struct k8smi_held *h = k8smi_held_at(cluster, order->rows[first + i]);
    struct k8sm_held_offer row = {h->offer->id,     h->offer->agent_id, h->offer->role,
                                  h->since_mono_ms, h->rest != NULL,    0};
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}
