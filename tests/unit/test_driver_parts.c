/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the driver that stand alone: addresses, the lists of records and of calls. */
#include "base/slice.h"
#include "driver/location.h"
#include "driver/records.h"
#include "support/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void locations(void **state) {
  static const struct {
    const char *location, *authority, *path; /* authority NULL: not one */
  } rows[] = {
      {"//m1:5050/master/api/v1/scheduler", "m1:5050", "/master/api/v1/scheduler"},
      {"http://[::1]:5050/x", "[::1]:5050", "/x"},
      {"//m1:5050", "m1:5050", "/"},
      {"/only/a/path", "", "/only/a/path"},
      {"", NULL, NULL},
      {"//", NULL, NULL},
      {"///x", NULL, NULL},
      {"https://m1/x", NULL, NULL},
      {"//m1 :5050/x", NULL, NULL},
      {"//user@m1:5050/x", NULL, NULL},
      {"//m1/x\r\nHost: evil", NULL, NULL},
      {"relative", NULL, NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct k8sm_slice authority, path;
    bool ok = k8smi_drv_location(k8smi_s(rows[i].location), &authority, &path);
    if (ok != (rows[i].authority != NULL)) fail_msg("'%s'", rows[i].location);
    if (!ok) continue;
    assert_true(k8smi_eqs(authority, rows[i].authority));
    assert_true(k8smi_eqs(path, rows[i].path));
  }
}

static void media_types(void **state) {
  const struct k8sm_slice json = K8SMI_S("application/json");
  (void)state;
  assert_true(k8smi_drv_media_type_is(K8SMI_S("application/json"), json));
  assert_true(k8smi_drv_media_type_is(K8SMI_S("Application/JSON; charset=utf-8"), json));
  assert_false(k8smi_drv_media_type_is(K8SMI_S("application/jsonp"), json));
  assert_false(k8smi_drv_media_type_is(K8SMI_S("text/html"), json));
  assert_false(k8smi_drv_media_type_is(K8SMI_S(""), json));
}

/* ---- records and calls ---- */

struct parts {
  struct failing memory;
  struct drv_core core;
  struct drv_session session;
  struct drv_outbox outbox;
  struct drv_records records;
};

static void parts_open(struct parts *p) {
  memset(p, 0, sizeof *p);
  failing_init(&p->memory, 0);
  struct k8sm_driver_options o = {.size = sizeof o, .allocator = &p->memory.allocator, .master = "m:1"};
  assert_int_equal(k8smi_drv_core_init(&p->core, &o, NULL), K8SM_OK);
  k8smi_drv_session_init(&p->session, &p->core);
  p->session.state = DRV_SESSION_SUBSCRIBED;
}

static void parts_close(struct parts *p) {
  for (struct drv_call *c = p->outbox.first, *next; c != NULL; c = next) {
    next = c->next;
    k8smi_drv_call_free(&p->core, c);
  }
  k8smi_drv_records_free(&p->records, &p->core);
  k8smi_drv_session_free(&p->session);
  k8smi_drv_core_free(&p->core);
  assert_int_equal(p->memory.held, 0);
}

static struct drv_call *parts_call(struct parts *p, uint32_t type) {
  struct k8smi_buf buf;
  struct k8sm_blob *bytes;
  k8smi_buf_init(&buf, &p->core.allocator);
  k8smi_buf_puts(&buf, k8smi_drv_call_name(type));
  assert_int_equal(k8smi_buf_to_blob(&buf, &bytes), K8SM_OK);
  k8smi_buf_free(&buf);
  struct drv_call *call = k8smi_drv_call_new(&p->core, type, bytes);
  assert_non_null(call);
  k8smi_drv_outbox_push(&p->outbox, call);
  return call;
}

static void parts_record(struct parts *p, struct drv_call *call) {
  struct drv_record *record;
  assert_int_equal(k8smi_drv_record_new(&p->core, DRV_RECORD_STATE, &record), K8SM_OK);
  record->call = call;
  assert_int_equal(k8smi_drv_record_put(&p->records, &p->core, record, K8SMI_S("k"), K8SMI_S("v")), K8SM_OK);
}

/* The texts of the requests that this pump sends, with a space after each. */
static void parts_sent(struct parts *p, const char *expected) {
  struct k8sm_effect e;
  char text[256] = "";
  k8smi_effects_clear(p->core.queue);
  k8smi_drv_outbox_wake(&p->outbox);
  assert_int_equal(k8smi_drv_outbox_say(&p->outbox, &p->core), K8SM_OK);
  assert_int_equal(k8smi_drv_outbox_pump(&p->outbox, &p->core, &p->session), K8SM_OK);
  for (size_t i = 0; k8sm_effects_rows(p->core.queue, i, &e, sizeof e, 1) != 0; i++) {
    if (e.type == K8SM_EFFECT_REQUEST) strcat(strcat(text, e.bytes.ptr), " ");
    if (e.type == K8SM_EFFECT_CANCEL) strcat(text, "cancel ");
    if (e.type == K8SM_EFFECT_EVENT) strcat(text, "event ");
  }
  assert_string_equal(text, expected);
}

