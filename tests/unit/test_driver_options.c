/* SPDX-License-Identifier: Apache-2.0 */
/* What a driver is made with, and the heap by which it finds what is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/agenda.h"
#include "driver/core.h"
#include "support/failing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const roles[] = {"a", "b"};
static const struct k8sm_framework framework = {.size = sizeof framework,
                                                .name = "n",
                                                .user = "u",
                                                .principal = "p",
                                                .hostname = "h",
                                                .webui_url = "http://h",
                                                .roles = roles,
                                                .role_count = 2};
static const struct k8sm_manifest_data data[] = {
    {.kind = {"Secret", 6}, .name_space = {"d", 1}, .name = {"s", 1}, .key = {"k", 1}, .value = {"v", 1}}};
static const struct k8sm_field_policy policies[] = {{"spec.hostAliases", K8SM_POLICY_WARN, 0}};
static const struct k8sm_demand_user users[] = {{1000, "app"}};
static const struct k8sm_storage_class classes[] = {{"fast", K8SM_DISK_MOUNT, 0, "ssd", "v", "/m", "a=b"}};
static const struct k8sm_demand_options demand = {.size = sizeof demand,
                                                  .data = data,
                                                  .data_count = 1,
                                                  .data_size = sizeof data[0],
                                                  .policies = policies,
                                                  .policy_count = 1,
                                                  .policy_size = sizeof policies[0],
                                                  .network = "weave",
                                                  .users = users,
                                                  .user_count = 1,
                                                  .user_size = sizeof users[0],
                                                  .storage_classes = classes,
                                                  .storage_class_count = 1,
                                                  .storage_class_size = sizeof classes[0]};

static struct k8sm_driver_options full(struct failing *f) {
  return (struct k8sm_driver_options){.size = sizeof(struct k8sm_driver_options),
                                      .allocator = &f->allocator,
                                      .framework = &framework,
                                      .demand = &demand,
                                      .master = "10.0.0.1:5050",
                                      .refuse = {.idle = 100, .unsuited = 2, .leftover = 3},
                                      .format = K8SM_FORMAT_JSON,
                                      .features = 1,
                                      .backoff_base_ms = 5,
                                      .backoff_cap_ms = 7,
                                      .hold_ms = 9,
                                      .max_event_bytes = 11,
                                      .record_rows = 13,
                                      .adopt_ms = 17,
                                      .launch_timeout_ms = 19,
                                      .executor_overlay = {"{\"data\":\"AAAA\"}", 15},
                                      .overlay_format = K8SM_FORMAT_JSON};
}

static void options_are_copied(void **state) {
  struct failing f;
  struct drv_core core;
  (void)state;
  failing_init(&f, 0);
  struct k8sm_driver_options o = full(&f);
  assert_int_equal(k8smi_drv_core_init(&core, &o, NULL), K8SM_OK);
  assert_string_equal(core.options.framework.webui_url, "http://h");
  assert_ptr_not_equal(core.options.framework.name, framework.name);
  assert_int_equal(core.options.role_count, 2);
  assert_string_equal(core.options.roles[1].ptr, "b");
  assert_int_equal(core.options.demand.role_count, 2); /* those of the framework */
  assert_string_equal(core.options.demand.data[0].value.ptr, "v");
  const struct k8sm_demand_options *mapping = &core.options.demand;
  assert_ptr_not_equal(mapping->policies, policies);
  assert_string_equal(mapping->policies[0].path, "spec.hostAliases");
  assert_ptr_not_equal(mapping->policies[0].path, policies[0].path);
  assert_string_equal(mapping->users[0].name, "app");
  assert_ptr_not_equal(mapping->users[0].name, users[0].name);
  assert_string_equal(mapping->network, "weave");
  assert_ptr_not_equal(mapping->network, demand.network);
  assert_true(core.options.refuse.idle == 100 && core.options.refuse.unsuited == 2);
  assert_int_equal(core.options.hold_ms, 9);
  assert_int_equal(core.options.max_event_bytes, 11);
  assert_int_equal(core.options.record_rows, 13);
  assert_int_equal(core.options.adopt_ms, 17);
  assert_int_equal(core.options.launch_timeout_ms, 19);
  assert_int_equal(core.options.overlay_format, K8SM_FORMAT_JSON);
  assert_int_equal(core.options.executor_overlay.len, o.executor_overlay.len);
  assert_ptr_not_equal(core.options.executor_overlay.ptr, o.executor_overlay.ptr);
  assert_int_equal(core.options.task_overlay.len, 0);
  k8smi_drv_core_free(&core);
  assert_int_equal(f.held, 0);
}

