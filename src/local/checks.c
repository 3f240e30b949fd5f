/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

/* Checks and health checks of running tasks. Commands are simulated as the tasks are; whatever is asked
 * over HTTP or TCP answers, since the task runs. */

enum { CHECKS_INTERVAL_MIN_MS = 10 };

static uint64_t checks_ms(double seconds) {
  int64_t ms;
  return seconds > 0 && k8smi_milli_of_double(seconds, &ms) && ms > 0 ? (uint64_t)ms : 0;
}

static uint64_t checks_interval(double seconds) {
  uint64_t ms = checks_ms(seconds);
  return ms < CHECKS_INTERVAL_MIN_MS ? CHECKS_INTERVAL_MIN_MS : ms;
}

static int checks_run(const struct local_task *task, const struct local_probe *probe) {
  uint64_t elapsed = task->framework->local->now - task->running_since;
  return probe->simulated ? k8smi_local_script_check(&probe->script, &task->script, elapsed) : 0;
}

static void checks_tell(struct local_task *task, int reason) {
  const struct local_probe *health = &task->health;
  bool healthy = health->result == 0;
  k8smi_local_task_news(task, &(struct local_news){.state = K8SM_MESOS__TASK_STATE__TASK_RUNNING,
                                                   .source = K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_EXECUTOR,
                                                   .reason = reason,
                                                   .healthy = health->begun ? &healthy : NULL,
                                                   .probed = true});
}

static void checks_check(void *owner) {
  struct local_task *task = owner;
  struct k8smi_local *local = task->framework->local;
  struct local_probe *probe = &task->check;
  int result = checks_run(task, probe);
  bool changed = !probe->begun || probe->result != result;
  probe->begun = true;
  probe->result = result;
  k8smi_local_timer_set(&local->timers, &probe->timer,
                        local->now + checks_interval(task->info->check->interval_seconds));
  if (changed) checks_tell(task, K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_CHECK_STATUS_UPDATED);
}

static void checks_failed(struct local_task *task) {
  const K8smMesos__HealthCheck *check = task->info->health_check;
  struct local_probe *probe = &task->health;
  probe->begun = true;
  probe->failures++;
  checks_tell(task, K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_HEALTH_CHECK_STATUS_UPDATED);
  if (probe->failures >= check->consecutive_failures) {
    task->executor->unhealthy = true;
    k8smi_local_task_kill(task, k8smi_local_task_grace(task, NULL));
  }
}

static void checks_health(void *owner) {
  struct local_task *task = owner;
  struct k8smi_local *local = task->framework->local;
  const K8smMesos__HealthCheck *check = task->info->health_check;
  struct local_probe *probe = &task->health;
  int result = checks_run(task, probe);
  bool first = !probe->begun;
  bool in_grace = first && local->now - task->running_since < checks_ms(check->grace_period_seconds);
  k8smi_local_timer_set(&local->timers, &probe->timer, local->now + checks_interval(check->interval_seconds));
  if (result != 0) {
    probe->result = in_grace ? probe->result : result;
    if (!in_grace) checks_failed(task);
    return;
  }
  bool recovered = first || probe->failures > 0;
  probe->begun = true;
  probe->result = 0;
  probe->failures = 0;
  if (recovered) checks_tell(task, K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_HEALTH_CHECK_STATUS_UPDATED);
}

static bool checks_read(struct local_task *task, struct local_probe *probe,
                        const K8smMesos__CommandInfo *command) {
  probe->simulated = command != NULL;
  return command == NULL || k8smi_local_script_read(&task->arena, command, true, &probe->script);
}

bool k8smi_local_probes_init(struct local_task *task) {
  struct local_timers *timers = &task->framework->local->timers;
  const K8smMesos__CheckInfo *check = task->info->check;
  const K8smMesos__HealthCheck *health = task->info->health_check;
  return (check == NULL ||
          (checks_read(task, &task->check, check->command == NULL ? NULL : check->command->command) &&
           k8smi_local_timer_join(timers, &task->check.timer, checks_check, task))) &&
         (health == NULL || (checks_read(task, &task->health, health->command) &&
                             k8smi_local_timer_join(timers, &task->health.timer, checks_health, task)));
}

void k8smi_local_probes_begin(struct local_task *task) {
  struct k8smi_local *local = task->framework->local;
  if (task->info->check != NULL) {
    k8smi_local_timer_set(&local->timers, &task->check.timer,
                          local->now + checks_ms(task->info->check->delay_seconds));
  }
  if (task->info->health_check != NULL) {
    k8smi_local_timer_set(&local->timers, &task->health.timer,
                          local->now + checks_ms(task->info->health_check->delay_seconds));
  }
}

void k8smi_local_probes_end(struct local_task *task) {
  struct local_timers *timers = &task->framework->local->timers;
  k8smi_local_timer_clear(timers, &task->check.timer);
  k8smi_local_timer_clear(timers, &task->health.timer);
}

void k8smi_local_probes_free(struct local_task *task) {
  struct local_timers *timers = &task->framework->local->timers;
  k8smi_local_timer_leave(timers, &task->check.timer);
  k8smi_local_timer_leave(timers, &task->health.timer);
}
