/* SPDX-License-Identifier: Apache-2.0 */
#include "match/need.h"
#include "base/sort.h"

/* Sums that would not fit stay at the end: no agent has that. */
static int64_t need_add(int64_t a, int64_t b) {
  return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int need_port_order(const void *a, const void *b, const void *ctx) {
  (void)ctx;
  return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

void k8smi_need_of_task(const struct k8smi_demand_task *task, int64_t *ret_scalars) {
  ret_scalars[K8SMI_CPUS] = task->cpus_milli;
  ret_scalars[K8SMI_MEM] = task->mem_milli;
  ret_scalars[K8SMI_DISK] = task->disk_milli;
}

bool k8smi_need_make(struct k8smi_arena *arena, const struct k8sm_demand *demand, struct k8smi_need *ret) {
  *ret =
      (struct k8smi_need){.demand = demand, .resumed = demand->agent_id.len != 0 && demand->cpus_milli == 0};
  ret->scalars[K8SMI_CPUS] = demand->cpus_milli;
  ret->scalars[K8SMI_MEM] = demand->mem_milli;
  ret->scalars[K8SMI_DISK] = demand->disk_milli;
  for (size_t i = 0; i < demand->task_count; i++) {
    int64_t token[K8SMI_SCALARS];
    if (!demand->tasks[i].launch) continue;
    k8smi_need_of_task(&demand->tasks[i], token);
    for (int s = 0; s < K8SMI_SCALARS; s++) ret->scalars[s] = need_add(ret->scalars[s], token[s]);
  }
  if (ret->resumed || demand->port_count == 0) return true;
  ret->ports = k8smi_arena_array(arena, demand->port_count, sizeof *ret->ports);
  if (ret->ports == NULL) return false;
  for (size_t i = 0; i < demand->port_count; i++) {
    if (demand->ports[i].host_port != 0) ret->ports[ret->port_count++] = demand->ports[i].host_port;
  }
  k8smi_sort(ret->ports, ret->port_count, sizeof *ret->ports, need_port_order, NULL);
  size_t kept = 0; /* TCP and UDP may ask the same number: Mesos knows no protocols */
  for (size_t i = 0; i < ret->port_count; i++) {
    if (kept == 0 || ret->ports[kept - 1] != ret->ports[i]) ret->ports[kept++] = ret->ports[i];
  }
  ret->port_count = kept;
  return true;
}
