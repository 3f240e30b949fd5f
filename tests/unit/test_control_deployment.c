/* SPDX-License-Identifier: Apache-2.0 */
/* ReplicaSets, ReplicationControllers and Deployments in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/stage.h"

/* A Deployment web: `more` are members of its spec, `image` is what the template differs in. */
static const char *web(int replicas, const char *more, const char *image) {
  static char text[2000];
  snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{"
      "\"replicas\":%d,\"selector\":{\"matchLabels\":{\"app\":\"web\"}},%s\"template\":{\"metadata\":{"
      "\"labels\":{\"app\":\"web\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"%s\"}]}}}}",
      replicas, more, image);
  return text;
}

static const char set_of_three[] =
    "{\"apiVersion\":\"apps/"
    "v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"db\"},\"spec\":{\"replicas\":3,"
    "\"selector\":{\"matchLabels\":{\"app\":\"db\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"db\"}}"
    ","
    "\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}}}";

/* ---- ReplicaSets ---- */

static void a_replica_set_keeps_its_number(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(stage_apply(&s, set_of_three), K8SM_OK);
  assert_int_equal(stage_count(&s, "default/db-"), 3);
  assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "status.readyReplicas"), "3");
  assert_true(stage_said(&s, "ReplicaSet/default/db: SuccessfulCreate: Created pod: db-"));
  struct stage_pod *p = stage_pod(&s, "default/db-");
  assert_non_null(strstr(stage_pod_get(p, "metadata.ownerReferences"), "\"name\":\"db\""));
  assert_string_equal(stage_pod_get(p, "metadata.creationTimestamp"), "2026-01-01T00:00:00Z");
  stage_exit(&s, p, 1);
  assert_int_equal(stage_count(&s, "default/db-"), 4); /* with the one that failed */
  stage_gone(&s, stage_pod(&s, "default/db-"));
  assert_int_equal(stage_count(&s, "default/db-"), 4);
  assert_true(stage_row(&s, "ReplicaSet/default/db").settled);
  stage_end(&s);
}

static void ended_pods_do_not_pile_up(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, set_of_three);
  for (int i = 0; i < 20; i++) {
    stage_exit(&s, stage_pod(&s, "default/db-"), 1);
    stage_run(&s, 1000);
  }
  assert_int_equal(stage_count(&s, "default/db-"), 6);
  stage_end(&s);
}

static void the_least_missed_go_first(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, set_of_three);
  struct stage_pod *p = stage_pod(&s, "default/db-");
  char key[300];
  memcpy(key, p->key, sizeof key);
  stage_unready(&s, p);
  char two[sizeof set_of_three];
  memcpy(two, set_of_three, sizeof two);
  *strchr(two, '3') = '2';
  assert_int_equal(stage_apply(&s, two), K8SM_OK);
  assert_int_equal(stage_count(&s, "default/db-"), 2);
  assert_int_equal(stage_count(&s, key), 0);
  assert_true(stage_said(&s, "SuccessfulDelete: Deleted pod: db-"));
  assert_string_equal(stage_get(&s, "ReplicaSet/default/db", "metadata.generation"), "2");
  stage_end(&s);
}

static void a_pod_that_is_not_taken_is_tried_again_later(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.reject = "no such volume";
  stage_apply(&s, set_of_three);
  assert_int_equal(stage_count(&s, "default/db-"), 0);
  assert_true(stage_said(&s, "FailedCreate: Error creating: no such volume"));
  assert_non_null(
      strstr(stage_object(&s, "ReplicaSet/default/db"), "\"type\":\"ReplicaFailure\",\"status\":\"True\""));
  uint64_t born = s.born;
  stage_run(&s, 200);
  assert_int_equal(s.born, born);
  stage_run(&s, 60000);
  assert_in_range(s.born - born, 6, 24);
  s.reject = NULL;
  stage_run(&s, 300000);
  assert_int_equal(stage_count(&s, "default/db-"), 3);
  assert_null(strstr(stage_object(&s, "ReplicaSet/default/db"), "ReplicaFailure"));
  stage_end(&s);
}

static void nothing_happens_before_the_row_is_kept(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.mute = s.refuse = true;
  stage_apply(&s, set_of_three);
  assert_int_equal(s.answer_count, 1);
  assert_int_equal(stage_count(&s, ""), 0);
  s.mute = false;
  stage_run(&s, 1000);
  assert_int_equal(stage_count(&s, ""), 0);
  stage_run(&s, 5000);
  assert_int_equal(stage_count(&s, ""), 3);
  stage_end(&s);
}

/* A wait of some seconds does not become one of days. */
static void a_clock_that_is_set_back_holds_nothing_up(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.refuse = true;
  stage_apply(&s, set_of_three);
  assert_int_equal(stage_count(&s, ""), 0);
  s.wall -= INT64_C(3) * 24 * 3600 * 1000;
  stage_run(&s, 6000);
  assert_int_equal(stage_count(&s, ""), 3);
  stage_end(&s);
}

