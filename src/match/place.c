/* SPDX-License-Identifier: Apache-2.0 */
/* A pod that has a slot: what it spends there; and, for groups that do not come together, the way back. */
#include "cluster/blocks.h"
#include "cluster/tree.h"
#include "cluster/volumes.h"
#include "match/disks.h"
#include "match/ports.h"
#include "match/score.h"

/* A pool as it was. */
struct k8smi_saved_pool {
  struct k8smi_saved_pool *next;
  struct k8smi_pool *pool;
  struct k8smi_pool_offer *offers;
  struct k8smi_part *parts;
  int64_t free[K8SMI_SCALARS];
};

/* A pod with volumes, and where it is to run: the next one that claims them has to see them there. */
struct k8smi_claimed {
  struct k8smi_claimed *next;
  const struct k8sm_demand *demand;
  uint32_t agent;
};

struct k8smi_pool *k8smi_match_pool(struct k8smi_match *match, uint32_t row) {
  struct k8smi_cluster_slot *slot = k8smi_slot_at(match->cluster, row);
  if (slot->pool != NULL) return slot->pool;
  struct k8smi_pool *pool = k8smi_pool_make(&match->scratch, match->cluster, row);
  if (pool == NULL) return NULL;
  pool->next = match->pools;
  match->pools = slot->pool = pool;
  return pool;
}

/* Something of a pool was spent that blocks note, or put back. */
static void place_note(const struct k8sm_cluster *c, struct k8smi_pool *pool) {
  pool->noted = true;
  k8smi_block_clear(c, pool->slot);
  for (size_t i = 0; i < pool->part_count; i++)
    k8smi_block_add(c, pool->slot, pool->parts[i].resource, &pool->parts[i].ports, pool->parts[i].left);
}

/* Parts that have ports of their own lose them to the copy: the next change makes others. */
static bool place_save(struct k8smi_match *match, struct k8smi_pool *pool) {
  if (!match->journaling || pool->saved == match->journal_number) return true;
  struct k8smi_saved_pool *saved = k8smi_arena_zalloc(&match->scratch, sizeof *saved);
  if (saved == NULL) return false;
  saved->offers = k8smi_arena_array(&match->scratch, pool->offer_count, sizeof *saved->offers);
  saved->parts = k8smi_arena_array(&match->scratch, pool->part_count, sizeof *saved->parts);
  if (saved->offers == NULL || saved->parts == NULL) return false;
  memcpy(saved->offers, pool->offers, pool->offer_count * sizeof *saved->offers);
  if (pool->part_count > 0) memcpy(saved->parts, pool->parts, pool->part_count * sizeof *saved->parts);
  for (size_t i = 0; i < pool->part_count; i++) pool->parts[i].ports_cap = 0;
  memcpy(saved->free, k8smi_slot_at(match->cluster, pool->slot)->free, sizeof saved->free);
  saved->pool = pool;
  saved->next = match->journal;
  match->journal = saved;
  pool->saved = match->journal_number;
  return true;
}

void k8smi_match_journal(struct k8smi_match *match) {
  match->journaling = true;
  match->journal = NULL;
  match->claimed_before = match->claimed;
  match->journal_number++;
}

void k8smi_match_unclaim(struct k8smi_match *match, struct k8smi_claimed *kept) {
  for (; match->claimed != kept; match->claimed = match->claimed->next)
    k8smi_volumes_leave(match->cluster, match->claimed->demand, match->claimed->agent);
}

static bool place_claim(struct k8smi_match *match, const struct k8sm_demand *demand, uint32_t agent) {
  if (demand->volume_count == 0) return true;
  struct k8smi_claimed *claimed = k8smi_arena_alloc(&match->scratch, sizeof *claimed);
  if (claimed == NULL || !k8smi_volumes_use(match->cluster, demand, agent)) return false;
  *claimed = (struct k8smi_claimed){match->claimed, demand, agent};
  match->claimed = claimed;
  return true;
}

