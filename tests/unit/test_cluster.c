/* SPDX-License-Identifier: Apache-2.0 */
#include "support/failing.h"
#include "support/offers.h"
#include "support/pods.h"
#include "cluster/blocks.h"
#include "cluster/slots.h"
#include "cluster/tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct k8sm_cluster *cluster_new(const struct k8sm_allocator *allocator) {
  struct k8sm_cluster_options o = {.size = sizeof o, .allocator = allocator};
  struct k8sm_cluster *c = NULL;
  return k8sm_cluster_new(&o, &c, NULL) == K8SM_OK ? c : NULL;
}

static void cluster_take(struct k8sm_cluster *c, struct world *w, size_t first, uint64_t now) {
  struct k8sm_offers *offers = world_offers_from(w, first, NULL, NULL);
  assert_int_equal(k8sm_cluster_add(c, offers, now, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
}

/* The invariants of the trees: order, priorities' maxima, sums; every slot is there once. */
static size_t tree_check(const struct k8sm_cluster *c, uint32_t root) {
  if (root == K8SMI_ROW_NONE) return 0;
  const struct k8smi_cluster_slot *s = k8smi_slot_at(c, root);
  int64_t sum[K8SMI_SCALARS] = {0, 0, 0};
  int32_t max[K8SMI_SCALARS], min[K8SMI_SCALARS];
  for (int k = 0; k < K8SMI_SCALARS; k++) max[k] = min[k] = k8smi_number(s->free[k]);
  uint32_t children[] = {s->left, s->right};
  for (int i = 0; i < 2; i++) {
    if (children[i] == K8SMI_ROW_NONE) continue;
    const struct k8smi_cluster_slot *child = k8smi_slot_at(c, children[i]);
    assert_true(i == 0 ? child->key <= s->key : child->key >= s->key);
    for (int k = 0; k < K8SMI_SCALARS; k++) {
      max[k] = child->max[k] > max[k] ? child->max[k] : max[k];
      min[k] = child->min[k] < min[k] ? child->min[k] : min[k];
    }
  }
  assert_memory_equal(max, s->max, sizeof max);
  assert_memory_equal(min, s->min, sizeof min);
  uint32_t offers = 0;
  for (uint32_t h = s->first_offer; h != K8SMI_ROW_NONE; h = k8smi_held_at(c, h)->next, offers++) {
    for (int k = 0; k < K8SMI_SCALARS; k++) sum[k] += k8smi_held_at(c, h)->offer->free[k];
  }
  assert_int_equal(offers, s->offers);
  assert_memory_equal(sum, s->free, sizeof sum);
  size_t size = 1 + tree_check(c, s->left) + tree_check(c, s->right);
  assert_int_equal(size, s->size);
  return size;
}

/* From the first to the last slot: by key, then by offers where room is the key, then by the agents' ids. */
static void tree_check_order(const struct k8sm_cluster *c, uint32_t root, uint32_t *last) {
  if (root == K8SMI_ROW_NONE) return;
  const struct k8smi_cluster_slot *s = k8smi_slot_at(c, root);
  tree_check_order(c, s->left, last);
  if (*last != K8SMI_ROW_NONE) {
    const struct k8smi_cluster_slot *before = k8smi_slot_at(c, *last);
    bool by_offers = c->key_by == K8SMI_KEY_ROOM && before->offers != s->offers;
    int by_id = k8smi_cmp(k8smi_agent_at(c, before->agent)->id, k8smi_agent_at(c, s->agent)->id);
    assert_true(before->key <= s->key);
    if (before->key == s->key) assert_true(by_offers ? before->offers < s->offers : by_id < 0);
  }
  *last = root;
  tree_check_order(c, s->right, last);
}

/* What the offers of a slot have of a port, of all ports or of a name, for any pod of their role. */
static int64_t slot_has(const struct k8sm_cluster *c, uint32_t slot, int port, const char *name) {
  int64_t has = 0;
  for (uint32_t h = k8smi_slot_at(c, slot)->first_offer; h != K8SMI_ROW_NONE; h = k8smi_held_at(c, h)->next) {
    const struct k8smi_offer *o = k8smi_held_at(c, h)->offer;
    for (size_t r = 0; r < o->resource_count; r++) {
      const struct k8smi_resource *one = &o->resources[r];
      if (!k8smi_resource_is_free(one)) continue;
      if (name != NULL && one->kind == K8SMI_OTHER && strcmp(one->message->name, name) == 0)
        has += one->milli;
      for (size_t i = 0; name == NULL && one->kind == K8SMI_PORTS && i < one->ranges.count; i++) {
        for (uint64_t p = one->ranges.items[i].begin; p <= one->ranges.items[i].end; p++)
          has += p > 0 && p <= UINT16_MAX && (port < 0 || p == (uint64_t)port);
      }
    }
  }
  return has;
}

/* The blocks say what the offers do. */
static void blocks_check_slot(const struct k8sm_cluster *c, uint32_t row) {
  static const char *const names[] = {"gpus", "tapes", "x"};
  const struct k8smi_block *block = k8smi_block_of(c, row);
  const struct k8smi_cluster_slot *slot = k8smi_slot_at(c, row);
  const uint64_t bit = UINT64_C(1) << row % K8SMI_LANES;
  const bool used = k8smi_table_used(&c->slots, row);
  assert_int_equal((block->used & bit) != 0, used);
  if (!used) return;
  assert_true((k8smi_block_of_role(block, slot->role) & bit) != 0);
  assert_true((k8smi_block_of_role(block, slot->role + 1) & bit) == 0);
  assert_int_equal(block->agent[row % K8SMI_LANES], slot->agent);
  assert_int_equal((block->owned & bit) != 0, slot->owned > 0);
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    const int32_t number = k8smi_number(slot->free[s]);
    assert_int_equal(block->free[s][row % K8SMI_LANES], number);
    assert_true((k8smi_block_with_less_free(block, s, number) & bit) == 0);
    if (number < INT32_MAX) assert_true((k8smi_block_with_less_free(block, s, number + 1) & bit) != 0);
  }
  if ((block->asked & bit) != 0) return;
  for (int port = 95; port < 160; port++) {
    const int64_t has = slot_has(c, row, port, NULL);
    assert_int_equal((k8smi_block_with_port(block, (uint16_t)port) & bit) != 0, has > 0);
    if (has > 0) assert_true(k8smi_port_was_seen(c, (uint16_t)port));
  }
  const int64_t ports = slot_has(c, row, -1, NULL);
  assert_true((k8smi_block_with_ports(block, (size_t)ports) & bit) != 0);
  assert_true((k8smi_block_with_ports(block, (size_t)ports + 1) & bit) == 0);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const int32_t has = k8smi_number(slot_has(c, row, 0, names[i]));
    const uint32_t name = k8smi_block_name(c, k8smi_s(names[i]));
    assert_true((k8smi_block_with_less(block, name, has) & bit) == 0);
    if (has < INT32_MAX) assert_true((k8smi_block_with_less(block, name, has + 1) & bit) != 0);
  }
}

