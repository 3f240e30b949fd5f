/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/task.h>

#include "base/slice.h"
#include "call/operations.h"
#include "wire/id.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/failing.h"

static void ids_of_mesos(void **state) {
  (void)state;
  char text[300];
  memset(text, 'x', sizeof text);
  assert_true(k8smi_id_valid((struct k8sm_slice){text, 255}));
  assert_false(k8smi_id_valid((struct k8sm_slice){text, 256}));
  const char *good[] = {"a", "a.b", "...", "caf\xc3\xa9", "a b", "-"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(k8smi_id_valid(k8smi_s(good[i])));
  const char *bad[] = {"", ".", "..", "a/b", "a\\b", "a\nb", "a\x7f", "\xff"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(k8smi_id_valid(k8smi_s(bad[i])));
  assert_false(k8smi_id_valid((struct k8sm_slice){"a\0b", 3}));
  assert_false(k8smi_id_valid((struct k8sm_slice){NULL, 0}));
}

static void task_ids_both_ways(void **state) {
  (void)state;
  struct k8sm_task_id id = {K8SMI_S("3b1c-77"), K8SMI_S("web-1"), K8SMI_S("k3X"), 4294967295u, 10, 0, 0};
  struct k8sm_task_id got;
  char text[64], small[32];
  const char want[] = "3b1c-77.4294967295.web-1.10.k3X";
  assert_int_equal(k8sm_task_id_format(&id, text, sizeof text), sizeof want - 1);
  assert_string_equal(text, want);
  assert_int_equal(k8sm_task_id_format(&id, small, sizeof want - 1), K8SM_ERR_LIMIT);
  assert_int_equal(k8sm_task_id_format(&id, small, sizeof want), sizeof want - 1);
  assert_int_equal(k8sm_task_id_parse(text, strlen(text), &got), K8SM_OK);
  assert_true(k8smi_eq(got.uid, id.uid) && k8smi_eq(got.container, id.container) &&
              k8smi_eq(got.nonce, id.nonce));
  assert_true(got.attempt == id.attempt && got.restart == id.restart);
  assert_int_equal(k8sm_task_id_parse("u.0..0.n", 8, &got), K8SM_OK);
  assert_int_equal(got.container.len, 0);
  assert_int_equal(k8sm_executor_id_format(&id, text, sizeof text), 18);
  assert_string_equal(text, "3b1c-77.4294967295");
  assert_int_equal(k8sm_executor_id_parse(text, 18, &got), K8SM_OK);
  assert_true(k8smi_eq(got.uid, id.uid) && got.attempt == id.attempt && got.nonce.len == 0 &&
              got.restart == 0 && got.mapping == 0);
  id.mapping = 7;
  assert_int_equal(k8sm_executor_id_format(&id, text, sizeof text), 20);
  assert_string_equal(text, "3b1c-77.4294967295.7");
  assert_int_equal(k8sm_executor_id_parse(text, 20, &got), K8SM_OK);
  assert_true(k8smi_eq(got.uid, id.uid) && got.attempt == id.attempt && got.mapping == 7);
}

static void foreign_ids_are_not_ours(void **state) {
  (void)state;
  const char *tasks[] = {"",
                         "a",
                         "u.0.c.0",
                         "u.0.c.0.n.x",
                         ".0.c.0.n",
                         "u.00.c.0.n",
                         "u.0.c.01.n",
                         "u.-1.c.0.n",
                         "u.+1.c.0.n",
                         "u.4294967296.c.0.n",
                         "u..c.0.n",
                         "u.0.c..n",
                         "u.0.c.0.",
                         "u.0.C.0.n",
                         "u.0.-c.0.n",
                         "u.0.c-.0.n",
                         "u.0.c.0.n-n",
                         "u/x.0.c.0.n",
                         "u.0x1.c.0.n",
                         "u.0.c_d.0.n",
                         "u.0.c.0.123456789012345678901234567890123",
                         "u.0. .0.n",
                         "....",
                         "u.0.c.0.n "};
  struct k8sm_task_id got = {.attempt = 7};
  for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
    assert_int_equal(k8sm_task_id_parse(tasks[i], strlen(tasks[i]), &got), K8SM_ERR_NOT_FOUND);
  }
  const char *executors[] = {"",    "u",       "u.",    ".0",     "u.0.c",   "u.01",
                             "u.x", "default", "u.0.0", "u.0.01", "u.0.1.2", "u.0."};
  for (size_t i = 0; i < sizeof executors / sizeof executors[0]; i++) {
    assert_int_equal(k8sm_executor_id_parse(executors[i], strlen(executors[i]), &got), K8SM_ERR_NOT_FOUND);
  }
  assert_int_equal(got.attempt, 7);
  assert_int_equal(k8sm_task_id_parse("u.0.c.0.n\0", 10, &got), K8SM_ERR_NOT_FOUND);
}

static void ids_that_mesos_refuses_are_not_made(void **state) {
  (void)state;
  char text[400], longest[250];
  memset(longest, 'u', sizeof longest);
  struct k8sm_task_id id = {K8SMI_S("u"), K8SMI_S("c"), K8SMI_S("n"), 0, 0, 0, 0};
  const struct k8sm_slice uids[] = {{NULL, 0}, K8SMI_S("a.b"), K8SMI_S("a/b"), {longest, 250}};
  for (size_t i = 0; i < sizeof uids / sizeof uids[0]; i++) {
    id.uid = uids[i];
    assert_int_equal(k8sm_task_id_format(&id, text, sizeof text), K8SM_ERR_INVALID);
  }
  id.uid = (struct k8sm_slice){longest, 247}; /* 247 + ".0.c.0.n" = 255 */
  assert_int_equal(k8sm_task_id_format(&id, text, sizeof text), 255);
  id.nonce = (struct k8sm_slice){NULL, 0};
  assert_int_equal(k8sm_task_id_format(&id, text, sizeof text), K8SM_ERR_INVALID);
}

static int encode(struct k8sm_call_args args, struct k8sm_blob **ret, struct k8sm_diags *diags) {
  args.size = sizeof args;
  return k8sm_call_encode(&args, NULL, ret, diags);
}

static void expect_call(struct k8sm_call_args args, const char *want) {
  struct k8sm_blob *json, *protobuf, *converted;
  args.format = K8SM_FORMAT_JSON;
  assert_int_equal(encode(args, &json, NULL), K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(json).ptr, want);
  args.format = K8SM_FORMAT_AUTO;
  assert_int_equal(encode(args, &protobuf, NULL), K8SM_OK);
  struct k8sm_slice bytes = k8sm_blob_bytes(protobuf);
  assert_int_equal(k8sm_message_convert(K8SM_MESSAGE_CALL, bytes.ptr, bytes.len, K8SM_FORMAT_PROTOBUF,
                                        K8SM_FORMAT_JSON, NULL, &converted, NULL),
                   K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(converted).ptr, want);
  k8sm_blob_unref(converted);
  k8sm_blob_unref(protobuf);
  k8sm_blob_unref(json);
}

static const struct k8sm_slice two[] = {K8SMI_S("x1"), K8SMI_S("x2")};
static const struct k8sm_slice four[] = {K8SMI_S("t1"), K8SMI_S("s1"), K8SMI_S("t2"), {NULL, 0}};

static void every_call_is_encoded(void **state) {
  (void)state;
  const struct k8sm_slice fw = K8SMI_S("fw"), t = K8SMI_S("t"), s = K8SMI_S("s");
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_SUBSCRIBE},
              "{\"type\":\"SUBSCRIBE\",\"subscribe\":{\"framework_info\":{\"user\":\"root\",\"name\":"
              "\"Kubernetes\",\"failover_timeout\":2419200.0,"
              "\"checkpoint\":true,\"capabilities\":[{\"type\":\"PARTITION_AWARE\"},{\"type\":\"TASK_KILLING_"
              "STATE\"},{\"type\":\"MULTI_ROLE\"},"
              "{\"type\":\"RESERVATION_REFINEMENT\"}],\"roles\":[\"*\"]}}}");
  const char *roles[] = {"r1", "r2"};
  const struct k8sm_framework framework = {
      sizeof framework, "n", "u", "p", "h", "http://w", roles, 2, 60.5, 1, 1};
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_SUBSCRIBE,
                                      .framework = &framework,
                                      .framework_id = fw,
                                      .suppressed = two,
                                      .suppressed_count = 1},
              "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"SUBSCRIBE\",\"subscribe\":{\"framework_info\":"
              "{\"user\":\"u\",\"name\":\"n\",\"id\":{\"value\":\"fw\"},"
              "\"failover_timeout\":60.5,\"checkpoint\":false,\"hostname\":\"h\",\"principal\":\"p\",\"webui_"
              "url\":\"http://w\",\"capabilities\":["
              "{\"type\":\"PARTITION_AWARE\"},{\"type\":\"TASK_KILLING_STATE\"},{\"type\":\"MULTI_ROLE\"},{"
              "\"type\":\"RESERVATION_REFINEMENT\"},"
              "{\"type\":\"GPU_RESOURCES\"}],\"roles\":[\"r1\",\"r2\"]},\"suppressed_roles\":[\"x1\"]}}");
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_TEARDOWN, .framework_id = fw},
              "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"TEARDOWN\"}");
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_DECLINE,
                                      .framework_id = fw,
                                      .items = two,
                                      .item_count = 2,
                                      .refuse_seconds = 300},
              "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"DECLINE\",\"decline\":{\"offer_ids\":[{"
              "\"value\":\"x1\"},{\"value\":\"x2\"}],\"filters\":{\"refuse_seconds\":300.0}}}");
  expect_call(
      (struct k8sm_call_args){
          .type = K8SM_CALL_DECLINE, .framework_id = fw, .items = two, .item_count = 1, .refuse_seconds = -1},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"DECLINE\",\"decline\":{\"offer_ids\":[{\"value\":"
      "\"x1\"}]}}");
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_REVIVE, .framework_id = fw},
              "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"REVIVE\",\"revive\":{}}");
  expect_call(
      (struct k8sm_call_args){.type = K8SM_CALL_SUPPRESS, .framework_id = fw, .items = two, .item_count = 2},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"SUPPRESS\",\"suppress\":{\"roles\":[\"x1\",\"x2\"]}}");
  expect_call(
      (struct k8sm_call_args){.type = K8SM_CALL_KILL, .framework_id = fw, .task_id = t, .grace_seconds = -1},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"KILL\",\"kill\":{\"task_id\":{\"value\":\"t\"}}}");
  expect_call(
      (struct k8sm_call_args){
          .type = K8SM_CALL_KILL, .framework_id = fw, .task_id = t, .agent_id = s, .grace_seconds = 2.5},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"KILL\",\"kill\":{\"task_id\":{\"value\":\"t\"},"
      "\"agent_id\":{\"value\":\"s\"},"
      "\"kill_policy\":{\"grace_period\":{\"nanoseconds\":2500000000}}}}");
  expect_call(
      (struct k8sm_call_args){
          .type = K8SM_CALL_SHUTDOWN, .framework_id = fw, .executor_id = t, .agent_id = s},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"SHUTDOWN\",\"shutdown\":{\"executor_id\":{\"value\":"
      "\"t\"},\"agent_id\":{\"value\":\"s\"}}}");
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_ACKNOWLEDGE,
                                      .framework_id = fw,
                                      .task_id = t,
                                      .agent_id = s,
                                      .uuid = {"\0\xff", 2}},
              "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"ACKNOWLEDGE\",\"acknowledge\":{\"agent_id\":{"
              "\"value\":\"s\"},\"task_id\":{\"value\":\"t\"},\"uuid\":\"AP8=\"}}");
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_RECONCILE, .framework_id = fw},
              "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"RECONCILE\",\"reconcile\":{}}");
  expect_call(
      (struct k8sm_call_args){
          .type = K8SM_CALL_RECONCILE, .framework_id = fw, .items = four, .item_count = 4},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"RECONCILE\",\"reconcile\":{\"tasks\":[{\"task_id\":{"
      "\"value\":\"t1\"},\"agent_id\":{\"value\":\"s1\"}},"
      "{\"task_id\":{\"value\":\"t2\"}}]}}");
}

