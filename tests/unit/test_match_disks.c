/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of storage classes: which disk of an agent they are made of, and why of none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scene.h"
#include "support/volumes.h"
#include "wire/number.h"

#include "match/plan.h"

static K8smMesos__Offer *disks_offer(struct scene *s, const char *id, const char *agent) {
  K8smMesos__Offer *o = world_offer(&s->w, id, agent, "r");
  world_scalar(&s->w, o, "cpus", 4);
  world_scalar(&s->w, o, "mem", 4096);
  world_scalar(&s->w, o, "disk", 50);
  return o;
}

/* The offer made last has a disk. */
static K8smMesos__Resource *disks_put(struct scene *s, uint32_t kind, const char *root, double mb,
                                      const char *profile) {
  return world_disk(&s->w, s->w.offers[s->w.count - 1], kind, root, mb, profile);
}

/* A pod that claims a volume "name.0", "name.1" … of each class, of so many MB. */
static struct k8sm_demand *disks_pod(struct scene *s, const char *name,
                                     const struct k8smi_demand_disk *const *disks, const int64_t *mb,
                                     size_t n) {
  struct k8sm_demand *d = world_demand(&s->w, name, 100, 0, 0);
  struct k8smi_demand_volume *volumes = world_new(&s->w, n * sizeof *volumes);
  for (size_t i = 0; i < n; i++) {
    char id[64];
    snprintf(id, sizeof id, "%s.%zu", name, i);
    struct k8sm_slice text = k8smi_s(world_text(&s->w, id));
    volumes[i].row =
        (struct k8sm_demand_volume){.name = text, .claim = text, .id = text, .milli = mb[i] * 1000};
    volumes[i].disk = disks[i];
  }
  d->volumes = volumes;
  d->volume_count = n;
  d->kind = d->uid;
  world_demand_roles(&s->w, d, "r", NULL);
  s->demands[s->count++] = d;
  return d;
}

static struct k8sm_demand *disks_pod_of(struct scene *s, const char *name,
                                        const struct k8smi_demand_disk *disk, int64_t mb) {
  return disks_pod(s, name, &disk, &mb, 1);
}

static void disks_end(struct scene *s) {
  s->count = 0; /* they are the world's */
  scene_end(s);
}

static const char *disks_root(const K8smMesos__Resource *r) {
  const K8smMesos__Resource__DiskInfo__Source *from = r->disk == NULL ? NULL : r->disk->source;
  if (from == NULL) return "";
  return from->mount != NULL ? from->mount->root : from->path != NULL ? from->path->root : "";
}

/* Where the volume of the one pod is made, and of how much: "/m/b 300"; "": the pod has no place. */
static const char *disks_made(struct scene *s) {
  static char text[128];
  text[0] = '\0';
  scene_match(s);
  if (s->plan->placement_count == 0) return text;
  const K8smMesos__Resource *r = s->plan->placements[0].volumes[0].resource;
  snprintf(text, sizeof text, "%s %.0f", disks_root(r), r->scalar->value);
  return text;
}

static const struct k8smi_demand_disk any_mount = {.kind = K8SM_DISK_MOUNT},
                                      any_path = {.kind = K8SM_DISK_PATH},
                                      ssd = {.kind = K8SM_DISK_MOUNT, .profile = {"ssd", 3}},
                                      vendor = {.kind = K8SM_DISK_PATH, .vendor = {"acme", 4}},
                                      below = {.kind = K8SM_DISK_MOUNT, .root = {"/m", 2}};
static const struct k8smi_pair gold_label = {{"tier", 4}, {"gold", 4}};
static const struct k8smi_demand_disk gold = {.kind = K8SM_DISK_MOUNT, .metadata = {&gold_label, 1}};

static void disks_label(struct scene *s, K8smMesos__Resource *r, const char *key, const char *value) {
  K8smMesos__Labels *labels = r->disk->source->metadata = WORLD_NEW(&s->w, K8smMesos__Labels, LABELS);
  labels->labels = world_new(&s->w, sizeof(K8smMesos__Label *));
  labels->labels[0] = WORLD_NEW(&s->w, K8smMesos__Label, LABEL);
  labels->labels[0]->key = world_text(&s->w, key);
  labels->labels[0]->value = world_text(&s->w, value);
  labels->n_labels = 1;
}

