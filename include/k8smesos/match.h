/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_MATCH_H
#define K8SMESOS_MATCH_H

/* Demands + Cluster → Plan: which pod goes to which agent, with which offers and resources, and why
 * the others do not. */

#include <k8smesos/cluster.h>
#include <k8smesos/demand.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_plan; /* Value. */

enum {
  K8SM_STRATEGY_PACK = 0,     /* where the least is offered that still suffices; of many agents the one among
                                 these where cpus and memory are left most evenly */
  K8SM_STRATEGY_SPREAD = 1,   /* where the most is offered */
  K8SM_STRATEGY_FIRST_FIT = 2, /* the first by agent id */
  K8SM_STRATEGY_BALANCED = 3   /* where cpus and memory would be used most evenly */
};

/* Weights of scores are at most so much; and one that switches a score off. */
enum { K8SM_WEIGHT_MAX = 1000, K8SM_WEIGHT_NONE = 1001 };

enum {
  K8SM_MATCH_LARGEST_FIRST = 1 << 0, /* of pods with one priority those that ask the most are placed first,
                                        not those that came first: more fit, and small ones wait longer */
  K8SM_MATCH_ALL_REASONS = 1 << 1,   /* explanations: every check that refuses has a row, not the first of
                                        each agent alone */
  K8SM_MATCH_EXPLAIN = 1 << 2,       /* the plan keeps why each agent refuses the pods that have no place, see
                                        k8sm_plan_explain: time and memory for each of them and each agent */
  K8SM_MATCH_PREEMPT = 1 << 3        /* for a pod that has no place, look for pods of a lower priority that would
                                        have to end: see k8sm_plan_nominations */
};

/* How pods are placed. */
struct k8sm_match_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  uint32_t strategy;      /* K8SM_STRATEGY_* */
  uint32_t flags;         /* K8SM_MATCH_* */
  int64_t wall_ms;        /* now, in ms since 1970; 0: planned maintenance of agents is not looked at */
  int64_t maintenance_ms; /* agents whose maintenance begins within so much time take no pods, but for
                             those whose activeDeadlineSeconds ends before it; 0: one hour */
  uint32_t weight_strategy; /* of the strategy's score among those below; 0: 1 */
  uint32_t weight_balance;  /* of cpus and memory used evenly; 0: none */
  uint32_t weight_nodes;    /* of preferred node affinity; 0: 2 */
  uint32_t weight_taints;   /* of taints PreferNoSchedule; 0: 3 */
  uint32_t weight_spread;   /* of spread constraints ScheduleAnyway; 0: 2 */
  uint32_t weight_pods;     /* of preferred affinity and anti-affinity to pods, from both sides; 0: 2 */
  uint32_t good_enough;     /* where scores decide: look for places on so many percent of the agents, at
                               least 100, and take the best of these; 0: on all */
  uint32_t hard_pod_affinity; /* a pod's required affinity counts with the preferred ones of the pods near
                                 it, as one of this weight; 0: 1 */
};

