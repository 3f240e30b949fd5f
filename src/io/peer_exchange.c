/* SPDX-License-Identifier: Apache-2.0 */
#include "io/peer.h"

/* What a connection of the server carries: requests in, responses out. */

/* Sent when there is no memory to answer in another way. */
#define PEER_BUSY_TEXT     "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define PEER_CONTINUE_TEXT "HTTP/1.1 100 Continue\r\n\r\n"
#define PEER_LAST_CHUNK    "0\r\n\r\n"

static void peer_set_tail(struct k8smi_peer *peer, struct k8sm_slice text) {
  peer->tail = text.ptr;
  peer->tail_len = text.len;
}

/* Takes back what was appended to the output when a part of it found no memory. */
static bool peer_appended(struct k8smi_peer *peer, size_t before) {
  if (!peer->out.buf.failed) return true;
  peer->out.buf.failed = false;
  peer->out.buf.len = before;
  return false;
}

/* Answers a request that is not read to its end, and closes. */
static void peer_refuse(struct k8smi_peer *peer, uint32_t status, const char *words) {
  struct k8sm_response response = {.size = sizeof response, .status = status};
  size_t before = peer->out.buf.len;
  response.content_type = K8SMI_S("text/plain");
  response.body = k8smi_s(words);
  k8smi_http1_write_response(&peer->out.buf, &response, K8SMI_HTTP1_SIZED, false, peer->no_body);
  if (!peer_appended(peer, before)) peer_set_tail(peer, K8SMI_S(PEER_BUSY_TEXT));
  peer->lingers = true;
  peer->phase = K8SMI_PEER_CLOSING;
}

static int peer_refuse_nomem(struct k8smi_peer *peer) {
  peer_set_tail(peer, K8SMI_S(PEER_BUSY_TEXT));
  peer->lingers = true;
  peer->phase = K8SMI_PEER_CLOSING;
  return K8SM_ERR_NOMEM;
}

static void peer_too_large(struct k8smi_peer *peer) {
  peer_refuse(peer, 413, "the request's body is larger than this server takes");
}

static bool peer_expects(struct k8sm_slice expect) {
  static const char word[] = "100-continue";
  if (expect.len != sizeof word - 1) return false;
  for (size_t i = 0; i < expect.len; i++) {
    if ((expect.ptr[i] | 0x20) != (word[i] | 0x20)) return false;
  }
  return true;
}

static int peer_on_head(struct k8smi_peer *peer) {
  const struct k8smi_http1 *h = &peer->reader;
  size_t before = peer->out.buf.len;
  k8smi_buf_clear(&peer->body);
  if (peer->body.cap > K8SMI_OUTBOX_KEEP) k8smi_buf_free(&peer->body);
  peer->no_body = h->parser.method == HTTP_HEAD;
  peer->old = h->parser.http_minor == 0;
  if (h->parser.http_major != 1) {
    peer_refuse(peer, 505, "this server speaks HTTP/1.1");
  } else if (k8smi_http1_length(h) > peer->body_max) {
    peer_too_large(peer);
  } else if (!peer->old && peer_expects(h->field[K8SMI_HTTP1_EXPECT]) && peer->in_pos == peer->in_len) {
    k8smi_buf_puts(&peer->out.buf, PEER_CONTINUE_TEXT);
    if (!peer_appended(peer, before)) return peer_refuse_nomem(peer);
  }
  return K8SM_OK;
}

static int peer_on_body(struct k8smi_peer *peer) {
  struct k8sm_slice piece = peer->reader.body;
  if (piece.len > peer->body_max - peer->body.len) {
    peer_too_large(peer);
    return K8SM_OK;
  }
  k8smi_buf_slice(&peer->body, piece);
  return peer->body.failed ? peer_refuse_nomem(peer) : K8SM_OK;
}

static int peer_on_done(struct k8smi_peer *peer) {
  k8smi_buf_putc(&peer->body, '\0');
  if (peer->body.failed) return peer_refuse_nomem(peer);
  peer->body.len--;
  peer->keep_alive = peer->reader.keep_alive;
  peer->phase = K8SMI_PEER_REQUEST;
  return K8SM_OK;
}

static int peer_on_event(struct k8smi_peer *peer, int event) {
  switch (event) {
  case K8SMI_HTTP1_HEAD: return peer_on_head(peer);
  case K8SMI_HTTP1_BODY: return peer_on_body(peer);
  case K8SMI_HTTP1_DONE: return peer_on_done(peer);
  case K8SMI_HTTP1_BAD: peer_refuse(peer, peer->reader.error_status, peer->reader.error); return K8SM_OK;
  default: return K8SM_OK;
  }
}

int k8smi_peer_parse(struct k8smi_peer *peer) {
  int r = K8SM_OK;
  while (r == K8SM_OK && k8smi_peer_ready(peer) && k8smi_outbox_len(&peer->out) < K8SMI_PEER_AHEAD) {
    size_t used;
    int event = k8smi_http1_next(&peer->reader, peer->in + peer->in_pos, peer->in_len - peer->in_pos, &used);
    peer->in_pos += used;
    peer->pending = event != K8SMI_HTTP1_MORE;
    r = peer_on_event(peer, event);
  }
  return r;
}

void k8smi_peer_event(const struct k8smi_peer *peer, struct k8sm_server_event *ret) {
  const struct k8smi_http1 *h = &peer->reader;
  ret->type = K8SM_SERVER_REQUEST;
  ret->method = k8smi_s(llhttp_method_name((llhttp_method_t)h->parser.method));
  ret->path = h->field[K8SMI_HTTP1_TARGET];
  ret->content_type = h->field[K8SMI_HTTP1_CONTENT_TYPE];
  ret->accept = h->field[K8SMI_HTTP1_ACCEPT];
  ret->stream_id = h->field[K8SMI_HTTP1_STREAM_ID];
  ret->body = (struct k8sm_slice){peer->body.ptr, peer->body.len};
}

int k8smi_peer_respond(struct k8smi_peer *peer, const struct k8sm_response *response) {
  bool streaming = response->streaming != 0;
  bool keep = peer->keep_alive && !streaming;
  int framing = !streaming ? K8SMI_HTTP1_SIZED : peer->old ? K8SMI_HTTP1_UNTIL_CLOSE : K8SMI_HTTP1_CHUNKED;
  size_t before = peer->out.buf.len;
  k8smi_http1_write_response(&peer->out.buf, response, framing, keep, peer->no_body);
  if (!peer_appended(peer, before)) return K8SM_ERR_NOMEM;
  if (streaming) {
    peer->phase = K8SMI_PEER_STREAMING;
  } else {
    peer->phase = keep ? K8SMI_PEER_READING : K8SMI_PEER_CLOSING;
  }
  return K8SM_OK;
}

int k8smi_peer_write(struct k8smi_peer *peer, const void *bytes, size_t len) {
  size_t before = peer->out.buf.len;
  if (len == 0 || peer->no_body) return K8SM_OK;
  if (peer->old) {
    k8smi_buf_put(&peer->out.buf, bytes, len);
  } else {
    k8smi_http1_write_chunk(&peer->out.buf, bytes, len);
  }
  return peer_appended(peer, before) ? K8SM_OK : K8SM_ERR_NOMEM;
}

void k8smi_peer_end(struct k8smi_peer *peer) {
  if (!peer->old && !peer->no_body) peer_set_tail(peer, K8SMI_S(PEER_LAST_CHUNK));
  peer->phase = K8SMI_PEER_CLOSING;
}
