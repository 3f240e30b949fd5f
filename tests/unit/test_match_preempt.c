/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that end so that one of a higher priority gets their room: who, what is said of it, and who waits for
 * what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/scene.h"

#define ASKS(cpu) "'resources':{'requests':{'cpu':'" cpu "'}}"

/* Agents a and b with 1 cpu left each, unless they offer nothing. */
static void preempt_scene(struct scene *s) {
  scene_begin(s);
  s->options.flags = K8SM_MATCH_PREEMPT;
  for (int i = 0; i < 2; i++) {
    const char id[] = {(char)('a' + i), '\0'};
    world_simple(&s->w, id, id, "*", 1, 65536, true);
  }
  scene_offers(s);
}

static struct k8sm_demand *preempt_pod(struct scene *s, const char *name, int priority,
                                       const char *container) {
  char more[40];
  snprintf(more, sizeof more, "'priority':%d", priority);
  return scene_full_pod(s, name, "", "", container, more, NULL);
}

static void preempt_runs(struct scene *s, const char *name, int priority, const char *container,
                         const char *agent) {
  struct k8sm_demand *d = preempt_pod(s, name, priority, container);
  assert_int_equal(k8sm_cluster_add_pod(s->c, d, k8smi_s(agent), NULL), K8SM_OK);
  k8sm_demand_unref(d);
  s->count--;
}

/* "p on a: x y; q on b:" */
static const char *preempt_says(struct scene *s) {
  static char text[400];
  struct k8sm_plan_nomination n;
  struct k8sm_plan_victim v;
  size_t len = 0, victim = 0;
  text[0] = '\0';
  scene_match(s);
  for (size_t i = 0; k8sm_plan_nominations(s->plan, i, &n, sizeof n, 1) > 0; i++) {
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%s on %s:", i > 0 ? "; " : "",
                            s->demands[n.demand]->name.ptr, n.agent_id.ptr);
    for (uint32_t k = 0; k < n.victims; k++) {
      assert_true(k8sm_plan_victims(s->plan, victim++, &v, sizeof v, 1) > 0);
      assert_int_equal(v.nomination, i);
      assert_string_equal(v.name_space.ptr, "default");
      len += (size_t)snprintf(text + len, sizeof text - len, " %s", v.name.ptr);
    }
  }
  assert_int_equal(k8sm_plan_victims(s->plan, victim, NULL, 0, 0), 0);
  return text;
}

static void the_fewest_and_least_important(void **state) {
  (void)state;
  struct scene s;
  preempt_scene(&s);
  preempt_runs(&s, "a1", 1, ASKS("1"), "a");
  preempt_runs(&s, "a2", 2, ASKS("1"), "a");
  preempt_runs(&s, "a3", 3, ASKS("1"), "a");
  preempt_runs(&s, "b1", 1, ASKS("500m"), "b");
  preempt_runs(&s, "b2", 1, ASKS("500m"), "b");
  preempt_runs(&s, "b3", 9, ASKS("3"), "b");
  preempt_pod(&s, "p", 5, ASKS("1500m"));
  assert_string_equal(preempt_says(&s), "p on a: a1"); /* one of 1 before two of 1 */
  assert_string_equal(scene_summary(&s, 0), "0/2 nodes are available: 2 Insufficient cpu.");
  scene_drop_pods(&s);
  preempt_pod(&s, "q", 5, ASKS("2900m"));
  assert_string_equal(preempt_says(&s), "q on a: a2 a1");
  scene_drop_pods(&s);
  preempt_pod(&s, "r", 2, ASKS("1900m"));
  assert_string_equal(preempt_says(&s), "r on a: a1");
  scene_drop_pods(&s);
  preempt_pod(&s, "t", 1, ASKS("1900m"));
  assert_string_equal(preempt_says(&s), "");
  assert_string_equal(
      scene_summary(&s, 0),
      "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No "
      "preemption victims found for incoming pod.");
  s.options.flags = 0;
  assert_string_equal(preempt_says(&s), "");
  assert_string_equal(scene_summary(&s, 0), "0/2 nodes are available: 2 Insufficient cpu.");
  scene_end(&s);
}