static void blocks_check(const struct k8sm_cluster *c) {
  for (uint32_t row = 0; row < c->slots.high; row++) blocks_check_slot(c, row);
}

static void cluster_check(const struct k8sm_cluster *c) {
  blocks_check(c);
  size_t slots = 0, offering = 0;
  for (uint32_t i = 0; i < c->roles.high; i++) {
    if (!k8smi_table_used(&c->roles, i)) continue;
    size_t n = tree_check(c, k8smi_role_at(c, i)->root);
    uint32_t last = K8SMI_ROW_NONE;
    tree_check_order(c, k8smi_role_at(c, i)->root, &last);
    assert_int_equal(n, k8smi_role_at(c, i)->slots);
    slots += n;
  }
  for (uint32_t i = 0; i < c->agents.high; i++) {
    if (k8smi_table_used(&c->agents, i)) offering += k8smi_agent_at(c, i)->offers > 0;
  }
  assert_int_equal(slots, c->slots.count);
  assert_int_equal(offering, c->offering);
}

static void offers_come_and_go(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  world_simple(&w, "o2", "b", "*", 1, 100, true);
  world_simple(&w, "o1", "a", "*", 2, 200, true);
  world_simple(&w, "o3", "a", "r", 4, 400, false);
  struct k8sm_cluster *c = cluster_new(NULL);
  assert_int_equal(k8sm_cluster_generation(c), 0);
  cluster_take(c, &w, 0, 77);
  assert_int_equal(k8sm_cluster_generation(c), 1);
  struct k8sm_held_offer held[4];
  assert_int_equal(k8sm_cluster_offers(c, 0, held, sizeof held[0], 4), 3);
  assert_string_equal(held[0].id.ptr, "o1");
  assert_string_equal(held[2].role.ptr, "r");
  assert_int_equal(held[1].since_mono_ms, 77);
  struct k8sm_agent agents[2];
  assert_int_equal(k8sm_cluster_agents(c, 0, agents, sizeof agents[0], 2), 2);
  assert_string_equal(agents[0].id.ptr, "a");
  assert_string_equal(agents[0].hostname.ptr, "a.example");
  assert_int_equal(agents[0].offers, 2);
  assert_int_equal(agents[0].features, K8SM_FEATURE_ALL);
  cluster_check(c);
  assert_int_equal(k8sm_cluster_remove(c, K8SMI_S("o1")), 1);
  assert_int_equal(k8sm_cluster_remove(c, K8SMI_S("o1")), 0);
  assert_int_equal(k8sm_cluster_generation(c), 2);
  assert_int_equal(k8sm_cluster_offers(c, 1, held, sizeof held[0], 4), 1);
  cluster_check(c);
  assert_int_equal(k8sm_cluster_forget(c, K8SMI_S("a")), 1);
  assert_int_equal(k8sm_cluster_forget(c, K8SMI_S("a")), 0);
  assert_int_equal(k8sm_cluster_offers(c, 0, NULL, sizeof held[0], 0), 1);
  k8sm_cluster_remove_all(c);
  assert_int_equal(k8sm_cluster_agents(c, 0, agents, sizeof agents[0], 2), 1);
  assert_int_equal(agents[0].offers, 0);
  cluster_check(c);
  k8sm_cluster_free(c);
  world_free(&w);
}

static void offers_that_are_left_out(void **state) {
  (void)state;
  struct k8sm_diag rows[4];
  char text[512];
  struct k8sm_diags d = K8SM_DIAGS_INIT(rows, text);
  struct world w;
  world_init(&w);
  world_simple(&w, "o1", "a", "*", 1, 100, true);
  world_simple(&w, "o1", "b", "*", 1, 100, true);
  world_simple(&w, "gone", "c", "*", 1, 100, true);
  struct k8sm_cluster *c = cluster_new(NULL);
  assert_int_equal(k8sm_cluster_remove(c, K8SMI_S("gone")), 0);
  struct k8sm_offers *offers = world_offers(&w);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, &d), K8SM_OK);
  assert_int_equal(k8sm_cluster_offers(c, 0, NULL, 0, 0), 1);
  assert_int_equal(d.count, 2);
  assert_int_equal(d.errors, 0);
  assert_int_equal(rows[0].code, K8SM_DIAG_OFFER_DUPLICATE);
  assert_string_equal(text + rows[0].path, "offers.offers[1]");
  assert_int_equal(rows[1].code, K8SM_DIAG_OFFER_UNKNOWN);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, &d), K8SM_OK); /* rescinded only once */
  assert_int_equal(k8sm_cluster_offers(c, 0, NULL, 0, 0), 2);
  k8sm_offers_unref(offers);
  k8sm_cluster_free(c);
  world_free(&w);
}