/* In protobuf it is written without messages in memory: as they would be. */
static void acknowledgements_of_all_lengths(void **state) {
  enum { UUID_MAX = 300 }; /* longer than any id */
  char text[UUID_MAX];
  (void)state;
  memset(text, 'x', sizeof text);
  for (size_t n = 1; n <= K8SMI_ID_MAX; n++) {
    struct k8sm_call_args args = {.size = sizeof args,
                                  .type = K8SM_CALL_ACKNOWLEDGE,
                                  .framework_id = {text, n * 7 % K8SMI_ID_MAX + 1},
                                  .agent_id = {text, n * 3 % K8SMI_ID_MAX + 1},
                                  .task_id = {text, n},
                                  .uuid = {text, n * 11 % UUID_MAX + 1}};
    struct k8sm_blob *json, *converted, *quick;
    args.format = K8SM_FORMAT_JSON;
    assert_int_equal(k8sm_call_encode(&args, NULL, &json, NULL), K8SM_OK);
    struct k8sm_slice j = k8sm_blob_bytes(json);
    assert_int_equal(k8sm_message_convert(K8SM_MESSAGE_CALL, j.ptr, j.len, K8SM_FORMAT_JSON,
                                          K8SM_FORMAT_PROTOBUF, NULL, &converted, NULL),
                     K8SM_OK);
    args.format = K8SM_FORMAT_PROTOBUF;
    assert_int_equal(k8sm_call_encode(&args, NULL, &quick, NULL), K8SM_OK);
    assert_true(k8smi_eq(k8sm_blob_bytes(quick), k8sm_blob_bytes(converted)));
    k8sm_blob_unref(json);
    k8sm_blob_unref(converted);
    k8sm_blob_unref(quick);
  }
}

