/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/io.h>

#include "base/abi.h"
#include "base/findings.h"
#include "io/peer.h"
#include "io/tcp.h"
#include "io/words.h"

#include <errno.h>
#include <fcntl.h>

/* An exchange is named by a serial number and, in its low bits, by the slot of its connection. */
enum { SERVER_SLOT_BITS = 20, SERVER_CONNECTIONS = 1024 };
#define SERVER_SLOTS_MAX   ((size_t)1 << SERVER_SLOT_BITS)
#define SERVER_REQUEST_MAX ((uint64_t)64 << 20)

struct k8sm_server {
  struct k8sm_allocator allocator;
  int fd;
  int spare_fd; /* given up for a moment to turn a connection away when there are no descriptors left */
  uint16_t port;
  uint64_t request_max;
  size_t max;
  struct k8smi_peer **slots; /* NULL: free */
  size_t slots_cap;
  size_t slots_used; /* all beyond are free */
  size_t live;
  size_t free_from; /* all before are taken */
  size_t cursor;    /* where `next` goes on looking */
  uint64_t serial;
};

static int server_refuse(struct k8sm_diags *diags, const char *what) {
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "k8sm_server_options.%s", what);
  return K8SM_ERR_INVALID;
}

static int server_listen(struct k8sm_server *server, const char *host, uint16_t port,
                         struct k8sm_diags *diags) {
  struct k8smi_address address;
  int error = 0;
  if (!k8smi_address_host(&address, host, strlen(host), port)) {
    k8smi_find(diags, K8SM_DIAG_ADDRESS_INVALID, NULL, "'%.200s' is not an address: " K8SMI_ADDRESS_RULE,
               host);
    return K8SM_ERR_INVALID;
  }
  server->fd = k8smi_tcp_listen(&address, &error);
  if (server->fd < 0) {
    k8smi_find(diags, K8SM_DIAG_LISTEN_FAILED, NULL, "listen on %.200s, port %u: %s", host, (unsigned)port,
               k8smi_errno_words(error));
    return K8SM_ERR_STATE;
  }
  server->port = k8smi_address_port(&address);
  server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return K8SM_OK;
}

