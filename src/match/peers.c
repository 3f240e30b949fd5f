/* SPDX-License-Identifier: Apache-2.0 */
/* Which pods matter to which. */
#include "match/peers.h"

bool k8smi_peers_begin(struct k8smi_peers *peers, struct k8sm_cluster *cluster, struct k8smi_arena *scratch,
                       size_t pods, struct k8sm_diags *diags) {
  memset(peers, 0, sizeof *peers);
  peers->diags = diags;
  peers->counters.cluster = cluster;
  peers->counters.scratch = scratch;
  peers->counters.placed = k8smi_arena_array(scratch, pods, sizeof *peers->counters.placed);
  k8smi_map_init(&peers->counters.by_key, &scratch->allocator, cluster->seed);
  k8smi_map_init(&peers->by_kind, &scratch->allocator, cluster->seed);
  k8smi_map_init(&peers->among, &scratch->allocator, cluster->seed);
  return peers->counters.placed != NULL;
}

void k8smi_peers_end(struct k8smi_peers *peers) {
  k8smi_map_free(&peers->counters.by_key);
  k8smi_map_free(&peers->by_kind);
  k8smi_map_free(&peers->among);
}

/* ---- The counters that a pod looks at ---- */

/* One for each term, of the pods that all of `from` select, or that the term does. */
static uint32_t *peers_count_terms(struct k8smi_peers *peers, struct k8smi_pod_terms terms, bool together) {
  uint32_t *numbers = k8smi_arena_array(peers->counters.scratch, terms.count, sizeof *numbers);
  for (size_t i = 0; numbers != NULL && i < terms.count; i++) {
    const struct k8smi_pod_term *of = together ? terms.items : &terms.items[i];
    numbers[i] =
        k8smi_counter_get(&peers->counters, of, together ? terms.count : 1, terms.items[i].topology, false);
    if (numbers[i] == K8SMI_ROW_NONE) return NULL;
  }
  return numbers;
}

static bool peers_count_held(struct k8smi_peers *peers, struct k8smi_pod_terms terms, uint32_t holds) {
  for (size_t i = 0; i < terms.count; i++) {
    const struct k8smi_pod_term *term = &terms.items[i];
    if (k8smi_counter_get(&peers->counters, term, 1, term->topology, holds) == K8SMI_ROW_NONE) return false;
  }
  return true;
}

/* Pods are counted for what they want of others, too: these keep them away, or like them near. */
static bool peers_count_holders(struct k8smi_peers *peers, const struct k8sm_demand *demand) {
  const struct k8smi_placement_rules *rules = demand->rules;
  if (rules == NULL) return true;
  if (peers->required_likes && !peers_count_held(peers, rules->affinity, K8SMI_HOLDS_AFFINITY)) return false;
  return peers_count_held(peers, rules->anti_affinity, K8SMI_HOLDS_ANTI_AFFINITY) &&
         peers_count_held(peers, rules->liked_pods, K8SMI_HOLDS_LIKING);
}

static bool peers_count_shunning(struct k8smi_peers *peers) {
  const struct k8sm_cluster *c = peers->counters.cluster;
  if (peers->shunning || c->wanting == 0) return true;
  peers->shunning = true;
  for (uint32_t k = 0; k < c->kinds.high; k++) {
    if (!k8smi_table_used(&c->kinds, k)) continue;
    if (!peers_count_holders(peers, k8smi_kind_at(c, k)->sample)) return false;
  }
  return true;
}

/* True if an agent has the label of every constraint of the sort. */
static bool peers_has_keys(const struct k8smi_placement_rules *rules, const struct k8smi_agent *agent,
                           bool soft) {
  for (size_t i = 0; i < rules->spread.count; i++) {
    const struct k8smi_spread_term *term = &rules->spread.items[i];
    if (term->soft == soft && k8smi_agent_label(agent, term->pods.topology).ptr == NULL) return false;
  }
  return true;
}