/* With what a master sends for them to answer: inverse offers, operations, offer constraints. */
static void the_rarer_calls_are_encoded(void **state) {
  (void)state;
  const struct k8sm_slice fw = K8SMI_S("fw"), t = K8SMI_S("t"), s = K8SMI_S("s"), o = K8SMI_S("o");
  const struct k8sm_slice six[] = {K8SMI_S("o1"), K8SMI_S("s1"), K8SMI_S("p1"),
                                   K8SMI_S("o2"), {NULL, 0},     {NULL, 0}};
  expect_call(
      (struct k8sm_call_args){
          .type = K8SM_CALL_MESSAGE, .framework_id = fw, .agent_id = s, .executor_id = t, .data = {"\0a", 2}},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"MESSAGE\",\"message\":{\"agent_id\":{\"value\":"
      "\"s\"},\"executor_id\":{\"value\":\"t\"},\"data\":\"AGE=\"}}");
  expect_call(
      (struct k8sm_call_args){.type = K8SM_CALL_ACCEPT_INVERSE_OFFERS,
                              .framework_id = fw,
                              .items = two,
                              .item_count = 2,
                              .refuse_seconds = -1},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"ACCEPT_INVERSE_OFFERS\",\"accept_inverse_offers\":"
      "{\"inverse_offer_ids\":[{\"value\":\"x1\"},{\"value\":\"x2\"}]}}");
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_DECLINE_INVERSE_OFFERS,
                                      .framework_id = fw,
                                      .items = two,
                                      .item_count = 1,
                                      .refuse_seconds = 5},
              "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"DECLINE_INVERSE_OFFERS\",\"decline_inverse_"
              "offers\":{\"inverse_offer_ids\":[{\"value\":\"x1\"}],\"filters\":{\"refuse_seconds\":5.0}}}");
  expect_call((struct k8sm_call_args){.type = K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS,
                                      .framework_id = fw,
                                      .agent_id = s,
                                      .resource_provider_id = t,
                                      .operation_id = o,
                                      .uuid = {"\1", 1}},
              "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"ACKNOWLEDGE_OPERATION_STATUS\",\"acknowledge_"
              "operation_status\":{\"agent_id\":{\"value\":\"s\"},\"resource_provider_id\":{\"value\":\"t\"},"
              "\"uuid\":\"AQ==\",\"operation_id\":{\"value\":\"o\"}}}");
  expect_call(
      (struct k8sm_call_args){.type = K8SM_CALL_RECONCILE_OPERATIONS, .framework_id = fw},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"RECONCILE_OPERATIONS\",\"reconcile_operations\":{}}");
  expect_call(
      (struct k8sm_call_args){
          .type = K8SM_CALL_RECONCILE_OPERATIONS, .framework_id = fw, .items = six, .item_count = 6},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"RECONCILE_OPERATIONS\",\"reconcile_operations\":{"
      "\"operations\":[{\"operation_id\":{\"value\":\"o1\"},\"agent_id\":{\"value\":\"s1\"},\"resource_"
      "provider_id\":{\"value\":\"p1\"}},{\"operation_id\":{\"value\":\"o2\"}}]}}");
}

