/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_TCP_H
#define K8SMI_IO_TCP_H

#include "io/address.h"

/* Non-blocking TCP sockets. They are closed on exec, and a broken one raises no SIGPIPE. Where a
 * function fails, *error is an errno value. */

enum {
  K8SMI_TCP_END = -1,   /* the peer closed its side */
  K8SMI_TCP_BROKEN = -2 /* see *error */
};

/* Starts to connect. A file descriptor, or -1. */
int k8smi_tcp_connect(const struct k8smi_address *address, int *error);
/* 1: connected; 0: not yet; K8SMI_TCP_BROKEN. */
int k8smi_tcp_connected(int fd, int *error);

/* A listening socket, or -1. `address` then holds the port that was taken. */
int k8smi_tcp_listen(struct k8smi_address *address, int *error);
/* The next connection; -1 with *error 0: none waits. */
int k8smi_tcp_accept(int fd, int *error);

/* How many bytes, 0 for "not now", or K8SMI_TCP_*. */
int64_t k8smi_tcp_read(int fd, void *bytes, size_t cap, int *error);
int64_t k8smi_tcp_write(int fd, const void *bytes, size_t len, int *error);
/* No more will be written; the peer sees the end. */
void k8smi_tcp_finish(int fd);
void k8smi_tcp_close(int fd);

#endif
