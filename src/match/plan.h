/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_PLAN_H
#define K8SMI_MATCH_PLAN_H

/* What a Plan holds: match/ makes it, task/ reads it. */

#include <k8smesos/match.h>
#include "base/arena.h"
#include "base/refs.h"
#include "demand/demand.h"
#include "wire/mesos.h"

/* Resources in Mesos' own form, ready for the call: parts of what the offers gave, with their
 * allocation_info and reservations (shared with the offer's message: not to be changed). */
struct k8smi_resources {
  K8smMesos__Resource **items;
  size_t count;
};

/* A volume of the demand: as an offer has it, or the disk that it is to be made of. */
struct k8smi_plan_volume {
  K8smMesos__Resource *resource;
  bool there;
};

/* What scores an agent gets, in the order of the rows; see score.h. */
enum {
  K8SMI_SCORE_STRATEGY = 0,
  K8SMI_SCORE_BALANCE,
  K8SMI_SCORE_NODES,
  K8SMI_SCORE_TAINTS,
  K8SMI_SCORE_SPREAD,
  K8SMI_SCORE_PODS,
  K8SMI_SCORES
};

/* How much of an agent was in use with the pod there, of how much there is: cpus, then memory. */
struct k8smi_use {
  int64_t used[2];
  int64_t size[2];
};

struct k8smi_placement {
  uint32_t demand; /* number in the plan's demands */
  struct k8sm_slice framework_id;
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice address; /* of the agent, as its offer has it; empty: it has none */
  struct k8sm_slice role;
  struct k8smi_strings offer_ids; /* sorted; all that placements on this agent and role spend from */
  struct k8smi_resources executor;
  struct k8smi_resources *tasks;     /* one for each task of the demand; empty for those not launched */
  struct k8smi_resources spare;      /* for later stages: no task of now has them */
  struct k8smi_plan_volume *volumes; /* one for each of the demand */
  uint16_t *host_ports;              /* one for each port of the demand; 0: none */
  struct k8smi_use use;
  uint8_t scores[K8SMI_SCORES];   /* but that of the strategy, which follows from the use */
  uint16_t weights[K8SMI_SCORES]; /* 0: it did not decide */
  size_t first_offer, first_resource, first_port, first_volume,
      first_score; /* the numbers of its first rows */
};

struct k8smi_victims {
  struct k8sm_plan_victim *items; /* texts are the plan's */
  size_t count, cap;
};
struct k8smi_nominated {
  struct k8sm_plan_nomination *items;
  size_t count, cap;
};

struct k8sm_plan {
  k8smi_refs refs;
  struct k8smi_arena arena;
  uint64_t generation;
  struct k8sm_demand **demands; /* references */
  size_t demand_count;
  struct k8sm_offers **sources; /* references: ids and parts of resources are theirs */
  size_t source_count;
  struct k8smi_placement *placements; /* in the order of the demands */
  size_t placement_count;
  struct k8smi_nominated nominated;
  struct k8smi_victims victims;
  struct k8sm_plan_refusal *refusals;
  size_t refusal_count;
  struct k8sm_slice *summaries;   /* one for each demand; empty when placed */
  struct k8sm_explain **explains; /* one for each demand, or NULL; NULL: they were not asked for */
  size_t offer_rows, resource_rows, port_rows, volume_rows, score_rows;
  uint32_t strategy;
};

/* use.c: from 0 to 100: what the strategy makes of a use, and how even it is. */
int64_t k8smi_use_score(const struct k8smi_use *use, uint32_t strategy);
int64_t k8smi_use_balance(const struct k8smi_use *use);
/* How bad a use is for packing: what is left unevenly, of cpus without memory or the other way round. */
int64_t k8smi_use_waste(const struct k8smi_use *use);

/* Gives the rows of all placements their numbers, when the plan is whole. */
void k8smi_plan_number_rows(struct k8sm_plan *plan);

#endif
