/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/state.h"
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

/* ---- What decides about the end ---- */

/* Where containers start again in their pods, that counts against the limit. */
static void restarts_count_against_the_limit(void **state) {
  static const char format[] =
      "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"work\"},\"spec\":{"
      "\"backoffLimit\":%d,\"template\":{\"spec\":{\"restartPolicy\":\"OnFailure\",\"containers\":["
      "{\"name\":\"main\",\"image\":\"a\"}]}}}}";
  static const struct {
    int limit, restarts;
    const char *phase;
    bool fails;
  } rows[] = {
      {3, 2, "Running", false}, {3, 3, "Running", true}, {0, 0, "Running", false},
      {0, 1, "Running", true},  {2, 2, "Pending", true}, {2, 9, "Succeeded", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct stage s;
    char text[800];
    stage_begin(&s);
    snprintf(text, sizeof text, format, rows[i].limit);
    assert_int_equal(stage_apply(&s, text), K8SM_OK);
    snprintf(text, sizeof text,
             "{\"phase\":\"%s\",\"containerStatuses\":[{\"name\":\"main\",\"restartCount\":%d}]}",
             rows[i].phase, rows[i].restarts);
    stage_status(&s, stage_pod(&s, ""), text);
    assert_int_equal(stage_row(&s, key).failing, rows[i].fails);
    assert_int_equal(stage_said(&s, "BackoffLimitExceeded"), rows[i].fails);
    stage_end(&s);
  }
}

static void too_many_indexes_fail(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"completionMode\":\"Indexed\",\"parallelism\":4,\"completions\":4,\"backoffLimitPerIndex\":0,"
            "\"maxFailedIndexes\":1,");
  stage_exit(&s, stage_pod(&s, "default/work-0-"), 1);
  assert_false(stage_row(&s, key).failing);
  stage_exit(&s, stage_pod(&s, "default/work-2-"), 1);
  assert_true(stage_row(&s, key).failing);
  assert_true(stage_said(&s,
                         "MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed "
                         "indexes"));
  assert_int_equal(stage_count(&s, "default/work-1-"), 0);
  stage_end(&s);
}