static bool peers_agent_counts(const struct k8smi_match_check *check, const struct k8smi_spread_term *term) {
  const struct k8smi_placement_rules *rules = check->need->rules;
  if (!peers_has_keys(rules, check->agent, term->soft)) return false;
  if (term->honour_affinity && k8smi_refused_by_selector(check)) return false;
  return !term->honour_taints || !k8smi_refused_by_taints(check);
}

static uint8_t *peers_ask_agents(struct k8smi_peers *peers, const struct k8smi_need *need,
                                 const struct k8smi_spread_term *term) {
  const struct k8sm_cluster *c = peers->counters.cluster;
  struct k8smi_match_check check = {.cluster = c, .need = need};
  uint8_t *counts = k8smi_arena_array(peers->counters.scratch, c->agents.high, sizeof *counts);
  for (uint32_t i = 0; counts != NULL && i < c->agents.high; i++) {
    check.agent = k8smi_agent_at(c, i);
    counts[i] =
        k8smi_table_used(&c->agents, i) && check.agent->labels != NULL && peers_agent_counts(&check, term);
  }
  return counts;
}

static int peers_spread_flags(const struct k8smi_spread_term *term) {
  return term->soft + 2 * term->honour_affinity + 4 * term->honour_taints;
}

/* All that decides which agents count for a spread constraint, in the match's memory. */
static struct k8sm_slice peers_among_key(const struct k8smi_peers *peers,
                                         const struct k8smi_placement_rules *rules,
                                         const struct k8smi_spread_term *term) {
  bool honours = term->honour_affinity || term->honour_taints;
  size_t count = 0, len = 1 + sizeof count + (honours ? rules->agent_key.len : 0);
  for (size_t i = 0; i < rules->spread.count; i++) len += rules->spread.items[i].pods.topology.len + 1;
  char *text = k8smi_arena_alloc(peers->counters.scratch, len), *to = text;
  if (text == NULL) return (struct k8sm_slice){NULL, 0};
  *to++ = (char)peers_spread_flags(term);
  to += sizeof count;
  for (size_t i = 0; i < rules->spread.count; i++) {
    struct k8sm_slice topology = rules->spread.items[i].pods.topology;
    if (rules->spread.items[i].soft != term->soft) continue;
    if (topology.len > 0) memcpy(to, topology.ptr, topology.len);
    to += topology.len;
    *to++ = '\0'; /* which no key has */
    count++;
  }
  memcpy(text + 1, &count, sizeof count);
  if (honours && rules->agent_key.len > 0) {
    memcpy(to, rules->agent_key.ptr, rules->agent_key.len);
    to += rules->agent_key.len;
  }
  return (struct k8sm_slice){text, (size_t)(to - text)};
}

static bool peers_among_room(struct k8smi_peers *peers) {
  if (peers->among_count < peers->among_cap) return true;
  size_t cap = peers->among_cap == 0 ? 8 : peers->among_cap * 2;
  uint8_t **items = k8smi_arena_array(peers->counters.scratch, cap, sizeof(uint8_t *));
  if (items == NULL) return false;
  if (peers->among_count > 0) memcpy(items, peers->agents_among, peers->among_count * sizeof(uint8_t *));
  peers->agents_among = items;
  peers->among_cap = cap;
  return true;
}

/* By agent: whether pods on it count for a spread constraint. NULL when memory ran out. */
static const uint8_t *peers_agents_that_count(struct k8smi_peers *peers, const struct k8smi_need *need,
                                              const struct k8smi_spread_term *term) {
  struct k8sm_slice key = peers_among_key(peers, need->rules, term);
  if (key.ptr == NULL) return NULL;
  uint32_t number = k8smi_map_get(&peers->among, key);
  if (number != K8SMI_MAP_NONE) return peers->agents_among[number];
  uint8_t *counts = peers_ask_agents(peers, need, term);
  if (counts == NULL || !peers_among_room(peers) ||
      !k8smi_map_put(&peers->among, key, (uint32_t)peers->among_count)) {
    return NULL;
  }
  return peers->agents_among[peers->among_count++] = counts;
}