static void blocks_offer(struct world *w, int i, uint32_t random) {
  char id[16];
  snprintf(id, sizeof id, "o%d", i);
  K8smMesos__Offer *o =
      world_simple(w, id, id + i % 3, i % 7 ? "*" : "r", random % 9, i % 11 ? 1 : 3e9, false);
  if (i % 4 != 0) {
    K8smMesos__Resource *ports = world_ports(w, o, 100 + (random >> 8) % 5, 105);
    world_range(w, ports, 110, 110 + (random >> 12) % 40);
    if (i % 9 == 0) world_range(w, ports, 65000, 70000);
  }
  if (i % 5 == 0) world_scalar(w, o, i % 2 ? "gpus" : "tapes", i % 3);
  if (i % 23 == 0) world_scalar(w, o, "gpus", 3e9);
}

/* Offers that come and go, of several roles, with ports and devices; and with those, memory that runs out. */
static void blocks_of_offers(void **state) {
  (void)state;
  enum { N = 300 };
  struct world w;
  struct failing f;
  char id[16];
  world_init(&w);
  failing_init(&f, 0);
  struct k8sm_cluster *c = cluster_new(&f.allocator);
  uint32_t random = 3;
  for (int i = 0; i < N; i++) {
    random = random * 1664525u + 1013904223u;
    blocks_offer(&w, i, random >> 8);
    cluster_take(c, &w, (size_t)i, 0);
    blocks_check(c);
    snprintf(id, sizeof id, "o%u", (random >> 9) % (uint32_t)(i + 1));
    k8sm_cluster_remove(c, k8smi_s(id));
    blocks_check(c);
  }
  assert_true(k8smi_block_name(c, K8SMI_S("gpus")) != K8SMI_MAP_NONE);
  for (size_t fail_at = 1; fail_at <= 6; fail_at++) { /* what can't be noted is asked */
    for (uint32_t row = 0; row < c->slots.high; row++) k8smi_block_clear(c, row);
    f.calls = 0;
    f.fail_at = fail_at;
    for (uint32_t row = 0; row < c->slots.high; row++) {
      if (k8smi_table_used(&c->slots, row)) k8smi_block_learn(c, row);
    }
    f.fail_at = 0;
    blocks_check(c);
  }
  k8sm_cluster_remove_all(c);
  blocks_check(c);
  assert_int_equal(k8smi_block_name(c, K8SMI_S("gpus")),
                   K8SMI_MAP_NONE); /* nothing is kept of what has gone */
  k8sm_cluster_free(c);
  assert_int_equal(f.held, 0);
  world_free(&w);
}

/* A slot with more ranges than blocks have room for is asked; and it is not when they have become fewer. */
static void blocks_of_many_ranges(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  struct k8sm_cluster *c = cluster_new(NULL);
  for (uint64_t o = 0; o < 2; o++) {
    K8smMesos__Offer *offer = world_simple(&w, o == 0 ? "first" : "second", "a", "*", 1, 1, false);
    K8smMesos__Resource *ports = world_ports(&w, offer, 100 + 1000 * o, 100 + 1000 * o);
    for (uint64_t i = 1; i < 20; i++) world_range(&w, ports, 100 + 1000 * o + 2 * i, 100 + 1000 * o + 2 * i);
  }
  cluster_take(c, &w, 0, 0);
  assert_int_equal(c->blocks->items[0]->asked, 1);
  assert_int_equal(k8sm_cluster_remove(c, K8SMI_S("first")), 1);
  assert_int_equal(c->blocks->items[0]->asked, 0);
  blocks_check(c);
  assert_true(k8smi_block_with_port(c->blocks->items[0], 1138) == 1);
  k8sm_cluster_free(c);
  world_free(&w);
}

/* Both ways to compare say the same. */
static void lanes_both_ways(void **state) {
  (void)state;
  int32_t values[K8SMI_LANES];
  uint32_t rows[K8SMI_LANES], random = 7;
  uint16_t begin[K8SMI_LANES], span[K8SMI_LANES];
  for (int run = 0; run < 2000; run++) {
    static const int32_t leasts[] = {INT32_MIN, -1, 0, 1, 100, INT32_MAX};
    for (int i = 0; i < K8SMI_LANES; i++) {
      random = random * 1664525u + 1013904223u;
      values[i] = run % 2 == 0 ? (int32_t)random : (int32_t)(random >> 8) % 200 - 50;
      rows[i] = random >> 30;
      begin[i] = (uint16_t)(random >> 16);
      span[i] = (uint16_t)(random >> (run % 17));
    }
    const int32_t least = leasts[run % 6];
    assert_int_equal(k8smi_lanes_less(values, least), k8smi_lanes_less_by_one(values, least));
    assert_int_equal(k8smi_lanes_equal(rows, run % 4), k8smi_lanes_equal_by_one(rows, run % 4));
    const uint16_t port = (uint16_t)(random >> 3), one = begin[run % K8SMI_LANES];
    assert_int_equal(k8smi_lanes_equal_16(begin, one), k8smi_lanes_equal_16_by_one(begin, one));
    assert_int_equal(k8smi_lanes_within(begin, span, port), k8smi_lanes_within_by_one(begin, span, port));
  }
  values[5] = 3;
  assert_true((k8smi_lanes_less(values, 4) >> 5 & 1) == 1 && (k8smi_lanes_less(values, 3) >> 5 & 1) == 0);
}

