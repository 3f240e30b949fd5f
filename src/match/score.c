/* SPDX-License-Identifier: Apache-2.0 */
#include "match/score.h"

#include <stddef.h>

enum { SCORE_MAX = 100, SCORE_LN_UNIT = 1000 };

/* What an agent without the labels of a spread gets: no score at all. */
#define SCORE_NONE INT64_MIN

const char *const k8smi_score_names[K8SMI_SCORES] = {
    [K8SMI_SCORE_STRATEGY] = "strategy", [K8SMI_SCORE_BALANCE] = "balance", [K8SMI_SCORE_NODES] = "nodes",
    [K8SMI_SCORE_TAINTS] = "taints",     [K8SMI_SCORE_SPREAD] = "spread",   [K8SMI_SCORE_PODS] = "pods",
};

uint32_t k8smi_score_weight(const struct k8smi_match *match, int score) {
  static const struct {
    size_t option;
    uint32_t usual;
  } weights[K8SMI_SCORES] = {
      [K8SMI_SCORE_STRATEGY] = {offsetof(struct k8sm_match_options, weight_strategy), 1},
      [K8SMI_SCORE_BALANCE] = {offsetof(struct k8sm_match_options, weight_balance), 0},
      [K8SMI_SCORE_NODES] = {offsetof(struct k8sm_match_options, weight_nodes), 2},
      [K8SMI_SCORE_TAINTS] = {offsetof(struct k8sm_match_options, weight_taints), 3},
      [K8SMI_SCORE_SPREAD] = {offsetof(struct k8sm_match_options, weight_spread), 2},
      [K8SMI_SCORE_PODS] = {offsetof(struct k8sm_match_options, weight_pods), 2},
  };
  uint32_t own;
  memcpy(&own, (const char *)&match->options + weights[score].option, sizeof own);
  if (own == K8SM_WEIGHT_NONE) return 0;
  return own == 0 ? weights[score].usual : own;
}

int64_t k8smi_score_hard_affinity(const struct k8sm_match_options *options) {
  if (options->hard_pod_affinity == K8SM_WEIGHT_NONE) return 0;
  return options->hard_pod_affinity == 0 ? 1 : options->hard_pod_affinity;
}

/* ---- Raw scores ---- */

static int64_t score_strategy(const struct k8smi_match *match, const struct k8smi_match_check *check) {
  const struct k8smi_use use = k8smi_use_of(match->cluster, check->need, check->agent_row);
  return k8smi_use_score(&use, match->options.strategy);
}

static int64_t score_balance(const struct k8smi_match *match, const struct k8smi_match_check *check) {
  const struct k8smi_use use = k8smi_use_of(match->cluster, check->need, check->agent_row);
  return k8smi_use_balance(&use);
}

static bool score_likes_nodes(const struct k8smi_match_check *check) {
  return check->need->rules->liked_nodes.count > 0;
}

static int64_t score_nodes(const struct k8smi_match *match, const struct k8smi_match_check *check) {
  const struct k8smi_node_terms terms = check->need->rules->liked_nodes;
  int64_t sum = 0;
  (void)match;
  for (size_t i = 0; i < terms.count; i++) {
    if (k8smi_node_term_mismatch(check->agent, &terms.items[i]) == NULL) sum += terms.items[i].weight;
  }
  return sum;
}

static bool score_meets_taints(const struct k8smi_match_check *check) {
  return check->cluster->shied > 0;
}

/* Only tolerations that are meant for it count, or for every effect: k8smi_tolerates sees to that. */
static int64_t score_taints(const struct k8smi_match *match, const struct k8smi_match_check *check) {
  const struct k8smi_taint *taint;
  int64_t count = 0;
  (void)match;
  for (size_t i = 0; (taint = k8smi_agent_taint(check->agent, i)) != NULL; i++) {
    count += taint->effect == K8SMI_EFFECT_PREFER && !k8smi_tolerates(check->need->rules->tolerations, taint);
  }
  return count;
}

static bool score_is_spread(const struct k8smi_match_check *check) {
  const struct k8smi_spread_terms spread = check->need->rules->spread;
  for (size_t i = 0; i < spread.count; i++) {
    if (spread.items[i].soft) return true;
  }
  return false;
}

