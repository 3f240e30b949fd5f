/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_IO_H
#define K8SMESOS_IO_H

/* Sockets under the driver: libk8smesos-io. Nothing here blocks, starts a thread, or installs a signal
 * handler. A host's loop is: poll on k8sm_client_pollfds until k8sm_client_deadline, k8sm_client_process,
 * then k8sm_client_next → k8sm_driver_step → k8sm_client_submit until there is no input left. */

#include <k8smesos/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A byte stream: what carries HTTP. Two kinds are built in (TCP; one in memory, for tests, can be
 * made with this table). Calls never block. */
struct k8sm_stream; /* the transport's own */
struct k8sm_transport {
  size_t size;
  void *ctx;
  /* Starts to connect. authority: "host:port". TCP takes an IPv4 address, an IPv6 address in brackets, or
   * localhost: to look up any other name would block. Errors: INVALID (not an address), NOT_FOUND, NOMEM. */
  int (*connect)(void *ctx, const char *authority, struct k8sm_stream **ret);
  /* Both return the number of bytes, 0 for "not now"; K8SM_ERR_STATE when the stream broke (error text
   * by `error`); read returns K8SM_ERR_NOT_FOUND at the end. */
  int64_t (*read)(struct k8sm_stream *stream, void *bytes, size_t cap);
  int64_t (*write)(struct k8sm_stream *stream, const void *bytes, size_t len);
  const char *(*error)(struct k8sm_stream *stream);
  int (*fd)(struct k8sm_stream *stream); /* to poll, or -1 */
  void (*close)(struct k8sm_stream *stream);
};

/* As struct pollfd of <poll.h>, with fixed types. */
enum { K8SM_POLL_IN = 1, K8SM_POLL_OUT = 4, K8SM_POLL_ERR = 8, K8SM_POLL_HUP = 16 };
struct k8sm_pollfd {
  int32_t fd;
  int16_t events;  /* K8SM_POLL_* wanted */
  int16_t revents; /* K8SM_POLL_* that came */
};

struct k8sm_client; /* Mutable. */

/* How a client is made. All is copied in. */
struct k8sm_client_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  const struct k8sm_transport *transport; /* NULL: TCP */
  const char *user_agent;                 /* NULL: "libk8smesos/0.1.0" */
  uint64_t connect_timeout_ms;            /* 0: 10,000 */
  uint64_t response_timeout_ms;           /* from request to head, not for the body of a stream; 0: 30,000 */
};

/* Errors: INVALID, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_client_new(const struct k8sm_client_options *options, struct k8sm_client **ret,
                                           struct k8sm_diags *diags);
/* Closes all connections. */
K8SM_API void k8sm_client_free(struct k8sm_client *client);

/* What to poll. Returns how many there are, writes up to n. */
K8SM_API size_t k8sm_client_pollfds(const struct k8sm_client *client, struct k8sm_pollfd *fds, size_t n);
/* mono_ms at which process must be called at the latest; UINT64_MAX: never. */
K8SM_API uint64_t k8sm_client_deadline(const struct k8sm_client *client);
/* Reads and writes what can be read and written. `fds` is what pollfds wrote, with revents; NULL: try
 * all. It reads no more of an exchange before `next` has handed out what it has read. Errors: NOMEM (call
 * again). */
K8SM_API K8SM_MUST_USE int k8sm_client_process(struct k8sm_client *client, const struct k8sm_pollfd *fds, size_t n,
                                               uint64_t mono_ms);
/* The next input for the driver: K8SM_OK, or K8SM_ERR_NOT_FOUND when there is none. Its slices live
 * until the next call on the client. Times are left for the host to fill in. */
K8SM_API K8SM_MUST_USE int k8sm_client_next(struct k8sm_client *client, struct k8sm_input *ret);
/* Takes the effects addressed to mesos (REQUEST, CANCEL); the others are the host's. What fails later is
 * a LOST input. A request is sent a second time only when a part of it was never written, to a kept
 * connection that the peer had closed. Errors: NOMEM (none was taken). */
