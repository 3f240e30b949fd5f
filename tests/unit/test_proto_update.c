/* SPDX-License-Identifier: Apache-2.0 */
/* An UPDATE is read by a table of what masters say in it, where that is all there is. What is read so must be
 * what the general way gives, to the last bit; and what is not must be left as it was. */
#include "wire/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define UPDATE(more) "{\"type\":\"UPDATE\",\"update\":{\"status\":{" more "}}}"
#define TASK         "\"task_id\":{\"value\":\"0f6b8a52-9d1c-4e57-8a3e-000000000001.0.nginx.0.x\"},"
#define STATE        "\"state\":\"TASK_RUNNING\""

/* With all that is in the table. */
static const char whole[] = UPDATE(
    TASK STATE
    ",\"message\":\"two words that are longer than sixty-four bytes, so that they are copied in another "
    "way\","
    "\"agent_id\":{\"value\":\"S1\"},\"timestamp\":1788000000.5,\"executor_id\":{\"value\":\"e\"},"
    "\"healthy\":false,\"source\":\"SOURCE_EXECUTOR\",\"reason\":\"REASON_TASK_HEALTH_CHECK_STATUS_UPDATED\","
    "\"uuid\":\"AAECAwQFBgcICQoLDA0ODw==\",\"container_status\":{\"container_id\":{\"value\":\"c\","
    "\"parent\":"
    "{\"value\":\"p\"}},\"executor_pid\":4711,\"network_infos\":[{\"name\":\"n\",\"ip_addresses\":[{"
    "\"protocol\":\"IPv6\",\"ip_address\":\"fd00::1\"}]}]},\"labels\":{\"labels\":[{\"key\":\"k\"}]}");

struct update_case {
  struct k8smi_arena arena;
  struct k8smi_buf event; /* in protobuf */
};

static void case_begin(struct update_case *c, const char *json) {
  ProtobufCMessage *message;
  assert_true(k8smi_arena_init(&c->arena, NULL, 0));
  assert_true(k8smi_buf_init(&c->event, NULL));
  assert_int_equal(k8smi_message_decode_json(&c->arena, &k8sm_mesos__event__descriptor, json, strlen(json),
                                             &message, NULL),
                   K8SM_OK);
  k8smi_message_encode(&c->event, message);
  assert_false(c->event.failed);
}

static void case_end(struct update_case *c) {
  k8smi_buf_free(&c->event);
  k8smi_arena_free(&c->arena);
}

/* Whether the bytes are read by the table; if so, the general way agrees. If not, the arena is as it was. */
static bool agrees(const char *bytes, size_t len) {
  struct k8smi_arena quick, slow;
  struct k8smi_buf a, b;
  ProtobufCMessage *general = NULL;
  char *exact = malloc(len == 0 ? 1 : len); /* sanitizers see who reads beyond its end */
  assert_non_null(exact);
  if (len > 0) memcpy(exact, bytes, len);
  assert_true(k8smi_arena_init(&quick, NULL, 0) && k8smi_arena_init(&slow, NULL, 0));
  assert_true(k8smi_buf_init(&a, NULL) && k8smi_buf_init(&b, NULL));
  const ProtobufCMessage *update = k8smi_proto_update(&quick, exact, len);
  int r = k8smi_message_decode(&slow, &k8sm_mesos__event__descriptor, exact, len, &general, NULL);
  if (update != NULL) {
    assert_int_equal(r, K8SM_OK);
    k8smi_message_encode(&a, update);
    k8smi_message_encode(&b, general);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr, b.ptr, a.len);
  } else {
    assert_null(quick.chunks);
  }
  k8smi_buf_free(&a), k8smi_buf_free(&b);
  k8smi_arena_free(&quick), k8smi_arena_free(&slow);
  free(exact);
  return update != NULL;
}

static bool reads(const char *json) {
  struct update_case c;
  case_begin(&c, json);
  const bool read = agrees(c.event.ptr, c.event.len);
  case_end(&c);
  return read;
}

