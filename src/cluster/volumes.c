/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/volumes.h"

static struct k8smi_volume_place *volumes_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->volumes, row);
}

static uint32_t volumes_first(const struct k8sm_cluster *c, struct k8sm_slice id) {
  uint32_t row = c->volumes.count == 0 ? K8SMI_MAP_NONE : k8smi_map_get(&c->volume_map, id);
  return row == K8SMI_MAP_NONE ? K8SMI_ROW_NONE : row;
}

static uint32_t volumes_find(const struct k8sm_cluster *c, struct k8sm_slice id, uint32_t agent) {
  uint32_t row = volumes_first(c, id);
  while (row != K8SMI_ROW_NONE && volumes_at(c, row)->agent != agent) row = volumes_at(c, row)->next;
  return row;
}

uint32_t k8smi_volume_agent(const struct k8sm_cluster *c, struct k8sm_slice id) {
  uint32_t row = volumes_first(c, id);
  return row == K8SMI_ROW_NONE ? K8SMI_ROW_NONE : volumes_at(c, row)->agent;
}

bool k8smi_volume_is_used(const struct k8sm_cluster *c, struct k8sm_slice id) {
  uint32_t row = volumes_first(c, id);
  return row != K8SMI_ROW_NONE && volumes_at(c, row)->users > 0;
}

bool k8smi_volume_is_elsewhere(const struct k8sm_cluster *c, struct k8sm_slice id,
                               struct k8sm_slice agent_id) {
  uint32_t row = volumes_first(c, id);
  if (row == K8SMI_ROW_NONE || !volumes_at(c, row)->seen) return false;
  return !k8smi_eq(k8smi_agent_at(c, volumes_at(c, row)->agent)->id, agent_id);
}

static uint32_t volumes_new_first(struct k8sm_cluster *c, struct k8sm_slice id) {
  struct k8sm_slice own;
  if (!k8smi_text_own(&c->allocator, id, &own)) return K8SMI_ROW_NONE;
  uint32_t row = k8smi_table_take(&c->volumes);
  if (k8smi_map_put(&c->volume_map, own, row)) {
    volumes_at(c, row)->id = own;
    return row;
  }
  k8smi_table_give(&c->volumes, row);
  k8smi_text_free(&c->allocator, own);
  return K8SMI_ROW_NONE;
}

static uint32_t volumes_new_behind(struct k8sm_cluster *c, uint32_t row) {
  while (volumes_at(c, row)->next != K8SMI_ROW_NONE) row = volumes_at(c, row)->next;
  uint32_t last = k8smi_table_take(&c->volumes);
  volumes_at(c, row)->next = last;
  volumes_at(c, last)->id = volumes_at(c, row)->id;
  return last;
}

/* The row of a volume on an agent, made if need be; ROW_NONE: memory ran out. */
static uint32_t volumes_get(struct k8sm_cluster *c, struct k8sm_slice id, uint32_t agent) {
  uint32_t row = volumes_find(c, id, agent);
  if (row != K8SMI_ROW_NONE) return row;
  if (!k8smi_table_reserve(&c->volumes, &c->allocator, 1)) return K8SMI_ROW_NONE;
  row = volumes_first(c, id);
  row = row == K8SMI_ROW_NONE ? volumes_new_first(c, id) : volumes_new_behind(c, row);
  if (row == K8SMI_ROW_NONE) return row;
  volumes_at(c, row)->agent = agent;
  volumes_at(c, row)->next = K8SMI_ROW_NONE;
  return row;
}

/* All but what makes it a row of its list. */
static void volumes_copy(struct k8smi_volume_place *to, const struct k8smi_volume_place *from) {
  to->agent = from->agent;
  to->users = from->users;
  to->seen = from->seen;
  to->supposed = from->supposed;
}

