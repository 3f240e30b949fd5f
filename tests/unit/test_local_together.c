/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "support/local_client.h"
#include "support/resource_json.h"

#include <stdio.h>
#include <string.h>

/* What a master refuses of the resources that tasks and their executor hold, alone and together. A real one
 * was asked the same. */

#define CPUS(n)      RESOURCE("cpus", SCALAR(n), "")
#define MEM(n)       RESOURCE("mem", SCALAR(n), "")
#define LEAST        CPUS("0.1") "," MEM("32")
#define PORTS(b, e)  RESOURCE("ports", RANGES(RANGE(b, e)), "")
#define REVOCABLE(n) DISK(n, ",\"revocable\":{}")
#define GPU          RESOURCE("gpus", SCALAR("0.5"), "")
#define NOT_UNIQUE   "Persistence ID 'v' is not unique"
#define MIX(name)    "Cannot use both revocable and non-revocable '" name "' at the same time"
#define ROLES                                                                                                \
  "The resources have multiple allocation roles ('s' and 'r') but only one allocation role is allowed"
#define HAS           "ports(allocated: r):[1-9]; cpus(allocated: r):4; mem(allocated: r):4096; disk(allocated: r):100"
#define JSON(members) "{\"allocation_info\":{\"role\":\"r\"},\"name\":" members "}"
#define JSON_CPUS(n)  JSON("\"cpus\",\"scalar\":{\"value\":" n "},\"type\":\"SCALAR\"")
#define JSON_MEM(n)   JSON("\"mem\",\"scalar\":{\"value\":" n "},\"type\":\"SCALAR\"")
#define JSON_PORTS(b, e)                                                                                     \
  JSON("\"ports\",\"ranges\":{\"range\":[{\"begin\":" b ",\"end\":" e "}]},\"type\":\"RANGES\"")

struct together_case {
  const char *executor; /* resources beside the least that there must be */
  const char *tasks[2]; /* the same; NULL: no such task */
  const char *expected;
};

static const struct together_case GROUPS[] = {
    {"," PORTS("1", "2"),
     {"," PORTS("2", "3"), NULL},
     "There are overlapping resources in the task group's task resources [ cpus(allocated: r):0.1; "
     "mem(allocated: r):32; "
     "ports(allocated: r):[2-3] ] and/or executor resources [" JSON_CPUS("0.1") "," JSON_MEM("32.0") "," JSON(
         "\"disk\",\"scalar\":{\"value\":1.0},\"type\":\"SCALAR\"") "," JSON_PORTS("1", "2") "]"},
    {"",
     {"," PORTS("1", "2"), "," PORTS("2", "3")},
     "There are overlapping resources in the task group's task resources [ cpus(allocated: r):0.1; "
     "mem(allocated: r):32; "
     "ports(allocated: r):[1-2], cpus(allocated: r):0.1; mem(allocated: r):32; ports(allocated: r):[2-3] ] "
     "and/or executor "
     "resources [" JSON_CPUS("0.1") "," JSON_MEM("32.0") "," JSON(
         "\"disk\",\"scalar\":{\"value\":1.0},\"type\":\"SCALAR\"") "]"},
    {"",
     {"," RESOURCE("x", SET("\"b\""), ""), "," RESOURCE("x", SET("\"a\",\"b\""), "")},
     "There are overlapping resources in the task group's task resources [ cpus(allocated: r):0.1; "
     "mem(allocated: r):32; "
     "x(allocated: r):{b}, cpus(allocated: r):0.1; mem(allocated: r):32; x(allocated: r):{a, b} ] and/or "
     "executor "
     "resources [" JSON_CPUS("0.1") "," JSON_MEM("32.0") "," JSON(
         "\"disk\",\"scalar\":{\"value\":1.0},\"type\":\"SCALAR\"") "]"},
    {"," PORTS("1", "2"),
     {"," PORTS("3", "4"), "," PORTS("5", "10")},
     "Total resources cpus(allocated: r):0.3; mem(allocated: r):96; ports(allocated: r):[1-10]; "
     "disk(allocated: r):1 "
     "required by task group and its executor are more than available " HAS},
    {"," VOLUME("1") "," VOLUME("2"), {"", NULL}, "Executor uses duplicate persistence ID: " NOT_UNIQUE},
    {"",
     {"," VOLUME("1") "," VOLUME("2"), NULL},
     "Task 'a' is invalid: Task uses duplicate persistence ID: " NOT_UNIQUE},
    {"," VOLUME("1"),
     {"," VOLUME("1"), NULL},
     "Task group and executor use duplicate persistence ID: " NOT_UNIQUE},
    {"",
     {"," VOLUME("1"), "," VOLUME("1")},
     "Task group and executor use duplicate persistence ID: " NOT_UNIQUE},
    {"," REVOCABLE("1"), {"", NULL}, "Executor mixes revocable and non-revocable resources: " MIX("disk")},
    {"",
     {"," REVOCABLE("1") "," DISK("1", ""), NULL},
     "Task 'a' is invalid: Task mixes revocable and non-revocable resources: " MIX("disk")},
    {"",
     {"," REVOCABLE("1"), NULL},
     "Task group and executor mix revocable and non-revocable resources: " MIX("disk")},
    {"," GPU,
     {"", NULL},
     "Executor uses invalid resources: Invalid 'gpus' resource: The 'gpus' resource must be an unsigned "
     "integer"},
    {"",
     {"," GPU, NULL},
     "Task 'a' is invalid: Task uses invalid resources: Invalid 'gpus' resource: The 'gpus' resource must be "
     "an unsigned integer"},
    {"",
     {"," DISK("1", DISK_INFO("")), NULL},
     "Task 'a' is invalid: Task uses invalid resources: Invalid DiskInfo: DiskInfo is set but empty"},
    {"," DISK("1", FOR_R ",\"revocable\":{}"),
     {"", NULL},
     "Executor uses invalid resources: Invalid ReservationInfo: Dynamically reserved resource "
     "disk(allocated: "
     "r)(reservations: [(DYNAMIC,r,p)]){REV}:1 cannot be created from revocable resources"},
    {"," CPUS("1") "," DISK("1", ALLOCATED("s")), {"", NULL}, "Invalid executor resources: " ROLES},
    {"", {"," DISK("1", ALLOCATED("s")), NULL}, "Task 'a' is invalid: Invalid task resources: " ROLES},
};

