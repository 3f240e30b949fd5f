/* SPDX-License-Identifier: Apache-2.0 */
/* What pods say of nodes, from JSON to the plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"

#include "match/predicates.h"

#define AFFINITY(terms)                                                                                      \
  "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':"       \
  "[" terms "]}}}"
#define MATCH(expressions) "{'matchExpressions':[" expressions "]}"
#define RACK(op, values)   "{'key':'k8s.mesosphere.io/attribute-rack','operator':'" op "'" values "}"
#define CORES(op, n)       "{'key':'k8s.mesosphere.io/attribute-cores','operator':'" op "','values':['" n "']}"
#define FIELD(op, name)    "{'matchFields':[{'key':'metadata.name','operator':'" op "','values':['" name "']}]}"
#define TOLERATES(more)    "'tolerations':[{'key':'dedicated'," more "}]"

/* Agent a: rack r1, 8 cores, a taint dedicated=gpu:NoSchedule when the case says so. */
static void node_rules(void **state) {
  (void)state;
  static const struct {
    const char *spec;
    bool tainted;
    uint32_t code; /* 0: it fits */
    const char *wanted, *had;
  } cases[] = {
      {AFFINITY(MATCH(RACK("In", ",'values':['r0','r1']"))), false, 0, "", ""},
      {AFFINITY(MATCH(RACK("In", ",'values':['r2','r3']"))), false, K8SM_DIAG_NODE_SELECTOR,
       "k8s.mesosphere.io/attribute-rack in (r2,r3)", "k8s.mesosphere.io/attribute-rack=r1"},
      {AFFINITY(MATCH(RACK("NotIn", ",'values':['r1']"))), false, K8SM_DIAG_NODE_SELECTOR,
       "k8s.mesosphere.io/attribute-rack notin (r1)", "k8s.mesosphere.io/attribute-rack=r1"},
      {AFFINITY(MATCH("{'key':'none','operator':'NotIn','values':['x']}")), false, 0, "", ""},
      {AFFINITY(MATCH(RACK("Exists", ""))), false, 0, "", ""},
      {AFFINITY(MATCH("{'key':'gpu','operator':'Exists'}")), false, K8SM_DIAG_NODE_SELECTOR, "gpu", ""},
      {AFFINITY(MATCH(RACK("DoesNotExist", ""))), false, K8SM_DIAG_NODE_SELECTOR,
       "!k8s.mesosphere.io/attribute-rack", "k8s.mesosphere.io/attribute-rack=r1"},
      {AFFINITY(MATCH(CORES("Gt", "7"))), false, 0, "", ""},
      {AFFINITY(MATCH(CORES("Gt", "8"))), false, K8SM_DIAG_NODE_SELECTOR,
       "k8s.mesosphere.io/attribute-cores>8", "k8s.mesosphere.io/attribute-cores=8"},
      {AFFINITY(MATCH(CORES("Lt", "9"))), false, 0, "", ""},
      {AFFINITY(MATCH(CORES("Lt", "8"))), false, K8SM_DIAG_NODE_SELECTOR,
       "k8s.mesosphere.io/attribute-cores<8", "k8s.mesosphere.io/attribute-cores=8"},
      /* what is no number: the term matches nothing */
      {AFFINITY(MATCH(CORES("Gt", "seven"))), false, K8SM_DIAG_NODE_SELECTOR, "no node at all", ""},
      {AFFINITY(MATCH("{'key':'k8s.mesosphere.io/attribute-rack','operator':'Gt','values':['1']}")), false,
       K8SM_DIAG_NODE_SELECTOR, "k8s.mesosphere.io/attribute-rack>1", "k8s.mesosphere.io/attribute-rack=r1"},
      {AFFINITY("{}"), false, K8SM_DIAG_NODE_SELECTOR, "no node at all", ""},
      {AFFINITY(""), false, K8SM_DIAG_NODE_SELECTOR, "no node at all", ""},
      /* terms are alternatives, expressions of one are not */
      {AFFINITY(MATCH(CORES("Gt", "8")) "," MATCH(RACK("Exists", ""))), false, 0, "", ""},
      {AFFINITY(MATCH(RACK("Exists", "") "," CORES("Gt", "8"))), false, K8SM_DIAG_NODE_SELECTOR,
       "k8s.mesosphere.io/attribute-cores>8", "k8s.mesosphere.io/attribute-cores=8"},
      {AFFINITY(FIELD("In", "a.example")), false, 0, "", ""},
      {AFFINITY(FIELD("In", "a")), false, 0, "", ""},
      {AFFINITY(FIELD("In", "b")), false, K8SM_DIAG_NODE_SELECTOR, "metadata.name in (b)",
       "metadata.name=a.example"},
      {AFFINITY(FIELD("NotIn", "a")), false, K8SM_DIAG_NODE_SELECTOR, "metadata.name notin (a)",
       "metadata.name=a.example"},
      {"'nodeSelector':{'topology.kubernetes.io/zone':'z1'}", false, 0, "", ""},
      {"'nodeSelector':{'topology.kubernetes.io/zone':'z2'}", false, K8SM_DIAG_NODE_SELECTOR,
       "topology.kubernetes.io/zone=z2", "topology.kubernetes.io/zone=z1"},
      {"'nodeSelector':{'k8s.mesosphere.io/attribute-cores':'8'}," AFFINITY(MATCH(RACK("Exists", ""))), false,
       0, "", ""},
      /* taints */
      {"", true, K8SM_DIAG_UNTOLERATED_TAINT, "no taint that the pod does not tolerate",
       "dedicated=gpu:NoSchedule"},
      {TOLERATES("'value':'gpu'"), true, 0, "", ""},
      {TOLERATES("'operator':'Equal','value':'gpu','effect':'NoSchedule'"), true, 0, "", ""},
      {TOLERATES("'operator':'Equal','value':'cpu'"), true, K8SM_DIAG_UNTOLERATED_TAINT,
       "no taint that the pod does not tolerate", "dedicated=gpu:NoSchedule"},
      {TOLERATES("'operator':'Exists'"), true, 0, "", ""},
      {TOLERATES("'operator':'Exists','effect':'NoExecute'"), true, K8SM_DIAG_UNTOLERATED_TAINT,
       "no taint that the pod does not tolerate", "dedicated=gpu:NoSchedule"},
      {"'tolerations':[{'operator':'Exists'}]", true, 0, "", ""},
      {"'schedulingGates':[{'name':'a.b/c'},{'name':'d'}]", false, K8SM_DIAG_SCHEDULING_GATED,
       "no scheduling gates", "a.b/c,d"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    char text[3][256];
    scene_begin(&s);
    K8smMesos__Offer *o = scene_agent(&s, "a", "z1");
    world_attribute(&s.w, o, "rack", "r1");
    world_attribute_scalar(&s.w, o, "cores", 8);
    if (cases[i].tainted) world_attribute(&s.w, o, "taint-dedicated", "gpu:NoSchedule");
    scene_offers(&s);
    for (int n = 0; n < 3; n++) { /* the third of a kind is answered from what the second asked */
      char name[8];
      snprintf(name, sizeof name, "p%d", n);
      scene_pod(&s, name, "", cases[i].spec);
    }
    scene_match(&s);
    for (uint32_t n = 0; n < 3; n++) {
      struct k8sm_explanation row = scene_explain(&s, n, "a", text);
      if (row.code != cases[i].code) print_error("case %zu\n", i);
      assert_int_equal(row.code, cases[i].code);
      assert_string_equal(row.wanted.ptr, cases[i].wanted);
      assert_string_equal(row.had.ptr, cases[i].had);
      assert_string_equal(scene_place(&s, n), cases[i].code == 0 ? "a" : "");
    }
    for (size_t r = 0; r < s.plan->refusal_count; r++) {
      assert_int_equal(s.plan->refusals[r].code, cases[i].code);
      assert_int_equal(s.plan->refusals[r].agents, 1);
    }
    scene_end(&s);
  }
}

/* The example of the scheduler's own line: five nodes, one cordoned, one tainted, three short of cpu, two of
 * these of memory too. */
static void the_line(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  for (int i = 0; i < 5; i++) {
    char agent[8];
    snprintf(agent, sizeof agent, "n%d", i);
    K8smMesos__Offer *o = world_simple(&s.w, agent, agent, "*", i < 2 ? 8 : 0.1, i < 3 ? 8192 : 10, true);
    if (i == 1) world_attribute(&s.w, o, "taint-k", "v:NoSchedule");
  }
  scene_offers(&s);
  const struct k8sm_node cordoned = {.size = sizeof cordoned, .unschedulable = 1};
  assert_int_equal(k8sm_cluster_set_node(s.c, K8SMI_S("n0"), &cordoned, NULL), K8SM_OK);
  scene_pod(&s, "p", "", "");
  scene_match(&s);
  assert_string_equal(scene_summary(&s, 0),
                      "0/5 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were "
                      "unschedulable, 2 Insufficient memory, 3 Insufficient cpu.");
  scene_drop_pods(&s);
  scene_pod(&s, "q", "", "'tolerations':[{'key':'node.kubernetes.io/unschedulable','operator':'Exists'}]");
  scene_pod(&s, "r", "", "'schedulingGates':[{'name':'a'},{'name':'b'}]");
  scene_match(&s);
  assert_string_equal(scene_place(&s, 0), "n0");
  assert_string_equal(scene_summary(&s, 1), "waiting for scheduling gates: [a b]");
  scene_drop_pods(&s);
  scene_pod(&s, "named", "", "'nodeName':'elsewhere'"); /* asked before anything of the nodes */
  scene_match(&s);
  assert_string_equal(scene_summary(&s, 0),
                      "0/5 nodes are available: 5 node(s) didn't match the requested node name.");
  scene_end(&s);
}

/* Agent a is away from 12:00 to 13:00 (by its clock); b is not. */
/* The line is sorted as a text, and a resource with a name of its own has its place among the others. */
static void named_resources(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_explain *explain;
  struct k8sm_explanation row;
  scene_begin(&s);
  world_scalar(&s.w, world_simple(&s.w, "o", "n0", "*", 0.1, 10, true), "example.com/widget", 1);
  scene_offers(&s);
  scene_full_pod(&s, "p", "'app':'web'", "",
                 "'resources':{'limits':{'example.com/widget':'2','nvidia.com/gpu':'1','cpu':'1'}}",
                 "'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'nothing/has',"
                 "'whenUnsatisfiable':'DoNotSchedule','labelSelector':{'matchLabels':{'app':'web'}}}]",
                 NULL);
  scene_match(&s);
  assert_string_equal(scene_summary(&s, 0),
                      "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient example.com/widget, 1 "
                      "Insufficient memory, 1 Insufficient nvidia.com/gpu.");
  s.options.flags = K8SM_MATCH_ALL_REASONS;
  assert_int_equal(k8sm_cluster_explain(s.c, s.demands[0], &s.options, &explain, NULL), K8SM_OK);
  static const char *const want[] = {"cpus", "mem", "example.com/widget", "nvidia.com/gpu", "spread-label"};
  assert_int_equal(k8sm_explain_rows(explain, 0, &row, sizeof row, 1), sizeof want / sizeof want[0]);
  for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
    k8sm_explain_rows(explain, i, &row, sizeof row, 1);
    assert_string_equal(row.predicate.ptr, want[i]);
  }
  k8sm_explain_unref(explain);
  scene_end(&s);
}