static bool peers_count_spread(struct k8smi_peers *peers, const struct k8smi_need *need,
                               struct k8smi_peer *peer) {
  const struct k8smi_spread_terms spread = need->rules->spread;
  peer->spread = k8smi_arena_array(peers->counters.scratch, spread.count, sizeof *peer->spread);
  for (size_t i = 0; peer->spread != NULL && i < spread.count; i++) {
    const struct k8smi_spread_term *term = &spread.items[i];
    const uint8_t *counts = peers_agents_that_count(peers, need, term);
    if (counts == NULL) return false;
    peer->spread[i] = k8smi_counter_get_among(&peers->counters, &term->pods, counts, need->demand->kind,
                                              peers_spread_flags(term));
    if (peer->spread[i] == K8SMI_ROW_NONE) return false;
  }
  return peer->spread != NULL;
}

static bool peers_selects_itself(struct k8smi_peers *peers, const struct k8sm_demand *demand) {
  const struct k8smi_pod_terms terms = demand->rules->affinity;
  const struct k8smi_counter all = {.terms = terms.items, .term_count = terms.count};
  return k8smi_counter_counts(&peers->counters, &all, demand) > 0;
}

/* ---- Peers ---- */

static bool peers_fill(struct k8smi_peers *peers, const struct k8smi_need *need, struct k8smi_peer *peer) {
  const struct k8smi_placement_rules *rules = need->rules;
  peer->sample = need->demand;
  if (rules->affinity.count > 0) {
    peer->affinity = peers_count_terms(peers, rules->affinity, true);
    peer->self = peers_selects_itself(peers, need->demand);
    if (peer->affinity == NULL) return false;
  }
  peer->anti = peers_count_terms(peers, rules->anti_affinity, false);
  peer->liked = peers_count_terms(peers, rules->liked_pods, false);
  if (peer->anti == NULL || peer->liked == NULL || !peers_count_holders(peers, need->demand)) return false;
  if (rules->constraints.count > 0 && !k8smi_instances_find(peers, need, peer)) return false;
  return rules->spread.count == 0 || peers_count_spread(peers, need, peer);
}

/* Brings the lists up to the counters that there are. */
static bool peers_refresh(struct k8smi_peers *peers, struct k8smi_peer *peer) {
  const struct k8smi_counters *all = &peers->counters;
  if (peer->seen == all->count) return true;
  if (peer->cap < all->count) {
    size_t cap = all->count * 2;
    uint32_t *adds = k8smi_arena_array(all->scratch, cap, sizeof *adds);
    uint32_t *shunned = k8smi_arena_array(all->scratch, cap, sizeof *shunned);
    uint32_t *liking = k8smi_arena_array(all->scratch, cap, sizeof *liking);
    if (adds == NULL || shunned == NULL || liking == NULL) return false;
    if (peer->add_count > 0) memcpy(adds, peer->adds, peer->add_count * sizeof *adds);
    if (peer->shunned_count > 0) memcpy(shunned, peer->shunned, peer->shunned_count * sizeof *shunned);
    if (peer->liking_count > 0) memcpy(liking, peer->liking, peer->liking_count * sizeof *liking);
    peer->adds = adds;
    peer->shunned = shunned;
    peer->liking = liking;
    peer->cap = cap;
  }
  for (; peer->seen < all->count; peer->seen++) {
    const struct k8smi_counter *counter = all->items[peer->seen];
    struct k8smi_counter selected = *counter;
    selected.holds = K8SMI_HOLDS_NOTHING;
    if (k8smi_counter_counts(all, counter, peer->sample))
      peer->adds[peer->add_count++] = (uint32_t)peer->seen;
    if (counter->holds == K8SMI_HOLDS_NOTHING || !k8smi_counter_counts(all, &selected, peer->sample))
      continue;
    if (counter->holds == K8SMI_HOLDS_ANTI_AFFINITY) {
      peer->shunned[peer->shunned_count++] = (uint32_t)peer->seen;
    } else {
      peer->liking[peer->liking_count++] = (uint32_t)peer->seen;
    }
  }
  return true;
}