#define TASK(more) "\"resources\":[" LEAST more "]"
#define COMMAND    ",\"command\":{\"value\":\"x\"}"
#define CUSTOM(more, member)                                                                                 \
  ",\"executor\":{\"executor_id\":{\"value\":\"x\"},\"resources\":[" LEAST more "]" member "}"

static const struct single_case {
  const char *members, *expected;
} SINGLE[] = {
    {TASK("," PORTS("1", "2")) CUSTOM("," PORTS("2", "3"), COMMAND),
     "There are overlapping resources in the task resources [" JSON_CPUS("0.1") "," JSON_MEM("32.0") "," JSON_PORTS(
         "1",
         "2") "] and executor resources [" JSON_CPUS("0.1") "," JSON_MEM("32.0") "," JSON_PORTS("2",
                                                                                                "3") "]"},
    {TASK("," VOLUME("1")) CUSTOM("," VOLUME("1"), COMMAND),
     "Task and its executor use duplicate persistence ID: " NOT_UNIQUE},
    {TASK("," REVOCABLE("1")) CUSTOM("," DISK("1", ""), COMMAND),
     "Task and its executor mix revocable and non-revocable resources: " MIX("disk")},
    {TASK("") CUSTOM("," DISK("1", FOR_R VOLUME_INFO ",\"shared\":{}"), COMMAND),
     "Executor resources cpus(allocated: r):0.1; mem(allocated: r):32; disk(allocated: r)(reservations: "
     "[(DYNAMIC,r,p)])"
     "[v:v]<SHARED>:1<1> should not contain any shared resources"},
    {TASK("") CUSTOM("", ""), "'ExecutorInfo.command' must be set"},
    {TASK("") CUSTOM("", ",\"type\":\"DEFAULT\""), "'ExecutorInfo.type' must be 'CUSTOM'"},
    {TASK("") CUSTOM("", COMMAND ",\"type\":\"DEFAULT\""),
     "'ExecutorInfo.command' must not be set for 'DEFAULT' executor"},
    {TASK("") CUSTOM("", COMMAND ",\"framework_id\":{\"value\":\"x\"}"),
     "ExecutorInfo has an invalid FrameworkID (Actual: x vs Expected: %F)"},
    {TASK("")
         CUSTOM("", COMMAND ",\"container\":{\"type\":\"MESOS\",\"linux_info\":{\"share_cgroups\":true}}"),
     "The 'share_cgroups' field cannot be set to 'true' on executor containers"},
    {TASK("") CUSTOM("", COMMAND ",\"container\":{\"type\":\"DOCKER\"}"),
     "Executor's `ContainerInfo` is invalid: DockerInfo 'docker' is not set for DOCKER typed ContainerInfo"},
    {TASK("") CUSTOM("", ",\"command\":{\"environment\":{\"variables\":[{\"name\":\"A\"}]}}"),
     "Executor's `CommandInfo` is invalid: Environment variable 'A' of type 'VALUE' must have a value set"},
    {TASK("") COMMAND
     ",\"container\":{\"type\":\"DOCKER\",\"docker\":{\"image\":\"x\",\"parameters\":[{\"key\":"
     "\"name\",\"value\":\"x\"}]}}",
     "Task's `ContainerInfo` is invalid: Parameter in DockerInfo must not be 'name'"},
};

