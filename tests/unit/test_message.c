/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/mesos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/failing.h"
#include "support/random_message.h"

/* A sink, an arena and a buffer for one case. */
struct bench {
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  struct k8sm_diag rows[8];
  char texts[1024];
  struct k8sm_diags diags;
};

static void bench_begin(struct bench *b) {
  assert_true(k8smi_arena_init(&b->arena, NULL, 0));
  assert_true(k8smi_buf_init(&b->buf, NULL));
  b->diags = (struct k8sm_diags)K8SM_DIAGS_INIT(b->rows, b->texts);
}

static void bench_end(struct bench *b) {
  k8smi_buf_free(&b->buf);
  k8smi_arena_free(&b->arena);
}

static const char *bench_json(struct bench *b, const ProtobufCMessage *message) {
  k8smi_buf_clear(&b->buf);
  k8smi_message_encode_json(&b->buf, message);
  k8smi_buf_putc(&b->buf, '\0');
  assert_false(b->buf.failed);
  return b->buf.ptr;
}

/* Bytes as hexadecimal digits, spaces between them allowed. */
static size_t from_hex(const char *hex, uint8_t *to) {
  size_t n = 0;
  unsigned byte;
  while (sscanf(hex, " %2x", &byte) == 1) {
    to[n++] = (uint8_t)byte;
    while (*hex == ' ') hex++;
    hex += 2;
  }
  return n;
}

static const ProtobufCMessageDescriptor *of_name(const char *name) {
  const ProtobufCMessageDescriptor *type = k8smi_message_type(name);
  assert_non_null(type);
  return type;
}

static void types_are_found_by_name(void **state) {
  (void)state;
  assert_ptr_equal(of_name("mesos.v1.scheduler.Call"), &k8sm_mesos__call__descriptor);
  assert_ptr_equal(of_name("mesos.v1.scheduler.Event"), &k8sm_mesos__event__descriptor);
  assert_ptr_equal(of_name("mesos.v1.scheduler.Call.Accept"), &k8sm_mesos__call__accept__descriptor);
  assert_ptr_equal(of_name("mesos.v1.TaskInfo"), &k8sm_mesos__task_info__descriptor);
  assert_ptr_equal(of_name("mesos.v1.Value.Ranges"), &k8sm_mesos__value__ranges__descriptor);
  assert_null(k8smi_message_type("mesos.v1.Nothing"));
  assert_null(k8smi_message_type("TaskInfo"));
  assert_null(k8smi_message_type(""));
  assert_string_equal(k8smi_enum_name(&k8sm_mesos__task_state__descriptor, 1), "TASK_RUNNING");
  assert_null(k8smi_enum_name(&k8sm_mesos__task_state__descriptor, 1000));
}

static void unknown_fields_and_merging(void **state) {
  (void)state;
  struct bench b;
  uint8_t bytes[128];
  ProtobufCMessage *message;
  bench_begin(&b);
  /* Two halves of a Value.Scalar-like submessage are one; field 200 is not in the schema; "name" is last
   * written "b"; field 2 of wire type BYTES where a number is expected is kept. */
  size_t len =
      from_hex("0a01 61 10 00 0a01 62 1a09 090000000000000040 1a02 c03e 05 c20c 03 010203 12 01 78", bytes);
  assert_int_equal(
      k8smi_message_decode(&b.arena, of_name("mesos.v1.Resource"), bytes, len, &message, &b.diags),
      K8SM_ERR_SYNTAX);
  b.diags.count = 0;
  len = from_hex("0a01 61 10 00 0a01 62 1a09 090000000000000040 1a03 c03e 05 c20c 03 010203 12 01 78", bytes);
  assert_int_equal(
      k8smi_message_decode(&b.arena, of_name("mesos.v1.Resource"), bytes, len, &message, &b.diags), K8SM_OK);
  const K8smMesos__Resource *resource = (const K8smMesos__Resource *)(const void *)message;
  assert_string_equal(resource->name, "b");
  assert_true(resource->scalar->value == 2.0);
  assert_int_equal(resource->scalar->base.n_unknown_fields, 1);
  assert_int_equal(resource->scalar->base.unknown_fields[0].tag, 1000);
  assert_int_equal(message->n_unknown_fields, 2);
  assert_int_equal(message->unknown_fields[0].tag, 200);
  k8smi_message_encode(&b.buf, message);
  uint8_t want[128];
  size_t want_len = from_hex("0a01 62 10 00 1a0c 090000000000000040 c03e 05 c20c 03 010203 12 01 78", want);
  assert_int_equal(b.buf.len, want_len);
  assert_memory_equal(b.buf.ptr, want, want_len);
  assert_string_equal(bench_json(&b, message),
                      "{\"name\":\"b\",\"type\":\"SCALAR\",\"scalar\":{\"value\":2.0}}");
  bench_end(&b);
}

