/* SPDX-License-Identifier: Apache-2.0 */
/* What is wanted of the master: waiting pods, pending stages and restarts alike, or pinned restarts starve.
 */
#include "base/slice.h"
#include "cluster/cluster.h"
#include "driver/state.h"

enum { WANTED_PER_MS = 100 };

static struct k8sm_want wanted_of(const struct drv_pod *pod) {
  struct k8sm_want row = {.demand = pod->need == DRV_NEED_RESUME ? pod->resume : pod->demand};
  if (pod->place != NULL) {
    row.hostname = pod->place->hostname;
    row.pinned = 1;
  }
  if (pod->need == DRV_NEED_NOTHING) row.at_mono_ms = pod->next_need_ms;
  return row;
}

static size_t wanted_count(const struct k8sm_driver *d) {
  return d->pods.turns.count + d->offers.owing.count + k8smi_drv_claims_want(d, NULL) +
         k8smi_drv_sweep_want(d, NULL);
}

static void wanted_list(const struct k8sm_driver *d, struct k8sm_want *rows) {
  const struct drv_agenda *turns = &d->pods.turns;
  for (size_t i = 0; i < turns->count; i++) *rows++ = wanted_of(K8SMI_OF(turns->heap[i], drv_pod, turn));
  K8SMI_EACH(link, &d->offers.owed) {
    const struct drv_owed *o = K8SMI_OF(link, drv_owed, link);
    *rows++ = (struct k8sm_want){.demand = o->demand, .hostname = o->hostname, .pinned = 1};
  }
  rows += k8smi_drv_claims_want(d, rows);
  k8smi_drv_sweep_want(d, rows);
}

static int wanted_sum(struct k8sm_driver *d, struct k8sm_wants **ret) {
  const struct k8sm_allocator *a = &d->core.allocator;
  const struct k8sm_wants_options o = {.size = sizeof o,
                                       .allocator = a,
                                       .roles = d->core.options.framework.roles,
                                       .role_count = d->core.options.framework.role_count};
  size_t n = wanted_count(d);
  struct k8sm_want *rows = k8smi_alloc(a, n * sizeof *rows);
  if (rows == NULL) return K8SM_ERR_NOMEM;
  wanted_list(d, rows);
  int r = k8sm_wants_make(d->offers.cluster, rows, n, sizeof *rows, &o, ret, NULL);
  k8smi_free(a, rows, n * sizeof *rows);
  return r;
}

/* Offers of every agent to the same roles, now: what is held needs no other look than before. */
static bool wanted_is_plain(const struct k8sm_wants *wants) {
  struct k8sm_wanted_role row;
  if (wants == NULL || k8sm_wants_constraints(wants).len > 0) return false;
  for (size_t i = 0; k8sm_wants_roles(wants, i, &row, sizeof row, 1) != 0; i++) {
    if (row.at_mono_ms != 0) return false;
  }
  return true;
}

/* A sum takes all that is wanted, and all agents: with many of them, what changes in a burst is summed up
 * once. */
static uint64_t wanted_pause_ms(const struct k8sm_driver *d) {
  return (wanted_count(d) + d->offers.cluster->known) / WANTED_PER_MS;
}

static bool wanted_is_old(const struct k8sm_driver *d) {
  return d->offers.stale || d->pods.needs_changed;
}

uint64_t k8smi_drv_wanted_deadline(const struct k8sm_driver *d) {
  return wanted_is_old(d) ? d->offers.summed_ms + wanted_pause_ms(d) : DRV_NEVER;
}

int k8smi_drv_wanted_look(struct k8sm_driver *d) {
  bool early = d->core.mono_ms < d->offers.summed_ms + wanted_pause_ms(d);
  if (d->offers.wants != NULL && (early || !wanted_is_old(d))) return K8SM_OK;
  return k8smi_drv_wanted_sum(d);
}

int k8smi_drv_wanted_sum(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  struct k8sm_wants *wants;
  struct k8sm_wanted_role row;
  int r = wanted_sum(d, &wants);
  if (r != K8SM_OK) return r;
  o->sift |= o->stale || !wanted_is_plain(o->wants) || !wanted_is_plain(wants);
  k8sm_wants_unref(o->wants);
  o->wants = wants;
  o->stale = d->pods.needs_changed = false;
  o->summed_ms = d->core.mono_ms;
  for (size_t i = 0; k8sm_wants_roles(wants, i, &row, sizeof row, 1) != 0; i++) {
    if (o->roles[i].wanted == (row.wants > 0)) continue;
    o->roles[i].since_ms = d->core.mono_ms;
    o->roles[i].wanted = row.wants > 0;
    o->sift = true;
  }
  return K8SM_OK;
}
