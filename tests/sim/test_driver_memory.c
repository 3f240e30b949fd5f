/* SPDX-License-Identifier: Apache-2.0 */
/* Memory runs out at every allocation of a pod's life, for the rest of the step: the pod runs and is deleted
 * all the same, and nothing leaks. */
#include "base/slice.h"
#include "local/state.h"
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char pod[] = "apiVersion: v1\nkind: Pod\n"
                          "metadata: {name: p, namespace: default, uid: u1}\n"
                          "spec:\n"
                          "  initContainers: [{name: first, image: busybox, command: [sleep, '1']}]\n"
                          "  containers:\n"
                          "  - {name: main, image: nginx, ports: [{containerPort: 80, hostPort: 31080}]}\n"
                          "  - {name: other, image: busybox, command: [sleep, '3']}\n";

/* With a role of its own, whose resources are reserved for the pod and released at the end. */
static void reserve(struct k8sm_driver_options *o) {
  static const char *const roles[] = {"dev"};
  static const struct k8sm_framework framework = {
      .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
  static const struct k8sm_demand_options demand = {.size = sizeof demand, .form = K8SM_FORM_RESERVED};
  o->framework = &framework;
  o->demand = &demand;
}

/* Returns how many allocations the whole life took. */
static size_t live(bool reserved, size_t fail_at) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  struct k8sm_driver_counters c = {.size = sizeof c};
  o.rest_ms = 700; /* it goes to rest in between */
  if (reserved) reserve(&o);
  world_open(&w, &o, 1);
  w.failing = true;
  w.memory.fail_at = fail_at == 0 ? 0 : w.memory.calls + fail_at;
  world_wait(&w, 10);
  assert_true(world_pod(&w, pod));
  if (!world_await(&w, "default/p", "Running", 200000)) {
    fail_msg("allocation %zu: %s\n%.*s", fail_at, world_shown(&w, "default/p"), (int)w.trace.len,
             w.trace.ptr);
  }
  world_wait(&w, 5000); /* a container ends and is restarted */
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  if (!world_await(&w, "default/p", NULL, 200000)) {
    fail_msg("allocation %zu: not gone\n%.*s", fail_at, (int)w.trace.len, w.trace.ptr);
  }
  assert_int_equal(k8sm_driver_count(w.driver, &c), K8SM_OK);
  assert_true(c.subscriptions <= 2);
  size_t calls = w.memory.calls;
  world_close(&w);
  return calls;
}

static void every_allocation_fails(void **state) {
  (void)state;
  size_t calls = live(false, 0);
  for (size_t n = 1; n <= calls; n++) live(false, n);
}

static void every_allocation_fails_with_reservations(void **state) {
  (void)state;
  size_t calls = live(true, 0);
  for (size_t n = 1; n <= calls; n += 2) live(true, n);
}

/* The record is lost, what runs is taken up, and memory runs out at every allocation of that. */
static size_t adopt(size_t fail_at) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, pod));
  assert_true(world_await(&w, "default/p", "Running", 20000));
  world_forget(&w);
  o.seed = 7;
  o.adopt_ms = 30000;
  world_restart(&w, &o);
  size_t before = w.memory.calls;
  w.failing = true;
  w.memory.fail_at = fail_at == 0 ? 0 : before + fail_at;
  assert_true(world_pod(&w, pod));
  if (!world_await(&w, "default/p", "Running", 100000))
    fail_msg("allocation %zu: %s", fail_at, world_shown(&w, "default/p"));
  assert_true(world_said(&w, "default/p: Adopted: attempt number 0"));
  world_wait(&w, 40000); /* until it is sure that nothing more runs of it */
  size_t calls = w.memory.calls - before;
  w.failing = false;
  w.memory.fail_at = 0;
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  assert_true(world_await(&w, "default/p", NULL, 200000));
  world_close(&w);
  return calls;
}

static void adopting_without_memory(void **state) {
  (void)state;
  size_t calls = adopt(0);
  for (size_t n = 1; n <= calls; n++) adopt(n);
}

/* A pod is deleted by force while its agent is away, and what is left of it is killed: memory runs out at
 * every allocation of that. */
