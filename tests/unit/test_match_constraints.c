/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints of the annotation k8s.mesosphere.io/constraints: what they mean, and what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"

#include <k8smesos/task.h>
#include <k8smesos/wants.h>

/* A pod with constraints: a JSON list, whose quotes are double. */
static struct k8sm_demand *constrained(struct scene *s, const char *name, const char *constraints) {
  char text[512], *to = text + sprintf(text, "'k8s.mesosphere.io/constraints':'");
  for (const char *c = constraints; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\') *to++ = '\\';
    *to++ = *c;
  }
  strcpy(to, "'");
  return scene_full_pod(s, name, "'app':'web'", text, "", "", NULL);
}

/* Agents a to f in racks r1, r1, r2, r2, r3 and none. */
static void constrained_scene(struct scene *s) {
  static const char *const racks[] = {"r1", "r1", "r2", "r2", "r3", NULL};
  scene_begin(s);
  for (int i = 0; i < 6; i++) {
    const char id[] = {(char)('a' + i), '\0'};
    K8smMesos__Offer *o = scene_agent(s, id, i % 2 ? "z1" : "z2");
    if (racks[i] != NULL) world_attribute(&s->w, o, "rack", racks[i]);
  }
  scene_offers(s);
}

/* Pods of one application with the constraint: where they go, one behind the other. */
static void they_go(const char *constraints, const char *expected) {
  struct scene s;
  constrained_scene(&s);
  for (size_t i = 0; i < strlen(expected); i++) {
    char name[24];
    snprintf(name, sizeof name, "p%zu", i);
    constrained(&s, name, constraints);
  }
  const char *places = scene_places(&s);
  if (strcmp(places, expected) != 0) print_error("%s\n", constraints);
  assert_string_equal(places, expected);
  scene_end(&s);
}

static void operators(void **state) {
  (void)state;
  they_go("[]", "aaa");
  they_go("[[\"hostname\",\"UNIQUE\"]]", "abcdef-");
  they_go("[[\"@hostname\",\"MAX_PER\",\"2\"]]", "aabbccddeeff-");
  they_go("[[\"rack\",\"UNIQUE\"]]", "ace-");
  they_go("[[\"@zone\",\"UNIQUE\"]]", "ab-");
  they_go("[[\"rack\",\"IS\",\"r2\"]]", "cc");
  they_go("[[\"rack\",\"IS\",\"r\"]]", "-");
  they_go("[[\"rack\",\"LIKE\",\"r[23]\"]]", "cc");
  they_go("[[\"rack\",\"LIKE\",\"2\"]]", "-");
  they_go("[[\"rack\",\"LIKE\",\"r[23]\"],[\"hostname\",\"UNIQUE\"]]", "cde-");
  they_go("[[\"rack\",\"UNLIKE\",\"r[12]\"],[\"hostname\",\"UNIQUE\"]]", "ef-");
  they_go("[[\"rack\",\"CLUSTER\"]]", "aa");
  they_go("[[\"rack\",\"CLUSTER\"],[\"hostname\",\"UNIQUE\"]]", "ab-");
  they_go("[[\"rack\",\"CLUSTER\",\"r2\"],[\"hostname\",\"UNIQUE\"]]", "cd-");
  they_go("[[\"rack\",\"GROUP_BY\"]]", "aceaceace");
  they_go("[[\"rack\",\"GROUP_BY\",3]]", "aceace");
  they_go("[[\"rack\",\"GROUP_BY\",\"4\"]]", "ace-");
  they_go("[[\"rack\",\"GROUP_BY\",\"2\"],[\"rack\",\"UNLIKE\",\"r3\"]]", "acac");
  they_go("[[\"rack\",\"MAX_PER\",\"1\"],[\"@zone\",\"IS\",\"z1\"]]", "bd-");
  they_go("[[\"kubernetes.io/os\",\"IS\",\"linux\"]]", "a");
}

