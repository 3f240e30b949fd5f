/* SPDX-License-Identifier: Apache-2.0 */
/* What the predicates, and the texts about them, look up. */
#include "cluster/volumes.h"
#include "match/holds.h"
#include "match/predicates.h"

const struct k8smi_pair *k8smi_selector_mismatch(const struct k8smi_match_check *check) {
  const struct k8smi_pair_list selector = check->need->demand->node_selector;
  for (size_t i = 0; i < selector.count; i++) {
    struct k8sm_slice value = k8smi_agent_label(check->agent, selector.items[i].key);
    if (value.ptr == NULL || !k8smi_eq(value, selector.items[i].value)) return &selector.items[i];
  }
  return NULL;
}

/* The name of a node is its hostname; we take the agent's id as well. */
static bool look_field_holds(const struct k8smi_agent *agent, const struct k8smi_expression *e) {
  bool host = k8smi_expression_holds(e, k8smi_hostname(agent->labels)),
       id = k8smi_expression_holds(e, agent->id);
  if (!k8smi_eqs(e->key, "metadata.name")) return false;
  return e->op == K8SMI_OP_NOT_IN ? host && id : host || id;
}

const struct k8smi_expression *k8smi_node_term_mismatch(const struct k8smi_agent *agent,
                                                        const struct k8smi_node_term *term) {
  for (size_t i = 0; i < term->fields.count; i++) {
    if (!look_field_holds(agent, &term->fields.items[i])) return &term->fields.items[i];
  }
  for (size_t i = 0; i < term->labels.count; i++) {
    const struct k8smi_expression *e = &term->labels.items[i];
    if (!k8smi_expression_holds(e, k8smi_agent_label(agent, e->key))) return e;
  }
  return NULL;
}

bool k8smi_node_affinity_holds(const struct k8smi_agent *agent, const struct k8smi_placement_rules *rules) {
  bool holds = !rules->selects_nodes;
  for (size_t i = 0; !holds && i < rules->nodes.count; i++) {
    holds = k8smi_node_term_mismatch(agent, &rules->nodes.items[i]) == NULL;
  }
  return holds;
}

const struct k8smi_taint *k8smi_untolerated_taint(const struct k8smi_agent *agent,
                                                  const struct k8smi_placement_rules *rules) {
  const struct k8smi_taint *taint;
  for (size_t i = 0; (taint = k8smi_agent_taint(agent, i)) != NULL; i++) {
    if (taint->effect != K8SMI_EFFECT_PREFER && !k8smi_tolerates(rules->tolerations, taint)) return taint;
  }
  return NULL;
}

const struct k8smi_demand_volume *k8smi_volume_elsewhere(const struct k8smi_match_check *check) {
  const struct k8smi_need *need = check->need;
  for (uint64_t left = need->volumes_known; left != 0; left &= left - 1) {
    const struct k8smi_demand_volume *volume = &need->demand->volumes[__builtin_ctzll(left)];
    if (k8smi_volume_agent(check->cluster, volume->row.id) != check->agent_row) return volume;
  }
  return NULL;
}

bool k8smi_slot_has_volume(const struct k8smi_match_check *check, struct k8sm_slice id) {
  if (check->slot == NULL) return false;
  if (check->slot->pool != NULL) return k8smi_pool_find_volume(check->slot->pool, id) != NULL;
  uint32_t row = check->slot->first_offer;
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(check->cluster, row)->next) {
    if (k8smi_offer_has_volume(k8smi_held_at(check->cluster, row)->offer, id)) return true;
  }
  return false;
}

struct look_disk {
  int64_t unreserved, reserved; /* in all; the largest part */
};

static void look_add_disk(struct look_disk *to, const struct k8smi_resource *r, int64_t left) {
  if (r->kind != K8SMI_DISK) return;
  if (r->spend == K8SMI_SPEND_UNRESERVED) to->unreserved += left;
  if (r->spend == K8SMI_SPEND_RESERVED && left > to->reserved) to->reserved = left;
}