static void maintenance(void **state) {
  (void)state;
  enum { HOUR = 3600000 };
  const int64_t noon = INT64_C(1700000000000);
  static const struct {
    int64_t before;       /* noon, in ms */
    const char *deadline; /* of the pod */
    bool fits;
  } cases[] = {
      {2 * HOUR, "", true},
      {HOUR / 2, "", false},
      {HOUR / 2, "'activeDeadlineSeconds':600", true}, /* it is over by then */
      {HOUR / 2, "'activeDeadlineSeconds':3600", false},
      {HOUR / 2, "'activeDeadlineSeconds':360000", false},
      {-HOUR / 2, "'activeDeadlineSeconds':600", false}, /* under way */
      {-HOUR, "", true},                                 /* over */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    char text[3][256];
    scene_begin(&s);
    K8smMesos__Offer *o = scene_agent(&s, "a", NULL);
    world_leaves(&s.w, o, noon, HOUR);
    scene_offers(&s);
    scene_pod(&s, "p", "", cases[i].deadline);
    scene_match(&s);
    assert_string_equal(scene_place(&s, 0), "a"); /* without a clock nothing is known of it */
    s.options.wall_ms = noon - cases[i].before;
    scene_match(&s);
    if (cases[i].fits != (scene_summary(&s, 0)[0] == '\0')) print_error("case %zu\n", i);
    assert_string_equal(scene_place(&s, 0), cases[i].fits ? "a" : "");
    struct k8sm_explanation row = scene_explain(&s, 0, "a", text);
    assert_int_equal(row.code, cases[i].fits ? 0 : K8SM_DIAG_AGENT_MAINTENANCE);
    if (!cases[i].fits) assert_string_equal(row.had.ptr, "maintenance from 2023-11-14T22:13:20Z");
    scene_end(&s);
  }
}

