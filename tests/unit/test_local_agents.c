/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "support/local_client.h"

#include <string.h>

/* Agents that are lost and come back, a master that fails over, checks, and what else happens to tasks
 * from outside. */

static const char RESOURCES[] = "cpus:4;mem:4096;disk:10000";
static const char RECONCILE_ALL[] =
    "{\"type\":\"RECONCILE\",\"framework_id\":{\"value\":\"%F\"},\"reconcile\":{\"tasks\":[]}}";

struct fixture {
  struct client c;
  char text[8192];
  char trace[8192];
};

static int set_up(void **state) {
  static struct fixture f;
  client_init(&f.c, client_local(RESOURCES, 1), K8SM_FORMAT_PROTOBUF);
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

static void launch(struct fixture *f, const char *executor, const char *id, const char *command) {
  assert_true(client_await_offer(&f->c));
  client_group(executor, id, &command, 1, f->text, sizeof(f->text));
  assert_int_equal(client_accept(&f->c, f->text, 0), 202);
}

static void expect(struct fixture *f, const char *task, const char *trace) {
  assert_string_equal(client_trace(&f->c, task, f->trace, sizeof(f->trace)), trace);
}

static void a_lost_agent_comes_back_with_its_tasks(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "t", "sleep 20");
  client_wait(&f->c, 3000);
  k8smi_local_kill_agent(f->c.local, 0);
  client_wait(&f->c, 1000);
  assert_int_equal(client_count(&f->c, K8SM_MESOS__EVENT__TYPE__RESCIND), 1);
  const K8smMesos__Event *failure = client_event(&f->c, K8SM_MESOS__EVENT__TYPE__FAILURE, 0);
  assert_null(failure->failure->executor_id);
  client_kill(&f->c, "t.0"); /* is not kept for it */
  client_wait(&f->c, 30000); /* the task ends meanwhile, unheard */
  assert_int_equal(f->c.offer_count, 0);
  k8smi_local_restore_agent(f->c.local, 0);
  client_wait(&f->c, 2000);
  expect(f, "t.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nUNREACHABLE MASTER (AGENT_REMOVED): health check timed out\n"
         "UNKNOWN MASTER (RECONCILIATION): Reconciliation: Task is unknown\n"
         "FINISHED EXECUTOR: Command exited with status 0\n");
  assert_true(client_await_offer(&f->c));
}

static void a_running_task_is_reported_when_its_agent_is_back(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "t", "sleep 1000");
  client_wait(&f->c, 3000);
  k8smi_local_kill_agent(f->c.local, 0);
  k8smi_local_restore_agent(f->c.local, 0);
  client_wait(&f->c, 100);
  expect(f, "t.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nUNREACHABLE MASTER (AGENT_REMOVED): health check timed out\n"
         "RUNNING MASTER (AGENT_REREGISTERED): Unreachable agent re-reregistered\n");
  assert_non_null(client_status(&f->c, "t.0", 3)->container_status);
}

static void a_new_master_learns_of_tasks_from_their_agents(void **state) {
  struct fixture *f = *state;
  launch(f, "e", "t", "sleep 1000");
  client_wait(&f->c, 3000);
  char master[64];
  strcpy(master, client_event(&f->c, K8SM_MESOS__EVENT__TYPE__SUBSCRIBED, 0)->subscribed->master_info->id);
  k8smi_local_fail_over(f->c.local);
  client_wait(&f->c, 10);
  assert_false(f->c.open);
  assert_int_equal(client_subscribe(&f->c, ""), 200);
  assert_string_not_equal(
      client_event(&f->c, K8SM_MESOS__EVENT__TYPE__SUBSCRIBED, 1)->subscribed->master_info->id, master);
  client_call(
      &f->c,
      "{\"type\":\"RECONCILE\",\"framework_id\":{\"value\":\"%F\"},\"reconcile\":{\"tasks\":[{\"task_id\":"
      "{\"value\":\"t.0\"}}]}}");
  client_call(&f->c, RECONCILE_ALL); /* nothing: the agent is not known yet */
  client_wait(&f->c, 3000);
  client_call(&f->c, RECONCILE_ALL);
  expect(f, "t.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nUNKNOWN MASTER (RECONCILIATION): Reconciliation: Task is "
         "unknown\n"
         "RUNNING MASTER (AGENT_REREGISTERED): Unknown agent reregistered\n"
         "RUNNING MASTER (RECONCILIATION): Reconciliation: Latest task state\n");
  assert_true(client_await_offer(&f->c));
  assert_int_equal(f->c.offers[0]->n_executor_ids, 1);
}