/* One cluster in the order of each strategy from the start, and one that has to sort for it. */
static void strategies_of_clusters(void **state) {
  (void)state;
  struct k8sm_diag rows[1];
  char text[128];
  struct k8sm_diags d = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_cluster_options o = {.size = sizeof o, .strategy = K8SM_STRATEGY_BALANCED + 1};
  struct k8sm_cluster *c = NULL;
  assert_int_equal(k8sm_cluster_new(&o, &c, &d), K8SM_ERR_INVALID);
  assert_string_equal(text + rows[0].message,
                      "cluster_options.strategy is 4: expected one of K8SM_STRATEGY_*");
  struct world w;
  world_init(&w);
  world_simple(&w, "o1", "a", "*", 4, 100, false);
  world_simple(&w, "o2", "b", "*", 2, 100, false);
  for (o.strategy = 0; o.strategy <= K8SM_STRATEGY_BALANCED; o.strategy++) {
    assert_int_equal(k8sm_cluster_new(&o, &c, NULL), K8SM_OK);
    assert_int_equal(c->key_by, o.strategy == K8SM_STRATEGY_FIRST_FIT ? K8SMI_KEY_NONE : K8SMI_KEY_ROOM);
    cluster_take(c, &w, 0, 0);
    cluster_check(c);
    k8sm_cluster_free(c);
  }
  world_free(&w);
}

static void rescinds_are_bounded(void **state) {
  (void)state;
  struct failing f;
  failing_init(&f, 0);
  struct k8sm_cluster *c = cluster_new(&f.allocator);
  char id[32];
  size_t held = 0;
  for (int i = 0; i < 5 * K8SMI_RESCINDED_MAX; i++) {
    snprintf(id, sizeof id, "%08d", i);
    k8sm_cluster_remove(c, k8smi_s(id));
    if (i == 3 * K8SMI_RESCINDED_MAX) held = f.held;
  }
  assert_int_equal(f.held, held);
  assert_true(k8smi_rescinded_has(c->rescinded, k8smi_s(id)));
  assert_false(k8smi_rescinded_has(c->rescinded, K8SMI_S("00000000")));
  k8sm_cluster_remove_all(c);
  assert_false(k8smi_rescinded_has(c->rescinded, k8smi_s(id)));
  k8sm_cluster_free(c);
  assert_int_equal(f.held, 0);
}

static struct k8sm_slice label_of(const struct k8sm_cluster *c, const char *key) {
  uint32_t row = k8smi_agent_find(c, K8SMI_S("a"));
  return k8smi_agent_label(k8smi_agent_at(c, row), k8smi_s(key));
}

static void check_label(const struct k8sm_cluster *c, const char *key, const char *value) {
  struct k8sm_slice have = label_of(c, key);
  if (value == NULL) {
    assert_null(have.ptr);
  } else {
    assert_non_null(have.ptr);
    assert_string_equal(have.ptr, value);
  }
}

static void attributes_are_labels(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  K8smMesos__Offer *o = world_simple(&w, "o1", "a", "*", 1, 100, true);
  world_attribute(&w, o, "rack", "r1");
  world_attribute(&w, o, "ssd", "no");
  world_attribute(&w, o, "ssd", "yes");
  static const struct {
    const char *name;
    double value;
    const char *label;
  } scalars[] = {{"gen", 2015.5, "2015.5"},
                 {"big", 1000000, "1000000"},
                 {"huge", 123456789.125, "123456789.125"},
                 {"small", 0.001, "0.001"},
                 {"minus", -5, "-5"}};
  for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++)
    world_attribute_scalar(&w, o, scalars[i].name, scalars[i].value);
  struct k8sm_cluster *c = cluster_new(NULL);
  cluster_take(c, &w, 0, 0);
  check_label(c, "kubernetes.io/hostname", "a.example");
  check_label(c, "kubernetes.io/os", "linux");
  check_label(c, "kubernetes.io/arch", NULL);
  check_label(c, "topology.kubernetes.io/zone", NULL);
  check_label(c, "k8s.mesosphere.io/attribute-rack", "r1");
  check_label(c, "k8s.mesosphere.io/attribute-ssd", "yes");
  check_label(c, "k8s.mesosphere.io/attribute-", NULL);
  check_label(c, "rack", NULL);
  for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
    char key[64];
    snprintf(key, sizeof key, "k8s.mesosphere.io/attribute-%s", scalars[i].name);
    check_label(c, key, scalars[i].label);
  }
  world_attribute(&w, world_simple(&w, "o2", "a", "*", 1, 100, true), "rack",
                  "r2"); /* the newest offer counts */
  cluster_take(c, &w, 1, 0);
  check_label(c, "k8s.mesosphere.io/attribute-rack", "r2");
  check_label(c, "k8s.mesosphere.io/attribute-ssd", NULL);
  k8sm_cluster_free(c);
  world_free(&w);
}

static const struct k8smi_labels *labels_of(const struct k8sm_cluster *c, const char *agent) {
  return k8smi_agent_at(c, k8smi_agent_find(c, k8smi_s(agent)))->labels;
}

/* Agents that say the same but for their hostname hold it once, as long as one of them says it. */
static void equal_labels_are_shared(void **state) {
  (void)state;
  static const char *const agents[] = {"a", "b", "c"};
  struct world w;
  world_init(&w);
  for (size_t i = 0; i < 3; i++) {
    K8smMesos__Offer *o = world_simple(&w, agents[i], agents[i], "*", 1, 100, true);
    world_attribute(&w, o, "kubernetes.io/hostname", "an attribute"); /* the hostname has the last word */
    world_attribute(&w, o, "rack", i < 2 ? "r1" : "r2");
  }
  struct k8sm_cluster *c = cluster_new(NULL);
  cluster_take(c, &w, 0, 0);
  assert_ptr_equal(labels_of(c, "a")->set, labels_of(c, "b")->set);
  assert_ptr_not_equal(labels_of(c, "a")->set, labels_of(c, "c")->set);
  assert_int_equal(c->label_sets.rows.count, 2);
  check_label(c, "kubernetes.io/hostname", "a.example");
  assert_string_equal(k8smi_hostname(labels_of(c, "b")).ptr, "b.example");
  assert_int_equal(k8smi_labels_count(labels_of(c, "a")), 3);
  static const char *const keys[] = {"k8s.mesosphere.io/attribute-rack", "kubernetes.io/hostname",
                                     "kubernetes.io/os"};
  for (size_t i = 0; i < 3; i++) /* sorted */
    assert_string_equal(k8smi_labels_at(labels_of(c, "a"), i).key.ptr, keys[i]);
  size_t from = w.count;
  world_attribute(&w, world_simple(&w, "b2", "b", "*", 1, 100, true), "rack", "r2");
  cluster_take(c, &w, from, 0);
  assert_ptr_equal(labels_of(c, "b")->set, labels_of(c, "c")->set);
  check_label(c, "k8s.mesosphere.io/attribute-rack", "r1");
  assert_int_equal(k8sm_cluster_forget(c, K8SMI_S("a")), 1);
  assert_int_equal(c->label_sets.rows.count, 1);
  assert_int_equal(labels_of(c, "c")->set->users, 2);
  k8sm_cluster_free(c);
  world_free(&w);
}

