/* SPDX-License-Identifier: Apache-2.0 */
/* Persistent volumes that are there: pods that claim them go to the agent that has them, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/scene.h"
#include "support/volumes.h"

#include <k8smesos/task.h>
#include <k8smesos/wants.h>

static void volumes_agent(struct scene *s, const char *agent, double disk) {
  K8smMesos__Offer *o = world_offer(&s->w, agent, agent, "r");
  world_scalar(&s->w, o, "cpus", 4);
  world_scalar(&s->w, o, "mem", 4096);
  if (disk > 0) world_scalar(&s->w, o, "disk", disk);
}

/* The offer made last has a volume, reserved for its role; with an owner it is a pod's own. */
static void volumes_put(struct scene *s, const char *id, const char *owner) {
  (void)world_volume(&s->w, s->w.offers[s->w.count - 1], "r", id, 100, owner);
}

/* A pod that claims the volumes, each of 100 MB. */
static struct k8sm_demand *volumes_pod(struct scene *s, const char *name, const char *first,
                                       const char *second) {
  struct k8sm_demand *d = world_demand(&s->w, name, 100, 0, 0);
  struct k8smi_demand_volume *volumes = world_new(&s->w, 2 * sizeof *volumes);
  const char *const ids[] = {first, second};
  for (size_t i = 0; i < 2 && ids[i] != NULL; i++) {
    volumes[i].row = (struct k8sm_demand_volume){
        .name = k8smi_s("v"), .claim = k8smi_s(ids[i]), .id = k8smi_s(ids[i]), .milli = 100000};
    d->volume_count++;
  }
  d->volumes = volumes;
  d->kind = d->uid;
  world_demand_roles(&s->w, d, "r", NULL);
  s->demands[s->count++] = d;
  return d;
}

static void volumes_end(struct scene *s) {
  s->count = 0; /* they are the world's */
  scene_end(s);
}

static void they_go_where_the_volume_is(void **state) {
  (void)state;
  struct scene s;
  char text[3][256];
  scene_begin(&s);
  volumes_agent(&s, "a", 1000);
  volumes_agent(&s, "b", 0); /* no disk is left: none is needed */
  volumes_put(&s, "default.data", NULL);
  volumes_agent(&s, "c", 1000);
  volumes_put(&s, "default.logs", NULL);
  scene_offers(&s);
  volumes_pod(&s, "p", "default.data", NULL);
  volumes_pod(&s, "both", "default.data", "default.logs");
  volumes_pod(&s, "new", "default.new", NULL);
  volumes_pod(&s, "more", "default.logs", "default.more"); /* one is there, one is to be made beside it */
  assert_string_equal(scene_places(&s), "b-ac");
  assert_string_equal(scene_summary(&s, 1),
                      "0/3 nodes are available: 3 node(s) had volume node affinity conflict.");
  struct k8sm_explanation row = scene_explain(&s, 0, "a", text);
  assert_string_equal(row.predicate.ptr, "volume");
  assert_int_equal(row.code, K8SM_DIAG_VOLUME_ELSEWHERE);
  assert_string_equal(row.wanted.ptr, "volume default.data on b.example");
  assert_string_equal(row.had.ptr, "a.example");
  assert_true(s.plan->placements[0].volumes[0].there);
  assert_true(s.plan->placements[2].volumes[0].there && !s.plan->placements[2].volumes[1].there);
  volumes_end(&s);
}

