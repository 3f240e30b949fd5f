/* SPDX-License-Identifier: Apache-2.0 */
/* A process that starts without the record of the one before: what is taken up of what runs, and how that
 * ends. */
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define POD(name, uid, spec)                                                                                 \
  "apiVersion: v1\nkind: Pod\nmetadata: {name: " name ", namespace: default, uid: " uid "}\n"                \
  "spec: {containers: [{name: c, image: i}]" spec "}\n"

static struct k8sm_driver_options without_record(void) {
  struct k8sm_driver_options o = script_options();
  o.adopt_ms = 30000;
  return o;
}

static void open_without_record(struct script *s) {
  const struct k8sm_driver_options o = without_record();
  script_open(s, &o);
  s->quiet_status = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_forget(s);
}

/* Attempts are numbered by the clock, so that those of before are told apart; a clock that is wrong numbers
 * them from nothing. */
static void adoption_numbers_by_the_clock(void **state) {
  static const struct {
    int64_t wall_ms;
    const char *attempt;
  } rows[] = {{INT64_C(1767225600000), "u1.1767225600."},
              {-5000, "u1.0."},
              {INT64_C(4294967296000), "u1.4294967295."}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script s;
    struct k8sm_pod *pod;
    static const char text[] = POD("p", "u1", "");
    open_without_record(&s);
    assert_int_equal(k8sm_pod_parse(text, strlen(text), NULL, &pod, NULL), K8SM_OK);
    const struct k8sm_input in = {
        .size = sizeof in, .type = K8SM_INPUT_POD, .mono_ms = s.now, .wall_ms = rows[i].wall_ms, .pod = pod};
    assert_int_equal(k8sm_driver_step(s.driver, &in, s.effects, NULL), K8SM_OK);
    k8sm_pod_unref(pod);
    s.heartbeats = true;
    script_wait(&s, 31000);
    script_offer(&s, "O1", "A1");
    assert_non_null(strstr(s.accept, rows[i].attempt));
    script_close(&s);
  }
}

/* What the process before was killing is of an attempt that it had given up: that a container ends well when
 * it is killed means nothing. One that is killed for its health, or with its agent, goes its way. */
static void an_attempt_was_being_ended(void **state) {
  static const char end[] = ",\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 0\"";
  static const char told[] = "Attempt: number 0 was being ended when its record was lost, and is given up";
  static const struct {
    const char *first, *state, *more; /* `first`: how it is heard of before, if it is */
    bool given_up, ends_well;
  } rows[] = {{"TASK_KILLING", "TASK_KILLED", "", true, false},
              {"unhealthy", "TASK_KILLED", ",\"healthy\":false", false, false},
              {NULL, "TASK_KILLED", "", true, false},
              {"TASK_RUNNING", "TASK_KILLED", ",\"healthy\":true", true, false},
              {"TASK_RUNNING", "TASK_KILLED", ",\"healthy\":false", true, false}, /* some other one was not */
              {"TASK_RUNNING", "TASK_KILLED", ",\"reason\":\"REASON_AGENT_DRAINING\"", false, false},
              {"TASK_RUNNING", "TASK_KILLED", ",\"reason\":\"REASON_KILL_DISCARDED\"", true, false},
              {"TASK_RUNNING", "TASK_FINISHED", "", false, true}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script s;
    char more[200];
    open_without_record(&s);
    s.heartbeats = true;
    script_pod(&s, POD("p", "u1", ", restartPolicy: OnFailure"));
    script_update(&s, "u1.0..0.abc", "A1", "TASK_RUNNING", "pause-----------", "");
    bool unhealthy = rows[i].first != NULL && strcmp(rows[i].first, "unhealthy") == 0;
    if (rows[i].first != NULL)
      script_update(&s, "u1.0.c.0.abc", "A1", unhealthy ? "TASK_RUNNING" : rows[i].first, "first-----------",
                    unhealthy ? ",\"healthy\":false,\"reason\":\"REASON_TASK_HEALTH_CHECK_STATUS_UPDATED\""
                              : "");
    snprintf(more, sizeof more, "%s%s", end, rows[i].more);
    script_update(&s, "u1.0.c.0.abc", "A1", rows[i].state, "end-------------", more);
    assert_int_equal(script_has(&s, told), rows[i].given_up);
    assert_int_equal(script_has(&s, "p: Completed"), rows[i].ends_well);
    script_update(&s, "u1.0..0.abc", "A1", "TASK_KILLED", "pauseend--------", "");
    script_wait(&s, 60000);
    script_forget(&s);
    script_offer(&s, "O1", "A1");
    assert_int_equal(script_has(&s, "> ACCEPT O1"), !rows[i].ends_well);
    script_close(&s);
  }
}

