/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_CLUSTER_H
#define K8SMI_CLUSTER_CLUSTER_H

/* What a Cluster holds. match/ reads it, spends from the slots' columns while it matches, and puts
 * back what it spent. Rows refer to each other by number, since tables move when they grow. */

#include <k8smesos/cluster.h>
#include "base/buf.h"
#include "base/map.h"
#include "cluster/index.h"
#include "cluster/labels.h"
#include "cluster/node.h"
#include "cluster/table.h"
#include "demand/demand.h"
#include "offer/offer.h"

struct k8smi_pool; /* match/pool.h */

enum { K8SMI_FEATURE_BITS = 13, K8SMI_AGENT_ROLES_MAX = 256 };
_Static_assert(K8SM_FEATURE_ALL == (1 << K8SMI_FEATURE_BITS) - 1, "a bit for each feature");
_Static_assert(K8SMI_FEATURE_BITS <= 15 && K8SMI_AGENT_ROLES_MAX < 1 << 16, "as wide as the agent's fields");

/* An agent: known once it was in an offer; before that, only its features may have been stated. */
struct k8smi_agent {
  struct k8smi_cell cell;
  struct k8sm_slice id;         /* a block of its own */
  struct k8smi_labels *labels;  /* of its offers; NULL: not known yet */
  struct k8smi_node *node;      /* what the caller says of it beside; NULL: nothing */
  uint32_t features : 15;       /* K8SM_FEATURE_* */
  uint32_t features_stated : 1; /* by the caller: its attribute does not count */
uint32_t slots : 16;
  uint32_t first_slot; /* chain: k8smi_cluster_slot.next */
  uint32_t executors;  /* row; ROW_NONE: it runs none; see executors.h */
  uint32_t offers;
  uint32_t first_pod; /* chain: k8smi_running.next */
  uint32_t pods;
  int64_t held[K8SMI_SCALARS]; /* by the pods that run there, as far as is known */
  uint64_t generation;         /* in which what it can do changed last */
};

/* Pods that nothing but their names tells apart: of one namespace, with the same labels and rules. */
struct k8smi_pod_kind {
  struct k8smi_cell cell;
  struct k8sm_demand *sample; /* a reference, mostly to an extract; its key is that of the map */
  uint32_t first_pod;         /* chain: k8smi_running.next_of_kind */
  uint32_t pods;
};

/* A pod that runs, or was placed and is to. */
struct k8smi_running {
  struct k8smi_cell cell;
  struct k8sm_slice uid; /* a block of its own, with namespace and name behind */
  struct k8sm_slice name_space, name;
  uint32_t agent, kind;
  uint32_t previous, next; /* of the agent */
  uint32_t previous_of_kind, next_of_kind;
  int64_t held[K8SMI_SCALARS];
  int64_t priority;
  struct k8sm_demand *holds; /* an extract: host ports, extended resources, volumes; NULL: it has none */
  bool ending;               /* what it holds comes back soon */
  bool chosen;               /* to be preempted, by the match under way */
  uint32_t former;           /* the row in whose place it came, while that may come back; NONE */
  uint64_t since;            /* the generation in which it came to its agent */
};

/* A pod that waits for room on an agent, which others are to leave to it. */
struct k8smi_nomination {
  struct k8sm_demand *demand; /* a reference */
  uint32_t agent;
  struct k8sm_slice role; /* that it will use there; a block of its own */
};

/* What one agent offers to one role: there as long as an offer of it is held. It is also a node of the
 * role's tree, see tree.h: what a way down the tree looks at lies together. */
struct k8smi_cluster_slot {
  struct k8smi_cell cell;
  int64_t key;     /* in the tree */
  uint64_t id_key; /* of the agent's id: see id_keys.h */
  uint32_t left, right;
  uint32_t size; /* of the subtree */
  uint32_t offers;
  int32_t max[K8SMI_SCALARS];  /* largest `free` in the subtree, by scalar; see k8smi_number */
  int32_t min[K8SMI_SCALARS];  /* smallest */
  int64_t free[K8SMI_SCALARS]; /* what any pod may spend of all its offers */
  struct k8smi_pool *pool;     /* of the match under way, if it spends from here; else NULL */
  uint32_t agent, role;
  uint32_t previous, next; /* of the agent */
  uint32_t first_offer;    /* chain: k8smi_held.next */
  uint32_t owned;          /* how many of the offers have resources that name a pod */
  uint32_t ports;          /* how many have ports */
};

