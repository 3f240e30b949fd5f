/* SPDX-License-Identifier: Apache-2.0 */
#include "support/failing.h"
#include "support/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

/* The server: against bare sockets, and against our own client. */

struct fixture {
  struct k8sm_server *server;
  char authority[32];
  int fds[4]; /* of the clients; -1: none */
  char got[256 * 1024];
  size_t got_len;
  bool ended;
  uint64_t now;
  size_t open;
};

static int set_up(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  struct k8sm_server_options options = {
      .size = sizeof options, .max_request_bytes = 1000, .max_connections = 3};
  f->open = web_open_fds();
  for (int i = 0; i < 4; i++) f->fds[i] = -1;
  *state = f;
  int r = k8sm_server_new(&options, &f->server, NULL);
  if (r == K8SM_OK) web_authority(f->authority, sizeof f->authority, k8sm_server_port(f->server));
  return r;
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  k8sm_server_free(f->server);
  for (int i = 0; i < 4; i++) {
    if (f->fds[i] >= 0) k8smi_tcp_close(f->fds[i]);
  }
  int leaked = web_open_fds() != f->open;
  free(f);
  return leaked;
}

static void turn(struct fixture *f) {
  web_turn(NULL, f->server, f->now);
}

static void dial(struct fixture *f, int i) {
  struct k8smi_address address;
  int error = 0;
  assert_true(k8smi_address_authority(&address, f->authority));
  f->fds[i] = k8smi_tcp_connect(&address, &error);
  assert_true(f->fds[i] >= 0);
  (void)web_await(f->server); /* beyond the limit it does not listen */
  turn(f);
}

static void hang_up(struct fixture *f, int i) {
  k8smi_tcp_close(f->fds[i]);
  f->fds[i] = -1;
  (void)web_await(f->server);
}

static void say(struct fixture *f, int i, const char *text) {
  int error = 0;
  assert_int_equal(k8smi_tcp_write(f->fds[i], text, strlen(text), &error), strlen(text));
  (void)web_await(f->server); /* one that waits for its answer is not read */
  for (int k = 0; k < 3; k++) turn(f);
}

/* What the server wrote to a client since the last time. */
static const char *hear(struct fixture *f, int i) {
  int error = 0, quiet = 0;
  f->got_len = 0;
  f->ended = false;
  while (quiet < 3 && !f->ended && f->got_len < sizeof f->got - 1) {
    turn(f);
    (void)web_await_fd(f->fds[i]);
    int64_t n = k8smi_tcp_read(f->fds[i], f->got + f->got_len, sizeof f->got - 1 - f->got_len, &error);
    quiet = n == 0 ? quiet + 1 : 0;
    if (n < 0) f->ended = true;
    if (n > 0) f->got_len += (size_t)n;
  }
  f->got[f->got_len] = '\0';
  return f->got;
}

static struct k8sm_server_event next(struct fixture *f, uint32_t type) {
  struct k8sm_server_event e = {.size = sizeof e};
  assert_int_equal(k8sm_server_next(f->server, &e), K8SM_OK);
  assert_int_equal(e.type, type);
  return e;
}

static void nothing(struct fixture *f) {
  struct k8sm_server_event e = {.size = sizeof e};
  turn(f);
  assert_int_equal(k8sm_server_next(f->server, &e), K8SM_ERR_NOT_FOUND);
}

static void answer(struct fixture *f, uint64_t exchange, uint32_t status, const char *body) {
  struct k8sm_response r = {.size = sizeof r, .status = status, .body = k8smi_s(body)};
  assert_int_equal(k8sm_server_respond(f->server, exchange, &r), K8SM_OK);
}

static const char request[] =
    "POST /api/v1/scheduler?x=%20 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
    "Accept: a/b\r\nMesos-Stream-Id: s1\r\nContent-Length: 4\r\n\r\nbody";

static void assert_request(const struct k8sm_server_event *e) {
  assert_string_equal(e->method.ptr, "POST");
  assert_string_equal(e->path.ptr, "/api/v1/scheduler?x=%20");
  assert_string_equal(e->content_type.ptr, "application/json");
  assert_string_equal(e->accept.ptr, "a/b");
  assert_string_equal(e->stream_id.ptr, "s1");
  assert_string_equal(e->body.ptr, "body");
  assert_int_equal(e->body.len, 4);
}

