/* SPDX-License-Identifier: Apache-2.0 */
#include "io/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool address_v4(struct k8smi_address *ret, const char *host, uint16_t port) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, host, &in.sin_addr) != 1) return false;
  memcpy(&ret->storage, &in, sizeof in);
  ret->len = sizeof in;
  return true;
}

static bool address_v6(struct k8smi_address *ret, const char *host, uint16_t port) {
  struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1) return false;
  memcpy(&ret->storage, &in, sizeof in);
  ret->len = sizeof in;
  return true;
}

bool k8smi_address_host(struct k8smi_address *ret, const char *host, size_t len, uint16_t port) {
  char text[INET6_ADDRSTRLEN];
  bool brackets = len >= 2 && host[0] == '[' && host[len - 1] == ']';
  if (brackets) {
    host++;
    len -= 2;
  }
  if (len >= sizeof text || memchr(host, '\0', len) != NULL) return false;
  memcpy(text, host, len);
  text[len] = '\0';
  memset(ret, 0, sizeof *ret);
  if (brackets) return address_v6(ret, text, port);
  if (strcmp(text, "localhost") == 0) return address_v4(ret, "127.0.0.1", port);
  return address_v4(ret, text, port) || address_v6(ret, text, port);
}

static bool address_port_text(const char *text, uint16_t *ret) {
  uint32_t port = 0;
  if (*text == '\0' || strlen(text) > 5) return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    port = port * 10 + (uint32_t)(*text - '0');
  }
  *ret = (uint16_t)port;
  return port >= 1 && port <= UINT16_MAX;
}

bool k8smi_address_authority(struct k8smi_address *ret, const char *authority) {
  const char *colon = strrchr(authority, ':');
  uint16_t port;
  if (colon == NULL || !address_port_text(colon + 1, &port)) return false;
  size_t len = (size_t)(colon - authority);
  /* An IPv6 address without brackets would leave it open where the port begins. */
  if (memchr(authority, ':', len) != NULL && authority[0] != '[') return false;
  return k8smi_address_host(ret, authority, len, port);
}

uint16_t k8smi_address_port(const struct k8smi_address *address) {
  if (address->storage.ss_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, &address->storage, sizeof in);
    return ntohs(in.sin_port);
  }
  if (address->storage.ss_family == AF_INET6) {
    struct sockaddr_in6 in;
    memcpy(&in, &address->storage, sizeof in);
    return ntohs(in.sin6_port);
  }
  return 0;
}
