/* SPDX-License-Identifier: Apache-2.0 */
/* StatefulSets in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/stage.h"

static const char *db(int replicas, const char *more, const char *image) {
  static char text[2000];
  snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"db\"},\"spec\":{"
      "\"replicas\":%d,\"serviceName\":\"db\",\"selector\":{\"matchLabels\":{\"app\":\"db\"}},%s"
      "\"template\":{\"metadata\":{\"labels\":{\"app\":\"db\"}},\"spec\":{\"containers\":[{\"name\":\"main\","
      "\"image\":\"%s\"}]}}}}",
      replicas, more, image);
  return text;
}

static const char key[] = "StatefulSet/default/db";
static const char parallel[] = "\"podManagementPolicy\":\"Parallel\",";

static bool runs(struct stage *s, const char *pod, const char *image) {
  const struct stage_pod *p = stage_pod(s, pod);
  return p != NULL && strcmp(p->key, pod) == 0 &&
         strcmp(stage_pod_get(p, "spec.containers[0].image"), image) == 0;
}

static void one_after_the_other(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.idle = true;
  stage_apply(&s, db(3, "", "a"));
  for (size_t i = 1; i <= 3; i++) {
    char name[32];
    assert_int_equal(stage_count(&s, ""), i);
    snprintf(name, sizeof name, "default/db-%zu", i - 1);
    struct stage_pod *p = stage_pod(&s, name);
    assert_non_null(p);
    stage_unready(&s, p);
    assert_int_equal(stage_count(&s, ""), i); /* it runs, and is not ready */
    stage_ready(&s, p);
  }
  assert_int_equal(stage_count(&s, ""), 3);
  assert_true(stage_said(&s, "SuccessfulCreate: Create Pod db-1 in StatefulSet db successful"));
  assert_string_equal(stage_get(&s, key, "status.currentReplicas"), "3");
  assert_true(stage_row(&s, key).settled);
  stage_end(&s);
}

static void in_parallel_all_at_once(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  s.idle = true;
  stage_apply(&s, db(3, parallel, "a"));
  assert_int_equal(stage_count(&s, ""), 3);
  stage_apply(&s, db(1, parallel, "a"));
  assert_int_equal(stage_count(&s, ""), 1);
  stage_end(&s);
}

static void the_last_goes_first(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(4, "", "a"));
  s.slow = true;
  stage_apply(&s, db(1, "", "a"));
  for (int i = 3; i >= 1; i--) {
    assert_int_equal(stage_count_going(&s, ""), 1);
    assert_int_equal(stage_count(&s, ""), i);
    for (size_t k = 0; k < STAGE_PODS; k++) {
      if (!s.pods[k].deleting) continue;
      char name[32];
      snprintf(name, sizeof name, "default/db-%d", i);
      assert_string_equal(s.pods[k].key, name);
      stage_gone(&s, &s.pods[k]);
      break;
    }
  }
  assert_int_equal(stage_count_going(&s, ""), 0);
  assert_int_equal(stage_count(&s, ""), 1);
  stage_end(&s);
}

static void a_pod_that_ended_comes_back_under_its_name(void **state) {
  struct stage s;
  char uid[64];
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(2, "", "a"));
  snprintf(uid, sizeof uid, "%s", stage_pod_get(stage_pod(&s, "default/db-0"), "metadata.uid"));
  stage_exit(&s, stage_pod(&s, "default/db-0"), 1);
  assert_int_equal(stage_count(&s, "default/db-0"), 1);
  assert_string_not_equal(stage_pod_get(stage_pod(&s, "default/db-0"), "metadata.uid"), uid);
  stage_end(&s);
}

