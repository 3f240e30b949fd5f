/* SPDX-License-Identifier: Apache-2.0 */
/* What runs have gone through: a simulation that never comes to the hard moments proves nothing about them.
 */
#include "sim/sim.h"
#include "base/slice.h"

#include <stdio.h>

enum { SEEN_SEEDS_MIN = 2000, SEEN_ONE_IN = 1000 };

static const char *const seen_names[SIM_SEENS] = {
    [SIM_SEEN_LOST_KILL] = "a KILL was lost",
    [SIM_SEEN_LOST_ACK] = "an acknowledgement was lost",
    [SIM_SEEN_LOST_UPDATE] = "an update was lost",
    [SIM_SEEN_LOST_OPERATION_ACK] = "an acknowledgement of an operation was lost",
    [SIM_SEEN_LOST_OPERATION_UPDATE] = "a status of an operation was lost",
    [SIM_SEEN_OFFER_GONE] = "an offer was gone when its ACCEPT came",
    [SIM_SEEN_RIVAL_TOOK] = "another framework took what had been offered to us",
    [SIM_SEEN_TORN_LAUNCH] = "an agent's process died in a launch",
    [SIM_SEEN_EXECUTOR_DIED] = "an executor died",
    [SIM_SEEN_UNREACHABLE] = "an agent was unreachable",
    [SIM_SEEN_REREGISTERED] = "an agent came back with its tasks",
    [SIM_SEEN_GONE] = "a task was gone from its agent",
    [SIM_SEEN_GONE_BY_OPERATOR] = "an agent was given up",
    [SIM_SEEN_UNKNOWN] = "a master knew neither task nor agent",
    [SIM_SEEN_DRAINED] = "an agent was drained",
    [SIM_SEEN_STICKY_HEALTH] = "a task ended as unhealthy whose health nobody looks at",
    [SIM_SEEN_LAGGING_COPY] = "a copy told of a task as it was before",
    [SIM_SEEN_LEFT_BEHIND] = "an agent brought back what was left of pods that were gone",
    [SIM_SEEN_CUT_IN_EVENT] = "a stream broke in the middle of an event",
    [SIM_SEEN_CRASH] = "the process died between two effects",
    [SIM_SEEN_CUT_ROW] = "a row was cut short",
    [SIM_SEEN_REFUSED] = "a record was refused",
    [SIM_SEEN_FORGOTTEN] = "the record was lost",
    [SIM_SEEN_WALL_BACK] = "the wall clock went back",
    [SIM_SEEN_OPERATION_REFUSED] = "an operation was refused",
    [SIM_SEEN_OPERATION_DROPPED] = "an operation never came to its agent",
    [SIM_SEEN_OPERATION_PENDING] = "a master did not know yet whether an operation was done",
};

/* Nobody looks at its health: the executor had killed another one for that. */
static bool seen_is_sticky(const struct sim *s, const K8smMesos__TaskStatus *u) {
  if (!u->has_healthy || u->healthy) return false;
  K8SMI_EACH(link, (struct k8smi_link *)(uintptr_t)&s->local->frameworks) {
    const struct local_framework *framework = K8SMI_OF(link, local_framework, link);
    const struct local_task *task = k8smi_local_index_get(&framework->task_index, k8smi_s(u->task_id->value));
    if (task != NULL && task->info->health_check == NULL) return true;
  }
  return false;
}

static bool seen_is_lagging(const struct sim *s, const K8smMesos__TaskStatus *u) {
  const struct sim_task *t = sim_truth_task(s, k8smi_s(u->task_id->value));
  return u->has_reason && u->reason == K8SM_MESOS__TASK_STATUS__REASON__REASON_RECONCILIATION &&
         u->state == K8SM_MESOS__TASK_STATE__TASK_RUNNING && t != NULL && !t->live;
}

