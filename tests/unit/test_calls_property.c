/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever pods are placed wherever: a master refuses nothing of what they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/random_calls.h"

enum { SEEDS = 2000 };

/* The master takes all calls. */
static size_t accepted(struct master *m, const struct random_run *r) {
  struct k8sm_call row;
  size_t i = 0;
  for (; k8sm_calls_rows(r->calls, i, &row, sizeof row, 1) > 0; i++) {
    const char *fault = master_accept(m, row.bytes.ptr, row.bytes.len);
    if (fault != NULL) fail_msg("seed %zu, call %zu: %s", (size_t)r->seed, i, fault);
  }
  return i;
}

/* Whether the role has something reserved, or a volume, among the offers that are out. */
static bool is_reserved(const struct master *m, const char *by) {
  const K8smMesos__Offer *offer;
  for (size_t i = 0; (offer = master_out(m, i)) != NULL; i++) {
    for (size_t r = 0; r < offer->n_resources; r++) {
      const K8smMesos__Resource *resource = offer->resources[r];
      if (resource->n_reservations > 0 && resource->reservations[0]->principal != NULL &&
          strcmp(resource->reservations[0]->principal, by) == 0)
        return true;
    }
  }
  return false;
}

/* Pods that start, and go on: later stages, and containers that start again. Afterwards all is given back. */
static void calls_are_accepted(void **state) {
  (void)state;
  size_t calls = 0, later = 0, last = 0, refused = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct random_run r;
    assert_int_equal(random_begin(&r, seed), K8SM_OK);
    struct master *m = random_master(&r);
    calls += accepted(m, &r);
    assert_int_equal(random_resume(&r), K8SM_OK);
    random_take_offers(&r, m);
    assert_int_equal(random_go_on(&r), K8SM_OK);
    later += accepted(m, &r);
    random_take_offers(&r, m);
    assert_int_equal(random_release(&r), K8SM_OK);
    last += accepted(m, &r);
    if (is_reserved(m, "principal")) fail_msg("seed %zu: something is reserved still", (size_t)seed);
    refused += r.refused;
    random_end(&r);
    master_free(m);
  }
  print_message("%zu calls, %zu later ones, %zu that give back; %zu pods could not be mapped\n", calls, later,
                last, refused);
  assert_in_range(calls, SEEDS, SIZE_MAX);
  assert_in_range(later, SEEDS / 2, SIZE_MAX);
  assert_in_range(last, SEEDS / 10, SIZE_MAX);
}

/* ---- What the master's rules are worth: each refuses a call that is broken in one place ---- */

/* A group of a call, to be broken. */
struct broken {
  struct k8smi_arena *arena;
  K8smMesos__Call *call;
  K8smMesos__ExecutorInfo *executor;
  K8smMesos__TaskInfo *task;
  K8smMesos__Resource *reserved, *created; /* the first of the call; or NULL */
};

static char *text(const char *words) {
  return (char *)(uintptr_t)words; /* nobody writes it */
}

static K8smMesos__Resource *resource(K8smMesos__Resource **resources, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(resources[i]->name, name) == 0) return resources[i];
  }
  return NULL;
}

static K8smMesos__Resource *of_executor(const struct broken *b, const char *name) {
  return resource(b->executor->resources, b->executor->n_resources, name);
}