/* Few agents or many that a selector allows: the same choice as one by one. */
static void classes_choose_as_one_by_one(void **state) {
  (void)state;
  static const uint32_t strategies[] = {K8SM_STRATEGY_PACK, K8SM_STRATEGY_SPREAD, K8SM_STRATEGY_FIRST_FIT};
  for (int every = 1; every <= 50; every += 7) {
    for (size_t t = 0; t < 3; t++) {
      struct scene s;
      scene_begin(&s);
      for (int i = 0; i < 100; i++) {
        char agent[8];
        snprintf(agent, sizeof agent, "n%d", i * 37 % 100);
        K8smMesos__Offer *o = world_simple(&s.w, agent, agent, "*", 2 + i % 5, 8192, true);
        world_attribute(&s.w, o, "x", i % every == 0 ? "yes" : "no");
      }
      scene_offers(&s);
      s.options.strategy = strategies[t];
      for (int i = 0; i < 40; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%d", i);
        scene_pod(&s, name, "", "'nodeSelector':{'k8s.mesosphere.io/attribute-x':'yes'}");
      }
      scene_match(&s);
      struct k8sm_plan *together = s.plan;
      s.plan = NULL;
      for (size_t i = 0; i < s.count; i++) /* without keys nothing is shared */
        ((struct k8smi_placement_rules *)(uintptr_t)s.demands[i]->rules)->agent_key.len = 0;
      scene_match(&s);
      assert_int_equal(together->placement_count, s.plan->placement_count);
      for (size_t i = 0; i < s.plan->placement_count; i++) {
        assert_string_equal(together->placements[i].agent_id.ptr, s.plan->placements[i].agent_id.ptr);
      }
      for (uint32_t i = 0; i < s.count; i++) {
        assert_string_equal(scene_summary(&s, i),
                            together->summaries[i].len == 0 ? "" : together->summaries[i].ptr);
      }
      k8sm_plan_unref(together);
      scene_end(&s);
    }
  }
}

