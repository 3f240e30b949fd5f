/* SPDX-License-Identifier: Apache-2.0 */
/* Why pods fit nowhere, counted in many ways (by trees, by what agents answered in an earlier match, by ports
 * that nobody offers), beside what each agent says when it is asked alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/refusals.h"

#include "cluster/blocks.h"

enum { AGENTS = 40, SEEDS = 60, ROUNDS = 8 };

static uint32_t refusals_random;

static uint32_t below(uint32_t n) {
  refusals_random = refusals_random * 1664525u + 1013904223u;
  return (refusals_random >> 9) % n;
}

static void add_agent(struct scene *s, int i) {
  static const char *const roles[] = {"*", "*", "*", "r"};
  char id[24], agent[16], rack[16];
  snprintf(id, sizeof id, "o%zu", s->w.count);
  snprintf(agent, sizeof agent, "n%d", i);
  snprintf(rack, sizeof rack, "r%u", below(3));
  const uint32_t mem = 256 * (1 + below(4)), cpus = 1 + below(4); /* one after the other, with any compiler */
  K8smMesos__Offer *o = world_simple(&s->w, id, agent, roles[below(4)], cpus, mem, false);
  world_attribute(&s->w, o, "rack", rack);
  if (below(3) == 0) world_attribute(&s->w, o, "taint-k", "v:NoSchedule");
  if (below(3) == 0) world_scalar(&s->w, o, "example.com/widget", below(4));
  if (below(2) == 0) world_ports(&s->w, o, 31000 + below(3), 31005);
}

/* Something changes: an offer goes, another one comes, a node or a feature is stated. */
static void change(struct scene *s) {
  char agent[16], offer[16];
  int i = (int)below(AGENTS);
  snprintf(agent, sizeof agent, "n%d", i);
  snprintf(offer, sizeof offer, "o%u", below((uint32_t)s->w.count));
  const struct k8sm_node_label label = {"k8s.mesosphere.io/attribute-rack", below(2) == 0 ? "r0" : "r7"};
  const struct k8sm_node node = {.size = sizeof node,
                                 .labels = &label,
                                 .label_count = below(2),
                                 .label_size = sizeof label,
                                 .unschedulable = below(2)};
  switch (below(4)) {
  case 0: k8sm_cluster_remove(s->c, k8smi_s(offer)); return;
  case 1: assert_int_equal(k8sm_cluster_set_node(s->c, k8smi_s(agent), &node, NULL), K8SM_OK); return;
  case 2:
    assert_int_equal(k8sm_cluster_set_features(s->c, k8smi_s(agent), below(2) == 0 ? 0 : K8SM_FEATURE_ALL),
                     K8SM_OK);
    return;
  default:
    add_agent(s, i);
    scene_offers(s);
    return;
  }
}

/* Of each sort two, not side by side. */
static void add_pods(struct scene *s) {
  static const char *const specs[] = {
      "'priority':0",
      "'nodeSelector':{'k8s.mesosphere.io/attribute-rack':'r0'}",
      "'nodeSelector':{'k8s.mesosphere.io/attribute-rack':'r7'}",
      "'tolerations':[{'operator':'Exists'}]",
      "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':[{"
      "'matchExpressions':[{'key':'k8s.mesosphere.io/"
      "attribute-rack','operator':'NotIn','values':['r2']}]}]}}}",
  };
  static const char *const containers[] = {
      "'resources':{'requests':{'cpu':'9'}}",
      "'resources':{'requests':{'cpu':'3','memory':'2Gi'}}",
      "'ports':[{'containerPort':80,'hostPort':80}]",
      "'ports':[{'containerPort':80,'hostPort':31001}],'resources':{'requests':{'memory':'2Gi'}}",
      "'resources':{'limits':{'example.com/widget':'40'}}",
  };
  for (int again = 0; again < 2; again++) {
    for (size_t i = 0; i < 25; i++) {
      char name[16];
      snprintf(name, sizeof name, "p%d-%zu", again, i);
      scene_full_pod(s, name, "", "", containers[i % 5], specs[i / 5], NULL);
    }
  }
}