/* What is no label is made one: nothing is dropped in silence. */
static void attributes_are_made_valid(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  K8smMesos__Offer *o = world_simple(&w, "o1", "a", "*", 1, 100, true);
  world_attribute(&w, o, "has space", "has space");
  world_attribute(&w, o, "x:y", ":x:y!");
  world_attribute(&w, o, "  ", "no name is left");
  world_attribute(&w, o, "topology.example.com/row", "r7");
  world_attribute(&w, o, "not/a/key", "v");
  world_attribute(&w, o, "long", "0123456789012345678901234567890123456789012345678901234567890-----tail");
  world_attribute(&w, o, "arch", "x86_64");
  world_attribute(&w, o, "os", "Linux");
  world_attribute(&w, o, "r", "");
  K8smMesos__Attribute *ranges = o->attributes[8];
  ranges->type = K8SM_MESOS__VALUE__TYPE__RANGES;
  K8smMesos__Resource *r = world_ports(&w, o, 8000, 9000);
  world_range(&w, r, 31000, 32000);
  ranges->ranges = r->ranges;
  o->n_resources--; /* it was only to make the ranges */
  struct k8sm_cluster *c = cluster_new(NULL);
  cluster_take(c, &w, 0, 0);
  check_label(c, "k8s.mesosphere.io/attribute-has_space", "has_space");
  check_label(c, "k8s.mesosphere.io/attribute-x_y", "x_y");
  check_label(c, "topology.example.com/row", "r7");
  check_label(c, "k8s.mesosphere.io/attribute-topology.example.com_row", NULL);
  check_label(c, "k8s.mesosphere.io/attribute-not_a_key", "v");
  check_label(c, "k8s.mesosphere.io/attribute-long",
              "0123456789012345678901234567890123456789012345678901234567890");
  check_label(c, "kubernetes.io/arch", "amd64");
  check_label(c, "kubernetes.io/os", "linux");
  check_label(c, "k8s.mesosphere.io/attribute-arch", "x86_64");
  check_label(c, "k8s.mesosphere.io/attribute-r", "8000-9000_31000-32000");
  k8sm_cluster_free(c);
  world_free(&w);
}