/* Pods that were placed before have their share; asked of the cluster alone, the second pod would fit. */
static void reasons_as_the_turn_came(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_explanation row;
  char text[3][256];
  scene_begin(&s);
  world_simple(&s.w, "o1", "a", "*", 1, 1024, true);
  scene_offers(&s);
  scene_full_pod(&s, "p", "", "", "'resources':{'requests':{'cpu':'600m'}}", "", NULL);
  scene_full_pod(&s, "q", "", "", "'resources':{'requests':{'cpu':'600m'}}", "", NULL);
  scene_match(&s);
  assert_null(k8sm_plan_explain(s.plan, 1)); /* not asked for */
  s.options.flags = K8SM_MATCH_EXPLAIN;
  scene_match(&s);
  assert_null(k8sm_plan_explain(s.plan, 0));
  assert_null(k8sm_plan_explain(s.plan, 2));
  const struct k8sm_explain *explain = k8sm_plan_explain(s.plan, 1);
  assert_non_null(explain);
  assert_int_equal(k8sm_explain_rows(explain, 0, &row, sizeof row, 1), 1);
  assert_int_equal(row.code, K8SM_DIAG_INSUFFICIENT_CPUS);
  assert_string_equal(row.predicate.ptr, "cpus");
  assert_string_equal(row.wanted.ptr, "0.622"); /* with its tokens */
  assert_string_equal(row.had.ptr, "0.378");
  assert_int_equal(scene_explain(&s, 1, "a", text).code, 0);
  scene_end(&s);
}

