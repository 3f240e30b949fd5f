/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several places is the best one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"

#define ZONE  "topology.kubernetes.io/zone"
#define LIKES "'preferredDuringSchedulingIgnoredDuringExecution'"
#define RACK(weight, rack)                                                                                   \
  "{'weight':" weight ",'preference':{'matchExpressions':[{'key':'k8s.mesosphere.io/attribute-rack',"        \
  "'operator':'In','values':['" rack "']}]}}"
#define LIKES_NODES(terms) "'affinity':{'nodeAffinity':{" LIKES ":[" terms "]}}"
#define POD_TERM(weight, app, key)                                                                           \
  "{'weight':" weight ",'podAffinityTerm':{'labelSelector':{'matchLabels':{'app':'" app "'}},"               \
  "'topologyKey':'" key "'}}"
#define SPREAD_ANYWAY(key)                                                                                   \
  "'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'" key                                            \
  "','whenUnsatisfiable':'ScheduleAnyway','labelSelector':{'matchLabels':{'app':'web'}}}]"

/* a, b and c, in racks r1, r2, r3 and zones z1, z1, z2; b has the least room, c the most. */
static void three_agents(struct scene *s) {
  static const char *const racks[] = {"r1", "r2", "r3"}, *const zones[] = {"z1", "z1", "z2"};
  static const double cpus[] = {8, 4, 16};
  scene_begin(s);
  for (int i = 0; i < 3; i++) {
    char agent[2] = {(char)('a' + i), '\0'};
    K8smMesos__Offer *o = world_simple(&s->w, agent, agent, "*", cpus[i], 1024 * cpus[i], true);
    world_attribute(&s->w, o, "rack", racks[i]);
    world_domain(&s->w, o, "north", zones[i]);
  }
  scene_offers(s);
}

static const char *place_of(struct scene *s, const char *labels, const char *more) {
  scene_drop_pods(s);
  scene_pod(s, "p", labels, more);
  scene_match(s);
  return scene_place(s, 0);
}

/* The score of a part in the plan; -1: it did not decide. */
static int score_of(const struct scene *s, const char *part, uint32_t *weight) {
  struct k8sm_plan_score row;
  for (size_t i = 0; k8sm_plan_scores(s->plan, i, &row, sizeof row, 1) > 0; i++) {
    if (!k8smi_eqs(row.part, part)) continue;
    *weight = row.weight;
    return (int)row.score;
  }
  return -1;
}

static void preferred_nodes(void **state) {
  (void)state;
  struct scene s;
  uint32_t weight;
  three_agents(&s);
  assert_string_equal(place_of(&s, "", ""), "b"); /* the fullest */
  assert_int_equal(score_of(&s, "nodes", &weight), -1);
  assert_string_equal(place_of(&s, "", LIKES_NODES(RACK("1", "r3"))), "c");
  assert_int_equal(score_of(&s, "nodes", &weight), 100);
  assert_int_equal(weight, 2);
  assert_int_equal(score_of(&s, "strategy", &weight), 1); /* 0.27 of 16 cpus, 66 of 16384 MB */
  assert_string_equal(place_of(&s, "", LIKES_NODES(RACK("10", "r1") "," RACK("30", "r3"))), "c");
  assert_string_equal(place_of(&s, "", LIKES_NODES(RACK("10", "none"))), "b");
  assert_int_equal(score_of(&s, "nodes", &weight), 0);
  s.options.weight_nodes = K8SM_WEIGHT_NONE;
  assert_string_equal(place_of(&s, "", LIKES_NODES(RACK("1", "r3"))), "b");
  /* what is preferred is no reason to go nowhere */
  s.options.weight_nodes = 0;
  assert_string_equal(
      place_of(&s, "",
               LIKES_NODES(RACK("1", "r3")) ",'nodeSelector':{'k8s.mesosphere.io/attribute-rack':'r1'}"),
      "a");
  scene_end(&s);
}