/* The message of a JSON text, in protobuf. */
static struct k8sm_blob *message_of(const char *name, const char *json) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_message_convert(name, json, strlen(json), K8SM_FORMAT_JSON, K8SM_FORMAT_PROTOBUF,
                                        NULL, &blob, NULL),
                   K8SM_OK);
  return blob;
}

static void calls_with_messages_of_the_caller(void **state) {
  (void)state;
  const struct k8sm_slice fw = K8SMI_S("fw");
  struct k8sm_blob *constraints = message_of("mesos.v1.scheduler.OfferConstraints",
                                             "{\"role_constraints\":{\"*\":{\"groups\":[{\"attribute_"
                                             "constraints\":[{\"selector\":{\"attribute_name\":"
                                             "\"rack\"},\"predicate\":{\"exists\":{}}}]}]}}}");
  struct k8sm_blob *resource =
      message_of("mesos.v1.Resource", "{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1.5}}");
  const struct k8sm_slice wanted = k8sm_blob_bytes(resource);
  const char *roles[] = {"r"};
  const struct k8sm_framework framework = {.size = sizeof framework, .roles = roles, .role_count = 1};
  expect_call(
      (struct k8sm_call_args){.type = K8SM_CALL_UPDATE_FRAMEWORK,
                              .framework = &framework,
                              .framework_id = fw,
                              .suppressed = two,
                              .suppressed_count = 1,
                              .offer_constraints = k8sm_blob_bytes(constraints)},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"UPDATE_FRAMEWORK\",\"update_framework\":{"
      "\"framework_info\":{\"user\":\"root\",\"name\":\"Kubernetes\",\"id\":{\"value\":\"fw\"},"
      "\"failover_timeout\":2419200.0,\"checkpoint\":true,\"capabilities\":[{\"type\":\"PARTITION_AWARE\"},"
      "{\"type\":\"TASK_KILLING_STATE\"},{\"type\":\"MULTI_ROLE\"},{\"type\":\"RESERVATION_REFINEMENT\"}],"
      "\"roles\":[\"r\"]},\"suppressed_roles\":[\"x1\"],\"offer_constraints\":{\"role_constraints\":{\"*\":{"
      "\"groups\":[{\"attribute_constraints\":[{\"selector\":{\"attribute_name\":\"rack\"},\"predicate\":{"
      "\"exists\":{}}}]}]}}}}}");
  expect_call(
      (struct k8sm_call_args){
          .type = K8SM_CALL_REQUEST, .framework_id = fw, .items = &wanted, .item_count = 1},
      "{\"framework_id\":{\"value\":\"fw\"},\"type\":\"REQUEST\",\"request\":{\"requests\":[{"
      "\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1.5}}]}]}}");
  k8sm_blob_unref(constraints);
  k8sm_blob_unref(resource);
}

