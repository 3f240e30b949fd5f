/* SPDX-License-Identifier: Apache-2.0 */
#include "support/failing.h"
#include "support/web.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The client against a peer whose every byte the test writes. */

struct fixture {
  struct k8sm_client *client;
  struct web_raw raw;
  struct web_log log;
  uint64_t now;
  size_t fds;
};

static int set_up(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  struct k8sm_client_options options = {
      .size = sizeof options, .connect_timeout_ms = 1000, .response_timeout_ms = 5000, .user_agent = "test"};
  f->fds = web_open_fds();
  web_raw_open(&f->raw);
  *state = f;
  return k8sm_client_new(&options, &f->client, NULL);
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  k8sm_client_free(f->client);
  web_raw_close(&f->raw);
  int leaked = web_open_fds() != f->fds;
  free(f);
  return leaked;
}

static void turns(struct fixture *f, int n) {
  while (n-- > 0) {
    web_turn(f->client, NULL, f->now);
    web_raw_turn(&f->raw);
    web_take(f->client, &f->log);
  }
}

static void submit(struct fixture *f, uint64_t id, uint32_t flags, const char *body) {
  struct k8sm_effect e = web_request(id, f->raw.authority, body);
  e.flags = flags;
  assert_int_equal(k8smi_client_request(f->client, &e, f->now), K8SM_OK);
}

static void reply(struct fixture *f, const char *text) {
  web_raw_send(&f->raw, text, strlen(text));
}

/* A text that ends in ": " stands for any words behind it: the parser's own. */
static void expect(struct fixture *f, const char *want) {
  size_t len = strlen(want);
  for (int i = 0; i < 50 && f->log.len < len; i++) turns(f, 1);
  turns(f, 2);
  if (len > 2 && strcmp(want + len - 2, ": ") == 0) f->log.text[len] = '\0';
  assert_string_equal(f->log.text, want);
  f->log.len = f->log.chunk_of = 0;
  f->log.text[0] = '\0';
}

static void expect_lost(struct fixture *f, const char *words) {
  char want[512];
  bool any = strcmp(words + strlen(words) - 2, ": ") == 0;
  snprintf(want, sizeof want, "1 LOST %s%s%s", f->raw.authority, words, any ? "" : "\n");
  expect(f, want);
}

static void calls_go_in_order_on_one_connection(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "one");
  submit(f, 2, 0, "two");
  turns(f, 4);
  assert_non_null(strstr(f->raw.got, "POST /api/v1/scheduler HTTP/1.1\r\n"));
  assert_non_null(strstr(f->raw.got, "User-Agent: test\r\n"));
  assert_non_null(strstr(f->raw.got, "Accept: application/json\r\nContent-Length: 3\r\n\r\none"));
  assert_null(strstr(f->raw.got, "two"));
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  expect(f, "1 RESPONSE 202 -|-|-\n1 END \n");
  assert_non_null(strstr(f->raw.got, "two"));
  reply(f,
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<b>no</b>\r\n\r\n");
  expect(f, "2 RESPONSE 400 text/html|-|-\n2 CHUNK <b>no</b>\r\n\r\n\n2 END \n");
  assert_int_equal(f->raw.connections, 1);
}

static void a_stream_has_its_own_connection_and_no_end(void **state) {
  struct fixture *f = *state;
  submit(f, 1, K8SM_REQUEST_STREAMING, "subscribe");
  turns(f, 4);
  reply(f, "HTTP/1.1 200 OK\r\nMesos-Stream-Id: abc\r\nContent-Type: application/json\r\n"
           "Transfer-Encoding: chunked\r\n\r\n4\r\n2\n{}\r\n");
  expect(f, "1 RESPONSE 200 application/json|abc|-\n1 CHUNK 2\n{}");
  assert_true(k8sm_client_deadline(f->client) == UINT64_MAX);
  f->now += 1000000;
  reply(f, "2\r\nxy\r\n");
  expect(f, "1 CHUNK xy");
  submit(f, 2, 0, "call");
  turns(f, 4);
  assert_int_equal(f->raw.connections, 2); /* which ends the first one */
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  turns(f, 5);
  assert_non_null(strstr(f->log.text, "1 LOST "));
  assert_non_null(strstr(f->log.text, "closed the connection in the middle of its response"));
  assert_non_null(strstr(f->log.text, "2 RESPONSE 202 -|-|-\n2 END \n"));
}

