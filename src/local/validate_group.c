/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "local/text.h"
#include "wire/number.h"

/* What a master refuses of executors and task groups, in its order and its words. */

enum { VALIDATE_MIN_CPUS = 10, VALIDATE_MIN_MEM = 32000 }; /* thousandths, of an executor */

static struct k8smi_arena *group_arena(const struct local_launch *launch) {
  return launch->accept->arena;
}

static const char *group_print_message(struct k8smi_arena *arena, const ProtobufCMessage *message) {
  struct k8smi_buf text;
  k8smi_buf_init(&text, &arena->allocator);
  k8smi_local_print_message(&text, message);
  return k8smi_local_printed(arena, &text);
}

static const char *group_executor_type_fault(const K8smMesos__ExecutorInfo *executor) {
  if (!executor->has_type || executor->type != K8SM_MESOS__EXECUTOR_INFO__TYPE__DEFAULT) {
    return executor->has_type && executor->type == K8SM_MESOS__EXECUTOR_INFO__TYPE__CUSTOM &&
                   executor->command == NULL
               ? "'ExecutorInfo.command' must be set for 'CUSTOM' executor"
               : NULL;
  }
  if (executor->command != NULL) return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor";
  if (executor->container == NULL) return NULL;
  if (executor->container->type != K8SM_MESOS__CONTAINER_INFO__TYPE__MESOS) {
    return "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor";
  }
  if (executor->container->mesos != NULL && executor->container->mesos->image != NULL) {
    return "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor";
  }
  return NULL;
}

