/* SPDX-License-Identifier: Apache-2.0 */
/* What pods say of each other: affinity, anti-affinity, spread; and the pods that a cluster knows of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/scene.h"

#define ZONE       "topology.kubernetes.io/zone"
#define HOSTNAME   "kubernetes.io/hostname"
#define REQUIRED   "'requiredDuringSchedulingIgnoredDuringExecution'"
#define APP(name)  "'labelSelector':{'matchLabels':{'app':'" name "'}}"
#define NEAR(term) "'affinity':{'podAffinity':{" REQUIRED ":[{" term "}]}}"
#define AWAY(term) "'affinity':{'podAntiAffinity':{" REQUIRED ":[{" term "}]}}"
#define BY(key)    ",'topologyKey':'" key "'"
#define SPREAD(skew, key, more)                                                                              \
  "'topologySpreadConstraints':[{'maxSkew':" skew ",'topologyKey':'" key                                     \
  "','whenUnsatisfiable':'DoNotSchedule'" more "}]"
#define ANY_NODE "0/3 nodes are available: 3 "

/* a and b in zone z1, c in z2; placed by name. */
static void three_agents(struct scene *s) {
  scene_begin(s);
  s->options.strategy = K8SM_STRATEGY_FIRST_FIT;
  scene_agent(s, "a", "z1");
  scene_agent(s, "b", "z1");
  scene_agent(s, "c", "z2");
  scene_offers(s);
}

static void anti_affinity(void **state) {
  (void)state;
  struct scene s;
  char text[3][256];
  three_agents(&s);
  scene_pod(&s, "p0", "'app':'web'", AWAY(APP("web") BY(HOSTNAME)));
  scene_pod(&s, "p1", "'app':'web'", AWAY(APP("web") BY(HOSTNAME)));
  scene_pod(&s, "p2", "'app':'db'", "");
  scene_pod(&s, "p3", "'app':'web'", ""); /* kept away by the others' rules, on a and b */
  scene_pod(&s, "p4", "'app':'web'", AWAY(APP("web") BY(HOSTNAME)));
  assert_string_equal(scene_places(&s), "abac-");
  assert_string_equal(scene_summary(&s, 4), ANY_NODE "node(s) didn't match pod anti-affinity rules.");
  scene_drop_pods(&s);
  scene_runs(&s, "r0", "'app':'web'", AWAY(APP("web") BY(ZONE)), "b");
  scene_runs(&s, "r1", "'app':'db'", "", "c");
  scene_pod(&s, "p0", "'app':'web'", "");
  scene_pod(&s, "p1", "'app':'other'", AWAY(APP("db") BY(ZONE)));
  scene_pod(&s, "p2", "'app':'web'", AWAY(APP("db") BY(ZONE)));
  scene_pod(&s, "p3", "'app':'web'", AWAY(APP("db") BY("nothing/has")));
  assert_string_equal(scene_places(&s), "ca-c"); /* an agent without the label has no such pods near */
  assert_string_equal(
      scene_summary(&s, 2),
      "0/3 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 2 node(s) didn't "
      "satisfy existing pods anti-affinity rules.");
  struct k8sm_explanation row = scene_explain(&s, 0, "a", text);
  assert_int_equal(row.code, K8SM_DIAG_POD_SHUNNED);
  assert_string_equal(row.wanted.ptr, "no pods that want no app in (web) by " ZONE);
  assert_string_equal(row.had.ptr, "1 pods in " ZONE "=z1");
  row = scene_explain(&s, 1, "c", text);
  assert_string_equal(row.predicate.ptr, "pod-anti-affinity");
  assert_string_equal(row.wanted.ptr, "no pods app in (db) by " ZONE);
  assert_string_equal(row.had.ptr, "1 pods in " ZONE "=z2");
  assert_int_equal(k8sm_cluster_remove_pod(s.c, K8SMI_S("uid-r0")), 1);
  assert_int_equal(k8sm_cluster_remove_pod(s.c, K8SMI_S("uid-r0")), 0);
  assert_string_equal(scene_places(&s), "aaaa");
  scene_end(&s);
}