static void a_replication_controller_does_the_same(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(
      &s,
      "{\"apiVersion\":\"v1\",\"kind\":\"ReplicationController\",\"metadata\":{\"name\":\"rc\"},\"spec\":{"
      "\"replicas\":2,\"template\":{\"metadata\":{\"labels\":{\"app\":\"rc\"}},\"spec\":{\"containers\":["
      "{\"name\":\"main\",\"image\":\"a\"}]}}}}");
  assert_int_equal(stage_count(&s, "default/rc-"), 2);
  assert_string_equal(stage_get(&s, "ReplicationController/default/rc", "status.availableReplicas"), "2");
  stage_end(&s);
}

/* ---- Deployments ---- */

static void a_deployment_comes_up(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(stage_apply(&s, web(3, "", "a")), K8SM_OK);
  assert_int_equal(stage_count(&s, "default/web-"), 3);
  assert_true(stage_said(&s, "Deployment/default/web: ScalingReplicaSet: Scaled up replica set web-"));
  assert_true(stage_said(&s, " from 0 to 3\n"));
  const char *json = stage_object(&s, "Deployment/default/web");
  assert_non_null(strstr(json, "\"reason\":\"NewReplicaSetAvailable\",\"message\":\"ReplicaSet \\\"web-"));
  assert_non_null(strstr(json, "\"type\":\"Available\",\"status\":\"True\""));
  assert_non_null(
      strstr(json, "\"replicas\":3,\"updatedReplicas\":3,\"readyReplicas\":3,\"availableReplicas\":3"));
  assert_true(stage_row(&s, "Deployment/default/web").settled);
  stage_end(&s);
}

/* At each moment of it: no more than the surge, no fewer than the availability allows. */
static void a_rollout_keeps_its_bounds(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(4, "", "a")); /* 25 %: one more, one less */
  stage_quiet(&s);
  s.most = 0;
  s.idle = true;
  stage_apply(&s, web(4, "", "b"));
  int turns = 0;
  for (; !stage_row(&s, "Deployment/default/web").settled; turns++) {
    assert_true(turns < 50);
    size_t ready = 0;
    struct stage_pod *waits = NULL;
    for (size_t i = 0; i < STAGE_PODS; i++) {
      if (s.pods[i].key[0] == '\0' || s.pods[i].deleting) continue;
      ready += s.pods[i].ready;
      if (!s.pods[i].ready) waits = &s.pods[i];
    }
    assert_true(ready >= 3);
    if (waits != NULL) stage_ready(&s, waits);
    stage_run(&s, 100);
  }
  assert_true(turns > 2);
  assert_int_equal(s.most, 5);
  assert_true(stage_said(&s, "Scaled down replica set web-"));
  assert_string_equal(stage_get(&s, "Deployment/default/web", "status.updatedReplicas"), "4");
  stage_end(&s);
}

/* A ReplicaSet of web, as a record has it, that says more pods are available than it is to have. */
static void restore_set(struct stage *s, const char *name, int replicas, int available) {
  char row[1200], key[64];
  snprintf(
      row, sizeof row,
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"%s\",\"namespace\":"
      "\"default\",\"uid\":\"%s\",\"annotations\":{\"deployment.kubernetes.io/revision\":\"1\","
      "\"deployment.kubernetes.io/desired-replicas\":\"10\",\"deployment.kubernetes.io/"
      "max-replicas\":\"10\"},"
      "\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"web\","
      "\"uid\":\"d\",\"controller\":true}]},\"spec\":{\"replicas\":%d,\"selector\":{\"matchLabels\":{\"app\":"
      "\"web\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"web\"}},\"spec\":{\"containers\":[{"
      "\"name\":\"main\",\"image\":\"%s\"}]}}},\"status\":{\"replicas\":%d,\"availableReplicas\":%d}}",
      name, name, replicas, name, available, available);
  int n = snprintf(key, sizeof key, "ReplicaSet/default/%s", name);
  stage_step(s, (struct k8sm_control_input){
                    .type = K8SM_CONTROL_RESTORE, .key = {key, (size_t)n}, .bytes = {row, strlen(row)}});
  assert_int_equal(s->result, K8SM_OK);
}

/* A Deployment of ten, of which three are to be available at least; it is looked at first. */
static void restore_web(struct stage *s) {
  static const char key[] = "Deployment/default/web";
  static const char row[] =
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":"
      "\"default\",\"uid\":\"d\"},\"spec\":{\"replicas\":10,\"selector\":{\"matchLabels\":{\"app\":\"web\"}},"
      "\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxSurge\":0,\"maxUnavailable\":7}},"
      "\"template\":{\"metadata\":{\"labels\":{\"app\":\"web\"}},\"spec\":{\"containers\":[{\"name\":"
      "\"main\","
      "\"image\":\"new\"}]}}}}";
  stage_step(s, (struct k8sm_control_input){.type = K8SM_CONTROL_RESTORE,
                                            .key = {key, sizeof key - 1},
                                            .bytes = {row, sizeof row - 1}});
  assert_int_equal(s->result, K8SM_OK);
  s->mute = true; /* and the sets do nothing */
  stage_step(s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
}

/* What is on its way out is still available: it is not counted on. */
static void what_ends_is_not_counted_on(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  restore_set(&s, "web-one", 0, 1);
  restore_set(&s, "web-two", 8, 8);
  restore_web(&s);
  assert_true(stage_said(&s, "Scaled down replica set web-two from 8 to 3\n"));
  stage_end(&s);
  stage_begin(&s);
  restore_set(&s, "web-one", 2, 2);
  restore_set(&s, "web-two", 6, 7);
  restore_web(&s);
  assert_true(stage_said(&s, " from 0 to 2\n")); /* the new one */
  assert_false(stage_said(&s, "Scaled down"));
  stage_end(&s);
}

static void a_rollout_goes_back(void **state) {
  struct stage s;
  char first[300];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(2, "", "a"));
  snprintf(first, sizeof first, "%.*s", (int)(strrchr(stage_pod(&s, "")->key, '-') - stage_pod(&s, "")->key),
           stage_pod(&s, "")->key);
  stage_apply(&s, web(2, "", "b"));
  assert_int_equal(stage_count(&s, first), 0);
  stage_apply(&s, web(2, "", "a"));
  assert_int_equal(stage_count(&s, first), 2);
  char key[400];
  snprintf(key, sizeof key, "ReplicaSet/%s", first);
  assert_non_null(strstr(stage_object(&s, key), "\"deployment.kubernetes.io/revision\":\"3\""));
  stage_end(&s);
}

