/* SPDX-License-Identifier: Apache-2.0 */

/* What a byte costs to read, by shape and size of the input: shapes that make other parsers slow. A line that
 * rises with the size is a hole; one that falls is a limit that ends the work early. Lines of
 * parse.curve.SHAPE.SIZE, nanoseconds, unit; curve_svg.py draws them. */

#include <k8smesos/pod.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CURVE_SMALLEST = 4 * 1024, CURVE_LARGEST = 4 * 1024 * 1024, CURVE_ROUNDS = 5 };

#define JSON_POD "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\""
#define YAML_POD "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"

/* The head, then `item` again and again with its number in place of each @, then `end` as often, then the
 * tail. */
struct curve_shape {
  const char *name;
  const char *head, *item, *end, *tail;
};

static const struct curve_shape curve_shapes[] = {
    {"json.map", JSON_POD ",\"labels\":{\"a\":\"\"", ",\"key-@\":\"value\"", "", "}}}"},
    {"json.map_backwards", JSON_POD ",\"labels\":{\"a\":\"\"", ",\"@\":\"\"", "", "}}}"},
    {"json.duplicate_keys", JSON_POD ",\"labels\":{\"a\":\"\"", ",\"a\":\"\"", "", "}}}"},
    {"json.unknown_fields", JSON_POD, ",\"field@\":@", "", "}}"},
    {"json.list", JSON_POD ",\"finalizers\":[\"a\"", ",\"a/@\"", "", "]}}"},
    {"json.nulls", JSON_POD ",\"finalizers\":[\"a\"", ",null", "", "]}}"},
    {"json.wrong_types", JSON_POD ",\"finalizers\":[\"a\"", ",@", "", "]}}"},
    {"json.long_key", JSON_POD ",\"labels\":{\"", "abcdefgh", "", "\":\"\"}}}"},
    {"json.escapes", JSON_POD ",\"labels\":{\"a\":\"", "\\u00e9\\n", "", "\"}}}"},
    {"json.depth", JSON_POD ",\"a\":", "[", "]", "}}"},
    {"json.digits", JSON_POD ",\"generation\":1", "0123456789", "", "}}"},
    {"json.blanks", JSON_POD, "\n    ", "", "}}"},
    {"yaml.map", YAML_POD "  labels:\n", "    key-@: value\n", "", ""},
    {"yaml.flow_map", YAML_POD "  labels: {a: b", ", key-@: value", "", "}\n"},
    {"yaml.unknown_fields", YAML_POD, "  field@: @\n", "", ""},
    {"yaml.list", YAML_POD "  finalizers:\n", "  - a/@\n", "", ""},
    {"yaml.flow_depth", YAML_POD "  a: ", "[", "]", "\n"},
    {"yaml.flow_depth_maps", YAML_POD "  a: ", "{a: ", "}", "\n"},
    {"yaml.block_depth", YAML_POD "  a:\n  ", "- ", "", "a\n"},
    {"yaml.long_key", YAML_POD "  ? ", "abcdefgh", "", "\n  : a\n"},
    {"yaml.long_text", YAML_POD "  a: ", "abcdefgh ", "", "\n"},
    {"yaml.many_lines", YAML_POD "  a: |\n", "    line @\n", "", ""},
    {"yaml.folded_lines", YAML_POD "  a: b\n", "    line @\n", "", ""},
    {"yaml.quoted", YAML_POD "  a: \"", "\\u00e9\\n", "", "\"\n"},
    {"yaml.comments", YAML_POD, "  # comment @\n", "", ""},
    {"yaml.anchors", YAML_POD "  finalizers:\n", "  - &a@ b\n", "", ""},
    {"yaml.aliases", YAML_POD "  a: &a b\n  finalizers:\n", "  - *a\n", "", ""},
    {"yaml.alias_bomb", YAML_POD "  x: &a0 [b]\n  finalizers:\n", "  - [*a0, *a0, *a0, *a0]\n", "", ""},
    /* The bare message. metadata, name; then metadata again, with a label or a finalizer; or an unknown
       field. */
    {"protobuf.unknown_fields",
     "\x0a\x03\x0a\x01"
     "a",
     "\xfa\x07\x07@", "", ""},
    {"protobuf.merged_map",
     "\x0a\x03\x0a\x01"
     "a",
     "\x0a\x0e\x5a\x0c\x0a\x07@\x12\x01v", "", ""},
    {"protobuf.merged_list",
     "\x0a\x03\x0a\x01"
     "a",
     "\x0a\x09\x72\x07@", "", ""},
    {"yaml.merges", YAML_POD "  x: &x {a: b, c: d}\n  list:\n", "  - {<<: *x, e: f}\n", "", ""},
};

struct curve_text {
  char *bytes;
  size_t len, cap;
};

static void curve_require(bool fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "bench_curve: %s\n", what);
  exit(1);
}

static void curve_put(struct curve_text *t, const char *text, size_t number) {
  for (; *text != '\0'; text++) {
    curve_require(t->cap - t->len > 24, "the text is too long");
    if (*text == '@') {
      t->len += (size_t)snprintf(t->bytes + t->len, 24, "%07zu", 9999999 - number);
    } else {
      t->bytes[t->len++] = *text;
    }
  }
}

/* About `size` bytes of the shape. */
static void curve_make(struct curve_text *t, const struct curve_shape *shape, size_t size) {
  size_t items = 0, left = strlen(shape->end);
  t->len = 0;
  curve_put(t, shape->head, 0);
  for (; t->len + items * left < size; items++) curve_put(t, shape->item, items);
  for (size_t i = 0; left > 0 && i < items; i++) curve_put(t, shape->end, i);
  curve_put(t, shape->tail, 0);
}

static double curve_seconds(const struct curve_text *t, uint32_t format) {
  const struct k8sm_parse_options o = {.size = sizeof o, .format = format, .flags = K8SM_PARSE_NO_VALIDATE};
  struct k8sm_diag rows[8];
  char text[2048];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct timespec begin, end;
  struct k8sm_pod *pod = NULL;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
  int r = k8sm_pod_parse(t->bytes, t->len, &o, &pod, &diags);
  k8sm_pod_unref(pod);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  curve_require(r == K8SM_OK || diags.errors > 0, "an error without a finding");
  return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

static void curve_measure(struct curve_text *t, const struct curve_shape *shape) {
  uint32_t format = shape->name[0] == 'j'   ? K8SM_FORMAT_JSON
                    : shape->name[0] == 'y' ? K8SM_FORMAT_YAML
                                            : K8SM_FORMAT_PROTOBUF_BARE;
  for (size_t size = CURVE_SMALLEST; size <= CURVE_LARGEST; size *= 4) {
    double best = 1e9;
    curve_make(t, shape, size);
    for (int round = 0; round < CURVE_ROUNDS; round++) {
      double seconds = curve_seconds(t, format);
      if (seconds < best) best = seconds;
    }
    printf("parse.curve.%s.%zu\t%.2f\tns/byte\n", shape->name, size, best * 1e9 / (double)t->len);
  }
}

int main(void) {
  struct curve_text text = {malloc(2 * CURVE_LARGEST), 0, 2 * CURVE_LARGEST};
  curve_require(text.bytes != NULL, "no memory");
  for (size_t i = 0; i < sizeof curve_shapes / sizeof curve_shapes[0]; i++)
    curve_measure(&text, &curve_shapes[i]);
  free(text.bytes);
  return 0;
}
