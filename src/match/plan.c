/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's life and rows. */
#include "match/plan.h"
#include "base/abi.h"
#include "match/score.h"
#include "offer/offer.h"
#include "wire/number.h"

struct k8sm_plan *k8sm_plan_ref(struct k8sm_plan *plan) {
  k8smi_ref(&plan->refs);
  return plan;
}

void k8sm_plan_unref(struct k8sm_plan *plan) {
  if (plan == NULL || !k8smi_unref(&plan->refs)) return;
  for (size_t i = 0; i < plan->demand_count; i++) k8sm_demand_unref(plan->demands[i]);
  for (size_t i = 0; i < plan->source_count; i++) k8sm_offers_unref(plan->sources[i]);
  for (size_t i = 0; plan->explains != NULL && i < plan->demand_count; i++)
    k8sm_explain_unref(plan->explains[i]);
  K8SMI_VALUE_FREE(k8sm_plan, plan);
}

uint64_t k8sm_plan_generation(const struct k8sm_plan *plan) {
  return plan->generation;
}

const struct k8sm_explain *k8sm_plan_explain(const struct k8sm_plan *plan, uint32_t demand) {
  return plan->explains != NULL && demand < plan->demand_count ? plan->explains[demand] : NULL;
}

struct k8sm_slice k8sm_plan_summary(const struct k8sm_plan *plan, uint32_t demand) {
  return demand < plan->demand_count ? plan->summaries[demand] : (struct k8sm_slice){NULL, 0};
}

