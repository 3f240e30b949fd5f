/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the driver that stand alone: addresses, and what finds things by number. */
#include "base/slice.h"
#include "driver/location.h"
#include "driver/lookup.h"
#include "support/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void locations(void **state) {
  static const struct {
    const char *location, *authority, *path; /* authority NULL: not one */
  } rows[] = {
      {"//m1:5050/master/api/v1/scheduler", "m1:5050", "/master/api/v1/scheduler"},
      {"http://[::1]:5050/x", "[::1]:5050", "/x"},
      {"//m1:5050", "m1:5050", "/"},
      {"/only/a/path", "", "/only/a/path"},
      {"", NULL, NULL},
      {"//", NULL, NULL},
      {"///x", NULL, NULL},
      {"https://m1/x", NULL, NULL},
      {"//m1 :5050/x", NULL, NULL},
      {"//user@m1:5050/x", NULL, NULL},
      {"//m1/x\r\nHost: evil", NULL, NULL},
      {"relative", NULL, NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct k8sm_slice authority, path;
    bool ok = k8smi_drv_location(k8smi_s(rows[i].location), &authority, &path);
    if (ok != (rows[i].authority != NULL)) fail_msg("'%s'", rows[i].location);
    if (!ok) continue;
    assert_true(k8smi_eqs(authority, rows[i].authority));
    assert_true(k8smi_eqs(path, rows[i].path));
  }
}

static void media_types(void **state) {
  const struct k8sm_slice json = K8SMI_S("application/json");
  (void)state;
  assert_true(k8smi_drv_media_type_is(K8SMI_S("application/json"), json));
  assert_true(k8smi_drv_media_type_is(K8SMI_S("Application/JSON; charset=utf-8"), json));
  assert_false(k8smi_drv_media_type_is(K8SMI_S("application/jsonp"), json));
  assert_false(k8smi_drv_media_type_is(K8SMI_S("text/html"), json));
  assert_false(k8smi_drv_media_type_is(K8SMI_S(""), json));
}

/* ---- lookup ---- */

struct thing {
  struct drv_key key;
  bool in;
};

/* Every number twice; in long chains where memory runs out. */
static void lookup_all(size_t fail_at) {
  enum { THINGS = 6000 };
  static struct thing things[THINGS];
  struct failing memory;
  struct drv_lookup lookup = {.count = 0};
  failing_init(&memory, fail_at);
  for (size_t i = 0; i < THINGS; i++) {
    k8smi_drv_lookup_put(&lookup, &memory.allocator, &things[i].key, i / 2 * 7);
    things[i].in = true;
  }
  for (size_t i = 0; i < THINGS; i += 3) {
    k8smi_drv_lookup_remove(&lookup, &memory.allocator, &things[i].key);
    things[i].in = false;
  }
  for (size_t i = 0; i < THINGS; i += 2) {
    size_t n = 0;
    for (struct drv_key *k = k8smi_drv_lookup_first(&lookup, i / 2 * 7); k != NULL;
         k = k8smi_drv_lookup_next(k), n++)
      assert_true(k == &things[i].key || k == &things[i + 1].key);
    assert_int_equal(n, (size_t)things[i].in + things[i + 1].in);
    assert_null(k8smi_drv_lookup_first(&lookup, i / 2 * 7 + 1));
  }
  for (size_t i = 0; i < THINGS; i++) {
    if (things[i].in) k8smi_drv_lookup_remove(&lookup, &memory.allocator, &things[i].key);
  }
  assert_int_equal(lookup.count, 0);
  if (fail_at == 0) assert_int_equal(memory.held, 0); /* a large table goes when it is empty */
  k8smi_drv_lookup_free(&lookup, &memory.allocator);
  assert_int_equal(memory.held, 0);
}

static void all_that_is_put_in_is_found(void **state) {
  (void)state;
  for (size_t fail_at = 0; fail_at < 4; fail_at++) lookup_all(fail_at);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(locations),
      cmocka_unit_test(media_types),
      cmocka_unit_test(all_that_is_put_in_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
