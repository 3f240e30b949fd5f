/* SPDX-License-Identifier: Apache-2.0 */
/* The subscription: what the master may answer, and what becomes of it. */
#include "sim/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char asked[] = "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler\n";
static const char subscribed[] = "event: Subscribed: at 10.0.0.1:5050 as framework F1\n"
                                 "record framework\n"
                                 "> RECONCILE\n";

/* A driver that has asked to be subscribed. */
static void open_asked(struct script *s) {
  struct k8sm_driver_options o = script_options();
  script_open(s, &o);
  script_tick(s);
  script_expect(s, asked);
}

static void first_the_framework_is_recorded(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  script_subscribe(&s, "F1");
  script_expect(&s, subscribed);
  assert_string_equal(k8sm_driver_framework_id(s.driver).ptr, "F1");
  assert_string_equal(s.rows[0].bytes == NULL ? "" : s.rows[0].key, "framework");
  assert_memory_equal(s.rows[0].bytes, "F1", 2);
  script_close(&s);
}

static void chunks_of_one_byte(void **state) {
  struct script s;
  (void)state;
  static const char body[] =
      "86\n{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"F1\"},"
      "\"new\":{\"in\":\"1.13\"}}}"
      "20\n{\"type\":\"HEARTBEAT\"}";
  open_asked(&s);
  script_head(&s, 200, "application/json;charset=utf-8", "S1", NULL);
  for (size_t i = 0; i + 1 < sizeof body; i++) script_bytes(&s, body + i, 1);
  script_expect(&s, subscribed);
  struct k8sm_driver_counters c = {.size = sizeof c};
  assert_int_equal(k8sm_driver_count(s.driver, &c), K8SM_OK);
  assert_int_equal(c.events, 2);
  assert_int_equal(c.subscriptions, 1);
  script_close(&s);
}

static void redirected(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  script_head(&s, 307, NULL, NULL, "//10.0.0.2:5051/master/api/v1/scheduler");
  script_expect(&s, "> cancel the subscription\n"
                    "event: master 10.0.0.1:5050: redirects to 10.0.0.2:5051/master/api/v1/scheduler\n"
                    "> SUBSCRIBE 10.0.0.2:5051 /master/api/v1/scheduler\n");
  script_subscribe(&s, "F1");
  assert_true(script_has(&s, "Subscribed: at 10.0.0.2:5051"));
  script_forget(&s);
  /* The next attempt begins where the first one did. */
  script_end(&s);
  script_wait(&s, 2000);
  script_expect(&s, "event: master 10.0.0.2:5051: the stream of events ended\n"
                    "> SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler\n");
  script_close(&s);
}

static void redirected_in_a_circle(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  for (int i = 0; i < 6; i++) script_head(&s, 307, NULL, NULL, "//10.0.0.1:5050/api/v1/scheduler");
  assert_true(script_has(&s, "event: master 10.0.0.1:5050: more than 5 redirections in a row\n"));
  assert_int_equal(s.stream, 0);
  assert_true(k8sm_driver_deadline(s.driver) > s.now);
  script_close(&s);
}

/* What a master, or something else at its address, can say to SUBSCRIBE: all end in one clear line, and a new
 * attempt within the back-off. */
/* The stream ends as soon as it has begun, again and again: we are more and more patient, and do not ask for
 * all tasks each time. One that has stood for a while is a new start. */
static void subscriptions_that_do_not_last(void **state) {
  enum { TIMES = 12, PATIENCE_MS = 15000 };
  struct script s;
  size_t asked_for_all = 0;
  (void)state;
  open_asked(&s);
  uint64_t began = s.now;
  for (int i = 0; i < TIMES; i++) {
    script_forget(&s);
    script_subscribe(&s, "F1");
    asked_for_all += script_has(&s, "> RECONCILE\n");
    script_lost(&s, "connection reset");
    uint64_t due = k8sm_driver_deadline(s.driver);
    assert_true(due - s.now <= PATIENCE_MS);
    script_wait(&s, due - s.now);
    assert_true(script_has(&s, asked));
  }
  assert_true(s.now - began > 40000); /* it was 1 s at most each time */
  assert_true(asked_for_all <= 1 + (s.now - began) / PATIENCE_MS);
  script_forget(&s);
  script_subscribe(&s, "F1");
  s.heartbeats = true;
  script_wait(&s, PATIENCE_MS); /* what was put off is asked by then */
  assert_true(script_has(&s, "> RECONCILE\n"));
  script_lost(&s, "connection reset");
  assert_true(k8sm_driver_deadline(s.driver) - s.now <= 1000);
  script_close(&s);
}

