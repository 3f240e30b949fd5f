/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a pod: rows, whole ones and changes, and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/snapshot.h"
#include "status/status.h"
#include "support/failing.h"
#include "support/life.h"
#include "wire/base64.h"

static struct drv_snapshot_task tasks_of_three[] = {{K8SMI_S("u.0.c.0.n1"), K8SMI_S("a1")},
                                                    {K8SMI_S("u.0..0.n1"), K8SMI_S("")},
                                                    {K8SMI_S("u.0.c.1.n2"), K8SMI_S("a1")}};
static struct k8sm_plan_port two_ports[] = {
    {K8SMI_S("c"), K8SMI_S("http"), K8SMI_S("TCP"), 0, 80, 31000},
    {K8SMI_S("c"), K8SMI_S(""), K8SMI_S("UDP"), 0, 53, 65535},
};

static struct drv_snapshot whole_snapshot(void) {
  return (struct drv_snapshot){.number = 7,
                               .pod = K8SMI_S("{\"kind\":\"Pod\",\"a\":[{}]}"),
                               .attempt = 3,
                               .nonce = K8SMI_S("n1"),
                               .form = K8SMI_S("command"),
                               .deleting = 1,
                               .grace_seconds = -1,
                               .preempted = 1,
                               .nominated_agent_id = K8SMI_S("other"),
                               .nominated_hostname = K8SMI_S("other.example"),
                               .nominated_role = K8SMI_S("*"),
                               .nominated_until_ms = 1767225600000,
                               .agent_id = K8SMI_S("agent"),
                               .hostname = K8SMI_S("host \"1\""),
                               .executor = K8SMI_S("\0\1\2\377"),
                               .tasks = tasks_of_three,
                               .task_count = 3,
                               .ports = two_ports,
                               .port_count = 2};
}

static void same_snapshot(const struct drv_snapshot *a, const struct drv_snapshot *b) {
  assert_int_equal(a->number, b->number);
  assert_int_equal(a->attempt, b->attempt);
  assert_int_equal(a->deleting, b->deleting);
  assert_int_equal(a->grace_seconds, b->grace_seconds);
  assert_int_equal(a->preempted, b->preempted);
  assert_true(k8smi_eq(a->pod, b->pod) && k8smi_eq(a->nonce, b->nonce));
  assert_true(k8smi_eq(a->form, b->form));
  assert_true(k8smi_eq(a->agent_id, b->agent_id) && k8smi_eq(a->hostname, b->hostname));
  assert_true(k8smi_eq(a->executor, b->executor));
  assert_true(k8smi_eq(a->nominated_agent_id, b->nominated_agent_id));
  assert_true(k8smi_eq(a->nominated_hostname, b->nominated_hostname));
  assert_true(k8smi_eq(a->nominated_role, b->nominated_role));
  assert_int_equal(a->nominated_until_ms, b->nominated_until_ms);
  assert_int_equal(a->task_count, b->task_count);
  for (size_t i = 0; i < a->task_count; i++) {
    assert_true(k8smi_eq(a->tasks[i].id, b->tasks[i].id) &&
                k8smi_eq(a->tasks[i].agent_id, b->tasks[i].agent_id));
  }
  assert_int_equal(a->port_count, b->port_count);
  for (size_t i = 0; i < a->port_count; i++) {
    assert_true(k8smi_eq(a->ports[i].protocol, b->ports[i].protocol) &&
                k8smi_eq(a->ports[i].name, b->ports[i].name));
    assert_int_equal(a->ports[i].container_port, b->ports[i].container_port);
    assert_int_equal(a->ports[i].host_port, b->ports[i].host_port);
  }
}

/* A pod of one container as it is placed, then runs, then has failed: three statuses, and the rows of a
 * record that tells of them. */
struct record {
  struct life life;
  struct k8sm_status *states[3];
  struct k8smi_buf rows;
  size_t ends[3]; /* of the rows */
  struct k8smi_arena arena;
  struct findings findings;
};

static void record_keep_state(struct record *r, size_t i) {
  r->states[i] = k8sm_status_ref(r->life.status);
}

