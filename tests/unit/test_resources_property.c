/* SPDX-License-Identifier: Apache-2.0 */
/* The algebra of resources on generated ones, against a model of it: a number or some bits for each kind. */
#include "support/resource_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PROPERTY_ROUNDS = 1500 };

/* The bytes are the value: equal ones have equal bytes. */
static struct k8sm_blob *property_bytes(const struct k8sm_resources *r) {
  struct k8sm_blob *blob;
  assert_int_equal(k8sm_resources_encode(r, K8SM_FORMAT_PROTOBUF, K8SM_RESERVATIONS_STACK, NULL, &blob, NULL),
                   K8SM_OK);
  return blob;
}

static bool property_same(const struct k8sm_resources *a, const struct k8sm_resources *b) {
  struct k8sm_blob *x = property_bytes(a), *y = property_bytes(b);
  struct k8sm_slice s = k8sm_blob_bytes(x), t = k8sm_blob_bytes(y);
  bool same = s.len == t.len && (s.len == 0 || memcmp(s.ptr, t.ptr, s.len) == 0);
  bool both = k8sm_resources_contains(a, b) != 0 && k8sm_resources_contains(b, a) != 0;
  assert_int_equal(same, both);
  k8sm_blob_unref(x);
  k8sm_blob_unref(y);
  return same;
}

/* Takes `got`, which is to be what the model says. */
static void property_is(struct k8sm_resources *got, uint32_t *random, const struct case_model *want) {
  struct k8sm_resources *other = case_make(random, want, CASE_FORM_ANY);
  assert_true(property_same(got, other));
  k8sm_resources_unref(other);
  k8sm_resources_unref(got);
}

static void every_operation_is_the_models(void **state) {
  (void)state;
  uint32_t random = 1;
  for (int round = 0; round < PROPERTY_ROUNDS; round++) {
    struct case_model a = case_any(&random, CASE_KINDS), other = case_any(&random, CASE_KINDS);
    struct case_model b = round % 2 == 0 ? other : case_part(&random, &a), want;
    struct k8sm_resources *x = case_make(&random, &a, CASE_FORM_ANY),
                          *y = case_make(&random, &b, CASE_FORM_ANY);
    struct k8sm_resources *got = NULL;
    assert_int_equal(k8sm_resources_contains(x, y), case_has(&a, &b));
    want = case_plus(&a, &b);
    assert_int_equal(k8sm_resources_add(x, y, NULL, &got, NULL), K8SM_OK);
    property_is(got, &random, &want);
    int r = k8sm_resources_subtract(x, y, NULL, &got, NULL);
    assert_int_equal(r, case_has(&a, &b) ? K8SM_OK : K8SM_ERR_NOT_FOUND);
    if (r == K8SM_OK) {
      struct k8sm_resources *back;
      want = case_minus(&a, &b);
      assert_int_equal(k8sm_resources_add(got, y, NULL, &back, NULL), K8SM_OK); /* a − b + b = a */
      property_is(back, &random, &a);
      property_is(got, &random, &want);
    }
    k8sm_resources_unref(x);
    k8sm_resources_unref(y);
  }
}

static void containing_is_a_partial_order(void **state) {
  (void)state;
  uint32_t random = 2;
  for (int round = 0; round < PROPERTY_ROUNDS; round++) {
    struct case_model a = case_any(&random, CASE_KINDS);
    struct case_model b = case_part(&random, &a), c = case_part(&random, &b);
    struct k8sm_resources *x = case_make(&random, &a, CASE_FORM_ANY),
                          *y = case_make(&random, &b, CASE_FORM_ANY);
    struct k8sm_resources *z = case_make(&random, &c, CASE_FORM_ANY);
    assert_true(k8sm_resources_contains(x, x));
    assert_true(k8sm_resources_contains(x, y) && k8sm_resources_contains(y, z) &&
                k8sm_resources_contains(x, z));
    assert_int_equal(property_same(x, z), memcmp(&a, &c, sizeof a) == 0);
    k8sm_resources_unref(x);
    k8sm_resources_unref(y);
    k8sm_resources_unref(z);
  }
}

static void forms_and_formats_are_one(void **state) {
  (void)state;
  uint32_t random = 3;
  for (int round = 0; round < PROPERTY_ROUNDS / 4; round++) {
    struct case_model a = case_any(&random, CASE_KINDS);
    if (round % 2 == 0) a.amounts[CASE_PLAIN + 1] = 0; /* the refined one, which has no old form */
    struct k8sm_resources *x = case_make(&random, &a, CASE_FORM_STACK);
    property_is(case_make(&random, &a, CASE_FORM_OLD), &random, &a);
    for (uint32_t format = K8SM_FORMAT_JSON; format <= K8SM_FORMAT_PROTOBUF; format += 2) {
      for (uint32_t form = K8SM_RESERVATIONS_STACK; form <= K8SM_RESERVATIONS_OLD; form++) {
        struct k8sm_blob *blob;
        int r = k8sm_resources_encode(x, format, form, NULL, &blob, NULL);
        bool refined = form == K8SM_RESERVATIONS_OLD && a.amounts[CASE_PLAIN + 1] != 0;
        assert_int_equal(r, refined ? K8SM_ERR_UNSUPPORTED : K8SM_OK);
        if (refined) continue;
        struct k8sm_slice bytes = k8sm_blob_bytes(blob);
        property_is(case_read(bytes.ptr, bytes.len, format), &random, &a);
        k8sm_blob_unref(blob);
      }
    }
    k8sm_resources_unref(x);
  }
}

