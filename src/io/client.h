/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_CLIENT_H
#define K8SMI_IO_CLIENT_H

#include "io/connection.h"

struct k8sm_client {
  struct k8smi_link link;
  char *user_agent;
  size_t user_agent_size;
  struct k8smi_conn *calls;   /* for all exchanges but streaming ones */
  struct k8smi_conn *streams; /* one for each streaming exchange, the oldest first */
};

/* Effects are taken in two steps, so that a list of them is taken whole or not at all: the first can
 * fail (NULL: memory ran out), the second can't. */
struct k8smi_exchange *k8smi_client_prepare(struct k8sm_client *client, const struct k8sm_effect *request);
void k8smi_client_start(struct k8sm_client *client, struct k8smi_exchange *exchange, uint64_t mono_ms);
/* Both for one request. Errors: NOMEM. */
int k8smi_client_request(struct k8sm_client *client, const struct k8sm_effect *request, uint64_t mono_ms);
void k8smi_client_cancel(struct k8sm_client *client, uint64_t exchange);

#endif
