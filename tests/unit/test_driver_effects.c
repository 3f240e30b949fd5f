/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/effects.h"
#include "base/slice.h"
#include "support/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct k8sm_effect request(const char *text) {
  return (struct k8sm_effect){.type = K8SM_EFFECT_REQUEST, .method = K8SMI_S("POST"), .bytes = k8smi_s(text)};
}

static void rows_keep_their_bytes(void **state) {
  struct k8sm_effects *e;
  struct k8sm_effect row;
  char text[16];
  (void)state;
  assert_int_equal(k8sm_effects_new(NULL, &e), K8SM_OK);
  for (int i = 0; i < 100; i++) {
    snprintf(text, sizeof text, "bytes %d", i);
    row = request(text);
    assert_int_equal(k8smi_effects_add(e, &row), K8SM_OK);
  }
  assert_int_equal(k8sm_effects_rows(e, 0, NULL, sizeof row, 0), 100);
  assert_int_equal(k8sm_effects_rows(e, 99, &row, sizeof row, 1), 1);
  assert_string_equal(row.bytes.ptr, "bytes 99");
  assert_string_equal(row.method.ptr, "POST");
  assert_null(row.path.ptr);
  assert_int_equal(k8sm_effects_rows(e, 100, &row, sizeof row, 1), 0);
  k8sm_effects_free(e);
  k8sm_effects_free(NULL);
}

static void moving_keeps_order_and_empties(void **state) {
  struct k8sm_effects *a, *b;
  struct k8sm_effect rows[3];
  (void)state;
  assert_int_equal(k8sm_effects_new(NULL, &a), K8SM_OK);
  assert_int_equal(k8sm_effects_new(NULL, &b), K8SM_OK);
  rows[0] = request("one");
  rows[1] = request("two");
  rows[2] = request("");
  assert_int_equal(k8smi_effects_add(a, &rows[0]), K8SM_OK);
  assert_int_equal(k8smi_effects_add(b, &rows[1]), K8SM_OK);
  assert_int_equal(k8smi_effects_add(b, &rows[2]), K8SM_OK);
  assert_int_equal(k8smi_effects_move(a, b), K8SM_OK);
  assert_int_equal(k8smi_effects_count(b), 0);
  assert_int_equal(k8sm_effects_rows(a, 0, rows, sizeof rows[0], 3), 3);
  assert_string_equal(rows[0].bytes.ptr, "one");
  assert_string_equal(rows[1].bytes.ptr, "two");
  assert_string_equal(rows[2].bytes.ptr, "");
  k8sm_effects_free(a);
  k8sm_effects_free(b);
}

static void used_again_nothing_is_allocated(void **state) {
  struct failing f;
  struct k8sm_effects *e;
  const struct k8sm_effect row = request("the same bytes again and again");
  (void)state;
  failing_init(&f, 0);
  assert_int_equal(k8sm_effects_new(&f.allocator, &e), K8SM_OK);
  for (int round = 0; round < 2; round++) {
    size_t before = f.calls;
    k8smi_effects_clear(e);
    for (int i = 0; i < 50; i++) assert_int_equal(k8smi_effects_add(e, &row), K8SM_OK);
    if (round != 0) assert_int_equal(f.calls, before);
  }
  k8smi_effects_clear(e);
  assert_int_equal(k8smi_effects_reserve(e, 500, 10000), K8SM_OK);
  f.fail_at = 1;
  for (int i = 0; i < 300; i++) assert_int_equal(k8smi_effects_add(e, &row), K8SM_OK);
  k8sm_effects_free(e);
  assert_int_equal(f.held, 0);
}

static void a_failed_allocation_adds_nothing(void **state) {
  const struct k8sm_effect row = request("bytes");
  (void)state;
  for (size_t n = 1; n < 20; n++) {
    struct failing f;
    struct k8sm_effects *e;
    size_t added = 0;
    failing_init(&f, 0);
    assert_int_equal(k8sm_effects_new(&f.allocator, &e), K8SM_OK);
    f.fail_at = f.calls + n;
    while (added < 200 && k8smi_effects_add(e, &row) == K8SM_OK) added++;
    assert_int_equal(k8smi_effects_count(e), added);
    f.fail_at = 0;
    assert_int_equal(k8smi_effects_add(e, &row), K8SM_OK);
    assert_int_equal(k8smi_effects_count(e), added + 1);
    k8sm_effects_free(e);
    assert_int_equal(f.held, 0);
  }
}

/* Sizes that no memory has are refused before they are added up. */
static void what_is_too_large_is_refused(void **state) {
  struct k8sm_effects *e;
  struct k8sm_effect row = request("bytes");
  (void)state;
  assert_int_equal(k8sm_effects_new(NULL, &e), K8SM_OK);
  assert_int_equal(k8smi_effects_add(e, &row), K8SM_OK);
  assert_int_equal(k8smi_effects_reserve(e, SIZE_MAX, 0), K8SM_ERR_NOMEM);
  assert_int_equal(k8smi_effects_reserve(e, 1, SIZE_MAX), K8SM_ERR_NOMEM);
  assert_int_equal(k8smi_effects_reserve(e, SIZE_MAX / 8, 0), K8SM_ERR_NOMEM);
  row.key = (struct k8sm_slice){"k", SIZE_MAX - 2};
  assert_int_equal(k8smi_effects_add(e, &row), K8SM_ERR_NOMEM);
  assert_int_equal(k8smi_effects_count(e), 1);
  assert_int_equal(k8sm_effects_rows(e, 0, &row, sizeof row, 1), 1);
  assert_string_equal(row.bytes.ptr, "bytes");
  k8sm_effects_free(e);
}

static void an_allocator_without_its_parts_is_none(void **state) {
  const struct k8sm_allocator half = {.size = sizeof half};
  struct k8sm_effects *e;
  (void)state;
  assert_int_equal(k8sm_effects_new(&half, &e), K8SM_ERR_NOMEM);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_keep_their_bytes),
      cmocka_unit_test(moving_keeps_order_and_empties),
      cmocka_unit_test(used_again_nothing_is_allocated),
      cmocka_unit_test(a_failed_allocation_adds_nothing),
      cmocka_unit_test(what_is_too_large_is_refused),
      cmocka_unit_test(an_allocator_without_its_parts_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
