/* SPDX-License-Identifier: Apache-2.0 */
/* In which order pods are placed, and what else they say of it: priority, groups, roles, ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"

#define CPU(amount) "'resources':{'requests':{'cpu':'" amount "'}}"
#define GANG(name)  "'k8s.mesosphere.io/gang':'" name "'"
#define MINIMUM(n)  ",'k8s.mesosphere.io/gang-minimum':'" n "'"

static void pod(struct scene *s, const char *name, const char *annotations, const char *container,
                const char *more) {
  scene_full_pod(s, name, "", annotations, container, more, NULL);
}

static void one_agent(struct scene *s, double cpus) {
  scene_begin(s);
  world_simple(&s->w, "o1", "a", "*", cpus, 65536, true);
  scene_offers(s);
}

static void priorities(void **state) {
  (void)state;
  struct scene s;
  one_agent(&s, 2.1);
  pod(&s, "p0", "", CPU("1"), "");
  pod(&s, "p1", "", CPU("1"), "");
  pod(&s, "p2", "", CPU("1"), "'priority':10");
  pod(&s, "p3", "", CPU("2"), "'priority':-5");
  assert_string_equal(scene_places(&s), "a-a-");
  struct k8sm_placement row;
  k8sm_plan_placements(s.plan, 0, &row, sizeof row, 1);
  assert_int_equal(row.demand, 0); /* in the order of the demands all the same */
  assert_int_equal(s.plan->refusals[0].demand, 1);
  scene_drop_pods(&s);
  pod(&s, "p0", "", CPU("500m"), "");
  pod(&s, "p1", "", CPU("1500m"), "");
  pod(&s, "p2", "", CPU("1900m"), "");
  assert_string_equal(scene_places(&s), "aa-");
  s.options.flags = K8SM_MATCH_LARGEST_FIRST;
  assert_string_equal(scene_places(&s), "--a");
  s.options.flags = 1u << 20;
  assert_int_equal(k8sm_cluster_match(s.c, s.demands, 1, &s.options, &s.plan, NULL), K8SM_ERR_INVALID);
  scene_end(&s);
}

static void groups(void **state) {
  (void)state;
  struct scene s;
  one_agent(&s, 3.2);
  pod(&s, "p0", GANG("g"), CPU("1"), "");
  pod(&s, "p1", GANG("g"), CPU("1"), "");
  pod(&s, "p2", GANG("g"), CPU("2"), "");
  pod(&s, "p3", "", CPU("3"), ""); /* has the room that the group gives back */
  assert_string_equal(scene_places(&s), "---a");
  assert_string_equal(scene_summary(&s, 0), "2 of the 3 pods that group g needs at once have a place");
  assert_string_equal(scene_summary(&s, 2), "0/1 nodes are available: 1 Insufficient cpu.");
  assert_int_equal(s.plan->refusals[0].code, K8SM_DIAG_GANG_INCOMPLETE);
  assert_int_equal(s.plan->refusals[2].code, K8SM_DIAG_INSUFFICIENT_CPUS);
  scene_drop_pods(&s);
  pod(&s, "p0", GANG("g") MINIMUM("2"), CPU("1"), "");
  pod(&s, "p1", "", CPU("2"), ""); /* the group is placed with its first */
  pod(&s, "p2", GANG("g"), CPU("1"), "");
  pod(&s, "p3", GANG("g"), CPU("2"), "");
  assert_string_equal(scene_places(&s), "a-a-");
  scene_drop_pods(&s);
  /* one runs already; and groups of other namespaces are others */
  pod(&s, "r0", GANG("g") MINIMUM("2"), CPU("1"), "");
  assert_int_equal(k8sm_cluster_add_pod(s.c, s.demands[0], K8SMI_S("a"), NULL), K8SM_OK);
  scene_drop_pods(&s);
  pod(&s, "p0", GANG("g") MINIMUM("2"), CPU("1"), "");
  pod(&s, "other/p1", GANG("g") MINIMUM("2"), CPU("1"), "");
  assert_string_equal(scene_places(&s), "a-");
  scene_drop_pods(&s);
  pod(&s, "p0", "", CPU("1"), "'schedulingGroup':{'podGroupName':'x'}");
  pod(&s, "p1", "", CPU("3"), "'schedulingGroup':{'podGroupName':'x'}");
  pod(&s, "p2", "", CPU("3"), "'workloadRef':{'name':'w','podGroup':'x'}");
  assert_string_equal(scene_places(&s), "--a");
  scene_end(&s);
}