static void old_replica_sets_are_forgotten(void **state) {
  struct stage s;
  char image[8];
  (void)state;
  stage_begin(&s);
  for (int i = 0; i < 6; i++) {
    snprintf(image, sizeof image, "v%d", i);
    stage_apply(&s, web(1, "\"revisionHistoryLimit\":2,", image));
  }
  assert_int_equal(k8sm_control_rows(s.control, 0, NULL, sizeof(struct k8sm_control_row), 0), 1 + 1 + 2);
  assert_true(stage_said(&s, "gone ReplicaSet/default/web-"));
  stage_end(&s);
}

static void recreate_ends_the_old_first(void **state) {
  static const char recreate[] = "\"strategy\":{\"type\":\"Recreate\"},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(3, recreate, "a"));
  s.slow = true;
  s.most = 0;
  stage_apply(&s, web(3, recreate, "b"));
  assert_int_equal(stage_count_going(&s, ""), 3);
  assert_int_equal(stage_count(&s, ""), 0);
  s.slow = false;
  stage_run(&s, 1);
  assert_int_equal(stage_count(&s, ""), 3);
  assert_true(stage_row(&s, "Deployment/default/web").settled);
  stage_end(&s);
}

static void a_paused_rollout_waits(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(2, "", "a"));
  char key[300];
  memcpy(key, stage_pod(&s, "")->key, sizeof key);
  stage_apply(&s, web(2, "\"paused\":true,", "b"));
  assert_int_equal(stage_count(&s, key), 1);
  assert_non_null(strstr(stage_object(&s, "Deployment/default/web"), "\"reason\":\"DeploymentPaused\""));
  stage_apply(&s, web(3, "\"paused\":true,", "b")); /* it scales all the same */
  assert_int_equal(stage_count(&s, ""), 3);
  assert_int_equal(stage_count(&s, key), 1);
  stage_apply(&s, web(3, "", "b"));
  assert_int_equal(stage_count(&s, key), 0);
  assert_int_equal(stage_count(&s, ""), 3);
  stage_end(&s);
}

static void the_deadline_is_told(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.idle = true;
  stage_apply(&s, web(1, "\"progressDeadlineSeconds\":60,", "a"));
  stage_run(&s, 59000);
  assert_null(strstr(stage_object(&s, "Deployment/default/web"), "ProgressDeadlineExceeded"));
  stage_run(&s, 2000);
  assert_non_null(
      strstr(stage_object(&s, "Deployment/default/web"), "\"reason\":\"ProgressDeadlineExceeded\""));
  assert_true(stage_row(&s, "Deployment/default/web").failing);
  stage_ready(&s, stage_pod(&s, ""));
  assert_non_null(
      strstr(stage_object(&s, "Deployment/default/web"), "\"reason\":\"NewReplicaSetAvailable\""));
  assert_false(stage_row(&s, "Deployment/default/web").failing);
  stage_end(&s);
}

static void ready_is_not_yet_available(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(2, "\"minReadySeconds\":10,", "a"));
  assert_string_equal(stage_get(&s, "Deployment/default/web", "status.readyReplicas"), "2");
  assert_string_equal(stage_get(&s, "Deployment/default/web", "status.availableReplicas"), "");
  stage_run(&s, 11000);
  assert_string_equal(stage_get(&s, "Deployment/default/web", "status.availableReplicas"), "2");
  stage_end(&s);
}

/* 10 replicas grow to 20 in the middle of a rollout: both sets grow alike. */
static void a_rollout_scales_in_proportion(void **state) {
  static const char by_three[] = "\"strategy\":{\"rollingUpdate\":{\"maxSurge\":3,\"maxUnavailable\":2}},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(10, by_three, "a"));
  s.idle = true;
  stage_apply(&s, web(10, by_three, "b"));
  assert_int_equal(stage_count(&s, ""), 13); /* 8 old ones, 5 new ones */
  stage_quiet(&s);
  stage_apply(&s, web(20, by_three, "b"));
  assert_int_equal(stage_count(&s, ""), 23);
  assert_true(stage_said(&s, " from 8 to 14\n"));
  assert_true(stage_said(&s, " from 5 to 9\n"));
  stage_end(&s);
}

