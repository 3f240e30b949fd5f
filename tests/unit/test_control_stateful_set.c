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
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