size_t k8sm_plan_placements(const struct k8sm_plan *plan, size_t first, struct k8sm_placement *rows,
                            size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(plan->placement_count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    const struct k8smi_placement *p = &plan->placements[first + i];
    struct k8sm_placement row = {p->agent_id, p->hostname, p->role, p->demand, (uint32_t)p->offer_ids.count,
                                 p->address};
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}

size_t k8sm_plan_refusals(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_refusal *rows,
                          size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(plan->refusal_count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    k8smi_row_write(rows, row_size, i, &plan->refusals[first + i], sizeof plan->refusals[0]);
  }
  return left;
}

size_t k8sm_plan_nominations(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_nomination *rows,
                             size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(plan->nominated.count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    k8smi_row_write(rows, row_size, i, &plan->nominated.items[first + i], sizeof plan->nominated.items[0]);
  }
  return left;
}

size_t k8sm_plan_victims(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_victim *rows,
                         size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(plan->victims.count, first);
  for (size_t i = 0; i < n && i < left; i++) {
    k8smi_row_write(rows, row_size, i, &plan->victims.items[first + i], sizeof plan->victims.items[0]);
  }
  return left;
}

/* Tables whose rows belong to placements. Each placement knows the number of its first one. */
struct plan_cursor {
  const struct k8sm_plan *plan;
  void *rows;
  size_t row_size;
  size_t first, n; /* the rows wanted */
  size_t at;       /* the number of the next row */
};

static bool plan_wants(const struct plan_cursor *c) {
  return c->at >= c->first && c->at - c->first < c->n;
}

static void plan_put(struct plan_cursor *c, const void *row, size_t size) {
  if (plan_wants(c)) k8smi_row_write(c->rows, c->row_size, c->at - c->first, row, size);
  c->at++;
}

/* The last placement whose rows, numbered by `first_of`, begin at `row` or before. */
static size_t plan_find(const struct k8sm_plan *plan, size_t row,
                        size_t (*first_of)(const struct k8smi_placement *)) {
  size_t low = 0, high = plan->placement_count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (first_of(&plan->placements[middle]) <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

struct plan_table {
  size_t (*first_of)(const struct k8smi_placement *placement);
  void (*write)(struct plan_cursor *cursor, uint32_t placement);
};

static size_t plan_rows(const struct k8sm_plan *plan, const struct plan_table *table, size_t total,
                        size_t first, void *rows, size_t row_size, size_t n) {
  struct plan_cursor cursor = {plan, rows, row_size, first, n, 0};
  size_t left = k8smi_rows_left(total, first);
  if (n == 0 || left == 0) return left;
  size_t i = plan_find(plan, first, table->first_of);
  cursor.at = table->first_of(&plan->placements[i]);
  for (; i < plan->placement_count && cursor.at < first + (n < left ? n : left); i++) {
    table->write(&cursor, (uint32_t)i);
  }
  return left;
}

static size_t plan_first_offer(const struct k8smi_placement *p) {
  return p->first_offer;
}

static void plan_write_offers(struct plan_cursor *c, uint32_t placement) {
  const struct k8smi_strings ids = c->plan->placements[placement].offer_ids;
  for (size_t i = 0; i < ids.count; i++) {
    struct k8sm_plan_offer row = {ids.items[i], placement};
    plan_put(c, &row, sizeof row);
  }
}

size_t k8sm_plan_offers(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_offer *rows,
                        size_t row_size, size_t n) {
  static const struct plan_table table = {plan_first_offer, plan_write_offers};
  return plan_rows(plan, &table, plan->offer_rows, first, rows, row_size, n);
}

static size_t plan_first_resource(const struct k8smi_placement *p) {
  return p->first_resource;
}

static void plan_write_resource(struct plan_cursor *c, uint32_t placement, int32_t task,
                                const K8smMesos__Resource *r) {
  struct k8sm_plan_resource row = {.name = k8smi_s(r->name),
                                   .reservation = k8smi_resource_reservation(r),
                                   .placement = placement,
                                   .task = task};
  if (r->scalar != NULL) {
    row.type = K8SM_RESOURCE_SCALAR;
    (void)k8smi_milli_of_double(r->scalar->value, &row.milli);
    plan_put(c, &row, sizeof row);
    return;
  }
  row.type = K8SM_RESOURCE_RANGES;
  for (size_t i = 0; i < r->ranges->n_range; i++) {
    row.begin = r->ranges->range[i]->begin;
    row.end = r->ranges->range[i]->end;
    plan_put(c, &row, sizeof row);
  }
}

static void plan_write_resources(struct plan_cursor *c, uint32_t placement) {
  const struct k8smi_placement *p = &c->plan->placements[placement];
  size_t tasks = c->plan->demands[p->demand]->task_count;
  for (size_t i = 0; i < p->executor.count; i++) plan_write_resource(c, placement, -1, p->executor.items[i]);
  for (size_t t = 0; t < tasks; t++) {
    for (size_t i = 0; i < p->tasks[t].count; i++) {
      plan_write_resource(c, placement, (int32_t)t, p->tasks[t].items[i]);
    }
  }
}

size_t k8sm_plan_resources(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_resource *rows,
                           size_t row_size, size_t n) {
  static const struct plan_table table = {plan_first_resource, plan_write_resources};
  return plan_rows(plan, &table, plan->resource_rows, first, rows, row_size, n);
}

static size_t plan_first_port(const struct k8smi_placement *p) {
  return p->first_port;
}

static void plan_write_ports(struct plan_cursor *c, uint32_t placement) {
  const struct k8smi_placement *p = &c->plan->placements[placement];
  const struct k8sm_demand *d = c->plan->demands[p->demand];
  for (size_t i = 0; i < d->port_count; i++) {
    const struct k8smi_demand_port *port = &d->ports[i];
    if (p->host_ports[i] == 0) continue;
    struct k8sm_plan_port row = {.container = d->tasks[port->task].container,
                                 .name = port->name,
                                 .protocol = port->protocol,
                                 .placement = placement,
                                 .container_port = port->container_port,
                                 .host_port = p->host_ports[i]};
    plan_put(c, &row, sizeof row);
  }
}

size_t k8sm_plan_ports(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_port *rows,
                       size_t row_size, size_t n) {
  static const struct plan_table table = {plan_first_port, plan_write_ports};
  return plan_rows(plan, &table, plan->port_rows, first, rows, row_size, n);
}

static size_t plan_first_volume(const struct k8smi_placement *p) {
  return p->first_volume;
}

static void plan_write_volumes(struct plan_cursor *c, uint32_t placement) {
  const struct k8smi_placement *p = &c->plan->placements[placement];
  const struct k8sm_demand *d = c->plan->demands[p->demand];
  for (uint32_t i = 0; p->volumes != NULL && i < d->volume_count; i++) {
    const K8smMesos__Resource *r = p->volumes[i].resource;
    struct k8sm_plan_volume row = {
        .id = d->volumes[i].row.id, .placement = placement, .volume = i, .there = p->volumes[i].there};
    row.disk = k8smi_resource_disk(r, &row.root);
    (void)k8smi_milli_of_double(r->scalar->value, &row.milli);
    plan_put(c, &row, sizeof row);
  }
}

size_t k8sm_plan_volumes(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_volume *rows,
                         size_t row_size, size_t n) {
  static const struct plan_table table = {plan_first_volume, plan_write_volumes};
  return plan_rows(plan, &table, plan->volume_rows, first, rows, row_size, n);
}

static size_t plan_first_score(const struct k8smi_placement *p) {
  return p->first_score;
}

static void plan_write_scores(struct plan_cursor *c, uint32_t placement) {
  const struct k8smi_placement *p = &c->plan->placements[placement];
  for (int s = 0; s < K8SMI_SCORES; s++) {
    if (p->weights[s] == 0) continue;
    int64_t score = s == K8SMI_SCORE_STRATEGY ? k8smi_use_score(&p->use, c->plan->strategy) : p->scores[s];
    struct k8sm_plan_score row = {.part = k8smi_s(k8smi_score_names[s]),
                                  .placement = placement,
                                  .score = (uint32_t)score,
                                  .weight = p->weights[s]};
    plan_put(c, &row, sizeof row);
  }
}

size_t k8sm_plan_scores(const struct k8sm_plan *plan, size_t first, struct k8sm_plan_score *rows,
                        size_t row_size, size_t n) {
  static const struct plan_table table = {plan_first_score, plan_write_scores};
  return plan_rows(plan, &table, plan->score_rows, first, rows, row_size, n);
}

void k8smi_plan_number_rows(struct k8sm_plan *plan) {
  struct plan_cursor offers = {.plan = plan}, resources = {.plan = plan}, ports = {.plan = plan},
                     volumes = {.plan = plan}, scores = {.plan = plan};
  for (uint32_t i = 0; i < plan->placement_count; i++) {
    plan->placements[i].first_offer = offers.at;
    plan->placements[i].first_resource = resources.at;
    plan->placements[i].first_port = ports.at;
    plan->placements[i].first_volume = volumes.at;
    plan->placements[i].first_score = scores.at;
    plan_write_offers(&offers, i);
    plan_write_resources(&resources, i);
    plan_write_ports(&ports, i);
    plan_write_volumes(&volumes, i);
    plan_write_scores(&scores, i);
  }
  plan->offer_rows = offers.at;
  plan->resource_rows = resources.at;
  plan->port_rows = ports.at;
  plan->volume_rows = volumes.at;
  plan->score_rows = scores.at;
}
