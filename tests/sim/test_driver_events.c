/* SPDX-License-Identifier: Apache-2.0 */
/* Events that lack something, or hold what they should not: the driver goes on, and says what was wrong. */
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char nginx[] = "apiVersion: v1\nkind: Pod\n"
                            "metadata: {name: nginx, namespace: default, uid: u1}\n"
                            "spec: {containers: [{name: nginx, image: nginx}]}\n";

static void open_running(struct script *s) {
  struct k8sm_driver_options o = script_options();
  script_open(s, &o);
  script_tick(s);
  script_subscribe(s, "F1");
  script_pod(s, nginx);
  script_offer(s, "O1", "A1");
  s->quiet_status = true;
  script_update(s, script_task(s, ""), "A1", "TASK_RUNNING", NULL, "");
  script_update(s, script_task(s, "nginx"), "A1", "TASK_RUNNING", NULL, "");
  script_wait(s, 6000);
  script_forget(s);
}

/* What breaks the protocol ends the subscription, and another one follows. */
static void hollow_events(void **state) {
  static const char *const events[] = {
      "{\"type\":\"SUBSCRIBED\"}",
      "{\"type\":\"OFFERS\"}",
      "{\"type\":\"RESCIND\"}",
      "{\"type\":\"UPDATE\"}",
      "{\"type\":\"FAILURE\"}",
      "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"F1\"}}}",
      "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"state\":\"TASK_RUNNING\"}}}",
      "{\"type\":",
  };
  (void)state;
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    struct script s;
    open_running(&s);
    script_event(&s, events[i]);
    if (!script_has(&s, "> cancel the subscription")) fail_msg("%s: %s", events[i], s.trace);
    script_wait(&s, 20000);
    assert_true(script_has(&s, "> SUBSCRIBE"));
    script_subscribe(&s, "F1");
    assert_true(script_has(&s, "> RECONCILE pause.0 nginx.0"));
    script_close(&s);
  }
}

/* Those of nobody here, and of types that are not known, go to the host. */
static void events_for_others(void **state) {
  static const char *const events[] = {
      "{}",
      "{\"type\":\"MESSAGE\",\"message\":{\"agent_id\":{\"value\":\"A\"},\"executor_id\":{\"value\":\"E\"},"
      "\"data\":\"\"}}",
      "{\"type\":\"FAILURE\",\"failure\":{}}",
      "{\"type\":\"FAILURE\",\"failure\":{\"executor_id\":{\"value\":\"theirs\"}}}",
      "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"theirs\"},\"state\":\"TASK_"
      "RUNNING\"}}}",
  };
  struct script s;
  (void)state;
  open_running(&s);
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    script_event(&s, events[i]);
    script_expect(&s, "foreign\n");
  }
  script_event(&s, "{\"type\":\"HEARTBEAT\"}");
  script_event(&s,
               "{\"type\":\"FAILURE\",\"failure\":{\"executor_id\":{\"value\":\"other.0.1\"}}}"); /* no pod */
  script_event(
      &s,
      "{\"type\":\"FAILURE\",\"failure\":{\"executor_id\":{\"value\":\"u1.7.1\"}}}"); /* another attempt */
  script_expect(&s, "");
  script_close(&s);
}

/* An update without an agent or a uuid wants no acknowledgement; one of a pod that is not known is answered,
 * so that it is not sent for ever. */
static void odd_updates(void **state) {
  struct script s;
  char event[512];
  (void)state;
  open_running(&s);
  snprintf(event, sizeof event,
           "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"%s\"},\"state\":\"TASK_"
           "RUNNING\","
           "\"uuid\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}}}",
           script_task(&s, "nginx"));
  script_event(&s, event); /* no agent, and nothing new */
  script_expect(&s, "");
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_RUNNING", NULL, ",\"uuid\":\"\"");
  script_expect(&s, "");
  script_update(&s, "gone.0.c.0.n1", "A1", "TASK_FINISHED", "finished--------", "");
  script_expect(&s, "> ACKNOWLEDGE c.0\n");
  script_update(&s, "gone.0.c.0.n1", "A1", "TASK_UNKNOWN", NULL, "");
  script_expect(&s, "");
  script_update(&s, "gone.0.c.0.n1", "A1", "TASK_RUNNING", NULL, "");
  script_expect(&s, "event: task gone.0.c.0.n1 is of a pod that is not known here; it is left alone\n");
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_FINISHED", "", ""); /* an empty uuid */
  script_forget(&s);
  script_close(&s);
}

