/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that make room for one of a higher priority: on which agent, and which of them. The order of choice is
 * kube-scheduler's. https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
#include "match/preempt.h"

/* An agent where it would fit, and what that costs. */
struct preempt_choice {
  uint32_t agent; /* ROW_NONE: none yet */
  struct k8sm_slice role;
  const uint32_t *pods; /* to end, the most important first */
  size_t count;
  int64_t highest; /* priority; of no pods: the lowest there is */
  int64_t sum;     /* of priorities, each from 1 on, so that more pods are never less */
  uint64_t since;  /* the earliest of those with the highest */
};

static bool preempt_is_eligible(const struct k8smi_match *match, const struct k8smi_match_check *check) {
  const struct k8sm_demand *d = check->need->demand;
  const struct k8sm_cluster *c = match->cluster;
  if ((match->options.flags & K8SM_MATCH_PREEMPT) == 0 || d->agent_id.len > 0) return false;
  if (check->need->rules->gates.count > 0 || check->need->rules->gang.len > 0) return false;
  if (check->need->wish != NULL) return false; /* nobody knows what of it the pods that run have */
  return k8smi_nomination_of(c, d->uid) == NULL;
}

static struct preempt_choice preempt_cost(const struct k8smi_try *t) {
  const struct k8sm_cluster *c = t->match->cluster;
  struct preempt_choice choice = {.agent = t->check.agent_row, .role = t->role, .highest = INT64_MIN};
  uint32_t *kept = t->pods;
  for (size_t i = 0; i < t->victims; i++) {
    const struct k8smi_running *pod = k8smi_running_at(c, t->pods[i]);
    if (!t->gone[i]) continue;
    if (choice.count == 0) choice.highest = pod->priority;
    if (pod->priority == choice.highest && (choice.count == 0 || pod->since < choice.since))
      choice.since = pod->since;
    choice.sum += pod->priority - INT32_MIN + 1;
    kept[choice.count++] = t->pods[i];
  }
  choice.pods = kept;
  return choice;
}

static bool preempt_is_better(const struct preempt_choice *a, const struct preempt_choice *b) {
  if (b->agent == K8SMI_ROW_NONE) return true;
  if (a->highest != b->highest) return a->highest < b->highest;
  if (a->sum != b->sum) return a->sum < b->sum;
  if (a->count != b->count) return a->count < b->count;
  return a->since > b->since;
}

static void preempt_count(struct k8smi_preemption *to, int outcome, uint64_t rows) {
  to->not_helpful += outcome == K8SMI_TRY_NOT_HELPFUL;
  to->no_victims += outcome == K8SMI_TRY_NO_VICTIMS;
  for (int i = 0; outcome == K8SMI_TRY_REFUSED && rows != 0; i++, rows >>= 1) to->counts[i] += rows & 1;
}

/* False when memory ran out. */
static bool preempt_look(struct k8smi_match *match, const struct k8smi_match_check *check,
                         struct k8smi_preemption *ret, struct preempt_choice *ret_best) {
  const struct k8smi_order *agents = k8smi_agents_in_order(match->cluster);
  *ret_best = (struct preempt_choice){.agent = K8SMI_ROW_NONE};
  for (size_t i = 0; i < agents->count; i++) {
    struct k8smi_arena_mark mark = k8smi_arena_mark(&match->scratch);
    struct k8smi_try t = {.match = match, .check = *check};
    uint64_t rows;
    int outcome;
    if (!k8smi_try_agent(&t, agents->rows[i], &outcome, &rows)) return false;
    preempt_count(ret, outcome, rows);
    struct preempt_choice choice = preempt_cost(&t);
    bool better = outcome == K8SMI_TRY_FITS && preempt_is_better(&choice, ret_best);
    if (better) *ret_best = choice; /* it keeps its memory */
    if (!better) k8smi_arena_rewind(&match->scratch, mark);
    if (better && choice.count == 0) break; /* nothing is cheaper */
  }
  return true;
}

/* ---- What is decided ---- */

static bool preempt_victim(struct k8smi_match *match, uint32_t row) {
  struct k8sm_plan *plan = match->plan;
  struct k8smi_running *pod = k8smi_running_at(match->cluster, row);
  struct k8smi_victims *v = &plan->victims;
  if (v->count == v->cap) {
    size_t cap = v->cap == 0 ? 8 : v->cap * 2;
    struct k8sm_plan_victim *items = k8smi_arena_array(&plan->arena, cap, sizeof *items);
    uint32_t *chosen = k8smi_arena_array(&match->scratch, cap, sizeof *chosen);
    if (items == NULL || chosen == NULL) return false;
    if (v->count > 0) memcpy(items, v->items, v->count * sizeof *items);
    if (v->count > 0) memcpy(chosen, match->chosen, v->count * sizeof *chosen);
    v->items = items;
    match->chosen = chosen;
    v->cap = cap;
  }
  struct k8sm_plan_victim *to = &v->items[v->count];
  *to = (struct k8sm_plan_victim){.uid = k8smi_arena_slice(&plan->arena, pod->uid),
                                  .name_space = k8smi_arena_slice(&plan->arena, pod->name_space),
                                  .name = k8smi_arena_slice(&plan->arena, pod->name),
                                  .priority = pod->priority,
                                  .nomination = (uint32_t)plan->nominated.count};
  if (to->uid.ptr == NULL || to->name_space.ptr == NULL || to->name.ptr == NULL) return false;
  match->chosen[v->count++] = row;
  match->chosen_count = v->count;
  pod->chosen = true;
  return true;
}

static bool preempt_nominate(struct k8smi_match *match, const struct preempt_choice *best, uint32_t demand) {
  struct k8sm_plan *plan = match->plan;
  const struct k8smi_agent *agent = k8smi_agent_at(match->cluster, best->agent);
  struct k8smi_nominated *n = &plan->nominated;
  if (n->items == NULL) n->items = k8smi_arena_array(&plan->arena, plan->demand_count, sizeof *n->items);
  if (n->items == NULL) return false;
  for (size_t i = 0; i < best->count; i++) {
    if (!preempt_victim(match, best->pods[i])) return false;
  }
  struct k8sm_plan_nomination *to = &n->items[n->count++];
  *to = (struct k8sm_plan_nomination){.agent_id = k8smi_arena_slice(&plan->arena, agent->id),
                                      .hostname =
                                          k8smi_arena_slice(&plan->arena, k8smi_hostname(agent->labels)),
                                      .role = best->role,
                                      .demand = demand,
                                      .victims = (uint32_t)best->count};
  struct k8smi_hold *hold = &match->holds.items[match->holds.count++];
  *hold = (struct k8smi_hold){.demand = plan->demands[demand], .agent = best->agent, .role = best->role};
  match->placements++; /* the next one like it may preempt other pods */
  return to->agent_id.ptr != NULL && to->hostname.ptr != NULL && k8smi_match_hold(match, hold);
}

bool k8smi_match_preempt(struct k8smi_match *match, const struct k8smi_match_check *check, uint32_t demand,
                         struct k8smi_preemption *ret) {
  const struct k8sm_cluster *c = match->cluster;
  struct preempt_choice best;
  if (!preempt_is_eligible(match, check)) return true;
  ret->never = check->need->demand->never_preempts;
  if (ret->never) return true;
  ret->tried = true;
  ret->agents = c->known;
  ret->extended = check->need->demand->extended;
  if (!preempt_look(match, check, ret, &best)) return false;
  if (best.agent == K8SMI_ROW_NONE) return true;
  ret->tried = false; /* there is nothing to say against it */
  return preempt_nominate(match, &best, demand);
}