static void a_rollout_goes_from_the_last_one_on(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(3, "", "a"));
  s.idle = true;
  stage_apply(&s, db(3, "", "b"));
  for (int i = 2; i >= 0; i--) {
    char name[32];
    snprintf(name, sizeof name, "default/db-%d", i);
    assert_true(runs(&s, name, "b"));
    for (int k = 0; k < i; k++) {
      char other[32];
      snprintf(other, sizeof other, "default/db-%d", k);
      assert_true(runs(&s, other, "a"));
    }
    assert_string_not_equal(stage_get(&s, key, "status.currentReplicas"), "3");
    stage_ready(&s, stage_pod(&s, name));
  }
  assert_string_equal(stage_get(&s, key, "status.currentReplicas"), "3");
  char current[100];
  snprintf(current, sizeof current, "%s", stage_get(&s, key, "status.currentRevision"));
  assert_string_equal(stage_get(&s, key, "status.updateRevision"), current);
  for (size_t i = 0; i < STAGE_ROWS; i++) assert_null(strstr(s.rows[i].key, "ControllerRevision"));
  stage_end(&s);
}

/* Below the partition all stays as it is, also what is made anew there. */
static void a_partition_keeps_the_former_template(void **state) {
  static const char part[] = "\"updateStrategy\":{\"rollingUpdate\":{\"partition\":2}},";
  struct stage s;
  (void)state;
  for (int restart = 0; restart < 2; restart++) {
    stage_begin(&s);
    stage_apply(&s, db(3, part, "a"));
    stage_apply(&s, db(3, part, "b"));
    assert_true(runs(&s, "default/db-2", "b"));
    assert_true(runs(&s, "default/db-1", "a"));
    if (restart) stage_restart(&s);
    stage_gone(&s, stage_pod(&s, "default/db-1"));
    stage_gone(&s, stage_pod(&s, "default/db-2"));
    assert_true(runs(&s, "default/db-1", "a"));
    assert_true(runs(&s, "default/db-2", "b"));
    assert_string_equal(stage_get(&s, key, "status.updatedReplicas"), "1");
    stage_apply(&s, db(3, "", "b"));
    assert_true(runs(&s, "default/db-0", "b"));
    assert_true(stage_row(&s, key).settled);
    stage_end(&s);
  }
}

static void on_delete_nothing_moves_by_itself(void **state) {
  static const char on_delete[] = "\"updateStrategy\":{\"type\":\"OnDelete\"},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(2, on_delete, "a"));
  stage_apply(&s, db(2, on_delete, "b"));
  assert_true(runs(&s, "default/db-0", "a") && runs(&s, "default/db-1", "a"));
  assert_int_equal(stage_delete(&s, "Pod/default/db-0", -1), K8SM_OK);
  assert_true(runs(&s, "default/db-0", "b") && runs(&s, "default/db-1", "a"));
  stage_end(&s);
}

static void in_parallel_so_many_at_a_time(void **state) {
  static const char two[] =
      "\"podManagementPolicy\":\"Parallel\",\"updateStrategy\":{\"rollingUpdate\":{\"maxUnavailable\":2}},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(5, two, "a"));
  s.idle = true;
  stage_apply(&s, db(5, two, "b"));
  assert_true(runs(&s, "default/db-4", "b") && runs(&s, "default/db-3", "b") &&
              runs(&s, "default/db-2", "a"));
  stage_ready(&s, stage_pod(&s, "default/db-3"));
  assert_true(runs(&s, "default/db-2", "b") && runs(&s, "default/db-1", "a"));
  stage_end(&s);
}

static void ordinals_begin_where_they_are_told(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(2, "\"ordinals\":{\"start\":5},", "a"));
  assert_int_equal(stage_count(&s, "default/db-5"), 1);
  assert_int_equal(stage_count(&s, "default/db-6"), 1);
  stage_end(&s);
}

static void a_name_that_is_taken_is_told(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"db-0\"},\"spec\":{"
                  "\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}");
  stage_apply(&s, db(1, "", "a"));
  assert_true(stage_said(&s, "FailedCreate: Error creating: a pod of its name exists"));
  stage_delete(&s, "Pod/default/db-0", -1);
  stage_run(&s, 5000);
  assert_non_null(strstr(stage_pod_get(stage_pod(&s, "default/db-0"), "metadata.labels"), "db-0"));
  stage_end(&s);
}