/* ---- What lasts ---- */

static void it_goes_on_after_a_restart(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(3, "", "a"));
  char before[4000];
  snprintf(before, sizeof before, "%s", stage_object(&s, "Deployment/default/web"));
  uint64_t born = s.born;
  stage_restart(&s);
  assert_string_equal(stage_object(&s, "Deployment/default/web"), before);
  stage_apply(&s, web(3, "", "a"));
  assert_int_equal(s.born, born);
  assert_string_equal(stage_object(&s, "Deployment/default/web"), before);
  stage_gone(&s, stage_pod(&s, ""));
  assert_int_equal(stage_count(&s, ""), 3);
  stage_end(&s);
}

/* Killed at every record of a rollout. */
static void a_rollout_survives_restarts(void **state) {
  struct stage s;
  (void)state;
  for (int kill = 1; kill < 30; kill++) {
    stage_begin(&s);
    stage_apply(&s, web(4, "", "a"));
    s.most = 0;
    s.idle = true;
    stage_apply(&s, web(4, "", "b"));
    for (int turn = 0; turn < 40; turn++) {
      if (turn == kill) stage_restart(&s);
      struct stage_pod *p = NULL;
      for (size_t i = 0; i < STAGE_PODS; i++) {
        if (s.pods[i].key[0] != '\0' && !s.pods[i].deleting && !s.pods[i].ready) p = &s.pods[i];
      }
      if (p != NULL) stage_ready(&s, p);
      stage_run(&s, 50);
    }
    assert_true(stage_row(&s, "Deployment/default/web").settled);
    assert_int_equal(stage_count(&s, ""), 4);
    assert_true(s.most <= 5);
    stage_end(&s);
  }
}

static void rows_that_are_lost_are_made_again(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(3, "", "a"));
  uint64_t born = s.born;
  for (size_t i = 0; i < STAGE_ROWS; i++) {
    free(s.rows[i].bytes);
    memset(&s.rows[i], 0, sizeof s.rows[i]);
  }
  stage_restart(&s);
  stage_apply(&s, web(3, "", "a"));
  assert_int_equal(s.born, born); /* the pods know by name and uid whose they are */
  assert_int_equal(stage_count(&s, ""), 3);
  stage_end(&s);
}

static void deleted_with_its_pods(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(3, "", "a"));
  s.slow = true;
  assert_int_equal(stage_delete(&s, "Deployment/default/web", 5), K8SM_OK);
  assert_int_equal(stage_count_going(&s, ""), 3);
  assert_false(stage_said(&s, "gone "));
  stage_restart(&s);
  assert_int_equal(stage_count_going(&s, ""), 3);
  s.slow = false;
  stage_run(&s, 1);
  assert_int_equal(stage_count_going(&s, ""), 0);
  assert_true(stage_said(&s, "gone Deployment/default/web\n"));
  for (size_t i = 0; i < STAGE_ROWS; i++) assert_null(s.rows[i].bytes);
  assert_int_equal(stage_delete(&s, "Deployment/default/web", -1), K8SM_ERR_NOT_FOUND);
  stage_end(&s);
}

/* ---- The set of what is wanted ---- */

static void what_may_not_change_is_refused_or_replaced(void **state) {
  struct stage s;
  char other[2000];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(2, "", "a"));
  snprintf(other, sizeof other, "%s", web(2, "", "a"));
  for (char *at = other; (at = strstr(at, "\"app\":\"web\"")) != NULL; at++)
    memcpy(at, "\"app\":\"new\"", 11);
  assert_int_equal(stage_apply(&s, other), K8SM_ERR_INVALID);
  uint64_t born = s.born;
  assert_int_equal(stage_apply_flags(&s, other, K8SM_CONTROL_FLAG_REPLACE), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 2);
  assert_int_equal(s.born, born + 2);
  assert_true(stage_said(&s, "gone Deployment/default/web\n"));
  stage_end(&s);
}

static void what_is_not_in_the_set_goes_when_it_is_complete(void **state) {
  static const char pod[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"one\"},\"spec\":{"
      "\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(2, "", "a"));
  stage_apply(&s, set_of_three);
  stage_apply(&s, pod);
  assert_int_equal(stage_count(&s, ""), 6);
  stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_COMPLETE});
  assert_int_equal(stage_count(&s, ""), 6);
  stage_apply(&s, set_of_three);
  stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_COMPLETE});
  assert_int_equal(stage_count(&s, ""), 3);
  assert_int_equal(stage_count(&s, "default/db-"), 3);
  stage_end(&s);
}

