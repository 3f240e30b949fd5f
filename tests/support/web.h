/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_WEB_H
#define TESTS_SUPPORT_WEB_H

/* Clients, servers and bare sockets over loopback, in one thread: what a host's loop does, with a log
 * of the inputs in words. */

#include "io/client.h"
#include "io/tcp.h"

#include <dirent.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct web_log {
  char text[64 * 1024];
  size_t len;
  uint64_t chunk_of; /* the exchange whose chunk was written last; chunks that follow are one */
  uint64_t bytes;    /* of all bodies */
  uint32_t ends;     /* END and LOST */
};

static inline void web_put(struct web_log *log, const char *bytes, size_t len) {
  if (len > sizeof log->text - 1 - log->len) len = sizeof log->text - 1 - log->len;
  memcpy(log->text + log->len, bytes, len);
  log->len += len;
  log->text[log->len] = '\0';
}

static inline void web_note(struct web_log *log, const struct k8sm_input *input) {
  char line[512];
  int n = 0;
  if (input->type == K8SM_INPUT_CHUNK) {
    if (input->bytes.ptr[input->bytes.len] != '\0') abort(); /* every slice ends with a NUL */
    if (log->chunk_of != input->exchange)
      n = snprintf(line, sizeof line, "%" PRIu64 " CHUNK ", input->exchange);
    web_put(log, line, (size_t)n);
    web_put(log, input->bytes.ptr, input->bytes.len);
    log->chunk_of = input->exchange;
    log->bytes += input->bytes.len;
    return;
  }
  if (log->chunk_of != 0) web_put(log, "\n", 1);
  log->chunk_of = 0;
  if (input->type == K8SM_INPUT_RESPONSE) {
    n = snprintf(line, sizeof line, "%" PRIu64 " RESPONSE %u %s|%s|%s\n", input->exchange, input->status,
                 input->content_type.ptr == NULL ? "-" : input->content_type.ptr,
                 input->stream_id.ptr == NULL ? "-" : input->stream_id.ptr,
                 input->location.ptr == NULL ? "-" : input->location.ptr);
  } else {
    log->ends++;
    n = snprintf(line, sizeof line, "%" PRIu64 " %s %s\n", input->exchange,
                 input->type == K8SM_INPUT_END ? "END" : "LOST",
                 input->bytes.ptr == NULL ? "" : input->bytes.ptr);
  }
  web_put(log, line, (size_t)n);
}

/* Takes all inputs. */
static inline void web_take(struct k8sm_client *client, struct web_log *log) {
  struct k8sm_input input = {.size = sizeof input};
  while (k8sm_client_next(client, &input) == K8SM_OK) web_note(log, &input);
}

/* One turn of a host's loop, for a client, a server, or both. */
static inline void web_turn(struct k8sm_client *client, struct k8sm_server *server, uint64_t mono_ms) {
  struct k8sm_pollfd fds[256];
  size_t n = client == NULL ? 0 : k8sm_client_pollfds(client, fds, 128);
  size_t m = server == NULL ? 0 : k8sm_server_pollfds(server, fds + n, 128);
  int wait = client != NULL && k8sm_client_deadline(client) <= mono_ms ? 0 : 1;
  (void)poll((struct pollfd *)fds, (nfds_t)(n + m), wait);
  if (client != NULL && k8sm_client_process(client, fds, n, mono_ms) != K8SM_OK) abort();
  if (server != NULL && k8sm_server_process(server, fds + n, m, mono_ms) != K8SM_OK) abort();
}

/* Waits for what is on its way to the server, which need not be there at once on a machine that is busy.
 * False: nothing has come that it waits for. */
static inline bool web_await(const struct k8sm_server *server) {
  enum { PATIENCE_MS = 200 };
  struct k8sm_pollfd fds[128];
  size_t n = k8sm_server_pollfds(server, fds, 128);
  return poll((struct pollfd *)fds, (nfds_t)n, PATIENCE_MS) > 0;
}

/* The same, for a bare socket. */
static inline bool web_await_fd(int fd) {
  enum { PATIENCE_MS = 20 };
  struct pollfd raw = {.fd = fd, .events = POLLIN};
  return poll(&raw, 1, PATIENCE_MS) > 0;
}

static inline struct k8sm_effect web_request(uint64_t exchange, const char *authority, const char *body) {
  return (struct k8sm_effect){.type = K8SM_EFFECT_REQUEST,
                              .to = K8SM_TO_MESOS,
                              .exchange = exchange,
                              .authority = k8smi_s(authority),
                              .method = K8SMI_S("POST"),
                              .path = K8SMI_S("/api/v1/scheduler"),
                              .content_type = K8SMI_S("application/x-protobuf"),
                              .accept = K8SMI_S("application/json"),
                              .bytes = k8smi_s(body)};
}

static inline void web_authority(char *text, size_t cap, uint16_t port) {
  snprintf(text, cap, "127.0.0.1:%u", (unsigned)port);
}

/* A server that answers with the bytes that the test gives it. */
struct web_raw {
  int listener, fd;
  char authority[32];
  char got[256 * 1024];
  size_t got_len;
  unsigned connections;
  bool ended;
};

static inline void web_raw_open(struct web_raw *raw) {
  struct k8smi_address address;
  int error = 0;
  memset(raw, 0, sizeof *raw);
  raw->fd = -1;
  if (!k8smi_address_host(&address, "127.0.0.1", 9, 0)) abort();
  raw->listener = k8smi_tcp_listen(&address, &error);
  if (raw->listener < 0) abort();
  web_authority(raw->authority, sizeof raw->authority, k8smi_address_port(&address));
}

static inline void web_raw_drop(struct web_raw *raw) {
  if (raw->fd >= 0) k8smi_tcp_close(raw->fd);
  raw->fd = -1;
}

static inline void web_raw_close(struct web_raw *raw) {
  web_raw_drop(raw);
  if (raw->listener >= 0) k8smi_tcp_close(raw->listener);
  raw->listener = -1;
}

/* Takes a connection if one waits, and what it sent. */
static inline void web_raw_turn(struct web_raw *raw) {
  int error = 0;
  int fd = k8smi_tcp_accept(raw->listener, &error);
  if (fd >= 0) {
    web_raw_drop(raw);
    raw->fd = fd;
    raw->connections++;
    raw->got_len = 0;
    raw->ended = false;
  }
  if (raw->fd < 0) return;
  for (;;) {
    int64_t n = k8smi_tcp_read(raw->fd, raw->got + raw->got_len, sizeof raw->got - 1 - raw->got_len, &error);
    if (n == K8SMI_TCP_END) raw->ended = true;
    if (n <= 0) break;
    raw->got_len += (size_t)n;
  }
  raw->got[raw->got_len] = '\0';
}

static inline void web_raw_send(struct web_raw *raw, const char *bytes, size_t len) {
  int error = 0;
  for (size_t sent = 0; sent < len;) {
    int64_t n = k8smi_tcp_write(raw->fd, bytes + sent, len - sent, &error);
    if (n < 0) return;
    sent += (size_t)n;
  }
}

static inline size_t web_open_fds(void) {
  size_t n = 0;
  DIR *dir = opendir("/proc/self/fd");
  if (dir == NULL) return 0;
  while (readdir(dir) != NULL) n++;
  closedir(dir);
  return n;
}

#endif
