/* SPDX-License-Identifier: Apache-2.0 */
#include "support/failing.h"
#include "support/resource_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct k8sm_diag found_rows[8];
static char found_text[2048];
static struct k8sm_diags found;

static struct k8sm_diags *found_new(void) {
  found = (struct k8sm_diags)K8SM_DIAGS_INIT(found_rows, found_text);
  return &found;
}

/* The resources of a list without its brackets, with ' for ". */
static int read_text(const char *list, struct k8sm_resources **ret) {
  char text[4096];
  int len = snprintf(text, sizeof text, "{\"resources\":[%s]}", list);
  assert_true(len > 0 && (size_t)len < sizeof text);
  for (char *p = strchr(text, '\''); p != NULL; p = strchr(p, '\'')) *p = '"';
  return k8sm_resources_parse(text, (size_t)len, NULL, ret, found_new());
}

static struct k8sm_resources *of(const char *list) {
  struct k8sm_resources *r = NULL;
  assert_int_equal(read_text(list, &r), K8SM_OK);
  return r;
}

static bool is(struct k8sm_resources *got, const char *list) {
  struct k8sm_resources *want = of(list);
  bool same = k8sm_resources_contains(got, want) != 0 && k8sm_resources_contains(want, got) != 0;
  k8sm_resources_unref(want);
  k8sm_resources_unref(got);
  return same;
}

#define SCALAR(name, value, rest) "{'name':'" name "','type':'SCALAR','scalar':{'value':" value "}" rest "}"
#define PORTS(ranges, rest)       "{'name':'ports','type':'RANGES','ranges':{'range':[" ranges "]}" rest "}"
#define RANGE(a, b)               "{'begin':" a ",'end':" b "}"
#define ROLE_A                    ",'reservations':[{'type':'DYNAMIC','role':'a','principal':'p'}]"
#define ROLE_AB                                                                                              \
  ",'reservations':[{'type':'DYNAMIC','role':'a','principal':'p'},{'type':'DYNAMIC','role':'a/b'}]"
#define VOLUME(id) ",'disk':{'persistence':{'id':'" id "'},'volume':{'mode':'RW','container_path':'c'}}"
#define PATH_DISK  ",'disk':{'source':{'type':'PATH','path':{'root':'/d'}}}"
#define PATH_VOLUME(id)                                                                                      \
  ",'disk':{'source':{'type':'PATH','path':{'root':'/d'}},'persistence':{'id':'" id "'}}"