static void calls_that_miss_something(void **state) {
  (void)state;
  const struct k8sm_slice fw = K8SMI_S("fw"), t = K8SMI_S("t"), s = K8SMI_S("s"), bad = K8SMI_S("a/b");
  const char *roles[] = {"", "r"};
  const struct k8sm_framework negative = {.size = sizeof negative, .failover_timeout_seconds = -1},
                              unnamed = {.size = sizeof unnamed, .name = ""},
                              no_role = {.size = sizeof no_role, .roles = roles, .role_count = 2};
  const struct {
    struct k8sm_call_args args;
    const char *path;
  } wrong[] = {
      {{.type = 0}, "type"},
      {{.type = 17}, "type"},
      {{.type = K8SM_CALL_SUBSCRIBE, .format = K8SM_FORMAT_YAML}, "format"},
      {{.type = K8SM_CALL_SUBSCRIBE, .framework_id = bad}, "framework_id"},
      {{.type = K8SM_CALL_SUBSCRIBE, .framework = &negative}, "framework.failover_timeout_seconds"},
      {{.type = K8SM_CALL_SUBSCRIBE, .framework = &unnamed}, "framework.name"},
      {{.type = K8SM_CALL_SUBSCRIBE, .framework = &no_role}, "framework.roles"},
      {{.type = K8SM_CALL_TEARDOWN}, "framework_id"},
      {{.type = K8SM_CALL_DECLINE, .framework_id = fw}, "items"},
      {{.type = K8SM_CALL_DECLINE, .framework_id = fw, .items = four, .item_count = 4}, "items"},
      {{.type = K8SM_CALL_DECLINE, .framework_id = fw, .items = two, .item_count = 1, .refuse_seconds = NAN},
       "refuse_seconds"},
      {{.type = K8SM_CALL_KILL, .framework_id = fw}, "task_id"},
      {{.type = K8SM_CALL_KILL, .framework_id = fw, .task_id = bad}, "task_id"},
      {{.type = K8SM_CALL_KILL, .framework_id = fw, .task_id = t, .grace_seconds = 1e10}, "grace_seconds"},
      {{.type = K8SM_CALL_SHUTDOWN, .framework_id = fw, .agent_id = s}, "executor_id"},
      {{.type = K8SM_CALL_SHUTDOWN, .framework_id = fw, .executor_id = t}, "agent_id"},
      {{.type = K8SM_CALL_ACKNOWLEDGE, .framework_id = fw, .task_id = t, .agent_id = s}, "uuid"},
      {{.type = K8SM_CALL_RECONCILE, .framework_id = fw, .items = four, .item_count = 3}, "items"},
      {{.type = K8SM_CALL_MESSAGE, .framework_id = fw, .agent_id = s}, "executor_id"},
      {{.type = K8SM_CALL_MESSAGE, .framework_id = fw, .executor_id = t}, "agent_id"},
      {{.type = K8SM_CALL_REQUEST, .framework_id = fw, .items = &t, .item_count = 1}, "items"},
      {{.type = K8SM_CALL_ACCEPT_INVERSE_OFFERS, .framework_id = fw}, "items"},
      {{.type = K8SM_CALL_DECLINE_INVERSE_OFFERS, .framework_id = fw}, "items"},
      {{.type = K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS, .framework_id = fw, .agent_id = s, .uuid = t},
       "operation_id"},
      {{.type = K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS, .framework_id = fw, .operation_id = t, .uuid = t},
       "agent_id"},
      {{.type = K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS, .framework_id = fw, .operation_id = t, .agent_id = s},
       "uuid"},
      {{.type = K8SM_CALL_RECONCILE_OPERATIONS, .framework_id = fw, .items = four, .item_count = 4}, "items"},
      {{.type = K8SM_CALL_UPDATE_FRAMEWORK}, "framework_id"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct k8sm_diag rows[4];
    char texts[512];
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, texts);
    struct k8sm_blob *blob = NULL;
    int r = encode(wrong[i].args, &blob, &diags);
    if (r != K8SM_ERR_INVALID || diags.count == 0 || strcmp(texts + rows[0].path, wrong[i].path) != 0) {
      fail_msg("case %zu: %d, %zu findings, %s: %s", i, r, diags.count, texts + rows[0].path,
               texts + rows[0].message);
    }
    assert_null(blob);
  }
  struct {
    struct k8sm_call_args args;
    uint64_t more;
  } newer = {{.size = sizeof newer, .type = K8SM_CALL_SUBSCRIBE}, 1};
  struct k8sm_blob *blob;
  assert_int_equal(k8sm_call_encode(&newer.args, NULL, &blob, NULL), K8SM_ERR_ABI);
}

