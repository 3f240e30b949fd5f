/* SPDX-License-Identifier: Apache-2.0 */
/* What agents are, as columns hold it while labels, taints, features and maintenance come and go; and pods
 * that are refused for it, beside what each agent says when it is asked alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/scene.h"

#include "cluster/leaving.h"

enum { AGENTS = 1100, FEW = 150, CODES = 2048 }; /* more than a page; fewer */

static uint32_t labels_random;

static uint32_t below(uint32_t n) {
  labels_random = labels_random * 1664525u + 1013904223u;
  return (labels_random >> 9) % n;
}

/* A minute around noon, give or take some ms, which are less than columns tell apart. */
#define NOON INT64_C(1700000000000)
static int64_t some_time(void) {
  return NOON + ((int64_t)below(240) - 120) * 60000 + (below(2) == 0 ? 0 : (int64_t)below(5000) - 2500);
}

/* Attributes: one that three agents in ten share, one with a number, one of its own, and some taints. */
static void add_agent(struct scene *s, uint32_t i) {
  char id[24], agent[16], text[32];
  snprintf(id, sizeof id, "o%zu", s->w.count);
  snprintf(agent, sizeof agent, "n%u", i);
  K8smMesos__Offer *o = world_simple(&s->w, id, agent, "*", 1, 1024, false);
  snprintf(text, sizeof text, "r%u", below(3));
  world_attribute(&s->w, o, "rack", text);
  snprintf(text, sizeof text, "%u", below(12));
  if (below(4) > 0) world_attribute(&s->w, o, "cores", text);
  snprintf(text, sizeof text, "%u", i);
  world_attribute(&s->w, o, "serial", text);
  snprintf(text, sizeof text, "v%u:NoSchedule", below(2) == 0 ? 0 : below(AGENTS));
  if (below(5) == 0) world_attribute(&s->w, o, "taint-k", text);
  if (below(5) == 0) world_attribute(&s->w, o, "taint-soft", "PreferNoSchedule");
  if (below(3) == 0) world_leaves(&s->w, o, some_time(), (int64_t)below(90) * 60000 - 1);
}

/* Its labels say another rack, a key that nobody else has, or another hostname. */
static void set_node(struct k8sm_cluster *c, uint32_t i) {
  char agent[16], own[24];
  snprintf(agent, sizeof agent, "n%u", i);
  snprintf(own, sizeof own, "own-%u", below(100));
  const struct k8sm_node_label labels[] = {{"k8s.mesosphere.io/attribute-rack", below(2) == 0 ? "r0" : "r7"},
                                           {own, ""},
                                           {"kubernetes.io/hostname", below(2) == 0 ? agent : "other"}};
  const struct k8sm_node_taint taint = {"k", "v0", below(2) == 0 ? "NoSchedule" : "NoExecute"};
  const struct k8sm_node node = {.size = sizeof node,
                                 .labels = labels,
                                 .label_count = below(4),
                                 .label_size = sizeof labels[0],
                                 .taints = &taint,
                                 .taint_count = below(2),
                                 .taint_size = sizeof taint,
                                 .unschedulable = below(4) == 0};
  const bool none = below(4) == 0;
  assert_int_equal(k8sm_cluster_set_node(c, k8smi_s(agent), none ? NULL : &node, NULL), K8SM_OK);
}

static void change(struct scene *s, uint32_t agents) {
  char agent[16];
  const uint32_t i = below(agents);
  snprintf(agent, sizeof agent, "n%u", i);
  switch (below(6)) {
  case 0: (void)k8sm_cluster_forget(s->c, k8smi_s(agent)); return;
  case 1:
    assert_int_equal(k8sm_cluster_set_features(s->c, k8smi_s(agent), below(2) == 0 ? 0 : K8SM_FEATURE_ALL),
                     K8SM_OK);
    return;
  case 2:
  case 3: set_node(s->c, i); return;
  default: add_agent(s, i); return;
  }
}

static void scene_agents(struct scene *s, uint32_t agents) {
  for (uint32_t i = 0; i < agents; i++) add_agent(s, i);
  scene_offers(s);
}

/* ---- Columns ---- */

static bool is_known(const struct k8sm_cluster *c, uint32_t row) {
  return k8smi_table_used(&c->agents, row) && k8smi_agent_at(c, row)->labels != NULL;
}

static uint16_t code_of(const struct k8smi_column *column, uint32_t row) {
  const uint16_t *codes = k8smi_codes_at(column, row / K8SMI_LANES);
  return codes == NULL ? K8SMI_CODE_NONE : codes[row % K8SMI_LANES];
}

