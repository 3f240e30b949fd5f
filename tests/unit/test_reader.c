/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests in chunks: the same pods and findings as those of the whole, wherever the bytes are cut. */
#include <k8smesos/manifest.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing.h"

/* What came out, as text: a line for each finding, then one for each pod. */
struct outcome {
  char findings[8192];
  char pods[65536];
  int result; /* the first that is no success */
};

static void put(char *text, size_t cap, const char *format, ...) {
  va_list args;
  size_t len = strlen(text);
  va_start(args, format);
  int n = vsnprintf(text + len, cap - len, format, args);
  va_end(args);
  assert_true(n >= 0 && (size_t)n < cap - len);
}

static void put_findings(struct outcome *o, const struct k8sm_diags *d) {
  const struct k8sm_diag *rows = d->rows;
  for (size_t i = 0; i < d->count; i++)
    put(o->findings, sizeof o->findings, "%u %u:%u:%u %s: %s\n", rows[i].code, rows[i].document, rows[i].line,
        rows[i].column, d->text + rows[i].path, d->text + rows[i].message);
}

static void put_pod(struct outcome *o, const struct k8sm_manifest_pod *row) {
  struct k8sm_blob *json = NULL;
  assert_int_equal(k8sm_pod_encode(row->pod, K8SM_FORMAT_JSON, NULL, &json), K8SM_OK);
  put(o->pods, sizeof o->pods, "%u %u %s %s\n", row->document, row->replica,
      row->owner.ptr == NULL ? "" : row->owner.ptr, k8sm_blob_bytes(json).ptr);
  k8sm_blob_unref(json);
}

static void read_whole(const char *bytes, size_t len, const struct k8sm_parse_options *options,
                       struct outcome *ret) {
  struct k8sm_diag rows[64];
  char text[8192];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_manifest *m = NULL;
  struct k8sm_manifest_pod row;
  memset(ret, 0, sizeof *ret);
  ret->result = k8sm_manifest_parse(bytes, len, options, &m, &diags);
  for (size_t i = 0; m != NULL && k8sm_manifest_pods(m, i, &row, sizeof row, 1) > 0; i++) put_pod(ret, &row);
  put_findings(ret, &diags);
  k8sm_manifest_unref(m);
}

/* Everything that can be had by now. */
static void read_all(struct k8sm_reader *r, struct outcome *o, struct k8sm_diags *diags) {
  struct k8sm_manifest_pod row;
  int result;
  while ((result = k8sm_reader_next(r, &row, sizeof row, diags)) != K8SM_ERR_NOT_FOUND) {
    if (result == K8SM_OK) {
      put_pod(o, &row);
      k8sm_pod_unref(row.pod);
      continue;
    }
    bool again = o->result == result;
    if (o->result == K8SM_OK) o->result = result;
    if (again) return; /* it is stuck, or two documents are wrong in the same way: the end will tell */
  }
}

static void read_cut(const char *bytes, size_t len, const size_t *cuts, size_t n,
                     const struct k8sm_parse_options *options, struct outcome *ret) {
  struct k8sm_diag rows[64];
  char text[8192];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_reader *r = NULL;
  memset(ret, 0, sizeof *ret);
  assert_int_equal(k8sm_reader_new(options, &r, &diags), K8SM_OK);
  for (size_t i = 0, at = 0; i <= n; i++) {
    size_t end = i == n ? len : cuts[i];
    char *copy = malloc(end - at + 1); /* so that reading beyond the chunk shows */
    memcpy(copy, bytes + at, end - at);
    assert_int_equal(k8sm_reader_push(r, copy, end - at, i == n), K8SM_OK);
    free(copy);
    at = end;
    read_all(r, ret, &diags);
  }
  for (int i = 0; i < 8; i++) read_all(r, ret, &diags);
  assert_int_equal(k8sm_reader_push(r, "", 0, 0), K8SM_ERR_STATE);
  k8sm_reader_free(r);
  put_findings(ret, &diags);
}

static void same(const struct outcome *whole, const struct outcome *cut, size_t at) {
  if (whole->result == K8SM_OK && strcmp(whole->pods, cut->pods) != 0)
    fail_msg("cut at %zu: pods\n%s\nnot\n%s", at, cut->pods, whole->pods);
  if (strcmp(whole->findings, cut->findings) != 0)
    fail_msg("cut at %zu: findings\n%s\nnot\n%s", at, cut->findings, whole->findings);
  if (whole->result != cut->result) fail_msg("cut at %zu: result %d, not %d", at, cut->result, whole->result);
}

