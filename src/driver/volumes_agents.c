/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the agents that have volumes will be back. One that is gone for good is told of with its tasks
 * alone; where none ran, a pod would wait for it for ever. So the master is asked for a task that never was
 * on each agent with a volume of which nothing is heard: it answers TASK_GONE_BY_OPERATOR where the agent is
 * marked gone. https://mesos.apache.org/documentation/latest/reconciliation/ */
#include "base/slice.h"
#include "cluster/cluster.h"
#include "driver/state.h"

#include <stdio.h>

#define AGENTS_ASKED "agent."
enum {
  AGENTS_ASK_MS = 900 * 1000,
  AGENTS_BATCH = 500, /* volumes that one step looks at */
  AGENTS_ID_CAP = 256
};

static int agents_say_lost(struct k8sm_driver *d, const struct drv_volume *v) {
  static const struct k8sm_slice nobody = {NULL, 0};
  if (v->supposed) return K8SM_OK;
  return k8smi_drv_eventf(&d->core, 0, nobody,
                          "Claim: %.*s was on agent %.*s, which is gone for good: its volume is lost",
                          K8SMI_P(v->claim), K8SMI_P(v->agent_id));
}

int k8smi_drv_volumes_lose(struct k8sm_driver *d, struct k8sm_slice agent_id) {
  for (size_t i = 0; i < d->volumes.count; i++) {
    struct drv_volume *v = d->volumes.items[i];
    if (!v->made || !k8smi_eq(v->agent_id, agent_id)) continue;
    int r = agents_say_lost(d, v);
    if (r != K8SM_OK) return r;
    k8smi_drv_volume_end(d, v);
  }
  k8sm_cluster_forget(d->offers.cluster, agent_id);
  d->offers.fresh = d->offers.revive = d->offers.stale = true;
  return K8SM_OK;
}

/* ---- Asking ---- */

void k8smi_drv_volumes_doubt_agents(struct k8sm_driver *d, uint64_t ms) {
  if (d->volumes.count > 0)
    d->volumes.ask_ms = k8smi_drv_min(d->volumes.ask_ms, k8smi_drv_after(&d->core, ms));
}

/* It makes no offers, and no pod of ours runs there, which would tell. */
static bool agents_is_silent(const struct k8sm_driver *d, struct k8sm_slice agent_id) {
  uint32_t row = k8smi_agent_find(d->offers.cluster, agent_id);
  if (row == K8SMI_MAP_NONE) return true;
  const struct k8smi_agent *agent = k8smi_agent_at(d->offers.cluster, row);
  return agent->offers == 0 && agent->pods == 0;
}

/* Ids that no task of ours has. */
static int agents_ask(struct k8sm_driver *d, char (*ids)[AGENTS_ID_CAP], struct k8sm_slice *items,
                      size_t *asked) {
  struct drv_volumes *vs = &d->volumes;
  const struct drv_volume *last = NULL;
  size_t n = 0, end = vs->count - *asked > AGENTS_BATCH ? *asked + AGENTS_BATCH : vs->count;
  for (; *asked < end; ++*asked) {
    const struct drv_volume *v = vs->items[*asked];
    bool same = last != NULL && k8smi_eq(last->agent_id, v->agent_id);
    if (!v->made || same || !agents_is_silent(d, v->agent_id)) continue;
    last = v;
    int len = snprintf(ids[n / 2], AGENTS_ID_CAP, AGENTS_ASKED "%.*s", K8SMI_P(v->agent_id));
    if (len < 0 || len >= AGENTS_ID_CAP) continue;
    items[n] = (struct k8sm_slice){ids[n / 2], (size_t)len};
    items[n + 1] = v->agent_id;
    n += 2;
  }
  return n == 0 ? K8SM_OK
                : k8smi_drv_reconcile_ask(
                      d, items, n,
                      "agents that hold volumes make no offers"); /* of nothing it would ask for all */
}

int k8smi_drv_volumes_ask(struct k8sm_driver *d) {
  struct drv_volumes *vs = &d->volumes;
  const struct k8sm_allocator *a = &d->core.allocator;
  if (d->core.mono_ms < vs->ask_ms) return K8SM_OK;
  size_t asked = vs->asked < vs->count ? vs->asked : 0;
  size_t most = vs->count - asked < AGENTS_BATCH ? vs->count - asked : AGENTS_BATCH;
  size_t ids_size = most * AGENTS_ID_CAP, items_size = 2 * most * sizeof(struct k8sm_slice);
  char(*ids)[AGENTS_ID_CAP] = k8smi_alloc(a, ids_size);
  struct k8sm_slice *items = k8smi_alloc(a, items_size);
  int r = ids == NULL || items == NULL ? K8SM_ERR_NOMEM : agents_ask(d, ids, items, &asked);
  k8smi_free(a, items, items_size);
  k8smi_free(a, ids, ids_size);
  if (r == K8SM_ERR_NOMEM) return r;
  vs->asked = asked < vs->count ? asked : 0;
  if (vs->asked == 0) vs->ask_ms = vs->count == 0 ? DRV_NEVER : k8smi_drv_after(&d->core, AGENTS_ASK_MS);
  return K8SM_OK;
}

int k8smi_drv_volumes_hear(struct k8sm_driver *d, struct k8sm_slice task_id, bool gone, bool *ret_taken) {
  const size_t prefix = sizeof AGENTS_ASKED - 1;
  *ret_taken = task_id.len > prefix && memcmp(task_id.ptr, AGENTS_ASKED, prefix) == 0;
  struct k8sm_slice agent_id = {task_id.ptr + prefix, *ret_taken ? task_id.len - prefix : 0};
  return *ret_taken && gone ? k8smi_drv_volumes_lose(d, agent_id) : K8SM_OK;
}