static size_t force(size_t fail_at) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, pod));
  assert_true(world_await(&w, "default/p", "Running", 20000));
  k8smi_local_kill_agent(w.local, 0);
  world_wait(&w, 5000);
  size_t before = w.memory.calls;
  w.failing = true;
  w.memory.fail_at = fail_at == 0 ? 0 : before + fail_at;
  while (world_delete(&w, "u1", 0) == K8SM_ERR_NOMEM) world_wait(&w, 100);
  if (!world_await(&w, "default/p", NULL, 20000)) fail_msg("allocation %zu: not gone", fail_at);
  k8smi_local_restore_agent(w.local, 0);
  world_wait(&w, 60000);
  size_t calls = w.memory.calls - before;
  for (size_t i = 0; i < w.row_count; i++) {
    if (strcmp(w.rows[i].key, "pod/u1") == 0 && w.rows[i].bytes.len != 0)
      fail_msg("allocation %zu: %.*s", fail_at, (int)w.rows[i].bytes.len, w.rows[i].bytes.ptr);
  }
  assert_false(world_said(&w, "left alone"));
  world_close(&w);
  return calls;
}

static void forcing_without_memory(void **state) {
  (void)state;
  size_t calls = force(0);
  for (size_t n = 1; n <= calls; n++) force(n);
}

/* A tombstone is read. */
static void restoring_a_tombstone_without_memory(void **state) {
  static const char row[] =
      "{\"version\":8,\"number\":0,\"gone\":1,\"tasks\":[{\"id\":\"u1.0.c.0.a\",\"agent_id\":"
      "\"A1\"},{\"id\":\"u1.0..0.a\",\"agent_id\":\"A1\"}]}\n";
  (void)state;
  int result = K8SM_ERR_NOMEM;
  for (size_t n = 1; result == K8SM_ERR_NOMEM; n++) {
    struct world w;
    struct k8sm_driver_options o = world_options();
    world_open(&w, &o, 1);
    world_restart(&w, &o);
    w.failing = true;
    w.memory.fail_at = w.memory.calls + n;
    result = world_step(&w, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                                .key = K8SMI_S("pod/u1"),
                                                .bytes = {row, sizeof row - 1}});
    world_close(&w);
  }
  assert_int_equal(result, K8SM_OK);
}

/* The allocations from when a pod preempts another one until it runs. */
static size_t preempt(size_t fail_at) {
  static const char low[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: low, namespace: default, uid: u1}\n"
                            "spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 3}}}]}\n";
  static const char high[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: high, namespace: default, uid: u2}\n"
      "spec: {priority: 1, containers: [{name: c, image: i, resources: {requests: {cpu: 3}}}]}\n";
  struct world w;
  const struct k8sm_match_options match = {.size = sizeof match, .flags = K8SM_MATCH_PREEMPT};
  struct k8sm_driver_options o = world_options();
  o.match = &match;
  o.rest_ms = 1000;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, low));
  assert_true(world_await(&w, "default/low", "Running", 20000));
  world_wait(&w, 5000); /* the one that is to make room is at rest */
  size_t before = w.memory.calls;
  w.failing = true;
  w.memory.fail_at = fail_at == 0 ? 0 : before + fail_at;
  assert_true(world_pod(&w, high));
  if (!world_await(&w, "default/high", "Running", 400000)) {
    fail_msg("allocation %zu: %s\n%.*s", fail_at, world_shown(&w, "default/high"), (int)w.trace.len,
             w.trace.ptr);
  }
  assert_true(world_await(&w, "default/low", NULL, 20000));
  size_t calls = w.memory.calls - before;
  world_close(&w);
  return calls;
}

static void every_allocation_of_a_preemption_fails(void **state) {
  (void)state;
  size_t calls = preempt(0);
  for (size_t n = 1; n <= calls; n++) preempt(n);
}

/* An executor dies, the master fails over, an agent is away for long, then the driver leaves: which
 * allocations there are. */
