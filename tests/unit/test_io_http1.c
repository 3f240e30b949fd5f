/* SPDX-License-Identifier: Apache-2.0 */
#include "io/address.h"
#include "io/http1.h"
#include "io/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* All events of some bytes, given `step` at a time, in words; pieces of a body that follow each other
 * are one. */
static void read_all(struct k8smi_http1 *h, const char *bytes, size_t len, size_t step, char *out,
                     size_t cap) {
  size_t at = 0, n = 0;
  bool body = false;
  out[0] = '\0';
  while (at < len) {
    size_t end = at + step < len ? at + step : len, used;
    int event = k8smi_http1_next(h, bytes + at, end - at, &used);
    at += used;
    if (body && event != K8SMI_HTTP1_BODY && event != K8SMI_HTTP1_MORE) {
      n += (size_t)snprintf(out + n, cap - n, "\n");
      body = false;
    }
    while (event != K8SMI_HTTP1_MORE) {
      if (event == K8SMI_HTTP1_HEAD) {
        n += (size_t)snprintf(
            out + n, cap - n, "HEAD %u %s %s %s\n", h->parser.status_code,
            h->field[K8SMI_HTTP1_CONTENT_TYPE].ptr == NULL ? "-" : h->field[K8SMI_HTTP1_CONTENT_TYPE].ptr,
            h->field[K8SMI_HTTP1_STREAM_ID].ptr == NULL ? "-" : h->field[K8SMI_HTTP1_STREAM_ID].ptr,
            h->field[K8SMI_HTTP1_TARGET].ptr == NULL ? "-" : h->field[K8SMI_HTTP1_TARGET].ptr);
      } else if (event == K8SMI_HTTP1_BODY) {
        for (size_t i = 0; i < h->body.len && n < cap - 1; i++)
          out[n++] = h->body.ptr[i] == 0 ? '0' : h->body.ptr[i];
        out[n] = 0;
        body = true;
      } else if (event == K8SMI_HTTP1_DONE) {
        n += (size_t)snprintf(out + n, cap - n, "DONE%s\n", h->keep_alive ? "" : " close");
      } else {
        snprintf(out + n, cap - n, "BAD %u", h->error_status);
        return;
      }
      event = k8smi_http1_next(h, bytes + at, end - at, &used);
      at += used;
      if (body && event != K8SMI_HTTP1_BODY && event != K8SMI_HTTP1_MORE) {
        n += (size_t)snprintf(out + n, cap - n, "\n");
        body = false;
      }
    }
  }
}

static void expect_read(llhttp_type_t type, const char *bytes, const char *want) {
  static struct k8smi_http1 h;
  size_t len = strlen(bytes);
  const size_t steps[] = {len, 1, 2, 7};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    char out[1024];
    k8smi_http1_init(&h, type);
    read_all(&h, bytes, len, steps[i], out, sizeof out);
    assert_string_equal(out, want);
  }
}

static void responses_are_read_whole_and_by_the_byte(void **state) {
  (void)state;
  expect_read(HTTP_RESPONSE,
              "HTTP/1.1 200 OK\r\ncontent-TYPE:  application/json \r\nX-Y: z\r\nMesos-Stream-Id: abc\r\n"
              "Content-Length: 5\r\n\r\nhello",
              "HEAD 200 application/json abc -\nhello\nDONE\n");
  expect_read(HTTP_RESPONSE, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
              "HEAD 202 - - -\nDONE close\n");
  expect_read(HTTP_RESPONSE,
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n"
              "Content-Type: late\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
              "HEAD 200 - - -\nabc0123456789\nDONE\nHEAD 204 - - -\nDONE\n");
}