/* Equal messages are one in memory for those who only read, unless more of one comes: then it is its own. In
 * a few bytes it is not looked for: here an unknown field makes them many. */
static void equal_messages_are_shared(void **state) {
  (void)state;
  struct bench b;
  enum { UNKNOWN = 1000 };
  uint8_t bytes[128 + UNKNOWN] = {0};
  ProtobufCMessage *message;
  bench_begin(&b);
  size_t len = from_hex("0a10 0a01 61 10 00 1a09 090000000000000040"
                        "0a10 0a01 62 10 00 1a09 090000000000000040"
                        "0a1b 0a01 63 10 00 1a09 090000000000000040 1a09 090000000000000840"
                        "0a10 0a01 64 10 00 1a09 090000000000000040"
                        "c20c e807",
                        bytes) +
               UNKNOWN;
  assert_int_equal(k8smi_message_decode_shared(&b.arena, of_name("mesos.v1.Offer.Operation.Unreserve"), bytes,
                                               len, &message, &b.diags),
                   K8SM_OK);
  const K8smMesos__Offer__Operation__Unreserve *list = (const void *)message;
  assert_int_equal(list->n_resources, 4);
  assert_ptr_equal(list->resources[0]->scalar, list->resources[1]->scalar);
  assert_ptr_not_equal(list->resources[2]->scalar, list->resources[0]->scalar);
  assert_ptr_equal(list->resources[3]->scalar, list->resources[0]->scalar);
  assert_true(list->resources[2]->scalar->value == 3.0 && list->resources[0]->scalar->value == 2.0);
  bench_end(&b);
}

static void repeated_numbers_packed_or_not(void **state) {
  (void)state;
  const char *forms[] = {"20 01 20 8001 20 ffffffff0f", "22 08 01 8001 ffffffff0f",
                         "22 01 01 20 8001 22 05 ffffffff0f", "20 01 22 07 8001 ffffffff0f"};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    struct bench b;
    uint8_t bytes[64] = {0x08, 0x50};
    ProtobufCMessage *message;
    bench_begin(&b);
    size_t len = 2 + from_hex(forms[i], bytes + 2);
    const ProtobufCMessageDescriptor *type = of_name("mesos.v1.HealthCheck.HTTPCheckInfo");
    assert_int_equal(k8smi_message_decode(&b.arena, type, bytes, len, &message, &b.diags), K8SM_OK);
    assert_string_equal(bench_json(&b, message), "{\"port\":80,\"statuses\":[1,128,4294967295]}");
    if (i == 1) bytes[3]++; /* the last number goes beyond the field */
    if (i == 1)
      assert_int_equal(k8smi_message_decode(&b.arena, type, bytes, len, &message, &b.diags), K8SM_ERR_SYNTAX);
    bench_end(&b);
  }
}

struct refused {
  const char *type, *hex;
  int result;
  uint32_t code;
  const char *path;
};

