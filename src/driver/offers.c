/* SPDX-License-Identifier: Apache-2.0 */
/* Offers held and declined, by reason. */
#include "base/slice.h"
#include "base/sort.h"
#include "driver/state.h"

void k8smi_drv_offers_reset(struct k8sm_driver *d) {
  struct drv_offers *o = &d->offers;
  k8sm_cluster_remove_all(o->cluster);
  o->fresh = o->unmatched = false;
  o->since_ms = d->core.mono_ms;
  o->sift_ms = DRV_NEVER;
  k8smi_drv_claims_reset(d);
  k8smi_drv_roles_reset(d);
}

int k8smi_drv_offers_decline(struct k8sm_driver *d, const struct k8sm_slice *ids, size_t n, double seconds,
                             const char *why) {
  struct drv_call *call;
  struct k8sm_call_args args = {
      .type = K8SM_CALL_DECLINE, .items = ids, .item_count = n, .refuse_seconds = seconds};
  if (n == 0) return K8SM_OK;
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, why, &call);
  if (r != K8SM_OK) return r;
  k8smi_drv_outbox_push(&d->outbox, call);
  d->core.counters.offers_declined += n;
  return K8SM_OK;
}

/* ---- Giving back ---- */

enum offers_why { OFFERS_IDLE = 0, OFFERS_EARLY, OFFERS_UNSUITED };
static const char *const offers_words[] = {[OFFERS_IDLE] = "nothing waits that could take them",
                                           [OFFERS_EARLY] = "what could take them is not due yet",
                                           [OFFERS_UNSUITED] = "nothing that waits fits them"};

struct offers_given {
  struct k8sm_slice id;
  double seconds;
  enum offers_why why;
};

static int offers_order(const void *a, const void *b, const void *ctx) {
  const struct offers_given *x = a, *y = b;
  (void)ctx;
  if (x->seconds != y->seconds) return x->seconds < y->seconds ? -1 : 1;
  if (x->why != y->why) return x->why < y->why ? -1 : 1;
  return k8smi_cmp(x->id, y->id);
}

/* When the offer is to be given back: at once, if nothing wants it soon. Else it is held for a while, since
 * more may come to go with it; but not from one that wants it soon to the next, and so on without an end. */
static uint64_t offers_give_ms(const struct k8sm_driver *d, const struct k8sm_held_offer *row) {
  uint64_t at = 0, now = d->core.mono_ms, hold = d->core.options.hold_ms;
  uint64_t since = row->since_mono_ms;
  if (k8sm_wants_offer(d->offers.wants, d->offers.cluster, row->id, &at) == 0) return now;
  if (at > k8smi_drv_after(&d->core, hold)) return now;
  if (at < since) at = since;
  return k8smi_drv_min(at, since + hold) + hold;
}

static enum offers_why offers_why(const struct k8sm_driver *d, struct k8sm_slice id) {
  uint64_t at = 0;
  if (k8sm_wants_offer(d->offers.wants, d->offers.cluster, id, &at) == 0) return OFFERS_IDLE;
  return at > d->core.mono_ms ? OFFERS_EARLY : OFFERS_UNSUITED;
}

static void offers_note_refused(struct k8sm_driver *d, struct k8sm_slice role) {
  for (size_t i = 0; i < d->core.options.role_count; i++) {
    if (k8smi_eq(d->core.options.roles[i], role)) d->offers.roles[i].refused = true;
  }
}

/* Those to be given back now, by the time for which they are refused, and why. */
static size_t offers_collect(struct k8sm_driver *d, struct offers_given *ret, uint64_t *ret_next_ms) {
  const struct k8sm_refuse *refuse = &d->core.options.refuse;
  struct k8sm_held_offer row;
  size_t n = 0;
  *ret_next_ms = DRV_NEVER;
  for (size_t i = 0; k8sm_cluster_offers(d->offers.cluster, i, &row, sizeof row, 1) != 0; i++) {
    uint64_t at = offers_give_ms(d, &row);
    if (at > d->core.mono_ms) {
      *ret_next_ms = k8smi_drv_min(*ret_next_ms, at);
      continue;
    }
    ret[n].id = row.id;
    ret[n].seconds =
        k8sm_wants_refuse_seconds(d->offers.wants, d->offers.cluster, row.id, d->core.mono_ms, refuse);
    ret[n].why = offers_why(d, row.id);
    n++;
  }
  k8smi_sort(ret, n, sizeof *ret, offers_order, NULL);
  return n;
}