static void preferred_without_taint(void **state) {
  (void)state;
  struct scene s;
  uint32_t weight;
  three_agents(&s);
  const struct k8sm_node_taint taints[] = {{"k", "v", "PreferNoSchedule"}, {"l", "v", "PreferNoSchedule"}};
  struct k8sm_node node = {
      .size = sizeof node, .taints = taints, .taint_count = 2, .taint_size = sizeof taints[0]};
  assert_int_equal(k8sm_cluster_set_node(s.c, K8SMI_S("b"), &node, NULL), K8SM_OK);
  node.taint_count = 1;
  assert_int_equal(k8sm_cluster_set_node(s.c, K8SMI_S("a"), &node, NULL), K8SM_OK);
  assert_string_equal(place_of(&s, "", ""), "c");
  assert_int_equal(score_of(&s, "taints", &weight), 100);
  assert_string_equal(place_of(&s, "", "'tolerations':[{'key':'k','operator':'Exists'}]"), "a");
  assert_string_equal(place_of(&s, "", "'tolerations':[{'operator':'Exists'}]"), "b");
  assert_string_equal(place_of(&s, "", "'tolerations':[{'operator':'Exists','effect':'NoSchedule'}]"), "c");
  scene_end(&s);
}

static void preferred_spread(void **state) {
  (void)state;
  struct scene s;
  uint32_t weight;
  three_agents(&s);
  scene_runs(&s, "r0", "'app':'web'", "", "a");
  assert_string_equal(place_of(&s, "'app':'web'", SPREAD_ANYWAY(ZONE)), "c");
  assert_int_equal(score_of(&s, "spread", &weight), 100);
  scene_runs(&s, "r1", "'app':'web'", "", "c");
  scene_runs(&s, "r2", "'app':'web'", "", "c");
  assert_string_equal(place_of(&s, "'app':'web'", SPREAD_ANYWAY(ZONE)), "b");
  /* by host: 1 on a, none on b, 2 on c */
  assert_string_equal(place_of(&s, "'app':'web'", SPREAD_ANYWAY("kubernetes.io/hostname")), "b");
  assert_string_equal(place_of(&s, "'app':'web'", SPREAD_ANYWAY("nothing/has")), "b");
  assert_int_equal(score_of(&s, "spread", &weight), 0);
  scene_end(&s);
}

static void preferred_pods(void **state) {
  (void)state;
  struct scene s;
  uint32_t weight;
  three_agents(&s);
  scene_runs(&s, "r0", "'app':'db'", "", "c");
  scene_runs(&s, "r1", "'app':'cache'", "", "a");
  assert_string_equal(
      place_of(&s, "", "'affinity':{'podAffinity':{" LIKES ":[" POD_TERM("10", "db", ZONE) "]}}"), "c");
  assert_int_equal(score_of(&s, "pods", &weight), 100);
  assert_string_equal(
      place_of(&s, "", "'affinity':{'podAntiAffinity':{" LIKES ":[" POD_TERM("10", "cache", ZONE) "]}}"),
      "c");
  assert_string_equal(
      place_of(&s, "",
               "'affinity':{'podAntiAffinity':{" LIKES
               ":[" POD_TERM("10", "cache", "kubernetes.io/hostname") "," POD_TERM("5", "db", ZONE) "]}}"),
      "b");
  /* those that run have likings, too */
  scene_runs(&s, "r2", "'app':'web'",
             "'affinity':{'podAffinity':{" LIKES ":[" POD_TERM("7", "friend", ZONE) "]}}", "c");
  assert_string_equal(place_of(&s, "'app':'friend'", ""), "c");
  assert_string_equal(place_of(&s, "'app':'stranger'", ""), "b");
  assert_int_equal(score_of(&s, "pods", &weight), -1);
  /* and those that are placed before */
  scene_drop_pods(&s);
  scene_pod(&s, "p0", "'app':'x'",
            "'nodeSelector':{'k8s.mesosphere.io/attribute-rack':'r1'},'affinity':{'podAntiAffinity':{" LIKES
            ":[" POD_TERM("7", "y", "kubernetes.io/hostname") "]}}");
  scene_pod(&s, "p1", "'app':'y'", "'nodeSelector':{'" ZONE "':'z1'}");
  s.options.strategy = K8SM_STRATEGY_SPREAD; /* a has more room than b */
  scene_match(&s);
  assert_string_equal(scene_place(&s, 0), "a");
  assert_string_equal(scene_place(&s, 1), "b");
  scene_end(&s);
}