static void affinity(void **state) {
  (void)state;
  struct scene s;
  char text[3][256];
  three_agents(&s);
  scene_pod(&s, "p0", "'app':'web'", NEAR(APP("db") BY(ZONE))); /* none is there, and it is none itself */
  scene_pod(&s, "p1", "'app':'db'", NEAR(APP("db") BY(ZONE)));  /* the first of its kind */
  scene_pod(&s, "p2", "'app':'web'", NEAR(APP("db") BY(ZONE)));
  scene_pod(&s, "p3", "'app':'db'", NEAR(APP("db") BY("nothing/has"))); /* the first, but nowhere */
  assert_string_equal(scene_places(&s), "-aa-");
  assert_string_equal(scene_summary(&s, 3), ANY_NODE "node(s) didn't match pod affinity rules.");
  scene_drop_pods(&s);
  scene_runs(&s, "r0", "'app':'db','tier':'x'", "", "c");
  scene_runs(&s, "r1", "'app':'cache'", "", "b");
  scene_pod(&s, "p0", "", NEAR(APP("db") BY(ZONE)));
  scene_pod(&s, "p1", "", NEAR(APP("cache") BY(HOSTNAME)));
  scene_pod(&s, "p2", "", NEAR(APP("db") BY(ZONE) "},{" APP("cache") BY(ZONE))); /* no pod is both */
  scene_pod(&s, "p3", "",
            NEAR(APP("db") BY(ZONE) "},{'labelSelector':{'matchExpressions':[{'key':'tier',"
                                    "'operator':'Exists'}]}" BY(HOSTNAME)));
  scene_pod(&s, "p4", "", NEAR("'labelSelector':{}" BY(HOSTNAME))); /* any pod */
  scene_pod(&s, "p5", "", NEAR("'topologyKey':'" ZONE "'"));        /* no selector selects nothing */
  assert_string_equal(scene_places(&s), "cb-cb-");
  struct k8sm_explanation row = scene_explain(&s, 1, "c", text);
  assert_string_equal(row.predicate.ptr, "pod-affinity");
  assert_string_equal(row.wanted.ptr, "pods app in (cache) by " HOSTNAME);
  assert_string_equal(row.had.ptr, "0 pods in " HOSTNAME "=c.example");
  scene_end(&s);
}

static void namespaces(void **state) {
  (void)state;
  struct scene s;
  three_agents(&s);
  const struct k8sm_node_label labels[] = {{"team", "red"}};
  scene_runs(&s, "other/r0", "'app':'db'", "", "c");
  scene_pod(&s, "p0", "", NEAR(APP("db") BY(ZONE)));
  scene_pod(&s, "p1", "", NEAR(APP("db") BY(ZONE) ",'namespaces':['x','other']"));
  scene_pod(&s, "p2", "", NEAR(APP("db") BY(ZONE) ",'namespaceSelector':{}"));
  scene_pod(&s, "p3", "", NEAR(APP("db") BY(ZONE) ",'namespaceSelector':{'matchLabels':{'team':'red'}}"));
  scene_pod(&s, "p4", "",
            NEAR(APP("db") BY(
                ZONE) ",'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'other'}}"));
  assert_string_equal(scene_places(&s), "-cc-c");
  assert_int_equal(k8sm_cluster_set_namespace(s.c, K8SMI_S("other"), labels, 1, sizeof labels[0], NULL),
                   K8SM_OK);
  assert_string_equal(scene_places(&s), "-cccc");
  assert_int_equal(k8sm_cluster_set_namespace(s.c, K8SMI_S("default"), labels, 1, sizeof labels[0], NULL),
                   K8SM_OK);
  assert_int_equal(k8sm_cluster_set_namespace(s.c, K8SMI_S("other"), labels, 1, sizeof labels[0], NULL),
                   K8SM_OK);
  assert_int_equal(k8sm_cluster_set_namespace(s.c, K8SMI_S("other"), NULL, 0, 0, NULL), K8SM_OK);
  assert_string_equal(scene_places(&s), "-cc-c");
  const struct k8sm_node_label twice[] = {{"a", "1"}, {"a", "2"}};
  assert_int_equal(k8sm_cluster_set_namespace(s.c, K8SMI_S("x"), twice, 2, sizeof twice[0], NULL),
                   K8SM_ERR_INVALID);
  scene_end(&s);
}

static void label_keys(void **state) {
  (void)state;
  struct scene s;
  three_agents(&s);
  scene_runs(&s, "r0", "'app':'web','version':'1'", "", "a");
  /* only those of the same version count, or only those of others */
  scene_pod(&s, "p0", "'app':'web','version':'2'",
            AWAY(APP("web") BY(HOSTNAME) ",'matchLabelKeys':['version']"));
  scene_pod(&s, "p1", "'app':'web','version':'2'",
            AWAY(APP("web") BY(HOSTNAME) ",'mismatchLabelKeys':['version']"));
  assert_string_equal(scene_places(&s), "ab");
  scene_end(&s);
}

