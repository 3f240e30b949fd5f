/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_BROKEN_CALLS_H
#define TESTS_SUPPORT_BROKEN_CALLS_H

/* ACCEPTs that are broken in one place: what a master, and whoever plays one, must refuse. */

#include <stdlib.h>
#include <string.h>

#include "wire/mesos.h"

/* A group of a call, to be broken. */
struct broken {
  struct k8smi_arena *arena;
  K8smMesos__Call *call;
  K8smMesos__ExecutorInfo *executor;
  K8smMesos__TaskInfo *task;
  K8smMesos__Resource *reserved, *created; /* the first of the call; or NULL */
};

static inline char *broken_text(const char *words) {
  return (char *)(uintptr_t)words; /* nobody writes it */
}

static inline K8smMesos__Resource *broken_resource(K8smMesos__Resource **resources, size_t n,
                                                   const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(resources[i]->name, name) == 0) return resources[i];
  }
  return NULL;
}

static inline K8smMesos__Resource *broken_of_executor(const struct broken *b, const char *name) {
  return broken_resource(b->executor->resources, b->executor->n_resources, name);
}

static inline K8smMesos__Volume *broken_volume(const struct broken *b, K8smMesos__Volume__Source__Type type) {
  for (size_t i = 0; i < b->task->container->n_volumes; i++) {
    K8smMesos__Volume *v = b->task->container->volumes[i];
    if (v->source != NULL && v->source->type == type) return v;
  }
  return NULL;
}

/* Each breaks what its name says, and is false where there is nothing of the kind. */
#define BREAK(name, condition, ...)                                                                          \
  static bool break_##name(struct broken *b) {                                                               \
    if (!(condition)) return false;                                                                          \
    __VA_ARGS__;                                                                                             \
    return true;                                                                                             \
  }
BREAK(type, true, b->call->type = K8SM_MESOS__CALL__TYPE__DECLINE)
BREAK(framework, true, b->call->framework_id->value = broken_text("other"))
BREAK(filters, true, b->call->accept->filters = NULL)
BREAK(offer, true, b->call->accept->offer_ids[0]->value = broken_text("other"))
BREAK(offer_twice, b->call->accept->n_offer_ids > 1,
      b->call->accept->offer_ids[1] = b->call->accept->offer_ids[0])
BREAK(executor_id, true, b->executor->executor_id->value = broken_text(".."))
BREAK(executor_type, true, b->executor->type = K8SM_MESOS__EXECUTOR_INFO__TYPE__CUSTOM)
BREAK(executor_command, true, b->executor->command = b->task->command)
BREAK(executor_framework, true, b->executor->framework_id->value = broken_text("other"))
BREAK(executor_cgroups, b->executor->container != NULL && b->executor->container->linux_info != NULL,
      b->executor->container->linux_info->has_share_cgroups =
          b->executor->container->linux_info->share_cgroups = true)
BREAK(executor_cpus, true, broken_of_executor(b, "cpus")->scalar->value = 0.001)
BREAK(executor_disk, true, broken_of_executor(b, "disk")->name = broken_text("disc"))
BREAK(executor_other, b->call->accept->n_operations > 1, b->executor->name = broken_text("other"))
BREAK(executor_role, true, broken_of_executor(b, "mem")->allocation_info->role = broken_text("other"))
BREAK(executor_fraction, true, broken_of_executor(b, "mem")->scalar->value += 0.0001)
BREAK(executor_nothing, true, broken_of_executor(b, "mem")->scalar->value = 0)
BREAK(task_id, true, b->task->task_id->value = broken_text("a/b"))
BREAK(task_agent, true, b->task->agent_id->value = broken_text("other"))
BREAK(task_room, true, b->task->resources[0]->scalar->value = 1000000)
BREAK(task_docker, b->task->container != NULL,
      b->task->container->type = K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER)
BREAK(task_network, b->task->container != NULL, {
  b->task->container->network_infos = k8smi_arena_zalloc(b->arena, sizeof *b->task->container->network_infos);
  b->task->container->network_infos[0] = k8smi_message_new(b->arena, &k8sm_mesos__network_info__descriptor);
  b->task->container->n_network_infos = 1;
})
BREAK(task_cgroups, b->task->n_limits > 0, b->task->container->linux_info->has_share_cgroups = false)
BREAK(task_limit, b->task->n_limits > 0, b->task->limits[0]->value->value = 0.001)
BREAK(task_limit_kind, b->task->n_limits > 0, b->task->limits[0]->key = broken_text("disk"))
BREAK(task_grace, b->task->kill_policy != NULL && b->task->kill_policy->grace_period != NULL,
      b->task->kill_policy->grace_period->nanoseconds = -1)
