/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_HISTOGRAMS_H
#define TESTS_SUPPORT_HISTOGRAMS_H

/* What a refusal counts, beside what every agent says. */

#include "match/scan.h"
#include "match/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Blocks find nothing for a role where its slots, asked for what they offer, all refuse; and else something.
 */
static inline void check_scan(const struct k8sm_cluster *c, const struct k8smi_match_check *from) {
  struct k8smi_match_check check = *from;
  struct k8smi_need need = *from->need;
  need.rows &= K8SMI_ROW(K8SMI_BY_PORTS) | K8SMI_ROWS_SCALARS;
  check.need = &need;
  if (!k8smi_scan_can(&check)) return;
  for (size_t i = 0; i < need.demand->roles.count; i++) {
    const uint32_t role = k8smi_map_get(&c->role_map, need.demand->roles.items[i]);
    bool none = true;
    for (uint32_t row = 0; role != K8SMI_MAP_NONE && row < c->slots.high; row++) {
      if (!k8smi_table_used(&c->slots, row) || k8smi_slot_at(c, row)->role != role) continue;
      check.agent_row = k8smi_slot_at(c, row)->agent;
      none = none && k8smi_check_slot(&check, row) != 0;
    }
    assert_int_equal(k8smi_scan_finds_none(&check, i), none);
  }
}

/* The counts of the refusals are what comes out when each agent is asked. */
static inline void check_counts(struct k8sm_cluster *c, struct k8sm_demand *d) {
  uint32_t counts[K8SMI_REASONS] = {0}, slot;
  const struct k8sm_match_options options = {.size = sizeof options};
  struct k8smi_arena arena;
  struct k8smi_need need;
  assert_true(k8smi_arena_init(&arena, NULL, 0) && k8smi_need_make(&arena, c, d, &options, &need));
  need.rows &= ~(K8SMI_ROW(K8SMI_BY_SHUNNED) | K8SMI_ROW(K8SMI_BY_EXCLUSIVE)); /* no pod is near */
  struct k8smi_match_check check = {.cluster = c, .need = &need};
  const struct k8smi_order *agents = k8smi_agents_in_order(c);
  check_scan(c, &check);
  bool fits = false;
  for (size_t i = 0; i < agents->count; i++) {
    uint64_t refused = k8smi_check_all(&check, agents->rows[i], &slot);
    fits = fits || refused == 0;
    for (int p = 0; p < K8SMI_REASONS; p++) counts[p] += refused >> p & 1;
  }
  if (fits &&
      d->roles.count > 1) { /* what the first role refuses counts where no other fits: nobody asks here */
    k8smi_arena_free(&arena);
    return;
  }
  struct k8smi_histogram histogram;
  k8smi_histogram_make(&check, &histogram);
  assert_int_equal(histogram.agents, agents->count);
  assert_memory_equal(histogram.counts, counts, sizeof counts);
  k8smi_arena_free(&arena);
}

#endif