/* Rules of a successPolicy: by indexes, by a number, by both; the first that is met is named. */
static void success_has_its_rules(void **state) {
  static const struct {
    const char *rules;
    int exits; /* of pods 0, 1, ...: after how many it has succeeded */
    const char *rule;
  } rows[] = {
      {"{\"succeededCount\":3}", 3, "0"},
      {"{\"succeededIndexes\":\"0-1\"}", 2, "0"},
      {"{\"succeededIndexes\":\"3\"},{\"succeededIndexes\":\"0-3\",\"succeededCount\":2}", 2, "1"},
      {"{\"succeededIndexes\":\"1-2\",\"succeededCount\":1}", 2, "0"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct stage s;
    char more[300], words[100];
    snprintf(
        more, sizeof more,
        "\"completionMode\":\"Indexed\",\"parallelism\":5,\"completions\":5,\"successPolicy\":{\"rules\":["
        "%s]},",
        rows[i].rules);
    begin(&s, more);
    for (int k = 0; k < rows[i].exits; k++) {
      char name[40];
      assert_string_equal(stage_row(&s, key).state.ptr, "Running");
      snprintf(name, sizeof name, "default/work-%d-", k);
      stage_exit(&s, stage_pod(&s, name), 0);
    }
    assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
    snprintf(words, sizeof words, "\"message\":\"Matched rules at index %s\"", rows[i].rule);
    assert_non_null(strstr(stage_object(&s, key), words));
    stage_end(&s);
  }
}

/* What a rule says of exit codes and conditions, and what becomes of the Job. */
static void the_policy_has_its_rules(void **state) {
  static const char two_codes[] =
      "{\"phase\":\"Failed\",\"conditions\":[{\"type\":\"Odd\",\"status\":\"False\"}],"
      "\"initContainerStatuses\":[{\"name\":\"init\",\"state\":{\"terminated\":{\"exitCode\":7}}}],"
      "\"containerStatuses\":[{\"name\":\"main\",\"state\":{\"terminated\":{\"exitCode\":0}}},"
      "{\"name\":\"side\",\"state\":{\"terminated\":{\"exitCode\":3}}},{\"name\":\"last\",\"state\":{"
      "\"running\":{}}}]}";
  static const struct {
    const char *rule, *words; /* why the Job fails; NULL: it does not */
  } rows[] = {
      {"\"onExitCodes\":{\"operator\":\"In\",\"values\":[3]}", "Container side for pod"},
      {"\"onExitCodes\":{\"operator\":\"NotIn\",\"values\":[3]}", "Container init for pod"},
      {"\"onExitCodes\":{\"operator\":\"NotIn\",\"values\":[3,7]}", NULL},
      {"\"onExitCodes\":{\"containerName\":\"main\",\"operator\":\"NotIn\",\"values\":[3]}", NULL},
      {"\"onExitCodes\":{\"containerName\":\"init\",\"operator\":\"In\",\"values\":[1,7]}",
       "failed with exit code 7 matching FailJob rule at index 0"},
      {"\"onPodConditions\":[{\"type\":\"Odd\",\"status\":\"True\"}]", NULL},
      {"\"onPodConditions\":[{\"type\":\"None\",\"status\":\"False\"},{\"type\":\"Odd\",\"status\":\"False\"}"
       "]",
       "has condition Odd matching FailJob rule at index 0"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct stage s;
    char text[1200];
    stage_begin(&s);
    snprintf(text, sizeof text,
             "{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"work\"},\"spec\":{"
             "\"podFailurePolicy\":{\"rules\":[{\"action\":\"FailJob\",%s}]},\"template\":{\"spec\":{"
             "\"restartPolicy\":\"Never\",\"initContainers\":[{\"name\":\"init\",\"image\":\"a\"}],"
             "\"containers\":[{\"name\":\"main\",\"image\":\"a\"},{\"name\":\"side\",\"image\":\"a\"},"
             "{\"name\":\"last\",\"image\":\"a\"}]}}}}",
             rows[i].rule);
    assert_int_equal(stage_apply(&s, text), K8SM_OK);
    stage_status(&s, stage_pod(&s, ""), two_codes);
    assert_int_equal(stage_row(&s, key).failing, rows[i].words != NULL);
    if (rows[i].words != NULL && !stage_said(&s, rows[i].words))
      fail_msg("%s: not said: %s", rows[i].rule, rows[i].words);
    stage_end(&s);
  }
}

/* One rule gives an index up at once, one lets a failure pass, an action of another version counts it. */
static void the_policy_may_give_an_index_up(void **state) {
  static const char rules[] =
      "\"completionMode\":\"Indexed\",\"parallelism\":3,\"completions\":3,\"backoffLimitPerIndex\":4,"
      "\"podFailurePolicy\":{\"rules\":[{\"action\":\"FailIndex\",\"onExitCodes\":{\"operator\":\"In\","
      "\"values\":[9]}},{\"action\":\"Ignore\",\"onExitCodes\":{\"operator\":\"In\",\"values\":[8]}}]},";
  struct stage s;
  char odd[2000];
  (void)state;
  begin(&s, rules);
  stage_exit(&s, stage_pod(&s, "default/work-0-"), 9);
  assert_string_equal(stage_get(&s, key, "status.failedIndexes"), "0");
  stage_exit(&s, stage_pod(&s, "default/work-1-"), 8);
  stage_run(&s, 10000);
  struct stage_pod *p = stage_pod(&s, "default/work-1-");
  const char *notes = stage_pod_get(p, "metadata.annotations");
  assert_non_null(strstr(notes, "\"batch.kubernetes.io/job-index-failure-count\":\"0\""));
  assert_non_null(strstr(notes, "\"batch.kubernetes.io/job-index-ignored-failure-count\":\"1\""));
  assert_string_equal(stage_get(&s, key, "status.failed"), "1");
  stage_exit(&s, p, 1);
  stage_run(&s, 20000); /* the second one waits longer */
  assert_non_null(strstr(stage_pod_get(stage_pod(&s, "default/work-1-"), "metadata.annotations"),
                         "\"batch.kubernetes.io/job-index-failure-count\":\"1\""));
  assert_string_equal(stage_get(&s, key, "status.failed"), "2");
  stage_end(&s);
  stage_begin(&s);
  snprintf(odd, sizeof odd, "%s", work(rules));
  memcpy(strstr(odd, "\"FailIndex\""), "\"FailOther\"", 11);
  stage_apply_bare(&s, odd);
  stage_exit(&s, stage_pod(&s, "/work-0-"), 9);
  assert_string_equal(stage_get(&s, "Job//work", "status.failedIndexes"), "");
  assert_string_equal(stage_get(&s, "Job//work", "status.failed"), "1");
  stage_end(&s);
}

/* ---- How many ---- */

/* No number of completions: when one has found nothing more to do, no new ones come; the others end. */
static void a_queue_is_worked_off(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"parallelism\":3,");
  assert_int_equal(stage_count(&s, ""), 3);
  stage_exit(&s, stage_pod(&s, ""), 1);
  stage_run(&s, 10000);
  assert_int_equal(s.born, 4); /* a failure is made up for */
  stage_exit(&s, stage_pod(&s, ""), 0);
  stage_exit(&s, stage_pod(&s, ""), 1);
  stage_run(&s, 100000);
  assert_int_equal(s.born, 4);
  assert_string_equal(stage_row(&s, key).state.ptr, "Running");
  stage_exit(&s, stage_pod(&s, ""), 0);
  assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
  assert_int_equal(stage_row(&s, key).wanted, -1);
  stage_end(&s);
}

/* An indexed Job may grow and shrink with its parallelism; the last indexes go. */
static void an_elastic_job_grows_and_shrinks(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":2,");
  assert_int_equal(
      stage_apply(&s, work("\"completionMode\":\"Indexed\",\"parallelism\":5,\"completions\":5,")), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 5);
  assert_int_equal(
      stage_apply(&s, work("\"completionMode\":\"Indexed\",\"parallelism\":3,\"completions\":3,")), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 3);
  assert_non_null(stage_pod(&s, "default/work-2-"));
  assert_null(stage_pod(&s, "default/work-3-"));
  assert_string_equal(stage_get(&s, key, "status.failed"), "");
  assert_int_equal(
      stage_apply(&s, work("\"completionMode\":\"Indexed\",\"parallelism\":3,\"completions\":4,")),
      K8SM_ERR_INVALID);
  assert_int_equal(
      stage_apply(&s, work("\"completionMode\":\"Indexed\",\"parallelism\":1,\"completions\":3,")), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 1); /* no index has two: any of them may go */
  exit_all(&s, 0);
  exit_all(&s, 0);
  exit_all(&s, 0);
  assert_string_equal(stage_get(&s, key, "status.completedIndexes"), "0-2");
  stage_end(&s);
}

