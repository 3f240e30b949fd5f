/* SPDX-License-Identifier: Apache-2.0 */
/* Spends a plan: all of it, or nothing. */
#include "base/findings.h"
#include "cluster/cluster.h"
#include "match/plan.h"

static bool apply_looks_at_pods(const struct k8sm_demand *demand) {
  const struct k8smi_placement_rules *rules = demand->rules;
  return rules != NULL && rules->affinity.count + rules->anti_affinity.count + rules->spread.count +
                                  rules->constraints.of_pods >
                              0;
}

/* A second instance, and maybe the ids of the first: only what is under way goes on where it is. */
static bool apply_runs(const struct k8sm_cluster *cluster, const struct k8sm_demand *demand) {
  uint32_t row = k8smi_map_get(&cluster->pod_map, demand->uid);
  return demand->agent_id.len == 0 && row != K8SMI_MAP_NONE && !k8smi_running_at(cluster, row)->ending;
}

/* Why a placement does not hold any more; NULL: it does. An agent that has changed may not fit. */
static const char *apply_stale(const struct k8sm_cluster *cluster, const struct k8sm_plan *plan,
                               const struct k8smi_placement *placement) {
  uint32_t agent = k8smi_agent_find(cluster, placement->agent_id);
  if (agent == K8SMI_MAP_NONE) return "its agent is not known any more";
  if (k8smi_agent_at(cluster, agent)->generation > plan->generation) return "its agent has changed";
  if (cluster->pod_generation > plan->generation && apply_looks_at_pods(plan->demands[placement->demand])) {
    return "pods that it looks at may have been added";
  }
  if (apply_runs(cluster, plan->demands[placement->demand])) return "the pod runs already";
  for (size_t i = 0; i < placement->offer_ids.count; i++) {
    uint32_t held = k8smi_held_find(cluster, placement->offer_ids.items[i]);
    if (held == K8SMI_MAP_NONE) return "an offer is not held any more";
    if (k8smi_held_at(cluster, held)->generation > plan->generation) {
      return "an offer came again, or something was taken out of it";
    }
  }
  return NULL;
}

static void apply_withdraw(struct k8sm_cluster *cluster, size_t count) {
  while (cluster->nomination_count > count) {
    k8smi_nomination_end(cluster, &cluster->nominations[cluster->nomination_count - 1]);
  }
}

/* The pods that wait. One that runs by now waits no more. */
static bool apply_nominations(struct k8sm_cluster *cluster, const struct k8sm_plan *plan) {
  bool fine = true;
  for (size_t i = 0; fine && i < plan->nominated.count; i++) {
    const struct k8sm_plan_nomination *n = &plan->nominated.items[i];
    const struct k8sm_demand *demand = plan->demands[n->demand];
    uint32_t agent = k8smi_agent_find(cluster, n->agent_id);
    bool waits = k8smi_nomination_of(cluster, demand->uid) == NULL &&
                 k8smi_map_get(&cluster->pod_map, demand->uid) == K8SMI_MAP_NONE;
    fine = !waits || k8smi_nominate(cluster, demand, agent, n->role) == K8SM_OK;
  }
  return fine;
}

/* What can't fail. */
static void apply_rest(struct k8sm_cluster *cluster, const struct k8sm_plan *plan) {
  for (size_t i = 0; i < plan->placement_count; i++) {
    const struct k8smi_strings ids = plan->placements[i].offer_ids;
    const struct k8sm_slice uid = plan->demands[plan->placements[i].demand]->uid;
    k8smi_pod_settle(cluster, k8smi_map_get(&cluster->pod_map, uid));
    k8smi_nomination_end(cluster, k8smi_nomination_of(cluster, uid));
    for (size_t k = 0; k < ids.count; k++) {
      uint32_t held = k8smi_held_find(cluster, ids.items[k]);
      if (held != K8SMI_MAP_NONE) k8smi_cluster_drop(cluster, held); /* else a neighbour's, gone already */
    }
  }
  for (size_t i = 0; i < plan->victims.count; i++) {
    uint32_t row = k8smi_map_get(&cluster->pod_map, plan->victims.items[i].uid);
    if (row != K8SMI_MAP_NONE) k8smi_pod_set_ending(cluster, row);
  }
}

