/* SPDX-License-Identifier: Apache-2.0 */
/* JSON is read in one go where nothing is odd, and by tokens otherwise. What is read in one go must be what
 * the tokens would have given, to the last bit, and where they would have had nothing to report. */
#include "pod/bind.h"
#include "pod/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/records.h"
#include "wire/json_plain.h"

static const char *source_root = ".";

/* Something of every kind that fields have. */
static const char full[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"2026-01-"
    "02T03:04:05Z\","
    "\"deletionGracePeriodSeconds\":0,\"generation\":9007199254740993,\"labels\":{\"b\":\"1\",\"a\":\"\","
    "\"c\":\"\xc3\xa9\"},"
    "\"annotations\":{\"e\\\"k\":\"line\\nline \\u00e9\\ud83d\\ude00\"},\"finalizers\":[\"x\",\"\"],"
    "\"managedFields\":[{\"manager\":\"m\",\"fieldsV1\":{\"f:a\": {\"k:<\":[1, 2.5,true,null]}}}]},\n"
    "  \"spec\": { \"containers\" : [ {\"name\":\"c\",\"image\":\"i\",\"command\":[\"sh\",\"-c\",\"a "
    "\\\"b\\\"\"],\"args\":[],"
    "\"ports\":[{\"containerPort\":80,\"protocol\":\"TCP\"}],\"env\":[{\"name\":\"E\",\"value\":\"x\\ty\"},{"
    "\"name\":\"F\"}],"
    "\"resources\":{\"limits\":{\"memory\":\"64Mi\",\"cpu\":1.5},\"requests\":{}},\"stdin\":false,\"tty\":"
    "true,"
    "\"livenessProbe\":{\"httpGet\":{\"port\":\"http\"},\"periodSeconds\":-3},\"readinessProbe\":{"
    "\"tcpSocket\":{\"port\":80}},"
    "\"startupProbe\":null,\"securityContext\":{\"runAsUser\":0,\"privileged\":false}}],\"volumes\":[{"
    "\"name\":\"v\","
    "\"emptyDir\":{\"sizeLimit\":\"1Gi\"}},{\"name\":\"w\",\"secret\":{\"optional\":true,\"defaultMode\":420}"
    "}],"
    "\"nodeSelector\":{},\"restartPolicy\":\"\",\"securityContext\":{\"supplementalGroups\":[0,"
    "9223372036854775,-1]},"
    "\"hostNetwork\":true,\"overhead\":{\"cpu\":\"100m\"}},\"status\":{}}";
static const char secret[] =
    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"a\":\"AAEC\",\"b\":\"\"},\"type\":\"t\"}";

struct reading {
  struct k8smi_arena arena, scratch;
  struct k8smi_tokens *tokens;
  struct k8smi_bind bind;
  struct k8sm_diags diags;
  const struct k8smi_record *record;
};

static void reading_begin(struct reading *r, const char *text, size_t len, bool defaults) {
  const struct k8smi_tokens_options o = {.max_depth = 12, .max_nodes = 500};
  memset(r, 0, sizeof *r);
  r->diags = (struct k8sm_diags){.size = sizeof r->diags, .row_size = sizeof(struct k8sm_diag)};
  assert_true(k8smi_arena_init(&r->arena, NULL, 0) && k8smi_arena_init(&r->scratch, NULL, 0));
  assert_int_equal(k8smi_tokens_json(&r->scratch, text, len, &o, &r->tokens, NULL), K8SM_OK);
  assert_true(k8smi_bind_init(&r->bind, r->tokens, &r->arena, &r->diags));
  r->bind.defaults = defaults;
}

static void reading_end(struct reading *r) {
  k8smi_bind_free(&r->bind);
  k8smi_arena_free(&r->arena);
  k8smi_arena_free(&r->scratch);
}

/* Whether the text is read in one go; if so, the tokens agree. If not, they are as they were. */
static bool agrees(enum k8smi_type_id type, const char *text, size_t len, bool defaults) {
  struct reading quick, slow;
  char *exact = malloc(len == 0 ? 1 : len); /* so that reading beyond its end is seen by sanitizers */
  memcpy(exact, text, len);
  reading_begin(&quick, exact, len, defaults);
  reading_begin(&slow, exact, len, defaults);
  bool read = k8smi_bind_json(&quick.bind, type, &quick.record);
  int r = k8smi_bind_record(&slow.bind, type, NULL, &slow.record);
  assert_int_equal(quick.diags.count, 0);
  if (!read) {
    assert_int_equal(k8smi_bind_record(&quick.bind, type, NULL, &quick.record), r);
    assert_int_equal(quick.diags.count, slow.diags.count);
    assert_int_equal(quick.bind.invalid, slow.bind.invalid);
  } else {
    assert_int_equal(slow.diags.count, 0);
    assert_false(slow.bind.invalid);
  }
  if (read) assert_int_equal(r, K8SM_OK);
  if (r == K8SM_OK) {
    struct k8smi_json_place a, b;
    assert_true(records_are_same(type, quick.record, slow.record));
    assert_true(k8smi_tokens_json_place(quick.tokens, &a) && k8smi_tokens_json_place(slow.tokens, &b));
    assert_true(a.at == b.at && a.levels == b.levels && a.nodes == b.nodes && a.done && b.done);
  }
  reading_end(&quick);
  reading_end(&slow);
  free(exact);
  return read;
}

static void usual_objects_are_read_in_one_go(void **state) {
  (void)state;
  for (int defaults = 0; defaults <= 1; defaults++) {
    assert_true(agrees(K8SMI_TYPE_Pod, full, sizeof full - 1, defaults));
    assert_true(agrees(K8SMI_TYPE_Secret, secret, sizeof secret - 1, defaults));
    assert_true(agrees(K8SMI_TYPE_Pod, "{}", 2, defaults));
    assert_true(agrees(K8SMI_TYPE_Pod, "{} and more", 11, defaults));
    assert_true(agrees(K8SMI_TYPE_Pod, "{\"metadata\":{\"generation\":-999999999999999999}}", 47, defaults));
  }
}

static void what_is_odd_is_not(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      " ",
      "null",
      "[]",
      "{",
      "{\"kind\":1}",
      "{\"kind\":\"a\",\"kind\":\"b\"}",
      "{\"kind\":null,\"kind\":null}",
      "{\"knd\":\"Pod\"}",
      "{\"ki\\u006ed\":\"Pod\"}",
      "{\"kind\":\"Pod\",}",
      "{\"kind\" \"Pod\"}",
      "{\"metadata\":{\"labels\":{\"a\":\"1\",\"a\":\"2\"}}}",
      "{\"metadata\":{\"labels\":{\"a\":null}}}",
      "{\"metadata\":{\"generation\":01}}",
      "{\"metadata\":{\"generation\":1.0}}",
      "{\"metadata\":{\"generation\":1e1}}",
      "{\"metadata\":{\"generation\":-}}",
      "{\"metadata\":{\"generation\":9223372036854775808}}",
      "{\"metadata\":{\"generation\":1234567890123456789}}",
      "{\"metadata\":{\"generation\":-9999999999999999999}}",
      "{\"metadata\":{\"generation\":-",
      "{\"metadata\":{\"finalizers\":[null]}}",
      "{\"metadata\":{\"finalizers\":[\"a\",]}}",
      "{\"metadata\":{\"finalizers\":[\"a\"}}",
      "{\"metadata\":{\"creationTimestamp\":\"today\"}}",
      "{\"spec\":{\"hostNetwork\":0}}",
      "{\"spec\":{\"overhead\":{\"cpu\":\"a lot\"}}}",
      "{\"spec\":{\"containers\":[null]}}",
      "{\"spec\":{\"containers\":[{\"ports\":[{\"containerPort\":2147483648}]}]}}",
      "{\"kind\":\"\x01\"}",
      "{\"kind\":\"\xff\"}",
      "{\"kind\":\"\\x\"}",
      "{\"kind\":\"Pod"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    assert_false(agrees(K8SMI_TYPE_Pod, texts[i], strlen(texts[i]), true));
  assert_false(agrees(K8SMI_TYPE_Secret, "{\"data\":{\"a\":\"A\"}}", 18, true));
}

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

/* Cuts, single bytes, and random edits; with luck, some are read in one go all the same. */
static void mutations_agree(void **state) {
  (void)state;
  static const char bytes[] = "\"{}[],:\\ \n0-.etfn\xc3\x01";
  char text[sizeof full + 8];
  uint32_t seed = 1;
  size_t read = 0;
  for (size_t len = 0; len < sizeof full; len++) agrees(K8SMI_TYPE_Pod, full, len, false);
  for (int round = 0; round < 20000; round++) {
    size_t len = sizeof full - 1;
    memcpy(text, full, len);
    for (uint32_t edits = 1 + next_random(&seed) % 3; edits > 0; edits--) {
      size_t at = next_random(&seed) % len;
      char byte = bytes[next_random(&seed) % (sizeof bytes - 1)];
      switch (next_random(&seed) % 3) {
      case 0: text[at] = byte; break;
      case 1: memmove(text + at, text + at + 1, --len - at); break;
      default: memmove(text + at + 1, text + at, len++ - at); text[at] = byte;
      }
    }
    read += agrees(K8SMI_TYPE_Pod, text, len, round % 2 == 0);
  }
  assert_in_range(read, 500, 15000);
}

/* The limits end at the same place in both. */
static void limits_agree(void **state) {
  (void)state;
  char text[4096];
  for (size_t items = 480; items <= 500; items++) {
    size_t len = (size_t)sprintf(text, "{\"metadata\":{\"finalizers\":[\"\"");
    for (size_t i = 1; i < items; i++) len += (size_t)sprintf(text + len, ",\"\"");
    len += (size_t)sprintf(text + len, "]}}");
    assert_int_equal(agrees(K8SMI_TYPE_Pod, text, len, false), items + 5 <= 500);
  }
  for (size_t depth = 1; depth <= 12; depth++) {
    size_t len = (size_t)sprintf(text, "{\"metadata\":{\"managedFields\":[{\"fieldsV1\":%.*s%.*s}]}}",
                                 (int)depth, "[[[[[[[[[[[[", (int)depth, "]]]]]]]]]]]]");
    assert_int_equal(agrees(K8SMI_TYPE_Pod, text, len, false), depth + 4 <= 12);
  }
}

static void plain_text_ends_at_the_same_byte(void **state) {
  (void)state;
  char text[80];
  uint32_t seed = 7;
  for (int round = 0; round < 20000; round++) {
    size_t len = next_random(&seed) % sizeof text;
    memset(text, 'a', sizeof text);
    for (uint32_t n = next_random(&seed) % 3; n > 0; n--)
      text[next_random(&seed) % sizeof text] = (char)next_random(&seed);
    const char *end = text;
    while (end < text + len && k8smi_json_is_plain(*end)) end++;
    assert_ptr_equal(k8smi_json_plain(text, text + len), end);
    assert_ptr_equal(k8smi_json_plain_by_words(text, text + len), end);
  }
}

static void objects_of_kubernetes_itself(void **state) {
  (void)state;
  char path[4096], *text = malloc(1 << 20);
  snprintf(path, sizeof path, "%s/../shared/vectors/k8s-api/HEAD.core.v1.Pod.json", source_root);
  FILE *f = fopen(path, "rb");
  size_t len = f == NULL ? 0 : fread(text, 1, 1 << 20, f);
  if (f != NULL) fclose(f);
  if (len > 0) {
    struct k8smi_tokens_options o = {0};
    struct reading quick;
    reading_begin(&quick, "", 0, false);
    assert_int_equal(k8smi_tokens_json(&quick.scratch, text, len, &o, &quick.bind.tokens, NULL), K8SM_OK);
    assert_true(k8smi_bind_json(&quick.bind, K8SMI_TYPE_Pod, &quick.record));
    reading_end(&quick);
  }
  free(text);
  if (len == 0) skip();
}

int main(int argc, char **argv) {
  if (argc > 1) source_root = argv[1];
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(usual_objects_are_read_in_one_go),
      cmocka_unit_test(what_is_odd_is_not),
      cmocka_unit_test(mutations_agree),
      cmocka_unit_test(limits_agree),
      cmocka_unit_test(plain_text_ends_at_the_same_byte),
      cmocka_unit_test(objects_of_kubernetes_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
