/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/stage.h"

/* A Job work: `more` are members of its spec. */
static const char *work(const char *more) {
  static char text[2000];
  snprintf(text, sizeof text,
           "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"work\"},\"spec\":{%s"
           "\"template\":{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"main\",\"image\":"
           "\"a\"}]}}}}",
           more);
  return text;
}

static const char key[] = "Job/default/work";

static void begin(struct stage *s, const char *more) {
  stage_begin(s);
  assert_int_equal(stage_apply(s, work(more)), K8SM_OK);
}

static void exit_all(struct stage *s, int code) {
  for (struct stage_pod *p; (p = stage_pod(s, "")) != NULL;) stage_exit(s, p, code);
}

static void one_pod_that_succeeds(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "");
  assert_int_equal(stage_count(&s, "default/work-"), 1);
  assert_string_equal(stage_get(&s, key, "status.startTime"), "2026-01-01T00:00:00Z");
  assert_non_null(strstr(stage_pod_get(stage_pod(&s, ""), "metadata.labels"), "\"job-name\":\"work\""));
  stage_run(&s, 5000);
  stage_exit(&s, stage_pod(&s, ""), 0);
  const char *json = stage_object(&s, key);
  assert_non_null(strstr(json, "\"type\":\"SuccessCriteriaMet\",\"status\":\"True\""));
  assert_non_null(strstr(json, "\"type\":\"Complete\",\"status\":\"True\""));
  assert_non_null(strstr(json, "\"completionTime\":\"2026-01-01T00:00:05Z\""));
  assert_non_null(strstr(json, "\"succeeded\":1"));
  assert_non_null(strstr(json, "\"uncountedTerminatedPods\":{}"));
  assert_true(stage_said(&s, "Job/default/work: Completed: Job completed"));
  assert_true(stage_row(&s, key).settled);
  stage_run(&s, 100000);
  assert_int_equal(s.born, 1);
  stage_end(&s);
}

static void so_many_at_a_time_until_there_are_enough(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"parallelism\":2,\"completions\":5,");
  for (int i = 0; i < 5; i++) {
    assert_int_equal(stage_count(&s, "") - (size_t)i, i < 4 ? 2 : 1);
    stage_exit(&s, stage_pod(&s, ""), 0);
  }
  assert_int_equal(s.born, 5);
  assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
  stage_end(&s);
}

/* 10, 20, 40 seconds: a failure each; the seventh is one too many. */
static void failures_are_waited_for_longer_each_time(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "");
  for (int i = 0; i < 6; i++) {
    int64_t wait = 10000;
    for (int k = 0; k < i; k++) wait *= 2;
    stage_exit(&s, stage_pod(&s, ""), 1);
    stage_run(&s, wait - 1000);
    assert_null(stage_pod(&s, ""));
    stage_run(&s, 1000);
    assert_non_null(stage_pod(&s, ""));
  }
  assert_false(stage_row(&s, key).failing);
  stage_exit(&s, stage_pod(&s, ""), 1);
  assert_true(stage_row(&s, key).failing);
  assert_true(stage_said(&s, "BackoffLimitExceeded: Job has reached the specified backoff limit"));
  assert_string_equal(stage_get(&s, key, "status.failed"), "7");
  assert_non_null(strstr(stage_object(&s, key), "\"type\":\"FailureTarget\",\"status\":\"True\""));
  stage_end(&s);
}

static void indexes_each_succeed_once(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":4,");
  struct stage_pod *p = stage_pod(&s, "default/work-0-");
  assert_non_null(p);
  assert_non_null(
      strstr(stage_pod_get(p, "metadata.annotations"), "\"batch.kubernetes.io/job-completion-index\":\"0\""));
  assert_non_null(strstr(stage_pod_get(p, "spec.containers"), "JOB_COMPLETION_INDEX"));
  assert_string_equal(stage_pod_get(p, "spec.hostname"), "work-0");
  stage_exit(&s, stage_pod(&s, "default/work-1-"), 0);
  assert_non_null(stage_pod(&s, "default/work-2-"));
  assert_string_equal(stage_get(&s, key, "status.completedIndexes"), "1");
  stage_exit(&s, stage_pod(&s, "default/work-0-"), 1);
  stage_run(&s, 10000);
  assert_non_null(stage_pod(&s, "default/work-0-"));
  stage_exit(&s, stage_pod(&s, "default/work-2-"), 0);
  stage_exit(&s, stage_pod(&s, "default/work-3-"), 0);
  assert_string_equal(stage_get(&s, key, "status.completedIndexes"), "1-3");
  stage_exit(&s, stage_pod(&s, "default/work-0-"), 0);
  assert_string_equal(stage_get(&s, key, "status.completedIndexes"), "0-3");
  assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
  stage_end(&s);
}

