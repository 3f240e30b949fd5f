/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/yaml_out.h"
#include "wire/yaml_scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/failing.h"
#include "wire/json.h"

/* The document's tokens in short, "{k:s k:#1 [t f n]}"; or the code of its finding. */
static const char *tokens_of(const char *yaml, size_t len, const struct k8smi_tokens_options *options) {
  static char out[2048];
  struct k8sm_diag rows[4];
  char text[1024];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens = NULL;
  size_t n = 0;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  int r = k8smi_tokens_yaml(&arena, yaml, len, options, &tokens, &diags);
  while (r == K8SM_OK) {
    static const char *const marks[] = {"", "{", "}", "[", "]", "", "", "#", "t ", "f ", "n "};
    struct k8smi_token t;
    r = k8smi_tokens_next(tokens, &t, &diags);
    if (r != K8SM_OK || t.kind == K8SMI_TOKEN_END) break;
    bool word = t.kind >= K8SMI_TOKEN_KEY && t.kind <= K8SMI_TOKEN_NUMBER;
    n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s%s", marks[t.kind], word ? (int)t.text.len : 0,
                          word ? t.text.ptr : "",
                          t.kind == K8SMI_TOKEN_KEY ? ":"
                          : word                    ? " "
                                                    : "");
    assert_in_range(n, 0, sizeof out - 1);
  }
  if (r != K8SM_OK) {
    assert_int_equal(diags.count, 1);
    snprintf(out, sizeof out, "%s %u:%u", k8sm_diag_name(rows[0].code), rows[0].line, rows[0].column);
    struct k8smi_token t;
    if (tokens != NULL) assert_int_equal(k8smi_tokens_next(tokens, &t, &diags), r); /* the same again */
  }
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&arena);
  return out;
}

static void reads(const char *yaml, const char *want) {
  assert_string_equal(tokens_of(yaml, strlen(yaml), NULL), want);
}

static void scalars(void **state) {
  (void)state;
  reads("[010, 08, 0o17, 0x10, 0b11, 1_000, +12, -0x1F, 0, -0]", "[#8 #8 #15 #16 #3 #1000 #12 #-31 #0 #0 ]");
  reads("[.5, 1.50, 1e3, 5., -1.5e-3, 1E+2, 18446744073709551615, 18446744073709551616]",
        "[#0.5 #1.5 #1000 #5 #-0.0015 #100 #18446744073709551615 #18446744073709552000 ]");
  reads("[y, Yes, ON, true, n, No, off, FALSE, ~, null, Null, ]", "[t t t t f f f f n n n ]");
  reads("[1:30, 2001-01-01, 0o8, 0x, 1e, '1', \"true\", yEs, nUll, 1.2.3, +, ., 1e999]",
        "[1:30 2001-01-01 0o8 0x 1e 1 true yEs nUll 1.2.3 + . 1e999 ]");
  reads("[!!str 1, !!int '7', !!binary aGk=, !other 5, ! 6]", "[1 #7 hi 5 6 ]");
  reads("[!!int 0x10, !!float 1, !!bool yes, !!null ~, !!timestamp 2001-01-01, !!merge <<]",
        "[#16 #1 t n 2001-01-01 << ]");
  reads("[!!int 1.5]", "YAML_SYNTAX 1:2");
  reads("[!!bool 1]", "YAML_SYNTAX 1:2");
  reads("[!!null 0]", "YAML_SYNTAX 1:2");
  reads("[!!float x]", "YAML_SYNTAX 1:2");
  reads("[!!timestamp 2001-02-29]", "YAML_SYNTAX 1:2");
  reads("- !!binary |\n  aG\n  k=\n- !!binary aGk=", "[hi hi ]");
  reads("[!!binary _w==]", "YAML_SYNTAX 1:2");
  reads("[!!binary /w==, !!binary aGk=]", "[\xef\xbf\xbd hi ]");
  reads("[.5_0, ._5, +18446744073709551615]", "[#0.5 ._5 #18446744073709552000 ]");
  reads("a: .inf", "YAML_SYNTAX 1:4");
  reads("a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a:x\ny\n b:x y }");
  reads("\xef\xbb\xbf"
        "a: 1\nb: 2",
        "{a:#1 b:#2 }");
  reads("\xef\xbb\xbf"
        "a: 1\nb: [",
        "YAML_SYNTAX 2:5");
}