/* So long that each text needs memory of its own. */
static const char *long_text(void) {
  enum { LONG = 300 * 1024 };
  static char text[LONG];
  memset(text, 'x', sizeof text - 1);
  return text;
}

static void every_text_of_the_options_may_lack_memory(void **state) {
  const char *const many[] = {long_text(), long_text()};
  const struct k8sm_slice part = {long_text(), strlen(long_text())};
  static char overlay[320 * 1024]; /* as long, before it is copied and when it is read */
  int overlay_len =
      snprintf(overlay, sizeof overlay, "{\"labels\":{\"labels\":[{\"key\":\"%s\"}]}}", many[0]);
  const struct k8sm_manifest_data rows[] = {
      {.kind = part, .name_space = part, .name = part, .key = part, .value = part}};
  const struct k8sm_demand_user named[] = {{7, many[0]}};
  const struct k8sm_storage_class kinds[] = {{many[0], K8SM_DISK_PATH, 0, many[0], many[0], NULL, "a=b"}};
  struct k8sm_field_policy ways[200]; /* more than fit beside: rows and texts need memory of their own */
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
    ways[i] = (struct k8sm_field_policy){"spec.hostAliases", K8SM_POLICY_WARN, 0};
  const struct k8sm_framework names = {.size = sizeof names,
                                       .name = many[0],
                                       .user = many[0],
                                       .principal = many[0],
                                       .hostname = many[0],
                                       .webui_url = many[0],
                                       .roles = many,
                                       .role_count = 2};
  const struct k8sm_demand_options asks = {.size = sizeof asks,
                                           .roles = many,
                                           .role_count = 1,
                                           .principal = many[0],
                                           .network = many[0],
                                           .reservation = many[0],
                                           .reservation_principal = many[0],
                                           .policies = ways,
                                           .policy_count = sizeof ways / sizeof ways[0],
                                           .policy_size = sizeof ways[0],
                                           .users = named,
                                           .user_count = 1,
                                           .user_size = sizeof named[0],
                                           .storage_classes = kinds,
                                           .storage_class_count = 1,
                                           .storage_class_size = sizeof kinds[0],
                                           .data = rows,
                                           .data_count = 1,
                                           .data_size = sizeof rows[0]};
  (void)state;
  int result = K8SM_ERR_NOMEM;
  size_t n = 0;
  while (result == K8SM_ERR_NOMEM) {
    struct failing f;
    struct drv_core core;
    failing_init(&f, ++n);
    struct k8sm_driver_options o = full(&f);
    o.framework = &names;
    o.demand = &asks;
    o.executor_overlay = o.task_overlay = (struct k8sm_slice){overlay, (size_t)overlay_len};
    result = k8smi_drv_core_init(&core, &o, NULL);
    if (result == K8SM_OK) k8smi_drv_core_free(&core);
    assert_int_equal(f.held, 0);
  }
  assert_int_equal(result, K8SM_OK);
  assert_true(n > 15); /* texts */
}

static void every_allocation_of_a_driver_may_fail(void **state) {
  (void)state;
  int result = K8SM_ERR_NOMEM;
  for (size_t n = 1; result == K8SM_ERR_NOMEM; n++) {
    struct failing f;
    struct k8sm_driver *driver;
    failing_init(&f, n);
    struct k8sm_driver_options o = full(&f);
    result = k8sm_driver_new(&o, &driver, NULL);
    if (result == K8SM_OK) k8sm_driver_free(driver);
    assert_int_equal(f.held, 0);
    assert_true(n < 200);
  }
  assert_int_equal(result, K8SM_OK);
}

/* Lists of no length, though there are some, are no lists. */
static void lists_may_be_empty(void **state) {
  static const char *const some[] = {"a"};
  const struct k8sm_framework of_none = {.size = sizeof of_none, .roles = some};
  const struct k8sm_demand_options asks_none = {
      .size = sizeof asks_none, .roles = some, .data = data, .data_size = sizeof data[0]};
  struct failing f;
  struct drv_core core;
  (void)state;
  failing_init(&f, 0);
  struct k8sm_driver_options o = full(&f);
  o.framework = &of_none;
  o.demand = &asks_none;
  assert_int_equal(k8smi_drv_core_init(&core, &o, NULL), K8SM_OK);
  assert_int_equal(core.options.role_count, 1);
  assert_string_equal(core.options.roles[0].ptr, "*");
  assert_int_equal(core.options.demand.data_count, 0);
  k8smi_drv_core_free(&core);
  assert_int_equal(f.held, 0);
}

static void refuse(void (*spoil)(struct k8sm_driver_options *o), int expected) {
  struct failing f;
  struct k8sm_driver *driver;
  failing_init(&f, 0);
  struct k8sm_driver_options o = full(&f);
  spoil(&o);
  assert_int_equal(k8sm_driver_new(&o, &driver, NULL), expected);
  assert_int_equal(f.held, 0);
}