static void domains_taints_and_nodes(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  K8smMesos__Offer *o = world_simple(&w, "o1", "a", "*", 1, 100, true);
  world_domain(&w, o, "north", "north-1");
  world_attribute(&w, o, "topology.kubernetes.io/zone", "elsewhere"); /* the domain knows better */
  world_attribute(&w, o, "taint-example.com/dedicated", "gpu:NoSchedule");
  world_attribute(&w, o, "taint-old", "NoExecute");
  world_attribute(&w, o, "taint-none", "gpu:Sometimes"); /* no effect: an attribute like others */
  struct k8sm_cluster *c = cluster_new(NULL);
  cluster_take(c, &w, 0, 0);
  const struct k8smi_agent *a = k8smi_agent_at(c, 0);
  check_label(c, "topology.kubernetes.io/region", "north");
  check_label(c, "topology.kubernetes.io/zone", "north-1");
  check_label(c, "k8s.mesosphere.io/attribute-taint-none", "gpu_Sometimes");
  assert_int_equal(c->tainted, 1);
  assert_string_equal(k8smi_agent_taint(a, 0)->key.ptr, "example.com/dedicated");
  assert_string_equal(k8smi_agent_taint(a, 0)->value.ptr, "gpu");
  assert_int_equal(k8smi_agent_taint(a, 1)->effect, K8SMI_EFFECT_NO_EXECUTE);
  assert_null(k8smi_agent_taint(a, 2));
  const struct k8sm_node_label labels[] = {{"topology.kubernetes.io/zone", "z9"}, {"disk", NULL}};
  const struct k8sm_node_taint taints[] = {{"own", "x", "PreferNoSchedule"}};
  struct k8sm_node node = {.size = sizeof node,
                           .labels = labels,
                           .label_count = 2,
                           .label_size = sizeof labels[0],
                           .taints = taints,
                           .taint_count = 1,
                           .taint_size = sizeof taints[0]};
  uint64_t generation = k8sm_cluster_generation(c);
  assert_int_equal(k8sm_cluster_set_node(c, K8SMI_S("a"), &node, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_generation(c), generation + 1);
  check_label(c, "topology.kubernetes.io/zone", "z9");
  check_label(c, "topology.kubernetes.io/region", "north");
  check_label(c, "disk", "");
  assert_string_equal(k8smi_agent_taint(a, 0)->key.ptr, "own");
  assert_string_equal(k8smi_agent_taint(a, 1)->key.ptr, "example.com/dedicated");
  node.label_count = node.taint_count = 0;
  node.unschedulable = 1;
  assert_int_equal(k8sm_cluster_set_node(c, K8SMI_S("unknown"), &node, NULL), K8SM_OK);
  assert_int_equal(c->tainted, 1); /* one that is not known does not count */
  assert_int_equal(k8sm_cluster_set_node(c, K8SMI_S("a"), NULL, NULL), K8SM_OK);
  check_label(c, "disk", NULL);
  check_label(c, "topology.kubernetes.io/zone", "north-1");
  k8sm_cluster_forget(c, K8SMI_S("a"));
  assert_int_equal(c->tainted, 0);
  k8sm_cluster_free(c);
  world_free(&w);
}

static void bad_nodes(void **state) {
  (void)state;
  struct k8sm_diag rows[4];
  char text[512];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_cluster *c = cluster_new(NULL);
  const struct k8sm_node_label labels[] = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  const struct k8sm_node_taint taints[] = {
      {"k", "v", "NoSchedule"}, {"k", "v", NULL}, {NULL, "v", "NoExecute"}};
  struct k8sm_node node = {
      .size = sizeof node, .labels = labels, .label_count = 3, .label_size = sizeof labels[0]};
  assert_int_equal(k8sm_cluster_set_node(c, K8SMI_S("a"), &node, &diags), K8SM_ERR_INVALID);
  assert_string_equal(text + rows[0].path, "labels[a]");
  node.label_count = 0;
  node.taints = taints;
  node.taint_count = 3;
  node.taint_size = sizeof taints[0];
  assert_int_equal(k8sm_cluster_set_node(c, K8SMI_S("a"), &node, &diags), K8SM_ERR_INVALID);
  assert_int_equal(diags.count, 3);
  assert_string_equal(text + rows[1].path, "taints[1]");
  assert_string_equal(text + rows[2].path, "taints[2]");
  assert_int_equal(c->agents.count, 0);
  k8sm_cluster_free(c);
}

static void features_by_agent(void **state) {
  (void)state;
  struct k8sm_cluster_options o = {.size = sizeof o, .features = K8SM_FEATURE_IMAGES | K8SM_FEATURE_CGROUPS};
  struct k8sm_cluster *c;
  struct k8sm_agent row;
  struct world w;
  world_init(&w);
  assert_int_equal(k8sm_cluster_new(&o, &c, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_set_features(c, K8SMI_S("a"), K8SM_FEATURE_CGROUPS | 1u << 31), K8SM_OK);
  assert_int_equal(k8sm_cluster_agents(c, 0, &row, sizeof row, 1), 0); /* not known yet */
  world_simple(&w, "o1", "a", "*", 1, 100, true);
  world_simple(&w, "o2", "b", "*", 1, 100, true);
  cluster_take(c, &w, 0, 0);
  assert_int_equal(k8sm_cluster_agents(c, 0, &row, sizeof row, 1), 2);
  assert_int_equal(row.features, K8SM_FEATURE_CGROUPS);
  k8sm_cluster_agents(c, 1, &row, sizeof row, 1);
  assert_int_equal(row.features, o.features);
  assert_int_equal(c->lacking[0], 1);
  assert_int_equal(c->lacking[1], 0);
  assert_int_equal(c->lacking[2], 2);
  k8sm_cluster_free(c);
  world_free(&w);
}

static uint32_t features_of(struct k8sm_cluster *c) {
  struct k8sm_agent row = {.features = 0};
  assert_int_equal(k8sm_cluster_agents(c, 0, &row, sizeof row, 1), 1);
  for (int bit = 0; bit < K8SMI_FEATURE_BITS; bit++)
    assert_int_equal(c->lacking[bit], (row.features >> bit & 1) == 0);
  return row.features;
}

/* What an agent says of itself comes before what is said of all, and what the caller says of it before both.
 */
static void features_by_attribute(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t features;
    const char *unknown;
  } cases[] = {
      {"images, csi ,cgroups", K8SM_FEATURE_IMAGES | K8SM_FEATURE_CGROUPS | K8SM_FEATURE_CSI, NULL},
      {"images,cgroups", K8SM_FEATURE_IMAGES | K8SM_FEATURE_CGROUPS, NULL},
      {"none", 0, NULL},
      {"volume-gids", K8SM_FEATURE_VOLUME_GIDS, NULL},
      {",", 0, "'' is no feature of agents"},
      {"csi,wings", K8SM_FEATURE_CSI, "'wings' is no feature of agents: expected images,"},
      {"", 0, "'' is no feature of agents"},
  };
  enum { CASES = sizeof cases / sizeof cases[0] };
  struct k8sm_cluster_options o = {.size = sizeof o, .features = K8SM_FEATURE_SECRETS};
  struct k8sm_cluster *c;
  struct world w;
  char id[16];
  assert_int_equal(k8sm_cluster_new(&o, &c, NULL), K8SM_OK);
  world_init(&w);
  for (size_t i = 0; i < CASES; i++) {
    struct findings f;
    snprintf(id, sizeof id, "o%zu", i);
    world_attribute(&w, world_simple(&w, id, "a", "*", 1, 100, true), "agent-features", cases[i].text);
    struct k8sm_offers *offers = world_offers_from(&w, i, NULL, NULL);
    assert_int_equal(k8sm_cluster_add(c, offers, 0, findings_init(&f)), K8SM_OK);
    assert_int_equal(features_of(c), cases[i].features);
    const struct k8sm_diag *found = findings_at(&f, "offers.offers[0].attributes[0]");
    assert_int_equal(found != NULL, cases[i].unknown != NULL);
    if (found != NULL) assert_non_null(strstr(f.text + found->message, cases[i].unknown));
    assert_null(k8smi_label_set_get(k8smi_agent_at(c, 0)->labels->set,
                                    K8SMI_S("k8s.mesosphere.io/attribute-agent-features"))
                    .ptr);
    k8sm_offers_unref(offers);
  }
  world_simple(&w, "silent", "a", "*", 1, 100, true);
  cluster_take(c, &w, CASES, 0);
  assert_int_equal(features_of(c), K8SM_FEATURE_SECRETS);
  assert_int_equal(k8sm_cluster_set_features(c, K8SMI_S("a"), K8SM_FEATURE_CNI), K8SM_OK);
  assert_int_equal(features_of(c), K8SM_FEATURE_CNI);
  world_attribute(&w, world_simple(&w, "late", "a", "*", 1, 100, true), "agent-features", "images");
  cluster_take(c, &w, CASES + 1, 0);
  assert_int_equal(features_of(c), K8SM_FEATURE_CNI);
  k8sm_cluster_free(c);
  world_free(&w);
}

/* As a set of texts, beside planned maintenance; of a number nothing is read. */
static void features_of_other_kinds(void **state) {
  (void)state;
  struct k8sm_cluster *c = cluster_new(NULL);
  struct world w;
  world_init(&w);
  K8smMesos__Offer *o = world_simple(&w, "o1", "a", "*", 1, 100, true);
  K8smMesos__Value__Set *set = WORLD_NEW(&w, K8smMesos__Value__Set, VALUE__SET);
  char *items[] = {world_text(&w, "rlimits"), world_text(&w, "csi")};
  set->item = items;
  set->n_item = 2;
  world_attribute(&w, o, "agent-features", "");
  o->attributes[0]->type = K8SM_MESOS__VALUE__TYPE__SET;
  o->attributes[0]->text = NULL;
  o->attributes[0]->set = set;
  world_leaves(&w, o, 5, -1);
  cluster_take(c, &w, 0, 0);
  assert_int_equal(features_of(c), K8SM_FEATURE_RLIMITS | K8SM_FEATURE_CSI);
  assert_int_equal(k8smi_label_set_window(k8smi_agent_at(c, 0)->labels->set).from_ms, 5);
  world_attribute_scalar(&w, world_simple(&w, "o2", "a", "*", 1, 100, true), "agent-features", 3);
  cluster_take(c, &w, 1, 0);
  assert_int_equal(features_of(c), K8SM_FEATURE_ALL);
  k8sm_cluster_free(c);
  world_free(&w);
}

static void too_many_agents(void **state) {
  (void)state;
  struct k8sm_cluster_options o = {.size = sizeof o, .max_agents = 2};
  struct k8sm_cluster *c;
  struct world w;
  world_init(&w);
  world_simple(&w, "o1", "a", "*", 1, 100, true);
  world_simple(&w, "o2", "b", "*", 1, 100, true);
  world_simple(&w, "o3", "c", "*", 1, 100, true);
  assert_int_equal(k8sm_cluster_new(&o, &c, NULL), K8SM_OK);
  struct k8sm_offers *offers = world_offers(&w);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_ERR_LIMIT);
  k8sm_offers_unref(offers);
  assert_int_equal(k8sm_cluster_agents(c, 0, NULL, 0, 0), 0);
  assert_int_equal(k8sm_cluster_offers(c, 0, NULL, 0, 0), 0);
  assert_int_equal(k8sm_cluster_generation(c), 0);
  cluster_take(c, &w, 3, 0);
  assert_int_equal(k8sm_cluster_set_features(c, K8SMI_S("x"), 1), K8SM_OK);
  assert_int_equal(k8sm_cluster_set_features(c, K8SMI_S("y"), 1), K8SM_OK);
  assert_int_equal(k8sm_cluster_set_features(c, K8SMI_S("z"), 1), K8SM_ERR_LIMIT);
  k8sm_cluster_free(c);
  world_free(&w);
}

