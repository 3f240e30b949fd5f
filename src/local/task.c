/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* A task on its agent: STAGING, STARTING, RUNNING, perhaps KILLING, and its end. */

#define TASK_STATE(name)  K8SM_MESOS__TASK_STATE__TASK_##name
#define TASK_SOURCE(name) K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_##name
#define TASK_REASON(name) K8SM_MESOS__TASK_STATUS__REASON__REASON_##name

enum { TASK_FIRST_PID = 10000 };

struct local_task *k8smi_local_task_find(const struct local_framework *framework, const char *id) {
  struct local_task *task = k8smi_local_index_get(&framework->task_index, k8smi_s(id));
  return task != NULL && task->agent->registered && !task->settled ? task : NULL;
}

void k8smi_local_task_release(struct local_task *task) {
  if (task->released) return;
  task->released = true;
  k8smi_local_agent_give(task->agent, task->framework, &task->held.bag);
}

void k8smi_local_task_end(struct local_task *task, const struct local_news *news) {
  struct local_executor *executor = task->executor;
  struct local_timers *timers = &task->framework->local->timers;
  task->phase = LOCAL_TASK_ENDED;
  k8smi_local_timer_clear(timers, &task->step);
  k8smi_local_timer_clear(timers, &task->completion);
  k8smi_local_probes_end(task);
  k8smi_local_task_news(task, news);
  if (executor != NULL) k8smi_local_executor_task_ended(executor, task);
}

static void task_exit(struct local_task *task, int state, int reason, const char *message) {
  static const bool UNHEALTHY = false;
  k8smi_local_task_end(task, &(struct local_news){.state = state,
                                                  .source = TASK_SOURCE(EXECUTOR),
                                                  .reason = reason,
                                                  .message = message,
                                                  .healthy = task->executor->unhealthy ? &UNHEALTHY : NULL});
}

/* As its executor calls it. Writes a text for which there is room, and returns its length. */
static size_t task_words(const struct local_task *task, const char *words, char *text) {
  const K8smMesos__ContainerInfo *container = task->info->container;
  bool docker = container != NULL && container->type == K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER;
  strcpy(text, docker ? "Container " : "Command ");
  strcat(text, words);
  return strlen(text);
}

/* Ends by itself, in a state that may not be up to its status. */
static void task_exit_status(struct local_task *task, unsigned status, int state, int reason) {
  char message[64] = {0};
  size_t at = task_words(task, "exited with status ", message);
  if (status >= 100) message[at++] = (char)('0' + status / 100);
  if (status >= 10) message[at++] = (char)('0' + status / 10 % 10);
  message[at] = (char)('0' + status % 10);
  task_exit(task, state, reason, message);
}

static void task_exit_freely(struct local_task *task) {
  unsigned status = (unsigned)k8smi_local_script_fate(&task->script).status & 255;
  task_exit_status(task, status, status == 0 ? TASK_STATE(FINISHED) : TASK_STATE(FAILED), -1);
}

/* After TERM: by the signal, by what it does at TERM, or by KILL when its grace was over first. */
static void task_exit_killed(struct local_task *task) {
  int state = task->out_of_time ? TASK_STATE(FAILED) : TASK_STATE(KILLED);
  int reason = task->out_of_time ? TASK_REASON(MAX_COMPLETION_TIME_REACHED) : -1;
  if (task->drained) reason = TASK_REASON(AGENT_DRAINING);
  char message[64];
  if (task->forced || task->script.on_term == NULL) {
    task_words(task, task->forced ? "terminated with signal Killed" : "terminated with signal Terminated",
               message);
    task_exit(task, state, reason, message);
  } else {
    task_exit_status(task, (unsigned)k8smi_local_script_fate(task->script.on_term).status & 255, state,
                     reason);
  }
}

static void task_run(struct local_task *task) {
  struct k8smi_local *local = task->framework->local;
  if (k8smi_local_image_refused(task->agent, task->info->container)) {
    task_exit(task, TASK_STATE(FAILED), -1, LOCAL_IMAGE_REFUSED);
    return;
  }
  task->phase = LOCAL_TASK_RUNNING;
  task->running_since = local->now;
  k8smi_local_task_news(
      task, &(struct local_news){TASK_STATE(RUNNING), TASK_SOURCE(EXECUTOR), -1, NULL, NULL, true});
  k8smi_local_probes_begin(task);
  const K8smMesos__DurationInfo *most = task->info->max_completion_time;
  if (most != NULL && most->nanoseconds > 0)
    k8smi_local_timer_set(&local->timers, &task->completion,
                          local->now + (uint64_t)most->nanoseconds / 1000000);
  struct local_fate fate = k8smi_local_script_fate(&task->script);
  if (fate.ends) k8smi_local_timer_set(&local->timers, &task->step, local->now + fate.after_ms);
}