static void what_masters_say_is_read(void **state) {
  (void)state;
  assert_true(reads(whole));
  assert_true(reads(UPDATE(TASK STATE)));
  assert_true(reads(UPDATE(TASK STATE ",\"message\":\"\",\"uuid\":\"\",\"container_status\":{}")));
  assert_true(reads(UPDATE(TASK STATE ",\"message\":\"\xc3\xa9\xe2\x82\xac\"")));
  assert_true(reads(UPDATE(TASK STATE ",\"healthy\":true,\"container_status\":{\"network_infos\":[{}]}")));
  assert_true(reads(UPDATE(TASK STATE ",\"data\":\"AAAA\"")));
  assert_true(reads(UPDATE(TASK STATE ",\"labels\":{\"labels\":[{\"key\":\"k\"}]}")));
  assert_true(reads(UPDATE(TASK STATE ",\"check_status\":{\"type\":\"TCP\",\"tcp\":{\"succeeded\":true}}")));
  assert_true(reads(UPDATE(TASK STATE ",\"container_status\":{\"cgroup_info\":{}}")));
  assert_true(reads("{\"update\":{\"status\":{" TASK STATE "}}}")); /* the type goes without saying */
}

static void the_rest_is_left(void **state) {
  static const char *const others[] = {
      "{\"type\":\"HEARTBEAT\"}",
      "{\"type\":\"RESCIND\",\"rescind\":{\"offer_id\":{\"value\":\"o\"}}}",
      "{\"type\":\"UPDATE\",\"update\":{\"status\":{" TASK STATE "}},\"error\":{\"message\":\"e\"}}",
      UPDATE(TASK STATE ",\"limitation\":{}"),
      UPDATE(TASK STATE ",\"unreachable_time\":{\"nanoseconds\":1}"),
      UPDATE(TASK STATE ",\"container_status\":{\"network_infos\":[{},{}]}"),
      UPDATE(TASK STATE ",\"container_status\":{\"network_infos\":[{\"ip_addresses\":[{},{}]}]}"),
      UPDATE(TASK STATE ",\"container_status\":{\"network_infos\":[{\"groups\":[\"g\"]}]}"),
  };
  (void)state;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) assert_false(reads(others[i]));
  assert_false(agrees("", 0));
}

