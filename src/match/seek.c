/* SPDX-License-Identifier: Apache-2.0 */
/* Where a pod goes. */
#include "cluster/tree.h"
#include "match/match.h"

static bool seek_fits(void *ctx, uint32_t slot) {
  struct k8smi_match_check *check = ctx;
  uint32_t agent = k8smi_slot_at(check->cluster, slot)->agent;
  return k8smi_check_agent(check, agent) == 0 && k8smi_check_slot(check, slot) == 0;
}

/* The best slot of a role by the strategy, among those where the pod fits. */
static uint32_t seek_in_role(struct k8smi_match *match, struct k8smi_match_check *check, uint32_t root) {
  struct k8smi_search search = {
      .cluster = match->cluster, .least_key = INT64_MIN, .fits = seek_fits, .ctx = check};
  memcpy(search.need, check->need->scalars, sizeof search.need);
  if (match->strategy == K8SM_STRATEGY_FIRST_FIT) return k8smi_tree_search(&search, root);
  if (match->strategy == K8SM_STRATEGY_PACK) {
    search.least_key = k8smi_room(search.need); /* what has less room can't have it */
    return k8smi_tree_search(&search, root);
  }
  search.last = true;
  uint32_t found = k8smi_tree_search(&search, root);
  if (found == K8SMI_ROW_NONE) return found;
  search.last = false; /* of all with as much room, the first by id */
  search.least_key = k8smi_slot_at(match->cluster, found)->key;
  return k8smi_tree_search(&search, root);
}

/* Resources that name the pod are in no column: where there are any, each agent that has some is
 * asked, in the order of ids. */
static uint32_t seek_in_owned(const struct k8smi_match *match, struct k8smi_match_check *check) {
  if (match->cluster->owned == 0) return K8SMI_ROW_NONE;
  const struct k8smi_order *agents = k8smi_agents_in_order(match->cluster);
  for (size_t i = 0; i < agents->count; i++) {
    uint32_t slot;
    if (k8smi_check_all(check, agents->rows[i], &slot) == 0) return slot;
  }
  return K8SMI_ROW_NONE;
}

uint32_t k8smi_match_seek(struct k8smi_match *match, const struct k8smi_need *need) {
  struct k8smi_match_check check = {.cluster = match->cluster, .need = need};
  const struct k8sm_demand *d = need->demand;
  uint32_t slot = K8SMI_ROW_NONE;
  if (d->agent_id.len != 0) {
    uint32_t agent = k8smi_map_get(&match->cluster->agent_map, d->agent_id);
    if (agent == K8SMI_MAP_NONE || k8smi_agent_at(match->cluster, agent)->labels == NULL)
      return K8SMI_ROW_NONE;
    return k8smi_check_all(&check, agent, &slot) == 0 ? slot : K8SMI_ROW_NONE;
  }
  for (size_t i = 0; i < d->roles.count && slot == K8SMI_ROW_NONE; i++) {
    uint32_t role = k8smi_map_get(&match->cluster->role_map, d->roles.items[i]);
    if (role != K8SMI_MAP_NONE) slot = seek_in_role(match, &check, k8smi_role_at(match->cluster, role)->root);
  }
  return slot != K8SMI_ROW_NONE ? slot : seek_in_owned(match, &check);
}
