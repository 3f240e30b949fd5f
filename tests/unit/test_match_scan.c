/* SPDX-License-Identifier: Apache-2.0 */
/* Pods with volumes, of storage classes, or for reservations: 64 agents asked at once, beside each asked
 * alone. That is what happens where somebody waits for room, be it none at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/refusals.h"
#include "support/volumes.h"

#include "cluster/blocks.h"

enum { AGENTS = 90, SEEDS = 80, ROUNDS = 5, PODS = 12, SHARED_VOLUMES = 6 };

struct generated {
  struct scene scanned, asked;
  uint32_t random;
  bool wander; /* volumes turn up in several places, and are forgotten: then who has which is asked */
  size_t placed, refused;
};

static const char *const roles[] = {"r", "*", NULL};
static const char *const teams[] = {"t0", "t1", "t2"};
static const char *const principals[] = {NULL, "ops", "dev"};
static const char *const roots[] = {"/a", "/a/b", "/c"};
static const char *const racks[] = {"r0", "r1", "r2"};

static uint32_t below(struct generated *g, uint32_t n) {
  g->random = g->random * 1664525u + 1013904223u;
  return (g->random >> 9) % n;
}

/* Mostly little, seldom as much as 32 bits of thousandths hold, or more. */
static double amount(struct generated *g, uint32_t most) {
  static const double large[] = {400000, 1500000, 2500000};
  return below(g, 20) == 0 ? large[below(g, 3)] : below(g, most);
}

static void reserve(struct generated *g, K8smMesos__Resource *r, const char *team) {
  const char *principal = principals[below(g, 3)];
  world_reserve(&g->scanned.w, r, "r", team == NULL ? NULL : "team", team);
  r->reservations[0]->principal = principal == NULL ? NULL : world_text(&g->scanned.w, principal);
}

/* What the agent's own disk, and others, come to. */
static void add_disks(struct generated *g, K8smMesos__Offer *o, bool of_role) {
  struct world *w = &g->scanned.w;
  if (below(g, 3) > 0) world_scalar(w, o, "disk", amount(g, 400));
  for (uint32_t n = of_role ? below(g, 3) : 0; n > 0; n--) {
    K8smMesos__Resource *r = world_scalar(w, o, "disk", amount(g, 300));
    if (below(g, 2) == 0) {
      world_reserve(w, r, "r", NULL, NULL);
    } else {
      reserve(g, r, below(g, 2) == 0 ? NULL : teams[below(g, 3)]);
    }
  }
  for (uint32_t n = below(g, 4); n > 0; n--) {
    K8smMesos__Resource *r = world_disk(w, o, below(g, 2) == 0 ? K8SM_DISK_MOUNT : K8SM_DISK_PATH,
                                        roots[below(g, 3)], amount(g, 300), below(g, 3) == 0 ? "p" : NULL);
    if (of_role && below(g, 2) == 0) world_reserve(w, r, "r", NULL, NULL);
  }
}

static void add_volume(struct generated *g, K8smMesos__Offer *o, uint32_t agent) {
  char id[16];
  snprintf(id, sizeof id, "v%u", g->wander ? below(g, SHARED_VOLUMES) : agent % SHARED_VOLUMES);
  (void)world_volume(&g->scanned.w, o, "r", id, 100, below(g, 4) == 0 ? "uid-p3" : NULL);
}