static bool volumes_is_offered(const struct k8sm_cluster *c, struct k8sm_slice id, uint32_t agent) {
  for (uint32_t s = k8smi_agent_at(c, agent)->first_slot; s != K8SMI_ROW_NONE;
       s = k8smi_slot_at(c, s)->next) {
    for (uint32_t h = k8smi_slot_at(c, s)->first_offer; h != K8SMI_ROW_NONE; h = k8smi_held_at(c, h)->next)
      if (k8smi_offer_has_volume(k8smi_held_at(c, h)->offer, id)) return true;
  }
  return false;
}

/* The first row holds the text, and stays as long as there is another one. */
static void volumes_drop(struct k8sm_cluster *c, uint32_t row) {
  struct k8smi_volume_place *place = volumes_at(c, row);
  uint32_t before = volumes_first(c, place->id), next = place->next;
  c->loose_volumes = c->loose_volumes || volumes_is_offered(c, place->id, place->agent);
  if (before == row && next == K8SMI_ROW_NONE) {
    struct k8sm_slice id = place->id;
    k8smi_map_remove(&c->volume_map, id);
    k8smi_text_free(&c->allocator, id);
  } else if (before == row) {
    volumes_copy(place, volumes_at(c, next));
    place->next = volumes_at(c, next)->next;
    row = next;
  } else {
    while (volumes_at(c, before)->next != row) before = volumes_at(c, before)->next;
    volumes_at(c, before)->next = next;
  }
  k8smi_table_give(&c->volumes, row);
}

/* It is there, and so nowhere else: what pods elsewhere claim is on its way, or in vain. */
static void volumes_settle(struct k8sm_cluster *c, uint32_t row, bool supposed) {
  struct k8smi_volume_place *place = volumes_at(c, row), there = *place;
  struct k8smi_volume_place *first = volumes_at(c, volumes_first(c, place->id));
  first->seen = first->supposed = false;
  volumes_copy(place, first);
  volumes_copy(first, &there);
  first->seen = true;
  first->supposed = supposed;
  if (place != first && place->users == 0) volumes_drop(c, row);
}

/* An offer showed it there, or somebody said so. */
static bool volumes_is_fixed(const struct k8sm_cluster *c, uint32_t row) {
  return row != K8SMI_ROW_NONE && volumes_at(c, row)->seen && !volumes_at(c, row)->supposed;
}

bool k8smi_volumes_learn(struct k8sm_cluster *c, const struct k8smi_offer *offer, uint32_t agent) {
  for (size_t i = 0; i < offer->resource_count; i++) {
    const struct k8smi_resource *r = &offer->resources[i];
    if (r->spend != K8SMI_SPEND_NEVER || r->owner.len > 0 || !k8smi_resource_is_volume(r)) continue;
    struct k8sm_slice id = k8smi_s(r->message->disk->persistence->id);
    uint32_t row = volumes_first(c, id);
    if (volumes_is_fixed(c, row)) { /* the first agent that is seen to have it keeps it */
      c->loose_volumes = c->loose_volumes || volumes_at(c, row)->agent != agent;
      continue;
    }
    row = volumes_get(c, id, agent);
    if (row == K8SMI_ROW_NONE) return false;
    volumes_settle(c, row, false);
  }
  return true;
}

/* Claims have a name; a volume without one is the pod's own. */
static bool volumes_is_claim(const struct k8smi_demand_volume *volume) {
  return volume->row.claim.len > 0;
}

static void volumes_leave(struct k8sm_cluster *c, const struct k8sm_demand *d, size_t count, uint32_t agent) {
  for (size_t i = 0; i < count; i++) {
    const struct k8smi_demand_volume *volume = &d->volumes[i];
    uint32_t row = volumes_is_claim(volume) ? volumes_find(c, volume->row.id, agent) : K8SMI_ROW_NONE;
    if (row == K8SMI_ROW_NONE || volumes_at(c, row)->users == 0) continue;
    if (--volumes_at(c, row)->users == 0 && !volumes_at(c, row)->seen) volumes_drop(c, row);
  }
}

