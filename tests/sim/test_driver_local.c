/* SPDX-License-Identifier: Apache-2.0 */
/* Pods at the embedded Mesos, from end to end. */
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char nginx[] =
    "apiVersion: v1\nkind: Pod\n"
    "metadata: {name: nginx, namespace: default, uid: u1}\n"
    "spec: {containers: [{name: nginx, image: nginx, ports: [{containerPort: 80}]}]}\n";
static const char failing[] =
    "apiVersion: v1\nkind: Pod\n"
    "metadata: {name: failing, namespace: default, uid: u2}\n"
    "spec: {containers: [{name: c, image: busybox, command: [sh, -c, sleep 2; exit 3]}]}\n";
static const char staged[] = "apiVersion: v1\nkind: Pod\n"
                             "metadata: {name: staged, namespace: default, uid: u3}\n"
                             "spec:\n"
                             "  restartPolicy: Never\n"
                             "  initContainers: [{name: first, image: busybox, command: [sleep, '1']}]\n"
                             "  containers: [{name: main, image: busybox, command: [sleep, '5']}]\n";

static void world_print(const struct world *w) {
  fprintf(stderr, "%.*s", (int)w->trace.len, w->trace.ptr == NULL ? "" : w->trace.ptr);
}

static void await(struct world *w, const char *key, const char *shown, uint64_t limit_ms) {
  if (world_await(w, key, shown, limit_ms)) return;
  world_print(w);
  fail_msg("%s is '%s', expected '%s'", key, world_shown(w, key), shown == NULL ? "" : shown);
}

static void open_running(struct world *w, size_t agents) {
  struct k8sm_driver_options o = world_options();
  world_open(w, &o, agents);
  world_wait(w, 10);
  assert_true(world_pod(w, nginx));
  await(w, "default/nginx", "Running", 10000);
}

static void nginx_runs_and_is_deleted(void **state) {
  static const uint32_t formats[] = {K8SM_FORMAT_JSON, K8SM_FORMAT_PROTOBUF};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct world w;
    struct k8sm_driver_options o = world_options();
    struct k8sm_driver_counters c = {.size = sizeof c};
    o.format = formats[i];
    world_open(&w, &o, 2);
    world_wait(&w, 10);
    assert_true(world_pod(&w, nginx));
    await(&w, "default/nginx", "Running", 10000);
    assert_int_equal(world_summary(&w, "default/nginx").ready, 1);
    world_wait(&w, 300000); /* nothing is left unacknowledged, nothing is sent again and again */
    assert_int_equal(k8sm_driver_count(w.driver, &c), K8SM_OK);
    assert_int_equal(c.acknowledged, c.updates);
    assert_int_equal(c.subscriptions, 1);
    assert_true(w.requests < 30);
    assert_int_equal(world_delete(&w, "default/nginx", 5), K8SM_OK);
    await(&w, "default/nginx", NULL, 20000);
    assert_int_equal(w.bad_answers, 0);
    world_close(&w);
  }
}

static void a_failing_container_restarts_with_back_off(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, failing));
  await(&w, "default/failing", "CrashLoopBackOff", 120000);
  uint32_t restarts = world_summary(&w, "default/failing").restarts;
  world_wait(&w, 300000);
  assert_true(world_summary(&w, "default/failing").restarts > restarts);
  assert_true(world_summary(&w, "default/failing").restarts < 10);
  assert_false(world_said(&w, "Attempt")); /* all of it on the same executor */
  assert_int_equal(world_delete(&w, "u2", 0), K8SM_OK);
  await(&w, "default/failing", NULL, 20000);
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

static void stages_run_to_their_end(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, staged));
  await(&w, "default/staged", "Completed", 60000);
  assert_string_equal(world_summary(&w, "default/staged").phase.ptr, "Succeeded");
  world_wait(&w, 60000);
  assert_int_equal(world_summary(&w, "default/staged").finished, 1);
  world_close(&w);
}

static void an_agent_comes_back(void **state) {
  struct world w;
  (void)state;
  open_running(&w, 1);
  k8smi_local_kill_agent(w.local, 0);
  world_wait(&w, 120000);
  k8smi_local_restore_agent(w.local, 0);
  world_wait(&w, 30000);
  await(&w, "default/nginx", "Running", 60000);
  assert_false(world_said(&w, "Attempt"));
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  await(&w, "default/nginx", NULL, 60000);
  world_close(&w);
}