static void record_open(struct record *r) {
  struct drv_snapshot s = whole_snapshot();
  memset(r, 0, sizeof *r);
  life_begin(&r->life, "{'containers':[{'name':'c','image':'c:1'}]}");
  life_place(&r->life);
  record_keep_state(r, 0);
  life_run(&r->life, "", 0);
  life_run(&r->life, "c", 0);
  record_keep_state(r, 1);
  r->life.now += 5000;
  life_update(&r->life, "c", 0, "FAILED", EXITED(1) ",'uuid':'AAAB'");
  record_keep_state(r, 2);
  k8smi_buf_init(&r->rows, NULL);
  k8smi_arena_init(&r->arena, NULL, 0);
  k8smi_drv_snapshot_write(&r->rows, &s, r->states[0]);
  r->ends[0] = r->rows.len;
  s.number++;
  s.grace_seconds = 4;
  k8smi_drv_snapshot_write_change(&r->rows, &s, &(struct drv_snapshot_change){.deleting = true}, r->states[1],
                                  r->states[0]);
  r->ends[1] = r->rows.len;
  s.number++;
  s.task_count = 1;
  k8smi_drv_snapshot_write_change(&r->rows, &s, &(struct drv_snapshot_change){.tasks = true}, r->states[2],
                                  r->states[1]);
  r->ends[2] = r->rows.len;
  assert_false(r->rows.failed);
}

static void record_close(struct record *r) {
  for (size_t i = 0; i < 3; i++) k8sm_status_unref(r->states[i]);
  life_end(&r->life);
  k8smi_arena_free(&r->arena);
  k8smi_buf_free(&r->rows);
}

static int record_read(struct record *r, struct k8sm_slice bytes, struct drv_snapshot *got) {
  return k8smi_drv_snapshot_read(&r->arena, bytes, got, findings_init(&r->findings));
}

/* It has been read as far as to this state. */
static void record_is_at(struct record *r, const struct drv_snapshot *got, size_t state) {
  struct k8sm_status *status;
  struct k8sm_blob *a, *b;
  assert_int_equal(k8sm_status_load(r->life.demand, got->status.ptr, got->status.len, NULL, &status, NULL),
                   K8SM_OK);
  assert_int_equal(k8sm_status_save(status, NULL, NULL, &a), K8SM_OK);
  assert_int_equal(k8sm_status_save(r->states[state], NULL, NULL, &b), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(a).ptr, k8sm_blob_bytes(b).ptr);
  k8sm_blob_unref(a);
  k8sm_blob_unref(b);
  k8sm_status_unref(status);
}

static void a_whole_row_reads_back(void **state) {
  struct record r;
  struct drv_snapshot s = whole_snapshot(), got;
  (void)state;
  record_open(&r);
  struct k8sm_slice bytes = {r.rows.ptr, r.ends[0]};
  assert_int_equal(record_read(&r, bytes, &got), K8SM_OK);
  same_snapshot(&s, &got);
  record_is_at(&r, &got, 0);
  for (size_t n = 0; n + 1 < bytes.len; n++) { /* no beginning of it is taken for the whole */
    assert_int_not_equal(record_read(&r, (struct k8sm_slice){bytes.ptr, n}, &got), K8SM_OK);
    assert_int_not_equal(r.findings.diags.count, 0);
  }
  record_close(&r);
}

static void changes_follow_on(void **state) {
  struct record r;
  struct drv_snapshot s = whole_snapshot(), got;
  (void)state;
  record_open(&r);
  assert_true((r.ends[2] - r.ends[1]) * 2 < r.ends[0]); /* they are short */
  for (size_t n = r.ends[0]; n <= r.ends[2]; n++) {     /* a row that was cut short was not kept */
    size_t rows = n == r.ends[2] ? 2 : n >= r.ends[1] ? 1 : 0;
    struct drv_snapshot expected = s;
    expected.number += (int64_t)rows;
    if (rows > 0) expected.grace_seconds = 4;
    if (rows > 1) expected.task_count = 1;
    assert_int_equal(record_read(&r, (struct k8sm_slice){r.rows.ptr, n}, &got), K8SM_OK);
    same_snapshot(&expected, &got);
    record_is_at(&r, &got, rows);
  }
  record_close(&r);
}

