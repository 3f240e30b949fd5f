/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_REFUSALS_H
#define TESTS_SUPPORT_REFUSALS_H

/* Why a pod fits nowhere, as a plan counts it, beside what each agent says when it is asked alone. cmocka
 * comes before. */

#include "support/scene.h"

/* Counts first reasons, agent by agent. Of scalars the first stands for all. The plan is that of a match
 * which has placed nothing. */
static inline void refusals_check(struct scene *s, uint32_t demand) {
  struct k8sm_explain *explain;
  struct k8sm_explanation row;
  struct k8sm_plan_refusal refusal;
  uint32_t agents[1000] = {0}; /* by code */
  assert_int_equal(k8sm_cluster_explain(s->c, s->demands[demand], NULL, &explain, NULL), K8SM_OK);
  size_t known = k8sm_explain_rows(explain, 0, NULL, sizeof row, 0);
  for (size_t i = 0; k8sm_explain_rows(explain, i, &row, sizeof row, 1) > 0; i++) agents[row.code]++;
  k8sm_explain_unref(explain);
  assert_int_equal(scene_summary(s, demand)[0] == '\0', agents[0] > 0);
  if (agents[0] > 0) return;
  uint32_t counted[1000] = {0};
  for (size_t i = 0; k8sm_plan_refusals(s->plan, i, &refusal, sizeof refusal, 1) > 0; i++) {
    if (refusal.demand == demand) counted[refusal.code] = refusal.agents;
  }
  for (uint32_t code = 0; code < 1000; code++) {
    bool later = code == K8SM_DIAG_INSUFFICIENT_MEM || code == K8SM_DIAG_INSUFFICIENT_DISK ||
                 code == K8SM_DIAG_INSUFFICIENT_RESOURCE;
    if (later ? counted[code] < agents[code] : counted[code] != agents[code])
      print_error("pod %u, code %u of %zu agents: %s\n", demand, code, known, scene_summary(s, demand));
    assert_true(later ? counted[code] >= agents[code] : counted[code] == agents[code]);
  }
}

#endif