static void it_ends_with_all_its_rows(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(3, "", "a"));
  s.idle = true;
  stage_apply(&s, db(3, "", "b"));
  stage_delete(&s, key, -1);
  assert_int_equal(stage_count(&s, ""), 0);
  for (size_t i = 0; i < STAGE_ROWS; i++) assert_null(s.rows[i].bytes);
  assert_true(stage_said(&s, "gone StatefulSet/default/db\n"));
  stage_end(&s);
}

/* Ready for so long, or it does not count: the next pod waits for it. */
static void ready_is_not_yet_available(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(2, "\"minReadySeconds\":30,", "a"));
  assert_int_equal(stage_count(&s, ""), 1);
  stage_run(&s, 29000);
  assert_int_equal(stage_count(&s, ""), 1);
  assert_string_equal(stage_get(&s, key, "status.readyReplicas"), "1");
  assert_int_equal(stage_row(&s, key).available, 0);
  stage_run(&s, 1000);
  assert_int_equal(stage_count(&s, ""), 2);
  assert_false(stage_row(&s, key).settled);
  stage_run(&s, 30000);
  assert_true(stage_row(&s, key).settled);
  stage_end(&s);
}

/* In parallel, those that serve nobody are replaced at once, and count for nothing. */
static void what_serves_nobody_is_replaced_first(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(4, parallel, "a"));
  s.idle = true;
  stage_unready(&s, stage_pod(&s, "default/db-0"));
  stage_unready(&s, stage_pod(&s, "default/db-1"));
  stage_apply(&s, db(4, parallel, "b"));
  assert_true(runs(&s, "default/db-0", "b") && runs(&s, "default/db-1", "b"));
  assert_true(runs(&s, "default/db-2", "a") && runs(&s, "default/db-3", "a"));
  stage_ready(&s, stage_pod(&s, "default/db-0"));
  assert_true(runs(&s, "default/db-3", "a"));
  stage_ready(&s, stage_pod(&s, "default/db-1"));
  assert_true(runs(&s, "default/db-2", "a") && runs(&s, "default/db-3", "b"));
  stage_end(&s);
}

/* A share that comes to nothing is one: a rollout always can begin. */
static void at_least_one_at_a_time(void **state) {
  static const char tenth[] = "\"podManagementPolicy\":\"Parallel\",\"updateStrategy\":{\"rollingUpdate\":{"
                              "\"maxUnavailable\":\"10%\"}},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(3, tenth, "a"));
  s.idle = true;
  stage_apply(&s, db(3, tenth, "b"));
  assert_true(runs(&s, "default/db-2", "b") && runs(&s, "default/db-1", "a"));
  stage_end(&s);
}

/* A pod that is no longer one of its numbers, or never was: it goes, or is let alone. */
static void pods_without_a_number_are_let_alone(void **state) {
  static const char stray[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"stray\",\"labels\":{\"app\":\"db\"%s}"
      ","
      "\"ownerReferences\":[{\"apiVersion\":\"apps/"
      "v1\",\"kind\":\"StatefulSet\",\"name\":\"db\",\"uid\":\"%s\","
      "\"controller\":true}]},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"a\"}]}}";
  static const char *const labels[] = {"", ",\"apps.kubernetes.io/pod-index\":\"x\"",
                                       ",\"apps.kubernetes.io/pod-index\":\"7\"",
                                       ",\"apps.kubernetes.io/pod-index\":\"-7\""};
  const struct k8sm_parse_options unchecked = {.size = sizeof unchecked, .flags = K8SM_PARSE_NO_VALIDATE};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    struct stage s;
    char text[800];
    stage_begin(&s);
    stage_apply(&s, db(1, "", "a"));
    snprintf(text, sizeof text, stray, labels[i], stage_get(&s, key, "metadata.uid"));
    struct stage_pod *p = &s.pods[STAGE_PODS - 1];
    snprintf(p->key, sizeof p->key, "default/stray");
    assert_int_equal(k8sm_pod_parse(text, strlen(text), &unchecked, &p->pod, NULL), K8SM_OK);
    snprintf(p->status, sizeof p->status, "{\"phase\":\"Running\"}");
    stage_restart(&s);
    assert_int_equal(stage_count(&s, "default/stray"), i != 2);
    assert_int_equal(stage_count(&s, "default/db-0"), 1);
    stage_end(&s);
  }
}