static void task_step(void *owner) {
  struct local_task *task = owner;
  switch (task->phase) {
  case LOCAL_TASK_STARTING: task_run(task); break;
  case LOCAL_TASK_RUNNING: task_exit_freely(task); break;
  default: task_exit_killed(task); break;
  }
}

/* How long it lives on after TERM. */
static uint64_t task_last_words(struct local_task *task, uint64_t grace_ms) {
  struct local_fate fate = {true, 0, 0};
  if (task->script.on_term != NULL) fate = k8smi_local_script_fate(task->script.on_term);
  task->forced = !fate.ends || fate.after_ms > grace_ms;
  return LOCAL_TASK_END_MS + (task->forced ? grace_ms : fate.after_ms);
}

/* An executor that the agent makes for a command task speaks an older API, in which no KILL has a policy. */
uint64_t k8smi_local_task_grace(const struct local_task *task, const K8smMesos__KillPolicy *policy) {
  if (task->executor != NULL && task->executor->info == NULL) policy = NULL;
  if (policy == NULL || policy->grace_period == NULL) policy = task->info->kill_policy;
  if (policy == NULL || policy->grace_period == NULL) return LOCAL_KILL_GRACE_MS;
  int64_t nanoseconds = policy->grace_period->nanoseconds;
  return nanoseconds < 0 ? 0 : (uint64_t)nanoseconds / 1000000;
}

void k8smi_local_task_kill(struct local_task *task, uint64_t grace_ms) {
  struct k8smi_local *local = task->framework->local;
  if (task->phase != LOCAL_TASK_RUNNING)
    return; /* before that a kill is lost, and afterwards it changes nothing */
  task->phase = LOCAL_TASK_KILLING;
  k8smi_local_timer_clear(&local->timers, &task->completion);
  k8smi_local_probes_end(task);
  if (task->framework->killing_state && !task->out_of_time) {
    k8smi_local_task_news(task,
                          &(struct local_news){.state = TASK_STATE(KILLING),
                                               .source = TASK_SOURCE(EXECUTOR),
                                               .reason = task->drained ? TASK_REASON(AGENT_DRAINING) : -1});
  }
  k8smi_local_timer_set(&local->timers, &task->step, local->now + task_last_words(task, grace_ms));
}

static void task_completion(void *owner) {
  struct local_task *task = owner;
  task->out_of_time = true;
  k8smi_local_task_kill(task, 0);
}

void k8smi_local_task_start(struct local_task *task) {
  struct k8smi_local *local = task->framework->local;
  task->phase = LOCAL_TASK_STARTING;
  k8smi_local_task_news(task, &(struct local_news){.state = TASK_STATE(STARTING),
                                                   .source = TASK_SOURCE(EXECUTOR),
                                                   .reason = -1,
                                                   .probed = true});
  k8smi_local_timer_set(&local->timers, &task->step, local->now + LOCAL_TASK_RUN_MS);
}

/* What Docker runs in place of an image's entrypoint; NULL: it keeps its own. */
static char *task_entrypoint(const struct local_task *task) {
  const K8smMesos__ContainerInfo *container = task->info->container;
  const K8smMesos__ContainerInfo__DockerInfo *docker = container == NULL ? NULL : container->docker;
  for (size_t i = 0; docker != NULL && i < docker->n_parameters; i++) {
    if (strcmp(docker->parameters[i]->key, "entrypoint") == 0) return docker->parameters[i]->value;
  }
  return NULL;
}