/* Places the demands one after another, each all or nothing, from the offers held: those of the highest
 * priority first, and of one priority as they come. Pods of a group (spec.schedulingGroup, or the annotation
 * k8s.mesosphere.io/gang) are placed together with their first, and only if enough of them have a place: so
 * many as k8s.mesosphere.io/gang-minimum says, those that run included; else all that are there. The cluster
 * is afterwards as before: k8sm_cluster_apply spends the plan. The plan does not depend on the order in which
 * offers came.
 *  - A pod's resources all come from one agent and one role: the first of the demand's roles in which
 *    any agent has a place for it. Among several agents the strategy decides, by cpus and memory that
 *    are left there for the role (4 GiB count as one cpu); of equals the one with fewer offers, then the one
 *    whose ports are left in fewer ranges (of many such equals the first 32 by id are compared), then the first by
 *    id.
 *  - Where a pod, or one near it, prefers some agents, and for K8SM_STRATEGY_BALANCED, each agent that has a
 *    place gets scores from 0 to 100, and the largest sum of score times weight decides; of equals the
 *    former rule. See doc/scheduling.md.
 *  - Of an agent's offers as few are used as suffice. Within them reservations whose label `pod` names
 *    the pod's uid go first, then what is reserved for the role, then the rest; an amount is split
 *    over several where it must be. Reservations with other labels are used by pods that ask for them, see
 *    k8sm_demand_options; revocable and shared resources are never used; volumes and disks with a source
 *    for the persistent volumes of pods alone.
 *  - A pod that is under way goes to its agent, or nowhere.
 * Owns: *ret; the plan keeps references to the demands. Errors: NOMEM, ABI, INVALID. Pods that fit
 * nowhere are no error: see k8sm_plan_refusals. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_match(struct k8sm_cluster *cluster,
                                              struct k8sm_demand *const *demands, size_t n,
                                              const struct k8sm_match_options *options,
                                              struct k8sm_plan **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_plan *k8sm_plan_ref(struct k8sm_plan *plan);
K8SM_API void k8sm_plan_unref(struct k8sm_plan *plan);
K8SM_API uint64_t k8sm_plan_generation(const struct k8sm_plan *plan);

/* A pod that has a place. */
struct k8sm_placement {
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice role;
  uint32_t demand; /* its number among the demands of the match */
  uint32_t offers; /* how many rows of k8sm_plan_offers it has */
  struct k8sm_slice address; /* the agent's IP address, as its offers state it; may be empty */
};
K8SM_API size_t k8sm_plan_placements(const struct k8sm_plan *plan, size_t first, struct k8sm_placement *rows,
                                     size_t row_size, size_t n);

/* An offer that placements use. Placements of one agent and role share their offers: each has rows for
 * all that any of them spends from, and one ACCEPT launches them all. */
struct k8sm_plan_offer {
  struct k8sm_slice id;
  uint32_t placement;
};
K8SM_API size_t k8sm_plan_offers(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_offer *rows,
                                 size_t row_size, size_t n);

/* What a placement spends. */
struct k8sm_plan_resource {
  struct k8sm_slice name;
  struct k8sm_slice reservation; /* the role it is reserved for; empty: unreserved */
  uint32_t placement;
  uint32_t type;  /* K8SM_RESOURCE_* */
  int32_t task;   /* the demand's task that asks it; -1: the executor */
  int64_t milli;  /* SCALAR */
  uint64_t begin; /* RANGES */
  uint64_t end;
};
K8SM_API size_t k8sm_plan_resources(const struct k8sm_plan *plan, size_t first,
                                    struct k8sm_plan_resource *rows, size_t row_size, size_t n);

/* A host port of a placed pod. */
struct k8sm_plan_port {
  struct k8sm_slice container;
  struct k8sm_slice name;     /* of the port; may be empty */
  struct k8sm_slice protocol; /* "TCP", "UDP", "SCTP" */
  uint32_t placement;
  uint16_t container_port;
  uint16_t host_port;
};
K8SM_API size_t k8sm_plan_ports(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_port *rows,
                                size_t row_size, size_t n);

/* A persistent volume of a placed pod, and the disk that it is made of. A MOUNT disk is a volume as a whole: what it
 * has is the volume's capacity, however little was claimed.
 * https://mesos.apache.org/documentation/latest/multiple-disk/ */
struct k8sm_plan_volume {
  struct k8sm_slice id;   /* the persistence id */
  struct k8sm_slice root; /* where the agent has the disk; empty: its own disk, or it does not say */
  uint32_t placement;
  uint32_t volume; /* the number of its row in k8sm_demand_volumes */
  int64_t milli;   /* thousandths of a MB that it has */
  uint32_t disk;   /* K8SM_DISK_* */
  uint32_t there;  /* 1: it is there already; 0: it is made */
};
K8SM_API size_t k8sm_plan_volumes(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_volume *rows,
                                  size_t row_size, size_t n);

/* The scores of an agent that was chosen: that of the strategy, and those that decided with it. */
struct k8sm_plan_score {
  struct k8sm_slice part; /* "strategy", "balance", "nodes", "taints", "spread", "pods" */
  uint32_t placement;
  uint32_t score; /* 0 to 100 */
  uint32_t weight;
  uint32_t reserved;
};
K8SM_API size_t k8sm_plan_scores(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_score *rows,
                                 size_t row_size, size_t n);

