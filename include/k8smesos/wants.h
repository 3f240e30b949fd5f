/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_WANTS_H
#define K8SMESOS_WANTS_H

/* Demands + Cluster → what offers a framework wants of its master: which roles, of which agents, and for how long
 * it has no use for an offer. https://mesos.apache.org/documentation/latest/scheduler-http-api/#calls */

#include <k8smesos/cluster.h>
#include <k8smesos/demand.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_wants; /* Value. */

/* A demand that wants offers now, or at a time that is known: pods that wait, stages and restarts to come. */
struct k8sm_want {
  const struct k8sm_demand *demand; /* read only during the call; NULL: what is reserved for the framework, in any of
                                       its roles but "*" */
  struct k8sm_slice hostname;       /* of the agent that it is under way on; empty: as the cluster knows it */
  uint32_t pinned;                  /* 1: it goes to that hostname and nowhere else, whatever the demand says */
  uint32_t reserved;
  uint64_t at_mono_ms; /* when it will want offers; 0: now */
};

/* For whom. */
struct k8sm_wants_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  const char *const *roles; /* of the framework; NULL: "*" */
  size_t role_count;
  size_t max_groups; /* of agents in a role: with more than these it wants offers of all; 0: 100 */
};

/* Sums up the wants. A pod with scheduling gates wants nothing. From node selectors, required node affinity, node
 * names and the agents of pods under way come the constraints, by the table in doc/scheduling.md: they let
 * every agent pass that a demand could be placed on, and others where Mesos' constraints can't say more.
 * Owns: *ret. Errors: NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_wants_make(const struct k8sm_cluster *cluster, const struct k8sm_want *wants,
                                           size_t n, size_t want_size, const struct k8sm_wants_options *options,
                                           struct k8sm_wants **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_wants *k8sm_wants_ref(struct k8sm_wants *wants);
K8SM_API void k8sm_wants_unref(struct k8sm_wants *wants);

/* A role of the framework, in the order of the options. One without wants is to be suppressed. */
struct k8sm_wanted_role {
  struct k8sm_slice role;
  uint32_t wants;      /* how many demands may use it */
  uint32_t groups;     /* of agents that they can use; 0: any agent */
  uint64_t at_mono_ms; /* the earliest of them; 0: now */
};
K8SM_API size_t k8sm_wants_roles(const struct k8sm_wants *wants, size_t first, struct k8sm_wanted_role *rows,
                                 size_t row_size, size_t n);

/* An OfferConstraints message in protobuf, for k8sm_call_args.offer_constraints; empty if there are none. It does not
 * depend on the order of the wants. Masters know constraints from 1.11 on, and ignore them before. */
K8SM_API struct k8sm_slice k8sm_wants_constraints(const struct k8sm_wants *wants);
/* 1 if all that `wants` wants comes also under the constraints of `current`, else 0. */
K8SM_API int k8sm_wants_covered(const struct k8sm_wants *wants, const struct k8sm_wants *current);

/* 1 if something wants offers of this role and agent, now or later: *ret_at_mono_ms is when (0: now); else 0. `ret`
 * may be NULL. An offer that is not held is of no use. */
K8SM_API int k8sm_wants_offer(const struct k8sm_wants *wants, const struct k8sm_cluster *cluster,
                              struct k8sm_slice offer_id, uint64_t *ret_at_mono_ms);

/* How long offers are refused, in seconds, by reason. 0 takes the default of the field. */
struct k8sm_refuse {
  double idle;      /* nothing wants offers of this role and agent; 3,600 */
  double unsuited;  /* something does, and can't take this one; 5 */
  double leftover;  /* what an ACCEPT leaves; 5; always 0 while anything waits */
};
/* For how many seconds to refuse an offer: not beyond the time at which something will want it. */
K8SM_API double k8sm_wants_refuse_seconds(const struct k8sm_wants *wants, const struct k8sm_cluster *cluster,
                                          struct k8sm_slice offer_id, uint64_t mono_ms,
                                          const struct k8sm_refuse *refuse);

#ifdef __cplusplus
}
#endif
#endif
