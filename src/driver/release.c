/* SPDX-License-Identifier: Apache-2.0 */
/* What was reserved for pods that have ended is given back: when their agent offers it. Until then the role
 * is wanted there, for a while: a role that wants nothing is suppressed, and nobody would have the resources.
 */
#include "base/slice.h"
#include "cluster/cluster.h"
#include "driver/state.h"
#include "status/status.h"
#include "task/calls.h"

enum { RELEASE_WAIT_MS = 60 * 1000 };

/* ---- Reservations that are to come back ---- */

static uint64_t release_hash(const struct k8sm_driver *d, struct k8sm_slice agent_id) {
  return k8smi_hash(agent_id.ptr, agent_id.len, d->pods.by_uid.seed);
}

static struct drv_owed *release_first(const struct k8sm_driver *d) {
  struct k8smi_link *first = d->offers.owed.next;
  return k8smi_list_empty(&d->offers.owed) ? NULL : K8SMI_OF(first, drv_owed, link);
}

static void release_drop(struct k8sm_driver *d, struct drv_owed *owed) {
  k8smi_list_remove(&owed->link);
  k8smi_drv_lookup_remove(&d->offers.owing, &d->core.allocator, &owed->agent);
  k8sm_demand_unref(owed->demand);
  k8smi_free(&d->core.allocator, owed, owed->size);
  d->pods.needs_changed = true;
}

void k8smi_drv_release_free(struct k8sm_driver *d) {
  for (struct drv_owed *owed; (owed = release_first(d)) != NULL;) release_drop(d, owed);
  k8smi_drv_lookup_free(&d->offers.owing, &d->core.allocator);
}

/* The volumes that go with the pod: those of claims stay. */
static size_t release_own_volumes(const struct drv_pod *pod) {
  size_t n = 0;
  for (size_t i = 0; i < pod->demand->volume_count; i++) n += pod->demand->volumes[i].row.claim.len == 0;
  return n;
}

static bool release_reserved(const struct drv_pod *pod) {
  return k8smi_form_reserves(pod->demand->form) || release_own_volumes(pod) > 0;
}

/* How much is to come back; 0: nothing. An ACCEPT that was never heard of may have been dropped. */
static int64_t release_left(const struct drv_pod *pod) {
  if (pod->place == NULL || pod->place->reserved == 0) return 0;
  bool heard = k8smi_drv_pod_ran(pod) || k8smi_status_is_final(pod->status);
  if (pod->place->reserved != DRV_RESERVED_UNKNOWN && heard) return pod->place->reserved;
  return release_reserved(pod) ? DRV_RESERVED_UNKNOWN : 0;
}

/* Without memory they are found when the role wants offers again. */
void k8smi_drv_release_owe(struct k8sm_driver *d, const struct drv_pod *pod) {
  const struct drv_place *place = pod->place;
  const int64_t left = release_left(pod);
  if (left == 0) return;
  size_t size = sizeof(struct drv_owed) + place->agent_id.len + place->hostname.len;
  struct drv_owed *owed = k8smi_zalloc(&d->core.allocator, size);
  if (owed == NULL) return;
  memcpy(owed->text, place->agent_id.ptr, place->agent_id.len);
  if (place->hostname.len > 0)
    memcpy(owed->text + place->agent_id.len, place->hostname.ptr, place->hostname.len);
  owed->size = size;
  owed->agent_id = (struct k8sm_slice){owed->text, place->agent_id.len};
  owed->hostname = (struct k8sm_slice){owed->text + place->agent_id.len, place->hostname.len};
  owed->demand = k8sm_demand_ref(pod->demand);
  owed->left = left;
  owed->until_ms = k8smi_drv_after(&d->core, RELEASE_WAIT_MS);
  k8smi_list_add(&d->offers.owed, &owed->link); /* all wait for as long: the list is in order */
  k8smi_drv_lookup_put(&d->offers.owing, &d->core.allocator, &owed->agent, release_hash(d, owed->agent_id));
  d->offers.revive = true;
  d->pods.needs_changed = true;
}

/* What is owed of the pod there; NULL: nothing. */
static struct drv_owed *release_find(struct k8sm_driver *d, struct k8sm_slice uid,
                                     struct k8sm_slice agent_id) {
  struct drv_key *key = k8smi_drv_lookup_first(&d->offers.owing, release_hash(d, agent_id));
  for (; key != NULL; key = k8smi_drv_lookup_next(key)) {
    struct drv_owed *owed = K8SMI_OF(key, drv_owed, agent);
    if (k8smi_eq(owed->agent_id, agent_id) && k8smi_eq(owed->demand->uid, uid)) return owed;
  }
  return NULL;
}

int64_t k8smi_drv_release_owed(struct k8sm_driver *d, const struct drv_pod *pod, struct k8sm_slice agent_id) {
  const struct drv_owed *owed = release_find(d, pod->uid, agent_id);
  return owed == NULL ? 0 : owed->left;
}

void k8smi_drv_release_begun(struct k8sm_driver *d, const struct drv_pod *pod) {
  struct drv_owed *owed = release_find(d, pod->uid, pod->place->agent_id);
  if (owed != NULL) release_drop(d, owed);
}

