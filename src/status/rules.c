/* SPDX-License-Identifier: Apache-2.0 */
#include "status/status.h"

#define RULE_STATE(name)  K8SM_MESOS__TASK_STATE__TASK_##name
#define RULE_SOURCE(name) K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_##name
#define RULE_REASON(name) K8SM_MESOS__TASK_STATUS__REASON__REASON_##name
enum { RULE_ANY = -2 };

struct status_rule {
  int state;
  int source;
  int reason;
  enum k8smi_effect effect;
};

/* The first row that fits holds: https://mesos.apache.org/documentation/latest/task-state-reasons/ */
static const struct status_rule status_rules[] = {
    {RULE_STATE(STAGING), RULE_ANY, RULE_ANY, K8SMI_EFFECT_WAITING},
    {RULE_STATE(STARTING), RULE_ANY, RULE_ANY, K8SMI_EFFECT_WAITING},
    {RULE_STATE(RUNNING), RULE_ANY, RULE_ANY, K8SMI_EFFECT_RUNNING},
    {RULE_STATE(KILLING), RULE_ANY, RULE_ANY, K8SMI_EFFECT_KILLING},
    {RULE_STATE(FINISHED), RULE_ANY, RULE_ANY, K8SMI_EFFECT_EXIT},
    /* A limit that the executor broke as a whole ends every container of the pod. */
    {RULE_STATE(FAILED), RULE_ANY, RULE_REASON(CONTAINER_LIMITATION_MEMORY), K8SMI_EFFECT_EXIT},
    {RULE_STATE(FAILED), RULE_ANY, RULE_REASON(CONTAINER_LIMITATION_DISK), K8SMI_EFFECT_EXIT},
    {RULE_STATE(FAILED), RULE_ANY, RULE_REASON(CONTAINER_LIMITATION), K8SMI_EFFECT_EXIT},
    /* Whatever else an agent says of a task is about its executor. */
    {RULE_STATE(FAILED), RULE_SOURCE(AGENT), RULE_ANY, K8SMI_EFFECT_LOST},
    {RULE_STATE(FAILED), RULE_SOURCE(MASTER), RULE_ANY, K8SMI_EFFECT_DROPPED},
    {RULE_STATE(FAILED), RULE_ANY, RULE_ANY, K8SMI_EFFECT_EXIT},
    {RULE_STATE(KILLED), RULE_ANY, RULE_REASON(AGENT_DRAINING), K8SMI_EFFECT_LOST},
    {RULE_STATE(KILLED), RULE_ANY, RULE_REASON(TASK_KILLED_DURING_LAUNCH), K8SMI_EFFECT_DROPPED},
    {RULE_STATE(KILLED), RULE_ANY, RULE_ANY, K8SMI_EFFECT_EXIT},
    {RULE_STATE(ERROR), RULE_ANY, RULE_ANY, K8SMI_EFFECT_REFUSED},
    /* The executor's id is still taken: only another attempt has another id. */
    {RULE_STATE(DROPPED), RULE_SOURCE(AGENT), RULE_REASON(EXECUTOR_TERMINATED), K8SMI_EFFECT_LOST},
    {RULE_STATE(DROPPED), RULE_ANY, RULE_ANY, K8SMI_EFFECT_DROPPED},
    {RULE_STATE(LOST), RULE_ANY, RULE_REASON(INVALID_OFFERS), K8SMI_EFFECT_DROPPED},
    {RULE_STATE(LOST), RULE_ANY, RULE_ANY, K8SMI_EFFECT_LOST},
    {RULE_STATE(GONE), RULE_ANY, RULE_ANY, K8SMI_EFFECT_GONE},
    {RULE_STATE(GONE_BY_OPERATOR), RULE_ANY, RULE_ANY, K8SMI_EFFECT_GONE},
    {RULE_STATE(UNREACHABLE), RULE_ANY, RULE_ANY, K8SMI_EFFECT_UNREACHABLE},
    {RULE_STATE(UNKNOWN), RULE_ANY, RULE_ANY, K8SMI_EFFECT_UNREACHABLE},
};

bool k8smi_status_is_bare_end(int state, int reason) {
  if (reason != RULE_REASON(RECONCILIATION)) return false;
  return state == RULE_STATE(FINISHED) || state == RULE_STATE(FAILED) || state == RULE_STATE(KILLED);
}

enum k8smi_effect k8smi_status_effect(int state, int source, int reason) {
  for (size_t i = 0; i < sizeof status_rules / sizeof status_rules[0]; i++) {
    const struct status_rule *r = &status_rules[i];
    if (r->state != state) continue;
    if (r->source != RULE_ANY && r->source != source) continue;
    if (r->reason == RULE_ANY || r->reason == reason) return r->effect;
  }
  return K8SMI_EFFECT_UNREACHABLE; /* a state of a newer Mesos: nothing is concluded from it */
}
