/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that ask for ports, on agents that differ in little else: which ports they get, and of which agent. A
 * model tries every choice there is. */
#include "support/demands.h"
#include "support/histograms.h"
#include "match/plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PORTS = 12, PORTS_FIRST = 31000, AGENTS = 5, PODS = 6, SEEDS = 500, NEED_CPUS = 1000 };

struct model_agent {
  uint32_t ports; /* bits from PORTS_FIRST on */
  int cpus;       /* in pods */
  int offers;
};

struct model {
  struct model_agent agents[AGENTS];
  uint32_t random;
};

static uint32_t model_below(struct model *m, uint32_t n) {
  m->random = m->random * 1664525u + 1013904223u;
  return (m->random >> 9) % n;
}

static int model_ranges(uint32_t ports) {
  return __builtin_popcount(ports & ~(ports << 1));
}

/* The fewest ranges that can be left; -1: the ports are not there. */
static int model_fewest(uint32_t ports, uint32_t fixed, int any) {
  int fewest = -1;
  if ((ports & fixed) != fixed) return -1;
  ports &= ~fixed;
  for (uint32_t taken = 0; taken < 1u << PORTS; taken++) {
    if ((taken & ports) != taken || __builtin_popcount(taken) != any) continue;
    int left = model_ranges(ports & ~taken);
    if (fewest < 0 || left < fewest) fewest = left;
  }
  return fewest;
}

static void model_offer(struct world *w, struct model *m, int a) {
  char id[16], agent[16];
  struct model_agent *to = &m->agents[a];
  snprintf(agent, sizeof agent, "a%d", a);
  to->cpus = 2 + (int)model_below(m, 2);
  to->offers = 1 + (int)model_below(m, 2);
  to->ports = model_below(m, 1u << PORTS);
  for (int i = 0; i < to->offers; i++) {
    double part = to->offers == 1 ? to->cpus : i == 0 ? 1 : to->cpus - 1;
    snprintf(id, sizeof id, "o%d%d", a, i);
    K8smMesos__Offer *o = world_simple(w, id, agent, "*", part, part * 1000, false);
    K8smMesos__Resource *r = NULL;
    for (int p = 0; i == 0 && p < PORTS; p++) {
      uint64_t port = (uint64_t)(PORTS_FIRST + p);
      if ((to->ports >> p & 1) == 0) continue;
      if (r == NULL) {
        r = world_ports(w, o, port, port);
      } else if (to->ports >> (p - 1) & 1) {
        r->ranges->range[r->ranges->n_range - 1]->end = port;
      } else {
        world_range(w, r, port, port);
      }
    }
  }
}

static struct k8sm_demand *model_pod(struct world *w, struct model *m, int i) {
  char name[16];
  snprintf(name, sizeof name, "pod%d", i);
  struct k8sm_demand *d =
      world_demand(w, name, NEED_CPUS - 2 * WORLD_TOKEN_CPUS, 1000000 - 2 * WORLD_TOKEN_MEM, 0);
  for (uint32_t n = model_below(m, 3); n > 0; n--)
    world_demand_port(d, (uint16_t)(PORTS_FIRST + model_below(m, PORTS)), "TCP");
  for (uint32_t n = model_below(m, 4); n > 0; n--) {
    world_demand_port(d, 0, "TCP");
    ((struct k8smi_demand_port *)(uintptr_t)d->ports)[d->port_count - 1].any = true;
  }
  return d;
}

static uint32_t model_fixed(const struct k8sm_demand *d) {
  uint32_t fixed = 0;
  for (size_t i = 0; i < d->port_count; i++)
    if (!d->ports[i].any) fixed |= 1u << (d->ports[i].host_port - PORTS_FIRST);
  return fixed;
}

static int model_any(const struct k8sm_demand *d) {
  int any = 0;
  for (size_t i = 0; i < d->port_count; i++) any += d->ports[i].any;
  return any;
}

/* -1: nowhere. Cpus, memory and room say the same of all agents. */
static int model_choose(const struct model *m, const struct k8sm_demand *d, uint32_t strategy) {
  const uint32_t fixed = model_fixed(d);
  const int any = model_any(d);
  int best = -1, best_left = 0;
  for (int a = 0; a < AGENTS; a++) {
    const struct model_agent *x = &m->agents[a], *y = &m->agents[best < 0 ? 0 : best];
    int left = model_fewest(x->ports, fixed, any);
    if (x->cpus == 0 || left < 0) continue;
    int better = strategy == K8SM_STRATEGY_SPREAD ? x->cpus - y->cpus : y->cpus - x->cpus;
    if (better == 0) better = y->offers - x->offers;
    if (better == 0 && d->port_count > 0) better = best_left - left;
    if (strategy == K8SM_STRATEGY_FIRST_FIT) better = 0;
    if (best >= 0 && better <= 0) continue;
    best = a;
    best_left = left;
  }
  return best;
}