static void informational_responses_are_passed_over(void **state) {
  (void)state;
  expect_read(
      HTTP_RESPONSE,
      "HTTP/1.1 100 Continue\r\nContent-Type: no\r\n\r\nHTTP/1.1 103 Early Hints\r\nLocation: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      "HEAD 200 - - -\nok\nDONE\n");
  expect_read(HTTP_RESPONSE,
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", "BAD 400");
}

static void the_first_of_two_headers_counts_and_empty_is_not_absent(void **state) {
  (void)state;
  expect_read(HTTP_RESPONSE,
              "HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Type: b\r\nMesos-Stream-Id:\r\nContent-Length: "
              "0\r\n\r\n",
              "HEAD 200 a  -\nDONE\n");
}

static void requests_are_read_and_upgrades_ignored(void **state) {
  (void)state;
  expect_read(HTTP_REQUEST,
              "POST /api?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nUpgrade: h2c\r\nConnection: "
              "upgrade\r\n\r\nhi"
              "GET /b HTTP/1.1\r\nConnection: close\r\n\r\n",
              "HEAD 0 - - /api?x=1\nhi\nDONE\nHEAD 0 - - /b\nDONE close\n");
  expect_read(HTTP_REQUEST, "GET /old HTTP/1.0\r\n\r\n", "HEAD 0 - - /old\nDONE close\n");
}

static void what_is_not_http_is_refused(void **state) {
  (void)state;
  expect_read(HTTP_RESPONSE, "<html>no</html>\r\n\r\n", "BAD 400");
  expect_read(HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nA\nB: c\r\n\r\n", "BAD 400");
  expect_read(HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
              "HEAD 200 - - -\nBAD 400");
  expect_read(HTTP_RESPONSE, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n", "BAD 400");
  expect_read(HTTP_REQUEST, "GET\r\n\r\n", "BAD 400");
  expect_read(HTTP_REQUEST, "POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
              "BAD 400");
}

/* A head with n headers of 100 bytes that are not kept, or one long one that is. */
static char *long_head(const char *first, const char *name, size_t values, size_t value_len) {
  size_t cap = strlen(first) + values * (strlen(name) + value_len + 4) + 3, n = 0;
  char *text = malloc(cap);
  assert_non_null(text);
  n += (size_t)snprintf(text, cap, "%s", first);
  for (size_t i = 0; i < values; i++) {
    n += (size_t)snprintf(text + n, cap - n, "%s: ", name);
    memset(text + n, 'v', value_len);
    n += value_len;
    n += (size_t)snprintf(text + n, cap - n, "\r\n");
  }
  snprintf(text + n, cap - n, "\r\n");
  return text;
}

static void heads_have_limits(void **state) {
  (void)state;
  char *text = long_head("HTTP/1.1 204 x\r\n", "X", 600, 100);
  expect_read(HTTP_RESPONSE, text, "HEAD 204 - - -\nDONE\n");
  free(text);
  text = long_head("HTTP/1.1 204 x\r\n", "X", 700, 100);
  expect_read(HTTP_RESPONSE, text, "BAD 431");
  free(text);
  text = long_head("HTTP/1.1 204 x\r\n", "Location", 1, K8SMI_HTTP1_TEXT_MAX);
  expect_read(HTTP_RESPONSE, text, "BAD 431");
  free(text);
  text = long_head("HTTP/1.1 204 x\r\n", "Location", 1, K8SMI_HTTP1_TEXT_MAX - 1);
  expect_read(HTTP_RESPONSE, text, "HEAD 204 - - -\nDONE\n");
  free(text);
  text = long_head("GET ", "/", 1, K8SMI_HTTP1_TEXT_MAX);
  memcpy(text + 4, "///", 3);
  expect_read(HTTP_REQUEST, text, "BAD 414");
  free(text);
}

/* Whatever the bytes are, it makes no difference where reads cut them. */
static void broken_bytes_read_the_same_in_pieces(void **state) {
  (void)state;
  static const char good[] = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "5\r\nhello\r\n0\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nabc";
  static const char odd[] = "\r\n\0 :;0159afF\xff\tHC";
  static struct k8smi_http1 h;
  uint32_t random = 12345;
  for (int round = 0; round < 20000; round++) {
    char bytes[sizeof good], whole[4096], cut[4096];
    memcpy(bytes, good, sizeof good);
    for (int i = 0; i <= round % 4; i++) {
      random = random * 1664525U + 1013904223U;
      size_t at = (random >> 8) % (sizeof good - 1);
      bytes[at] = odd[random >> 24 & 15];
      if (round % 3 == 0) memmove(bytes + at, bytes + at + 1, sizeof good - 1 - at);
    }
    k8smi_http1_init(&h, HTTP_RESPONSE);
    read_all(&h, bytes, sizeof good - 1, sizeof good - 1, whole, sizeof whole);
    k8smi_http1_init(&h, HTTP_RESPONSE);
    read_all(&h, bytes, sizeof good - 1, 1 + (random >> 16) % 5, cut, sizeof cut);
    assert_string_equal(cut, whole);
  }
}

static void the_end_of_the_stream_ends_some_messages(void **state) {
  (void)state;
  static struct k8smi_http1 h;
  char out[256];
  const char *open = "HTTP/1.1 200 OK\r\n\r\nto the end";
  k8smi_http1_init(&h, HTTP_RESPONSE);
  assert_int_equal(k8smi_http1_finish(&h), K8SMI_HTTP1_MORE);
  read_all(&h, open, strlen(open), 3, out, sizeof out);
  assert_string_equal(out, "HEAD 200 - - -\nto the end");
  assert_int_equal(k8smi_http1_finish(&h), K8SMI_HTTP1_DONE);
  assert_false(h.keep_alive);
  const char *cut[] = {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1 200 O"};
  for (size_t i = 0; i < 3; i++) {
    k8smi_http1_init(&h, HTTP_RESPONSE);
    read_all(&h, cut[i], strlen(cut[i]), 100, out, sizeof out);
    assert_int_equal(k8smi_http1_finish(&h), K8SMI_HTTP1_BAD);
  }
}

static void a_request_is_written(void **state) {
  (void)state;
  struct k8smi_buf out;
  struct k8sm_effect e = {.method = K8SMI_S("POST"),
                          .path = K8SMI_S("/x"),
                          .authority = K8SMI_S("127.0.0.1:1"),
                          .content_type = K8SMI_S("a/b"),
                          .stream_id = K8SMI_S("s"),
                          .bytes = K8SMI_S("body")};
  const char *what;
  assert_true(k8smi_buf_init(&out, NULL));
  assert_true(k8smi_http1_request_valid(&e, &what));
  k8smi_http1_write_request(&out, &e, "me");
  k8smi_buf_putc(&out, '\0');
  assert_string_equal(out.ptr,
                      "POST /x HTTP/1.1\r\nHost: 127.0.0.1:1\r\nUser-Agent: me\r\nContent-Type: a/b\r\n"
                      "Mesos-Stream-Id: s\r\nContent-Length: 4\r\n\r\nbody");
  k8smi_buf_clear(&out);
  e = (struct k8sm_effect){.method = K8SMI_S("GET"), .path = K8SMI_S("/"), .authority = K8SMI_S("a")};
  k8smi_http1_write_request(&out, &e, "me");
  k8smi_buf_putc(&out, '\0');
  assert_string_equal(out.ptr, "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\n\r\n");
  k8smi_buf_free(&out);
  e.path = K8SMI_S("/a b");
  assert_false(k8smi_http1_request_valid(&e, &what));
  assert_string_equal(what, "path");
  e.path = K8SMI_S("/");
  e.stream_id = K8SMI_S("x\r\nEvil: 1");
  assert_false(k8smi_http1_request_valid(&e, &what));
  assert_string_equal(what, "stream id");
  e.method = K8SMI_S("");
  assert_false(k8smi_http1_request_valid(&e, &what));
  assert_string_equal(what, "method");
}

static void addresses(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint16_t port; /* 0: not an address */
  } cases[] = {
      {"127.0.0.1:5050", 5050},
      {"localhost:80", 80},
      {"[::1]:65535", 65535},
      {"10.0.0.1:1", 1},
      {"127.0.0.1", 0},
      {"127.0.0.1:", 0},
      {"127.0.0.1:0", 0},
      {"127.0.0.1:65536", 0},
      {"127.0.0.1:000080", 0},
      {"127.0.0.1:8o", 0},
      {"master.mesos:5050", 0},
      {"::1:5050", 0},
      {"[::1]", 0},
      {"[127.0.0.1]:5050", 0},
      {":5050", 0},
      {"", 0},
      {"1.2.3.4.5:1", 0},
      {"[fe80::1%eth0]:1", 0},
      {"127.0.0.1:+1", 0},
      {"127.0.0.1: 1", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8smi_address a;
    assert_int_equal(k8smi_address_authority(&a, cases[i].text), cases[i].port != 0);
    if (cases[i].port != 0) assert_int_equal(k8smi_address_port(&a), cases[i].port);
  }
}

static void an_outbox_keeps_the_order(void **state) {
  (void)state;
  struct k8smi_outbox box;
  memset(&box, 0, sizeof box);
  assert_true(k8smi_buf_init(&box.buf, NULL));
  unsigned put = 0, got = 0;
  while (got < 100000) {
    for (int i = 0; i < 37 && put < 100000; i++, put++) k8smi_buf_putc(&box.buf, (char)(put % 251));
    for (int i = 0; i < 31 && k8smi_outbox_len(&box) != 0; i++, got++) {
      assert_int_equal((unsigned char)*k8smi_outbox_front(&box), got % 251);
      k8smi_outbox_take(&box, 1);
    }
  }
  assert_int_equal(k8smi_outbox_len(&box), 0);
  k8smi_buf_free(&box.buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(responses_are_read_whole_and_by_the_byte),
      cmocka_unit_test(informational_responses_are_passed_over),
      cmocka_unit_test(the_first_of_two_headers_counts_and_empty_is_not_absent),
      cmocka_unit_test(requests_are_read_and_upgrades_ignored),
      cmocka_unit_test(what_is_not_http_is_refused),
      cmocka_unit_test(heads_have_limits),
      cmocka_unit_test(broken_bytes_read_the_same_in_pieces),
      cmocka_unit_test(the_end_of_the_stream_ends_some_messages),
      cmocka_unit_test(a_request_is_written),
      cmocka_unit_test(addresses),
      cmocka_unit_test(an_outbox_keeps_the_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