static void an_executor_dies(void **state) {
  struct world w;
  (void)state;
  open_running(&w, 1);
  k8smi_local_kill_executor(w.local, "u1.0.1");
  world_wait(&w, 1000);
  await(&w, "default/nginx", "Running", 60000);
  assert_true(world_said(&w, "default/nginx: Attempt: number 1 begins"));
  world_close(&w);
}

static void the_master_fails_over(void **state) {
  struct world w;
  struct k8sm_driver_counters c = {.size = sizeof c};
  (void)state;
  open_running(&w, 2);
  k8smi_local_fail_over(w.local);
  world_wait(&w, 120000);
  assert_int_equal(k8sm_driver_count(w.driver, &c), K8SM_OK);
  assert_int_equal(c.subscriptions, 2);
  await(&w, "default/nginx", "Running", 60000);
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  await(&w, "default/nginx", NULL, 60000);
  world_close(&w);
}

static void the_host_crashes(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  open_running(&w, 2);
  o.seed = 4;
  world_restart(&w, &o);
  assert_string_equal(world_shown(&w, "default/nginx"), "Running");
  world_wait(&w, 60000);
  assert_string_equal(world_shown(&w, "default/nginx"), "Running");
  assert_false(world_said(&w, "Attempt"));
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  await(&w, "default/nginx", NULL, 60000);
  world_close(&w);
}

static void many_pods(void **state) {
  enum { PODS = 12 };
  struct world w;
  struct k8sm_driver_options o = world_options();
  char yaml[512], key[64];
  (void)state;
  world_open(&w, &o, 3);
  world_wait(&w, 10);
  for (int i = 0; i < PODS; i++) {
    snprintf(yaml, sizeof yaml,
             "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d, namespace: default, uid: u%d}\n"
             "spec: {containers: [{name: a, image: i}, {name: b, image: i}]}\n",
             i, i);
    assert_true(world_pod(&w, yaml));
  }
  for (int i = 0; i < PODS; i++) {
    snprintf(key, sizeof key, "default/p%d", i);
    await(&w, key, "Running", 60000);
  }
  for (int i = 0; i < PODS; i++) {
    snprintf(key, sizeof key, "default/p%d", i);
    assert_int_equal(world_delete(&w, key, 1), K8SM_OK);
  }
  for (int i = 0; i < PODS; i++) {
    snprintf(key, sizeof key, "default/p%d", i);
    await(&w, key, NULL, 60000);
  }
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

/* A pod that waits for one agent leaves the others' offers to others, and a pod that can go anywhere gets
 * them. */
static void constraints_at_the_master(void **state) {
  static const char waiting[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: waiting, namespace: default, uid: u7}\n"
      "spec: {nodeName: agent2.local, containers: [{name: c, image: i, resources: {requests: {cpu: 64}}}]}\n";
  struct world w;
  struct k8sm_driver_options o = world_options();
  struct k8sm_driver_counters before = {.size = sizeof before}, after = {.size = sizeof after};
  (void)state;
  world_open(&w, &o, 4);
  world_wait(&w, 10);
  assert_true(world_pod(&w, waiting));
  world_wait(&w, 20000);
  assert_int_equal(k8sm_driver_count(w.driver, &before), K8SM_OK);
  world_wait(&w, 60000);
  assert_int_equal(k8sm_driver_count(w.driver, &after), K8SM_OK);
  assert_true(after.offers_received - before.offers_received <=
              12); /* of the one agent, refused for 5 s each */
  assert_true(after.offers_received > before.offers_received);
  assert_int_equal(after.subscriptions, 1);
  assert_true(world_pod(&w, nginx));
  await(&w, "default/nginx", "Running", 5000);
  assert_int_equal(w.bad_answers, 0);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nginx_runs_and_is_deleted),
      cmocka_unit_test(constraints_at_the_master),
      cmocka_unit_test(a_failing_container_restarts_with_back_off),
      cmocka_unit_test(stages_run_to_their_end),
      cmocka_unit_test(an_agent_comes_back),
      cmocka_unit_test(an_executor_dies),
      cmocka_unit_test(the_master_fails_over),
      cmocka_unit_test(the_host_crashes),
      cmocka_unit_test(many_pods),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
