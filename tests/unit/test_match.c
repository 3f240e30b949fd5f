/* SPDX-License-Identifier: Apache-2.0 */
#include "support/demands.h"
#include "support/failing.h"
#include "cluster/cluster.h"
#include "match/plan.h"
#include "wire/number.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A world with a cluster that holds its offers. */
struct setup {
  struct world w;
  struct k8sm_cluster *c;
  struct k8sm_plan *plan;
};

static void setup_begin(struct setup *s) {
  memset(s, 0, sizeof *s);
  world_init(&s->w);
  assert_int_equal(k8sm_cluster_new(NULL, &s->c, NULL), K8SM_OK);
}

static void setup_add(struct setup *s, size_t first) {
  struct k8sm_offers *offers = world_offers_from(&s->w, first, NULL, NULL);
  assert_int_equal(k8sm_cluster_add(s->c, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
}

static void setup_match(struct setup *s, uint32_t strategy, size_t n, struct k8sm_demand **demands) {
  struct k8sm_match_options o = {.size = sizeof o, .strategy = strategy};
  k8sm_plan_unref(s->plan);
  assert_int_equal(k8sm_cluster_match(s->c, demands, n, &o, &s->plan, NULL), K8SM_OK);
}

static void setup_end(struct setup *s) {
  k8sm_plan_unref(s->plan);
  k8sm_cluster_free(s->c);
  world_free(&s->w);
}

static const char *setup_agent(const struct setup *s, size_t placement) {
  struct k8sm_placement row;
  return k8sm_plan_placements(s->plan, placement, &row, sizeof row, 1) > 0 ? row.agent_id.ptr : "";
}

static void a_simple_pod(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 4, 4096, true);
  setup_add(&s, 0);
  struct k8sm_demand *d = world_demand(&s.w, "p", 250, 64000, 32000);
  world_demand_port(d, 31001, "TCP");
  world_demand_port(d, 31001, "UDP");
  world_demand_port(d, 0, "TCP");
  world_demand_port(d, 31000, "TCP");
  setup_match(&s, 0, 1, &d);
  const struct k8smi_placement *p = &s.plan->placements[0];
  assert_int_equal(s.plan->placement_count, 1);
  assert_string_equal(p->framework_id.ptr, "framework");
  assert_string_equal(p->hostname.ptr, "a.example");
  assert_int_equal(p->executor.count, 4);
  assert_int_equal(p->tasks[0].count, 2);
  assert_true(p->tasks[0].items[0]->scalar->value == 0.01);
  assert_string_equal(p->executor.items[0]->allocation_info->role, "*");
  assert_int_equal(p->host_ports[0], 31001);
  assert_int_equal(p->host_ports[2], 0);
  struct k8sm_plan_resource r[9];
  assert_int_equal(k8sm_plan_resources(s.plan, 0, r, sizeof r[0], 9), 8);
  assert_string_equal(r[0].name.ptr, "cpus");
  assert_int_equal(r[0].milli, 250);
  assert_int_equal(r[0].task, -1);
  assert_string_equal(r[3].name.ptr, "ports");
  assert_int_equal(r[3].begin, 31000);
  assert_int_equal(r[3].end, 31001);
  assert_int_equal(r[7].task, 1);
  assert_int_equal(r[7].milli, 32000);
  struct k8sm_plan_port ports[3];
  assert_int_equal(k8sm_plan_ports(s.plan, 0, ports, sizeof ports[0], 3), 3);
  assert_string_equal(ports[1].protocol.ptr, "UDP");
  assert_string_equal(ports[1].container.ptr, "main");
  struct k8sm_plan_offer offer;
  assert_int_equal(k8sm_plan_offers(s.plan, 0, &offer, sizeof offer, 1), 1);
  assert_string_equal(offer.id.ptr, "o1");
  assert_int_equal(k8sm_plan_summary(s.plan, 0).len, 0);
  assert_int_equal(k8sm_plan_generation(s.plan), 1);
  setup_end(&s);
}

static void lines_of_kube_scheduler(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  struct k8sm_demand *d = world_demand(&s.w, "p", 4000, 64000, 32000);
  world_demand_port(d, 40000, "TCP");
  setup_match(&s, 0, 1, &d);
  assert_string_equal(k8sm_plan_summary(s.plan, 0).ptr, "no nodes available to schedule pods");
  struct k8sm_plan_refusal rows[4];
  assert_int_equal(k8sm_plan_refusals(s.plan, 0, rows, sizeof rows[0], 4), 1);
  assert_int_equal(rows[0].code, K8SM_DIAG_NO_AGENTS);
  char id[8], agent[8];
  for (int i = 0; i < 13; i++) {
    snprintf(id, sizeof id, "o%d", i);
    snprintf(agent, sizeof agent, "a%d", i);
    K8smMesos__Offer *o = world_simple(&s.w, id, agent, "*", 1, i == 1 ? 10 : 1000, i > 1);
    if (i < 2) world_ports(&s.w, o, 40000, 40000);
  }
  setup_add(&s, 0);
  k8sm_cluster_remove(s.c, K8SMI_S("o12"));
  setup_match(&s, 0, 1, &d);
  assert_string_equal(k8sm_plan_summary(s.plan, 0).ptr,
                      "0/13 nodes are available: 1 Insufficient memory, 1 agent(s) had no offer, "
                      "10 node(s) didn't have free ports for the requested pod ports, 2 Insufficient cpu.");
  assert_int_equal(k8sm_plan_refusals(s.plan, 0, rows, sizeof rows[0], 4), 4);
  assert_int_equal(rows[0].code, K8SM_DIAG_PORT_TAKEN);
  assert_int_equal(rows[0].agents, 10);
  assert_int_equal(rows[1].code, K8SM_DIAG_INSUFFICIENT_CPUS);
  assert_int_equal(rows[2].code, K8SM_DIAG_NO_OFFER);
  assert_int_equal(rows[3].code, K8SM_DIAG_INSUFFICIENT_MEM);
  d->agent_id = K8SMI_S("a5");
  d->port_count = 0;
  setup_match(&s, 0, 1, &d);
  assert_string_equal(
      k8sm_plan_summary(s.plan, 0).ptr,
      "0/13 nodes are available: 1 Insufficient cpu, 12 node(s) didn't run the pod's executor.");
  d->agent_id = K8SMI_S("elsewhere");
  setup_match(&s, 0, 1, &d);
  assert_string_equal(k8sm_plan_summary(s.plan, 0).ptr,
                      "0/13 nodes are available: 13 node(s) didn't run the pod's executor.");
  setup_end(&s);
}

/* Each predicate alone keeps the pod away, and the explanation names it. */
static void refuse_pinned(struct setup *s, struct k8sm_demand *d) {
  (void)s;
  d->agent_id = K8SMI_S("b");
}
static void refuse_name(struct setup *s, struct k8sm_demand *d) {
  (void)s;
  d->node_name = K8SMI_S("b.example");
}
static void refuse_selector(struct setup *s, struct k8sm_demand *d) {
  world_demand_selector(&s->w, d, "k8s.mesosphere.io/attribute-rack", "r2");
}
static void refuse_label(struct setup *s, struct k8sm_demand *d) {
  world_demand_selector(&s->w, d, "disktype", "ssd");
}
static void refuse_feature(struct setup *s, struct k8sm_demand *d) {
  assert_int_equal(k8sm_cluster_set_features(s->c, K8SMI_S("a"), K8SM_FEATURE_CGROUPS), K8SM_OK);
  d->features = K8SM_FEATURE_IMAGES | K8SM_FEATURE_CGROUPS;
}
static void refuse_features(struct setup *s, struct k8sm_demand *d) {
  assert_int_equal(k8sm_cluster_set_features(s->c, K8SMI_S("a"), 0), K8SM_OK);
  d->features = K8SM_FEATURE_ALL;
}
static void refuse_offer(struct setup *s, struct k8sm_demand *d) {
  (void)d;
  k8sm_cluster_remove_all(s->c);
}
static void refuse_role(struct setup *s, struct k8sm_demand *d) {
  world_demand_roles(&s->w, d, "x", "y");
}
static void refuse_port(struct setup *s, struct k8sm_demand *d) {
  (void)s;
  world_demand_port(d, 31005, "TCP");
  world_demand_port(d, 30000, "TCP");
}
static void refuse_cpus(struct setup *s, struct k8sm_demand *d) {
  (void)s;
  d->cpus_milli = 3981;
}
static void refuse_mem(struct setup *s, struct k8sm_demand *d) {
  (void)s;
  d->mem_milli = INT64_MAX - 5;
}
static void refuse_disk(struct setup *s, struct k8sm_demand *d) {
  (void)s;
  d->disk_milli = 10000001;
}
static void refuse_nothing(struct setup *s, struct k8sm_demand *d) {
  (void)s;
  world_demand_port(d, 31005, "TCP");
  world_demand_selector(&s->w, d, "kubernetes.io/hostname", "a.example");
  d->node_name = K8SMI_S("a");
  d->cpus_milli = 3980;
}

static void why_not(void **state) {
  (void)state;
  static const struct {
    void (*refuse)(struct setup *s, struct k8sm_demand *d);
    uint32_t code;
    const char *predicate, *wanted, *had;
  } cases[] = {
      {refuse_pinned, K8SM_DIAG_AGENT_PINNED, "agent", "b", "a"},
      {refuse_name, K8SM_DIAG_NODE_NAME, "node-name", "b.example", "a.example"},
      {refuse_selector, K8SM_DIAG_NODE_SELECTOR, "node-selector", "k8s.mesosphere.io/attribute-rack=r2",
       "k8s.mesosphere.io/attribute-rack=r1"},
      {refuse_label, K8SM_DIAG_NODE_SELECTOR, "node-selector", "disktype=ssd", ""},
      {refuse_feature, K8SM_DIAG_AGENT_FEATURE, "agent-feature", "images,cgroups", "cgroups"},
      {refuse_features, K8SM_DIAG_AGENT_FEATURE, "agent-feature",
       "images,cgroups,sandbox-path,host-path,secrets,linux-launcher,cni,docker-volumes,csi,seccomp,rlimits,"
       "docker,volume-gids",
       ""},
      {refuse_offer, K8SM_DIAG_NO_OFFER, "offer", "an offer", ""},
      {refuse_role, K8SM_DIAG_ROLE_MISSING, "role", "x,y", "*,r"},
      {refuse_port, K8SM_DIAG_PORT_TAKEN, "host-port", "30000,31005", "31005"},
      {refuse_cpus, K8SM_DIAG_INSUFFICIENT_CPUS, "cpus", "4.001", "4"},
      {refuse_mem, K8SM_DIAG_INSUFFICIENT_MEM, "mem", "9223372036854775.807", "4096"},
      {refuse_disk, K8SM_DIAG_INSUFFICIENT_DISK, "disk", "10000.001", "10000"},
      {refuse_nothing, 0, "", "", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct setup s;
    setup_begin(&s);
    world_attribute(&s.w, world_simple(&s.w, "o1", "a", "*", 4, 4096, true), "rack", "r1");
    world_attribute(&s.w, world_simple(&s.w, "o2", "a", "r", 40, 40960, false), "rack", "r1");
    setup_add(&s, 0);
    struct k8sm_demand *d = world_demand(&s.w, "p", 250, 64000, 32000);
    cases[i].refuse(&s, d);
    struct k8sm_explain *explain;
    struct k8sm_explanation row;
    assert_int_equal(k8sm_cluster_explain(s.c, d, NULL, &explain, NULL), K8SM_OK);
    assert_int_equal(k8sm_explain_rows(explain, 0, &row, sizeof row, 1), 1);
    assert_int_equal(row.code, cases[i].code);
    assert_string_equal(row.agent_id.ptr, "a");
    assert_string_equal(row.predicate.ptr == NULL ? "" : row.predicate.ptr, cases[i].predicate);
    assert_string_equal(row.wanted.ptr == NULL ? "" : row.wanted.ptr, cases[i].wanted);
    assert_string_equal(row.had.ptr == NULL ? "" : row.had.ptr, cases[i].had);
    k8sm_explain_unref(explain);
    setup_match(&s, 0, 1, &d);
    assert_int_equal(s.plan->placement_count, cases[i].code == 0);
    if (cases[i].code != 0) assert_int_equal(s.plan->refusals[0].code, cases[i].code);
    setup_end(&s);
  }
}

static void strategies_choose(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  world_simple(&s.w, "o1", "c", "*", 2, 2048, true);
  world_simple(&s.w, "o2", "b", "*", 8, 8192, true);
  world_simple(&s.w, "o3", "a", "*", 4, 4096, true);
  world_simple(&s.w, "o4", "d", "*", 2, 2048, true);
  world_simple(&s.w, "o5", "e", "*", 8, 8192, true);
  setup_add(&s, 0);
  struct k8sm_demand *d[] = {world_demand(&s.w, "p", 1000, 512000, 32000),
                             world_demand(&s.w, "q", 1500, 512000, 32000)};
  setup_match(&s, K8SM_STRATEGY_PACK, 2, d);
  assert_string_equal(setup_agent(&s, 0), "c");
  assert_string_equal(setup_agent(&s, 1), "d");
  setup_match(&s, K8SM_STRATEGY_SPREAD, 2, d);
  assert_string_equal(setup_agent(&s, 0), "b");
  assert_string_equal(setup_agent(&s, 1), "e");
  setup_match(&s, K8SM_STRATEGY_FIRST_FIT, 2, d);
  assert_string_equal(setup_agent(&s, 0), "a");
  assert_string_equal(setup_agent(&s, 1), "a");
  setup_end(&s);
}

/* The last thousandth counts. */
static void exactly_what_is_there(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 1, 1000, true);
  setup_add(&s, 0);
  for (uint32_t strategy = 0; strategy <= K8SM_STRATEGY_FIRST_FIT; strategy++) {
    struct k8sm_demand *d = world_demand(&s.w, "p", 980, 936000, 10000000);
    setup_match(&s, strategy, 1, &d);
    assert_int_equal(s.plan->placement_count, 1);
    d->mem_milli++;
    setup_match(&s, strategy, 1, &d);
    assert_int_equal(s.plan->placement_count, 0);
  }
  setup_end(&s);
}

static const char *resource_reservation(const K8smMesos__Resource *r) {
  return r->n_reservations > 0 ? r->reservations[r->n_reservations - 1]->role : "";
}

/* What names the pod goes first, then what is reserved for the role, then the rest: an amount is split. */
static void reserved_goes_first(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  K8smMesos__Offer *o = world_simple(&s.w, "o1", "a", "r", 4, 4096, true);
  world_reserve(&s.w, world_scalar(&s.w, o, "cpus", 0.3), "r", NULL, NULL);
  world_reserve(&s.w, world_scalar(&s.w, o, "cpus", 0.2), "r", "pod", "p");
  world_reserve(&s.w, world_scalar(&s.w, o, "cpus", 9), "r", "pod", "another");
  setup_add(&s, 0);
  struct k8sm_demand *d = world_demand(&s.w, "p", 1000, 64000, 32000);
  world_demand_roles(&s.w, d, "r", NULL);
  setup_match(&s, 0, 1, &d);
  const struct k8smi_placement *p = &s.plan->placements[0];
  assert_int_equal(p->executor.count, 5);
  assert_true(p->executor.items[0]->scalar->value == 0.2);
  assert_int_equal(p->executor.items[0]->reservations[0]->labels->n_labels, 1);
  assert_true(p->executor.items[1]->scalar->value == 0.3);
  assert_string_equal(resource_reservation(p->executor.items[1]), "r");
  assert_true(p->executor.items[2]->scalar->value == 0.5);
  assert_string_equal(resource_reservation(p->executor.items[2]), "");
  d->cpus_milli = 4480; /* all of it, and nothing of what names another pod */
  setup_match(&s, 0, 1, &d);
  assert_int_equal(s.plan->placement_count, 1);
  d->cpus_milli = 4481;
  setup_match(&s, 0, 1, &d);
  assert_int_equal(s.plan->placement_count, 0);
  setup_end(&s);
}

static void the_first_role_that_fits(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 4, 4096, true);
  world_simple(&s.w, "o2", "a", "r", 1, 4096, true);
  world_simple(&s.w, "o3", "b", "r", 2, 4096, true);
  setup_add(&s, 0);
  struct k8sm_demand *d = world_demand(&s.w, "p", 1500, 64000, 32000);
  world_demand_roles(&s.w, d, "r", "*");
  setup_match(&s, 0, 1, &d);
  assert_string_equal(setup_agent(&s, 0), "b");
  d->cpus_milli = 3000;
  setup_match(&s, 0, 1, &d);
  assert_string_equal(setup_agent(&s, 0), "a");
  assert_string_equal(s.plan->placements[0].role.ptr, "*");
  d->cpus_milli = 4500; /* 5 on the agent, but in no one role */
  setup_match(&s, 0, 1, &d);
  assert_string_equal(k8sm_plan_summary(s.plan, 0).ptr, "0/2 nodes are available: 2 Insufficient cpu.");
  setup_end(&s);
}

