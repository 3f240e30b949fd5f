/* SPDX-License-Identifier: Apache-2.0 */
#include "match/counters.h"

/* How often it has the term: each time it stands there counts, as kube-scheduler has it. */
static uint32_t counters_holds(const struct k8smi_counter *counter, const struct k8sm_demand *demand) {
  const struct k8smi_placement_rules *rules = demand->rules;
  const struct k8smi_pod_term *term = counter->terms;
  uint32_t count = 0;
  if (rules == NULL) return 0;
  const struct k8smi_pod_terms lists[] = {
      [K8SMI_HOLDS_ANTI_AFFINITY] = rules->anti_affinity,
      [K8SMI_HOLDS_AFFINITY] = rules->affinity,
      [K8SMI_HOLDS_LIKING] = rules->liked_pods,
  };
  const struct k8smi_pod_terms own = lists[counter->holds];
  for (size_t i = 0; i < own.count; i++) {
    count += own.items[i].weight == term->weight && k8smi_eq(own.items[i].topology, term->topology) &&
             k8smi_eq(own.items[i].key, term->key);
  }
  return count;
}

uint32_t k8smi_counter_counts(const struct k8smi_counters *all, const struct k8smi_counter *counter,
                              const struct k8sm_demand *demand) {
  struct k8smi_pair scratch;
  if (counter->instances.ptr != NULL) return k8smi_eq(counter->instances, demand->instances);
  if (counter->holds != K8SMI_HOLDS_NOTHING) return counters_holds(counter, demand);
  struct k8smi_pair_list space = k8smi_namespace_labels(all->cluster, demand->name_space, &scratch);
  for (size_t i = 0; i < counter->term_count; i++) {
    if (!k8smi_pod_term_selects(&counter->terms[i], demand->name_space, space, demand->pod_labels)) return 0;
  }
  return 1;
}

/* Finds the least count again. */
static void counters_find_least(struct k8smi_counter *c) {
  c->least = c->at_least = 0;
  for (uint32_t i = 0; i < c->topology->count; i++) {
    if (!c->present[i]) continue;
    if (c->at_least == 0 || c->counts[i] < c->least) {
      c->least = c->counts[i];
      c->at_least = 1;
    } else if (c->counts[i] == c->least) {
      c->at_least++;
    }
  }
}

/* The domain in which a pod on the agent counts; ROW_NONE: in none. */
static uint32_t counters_domain(const struct k8smi_counter *c, uint32_t agent) {
  if (c->counts_agent != NULL && !c->counts_agent[agent]) return K8SMI_ROW_NONE;
  return c->topology->domains[agent];
}

/* A domain's first pod makes it a group. */
static void counters_new_group(struct k8smi_counter *c, uint32_t domain) {
  c->counts[domain] = 1;
  c->present[domain] = 1;
  c->present_count++;
  c->at_least = c->least == 1 ? c->at_least + 1 : 1;
  c->least = 1;
}

static void counters_add_one(struct k8smi_counter *c, uint32_t agent) {
  uint32_t domain = counters_domain(c, agent);
  if (domain == K8SMI_ROW_NONE) {
    c->outside++;
    return;
  }
  c->total++;
  if (c->groups && c->counts[domain] == 0) {
    counters_new_group(c, domain);
    return;
  }
  if (c->counts[domain]++ != c->least || c->present == NULL) return;
  if (--c->at_least == 0) counters_find_least(c); /* once for as many as there are domains */
}

static void counters_remove_one(struct k8smi_counter *c, uint32_t agent) {
  uint32_t domain = counters_domain(c, agent);
  if (domain == K8SMI_ROW_NONE) {
    c->outside--;
    return;
  }
  c->total--;
  if (--c->counts[domain] == 0 && c->groups) {
    c->present[domain] = 0;
    c->present_count--;
  }
  if (c->present != NULL) counters_find_least(c);
}

void k8smi_counter_add(struct k8smi_counter *counter, uint32_t agent, uint32_t times) {
  for (; times > 0; times--) counters_add_one(counter, agent);
}

void k8smi_counter_remove(struct k8smi_counter *counter, uint32_t agent, uint32_t times) {
  for (; times > 0; times--) counters_remove_one(counter, agent);
}

static void counters_fill(struct k8smi_counters *all, struct k8smi_counter *counter) {
  const struct k8sm_cluster *c = all->cluster;
  for (uint32_t k = 0; k < c->kinds.high; k++) {
    const struct k8smi_pod_kind *kind = k8smi_kind_at(c, k);
    const uint32_t times =
        k8smi_table_used(&c->kinds, k) ? k8smi_counter_counts(all, counter, kind->sample) : 0;
    if (times == 0) continue;
    for (uint32_t p = kind->first_pod; p != K8SMI_ROW_NONE; p = k8smi_running_at(c, p)->next_of_kind) {
      uint32_t domain = counters_domain(counter, k8smi_running_at(c, p)->agent);
      if (domain == K8SMI_ROW_NONE) {
        counter->outside += times;
        continue;
      }
      if (counter->groups && counter->counts[domain] == 0) {
        counter->present[domain] = 1;
        counter->present_count++;
      }
      counter->counts[domain] += times;
      counter->total += times;
    }
  }
  if (counter->present != NULL) counters_find_least(counter);
  for (size_t i = 0; i < all->placed_count; i++) {
    const struct k8smi_counted *pod = &all->placed[i];
    k8smi_counter_add(counter, pod->agent, k8smi_counter_counts(all, counter, pod->demand));
  }
}

