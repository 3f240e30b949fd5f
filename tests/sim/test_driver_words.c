/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told: events of pods as `kubectl describe` shows them, with their types, and why each call
 * is made. */
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define POD(spec)                                                                                            \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\nspec: {" spec "}\n"
#define EXECUTOR   ",\"source\":\"SOURCE_EXECUTOR\""
#define HEALTH(is) EXECUTOR ",\"reason\":\"REASON_TASK_HEALTH_CHECK_STATUS_UPDATED\",\"healthy\":" #is
#define READY(code)                                                                                          \
  EXECUTOR ",\"reason\":\"REASON_TASK_CHECK_STATUS_UPDATED\",\"check_status\":{\"type\":\"COMMAND\","        \
           "\"command\":{\"exit_code\":" #code "}}"
#define MESSAGE(text) EXECUTOR ",\"message\":\"" text "\""

static const char probed[] =
    POD("containers: [{name: c, image: i, livenessProbe: {exec: {command: [a]}, periodSeconds: 1},"
        " readinessProbe: {exec: {command: [b]}, failureThreshold: 1}}]");

static void tell(struct script *s, const char *container, const char *state, const char *more) {
  script_update(s, script_task(s, container), "A1", state, NULL, more);
}

/* Placed on A1, with nothing but the pause task running. */
static void open_placed(struct script *s, const char *pod) {
  struct k8sm_driver_options o = script_options();
  script_open(s, &o);
  s->reasons = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_pod(s, pod);
  script_offer(s, "O1", "A1");
  tell(s, "", "TASK_RUNNING", EXECUTOR);
}

static void probes_tell_what_they_find(void **state) {
  struct script s;
  (void)state;
  open_placed(&s, probed);
  assert_true(script_has(&s, "event default/p: Scheduled: Successfully assigned default/p to A1.example\n"));
  script_forget(&s);
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  assert_true(script_has(&s, "event default/p: Started: Started container c\n"));
  tell(&s, "c", "TASK_RUNNING", READY(0));
  assert_true(script_has(&s, "event default/p: Ready: container c\n"));
  script_forget(&s);
  tell(&s, "c", "TASK_RUNNING", READY(1));
  assert_true(
      script_has(&s, "warning default/p: Unhealthy: Readiness probe failed: container c is not ready\n"));
  script_forget(&s);
  tell(&s, "c", "TASK_RUNNING", HEALTH(true));
  assert_false(script_has(&s, "Unhealthy"));
  tell(&s, "c", "TASK_RUNNING", HEALTH(false)); /* shown nowhere else */
  assert_true(
      script_has(&s, "warning default/p: Unhealthy: Liveness probe failed: container c is not healthy\n"));
  tell(&s, "c", "TASK_KILLING", HEALTH(false));
  assert_true(
      script_has(&s, "event default/p: Killing: Container c failed liveness probe, will be restarted\n"));
  script_forget(&s);
  tell(&s, "c", "TASK_KILLED", MESSAGE("Command exited with status 0") ",\"healthy\":false");
  assert_true(script_has(&s, "event default/p: Ended: container c ended with exit code 0\n"));
  assert_false(script_has(&s, "Killing"));
  script_close(&s);
}

static void an_unhealthy_container_may_be_over(void **state) {
  struct script s;
  (void)state;
  open_placed(&s,
              POD("restartPolicy: Never, containers: [{name: c, image: i, livenessProbe: {exec: {command: "
                  "[a]}}}]"));
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  tell(&s, "c", "TASK_RUNNING", HEALTH(false));
  tell(&s, "c", "TASK_KILLING", EXECUTOR);
  assert_true(script_has(&s, "event default/p: Killing: Container c failed liveness probe\n"));
  script_close(&s);
}

