/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that are for reservations which an operator has made: what they take, and why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"

#include "match/plan.h"

#define RESERVATION "'k8s.mesosphere.io/reservation':"
#define PRINCIPAL   "'k8s.mesosphere.io/reservation-principal':"

static const char *const roles[] = {"r", NULL};

/* A resource that is reserved for r, with a label (key NULL: none) and a principal. */
static K8smMesos__Resource *reserved(struct scene *s, K8smMesos__Offer *o, const char *name, double value,
                                     const char *key, const char *label, const char *principal) {
  K8smMesos__Resource *r = world_scalar(&s->w, o, name, value);
  world_reserve(&s->w, r, "r", key, key == NULL ? NULL : label);
  r->reservations[0]->principal = principal == NULL ? NULL : world_text(&s->w, principal);
  return r;
}

/* Agent a: 4 cpus for team=db, 2 for team=web of ops, 1 of anybody's; plain disk and ports. */
static void agent(struct scene *s, const char *id) {
  K8smMesos__Offer *o = world_offer(&s->w, id, id, "r");
  reserved(s, o, "cpus", 4, "team", "db", "ops");
  reserved(s, o, "mem", 4096, "team", "db", "ops");
  reserved(s, o, "cpus", 2, "team", "web", "dev");
  reserved(s, o, "mem", 2048, "team", "web", "dev");
  reserved(s, o, "cpus", 1, NULL, NULL, "ops");
  reserved(s, o, "mem", 1024, NULL, NULL, "ops");
  world_scalar(&s->w, o, "cpus", 8);
  world_scalar(&s->w, o, "mem", 8192);
  world_scalar(&s->w, o, "disk", 10000);
  world_ports(&s->w, o, 31000, 31009);
}

static struct k8sm_demand *pod(struct scene *s, const char *name, const char *annotations, const char *cpus) {
  char container[256];
  snprintf(
      container, sizeof container,
      "'resources':{'requests':{'cpu':'%s','memory':'64Mi'}},'ports':[{'containerPort':80,'hostPort':31005}]",
      cpus);
  return scene_full_pod(s, name, "", annotations, container, "", roles);
}

/* How much of a scalar the placement has from reservations with that label; NULL: from elsewhere. */
static double taken(const struct scene *s, size_t placement, const char *name, const char *label) {
  const struct k8smi_placement *p = &s->plan->placements[placement];
  const struct k8smi_resources *lists[] = {&p->executor, &p->tasks[0], &p->tasks[1]};
  double sum = 0;
  for (size_t l = 0; l < 3; l++) {
    for (size_t i = 0; i < lists[l]->count; i++) {
      const K8smMesos__Resource *r = lists[l]->items[i];
      const K8smMesos__Labels *labels = r->n_reservations == 0 ? NULL : r->reservations[0]->labels;
      bool same =
          label == NULL ? labels == NULL : labels != NULL && strcmp(labels->labels[0]->value, label) == 0;
      if (strcmp(r->name, name) == 0 && same) sum += r->scalar->value;
    }
  }
  return sum;
}

static void it_takes_what_is_reserved_so(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  agent(&s, "a");
  scene_offers(&s);
  pod(&s, "db", RESERVATION "'team=db'", "3");
  assert_string_equal(scene_places(&s), "a");
  assert_true(taken(&s, 0, "cpus", "db") > 3 && taken(&s, 0, "cpus", NULL) == 0);
  assert_true(taken(&s, 0, "mem", "db") > 64 && taken(&s, 0, "mem", NULL) == 0);
  assert_true(taken(&s, 0, "disk", NULL) > 0); /* the reservation has none */
  assert_int_equal(s.plan->placements[0].host_ports[0], 31005);
  /* A second one does not take others' cpus for what is missing; one that asks for less has place beside it.
   */
  scene_drop_pods(&s);
  pod(&s, "db", RESERVATION "'team=db'", "3");
  scene_full_pod(&s, "more", "", RESERVATION "'team=db'", "'resources':{'requests':{'cpu':'2'}}", "", roles);
  scene_full_pod(&s, "less", "", RESERVATION "'team=db'", "'resources':{'requests':{'cpu':'500m'}}", "",
                 roles);
  assert_string_equal(scene_places(&s), "a-a");
  /* By the principal alone: labels do not matter. With both, both do. */
  scene_drop_pods(&s);
  pod(&s, "ops", PRINCIPAL "'ops'", "4500m");
  assert_string_equal(scene_places(&s), "a");
  assert_true(taken(&s, 0, "cpus", "db") == 4 && taken(&s, 0, "cpus", NULL) > 0);
  scene_drop_pods(&s);
  pod(&s, "both", RESERVATION "'team=db'," PRINCIPAL "'dev'", "1");
  assert_string_equal(scene_places(&s), "-");
  scene_end(&s);
}