/* One that was taken up has no ExecutorInfo; its executor's id is made of its own. */
static void what_was_adopted_is_shut_down(void **state) {
  struct script s;
  (void)state;
  open_without_record(&s);
  script_pod(&s, POD("p", "u1", ""));
  script_update(&s, "u1.0..0.abc", "A1", "TASK_RUNNING", "pause-----------", "");
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_RUNNING", "c---------------", "");
  assert_int_equal(script_delete(&s, "u1", 40), K8SM_OK);
  script_wait(&s, 6000); /* all that runs is known by then */
  script_forget(&s);
  assert_int_equal(script_delete(&s, "u1", 0), K8SM_OK);
  if (!script_has(&s, "> SHUTDOWN") || !script_has(&s, "> KILL c.0")) fail_msg("%s", s.trace);
  script_close(&s);
}

/* Its pause task was heard of, and its container not so far: neither ends before all is asked for that runs.
 */
static void what_is_deleted_is_looked_for_first(void **state) {
  struct script s;
  (void)state;
  open_without_record(&s);
  script_pod(&s, POD("p", "u1", ""));
  script_update(&s, "u1.0..0.abc", "A1", "TASK_RUNNING", "pause-----------", "");
  assert_int_equal(script_delete(&s, "u1", 40), K8SM_OK);
  script_wait(&s, 4000);
  assert_false(script_has(&s, "> KILL"));
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_RUNNING", "c---------------", "");
  script_wait(&s, 2000);
  assert_true(script_has(&s, "> KILL c.0"));
  assert_false(script_has(&s, "> KILL pause.0"));
  script_close(&s);
}

/* Its agent is back long after all was asked for, and tells of one task after the other. */
static void what_is_deleted_is_found_late(void **state) {
  struct script s;
  (void)state;
  open_without_record(&s);
  script_pod(&s, POD("p", "u1", ""));
  assert_int_equal(script_delete(&s, "u1", 40), K8SM_OK);
  script_wait(&s, 10000);
  script_update(&s, "u1.0..0.abc", "A1", "TASK_RUNNING", "pause-----------", "");
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_RUNNING", "c---------------", "");
  assert_false(script_has(&s, "> KILL"));
  script_wait(&s, 5000);
  assert_true(script_has(&s, "> KILL c.0"));
  assert_false(script_has(&s, "> KILL pause.0"));
  script_close(&s);
}

/* Deleted while it is looked for what runs of it: nothing does, and it is gone. */
static void a_pod_is_deleted_before_it_is_adopted(void **state) {
  struct script s;
  (void)state;
  open_without_record(&s);
  s.heartbeats = true;
  script_pod(&s, POD("p", "u1", ""));
  assert_int_equal(script_delete(&s, "default/p", -1), K8SM_OK);
  script_offer(&s, "O1", "A1");
  script_wait(&s, 60000);
  assert_false(script_has(&s, "> ACCEPT"));
  assert_int_equal(k8sm_driver_pods(s.driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0), 0);
  script_close(&s);
}

/* ---- Its end ---- */

/* A pod with a sidecar and an init container before its container: deleted, and taken up by its pause task
 * and its sidecar, as the answers about the others are lost. Both end. */