/* The natural logarithm in thousandths, by squaring: the same digits on every machine. */
static int64_t score_ln(uint64_t n) {
  const uint64_t one = UINT64_C(1) << 30, ln2 = 693147; /* millionths */
  uint64_t log2 = 0, x = n << 30;
  for (; x >= 2 * one; x >>= 1) log2 += 1u << 16;
  for (uint64_t bit = 1u << 15; bit > 0; bit >>= 1) {
    x = (x * x) >> 30;
    if (x < 2 * one) continue;
    x >>= 1;
    log2 += bit;
  }
  return (int64_t)(log2 * ln2 / 1000 >> 16);
}

/* The domain of a candidate for a term. */
static uint32_t score_domain(const struct k8smi_match_check *check, size_t term, uint32_t agent) {
  return check->peers->counters.items[check->peer->spread[term]]->topology->domains[agent];
}

/* How many domains the candidates are in. */
static uint32_t score_domains(struct k8smi_match *match, const struct k8smi_match_check *check, size_t term,
                              const struct k8smi_candidate *candidates, size_t count) {
  uint32_t domains = 0;
  match->seen_now++;
  for (size_t i = 0; i < count; i++) {
    if (candidates[i].scores[K8SMI_SCORE_SPREAD] == SCORE_NONE) continue;
    uint32_t *seen = &match->seen[score_domain(check, term, candidates[i].agent)];
    domains += *seen != match->seen_now;
    *seen = match->seen_now;
  }
  return domains;
}

/* An agent that is outside of one of the topologies has no score. */
static bool score_is_outside(const struct k8smi_match_check *check, uint32_t agent) {
  const struct k8smi_spread_terms spread = check->need->rules->spread;
  for (size_t i = 0; i < spread.count; i++) {
    if (spread.items[i].soft && score_domain(check, i, agent) == K8SMI_ROW_NONE) return true;
  }
  return false;
}

static void score_spread(struct k8smi_match *match, const struct k8smi_match_check *check,
                         struct k8smi_candidate *candidates, size_t count) {
  const struct k8smi_spread_terms spread = check->need->rules->spread;
  for (size_t i = 0; i < count; i++)
    candidates[i].scores[K8SMI_SCORE_SPREAD] = score_is_outside(check, candidates[i].agent) ? SCORE_NONE : 0;
  for (size_t t = 0; t < spread.count; t++) {
    if (!spread.items[t].soft) continue;
    const struct k8smi_counter *counter = match->peers.counters.items[check->peer->spread[t]];
    int64_t ln = score_ln((uint64_t)score_domains(match, check, t, candidates, count) + 2);
    for (size_t i = 0; i < count; i++) {
      int64_t *score = &candidates[i].scores[K8SMI_SCORE_SPREAD];
      uint32_t domain;
      if (*score == SCORE_NONE) continue;
      *score += k8smi_counter_at(counter, candidates[i].agent, &domain) * ln +
                (spread.items[t].max_skew - 1) * SCORE_LN_UNIT;
    }
  }
  for (size_t i = 0; i < count; i++) {
    int64_t *score = &candidates[i].scores[K8SMI_SCORE_SPREAD];
    if (*score != SCORE_NONE) *score = (*score + SCORE_LN_UNIT / 2) / SCORE_LN_UNIT;
  }
}

static bool score_likes_pods(const struct k8smi_match_check *check) {
  return check->peer != NULL && check->need->rules->liked_pods.count + check->peer->liking_count > 0;
}

static int64_t score_pods(const struct k8smi_match *match, const struct k8smi_match_check *check) {
  const struct k8smi_pod_terms terms = check->need->rules->liked_pods;
  struct k8smi_counter *const *counters = match->peers.counters.items;
  int64_t sum = 0;
  uint32_t domain;
  for (size_t i = 0; i < terms.count; i++) {
    int64_t there = k8smi_counter_at(counters[check->peer->liked[i]], check->agent_row, &domain);
    sum += there * terms.items[i].weight;
  }
  for (size_t i = 0; i < check->peer->liking_count; i++) {
    const struct k8smi_counter *counter = counters[check->peer->liking[i]];
    int64_t there = k8smi_counter_at(counter, check->agent_row, &domain);
    bool required = counter->holds == K8SMI_HOLDS_AFFINITY;
    sum += there * (required ? k8smi_score_hard_affinity(&match->options) : counter->terms->weight);
  }
  return sum;
}

/* ---- From raw scores to 0 … 100 ---- */

struct score_range {
  int64_t least, most; /* of those that have a score */
};

static int64_t score_keep(int64_t raw, struct score_range range) {
  (void)range;
  return raw;
}