static struct k8smi_peer *peers_new(struct k8smi_peers *peers, const struct k8smi_need *need) {
  if (peers->count == peers->cap) {
    size_t cap = peers->cap == 0 ? 8 : peers->cap * 2;
    struct k8smi_peer **items = k8smi_arena_array(peers->counters.scratch, cap, sizeof(struct k8smi_peer *));
    if (items == NULL) return NULL;
    if (peers->count > 0) memcpy(items, peers->items, peers->count * sizeof(struct k8smi_peer *));
    peers->items = items;
    peers->cap = cap;
  }
  struct k8smi_peer *peer = k8smi_arena_zalloc(peers->counters.scratch, sizeof *peer);
  if (peer == NULL || !peers_fill(peers, need, peer) ||
      !k8smi_map_put(&peers->by_kind, need->demand->kind, (uint32_t)peers->count)) {
    return NULL;
  }
  return peers->items[peers->count++] = peer;
}

/* The peer of a pod, with its lists up to date; NULL: memory ran out. */
static struct k8smi_peer *peers_get(struct k8smi_peers *peers, const struct k8smi_need *need) {
  uint32_t number = k8smi_map_get(&peers->by_kind, need->demand->kind);
  struct k8smi_peer *peer = number == K8SMI_MAP_NONE ? peers_new(peers, need) : peers->items[number];
  return peer != NULL && peers_refresh(peers, peer) ? peer : NULL;
}

/* ---- Pods that want their agent alone ---- */

static void peers_occupy(struct k8smi_peers *peers, const struct k8sm_demand *demand, uint32_t agent) {
  peers->occupants[agent]++;
  if (demand->rules != NULL && demand->rules->exclusive) peers->alone[agent]++;
}

static void peers_vacate(struct k8smi_peers *peers, const struct k8sm_demand *demand, uint32_t agent) {
  peers->occupants[agent]--;
  if (demand->rules != NULL && demand->rules->exclusive) peers->alone[agent]--;
}

static bool peers_count_occupants(struct k8smi_peers *peers) {
  const struct k8smi_counters *all = &peers->counters;
  const struct k8sm_cluster *c = all->cluster;
  if (peers->occupants != NULL) return true;
  uint32_t *occupants = k8smi_arena_array(all->scratch, c->agents.high, sizeof *occupants);
  peers->alone = k8smi_arena_array(all->scratch, c->agents.high, sizeof *peers->alone);
  if (occupants == NULL || peers->alone == NULL) return false;
  peers->occupants = occupants;
  for (uint32_t p = 0; p < c->pods.high; p++) {
    const struct k8smi_running *pod = k8smi_running_at(c, p);
    if (k8smi_table_used(&c->pods, p)) peers_occupy(peers, k8smi_kind_at(c, pod->kind)->sample, pod->agent);
  }
  for (size_t i = 0; i < all->placed_count; i++)
    peers_occupy(peers, all->placed[i].demand, all->placed[i].agent);
  return true;
}

/* ---- What a match asks for ---- */

bool k8smi_peers_find(struct k8smi_peers *peers, struct k8smi_need *need, const struct k8smi_peer **ret) {
  const struct k8smi_placement_rules *rules = need->rules;
  size_t own = rules->affinity.count + rules->anti_affinity.count + rules->spread.count +
               rules->liked_pods.count + rules->constraints.count;
  *ret = NULL;
  if (!need->resumed && !peers_count_shunning(peers)) return false;
  if (!need->resumed && (own > 0 || peers->counters.holders > 0)) {
    *ret = peers_get(peers, need);
    if (*ret == NULL) return false;
  }
  if (*ret == NULL || (*ret)->shunned_count == 0) need->rows &= ~K8SMI_ROW(K8SMI_BY_SHUNNED);
  bool alone = rules->exclusive || (peers->counters.cluster->exclusive > 0 && !need->resumed);
  if (alone && !peers_count_occupants(peers)) return false;
  if (need->resumed || peers->occupants == NULL) need->rows &= ~K8SMI_ROW(K8SMI_BY_EXCLUSIVE);
  return true;
}

