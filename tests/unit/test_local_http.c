/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "support/local_client.h"

#include <string.h>

/* What the embedded Mesos answers to requests that are wrong, in a master's words. */

static const char RESOURCES[] = "cpus:4;mem:4096;disk:10000";
static const char JSON[] = "application/json";
static const char PROTOBUF[] = "application/x-protobuf";
static const char SCHEDULER[] = "/api/v1/scheduler";

static int set_up(void **state) {
  static struct client c;
  client_init(&c, client_local(RESOURCES, 1), K8SM_FORMAT_JSON);
  assert_int_equal(client_subscribe(&c, ",\"roles\":[\"*\"],\"failover_timeout\":60"), 200);
  *state = &c;
  return 0;
}

static int tear_down(void **state) {
  struct client *c = *state;
  k8smi_local_free(c->local);
  client_free(c);
  return 0;
}

static void expect(struct client *c, uint32_t status, const char *body) {
  assert_string_equal(c->body, body);
  assert_int_equal(c->status, status);
}

static void media_types_and_methods(void **state) {
  struct client *c = *state;
  const struct k8sm_slice body = K8SMI_S("{}");
  client_send(c, "GET", SCHEDULER, JSON, JSON, NULL, body);
  expect(c, 405, "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'.");
  client_send(c, "POST", SCHEDULER, NULL, JSON, NULL, body);
  expect(c, 400, "Expecting 'Content-Type' to be present");
  client_send(c, "POST", SCHEDULER, "text/plain", JSON, NULL, body);
  expect(c, 415, "Expecting 'Content-Type' of application/json or application/x-protobuf");
  client_send(c, "POST", SCHEDULER, PROTOBUF, JSON, NULL, K8SMI_S("\x0a\xff"));
  expect(c, 400, "Failed to parse body into Call protobuf");
  client_send(c, "POST", SCHEDULER, JSON, JSON, NULL, K8SMI_S("{"));
  assert_int_equal(c->status, 400);
  assert_memory_equal(c->body, "Failed to parse body into JSON: ", 32);
  client_send(c, "POST", SCHEDULER, JSON, JSON, NULL, K8SMI_S("{\"type\":5.5}"));
  assert_int_equal(c->status, 400);
  assert_memory_equal(c->body, "Failed to convert JSON into Call protobuf: ", 43);
  client_send(c, "POST", "/nowhere", JSON, JSON, NULL, body);
  expect(c, 404, "404 Not Found.");
}

static void subscribe_wants_a_type_that_it_can_give(void **state) {
  struct client *c = *state;
  const struct k8sm_slice body =
      K8SMI_S("{\"type\":\"SUBSCRIBE\",\"subscribe\":{\"framework_info\":{\"user\":\"u\",\"name\":\"n\"}}}");
  client_send(c, "POST", SCHEDULER, JSON, "text/html", NULL, body);
  expect(c, 406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
  client_send(c, "POST", SCHEDULER, JSON, JSON, "a-stream-id", body);
  expect(c, 400, "Subscribe calls should not include the 'Mesos-Stream-Id' header");
  client_send(c, "POST", SCHEDULER, JSON, "text/html, application/x-protobuf;q=0.5, application/json;q=0",
              NULL, body);
  assert_int_equal(c->status, 200);
  assert_string_equal(c->content_type, PROTOBUF);
}

static void calls_lack_something(void **state) {
  static const struct {
    const char *body, *answer;
  } CASES[] = {
      {"{}", "Failed to validate scheduler::Call: Expecting 'type' to be present"},
      {"{\"type\":\"REVIVE\"}", "Failed to validate scheduler::Call: Expecting 'framework_id' to be present"},
      {"{\"type\":\"SUBSCRIBE\"}", "Failed to validate scheduler::Call: Expecting 'subscribe' to be present"},
      {"{\"type\":\"ACCEPT\",\"framework_id\":{\"value\":\"f\"}}",
       "Failed to validate scheduler::Call: Expecting 'accept' to be present"},
      {"{\"type\":\"RECONCILE\",\"framework_id\":{\"value\":\"f\"}}",
       "Failed to validate scheduler::Call: Expecting 'reconcile' to be present"},
      {"{\"type\":\"ACKNOWLEDGE\",\"framework_id\":{\"value\":\"f\"},\"acknowledge\":{\"agent_id\":{"
       "\"value\":\"a\"},"
       "\"task_id\":{\"value\":\"t\"},\"uuid\":\"AAAA\"}}",
       "Failed to validate scheduler::Call: Not a valid UUID"},
      {"{\"type\":\"ACKNOWLEDGE_OPERATION_STATUS\",\"framework_id\":{\"value\":\"f\"},"
       "\"acknowledge_operation_status\":{\"operation_id\":{\"value\":\"o\"},\"uuid\":\"AAAA\"}}",
       "Failed to validate scheduler::Call: Not a valid UUID"},
      {"{\"type\":\"ACKNOWLEDGE_OPERATION_STATUS\",\"framework_id\":{\"value\":\"f\"},"
       "\"acknowledge_operation_status\":{\"operation_id\":{\"value\":\"o\"},"
       "\"uuid\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}}",
       "Failed to validate scheduler::Call: Expecting 'agent_id' to be present"},
      {"{\"type\":\"REVIVE\",\"framework_id\":{\"value\":\"no-such\"}}", "Framework cannot be found"},
      {"{\"type\":\"SUBSCRIBE\",\"framework_id\":{\"value\":\"f\"},\"subscribe\":{\"framework_info\":{"
       "\"user\":\"u\","
       "\"name\":\"n\"}}}",
       "Failed to validate scheduler::Call: 'framework_id' differs from 'subscribe.framework_info.id'"},
  };
  struct client *c = *state;
  for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
    client_send(c, "POST", SCHEDULER, JSON, JSON, c->stream_id, k8smi_s(CASES[i].body));
    expect(c, 400, CASES[i].answer);
  }
}