static void rows_say_what_a_resource_is(void **state) {
  (void)state;
  struct k8sm_resources *r =
      of(SCALAR("mem", "1.0005", "") "," PORTS(RANGE("5", "6") "," RANGE("1", "3"), ROLE_AB) "," SCALAR(
          "disk", "64",
          ROLE_A ",'disk':{'persistence':{'id':'v'},'source':{'type':'RAW','id':'i',"
                 "'profile':'fast'}},'shared':{},'provider_id':{'value':'rp'},"
                 "'allocation_info':{'role':'a'}") ","
                                                   "{'name':'s','type':'SET','set':{'item':['b',"
                                                   "'a']},'revocable':{}}");
  struct k8sm_resource rows[8], one;
  assert_int_equal(k8sm_resources_rows(r, 0, rows, sizeof rows[0], 8), 6);
  assert_string_equal(rows[0].name.ptr, "disk");
  assert_string_equal(rows[0].volume.ptr, "v");
  assert_string_equal(rows[0].disk_id.ptr, "i");
  assert_string_equal(rows[0].profile.ptr, "fast");
  assert_string_equal(rows[0].provider.ptr, "rp");
  assert_string_equal(rows[0].role.ptr, "a");
  assert_string_equal(rows[0].principal.ptr, "p");
  assert_int_equal(rows[0].disk, K8SM_DISK_RAW);
  assert_int_equal(rows[0].traits, K8SM_TRAIT_DYNAMIC | K8SM_TRAIT_SHARED | K8SM_TRAIT_WHOLE);
  assert_int_equal(rows[0].milli, 64000);
  assert_int_equal(rows[1].milli, 1001); /* rounded, half away from zero */
  assert_int_equal(rows[1].traits, 0);
  assert_int_equal(rows[2].begin, 1);
  assert_int_equal(rows[3].end, 6);
  assert_int_equal(rows[2].resource, rows[3].resource);
  assert_string_equal(rows[3].reservation.ptr, "a/b");
  assert_int_equal(rows[3].traits, K8SM_TRAIT_DYNAMIC | K8SM_TRAIT_REFINED);
  assert_string_equal(rows[4].item.ptr, "a");
  assert_string_equal(rows[5].item.ptr, "b");
  assert_int_equal(rows[5].traits, K8SM_TRAIT_REVOCABLE);
  for (size_t i = 0; i < 7; i++) {
    assert_int_equal(k8sm_resources_rows(r, i, &one, sizeof one, 1), i < 6 ? 6 - i : 0);
    if (i < 6) assert_memory_equal(&one, &rows[i], sizeof one);
  }
  k8sm_resources_unref(r);
  r = of(SCALAR("disk", "1", ROLE_A VOLUME("v") ",'shared':{}") "," SCALAR(
      "disk", "1", ROLE_A VOLUME("v") ",'shared':{}") "," SCALAR("cpus", "0", ""));
  assert_int_equal(k8sm_resources_rows(r, 0, rows, sizeof rows[0], 8), 1);
  assert_int_equal(rows[0].count, 2);
  assert_ptr_equal(k8sm_resources_ref(r), r);
  k8sm_resources_unref(r);
  k8sm_resources_unref(r);
}

/* What Mesos' own Resources::validate refuses, with the field that is wrong. */
static void what_breaks_the_rules_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *path;
  } cases[] = {
      {SCALAR("", "1", ""), "name"},
      {SCALAR("cpus", "-1", ""), "scalar.value"},
      {SCALAR("cpus", "'Infinity'", ""), "scalar.value"},
      {SCALAR("cpus", "'NaN'", ""), "scalar.value"},
      {SCALAR("cpus", "1", ",'set':{}"), "set"},
      {PORTS(RANGE("4", "3"), ""), "ranges"},
      {PORTS(RANGE("0", "18446744073709551615") "," RANGE("7", "7"), ""), "ranges"},
      {"{'name':'x','type':'TEXT'}", "type"},
      {"{'name':'x','type':'SET','set':{'item':['a','a']}}", "set.item"},
      {SCALAR("cpus", "1", ",'reservations':[{'role':'a'}]"), "reservations"},
      {SCALAR("cpus", "1", ",'reservations':[{'type':'STATIC'}]"), "reservations"},
      {SCALAR("cpus", "1", ",'reservations':[{'type':'STATIC','role':'*'}]"), "reservations"},
      {SCALAR("cpus", "1", ",'reservations':[{'type':'STATIC','role':'a'},{'type':'STATIC','role':'a/b'}]"),
       "reservations"},
      {SCALAR("cpus", "1", ",'reservations':[{'type':'STATIC','role':'a'},{'type':'DYNAMIC','role':'ab'}]"),
       "reservations"},
      {SCALAR("cpus", "1", ",'role':'a','reservations':[{'type':'STATIC','role':'b'}]"), "reservations"},
      {SCALAR("cpus", "1", ",'role':'a','reservations':[{'type':'DYNAMIC','role':'a'}]"), "reservations"},
      {SCALAR("cpus", "1",
              ",'role':'a','reservation':{'principal':'q'},'reservations':[{'type':'DYNAMIC','role':'a',"
              "'principal':'p'}]"),
       "reservations"},
      {SCALAR("cpus", "1",
              ",'role':'a','reservation':{'labels':{'labels':[{'key':'k'}]}},'reservations':[{'type':"
              "'DYNAMIC','role':'a','labels':{'labels':[{'key':'l'}]}}]"),
       "reservations"},
      {SCALAR("cpus", "1",
              ",'role':'a','reservations':[{'type':'STATIC','role':'a'},"
              "{'type':'DYNAMIC','role':'a/b'}]"),
       "reservations"},
      {SCALAR("cpus", "1", ",'reservation':{}"), "reservation"},
      {SCALAR("cpus", "1", ",'role':'a','reservation':{'role':'a'}"), "reservation"},
      {SCALAR("cpus", "1", ",'role':'a b'"), "role"},
      {SCALAR("cpus", "1", ",'role':'/a'"), "role"},
      {SCALAR("cpus", "1", ",'role':'a//b'"), "role"},
      {SCALAR("cpus", "1", ",'role':'a/'"), "role"},
      {SCALAR("cpus", "1", ",'role':'a/../b'"), "role"},
      {SCALAR("cpus", "1", ",'role':'a/./b'"), "role"},
      {SCALAR("cpus", "1", ",'role':'-a'"), "role"},
      {SCALAR("cpus", "1", ",'role':'a/*'"), "role"},
      {SCALAR("cpus", "1", VOLUME("v")), "disk"},
      {SCALAR("disk", "1", ",'disk':{'source':{'type':'UNKNOWN'}}"), "disk.source"},
      {SCALAR("disk", "1", ",'disk':{'source':{'type':'RAW','path':{}}}"), "disk.source"},
      {SCALAR("disk", "1", ",'shared':{}"), "shared"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_resources *r = NULL;
    char text[1024], path[64];
    snprintf(text, sizeof text, SCALAR("mem", "1", "") ",%s", cases[i].text);
    snprintf(path, sizeof path, "resources[1].%s", cases[i].path);
    assert_int_equal(read_text(text, &r), K8SM_ERR_INVALID);
    assert_int_equal(found.count, 1);
    assert_string_equal(found_text + found_rows[0].path, path);
  }
}

