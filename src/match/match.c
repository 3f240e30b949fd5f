/* SPDX-License-Identifier: Apache-2.0 */
/* Demands + Cluster → Plan. */
#include "match/score.h"
#include "base/abi.h"
#include "base/sort.h"
#include "cluster/blocks.h"
#include "cluster/tree.h"

enum {
  MATCH_FLAGS = K8SM_MATCH_LARGEST_FIRST | K8SM_MATCH_ALL_REASONS | K8SM_MATCH_EXPLAIN | K8SM_MATCH_PREEMPT
};

static bool match_refuse(struct k8smi_match *match, struct k8smi_match_check *check, uint32_t demand) {
  struct k8smi_refused *refused = k8smi_arena_zalloc(&match->scratch, sizeof *refused);
  if (refused == NULL) return false;
  refused->demand = demand;
  refused->placements = match->placements;
  struct k8sm_slice kind = check->need->demand->kind;
  if (kind.len > 0 && !k8smi_map_put(&match->refused_kinds, kind, demand)) return false;
  if (match->is_counted) {
    refused->histogram = match->counted;
  } else {
    k8smi_histogram_make(check, &refused->histogram);
  }
  match->refused[demand] = refused;
  if (match->plan->explains != NULL) {
    match->plan->explains[demand] = k8smi_explain_make(check, &match->options);
    if (match->plan->explains[demand] == NULL) return false;
  }
  return k8smi_match_preempt(match, check, demand, &refused->preemption);
}

static bool match_same_roles(const struct k8sm_demand *a, const struct k8sm_demand *b) {
  bool same = a->roles.count == b->roles.count;
  for (size_t i = 0; same && i < a->roles.count; i++) same = k8smi_eq(a->roles.items[i], b->roles.items[i]);
  return same;
}

static bool match_same_ports(const struct k8sm_demand *a, const struct k8sm_demand *b) {
  bool same = a->port_count == b->port_count;
  for (size_t i = 0; same && i < a->port_count; i++)
    same = a->ports[i].host_port == b->ports[i].host_port && a->ports[i].any == b->ports[i].any;
  return same;
}

static bool match_same_extended(const struct k8sm_demand *a, const struct k8sm_demand *b) {
  bool same = a->extended_count == b->extended_count;
  for (size_t i = 0; same && i < a->extended_count; i++)
    same = a->extended[i].milli == b->extended[i].milli && k8smi_eq(a->extended[i].name, b->extended[i].name);
  return same;
}

static bool match_wishes(const struct k8sm_demand *d) {
  return d->rules != NULL && k8smi_wishes_reservation(d->rules);
}

/* True if what every agent says of one pod it says of the other: where that is easily told. */
static bool match_is_like(const struct k8smi_match *match, const struct k8sm_demand *a,
                          const struct k8sm_demand *b) {
  const struct k8sm_slice none = {NULL, 0};
  int64_t of_a[K8SMI_SCALARS], of_b[K8SMI_SCALARS];
  if (a->volume_count + b->volume_count > 0 || match_wishes(a) || match_wishes(b) ||
      !match_same_ports(a, b) || !match_same_extended(a, b) || match->cluster->owned > 0 ||
      a->agent_id.len + b->agent_id.len > 0 || !k8smi_eq(a->kind, b->kind) ||
      !k8smi_eq(a->rules == NULL ? none : a->rules->agent_key,
                b->rules == NULL ? none : b->rules->agent_key) ||
      a->features != b->features || a->active_deadline_seconds != b->active_deadline_seconds ||
      !k8smi_eq(a->node_name, b->node_name) || !match_same_roles(a, b) ||
      a->never_preempts != b->never_preempts) {
    return false;
  }
  k8smi_demand_sum(a, of_a);
  k8smi_demand_sum(b, of_b);
  return memcmp(of_a, of_b, sizeof of_a) == 0 && !k8smi_placement_is_gated(a->rules) &&
         !k8smi_placement_is_gated(b->rules);
}

