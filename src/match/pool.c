/* SPDX-License-Identifier: Apache-2.0 */
#include "match/pool.h"
#include "base/sort.h"

static int pool_offer_order(const void *a, const void *b, const void *ctx) {
  const struct k8smi_pool_offer *x = a, *y = b;
  (void)ctx;
  return k8smi_cmp(x->offer->id, y->offer->id);
}

/* Resources of one offer lie in one array, so that their addresses are their order. */
static int pool_part_order(const void *a, const void *b, const void *ctx) {
  const struct k8smi_part *x = a, *y = b;
  (void)ctx;
  if (x->resource->spend != y->resource->spend) return x->resource->spend < y->resource->spend ? -1 : 1;
  if (x->offer != y->offer) return x->offer < y->offer ? -1 : 1;
  return (x->resource > y->resource) - (x->resource < y->resource);
}

static bool pool_add_offers(struct k8smi_pool *pool, struct k8smi_arena *scratch,
                            const struct k8sm_cluster *c) {
  const struct k8smi_cluster_slot *slot = k8smi_slot_at(c, pool->slot);
  pool->offers = k8smi_arena_array(scratch, slot->offers, sizeof *pool->offers);
  if (pool->offers == NULL) return false;
  for (uint32_t row = slot->first_offer; row != K8SMI_ROW_NONE; row = k8smi_held_at(c, row)->next) {
    const struct k8smi_held *held = k8smi_held_at(c, row);
    pool->offers[pool->offer_count++] = (struct k8smi_pool_offer){.offer = held->offer, .owner = held->owner};
  }
  k8smi_sort(pool->offers, pool->offer_count, sizeof *pool->offers, pool_offer_order, NULL);
  return true;
}

struct k8smi_part *k8smi_pool_find_volume(const struct k8smi_pool *pool, struct k8sm_slice id) {
  for (size_t i = pool->part_count; i > 0; i--) {
    struct k8smi_part *part = &pool->parts[i - 1];
    if (part->resource->spend != K8SMI_SPEND_NEVER) break;
    if (part->left > 0 && k8smi_eqs(id, part->resource->message->disk->persistence->id)) return part;
  }
  return NULL;
}

static bool pool_add_parts(struct k8smi_pool *pool, struct k8smi_arena *scratch) {
  size_t count = 0;
  for (size_t i = 0; i < pool->offer_count; i++) count += pool->offers[i].offer->resource_count;
  pool->parts = k8smi_arena_array(scratch, count, sizeof *pool->parts);
  if (pool->parts == NULL) return false;
  for (size_t i = 0; i < pool->offer_count; i++) {
    const struct k8smi_offer *offer = pool->offers[i].offer;
    for (size_t r = 0; r < offer->resource_count; r++) {
      const struct k8smi_resource *resource = &offer->resources[r];
      if (resource->spend == K8SMI_SPEND_NEVER && !k8smi_resource_is_volume(resource)) continue;
      pool->notes = pool->notes || (resource->kind < K8SMI_PORTS && k8smi_resource_is_noted(resource));
      pool->parts[pool->part_count++] = (struct k8smi_part){
          .resource = resource, .offer = (uint32_t)i, .left = resource->milli, .ports = resource->ranges};
    }
  }
  k8smi_sort(pool->parts, pool->part_count, sizeof *pool->parts, pool_part_order, NULL);
  return true;
}

struct k8smi_pool *k8smi_pool_make(struct k8smi_arena *scratch, const struct k8sm_cluster *cluster,
                                   uint32_t slot) {
  struct k8smi_pool *pool = k8smi_arena_zalloc(scratch, sizeof *pool);
  if (pool == NULL) return NULL;
  pool->slot = slot;
  memcpy(pool->before, k8smi_slot_at(cluster, slot)->free, sizeof pool->before);
  return pool_add_offers(pool, scratch, cluster) && pool_add_parts(pool, scratch) ? pool : NULL;
}

struct k8smi_part *k8smi_pool_find_port(const struct k8smi_pool *pool, const struct k8smi_need *need,
                                        uint16_t port) {
  for (size_t i = 0; i < pool->part_count; i++) {
    struct k8smi_part *part = &pool->parts[i];
    if (part->resource->kind == K8SMI_PORTS && k8smi_need_may_spend(need, part->resource) &&
        k8smi_ranges_find(&part->ports, port) < part->ports.count) {
      return part;
    }
  }
  return NULL;
}

/* Room for one range more, in memory of the part's own. */
static bool pool_own_ports(struct k8smi_part *part, struct k8smi_arena *scratch) {
  if (part->ports.count < part->ports_cap) return true;
  size_t cap = part->ports.count * 2 + 4;
  struct k8smi_range *items = k8smi_arena_array(scratch, cap, sizeof *items);
  if (items == NULL) return false;
  memcpy(items, part->ports.items, part->ports.count * sizeof *items);
  part->ports.items = items;
  part->ports_cap = cap;
  return true;
}

bool k8smi_pool_take_port(struct k8smi_pool *pool, struct k8smi_arena *scratch, uint16_t port) {
  for (size_t i = 0; i < pool->part_count; i++) {
    struct k8smi_part *part = &pool->parts[i];
    if (part->resource->kind != K8SMI_PORTS || k8smi_ranges_find(&part->ports, port) == part->ports.count)
      continue;
    if (!pool_own_ports(part, scratch)) return false;
    k8smi_ranges_subtract(&part->ports, port);
  }
  return true;
}
