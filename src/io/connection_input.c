/* SPDX-License-Identifier: Apache-2.0 */
#include "io/connection.h"

/* What a connection has read, as inputs of the driver. */

void k8smi_conn_release(struct k8smi_conn *conn) {
  if (conn->held_at != NULL) *conn->held_at = conn->held;
  conn->held_at = NULL;
}

/* Every slice has a NUL behind it: for one inside the buffer, the next byte steps aside until the next
 * call. */
static struct k8sm_slice conn_hold(struct k8smi_conn *conn, struct k8sm_slice body) {
  conn->held_at = conn->in + (body.ptr - conn->in) + body.len;
  conn->held = *conn->held_at;
  *conn->held_at = '\0';
  return body;
}

/* The exchange is over; the next one may start. */
static void conn_pop(struct k8smi_conn *conn) {
  struct k8smi_exchange *e = conn->head;
  conn->head = e->next;
  if (conn->head == NULL) conn->tail = NULL;
  k8smi_exchange_free(conn->link, e);
  conn->started = conn->failed = conn->pending = false;
  conn->deadline = UINT64_MAX;
}

static int conn_give_lost(struct k8smi_conn *conn, struct k8sm_input *ret) {
  ret->type = K8SM_INPUT_LOST;
  ret->bytes = k8smi_s(conn->why);
  conn_pop(conn);
  return K8SM_OK;
}

static int conn_give_response(struct k8smi_conn *conn, struct k8sm_input *ret) {
  const struct k8smi_http1 *h = &conn->reader;
  ret->type = K8SM_INPUT_RESPONSE;
  ret->status = h->parser.status_code;
  ret->content_type = h->field[K8SMI_HTTP1_CONTENT_TYPE];
  ret->stream_id = h->field[K8SMI_HTTP1_STREAM_ID];
  ret->location = h->field[K8SMI_HTTP1_LOCATION];
  conn->head_read = true;
  if (conn->head->streaming) conn->deadline = UINT64_MAX;
  return K8SM_OK;
}

static int conn_give_end(struct k8smi_conn *conn, struct k8sm_input *ret) {
  const struct k8smi_exchange *e = conn->head;
  bool whole = conn->written == e->text.len - e->request_at;
  bool keep =
      conn->reader.keep_alive && whole && !e->streaming && !conn->ended && conn->in_pos == conn->in_len;
  ret->type = K8SM_INPUT_END;
  conn_pop(conn);
  if (!keep) k8smi_conn_close(conn);
  conn->reused = keep;
  return K8SM_OK;
}

/* The peer closed, and all that it sent was handed out. */
static int conn_give_close(struct k8smi_conn *conn, struct k8sm_input *ret) {
  if (!conn->read_broken && k8smi_http1_finish(&conn->reader) == K8SMI_HTTP1_DONE) {
    return conn_give_end(conn, ret);
  }
  if (conn->read_broken || conn->write_broken) {
    k8smi_conn_close(conn); /* `why` is written */
  } else if (conn->head_read) {
    k8smi_conn_fail(conn, "%.200s closed the connection in the middle of its response", conn->authority);
  } else {
    k8smi_conn_fail(conn, "%.200s closed the connection %s", conn->authority,
                    conn->answered ? "in the middle of a response's head" : "without a response");
  }
  return conn_give_lost(conn, ret);
}

static int conn_give_bad(struct k8smi_conn *conn, struct k8sm_input *ret) {
  k8smi_conn_fail(conn, "%.200s does not speak HTTP/1.1 as it should: %s", conn->authority,
                  conn->reader.error);
  return conn_give_lost(conn, ret);
}

static int conn_pull(struct k8smi_conn *conn) {
  size_t used;
  int event = k8smi_http1_next(&conn->reader, conn->in + conn->in_pos, conn->in_len - conn->in_pos, &used);
  conn->in_pos += used;
  conn->pending = event != K8SMI_HTTP1_MORE;
  return event;
}

int k8smi_conn_next(struct k8smi_conn *conn, struct k8sm_input *ret) {
  k8smi_conn_release(conn);
  if (conn->head == NULL) return K8SM_ERR_NOT_FOUND;
  ret->exchange = conn->head->id;
  if (conn->failed) return conn_give_lost(conn, ret);
  if (conn->in_pos < conn->in_len || conn->pending) {
    switch (conn_pull(conn)) {
    case K8SMI_HTTP1_HEAD: return conn_give_response(conn, ret);
    case K8SMI_HTTP1_BODY:
      ret->type = K8SM_INPUT_CHUNK;
      ret->bytes = conn_hold(conn, conn->reader.body);
      return K8SM_OK;
    case K8SMI_HTTP1_DONE: return conn_give_end(conn, ret);
    case K8SMI_HTTP1_BAD: return conn_give_bad(conn, ret);
    default: break;
    }
  }
  return conn->ended ? conn_give_close(conn, ret) : K8SM_ERR_NOT_FOUND;
}