/* All kinds of disks beside each other. */
static void disks_of_all_kinds(struct scene *s) {
  disks_offer(s, "o0", "a");
  disks_put(s, K8SM_DISK_MOUNT, "/m/c", 400, NULL);
  disks_put(s, K8SM_DISK_MOUNT, "/m/a", 200, NULL);
  disks_put(s, K8SM_DISK_MOUNT, "/mm", 100, NULL);
  disks_offer(s, "o1", "a");
  disks_put(s, K8SM_DISK_MOUNT, "/m/b", 300, "ssd");
  disks_put(s, K8SM_DISK_PATH, "/p/a", 1000, NULL);
  disks_put(s, K8SM_DISK_PATH, "/p/b", 500, NULL)->disk->source->vendor = world_text(&s->w, "acme");
  disks_label(s, disks_put(s, K8SM_DISK_MOUNT, "/gold", 900, NULL), "tier", "gold");
  disks_label(s, disks_put(s, K8SM_DISK_MOUNT, "/silver", 90, NULL), "tier", "silver");
  disks_put(s, K8SM_DISK_RAW, "", 10, NULL);
  disks_put(s, K8SM_DISK_BLOCK, "", 10, NULL);
  K8smMesos__Resource *provided = disks_put(s, K8SM_DISK_MOUNT, "/provided", 60, "ssd");
  provided->provider_id = WORLD_NEW(&s->w, K8smMesos__ResourceProviderID, RESOURCE_PROVIDER_ID);
  provided->provider_id->value = world_text(&s->w, "provider");
  world_reserve(&s->w, disks_put(s, K8SM_DISK_MOUNT, "/claimed", 60, NULL), "r", "claim", "x");
}

static void one_of_its_class(void **state) {
  (void)state;
  static const struct {
    const struct k8smi_demand_disk *disk;
    int64_t mb;
    const char *made;
  } cases[] = {
      {&any_mount, 1, "/silver 90"},
      {&any_mount, 90, "/silver 90"},
      {&any_mount, 91, "/mm 100"},
      {&any_mount, 101, "/m/a 200"},
      {&any_mount, 301, "/m/c 400"},
      {&any_mount, 401, "/gold 900"},
      {&any_mount, 901, ""},
      {&any_path, 1, "/p/b 1"},
      {&any_path, 500, "/p/b 500"},
      {&any_path, 501, "/p/a 501"},
      {&any_path, 1001, ""},
      {&ssd, 10, "/m/b 300"},
      {&ssd, 301, ""},
      {&vendor, 500, "/p/b 500"},
      {&vendor, 501, ""},
      {&below, 1, "/m/a 200"},
      {&below, 500, ""},
      {&gold, 1, "/gold 900"},
      {&gold, 1000, ""},
      {NULL, 40, " 40"},
      {NULL, 101, ""}, /* disks of their own don't make up for the agent's */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s;
    scene_begin(&s);
    disks_of_all_kinds(&s);
    scene_offers(&s);
    disks_pod_of(&s, "p", cases[i].disk, cases[i].mb);
    assert_string_equal(disks_made(&s), cases[i].made);
    disks_end(&s);
  }
}

/* What is reserved for the role goes before what is as large; a volume that is there before all. */
static void what_goes_first(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  disks_offer(&s, "o0", "a");
  disks_put(&s, K8SM_DISK_MOUNT, "/plain", 200, NULL);
  world_reserve(&s.w, disks_put(&s, K8SM_DISK_MOUNT, "/reserved", 200, NULL), "r", NULL, NULL);
  scene_offers(&s);
  disks_pod_of(&s, "p", &any_mount, 64);
  assert_string_equal(disks_made(&s), "/reserved 200");
  assert_int_equal(s.plan->placements[0].volumes[0].resource->n_reservations, 1);
  disks_offer(&s, "o1", "a");
  K8smMesos__Resource *there = disks_put(&s, K8SM_DISK_MOUNT, "/there", 500, NULL);
  world_reserve(&s.w, there, "r", "claim", "p.0");
  there->disk->persistence =
      WORLD_NEW(&s.w, K8smMesos__Resource__DiskInfo__Persistence, RESOURCE__DISK_INFO__PERSISTENCE);
  there->disk->persistence->id = world_text(&s.w, "p.0");
  scene_offers(&s);
  assert_string_equal(disks_made(&s), "/there 500");
  struct k8sm_plan_volume row;
  assert_int_equal(k8sm_plan_volumes(s.plan, 0, &row, sizeof row, 1), 1);
  assert_true(row.there == 1 && row.milli == 500000 && row.disk == K8SM_DISK_MOUNT);
  disks_end(&s);
}