static size_t trouble(size_t fail_at) {
  static const char one[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
                            "spec: {containers: [{name: c, image: i}]}\n";
  struct world w;
  struct k8sm_driver_options o = world_options();
  o.rest_ms = 1000;
  world_open(&w, &o, 2);
  world_wait(&w, 10);
  assert_true(world_pod(&w, one));
  assert_true(world_await(&w, "default/p", "Running", 20000));
  world_wait(&w, 5000);
  size_t before = w.memory.calls;
  w.failing = true;
  w.memory.fail_at = fail_at == 0 ? 0 : before + fail_at;
  k8smi_local_kill_executor(w.local, "u1.0.1");
  world_wait(&w, 1000);
  bool runs = world_await(&w, "default/p", "Running", 200000);
  k8smi_local_fail_over(w.local);
  world_wait(&w, 60000);
  size_t home = 0;
  const struct k8sm_status_summary at = world_summary(&w, "default/p");
  while (home == 0 && !k8smi_eqs(at.agent_id, w.local->agents[home].id)) home++;
  k8smi_local_kill_agent(w.local, home);
  world_wait(&w, 500000);
  k8smi_local_restore_agent(w.local, home);
  runs = runs && world_await(&w, "default/p", "Running", 400000);
  if (!runs)
    fail_msg("allocation %zu: %s\n%.*s", fail_at, world_shown(&w, "default/p"), (int)w.trace.len,
             w.trace.ptr);
  const struct k8sm_input stop = {.type = K8SM_INPUT_STOP, .flags = K8SM_STOP_TEARDOWN};
  if (world_step(&w, stop) == K8SM_ERR_NOMEM) assert_int_equal(world_step(&w, stop), K8SM_OK);
  for (uint64_t due; (due = k8sm_driver_deadline(w.driver)) != UINT64_MAX;) { /* nobody answers any more */
    if (due > w.now) w.now = due;
    world_step(&w, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  }
  size_t calls = w.memory.calls - before;
  world_close(&w);
  return calls;
}

static void trouble_without_memory(void **state) {
  (void)state;
  size_t calls = trouble(0);
  for (size_t n = 1; n <= calls; n++) trouble(n);
}

/* The row is shown with too little memory: not at all, and then as it is. */
static void show_without_memory(struct k8sm_driver *driver, struct failing *f) {
  struct k8sm_driver_pod row;
  size_t rows = 0;
  for (size_t n = 1; rows == 0; n++) {
    f->fail_at = f->calls + n;
    rows = k8sm_driver_pods(driver, 0, &row, sizeof row, 1);
  }
  f->fail_at = 0;
  assert_int_equal(rows, 1);
}

/* Rows of a record, read with too little memory, leave nothing behind and can be given again. */
static void restore_without_memory(const struct world *w, struct k8sm_driver_options *o) {
  bool done = false;
  for (size_t n = 1; !done; n++) {
    struct k8sm_driver *driver;
    struct k8sm_effects *effects;
    struct failing f;
    failing_init(&f, 0);
    o->allocator = &f.allocator;
    assert_int_equal(k8sm_driver_new(o, &driver, NULL), K8SM_OK);
    assert_int_equal(k8sm_effects_new(&f.allocator, &effects), K8SM_OK);
    f.fail_at = f.calls + n;
    done = true;
    for (size_t i = 0; i < w->row_count; i++) {
      const struct world_row *row = &w->rows[i];
      const struct k8sm_input in = {.size = sizeof in,
                                    .type = K8SM_INPUT_RESTORE,
                                    .key = {row->key, strlen(row->key)},
                                    .bytes = {row->bytes.ptr, row->bytes.len}};
      if (k8sm_driver_step(driver, &in, effects, NULL) == K8SM_OK) continue;
      f.fail_at = 0;
      done = false;
      assert_int_equal(k8sm_driver_step(driver, &in, effects, NULL), K8SM_OK);
    }
    assert_int_equal(k8sm_driver_pods(driver, 0, NULL, sizeof(struct k8sm_driver_pod), 0), 1);
    if (done) show_without_memory(driver, &f);
    k8sm_driver_free(driver);
    k8sm_effects_free(effects);
    assert_int_equal(f.held, 0);
  }
}

static void restoring_without_memory(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, pod));
  assert_true(world_await(&w, "default/p", "Running", 20000));
  restore_without_memory(&w, &o);
  world_close(&w);
}

/* Its next attempt waits for a place, and leaves out what is done. */
static void restoring_the_rest_of_a_pod_without_memory(void **state) {
  const struct k8sm_status_options status = {.size = sizeof status, .unreachable_seconds = 20};
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  o.status = &status;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default, uid: u1}\n"
                            "spec:\n  restartPolicy: OnFailure\n  containers:\n"
                            "  - {name: a, image: busybox, command: [sleep, '1']}\n"
                            "  - {name: b, image: nginx}\n"));
  assert_true(world_await(&w, "default/p", "NotReady", 20000));
  k8smi_local_kill_agent(w.local, 0);
  world_wait(&w, 200000);
  assert_true(world_said(&w, "default/p: Attempt: number 1 begins elsewhere"));
  restore_without_memory(&w, &o);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_fails),
      cmocka_unit_test(every_allocation_fails_with_reservations),
      cmocka_unit_test(every_allocation_of_a_preemption_fails),
      cmocka_unit_test(adopting_without_memory),
      cmocka_unit_test(forcing_without_memory),
      cmocka_unit_test(restoring_a_tombstone_without_memory),
      cmocka_unit_test(trouble_without_memory),
      cmocka_unit_test(restoring_without_memory),
      cmocka_unit_test(restoring_the_rest_of_a_pod_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
