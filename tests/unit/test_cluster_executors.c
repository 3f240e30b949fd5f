/* SPDX-License-Identifier: Apache-2.0 */
/* The executors that offers name, and what is remembered of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/offers.h"
#include "support/pods.h"

#include <k8smesos/cluster.h>

enum { AGENTS = 4, IDS = 6, MANY = 20000 };

static uint32_t executors_random;

static uint32_t below(uint32_t n) {
  executors_random = executors_random * 1664525u + 1013904223u;
  return (executors_random >> 9) % n;
}

static K8smMesos__Offer *offer_of(struct world *w, const char *agent, const char *ids) {
  char id[16];
  snprintf(id, sizeof id, "o%zu", w->count);
  K8smMesos__Offer *o = world_simple(w, id, agent, "*", 1, 1024, false);
  for (; *ids != '\0'; ids++) world_executor(w, o, (char[]){*ids, '\0'});
  return o;
}

/* Hands the offers that were made since the last time to the cluster, as one event. */
static int event(struct world *w, struct k8sm_cluster *c) {
  struct k8sm_offers *offers = world_offers_from(w, w->first, NULL, NULL);
  assert_non_null(offers);
  w->first = w->count;
  int result = k8sm_cluster_add(c, offers, 0, NULL);
  k8sm_offers_unref(offers);
  return result;
}

static uint32_t counted(struct k8sm_cluster *c, const char *agent) {
  struct k8sm_agent row;
  for (size_t i = 0; k8sm_cluster_agents(c, i, &row, sizeof row, 1) > 0; i++) {
    if (k8smi_eqs(row.id, agent)) return row.executors;
  }
  return 0;
}

/* Their ids of one letter, as a text; the row of the agent says how many. */
static const char *executors_of(struct k8sm_cluster *c, const char *agent) {
  static char text[64];
  struct k8sm_executor rows[sizeof text];
  const size_t n = k8sm_cluster_executors(c, k8smi_s(agent), 0, rows, sizeof rows[0], sizeof text - 1);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(rows[i].id.len, 1);
    text[i] = rows[i].id.ptr[0];
  }
  text[n] = '\0';
  assert_int_equal(counted(c, agent), n);
  return text;
}

static void the_last_word_holds(void **state) {
  (void)state;
  struct world w;
  struct k8sm_cluster *c;
  struct k8sm_executor row;
  world_init(&w);
  assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_executors(c, K8SMI_S("a"), 0, NULL, 0, 0), 0);
  offer_of(&w, "a", "cab");
  offer_of(&w, "b", "");
  assert_int_equal(event(&w, c), K8SM_OK);
  assert_string_equal(executors_of(c, "a"), "abc");
  assert_string_equal(executors_of(c, "b"), "");
  assert_int_equal(k8sm_cluster_executors(c, K8SMI_S("a"), 2, &row, sizeof row, 1), 1);
  assert_true(k8smi_eqs(row.id, "c"));
  assert_int_equal(k8sm_cluster_executors(c, K8SMI_S("a"), 3, &row, sizeof row, 1), 0);
  offer_of(&w, "a", "a"); /* b and c have ended, though the first offer is held still */
  assert_int_equal(event(&w, c), K8SM_OK);
  assert_string_equal(executors_of(c, "a"), "a");
  k8sm_cluster_remove_all(c);
  assert_string_equal(executors_of(c, "a"), "a");
  offer_of(&w, "a", "");
  assert_int_equal(event(&w, c), K8SM_OK);
  assert_string_equal(executors_of(c, "a"), "");
  offer_of(&w, "a", "x"); /* offers of one event, to several roles as it may be: together */
  offer_of(&w, "b", "b");
  offer_of(&w, "a", "yx");
  offer_of(&w, "a", "");
  assert_int_equal(event(&w, c), K8SM_OK);
  assert_string_equal(executors_of(c, "a"), "xy");
  assert_int_equal(k8sm_cluster_forget(c, K8SMI_S("a")), 1);
  assert_string_equal(executors_of(c, "a"), "");
  assert_string_equal(executors_of(c, "b"), "b");
  k8sm_cluster_free(c);
  world_free(&w);
}