/* Several volumes of a pod, and several pods of a match: a MOUNT disk is one volume's alone. */
static void each_has_a_disk_of_its_own(void **state) {
  (void)state;
  static const struct k8smi_demand_disk *const two_mounts[] = {&any_mount, &any_mount};
  static const struct k8smi_demand_disk *const mixed[] = {&any_path, &any_mount};
  struct scene s;
  scene_begin(&s);
  disks_offer(&s, "o0", "a");
  disks_put(&s, K8SM_DISK_MOUNT, "/b", 200, NULL);
  disks_put(&s, K8SM_DISK_MOUNT, "/a", 100, NULL);
  disks_put(&s, K8SM_DISK_PATH, "/p", 100, NULL);
  scene_offers(&s);
  disks_pod(&s, "two", two_mounts, (const int64_t[]){80, 150}, 2);
  disks_pod(&s, "mixed", mixed, (const int64_t[]){60, 60}, 2);
  disks_pod_of(&s, "half", &any_path, 40);
  disks_pod_of(&s, "more", &any_path, 61);
  assert_string_equal(scene_places(&s), "a-a-"); /* the first has both; of the path as much is left */
  assert_string_equal(disks_root(s.plan->placements[0].volumes[0].resource), "/a");
  assert_string_equal(disks_root(s.plan->placements[0].volumes[1].resource), "/b");
  assert_true(s.plan->placements[0].volumes[1].resource->scalar->value == 200);
  static const struct {
    const char *id, *root;
    uint32_t placement, volume, disk;
    int64_t mb;
  } rows[] = {{"two.0", "/a", 0, 0, K8SM_DISK_MOUNT, 100},
              {"two.1", "/b", 0, 1, K8SM_DISK_MOUNT, 200},
              {"half.0", "/p", 1, 0, K8SM_DISK_PATH, 40}};
  for (size_t i = 0; i < 4; i++) {
    struct k8sm_plan_volume row;
    assert_int_equal(k8sm_plan_volumes(s.plan, i, &row, sizeof row, 1), 3 - i);
    if (i == 3) break;
    assert_string_equal(row.id.ptr, rows[i].id);
    assert_string_equal(row.root.ptr, rows[i].root);
    assert_int_equal(row.placement, rows[i].placement);
    assert_int_equal(row.volume, rows[i].volume);
    assert_int_equal(row.disk, rows[i].disk);
    assert_int_equal(row.milli, rows[i].mb * 1000);
    assert_int_equal(row.there, 0);
  }
  disks_end(&s);
}

/* The largest first, whatever the order of the claims. */
static void the_largest_volume_first(void **state) {
  (void)state;
  static const struct k8smi_demand_disk *const two[] = {&any_path, &any_path};
  for (int turned = 0; turned < 2; turned++) {
    struct scene s;
    scene_begin(&s);
    disks_offer(&s, "o0", "a");
    disks_put(&s, K8SM_DISK_PATH, "/six", 60, NULL);
    disks_put(&s, K8SM_DISK_PATH, "/ten", 100, NULL);
    scene_offers(&s);
    disks_pod(&s, "p", two, turned == 0 ? (const int64_t[]){40, 60} : (const int64_t[]){60, 40}, 2);
    assert_string_equal(scene_places(&s), "a");
    assert_string_equal(disks_root(s.plan->placements[0].volumes[1 - turned].resource), "/six");
    assert_string_equal(disks_root(s.plan->placements[0].volumes[turned].resource), "/ten");
    disks_end(&s);
  }
}

