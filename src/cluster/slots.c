/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/slots.h"
#include "base/findings.h"
#include "cluster/blocks.h"
#include "cluster/id_keys.h"
#include "cluster/tree.h"

/* All offers of a slot together hold no more of a scalar: their sum, and the room, stay far from
 * where 64 bits end. */
#define SLOT_SCALAR_MAX INT64_C(1000000000000000000)

uint32_t k8smi_slot_find(const struct k8sm_cluster *cluster, uint32_t agent, struct k8sm_slice role) {
  uint32_t row = k8smi_agent_at(cluster, agent)->first_slot;
  while (row != K8SMI_ROW_NONE) {
    const struct k8smi_cluster_slot *slot = k8smi_slot_at(cluster, row);
    if (k8smi_eq(k8smi_role_at(cluster, slot->role)->name, role)) break;
    row = slot->next;
  }
  return row;
}

/* Has the offer a port that this part has, too? */
static bool slots_have_port(const struct k8smi_offer *offer, const struct k8smi_resource *part,
                            uint64_t *ret) {
  for (size_t i = 0; offer->ports && i < offer->resource_count; i++) {
    const struct k8smi_resource *other = &offer->resources[i];
    if (other != part && other->kind == K8SMI_PORTS && k8smi_ranges_meet(&other->ranges, &part->ranges, ret))
      return true;
  }
  return false;
}

/* The offer held of the agent that has a port of this part, too; NULL: none has. */
static const struct k8smi_offer *slots_other(const struct k8sm_cluster *c, uint32_t agent,
                                             const struct k8smi_resource *part, uint64_t *ret_port) {
  for (uint32_t s = k8smi_agent_at(c, agent)->first_slot; s != K8SMI_ROW_NONE;
       s = k8smi_slot_at(c, s)->next) {
    for (uint32_t h = k8smi_slot_at(c, s)->first_offer; h != K8SMI_ROW_NONE; h = k8smi_held_at(c, h)->next)
      if (slots_have_port(k8smi_held_at(c, h)->offer, part, ret_port)) return k8smi_held_at(c, h)->offer;
  }
  return NULL;
}

/* An offer that is to be held, and where it stands. */
struct slots_job {
  const struct k8sm_cluster *cluster;
  uint32_t agent;
  const struct k8smi_offer *offer;
  const struct k8smi_path *path;
  struct k8sm_diags *diags;
};

/* A port that is offered twice, to whatever roles: it could be spent twice. */
static bool slots_repeat_port(const struct slots_job *job) {
  const struct k8smi_offer *offer = job->offer;
  const struct k8smi_path list = k8smi_path_field(job->path, K8SMI_S("resources"));
  uint64_t port;
  for (size_t i = 0; offer->ports && i < offer->resource_count; i++) {
    const struct k8smi_resource *part = &offer->resources[i];
    if (part->kind != K8SMI_PORTS) continue;
    const struct k8smi_offer *other =
        slots_have_port(offer, part, &port) ? offer : slots_other(job->cluster, job->agent, part, &port);
    if (other == NULL) continue;
    const struct k8smi_path at = k8smi_path_index(&list, i);
    k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, &at,
               "the port %llu of the agent %.*s is offered twice, also by the offer %.*s to the role %.*s: "
               "the offer %.*s is left out",
               (unsigned long long)port, K8SMI_P(offer->agent_id), K8SMI_P(other->id), K8SMI_P(other->role),
               K8SMI_P(offer->id));
    return true;
  }
  return false;
}

static bool slots_lack_role(const struct slots_job *job) {
  const unsigned roles = k8smi_agent_at(job->cluster, job->agent)->slots;
  if (roles < K8SMI_AGENT_ROLES_MAX) return false;
  k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, job->path,
             "the agent %.*s is offered to %u roles, and now to %.*s: expected %d at most: the offer %.*s is "
             "left out",
             K8SMI_P(job->offer->agent_id), roles, K8SMI_P(job->offer->role), K8SMI_AGENT_ROLES_MAX,
             K8SMI_P(job->offer->id));
  return true;
}

