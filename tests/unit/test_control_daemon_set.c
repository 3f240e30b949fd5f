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

/* ---- What is rare ---- */

static struct stage_pod *on(struct stage *s, const char *name) {
  char words[64];
  snprintf(words, sizeof words, "\"values\":[\"%s\"]", name);
  for (size_t i = 0; i < STAGE_PODS; i++) {
    struct stage_pod *p = &s->pods[i];
    if (p->key[0] != '\0' && !p->deleting && strstr(stage_pod_get(p, "spec.affinity"), words) != NULL)
      return p;
  }
  return NULL;
}

/* Two agents of one host are one node; without any there is nothing to do. */
static void an_agent_counts_once(void **state) {
  static const char *const twins[] = {"a2", "a1", "a2"};
  const struct k8sm_node nodes[3] = {
      {.size = sizeof nodes[0]}, {.size = sizeof nodes[0]}, {.size = sizeof nodes[0]}};
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_apply(&s, agent("", "", "a"));
  stage_agents(&s, twins, nodes, 3);
  assert_int_equal(stage_count(&s, ""), 2);
  stage_agents(&s, twins, NULL, 0);
  assert_int_equal(stage_count(&s, ""), 0);
  assert_int_equal(stage_row(&s, key).wanted, 0);
  stage_end(&s);
}

/* Where the template names its nodes: by name, by a field, by labels. */
static void only_where_it_is_told(void **state) {
  static const char by_field[] =
      "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{"
      "\"nodeSelectorTerms\":[{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":["
      "\"a2\"]}]},{\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":[\"a4\"]}]}]}}}"
      ",";
  static const struct {
    const char *spec;
    bool runs[4];
  } rows[] = {
      {"\"nodeName\":\"a3\",", {false, false, true, false}},
      {by_field, {false, true, false, true}},
      {"\"nodeSelector\":{\"none\":\"x\"},", {false, false, false, false}},
      {"\"nodeSelector\":{\"kubernetes.io/hostname\":\"a1\"},", {true, false, false, false}},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct stage s;
    stage_begin(&s);
    stage_agents(&s, names, NULL, 4);
    assert_int_equal(stage_apply(&s, agent("", rows[i].spec, "a")), K8SM_OK);
    for (size_t k = 0; k < 4; k++) assert_int_equal(on(&s, names[k]) != NULL, rows[i].runs[k]);
    stage_end(&s);
  }
}

/* The strictest taint decides; one that only asks to stay away is none; one that is tolerated neither. */
static void taints_are_weighed(void **state) {
  static const struct k8sm_node_taint taints[] = {{"a", "", "PreferNoSchedule"},
                                                  {"b", "", "NoSchedule"},
                                                  {"c", "", "NoExecute"},
                                                  {"d", "", "NoSchedule"}};
  static const struct {
    const char *spec;
    size_t first, count;
    int pods, misplaced;
  } rows[] = {
      {"", 0, 1, 1, 0},
      {"", 0, 2, 1, 1},
      {"", 1, 3, 0, 0},
      {"\"tolerations\":[{\"operator\":\"Exists\"}],", 0, 4, 1, 0},
      {"\"tolerations\":[{\"key\":\"b\",\"operator\":\"Exists\"}],", 0, 2, 1, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct k8sm_node node = {.size = sizeof node};
    struct stage s;
    stage_begin(&s);
    stage_agents(&s, names, &node, 1);
    stage_apply(&s, agent("", rows[i].spec, "a"));
    node.taints = taints + rows[i].first;
    node.taint_count = rows[i].count;
    node.taint_size = sizeof taints[0];
    stage_agents(&s, names, &node, 1);
    assert_int_equal(stage_count(&s, ""), rows[i].pods);
    char words[40];
    snprintf(words, sizeof words, "\"numberMisscheduled\":%d,", rows[i].misplaced);
    assert_non_null(strstr(stage_object(&s, key), words));
    stage_end(&s);
  }
}

/* A taint that Kubernetes does not know is refused, and all stays as it was. */
static void agents_that_are_none_are_refused(void **state) {
  const struct k8sm_node_taint odd = {"a", "", "Sometimes"};
  struct k8sm_node node = {.size = sizeof node, .taints = &odd, .taint_count = 1, .taint_size = sizeof odd};
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 2);
  stage_apply(&s, agent("", "", "a"));
  assert_int_equal(stage_agents(&s, names, &node, 1), K8SM_ERR_INVALID);
  assert_int_equal(stage_count(&s, ""), 2);
  stage_end(&s);
}

/* Ready for so long, or it does not count. */
static void ready_is_not_yet_available(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 2);
  stage_apply(&s, agent("\"minReadySeconds\":30,", "", "a"));
  assert_string_equal(stage_get(&s, key, "status.numberReady"), "2");
  assert_string_equal(stage_get(&s, key, "status.numberUnavailable"), "2");
  assert_false(stage_row(&s, key).settled);
  stage_run(&s, 30000);
  assert_string_equal(stage_get(&s, key, "status.numberAvailable"), "2");
  assert_true(stage_row(&s, key).settled);
  stage_end(&s);
}

static void on_delete_nothing_moves_by_itself(void **state) {
  static const char on_delete[] = "\"updateStrategy\":{\"type\":\"OnDelete\"},";
  struct stage s;
  char name[320];
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 2);
  stage_apply(&s, agent(on_delete, "", "a"));
  stage_apply(&s, agent(on_delete, "", "b"));
  assert_int_equal(count_of(&s, "a"), 2);
  snprintf(name, sizeof name, "Pod/%s", on(&s, "a1")->key);
  stage_delete(&s, name, -1);
  assert_int_equal(count_of(&s, "b"), 1);
  assert_non_null(on(&s, "a1"));
  stage_end(&s);
}

