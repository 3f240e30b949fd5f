/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "local/objects.h"
#include "support/local_client.h"

#include <stdio.h>
#include <string.h>

/* Tasks of the embedded Mesos, from launch to end, in virtual time. */

static const char RESOURCES[] = "cpus:4;mem:4096;disk:10000;ports:[31000-32000]";

struct fixture {
  struct client c;
  char text[8192];
  char trace[4096];
};

static int set_up(void **state) {
  static struct fixture f;
  client_init(&f.c, client_local(RESOURCES, 1), K8SM_FORMAT_JSON);
  assert_int_equal(client_subscribe(&f.c, ""), 200);
  assert_int_equal(f.c.offer_count, 1);
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  k8smi_local_free(f->c.local);
  client_free(&f->c);
  return 0;
}

static void launch(struct fixture *f, const char *executor, const char *id, const char *command) {
  assert_true(client_await_offer(&f->c));
  client_group(executor, id, &command, 1, f->text, sizeof(f->text));
  assert_int_equal(client_accept(&f->c, f->text, 0), 202);
}

static void expect(struct fixture *f, const char *task, const char *trace) {
  assert_string_equal(client_trace(&f->c, task, f->trace, sizeof(f->trace)), trace);
}

static void a_task_finishes_and_its_executor_ends(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "t", "sleep 2");
  client_wait(&f->c, 1000);
  expect(f, "t.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\n");
  client_wait(&f->c, 4000);
  expect(f, "t.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\nFINISHED EXECUTOR: Command exited with status 0\n");
  assert_int_equal(client_count(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE), 1);
  const K8smMesos__Event__Failure *failure =
      client_event(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE, 0)->failure;
  assert_string_equal(failure->executor_id->value, "e");
  assert_int_equal(failure->status, 0);
}

static void one_failure_takes_its_group_and_no_other(void **state) {
  struct fixture *f = *state;
  static const char *const COMMANDS[] = {"sleep 1; exit 7", "sleep 1000"};
  launch(f, "e", "holder", "sleep 100000");
  assert_true(client_await_offer(&f->c));
  client_accept(&f->c, client_group("e", "g", COMMANDS, 2, f->text, sizeof(f->text)), 0);
  client_wait(&f->c, 5000);
  expect(f, "g.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\nFAILED EXECUTOR: Command exited with status 7\n");
  expect(f, "g.1",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n"
         "KILLED EXECUTOR: Command terminated with signal Terminated\n");
  expect(f, "holder.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\n");
  assert_int_equal(client_count(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE), 0);
}

static void a_kill_before_running_is_lost(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "t", "sleep 1000");
  assert_int_equal(client_kill(&f->c, "t.0"), 202);
  client_wait(&f->c, 5000);
  expect(f, "t.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\n");
  client_kill(&f->c, "t.0");
  client_wait(&f->c, 1000);
  expect(f, "t.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n"
         "KILLED EXECUTOR: Command terminated with signal Terminated\n");
}

static void later_states_wait_for_the_acknowledgement(void **state) {
  struct fixture *f = *state;
  f->c.acknowledge = false;
  launch(f, "e", "q", "sleep 1; exit 3");
  client_wait(&f->c, 9000);
  expect(f, "q.0", "STARTING EXECUTOR\n");
  assert_int_equal(client_count(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE),
                   1); /* the executor has ended meanwhile */
  client_wait(&f->c, 5000);
  expect(f, "q.0", "STARTING EXECUTOR\nSTARTING EXECUTOR\n"); /* again after ten seconds */
  client_call(&f->c,
              "{\"type\":\"RECONCILE\",\"framework_id\":{\"value\":\"%F\"},\"reconcile\":{\"tasks\":[]}}");
  f->c.acknowledge = true;
  client_wait(&f->c, 100);
  expect(f, "q.0",
         "STARTING EXECUTOR\nSTARTING EXECUTOR\n"
         "STARTING MASTER (RECONCILIATION): Reconciliation: Latest task state\n"
         "RUNNING EXECUTOR\nFAILED EXECUTOR: Command exited with status 3\n");
}

static void reconcile(struct fixture *f, const char *task) {
  snprintf(f->text, sizeof f->text,
           "{\"type\":\"RECONCILE\",\"framework_id\":{\"value\":\"%%F\"},\"reconcile\":{\"tasks\":[%s]}}",
           task);
  assert_int_equal(client_call(&f->c, f->text), 202);
}

/* The master hands the last acknowledgement on, and knows the task no more. The agent tells its end again,
 * and the master passes that on, and its acknowledgement, too. */