/* Offers, removals, forgetting and features in a random order keep every invariant. */
static void a_long_life(void **state) {
  (void)state;
  struct failing f;
  failing_init(&f, 0);
  struct k8sm_cluster *c = cluster_new(&f.allocator);
  uint32_t random = 11;
  char id[16], agent[16];
  for (int step = 0; step < 3000; step++) {
    random = random * 1664525u + 1013904223u;
    uint32_t r = random >> 8;
    snprintf(agent, sizeof agent, "a%u", r % 37);
    if (step % 500 == 499) k8smi_tree_key_by(c, step % 1000 == 499 ? K8SMI_KEY_NONE : K8SMI_KEY_ROOM);
    if (r % 5 < 3) {
      struct world w;
      world_init(&w);
      snprintf(id, sizeof id, "o%d", step);
      K8smMesos__Offer *o = world_simple(&w, id, agent, r % 2 ? "*" : "r", r % 9, r % 11 * 100, r % 3 == 0);
      world_attribute(&w, o, "n", id);
      struct k8sm_offers *offers = world_offers(&w);
      assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
      assert_int_equal(c->held.count > 0, 1);
      char gone[16];
      snprintf(gone, sizeof gone, "o%u", r % 7 * (uint32_t)step / 7);
      k8sm_cluster_remove(c, k8smi_s(gone));
      k8sm_cluster_remove(c, k8smi_s(id)); /* the world ends here, so its offer must */
      k8sm_offers_unref(offers);
      world_free(&w);
    } else if (r % 50 == 3) {
      k8sm_cluster_forget(c, k8smi_s(agent));
    } else {
      assert_int_equal(k8sm_cluster_set_features(c, k8smi_s(agent), r), K8SM_OK);
    }
  }
  cluster_check(c);
  k8sm_cluster_free(c);
  assert_int_equal(f.held, 0);
}

