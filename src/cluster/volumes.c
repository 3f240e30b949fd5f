/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/volumes.h"

static struct k8smi_volume_place *volumes_at(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_at(&c->volumes, row);
}

uint32_t k8smi_volume_agent(const struct k8sm_cluster *c, struct k8sm_slice id) {
  uint32_t row = c->volumes.count == 0 ? K8SMI_MAP_NONE : k8smi_map_get(&c->volume_map, id);
  return row == K8SMI_MAP_NONE ? K8SMI_ROW_NONE : volumes_at(c, row)->agent;
}

/* The row of a volume, made if need be: the first agent that is seen to have it keeps it. NULL: memory ran
 * out. */
static struct k8smi_volume_place *volumes_get(struct k8sm_cluster *c, struct k8sm_slice id, uint32_t agent) {
  struct k8sm_slice own;
  uint32_t row = k8smi_map_get(&c->volume_map, id);
  if (row != K8SMI_MAP_NONE) return volumes_at(c, row);
  if (!k8smi_table_reserve(&c->volumes, &c->allocator, 1) || !k8smi_text_own(&c->allocator, id, &own))
    return NULL;
  row = k8smi_table_take(&c->volumes);
  if (!k8smi_map_put(&c->volume_map, own, row)) {
    k8smi_table_give(&c->volumes, row);
    k8smi_text_free(&c->allocator, own);
    return NULL;
  }
  volumes_at(c, row)->id = own;
  volumes_at(c, row)->agent = agent;
  return volumes_at(c, row);
}

static void volumes_drop(struct k8sm_cluster *c, uint32_t row) {
  struct k8sm_slice id = volumes_at(c, row)->id;
  k8smi_map_remove(&c->volume_map, id);
  k8smi_text_free(&c->allocator, id);
  k8smi_table_give(&c->volumes, row);
}

bool k8smi_volumes_learn(struct k8sm_cluster *c, const struct k8smi_offer *offer, uint32_t agent) {
  for (size_t i = 0; i < offer->resource_count; i++) {
    const struct k8smi_resource *r = &offer->resources[i];
    if (r->spend != K8SMI_SPEND_NEVER || r->owner.len > 0 || !k8smi_resource_is_volume(r)) continue;
    struct k8smi_volume_place *place = volumes_get(c, k8smi_s(r->message->disk->persistence->id), agent);
    if (place == NULL) return false;
    if (place->agent != agent) continue;
    place->seen = true;
    place->supposed = false;
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
    uint32_t row = volumes_is_claim(volume) ? k8smi_map_get(&c->volume_map, volume->row.id) : K8SMI_MAP_NONE;
    struct k8smi_volume_place *place = row == K8SMI_MAP_NONE ? NULL : volumes_at(c, row);
    if (place == NULL || place->agent != agent || place->users == 0) continue;
    if (--place->users == 0 && !place->seen) volumes_drop(c, row);
  }
}

bool k8smi_volumes_use(struct k8sm_cluster *c, const struct k8sm_demand *d, uint32_t agent) {
  for (size_t i = 0; i < d->volume_count; i++) {
    if (!volumes_is_claim(&d->volumes[i])) continue;
    struct k8smi_volume_place *place = volumes_get(c, d->volumes[i].row.id, agent);
    if (place == NULL) {
      volumes_leave(c, d, i, agent);
      return false;
    }
    if (place->agent == agent) place->users++;
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

int k8sm_cluster_note_volume(struct k8sm_cluster *cluster, struct k8sm_slice id, struct k8sm_slice agent_id) {
  uint32_t agent;
  int result = k8smi_agent_get(cluster, agent_id, &agent);
  if (result != K8SM_OK) return result;
  struct k8smi_volume_place *place = volumes_get(cluster, id, agent);
  if (place == NULL) return K8SM_ERR_NOMEM;
  if (place->agent != agent) {
    place->agent = agent;
    place->users = 0;
  }
  place->seen = true;
  place->supposed = false;
  cluster->generation++;
  return K8SM_OK;
}

int k8smi_volume_suppose(struct k8sm_cluster *c, struct k8sm_slice id, struct k8sm_slice agent_id) {
  uint32_t row = k8smi_map_get(&c->volume_map, id);
  if (row != K8SMI_MAP_NONE && volumes_at(c, row)->seen) return K8SM_OK; /* there, or elsewhere */
  int result = k8sm_cluster_note_volume(c, id, agent_id);
  if (result == K8SM_OK) volumes_at(c, k8smi_map_get(&c->volume_map, id))->supposed = true;
  return result;
}

void k8smi_volume_doubt(struct k8sm_cluster *c, struct k8sm_slice id, struct k8sm_slice agent_id) {
  uint32_t row = k8smi_map_get(&c->volume_map, id);
  struct k8smi_volume_place *place = row == K8SMI_MAP_NONE ? NULL : volumes_at(c, row);
  if (place == NULL || !place->supposed || !k8smi_eq(k8smi_agent_at(c, place->agent)->id, agent_id)) return;
  volumes_drop(c, row);
  c->generation++;
}

int k8sm_cluster_forget_volume(struct k8sm_cluster *cluster, struct k8sm_slice id) {
  uint32_t row = k8smi_map_get(&cluster->volume_map, id);
  if (row == K8SMI_MAP_NONE) return 0;
  volumes_drop(cluster, row);
  cluster->generation++;
  return 1;
}

void k8smi_volumes_free(struct k8sm_cluster *c) {
  for (uint32_t i = 0; i < c->volumes.high; i++) {
    if (k8smi_table_used(&c->volumes, i)) volumes_drop(c, i);
  }
  k8smi_map_free(&c->volume_map);
  k8smi_table_free(&c->volumes, &c->allocator);
}
