/* SPDX-License-Identifier: Apache-2.0 */
/* Pods at rest: what they take, and that nothing of them is lost. */
#include "driver/rest.h"
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char plain[] = "apiVersion: v1\nkind: Pod\n"
                            "metadata: {name: p, namespace: default, uid: u1}\n"
                            "spec:\n"
                            "  initContainers: [{name: first, image: busybox, command: [sleep, '1']}]\n"
                            "  containers:\n"
                            "  - {name: main, image: nginx, ports: [{containerPort: 80, hostPort: 31080}]}\n"
                            "  - {name: other, image: busybox, command: [sleep, '90']}\n";

static const struct drv_pod *pod_of(const struct world *w) {
  return w->driver->pods.slots[0];
}

static bool rests(const struct drv_pod *pod) {
  return pod->rest != NULL && pod->status == NULL && pod->demand == NULL;
}

static void open_running(struct world *w, uint64_t rest_ms) {
  struct k8sm_driver_options o = world_options();
  o.rest_ms = rest_ms;
  world_open(w, &o, 1);
  world_wait(w, 10);
  assert_true(world_pod(w, plain));
  assert_true(world_await(w, "default/p", "Running", 20000));
}

static struct k8sm_blob *snapshot(struct world *w) {
  struct k8sm_effect e;
  struct k8sm_effects *effects;
  struct k8smi_buf all;
  struct k8sm_blob *ret;
  k8smi_buf_init(&all, NULL);
  assert_int_equal(k8sm_effects_new(NULL, &effects), K8SM_OK);
  assert_int_equal(k8sm_driver_snapshot(w->driver, effects), K8SM_OK);
  for (size_t i = 0; k8sm_effects_rows(effects, i, &e, sizeof e, 1) != 0; i++) {
    k8smi_buf_slice(&all, e.key);
    k8smi_buf_slice(&all, e.bytes);
  }
  k8sm_effects_free(effects);
  assert_int_equal(k8smi_buf_to_blob(&all, &ret), K8SM_OK);
  return ret;
}

static struct k8sm_blob *shown(struct world *w, struct k8sm_driver_pod *row) {
  struct k8sm_blob *json;
  assert_int_equal(k8sm_driver_pods(w->driver, 0, row, sizeof *row, 1), 1);
  assert_int_equal(k8sm_status_encode(row->status, K8SM_FORMAT_JSON, NULL, &json), K8SM_OK);
  return json;
}

static void same_blobs(struct k8sm_blob *a, struct k8sm_blob *b) {
  assert_true(k8sm_blob_bytes(a).len > 100);
  assert_true(k8smi_eq(k8sm_blob_bytes(a), k8sm_blob_bytes(b)));
  k8sm_blob_unref(a);
  k8sm_blob_unref(b);
}

/* ---- What it takes ---- */

enum { REPLICAS = 128, MORE = 256 };

static void add_pods(struct world *w, int first, int n, const char *format) {
  const struct k8sm_parse_options o = {.size = sizeof o, .allocator = &w->memory.allocator};
  char text[2048];
  for (int i = first; i < first + n; i++) {
    struct k8sm_pod *pod;
    int len = snprintf(text, sizeof text, format, i, i, i, i, i, i, i);
    assert_int_equal(k8sm_pod_parse(text, (size_t)len, &o, &pod, NULL), K8SM_OK);
    assert_int_equal(world_step(w, (struct k8sm_input){.type = K8SM_INPUT_POD, .pod = pod}), K8SM_OK);
    k8sm_pod_unref(pod);
  }
  world_wait(w, 300000);
}

/* Bytes of the driver for each pod, with all that it has of it. Numbers of both sizes fill the tables alike.
 */
static size_t bytes_of_a_pod(const char *format) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  world_open(&w, &o, 8);
  world_wait(&w, 10);
  add_pods(&w, 0, REPLICAS, format);
  size_t before = w.memory.held;
  add_pods(&w, REPLICAS, MORE, format);
  size_t held = w.memory.held - before;
  for (size_t i = 0; i < w.driver->pods.count; i++) {
    assert_true(w.driver->pods.slots[i]->rest != NULL);
    assert_true(w.driver->pods.slots[i]->tasks != NULL); /* it runs */
  }
  world_close(&w);
  return held / MORE;
}

