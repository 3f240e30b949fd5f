/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* Statuses of tasks. An agent sends the oldest that is not acknowledged, again and again; those behind
 * it wait. What the master takes for a task's state is what it was sent last. */

static const uint64_t UPDATE_RETRY_MAX_MS = 600000;

bool k8smi_local_state_is_terminal(int state) {
  switch (state) {
  case K8SM_MESOS__TASK_STATE__TASK_FINISHED:
  case K8SM_MESOS__TASK_STATE__TASK_FAILED:
  case K8SM_MESOS__TASK_STATE__TASK_KILLED:
  case K8SM_MESOS__TASK_STATE__TASK_ERROR:
  case K8SM_MESOS__TASK_STATE__TASK_LOST:
  case K8SM_MESOS__TASK_STATE__TASK_DROPPED:
  case K8SM_MESOS__TASK_STATE__TASK_GONE:
  case K8SM_MESOS__TASK_STATE__TASK_GONE_BY_OPERATOR: return true;
  default: return false;
  }
}

static double update_seconds(int64_t wall_ms) {
  return (double)wall_ms / 1000.0;
}

void k8smi_local_update_free(struct local_update *update) {
  if (update == NULL) return;
  const struct k8sm_allocator allocator = update->arena.allocator;
  k8smi_list_remove(&update->link);
  k8smi_arena_free(&update->arena);
  k8smi_free(&allocator, update, sizeof(struct local_update));
}

static char *update_text(struct k8smi_arena *arena, const char *text) {
  return (char *)(uintptr_t)k8smi_arena_copy(arena, text, strlen(text)).ptr;
}

#define UPDATE_NEW(arena, type) k8smi_message_new((arena), &k8sm_mesos__##type##__descriptor)

static bool update_set_ids(struct k8smi_arena *arena, const struct local_task *task,
                           K8smMesos__TaskStatus *status) {
  status->task_id = UPDATE_NEW(arena, task_id);
  status->agent_id = UPDATE_NEW(arena, agent_id);
  if (status->task_id == NULL || status->agent_id == NULL) return false;
  status->task_id->value = update_text(arena, task->id);
  status->agent_id->value = update_text(arena, task->agent->id);
  if (task->executor != NULL) {
    status->executor_id = UPDATE_NEW(arena, executor_id);
    if (status->executor_id == NULL) return false;
    status->executor_id->value = update_text(arena, task->executor->id);
    if (status->executor_id->value == NULL) return false;
  }
  return status->task_id->value != NULL && status->agent_id->value != NULL;
}

/* Addresses and the pid are there while the container's process is; a command executor outlives it. */
static bool update_set_process(struct k8smi_arena *arena, const struct local_task *task,
                               K8smMesos__ContainerStatus *container) {
  container->has_executor_pid = 1;
  container->executor_pid = task->pid;
  return k8smi_local_networks_report(task->executor, arena, container);
}

static bool update_set_container(struct k8smi_arena *arena, const struct local_task *task,
                                 K8smMesos__TaskStatus *status) {
  bool nested = task->executor->info != NULL;
  K8smMesos__ContainerStatus *container = UPDATE_NEW(arena, container_status);
  K8smMesos__ContainerID *id = UPDATE_NEW(arena, container_id);
  if (container == NULL || id == NULL) return false;
  id->value = update_text(arena, nested ? task->container_id : task->executor->container_id);
  if (nested) {
    id->parent = UPDATE_NEW(arena, container_id);
    if (id->parent == NULL) return false;
    id->parent->value = update_text(arena, task->executor->container_id);
    if (id->parent->value == NULL) return false;
  }
  container->container_id = id;
  status->container_status = container;
  bool process = !nested || task->phase == LOCAL_TASK_RUNNING || task->phase == LOCAL_TASK_KILLING;
  return id->value != NULL && (!process || update_set_process(arena, task, container));
}