/* One that has ended well is replaced at once, one that failed after a while, and longer each time. */
static void an_ended_daemon_is_replaced(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 2);
  stage_apply(&s, agent("", "", "a"));
  stage_exit(&s, on(&s, "a1"), 0);
  assert_true(stage_said(&s, "SucceededDaemonPod: Found succeeded daemon pod default/log-"));
  assert_int_equal(s.born, 3);
  assert_int_equal(stage_count(&s, ""), 2);
  stage_exit(&s, on(&s, "a1"), 1);
  stage_exit(&s, on(&s, "a2"), 1); /* while the first one is waited for */
  assert_int_equal(s.born, 3);
  stage_run(&s, 10000);
  assert_int_equal(s.born, 5);
  assert_int_equal(stage_count(&s, ""), 2);
  stage_end(&s);
}

/* Two of one agent, as after a record that was lost: the one that has a place stays, or the older one. */
static void an_agent_has_one_pod(void **state) {
  static const struct {
    const char *status;
    int seconds; /* that the second one is younger */
    bool first_stays;
  } rows[] = {
      {"{\"phase\":\"Pending\"}", 0, true},
      {"{\"phase\":\"Running\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"}]}", 5, true},
      {"{\"phase\":\"Running\",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"}]}", -5, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct stage s;
    char text[4000], first_key[300];
    struct k8sm_blob *blob = NULL;
    stage_begin(&s);
    stage_agents(&s, names, NULL, 1);
    stage_apply(&s, agent("", "", "a"));
    struct stage_pod *first = stage_pod(&s, ""), *second = &s.pods[STAGE_PODS - 1];
    memcpy(first_key, first->key, sizeof first_key);
    assert_int_equal(k8sm_pod_encode(first->pod, K8SM_FORMAT_JSON, NULL, &blob), K8SM_OK);
    snprintf(text, sizeof text, "%s", k8sm_blob_bytes(blob).ptr);
    k8sm_blob_unref(blob);
    memcpy(strstr(text, "\"name\":\"log-") + 12, "zzzzz", 5);
    const char *created = rows[i].seconds == 0  ? "2026-01-01T00:00:00Z"
                          : rows[i].seconds > 0 ? "2026-01-01T00:00:05Z"
                                                : "2025-12-31T23:59:55Z";
    memcpy(strstr(text, "\"creationTimestamp\":\"") + 21, created, 20);
    assert_int_equal(k8sm_pod_parse(text, strlen(text), NULL, &second->pod, NULL), K8SM_OK);
    snprintf(second->key, sizeof second->key, "default/log-zzzzz");
    snprintf(second->status, sizeof second->status, "%s", rows[i].status);
    second->born = ++s.born;
    stage_restart(&s);
    stage_agents(&s, names, NULL, 1);
    assert_int_equal(stage_count(&s, ""), 1);
    assert_int_equal(stage_count(&s, first_key), rows[i].first_stays);
    stage_end(&s);
  }
}