/* Before it has begun, also its template may change. */
static void before_it_begins_it_may_be_another(void **state) {
  struct stage s;
  char other[2000];
  (void)state;
  begin(&s, "\"suspend\":true,");
  snprintf(other, sizeof other, "%s", work(""));
  memcpy(strstr(other, "\"image\":\"a\""), "\"image\":\"b\"", 11);
  assert_int_equal(stage_apply(&s, other), K8SM_OK);
  assert_string_equal(stage_pod_get(stage_pod(&s, ""), "spec.containers[0].image"), "b");
  assert_int_equal(stage_apply(&s, work("")), K8SM_ERR_INVALID); /* now no more */
  stage_end(&s);
}

/* An index whose pod is on its way out has no other one meanwhile, where the policy says so. */
static void an_index_waits_for_its_last_pod(void **state) {
  static const char *const more[] = {
      "\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":2,",
      "\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":2,\"podReplacementPolicy\":"
      "\"Failed\",",
      "\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":2,\"backoffLimitPerIndex\":3,"};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct stage s;
    char name[320];
    begin(&s, more[i]);
    s.slow = true;
    snprintf(name, sizeof name, "Pod/%s", stage_pod(&s, "default/work-0-")->key);
    assert_int_equal(stage_delete(&s, name, -1), K8SM_OK);
    stage_run(&s, 30000);
    assert_int_equal(stage_count(&s, "default/work-0-"), i == 0);
    s.slow = false;
    stage_run(&s, 30000);
    assert_int_equal(stage_count(&s, "default/work-0-"), 1);
    stage_end(&s);
  }
}

