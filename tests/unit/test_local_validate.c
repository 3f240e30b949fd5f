/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "local/objects.h"
#include "support/local_client.h"

#include <stdio.h>
#include <string.h>

/* What a master refuses of an ACCEPT. Each case is a launch with one thing wrong. */

#define EXECUTOR_RESOURCES "[" CPUS("0.1") "," MEM("32") "," DISK("8") "]"
#define SCALAR(name, n)    "{\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" n "}}"
#define CPUS(n)            SCALAR("cpus", n)
#define MEM(n)             SCALAR("mem", n)
#define DISK(n)            SCALAR("disk", n)
#define TASK_RESOURCES     "\"resources\":[" CPUS("0.1") "," MEM("32") "]"
#define RESERVED_FOR(members)                                                                                \
  "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"reservations\":[{" members "}]}"
#define COMMAND "\"command\":{\"value\":\"sleep 1000\"}"

#define VARIABLE(members)     "\"command\":{\"value\":\"x\",\"environment\":{\"variables\":[{" members "}]}}"
#define SECRET(more, members) VARIABLE("\"name\":\"A\",\"type\":\"SECRET\"" more ",\"secret\":{" members "}")
#define SECRET_OF(base64)     "\"type\":\"VALUE\",\"value\":{\"data\":\"" base64 "\"}"
#define VARIABLE_FAULT        "Task 't' is invalid: Task's `CommandInfo` is invalid: Environment variable "

struct group_case {
  const char *executor; /* members beside id and framework; NULL: the usual ones */
  const char *task;     /* members beside name, id and agent; NULL: the usual ones */
  const char *task_id;  /* NULL: "t" */
  const char *expected; /* the message; NULL: it is launched */
};

static const char GOOD_EXECUTOR[] = "\"type\":\"DEFAULT\",\"resources\":" EXECUTOR_RESOURCES;
static const char GOOD_TASK[] = TASK_RESOURCES "," COMMAND;