static void they_wait_for_its_agent(void **state) {
  (void)state;
  struct scene s;
  char text[3][256];
  scene_begin(&s);
  volumes_agent(&s, "a", 1000);
  volumes_agent(&s, "b", 1000);
  volumes_put(&s, "default.data", NULL);
  volumes_put(&s, "u1.own", "u1");
  scene_offers(&s);
  k8sm_cluster_remove(s.c, K8SMI_S("b"));
  volumes_pod(&s, "p", "default.data", NULL);
  volumes_pod(&s, "own", "u1.own", NULL); /* what is a pod's own is not remembered */
  assert_string_equal(scene_places(&s), "-a");
  assert_string_equal(scene_summary(&s, 0),
                      "0/2 nodes are available: 1 agent(s) had no offer, 1 node(s) had volume node "
                      "affinity conflict.");
  volumes_agent(&s, "b", 1000);
  s.w.offers[s.w.count - 1]->id->value = world_text(&s.w, "b2");
  scene_offers(&s);
  assert_string_equal(scene_places(&s), "-a"); /* the volume is not among what is offered */
  struct k8sm_explanation row = scene_explain(&s, 0, "b", text);
  assert_string_equal(row.predicate.ptr, "volume-offer");
  assert_string_equal(row.wanted.ptr, "volume default.data");
  /* Its master is told. */
  struct k8sm_wants *wants = NULL;
  const struct k8sm_want want = {.demand = s.demands[0]};
  static const char *const roles[] = {"r"};
  const struct k8sm_wants_options o = {.size = sizeof o, .roles = roles, .role_count = 1};
  assert_int_equal(k8sm_wants_make(s.c, &want, 1, sizeof want, &o, &wants, NULL), K8SM_OK);
  struct k8sm_wanted_role wanted;
  assert_int_equal(k8sm_wants_roles(wants, 0, &wanted, sizeof wanted, 1), 1);
  assert_int_equal(wanted.groups, 1);
  bool named = false;
  struct k8sm_slice bytes = k8sm_wants_constraints(wants);
  for (size_t i = 0; i + 9 <= bytes.len; i++) named = named || memcmp(bytes.ptr + i, "b.example", 9) == 0;
  assert_true(named);
  k8sm_wants_unref(wants);
  assert_int_equal(k8sm_cluster_forget_volume(s.c, K8SMI_S("default.data")), 1);
  assert_int_equal(k8sm_cluster_forget_volume(s.c, K8SMI_S("default.data")), 0);
  assert_string_equal(scene_places(&s), "aa");
  volumes_end(&s);
}