struct k8smi_role {
  struct k8smi_cell cell;
  struct k8sm_slice name; /* a block of its own */
  uint32_t root;          /* of the tree of its slots */
  uint32_t slots;
};

/* What the caller has left of an offer that it spent from. */
struct k8smi_rest {
  struct k8smi_arena arena;
  struct k8smi_offer offer;        /* its messages and ids are those of … */
  const struct k8smi_offer *whole; /* … the offer as it came */
};

struct k8smi_held {
  struct k8smi_cell cell;
  struct k8sm_offers *owner;       /* a reference */
  const struct k8smi_offer *offer; /* as it came, or what is left of it: */
  struct k8smi_rest *rest;         /* NULL: all of it */
  uint64_t since_mono_ms;
  uint64_t generation; /* in which it came, or was spent from last */
  uint32_t slot;
  uint32_t previous, next; /* of the slot */
};

/* Numbers of rows by id, made when they are read: kept between changes. */
struct k8smi_order {
  uint32_t *rows;
  size_t count;
  size_t cap;
  bool stale;
};

/* Offers that were rescinded before they came, the latest of them. */
enum { K8SMI_RESCINDED_MAX = 1024 };
struct k8smi_rescinded {
  struct k8smi_map map;
  struct k8sm_slice ids[K8SMI_RESCINDED_MAX]; /* blocks of their own, a ring */
  size_t next;
};

/* What the ids of all agents that were known begin with; see id_keys.h. */
enum { K8SMI_ID_PREFIX_MAX = 64 };
struct k8smi_id_prefix {
  char text[K8SMI_ID_PREFIX_MAX];
  size_t len;
};

enum { K8SMI_KEY_ROOM = 0, K8SMI_KEY_NONE = 1 }; /* what orders the trees before the agent's id */

struct k8smi_blocks; /* blocks.h */
struct k8smi_topologies;
struct k8smi_answers_list;
struct k8smi_columns;
struct k8smi_namespace;

struct k8sm_cluster {
  struct k8sm_allocator allocator;
  uint64_t max_agents;
  uint32_t features;
  uint32_t key_by; /* K8SMI_KEY_* */
  uint64_t generation;
  uint64_t seed; /* of hashes and priorities; nothing that is read depends on it */
  struct k8smi_id_prefix *id_prefix;
  struct k8smi_table agents, slots, roles, held, kinds, pods, volumes, executors;
  struct k8smi_map role_map, kind_map, pod_map, volume_map;
  struct k8smi_index agent_index, held_index;
  struct k8smi_label_sets label_sets;
  struct k8smi_map namespace_map; /* to their numbers */
  struct k8smi_namespace *namespaces;
  size_t namespace_count, namespace_cap;
  struct k8smi_topologies *topologies; /* made from labels when they are looked at; see topology.h */
  struct k8smi_answers_list *answers;  /* to what was asked of labels; see answers.h */
  struct k8smi_columns *columns;       /* of labels, taints and features; see columns.h */
  uint64_t label_changes;              /* counts what makes them stale */
  uint64_t pod_generation;             /* in which a pod was added last */
  struct k8smi_blocks *blocks;         /* what slots offer; see blocks.h */
  size_t exclusive;                    /* pods that run and want their agent alone */
  size_t ending;                       /* pods that run and are about to end */
  int64_t least_priority;              /* of the pods that run, at most */
  struct k8smi_nomination *nominations;
  size_t nomination_count, nomination_cap;
  size_t wanting; /* pods that run and want others near them, or not */
  struct k8smi_order *agent_order, *held_order;
  struct k8smi_rescinded *rescinded;
  struct k8smi_buf text;              /* of labels, while they are made */
  size_t known;                       /* agents */
  size_t offering;                    /* agents that have offers */
  size_t several;                     /* agents that offer to several roles */
  size_t owned;                       /* offers with resources that name a pod */
  bool loose_volumes;                 /* an offer may have a volume of which it is not known where it is */
  size_t stranded;                    /* offers with something reserved for a claim that is no volume */
  size_t lacking[K8SMI_FEATURE_BITS]; /* known agents without the feature */
  size_t tainted;                     /* known agents that some pods must not go to: taints, cordons */
  size_t shied;                       /* known agents with a taint PreferNoSchedule */
  size_t leaving;                     /* known agents with planned maintenance */
};