static void fewest_offers(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 1, 1000, false);
  world_simple(&s.w, "o2", "a", "*", 2, 1000, false);
  world_simple(&s.w, "o3", "a", "*", 3, 1000, true);
  setup_add(&s, 0);
  struct k8sm_demand *d = world_demand(&s.w, "p", 1500, 64000, 32000);
  setup_match(&s, 0, 1, &d);
  assert_int_equal(s.plan->placements[0].offer_ids.count, 1);
  assert_string_equal(s.plan->placements[0].offer_ids.items[0].ptr, "o2");
  d->cpus_milli = 3500;
  setup_match(&s, 0, 1, &d);
  assert_int_equal(s.plan->placements[0].offer_ids.count, 2);
  assert_string_equal(s.plan->placements[0].offer_ids.items[0].ptr, "o1");
  assert_string_equal(s.plan->placements[0].offer_ids.items[1].ptr, "o3");
  d->cpus_milli = 500;
  world_demand_port(d, 31000, "TCP");
  setup_match(&s, 0, 1, &d);
  assert_string_equal(s.plan->placements[0].offer_ids.items[0].ptr, "o3");
  /* the second pod takes what the first one opened, and both name all */
  struct k8sm_demand *both[] = {d, world_demand(&s.w, "q", 4500, 64000, 32000)};
  setup_match(&s, 0, 2, both);
  assert_int_equal(s.plan->placement_count, 2);
  assert_int_equal(s.plan->placements[0].offer_ids.count, 3);
  struct k8sm_plan_offer rows[6];
  assert_int_equal(k8sm_plan_offers(s.plan, 1, rows, sizeof rows[0], 6), 5);
  assert_string_equal(rows[2].id.ptr, "o1");
  assert_int_equal(rows[2].placement, 1);
  setup_end(&s);
}