/* Which role it is about is said, and what is expected. */
static void the_role_that_breaks_a_rule_is_named(void **state) {
  static const struct {
    const char *text, *words;
  } cases[] = {
      {SCALAR("cpus", "1", ",'role':'a b'"), "'a b': expected a valid role"},
      {SCALAR("cpus", "1", ",'reservations':[{'type':'STATIC','role':'a'},{'type':'DYNAMIC','role':'ab'}]"),
       "'ab': a refined reservation whose role is not below the one before it"},
      {SCALAR("cpus", "1", ",'role':'a','reservations':[{'type':'STATIC','role':'b'}]"),
       "'b': expected a reservation for the role that `role` says"},
      {SCALAR("cpus", "1", ",'reservations':[{'type':'STATIC'}]"),
       "expected a valid role other than \"*\" in each reservation"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_resources *r = NULL;
    assert_int_equal(read_text(cases[i].text, &r), K8SM_ERR_INVALID);
    assert_string_equal(found_text + found_rows[0].message, cases[i].words);
  }
}

static void both_formats_at_once_are_one_reservation(void **state) {
  (void)state;
  assert_true(is(of(SCALAR("cpus", "1",
                           ",'role':'a','reservation':{'principal':'p'},'reservations':[{'type':'DYNAMIC',"
                           "'role':'a','principal':'p'}]")),
                 SCALAR("cpus", "1", ROLE_A)));
  assert_true(is(of(SCALAR("cpus", "1", ",'role':'a','reservations':[{'type':'STATIC','role':'a'}]")),
                 SCALAR("cpus", "1", ",'role':'a'")));
}

static void the_ends_of_ranges(void **state) {
  (void)state;
  struct k8sm_resources *all = of(PORTS(RANGE("0", "18446744073709551615"), "")), *got;
  struct k8sm_resources *middle = of(PORTS(RANGE("1", "18446744073709551614"), ""));
  assert_int_equal(k8sm_resources_subtract(all, middle, NULL, &got, NULL), K8SM_OK);
  struct k8sm_resources *back;
  assert_int_equal(k8sm_resources_add(got, middle, NULL, &back, NULL), K8SM_OK);
  assert_true(is(back, PORTS(RANGE("0", "18446744073709551615"), "")));
  assert_true(is(got, PORTS(RANGE("0", "0") "," RANGE("18446744073709551615", "18446744073709551615"), "")));
  k8sm_resources_unref(all);
  k8sm_resources_unref(middle);
}

/* Nothing is added to more than a machine has. */
static void sums_have_an_end(void **state) {
  (void)state;
  struct k8sm_resources *r = of(SCALAR("mem", "900000000000", "")), *got = NULL;
  assert_int_equal(k8sm_resources_add(r, r, NULL, &got, found_new()), K8SM_ERR_INVALID);
  assert_int_equal(found_rows[0].code, K8SM_DIAG_NUMBER_RANGE);
  k8sm_resources_unref(r);
  assert_int_equal(read_text(SCALAR("mem", "900000000000", "") "," SCALAR("mem", "900000000000", ""), &got),
                   K8SM_ERR_INVALID);
}

static void finding_prefers(void **state) {
  (void)state;
  const char *all =
      SCALAR("cpus", "1", ",'role':'b'") "," SCALAR("cpus", "2", "") "," SCALAR("cpus", "3", ROLE_A);
  static const struct {
    const char *wanted, *found;
  } cases[] = {
      {SCALAR("cpus", "2", ROLE_A), SCALAR("cpus", "2", ROLE_A)},
      {SCALAR("cpus", "4", ROLE_A), SCALAR("cpus", "3", ROLE_A) "," SCALAR("cpus", "1", "")},
      {SCALAR("cpus", "1", ""), SCALAR("cpus", "1", "")},
      {SCALAR("cpus", "6", ",'role':'b'"),
       SCALAR("cpus", "1", ",'role':'b'") "," SCALAR("cpus", "2", "") "," SCALAR("cpus", "3", ROLE_A)},
      {SCALAR("cpus", "2", "") "," SCALAR("cpus", "2", ROLE_A),
       SCALAR("cpus", "2", "") "," SCALAR("cpus", "2", ROLE_A)},
      {SCALAR("cpus", "1", ",'role':'b'"), SCALAR("cpus", "1", ",'role':'b'")},
      {SCALAR("cpus", "6.001", ""), NULL},
      {SCALAR("cpus", "4", "") "," SCALAR("cpus", "4", ROLE_A), NULL}, /* not the same ones twice */
      {SCALAR("cpus", "1", ",'revocable':{}"), NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_resources *total = of(all), *wanted = of(cases[i].wanted), *got = NULL;
    int r = k8sm_resources_find(total, wanted, NULL, &got, found_new());
    assert_int_equal(r, cases[i].found == NULL ? K8SM_ERR_NOT_FOUND : K8SM_OK);
    if (r == K8SM_OK) assert_true(is(got, cases[i].found));
    assert_int_equal(found.count, r == K8SM_OK ? 0 : 1);
    k8sm_resources_unref(total);
    k8sm_resources_unref(wanted);
  }
}

static void what_is_missing_is_named(void **state) {
  (void)state;
  static const struct {
    const char *part, *message;
  } cases[] = {
      {SCALAR("cpus", "2.5", ROLE_A), "cpus: 2.500, reserved for 'a', volume '', is not there"},
      {PORTS(RANGE("1", "2") "," RANGE("5", "6"), ""),
       "ports: 1-2, …, reserved for '', volume '', is not there"},
      {"{'name':'s','type':'SET','set':{'item':['x']}}", "s: x, reserved for '', volume '', is not there"},
      {SCALAR("disk", "9", ROLE_A VOLUME("v")), "disk: 9.000, reserved for 'a', volume 'v', is not there"},
  };
  struct k8sm_resources *all = of(SCALAR("cpus", "9", "") "," PORTS(RANGE("2", "9"), ""));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_resources *part = of(cases[i].part), *got = NULL;
    assert_int_equal(k8sm_resources_subtract(all, part, NULL, &got, found_new()), K8SM_ERR_NOT_FOUND);
    assert_int_equal(found_rows[0].code, K8SM_DIAG_RESOURCE_NOT_HELD);
    assert_string_equal(found_text + found_rows[0].message, cases[i].message);
    k8sm_resources_unref(part);
  }
  k8sm_resources_unref(all);
}

/* ---- Operations ---- */

static int apply(const struct k8sm_resources *r, const char *operation,
                 const struct k8sm_allocator *allocator, struct k8sm_resources **ret) {
  struct k8sm_resources_options options = {.size = sizeof options, .allocator = allocator};
  char text[2048];
  int len = snprintf(text, sizeof text, "{%s}", operation);
  for (char *p = strchr(text, '\''); p != NULL; p = strchr(p, '\'')) *p = '"';
  return k8sm_resources_apply(r, text, (size_t)len, &options, ret, found_new());
}

#define RESERVE(list)          "'type':'RESERVE','reserve':{'resources':[" list "]}"
#define RESERVE_FROM(from, to) "'type':'RESERVE','reserve':{'source':[" from "],'resources':[" to "]}"
#define UNRESERVE(list)        "'type':'UNRESERVE','unreserve':{'resources':[" list "]}"
#define CREATE(list)           "'type':'CREATE','create':{'volumes':[" list "]}"
#define DESTROY(list)          "'type':'DESTROY','destroy':{'volumes':[" list "]}"
#define GROW(volume, addition)                                                                               \
  "'type':'GROW_VOLUME','grow_volume':{'volume':" volume ",'addition':" addition "}"
#define SHRINK(volume, subtract)                                                                             \
  "'type':'SHRINK_VOLUME','shrink_volume':{'volume':" volume ",'subtract':{'value':" subtract "}}"

static void operations_do_as_the_master_does(void **state) {
  (void)state;
  static const struct {
    const char *before, *operation, *after;
  } cases[] = {
      {SCALAR("cpus", "4", ""), RESERVE(SCALAR("cpus", "1.5", ROLE_A)),
       SCALAR("cpus", "2.5", "") "," SCALAR("cpus", "1.5", ROLE_A)},
      {SCALAR("cpus", "4", ROLE_A), RESERVE(SCALAR("cpus", "4", ROLE_AB)), SCALAR("cpus", "4", ROLE_AB)},
      {SCALAR("cpus", "4", ROLE_AB), UNRESERVE(SCALAR("cpus", "1", ROLE_AB) "," SCALAR("cpus", "1", ROLE_A)),
       SCALAR("cpus", "3", ROLE_AB) "," SCALAR("cpus", "1", "")},
      {PORTS(RANGE("1", "9"), ""), RESERVE(PORTS(RANGE("4", "5"), ROLE_A)),
       PORTS(RANGE("1", "3") "," RANGE("6", "9"), "") "," PORTS(RANGE("4", "5"), ROLE_A)},
      {SCALAR("cpus", "4", ROLE_A), RESERVE_FROM(SCALAR("cpus", "2", ROLE_A), SCALAR("cpus", "2", ROLE_AB)),
       SCALAR("cpus", "2", ROLE_A) "," SCALAR("cpus", "2", ROLE_AB)},
      {SCALAR("disk", "64", ROLE_A), CREATE(SCALAR("disk", "10", ROLE_A VOLUME("v"))),
       SCALAR("disk", "54", ROLE_A) "," SCALAR("disk", "10", ROLE_A VOLUME("v"))},
      {SCALAR("disk", "64", ROLE_A PATH_DISK),
       CREATE(SCALAR("disk", "10", ROLE_A PATH_VOLUME("v") ",'shared':{}")),
       SCALAR("disk", "54", ROLE_A PATH_DISK) "," SCALAR("disk", "10",
                                                         ROLE_A PATH_VOLUME("v") ",'shared':{}")},
      {SCALAR("disk", "54", ROLE_A) "," SCALAR("disk", "10", ROLE_A VOLUME("v")),
       DESTROY(SCALAR("disk", "10", ROLE_A VOLUME("v"))), SCALAR("disk", "64", ROLE_A)},
      {SCALAR("disk", "4", ROLE_A) "," SCALAR("disk", "10", ROLE_A VOLUME("v")),
       GROW(SCALAR("disk", "10", ROLE_A VOLUME("v")), SCALAR("disk", "3", ROLE_A)),
       SCALAR("disk", "1", ROLE_A) "," SCALAR("disk", "13", ROLE_A VOLUME("v"))},
      {SCALAR("disk", "10", ROLE_A PATH_VOLUME("v")),
       SHRINK(SCALAR("disk", "10", ROLE_A PATH_VOLUME("v")), "4.5"),
       SCALAR("disk", "4.5", ROLE_A PATH_DISK) "," SCALAR("disk", "5.5", ROLE_A PATH_VOLUME("v"))},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_resources *before = of(cases[i].before), *after = NULL;
    assert_int_equal(apply(before, cases[i].operation, NULL, &after), K8SM_OK);
    assert_int_equal(found.count, 0);
    assert_true(is(after, cases[i].after));
    for (size_t fail_at = 1;; fail_at++) {
      struct failing f;
      failing_init(&f, fail_at);
      int r = apply(before, cases[i].operation, &f.allocator, &after);
      if (r == K8SM_OK) k8sm_resources_unref(after);
      assert_int_equal(f.held, 0);
      if (r == K8SM_OK) break;
      assert_int_equal(r, K8SM_ERR_NOMEM);
    }
    k8sm_resources_unref(before);
  }
}

static void operations_that_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *before, *operation, *path;
    int result;
  } cases[] = {
      {SCALAR("cpus", "1", ""), RESERVE(SCALAR("cpus", "1.001", ROLE_A)), "", K8SM_ERR_NOT_FOUND},
      {SCALAR("cpus", "1", ""), RESERVE(SCALAR("cpus", "1", ",'role':'a'")), "reserve.resources[0]",
       K8SM_ERR_INVALID},
      {SCALAR("cpus", "1", ""), RESERVE(SCALAR("cpus", "1", "")), "reserve.resources[0]", K8SM_ERR_INVALID},
      {SCALAR("cpus", "1", ""), RESERVE(SCALAR("cpus", "-1", ROLE_A)), "reserve.resources[0].scalar.value",
       K8SM_ERR_INVALID},
      {SCALAR("cpus", "1", ROLE_A), RESERVE_FROM(SCALAR("cpus", "1", ROLE_A), SCALAR("cpus", "2", ROLE_AB)),
       "reserve.resources", K8SM_ERR_INVALID},
      {SCALAR("cpus", "1", ",'role':'a'"), UNRESERVE(SCALAR("cpus", "1", ",'role':'a'")),
       "unreserve.resources[0]", K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ROLE_A VOLUME("v")), UNRESERVE(SCALAR("disk", "1", ROLE_A VOLUME("v"))),
       "unreserve.resources[0]", K8SM_ERR_INVALID},
      {SCALAR("disk", "9", ROLE_A), CREATE(SCALAR("disk", "1", ROLE_A)), "create.volumes[0]",
       K8SM_ERR_INVALID},
      {SCALAR("disk", "9", ROLE_A) "," SCALAR("disk", "1", ROLE_A VOLUME("v")),
       CREATE(SCALAR("disk", "2", ROLE_A VOLUME("v"))), "create.volumes[0]", K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ROLE_A VOLUME("v") ",'shared':{}") "," SCALAR("disk", "1",
                                                                         ROLE_A VOLUME("v") ",'shared':{}"),
       DESTROY(SCALAR("disk", "1", ROLE_A VOLUME("v") ",'shared':{}")), "destroy.volumes[0]",
       K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ROLE_A VOLUME("v")), DESTROY(SCALAR("disk", "1", ROLE_A VOLUME("w"))), "",
       K8SM_ERR_NOT_FOUND},
      {SCALAR("disk", "1", ROLE_A VOLUME("v")),
       GROW(SCALAR("disk", "1", ROLE_A VOLUME("v")), SCALAR("disk", "1", "")), "grow_volume.addition",
       K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ROLE_A VOLUME("v")),
       GROW(SCALAR("disk", "1", ROLE_A VOLUME("v")), SCALAR("disk", "0", ROLE_A)), "grow_volume.addition",
       K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ROLE_A VOLUME("v")),
       GROW(SCALAR("disk", "1", ROLE_A VOLUME("v")), SCALAR("disk", "1", ROLE_A)), "", K8SM_ERR_NOT_FOUND},
      {SCALAR("disk", "1", ROLE_A VOLUME("v") ",'shared':{}"),
       SHRINK(SCALAR("disk", "1", ROLE_A VOLUME("v") ",'shared':{}"), "0.5"), "shrink_volume.volume",
       K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ROLE_A VOLUME("v")), SHRINK(SCALAR("disk", "1", ROLE_A VOLUME("v")), "1"),
       "shrink_volume.subtract", K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ROLE_A VOLUME("v")), SHRINK(SCALAR("disk", "1", ROLE_A VOLUME("v")), "-1"),
       "shrink_volume.subtract", K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ",'disk':{'persistence':{'id':'v'},'source':{'type':'MOUNT'}}"),
       SHRINK(SCALAR("disk", "1", ",'disk':{'persistence':{'id':'v'},'source':{'type':'MOUNT'}}"), "0.5"),
       "shrink_volume.volume", K8SM_ERR_INVALID},
      {SCALAR("disk", "1", ",'provider_id':{'value':'x'}" VOLUME("v")),
       SHRINK(SCALAR("disk", "1", ",'provider_id':{'value':'x'}" VOLUME("v")), "0.5"), "shrink_volume.volume",
       K8SM_ERR_INVALID},
      {SCALAR("cpus", "1", ""), "'type':'LAUNCH'", "type", K8SM_ERR_UNSUPPORTED},
      {SCALAR("cpus", "1", ""), "'type':'RESERVE'", "type", K8SM_ERR_UNSUPPORTED},
      {SCALAR("cpus", "1", ""), "'type':'GROW_VOLUME'", "type", K8SM_ERR_UNSUPPORTED},
      {SCALAR("cpus", "1", ""), "'type':", "", K8SM_ERR_SYNTAX},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct k8sm_resources *before = of(cases[i].before), *after = NULL;
    assert_int_equal(apply(before, cases[i].operation, NULL, &after), cases[i].result);
    assert_int_equal(found.count, 1);
    if (cases[i].result != K8SM_ERR_SYNTAX) {
      assert_string_equal(found_text + found_rows[0].path, cases[i].path);
    }
    assert_null(after);
    k8sm_resources_unref(before);
  }
}

