/* SPDX-License-Identifier: Apache-2.0 */
/* How full an agent is. What it has in all is what it offers, to any role, and what our pods hold; or what
 * was stated of its node. */
#include "match/score.h"

enum { USE_PERCENT = 100 };

struct k8smi_use k8smi_use_of(const struct k8sm_cluster *c, const struct k8smi_need *need, uint32_t row) {
  static const int scalars[2] = {K8SMI_CPUS, K8SMI_MEM};
  const struct k8smi_agent *agent = k8smi_agent_at(c, row);
  int64_t offered[2] = {0, 0}, left[2] = {0, 0};
  struct k8smi_use use;
  for (uint32_t s = agent->first_slot; s != K8SMI_ROW_NONE; s = k8smi_slot_at(c, s)->next) {
    const struct k8smi_cluster_slot *slot = k8smi_slot_at(c, s);
    const int64_t *before = slot->pool == NULL ? slot->free : slot->pool->before;
    for (int i = 0; i < 2; i++) {
      offered[i] += before[scalars[i]];
      left[i] += slot->free[scalars[i]];
    }
  }
  for (int i = 0; i < 2; i++) {
    int64_t stated = agent->node == NULL ? 0 : agent->node->size[scalars[i]];
    use.size[i] = stated > 0 ? stated : offered[i] + agent->held[scalars[i]];
    use.used[i] = use.size[i] - left[i] + need->scalars[scalars[i]];
    if (use.used[i] < 0) use.used[i] = 0;
    if (use.used[i] > use.size[i]) use.used[i] = use.size[i];
  }
  return use;
}

/* In percent of a percent, so that balance is not lost in rounding. */
static int64_t use_share(const struct k8smi_use *use, int i) {
  int64_t size = use->size[i], used = use->used[i];
  const int64_t whole = USE_PERCENT * USE_PERCENT;
  if (size <= 0) return 0;
  return used <= INT64_MAX / whole ? used * whole / size : used / (size / whole);
}

int64_t k8smi_use_score(const struct k8smi_use *use, uint32_t strategy) {
  int64_t mean = (use_share(use, 0) + use_share(use, 1)) / (2 * USE_PERCENT);
  switch (strategy) {
  case K8SM_STRATEGY_PACK: return mean;
  case K8SM_STRATEGY_SPREAD: return USE_PERCENT - mean;
  case K8SM_STRATEGY_BALANCED: return k8smi_use_balance(use);
  default: return 0;
  }
}

/* Evenness decides; of what is as even, less that is left. */
int64_t k8smi_use_waste(const struct k8smi_use *use) {
  int64_t cpus = use_share(use, 0), mem = use_share(use, 1), distance = cpus < mem ? mem - cpus : cpus - mem;
  return distance * USE_PERCENT - cpus - mem;
}

/* The standard deviation of two shares is half of their distance. */
int64_t k8smi_use_balance(const struct k8smi_use *use) {
  int64_t distance = use_share(use, 0) - use_share(use, 1);
  return USE_PERCENT - (distance < 0 ? -distance : distance) / (2 * USE_PERCENT);
}