static const struct refused refused_bytes[] = {
    {"mesos.v1.TaskID", "", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_REQUIRED, "value"},
    {"mesos.v1.TaskID", "0a", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.TaskID", "0a02 61", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.TaskID", "0affffffffffffffffff01", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.TaskID", "0affffffffffffffffffff01", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.TaskID", "0a01 00", K8SM_ERR_SYNTAX, K8SM_DIAG_NUL_BYTE, "value"},
    {"mesos.v1.TaskID", "0a01 ff", K8SM_ERR_SYNTAX, K8SM_DIAG_NOT_UTF8, "value"},
    {"mesos.v1.TaskID", "02 00", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.TaskID", "0b", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.TaskID", "0e", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.TaskID", "808080808080808080808001", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.TaskID", "8080808010 00", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.Value.Scalar", "09 00000000000000", K8SM_ERR_SYNTAX, K8SM_DIAG_PROTOBUF_SYNTAX, ""},
    {"mesos.v1.Value.Scalar", "08 01", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_REQUIRED, "value"},
    {"mesos.v1.Value.Ranges", "0a04 08011002 0a02 0801", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_REQUIRED,
     "range[1].end"},
    {"mesos.v1.scheduler.Event", "1a04 0a02 0a00", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_REQUIRED,
     "offers.offers[0].id.value"},
};

/* What a master says must be heard, whatever somebody typed into a text: in either format, alone or in an
 * event, and of an event of any length. */
static void texts_of_a_master_are_mended(void **state) {
  static const struct k8sm_slice rows[] = {K8SMI_S("\x0a\x03\x0a\x01t\x10\x01\x22\x06"
                                                   "a\xff\0\xc3\xa9z"),
                                           K8SMI_S("{\"task_id\":{\"value\":\"t\"},\"state\":\"TASK_"
                                                   "RUNNING\",\"message\":\"a\xff\\u0000\xc3\xa9z\"}")};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bench b;
    ProtobufCMessage *message = NULL;
    bench_begin(&b);
    assert_int_equal(k8smi_message_read(&b.arena, K8SM_FORMAT_AUTO, &k8sm_mesos__task_status__descriptor,
                                        rows[i].ptr, rows[i].len, &message, &b.diags),
                     K8SM_OK);
    assert_int_equal(b.diags.count, 0);
    const K8smMesos__TaskStatus *status = (const K8smMesos__TaskStatus *)(const void *)message;
    assert_string_equal(status->message, "a\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9z");
    bench_end(&b);
  }
}

/* The one by which the driver reads, which remembers messages of a long event. */
static void texts_of_long_events_are_mended(void **state) {
  static const char error[] = "\x08\x07\x42"; /* ERROR, whose message follows */
  enum { ERROR_LENGTH = 2000 };
  unsigned char bytes[ERROR_LENGTH + 16];
  struct bench b;
  ProtobufCMessage *message = NULL;
  (void)state;
  size_t n = sizeof error - 1;
  memcpy(bytes, error, n);
  bytes[n++] = (ERROR_LENGTH + 3) % 128 + 128, bytes[n++] = (ERROR_LENGTH + 3) / 128;
  bytes[n++] = 0x0a, bytes[n++] = ERROR_LENGTH % 128 + 128, bytes[n++] = ERROR_LENGTH / 128;
  memset(bytes + n, 'x', ERROR_LENGTH);
  bytes[n + 7] = 0xe9; /* as in Latin-1 */
  bench_begin(&b);
  assert_int_equal(k8smi_message_decode_shared(&b.arena, &k8sm_mesos__event__descriptor, bytes,
                                               n + ERROR_LENGTH, &message, &b.diags),
                   K8SM_OK);
  const char *words = ((const K8smMesos__Event *)(const void *)message)->error->message;
  assert_int_equal(strlen(words), ERROR_LENGTH + 2);
  assert_memory_equal(words, "xxxxxxx\xef\xbf\xbdx", 11);
  bench_end(&b);
}

static void bad_bytes_are_refused_with_a_finding(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refused_bytes / sizeof refused_bytes[0]; i++) {
    const struct refused *c = &refused_bytes[i];
    struct bench b;
    uint8_t bytes[64];
    ProtobufCMessage *message = NULL;
    bench_begin(&b);
    size_t len = from_hex(c->hex, bytes);
    int r = k8smi_message_decode(&b.arena, of_name(c->type), bytes, len, &message, &b.diags);
    if (r != c->result || b.diags.count == 0 || b.rows[0].code != c->code ||
        strcmp(b.texts + b.rows[0].path, c->path) != 0) {
      fail_msg("%s %s: %d, %zu findings, %u %s: %s", c->type, c->hex, r, b.diags.count, b.rows[0].code,
               b.texts + b.rows[0].path, b.texts + b.rows[0].message);
    }
    assert_null(message);
    bench_end(&b);
  }
}

