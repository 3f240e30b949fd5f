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
 * allocation_info and reservations. */
struct k8smi_resources {
  K8smMesos__Resource **items;
  size_t count;
};

struct k8smi_placement {
  uint32_t demand; /* number in the plan's demands */
  struct k8sm_slice framework_id;
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice role;
  struct k8smi_strings offer_ids; /* sorted; all offers of this agent and role that the ACCEPT names */
  struct k8smi_resources executor;
  struct k8smi_resources *tasks; /* one for each task of the demand; empty for those not launched */
  uint16_t *host_ports;          /* one for each port of the demand; 0: none */
};

struct k8sm_plan {
  k8smi_refs refs;
  struct k8smi_arena arena;
  uint64_t generation;
  struct k8sm_demand **demands; /* references */
  size_t demand_count;
  struct k8smi_placement *placements; /* in the order of the demands */
  size_t placement_count;
  struct k8sm_plan_refusal *refusals;
  size_t refusal_count;
  struct k8sm_slice *summaries; /* one for each demand; empty when placed */
};

#endif
