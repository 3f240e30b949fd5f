/* SPDX-License-Identifier: Apache-2.0 */
/* Generated clusters and demands, matched, and checked by a model that is slow and shares nothing with
 * the library: it reads the messages that were offered, and looks for places by trying everything. */
#include "support/demands.h"
#include "support/histograms.h"
#include "cluster/blocks.h"
#include "cluster/tree.h"
#include "wire/number.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MODEL_AGENTS = 5, MODEL_ROLES = 2, MODEL_PODS = 10, MODEL_OWNERS = MODEL_PODS + 1, MODEL_PORTS = 40 };
static const char *const model_roles[MODEL_ROLES] = {"*", "r"};
static const char *const model_scalars[] = {"cpus", "mem", "disk"};
static const char *const model_racks[] = {"r0", "r1"};

/* What is left of an agent's offers to a role: by whom it is owned (0: nobody). */
struct model_slot {
  int64_t left[3][MODEL_OWNERS];
  int64_t reserved[3];     /* of owner 0, how much is reserved */
  bool ports[MODEL_PORTS]; /* 31000 + i */
  int offers;
};
struct model {
  struct model_slot slots[MODEL_AGENTS][MODEL_ROLES];
  bool known[MODEL_AGENTS];
  bool nobody; /* nothing names a pod: the library counts some things otherwise then */
  uint32_t random;
};

static uint32_t model_below(struct model *m, uint32_t n) {
  m->random = m->random * 1664525u + 1013904223u;
  return (m->random >> 9) % n;
}

static int model_owner_of(const K8smMesos__Resource *r) {
  if (r->n_reservations == 0 || r->reservations[0]->labels == NULL) return 0;
  return atoi(r->reservations[0]->labels->labels[0]->value + 3) + 1; /* "pod7" */
}

/* -1: of none that a pod asks for. */
static int model_scalar(const char *name) {
  for (int i = 0; i < 3; i++) {
    if (strcmp(name, model_scalars[i]) == 0) return i;
  }
  return -1;
}

static int model_role(const char *name) {
  return strcmp(name, "r") == 0;
}

static int64_t model_milli(double d) {
  int64_t milli = 0;
  assert_true(k8smi_milli_of_double(d, &milli));
  assert_true(k8smi_double_of_milli(milli) == d); /* three decimals, exactly */
  return milli;
}

/* Reserved with a label that is not ours: no pod here may have it. */
static bool model_is_labelled(const K8smMesos__Resource *r) {
  const K8smMesos__Labels *labels = r->n_reservations == 0 ? NULL : r->reservations[0]->labels;
  return labels != NULL && strcmp(labels->labels[0]->key, "pod") != 0;
}

/* Adds a resource to the model, or takes it off. */
static void model_count(struct model_slot *slot, const K8smMesos__Resource *r, int sign) {
  int scalar = model_scalar(r->name);
  if (r->revocable != NULL || r->disk != NULL || model_is_labelled(r)) {
    assert_int_equal(sign, 1);
    return;
  }
  for (size_t i = 0; r->ranges != NULL && i < r->ranges->n_range; i++) {
    for (uint64_t p = r->ranges->range[i]->begin; p <= r->ranges->range[i]->end; p++) {
      assert_in_range(p, 31000, 31000 + MODEL_PORTS - 1);
      assert_int_equal(slot->ports[p - 31000], sign < 0);
      slot->ports[p - 31000] = sign > 0;
    }
  }
  if (scalar < 0) return;
  int owner = model_owner_of(r);
  int64_t milli = sign * model_milli(r->scalar->value);
  slot->left[scalar][owner] += milli;
  assert_true(slot->left[scalar][owner] >= 0);
  if (owner == 0 && r->n_reservations > 0) slot->reserved[scalar] += milli;
  assert_true(slot->reserved[scalar] >= 0 && slot->reserved[scalar] <= slot->left[scalar][0]);
}