static void a_last_acknowledgement_that_is_lost(void **state) {
#define LIVED "STARTING EXECUTOR\nRUNNING EXECUTOR\n"
#define ENDED "FAILED EXECUTOR: Command exited with status 3\n"
#define GONE  "GONE MASTER (RECONCILIATION): Reconciliation: Task is unknown to the agent\n"
  struct fixture *f = *state;
  char named[256];
  launch(f, "e", "q", "sleep 1; exit 3");
  client_wait(&f->c, 1000);
  k8smi_local_lose(f->c.local, K8SMI_LOCAL_ACKNOWLEDGEMENTS, 1);
  client_wait(&f->c, 1000);
  expect(f, "q.0", LIVED ENDED);
  reconcile(f, "");
  expect(f, "q.0", LIVED ENDED);
  snprintf(named, sizeof named, "{\"task_id\":{\"value\":\"q.0\"},\"agent_id\":{\"value\":\"%s\"}}",
           f->c.local->agents[0].id);
  reconcile(f, named);
  expect(f, "q.0", LIVED ENDED GONE);
  client_wait(&f->c, 10000);
  expect(f, "q.0", LIVED ENDED GONE ENDED);
  client_wait(&f->c, 100000);
  expect(f, "q.0", LIVED ENDED GONE ENDED);
  launch(f, "e2", "r", "sleep 1; exit 3");
  client_wait(&f->c, 1000);
  k8smi_local_lose(f->c.local, K8SMI_LOCAL_ACKNOWLEDGEMENTS, 1);
  client_wait(&f->c, 1000);
  expect(f, "r.0", LIVED ENDED);
  k8smi_local_fail_over(f->c.local);
  assert_int_equal(client_subscribe(&f->c, ""), 200);
  client_wait(&f->c, 2000); /* its agent has it */
  expect(f, "r.0", LIVED ENDED ENDED);
#undef LIVED
#undef ENDED
#undef GONE
}

/* What the agent's process was launching when it died takes its executor along, with what runs there. */
static void an_agent_that_starts_again_in_a_launch(void **state) {
#define TORN "FAILED AGENT (EXECUTOR_TERMINATED): Executor terminated\n"
  struct fixture *f = *state;
  launch(f, "e", "holder", "sleep 100000");
  launch(f, "other", "apart", "sleep 100000");
  client_wait(&f->c, 1000);
  launch(f, "e", "late", "sleep 100000");
  client_wait(&f->c, 20);
  k8smi_local_restart_agent(f->c.local, 0);
  client_wait(&f->c, 2900);
  expect(f, "late.0", "STARTING EXECUTOR\n");
  client_wait(&f->c, 200);
  expect(f, "late.0", "STARTING EXECUTOR\n" TORN TORN);
  expect(f, "holder.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\n" TORN TORN);
  expect(f, "apart.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\n");
  assert_int_equal(client_count(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE), 0);
#undef TORN
}

/* An executor that was being launched; and the agent is back only after it was given up. */
static void an_agent_that_is_lost_in_a_launch(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "t", "sleep 100000");
  client_wait(&f->c, 20);
  k8smi_local_restart_agent(f->c.local, 0);
  k8smi_local_kill_agent(f->c.local, 0);
  client_wait(&f->c, 10000);
  k8smi_local_restore_agent(f->c.local, 0);
  client_wait(&f->c, 100);
  client_trace(&f->c, "t.0", f->trace, sizeof f->trace);
  assert_null(strstr(f->trace, "RUNNING"));
  assert_non_null(strstr(f->trace, "FAILED AGENT (EXECUTOR_TERMINATED)"));
}

static void a_task_id_used_twice_aborts_the_executor(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "h", "sleep 1000");
  launch(f, "e", "x", "sleep 1");
  client_wait(&f->c, 5000);
  launch(f, "e", "x", "sleep 1");
  client_wait(&f->c, 5000);
  expect(f, "h.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nFAILED AGENT (EXECUTOR_TERMINATED): Executor terminated\n");
  expect(f, "x.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nFINISHED EXECUTOR: Command exited with status 0\n"
         "STARTING EXECUTOR\nFAILED AGENT (EXECUTOR_TERMINATED): Executor terminated\n");
  assert_int_equal(client_event(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE, 0)->failure->status, 6);
}

static void a_killed_executor_takes_its_tasks(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "h", "sleep 1000");
  client_wait(&f->c, 2000);
  char before[64];
  strcpy(before, client_status(&f->c, "h.0", 1)->container_status->container_id->parent->value);
  k8smi_local_kill_executor(f->c.local, "e");
  client_wait(&f->c, 2000);
  expect(f, "h.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nFAILED AGENT (EXECUTOR_TERMINATED): Executor terminated\n");
  assert_int_equal(client_event(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE, 0)->failure->status, 9);
  launch(f, "e", "i", "sleep 1000"); /* a fresh executor under the same id */
  client_wait(&f->c, 2000);
  assert_string_not_equal(client_status(&f->c, "i.0", 1)->container_status->container_id->parent->value,
                          before);
}