static void a_response_without_length_ends_with_the_connection(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 307 Temporary Redirect\r\nLocation: //10.0.0.1:5050\r\n\r\nhello");
  turns(f, 3);
  web_raw_drop(&f->raw);
  expect(f, "1 RESPONSE 307 -|-|//10.0.0.1:5050\n1 CHUNK hello\n1 END \n");
}

static void continue_is_passed_over(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 100 Continue\r\n\r\n");
  turns(f, 3);
  reply(f, "HTTP/1.1 204 No Content\r\n\r\n");
  expect(f, "1 RESPONSE 204 -|-|-\n1 END \n");
}

static void what_is_no_http_is_lost(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *bytes, *words;
  } cases[] = {
      {"<html><body>It works!</body></html>\n", " does not speak HTTP/1.1 as it should: "},
      {"", " closed the connection without a response"},
      {"HTTP/1.1 20", " closed the connection in the middle of a response's head"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
       " does not speak HTTP/1.1 as it should: "},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n",
       " does not speak HTTP/1.1 as it should: it switches to a protocol that was not asked for"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    submit(f, 1, 0, "x");
    turns(f, 4);
    reply(f, cases[i].bytes);
    web_raw_drop(&f->raw);
    expect_lost(f, cases[i].words);
  }
}

static void what_breaks_off_is_lost_behind_its_head(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *bytes, *got, *words;
  } cases[] = {
      {"5\r\nhe", "1 CHUNK he\n", " closed the connection in the middle of its response\n"},
      {"fffffffffffffffff\r\n", "", " does not speak HTTP/1.1 as it should: "},
      {"5\r\nhelloX", "1 CHUNK hello\n", " does not speak HTTP/1.1 as it should: "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char want[512];
    submit(f, 1, 0, "x");
    turns(f, 4);
    reply(f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    reply(f, cases[i].bytes);
    web_raw_drop(&f->raw);
    snprintf(want, sizeof want, "1 RESPONSE 200 -|-|-\n%s1 LOST %s%s", cases[i].got, f->raw.authority,
             cases[i].words);
    expect(f, want);
  }
}

static void a_head_without_end_is_lost(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 700; i++) {
    reply(f, "X-Filler: "
             "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567\r\n");
  }
  expect_lost(f, " does not speak HTTP/1.1 as it should: a head of more than 65536 bytes");
}

static void a_refused_connection_is_lost(void **state) {
  struct fixture *f = *state;
  char want[128];
  web_raw_close(&f->raw);
  submit(f, 1, K8SM_REQUEST_STREAMING, "x");
  snprintf(want, sizeof want, "1 LOST connect to %s: Connection refused\n", f->raw.authority);
  expect(f, want);
  assert_int_equal(k8sm_client_pollfds(f->client, NULL, 0), 0);
}

static void what_can_not_be_sent_is_lost(void **state) {
  struct fixture *f = *state;
  struct k8sm_effect e = web_request(1, "leader.mesos:5050", "x");
  assert_int_equal(k8smi_client_request(f->client, &e, 0), K8SM_OK);
  expect(
      f,
      "1 LOST connect to leader.mesos:5050: not an address with a port: an IPv4 address, an IPv6 address in "
      "brackets, or localhost; other names are not looked up, give their address\n");
  e = web_request(1, f->raw.authority, "x");
  e.stream_id = K8SMI_S("a\r\nb");
  assert_int_equal(k8smi_client_request(f->client, &e, 0), K8SM_OK);
  expect(f, "1 LOST the request's stream id is empty or has a character that can't be sent\n");
  assert_int_equal(f->raw.connections, 0);
}

static void a_kept_connection_that_was_closed_is_opened_again(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  expect(f, "1 RESPONSE 202 -|-|-\n1 END \n");
  web_raw_drop(&f->raw); /* the client has not looked yet */
  submit(f, 2, 0, "y");
  turns(f, 4);
  assert_int_equal(f->raw.connections, 2);
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  expect(f, "2 RESPONSE 202 -|-|-\n2 END \n");
  web_raw_drop(&f->raw);
  turns(f, 3); /* it has looked: nothing is polled any more */
  assert_int_equal(k8sm_client_pollfds(f->client, NULL, 0), 0);
}