static void why_not(void **state) {
  (void)state;
  struct scene s;
  preempt_scene(&s);
  world_attribute(&s.w, world_simple(&s.w, "c", "c", "*", 9, 65536, true), "taint-k", "v:NoSchedule");
  scene_offers(&s);
  preempt_runs(&s, "a1", 1, ASKS("1"), "a");
  preempt_pod(&s, "p", 5, ASKS("4"));
  assert_string_equal(preempt_says(&s), "");
  assert_string_equal(
      scene_summary(&s, 0),
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. preemption: 0/3 "
      "nodes are available: 1 Insufficient cpu, 1 No preemption victims found for incoming pod, 1 "
      "Preemption is not helpful for scheduling.");
  scene_drop_pods(&s);
  scene_full_pod(&s, "q", "", "", ASKS("1500m"), "'priority':5,'preemptionPolicy':'Never'", NULL);
  preempt_pod(&s, "r", 5, ASKS("1500m")); /* like it, but for the policy */
  assert_string_equal(preempt_says(&s), "r on a: a1");
  assert_string_equal(
      scene_summary(&s, 0),
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. preemption: not "
      "eligible due to preemptionPolicy=Never.");
  scene_drop_pods(&s);
  scene_full_pod(&s, "g", "", "'k8s.mesosphere.io/gang':'g'", ASKS("1500m"), "'priority':5", NULL);
  assert_string_equal(preempt_says(&s), "");
  scene_end(&s);
}

/* All that pods hold comes back with them: also where nothing is offered now. */
static void what_they_hold(void **state) {
  (void)state;
  static const char port[] = "'ports':[{'containerPort':80,'hostPort':80}]";
  static const char gpus[] = "'resources':{'limits':{'nvidia.com/gpu':2}}";
  struct scene s;
  preempt_scene(&s);
  assert_int_equal(k8sm_cluster_remove(s.c, K8SMI_S("a")), 1);
  preempt_runs(&s, "a1", 1, port, "a");
  preempt_runs(&s, "a2", 1, "", "a");
  preempt_runs(&s, "b1", 1, gpus, "b");
  preempt_pod(&s, "p", 5, port);
  preempt_pod(&s, "q", 5, port);
  preempt_pod(&s, "r", 5, gpus);
  preempt_pod(&s, "t", 5, "'resources':{'limits':{'nvidia.com/gpu':3}}");
  assert_string_equal(preempt_says(&s), "p on a: a1; r on b: b1");
  scene_end(&s);
}