/* The words of the container's process: as its command has them, or behind an entrypoint. */
static const K8smMesos__CommandInfo *task_process(struct local_task *task) {
  const K8smMesos__CommandInfo *command = task->info->command;
  char *entrypoint = task_entrypoint(task);
  if (entrypoint == NULL || command == NULL) return command;
  K8smMesos__CommandInfo *whole = k8smi_arena_alloc(&task->arena, sizeof *whole);
  char **words = k8smi_arena_array(&task->arena, command->n_arguments + 1, sizeof *words);
  if (whole == NULL || words == NULL) {
    k8smi_local_fail(task->framework->local);
    return command;
  }
  *whole = *command;
  words[0] = whole->value = entrypoint;
  if (command->n_arguments > 0) memcpy(words + 1, command->arguments, command->n_arguments * sizeof *words);
  whole->arguments = words;
  whole->n_arguments = command->n_arguments + 1;
  return whole;
}

static bool task_init(struct local_task *task, const K8smMesos__TaskInfo *info, const struct local_bag *bag) {
  struct k8smi_local *local = task->framework->local;
  task->info = (K8smMesos__TaskInfo *)(void *)k8smi_message_copy(&task->arena, &info->base);
  if (task->info == NULL) return false;
  task->id = task->info->task_id->value;
  return k8smi_local_script_read(&task->arena, task_process(task), false, &task->script) &&
         k8smi_local_held_init(&task->held, &local->allocator) && k8smi_local_held_set(&task->held, bag) &&
         k8smi_local_timer_join(&local->timers, &task->step, task_step, task) &&
         k8smi_local_timer_join(&local->timers, &task->completion, task_completion, task) &&
         k8smi_local_timer_join(&local->timers, &task->retry, k8smi_local_task_retry, task) &&
         k8smi_local_probes_init(task);
}

struct local_task *k8smi_local_task_new(struct local_framework *framework, struct local_agent *agent,
                                        struct local_executor *executor, const K8smMesos__TaskInfo *info,
                                        uint64_t group, const struct local_bag *bag) {
  struct k8smi_local *local = framework->local;
  struct local_task *task = k8smi_zalloc(&local->allocator, sizeof(struct local_task));
  if (!k8smi_local_have(local, task)) return NULL;
  k8smi_arena_init(&task->arena, &local->allocator, 0);
  k8smi_list_init(&task->by_framework);
  k8smi_list_init(&task->by_executor);
  k8smi_list_init(&task->updates);
  task->framework = framework;
  task->agent = agent;
  task->executor = executor;
  task->group = group;
  task->released = true; /* until it has been taken from the agent */
  k8smi_local_uuid(local, task->container_id);
  task->pid = (uint32_t)(TASK_FIRST_PID + local->draws % TASK_FIRST_PID);
  if (!task_init(task, info, bag) ||
      !k8smi_local_index_put(&framework->task_index, k8smi_s(task->id), task)) {
    k8smi_local_fail(local);
    task->id = NULL; /* not in the index */
    k8smi_local_task_free(task);
    return NULL;
  }
  task->released = false;
  k8smi_list_add(&framework->tasks, &task->by_framework);
  if (executor != NULL) {
    k8smi_list_add(&executor->tasks, &task->by_executor);
    executor->running++;
  }
  return task;
}

void k8smi_local_task_lose(struct local_task *task) {
  task->lost = true;
  if (task->executor != NULL) task->executor->running--;
}

void k8smi_local_task_free(struct local_task *task) {
  struct k8smi_local *local = task->framework->local;
  struct local_executor *executor = task->executor;
  k8smi_local_task_release(task);
  if (task->id != NULL) k8smi_local_index_remove(&task->framework->task_index, k8smi_s(task->id));
  k8smi_list_remove(&task->by_framework);
  k8smi_list_remove(&task->by_executor);
  K8SMI_EACH(link, &task->updates) {
    k8smi_local_update_free(K8SMI_OF(link, local_update, link));
  }
  k8smi_local_update_free(task->shown);
  k8smi_local_timer_leave(&local->timers, &task->step);
  k8smi_local_timer_leave(&local->timers, &task->completion);
  k8smi_local_timer_leave(&local->timers, &task->retry);
  k8smi_local_probes_free(task);
  if (task->held.arena.allocator.alloc != NULL) k8smi_local_held_free(&task->held);
  k8smi_arena_free(&task->arena);
  k8smi_free(&local->allocator, task, sizeof(struct local_task));
  if (executor != NULL && executor->phase == LOCAL_EXECUTOR_ENDED && k8smi_list_empty(&executor->tasks)) {
    k8smi_local_executor_free(executor);
  }
}