/* One DECLINE for each. Nothing has changed when it fails. */
static int offers_decline_all(struct k8sm_driver *d, const struct offers_given *given, size_t n,
                              struct k8sm_slice *ids) {
  int r = K8SM_OK;
  for (size_t i = 0, k; r == K8SM_OK && i < n; i = k) {
    for (k = i; k < n && given[k].seconds == given[i].seconds && given[k].why == given[i].why; k++)
      ids[k] = given[k].id;
    r = k8smi_drv_offers_decline(d, ids + i, k - i, given[i].seconds, offers_words[given[i].why]);
  }
  return r;
}

/* Last first: an id dies with its offer, and the others must live until their turn. */
static void offers_drop(struct k8sm_driver *d, size_t total) {
  struct k8sm_held_offer row;
  while (total-- > 0) {
    k8sm_cluster_offers(d->offers.cluster, total, &row, sizeof row, 1);
    if (offers_give_ms(d, &row) > d->core.mono_ms) continue;
    offers_note_refused(d, row.role);
    k8sm_cluster_remove(d->offers.cluster, row.id);
  }
}

/* Gives back what nothing wants, or has been held for long enough. */
static int offers_sift(struct k8sm_driver *d) {
  const struct k8sm_allocator *a = &d->core.allocator;
  struct drv_offers *o = &d->offers;
  struct k8sm_held_offer row;
  size_t total = k8sm_cluster_offers(o->cluster, 0, NULL, sizeof row, 0);
  uint64_t next_ms;
  if (!o->sift && d->core.mono_ms < o->sift_ms) return K8SM_OK;
  struct offers_given *given = k8smi_alloc(a, total * sizeof *given);
  struct k8sm_slice *ids = k8smi_alloc(a, total * sizeof *ids);
  int r = given == NULL || ids == NULL ? K8SM_ERR_NOMEM : K8SM_OK;
  if (r == K8SM_OK) {
    size_t n = offers_collect(d, given, &next_ms);
    r = offers_decline_all(d, given, n, ids);
    if (r == K8SM_OK && n > 0) offers_drop(d, total);
  }
  k8smi_free(a, given, total * sizeof *given);
  k8smi_free(a, ids, total * sizeof *ids);
  if (r != K8SM_OK) return r;
  o->sift = false;
  o->sift_ms = next_ms;
  return K8SM_OK;
}

/* ---- Matching ---- */

static bool offers_none_held(const struct k8sm_driver *d) {
  return k8sm_cluster_offers(d->offers.cluster, 0, NULL, sizeof(struct k8sm_held_offer), 0) == 0;
}

/* Before any offer has had the time to come there is nothing to say about pods that have no place. */
static bool offers_too_early(const struct k8sm_driver *d) {
  return d->core.mono_ms < d->offers.since_ms + d->core.options.hold_ms && offers_none_held(d);
}

static int offers_match(struct k8sm_driver *d) {
  bool due = d->offers.fresh || d->offers.unmatched;
  if (!due || !d->framework_kept || d->pods.needs == 0 || offers_too_early(d)) return K8SM_OK;
  int r = k8smi_drv_launch(d);
  if (r == K8SM_OK || r == K8SM_ERR_NOMEM) return r;
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
  k8smi_drv_sweep_pump(d);
  int r = k8smi_drv_claims_pump(d);
  if (r == K8SM_OK) r = k8smi_drv_release_pump(d);
  if (r == K8SM_OK) r = offers_match(d);
  offers_look(d);
  if (r == K8SM_OK) r = k8smi_drv_wanted_look(d);
  if (r == K8SM_OK) r = k8smi_drv_roles_pump(d);
  return r == K8SM_OK ? offers_sift(d) : r;
}

uint64_t k8smi_drv_offers_deadline(const struct k8sm_driver *d) {
  const struct drv_offers *o = &d->offers;
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return DRV_NEVER;
  uint64_t due = k8smi_drv_min(o->sift_ms, k8smi_drv_roles_deadline(d));
  due = k8smi_drv_min(due, k8smi_drv_wanted_deadline(d));
  due = k8smi_drv_min(due, k8smi_drv_release_deadline(d));
  due = k8smi_drv_min(due, k8smi_drv_claims_deadline(d));
  due = k8smi_drv_min(due, o->sweep_ms);
  if ((o->fresh || o->unmatched) && d->framework_kept && d->pods.needs != 0) {
    if (offers_none_held(d)) return k8smi_drv_min(due, o->since_ms + d->core.options.hold_ms);
    if (o->unmatched) return d->core.mono_ms;
  }
  return due;
}