static void bare_pods_run_as_they_are(void **state) {
  static const char format[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"one\"},\"spec\":{"
      "\"containers\":[{\"name\":\"main\",\"image\":\"%s\"}]}}";
  struct stage s;
  char text[400];
  (void)state;
  stage_begin(&s);
  snprintf(text, sizeof text, format, "a");
  stage_apply(&s, text);
  assert_int_equal(stage_apply(&s, text), K8SM_OK);
  assert_int_equal(s.born, 1);
  stage_exit(&s, stage_pod(&s, "default/one"), 1);
  assert_int_equal(s.born, 1);
  snprintf(text, sizeof text, format, "b");
  assert_int_equal(stage_apply(&s, text), K8SM_ERR_INVALID);
  assert_int_equal(stage_apply_flags(&s, text, K8SM_CONTROL_FLAG_REPLACE), K8SM_OK);
  assert_int_equal(s.born, 2);
  assert_string_equal(stage_pod_get(stage_pod(&s, "default/one"), "spec.containers[0].image"), "b");
  assert_int_equal(stage_delete(&s, "Pod/default/one", -1), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 0);
  stage_end(&s);
}

/* ---- What is rare ---- */

/* A Deployment that has a deadline no more says nothing of its progress, until it has one again. */
static void a_deadline_may_come_and_go(void **state) {
  static const char none[] = "\"progressDeadlineSeconds\":2147483647,";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(2, none, "a"));
  assert_null(strstr(stage_object(&s, "Deployment/default/web"), "\"Progressing\""));
  assert_true(stage_row(&s, "Deployment/default/web").settled);
  stage_apply(&s, web(2, "", "a"));
  assert_non_null(strstr(stage_object(&s, "Deployment/default/web"), "\"Progressing\""));
  stage_apply(&s, web(2, none, "a"));
  assert_null(strstr(stage_object(&s, "Deployment/default/web"), "\"Progressing\""));
  stage_end(&s);
}

/* The time of the deadline begins anew with each step forward, and what was late may come to its end. */
static void what_was_late_goes_on(void **state) {
  static const char soon[] = "\"progressDeadlineSeconds\":60,";
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.idle = true;
  stage_apply(&s, web(2, soon, "a"));
  stage_run(&s, 50000);
  stage_ready(&s, stage_pod(&s, ""));
  stage_run(&s, 50000);
  assert_false(stage_row(&s, "Deployment/default/web").failing);
  stage_run(&s, 20000);
  assert_true(stage_row(&s, "Deployment/default/web").failing);
  assert_string_equal(stage_row(&s, "Deployment/default/web").state.ptr, "Failed");
  for (size_t i = 0; i < STAGE_PODS; i++) {
    if (s.pods[i].key[0] != '\0' && !s.pods[i].ready) stage_ready(&s, &s.pods[i]);
  }
  assert_false(stage_row(&s, "Deployment/default/web").failing);
  assert_string_equal(stage_row(&s, "Deployment/default/web").state.ptr, "Complete");
  stage_end(&s);
}

/* Late, and then a step: that is progress, with a new time of transition. */
static void a_step_after_the_deadline_is_progress(void **state) {
  static const char soon[] = "\"progressDeadlineSeconds\":60,";
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.idle = true;
  stage_apply(&s, web(2, soon, "a"));
  stage_run(&s, 70000);
  assert_true(stage_row(&s, "Deployment/default/web").failing);
  stage_ready(&s, stage_pod(&s, ""));
  assert_non_null(
      strstr(stage_object(&s, "Deployment/default/web"),
             "\"type\":\"Progressing\",\"status\":\"True\",\"lastUpdateTime\":\"2026-01-01T00:01:10Z"
             "\",\"lastTransitionTime\":\"2026-01-01T00:01:10Z\",\"reason\":\"ReplicaSetUpdated\""));
  assert_string_equal(stage_row(&s, "Deployment/default/web").state.ptr, "Progressing");
  stage_end(&s);
}

/* The name of its ReplicaSet is another one's: it takes the next one. */
static void a_name_that_is_taken_is_passed_over(void **state) {
  struct stage s;
  char text[2000], child[64], other[64];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(1, "", "a"));
  struct k8sm_control_row row;
  assert_int_equal(k8sm_control_rows(s.control, 1, &row, sizeof row, 1), 1);
  snprintf(child, sizeof child, "%s", row.key.ptr);
  stage_end(&s);
  stage_begin(&s);
  const char *name = strstr(set_of_three, "\"name\":\"db\"");
  snprintf(text, sizeof text, "%.*s\"name\":\"%s\"%s", (int)(name - set_of_three), set_of_three,
           strrchr(child, '/') + 1, name + strlen("\"name\":\"db\""));
  assert_int_equal(stage_apply(&s, text), K8SM_OK);
  assert_int_equal(stage_apply(&s, web(1, "", "a")), K8SM_OK);
  assert_string_equal(stage_get(&s, "Deployment/default/web", "status.collisionCount"), "1");
  assert_int_equal(k8sm_control_rows(s.control, 2, &row, sizeof row, 1), 1);
  snprintf(other, sizeof other, "%s", row.key.ptr);
  assert_string_not_equal(other, child);
  assert_int_equal(stage_count(&s, "default/web-"), 4);
  stage_restart(&s);
  assert_int_equal(stage_count(&s, "default/web-"), 4);
  assert_string_equal(stage_get(&s, "Deployment/default/web", "status.collisionCount"), "1");
  stage_end(&s);
}

/* A Deployment of the name in another namespace is no matter. */
static void namespaces_do_not_meet(void **state) {
  struct stage s;
  char other[2100];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(1, "", "a"));
  const char *name = strstr(web(1, "", "a"), "\"name\":\"web\"");
  const char *text = web(1, "", "a");
  snprintf(other, sizeof other, "%.*s\"namespace\":\"dns\",%s", (int)(name - text), text, name);
  stage_apply(&s, other);
  assert_int_equal(stage_count(&s, "default/web-"), 1);
  assert_int_equal(stage_count(&s, "dns/web-"), 1);
  assert_string_equal(stage_get(&s, "Deployment/dns/web", "status.collisionCount"), "");
  stage_end(&s);
}