static struct look_disk look_disks(const struct k8smi_match_check *check) {
  struct look_disk disk = {0, 0};
  const struct k8smi_pool *pool = check->slot->pool;
  for (size_t i = 0; pool != NULL && i < pool->part_count; i++)
    look_add_disk(&disk, pool->parts[i].resource, pool->parts[i].left);
  uint32_t row = pool == NULL ? check->slot->first_offer : K8SMI_ROW_NONE;
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(check->cluster, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(check->cluster, row)->offer;
    for (size_t i = 0; i < offer->resource_count; i++)
      look_add_disk(&disk, &offer->resources[i], offer->resources[i].milli);
  }
  return disk;
}

/* The volumes to be made don't fit in disk of one kind: what is not reserved, or one part that is reserved.
 * Returns the first of them. */
static const struct k8smi_demand_volume *look_mixed(const struct k8smi_match_check *check) {
  const struct k8smi_need *need = check->need;
  const struct k8smi_demand_volume *first = NULL;
  int64_t wanted = 0;
  if (check->slot == NULL || k8smi_slot_has(check, K8SMI_DISK) < need->scalars[K8SMI_DISK])
    return NULL; /* said of disk */
  for (size_t i = 0; i < need->demand->volume_count; i++) {
    const struct k8smi_demand_volume *volume = &need->demand->volumes[i];
    bool known = i < 64 && (need->volumes_known >> i & 1) != 0;
    if (known || volume->disk != NULL || k8smi_slot_has_volume(check, volume->row.id)) continue;
    if (first == NULL) first = volume;
    wanted = wanted > INT64_MAX - volume->row.milli ? INT64_MAX : wanted + volume->row.milli;
  }
  if (wanted == 0) return NULL;
  struct look_disk disk = look_disks(check);
  return disk.unreserved < wanted && disk.reserved < wanted ? first : NULL;
}

const struct k8smi_demand_volume *k8smi_volume_not_offered(const struct k8smi_match_check *check) {
  const struct k8smi_need *need = check->need;
  for (uint64_t left = need->volumes_known; left != 0; left &= left - 1) {
    const struct k8smi_demand_volume *volume = &need->demand->volumes[__builtin_ctzll(left)];
    if (!k8smi_slot_has_volume(check, volume->row.id)) return volume;
  }
  return look_mixed(check);
}

static bool look_offer_has_port(const struct k8smi_offer *offer, const struct k8smi_need *need,
                                uint16_t port) {
  for (size_t i = 0; offer->ports && i < offer->resource_count; i++) {
    const struct k8smi_resource *r = &offer->resources[i];
    if (r->kind == K8SMI_PORTS && k8smi_need_may_spend(need, r) &&
        k8smi_ranges_find(&r->ranges, port) < r->ranges.count) {
      return true;
    }
  }
  return false;
}

bool k8smi_slot_has_port(const struct k8smi_match_check *check, uint16_t port) {
  const struct k8smi_need *need = check->need;
  if (check->slot->pool != NULL) return k8smi_pool_find_port(check->slot->pool, need, port) != NULL;
  uint32_t row = check->slot->ports == 0 ? K8SMI_ROW_NONE : check->slot->first_offer;
  for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(check->cluster, row)->next) {
    if (look_offer_has_port(k8smi_held_at(check->cluster, row)->offer, need, port)) return true;
  }
  return false;
}

uint16_t k8smi_missing_port(const struct k8smi_match_check *check) {
  for (size_t i = 0; i < check->need->port_count; i++) {
    uint16_t port = check->need->ports[i];
    if (k8smi_holds_port(check->holds, check->agent_row, port) || !k8smi_slot_has_port(check, port))
      return port;
  }
  return 0;
}

static size_t look_range_ports(const struct k8smi_ranges *ranges) {
  uint64_t count = 0;
  for (size_t i = 0; i < ranges->count && ranges->items[i].begin <= UINT16_MAX; i++) {
    uint64_t begin = ranges->items[i].begin == 0 ? 1 : ranges->items[i].begin;
    uint64_t end = ranges->items[i].end > UINT16_MAX ? UINT16_MAX : ranges->items[i].end;
    if (begin <= end) count += end - begin + 1;
  }
  return (size_t)count;
}

