/* SPDX-License-Identifier: Apache-2.0 */

/* Objects as Kubernetes writes them, each in JSON, YAML and protobuf: all three are read as the same value,
 * and that is written as the very bytes, in all three. Those in objects/ hold little: nothing, zeros, odd
 * texts and quantities; Kubernetes' own, which hold everything, are skipped where they are not beside the
 * source tree. usage: test_k8s_vectors FOLDER */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pod/encode.h"
#include "pod/parse.h"
#include "wire/yaml_out.h"

enum { SKIPPED = 77, NAME_CAP = 512, FORMATS = 3 };

static const char *folder;

static const struct {
  const char *ending;
  uint32_t format;
} formats[FORMATS] = {{"json", K8SM_FORMAT_JSON}, {"yaml", K8SM_FORMAT_YAML}, {"pb", K8SM_FORMAT_PROTOBUF}};

static struct k8sm_slice read_file(const char *name, const char *ending) {
  char path[NAME_CAP];
  int n = snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
  assert_true(n > 0 && (size_t)n < sizeof path);
  FILE *in = fopen(path, "rb");
  assert_non_null(in);
  assert_int_equal(fseek(in, 0, SEEK_END), 0);
  long size = ftell(in);
  assert_true(size > 0);
  rewind(in);
  char *bytes = malloc((size_t)size);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, (size_t)size, in), size);
  fclose(in);
  return (struct k8sm_slice){bytes, (size_t)size};
}

/* Compact JSON, indented by two as the vectors are. */
static void put_indented(struct k8smi_buf *out, struct k8sm_slice json) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.len; i++) {
    char c = json.ptr[i], next = i + 1 < json.len ? json.ptr[i + 1] : '\0';
    bool opens = !in_string && (c == '{' || c == '['), closes = !in_string && (c == '}' || c == ']');
    bool empty = opens && (next == '}' || next == ']');
    bool was_empty = closes && i > 0 && (json.ptr[i - 1] == '{' || json.ptr[i - 1] == '[');
    if (c == '"') in_string = !in_string;
    if (closes) depth--;
    if (closes && !was_empty) {
      k8smi_buf_putc(out, '\n');
      for (size_t d = 0; d < 2 * depth; d++) k8smi_buf_putc(out, ' ');
    }
    k8smi_buf_putc(out, c);
    if (in_string && c == '\\') k8smi_buf_putc(out, json.ptr[++i]);
    if (!in_string && c == ':') k8smi_buf_putc(out, ' ');
    if (opens) depth++;
    if ((opens && !empty) || (!in_string && c == ',')) {
      k8smi_buf_putc(out, '\n');
      for (size_t d = 0; d < 2 * depth; d++) k8smi_buf_putc(out, ' ');
    }
  }
}

/* A vector, read from one of its files. */
struct value {
  struct k8smi_arena arena;
  const struct k8smi_record *record;
};

static void read_value(struct value *v, unsigned type, struct k8sm_slice bytes, uint32_t format) {
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_STRICT};
  static struct k8sm_diag rows[8];
  static char text[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8smi_parse p;
  struct k8smi_tokens *tokens = NULL;
  struct k8smi_envelope envelope;
  int r;
  assert_int_equal(k8smi_parse_init(&p, bytes.ptr, bytes.len, &o, &diags), K8SM_OK);
  assert_int_equal(k8smi_parse_format(&p, bytes.ptr, bytes.len), format);
  assert_true(k8smi_arena_init(&v->arena, NULL, 0));
  v->record = NULL;
  if (format == K8SM_FORMAT_PROTOBUF) {
    r = k8smi_envelope_read(bytes, &envelope, &diags);
    if (r == K8SM_OK)
      r = k8smi_parse_message(&p, &envelope, &v->arena, (enum k8smi_type_id)type, NULL, &v->record);
  } else {
    r = k8smi_parse_tokens(&p, bytes.ptr, bytes.len, format, 0, &tokens);
    if (r == K8SM_OK)
      r = k8smi_parse_record(&p, tokens, &v->arena, (enum k8smi_type_id)type, NULL, &v->record);
    k8smi_tokens_free(tokens);
  }
  if (diags.count > 0) print_message("%s: %s\n", text + rows[0].path, text + rows[0].message);
  assert_int_equal(r, K8SM_OK);
  assert_int_equal(diags.count, 0);
  k8smi_parse_free(&p);
}