/* How often a pod counts that does: only of what it holds more than once. */
static uint32_t peers_times(const struct k8smi_counters *all, const struct k8smi_counter *counter,
                            const struct k8sm_demand *demand) {
  return counter->holds == K8SMI_HOLDS_NOTHING ? 1 : k8smi_counter_counts(all, counter, demand);
}

bool k8smi_peers_placed(struct k8smi_peers *peers, const struct k8smi_need *need, uint32_t agent) {
  struct k8smi_counters *all = &peers->counters;
  const struct k8smi_peer *peer = NULL;
  if (need->resumed) return true; /* it counts already */
  if (all->count > 0 && (peer = peers_get(peers, need)) == NULL)
    return false; /* counters made later count it */
  all->placed[all->placed_count++] = (struct k8smi_counted){need->demand, agent};
  if (peers->occupants != NULL) peers_occupy(peers, need->demand, agent);
  for (size_t i = 0; peer != NULL && i < peer->add_count; i++) {
    struct k8smi_counter *counter = all->items[peer->adds[i]];
    k8smi_counter_add(counter, agent, peers_times(all, counter, need->demand));
  }
  return true;
}

/* It is placed, number `i` of those that are, and is not any more. */
static bool peers_uncount(struct k8smi_peers *peers, const struct k8smi_need *need, size_t i) {
  struct k8smi_counters *all = &peers->counters;
  const uint32_t agent = all->placed[i].agent;
  const struct k8smi_peer *peer = NULL;
  if (all->count > 0 && (peer = peers_get(peers, need)) == NULL)
    return false; /* counters made now count it */
  all->placed[i] = all->placed[--all->placed_count];
  if (peers->occupants != NULL) peers_vacate(peers, need->demand, agent);
  for (size_t k = 0; peer != NULL && k < peer->add_count; k++) {
    struct k8smi_counter *counter = all->items[peer->adds[k]];
    k8smi_counter_remove(counter, agent, peers_times(all, counter, need->demand));
  }
  return true;
}

bool k8smi_peers_taken_back(struct k8smi_peers *peers, const struct k8smi_need *need) {
  return need->resumed || peers_uncount(peers, need, peers->counters.placed_count - 1);
}

bool k8smi_peers_not_placed(struct k8smi_peers *peers, const struct k8smi_need *need, uint32_t agent) {
  const struct k8smi_counters *all = &peers->counters;
  size_t i = 0;
  if (need->resumed) return true;
  while (all->placed[i].demand != need->demand || all->placed[i].agent != agent) i++;
  return peers_uncount(peers, need, i);
}

void k8smi_peers_leave(struct k8smi_peers *peers, const struct k8sm_demand *sample, uint32_t agent) {
  struct k8smi_counters *all = &peers->counters;
  if (peers->occupants != NULL) peers_vacate(peers, sample, agent);
  for (size_t i = 0; i < all->count; i++) {
    k8smi_counter_remove(all->items[i], agent, k8smi_counter_counts(all, all->items[i], sample));
  }
}

void k8smi_peers_return(struct k8smi_peers *peers, const struct k8sm_demand *sample, uint32_t agent) {
  struct k8smi_counters *all = &peers->counters;
  if (peers->occupants != NULL) peers_occupy(peers, sample, agent);
  for (size_t i = 0; i < all->count; i++) {
    k8smi_counter_add(all->items[i], agent, k8smi_counter_counts(all, all->items[i], sample));
  }
}
