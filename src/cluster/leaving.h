/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_LEAVING_H
#define K8SMI_CLUSTER_LEAVING_H

#include "cluster/columns.h"

/* Planned maintenance of agents, side by side for 64 of them. Times are numbers of about four seconds: where
 * two of them differ, so do the times, in the same order. Where they are equal only the agent can tell. */

struct k8smi_leaving_page {
  uint64_t leaving[K8SMI_PAGE_WORDS]; /* agents with maintenance; of others the numbers say nothing */
  int32_t from[K8SMI_PAGE_AGENTS], until[K8SMI_PAGE_AGENTS];
};

static inline int32_t k8smi_leaving_number(int64_t ms) {
  const int64_t unit = 4096, number = ms / unit - (ms % unit < 0);
  return number > INT32_MAX ? INT32_MAX : number < INT32_MIN ? INT32_MIN : (int32_t)number;
}

/* The maintenance of an agent that is known, and has some, comes in, and goes out. The first: false when
 * memory ran out. */
bool k8smi_leaving_put(const struct k8sm_cluster *cluster, uint32_t agent);
void k8smi_leaving_drop(const struct k8sm_cluster *cluster, uint32_t agent);

/* Of 64 agents, by their number, those whose maintenance begins before `during` ends, and is not over when
 * that begins; in *ret_may they, and those that have to be asked. */
uint64_t k8smi_leaving_during(const struct k8smi_columns *all, size_t number, struct k8smi_window during,
                              uint64_t *ret_may);
/* True if the agents that maintenance takes away during one time may be others than during another. */
bool k8smi_leaving_differs(const struct k8smi_columns *all, struct k8smi_window one,
                           struct k8smi_window other);

#endif
