/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod takes: at most 1.25 times its compact JSON, in at most three pieces, whatever it is read from;
 * and the whole call that reads it asks for memory no more often than that. */
#include <k8smesos/pod.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "support/typical_pod.h"

static const char *source_root = ".";

struct counted {
  size_t calls;
  size_t held;
};

static void *counted_alloc(void *ctx, size_t n) {
  struct counted *c = ctx;
  c->calls++;
  c->held += n;
  return malloc(n);
}

static void counted_free(void *ctx, void *p, size_t n) {
  ((struct counted *)ctx)->held -= n;
  free(p);
}

static struct k8sm_pod *read_counted(struct k8sm_slice text, uint32_t format, struct counted *counted) {
  const struct k8sm_allocator allocator = {sizeof allocator, counted, counted_alloc, counted_free};
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE,
                                       .format = format,
                                       .allocator = &allocator};
  struct k8sm_pod *pod = NULL;
  assert_int_equal(k8sm_pod_parse(text.ptr, text.len, &o, &pod, NULL), K8SM_OK);
  return pod;
}

static struct k8sm_blob *written(const struct k8sm_pod *pod, uint32_t format) {
  struct k8sm_blob *blob = NULL;
  assert_int_equal(k8sm_pod_encode(pod, format, NULL, &blob), K8SM_OK);
  return blob;
}

static void takes_little(struct k8sm_slice text) {
  static const uint32_t formats[] = {K8SM_FORMAT_JSON, K8SM_FORMAT_PROTOBUF, K8SM_FORMAT_PROTOBUF_BARE,
                                     K8SM_FORMAT_YAML};
  struct counted counted = {0, 0};
  struct k8sm_pod *pod = read_counted(text, K8SM_FORMAT_JSON, &counted);
  struct k8sm_blob *json = written(pod, K8SM_FORMAT_JSON);
  const size_t json_len = k8sm_blob_bytes(json).len;
  for (size_t i = 0; i < 4; i++) {
    struct k8sm_blob *blob = written(pod, formats[i]);
    counted = (struct counted){0, 0};
    struct k8sm_pod *again = read_counted(k8sm_blob_bytes(blob), formats[i], &counted);
    assert_in_range(counted.held, json_len / 2, json_len * 5 / 4);
    if (formats[i] != K8SM_FORMAT_YAML) assert_in_range(counted.calls, 1, 3);
    k8sm_pod_unref(again);
    assert_int_equal(counted.held, 0);
    k8sm_blob_unref(blob);
  }
  k8sm_blob_unref(json);
  counted = (struct counted){0, 0};
  k8sm_pod_unref(pod);
}

static void a_typical_pod_takes_little(void **state) {
  (void)state;
  static struct typical_text text;
  typical_pod_json(&text);
  takes_little((struct k8sm_slice){text.bytes, text.len});
}

/* Beside the source tree: one that has every field set. */
static void a_full_pod_takes_little(void **state) {
  (void)state;
  char path[4096], *text = malloc(1 << 20);
  snprintf(path, sizeof path, "%s/../shared/vectors/k8s-api/HEAD.core.v1.Pod.json", source_root);
  FILE *f = fopen(path, "rb");
  size_t len = f == NULL ? 0 : fread(text, 1, 1 << 20, f);
  if (f != NULL) fclose(f);
  if (len > 0) takes_little((struct k8sm_slice){text, len});
  free(text);
  if (len == 0) skip();
}

int main(int argc, char **argv) {
  if (argc > 1) source_root = argv[1];
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_typical_pod_takes_little),
      cmocka_unit_test(a_full_pod_takes_little),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