static void a_replica_takes_little(void **state) {
  static const char format[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-7d4b9c6f5-%05d\","
      "\"namespace\":\"default\",\"uid\":\"0f6b8a52-9d1c-4e57-8a3e-%012x\",\"labels\":{\"app\":\"web\","
      "\"pod-template-hash\":\"7d4b9c6f5\"}},\"spec\":{\"containers\":[{\"name\":\"nginx\","
      "\"image\":\"registry.example.org/library/nginx:1.25.3\",\"ports\":[{\"name\":\"http\","
      "\"containerPort\":80}],\"env\":[{\"name\":\"MODE\",\"value\":\"production\"}],\"resources\":{"
      "\"requests\":{\"cpu\":\"10m\",\"memory\":\"16Mi\"},\"limits\":{\"memory\":\"256Mi\"}},"
      "\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":80}}}]}}";
  (void)state;
  size_t bytes = bytes_of_a_pod(format);
  print_message("%zu bytes\n", bytes);
  assert_in_range(bytes, 1000, 2560);
}

static void a_pod_like_no_other_takes_more(void **state) {
  static const char format[] =
      "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-%05d-7d4b9c6f5\","
      "\"namespace\":\"default\",\"uid\":\"0f6b8a52-9d1c-4e57-8a3e-%012x\",\"labels\":{\"app\":\"web-%05d\","
      "\"pod-template-hash\":\"7d4b9c6f5\"}},\"spec\":{\"containers\":[{\"name\":\"nginx-%05d\","
      "\"image\":\"registry.example.org/library/nginx-%05d:1.25.3\",\"ports\":[{\"name\":\"http\","
      "\"containerPort\":80}],\"env\":[{\"name\":\"MODE\",\"value\":\"production-%05d\"}],\"resources\":{"
      "\"requests\":{\"cpu\":\"10m\",\"memory\":\"16Mi\"},\"limits\":{\"memory\":\"256Mi\"}},"
      "\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready-%05d\",\"port\":80}}}]}}";
  (void)state;
  size_t bytes = bytes_of_a_pod(format);
  print_message("%zu bytes\n", bytes);
  assert_in_range(bytes, 1000, 3700);
}

/* ---- Nothing is lost ---- */

static void rest_shows_in_nothing(void **state) {
  struct world w;
  struct k8sm_driver_pod row;
  (void)state;
  open_running(&w, 5000);
  world_wait(&w, 2000);
  assert_null(pod_of(&w)->rest);
  struct k8sm_blob *before = snapshot(&w), *status = shown(&w, &row);
  world_wait(&w, 20000);
  assert_true(rests(pod_of(&w)));
  same_blobs(before, snapshot(&w));
  assert_true(rests(pod_of(&w)));
  same_blobs(status, shown(&w, &row));
  assert_false(rests(pod_of(&w))); /* it is shown … */
  world_step(&w, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  assert_true(rests(pod_of(&w))); /* … until the next step */
  world_close(&w);
}

/* Who lists pods a few at a time has but those few in memory; and what is held stays. */
static void shown_until_the_next(void **state) {
  struct world w;
  struct k8sm_driver_pod row, rows[3];
  struct k8sm_driver_options o = world_options();
  char text[256];
  (void)state;
  o.rest_ms = 1000;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  for (int i = 0; i < 3; i++) {
    snprintf(text, sizeof text,
             "{apiVersion: v1, kind: Pod, metadata: {name: p%d, namespace: default, uid: u%d}, "
             "spec: {containers: [{name: c, image: i}]}}",
             i, i);
    assert_true(world_pod(&w, text));
  }
  world_wait(&w, 60000);
  struct drv_pod **slots = w.driver->pods.slots;
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(k8sm_driver_pods(w.driver, i, &row, sizeof row, 1), 3 - i);
    assert_int_equal(row.pod == slots[i]->pod, 1);
    for (size_t k = 0; k < 3; k++) assert_int_equal(rests(slots[k]), k != i);
  }
  struct k8sm_status *held = k8sm_status_ref((struct k8sm_status *)(uintptr_t)row.status);
  assert_int_equal(k8sm_driver_pods(w.driver, 1, rows, sizeof rows[0], 3), 2);
  assert_true(rows[0].pod == slots[1]->pod && rows[1].pod == slots[2]->pod && rests(slots[0]));
  world_step(&w, (struct k8sm_input){.type = K8SM_INPUT_TICK});
  struct k8sm_status_summary sum = {.size = sizeof sum};
  assert_int_equal(k8sm_status_summarize(held, &sum), K8SM_OK);
  assert_string_equal(sum.phase.ptr, "Running");
  k8sm_status_unref(held);
  world_close(&w);
}