/* What stands for thousandths where there is little room: the largest number stands for what is more, too. */
static inline int32_t k8smi_number(int64_t milli) {
  return milli > INT32_MAX ? INT32_MAX : milli < 0 ? -1 : (int32_t)milli;
}

static inline struct k8smi_agent *k8smi_agent_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->agents, row);
}
static inline struct k8smi_cluster_slot *k8smi_slot_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->slots, row);
}
static inline struct k8smi_role *k8smi_role_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->roles, row);
}
static inline struct k8smi_held *k8smi_held_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->held, row);
}

/* By their ids; ROW_NONE: there is none. */
static inline uint32_t k8smi_agent_find(const struct k8sm_cluster *c, struct k8sm_slice id) {
  return k8smi_index_get(c, &c->agent_index, id);
}
static inline uint32_t k8smi_held_find(const struct k8sm_cluster *c, struct k8sm_slice id) {
  return k8smi_index_get(c, &c->held_index, id);
}

/* A label of an agent that is known: the caller's word comes first, then the hostname, then what offers say.
 */
static inline struct k8sm_slice k8smi_agent_label(const struct k8smi_agent *agent, struct k8sm_slice key) {
  struct k8sm_slice value = {NULL, 0};
  if (agent->node != NULL) value = k8smi_pairs_get(agent->node->labels, key);
  if (value.ptr != NULL) return value;
  if (k8smi_eqs(key, K8SMI_LABEL_HOSTNAME)) return k8smi_hostname(agent->labels);
  return k8smi_label_set_get(agent->labels->set, key);
}
/* Its taints: the caller's, then those of its attributes. NULL behind the last. */
static inline const struct k8smi_taint *k8smi_agent_taint(const struct k8smi_agent *agent, size_t i) {
  const size_t own = agent->node == NULL ? 0 : agent->node->taints.count;
  if (i < own) return &agent->node->taints.items[i];
  const struct k8smi_taints taints = k8smi_label_set_taints(agent->labels->set);
  return i - own < taints.count ? &taints.items[i - own] : NULL;
}
static inline bool k8smi_agent_is_cordoned(const struct k8smi_agent *agent) {
  return agent->node != NULL && agent->node->unschedulable;
}
/* Some pods must not go there. */
static inline bool k8smi_agent_is_tainted(const struct k8smi_agent *agent) {
  const struct k8smi_taint *taint;
  bool tainted = k8smi_agent_is_cordoned(agent);
  for (size_t i = 0; !tainted && (taint = k8smi_agent_taint(agent, i)) != NULL; i++)
    tainted = taint->effect != K8SMI_EFFECT_PREFER;
  return tainted;
}

static inline struct k8smi_pod_kind *k8smi_kind_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->kinds, row);
}
static inline struct k8smi_running *k8smi_running_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->pods, row);
}

/* pods.c: notes that the pod of a demand is on an agent. Where it was before stays until that is settled, or
 * taken back, by the pod's row. The caller counts the generation. Errors: NOMEM: nothing changed. */
int k8smi_pod_put(struct k8sm_cluster *cluster, const struct k8sm_demand *demand, uint32_t agent);
void k8smi_pod_settle(struct k8sm_cluster *cluster, uint32_t row);
void k8smi_pod_take_back(struct k8sm_cluster *cluster, uint32_t row);
void k8smi_pod_drop(struct k8sm_cluster *cluster, uint32_t row);

/* nominations.c: of a pod; NULL: none. Takes one out; those of an agent, or all. */
struct k8smi_nomination *k8smi_nomination_of(const struct k8sm_cluster *cluster, struct k8sm_slice uid);
void k8smi_nomination_end(struct k8sm_cluster *cluster, struct k8smi_nomination *nomination);
void k8smi_nominations_end_at(struct k8sm_cluster *cluster, uint32_t agent);
void k8smi_nominations_free(struct k8sm_cluster *cluster);
/* Nominates an agent that is known. The caller counts the generation. Errors: NOMEM: nothing changed. */
int k8smi_nominate(struct k8sm_cluster *cluster, const struct k8sm_demand *demand, uint32_t agent,
                   struct k8sm_slice role);
