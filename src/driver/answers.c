/* SPDX-License-Identifier: Apache-2.0 */
/* What follows when an ACCEPT is answered, or can't be sent. */
#include "base/slice.h"
#include "driver/state.h"

enum { ANSWERS_SILENCE_MS = 30000 }; /* a launch without any status is asked for */

/* What happens to the tasks of a launch that went out: the master will tell, or has to be asked. */
static void answers_sent(struct k8sm_driver *d, const struct drv_launch *launch, struct drv_pod *pod) {
  for (struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
    if (t->launch != launch) continue;
    t->launch = NULL;
    t->heard = d->reconcile.run;
    t->stuck_ms = k8smi_drv_after(&d->core, d->core.options.launch_timeout_ms);
    if (t->state < 0) k8smi_drv_reconcile_doubt(d, pod, t, k8smi_drv_after(&d->core, ANSWERS_SILENCE_MS));
  }
}

static int answers_say(struct k8sm_driver *d, const struct drv_pod *pod) {
  struct drv_place *place = pod->place;
  if (place == NULL || place->said) return K8SM_OK;
  int r = k8smi_drv_eventf(&d->core, 0, pod->key, "Scheduled: Successfully assigned %.*s to %s",
                           K8SMI_P(pod->key), place->hostname.ptr);
  if (r == K8SM_OK) place->said = true;
  return r;
}

static int answers_dropped(struct k8sm_driver *d, const struct drv_launch *launch, struct drv_pod *pod) {
  struct drv_task *next;
  int r = K8SM_OK;
  for (struct drv_task *t = pod->tasks; r == K8SM_OK && t != NULL; t = next) {
    next = t->next;
    if (t->launch == launch)
      r = k8smi_drv_pod_dropped(d, pod, t, "the launch was given up before it was sent");
  }
  return r;
}

/* True if the launch names the offer; it is taken out then, since there is nothing left to give back. */
static bool answers_lose_offer(struct drv_launch *launch, struct k8sm_slice offer_id) {
  for (size_t i = 0; i < launch->offer_count; i++) {
    if (!k8smi_eq(launch->offers[i], offer_id)) continue;
    launch->offers[i] = launch->offers[--launch->offer_count];
    return true;
  }
  return false;
}

static uint64_t answers_hash(const struct k8sm_driver *d, struct k8sm_slice offer_id) {
  return k8smi_hash(offer_id.ptr, offer_id.len, d->pods.by_uid.seed);
}

int k8smi_drv_launch_note_offers(struct k8sm_driver *d, struct drv_launch *launch) {
  const struct k8sm_allocator *a = &d->core.allocator;
  launch->accepted = k8smi_alloc(a, launch->offer_count * sizeof *launch->accepted);
  if (launch->accepted == NULL) return K8SM_ERR_NOMEM;
  for (; launch->accepted_count < launch->offer_count; launch->accepted_count++) {
    struct drv_accepted *to = &launch->accepted[launch->accepted_count];
    to->launch = launch;
    k8smi_drv_lookup_put(&d->offers.accepted, a, &to->key,
                         answers_hash(d, launch->offers[launch->accepted_count]));
  }
  return K8SM_OK;
}

void k8smi_drv_launch_rescinded(struct k8sm_driver *d, struct k8sm_slice offer_id) {
  struct drv_key *key = k8smi_drv_lookup_first(&d->offers.accepted, answers_hash(d, offer_id));
  for (; key != NULL; key = k8smi_drv_lookup_next(key)) {
    struct drv_launch *launch = K8SMI_OF(key, drv_accepted, key)->launch;
    bool waits = launch->call->exchange.number == 0 && launch->call->outcome == DRV_CALL_PENDING;
    if (waits && answers_lose_offer(launch, offer_id)) k8smi_drv_outbox_refuse(&d->outbox, launch->call);
  }
}

int k8smi_drv_launch_ended(struct k8sm_driver *d, struct drv_call *call) {
  struct drv_launch *launch = call->launch;
  int r = K8SM_OK;
  if (launch == NULL) return r;
  bool refused = call->outcome == DRV_CALL_REFUSED;
  for (size_t i = 0; r == K8SM_OK && i < launch->count; i++) {
    struct drv_pod *pod = launch->pods[i];
    r = refused ? answers_dropped(d, launch, pod) : answers_say(d, pod);
  }
  /* A master keeps offers that it hears nothing of for ever. Where the ACCEPT was taken after all, they are
   * spent, and giving them back changes nothing. */
  bool kept = refused || call->outcome == DRV_CALL_UNKNOWN;
  if (r == K8SM_OK && kept && d->session.state == DRV_SESSION_SUBSCRIBED) {
    r = k8smi_drv_offers_decline(d, launch->offers, launch->offer_count, 0,
                                 refused ? "their ACCEPT was not taken"
                                         : "whether their ACCEPT was taken is not known");
  }
  if (r == K8SM_ERR_NOMEM) return r;
  for (size_t i = 0; i < launch->count; i++) {
    answers_sent(d, launch, launch->pods[i]);
    launch->pods[i]->launches--;
    k8smi_drv_pods_touch(&d->pods, launch->pods[i]);
  }
  if (launch->calls != NULL && call->outcome == DRV_CALL_DONE) k8smi_drv_release_taken(d, launch);
  if (launch->count == 0) k8smi_drv_claims_called(d, call);
  k8smi_drv_launch_free(d, launch);
  call->launch = NULL;
  return K8SM_OK;
}