/* Every agent has a code that its value may have; codes are counted, and where they are a value's own, it is
 * that of an agent who has it. */
static void check_column(const struct k8sm_cluster *c, const struct k8smi_column *column) {
  uint32_t users[K8SMI_COLUMN_VALUES] = {0};
  size_t all = 0, hashed = 0;
  for (uint32_t i = 0; i < c->agents.high; i++) {
    const uint16_t code = code_of(column, i);
    struct k8sm_slice value = {NULL, 0};
    if (is_known(c, i)) value = k8smi_agent_label(k8smi_agent_at(c, i), column->key);
    assert_int_equal(code == K8SMI_CODE_NONE, value.ptr == NULL);
    if (code == K8SMI_CODE_NONE) continue;
    all++;
    if (code >= K8SMI_CODE_HASHED) {
      assert_int_equal(code, k8smi_column_hashed(c, value));
      hashed++;
    } else {
      assert_int_equal(code, k8smi_column_code(c, column, value));
      users[code - 1]++;
    }
  }
  assert_int_equal(column->users, all);
  assert_int_equal(column->hashed, hashed);
  for (uint16_t i = 0; i < K8SMI_COLUMN_VALUES; i++) {
    assert_int_equal(column->values[i].users, users[i]);
    if (users[i] > 0) assert_int_equal(code_of(column, column->values[i].agent), i + 1);
  }
}

static void check_taints(const struct k8sm_cluster *c) {
  size_t tainted = 0;
  for (uint32_t i = 0; i < c->agents.high; i++) {
    const bool is = is_known(c, i) && k8smi_agent_is_tainted(k8smi_agent_at(c, i));
    tainted += is;
    assert_int_equal(code_of(c->columns->taints, i) != K8SMI_CODE_NONE, is);
  }
  assert_int_equal(c->columns->taints == NULL ? 0 : c->columns->taints->users, tainted);
}

static void check_agents(const struct k8sm_cluster *c) {
  size_t renamed = 0;
  for (uint32_t i = 0; i < c->agents.high; i++) {
    const uint64_t bit = UINT64_C(1) << i % K8SMI_LANES;
    const struct k8smi_agent *agent = k8smi_agent_at(c, i);
    const bool known = is_known(c, i);
    assert_int_equal((k8smi_agents_known(c->columns, i / K8SMI_LANES) & bit) != 0, known);
    for (int feature = 0; feature < K8SMI_FEATURE_BITS; feature++) {
      const uint64_t lacking = k8smi_agents_lacking(c->columns, i / K8SMI_LANES, feature);
      assert_int_equal((lacking & bit) != 0, known && (agent->features >> feature & 1) == 0);
    }
    if (known)
      renamed +=
          !k8smi_eq(k8smi_agent_label(agent, K8SMI_S(K8SMI_LABEL_HOSTNAME)), k8smi_hostname(agent->labels));
    for (size_t k = 0; known && k < k8smi_labels_count(agent->labels); k++) {
      const struct k8smi_column *column = k8smi_column_find(c, k8smi_labels_at(agent->labels, k).key);
      assert_true(column != NULL || c->columns->partial);
    }
  }
  assert_int_equal(c->columns->renamed, renamed);
}

/* What is sure is so, and what may not be is not. */
static void check_maintenance(const struct k8sm_cluster *c) {
  const int64_t now = some_time();
  const struct k8smi_window during = {now, now + (int64_t)below(60) * 60000};
  size_t leaving = 0;
  for (uint32_t i = 0; i < c->agents.high; i++) {
    const uint64_t bit = UINT64_C(1) << i % K8SMI_LANES;
    uint64_t may, sure = k8smi_leaving_during(c->columns, i / K8SMI_LANES, during, &may);
    struct k8smi_window own = {INT64_MAX, INT64_MAX};
    if (is_known(c, i)) own = k8smi_label_set_window(k8smi_agent_at(c, i)->labels->set);
    const bool meets = own.from_ms < during.until_ms && own.until_ms > during.from_ms;
    leaving += own.from_ms != INT64_MAX;
    if ((sure & bit) != 0) assert_true(meets);
    if (meets) assert_true((may & bit) != 0);
    assert_int_equal(sure & ~may, 0);
  }
  assert_int_equal(c->columns->leaving, leaving);
}

static void check_columns(const struct k8sm_cluster *c) {
  if (c->columns->broken) return;
  check_maintenance(c);
  for (size_t i = 0; i < c->columns->count; i++) check_column(c, c->columns->items[i]);
  check_taints(c);
  check_agents(c);
}