/* Every status of a task that has a check says of which type; the result only while it is looked at. */
static bool update_set_check(struct k8smi_arena *arena, const struct local_task *task, bool probed,
                             K8smMesos__TaskStatus *status) {
  const K8smMesos__CheckInfo *check = task->info->check;
  if (check == NULL) return true;
  K8smMesos__CheckStatusInfo *info = UPDATE_NEW(arena, check_status_info);
  if (info == NULL) return false;
  status->check_status = info;
  info->has_type = 1;
  info->type = check->type;
  bool known = probed && task->check.begun;
  if (check->type == K8SM_MESOS__CHECK_INFO__TYPE__COMMAND) {
    info->command = UPDATE_NEW(arena, check_status_info__command);
    if (info->command == NULL) return false;
    info->command->has_exit_code = known;
    info->command->exit_code = task->check.result;
  } else if (check->type == K8SM_MESOS__CHECK_INFO__TYPE__HTTP) {
    enum { UPDATE_HTTP_OK = 200 };
    info->http = UPDATE_NEW(arena, check_status_info__http);
    if (info->http == NULL) return false;
    info->http->has_status_code = known;
    info->http->status_code = UPDATE_HTTP_OK;
  } else {
    info->tcp = UPDATE_NEW(arena, check_status_info__tcp);
    if (info->tcp == NULL) return false;
    info->tcp->has_succeeded = known;
    info->tcp->succeeded = 1;
  }
  return true;
}

static bool update_fill(struct local_update *update, struct local_task *task, const struct local_news *news) {
  struct k8smi_arena *arena = &update->arena;
  K8smMesos__TaskStatus *status = update->status;
  unsigned char *uuid = k8smi_arena_alloc(arena, LOCAL_UUID_BYTES);
  if (uuid == NULL || !update_set_ids(arena, task, status)) return false;
  k8smi_local_uuid_bytes(task->framework->local, uuid);
  status->has_uuid = 1;
  status->uuid = (ProtobufCBinaryData){LOCAL_UUID_BYTES, uuid};
  status->state = (K8smMesos__TaskState)news->state;
  status->has_source = 1;
  status->source = (K8smMesos__TaskStatus__Source)news->source;
  status->has_reason = news->reason >= 0;
  if (status->has_reason) status->reason = (K8smMesos__TaskStatus__Reason)news->reason;
  status->has_timestamp = 1;
  status->timestamp = update_seconds(task->framework->local->wall);
  status->has_healthy = news->healthy != NULL;
  status->healthy = news->healthy != NULL && *news->healthy;
  if (news->message != NULL && (status->message = update_text(arena, news->message)) == NULL) return false;
  if (news->source != K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_EXECUTOR) return true;
  return update_set_container(arena, task, status) && update_set_check(arena, task, news->probed, status);
}

static struct local_update *update_new(struct k8smi_local *local) {
  struct local_update *update = k8smi_zalloc(&local->allocator, sizeof(struct local_update));
  if (update == NULL) return NULL;
  k8smi_list_init(&update->link);
  k8smi_arena_init(&update->arena, &local->allocator, 0);
  update->status = k8smi_message_new(&update->arena, &k8sm_mesos__task_status__descriptor);
  if (update->status == NULL) {
    k8smi_local_update_free(update);
    return NULL;
  }
  return update;
}

void k8smi_local_task_news(struct local_task *task, const struct local_news *news) {
  struct k8smi_local *local = task->framework->local;
  struct local_update *update = update_new(local);
  if (!k8smi_local_have(local, update)) return;
  if (!update_fill(update, task, news)) {
    k8smi_local_fail(local);
    k8smi_local_update_free(update);
    return;
  }
  bool first = k8smi_list_empty(&task->updates);
  k8smi_list_add(&task->updates, &update->link);
  if (first) {
    task->retry_ms = local->options.ack_retry_ms;
    k8smi_local_task_forward(task);
  }
}

static void update_send(struct local_framework *framework, K8smMesos__TaskStatus *status) {
  K8smMesos__Event__Update body = K8SM_MESOS__EVENT__UPDATE__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  body.status = status;
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__UPDATE;
  event.update = &body;
  k8smi_local_event(framework, &event);
}

void k8smi_local_task_forward(struct local_task *task) {
  struct k8smi_local *local = task->framework->local;
  k8smi_local_timer_set(&local->timers, &task->retry, local->now + task->retry_ms);
  if (!k8smi_local_agent_hears(task->agent) || k8smi_local_loses(local, K8SMI_LOCAL_UPDATES)) return;
  task->sent = true;
  update_send(task->framework, K8SMI_OF(task->updates.next, local_update, link)->status);
  /* The agent says with it how far the task really is: once it has ended, the master takes its
   * resources back, whatever the framework has been told. */
  if (task->phase == LOCAL_TASK_ENDED) k8smi_local_task_release(task);
}

void k8smi_local_task_retry(void *owner) {
  struct local_task *task = owner;
  task->retry_ms = task->retry_ms * 2 > UPDATE_RETRY_MAX_MS ? UPDATE_RETRY_MAX_MS : task->retry_ms * 2;
  k8smi_local_task_forward(task);
}

