/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* Executors: the default one, which takes groups until its last task has ended; the command executor of
 * a single task; and a custom one, of which only this is known: it never registers. */

enum {
  EXECUTOR_NOT_LAUNCHED = -1,
  EXECUTOR_ABORTED = 6,
  EXECUTOR_KILLED = 9,
  EXECUTOR_SHUTDOWN_GRACE_MS = 5000,
  EXECUTOR_COMMAND_MORE_MS = 2000
};

#define EXECUTOR_REASON(name) K8SM_MESOS__TASK_STATUS__REASON__REASON_EXECUTOR_##name

/* `any`: also one that an agent makes for a command task, and that has the task's id. */
static struct local_executor *executor_search(const struct local_agent *agent,
                                              const struct local_framework *framework, const char *id,
                                              bool any) {
  K8SMI_EACH(link, (struct k8smi_link *)(uintptr_t)&agent->executors) {
    struct local_executor *executor = K8SMI_OF(link, local_executor, link);
    if (executor->framework == framework && (any || executor->info != NULL) && strcmp(executor->id, id) == 0)
      return executor;
  }
  return NULL;
}

struct local_executor *k8smi_local_executor_find(const struct local_agent *agent,
                                                 const struct local_framework *framework, const char *id) {
  return executor_search(agent, framework, id, false);
}

struct local_executor *k8smi_local_executor_named(const struct local_agent *agent,
                                                  const struct local_framework *framework, const char *id) {
  return executor_search(agent, framework, id, true);
}

void k8smi_local_failure_event(struct local_framework *framework, const struct local_agent *agent,
                               const char *executor_id, int32_t status) {
  K8smMesos__AgentID agent_id = K8SM_MESOS__AGENT_ID__INIT;
  K8smMesos__ExecutorID id = K8SM_MESOS__EXECUTOR_ID__INIT;
  K8smMesos__Event__Failure failure = K8SM_MESOS__EVENT__FAILURE__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  agent_id.value = (char *)(uintptr_t)agent->id;
  id.value = (char *)(uintptr_t)executor_id;
  failure.agent_id = &agent_id;
  failure.executor_id = executor_id == NULL ? NULL : &id;
  failure.has_status = executor_id != NULL;
  failure.status = status;
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__FAILURE;
  event.failure = &failure;
  k8smi_local_event(framework, &event);
}

static bool executor_is_custom(const struct local_executor *executor) {
  return executor->info != NULL && executor->info->has_type &&
         executor->info->type == K8SM_MESOS__EXECUTOR_INFO__TYPE__CUSTOM;
}

static void executor_started(struct local_executor *executor) {
  executor->phase = LOCAL_EXECUTOR_RUNNING;
  K8SMI_EACH(link, &executor->tasks) {
    struct local_task *task = K8SMI_OF(link, local_task, by_executor);
    if (task->phase == LOCAL_TASK_STAGING) k8smi_local_task_start(task);
  }
}

const K8smMesos__ContainerInfo *k8smi_local_executor_container(const struct local_executor *executor) {
  if (executor->info != NULL) return executor->info->container;
  if (k8smi_list_empty(&executor->tasks)) return NULL;
  return K8SMI_OF(executor->tasks.next, local_task, by_executor)->info->container;
}

/* Why its container does not come to be, and the status of its end; NULL: it is there. */
static const char *executor_fault(struct local_executor *executor, int32_t *status) {
  const K8smMesos__ContainerInfo *container = k8smi_local_executor_container(executor);
  *status = EXECUTOR_NOT_LAUNCHED;
  return k8smi_local_image_refused(executor->agent, container) ? LOCAL_IMAGE_REFUSED
                                                               : k8smi_local_networks_join(executor, status);
}

static void executor_start(struct local_executor *executor) {
  int32_t status;
  const char *fault = executor_fault(executor, &status);
  if (executor->framework->local->failed) return;
  if (fault != NULL) {
    k8smi_local_executor_end(executor, status,
                             K8SM_MESOS__TASK_STATUS__REASON__REASON_CONTAINER_LAUNCH_FAILED,
                             LOCAL_WORDS(&executor->arena, "Failed to launch container: ", fault));
  } else {
    executor_started(executor);
  }
}