/* Each start that fails, and each restart that waits. */
static void failures_are_warnings(void **state) {
  struct script s;
  (void)state;
  open_placed(&s, POD("containers: [{name: c, image: i}]"));
  script_forget(&s);
  tell(&s, "c", "TASK_FAILED", MESSAGE("Failed to launch container: manifest unknown"));
  assert_true(script_has(&s,
                         "warning default/p: Failed: Failed to pull image \"i\": Failed to launch container: "
                         "manifest unknown\n"));
  script_wait(&s, 10000);
  script_offer(&s, "O2", "A1");
  tell(&s, "c", "TASK_FAILED", MESSAGE("Failed to launch container: manifest unknown"));
  assert_true(script_has(&s, "event default/p: BackOff: Back-off pulling image \"i\"\n"));
  script_wait(&s, 20000);
  script_offer(&s, "O3", "A1");
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  tell(&s, "c", "TASK_FAILED", MESSAGE("Command exited with status 3"));
  assert_true(script_has(&s, "warning default/p: Ended: container c ended with exit code 3\n"));
  script_wait(&s, 1000);
  script_offer(&s, "O4", "A1");
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  tell(&s, "c", "TASK_FAILED", MESSAGE("Command terminated with signal Killed"));
  assert_true(script_has(&s, "warning default/p: Ended: container c ended by signal 9\n"));
  assert_true(script_has(
      &s, "warning default/p: BackOff: Back-off restarting failed container c in pod p_default(u1)\n"));
  script_close(&s);
}

static void what_can_not_be_created_is_told(void **state) {
  struct script s;
  (void)state;
  open_placed(&s, POD("containers: [{name: c, image: i}]"));
  script_forget(&s);
  tell(&s, "c", "TASK_FAILED", MESSAGE("no such user"));
  assert_true(script_has(&s, "warning default/p: Failed: Error: container c: no such user\n"));
  script_close(&s);
}

static void an_agent_that_is_out_of_reach_is_told_of_once(void **state) {
  static const char *const lost = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"";
  static const char words[] = "warning default/p: NodeNotReady: Node is not ready\n";
  struct script s;
  (void)state;
  open_placed(&s, POD("containers: [{name: c, image: i}]"));
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  assert_false(script_has(&s, "NodeNotReady"));
  for (int times = 0; times < 2; times++) {
    tell(&s, "c", "TASK_UNREACHABLE", lost);
    assert_true(script_has(&s, words));
    script_forget(&s);
    tell(&s, "", "TASK_UNREACHABLE", lost);
    tell(&s, "c", "TASK_UNREACHABLE", lost);
    tell(&s, "c", "TASK_RUNNING", ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REREGISTERED\"");
    assert_false(script_has(&s, "NodeNotReady"));
  }
  script_close(&s);
}

/* 2 × (4 + 1) seconds to start in. */
#define SLOW(policy)                                                                                         \
  POD("restartPolicy: " policy ", containers: [{name: c, image: i, startupProbe: {exec: {command: [a]}, "    \
      "periodSeconds: 4, failureThreshold: 2}}]")
#define STARTS "> KILL c.0: the container's startup probe has failed\n"

static void open_slow(struct script *s, const char *pod) {
  open_placed(s, pod);
  s->heartbeats = true;
  tell(s, "c", "TASK_RUNNING", EXECUTOR);
  script_forget(s);
}

static void who_does_not_start_is_killed(void **state) {
  struct script s;
  (void)state;
  open_slow(&s, SLOW("OnFailure"));
  script_wait(&s, 9900);
  tell(&s, "c", "TASK_RUNNING", READY(1));
  assert_false(script_has(&s, "KILL"));
  script_wait(&s, 200);
  assert_true(script_has(
      &s, "warning default/p: Unhealthy: Startup probe failed: container c has not started within 10 s\n"
          "event default/p: Killing: Container c failed startup probe, will be restarted\n"));
  assert_true(script_has(&s, STARTS));
  script_forget(&s);
  script_wait(&s, 11000);
  assert_true(script_has(&s, STARTS)); /* it may be lost */
  assert_false(script_has(&s, "event"));
  tell(&s, "c", "TASK_KILLED", MESSAGE("Command exited with status 0"));
  assert_true(script_has(&s, "event default/p: Ended: container c ended with exit code 0\n"));
  script_offer(&s, "O2", "A1");
  assert_int_equal(s.task_count, 3);
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  tell(&s, "c", "TASK_RUNNING", READY(0));
  assert_true(script_has(&s, "event default/p: Ready: container c\n"));
  script_forget(&s);
  script_wait(&s, 600000);
  assert_false(script_has(&s, "KILL"));
  script_close(&s);
  open_slow(&s, SLOW("Never"));
  script_wait(&s, 10100);
  assert_true(script_has(&s, "event default/p: Killing: Container c failed startup probe\n"));
  tell(&s, "c", "TASK_KILLED", MESSAGE("Command terminated with signal Killed"));
  assert_true(script_has(&s, "warning default/p: Error: container c ended by signal 9\n"));
  assert_true(script_has(&s, "warning default/p: Failed: the pod was Running\n"));
  script_close(&s);
}

