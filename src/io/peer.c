/* SPDX-License-Identifier: Apache-2.0 */
#include "io/peer.h"

#include "io/tcp.h"

enum { PEER_TURNS = 16 }; /* reads of one call: others wait too */

struct k8smi_peer *k8smi_peer_new(const struct k8sm_allocator *allocator, int fd, uint64_t body_max) {
  struct k8smi_peer *peer = k8smi_alloc(allocator, sizeof *peer);
  if (peer == NULL) return NULL;
  memset(peer, 0, offsetof(struct k8smi_peer, in));
  peer->allocator = *allocator;
  peer->fd = fd;
  peer->phase = K8SMI_PEER_READING;
  peer->body_max = body_max;
  (void)k8smi_buf_init(&peer->body, allocator);
  (void)k8smi_buf_init(&peer->out.buf, allocator);
  k8smi_http1_init(&peer->reader, HTTP_REQUEST);
  return peer;
}

void k8smi_peer_free(struct k8smi_peer *peer) {
  struct k8sm_allocator allocator = peer->allocator;
  k8smi_tcp_close(peer->fd);
  k8smi_buf_free(&peer->body);
  k8smi_buf_free(&peer->out.buf);
  k8smi_free(&allocator, peer, sizeof *peer);
}

/* No more bytes flow. The host is told if it has an exchange open. */
static void peer_break(struct k8smi_peer *peer) {
  bool open = peer->phase == K8SMI_PEER_WAITING || peer->phase == K8SMI_PEER_STREAMING;
  peer->phase = open || peer->phase == K8SMI_PEER_GONE ? K8SMI_PEER_GONE : K8SMI_PEER_DEAD;
}

size_t k8smi_peer_unwritten(const struct k8smi_peer *peer) {
  return k8smi_outbox_len(&peer->out) + peer->tail_len;
}

/* As k8smi_tcp_write. */
static int64_t peer_write_some(struct k8smi_peer *peer) {
  int error = 0;
  size_t len = k8smi_outbox_len(&peer->out);
  if (len != 0) {
    int64_t n = k8smi_tcp_write(peer->fd, k8smi_outbox_front(&peer->out), len, &error);
    if (n > 0) k8smi_outbox_take(&peer->out, (size_t)n);
    return n;
  }
  int64_t n = k8smi_tcp_write(peer->fd, peer->tail, peer->tail_len, &error);
  if (n > 0) {
    peer->tail += n;
    peer->tail_len -= (size_t)n;
  }
  return n;
}

static void peer_flush(struct k8smi_peer *peer, uint64_t mono_ms) {
  while (k8smi_peer_unwritten(peer) != 0) {
    int64_t n = peer_write_some(peer);
    if (n == 0) return;
    if (n < 0) {
      peer_break(peer);
      return;
    }
    peer->moved_ms = mono_ms;
  }
  if (peer->phase != K8SMI_PEER_CLOSING) return;
  if (!peer->lingers || peer->ended) {
    peer->phase = K8SMI_PEER_DEAD;
    return;
  }
  k8smi_tcp_finish(peer->fd);
  peer->phase = K8SMI_PEER_LINGERING;
}

static void peer_linger(struct k8smi_peer *peer) {
  int error = 0;
  int64_t n = k8smi_tcp_read(peer->fd, peer->in, sizeof peer->in, &error);
  if (n > 0) peer->dropped += (size_t)n;
  if (n < 0 || peer->dropped > K8SMI_PEER_LINGER_MAX) peer->phase = K8SMI_PEER_DEAD;
}

static size_t peer_room(const struct k8smi_peer *peer) {
  return sizeof peer->in - (peer->in_len - peer->in_pos);
}

/* True when bytes came. */
static bool peer_fill(struct k8smi_peer *peer) {
  int error = 0;
  if (peer->ended || peer_room(peer) == 0) return false;
  if (peer->in_pos != 0) {
    memmove(peer->in, peer->in + peer->in_pos, peer->in_len - peer->in_pos);
    peer->in_len -= peer->in_pos;
    peer->in_pos = 0;
  }
  int64_t n = k8smi_tcp_read(peer->fd, peer->in + peer->in_len, sizeof peer->in - peer->in_len, &error);
  if (n == K8SMI_TCP_BROKEN) peer_break(peer);
  if (n == K8SMI_TCP_END) peer->ended = true;
  if (n <= 0) return false;
  peer->in_len += (size_t)n;
  return true;
}

static bool peer_live(const struct k8smi_peer *peer) {
  return peer->phase <= K8SMI_PEER_STREAMING;
}

/* What it means that the client closed its side. One that half-closes behind its request gets its
 * answer if the host gives it before the next turn. */
static void peer_notice_end(struct k8smi_peer *peer) {
  if (!peer->ended) return;
  if (peer->phase == K8SMI_PEER_WAITING || peer->phase == K8SMI_PEER_STREAMING) {
    peer->phase = K8SMI_PEER_GONE;
  } else if (peer->phase == K8SMI_PEER_READING && peer->in_pos == peer->in_len) {
    peer->phase = k8smi_peer_unwritten(peer) != 0 ? K8SMI_PEER_CLOSING : K8SMI_PEER_DEAD;
  }
}

static void peer_notice_stall(struct k8smi_peer *peer, uint64_t mono_ms) {
  if (peer->phase != K8SMI_PEER_CLOSING && peer->phase != K8SMI_PEER_LINGERING) return;
  if (!peer->leaving) peer->moved_ms = mono_ms;
  peer->leaving = true;
  if (mono_ms - peer->moved_ms >= K8SMI_PEER_STALL_MS) peer->phase = K8SMI_PEER_DEAD;
}

int k8smi_peer_process(struct k8smi_peer *peer, uint64_t mono_ms) {
  int result = K8SM_OK, turns = 0;
  if (peer->phase >= K8SMI_PEER_GONE) return K8SM_OK;
  peer_flush(peer, mono_ms);
  if (peer->phase == K8SMI_PEER_LINGERING) peer_linger(peer);
  if (peer_live(peer)) {
    do {
      result = k8smi_peer_parse(peer);
    } while (result == K8SM_OK && peer_live(peer) && ++turns < PEER_TURNS && peer_fill(peer));
  }
  peer_notice_end(peer);
  if (k8smi_peer_unwritten(peer) != 0) peer_flush(peer, mono_ms);
  peer_notice_stall(peer, mono_ms);
  return result;
}

bool k8smi_peer_ready(const struct k8smi_peer *peer) {
  return peer->phase == K8SMI_PEER_READING && (peer->in_pos < peer->in_len || peer->pending);
}

int16_t k8smi_peer_events(const struct k8smi_peer *peer) {
  bool open = peer->phase == K8SMI_PEER_WAITING || peer->phase == K8SMI_PEER_STREAMING;
  bool reads = peer->phase == K8SMI_PEER_LINGERING || peer->phase >= K8SMI_PEER_GONE ||
               (peer->ended ? open : peer_live(peer) && peer_room(peer) != 0);
  bool writes = k8smi_peer_unwritten(peer) != 0;
  return (int16_t)((reads ? K8SM_POLL_IN : 0) | (writes ? K8SM_POLL_OUT : 0));
}
