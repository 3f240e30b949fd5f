/* SPDX-License-Identifier: Apache-2.0 */
#include "match/need.h"
#include "base/sort.h"
#include "cluster/blocks.h"
#include "cluster/volumes.h"
#include "match/predicates.h"

enum { NEED_MAINTENANCE_MS = 60 * 60 * 1000 };

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

static bool need_ports(struct k8smi_arena *arena, const struct k8sm_cluster *cluster,
                       struct k8smi_need *need) {
  const struct k8sm_demand *demand = need->demand;
  if (need->resumed || demand->port_count == 0) return true;
  need->ports = k8smi_arena_array(arena, demand->port_count, sizeof *need->ports);
  if (need->ports == NULL) return false;
  for (size_t i = 0; i < demand->port_count; i++) {
    if (demand->ports[i].host_port != 0) need->ports[need->port_count++] = demand->ports[i].host_port;
    if (demand->ports[i].any) need->any_ports++;
  }
  k8smi_sort(need->ports, need->port_count, sizeof *need->ports, need_port_order, NULL);
  size_t kept = 0; /* TCP and UDP may ask the same number: Mesos knows no protocols */
  for (size_t i = 0; i < need->port_count; i++) {
    if (kept == 0 || need->ports[kept - 1] != need->ports[i]) need->ports[kept++] = need->ports[i];
  }
  need->port_count = kept;
  for (size_t i = 0; i < kept; i++) {
    if (!k8smi_port_was_seen(cluster, need->ports[i])) need->port_is_nowhere = true;
  }
  return true;
}

/* Maintenance matters if it begins while the pod may still run, and soon. */
static void need_times(struct k8smi_need *need, const struct k8sm_match_options *options) {
  int64_t deadline = need->demand->active_deadline_seconds;
  int64_t soon = options->maintenance_ms > 0 ? options->maintenance_ms : NEED_MAINTENANCE_MS;
  if (options->wall_ms <= 0) return;
  if (deadline > 0 && deadline < soon / 1000) soon = deadline * 1000;
  need->now_ms = options->wall_ms;
  need->until_ms = need_add(options->wall_ms, soon);
}

/* A volume that is there is not made of disk. */
static void need_volumes(const struct k8sm_cluster *c, struct k8smi_need *need) {
  const struct k8sm_demand *d = need->demand;
  for (size_t i = 0; i < d->volume_count && i < 64; i++) {
    const uint64_t bit = UINT64_C(1) << i;
    const uint32_t agent = k8smi_volume_agent(c, d->volumes[i].row.id);
    bool known = agent != K8SMI_ROW_NONE, own = d->volumes[i].disk != NULL;
    if (known && need->volumes_known == 0) need->volumes_at = agent;
    if (known) need->volumes_known |= bit;
    if (known && !own) need->scalars[K8SMI_DISK] -= d->volumes[i].row.milli;
    if (!known && own) need->of_disks |= bit;
  }
}

bool k8smi_need_make(struct k8smi_arena *arena, const struct k8sm_cluster *cluster,
                     const struct k8sm_demand *demand, const struct k8sm_match_options *options,
                     struct k8smi_need *ret) {
  static const struct k8smi_placement_rules none = {0};
  *ret =
      (struct k8smi_need){.demand = demand, .resumed = demand->agent_id.len != 0 && demand->cpus_milli == 0};
  ret->rules = demand->rules == NULL || ret->resumed ? &none : demand->rules;
  if (demand->rules != NULL && k8smi_wishes_reservation(demand->rules))
    ret->wish = &demand->rules->reservation;
  k8smi_demand_sum(demand, ret->scalars);
  need_volumes(cluster, ret);
  ret->extended_count = ret->resumed ? 0 : demand->extended_count;
  need_times(ret, options);
  if (!need_ports(arena, cluster, ret)) return false;
  ret->rows = k8smi_predicates_applying(cluster, ret);
  return true;
}