static const char copied[] = ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\"";
#define COPY_CHECK(code)                                                                                     \
  ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_RECONCILIATION\",\"check_status\":{\"type\":"           \
  "\"COMMAND\","                                                                                             \
  "\"command\":{\"exit_code\":" #code "}}"

/* It may have started while nobody could hear it: in the time without a subscription, or without a process.
 */
static void nobody_is_killed_for_what_was_not_heard(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    const bool restarts = i % 2 == 1, starts = i >= 2;
    struct script s;
    struct k8sm_driver_options o = script_options();
    open_slow(&s, SLOW("Always"));
    script_wait(&s, 3000);
    if (restarts) {
      script_restart(&s, &o);
      s.reasons = true;
      script_tick(&s);
    } else {
      script_lost(&s, "connection reset");
    }
    script_wait(&s, 20000); /* its time is over */
    if (!restarts) script_wait(&s, 5000);
    script_subscribe(&s, "F1");
    script_wait(&s, 9000);
    assert_false(script_has(&s, "KILL"));
    tell(&s, "", "TASK_RUNNING", copied);
    script_wait(&s, 30000); /* it has not answered yet */
    assert_false(script_has(&s, "KILL"));
    if (starts)
      tell(&s, "c", "TASK_RUNNING", COPY_CHECK(0));
    else
      tell(&s, "c", "TASK_RUNNING", COPY_CHECK(1));
    script_wait(&s, 10100);
    assert_int_equal(script_has(&s, STARTS), !starts);
    assert_int_equal(script_has(&s, "event default/p: Ready: container c\n"), starts);
    script_close(&s);
  }
}

/* The KILL was lost with the connection: it is not sent again before all is heard. */
static void a_kill_waits_for_what_was_not_heard(void **state) {
  (void)state;
  for (int starts = 0; starts < 2; starts++) {
    struct script s;
    open_slow(&s, SLOW("Always"));
    script_wait(&s, 10100);
    assert_true(script_has(&s, STARTS));
    script_lost(&s, "connection reset");
    script_wait(&s, 20000);
    script_forget(&s);
    script_subscribe(&s, "F1");
    tell(&s, "", "TASK_RUNNING", copied);
    tell(&s, "c", "TASK_RUNNING", COPY_CHECK(1));
    script_wait(&s, 9000);
    assert_false(script_has(&s, "KILL"));
    if (starts) tell(&s, "c", "TASK_RUNNING", READY(0));
    script_wait(&s, 12000);
    assert_int_equal(script_has(&s, STARTS), !starts);
    assert_int_equal(script_has(&s, "event default/p: Ready: container c\n"), starts);
    script_close(&s);
  }
}

static void a_deadline_is_told_when_it_is_over(void **state) {
  struct script s;
  (void)state;
  open_placed(&s, POD("activeDeadlineSeconds: 60, containers: [{name: c, image: i}]"));
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  script_forget(&s);
  script_wait(&s, 60000);
  assert_true(script_has(&s, "event default/p: DeadlineExceeded: Pod was active on the node longer than the "
                             "specified deadline\n"
                             "event default/p: Killing: Stopping container c\n"));
  assert_true(script_has(&s, "> KILL c.0: the pod is past its activeDeadlineSeconds\n"));
  assert_false(script_has(&s, "Failed"));
  tell(&s, "c", "TASK_KILLED", MESSAGE("Command terminated with signal Terminated"));
  assert_true(script_has(&s, "event default/p: Error: container c ended by signal 15\n")); /* as it was to */
  assert_true(script_has(&s, "warning default/p: Failed: the pod was Running\n"));
  script_close(&s);
}