/* Of disks that are alike the one of the first offer by id, in checks as in the choice itself. */
static void the_order_of_offers_does_not_matter(void **state) {
  (void)state;
  static const struct k8smi_demand_disk *const two[] = {&any_mount, &ssd};
  for (int turned = 0; turned < 2; turned++) {
    struct scene s;
    scene_begin(&s);
    for (int i = 0; i < 2; i++) {
      bool first = i == turned;
      disks_offer(&s, first ? "o0" : "o1", "a");
      disks_put(&s, K8SM_DISK_MOUNT, first ? "/0" : "/1", 100, first ? NULL : "ssd");
    }
    scene_offers(&s);
    disks_pod(&s, "p", two, (const int64_t[]){50, 50}, 2);
    assert_string_equal(scene_places(&s), "a");
    assert_string_equal(disks_root(s.plan->placements[0].volumes[0].resource), "/0");
    assert_string_equal(disks_root(s.plan->placements[0].volumes[1].resource), "/1");
    assert_int_equal(s.plan->placements[0].offer_ids.count, 2);
    disks_end(&s);
  }
}

static void why_not(void **state) {
  (void)state;
  struct scene s;
  char text[3][256];
  scene_begin(&s);
  disks_offer(&s, "a", "a");
  disks_put(&s, K8SM_DISK_MOUNT, "/m", 100, "ssd");
  disks_offer(&s, "b", "b");
  disks_put(&s, K8SM_DISK_PATH, "/p", 100, NULL);
  scene_offers(&s);
  struct k8smi_demand_disk wanted = gold;
  wanted.profile = K8SMI_S("ssd");
  wanted.root = K8SMI_S("/mnt");
  disks_pod_of(&s, "p", &ssd, 128);
  disks_pod_of(&s, "q", &wanted, 128);
  assert_string_equal(scene_places(&s), "--");
  assert_string_equal(scene_summary(&s, 0),
                      "0/2 nodes are available: 2 node(s) did not have enough free storage.");
  struct k8sm_explanation row = scene_explain(&s, 0, "a", text);
  assert_int_equal(row.code, K8SM_DIAG_INSUFFICIENT_STORAGE);
  assert_string_equal(row.predicate.ptr, "storage");
  assert_string_equal(row.wanted.ptr, "MOUNT disk of 128 MB (profile ssd) for volume p.0");
  assert_string_equal(row.had.ptr, "100");
  row = scene_explain(&s, 0, "b", text);
  assert_string_equal(row.had.ptr, "");
  row = scene_explain(&s, 1, "b", text);
  assert_string_equal(row.wanted.ptr,
                      "MOUNT disk of 128 MB (profile ssd, at /mnt, tier=gold) for volume q.0");
  struct k8sm_explain *explain = NULL;
  assert_int_equal(k8sm_cluster_explain(s.c, s.demands[0], &s.options, &explain, NULL), K8SM_OK);
  assert_string_equal(k8sm_explain_nearest(explain).ptr,
                      "fits a.example if that had a free MOUNT disk of 128 MB (profile ssd)");
  k8sm_explain_unref(explain);
  disks_end(&s);
}

/* Volumes outlive their pods: nobody is ended for the disk of one. */
static void nobody_is_preempted_for_a_disk(void **state) {
  (void)state;
  struct scene s;
  scene_begin(&s);
  disks_offer(&s, "a", "a");
  scene_offers(&s);
  struct k8sm_demand *low = disks_pod_of(&s, "low", &any_mount, 10);
  assert_int_equal(k8sm_cluster_add_pod(s.c, low, K8SMI_S("a"), NULL), K8SM_OK);
  s.count = 0;
  disks_pod_of(&s, "high", &any_mount, 10)->priority = 1;
  s.options.flags = K8SM_MATCH_PREEMPT;
  scene_match(&s);
  assert_int_equal(k8sm_plan_nominations(s.plan, 0, NULL, 0, 0), 0);
  /* but for cpus of an agent that has the disk */
  disks_offer(&s, "b", "b");
  disks_put(&s, K8SM_DISK_MOUNT, "/m", 100, NULL);
  s.w.offers[s.w.count - 1]->resources[0]->scalar->value = 0.01;
  scene_offers(&s);
  assert_int_equal(k8sm_cluster_add_pod(s.c, low, K8SMI_S("b"), NULL), K8SM_OK);
  scene_match(&s);
  struct k8sm_plan_nomination row;
  assert_int_equal(k8sm_plan_nominations(s.plan, 0, &row, sizeof row, 1), 1);
  assert_string_equal(row.agent_id.ptr, "b");
  disks_end(&s);
}