/* What its ReplicaSet can't make, the Deployment can't either, and says so. */
static void a_failure_is_passed_up(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.reject = "no such volume";
  stage_apply(&s, web(2, "", "a"));
  assert_non_null(
      strstr(stage_object(&s, "Deployment/default/web"), "\"type\":\"ReplicaFailure\",\"status\":\"True\""));
  s.reject = NULL;
  stage_run(&s, 300000);
  assert_null(strstr(stage_object(&s, "Deployment/default/web"), "\"ReplicaFailure\""));
  assert_int_equal(stage_count(&s, ""), 2);
  stage_end(&s);
}

/* Shares that come to nothing both: one pod may be missing, or the rollout could never begin. */
static void a_rollout_always_can_begin(void **state) {
  static const char tiny[] = "\"strategy\":{\"rollingUpdate\":{\"maxSurge\":0,\"maxUnavailable\":\"10%\"}},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(3, tiny, "a"));
  s.most = 0;
  stage_apply(&s, web(3, tiny, "b"));
  assert_int_equal(s.most, 3);
  for (size_t i = 0; i < STAGE_PODS; i++) {
    if (s.pods[i].key[0] != '\0')
      assert_string_equal(stage_pod_get(&s.pods[i], "spec.containers[0].image"), "b");
  }
  stage_end(&s);
}

/* Paused with nothing that runs: the numbers go to the newest template that there is. */
static void a_paused_one_scales_what_is_there(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(0, "", "a"));
  stage_run(&s, 1000);
  stage_apply(&s, web(0, "", "b"));
  stage_apply(&s, web(2, "\"paused\":true,", "b"));
  assert_int_equal(stage_count(&s, ""), 2);
  assert_string_equal(stage_pod_get(stage_pod(&s, ""), "spec.containers[0].image"), "b");
  stage_apply(&s, web(0, "\"paused\":true,", "b"));
  assert_int_equal(stage_count(&s, ""), 0);
  stage_apply(&s, web(1, "\"paused\":true,", "c")); /* there is no set of this template, and none comes */
  assert_int_equal(stage_count(&s, ""), 1);
  assert_string_equal(stage_pod_get(stage_pod(&s, ""), "spec.containers[0].image"), "b");
  assert_string_equal(stage_row(&s, "Deployment/default/web").state.ptr, "Paused");
  stage_end(&s);
}

/* No set at all, as a Deployment that is paused from its beginning. */
static void a_paused_one_makes_nothing(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(3, "\"paused\":true,", "a"));
  assert_int_equal(stage_count(&s, ""), 0);
  stage_apply(&s, web(2, "\"paused\":true,", "a"));
  assert_int_equal(stage_count(&s, ""), 0);
  stage_apply(&s, web(2, "", "a"));
  assert_int_equal(stage_count(&s, ""), 2);
  stage_end(&s);
}

/* While it is recreated, also other numbers wait until the old pods are gone. */
static void recreate_takes_its_time(void **state) {
  static const char recreate[] = "\"strategy\":{\"type\":\"Recreate\"},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(2, recreate, "a"));
  s.slow = true;
  stage_apply(&s, web(2, recreate, "b"));
  assert_int_equal(stage_count(&s, ""), 0);
  stage_apply(&s, web(4, recreate, "b"));
  assert_int_equal(stage_count(&s, ""), 0);
  s.slow = false;
  stage_run(&s, 1000);
  assert_int_equal(stage_count(&s, ""), 4);
  stage_end(&s);
}

/* Of several sets that are old only as many are kept as the limit says; of those that have pods none goes. */
static void the_history_keeps_what_has_pods(void **state) {
  static const char one[] = "\"revisionHistoryLimit\":1,";
  struct stage s;
  struct k8sm_control_row row;
  (void)state;
  stage_begin(&s);
  for (char image[] = "a"; image[0] < 'e'; image[0]++) stage_apply(&s, web(2, one, image));
  assert_int_equal(k8sm_control_rows(s.control, 0, &row, sizeof row, 0), 3);
  stage_apply(&s, web(2, one, "c")); /* back: the newest may be any of them */
  assert_int_equal(k8sm_control_rows(s.control, 0, &row, sizeof row, 0), 3);
  stage_apply(&s, web(2, "\"revisionHistoryLimit\":0,\"paused\":true,", "x"));
  assert_int_equal(k8sm_control_rows(s.control, 0, &row, sizeof row, 0), 2); /* the one with pods */
  assert_int_equal(stage_count(&s, ""), 2);
  stage_end(&s);
}

