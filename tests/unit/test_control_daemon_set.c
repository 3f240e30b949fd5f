/* SPDX-License-Identifier: Apache-2.0 */
/* DaemonSets in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/stage.h"

static const char *agent(const char *more, const char *spec, const char *image) {
  static char text[2000];
  snprintf(
      text, sizeof text,
      "{\"apiVersion\":\"apps/v1\",\"kind\":\"DaemonSet\",\"metadata\":{\"name\":\"log\"},\"spec\":{"
      "\"selector\":{\"matchLabels\":{\"app\":\"log\"}},%s\"template\":{\"metadata\":{\"labels\":{\"app\":"
      "\"log\"}},\"spec\":{%s\"containers\":[{\"name\":\"main\",\"image\":\"%s\"}]}}}}",
      more, spec, image);
  return text;
}

static const char key[] = "DaemonSet/default/log";
static const char *const names[] = {"a1", "a2", "a3", "a4"};

static size_t count_of(struct stage *s, const char *image) {
  size_t n = 0;
  for (size_t i = 0; i < STAGE_PODS; i++) {
    if (s->pods[i].key[0] != '\0' && !s->pods[i].deleting &&
        strcmp(stage_pod_get(&s->pods[i], "spec.containers[0].image"), image) == 0)
      n++;
  }
  return n;
}

static void one_on_each_agent(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, agent("", "", "a"));
  assert_int_equal(stage_count(&s, ""), 0); /* nobody has said which agents there are */
  stage_agents(&s, names, NULL, 3);
  assert_int_equal(stage_count(&s, "default/log-"), 3);
  assert_non_null(strstr(stage_pod_get(stage_pod(&s, ""), "spec.affinity"),
                         "\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":[\"a"));
  assert_string_equal(stage_get(&s, key, "status.numberAvailable"), "3");
  stage_agents(&s, names, NULL, 4);
  assert_int_equal(stage_count(&s, ""), 4);
  stage_agents(&s, names, NULL, 1);
  assert_int_equal(stage_count(&s, ""), 1);
  assert_true(stage_row(&s, key).settled);
  stage_restart(&s);
  assert_int_equal(stage_count(&s, ""), 1);
  stage_agents(&s, names, NULL, 2);
  assert_int_equal(stage_count(&s, ""), 2);
  stage_end(&s);
}

static void only_where_it_fits(void **state) {
  const struct k8sm_node_label ssd = {"disk", "ssd"}, hdd = {"disk", "hdd"};
  const struct k8sm_node_taint no_schedule = {"gpu", "", "NoSchedule"}, no_execute = {"gpu", "", "NoExecute"};
  struct k8sm_node nodes[4] = {
      {.size = sizeof nodes[0], .labels = &ssd, .label_count = 1, .label_size = sizeof ssd},
      {.size = sizeof nodes[0], .labels = &hdd, .label_count = 1, .label_size = sizeof hdd},
      {.size = sizeof nodes[0], .labels = &ssd, .label_count = 1, .label_size = sizeof ssd},
      {.size = sizeof nodes[0]},
  };
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, agent("", "\"nodeSelector\":{\"disk\":\"ssd\"},", "a"));
  assert_int_equal(stage_agents(&s, names, nodes, 4), K8SM_OK);
  assert_int_equal(stage_count(&s, ""), 2);
  nodes[2].taints = &no_schedule;
  nodes[2].taint_count = 1;
  nodes[2].taint_size = sizeof no_schedule;
  stage_agents(&s, names, nodes, 4);
  assert_int_equal(stage_count(&s, ""), 2); /* what runs may stay, */
  assert_string_equal(stage_get(&s, key, "status.numberMisscheduled"), "1");
  nodes[2].taints = &no_execute;
  stage_agents(&s, names, nodes, 4);
  assert_int_equal(stage_count(&s, ""), 1); /* and this time not */
  stage_apply(&s, agent("",
                        "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{"
                        "\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":\"kubernetes.io/hostname\","
                        "\"operator\":\"In\",\"values\":[\"a4\"]}]}]}}},",
                        "a"));
  assert_int_equal(stage_count(&s, ""), 1);
  assert_non_null(strstr(stage_pod_get(stage_pod(&s, ""), "spec.affinity"), "\"a4\""));
  stage_end(&s);
}

static void a_rollout_takes_one_at_a_time(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 4);
  stage_apply(&s, agent("", "", "a"));
  s.idle = true;
  stage_apply(&s, agent("", "", "b"));
  for (size_t i = 1; i <= 4; i++) {
    assert_int_equal(count_of(&s, "b"), i);
    assert_int_equal(count_of(&s, "a"), 4 - i);
    for (size_t k = 0; k < STAGE_PODS; k++) {
      if (s.pods[k].key[0] != '\0' && !s.pods[k].ready) {
        stage_ready(&s, &s.pods[k]);
        break;
      }
    }
  }
  assert_true(stage_row(&s, key).settled);
  assert_string_equal(stage_get(&s, key, "status.updatedNumberScheduled"), "4");
  stage_end(&s);
}

static void with_surge_the_new_one_comes_first(void **state) {
  static const char surge[] = "\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":0}},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 3);
  stage_apply(&s, agent(surge, "", "a"));
  s.idle = true;
  s.most = 0;
  stage_apply(&s, agent(surge, "", "b"));
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(count_of(&s, "a"), 3 - i);
    assert_int_equal(count_of(&s, "b"), i + 1);
    for (size_t k = 0; k < STAGE_PODS; k++) {
      if (s.pods[k].key[0] != '\0' && !s.pods[k].ready) {
        stage_ready(&s, &s.pods[k]);
        break;
      }
    }
  }
  assert_int_equal(s.most, 4);
  assert_int_equal(count_of(&s, "b"), 3);
  assert_true(stage_row(&s, key).settled);
  stage_end(&s);
}

static void a_failed_daemon_is_made_anew_with_patience(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 1);
  stage_apply(&s, agent("", "", "a"));
  for (int i = 0; i < 5; i++) {
    struct stage_pod *p = stage_pod(&s, "");
    if (p != NULL) stage_exit(&s, p, 1);
    stage_run(&s, 1100);
  }
  assert_true(stage_said(&s, "FailedDaemonPod: Found failed daemon pod default/log-"));
  assert_in_range(s.born, 2, 5);
  stage_run(&s, 60000);
  assert_non_null(stage_pod(&s, ""));
  stage_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_on_each_agent),
      cmocka_unit_test(only_where_it_fits),
      cmocka_unit_test(a_rollout_takes_one_at_a_time),
      cmocka_unit_test(with_surge_the_new_one_comes_first),
      cmocka_unit_test(a_failed_daemon_is_made_anew_with_patience),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