static void keys(void **state) {
  (void)state;
  reads("{1: a, 1.5: b, yes: c, 010: d}", "{1:a 1.5:b true:c 8:d }");
  reads("{0.1: a, 1e6: b, 1.0: c, 0x10: d, 123456.789e3: e, 1e-5: f, -0.5: g}",
        "{0.1:a 1e+06:b 1:c 16:d 1.2345679e+08:e 1e-05:f -0.5:g }");
  reads("{.inf: a, -.Inf: b, .NaN: c}", "{.inf:a -.inf:b .nan:c }");
  reads("{1e300: a, -1e300: b, 1e-300: c, 0.30000000000000004: d}", "{.inf:a -.inf:b 0:c 0.3:d }");
  reads("{9223372036854775807: a}", "{9223372036854775807:a }");
  reads("{9223372036854775808: a}", "YAML_SYNTAX 1:2");
  reads("{~: a}", "YAML_SYNTAX 1:2");
  reads("{[a]: b}", "YAML_SYNTAX 1:2");
  reads("a: 1\nb: {c: 1, c: 2}", "DUPLICATE_KEY 2:11");
  reads("{8: a, 010: b}", "DUPLICATE_KEY 1:8");
  reads("{&k a: 1, b: *k, ? *k : 3}", "DUPLICATE_KEY 1:20");
}

static void anchors_and_merges(void **state) {
  (void)state;
  reads("a: &x {b: [1]}\nc: *x", "{a:{b:[#1 ]}c:{b:[#1 ]}}");
  reads("[&x 1, &x 2, *x]", "[#1 #2 #2 ]");
  reads("[*x]", "YAML_SYNTAX 1:2");
  reads("&x [*x]", "YAML_ALIASES 1:5");
  reads("a: &a {p: 1, q: 2}\nb: {<<: *a, q: 3, z: 4}", "{a:{p:#1 q:#2 }b:{p:#1 q:#3 z:#4 }}");
  reads("[&a {p: 1}, &b {p: 2, q: 2}, {<<: [*a, *b]}]", "[{p:#1 }{p:#2 q:#2 }{p:#1 q:#2 }]");
  reads("[&a {p: 1}, &b {<<: *a, q: 2}, {z: 3, <<: *b}]", "[{p:#1 }{p:#1 q:#2 }{z:#3 p:#1 q:#2 }]");
  /* What comes later wins; in a list of maps, what comes first. */
  reads("{p: 1, <<: {p: 2}, q: 3}", "{p:#2 q:#3 }");
  reads("{<<: {p: 1}, <<: {p: 2, q: 2}, q: 3}", "{p:#2 q:#3 }");
  reads("{<<: [{p: 1}, {p: 2, q: 2}]}", "{p:#1 q:#2 }");
  reads("{!!merge <<: {p: 1}}", "{p:#1 }");
  reads("[&a [{p: 1}], {<<: *a}]", "YAML_SYNTAX 1:20");
  reads("{<<: 1}", "YAML_SYNTAX 1:6");
  reads("{'<<': 1}", "{<<:#1 }");
  const struct k8smi_tokens_options few = {.max_alias_nodes = 5};
  static const char yaml[] = "[&a [1, 2], *a, *a]";
  assert_string_equal(tokens_of(yaml, sizeof yaml - 1, &few), "YAML_ALIASES 1:9");
}

static void places_of_errors(void **state) {
  (void)state;
  reads("a: b: c", "YAML_SYNTAX 1:5");
  reads("\xc3\xa9: [\n\xc3\xa9 }", "YAML_SYNTAX 2:4");
  reads("a: 1\nb: \x01", "YAML_SYNTAX 2:4");
  reads("a: 1\nb: \xff", "NOT_UTF8 2:4");
  reads("a: \"\\q\"", "YAML_SYNTAX 1:5");
  assert_string_equal(tokens_of("a\n\0b", 4, NULL), "NUL_BYTE 2:1");
  reads("", "EMPTY_INPUT 1:1");
  const struct k8smi_tokens_options shallow = {.max_depth = 2, .lines_before = 10};
  assert_string_equal(tokens_of("[[1]]", 5, &shallow), "[[#1 ]]");
  assert_string_equal(tokens_of("[\n[[1]]]", 8, &shallow), "TOO_DEEP 12:2");
  assert_string_equal(tokens_of("[&a [[1]]]", 10, &shallow), "TOO_DEEP 11:6");
}

