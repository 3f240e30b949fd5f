/* SPDX-License-Identifier: Apache-2.0 */
/* Records and calls of the driver: which call waits for what, and the order in which calls go out. */
#include "base/slice.h"
#include "driver/pods.h"
#include "support/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

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
  k8smi_drv_outbox_init(&p->outbox);
  k8smi_drv_records_init(&p->records);
}

static void parts_close(struct parts *p) {
  k8smi_drv_records_free(&p->records, &p->outbox, &p->core);
  k8smi_drv_outbox_close(&p->outbox, &p->core);
  for (struct drv_call *c; (c = k8smi_drv_outbox_peek(&p->outbox)) != NULL;)
    k8smi_drv_outbox_drop(&p->core, c);
  k8smi_drv_session_free(&p->session);
  k8smi_drv_core_free(&p->core);
  assert_int_equal(p->memory.held, 0);
}

static struct drv_call *parts_new(struct parts *p, uint32_t type) {
  struct k8smi_buf buf;
  struct k8sm_blob *bytes;
  k8smi_buf_init(&buf, &p->core.allocator);
  k8smi_buf_puts(&buf, k8smi_drv_call_name(type));
  assert_int_equal(k8smi_buf_to_blob(&buf, &bytes), K8SM_OK);
  k8smi_buf_free(&buf);
  struct drv_call *call = k8smi_drv_call_new(&p->core, type, bytes, "a test");
  assert_non_null(call);
  return call;
}

static struct drv_call *parts_call(struct parts *p, uint32_t type) {
  struct drv_call *call = parts_new(p, type);
  k8smi_drv_outbox_push(&p->outbox, call);
  return call;
}

static void parts_record(struct parts *p, struct drv_call *call, struct drv_pod *pod, bool append) {
  struct drv_record *record;
  assert_int_equal(k8smi_drv_record_new(&p->core, DRV_RECORD_STATE, &record), K8SM_OK);
  record->call = call;
  record->pod = pod;
  record->append = append;
  assert_int_equal(k8smi_drv_record_put(&p->records, &p->core, record, K8SMI_S("k"), K8SMI_S("v")), K8SM_OK);
}

/* The texts of the requests that this pump sends, with a space after each. */
static void parts_sent(struct parts *p, const char *expected) {
  struct k8sm_effect e;
  char text[256] = "";
  k8smi_effects_clear(p->core.queue);
  assert_int_equal(k8smi_drv_outbox_say(&p->outbox, &p->core), K8SM_OK);
  assert_int_equal(k8smi_drv_outbox_pump(&p->outbox, &p->core, &p->session), K8SM_OK);
  for (size_t i = 0; k8sm_effects_rows(p->core.queue, i, &e, sizeof e, 1) != 0; i++) {
    if (e.type == K8SM_EFFECT_REQUEST) strcat(strcat(text, e.bytes.ptr), " ");
    if (e.type == K8SM_EFFECT_REQUEST) assert_string_equal(e.reason, "a test");
    if (e.type == K8SM_EFFECT_CANCEL) strcat(text, "cancel ");
    if (e.type == K8SM_EFFECT_EVENT) strcat(text, "event ");
  }
  assert_string_equal(text, expected);
}

/* False: no record of that number waits. */
static bool parts_answer(struct parts *p, uint64_t number, enum drv_answer answer) {
  return k8smi_drv_records_answer(&p->records, &p->outbox, &p->core, number, answer) != NULL;
}

static void calls_wait_for_their_records_only(void **state) {
  struct parts p;
  (void)state;
  parts_open(&p);
  struct drv_call *accept = parts_new(&p, DRV_CALL_ACCEPT), *kill = parts_new(&p, K8SM_CALL_KILL);
  parts_record(&p, accept, NULL, false);
  parts_record(&p, kill, NULL, false);
  parts_record(&p, accept, NULL, false);
  k8smi_drv_outbox_push(&p.outbox, accept);
  k8smi_drv_outbox_push(&p.outbox, kill);
  parts_call(&p, K8SM_CALL_REVIVE);
  parts_sent(&p, "REVIVE ");
  assert_true(parts_answer(&p, 3, DRV_ANSWER_KEPT));
  parts_sent(&p, "");
  assert_true(parts_answer(&p, 2, DRV_ANSWER_REFUSED));
  assert_true(parts_answer(&p, 1, DRV_ANSWER_KEPT));
  assert_false(parts_answer(&p, 1, DRV_ANSWER_KEPT));
  assert_false(parts_answer(&p, 4, DRV_ANSWER_KEPT));
  parts_sent(&p, "ACCEPT ");
  struct drv_call *gone = k8smi_drv_outbox_peek(&p.outbox);
  assert_ptr_equal(gone, kill);
  assert_int_equal(gone->outcome, DRV_CALL_REFUSED);
  k8smi_drv_outbox_drop(&p.core, gone);
  static const uint64_t order[] = {3, 2, 1}; /* of the answers */
  for (size_t i = 0; i < 3; i++) {
    struct drv_record *r = k8smi_drv_records_peek(&p.records);
    assert_int_equal(r->number.number, order[i]);
    assert_true(r->held_back);
    k8smi_drv_records_drop(&p.core, r);
  }
  assert_null(k8smi_drv_records_peek(&p.records));
  parts_close(&p);
}