static void allocations_that_fail(void **state) {
  (void)state;
  const char *roles[] = {"r1", "r2"};
  const struct k8sm_framework framework = {
      sizeof framework, "n", "u", "p", "h", "http://w", roles, 2, 60.5, 1, 1};
  const struct k8sm_call_args calls[] = {{.size = sizeof calls[0],
                                          .type = K8SM_CALL_SUBSCRIBE,
                                          .framework = &framework,
                                          .framework_id = K8SMI_S("fw")},
                                         {.size = sizeof calls[0],
                                          .type = K8SM_CALL_RECONCILE,
                                          .framework_id = K8SMI_S("fw"),
                                          .items = four,
                                          .item_count = 4}};
  for (size_t i = 0; i < 2; i++) {
    int r = K8SM_ERR_NOMEM;
    for (size_t n = 1; r != K8SM_OK; n++) {
      struct failing failing;
      struct k8sm_blob *blob = NULL, *converted = NULL;
      failing_init(&failing, n);
      r = k8sm_call_encode(&calls[i], &failing.allocator, &blob, NULL);
      if (r == K8SM_OK) {
        struct k8sm_slice bytes = k8sm_blob_bytes(blob);
        r = k8sm_message_convert(K8SM_MESSAGE_CALL, bytes.ptr, bytes.len, K8SM_FORMAT_PROTOBUF,
                                 K8SM_FORMAT_JSON, &failing.allocator, &converted, NULL);
      }
      assert_int_equal(r, failing.calls >= n ? K8SM_ERR_NOMEM : K8SM_OK);
      k8sm_blob_unref(converted);
      k8sm_blob_unref(blob);
      assert_int_equal(failing.held, 0);
    }
  }
}