/* A surge at one agent after the other; what is not ready makes room at once. */
static void a_surge_has_its_budget(void **state) {
  static const char surge[] = "\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":0}},";
  struct k8sm_node nodes[3] = {
      {.size = sizeof nodes[0]}, {.size = sizeof nodes[0]}, {.size = sizeof nodes[0]}};
  const struct k8sm_node_taint taint = {"gpu", "", "NoSchedule"};
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, nodes, 3);
  stage_apply(&s, agent(surge, "", "a"));
  s.idle = true;
  stage_unready(&s, on(&s, "a3"));
  nodes[1].taints = &taint; /* no new one may come there */
  nodes[1].taint_count = 1;
  nodes[1].taint_size = sizeof taint;
  stage_agents(&s, names, nodes, 3);
  stage_apply(&s, agent(surge, "", "b"));
  assert_int_equal(count_of(&s, "b"), 2); /* a1 by the budget, a3 free of charge */
  assert_int_equal(count_of(&s, "a"), 2); /* a1 until the new one is ready, a2 for good */
  for (size_t k = 0; k < STAGE_PODS; k++) {
    if (s.pods[k].key[0] != '\0' && !s.pods[k].ready) stage_ready(&s, &s.pods[k]);
  }
  assert_int_equal(count_of(&s, "b"), 2);
  assert_int_equal(count_of(&s, "a"), 1);
  assert_string_equal(stage_get(&s, key, "status.numberMisscheduled"), "1");
  stage_end(&s);
}

/* A daemon that ended while its successor came beside it is not made a third time. */
static void an_ended_one_does_not_come_back_in_a_surge(void **state) {
  static const char surge[] = "\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":0}},";
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 1);
  stage_apply(&s, agent(surge, "", "a"));
  struct stage_pod *old = on(&s, "a1");
  s.idle = true;
  stage_apply(&s, agent(surge, "", "b"));
  assert_int_equal(s.born, 2);
  stage_exit(&s, old, 0);
  stage_run(&s, 10000);
  assert_int_equal(s.born, 2);
  assert_int_equal(count_of(&s, "b"), 1);
  assert_int_equal(stage_count(&s, ""), 1);
  stage_end(&s);
}

/* What can't be made is said, and tried again; what its pods would ask of a node is not known then. */
static void a_daemon_that_can_t_be_made_is_told(void **state) {
  struct stage s;
  char text[2300], name[240];
  (void)state;
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  stage_begin(&s);
  stage_agents(&s, names, NULL, 2);
  const char *from =
      agent("", "\"volumes\":[{\"name\":\"v\",\"nfs\":{\"server\":\"x\",\"path\":\"/\"}}],", "a");
  const char *at = strstr(from, "\"name\":\"log\"");
  snprintf(text, sizeof text, "%.*s\"name\":\"%s\"%s", (int)(at - from), from, name,
           at + strlen("\"name\":\"log\""));
  assert_int_equal(stage_apply(&s, text), K8SM_OK);
  s.reject = "no such volume";
  stage_run(&s, 5000);
  s.reject = NULL;
  stage_run(&s, 60000);
  assert_int_equal(stage_count(&s, ""), 2);
  stage_end(&s);
}

/* Read without defaults: no strategy moves nothing. */
static void without_defaults_it_is_plain(void **state) {
  struct stage s;
  (void)state;
  stage_begin(&s);
  stage_agents(&s, names, NULL, 2);
  assert_int_equal(stage_apply_bare(&s, agent("", "", "a")), K8SM_OK);
  assert_int_equal(stage_count(&s, "/log-"), 2);
  assert_int_equal(stage_apply_bare(&s, agent("", "", "b")), K8SM_OK);
  assert_int_equal(count_of(&s, "a"), 2);
  stage_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_on_each_agent),
      cmocka_unit_test(only_where_it_fits),
      cmocka_unit_test(a_rollout_takes_one_at_a_time),
      cmocka_unit_test(with_surge_the_new_one_comes_first),
      cmocka_unit_test(a_failed_daemon_is_made_anew_with_patience),
      cmocka_unit_test(an_agent_counts_once),
      cmocka_unit_test(only_where_it_is_told),
      cmocka_unit_test(taints_are_weighed),
      cmocka_unit_test(agents_that_are_none_are_refused),
      cmocka_unit_test(ready_is_not_yet_available),
      cmocka_unit_test(on_delete_nothing_moves_by_itself),
      cmocka_unit_test(an_ended_daemon_is_replaced),
      cmocka_unit_test(an_agent_has_one_pod),
      cmocka_unit_test(a_surge_has_its_budget),
      cmocka_unit_test(an_ended_one_does_not_come_back_in_a_surge),
      cmocka_unit_test(a_daemon_that_can_t_be_made_is_told),
      cmocka_unit_test(without_defaults_it_is_plain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