/* Objects that were read without defaults: what no field says is not asked for. */
static void without_defaults_a_deployment_is_plain(void **state) {
  static const char text[] =
      "{\"apiVersion\":\"apps/"
      "v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"n\"},"
      "\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}},\"template\":{\"metadata\":{\"labels\":{"
      "\"app\":\"web\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"%s\"}]}}}}";
  struct stage s;
  char json[600];
  (void)state;
  stage_begin(&s);
  for (char image[] = "a"; image[0] < 'd'; image[0]++) {
    snprintf(json, sizeof json, text, image);
    assert_int_equal(stage_apply_bare(&s, json), K8SM_OK);
    assert_int_equal(stage_count(&s, "n/web-"), 1);
    assert_string_equal(stage_pod_get(stage_pod(&s, "n/web-"), "spec.containers[0].image"), image);
  }
  assert_null(strstr(stage_object(&s, "Deployment/n/web"), "\"Progressing\""));
  stage_end(&s);
}

/* A record of something else, without notes on the sets: they are scaled all the same. */
static void sets_without_notes_are_scaled(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(4, "", "a"));
  s.idle = true;
  stage_apply(&s, web(4, "", "b"));
  for (size_t i = 0; i < STAGE_ROWS; i++) {
    char *notes = s.rows[i].bytes == NULL ? NULL : strstr(s.rows[i].bytes, "deployment.kubernetes.io/");
    for (; notes != NULL; notes = strstr(notes, "deployment.kubernetes.io/")) memcpy(notes, "D", 1);
    char *revision =
        s.rows[i].bytes == NULL ? NULL : strstr(s.rows[i].bytes, "Deployment.kubernetes.io/revision");
    if (revision != NULL) memcpy(strstr(revision, "\":\"") + 3, "x", 1);
  }
  stage_restart(&s);
  stage_apply(&s, web(8, "", "b"));
  s.idle = false;
  stage_run(&s, 1000);
  assert_int_equal(stage_count(&s, ""), 8);
  for (size_t i = 0; i < STAGE_PODS; i++) {
    if (s.pods[i].key[0] != '\0')
      assert_string_equal(stage_pod_get(&s.pods[i], "spec.containers[0].image"), "b");
  }
  stage_end(&s);
}

/* ---- ReplicaSets again ---- */

/* The cost that people put on a pod decides, where all else is alike. */
static void the_cheapest_goes_first(void **state) {
  static const char *const costs[] = {"10", "-5", "many"};
  struct stage s;
  char text[1500], two[1500];
  (void)state;
  stage_begin(&s);
  for (size_t i = 0; i < 3; i++) { /* three pods that belong to the set, as others have left them */
    snprintf(
        text, sizeof text,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"db-%zu\",\"labels\":{\"app\":"
        "\"db\"},"
        "\"annotations\":{\"controller.kubernetes.io/pod-deletion-cost\":\"%s\"},\"ownerReferences\":[{"
        "\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"x\",\"uid\":\"1\"},{\"apiVersion\":\"apps/v1\","
        "\"kind\":\"ReplicaSet\",\"name\":\"db\",\"uid\":\"5e7\",\"controller\":true}]},\"spec\":{"
        "\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}",
        i, costs[i]);
    assert_int_equal(stage_apply_bare(&s, text), K8SM_OK);
  }
  snprintf(text, sizeof text, "%s", set_of_three);
  char *name = strstr(text, "\"name\":\"db\"");
  snprintf(two, sizeof two, "%.*s\"uid\":\"5e7\",%s", (int)(name - text), text, name);
  assert_int_equal(stage_apply(&s, two), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 3); /* it has what it needs */
  *strchr(two, '3') = '2';
  stage_apply(&s, two);
  assert_null(stage_pod(&s, "/db-1"));
  *strstr(two, "\"replicas\":2,") = '"';
  strstr(two, "\"replicas\":2,")[11] = '1';
  stage_apply(&s, two);
  assert_null(stage_pod(&s, "/db-2")); /* what is no number costs nothing */
  assert_non_null(stage_pod(&s, "/db-0"));
  stage_end(&s);
}

/* A thousand pods come and go, some hundred at each look, and no more than there should be. */
static void many_come_in_bursts(void **state) {
  static const int sizes[] = {1200, 0};
  struct stage s;
  size_t made = 0, ended = 0;
  (void)state;
  stage_begin(&s);
  for (size_t turn = 0; turn < 2; turn++) {
    struct k8sm_workload *w = NULL;
    struct k8sm_effect e;
    uint64_t answer = 0;
    char text[1000];
    const char *number = strstr(set_of_three, "\"replicas\":3,");
    snprintf(text, sizeof text, "%.*s\"replicas\":%d,%s", (int)(number - set_of_three), set_of_three,
             sizes[turn], number + strlen("\"replicas\":3,"));
    assert_int_equal(k8sm_workload_parse(text, strlen(text), NULL, &w, NULL), K8SM_OK);
    struct k8sm_control_input in = {.type = K8SM_CONTROL_APPLY, .workload = w};
    for (int i = 0; i < 30; i++) {
      in.size = sizeof in;
      in.mono_ms = s.mono;
      in.wall_ms = s.wall;
      assert_int_equal(k8sm_control_step(s.control, &in, s.effects, NULL), K8SM_OK);
      if (in.type == K8SM_CONTROL_RECORDED) answer = 0;
      for (size_t k = 0; k8sm_effects_rows(s.effects, k, &e, sizeof e, 1) > 0; k++) {
        made += e.type == K8SM_EFFECT_POD;
        ended += e.type == K8SM_EFFECT_DELETE;
        if (e.type == K8SM_EFFECT_RECORD) answer = e.number;
      }
      in = (struct k8sm_control_input){.type = answer == 0 ? K8SM_CONTROL_TICK : K8SM_CONTROL_RECORDED,
                                       .number = answer};
    }
    k8sm_workload_unref(w);
    assert_int_equal(made, 1200);
    assert_int_equal(ended, turn == 0 ? 0 : 1200);
  }
  stage_end(&s);
}