static K8smMesos__Volume *volume(const struct broken *b, K8smMesos__Volume__Source__Type type) {
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
BREAK(framework, true, b->call->framework_id->value = text("other"))
BREAK(filters, true, b->call->accept->filters = NULL)
BREAK(offer, true, b->call->accept->offer_ids[0]->value = text("other"))
BREAK(offer_twice, b->call->accept->n_offer_ids > 1,
      b->call->accept->offer_ids[1] = b->call->accept->offer_ids[0])
BREAK(executor_id, true, b->executor->executor_id->value = text(".."))
BREAK(executor_type, true, b->executor->type = K8SM_MESOS__EXECUTOR_INFO__TYPE__CUSTOM)
BREAK(executor_command, true, b->executor->command = b->task->command)
BREAK(executor_framework, true, b->executor->framework_id->value = text("other"))
BREAK(executor_cgroups, b->executor->container != NULL && b->executor->container->linux_info != NULL,
      b->executor->container->linux_info->has_share_cgroups =
          b->executor->container->linux_info->share_cgroups = true)
BREAK(executor_cpus, true, of_executor(b, "cpus")->scalar->value = 0.001)
BREAK(executor_disk, true, of_executor(b, "disk")->name = text("disc"))
BREAK(executor_other, b->call->accept->n_operations > 1, b->executor->name = text("other"))
BREAK(executor_role, true, of_executor(b, "mem")->allocation_info->role = text("other"))
BREAK(executor_fraction, true, of_executor(b, "mem")->scalar->value += 0.0001)
BREAK(executor_nothing, true, of_executor(b, "mem")->scalar->value = 0)
BREAK(task_id, true, b->task->task_id->value = text("a/b"))
BREAK(task_agent, true, b->task->agent_id->value = text("other"))
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
BREAK(task_limit_kind, b->task->n_limits > 0, b->task->limits[0]->key = text("disk"))
BREAK(task_grace, b->task->kill_policy != NULL && b->task->kill_policy->grace_period != NULL,
      b->task->kill_policy->grace_period->nanoseconds = -1)
BREAK(task_arguments, b->task->command->value != NULL && b->task->command->n_arguments > 0,
      b->task->command->arguments[0] = text("other"))
BREAK(task_labels, b->task->labels != NULL && b->task->labels->n_labels > 1,
      b->task->labels->labels[1]->key = b->task->labels->labels[0]->key)
BREAK(task_port, b->task->discovery != NULL && b->task->discovery->ports != NULL,
      b->task->discovery->ports->ports[0]->number = 0)
BREAK(variable, b->task->command->environment != NULL, {
  b->task->command->environment->variables[0]->value = NULL;
  b->task->command->environment->variables[0]->secret = NULL;
})
BREAK(volume_source, b->task->container != NULL && b->task->container->n_volumes > 0,
      b->task->container->volumes[0]->source = NULL)
BREAK(volume_path, b->task->container != NULL && volume(b, K8SM_MESOS__VOLUME__SOURCE__TYPE__SANDBOX_PATH),
      volume(b, K8SM_MESOS__VOLUME__SOURCE__TYPE__SANDBOX_PATH)->source->sandbox_path->path = text("../x"))
BREAK(volume_secret, b->task->container != NULL && volume(b, K8SM_MESOS__VOLUME__SOURCE__TYPE__SECRET),
      volume(b, K8SM_MESOS__VOLUME__SOURCE__TYPE__SECRET)->source->secret = NULL)
BREAK(health_type, b->task->health_check != NULL, b->task->health_check->has_type = false)
BREAK(health_time, b->task->health_check != NULL, b->task->health_check->timeout_seconds = -1)
BREAK(health_default, b->task->health_check != NULL, b->task->health_check->has_interval_seconds = false)
BREAK(health_path, b->task->health_check != NULL && b->task->health_check->http != NULL,
      b->task->health_check->http->path = text("x"))
BREAK(check_port, b->task->check != NULL && b->task->check->tcp != NULL, b->task->check->tcp->port = 0)

BREAK(reserve_principal, b->reserved != NULL,
      b->reserved->reservations[b->reserved->n_reservations - 1]->principal = text("other"))
BREAK(reserve_role, b->reserved != NULL,
      b->reserved->reservations[b->reserved->n_reservations - 1]->role = text("other"))
BREAK(reserve_room, b->reserved != NULL && b->reserved->scalar != NULL,
      b->reserved->scalar->value = 1000000000)
BREAK(reserve_nothing, b->reserved != NULL, b->reserved->n_reservations = 0)
BREAK(create_id, b->created != NULL, b->created->disk->persistence->id = text(".."))
BREAK(create_principal, b->created != NULL, b->created->disk->persistence->principal = text("other"))
BREAK(create_path, b->created != NULL, b->created->disk->volume->container_path = text("/x"))
BREAK(create_nothing, b->created != NULL, b->created->disk->persistence = NULL)

static const struct {
  bool (*break_)(struct broken *b);
  const char *fault;
} breaks[] = {
    {break_reserve_principal, "a reservation is of another principal"},
    {break_reserve_role, "a reservation is for another role"},
    {break_reserve_room, "an operation on more than the offers have"},
    {break_reserve_nothing, "what is reserved, or not any more, states no reservation"},
    {break_create_id, "the id of a volume is none"},
    {break_create_principal, "a volume is of another principal"},
    {break_create_path, "the path of a persistent volume leaves the sandbox"},
    {break_create_nothing, "a volume is not persistent"},
    {break_type, "the call is no ACCEPT"},
    {break_framework, "the call is of another framework"},
    {break_filters, "the call leaves it to the master how long what is left is refused"},
    {break_offer, "an offer that is not out"},
    {break_offer_twice, "an offer is there twice"},
    {break_executor_id, "the id of an executor is none"},
    {break_executor_type, "the executor of a group is not the DEFAULT one"},
    {break_executor_command, "a DEFAULT executor has a command"},
    {break_executor_framework, "an executor is of another framework"},
    {break_executor_cgroups, "an executor shares cgroups"},
    {break_executor_cpus, "an executor has less than 0.01 cpus"},
    {break_executor_disk, "an executor has no disk"},
    {break_executor_other, "an executor that runs has another ExecutorInfo"},
    {break_executor_role, "resources are allocated to more than one role"},
    {break_executor_fraction, "a scalar is no number of thousandths"},
    {break_executor_nothing, "a scalar is not above 0"},
    {break_task_id, "the id of a task is none"},
    {break_task_agent, "a task is for another agent than the offers"},
    {break_task_room, "more resources than the offers have"},
    {break_task_docker, "a container is not of type MESOS"},
    {break_task_network, "a task of a group has network_infos"},
    {break_task_cgroups, "a task has limits and shares cgroups"},
    {break_task_limit, "a limit is below the request"},
    {break_task_limit_kind, "a limit is of something else than cpus and mem"},
    {break_task_grace, "the grace period of a task is negative"},
    {break_task_arguments, "the arguments do not repeat the command"},
    {break_task_labels, "a label is there twice"},
    {break_task_port, "a port to be discovered has no number"},
    {break_variable, "a VALUE variable must have a value and no secret"},
    {break_volume_source, "a volume must have one of host_path, image and source"},
    {break_volume_path, "the path of a SANDBOX_PATH volume leaves the sandbox"},
    {break_volume_secret, "a SECRET volume has no secret"},
    {break_health_type, "a health check has no type"},
    {break_health_time, "a time of a health check is negative"},
    {break_health_default, "a health check leaves a time to Mesos"},
    {break_health_path, "the path of a check does not begin with /"},
    {break_check_port, "a check has no port"},
};

/* The first things that the call reserves and creates. */
static void find_operations(struct broken *b) {
  for (size_t i = b->call->accept->n_operations; i-- > 0;) {
    const K8smMesos__Offer__Operation *o = b->call->accept->operations[i];
    if (o->reserve != NULL) b->reserved = o->reserve->resources[0];
    if (o->create != NULL) b->created = o->create->volumes[0];
  }
}

/* What the master says of the call, which is broken. */
static const char *refusal(const struct random_run *r, const ProtobufCMessage *call) {
  struct master *m = random_master(r);
  size_t len = protobuf_c_message_get_packed_size(call);
  uint8_t *packed = malloc(len);
  assert_non_null(packed);
  protobuf_c_message_pack(call, packed);
  const char *fault = master_accept(m, packed, len);
  free(packed);
  master_free(m);
  return fault == NULL ? "nothing" : fault;
}

/* The same with the i-th operation broken, if it launches something; NULL: there is nothing to break. */
static const char *broken_call(const struct random_run *r, struct k8sm_slice bytes, size_t i,
                               bool (*break_)(struct broken *b)) {
  struct k8smi_arena arena;
  ProtobufCMessage *message = NULL;
  const char *fault = NULL;
  k8smi_arena_init(&arena, NULL, 0);
  assert_int_equal(k8smi_message_read(&arena, K8SM_FORMAT_PROTOBUF, &k8sm_mesos__call__descriptor, bytes.ptr,
                                      bytes.len, &message, NULL),
                   K8SM_OK);
  const K8smMesos__Call__Accept *accept = ((K8smMesos__Call *)message)->accept;
  K8smMesos__Offer__Operation__LaunchGroup *launch =
      i < accept->n_operations ? accept->operations[i]->launch_group : NULL;
  if (launch != NULL) {
    struct broken b = {
        &arena, (K8smMesos__Call *)message, launch->executor, launch->task_group->tasks[0], NULL, NULL};
    find_operations(&b);
    if (break_(&b)) fault = refusal(r, message);
  }
  k8smi_arena_free(&arena);
  return fault;
}

/* The same of the first call that has something to break. */
static const char *broken_run(const struct random_run *r, bool (*break_)(struct broken *b)) {
  enum { OPERATIONS = 32 };
  struct k8sm_call row;
  for (size_t i = 0; k8sm_calls_rows(r->calls, i, &row, sizeof row, 1) > 0; i++) {
    for (size_t operation = 0; operation < OPERATIONS; operation++) {
      const char *fault = broken_call(r, row.bytes, operation, break_);
      if (fault != NULL) return fault;
    }
  }
  return NULL;
}

static void broken_calls_are_refused(void **state) {
  (void)state;
  size_t count = sizeof breaks / sizeof breaks[0], left = count;
  bool seen[sizeof breaks / sizeof breaks[0]] = {false};
  for (uint64_t seed = 0; seed < SEEDS && left > 0; seed++) {
    struct random_run r;
    assert_int_equal(random_begin(&r, seed), K8SM_OK);
    for (size_t i = 0; i < count; i++) {
      const char *fault = seen[i] ? NULL : broken_run(&r, breaks[i].break_);
      if (fault == NULL) continue;
      if (strcmp(fault, breaks[i].fault) != 0)
        fail_msg("seed %zu: %s, in place of %s", (size_t)seed, fault, breaks[i].fault);
      seen[i] = true;
      left--;
    }
    random_end(&r);
  }
  for (size_t i = 0; i < count; i++) {
    if (!seen[i]) fail_msg("nothing to break for: %s", breaks[i].fault);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(calls_are_accepted),
                                     cmocka_unit_test(broken_calls_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