/* Launches a task with a check or a health check, given as members of its TaskInfo. */
static void launch_checked(struct fixture *f, const char *id, const char *command, const char *members) {
  char more[2048], *at;
  launch(f, "e", "holder", "sleep 100000");
  assert_true(client_await_offer(&f->c));
  client_group("e", id, &command, 1, f->text, sizeof(f->text));
  at = strstr(f->text, "\"name\":\"t\"");
  strcpy(more, at);
  strcpy(at, members);
  strcat(at, more);
  assert_int_equal(client_accept(&f->c, f->text, 0), 202);
}

static void readiness_follows_a_file(void **state) {
  struct fixture *f = *state;
  launch_checked(f, "t", "sleep 3; touch ready; sleep 3; rm ready; sleep 1000",
                 "\"check\":{\"type\":\"COMMAND\",\"command\":{\"command\":{\"value\":\"test -f ready\"}},"
                 "\"delay_seconds\":0,\"interval_seconds\":1},");
  client_wait(&f->c, 12000);
  static const int CODES[] = {1, 0, 1};
  for (size_t i = 0; i < 3; i++) {
    const K8smMesos__TaskStatus *status = client_status(&f->c, "t.0", 2 + i);
    assert_int_equal(status->reason, K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_CHECK_STATUS_UPDATED);
    assert_int_equal(status->check_status->command->exit_code, CODES[i]);
  }
  assert_null(client_status(&f->c, "t.0", 5)); /* only changes are told */
}

static void ill_health_kills_and_sticks(void **state) {
  struct fixture *f = *state;
  launch_checked(
      f, "t", "touch ok; sleep 2; rm ok; sleep 1000",
      "\"health_check\":{\"type\":\"COMMAND\",\"command\":{\"value\":\"test -f ok\"},\"delay_seconds\":0,"
      "\"interval_seconds\":1,\"consecutive_failures\":2,\"grace_period_seconds\":0},");
  client_wait(&f->c, 8000);
  expect(f, "t.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nRUNNING EXECUTOR (TASK_HEALTH_CHECK_STATUS_UPDATED) h\n"
         "RUNNING EXECUTOR (TASK_HEALTH_CHECK_STATUS_UPDATED) !h\n"
         "RUNNING EXECUTOR (TASK_HEALTH_CHECK_STATUS_UPDATED) !h\n"
         "KILLING EXECUTOR\nKILLED EXECUTOR !h: Command terminated with signal Terminated\n");
  client_kill(&f->c, "holder.0");
  client_wait(&f->c, 1000);
  expect(f, "holder.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nKILLING EXECUTOR\n"
         "KILLED EXECUTOR !h: Command terminated with signal Terminated\n");
}

static void failures_in_the_grace_period_do_not_count(void **state) {
  struct fixture *f = *state;
  launch_checked(
      f, "t", "sleep 4; touch ok; sleep 1000",
      "\"health_check\":{\"type\":\"COMMAND\",\"command\":{\"value\":\"test -f ok\"},\"delay_seconds\":0,"
      "\"interval_seconds\":1,\"consecutive_failures\":2,\"grace_period_seconds\":10},");
  client_wait(&f->c, 15000);
  expect(f, "t.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\nRUNNING EXECUTOR (TASK_HEALTH_CHECK_STATUS_UPDATED) h\n");
}

static void a_task_has_only_so_much_time(void **state) {
  struct fixture *f = *state;
  launch_checked(f, "t", "sleep 1000", "\"max_completion_time\":{\"nanoseconds\":2000000000},");
  client_wait(&f->c, 6000);
  expect(f, "t.0",
         "STARTING EXECUTOR\nRUNNING EXECUTOR\n"
         "FAILED EXECUTOR (MAX_COMPLETION_TIME_REACHED): Command terminated with signal Terminated\n");
}

static void http_and_tcp_checks_succeed(void **state) {
  struct fixture *f = *state;
  launch_checked(f, "t", "sleep 1000",
                 "\"check\":{\"type\":\"HTTP\",\"http\":{\"port\":80,\"path\":\"/\"},\"delay_seconds\":0},"
                 "\"health_check\":{\"type\":\"TCP\",\"tcp\":{\"port\":80},\"delay_seconds\":0},");
  client_wait(&f->c, 4000);
  assert_int_equal(client_status(&f->c, "t.0", 2)->check_status->http->status_code, 200);
  assert_true(client_status(&f->c, "t.0", 3)->has_healthy && client_status(&f->c, "t.0", 3)->healthy);
  assert_null(client_status(&f->c, "t.0", 4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_lost_agent_comes_back_with_its_tasks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_running_task_is_reported_when_its_agent_is_back, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_new_master_learns_of_tasks_from_their_agents, set_up, tear_down),
      cmocka_unit_test_setup_teardown(readiness_follows_a_file, set_up, tear_down),
      cmocka_unit_test_setup_teardown(ill_health_kills_and_sticks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(failures_in_the_grace_period_do_not_count, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_task_has_only_so_much_time, set_up, tear_down),
      cmocka_unit_test_setup_teardown(http_and_tcp_checks_succeed, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
