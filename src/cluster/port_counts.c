/* SPDX-License-Identifier: Apache-2.0 */
/* A Fenwick tree over the differences between one port's count and the next: a range changes two of them, and
 * a count is a sum of at most sixteen. */
#include "cluster/port_counts.h"

enum { PORT_COUNTS = UINT16_MAX + 2 }; /* ports from 0, and one behind the last */

bool k8smi_port_counts_reserve(struct k8sm_cluster *cluster) {
  if (cluster->port_counts == NULL)
    cluster->port_counts = k8smi_zalloc(&cluster->allocator, PORT_COUNTS * sizeof *cluster->port_counts);
  return cluster->port_counts != NULL;
}

void k8smi_port_counts_free(struct k8sm_cluster *cluster) {
  if (cluster->port_counts == NULL) return;
  k8smi_free(&cluster->allocator, cluster->port_counts, PORT_COUNTS * sizeof *cluster->port_counts);
  cluster->port_counts = NULL;
}

/* From a port on, one more or one fewer. Numbers in the tree are from 1; it counts modulo 2^32. */
static void port_counts_from(struct k8sm_cluster *cluster, uint64_t port, uint32_t one) {
  for (uint64_t at = port + 1; at < PORT_COUNTS; at += at & -at) cluster->port_counts[at] += one;
}

void k8smi_port_counts_change(struct k8sm_cluster *cluster, const struct k8smi_offer *offer, bool in) {
  const uint32_t one = in ? 1 : UINT32_MAX; /* -1, modulo 2^32 */
  for (size_t i = 0; i < offer->resource_count; i++) {
    const struct k8smi_resource *r = &offer->resources[i];
    for (size_t k = 0; r->kind == K8SMI_PORTS && k < r->ranges.count; k++) {
      if (r->ranges.items[k].begin > UINT16_MAX) break;
      port_counts_from(cluster, r->ranges.items[k].begin, one);
      if (r->ranges.items[k].end < UINT16_MAX) port_counts_from(cluster, r->ranges.items[k].end + 1, -one);
    }
  }
}

uint32_t k8smi_port_count(const struct k8sm_cluster *cluster, uint16_t port) {
  uint32_t count = 0;
  if (cluster->port_counts == NULL) return 0;
  for (uint32_t at = (uint32_t)port + 1; at > 0; at -= at & -at) count += cluster->port_counts[at];
  return count;
}