/* What was made first goes first, unless it waits for a record: then it goes when that is kept, before what
 * is made later. */
static void calls_go_in_the_order_in_which_they_can(void **state) {
  struct parts p;
  (void)state;
  parts_open(&p);
  struct drv_call *accept = parts_new(&p, DRV_CALL_ACCEPT), *ack = parts_new(&p, K8SM_CALL_ACKNOWLEDGE);
  parts_record(&p, accept, NULL, false);
  parts_record(&p, ack, NULL, false);
  k8smi_drv_outbox_push(&p.outbox, accept);
  k8smi_drv_outbox_push(&p.outbox, ack);
  parts_call(&p, K8SM_CALL_REVIVE);
  parts_call(&p, K8SM_CALL_DECLINE);
  parts_sent(&p, "REVIVE DECLINE ");
  assert_true(parts_answer(&p, 1, DRV_ANSWER_KEPT));
  parts_call(&p, K8SM_CALL_KILL);
  assert_true(parts_answer(&p, 2, DRV_ANSWER_KEPT));
  parts_call(&p, K8SM_CALL_RECONCILE);
  parts_sent(&p, "ACCEPT KILL ACKNOWLEDGE RECONCILE ");
  parts_close(&p);
}

static void repetitions_go_first_and_in_their_order(void **state) {
  struct parts p;
  (void)state;
  parts_open(&p);
  struct drv_call *kill = parts_call(&p, K8SM_CALL_KILL), *ack = parts_call(&p, K8SM_CALL_ACKNOWLEDGE);
  parts_sent(&p, "KILL ACKNOWLEDGE ");
  k8smi_drv_outbox_lost(&p.outbox, &p.core, ack->exchange.number);
  p.core.mono_ms += 10;
  k8smi_drv_outbox_lost(&p.outbox, &p.core, kill->exchange.number);
  assert_int_equal(k8smi_drv_outbox_deadline(&p.outbox), 1000);
  p.core.mono_ms = 999;
  parts_call(&p, K8SM_CALL_REVIVE);
  parts_sent(&p, "REVIVE ");
  p.core.mono_ms = 1000;
  parts_call(&p, K8SM_CALL_DECLINE);
  parts_sent(&p, "ACKNOWLEDGE DECLINE ");
  assert_true(ack->repeated);
  assert_int_equal(k8smi_drv_outbox_deadline(&p.outbox), 1010);
  p.core.mono_ms = 1010;
  parts_sent(&p, "KILL ");
  parts_close(&p);
}

/* Answers come as they like; each finds its call. */
static void answers_in_any_order(void **state) {
  enum { CALLS = 1000 };
  struct parts p;
  struct drv_call *calls[CALLS];
  (void)state;
  parts_open(&p);
  for (size_t i = 0; i < CALLS; i++) calls[i] = parts_call(&p, K8SM_CALL_DECLINE);
  assert_int_equal(k8smi_drv_outbox_pump(&p.outbox, &p.core, &p.session), K8SM_OK);
  for (size_t i = 0; i < CALLS; i++) {
    struct drv_call *call = calls[i * 367 % CALLS];
    uint64_t exchange = call->exchange.number;
    k8smi_drv_outbox_response(&p.outbox, exchange, 202);
    k8smi_drv_outbox_end(&p.outbox, &p.core, exchange);
    assert_int_equal(call->outcome, DRV_CALL_DONE);
    assert_ptr_equal(k8smi_drv_outbox_peek(&p.outbox), call);
    assert_int_equal(k8smi_drv_outbox_deadline(&p.outbox), 0);
    k8smi_drv_outbox_drop(&p.core, call);
    k8smi_drv_outbox_end(&p.outbox, &p.core, exchange); /* a second time: nobody's */
  }
  assert_null(k8smi_drv_outbox_peek(&p.outbox));
  parts_close(&p);
}

