/* SPDX-License-Identifier: Apache-2.0 */
/* Where a pod goes. */
#include "cluster/tree.h"
#include "match/scan.h"
#include "match/score.h"

enum {
  SEEK_ENOUGH_LEAST = 100,   /* places, where the options say that some suffice */
  SEEK_FULL_MOST = 8,        /* of the fullest agents that are compared, … */
  SEEK_FULL_SHARE = 64,      /* … one in so many */
  SEEK_PATIENCE_LEAST = 32,  /* slots that are looked at in a tree, … */
  SEEK_PATIENCE_SHARE = 256, /* … and one more for so many, before all are asked whether they'll do at all */
  SEEK_ASKED = 8,            /* looks that it counts for if one is asked in vain */
  SEEK_TIES_MOST = 32        /* of agents alike but for their ports that are compared, in the order of ids */
};

/* The tree has seen to offers and scalars. */
static bool seek_asks(struct k8smi_match_check *check, uint32_t slot) {
  uint32_t agent = k8smi_slot_at(check->cluster, slot)->agent;
  if ((check->need->rows & ~K8SMI_ROWS_PLAIN) == 0 && check->need->extended_count == 0) return true;
  return k8smi_check_agent(check, agent) == 0 && k8smi_check_slot(check, slot) == 0;
}

/* To ask in vain costs more than to look. */
static bool seek_fits_for(struct k8smi_search *search, struct k8smi_match_check *check, uint32_t slot) {
  if (seek_asks(check, slot)) return true;
  search->patience -= search->patience < SEEK_ASKED ? search->patience : SEEK_ASKED;
  return false;
}

static bool seek_fits(struct k8smi_search *search, uint32_t slot) {
  return seek_fits_for(search, search->ctx, slot);
}

/* Where few agents can take the pod, they are asked one by one. */
static uint32_t seek_among_few(struct k8smi_match *match, struct k8smi_match_check *check, uint32_t role) {
  uint32_t best = K8SMI_ROW_NONE;
  for (size_t i = 0; i < check->same->fit_count; i++) {
    uint32_t row = k8smi_agent_at(match->cluster, check->same->fits[i])->first_slot;
    while (row != K8SMI_ROW_NONE && k8smi_slot_at(match->cluster, row)->role != role) {
      row = k8smi_slot_at(match->cluster, row)->next;
    }
    if (row == K8SMI_ROW_NONE || (best != K8SMI_ROW_NONE && !k8smi_slot_before(match, check, row, best)) ||
        !k8smi_scalars_cover(k8smi_slot_at(match->cluster, row)->free, check->need->scalars)) {
      continue;
    }
    if (k8smi_check_agent(check, check->same->fits[i]) == 0 && k8smi_check_slot(check, row) == 0) best = row;
  }
  return best;
}

/* In the tree one of every (all / few) slots is of an agent that can take the pod. */
static bool seek_are_few(const struct k8smi_match_check *check, size_t slots) {
  return check->same != NULL &&
         (check->same->fit_count == 0 || check->same->fit_count < slots / check->same->fit_count);
}

/* The first slots where the pod fits, and the best of them so far. */
struct seek_firsts {
  struct k8smi_match *match;
  struct k8smi_match_check *check;
  size_t left; /* to look at, from the first that fits on */
  uint32_t best;
  int64_t waste; /* of it */
};

static bool seek_compares(struct k8smi_search *search, uint32_t slot) {
  struct seek_firsts *full = search->ctx;
  bool fits = seek_fits_for(search, full->check, slot);
  if (fits || full->best != K8SMI_ROW_NONE) full->left--;
  if (!fits) return full->best != K8SMI_ROW_NONE && full->left == 0;
  const struct k8sm_cluster *c = full->check->cluster;
  const struct k8smi_use use = k8smi_use_of(c, full->check->need, k8smi_slot_at(c, slot)->agent);
  int64_t waste = k8smi_use_waste(&use);
  if (full->best == K8SMI_ROW_NONE || waste < full->waste ||
      (waste == full->waste && k8smi_slot_before(full->match, full->check, slot, full->best))) {
    full->best = slot;
    full->waste = waste;
  }
  return full->left == 0;
}

