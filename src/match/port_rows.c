/* SPDX-License-Identifier: Apache-2.0 */
/* Pods whose fixed ports were asked for in vain before: who offers them is known, and need not be asked. */
#include "cluster/tree.h"
#include "match/match.h"

void k8smi_match_learn_ports(struct k8smi_match *match, const struct k8smi_pool *pool) {
  struct k8smi_port_columns *all = match->cluster->port_columns;
  for (size_t i = 0; all->words != 0 && i < K8SMI_PORT_COLUMNS; i++) {
    struct k8smi_port_column *column = &all->items[i];
    bool offers = false;
    for (size_t p = 0; column->port != 0 && !offers && p < pool->part_count; p++)
      offers = k8smi_port_is_free(pool->parts[p].resource, &pool->parts[p].ports, column->port);
    if (column->port != 0) k8smi_port_column_set(column, pool->slot, offers);
  }
}

/* Resources that name a pod are in no column. */
static bool port_rows_apply(const struct k8smi_match_check *check) {
  return check->need->port_count > 0 && check->need->wish == NULL && check->cluster->owned == 0;
}

void k8smi_match_find_port_rows(struct k8smi_match_check *check, struct k8smi_port_rows *rows) {
  const struct k8smi_need *need = check->need;
  if (port_rows_apply(check) && k8smi_port_columns_find(check->cluster, need->ports, need->port_count, rows))
    check->port_rows = rows;
}

void k8smi_match_make_port_rows(struct k8smi_match *match, struct k8smi_match_check *check,
                                struct k8smi_port_rows *rows) {
  const struct k8smi_need *need = check->need;
  if (check->port_rows != NULL || need->port_is_nowhere || !port_rows_apply(check) ||
      !k8smi_port_columns_make(check->cluster, need->ports, need->port_count, rows)) {
    return;
  }
  for (const struct k8smi_pool *pool = match->pools; pool != NULL; pool = pool->next)
    k8smi_match_learn_ports(match, pool);
  check->port_rows = rows;
}

bool k8smi_port_rows_are_nowhere(const struct k8smi_match_check *check, uint32_t role) {
  const struct k8sm_cluster *c = check->cluster;
  const int64_t *need = check->need->scalars;
  size_t there = k8smi_port_rows_count(check->port_rows);
  if (there > k8smi_role_at(c, role)->slots / 2) return false; /* the tree has fewer to pass over */
  for (size_t word = 0; word < check->port_rows->words; word++) {
    uint64_t bits = k8smi_port_rows_word(check->port_rows, word);
    for (; bits != 0; bits &= bits - 1) {
      const struct k8smi_cluster_slot *slot = k8smi_slot_at(c, word * 64 + (size_t)__builtin_ctzll(bits));
      if (slot->role == role && k8smi_scalars_cover(slot->free, need)) return false;
    }
  }
  return true;
}