/* A pod that must be near others is as good as one that would like to be. */
static void required_by_others(void **state) {
  (void)state;
  struct scene s;
  uint32_t weight;
  three_agents(&s);
  scene_runs(&s, "r0", "'app':'web'",
             "'affinity':{'podAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'labelSelector':"
             "{'matchLabels':{'app':'friend'}},'topologyKey':'" ZONE "'}]}}",
             "c");
  assert_string_equal(place_of(&s, "'app':'friend'", ""), "c");
  assert_int_equal(score_of(&s, "pods", &weight), 100);
  assert_string_equal(place_of(&s, "'app':'stranger'", ""), "b");
  scene_runs(&s, "r1", "'app':'x'",
             "'affinity':{'podAffinity':{" LIKES ":[" POD_TERM("7", "friend", "kubernetes.io/hostname") "]}}",
             "a");
  assert_string_equal(place_of(&s, "'app':'friend'", ""), "a"); /* 7 to 1 */
  s.options.hard_pod_affinity = 8;
  assert_string_equal(place_of(&s, "'app':'friend'", ""), "c");
  s.options.hard_pod_affinity = 4; /* a term that stands there twice counts twice */
  assert_string_equal(place_of(&s, "'app':'friend'", ""), "a");
  scene_runs(&s, "r2", "'app':'z'",
             "'affinity':{'podAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':["
             "{'labelSelector':{'matchLabels':{'app':'other'}},'topologyKey':'" ZONE "'},"
             "{'labelSelector':{'matchLabels':{'app':'other'}},'topologyKey':'" ZONE "'}]}}",
             "c");
  scene_runs(&s, "r3", "'app':'x'",
             "'affinity':{'podAffinity':{" LIKES ":[" POD_TERM("7", "other", "kubernetes.io/hostname") "]}}",
             "a");
  assert_string_equal(place_of(&s, "'app':'other'", ""), "c"); /* 8 to 7 */
  s.options.hard_pod_affinity = 3;
  assert_string_equal(place_of(&s, "'app':'other'", ""), "a");
  s.options.hard_pod_affinity = K8SM_WEIGHT_NONE;
  scene_drop_pods(&s);
  assert_int_equal(k8sm_cluster_remove_pod(s.c, K8SMI_S("uid-r1")), 1);
  assert_string_equal(place_of(&s, "'app':'friend'", ""), "b");
  assert_int_equal(score_of(&s, "pods", &weight), -1);
  scene_end(&s);
}