/* The first slot, and those behind it that room and offers tell nothing of: they may differ in their ports.
 */
static bool seek_ties(struct k8smi_search *search, uint32_t slot) {
  struct seek_firsts *ties = search->ctx;
  if (ties->best != K8SMI_ROW_NONE && !k8smi_slot_ties(ties->match, slot, ties->best)) return true;
  if (ties->best != K8SMI_ROW_NONE) ties->left--;
  if (seek_fits_for(search, ties->check, slot) &&
      (ties->best == K8SMI_ROW_NONE || k8smi_slot_before(ties->match, ties->check, slot, ties->best))) {
    ties->best = slot;
  }
  return ties->left == 0;
}

/* The first slot of a search; of several alike the one where fewer ranges of ports are left. */
static uint32_t seek_first(struct k8smi_match *match, struct k8smi_search *search, uint32_t root) {
  struct k8smi_match_check *check = search->ctx;
  struct seek_firsts ties = {match, check, SEEK_TIES_MOST, K8SMI_ROW_NONE, 0};
  if (check->need->port_count + check->need->any_ports == 0) return k8smi_tree_search(search, root);
  search->fits = seek_ties;
  search->ctx = &ties;
  (void)k8smi_tree_search(search, root); /* finds the last that was looked at, or none */
  return ties.best;
}

/* Of the fullest few in a cluster of many that where cpus and memory are left most evenly: what is left of
 * one without the other is lost. With few agents the fullest one. */
static uint32_t seek_fullest(struct k8smi_match *match, struct k8smi_search *search,
                             const struct k8smi_role *role) {
  struct seek_firsts full = {match, search->ctx, role->slots / SEEK_FULL_SHARE, K8SMI_ROW_NONE, 0};
  if (full.left > SEEK_FULL_MOST) full.left = SEEK_FULL_MOST;
  search->least_key = k8smi_room(search->need); /* what has less room can't have it */
  if (full.left <= 1) return seek_first(match, search, role->root);
  search->fits = seek_compares;
  search->ctx = &full;
  (void)k8smi_tree_search(search, role->root); /* as above */
  return full.best;
}

/* A role of the pod's that is searched. */
struct seek_role {
  struct k8smi_match *match;
  struct k8smi_match_check *check;
  size_t number;
};

/* True if no slot of the role will do, as far as blocks tell. */
static bool seek_is_vain(void *asked) {
  const struct seek_role *role = asked;
  if (!k8smi_histogram_can_scan(role->check)) return k8smi_scan_finds_none(role->check, role->number);
  role->match->is_counted = k8smi_histogram_scan(role->check, &role->match->counted);
  return role->match->is_counted;
}

/* How many slots are looked at in a tree before all are asked. To look at what was not looked at for long
 * takes long: of ports and names less is tried, and of the agents of a pod that is the first of its kind
 * nothing. */
static size_t seek_patience(const struct k8smi_match_check *check, size_t slots) {
  const struct k8smi_need *need = check->need;
  if (check->is_new) return 0;
  const bool lists =
      need->port_count + need->any_ports + need->extended_count + need->demand->volume_count > 0;
  return lists ? SEEK_PATIENCE_LEAST : SEEK_PATIENCE_LEAST + slots / SEEK_PATIENCE_SHARE;
}