static bool counters_find_present(const struct k8smi_counters *all, struct k8smi_counter *counter) {
  counter->present = k8smi_arena_array(all->scratch, counter->topology->count, sizeof *counter->present);
  if (counter->present == NULL) return false;
  for (uint32_t i = 0; counter->counts_agent != NULL && i < all->cluster->agents.high; i++) {
    uint32_t domain = counter->topology->domains[i];
    if (!counter->counts_agent[i] || domain == K8SMI_ROW_NONE || counter->present[domain]) continue;
    counter->present[domain] = 1;
    counter->present_count++;
  }
  return true;
}

static bool counters_room(struct k8smi_counters *all) {
  if (all->count < all->cap) return true;
  size_t cap = all->cap == 0 ? 8 : all->cap * 2;
  struct k8smi_counter **items = k8smi_arena_array(all->scratch, cap, sizeof(struct k8smi_counter *));
  if (items == NULL) return false;
  if (all->count > 0) memcpy(items, all->items, all->count * sizeof(struct k8smi_counter *));
  all->items = items;
  all->cap = cap;
  return true;
}

static uint32_t counters_new(struct k8smi_counters *all, const struct k8smi_counter *like,
                             struct k8sm_slice topology, struct k8sm_slice key) {
  struct k8smi_counter *c = k8smi_arena_alloc(all->scratch, sizeof *c);
  if (c == NULL || !counters_room(all)) return K8SMI_ROW_NONE;
  *c = *like;
  c->topology = k8smi_topology_get(all->cluster, topology);
  if (c->topology == NULL) return K8SMI_ROW_NONE;
  c->counts = k8smi_arena_array(all->scratch, c->topology->count, sizeof *c->counts);
  if (c->counts == NULL || ((c->counts_agent != NULL || c->groups) && !counters_find_present(all, c)) ||
      !k8smi_map_put(&all->by_key, key, (uint32_t)all->count)) {
    return K8SMI_ROW_NONE;
  }
  counters_fill(all, c);
  if (c->holds != K8SMI_HOLDS_NOTHING) all->holders++;
  all->items[all->count] = c;
  return (uint32_t)all->count++;
}

/* What kind of counter, its topology and its terms, in the match's memory. */
static struct k8sm_slice counters_key(const struct k8smi_counters *all, char kind, struct k8sm_slice topology,
                                      const struct k8smi_pod_term *terms, size_t count,
                                      struct k8sm_slice more) {
  size_t len = 1 + sizeof topology.len + topology.len + more.len;
  for (size_t i = 0; i < count; i++) len += sizeof len + terms[i].key.len;
  char *text = k8smi_arena_alloc(all->scratch, len), *to = text;
  if (text == NULL) return (struct k8sm_slice){NULL, 0};
  *to++ = kind;
  memcpy(to, &topology.len, sizeof topology.len);
  to += sizeof topology.len;
  if (topology.len > 0) memcpy(to, topology.ptr, topology.len);
  to += topology.len;
  for (size_t i = 0; i < count; i++) {
    memcpy(to, &terms[i].key.len, sizeof terms[i].key.len);
    to += sizeof terms[i].key.len;
    if (terms[i].key.len > 0) memcpy(to, terms[i].key.ptr, terms[i].key.len);
    to += terms[i].key.len;
  }
  if (more.len > 0) memcpy(to, more.ptr, more.len);
  return (struct k8sm_slice){text, len};
}

uint32_t k8smi_counter_get(struct k8smi_counters *all, const struct k8smi_pod_term *terms, size_t term_count,
                           struct k8sm_slice topology, uint32_t holds) {
  const struct k8smi_counter like = {.terms = terms, .term_count = term_count, .holds = holds};
  struct k8sm_slice weight = {NULL, 0}; /* only where it tells them apart */
  if (holds == K8SMI_HOLDS_LIKING)
    weight = (struct k8sm_slice){(const char *)&terms->weight, sizeof terms->weight};
  struct k8sm_slice key = counters_key(all, (char)('a' + holds), topology, terms, term_count, weight);
  if (key.ptr == NULL) return K8SMI_ROW_NONE;
  uint32_t found = k8smi_map_get(&all->by_key, key);
  return found != K8SMI_MAP_NONE ? found : counters_new(all, &like, topology, key);
}

uint32_t k8smi_counter_get_among(struct k8smi_counters *all, const struct k8smi_pod_term *term,
                                 const uint8_t *counts_agent, struct k8sm_slice which, int flags) {
  const struct k8smi_counter like = {.terms = term, .term_count = 1, .counts_agent = counts_agent};
  struct k8sm_slice key = counters_key(all, (char)('0' + flags), term->topology, term, 1, which);
  if (key.ptr == NULL) return K8SMI_ROW_NONE;
  uint32_t found = k8smi_map_get(&all->by_key, key);
  return found != K8SMI_MAP_NONE ? found : counters_new(all, &like, term->topology, key);
}

uint32_t k8smi_counter_get_instances(struct k8smi_counters *all, struct k8sm_slice instances,
                                     struct k8sm_slice topology, bool groups) {
  const struct k8smi_counter like = {.instances = instances, .groups = groups};
  struct k8sm_slice key = counters_key(all, groups ? 'g' : 'i', topology, NULL, 0, instances);
  if (key.ptr == NULL) return K8SMI_ROW_NONE;
  uint32_t found = k8smi_map_get(&all->by_key, key);
  return found != K8SMI_MAP_NONE ? found : counters_new(all, &like, topology, key);
}