/* ---- Generated clusters, beside a model that reads the messages and tries everything ---- */

enum { MODEL_AGENTS = 3, MODEL_DISKS = 5, MODEL_PODS = 6, MODEL_CLASSES = 4 };
static const char *const model_profiles[MODEL_CLASSES] = {"m0", "m1", "p0", "p1"};

struct model_disk {
  char root[16];
  int class; /* MOUNT are the first two */
  int64_t left;
};
struct model {
  struct model_disk disks[MODEL_AGENTS][MODEL_DISKS];
  uint32_t random;
};

static uint32_t model_below(struct model *m, uint32_t n) {
  m->random = m->random * 1664525u + 1013904223u;
  return (m->random >> 9) % n;
}

static bool model_is_mount(int class) {
  return class < 2;
}

static int model_class(const struct k8smi_demand_disk *disk) {
  int class = 0;
  while (!k8smi_eqs(disk->profile, model_profiles[class])) class ++;
  return class;
}

/* Is there a disk for the volumes from `first` on, however they are given out? */
static bool model_fits(struct model_disk *disks, const struct k8sm_demand *d, size_t first) {
  if (first == d->volume_count) return true;
  int64_t milli = d->volumes[first].row.milli;
  for (int i = 0; i < MODEL_DISKS; i++) {
    int64_t before = disks[i].left;
    if (disks[i].class != model_class(d->volumes[first].disk) || before < milli) continue;
    disks[i].left = model_is_mount(disks[i].class) ? 0 : before - milli;
    bool fits = model_fits(disks, d, first + 1);
    disks[i].left = before;
    if (fits) return true;
  }
  return false;
}

static void model_generate(struct scene *s, struct model *m, bool backwards) {
  for (int a = 0; a < MODEL_AGENTS; a++) {
    for (int i = 0; i < MODEL_DISKS; i++) {
      struct model_disk *disk = &m->disks[a][i];
      snprintf(disk->root, sizeof disk->root, "/%d/%d", a, i);
      disk->class = (int)model_below(m, MODEL_CLASSES);
      disk->left = 1000 * (int64_t)(1 + model_below(m, 9));
    }
  }
  for (int n = 0; n < 2 * MODEL_AGENTS; n++) { /* each agent has two offers */
    int k = backwards ? 2 * MODEL_AGENTS - 1 - n : n, a = k / 2;
    char id[8], agent[8];
    snprintf(id, sizeof id, "o%d", (k * 5) % 6);
    snprintf(agent, sizeof agent, "%c", 'a' + a);
    disks_offer(s, id, agent);
    for (int i = k % 2; i < MODEL_DISKS; i += 2) {
      const struct model_disk *disk = &m->disks[a][i];
      K8smMesos__Resource *r = disks_put(s, model_is_mount(disk->class) ? K8SM_DISK_MOUNT : K8SM_DISK_PATH,
                                         disk->root, (double)disk->left / 1000, model_profiles[disk->class]);
      if (disk->left % 2000 == 0) world_reserve(&s->w, r, "r", NULL, NULL);
    }
  }
}

static void model_pods(struct scene *s, struct model *m, const struct k8smi_demand_disk *classes) {
  for (int p = 0; p < MODEL_PODS; p++) {
    const struct k8smi_demand_disk *disks[MODEL_CLASSES + 2];
    int64_t mb[MODEL_CLASSES + 2];
    char name[8];
    size_t n = 0;
    /* Of one PATH class no more than two: with three the largest first is not always the best. */
    for (int class = 0; class < MODEL_CLASSES; class ++) {
      for (uint32_t k = model_below(m, 5) < 3 ? 0 : 1 + model_below(m, 2); k > 0 && n < MODEL_CLASSES + 2;
           k--) {
        disks[n] = &classes[class];
        mb[n++] = 1 + (int64_t)model_below(m, 9);
      }
    }
    snprintf(name, sizeof name, "pod%d", p);
    disks_pod(s, name, disks, mb, n);
  }
}