static const struct group_case GROUPS[] = {
    {NULL, NULL, NULL, NULL},
    {"\"type\":\"DEFAULT\",\"resources\":[" CPUS("0.1") "," MEM("32") "]", NULL, NULL,
     "Executor 'e' uses no disk"},
    {"\"type\":\"DEFAULT\",\"resources\":[" MEM("32") "," DISK("8") "]", NULL, NULL,
     "Executor 'e' uses less CPUs (None) than the minimum required (0.01)"},
    {"\"type\":\"DEFAULT\",\"resources\":[" CPUS("0.001") "," MEM("32") "," DISK("8") "]", NULL, NULL,
     "Executor 'e' uses less CPUs (0.001) than the minimum required (0.01)"},
    {"\"type\":\"DEFAULT\",\"resources\":[" CPUS("0.1") "," MEM("31") "," DISK("8") "]", NULL, NULL,
     "Executor 'e' uses less memory (31MB) than the minimum required (32MB)"},
    {"\"resources\":" EXECUTOR_RESOURCES, NULL, NULL, "'ExecutorInfo.type' must be set"},
    {"\"type\":\"DEFAULT\",\"command\":{\"value\":\"x\"},\"resources\":" EXECUTOR_RESOURCES, NULL, NULL,
     "'ExecutorInfo.command' must not be set for 'DEFAULT' executor"},
    {"\"type\":\"CUSTOM\",\"resources\":" EXECUTOR_RESOURCES, NULL, NULL,
     "'ExecutorInfo.command' must be set for 'CUSTOM' executor"},
    {"\"type\":\"DEFAULT\",\"container\":{\"type\":\"DOCKER\"},\"resources\":" EXECUTOR_RESOURCES, NULL, NULL,
     "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor"},
    {"\"type\":\"DEFAULT\",\"shutdown_grace_period\":{\"nanoseconds\":-1},\"resources\":" EXECUTOR_RESOURCES,
     NULL, NULL, "ExecutorInfo's 'shutdown_grace_period' must be non-negative"},
    {"\"type\":\"DEFAULT\",\"container\":{\"type\":\"MESOS\",\"linux_info\":{\"share_cgroups\":true}},"
     "\"resources\":" EXECUTOR_RESOURCES,
     NULL, NULL, "The 'share_cgroups' field cannot be set to 'true' on executor containers"},
    {NULL, COMMAND, NULL, "Task 't' is invalid: Task uses no resources"},
    {NULL, NULL, "a/b", "Task 'a/b' is invalid: 'a/b' contains invalid characters"},
    {NULL, NULL, "..", "Task '..' is invalid: '..' is disallowed"},
    {NULL, NULL, "", "Task '' is invalid: ID must not be empty"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"kill_policy\":{\"grace_period\":{\"nanoseconds\":-1}}", NULL,
     "Task 't' is invalid: Task's 'kill_policy.grace_period' must be non-negative"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"max_completion_time\":{\"nanoseconds\":-1}", NULL,
     "Task 't' is invalid: Task's `max_completion_time` must be non-negative"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"check\":{}", NULL,
     "Task 't' is invalid: Task uses invalid check: CheckInfo must specify 'type'"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"check\":{\"type\":\"TCP\"}", NULL,
     "Task 't' is invalid: Task uses invalid check: Expecting 'tcp' to be set for TCP check"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"health_check\":{\"type\":\"COMMAND\"}", NULL,
     "Task 't' is invalid: Task uses invalid health check: Expecting 'command' to be set for COMMAND health "
     "check"},
    {NULL,
     TASK_RESOURCES "," COMMAND
                    ",\"health_check\":{\"type\":\"TCP\",\"tcp\":{\"port\":1},\"interval_seconds\":-1}",
     NULL,
     "Task 't' is invalid: Task uses invalid health check: Expecting 'interval_seconds' to be non-negative"},
    {NULL, TASK_RESOURCES "," VARIABLE("\"name\":\"A\""), NULL,
     VARIABLE_FAULT "'A' of type 'VALUE' must have a value set"},
    {NULL, TASK_RESOURCES "," VARIABLE("\"name\":\"A\",\"value\":\"\""), NULL, NULL},
    {NULL, TASK_RESOURCES "," VARIABLE("\"name\":\"A\",\"value\":\"x\",\"secret\":{\"type\":\"VALUE\"}"),
     NULL, VARIABLE_FAULT "'A' of type 'VALUE' must not have a secret set"},
    {NULL, TASK_RESOURCES "," VARIABLE("\"name\":\"A\",\"type\":\"UNKNOWN\""), NULL,
     "Task 't' is invalid: Task's `CommandInfo` is invalid: Environment variable of type 'UNKNOWN' is not "
     "allowed"},
    {NULL, TASK_RESOURCES "," VARIABLE("\"name\":\"A\",\"type\":\"SECRET\""), NULL,
     VARIABLE_FAULT "'A' of type 'SECRET' must have a secret set"},
    {NULL, TASK_RESOURCES "," SECRET(",\"value\":\"x\"", SECRET_OF("YQ==")), NULL,
     VARIABLE_FAULT "'A' of type 'SECRET' must not have a value set"},
    {NULL, TASK_RESOURCES "," SECRET("", "\"type\":\"REFERENCE\""), NULL,
     VARIABLE_FAULT
     "'A' specifies an invalid secret: Secret of type REFERENCE must have the 'reference' field set"},
    {NULL, TASK_RESOURCES "," SECRET("", "\"type\":\"VALUE\""), NULL,
     VARIABLE_FAULT "'A' specifies an invalid secret: Secret of type VALUE must have the 'value' field set"},
    {NULL, TASK_RESOURCES "," SECRET("", SECRET_OF("YQBi")), NULL,
     VARIABLE_FAULT "'A' specifies a secret containing null bytes, which is not allowed in the environment"},
    {NULL, TASK_RESOURCES "," SECRET("", SECRET_OF("YWI=")), NULL, NULL},
    {NULL, TASK_RESOURCES "," COMMAND ",\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"x\"}}",
     NULL, "Task 't' is invalid: Docker ContainerInfo is not supported on the task"},
    {NULL,
     TASK_RESOURCES
     "," COMMAND
     ",\"container\":{\"type\":\"MESOS\",\"volumes\":[{\"mode\":\"RW\",\"container_path\":\"x\"}]}",
     NULL,
     "Task 't' is invalid: Task's `ContainerInfo` is invalid: Invalid volume: Only one of them should be "
     "set: "
     "'host_path', 'image' and 'source'"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"limits\":{\"cpus\":{\"value\":0.05}}", NULL,
     "Task 't' is invalid: The cpu limit must be greater than or equal to the cpu request"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"limits\":{\"disk\":{\"value\":1}}", NULL,
     "Task 't' is invalid: Only cpus and mem may be included in a task's resource limits"},
    {NULL, "\"resources\":[" CPUS("0.1") "]," COMMAND ",\"limits\":{\"mem\":{\"value\":50}}", NULL,
     "Task 't' is invalid: When a memory limit is specified, a memory request must also be specified"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"limits\":{\"cpus\":{\"value\":1}}", NULL,
     "Task 't' is invalid: Resource limits may only be set for tasks within a task group when the "
     "'share_cgroups' "
     "field is set to 'false'."},
    {NULL, "\"resources\":[" CPUS("-1") "]," COMMAND, NULL,
     "Resource 'cpus:-1' is invalid: Invalid scalar resource: value <= 0"},
    {NULL, "\"resources\":[" CPUS("0.0001") "]," COMMAND, NULL,
     "Resource 'cpus:0' is invalid: Invalid scalar resource: value <= 0"},
    {NULL, "\"resources\":[" CPUS("0") "]," COMMAND ",\"limits\":{\"cpus\":{\"value\":1}}", NULL,
     "Task 't' is invalid: When a CPU limit is specified, a CPU request must also be specified"},
    {NULL, "\"resources\":[" SCALAR("", "1") "]," COMMAND, NULL,
     "Resource ':1' is invalid: Empty resource name"},
    {NULL, "\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\"}]," COMMAND, NULL,
     "Resource 'cpus:0' is invalid: Invalid scalar resource"},
    {NULL, "\"resources\":[" RESERVED_FOR("\"type\":\"STATIC\"") "]," COMMAND, NULL,
     "Resource 'cpus(reservations: [(STATIC,)]):1' is invalid: Invalid reservation: "
     "'Resource.ReservationInfo.role' field must be set."},
    {NULL, "\"resources\":[" RESERVED_FOR("\"role\":\"r\"") "]," COMMAND, NULL,
     "Resource 'cpus(reservations: [(UNKNOWN,r)]):1' is invalid: Invalid reservation: "
     "'Resource.ReservationInfo.type' field must be set."},
    {NULL, "\"resources\":[" RESERVED_FOR("\"role\":\"*\",\"type\":\"DYNAMIC\"") "]," COMMAND, NULL,
     "Resource 'cpus(reservations: [(DYNAMIC,*)]):1' is invalid: Invalid reservation: role \"*\" cannot be "
     "reserved"},
    {NULL,
     "\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"allocation_info\":{}}]"
     "," COMMAND,
     NULL, "Task 't' is invalid: Invalid task resources: The resources are not allocated to a role"},
    {"\"type\":\"DEFAULT\",\"resources\":[" CPUS("0.1") "," MEM("-1") "," DISK("8") "]", NULL, "a/b",
     "Resource 'mem:-1' is invalid: Invalid scalar resource: value <= 0"},
    {NULL, TASK_RESOURCES "," COMMAND ",\"check\":{\"type\":\"HTTP\",\"http\":{\"port\":1,\"path\":\"x\"}}",
     NULL, "Task 't' is invalid: Task uses invalid check: The path 'x' of HTTP check must start with '/'"},
    {NULL,
     TASK_RESOURCES "," COMMAND
                    ",\"health_check\":{\"type\":\"HTTP\",\"http\":{\"port\":1,\"scheme\":\"ftp\"}}",
     NULL,
     "Task 't' is invalid: Task uses invalid health check: Unsupported HTTP health check scheme: 'ftp'"},
    {NULL, "\"resources\":[" CPUS("5") "]," COMMAND, NULL,
     "Total resources cpus(allocated: *):5.1; mem(allocated: *):32; disk(allocated: *):8 required by task "
     "group and "
     "its executor are more than available cpus(allocated: *):4; mem(allocated: *):4096; disk(allocated: "
     "*):10000"},
};

