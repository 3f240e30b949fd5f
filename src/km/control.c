/* SPDX-License-Identifier: Apache-2.0 */
/* A Unix socket in the state folder, so that who may use it is who may read the folder. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_PEERS = 16, MAX_LINE = 1024 };

struct peer {
  int fd; /* -1: free */
  char line[MAX_LINE];
  size_t len;
  char *answer; /* NULL until the line is whole */
  size_t sent, total;
};

struct km_control {
  int fd;
  struct sockaddr_un address;
  km_control_answer *answer;
  void *ctx;
  struct peer peers[MAX_PEERS];
};

static bool socket_address(const char *folder, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  int n = snprintf(address->sun_path, sizeof address->sun_path, "%s/control", folder);
  if (n > 0 && (size_t)n < sizeof address->sun_path) return true;
  fprintf(stderr, "km: state folder %s: the path is too long for a socket\n", folder);
  return false;
}

struct km_control *km_control_listen(const char *folder, km_control_answer *answer, void *ctx) {
  struct km_control *c = km_alloc(NULL, sizeof *c);
  c->answer = answer;
  c->ctx = ctx;
  c->fd = -1;
  for (size_t i = 0; i < MAX_PEERS; i++) c->peers[i] = (struct peer){.fd = -1};
  if (!socket_address(folder, &c->address)) {
    free(c);
    return NULL;
  }
  unlink(c->address.sun_path); /* of a km that was killed; the lock says that none runs */
  c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd >= 0 && bind(c->fd, (struct sockaddr *)&c->address, sizeof c->address) == 0 &&
      listen(c->fd, 8) == 0) {
    return c;
  }
  fprintf(stderr, "km: %s: %s\n", c->address.sun_path, strerror(errno));
  km_control_close(c);
  return NULL;
}

static void drop_peer(struct peer *p) {
  close(p->fd);
  free(p->answer);
  *p = (struct peer){.fd = -1};
}

void km_control_close(struct km_control *c) {
  if (c == NULL) return;
  for (size_t i = 0; i < MAX_PEERS; i++) {
    if (c->peers[i].fd >= 0) drop_peer(&c->peers[i]);
  }
  if (c->fd >= 0) {
    close(c->fd);
    unlink(c->address.sun_path);
  }
  free(c);
}

size_t km_control_pollfds(const struct km_control *c, struct k8sm_pollfd *fds, size_t n) {
  size_t count = 0;
  if (n > 0) fds[count++] = (struct k8sm_pollfd){c->fd, K8SM_POLL_IN, 0};
  for (size_t i = 0; i < MAX_PEERS && count < n; i++) {
    const struct peer *p = &c->peers[i];
    if (p->fd < 0) continue;
    fds[count++] =
        (struct k8sm_pollfd){p->fd, (int16_t)(p->answer == NULL ? K8SM_POLL_IN : K8SM_POLL_OUT), 0};
  }
  return count;
}

static void read_line(struct km_control *c, struct peer *p) {
  ssize_t n = recv(p->fd, p->line + p->len, MAX_LINE - 1 - p->len, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    drop_peer(p);
    return;
  }
  p->len += (size_t)n;
  p->line[p->len] = '\0';
  char *end = strchr(p->line, '\n');
  if (end == NULL) {
    if (p->len == MAX_LINE - 1) drop_peer(p);
    return;
  }
  *end = '\0';
  p->answer = c->answer(c->ctx, p->line);
  p->total = strlen(p->answer);
}

static void write_answer(struct peer *p) {
  ssize_t n = send(p->fd, p->answer + p->sent, p->total - p->sent, MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) p->sent += (size_t)n;
  if (n <= 0 || p->sent == p->total) drop_peer(p);
}

static void accept_peer(struct km_control *c) {
  int fd = accept(c->fd, NULL, NULL);
  if (fd < 0) return;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  for (size_t i = 0; i < MAX_PEERS; i++) {
    if (c->peers[i].fd >= 0) continue;
    c->peers[i].fd = fd;
    return;
  }
  close(fd);
}

void km_control_process(struct km_control *c, const struct k8sm_pollfd *fds, size_t n) {
  for (size_t k = 0; k < n; k++) {
    if (fds[k].revents == 0) continue;
    if (fds[k].fd == c->fd) accept_peer(c);
    for (size_t i = 0; i < MAX_PEERS; i++) {
      struct peer *p = &c->peers[i];
      if (p->fd < 0 || p->fd != fds[k].fd) continue;
      if (p->answer == NULL)
        read_line(c, p);
      else
        write_answer(p);
    }
  }
}

char *km_control_ask_quietly(const char *folder, const char *line) {
  struct sockaddr_un address;
  if (!socket_address(folder, &address)) return NULL;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return NULL;
  size_t cap = 4096, len = 0;
  char *answer = km_alloc(NULL, cap);
  bool ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
            send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line) &&
            send(fd, "\n", 1, MSG_NOSIGNAL) == 1;
  for (ssize_t n = 1; ok && n > 0; len += n > 0 ? (size_t)n : 0) {
    if (len + 1 == cap) answer = km_alloc(answer, cap *= 2);
    n = recv(fd, answer + len, cap - 1 - len, 0);
    if (n < 0) ok = false;
  }
  answer[len] = '\0';
  close(fd);
  if (ok && len > 0) return answer;
  free(answer);
  return NULL;
}

char *km_control_ask(const char *folder, const char *line) {
  char *answer = km_control_ask_quietly(folder, line);
  if (answer == NULL) fprintf(stderr, "km: no 'km run' answers in the state folder %s\n", folder);
  return answer;
}
