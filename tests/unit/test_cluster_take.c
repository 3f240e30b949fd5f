/* SPDX-License-Identifier: Apache-2.0 */
/* Resources that the caller takes out of offers held, and gives back. */
#include <k8smesos/match.h>
#include "support/demands.h"
#include "support/failing.h"
#include "cluster/cluster.h"
#include "offer/resources.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OF(role)            ",'allocation_info':{'role':'" role "'}}"
#define SCALAR(name, value) "{'name':'" name "','type':'SCALAR','scalar':{'value':" value "}"
#define PORTS(begin, end)                                                                                    \
  "{'name':'ports','type':'RANGES','ranges':{'range':[{'begin':" begin ",'end':" end "}]}"

/* A list of resources; quotes may be single ones. */
static struct k8sm_resources *take_list(const char *items) {
  struct k8sm_resources *resources = NULL;
  char text[1000];
  int n = snprintf(text, sizeof text, "{\"resources\":[%s]}", items);
  for (int i = 0; i < n; i++) text[i] = text[i] == '\'' ? '"' : text[i];
  assert_int_equal(k8sm_resources_parse(text, (size_t)n, NULL, &resources, NULL), K8SM_OK);
  return resources;
}

static int take_items(struct k8sm_cluster *c, bool back, const char *items, struct k8sm_diags *diags) {
  struct k8sm_resources *resources = take_list(items);
  int r = back ? k8sm_cluster_give(c, K8SMI_S("a"), resources, diags)
               : k8sm_cluster_take(c, K8SMI_S("a"), resources, diags);
  k8sm_resources_unref(resources);
  return r;
}

static bool take_leaves(const struct k8sm_cluster *c, const char *items) {
  struct k8sm_resources *left = NULL, *expected = take_list(items);
  assert_int_equal(k8sm_cluster_resources(c, K8SMI_S("a"), NULL, &left, NULL), K8SM_OK);
  bool same = k8sm_resources_contains(left, expected) && k8sm_resources_contains(expected, left);
  k8sm_resources_unref(left);
  k8sm_resources_unref(expected);
  return same;
}