static void cut_with(const char *bytes, size_t len, const struct k8sm_parse_options *options) {
  static struct outcome whole, cut;
  read_whole(bytes, len, options, &whole);
  for (size_t i = 0; i <= len; i++) {
    read_cut(bytes, len, &i, 1, options, &cut);
    same(&whole, &cut, i);
  }
  size_t *all = malloc((len + 1) * sizeof *all);
  for (size_t i = 0; i < len; i++) all[i] = i;
  read_cut(bytes, len, all, len, options, &cut);
  same(&whole, &cut, len);
  free(all);
}

static void cut_everywhere(const char *text) {
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = K8SM_PARSE_KEEP_UNKNOWN, .name_seed = "s"};
  cut_with(text, strlen(text), &o);
}

#define HEAD(name) "\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"" name "\"}"
#define SPEC       "\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}"
#define POD(name)  "{" HEAD(name) "," SPEC "}"
#define BARE(name) "{\"metadata\":{\"name\":\"" name "\"}," SPEC "}"
#define BAD(name)                                                                                            \
  "{" HEAD(name) ",\"spec\":{\"containers\":[{\"name\":\"C\",\n \"image\":\"i\",\"imge\":1}]}}"
#define SET                                                                                                  \
  "{\"apiVersion\":\"apps/"                                                                                  \
  "v1\",\"kind\":\"ReplicaSet\",\"metadata\":{\"name\":\"w\"},\"spec\":{\"replicas\":2,\"selector\":"        \
  "{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}}," SPEC "}}}"

static void json_documents(void **state) {
  (void)state;
  cut_everywhere(POD("a"));
  cut_everywhere(POD("a") "\n" POD("b") "\n\n" POD("c") "\n");
  cut_everywhere("\xef\xbb\xbf " POD("a") POD("b"));
  cut_everywhere(POD("a") "\n---\n" POD("b") "\n");
  cut_everywhere(SET POD("a"));
  cut_everywhere("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"g-\"}," SPEC "}\n"
                 "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"g-\"}," SPEC
                 "}\n");
  cut_everywhere(
      "{\"x\":\"items\",\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\\\"}\\\\\"}," SPEC
      "}");
}

static void json_lists(void **state) {
  (void)state;
  cut_everywhere(
      "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[" BARE(
          "a") "," BARE("b") "]}\n");
  cut_everywhere("{\"apiVersion\":\"v1\",\"items\":[ " POD("a") " ,\n " SET "\n, " POD(
      "b") "],\"kind\":\"List\",\"metadata\":{}}");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[]} " POD("a"));
  cut_everywhere("{\"items\":[" BARE("a") "," BARE("b") "],\"apiVersion\":\"v1\",\"kind\":\"PodList\"}");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[" POD(
      "a") ",null,{\"kind\":\"PodList\",\"apiVersion\":\"v1\","
           "\"items\":[" BARE("b") "]}]}" POD("c"));
  cut_everywhere("{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":[" BARE("a") "]}" POD("c"));
  cut_everywhere("{\"kind\":\"PodList\",\"apiVersion\":\"v9\",\"items\":[" BARE("a") "]}" POD("c"));
}

/* Findings are those of the whole, with their paths and places. */
static void wrong_json(void **state) {
  (void)state;
  cut_everywhere(POD("a") "\n" BAD("b") "\n" POD("c"));
  cut_everywhere("{\"apiVersion\":\"v1\",\n \"kind\":\"List\",\"items\":[\n" POD("a") ",\n " BAD(
      "b") ",\n\n " BAD("c") "]}\n" BAD("d"));
  cut_everywhere(
      "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"itmes\":0,\"items\":[" POD("a") "],\"metadata\":7}");
  cut_everywhere(
      "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n\n" POD("a") "\n],\n \"kind\":\"List\"}");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[" POD("a") " " POD("b") "]}");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n" POD("a") ",]}");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n ,]}");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n" POD("a") ",\n");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n" POD("a") "\n");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n" POD("a") ",\n {\"kind\":");
  cut_everywhere("{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n {\"kind\":");
  cut_everywhere("{\"kind\":\"Pod\",\n\"a\n");
  cut_everywhere(POD("a") "\n 12 \"x\" []\n");
  cut_everywhere(POD("a") "\n}");
  cut_everywhere("[" POD("a") "]");
}