/* The best slot of a role by the strategy, among those where the pod fits. */
static uint32_t seek_in_role(struct k8smi_match *match, struct k8smi_match_check *check, size_t number,
                             uint32_t row) {
  const struct k8smi_role *role = k8smi_role_at(match->cluster, row);
  struct seek_role asked = {match, check, number};
  struct k8smi_search search = {.cluster = match->cluster,
                                .least_key = INT64_MIN,
                                .fits = seek_fits,
                                .ctx = check,
                                .patience = seek_patience(check, role->slots),
                                .is_vain = seek_is_vain,
                                .asked = &asked};
  if (seek_are_few(check, role->slots)) return seek_among_few(match, check, row);
  memcpy(search.need, check->need->scalars, sizeof search.need);
  if (match->options.strategy == K8SM_STRATEGY_FIRST_FIT) return k8smi_tree_search(&search, role->root);
  if (match->options.strategy == K8SM_STRATEGY_PACK) return seek_fullest(match, &search, role);
  search.last = true;
  uint32_t found = k8smi_tree_search(&search, role->root);
  if (found == K8SMI_ROW_NONE) return found;
  search.last = false; /* of all with as much room, the first by offers, ports and id */
  search.least_key = k8smi_slot_at(match->cluster, found)->key;
  return seek_first(match, &search, role->root);
}

/* ---- Where scores decide ---- */

/* The columns tell nothing of what a reservation has. */
static bool seek_has_room(const struct k8smi_match *match, const struct k8smi_match_check *check,
                          uint32_t slot) {
  return check->need->wish != NULL ||
         k8smi_scalars_cover(k8smi_slot_at(match->cluster, slot)->free, check->need->scalars);
}

/* The slot of an agent and role, if the pod fits there. */
static uint32_t seek_at(const struct k8smi_match *match, struct k8smi_match_check *check, uint32_t agent,
                        uint32_t role) {
  uint32_t row = k8smi_agent_at(match->cluster, agent)->first_slot;
  while (row != K8SMI_ROW_NONE && k8smi_slot_at(match->cluster, row)->role != role) {
    row = k8smi_slot_at(match->cluster, row)->next;
  }
  if (row == K8SMI_ROW_NONE || !seek_has_room(match, check, row) || k8smi_check_agent(check, agent) != 0 ||
      k8smi_check_slot(check, row) != 0) {
    return K8SMI_ROW_NONE;
  }
  return row;
}

/* The agents to look at, and how many places suffice: all and any number, or those first by id and some. */
struct seek_scope {
  const uint32_t *agents;
  size_t count;
  size_t enough;
};

static struct seek_scope seek_scope_of(const struct k8smi_match *match,
                                       const struct k8smi_match_check *check) {
  const uint32_t percent = match->options.good_enough;
  const bool some = percent > 0 && percent < 100;
  if (check->need->volumes_known != 0) return (struct seek_scope){&check->need->volumes_at, 1, SIZE_MAX};
  if (!some && check->same != NULL)
    return (struct seek_scope){check->same->fits, check->same->fit_count, SIZE_MAX};
  const struct k8smi_order *order = k8smi_agents_in_order(match->cluster);
  size_t enough = some ? order->count * percent / 100 : SIZE_MAX;
  if (enough < SEEK_ENOUGH_LEAST) enough = SEEK_ENOUGH_LEAST;
  return (struct seek_scope){order->rows, order->count, enough};
}

static uint32_t seek_scored_in_role(struct k8smi_match *match, struct k8smi_match_check *check,
                                    uint32_t role) {
  const struct seek_scope scope = seek_scope_of(match, check);
  size_t count = 0;
  for (size_t i = 0; i < scope.count && count < scope.enough; i++) {
    uint32_t slot = seek_at(match, check, scope.agents[i], role);
    if (slot == K8SMI_ROW_NONE) continue;
    match->candidates[count++] = (struct k8smi_candidate){.slot = slot, .agent = scope.agents[i]};
  }
  if (count == 0) return K8SMI_ROW_NONE;
  const struct k8smi_candidate *best =
      &match->candidates[k8smi_score_best(match, check, match->candidates, count)];
  for (int s = 0; s < K8SMI_SCORES; s++) {
    match->scores[s] = (uint8_t)best->scores[s];
    match->weights[s] = (uint16_t)(k8smi_score_counts(match, check, s) ? k8smi_score_weight(match, s) : 0);
  }
  return best->slot;
}

