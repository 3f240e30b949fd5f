/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"
#include "wire/recordio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/failing.h"

static const char stream[] = "1\na"
                             "11\nhello\nworld"
                             "0003\n\0\n\0"
                             "2\nzz";
static const struct k8sm_slice records[] = {{"a", 1}, {"hello\nworld", 11}, {"\0\n\0", 3}, {"zz", 2}};

/* Feeds the stream in chunks of n bytes, each in memory of its own. */
static size_t feed(struct k8smi_recordio *r, size_t n, int *result) {
  size_t seen = 0;
  *result = K8SM_ERR_NOT_FOUND;
  for (size_t at = 0; at < sizeof stream - 1 && *result == K8SM_ERR_NOT_FOUND; at += n) {
    size_t len = sizeof stream - 1 - at < n ? sizeof stream - 1 - at : n;
    char *chunk = malloc(len);
    const char *p = chunk;
    struct k8sm_slice record;
    memcpy(chunk, stream + at, len);
    while ((*result = k8smi_recordio_next(r, &p, &len, &record, NULL)) == K8SM_OK) {
      assert_in_range(seen, 0, 3);
      assert_true(k8smi_eq(record, records[seen]));
      seen++;
    }
    if (*result == K8SM_ERR_NOT_FOUND) assert_int_equal(len, 0);
    free(chunk);
  }
  return seen;
}

static void chunks_of_every_size(void **state) {
  (void)state;
  for (size_t n = 1; n < sizeof stream; n++) {
    struct k8smi_recordio r;
    int result;
    k8smi_recordio_init(&r, NULL, 11);
    assert_int_equal(feed(&r, n, &result), 4);
    assert_int_equal(result, K8SM_ERR_NOT_FOUND);
    assert_false(k8smi_recordio_partial(&r));
    k8smi_recordio_free(&r);
  }
}

static void a_record_that_is_whole_is_not_copied(void **state) {
  (void)state;
  struct k8smi_recordio r;
  struct k8sm_slice record;
  const char *p = stream;
  size_t len = sizeof stream - 1;
  k8smi_recordio_init(&r, NULL, 100);
  assert_int_equal(k8smi_recordio_next(&r, &p, &len, &record, NULL), K8SM_OK);
  assert_ptr_equal(record.ptr, stream + 2);
  assert_null(r.pending.ptr);
  k8smi_recordio_free(&r);
}

static void broken_streams(void **state) {
  (void)state;
  const struct {
    const char *bytes;
    int result;
    uint32_t code;
  } broken[] = {{"0\n", K8SM_ERR_SYNTAX, K8SM_DIAG_RECORDIO_SYNTAX},
                {"000\n", K8SM_ERR_SYNTAX, K8SM_DIAG_RECORDIO_SYNTAX},
                {"\n", K8SM_ERR_SYNTAX, K8SM_DIAG_RECORDIO_SYNTAX},
                {"-1\n", K8SM_ERR_SYNTAX, K8SM_DIAG_RECORDIO_SYNTAX},
                {"1 \na", K8SM_ERR_SYNTAX, K8SM_DIAG_RECORDIO_SYNTAX},
                {"<html>", K8SM_ERR_SYNTAX, K8SM_DIAG_RECORDIO_SYNTAX},
                {"101\n", K8SM_ERR_LIMIT, K8SM_DIAG_TOO_LARGE},
                {"9223372036854775808\n", K8SM_ERR_LIMIT, K8SM_DIAG_TOO_LARGE},
                {"18446744073709551616\n", K8SM_ERR_LIMIT, K8SM_DIAG_TOO_LARGE},
                {"000000000000000000001", K8SM_ERR_LIMIT, K8SM_DIAG_TOO_LARGE}};
  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    struct k8smi_recordio r;
    struct k8sm_slice record;
    struct k8sm_diag rows[2];
    char texts[256];
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, texts);
    const char *p = broken[i].bytes;
    size_t len = strlen(p);
    struct failing failing;
    failing_init(&failing, 1); /* nothing is allocated for it */
    k8smi_recordio_init(&r, &failing.allocator, 100);
    assert_int_equal(k8smi_recordio_next(&r, &p, &len, &record, &diags), broken[i].result);
    assert_int_equal(diags.count, 1);
    assert_int_equal(rows[0].code, broken[i].code);
    assert_int_equal(failing.calls, 0);
    k8smi_recordio_reset(&r);
    assert_false(k8smi_recordio_partial(&r));
    p = "1\nx";
    len = 3;
    assert_int_equal(k8smi_recordio_next(&r, &p, &len, &record, &diags), K8SM_OK);
    k8smi_recordio_free(&r);
  }
}

static void the_middle_of_a_record_is_known(void **state) {
  (void)state;
  struct k8smi_recordio r;
  struct k8sm_slice record;
  k8smi_recordio_init(&r, NULL, 100);
  assert_false(k8smi_recordio_partial(&r));
  for (size_t cut = 1; cut < 4; cut++) {
    const char *p = "2\nab";
    size_t len = cut;
    assert_int_equal(k8smi_recordio_next(&r, &p, &len, &record, NULL), K8SM_ERR_NOT_FOUND);
    assert_true(k8smi_recordio_partial(&r));
    k8smi_recordio_reset(&r);
  }
  k8smi_recordio_free(&r);
}

static void allocations_that_fail(void **state) {
  (void)state;
  int result = K8SM_ERR_NOMEM;
  for (size_t n = 1; result != K8SM_ERR_NOT_FOUND; n++) {
    struct failing failing;
    struct k8smi_recordio r;
    failing_init(&failing, n);
    k8smi_recordio_init(&r, &failing.allocator, 100);
    feed(&r, 1, &result);
    assert_int_equal(result, failing.calls >= n ? K8SM_ERR_NOMEM : K8SM_ERR_NOT_FOUND);
    k8smi_recordio_free(&r);
    assert_int_equal(failing.held, 0);
  }
}

static void records_are_written(void **state) {
  (void)state;
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  k8smi_recordio_put(&buf, K8SMI_S("hello"));
  k8smi_recordio_put(&buf, K8SMI_S("x"));
  assert_int_equal(buf.len, 10);
  assert_memory_equal(buf.ptr, "5\nhello1\nx", 10);
  k8smi_buf_free(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chunks_of_every_size),  cmocka_unit_test(a_record_that_is_whole_is_not_copied),
      cmocka_unit_test(broken_streams),        cmocka_unit_test(the_middle_of_a_record_is_known),
      cmocka_unit_test(allocations_that_fail), cmocka_unit_test(records_are_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