/* A row behind one that is missing is as good as missing, up to the next whole one, and for one pod only. */
static void a_missing_row_breaks_the_chain_behind_it(void **state) {
  static const struct {
    bool other, append, kept;
  } rows[] = {{false, false, true}, {true, false, true},  {false, true, false}, {true, true, true},
              {false, true, false}, {false, false, true}, {false, true, true}};
  enum { ROWS = sizeof rows / sizeof rows[0], MISSING = 2 };
  struct parts p;
  struct drv_pod pod = {.slot = 0}, other = {.slot = 1};
  (void)state;
  parts_open(&p);
  for (size_t i = 0; i < ROWS; i++)
    parts_record(&p, parts_call(&p, K8SM_CALL_ACKNOWLEDGE), rows[i].other ? &other : &pod, rows[i].append);
  assert_true(parts_answer(&p, MISSING + 1, DRV_ANSWER_REFUSED));
  for (size_t i = 0; i < ROWS; i++) {
    if (i != MISSING) assert_true(parts_answer(&p, i + 1, DRV_ANSWER_KEPT));
  }
  for (struct drv_record *r; (r = k8smi_drv_records_peek(&p.records)) != NULL;) {
    bool kept = r->answer == DRV_ANSWER_KEPT;
    assert_int_equal(kept, rows[r->number.number - 1].kept);
    k8smi_drv_records_drop(&p.core, r);
  }
  assert_null(pod.last_row);
  assert_null(other.last_row);
  parts_close(&p);
}

/* A pod that goes away leaves its records behind; a call that is over leaves those that it waits for. */
static void what_goes_away_is_not_looked_at_again(void **state) {
  struct parts p;
  struct drv_pod pod = {.slot = 0};
  (void)state;
  parts_open(&p);
  struct drv_call *accept = parts_new(&p, DRV_CALL_ACCEPT);
  for (size_t i = 0; i < 3; i++) parts_record(&p, accept, &pod, false);
  k8smi_drv_outbox_push(&p.outbox, accept);
  k8smi_drv_records_forget_pod(&pod);
  assert_null(pod.last_row);
  assert_true(parts_answer(&p, 2, DRV_ANSWER_REFUSED));
  assert_ptr_equal(k8smi_drv_outbox_peek(&p.outbox), accept);
  k8smi_drv_outbox_drop(&p.core, accept);
  assert_true(parts_answer(&p, 3, DRV_ANSWER_KEPT));
  struct drv_record *r = k8smi_drv_records_peek(&p.records);
  assert_int_equal(r->number.number, 2);
  assert_null(r->pod);
  parts_close(&p); /* with one record that is not answered */
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
      k8smi_drv_outbox_lost(&p.outbox, &p.core, call->exchange.number);
    } else {
      k8smi_drv_outbox_response(&p.outbox, call->exchange.number, rows[i].status);
      k8smi_drv_outbox_chunk(&p.outbox, call->exchange.number, K8SMI_S("words"));
      k8smi_drv_outbox_end(&p.outbox, &p.core, call->exchange.number);
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
  k8smi_drv_outbox_reset(&p.outbox, &p.core);
  assert_int_equal(sent->outcome, DRV_CALL_UNKNOWN);
  assert_int_equal(unsent->outcome, DRV_CALL_REFUSED);
  assert_ptr_equal(k8smi_drv_outbox_peek(&p.outbox), unsent); /* the other is to be cancelled first */
  k8smi_drv_outbox_drop(&p.core, unsent);
  assert_null(k8smi_drv_outbox_peek(&p.outbox));
  parts_sent(&p, "cancel ");
  assert_ptr_equal(k8smi_drv_outbox_peek(&p.outbox), sent);
  k8smi_drv_outbox_drop(&p.core, sent);
  assert_null(k8smi_drv_outbox_peek(&p.outbox));
  parts_close(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_wait_for_their_records_only),
      cmocka_unit_test(calls_go_in_the_order_in_which_they_can),
      cmocka_unit_test(repetitions_go_first_and_in_their_order),
      cmocka_unit_test(answers_in_any_order),
      cmocka_unit_test(answers_to_calls),
      cmocka_unit_test(a_missing_row_breaks_the_chain_behind_it),
      cmocka_unit_test(what_goes_away_is_not_looked_at_again),
      cmocka_unit_test(a_lost_subscription_ends_all_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
