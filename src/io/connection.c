/* SPDX-License-Identifier: Apache-2.0 */
#include "io/connection.h"

#include "io/address.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct k8smi_conn *k8smi_conn_new(const struct k8smi_link *link) {
  struct k8smi_conn *conn = k8smi_alloc(&link->allocator, sizeof *conn);
  if (conn == NULL) return NULL;
  memset(conn, 0, offsetof(struct k8smi_conn, in));
  conn->link = link;
  conn->deadline = UINT64_MAX;
  return conn;
}

struct k8smi_exchange *k8smi_exchange_new(const struct k8smi_link *link, const struct k8sm_effect *request) {
  struct k8smi_exchange *e = k8smi_zalloc(&link->allocator, sizeof *e);
  if (e == NULL) return NULL;
  (void)k8smi_buf_init(&e->text, &link->allocator);
  e->id = request->exchange;
  e->streaming = (request->flags & K8SM_REQUEST_STREAMING) != 0;
  e->no_body = k8smi_eqs(request->method, "HEAD");
  const char *what;
  if (!k8smi_http1_request_valid(request, &what)) e->refused = what;
  k8smi_buf_slice(&e->text, request->authority);
  k8smi_buf_putc(&e->text, '\0');
  e->request_at = e->text.len;
  k8smi_http1_write_request(&e->text, request, link->user_agent);
  if (e->streaming) e->own = k8smi_conn_new(link);
  if (!e->text.failed && (!e->streaming || e->own != NULL)) return e;
  k8smi_exchange_free(link, e);
  return NULL;
}

void k8smi_exchange_free(const struct k8smi_link *link, struct k8smi_exchange *exchange) {
  if (exchange->own != NULL) k8smi_conn_free(exchange->own);
  k8smi_buf_free(&exchange->text);
  k8smi_free(&link->allocator, exchange, sizeof *exchange);
}

void k8smi_conn_free(struct k8smi_conn *conn) {
  while (conn->head != NULL) {
    struct k8smi_exchange *e = conn->head;
    conn->head = e->next;
    k8smi_exchange_free(conn->link, e);
  }
  k8smi_conn_close(conn);
  const struct k8smi_link *link = conn->link;
  k8smi_free(&link->allocator, conn, sizeof *conn);
}

void k8smi_conn_close(struct k8smi_conn *conn) {
  if (conn->stream != NULL) conn->link->transport.close(conn->stream);
  conn->stream = NULL;
  conn->connected = conn->reused = conn->ended = conn->write_broken = conn->read_broken = conn->pending =
      false;
  conn->in_pos = conn->in_len = 0;
}

void k8smi_conn_fail(struct k8smi_conn *conn, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(conn->why, sizeof conn->why, format, args);
  va_end(args);
  conn->started = conn->failed = true;
  k8smi_conn_close(conn);
}

void k8smi_conn_add(struct k8smi_conn *conn, struct k8smi_exchange *exchange) {
  if (conn->head == NULL) {
    conn->head = exchange;
  } else {
    conn->tail->next = exchange;
  }
  conn->tail = exchange;
}

void k8smi_conn_cancel(struct k8smi_conn *conn, uint64_t exchange) {
  struct k8smi_exchange **at = &conn->head, *before = NULL;
  while (*at != NULL && (*at)->id != exchange) {
    before = *at;
    at = &before->next;
  }
  struct k8smi_exchange *e = *at;
  if (e == NULL) return;
  /* Its answer may be on the way: the stream is of no further use. */
  if (e == conn->head && conn->started) {
    k8smi_conn_close(conn);
    conn->started = conn->failed = false;
    conn->deadline = UINT64_MAX;
  }
  *at = e->next;
  if (conn->tail == e) conn->tail = before;
  k8smi_exchange_free(conn->link, e);
}

/* Errors: NOMEM. Any other failure is the exchange's. */
static int conn_connect(struct k8smi_conn *conn, uint64_t mono_ms) {
  const char *authority = conn->head->text.ptr;
  struct k8sm_stream *stream = NULL;
  int r = conn->link->transport.connect(conn->link->transport.ctx, authority, &stream);
  if (r == K8SM_ERR_NOMEM) return r;
  if (r != K8SM_OK) {
    k8smi_conn_fail(conn, "connect to %.200s: %s", authority,
                    r == K8SM_ERR_INVALID ? "not an address with a port: " K8SMI_ADDRESS_RULE
                                          : "no such peer");
    return K8SM_OK;
  }
  conn->stream = stream;
  (void)snprintf(conn->authority, sizeof conn->authority, "%s", authority);
  conn->deadline = mono_ms > UINT64_MAX - conn->link->connect_timeout_ms
                       ? UINT64_MAX
                       : mono_ms + conn->link->connect_timeout_ms;
  return K8SM_OK;
}

static void conn_await_response(struct k8smi_conn *conn, uint64_t mono_ms) {
  uint64_t ms = conn->link->response_timeout_ms;
  conn->deadline = mono_ms > UINT64_MAX - ms ? UINT64_MAX : mono_ms + ms;
}

static int conn_start(struct k8smi_conn *conn, uint64_t mono_ms) {
  struct k8smi_exchange *e = conn->head;
  if (e->refused != NULL) {
    k8smi_conn_fail(conn, "the request's %s is empty or has a character that can't be sent", e->refused);
    return K8SM_OK;
  }
  if (conn->stream != NULL && strcmp(conn->authority, e->text.ptr) != 0) k8smi_conn_close(conn);
  if (conn->stream != NULL) {
    conn_await_response(conn, mono_ms);
  } else {
    int r = conn_connect(conn, mono_ms);
    if (r != K8SM_OK) return r;
  }
  k8smi_http1_init(&conn->reader, HTTP_RESPONSE);
  conn->reader.no_body = e->no_body;
  conn->started = true;
  conn->answered = conn->head_read = conn->overtime = false;
  conn->written = 0;
  return K8SM_OK;
}