struct fixture {
  struct client c;
  char text[8192];
};

static int set_up(void **state) {
  static struct fixture f;
  client_init(&f.c, client_local("cpus:4;mem:4096;disk:10000", 1), K8SM_FORMAT_JSON);
  assert_int_equal(client_subscribe(&f.c, ""), 200);
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  k8smi_local_free(f->c.local);
  client_free(&f->c);
  return 0;
}

static void every_group_case(void **state) {
  struct fixture *f = *state;
  for (size_t i = 0; i < sizeof(GROUPS) / sizeof(GROUPS[0]); i++) {
    const struct group_case *g = &GROUPS[i];
    const char *id = g->task_id == NULL ? "t" : g->task_id;
    size_t before = client_count(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE);
    client_gather(&f->c);
    snprintf(f->text, sizeof(f->text),
             "{\"type\":\"LAUNCH_GROUP\",\"launch_group\":{\"executor\":{\"executor_id\":{\"value\":\"e\"},"
             "\"framework_id\":{\"value\":\"%%F\"},%s},\"task_group\":{\"tasks\":[{\"name\":\"t\",\"task_"
             "id\":{\"value\":"
             "\"%s\"},\"agent_id\":{\"value\":\"%%A\"},%s}]}}}",
             g->executor == NULL ? GOOD_EXECUTOR : g->executor, id, g->task == NULL ? GOOD_TASK : g->task);
    assert_int_equal(client_accept(&f->c, f->text, 0), 202);
    client_wait(&f->c, g->expected == NULL ? 500 : 1);
    const K8smMesos__TaskStatus *status =
        client_event(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE, before)->update->status;
    if (g->expected == NULL) {
      assert_int_equal(status->state, K8SM_MESOS__TASK_STATE__TASK_STARTING);
      client_kill(&f->c, id);
      client_wait(&f->c, 5000);
      continue;
    }
    assert_string_equal(status->message, g->expected);
    assert_int_equal(status->state, K8SM_MESOS__TASK_STATE__TASK_ERROR);
    assert_int_equal(status->source, K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_MASTER);
    assert_int_equal(status->reason, K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_GROUP_INVALID);
    assert_false(status->has_uuid);
    client_wait(&f->c, 1500); /* what the launch left is offered again */
  }
}