/* ---- Find ---- */

/* How much of a base there is, whoever it is reserved for. */
static struct case_model property_by_base(const struct case_model *m) {
  struct case_model by_base = {{0}};
  for (size_t i = 0; i < CASE_KINDS; i++) {
    uint64_t *to = &by_base.amounts[case_kinds[i].base];
    *to = case_is_bits(i) ? *to | m->amounts[i] : *to + m->amounts[i];
  }
  return by_base;
}

static bool property_base_is_bits(size_t base) {
  size_t i = 0;
  while (case_kinds[i].base != (int)base) i++;
  return case_is_bits(i);
}

static bool property_enough(const struct case_model *total, const struct case_model *wanted) {
  struct case_model have = property_by_base(total), want = property_by_base(wanted);
  for (size_t i = 0; i < CASE_KINDS; i++) {
    if (want.amounts[i] == 0) continue;
    if (property_base_is_bits(i) ? (want.amounts[i] & ~have.amounts[i]) != 0
                                 : want.amounts[i] > have.amounts[i]) {
      return false;
    }
  }
  return true;
}

/* What of each kind was found, from the rows. */
static struct case_model property_read_model(const struct k8sm_resources *r) {
  struct case_model m = {{0}};
  for (size_t i = 0; i < CASE_KINDS; i++) {
    struct case_model one = {{0}}, more;
    uint32_t random = 1;
    uint64_t top = case_kinds[i].how == CASE_SCALAR ? 1u << 14 : case_kinds[i].how == CASE_WHOLE ? 4 : 0;
    for (uint64_t bit = case_is_bits(i) ? UINT64_C(1) << (CASE_PORTS - 1) : top; bit != 0; bit >>= 1) {
      if (case_kinds[i].how == CASE_SET && bit >= 1u << CASE_ITEMS) continue;
      more = one;
      more.amounts[i] |= bit;
      struct k8sm_resources *test = case_make(&random, &more, CASE_FORM_STACK);
      if (case_is_bits(i)) {
        struct case_model single = {{0}};
        single.amounts[i] = bit;
        k8sm_resources_unref(test);
        test = case_make(&random, &single, CASE_FORM_STACK);
      }
      if (k8sm_resources_contains(r, test)) one = more;
      k8sm_resources_unref(test);
    }
    m.amounts[i] = one.amounts[i];
  }
  return m;
}

static void finding_takes_what_is_there(void **state) {
  (void)state;
  uint32_t random = 4;
  int found_some = 0, not_found = 0;
  for (int round = 0; round < PROPERTY_ROUNDS / 5; round++) {
    struct case_model a = case_any(&random, CASE_KINDS), part = case_part(&random, &a);
    struct case_model wanted = {{0}};
    for (size_t i = 0; i < CASE_KINDS; i++) { /* the same amounts, for other roles */
      size_t to = i, moves = case_below(&random, 4);
      while (moves-- > 0 && to + 1 < CASE_KINDS && case_kinds[to + 1].base == case_kinds[i].base) to++;
      wanted.amounts[to] =
          case_is_bits(i) ? wanted.amounts[to] | part.amounts[i] : wanted.amounts[to] + part.amounts[i];
      if (case_kinds[i].how == CASE_SCALAR && case_below(&random, 40) == 0) wanted.amounts[to] += 700;
    }
    struct k8sm_resources *x = case_make(&random, &a, CASE_FORM_ANY);
    struct k8sm_resources *y = case_make(&random, &wanted, CASE_FORM_ANY), *got;
    int r = k8sm_resources_find(x, y, NULL, &got, NULL);
    assert_int_equal(r, property_enough(&a, &wanted) ? K8SM_OK : K8SM_ERR_NOT_FOUND);
    if (r == K8SM_OK) {
      struct case_model m = property_read_model(got);
      struct case_model have = property_by_base(&m), want = property_by_base(&wanted);
      assert_true(k8sm_resources_contains(x, got));
      assert_memory_equal(&have, &want, sizeof have);
      property_is(got, &random, &m);
      found_some++;
    } else {
      not_found++;
    }
    k8sm_resources_unref(x);
    k8sm_resources_unref(y);
  }
  assert_true(found_some > 20 && not_found > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_operation_is_the_models),
      cmocka_unit_test(containing_is_a_partial_order),
      cmocka_unit_test(forms_and_formats_are_one),
      cmocka_unit_test(finding_takes_what_is_there),
  };
  return cmocka_run_group_tests_name("resources_property", tests, NULL, NULL);
}
