/* SPDX-License-Identifier: Apache-2.0 */
/* What the caller spends of the offers held, beside the plans: taken out of them, and put back. */
#include "base/findings.h"
#include "base/sort.h"
#include "cluster/slots.h"
#include "offer/resources.h"

/* A resource of one of the agent's offers: as much of it as can be moved. */
struct take_part {
  struct k8smi_lot lot;
  size_t offer, resource; /* in the job, in the offer */
};

struct take_offer {
  uint32_t held;
  struct k8smi_value *moved; /* by resource */
  bool touched;
  struct k8smi_rest *rest; /* what it has afterwards */
};

struct take_job {
  struct k8sm_cluster *cluster;
  struct k8smi_arena scratch;
  bool back;                 /* put back, not taken */
  struct take_offer *offers; /* by id */
  size_t offer_count;
  struct take_part *parts;
  struct take_part **order; /* by lot; then by offer, so that what is taken last comes back first */
  size_t part_count;
};

static int take_offer_order(const void *a, const void *b, const void *ctx) {
  const struct take_offer *x = a, *y = b;
  const struct k8sm_cluster *c = ctx;
  return k8smi_cmp(k8smi_held_at(c, x->held)->offer->id, k8smi_held_at(c, y->held)->offer->id);
}

static int take_part_order(const void *a, const void *b, const void *ctx) {
  const struct take_part *const *x = a, *const *y = b;
  const struct take_job *job = ctx;
  int c = k8smi_lot_compare(&(*x)->lot, &(*y)->lot);
  if (c != 0) return c;
  bool before = (*x)->offer != (*y)->offer ? (*x)->offer < (*y)->offer : (*x)->resource < (*y)->resource;
  return before == job->back ? 1 : -1;
}

/* The agent's offers, in the order of ids. */
static bool take_offers(struct take_job *job, const struct k8smi_agent *agent) {
  const struct k8sm_cluster *c = job->cluster;
  job->offers = k8smi_arena_array(&job->scratch, agent->offers, sizeof *job->offers);
  if (job->offers == NULL) return false;
  for (uint32_t s = agent->first_slot; s != K8SMI_ROW_NONE; s = k8smi_slot_at(c, s)->next) {
    uint32_t row = k8smi_slot_at(c, s)->first_offer;
    for (; row != K8SMI_ROW_NONE; row = k8smi_held_at(c, row)->next) {
      const size_t resources = k8smi_held_at(c, row)->offer->resource_count;
      struct take_offer *to = &job->offers[job->offer_count++];
      *to = (struct take_offer){.held = row};
      to->moved = k8smi_arena_array(&job->scratch, resources, sizeof *to->moved);
      if (to->moved == NULL) return false;
      job->part_count += resources;
    }
  }
  k8smi_sort(job->offers, job->offer_count, sizeof *job->offers, take_offer_order, c);
  return true;
}

static bool take_part_make(struct take_job *job, const struct k8smi_held *held, struct take_part *ret) {
  const struct k8smi_resource *resource = &held->offer->resources[ret->resource];
  if (!k8smi_lot_make(&job->scratch, resource, &ret->lot)) return false;
  return !job->back || k8smi_rest_taken(&job->scratch, held, ret->resource, &ret->lot.value);
}

static bool take_parts(struct take_job *job) {
  size_t count = 0;
  job->parts = k8smi_arena_array(&job->scratch, job->part_count, sizeof *job->parts);
  job->order = k8smi_arena_array(&job->scratch, job->part_count, sizeof(struct take_part *));
  if (job->parts == NULL || job->order == NULL) return false;
  for (size_t i = 0; i < job->offer_count; i++) {
    const struct k8smi_held *held = k8smi_held_at(job->cluster, job->offers[i].held);
    for (size_t r = 0; r < held->offer->resource_count; r++) {
      struct take_part *part = &job->parts[count];
      *part = (struct take_part){.offer = i, .resource = r};
      if (!take_part_make(job, held, part)) return false;
      if (!k8smi_value_empty(&part->lot.value)) job->order[count++] = part;
    }
  }
  job->part_count = count;
  k8smi_sort(job->order, count, sizeof(struct take_part *), take_part_order, job);
  return true;
}