/* Of texts that are none, which no master minds, nothing is lost: neither how a container ended nor an offer.
 */
static void texts_that_are_none(void **state) {
  static const char offer[] =
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"O2\"},\"framework_id\":{\"value\":"
      "\"F1\"},"
      "\"agent_id\":{\"value\":\"A1\"},\"hostname\":\"h\",\"allocation_info\":{\"role\":\"*\"},"
      "\"attributes\":[{"
      "\"name\":\"room\",\"type\":\"TEXT\",\"text\":{\"value\":\"caf\xe9\"}}],\"resources\":[{\"name\":"
      "\"cpus\","
      "\"type\":\"SCALAR\",\"scalar\":{\"value\":4},\"allocation_info\":{\"role\":\"*\"}},{\"name\":\"mem\","
      "\"type\":"
      "\"SCALAR\",\"scalar\":{\"value\":4096},\"allocation_info\":{\"role\":\"*\"}},{\"name\":\"disk\","
      "\"type\":"
      "\"SCALAR\",\"scalar\":{\"value\":9999},\"allocation_info\":{\"role\":\"*\"}}]}]}}";
  struct script s;
  (void)state;
  open_running(&s);
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_FAILED", "failed----------",
                ",\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 3: caf\xe9\"");
  if (!script_has(&s, "> ACKNOWLEDGE nginx.0") || script_has(&s, "> cancel the subscription"))
    fail_msg("%s", s.trace);
  assert_true(script_has(&s, "nginx ended with exit code 3"));
  script_event(&s, offer);
  if (!script_has(&s, "> ACCEPT O2")) fail_msg("%s", s.trace);
  script_close(&s);
}

/* Offers that can't be read would be held for ever: they go back, the others count. */
static void offers_that_can_not_be_read(void **state) {
  static const char event[] =
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":["
      "{\"id\":{\"value\":\"bad\"},\"framework_id\":{\"value\":\"F1\"},\"agent_id\":{\"value\":\"A3\"},"
      "\"hostname\":\"h\",\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":-1}}]},"
      "{\"id\":{\"value\":\"\"},\"framework_id\":{\"value\":\"F1\"},\"agent_id\":{\"value\":\"A4\"},"
      "\"hostname\":\"h\","
      "\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":-1}}]},"
      "{\"id\":{\"value\":\"O9\"},\"framework_id\":{\"value\":\"F1\"},\"agent_id\":{\"value\":\"A2\"},"
      "\"hostname\":\"A2.example\",\"allocation_info\":{\"role\":\"*\"},\"resources\":["
      "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":4},\"allocation_info\":{\"role\":\"*\"}},"
      "{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":4096},\"allocation_info\":{\"role\":\"*\"}"
      "},"
      "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":9999},\"allocation_info\":{\"role\":\"*"
      "\"}}]}]}}";
  struct script s;
  (void)state;
  open_running(&s);
  script_pod(&s, "apiVersion: v1\nkind: Pod\nmetadata: {name: more, namespace: default, uid: u2}\n"
                 "spec: {containers: [{name: c, image: i}]}\n");
  script_forget(&s);
  script_event(&s, event);
  if (!script_has(&s, "> DECLINE bad") || !script_has(&s, "> ACCEPT O9")) fail_msg("%s", s.trace);
  script_close(&s);
}

/* The master's last word. */
static void the_master_ends_it(void **state) {
  static const char *const events[] = {"{\"type\":\"ERROR\",\"error\":{\"message\":\"removed\"}}",
                                       "{\"type\":\"ERROR\"}"};
  static const char *const lines[] = {"event: the master ended the framework: removed\n"
                                      "> cancel the subscription\n"
                                      "stopped MASTER_ERROR\n",
                                      "event: the master ended the framework: \n"
                                      "> cancel the subscription\n"
                                      "stopped MASTER_ERROR\n"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct script s;
    open_running(&s);
    script_event(&s, events[i]);
    script_expect(&s, lines[i]);
    assert_int_equal(script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_TICK}), K8SM_ERR_STATE);
    assert_true(k8sm_driver_deadline(s.driver) == UINT64_MAX);
    script_close(&s);
  }
}

