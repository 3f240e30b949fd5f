/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_PREDICATES_H
#define K8SMI_MATCH_PREDICATES_H

#include "match/pool.h"

/* What keeps a pod from an agent, in the order of the checks: one row each. */

struct k8smi_match_check {
  const struct k8sm_cluster *cluster;
  const struct k8smi_need *need;
  const struct k8smi_answers *same; /* what agents answered to pods like this; NULL: ask them */
  bool is_new;                      /* the first pod like this: agents have just answered */
  const struct k8smi_peers *peers;
  const struct k8smi_peer *peer;   /* in these, the pods that matter to it; NULL: none do */
  const struct k8smi_holds *holds; /* the room that others are waiting for; NULL: none */
  const struct k8smi_agent *agent;
  uint32_t agent_row;
  const struct k8smi_demand_extended *extended; /* that a text is about */
  uint32_t rule;                                /* K8SMI_INSTANCE_* of the constraint that a text is about */
  const struct k8smi_cluster_slot *slot;        /* for the checks of a role's resources */
};

struct k8smi_holds; /* holds.h */

enum {
  K8SMI_SCOPE_AGENT = 0,    /* of the agent; the first that refuses ends the checks */
  K8SMI_SCOPE_SLOT = 1,     /* of what it offers to a role; the first that refuses ends them too */
  K8SMI_SCOPE_RESOURCE = 2, /* the same, but all that refuse are counted */
  K8SMI_SCOPE_PODS = 3      /* of the pods there and elsewhere; looked at if nothing else refuses */
};

struct k8smi_predicate {
  uint32_t code;     /* K8SM_DIAG_* */
  uint32_t scope;    /* K8SMI_SCOPE_* */
  const char *name;  /* in explanations */
  const char *words; /* in the summary: "3 " and these */
  /* Can it refuse the pod anywhere in this cluster? NULL: yes. */
  bool (*applies)(const struct k8sm_cluster *cluster, const struct k8smi_need *need);
  bool (*refuses)(const struct k8smi_match_check *check);
  void (*wanted)(const struct k8smi_match_check *check, struct k8smi_buf *to);
  void (*had)(const struct k8smi_match_check *check, struct k8smi_buf *to);
  /* What would have to be otherwise, behind "fits AGENT if ". */
  void (*remedy)(const struct k8smi_match_check *check, struct k8smi_buf *to);
  uint32_t rule; /* K8SMI_INSTANCE_* of a constraint */
};

/* The numbers of those rows that are spoken of elsewhere. */
enum {
  K8SMI_BY_GATES = 0,
  K8SMI_BY_PIN = 1,
  K8SMI_BY_NAME = 2,
  K8SMI_BY_UNSCHEDULABLE = 3,
  K8SMI_BY_TAINT = 4,
  K8SMI_BY_SELECTOR = 5,
  K8SMI_BY_MAINTENANCE = 9,
  K8SMI_BY_FEATURES = 10,
  K8SMI_BY_VOLUME = 11,
  K8SMI_BY_OFFER = 12
};
enum { K8SMI_BY_ROLE = 13, K8SMI_BY_RESERVATION = 14, K8SMI_BY_PORTS = 15, K8SMI_BY_NO_VOLUME = 16 };
enum { K8SMI_BY_STORAGE = 17, K8SMI_BY_SCALAR = 18, K8SMI_BY_SPREAD_LABEL = 21, K8SMI_BY_AFFINITY = 23 };
enum { K8SMI_BY_SHUNNED = 25, K8SMI_BY_EXCLUSIVE = 26, K8SMI_PREDICATES = 31 };
extern const struct k8smi_predicate k8smi_predicates[K8SMI_PREDICATES];

/* Behind the rows come as many as the pod asks for extended resources, all alike: of scope RESOURCE, with
 * words that have the name. */
enum { K8SMI_REASONS = K8SMI_PREDICATES + K8SMI_EXTENDED_MAX };
struct k8smi_predicate k8smi_reason(const struct k8smi_need *need, int number);

/* Sets of rows are bits by their numbers. These are what the tree of a role answers. */
#define K8SMI_ROW(n)     (UINT64_C(1) << (n))
#define K8SMI_ROWS_AGENT (K8SMI_ROW(K8SMI_BY_OFFER + 1) - 1) /* of K8SMI_SCOPE_AGENT */
#define K8SMI_ROWS_PLAIN                                                                                     \
  (K8SMI_ROW(K8SMI_BY_OFFER) | K8SMI_ROW(K8SMI_BY_ROLE) | K8SMI_ROW(K8SMI_BY_SCALAR) |                       \
   K8SMI_ROW(K8SMI_BY_SCALAR + 1) | K8SMI_ROW(K8SMI_BY_SCALAR + 2))