/* A label of 63 characters can't hold the name of the pod: it is said, and tried again in vain. */
static void a_name_that_is_too_long_is_told(void **state) {
  struct stage s;
  char text[2600], name[240];
  (void)state;
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  stage_begin(&s);
  const char *from = db(1, "", "a"), *at = strstr(from, "\"name\":\"db\"");
  snprintf(text, sizeof text, "%.*s\"namespace\":\"default\",\"name\":\"%s\"%s", (int)(at - from), from, name,
           at + strlen("\"name\":\"db\""));
  assert_int_equal(stage_apply_bare(&s, text), K8SM_OK);
  stage_run(&s, 10000);
  struct k8sm_control_row row;
  assert_int_equal(k8sm_control_rows(s.control, 0, &row, sizeof row, 1), 1);
  assert_string_equal(stage_get(&s, row.key.ptr, "metadata.name"), name);
  assert_int_equal(strlen(stage_get(&s, row.key.ptr, "status.updateRevision")) - strlen(name) + 239,
                   strlen(stage_get(&s, row.key.ptr, "status.updateRevision")));
  stage_end(&s);
}

/* The former template and the set have a row each; each answer is of one of them. */
static void each_of_its_rows_has_its_answer(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, db(2, "", "a"));
  s.mute = true;
  stage_apply(&s, db(2, "", "b"));
  assert_int_equal(s.answer_count, 2);
  uint64_t former = s.answers[0], set = s.answers[1];
  struct k8sm_control_input in = {.type = K8SM_CONTROL_RECORDED, .number = set};
  assert_int_equal(stage_step(&s, in), K8SM_OK);
  assert_false(stage_row(&s, key).settled);
  in.number = 0;
  assert_int_equal(stage_step(&s, in), K8SM_ERR_INVALID); /* nothing waits under no number */
  in.number = set;
  assert_int_equal(stage_step(&s, in), K8SM_ERR_INVALID); /* and no answer comes twice */
  assert_true(runs(&s, "default/db-1", "a"));
  in.number = former;
  s.answer_count = 0;
  s.mute = false;
  assert_int_equal(stage_step(&s, in), K8SM_OK);
  assert_true(runs(&s, "default/db-0", "b") && runs(&s, "default/db-1", "b"));
  stage_end(&s);
}

/* Read without defaults: no number of replicas is one pod, no strategy moves nothing. */
static void without_defaults_it_is_plain(void **state) {
  static const char text[] =
      "{\"apiVersion\":\"apps/"
      "v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"db\",\"namespace\":\"n\"},"
      "\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"db\"}},\"template\":{\"metadata\":{\"labels\":{"
      "\"app\":\"db\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"%s\"}]}}}}";
  struct stage s;
  char json[600];
  (void)state;
  stage_begin(&s);
  for (char image[] = "a"; image[0] < 'c'; image[0]++) {
    snprintf(json, sizeof json, text, image);
    assert_int_equal(stage_apply_bare(&s, json), K8SM_OK);
    assert_true(runs(&s, "n/db-0", "a"));
  }
  assert_int_equal(s.born, 1);
  stage_end(&s);
}

/* One that can't be made is missed as one that is not ready: nothing else is taken away. */
static void what_is_missing_counts_as_unavailable(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"db-1\"},\"spec\":{"
                  "\"containers\":[{\"name\":\"main\",\"image\":\"x\"}]}}");
  stage_apply(&s, db(3, parallel, "a"));
  assert_true(runs(&s, "default/db-0", "a") && runs(&s, "default/db-2", "a"));
  stage_run(&s, 1000);
  stage_apply(&s, db(3, parallel, "b"));
  stage_run(&s, 60000);
  assert_true(runs(&s, "default/db-0", "a") && runs(&s, "default/db-2", "a"));
  stage_delete(&s, "Pod/default/db-1", -1);
  stage_run(&s, 600000);
  assert_true(runs(&s, "default/db-0", "b") && runs(&s, "default/db-1", "b") &&
              runs(&s, "default/db-2", "b"));
  stage_end(&s);
}