static void yaml_documents(void **state) {
  (void)state;
  cut_everywhere(
      "# first\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: "
      "i}]}\n"
      "--- # next\nkind: Service\napiVersion: v1\nmetadata: {name: s}\n---\n\n---\n"
      "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: c, image: i}]}\n...\n"
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n");
  cut_everywhere("%YAML 1.1\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: X}\nspec: {containers: [{name: "
                 "c, image: i}]}\n"
                 "---\na: [\n---\nb: c\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: y1}\nspec: "
                 "{containers: [{nme: c}]}");
}

/* The pods of a manifest as a list in protobuf; another list of the same as v1 List is made by hand. */
static void protobuf_lists(void **state) {
  (void)state;
  static const char text[] = POD("a") POD("b") POD("c");
  const struct k8sm_parse_options o = {.size = sizeof o};
  struct k8sm_manifest *m = NULL;
  struct k8sm_pod *pods[3];
  struct k8sm_blob *list = NULL, *one = NULL;
  assert_int_equal(k8sm_manifest_parse(text, sizeof text - 1, NULL, &m, NULL), K8SM_OK);
  for (size_t i = 0; i < 3; i++) {
    struct k8sm_manifest_pod row;
    k8sm_manifest_pods(m, i, &row, sizeof row, 1);
    pods[i] = row.pod;
  }
  assert_int_equal(k8sm_pods_encode(pods, 3, K8SM_FORMAT_PROTOBUF, NULL, &list), K8SM_OK);
  assert_int_equal(k8sm_pod_encode(pods[1], K8SM_FORMAT_PROTOBUF, NULL, &one), K8SM_OK);
  struct k8sm_slice s = k8sm_blob_bytes(list), p = k8sm_blob_bytes(one);
  cut_with(s.ptr, s.len, &o);
  cut_with(p.ptr, p.len, &o);
  for (size_t len = 1; len < s.len; len++) { /* cut off: never a success, never more than is there */
    static struct outcome whole, cut;
    size_t at = len / 2;
    read_whole(s.ptr, len, &o, &whole);
    read_cut(s.ptr, len, &at, 1, &o, &cut);
    bool no_pod = strncmp(whole.findings, "222 ", 4) == 0; /* which a reader does not mind */
    if ((whole.result == K8SM_OK || no_pod) != (cut.result == K8SM_OK))
      fail_msg("cut off at %zu of %zu: %d, not %d", len, s.len, cut.result, whole.result);
  }
  k8sm_blob_unref(list);
  k8sm_blob_unref(one);
  k8sm_manifest_unref(m);
}

/* ---- Memory ---- */

struct counting {
  struct k8sm_allocator allocator;
  size_t held, peak;
};

static void *count_alloc(void *ctx, size_t n) {
  struct counting *c = ctx;
  c->held += n;
  if (c->held > c->peak) c->peak = c->held;
  return malloc(n);
}

static void count_free(void *ctx, void *p, size_t n) {
  struct counting *c = ctx;
  c->held -= n;
  free(p);
}

static void long_lists_take_little_memory(void **state) {
  (void)state;
  enum { PODS = 10000, CHUNK = 4096, ENOUGH = 64 * 1024 };
  struct counting c = {.allocator = {sizeof c.allocator, &c, count_alloc, count_free}};
  const struct k8sm_parse_options o = {.size = sizeof o, .allocator = &c.allocator};
  struct k8sm_reader *r = NULL;
  char buffer[CHUNK + 1024];
  size_t len = (size_t)snprintf(buffer, sizeof buffer, "{\"apiVersion\":\"v1\",\"items\":[");
  size_t count = 0;
  assert_int_equal(k8sm_reader_new(&o, &r, NULL), K8SM_OK);
  for (size_t i = 0; i < PODS; i++) {
    len += (size_t)snprintf(
        buffer + len, sizeof buffer - len,
        "%s{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p-%zu\"}," SPEC "}",
        i == 0 ? "" : ",", i);
    if (i + 1 == PODS) len += (size_t)snprintf(buffer + len, sizeof buffer - len, "],\"kind\":\"List\"}");
    if (len < CHUNK && i + 1 < PODS) continue;
    struct k8sm_manifest_pod row;
    int result;
    assert_int_equal(k8sm_reader_push(r, buffer, len, i + 1 == PODS), K8SM_OK);
    while ((result = k8sm_reader_next(r, &row, sizeof row, NULL)) == K8SM_OK) {
      char name[32];
      snprintf(name, sizeof name, "p-%zu", count++);
      assert_string_equal(k8sm_pod_name(row.pod).ptr, name);
      k8sm_pod_unref(row.pod);
    }
    assert_int_equal(result, K8SM_ERR_NOT_FOUND);
    len = 0;
  }
  assert_int_equal(count, PODS);
  if (c.peak > ENOUGH) fail_msg("%zu bytes at the most", c.peak);
  k8sm_reader_free(r);
  assert_int_equal(c.held, 0);
}

static int next_of(const char *text, size_t len, const struct k8sm_parse_options *o) {
  struct k8sm_reader *r = NULL;
  struct k8sm_manifest_pod row;
  assert_int_equal(k8sm_reader_new(o, &r, NULL), K8SM_OK);
  assert_int_equal(k8sm_reader_push(r, text, len, 0), K8SM_OK);
  int result = k8sm_reader_next(r, &row, sizeof row, NULL);
  if (result == K8SM_OK) k8sm_pod_unref(row.pod);
  assert_int_equal(k8sm_reader_next(r, &row, sizeof row, NULL), result);
  k8sm_reader_free(r);
  return result;
}

/* What never ends is not kept for ever. */
static void documents_are_bounded(void **state) {
  (void)state;
  const struct k8sm_parse_options o = {.size = sizeof o, .max_bytes = 64};
  static const char proto[] = "k8s\0\x0a\x0d\x0a\x02v1\x12\x07PodList\x12\xff\xff\x03\x12\xf0\xf0\x03";
  char text[200];
  memset(text, ' ', sizeof text);
  assert_int_equal(next_of(text, sizeof text, &o), K8SM_ERR_LIMIT);
  text[0] = '{';
  assert_int_equal(next_of(text, sizeof text, &o), K8SM_ERR_LIMIT);
  text[0] = 'a';
  assert_int_equal(next_of(text, sizeof text, &o), K8SM_ERR_LIMIT);
  assert_int_equal(next_of(proto, sizeof proto - 1, &o), K8SM_ERR_LIMIT);
  memcpy(text, "{\"items\":[{", 11);
  assert_int_equal(next_of(text, sizeof text, &o), K8SM_ERR_LIMIT);
}

static void options_are_checked(void **state) {
  (void)state;
  struct k8sm_parse_options o = {.size = sizeof o, .format = K8SM_FORMAT_PROTOBUF_BARE};
  struct k8sm_reader *r = NULL;
  assert_int_equal(k8sm_reader_new(&o, &r, NULL), K8SM_ERR_INVALID);
  o.format = 77;
  assert_int_equal(k8sm_reader_new(&o, &r, NULL), K8SM_ERR_INVALID);
  assert_null(r);
  k8sm_reader_free(NULL);
}

static int read_failing(const char *text, size_t len, size_t n) {
  struct failing f;
  failing_init(&f, n);
  const struct k8sm_parse_options o = {.size = sizeof o, .allocator = &f.allocator};
  struct k8sm_reader *r = NULL;
  struct k8sm_manifest_pod row;
  int result = k8sm_reader_new(&o, &r, NULL);
  for (size_t at = 0; result == K8SM_OK && at < len; at += 64) {
    size_t size = len - at < 64 ? len - at : 64;
    result = k8sm_reader_push(r, text + at, size, at + size == len);
    if (result != K8SM_OK) break;
    while ((result = k8sm_reader_next(r, &row, sizeof row, NULL)) == K8SM_OK) k8sm_pod_unref(row.pod);
    if (result == K8SM_ERR_NOT_FOUND) result = K8SM_OK;
  }
  k8sm_reader_free(r);
  assert_int_equal(f.held, 0);
  return result;
}

static void every_allocation_fails_once(void **state) {
  (void)state;
  static const char *const texts[] = {
      "{\"apiVersion\":\"v1\",\"items\":[" POD("a") "," SET "],\"kind\":\"List\"}" POD("b"),
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n---\n{}\n# "
      "nothing\n"};
  for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
    int result = K8SM_ERR_NOMEM;
    for (size_t n = 1; result == K8SM_ERR_NOMEM; n++) {
      result = read_failing(texts[t], strlen(texts[t]), n);
      assert_in_range(n, 1, 3000);
    }
    assert_int_equal(result, t == 0 ? K8SM_OK : K8SM_ERR_INVALID);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_documents),
      cmocka_unit_test(json_lists),
      cmocka_unit_test(wrong_json),
      cmocka_unit_test(yaml_documents),
      cmocka_unit_test(protobuf_lists),
      cmocka_unit_test(long_lists_take_little_memory),
      cmocka_unit_test(documents_are_bounded),
      cmocka_unit_test(options_are_checked),
      cmocka_unit_test(every_allocation_fails_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