/* What counts as an instance: pods of one controller, or with equal labels and constraints. */
static void instances(void **state) {
  (void)state;
  static const char unique[] = "[[\"rack\",\"UNIQUE\"]]";
  struct scene s;
  constrained_scene(&s);
  constrained(&s, "p0", unique);
  constrained(&s, "other/p1", unique);
  constrained(&s, "p2", "[[\"rack\", \"UNIQUE\"]]"); /* other constraints, to the letter */
  s.owner = "set-1";
  constrained(&s, "p3", unique);
  scene_pod(&s, "p4", "", ""); /* of the same controller, before it had constraints */
  s.owner = "set-2";
  constrained(&s, "p5", unique);
  s.owner = "set-1";
  constrained(&s, "p6", unique);
  assert_string_equal(scene_places(&s), "aaaaaac");
  k8sm_plan_unref(s.plan);
  s.plan = NULL;
  scene_drop_pods(&s);
  /* Those that run count as well, wherever they are. */
  scene_runs(&s, "r1", "", "", "c");
  scene_runs(&s, "r2", "", "", "f");
  constrained(&s, "p7", unique);
  constrained(&s, "p8", "[[\"rack\",\"CLUSTER\"]]"); /* one is where there is no rack */
  constrained(&s, "p9", "[[\"@zone\",\"CLUSTER\"]]");
  assert_string_equal(scene_places(&s), "a--");
  scene_end(&s);
}

