/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/base64.h"
#include "wire/json.h"
#include "wire/token.h"
#include "wire/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/failing.h"

/* Reads every document of a text and writes it as JSON again, documents on lines of their own. */
static int rewrite(struct k8smi_arena *arena, const char *bytes, size_t len, struct k8smi_buf *buf,
                   struct k8sm_diags *diags) {
  struct k8smi_tokens *tokens;
  struct k8smi_token t;
  struct k8smi_json w;
  const struct k8smi_tokens_options options = {.max_depth = 50};
  k8smi_json_init(&w, buf, false);
  int r = k8smi_tokens_json(arena, bytes, len, &options, &tokens, diags);
  while (r == K8SM_OK) {
    r = k8smi_tokens_next(tokens, &t, diags);
    if (r != K8SM_OK) break;
    switch (t.kind) {
    case K8SMI_TOKEN_OBJECT: k8smi_json_open(&w, '{'); break;
    case K8SMI_TOKEN_OBJECT_END: k8smi_json_close(&w, '}'); break;
    case K8SMI_TOKEN_ARRAY: k8smi_json_open(&w, '['); break;
    case K8SMI_TOKEN_ARRAY_END: k8smi_json_close(&w, ']'); break;
    case K8SMI_TOKEN_KEY:
      k8smi_json_string(&w, t.text);
      k8smi_buf_putc(buf, ':');
      w.comma = false;
      break;
    case K8SMI_TOKEN_STRING: k8smi_json_string(&w, t.text); break;
    case K8SMI_TOKEN_NUMBER: k8smi_json_raw(&w, t.text); break;
    case K8SMI_TOKEN_TRUE: k8smi_json_bool(&w, true); break;
    case K8SMI_TOKEN_FALSE: k8smi_json_bool(&w, false); break;
    case K8SMI_TOKEN_NULL: k8smi_json_raw(&w, K8SMI_S("null")); break;
    default:
      r = k8smi_tokens_next_document(tokens, diags);
      if (r == K8SM_OK) k8smi_buf_putc(buf, '\n');
      w.comma = false;
    }
  }
  if (r != K8SM_ERR_NOT_FOUND) {
    size_t findings = diags->count;
    assert_int_equal(k8smi_tokens_next(tokens, &t, diags), r); /* the same error again, once found */
    assert_int_equal(diags->count, findings);
  }
  return r == K8SM_ERR_NOT_FOUND ? K8SM_OK : r;
}

static void expect_rewritten(const char *text, size_t len, const char *want) {
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  struct k8sm_diag rows[4];
  char texts[256];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, texts);
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  assert_true(k8smi_buf_init(&buf, NULL));
  assert_int_equal(rewrite(&arena, text, len, &buf, &diags), K8SM_OK);
  assert_int_equal(diags.count, 0);
  assert_int_equal(buf.len, strlen(want));
  assert_memory_equal(buf.ptr, want, buf.len);
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
}