static void put_value(struct k8smi_buf *out, unsigned type, const struct value *v, uint32_t format) {
  struct k8smi_buf json;
  struct k8smi_json w;
  assert_true(k8smi_buf_init(&json, NULL));
  k8smi_json_init(&w, &json, true);
  k8smi_encode_record(&w, type, v->record);
  struct k8sm_slice text = {json.ptr, json.len};
  if (format == K8SM_FORMAT_JSON) put_indented(out, text);
  if (format == K8SM_FORMAT_YAML) assert_int_equal(k8smi_put_yaml(out, text), K8SM_OK);
  if (format == K8SM_FORMAT_PROTOBUF) k8smi_proto_put_enveloped(out, type, v->record);
  assert_false(out->failed || json.failed);
  k8smi_buf_free(&json);
}

static void require_same(const char *name, unsigned from, unsigned to, const struct k8smi_buf *got,
                         struct k8sm_slice want) {
  size_t i = 0;
  while (i < got->len && i < want.len && got->ptr[i] == want.ptr[i]) i++;
  if (i < got->len || i < want.len)
    print_message("%s: from %s to %s: another byte at %zu (%zu of %zu)\n", name, formats[from].ending,
                  formats[to].ending, i, got->len, want.len);
  assert_true(i == got->len && i == want.len);
}

static void check_vector(const char *name, unsigned type) {
  struct k8sm_slice bytes[FORMATS];
  for (unsigned i = 0; i < FORMATS; i++) bytes[i] = read_file(name, formats[i].ending);
  for (unsigned from = 0; from < FORMATS; from++) {
    struct value v;
    read_value(&v, type, bytes[from], formats[from].format);
    for (unsigned to = 0; to < FORMATS; to++) {
      struct k8smi_buf out;
      assert_true(k8smi_buf_init(&out, NULL));
      put_value(&out, type, &v, formats[to].format);
      require_same(name, from, to, &out, bytes[to]);
      k8smi_buf_free(&out);
    }
    k8smi_arena_free(&v.arena);
  }
  for (unsigned i = 0; i < FORMATS; i++) free((void *)(uintptr_t)bytes[i].ptr);
}

/* "HEAD.core.v1.Pod.json" → the type Pod; 0: no kind that is read here. */
static unsigned type_of(const char *file, char *name, size_t cap) {
  size_t len = strlen(file);
  if (len < 6 || len >= cap || strcmp(file + len - 5, ".json") != 0) return 0;
  memcpy(name, file, len - 5);
  name[len - 5] = '\0';
  const char *kind = strrchr(name, '.');
  for (unsigned t = 1; kind != NULL && t < K8SMI_TYPE_COUNT; t++) {
    bool top = k8smi_types[t].count > 0 && k8smi_eqs(k8smi_types[t].fields[0].name, "kind") &&
               k8smi_types[t].fields[0].number == 0;
    if (top && k8smi_eqs(k8smi_types[t].name, kind + 1)) return t;
  }
  return 0;
}

static void test_vectors(void **state) {
  (void)state;
  DIR *dir = opendir(folder);
  unsigned seen = 0;
  assert_non_null(dir);
  for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
    char name[NAME_CAP];
    unsigned type = type_of(e->d_name, name, sizeof name);
    if (type == 0) continue;
    check_vector(name, type);
    seen++;
  }
  closedir(dir);
  print_message("%u objects\n", seen);
  assert_true(seen >= 9); /* each of the kinds at least once */
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : ".";
  DIR *dir = opendir(folder);
  if (dir == NULL) {
    printf("skipped: no vectors of Kubernetes at %s\n", folder);
    return SKIPPED;
  }
  closedir(dir);
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