static void one_launch(struct fixture *f, const char *members, const char *expected) {
  size_t before = client_count(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE);
  assert_true(client_await_offer(&f->c));
  snprintf(f->text, sizeof(f->text),
           "{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[{\"name\":\"t\",\"task_id\":{\"value\":\"c\"},"
           "\"agent_id\":{\"value\":\"%%A\"},%s}]}}",
           members);
  assert_int_equal(client_accept(&f->c, f->text, 0), 202);
  client_wait(&f->c, 500);
  const K8smMesos__TaskStatus *status =
      client_event(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE, before)->update->status;
  if (expected != NULL) {
    assert_string_equal(status->message, expected);
    assert_int_equal(status->reason, K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_INVALID);
  }
}

static void single_tasks(void **state) {
  struct fixture *f = *state;
  one_launch(f, TASK_RESOURCES,
             "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present");
  one_launch(f, "\"resources\":[" CPUS("9") "]," COMMAND,
             "Total resources cpus(allocated: *):9 required by task and its executor is more than available "
             "cpus(allocated: *):4; mem(allocated: *):4096; disk(allocated: *):10000");
  one_launch(f,
             TASK_RESOURCES "," COMMAND
                            ",\"container\":{\"type\":\"MESOS\",\"linux_info\":{\"share_cgroups\":false}}",
             "Only tasks in a task group may have 'share_cgroups' set to 'false'");
  one_launch(f, "\"resources\":[" CPUS("-2") "]," COMMAND,
             "Resource 'cpus:-2' is invalid: Invalid scalar resource: value <= 0");
  one_launch(f, TASK_RESOURCES "," COMMAND ",\"health_check\":{}",
             "Task uses invalid health check: HealthCheck must specify 'type'");
  one_launch(f, TASK_RESOURCES "," COMMAND ",\"health_check\":{\"http\":{\"port\":1,\"path\":\"x\"}}",
             "Task uses invalid health check: The path 'x' of HTTP health check must start with '/'");
  one_launch(f, TASK_RESOURCES "," COMMAND ",\"health_check\":{\"command\":{\"value\":\"true\"}}", NULL);
  client_call(
      &f->c,
      "{\"type\":\"KILL\",\"framework_id\":{\"value\":\"%F\"},\"kill\":{\"task_id\":{\"value\":\"c\"}}}");
  client_wait(&f->c, 3000);
  one_launch(f, TASK_RESOURCES "," COMMAND, NULL); /* it runs */
  one_launch(f, TASK_RESOURCES "," COMMAND, "Task has duplicate ID: c");
}

