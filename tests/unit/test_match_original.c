/* SPDX-License-Identifier: Apache-2.0 */
/* What Kubernetes on Mesos, the original, did with roles, resources, ports and node selectors, case by case.
 * Where this library does better on purpose, the case says so, and is expected so. Its wildcard ports are in
 * test_match_order.c, its default resources in test_demand.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

/* ---- Roles ---- */

/* The roles of a Demand as "a,b"; "!" if its annotation was refused. */
static const char *roles_of(const char *annotation, const char *const *allowed, size_t n) {
  static char text[256];
  char metadata[256] = "";
  struct findings f;
  struct k8sm_demand_options options = {
      .size = sizeof options, .nonce = "n1", .roles = allowed, .role_count = n};
  struct k8sm_demand *d = NULL;
  if (annotation != NULL) snprintf(metadata, sizeof metadata, ",'annotations':{%s}", annotation);
  struct k8sm_pod *pod = pods_parse(metadata, "{'containers':[{'name':'c','image':'i'}]}");
  assert_non_null(pod);
  strcpy(text, "!");
  if (k8sm_demand_make(pod, &options, &d, findings_init(&f)) == K8SM_OK) {
    text[0] = '\0';
    for (size_t i = 0; i < d->roles.count; i++) {
      if (i > 0) strcat(text, ",");
      strcat(text, d->roles.items[i].ptr);
    }
    k8sm_demand_unref(d);
  } else {
    assert_non_null(findings_at(&f, "metadata.annotations[k8s.mesosphere.io/roles]"));
  }
  k8sm_pod_unref(pod);
  return text;
}

#define ROLES(list) "'k8s.mesosphere.io/roles':'" list "'"