/* Takes what a placement has off the model, which must have it. */
static void model_spend(struct model *m, int agent, const struct k8smi_placement *p,
                        const struct k8sm_demand *d) {
  for (size_t v = 0; v < d->volume_count; v++) {
    const K8smMesos__Resource *r = p->volumes[v].resource;
    int64_t milli = 0;
    int i = 0;
    while (i < MODEL_DISKS && strcmp(m->disks[agent][i].root, disks_root(r)) != 0) i++;
    assert_in_range(i, 0, MODEL_DISKS - 1);
    struct model_disk *disk = &m->disks[agent][i];
    assert_string_equal(r->disk->source->profile, model_profiles[model_class(d->volumes[v].disk)]);
    assert_true(k8smi_milli_of_double(r->scalar->value, &milli) && milli <= disk->left);
    assert_int_equal(milli, model_is_mount(disk->class) ? disk->left : d->volumes[v].row.milli);
    assert_true(milli >= d->volumes[v].row.milli);
    for (int k = 0; d->volume_count == 1 && k < MODEL_DISKS; k++) { /* none that is smaller would do */
      const struct model_disk *other = &m->disks[agent][k];
      if (other->class == disk->class && other->left >= d->volumes[v].row.milli)
        assert_true(other->left >= disk->left);
    }
    disk->left -= milli;
  }
}

static size_t model_check(struct scene *s, struct model *m) {
  size_t placed = 0;
  for (uint32_t i = 0; i < s->count; i++) {
    const char *agent = scene_place(s, i);
    bool fits = false;
    for (int a = 0; a < MODEL_AGENTS; a++) fits |= model_fits(m->disks[a], s->demands[i], 0);
    assert_int_equal(agent[0] != '\0', fits);
    if (fits) model_spend(m, agent[0] - 'a', &s->plan->placements[placed++], s->demands[i]);
  }
  return placed;
}

/* The same whatever the order in which the offers came, but for what the tree of agents decides. */
static void generated_disks(void **state) {
  (void)state;
  enum { SEEDS = 1500 };
  size_t placed = 0;
  struct k8smi_demand_disk classes[MODEL_CLASSES];
  memset(classes, 0, sizeof classes);
  for (int i = 0; i < MODEL_CLASSES; i++) {
    classes[i].kind = model_is_mount(i) ? K8SM_DISK_MOUNT : K8SM_DISK_PATH;
    classes[i].profile = k8smi_s(model_profiles[i]);
  }
  for (uint32_t seed = 1; seed <= SEEDS; seed++) {
    char places[2][MODEL_PODS + 1];
    for (int backwards = 0; backwards < 2; backwards++) {
      struct scene s;
      struct model m = {.random = seed * 7919};
      scene_begin(&s);
      s.options.strategy = K8SM_STRATEGY_FIRST_FIT;
      model_generate(&s, &m, backwards == 1);
      scene_offers(&s);
      model_pods(&s, &m, classes);
      memcpy(places[backwards], scene_places(&s), sizeof places[0]);
      placed += model_check(&s, &m);
      assert_int_equal(k8sm_cluster_apply(s.c, s.plan, NULL), K8SM_OK);
      disks_end(&s);
    }
    assert_string_equal(places[0], places[1]);
  }
  assert_in_range(placed, SEEDS * 2, SEEDS * 2 * MODEL_PODS - SEEDS); /* neither all nor none */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_of_its_class),
      cmocka_unit_test(what_goes_first),
      cmocka_unit_test(each_has_a_disk_of_its_own),
      cmocka_unit_test(the_largest_volume_first),
      cmocka_unit_test(the_order_of_offers_does_not_matter),
      cmocka_unit_test(why_not),
      cmocka_unit_test(nobody_is_preempted_for_a_disk),
      cmocka_unit_test(generated_disks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