/* ---- Its claims ---- */

/* With two claims for each pod; the policy says Delete or Retain of both. */
static const char *kept(int replicas, const char *when_deleted, const char *when_scaled) {
  static char text[2600];
  char more[600];
  snprintf(
      more, sizeof more,
      "\"podManagementPolicy\":\"Parallel\",\"persistentVolumeClaimRetentionPolicy\":{\"whenDeleted\":\"%s\","
      "\"whenScaled\":\"%s\"},\"volumeClaimTemplates\":[{\"metadata\":{\"name\":\"data\"},\"spec\":{"
      "\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}},{"
      "\"metadata\":{"
      "\"name\":\"log\"},\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{"
      "\"storage\":\"1Gi\"}}}}],",
      when_deleted, when_scaled);
  snprintf(text, sizeof text, "%s", db(replicas, more, "a"));
  return text;
}

static size_t claims_said(const struct stage *s) {
  size_t n = 0;
  for (const char *at = s->events; (at = strstr(at, "claim default/")) != NULL; at++) n++;
  return n;
}

/* Those of a pod beyond the number go when the pod is gone, once; those of the others stay. */
static void claims_go_when_it_is_scaled(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  assert_int_equal(stage_apply(&s, kept(4, "Retain", "Delete")), K8SM_OK);
  s.slow = true;
  stage_apply(&s, kept(2, "Retain", "Delete"));
  stage_run(&s, 1000);
  assert_int_equal(claims_said(&s), 0);         /* the pods have them */
  stage_apply(&s, kept(3, "Retain", "Delete")); /* one of them is wanted again, and keeps its own */
  s.slow = false;
  stage_run(&s, 1000);
  assert_int_equal(claims_said(&s), 2);
  assert_true(stage_said(&s, "claim default/data-db-3\n") && stage_said(&s, "claim default/log-db-3\n"));
  stage_quiet(&s);
  stage_restart(&s);
  stage_apply(&s, kept(3, "Retain", "Delete"));
  stage_run(&s, 60000);
  assert_int_equal(claims_said(&s), 0);
  stage_delete(&s, key, -1);
  assert_true(stage_said(&s, "gone StatefulSet/default/db\n"));
  assert_int_equal(claims_said(&s), 0);
  stage_end(&s);
}

/* All that it ever had while its policy said so, and before its row goes. */
static void claims_go_when_it_is_deleted(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, kept(3, "Delete", "Retain"));
  stage_apply(&s, kept(1, "Delete", "Retain"));
  stage_run(&s, 1000);
  assert_int_equal(claims_said(&s), 0);
  stage_restart(&s);
  assert_string_equal(stage_get(&s, key, "metadata.annotations"), ""); /* only the record notes it */
  stage_delete(&s, key, -1);
  stage_run(&s, 1);
  assert_int_equal(claims_said(&s), 6);
  assert_true(stage_said(&s, "claim default/log-db-2\n"));
  const char *last = strstr(s.events, "gone StatefulSet");
  assert_non_null(last);
  assert_null(strstr(last, "claim "));
  for (size_t i = 0; i < STAGE_ROWS; i++) assert_null(s.rows[i].bytes);
  stage_end(&s);
}

static void claims_stay_where_they_are_to(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, kept(3, "Retain", "Retain"));
  stage_apply(&s, kept(1, "Retain", "Retain"));
  stage_apply(&s, kept(1, "Delete", "Delete")); /* from now on: what was left behind before is nobody's */
  stage_run(&s, 1000);
  assert_int_equal(claims_said(&s), 0);
  stage_delete(&s, key, -1);
  stage_run(&s, 1);
  assert_int_equal(claims_said(&s), 2);
  stage_apply(&s, kept(1, "Delete", "Delete"));
  assert_int_equal(stage_count(&s, "default/db-0"), 1);
  stage_end(&s);
}