static void generate_resources(struct world *w, struct model *m, K8smMesos__Offer *o, int agent, int role,
                               int part) {
  for (int s = 0; s < 3; s++) {
    double most = s == 0 ? 3 : 600;
    for (uint32_t i = model_below(m, 3); i > 0; i--) {
      K8smMesos__Resource *r =
          world_scalar(w, o, model_scalars[s], (double)(int)(model_below(m, 1000) * most) / 1000);
      uint32_t kind = model_below(m, 8);
      char owner[8];
      snprintf(owner, sizeof owner, "pod%u", model_below(m, MODEL_PODS));
      if (role == 1 && kind < 3) world_reserve(w, r, "r", "pod", kind == 0 && !m->nobody ? owner : NULL);
      if (role == 1 && kind == 5) world_reserve(w, r, "r", "team", "db"); /* for pods that ask for it */
      if (kind == 3)
        r->revocable = WORLD_NEW(w, K8smMesos__Resource__RevocableInfo, RESOURCE__REVOCABLE_INFO);
      if (kind == 4 && s == 2) r->disk = WORLD_NEW(w, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
      r->scalar->value = k8smi_double_of_milli((int64_t)(r->scalar->value * 1000));
      model_count(&m->slots[agent][role], r, 1);
    }
  }
  if (model_below(m, 3) != 0) { /* each part of an agent has ports of its own */
    uint64_t begin = 31000 + (uint64_t)(role * 3 + part) * 6;
    K8smMesos__Resource *r = world_ports(w, o, begin, begin + model_below(m, 3));
    if (model_below(m, 2)) world_range(w, r, begin + 4, begin + 5);
    model_count(&m->slots[agent][role], r, 1);
  }
}

static void generate_offers(struct world *w, struct model *m) {
  char id[16], agent[16];
  for (int a = 0; a < MODEL_AGENTS; a++) {
    snprintf(agent, sizeof agent, "a%d", a);
    for (int r = 0; r < MODEL_ROLES; r++) {
      int parts = (int)model_below(m, 4);
      for (int part = 0; part < parts; part++) {
        snprintf(id, sizeof id, "o%d%d%d", (a * 7) % 5, r, part);
        K8smMesos__Offer *o = world_offer(w, id, agent, model_roles[r]);
        world_attribute(w, o, "rack", model_racks[a % 2]);
        generate_resources(w, m, o, a, r, part);
        m->slots[a][r].offers++;
        m->known[a] = true;
      }
    }
  }
}

static struct k8sm_demand *generate_demand(struct world *w, struct model *m, int i) {
  char name[8], agent[8];
  snprintf(name, sizeof name, "pod%d", i);
  struct k8sm_demand *d =
      world_demand(w, name, model_below(m, 2500), model_below(m, 400000), model_below(m, 300000));
  if (model_below(m, 4) == 0) d->cpus_milli = d->mem_milli = d->disk_milli = 0;
  snprintf(agent, sizeof agent, "a%u", model_below(m, MODEL_AGENTS + 1));
  uint32_t roles = model_below(m, 4), kind = model_below(m, 10);
  if (roles == 1) world_demand_roles(w, d, "r", NULL);
  if (roles == 2) world_demand_roles(w, d, "r", "*");
  if (roles == 3) world_demand_roles(w, d, "*", "r");
  if (kind == 0) d->agent_id = k8smi_s(world_text(w, agent));
  if (kind == 1) d->node_name = k8smi_s(world_text(w, agent));
  if (kind == 2) world_demand_selector(w, d, "k8s.mesosphere.io/attribute-rack", model_racks[i % 2]);
  if (kind == 3) d->features = K8SM_FEATURE_IMAGES;
  for (uint32_t p = model_below(m, 8) < 5 ? 0 : model_below(m, 3); p > 0; p--) {
    world_demand_port(d, (uint16_t)(31000 + model_below(m, MODEL_PORTS)), "TCP");
  }
  return d;
}

/* Everything that follows asks the model alone. */
static bool model_resumed(const struct k8sm_demand *d) {
  return d->agent_id.len != 0 && d->cpus_milli == 0;
}

static int64_t model_need(const struct k8sm_demand *d, int scalar) {
  int64_t budget[] = {d->cpus_milli, d->mem_milli, d->disk_milli};
  int64_t tokens[] = {2 * WORLD_TOKEN_CPUS, 2 * WORLD_TOKEN_MEM, 0};
  return budget[scalar] + tokens[scalar];
}

static bool model_agent_fits(const struct model *m, const struct k8sm_demand *d, int a) {
  char id[16];
  snprintf(id, sizeof id, "a%d", a);
  if (!m->known[a]) return false;
  if (d->agent_id.len != 0 && !k8smi_eqs(d->agent_id, id)) return false;
  if (d->node_name.len != 0 && !k8smi_eqs(d->node_name, id)) return false;
  if (d->node_selector.count != 0 && !k8smi_eqs(d->node_selector.items[0].value, model_racks[a % 2]))
    return false;
  return d->features == 0 || a != 0; /* agent 0 has no features */
}

/* Without what names the pod when `plain`. */
static bool model_slot_fits(const struct model_slot *slot, const struct k8sm_demand *d, bool plain) {
  int owner = atoi(d->name.ptr + 3) + 1;
  if (slot->offers == 0) return false;
  for (int s = 0; s < 3; s++) {
    if (slot->left[s][0] + (plain ? 0 : slot->left[s][owner]) < model_need(d, s)) return false;
  }
  for (size_t i = 0; !model_resumed(d) && i < d->port_count; i++) {
    if (!slot->ports[d->ports[i].host_port - 31000]) return false;
  }
  return true;
}

static int64_t model_room(const struct model_slot *slot) {
  return slot->left[0][0] + slot->left[1][0] / 4096;
}

/* The agent and role that the strategy should choose; false: the pod fits nowhere. */
static bool model_choose(const struct model *m, const struct k8sm_demand *d, uint32_t strategy, int *agent,
                         int *role) {
  for (int pass = 0; pass < 2; pass++) { /* first by what anyone may spend */
    bool found = false;
    for (size_t i = 0; i < d->roles.count && !found && pass == 0 && d->agent_id.len == 0; i++) {
      int r = model_role(d->roles.items[i].ptr);
      for (int a = 0; a < MODEL_AGENTS; a++) {
        if (!model_agent_fits(m, d, a) || !model_slot_fits(&m->slots[a][r], d, true)) continue;
        int64_t better = found ? model_room(&m->slots[a][r]) - model_room(&m->slots[*agent][*role]) : 0;
        if (strategy == K8SM_STRATEGY_PACK) better = -better;
        if (found && better == 0) better = m->slots[*agent][*role].offers - m->slots[a][r].offers;
        if (strategy == K8SM_STRATEGY_FIRST_FIT) better = 0;
        if (found && better <= 0) continue;
        found = true;
        *agent = a;
        *role = r;
      }
    }
    for (int a = 0; a < MODEL_AGENTS && !found && pass == 1; a++) { /* then with what names the pod */
      for (size_t i = 0; i < d->roles.count && !found; i++) {
        *agent = a;
        *role = model_role(d->roles.items[i].ptr);
        found = model_agent_fits(m, d, a) && model_slot_fits(&m->slots[a][*role], d, false);
      }
    }
    if (found) return true;
  }
  return false;
}

static int64_t model_sum(struct k8smi_resources list, const char *name) {
  int64_t sum = 0;
  for (size_t i = 0; i < list.count; i++) {
    if (strcmp(list.items[i]->name, name) == 0) sum += model_milli(list.items[i]->scalar->value);
  }
  return sum;
}

static void check_placement(struct model *m, const struct k8smi_placement *p, const struct k8sm_demand *d,
                            int agent, int role) {
  struct model_slot *slot = &m->slots[agent][role], before = *slot;
  char id[16];
  snprintf(id, sizeof id, "a%d", agent);
  assert_string_equal(p->agent_id.ptr, id);
  assert_string_equal(p->role.ptr, model_roles[role]);
  int64_t budget[] = {d->cpus_milli, d->mem_milli, d->disk_milli};
  for (int s = 0; s < 3; s++) {
    int64_t token[] = {WORLD_TOKEN_CPUS, WORLD_TOKEN_MEM, 0};
    assert_int_equal(model_sum(p->executor, model_scalars[s]), budget[s]);
    for (int t = 0; t < 2; t++) assert_int_equal(model_sum(p->tasks[t], model_scalars[s]), token[s]);
  }
  for (int list = 0; list < 3; list++) {
    struct k8smi_resources l = list == 0 ? p->executor : p->tasks[list - 1];
    for (size_t i = 0; i < l.count; i++) {
      int owner = model_owner_of(l.items[i]);
      assert_true(owner == 0 || owner == atoi(d->name.ptr + 3) + 1);
      assert_string_equal(l.items[i]->allocation_info->role, model_roles[role]);
      model_count(slot, l.items[i], -1);
    }
  }
  for (size_t i = 0; !model_resumed(d) && i < d->port_count; i++) { /* its own, and gone now */
    assert_true(before.ports[d->ports[i].host_port - 31000]);
    assert_false(slot->ports[d->ports[i].host_port - 31000]);
    assert_int_equal(p->host_ports[i], d->ports[i].host_port);
  }
}

static bool fewer_would_do(const struct k8sm_demand *d, K8smMesos__Offer *const *offers, uint32_t mask) {
  struct model_slot slot;
  memset(&slot, 0, sizeof slot);
  for (int i = 0; mask >> i != 0; i++) {
    if ((mask >> i & 1) == 0) continue;
    slot.offers++;
    for (size_t r = 0; r < offers[i]->n_resources; r++) model_count(&slot, offers[i]->resources[r], 1);
  }
  return model_slot_fits(&slot, d, false);
}

/* A pod alone on its agent and role: no smaller set of the offers there would have done. */
static void check_fewest(const struct world *w, const struct k8sm_plan *plan) {
  for (size_t i = 0; i < plan->placement_count; i++) {
    const struct k8smi_placement *p = &plan->placements[i];
    K8smMesos__Offer *offers[8];
    size_t alone = 0, n = 0;
    for (size_t k = 0; k < plan->placement_count; k++) {
      alone +=
          k8smi_eq(plan->placements[k].agent_id, p->agent_id) && k8smi_eq(plan->placements[k].role, p->role);
    }
    for (size_t k = 0; alone == 1 && k < w->count; k++) {
      const K8smMesos__Offer *o = w->offers[k];
      if (k8smi_eqs(p->agent_id, o->agent_id->value) && k8smi_eqs(p->role, o->allocation_info->role)) {
        offers[n++] = w->offers[k];
      }
    }
    for (uint32_t mask = 1; mask < 1u << n; mask++) {
      size_t size = 0;
      for (size_t k = 0; k < n; k++) size += mask >> k & 1;
      if (size < p->offer_ids.count) assert_false(fewer_would_do(plan->demands[p->demand], offers, mask));
    }
  }
}

/* One line for everything that a plan says. */
static void plan_text(const struct k8sm_plan *plan, struct k8smi_buf *to) {
  struct k8sm_placement p;
  struct k8sm_plan_offer o;
  struct k8sm_plan_resource r;
  struct k8sm_plan_refusal f;
  char line[256];
  for (size_t i = 0; k8sm_plan_placements(plan, i, &p, sizeof p, 1) > 0; i++) {
    snprintf(line, sizeof line, "%u on %s %s\n", p.demand, p.agent_id.ptr, p.role.ptr);
    k8smi_buf_puts(to, line);
  }
  for (size_t i = 0; k8sm_plan_offers(plan, i, &o, sizeof o, 1) > 0; i++) {
    snprintf(line, sizeof line, "%u from %s\n", o.placement, o.id.ptr);
    k8smi_buf_puts(to, line);
  }
  for (size_t i = 0; k8sm_plan_resources(plan, i, &r, sizeof r, 1) > 0; i++) {
    snprintf(line, sizeof line, "%u/%d %s(%s) %lld %llu-%llu\n", r.placement, r.task, r.name.ptr,
             r.reservation.ptr == NULL ? "" : r.reservation.ptr, (long long)r.milli,
             (unsigned long long)r.begin, (unsigned long long)r.end);
    k8smi_buf_puts(to, line);
  }
  for (size_t i = 0; k8sm_plan_refusals(plan, i, &f, sizeof f, 1) > 0; i++) {
    snprintf(line, sizeof line, "%u not: %u of %u\n%s\n", f.demand, f.agents, f.code,
             k8sm_plan_summary(plan, f.demand).ptr);
    k8smi_buf_puts(to, line);
  }
  k8smi_buf_putc(to, '\0');
}

/* What a match could have changed. */
static void cluster_text(const struct k8sm_cluster *c, struct k8smi_buf *to) {
  for (uint32_t i = 0; i < c->slots.high; i++)
    k8smi_buf_put(to, k8smi_slot_at(c, i), sizeof(struct k8smi_cluster_slot));
  for (uint32_t i = 0; i < c->roles.high; i++)
    k8smi_buf_put(to, k8smi_role_at(c, i), sizeof(struct k8smi_role));
  for (size_t i = 0; i < c->blocks->count; i++) {
    const struct k8smi_block *block = c->blocks->items[i];
    const uint64_t sets[] = {block->used, block->owned, block->noted, block->asked};
    k8smi_buf_put(to, sets, sizeof sets);
    k8smi_buf_put(to, block->role, sizeof block->role);
    for (uint32_t row = 0; row < c->slots.high - i * K8SMI_LANES && row < K8SMI_LANES; row++) {
      for (int s = 0; s < K8SMI_SCALARS; s++)
        k8smi_buf_put(to, &block->free[s][row], sizeof block->free[s][row]);
    }
    for (uint16_t port = 30990; port < 31020; port++) {
      const uint64_t with = k8smi_block_with_port(block, port);
      k8smi_buf_put(to, &with, sizeof with);
    }
    const int32_t *gpus = k8smi_block_amounts(block, k8smi_block_name(c, K8SMI_S("gpus")));
    if (gpus != NULL) k8smi_buf_put(to, gpus, K8SMI_LANES * sizeof *gpus);
  }
  k8smi_buf_put(to, &c->generation, sizeof c->generation);
}

static struct k8sm_cluster *cluster_with(struct world *w, struct model *m, bool shuffled, uint32_t strategy) {
  struct k8sm_cluster *c;
  assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
  for (size_t i = w->count; shuffled && i > 1; i--) {
    size_t j = model_below(m, (uint32_t)i);
    K8smMesos__Offer *o = w->offers[i - 1];
    w->offers[i - 1] = w->offers[j];
    w->offers[j] = o;
  }
  size_t all = w->count;
  for (size_t first = 0; first < all; first = w->count) { /* in several events */
    w->count = first + (shuffled ? 1 + model_below(m, (uint32_t)(all - first)) : all);
    struct k8sm_offers *offers = world_offers_from(w, first, NULL, NULL);
    assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
    k8sm_offers_unref(offers);
  }
  w->count = all;
  assert_int_equal(k8sm_cluster_set_features(c, K8SMI_S("a0"), 0), K8SM_OK);
  k8smi_tree_key_by(c, strategy == K8SM_STRATEGY_FIRST_FIT ? K8SMI_KEY_NONE : K8SMI_KEY_ROOM);
  return c;
}

static void check_against_model(struct model *m, const struct k8sm_plan *plan, uint32_t strategy) {
  size_t placed = 0;
  for (uint32_t i = 0; i < MODEL_PODS; i++) {
    int agent = 0, role = 0;
    bool fits = model_choose(m, plan->demands[i], strategy, &agent, &role);
    bool is_placed = placed < plan->placement_count && plan->placements[placed].demand == i;
    assert_int_equal(is_placed, fits);
    assert_int_equal(plan->summaries[i].len == 0, fits);
    if (!fits) continue;
    check_placement(m, &plan->placements[placed++], plan->demands[i], agent, role);
  }
  assert_int_equal(placed, plan->placement_count);
}

static struct k8sm_plan *match_unchanged(struct k8sm_cluster *c, struct k8sm_demand **demands,
                                         uint32_t strategy) {
  struct k8sm_match_options o = {.size = sizeof o, .strategy = strategy};
  struct k8smi_buf before, after;
  struct k8sm_plan *plan;
  assert_true(k8smi_buf_init(&before, NULL) && k8smi_buf_init(&after, NULL));
  cluster_text(c, &before);
  assert_int_equal(k8sm_cluster_match(c, demands, MODEL_PODS, &o, &plan, NULL), K8SM_OK);
  cluster_text(c, &after);
  assert_int_equal(before.len, after.len);
  if (before.len > 0) assert_memory_equal(before.ptr, after.ptr, before.len);
  k8smi_buf_free(&before);
  k8smi_buf_free(&after);
  return plan;
}

/* All offers of the plan leave, the others stay; a second time nothing is taken. */
static void check_apply(struct k8sm_cluster *c, const struct k8sm_plan *plan) {
  size_t held = k8sm_cluster_offers(c, 0, NULL, 0, 0);
  assert_int_equal(k8sm_cluster_apply(c, plan, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_offers(c, 0, NULL, 0, 0), held - plan->source_count);
  assert_int_equal(k8sm_cluster_apply(c, plan, NULL), plan->placement_count == 0 ? K8SM_OK : K8SM_ERR_STATE);
  assert_int_equal(k8sm_cluster_offers(c, 0, NULL, 0, 0), held - plan->source_count);
}

/* What a match has learned of ports, or of labels, does not change the next one. */
static void check_again(struct k8sm_cluster *c, struct k8sm_demand **demands, uint32_t strategy,
                        const struct k8smi_buf *before) {
  struct k8smi_buf text;
  struct k8sm_plan *plan = match_unchanged(c, demands, strategy);
  assert_true(k8smi_buf_init(&text, NULL));
  plan_text(plan, &text);
  assert_string_equal(text.ptr, before->ptr);
  k8smi_buf_free(&text);
  k8sm_plan_unref(plan);
}

static void one_seed(uint32_t seed, size_t *placed) {
  struct world w;
  struct model m = {.random = seed, .nobody = seed % 2 == 0};
  struct k8sm_demand *demands[MODEL_PODS];
  struct k8smi_buf texts[2];
  uint32_t strategy = seed % 3;
  world_init(&w);
  generate_offers(&w, &m);
  for (int i = 0; i < MODEL_PODS; i++) demands[i] = generate_demand(&w, &m, i);
  for (int order = 0; order < 2; order++) {
    struct k8sm_cluster *c = cluster_with(&w, &m, order == 1, strategy);
    struct k8sm_plan *plan = match_unchanged(c, demands, strategy);
    assert_true(k8smi_buf_init(&texts[order], NULL));
    plan_text(plan, &texts[order]);
    if (order == 0) check_against_model(&m, plan, strategy);
    check_again(c, demands, strategy, &texts[order]);
    check_fewest(&w, plan);
    *placed += plan->placement_count;
    check_apply(c, plan);
    for (int i = 0; i < MODEL_PODS; i++) {
      struct k8sm_demand large = *demands[i];
      large.mem_milli += 500000;
      check_counts(c, demands[i]);
      check_counts(c, &large);
    }
    k8sm_plan_unref(plan);
    k8sm_cluster_free(c);
  }
  assert_string_equal(texts[0].ptr, texts[1].ptr);
  k8smi_buf_free(&texts[0]);
  k8smi_buf_free(&texts[1]);
  world_free(&w);
}

static void generated_clusters(void **state) {
  (void)state;
  enum { SEEDS = 3000 };
  size_t placed = 0;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) one_seed(seed * 7919, &placed);
  assert_in_range(placed, SEEDS * 4, SEEDS * 16); /* neither all of them nor none */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(generated_clusters)};
  return cmocka_run_group_tests_name("match properties", tests, NULL, NULL);
}