static const struct refused refused_json[] = {
    {"mesos.v1.TaskID", "{}", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_REQUIRED, "value"},
    {"mesos.v1.TaskID", "{\"value\":null}", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_REQUIRED, "value"},
    {"mesos.v1.TaskID", "{\"value\":1}", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_TYPE, "value"},
    {"mesos.v1.TaskID", "{\"value\":\"a\\u0000\"}", K8SM_ERR_SYNTAX, K8SM_DIAG_NUL_BYTE, "value"},
    {"mesos.v1.TaskID", "[]", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_TYPE, ""},
    {"mesos.v1.TaskID", "{\"value\":\"a\"} {}", K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, ""},
    {"mesos.v1.TaskID", "{\"value\":\"a\"", K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, ""},
    {"mesos.v1.TaskID", "", K8SM_ERR_SYNTAX, K8SM_DIAG_EMPTY_INPUT, ""},
    {"mesos.v1.Value.Scalar", "{\"value\":\"1,5\"}", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_TYPE, "value"},
    {"mesos.v1.Value.Ranges", "{\"range\":{}}", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_TYPE, "range"},
    {"mesos.v1.Value.Ranges", "{\"range\":[{\"begin\":1,\"end\":2},{\"begin\":-1,\"end\":2}]}",
     K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_TYPE, "range[1].begin"},
    {"mesos.v1.Value.Ranges", "{\"range\":[{\"begin\":1.5,\"end\":2}]}", K8SM_ERR_INVALID,
     K8SM_DIAG_MESSAGE_FIELD_TYPE, "range[0].begin"},
    {"mesos.v1.Value.Ranges", "{\"range\":[null]}", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_TYPE,
     "range[0]"},
    {"mesos.v1.Value.Ranges", "{\"range\":[{\"begin\":18446744073709551616,\"end\":2}]}", K8SM_ERR_INVALID,
     K8SM_DIAG_MESSAGE_FIELD_TYPE, "range[0].begin"},
    {"mesos.v1.TaskStatus", "{\"task_id\":{\"value\":\"t\"},\"state\":\"TASK_DANCING\"}", K8SM_ERR_INVALID,
     K8SM_DIAG_MESSAGE_FIELD_TYPE, "state"},
    {"mesos.v1.TaskStatus", "{\"uuid\":\"!\"}", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_TYPE, "uuid"},
    {"mesos.v1.TaskStatus", "{\"healthy\":\"true\"}", K8SM_ERR_INVALID, K8SM_DIAG_MESSAGE_FIELD_TYPE,
     "healthy"},
};

static void bad_json_is_refused_with_a_finding(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refused_json / sizeof refused_json[0]; i++) {
    const struct refused *c = &refused_json[i];
    struct bench b;
    ProtobufCMessage *message = NULL;
    bench_begin(&b);
    int r = k8smi_message_decode_json(&b.arena, of_name(c->type), c->hex, strlen(c->hex), &message, &b.diags);
    if (r != c->result || b.diags.count == 0 || b.rows[0].code != c->code ||
        strcmp(b.texts + b.rows[0].path, c->path) != 0) {
      fail_msg("%s %s: %d, %zu findings, %u %s: %s", c->type, c->hex, r, b.diags.count, b.rows[0].code,
               b.texts + b.rows[0].path, b.texts + b.rows[0].message);
    }
    assert_null(message);
    bench_end(&b);
  }
}

static void json_that_is_newer_than_the_schema_is_kept(void **state) {
  (void)state;
  struct bench b;
  ProtobufCMessage *message;
  bench_begin(&b);
  const char *text =
      "{\"state\":\"TASK_RUNNING\",\"reason\":\"REASON_OF_TOMORROW\",\"task_id\":{\"value\":\"t\",\"x\":[1, "
      "{\"a\\n\": true}, null]},"
      "\"timestamp\":\"Infinity\",\"uuid\":\"AP8=\", \"zeta\": {}, \"labels\":null, \"source\":1}";
  assert_int_equal(k8smi_message_decode_json(&b.arena, of_name("mesos.v1.TaskStatus"), text, strlen(text),
                                             &message, &b.diags),
                   K8SM_OK);
  const K8smMesos__TaskStatus *status = (const K8smMesos__TaskStatus *)(const void *)message;
  assert_int_equal(status->uuid.len, 2);
  assert_int_equal(status->has_reason, 0);
  assert_string_equal(
      bench_json(&b, message),
      "{\"task_id\":{\"value\":\"t\",\"x\":[1,{\"a\\n\":true},null]},\"state\":\"TASK_RUNNING\","
      "\"timestamp\":\"Infinity\","
      "\"source\":\"SOURCE_AGENT\",\"uuid\":\"AP8=\",\"reason\":\"REASON_OF_TOMORROW\",\"zeta\":{}}");
  ProtobufCMessage *copy = k8smi_message_copy(&b.arena, message);
  assert_non_null(copy);
  k8smi_buf_clear(&b.buf);
  k8smi_message_encode(&b.buf, copy); /* protobuf has no place for it */
  assert_int_equal(
      k8smi_message_decode(&b.arena, message->descriptor, b.buf.ptr, b.buf.len, &message, &b.diags), K8SM_OK);
  assert_int_equal(message->n_unknown_fields, 0);
  assert_int_equal(b.diags.count, 0);
  bench_end(&b);
}

