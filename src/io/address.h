/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_ADDRESS_H
#define K8SMI_IO_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Numeric addresses. To look a name up would block, so a name is no address here; the one exception is
 * "localhost", which is 127.0.0.1. */

#define K8SMI_ADDRESS_RULE                                                                                   \
  "an IPv4 address, an IPv6 address in brackets, or localhost; other names are not looked up, give their "   \
  "address"

struct k8smi_address {
  struct sockaddr_storage storage;
  socklen_t len;
};

/* "127.0.0.1", "::1", "[::1]", "localhost". */
bool k8smi_address_host(struct k8smi_address *ret, const char *host, size_t len, uint16_t port);
/* "127.0.0.1:5050", "[::1]:5050", "localhost:5050"; the port is 1 to 65535. */
bool k8smi_address_authority(struct k8smi_address *ret, const char *authority);
/* Of a socket that is bound; 0 when it is neither IPv4 nor IPv6. */
uint16_t k8smi_address_port(const struct k8smi_address *address);

#endif