/* Whatever an event lacks memory for comes again with the next subscription, or in the next step. */
static void events_without_memory(void **state) {
  static const char *const events[] = {
      "{}",
      "{\"type\":\"FAILURE\",\"failure\":{\"agent_id\":{\"value\":\"A1\"}}}",
      "{\"type\":\"FAILURE\",\"failure\":{\"executor_id\":{\"value\":\"u1.0.1\"}}}",
      "{\"type\":\"RESCIND\",\"rescind\":{\"offer_id\":{\"value\":\"O1\"}}}",
      "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"gone.0.c.0.n1\"},"
      "\"state\":\"TASK_RUNNING\",\"agent_id\":{\"value\":\"A1\"},\"uuid\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}}}",
      "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"u1.0.nginx.7.n1\"},"
      "\"state\":\"TASK_RUNNING\",\"agent_id\":{\"value\":\"A1\"},\"uuid\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}}}",
      "{\"type\":\"OFFERS\",\"offers\":{\"offers\":[{\"id\":{\"value\":\"bad\"},\"framework_id\":{\"value\":"
      "\"F1\"},"
      "\"agent_id\":{\"value\":\"A3\"},\"hostname\":\"h\",\"resources\":[{\"name\":\"cpus\",\"type\":"
      "\"SCALAR\","
      "\"scalar\":{\"value\":-1}}]}]}}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    bool failed = true;
    for (size_t n = 1; failed; n++) {
      struct script s;
      open_running(&s);
      s.memory.fail_at = s.memory.calls + n;
      script_event(&s, events[i]);
      failed = s.memory.calls >= s.memory.fail_at;
      s.memory.fail_at = 0;
      script_wait(&s, 20000);
      if (script_has(&s, "> SUBSCRIBE")) script_subscribe(&s, "F1");
      script_forget(&s);
      assert_int_equal(script_delete(&s, "default/nginx", 0), K8SM_OK); /* it goes on */
      assert_true(script_has(&s, "record pod/u1"));
      script_close(&s);
    }
  }
}

/* ---- the record as a whole ---- */

static void take_snapshot(struct script *s) {
  struct k8sm_effects *effects;
  struct k8sm_effect e;
  assert_int_equal(k8sm_effects_new(NULL, &effects), K8SM_OK);
  assert_int_equal(k8sm_driver_snapshot(s->driver, effects), K8SM_OK);
  for (size_t i = 0; i < s->row_count; i++) s->rows[i].len = 0;
  for (size_t i = 0; k8sm_effects_rows(effects, i, &e, sizeof e, 1) != 0; i++) {
    size_t k = 0;
    assert_int_equal(e.type, K8SM_EFFECT_RECORD);
    assert_int_equal(e.to, K8SM_TO_STORE);
    assert_int_equal(e.number + e.flags, 0);
    while (k < s->row_count && strcmp(s->rows[k].key, e.key.ptr) != 0) k++;
    assert_true(k < s->row_count);
    free(s->rows[k].bytes);
    s->rows[k].bytes = malloc(e.bytes.len + 1);
    memcpy(s->rows[k].bytes, e.bytes.ptr, e.bytes.len);
    s->rows[k].len = e.bytes.len;
  }
  k8sm_effects_free(effects);
}

/* In place of all rows, with more rows behind it, and after a restart: the same. */
static void a_snapshot_takes_the_place_of_all_rows(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  open_running(&s);
  script_pod(&s, "apiVersion: v1\nkind: Pod\nmetadata: {name: waits, namespace: default, uid: u2}\n"
                 "spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 64}}}]}\n");
  size_t before = s.rows[1].len;
  take_snapshot(&s); /* of what is recorded: the pod that waits is not */
  assert_true(s.rows[1].len < before);
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_FAILED", "failed----------",
                ",\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 3\"");
  o.seed = 8;
  script_restart(&s, &o);
  struct k8sm_driver_pod row;
  struct k8sm_container_status c;
  assert_int_equal(k8sm_driver_pods(s.driver, 0, &row, sizeof row, 1), 1);
  assert_int_not_equal(k8sm_status_containers(row.status, 0, &c, sizeof c, 1), 0);
  assert_int_equal(c.exit_code, 3);
  script_close(&s);
}

