/* SPDX-License-Identifier: Apache-2.0 */
#include "support/web.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The client over a transport in memory, whose reads and writes come short, or not now, or fail. */

struct k8sm_stream {
  struct network *net;
  size_t answered; /* bytes of the answer that were read */
  size_t heard;    /* bytes of the request */
  unsigned number; /* from 1 */
};

struct network {
  const char *answer;
  size_t piece;        /* bytes of one read or write at most */
  unsigned busy;       /* about one of so many operations is "not now"; 0: none, 1: all */
  unsigned operations; /* reads and writes so far */
  unsigned fail_at;    /* the operation, from 1, that breaks the stream; 0: none */
  int fail_with;       /* K8SM_ERR_STATE, or NOT_FOUND for the end */
  int connect_result;
  unsigned open, opened;
  unsigned cut;   /* the streams up to this one are broken */
  size_t stop_at; /* a stream takes no more of a request than this; 0: all */
};

static bool network_whole(const struct k8sm_stream *s) {
  return s->heard >= 100;
}

static struct k8sm_stream *network_last; /* opened */

static int network_connect(void *ctx, const char *authority, struct k8sm_stream **ret) {
  struct network *net = ctx;
  assert_string_equal(authority, "master.example:5050"); /* a transport may know names */
  if (net->connect_result != K8SM_OK) return net->connect_result;
  *ret = calloc(1, sizeof **ret);
  (*ret)->net = net;
  network_last = *ret;
  net->open++;
  (*ret)->number = ++net->opened;
  return K8SM_OK;
}

/* 1: go on; or what the operation returns. */
static int64_t network_operate(struct k8sm_stream *s) {
  struct network *net = s->net;
  net->operations++;
  if (s->number <= net->cut) return K8SM_ERR_STATE;
  if (net->fail_at != 0 && net->operations >= net->fail_at) return net->fail_with;
  return net->busy != 0 && (net->operations * 2654435761U >> 16) % net->busy == 0 ? 0 : 1;
}

static int64_t network_read(struct k8sm_stream *s, void *bytes, size_t cap) {
  int64_t r = network_operate(s);
  if (r <= 0 || !network_whole(s)) return r <= 0 ? r : 0;
  size_t n = strlen(s->net->answer) - s->answered;
  if (n > cap) n = cap;
  if (n > s->net->piece) n = s->net->piece;
  memcpy(bytes, s->net->answer + s->answered, n);
  s->answered += n;
  return (int64_t)n;
}

static int64_t network_write(struct k8sm_stream *s, const void *bytes, size_t len) {
  (void)bytes;
  int64_t r = network_operate(s);
  if (r == K8SM_ERR_NOT_FOUND) r = K8SM_ERR_STATE;
  if (r <= 0) return r;
  size_t n = len < s->net->piece ? len : s->net->piece;
  if (s->net->stop_at != 0 && n > s->net->stop_at - s->heard) n = s->net->stop_at - s->heard;
  s->heard += n;
  return (int64_t)n;
}

static const char *network_error(struct k8sm_stream *s) {
  (void)s;
  return "the wire was cut";
}

static int network_fd(struct k8sm_stream *s) {
  (void)s;
  return -1;
}

static void network_close(struct k8sm_stream *s) {
  s->net->open--;
  free(s);
}

static struct k8sm_client *network_client(struct network *net) {
  struct k8sm_transport t = {.size = sizeof t,
                             .ctx = net,
                             .connect = network_connect,
                             .read = network_read,
                             .write = network_write,
                             .error = network_error,
                             .fd = network_fd,
                             .close = network_close};
  struct k8sm_client_options o = {
      .size = sizeof o, .transport = &t, .connect_timeout_ms = 100000, .response_timeout_ms = 100000};
  struct k8sm_client *client = NULL;
  assert_int_equal(k8sm_client_new(&o, &client, NULL), K8SM_OK);
  return client;
}

static void exchange(struct network *net, uint32_t flags, struct web_log *log) {
  struct k8sm_client *client = network_client(net);
  struct k8sm_effect e = web_request(7, "master.example:5050", "body");
  memset(log, 0, sizeof *log);
  e.flags = flags;
  assert_int_equal(k8smi_client_request(client, &e, 0), K8SM_OK);
  for (uint64_t now = 0; now < 20000 && log->ends == 0; now++) {
    assert_int_equal(k8sm_client_process(client, NULL, 0, now), K8SM_OK);
    web_take(client, log);
  }
  assert_int_equal(log->ends, 1);
  k8sm_client_free(client);
  assert_int_equal(net->open, 0);
}

static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nMesos-Stream-Id: s\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n";
static const char whole[] = "7 RESPONSE 200 a/b|s|-\n7 CHUNK hello, world\n7 END \n";

static void pieces_of_any_size_and_pauses_make_no_difference(void **state) {
  (void)state;
  static struct web_log log;
  const size_t pieces[] = {1, 2, 3, 7, 64, 100000};
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    for (unsigned busy = 0; busy < 5; busy++) {
      if (busy == 1) continue; /* never ready */
      struct network net = {.answer = answer, .piece = pieces[i], .busy = busy};
      exchange(&net, busy % 2 == 0 ? K8SM_REQUEST_STREAMING : 0, &log);
      assert_string_equal(log.text, whole);
    }
  }
}

