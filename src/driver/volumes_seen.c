/* SPDX-License-Identifier: Apache-2.0 */
/* How it becomes known where the volumes of claims are: offers show them, and pods that came to the agent
 * that was to make them. A pod's own row tells of them, too, until they have rows of their own: else a crash
 * between the two would lose them. */
#include "base/slice.h"
#include "cluster/cluster.h"
#include "cluster/volumes.h"
#include "driver/state.h"
#include "status/status.h"

/* Where the cluster takes the volume to be; empty: nowhere. */
static struct k8sm_slice seen_at(const struct k8sm_driver *d, struct k8sm_slice id) {
  uint32_t agent = k8smi_volume_agent(d->offers.cluster, id);
  return agent == K8SMI_ROW_NONE ? K8SMI_S("") : k8smi_agent_at(d->offers.cluster, agent)->id;
}

/* ---- Offers ---- */

/* A pod was to make it there, and is not known to have come there: what a master tells of its agent's disk,
 * the agent may never hear, and then it is not there any more. One of which nothing else is known was. */
static bool seen_is_new(const struct k8sm_driver *d, struct k8sm_slice id) {
  const struct drv_volume *v = k8smi_drv_volume_find(d, id);
  if (v != NULL && v->made) return v->supposed || v->shown;
  return k8smi_volume_is_used(d->offers.cluster, id);
}

/* It is shown there, if that is where it is taken to be: the first place counts. */
static int seen_show(struct k8sm_driver *d, struct drv_volume_facts *facts) {
  if (!k8smi_eq(seen_at(d, facts->id), facts->agent_id)) return K8SM_OK;
  facts->shown = seen_is_new(d, facts->id);
  return k8smi_drv_volume_put(d, facts);
}

static int seen_resource(struct k8sm_driver *d, const struct k8smi_offer *offer,
                         const struct k8smi_resource *r) {
  if (!r->claimed || r->owner.len > 0 || !k8smi_resource_is_volume(r)) return K8SM_OK;
  struct drv_volume_facts facts = {.id = k8smi_s(r->message->disk->persistence->id),
                                   .agent_id = offer->agent_id,
                                   .hostname = offer->hostname,
                                   .milli = r->milli};
  return seen_show(d, &facts);
}

int k8smi_drv_volumes_offered(struct k8sm_driver *d, const struct k8sm_offers *offers) {
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < offers->count; i++) {
    const struct k8smi_offer *offer = &offers->items[i];
    for (size_t k = 0; r == K8SM_OK && k < offer->resource_count; k++)
      r = seen_resource(d, offer, &offer->resources[k]);
  }
  return r;
}

/* ---- Pods ---- */

bool k8smi_drv_pod_ran(const struct drv_pod *pod) {
  if (pod->arrived) return true;
  for (size_t i = 0; i < pod->demand->task_count; i++) {
    const struct k8smi_status_task *t = &pod->status->tasks[i];
    if (t->ran || (k8smi_task_alive(t) && t->progress >= K8SMI_PROGRESS_STARTING)) return true;
  }
  return false;
}

static struct drv_volume_facts seen_facts(struct drv_pod *pod, const struct k8sm_demand_volume *row,
                                          struct k8sm_slice agent_id) {
  const struct drv_place *place = pod->place;
  bool there = place != NULL && k8smi_eq(place->agent_id, agent_id);
  return (struct drv_volume_facts){.id = row->id,
                                   .agent_id = agent_id,
                                   .hostname = there ? place->hostname : K8SMI_S(""),
                                   .storage_class = row->storage_class,
                                   .milli = row->milli,
                                   .pod = pod};
}

int k8smi_drv_volumes_made(struct k8sm_driver *d, struct drv_pod *pod) {
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < pod->demand->volume_count; i++) {
    const struct k8sm_demand_volume *row = &pod->demand->volumes[i].row;
    if (row->claim.len == 0) continue;
    struct drv_volume_facts facts = seen_facts(pod, row, pod->place->agent_id);
    facts.pod = NULL; /* it has come there, or waits for what its tasks say */
    if (!k8smi_eq(seen_at(d, row->id), facts.agent_id)) continue;
    facts.shown =
        seen_is_new(d, row->id); /* as if an offer had shown it: the pod may leave before any does */
    r = k8smi_drv_volume_tell(d, &facts);
  }
  return r;
}

/* What runs tells better than what is known; what has ended does not: since then the volume may have been
 * destroyed, and made elsewhere. Nor does what was recorded of the pod, where the volume has a row: that came
 * later, for no pod is launched while there is a row of another place. */
static int seen_note(struct k8sm_driver *d, struct drv_pod *pod, const struct k8sm_demand_volume *row) {
  const struct drv_volume_facts facts = seen_facts(pod, row, pod->place->agent_id);
  const struct drv_volume *v = k8smi_drv_volume_find(d, row->id);
  bool over = pod->status->ending || k8smi_status_is_final(pod->status);
  bool older = over || (pod->volumes_old && v != NULL && v->made && !v->supposed);
  struct k8sm_slice known = seen_at(d, row->id);
  if (older && known.len > 0 && !k8smi_eq(known, facts.agent_id)) return K8SM_OK;
  return k8smi_drv_volume_tell(d, &facts);
}