static void documents_and_going_back(void **state) {
  (void)state;
  static const char yaml[] = "a: [1]\n---\n&x {b: 2}\n...\n---\n";
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens = NULL;
  struct k8smi_token t;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  assert_int_equal(k8smi_tokens_yaml(&arena, yaml, sizeof yaml - 1, NULL, &tokens, NULL), K8SM_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(k8smi_tokens_next(tokens, &t, NULL), K8SM_OK);
  assert_int_equal(t.kind, K8SMI_TOKEN_ARRAY);
  k8smi_tokens_rewind(tokens);
  for (int i = 0; i < 7; i++) assert_int_equal(k8smi_tokens_next(tokens, &t, NULL), K8SM_OK);
  assert_int_equal(t.kind, K8SMI_TOKEN_END);
  assert_int_equal(k8smi_tokens_next_document(tokens, NULL), K8SM_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(k8smi_tokens_next(tokens, &t, NULL), K8SM_OK);
  assert_int_equal(t.line, 3);
  assert_int_equal(t.column, 8);
  assert_int_equal(k8smi_tokens_next_document(tokens, NULL), K8SM_OK);
  assert_int_equal(k8smi_tokens_next(tokens, &t, NULL), K8SM_OK);
  assert_int_equal(t.kind, K8SMI_TOKEN_NULL);
  assert_int_equal(k8smi_tokens_next_document(tokens, NULL), K8SM_ERR_NOT_FOUND);
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&arena);
}

static void writes(const char *json, const char *want) {
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  assert_int_equal(k8smi_put_yaml(&buf, k8smi_s(json)), K8SM_OK);
  k8smi_buf_putc(&buf, '\0');
  assert_string_equal(buf.ptr, want);
  k8smi_buf_free(&buf);
}

static void styles(void **state) {
  (void)state;
  writes("{\"b\":[1,{\"x\":{},\"a\":[]},[true,null]],\"a\":-1.5}",
         "a: -1.5\nb:\n- 1\n- a: []\n  x: {}\n- - true\n  - null\n");
  writes("[\"\",\"~\",\"yes\",\"1\",\"0x1f\",\"12:30\",\"2001-01-01\",\".inf\",\"1_0\"]",
         "- \"\"\n- \"~\"\n- \"yes\"\n- \"1\"\n- \"0x1f\"\n- \"12:30\"\n- \"2001-01-01\"\n- \".inf\"\n- "
         "\"1_0\"\n");
  writes("[\"<<\",\"=\",\"1e\",\"a#b\",\"foo:bar\",\"http://x:80/\",\"-a\",\"yEs\"]",
         "- <<\n- =\n- 1e\n- a#b\n- foo:bar\n- http://x:80/\n- -a\n- yEs\n");
  writes("[\"- a\",\"a: b\",\"a #b\",\"#a\",\"[a]\",\"*a\",\"@x\",\"`x\",\"%x\",\"? x\",\"---\",\" a\",\"a "
         "\",\"it's:\"]",
         "- '- a'\n- 'a: b'\n- 'a #b'\n- '#a'\n- '[a]'\n- '*a'\n- '@x'\n- '`x'\n- '%x'\n- '? x'\n- '---'\n- "
         "' a'\n- 'a "
         "'\n- 'it''s:'\n");
  writes("[\"a\\tb\",\"\\r\",\"\\u0001\",\"\xf0\x9f\x98\x80\",\"\xc3\xa9\"]",
         "- \"a\\tb\"\n- \"\\r\"\n- \"\\x01\"\n- \"\\U0001F600\"\n- \xc3\xa9\n");
  writes("{\"a\":\"x\\ny\\n\",\"b\":\"x\\ny\",\"c\":\"x\\n\\n\",\"d\":\" x\\n\",\"e\":\"x \\ny\"}",
         "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n   x\ne: \"x \\ny\"\n");
  writes("{\"a10\":1,\"a2\":1,\"a-b\":1,\"a.b\":1,\"a/b\":1,\"a_b\":1,\"aB\":1,\"ab\":1,\"a\":1}",
         "a: 1\na-b: 1\na.b: 1\na/b: 1\na_b: 1\na2: 1\na10: 1\naB: 1\nab: 1\n");
  writes("\"x\"", "x\n");
  writes("{}", "{}\n");
}

/* Long texts are folded, long keys are written apart; what is read is what was written. */
static void reads_back(const char *json) {
  struct k8smi_buf yaml, back;
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens = NULL;
  struct k8smi_token t;
  struct k8smi_json w;
  assert_true(k8smi_buf_init(&yaml, NULL) && k8smi_buf_init(&back, NULL) &&
              k8smi_arena_init(&arena, NULL, 0));
  assert_int_equal(k8smi_put_yaml(&yaml, k8smi_s(json)), K8SM_OK);
  assert_int_equal(k8smi_tokens_yaml(&arena, yaml.ptr, yaml.len, NULL, &tokens, NULL), K8SM_OK);
  k8smi_json_init(&w, &back, false);
  for (;;) {
    assert_int_equal(k8smi_tokens_next(tokens, &t, NULL), K8SM_OK);
    if (t.kind == K8SMI_TOKEN_END) break;
    if (t.kind == K8SMI_TOKEN_OBJECT) k8smi_json_open(&w, '{');
    if (t.kind == K8SMI_TOKEN_OBJECT_END) k8smi_json_close(&w, '}');
    if (t.kind == K8SMI_TOKEN_KEY) k8smi_json_key_slice(&w, t.text);
    if (t.kind == K8SMI_TOKEN_STRING) k8smi_json_string(&w, t.text);
  }
  k8smi_buf_putc(&back, '\0');
  assert_string_equal(back.ptr, json);
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&arena);
  k8smi_buf_free(&yaml);
  k8smi_buf_free(&back);
}

