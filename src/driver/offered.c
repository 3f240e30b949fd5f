/* SPDX-License-Identifier: Apache-2.0 */
/* Offers that come in: what can be held is, what can't goes back, and people hear what is wrong. */
#include "base/slice.h"
#include "cluster/cluster.h"
#include "driver/state.h"
#include "offer/resources.h"

/* Enough for all that is mostly wrong at once; more is counted. */
enum { OFFERED_FINDINGS = 64, OFFERED_TEXT = 8192 };

/* Offers that are not held would stay with us for ever: they go back. Those that can't be read, and those
 * that don't go with the others of their agent. Errors: NOMEM. */
static int offered_decline(struct k8sm_driver *d, const K8smMesos__Event__Offers *event) {
  const struct k8sm_allocator *a = &d->core.allocator;
  struct k8sm_slice *ids = k8smi_alloc(a, event->n_offers * sizeof *ids);
  size_t n = 0;
  if (ids == NULL) return K8SM_ERR_NOMEM;
  for (size_t i = 0; i < event->n_offers; i++) {
    struct k8sm_slice id = k8smi_s(event->offers[i]->id->value);
    if (id.len > 0 && k8smi_held_find(d->offers.cluster, id) == K8SMI_MAP_NONE) ids[n++] = id;
  }
  int r = k8smi_drv_offers_decline(d, ids, n, d->core.options.refuse.unsuited, "the offers can't be held");
  k8smi_free(a, ids, event->n_offers * sizeof *ids);
  return r == K8SM_ERR_NOMEM ? r : K8SM_OK;
}

static int offered_hold(struct k8sm_driver *d, struct k8sm_offers *offers, struct k8sm_diags *found) {
  const struct drv_told_offers of = {.read = offers->items, .count = offers->count};
  int r = k8sm_cluster_add(d->offers.cluster, offers, d->core.mono_ms, found);
  if (r != K8SM_ERR_NOMEM && k8smi_drv_volumes_offered(d, offers) != K8SM_OK) return K8SM_ERR_NOMEM;
  return r == K8SM_ERR_NOMEM ? r : k8smi_drv_told(d, &of, found);
}

int k8smi_drv_offered(struct k8sm_driver *d, const K8smMesos__Event__Offers *event, struct k8sm_slice bytes) {
  const struct k8sm_offers_options o = {
      .size = sizeof o, .allocator = &d->core.allocator, .format = d->core.options.format};
  const struct drv_told_offers of = {.messages = event->offers, .count = event->n_offers};
  const size_t before = d->offers.cluster->held.count;
  struct k8sm_diag rows[OFFERED_FINDINGS];
  char text[OFFERED_TEXT];
  struct k8sm_diags unread = K8SM_DIAGS_INIT(rows, text), found = unread;
  struct k8sm_offers *offers;
  int r = k8sm_offers_parse(bytes.ptr, bytes.len, &o, &offers, &unread);
  if (r != K8SM_OK) return r;
  r = k8smi_drv_told(d, &of, &unread);
  if (r == K8SM_OK) r = offered_hold(d, offers, &found);
  k8sm_offers_unref(offers);
  if (r == K8SM_OK && d->offers.cluster->held.count - before != event->n_offers)
    r = offered_decline(d, event);
  if (r != K8SM_OK) return r;
  d->core.counters.offers_received += event->n_offers;
  d->offers.fresh = d->offers.stale = true;
  return K8SM_OK;
}
