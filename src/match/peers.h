/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_PEERS_H
#define K8SMI_MATCH_PEERS_H

#include "match/counters.h"
#include "match/predicates.h"

/* A constraint of a pod, as it is for the agents of this cluster. */
struct k8smi_instance_view {
  const struct k8smi_topology *topology; /* the field's label */
  uint8_t *holds;   /* by domain: 2: what it says of the value alone holds, 1: it does not */
  uint32_t counter; /* of the instances; ROW_NONE: it does not look at them */
};

/* Pods of one kind in a match: which counters they look at, and which count them. */
struct k8smi_peer {
  const struct k8sm_demand *sample;
  uint32_t *spread;                  /* counters, by term; those of ScheduleAnyway too */
  uint32_t *affinity;                /* by term; each counts the pods that all terms select */
  uint32_t *anti;                    /* by term */
  uint32_t *liked;                   /* by term of liked_pods */
  struct k8smi_instance_view *rules; /* by constraint */
  bool self;                         /* its terms of affinity all select itself */
  uint32_t *shunned;                 /* counters of pods that keep it away */
  size_t shunned_count;
  uint32_t *liking; /* counters of pods that like it near them, or do not */
  size_t liking_count;
  uint32_t *adds; /* counters that count it */
  size_t add_count;
  size_t seen; /* counters that were there when the three lists were made */
  size_t cap;  /* of each list */
};

struct k8smi_peers {
  struct k8smi_counters counters;
  struct k8smi_map by_kind; /* to their numbers */
  struct k8smi_map among;   /* which agents count for a spread, by what decides it: to the number in … */
  uint8_t **agents_among;   /* by agent, each */
  size_t among_count, among_cap;
  struct k8smi_peer **items;
  size_t count, cap;
  struct k8sm_diags *diags;
  bool shunning;       /* the pods that run and keep others away are counted */
  bool required_likes; /* pods with a required affinity like those that it selects near them */
  uint32_t *occupants; /* by agent: pods; made when the first comes that wants its agent alone */
  uint32_t *alone;     /* by agent: such pods */
};

/* For a match that places up to `pods`. False when memory ran out. */
bool k8smi_peers_begin(struct k8smi_peers *peers, struct k8sm_cluster *cluster, struct k8smi_arena *scratch,
                       size_t pods, struct k8sm_diags *diags);
void k8smi_peers_end(struct k8smi_peers *peers);

/* Looks up what the checks of a pod need; pods that no others matter for have nothing. May take a row off the
 * need. False when memory ran out. */
bool k8smi_peers_find(struct k8smi_peers *peers, struct k8smi_need *need, const struct k8smi_peer **ret);
/* A pod was placed on an agent. False when memory ran out. */
bool k8smi_peers_placed(struct k8smi_peers *peers, const struct k8smi_need *need, uint32_t agent);
/* The pod that was placed last, of those that still are, is not. */
bool k8smi_peers_taken_back(struct k8smi_peers *peers, const struct k8smi_need *need);

/* The same of any of those that still are. */
bool k8smi_peers_not_placed(struct k8smi_peers *peers, const struct k8smi_need *need, uint32_t agent);
/* As if a pod that runs did not, and as it is again: for all that is counted now. */
void k8smi_peers_leave(struct k8smi_peers *peers, const struct k8sm_demand *sample, uint32_t agent);
void k8smi_peers_return(struct k8smi_peers *peers, const struct k8sm_demand *sample, uint32_t agent);

/* The first spread constraint that an agent breaks, and how. */
enum { K8SMI_SPREAD_FITS = 0, K8SMI_SPREAD_NO_LABEL, K8SMI_SPREAD_SKEWED };
int k8smi_spread_verdict(const struct k8smi_match_check *check, size_t *ret_term);
/* The least count that a domain has, as the constraint sees it. */
uint32_t k8smi_spread_least(const struct k8smi_counter *counter, const struct k8smi_spread_term *term);
/* The first term that is not met; SIZE_MAX: none. */
size_t k8smi_affinity_unmet(const struct k8smi_match_check *check);
size_t k8smi_anti_affinity_met(const struct k8smi_match_check *check);
/* instances.c: looks up what the pod's constraints are in this cluster. False when memory ran out. */
bool k8smi_instances_find(struct k8smi_peers *peers, const struct k8smi_need *need, struct k8smi_peer *peer);
/* The first constraint with the operator K8SMI_INSTANCE_* that does not hold for the agent; SIZE_MAX: none.
 */
size_t k8smi_rule_broken(const struct k8smi_match_check *check, uint32_t op);

/* True if the pod, or one there, wants its agent alone. */
bool k8smi_is_excluded(const struct k8smi_match_check *check);
/* The first counter of pods that keep it away from the agent; NULL: none. */
const struct k8smi_counter *k8smi_shunned_by(const struct k8smi_match_check *check);

#endif