static void refusals(void **state) {
  static const struct {
    uint32_t status;
    const char *type, *stream_id, *location, *body, *line;
  } rows[] = {
      {200, "text/html", NULL, NULL, "",
       "answered with 'text/html'; expected application/json. Is it a Mesos master?"},
      {200, "application/json", NULL, NULL, "", "the header Mesos-Stream-Id has 0 bytes; expected 1 to 128"},
      {307, NULL, NULL, "nowhere", "", "redirects to 'nowhere', which is no address"},
      {307, NULL, NULL, "//10.0.0.2:5050 /x", "", "redirects to '//10.0.0.2:5050 /x', which is no address"},
      {400, "text/plain", NULL, NULL, "Failed to parse", "HTTP 400, SUBSCRIBE is not valid: Failed to parse"},
      {401, NULL, NULL, NULL, "", "HTTP 401, the framework is not authenticated"},
      {403, NULL, NULL, NULL, "no\r\nway", "HTTP 403, the framework is not authorized: no  way"},
      {409, NULL, NULL, NULL, "", "HTTP 409, another subscription is under way"},
      {415, NULL, NULL, NULL, "", "HTTP 415, does not read the format that was sent"},
      {500, NULL, NULL, NULL, "", "HTTP 500, refused the subscription"},
      {503, NULL, NULL, NULL, "", "HTTP 503, is not ready: it is starting, or no master leads"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script s;
    char line[512];
    open_asked(&s);
    script_head(&s, rows[i].status, rows[i].type, rows[i].stream_id, rows[i].location);
    if (rows[i].body[0] != '\0') script_bytes(&s, rows[i].body, strlen(rows[i].body));
    if (s.stream != 0) script_end(&s);
    snprintf(line, sizeof line, "event: master 10.0.0.1:5050: %s\n", rows[i].line);
    if (!script_has(&s, line)) fail_msg("expected '%s', got '%s'", line, s.trace);
    script_forget(&s);
    script_wait(&s, 1000);
    script_expect(&s, asked);
    script_close(&s);
  }
}

/* Every redirection counts as one; addresses and ids that are too long do not fit. */
static void redirections_and_long_names(void **state) {
  static const uint32_t codes[] = {301, 302, 303, 307, 308};
  static const char *const formats[] = {"//%s:5050/x", "//10.0.0.2:5050/%s"};
  char name[400], text[512];
  struct script s;
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    open_asked(&s);
    script_head(&s, codes[i], NULL, NULL, "/elsewhere");
    assert_true(script_has(&s, "redirects to /elsewhere\n"));
    assert_true(script_has(&s, "> SUBSCRIBE 10.0.0.1:5050 /elsewhere\n"));
    script_close(&s);
  }
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  for (size_t i = 0; i < 2; i++) {
    snprintf(text, sizeof text, formats[i], name);
    open_asked(&s);
    script_head(&s, 307, NULL, NULL, text);
    assert_true(script_has(&s, "which is no address\n"));
    script_close(&s);
  }
  open_asked(&s);
  script_head(&s, 200, "application/json", name, NULL);
  assert_true(script_has(&s, "the header Mesos-Stream-Id has 399 bytes; expected 1 to 128\n"));
  script_wait(&s, 1000);
  script_head(&s, 200, "application/json", "S1", NULL);
  snprintf(text, sizeof text,
           "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"%s\"}}}", name);
  script_event(&s, text);
  assert_true(script_has(&s, "a framework id of 399 bytes\n"));
  script_wait(&s, 15000);
  script_head(&s, 200, "application/json", "S1", NULL);
  script_event(&s, "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"\"}}}");
  assert_true(script_has(&s, "a framework id of 0 bytes\n"));
  snprintf(text, sizeof text, "%s:5050", name);
  assert_int_equal(
      script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_LEADER, .bytes = {text, strlen(text)}}),
      K8SM_ERR_INVALID);
  script_close(&s);
}

