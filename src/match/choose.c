/* SPDX-License-Identifier: Apache-2.0 */
/* Which offers of a slot a pod spends from: the fewest. */
#include "match/pool.h"
#include "cluster/tree.h"
#include "match/disks.h"

enum { CHOOSE_EXACT_MAX = 10 }; /* closed offers: all their sets are tried up to here */

static bool choose_missing(const int64_t *missing) {
  return missing[K8SMI_CPUS] > 0 || missing[K8SMI_MEM] > 0 || missing[K8SMI_DISK] > 0;
}

static void choose_add(int64_t *missing, const int64_t *have, int64_t sign) {
  for (int s = 0; s < K8SMI_SCALARS; s++) missing[s] -= sign * have[s];
}

static void choose_open(struct k8smi_pool_offer *offer, int64_t *missing) {
  if (offer->open) return;
  offer->open = true;
  choose_add(missing, offer->have, 1);
}

/* Opens `size` more offers, from the `first` on, if that is enough; the first such set in the order of
 * ids. */
static bool choose_set(struct k8smi_pool *pool, size_t first, size_t size, int64_t *missing) {
  if (size == 0) return !choose_missing(missing);
  for (size_t i = first; i < pool->offer_count; i++) {
    struct k8smi_pool_offer *offer = &pool->offers[i];
    if (offer->open) continue;
    choose_open(offer, missing);
    if (choose_set(pool, i + 1, size - 1, missing)) return true;
    offer->open = false;
    choose_add(missing, offer->have, -1);
  }
  return false;
}

static int64_t choose_size(const struct k8smi_pool_offer *offer) {
  return k8smi_room(offer->have) + offer->have[K8SMI_DISK];
}

/* For very many offers: opens the large ones first, down to ever smaller ones; then closes again what
 * turned out not to be needed. */
static void choose_many(struct k8smi_pool *pool, int64_t *missing) {
  int64_t least = 0;
  for (size_t i = 0; i < pool->offer_count; i++) {
    if (choose_size(&pool->offers[i]) > least) least = choose_size(&pool->offers[i]);
  }
  for (; choose_missing(missing); least /= 2) {
    for (size_t i = 0; i < pool->offer_count && choose_missing(missing); i++) {
      if (choose_size(&pool->offers[i]) >= least) choose_open(&pool->offers[i], missing);
    }
    if (least == 0) break;
  }
  for (size_t i = 0; i < pool->offer_count; i++) {
    struct k8smi_pool_offer *offer = &pool->offers[i];
    if (!offer->open || offer->fixed) continue;
    choose_add(missing, offer->have, -1);
    offer->open = choose_missing(missing);
    if (offer->open) choose_add(missing, offer->have, 1);
  }
}

/* What each offer still has for this pod. */
static void choose_measure(struct k8smi_pool *pool, const struct k8smi_need *need) {
  for (size_t i = 0; i < pool->offer_count; i++) memset(pool->offers[i].have, 0, sizeof pool->offers[i].have);
  for (size_t i = 0; i < pool->part_count; i++) {
    const struct k8smi_part *part = &pool->parts[i];
    if (part->resource->kind >= K8SMI_SCALARS || !k8smi_need_may_spend(need, part->resource)) continue;
    pool->offers[part->offer].have[part->resource->kind] += part->left;
  }
}

/* Opens offers until they have enough of an extended resource, those that are open counted. */
static void choose_extended(struct k8smi_pool *pool, const struct k8smi_need *need,
                            const struct k8smi_demand_extended *extended, int64_t *missing) {
  int64_t left = extended->milli;
  for (int open = 1; open >= 0; open--) {
    for (size_t i = 0; i < pool->part_count && left > 0; i++) {
      const struct k8smi_part *part = &pool->parts[i];
      struct k8smi_pool_offer *offer = &pool->offers[part->offer];
      if (part->resource->kind != K8SMI_OTHER || offer->open != (open == 1) ||
          !k8smi_need_may_spend(need, part->resource) ||
          !k8smi_eqs(extended->mesos, part->resource->message->name)) {
        continue;
      }
      left -= part->left;
      if (open == 0) choose_open(offer, missing);
    }
  }
}

/* A volume is made of disk of one kind, which may be in any. */
static void choose_open_disk(struct k8smi_pool *pool, int64_t *missing) {
  for (size_t i = 0; i < pool->offer_count; i++) {
    if (pool->offers[i].have[K8SMI_DISK] > 0) choose_open(&pool->offers[i], missing);
  }
}

void k8smi_pool_choose(struct k8smi_pool *pool, const struct k8smi_need *need) {
  int64_t missing[K8SMI_SCALARS];
  memcpy(missing, need->scalars, sizeof missing);
  choose_measure(pool, need);
  for (size_t i = 0; i < pool->offer_count; i++) {
    if (pool->offers[i].open) choose_add(missing, pool->offers[i].have, 1);
  }
  for (size_t i = 0; i < need->port_count; i++) { /* a port is in one offer only */
    choose_open(&pool->offers[k8smi_pool_find_port(pool, need, need->ports[i])->offer], missing);
  }
  for (size_t i = 0; i < need->demand->volume_count; i++) {
    const struct k8smi_part *part = k8smi_pool_find_volume(pool, need->demand->volumes[i].row.id);
    bool own = need->demand->volumes[i].disk != NULL;
    if (part == NULL && own) part = need->picks[i].part;
    if (part == NULL) {
      choose_open_disk(pool, missing);
      continue;
    }
    if (!own && (i >= 64 || (need->volumes_known >> i & 1) == 0))
      missing[K8SMI_DISK] -= need->demand->volumes[i].row.milli;
    choose_open(&pool->offers[part->offer], missing);
  }
  for (size_t i = 0; i < need->extended_count; i++) {
    choose_extended(pool, need, &need->demand->extended[i], missing);
  }
  size_t closed = 0;
  for (size_t i = 0; i < pool->offer_count; i++) {
    pool->offers[i].fixed = pool->offers[i].open;
    if (!pool->offers[i].open) closed++;
  }
  if (closed > CHOOSE_EXACT_MAX) {
    choose_many(pool, missing);
    return;
  }
  for (size_t size = 0; size <= closed && !choose_set(pool, 0, size, missing); size++) continue;
}