/* A pod of the same kind that was refused, if nothing was placed since; ROW_NONE: there is none. */
static uint32_t match_refused_before(const struct k8smi_match *match, uint32_t demand) {
  const struct k8sm_plan *plan = match->plan;
  const struct k8sm_demand *d = plan->demands[demand];
  if (d->kind.len == 0 || plan->explains != NULL) return K8SMI_ROW_NONE;
  uint32_t before = k8smi_map_get(&match->refused_kinds, d->kind);
  if (before == K8SMI_MAP_NONE || match->refused[before] == NULL ||
      match->refused[before]->placements != match->placements) {
    return K8SMI_ROW_NONE;
  }
  return match_is_like(match, plan->demands[before], d) ? before : K8SMI_ROW_NONE;
}

/* A pod like one that was refused, with nothing placed since, is refused for the same reasons. */
static bool match_refuse_again(struct k8smi_match *match, uint32_t before, uint32_t demand) {
  struct k8smi_refused *refused = k8smi_arena_alloc(&match->scratch, sizeof *refused);
  if (refused == NULL) return false;
  *refused = *match->refused[before];
  refused->demand = demand;
  match->refused[demand] = refused;
  return true;
}

static bool match_seek(struct k8smi_match *match, uint32_t demand) {
  struct k8smi_need need;
  struct k8smi_match_check check = {.cluster = match->cluster, .need = &need, .peers = &match->peers};
  if (match->holds.count > 0) check.holds = &match->holds;
  k8smi_answers_trim(match->cluster, K8SMI_ANSWERS_OF_MATCH_MAX);
  if (!k8smi_need_make(&match->scratch, match->cluster, match->plan->demands[demand], &match->options,
                       &need) ||
      !k8smi_peers_find(&match->peers, &need, &check.peer) ||
      !k8smi_class_ask(&match->classes, &check, &check.same, &check.is_new)) {
    return false;
  }
  if (match->candidates == NULL && k8smi_score_decides(match, &check)) {
    match->candidates =
        k8smi_arena_array(&match->scratch, match->cluster->agents.high, sizeof *match->candidates);
    match->seen = k8smi_arena_array(&match->scratch, match->cluster->agents.high, sizeof *match->seen);
    if (match->candidates == NULL || match->seen == NULL) return false;
  }
  uint32_t slot = k8smi_match_seek(match, &check);
  if (match->no_memory) return false;
  return slot == K8SMI_ROW_NONE ? match_refuse(match, &check, demand)
                                : k8smi_match_place(match, &need, demand, slot);
}

bool k8smi_match_one(struct k8smi_match *match, uint32_t demand) {
  const struct k8sm_plan *plan = match->plan;
  struct k8smi_hold *own = k8smi_holds_of(&match->holds, plan->demands[demand]->uid);
  if (own != NULL && own->active) { /* the room that others leave alone is this pod's */
    if (!k8smi_match_release(match, own) || !match_seek(match, demand)) return false;
    return match->pool_of[demand] != NULL || k8smi_match_hold(match, own);
  }
  uint32_t before = match_refused_before(match, demand);
  return before != K8SMI_ROW_NONE ? match_refuse_again(match, before, demand) : match_seek(match, demand);
}

/* The cluster is as it was: what was free, and so the trees. */
static void match_roll_back(struct k8smi_match *match) {
  for (size_t i = 0; i < match->chosen_count; i++)
    k8smi_running_at(match->cluster, match->chosen[i])->chosen = false;
  for (struct k8smi_pool *pool = match->pools; pool != NULL; pool = pool->next) {
    k8smi_slot_at(match->cluster, pool->slot)->pool = NULL;
    if (pool->noted) k8smi_block_learn(match->cluster, pool->slot);
    k8smi_tree_update(match->cluster, pool->slot, pool->before);
  }
}

