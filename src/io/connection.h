/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_CONNECTION_H
#define K8SMI_IO_CONNECTION_H

#include "io/http1.h"

/* The connections of a client. Each has a queue of exchanges, carried out one after the other; one
 * stream at a time; and a buffer that is read into only when all of it was handed out, so that a host
 * that takes no inputs makes the peer wait, and not memory grow. */

struct k8smi_conn;

/* A request on its way. */
struct k8smi_exchange {
  struct k8smi_exchange *next;
  uint64_t id;
  bool streaming;
  bool no_body;           /* HEAD */
  const char *refused;    /* a part of the request that can't be sent, or NULL */
  struct k8smi_conn *own; /* for a streaming one, until it is under way; else NULL */
  struct k8smi_buf text;  /* authority, NUL, request */
  size_t request_at;
};

/* What all connections of a client share; it is theirs. */
struct k8smi_link {
  struct k8sm_allocator allocator;
  struct k8sm_transport transport;
  const char *user_agent;
  uint64_t connect_timeout_ms;
  uint64_t response_timeout_ms;
};

enum { K8SMI_CONN_IN = 64 * 1024 };

struct k8smi_conn {
  struct k8smi_conn *next;
  const struct k8smi_link *link;
  struct k8smi_exchange *head; /* the one that is carried out */
  struct k8smi_exchange *tail;
  struct k8sm_stream *stream; /* NULL: closed */
  uint64_t deadline;          /* of the exchange's present step; UINT64_MAX: none */
  size_t written;             /* of the request */
  size_t in_pos, in_len;      /* what was read and not yet handed out */
  bool started;               /* the exchange is under way */
  bool connected;             /* the stream took its first byte */
  bool reused;                /* the stream carried an exchange before */
  bool answered;              /* a byte of the response came */
  bool head_read;             /* the RESPONSE was handed out */
  bool pending;               /* the reader may have an event without a further byte */
  bool ended;                 /* nothing more can be read */
  bool write_broken;          /* why; but an answer may still be read */
  bool read_broken;           /* why */
  bool overtime;              /* bytes were read behind the deadline */
  bool failed;                /* the exchange is LOST: why */
  char held;                  /* the byte that the NUL behind a slice took the place of */
  char *held_at;              /* NULL: none */
  char authority[256];        /* of the stream */
  char why[384];
  struct k8smi_http1 reader;
  char in[K8SMI_CONN_IN + 1];
};

/* NULL when memory ran out, for both. The request is copied. */
struct k8smi_conn *k8smi_conn_new(const struct k8smi_link *link);
struct k8smi_exchange *k8smi_exchange_new(const struct k8smi_link *link, const struct k8sm_effect *request);
void k8smi_exchange_free(const struct k8smi_link *link, struct k8smi_exchange *exchange);
/* Frees the exchanges of its queue too. */
void k8smi_conn_free(struct k8smi_conn *conn);

void k8smi_conn_add(struct k8smi_conn *conn, struct k8smi_exchange *exchange);
/* Gives an exchange up; without effect if it is not here. */
void k8smi_conn_cancel(struct k8smi_conn *conn, uint64_t exchange);

/* Connects, writes and reads as far as it goes. Errors: NOMEM (nothing has changed; try again). */
int k8smi_conn_process(struct k8smi_conn *conn, uint64_t mono_ms);
/* Gives the exchange up when its time is over. Without I/O. */
void k8smi_conn_check_deadline(struct k8smi_conn *conn, uint64_t mono_ms);
/* The next input: OK or NOT_FOUND. Its slices live until the next call on the connection. */
int k8smi_conn_next(struct k8smi_conn *conn, struct k8sm_input *ret);
/* Forgets the slices of the last input. */
void k8smi_conn_release(struct k8smi_conn *conn);
/* True while it can give an input, or go on, without the peer. */
bool k8smi_conn_ready(const struct k8smi_conn *conn);
/* The poll events it waits for, and the file descriptor, or -1. */
int16_t k8smi_conn_events(const struct k8smi_conn *conn);
int k8smi_conn_fd(const struct k8smi_conn *conn);

/* Shared by connection.c and connection_input.c. */
void k8smi_conn_fail(struct k8smi_conn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));
void k8smi_conn_close(struct k8smi_conn *conn);

#endif