/* Two pods of one index, as after a record that was lost: one of them goes, and nobody counts it. */
static void an_index_has_one_pod(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"completionMode\":\"Indexed\",\"parallelism\":1,\"completions\":1,");
  struct stage_pod *first = stage_pod(&s, ""), *second = &s.pods[STAGE_PODS - 1];
  struct k8sm_pod *twin = NULL;
  char text[4000];
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_encode(first->pod, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
  snprintf(text, sizeof text, "%s", k8sm_blob_bytes(blob).ptr);
  k8sm_blob_unref(blob);
  char *name = strstr(text, strchr(first->key, '/') + 1);
  name[strlen("work-0-")] = name[strlen("work-0-")] == 'z' ? 'x' : 'z';
  assert_int_equal(k8sm_pod_parse(text, strlen(text), NULL, &twin, NULL), K8SM_OK);
  *second = *first;
  second->pod = twin;
  second->born = ++s.born;
  snprintf(second->key, sizeof second->key, "default/%s", k8sm_pod_name(twin).ptr);
  stage_restart(&s);
  assert_int_equal(stage_count(&s, ""), 1);
  exit_all(&s, 0);
  assert_string_equal(stage_get(&s, key, "status.failed"), "");
  assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
  stage_end(&s);
}

/* A pod that shows up when all is over goes, and changes nothing. */
static void an_ended_job_has_no_pods_that_run(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "");
  struct stage_pod *p = stage_pod(&s, "");
  struct stage_pod left = *p;
  k8sm_pod_ref(left.pod);
  stage_exit(&s, p, 0);
  stage_gone(&s, p);
  s.pods[0] = left;
  stage_restart(&s);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_string_equal(stage_get(&s, key, "status.succeeded"), "1");
  assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
  stage_end(&s);
}

/* ---- What can't be made ---- */

static void pods_that_are_not_taken_are_tried_again(void **state) {
  static const char *const more[] = {"\"parallelism\":2,\"completions\":2,",
                                     "\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":2,"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct stage s;
    stage_begin(&s);
    s.reject = "no such volume";
    assert_int_equal(stage_apply(&s, work(more[i])), K8SM_OK);
    assert_true(stage_said(&s, "FailedCreate: Error creating: no such volume"));
    assert_int_equal(stage_count(&s, ""), 0);
    s.reject = NULL;
    stage_run(&s, 60000);
    assert_int_equal(stage_count(&s, ""), 2);
    assert_string_equal(stage_get(&s, key, "status.failed"), ""); /* they never were */
    stage_end(&s);
  }
}