static void columns_follow(void **state) {
  (void)state;
  bool partial = false;
  for (uint32_t seed = 1; seed <= 4; seed++) {
    struct scene s;
    labels_random = seed;
    scene_begin(&s);
    scene_agents(&s, AGENTS);
    check_columns(s.c);
    assert_true(k8smi_column_find(s.c, K8SMI_S("k8s.mesosphere.io/attribute-serial"))->hashed > 0);
    for (int round = 0; round < 40; round++) {
      for (uint32_t changes = below(60); changes > 0; changes--) change(&s, AGENTS);
      scene_offers(&s);
      check_columns(s.c);
      partial = partial || s.c->columns->partial;
    }
    for (uint32_t i = 0; i < AGENTS; i++) {
      char agent[16];
      snprintf(agent, sizeof agent, "n%u", i * 7 % AGENTS);
      (void)k8sm_cluster_forget(s.c, k8smi_s(agent));
      if (i % 100 == 0) check_columns(s.c);
    }
    assert_int_equal(s.c->columns->count, 0);
    assert_null(s.c->columns->taints);
    assert_int_equal(s.c->columns->leaving, 0);
    assert_int_equal(s.c->columns->windows.cap, 0);
    assert_false(s.c->columns->partial);
    scene_end(&s);
  }
  assert_true(partial); /* more keys than there are columns */
}

/* ---- Pods ---- */

#define LABEL "'k8s.mesosphere.io/attribute-"
#define AFFINITY(terms)                                                                                      \
  "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{'nodeSelectorTerms':"       \
  "[" terms "]}}}"
#define EXPRESSIONS(list)           "{'matchExpressions':[" list "]}"
#define EXPRESSION(key, op, values) "{'key':" key "','operator':'" op "','values':[" values "]}"

static const char *const labels_specs[] = {
    "'nodeSelector':{" LABEL "rack':'r0'}",
    "'nodeSelector':{" LABEL "rack':'r7'," LABEL "serial':'7'}",
    "'nodeSelector':{" LABEL "serial':'140'}",
    "'nodeSelector':{'kubernetes.io/os':'linux'}",
    "'nodeSelector':{'nobody/has':'this'}",
    "'nodeSelector':{'own-5':''}",
    "'nodeSelector':{'kubernetes.io/hostname':'other'}",
    "'nodeName':'n9'",
    "'nodeName':'nobody'",
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "rack", "In", "'r1','r9','r7'"))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "rack", "NotIn", "'r0','r2'"))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "serial", "NotIn", "'3','149','66'"))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "cores", "Exists", ""))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "cores", "DoesNotExist", ""))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "cores", "Gt", "'7'"))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "cores", "Lt", "'4'"))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "serial", "Gt", "'70'"))),
    AFFINITY(EXPRESSIONS(EXPRESSION("'nobody/has", "NotIn", "'x'"))),
    AFFINITY(EXPRESSIONS(EXPRESSION("'own-7", "Exists", ""))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "rack", "In", "'r1'") "," EXPRESSION(LABEL "cores", "Gt", "'3'"))),
    AFFINITY(EXPRESSIONS(EXPRESSION(LABEL "rack", "In", "'r1'")) "," EXPRESSIONS(
        EXPRESSION(LABEL "cores", "In", "'3'") "," EXPRESSION(LABEL "serial", "Lt", "'100'"))),
    AFFINITY("{'matchFields':[{'key':'metadata.name','operator':'In','values':['n9','n10','n90']}]}"),
    AFFINITY("{'matchFields':[{'key':'metadata.name','operator':'NotIn','values':['n9','n10']}]}"),
    "'tolerations':[{'key':'k','value':'v0','effect':'NoSchedule'}]",
    "'tolerations':[{'key':'node.kubernetes.io/unschedulable','operator':'Exists'}]",
    "'tolerations':[{'operator':'Exists'}],'nodeSelector':{" LABEL "rack':'r2'}",
    "'activeDeadlineSeconds':600",
    "'activeDeadlineSeconds':1800,'nodeSelector':{" LABEL "rack':'r0'}",
    "'activeDeadlineSeconds':36000",
};
enum { SPECS = sizeof labels_specs / sizeof labels_specs[0] };

static void add_pods(struct scene *s) {
  for (size_t i = 0; i < SPECS; i++) {
    char name[16];
    snprintf(name, sizeof name, "p%zu", i);
    struct k8sm_demand *d =
        scene_full_pod(s, name, "", "", "'resources':{'requests':{'cpu':'9'}}", labels_specs[i], NULL);
    if (i % 5 == 0)
      d->features |= i % 2 == 0 ? K8SM_FEATURE_IMAGES : K8SM_FEATURE_VOLUME_GIDS; /* first and last */
  }
}

