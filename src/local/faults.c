/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* What goes wrong in a cluster, when a test or the simulation says so. */

#define FAULTS_REASON(name) K8SM_MESOS__TASK_STATUS__REASON__REASON_##name
#define FAULTS_STATE(name)  K8SM_MESOS__TASK_STATE__TASK_##name

/* NULL: there is no such agent, or it is gone for good. */
static struct local_agent *faults_agent(struct k8smi_local *local, size_t number) {
  if (local->failed || number >= local->options.agent_count) return NULL;
  return local->agents[number].gone ? NULL : &local->agents[number];
}

/* ---- messages ---- */

void k8smi_local_lose(struct k8smi_local *local, uint32_t kind, uint32_t count) {
  if (kind < K8SMI_LOCAL_MESSAGES) local->losses[kind] = count;
}

bool k8smi_local_loses(struct k8smi_local *local, uint32_t kind) {
  if (local->losses[kind] == 0) return false;
  local->losses[kind]--;
  local->lost[kind]++;
  return true;
}

void k8smi_local_refuse_operations(struct k8smi_local *local, uint32_t count) {
  local->refusals = count;
}

void k8smi_local_rescind_offers(struct k8smi_local *local) {
  for (size_t i = 0; i < local->options.agent_count && !local->failed; i++)
    k8smi_local_agent_rescind(&local->agents[i]);
}

/* ---- agents and their processes ---- */

void k8smi_local_cut_agent(struct k8smi_local *local, size_t number) {
  struct local_agent *agent = faults_agent(local, number);
  if (agent == NULL || !k8smi_local_agent_hears(agent)) return;
  agent->away = true;
  k8smi_local_timer_set(&local->timers, &agent->silence, local->now + LOCAL_SILENCE_MS);
}

/* It is the agent's process that launches containers: what it is at stays where it is. */
static void faults_stop_launches(struct local_executor *executor) {
  struct local_timers *timers = &executor->framework->local->timers;
  if (executor->lost) return;
  executor->torn = executor->phase == LOCAL_EXECUTOR_STARTING;
  if (executor->torn) k8smi_local_timer_clear(timers, &executor->step);
  K8SMI_EACH(link, &executor->tasks) {
    struct local_task *task = K8SMI_OF(link, local_task, by_executor);
    if (task->lost || (task->phase != LOCAL_TASK_STAGING && task->phase != LOCAL_TASK_STARTING)) continue;
    k8smi_local_timer_clear(timers, &task->step);
    executor->torn = true;
  }
}

void k8smi_local_restart_agent(struct k8smi_local *local, size_t number) {
  struct local_agent *agent = faults_agent(local, number);
  if (agent == NULL || !k8smi_local_agent_hears(agent)) return;
  agent->away = agent->down = true;
  k8smi_local_agent_rescind(agent);
  K8SMI_EACH(link, &agent->executors) {
    faults_stop_launches(K8SMI_OF(link, local_executor, link));
  }
  k8smi_local_timer_set(&local->timers, &agent->reregister, local->now + LOCAL_RESTART_MS);
}

/* The container that was being launched can't be recovered, and takes its executor along: without a FAILURE
 * event, since the agent is not registered yet. */
void k8smi_local_agent_recover(struct local_agent *agent) {
  K8SMI_EACH(link, &agent->executors) {
    struct local_executor *executor = K8SMI_OF(link, local_executor, link);
    if (executor->phase == LOCAL_EXECUTOR_ENDED || !executor->torn) continue;
    k8smi_local_executor_end(executor, 0, FAULTS_REASON(EXECUTOR_TERMINATED), LOCAL_EXECUTOR_TERMINATED);
  }
  agent->twice = true;
}

/* What ran on the machine is gone without a word. */
static void faults_lose_task(struct local_task *task, const void *ctx) {
  struct local_timers *timers = &task->framework->local->timers;
  (void)ctx;
  task->lost = true;
  k8smi_local_timer_clear(timers, &task->step);
  k8smi_local_timer_clear(timers, &task->completion);
  k8smi_local_timer_clear(timers, &task->retry);
  k8smi_local_probes_end(task);
}