static const char *nearest(struct scene *s, uint32_t demand) {
  static char text[512];
  struct k8sm_explain *explain;
  assert_int_equal(k8sm_cluster_explain(s->c, s->demands[demand], &s->options, &explain, NULL), K8SM_OK);
  struct k8sm_slice line = k8sm_explain_nearest(explain);
  snprintf(text, sizeof text, "%.*s", (int)line.len, line.ptr == NULL ? "" : line.ptr);
  k8sm_explain_unref(explain);
  return text;
}

static void all_reasons(void **state) {
  (void)state;
  static const char *const want[][2] = {{"a", "taint"}, {"a", "node-selector"}, {"a", "host-port"},
                                        {"a", "cpus"},  {"a", "mem"},           {"b", "node-selector"},
                                        {"b", "offer"}, {"c", "role"}};
  struct scene s;
  struct k8sm_explain *explain;
  struct k8sm_explanation row;
  scene_begin(&s);
  world_attribute(&s.w, world_simple(&s.w, "o1", "a", "*", 0.1, 10, true), "taint-k", "NoSchedule");
  world_simple(&s.w, "o2", "b", "*", 8, 8192, true);
  K8smMesos__Offer *o = world_simple(&s.w, "o3", "c", "analytics", 8, 8192, false);
  world_attribute(&s.w, o, "disk", "ssd");
  world_ports(&s.w, o, 80, 80);
  scene_offers(&s);
  k8sm_cluster_remove(s.c, K8SMI_S("o2"));
  scene_full_pod(&s, "p", "", "", "'ports':[{'containerPort':80,'hostPort':80}]",
                 "'nodeSelector':{'k8s.mesosphere.io/attribute-disk':'ssd'}", NULL);
  s.options.flags = K8SM_MATCH_ALL_REASONS;
  assert_int_equal(k8sm_cluster_explain(s.c, s.demands[0], &s.options, &explain, NULL), K8SM_OK);
  assert_int_equal(k8sm_explain_rows(explain, 0, &row, sizeof row, 1), sizeof want / sizeof want[0]);
  for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
    k8sm_explain_rows(explain, i, &row, sizeof row, 1);
    assert_string_equal(row.agent_id.ptr, want[i][0]);
    assert_string_equal(row.predicate.ptr, want[i][1]);
  }
  k8sm_explain_unref(explain);
  assert_string_equal(nearest(&s, 0), "fits c.example if it could use role analytics");
  scene_end(&s);
}