/* Counts first reasons, agent by agent. */
static void check_pod(struct scene *s, uint32_t demand) {
  struct k8sm_explain *explain;
  struct k8sm_explanation row;
  struct k8sm_plan_refusal refusal;
  uint32_t agents[CODES] = {0}, counted[CODES] = {0};
  assert_int_equal(k8sm_cluster_explain(s->c, s->demands[demand], &s->options, &explain, NULL), K8SM_OK);
  for (size_t i = 0; k8sm_explain_rows(explain, i, &row, sizeof row, 1) > 0; i++) agents[row.code]++;
  k8sm_explain_unref(explain);
  assert_int_equal(agents[0], 0);
  for (size_t i = 0; k8sm_plan_refusals(s->plan, i, &refusal, sizeof refusal, 1) > 0; i++)
    if (refusal.demand == demand) counted[refusal.code] = refusal.agents;
  for (uint32_t code = 0; code < CODES; code++) {
    if (counted[code] != agents[code])
      print_error("%s: code %u of %u: %s\n", labels_specs[demand], code, agents[code],
                  scene_summary(s, demand));
    assert_int_equal(counted[code], agents[code]);
  }
}

static void check_pods(struct scene *s) {
  scene_match(s);
  assert_int_equal(s->plan->placement_count, 0);
  for (uint32_t i = 0; i < s->count; i++) check_pod(s, i);
}

/* Time goes on, by little or by much; goes back; or is not known. */
static void set_clock(struct scene *s) {
  const int64_t steps[] = {1, below(4096), 60000, (int64_t)below(60) * 60000, -(int64_t)below(20) * 60000};
  int64_t *now = &s->options.wall_ms;
  if (*now == 0 || below(8) == 0) {
    *now = below(4) == 0 ? 0 : some_time();
  } else {
    *now += steps[below(5)];
  }
}

static void refusals_agree(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 12; seed++) {
    struct scene s;
    labels_random = seed;
    scene_begin(&s);
    scene_agents(&s, seed % 6 == 0 ? 2 * K8SMI_COLUMN_VALUES + FEW : FEW);
    add_pods(&s);
    for (int round = 0; round < 12; round++) {
      set_clock(&s);
      check_pods(&s);
      for (uint32_t changes = round % 3 == 0 ? below(12) : 0; changes > 0; changes--) change(&s, FEW);
      scene_offers(&s);
    }
    scene_end(&s);
  }
}

/* ---- Memory ---- */

/* The change that memory runs out in happens, or does not; columns that break are made anew when they are
 * needed. */
static void memory_ends(void **state) {
  (void)state;
  bool broke = false, over = false;
  for (size_t nth = 1; !over; nth++) {
    struct failing failing;
    struct scene s;
    labels_random = 3;
    scene_begin(&s);
    k8sm_cluster_free(s.c);
    failing_init(&failing, 0);
    const struct k8sm_cluster_options options = {.size = sizeof options, .allocator = &failing.allocator};
    assert_int_equal(k8sm_cluster_new(&options, &s.c, NULL), K8SM_OK);
    s.options.wall_ms = NOON;
    scene_agents(&s, FEW);
    add_pods(&s);
    check_pods(&s);
    const struct k8sm_node_label labels[] = {{"a-key", "a value"},
                                             {"k8s.mesosphere.io/attribute-rack", "r7"}};
    const struct k8sm_node node = {
        .size = sizeof node, .labels = labels, .label_count = 2, .label_size = sizeof labels[0]};
    const size_t before = failing.calls;
    failing.fail_at = before + nth;
    const int result = k8sm_cluster_set_node(s.c, K8SMI_S("n5"), &node, NULL);
    over = failing.calls - before < nth; /* it took less */
    assert_true(result == K8SM_OK || result == K8SM_ERR_NOMEM);
    broke = broke || s.c->columns->broken;
    if (s.c->columns->broken) {
      k8sm_plan_unref(s.plan);
      s.plan = NULL;
      assert_int_equal(k8sm_cluster_match(s.c, s.demands, s.count, &s.options, &s.plan, NULL),
                       K8SM_ERR_NOMEM);
    }
    failing.fail_at = 0;
    check_pods(&s);
    assert_false(s.c->columns->broken);
    check_columns(s.c);
    change(&s, FEW);
    scene_offers(&s);
    check_pods(&s);
    scene_end(&s);
    assert_int_equal(failing.held, 0);
  }
  assert_true(broke);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_follow),
      cmocka_unit_test(refusals_agree),
      cmocka_unit_test(memory_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
