/* SPDX-License-Identifier: Apache-2.0 */
#include "io/client.h"

#include "base/abi.h"
#include "base/findings.h"
#include "io/transport.h"

#define CLIENT_USER_AGENT "libk8smesos/0.1.0"

enum { CLIENT_CONNECT_TIMEOUT_MS = 10 * 1000, CLIENT_RESPONSE_TIMEOUT_MS = 30 * 1000 };

static int client_refuse(struct k8sm_diags *diags, const char *what) {
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "k8sm_client_options.%s", what);
  return K8SM_ERR_INVALID;
}

static int client_set_transport(struct k8sm_client *client, const struct k8sm_transport *user,
                                struct k8sm_diags *diags) {
  struct k8sm_transport *t = &client->link.transport;
  if (user == NULL) {
    *t = k8smi_tcp_transport(&client->link.allocator);
    return K8SM_OK;
  }
  int r = k8smi_options_read(t, sizeof *t, user, "k8sm_transport", diags);
  if (r != K8SM_OK) return r;
  if (t->connect != NULL && t->read != NULL && t->write != NULL && t->error != NULL && t->fd != NULL &&
      t->close != NULL) {
    return K8SM_OK;
  }
  return client_refuse(diags, "transport lacks a function");
}

static int client_set_user_agent(struct k8sm_client *client, const char *user, struct k8sm_diags *diags) {
  if (user == NULL) user = CLIENT_USER_AGENT;
  for (const char *c = user; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' || *c == 0x7f)
      return client_refuse(diags, "user_agent has a control character");
  }
  client->user_agent_size = strlen(user) + 1;
  client->user_agent = k8smi_alloc(&client->link.allocator, client->user_agent_size);
  if (client->user_agent == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  memcpy(client->user_agent, user, client->user_agent_size);
  client->link.user_agent = client->user_agent;
  return K8SM_OK;
}

static int client_init(struct k8sm_client *client, const struct k8sm_client_options *o,
                       struct k8sm_diags *diags) {
  client->link.connect_timeout_ms =
      o->connect_timeout_ms == 0 ? CLIENT_CONNECT_TIMEOUT_MS : o->connect_timeout_ms;
  client->link.response_timeout_ms =
      o->response_timeout_ms == 0 ? CLIENT_RESPONSE_TIMEOUT_MS : o->response_timeout_ms;
  int r = client_set_transport(client, o->transport, diags);
  if (r == K8SM_OK) r = client_set_user_agent(client, o->user_agent, diags);
  if (r != K8SM_OK) return r;
  client->calls = k8smi_conn_new(&client->link);
  return client->calls == NULL ? k8smi_find_nomem(diags, K8SM_ERR_NOMEM) : K8SM_OK;
}

int k8sm_client_new(const struct k8sm_client_options *options, struct k8sm_client **ret,
                    struct k8sm_diags *diags) {
  struct k8sm_client_options o;
  struct k8sm_allocator allocator;
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_client_options", diags);
  if (r != K8SM_OK) return r;
  if (!k8smi_allocator_init(&allocator, o.allocator))
    return client_refuse(diags, "allocator lacks a function");
  struct k8sm_client *client = k8smi_zalloc(&allocator, sizeof *client);
  if (client == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  client->link.allocator = allocator;
  r = client_init(client, &o, diags);
  if (r == K8SM_OK) {
    *ret = client;
  } else {
    k8sm_client_free(client);
  }
  return r;
}

void k8sm_client_free(struct k8sm_client *client) {
  if (client == NULL) return;
  while (client->streams != NULL) {
    struct k8smi_conn *conn = client->streams;
    client->streams = conn->next;
    k8smi_conn_free(conn);
  }
  if (client->calls != NULL) k8smi_conn_free(client->calls);
  struct k8sm_allocator allocator = client->link.allocator;
  k8smi_free(&allocator, client->user_agent, client->user_agent_size);
  k8smi_free(&allocator, client, sizeof *client);
}

/* The connection after `conn` (NULL: the first one). The calls come first. */
static struct k8smi_conn *client_conn(const struct k8sm_client *client, const struct k8smi_conn *conn) {
  if (conn == NULL) return client->calls;
  return conn == client->calls ? client->streams : conn->next;
}

/* Frees the streams whose exchange is over. Their last input's slices are no longer read. */
static void client_sweep(struct k8sm_client *client) {
  struct k8smi_conn **at = &client->streams;
  while (*at != NULL) {
    struct k8smi_conn *conn = *at;
    if (conn->head != NULL) {
      at = &conn->next;
      continue;
    }
    *at = conn->next;
    k8smi_conn_free(conn);
  }
}

size_t k8sm_client_pollfds(const struct k8sm_client *client, struct k8sm_pollfd *fds, size_t n) {
  size_t count = 0;
  for (const struct k8smi_conn *c = client_conn(client, NULL); c != NULL; c = client_conn(client, c)) {
    int fd = k8smi_conn_fd(c);
    if (fd < 0) continue;
    if (count < n) fds[count] = (struct k8sm_pollfd){.fd = fd, .events = k8smi_conn_events(c), .revents = 0};
    count++;
  }
  return count;
}

uint64_t k8sm_client_deadline(const struct k8sm_client *client) {
  uint64_t earliest = UINT64_MAX;
  for (const struct k8smi_conn *c = client_conn(client, NULL); c != NULL; c = client_conn(client, c)) {
    if (k8smi_conn_ready(c)) return 0;
    if (c->deadline < earliest) earliest = c->deadline;
  }
  return earliest;
}

/* True when poll was asked about this connection and says that nothing can be done. The rows come in
 * the order of the connections, so *at moves on with them. */
static bool client_quiet(const struct k8smi_conn *conn, const struct k8sm_pollfd *fds, size_t n, size_t *at) {
  int fd = k8smi_conn_fd(conn);
  if (fds == NULL || fd < 0) return false;
  for (size_t i = *at; i < n; i++) {
    if (fds[i].fd != fd) continue;
    *at = i + 1;
    return fds[i].revents == 0;
  }
  return false;
}

int k8sm_client_process(struct k8sm_client *client, const struct k8sm_pollfd *fds, size_t n,
                        uint64_t mono_ms) {
  int result = K8SM_OK;
  size_t at = 0;
  client_sweep(client);
  for (struct k8smi_conn *c = client_conn(client, NULL); c != NULL; c = client_conn(client, c)) {
    if (client_quiet(c, fds, n, &at) && !k8smi_conn_ready(c)) {
      k8smi_conn_check_deadline(c, mono_ms);
      continue;
    }
    int r = k8smi_conn_process(c, mono_ms);
    if (r != K8SM_OK) result = r;
  }
  return result;
}

int k8sm_client_next(struct k8sm_client *client, struct k8sm_input *ret) {
  struct k8sm_input input;
  client_sweep(client);
  for (struct k8smi_conn *c = client_conn(client, NULL); c != NULL; c = client_conn(client, c)) {
    memset(&input, 0, sizeof input);
    int r = k8smi_conn_next(c, &input);
    if (r != K8SM_OK) continue;
    return k8smi_struct_write(ret, &input, sizeof input);
  }
  return K8SM_ERR_NOT_FOUND;
}

struct k8smi_exchange *k8smi_client_prepare(struct k8sm_client *client, const struct k8sm_effect *request) {
  return k8smi_exchange_new(&client->link, request);
}

/* That memory runs out while the connection is opened is no error here: process tries again. */
void k8smi_client_start(struct k8sm_client *client, struct k8smi_exchange *exchange, uint64_t mono_ms) {
  struct k8smi_conn *conn = client->calls;
  if (exchange->own != NULL) {
    struct k8smi_conn **at = &client->streams;
    while (*at != NULL) at = &(*at)->next;
    *at = conn = exchange->own;
    exchange->own = NULL;
  }
  bool waits = conn->head != NULL;
  k8smi_conn_add(conn, exchange);
  if (!waits) (void)k8smi_conn_process(conn, mono_ms);
}

int k8smi_client_request(struct k8sm_client *client, const struct k8sm_effect *request, uint64_t mono_ms) {
  client_sweep(client);
  struct k8smi_exchange *e = k8smi_client_prepare(client, request);
  if (e == NULL) return K8SM_ERR_NOMEM;
  k8smi_client_start(client, e, mono_ms);
  return K8SM_OK;
}

void k8smi_client_cancel(struct k8sm_client *client, uint64_t exchange) {
  for (struct k8smi_conn *c = client_conn(client, NULL); c != NULL; c = client_conn(client, c)) {
    k8smi_conn_cancel(c, exchange);
  }
}