static void refusals_are_counted(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    struct scene s;
    refusals_random = seed;
    scene_begin(&s);
    for (int i = 0; i < AGENTS; i++) add_agent(&s, i);
    scene_offers(&s);
    add_pods(&s);
    for (int round = 0; round < ROUNDS; round++) {
      scene_match(&s);
      assert_int_equal(s.plan->placement_count, 0);
      for (uint32_t i = 0; i < s.count; i++) refusals_check(&s, i);
      for (uint32_t changes = below(4); changes > 0; changes--) change(&s);
    }
    scene_end(&s);
  }
}

/* Beside a table of all ports. */
static void ports_are_counted(void **state) {
  (void)state;
  static uint32_t counts[UINT16_MAX + 1];
  struct scene s;
  refusals_random = 1;
  scene_begin(&s);
  assert_false(k8smi_port_was_seen(s.c, 80));
  uint64_t ranges[64][2];
  for (int i = 0; i < 64; i++) {
    char id[16];
    snprintf(id, sizeof id, "o%d", i);
    ranges[i][0] = below(UINT16_MAX + 2);
    ranges[i][1] = ranges[i][0] + (i % 3 == 0 ? 0 : below(70000));
    if (i == 5) ranges[i][1] = UINT64_MAX - 1;
    world_ports(&s.w, world_simple(&s.w, id, id, i % 2 == 0 ? "*" : "r", 1, 64, false), ranges[i][0],
                ranges[i][1]);
  }
  scene_offers(&s);
  for (int gone = 0; gone <= 64; gone += 16) {
    memset(counts, 0, sizeof counts);
    for (int i = gone; i < 64; i++) {
      for (uint64_t p = ranges[i][0]; p <= ranges[i][1] && p <= UINT16_MAX; p++) counts[p]++;
    }
    for (uint32_t p = 1; p <= UINT16_MAX; p++) { /* nobody asks for port 0 */
      uint32_t offering = 0;
      for (size_t i = 0; i < s.c->blocks->count; i++)
        offering += (uint32_t)__builtin_popcountll(k8smi_block_with_port(s.c->blocks->items[i], (uint16_t)p));
      assert_int_equal(offering, counts[p]);
      if (gone == 0) assert_int_equal(k8smi_port_was_seen(s.c, (uint16_t)p), counts[p] > 0);
    }
    for (int i = gone; i < gone + 16 && i < 64; i++) {
      char id[16];
      snprintf(id, sizeof id, "o%d", i);
      assert_int_equal(k8sm_cluster_remove(s.c, k8smi_s(id)), 1);
    }
  }
  scene_end(&s);
}

enum {
  MANY = 400,
  THE_ONE = 357
}; /* as many agents as are not all looked at one by one; the one of them that will do */

static void many_agents(struct scene *s) {
  char id[16];
  for (int i = 0; i < MANY; i++) {
    snprintf(id, sizeof id, "n%d", i);
    K8smMesos__Offer *o = world_simple(&s->w, id, id, "*", 8, 65536, false);
    world_range(&s->w, world_ports(&s->w, o, 31000, i == THE_ONE ? 31500 : 31499), 31502, 32000);
    world_scalar(&s->w, o, "example.com/widget", i == THE_ONE ? 5 : 1);
    if (i % 3 == 0) world_scalar(&s->w, o, "example.com/thing", 3e9);
  }
  scene_offers(s);
}

/* Among many agents that have the room only one has a port, or enough of a device: it is found; and what is
 * spent there in a match is gone for the next pod, and back for the next match. */
static void one_of_many(void **state) {
  static const char *const containers[] = {
      "'ports':[{'containerPort':80,'hostPort':31500}]",
      "'resources':{'limits':{'example.com/widget':'3'}}",
  };
  (void)state;
  for (size_t kind = 0; kind < 2; kind++) {
    struct scene s;
    scene_begin(&s);
    many_agents(&s);
    scene_full_pod(&s, "first", "", "", containers[kind], "", NULL);
    scene_full_pod(&s, "second", "", "", containers[kind], "", NULL);
    for (uint32_t strategy = 0; strategy <= K8SM_STRATEGY_BALANCED; strategy++) {
      s.options.strategy = strategy;
      scene_match(&s);
      assert_string_equal(scene_place(&s, 0), "n357");
      assert_string_equal(scene_place(&s, 1), "");
      assert_string_equal(scene_summary(&s, 1),
                          kind == 0 ? "0/400 nodes are available: 400 node(s) didn't have free ports for the "
                                      "requested pod ports."
                                    : "0/400 nodes are available: 400 Insufficient example.com/widget.");
    }
    scene_end(&s);
  }
}

