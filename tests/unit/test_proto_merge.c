/* SPDX-License-Identifier: Apache-2.0 */
/* A message of protobuf may come in parts, and fields in any order: it is the same message. */
#include <k8smesos/pod.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/typical_pod.h"
#include "wire/protobuf.h"

enum { PARTS_MAX = 512, PARTS_SPEC = 2 };

struct parts {
  struct k8sm_slice items[PARTS_MAX]; /* fields of a message, with their tags */
  size_t count;
};

static void split(struct k8sm_slice message, struct parts *ret) {
  const uint8_t *p = (const uint8_t *)message.ptr, *end = p + message.len;
  struct k8smi_proto_item item;
  for (ret->count = 0; p < end; p = item.end) {
    assert_null(k8smi_proto_next(p, end, &item));
    assert_in_range(ret->count, 0, PARTS_MAX - 1);
    ret->items[ret->count++] = (struct k8sm_slice){(const char *)p, (size_t)(item.end - p)};
  }
}

static struct k8smi_proto_item first_of(struct k8sm_slice message) {
  struct k8smi_proto_item item;
  const uint8_t *p = (const uint8_t *)message.ptr;
  assert_null(k8smi_proto_next(p, p + message.len, &item));
  return item;
}

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

/* Any order in which fields of one number keep theirs: neighbours of other numbers change places. */
static void shuffle(struct parts *parts, uint32_t *seed) {
  for (size_t n = 0; n < 20 * parts->count; n++) {
    size_t i = 1 + next_random(seed) % (parts->count - 1);
    struct k8sm_slice a = parts->items[i - 1], b = parts->items[i];
    if (first_of(a).id == first_of(b).id) continue;
    parts->items[i - 1] = b;
    parts->items[i] = a;
  }
}

/* Each field of the metadata and of the spec in a message of its own, all mixed; of a volume, too, which
 * holds its source in a message inside of it. */
static void take_apart(struct k8sm_slice pod, struct k8smi_buf *ret, uint32_t *seed) {
  static struct parts top, inner, mixed;
  char *pieces = malloc(pod.len * 8);
  size_t used = 0;
  split(pod, &top);
  mixed.count = 0;
  for (size_t i = 0; i < top.count; i++) {
    struct k8smi_proto_item field = first_of(top.items[i]);
    split(k8smi_proto_bytes(&field), &inner);
    if (inner.count > 1) shuffle(&inner, seed);
    for (size_t j = 0; j < inner.count && field.id <= PARTS_SPEC; j++) {
      struct k8smi_buf one;
      assert_true(k8smi_buf_init(&one, NULL));
      k8smi_proto_put_tag(&one, field.id, K8SMI_PROTO_BYTES);
      k8smi_proto_put_bytes(&one, inner.items[j].ptr, inner.items[j].len);
      memcpy(pieces + used, one.ptr, one.len);
      mixed.items[mixed.count++] = (struct k8sm_slice){pieces + used, one.len};
      used += one.len;
      k8smi_buf_free(&one);
    }
    if (field.id > PARTS_SPEC) mixed.items[mixed.count++] = top.items[i];
  }
  /* Now metadata and spec take turns. */
  shuffle(&mixed, seed);
  for (size_t i = 0; i < mixed.count; i++) k8smi_buf_slice(ret, mixed.items[i]);
  free(pieces);
}

static struct k8sm_blob *json_of(struct k8sm_slice bytes, uint32_t format) {
  const struct k8sm_parse_options o = {
      .size = sizeof o, .format = format, .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  struct k8sm_pod *pod = NULL;
  struct k8sm_blob *json = NULL;
  assert_int_equal(k8sm_pod_parse(bytes.ptr, bytes.len, &o, &pod, NULL), K8SM_OK);
  assert_int_equal(k8sm_pod_encode(pod, K8SM_FORMAT_JSON, NULL, &json), K8SM_OK);
  k8sm_pod_unref(pod);
  return json;
}

static struct k8sm_blob *typical_bare(void) {
  static struct typical_text text;
  struct k8sm_pod *pod = NULL;
  struct k8sm_blob *bare = NULL;
  typical_pod_json(&text);
  assert_int_equal(k8sm_pod_parse(text.bytes, text.len, NULL, &pod, NULL), K8SM_OK);
  assert_int_equal(k8sm_pod_encode(pod, K8SM_FORMAT_PROTOBUF_BARE, NULL, &bare), K8SM_OK);
  k8sm_pod_unref(pod);
  return bare;
}

static void parts_are_one_message(void **state) {
  (void)state;
  struct k8sm_blob *bare = typical_bare(), *whole = json_of(k8sm_blob_bytes(bare), K8SM_FORMAT_PROTOBUF_BARE);
  uint32_t seed = 1;
  for (int round = 0; round < 50; round++) {
    struct k8smi_buf apart;
    assert_true(k8smi_buf_init(&apart, NULL));
    take_apart(k8sm_blob_bytes(bare), &apart, &seed);
    struct k8sm_blob *json = json_of((struct k8sm_slice){apart.ptr, apart.len}, K8SM_FORMAT_PROTOBUF_BARE);
    assert_string_equal(k8sm_blob_bytes(json).ptr, k8sm_blob_bytes(whole).ptr);
    k8sm_blob_unref(json);
    k8smi_buf_free(&apart);
  }
  k8sm_blob_unref(whole);
  k8sm_blob_unref(bare);
}

/* A volume in parts: {name}, {source {emptyDir {}}}, {source {emptyDir {medium}}}; numbers both ways. */
static void inlined_parts_and_packed_numbers(void **state) {
  (void)state;
  static const char pod[] = "\x12\x10" /* spec */
                            "\x0a\x0e" /* volumes */
                            "\x12\x02\x12\x00"
                            "\x0a\x01v"
                            "\x12\x05\x12\x03\x0a\x01m"
                            "\x12\x0f" /* spec again */
                            "\x72\x0d" /* securityContext: supplementalGroups 1, 2 3, runAsUser, 4, 5 */
                            "\x20\x01"
                            "\x22\x02\x02\x03"
                            "\x10\x07"
                            "\x20\x04"
                            "\x22\x01\x05";
  struct k8sm_blob *json = json_of((struct k8sm_slice){pod, sizeof pod - 1}, K8SM_FORMAT_PROTOBUF_BARE);
  assert_non_null(
      strstr(k8sm_blob_bytes(json).ptr, "\"volumes\":[{\"name\":\"v\",\"emptyDir\":{\"medium\":\"m\"}}]"));
  assert_non_null(strstr(k8sm_blob_bytes(json).ptr, "\"runAsUser\":7,\"supplementalGroups\":[1,2,3,4,5]"));
  k8sm_blob_unref(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_are_one_message),
      cmocka_unit_test(inlined_parts_and_packed_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