/* Behind a row that was cut short by a crash a later process has appended one: on the same line. */
static void what_follows_a_cut_row_is_void(void **state) {
  struct record r;
  struct drv_snapshot s = whole_snapshot(), got;
  (void)state;
  record_open(&r);
  for (size_t n = r.ends[0] + 1; n < r.ends[1]; n++) {
    struct k8smi_buf rows;
    k8smi_buf_init(&rows, NULL);
    k8smi_buf_put(&rows, r.rows.ptr, n);
    for (int i = 0; i < 2; i++) k8smi_buf_put(&rows, r.rows.ptr + r.ends[1], r.ends[2] - r.ends[1]);
    assert_int_equal(record_read(&r, (struct k8sm_slice){rows.ptr, rows.len}, &got), K8SM_OK);
    same_snapshot(&s, &got);
    record_is_at(&r, &got, 0);
    k8smi_buf_free(&rows);
  }
  record_close(&r);
}

static void changes_that_do_not_follow_on_are_void(void **state) {
  struct record r;
  struct drv_snapshot got;
  struct k8smi_buf rows;
  (void)state;
  record_open(&r);
  k8smi_buf_init(&rows, NULL);
  k8smi_buf_put(&rows, r.rows.ptr, r.ends[0]);
  k8smi_buf_put(&rows, r.rows.ptr + r.ends[1], r.ends[2] - r.ends[1]); /* 7, and then 9 */
  assert_int_equal(record_read(&r, (struct k8sm_slice){rows.ptr, rows.len}, &got), K8SM_OK);
  assert_int_equal(got.number, 7);
  record_is_at(&r, &got, 0);
  k8smi_buf_put(&rows, r.rows.ptr + r.ends[0], r.ends[1] - r.ends[0]); /* 8, after the gap */
  assert_int_equal(record_read(&r, (struct k8sm_slice){rows.ptr, rows.len}, &got), K8SM_OK);
  record_is_at(&r, &got, 0);
  /* One that was on its way when a whole row was made, which knows of it. */
  struct drv_snapshot s = whole_snapshot();
  s.number = 8;
  k8smi_buf_clear(&rows);
  k8smi_drv_snapshot_write(&rows, &s, r.states[1]);
  k8smi_buf_put(&rows, r.rows.ptr + r.ends[0], r.rows.len - r.ends[0]); /* 8 again, and 9 */
  assert_int_equal(record_read(&r, (struct k8sm_slice){rows.ptr, rows.len}, &got), K8SM_OK);
  assert_int_equal(got.number, 9);
  assert_int_equal(got.grace_seconds, -1);
  record_is_at(&r, &got, 2);
  k8smi_buf_free(&rows);
  record_close(&r);
}

/* As the first releases wrote it: one row without a number, the pod as text, the status in base64. */
static void records_of_version_1(void **state) {
  struct record r;
  struct drv_snapshot got;
  struct k8smi_buf row;
  struct k8smi_json w;
  struct k8sm_blob *status;
  (void)state;
  record_open(&r);
  assert_int_equal(k8sm_status_save(r.states[1], NULL, NULL, &status), K8SM_OK);
  k8smi_buf_init(&row, NULL);
  k8smi_json_init(&w, &row, false);
  k8smi_buf_puts(
      &row, "{\"version\":1,\"pod\":\"{\\\"kind\\\":\\\"Pod\\\"}\",\"attempt\":3,\"nonce\":\"n1\","
            "\"deleting\":0,\"grace_seconds\":-1,\"agent_id\":\"a\",\"hostname\":\"h\",\"executor\":\"AAEC\","
            "\"status\":\"");
  k8smi_put_base64(&row, k8sm_blob_bytes(status).ptr, k8sm_blob_bytes(status).len);
  k8smi_buf_puts(&row, "\",\"tasks\":[{\"id\":\"u.0.c.0.n1\",\"agent_id\":\"a\"}],\"ports\":[]}");
  assert_int_equal(record_read(&r, (struct k8sm_slice){row.ptr, row.len}, &got), K8SM_OK);
  assert_int_equal(got.number, 0);
  assert_string_equal(got.pod.ptr, "{\"kind\":\"Pod\"}");
  assert_int_equal(got.task_count, 1);
  record_is_at(&r, &got, 1);
  k8sm_blob_unref(status);
  k8smi_buf_free(&row);
  record_close(&r);
}