/* The higher priority first; then as the options say; then as they came. */
static int match_order(const void *a, const void *b, const void *ctx) {
  const struct k8smi_match *match = ctx;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  const struct k8sm_demand *d = match->plan->demands[x], *e = match->plan->demands[y];
  if (d->priority != e->priority) return d->priority > e->priority ? -1 : 1;
  if (match->options.flags & K8SM_MATCH_LARGEST_FIRST) {
    int64_t of_x[K8SMI_SCALARS], of_y[K8SMI_SCALARS];
    k8smi_demand_sum(d, of_x);
    k8smi_demand_sum(e, of_y);
    int64_t rooms[2] = {k8smi_room(of_x), k8smi_room(of_y)};
    if (rooms[0] != rooms[1]) return rooms[0] > rooms[1] ? -1 : 1;
  }
  return (x > y) - (x < y);
}

static void match_sort(struct k8smi_match *match) {
  bool sorted = true;
  for (uint32_t i = 0; i < match->plan->demand_count; i++) {
    match->order[i] = i;
    sorted = sorted && (i == 0 || match_order(&match->order[i - 1], &match->order[i], match) < 0);
  }
  if (!sorted) k8smi_sort(match->order, match->plan->demand_count, sizeof(uint32_t), match_order, match);
}

static bool match_begin(struct k8smi_match *match, struct k8sm_demand *const *demands, size_t n) {
  struct k8sm_plan *plan = match->plan;
  plan->demands = k8smi_arena_array(&plan->arena, n, sizeof(struct k8sm_demand *));
  plan->placements = k8smi_arena_array(&plan->arena, n, sizeof *plan->placements);
  match->pool_of = k8smi_arena_array(&match->scratch, n, sizeof(struct k8smi_pool *));
  match->refused = k8smi_arena_array(&match->scratch, n, sizeof(struct k8smi_refused *));
  match->order = k8smi_arena_array(&match->scratch, n, sizeof *match->order);
  match->in_gang = k8smi_arena_array(&match->scratch, n, sizeof *match->in_gang);
  if (plan->demands == NULL || plan->placements == NULL || match->pool_of == NULL || match->refused == NULL ||
      match->order == NULL || match->in_gang == NULL) {
    return false;
  }
  if ((match->options.flags & K8SM_MATCH_EXPLAIN) != 0) {
    plan->explains = k8smi_arena_array(&plan->arena, n, sizeof(struct k8sm_explain *));
    if (plan->explains == NULL) return false;
  }
  for (; plan->demand_count < n; plan->demand_count++) {
    plan->demands[plan->demand_count] = k8sm_demand_ref(demands[plan->demand_count]);
  }
  match_sort(match);
  return k8smi_match_find_gangs(match);
}

bool k8smi_match_open(struct k8smi_match *match, const struct k8sm_allocator *allocator, size_t pods,
                      struct k8sm_diags *diags) {
  struct k8sm_cluster *c = match->cluster;
  bool preempts = (match->options.flags & K8SM_MATCH_PREEMPT) != 0;
  size_t waiting = c->nomination_count + (preempts ? pods : 0);
  if (!k8smi_arena_init(&match->scratch, allocator, 0)) return false;
  match->classes.cluster = c;
  match->classes.scratch = &match->scratch;
  k8smi_map_init(&match->refused_kinds, &match->scratch.allocator, c->seed);
  k8smi_topologies_trim(c);
  k8smi_tree_key_by(c, k8smi_tree_key_of(match->options.strategy));
  if (!k8smi_peers_begin(&match->peers, c, &match->scratch, pods + waiting, diags)) return false;
  match->peers.required_likes = k8smi_score_hard_affinity(&match->options) > 0;
  return k8smi_match_find_holds(match, preempts ? pods : 0);
}

void k8smi_match_close(struct k8smi_match *match) {
  match_roll_back(match);
  k8smi_match_unclaim(match, NULL);
  k8smi_peers_end(&match->peers);
  k8smi_map_free(&match->refused_kinds);
  k8smi_answers_trim(match->cluster, K8SMI_ANSWERS_MAX);
  k8smi_arena_free(&match->scratch);
}