static void converting(void **state) {
  (void)state;
  struct k8sm_blob *blob = NULL;
  const char *json = " {\"type\": \"HEARTBEAT\", \"new\": 1}";
  assert_int_equal(k8sm_message_convert(K8SM_MESSAGE_EVENT, json, strlen(json), K8SM_FORMAT_JSON,
                                        K8SM_FORMAT_JSON, NULL, &blob, NULL),
                   K8SM_OK);
  assert_string_equal(k8sm_blob_bytes(blob).ptr, "{\"type\":\"HEARTBEAT\",\"new\":1}");
  k8sm_blob_unref(blob);
  blob = NULL;
  assert_int_equal(k8sm_message_convert("mesos.v1.Nothing", json, strlen(json), 1, 1, NULL, &blob, NULL),
                   K8SM_ERR_NOT_FOUND);
  assert_int_equal(
      k8sm_message_convert(K8SM_MESSAGE_EVENT, json, strlen(json), 1, K8SM_FORMAT_YAML, NULL, &blob, NULL),
      K8SM_ERR_UNSUPPORTED);
  assert_int_equal(
      k8sm_message_convert(K8SM_MESSAGE_EVENT, json, strlen(json), K8SM_FORMAT_YAML, 1, NULL, &blob, NULL),
      K8SM_ERR_UNSUPPORTED);
  assert_int_equal(k8sm_message_convert(K8SM_MESSAGE_EVENT, json, 5, 1, 1, NULL, &blob, NULL),
                   K8SM_ERR_SYNTAX);
  assert_null(blob);
}

static void types_of_events(void **state) {
  (void)state;
  const char *type = NULL;
  assert_int_equal(k8sm_event_type("\x08\x08", 2, K8SM_FORMAT_PROTOBUF, &type), K8SM_OK);
  assert_string_equal(type, "HEARTBEAT");
  assert_int_equal(k8sm_event_type("{\"type\":\"OFFERS\"}", 17, K8SM_FORMAT_AUTO, &type), K8SM_OK);
  assert_string_equal(type, "OFFERS");
  assert_int_equal(k8sm_event_type("\x08\x63", 2, K8SM_FORMAT_PROTOBUF, &type), K8SM_OK);
  assert_string_equal(type, "UNKNOWN");
  type = NULL;
  assert_int_equal(k8sm_event_type("\x08", 1, K8SM_FORMAT_PROTOBUF, &type), K8SM_ERR_SYNTAX);
  assert_null(type);
}

static void expect_messages(const char *bytes, size_t len, const char *const *want, size_t n, uint32_t format,
                            int end) {
  size_t offset = 0, seen = 0;
  struct k8sm_slice message;
  uint32_t got;
  int r;
  while ((r = k8sm_message_next(bytes, len, &offset, &message, &got, NULL)) == K8SM_OK) {
    assert_in_range(seen, 0, n - 1);
    assert_true(k8smi_eqs(message, want[seen]));
    assert_int_equal(got, format);
    seen++;
  }
  assert_int_equal(r, end);
  assert_int_equal(seen, n);
}