static size_t conn_unwritten(const struct k8smi_conn *conn) {
  return conn->head->text.len - conn->head->request_at - conn->written;
}

/* Words for what the stream says has broken it; the first ones stay. */
static void conn_broken(struct k8smi_conn *conn) {
  const char *words = conn->link->transport.error(conn->stream);
  if (conn->read_broken || conn->write_broken) return;
  (void)snprintf(conn->why, sizeof conn->why, "%s %.200s: %s",
                 conn->connected ? "connection to" : "connect to", conn->authority,
                 words == NULL ? "the stream broke" : words);
}

static void conn_write(struct k8smi_conn *conn, uint64_t mono_ms) {
  const struct k8smi_exchange *e = conn->head;
  while (!conn->write_broken && conn_unwritten(conn) != 0) {
    const char *at = e->text.ptr + e->request_at + conn->written;
    int64_t n = conn->link->transport.write(conn->stream, at, conn_unwritten(conn));
    if (n == 0) return;
    if (n < 0) {
      conn_broken(conn);
      conn->write_broken = true;
      return;
    }
    conn_await_response(conn, mono_ms);
    conn->connected = true;
    conn->written += (size_t)n;
  }
}

/* A peer may answer before it has read the whole request, and may close then: so the reading side goes
 * on after a failed write. */
static void conn_read(struct k8smi_conn *conn, uint64_t mono_ms) {
  if (conn->in_pos < conn->in_len || conn->pending || conn->ended) return;
  conn->in_pos = conn->in_len = 0;
  int64_t n = conn->link->transport.read(conn->stream, conn->in, K8SMI_CONN_IN);
  if (n == 0) return;
  if (n < 0) {
    conn->ended = true;
    if (n == K8SM_ERR_NOT_FOUND) return;
    conn_broken(conn);
    conn->read_broken = true;
    return;
  }
  conn->in_len = (size_t)n;
  conn->answered = true;
  conn->overtime = mono_ms >= conn->deadline;
  /* A long body may take its time as long as it moves. */
  if (conn->head_read && !conn->head->streaming) conn_await_response(conn, mono_ms);
}

/* What was read and not yet handed out may hold what is waited for. */
void k8smi_conn_check_deadline(struct k8smi_conn *conn, uint64_t mono_ms) {
  if (!conn->started || conn->failed || mono_ms < conn->deadline || conn->in_pos < conn->in_len ||
      conn->pending || conn->ended)
    return;
  const struct k8smi_link *link = conn->link;
  if (!conn->connected) {
    k8smi_conn_fail(conn, "connect to %.200s: no answer within %" PRIu64 " ms", conn->authority,
                    link->connect_timeout_ms);
  } else {
    k8smi_conn_fail(conn, "%.200s sent no %s within %" PRIu64 " ms", conn->authority,
                    conn->head_read ? "more of its response" : "response", link->response_timeout_ms);
  }
}

/* An idle stream: the peer may have closed it, and must not send anything. */
static void conn_idle(struct k8smi_conn *conn) {
  char byte;
  if (conn->stream != NULL && conn->link->transport.read(conn->stream, &byte, 1) != 0) k8smi_conn_close(conn);
}

/* The peer closed a kept stream while our request went out. When a part of it was never written, the
 * peer can't have acted upon it, and it is sent again on a new stream. When all was written, it may have
 * been carried out: then only the host can tell what to do. */
static bool conn_stale(const struct k8smi_conn *conn) {
  return conn->reused && !conn->answered && (conn->ended || conn->write_broken) && conn_unwritten(conn) != 0;
}

int k8smi_conn_process(struct k8smi_conn *conn, uint64_t mono_ms) {
  k8smi_conn_release(conn);
  if (conn->failed) return K8SM_OK;
  if (!conn->started) {
    conn_idle(conn);
    if (conn->head == NULL) return K8SM_OK;
    int r = conn_start(conn, mono_ms);
    if (r != K8SM_OK || conn->failed) return r;
  }
  /* A late response is taken if it is there at the first look: the host was late then. At the second, a
   * peer that goes on sending, but no response, would hold its caller forever. */
  if (conn->overtime) k8smi_conn_check_deadline(conn, mono_ms);
  if (conn->failed) return K8SM_OK;
  conn_write(conn, mono_ms);
  conn_read(conn, mono_ms);
  if (conn_stale(conn)) {
    k8smi_conn_close(conn);
    conn->started = false;
    int r = conn_start(conn, mono_ms);
    if (r != K8SM_OK || conn->failed) return r;
    conn_write(conn, mono_ms);
  }
  k8smi_conn_check_deadline(conn, mono_ms);
  return K8SM_OK;
}

bool k8smi_conn_ready(const struct k8smi_conn *conn) {
  if (conn->head == NULL) return false;
  return !conn->started || conn->failed || conn->pending || conn->ended || conn->in_pos < conn->in_len;
}

int16_t k8smi_conn_events(const struct k8smi_conn *conn) {
  if (!conn->started) return K8SM_POLL_IN;
  bool writes = !conn->write_broken && conn_unwritten(conn) != 0;
  bool reads = conn->connected && conn->in_pos == conn->in_len && !conn->pending && !conn->ended;
  return (int16_t)((writes ? K8SM_POLL_OUT : 0) | (reads ? K8SM_POLL_IN : 0));
}

int k8smi_conn_fd(const struct k8smi_conn *conn) {
  return conn->stream == NULL ? -1 : conn->link->transport.fd(conn->stream);
}