/* More than 32 bits of thousandths: agents whose number stands for all that is more are asked how much it is.
 */
static void very_much(void **state) {
  static const char *const containers[] = {
      "'resources':{'limits':{'example.com/thing':'2900000'}}",
      "'resources':{'limits':{'example.com/thing':'2900000001'}}",
      "'resources':{'limits':{'example.com/thing':'3000000000'}}",
      "'resources':{'limits':{'example.com/thing':'3000000001'}}",
  };
  struct scene s;
  (void)state;
  scene_begin(&s);
  many_agents(&s);
  for (size_t i = 0; i < 4; i++) {
    char name[16];
    snprintf(name, sizeof name, "p%zu", i);
    scene_full_pod(&s, name, "", "", containers[i], "", NULL);
  }
  scene_match(&s);
  for (uint32_t i = 0; i < 3; i++) assert_string_not_equal(scene_place(&s, i), "");
  assert_string_equal(scene_summary(&s, 3), "0/400 nodes are available: 400 Insufficient example.com/thing.");
  scene_end(&s);
}

/* The same of memory, where a port keeps trees from telling. */
static void very_much_memory(void **state) {
  struct scene s;
  char id[16];
  (void)state;
  scene_begin(&s);
  for (int i = 0; i < 40; i++) {
    snprintf(id, sizeof id, "n%d", i);
    world_simple(&s.w, id, id, "*", 8, 3e6, true);
  }
  scene_offers(&s);
  static const char port[] =
      "'ports':[{'containerPort':80,'hostPort':31000}],'resources':{'requests':{'memory':";
  for (int i = 0; i < 2; i++) {
    char container[160];
    snprintf(container, sizeof container, "%s'%s'}}", port, i == 0 ? "2999000Mi" : "3000001Mi");
    scene_full_pod(&s, i == 0 ? "less" : "more", "", "", container, "", NULL);
  }
  scene_match(&s);
  assert_string_not_equal(scene_place(&s, 0), "");
  assert_string_equal(scene_summary(&s, 1),
                      "0/40 nodes are available: 1 node(s) didn't have free ports for the "
                      "requested pod ports, 39 Insufficient memory.");
  scene_end(&s);
}

/* Pods that want to be apart are asked only where all else fits. */
static void apart_where_all_else_fits(void **state) {
  static const char apart[] =
      "'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'topologyKey':"
      "'kubernetes.io/hostname','labelSelector':{'matchLabels':{'app':'a'}}}]}}";
  const char *container = "'ports':[{'containerPort':80,'hostPort':31500}]";
  struct scene s;
  (void)state;
  scene_begin(&s);
  many_agents(&s);
  scene_full_pod(&s, "there", "'app':'a'", "", "'resources':{'limits':{'example.com/widget':'3'}}", "", NULL);
  scene_full_pod(&s, "apart", "'app':'a'", "", container, apart, NULL);
  scene_match(&s);
  assert_string_equal(scene_place(&s, 0), "n357");
  assert_string_equal(
      scene_summary(&s, 1),
      "0/400 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 399 node(s) "
      "didn't have free ports for the requested pod ports.");
  scene_end(&s);
}

/* More ranges of ports, or as many devices, than stand beside others': the one agent that has what is asked
 * is asked itself. */