/* ---- What is not in the trees ---- */

/* Pods that are for a reservation ask each agent; those with volumes the one that has them. */
static uint32_t seek_one_by_one(struct k8smi_match *match, struct k8smi_match_check *check, uint32_t role) {
  const struct seek_scope scope = seek_scope_of(match, check);
  uint32_t best = K8SMI_ROW_NONE;
  for (size_t i = 0; i < scope.count; i++) {
    uint32_t slot = seek_at(match, check, scope.agents[i], role);
    if (slot == K8SMI_ROW_NONE) continue;
    if (best == K8SMI_ROW_NONE || k8smi_slot_before(match, check, slot, best)) best = slot;
  }
  return best;
}

/* Resources that name the pod are in no column: where there are any, each agent that has some is
 * asked, in the order of ids. */
static uint32_t seek_in_owned(const struct k8smi_match *match, struct k8smi_match_check *check) {
  if (match->cluster->owned == 0) return K8SMI_ROW_NONE;
  const struct k8smi_order *agents = k8smi_agents_in_order(match->cluster);
  uint32_t slot, only = check->need->volumes_at;
  if (check->need->volumes_known != 0) {
    const bool there = k8smi_agent_at(match->cluster, only)->labels != NULL;
    return there && k8smi_check_all(check, only, &slot) == 0 ? slot : K8SMI_ROW_NONE;
  }
  for (size_t i = 0; i < agents->count; i++) {
    if (k8smi_check_all(check, agents->rows[i], &slot) == 0) return slot;
  }
  return K8SMI_ROW_NONE;
}

static uint32_t seek_pinned(const struct k8smi_match *match, struct k8smi_match_check *check) {
  uint32_t slot, agent = k8smi_agent_find(match->cluster, check->need->demand->agent_id);
  if (agent == K8SMI_MAP_NONE || k8smi_agent_at(match->cluster, agent)->labels == NULL) return K8SMI_ROW_NONE;
  return k8smi_check_all(check, agent, &slot) == 0 ? slot : K8SMI_ROW_NONE;
}

uint32_t k8smi_match_seek(struct k8smi_match *match, struct k8smi_match_check *check) {
  const struct k8sm_demand *d = check->need->demand;
  uint32_t slot = K8SMI_ROW_NONE;
  match->ranges_of = K8SMI_ROW_NONE;
  match->is_counted = false;
  memset(match->weights, 0, sizeof match->weights);
  match->weights[K8SMI_SCORE_STRATEGY] = (uint16_t)k8smi_score_weight(match, K8SMI_SCORE_STRATEGY);
  if (check->need->rules->gates.count > 0 || check->need->port_is_nowhere) return slot;
  if (d->agent_id.len != 0) return seek_pinned(match, check);
  bool scored = match->candidates != NULL && k8smi_score_decides(match, check);
  for (size_t i = 0; i < d->roles.count && slot == K8SMI_ROW_NONE; i++) {
    uint32_t role = k8smi_map_get(&match->cluster->role_map, d->roles.items[i]);
    if (role == K8SMI_MAP_NONE) continue;
    struct seek_role asked = {match, check, i};
    const bool one_by_one = check->need->wish != NULL || check->need->volumes_known != 0;
    if ((scored || one_by_one) && check->need->volumes_known == 0 && seek_is_vain(&asked)) continue;
    slot = scored       ? seek_scored_in_role(match, check, role)
           : one_by_one ? seek_one_by_one(match, check, role)
                        : seek_in_role(match, check, i, role);
  }
  return slot != K8SMI_ROW_NONE ? slot : seek_in_owned(match, check);
}