bool k8smi_volumes_use(struct k8sm_cluster *c, const struct k8sm_demand *d, uint32_t agent) {
  for (size_t i = 0; i < d->volume_count; i++) {
    if (!volumes_is_claim(&d->volumes[i])) continue;
    uint32_t row = volumes_get(c, d->volumes[i].row.id, agent);
    if (row == K8SMI_ROW_NONE) {
      volumes_leave(c, d, i, agent);
      return false;
    }
    volumes_at(c, row)->users++;
  }
  return true;
}

void k8smi_volumes_leave(struct k8sm_cluster *c, const struct k8sm_demand *d, uint32_t agent) {
  volumes_leave(c, d, d->volume_count, agent);
}

bool k8smi_volumes_any_at(const struct k8sm_cluster *c, uint32_t agent) {
  for (uint32_t i = 0; i < c->volumes.high; i++) {
    if (k8smi_table_used(&c->volumes, i) && volumes_at(c, i)->agent == agent) return true;
  }
  return false;
}

void k8smi_volumes_end_at(struct k8sm_cluster *c, uint32_t agent) {
  for (uint32_t i = 0; i < c->volumes.high; i++) {
    if (k8smi_table_used(&c->volumes, i) && volumes_at(c, i)->agent == agent) volumes_drop(c, i);
  }
}

static int volumes_place(struct k8sm_cluster *c, struct k8sm_slice id, struct k8sm_slice agent_id,
                         bool supposed) {
  uint32_t agent;
  int result = k8smi_agent_get(c, agent_id, &agent);
  if (result != K8SM_OK) return result;
  uint32_t row = volumes_get(c, id, agent);
  if (row == K8SMI_ROW_NONE) return K8SM_ERR_NOMEM;
  volumes_settle(c, row, supposed);
  c->generation++;
  return K8SM_OK;
}

int k8sm_cluster_note_volume(struct k8sm_cluster *cluster, struct k8sm_slice id, struct k8sm_slice agent_id) {
  return volumes_place(cluster, id, agent_id, false);
}

int k8smi_volume_suppose(struct k8sm_cluster *c, struct k8sm_slice id, struct k8sm_slice agent_id) {
  uint32_t row = volumes_first(c, id);
  if (row != K8SMI_ROW_NONE && volumes_at(c, row)->seen) return K8SM_OK; /* there, or elsewhere */
  return volumes_place(c, id, agent_id, true);
}

void k8smi_volume_doubt(struct k8sm_cluster *c, struct k8sm_slice id, struct k8sm_slice agent_id) {
  uint32_t row = volumes_first(c, id);
  struct k8smi_volume_place *place = row == K8SMI_ROW_NONE ? NULL : volumes_at(c, row);
  if (place == NULL || !place->supposed || !k8smi_eq(k8smi_agent_at(c, place->agent)->id, agent_id)) return;
  place->seen = place->supposed = false;
  if (place->users == 0) volumes_drop(c, row); /* else those that use it take it along when they leave */
  c->generation++;
}

void k8smi_volume_recall(struct k8sm_cluster *c, struct k8sm_slice id) {
  uint32_t row = volumes_first(c, id);
  if (row == K8SMI_ROW_NONE) return;
  volumes_at(c, row)->supposed = volumes_at(c, row)->seen;
  c->generation++;
}

int k8sm_cluster_forget_volume(struct k8sm_cluster *cluster, struct k8sm_slice id) {
  uint32_t row = volumes_first(cluster, id);
  if (row == K8SMI_ROW_NONE) return 0;
  while ((row = volumes_first(cluster, id)) != K8SMI_ROW_NONE) volumes_drop(cluster, row);
  cluster->generation++;
  return 1;
}

void k8smi_volumes_free(struct k8sm_cluster *c) {
  for (uint32_t i = 0; i < c->volumes.high; i++) {
    while (k8smi_table_used(&c->volumes, i)) volumes_drop(c, i);
  }
  k8smi_map_free(&c->volume_map);
  k8smi_table_free(&c->volumes, &c->allocator);
}