static bool group_same_text(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool group_same_message(const ProtobufCMessage *a, const ProtobufCMessage *b,
                               const struct k8sm_allocator *allocator) {
  struct k8smi_buf x, y;
  if (a == NULL || b == NULL) return a == b;
  k8smi_buf_init(&x, allocator);
  k8smi_buf_init(&y, allocator);
  k8smi_message_encode(&x, a);
  k8smi_message_encode(&y, b);
  bool same = !x.failed && !y.failed && x.len == y.len && (x.len == 0 || memcmp(x.ptr, y.ptr, x.len) == 0);
  k8smi_buf_free(&x);
  k8smi_buf_free(&y);
  return same;
}

/* Of a container, a master looks at type, hostname, volumes and docker only. */
static bool group_same_container(const K8smMesos__ContainerInfo *a, const K8smMesos__ContainerInfo *b,
                                 const struct k8sm_allocator *allocator) {
  if (a == NULL || b == NULL) return a == b;
  bool same = a->type == b->type && group_same_text(a->hostname, b->hostname) && a->n_volumes == b->n_volumes;
  for (size_t i = 0; same && i < a->n_volumes; i++) {
    same = group_same_message(&a->volumes[i]->base, &b->volumes[i]->base, allocator);
  }
  return same && group_same_message(a->docker == NULL ? NULL : &a->docker->base,
                                    b->docker == NULL ? NULL : &b->docker->base, allocator);
}

static bool group_same_resources(struct k8smi_arena *arena, const K8smMesos__ExecutorInfo *a,
                                 const K8smMesos__ExecutorInfo *b) {
  struct local_bag x, y;
  return k8smi_local_bag_sum(arena, a->resources, a->n_resources, &x) &&
         k8smi_local_bag_sum(arena, b->resources, b->n_resources, &y) && k8smi_local_bag_equal(&x, &y);
}

/* Labels, grace period, and how the resources are written do not matter. */
static bool group_same_executor(struct k8smi_arena *arena, const K8smMesos__ExecutorInfo *a,
                                const K8smMesos__ExecutorInfo *b) {
  const struct k8sm_allocator *allocator = &arena->allocator;
  return a->type == b->type && a->has_type == b->has_type && a->data.len == b->data.len &&
         (a->data.len == 0 || memcmp(a->data.data, b->data.data, a->data.len) == 0) &&
         group_same_resources(arena, a, b) && strcmp(a->executor_id->value, b->executor_id->value) == 0 &&
         group_same_text(a->framework_id == NULL ? NULL : a->framework_id->value,
                         b->framework_id == NULL ? NULL : b->framework_id->value) &&
         group_same_message(a->command == NULL ? NULL : &a->command->base,
                            b->command == NULL ? NULL : &b->command->base, allocator) &&
         group_same_text(a->name, b->name) &&
         group_same_message(a->discovery == NULL ? NULL : &a->discovery->base,
                            b->discovery == NULL ? NULL : &b->discovery->base, allocator) &&
         group_same_container(a->container, b->container, allocator);
}

static const char *group_compatible_fault(const struct local_launch *launch) {
  static const char RULE[] = "------------------------------------------------------------\n";
  struct k8smi_arena *arena = group_arena(launch);
  if (launch->existing == NULL || group_same_executor(arena, launch->existing->info, launch->executor))
    return NULL;
  return LOCAL_WORDS(
      arena, "ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n", RULE,
      "Existing ExecutorInfo:\n", group_print_message(arena, &launch->existing->info->base), "\n", RULE,
      "ExecutorInfo:\n", group_print_message(arena, &launch->executor->base), "\n", RULE);
}

static const char *group_framework_fault(const struct local_launch *launch) {
  const K8smMesos__FrameworkID *id = launch->executor->framework_id;
  const char *expected = launch->accept->framework->id;
  if (id == NULL) return "'ExecutorInfo.framework_id' must be set";
  if (strcmp(id->value, expected) == 0) return NULL;
  return LOCAL_WORDS(group_arena(launch), "ExecutorInfo has an invalid FrameworkID (Actual: ", id->value,
                     " vs Expected: ", expected, ")");
}

/* What needs nothing but the executor. */
static const char *group_executor_fault(struct k8smi_arena *arena, const K8smMesos__ExecutorInfo *executor) {
  const char *fault = group_executor_type_fault(executor);
  if (fault == NULL) fault = k8smi_local_validate_id(arena, executor->executor_id->value);
  if (fault != NULL) return fault;
  if (executor->shutdown_grace_period != NULL && executor->shutdown_grace_period->nanoseconds < 0)
    return "ExecutorInfo's 'shutdown_grace_period' must be non-negative";
  fault = executor->command == NULL ? NULL : k8smi_local_command_fault(arena, executor->command);
  if (fault != NULL) return LOCAL_WORDS(arena, "Executor's `CommandInfo` is invalid: ", fault);
  fault = executor->container == NULL ? NULL : k8smi_local_container_fault(arena, executor->container);
  return fault == NULL ? NULL : LOCAL_WORDS(arena, "Executor's `ContainerInfo` is invalid: ", fault);
}

const char *k8smi_local_validate_executor(const struct local_launch *launch) {
  const K8smMesos__ExecutorInfo *executor = launch->executor;
  const char *fault = group_executor_fault(group_arena(launch), executor);
  if (fault == NULL) fault = group_framework_fault(launch);
  if (fault == NULL) {
    fault = k8smi_local_use_fault(
        launch->accept,
        &(struct local_use){.list = {executor->resources, executor->n_resources},
                            .invalid = "Executor uses invalid resources: ",
                            .twice = "Executor uses duplicate persistence ID: ",
                            .roles = "Invalid executor resources: ",
                            .mixed = "Executor mixes revocable and non-revocable resources: "});
  }
  return fault == NULL ? group_compatible_fault(launch) : fault;
}

static const char *group_scalar(struct k8smi_arena *arena, bool found, int64_t milli, const char *unit) {
  struct k8smi_buf text;
  if (!found) return "None";
  k8smi_buf_init(&text, &arena->allocator);
  k8smi_put_milli(&text, milli);
  k8smi_buf_puts(&text, unit);
  return k8smi_local_printed(arena, &text);
}

/* The least that a group's executor must hold. */
static const char *group_minimum_fault(const struct local_launch *launch) {
  struct k8smi_arena *arena = group_arena(launch);
  const K8smMesos__ExecutorInfo *executor = launch->executor;
  const char *id = executor->executor_id->value;
  struct local_bag bag;
  bool found;
  if (!k8smi_local_bag_sum(arena, executor->resources, executor->n_resources, &bag)) {
    k8smi_local_fail(launch->accept->framework->local);
    return "";
  }
  int64_t cpus = k8smi_local_bag_scalar(&bag, "cpus", &found);
  if (cpus < VALIDATE_MIN_CPUS) {
    return LOCAL_WORDS(arena, "Executor '", id, "' uses less CPUs (", group_scalar(arena, found, cpus, ""),
                       ") than the minimum required (0.01)");
  }
  int64_t mem = k8smi_local_bag_scalar(&bag, "mem", &found);
  if (mem < VALIDATE_MIN_MEM) {
    return LOCAL_WORDS(arena, "Executor '", id, "' uses less memory (", group_scalar(arena, found, mem, "MB"),
                       ") than the minimum required (32MB)");
  }
  k8smi_local_bag_scalar(&bag, "disk", &found);
  return found ? NULL : LOCAL_WORDS(arena, "Executor '", id, "' uses no disk");
}

static const char *group_task_fault(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  const K8smMesos__ContainerInfo *container = task->container;
  const char *fault = k8smi_local_validate_task_info(launch, task);
  if (fault != NULL) return fault;
  if (container != NULL && container->n_network_infos > 0 && task->health_check != NULL &&
      task->health_check->type != K8SM_MESOS__HEALTH_CHECK__TYPE__COMMAND) {
    return "HTTP and TCP health checks are not supported for nested containers not joining parent's network";
  }
  if (container != NULL && container->type == K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER) {
    return "Docker ContainerInfo is not supported on the task";
  }
  bool own_cgroups =
      container != NULL && container->linux_info != NULL && !container->linux_info->share_cgroups;
  if (task->n_limits > 0 && !own_cgroups) {
    return "Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is "
           "set to "
           "'false'.";
  }
  return NULL;
}

static bool group_shares_cgroups(const K8smMesos__ContainerInfo *container) {
  return container == NULL || container->linux_info == NULL || container->linux_info->share_cgroups;
}

static const char *group_share_fault(const struct local_launch *launch) {
  static const char DIFFER[] = "If set, the value of 'share_cgroups' must be the same for all tasks in each "
                               "task group and under a single "
                               "executor";
  const K8smMesos__ContainerInfo *container = launch->executor->container;
  if (container != NULL && container->linux_info != NULL && container->linux_info->has_share_cgroups &&
      container->linux_info->share_cgroups) {
    return "The 'share_cgroups' field cannot be set to 'true' on executor containers";
  }
  bool shared = group_shares_cgroups(launch->tasks[0]->container);
  for (size_t i = 1; i < launch->task_count; i++) {
    if (group_shares_cgroups(launch->tasks[i]->container) != shared) return DIFFER;
  }
  if (launch->existing == NULL) return NULL;
  K8SMI_EACH(link, &launch->existing->tasks) {
    const struct local_task *task = K8SMI_OF(link, local_task, by_executor);
    if (group_shares_cgroups(task->info->container) != shared) return DIFFER;
  }
  return NULL;
}

/* Task ids of one group must differ too. The group is small, or refused before. */
static const char *group_duplicate_fault(const struct local_launch *launch) {
  struct k8smi_map seen;
  const char *fault = NULL;
  k8smi_map_init(&seen, &group_arena(launch)->allocator, launch->accept->framework->local->seed);
  for (size_t i = 0; i < launch->task_count && fault == NULL; i++) {
    struct k8sm_slice id = k8smi_s(launch->tasks[i]->task_id->value);
    if (k8smi_map_get(&seen, id) != K8SMI_MAP_NONE) {
      fault =
          LOCAL_WORDS(group_arena(launch), "Task '", id.ptr, "' is invalid: Task has duplicate ID: ", id.ptr);
    } else if (!k8smi_map_put(&seen, id, 0)) {
      k8smi_local_fail(launch->accept->framework->local);
      fault = "";
    }
  }
  k8smi_map_free(&seen);
  return fault;
}

void k8smi_local_launch_find_executor(struct local_launch *launch) {
  struct local_executor *existing = k8smi_local_executor_find(
      launch->accept->agent, launch->accept->framework, launch->executor->executor_id->value);
  launch->existing = existing != NULL && existing->known ? existing : NULL;
}

/* Of an executor that runs groups. */
static const char *group_default_fault(const struct local_launch *launch) {
  const K8smMesos__ExecutorInfo *executor = launch->executor;
  struct k8smi_arena *arena = group_arena(launch);
  if (!executor->has_type) return "'ExecutorInfo.type' must be set";
  if (executor->type == K8SM_MESOS__EXECUTOR_INFO__TYPE__UNKNOWN) return "Unknown executor type";
  if (executor->container != NULL && executor->container->type == K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER)
    return "Docker ContainerInfo is not supported on the executor";
  for (size_t i = 0; i < launch->task_count; i++) {
    const K8smMesos__ExecutorInfo *other = launch->tasks[i]->executor;
    if (other == NULL || group_same_executor(arena, other, executor)) continue;
    return LOCAL_WORDS(arena, "The `ExecutorInfo` of task '", launch->tasks[i]->task_id->value,
                       "' is different from executor '", executor->executor_id->value, "'");
  }
  return group_minimum_fault(launch);
}

const char *k8smi_local_validate_group(struct local_launch *launch) {
  struct k8smi_arena *arena = group_arena(launch);
  k8smi_local_launch_find_executor(launch);
  for (size_t i = 0; i < launch->task_count; i++) {
    const char *fault = group_task_fault(launch, launch->tasks[i]);
    if (fault != NULL) {
      return LOCAL_WORDS(arena, "Task '", launch->tasks[i]->task_id->value, "' is invalid: ", fault);
    }
  }
  const char *fault = k8smi_local_validate_executor(launch);
  if (fault == NULL) fault = group_default_fault(launch);
  if (fault == NULL) fault = k8smi_local_validate_group_room(launch);
  if (fault == NULL) fault = group_duplicate_fault(launch);
  return fault == NULL ? group_share_fault(launch) : fault;
}