static int match_run(struct k8smi_match *match, struct k8sm_demand *const *demands, size_t n) {
  if (!match_begin(match, demands, n)) return K8SM_ERR_NOMEM;
  bool fine = true;
  for (uint32_t i = 0; fine && i < n; i++) {
    uint32_t demand = match->order[i];
    const struct k8smi_placement_rules *rules = match->plan->demands[demand]->rules;
    if (match->in_gang[demand]) continue;
    if (!k8smi_match_hold_for(match, match->plan->demands[demand]->priority)) return K8SM_ERR_NOMEM;
    bool grouped = rules != NULL && rules->gang.len > 0 && match->plan->demands[demand]->agent_id.len == 0;
    fine = grouped ? k8smi_match_gang(match, demand) : k8smi_match_one(match, demand);
  }
  fine = fine && k8smi_match_finish(match);
  return fine ? K8SM_OK : K8SM_ERR_NOMEM;
}

static int match_bad_option(struct k8sm_diags *diags, const char *name, uint32_t value,
                            const char *expected) {
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "match_options.%s is %u: expected %s", name,
             (unsigned)value, expected);
  return K8SM_ERR_INVALID;
}

int k8smi_match_options_read(struct k8sm_match_options *o, const struct k8sm_match_options *options,
                             struct k8sm_diags *diags) {
  int result = k8smi_options_read(o, sizeof *o, options, "match_options", diags);
  if (result != K8SM_OK) return result;
  const struct {
    const char *name;
    uint32_t value;
  } weights[] = {{"weight_strategy", o->weight_strategy},    {"weight_balance", o->weight_balance},
                 {"weight_nodes", o->weight_nodes},          {"weight_taints", o->weight_taints},
                 {"weight_spread", o->weight_spread},        {"weight_pods", o->weight_pods},
                 {"hard_pod_affinity", o->hard_pod_affinity}};
  if ((o->flags & ~(uint32_t)MATCH_FLAGS) != 0)
    return match_bad_option(diags, "flags", o->flags, "bits of K8SM_MATCH_*");
  if (o->strategy > K8SM_STRATEGY_BALANCED)
    return match_bad_option(diags, "strategy", o->strategy, "one of K8SM_STRATEGY_*");
  if (o->good_enough > 100) return match_bad_option(diags, "good_enough", o->good_enough, "0 to 100");
  for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
    if (weights[i].value > K8SM_WEIGHT_NONE)
      return match_bad_option(diags, weights[i].name, weights[i].value,
                              "0 to K8SM_WEIGHT_MAX, or K8SM_WEIGHT_NONE");
  }
  return K8SM_OK;
}

int k8sm_cluster_match(struct k8sm_cluster *cluster, struct k8sm_demand *const *demands, size_t n,
                       const struct k8sm_match_options *options, struct k8sm_plan **ret,
                       struct k8sm_diags *diags) {
  struct k8sm_match_options o;
  int result = k8smi_match_options_read(&o, options, diags);
  if (result != K8SM_OK) return result;
  if (n >= UINT32_MAX) {
    k8smi_find(diags, K8SM_DIAG_TOO_LARGE, NULL, "%zu demands: expected fewer than %lu in one match", n,
               (unsigned long)UINT32_MAX);
    return K8SM_ERR_INVALID;
  }
  struct k8smi_match match = {.cluster = cluster, .options = o};
  match.plan = K8SMI_VALUE_NEW(k8sm_plan, o.allocator, 0);
  if (match.plan == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_refs_init(&match.plan->refs);
  match.plan->generation = cluster->generation;
  match.plan->strategy = o.strategy;
  bool open = k8smi_match_open(&match, &match.plan->arena.allocator, n, diags);
  result = open ? match_run(&match, demands, n) : K8SM_ERR_NOMEM;
  k8smi_match_close(&match);
  if (result != K8SM_OK) {
    k8sm_plan_unref(match.plan);
    return k8smi_find_nomem(diags, result);
  }
  *ret = match.plan;
  return K8SM_OK;
}