static void a_request_that_may_have_been_carried_out_is_not_sent_again(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  expect(f, "1 RESPONSE 202 -|-|-\n1 END \n");
  submit(f, 1, 0, "y");
  turns(f, 4);
  web_raw_drop(&f->raw);
  expect_lost(f, " closed the connection without a response");
  assert_int_equal(f->raw.connections, 1);
}

static void an_idle_connection_that_talks_is_closed(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  expect(f, "1 RESPONSE 202 -|-|-\n1 END \n");
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  turns(f, 4);
  assert_true(f->raw.ended);
  assert_string_equal(f->log.text, "");
}

static void times_run_out(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  assert_int_equal(k8sm_client_deadline(f->client), 5000);
  f->now = 4999;
  turns(f, 2);
  assert_string_equal(f->log.text, "");
  f->now = 5000;
  expect_lost(f, " sent no response within 5000 ms");
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  turns(f, 4);
  f->now += 4000;
  reply(f, "12345");
  turns(f, 4);
  f->now += 4999;
  turns(f, 4);
  assert_string_equal(f->log.text, "1 RESPONSE 200 -|-|-\n1 CHUNK 12345");
  f->now += 1;
  turns(f, 4);
  assert_non_null(strstr(f->log.text, " sent no more of its response within 5000 ms"));
}

static void continue_for_ever_is_no_response(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  for (f->now = 4000; f->now < 9000 && f->log.ends == 0; f->now += 100) {
    reply(f, "HTTP/1.1 100 Continue\r\n\r\n");
    turns(f, 1);
  }
  assert_int_equal(f->now, 5200);
  expect_lost(f, " sent no response within 5000 ms");
}

static void a_late_response_is_taken_if_the_host_was_late(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  f->now = 60000;
  expect(f, "1 RESPONSE 202 -|-|-\n1 END \n");
}

static void what_is_cancelled_gives_no_input(void **state) {
  struct fixture *f = *state;
  submit(f, 4, K8SM_REQUEST_STREAMING, "stream");
  turns(f, 4);
  k8smi_client_cancel(f->client, 4);
  submit(f, 1, 0, "one");
  submit(f, 2, 0, "two");
  submit(f, 3, 0, "three");
  turns(f, 4);
  k8smi_client_cancel(f->client, 2);
  k8smi_client_cancel(f->client, 1);
  k8smi_client_cancel(f->client, 99);
  turns(f, 6);
  assert_non_null(strstr(f->raw.got, "three"));
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  expect(f, "3 RESPONSE 202 -|-|-\n3 END \n");
  k8smi_client_cancel(f->client, 3);
  submit(f, 5, 0, "five");
  turns(f, 4);
  k8smi_client_cancel(f->client, 5);
  submit(f, 6, 0, "six");
  turns(f, 6);
  assert_non_null(strstr(f->raw.got, "six"));
  assert_string_equal(f->log.text, "");
}