static int64_t score_of_most(int64_t raw, struct score_range range) {
  return range.most == 0 ? 0 : raw * SCORE_MAX / range.most;
}

static int64_t score_below_most(int64_t raw, struct score_range range) {
  return range.most == 0 ? SCORE_MAX : SCORE_MAX - raw * SCORE_MAX / range.most;
}

static int64_t score_from_most(int64_t raw, struct score_range range) {
  if (raw == SCORE_NONE) return 0;
  return range.most == 0 ? SCORE_MAX : (range.most + range.least - raw) * SCORE_MAX / range.most;
}

static int64_t score_between(int64_t raw, struct score_range range) {
  return range.most == range.least ? 0 : (raw - range.least) * SCORE_MAX / (range.most - range.least);
}

static const struct {
  bool (*applies)(const struct k8smi_match_check *check); /* NULL: its weight alone decides */
  int64_t (*raw)(const struct k8smi_match *match, const struct k8smi_match_check *check);
  int64_t (*normal)(int64_t raw, struct score_range range);
  /* All at once, in place of `raw`. */
  void (*fill)(struct k8smi_match *match, const struct k8smi_match_check *check,
               struct k8smi_candidate *candidates, size_t count);
} score_rows[K8SMI_SCORES] = {
    [K8SMI_SCORE_STRATEGY] = {NULL, score_strategy, score_keep},
    [K8SMI_SCORE_BALANCE] = {NULL, score_balance, score_keep},
    [K8SMI_SCORE_NODES] = {score_likes_nodes, score_nodes, score_of_most},
    [K8SMI_SCORE_TAINTS] = {score_meets_taints, score_taints, score_below_most},
    [K8SMI_SCORE_SPREAD] = {score_is_spread, NULL, score_from_most, score_spread},
    [K8SMI_SCORE_PODS] = {score_likes_pods, score_pods, score_between},
};

bool k8smi_score_counts(const struct k8smi_match *match, const struct k8smi_match_check *check, int score) {
  if (k8smi_score_weight(match, score) == 0) return false;
  return score_rows[score].applies == NULL || score_rows[score].applies(check);
}

bool k8smi_score_decides(const struct k8smi_match *match, const struct k8smi_match_check *check) {
  if (match->options.strategy == K8SM_STRATEGY_BALANCED) return true;
  for (int s = K8SMI_SCORE_STRATEGY + 1; s < K8SMI_SCORES; s++) {
    if (k8smi_score_counts(match, check, s)) return true;
  }
  return false;
}

static struct score_range score_find_range(const struct k8smi_candidate *candidates, size_t count,
                                           int score) {
  struct score_range range = {0, 0};
  bool any = false;
  for (size_t i = 0; i < count; i++) {
    int64_t raw = candidates[i].scores[score];
    if (raw == SCORE_NONE) continue;
    if (!any || raw < range.least) range.least = raw;
    if (!any || raw > range.most) range.most = raw;
    any = true;
  }
  return range;
}

/* Adds one score to the totals. */
static void score_add(struct k8smi_match *match, struct k8smi_match_check *check,
                      struct k8smi_candidate *candidates, size_t count, int score) {
  int64_t weight = k8smi_score_weight(match, score);
  if (score_rows[score].fill != NULL) score_rows[score].fill(match, check, candidates, count);
  for (size_t i = 0; score_rows[score].raw != NULL && i < count; i++) {
    check->agent_row = candidates[i].agent;
    check->agent = k8smi_agent_at(match->cluster, check->agent_row);
    candidates[i].scores[score] = score_rows[score].raw(match, check);
  }
  struct score_range range = score_find_range(candidates, count, score);
  for (size_t i = 0; i < count; i++) {
    candidates[i].scores[score] = score_rows[score].normal(candidates[i].scores[score], range);
    candidates[i].total += weight * candidates[i].scores[score];
  }
}

size_t k8smi_score_best(struct k8smi_match *match, struct k8smi_match_check *check,
                        struct k8smi_candidate *candidates, size_t count) {
  size_t best = 0;
  for (int s = 0; s < K8SMI_SCORES; s++) {
    if (k8smi_score_counts(match, check, s)) score_add(match, check, candidates, count, s);
  }
  for (size_t i = 1; i < count; i++) {
    const struct k8smi_candidate *c = &candidates[i], *b = &candidates[best];
    if (c->total > b->total || (c->total == b->total && k8smi_slot_before(match, check, c->slot, b->slot)))
      best = i;
  }
  return best;
}