static size_t count_rows(const struct world *w) {
  size_t n = 0;
  for (size_t i = 0; i < w->rows[1].bytes.len; i++) n += w->rows[1].bytes.ptr[i] == '\n';
  return n;
}

/* What comes to a pod at rest is appended to its record. */
static void its_record_goes_on(void **state) {
  struct world w;
  (void)state;
  open_running(&w, 5000);
  world_wait(&w, 40000);
  assert_true(rests(pod_of(&w)));
  size_t rows = count_rows(&w);
  assert_int_equal(strcmp(w.rows[1].key, "pod/u1"), 0);
  world_wait(&w, 55000); /* `other` ends and is restarted */
  assert_true(count_rows(&w) > rows);
  assert_true(world_said(&w, "default/p: Started: Started container other"));
  world_wait(&w, 10000);
  assert_true(rests(pod_of(&w)));
  assert_int_equal(world_delete(&w, "u1", 1), K8SM_OK);
  assert_true(world_await(&w, "default/p", NULL, 60000));
  world_close(&w);
}

/* A row that the host could not keep after all is found out while the pod rests: the next one is whole. */
static void a_refused_row_is_forgotten(void **state) {
  struct world w;
  (void)state;
  open_running(&w, 5000);
  world_wait(&w, 20000);
  struct drv_pod *pod = w.driver->pods.slots[0];
  assert_true(rests(pod));
  k8smi_drv_row_forget(pod);
  assert_int_equal(k8smi_drv_pod_wake(w.driver, pod), K8SM_OK);
  assert_null(pod->kept);
  assert_non_null(pod->status);
  world_close(&w);
}

/* What others hold is not packed: nothing would be gained. */
static void a_pod_that_is_held_stays(void **state) {
  struct world w;
  struct k8sm_driver_pod row;
  (void)state;
  open_running(&w, 5000);
  assert_int_equal(k8sm_driver_pods(w.driver, 0, &row, sizeof row, 1), 1);
  struct k8sm_pod *held = k8sm_pod_ref((struct k8sm_pod *)(uintptr_t)row.pod);
  world_wait(&w, 20000);
  assert_true(rests(pod_of(&w)));
  assert_ptr_equal(pod_of(&w)->pod, held);
  assert_int_equal(k8sm_driver_pods(w.driver, 0, &row, sizeof row, 1), 1);
  assert_ptr_equal(row.pod, held);
  k8sm_pod_unref(held);
  world_close(&w);
}

static void never_where_it_is_not_wanted(void **state) {
  struct world w;
  (void)state;
  open_running(&w, UINT64_MAX);
  world_wait(&w, 80000);
  assert_null(pod_of(&w)->rest);
  world_close(&w);
}

/* To show one takes memory: without it there is nothing to see, and nothing changes. */
static void showing_without_memory(void **state) {
  struct world w;
  struct k8sm_driver_pod row;
  size_t left = 0;
  (void)state;
  open_running(&w, 5000);
  world_wait(&w, 20000);
  const size_t held = w.memory.held;
  for (size_t n = 1; left == 0; n++) {
    assert_true(rests(pod_of(&w)));
    assert_int_equal(w.memory.held, held);
    w.memory.fail_at = w.memory.calls + n;
    left = k8sm_driver_pods(w.driver, 0, &row, sizeof row, 1);
    w.memory.fail_at = 0;
  }
  assert_int_equal(left, 1);
  assert_false(rests(pod_of(&w)));
  world_close(&w);
}

/* Nor is anything lost where the block of one that goes to rest finds none. */
static void resting_without_memory(void **state) {
  struct world w;
  (void)state;
  open_running(&w, 5000);
  for (size_t n = 1; n < 20; n++) {
    w.memory.fail_at = w.memory.calls + n;
    world_wait(&w, 100);
    assert_true(pod_of(&w)->status != NULL || rests(pod_of(&w)));
  }
  w.memory.fail_at = 0;
  world_wait(&w, 20000);
  assert_true(rests(pod_of(&w)));
  world_close(&w);
}

static uint64_t count_updates(const struct world *w) {
  struct k8sm_driver_counters c = {.size = sizeof c};
  assert_int_equal(k8sm_driver_count(w->driver, &c), K8SM_OK);
  return c.updates;
}