/* An offer that is left out, being held already, is an old one: it says nothing new. */
static void what_is_held_already_says_nothing(void **state) {
  (void)state;
  struct world w;
  struct k8sm_cluster *c;
  world_init(&w);
  assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
  K8smMesos__Offer *o = offer_of(&w, "a", "a");
  assert_int_equal(event(&w, c), K8SM_OK);
  offer_of(&w, "a", "b")->id = o->id;
  assert_int_equal(event(&w, c), K8SM_OK);
  assert_string_equal(executors_of(c, "a"), "a");
  k8sm_cluster_free(c);
  world_free(&w);
}

/* ---- Beside a model: bits by id ---- */

static void check(struct k8sm_cluster *c, const uint32_t *model) {
  for (uint32_t a = 0; a < AGENTS; a++) {
    char expected[IDS + 1], agent[] = {(char)('p' + a), '\0'};
    size_t n = 0;
    for (uint32_t i = 0; i < IDS; i++) {
      if ((model[a] >> i & 1) != 0) expected[n++] = (char)('a' + i);
    }
    expected[n] = '\0';
    assert_string_equal(executors_of(c, agent), expected);
  }
}

static void change(struct world *w, struct k8sm_cluster *c, struct failing *failing, uint32_t *model) {
  uint32_t said[AGENTS] = {0}, told = 0;
  for (uint32_t n = below(5); n > 0; n--) {
    const uint32_t a = below(AGENTS);
    char agent[] = {(char)('p' + a), '\0'}, ids[8];
    size_t count = below(sizeof ids);
    for (size_t i = 0; i < count; i++) {
      const uint32_t id = below(IDS);
      ids[i] = (char)('a' + id);
      said[a] |= 1u << id;
    }
    ids[count] = '\0';
    told |= 1u << a;
    offer_of(w, agent, ids);
  }
  failing->fail_at = below(3) == 0 ? failing->calls + 1 + below(12) : 0;
  const int result = event(w, c);
  failing->fail_at = 0;
  assert_true(result == K8SM_OK || result == K8SM_ERR_NOMEM);
  for (uint32_t a = 0; result == K8SM_OK && a < AGENTS; a++) {
    if ((told >> a & 1) != 0) model[a] = said[a];
  }
}

static void as_the_model_says(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 20; seed++) {
    struct world w;
    struct failing failing;
    struct k8sm_cluster *c;
    uint32_t model[AGENTS] = {0};
    executors_random = seed;
    world_init(&w);
    failing_init(&failing, 0);
    const struct k8sm_cluster_options options = {.size = sizeof options, .allocator = &failing.allocator};
    assert_int_equal(k8sm_cluster_new(&options, &c, NULL), K8SM_OK);
    for (int step = 0; step < 150; step++) {
      change(&w, c, &failing, model);
      check(c, model);
      if (below(6) == 0) k8sm_cluster_remove_all(c);
      if (below(10) == 0) {
        const uint32_t a = below(AGENTS);
        (void)k8sm_cluster_forget(c, k8smi_s((char[]){(char)('p' + a), '\0'}));
        model[a] = 0;
      }
      check(c, model);
    }
    k8sm_cluster_free(c);
    assert_int_equal(failing.held, 0);
    world_free(&w);
  }
}

/* ---- Bad input ---- */