/* Its ReplicaSet is deleted by hand: while that goes nothing comes, and then one of the same name. */
static void a_replica_set_that_is_deleted_comes_again(void **state) {
  struct stage s;
  struct k8sm_control_row row;
  char name[100];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(2, "", "a"));
  assert_int_equal(k8sm_control_rows(s.control, 1, &row, sizeof row, 1), 1);
  snprintf(name, sizeof name, "%s", row.key.ptr);
  s.slow = true;
  assert_int_equal(stage_delete(&s, name, -1), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_int_equal(k8sm_control_rows(s.control, 0, &row, sizeof row, 0), 2);
  assert_false(stage_row(&s, "Deployment/default/web").settled);
  s.slow = false;
  stage_run(&s, 1);
  assert_int_equal(stage_count(&s, ""), 2);
  assert_false(stage_row(&s, name).deleting);
  assert_true(stage_row(&s, "Deployment/default/web").settled);
  stage_end(&s);
}

/* It has what it needs, and is not settled before the surplus is gone. */
static void what_goes_is_not_settled(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, web(3, "", "a"));
  s.slow = true;
  stage_apply(&s, web(2, "", "a"));
  assert_string_equal(stage_row(&s, "Deployment/default/web").state.ptr, "Complete");
  assert_false(stage_row(&s, "Deployment/default/web").settled);
  s.slow = false;
  stage_run(&s, 1);
  assert_true(stage_row(&s, "Deployment/default/web").settled);
  stage_end(&s);
}

/* Tried for hours: each time longer, and never longer than five minutes; a day later it begins anew. */
static void patience_has_its_limit(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.reject = "no such volume";
  stage_apply(&s, set_of_three);
  stage_run(&s, 3600 * 1000);
  uint64_t born = s.born;
  stage_run(&s, 3000 * 1000);
  assert_in_range(s.born - born, 10, 30);
  s.reject = NULL;
  stage_run(&s, 300 * 1000);
  assert_int_equal(stage_count(&s, "default/db-"), 3);
  stage_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_replica_set_keeps_its_number),
      cmocka_unit_test(ended_pods_do_not_pile_up),
      cmocka_unit_test(the_least_missed_go_first),
      cmocka_unit_test(a_pod_that_is_not_taken_is_tried_again_later),
      cmocka_unit_test(nothing_happens_before_the_row_is_kept),
      cmocka_unit_test(a_clock_that_is_set_back_holds_nothing_up),
      cmocka_unit_test(a_replication_controller_does_the_same),
      cmocka_unit_test(a_deployment_comes_up),
      cmocka_unit_test(a_rollout_keeps_its_bounds),
      cmocka_unit_test(what_ends_is_not_counted_on),
      cmocka_unit_test(a_rollout_goes_back),
      cmocka_unit_test(old_replica_sets_are_forgotten),
      cmocka_unit_test(recreate_ends_the_old_first),
      cmocka_unit_test(a_paused_rollout_waits),
      cmocka_unit_test(the_deadline_is_told),
      cmocka_unit_test(ready_is_not_yet_available),
      cmocka_unit_test(a_rollout_scales_in_proportion),
      cmocka_unit_test(it_goes_on_after_a_restart),
      cmocka_unit_test(a_rollout_survives_restarts),
      cmocka_unit_test(rows_that_are_lost_are_made_again),
      cmocka_unit_test(deleted_with_its_pods),
      cmocka_unit_test(what_may_not_change_is_refused_or_replaced),
      cmocka_unit_test(what_is_not_in_the_set_goes_when_it_is_complete),
      cmocka_unit_test(bare_pods_run_as_they_are),
      cmocka_unit_test(a_deadline_may_come_and_go),
      cmocka_unit_test(what_was_late_goes_on),
      cmocka_unit_test(a_step_after_the_deadline_is_progress),
      cmocka_unit_test(a_name_that_is_taken_is_passed_over),
      cmocka_unit_test(namespaces_do_not_meet),
      cmocka_unit_test(a_failure_is_passed_up),
      cmocka_unit_test(a_rollout_always_can_begin),
      cmocka_unit_test(a_paused_one_scales_what_is_there),
      cmocka_unit_test(a_paused_one_makes_nothing),
      cmocka_unit_test(recreate_takes_its_time),
      cmocka_unit_test(the_history_keeps_what_has_pods),
      cmocka_unit_test(without_defaults_a_deployment_is_plain),
      cmocka_unit_test(sets_without_notes_are_scaled),
      cmocka_unit_test(the_cheapest_goes_first),
      cmocka_unit_test(many_come_in_bursts),
      cmocka_unit_test(a_replica_set_that_is_deleted_comes_again),
      cmocka_unit_test(what_goes_is_not_settled),
      cmocka_unit_test(patience_has_its_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