static void another_leader_gets_another_connection(void **state) {
  struct fixture *f = *state;
  submit(f, 1, 0, "x");
  turns(f, 4);
  reply(f, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  expect(f, "1 RESPONSE 202 -|-|-\n1 END \n");
  static struct web_raw other;
  web_raw_open(&other);
  struct k8sm_effect e = web_request(2, other.authority, "y");
  assert_int_equal(k8smi_client_request(f->client, &e, f->now), K8SM_OK);
  for (int i = 0; i < 4; i++) {
    turns(f, 1);
    web_raw_turn(&other);
  }
  assert_non_null(strstr(other.got, "Host: 127.0.0.1:"));
  assert_true(f->raw.ended);
  web_raw_close(&other);
}

static void options_are_checked(void **state) {
  (void)state;
  struct k8sm_diag rows[2];
  char text[256];
  struct k8sm_diags d = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_client *client = NULL;
  struct k8sm_transport half = {.size = sizeof half};
  struct k8sm_client_options o = {.size = sizeof o, .user_agent = "a\r\nb"};
  assert_int_equal(k8sm_client_new(&o, &client, &d), K8SM_ERR_INVALID);
  o = (struct k8sm_client_options){.size = sizeof o, .transport = &half};
  assert_int_equal(k8sm_client_new(&o, &client, &d), K8SM_ERR_INVALID);
  assert_int_equal(d.count, 2);
  assert_string_equal(text + rows[1].message, "k8sm_client_options.transport lacks a function");
  o.size = 3;
  assert_int_equal(k8sm_client_new(&o, &client, &d), K8SM_ERR_ABI);
  assert_null(client);
  assert_int_equal(k8sm_client_new(NULL, &client, NULL), K8SM_OK);
  k8sm_client_free(client);
  k8sm_client_free(NULL);
}

/* One exchange of each kind with the n-th allocation failing: an error, or it goes on once there is
 * memory again; nothing is kept. */
static bool exchange_with_failure(struct web_raw *raw, size_t fail_at) {
  struct failing f;
  struct k8sm_client *client = NULL;
  static struct web_log log;
  failing_init(&f, fail_at);
  memset(&log, 0, sizeof log);
  struct k8sm_client_options o = {.size = sizeof o, .allocator = &f.allocator};
  struct k8sm_effect e = web_request(1, raw->authority, "body");
  e.flags = fail_at % 2 == 0 ? K8SM_REQUEST_STREAMING : 0;
  int r = k8sm_client_new(&o, &client, NULL);
  if (r == K8SM_OK) r = k8smi_client_request(client, &e, 0);
  bool failed = r != K8SM_OK;
  if (r == K8SM_OK && f.fail_at != 0 && f.calls >= f.fail_at) { /* it was the connection that failed */
    assert_int_equal(k8sm_client_deadline(client), 0);
    assert_int_equal(k8sm_client_process(client, NULL, 0, 0), K8SM_ERR_NOMEM);
    failed = true;
    f.fail_at = 0;
  }
  for (int i = 0; r == K8SM_OK && i < 50 && log.ends == 0; i++) {
    web_turn(client, NULL, 0);
    web_raw_turn(raw);
    if (i == 5) web_raw_send(raw, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
    web_take(client, &log);
  }
  if (r == K8SM_OK) assert_string_equal(log.text, "1 RESPONSE 200 -|-|-\n1 CHUNK ok\n1 END \n");
  if (r != K8SM_OK) assert_int_equal(r, K8SM_ERR_NOMEM);
  k8sm_client_free(client);
  assert_int_equal(f.held, 0);
  return failed;
}

static void memory_may_run_out_anywhere(void **state) {
  (void)state;
  static struct web_raw raw;
  web_raw_open(&raw);
  size_t n = 1, clean = 0;
  for (; clean < 2 && n < 100; n++) clean = exchange_with_failure(&raw, n) ? 0 : clean + 1;
  assert_in_range(n, 7, 30);
  web_raw_close(&raw);
}

#define WITH_PEER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_PEER(calls_go_in_order_on_one_connection),
      WITH_PEER(a_stream_has_its_own_connection_and_no_end),
      WITH_PEER(a_response_without_length_ends_with_the_connection),
      WITH_PEER(continue_is_passed_over),
      WITH_PEER(what_is_no_http_is_lost),
      WITH_PEER(what_breaks_off_is_lost_behind_its_head),
      WITH_PEER(a_head_without_end_is_lost),
      WITH_PEER(a_refused_connection_is_lost),
      WITH_PEER(what_can_not_be_sent_is_lost),
      WITH_PEER(a_kept_connection_that_was_closed_is_opened_again),
      WITH_PEER(a_request_that_may_have_been_carried_out_is_not_sent_again),
      WITH_PEER(an_idle_connection_that_talks_is_closed),
      WITH_PEER(times_run_out),
      WITH_PEER(continue_for_ever_is_no_response),
      WITH_PEER(a_late_response_is_taken_if_the_host_was_late),
      WITH_PEER(what_is_cancelled_gives_no_input),
      WITH_PEER(another_leader_gets_another_connection),
      cmocka_unit_test(options_are_checked),
      cmocka_unit_test(memory_may_run_out_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