/* Every quarter of an hour all tasks are asked for: what is known already wakes nobody. */
static void copies_do_not_wake(void **state) {
  static const char steady[] =
      "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default, uid: u1}, "
      "spec: {containers: [{name: c, image: nginx}]}}";
  enum { RECONCILED_MS = 16 * 60 * 1000 };
  struct world w;
  struct k8sm_driver_options o = world_options();
  (void)state;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  assert_true(world_pod(&w, steady));
  world_wait(&w, RECONCILED_MS);
  const struct drv_pod *pod = pod_of(&w);
  assert_true(rests(pod) && pod->tasks->copy != 0);
  struct k8sm_blob *before = snapshot(&w);
  const struct drv_rest *block = pod->rest;
  const uint64_t updates = count_updates(&w);
  for (uint64_t end = w.now + RECONCILED_MS; w.now < end;) {
    world_wait(&w, 1000);
    assert_ptr_equal(pod->rest, block);
    assert_true(rests(pod));
  }
  assert_in_range(count_updates(&w), updates + 2, updates + 4); /* a copy of each task */
  same_blobs(before, snapshot(&w));
  world_close(&w);
}

/* A claim that is deleted concerns the pods that name it, and no others. */
static void a_claim_wakes_those_that_name_it(void **state) {
  static const char *const roles[] = {"dev"};
  static const struct k8sm_framework framework = {
      .size = sizeof framework, .principal = "p", .roles = roles, .role_count = 1};
  static const struct k8sm_manifest_data data = {
      {"PersistentVolumeClaim", 21}, {"default", 7}, {"data-*", 6}, {"storage", 7}, {"64Mi", 4}, 0, 0};
  static const struct k8sm_demand_options demand = {
      .size = sizeof demand, .data = &data, .data_count = 1, .data_size = sizeof data};
  static const char format[] =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: db-%d, namespace: default, uid: u%d}\nspec:\n"
      "  containers: [{name: c, image: i, volumeMounts: [{name: v, mountPath: /v}]}]\n"
      "  volumes: [{name: v, persistentVolumeClaim: {claimName: data-%d}}]\n";
  enum { SETS = 3, DELETED = 1 };
  struct world w;
  struct k8sm_driver_options o = world_options();
  const struct drv_rest *blocks[SETS];
  (void)state;
  o.framework = &framework;
  o.demand = &demand;
  world_open(&w, &o, 1);
  world_wait(&w, 10);
  add_pods(&w, 0, SETS, format);
  for (size_t i = 0; i < SETS; i++) assert_non_null(blocks[i] = w.driver->pods.slots[i]->rest);
  const struct k8sm_input input = {.type = K8SM_INPUT_DELETE_CLAIM, .key = K8SMI_S("default/data-1")};
  assert_int_equal(world_step(&w, input), K8SM_OK);
  world_wait(&w, 10);
  assert_true(world_said(&w, "Claim: default/data-1 goes when no pod has it any more"));
  for (size_t i = 0; i < SETS; i++) {
    const struct drv_pod *pod = w.driver->pods.slots[i];
    assert_true(i == DELETED ? pod->rest == NULL : pod->rest == blocks[i]);
  }
  world_close(&w);
}

/* After a start pods rest again as soon as they were looked at and asked for: all of them at once would take
 * much. */
static void restored_pods_rest_at_once(void **state) {
  struct world w;
  struct k8sm_driver_options o = world_options();
  struct k8sm_driver_pod row;
  (void)state;
  open_running(&w, 0);
  world_wait(&w, 2000);
  struct k8sm_blob *status = shown(&w, &row);
  o.seed++;
  world_restart(&w, &o);
  assert_true(rests(pod_of(&w)));
  world_wait(&w, 2000);
  assert_true(rests(pod_of(&w)));
  assert_true(pod_of(&w)->changes > 0);
  same_blobs(status, shown(&w, &row));
  o.rest_ms = UINT64_MAX;
  o.seed++;
  world_restart(&w, &o);
  assert_null(pod_of(&w)->rest);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_replica_takes_little),     cmocka_unit_test(a_pod_like_no_other_takes_more),
      cmocka_unit_test(rest_shows_in_nothing),      cmocka_unit_test(shown_until_the_next),
      cmocka_unit_test(its_record_goes_on),         cmocka_unit_test(a_refused_row_is_forgotten),
      cmocka_unit_test(a_pod_that_is_held_stays),   cmocka_unit_test(never_where_it_is_not_wanted),
      cmocka_unit_test(showing_without_memory),     cmocka_unit_test(resting_without_memory),
      cmocka_unit_test(copies_do_not_wake),         cmocka_unit_test(a_claim_wakes_those_that_name_it),
      cmocka_unit_test(restored_pods_rest_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