static void calls_need_the_stream_id(void **state) {
  struct client *c = *state;
  K8smMesos__FrameworkID id = K8SM_MESOS__FRAMEWORK_ID__INIT;
  K8smMesos__Call call = K8SM_MESOS__CALL__INIT;
  id.value = c->framework_id;
  call.framework_id = &id;
  call.has_type = 1;
  call.type = K8SM_MESOS__CALL__TYPE__REVIVE;
  client_call_as(c, &call, NULL);
  expect(c, 400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  client_call_as(c, &call, "other");
  assert_int_equal(c->status, 400);
  assert_non_null(
      strstr(c->body, "The stream ID 'other' included in this request didn't match the stream ID"));
  client_call_as(c, &call, c->stream_id);
  expect(c, 202, "");
  k8smi_local_gone(c->local, c->stream, *c->clock);
  client_call_as(c, &call, c->stream_id);
  expect(c, 403, "Framework is not subscribed");
}

static void other_paths(void **state) {
  struct client *c = *state;
  client_send(c, "GET", "/health", NULL, NULL, NULL, K8SMI_S(""));
  expect(c, 200, "");
  client_send(c, "GET", "/version", NULL, NULL, NULL, K8SMI_S(""));
  expect(c, 200, "{\"version\":\"1.12.0\"}");
  client_send(c, "GET", "/redirect", NULL, NULL, NULL, K8SMI_S(""));
  expect(c, 307, "");
  assert_string_equal(c->location, "//127.0.0.1:5050");
}

static void an_unknown_type_is_not_implemented(void **state) {
  struct client *c = *state;
  assert_int_equal(client_call(c, "{\"type\":\"UNKNOWN\",\"framework_id\":{\"value\":\"%F\"}}"), 501);
}

static void options_are_checked(void **state) {
  (void)state;
  struct k8sm_diag rows[4];
  char text[512];
  struct k8smi_local *local = NULL;
  static const char *const BAD[][2] = {
      {"cpus", NULL},
      {"cpus:x", NULL},
      {"cpus:1;;", NULL},
      {"ports:[5-1]", NULL},
      {"cpus:-1", NULL},
      {"", "rack"},
      {"", "r:[1-]"},
      {"cpus(:1", NULL},
      {"cpus():1", NULL},
      {"p:[1-2", NULL},
      {"", "s:{a,}"},
      {"cpus:1,2", NULL},
      {"ports:[1-2,,3-4]", NULL},
  };
  for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
    struct k8smi_local_agent agent = {.resources = BAD[i][0], .attributes = BAD[i][1]};
    struct k8smi_local_options options = {.size = sizeof(options), .agents = &agent, .agent_count = 1};
    assert_int_equal(k8smi_local_new(&options, &local, &diags), K8SM_ERR_SYNTAX);
    assert_null(local);
    assert_int_equal(diags.count, 1);
  }
  assert_int_equal(k8smi_local_new(NULL, &local, NULL), K8SM_OK); /* a master without agents */
  k8smi_local_free(local);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(media_types_and_methods, set_up, tear_down),
      cmocka_unit_test_setup_teardown(subscribe_wants_a_type_that_it_can_give, set_up, tear_down),
      cmocka_unit_test_setup_teardown(calls_lack_something, set_up, tear_down),
      cmocka_unit_test_setup_teardown(calls_need_the_stream_id, set_up, tear_down),
      cmocka_unit_test_setup_teardown(other_paths, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_unknown_type_is_not_implemented, set_up, tear_down),
      cmocka_unit_test(options_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