/* Takes the pod's ports off its agent: there, each once, and none could have left fewer ranges. */
static void model_place(struct model *m, const struct k8smi_placement *p, const struct k8sm_demand *d,
                        int agent) {
  struct model_agent *at = &m->agents[agent];
  char id[16];
  snprintf(id, sizeof id, "a%d", agent);
  assert_string_equal(p->agent_id.ptr, id);
  uint32_t taken = model_fixed(d), chosen = 0;
  int fewest = model_fewest(at->ports, taken, model_any(d));
  for (size_t i = 0; i < d->port_count; i++) {
    if (!d->ports[i].any) {
      assert_int_equal(p->host_ports[i], d->ports[i].host_port);
      continue;
    }
    assert_in_range(p->host_ports[i], PORTS_FIRST, PORTS_FIRST + PORTS - 1);
    uint32_t bit = 1u << (p->host_ports[i] - PORTS_FIRST);
    assert_int_equal((taken | chosen) & bit, 0);
    assert_true(bit > chosen); /* the lowest for the first */
    chosen |= bit;
  }
  taken |= chosen;
  assert_int_equal(at->ports & taken, taken);
  at->ports &= ~taken;
  if (d->port_count > 0) assert_int_equal(model_ranges(at->ports), fewest);
  at->cpus--;
}

/* Returns how often ports alone decided. */
static size_t one_seed(uint32_t seed, uint32_t strategy) {
  struct world w;
  struct model m = {.random = seed};
  struct k8sm_demand *demands[PODS];
  struct k8sm_cluster *c;
  struct k8sm_plan *plan;
  const struct k8sm_match_options o = {.size = sizeof o, .strategy = strategy};
  size_t placed = 0, decided = 0;
  world_init(&w);
  for (int a = 0; a < AGENTS; a++) model_offer(&w, &m, a);
  for (int i = 0; i < PODS; i++) demands[i] = model_pod(&w, &m, i);
  struct k8sm_offers *offers = world_offers(&w);
  assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_match(c, demands, PODS, &o, &plan, NULL), K8SM_OK);
  for (uint32_t i = 0; i < PODS; i++) {
    int agent = model_choose(&m, demands[i], strategy);
    bool is_placed = placed < plan->placement_count && plan->placements[placed].demand == i;
    assert_int_equal(is_placed, agent >= 0);
    if (agent < 0) continue;
    struct k8sm_demand portless = *demands[i]; /* would it have gone elsewhere? */
    portless.port_count = 0;
    int other = model_choose(&m, &portless, strategy);
    bool other_has = model_fewest(m.agents[other].ports, model_fixed(demands[i]), model_any(demands[i])) >= 0;
    decided += other != agent && other_has;
    model_place(&m, &plan->placements[placed++], demands[i], agent);
  }
  assert_int_equal(placed, plan->placement_count);
  for (uint32_t i = 0; i < PODS; i++) {
    struct k8sm_demand large = *demands[i]; /* some agents lack the ports, some the room, some both */
    large.cpus_milli = 2 * NEED_CPUS;
    check_counts(c, demands[i]);
    check_counts(c, &large);
  }
  k8sm_plan_unref(plan);
  k8sm_cluster_free(c);
  k8sm_offers_unref(offers);
  world_free(&w);
  return decided;
}

static void the_fewest_ranges_are_left(void **state) {
  (void)state;
  for (uint32_t strategy = 0; strategy <= K8SM_STRATEGY_BALANCED; strategy++) {
    size_t decided = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) decided += one_seed(seed * 7919, strategy);
    assert_true(strategy == K8SM_STRATEGY_FIRST_FIT ? decided == 0 : decided > SEEDS / 10);
  }
}

/* Of very many agents that are alike the first few are compared: the agent with the best ports is one of
 * them, or behind them. */
static void many_that_are_alike(void **state) {
  (void)state;
  enum { MANY = 100, COMPARED = 32 };
  for (int best = 0; best < MANY; best += 33) {
    struct world w;
    struct k8sm_cluster *c;
    struct k8sm_plan *plan;
    char agent[16];
    world_init(&w);
    for (int a = 0; a < MANY; a++) {
      snprintf(agent, sizeof agent, "a%02d", a);
      K8smMesos__Offer *o = world_simple(&w, agent, agent, "*", 4, 1000, false);
      K8smMesos__Resource *r = world_ports(&w, o, 31000, 31000);
      world_range(&w, r, 32000, a == best ? 32000 : 32001);
    }
    struct k8sm_demand *d = world_demand(&w, "pod", 100, 1000, 0);
    world_demand_port(d, 32000, "TCP"); /* a range as a whole there, the edge of one elsewhere */
    struct k8sm_offers *offers = world_offers(&w);
    const struct k8sm_match_options o = {.size = sizeof o, .strategy = K8SM_STRATEGY_SPREAD};
    assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
    assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
    assert_int_equal(k8sm_cluster_match(c, &d, 1, &o, &plan, NULL), K8SM_OK);
    snprintf(agent, sizeof agent, "a%02d", best <= COMPARED ? best : 0);
    assert_string_equal(plan->placements[0].agent_id.ptr, agent);
    k8sm_plan_unref(plan);
    k8sm_cluster_free(c);
    k8sm_offers_unref(offers);
    world_free(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_fewest_ranges_are_left),
      cmocka_unit_test(many_that_are_alike),
  };
  return cmocka_run_group_tests_name("match ports", tests, NULL, NULL);
}
