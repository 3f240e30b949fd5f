/* SPDX-License-Identifier: Apache-2.0 */
/* ConfigMaps and Secrets that a process is no longer given: what runs goes on, and what would need them
 * waits. */
#include "base/slice.h"
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct k8sm_manifest_data data[] = {
    {{"ConfigMap", 9}, {"default", 7}, {"settings", 8}, {"mode", 4}, {"fast", 4}, 0, 0}};
static const char pod[] =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
    "spec: {containers: [{name: c, image: i, env: [{name: MODE, valueFrom: {configMapKeyRef: "
    "{name: settings, key: mode}}}]}]}\n";

/* The options of a process, which is given the data or not. */
static struct k8sm_driver_options data_options(bool given) {
  static const struct k8sm_demand_options with = {
      .size = sizeof with, .data = data, .data_count = 1, .data_size = sizeof data[0]};
  static const struct k8sm_demand_options without = {.size = sizeof without};
  struct k8sm_driver_options o = script_options();
  o.demand = given ? &with : &without;
  return o;
}

static void subscribe(struct script *s) {
  s->heartbeats = s->quiet_status = true;
  script_tick(s);
  script_subscribe(s, "F1");
  script_forget(s);
}

static void restart(struct script *s, bool given) {
  const struct k8sm_driver_options o = data_options(given);
  script_restart(s, &o);
  subscribe(s);
}

static void run(struct script *s) {
  const struct k8sm_driver_options o = data_options(true);
  script_open(s, &o);
  subscribe(s);
  assert_int_equal(script_pod(s, pod), K8SM_OK);
  script_offer(s, "O1", "A1");
  assert_non_null(strstr(s->accept, "\"fast\""));
  script_update(s, script_task(s, ""), "A1", "TASK_RUNNING", "pause-----------",
                ",\"source\":\"SOURCE_EXECUTOR\"");
  script_update(s, script_task(s, "c"), "A1", "TASK_RUNNING", "running---------",
                ",\"source\":\"SOURCE_EXECUTOR\"");
  s->accept[0] = '\0';
}

static struct k8sm_container_status container(const struct script *s) {
  struct k8sm_driver_pod row;
  struct k8sm_container_status c;
  assert_int_equal(k8sm_driver_pods(s->driver, 0, &row, sizeof row, 1), 1);
  assert_int_not_equal(k8sm_status_containers(row.status, 0, &c, sizeof c, 1), 0);
  return c;
}

static bool waits_for_it(const struct script *s) {
  struct k8sm_container_status c = container(s);
  return k8smi_eqs(c.reason, "CreateContainerConfigError") &&
         k8smi_eqs(c.message, "configmap \"settings\" not found");
}

/* The container that runs is watched, and started again when the ConfigMap is back, on the executor that is
 * there. */
static void a_restart_waits_for_its_data(void **state) {
  struct script s;
  (void)state;
  run(&s);
  restart(&s, false);
  assert_int_equal(container(&s).state, K8SM_STATE_RUNNING);
  script_update(&s, script_task(&s, "c"), "A1", "TASK_FAILED", "failed----------",
                ",\"source\":\"SOURCE_EXECUTOR\",\"reason\":\"REASON_COMMAND_EXECUTOR_FAILED\"");
  script_wait(&s, 60000);
  script_offer(&s, "O2", "A1");
  assert_true(s.accept[0] == '\0');
  assert_true(waits_for_it(&s));
  assert_true(script_has(&s, "event default/p: Failed: Error: configmap \"settings\" not found\n"));
  script_forget(&s);
  script_wait(&s, 600000);
  assert_false(script_has(&s, "CreateContainerConfigError")); /* once */
  restart(&s, true);
  script_wait(&s, 1000);
  script_offer(&s, "O3", "A1");
  assert_non_null(strstr(s.accept, "\"LAUNCH_GROUP\""));
  assert_non_null(strstr(s.accept, "\"fast\""));
  script_close(&s);
}

/* The same of a new attempt; a pod that waits can be deleted. */
static void an_attempt_waits_for_its_data(void **state) {
  struct script s;
  (void)state;
  run(&s);
  restart(&s, false);
  script_update(&s, script_task(&s, ""), "A1", "TASK_FAILED", "failed----------",
                ",\"source\":\"SOURCE_AGENT\",\"reason\":\"REASON_EXECUTOR_TERMINATED\"");
  script_update(&s, script_task(&s, "c"), "A1", "TASK_FAILED", "failed2---------",
                ",\"source\":\"SOURCE_AGENT\",\"reason\":\"REASON_EXECUTOR_TERMINATED\"");
  script_wait(&s, 60000);
  assert_true(script_has(&s, "event default/p: Attempt: number 1 begins\n"));
  script_offer(&s, "O2", "A2");
  assert_true(s.accept[0] == '\0');
  assert_true(waits_for_it(&s));
  assert_int_equal(script_delete(&s, "default/p", 0), K8SM_OK);
  script_wait(&s, 1000);
  assert_true(script_has(&s, "gone default/p\n"));
  script_close(&s);
}

/* A pod that is new is refused. */
static void a_new_pod_is_refused(void **state) {
  const struct k8sm_driver_options o = data_options(false);
  struct script s;
  (void)state;
  script_open(&s, &o);
  subscribe(&s);
  assert_int_equal(script_pod(&s, pod), K8SM_ERR_INVALID);
  script_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_restart_waits_for_its_data),
      cmocka_unit_test(an_attempt_waits_for_its_data),
      cmocka_unit_test(a_new_pod_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