static bool slots_overflow(const struct slots_job *job, const struct k8smi_cluster_slot *slot) {
  static const char *const names[K8SMI_SCALARS] = {
      [K8SMI_CPUS] = "cpus", [K8SMI_MEM] = "mem", [K8SMI_DISK] = "disk"};
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    if (slot->free[s] <= SLOT_SCALAR_MAX - job->offer->free[s]) continue;
    k8smi_find(job->diags, K8SM_DIAG_OFFER_INVALID, job->path,
               "with what the agent %.*s offers already it has more %s than any machine: the offer %.*s is "
               "left out",
               K8SMI_P(job->offer->agent_id), names[s], K8SMI_P(job->offer->id));
    return true;
  }
  return false;
}

bool k8smi_slot_refuses(const struct k8sm_cluster *cluster, uint32_t agent, const struct k8smi_offer *offer,
                        const struct k8smi_path *path, struct k8sm_diags *diags) {
  const struct slots_job job = {cluster, agent, offer, path, diags};
  if (slots_repeat_port(&job)) return true;
  uint32_t row = k8smi_slot_find(cluster, agent, offer->role);
  return row == K8SMI_ROW_NONE ? slots_lack_role(&job) : slots_overflow(&job, k8smi_slot_at(cluster, row));
}

static uint32_t slots_role(struct k8sm_cluster *cluster, struct k8sm_slice name) {
  uint32_t row = k8smi_map_get(&cluster->role_map, name);
  struct k8sm_slice own;
  if (row != K8SMI_MAP_NONE) return row;
  if (!k8smi_text_own(&cluster->allocator, name, &own)) return K8SMI_ROW_NONE;
  row = k8smi_table_take(&cluster->roles);
  if (!k8smi_map_put(&cluster->role_map, own, row)) {
    k8smi_table_give(&cluster->roles, row);
    k8smi_text_free(&cluster->allocator, own);
    return K8SMI_ROW_NONE;
  }
  k8smi_role_at(cluster, row)->name = own;
  k8smi_role_at(cluster, row)->root = K8SMI_ROW_NONE;
  return row;
}

static uint32_t slots_new(struct k8sm_cluster *cluster, uint32_t agent_row, struct k8sm_slice role) {
  uint32_t role_row = slots_role(cluster, role);
  if (role_row == K8SMI_ROW_NONE) return K8SMI_ROW_NONE;
  uint32_t row = k8smi_table_take(&cluster->slots);
  struct k8smi_cluster_slot *slot = k8smi_slot_at(cluster, row);
  struct k8smi_agent *agent = k8smi_agent_at(cluster, agent_row);
  slot->agent = agent_row;
  slot->role = role_row;
  slot->id_key = k8smi_id_key(cluster, agent->id);
  slot->first_offer = slot->previous = K8SMI_ROW_NONE;
  slot->next = agent->first_slot;
  if (slot->next != K8SMI_ROW_NONE) k8smi_slot_at(cluster, slot->next)->previous = row;
  if (agent->first_slot == K8SMI_ROW_NONE) cluster->offering++;
  agent->first_slot = row;
  if (++agent->slots == 2) cluster->several++;
  k8smi_role_at(cluster, role_row)->slots++;
  k8smi_block_begin(cluster, row);
  return row;
}

static void slots_end(struct k8sm_cluster *cluster, uint32_t row) {
  const struct k8smi_cluster_slot *slot = k8smi_slot_at(cluster, row);
  struct k8smi_agent *agent = k8smi_agent_at(cluster, slot->agent);
  struct k8smi_role *role = k8smi_role_at(cluster, slot->role);
  if (slot->next != K8SMI_ROW_NONE) k8smi_slot_at(cluster, slot->next)->previous = slot->previous;
  if (slot->previous != K8SMI_ROW_NONE) {
    k8smi_slot_at(cluster, slot->previous)->next = slot->next;
  } else {
    agent->first_slot = slot->next;
  }
  if (--agent->slots == 1) cluster->several--;
  if (agent->first_slot == K8SMI_ROW_NONE) cluster->offering--;
  if (--role->slots == 0) {
    k8smi_map_remove(&cluster->role_map, role->name);
    k8smi_text_free(&cluster->allocator, role->name);
    k8smi_table_give(&cluster->roles, slot->role);
  }
  k8smi_block_end(cluster, row);
  k8smi_table_give(&cluster->slots, row);
}