static void spread(void **state) {
  (void)state;
  struct scene s;
  char text[3][256];
  three_agents(&s);
  for (int i = 0; i < 5; i++) {
    char name[8];
    snprintf(name, sizeof name, "p%d", i);
    scene_pod(&s, name, "'app':'web'", SPREAD("1", ZONE, "," APP("web")));
  }
  assert_string_equal(scene_places(&s), "acaca");
  scene_drop_pods(&s);
  scene_runs(&s, "r0", "'app':'web'", "", "a");
  scene_runs(&s, "r1", "'app':'web'", "", "b");
  scene_pod(&s, "p0", "'app':'web'", SPREAD("1", ZONE, "," APP("web")));
  scene_pod(&s, "p1", "'app':'web'", SPREAD("2", ZONE, "," APP("web"))); /* 2 or 3, and 1 */
  scene_pod(&s, "p2", "'app':'other'", SPREAD("2", ZONE, "," APP("web")));
  scene_pod(&s, "p3", "'app':'web'", SPREAD("1", "nothing/has", "," APP("web")));
  scene_pod(&s, "p4", "'app':'web'", SPREAD("1", ZONE, "," APP("web") ",'minDomains':3"));
  assert_string_equal(scene_places(&s), "caa--");
  assert_string_equal(scene_summary(&s, 3), ANY_NODE
                      "node(s) didn't match pod topology spread constraints (missing required label).");
  assert_string_equal(scene_summary(&s, 4), ANY_NODE "node(s) didn't match pod topology spread constraints.");
  struct k8sm_explanation row = scene_explain(&s, 0, "a", text);
  assert_int_equal(row.code, K8SM_DIAG_SPREAD_SKEW);
  assert_string_equal(row.wanted.ptr, "skew of at most 1 over " ZONE);
  assert_string_equal(row.had.ptr, "2 pods in " ZONE "=z1, 0 at least elsewhere");
  /* a selector without conditions counts no pod, as kube-scheduler has it */
  scene_drop_pods(&s);
  scene_pod(&s, "p0", "'app':'web'", SPREAD("1", ZONE, ",'labelSelector':{}"));
  assert_string_equal(scene_places(&s), "a");
  scene_end(&s);
}

/* Which nodes count: c is tainted, and not of the rack that the selector wants. */
static void spread_policies(void **state) {
  (void)state;
  static const struct {
    const char *spec, *place;
  } cases[] = {
      {SPREAD("1", ZONE, "," APP("web")), "-"}, /* z2 is empty, and c is tainted */
      {SPREAD("1", ZONE, "," APP("web") ",'nodeTaintsPolicy':'Honor'"), "a"},
      {SPREAD("1", ZONE, "," APP("web") ",'nodeTaintsPolicy':'Ignore'"), "-"},
      {SPREAD("1", ZONE, "," APP("web")) ",'nodeSelector':{'k8s.mesosphere.io/attribute-rack':'r1'}", "a"},
      {SPREAD("1", ZONE, "," APP("web") ",'nodeAffinityPolicy':'Ignore'") ",'nodeSelector':{'k8s.mesosphere."
                                                                          "io/attribute-rack':'r1'}",
       "-"},
      {SPREAD("1", ZONE, "," APP("web")) ",'tolerations':[{'operator':'Exists'}]", "c"},
      {SPREAD("1", ZONE, ""), "a"}, /* without a selector no pod counts */
      {SPREAD("1", ZONE, "," APP("web") ",'matchLabelKeys':['v']"), "a"}, /* none of this version runs */
      {SPREAD("1", ZONE, "," APP("web") ",'matchLabelKeys':['none']"), "-"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    scene_begin(&s);
    s.options.strategy = K8SM_STRATEGY_FIRST_FIT;
    world_attribute(&s.w, scene_agent(&s, "a", "z1"), "rack", "r1");
    world_attribute(&s.w, scene_agent(&s, "b", "z1"), "rack", "r1");
    world_attribute(&s.w, scene_agent(&s, "c", "z2"), "taint-k", "NoSchedule");
    scene_offers(&s);
    scene_runs(&s, "r0", "'app':'web','v':'1'", "", "a");
    scene_pod(&s, "p", "'app':'web','v':'2'", cases[i].spec);
    if (strcmp(scene_places(&s), cases[i].place) != 0) print_error("case %zu\n", i);
    assert_string_equal(scene_places(&s), cases[i].place);
    scene_end(&s);
  }
}

/* Agents count while they have no offer, too. */
static void agents_without_offers_count(void **state) {
  (void)state;
  struct scene s;
  three_agents(&s);
  scene_runs(&s, "r0", "'app':'web'", "", "a");
  k8sm_cluster_remove(s.c, K8SMI_S("o-c-2"));
  scene_pod(&s, "p", "'app':'web'", SPREAD("1", ZONE, "," APP("web")));
  assert_string_equal(scene_places(&s), "-");
  assert_string_equal(scene_summary(&s, 0),
                      "0/3 nodes are available: 1 agent(s) had no offer, 2 node(s) didn't match pod topology "
                      "spread constraints.");
  k8sm_cluster_forget(s.c, K8SMI_S("c"));
  assert_string_equal(scene_places(&s), "a");
  scene_end(&s);
}

static void plans_are_applied(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_cluster_pod rows[4];
  three_agents(&s);
  scene_pod(&s, "p0", "'app':'web'", AWAY(APP("web") BY(HOSTNAME)));
  scene_pod(&s, "p1", "'app':'web'", AWAY(APP("web") BY(HOSTNAME)));
  assert_string_equal(scene_places(&s), "ab");
  scene_runs(&s, "r0", "'app':'web'", "", "b"); /* between the match and its end */
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_ERR_STATE);
  assert_int_equal(k8sm_cluster_offers(s.c, 0, NULL, 0, 0), 3);
  assert_string_equal(scene_places(&s), "ac");
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_pods(s.c, K8SMI_S("b"), 0, rows, sizeof rows[0], 4), 1);
  assert_int_equal(k8sm_cluster_pods(s.c, K8SMI_S("c"), 0, rows, sizeof rows[0], 4), 1);
  assert_string_equal(rows[0].uid.ptr, "uid-p1");
  assert_string_equal(rows[0].name_space.ptr, "default");
  assert_string_equal(rows[0].name.ptr, "p1");
  assert_int_equal(k8sm_cluster_pods(s.c, K8SMI_S("none"), 0, rows, sizeof rows[0], 4), 0);
  assert_int_equal(s.c->kinds.count, 2);
  assert_int_equal(s.c->wanting, 2);
  assert_int_equal(k8sm_cluster_add_pod(s.c, s.demands[0], K8SMI_S("new"), NULL), K8SM_OK); /* moved */
  assert_int_equal(k8sm_cluster_pods(s.c, K8SMI_S("a"), 0, rows, sizeof rows[0], 4), 0);
  assert_int_equal(k8sm_cluster_pods(s.c, K8SMI_S("new"), 0, rows, sizeof rows[0], 4), 1);
  assert_int_equal(s.c->pods.count, 3);
  k8sm_cluster_forget(s.c, K8SMI_S("new"));
  assert_int_equal(s.c->pods.count, 2);
  k8sm_cluster_remove_pod(s.c, K8SMI_S("uid-p1"));
  k8sm_cluster_remove_pod(s.c, K8SMI_S("uid-r0"));
  assert_int_equal(s.c->pods.count + s.c->kinds.count + s.c->wanting, 0);
  scene_end(&s);
}