static void one_with_very_many(void **state) {
  struct scene s;
  (void)state;
  scene_begin(&s);
  many_agents(&s);
  K8smMesos__Offer *o = world_simple(&s.w, "ragged", "n357", "*", 1, 1, false);
  K8smMesos__Resource *ports = world_ports(&s.w, o, 40000, 40000);
  for (uint64_t i = 1; i < WORLD_MAX_RESOURCES; i++) world_range(&s.w, ports, 40000 + 2 * i, 40000 + 2 * i);
  scene_offers(&s);
  scene_full_pod(&s, "its", "", "", "'ports':[{'containerPort':80,'hostPort':40062}]", "", NULL);
  scene_full_pod(&s, "taken", "", "", "'ports':[{'containerPort':80,'hostPort':40062}]", "", NULL);
  scene_full_pod(&s, "device", "", "", "'resources':{'limits':{'example.com/widget':'5'}}", "", NULL);
  scene_full_pod(&s, "too-many", "'k8s.mesosphere.io/portMapping':'wildcard'", "",
                 "'ports':[{'containerPort':1,'hostPort':40060},{'containerPort':2}]", "", NULL);
  scene_match(&s);
  assert_string_equal(scene_place(&s, 0), "n357");
  assert_string_equal(scene_place(&s, 1), "");
  assert_string_equal(scene_place(&s, 2), "n357");
  assert_string_equal(scene_place(&s, 3), "n357");
  assert_int_equal(k8smi_block_of(s.c, THE_ONE)->asked, UINT64_C(1) << THE_ONE % K8SMI_LANES);
  scene_end(&s);
}

/* A pod that wants any ports, and more than even the agent has that is asked itself. */
static void any_ports_of_very_many(void **state) {
  enum { FEW = 40, WANTED = 41 };
  struct scene s;
  char id[16], container[4096] = "'ports':[{'containerPort':1}";
  (void)state;
  scene_begin(&s);
  for (int i = 0; i <= FEW; i++) { /* the last agent has two offers, of 20 ranges each */
    const uint64_t first = 40000 + 100 * (uint64_t)i;
    snprintf(id, sizeof id, "n%d", i < FEW ? i : FEW - 1);
    K8smMesos__Offer *o = world_simple(&s.w, i < FEW ? id : "second", id, "*", 8, 65536, false);
    if (i < FEW - 1) continue;
    K8smMesos__Resource *ports = world_ports(&s.w, o, first, first);
    for (uint64_t k = 1; k < 20; k++) world_range(&s.w, ports, first + 2 * k, first + 2 * k);
  }
  scene_offers(&s);
  for (int i = 2; i <= WANTED; i++) {
    const size_t len = strlen(container);
    snprintf(container + len, sizeof container - len, ",{'containerPort':%d}%s", i, i == WANTED ? "]" : "");
  }
  scene_full_pod(&s, "p", "'k8s.mesosphere.io/portMapping':'wildcard'", "", container, "", NULL);
  scene_match(&s);
  assert_string_equal(scene_summary(&s, 0),
                      "0/40 nodes are available: 40 node(s) didn't have free ports for the "
                      "requested pod ports.");
  scene_end(&s);
}

/* What a group gives back, since too few of it have a place, is there for the next pod. */
static void given_back_among_many(void **state) {
  static const char gang[] = "'k8s.mesosphere.io/gang':'g'";
  static const char *const containers[] = {
      "'ports':[{'containerPort':80,'hostPort':31500}]",
      "'resources':{'limits':{'example.com/widget':'3'}}",
  };
  (void)state;
  for (size_t kind = 0; kind < 2; kind++) {
    struct scene s;
    scene_begin(&s);
    many_agents(&s);
    scene_full_pod(&s, "first", "", gang, containers[kind], "", NULL);
    scene_full_pod(&s, "second", "", gang, "'resources':{'requests':{'cpu':'9'}}", "", NULL);
    scene_full_pod(&s, "alone", "", "", containers[kind], "", NULL);
    scene_match(&s);
    assert_string_equal(scene_place(&s, 0), "");
    assert_string_equal(scene_place(&s, 1), "");
    assert_string_equal(scene_place(&s, 2), "n357");
    scene_end(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refusals_are_counted),
      cmocka_unit_test(ports_are_counted),
      cmocka_unit_test(one_of_many),
      cmocka_unit_test(very_much),
      cmocka_unit_test(very_much_memory),
      cmocka_unit_test(one_with_very_many),
      cmocka_unit_test(given_back_among_many),
      cmocka_unit_test(any_ports_of_very_many),
      cmocka_unit_test(apart_where_all_else_fits),
  };
  return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
