/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_COUNTERS_H
#define K8SMI_MATCH_COUNTERS_H

#include "base/arena.h"
#include "cluster/topology.h"

/* Pods count that all terms select; or those that have the one term themselves, as … */
enum {
  K8SMI_HOLDS_NOTHING = 0,
  K8SMI_HOLDS_ANTI_AFFINITY, /* a required one */
  K8SMI_HOLDS_AFFINITY,      /* a required one */
  K8SMI_HOLDS_LIKING,        /* a preferred one of either sort, with its weight */
};

/* Pods counted by the domains of a topology: those that run on any agent that is known, and those that the
 * match under way has placed. */
struct k8smi_counter {
  const struct k8smi_topology *topology;
  const struct k8smi_pod_term *terms;
  size_t term_count;
  uint32_t holds;              /* K8SMI_HOLDS_* */
  struct k8sm_slice instances; /* instead of terms: those of one application; ptr NULL: not these */
  bool groups;                 /* present are the domains that have pods; else those of counts_agent */
  const uint8_t *counts_agent; /* by agent: whether its pods count, and it makes a domain; NULL: all do */
  uint32_t *counts;            /* by domain */
  uint8_t *present;            /* by domain, if groups or counts_agent: some agent in it counts */
  uint32_t present_count;
  uint32_t least, at_least; /* of the domains present: the smallest count, and how many have it */
  uint64_t total;
  uint64_t outside; /* pods that are in no domain */
};

/* A pod that the match has placed. */
struct k8smi_counted {
  const struct k8sm_demand *demand;
  uint32_t agent;
};

struct k8smi_counters {
  struct k8sm_cluster *cluster;
  struct k8smi_arena *scratch;
  struct k8smi_map by_key; /* to their numbers */
  struct k8smi_counter **items;
  size_t count, cap;
  size_t holders; /* how many count pods by what they hold */
  struct k8smi_counted *placed;
  size_t placed_count;
};

/* The number of the counter for `terms` (with one, its topology; with more, that of the first), made and
 * filled if need be; NONE: memory ran out. */
uint32_t k8smi_counter_get(struct k8smi_counters *all, const struct k8smi_pod_term *terms, size_t term_count,
                           struct k8sm_slice topology, uint32_t holds);
/* The same over some agents only: `which` says which, with flags below 8. */
uint32_t k8smi_counter_get_among(struct k8smi_counters *all, const struct k8smi_pod_term *term,
                                 const uint8_t *counts_agent, struct k8sm_slice which, int flags);

/* The same of the instances of one application. */
uint32_t k8smi_counter_get_instances(struct k8smi_counters *all, struct k8sm_slice instances,
                                     struct k8sm_slice topology, bool groups);

/* How often pods like this one count: once, or as often as they have the term; 0: they don't. */
uint32_t k8smi_counter_counts(const struct k8smi_counters *all, const struct k8smi_counter *counter,
                              const struct k8sm_demand *demand);
/* A pod on an agent that counts so often, or does not any more. */
void k8smi_counter_add(struct k8smi_counter *counter, uint32_t agent, uint32_t times);
void k8smi_counter_remove(struct k8smi_counter *counter, uint32_t agent, uint32_t times);

/* How many are in the agent's domain; *ret_domain is ROW_NONE if it has none. */
static inline uint32_t k8smi_counter_at(const struct k8smi_counter *counter, uint32_t agent,
                                        uint32_t *ret_domain) {
  uint32_t domain = counter->topology->domains[agent];
  *ret_domain = domain;
  return domain == K8SMI_ROW_NONE ? 0 : counter->counts[domain];
}

#endif
