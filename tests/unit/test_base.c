/* SPDX-License-Identifier: Apache-2.0 */
#include "base/abi.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/findings.h"
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void arena_grows_and_limits(void **state) {
  (void)state;
  struct k8smi_arena a;
  assert_true(k8smi_arena_init(&a, NULL, 64 * 1024));
  for (int i = 0; i < 100; i++) {
    struct k8sm_slice s = k8smi_arena_copy(&a, "hello", 5);
    assert_int_equal(s.len, 5);
    assert_string_equal(s.ptr, "hello");
    void *object = k8smi_arena_alloc(&a, 3);
    assert_int_equal((uintptr_t)object % 8, 0);
  }
  assert_null(k8smi_arena_alloc(&a, 70 * 1024));
  assert_int_equal(k8smi_arena_error(&a), K8SM_ERR_LIMIT);
  assert_null(k8smi_arena_array(&a, SIZE_MAX / 2, 4));
  k8smi_arena_free(&a);
}

/* Objects from the front and bytes from the back meet; what came after a mark is given up. */
static void arena_goes_back_to_a_mark(void **state) {
  (void)state;
  uint64_t memory[32];
  struct k8smi_arena a;
  assert_true(k8smi_arena_init(&a, NULL, 0));
  k8smi_arena_lend(&a, memory, sizeof memory);
  struct k8sm_slice kept = k8smi_arena_copy(&a, "kept", 4);
  struct k8smi_arena_mark mark = k8smi_arena_mark(&a);
  char *first = k8smi_arena_bytes(&a, 1);
  assert_ptr_equal(first + 1, kept.ptr);
  for (int i = 0; i < 100; i++) {
    memset(k8smi_arena_alloc(&a, 16), i, 16);
    memset(k8smi_arena_bytes(&a, 7), i, 7);
  }
  assert_true(a.total > 1000);
  k8smi_arena_rewind(&a, mark);
  assert_int_equal(a.total, 0);
  assert_ptr_equal(k8smi_arena_bytes(&a, 1), first);
  assert_string_equal(kept.ptr, "kept");
  k8smi_arena_free(&a);
  assert_null(a.chunks);
}

/* The second chunk takes what the rest of the input should need, and little more. */
static void arena_follows_its_input(void **state) {
  (void)state;
  struct k8smi_arena a;
  assert_true(k8smi_arena_init(&a, NULL, 0));
  assert_true(k8smi_arena_reserve(&a, 8000 - sizeof(struct k8smi_chunk)));
  k8smi_arena_follow(&a, 10000);
  for (; a.input_read < a.input_len; a.input_read += 10) assert_non_null(k8smi_arena_bytes(&a, 12));
  assert_in_range(a.total, 12000, 13000);
  k8smi_arena_free(&a);
}

static void buffer_leaves_what_was_lent(void **state) {
  (void)state;
  uint64_t memory[2];
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  k8smi_buf_lend(&buf, memory, sizeof memory);
  k8smi_buf_puts(&buf, "sixteen letters.");
  assert_ptr_equal(buf.ptr, memory);
  k8smi_buf_puts(&buf, " And more");
  assert_ptr_not_equal(buf.ptr, memory);
  assert_int_equal(buf.len, 25);
  assert_memory_equal(buf.ptr, "sixteen letters. And more", 25);
  k8smi_buf_free(&buf);
}

static void paths_are_written_from_the_root(void **state) {
  (void)state;
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path containers = k8smi_path_field(&spec, K8SMI_S("containers"));
  struct k8smi_path first = k8smi_path_index(&containers, 0);
  struct k8smi_path limits = k8smi_path_field(&first, K8SMI_S("limits"));
  struct k8smi_path cpu = k8smi_path_key(&limits, K8SMI_S("cpu"));
  char text[64], cut[8];
  assert_int_equal(k8smi_path_write(&cpu, text, sizeof text), 30);
  assert_string_equal(text, "spec.containers[0].limits[cpu]");
  assert_int_equal(k8smi_path_write(&cpu, cut, sizeof cut), 30);
  assert_string_equal(cut, "spec.co");
}

static void findings_are_counted_beyond_the_room(void **state) {
  (void)state;
  struct k8sm_diag rows[2];
  char text[48];
  struct k8sm_diags d = K8SM_DIAGS_INIT(rows, text);
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  for (int i = 0; i < 3; i++) k8smi_find(&d, K8SM_DIAG_FIELD_REQUIRED, &spec, "line\nbreak %d", i);
  assert_int_equal(d.count, 3);
  assert_int_equal(d.errors, 3);
  assert_int_equal(d.text_used, 3 * (5 + 13));
  assert_string_equal(text + rows[0].path, "spec");
  assert_string_equal(text + rows[1].message, "line break 1");
  assert_int_equal(rows[0].severity, K8SM_SEVERITY_ERROR);
  k8smi_find(NULL, K8SM_DIAG_FIELD_REQUIRED, NULL, "nobody listens");
}