static void executor_step(void *owner) {
  struct local_executor *executor = owner;
  if (executor->phase == LOCAL_EXECUTOR_ENDING) {
    k8smi_local_executor_end(executor, executor->end_status, EXECUTOR_REASON(TERMINATED),
                             LOCAL_EXECUTOR_TERMINATED);
  } else if (executor_is_custom(executor)) {
    k8smi_local_executor_end(executor, EXECUTOR_KILLED, EXECUTOR_REASON(REGISTRATION_TIMEOUT),
                             "Executor did not register within 1mins");
  } else {
    executor_start(executor);
  }
}

static bool executor_init(struct local_executor *executor, const char *id,
                          const K8smMesos__ExecutorInfo *info, const struct local_bag *bag) {
  struct k8smi_local *local = executor->framework->local;
  executor->id = k8smi_arena_copy(&executor->arena, id, strlen(id)).ptr;
  if (info != NULL) {
    executor->info = (K8smMesos__ExecutorInfo *)(void *)k8smi_message_copy(&executor->arena, &info->base);
    executor->known = true;
  }
  k8smi_local_index_init(&executor->seen, &local->allocator, local->seed);
  return executor->id != NULL && (info == NULL || executor->info != NULL) &&
         k8smi_local_held_init(&executor->held, &local->allocator) &&
         k8smi_local_held_set(&executor->held, bag) &&
         k8smi_local_timer_join(&local->timers, &executor->step, executor_step, executor);
}

struct local_executor *k8smi_local_executor_new(struct local_framework *framework, struct local_agent *agent,
                                                const char *id, const K8smMesos__ExecutorInfo *info,
                                                const struct local_bag *bag) {
  struct k8smi_local *local = framework->local;
  struct local_executor *executor = k8smi_zalloc(&local->allocator, sizeof(struct local_executor));
  if (!k8smi_local_have(local, executor)) return NULL;
  k8smi_arena_init(&executor->arena, &local->allocator, 0);
  executor->framework = framework;
  executor->agent = agent;
  k8smi_list_init(&executor->tasks);
  k8smi_list_init(&executor->link);
  k8smi_local_uuid(local, executor->container_id);
  if (!executor_init(executor, id, info, bag)) {
    k8smi_local_fail(local);
    executor->phase = LOCAL_EXECUTOR_ENDED; /* holds nothing */
    k8smi_local_executor_free(executor);
    return NULL;
  }
  k8smi_list_add(&agent->executors, &executor->link);
  k8smi_local_timer_set(&local->timers, &executor->step,
                        local->now +
                            (executor_is_custom(executor) ? LOCAL_REGISTRATION_MS : LOCAL_EXECUTOR_START_MS));
  return executor;
}

static void executor_release(struct local_executor *executor) {
  if (executor->phase == LOCAL_EXECUTOR_ENDED) return;
  executor->phase = LOCAL_EXECUTOR_ENDED;
  k8smi_local_networks_leave(executor);
  k8smi_local_agent_give(executor->agent, executor->framework, &executor->held.bag);
}

void k8smi_local_executor_free(struct local_executor *executor) {
  struct k8smi_local *local = executor->framework->local;
  executor_release(executor);
  K8SMI_EACH(link, &executor->tasks) {
    struct local_task *task = K8SMI_OF(link, local_task, by_executor);
    task->executor = NULL;
    k8smi_local_task_free(task);
  }
  k8smi_list_remove(&executor->link);
  k8smi_local_timer_leave(&local->timers, &executor->step);
  k8smi_local_index_free(&executor->seen);
  if (executor->held.arena.allocator.alloc != NULL) k8smi_local_held_free(&executor->held);
  k8smi_arena_free(&executor->arena);
  k8smi_free(&local->allocator, executor, sizeof(struct local_executor));
}

void k8smi_local_executor_lose(struct local_executor *executor) {
  k8smi_local_timer_clear(&executor->framework->local->timers, &executor->step);
  executor->lost = true;
}

static void executor_end_later(struct local_executor *executor, int32_t status, uint64_t after_ms) {
  struct k8smi_local *local = executor->framework->local;
  executor->phase = LOCAL_EXECUTOR_ENDING;
  executor->end_status = status;
  k8smi_local_timer_set(&local->timers, &executor->step, local->now + after_ms);
}

