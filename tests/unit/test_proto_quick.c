/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes protobuf is read in one go where nothing is odd, and with care otherwise. What is read in one go
 * must be what the careful reader would have given, to the last bit, and where it had nothing to report. */
#include "pod/proto.h"

#include <k8smesos/pod.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/records.h"
#include "support/typical_pod.h"
#include "wire/protobuf.h"

enum { QUICK_MAX_DEPTH = 12, QUICK_MAX_NODES = 2000 };

static uint32_t max_depth = QUICK_MAX_DEPTH;

/* What the typical pod lacks: something of every kind that fields have. */
static const char various[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"deletionGracePeriodSeconds\":0,"
    "\"creationTimestamp\":\"2026-01-02T03:04:05Z\",\"generation\":9007199254740993,\"finalizers\":[\"x\","
    "\"\"],"
    "\"labels\":{\"c\":\"\xc3\xa9\",\"b\":\"1\",\"a\":\"\"},\"managedFields\":[{\"manager\":\"m\","
    "\"fieldsV1\":"
    "{\"f:a\":{\"k\":[1,2.5,true,null]}}}]},\"spec\":{\"containers\":[{\"name\":\"c\",\"args\":[\"cpu\","
    "\"two "
    "words that are longer than sixty-four bytes, so that they are copied in another way\"],\"resources\":{"
    "\"limits\":{\"cpu\":\"1500m\"}},\"livenessProbe\":{\"tcpSocket\":{\"port\":\"http\"},\"periodSeconds\":-"
    "3},"
    "\"securityContext\":{\"runAsUser\":0,\"privileged\":false}}],\"volumes\":[{\"name\":\"v\",\"emptyDir\":{"
    "\"sizeLimit\":\"1Gi\"}},{\"name\":\"w\",\"secret\":{\"optional\":true,\"defaultMode\":420}}],"
    "\"securityContext\":{\"supplementalGroups\":[0,9223372036854775,-1]},\"hostNetwork\":true}}";

struct reading {
  struct k8smi_arena arena;
  struct k8smi_bind bind;
  struct k8sm_diags diags;
  const struct k8smi_record *record;
};

static void reading_begin(struct reading *r, bool defaults) {
  memset(r, 0, sizeof *r);
  r->diags = (struct k8sm_diags){.size = sizeof r->diags, .row_size = sizeof(struct k8sm_diag)};
  assert_true(k8smi_arena_init(&r->arena, NULL, 0));
  assert_true(k8smi_bind_init(&r->bind, NULL, &r->arena, &r->diags));
  r->bind.defaults = defaults;
  r->bind.max_depth = max_depth;
  r->bind.max_nodes = QUICK_MAX_NODES;
}

static void reading_end(struct reading *r) {
  k8smi_bind_free(&r->bind);
  k8smi_arena_free(&r->arena);
}

/* Whether the object is read in one go; if so, the careful reader agrees. If not, all is as it was. */
static bool agrees(enum k8smi_type_id type, struct k8sm_slice object, bool defaults) {
  struct reading quick, slow;
  char *exact = malloc(object.len == 0 ? 1 : object.len); /* sanitizers see who reads beyond its end */
  if (object.len > 0) memcpy(exact, object.ptr, object.len);
  const struct k8smi_envelope from = {K8SMI_S("v1"), K8SMI_S("Pod"), {exact, object.len}};
  reading_begin(&quick, defaults);
  reading_begin(&slow, defaults);
  bool read = k8smi_proto_quick(&quick.bind, type, &from, &quick.record);
  int r = k8smi_proto_record(&slow.bind, type, &from, NULL, &slow.record);
  assert_int_equal(quick.diags.count, 0);
  if (!read) {
    assert_int_equal(quick.bind.items.len, 0);
    assert_false(quick.bind.invalid);
    assert_int_equal(k8smi_proto_record(&quick.bind, type, &from, NULL, &quick.record), r);
    assert_int_equal(quick.diags.count, slow.diags.count);
    assert_int_equal(quick.bind.invalid, slow.bind.invalid);
  } else {
    assert_int_equal(r, K8SM_OK);
    assert_int_equal(slow.diags.count, 0);
    assert_false(slow.bind.invalid);
  }
  if (r == K8SM_OK) assert_true(records_are_same(type, quick.record, slow.record));
  reading_end(&quick);
  reading_end(&slow);
  free(exact);
  return read;
}

/* The pod without an envelope, as our writer writes it. */
static struct k8sm_slice written(const char *json, size_t len, struct k8sm_blob **blob) {
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  struct k8sm_pod *pod = NULL;
  assert_int_equal(k8sm_pod_parse(json, len, &o, &pod, NULL), K8SM_OK);
  assert_int_equal(k8sm_pod_encode(pod, K8SM_FORMAT_PROTOBUF_BARE, NULL, blob), K8SM_OK);
  k8sm_pod_unref(pod);
  return k8sm_blob_bytes(*blob);
}

static void usual_objects_are_read_in_one_go(void **state) {
  (void)state;
  static struct typical_text typical;
  struct k8sm_blob *blob = NULL;
  typical_pod_json(&typical);
  for (int defaults = 0; defaults <= 1; defaults++) {
    assert_true(agrees(K8SMI_TYPE_Pod, written(typical.bytes, typical.len, &blob), defaults));
    k8sm_blob_unref(blob);
    assert_true(agrees(K8SMI_TYPE_Pod, written(various, sizeof various - 1, &blob), defaults));
    k8sm_blob_unref(blob);
    assert_true(agrees(K8SMI_TYPE_Pod, (struct k8sm_slice){NULL, 0}, defaults));
  }
}

static void what_is_odd_is_not(void **state) {
  (void)state;
  static const struct k8sm_slice objects[] = {
#define O(bytes) {bytes, sizeof(bytes) - 1}
      O("\x0a"),                                                 /* no length */
      O("\x0a\x05\x0a\x01"),                                     /* a length beyond the end */
      O("\x0a\x03\x0a\x01\xff"),                                 /* a name that is not UTF-8 */
      O("\x0a\x0a\x0a\x08\x31\x32\x33\x34\x35\xff\x31\x32"),     /* the same, of a word and more */
      O("\x08\x01"),                                             /* the metadata, as a number */
      O("\x0a\x02\x08\x01"),                                     /* a name, as a number */
      O("\x0a\x03\x3a\x01\x31"),                                 /* the generation, as bytes */
      O("\x78\x01"),                                             /* an unknown field */
      O("\x0a\x03\x0a\x01\x61\x0a\x03\x1a\x01\x62"),             /* the metadata in two parts */
      O("\x0a\x06\x0a\x01\x61\x0a\x01\x62"),                     /* two names */
      O("\x0a\x0a\x5a\x03\x0a\x01\x61\x5a\x03\x0a\x01\x61"),     /* a label that comes twice */
      O("\x12\x05\x72\x03\x22\x01\x07"),                         /* packed numbers */
      O("\x12\x08\x0a\x03\x0a\x01\x61\x1a\x00\x0a\x00"),         /* volumes, and more behind another field */
      O("\x0a\x0c\x38\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"), /* a number of more than 64 bits */
#undef O
  };
  for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
    assert_false(agrees(K8SMI_TYPE_Pod, objects[i], true));
}

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

/* Cuts, and random edits; with luck, some are read in one go all the same. */
static void mutations_agree(void **state) {
  (void)state;
  char bytes[sizeof various + 8];
  struct k8sm_blob *blob = NULL;
  struct k8sm_slice object = written(various, sizeof various - 1, &blob);
  uint32_t seed = 1;
  size_t read = 0;
  for (size_t len = 0; len < object.len; len++)
    agrees(K8SMI_TYPE_Pod, (struct k8sm_slice){object.ptr, len}, false);
  for (int round = 0; round < 20000; round++) {
    size_t len = object.len;
    memcpy(bytes, object.ptr, len);
    for (uint32_t edits = 1 + next_random(&seed) % 3; edits > 0; edits--) {
      size_t at = next_random(&seed) % len;
      switch (next_random(&seed) % 4) {
      case 0: bytes[at] = (char)next_random(&seed); break;
      case 1: bytes[at] = (char)(bytes[at] + 1); break;
      case 2: memmove(bytes + at, bytes + at + 1, --len - at); break;
      default: memmove(bytes + at + 1, bytes + at, len++ - at);
      }
    }
    read += agrees(K8SMI_TYPE_Pod, (struct k8sm_slice){bytes, len}, round % 2 == 0);
  }
  assert_in_range(read, 500, 15000);
  k8sm_blob_unref(blob);
}

/* The limits end at the same place in both. */
static void limits_agree(void **state) {
  (void)state;
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  for (size_t fields = QUICK_MAX_NODES - 5; fields <= QUICK_MAX_NODES; fields++) {
    k8smi_buf_clear(&buf);
    k8smi_proto_put_tag(&buf, 1, K8SMI_PROTO_BYTES);
    size_t metadata = k8smi_proto_begin(&buf);
    for (size_t i = 0; i < fields; i++) k8smi_proto_put_text(&buf, 14, K8SMI_S("f"));
    k8smi_proto_end(&buf, metadata);
    assert_int_equal(agrees(K8SMI_TYPE_Pod, (struct k8sm_slice){buf.ptr, buf.len}, false),
                     fields + 1 <= QUICK_MAX_NODES);
  }
  k8smi_buf_free(&buf);
  struct k8sm_blob *blob = NULL;
  struct k8sm_slice object = written(various, sizeof various - 1, &blob);
  for (max_depth = 1; max_depth <= QUICK_MAX_DEPTH; max_depth++)
    assert_int_equal(agrees(K8SMI_TYPE_Pod, object, false),
                     max_depth >= 5); /* spec, container, probe, tcpSocket */
  max_depth = QUICK_MAX_DEPTH;
  k8sm_blob_unref(blob);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(usual_objects_are_read_in_one_go),
      cmocka_unit_test(what_is_odd_is_not),
      cmocka_unit_test(mutations_agree),
      cmocka_unit_test(limits_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