/* What was handed out before the break is a beginning of the whole; then it is LOST, with words. */
static void assert_beginning(const struct web_log *log, const char *words) {
  const char *lost = strstr(log->text, "7 LOST ");
  assert_non_null(lost);
  size_t len = (size_t)(lost - log->text);
  if (len > 0 && strncmp(log->text, whole, len) != 0) len--; /* the line end behind a chunk that goes on */
  assert_memory_equal(log->text, whole, len);
  assert_non_null(strstr(lost, words));
}

static void any_operation_may_fail(void **state) {
  (void)state;
  static struct web_log log;
  for (size_t piece = 1; piece < 200; piece = piece * 3 + 1) {
    bool through = false;
    for (unsigned n = 1; !through; n++) {
      struct network net = {.answer = answer, .piece = piece, .fail_at = n, .fail_with = K8SM_ERR_STATE};
      exchange(&net, n % 2, &log);
      through = strcmp(log.text, whole) == 0;
      if (!through) assert_beginning(&log, "master.example:5050: the wire was cut");
      net = (struct network){.answer = answer, .piece = piece, .fail_at = n, .fail_with = K8SM_ERR_NOT_FOUND};
      exchange(&net, n % 2, &log);
      if (strcmp(log.text, whole) != 0) assert_beginning(&log, "7 LOST ");
    }
  }
}

static void a_connect_that_fails_is_lost_or_tried_again(void **state) {
  (void)state;
  static struct web_log log;
  struct network net = {.answer = answer, .piece = 100, .connect_result = K8SM_ERR_NOT_FOUND};
  exchange(&net, 0, &log);
  assert_string_equal(log.text, "7 LOST connect to master.example:5050: no such peer\n");
  struct k8sm_client *client = network_client(&net);
  struct k8sm_effect e = web_request(7, "master.example:5050", "body");
  net.connect_result = K8SM_ERR_NOMEM;
  assert_int_equal(k8smi_client_request(client, &e, 0), K8SM_OK);
  assert_int_equal(k8sm_client_process(client, NULL, 0, 0), K8SM_ERR_NOMEM);
  assert_int_equal(k8sm_client_deadline(client), 0);
  net.connect_result = K8SM_OK;
  memset(&log, 0, sizeof log);
  for (int i = 0; i < 10; i++) {
    assert_int_equal(k8sm_client_process(client, NULL, 0, 0), K8SM_OK);
    web_take(client, &log);
  }
  assert_string_equal(log.text, whole);
  k8sm_client_free(client);
}

static void a_peer_that_takes_nothing_runs_out_of_time(void **state) {
  (void)state;
  static struct web_log log;
  struct network net = {.answer = answer, .piece = 100, .busy = 1};
  struct k8sm_client *client = network_client(&net);
  struct k8sm_effect e = web_request(7, "master.example:5050", "body");
  memset(&log, 0, sizeof log);
  assert_int_equal(k8smi_client_request(client, &e, 5), K8SM_OK);
  assert_true(k8sm_client_deadline(client) == 100005);
  assert_int_equal(k8sm_client_process(client, NULL, 0, 100005), K8SM_OK);
  web_take(client, &log);
  assert_string_equal(log.text, "7 LOST connect to master.example:5050: no answer within 100000 ms\n");
  assert_true(k8sm_client_deadline(client) == UINT64_MAX);
  k8sm_client_free(client);
  assert_int_equal(net.open, 0);
}

/* The kept stream breaks while a part of the second request is not written: it is sent again, whole. If
 * all of it was written, it may have been carried out, and is not. */
static void send_twice(size_t left_of_second, struct web_log *log, unsigned *ret_opened) {
  struct network net = {.answer = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", .piece = 1000};
  struct k8sm_client *client = network_client(&net);
  struct k8sm_effect e = web_request(1, "master.example:5050", "body");
  memset(log, 0, sizeof *log);
  assert_int_equal(k8smi_client_request(client, &e, 0), K8SM_OK);
  size_t size = network_last->heard;
  web_take(client, log);
  assert_int_equal(log->ends, 1);
  e.exchange = 2;
  net.stop_at = 2 * size - left_of_second;
  assert_int_equal(k8smi_client_request(client, &e, 0), K8SM_OK);
  assert_int_equal(network_last->heard, net.stop_at);
  net.stop_at = 0;
  net.cut = 1;
  for (int i = 0; i < 4; i++) {
    assert_int_equal(k8sm_client_process(client, NULL, 0, 0), K8SM_OK);
    if (net.open != 0) assert_int_equal(network_last->heard, size * (net.opened == 1 ? 2 : 1));
    web_take(client, log);
  }
  k8sm_client_free(client);
  assert_int_equal(net.open, 0);
  *ret_opened = net.opened;
}

static void only_what_was_not_written_whole_is_sent_again(void **state) {
  (void)state;
  static struct web_log log;
  unsigned opened;
  send_twice(1, &log, &opened);
  assert_int_equal(opened, 2);
  assert_string_equal(log.text, "1 RESPONSE 202 -|-|-\n1 END \n2 RESPONSE 202 -|-|-\n2 END \n");
  send_twice(0, &log, &opened);
  assert_int_equal(opened, 1);
  assert_string_equal(log.text, "1 RESPONSE 202 -|-|-\n1 END \n"
                                "2 LOST connection to master.example:5050: the wire was cut\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_of_any_size_and_pauses_make_no_difference),
      cmocka_unit_test(any_operation_may_fail),
      cmocka_unit_test(a_connect_that_fails_is_lost_or_tried_again),
      cmocka_unit_test(a_peer_that_takes_nothing_runs_out_of_time),
      cmocka_unit_test(only_what_was_not_written_whole_is_sent_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