static void roles_of_a_pod(void **state) {
  (void)state;
  static const struct {
    const char *annotation, *allowed[3], *want;
  } cases[] = {
      {NULL, {NULL}, "*"},
      {"'other':'x'", {NULL}, "*"},
      {ROLES("*, , *, ,slave_public,"), {"*", "slave_public"}, "*,slave_public"},
      {ROLES("role3,role2,role1"), {"role1", "role4"}, "role1"},
      {ROLES("r1,,r1,r2,r3,r2"), {"r3", "r2", "r1"}, "r1,r2,r3"},
      /* the original left such a pod waiting for ever with no role; it is refused, by field */
      {ROLES(""), {NULL}, "!"},
      {ROLES(",  , ,"), {NULL}, "!"},
      {ROLES("forbiddenRole"), {"allowedRole"}, "!"},
      /* the original's pods without an annotation used "*" although the framework had only another role */
      {NULL, {"role1"}, "role1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t n = 0;
    while (n < 3 && cases[i].allowed[n] != NULL) n++;
    assert_string_equal(roles_of(cases[i].annotation, n > 0 ? cases[i].allowed : NULL, n), cases[i].want);
  }
}

/* ---- Resources ---- */

#define ASKS(cpu, mem) "'resources':{'limits':{'cpu':'" cpu "','memory':'" mem "'}}"

static bool fits(struct scene *s, const char *container) {
  scene_full_pod(s, "p", "", "", container, "", NULL);
  scene_match(s);
  bool placed = s->plan->placement_count == 1;
  scene_drop_pods(s);
  return placed;
}

static void one_offer(void **state) {
  (void)state;
  static const struct {
    double cpus, mem;
    const char *container;
    bool want;
  } cases[] = {
      {0, 0, "", false}, /* an empty offer */
      {0.001, 0.001, "", false},
      {128, 128, "", true},
      {4, 512, ASKS("3", "128Mi"), true},
      /* what its executor needs comes beside the containers: the original's default was 0.25 cpus and 64 MB;
         here it is a token for the task that keeps it, and one for the container */
      {3, 512, ASKS("3", "128Mi"), false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    scene_begin(&s);
    K8smMesos__Offer *o = world_offer(&s.w, "o", "a", "*");
    if (cases[i].cpus > 0) world_scalar(&s.w, o, "cpus", cases[i].cpus);
    if (cases[i].mem > 0) world_scalar(&s.w, o, "mem", cases[i].mem);
    world_scalar(&s.w, o, "disk", 1000);
    scene_offers(&s);
    if (fits(&s, cases[i].container) != cases[i].want) fail_msg("case %zu", i);
    scene_end(&s);
  }
}

static void one_fixed_port(void **state) {
  (void)state;
  static const struct {
    const char *container;
    bool offered, want;
  } cases[] = {
      {"", true, true},
      {"'ports':[{'containerPort':80,'hostPort':123}]", true, false},
      {"'ports':[{'containerPort':80,'hostPort':1}]", true, true},
      {"'ports':[{'containerPort':80,'hostPort':0}]", true, true},
      {"'ports':[{'containerPort':80,'hostPort':0}]", false, true},
      {"'ports':[{'containerPort':80,'hostPort':1}]", false, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    scene_begin(&s);
    K8smMesos__Offer *o = world_simple(&s.w, "o", "a", "*", 128, 128, false);
    if (cases[i].offered) world_ports(&s.w, o, 1, 1);
    scene_offers(&s);
    if (fits(&s, cases[i].container) != cases[i].want) fail_msg("case %zu", i);
    scene_end(&s);
  }
}

/* The same host port twice in a pod: the original found it when an offer came, and tried again for ever. The
 * API server's validation refuses such a pod, and so does this library's. */
static void one_port_twice(void **state) {
  (void)state;
  static const char text[] =
      "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','namespace':'default'},'spec':{'containers':["
      "{'name':'a','image':'i','ports':[{'containerPort':80,'hostPort':123}]},"
      "{'name':'b','image':'i','ports':[{'containerPort':81,'hostPort':123}]}]}}";
  struct findings f;
  struct k8sm_pod *pod = NULL;
  char *json = pods_json(text);
  assert_int_equal(k8sm_pod_parse(json, strlen(json), NULL, &pod, findings_init(&f)), K8SM_ERR_INVALID);
  assert_non_null(findings_at(&f, "spec.containers[1].ports[0].hostPort"));
  free(json);
}

/* Memory of a role beside that of "*". The original put both into one task whenever the pod might use both
 * roles, which a master with allocation to roles refuses: resources of one launch have one allocation role.
 * So one role is taken, by preference, and what is reserved for it goes before what is not. */
static void memory_of_two_roles(void **state) {
  (void)state;
  static const struct {
    const char *roles[3];
    double any, public_reserved, public_free; /* MB in an offer of "*", and in one of public */
    const char *want;                         /* the role of the placement; "": none */
    int64_t reserved; /* thousandths of a MB of its executor's mem that are reserved */
  } cases[] = {
      {{"public", "*"}, 228, 32, 0, "*", 0},
      {{"public", "*"}, 228, 32, 196, "public", 32000},
      {{"public"}, 228, 32, 0, "", 0},
      {{"public", "*"}, 228, 228, 0, "public", 128000},
      {{"*"}, 228, 0, 0, "*", 0},
      {{"*"}, 0, 0, 0, "", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    scene_begin(&s);
    if (cases[i].any > 0) world_simple(&s.w, "o1", "a", "*", 4, cases[i].any, false);
    if (cases[i].public_reserved > 0) {
      K8smMesos__Offer *o = world_offer(&s.w, "o2", "a", "public");
      world_scalar(&s.w, o, "cpus", 4);
      world_scalar(&s.w, o, "disk", 1000);
      world_reserve(&s.w, world_scalar(&s.w, o, "mem", cases[i].public_reserved), "public", NULL, NULL);
      if (cases[i].public_free > 0) world_scalar(&s.w, o, "mem", cases[i].public_free);
    }
    scene_offers(&s);
    scene_full_pod(&s, "p", "", "", ASKS("1", "128Mi"), "", cases[i].roles);
    scene_match(&s);
    bool placed = s.plan->placement_count == 1;
    if (placed != (cases[i].want[0] != '\0')) fail_msg("case %zu: %s", i, scene_summary(&s, 0));
    int64_t reserved = 0;
    for (size_t k = 0; placed && k < s.plan->placements[0].executor.count; k++) {
      const K8smMesos__Resource *r = s.plan->placements[0].executor.items[k];
      if (strcmp(r->name, "mem") == 0 && r->n_reservations > 0)
        reserved += (int64_t)(r->scalar->value * 1000);
    }
    if (placed) assert_string_equal(s.plan->placements[0].role.ptr, cases[i].want);
    assert_int_equal(reserved, cases[i].reserved);
    scene_end(&s);
  }
}

/* A resource called "cpu" is not "cpus". */
static void another_name(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  K8smMesos__Offer *o = world_offer(&s.w, "o", "a", "*");
  world_scalar(&s.w, o, "cpu", 8);
  world_scalar(&s.w, o, "mem", 4096);
  world_scalar(&s.w, o, "disk", 1000);
  scene_offers(&s);
  assert_false(fits(&s, ""));
  scene_end(&s);
}

/* ---- Node selectors ---- */

#define ATTRIBUTE "k8s.mesosphere.io/attribute-"

static void attributes_in_selectors(void **state) {
  (void)state;
  static const struct {
    const char *selector;
    bool want;
  } cases[] = {
      {"'" ATTRIBUTE "rack':'r1'", true},
      {"'" ATTRIBUTE "rack':'r2'", false},
      {"'" ATTRIBUTE "rack':'r1','" ATTRIBUTE "gen':'2016'", true},
      {"'" ATTRIBUTE "rack':'r1','" ATTRIBUTE "gen':'2015'", false},
      {"'" ATTRIBUTE "num':'42'", true},
      {"'" ATTRIBUTE "num':'43'", false},
      {"'" ATTRIBUTE "half':'0.5'", true},
      {"'kubernetes.io/hostname':'a.example'", true},
      {"'kubernetes.io/hostname':'b.example'", false},
      {"'disktype':'ssd'", false},
      {"'" ATTRIBUTE "absent':''", false},
      /* the original dropped scalars from a million on, since it wrote them as 1E+06 */
      {"'" ATTRIBUTE "big':'1000000'", true},
  };
  struct scene s;
  scene_begin(&s);
  K8smMesos__Offer *o = scene_agent(&s, "a", NULL);
  world_attribute(&s.w, o, "rack", "r1");
  world_attribute(&s.w, o, "gen", "2016");
  world_attribute_scalar(&s.w, o, "num", 42);
  world_attribute_scalar(&s.w, o, "half", 0.5);
  world_attribute_scalar(&s.w, o, "big", 1000000);
  scene_offers(&s);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char more[256];
    snprintf(more, sizeof more, "'nodeSelector':{%s}", cases[i].selector);
    scene_pod(&s, "p", "", more);
    if (strcmp(scene_places(&s), cases[i].want ? "a" : "-") != 0)
      fail_msg("case %zu: %s", i, scene_summary(&s, 0));
    scene_drop_pods(&s);
  }
  /* any label that a user gave the node */
  const struct k8sm_node_label label = {"disktype", "ssd"};
  const struct k8sm_node node = {
      .size = sizeof node, .labels = &label, .label_count = 1, .label_size = sizeof label};
  assert_int_equal(k8sm_cluster_set_node(s.c, K8SMI_S("a"), &node, NULL), K8SM_OK);
  scene_pod(&s, "p", "", "'nodeSelector':{'disktype':'ssd'}");
  assert_string_equal(scene_places(&s), "a");
  scene_end(&s);
}

/* ---- nodeName ---- */

static void the_node_that_is_named(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  scene_agent(&s, "a", NULL);
  scene_agent(&s, "b", NULL);
  scene_agent(&s, "c", NULL);
  scene_offers(&s);
  scene_pod(&s, "p", "", "'nodeName':'b.example'");
  assert_string_equal(scene_places(&s), "b");
  scene_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(roles_of_a_pod),          cmocka_unit_test(one_offer),
      cmocka_unit_test(one_fixed_port),          cmocka_unit_test(one_port_twice),
      cmocka_unit_test(memory_of_two_roles),     cmocka_unit_test(another_name),
      cmocka_unit_test(attributes_in_selectors), cmocka_unit_test(the_node_that_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