static void an_executor_id_is_taken_while_an_end_is_unacknowledged(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "t", "sleep 1");
  client_wait(&f->c, 900);
  f->c.acknowledge = false;
  client_wait(&f->c, 5000);
  launch(f, "e", "t2", "sleep 1");
  client_wait(&f->c, 500);
  expect(f, "t2.0",
         "DROPPED AGENT (EXECUTOR_TERMINATED): Master wants to launch executor, but one already exists\n");
  assert_int_equal(client_event(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE, 1)->failure->status, -1);
  assert_true(client_status(&f->c, "t2.0", 0)->has_uuid);
}

static void shutdown_kills_all_tasks(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "a", "sleep 1000");
  launch(f, "e", "b", "sleep 1000");
  client_wait(&f->c, 3000);
  assert_true(client_await_offer(&f->c));
  client_call(&f->c,
              "{\"type\":\"SHUTDOWN\",\"framework_id\":{\"value\":\"%F\"},\"shutdown\":{\"executor_id\":"
              "{\"value\":\"e\"},\"agent_id\":{\"value\":\"%A\"}}}");
  client_wait(&f->c, 3000);
  static const char KILLED[] = "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n"
                               "KILLED EXECUTOR: Command terminated with signal Terminated\n";
  expect(f, "a.0", KILLED);
  expect(f, "b.0", KILLED);
}

static void kill_with_grace(struct fixture *f, const char *task, unsigned seconds) {
  snprintf(f->text, sizeof(f->text),
           "{\"type\":\"KILL\",\"framework_id\":{\"value\":\"%%F\"},\"kill\":{\"task_id\":{\"value\":\"%s\"},"
           "\"kill_policy\":{\"grace_period\":{\"nanoseconds\":%llu}}}}",
           task, 1000000000ULL * seconds);
  assert_int_equal(client_call(&f->c, f->text), 202);
}

static void grace_is_what_a_task_has_after_term(void **state) {
  struct fixture *f = *state;
  static const char COMMAND[] = "trap 'sleep 5; exit 4' TERM; while true; do sleep 1; done";
  launch(f, "e", "h", "sleep 100000");
  launch(f, "e", "long", COMMAND);
  launch(f, "e", "short", COMMAND);
  launch(f, "e", "none", COMMAND);
  launch(f, "e", "deaf", "trap '' TERM; sleep 1000");
  client_wait(&f->c, 1000);
  kill_with_grace(f, "long.0", 10);
  kill_with_grace(f, "short.0", 2);
  client_kill(&f->c, "none.0");
  kill_with_grace(f, "deaf.0", 20);
  kill_with_grace(f, "deaf.0", 0); /* a second KILL can't shorten the first */
  client_wait(&f->c, 2900);
  expect(f, "short.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n"
         "KILLED EXECUTOR: Command terminated with signal Killed\n");
  expect(f, "none.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n");
  client_wait(&f->c, 500);
  expect(f, "none.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n"
         "KILLED EXECUTOR: Command terminated with signal Killed\n");
  client_wait(&f->c, 5000);
  expect(f, "long.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n"
         "KILLED EXECUTOR: Command exited with status 4\n");
  expect(f, "deaf.0", "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n");
  client_wait(&f->c, 15000);
  expect(f, "deaf.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n"
         "KILLED EXECUTOR: Command terminated with signal Killed\n");
}

static void resources_of_an_ended_pod_are_offered_again(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "t", "sleep 1");
  client_wait(&f->c, 10000);
  double cpus = 0;
  for (size_t i = 0; i < f->c.offer_count; i++) {
    for (size_t j = 0; j < f->c.offers[i]->n_resources; j++) {
      const K8smMesos__Resource *r = f->c.offers[i]->resources[j];
      if (strcmp(r->name, "cpus") == 0) cpus += r->scalar->value;
    }
  }
  assert_true(cpus > 3.999 && cpus < 4.001);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_task_finishes_and_its_executor_ends, set_up, tear_down),
      cmocka_unit_test_setup_teardown(one_failure_takes_its_group_and_no_other, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_kill_before_running_is_lost, set_up, tear_down),
      cmocka_unit_test_setup_teardown(later_states_wait_for_the_acknowledgement, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_last_acknowledgement_that_is_lost, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_agent_that_starts_again_in_a_launch, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_agent_that_is_lost_in_a_launch, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_task_id_used_twice_aborts_the_executor, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_killed_executor_takes_its_tasks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_executor_id_is_taken_while_an_end_is_unacknowledged, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(shutdown_kills_all_tasks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(grace_is_what_a_task_has_after_term, set_up, tear_down),
      cmocka_unit_test_setup_teardown(resources_of_an_ended_pod_are_offered_again, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
