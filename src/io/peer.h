/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_PEER_H
#define K8SMI_IO_PEER_H

#include "io/http1.h"
#include "io/outbox.h"

/* A connection of the server. It carries one exchange at a time: requests that a client sends ahead
 * wait, unread, until the one before them is answered. */

enum {
  K8SMI_PEER_READING,   /* a request, or nothing yet */
  K8SMI_PEER_REQUEST,   /* a whole request waits to be handed out */
  K8SMI_PEER_WAITING,   /* for the host's answer */
  K8SMI_PEER_STREAMING, /* the host writes the body */
  K8SMI_PEER_CLOSING,   /* once all is written */
  K8SMI_PEER_LINGERING, /* all is written; what the client still sends is dropped, for an end without it
                           would cost the client our last answer */
  K8SMI_PEER_GONE,      /* the host is to be told */
  K8SMI_PEER_DEAD       /* to be freed */
};

enum {
  K8SMI_PEER_IN = 16 * 1024,
  K8SMI_PEER_AHEAD = 64 * 1024,        /* with this much unwritten, no further request is read */
  K8SMI_PEER_LINGER_MAX = 1024 * 1024, /* bytes that are dropped */
  K8SMI_PEER_STALL_MS = 30 * 1000      /* of a closing connection that does not move */
};

struct k8smi_peer {
  struct k8sm_allocator allocator;
  int fd;
  int phase;         /* K8SMI_PEER_* */
  bool pending;      /* the reader may have an event without a further byte */
  bool ended;        /* the client closed its side */
  bool lingers;      /* when closed, because a request was refused before its end */
  bool keep_alive;   /* after this exchange */
  bool no_body;      /* the request was a HEAD */
  bool old;          /* HTTP/1.0: no chunks */
  uint64_t exchange; /* the last one; 0: none */
  bool leaving;      /* closing, and moved_ms counts */
  uint64_t moved_ms; /* when a closing connection moved last */
  size_t dropped;
  uint64_t body_max;
  size_t in_pos, in_len;
  struct k8smi_buf body;
  struct k8smi_outbox out;
  const char *tail; /* static text that goes behind all of `out`: what must not need memory */
  size_t tail_len;
  struct k8smi_http1 reader;
  char in[K8SMI_PEER_IN];
};

/* Takes the descriptor over. NULL when memory ran out. */
struct k8smi_peer *k8smi_peer_new(const struct k8sm_allocator *allocator, int fd, uint64_t body_max);
void k8smi_peer_free(struct k8smi_peer *peer);

/* Writes, reads and parses as far as it goes. Errors: NOMEM (the request in question is refused; the
 * peer is in order). */
int k8smi_peer_process(struct k8smi_peer *peer, uint64_t mono_ms);
/* True while it can go on without the client. */
bool k8smi_peer_ready(const struct k8smi_peer *peer);
int16_t k8smi_peer_events(const struct k8smi_peer *peer);
size_t k8smi_peer_unwritten(const struct k8smi_peer *peer);

/* The host's side. */
void k8smi_peer_event(const struct k8smi_peer *peer, struct k8sm_server_event *ret);
/* Errors: NOMEM, nothing changed. */
int k8smi_peer_respond(struct k8smi_peer *peer, const struct k8sm_response *response);
int k8smi_peer_write(struct k8smi_peer *peer, const void *bytes, size_t len);
void k8smi_peer_end(struct k8smi_peer *peer);

/* Reads requests out of the buffer until one is whole or more bytes are needed. Errors: NOMEM. */
int k8smi_peer_parse(struct k8smi_peer *peer);

#endif