static void requests_come_by_the_byte(void **state) {
  struct fixture *f = *state;
  dial(f, 0);
  for (size_t i = 0; request[i] != '\0'; i++) {
    char byte[2] = {request[i], '\0'};
    nothing(f);
    say(f, 0, byte);
  }
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_request(&e);
  struct k8sm_response r = {.size = sizeof r,
                            .status = 307,
                            .content_type = K8SMI_S("text/plain"),
                            .stream_id = K8SMI_S("s2"),
                            .location = K8SMI_S("//leader:5050"),
                            .body = K8SMI_S("there")};
  assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_OK);
  assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_ERR_STATE);
  assert_string_equal(hear(f, 0),
                      "HTTP/1.1 307 Temporary Redirect\r\nContent-Type: text/plain\r\nMesos-Stream-Id: s2\r\n"
                      "Location: //leader:5050\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nthere");
  assert_false(f->ended);
  assert_int_equal(k8sm_server_backlog(f->server, e.exchange), 0);
}

static void pipelined_requests_are_answered_in_order(void **state) {
  struct fixture *f = *state;
  dial(f, 0);
  say(f, 0, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nHEAD /3 HTTP/1.1\r\nConnection: close\r\n\r\n");
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_string_equal(e.path.ptr, "/1");
  assert_null(e.stream_id.ptr);
  nothing(f);
  answer(f, e.exchange, 200, "one");
  turn(f);
  uint64_t first = e.exchange;
  e = next(f, K8SM_SERVER_REQUEST);
  assert_string_equal(e.path.ptr, "/2");
  assert_true(e.exchange != first);
  answer(f, e.exchange, 204, "not sent");
  turn(f);
  e = next(f, K8SM_SERVER_REQUEST);
  assert_string_equal(e.method.ptr, "HEAD");
  answer(f, e.exchange, 200, "three");
  assert_string_equal(hear(f, 0), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\none"
                                  "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n"
                                  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
  assert_true(f->ended);
}

static void streams_are_chunked_until_their_end(void **state) {
  struct fixture *f = *state;
  struct k8sm_response r = {.size = sizeof r, .status = 200, .streaming = 1, .stream_id = K8SMI_S("id")};
  dial(f, 0);
  say(f, 0, request);
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_int_equal(k8sm_server_write(f->server, e.exchange, "x", 1), K8SM_ERR_STATE);
  assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_OK);
  assert_int_equal(k8sm_server_write(f->server, e.exchange, "hello world, hello", 18), K8SM_OK);
  assert_int_equal(k8sm_server_write(f->server, e.exchange, "", 0), K8SM_OK);
  assert_string_equal(hear(f, 0), "HTTP/1.1 200 OK\r\nMesos-Stream-Id: id\r\nTransfer-Encoding: chunked\r\n"
                                  "Connection: close\r\n\r\n12\r\nhello world, hello\r\n");
  assert_false(f->ended);
  assert_int_equal(k8sm_server_write(f->server, e.exchange, "!", 1), K8SM_OK);
  k8sm_server_end(f->server, e.exchange);
  assert_int_equal(k8sm_server_write(f->server, e.exchange, "late", 4), K8SM_ERR_STATE);
  assert_int_equal(k8sm_server_backlog(f->server, e.exchange), 6 + 5);
  assert_string_equal(hear(f, 0), "1\r\n!\r\n0\r\n\r\n");
  assert_true(f->ended);
  nothing(f);
}

static void an_old_client_gets_no_chunks(void **state) {
  struct fixture *f = *state;
  struct k8sm_response r = {.size = sizeof r, .status = 200, .streaming = 1};
  dial(f, 0);
  say(f, 0, "GET / HTTP/1.0\r\n\r\n");
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_OK);
  assert_int_equal(k8sm_server_write(f->server, e.exchange, "hello", 5), K8SM_OK);
  k8sm_server_end(f->server, e.exchange);
  assert_string_equal(hear(f, 0), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
  assert_true(f->ended);
}

static void what_is_refused(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *bytes, *status;
  } cases[] = {
      {"what is this\r\n\r\n", "400 Bad Request"},
      {"POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", "413 Content Too Large"},
      {"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400 Bad Request"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    dial(f, 0);
    say(f, 0, cases[i].bytes);
    nothing(f);
    const char *got = hear(f, 0);
    assert_memory_equal(got, "HTTP/1.1 ", 9);
    assert_memory_equal(got + 9, cases[i].status, strlen(cases[i].status));
    assert_non_null(strstr(got, "Connection: close\r\n\r\n"));
    assert_true(f->ended);
    hang_up(f, 0);
    turn(f);
  }
}

static void a_chunked_body_has_a_limit_too(void **state) {
  struct fixture *f = *state;
  char chunk[600];
  memset(chunk, 'x', sizeof chunk);
  memcpy(chunk, "1f4\r\n", 5);
  memcpy(chunk + 505, "\r\n", 3);
  dial(f, 0);
  say(f, 0, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  say(f, 0, chunk);
  say(f, 0, chunk);
  nothing(f);
  say(f, 0, "0\r\n\r\n");
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_int_equal(e.body.len, 1000);
  answer(f, e.exchange, 202, "");
  (void)hear(f, 0);
  say(f, 0, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  say(f, 0, chunk);
  say(f, 0, chunk);
  say(f, 0, "1\r\n");
  say(f, 0, "x");
  assert_memory_equal(hear(f, 0), "HTTP/1.1 413", 12);
}

static void a_client_that_waits_for_continue_gets_it(void **state) {
  struct fixture *f = *state;
  dial(f, 0);
  say(f, 0, "POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
  assert_string_equal(hear(f, 0), "HTTP/1.1 100 Continue\r\n\r\n");
  say(f, 0, "ok");
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_string_equal(e.body.ptr, "ok");
}

static void a_client_that_goes_is_reported_once(void **state) {
  struct fixture *f = *state;
  struct k8sm_response r = {.size = sizeof r, .status = 200, .streaming = 1};
  dial(f, 0);
  say(f, 0, request);
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_OK);
  (void)hear(f, 0);
  hang_up(f, 0);
  turn(f);
  struct k8sm_server_event gone = next(f, K8SM_SERVER_GONE);
  assert_true(gone.exchange == e.exchange);
  nothing(f);
  assert_int_equal(k8sm_server_write(f->server, e.exchange, "x", 1), K8SM_OK);
  assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_OK);
  k8sm_server_end(f->server, e.exchange);
  assert_int_equal(k8sm_server_backlog(f->server, e.exchange), 0);
  dial(f, 0); /* in the same slot, but another exchange */
  say(f, 0, request);
  assert_true(next(f, K8SM_SERVER_REQUEST).exchange != e.exchange);
  dial(f, 1); /* one that goes in the middle of a request, or without any, was never there */
  say(f, 1, "POST / HT");
  hang_up(f, 1);
  dial(f, 2);
  hang_up(f, 2);
  turn(f);
  nothing(f);
}

static void a_half_closed_client_gets_its_answer(void **state) {
  struct fixture *f = *state;
  dial(f, 0);
  int error = 0;
  assert_true(k8smi_tcp_write(f->fds[0], request, sizeof request - 1, &error) > 0);
  k8smi_tcp_finish(f->fds[0]);
  assert_true(web_await(f->server));
  for (int i = 0; i < 3; i++) turn(f);
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  answer(f, e.exchange, 200, "yes");
  assert_non_null(strstr(hear(f, 0), "yes"));
  assert_true(f->ended);
}

static void connections_beyond_the_limit_wait(void **state) {
  struct fixture *f = *state;
  for (int i = 0; i < 4; i++) dial(f, i);
  assert_int_equal(k8sm_server_pollfds(f->server, NULL, 0), 3); /* it does not listen now */
  int error = 0;
  assert_true(k8smi_tcp_write(f->fds[3], request, sizeof request - 1, &error) > 0);
  nothing(f);
  hang_up(f, 1);
  for (int i = 0; i < 4; i++) {
    (void)web_await(f->server); /* the end of that one, the connection that waits, its request */
    turn(f);
  }
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_request(&e);
}

static void a_client_that_does_not_read_makes_a_backlog(void **state) {
  struct fixture *f = *state;
  static char block[64 * 1024];
  struct k8sm_response r = {.size = sizeof r, .status = 200, .streaming = 1};
  size_t sent = 0, heard = 0;
  dial(f, 0);
  say(f, 0, request);
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_OK);
  while (k8sm_server_backlog(f->server, e.exchange) < 2 * 1024 * 1024) {
    assert_int_equal(k8sm_server_write(f->server, e.exchange, block, sizeof block), K8SM_OK);
    sent += sizeof block;
    turn(f);
  }
  k8sm_server_end(f->server, e.exchange);
  do {
    (void)hear(f, 0);
    heard += f->got_len;
  } while (!f->ended);
  assert_true(heard > sent);
  nothing(f);
}

static void a_client_that_never_reads_is_dropped_in_the_end(void **state) {
  struct fixture *f = *state;
  static char block[8 * 1024 * 1024];
  dial(f, 0);
  say(f, 0, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  struct k8sm_server_event e = next(f, K8SM_SERVER_REQUEST);
  struct k8sm_response r = {.size = sizeof r, .status = 200, .body = {block, sizeof block}};
  assert_int_equal(k8sm_server_respond(f->server, e.exchange, &r), K8SM_OK);
  /* The kernel takes what it has room for, which may come late on a busy machine. */
  size_t left = 0;
  for (size_t before = SIZE_MAX; left != before;) {
    before = left;
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    turn(f);
    left = k8sm_server_backlog(f->server, e.exchange);
    assert_true(left > 0);
  }
  f->now += 29999;
  turn(f);
  assert_true(k8sm_server_backlog(f->server, e.exchange) > 0);
  f->now += 1;
  turn(f);
  assert_int_equal(k8sm_server_backlog(f->server, e.exchange), 0);
  assert_int_equal(k8sm_server_pollfds(f->server, NULL, 0), 1);
}

static void responses_are_checked(void **state) {
  struct fixture *f = *state;
  dial(f, 0);
  say(f, 0, request);
  uint64_t exchange = next(f, K8SM_SERVER_REQUEST).exchange;
  struct k8sm_response r = {.size = sizeof r, .status = 99};
  assert_int_equal(k8sm_server_respond(f->server, exchange, &r), K8SM_ERR_INVALID);
  r.status = 200;
  r.location = K8SMI_S("a\r\nSet-Cookie: b");
  assert_int_equal(k8sm_server_respond(f->server, exchange, &r), K8SM_ERR_INVALID);
  assert_int_equal(k8sm_server_respond(f->server, exchange + 12345,
                                       &(struct k8sm_response){.size = sizeof r, .status = 200}),
                   K8SM_OK);
}

static void listening_can_fail(void **state) {
  struct fixture *f = *state;
  struct k8sm_diag rows[4];
  char text[1024];
  struct k8sm_diags d = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_server *other = NULL;
  struct k8sm_server_options o = {.size = sizeof o, .port = k8sm_server_port(f->server)};
  assert_int_equal(k8sm_server_new(&o, &other, &d), K8SM_ERR_STATE);
  o.address = "mesos.example";
  assert_int_equal(k8sm_server_new(&o, &other, &d), K8SM_ERR_INVALID);
  o = (struct k8sm_server_options){.size = sizeof o, .max_connections = 2 << 20};
  assert_int_equal(k8sm_server_new(&o, &other, &d), K8SM_ERR_INVALID);
  assert_int_equal(d.count, 3);
  assert_int_equal(rows[0].code, K8SM_DIAG_LISTEN_FAILED);
  assert_non_null(strstr(text + rows[0].message, "Address already in use"));
  assert_int_equal(rows[1].code, K8SM_DIAG_ADDRESS_INVALID);
  assert_int_equal(rows[2].code, K8SM_DIAG_OPTION_INVALID);
  assert_null(other);
  k8sm_server_free(NULL);
}

/* Streams 10 MB through both, with as little memory as there is between them. */
static void a_long_stream_passes_from_server_to_client(void **state) {
  struct fixture *f = *state;
  static struct web_log log;
  static char block[10000];
  struct k8sm_client *client = NULL;
  struct k8sm_server_event event = {.size = sizeof event};
  uint64_t exchange = 0, left = 1000;
  memset(&log, 0, sizeof log);
  assert_int_equal(k8sm_client_new(NULL, &client, NULL), K8SM_OK);
  struct k8sm_effect e = web_request(1, f->authority, "subscribe");
  e.flags = K8SM_REQUEST_STREAMING;
  assert_int_equal(k8smi_client_request(client, &e, 0), K8SM_OK);
  for (int i = 0; i < 100000 && log.ends == 0; i++) {
    web_turn(client, f->server, 0);
    web_take(client, &log);
    while (k8sm_server_next(f->server, &event) == K8SM_OK) {
      assert_int_equal(event.type, K8SM_SERVER_REQUEST);
      struct k8sm_response r = {.size = sizeof r, .status = 200, .streaming = 1};
      exchange = event.exchange;
      assert_int_equal(k8sm_server_respond(f->server, exchange, &r), K8SM_OK);
    }
    for (; exchange != 0 && left > 0 && k8sm_server_backlog(f->server, exchange) < 100000; left--) {
      memset(block, (int)(left % 256), sizeof block);
      assert_int_equal(k8sm_server_write(f->server, exchange, block, sizeof block), K8SM_OK);
      if (left == 1) k8sm_server_end(f->server, exchange);
    }
  }
  assert_int_equal(log.ends, 1);
  assert_int_equal(log.bytes, 10 * 1000 * 1000);
  k8sm_client_free(client);
}

/* A request and a streamed answer with the n-th allocation failing: 503, or an error to the host. */
static bool serve_with_failure(size_t fail_at) {
  struct failing f;
  struct fixture fixture;
  struct k8sm_server_event e = {.size = sizeof e};
  bool failed = false;
  memset(&fixture, 0, offsetof(struct fixture, got));
  failing_init(&f, fail_at);
  struct k8sm_server_options o = {.size = sizeof o, .allocator = &f.allocator};
  int r = k8sm_server_new(&o, &fixture.server, NULL);
  if (r != K8SM_OK) {
    assert_int_equal(r, K8SM_ERR_NOMEM);
    assert_int_equal(f.held, 0);
    return true;
  }
  struct k8smi_address address;
  int error = 0;
  web_authority(fixture.authority, sizeof fixture.authority, k8sm_server_port(fixture.server));
  assert_true(k8smi_address_authority(&address, fixture.authority));
  int fd = k8smi_tcp_connect(&address, &error);
  assert_true(web_await(fixture.server));
  for (int i = 0; i < 6; i++) {
    r = k8sm_server_process(fixture.server, NULL, 0, 0);
    if (i == 2) (void)k8smi_tcp_write(fd, request, sizeof request - 1, &error);
    if (i == 2) (void)web_await(fixture.server); /* one that was not accepted has hung up */
    if (r != K8SM_OK) {
      assert_int_equal(r, K8SM_ERR_NOMEM);
      failed = true;
    }
  }
  if (k8sm_server_next(fixture.server, &e) == K8SM_OK) {
    struct k8sm_response response = {.size = sizeof response, .status = 200, .streaming = 1};
    assert_request(&e);
    r = k8sm_server_respond(fixture.server, e.exchange, &response);
    if (r == K8SM_OK) r = k8sm_server_write(fixture.server, e.exchange, request, sizeof request);
    k8sm_server_end(fixture.server, e.exchange);
    failed = failed || r == K8SM_ERR_NOMEM;
  }
  assert_int_equal(k8sm_server_process(fixture.server, NULL, 0, 0), K8SM_OK);
  k8smi_tcp_close(fd);
  k8sm_server_free(fixture.server);
  assert_int_equal(f.held, 0);
  return failed;
}

static void memory_may_run_out_anywhere(void **state) {
  (void)state;
  size_t n = 1, fds = web_open_fds();
  while (serve_with_failure(n)) n++;
  assert_in_range(n, 6, 20);
  assert_int_equal(web_open_fds(), fds);
}

static void a_request_without_memory_is_answered_503(void **state) {
  struct fixture *f = *state;
  struct failing a;
  failing_init(&a, 0);
  k8sm_server_free(f->server);
  struct k8sm_server_options o = {.size = sizeof o, .allocator = &a.allocator};
  assert_int_equal(k8sm_server_new(&o, &f->server, NULL), K8SM_OK);
  web_authority(f->authority, sizeof f->authority, k8sm_server_port(f->server));
  dial(f, 0);
  for (int i = 0; i < 3; i++) turn(f);
  int error = 0;
  assert_true(k8smi_tcp_write(f->fds[0], request, sizeof request - 1, &error) > 0);
  assert_true(web_await(f->server));
  a.fail_at = a.calls + 1;
  assert_int_equal(k8sm_server_process(f->server, NULL, 0, 0), K8SM_ERR_NOMEM);
  assert_memory_equal(hear(f, 0), "HTTP/1.1 503", 12);
  assert_true(f->ended);
  k8sm_server_free(f->server);
  f->server = NULL;
  assert_int_equal(a.held, 0);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_SERVER(requests_come_by_the_byte),
      WITH_SERVER(pipelined_requests_are_answered_in_order),
      WITH_SERVER(streams_are_chunked_until_their_end),
      WITH_SERVER(an_old_client_gets_no_chunks),
      WITH_SERVER(what_is_refused),
      WITH_SERVER(a_chunked_body_has_a_limit_too),
      WITH_SERVER(a_client_that_waits_for_continue_gets_it),
      WITH_SERVER(a_client_that_goes_is_reported_once),
      WITH_SERVER(a_half_closed_client_gets_its_answer),
      WITH_SERVER(connections_beyond_the_limit_wait),
      WITH_SERVER(a_client_that_does_not_read_makes_a_backlog),
      WITH_SERVER(a_client_that_never_reads_is_dropped_in_the_end),
      WITH_SERVER(responses_are_checked),
      WITH_SERVER(listening_can_fail),
      WITH_SERVER(a_long_stream_passes_from_server_to_client),
      cmocka_unit_test(memory_may_run_out_anywhere),
      WITH_SERVER(a_request_without_memory_is_answered_503),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