/* More offers than sets can be tried of: what is opened is needed, every one. */
static void very_many_offers(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  char id[16];
  for (int i = 0; i < 300; i++) {
    snprintf(id, sizeof id, "o%03d", i);
    world_simple(&s.w, id, "a", "*", i % 7 == 0 ? 4 : 0.5, 100, false);
  }
  setup_add(&s, 0);
  struct k8sm_demand *d = world_demand(&s.w, "p", 39900, 968000, 0);
  setup_match(&s, 0, 1, &d);
  assert_int_equal(s.plan->placement_count, 1);
  assert_in_range(s.plan->placements[0].offer_ids.count, 10, 12);
  d->mem_milli = 29936000; /* all there is */
  setup_match(&s, 0, 1, &d);
  assert_int_equal(s.plan->placements[0].offer_ids.count, 300);
  setup_end(&s);
}

static void a_pod_under_way(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 4, 4096, true);
  world_simple(&s.w, "o2", "b", "*", 0.01, 32, false);
  setup_add(&s, 0);
  struct k8sm_demand *d = world_demand(&s.w, "p", 0, 0, 0);
  d->agent_id = K8SMI_S("b");
  d->executor = K8SMI_S("bytes");
  d->tasks[0].launch = false;
  world_demand_port(d, 31000, "TCP"); /* the executor holds it already */
  setup_match(&s, 0, 1, &d);
  const struct k8smi_placement *p = &s.plan->placements[0];
  assert_string_equal(p->agent_id.ptr, "b");
  assert_int_equal(p->executor.count, 0);
  assert_int_equal(p->tasks[0].count, 0);
  assert_int_equal(p->tasks[1].count, 2);
  assert_int_equal(p->host_ports[0], 31000);
  setup_end(&s);
}