/* pods.c: the pod is about to end. */
void k8smi_pod_set_ending(struct k8sm_cluster *cluster, uint32_t row);

/* namespaces.c: the labels of a namespace. One that was not handed in has its name only, written to
 * `scratch`. */
struct k8smi_pair_list k8smi_namespace_labels(const struct k8sm_cluster *cluster, struct k8sm_slice name,
                                              struct k8smi_pair *scratch);
void k8smi_namespaces_free(struct k8sm_cluster *cluster);

/* text.c: a copy in a block of its own (false when memory ran out), and its end. */
bool k8smi_text_own(const struct k8sm_allocator *allocator, struct k8sm_slice text, struct k8sm_slice *ret);
void k8smi_text_free(const struct k8sm_allocator *allocator, struct k8sm_slice text);

/* rest.c: what a caller took of an offer held, by the number of the resource. `moved` says how much goes from
 * what is left to what is taken, or back; values of none are empty. *ret_rest is what the offer then has:
 * NULL if that is all. False when memory ran out. */
bool k8smi_rest_make(const struct k8sm_allocator *allocator, const struct k8smi_held *held,
                     const struct k8smi_value *moved, bool back, struct k8smi_rest **ret_rest);
void k8smi_rest_free(struct k8smi_rest *rest);
/* How much of a resource is taken. False when memory ran out. */
bool k8smi_rest_taken(struct k8smi_arena *arena, const struct k8smi_held *held, size_t resource,
                      struct k8smi_value *ret);

/* Drops an offer held, by its number. Never fails. The caller counts the generation. */
void k8smi_cluster_drop(struct k8sm_cluster *cluster, uint32_t held);

/* agents.c: the row of an id, made if need be. Errors: NOMEM, LIMIT. */
int k8smi_agent_get(struct k8sm_cluster *cluster, struct k8sm_slice id, uint32_t *ret);
/* The master has lost the agent: its offers go, and it is forgotten, unless volumes of claims are on it.
 * Those are waited for, as they may come back with it. */
void k8smi_cluster_lose_agent(struct k8sm_cluster *cluster, struct k8sm_slice agent_id);
/* Forgets an agent, which has no offers. */
void k8smi_agent_forget(struct k8sm_cluster *cluster, uint32_t row);
/* Replaces the labels (NULL: not known), and keeps the counts right. Returns the old ones. */
struct k8smi_labels *k8smi_agent_set_labels(struct k8sm_cluster *cluster, uint32_t row,
                                            struct k8smi_labels *labels);

/* order.c: the known agents, and the offers held, in the order of their ids. */
const struct k8smi_order *k8smi_agents_in_order(const struct k8sm_cluster *cluster);
const struct k8smi_order *k8smi_held_in_order(const struct k8sm_cluster *cluster);
/* Takes an offer that is about to be dropped out of the order, so that dropping many between reads does
 * not sort them anew each time. */
void k8smi_order_drop_held(const struct k8sm_cluster *cluster, uint32_t row);
/* Makes room for `count` rows. False when memory ran out. */
bool k8smi_order_reserve(struct k8smi_order *order, const struct k8sm_allocator *allocator, size_t count);

/* rescinded.c */
void k8smi_rescinded_init(struct k8smi_rescinded *r, const struct k8sm_allocator *allocator, uint64_t seed);
void k8smi_rescinded_clear(struct k8smi_rescinded *r);
/* Remembers an id, at the cost of the oldest. Without memory it is not remembered: the offer will
 * come in, and be refused by the master when it is used. */
void k8smi_rescinded_put(struct k8smi_rescinded *r, struct k8sm_slice id);
bool k8smi_rescinded_has(const struct k8smi_rescinded *r, struct k8sm_slice id);
void k8smi_rescinded_remove(struct k8smi_rescinded *r, struct k8sm_slice id);

#endif