static void groups_share_cgroups_or_none_does(void **state) {
  struct fixture *f = *state;
  assert_true(client_await_offer(&f->c));
  snprintf(f->text, sizeof(f->text),
           "{\"type\":\"LAUNCH_GROUP\",\"launch_group\":{\"executor\":{\"executor_id\":{\"value\":\"e\"},"
           "\"framework_id\":{\"value\":\"%%F\"},%s},\"task_group\":{\"tasks\":["
           "{\"name\":\"t\",\"task_id\":{\"value\":\"a\"},\"agent_id\":{\"value\":\"%%A\"},%s},"
           "{\"name\":\"t\",\"task_id\":{\"value\":\"b\"},\"agent_id\":{\"value\":\"%%A\"},%s,\"container\":{"
           "\"type\":\"MESOS\","
           "\"linux_info\":{\"share_cgroups\":false}}}]}}}",
           GOOD_EXECUTOR, GOOD_TASK, GOOD_TASK);
  client_accept(&f->c, f->text, 0);
  static const char MESSAGE[] = "If set, the value of 'share_cgroups' must be the same for all tasks in each "
                                "task group and under a single "
                                "executor";
  assert_string_equal(client_status(&f->c, "a", 0)->message, MESSAGE);
  assert_string_equal(client_status(&f->c, "b", 0)->message, MESSAGE); /* all of the group */
}

