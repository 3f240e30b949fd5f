/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for people: a line for each pod, and below it why it has no place, and what would end for it. */
#include "km.h"
#include "match.h"

#include <stdlib.h>

static void print_places(const struct k8sm_plan *plan, struct k8sm_demand *const *demands) {
  struct k8sm_placement row;
  struct k8sm_plan_offer offer;
  size_t at = 0;
  for (uint32_t i = 0; k8sm_plan_placements(plan, i, &row, sizeof row, 1) > 0; i++) {
    char key[600];
    printf("%s goes to %.*s, agent %.*s, role %.*s, with", km_match_pod(demands[row.demand], key, sizeof key),
           (int)row.hostname.len, row.hostname.ptr, (int)row.agent_id.len, row.agent_id.ptr,
           (int)row.role.len, row.role.ptr);
    for (uint32_t k = 0; k < row.offers && k8sm_plan_offers(plan, at, &offer, sizeof offer, 1) > 0; k++, at++)
      printf("%s offer %.*s", k == 0 ? "" : ",", (int)offer.id.len, offer.id.ptr);
    putchar('\n');
  }
}

static void print_reasons(const struct k8sm_explain *explain) {
  struct k8sm_explanation row;
  for (size_t i = 0; explain != NULL && k8sm_explain_rows(explain, i, &row, sizeof row, 1) > 0; i++) {
    printf("  %.*s: %.*s: wanted %.*s, had %.*s\n", (int)row.hostname.len, row.hostname.ptr,
           (int)row.predicate.len, row.predicate.ptr, (int)row.wanted.len, row.wanted.ptr,
           row.had.len == 0 ? 7 : (int)row.had.len, row.had.len == 0 ? "nothing" : row.had.ptr);
  }
  struct k8sm_slice nearest = explain == NULL ? (struct k8sm_slice){NULL, 0} : k8sm_explain_nearest(explain);
  if (nearest.len > 0) printf("  %.*s\n", (int)nearest.len, nearest.ptr);
}

static void print_nomination(const struct k8sm_plan *plan, struct k8sm_demand *const *demands,
                             uint32_t demand) {
  struct k8sm_plan_nomination n;
  for (size_t i = 0; k8sm_plan_nominations(plan, i, &n, sizeof n, 1) > 0; i++) {
    if (n.demand != demand) continue;
    printf("  nominated: %.*s, agent %.*s, where %u pods end for it\n", (int)n.hostname.len, n.hostname.ptr,
           (int)n.agent_id.len, n.agent_id.ptr, n.victims);
    struct k8sm_plan_victim v;
    for (size_t k = 0; k8sm_plan_victims(plan, k, &v, sizeof v, 1) > 0; k++) {
      char why[KM_WHY_CAP];
      if (v.nomination != i) continue;
      printf("    %.*s/%.*s: %s\n", (int)v.name_space.len, v.name_space.ptr, (int)v.name.len, v.name.ptr,
             km_match_why(&v, demands[demand], why));
    }
  }
}

void km_match_print(const struct k8sm_plan *plan, struct k8sm_demand *const *demands, size_t count) {
  print_places(plan, demands);
  for (uint32_t i = 0; i < count; i++) {
    struct k8sm_slice summary = k8sm_plan_summary(plan, i);
    char key[600];
    if (summary.len == 0) continue;
    printf("%s has no place: %.*s\n", km_match_pod(demands[i], key, sizeof key), (int)summary.len,
           summary.ptr);
    print_reasons(k8sm_plan_explain(plan, i));
    print_nomination(plan, demands, i);
  }
}