/* Of agents with equal room that with the fewest offers, then the first by id; first-fit has ids alone. */
static void fewer_offers(void **state) {
  (void)state;
  static const struct {
    uint32_t strategy;
    const char *place;
  } cases[] = {{K8SM_STRATEGY_PACK, "b"},
               {K8SM_STRATEGY_SPREAD, "b"},
               {K8SM_STRATEGY_BALANCED, "b"},
               {K8SM_STRATEGY_FIRST_FIT, "a"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    scene_begin(&s);
    world_simple(&s.w, "o1", "a", "*", 4, 4096, true);
    world_simple(&s.w, "o2", "a", "*", 4, 4096, false);
    world_simple(&s.w, "o3", "b", "*", 8, 8192, true);
    world_simple(&s.w, "o4", "c", "*", 8, 8192, true);
    scene_offers(&s);
    s.options.strategy = cases[i].strategy;
    assert_string_equal(place_of(&s, "", ""), cases[i].place);
    scene_end(&s);
  }
}

/* Among many agents pack compares the fullest few: one in 64. */
static void packed_evenly(void **state) {
  (void)state;
  for (int agents = 127; agents <= 128; agents++) {
    struct scene s;
    scene_begin(&s);
    world_simple(&s.w, "o1", "a", "*", 2, 8192, true); /* the fullest, and least even with the pod there */
    world_simple(&s.w, "o2", "b", "*", 4, 4096, true);
    for (int i = 2; i < agents; i++) {
      char id[8];
      snprintf(id, sizeof id, "n%d", i);
      world_simple(&s.w, id, id, "*", 8, 8192, true); /* the most even ones */
    }
    scene_offers(&s);
    assert_string_equal(place_of(&s, "", ""), agents < 128 ? "a" : "b");
    scene_end(&s);
  }
}

static void balanced(void **state) {
  (void)state;
  struct scene s;
  uint32_t weight;
  scene_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 1, 8192, true);
  world_simple(&s.w, "o2", "b", "*", 8, 2048, true); /* 0.27 cpus and 66 MB are 3 % of each */
  world_simple(&s.w, "o3", "c", "*", 8, 1024, true);
  scene_offers(&s);
  s.options.strategy = K8SM_STRATEGY_BALANCED;
  assert_string_equal(place_of(&s, "", ""), "b");
  assert_int_equal(score_of(&s, "strategy", &weight), 100);
  s.options.strategy = K8SM_STRATEGY_PACK;
  s.options.weight_balance = 10;
  assert_string_equal(place_of(&s, "", ""), "b");
  assert_int_equal(score_of(&s, "balance", &weight), 100);
  assert_int_equal(weight, 10);
  /* the size of the machine is what it offers and what our pods hold, or what its node says */
  s.options.weight_balance = 0;
  assert_string_equal(place_of(&s, "", ""), "a");
  assert_int_equal(score_of(&s, "strategy", &weight), 13); /* 27 % and 0.8 % */
  scene_runs(&s, "r0", "", "'priority':0", "a");
  place_of(&s, "", "");
  assert_int_equal(score_of(&s, "strategy", &weight), 22); /* 0.54 of 1.27, 132 of 8258 */
  const struct k8sm_node node = {.size = sizeof node, .cpus_milli = 2000, .mem_milli = 8192000};
  assert_int_equal(k8sm_cluster_set_node(s.c, K8SMI_S("a"), &node, NULL), K8SM_OK);
  place_of(&s, "", "");
  assert_int_equal(score_of(&s, "strategy", &weight), 32);
  scene_end(&s);
}

static void good_enough(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  for (int i = 999; i >= 0; i--) {
    char agent[8];
    snprintf(agent, sizeof agent, "n%03d", i);
    K8smMesos__Offer *o = world_simple(&s.w, agent, agent, "*", 8, 8192, true);
    world_attribute(&s.w, o, "rack", i == 150 ? "r1" : i == 900 ? "r2" : "r0");
  }
  scene_offers(&s);
  static const char likes[] = LIKES_NODES(RACK("10", "r1") "," RACK("20", "r2"));
  assert_string_equal(place_of(&s, "", likes), "n900");
  s.options.good_enough = 20; /* the first 200 by id */
  assert_string_equal(place_of(&s, "", likes), "n150");
  s.options.good_enough = 1; /* 100 at least */
  assert_string_equal(place_of(&s, "", likes), "n000");
  s.options.good_enough = 101;
  assert_int_equal(k8sm_cluster_match(s.c, s.demands, 1, &s.options, &s.plan, NULL), K8SM_ERR_INVALID);
  s.options.good_enough = 0;
  s.options.weight_pods = K8SM_WEIGHT_NONE + 1;
  assert_int_equal(k8sm_cluster_match(s.c, s.demands, 1, &s.options, &s.plan, NULL), K8SM_ERR_INVALID);
  scene_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(preferred_nodes),    cmocka_unit_test(preferred_without_taint),
      cmocka_unit_test(preferred_spread),   cmocka_unit_test(preferred_pods),
      cmocka_unit_test(balanced),           cmocka_unit_test(good_enough),
      cmocka_unit_test(required_by_others), cmocka_unit_test(fewer_offers),
      cmocka_unit_test(packed_evenly),
  };
  return cmocka_run_group_tests_name("scores", tests, NULL, NULL);
}
