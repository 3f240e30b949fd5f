/* SPDX-License-Identifier: Apache-2.0 */
/* What is reserved for pods that are no more, and nobody here knows of: by a process before this one, on an
 * agent that was away when its pod ended, where an UNRESERVE was lost. Only offers tell. So for a moment
 * after each subscription, and now and then after that, what is reserved for the framework is wanted of all
 * agents. */
#include "base/slice.h"
#include "driver/state.h"

enum {
  SWEEP_FOR_MS = 10 * 1000, /* for all agents to offer what they have */
  SWEEP_EVERY_MS = 600 * 1000
};

/* Whether pods may reserve anything: for that a principal is needed, and a role that is not everybody's. */
static bool sweep_may_find(const struct k8sm_driver *d) {
  if (d->core.options.demand.principal == NULL) return false;
  for (size_t i = 0; i < d->core.options.role_count; i++) {
    if (!k8smi_eqs(d->core.options.roles[i], "*")) return true;
  }
  return false;
}

static void sweep_switch(struct k8sm_driver *d, bool on) {
  struct drv_offers *o = &d->offers;
  o->sweeping = on;
  o->sweep_ms = k8smi_drv_after(&d->core, on ? SWEEP_FOR_MS : SWEEP_EVERY_MS);
  o->revive |= on;
  d->pods.needs_changed = true;
}

void k8smi_drv_sweep_begin(struct k8sm_driver *d) {
  d->offers.sweep_ms = DRV_NEVER;
  if (sweep_may_find(d)) sweep_switch(d, true);
}

void k8smi_drv_sweep_pump(struct k8sm_driver *d) {
  if (d->core.mono_ms >= d->offers.sweep_ms) sweep_switch(d, !d->offers.sweeping);
}

size_t k8smi_drv_sweep_want(const struct k8sm_driver *d, struct k8sm_want *row) {
  if (d->offers.sweeping && row != NULL) *row = (struct k8sm_want){.demand = NULL};
  return d->offers.sweeping;
}