/* What is left of it when so much comes back; of what is not known, nothing. */
static int64_t release_less(int64_t left, int64_t amount) {
  return left > amount ? left - amount : 0;
}

/* So much of a pod has come back. */
static void release_settle(struct k8sm_driver *d, struct k8sm_slice uid, struct k8sm_slice agent_id,
                           int64_t amount) {
  struct drv_pod *pod = k8smi_drv_pods_by_uid(&d->pods, uid);
  struct drv_owed *owed = release_find(d, uid, agent_id);
  if (owed != NULL) owed->left = release_less(owed->left, amount);
  if (owed != NULL && owed->left == 0) release_drop(d, owed);
  if (pod == NULL || pod->place == NULL || !k8smi_eq(pod->place->agent_id, agent_id)) return;
  pod->place->reserved = release_less(pod->place->reserved, amount);
  k8smi_drv_pods_touch(&d->pods, pod); /* it is recorded */
}

/* Not all of a pod comes with the same offer: what its executor held follows what its tasks did. */
void k8smi_drv_release_taken(struct k8sm_driver *d, const struct drv_launch *launch) {
  const struct k8sm_calls *calls = launch->calls;
  for (size_t i = launch->first_release; i < launch->release_end; i++) {
    const struct k8sm_call_release *row = &calls->releases[i];
    if (row->pod.len > 0) release_settle(d, row->pod, calls->calls[row->call].agent_id, calls->released[i]);
  }
}

static void release_expire(struct k8sm_driver *d) {
  struct drv_owed *owed;
  while ((owed = release_first(d)) != NULL && owed->until_ms <= d->core.mono_ms) release_drop(d, owed);
}

uint64_t k8smi_drv_release_deadline(const struct k8sm_driver *d) {
  const struct drv_owed *owed = release_first(d);
  return owed == NULL ? DRV_NEVER : owed->until_ms;
}

/* ---- Giving back ---- */

/* Without a record: it runs without a place of its own, or nobody has heard yet whether it does. */
static bool release_is_adopted(const struct drv_pod *pod) {
  if (pod->place != NULL) return false;
  return pod->adopts || pod->rest != NULL || pod->status->launched;
}

/* Empty: it may be any. */
static struct k8sm_slice release_agent(const struct drv_pod *pod) {
  if (pod->place != NULL) return pod->place->agent_id;
  return pod->tasks != NULL && !pod->adopts ? pod->tasks->agent_id : K8SMI_S("");
}

/* It has ended, or its attempt has: the next one reserves anew. */
static bool release_ended(const struct drv_pod *pod) {
  if (k8smi_drv_pod_over(pod)) return true;
  return pod->rest == NULL && k8smi_status_wants_attempt(pod->status);
}

/* Its reservations stay: it runs, or is about to. */
static bool release_keeps_pod(const struct drv_pod *pod) {
  if (pod == NULL || (pod->place == NULL && !release_is_adopted(pod))) return false;
  return !release_ended(pod) || pod->launches > 0 || pod->adopts;
}

/* Those of the pods that the offer names. Returns how many rows; `rows` may be NULL. */
static size_t release_keep_named(const struct k8sm_driver *d, const struct k8smi_offer *offer,
                                 struct k8sm_keep *rows) {
  struct k8sm_slice last = {NULL, 0}; /* what a pod has reserved mostly stands together */
  size_t n = 0;
  for (size_t i = 0; offer->owned && i < offer->resource_count; i++) {
    struct k8sm_slice owner = offer->resources[i].owner;
    if (owner.len == 0 || k8smi_eq(owner, last)) continue;
    last = owner;
    const struct drv_pod *pod = k8smi_drv_pods_by_uid(&d->pods, owner);
    if (!release_keeps_pod(pod)) continue;
    if (rows != NULL) rows[n] = (struct k8sm_keep){pod->uid, release_agent(pod)};
    n++;
  }
  return n;
}

/* The pods whose reservations stay, of those that the offers held name: of many pods they are few. */
static size_t release_keep(const struct k8sm_driver *d, struct k8sm_keep *rows) {
  const struct k8smi_order *order = k8smi_held_in_order(d->offers.cluster);
  size_t n = 0;
  for (size_t i = 0; i < order->count; i++)
    n += release_keep_named(d, k8smi_held_at(d->offers.cluster, order->rows[i])->offer,
                            rows == NULL ? NULL : rows + n);
  return n;
}