#define WORDS "one two three four five six seven eight nine ten eleven twelve thirteen "

static void what_is_written_reads_back(void **state) {
  (void)state;
  reads_back("{\"a\":\"" WORDS WORDS WORDS "x\"}");
  reads_back("{\"a\":\"" WORDS " " WORDS "it's: #x\"}");
  reads_back("{\"a\":\"\\t" WORDS "  " WORDS "\\\"x\\\\\"}");
  reads_back("{\"" WORDS WORDS "x\":\"" WORDS WORDS "x\"}");
  reads_back("{\"a\\nb\":\"c\",\"x\":\"\"}");
  reads_back("{\"a\":\"\\n\",\"b\":\"\\n\\na\",\"c\":\"  a\\n b\\n\\n  c\\n\",\"d\":\"a\\n \\n\"}");
  reads_back("{\"a\":\"\xe2\x80\xa8 \xc2\x85\",\"b\":\"a\\n\xe2\x80\xa9\",\"c\":\"\xef\xbb\xbf\"}");
}

static void every_allocation_fails_once(void **state) {
  (void)state;
  static const char json[] = "{\"b\":[1,{\"x\":{},\"a\":[]},[true,null]],\"a\":\"x\\ny\"}";
  int r = K8SM_ERR_NOMEM;
  for (size_t n = 1; r != K8SM_OK; n++) {
    struct failing f;
    struct k8smi_buf buf;
    failing_init(&f, n);
    assert_true(k8smi_buf_init(&buf, &f.allocator));
    r = k8smi_put_yaml(&buf, k8smi_s(json));
    if (r != K8SM_OK) assert_int_equal(r, K8SM_ERR_NOMEM);
    k8smi_buf_free(&buf);
    assert_int_equal(f.held, 0);
    assert_in_range(n, 1, 100);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scalars),
      cmocka_unit_test(keys),
      cmocka_unit_test(anchors_and_merges),
      cmocka_unit_test(places_of_errors),
      cmocka_unit_test(documents_and_going_back),
      cmocka_unit_test(styles),
      cmocka_unit_test(what_is_written_reads_back),
      cmocka_unit_test(every_allocation_fails_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