/* A pod that has no place, and is to get one: with K8SM_MATCH_PREEMPT. On its agent it fits once its victims have
 * ended, as far as the offers held and the pods that run tell; what they held has to be offered to the role, which
 * the pod takes with a later plan. Until then pods of its priority or lower leave that room alone: those of this
 * plan, and after k8sm_cluster_apply those of later ones. Of all agents the one is chosen where the most important
 * victim has the lowest priority; then where the sum of their priorities is least, then their number; then where
 * the most important one runs for the shortest time; then the first by id. A pod that waits as nominated, has
 * preemptionPolicy Never, or belongs to a group, preempts none.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
struct k8sm_plan_nomination {
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice role;
  uint32_t demand;  /* its number among the demands of the match */
  uint32_t victims; /* how many rows of k8sm_plan_victims it has; 0: the room is being given up already */
};
K8SM_API size_t k8sm_plan_nominations(const struct k8sm_plan *plan, size_t first,
                                      struct k8sm_plan_nomination *rows, size_t row_size, size_t n);

/* A pod that is to end, with its grace, for another one. In the order of the nominations, of each the most
 * important one first. */
struct k8sm_plan_victim {
  struct k8sm_slice uid;
  struct k8sm_slice name_space;
  struct k8sm_slice name;
  int64_t priority;
  uint32_t nomination; /* its row */
  uint32_t reserved;
};
K8SM_API size_t k8sm_plan_victims(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_victim *rows,
                                  size_t row_size, size_t n);

/* Why a pod has no place: how many agents said so, one row per pod and reason, most first. An agent
 * stops at its first reason, except that all scalars of which it has too little count. */
struct k8sm_plan_refusal {
  uint32_t demand;
  uint32_t code; /* K8SM_DIAG_* of the 4xx */
  uint32_t agents;
  uint32_t reserved;
};
K8SM_API size_t k8sm_plan_refusals(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_refusal *rows,
                                   size_t row_size, size_t n);

/* The line that kube-scheduler would write, for all agents known: "0/5 nodes are available: 2 Insufficient
 * cpu, 3 agent(s) had no offer." Empty for a demand that is placed, or a number that is none. */
K8SM_API struct k8sm_slice k8sm_plan_summary(const struct k8sm_plan *plan, uint32_t demand);

/* Why each agent refuses, or not (code 0): the first check that did, or all, in the order of agent ids. Of
 * an agent that offers to several of the demand's roles, the first of these is explained. */
struct k8sm_explanation {
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice predicate; /* "cpus", "host-port", … */
  struct k8sm_slice wanted;
  struct k8sm_slice had;
  uint32_t code; /* 0: the pod fits */
  uint32_t reserved;
};
struct k8sm_explain; /* Value. */
/* Of a pod that is not placed, as the cluster was when its turn came: pods of the same plan that were placed
 * before have their share. The plan's: not to be given to k8sm_explain_unref. NULL without K8SM_MATCH_EXPLAIN,
 * for a pod that has a place, and for one that lost it because too few of its group have one. */
K8SM_API const struct k8sm_explain *k8sm_plan_explain(const struct k8sm_plan *plan, uint32_t demand);
/* Of any pod, as the cluster is now. Owns: *ret. Errors: NOMEM, ABI, INVALID. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_explain(struct k8sm_cluster *cluster, struct k8sm_demand *demand,
                                                const struct k8sm_match_options *options,
                                                struct k8sm_explain **ret, struct k8sm_diags *diags);
K8SM_API size_t k8sm_explain_rows(const struct k8sm_explain *explain, size_t first,
                                  struct k8sm_explanation *rows, size_t row_size, size_t n);
/* The agent that the fewest checks refuse, of these the one that is short of the least, and what would have to
 * be otherwise: "fits a.example if it asked for at most 1.5 cpus and tolerated dedicated=gpu:NoSchedule".
 * Empty if the pod fits somewhere, or no agent is known. */
K8SM_API struct k8sm_slice k8sm_explain_nearest(const struct k8sm_explain *explain);
K8SM_API void k8sm_explain_unref(struct k8sm_explain *explain);

#ifdef __cplusplus
}
#endif
#endif