static void each_index_has_its_own_limit(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":2,\"backoffLimitPerIndex\":1,");
  stage_exit(&s, stage_pod(&s, "default/work-1-"), 0);
  stage_exit(&s, stage_pod(&s, "default/work-0-"), 1);
  stage_run(&s, 9000);
  assert_null(stage_pod(&s, "default/work-0-"));
  stage_run(&s, 1000);
  struct stage_pod *p = stage_pod(&s, "default/work-0-");
  assert_non_null(strstr(stage_pod_get(p, "metadata.annotations"),
                         "\"batch.kubernetes.io/job-index-failure-count\":\"1\""));
  stage_exit(&s, p, 1);
  assert_string_equal(stage_get(&s, key, "status.failedIndexes"), "0");
  assert_non_null(strstr(stage_object(&s, key), "\"reason\":\"FailedIndexes\""));
  assert_string_equal(stage_row(&s, key).state.ptr, "Failed");
  stage_end(&s);
}

static const char policy[] =
    "\"backoffLimit\":1,\"podFailurePolicy\":{\"rules\":["
    "{\"action\":\"FailJob\",\"onExitCodes\":{\"containerName\":\"main\",\"operator\":\"In\",\"values\":[42]}"
    "},"
    "{\"action\":\"Ignore\",\"onPodConditions\":[{\"type\":\"DisruptionTarget\",\"status\":\"True\"}]}]},";

static void the_policy_fails_the_job_or_ignores_the_pod(void **state) {
  struct stage s;
  (void)state;
  begin(&s, policy);
  for (int i = 0; i < 4; i++) {
    stage_disrupt(&s, stage_pod(&s, ""), "DisruptionTarget");
    stage_run(&s, 200000);
    assert_non_null(stage_pod(&s, ""));
  }
  assert_string_equal(stage_get(&s, key, "status.failed"), "");
  stage_exit(&s, stage_pod(&s, ""), 42);
  assert_string_equal(stage_row(&s, key).state.ptr, "Failed");
  assert_non_null(strstr(stage_object(&s, key),
                         "\"reason\":\"PodFailurePolicy\",\"message\":\"Container main for pod "
                         "default/work-"));
  assert_non_null(strstr(stage_object(&s, key), "failed with exit code 42 matching FailJob rule at index 0"));
  stage_end(&s);
}

static void enough_of_them_is_success(void **state) {
  struct stage s;
  (void)state;
  begin(&s,
        "\"completionMode\":\"Indexed\",\"parallelism\":4,\"completions\":4,\"successPolicy\":{\"rules\":["
        "{\"succeededIndexes\":\"0,2-3\",\"succeededCount\":2}]},");
  stage_exit(&s, stage_pod(&s, "default/work-1-"), 0);
  stage_exit(&s, stage_pod(&s, "default/work-3-"), 0);
  assert_string_equal(stage_row(&s, key).state.ptr, "Running");
  s.slow = true;
  stage_exit(&s, stage_pod(&s, "default/work-0-"), 0);
  assert_int_equal(stage_count_going(&s, ""), 1);
  assert_string_equal(stage_row(&s, key).state.ptr, "Running"); /* until the last pod is gone */
  s.slow = false;
  stage_run(&s, 1);
  assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
  assert_non_null(
      strstr(stage_object(&s, key), "\"reason\":\"SuccessPolicy\",\"message\":\"Matched rules at index 0\""));
  stage_end(&s);
}

static void time_runs_out(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"activeDeadlineSeconds\":60,");
  stage_run(&s, 59000);
  assert_int_equal(stage_count(&s, ""), 1);
  stage_restart(&s);
  stage_run(&s, 1000);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_true(stage_said(&s, "DeadlineExceeded: Job was active longer than specified deadline"));
  assert_string_equal(stage_row(&s, key).state.ptr, "Failed");
  stage_end(&s);
}

static void a_suspended_job_has_no_pods(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"suspend\":true,\"parallelism\":2,");
  assert_int_equal(stage_count(&s, ""), 0);
  assert_string_equal(stage_get(&s, key, "status.startTime"), "");
  assert_true(stage_said(&s, "Suspended: Job suspended"));
  stage_run(&s, 10000);
  stage_apply(&s, work("\"suspend\":false,\"parallelism\":2,"));
  assert_int_equal(stage_count(&s, ""), 2);
  assert_true(stage_said(&s, "Resumed: Job resumed"));
  assert_string_equal(stage_get(&s, key, "status.startTime"), "2026-01-01T00:00:10Z");
  stage_apply(&s, work("\"suspend\":true,\"parallelism\":2,"));
  assert_int_equal(stage_count(&s, ""), 0);
  assert_string_equal(stage_get(&s, key, "status.failed"), ""); /* nobody's fault */
  stage_end(&s);
}

