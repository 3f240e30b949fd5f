/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_PLACEMENT_H
#define K8SMI_DEMAND_PLACEMENT_H

/* What a pod says about where it may go, taken from it once. match/ decides by it.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ */

#include "demand/constraints.h"

/* Of a node affinity: all of both must hold. */
struct k8smi_node_term {
  struct k8smi_expressions labels;
  struct k8smi_expressions fields; /* of metadata.name */
  int32_t weight;                  /* of a preferred one */
};
struct k8smi_node_terms {
  const struct k8smi_node_term *items;
  size_t count;
};

/* Which pods a term speaks of, and the topology in which it counts them. */
struct k8smi_pod_term {
  struct k8sm_slice topology;        /* key of a node label */
  struct k8sm_slice key;             /* equal bytes: the same pods, whatever the topology */
  struct k8smi_selector selector;    /* over their labels */
  struct k8smi_strings namespaces;   /* theirs, or … */
  struct k8smi_selector name_spaces; /* … those whose labels it selects */
  int32_t weight;                    /* of a preferred one; below 0: rather not there */
};
struct k8smi_pod_terms {
  const struct k8smi_pod_term *items;
  size_t count;
};

struct k8smi_spread_term {
  struct k8smi_pod_term pods;
  int32_t max_skew;
  int32_t min_domains;
  bool soft;            /* ScheduleAnyway */
  bool honour_affinity; /* count only nodes that the pod's node affinity allows */
  bool honour_taints;   /* count only nodes whose taints it tolerates */
  bool self;            /* it selects the pod itself */
};
struct k8smi_spread_terms {
  const struct k8smi_spread_term *items;
  size_t count;
};

/* The reservation that a pod is for, made by an operator. */
struct k8smi_reservation_wish {
  struct k8smi_pair_list labels; /* that it has, and perhaps others */
  struct k8sm_slice principal;   /* empty: anybody's */
};

struct k8smi_placement_rules {
  struct k8sm_slice agent_key;   /* equal bytes: the same agents are refused for what they are */
  bool selects_nodes;            /* there is a required node affinity */
  struct k8smi_node_terms nodes; /* one of them must hold: terms that never can are left out */
  struct k8smi_node_terms liked_nodes;
  struct k8smi_tolerations tolerations;
  struct k8smi_strings gates; /* it is not ready to be scheduled while there are any */
  struct k8smi_pod_terms affinity;
  struct k8smi_pod_terms anti_affinity;
  struct k8smi_pod_terms liked_pods;
  struct k8smi_spread_terms spread;
  struct k8sm_slice gang; /* pods of one group are placed all at once or not at all; empty: alone */
  uint32_t gang_minimum;  /* how many of them are to run; 0: all that are there */
  struct k8smi_instance_rules constraints;
  bool exclusive;                            /* no other pod of ours on its agent */
  struct k8smi_reservation_wish reservation; /* nothing in it: none in particular */
};
/* NULL: a pod that says nothing. */
static inline bool k8smi_placement_is_gated(const struct k8smi_placement_rules *rules) {
  return rules != NULL && rules->gates.count > 0;
}

static inline bool k8smi_wishes_reservation(const struct k8smi_placement_rules *rules) {
  return rules->reservation.labels.count + rules->reservation.principal.len > 0;
}

/* True if the term speaks of a pod with these labels, in a namespace with those. */
bool k8smi_pod_term_selects(const struct k8smi_pod_term *term, struct k8sm_slice name_space,
                            struct k8smi_pair_list of_name_space, struct k8smi_pair_list labels);

#endif