static struct k8sm_cluster *take_cluster(struct world *w, const struct k8sm_allocator *allocator) {
  const struct k8sm_cluster_options o = {.size = sizeof o, .allocator = allocator};
  struct k8sm_cluster *c = NULL;
  struct k8sm_offers *offers = world_offers(w);
  assert_int_equal(k8sm_cluster_new(&o, &c, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_add(c, offers, 7, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  return c;
}

static bool take_is_placed(struct k8sm_cluster *c, struct k8sm_demand *demand) {
  struct k8sm_plan *plan = NULL;
  assert_int_equal(k8sm_cluster_match(c, &demand, 1, NULL, &plan, NULL), K8SM_OK);
  bool placed = k8sm_plan_placements(plan, 0, NULL, 0, 0) == 1;
  k8sm_plan_unref(plan);
  return placed;
}

static bool take_flag(const struct k8sm_cluster *c, size_t offer) {
  struct k8sm_held_offer row = {.taken = 9};
  assert_true(k8sm_cluster_offers(c, offer, &row, sizeof row, 1) > 0);
  assert_in_range(row.taken, 0, 1);
  return row.taken == 1;
}

/* Two offers of one agent, in the order against their ids. */
static void take_two_offers(struct world *w) {
  world_init(w);
  world_simple(w, "o2", "a", "*", 2, 1000, false);
  world_simple(w, "o1", "a", "*", 2, 1000, true);
}

static void what_is_taken_is_not_spent(void **state) {
  (void)state;
  struct world w;
  take_two_offers(&w);
  struct k8sm_cluster *c = take_cluster(&w, NULL);
  struct k8sm_demand *two = world_demand(&w, "two", 1980, 0, 0); /* and two tokens of 0.01 cpus */
  struct k8sm_demand *one = world_demand(&w, "one", 980, 0, 0);
  struct k8sm_demand *port = world_demand(&w, "port", 0, 0, 0);
  world_demand_port(port, 31005, "TCP");
  assert_int_equal(
      take_items(c, false, SCALAR("cpus", "2.5") OF("*") "," PORTS("31000", "31010") OF("*"), NULL), K8SM_OK);
  assert_true(take_flag(c, 0) && take_flag(c, 1));
  assert_true(take_leaves(c, SCALAR("cpus", "1.5") OF("*") "," SCALAR("mem", "2000") OF("*") "," SCALAR(
                                 "disk", "20000") OF("*") "," PORTS("31011", "32000") OF("*")));
  assert_true(take_is_placed(c, one));
  assert_false(take_is_placed(c, two));
  assert_false(take_is_placed(c, port));
  assert_int_equal(k8smi_agent_at(c, 0)->held[K8SMI_CPUS], 2500);
  /* What was taken of o2 comes back before what was taken of o1. */
  assert_int_equal(take_items(c, true, SCALAR("cpus", "0.5") OF("*"), NULL), K8SM_OK);
  assert_true(take_flag(c, 0) && !take_flag(c, 1));
  assert_true(take_is_placed(c, two));
  assert_int_equal(take_items(c, true, PORTS("31005", "31005") OF("*"), NULL), K8SM_OK);
  assert_true(take_is_placed(c, port));
  k8sm_cluster_free(c);
  world_free(&w);
}

static void all_or_nothing(void **state) {
  (void)state;
  static const struct {
    bool back;
    const char *items, *message;
  } cases[] = {
      {false, SCALAR("cpus", "1") OF("*") "," SCALAR("mem", "2000.001") OF("*"),
       "mem: 2000.001, allocated to '*', reserved for '', volume '', is not there"},
      {false, SCALAR("cpus", "1") OF("r"),
       "cpus: 1.000, allocated to 'r', reserved for '', volume '', is not there"},
      {false, PORTS("30999", "31000") OF("*"),
       "ports: 30999-31000, allocated to '*', reserved for '', volume '', is not there"},
      {true, SCALAR("cpus", "3.001") OF("*"),
       "cpus: 3.001, allocated to '*', reserved for '', volume '', is not there"},
      {true, SCALAR("mem", "1") OF("*"),
       "mem: 1.000, allocated to '*', reserved for '', volume '', is not there"},
  };
  struct world w;
  take_two_offers(&w);
  struct k8sm_cluster *c = take_cluster(&w, NULL);
  assert_int_equal(take_items(c, false, SCALAR("cpus", "3") OF("*"), NULL), K8SM_OK);
  uint64_t generation = k8sm_cluster_generation(c);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_diag rows[2];
    char text[300];
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
    assert_int_equal(take_items(c, cases[i].back, cases[i].items, &diags), K8SM_ERR_NOT_FOUND);
    assert_int_equal(diags.count, 1);
    assert_int_equal(rows[0].code, K8SM_DIAG_RESOURCE_NOT_HELD);
    assert_string_equal(text + rows[0].message, cases[i].message);
  }
  assert_int_equal(k8sm_cluster_generation(c), generation);
  assert_true(take_leaves(c, SCALAR("cpus", "1") OF("*") "," SCALAR("mem", "2000") OF("*") "," SCALAR(
                                 "disk", "20000") OF("*") "," PORTS("31000", "32000") OF("*")));
  struct k8sm_resources *none = take_list("");
  assert_int_equal(k8sm_cluster_take(c, K8SMI_S("b"), none, NULL), K8SM_ERR_NOT_FOUND);
  assert_int_equal(k8sm_cluster_take(c, K8SMI_S("a"), none, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_generation(c), generation);
  k8sm_resources_unref(none);
  k8sm_cluster_free(c);
  world_free(&w);
}

static void plans_made_before_are_stale(void **state) {
  (void)state;
  struct world w;
  struct k8sm_plan *plan = NULL;
  struct k8sm_diag rows[2];
  char text[300];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  world_init(&w);
  world_simple(&w, "o1", "a", "*", 2, 1000, false);
  struct k8sm_cluster *c = take_cluster(&w, NULL);
  struct k8sm_demand *one = world_demand(&w, "one", 900, 0, 0);
  assert_int_equal(k8sm_cluster_match(c, &one, 1, NULL, &plan, NULL), K8SM_OK);
  assert_int_equal(take_items(c, false, SCALAR("cpus", "1") OF("*"), NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_apply(c, plan, &diags), K8SM_ERR_STATE);
  assert_int_equal(rows[0].code, K8SM_DIAG_PLAN_STALE);
  assert_string_equal(text + rows[0].message,
                      "default/one on a: an offer came again, or something was taken out of it");
  k8sm_plan_unref(plan);
  assert_int_equal(k8sm_cluster_match(c, &one, 1, NULL, &plan, NULL), K8SM_OK);
  assert_int_equal(take_items(c, true, SCALAR("cpus", "0.5") OF("*"), NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_apply(c, plan, &diags), K8SM_OK); /* there is more than it knew of */
  /* The plan lives on without the offer, and without what was left of it. */
  struct k8sm_plan_resource row;
  k8sm_plan_resources(plan, 0, &row, sizeof row, 1);
  assert_int_equal(row.milli, 900);
  k8sm_plan_unref(plan);
  assert_int_equal(take_items(c, true, SCALAR("cpus", "0.5") OF("*"), NULL), K8SM_ERR_NOT_FOUND);
  k8sm_cluster_free(c);
  world_free(&w);
}

static void it_goes_with_its_offer(void **state) {
  (void)state;
  struct world w;
  take_two_offers(&w);
  struct k8sm_cluster *c = take_cluster(&w, NULL);
  assert_int_equal(take_items(c, false, SCALAR("cpus", "2.5") OF("*"), NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_remove(c, K8SMI_S("o1")), 1);
  assert_int_equal(k8smi_agent_at(c, 0)->held[K8SMI_CPUS], 500);
  assert_int_equal(take_items(c, true, SCALAR("cpus", "2.5") OF("*"), NULL), K8SM_ERR_NOT_FOUND);
  assert_int_equal(take_items(c, true, SCALAR("cpus", "0.5") OF("*"), NULL), K8SM_OK);
  assert_int_equal(take_items(c, false, SCALAR("cpus", "2") OF("*"), NULL), K8SM_OK);
  k8sm_cluster_remove_all(c);
  assert_int_equal(k8smi_agent_at(c, 0)->held[K8SMI_CPUS], 0);
  assert_int_equal(take_items(c, true, SCALAR("cpus", "2") OF("*"), NULL), K8SM_ERR_NOT_FOUND);
  k8sm_cluster_free(c);
  world_free(&w);
}

#define MOUNT(value) SCALAR("disk", value) ",'disk':{'source':{'type':'MOUNT','mount':{'root':'/m'}}}" OF("*")

static void wholes_are_taken_as_wholes(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  K8smMesos__Offer *o = world_offer(&w, "o", "a", "*");
  for (int i = 0; i < 3; i++) {
    K8smMesos__Resource *r = world_scalar(&w, o, "disk", i == 1 ? 50 : 100);
    r->disk = WORLD_NEW(&w, K8smMesos__Resource__DiskInfo, RESOURCE__DISK_INFO);
    r->disk->source = WORLD_NEW(&w, K8smMesos__Resource__DiskInfo__Source, RESOURCE__DISK_INFO__SOURCE);
    r->disk->source->type = K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT;
    r->disk->source->mount =
        WORLD_NEW(&w, K8smMesos__Resource__DiskInfo__Source__Mount, RESOURCE__DISK_INFO__SOURCE__MOUNT);
    r->disk->source->mount->root = world_text(&w, "/m");
  }
  struct k8sm_cluster *c = take_cluster(&w, NULL);
  assert_int_equal(take_items(c, false, MOUNT("60"), NULL), K8SM_ERR_NOT_FOUND);
  assert_int_equal(take_items(c, false, MOUNT("100"), NULL), K8SM_OK);
  assert_true(take_leaves(c, MOUNT("50") "," MOUNT("100")));
  assert_int_equal(take_items(c, false, MOUNT("100") "," MOUNT("100"), NULL), K8SM_ERR_NOT_FOUND);
  assert_int_equal(take_items(c, false, MOUNT("50") "," MOUNT("100"), NULL), K8SM_OK);
  assert_true(take_leaves(c, ""));
  assert_int_equal(take_items(c, true, MOUNT("100") "," MOUNT("100") "," MOUNT("50"), NULL), K8SM_OK);
  assert_true(take_leaves(c, MOUNT("50") "," MOUNT("100") "," MOUNT("100")));
  assert_false(take_flag(c, 0));
  k8sm_cluster_free(c);
  world_free(&w);
}

/* ---- Against the algebra ---- */

static uint32_t take_random(uint32_t *seed, uint32_t n) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 9) % n;
}

/* Offers of one agent to two roles, some of them reserved or revocable, with ranges. */
static void take_generate(struct world *w, uint32_t *seed) {
  char id[8];
  world_init(w);
  for (uint32_t i = 0, n = 1 + take_random(seed, 5); i < n; i++) {
    snprintf(id, sizeof id, "o%u", (i * 7 + 3) % 10);
    K8smMesos__Offer *o = world_offer(w, id, "a", take_random(seed, 2) ? "*" : "r");
    for (uint32_t k = take_random(seed, 6); k > 0; k--) {
      K8smMesos__Resource *r =
          world_scalar(w, o, take_random(seed, 2) ? "cpus" : "mem", take_random(seed, 9));
      if (take_random(seed, 3) == 0) world_reserve(w, r, "r", "pod", take_random(seed, 2) ? "p1" : NULL);
      if (take_random(seed, 4) == 0)
        r->revocable = WORLD_NEW(w, K8smMesos__Resource__RevocableInfo, RESOURCE__REVOCABLE_INFO);
    }
    if (take_random(seed, 2)) world_ports(w, o, 100 * i, 100 * i + take_random(seed, 99));
  }
}

static struct k8sm_resources *take_read(const struct k8sm_cluster *c) {
  struct k8sm_resources *all = NULL;
  assert_int_equal(k8sm_cluster_resources(c, K8SMI_S("a"), NULL, &all, NULL), K8SM_OK);
  return all;
}

/* A part of the resources: of each lot some, by cutting it; sometimes more than there is. */
static struct k8sm_resources *take_part_of(const struct k8sm_resources *all, uint32_t *seed) {
  struct k8sm_resources *part = NULL;
  struct k8smi_arena scratch;
  struct k8smi_bag bag;
  assert_true(k8smi_arena_init(&scratch, NULL, 0));
  struct k8smi_lot *lots = k8smi_arena_array(&scratch, all->bag.count, sizeof *lots);
  size_t count = 0;
  for (size_t i = 0; i < all->bag.count; i++) {
    struct k8smi_lot lot = all->bag.lots[i];
    if (take_random(seed, 2)) continue;
    if (lot.value.type == K8SM_RESOURCE_SCALAR) {
      lot.value.milli = lot.value.milli * take_random(seed, 9) / 8 + (take_random(seed, 12) == 0) * 500;
    } else {
      struct k8smi_range *range = k8smi_arena_array(&scratch, 1, sizeof *range);
      *range = lot.value.ranges.items[take_random(seed, (uint32_t)lot.value.ranges.count)];
      range->end -= take_random(seed, (uint32_t)(range->end - range->begin + 1));
      lot.value.ranges = (struct k8smi_ranges){range, 1};
    }
    lots[count++] = lot;
  }
  assert_int_equal(k8smi_bag_make(&scratch, lots, count, &bag), K8SM_OK);
  assert_int_equal(k8smi_resources_make(&bag, NULL, &part, NULL), K8SM_OK);
  k8smi_arena_free(&scratch);
  return part;
}

/* What is left and what is taken are as the algebra has it; refused is what it refuses. */
static void take_step(struct k8sm_cluster *c, bool back, struct k8sm_resources **left,
                      struct k8sm_resources **taken, uint32_t *seed) {
  struct k8sm_resources **from = back ? taken : left, **to = back ? left : taken, *less = NULL, *more = NULL;
  struct k8sm_resources *part = take_part_of(*from, seed);
  int expected = k8sm_resources_subtract(*from, part, NULL, &less, NULL);
  int r =
      back ? k8sm_cluster_give(c, K8SMI_S("a"), part, NULL) : k8sm_cluster_take(c, K8SMI_S("a"), part, NULL);
  assert_int_equal(r, expected);
  if (r == K8SM_OK) {
    assert_int_equal(k8sm_resources_add(*to, part, NULL, &more, NULL), K8SM_OK);
    k8sm_resources_unref(*from);
    k8sm_resources_unref(*to);
    *from = less;
    *to = more;
  }
  k8sm_resources_unref(part);
  struct k8sm_resources *now = take_read(c);
  assert_true(k8sm_resources_contains(now, *left) && k8sm_resources_contains(*left, now));
  k8sm_resources_unref(now);
}

static void takes_and_gives_at_random(void **state) {
  (void)state;
  for (uint32_t round = 1; round <= 300; round++) {
    uint32_t seed = round;
    struct world w;
    struct failing f;
    failing_init(&f, 0);
    take_generate(&w, &seed);
    struct k8sm_cluster *c = take_cluster(&w, &f.allocator);
    struct k8sm_resources *all = take_read(c), *left = k8sm_resources_ref(all), *taken = take_list("");
    int64_t before[2][K8SMI_SCALARS];
    for (uint32_t s = 0; s < c->slots.high; s++)
      memcpy(before[s], k8smi_slot_at(c, s)->free, sizeof before[s]);
    for (int step = 0; step < 20; step++) take_step(c, take_random(&seed, 3) == 0, &left, &taken, &seed);
    assert_int_equal(k8sm_cluster_give(c, K8SMI_S("a"), taken, NULL), K8SM_OK);
    for (uint32_t s = 0; s < c->slots.high; s++)
      assert_memory_equal(before[s], k8smi_slot_at(c, s)->free, sizeof before[s]);
    for (size_t i = 0; i < c->held.count; i++) assert_false(take_flag(c, i));
    for (int s = 0; s < K8SMI_SCALARS; s++) assert_int_equal(k8smi_agent_at(c, 0)->held[s], 0);
    k8sm_resources_unref(all);
    k8sm_resources_unref(left);
    k8sm_resources_unref(taken);
    k8sm_cluster_free(c);
    assert_int_equal(f.held, 0);
    world_free(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_taken_is_not_spent),  cmocka_unit_test(all_or_nothing),
      cmocka_unit_test(plans_made_before_are_stale), cmocka_unit_test(it_goes_with_its_offer),
      cmocka_unit_test(wholes_are_taken_as_wholes),  cmocka_unit_test(takes_and_gives_at_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