int k8sm_server_new(const struct k8sm_server_options *options, struct k8sm_server **ret,
                    struct k8sm_diags *diags) {
  struct k8sm_server_options o;
  struct k8sm_allocator allocator;
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_server_options", diags);
  if (r != K8SM_OK) return r;
  if (!k8smi_allocator_init(&allocator, o.allocator))
    return server_refuse(diags, "allocator lacks a function");
  if (o.max_connections > SERVER_SLOTS_MAX)
    return server_refuse(diags, "max_connections is more than 1048576");
  struct k8sm_server *server = k8smi_zalloc(&allocator, sizeof *server);
  if (server == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  server->allocator = allocator;
  server->fd = server->spare_fd = -1;
  server->max = o.max_connections == 0 ? SERVER_CONNECTIONS : o.max_connections;
  server->request_max = o.max_request_bytes == 0 ? SERVER_REQUEST_MAX : o.max_request_bytes;
  r = server_listen(server, o.address == NULL ? "127.0.0.1" : o.address, o.port, diags);
  if (r == K8SM_OK) {
    *ret = server;
  } else {
    k8sm_server_free(server);
  }
  return r;
}

void k8sm_server_free(struct k8sm_server *server) {
  if (server == NULL) return;
  for (size_t i = 0; i < server->slots_used; i++) {
    if (server->slots[i] != NULL) k8smi_peer_free(server->slots[i]);
  }
  if (server->fd >= 0) k8smi_tcp_close(server->fd);
  if (server->spare_fd >= 0) k8smi_tcp_close(server->spare_fd);
  struct k8sm_allocator allocator = server->allocator;
  k8smi_free(&allocator, server->slots, server->slots_cap * sizeof server->slots[0]);
  k8smi_free(&allocator, server, sizeof *server);
}

uint16_t k8sm_server_port(const struct k8sm_server *server) {
  return server->port;
}

size_t k8sm_server_pollfds(const struct k8sm_server *server, struct k8sm_pollfd *fds, size_t n) {
  size_t count = 0;
  if (server->live < server->max) {
    if (n > 0) fds[0] = (struct k8sm_pollfd){.fd = server->fd, .events = K8SM_POLL_IN, .revents = 0};
    count++;
  }
  for (size_t i = 0; i < server->slots_used; i++) {
    const struct k8smi_peer *peer = server->slots[i];
    if (peer == NULL) continue;
    if (count < n)
      fds[count] = (struct k8sm_pollfd){.fd = peer->fd, .events = k8smi_peer_events(peer), .revents = 0};
    count++;
  }
  return count;
}

/* Errors: NOMEM. The slot is free afterwards, and there is room for one more. */
static int server_slot(struct k8sm_server *server, size_t *ret) {
  size_t i = server->free_from;
  while (i < server->slots_used && server->slots[i] != NULL) i++;
  void *slots = server->slots;
  if (!k8smi_grow(&server->allocator, &slots, &server->slots_cap, i + 1, sizeof server->slots[0])) {
    return K8SM_ERR_NOMEM;
  }
  server->slots = slots;
  *ret = i;
  return K8SM_OK;
}

/* Takes the descriptor over, or closes it. Errors: NOMEM. */
static int server_add(struct k8sm_server *server, int fd) {
  size_t slot = 0;
  int r = server_slot(server, &slot);
  struct k8smi_peer *peer = r == K8SM_OK ? k8smi_peer_new(&server->allocator, fd, server->request_max) : NULL;
  if (peer == NULL) {
    k8smi_tcp_close(fd);
    return K8SM_ERR_NOMEM;
  }
  server->slots[slot] = peer;
  server->free_from = slot + 1;
  if (slot >= server->slots_used) server->slots_used = slot + 1;
  server->live++;
  return K8SM_OK;
}

/* Without a descriptor a connection can't even be turned away, and poll would report it forever. */
static void server_turn_away(struct k8sm_server *server) {
  int error = 0;
  if (server->spare_fd < 0) return;
  k8smi_tcp_close(server->spare_fd);
  int fd = k8smi_tcp_accept(server->fd, &error);
  if (fd >= 0) k8smi_tcp_close(fd);
  server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int server_accept(struct k8sm_server *server) {
  while (server->live < server->max) {
    int error = 0;
    int fd = k8smi_tcp_accept(server->fd, &error);
    if (fd < 0) {
      if (error == EMFILE || error == ENFILE) server_turn_away(server);
      return K8SM_OK;
    }
    int r = server_add(server, fd);
    if (r != K8SM_OK) return r;
  }
  return K8SM_OK;
}

static void server_remove(struct k8sm_server *server, size_t slot) {
  k8smi_peer_free(server->slots[slot]);
  server->slots[slot] = NULL;
  server->live--;
  if (slot < server->free_from) server->free_from = slot;
  while (server->slots_used > 0 && server->slots[server->slots_used - 1] == NULL) server->slots_used--;
}

/* True when poll was asked about this descriptor and says that nothing can be done. The rows come in
 * the order of the slots, so *at moves on with them. */
static bool server_quiet(int fd, const struct k8sm_pollfd *fds, size_t n, size_t *at) {
  for (size_t i = *at; fds != NULL && i < n; i++) {
    if (fds[i].fd != fd) continue;
    *at = i + 1;
    return fds[i].revents == 0;
  }
  return false;
}

int k8sm_server_process(struct k8sm_server *server, const struct k8sm_pollfd *fds, size_t n,
                        uint64_t mono_ms) {
  size_t at = 0, used = server->slots_used;
  bool knocks = !server_quiet(server->fd, fds, n, &at);
  int result = K8SM_OK;
  for (size_t i = 0; i < used; i++) {
    struct k8smi_peer *peer = server->slots[i];
    if (peer == NULL) continue;
    bool quiet = server_quiet(peer->fd, fds, n, &at);
    if (!quiet || k8smi_peer_ready(peer) || peer->leaving) {
      int r = k8smi_peer_process(peer, mono_ms);
      if (r != K8SM_OK) result = r;
    }
  }
  for (size_t i = used; i-- > 0;) {
    if (server->slots[i] != NULL && server->slots[i]->phase == K8SMI_PEER_DEAD) server_remove(server, i);
  }
  int r = knocks ? server_accept(server) : K8SM_OK;
  return r != K8SM_OK ? r : result;
}

static bool server_event(struct k8sm_server *server, size_t slot, struct k8sm_server_event *ret) {
  struct k8smi_peer *peer = server->slots[slot];
  if (peer == NULL) return false;
  if (peer->phase == K8SMI_PEER_REQUEST) {
    peer->exchange = ++server->serial << SERVER_SLOT_BITS | slot;
    peer->phase = K8SMI_PEER_WAITING;
    k8smi_peer_event(peer, ret);
  } else if (peer->phase == K8SMI_PEER_GONE) {
    peer->phase = K8SMI_PEER_DEAD;
    ret->type = K8SM_SERVER_GONE;
  } else {
    return false;
  }
  ret->exchange = peer->exchange;
  return true;
}

int k8sm_server_next(struct k8sm_server *server, struct k8sm_server_event *ret) {
  struct k8sm_server_event event;
  memset(&event, 0, sizeof event);
  for (size_t i = 0; i < server->slots_used; i++) {
    if (server->cursor >= server->slots_used) server->cursor = 0;
    if (server_event(server, server->cursor++, &event)) return k8smi_struct_write(ret, &event, sizeof event);
  }
  return K8SM_ERR_NOT_FOUND;
}

/* NULL: the exchange is over. */
static struct k8smi_peer *server_find(const struct k8sm_server *server, uint64_t exchange) {
  size_t slot = (size_t)(exchange & (SERVER_SLOTS_MAX - 1));
  struct k8smi_peer *peer = slot < server->slots_used ? server->slots[slot] : NULL;
  return peer != NULL && peer->exchange == exchange ? peer : NULL;
}

static bool server_text_valid(struct k8sm_slice s) {
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.ptr[i];
    if (c < ' ' || c == 0x7f) return false;
  }
  return true;
}

int k8sm_server_respond(struct k8sm_server *server, uint64_t exchange, const struct k8sm_response *response) {
  struct k8sm_response copy;
  int r = k8smi_options_read(&copy, sizeof copy, response, "k8sm_response", NULL);
  if (r != K8SM_OK) return r;
  if (copy.status < 200 || copy.status > 999 || !server_text_valid(copy.content_type) ||
      !server_text_valid(copy.stream_id) || !server_text_valid(copy.location)) {
    return K8SM_ERR_INVALID;
  }
  struct k8smi_peer *peer = server_find(server, exchange);
  if (peer == NULL || peer->phase >= K8SMI_PEER_GONE) return K8SM_OK;
  return peer->phase == K8SMI_PEER_WAITING ? k8smi_peer_respond(peer, &copy) : K8SM_ERR_STATE;
}

int k8sm_server_write(struct k8sm_server *server, uint64_t exchange, const void *bytes, size_t len) {
  struct k8smi_peer *peer = server_find(server, exchange);
  if (peer == NULL || peer->phase >= K8SMI_PEER_GONE) return K8SM_OK;
  return peer->phase == K8SMI_PEER_STREAMING ? k8smi_peer_write(peer, bytes, len) : K8SM_ERR_STATE;
}

void k8sm_server_end(struct k8sm_server *server, uint64_t exchange) {
  struct k8smi_peer *peer = server_find(server, exchange);
  if (peer != NULL && peer->phase == K8SMI_PEER_STREAMING) k8smi_peer_end(peer);
}

size_t k8sm_server_backlog(const struct k8sm_server *server, uint64_t exchange) {
  const struct k8smi_peer *peer = server_find(server, exchange);
  return peer == NULL ? 0 : k8smi_peer_unwritten(peer);
}