BREAK(task_arguments, b->task->command->value != NULL && b->task->command->n_arguments > 0,
      b->task->command->arguments[0] = broken_text("other"))
BREAK(task_labels, b->task->labels != NULL && b->task->labels->n_labels > 1,
      b->task->labels->labels[1]->key = b->task->labels->labels[0]->key)
BREAK(task_port, b->task->discovery != NULL && b->task->discovery->ports != NULL,
      b->task->discovery->ports->ports[0]->number = 0)
BREAK(variable, b->task->command->environment != NULL, {
  b->task->command->environment->variables[0]->type = K8SM_MESOS__ENVIRONMENT__VARIABLE__TYPE__VALUE;
  b->task->command->environment->variables[0]->value = NULL;
  b->task->command->environment->variables[0]->secret = NULL;
})
BREAK(volume_source, b->task->container != NULL && b->task->container->n_volumes > 0,
      b->task->container->volumes[0]->source = NULL)
BREAK(volume_path,
      b->task->container != NULL && broken_volume(b, K8SM_MESOS__VOLUME__SOURCE__TYPE__SANDBOX_PATH),
      broken_volume(b, K8SM_MESOS__VOLUME__SOURCE__TYPE__SANDBOX_PATH)->source->sandbox_path->path =
          broken_text("../x"))
BREAK(volume_secret, b->task->container != NULL && broken_volume(b, K8SM_MESOS__VOLUME__SOURCE__TYPE__SECRET),
      broken_volume(b, K8SM_MESOS__VOLUME__SOURCE__TYPE__SECRET)->source->secret = NULL)
BREAK(health_type, b->task->health_check != NULL, b->task->health_check->has_type = false)
BREAK(health_time, b->task->health_check != NULL, b->task->health_check->timeout_seconds = -1)
BREAK(health_default, b->task->health_check != NULL, b->task->health_check->has_interval_seconds = false)
BREAK(health_path, b->task->health_check != NULL && b->task->health_check->http != NULL,
      b->task->health_check->http->path = broken_text("x"))
BREAK(check_port, b->task->check != NULL && b->task->check->tcp != NULL, b->task->check->tcp->port = 0)

BREAK(reserve_principal, b->reserved != NULL,
      b->reserved->reservations[b->reserved->n_reservations - 1]->principal = broken_text("other"))
BREAK(reserve_role, b->reserved != NULL,
      b->reserved->reservations[b->reserved->n_reservations - 1]->role = broken_text("other"))
BREAK(reserve_room, b->reserved != NULL && b->reserved->scalar != NULL,
      b->reserved->scalar->value = 1000000000)
BREAK(reserve_nothing, b->reserved != NULL, b->reserved->n_reservations = 0)
BREAK(reserve_part,
      b->reserved != NULL && b->reserved->disk != NULL &&
          b->reserved->disk->source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT,
      b->reserved->scalar->value = 0.001)
BREAK(create_id, b->created != NULL, b->created->disk->persistence->id = broken_text(".."))
BREAK(create_principal, b->created != NULL, b->created->disk->persistence->principal = broken_text("other"))
BREAK(create_path, b->created != NULL, b->created->disk->volume->container_path = broken_text("/x"))
BREAK(create_nothing, b->created != NULL, b->created->disk->persistence = NULL)

BREAK(operation_id, b->call->accept->operations[0]->id != NULL,
      b->call->accept->operations[0]->id->value = broken_text("a/b"))
BREAK(operation_id_twice,
      b->call->accept->operations[0]->id != NULL && b->created != NULL && b->reserved != NULL,
      b->call->accept->operations[1]->id = b->call->accept->operations[0]->id)
BREAK(launch_id, b->call->accept->operations[0]->id != NULL,
      b->call->accept->operations[b->call->accept->n_operations - 1]->id = b->call->accept->operations[0]->id)

/* What each of them breaks, in the words of support/master_rules.c; and whether it is one of those that every
 * master tells by a status of the task, not a rule of ours. */