size_t k8smi_slot_ports(const struct k8smi_match_check *check) {
  const struct k8smi_need *need = check->need;
  const struct k8smi_pool *pool = check->slot->pool;
  size_t count = 0;
  for (size_t i = 0; pool != NULL && i < pool->part_count; i++) {
    const struct k8smi_part *part = &pool->parts[i];
    if (part->resource->kind == K8SMI_PORTS && k8smi_need_may_spend(need, part->resource)) {
      count += look_range_ports(&part->ports);
    }
  }
  if (pool != NULL) return count;
  for (uint32_t row = check->slot->first_offer; row != K8SMI_ROW_NONE;
       row = k8smi_held_at(check->cluster, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(check->cluster, row)->offer;
    for (size_t i = 0; offer->ports && i < offer->resource_count; i++) {
      const struct k8smi_resource *r = &offer->resources[i];
      if (r->kind == K8SMI_PORTS && k8smi_need_may_spend(need, r)) count += look_range_ports(&r->ranges);
    }
  }
  return count;
}

/* Sums that would not fit stay at the end. */
static void look_add(int64_t *sum, int64_t milli) {
  *sum = *sum > INT64_MAX - milli ? INT64_MAX : *sum + milli;
}

/* What the column does not have of a resource: what names the pod; or with a wish all that it may spend. */
static bool look_beside(const struct k8smi_match_check *check, const struct k8smi_resource *r,
                        uint32_t scalar) {
  return r->kind == scalar && (r->spend == K8SMI_SPEND_OWNED || check->need->wish != NULL) &&
         k8smi_need_may_spend(check->need, r);
}

int64_t k8smi_slot_has(const struct k8smi_match_check *check, uint32_t scalar) {
  const struct k8smi_pool *pool = check->slot->pool;
  const bool wish = check->need->wish != NULL;
  int64_t sum = wish ? 0 : check->slot->free[scalar];
  for (size_t i = 0; pool != NULL && i < pool->part_count; i++) {
    if (look_beside(check, pool->parts[i].resource, scalar)) look_add(&sum, pool->parts[i].left);
  }
  if (pool != NULL || (check->slot->owned == 0 && !wish)) return sum;
  for (uint32_t row = check->slot->first_offer; row != K8SMI_ROW_NONE;
       row = k8smi_held_at(check->cluster, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(check->cluster, row)->offer;
    for (size_t i = 0; (offer->owned || wish) && i < offer->resource_count; i++) {
      if (look_beside(check, &offer->resources[i], scalar)) look_add(&sum, offer->resources[i].milli);
    }
  }
  return sum;
}

static bool look_is_extended(const struct k8smi_match_check *check, const struct k8smi_resource *r,
                             struct k8sm_slice name) {
  return r->kind == K8SMI_OTHER && k8smi_need_may_spend(check->need, r) && k8smi_eqs(name, r->message->name);
}

int64_t k8smi_slot_has_extended(const struct k8smi_match_check *check, struct k8sm_slice name) {
  const struct k8smi_pool *pool = check->slot->pool;
  int64_t sum = -k8smi_holds_extended(check->holds, check->agent_row, name);
  for (size_t i = 0; pool != NULL && i < pool->part_count; i++) {
    if (look_is_extended(check, pool->parts[i].resource, name)) sum += pool->parts[i].left;
  }
  if (pool != NULL) return sum;
  for (uint32_t row = check->slot->first_offer; row != K8SMI_ROW_NONE;
       row = k8smi_held_at(check->cluster, row)->next) {
    const struct k8smi_offer *offer = k8smi_held_at(check->cluster, row)->offer;
    for (size_t i = 0; offer->extended && i < offer->resource_count; i++) {
      if (look_is_extended(check, &offer->resources[i], name)) sum += offer->resources[i].milli;
    }
  }
  return sum;
}