/* A record that somebody has meddled with: the task is nobody's then, and the driver goes on. */
static void a_recorded_task_with_an_odd_id(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  char odd[256];
  (void)state;
  open_running(&s);
  take_snapshot(&s);
  snprintf(odd, sizeof odd, "%s", script_task(&s, "nginx"));
  s.rows[1].bytes[s.rows[1].len] = '\0';
  for (char *at = s.rows[1].bytes; (at = strstr(at, odd)) != NULL;) strchr(at, '.')[1] = 'x';
  strchr(odd, '.')[1] = 'x';
  o.seed = 8;
  script_restart(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  assert_true(script_has(&s, "> RECONCILE"));
  script_forget(&s);
  script_update(&s, odd, "A1", "TASK_RUNNING", "running---------", ",\"source\":\"SOURCE_EXECUTOR\"");
  script_expect(&s, "foreign\n");
  script_close(&s);
}

/* What a step tells of a pod: one status follows on from the other. */
static void note_told(const struct script *s, struct k8sm_status **former, struct k8sm_status **last) {
  struct k8sm_effect e;
  for (size_t i = 0; k8sm_effects_rows(s->effects, i, &e, sizeof e, 1) != 0; i++) {
    if (e.type != K8SM_EFFECT_STATUS) continue;
    assert_true(*last == NULL || e.former == *last);
    if (*former == NULL) *former = k8sm_status_ref(e.former);
    k8sm_status_unref(*last);
    *last = k8sm_status_ref(e.status);
  }
}

/* The first of the former statuses and the last one say all. */
static void a_host_that_looks_seldom(void **state) {
  struct script s;
  struct k8sm_status *former = NULL, *last = NULL, *first;
  struct k8sm_blob *patch;
  (void)state;
  open_running(&s);
  s.hold_records = s.hold_calls = true;
  script_update(&s, script_task(&s, "nginx"), "A1", "TASK_FAILED", "failed----------",
                ",\"source\":\"SOURCE_EXECUTOR\",\"message\":\"Command exited with status 3\"");
  note_told(&s, &former, &last);
  first = last;
  assert_non_null(first);
  script_update(&s, script_task(&s, ""), "A1", "TASK_UNREACHABLE", NULL,
                ",\"source\":\"SOURCE_MASTER\",\"reason\":\"REASON_AGENT_REMOVED\"");
  note_told(&s, &former, &last);
  assert_ptr_not_equal(first, last);
  assert_int_equal(k8sm_status_patch(former, last, K8SM_PATCH_MERGE, NULL, &patch), K8SM_OK);
  assert_non_null(strstr(k8sm_blob_bytes(patch).ptr, "\"exitCode\":3"));
  assert_non_null(strstr(k8sm_blob_bytes(patch).ptr, "NodeStatusUnknown"));
  k8sm_blob_unref(patch);
  k8sm_status_unref(former);
  k8sm_status_unref(last);
  script_close(&s);
}

static void a_snapshot_without_memory(void **state) {
  struct script s;
  int result = K8SM_ERR_NOMEM;
  (void)state;
  open_running(&s);
  for (size_t n = 1; result == K8SM_ERR_NOMEM; n++) {
    struct failing f;
    struct k8sm_effects *effects;
    failing_init(&f, 0);
    assert_int_equal(k8sm_effects_new(&f.allocator, &effects), K8SM_OK);
    f.fail_at = f.calls + n;
    result = k8sm_driver_snapshot(s.driver, effects);
    k8sm_effects_free(effects);
    assert_int_equal(f.held, 0);
  }
  assert_int_equal(result, K8SM_OK);
  struct k8sm_effects *effects;
  assert_int_equal(k8sm_effects_new(NULL, &effects), K8SM_OK);
  for (size_t n = 1; n < 4; n++) { /* of the driver's own */
    s.memory.fail_at = s.memory.calls + n;
    assert_int_equal(k8sm_driver_snapshot(s.driver, effects), K8SM_ERR_NOMEM);
  }
  s.memory.fail_at = 0;
  k8sm_effects_free(effects);
  script_close(&s);
}

/* More pods than one step matches: all get their turn, those of higher priority first. */
static void many_pods_wait(void **state) {
  enum { PODS = 250 };
  struct script s;
  struct k8sm_driver_options o = script_options();
  char yaml[512];
  (void)state;
  script_open(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  s.quiet_status = true;
  for (int i = 0; i < PODS; i++) {
    snprintf(yaml, sizeof yaml,
             "apiVersion: v1\nkind: Pod\nmetadata: {name: p%d, namespace: default, uid: u%d}\n"
             "spec: {priority: %d, containers: [{name: c, image: i, resources: {requests: {cpu: %d}}}]}\n",
             i, i, i == PODS - 1 ? 9 : 0, i < PODS - 2 ? 64 : 3);
    assert_int_equal(script_pod(&s, yaml), K8SM_OK);
  }
  script_forget(&s);
  script_offer(&s, "O1", "A1"); /* for one of the last two */
  assert_true(script_has(&s, "event default/p249: Scheduled"));
  script_wait(&s, 6000); /* there are no more offers */
  assert_false(script_has(&s, "event default/p248: Scheduled"));
  assert_true(
      script_has(&s, "event default/p0: FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu."));
  assert_true(script_has(&s, "event default/p247: FailedScheduling"));
  script_offer(&s, "O2", "A2");
  script_wait(&s, 100);
  assert_true(script_has(&s, "event default/p248: Scheduled"));
  script_close(&s);
}

/* That an agent's offers are away for a while says less of it than what it offered last. */
static void a_line_that_stays(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  script_open(&s, &o);
  script_tick(&s);
  script_subscribe(&s, "F1");
  s.quiet_status = true;
  script_pod(&s, "apiVersion: v1\nkind: Pod\nmetadata: {name: huge, namespace: default, uid: u9}\n"
                 "spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 64}}}]}\n");
  script_offer(&s, "O1", "A1");
  assert_true(script_has(&s, "FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu.\n"));
  script_forget(&s);
  script_wait(&s, 60000); /* it is declined, and does not come again */
  script_pod(&s, nginx);  /* matched anew */
  script_wait(&s, 20000);
  assert_true(
      script_has(&s, "default/nginx: FailedScheduling: 0/1 nodes are available: 1 agent(s) had no offer."));
  assert_false(script_has(&s, "default/huge"));
  script_close(&s);
}

/* ---- what a host may read ---- */

static void pods_that_are_there_already(void **state) {
  struct script s;
  (void)state;
  open_running(&s);
  assert_int_equal(
      script_pod(&s, "apiVersion: v1\nkind: Pod\nmetadata: {name: nginx, namespace: default, uid: u2}\n"
                     "spec: {containers: [{name: c, image: i}]}\n"),
      K8SM_ERR_INVALID);
  assert_int_equal(
      script_pod(&s, "apiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: default, uid: u1}\n"
                     "spec: {containers: [{name: c, image: i}]}\n"),
      K8SM_ERR_INVALID);
  script_close(&s);
  k8sm_driver_free(NULL);
  k8sm_effects_free(NULL);
}

static void labels_and_taints_of_agents(void **state) {
  const struct k8sm_slice known = {"A1", 2}, unknown = {"A7", 2};
  struct k8sm_node_label labels[8];
  struct k8sm_node_taint taints[8];
  struct script s;
  (void)state;
  open_running(&s);
  size_t n = k8sm_driver_agent_labels(s.driver, known, 0, labels, sizeof labels[0], 8);
  assert_int_not_equal(n, 0);
  for (size_t i = 0; i < n && i < 8; i++) { /* one by one the same */
    struct k8sm_node_label one;
    assert_int_equal(k8sm_driver_agent_labels(s.driver, known, i, &one, sizeof one, 1), n - i);
    assert_string_equal(one.key, labels[i].key);
    assert_string_equal(one.value, labels[i].value);
  }
  assert_int_equal(k8sm_driver_agent_labels(s.driver, known, n, labels, sizeof labels[0], 8), 0);
  assert_int_equal(k8sm_driver_agent_labels(s.driver, unknown, 0, labels, sizeof labels[0], 8), 0);
  assert_int_equal(k8sm_driver_agent_taints(s.driver, known, 0, taints, sizeof taints[0], 8), 0);
  assert_int_equal(k8sm_driver_agent_taints(s.driver, unknown, 0, taints, sizeof taints[0], 8), 0);
  script_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hollow_events),
      cmocka_unit_test(events_for_others),
      cmocka_unit_test(odd_updates),
      cmocka_unit_test(texts_that_are_none),
      cmocka_unit_test(offers_that_can_not_be_read),
      cmocka_unit_test(the_master_ends_it),
      cmocka_unit_test(events_without_memory),
      cmocka_unit_test(a_snapshot_takes_the_place_of_all_rows),
      cmocka_unit_test(a_recorded_task_with_an_odd_id),
      cmocka_unit_test(a_host_that_looks_seldom),
      cmocka_unit_test(a_snapshot_without_memory),
      cmocka_unit_test(many_pods_wait),
      cmocka_unit_test(a_line_that_stays),
      cmocka_unit_test(pods_that_are_there_already),
      cmocka_unit_test(labels_and_taints_of_agents),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
