/* SPDX-License-Identifier: Apache-2.0 */
/* Pods whose fixed ports or extended resources were asked for in vain before: who offers them is known, and
 * need not be asked. */
#include "cluster/tree.h"
#include "match/match.h"

void k8smi_match_learn(struct k8smi_match *match, const struct k8smi_pool *pool) {
  struct k8smi_columns *all = match->cluster->columns;
  for (size_t i = 0; all->words != 0 && i < K8SMI_COLUMNS; i++) {
    struct k8smi_column *column = &all->items[i];
    int64_t amount = 0;
    if (!k8smi_column_used(column)) continue;
    for (size_t p = 0; p < pool->part_count; p++) {
      const struct k8smi_part *part = &pool->parts[p];
      amount = k8smi_column_add(amount,
                                k8smi_column_amount(&column->key, part->resource, &part->ports, part->left));
    }
    k8smi_column_set(column, pool->slot, amount);
  }
}

/* What the pod asks for that has columns. Returns how many; 0: none, too many, or it has other means:
 * resources that name a pod are in no column, nor is what a reservation has. */
static size_t offering_keys(const struct k8smi_match_check *check, struct k8smi_column_key *keys) {
  const struct k8smi_need *need = check->need;
  size_t count = 0;
  if (need->port_count + need->extended_count > K8SMI_OFFERING_MAX || need->wish != NULL ||
      check->cluster->owned > 0)
    return 0;
  for (size_t i = 0; i < need->port_count; i++)
    keys[count++] = (struct k8smi_column_key){need->ports[i], {NULL, 0}};
  for (size_t i = 0; i < need->extended_count; i++)
    keys[count++] = (struct k8smi_column_key){0, need->demand->extended[i].mesos};
  return count;
}

void k8smi_match_find_offering(struct k8smi_match_check *check, struct k8smi_offering *offering) {
  struct k8smi_column_key keys[K8SMI_OFFERING_MAX];
  size_t count = offering_keys(check, keys);
  if (k8smi_columns_find(check->cluster, keys, count, offering)) check->offering = offering;
}

void k8smi_match_make_offering(struct k8smi_match *match, struct k8smi_match_check *check,
                               struct k8smi_offering *offering) {
  struct k8smi_column_key keys[K8SMI_OFFERING_MAX];
  size_t count = offering_keys(check, keys);
  if (check->offering != NULL || check->need->port_is_nowhere ||
      !k8smi_columns_make(check->cluster, keys, count, offering)) {
    return;
  }
  for (const struct k8smi_pool *pool = match->pools; pool != NULL; pool = pool->next)
    k8smi_match_learn(match, pool);
  check->offering = offering;
}

/* The columns of extended resources are behind those of ports. */
bool k8smi_offering_suffices(const struct k8smi_match_check *check, uint32_t slot) {
  const struct k8smi_need *need = check->need;
  if (!k8smi_offering_has(check->offering, slot)) return false;
  for (size_t i = 0; i < need->extended_count; i++) {
    if (check->offering->milli[need->port_count + i][slot] < need->demand->extended[i].milli) return false;
  }
  return true;
}

bool k8smi_offering_is_nowhere(const struct k8smi_match_check *check, uint32_t role) {
  const struct k8sm_cluster *c = check->cluster;
  const bool few = k8smi_offering_count(check->offering) <= k8smi_role_at(c, role)->slots / 2;
  if (!few && check->need->extended_count == 0) return false; /* the tree has fewer to pass over */
  for (size_t word = 0; word < check->offering->words; word++) {
    uint64_t bits = k8smi_offering_word(check->offering, word);
    for (; bits != 0; bits &= bits - 1) {
      const uint32_t row = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(bits));
      if (!k8smi_offering_suffices(check, row)) continue;
      const struct k8smi_cluster_slot *slot = k8smi_slot_at(c, row);
      if (slot->role == role && k8smi_scalars_cover(slot->free, check->need->scalars)) return false;
    }
  }
  return true;
}