static void documents_are_read(void **state) {
  (void)state;
  const char *pairs[][2] = {{" {\"a\" : [1, -2.5e+3 ,true,false,null,{}], \"b\":\"x\"}\r\n\t",
                             "{\"a\":[1,-2.5e+3,true,false,null,{}],\"b\":\"x\"}"},
                            {"[]", "[]"},
                            {"0", "0"},
                            {"\"\"", "\"\""},
                            {"[[],[[]]]", "[[],[[]]]"},
                            {"\xef\xbb\xbf{}", "{}"},
                            {"{}\n{} 5\n", "{}\n{}\n5"},
                            {"\"\\u0041\\n\\\"\\/\\u00e9\\ud83d\\ude00\\uD834\\udd1e\"",
                             "\"A\\n\\\"/\xc3\xa9\xf0\x9f\x98\x80\xf0\x9d\x84\x9e\""},
                            {"\"a long plain text, \xc3\xa4 in the middle, longer than a word\"",
                             "\"a long plain text, \xc3\xa4 in the middle, longer than a word\""},
                            {"{\"a\":{\"a\":1},\"b\":{\"a\":2}}", "{\"a\":{\"a\":1},\"b\":{\"a\":2}}"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    expect_rewritten(pairs[i][0], strlen(pairs[i][0]), pairs[i][1]);
}

static void a_nul_only_as_an_escape(void **state) {
  (void)state;
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens;
  struct k8smi_token t;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  assert_int_equal(k8smi_tokens_json(&arena, "\"a\\u0000b\"", 10, NULL, &tokens, NULL), K8SM_OK);
  assert_int_equal(k8smi_tokens_next(tokens, &t, NULL), K8SM_OK);
  assert_int_equal(t.text.len, 3);
  assert_memory_equal(t.text.ptr, "a\0b", 3);
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&arena);
}

struct bad_case {
  const char *text;
  size_t len; /* 0: strlen */
  int result;
  uint32_t code;
  uint32_t line, column;
};

static const struct bad_case bad_cases[] = {
    {"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_EMPTY_INPUT, 1, 1},
    {" \n ", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_EMPTY_INPUT, 2, 2},
    {"{", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"{\"a\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 5},
    {"{\"a\":", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 6},
    {"{\"a\":1", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 7},
    {"{\"a\":1,", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 8},
    {"{\"a\":1,}", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 8},
    {"[1,]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 4},
    {"[1 2]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 4},
    {"[1}", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 3},
    {"{a:1}", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"{1:1}", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"{\"a\" 1}", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 6},
    {"{} x", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 4},
    {"tru", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 1},
    {"nul\0", 4, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 1},
    {"[01]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 3},
    {"[-]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 3},
    {"[1.]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 4},
    {"[.5]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"[1e]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 4},
    {"[+1]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"[NaN]", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"\"abc", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 5},
    {"\"a\nb\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 3},
    {"\"\\x\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"\"\\u12g4\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"\"\\ud800\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"\"\\udc00\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"\"\\ud800\\u0041\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"\"\\", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_JSON_SYNTAX, 1, 2},
    {"\"a\0b\"", 5, K8SM_ERR_SYNTAX, K8SM_DIAG_NUL_BYTE, 1, 3},
    {"{\0}", 3, K8SM_ERR_SYNTAX, K8SM_DIAG_NUL_BYTE, 1, 2},
    {"\n\"\xff\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_NOT_UTF8, 2, 2},
    {"\"\xed\xa0\x80\"", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_NOT_UTF8, 1, 2},
    {"\"\xc3", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_NOT_UTF8, 1, 2},
    {"{\"a\":1,\n\"\\u0061\":2}", 0, K8SM_ERR_SYNTAX, K8SM_DIAG_DUPLICATE_KEY, 2, 1},
};

static void bad_texts_are_refused_with_their_place(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad_cases / sizeof bad_cases[0]; i++) {
    const struct bad_case *c = &bad_cases[i];
    struct k8smi_arena arena;
    struct k8smi_buf buf;
    struct k8sm_diag rows[4];
    char texts[256];
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, texts);
    assert_true(k8smi_arena_init(&arena, NULL, 0));
    assert_true(k8smi_buf_init(&buf, NULL));
    size_t len = c->len != 0 ? c->len : strlen(c->text);
    char *exact = malloc(len == 0 ? 1 : len); /* so that a sanitizer sees a read beyond the end */
    memcpy(exact, c->text, len);
    int r = rewrite(&arena, exact, len, &buf, &diags);
    if (r != c->result || diags.count != 1 || rows[0].code != c->code || rows[0].line != c->line ||
        rows[0].column != c->column) {
      fail_msg("%s: result %d, %zu findings, %u at %u:%u: %s", c->text, r, diags.count, rows[0].code,
               rows[0].line, rows[0].column, texts + rows[0].message);
    }
    free(exact);
    k8smi_buf_free(&buf);
    k8smi_arena_free(&arena);
  }
}

static void depth_is_bounded(void **state) {
  (void)state;
  char text[100000];
  for (int depth = 50; depth <= 51; depth++) {
    struct k8smi_arena arena;
    struct k8smi_buf buf;
    struct k8sm_diag rows[4];
    char texts[256];
    struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, texts);
    assert_true(k8smi_arena_init(&arena, NULL, 0));
    assert_true(k8smi_buf_init(&buf, NULL));
    memset(text, '[', sizeof text);
    if (depth == 50) memset(text + 50, ']', 50);
    int r = rewrite(&arena, text, depth == 50 ? 100 : sizeof text, &buf, &diags);
    assert_int_equal(r, depth == 50 ? K8SM_OK : K8SM_ERR_LIMIT);
    if (depth == 51) assert_int_equal(rows[0].code, K8SM_DIAG_TOO_DEEP);
    k8smi_buf_free(&buf);
    k8smi_arena_free(&arena);
  }
}

/* Objects of every size around the change to the table, nested ones between the keys, and a key
 * repeated from every place. */
static void duplicates_are_found_in_large_objects(void **state) {
  (void)state;
  for (int n = 1; n < 400; n += n < 40 ? 1 : 31) {
    for (int twice = -1; twice < n; twice += n < 20 ? 1 : 13) {
      struct k8smi_arena arena;
      struct k8smi_buf text, out;
      struct k8sm_diag rows[4];
      char texts[256];
      struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, texts);
      assert_true(k8smi_arena_init(&arena, NULL, 0));
      assert_true(k8smi_buf_init(&text, NULL) && k8smi_buf_init(&out, NULL));
      for (int i = 0; i <= n; i++) {
        char key[64];
        if (i == n && twice < 0) break;
        snprintf(key, sizeof key, "%c\"key%d\":", i == 0 ? '{' : ',', i == n ? twice : i);
        k8smi_buf_puts(&text, key);
        if (i % 50 == 17) {
          for (int k = 0; k < 30; k++) {
            snprintf(key, sizeof key, "%c\"key%d\":0", k == 0 ? '{' : ',', k);
            k8smi_buf_puts(&text, key);
          }
          k8smi_buf_putc(&text, '}');
        } else {
          k8smi_buf_putc(&text, '1');
        }
      }
      k8smi_buf_putc(&text, '}');
      int r = rewrite(&arena, text.ptr, text.len, &out, &diags);
      assert_int_equal(r, twice < 0 ? K8SM_OK : K8SM_ERR_SYNTAX);
      if (twice < 0) assert_memory_equal(out.ptr, text.ptr, text.len);
      if (twice >= 0) assert_int_equal(rows[0].code, K8SM_DIAG_DUPLICATE_KEY);
      k8smi_buf_free(&out);
      k8smi_buf_free(&text);
      k8smi_arena_free(&arena);
    }
  }
}

static void skipping_and_places(void **state) {
  (void)state;
  const char text[] = "{\"a\": [1, {\"x\":\n[2]}],\n \"b\": 3}";
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens;
  struct k8smi_token t, array;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  assert_int_equal(k8smi_tokens_json(&arena, text, sizeof text - 1, NULL, &tokens, NULL), K8SM_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(k8smi_tokens_next(tokens, &array, NULL), K8SM_OK);
  assert_int_equal(array.kind, K8SMI_TOKEN_ARRAY);
  assert_int_equal(k8smi_tokens_skip(tokens, NULL), K8SM_OK);
  assert_int_equal(k8smi_tokens_next(tokens, &t, NULL), K8SM_OK);
  assert_int_equal(t.kind, K8SMI_TOKEN_KEY);
  struct k8smi_where where = k8smi_tokens_where(tokens, &t);
  assert_int_equal(where.line, 3);
  assert_int_equal(where.column, 2);
  where = k8smi_tokens_where(tokens, &array);
  assert_int_equal(where.line, 1);
  assert_int_equal(where.column, 7);
  k8smi_tokens_free(tokens);
  k8smi_arena_free(&arena);
}

static void every_cut_of_a_text_is_refused(void **state) {
  (void)state;
  const char text[] =
      "{\"a\":[1,true,\"\\u00e9\\ud83d\\ude00 and more text\",{\"b\":null}],\"c\":\"\xc3\xa9\"}";
  for (size_t len = 0; len < sizeof text - 1; len++) {
    struct k8smi_arena arena;
    struct k8smi_buf buf;
    struct k8sm_diags diags = {sizeof diags, sizeof(struct k8sm_diag), NULL, 0, 0, NULL, 0, 0, 0};
    assert_true(k8smi_arena_init(&arena, NULL, 0));
    assert_true(k8smi_buf_init(&buf, NULL));
    char *exact = malloc(len + 1);
    memcpy(exact, text, len);
    assert_int_equal(rewrite(&arena, exact, len, &buf, &diags), K8SM_ERR_SYNTAX);
    assert_int_equal(diags.count, 1);
    free(exact);
    k8smi_buf_free(&buf);
    k8smi_arena_free(&arena);
  }
}

static void allocations_that_fail(void **state) {
  (void)state;
  struct k8smi_buf text;
  assert_true(k8smi_buf_init(&text, NULL));
  k8smi_buf_puts(&text, "{\"\\u0061\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]");
  for (int i = 0; i < 300; i++) {
    char key[64];
    snprintf(key, sizeof key, ",\"key number %d\":\"\\n%d\"", i, i);
    k8smi_buf_puts(&text, key);
  }
  k8smi_buf_putc(&text, '}');
  int r = K8SM_ERR_NOMEM;
  for (size_t n = 1; r != K8SM_OK; n++) {
    struct failing failing;
    failing_init(&failing, n);
    struct k8smi_arena arena;
    struct k8smi_buf out;
    struct k8smi_tokens *tokens;
    struct k8smi_token t = {.kind = K8SMI_TOKEN_NULL};
    assert_true(k8smi_arena_init(&arena, &failing.allocator, 0));
    assert_true(k8smi_buf_init(&out, NULL));
    r = k8smi_tokens_json(&arena, text.ptr, text.len, NULL, &tokens, NULL);
    while (r == K8SM_OK && t.kind != K8SMI_TOKEN_END) r = k8smi_tokens_next(tokens, &t, NULL);
    assert_int_equal(r, failing.calls >= n ? K8SM_ERR_NOMEM : K8SM_OK);
    k8smi_buf_free(&out);
    k8smi_arena_free(&arena);
    assert_int_equal(failing.held, 0);
  }
  k8smi_buf_free(&text);
}

static void strings_are_written(void **state) {
  (void)state;
  struct k8smi_buf buf;
  assert_true(k8smi_buf_init(&buf, NULL));
  k8smi_put_json_string(&buf, K8SMI_S("<a&b>\"\\\b\f\n\r\t\x01\x7f\xe2\x80\xa8\xe2\x80\xa9\xe2\x80"), false);
  k8smi_put_json_string(&buf, K8SMI_S("<a&b>\xe2\x80\xa8\xe2\x80\xa9"), true);
  k8smi_put_json_string(&buf, (struct k8sm_slice){NULL, 0}, true);
  const char want[] = "\"<a&b>\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\""
                      "\"\\u003ca\\u0026b\\u003e\\u2028\\u2029\"\"\"";
  assert_int_equal(buf.len, sizeof want - 1);
  assert_memory_equal(buf.ptr, want, buf.len);
  struct k8smi_json w;
  k8smi_buf_clear(&buf);
  k8smi_json_init(&w, &buf, false);
  k8smi_json_open(&w, '{');
  k8smi_json_member(&w, "a", K8SMI_S("x"));
  k8smi_json_key(&w, "b");
  k8smi_json_open(&w, '[');
  k8smi_json_i64(&w, -5);
  k8smi_json_bool(&w, false);
  k8smi_json_raw(&w, K8SMI_S("1.5"));
  k8smi_json_close(&w, '[');
  k8smi_json_member_i64(&w, "c", INT64_MIN);
  k8smi_json_close(&w, '{');
  k8smi_buf_putc(&buf, '\0');
  assert_string_equal(buf.ptr, "{\"a\":\"x\",\"b\":[-5,false,1.5],\"c\":-9223372036854775808}");
  k8smi_buf_free(&buf);
}

static void base64_both_ways(void **state) {
  (void)state;
  const char *pairs[][2] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                            {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfb\xef", "//777w=="}};
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  bool bad;
  assert_true(k8smi_arena_init(&arena, NULL, 0));
  assert_true(k8smi_buf_init(&buf, NULL));
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    k8smi_buf_clear(&buf);
    k8smi_put_base64(&buf, pairs[i][0], strlen(pairs[i][0]));
    k8smi_buf_putc(&buf, '\0');
    assert_string_equal(buf.ptr, pairs[i][1]);
    struct k8sm_slice back = k8smi_parse_base64(&arena, k8smi_s(pairs[i][1]), &bad);
    assert_non_null(back.ptr);
    assert_false(bad);
    assert_string_equal(back.ptr, pairs[i][0]);
    assert_int_equal(back.len, strlen(pairs[i][0]));
  }
  assert_string_equal(k8smi_parse_base64(&arena, K8SMI_S("__777w"), &bad).ptr, "\xff\xfe\xfb\xef");
  const char *wrong[] = {
      "Z", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9v", "Zm9v=", "Zg==Zg==", "Zm9v\n"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    bad = false;
    assert_null(k8smi_parse_base64(&arena, k8smi_s(wrong[i]), &bad).ptr);
    assert_true(bad);
  }
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
  struct failing failing;
  failing_init(&failing, 1);
  assert_true(k8smi_arena_init(&arena, &failing.allocator, 0));
  assert_null(k8smi_parse_base64(&arena, K8SMI_S("Zg=="), &bad).ptr);
  assert_false(bad);
  assert_true(k8smi_buf_init(&buf, &failing.allocator));
  k8smi_put_base64(&buf, "f", 1);
  assert_true(buf.failed);
}

/* Against the definition, for every sequence of up to three bytes' worth of interesting values. */
/* Against one byte after the other: strings of all lengths, with what is odd at all places. */
static void strings_are_searched_in_words(void **state) {
  static const char odd[] = "\"\\<>&\n\x01\x1f\x7f\xe2\xe3 !#%'\x80\xff";
  char text[40], expected[256];
  struct k8smi_buf buf;
  (void)state;
  k8smi_buf_init(&buf, NULL);
  for (size_t len = 0; len < sizeof text; len++) {
    for (size_t i = 0; i < len * sizeof odd * 2; i++) {
      const bool html = i % 2 != 0;
      memset(text, 'a', sizeof text);
      text[i / 2 % len] = odd[i / 2 / len];
      size_t n = 0;
      expected[n++] = '"';
      for (size_t k = 0; k < len; k++) {
        unsigned char c = (unsigned char)text[k];
        const bool short_one = c == '"' || c == '\\' || c == '\n';
        if (short_one)
          n += (size_t)snprintf(expected + n, 8, "\\%c", c == '\n' ? 'n' : c);
        else if (c < 0x20 || (html && (c == '<' || c == '>' || c == '&')))
          n += (size_t)snprintf(expected + n, 8, "\\u%04x", c);
        else
          expected[n++] = text[k];
      }
      expected[n++] = '"';
      k8smi_buf_clear(&buf);
      k8smi_put_json_string(&buf, (struct k8sm_slice){text, len}, html);
      assert_int_equal(buf.len, n);
      assert_memory_equal(buf.ptr, expected, n);
    }
  }
  k8smi_buf_free(&buf);
}

static void utf8_is_checked(void **state) {
  (void)state;
  for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x900 ? 1 : 0x3f) {
    char text[16] = "plain88";
    if (c >= 0xd800 && c < 0xe000) continue;
    size_t len = (size_t)(k8smi_utf8_put(text + 7, c) - text);
    assert_int_equal(k8smi_utf8_valid(text, len), len);
    assert_int_equal(k8smi_text_valid(text, len), c == 0 ? 7 : len);
    for (size_t cut = 8; cut < len; cut++) assert_int_equal(k8smi_utf8_valid(text, cut), 7);
  }
  const char *bad[] = {"\x80",
                       "\xc0\x80",
                       "\xc1\xbf",
                       "\xe0\x9f\xbf",
                       "\xed\xa0\x80",
                       "\xf0\x8f\xbf\xbf",
                       "\xf4\x90\x80\x80",
                       "\xf5\x80\x80\x80",
                       "\xff",
                       "\xc3("};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char text[64] = "\xc3\xa9 eight more bytes ";
    size_t at = strlen(text);
    memcpy(text + at, bad[i], strlen(bad[i]));
    assert_int_equal(k8smi_utf8_valid(text, sizeof text), at);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(documents_are_read),
      cmocka_unit_test(a_nul_only_as_an_escape),
      cmocka_unit_test(bad_texts_are_refused_with_their_place),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(duplicates_are_found_in_large_objects),
      cmocka_unit_test(skipping_and_places),
      cmocka_unit_test(every_cut_of_a_text_is_refused),
      cmocka_unit_test(allocations_that_fail),
      cmocka_unit_test(strings_are_written),
      cmocka_unit_test(base64_both_ways),
      cmocka_unit_test(strings_are_searched_in_words),
      cmocka_unit_test(utf8_is_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
