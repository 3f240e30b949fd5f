/* SPDX-License-Identifier: Apache-2.0 */
/* Demands + Cluster → Plan. */
#include "match/match.h"
#include "base/abi.h"
#include "cluster/tree.h"

static struct k8smi_pool *match_pool(struct k8smi_match *match, uint32_t row) {
  struct k8smi_cluster_slot *slot = k8smi_slot_at(match->cluster, row);
  if (slot->pool != NULL) return slot->pool;
  struct k8smi_pool *pool = k8smi_pool_make(&match->scratch, match->cluster, row);
  if (pool == NULL) return NULL;
  pool->next = match->pools;
  match->pools = slot->pool = pool;
  return pool;
}

static bool match_place(struct k8smi_match *match, const struct k8smi_need *need, uint32_t demand,
                        uint32_t row) {
  struct k8smi_pool *pool = match_pool(match, row);
  if (pool == NULL) return false;
  struct k8smi_placement *placement = &match->plan->placements[match->plan->placement_count];
  int64_t left[K8SMI_SCALARS];
  memcpy(left, k8smi_slot_at(match->cluster, row)->free, sizeof left);
  k8smi_pool_choose(pool, need);
  if (!k8smi_pool_spend(pool, need, &match->scratch, &match->plan->arena, placement, left)) return false;
  k8smi_tree_update(match->cluster, row, left);
  const struct k8smi_offer *offer = pool->offers[0].offer;
  placement->demand = demand;
  placement->framework_id = offer->framework_id;
  placement->agent_id = offer->agent_id;
  placement->hostname = offer->hostname;
  placement->address = k8smi_offer_address(offer);
  placement->role = offer->role;
  match->pool_of[match->plan->placement_count++] = pool;
  return k8smi_peers_placed(&match->peers, need, k8smi_slot_at(match->cluster, row)->agent);
}

static bool match_refuse(struct k8smi_match *match, struct k8smi_match_check *check, uint32_t demand) {
  struct k8smi_refused *refused = k8smi_arena_zalloc(&match->scratch, sizeof *refused);
  if (refused == NULL) return false;
  refused->demand = demand;
  k8smi_histogram_make(check, &refused->histogram);
  *match->last_refused = refused;
  match->last_refused = &refused->next;
  return true;
}

static bool match_one(struct k8smi_match *match, uint32_t demand) {
  struct k8smi_need need;
  struct k8smi_match_check check = {.cluster = match->cluster, .need = &need, .peers = &match->peers};
  if (!k8smi_need_make(&match->scratch, match->cluster, match->plan->demands[demand], &match->options,
                       &need) ||
      !k8smi_peers_find(&match->peers, &need, &check.peer) ||
      !k8smi_class_find(&match->classes, &match->scratch, &check, &check.same)) {
    return false;
  }
  uint32_t slot = k8smi_match_seek(match, &check);
  return slot == K8SMI_ROW_NONE ? match_refuse(match, &check, demand)
                                : match_place(match, &need, demand, slot);
}

/* The cluster is as it was: what was free, and so the trees. */
static void match_roll_back(struct k8smi_match *match) {
  for (struct k8smi_pool *pool = match->pools; pool != NULL; pool = pool->next) {
    k8smi_slot_at(match->cluster, pool->slot)->pool = NULL;
    k8smi_tree_update(match->cluster, pool->slot, pool->before);
  }
}

static int match_run(struct k8smi_match *match, struct k8sm_demand *const *demands, size_t n) {
  struct k8sm_plan *plan = match->plan;
  plan->demands = k8smi_arena_array(&plan->arena, n, sizeof(struct k8sm_demand *));
  plan->placements = k8smi_arena_array(&plan->arena, n, sizeof *plan->placements);
  match->pool_of = k8smi_arena_array(&match->scratch, n, sizeof(struct k8smi_pool *));
  if (plan->demands == NULL || plan->placements == NULL || match->pool_of == NULL) return K8SM_ERR_NOMEM;
  for (; plan->demand_count < n; plan->demand_count++) {
    plan->demands[plan->demand_count] = k8sm_demand_ref(demands[plan->demand_count]);
  }
  k8smi_tree_key_by(match->cluster,
                    match->options.strategy == K8SM_STRATEGY_FIRST_FIT ? K8SMI_KEY_NONE : K8SMI_KEY_ROOM);
  bool fine = true;
  for (uint32_t i = 0; fine && i < n; i++) fine = match_one(match, i);
  fine = fine && k8smi_match_finish(match);
  match_roll_back(match);
  return fine ? K8SM_OK : K8SM_ERR_NOMEM;
}

int k8smi_match_options_read(struct k8sm_match_options *o, const struct k8sm_match_options *options,
                             struct k8sm_diags *diags) {
  int result = k8smi_options_read(o, sizeof *o, options, "match_options", diags);
  if (result != K8SM_OK || o->strategy <= K8SM_STRATEGY_FIRST_FIT) return result;
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL,
             "match_options.strategy is %u, not one of K8SM_STRATEGY_*", (unsigned)o->strategy);
  return K8SM_ERR_INVALID;
}

int k8sm_cluster_match(struct k8sm_cluster *cluster, struct k8sm_demand *const *demands, size_t n,
                       const struct k8sm_match_options *options, struct k8sm_plan **ret,
                       struct k8sm_diags *diags) {
  struct k8sm_match_options o;
  int result = k8smi_match_options_read(&o, options, diags);
  if (result != K8SM_OK) return result;
  if (n >= UINT32_MAX) {
    k8smi_find(diags, K8SM_DIAG_TOO_LARGE, NULL, "too many demands for one match");
    return K8SM_ERR_INVALID;
  }
  struct k8smi_match match = {.cluster = cluster, .options = o, .last_refused = &match.refused};
  match.plan = K8SMI_VALUE_NEW(k8sm_plan, o.allocator, 0);
  if (match.plan == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_refs_init(&match.plan->refs);
  match.plan->generation = cluster->generation;
  k8smi_map_init(&match.classes.by_key, &match.plan->arena.allocator, cluster->seed);
  k8smi_topologies_trim(cluster);
  bool begun = k8smi_arena_init(&match.scratch, &match.plan->arena.allocator, 0) &&
               k8smi_peers_begin(&match.peers, cluster, &match.scratch, n);
  result = begun ? match_run(&match, demands, n) : K8SM_ERR_NOMEM;
  k8smi_peers_end(&match.peers);
  k8smi_map_free(&match.classes.by_key);
  k8smi_arena_free(&match.scratch);
  if (result != K8SM_OK) {
    k8sm_plan_unref(match.plan);
    return k8smi_find_nomem(diags, result);
  }
  *ret = match.plan;
  return K8SM_OK;
}