/* Intervals of heartbeats that can't be are not taken. */
static void odd_heartbeats(void **state) {
  static const char *const intervals[] = {"0", "-5", "1e300", "0.0001"};
  (void)state;
  for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
    struct script s;
    char text[256];
    open_asked(&s);
    script_head(&s, 200, "application/json", "S1", NULL);
    snprintf(text, sizeof text,
             "{\"type\":\"SUBSCRIBED\",\"subscribed\":{\"framework_id\":{\"value\":\"F1\"},"
             "\"heartbeat_interval_seconds\":%s}}",
             intervals[i]);
    script_event(&s, text);
    assert_true(script_has(&s, "Subscribed: at 10.0.0.1:5050"));
    script_forget(&s);
    script_wait(&s, 20000);
    assert_false(script_has(&s, "> SUBSCRIBE")); /* Mesos' own 15 s count */
    script_wait(&s, 120000);
    assert_true(script_has(&s, "> SUBSCRIBE"));
    script_close(&s);
  }
}

static void words_that_never_end(void **state) {
  struct script s;
  char noise[4096];
  (void)state;
  memset(noise, 'x', sizeof noise);
  open_asked(&s);
  script_head(&s, 503, "text/plain", NULL, NULL);
  for (int i = 0; i < 100; i++) script_bytes(&s, noise, sizeof noise);
  assert_int_equal(s.trace_len, 0);
  script_wait(&s, 5000);
  assert_true(script_has(&s, "> cancel the subscription\nevent: master 10.0.0.1:5050: HTTP 503"));
  script_close(&s);
}