struct fixture {
  struct client c;
  char text[8192];
};

static int set_up(void **state) {
  static struct fixture f;
  client_init(&f.c, client_local("cpus:4;mem:4096;disk:100;ports:[1-9]", 1), K8SM_FORMAT_JSON);
  assert_int_equal(client_subscribe(&f.c, ",\"roles\":[\"r\",\"s\"],\"principal\":\"p\""), 200);
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  k8smi_local_free(f->c.local);
  client_free(&f->c);
  return 0;
}

/* What the next status says when this is accepted. */
static const char *answer(struct fixture *f) {
  size_t before = client_count(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE);
  client_gather(&f->c);
  assert_int_equal(client_accept(&f->c, f->text, 0), 202);
  const K8smMesos__Event *event = client_event(&f->c, K8SM_MESOS__EVENT__TYPE__UPDATE, before);
  assert_non_null(event);
  assert_int_equal(event->update->status->state, K8SM_MESOS__TASK_STATE__TASK_ERROR);
  return event->update->status->message;
}

static void groups(void **state) {
  struct fixture *f = *state;
  for (size_t i = 0; i < sizeof(GROUPS) / sizeof(GROUPS[0]); i++) {
    const struct together_case *row = &GROUPS[i];
    int n = snprintf(
        f->text, sizeof(f->text),
        "{\"type\":\"LAUNCH_GROUP\",\"launch_group\":{\"executor\":{\"type\":\"DEFAULT\",\"executor_id\":{"
        "\"value\":\"e\"},\"framework_id\":{\"value\":\"%%F\"},\"resources\":[" LEAST
        "," DISK("1", "") "%s]},\"task_group\":{\"tasks\":[",
        row->executor);
    for (size_t j = 0; j < 2 && row->tasks[j] != NULL; j++) {
      n +=
          snprintf(f->text + n, sizeof(f->text) - (size_t)n,
                   "%s{\"name\":\"t\",\"task_id\":{\"value\":\"%s\"},\"agent_id\":{\"value\":\"%%A\"}" COMMAND
                   ",\"resources\":[" LEAST "%s]}",
                   j == 0 ? "" : ",", j == 0 ? "a" : "b", row->tasks[j]);
    }
    snprintf(f->text + n, sizeof(f->text) - (size_t)n, "]}}}");
    assert_string_equal(answer(f), row->expected);
  }
}

static void single_tasks(void **state) {
  struct fixture *f = *state;
  for (size_t i = 0; i < sizeof(SINGLE) / sizeof(SINGLE[0]); i++) {
    char expected[1024];
    const char *of = strstr(SINGLE[i].expected, "%F");
    snprintf(f->text, sizeof(f->text),
             "{\"type\":\"LAUNCH\",\"launch\":{\"task_infos\":[{\"name\":\"t\",\"task_id\":{\"value\":\"a\"},"
             "\"agent_id\":{\"value\":\"%%A\"},%s}]}}",
             SINGLE[i].members);
    snprintf(expected, sizeof(expected), "%.*s%s%s", of == NULL ? 1000 : (int)(of - SINGLE[i].expected),
             SINGLE[i].expected, of == NULL ? "" : f->c.framework_id, of == NULL ? "" : of + 2);
    assert_string_equal(answer(f), expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(groups, set_up, tear_down),
                                     cmocka_unit_test_setup_teardown(single_tasks, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
