/* SPDX-License-Identifier: Apache-2.0 */
/* Which of two slots comes first where a pod fits in both. */
#include "cluster/id_keys.h"
#include "match/match.h"
#include "match/ports.h"

/* How many ranges of ports would be left. Kept for the slot that was asked about last: the best one so far is
 * asked about again and again. */
static uint32_t ties_ranges(struct k8smi_match *match, const struct k8smi_match_check *check, uint32_t slot) {
  struct k8smi_arena_mark mark = k8smi_arena_mark(&match->scratch);
  struct k8smi_port_parts parts;
  uint32_t ranges = 0;
  if (slot == match->ranges_of) return match->ranges;
  if (!k8smi_port_parts_of(&match->scratch, match->cluster, slot, check->need, &parts) ||
      !k8smi_ports_choose(&match->scratch, &parts, check->need, NULL, &ranges)) {
    match->no_memory = true;
  }
  k8smi_arena_rewind(&match->scratch, mark);
  return ranges;
}

bool k8smi_slot_ties(const struct k8smi_match *match, uint32_t a, uint32_t b) {
  const struct k8smi_cluster_slot *x = k8smi_slot_at(match->cluster, a),
                                  *y = k8smi_slot_at(match->cluster, b);
  return x->key == y->key && x->offers == y->offers;
}

static bool ties_before(struct k8smi_match *match, const struct k8smi_match_check *check, uint32_t a,
                        uint32_t b) {
  const struct k8sm_cluster *c = match->cluster;
  bool by_id = k8smi_id_before(c, k8smi_slot_at(c, a), k8smi_slot_at(c, b));
  if (check->need->port_count + check->need->any_ports == 0) return by_id;
  uint32_t of_a = ties_ranges(match, check, a), of_b = ties_ranges(match, check, b);
  bool before = of_a != of_b ? of_a < of_b : by_id;
  match->ranges_of = before ? a : b;
  match->ranges = before ? of_a : of_b;
  return before;
}

bool k8smi_slot_before(struct k8smi_match *match, const struct k8smi_match_check *check, uint32_t a,
                       uint32_t b) {
  const struct k8sm_cluster *c = match->cluster;
  const struct k8smi_cluster_slot *x = k8smi_slot_at(c, a), *y = k8smi_slot_at(c, b);
  if (match->options.strategy == K8SM_STRATEGY_FIRST_FIT) return k8smi_id_before(c, x, y);
  if (x->key != y->key) return (x->key < y->key) == (match->options.strategy != K8SM_STRATEGY_SPREAD);
  return x->offers != y->offers ? x->offers < y->offers : ties_before(match, check, a, b);
}