/* Bytes that are no stream of events. */
static void broken_streams(void **state) {
  static const struct {
    const char *body, *line;
  } rows[] = {
      {"9223372036854775808\n{", NULL},
      {"99999999999999999999999\n{", NULL},
      {"0\n", NULL},
      {"<html>", NULL},
      {"20\n{\"type\":\"HEARTBEAT\"}", "the first event is neither SUBSCRIBED nor ERROR"},
      {"21\n{\"type\":\"SUBSCRIBED\"}", "an event lacks what its type promises"},
      {"5\n{\"a\":", NULL},
      {"7\nnothing", NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct script s;
    open_asked(&s);
    script_head(&s, 200, "application/json", "S1", NULL);
    size_t before = s.memory.held;
    script_bytes(&s, rows[i].body, strlen(rows[i].body));
    assert_true(script_has(&s, "> cancel the subscription\nevent: master 10.0.0.1:5050: "));
    if (rows[i].line != NULL) assert_true(script_has(&s, rows[i].line));
    assert_true(s.memory.held < before + 65536);
    script_wait(&s, 1000);
    assert_true(script_has(&s, asked));
    script_close(&s);
  }
}

static void nested_20000_deep(void **state) {
  enum { DEPTH = 20000 };
  struct script s;
  (void)state;
  char *json = malloc(6 * DEPTH + 64), *p = json;
  assert_non_null(json);
  p += sprintf(p, "{\"type\":\"HEARTBEAT\"");
  p += sprintf(p, ",\"x\":");
  for (int i = 0; i < DEPTH; i++) p += sprintf(p, "{\"x\":");
  p += sprintf(p, "1");
  for (int i = 0; i < DEPTH; i++) *p++ = '}';
  p += sprintf(p, "}");
  open_asked(&s);
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_event(&s, json);
  free(json);
  assert_true(script_has(
      &s, "> cancel the subscription\nevent: master 10.0.0.1:5050: sent an event that can't be read"));
  script_close(&s);
}

static void ends_in_mid_record(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_bytes(&s, "20\n{\"type\"", 10);
  script_end(&s);
  script_expect(&s, "event: master 10.0.0.1:5050: the stream of events ended in the middle of one\n");
  /* And what was begun does not spoil the next stream. */
  script_wait(&s, 1000);
  script_expect(&s, asked);
  script_subscribe(&s, "F1");
  assert_true(script_has(&s, "Subscribed"));
  script_close(&s);
}

static void silence_is_a_loss(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_wait(&s, 60000);
  script_event(&s, "{\"type\":\"HEARTBEAT\"}");
  script_wait(&s, 74999);
  script_expect(&s, "");
  script_wait(&s, 1);
  script_expect(&s, "> cancel the subscription\n"
                    "event: master 10.0.0.1:5050: silent for 75000 ms: 5 heartbeats missed\n");
  script_close(&s);
}

static void no_answer_at_all(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  script_wait(&s, 29999);
  script_expect(&s, "");
  script_wait(&s, 1);
  script_expect(
      &s, "> cancel the subscription\nevent: master 10.0.0.1:5050: no answer to SUBSCRIBE within 30 s\n");
  script_close(&s);
}

/* Random, from the seed; the bound doubles up to its cap; a subscription that lasts sets it back. */
static void back_off_times(void **state) {
  static const uint64_t bounds[] = {1000, 2000, 4000, 8000, 15000, 15000, 15000};
  uint64_t times[2][7];
  (void)state;
  for (int run = 0; run < 2; run++) {
    struct script s;
    open_asked(&s);
    for (size_t i = 0; i < 7; i++) {
      script_lost(&s, "connection refused");
      script_expect(&s, "event: master 10.0.0.1:5050: connection refused\n");
      times[run][i] = k8sm_driver_deadline(s.driver) - s.now;
      assert_in_range(times[run][i], 1, bounds[i]);
      script_wait(&s, times[run][i]);
      script_expect(&s, asked);
    }
    script_subscribe(&s, "F1");
    s.heartbeats = true;
    script_wait(&s, 15000);
    script_lost(&s, "reset");
    assert_in_range(k8sm_driver_deadline(s.driver) - s.now, 1, 1000);
    script_close(&s);
  }
  assert_memory_equal(times[0], times[1], sizeof times[0]);
}

static void an_error_ends_the_framework(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_event(&s, "{\"type\":\"ERROR\",\"error\":{\"message\":\"Framework has been removed\"}}");
  script_expect(&s, "event: the master ended the framework: Framework has been removed\n"
                    "> cancel the subscription\n"
                    "stopped MASTER_ERROR\n");
  script_tick(&s);
  assert_int_equal(s.result, K8SM_ERR_STATE);
  assert_true(k8sm_driver_deadline(s.driver) == UINT64_MAX);
  script_close(&s);
}

static void leaders_come_and_go(void **state) {
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  o.master = NULL;
  script_open(&s, &o);
  script_tick(&s);
  script_expect(&s, "");
  assert_true(k8sm_driver_deadline(s.driver) == UINT64_MAX);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_LEADER, .bytes = {"10.0.0.8:5050", 13}});
  script_expect(&s, "> SUBSCRIBE 10.0.0.8:5050 /api/v1/scheduler\n");
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_LEADER, .bytes = {"10.0.0.8:5050", 13}});
  script_expect(&s, "");
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_LEADER, .bytes = {"10.0.0.9:5050", 13}});
  script_expect(&s, "> cancel the subscription\n> SUBSCRIBE 10.0.0.9:5050 /api/v1/scheduler\n");
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_LEADER});
  script_expect(&s, "> cancel the subscription\n");
  assert_true(k8sm_driver_deadline(s.driver) == UINT64_MAX);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_LEADER, .bytes = {"not an address", 14}});
  assert_int_equal(s.result, K8SM_ERR_INVALID);
  script_close(&s);
}

