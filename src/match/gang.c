/* SPDX-License-Identifier: Apache-2.0 */
/* Pods of one group: enough of them are placed at once, or none. */
#include "match/match.h"

/* Equal bytes: the same group. */
static struct k8sm_slice gang_key(struct k8smi_match *match, const struct k8sm_demand *d) {
  struct k8sm_slice space = d->name_space, name = d->rules->gang;
  char *text = k8smi_arena_alloc(&match->scratch, space.len + name.len + 1);
  if (text == NULL) return (struct k8sm_slice){NULL, 0};
  if (space.len > 0) memcpy(text, space.ptr, space.len);
  text[space.len] = '\0'; /* neither has one */
  memcpy(text + space.len + 1, name.ptr, name.len);
  return (struct k8sm_slice){text, space.len + name.len + 1};
}

static bool gang_is_member(const struct k8sm_demand *d) {
  return d->rules != NULL && d->rules->gang.len > 0 && d->agent_id.len == 0;
}

bool k8smi_match_find_gangs(struct k8smi_match *match) {
  const struct k8sm_plan *plan = match->plan;
  size_t members = 0;
  for (size_t i = 0; i < plan->demand_count; i++) members += gang_is_member(plan->demands[i]);
  if (members == 0) return true;
  match->next_of_gang = k8smi_arena_array(&match->scratch, plan->demand_count, sizeof(uint32_t));
  if (match->next_of_gang == NULL) return false;
  struct k8smi_map last; /* member of a group so far */
  bool fine = true;
  k8smi_map_init(&last, &match->scratch.allocator, match->cluster->seed);
  for (size_t i = 0; i < plan->demand_count; i++) match->next_of_gang[i] = K8SMI_ROW_NONE;
  for (size_t i = 0; fine && i < plan->demand_count; i++) {
    uint32_t demand = match->order[i];
    if (!gang_is_member(plan->demands[demand])) continue;
    struct k8sm_slice key = gang_key(match, plan->demands[demand]);
    uint32_t before = key.ptr == NULL ? K8SMI_MAP_NONE : k8smi_map_get(&last, key);
    if (before != K8SMI_MAP_NONE) match->next_of_gang[before] = demand;
    fine = key.ptr != NULL && k8smi_map_put(&last, key, demand);
  }
  k8smi_map_free(&last);
  return fine;
}

/* How many of the group run already. */
static uint32_t gang_running(const struct k8smi_match *match, const struct k8sm_demand *of) {
  const struct k8sm_cluster *c = match->cluster;
  uint32_t running = 0;
  for (uint32_t k = 0; k < c->kinds.high; k++) {
    const struct k8sm_demand *d = k8smi_table_used(&c->kinds, k) ? k8smi_kind_at(c, k)->sample : NULL;
    if (d == NULL || d->rules == NULL || !k8smi_eq(d->rules->gang, of->rules->gang)) continue;
    if (k8smi_eq(d->name_space, of->name_space)) running += k8smi_kind_at(c, k)->pods;
  }
  return running;
}

/* Takes back what was placed, the last first, and says why of each. */
static bool gang_undo(struct k8smi_match *match, const uint32_t *members, size_t count,
                      const struct k8smi_gang *gang) {
  bool fine = true;
  k8smi_match_restore(match);
  for (size_t i = count; i > 0; i--) {
    uint32_t demand = members[i - 1];
    if (match->pool_of[demand] == NULL) continue;
    struct k8smi_need need;
    fine = k8smi_need_make(&match->scratch, match->cluster, match->plan->demands[demand], &match->options,
                           &need) &&
           k8smi_peers_taken_back(&match->peers, &need) && fine;
    match->pool_of[demand] = NULL;
    struct k8smi_refused *refused = k8smi_arena_zalloc(&match->scratch, sizeof *refused);
    if (refused == NULL) return false;
    refused->demand = demand;
    refused->gang = *gang;
    match->refused[demand] = refused;
  }
  return fine;
}

bool k8smi_match_gang(struct k8smi_match *match, uint32_t first) {
  const struct k8sm_plan *plan = match->plan;
  struct k8smi_gang gang = {.name = plan->demands[first]->rules->gang};
  size_t count = 0;
  bool fine = true;
  uint32_t *members = k8smi_arena_array(&match->scratch, plan->demand_count, sizeof *members);
  if (members == NULL) return false;
  k8smi_match_journal(match);
  for (uint32_t m = first; fine && m != K8SMI_ROW_NONE; m = match->next_of_gang[m]) {
    uint32_t minimum = plan->demands[m]->rules->gang_minimum;
    if (minimum > gang.minimum) gang.minimum = minimum;
    members[count++] = m;
    match->in_gang[m] = true;
    fine = k8smi_match_one(match, m);
    gang.placed += fine && match->pool_of[m] != NULL;
  }
  if (!fine) return false;
  if (gang.minimum == 0) gang.minimum = (uint32_t)count;
  gang.placed += gang_running(match, plan->demands[first]);
  match->journaling = false;
  return gang.placed >= gang.minimum || gang_undo(match, members, count, &gang);
}