/* The call, and what it is to be remembered by. Errors: NOMEM; *l is then to be freed all the same. */
static int release_fill(struct k8sm_driver *d, struct drv_launch *l, struct k8sm_slice bytes,
                        struct k8sm_slice offer_id) {
  struct k8smi_buf buf;
  struct k8sm_blob *blob;
  l->offers = k8smi_alloc(&d->core.allocator, sizeof *l->offers);
  if (l->offers == NULL) return K8SM_ERR_NOMEM;
  l->offers[0] = offer_id;
  l->offer_count = l->offer_cap = 1;
  k8smi_buf_init(&buf, &d->core.allocator);
  k8smi_buf_slice(&buf, bytes);
  int r = k8smi_buf_to_blob(&buf, &blob);
  k8smi_buf_free(&buf);
  if (r != K8SM_OK) return r;
  l->call = k8smi_drv_call_new(&d->core, DRV_CALL_ACCEPT, blob,
                               "gives back what is reserved for pods and claims that are over");
  if (l->call != NULL) return k8smi_drv_launch_note_offers(d, l);
  k8sm_blob_unref(blob);
  return K8SM_ERR_NOMEM;
}

/* What the call gives back of claims is said first, and then (`call`) noted. *at: its first row. */
static int release_claims(struct k8sm_driver *d, const struct k8sm_calls *calls, const struct k8sm_call *row,
                          uint32_t number, const struct drv_call *call, size_t *at) {
  struct k8sm_call_release given;
  size_t i = *at;
  int r = K8SM_OK;
  while (r == K8SM_OK && k8sm_calls_releases(calls, i, &given, sizeof given, 1) != 0 &&
         given.call == number) {
    if (given.claim.len > 0 && call == NULL) r = k8smi_drv_claim_say(d, given.claim, row->agent_id);
    if (given.claim.len > 0 && call != NULL) k8smi_drv_claim_released(d, given.claim, call);
    i++;
  }
  if (call != NULL) *at = i;
  return r;
}

/* One of the calls, on its way; its offers are gone from the cluster. */
static int release_send(struct k8sm_driver *d, struct k8sm_calls *calls, uint32_t number, size_t *at) {
  struct k8sm_call row;
  struct k8sm_call_offer offer;
  k8sm_calls_rows(calls, number, &row, sizeof row, 1);
  k8sm_calls_offers(calls, number, &offer, sizeof offer, 1); /* each call has one */
  struct drv_launch *l = k8smi_zalloc(&d->core.allocator, sizeof *l);
  if (l == NULL) return K8SM_ERR_NOMEM;
  l->calls = k8sm_calls_ref(calls);
  int r = release_fill(d, l, row.bytes, offer.id);
  if (r == K8SM_OK) r = release_claims(d, calls, &row, number, NULL, at);
  if (r != K8SM_OK) {
    k8smi_drv_call_free(&d->core, l->call);
    k8smi_drv_launch_free(d, l);
    return r;
  }
  l->call->launch = l;
  l->first_release = (uint32_t)*at;
  release_claims(d, calls, &row, number, l->call, at);
  l->release_end = (uint32_t)*at;
  d->core.counters.offers_accepted++;
  k8smi_drv_outbox_push(&d->outbox, l->call);
  k8sm_cluster_remove(d->offers.cluster, offer.id);
  return K8SM_OK;
}

static int release_calls(struct k8sm_driver *d, struct k8sm_calls **ret) {
  const struct k8sm_allocator *a = &d->core.allocator;
  size_t keep_count = release_keep(d, NULL), keep_size = keep_count * sizeof(struct k8sm_keep);
  size_t claims_size = d->claims.count * sizeof(struct k8sm_slice);
  struct k8sm_keep *keep = k8smi_alloc(a, keep_size);
  struct k8sm_slice *claims = k8smi_alloc(a, claims_size);
  const struct k8sm_release_options o = {.size = sizeof o,
                                         .allocator = a,
                                         .format = d->core.options.format,
                                         .flags = k8smi_drv_call_flags(&d->core),
                                         .keep = keep,
                                         .keep_count = keep == NULL ? 0 : release_keep(d, keep),
                                         .keep_size = sizeof *keep,
                                         .claims = claims,
                                         .claim_count = k8smi_drv_claims_due(d, claims)};
  int r = keep == NULL || claims == NULL ? K8SM_ERR_NOMEM
                                         : k8sm_cluster_release(d->offers.cluster, &o, ret, NULL);
  k8smi_free(a, claims, claims_size);
  k8smi_free(a, keep, keep_size);
  return r;
}

/* Whether offers may hold something that is to be given back. */
static bool release_may(const struct k8sm_driver *d) {
  const struct k8sm_cluster *c = d->offers.cluster;
  return c->owned > 0 || c->stranded > 0 || k8smi_drv_claims_due(d, NULL) > 0;
}

int k8smi_drv_release_pump(struct k8sm_driver *d) {
  struct k8sm_calls *calls;
  struct k8sm_call row;
  size_t at = 0;
  uint64_t generation = k8sm_cluster_generation(d->offers.cluster);
  release_expire(d);
  bool seen = d->offers.released == generation; /* these offers, with these pods */
  if (seen || !d->framework_kept || !release_may(d)) return K8SM_OK;
  int r = release_calls(d, &calls);
  if (r != K8SM_OK) return r;
  for (uint32_t i = 0; r == K8SM_OK && k8sm_calls_rows(calls, i, &row, sizeof row, 1) != 0; i++)
    r = release_send(d, calls, i, &at);
  k8sm_calls_unref(calls);
  if (r == K8SM_OK) d->offers.released = generation;
  return r;
}