void k8smi_drv_volumes_note(struct k8sm_driver *d, struct drv_pod *pod) {
  if (pod->volumes_noted || pod->place == NULL || pod->demand->volume_count == 0 || !k8smi_drv_pod_ran(pod))
    return;
  bool fine = true;
  for (size_t i = 0; i < pod->demand->volume_count; i++) {
    const struct k8sm_demand_volume *row = &pod->demand->volumes[i].row;
    if (row->claim.len > 0) fine = seen_note(d, pod, row) == K8SM_OK && fine;
  }
  pod->volumes_noted = fine; /* else when it is looked at again */
  pod->volumes_made |= !fine || !k8smi_drv_volumes_settled(d, pod);
}

void k8smi_drv_volumes_restored(struct drv_pod *pod, const struct drv_snapshot *s) {
  pod->volumes_old = true;
  pod->arrived = pod->volumes_told = s->volumes_made != 0;
  pod->volumes_noted = s->version >= DRV_SNAPSHOT_VOLUMES && !pod->volumes_told && k8smi_drv_pod_ran(pod);
}

bool k8smi_drv_volumes_untold(const struct k8sm_driver *d, struct drv_pod *pod) {
  if (pod->volumes_made && pod->volumes_noted && k8smi_drv_volumes_settled(d, pod)) pod->volumes_made = false;
  return pod->volumes_made != pod->volumes_told;
}

int k8smi_drv_volumes_suppose(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_slice agent_id,
                              bool trial) {
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < pod->demand->volume_count; i++) {
    const struct k8sm_demand_volume *row = &pod->demand->volumes[i].row;
    const struct drv_volume *v = k8smi_drv_volume_find(d, row->id);
    if (row->claim.len == 0 || (v != NULL && v->made && !v->supposed)) continue;
    struct drv_volume_facts facts = seen_facts(pod, row, agent_id);
    facts.supposed = true;
    facts.trial = trial;
    if (!k8smi_volume_is_elsewhere(d->offers.cluster, row->id, agent_id))
      r = k8smi_drv_volume_tell(d, &facts);
  }
  return r;
}

void k8smi_drv_volumes_doubt(struct k8sm_driver *d, const struct drv_pod *pod, struct k8sm_slice agent_id) {
  for (size_t i = 0; i < pod->demand->volume_count; i++) {
    const struct k8sm_demand_volume *row = &pod->demand->volumes[i].row;
    struct drv_volume *v = row->claim.len == 0 ? NULL : k8smi_drv_volume_find(d, row->id);
    if (row->claim.len > 0) k8smi_volume_doubt(d->offers.cluster, row->id, agent_id);
    if (v != NULL && v->supposed && k8smi_eq(v->agent_id, agent_id)) k8smi_drv_volume_end(d, v);
  }
}

/* ---- What nobody is known to have used ---- */

static bool seen_has(const struct k8smi_offer *offer, struct k8sm_slice id) {
  for (size_t i = 0; i < offer->resource_count; i++) {
    const struct k8smi_resource *r = &offer->resources[i];
    if (k8smi_resource_is_volume(r) && k8smi_eqs(id, r->message->disk->persistence->id)) return true;
  }
  return false;
}

/* The agent has made offers, and none of those that are held has it. */
static bool seen_without(const struct k8sm_driver *d, const struct drv_volume *v) {
  const struct k8sm_cluster *c = d->offers.cluster;
  const struct k8smi_order *order = k8smi_held_in_order(c);
  bool any = false;
  for (size_t i = 0; i < order->count; i++) {
    const struct k8smi_offer *offer = k8smi_held_at(c, order->rows[i])->offer;
    if (!k8smi_eq(offer->agent_id, v->agent_id)) continue;
    if (seen_has(offer, v->id)) return false;
    any = true;
  }
  return any;
}

/* Nobody is known to have used it, and it is not on trial so far. */
static bool seen_is_doubtful(const struct drv_volume *v) {
  return v->made && (v->shown || v->supposed) && k8smi_list_empty(&v->trial);
}

int k8smi_drv_volumes_seek(struct k8sm_driver *d, struct drv_pod *pod) {
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && d->volumes.count > 0 && i < pod->demand->volume_count; i++) {
    const struct k8sm_demand_volume *row = &pod->demand->volumes[i].row;
    const struct drv_volume *v = k8smi_drv_volume_find(d, row->id);
    if (v == NULL || !seen_is_doubtful(v) || !seen_without(d, v)) continue;
    struct drv_volume_facts facts = seen_facts(pod, row, v->agent_id);
    facts.supposed = facts.trial = true;
    r = k8smi_drv_volume_put(d, &facts);
    if (r == K8SM_OK) k8smi_volume_recall(d->offers.cluster, row->id);
  }
  return r;
}

int k8smi_drv_volumes_used(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_slice agent_id) {
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && d->volumes.count > 0 && i < pod->demand->volume_count; i++) {
    const struct k8sm_demand_volume *row = &pod->demand->volumes[i].row;
    const struct drv_volume *v = k8smi_drv_volume_find(d, row->id);
    if (v == NULL || !v->made || !(v->shown || v->supposed) || !k8smi_eq(v->agent_id, agent_id)) continue;
    const struct drv_volume_facts facts = seen_facts(pod, row, agent_id);
    r = k8smi_drv_volume_tell(d, &facts);
  }
  return r;
}