/* It was written before rows told for whom a pod ends, and ends within its time. */
static void a_row_of_version_4_is_read(void **state) {
  struct record r;
  struct drv_snapshot got;
  (void)state;
  record_open(&r);
  const char *row =
      "{\"version\":4,\"number\":1,\"pod\":{\"kind\":\"Pod\"},\"attempt\":2,\"nonce\":\"n1\",\"form\":"
      "\"budget\","
      "\"deleting\":1,\"grace_seconds\":7,\"agent_id\":\"a\",\"hostname\":\"h\",\"executor\":\"AAEC\","
      "\"ports\":[],\"tasks\":[],\"status\":{}}\n";
  assert_int_equal(record_read(&r, k8smi_s(row), &got), K8SM_OK);
  assert_int_equal(got.grace_seconds, 7);
  assert_int_equal(got.preempted, 0);
  record_close(&r);
}

/* It was written before there were forms to be told, and ends within its time. */
static void a_row_of_version_3_is_read(void **state) {
  struct record r;
  struct drv_snapshot got;
  (void)state;
  record_open(&r);
  const char *row =
      "{\"version\":3,\"number\":1,\"pod\":{\"kind\":\"Pod\"},\"attempt\":2,\"nonce\":\"n1\","
      "\"deleting\":0,\"grace_seconds\":-1,\"agent_id\":\"a\",\"hostname\":\"h\",\"executor\":\"AAEC\","
      "\"ports\":[],\"tasks\":[],\"status\":{}}\n";
  assert_int_equal(record_read(&r, k8smi_s(row), &got), K8SM_OK);
  assert_int_equal(got.attempt, 2);
  assert_int_equal(got.form.len, 0);
  record_close(&r);
}

/* It was written before there were nominations, and ends within its time. */
static void a_row_of_version_2_is_read(void **state) {
  struct record r;
  struct drv_snapshot got;
  (void)state;
  record_open(&r);
  const char *row =
      "{\"version\":2,\"number\":1,\"pod\":{\"kind\":\"Pod\"},\"attempt\":0,\"nonce\":\"n1\","
      "\"deleting\":0,\"grace_seconds\":-1,\"agent_id\":\"\",\"hostname\":\"\",\"executor\":\"\","
      "\"ports\":[],\"tasks\":[],\"status\":{}}\n";
  assert_int_equal(record_read(&r, k8smi_s(row), &got), K8SM_OK);
  assert_int_equal(got.number, 1);
  assert_int_equal(got.nominated_agent_id.len, 0);
  assert_int_equal(got.nominated_until_ms, 0);
  record_close(&r);
}

static void rows_that_are_none(void **state) {
  static const char *const rows[] = {"[]",
                                     "{\"version\":8}",
                                     "{\"version\":9}",
                                     "{\"version\":7,\"gone\":1,\"tasks\":[]}",
                                     "{\"version\":0}",
                                     "{}",
                                     "{\"version\":3,\"attempt\":-1}",
                                     "{\"version\":3,\"attempt\":4294967296}",
                                     "{\"version\":3,\"pod\":7}",
                                     "{\"version\":3,\"status\":\"%\"}",
                                     "{\"version\":3,\"status\":[]}",
                                     "{\"version\":3,\"executor\":\"%\"}",
                                     "{\"version\":3,\"nonce\":7}",
                                     "{\"version\":3,\"number\":1.5}",
                                     "{\"version\":3,\"tasks\":{}}",
                                     "{\"version\":3,\"tasks\":[7]}",
                                     "{\"version\":3,\"tasks\":[{\"agent_id\":\"a\"}]}",
                                     "{\"version\":3,\"ports\":[{\"host_port\":65536}]}",
                                     "{\"version\":3,\"ports\":[{\"name\":0}]}",
                                     "{\"version\":3,\"other\":0}",
                                     "{\"version\":3}\n[]\n",
                                     "{\"version\":3}\n{\"number\":\"\"}\n",
                                     "{\"version\":3}\n{\"number\":1,\"version\":8}\n"};
  struct record r;
  struct drv_snapshot got;
  (void)state;
  record_open(&r);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (record_read(&r, k8smi_s(rows[i]), &got) == K8SM_OK) fail_msg("%s", rows[i]);
    assert_int_not_equal(r.findings.diags.count, 0);
    assert_int_equal(r.findings.rows[0].line, strchr(rows[i], '\n') == NULL ? 1 : 2);
    if (strchr(rows[i], '[') == rows[i])
      assert_string_equal(r.findings.text + r.findings.rows[0].message,
                          "the pod's record: all of it: expected an object");
  }
  record_close(&r);
}