static void those_that_wait(void **state) {
  (void)state;
  struct scene s;
  preempt_scene(&s);
  preempt_runs(&s, "a1", 1, ASKS("1"), "a");
  preempt_runs(&s, "b1", 1, ASKS("1"), "b");
  struct k8sm_demand *p = preempt_pod(&s, "p", 5, ASKS("1500m"));
  assert_string_equal(preempt_says(&s), "p on b: b1"); /* the one that runs for the shorter time */
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
  assert_string_equal(preempt_says(&s), ""); /* it waits */
  preempt_pod(&s, "low", 4, ASKS("500m"));
  preempt_pod(&s, "same", 5, ASKS("500m"));
  preempt_pod(&s, "more", 6, ASKS("500m"));
  assert_string_equal(preempt_says(&s), "same on a: a1; low on a:"); /* what more leaves there, and a1 */
  s.options.flags = 0;
  assert_string_equal(preempt_says(&s), "");
  assert_string_equal(scene_place(&s, 3), "a");
  assert_string_equal(scene_place(&s, 2), ""); /* no room is left on a, and that on b is held */
  assert_string_equal(scene_place(&s, 1), "");
  char text[3][256];
  assert_string_equal(scene_explain(&s, 2, "b", text).predicate.ptr, "cpus");
  assert_string_equal(scene_explain(&s, 3, "b", text).predicate.ptr, "");
  assert_int_equal(k8sm_cluster_withdraw(s.c, p->uid), 1);
  assert_int_equal(k8sm_cluster_withdraw(s.c, p->uid), 0);
  scene_match(&s);
  assert_string_equal(scene_place(&s, 2), "b");
  /* Another cluster is told by the author; the room is the pod's own, and no others'. */
  assert_int_equal(k8sm_cluster_nominate(s.c, p, K8SMI_S("b"), K8SMI_S("*"), NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_nominate(s.c, p, K8SMI_S("b"), K8SMI_S("*"), NULL), K8SM_OK);
  assert_int_equal(s.c->nomination_count, 1);
  assert_int_equal(k8sm_cluster_remove_pod(s.c, K8SMI_S("uid-b1")), 1);
  world_simple(&s.w, "b2", "b", "*", 1.1, 100, false);
  scene_offers(&s);
  scene_match(&s);
  assert_string_equal(scene_place(&s, 0), "b");
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
  assert_int_equal(s.c->nomination_count, 0);
  assert_int_equal(k8sm_cluster_nominate(s.c, p, K8SMI_S("b"), K8SMI_S("*"), NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_forget(s.c, K8SMI_S("b")), 1);
  assert_int_equal(s.c->nomination_count, 0);
  scene_end(&s);
}

/* A pod that ends gives its room up anyway: no other need end, and it is not ended twice. */
static void those_that_end(void **state) {
  (void)state;
  struct scene s;
  preempt_scene(&s);
  preempt_runs(&s, "a1", 9, ASKS("1"), "a");
  preempt_runs(&s, "b1", 1, ASKS("1"), "b");
  assert_int_equal(k8sm_cluster_end_pod(s.c, K8SMI_S("uid-a1")), 1);
  assert_int_equal(k8sm_cluster_end_pod(s.c, K8SMI_S("uid-zz")), 0);
  preempt_pod(&s, "p", 5, ASKS("1500m"));
  preempt_pod(&s, "q", 5, ASKS("1500m"));
  preempt_pod(&s, "r", 5, ASKS("1500m"));
  assert_string_equal(preempt_says(&s), "p on a:; q on b: b1");
  scene_end(&s);
}

static void stale_nominations(void **state) {
  (void)state;
  struct scene s;
  struct findings f;
  preempt_scene(&s);
  preempt_runs(&s, "b1", 1, ASKS("1"), "b");
  preempt_pod(&s, "p", 5, ASKS("1500m"));
  assert_string_equal(preempt_says(&s), "p on b: b1");
  k8sm_cluster_forget(s.c, K8SMI_S("b"));
  assert_int_equal(k8sm_cluster_apply(s.c, s.plan, findings_init(&f)), K8SM_ERR_STATE);
  assert_int_equal(f.rows[0].code, K8SM_DIAG_PLAN_STALE);
  assert_string_equal(f.text + f.rows[0].path, "nominations[0]");
  assert_int_equal(s.c->nomination_count, 0);
  scene_end(&s);
}

/* Whatever allocation fails, the cluster is as it was, and works afterwards. */
static void memory_runs_out(void **state) {
  (void)state;
  for (size_t n = 1;; n++) {
    struct scene s;
    struct failing f;
    struct k8sm_plan *plan = NULL;
    preempt_scene(&s);
    preempt_runs(&s, "a1", 1, ASKS("1") ",'ports':[{'containerPort':80,'hostPort':80}]", "a");
    preempt_runs(&s, "b1", 2, ASKS("1"), "b");
    struct k8sm_demand *w = preempt_pod(&s, "w", 7, ASKS("100m"));
    assert_int_equal(k8sm_cluster_nominate(s.c, w, K8SMI_S("b"), K8SMI_S("*"), NULL), K8SM_OK);
    preempt_pod(&s, "p", 5, ASKS("1500m"));
    failing_init(&f, n);
    s.options.allocator = &f.allocator;
    int r = k8sm_cluster_match(s.c, s.demands, s.count, &s.options, &plan, NULL);
    k8sm_plan_unref(plan);
    assert_int_equal(f.held, 0);
    s.options.allocator = NULL;
    assert_string_equal(preempt_says(&s), "p on a: a1");
    scene_end(&s);
    if (r == K8SM_OK) break;
    assert_int_equal(r, K8SM_ERR_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_fewest_and_least_important),
      cmocka_unit_test(why_not),
      cmocka_unit_test(what_they_hold),
      cmocka_unit_test(those_that_wait),
      cmocka_unit_test(those_that_end),
      cmocka_unit_test(stale_nominations),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