static void words(void **state) {
  (void)state;
  static const struct {
    const char *constraints, *summary, *agent, *predicate, *wanted, *had;
  } cases[] = {
      {"[[\"rack\",\"IS\",\"r9\"]]", "6 node(s) didn't satisfy an IS constraint.", "a", "constraint-is",
       "rack IS r9", "rack=r1"},
      {"[[\"rack\",\"LIKE\",\"r[89]\"]]", "6 node(s) didn't satisfy a LIKE constraint.", "f",
       "constraint-like", "rack LIKE r[89]", ""},
      {"[[\"hostname\",\"UNLIKE\",\".*\"]]", "6 node(s) didn't satisfy an UNLIKE constraint.", "b",
       "constraint-unlike", "hostname UNLIKE .*", "hostname=b.example"},
      {"[[\"rack\",\"CLUSTER\",\"r9\"]]", "6 node(s) didn't satisfy a CLUSTER constraint.", "c",
       "constraint-cluster", "rack CLUSTER r9", "rack=r2: 1 of 3 instances"},
      {"[[\"hostname\",\"UNIQUE\"],[\"rack\",\"LIKE\",\"r[1]\"]]",
       "2 node(s) didn't satisfy a UNIQUE constraint, 4 node(s) didn't satisfy a LIKE constraint.", "a",
       "constraint-unique", "hostname UNIQUE", "hostname=a.example: 1 instances"},
      {"[[\"rack\",\"GROUP_BY\",\"9\"],[\"rack\",\"UNLIKE\",\"r3\"]]",
       "1 node(s) didn't satisfy an UNLIKE constraint, 5 node(s) didn't satisfy a GROUP_BY constraint.", "a",
       "constraint-group-by", "rack GROUP_BY 9", "rack=r1: 2 instances, in 2 groups of 1 at least"},
      {"[[\"rack\",\"MAX_PER\",\"1\"],[\"rack\",\"UNLIKE\",\"r3\"]]",
       "1 node(s) didn't satisfy an UNLIKE constraint, 5 node(s) didn't satisfy a MAX_PER constraint.", "f",
       "constraint-max-per", "rack MAX_PER 1", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    char text[3][256], line[300];
    constrained_scene(&s);
    s.owner = "set";
    scene_runs(&s, "r1", "", "", "a");
    scene_runs(&s, "r2", "", "", "b");
    scene_runs(&s, "r3", "", "", "c");
    constrained(&s, "p", cases[i].constraints);
    scene_match(&s);
    snprintf(line, sizeof line, "0/6 nodes are available: %s", cases[i].summary);
    assert_string_equal(scene_summary(&s, 0), line);
    struct k8sm_explanation row = scene_explain(&s, 0, cases[i].agent, text);
    assert_string_equal(row.predicate.ptr, cases[i].predicate);
    assert_string_equal(row.wanted.ptr, cases[i].wanted);
    assert_string_equal(row.had.ptr, cases[i].had);
    struct k8sm_explain *explain;
    assert_int_equal(k8sm_cluster_explain(s.c, s.demands[0], &s.options, &explain, NULL), K8SM_OK);
    snprintf(line, sizeof line, " if the constraint %s were satisfied", cases[i].wanted);
    assert_non_null(strstr(k8sm_explain_nearest(explain).ptr, i == 5 ? " if the constraint rack" : line));
    k8sm_explain_unref(explain);
    scene_end(&s);
  }
}

/* A group of pods that does not come together leaves the counts as they were. */
static void taken_back(void **state) {
  (void)state;
  struct scene s;
  constrained_scene(&s);
  s.owner = "set";
  for (int i = 0; i < 4; i++) {
    const char name[] = {'g', (char)('0' + i), '\0'};
    scene_full_pod(
        &s, name, "",
        "'k8s.mesosphere.io/gang':'g','k8s.mesosphere.io/constraints':'[[\\'rack\\',\\'UNIQUE\\']]'", "",
        "'priority':1", NULL);
  }
  for (int i = 0; i < 4; i++) {
    const char name[] = {'p', (char)('0' + i), '\0'};
    constrained(&s, name, "[[\"rack\",\"GROUP_BY\",\"3\"]]");
  }
  /* The counter is there before the group is tried. */
  scene_full_pod(&s, "first", "", "'k8s.mesosphere.io/constraints':'[[\\'rack\\',\\'GROUP_BY\\',\\'3\\']]'",
                 "", "'priority':2", NULL);
  assert_string_equal(scene_places(&s), "----ceaca");
  scene_end(&s);
}

static void bad_annotations(void **state) {
  (void)state;
  static const struct {
    const char *text, *at, *message;
  } cases[] = {
      {"hostname:UNIQUE", "",
       "'hostname:UNIQUE': expected a JSON list of up to 32 [FIELD, OPERATOR] or [FIELD, OPERATOR, VALUE]"},
      {"[[\"a\"]]", "", "expected a JSON list"},
      {"[\"a\",\"UNIQUE\"]", "", "expected a JSON list"},
      {"[[\"a\",\"IS\",\"b\",\"c\"]]", "", "expected a JSON list"},
      {"[[\"a\",\"UNIQUE\"]] x", "", "expected a JSON list"},
      {"[[\"a\",\"UNIQUE\"],[\"a\",\"IN\",\"b\"]]", "[1]",
       "operator IN: expected UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE, MAX_PER or IS"},
      {"[[\"\",\"UNIQUE\"]]", "[0]", "field : expected hostname, @region, @zone or the name of an attribute"},
      {"[[\"a\",\"LIKE\"]]", "[0]", "LIKE: expected a value behind it"},
      {"[[\"a\",\"UNIQUE\",\"b\"]]", "[0]", "UNIQUE: expected no value behind it"},
      {"[[\"a\",\"MAX_PER\",\"0\"]]", "[0]", "'0': expected a number of 1 or more behind MAX_PER"},
      {"[[\"a\",\"GROUP_BY\",\"few\"]]", "[0]", "'few': expected a number of 1 or more behind GROUP_BY"},
      {"[[\"a\",\"LIKE\",\"r[\"]]", "[0]",
       "'r[' is no regular expression, or too large: at byte 2: missing terminating ] for character class"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char metadata[512], path[100], *to = metadata;
    struct findings f;
    struct k8sm_demand *demand = NULL;
    struct k8sm_demand_options options = {.size = sizeof options, .nonce = "n1"};
    to += sprintf(to, ",'annotations':{'k8s.mesosphere.io/constraints':'");
    for (const char *c = cases[i].text; *c != '\0'; c++) {
      if (*c == '"') *to++ = '\\';
      *to++ = *c;
    }
    strcpy(to, "'}");
    struct k8sm_pod *pod = pods_parse(metadata, PODS_NGINX);
    assert_int_equal(k8sm_demand_make(pod, &options, &demand, findings_init(&f)), K8SM_ERR_UNSUPPORTED);
    snprintf(path, sizeof path, "metadata.annotations[k8s.mesosphere.io/constraints]%s", cases[i].at);
    const struct k8sm_diag *found = findings_at(&f, path);
    assert_non_null(found);
    assert_int_equal(found->code, K8SM_DIAG_TASK_FIELD_REFUSED);
    if (strstr(f.text + found->message, cases[i].message) == NULL)
      print_error("%s\n", f.text + found->message);
    assert_non_null(strstr(f.text + found->message, cases[i].message));
    k8sm_pod_unref(pod);
  }
}

/* Nobody's expression keeps the others waiting. */
static void an_expression_over_its_limits(void **state) {
  (void)state;
  struct scene s;
  struct findings f;
  struct k8sm_plan *plan = NULL;
  scene_begin(&s);
  for (int i = 0; i < 3; i++) {
    const char id[] = {(char)('a' + i), '\0'};
    world_attribute(&s.w, scene_agent(&s, id, NULL), "rack", i == 1 ? "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac" : id);
  }
  scene_offers(&s);
  constrained(&s, "like", "[[\"rack\",\"LIKE\",\"(a+)+\"]]");
  constrained(&s, "unlike", "[[\"rack\",\"UNLIKE\",\"(a+)+\"]]");
  scene_pod(&s, "free", "", "");
  assert_int_equal(k8sm_cluster_match(s.c, s.demands, 3, NULL, &plan, findings_init(&f)), K8SM_OK);
  assert_int_equal(f.diags.count, 2);
  assert_int_equal(f.rows[0].code, K8SM_DIAG_EXPRESSION_LIMIT);
  assert_string_equal(f.text + f.rows[0].path, "metadata.annotations[k8s.mesosphere.io/constraints]");
  assert_string_equal(
      f.text + f.rows[0].message,
      "default/like: '(a+)+' takes more than 10000 steps on 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac': no "
      "agent satisfies LIKE");
  struct k8sm_placement row;
  assert_int_equal(k8sm_plan_placements(plan, 0, &row, sizeof row, 1), 1);
  assert_int_equal(row.demand, 2);
  k8sm_plan_unref(plan);
  scene_end(&s);
}

/* A plan that looked at other pods does not hold when some were added. */
static void stale_plans(void **state) {
  (void)state;
  struct scene s;
  constrained_scene(&s);
  constrained(&s, "p0", "[[\"rack\",\"UNIQUE\"]]");
  scene_match(&s);
  scene_runs(&s, "r", "'app':'web'", "", "a");
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_ERR_STATE);
  scene_drop_pods(&s);
  constrained(&s, "p1", "[[\"rack\",\"LIKE\",\"r.\"]]");
  scene_match(&s);
  scene_runs(&s, "r2", "'app':'web'", "", "a");
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
  scene_end(&s);
}

/* What a master is told of them. */
static void offer_constraints(void **state) {
  (void)state;
  static const struct {
    const char *constraints, *expected;
  } cases[] = {
      {"[[\"rack\",\"IS\",\"r1\"]]", "\"text_equals\":{\"value\":\"r1\"}"},
      {"[[\"rack\",\"CLUSTER\",\"r1\"]]", "\"text_equals\":{\"value\":\"r1\"}"},
      {"[[\"rack\",\"LIKE\",\"(r1|r\\\\.2)\"]]", "\"text_equals\":{\"value\":\"r.2\"}"},
      {"[[\"rack\",\"LIKE\",\"r.\"]]", "\"exists\":{}"},
      {"[[\"rack\",\"UNIQUE\"]]", "\"exists\":{}"},
      {"[[\"rack\",\"UNLIKE\",\"r1\"]]", "\"text_not_equals\":{\"value\":\"r1\"}"},
      {"[[\"rack\",\"UNLIKE\",\"r.\"]]", ""},
      {"[[\"hostname\",\"LIKE\",\"a\\\\.example\"]]",
       "\"selector\":{\"pseudoattribute_type\":\"HOSTNAME\"},\"predicate\":{\"text_equals\":{\"value\":\"a."
       "example\"}}"},
      {"[[\"hostname\",\"GROUP_BY\"]]", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    struct k8sm_wants *wants = NULL;
    struct k8sm_blob *json = NULL;
    constrained_scene(&s);
    const struct k8sm_want want = {.demand = constrained(&s, "p", cases[i].constraints)};
    assert_int_equal(k8sm_wants_make(s.c, &want, 1, sizeof want, NULL, &wants, NULL), K8SM_OK);
    const struct k8sm_framework framework = {.size = sizeof framework};
    const struct k8sm_call_args args = {.size = sizeof args,
                                        .type = K8SM_CALL_SUBSCRIBE,
                                        .framework = &framework,
                                        .offer_constraints = k8sm_wants_constraints(wants),
                                        .format = K8SM_FORMAT_JSON};
    assert_int_equal(k8sm_call_encode(&args, NULL, &json, NULL), K8SM_OK);
    const char *text = k8sm_blob_bytes(json).ptr;
    if (strstr(text, cases[i].expected) == NULL) print_error("%s\n", text);
    assert_non_null(strstr(text, cases[i].expected));
    if (cases[i].expected[0] == '\0') assert_null(strstr(text, "attribute_constraints"));
    k8sm_blob_unref(json);
    k8sm_wants_unref(wants);
    scene_end(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operators),       cmocka_unit_test(instances),
      cmocka_unit_test(words),           cmocka_unit_test(taken_back),
      cmocka_unit_test(bad_annotations), cmocka_unit_test(an_expression_over_its_limits),
      cmocka_unit_test(stale_plans),     cmocka_unit_test(offer_constraints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