static const struct broken_rule {
  bool (*break_)(struct broken *b);
  const char *fault;
  bool told;
} broken_rules[] = {
    {break_reserve_principal, "a reservation is of another principal", true},
    {break_reserve_role, "a reservation is for another role", true},
    {break_reserve_room, "an operation on more than the offers have", true},
    {break_reserve_part, "an operation on more than the offers have", true},
    {break_reserve_nothing, "what is reserved, or not any more, states no reservation", true},
    {break_create_id, "the id of a volume is none", true},
    {break_create_principal, "a volume is of another principal", true},
    {break_create_path, "the path of a persistent volume leaves the sandbox", false},
    {break_create_nothing, "a volume is not persistent", true},
    {break_operation_id, "the id of an operation is none", false},
    {break_operation_id_twice, "the id of an operation is used again", false},
    {break_launch_id, "a launch has an id", true},
    {break_type, "the call is no ACCEPT", false},
    {break_framework, "the call is of another framework", false},
    {break_filters, "the call leaves it to the master how long what is left is refused", false},
    {break_offer, "an offer that is not out", true},
    {break_offer_twice, "an offer is there twice", false},
    {break_executor_id, "the id of an executor is none", true},
    {break_executor_type, "the executor of a group is not the DEFAULT one", true},
    {break_executor_command, "a DEFAULT executor has a command", true},
    {break_executor_framework, "an executor is of another framework", true},
    {break_executor_cgroups, "an executor shares cgroups", true},
    {break_executor_cpus, "an executor has less than 0.01 cpus", true},
    {break_executor_disk, "an executor has no disk", true},
    {break_executor_other, "an executor that runs has another ExecutorInfo", true},
    {break_executor_role, "resources are allocated to more than one role", true},
    {break_executor_fraction, "a scalar is no number of thousandths", false},
    {break_executor_nothing, "a scalar is not above 0", true},
    {break_task_id, "the id of a task is none", true},
    {break_task_agent, "a task is for another agent than the offers", true},
    {break_task_room, "more resources than the offers have", true},
    {break_task_docker, "a container is not of type MESOS", true},
    {break_task_network, "a task of a group has network_infos", false},
    {break_task_cgroups, "a task has limits and shares cgroups", true},
    {break_task_limit, "a limit is below the request", true},
    {break_task_limit_kind, "a limit is of something else than cpus and mem", true},
    {break_task_grace, "the grace period of a task is negative", true},
    {break_task_arguments, "the arguments do not repeat the command", false},
    {break_task_labels, "a label is there twice", false},
    {break_task_port, "a port to be discovered has no number", false},
    {break_variable, "a VALUE variable must have a value and no secret", false},
    {break_volume_source, "a volume must have one of host_path, image and source", true},
    {break_volume_path, "the path of a SANDBOX_PATH volume leaves the sandbox", false},
    {break_volume_secret, "a SECRET volume has no secret", true},
    {break_health_type, "a health check has no type", true},
    {break_health_time, "a time of a health check is negative", true},
    {break_health_default, "a health check leaves a time to Mesos", false},
    {break_health_path, "the path of a check does not begin with /", true},
    {break_check_port, "a check has no port", false},
};
enum { BROKEN_RULES = sizeof broken_rules / sizeof broken_rules[0] };

/* The first things that the call reserves and creates. */
static inline void broken_find(struct broken *b) {
  for (size_t i = b->call->accept->n_operations; i-- > 0;) {
    const K8smMesos__Offer__Operation *o = b->call->accept->operations[i];
    if (o->reserve != NULL) b->reserved = o->reserve->resources[0];
    if (o->create != NULL) b->created = o->create->volumes[0];
  }
}

/* The call with the i-th of its operations broken, in the arena; NULL: it launches nothing, or there is
 * nothing to break. */
static inline K8smMesos__Call *broken_make(struct k8smi_arena *arena, struct k8sm_slice bytes, size_t i,
                                           const struct broken_rule *rule) {
  ProtobufCMessage *message = NULL;
  if (k8smi_message_read(arena, K8SM_FORMAT_PROTOBUF, &k8sm_mesos__call__descriptor, bytes.ptr, bytes.len,
                         &message, NULL) != K8SM_OK)
    abort();
  K8smMesos__Call *call = (K8smMesos__Call *)message;
  K8smMesos__Offer__Operation__LaunchGroup *launch =
      i < call->accept->n_operations ? call->accept->operations[i]->launch_group : NULL;
  if (launch == NULL) return NULL;
  struct broken b = {arena, call, launch->executor, launch->task_group->tasks[0], NULL, NULL};
  broken_find(&b);
  return rule->break_(&b) ? call : NULL;
}

#endif