void sim_seen_update(struct sim *s, const K8smMesos__TaskStatus *u) {
  static const struct {
    int state, reason; /* -1: any */
    enum sim_seen seen;
  } rows[] = {
      {-1, K8SM_MESOS__TASK_STATUS__REASON__REASON_INVALID_OFFERS, SIM_SEEN_OFFER_GONE},
      {-1, K8SM_MESOS__TASK_STATUS__REASON__REASON_EXECUTOR_TERMINATED, SIM_SEEN_EXECUTOR_DIED},
      {-1, K8SM_MESOS__TASK_STATUS__REASON__REASON_AGENT_REREGISTERED, SIM_SEEN_REREGISTERED},
      {-1, K8SM_MESOS__TASK_STATUS__REASON__REASON_AGENT_DRAINING, SIM_SEEN_DRAINED},
      {K8SM_MESOS__TASK_STATE__TASK_UNREACHABLE, -1, SIM_SEEN_UNREACHABLE},
      {K8SM_MESOS__TASK_STATE__TASK_GONE, -1, SIM_SEEN_GONE},
      {K8SM_MESOS__TASK_STATE__TASK_GONE_BY_OPERATOR, -1, SIM_SEEN_GONE_BY_OPERATOR},
      {K8SM_MESOS__TASK_STATE__TASK_UNKNOWN, -1, SIM_SEEN_UNKNOWN},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    bool state = rows[i].state < 0 || rows[i].state == (int)u->state;
    bool reason = rows[i].reason < 0 || (u->has_reason && rows[i].reason == (int)u->reason);
    if (state && reason) s->seen[rows[i].seen]++;
  }
  if (seen_is_sticky(s, u)) s->seen[SIM_SEEN_STICKY_HEALTH]++;
  if (seen_is_lagging(s, u)) s->seen[SIM_SEEN_LAGGING_COPY]++;
}

void sim_seen_operation(struct sim *s, const K8smMesos__OperationStatus *status) {
  if (status->state == K8SM_MESOS__OPERATION_STATE__OPERATION_ERROR) s->seen[SIM_SEEN_OPERATION_REFUSED]++;
  if (status->state == K8SM_MESOS__OPERATION_STATE__OPERATION_DROPPED) s->seen[SIM_SEEN_OPERATION_DROPPED]++;
  if (status->state == K8SM_MESOS__OPERATION_STATE__OPERATION_PENDING) s->seen[SIM_SEEN_OPERATION_PENDING]++;
}

void sim_seen_add(const struct sim *s, uint64_t *seeds) {
  static const enum sim_seen lost[K8SMI_LOCAL_MESSAGES] = {
      [K8SMI_LOCAL_KILLS] = SIM_SEEN_LOST_KILL,
      [K8SMI_LOCAL_ACKNOWLEDGEMENTS] = SIM_SEEN_LOST_ACK,
      [K8SMI_LOCAL_UPDATES] = SIM_SEEN_LOST_UPDATE,
      [K8SMI_LOCAL_OPERATION_ACKNOWLEDGEMENTS] = SIM_SEEN_LOST_OPERATION_ACK,
      [K8SMI_LOCAL_OPERATION_UPDATES] = SIM_SEEN_LOST_OPERATION_UPDATE,
  };
  for (size_t i = 0; i < K8SMI_LOCAL_MESSAGES; i++) seeds[lost[i]] += s->local->lost[i] != 0;
  for (size_t i = 0; i < SIM_SEENS; i++) seeds[i] += s->seen[i] != 0;
}

void sim_seen_print(const uint64_t *seeds) {
  for (size_t i = 0; i < SIM_SEENS; i++) printf("%9llu  %s\n", (unsigned long long)seeds[i], seen_names[i]);
}

bool sim_seen_enough(const uint64_t *seeds, uint64_t count) {
  bool enough = true;
  for (size_t i = 0; i < SIM_SEENS && count >= SEEN_SEEDS_MIN; i++) {
    if (seeds[i] * SEEN_ONE_IN >= count) continue;
    printf("too seldom, in %llu of %llu seeds: %s\n", (unsigned long long)seeds[i], (unsigned long long)count,
           seen_names[i]);
    enough = false;
  }
  return enough;
}