static void it_goes_when_its_time_has_come(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"ttlSecondsAfterFinished\":30,");
  exit_all(&s, 0);
  stage_run(&s, 29000);
  assert_int_equal(stage_count(&s, ""), 1);
  stage_run(&s, 2000);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_true(stage_said(&s, "gone Job/default/work\n"));
  stage_end(&s);
}

static void replacements_wait_where_they_are_told_to(void **state) {
  static const char *const policies[] = {"TerminatingOrFailed", "Failed"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct stage s;
    char more[100];
    snprintf(more, sizeof more, "\"podReplacementPolicy\":\"%s\",", policies[i]);
    begin(&s, more);
    s.slow = true;
    stage_delete(&s, "Pod/default/none", -1);
    char name[320];
    snprintf(name, sizeof name, "Pod/%s", stage_pod(&s, "")->key);
    assert_int_equal(stage_delete(&s, name, -1), K8SM_OK);
    stage_run(&s, 20000);
    assert_int_equal(stage_count(&s, ""), i == 0 ? 1 : 0);
    s.slow = false;
    stage_run(&s, 20000);
    assert_int_equal(stage_count(&s, ""), 1);
    assert_string_equal(stage_get(&s, key, "status.failed"), "1");
    stage_end(&s);
  }
}

/* Killed at each step: no pod is counted twice, none is forgotten. */
static void counts_survive_restarts(void **state) {
  (void)state;
  for (int kill = 0; kill < 12; kill++) {
    struct stage s;
    begin(&s, "\"parallelism\":3,\"completions\":6,");
    for (int i = 0; i < 6; i++) {
      if (2 * i == kill) stage_restart(&s);
      stage_exit(&s, stage_pod(&s, ""), 0);
      if (2 * i + 1 == kill) stage_restart(&s);
      if (i == 3) { /* who has ended is deleted, and stays counted */
        for (size_t k = 0; k < STAGE_PODS; k++) {
          if (!s.pods[k].ended) continue;
          stage_gone(&s, &s.pods[k]);
          break;
        }
        stage_restart(&s);
      }
    }
    assert_string_equal(stage_get(&s, key, "status.succeeded"), "6");
    assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
    assert_int_equal(s.born, 6);
    stage_end(&s);
  }
}

/* It ended, was told, and was gone before the row could be kept. */
static void an_end_that_waits_for_the_record_is_counted(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"completions\":2,\"parallelism\":2,");
  s.mute = true;
  stage_exit(&s, stage_pod(&s, ""), 0);
  stage_exit(&s, stage_pod(&s, ""), 0);
  for (size_t k = 0; k < STAGE_PODS; k++) {
    if (s.pods[k].ended) stage_gone(&s, &s.pods[k]);
  }
  s.mute = false;
  stage_run(&s, 1);
  assert_string_equal(stage_get(&s, key, "status.succeeded"), "2");
  stage_end(&s);
}

static void what_may_change_of_it(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"completions\":4,\"parallelism\":2,");
  assert_int_equal(stage_apply(&s, work("\"completions\":4,\"parallelism\":1,")), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 1);
  assert_string_equal(stage_get(&s, key, "status.failed"), ""); /* surplus is not failure */
  assert_int_equal(stage_apply(&s, work("\"completions\":5,\"parallelism\":1,")), K8SM_ERR_INVALID);
  assert_int_equal(
      stage_apply_flags(&s, work("\"completions\":5,\"parallelism\":1,"), K8SM_CONTROL_FLAG_REPLACE),
      K8SM_OK);
  assert_string_equal(stage_get(&s, key, "spec.completions"), "5");
  stage_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_pod_that_succeeds),
      cmocka_unit_test(so_many_at_a_time_until_there_are_enough),
      cmocka_unit_test(failures_are_waited_for_longer_each_time),
      cmocka_unit_test(indexes_each_succeed_once),
      cmocka_unit_test(each_index_has_its_own_limit),
      cmocka_unit_test(the_policy_fails_the_job_or_ignores_the_pod),
      cmocka_unit_test(enough_of_them_is_success),
      cmocka_unit_test(time_runs_out),
      cmocka_unit_test(a_suspended_job_has_no_pods),
      cmocka_unit_test(it_goes_when_its_time_has_come),
      cmocka_unit_test(replacements_wait_where_they_are_told_to),
      cmocka_unit_test(counts_survive_restarts),
      cmocka_unit_test(an_end_that_waits_for_the_record_is_counted),
      cmocka_unit_test(what_may_change_of_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
