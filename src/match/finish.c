/* SPDX-License-Identifier: Apache-2.0 */
#include "match/match.h"
#include "base/sort.h"

/* The ids of the offers that a pool's pods spend from, by id. */
static bool finish_ids(struct k8smi_match *match, struct k8smi_pool *pool) {
  size_t count = 0;
  for (size_t i = 0; i < pool->offer_count; i++) count += pool->offers[i].open;
  struct k8sm_slice *ids = k8smi_arena_array(&match->plan->arena, count, sizeof *ids);
  if (ids == NULL) return false;
  pool->open_ids.items = ids;
  for (size_t i = 0; i < pool->offer_count; i++) {
    if (pool->offers[i].open) ids[pool->open_ids.count++] = pool->offers[i].offer->id;
  }
  return true;
}

/* Placements come one behind the other, and with them their pools. */
static void finish_close_ranks(struct k8smi_match *match) {
  struct k8sm_plan *plan = match->plan;
  for (size_t i = 0; i < plan->demand_count; i++) {
    if (match->pool_of[i] == NULL) continue;
    match->pool_of[plan->placement_count] = match->pool_of[i];
    plan->placements[plan->placement_count++] = plan->placements[i];
  }
}

/* The plan keeps what its ids and resources are parts of. */
static bool finish_offers(struct k8smi_match *match) {
  struct k8sm_plan *plan = match->plan;
  size_t count = 0;
  for (struct k8smi_pool *pool = match->pools; pool != NULL; pool = pool->next) {
    if (!finish_ids(match, pool)) return false;
    count += pool->open_ids.count;
  }
  plan->sources = k8smi_arena_array(&plan->arena, count, sizeof(struct k8sm_offers *));
  if (plan->sources == NULL) return false;
  for (struct k8smi_pool *pool = match->pools; pool != NULL; pool = pool->next) {
    for (size_t i = 0; i < pool->offer_count; i++) {
      if (pool->offers[i].open) plan->sources[plan->source_count++] = k8sm_offers_ref(pool->offers[i].owner);
    }
  }
  for (size_t i = 0; i < plan->placement_count; i++)
    plan->placements[i].offer_ids = match->pool_of[i]->open_ids;
  return true;
}

static int finish_refusal_order(const void *a, const void *b, const void *ctx) {
  const struct k8sm_plan_refusal *x = a, *y = b;
  (void)ctx;
  if (x->agents != y->agents) return x->agents > y->agents ? -1 : 1;
  return (x->code > y->code) - (x->code < y->code);
}

static void finish_refusal(struct k8sm_plan *plan, const struct k8smi_refused *refused) {
  struct k8sm_plan_refusal *first = &plan->refusals[plan->refusal_count], *to = first;
  if (refused->gang.minimum > 0) {
    *to++ = (struct k8sm_plan_refusal){.demand = refused->demand, .code = K8SM_DIAG_GANG_INCOMPLETE};
  } else if (refused->histogram.agents == 0) {
    *to++ = (struct k8sm_plan_refusal){.demand = refused->demand, .code = K8SM_DIAG_NO_AGENTS};
  }
  for (int i = 0; i < K8SMI_REASONS; i++) {
    uint32_t agents = refused->histogram.counts[i];
    uint32_t code = i < K8SMI_PREDICATES ? k8smi_predicates[i].code : K8SM_DIAG_INSUFFICIENT_RESOURCE;
    if (agents > 0) *to++ = (struct k8sm_plan_refusal){refused->demand, code, agents, 0};
  }
  k8smi_sort(first, (size_t)(to - first), sizeof *first, finish_refusal_order, NULL);
  plan->refusal_count += (size_t)(to - first);
}

/* "2 of the 4 pods that group NAME needs at once have a place" */
static void finish_write(const struct k8smi_refused *refused, struct k8smi_buf *to) {
  if (refused->gang.minimum == 0) {
    k8smi_histogram_write(&refused->histogram, to);
    k8smi_preemption_write(&refused->preemption, to);
    return;
  }
  k8smi_buf_u64(to, refused->gang.placed);
  k8smi_buf_puts(to, " of the ");
  k8smi_buf_u64(to, refused->gang.minimum);
  k8smi_buf_puts(to, " pods that group ");
  k8smi_buf_slice(to, refused->gang.name);
  k8smi_buf_puts(to, " needs at once have a place");
}

static bool finish_refusals(struct k8smi_match *match) {
  struct k8sm_plan *plan = match->plan;
  struct k8smi_buf line;
  size_t rows = 0;
  for (size_t i = 0; i < plan->demand_count; i++) rows += match->refused[i] == NULL ? 0 : K8SMI_REASONS;
  plan->refusals = k8smi_arena_array(&plan->arena, rows, sizeof *plan->refusals);
  plan->summaries = k8smi_arena_array(&plan->arena, plan->demand_count, sizeof *plan->summaries);
  if (plan->refusals == NULL || plan->summaries == NULL) return false;
  bool fine = k8smi_buf_init(&line, &plan->arena.allocator);
  for (size_t i = 0; fine && i < plan->demand_count; i++) {
    if (match->refused[i] == NULL) continue;
    finish_refusal(plan, match->refused[i]);
    k8smi_buf_clear(&line);
    finish_write(match->refused[i], &line);
    if (!line.failed) plan->summaries[i] = k8smi_arena_copy(&plan->arena, line.ptr, line.len);
    fine = !line.failed && plan->summaries[i].ptr != NULL;
  }
  k8smi_buf_free(&line);
  return fine;
}

bool k8smi_match_finish(struct k8smi_match *match) {
  finish_close_ranks(match);
  if (!finish_offers(match) || !finish_refusals(match)) return false;
  k8smi_plan_number_rows(match->plan);
  return true;
}