static void maps_are_objects_in_json(void **state) {
  (void)state;
  struct bench b;
  ProtobufCMessage *message;
  bench_begin(&b);
  const ProtobufCMessageDescriptor *type = of_name("mesos.v1.TaskInfo");
  const char *json = "{\"name\":\"n\",\"task_id\":{\"value\":\"t\"},\"agent_id\":{\"value\":\"s\"},"
                     "\"limits\":{\"cpus\":{\"value\":\"Infinity\"},\"\":{\"value\":1.0},\"mem\":null}}";
  assert_int_equal(k8smi_message_decode_json(&b.arena, type, json, strlen(json), &message, &b.diags),
                   K8SM_OK);
  const K8smMesos__TaskInfo *task = (const K8smMesos__TaskInfo *)(const void *)message;
  assert_int_equal(task->n_limits, 3);
  assert_string_equal(task->limits[0]->key, "cpus");
  assert_true(task->limits[1]->value->value == 1.0);
  assert_null(task->limits[2]->value);
  assert_string_equal(bench_json(&b, message), json);
  task->limits[1]->key = task->limits[0]->key; /* as a peer may send it: the last counts */
  task->limits[2]->key = NULL;
  const char *end = strstr(bench_json(&b, message), "\"limits\"");
  assert_non_null(end);
  assert_string_equal(end, "\"limits\":{\"cpus\":{\"value\":1.0},\"\":null}}");
  const char *wrong[][2] = {{"{\"limits\":[]}", "limits"},
                            {"{\"limits\":{\"cpus\":1}}", "limits[0].value"},
                            {"{\"limits\":{\"a\":null,\"\\u0000\":{}}}", "limits[1].key"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    b.diags = (struct k8sm_diags)K8SM_DIAGS_INIT(b.rows, b.texts);
    assert_int_not_equal(
        k8smi_message_decode_json(&b.arena, type, wrong[i][0], strlen(wrong[i][0]), &message, &b.diags),
        K8SM_OK);
    assert_string_equal(b.texts + b.rows[0].path, wrong[i][1]);
  }
  bench_end(&b);
}

/* OfferConstraints hold a oneof. */
static void the_last_of_a_oneof_counts(void **state) {
  (void)state;
  struct bench b;
  uint8_t bytes[64];
  ProtobufCMessage *message;
  bench_begin(&b);
  const ProtobufCMessageDescriptor *type = of_name("mesos.v1.AttributeConstraint.Predicate");
  /* exists {} , then not_exists {} */
  size_t len = from_hex("0a00 1200", bytes);
  assert_int_equal(k8smi_message_decode(&b.arena, type, bytes, len, &message, &b.diags), K8SM_OK);
  k8smi_message_encode(&b.buf, message);
  assert_int_equal(b.buf.len, 2);
  assert_memory_equal(b.buf.ptr, bytes + 2, 2);
  const char *both = "{\"exists\":{},\"not_exists\":{}}";
  assert_int_equal(k8smi_message_decode_json(&b.arena, type, both, strlen(both), &message, &b.diags),
                   K8SM_ERR_INVALID);
  assert_int_equal(b.rows[0].code, K8SM_DIAG_MESSAGE_FIELD_TYPE);
  bench_end(&b);
}

/* A ContainerStatus's ContainerID has a parent, which has a parent, … */
static void depth_is_bounded(void **state) {
  (void)state;
  for (int depth = 31; depth <= 33; depth++) {
    struct bench b;
    struct k8smi_buf nested, json;
    ProtobufCMessage *message;
    bench_begin(&b);
    assert_true(k8smi_buf_init(&nested, NULL) && k8smi_buf_init(&json, NULL));
    k8smi_buf_puts(&nested, "\n\1x"); /* value: "x" */
    k8smi_buf_puts(&json, "{\"value\":\"x\"}");
    for (int i = 1; i < depth; i++) { /* parent: all of that */
      struct k8smi_buf outer;
      assert_true(k8smi_buf_init(&outer, NULL));
      k8smi_buf_puts(&outer, "\n\1x\x12");
      if (nested.len >= 128) k8smi_buf_putc(&outer, (char)(0x80 | (nested.len & 0x7f)));
      k8smi_buf_putc(&outer, (char)(nested.len >= 128 ? nested.len >> 7 : nested.len));
      k8smi_buf_put(&outer, nested.ptr, nested.len);
      k8smi_buf_free(&nested);
      nested = outer;
      assert_true(k8smi_buf_init(&outer, NULL));
      k8smi_buf_puts(&outer, "{\"value\":\"x\",\"parent\":");
      k8smi_buf_put(&outer, json.ptr, json.len);
      k8smi_buf_putc(&outer, '}');
      k8smi_buf_free(&json);
      json = outer;
    }
    int want = depth <= K8SMI_MESSAGE_MAX_DEPTH ? K8SM_OK : K8SM_ERR_LIMIT;
    const ProtobufCMessageDescriptor *type = of_name("mesos.v1.ContainerID");
    assert_int_equal(k8smi_message_decode(&b.arena, type, nested.ptr, nested.len, &message, &b.diags), want);
    if (want != K8SM_OK) assert_int_equal(b.rows[0].code, K8SM_DIAG_TOO_DEEP);
    assert_int_equal(k8smi_message_decode_json(&b.arena, type, json.ptr, json.len, &message, &b.diags), want);
    if (want == K8SM_OK) {
      k8smi_message_encode(&b.buf, message);
      assert_int_equal(b.buf.len, nested.len);
      assert_memory_equal(b.buf.ptr, nested.ptr, nested.len);
    }
    k8smi_buf_free(&nested);
    k8smi_buf_free(&json);
    bench_end(&b);
  }
}

static size_t oracle_pack(const ProtobufCMessage *message, uint8_t **ret) {
  size_t len = protobuf_c_message_get_packed_size(message);
  *ret = malloc(len + 1);
  assert_int_equal(protobuf_c_message_pack(message, *ret), len);
  return len;
}

static void expect_encoding(struct bench *b, const ProtobufCMessage *message, const uint8_t *want,
                            size_t len) {
  k8smi_buf_clear(&b->buf);
  k8smi_message_encode(&b->buf, message);
  assert_false(b->buf.failed);
  assert_int_equal(b->buf.len, len);
  if (len > 0) assert_memory_equal(b->buf.ptr, want, len);
}

/* protobuf-c's own packer and reader agree with ours on random messages; so does the way through JSON. */
static void agrees_with_protobuf_c(void **state) {
  (void)state;
  struct random_source source = {UINT64_C(0x9e3779b97f4a7c15)};
  const char *names[] = {"mesos.v1.scheduler.Call", "mesos.v1.scheduler.Event", "mesos.v1.TaskInfo",
                         "mesos.v1.Offer", "mesos.v1.TaskStatus"};
  for (int n = 0; n < 600; n++) {
    struct bench b;
    uint8_t *packed, *again;
    ProtobufCMessage *ours, *read;
    bench_begin(&b);
    const ProtobufCMessageDescriptor *type = of_name(names[n % 5]);
    const ProtobufCMessage *message = random_message(&b.arena, type, &source, 0);
    size_t len = oracle_pack(message, &packed);
    expect_encoding(&b, message, packed, len);
    assert_int_equal(k8smi_message_decode(&b.arena, type, packed, len, &ours, &b.diags), K8SM_OK);
    expect_encoding(&b, ours, packed, len);
    assert_int_equal(k8smi_message_decode_shared(&b.arena, type, packed, len, &read, &b.diags), K8SM_OK);
    expect_encoding(&b, read, packed, len);
    assert_int_equal(oracle_pack(ours, &again), len);
    assert_memory_equal(again, packed, len);
    ProtobufCMessage *theirs = protobuf_c_message_unpack(type, NULL, len, packed);
    assert_non_null(theirs);
    expect_encoding(&b, theirs, packed, len);
    protobuf_c_message_free_unpacked(theirs, NULL);
    ProtobufCMessage *copy = k8smi_message_copy(&b.arena, ours);
    assert_non_null(copy);
    expect_encoding(&b, copy, packed, len);
    struct k8sm_slice json = k8smi_arena_slice(&b.arena, k8smi_s(bench_json(&b, ours)));
    assert_int_equal(
        k8smi_message_read(&b.arena, K8SM_FORMAT_AUTO, type, json.ptr, json.len, &read, &b.diags), K8SM_OK);
    expect_encoding(&b, read, packed, len);
    assert_string_equal(bench_json(&b, read), json.ptr);
    assert_int_equal(b.diags.count, 0);
    free(again);
    free(packed);
    bench_end(&b);
  }
}

/* A message is written behind what a buffer holds, from whatever memory it begins with. */
static void messages_are_appended(void **state) {
  (void)state;
  struct random_source source = {UINT64_C(0x853c49e6748fea9b)};
  for (size_t room = 0; room < 2000; room += 37) {
    struct bench b;
    struct k8smi_buf buf;
    uint64_t memory[256];
    bench_begin(&b);
    const ProtobufCMessage *message = random_message(&b.arena, of_name("mesos.v1.Offer"), &source, 0);
    uint8_t *packed;
    size_t len = oracle_pack(message, &packed);
    assert_true(k8smi_buf_init(&buf, NULL));
    if (room % 2 == 0) k8smi_buf_lend(&buf, memory, room);
    k8smi_buf_puts(&buf, "before");
    k8smi_message_encode(&buf, message);
    k8smi_message_encode(&buf, message);
    assert_false(buf.failed);
    assert_int_equal(buf.len, 6 + 2 * len);
    assert_memory_equal(buf.ptr, "before", 6);
    if (len > 0) assert_memory_equal(buf.ptr + 6, packed, len);
    if (len > 0) assert_memory_equal(buf.ptr + 6 + len, packed, len);
    k8smi_buf_free(&buf);
    free(packed);
    bench_end(&b);
  }
}

/* Flipped, cut and doubled bytes: an answer, never a crash; and what is read can be written and read again.
 */
static void survives_mutations(void **state) {
  (void)state;
  struct random_source source = {UINT64_C(0x2545f4914f6cdd1d)};
  for (int n = 0; n < 3000; n++) {
    struct bench b;
    bool as_json = n % 2 == 1;
    bench_begin(&b);
    const ProtobufCMessageDescriptor *type =
        n % 4 < 2 ? &k8sm_mesos__event__descriptor : &k8sm_mesos__call__descriptor;
    uint32_t format = as_json ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF;
    k8smi_message_write(&b.buf, format, random_message(&b.arena, type, &source, 0));
    size_t len = b.buf.len;
    uint8_t *bytes = malloc(len + 1);
    memcpy(bytes, b.buf.ptr, len);
    for (uint64_t flips = random_below(&source, 6); flips > 0 && len > 0; flips--) {
      bytes[random_below(&source, len)] ^= (uint8_t)(1u << random_below(&source, 8));
    }
    if (n % 3 == 0 && len > 0) len = random_below(&source, len);
    uint8_t *exact = malloc(len + (len == 0)); /* a sanitizer sees a read behind the end */
    memcpy(exact, bytes, len);
    ProtobufCMessage *message, *again;
    int r = k8smi_message_read(&b.arena, format, type, exact, len, &message, &b.diags);
    assert_int_equal(r == K8SM_OK, b.diags.errors == 0);
    assert_int_equal(k8smi_message_read_shared(&b.arena, format, type, exact, len, &again, &b.diags), r);
    if (r == K8SM_OK) {
      k8smi_buf_clear(&b.buf);
      k8smi_message_encode(&b.buf, message);
      struct k8sm_slice plain = k8smi_arena_copy(&b.arena, b.buf.len == 0 ? "" : b.buf.ptr, b.buf.len);
      expect_encoding(&b, again, (const uint8_t *)plain.ptr, plain.len);
      k8smi_buf_clear(&b.buf);
      k8smi_message_write(&b.buf, format, message);
      assert_int_equal(k8smi_message_read(&b.arena, format, type, b.buf.ptr, b.buf.len, &again, &b.diags),
                       K8SM_OK);
    }
    free(exact);
    free(bytes);
    bench_end(&b);
  }
}

static int decode_and_copy(const struct k8sm_allocator *allocator, uint32_t format, const void *bytes,
                           size_t len) {
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  ProtobufCMessage *message;
  assert_true(k8smi_arena_init(&arena, allocator, 0));
  assert_true(k8smi_buf_init(&buf, allocator));
  int r = k8smi_message_read(&arena, format, &k8sm_mesos__event__descriptor, bytes, len, &message, NULL);
  if (r == K8SM_OK) {
    ProtobufCMessage *copy = k8smi_message_copy(&arena, message);
    if (copy != NULL) k8smi_message_write(&buf, format, copy);
    if (copy == NULL || buf.failed) r = K8SM_ERR_NOMEM;
  }
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
  return r;
}

static void allocations_that_fail(void **state) {
  (void)state;
  struct random_source source = {12345};
  for (uint32_t format = K8SM_FORMAT_JSON; format <= K8SM_FORMAT_PROTOBUF; format += 2) {
    struct bench b;
    bench_begin(&b);
    ProtobufCMessage *message = NULL;
    do {
      k8smi_buf_clear(&b.buf);
      message = random_message(&b.arena, &k8sm_mesos__event__descriptor, &source, 0);
      k8smi_message_write(&b.buf, format, message);
    } while (b.buf.len < 1200 || b.buf.len > 6000);
    if (format == K8SM_FORMAT_JSON) {
      b.buf.len--;
      k8smi_buf_puts(&b.buf, ",\"unknown\":{\"a\":[1,2,3]}}");
    } else {
      k8smi_buf_put(&b.buf, "\xc2\x3e\1x", 4);
    }
    int r = K8SM_ERR_NOMEM;
    for (size_t n = 1; r != K8SM_OK; n++) {
      struct failing failing;
      failing_init(&failing, n);
      r = decode_and_copy(&failing.allocator, format, b.buf.ptr, b.buf.len);
      assert_int_equal(r, failing.calls >= n ? K8SM_ERR_NOMEM : K8SM_OK);
      assert_int_equal(failing.held, 0);
    }
    bench_end(&b);
  }
}

static void memory_is_bounded_by_the_arena(void **state) {
  (void)state;
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  struct k8sm_diag rows[2];
  char texts[256];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, texts);
  ProtobufCMessage *message;
  assert_true(k8smi_arena_init(&arena, NULL, 64 * 1024));
  assert_true(k8smi_buf_init(&buf, NULL));
  for (int i = 0; i < 10000; i++)
    k8smi_buf_put(&buf, "\x12\0", 2); /* operations of an ACCEPT: empty, yet each has a struct */
  assert_int_equal(
      k8smi_message_decode(&arena, &k8sm_mesos__call__accept__descriptor, buf.ptr, buf.len, &message, &diags),
      K8SM_ERR_LIMIT);
  assert_int_equal(rows[0].code, K8SM_DIAG_TOO_LARGE);
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
}