/* Many offers held at once, dropped in a random order. */
static void trees_under_load(void **state) {
  (void)state;
  enum { N = 600 };
  struct world w;
  world_init(&w);
  char id[16], agent[32];
  uint32_t random = 5;
  for (int i = 0; i < N; i++) {
    random = random * 1664525u + 1013904223u;
    snprintf(id, sizeof id, "o%d", i);
    snprintf(agent, sizeof agent, "%s%u",
             i < N / 3   ? "master-S"
             : i < N / 2 ? "ma"
                         : "another-S",
             (random >> 8) % 200); /* what all ids begin with gets shorter */
    world_simple(&w, id, agent, random >> 31 ? "*" : "r", (random >> 9) % 8, (random >> 12) % 64, false);
  }
  struct k8sm_cluster *c = cluster_new(NULL);
  cluster_take(c, &w, 0, 0);
  cluster_check(c);
  for (int i = 0; i < 3; i++) { /* each way, and back */
    k8smi_tree_key_by(c, i % 2 == 0 ? K8SMI_KEY_NONE : K8SMI_KEY_ROOM);
    cluster_check(c);
  }
  for (int i = 0; i < N; i++) {
    snprintf(id, sizeof id, "o%d", i * 7 % N);
    assert_int_equal(k8sm_cluster_remove(c, k8smi_s(id)), 1);
    if (i % 50 == 0) cluster_check(c);
    struct k8sm_held_offer rows[2];
    size_t left = k8sm_cluster_offers(c, (size_t)i / 2, rows, sizeof rows[0], 2);
    assert_int_equal(left, N - 1 - i > i / 2 ? N - 1 - i - i / 2 : 0);
    if (left >= 2) assert_true(k8smi_cmp(rows[0].id, rows[1].id) < 0);
  }
  assert_int_equal(c->slots.count + c->roles.count + c->held.count, 0);
  k8sm_cluster_free(c);
  world_free(&w);
}

/* A port that an agent offers twice could be spent twice: the offer that repeats it is left out, whatever its
 * role. */
static void ports_are_offered_once(void **state) {
  static const char *const roles[] = {"*", "r"};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct world w;
    struct k8sm_diag rows[2];
    char text[256];
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
    world_init(&w);
    world_ports(&w, world_simple(&w, "o1", "a", "*", 1, 1, false), 10, 20);
    world_ports(&w, world_simple(&w, "o2", "a", roles[i], 1, 1, false), 21, 30);
    world_ports(&w, world_simple(&w, "o3", "a", roles[i], 1, 1, false), 15, 15);
    world_ports(&w, world_simple(&w, "o4", "b", "*", 1, 1, false), 15, 15);
    struct k8sm_cluster *c = cluster_new(NULL);
    struct k8sm_offers *offers = world_offers(&w);
    assert_int_equal(k8sm_cluster_add(c, offers, 0, &diags), K8SM_OK);
    assert_int_equal(k8sm_cluster_offers(c, 0, NULL, 0, 0), 3);
    assert_int_equal(diags.count, 1);
    assert_int_equal(rows[0].code, K8SM_DIAG_OFFER_INVALID);
    assert_string_equal(text + rows[0].path, "offers.offers[2].resources[3]");
    assert_string_equal(text + rows[0].message,
                        "the port 15 of the agent a is offered twice, also by the offer o1 to the role *: "
                        "the offer o3 is left out");
    k8sm_offers_unref(offers);
    k8sm_cluster_free(c);
    world_free(&w);
  }
}

/* Whatever allocation fails, adding changes nothing. */
static void memory_runs_out(void **state) {
  (void)state;
  struct world w;
  world_init(&w);
  char id[16], agent[16];
  for (int i = 0; i < 40; i++) {
    snprintf(id, sizeof id, "o%d", i);
    snprintf(agent, sizeof agent, "a%d", i % 20);
    world_attribute(&w, world_simple(&w, id, agent, i % 3 ? "*" : "r", 1, 1, i < 20), "n", i < 8 ? "x" : id);
  }
  struct failing f;
  struct k8sm_cluster *c;
  for (size_t fail_at = 1;; fail_at++) {
    failing_init(&f, 0);
    c = cluster_new(&f.allocator);
    cluster_take(c, &w, 36, 0);
    struct k8sm_offers *offers = world_offers(&w);
    size_t agents = c->agents.count, known = c->known;
    f.calls = 0;
    f.fail_at = fail_at;
    int result = k8sm_cluster_add(c, offers, 0, NULL);
    f.fail_at = 0;
    cluster_check(c);
    k8sm_offers_unref(offers);
    if (result == K8SM_OK) break;
    assert_int_equal(result, K8SM_ERR_NOMEM);
    assert_int_equal(c->agents.count, agents);
    assert_int_equal(c->known, known);
    assert_int_equal(c->held.count, 4);
    assert_int_equal(c->generation, 1);
    k8sm_cluster_free(c);
    assert_int_equal(f.held, 0);
  }
  assert_int_equal(c->held.count, 40);
  k8sm_cluster_free(c);
  assert_int_equal(f.held, 0);
  for (size_t fail_at = 1; fail_at < 4; fail_at++) {
    failing_init(&f, fail_at);
    c = cluster_new(&f.allocator);
    if (c != NULL) {
      int result = k8sm_cluster_set_features(c, K8SMI_S("a"), 1);
      assert_int_equal(result, K8SM_ERR_NOMEM);
      k8sm_cluster_remove(c, K8SMI_S("x")); /* not remembered, that is all */
    }
    k8sm_cluster_free(c);
    assert_int_equal(f.held, 0);
  }
  world_free(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(offers_come_and_go),
      cmocka_unit_test(offers_that_are_left_out),
      cmocka_unit_test(blocks_of_offers),
      cmocka_unit_test(blocks_of_many_ranges),
      cmocka_unit_test(lanes_both_ways),
      cmocka_unit_test(strategies_of_clusters),
      cmocka_unit_test(rescinds_are_bounded),
      cmocka_unit_test(attributes_are_labels),
      cmocka_unit_test(equal_labels_are_shared),
      cmocka_unit_test(attributes_are_made_valid),
      cmocka_unit_test(domains_taints_and_nodes),
      cmocka_unit_test(bad_nodes),
      cmocka_unit_test(features_by_agent),
      cmocka_unit_test(features_by_attribute),
      cmocka_unit_test(features_of_other_kinds),
      cmocka_unit_test(too_many_agents),
      cmocka_unit_test(a_long_life),
      cmocka_unit_test(trees_under_load),
      cmocka_unit_test(ports_are_offered_once),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
}