static void a_plan_is_applied_whole(void **state) {
  (void)state;
  struct k8sm_diag rows[4];
  char text[512];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct setup s;
  setup_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 1, 1000, false);
  world_simple(&s.w, "o2", "b", "*", 1, 1000, false);
  world_simple(&s.w, "o3", "c", "*", 1, 1000, false);
  setup_add(&s, 0);
  struct k8sm_demand *d[] = {world_demand(&s.w, "p", 900, 64000, 0), world_demand(&s.w, "q", 900, 64000, 0),
                             world_demand(&s.w, "r", 900, 64000, 0)};
  setup_match(&s, 0, 2, d);
  k8sm_cluster_remove(s.c, K8SMI_S("o2"));
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, &diags), K8SM_ERR_STATE);
  assert_int_equal(diags.count, 1);
  assert_int_equal(rows[0].code, K8SM_DIAG_PLAN_STALE);
  assert_string_equal(text + rows[0].path, "placements[1]");
  assert_string_equal(text + rows[0].message, "default/q on b: an offer is not held any more");
  assert_int_equal(k8sm_cluster_offers(s.c, 0, NULL, 0, 0), 2);
  world_simple(&s.w, "o4", "d", "*", 1, 1000, false); /* one that nothing depends on */
  setup_match(&s, 0, 2, d);
  setup_add(&s, 3);
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, &diags), K8SM_OK);
  assert_int_equal(k8sm_cluster_offers(s.c, 0, NULL, 0, 0), 1);
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_ERR_STATE);
  setup_match(&s, 0, 1, d); /* a second instance of one that runs */
  diags.count = 0;
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, &diags), K8SM_ERR_STATE);
  assert_string_equal(text + rows[0].message, "default/p on d: the pod runs already");
  struct k8sm_demand *twice[] = {world_demand(&s.w, "t", 100, 64000, 0),
                                 world_demand(&s.w, "u", 100, 64000, 0),
                                 world_demand(&s.w, "t", 100, 64000, 0)};
  setup_match(&s, 0, 3, twice); /* as much of one that was matched with itself */
  const uint64_t generation = k8sm_cluster_generation(s.c);
  diags.count = 0;
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, &diags), K8SM_ERR_STATE);
  assert_int_equal(diags.count, 1);
  assert_string_equal(text + rows[0].path, "placements[2]");
  assert_string_equal(text + rows[0].message, "default/t on d: the pod has another place in this plan");
  assert_int_equal(k8sm_cluster_pods(s.c, K8SMI_S("d"), 0, NULL, 0, 0), 0);
  assert_int_equal(k8sm_cluster_offers(s.c, 0, NULL, 0, 0), 1);
  assert_int_equal(k8sm_cluster_generation(s.c), generation);
  setup_match(&s, 0, 1, d + 2);
  assert_string_equal(setup_agent(&s, 0), "d");
  assert_int_equal(k8sm_cluster_set_features(s.c, K8SMI_S("d"), 0), K8SM_OK);
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_ERR_STATE);
  setup_end(&s);
}

