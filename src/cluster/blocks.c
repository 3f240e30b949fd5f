/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/blocks.h"

/* ---- The blocks ---- */

static struct k8smi_block *blocks_new(const struct k8sm_allocator *allocator) {
  struct k8smi_block *block = k8smi_alloc(allocator, sizeof *block);
  if (block == NULL) return NULL;
  memset(block, 0, sizeof *block);
  memset(block->role, 0xff, sizeof block->role);
  return block;
}

bool k8smi_blocks_reserve(struct k8sm_cluster *cluster, size_t slots) {
  struct k8smi_blocks *all = cluster->blocks;
  const size_t want = (slots + K8SMI_LANES - 1) / K8SMI_LANES;
  void *items = all->items;
  if (want <= all->count) return true;
  bool room = k8smi_grow(&cluster->allocator, &items, &all->cap, want, sizeof(struct k8smi_block *));
  all->items = items;
  for (; room && all->count < want; all->count++) {
    all->items[all->count] = blocks_new(&cluster->allocator);
    if (all->items[all->count] == NULL) return false;
  }
  return room;
}

static void blocks_free_one(const struct k8sm_allocator *allocator, struct k8smi_block *block) {
  k8smi_free(allocator, block->ports, block->layer_count * sizeof *block->ports);
  k8smi_free(allocator, block, sizeof *block);
}

enum { BLOCKS_PORT_WORDS = (UINT16_MAX + 1) / 64 };

void k8smi_blocks_free(struct k8sm_cluster *cluster) {
  struct k8smi_blocks *all = cluster->blocks;
  const struct k8sm_allocator *allocator = &cluster->allocator;
  while (all->count > 0) blocks_free_one(allocator, all->items[--all->count]);
  k8smi_free(allocator, all->items, all->cap * sizeof(struct k8smi_block *));
  k8smi_names_free(cluster);
  k8smi_free(allocator, all->ports_seen, BLOCKS_PORT_WORDS * sizeof *all->ports_seen);
}

/* ---- The ports that were ever seen ---- */

bool k8smi_ports_see(struct k8sm_cluster *cluster, const struct k8smi_offer *offer) {
  struct k8smi_blocks *all = cluster->blocks;
  if (!offer->ports) return true;
  if (all->ports_seen == NULL)
    all->ports_seen = k8smi_zalloc(&cluster->allocator, BLOCKS_PORT_WORDS * sizeof *all->ports_seen);
  if (all->ports_seen == NULL) return false;
  for (size_t i = 0; i < offer->resource_count; i++) {
    const struct k8smi_resource *r = &offer->resources[i];
    for (size_t k = 0; r->kind == K8SMI_PORTS && k < r->ranges.count; k++) {
      const uint64_t end = r->ranges.items[k].end;
      for (uint64_t port = r->ranges.items[k].begin; port <= end && port <= UINT16_MAX; port |= 63, port++) {
        const uint64_t left = end - port; /* behind it, of which those of its word are set with it */
        const uint64_t some = left < 63 ? (UINT64_C(2) << left) - 1 : UINT64_MAX;
        all->ports_seen[port / 64] |= some << port % 64;
      }
    }
  }
  return true;
}

bool k8smi_port_was_seen(const struct k8sm_cluster *cluster, uint16_t port) {
  const uint64_t *seen = cluster->blocks->ports_seen;
  return seen != NULL && (seen[port / 64] >> port % 64 & 1) != 0;
}

/* ---- A slot ---- */

static const struct k8smi_bounds blocks_no_bounds = {INT32_MAX, INT32_MIN};
static const struct k8smi_port_bounds blocks_no_ports = {UINT16_MAX, 0};

void k8smi_block_begin(const struct k8sm_cluster *cluster, uint32_t slot) {
  struct k8smi_block *block = k8smi_block_of(cluster, slot);
  const uint32_t role = k8smi_slot_at(cluster, slot)->role, agent = k8smi_slot_at(cluster, slot)->agent;
  const uint32_t lane = slot % K8SMI_LANES, first = agent < lane ? K8SMI_ROW_NONE : agent - lane;
  if (block->used == 0) { /* nothing is left of what was there */
    block->one_role = role;
    block->first_agent = first;
    for (int s = 0; s < K8SMI_SCALARS; s++) block->free_bounds[s] = blocks_no_bounds;
    for (uint32_t i = 0; i < block->layer_count; i++) block->port_bounds[i] = blocks_no_ports;
  }
  if (block->one_role != role) block->one_role = K8SMI_ROW_NONE;
  if (block->first_agent != first) block->first_agent = K8SMI_ROW_NONE;
  block->used |= UINT64_C(1) << lane;
  block->role[lane] = role;
  block->agent[lane] = agent;
}

