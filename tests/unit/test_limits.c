/* SPDX-License-Identifier: Apache-2.0 */
/* Each limit of the parse options, met and passed, in each format. */
#include <k8smesos/pod.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LIMITS_HEAD "\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}"
static const char limits_json[] =
    "{" LIMITS_HEAD ",\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i\"},"
    "{\"name\":\"b\",\"image\":\"i\"}],\"initContainers\":[{\"name\":\"c\","
    "\"image\":\"i\"}]}}";

/* The same pod in a format. */
static struct k8sm_blob *limits_input(uint32_t format) {
  struct k8sm_pod *pod = NULL;
  struct k8sm_blob *blob = NULL;
  const struct k8sm_parse_options o = {.size = sizeof o,
                                       .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE};
  assert_int_equal(k8sm_pod_parse(limits_json, strlen(limits_json), &o, &pod, NULL), K8SM_OK);
  assert_int_equal(k8sm_pod_encode(pod, format, NULL, &blob), K8SM_OK);
  k8sm_pod_unref(pod);
  return blob;
}

/* Reads the input with the options; `message` is that of the only finding, or NULL for none. */
static void limits_read(struct k8sm_slice input, struct k8sm_parse_options o, uint32_t code,
                        const char *message) {
  struct k8sm_diag rows[4];
  char text[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_pod *pod = NULL;
  o.size = sizeof o;
  int r = k8sm_pod_parse(input.ptr, input.len, &o, &pod, &diags);
  assert_int_equal(r, message == NULL ? K8SM_OK : K8SM_ERR_LIMIT);
  assert_int_equal(diags.count, message != NULL);
  if (message != NULL) {
    assert_int_equal(rows[0].code, code);
    assert_string_equal(text + rows[0].message, message);
  }
  k8sm_pod_unref(pod);
}

static const uint32_t limits_formats[] = {K8SM_FORMAT_JSON, K8SM_FORMAT_YAML, K8SM_FORMAT_PROTOBUF,
                                          K8SM_FORMAT_PROTOBUF_BARE};
enum { LIMITS_FORMATS = sizeof limits_formats / sizeof limits_formats[0] };

static void bytes_are_limited(void **state) {
  (void)state;
  for (size_t i = 0; i < LIMITS_FORMATS; i++) {
    struct k8sm_blob *blob = limits_input(limits_formats[i]);
    struct k8sm_slice input = k8sm_blob_bytes(blob);
    struct k8sm_parse_options o = {.format = limits_formats[i], .max_bytes = input.len};
    char message[64];
    limits_read(input, o, 0, NULL);
    o.max_bytes--;
    snprintf(message, sizeof message, "found %zu bytes, expected at most %zu", input.len, input.len - 1);
    limits_read(input, o, K8SM_DIAG_TOO_LARGE, message);
    k8sm_blob_unref(blob);
  }
}

/* Lists are levels of text, and none of protobuf. */
static void depth_is_limited(void **state) {
  (void)state;
  static const uint32_t depths[LIMITS_FORMATS] = {5, 5, 4, 4};
  static const char *const messages[LIMITS_FORMATS] = {
      "nested deeper than 4 levels", "nested deeper than 4 levels", "nested deeper than 3 levels",
      "nested deeper than 3 levels"};
  for (size_t i = 0; i < LIMITS_FORMATS; i++) {
    struct k8sm_blob *blob = limits_input(limits_formats[i]);
    struct k8sm_parse_options o = {.format = limits_formats[i], .max_depth = depths[i]};
    limits_read(k8sm_blob_bytes(blob), o, 0, NULL);
    o.max_depth--;
    limits_read(k8sm_blob_bytes(blob), o, K8SM_DIAG_TOO_DEEP, messages[i]);
    k8sm_blob_unref(blob);
  }
}

static void nodes_are_limited(void **state) {
  (void)state;
  for (size_t i = 0; i < LIMITS_FORMATS; i++) {
    bool text = limits_formats[i] <= K8SM_FORMAT_YAML;
    struct k8sm_blob *blob = limits_input(limits_formats[i]);
    struct k8sm_pod *pod = NULL;
    struct k8sm_parse_options o = {.size = sizeof o, .format = limits_formats[i], .max_nodes = 1};
    struct k8sm_slice input = k8sm_blob_bytes(blob);
    while (k8sm_pod_parse(input.ptr, input.len, &o, &pod, NULL) == K8SM_ERR_LIMIT) o.max_nodes++;
    assert_non_null(pod);
    k8sm_pod_unref(pod);
    limits_read(input, o, 0, NULL);
    o.max_nodes--;
    char message[64];
    snprintf(message, sizeof message, "more than %u %s", (unsigned)o.max_nodes,
             text ? "keys and values in one document" : "fields in one message");
    limits_read(input, o, K8SM_DIAG_TOO_LARGE, message);
    k8sm_blob_unref(blob);
  }
}

static void containers_are_limited(void **state) {
  (void)state;
  for (size_t i = 0; i < LIMITS_FORMATS; i++) {
    struct k8sm_blob *blob = limits_input(limits_formats[i]);
    struct k8sm_parse_options o = {.format = limits_formats[i], .max_containers = 3};
    limits_read(k8sm_blob_bytes(blob), o, 0, NULL);
    o.max_containers = 2;
    limits_read(k8sm_blob_bytes(blob), o, K8SM_DIAG_TOO_LARGE, "found 3 containers, expected at most 2");
    k8sm_blob_unref(blob);
  }
}

static void memory_is_limited(void **state) {
  (void)state;
  for (size_t i = 0; i < LIMITS_FORMATS; i++) {
    struct k8sm_blob *blob = limits_input(limits_formats[i]);
    limits_read(k8sm_blob_bytes(blob),
                (struct k8sm_parse_options){.format = limits_formats[i], .max_memory = 600},
                K8SM_DIAG_TOO_LARGE, "the value needs more memory than the options allow");
    k8sm_blob_unref(blob);
  }
}

static void aliases_are_limited(void **state) {
  (void)state;
  static const char yaml[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
                             "  - {name: a, image: i, args: &x [b, c]}\n  - {name: b, image: i, args: *x}\n";
  const struct k8sm_slice input = {yaml, sizeof yaml - 1};
  limits_read(input, (struct k8sm_parse_options){.max_alias_nodes = 3}, 0, NULL);
  limits_read(input, (struct k8sm_parse_options){.max_alias_nodes = 2}, K8SM_DIAG_YAML_ALIASES,
              "aliases expand to more than 2 nodes in all");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_are_limited), cmocka_unit_test(depth_is_limited),
      cmocka_unit_test(nodes_are_limited), cmocka_unit_test(containers_are_limited),
      cmocka_unit_test(memory_is_limited), cmocka_unit_test(aliases_are_limited),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
