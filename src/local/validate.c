/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

/* What a master refuses of a task, in its order and its words. */

const char *k8smi_local_printed(struct k8smi_arena *arena, struct k8smi_buf *text) {
  const char *ret = text->failed ? NULL : k8smi_arena_copy(arena, text->ptr, text->len).ptr;
  k8smi_buf_free(text);
  return ret == NULL ? "" : ret;
}

const char *k8smi_local_words(struct k8smi_arena *arena, const char *const *pieces, size_t n) {
  struct k8smi_buf text;
  k8smi_buf_init(&text, &arena->allocator);
  for (size_t i = 0; i < n; i++) k8smi_buf_puts(&text, pieces[i]);
  return k8smi_local_printed(arena, &text);
}

const char *k8smi_local_validate_id(struct k8smi_arena *arena, const char *id) {
  enum { VALIDATE_ID_MAX = 255 };
  size_t n = strlen(id);
  if (n == 0) return "ID must not be empty";
  if (n > VALIDATE_ID_MAX) return "ID must not be greater than 255 characters";
  if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0) return LOCAL_WORDS(arena, "'", id, "' is disallowed");
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)id[i];
    if (c < 0x20 || c == 0x7f || c == '/' || c == '\\') {
      return LOCAL_WORDS(arena, "'", id, "' contains invalid characters");
    }
  }
  return NULL;
}

typedef const char *validate_rule(const struct local_launch *launch, const K8smMesos__TaskInfo *task);

static struct k8smi_arena *validate_arena(const struct local_launch *launch) {
  return launch->accept->arena;
}

static const char *validate_task_id(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  return k8smi_local_validate_id(validate_arena(launch), task->task_id->value);
}

static const char *validate_unique(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  const char *id = task->task_id->value;
  const struct local_task *other = k8smi_local_index_get(&launch->accept->framework->task_index, k8smi_s(id));
  if (other == NULL) return NULL;
  if (other->agent->registered) return LOCAL_WORDS(validate_arena(launch), "Task has duplicate ID: ", id);
  return LOCAL_WORDS(validate_arena(launch), "Task reuses the ID of an unreachable task: ", id);
}

static const char *validate_agent(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  const char *expected = launch->accept->agent->id;
  if (strcmp(task->agent_id->value, expected) == 0) return NULL;
  return LOCAL_WORDS(validate_arena(launch), "Task uses invalid agent ", task->agent_id->value,
                     " while agent ", expected, " is expected");
}

static const char *validate_kill_policy(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  (void)launch;
  bool bad = task->kill_policy != NULL && task->kill_policy->grace_period != NULL &&
             task->kill_policy->grace_period->nanoseconds < 0;
  return bad ? "Task's 'kill_policy.grace_period' must be non-negative" : NULL;
}

static const char *validate_completion(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  (void)launch;
  bool bad = task->max_completion_time != NULL && task->max_completion_time->nanoseconds < 0;
  return bad ? "Task's `max_completion_time` must be non-negative" : NULL;
}

static const char *validate_check(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  const char *fault =
      task->check == NULL ? NULL : k8smi_local_check_fault(validate_arena(launch), task->check);
  return fault == NULL ? NULL : LOCAL_WORDS(validate_arena(launch), "Task uses invalid check: ", fault);
}

static const char *validate_health_check(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  const char *fault = task->health_check == NULL
                          ? NULL
                          : k8smi_local_health_fault(validate_arena(launch), task->health_check);
  return fault == NULL ? NULL
                       : LOCAL_WORDS(validate_arena(launch), "Task uses invalid health check: ", fault);
}

static const char *validate_resources(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  if (task->n_resources == 0) return "Task uses no resources";
  return k8smi_local_use_fault(
      launch->accept, &(struct local_use){.list = {task->resources, task->n_resources},
                                          .invalid = "Task uses invalid resources: ",
                                          .twice = "Task uses duplicate persistence ID: ",
                                          .roles = "Invalid task resources: ",
                                          .mixed = "Task mixes revocable and non-revocable resources: "});
}

static const char *validate_command(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  struct k8smi_arena *arena = validate_arena(launch);
  const char *fault = task->command == NULL ? NULL : k8smi_local_command_fault(arena, task->command);
  return fault == NULL ? NULL : LOCAL_WORDS(arena, "Task's `CommandInfo` is invalid: ", fault);
}