void k8smi_block_end(const struct k8sm_cluster *cluster, uint32_t slot) {
  struct k8smi_block *block = k8smi_block_of(cluster, slot);
  k8smi_block_clear(cluster, slot);
  block->role[slot % K8SMI_LANES] = K8SMI_ROW_NONE;
  block->owned &= ~(UINT64_C(1) << slot % K8SMI_LANES);
  block->used &= ~(UINT64_C(1) << slot % K8SMI_LANES);
}

void k8smi_block_set_free(const struct k8sm_cluster *cluster, uint32_t slot) {
  struct k8smi_block *block = k8smi_block_of(cluster, slot);
  const int64_t *have = k8smi_slot_at(cluster, slot)->free;
  const uint64_t bit = UINT64_C(1) << slot % K8SMI_LANES;
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    const int32_t number = block->free[s][slot % K8SMI_LANES] = k8smi_number(have[s]);
    struct k8smi_bounds *bounds = &block->free_bounds[s];
    if (number < bounds->least) bounds->least = number;
    if (number > bounds->most) bounds->most = number;
  }
  block->owned = k8smi_slot_at(cluster, slot)->owned > 0 ? block->owned | bit : block->owned & ~bit;
}

void k8smi_block_clear(const struct k8sm_cluster *cluster, uint32_t slot) {
  struct k8smi_block *block = k8smi_block_of(cluster, slot);
  const size_t lane = slot % K8SMI_LANES;
  const uint64_t bit = UINT64_C(1) << lane;
  block->asked &= ~bit;
  if ((block->noted & bit) == 0) return;
  block->noted &= ~bit;
  for (uint32_t i = 0; i < block->layer_count; i++)
    block->ports[i].begin[lane] = block->ports[i].span[lane] = 0;
  block->beside &= ~bit;
  k8smi_named_clear(cluster, &block->named, lane);
}

/* One layer more. False: there are too many, or memory ran out. */
static bool blocks_add_layer(const struct k8sm_cluster *c, struct k8smi_block *block) {
  const size_t bytes = block->layer_count * sizeof *block->ports;
  if (block->layer_count == K8SMI_PORT_LAYERS_MAX) return false;
  struct k8smi_port_layer *layers = k8smi_alloc(&c->allocator, bytes + sizeof *layers);
  if (layers == NULL) return false;
  if (bytes > 0) memcpy(layers, block->ports, bytes);
  k8smi_free(&c->allocator, block->ports, bytes);
  memset(&layers[block->layer_count], 0, sizeof *layers);
  block->ports = layers;
  block->port_bounds[block->layer_count++] = blocks_no_ports;
  return true;
}

/* What of the ranges can be asked for: ports from 1 to 65535. They go where the slot has none yet. */
static bool blocks_add_ports(const struct k8sm_cluster *c, struct k8smi_block *block, size_t lane,
                             const struct k8smi_ranges *ranges) {
  uint32_t at = 0;
  for (size_t i = 0; i < ranges->count && ranges->items[i].begin <= UINT16_MAX; i++) {
    const uint64_t begin = ranges->items[i].begin == 0 ? 1 : ranges->items[i].begin;
    const uint64_t end = ranges->items[i].end > UINT16_MAX ? UINT16_MAX : ranges->items[i].end;
    if (begin > end) continue;
    while (at < block->layer_count && block->ports[at].begin[lane] != 0) at++;
    if (at == block->layer_count && !blocks_add_layer(c, block)) return false;
    block->ports[at].begin[lane] = (uint16_t)begin;
    block->ports[at].span[lane] = (uint16_t)(end - begin);
    struct k8smi_port_bounds *bounds = &block->port_bounds[at];
    if (begin < bounds->least) bounds->least = (uint16_t)begin;
    if (end > bounds->most) bounds->most = (uint16_t)end;
  }
  return true;
}

/* Disk that is reserved for the role: a volume can be made of one part of it, or of what is not reserved. */
static bool blocks_add_reserved(const struct k8sm_cluster *c, struct k8smi_block *block, size_t lane,
                                const struct k8smi_resource *r, int64_t milli) {
  if (r->kind != K8SMI_DISK || r->spend != K8SMI_SPEND_RESERVED) return true;
  return k8smi_named_add(c, &block->named, lane, K8SMI_NAMED_RESERVED, r->message, milli) &&
         k8smi_named_add(c, &block->named, lane, K8SMI_NAMED_PART, r->message, milli);
}