/* The set of fields met is 64 bits wide, and the set of all must be told from that of none. */
static void no_message_has_more_fields_than_a_set_holds(void **state) {
  (void)state;
  const char *names[] = {"mesos.v1.scheduler.Call", "mesos.v1.scheduler.Event"};
  const ProtobufCMessageDescriptor *types[256];
  size_t n = 0;
  for (int i = 0; i < 2; i++) types[n++] = of_name(names[i]);
  for (size_t i = 0; i < n; i++) {
    assert_in_range(types[i]->n_fields, 0, 63);
    for (unsigned f = 0; f < types[i]->n_fields; f++) {
      size_t known = 0;
      if (types[i]->fields[f].type != PROTOBUF_C_TYPE_MESSAGE) continue;
      while (known < n && types[known] != types[i]->fields[f].descriptor) known++;
      if (known == n) types[n++] = types[i]->fields[f].descriptor;
      assert_in_range(n, 0, 255);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(types_are_found_by_name),
      cmocka_unit_test(unknown_fields_and_merging),
      cmocka_unit_test(equal_messages_are_shared),
      cmocka_unit_test(repeated_numbers_packed_or_not),
      cmocka_unit_test(texts_of_a_master_are_mended),
      cmocka_unit_test(texts_of_long_events_are_mended),
      cmocka_unit_test(bad_bytes_are_refused_with_a_finding),
      cmocka_unit_test(bad_json_is_refused_with_a_finding),
      cmocka_unit_test(json_that_is_newer_than_the_schema_is_kept),
      cmocka_unit_test(maps_are_objects_in_json),
      cmocka_unit_test(the_last_of_a_oneof_counts),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(agrees_with_protobuf_c),
      cmocka_unit_test(messages_are_appended),
      cmocka_unit_test(survives_mutations),
      cmocka_unit_test(allocations_that_fail),
      cmocka_unit_test(memory_is_bounded_by_the_arena),
      cmocka_unit_test(no_message_has_more_fields_than_a_set_holds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