/* Each reason alone: what would have to be otherwise. */
static void nearest_fit(void **state) {
  (void)state;
  static const struct {
    const char *spec, *container, *line;
  } cases[] = {
      {"", "", ""},
      {"", "'resources':{'requests':{'cpu':'20'}}", "fits a.example if it asked for at most 16 cpus"},
      {"", "'resources':{'requests':{'cpu':'18','memory':'70Gi'}}",
       "fits a.example if it asked for at most 16 cpus and it asked for at most 65536 MB of memory"},
      {"", "'resources':{'requests':{'ephemeral-storage':'11000Mi'}}",
       "fits a.example if it asked for at most 10000 MB of disk"},
      {"'nodeName':'x'", "", "fits a.example if it named that node and not x"},
      {"'nodeSelector':{'gpu':'yes'}", "", "fits a.example if it did not select gpu=yes"},
      {"'schedulingGates':[{'name':'g'}]", "", "fits a.example if it had no scheduling gate g"},
      {"", "'ports':[{'containerPort':80,'hostPort':80}]", "fits a.example if host port 80 were free"},
      {"'affinity':{'podAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'topologyKey':'x',"
       "'labelSelector':{'matchLabels':{'app':'db'}}}]}}",
       "", "fits a.example if there were pods app in (db) by x"},
      {"'topologySpreadConstraints':[{'maxSkew':1,'topologyKey':'x','whenUnsatisfiable':'DoNotSchedule'}]",
       "", "fits a.example if that had the label x"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    scene_begin(&s);
    scene_agent(&s, "a", NULL);
    scene_offers(&s);
    scene_full_pod(&s, "p", "", "", cases[i].container, cases[i].spec, NULL);
    assert_string_equal(nearest(&s, 0), cases[i].line);
    scene_end(&s);
  }
  struct scene s;
  scene_begin(&s);
  scene_pod(&s, "p", "", "");
  assert_string_equal(nearest(&s, 0), ""); /* no agent is known */
  scene_agent(&s, "b", NULL);
  world_simple(&s.w, "o1", "a", "*", 0.1, 65536, true);
  world_simple(&s.w, "o2", "c", "*", 0.2, 65536, true); /* short of less */
  scene_offers(&s);
  const struct k8sm_node cordoned = {.size = sizeof cordoned, .unschedulable = 1};
  assert_int_equal(k8sm_cluster_set_node(s.c, K8SMI_S("b"), &cordoned, NULL), K8SM_OK);
  assert_string_equal(nearest(&s, 0), "fits b.example if that were schedulable");
  k8sm_cluster_forget(s.c, K8SMI_S("b"));
  assert_string_equal(nearest(&s, 0), "fits c.example if it asked for at most 0.2 cpus");
  scene_end(&s);
}

/* What an agent has for other roles counts as if the pod could use the nearest of these. */
static void nearest_role(void **state) {
  (void)state;
  static const struct {
    const char *cpu, *line;
  } cases[] = {
      {"2", "fits a.example if it could use role beta"},
      {"5", "fits b.example if it could use role gamma"},
      {"9", "fits b.example if it could use role gamma and it asked for at most 8 cpus"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int turned = 0; turned < 2; turned++) { /* whatever comes first */
      static const char *const roles[] = {"alpha", "beta", "delta"};
      static const double cpus[] = {1, 4, 4};
      struct scene s;
      char container[64];
      scene_begin(&s);
      for (int k = 0; k < 3; k++) {
        const int at = turned ? 2 - k : k;
        world_simple(&s.w, roles[at], "a", roles[at], cpus[at], 4096, false);
      }
      world_simple(&s.w, "g", "b", "gamma", 8, 4096, false);
      scene_offers(&s);
      snprintf(container, sizeof container, "'resources':{'requests':{'cpu':'%s'}}", cases[i].cpu);
      scene_full_pod(&s, "p", "", "", container, "", NULL);
      assert_string_equal(nearest(&s, 0), cases[i].line);
      s.options.flags = K8SM_MATCH_ALL_REASONS;
      assert_string_equal(nearest(&s, 0), cases[i].line);
      scene_end(&s);
    }
  }
}

static void every_row_is_whole(void **state) {
  (void)state;
  for (int i = 0; i < K8SMI_PREDICATES; i++) {
    const struct k8smi_predicate *p = &k8smi_predicates[i];
    assert_true(p->code > 0 && p->name != NULL && p->words != NULL && p->refuses != NULL &&
                p->wanted != NULL && p->had != NULL && p->remedy != NULL);
    for (int k = 0; k < i; k++) assert_int_not_equal(p->code, k8smi_predicates[k].code);
    if (i > 0) assert_true(p->scope >= k8smi_predicates[i - 1].scope);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(node_rules),
      cmocka_unit_test(the_line),
      cmocka_unit_test(named_resources),
      cmocka_unit_test(maintenance),
      cmocka_unit_test(classes_choose_as_one_by_one),
      cmocka_unit_test(reasons_as_the_turn_came),
      cmocka_unit_test(all_reasons),
      cmocka_unit_test(nearest_fit),
      cmocka_unit_test(nearest_role),
      cmocka_unit_test(every_row_is_whole),
  };
  return cmocka_run_group_tests_name("matching nodes", tests, NULL, NULL);
}