/* As an object that no API server has seen: no number of pods is no pods. */
static void without_defaults_it_asks_for_nothing(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(stage_apply_bare(&s, work("")), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_string_equal(stage_row(&s, "Job//work").state.ptr, "Running");
  assert_int_equal(stage_delete(&s, "Job//work", -1), K8SM_OK);
  assert_true(stage_said(&s, "gone Job//work\n"));
  stage_end(&s);
}

/* ---- Sets of indexes ---- */

static void indexes_are_read_and_written(void **state) {
  static const struct {
    const char *text, *same;
    int64_t total;
  } rows[] = {
      {"", "", 0},         {"0", "0", 1},       {"0-3,7", "0-3,7", 5}, {"1,2", "1,2", 2},
      {"3,1,2", "1-3", 3}, {"2-1", "", 0},      {"9-12", "9", 1},      {"99999999999999999999", "", 0},
      {"5-", "", 0},       {"x,4;6", "4,6", 2}, {"-3", "3", 1},
  };
  struct k8sm_control *c = NULL;
  (void)state;
  assert_int_equal(k8sm_control_new(NULL, &c, NULL), K8SM_OK);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ctl_indexes set;
    struct k8smi_buf buf;
    assert_int_equal(k8smi_ctl_indexes_new(c, &set, 10), K8SM_OK);
    k8smi_ctl_indexes_read(&set, k8smi_s(rows[i].text));
    assert_int_equal(set.total, rows[i].total);
    k8smi_buf_init(&buf, NULL);
    assert_true(k8smi_ctl_indexes_write(&set, &buf));
    assert_int_equal(buf.len, strlen(rows[i].same));
    if (buf.len > 0) assert_memory_equal(buf.ptr, rows[i].same, buf.len);
    assert_false(k8smi_ctl_indexes_has(&set, -1) || k8smi_ctl_indexes_has(&set, 10));
    k8smi_ctl_indexes_add(&set, 10);
    assert_int_equal(set.total, rows[i].total);
    k8smi_buf_free(&buf);
    k8smi_ctl_indexes_free(c, &set);
  }
  k8sm_control_free(c);
}

/* Two reasons at once: the first that was seen is told. */
static void the_policy_comes_before_the_limit(void **state) {
  static const char both[] =
      "\"backoffLimit\":0,\"podFailurePolicy\":{\"rules\":[{\"action\":\"FailJob\",\"onExitCodes\":{"
      "\"operator\":\"In\",\"values\":[42]}}]},";
  struct stage s;
  (void)state;
  begin(&s, both);
  stage_exit(&s, stage_pod(&s, ""), 42);
  assert_true(stage_said(&s, "PodFailurePolicy: Container main for pod"));
  assert_false(stage_said(&s, "BackoffLimitExceeded"));
  stage_end(&s);
}

/* An index that had succeeded and is beyond the last one now is not listed any more. */
static void indexes_beyond_the_last_are_forgotten(void **state) {
  struct stage s;
  (void)state;
  begin(&s, "\"completionMode\":\"Indexed\",\"parallelism\":3,\"completions\":3,");
  stage_exit(&s, stage_pod(&s, "default/work-2-"), 0);
  assert_string_equal(stage_get(&s, key, "status.completedIndexes"), "2");
  assert_int_equal(
      stage_apply(&s, work("\"completionMode\":\"Indexed\",\"parallelism\":2,\"completions\":2,")), K8SM_OK);
  assert_string_equal(stage_get(&s, key, "status.completedIndexes"), "");
  assert_string_equal(stage_get(&s, key, "status.succeeded"), "");
  exit_all(&s, 0);
  assert_string_equal(stage_row(&s, key).state.ptr, "Complete");
  stage_end(&s);
}

/* While nobody has kept that it was counted, a pod that is gone can't be deleted once more. */
static void what_is_gone_can_t_be_deleted(void **state) {
  struct stage s;
  char name[320];
  (void)state;
  begin(&s, "\"parallelism\":2,\"completions\":2,");
  s.mute = true;
  struct stage_pod *p = stage_pod(&s, "");
  snprintf(name, sizeof name, "Pod/%s", p->key);
  stage_exit(&s, p, 0);
  stage_gone(&s, p);
  assert_int_equal(stage_delete(&s, name, -1), K8SM_ERR_NOT_FOUND);
  stage_end(&s);
}

/* A host that does at once what it is told: pods succeed, or go. Counts what it did. */
struct host {
  struct stage s;
  char keys[4000][48]; /* of pods: what is to be said of them next */
  uint32_t types[4000];
  size_t count, made, ended, most, now;
};