void k8smi_local_acknowledge(struct local_framework *framework, const K8smMesos__Call__Acknowledge *call) {
  struct k8smi_local *local = framework->local;
  struct local_task *task = k8smi_local_index_get(&framework->task_index, k8smi_s(call->task_id->value));
  struct local_agent *agent = k8smi_local_agent_find(local, call->agent_id);
  if (task == NULL || agent == NULL || !k8smi_local_agent_is_connected(agent) || task->agent != agent ||
      !task->sent || k8smi_list_empty(&task->updates)) {
    return;
  }
  struct local_update *first = K8SMI_OF(task->updates.next, local_update, link);
  if (call->uuid.len != LOCAL_UUID_BYTES ||
      memcmp(call->uuid.data, first->status->uuid.data, LOCAL_UUID_BYTES) != 0) {
    return;
  }
  const bool last = k8smi_local_state_is_terminal((int)first->status->state);
  if (agent->away || k8smi_local_loses(local, K8SMI_LOCAL_ACKNOWLEDGEMENTS)) {
    task->settled = last;
    return;
  }
  k8smi_local_update_free(task->shown);
  task->shown = first;
  k8smi_list_remove(&first->link);
  k8smi_local_timer_clear(&local->timers, &task->retry);
  if (last) {
    k8smi_local_task_free(task);
  } else if (!k8smi_list_empty(&task->updates)) {
    task->retry_ms = local->options.ack_retry_ms;
    k8smi_local_task_forward(task);
  }
}

/* The status that the master was sent last, NULL before the first. */
static const K8smMesos__TaskStatus *update_seen(const struct local_task *task) {
  if (task->sent && !k8smi_list_empty(&task->updates)) {
    return K8SMI_OF(task->updates.next, local_update, link)->status;
  }
  return task->shown == NULL ? NULL : task->shown->status;
}

int k8smi_local_task_state(const struct local_task *task) {
  const K8smMesos__TaskStatus *seen = update_seen(task);
  return seen == NULL ? K8SM_MESOS__TASK_STATE__TASK_STAGING : (int)seen->state;
}

int k8smi_local_task_latest(const struct local_task *task) {
  if (!k8smi_list_empty(&task->updates))
    return (int)K8SMI_OF(task->updates.prev, local_update, link)->status->state;
  return k8smi_local_task_state(task);
}

void k8smi_local_answer(struct local_framework *framework, const struct local_answer *answer) {
  K8smMesos__TaskID task_id = K8SM_MESOS__TASK_ID__INIT;
  K8smMesos__AgentID agent_id = K8SM_MESOS__AGENT_ID__INIT;
  K8smMesos__ExecutorID executor_id = K8SM_MESOS__EXECUTOR_ID__INIT;
  K8smMesos__TimeInfo since = K8SM_MESOS__TIME_INFO__INIT;
  K8smMesos__TaskStatus status = K8SM_MESOS__TASK_STATUS__INIT;
  const K8smMesos__TaskStatus *seen = answer->task == NULL ? NULL : update_seen(answer->task);
  const char *executor = answer->executor_id;
  if (executor == NULL && answer->task != NULL && answer->task->executor != NULL)
    executor = answer->task->executor->id;
  task_id.value = (char *)(uintptr_t)answer->task_id;
  agent_id.value = (char *)(uintptr_t)answer->agent_id;
  executor_id.value = (char *)(uintptr_t)executor;
  status.task_id = &task_id;
  status.agent_id = answer->agent_id == NULL ? NULL : &agent_id;
  status.executor_id = executor == NULL ? NULL : &executor_id;
  status.state = (K8smMesos__TaskState)answer->state;
  status.has_source = status.has_reason = status.has_timestamp = 1;
  status.source = K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_MASTER;
  status.reason = (K8smMesos__TaskStatus__Reason)answer->reason;
  status.message = (char *)(uintptr_t)answer->message;
  status.timestamp = update_seconds(framework->local->wall);
  if (answer->unreachable != NULL) {
    since.nanoseconds = answer->unreachable->unreachable_wall_ms * 1000000;
    status.unreachable_time = &since;
  }
  if (seen != NULL) {
    status.has_healthy = seen->has_healthy;
    status.healthy = seen->healthy;
    status.check_status = seen->check_status;
    status.container_status = seen->container_status;
  }
  update_send(framework, &status);
}