#define K8SMI_ROWS_SCALARS (K8SMI_ROW(K8SMI_BY_SCALAR) * 7)
#define K8SMI_ROWS_PODS    (~(K8SMI_ROW(K8SMI_BY_SCALAR + K8SMI_SCALARS) - 1)) /* of K8SMI_SCOPE_PODS */

/* The first of some rows in the order of the checks, in which extended resources follow the scalars. */
static inline int k8smi_first_reason(uint64_t rows) {
  uint64_t extended = rows & ~(K8SMI_ROW(K8SMI_PREDICATES) - 1);
  uint64_t before_pods = (rows & ~K8SMI_ROWS_PODS) != 0 ? rows & ~K8SMI_ROWS_PODS : extended;
  return __builtin_ctzll(before_pods != 0 ? before_pods : rows);
}

/* Of those that are not of K8SMI_SCOPE_AGENT what no pod's end changes: volumes outlive their pods. */
#define K8SMI_ROWS_NOT_HELPED                                                                                \
  (K8SMI_ROW(K8SMI_BY_STORAGE) | K8SMI_ROW(K8SMI_BY_SPREAD_LABEL) | K8SMI_ROW(K8SMI_BY_AFFINITY))

/* The rows that can refuse a pod. */
uint64_t k8smi_predicates_applying(const struct k8sm_cluster *cluster, const struct k8smi_need *need);

/* Checks return the rows that refuse; 0: fits. */
uint64_t k8smi_check_agent(struct k8smi_match_check *check, uint32_t agent);
uint64_t k8smi_check_slot(struct k8smi_match_check *check, uint32_t slot);
/* All checks, for each role of the demand until one fits: its slot, or for an explanation the one whose
 * refusal counts, is the check's. Refusals are those of the first role that is offered anything. */
uint64_t k8smi_check_all(struct k8smi_match_check *check, uint32_t agent, uint32_t *ret_slot);

/* Every row that refuses, whatever others do; of the first role of the demand that the agent offers to. */
uint64_t k8smi_check_every(struct k8smi_match_check *check, uint32_t agent);
/* The same, as if the pod could use the role of the slot. */
uint64_t k8smi_check_every_of_slot(struct k8smi_match_check *check, uint32_t slot);

/* The rows of K8SMI_SCOPE_PODS alone, for the agent that is set. */
uint64_t k8smi_check_pods(const struct k8smi_match_check *check);

/* Would these rows refuse? For spread, which counts only agents that they do not. */
bool k8smi_refused_by_selector(const struct k8smi_match_check *check);
bool k8smi_refused_by_taints(const struct k8smi_match_check *check);

/* look.c: the first pair of the node selector that the agent does not have; NULL: none. */
const struct k8smi_pair *k8smi_selector_mismatch(const struct k8smi_match_check *check);
/* Whether a term of a node affinity holds, and what of it does not: NULL if all does. */
const struct k8smi_expression *k8smi_node_term_mismatch(const struct k8smi_agent *agent,
                                                        const struct k8smi_node_term *term);
bool k8smi_node_affinity_holds(const struct k8smi_agent *agent, const struct k8smi_placement_rules *rules);
/* The first taint that keeps the pod away; NULL: none. */
const struct k8smi_taint *k8smi_untolerated_taint(const struct k8smi_agent *agent,
                                                  const struct k8smi_placement_rules *rules);
/* How many ports it may spend. */
size_t k8smi_slot_ports(const struct k8smi_match_check *check);
/* The first volume of the pod that another agent has; or that this one has, and the slot does not offer,
 * or that can't be made of the slot's disk though there is enough. NULL: none. */
const struct k8smi_demand_volume *k8smi_volume_elsewhere(const struct k8smi_match_check *check);
const struct k8smi_demand_volume *k8smi_volume_not_offered(const struct k8smi_match_check *check);
bool k8smi_slot_has_volume(const struct k8smi_match_check *check, struct k8sm_slice id);
/* reservation.c: does the slot offer any of the reservation that the pod is for? */
bool k8smi_has_reservation(const struct k8smi_match_check *check);
/* The first host port that is not to be had; 0: none. */
uint16_t k8smi_missing_port(const struct k8smi_match_check *check);
bool k8smi_slot_has_port(const struct k8smi_match_check *check, uint16_t port);
/* What the pod may spend of a scalar: with what names it. */
int64_t k8smi_slot_has(const struct k8smi_match_check *check, uint32_t scalar);
int64_t k8smi_slot_has_extended(const struct k8smi_match_check *check, struct k8sm_slice mesos);

#endif