static void records_without_memory(void **state) {
  struct record r;
  struct drv_snapshot s = whole_snapshot(), got;
  (void)state;
  record_open(&r);
  bool done = false;
  for (size_t n = 1; !done; n++) {
    struct failing f;
    struct k8smi_arena arena;
    struct k8smi_buf out;
    failing_init(&f, n);
    k8smi_buf_init(&out, &f.allocator);
    k8smi_arena_init(&arena, &f.allocator, 0);
    k8smi_drv_snapshot_write(&out, &s, r.states[0]);
    bool wrote = !out.failed;
    f.calls = 0;
    int result = k8smi_drv_snapshot_read(&arena, (struct k8sm_slice){r.rows.ptr, r.rows.len}, &got, NULL);
    if (result != K8SM_OK) assert_int_equal(result, K8SM_ERR_NOMEM);
    done = wrote && result == K8SM_OK;
    k8smi_arena_free(&arena);
    k8smi_buf_free(&out);
    assert_int_equal(f.held, 0);
  }
  record_close(&r);
}

/* What has changed is of the same attempt, or there is no such row. */
static void changes_between_attempts(void **state) {
  struct record r;
  struct k8sm_blob *blob = NULL;
  (void)state;
  record_open(&r);
  struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n2", .attempt = 1};
  struct k8sm_demand *next;
  assert_int_equal(k8sm_demand_make(r.life.demand->pod, &o, &next, NULL), K8SM_OK);
  struct k8sm_change change = {.type = K8SM_CHANGE_ATTEMPT, .demand = next};
  assert_int_equal(life_apply(&r.life, &change, 1), K8SM_OK);
  assert_int_equal(k8sm_status_save(r.life.status, r.states[2], NULL, &blob), K8SM_ERR_INVALID);
  assert_null(blob);
  assert_int_equal(k8sm_status_save(r.life.status, r.life.status, NULL, &blob), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, "{\"tasks\":[{},{}]}");
  k8sm_blob_unref(blob);
  k8sm_demand_unref(next);
  record_close(&r);
}

/* What a status row may hold, and what not: each within the bounds of its kind. */
static void statuses_out_of_bounds(void **state) {
  static const struct {
    const char *member;
    bool good;
  } rows[] = {
      {"\"phase\":3", true},
      {"\"phase\":4", false},
      {"\"phase\":-1", false},
      {"\"phase\":4294967296", false},
      {"\"phase\":\"Running\"", false},
      {"\"stage\":1", false},
      {"\"wall_ms\":-5", true},
      {"\"wall_ms\":9223372036854775808", false},
      {"\"wall_ms\":1.5", false},
      {"\"mono_ms\":-1", false},
      {"\"placed\":true", true},
      {"\"placed\":false", true},
      {"\"placed\":1", false},
      {"\"hostname\":\"h\"", true},
      {"\"hostname\":null", false},
      {"\"of a later version\":{\"a\":[1,{}]}", true},
      {"\"of a later version\":7", true},
      {"\"strays\":[{\"task_id\":\"t\",\"agent_id\":\"a\",\"kill_mono_ms\":1}]", true},
      {"\"strays\":{}", false},
      {"\"strays\":[7]", false},
  };
  static const struct {
    const char *task;
    bool good;
  } tasks[] = {
      {"{\"end.exit_code\":-2147483648}", true},
      {"{\"end.exit_code\":2147483647}", true},
      {"{\"end.exit_code\":2147483648}", false},
      {"{\"end.exit_code\":-2147483649}", false},
      {"{\"progress\":6}", true},
      {"{\"progress\":7}", false},
      {"{\"uuid\":\"AAEC\"}", true},
      {"{\"uuid\":\"%\"}", false},
      {"7", false},
  };
  struct record r;
  struct k8sm_status *status;
  char text[512];
  (void)state;
  record_open(&r);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] + sizeof tasks / sizeof tasks[0]; i++) {
    bool top = i < sizeof rows / sizeof rows[0];
    size_t k = top ? i : i - sizeof rows / sizeof rows[0];
    snprintf(text, sizeof text,
             "{\"version\":1,\"uid\":\"" PODS_UID "\",\"attempt\":0,\"tasks\":[{},%s]%s%s}",
             top ? "{}" : tasks[k].task, top ? "," : "", top ? rows[k].member : "");
    int result =
        k8sm_status_load(r.life.demand, text, strlen(text), NULL, &status, findings_init(&r.findings));
    if ((result == K8SM_OK) != (top ? rows[k].good : tasks[k].good)) fail_msg("%s", text);
    if (result == K8SM_OK)
      k8sm_status_unref(status);
    else
      assert_int_not_equal(r.findings.diags.count, 0);
  }
  record_close(&r);
}