/* ---- Memory ---- */

static int run_all(const char *json, size_t len, const struct k8sm_allocator *allocator) {
  struct k8sm_resources_options options = {.size = sizeof options, .allocator = allocator};
  struct k8sm_resources *a = NULL, *sum = NULL, *left = NULL, *some = NULL;
  struct k8sm_blob *blob = NULL;
  int r = k8sm_resources_parse(json, len, &options, &a, found_new());
  if (r == K8SM_OK) r = k8sm_resources_add(a, a, allocator, &sum, &found);
  if (r == K8SM_OK) r = k8sm_resources_subtract(sum, a, allocator, &left, &found);
  if (r == K8SM_OK) r = k8sm_resources_find(sum, a, allocator, &some, &found);
  if (r == K8SM_OK) r = k8sm_resources_encode(some, K8SM_FORMAT_JSON, 0, allocator, &blob, &found);
  assert_true(r == K8SM_OK || (r == K8SM_ERR_NOMEM && found.errors == 1));
  k8sm_resources_unref(a);
  k8sm_resources_unref(sum);
  k8sm_resources_unref(left);
  k8sm_resources_unref(some);
  k8sm_blob_unref(blob);
  return r;
}

static void memory_runs_out(void **state) {
  (void)state;
  struct case_model all = {{0}};
  uint32_t random = 5;
  for (size_t i = 0; i < CASE_KINDS; i++) all.amounts[i] = case_is_bits(i) ? 0xa5 : 2;
  struct k8smi_buf json = case_json(&random, &all, CASE_FORM_ANY);
  int r = K8SM_ERR_NOMEM;
  for (size_t fail_at = 1; r != K8SM_OK; fail_at++) {
    struct failing f;
    failing_init(&f, fail_at);
    r = run_all(json.ptr, json.len, &f.allocator);
    assert_int_equal(f.held, 0);
  }
  struct k8sm_resources_options options = {.size = sizeof options, .max_memory = 2000};
  struct k8sm_resources *none;
  assert_int_equal(k8sm_resources_parse(json.ptr, json.len, &options, &none, NULL), K8SM_ERR_LIMIT);
  k8smi_buf_free(&json);
}