static void apply_find_stale(const struct k8sm_plan *plan, const struct k8smi_path *path, uint32_t demand,
                             struct k8sm_slice agent_id, const char *why, struct k8sm_diags *diags) {
  const struct k8sm_demand *d = plan->demands[demand];
  k8smi_find(diags, K8SM_DIAG_PLAN_STALE, path, "%.*s/%.*s on %.*s: %s", K8SMI_P(d->name_space),
             K8SMI_P(d->name), K8SMI_P(agent_id), why);
}

/* Placements and nominations that do not hold any more. */
static bool apply_is_stale(const struct k8sm_cluster *cluster, const struct k8sm_plan *plan,
                           struct k8sm_diags *diags) {
  struct k8smi_path placements = k8smi_path_field(NULL, K8SMI_S("placements"));
  struct k8smi_path nominations = k8smi_path_field(NULL, K8SMI_S("nominations"));
  bool stale = false;
  for (size_t i = 0; i < plan->placement_count; i++) {
    const struct k8smi_placement *placement = &plan->placements[i];
    const char *why = apply_stale(cluster, plan, placement);
    struct k8smi_path path = k8smi_path_index(&placements, i);
    if (why != NULL) apply_find_stale(plan, &path, placement->demand, placement->agent_id, why, diags);
    stale = stale || why != NULL;
  }
  for (size_t i = 0; i < plan->nominated.count; i++) {
    const struct k8sm_plan_nomination *n = &plan->nominated.items[i];
    struct k8smi_path path = k8smi_path_index(&nominations, i);
    if (k8smi_agent_find(cluster, n->agent_id) != K8SMI_MAP_NONE) continue;
    apply_find_stale(plan, &path, n->demand, n->agent_id, "its agent is not known any more", diags);
    stale = true;
  }
  return stale;
}

/* The same demand, or two of one pod, were matched together. */
static bool apply_is_noted(const struct k8sm_cluster *cluster, const struct k8sm_demand *demand) {
  uint32_t row = k8smi_map_get(&cluster->pod_map, demand->uid);
  return demand->agent_id.len == 0 && row != K8SMI_MAP_NONE &&
         k8smi_running_at(cluster, row)->since > cluster->generation;
}

static int apply_pod(struct k8sm_cluster *cluster, const struct k8sm_plan *plan, size_t i,
                     struct k8sm_diags *diags) {
  const struct k8smi_placement *p = &plan->placements[i];
  const struct k8sm_demand *demand = plan->demands[p->demand];
  if (!apply_is_noted(cluster, demand)) {
    int result = k8smi_pod_put(cluster, demand, k8smi_agent_find(cluster, p->agent_id));
    return result == K8SM_OK ? K8SM_OK : k8smi_find_nomem(diags, result);
  }
  struct k8smi_path placements = k8smi_path_field(NULL, K8SMI_S("placements"));
  struct k8smi_path path = k8smi_path_index(&placements, i);
  apply_find_stale(plan, &path, p->demand, p->agent_id, "the pod has another place in this plan", diags);
  return K8SM_ERR_STATE;
}

/* Notes where the pods are, all of them or none. */
static int apply_pods(struct k8sm_cluster *cluster, const struct k8sm_plan *plan, struct k8sm_diags *diags) {
  int result = K8SM_OK;
  for (size_t i = 0; result == K8SM_OK && i < plan->placement_count; i++)
    result = apply_pod(cluster, plan, i, diags);
  for (size_t i = 0; result != K8SM_OK && i < plan->placement_count; i++) {
    uint32_t row = k8smi_map_get(&cluster->pod_map, plan->demands[plan->placements[i].demand]->uid);
    bool added = row != K8SMI_MAP_NONE && k8smi_running_at(cluster, row)->since > cluster->generation;
    if (added) k8smi_pod_take_back(cluster, row);
  }
  return result;
}

int k8sm_cluster_apply(struct k8sm_cluster *cluster, const struct k8sm_plan *plan, struct k8sm_diags *diags) {
  if (apply_is_stale(cluster, plan, diags)) return K8SM_ERR_STATE;
  size_t before = cluster->nomination_count;
  int result = apply_nominations(cluster, plan) ? K8SM_OK : k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  if (result == K8SM_OK) result = apply_pods(cluster, plan, diags);
  if (result != K8SM_OK) {
    apply_withdraw(cluster, before);
    return result;
  }
  apply_rest(cluster, plan);
  if (plan->placement_count + plan->nominated.count > 0) cluster->generation++;
  if (plan->placement_count > 0) cluster->pod_generation = cluster->generation;
  return K8SM_OK;
}