static void statuses_of_others(void **state) {
#define HEAD "{\"version\":1,\"uid\":\"" PODS_UID "\",\"attempt\":0,\"tasks\":"
  static const char *const rows[] = {
      "[]",
      "{}",
      "{\"version\":3,\"uid\":\"" PODS_UID "\",\"attempt\":0,\"tasks\":[{},{}]}",
      "{\"version\":1,\"uid\":\"other\",\"attempt\":0,\"tasks\":[{},{}]}",
      "{\"version\":1,\"uid\":7,\"attempt\":0,\"tasks\":[{},{}]}",
      "{\"version\":1,\"uid\":\"" PODS_UID "\",\"attempt\":1,\"tasks\":[{},{}]}",
      HEAD "[{}]}",
      HEAD "[{},{},{}]}",
      HEAD "[{},{}]}" HEAD "[{},{}]}", /* two whole ones */
      HEAD "[{},{}]}\n[]",
      HEAD "[{},{}]}\n{\"tasks\":[{},{},{}]}",
      HEAD "[{},{}]}\n{\"phase\":9}",
      HEAD "[{},{}]}\n{\"phase\":",
  };
  struct record r;
  struct k8sm_status *status;
  const struct k8sm_status_options wrong = {.size = 3};
  (void)state;
  record_open(&r);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (k8sm_status_load(r.life.demand, rows[i], strlen(rows[i]), NULL, &status,
                         findings_init(&r.findings)) == K8SM_OK)
      fail_msg("%s", rows[i]);
    assert_int_not_equal(r.findings.diags.count, 0);
  }
  assert_int_equal(k8sm_status_load(r.life.demand, "{}", 2, &wrong, &status, NULL), K8SM_ERR_ABI);
  assert_int_equal(k8sm_status_new(r.life.demand, &wrong, &status, NULL), K8SM_ERR_ABI);
  record_close(&r);
}

/* Who goes through the texts only goes through all of them. */
static void check_texts(struct k8smi_status_fields fields, struct k8smi_status_texts texts) {
  size_t n = 0;
  for (size_t i = 0; i < fields.count; i++) {
    const struct k8smi_status_field *f = &fields.items[i];
    if (f->kind != K8SMI_STATUS_TEXT && f->kind != K8SMI_STATUS_BYTES) continue;
    size_t k = 0;
    while (k < texts.count && texts.offsets[k] != f->offset) k++;
    if (k == texts.count) fail_msg("%s is not in the list of texts", f->name);
    n++;
  }
  assert_int_equal(n, texts.count);
}

static void texts_of_statuses(void **state) {
  (void)state;
  check_texts(k8smi_status_pod_fields(), k8smi_status_pod_texts());
  check_texts(k8smi_status_task_fields(), k8smi_status_task_texts());
  check_texts(k8smi_status_stray_fields(), k8smi_status_stray_texts());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_row_reads_back),
      cmocka_unit_test(changes_follow_on),
      cmocka_unit_test(what_follows_a_cut_row_is_void),
      cmocka_unit_test(changes_that_do_not_follow_on_are_void),
      cmocka_unit_test(records_of_version_1),
      cmocka_unit_test(a_row_of_version_2_is_read),
      cmocka_unit_test(a_row_of_version_3_is_read),
      cmocka_unit_test(a_row_of_version_4_is_read),
      cmocka_unit_test(rows_that_are_none),
      cmocka_unit_test(records_without_memory),
      cmocka_unit_test(changes_between_attempts),
      cmocka_unit_test(statuses_out_of_bounds),
      cmocka_unit_test(statuses_of_others),
      cmocka_unit_test(texts_of_statuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