/* Ports, counters and being alone are given back, too. */
static void groups_give_everything_back(void **state) {
  (void)state;
  struct scene s;
  static const char port[] = "'ports':[{'containerPort':80,'hostPort':31000}]";
  static const char away[] =
      "'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{"
      "'labelSelector':{},'topologyKey':'kubernetes.io/hostname'}]}}";
  one_agent(&s, 8);
  scene_full_pod(&s, "p0", "", GANG("g"), port, away, NULL);
  pod(&s, "p1", GANG("g"), port, "");
  scene_full_pod(&s, "p2", "'k8s.mesosphere.io/portMapping':'wildcard'", "",
                 "'ports':[{'containerPort':1,'hostPort':31000},{'containerPort':2}]", "", NULL);
  pod(&s, "p3", "", "", "");
  assert_string_equal(scene_places(&s), "--aa");
  assert_int_equal(s.plan->placements[0].host_ports[1], 31001);
  scene_end(&s);
}

static void any_ports(void **state) {
  (void)state;
  static const struct {
    const char *label, *ports;
    uint64_t ranges[2][2];
    uint16_t want[3]; /* 0: none; UINT16_MAX in front: no place */
  } cases[] = {
      /* the original's table */
      {"wildcard", "", {{1, 1}}, {0}},
      {"wildcard", "{'containerPort':9,'hostPort':123}", {{1, 1}}, {UINT16_MAX}},
      {"wildcard", "{'containerPort':8},{'containerPort':9,'hostPort':123}", {{1, 1}}, {UINT16_MAX}},
      {"wildcard", "{'containerPort':8},{'containerPort':9,'hostPort':1}", {{1, 1}}, {UINT16_MAX}},
      {"wildcard", "{'containerPort':8},{'containerPort':9,'hostPort':1}", {{1, 2}}, {2, 1}},
      {"wildcard", "{'containerPort':8},{'containerPort':9}", {{1, 1}, {3, 5}}, {1, 3}},
      {"wildcard", "{'containerPort':8},{'containerPort':9}", {{0, 0}, {0, 0}}, {UINT16_MAX}},
      {"fixed", "{'containerPort':8},{'containerPort':9,'hostPort':1}", {{1, 1}}, {0, 1}},
      {"sometimes", "{'containerPort':8},{'containerPort':9,'hostPort':1}", {{1, 1}}, {0, 1}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    char text[3][256], label[64], ports[256];
    scene_begin(&s);
    K8smMesos__Offer *o = world_simple(&s.w, "o1", "a", "*", 8, 8192, false);
    K8smMesos__Resource *r = NULL;
    for (int k = 0; k < 2 && cases[i].ranges[k][1] != 0; k++) {
      if (r == NULL) {
        r = world_ports(&s.w, o, cases[i].ranges[k][0], cases[i].ranges[k][1]);
      } else {
        world_range(&s.w, r, cases[i].ranges[k][0], cases[i].ranges[k][1]);
      }
    }
    scene_offers(&s);
    snprintf(label, sizeof label, "'k8s.mesosphere.io/portMapping':'%s'", cases[i].label);
    snprintf(ports, sizeof ports, "'ports':[%s]", cases[i].ports);
    scene_full_pod(&s, "p", label, "", ports, "", NULL);
    scene_match(&s);
    bool fits = cases[i].want[0] != UINT16_MAX;
    if (fits != (s.plan->placement_count == 1)) print_error("case %zu\n", i);
    assert_int_equal(s.plan->placement_count, fits);
    for (size_t k = 0; fits && k < s.demands[0]->port_count; k++) {
      assert_int_equal(s.plan->placements[0].host_ports[k], cases[i].want[k]);
    }
    if (!fits) assert_int_equal(scene_explain(&s, 0, "a", text).code, K8SM_DIAG_PORT_TAKEN);
    scene_end(&s);
  }
}

/* A container that starts again says the port that the pod was given. */
static void any_ports_last(void **state) {
  (void)state;
  struct scene s;
  struct k8sm_plan_port ports[2];
  scene_begin(&s);
  scene_agent(&s, "a", NULL);
  scene_offers(&s);
  scene_full_pod(&s, "p", "'k8s.mesosphere.io/portMapping':'wildcard'", "",
                 "'ports':[{'containerPort':80},{'containerPort':80,'protocol':'UDP'}]", "", NULL);
  scene_match(&s);
  assert_int_equal(k8sm_plan_ports(s.plan, 0, ports, sizeof ports[0], 2), 2);
  assert_int_equal(ports[1].host_port, 31001);
  const struct k8sm_launch launch = {1, 1};
  char text_of[300];
  const struct k8sm_slice executor = pods_executor(&text_of, s.demands[0]->uid.ptr, 0, K8SM_MAPPING_VERSION);
  const struct k8sm_resume_options resume = {.size = sizeof resume,
                                             .agent_id = "a",
                                             .nonce = "n2",
                                             .executor = executor.ptr,
                                             .executor_len = executor.len,
                                             .launches = &launch,
                                             .launch_count = 1,
                                             .launch_size = sizeof launch,
                                             .ports = ports,
                                             .port_count = 2,
                                             .port_size = sizeof ports[0]};
  struct k8sm_demand *again;
  assert_int_equal(k8sm_demand_resume(s.demands[0], &resume, &again, NULL), K8SM_OK);
  k8sm_plan_unref(s.plan);
  assert_int_equal(k8sm_cluster_match(s.c, &again, 1, NULL, &s.plan, NULL), K8SM_OK);
  assert_int_equal(k8sm_plan_ports(s.plan, 0, ports, sizeof ports[0], 2), 2);
  assert_int_equal(ports[0].host_port, 31000);
  assert_int_equal(ports[1].host_port, 31001);
  assert_int_equal(s.plan->placements[0].executor.count, 0); /* it holds them already */
  k8sm_demand_unref(again);
  scene_end(&s);
}

static void roles_of_the_annotation(void **state) {
  (void)state;
  static const struct {
    const char *annotation; /* NULL: none */
    const char *allowed[4];
    const char *want; /* NULL: refused */
  } cases[] = {
      {NULL, {NULL}, "*"},
      {NULL, {"r1", NULL}, "r1"},
      {"", {"*", NULL}, NULL},
      {",", {"*", NULL}, NULL},
      {",,  , ", {"*", NULL}, NULL},
      {"forbidden", {"allowed", NULL}, NULL},
      {"*, , *, ,slave_public,", {"*", "slave_public", NULL}, "*,slave_public"},
      {"role3,role2,role1", {"role1", "role4", NULL}, "role1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1", .roles = cases[i].allowed};
    struct k8sm_demand *d = NULL;
    struct findings f;
    char metadata[256] = "", roles[64] = "";
    while (cases[i].allowed[options.role_count] != NULL) options.role_count++;
    if (cases[i].annotation != NULL) {
      snprintf(metadata, sizeof metadata, ",'annotations':{'k8s.mesosphere.io/roles':'%s'}",
               cases[i].annotation);
    }
    struct k8sm_pod *p = pods_parse(metadata, "{'containers':[{'name':'c','image':'i'}]}");
    int result = k8sm_demand_make(p, &options, &d, findings_init(&f));
    assert_int_equal(result, cases[i].want == NULL ? K8SM_ERR_UNSUPPORTED : K8SM_OK);
    for (size_t r = 0; d != NULL && r < d->roles.count; r++) {
      if (r > 0) strcat(roles, ",");
      strncat(roles, d->roles.items[r].ptr, d->roles.items[r].len);
    }
    if (cases[i].want != NULL) assert_string_equal(roles, cases[i].want);
    if (cases[i].want == NULL)
      assert_non_null(findings_at(&f, "metadata.annotations[k8s.mesosphere.io/roles]"));
    k8sm_demand_unref(d);
    k8sm_pod_unref(p);
  }
}

static void bad_annotations(void **state) {
  (void)state;
  static const char *const bad[] = {"k8s.mesosphere.io/gang-minimum", "k8s.mesosphere.io/exclusive-agent"};
  for (size_t i = 0; i < 2; i++) {
    struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
    struct k8sm_demand *d = NULL;
    struct findings f;
    char metadata[256], path[128];
    snprintf(metadata, sizeof metadata, ",'annotations':{" GANG("g") ",'%s':'0'}", bad[i]);
    snprintf(path, sizeof path, "metadata.annotations[%s]", bad[i]);
    struct k8sm_pod *p = pods_parse(metadata, "{'containers':[{'name':'c','image':'i'}]}");
    assert_int_equal(k8sm_demand_make(p, &options, &d, findings_init(&f)), K8SM_ERR_UNSUPPORTED);
    assert_non_null(findings_at(&f, path));
    k8sm_pod_unref(p);
  }
}

static void alone_on_an_agent(void **state) {
  (void)state;
  struct scene s;
  char text[3][256];
  static const char alone[] = "'k8s.mesosphere.io/exclusive-agent':'true'";
  scene_begin(&s);
  s.options.strategy = K8SM_STRATEGY_FIRST_FIT;
  scene_agent(&s, "a", NULL);
  scene_agent(&s, "b", NULL);
  scene_offers(&s);
  pod(&s, "p0", "", "", "");
  pod(&s, "p1", alone, "", "");
  pod(&s, "p2", "", "", "");
  pod(&s, "p3", alone, "", "");
  assert_string_equal(scene_places(&s), "aba-");
  assert_string_equal(scene_summary(&s, 3),
                      "0/2 nodes are available: 2 node(s) didn't satisfy exclusive agent rules.");
  assert_int_equal(k8sm_cluster_add_pod(s.c, s.demands[1], K8SMI_S("a"), NULL), K8SM_OK);
  scene_drop_pods(&s);
  pod(&s, "q0", "", "", "");
  assert_string_equal(scene_places(&s), "b");
  struct k8sm_explanation row = scene_explain(&s, 0, "a", text);
  assert_string_equal(row.wanted.ptr, "no pod that wants its agent alone");
  assert_string_equal(row.had.ptr, "1 pods");
  k8sm_cluster_remove_pod(s.c, K8SMI_S("uid-p1"));
  assert_string_equal(scene_places(&s), "a");
  scene_end(&s);
}

/* b has its devices in two offers; a has too few. */
static void extended_resources(void **state) {
  (void)state;
  struct scene s;
  char text[3][256];
  static const char devices[] =
      "'resources':{'limits':{'nvidia.com/gpu':'3','example.com/fpga':'1','hugepages-2Mi':'3Mi'}}";
  scene_begin(&s);
  K8smMesos__Offer *o = world_simple(&s.w, "o1", "a", "*", 8, 8192, false);
  world_scalar(&s.w, o, "gpus", 2);
  o = world_simple(&s.w, "o2", "b", "*", 8, 8192, false);
  world_scalar(&s.w, o, "gpus", 2);
  world_scalar(&s.w, o, "example.com/fpga", 1);
  o = world_offer(&s.w, "o3", "b", "*");
  world_scalar(&s.w, o, "gpus", 2);
  world_scalar(&s.w, o, "hugepages-2Mi", 3);
  world_scalar(&s.w, world_offer(&s.w, "o4", "b", "*"), "gpus", 8);
  scene_offers(&s);
  pod(&s, "p0", "", devices, "");
  pod(&s, "p1", "", devices, "");
  pod(&s, "p2", "", "'resources':{'limits':{'nvidia.com/gpu':'0'}}", ""); /* none at all */
  assert_string_equal(scene_places(&s), "b-b");
  int64_t gpus = 0;
  struct k8sm_plan_resource r;
  for (size_t i = 0; k8sm_plan_resources(s.plan, i, &r, sizeof r, 1) > 0; i++) {
    if (!k8smi_eqs(r.name, "gpus")) continue;
    assert_int_equal(r.task, -1);
    gpus += r.milli;
  }
  assert_int_equal(gpus, 3000);
  assert_int_equal(s.plan->placements[0].offer_ids.count, 2); /* o4 is not needed */
  assert_string_equal(
      scene_summary(&s, 1),
      "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 2 Insufficient example.com/fpga, "
      "2 Insufficient hugepages-2Mi.");
  struct k8sm_explanation row = scene_explain(&s, 0, "a", text);
  assert_int_equal(row.code, K8SM_DIAG_INSUFFICIENT_RESOURCE);
  assert_string_equal(row.predicate.ptr, "example.com/fpga");
  assert_string_equal(row.wanted.ptr, "1");
  assert_string_equal(row.had.ptr, "0");
  /* a pod that holds them asks for no more when it goes on */
  const struct k8sm_launch launch = {1, 1};
  char text_of[300];
  const struct k8sm_slice executor = pods_executor(&text_of, s.demands[1]->uid.ptr, 0, K8SM_MAPPING_VERSION);
  const struct k8sm_resume_options resume = {.size = sizeof resume,
                                             .agent_id = "a",
                                             .nonce = "n2",
                                             .executor = executor.ptr,
                                             .executor_len = executor.len,
                                             .launches = &launch,
                                             .launch_count = 1,
                                             .launch_size = sizeof launch};
  struct k8sm_demand *again;
  assert_int_equal(k8sm_demand_resume(s.demands[1], &resume, &again, NULL), K8SM_OK);
  scene_drop_pods(&s);
  s.demands[s.count++] = again;
  assert_string_equal(scene_places(&s), "a");
  scene_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(priorities),
      cmocka_unit_test(groups),
      cmocka_unit_test(groups_give_everything_back),
      cmocka_unit_test(any_ports),
      cmocka_unit_test(any_ports_last),
      cmocka_unit_test(roles_of_the_annotation),
      cmocka_unit_test(bad_annotations),
      cmocka_unit_test(alone_on_an_agent),
      cmocka_unit_test(extended_resources),
  };
  return cmocka_run_group_tests_name("matching in order", tests, NULL, NULL);
}