static void bad_ids_are_left_out(void **state) {
  (void)state;
  char at_most[256], too_long[257];
  memset(at_most, 'm', 255);
  memset(too_long, 'n', 256);
  at_most[255] = too_long[256] = '\0';
  const struct {
    const char *id, *finding; /* NULL: it is fine */
  } cases[] = {
      {"a", NULL},
      {"", "offers.offers[0].executor_ids[1].value: empty: it is left out"},
      {at_most, NULL},
      {too_long, "offers.offers[0].executor_ids[3].value: 256 bytes: an id has 255 at most: it is left out"},
      {"a/b",
       "offers.offers[0].executor_ids[4].value: \"a/b\": an id has no '/', '\\' or control characters, and "
       "is not \".\" or \"..\": it is left out"},
      {"a", NULL},
      {"b c", NULL},
  };
  static const char twice[] =
      "offers.offers[0].executor_ids: \"a\" stands there more than once: it counts once";
  struct world w;
  struct findings f;
  struct k8sm_cluster *c;
  struct k8sm_executor rows[8];
  size_t found = 0;
  world_init(&w);
  K8smMesos__Offer *o = offer_of(&w, "x", "");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) world_executor(&w, o, cases[i].id);
  struct k8sm_offers *offers = world_offers_from(&w, 0, NULL, findings_init(&f));
  assert_non_null(offers);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (cases[i].finding == NULL) continue;
    char line[512];
    assert_int_equal(f.rows[found].code, K8SM_DIAG_OFFER_INVALID);
    assert_int_equal(f.rows[found].severity, K8SM_SEVERITY_WARNING);
    snprintf(line, sizeof line, "%s: %s", f.text + f.rows[found].path, f.text + f.rows[found].message);
    assert_string_equal(line, cases[i].finding);
    found++;
  }
  assert_int_equal(f.diags.count, found + 1);
  assert_string_equal(f.text + f.rows[found].message, strstr(twice, "\"a\""));
  assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
  assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
  k8sm_offers_unref(offers);
  assert_int_equal(k8sm_cluster_executors(c, K8SMI_S("x"), 0, rows, sizeof rows[0], 8), 3);
  assert_true(k8smi_eqs(rows[0].id, "a") && k8smi_eqs(rows[1].id, "b c") && k8smi_eqs(rows[2].id, at_most));
  k8sm_cluster_free(c);
  world_free(&w);
}

/* Very many, some of them bad, most of them again and again. */
static void very_many(void **state) {
  (void)state;
  struct world w;
  struct findings f;
  struct k8sm_cluster *c;
  struct k8sm_executor row;
  char id[16];
  world_init(&w);
  assert_int_equal(k8sm_cluster_new(NULL, &c, NULL), K8SM_OK);
  for (int again = 0; again < 2; again++) {
    K8smMesos__Offer *o = offer_of(&w, "a", "");
    for (uint32_t i = 0; i < MANY; i++) {
      snprintf(id, sizeof id, i % 10 == 9 ? "/%u" : "e%05u", i * 7919 % MANY / 2);
      world_executor(&w, o, id);
    }
    struct k8sm_offers *offers = world_offers_from(&w, w.first, NULL, findings_init(&f));
    assert_true(f.diags.count > 0);
    assert_int_equal(k8sm_cluster_add(c, offers, 0, NULL), K8SM_OK);
    k8sm_offers_unref(offers);
  }
  const size_t n = k8sm_cluster_executors(c, K8SMI_S("a"), 0, NULL, 0, 0);
  assert_true(n > MANY / 4 && n <= MANY / 2);
  for (size_t i = 0; i < n; i++) {
    char before[16];
    snprintf(before, sizeof before, "%s", i == 0 ? "" : id);
    assert_int_equal(k8sm_cluster_executors(c, K8SMI_S("a"), i, &row, sizeof row, 1), n - i);
    snprintf(id, sizeof id, "%.*s", (int)row.id.len, row.id.ptr);
    assert_true(strcmp(before, id) < 0);
  }
  k8sm_cluster_free(c);
  world_free(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_last_word_holds), cmocka_unit_test(what_is_held_already_says_nothing),
      cmocka_unit_test(as_the_model_says),   cmocka_unit_test(bad_ids_are_left_out),
      cmocka_unit_test(very_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