/* Remembers that the executor has had this task id. False: it had it before. */
static bool executor_sees(struct local_executor *executor, const struct local_task *task) {
  struct k8smi_local *local = executor->framework->local;
  if (k8smi_local_index_get(&executor->seen, k8smi_s(task->id)) != NULL) return false;
  struct k8sm_slice id = k8smi_arena_slice(&executor->arena, k8smi_s(task->id));
  if (id.ptr == NULL || !k8smi_local_index_put(&executor->seen, id, executor)) k8smi_local_fail(local);
  return true;
}

void k8smi_local_executor_launch(struct local_executor *executor, struct local_task *task) {
  bool fresh = executor_sees(executor, task);
  if (executor->phase != LOCAL_EXECUTOR_RUNNING) return; /* it is started, or ends, with the executor */
  if (!fresh) executor_end_later(executor, EXECUTOR_ABORTED, LOCAL_TASK_RUN_MS);
  k8smi_local_task_start(task);
}

/* One failure takes its group along. */
static void executor_kill_group(struct local_executor *executor, const struct local_task *ended) {
  K8SMI_EACH(link, &executor->tasks) {
    struct local_task *task = K8SMI_OF(link, local_task, by_executor);
    if (task == ended || task->group != ended->group || task->phase == LOCAL_TASK_ENDED) continue;
    task->group_killed = true;
    k8smi_local_task_kill(task, LOCAL_KILL_GRACE_MS);
  }
}

void k8smi_local_executor_task_ended(struct local_executor *executor, struct local_task *task) {
  int state = k8smi_local_task_latest(task);
  bool failed = state == K8SM_MESOS__TASK_STATE__TASK_FAILED || state == K8SM_MESOS__TASK_STATE__TASK_KILLED;
  executor->running--;
  if (executor->phase == LOCAL_EXECUTOR_ENDED) return;
  if (failed && executor->info != NULL && !executor->shutdown && !task->group_killed) {
    task->group_killed = true;
    executor_kill_group(executor, task);
  }
  if (executor->running == 0) executor_end_later(executor, 0, LOCAL_EXECUTOR_END_MS);
}

/* How long its agent waits for it: of a command task a little more than the task's own grace. */
static uint64_t executor_patience_ms(const struct local_executor *executor) {
  const K8smMesos__DurationInfo *own = executor->info == NULL ? NULL : executor->info->shutdown_grace_period;
  if (own != NULL) return (uint64_t)own->nanoseconds / 1000000;
  if (executor->info != NULL || k8smi_list_empty(&executor->tasks)) return EXECUTOR_SHUTDOWN_GRACE_MS;
  const struct local_task *task = K8SMI_OF(executor->tasks.next, local_task, by_executor);
  return k8smi_local_task_grace(task, NULL) + EXECUTOR_COMMAND_MORE_MS;
}

void k8smi_local_executor_shutdown(struct local_executor *executor) {
  if (executor->shutdown || executor->phase == LOCAL_EXECUTOR_ENDED) return;
  executor->shutdown = true;
  if (executor->running > 0) executor_end_later(executor, EXECUTOR_KILLED, executor_patience_ms(executor));
  K8SMI_EACH(link, &executor->tasks) {
    struct local_task *task = K8SMI_OF(link, local_task, by_executor);
    k8smi_local_task_kill(task,
                          executor->info == NULL ? k8smi_local_task_grace(task, NULL) : LOCAL_KILL_GRACE_MS);
  }
}

void k8smi_local_executor_end(struct local_executor *executor, int32_t status, int reason,
                              const char *message) {
  struct k8smi_local *local = executor->framework->local;
  bool told = executor->known && k8smi_local_agent_hears(executor->agent);
  k8smi_local_timer_clear(&local->timers, &executor->step);
  executor_release(executor);
  executor->known = false;
  if (told) k8smi_local_failure_event(executor->framework, executor->agent, executor->id, status);
  K8SMI_EACH(link, &executor->tasks) {
    struct local_task *task = K8SMI_OF(link, local_task, by_executor);
    if (task->phase == LOCAL_TASK_ENDED || task->lost) continue;
    k8smi_local_task_end(task, &(struct local_news){.state = K8SM_MESOS__TASK_STATE__TASK_FAILED,
                                                    .source = K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_AGENT,
                                                    .reason = reason,
                                                    .message = message});
  }
  if (k8smi_list_empty(&executor->tasks)) k8smi_local_executor_free(executor);
}