/* Ten thousand roles, and ten thousand ranges, are no more work than so many of anything. */
static void many_roles_and_ranges(void **state) {
  (void)state;
  struct k8smi_buf json;
  char piece[256];
  assert_true(k8smi_buf_init(&json, NULL));
  k8smi_buf_puts(&json, "{\"resources\":[");
  for (int i = 10000; i-- > 0;) {
    snprintf(piece, sizeof piece,
             "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1},\"role\":\"r%d\"},"
             "{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":{\"range\":[{\"begin\":%d,\"end\":%d}]}}%s",
             i, 3 * i, 3 * i + 1, i == 0 ? "]}" : ",");
    k8smi_buf_puts(&json, piece);
  }
  struct k8sm_resources *r = NULL, *none = NULL;
  assert_int_equal(k8sm_resources_parse(json.ptr, json.len, NULL, &r, NULL), K8SM_OK);
  assert_int_equal(k8sm_resources_rows(r, 0, NULL, sizeof(struct k8sm_resource), 0), 20000);
  assert_int_equal(k8sm_resources_subtract(r, r, NULL, &none, NULL), K8SM_OK);
  assert_int_equal(k8sm_resources_rows(none, 0, NULL, sizeof(struct k8sm_resource), 0), 0);
  k8sm_resources_unref(r);
  k8sm_resources_unref(none);
  k8smi_buf_free(&json);
}

static void options_and_formats(void **state) {
  (void)state;
  struct k8sm_resources_options options = {.size = sizeof options, .format = K8SM_FORMAT_YAML};
  struct k8sm_resources *r = NULL;
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_resources_parse("{}", 2, &options, &r, NULL), K8SM_ERR_UNSUPPORTED);
  assert_int_equal(k8sm_resources_parse("", 0, NULL, &r, NULL), K8SM_OK); /* protobuf: nothing */
  assert_int_equal(k8sm_resources_rows(r, 0, NULL, sizeof(struct k8sm_resource), 0), 0);
  assert_int_equal(k8sm_resources_encode(r, K8SM_FORMAT_YAML, 0, NULL, &blob, NULL), K8SM_ERR_UNSUPPORTED);
  assert_int_equal(k8sm_resources_encode(r, K8SM_FORMAT_JSON, 2, NULL, &blob, NULL), K8SM_ERR_UNSUPPORTED);
  assert_int_equal(k8sm_resources_encode(r, K8SM_FORMAT_JSON, 0, NULL, &blob, NULL), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, "{}");
  k8sm_blob_unref(blob);
  k8sm_resources_unref(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_say_what_a_resource_is),
      cmocka_unit_test(what_breaks_the_rules_is_refused),
      cmocka_unit_test(the_role_that_breaks_a_rule_is_named),
      cmocka_unit_test(both_formats_at_once_are_one_reservation),
      cmocka_unit_test(the_ends_of_ranges),
      cmocka_unit_test(sums_have_an_end),
      cmocka_unit_test(finding_prefers),
      cmocka_unit_test(what_is_missing_is_named),
      cmocka_unit_test(operations_do_as_the_master_does),
      cmocka_unit_test(operations_that_are_refused),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(many_roles_and_ranges),
      cmocka_unit_test(options_and_formats),
  };
  return cmocka_run_group_tests_name("resources", tests, NULL, NULL);
}
