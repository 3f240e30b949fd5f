/* SPDX-License-Identifier: Apache-2.0 */
#include "io/transport.h"

#include "base/alloc.h"
#include "io/tcp.h"
#include "io/words.h"

#include <poll.h>

_Static_assert((int)K8SM_POLL_IN == POLLIN && (int)K8SM_POLL_OUT == POLLOUT &&
                   (int)K8SM_POLL_ERR == POLLERR && (int)K8SM_POLL_HUP == POLLHUP,
               "struct k8sm_pollfd is handed to poll() by hosts");

struct k8sm_stream {
  const struct k8sm_allocator *allocator;
  int fd;    /* -1: could not be opened */
  int error; /* the errno value of what failed last */
  bool connected;
  bool dead; /* never was connected, and never will be */
};

/* A socket that can't be opened is a stream that is broken from the start, so that its words reach the
 * caller in the way they always do. */
static int transport_connect(void *ctx, const char *authority, struct k8sm_stream **ret) {
  const struct k8sm_allocator *allocator = ctx;
  struct k8smi_address address;
  if (!k8smi_address_authority(&address, authority)) return K8SM_ERR_INVALID;
  struct k8sm_stream *s = k8smi_zalloc(allocator, sizeof *s);
  if (s == NULL) return K8SM_ERR_NOMEM;
  s->allocator = allocator;
  s->fd = k8smi_tcp_connect(&address, &s->error);
  s->dead = s->fd < 0;
  *ret = s;
  return K8SM_OK;
}

/* 1: bytes can flow; 0: not yet; K8SM_ERR_STATE. */
static int transport_ready(struct k8sm_stream *s) {
  if (s->dead) return K8SM_ERR_STATE;
  if (s->connected) return 1;
  int got = k8smi_tcp_connected(s->fd, &s->error);
  s->connected = got == 1;
  s->dead = got < 0;
  return s->dead ? K8SM_ERR_STATE : got;
}

static int64_t transport_result(int64_t n) {
  if (n == K8SMI_TCP_END) return K8SM_ERR_NOT_FOUND;
  return n < 0 ? K8SM_ERR_STATE : n;
}

static int64_t transport_read(struct k8sm_stream *s, void *bytes, size_t cap) {
  int ready = transport_ready(s);
  return ready != 1 ? ready : transport_result(k8smi_tcp_read(s->fd, bytes, cap, &s->error));
}

static int64_t transport_write(struct k8sm_stream *s, const void *bytes, size_t len) {
  int ready = transport_ready(s);
  return ready != 1 ? ready : transport_result(k8smi_tcp_write(s->fd, bytes, len, &s->error));
}

static const char *transport_error(struct k8sm_stream *s) {
  return k8smi_errno_words(s->error);
}

static int transport_fd(struct k8sm_stream *s) {
  return s->fd;
}

static void transport_close(struct k8sm_stream *s) {
  if (s->fd >= 0) k8smi_tcp_close(s->fd);
  k8smi_free(s->allocator, s, sizeof *s);
}

struct k8sm_transport k8smi_tcp_transport(const struct k8sm_allocator *allocator) {
  return (struct k8sm_transport){
      .size = sizeof(struct k8sm_transport),
      .ctx = (void *)(uintptr_t)allocator,
      .connect = transport_connect,
      .read = transport_read,
      .write = transport_write,
      .error = transport_error,
      .fd = transport_fd,
      .close = transport_close,
  };
}