static void lose_most_of_it(struct script *s) {
  open_without_record(s);
  s->quiet_status = false;
  s->heartbeats = true;
  script_pod(s, POD("p", "u1",
                    ", initContainers: [{name: s, image: i, restartPolicy: Always}, {name: i, image: i}]"));
  script_update(s, "u1.0..0.abc", "A1", "TASK_RUNNING", "pause-----------", "");
  script_update(s, "u1.0.s.0.abc", "A1", "TASK_RUNNING", "s---------------", "");
  assert_int_equal(script_delete(s, "u1", 4), K8SM_OK);
  script_wait(s, 6000);
  script_update(s, "u1.0.s.0.abc", "A1", "TASK_KILLED", "send------------", "");
  script_update(s, "u1.0..0.abc", "A1", "TASK_KILLED", "pauseend--------", "");
}

/* Who hears that a pod is over makes another one: not while a container of it may run that was not heard of.
 */
static void an_end_waits_for_what_may_run(void **state) {
  struct script s;
  (void)state;
  lose_most_of_it(&s);
  assert_false(script_has(&s, "status default/p Failed"));
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_RUNNING", "c---------------", "");
  assert_true(script_has(&s, "> KILL c.0"));
  assert_true(script_has(&s, "status default/p Running"));
  script_forget(&s);
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_KILLED", "cend------------",
                ",\"message\":\"Command exited with status 0\"");
  if (!script_has(&s, "status default/p Succeeded"))
    fail_msg("%s", s.trace); /* i must have ended well, too */
  script_close(&s);
}

/* When nothing has told of it for as long as all agents have to register, it does not run. */
static void an_end_waits_no_longer(void **state) {
  struct script s;
  (void)state;
  lose_most_of_it(&s);
  script_wait(&s, 23000);
  assert_false(script_has(&s, "status default/p Failed"));
  script_wait(&s, 2000);
  assert_true(script_has(&s, "status default/p Failed"));
  assert_true(script_has(&s, "gone default/p"));
  script_close(&s);
}

/* The record that was begun since is a part, too: who starts with that waits again. */
static void an_end_waits_in_the_next_process(void **state) {
  struct script s;
  (void)state;
  lose_most_of_it(&s);
  const struct k8sm_driver_options o = without_record();
  script_restart(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  script_wait(&s, 20000);
  assert_false(script_has(&s, "status default/p Failed"));
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_RUNNING", "c---------------", "");
  assert_true(script_has(&s, "> KILL c.0"));
  assert_false(script_has(&s, "status default/p Failed"));
  script_wait(&s, 40000);
  assert_false(script_has(&s, "status default/p Failed")); /* it runs still */
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_KILLED", "cend------------", "");
  assert_true(script_has(&s, "status default/p Failed"));
  script_close(&s);
}

/* There is nothing more to hear of. */
static void an_end_is_told_when_all_is_known(void **state) {
  struct script s;
  (void)state;
  open_without_record(&s);
  s.quiet_status = false;
  script_pod(&s, POD("p", "u1", ", restartPolicy: Never"));
  script_update(&s, "u1.0..0.abc", "A1", "TASK_RUNNING", "pause-----------", "");
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_RUNNING", "c---------------", "");
  script_update(&s, "u1.0.c.0.abc", "A1", "TASK_FINISHED", "cend------------", "");
  assert_true(script_has(&s, "status default/p Succeeded"));
  script_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(adoption_numbers_by_the_clock),
      cmocka_unit_test(an_attempt_was_being_ended),
      cmocka_unit_test(what_was_adopted_is_shut_down),
      cmocka_unit_test(what_is_deleted_is_looked_for_first),
      cmocka_unit_test(what_is_deleted_is_found_late),
      cmocka_unit_test(a_pod_is_deleted_before_it_is_adopted),
      cmocka_unit_test(an_end_waits_for_what_may_run),
      cmocka_unit_test(an_end_waits_no_longer),
      cmocka_unit_test(an_end_waits_in_the_next_process),
      cmocka_unit_test(an_end_is_told_when_all_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