static void messages_of_a_file(void **state) {
  (void)state;
  const char *json[] = {"{\"a\":1}", "{\"b\":\"}\"}"}, *protobuf[] = {"\x08\x08", "\x08\x02"},
             *pretty[] = {"{\n \"a\":\n 1}"};
  expect_messages("{\"a\":1}\n{\"b\":\"}\"}\n", 18, json, 2, K8SM_FORMAT_JSON, K8SM_ERR_NOT_FOUND);
  expect_messages("7\n{\"a\":1}9\n{\"b\":\"}\"}", 20, json, 2, K8SM_FORMAT_JSON, K8SM_ERR_NOT_FOUND);
  expect_messages("7\n{\"a\":1}\n9\n{\"b\":\"}\"}\n", 22, json, 2, K8SM_FORMAT_JSON, K8SM_ERR_NOT_FOUND);
  expect_messages("2\n\x08\x08"
                  "2\n\x08\x02",
                  8, protobuf, 2, K8SM_FORMAT_PROTOBUF, K8SM_ERR_NOT_FOUND);
  expect_messages("\x08\x08", 2, protobuf, 1, K8SM_FORMAT_PROTOBUF, K8SM_ERR_NOT_FOUND);
  expect_messages(" {\n \"a\":\n 1} ", 13, pretty, 1, K8SM_FORMAT_JSON, K8SM_ERR_NOT_FOUND);
  expect_messages("{\"a\":1} x", 9, json, 1, K8SM_FORMAT_JSON, K8SM_ERR_SYNTAX);
  expect_messages("{\"a\":1} {", 9, json, 1, K8SM_FORMAT_JSON, K8SM_ERR_SYNTAX);
  expect_messages("7\n{\"a\":1}9\n{", 12, json, 1, K8SM_FORMAT_JSON, K8SM_ERR_SYNTAX);
  expect_messages("", 0, NULL, 0, 0, K8SM_ERR_NOT_FOUND);
  expect_messages(" \n", 2, NULL, 0, 0, K8SM_ERR_NOT_FOUND);
  expect_messages("0\n", 2, NULL, 0, 0, K8SM_ERR_SYNTAX);
}

/* The ids of operations both ways, and those that are none of ours. */
static void operations_are_named(void **state) {
  static const char *const NAMES[] = {"RESERVE", "CREATE", "DESTROY", "UNRESERVE"};
  static const char *const IDS[] = {"k8sm.reserve.x", "k8sm.create.x", "k8sm.destroy.x", "k8sm.unreserve.x"};
  static const char *const OTHERS[] = {
      "", "x", "k8sm.", "k8sm.create", "k8sm.create.", "k8sm.grow.x", "K8sm.create.x"};
  char text[K8SMI_ID_MAX + 1], of[K8SMI_ID_MAX + 1];
  struct k8sm_slice got;
  (void)state;
  memset(of, 'o', sizeof of);
  for (unsigned i = 0; i < K8SMI_OPERATIONS; i++) {
    const enum k8smi_operation what = (enum k8smi_operation)i;
    struct k8sm_slice id = k8smi_operation_id(what, K8SMI_S("x"), text);
    assert_true(k8smi_eqs(id, IDS[i]) && strcmp(text, IDS[i]) == 0);
    assert_int_equal(k8smi_operation_parse(id, &got), what);
    assert_true(k8smi_eqs(got, "x"));
    assert_string_equal(k8smi_operation_name(what), NAMES[i]);
    size_t most = K8SMI_ID_MAX - strlen(IDS[i]) + 1;
    assert_int_equal(k8smi_operation_id(what, (struct k8sm_slice){of, most}, text).len, K8SMI_ID_MAX);
    assert_int_equal(k8smi_operation_id(what, (struct k8sm_slice){of, most + 1}, text).len, 0);
    assert_int_equal(k8smi_operation_id(what, K8SMI_S(""), text).len, 0);
  }
  for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
    assert_int_equal(k8smi_operation_parse(k8smi_s(OTHERS[i]), &got), K8SMI_OPERATIONS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ids_of_mesos),
      cmocka_unit_test(operations_are_named),
      cmocka_unit_test(task_ids_both_ways),
      cmocka_unit_test(foreign_ids_are_not_ours),
      cmocka_unit_test(ids_that_mesos_refuses_are_not_made),
      cmocka_unit_test(every_call_is_encoded),
      cmocka_unit_test(acknowledgements_of_all_lengths),
      cmocka_unit_test(the_rarer_calls_are_encoded),
      cmocka_unit_test(calls_with_messages_of_the_caller),
      cmocka_unit_test(calls_that_miss_something),
      cmocka_unit_test(allocations_that_fail),
      cmocka_unit_test(converting),
      cmocka_unit_test(types_of_events),
      cmocka_unit_test(messages_of_a_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