static void a_refused_framework_record_is_tried_again(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  s.hold_records = true;
  script_subscribe(&s, "F1");
  script_forget(&s);
  script_record(&s, K8SM_INPUT_REFUSED, s.open_record);
  script_expect(&s, "event: FailedRecord: record 1 was refused: the stored row is old\n");
  script_wait(&s, 5000);
  assert_true(script_has(&s, "record framework\n"));
  script_record(&s, K8SM_INPUT_RECORDED, 2);
  assert_int_equal(s.result, K8SM_OK);
  script_record(&s, K8SM_INPUT_RECORDED, 2);
  assert_int_equal(s.result, K8SM_ERR_INVALID);
  script_close(&s);
}

static void leaving(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  script_subscribe(&s, "F1");
  script_forget(&s);
  s.hold_calls = true;
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_STOP, .flags = K8SM_STOP_TEARDOWN});
  script_expect(&s, "> TEARDOWN\n");
  script_answer(&s, "TEARDOWN", 202, NULL);
  script_expect(&s, "> cancel the subscription\nstopped \n");
  script_close(&s);
  open_asked(&s);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_STOP});
  script_expect(&s, "> cancel the subscription\nstopped \n");
  script_close(&s);
}

static void inputs_that_are_refused(void **state) {
  struct script s;
  (void)state;
  open_asked(&s);
  script_step(&s, (struct k8sm_input){.type = 99});
  assert_int_equal(s.result, K8SM_ERR_INVALID);
  script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_POD});
  assert_int_equal(s.result, K8SM_ERR_INVALID);
  assert_int_equal(script_delete(&s, "default/none", -1), K8SM_ERR_NOT_FOUND);
  assert_string_equal(s.findings, "no pod 'default/none'");
  script_step(&s,
              (struct k8sm_input){.type = K8SM_INPUT_RESTORE, .key = {"framework", 9}, .bytes = {"F", 1}});
  assert_int_equal(s.result, K8SM_ERR_INVALID);
  script_expect(&s, "");
  script_close(&s);
}

static void rows_that_are_no_records(void **state) {
  static const struct {
    const char *key, *bytes;
  } rows[] = {{"framework", ""},
              {"other", "x"},
              {"pod/1", ""},
              {"pod/1", "{}"},
              {"pod/1", "{\"version\":2}"},
              {"pod/1", "{\"version\":1,\"tasks\":{}}"},
              {"pod/1", "{\"version\":1,\"nonce\":\"n\",\"pod\":\"{}\"}"}};
  struct script s;
  struct k8sm_driver_options o = script_options();
  (void)state;
  script_open(&s, &o);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    script_step(&s, (struct k8sm_input){.type = K8SM_INPUT_RESTORE,
                                        .key = {rows[i].key, strlen(rows[i].key)},
                                        .bytes = {rows[i].bytes, strlen(rows[i].bytes)}});
    assert_int_equal(s.result, K8SM_ERR_INVALID);
    assert_string_not_equal(s.findings, "");
  }
  script_close(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(first_the_framework_is_recorded),
      cmocka_unit_test(chunks_of_one_byte),
      cmocka_unit_test(redirected),
      cmocka_unit_test(redirected_in_a_circle),
      cmocka_unit_test(redirections_and_long_names),
      cmocka_unit_test(odd_heartbeats),
      cmocka_unit_test(subscriptions_that_do_not_last),
      cmocka_unit_test(refusals),
      cmocka_unit_test(words_that_never_end),
      cmocka_unit_test(broken_streams),
      cmocka_unit_test(nested_20000_deep),
      cmocka_unit_test(ends_in_mid_record),
      cmocka_unit_test(silence_is_a_loss),
      cmocka_unit_test(no_answer_at_all),
      cmocka_unit_test(back_off_times),
      cmocka_unit_test(an_error_ends_the_framework),
      cmocka_unit_test(leaders_come_and_go),
      cmocka_unit_test(a_refused_framework_record_is_tried_again),
      cmocka_unit_test(leaving),
      cmocka_unit_test(inputs_that_are_refused),
      cmocka_unit_test(rows_that_are_no_records),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