static const char *validate_volume(const K8smMesos__Volume *volume) {
  const K8smMesos__Volume__Source *source = volume->source;
  if ((volume->host_path != NULL) + (volume->image != NULL) + (source != NULL) != 1) {
    return "Only one of them should be set: 'host_path', 'image' and 'source'";
  }
  if (source == NULL) return NULL;
  switch (source->type) {
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__DOCKER_VOLUME:
    return source->docker_volume != NULL ? NULL
                                         : "'source.docker_volume' is not set for DOCKER_VOLUME volume";
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__HOST_PATH:
    return source->host_path != NULL ? NULL : "'source.host_path' is not set for HOST_PATH volume";
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__SANDBOX_PATH:
    return source->sandbox_path != NULL ? NULL : "'source.sandbox_path' is not set for SANDBOX_PATH volume";
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__SECRET:
    return source->secret != NULL ? NULL : "'source.secret' is not set for SECRET volume";
  case K8SM_MESOS__VOLUME__SOURCE__TYPE__CSI_VOLUME:
    if (source->csi_volume == NULL) return "'source.csi_volume' is not set for CSI volume";
    return source->csi_volume->static_provisioning != NULL
               ? NULL
               : "'source.csi_volume.static_provisioning' is not set for CSI volume";
  default: return "'source.type' is unknown";
  }
}

const char *k8smi_local_container_fault(struct k8smi_arena *arena,
                                        const K8smMesos__ContainerInfo *container) {
  for (size_t i = 0; i < container->n_volumes; i++) {
    const char *fault = validate_volume(container->volumes[i]);
    if (fault != NULL) return LOCAL_WORDS(arena, "Invalid volume: ", fault);
  }
  if (container->type != K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER) return NULL;
  if (container->docker == NULL) return "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo";
  for (size_t i = 0; i < container->docker->n_parameters; i++) {
    if (strcmp(container->docker->parameters[i]->key, "name") == 0)
      return "Parameter in DockerInfo must not be 'name'";
  }
  return NULL;
}

static const char *validate_container(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  struct k8smi_arena *arena = validate_arena(launch);
  const char *fault = task->container == NULL ? NULL : k8smi_local_container_fault(arena, task->container);
  return fault == NULL ? NULL : LOCAL_WORDS(arena, "Task's `ContainerInfo` is invalid: ", fault);
}

static const struct validate_limit {
  const char *name;
  const char *without; /* no request */
  const char *below;   /* less than the request */
} VALIDATE_LIMITS[] = {
    {"cpus", "When a CPU limit is specified, a CPU request must also be specified",
     "The cpu limit must be greater than or equal to the cpu request"},
    {"mem", "When a memory limit is specified, a memory request must also be specified",
     "The memory limit must be greater than or equal to the memory request"},
};

static const char *validate_one_limit(const struct validate_limit *rule, const K8smMesos__TaskInfo *task,
                                      const K8smMesos__TaskInfo__LimitsEntry *limit) {
  double request = 0;
  bool found = false;
  for (size_t i = 0; i < task->n_resources; i++) {
    if (strcmp(task->resources[i]->name, rule->name) != 0 || task->resources[i]->scalar == NULL) continue;
    int64_t milli;
    request += task->resources[i]->scalar->value;
    found = found || (k8smi_milli_of_double(task->resources[i]->scalar->value, &milli) && milli > 0);
  }
  if (!found) return rule->without;
  return limit->value == NULL || limit->value->value < request ? rule->below : NULL;
}

static const char *validate_limits(const struct local_launch *launch, const K8smMesos__TaskInfo *task) {
  (void)launch;
  const size_t rules = sizeof(VALIDATE_LIMITS) / sizeof(VALIDATE_LIMITS[0]);
  for (size_t i = 0; i < task->n_limits; i++) {
    const struct validate_limit *rule = NULL;
    for (size_t j = 0; j < rules && task->limits[i]->key != NULL; j++) {
      if (strcmp(task->limits[i]->key, VALIDATE_LIMITS[j].name) == 0) rule = &VALIDATE_LIMITS[j];
    }
    if (rule == NULL) return "Only cpus and mem may be included in a task's resource limits";
    const char *fault = validate_one_limit(rule, task, task->limits[i]);
    if (fault != NULL) return fault;
  }
  return NULL;
}