/* Pods that are for none leave labelled ones alone. */
static void others_leave_it_alone(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  agent(&s, "a");
  scene_offers(&s);
  pod(&s, "any", "", "8");
  assert_string_equal(scene_places(&s), "a");
  assert_true(taken(&s, 0, "cpus", NULL) > 8);
  scene_drop_pods(&s);
  pod(&s, "large", "", "9500m"); /* 1 + 8 are there for it */
  assert_string_equal(scene_places(&s), "-");
  assert_string_equal(k8sm_plan_summary(s.plan, 0).ptr, "0/1 nodes are available: 1 Insufficient cpu.");
  scene_end(&s);
}

static void why_not(void **state) {
  (void)state;
  static const struct {
    const char *annotations, *cpus, *predicate, *wanted, *had, *summary, *nearest;
  } cases[] = {
      {RESERVATION "'team=x'", "1", "reservation", "team=x", "team=db of ops",
       "0/1 nodes are available: 1 agent(s) had no offer of a reservation that the pod is for.",
       "fits a.example if it offered a reservation team=x"},
      {RESERVATION "'team=db,tier=gold'," PRINCIPAL "'ops'", "1", "reservation", "team=db,tier=gold of ops",
       "team=db of ops",
       "0/1 nodes are available: 1 agent(s) had no offer of a reservation that the pod is for.",
       "fits a.example if it offered a reservation team=db,tier=gold of ops"},
      {PRINCIPAL "'nobody'", "1", "reservation", "of nobody", "team=db of ops",
       "0/1 nodes are available: 1 agent(s) had no offer of a reservation that the pod is for.",
       "fits a.example if it offered a reservation of nobody"},
      {RESERVATION "'team=web'", "2", "cpus", "2.05", "2", "0/1 nodes are available: 1 Insufficient cpu.",
       NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    struct k8sm_explain *explain;
    struct k8sm_explanation row;
    scene_begin(&s);
    agent(&s, "a");
    scene_offers(&s);
    pod(&s, "p", cases[i].annotations, cases[i].cpus);
    assert_string_equal(scene_places(&s), "-");
    assert_string_equal(k8sm_plan_summary(s.plan, 0).ptr, cases[i].summary);
    assert_int_equal(k8sm_cluster_explain(s.c, s.demands[0], NULL, &explain, NULL), K8SM_OK);
    assert_int_equal(k8sm_explain_rows(explain, 0, &row, sizeof row, 1), 1);
    assert_string_equal(row.predicate.ptr, cases[i].predicate);
    assert_string_equal(row.wanted.ptr, cases[i].wanted);
    assert_string_equal(row.had.ptr, cases[i].had);
    if (cases[i].nearest != NULL) assert_string_equal(k8sm_explain_nearest(explain).ptr, cases[i].nearest);
    k8sm_explain_unref(explain);
    scene_end(&s);
  }
}

/* The option says it for all pods, and the annotation for one. */
static void options_and_findings(void **state) {
  (void)state;
  static const struct {
    const char *annotations, *option, *principal, *label; /* NULL: no demand */
    const char *finding;
  } cases[] = {
      {"", "team=db", NULL, "db", ""},
      {"", NULL, "dev", "web", ""},
      {RESERVATION "'team=web'", "team=db", NULL, "web", ""},
      {RESERVATION "''", "team=db", NULL, "", ""}, /* of none, in spite of the option */
      {RESERVATION "'team'", NULL, NULL, NULL, "'team': expected labels as 'a=b,c=d'"},
      {"", "=x", NULL, NULL, "'=x': expected labels as 'a=b,c=d'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    struct findings f;
    char text[512];
    struct k8sm_pod *p;
    struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n", .roles = roles, .role_count = 1};
    o.reservation = cases[i].option;
    o.reservation_principal = cases[i].principal;
    scene_begin(&s);
    agent(&s, "a");
    scene_offers(&s);
    snprintf(text, sizeof text,
             "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','uid':'u','annotations':{%s}},"
             "'spec':{'containers':[{'name':'c','image':'i'}]}}",
             cases[i].annotations);
    char *json = pods_json(text);
    assert_int_equal(k8sm_pod_parse(json, strlen(json), NULL, &p, findings_init(&f)), K8SM_OK);
    free(json);
    int result = k8sm_demand_make(p, &o, &s.demands[0], findings_init(&f));
    k8sm_pod_unref(p);
    assert_int_equal(result == K8SM_OK, cases[i].label != NULL);
    if (result != K8SM_OK) {
      bool found = false;
      for (size_t k = 0; k < f.diags.count; k++)
        found = found || strcmp(f.text + f.rows[k].message, cases[i].finding) == 0;
      assert_true(found);
      scene_end(&s);
      continue;
    }
    s.count = 1;
    assert_string_equal(scene_places(&s), "a");
    assert_true(taken(&s, 0, "cpus", cases[i].label[0] == '\0' ? NULL : cases[i].label) > 0.25);
    scene_end(&s);
  }
}

/* Under way, it takes tokens of the reservation, and of what is there where nothing of it is. */
static void under_way(void **state) {
  (void)state;
  for (int there = 0; there < 2; there++) {
    struct scene s;
    scene_begin(&s);
    K8smMesos__Offer *offer = world_simple(&s.w, "o1", "a", "r", 1, 1024, false);
    if (there) reserved(&s, offer, "cpus", 1, "team", "db", "ops");
    if (there) reserved(&s, offer, "mem", 64, "team", "db", "ops");
    scene_offers(&s);
    pod(&s, "db", RESERVATION "'team=db'", "1");
    struct k8sm_demand *d = s.demands[0]; /* its executor is on the agent: only tokens are asked for */
    d->agent_id = K8SMI_S("a");
    d->cpus_milli = d->mem_milli = d->disk_milli = 0;
    assert_string_equal(scene_places(&s), "a");
    assert_true((taken(&s, 0, "cpus", "db") > 0) == there);
    assert_true((taken(&s, 0, "cpus", NULL) > 0) == !there);
    scene_end(&s);
  }
}

/* Of several agents the one with the least room of the role; a preference of the pod comes before that. */
static void of_several_agents(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  agent(&s, "a");
  agent(&s, "b");
  reserved(&s, s.w.offers[0], "cpus", 1, NULL, NULL, NULL); /* more room on a */
  world_attribute(&s.w, s.w.offers[0], "rack", "r1");
  world_simple(&s.w, "o3", "c", "r", 1, 1024, true); /* nothing is reserved there */
  scene_offers(&s);
  pod(&s, "db", RESERVATION "'team=db'", "3");
  assert_string_equal(scene_places(&s), "b");
  s.options.strategy = K8SM_STRATEGY_SPREAD;
  assert_string_equal(scene_places(&s), "a");
  s.options.strategy = K8SM_STRATEGY_PACK;
  scene_drop_pods(&s);
  scene_full_pod(&s, "likes", "", RESERVATION "'team=db'", "'resources':{'requests':{'cpu':'3'}}",
                 "'affinity':{'nodeAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':1,"
                 "'preference':{'matchExpressions':[{'key':'k8s.mesosphere.io/"
                 "attribute-rack','operator':'Exists'}]}}]}}",
                 roles);
  assert_string_equal(scene_places(&s), "a");
  scene_end(&s);
}

/* Generated offers and pods: each has a place if and only if some agent has all that it asks, as the document
 * says it; and nothing is spent twice. */
enum { MODEL_AGENTS = 4, MODEL_PODS = 8, MODEL_TEAMS = 3, MODEL_SEEDS = 500 };

struct model {
  double cpus[MODEL_AGENTS][MODEL_TEAMS + 1]; /* by team; the last is anybody's */
  double disk[MODEL_AGENTS];
  uint32_t random;
};

static uint32_t model_below(struct model *m, uint32_t n) {
  m->random = m->random * 1664525u + 1013904223u;
  return (m->random >> 9) % n;
}

static void model_offers(struct scene *s, struct model *m) {
  static const char *const teams[] = {"t0", "t1", "t2"};
  for (int a = 0; a < MODEL_AGENTS; a++) {
    char id[8];
    snprintf(id, sizeof id, "%c", 'a' + a);
    K8smMesos__Offer *o = world_offer(&s->w, id, id, "r");
    for (int t = 0; t < MODEL_TEAMS; t++) {
      m->cpus[a][t] = model_below(m, 4);
      if (m->cpus[a][t] == 0) continue;
      reserved(s, o, "cpus", m->cpus[a][t], "team", teams[t], "ops");
      reserved(s, o, "mem", 65536, "team", teams[t], "ops");
    }
    m->cpus[a][MODEL_TEAMS] = model_below(m, 3);
    if (m->cpus[a][MODEL_TEAMS] > 0) world_scalar(&s->w, o, "cpus", m->cpus[a][MODEL_TEAMS]);
    world_scalar(&s->w, o, "mem", 65536);
    m->disk[a] = 64 * (1 + model_below(m, 3));
    world_scalar(&s->w, o, "disk", m->disk[a]);
  }
  scene_offers(s);
}

static void generated(void **state) {
  (void)state;
  size_t placed = 0;
  for (uint32_t seed = 1; seed <= MODEL_SEEDS; seed++) {
    struct scene s;
    struct model m = {.random = seed * 7919};
    int team[MODEL_PODS];
    scene_begin(&s);
    model_offers(&s, &m);
    for (int i = 0; i < MODEL_PODS; i++) {
      char name[8], annotations[96] = "", cpus[64];
      team[i] = (int)model_below(&m, MODEL_TEAMS + 1);
      snprintf(name, sizeof name, "p%d", i);
      snprintf(cpus, sizeof cpus, "'resources':{'requests':{'cpu':'%um'}}", 450 + 500 * model_below(&m, 4));
      if (team[i] < MODEL_TEAMS) snprintf(annotations, sizeof annotations, RESERVATION "'team=t%d'", team[i]);
      scene_full_pod(&s, name, "", annotations, cpus, "", roles);
    }
    const char *places = scene_places(&s);
    for (uint32_t i = 0, at = 0; i < MODEL_PODS; i++) {
      int64_t need[3];
      bool fits = false;
      k8smi_demand_sum(s.demands[i], need);
      for (int a = 0; a < MODEL_AGENTS; a++)
        fits = fits || (m.cpus[a][team[i]] >= (double)need[0] / 1000 && m.disk[a] >= (double)need[2] / 1000);
      assert_int_equal(places[i] != '-', fits);
      if (places[i] == '-') continue;
      char label[4];
      snprintf(label, sizeof label, "t%d", team[i]);
      double got = taken(&s, at++, "cpus", team[i] == MODEL_TEAMS ? NULL : label);
      assert_int_equal((int64_t)(got * 1000 + 0.5), need[0]);
      m.cpus[places[i] - 'a'][team[i]] -= (double)need[0] / 1000;
      m.disk[places[i] - 'a'] -= (double)need[2] / 1000;
      assert_true(m.cpus[places[i] - 'a'][team[i]] > -0.0001 && m.disk[places[i] - 'a'] > -0.0001);
      placed++;
    }
    scene_end(&s);
  }
  assert_in_range(placed, MODEL_SEEDS, MODEL_SEEDS * (MODEL_PODS - 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_takes_what_is_reserved_so),
      cmocka_unit_test(others_leave_it_alone),
      cmocka_unit_test(why_not),
      cmocka_unit_test(options_and_findings),
      cmocka_unit_test(under_way),
      cmocka_unit_test(of_several_agents),
      cmocka_unit_test(generated),
  };
  return cmocka_run_group_tests_name("match reservations", tests, NULL, NULL);
}