static size_t pods_of(const struct setup *s, const char *agent) {
  return k8sm_cluster_pods(s->c, k8smi_s(agent), 0, NULL, 0, 0);
}

/* One that ends is begun anew elsewhere: of a plan that is refused after that it is still where it was. */
static void a_plan_that_moves_a_pod_is_applied_whole(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 0.1, 1000, false);
  world_simple(&s.w, "o2", "b", "*", 1, 1000, false);
  setup_add(&s, 0);
  struct k8sm_demand *t = world_demand(&s.w, "t", 100, 64000, 0);
  struct k8sm_demand *moved[] = {world_demand(&s.w, "p", 300, 64000, 0), t,
                                 world_demand(&s.w, "p", 300, 64000, 0)};
  assert_int_equal(k8sm_cluster_add_pod(s.c, moved[0], K8SMI_S("a"), NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_end_pod(s.c, moved[0]->uid), 1);
  setup_match(&s, 0, 3, moved);
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_ERR_STATE);
  assert_int_equal(pods_of(&s, "a"), 1);
  assert_int_equal(pods_of(&s, "b"), 0);
  assert_int_equal(s.c->ending, 1);
  setup_match(&s, 0, 2, moved);
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
  assert_int_equal(pods_of(&s, "a"), 0);
  assert_int_equal(pods_of(&s, "b"), 2);
  assert_int_equal(s.c->ending, 0);
  world_simple(&s.w, "o3", "b", "*", 1, 1000, false);
  setup_add(&s, 2);
  assert_int_equal(k8sm_cluster_end_pod(s.c, t->uid), 1);
  setup_match(&s, 0, 1, &t); /* anew, and where it was */
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
  assert_int_equal(pods_of(&s, "b"), 2);
  assert_int_equal(s.c->ending, 0);
  setup_end(&s);
}