static void bad_offers_spoil_the_whole_accept(void **state) {
  struct fixture *f = *state;
  static const char *const COMMANDS[] = {"sleep 1"};
  char accept[16384];
  client_group("e", "t", COMMANDS, 1, f->text, sizeof(f->text));
  snprintf(accept, sizeof(accept),
           "{\"type\":\"ACCEPT\",\"framework_id\":{\"value\":\"%%F\"},\"accept\":{\"offer_ids\":[{\"value\":"
           "\"%%O\"},"
           "{\"value\":\"%%O\"}],\"operations\":[%s]}}",
           f->text);
  client_call(&f->c, accept);
  const K8smMesos__TaskStatus *status = client_status(&f->c, "t.0", 0);
  assert_int_equal(status->state, K8SM_MESOS__TASK_STATE__TASK_DROPPED);
  assert_int_equal(status->reason, K8SM_MESOS__TASK_STATUS__REASON__REASON_INVALID_OFFERS);
  assert_memory_equal(status->message, "Task launched with invalid offers: Duplicate offer ", 50);
  client_wait(&f->c, 1500);
  assert_int_equal(f->c.offer_count, 1); /* the resources come again, without a RESCIND */
  assert_int_equal(client_count(&f->c, K8SM_MESOS__EVENT__TYPE__RESCIND), 0);
  snprintf(accept, sizeof(accept),
           "{\"type\":\"ACCEPT\",\"framework_id\":{\"value\":\"%%F\"},\"accept\":{\"operations\":[%s]}}",
           f->text);
  client_call(&f->c, accept);
  assert_string_equal(client_status(&f->c, "t.0", 1)->message,
                      "Task launched with invalid offers: No offers specified");
}

/* An agent without an image provider and without cgroup isolators, and what it refuses itself. */
static void a_bare_agent_refuses_images_and_limits(void **state) {
  (void)state;
  static struct fixture f;
  struct k8smi_local_agent agent = {.resources = "cpus:4;mem:4096;disk:100", .no_images = 1, .no_cgroups = 1};
  struct k8smi_local_options options = {.size = sizeof(options), .agents = &agent, .agent_count = 1};
  struct k8smi_local *local;
  char trace[1024];
  assert_int_equal(k8smi_local_new(&options, &local, NULL), K8SM_OK);
  client_init(&f.c, local, K8SM_FORMAT_JSON);
  client_subscribe(&f.c, "");
  static const char *const MEMBERS[] = {"\"container\":{\"type\":\"MESOS\",\"mesos\":{\"image\":{\"type\":"
                                        "\"DOCKER\",\"docker\":{\"name\":\"nginx\"}}}}",
                                        "\"container\":{\"type\":\"MESOS\",\"linux_info\":{\"share_cgroups\":"
                                        "false}},\"limits\":{\"cpus\":{\"value\":1}}"};
  static const char *const TRACES[] = {
      "STARTING EXECUTOR\nFAILED EXECUTOR: Unsupported container image type: DOCKER\n",
      "DROPPED AGENT (GC_ERROR): CPU limits can only be set on tasks launched in Mesos containers when the "
      "agent has "
      "loaded the 'cgroups/cpu' isolator\n"};
  for (size_t i = 0; i < 2; i++) {
    client_gather(&f.c);
    snprintf(
        f.text, sizeof(f.text),
        "{\"type\":\"LAUNCH_GROUP\",\"launch_group\":{\"executor\":{\"executor_id\":{\"value\":\"e%zu\"},"
        "\"framework_id\":{\"value\":\"%%F\"},%s},\"task_group\":{\"tasks\":[{\"name\":\"t\",\"task_id\":{"
        "\"value\":"
        "\"t%zu\"},\"agent_id\":{\"value\":\"%%A\"},%s,%s}]}}}",
        i, GOOD_EXECUTOR, i, GOOD_TASK, MEMBERS[i]);
    assert_int_equal(client_accept(&f.c, f.text, 0), 202);
    client_wait(&f.c, 3000);
    char id[8];
    snprintf(id, sizeof(id), "t%zu", i);
    assert_string_equal(client_trace(&f.c, id, trace, sizeof(trace)), TRACES[i]);
  }
  k8smi_local_free(local);
  client_free(&f.c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_group_case, set_up, tear_down),
      cmocka_unit_test_setup_teardown(single_tasks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(groups_share_cgroups_or_none_does, set_up, tear_down),
      cmocka_unit_test_setup_teardown(bad_offers_spoil_the_whole_accept, set_up, tear_down),
      cmocka_unit_test(a_bare_agent_refuses_images_and_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