void k8smi_match_restore(struct k8smi_match *match) {
  for (struct k8smi_saved_pool *s = match->journal; s != NULL; s = s->next) {
    memcpy(s->pool->offers, s->offers, s->pool->offer_count * sizeof *s->offers);
    if (s->pool->part_count > 0) memcpy(s->pool->parts, s->parts, s->pool->part_count * sizeof *s->parts);
    k8smi_tree_update(match->cluster, s->pool->slot, s->free);
    place_note(match->cluster, s->pool);
  }
  match->journaling = false;
  k8smi_match_unclaim(match, match->claimed_before);
  match->placements++; /* there is more room again */
}

/* The ports that the pod gets, in place of "any": fixed ones beside them, sorted. */
static bool place_ports(struct k8smi_match *match, uint32_t slot, struct k8smi_need *need,
                        uint16_t **ret_any) {
  struct k8smi_port_parts parts;
  uint32_t ranges;
  size_t any = need->any_ports, count = need->port_count;
  *ret_any = NULL;
  if (any == 0) return true;
  uint16_t *chosen = k8smi_arena_array(&match->scratch, any, sizeof *chosen);
  uint16_t *all = k8smi_arena_array(&match->scratch, count + any, sizeof *all);
  if (chosen == NULL || all == NULL ||
      !k8smi_port_parts_of(&match->scratch, match->cluster, slot, need, &parts) ||
      !k8smi_ports_choose(&match->scratch, &parts, need, chosen, &ranges)) {
    return false;
  }
  for (size_t i = 0; i < count; i++) all[i] = need->ports[i];
  for (size_t i = 0; i < any; i++) { /* few: one by one to its place */
    size_t at = count++;
    for (; at > 0 && all[at - 1] > chosen[i]; at--) all[at] = all[at - 1];
    all[at] = chosen[i];
  }
  need->ports = all;
  need->port_count = count;
  need->any_ports = 0;
  *ret_any = chosen;
  return true;
}

static void place_name_ports(const struct k8sm_demand *demand, struct k8smi_placement *placement,
                             const uint16_t *any) {
  for (size_t i = 0; any != NULL && i < demand->port_count; i++) {
    if (demand->ports[i].any) placement->host_ports[i] = *any++;
  }
}

bool k8smi_match_place(struct k8smi_match *match, const struct k8smi_need *need, uint32_t demand,
                       uint32_t row) {
  struct k8smi_pool *pool = k8smi_match_pool(match, row);
  struct k8smi_need spends = *need;
  uint16_t *any;
  if (pool == NULL || !place_save(match, pool) || !place_ports(match, row, &spends, &any)) return false;
  struct k8smi_placement *placement = &match->plan->placements[demand];
  int64_t left[K8SMI_SCALARS];
  memcpy(left, k8smi_slot_at(match->cluster, row)->free, sizeof left);
  placement->use = k8smi_use_of(match->cluster, need, k8smi_slot_at(match->cluster, row)->agent);
  memcpy(placement->scores, match->scores, sizeof placement->scores);
  memcpy(placement->weights, match->weights, sizeof placement->weights);
  struct k8smi_disk_pick picks[K8SMI_VOLUMES_MAX];
  const struct k8smi_match_check there = {
      .cluster = match->cluster, .need = need, .slot = k8smi_slot_at(match->cluster, row)};
  if (need->of_disks != 0) (void)k8smi_disks_pick(&there, picks); /* there are: the checks have seen to it */
  spends.picks = picks;
  k8smi_pool_choose(pool, &spends);
  if (!k8smi_pool_spend(pool, &spends, &match->scratch, &match->plan->arena, placement, left)) return false;
  place_name_ports(need->demand, placement, any);
  if (pool->notes || spends.port_count + spends.extended_count > 0) place_note(match->cluster, pool);
  k8smi_tree_update(match->cluster, row, left);
  const struct k8smi_offer *offer = pool->offers[0].offer;
  placement->demand = demand;
  placement->framework_id = offer->framework_id;
  placement->agent_id = offer->agent_id;
  placement->hostname = offer->hostname;
  placement->address = k8smi_offer_address(offer);
  placement->role = offer->role;
  match->pool_of[demand] = pool;
  match->placements++;
  uint32_t agent = k8smi_slot_at(match->cluster, row)->agent;
  return place_claim(match, need->demand, agent) && k8smi_peers_placed(&match->peers, need, agent);
}
