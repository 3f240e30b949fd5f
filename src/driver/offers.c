/* SPDX-License-Identifier: Apache-2.0 */
/* Offers held and declined, by reason. Wanted are waiting pods, pending stages and restarts alike: filters
 * and suppression are made from all of them, or pinned restarts starve. */
#include "base/slice.h"
#include "driver/state.h"

enum {
  OFFERS_REVIVE_MS = 1000, /* between two REVIVEs, at least */
  OFFERS_IDLE_MS = 5000    /* nothing wanted for so long: SUPPRESS */
};

void k8smi_drv_offers_reset(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  k8sm_cluster_remove_all(o->cluster);
  o->fresh = o->revive = false;
  o->since_ms = d->core.mono_ms;
}

int k8smi_drv_offers_decline(struct k8sm_driver *d, const struct k8sm_slice *ids, size_t n, double seconds) {
  struct drv_call *call;
  struct k8sm_call_args args = {
      .type = K8SM_CALL_DECLINE, .items = ids, .item_count = n, .refuse_seconds = seconds};
  if (n == 0) return K8SM_OK;
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, &call);
  if (r != K8SM_OK) return r;
  k8smi_drv_outbox_push(&d->outbox, call);
  d->core.counters.offers_declined += n;
  return K8SM_OK;
}

/* When a pod that needs nothing now will need an offer again. */
static uint64_t offers_next_need(const struct k8sm_driver *d) {
  uint64_t next = DRV_NEVER;
  for (size_t i = 0; i < d->pods.count; i++) {
    if (d->pods.slots[i] != NULL) next = k8smi_drv_min(next, d->pods.slots[i]->next_need_ms);
  }
  return next;
}

/* Declines all held offers that came at or before `until`. */
static int offers_decline_held(struct k8sm_driver *d, uint64_t until, double seconds) {
  const struct k8sm_allocator *a = &d->core.allocator;
  struct k8sm_held_offer row;
  size_t total = k8sm_cluster_offers(d->offers.cluster, 0, NULL, sizeof row, 0), n = 0;
  struct k8sm_slice *ids = k8smi_alloc(a, total * sizeof *ids);
  if (ids == NULL) return K8SM_ERR_NOMEM;
  for (size_t i = 0; i < total; i++) {
    k8sm_cluster_offers(d->offers.cluster, i, &row, sizeof row, 1);
    if (row.since_mono_ms <= until) ids[n++] = row.id;
  }
  int r = k8smi_drv_offers_decline(d, ids, n, seconds);
  if (r == K8SM_OK && n == total) {
    k8sm_cluster_remove_all(d->offers.cluster);
    n = 0;
  }
  /* Last first: an id dies with its offer, and the others must live until their turn. */
  for (size_t i = n == 0 ? 0 : total; r == K8SM_OK && i-- > 0;) {
    k8sm_cluster_offers(d->offers.cluster, i, &row, sizeof row, 1);
    if (row.since_mono_ms <= until) k8sm_cluster_remove(d->offers.cluster, row.id);
  }
  k8smi_free(a, ids, total * sizeof *ids);
  return r;
}

static int offers_roles_call(struct k8sm_driver *d, uint32_t type) {
  struct drv_call *call;
  struct k8sm_call_args args = {
      .type = type, .items = d->core.options.roles, .item_count = d->core.options.role_count};
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, &call);
  if (r != K8SM_OK) return r;
  /* A former one whose answer is lost would be repeated after this one, and undo it. */
  k8smi_drv_outbox_supersede(&d->outbox, type == K8SM_CALL_REVIVE ? K8SM_CALL_SUPPRESS : K8SM_CALL_REVIVE);
  k8smi_drv_outbox_push(&d->outbox, call);
  return r;
}

static int offers_revive(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  if (!o->revive || (o->revived_ms != 0 && d->core.mono_ms < o->revived_ms + OFFERS_REVIVE_MS))
    return K8SM_OK;
  int r = offers_roles_call(d, K8SM_CALL_REVIVE);
  if (r != K8SM_OK) return r;
  o->revive = o->suppressed = o->refused = false;
  o->revived_ms = d->core.mono_ms;
  return K8SM_OK;
}