/* Whatever allocation fails: no pods are half there, and no plan comes. */
static void memory_runs_out(void **state) {
  (void)state;
  for (size_t fail_at = 1;; fail_at++) {
    struct failing f;
    struct scene s;
    three_agents(&s);
    k8sm_cluster_free(s.c);
    failing_init(&f, 0);
    const struct k8sm_cluster_options options = {.size = sizeof options, .allocator = &f.allocator};
    assert_int_equal(k8sm_cluster_new(&options, &s.c, NULL), K8SM_OK);
    s.w.first = 0;
    scene_offers(&s);
    scene_runs(&s, "r0", "'app':'web'", AWAY(APP("web") BY(HOSTNAME)), "b");
    scene_pod(&s, "p0", "'app':'web'", AWAY(APP("web") BY(HOSTNAME)));
    scene_pod(&s, "p1", "'app':'db'", NEAR(APP("web") BY(ZONE)));
    scene_pod(&s, "p2", "'app':'db'", SPREAD("1", ZONE, "," APP("db")));
    s.options.allocator = &f.allocator;
    failing_init(&f, fail_at);
    int result = k8sm_cluster_match(s.c, s.demands, s.count, &s.options, &s.plan, NULL);
    if (result == K8SM_OK) {
      assert_int_equal(s.plan->placement_count, 3);
      result = k8sm_cluster_apply(s.c, s.plan, NULL);
      if (result != K8SM_OK) assert_int_equal(s.c->pods.count + s.c->kinds.count, 2);
      if (result != K8SM_OK) assert_int_equal(k8sm_cluster_offers(s.c, 0, NULL, 0, 0), 3);
    }
    if (result != K8SM_OK) assert_int_equal(result, K8SM_ERR_NOMEM);
    f.fail_at = 0;
    scene_end(&s);
    assert_true(fail_at < 500);
    if (result == K8SM_OK) break;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(anti_affinity),
      cmocka_unit_test(affinity),
      cmocka_unit_test(namespaces),
      cmocka_unit_test(label_keys),
      cmocka_unit_test(spread),
      cmocka_unit_test(spread_policies),
      cmocka_unit_test(agents_without_offers_count),
      cmocka_unit_test(plans_are_applied),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests_name("matching pods", tests, NULL, NULL);
}
