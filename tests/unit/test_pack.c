/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as few bytes: what comes back is the same to the last bit, whatever it was packed by. */
#include <k8smesos/pod.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "pod/pack.h"
#include "pod/parse.h"
#include "support/failing.h"
#include "support/random_pod.h"
#include "support/records.h"

static const char *source_root = ".";

static struct k8sm_pod *read_pod(const char *text, size_t len, uint32_t format, uint64_t flags) {
  const struct k8sm_parse_options o = {
      .size = sizeof o, .format = format, .flags = flags | K8SM_PARSE_NO_VALIDATE | K8SM_PARSE_KEEP_UNKNOWN};
  struct k8sm_pod *pod = NULL;
  assert_int_equal(k8sm_pod_parse(text, len, &o, &pod, NULL), K8SM_OK);
  return pod;
}

/* An object without its kind. */
static struct k8sm_pod *read_json(const char *text) {
  char whole[2048];
  int n = snprintf(whole, sizeof whole, "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",%s", text + 1);
  return read_pod(whole, (size_t)n, K8SM_FORMAT_JSON, 0);
}

/* Packs, unpacks and compares; returns how many bytes there were. */
static size_t there_and_back(const struct k8sm_pod *pod, struct k8sm_pod *like) {
  struct k8smi_buf buf;
  k8smi_buf_init(&buf, NULL);
  k8smi_pod_pack(&buf, pod, like);
  assert_false(buf.failed);
  size_t len = buf.len;
  char *bytes = malloc(len); /* of this size, so that a sanitizer sees a read behind the end */
  memcpy(bytes, buf.ptr, len);
  k8smi_buf_free(&buf);
  struct k8sm_pod *back = k8smi_pod_unpack((struct k8sm_slice){bytes, len}, like, NULL);
  free(bytes);
  assert_non_null(back);
  assert_true(records_are_same(K8SMI_TYPE_Pod, pod->record, back->record));
  k8sm_pod_unref(back);
  return len;
}

static void pods_by_chance(void **state) {
  enum { PODS = 400 };
  struct k8sm_pod *before = NULL;
  (void)state;
  for (unsigned i = 0; i < PODS; i++) {
    struct random_pod p;
    random_pod(&p, 1, i);
    struct k8sm_pod *pod = read_pod(p.text, p.len, K8SM_FORMAT_JSON, i % 2 == 0 ? 0 : K8SM_PARSE_NO_DEFAULTS);
    size_t alone = there_and_back(pod, NULL);
    assert_in_range(alone, 100, p.len);
    assert_in_range(there_and_back(pod, pod), 1, 16);
    if (before != NULL) assert_in_range(there_and_back(pod, before), 16, alone + 64);
    k8sm_pod_unref(before);
    before = pod;
  }
  k8sm_pod_unref(before);
}

#define SPEC                                                                                                 \
  "\"spec\":{\"nodeSelector\":{\"a\":\"b\"},\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"args\":["      \
  "\"a\"],"                                                                                                  \
  "\"livenessProbe\":{\"httpGet\":{\"port\":80}},\"readinessProbe\":{\"httpGet\":{\"port\":\"web\"}}}]}"

static void a_replica_takes_little_and_shares(void **state) {
  (void)state;
  struct k8sm_pod *a = read_json("{\"metadata\":{\"name\":\"p-1\","
                                 "\"namespace\":\"n\",\"uid\":\"u1\",\"labels\":{\"l\":\"m\"}}," SPEC "}");
  struct k8sm_pod *b = read_json("{\"metadata\":{\"name\":\"p-2\","
                                 "\"namespace\":\"n\",\"uid\":\"u2\",\"labels\":{\"l\":\"m\"}}," SPEC "}");
  struct k8smi_buf buf;
  k8smi_buf_init(&buf, NULL);
  k8smi_pod_pack(&buf, b, a);
  assert_in_range(buf.len, 1, 16);
  struct k8sm_pod *back = k8smi_pod_unpack((struct k8sm_slice){buf.ptr, buf.len}, a, NULL);
  k8smi_buf_free(&buf);
  assert_non_null(back);
  assert_ptr_equal(k8smi_get_record(back->record, K8SMI_Pod_spec),
                   k8smi_get_record(a->record, K8SMI_Pod_spec));
  k8sm_pod_unref(a); /* the copy holds what it shares */
  assert_true(records_are_same(K8SMI_TYPE_Pod, b->record, back->record));
  k8sm_pod_unref(back);
  k8sm_pod_unref(b);
}

/* What differs deep inside is all that is written of it; a list may be longer or shorter. */
static void parts_are_shared(void **state) {
  static const char one[] = "{\"spec\":{\"affinity\":{\"nodeAffinity\":{"
                            "\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{"
                            "\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":["
                            "\"a-node-with-a-name\"]}]}]}}},\"containers\":[{\"name\":\"first\",\"image\":"
                            "\"registry.example.org/some/image:1.0\"},{\"name\":\"second\",\"image\":"
                            "\"registry.example.org/some/other/image:2.0\"}]}}";
  static const char two[] = "{\"spec\":{\"affinity\":{\"nodeAffinity\":{"
                            "\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{"
                            "\"matchFields\":[{\"key\":\"metadata.name\",\"operator\":\"In\",\"values\":["
                            "\"b-node-with-a-name\"]}]}]}}},\"containers\":[{\"name\":\"first\",\"image\":"
                            "\"registry.example.org/some/image:1.0\"}]}}";
  (void)state;
  struct k8sm_pod *a = read_json(one), *b = read_json(two);
  assert_in_range(there_and_back(b, a), 20, 80);
  assert_in_range(there_and_back(a, b), 20, 200);
  k8sm_pod_unref(a);
  k8sm_pod_unref(b);
}

static void what_is_unknown_stays(void **state) {
  static const char json[] = "{\"extra\":{\"b\":[1,2]},\"\":0,\"metadata\":{\"name\":\"p\",\"own\":null},"
                             "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"new\":\"x\"}]}}";
  static const char proto[] = "\xaa\x06\x03"                      /* field 101 of the pod */
                              "abc"                               /**/
                              "\x0a\x0a\x0a\x01p\xaa\x06\x04wxyz" /* metadata: its name, and field 101 */
                              "\x12\x0c\x12\x0a\x0a\x01"          /* spec, containers */
                              "c\x12\x01i\xaa\x06\x01v";          /* name, image, and field 101 */
  (void)state;
  struct k8sm_pod *a = read_json(json);
  struct k8sm_pod *b = read_pod(proto, sizeof proto - 1, K8SM_FORMAT_PROTOBUF_BARE, K8SM_PARSE_NO_DEFAULTS);
  struct k8sm_pod *const pods[] = {a, b, NULL};
  for (int i = 0; i < 2; i++) {
    for (int k = 0; k < 3; k++) there_and_back(pods[i], pods[k]);
  }
  k8sm_pod_unref(a);
  k8sm_pod_unref(b);
}

static size_t read_file(const char *name, char *text, size_t cap) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", source_root, name);
  FILE *f = fopen(path, "rb");
  size_t len = f == NULL ? 0 : fread(text, 1, cap, f);
  if (f != NULL) fclose(f);
  return len;
}

/* With every field set, beside the source tree. */
static void a_full_pod(void **state) {
  enum { CAP = 1 << 20 };
  char *text = malloc(CAP);
  (void)state;
  size_t len = read_file("../shared/vectors/k8s-api/HEAD.core.v1.Pod.json", text, CAP);
  struct k8sm_pod *full = len == 0 ? NULL : read_pod(text, len, K8SM_FORMAT_JSON, K8SM_PARSE_NO_DEFAULTS);
  free(text);
  if (full == NULL) skip();
  there_and_back(full, NULL);
  assert_in_range(there_and_back(full, full), 1, 16);
  k8sm_pod_unref(full);
}

static void every_allocation_fails(void **state) {
  struct random_pod p, other;
  (void)state;
  random_pod(&p, 2, 7);
  random_pod(&other, 2, 8);
  struct k8sm_pod *pod = read_pod(p.text, p.len, K8SM_FORMAT_JSON, 0);
  struct k8sm_pod *like = read_pod(other.text, other.len, K8SM_FORMAT_JSON, 0);
  struct k8smi_buf whole;
  k8smi_buf_init(&whole, NULL);
  k8smi_pod_pack(&whole, pod, like);
  struct k8sm_pod *back = NULL;
  for (size_t n = 1; back == NULL; n++) {
    struct failing f;
    failing_init(&f, n);
    back = k8smi_pod_unpack((struct k8sm_slice){whole.ptr, whole.len}, like, &f.allocator);
    if (back == NULL) assert_int_equal(f.held, 0);
    if (back == NULL) continue;
    assert_true(records_are_same(K8SMI_TYPE_Pod, pod->record, back->record));
    k8sm_pod_unref(back);
  }
  k8smi_buf_free(&whole);
  k8sm_pod_unref(pod);
  k8sm_pod_unref(like);
}

static void who_else_holds_it(void **state) {
  (void)state;
  struct k8sm_pod *base = read_json("{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\"}," SPEC "}"), *pod;
  assert_int_equal(k8sm_pod_with_uid(base, "u", NULL, &pod, NULL), K8SM_OK);
  assert_false(k8smi_pod_is_alone(pod, 1, NULL)); /* the base has another reference: ours */
  assert_true(k8smi_pod_is_alone(pod, 1, base));
  k8sm_pod_unref(base);
  assert_true(k8smi_pod_is_alone(pod, 1, NULL));
  k8sm_pod_ref(pod);
  assert_false(k8smi_pod_is_alone(pod, 1, NULL));
  assert_true(k8smi_pod_is_alone(pod, 2, NULL));
  k8sm_pod_unref(pod);
  k8sm_pod_unref(pod);
}

static void which_are_alike(void **state) {
  static const char *const texts[] = {
      "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":{\"containers\":[{\"name\":\"c\","
      "\"image\":\"i\"}]}}",
      "{\"metadata\":{\"name\":\"b\",\"namespace\":\"n\"},\"spec\":{\"nodeName\":\"x\",\"containers\":[{"
      "\"name\":\"c\","
      "\"image\":\"i\"}]}}",
      "{\"metadata\":{\"name\":\"a\",\"namespace\":\"m\"},\"spec\":{\"containers\":[{\"name\":\"c\","
      "\"image\":\"i\"}]}}",
      "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":{\"containers\":[{\"name\":\"c\","
      "\"image\":\"j\"}]}}",
      "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"spec\":{\"containers\":[{\"name\":\"c\","
      "\"image\":\"i\"},"
      "{\"name\":\"d\",\"image\":\"i\"}]}}",
  };
  enum { TEXTS = sizeof texts / sizeof texts[0] };
  uint64_t likeness[TEXTS];
  (void)state;
  for (int i = 0; i < TEXTS; i++) {
    struct k8sm_pod *pod = read_json(texts[i]);
    likeness[i] = k8smi_pod_likeness(pod);
    k8sm_pod_unref(pod);
  }
  assert_true(likeness[0] == likeness[1]);
  for (int i = 2; i < TEXTS; i++) assert_true(likeness[0] != likeness[i]);
}

int main(int argc, char **argv) {
  if (argc > 1) source_root = argv[1];
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pods_by_chance),    cmocka_unit_test(a_replica_takes_little_and_shares),
      cmocka_unit_test(parts_are_shared),  cmocka_unit_test(what_is_unknown_stays),
      cmocka_unit_test(a_full_pod),        cmocka_unit_test(every_allocation_fails),
      cmocka_unit_test(who_else_holds_it), cmocka_unit_test(which_are_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