static void deletions_stop_containers(void **state) {
  struct script s;
  (void)state;
  open_placed(&s, probed);
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  tell(&s, "c", "TASK_RUNNING", READY(0));
  script_forget(&s);
  script_delete(&s, "default/p", 30);
  assert_true(script_has(&s, "event default/p: Killing: Stopping container c\n"));
  assert_true(script_has(&s, "> KILL c.0: the pod is deleted\n"));
  tell(&s, "c", "TASK_RUNNING", READY(1)); /* it shuts down */
  tell(&s, "c", "TASK_RUNNING", HEALTH(false));
  assert_false(script_has(&s, "Unhealthy"));
  script_delete(&s, "default/p", 1);
  script_wait(&s, 1000);
  assert_true(script_has(&s, ": the pod has less time to end than its KILL gave it\n"));
  tell(&s, "c", "TASK_KILLED", MESSAGE("Command terminated with signal Terminated"));
  assert_true(script_has(&s, "event default/p: Error: container c ended by signal 15\n"));
  script_close(&s);
}

/* The process that was there before has said so. */
static void a_restart_does_not_tell_of_it_again(void **state) {
  const struct k8sm_driver_options o = script_options();
  struct script s;
  (void)state;
  open_placed(&s, POD("containers: [{name: c, image: i}]"));
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  script_delete(&s, "default/p", 30);
  assert_true(script_has(&s, "event default/p: Killing: Stopping container c\n"));
  script_forget(&s);
  script_restart(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  tell(&s, "c", "TASK_RUNNING", EXECUTOR);
  assert_true(script_has(&s, "> KILL c.0: the pod is deleted\n"));
  assert_false(script_has(&s, "Killing"));
  script_close(&s);
}

/* A KILL is not heard by what is launched just now: none has gone out. */
static void a_shutdown_says_why(void **state) {
  struct script s;
  (void)state;
  open_placed(&s, POD("containers: [{name: c, image: i}]"));
  script_delete(&s, "default/p", 0);
  script_wait(&s, 3000);
  if (!script_has(&s, "> SHUTDOWN: the pod is to end at once\n")) fail_msg("%s", s.trace);
  assert_false(script_has(&s, "less time"));
  script_close(&s);
}

static void calls_say_why(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  script_open(&s, &o);
  s.reasons = true;
  script_tick(&s);
  assert_true(script_has(&s, "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler: a new framework\n"));
  script_subscribe(&s, "F1");
  assert_true(script_has(&s, "> RECONCILE: all known tasks were asked for: finds unknown ones\n"));
  script_offer(&s, "O1", "A1");
  assert_true(script_has(&s, "> DECLINE O1: nothing waits that could take them\n"));
  script_pod(&s, POD("containers: [{name: c, image: i, resources: {requests: {cpu: 64}}}]"));
  assert_true(script_has(&s, "> REVIVE: something waits, and offers of these roles are held back\n"));
  script_offer(&s, "O2", "A1");
  assert_true(script_has(&s, "warning default/p: FailedScheduling: 0/1 nodes"));
  script_wait(&s, 5000);
  assert_true(script_has(&s, "> DECLINE O2: nothing that waits fits them\n"));
  script_delete(&s, "default/p", -1);
  script_wait(&s, 5000);
  assert_true(script_has(&s, "> SUPPRESS: nothing waits for offers of these roles\n"));
  script_close(&s);
}

static void launches_and_updates_say_why(void **state) {
  struct script s;
  (void)state;
  open_placed(&s, POD("containers: [{name: c, image: i}]"));
  assert_true(script_has(&s, "> ACCEPT O1: launches what waits and fits these offers\n"));
  script_update(&s, script_task(&s, "c"), "A1", "TASK_RUNNING", "running---------", EXECUTOR);
  assert_true(script_has(&s, "> ACKNOWLEDGE c.0: the update is taken in\n"));
  script_close(&s);
}

/* ---- Launches that do not start ---- */

static void open_launched(struct script *s, uint64_t launch_timeout_ms) {
  struct k8sm_driver_options o = script_options();
  o.launch_timeout_ms = launch_timeout_ms;
  script_open(s, &o);
  s->reasons = s->heartbeats = s->quiet_status = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_pod(s, POD("containers: [{name: c, image: i}]"));
  script_offer(s, "O1", "A1");
  assert_true(script_has(s, "> ACCEPT O1"));
  script_forget(s);
}

#define STUCK(timeout)                                                                                       \
  "warning default/p: FailedCreatePodSandBox: the pod's executor has not started on agent A1 "               \
  "within " timeout " s of its launch: it is killed\n"
#define STUCK_C(timeout)                                                                                     \
  "warning default/p: Failed: Error: container c has not started on agent A1 within " timeout                \
  " s of its launch: it is killed\n"

static void a_launch_that_does_not_start_is_killed_and_told(void **state) {
  struct script s;
  (void)state;
  open_launched(&s, 0);
  tell(&s, "c", "TASK_STAGING", EXECUTOR); /* of the pause task nothing is heard */
  script_wait(&s, 299000);
  assert_false(script_has(&s, "> KILL"));
  script_forget(&s);
  script_wait(&s, 1000);
  assert_true(script_has(&s, STUCK("300")) && script_has(&s, STUCK_C("300")));
  assert_true(script_has(&s, "> KILL pause.0: it has not started within the time for launches\n"));
  assert_true(script_has(&s, "> KILL c.0: it has not started within the time for launches\n"));
  script_forget(&s);
  script_wait(&s, 10000); /* killed again, and not told again */
  assert_true(script_has(&s, "> KILL c.0"));
  assert_false(script_has(&s, "warning"));
  script_close(&s);
}

static void the_time_for_launches_is_an_option(void **state) {
  struct script s;
  (void)state;
  open_launched(&s, 7500);
  tell(&s, "", "TASK_RUNNING", EXECUTOR);
  tell(&s, "c", "TASK_STARTING", EXECUTOR); /* from now on it may pull for as long as it likes */
  script_wait(&s, 20000);
  assert_false(script_has(&s, "> KILL"));
  script_close(&s);
  open_launched(&s, 7500);
  script_wait(&s, 7500);
  assert_true(script_has(&s, STUCK("8")) && script_has(&s, "> KILL c.0"));
  script_close(&s);
  open_launched(&s, UINT64_MAX);
  script_wait(&s, 3600000);
  assert_false(script_has(&s, "> KILL"));
  script_close(&s);
}

static void a_stuck_launch_without_memory(void **state) {
  bool failed = true;
  (void)state;
  for (size_t n = 1; failed; n++) {
    struct script s;
    open_launched(&s, 7500);
    script_wait(&s, 7499);
    s.memory.fail_at = s.memory.calls + n;
    script_wait(&s, 1);
    failed = s.memory.calls >= s.memory.fail_at;
    s.memory.fail_at = 0;
    script_wait(&s, 5000); /* the rest comes with later steps, and nothing twice */
    const char *first = strstr(s.trace, "FailedCreatePodSandBox");
    if (first == NULL || strstr(first + 1, "FailedCreatePodSandBox") != NULL ||
        !script_has(&s, STUCK_C("8")) || !script_has(&s, "> KILL c.0"))
      fail_msg("allocation %zu: %s", n, s.trace);
    script_close(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(probes_tell_what_they_find),
      cmocka_unit_test(an_unhealthy_container_may_be_over),
      cmocka_unit_test(failures_are_warnings),
      cmocka_unit_test(what_can_not_be_created_is_told),
      cmocka_unit_test(an_agent_that_is_out_of_reach_is_told_of_once),
      cmocka_unit_test(who_does_not_start_is_killed),
      cmocka_unit_test(nobody_is_killed_for_what_was_not_heard),
      cmocka_unit_test(a_kill_waits_for_what_was_not_heard),
      cmocka_unit_test(a_deadline_is_told_when_it_is_over),
      cmocka_unit_test(deletions_stop_containers),
      cmocka_unit_test(a_restart_does_not_tell_of_it_again),
      cmocka_unit_test(a_shutdown_says_why),
      cmocka_unit_test(calls_say_why),
      cmocka_unit_test(launches_and_updates_say_why),
      cmocka_unit_test(a_launch_that_does_not_start_is_killed_and_told),
      cmocka_unit_test(the_time_for_launches_is_an_option),
      cmocka_unit_test(a_stuck_launch_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