static void faults_empty(struct local_agent *agent) {
  k8smi_local_agent_each_task(agent, faults_lose_task, NULL);
  K8SMI_EACH(link, &agent->executors) {
    struct local_executor *executor = K8SMI_OF(link, local_executor, link);
    k8smi_local_timer_clear(&agent->local->timers, &executor->step);
    executor->phase = LOCAL_EXECUTOR_ENDED;
    executor->known = false;
  }
  k8smi_local_feedback_lose(agent);
}

void k8smi_local_wipe_agent(struct k8smi_local *local, size_t number) {
  struct local_agent *agent = faults_agent(local, number);
  if (agent == NULL) return;
  k8smi_local_timer_clear(&local->timers, &agent->reregister);
  k8smi_local_agent_rescind(agent);
  agent->away = agent->down = agent->gone = true;
  faults_empty(agent);
  if (agent->registered)
    k8smi_local_timer_set(&local->timers, &agent->silence, local->now + LOCAL_SILENCE_MS);
}

/* ---- operators ---- */

static void faults_tell_gone(struct local_task *task, const void *ctx) {
  (void)ctx;
  if (task->phase == LOCAL_TASK_ENDED) return;
  bool aware = task->framework->partition_aware;
  k8smi_local_answer(
      task->framework,
      &(struct local_answer){.task_id = task->id,
                             .agent_id = task->agent->id,
                             .state = aware ? FAULTS_STATE(GONE_BY_OPERATOR) : FAULTS_STATE(LOST),
                             .reason = FAULTS_REASON(AGENT_REMOVED_BY_OPERATOR),
                             .message = "Agent has been marked gone",
                             .executor_id = task->executor == NULL ? NULL : task->executor->id});
}

void k8smi_local_give_up_agent(struct k8smi_local *local, size_t number) {
  if (local->failed || number >= local->options.agent_count || local->agents[number].marked) return;
  struct local_agent *agent = &local->agents[number];
  if (!agent->registered && !agent->unreachable && !agent->recovered)
    return; /* the master does not know it */
  k8smi_local_timer_clear(&local->timers, &agent->reregister);
  k8smi_local_timer_clear(&local->timers, &agent->silence);
  k8smi_local_agent_rescind(agent);
  k8smi_local_agent_each_task(agent, faults_tell_gone, NULL);
  k8smi_local_feedback_gone(agent);
  K8SMI_EACH(link, &local->frameworks) {
    k8smi_local_failure_event(K8SMI_OF(link, local_framework, link), agent, NULL, 0);
  }
  agent->gone = agent->marked = true;
  agent->registered = agent->unreachable = agent->recovered = false;
  faults_empty(agent); /* told to shut down; one that can't be told is when it comes back */
}

static void faults_drain_task(struct local_task *task, const void *ctx) {
  (void)ctx;
  if (task->phase != LOCAL_TASK_RUNNING || task->lost) return;
  task->drained = true;
  k8smi_local_task_kill(task, k8smi_local_task_grace(task, NULL));
}

void k8smi_local_drain_agent(struct k8smi_local *local, size_t number) {
  struct local_agent *agent = faults_agent(local, number);
  if (agent == NULL || !k8smi_local_agent_hears(agent)) return;
  agent->draining = true;
  k8smi_local_agent_rescind(agent);
  k8smi_local_agent_each_task(agent, faults_drain_task, NULL);
}

void k8smi_local_reactivate_agent(struct k8smi_local *local, size_t number) {
  struct local_agent *agent = faults_agent(local, number);
  if (agent != NULL) agent->draining = false;
}

/* ---- masters ---- */

void k8smi_local_recover_master(struct k8smi_local *local) {
  if (local->failed) return;
  for (size_t i = 0; i < local->options.agent_count; i++) local->agents[i].listed = true;
  k8smi_local_fail_over(local);
}