static void spoil_format(struct k8sm_driver_options *o) {
  o->format = 99;
}
static void spoil_idle(struct k8sm_driver_options *o) {
  o->refuse.idle = -1;
}
static void spoil_unsuited(struct k8sm_driver_options *o) {
  o->refuse.unsuited = NAN;
}
static void spoil_leftover(struct k8sm_driver_options *o) {
  o->refuse.leftover = -0.5;
}
static void spoil_master(struct k8sm_driver_options *o) {
  static char master[1000];
  memset(master, 'm', sizeof master - 1);
  o->master = master;
}
static void spoil_allocator(struct k8sm_driver_options *o) {
  static const struct k8sm_allocator half = {.size = sizeof half};
  o->allocator = &half;
}
static void spoil_size(struct k8sm_driver_options *o) {
  o->size = 1;
}
static void spoil_framework(struct k8sm_driver_options *o) {
  static const struct k8sm_framework odd = {.size = 3};
  o->framework = &odd;
}
static void spoil_demand(struct k8sm_driver_options *o) {
  static const struct k8sm_demand_options odd = {.size = 3};
  o->demand = &odd;
}
static void spoil_policy(struct k8sm_driver_options *o) {
  static const struct k8sm_field_policy none[] = {{"spec.no", K8SM_POLICY_WARN, 0}};
  static const struct k8sm_demand_options odd = {
      .size = sizeof odd, .policies = none, .policy_count = 1, .policy_size = sizeof none[0]};
  o->demand = &odd;
}
static void spoil_match(struct k8sm_driver_options *o) {
  static const struct k8sm_match_options odd = {.size = 3};
  o->match = &odd;
}
static void spoil_status(struct k8sm_driver_options *o) {
  static const struct k8sm_status_options odd = {.size = 3};
  o->status = &odd;
}

static void bad_options_are_refused(void **state) {
  (void)state;
  refuse(spoil_format, K8SM_ERR_INVALID);
  refuse(spoil_idle, K8SM_ERR_INVALID);
  refuse(spoil_unsuited, K8SM_ERR_INVALID);
  refuse(spoil_leftover, K8SM_ERR_INVALID);
  refuse(spoil_master, K8SM_ERR_INVALID);
  refuse(spoil_allocator, K8SM_ERR_INVALID);
  refuse(spoil_policy, K8SM_ERR_INVALID);
  refuse(spoil_size, K8SM_ERR_ABI);
  refuse(spoil_framework, K8SM_ERR_ABI);
  refuse(spoil_demand, K8SM_ERR_ABI);
  refuse(spoil_match, K8SM_ERR_ABI);
  refuse(spoil_status, K8SM_ERR_ABI);
}

/* Against a list that is searched. */
static void what_is_due_comes_in_order(void **state) {
  enum { ENTRIES = 40, STEPS = 4000 };
  struct failing f;
  struct drv_core core;
  struct drv_agenda agenda = {NULL, 0, 0};
  struct drv_due entries[ENTRIES];
  uint64_t at[ENTRIES], random = 7;
  (void)state;
  failing_init(&f, 0);
  core.allocator = f.allocator;
  assert_true(k8smi_drv_agenda_room(&agenda, &core, ENTRIES));
  for (uint32_t i = 0; i < ENTRIES; i++) {
    k8smi_drv_due_init(&entries[i], i);
    at[i] = DRV_NEVER;
  }
  for (size_t step = 0; step < STEPS; step++) {
    random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    size_t i = (random >> 33) % ENTRIES;
    at[i] = (random >> 50) % 4 == 0 ? DRV_NEVER : (random >> 40) % 50;
    k8smi_drv_agenda_set(&agenda, &entries[i], at[i]);
    size_t best = 0;
    for (size_t k = 1; k < ENTRIES; k++) best = at[k] < at[best] ? k : best;
    assert_int_equal(k8smi_drv_agenda_next(&agenda), at[best]);
    if (step % 3 != 0) continue;
    struct drv_due *taken = k8smi_drv_agenda_take(&agenda, 25);
    assert_ptr_equal(taken, at[best] <= 25 ? &entries[best] : NULL);
    if (taken != NULL) at[best] = DRV_NEVER;
  }
  k8smi_drv_agenda_free(&agenda, &core);
  assert_int_equal(f.held, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_are_copied),      cmocka_unit_test(every_text_of_the_options_may_lack_memory),
      cmocka_unit_test(lists_may_be_empty),      cmocka_unit_test(every_allocation_of_a_driver_may_fail),
      cmocka_unit_test(bad_options_are_refused), cmocka_unit_test(what_is_due_comes_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
