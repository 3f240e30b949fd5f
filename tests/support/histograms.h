/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_HISTOGRAMS_H
#define TESTS_SUPPORT_HISTOGRAMS_H

/* What a refusal counts, beside what every agent says. */

#include "match/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The columns of what the pod asks for. */
static inline bool histogram_offering(struct k8sm_cluster *c, const struct k8smi_need *need,
                                      struct k8smi_offering *ret) {
  struct k8smi_column_key keys[K8SMI_OFFERING_MAX];
  size_t count = 0;
  for (size_t i = 0; i < need->port_count && count < K8SMI_OFFERING_MAX; i++)
    keys[count++] = (struct k8smi_column_key){need->ports[i], {NULL, 0}};
  for (size_t i = 0; i < need->extended_count && count < K8SMI_OFFERING_MAX; i++)
    keys[count++] = (struct k8smi_column_key){0, need->demand->extended[i].mesos};
  return k8smi_columns_make(c, keys, count, ret);
}

static inline struct k8smi_histogram histogram_of(const struct k8smi_match_check *from,
                                                  const struct k8smi_offering *rows) {
  struct k8smi_match_check check = *from;
  struct k8smi_histogram histogram;
  check.offering = rows;
  k8smi_histogram_make(&check, &histogram);
  return histogram;
}

/* The counts of the refusals are what comes out when each agent is asked. */
static inline void check_counts(struct k8sm_cluster *c, struct k8sm_demand *d) {
  uint32_t counts[K8SMI_REASONS] = {0}, slot;
  const struct k8sm_match_options options = {.size = sizeof options};
  struct k8smi_arena arena;
  struct k8smi_need need;
  struct k8smi_offering rows;
  assert_true(k8smi_arena_init(&arena, NULL, 0) && k8smi_need_make(&arena, c, d, &options, &need));
  need.rows &= ~(K8SMI_ROW(K8SMI_BY_SHUNNED) | K8SMI_ROW(K8SMI_BY_EXCLUSIVE)); /* no pod is near */
  struct k8smi_match_check check = {.cluster = c, .need = &need};
  const struct k8smi_order *agents = k8smi_agents_in_order(c);
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
  struct k8smi_histogram histogram = histogram_of(&check, NULL);
  assert_int_equal(histogram.agents, agents->count);
  assert_memory_equal(histogram.counts, counts, sizeof counts);
  if (c->owned == 0 && histogram_offering(c, &need, &rows)) {
    histogram = histogram_of(&check, &rows);
    assert_memory_equal(histogram.counts, counts, sizeof counts);
  }
  k8smi_arena_free(&arena);
}

#endif