/* What a text is, what comes twice, what is missing: bytes that no JSON gives. */
static void odd_bytes_are_left(void **state) {
  static const struct {
    const char *bytes;
    size_t len;
  } odd[] = {
#define ODD(text) {text, sizeof(text) - 1}
      ODD("\x2a\x08\x0a\x06\x0a\x02\x0a\x00\x10\x01\x28\x00"),     /* a number where a message is due */
      ODD("\x2a\x06\x0a\x04\x0a\x02\x0a\x00"),                     /* no state */
      ODD("\x2a\x04\x0a\x02\x10\x01"),                             /* no task_id */
      ODD("\x2a\x06\x0a\x04\x0a\x00\x10\x01"),                     /* a task_id without a value */
      ODD("\x2a\x09\x0a\x07\x0a\x03\x0a\x01\xff\x10\x01"),         /* not UTF-8 */
      ODD("\x2a\x09\x0a\x07\x0a\x03\x0a\x01\x00\x10\x01"),         /* a NUL */
      ODD("\x2a\x0a\x0a\x08\x0a\x02\x0a\x00\x10\x01\x10\x02"),     /* two states */
      ODD("\x2a\x00\x2a\x08\x0a\x06\x0a\x02\x0a\x00\x10\x01"),     /* two updates */
      ODD("\x2a\x0b\x0a\x09\x0a\x02\x0a\x00\x10\x01\x82\x01\x00"), /* the number of a tag takes two bytes */
#undef ODD
  };
  (void)state;
  for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) assert_false(agrees(odd[i].bytes, odd[i].len));
  assert_true(agrees("\x2a\x08\x0a\x06\x0a\x02\x0a\x00\x10\x01", 10));
  assert_true(
      agrees("\x2a\x11\x0a\x0f\x0a\x02\x0a\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 19)); /* -1 */
}

/* Containers in containers: the stack does not grow with what a master sends. */
static void depth_is_bounded(void **state) {
  char json[2048];
  (void)state;
  for (size_t depth = 1; depth < 20; depth++) {
    size_t len = 0;
    len += (size_t)snprintf(json + len, sizeof json - len,
                            "{\"type\":\"UPDATE\",\"update\":{\"status\":{" TASK STATE
                            ",\"container_status\":{\"container_id\":");
    for (size_t i = 0; i < depth; i++)
      len += (size_t)snprintf(json + len, sizeof json - len, "{\"value\":\"c\"%s",
                              i + 1 < depth ? ",\"parent\":" : "");
    for (size_t i = 0; i < depth + 4; i++) len += (size_t)snprintf(json + len, sizeof json - len, "}");
    assert_int_equal(reads(json), depth <= 4);
  }
}

/* What is told of an update before it is read. */
static void the_task_is_known_before(void **state) {
  struct update_case c;
  struct k8sm_slice id;
  (void)state;
  case_begin(&c, whole);
  id = k8smi_update_peek((struct k8sm_slice){c.event.ptr, c.event.len});
  assert_true(k8smi_eqs(id, "0f6b8a52-9d1c-4e57-8a3e-000000000001.0.nginx.0.x"));
  for (size_t n = 0; n < c.event.len; n++) {
    char *exact = malloc(n == 0 ? 1 : n);
    assert_non_null(exact);
    if (n > 0) memcpy(exact, c.event.ptr, n);
    assert_int_equal(k8smi_update_peek((struct k8sm_slice){exact, n}).len, 0); /* its end is missing */
    free(exact);
  }
  case_end(&c);
  id = k8smi_update_peek(K8SMI_S("\x2a\x07\x0a\x05\x0a\x03\x0a\x01x"));
  assert_true(k8smi_eqs(id, "x")); /* the type goes without saying */
  assert_int_equal(k8smi_update_peek(K8SMI_S("{\"type\":\"UPDATE\"}")).len, 0);
  assert_int_equal(k8smi_update_peek(K8SMI_S("\x08\x08")).len, 0); /* HEARTBEAT */
  assert_int_equal(k8smi_update_peek(K8SMI_S("\x2a\x07\x0a\x05\x10\x01\x0a\x01x")).len,
                   0); /* another order */
}

/* Each byte is another one, or is missing, or the event ends before it. */
static void broken_ones_are_read_alike(void **state) {
  static const unsigned char other[] = {0x00, 0x01, 0x08, 0x0a, 0x12, 0x7f, 0x80, 0xff};
  struct update_case c;
  size_t read = 0;
  (void)state;
  case_begin(&c, whole);
  for (size_t i = 0; i < c.event.len; i++) {
    const char was = c.event.ptr[i];
    agrees(c.event.ptr, i);
    for (size_t k = 0; k < sizeof other; k++) {
      c.event.ptr[i] = (char)other[k];
      read += agrees(c.event.ptr, c.event.len);
    }
    for (int bit = 0; bit < 8; bit++) {
      c.event.ptr[i] = (char)(was ^ 1 << bit);
      read += agrees(c.event.ptr, c.event.len);
    }
    c.event.ptr[i] = was;
  }
  assert_true(read > 100); /* letters of texts, and numbers */
  case_end(&c);
}

/* Where memory runs out the general way says so. */
static void limits_hold(void **state) {
  struct update_case c;
  struct k8smi_arena arena;
  ProtobufCMessage *message;
  char text[256] = "";
  struct k8sm_diag rows[1];
  (void)state;
  case_begin(&c, whole);
  for (size_t limit = 1; limit < 4096; limit += 7) {
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
    assert_true(k8smi_arena_init(&arena, NULL, limit));
    const bool fits = k8smi_proto_update(&arena, c.event.ptr, c.event.len) != NULL;
    if (!fits) assert_null(arena.chunks);
    k8smi_arena_free(&arena);
    assert_true(k8smi_arena_init(&arena, NULL, limit));
    int r = k8smi_message_decode_shared(&arena, &k8sm_mesos__event__descriptor, c.event.ptr, c.event.len,
                                        &message, &diags);
    if (fits) assert_int_equal(r, K8SM_OK);
    if (r != K8SM_OK) assert_int_equal(r, K8SM_ERR_LIMIT);
    assert_int_equal(diags.count, r != K8SM_OK);
    k8smi_arena_free(&arena);
  }
  case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_masters_say_is_read),
      cmocka_unit_test(the_rest_is_left),
      cmocka_unit_test(odd_bytes_are_left),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(the_task_is_known_before),
      cmocka_unit_test(broken_ones_are_read_alike),
      cmocka_unit_test(limits_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