/* Adds what the offer has to the slot's sums, or takes it off. */
static void slots_count(struct k8sm_cluster *cluster, struct k8smi_cluster_slot *slot,
                        const struct k8smi_offer *offer, bool in) {
  for (int s = 0; s < K8SMI_SCALARS; s++) slot->free[s] += in ? offer->free[s] : -offer->free[s];
  uint32_t one = in ? 1 : UINT32_MAX; /* -1, modulo 2^32 */
  slot->offers += one;
  k8smi_agent_at(cluster, slot->agent)->offers += one;
  if (offer->owned) slot->owned += one;
  if (offer->owned) cluster->owned = in ? cluster->owned + 1 : cluster->owned - 1;
  if (offer->stranded) cluster->stranded = in ? cluster->stranded + 1 : cluster->stranded - 1;
  if (offer->ports) slot->ports += one;
}

/* What the caller took counts as in use on the agent, as long as the offer is held. */
static void slots_count_taken(struct k8sm_cluster *cluster, uint32_t agent, const struct k8smi_held *held,
                              bool in) {
  for (int s = 0; held->rest != NULL && s < K8SMI_SCALARS; s++) {
    int64_t taken = held->rest->whole->free[s] - held->offer->free[s];
    k8smi_agent_at(cluster, agent)->held[s] += in ? taken : -taken;
  }
}

void k8smi_slot_set_rest(struct k8sm_cluster *cluster, uint32_t held_row, struct k8smi_rest *rest) {
  struct k8smi_held *held = k8smi_held_at(cluster, held_row);
  struct k8smi_cluster_slot *slot = k8smi_slot_at(cluster, held->slot);
  struct k8smi_rest *before = held->rest;
  k8smi_tree_remove(cluster, held->slot);
  slots_count(cluster, slot, held->offer, false);
  slots_count_taken(cluster, slot->agent, held, false);
  held->offer = rest != NULL ? &rest->offer : before == NULL ? held->offer : before->whole;
  held->rest = rest;
  slots_count(cluster, slot, held->offer, true);
  slots_count_taken(cluster, slot->agent, held, true);
  k8smi_tree_insert(cluster, held->slot);
  k8smi_block_learn(cluster, held->slot);
  k8smi_rest_free(before);
}

bool k8smi_slot_add(struct k8sm_cluster *cluster, uint32_t agent, uint32_t held_row) {
  struct k8smi_held *held = k8smi_held_at(cluster, held_row);
  if (!k8smi_ports_see(cluster, held->offer)) return false;
  uint32_t row = k8smi_slot_find(cluster, agent, held->offer->role);
  if (row != K8SMI_ROW_NONE) {
    k8smi_tree_remove(cluster, row);
  } else {
    row = slots_new(cluster, agent, held->offer->role);
    if (row == K8SMI_ROW_NONE) return false;
  }
  struct k8smi_cluster_slot *slot = k8smi_slot_at(cluster, row);
  held->slot = row;
  held->previous = K8SMI_ROW_NONE;
  held->next = slot->first_offer;
  if (held->next != K8SMI_ROW_NONE) k8smi_held_at(cluster, held->next)->previous = held_row;
  slot->first_offer = held_row;
  slots_count(cluster, slot, held->offer, true);
  k8smi_tree_insert(cluster, row);
  if (held->offer->noted) k8smi_block_learn(cluster, row);
  return true;
}

void k8smi_slot_remove(struct k8sm_cluster *cluster, uint32_t held_row) {
  const struct k8smi_held *held = k8smi_held_at(cluster, held_row);
  struct k8smi_cluster_slot *slot = k8smi_slot_at(cluster, held->slot);
  k8smi_tree_remove(cluster, held->slot);
  if (held->next != K8SMI_ROW_NONE) k8smi_held_at(cluster, held->next)->previous = held->previous;
  if (held->previous != K8SMI_ROW_NONE) {
    k8smi_held_at(cluster, held->previous)->next = held->next;
  } else {
    slot->first_offer = held->next;
  }
  slots_count(cluster, slot, held->offer, false);
  slots_count_taken(cluster, slot->agent, held, false);
  if (held->offer->noted) k8smi_block_learn(cluster, held->slot);
  if (slot->offers == 0) {
    slots_end(cluster, held->slot);
  } else {
    k8smi_tree_insert(cluster, held->slot);
  }
}