K8SM_API K8SM_MUST_USE int k8sm_client_submit(struct k8sm_client *client, const struct k8sm_effects *effects,
                                              uint64_t mono_ms);

/* ---- The server side: HTTP/1.1 on a loopback or other address ---- */

struct k8sm_server; /* Mutable. */

/* How a server is made. All is copied in. */
struct k8sm_server_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  const char *address;         /* numeric; NULL: "127.0.0.1" */
  uint16_t port;               /* 0: any free one, see k8sm_server_port */
  uint16_t reserved;
  uint32_t max_connections;    /* 0: 1,024 */
  uint64_t max_request_bytes;  /* of a body; 0: 64 MiB */
};

/* Listens. Errors: STATE (K8SM_DIAG_LISTEN_FAILED says why), INVALID, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_server_new(const struct k8sm_server_options *options, struct k8sm_server **ret,
                                           struct k8sm_diags *diags);
/* Closes all connections. */
K8SM_API void k8sm_server_free(struct k8sm_server *server);
/* The port that it listens on. */
K8SM_API uint16_t k8sm_server_port(const struct k8sm_server *server);
/* As k8sm_client_pollfds. */
K8SM_API size_t k8sm_server_pollfds(const struct k8sm_server *server, struct k8sm_pollfd *fds, size_t n);
/* As k8sm_client_process; mono_ms serves to drop clients that do not take their answer: 30 s. Errors:
 * NOMEM (a request was answered 503, or a connection closed; the server is in order). */
K8SM_API K8SM_MUST_USE int k8sm_server_process(struct k8sm_server *server, const struct k8sm_pollfd *fds, size_t n,
                                               uint64_t mono_ms);

enum {
  K8SM_SERVER_REQUEST = 1, /* a whole request */
  K8SM_SERVER_GONE = 2     /* the client closed: no more writes for this exchange */
};

/* What happened on the server; of a GONE only type and exchange are set. */
struct k8sm_server_event {
  size_t size;
  uint32_t type; /* K8SM_SERVER_* */
  uint32_t reserved;
  uint64_t exchange;
  struct k8sm_slice method;
  struct k8sm_slice path; /* with the query */
  struct k8sm_slice content_type;
  struct k8sm_slice accept;
  struct k8sm_slice stream_id; /* header Mesos-Stream-Id; ptr NULL: absent */
  struct k8sm_slice body;
};
/* The next event: K8SM_OK, or K8SM_ERR_NOT_FOUND when there is none. Slices live until the next call. */
K8SM_API K8SM_MUST_USE int k8sm_server_next(struct k8sm_server *server, struct k8sm_server_event *ret);

/* What the host answers. */
struct k8sm_response {
  size_t size;
  uint32_t status;
  uint32_t streaming;             /* 1: the body follows by k8sm_server_write, chunked, until _end */
  struct k8sm_slice content_type; /* empty: none */
  struct k8sm_slice stream_id;
  struct k8sm_slice location;
  struct k8sm_slice body;         /* when not streaming */
};
/* Answers. An exchange that is gone is fine. Errors: NOMEM; INVALID (a status below 200, a text with a
 * control character); STATE (it was answered); ABI. */
K8SM_API K8SM_MUST_USE int k8sm_server_respond(struct k8sm_server *server, uint64_t exchange,
                                               const struct k8sm_response *response);
/* More of the body of a streaming response. Errors: NOMEM; STATE (it is not streaming). */
K8SM_API K8SM_MUST_USE int k8sm_server_write(struct k8sm_server *server, uint64_t exchange, const void *bytes,
                                             size_t len);
/* Ends a streaming response. The connection closes once all is written. */
K8SM_API void k8sm_server_end(struct k8sm_server *server, uint64_t exchange);
/* Bytes that wait to be written for an exchange: a client that does not read. */
K8SM_API size_t k8sm_server_backlog(const struct k8sm_server *server, uint64_t exchange);

#ifdef __cplusplus
}
#endif
#endif