static void wrong_options(void **state) {
  (void)state;
  struct k8sm_diag rows[1];
  char text[256];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_match_options o = {.size = sizeof o, .strategy = 4};
  struct setup s;
  setup_begin(&s);
  assert_int_equal(k8sm_cluster_match(s.c, NULL, 0, &o, &s.plan, &diags), K8SM_ERR_INVALID);
  assert_int_equal(rows[0].code, K8SM_DIAG_OPTION_INVALID);
  assert_null(s.plan);
  o.strategy = 0;
  assert_int_equal(k8sm_cluster_match(s.c, NULL, 0, &o, &s.plan, &diags), K8SM_OK);
  assert_int_equal(k8sm_plan_placements(s.plan, 0, NULL, 0, 0), 0);
  assert_int_equal(k8sm_plan_offers(s.plan, 0, NULL, 0, 0), 0);
  assert_int_equal(k8sm_plan_summary(s.plan, 0).len, 0);
  setup_end(&s);
}

/* Whatever allocation fails, the cluster stays as it was and nothing leaks. */
static void memory_runs_out(void **state) {
  (void)state;
  struct setup s;
  setup_begin(&s);
  char id[8], agent[8];
  for (int i = 0; i < 12; i++) {
    snprintf(id, sizeof id, "o%d", i);
    snprintf(agent, sizeof agent, "a%d", i % 4);
    world_simple(&s.w, id, agent, "*", 1, 1000, i < 4);
  }
  setup_add(&s, 0);
  struct k8sm_demand *d[40];
  for (int i = 0; i < 40; i++) {
    d[i] = world_demand(&s.w, id, 300, 100000, 1000);
    world_demand_port(d[i], (uint16_t)(31000 + i), "TCP");
    world_demand_port(d[i], (uint16_t)(31100 + i), "TCP");
  }
  struct failing f;
  int result;
  for (size_t fail_at = 1;; fail_at++) {
    struct k8sm_plan *plan = NULL;
    struct k8sm_explain *explain = NULL;
    failing_init(&f, fail_at);
    struct k8sm_match_options o = {.size = sizeof o, .allocator = &f.allocator, .flags = K8SM_MATCH_EXPLAIN};
    result = k8sm_cluster_match(s.c, d, 40, &o, &plan, NULL);
    if (result == K8SM_OK) assert_int_equal(plan->placement_count, 36);
    k8sm_plan_unref(plan);
    assert_int_equal(f.held, 0);
    f.calls = 0;
    int explained = k8sm_cluster_explain(s.c, d[39], &o, &explain, NULL);
    k8sm_explain_unref(explain);
    assert_int_equal(f.held, 0);
    for (uint32_t i = 0; i < s.c->slots.high; i++) {
      assert_null(k8smi_slot_at(s.c, i)->pool);
      assert_int_equal(k8smi_slot_at(s.c, i)->free[K8SMI_CPUS], 3000);
    }
    if (result == K8SM_OK && explained == K8SM_OK) break;
  }
  for (int i = 0; i < 40; i++) assert_int_equal(d[i]->refs, 1);
  setup_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_simple_pod),
      cmocka_unit_test(lines_of_kube_scheduler),
      cmocka_unit_test(why_not),
      cmocka_unit_test(strategies_choose),
      cmocka_unit_test(exactly_what_is_there),
      cmocka_unit_test(reserved_goes_first),
      cmocka_unit_test(the_first_role_that_fits),
      cmocka_unit_test(fewest_offers),
      cmocka_unit_test(very_many_offers),
      cmocka_unit_test(a_pod_under_way),
      cmocka_unit_test(a_plan_is_applied_whole),
      cmocka_unit_test(a_plan_that_moves_a_pod_is_applied_whole),
      cmocka_unit_test(wrong_options),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