/* The control dies when the pod is gone, before it could tell the driver, or right behind it: it tells again.
 */
static void claims_survive_a_crash(void **state) {
  (void)state;
  for (int told = 0; told < 2; told++) {
    struct stage s;
    stage_begin(&s);
    stage_apply(&s, kept(2, "Retain", "Delete"));
    s.slow = true;
    stage_apply(&s, kept(1, "Retain", "Delete"));
    for (size_t i = 0; i < STAGE_PODS; i++) {
      if (!s.pods[i].deleting) continue;
      s.mute = true;
      if (told != 0) {
        stage_gone(&s, &s.pods[i]);
        assert_int_equal(claims_said(&s), 2);
      } else {
        k8sm_pod_unref(s.pods[i].pod);
        memset(&s.pods[i], 0, sizeof s.pods[i]);
      }
    }
    s.mute = false;
    stage_quiet(&s);
    stage_restart(&s);
    stage_run(&s, 1000);
    assert_int_equal(claims_said(&s), 2);
    stage_quiet(&s);
    stage_restart(&s);
    stage_run(&s, 1000);
    assert_int_equal(claims_said(&s), 0);
    stage_end(&s);
  }
}

/* A note that nobody has written so. */
static void a_note_of_claims_is_read_with_care(void **state) {
  static const char *const notes[] = {"x", "-1", "100001", "2"};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    struct stage s;
    char row[3200];
    const char *text = kept(1, "Delete", "Retain"), *name = strstr(text, "\"name\":\"db\"");
    snprintf(
        row, sizeof row,
        "%.*s\"namespace\":\"default\",\"annotations\":{\"k8s.mesosphere.io/claimed-ordinals\":\"%s\"},%s",
        (int)(name - text), text, notes[i], name);
    stage_begin(&s);
    struct k8sm_control_input in = {
        .type = K8SM_CONTROL_RESTORE, .key = {key, strlen(key)}, .bytes = {row, strlen(row)}};
    assert_int_equal(stage_step(&s, in), K8SM_OK);
    stage_step(&s, (struct k8sm_control_input){.type = K8SM_CONTROL_TICK});
    stage_delete(&s, key, -1);
    stage_run(&s, 1);
    assert_int_equal(claims_said(&s), i < 3 ? 2 : 4);
    stage_end(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_after_the_other),
      cmocka_unit_test(in_parallel_all_at_once),
      cmocka_unit_test(the_last_goes_first),
      cmocka_unit_test(a_pod_that_ended_comes_back_under_its_name),
      cmocka_unit_test(a_rollout_goes_from_the_last_one_on),
      cmocka_unit_test(a_partition_keeps_the_former_template),
      cmocka_unit_test(on_delete_nothing_moves_by_itself),
      cmocka_unit_test(in_parallel_so_many_at_a_time),
      cmocka_unit_test(ordinals_begin_where_they_are_told),
      cmocka_unit_test(a_name_that_is_taken_is_told),
      cmocka_unit_test(it_ends_with_all_its_rows),
      cmocka_unit_test(ready_is_not_yet_available),
      cmocka_unit_test(what_serves_nobody_is_replaced_first),
      cmocka_unit_test(at_least_one_at_a_time),
      cmocka_unit_test(pods_without_a_number_are_let_alone),
      cmocka_unit_test(a_name_that_is_too_long_is_told),
      cmocka_unit_test(each_of_its_rows_has_its_answer),
      cmocka_unit_test(without_defaults_it_is_plain),
      cmocka_unit_test(what_is_missing_counts_as_unavailable),
      cmocka_unit_test(claims_go_when_it_is_scaled),
      cmocka_unit_test(claims_go_when_it_is_deleted),
      cmocka_unit_test(claims_stay_where_they_are_to),
      cmocka_unit_test(claims_survive_a_crash),
      cmocka_unit_test(a_note_of_claims_is_read_with_care),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