/* One pod at a time: what another one uses is there, and not to be had. */
static void one_pod_at_a_time(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  volumes_agent(&s, "a", 1000);
  volumes_agent(&s, "b", 1000);
  scene_offers(&s);
  struct k8sm_demand *first = volumes_pod(&s, "first", "default.data", NULL);
  assert_int_equal(k8sm_cluster_add_pod(s.c, first, K8SMI_S("b"), NULL), K8SM_OK);
  s.count = 0;
  struct k8sm_demand *second = volumes_pod(&s, "second", "default.data", NULL);
  assert_string_equal(scene_places(&s), "-");
  assert_string_equal(scene_summary(&s, 0),
                      "0/2 nodes are available: 1 node(s) had no offer with the pod's persistent "
                      "volume, 1 node(s) had volume node affinity conflict.");
  /* The one that has it can be ended for another. */
  s.options.flags = K8SM_MATCH_PREEMPT;
  second->priority = 1;
  scene_match(&s);
  struct k8sm_plan_nomination row;
  assert_int_equal(k8sm_plan_nominations(s.plan, 0, &row, sizeof row, 1), 1);
  assert_true(k8smi_eqs(row.agent_id, "b") && row.victims == 1);
  assert_int_equal(k8sm_cluster_remove_pod(s.c, first->uid), 1);
  assert_string_equal(scene_places(&s), "a"); /* it was never offered: nothing is known of it any more */
  assert_int_equal(k8sm_cluster_add_pod(s.c, first, K8SMI_S("b"), NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_note_volume(s.c, K8SMI_S("default.data"), K8SMI_S("b")), K8SM_OK);
  assert_int_equal(k8sm_cluster_remove_pod(s.c, first->uid), 1);
  assert_string_equal(scene_places(&s), "-"); /* unless it was said to be there */
  volumes_agent(&s, "b", 0);
  s.w.offers[s.w.count - 1]->id->value = world_text(&s.w, "b2");
  volumes_put(&s, "default.data", NULL);
  scene_offers(&s);
  assert_string_equal(scene_places(&s), "b");
  assert_int_equal(k8sm_cluster_forget(s.c, K8SMI_S("b")), 1);
  assert_string_equal(scene_places(&s), "a");
  volumes_end(&s);
}

/* Of the pods of one match that claim a volume which is not there yet, one gets it made. */
static void one_pod_of_a_match(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  volumes_agent(&s, "a", 1000);
  volumes_agent(&s, "b", 1000);
  scene_offers(&s);
  volumes_pod(&s, "first", "default.data", NULL);
  volumes_pod(&s, "second", "default.data", "default.logs");
  volumes_pod(&s, "third", "default.logs", NULL);
  for (int i = 0; i < 2; i++) { /* nothing of it stays */
    const char *places = scene_places(&s);
    assert_true(places[0] != '-' && places[1] == '-' && places[2] != '-');
  }
  assert_string_equal(scene_summary(&s, 1),
                      "0/2 nodes are available: 1 node(s) had no offer with the pod's persistent "
                      "volume, 1 node(s) had volume node affinity conflict.");
  volumes_end(&s);
}

/* Reserved disk and disk that is not are not mixed in one volume. */
static void one_kind_of_disk(void **state) {
  (void)state;
  static const struct {
    double plain, reserved;
    const char *places;
    bool from_reserved;
  } cases[] = {{50, 150, "a", true}, {150, 150, "a", true}, {150, 50, "a", false},
               {0, 100, "a", true},  {60, 60, "-", false},  {0, 90, "-", false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    scene_begin(&s);
    volumes_agent(&s, "a", cases[i].plain);
    world_reserve(&s.w, world_scalar(&s.w, s.w.offers[0], "disk", cases[i].reserved), "r", NULL, NULL);
    scene_offers(&s);
    volumes_pod(&s, "p", "default.data", NULL);
    assert_string_equal(scene_places(&s), cases[i].places);
    if (cases[i].places[0] == 'a') {
      const struct k8smi_plan_volume *v = &s.plan->placements[0].volumes[0];
      assert_true((v->resource->n_reservations > 0) == cases[i].from_reserved);
      assert_true(v->resource->scalar->value > 99.9 && v->resource->scalar->value < 100.1);
    } else {
      assert_string_equal(
          scene_summary(&s, 0),
          cases[i].plain > 0
              ? "0/1 nodes are available: 1 node(s) had no offer with the pod's persistent volume."
              : "0/1 nodes are available: 1 Insufficient ephemeral-storage.");
    }
    volumes_end(&s);
  }
}

static void memory_runs_out(void **state) {
  (void)state;
  for (size_t n = 1;; n++) {
    struct world w;
    struct failing f;
    struct scene made = {.count = 0};
    failing_init(&f, 0);
    const struct k8sm_cluster_options o = {.size = sizeof o, .allocator = &f.allocator};
    assert_int_equal(k8sm_cluster_new(&o, &made.c, NULL), K8SM_OK);
    world_init(&made.w);
    volumes_agent(&made, "a", 1000);
    volumes_put(&made, "default.data", NULL);
    struct k8sm_demand *d = volumes_pod(&made, "p", "default.data", "default.more");
    struct k8sm_offers *offers = world_offers(&made.w);
    f.fail_at = f.calls + n;
    int r = k8sm_cluster_add(made.c, offers, 0, NULL);
    if (r == K8SM_OK) r = k8sm_cluster_add_pod(made.c, d, K8SMI_S("a"), NULL);
    k8sm_offers_unref(offers);
    k8sm_cluster_free(made.c);
    assert_int_equal(f.held, 0);
    w = made.w;
    world_free(&w);
    if (r == K8SM_OK) break;
    assert_int_equal(r, K8SM_ERR_NOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_go_where_the_volume_is),
      cmocka_unit_test(they_wait_for_its_agent),
      cmocka_unit_test(one_pod_at_a_time),
      cmocka_unit_test(one_pod_of_a_match),
      cmocka_unit_test(one_kind_of_disk),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