static void add_offer(struct generated *g, int agent_number) {
  struct world *w = &g->scanned.w;
  char id[24], agent[16];
  const bool of_role = below(g, 4) > 0;
  snprintf(id, sizeof id, "o%zu", w->count);
  snprintf(agent, sizeof agent, "n%d", agent_number);
  K8smMesos__Offer *o = world_offer(w, id, agent, of_role ? "r" : "*");
  world_attribute(w, o, "rack", racks[agent_number % 3]);
  if (below(g, 3) > 0) world_scalar(w, o, "cpus", amount(g, 4));
  if (below(g, 5) > 0) world_scalar(w, o, "mem", amount(g, 2048));
  for (uint32_t n = of_role ? below(g, 3) : 0; n > 0; n--) {
    const char *team = below(g, 3) == 0 ? NULL : teams[below(g, 3)];
    if (below(g, 4) > 0) reserve(g, world_scalar(w, o, "cpus", amount(g, 4)), team);
    if (below(g, 4) > 0) reserve(g, world_scalar(w, o, "mem", amount(g, 2048)), team);
    if (below(g, 4) == 0) reserve(g, world_scalar(w, o, "gpus", below(g, 3)), team);
  }
  if (below(g, 4) == 0) world_scalar(w, o, "gpus", below(g, 3));
  uint64_t port = 31000 + 20 * w->count; /* no port of an agent's twice */
  if (below(g, 3) == 0) world_ports(w, o, port, port + below(g, 3));
  if (of_role && below(g, 4) == 0) reserve(g, world_ports(w, o, port + 10, port + 12), teams[below(g, 3)]);
  add_disks(g, o, of_role);
  if (of_role && (g->wander ? below(g, 6) == 0 : agent_number < SHARED_VOLUMES))
    add_volume(g, o, (uint32_t)agent_number);
}