/* Opens a job for the agent. Errors: NOT_FOUND, NOMEM; the scratch memory is to be freed in any case. */
static int take_begin(struct take_job *job, struct k8sm_slice agent_id,
                      const struct k8sm_allocator *allocator, struct k8sm_diags *diags) {
  if (!k8smi_arena_init(&job->scratch, allocator, 0)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  uint32_t agent = k8smi_agent_find(job->cluster, agent_id);
  if (agent == K8SMI_MAP_NONE) {
    k8smi_find(diags, K8SM_DIAG_RESOURCE_NOT_HELD, NULL, "the agent %.*s is not known", K8SMI_P(agent_id));
    return K8SM_ERR_NOT_FOUND;
  }
  bool fine = take_offers(job, k8smi_agent_at(job->cluster, agent)) && take_parts(job);
  return fine ? K8SM_OK : k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
}

/* Moves what a part and `missing` have in common. */
static bool take_from(struct take_job *job, const struct take_part *part, struct k8smi_lot *missing) {
  struct take_offer *offer = &job->offers[part->offer];
  struct k8smi_value *moved = &offer->moved[part->resource], left = missing->value;
  if (missing->whole) {
    *moved = part->lot.value;
    missing->count--;
  } else if (!k8smi_value_common(&job->scratch, &part->lot.value, &left, moved) ||
             !k8smi_value_minus(&job->scratch, &left, &part->lot.value, &missing->value)) {
    return false;
  }
  offer->touched = offer->touched || !k8smi_value_empty(moved);
  return true;
}

/* One walk over both. *ret_missing: the first that there is not enough of. False when memory ran out. */
static bool take_find(struct take_job *job, const struct k8smi_bag *wanted,
                      const struct k8smi_lot **ret_missing) {
  size_t at = 0;
  *ret_missing = NULL;
  for (size_t i = 0; i < wanted->count && *ret_missing == NULL; i++) {
    struct k8smi_lot missing = wanted->lots[i];
    bool done = false;
    for (; at < job->part_count && !done; at++) {
      int c = k8smi_lot_compare(&job->order[at]->lot, &missing);
      if (c > 0) break;
      if (c < 0) continue;
      if (!take_from(job, job->order[at], &missing)) return false;
      done = missing.whole ? missing.count == 0 : k8smi_value_empty(&missing.value);
    }
    if (!done) *ret_missing = &wanted->lots[i];
  }
  return true;
}

/* All that can fail, before anything changes. */
static bool take_rests(struct take_job *job) {
  bool fine = true;
  for (size_t i = 0; fine && i < job->offer_count; i++) {
    struct take_offer *offer = &job->offers[i];
    if (!offer->touched) continue;
    fine = k8smi_rest_make(&job->cluster->allocator, k8smi_held_at(job->cluster, offer->held), offer->moved,
                           job->back, &offer->rest);
  }
  for (size_t i = 0; !fine && i < job->offer_count; i++) k8smi_rest_free(job->offers[i].rest);
  return fine;
}

static int take_move(struct take_job *job, const struct k8smi_bag *wanted, struct k8sm_diags *diags) {
  const struct k8smi_lot *missing;
  if (!take_find(job, wanted, &missing)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  if (missing != NULL) return k8smi_resources_lack(missing, diags);
  if (!take_rests(job)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  if (wanted->count > 0) job->cluster->generation++;
  for (size_t i = 0; i < job->offer_count; i++) {
    const struct take_offer *offer = &job->offers[i];
    if (!offer->touched) continue;
    k8smi_slot_set_rest(job->cluster, offer->held, offer->rest);
    /* A plan that was made with less in the offers stays good when something comes back. */
    if (!job->back) k8smi_held_at(job->cluster, offer->held)->generation = job->cluster->generation;
  }
  return K8SM_OK;
}

static int take_run(struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                    const struct k8sm_resources *resources, bool back, struct k8sm_diags *diags) {
  struct take_job job = {.cluster = cluster, .back = back};
  int result = take_begin(&job, agent_id, &cluster->allocator, diags);
  if (result == K8SM_OK) result = take_move(&job, &resources->bag, diags);
  k8smi_arena_free(&job.scratch);
  return result;
}

int k8sm_cluster_take(struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                      const struct k8sm_resources *resources, struct k8sm_diags *diags) {
  return take_run(cluster, agent_id, resources, false, diags);
}

int k8sm_cluster_give(struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                      const struct k8sm_resources *resources, struct k8sm_diags *diags) {
  return take_run(cluster, agent_id, resources, true, diags);
}

int k8sm_cluster_resources(const struct k8sm_cluster *cluster, struct k8sm_slice agent_id,
                           const struct k8sm_allocator *allocator, struct k8sm_resources **ret,
                           struct k8sm_diags *diags) {
  struct take_job job = {.back = false};
  struct k8smi_bag bag;
  memcpy(&job.cluster, &cluster, sizeof cluster); /* only read */
  int result = take_begin(&job, agent_id, allocator, diags);
  struct k8smi_lot *lots =
      result == K8SM_OK ? k8smi_arena_array(&job.scratch, job.part_count, sizeof *lots) : NULL;
  if (result == K8SM_OK && lots == NULL) result = k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  for (size_t i = 0; result == K8SM_OK && i < job.part_count; i++) lots[i] = job.order[i]->lot;
  if (result == K8SM_OK) {
    result = k8smi_bag_make(&job.scratch, lots, job.part_count, &bag);
    result = result == K8SM_OK ? k8smi_resources_make(&bag, allocator, ret, diags)
                               : k8smi_resources_failed(result, diags);
  }
  k8smi_arena_free(&job.scratch);
  return result;
}
