/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

enum { TCP_BACKLOG = 128 };

/* Requests are small and written whole: to wait for more bytes only delays them. */
static void tcp_no_delay(int fd) {
  int on = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int k8smi_tcp_connect(const struct k8smi_address *address, int *error) {
  int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *error = errno;
    return -1;
  }
  tcp_no_delay(fd);
  if (connect(fd, (const struct sockaddr *)&address->storage, address->len) == 0 || errno == EINPROGRESS ||
      errno == EINTR) {
    return fd;
  }
  *error = errno;
  close(fd);
  return -1;
}

int k8smi_tcp_connected(int fd, int *error) {
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  socklen_t len = sizeof *error;
  if (poll(&ready, 1, 0) <= 0) return 0;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &len) < 0) *error = errno;
  return *error == 0 ? 1 : K8SMI_TCP_BROKEN;
}

static bool tcp_bind(int fd, struct k8smi_address *address) {
  int on = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address->storage.ss_family == AF_INET6) {
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  return bind(fd, (const struct sockaddr *)&address->storage, address->len) == 0 &&
         listen(fd, TCP_BACKLOG) == 0 &&
         getsockname(fd, (struct sockaddr *)&address->storage, &address->len) == 0;
}

int k8smi_tcp_listen(struct k8smi_address *address, int *error) {
  int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && tcp_bind(fd, address)) return fd;
  *error = errno;
  if (fd >= 0) close(fd);
  return -1;
}

/* "Not now", or an error of one connection that died while it waited to be accepted. */
static bool tcp_accept_again(int number) {
  return number == EINTR || number == ECONNABORTED || number == EPROTO || number == ENETDOWN ||
         number == EHOSTUNREACH || number == ENETUNREACH;
}

int k8smi_tcp_accept(int fd, int *error) {
  int peer;
  do {
    peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  } while (peer < 0 && tcp_accept_again(errno));
  if (peer >= 0) {
    tcp_no_delay(peer);
    return peer;
  }
  *error = errno == EAGAIN || errno == EWOULDBLOCK ? 0 : errno;
  return -1;
}

static int64_t tcp_failed(int *error) {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  *error = errno;
  return K8SMI_TCP_BROKEN;
}

int64_t k8smi_tcp_read(int fd, void *bytes, size_t cap, int *error) {
  ssize_t n = recv(fd, bytes, cap, 0);
  if (n > 0) return n;
  return n == 0 ? K8SMI_TCP_END : tcp_failed(error);
}

int64_t k8smi_tcp_write(int fd, const void *bytes, size_t len, int *error) {
  ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
  return n >= 0 ? n : tcp_failed(error);
}

void k8smi_tcp_finish(int fd) {
  (void)shutdown(fd, SHUT_WR);
}

void k8smi_tcp_close(int fd) {
  close(fd);
}
