/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* RECONCILE, and KILL of what nobody knows, which is answered the same way. */

#define RECONCILE_REASON K8SM_MESOS__TASK_STATUS__REASON__REASON_RECONCILIATION

static void reconcile_known(struct local_framework *framework, const struct local_task *task) {
  k8smi_local_answer(framework, &(struct local_answer){.task_id = task->id,
                                                       .agent_id = task->agent->id,
                                                       .state = k8smi_local_task_state(task),
                                                       .reason = RECONCILE_REASON,
                                                       .message = "Reconciliation: Latest task state",
                                                       .task = task});
}

void k8smi_local_reconcile_one(struct local_framework *framework, const K8smMesos__TaskID *task_id,
                               const K8smMesos__AgentID *agent_id) {
  const struct local_task *task = k8smi_local_task_find(framework, task_id->value);
  const struct local_agent *agent = k8smi_local_agent_find(framework->local, agent_id);
  struct local_answer answer = {.task_id = task_id->value,
                                .agent_id = agent_id == NULL ? NULL : agent_id->value,
                                .state = K8SM_MESOS__TASK_STATE__TASK_UNKNOWN,
                                .reason = RECONCILE_REASON,
                                .message = "Reconciliation: Task is unknown"};
  if (task != NULL) {
    reconcile_known(framework, task);
    return;
  }
  if (agent != NULL && agent->recovered) return; /* nobody knows yet */
  if (agent != NULL && agent->marked) {
    answer.state = K8SM_MESOS__TASK_STATE__TASK_GONE_BY_OPERATOR;
    answer.message = "Reconciliation: Task is gone";
  } else if (agent != NULL && agent->registered) {
    answer.state = K8SM_MESOS__TASK_STATE__TASK_GONE;
    answer.message = "Reconciliation: Task is unknown to the agent";
  } else if (agent != NULL && agent->unreachable) {
    answer.state = K8SM_MESOS__TASK_STATE__TASK_UNREACHABLE;
    answer.message = "Reconciliation: Task is unreachable";
    answer.unreachable = agent;
  }
  if (!framework->partition_aware) answer.state = K8SM_MESOS__TASK_STATE__TASK_LOST;
  k8smi_local_answer(framework, &answer);
}

void k8smi_local_reconcile(struct local_framework *framework, const K8smMesos__Call__Reconcile *call) {
  for (size_t i = 0; i < call->n_tasks; i++) {
    k8smi_local_reconcile_one(framework, call->tasks[i]->task_id, call->tasks[i]->agent_id);
  }
  if (call->n_tasks > 0) return;
  K8SMI_EACH(link, &framework->tasks) {
    const struct local_task *task = K8SMI_OF(link, local_task, by_framework);
    if (task->agent->registered && !task->settled) reconcile_known(framework, task);
  }
}