/* The offers since the last time, to both. */
static void give_offers(struct generated *g) {
  struct scene *s = &g->scanned;
  struct k8sm_offers *offers = world_offers_from(&s->w, s->w.first, NULL, NULL);
  assert_non_null(offers);
  assert_int_equal(k8sm_cluster_add(g->scanned.c, offers, 0, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_add(g->asked.c, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  s->w.first = s->w.count;
}

/* ---- Pods ---- */

static struct k8smi_demand_volume volume(struct generated *g, const char *pod, size_t i) {
  struct world *w = &g->scanned.w;
  char id[64];
  snprintf(id, sizeof id, "%s.%zu", pod, i);
  if (below(g, 4) == 0) snprintf(id, sizeof id, "v%zu", below(g, 2) * 3 + i); /* each once in a pod */
  struct k8sm_slice text = k8smi_s(world_text(w, id));
  struct k8smi_demand_volume v = {.row = {.name = text, .claim = text, .id = text}};
  v.row.milli =
      below(g, 8) == 0 ? INT64_C(2000000000) + 700000000 * below(g, 2) : 1000 * (int64_t)(1 + below(g, 350));
  if (below(g, 2) == 0) return v;
  struct k8smi_demand_disk *disk = world_new(w, sizeof *disk);
  disk->kind = below(g, 2) == 0 ? K8SM_DISK_MOUNT : K8SM_DISK_PATH;
  if (below(g, 2) == 0) disk->root = k8smi_s(roots[below(g, 3)]);
  if (below(g, 4) == 0) disk->profile = K8SMI_S("p");
  v.disk = disk;
  return v;
}

static void add_pod(struct generated *g, size_t number) {
  struct scene *s = &g->scanned;
  char name[24], annotations[160] = "", container[200], more[200] = "";
  const char *text = "";
  snprintf(name, sizeof name, "p%zu", number);
  if (below(g, 3) == 0)
    snprintf(annotations, sizeof annotations, "'k8s.mesosphere.io/reservation':'team=%s'",
             teams[below(g, 3)]);
  if (below(g, 8) == 0) text = "'k8s.mesosphere.io/reservation-principal':'ops'";
  if (below(g, 4) == 0)
    snprintf(more, sizeof more, "'nodeSelector':{'k8s.mesosphere.io/attribute-rack':'%s'}",
             racks[below(g, 3)]);
  snprintf(container, sizeof container, "'resources':{'requests':{'cpu':'%um','memory':'%uMi'}%s}%s",
           below(g, 6) == 0 ? 2400000000u : 700 * below(g, 7), 300 * below(g, 5),
           below(g, 6) == 0 ? ",'limits':{'nvidia.com/gpu':'1'}" : "",
           below(g, 8) == 0 ? ",'ports':[{'containerPort':80,'hostPort':31021}]" : "");
  struct k8sm_demand *d =
      scene_full_pod(s, name, "", text[0] == '\0' ? annotations : text, container, more, roles);
  d->volume_count = below(g, 2) == 0 ? 0 : 1 + below(g, 3);
  struct k8smi_demand_volume *volumes = world_new(&s->w, 3 * sizeof *volumes);
  for (size_t i = 0; i < d->volume_count; i++) volumes[i] = volume(g, name, i);
  d->volumes = volumes;
}

/* ---- What both say ---- */

static void match_both(struct generated *g, size_t first, size_t count) {
  struct scene *const both[] = {&g->scanned, &g->asked};
  for (int i = 0; i < 2; i++) {
    k8sm_plan_unref(both[i]->plan);
    both[i]->plan = NULL;
    assert_int_equal(k8sm_cluster_match(both[i]->c, g->scanned.demands + first, count, &g->scanned.options,
                                        &both[i]->plan, NULL),
                     K8SM_OK);
  }
  for (uint32_t i = 0; i < count; i++) {
    assert_string_equal(scene_summary(&g->scanned, i), scene_summary(&g->asked, i));
    assert_string_equal(scene_place(&g->scanned, i), scene_place(&g->asked, i));
    if (scene_place(&g->scanned, i)[0] == '\0') g->refused++;
  }
  g->placed += g->scanned.plan->placement_count;
}

/* Each pod alone: what the agents say is what each one says. */
static void match_each(struct generated *g) {
  struct k8sm_demand *const first = g->scanned.demands[0];
  for (size_t i = 0; i < PODS; i++) {
    match_both(g, i, 1);
    g->scanned.demands[0] = g->scanned.demands[i];
    refusals_check(&g->scanned, 0);
    g->scanned.demands[0] = first;
  }
}

static void change_both(struct generated *g) {
  struct k8sm_cluster *const both[] = {g->scanned.c, g->asked.c};
  char offer[24], agent[16], id[16];
  snprintf(offer, sizeof offer, "o%u", below(g, (uint32_t)g->scanned.w.count));
  snprintf(agent, sizeof agent, "n%u", below(g, AGENTS));
  snprintf(id, sizeof id, "v%u", below(g, SHARED_VOLUMES));
  const uint32_t what = below(g, g->wander ? 5 : 3);
  if (what < 2) add_offer(g, (int)below(g, AGENTS));
  if (what < 2) give_offers(g);
  for (int i = 0; what >= 2 && i < 2; i++) {
    if (what == 2) k8sm_cluster_remove(both[i], k8smi_s(offer));
    if (what == 3) assert_int_equal(k8sm_cluster_note_volume(both[i], k8smi_s(id), k8smi_s(agent)), K8SM_OK);
    if (what == 4) k8sm_cluster_forget_volume(both[i], k8smi_s(id));
  }
}

/* Somebody waits on an agent where nobody else wants to go: so agents are asked one by one. */
static void let_wait(struct generated *g) {
  struct k8sm_demand *none = world_demand(&g->scanned.w, "none", 0, 0, 0);
  none->kind = none->uid;
  assert_int_equal(k8sm_cluster_nominate(g->asked.c, none, K8SMI_S("idle"), K8SMI_S("idle"), NULL), K8SM_OK);
}

static void one_seed(struct generated *g) {
  struct scene *s = &g->scanned;
  scene_begin(&g->scanned);
  scene_begin(&g->asked);
  s->options.strategy = below(g, 4);
  for (int i = 0; i < AGENTS; i++) {
    for (uint32_t n = 1 + (below(g, 3) == 0); n > 0; n--) add_offer(g, i);
  }
  world_simple(&s->w, "idle", "idle", "idle", 1, 1024, false);
  give_offers(g);
  let_wait(g);
  for (size_t i = 0; i < PODS; i++) add_pod(g, i);
  for (int round = 0; round < ROUNDS; round++) {
    match_each(g);
    match_both(g, 0, PODS);
    for (uint32_t changes = below(g, 20); changes > 0; changes--) change_both(g);
  }
  scene_end(&g->asked);
  scene_end(&g->scanned);
}

static void the_same_as_one_by_one(void **state) {
  (void)state;
  struct generated g = {.random = 1};
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    g.random = seed * 7919;
    g.wander = seed % 4 == 0;
    one_seed(&g);
  }
  const size_t all = (size_t)SEEDS * ROUNDS * PODS * 2;
  assert_in_range(g.placed, all / 5, all);
  assert_in_range(g.refused, all / 5, all);
}

/* ---- What is seldom generated ---- */

/* A pod for which no agent has the cpus, with a volume of so many MB. */
static void add_claim(struct scene *s, const char *id, int64_t mb, const struct k8smi_demand_disk *disk) {
  struct k8sm_demand *d = world_demand(&s->w, "pod", 1000000, 0, 0);
  struct k8smi_demand_volume *v = world_new(&s->w, sizeof *v);
  const struct k8sm_slice text = k8smi_s(id);
  *v = (struct k8smi_demand_volume){.row = {.name = text, .claim = text, .id = text, .milli = mb * 1000},
                                    .disk = disk};
  d->volumes = v;
  d->volume_count = 1;
  d->kind = d->uid;
  world_demand_roles(&s->w, d, "r", NULL);
  s->demands[s->count++] = d;
}

static const char *summary_of(struct scene *s) {
  scene_match(s);
  const char *text = scene_summary(s, 0);
  s->count = 0; /* it is the world's */
  return text;
}

static void add_plain(struct scene *s, const char *agent, double free_mb, double reserved_mb) {
  K8smMesos__Offer *o = world_offer(&s->w, agent, agent, "r");
  world_scalar(&s->w, o, "cpus", 4);
  world_scalar(&s->w, o, "mem", 4096);
  if (free_mb > 0) world_scalar(&s->w, o, "disk", free_mb);
  if (reserved_mb > 0) world_reserve(&s->w, world_scalar(&s->w, o, "disk", reserved_mb), "r", NULL, NULL);
}

/* Of disks that are larger than blocks have numbers for. */
static void very_large_disks(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  add_plain(&s, "a", 2500000, 400000);
  add_plain(&s, "b", 1200000, 1200000);
  scene_offers(&s);
  for (int64_t mb = 2000000; mb <= 2200000; mb += 200000) {
    add_claim(&s, "v", mb, NULL);
    assert_string_equal(summary_of(&s),
                        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had no offer with "
                        "the pod's persistent volume.");
  }
  scene_end(&s);
}

/* A volume is known on one agent, offered by another one too, and forgotten. */
static void a_volume_in_two_places(void **state) {
  (void)state;
  static const struct k8smi_demand_disk mount = {.kind = K8SM_DISK_MOUNT};
  struct scene s;
  scene_begin(&s);
  add_plain(&s, "a", 1000, 0);
  add_plain(&s, "b", 1000, 0);
  assert_int_equal(k8sm_cluster_note_volume(s.c, K8SMI_S("v"), K8SMI_S("a")), K8SM_OK);
  (void)world_volume(&s.w, s.w.offers[1], "r", "v", 100, NULL);
  scene_offers(&s);
  add_claim(&s, "v", 100, &mount);
  assert_string_equal(summary_of(&s),
                      "0/2 nodes are available: 1 node(s) had no offer with the pod's persistent "
                      "volume, 1 node(s) had volume node affinity conflict.");
  assert_int_equal(k8sm_cluster_forget_volume(s.c, K8SMI_S("v")), 1);
  add_claim(&s, "v", 100, &mount);
  assert_string_equal(summary_of(&s),
                      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) did not have enough "
                      "free storage.");
  scene_end(&s);
}

/* More names than a block has room for: its slots are asked. */
static void very_many_disks(void **state) {
  (void)state;
  static const struct k8smi_demand_disk one = {.kind = K8SM_DISK_MOUNT, .root = {"/mnt/39", 7}};
  struct scene s;
  scene_begin(&s);
  for (int i = 0; i < 40; i++) {
    char text[16];
    snprintf(text, sizeof text, "n%d", i);
    add_plain(&s, text, 1000, 0);
    snprintf(text, sizeof text, "/mnt/%d", i);
    (void)world_disk(&s.w, s.w.offers[i], K8SM_DISK_MOUNT, text, 500, NULL);
  }
  scene_offers(&s);
  assert_true(k8smi_block_of(s.c, 0)->named.count == K8SMI_NAMED_MAX && k8smi_block_of(s.c, 0)->asked != 0);
  add_claim(&s, "v", 100, &one);
  assert_string_equal(summary_of(&s), "0/40 nodes are available: 1 Insufficient cpu, 39 node(s) did not have "
                                      "enough free storage.");
  for (int i = 0; i < 40; i++) {
    char id[16];
    snprintf(id, sizeof id, "n%d", i);
    assert_int_equal(k8sm_cluster_remove(s.c, k8smi_s(id)), 1);
  }
  assert_int_equal(k8smi_block_of(s.c, 0)->named.count, 0);
  assert_int_equal(s.c->blocks->names.rows.count, 0);
  scene_end(&s);
}

/* Slots for whose names memory lacks are asked; offers come all or not at all. */
static void memory_ends(void **state) {
  (void)state;
  bool over = false, asked = false;
  for (size_t nth = 1; !over; nth++) {
    static const struct k8smi_demand_disk mount = {.kind = K8SM_DISK_MOUNT};
    struct scene s;
    struct failing failing;
    struct k8sm_offers *offers;
    scene_begin(&s);
    k8sm_cluster_free(s.c);
    failing_init(&failing, 0);
    const struct k8sm_cluster_options o = {.size = sizeof o, .allocator = &failing.allocator};
    assert_int_equal(k8sm_cluster_new(&o, &s.c, NULL), K8SM_OK);
    add_plain(&s, "a", 1000, 1000);
    add_plain(&s, "b", 1000, 0);
    (void)world_disk(&s.w, s.w.offers[0], K8SM_DISK_MOUNT, "/mnt/0", 500, NULL);
    world_reserve(&s.w, world_scalar(&s.w, s.w.offers[1], "cpus", 1), "r", "team", "db");
    offers = world_offers(&s.w);
    failing.fail_at = failing.calls + nth;
    int result = k8sm_cluster_add(s.c, offers, 0, NULL);
    over = failing.calls < failing.fail_at;
    failing.fail_at = 0;
    asked = asked || (result == K8SM_OK && s.c->blocks->items[0]->asked != 0);
    assert_true(result == K8SM_OK || result == K8SM_ERR_NOMEM);
    if (result != K8SM_OK) assert_int_equal(k8sm_cluster_add(s.c, offers, 0, NULL), K8SM_OK);
    k8sm_offers_unref(offers);
    add_claim(&s, "v", 100, &mount);
    assert_string_equal(summary_of(&s), "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) did not have "
                                        "enough free storage.");
    add_claim(&s, "v", 1500, NULL);
    assert_string_equal(summary_of(&s), "0/2 nodes are available: 1 Insufficient cpu, 1 Insufficient "
                                        "ephemeral-storage, 1 node(s) had no offer with the pod's persistent "
                                        "volume.");
    scene_end(&s);
    assert_int_equal(failing.held, 0);
  }
  assert_true(asked);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_ends),
      cmocka_unit_test(very_large_disks),
      cmocka_unit_test(a_volume_in_two_places),
      cmocka_unit_test(very_many_disks),
      cmocka_unit_test(the_same_as_one_by_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