static void host_step(struct host *h, struct k8sm_control_input in) {
  struct k8sm_effect e;
  in.size = sizeof in;
  in.mono_ms = h->s.mono;
  in.wall_ms = h->s.wall;
  assert_int_equal(k8sm_control_step(h->s.control, &in, h->s.effects, NULL), K8SM_OK);
  for (size_t i = 0; k8sm_effects_rows(h->s.effects, i, &e, sizeof e, 1) > 0; i++) {
    bool pod = e.type == K8SM_EFFECT_POD || e.type == K8SM_EFFECT_DELETE;
    if (!pod && e.type != K8SM_EFFECT_RECORD) continue;
    assert_in_range(h->count, 0, 3999);
    h->types[h->count] = e.type == K8SM_EFFECT_POD      ? K8SM_CONTROL_STATUS
                         : e.type == K8SM_EFFECT_DELETE ? K8SM_CONTROL_GONE
                                                        : K8SM_CONTROL_RECORDED;
    snprintf(h->keys[h->count], sizeof h->keys[0], "%s", e.key.ptr);
    if (!pod) snprintf(h->keys[h->count], sizeof h->keys[0], "%llu", (unsigned long long)e.number);
    h->count++;
    h->made += e.type == K8SM_EFFECT_POD;
    h->ended += e.type == K8SM_EFFECT_DELETE;
    h->now = h->made - h->ended;
    if (h->now > h->most) h->most = h->now;
  }
}

/* Thousands of pods come some hundred at a time; of those that have ended the oldest go. */
static void ended_pods_do_not_pile_up(void **state) {
  static struct host h;
  (void)state;
  stage_begin(&h.s);
  const char *text = work("\"parallelism\":1200,\"completions\":1200,");
  struct k8sm_workload *w = NULL;
  assert_int_equal(k8sm_workload_parse(text, strlen(text), NULL, &w, NULL), K8SM_OK);
  host_step(&h, (struct k8sm_control_input){.type = K8SM_CONTROL_APPLY, .workload = w});
  k8sm_workload_unref(w);
  for (size_t i = 0; i < h.count; i++) {
    struct k8sm_control_input in = {.type = h.types[i], .key = k8smi_s(h.keys[i])};
    if (in.type == K8SM_CONTROL_STATUS) in.bytes = K8SMI_S("{\"phase\":\"Succeeded\"}");
    if (in.type == K8SM_CONTROL_RECORDED) in.number = strtoull(h.keys[i], NULL, 10);
    host_step(&h, in);
    if (i + 1 == h.count) host_step(&h, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
  }
  assert_int_equal(h.made, 1200);
  assert_int_equal(h.now, 500);
  assert_string_equal(stage_get(&h.s, key, "status.succeeded"), "1200");
  assert_string_equal(stage_row(&h.s, key).state.ptr, "Complete");
  stage_end(&h.s);
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
      cmocka_unit_test(restarts_count_against_the_limit),
      cmocka_unit_test(too_many_indexes_fail),
      cmocka_unit_test(success_has_its_rules),
      cmocka_unit_test(the_policy_has_its_rules),
      cmocka_unit_test(the_policy_may_give_an_index_up),
      cmocka_unit_test(a_queue_is_worked_off),
      cmocka_unit_test(an_elastic_job_grows_and_shrinks),
      cmocka_unit_test(before_it_begins_it_may_be_another),
      cmocka_unit_test(an_index_waits_for_its_last_pod),
      cmocka_unit_test(an_index_has_one_pod),
      cmocka_unit_test(an_ended_job_has_no_pods_that_run),
      cmocka_unit_test(pods_that_are_not_taken_are_tried_again),
      cmocka_unit_test(without_defaults_it_asks_for_nothing),
      cmocka_unit_test(indexes_are_read_and_written),
      cmocka_unit_test(the_policy_comes_before_the_limit),
      cmocka_unit_test(indexes_beyond_the_last_are_forgotten),
      cmocka_unit_test(what_is_gone_can_t_be_deleted),
      cmocka_unit_test(ended_pods_do_not_pile_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