/* In a master's order: the first that finds something speaks. */
static validate_rule *const VALIDATE_TASK[] = {
    validate_task_id,    validate_unique,    validate_agent,        validate_kill_policy,
    validate_completion, validate_check,     validate_health_check, validate_resources,
    validate_command,    validate_container, validate_limits,
};

const char *k8smi_local_validate_task_info(const struct local_launch *launch,
                                           const K8smMesos__TaskInfo *task) {
  const char *fault = NULL;
  for (size_t i = 0; i < sizeof(VALIDATE_TASK) / sizeof(VALIDATE_TASK[0]) && fault == NULL; i++) {
    fault = VALIDATE_TASK[i](launch, task);
  }
  return fault;
}

static bool validate_is_shared(const struct local_amount *amount, const void *ctx) {
  (void)ctx;
  return amount->form->shared != NULL;
}

/* Of an executor that a framework brings itself. */
static const char *validate_custom(const struct local_launch *launch) {
  struct k8smi_arena *arena = validate_arena(launch);
  const K8smMesos__ExecutorInfo *executor = launch->executor;
  const K8smMesos__ContainerInfo *container = executor->container;
  struct local_bag all, shared;
  if (executor->has_type && executor->type != K8SM_MESOS__EXECUTOR_INFO__TYPE__CUSTOM)
    return "'ExecutorInfo.type' must be 'CUSTOM'";
  if (executor->command == NULL) return "'ExecutorInfo.command' must be set";
  if (!k8smi_local_bag_sum(arena, executor->resources, executor->n_resources, &all) ||
      !k8smi_local_bag_pick(arena, &all, validate_is_shared, NULL, &shared)) {
    k8smi_local_fail(launch->accept->framework->local);
    return "";
  }
  if (shared.count > 0) {
    return LOCAL_WORDS(arena, "Executor resources ", k8smi_local_bag_text(arena, &all),
                       " should not contain any shared resources");
  }
  bool shares = container != NULL && container->linux_info != NULL &&
                container->linux_info->has_share_cgroups && container->linux_info->share_cgroups;
  return shares ? "The 'share_cgroups' field cannot be set to 'true' on executor containers" : NULL;
}

static const char *validate_command_or_executor(const struct local_launch *launch) {
  const K8smMesos__TaskInfo *task = launch->tasks[0];
  if ((task->executor != NULL) == (task->command != NULL)) {
    return "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present";
  }
  if (task->executor == NULL) return NULL;
  const char *fault = k8smi_local_validate_executor(launch);
  return fault == NULL ? validate_custom(launch) : fault;
}

/* Which type is meant, where an older framework states none: of single tasks only. */
static void validate_imply_type(K8smMesos__HealthCheck *check) {
  if (check == NULL || check->has_type || (check->command == NULL) == (check->http == NULL)) return;
  check->has_type = 1;
  check->type =
      check->command != NULL ? K8SM_MESOS__HEALTH_CHECK__TYPE__COMMAND : K8SM_MESOS__HEALTH_CHECK__TYPE__HTTP;
}

/* A master writes down whose executor it is, where an older framework does not: of single tasks only. */
static bool validate_imply_framework(const struct local_launch *launch, K8smMesos__ExecutorInfo *executor) {
  if (executor == NULL || executor->framework_id != NULL) return true;
  executor->framework_id = k8smi_message_new(validate_arena(launch), &k8sm_mesos__framework_id__descriptor);
  if (!k8smi_local_have(launch->accept->framework->local, executor->framework_id)) return false;
  executor->framework_id->value = launch->accept->framework->id;
  return true;
}

const char *k8smi_local_validate_task(struct local_launch *launch) {
  const K8smMesos__TaskInfo *task = launch->tasks[0];
  validate_imply_type(task->health_check);
  if (!validate_imply_framework(launch, task->executor)) return "";
  if (launch->executor != NULL) k8smi_local_launch_find_executor(launch);
  const char *fault = k8smi_local_validate_task_info(launch, task);
  if (fault == NULL) fault = validate_command_or_executor(launch);
  if (fault == NULL) fault = k8smi_local_validate_task_room(launch);
  if (fault == NULL && task->container != NULL && task->container->linux_info != NULL &&
      task->container->linux_info->has_share_cgroups && !task->container->linux_info->share_cgroups) {
    fault = "Only tasks in a task group may have 'share_cgroups' set to 'false'";
  }
  return fault;
}