static int offers_suppress(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  if (o->suppressed || d->core.mono_ms < o->since_ms + OFFERS_IDLE_MS) return K8SM_OK;
  int r = offers_roles_call(d, K8SM_CALL_SUPPRESS);
  if (r == K8SM_OK) o->suppressed = true;
  return r;
}

static bool offers_none_held(const struct k8sm_driver *d) {
  return k8sm_cluster_offers(d->offers.cluster, 0, NULL, sizeof(struct k8sm_held_offer), 0) == 0;
}

/* Nothing is wanted now. What is going to be soon is waited for; else the offers go back, for no longer than
 * until the next need. */
static int offers_idle(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  uint64_t next = offers_next_need(d), now = d->core.mono_ms;
  o->revive = false;
  if (next != DRV_NEVER) o->since_ms = now;
  int r = offers_suppress(d);
  if (r != K8SM_OK || k8sm_cluster_offers(o->cluster, 0, NULL, sizeof(struct k8sm_held_offer), 0) == 0)
    return r;
  if (next != DRV_NEVER && next <= now + d->core.options.hold_ms) return K8SM_OK;
  double seconds = d->core.options.refuse.idle;
  if (next != DRV_NEVER && (double)(next - now) / 1000 < seconds) seconds = (double)(next - now) / 1000;
  o->refused = true;
  return offers_decline_held(d, now, seconds);
}

/* Something is wanted, and what is held does not suit: kept for a while, since more may come to go with it.
 */
static int offers_wanted(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  uint64_t now = d->core.mono_ms, hold = d->core.options.hold_ms;
  int r = offers_revive(d);
  if (r != K8SM_OK || now < hold) return r;
  struct k8sm_held_offer row;
  for (size_t i = 0; k8sm_cluster_offers(o->cluster, i, &row, sizeof row, 1) != 0; i++) {
    if (row.since_mono_ms > now - hold) continue;
    return offers_decline_held(d, now - hold, d->core.options.refuse.unsuited);
  }
  return K8SM_OK;
}

/* Before any offer has had the time to come there is nothing to say about pods that have no place. */
static bool offers_too_early(const struct k8sm_driver *d) {
  return d->core.mono_ms < d->offers.since_ms + d->core.options.hold_ms && offers_none_held(d);
}

static int offers_match(struct k8sm_driver *d) {
  if (!d->offers.fresh || !d->framework_kept || d->pods.needs == 0 || offers_too_early(d)) return K8SM_OK;
  int r = k8smi_drv_launch(d);
  if (r == K8SM_ERR_NOMEM) return r;
  d->offers.fresh = false;
  if (r == K8SM_OK) return r;
  const struct k8sm_slice none = {NULL, 0};
  return k8smi_drv_eventf(&d->core, K8SM_DIAG_TASK_ID_INVALID, none, "pods can't be launched: %s",
                          k8sm_result_name(r));
}

static void offers_look(struct k8sm_driver *d) {
  bool wanting = d->pods.needs != 0;
  if (wanting != d->offers.wanting) d->offers.since_ms = d->core.mono_ms;
  d->offers.wanting = wanting;
}

int k8smi_drv_offers_pump(struct k8sm_driver *d) {
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return K8SM_OK;
  offers_look(d);
  int r = offers_match(d);
  if (r != K8SM_OK) return r;
  offers_look(d);
  return d->pods.needs == 0 ? offers_idle(d) : offers_wanted(d);
}

uint64_t k8smi_drv_offers_deadline(const struct k8sm_driver *d) {
  const struct drv_offers *o = &d->offers;
  uint64_t due = DRV_NEVER;
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return due;
  if (!o->wanting && !o->suppressed) due = o->since_ms + OFFERS_IDLE_MS;
  if (o->revive) due = k8smi_drv_min(due, o->revived_ms + OFFERS_REVIVE_MS);
  if (o->fresh && d->framework_kept && d->pods.needs != 0 && offers_none_held(d)) {
    due = k8smi_drv_min(due, o->since_ms + d->core.options.hold_ms);
  }
  struct k8sm_held_offer row;
  for (size_t i = 0; d->pods.needs != 0 && k8sm_cluster_offers(o->cluster, i, &row, sizeof row, 1) != 0;
       i++) {
    due = k8smi_drv_min(due, row.since_mono_ms + d->core.options.hold_ms);
  }
  return due;
}