static void calls_wait_for_their_records_only(void **state) {
  struct parts p;
  (void)state;
  parts_open(&p);
  struct drv_call *accept = parts_call(&p, DRV_CALL_ACCEPT), *kill = parts_call(&p, K8SM_CALL_KILL);
  parts_record(&p, accept);
  parts_record(&p, kill);
  parts_record(&p, accept);
  parts_call(&p, K8SM_CALL_REVIVE);
  parts_sent(&p, "REVIVE ");
  assert_true(k8smi_drv_records_answer(&p.records, 3, DRV_ANSWER_KEPT));
  parts_sent(&p, "");
  assert_true(k8smi_drv_records_answer(&p.records, 2, DRV_ANSWER_REFUSED));
  assert_true(k8smi_drv_records_answer(&p.records, 1, DRV_ANSWER_KEPT));
  assert_false(k8smi_drv_records_answer(&p.records, 1, DRV_ANSWER_KEPT));
  assert_false(k8smi_drv_records_answer(&p.records, 4, DRV_ANSWER_KEPT));
  parts_sent(&p, "ACCEPT ");
  struct drv_call *gone = k8smi_drv_outbox_take(&p.outbox);
  assert_ptr_equal(gone, kill);
  assert_int_equal(gone->outcome, DRV_CALL_REFUSED);
  k8smi_drv_call_free(&p.core, gone);
  for (uint64_t n = 1; n <= 3; n++) {
    struct drv_record *r = k8smi_drv_records_peek(&p.records);
    assert_int_equal(r->number, n);
    k8smi_drv_records_drop(&p.records, &p.core, r);
  }
  assert_null(k8smi_drv_records_peek(&p.records));
  parts_close(&p);
}

static void answers_to_calls(void **state) {
  static const struct {
    uint32_t type, status; /* 0: the exchange is lost */
    enum drv_outcome outcome;
    const char *pump; /* of the next pump, a second later */
    uint32_t rejected;
  } rows[] = {
      {DRV_CALL_ACCEPT, 202, DRV_CALL_DONE, "", 0},
      {DRV_CALL_ACCEPT, 0, DRV_CALL_UNKNOWN, "", 0},
      {DRV_CALL_ACCEPT, 503, DRV_CALL_REFUSED, "", 0},
      {DRV_CALL_ACCEPT, 400, DRV_CALL_REFUSED, "event ", 0},
      {K8SM_CALL_KILL, 0, DRV_CALL_PENDING, "KILL ", 0},
      {K8SM_CALL_KILL, 503, DRV_CALL_PENDING, "KILL ", 0},
      {K8SM_CALL_DECLINE, 0, DRV_CALL_PENDING, "DECLINE ", 0},
      {K8SM_CALL_KILL, 403, DRV_CALL_REFUSED, "event ", 403},
      {K8SM_CALL_KILL, 307, DRV_CALL_REFUSED, "event ", 307},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct parts p;
    parts_open(&p);
    struct drv_call *call = parts_call(&p, rows[i].type);
    char sent[32];
    snprintf(sent, sizeof sent, "%s ", k8smi_drv_call_name(rows[i].type));
    parts_sent(&p, sent);
    if (rows[i].status == 0) {
      k8smi_drv_outbox_lost(&p.outbox, &p.core, call->exchange);
    } else {
      k8smi_drv_outbox_response(&p.outbox, call->exchange, rows[i].status);
      k8smi_drv_outbox_chunk(&p.outbox, call->exchange, K8SMI_S("words"));
      k8smi_drv_outbox_end(&p.outbox, &p.core, call->exchange);
    }
    assert_int_equal(call->outcome, rows[i].outcome);
    assert_int_equal(p.outbox.rejected, rows[i].rejected);
    if (rows[i].outcome == DRV_CALL_PENDING) parts_sent(&p, "");
    p.core.mono_ms += 1000;
    parts_sent(&p, rows[i].pump);
    parts_close(&p);
  }
}

static void a_lost_subscription_ends_all_calls(void **state) {
  struct parts p;
  (void)state;
  parts_open(&p);
  struct drv_call *sent = parts_call(&p, DRV_CALL_ACCEPT);
  parts_sent(&p, "ACCEPT ");
  struct drv_call *unsent = parts_call(&p, K8SM_CALL_KILL);
  k8smi_drv_outbox_reset(&p.outbox);
  assert_int_equal(sent->outcome, DRV_CALL_UNKNOWN);
  assert_int_equal(unsent->outcome, DRV_CALL_REFUSED);
  assert_ptr_equal(k8smi_drv_outbox_take(&p.outbox), unsent); /* the other is to be cancelled first */
  k8smi_drv_call_free(&p.core, unsent);
  parts_sent(&p, "cancel ");
  assert_ptr_equal(k8smi_drv_outbox_take(&p.outbox), sent);
  k8smi_drv_call_free(&p.core, sent);
  assert_null(k8smi_drv_outbox_take(&p.outbox));
  parts_close(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(locations),
      cmocka_unit_test(media_types),
      cmocka_unit_test(calls_wait_for_their_records_only),
      cmocka_unit_test(answers_to_calls),
      cmocka_unit_test(a_lost_subscription_ends_all_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