static void options_of_other_versions(void **state) {
  (void)state;
  struct now {
    size_t size;
    uint64_t a, b;
  } got;
  struct newer {
    size_t size;
    uint64_t a, b, c;
  } newer = {sizeof newer, 1, 2, 0};
  struct older {
    size_t size;
    uint64_t a;
  } older = {sizeof older, 7};
  assert_int_equal(k8smi_options_read(&got, sizeof got, &newer, "o", NULL), K8SM_OK);
  assert_int_equal(got.b, 2);
  newer.c = 1;
  assert_int_equal(k8smi_options_read(&got, sizeof got, &newer, "o", NULL), K8SM_ERR_ABI);
  assert_int_equal(k8smi_options_read(&got, sizeof got, &older, "o", NULL), K8SM_OK);
  assert_int_equal(got.a, 7);
  assert_int_equal(got.b, 0);
  assert_int_equal(k8smi_options_read(&got, sizeof got, NULL, "o", NULL), K8SM_OK);
  assert_int_equal(got.size, sizeof got);
}

static void map_against_an_array(void **state) {
  (void)state;
  enum { N = 500 };
  static char keys[N][8];
  uint32_t want[N];
  struct k8sm_allocator a;
  struct k8smi_map m;
  assert_true(k8smi_allocator_init(&a, NULL));
  k8smi_map_init(&m, &a, 42);
  for (int i = 0; i < N; i++) {
    snprintf(keys[i], sizeof keys[i], "k%d", i);
    want[i] = K8SMI_MAP_NONE;
  }
  uint32_t r = 1;
  for (int step = 0; step < 20000; step++) {
    r = r * 1664525u + 1013904223u;
    uint32_t i = (r >> 8) % N;
    struct k8sm_slice key = k8smi_s(keys[i]);
    if (r >> 31) {
      assert_true(k8smi_map_put(&m, key, (uint32_t)step));
      want[i] = (uint32_t)step;
    } else {
      assert_int_equal(k8smi_map_remove(&m, key), want[i]);
      want[i] = K8SMI_MAP_NONE;
    }
  }
  for (int i = 0; i < N; i++) {
    assert_int_equal(k8smi_map_get(&m, k8smi_s(keys[i])), want[i]);
    const uint32_t hash = k8smi_map_expect(&m, k8smi_s(keys[i]));
    assert_int_equal(k8smi_map_guess(&m, hash), want[i]); /* no two of these have one hash */
  }
  k8smi_map_free(&m);
}

static void blobs_own_their_bytes(void **state) {
  (void)state;
  struct k8smi_buf b;
  struct k8sm_blob *blob;
  assert_true(k8smi_buf_init(&b, NULL));
  k8smi_buf_puts(&b, "x");
  k8smi_buf_i64(&b, INT64_MIN);
  assert_int_equal(k8smi_buf_to_blob(&b, &blob), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, "x-9223372036854775808");
  assert_int_equal(k8sm_blob_bytes(blob).len, 21);
  k8sm_blob_unref(k8sm_blob_ref(blob));
  k8sm_blob_unref(blob);
  k8sm_blob_unref(NULL);
  k8smi_buf_free(&b);
}

static void codes_have_texts(void **state) {
  (void)state;
  assert_string_equal(k8sm_diag_name(K8SM_DIAG_FIELD_REQUIRED), "FIELD_REQUIRED");
  assert_null(k8sm_diag_name(99999));
  assert_string_equal(k8sm_result_name(K8SM_ERR_NOT_FOUND), "K8SM_ERR_NOT_FOUND");
  assert_string_equal(k8sm_result_name(-99), "K8SM_ERR_?");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(arena_grows_and_limits),
      cmocka_unit_test(arena_goes_back_to_a_mark),
      cmocka_unit_test(arena_follows_its_input),
      cmocka_unit_test(buffer_leaves_what_was_lent),
      cmocka_unit_test(paths_are_written_from_the_root),
      cmocka_unit_test(findings_are_counted_beyond_the_room),
      cmocka_unit_test(options_of_other_versions),
      cmocka_unit_test(map_against_an_array),
      cmocka_unit_test(blobs_own_their_bytes),
      cmocka_unit_test(codes_have_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