/* What pods for its reservation may spend: for these also what is spent already tells that it is there. */
static bool blocks_add_for(const struct k8sm_cluster *c, struct k8smi_block *block, size_t lane,
                           const struct k8smi_resource *r, int64_t milli) {
  const bool labelled = r->spend == K8SMI_SPEND_LABELLED;
  if (!r->wishable) return true;
  if (labelled && r->kind >= K8SMI_PORTS) block->beside |= UINT64_C(1) << lane;
  return k8smi_named_add(c, &block->named, lane, K8SMI_NAMED_FOR_CPUS, r->message,
                         r->kind == K8SMI_CPUS ? milli : 0) &&
         (r->kind != K8SMI_MEM ||
          k8smi_named_add(c, &block->named, lane, K8SMI_NAMED_FOR_MEM, r->message, milli)) &&
         (r->kind != K8SMI_DISK || !labelled ||
          k8smi_named_add(c, &block->named, lane, K8SMI_NAMED_FOR_DISK, r->message, milli));
}

/* Ports, and what has names of its own. */
static bool blocks_add_own(const struct k8sm_cluster *c, struct k8smi_block *block, size_t lane,
                           const struct k8smi_resource *r, const struct k8smi_ranges *ports, int64_t milli) {
  const bool of_disks = r->spend == K8SMI_SPEND_DISK;
  if (of_disks)
    return milli <= 0 || k8smi_named_add(c, &block->named, lane, K8SMI_NAMED_DISK, r->message, milli);
  if (!k8smi_resource_is_free(r)) return true;
  if (r->kind == K8SMI_PORTS) return blocks_add_ports(c, block, lane, ports);
  return r->kind != K8SMI_OTHER || milli <= 0 ||
         k8smi_named_add(c, &block->named, lane, K8SMI_NAMED_SCALAR, r->message, milli);
}

void k8smi_block_add(const struct k8sm_cluster *cluster, uint32_t slot, const struct k8smi_resource *resource,
                     const struct k8smi_ranges *ports, int64_t milli) {
  struct k8smi_block *block = k8smi_block_of(cluster, slot);
  const size_t lane = slot % K8SMI_LANES;
  const uint64_t bit = UINT64_C(1) << lane;
  if (!k8smi_resource_is_noted(resource) || (block->asked & bit) != 0) return;
  block->noted |= bit;
  if (blocks_add_own(cluster, block, lane, resource, ports, milli) &&
      blocks_add_for(cluster, block, lane, resource, milli) &&
      blocks_add_reserved(cluster, block, lane, resource, milli))
    return;
  k8smi_block_clear(cluster, slot);
  block->asked |= bit;
}

void k8smi_block_learn(const struct k8sm_cluster *cluster, uint32_t slot) {
  uint32_t row = k8smi_slot_at(cluster, slot)->first_offer;
  k8smi_block_clear(cluster, slot);
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(cluster, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(cluster, row)->offer;
    for (size_t i = 0; offer->noted && i < offer->resource_count; i++)
      k8smi_block_add(cluster, slot, &offer->resources[i], &offer->resources[i].ranges,
                      offer->resources[i].milli);
  }
}

/* ---- Questions ---- */

uint64_t k8smi_block_with_less_free(const struct k8smi_block *block, int scalar, int32_t least) {
  if (k8smi_block_free_differs(block, scalar, least)) return k8smi_lanes_less(block->free[scalar], least);
  return block->free_bounds[scalar].least >= least ? 0 : UINT64_MAX;
}

uint64_t k8smi_block_with_port(const struct k8smi_block *block, uint16_t port) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < block->layer_count; i++) {
    if (k8smi_block_may_have_port(block, i, port))
      bits |= k8smi_lanes_within(block->ports[i].begin, block->ports[i].span, port);
  }
  return bits;
}

uint64_t k8smi_block_with_ports(const struct k8smi_block *block, size_t count) {
  uint32_t sums[K8SMI_LANES] = {0};
  uint64_t bits = 0;
  for (uint32_t layer = 0; layer < block->layer_count; layer++) {
    const struct k8smi_port_layer *ports = &block->ports[layer];
    for (int i = 0; i < K8SMI_LANES; i++) sums[i] += ports->begin[i] == 0 ? 0 : ports->span[i] + 1u;
  }
  for (int i = 0; i < K8SMI_LANES; i++) bits |= (uint64_t)(sums[i] >= count) << i;
  return bits;
}

uint32_t k8smi_block_name(const struct k8sm_cluster *cluster, struct k8sm_slice name) {
  return k8smi_name_find(cluster, K8SMI_NAMED_SCALAR, name);
}

const int32_t *k8smi_block_amounts(const struct k8smi_block *block, uint32_t name) {
  const uint32_t at = k8smi_named_at(&block->named, name);
  return at < block->named.count ? k8smi_named_amounts(&block->named, at) : NULL;
}

uint64_t k8smi_block_with_less(const struct k8smi_block *block, uint32_t name, int32_t least) {
  const uint32_t at = k8smi_named_at(&block->named, name);
  if (at == block->named.count) return least > 0 ? UINT64_MAX : 0;
  if (block->named.heads[at].most < least) return UINT64_MAX;
  return k8smi_lanes_less(k8smi_named_amounts(&block->named, at), least);
}
