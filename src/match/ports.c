/* SPDX-License-Identifier: Apache-2.0 */
#include "match/ports.h"
#include "base/sort.h"

/* ---- The parts ---- */

static int ports_part_order(const void *a, const void *b, const void *ctx) {
  const struct k8smi_port_part *x = a, *y = b;
  (void)ctx;
  if (x->resource->spend != y->resource->spend) return x->resource->spend < y->resource->spend ? -1 : 1;
  int by_offer = k8smi_cmp(x->offer->id, y->offer->id);
  return by_offer != 0 ? by_offer : (x->resource > y->resource) - (x->resource < y->resource);
}

static bool ports_usable(const struct k8smi_need *need, const struct k8smi_resource *r) {
  return r->kind == K8SMI_PORTS && k8smi_need_may_spend(need, r);
}

static bool ports_of_pool(struct k8smi_arena *scratch, const struct k8smi_pool *pool,
                          const struct k8smi_need *need, struct k8smi_port_parts *ret) {
  ret->items = k8smi_arena_array(scratch, pool->part_count, sizeof *ret->items);
  for (int open = 1; ret->items != NULL && open >= 0; open--) {
    for (size_t i = 0; i < pool->part_count; i++) {
      const struct k8smi_part *part = &pool->parts[i];
      const struct k8smi_pool_offer *offer = &pool->offers[part->offer];
      if (!ports_usable(need, part->resource) || offer->open != (open == 1)) continue;
      ret->items[ret->count++] = (struct k8smi_port_part){part->resource, offer->offer, &part->ports};
    }
  }
  return ret->items != NULL;
}

bool k8smi_port_parts_of(struct k8smi_arena *scratch, const struct k8sm_cluster *c, uint32_t row,
                         const struct k8smi_need *need, struct k8smi_port_parts *ret) {
  const struct k8smi_cluster_slot *slot = k8smi_slot_at(c, row);
  size_t most = 0;
  *ret = (struct k8smi_port_parts){NULL, 0};
  if (slot->pool != NULL) return ports_of_pool(scratch, slot->pool, need, ret);
  for (uint32_t h = slot->first_offer; h != K8SMI_ROW_NONE; h = k8smi_held_at(c, h)->next)
    most += k8smi_held_at(c, h)->offer->ports ? k8smi_held_at(c, h)->offer->resource_count : 0;
  ret->items = k8smi_arena_array(scratch, most, sizeof *ret->items);
  if (ret->items == NULL) return false;
  for (uint32_t h = slot->first_offer; h != K8SMI_ROW_NONE; h = k8smi_held_at(c, h)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(c, h)->offer;
    for (size_t i = 0; offer->ports && i < offer->resource_count; i++) {
      const struct k8smi_resource *r = &offer->resources[i];
      if (ports_usable(need, r)) ret->items[ret->count++] = (struct k8smi_port_part){r, offer, &r->ranges};
    }
  }
  k8smi_sort(ret->items, ret->count, sizeof *ret->items, ports_part_order, NULL);
  return true;
}

/* ---- The free ranges of a part: without the fixed ports, and what is no port ---- */

struct ports_walk {
  const struct k8smi_ranges *ranges;
  const struct k8smi_need *need;
  size_t range, fixed;
  uint64_t from; /* where the next begins, at the earliest */
};

struct ports_run {
  uint32_t begin, size;
};

static bool ports_next(struct ports_walk *w, struct ports_run *ret) {
  const struct k8smi_need *need = w->need;
  while (w->range < w->ranges->count) {
    const struct k8smi_range *r = &w->ranges->items[w->range];
    uint64_t end = r->end > UINT16_MAX ? UINT16_MAX : r->end;
    if (w->from < r->begin) w->from = r->begin;
    if (w->from == 0) w->from = 1;
    while (w->fixed < need->port_count && need->ports[w->fixed] < w->from) w->fixed++;
    bool cut = w->fixed < need->port_count && need->ports[w->fixed] <= end;
    if (w->from > end) {
      w->range++;
    } else if (cut && need->ports[w->fixed] == w->from) {
      w->from++;
    } else {
      if (cut) end = need->ports[w->fixed] - 1;
      *ret = (struct ports_run){(uint32_t)w->from, (uint32_t)(end + 1 - w->from)};
      w->from = end + 1;
      return true;
    }
  }
  return false;
}

/* ---- The choice within a part ---- */

struct ports_choice {
  size_t want;
  uint32_t *whole; /* by size: how many such ranges are taken as a whole */
  uint32_t cut;    /* the size of the one that is cut; 0: none */
  size_t rest;     /* what is taken of it */
};

/* Decides, and returns how many ranges are left. */
static uint32_t ports_decide(struct ports_walk walk, struct ports_choice *choice) {
  struct ports_run run;
  uint32_t ranges = 0, larger = 0;
  while (ports_next(&walk, &run)) {
    ranges++;
    if (run.size <= choice->want) {
      choice->whole[run.size]++;
    } else if (larger == 0 || run.size < larger) {
      larger = run.size;
    }
  }
  choice->cut = 0;
  choice->rest = choice->want;
  for (size_t size = 1; size <= choice->want; size++) {
    uint32_t there = choice->whole[size];
    uint32_t taken = there < choice->rest / size ? there : (uint32_t)(choice->rest / size);
    choice->whole[size] = taken;
    choice->rest -= taken * size;
    ranges -= taken;
    if (choice->cut == 0 && taken < there)
      choice->cut = (uint32_t)size; /* larger than what is left to take */
  }
  if (choice->cut == 0) choice->cut = larger;
  return ranges;
}

/* Writes them down, in order. Returns how many there are. */
static size_t ports_write(struct ports_walk walk, struct ports_choice *choice, uint16_t *ret) {
  struct ports_run run;
  size_t count = 0;
  while (count < choice->want && ports_next(&walk, &run)) {
    size_t take = 0;
    if (run.size <= choice->want && choice->whole[run.size] > 0) {
      choice->whole[run.size]--;
      take = run.size;
    } else if (run.size == choice->cut) {
      take = choice->rest;
      choice->cut = 0;
    }
    for (size_t i = 0; i < take; i++) ret[count++] = (uint16_t)(run.begin + i);
  }
  return count;
}

bool k8smi_ports_choose(struct k8smi_arena *scratch, const struct k8smi_port_parts *parts,
                        const struct k8smi_need *need, uint16_t *ret, uint32_t *ret_ranges) {
  struct ports_choice choice = {.want = need->any_ports};
  uint32_t ranges = 0;
  choice.whole = k8smi_arena_array(scratch, choice.want + 1, sizeof *choice.whole);
  if (choice.whole == NULL) return false;
  for (size_t i = 0; i < parts->count; i++) {
    const struct ports_walk walk = {.ranges = parts->items[i].ports, .need = need};
    memset(choice.whole, 0, (choice.want + 1) * sizeof *choice.whole);
    ranges += ports_decide(walk, &choice);
    const size_t taken = choice.cut != 0 ? choice.want : choice.want - choice.rest;
    if (ret != NULL) ret += ports_write(walk, &choice, ret);
    choice.want -= taken;
  }
  *ret_ranges = ranges;
  return true;
}
