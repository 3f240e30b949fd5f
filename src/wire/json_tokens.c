/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_text.h"
#include "wire/keys.h"
#include "wire/tokens_private.h"

/* What may come next. */
enum json_expect {
  JSON_EXPECT_DOCUMENT,    /* a document's value, or nothing at all */
  JSON_EXPECT_FIRST_VALUE, /* of an array, or its end */
  JSON_EXPECT_VALUE,
  JSON_EXPECT_FIRST_KEY, /* of an object, or its end */
  JSON_EXPECT_KEY,
  JSON_EXPECT_COLON,
  JSON_EXPECT_COMMA, /* or the end of the array or object */
  JSON_EXPECT_END    /* of the document */
};

enum { JSON_DEFAULT_DEPTH = 100, JSON_FIRST_LEVELS = 16 };

struct json_level {
  size_t mark; /* of the object's keys */
  bool object;
};

struct json_tokens {
  struct k8smi_tokens base;
  struct k8smi_arena *arena;
  const char *begin, *at, *end;
  const char *document_begin;
  enum json_expect expect;
  struct k8smi_keys keys;
  struct json_level *levels;
  uint32_t depth, level_cap, max_depth;
  uint32_t nodes, max_nodes; /* keys and values of the document */
  uint32_t document;
  /* Where lines have been counted to. */
  const char *counted;
  const char *line_begin;
  uint32_t line;
};

static struct json_tokens *json_of(struct k8smi_tokens *tokens) {
  return (struct json_tokens *)(void *)tokens;
}

static struct k8smi_where json_where_at(struct json_tokens *j, const char *at) {
  if (at < j->counted) {
    j->counted = j->line_begin = j->begin;
    j->line = 1;
  }
  const char *newline;
  while ((newline = memchr(j->counted, '\n', (size_t)(at - j->counted))) != NULL) {
    j->counted = j->line_begin = newline + 1;
    j->line++;
  }
  j->counted = at;
  return (struct k8smi_where){j->document, j->line, (uint32_t)(at - j->line_begin) + 1};
}

static struct k8smi_where json_where(struct k8smi_tokens *tokens, const struct k8smi_token *token) {
  struct json_tokens *j = json_of(tokens);
  return json_where_at(j, j->begin + token->offset);
}

/* Reports what was found at `at` in place of what was expected. */
static int json_unexpected(struct json_tokens *j, const char *at, const char *expected,
                           struct k8sm_diags *diags) {
  struct k8smi_where where = json_where_at(j, at);
  if (at == j->end) {
    k8smi_find_at(diags, K8SM_DIAG_JSON_SYNTAX, &where, NULL, "the text ends, expected %s", expected);
  } else if (*at == '\0') {
    k8smi_find_at(diags, K8SM_DIAG_NUL_BYTE, &where, NULL, "a NUL byte, expected %s", expected);
  } else if (*at > ' ' && *at < 0x7f) {
    k8smi_find_at(diags, K8SM_DIAG_JSON_SYNTAX, &where, NULL, "found '%c', expected %s", *at, expected);
  } else {
    k8smi_find_at(diags, K8SM_DIAG_JSON_SYNTAX, &where, NULL, "found byte 0x%02x, expected %s",
                  (unsigned)(unsigned char)*at, expected);
  }
  return K8SM_ERR_SYNTAX;
}

static void json_skip_space(struct json_tokens *j) {
  const char *p = j->at;
  while (p < j->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  j->at = p;
}

static int json_count_node(struct json_tokens *j, struct k8sm_diags *diags) {
  if (j->nodes++ < j->max_nodes) return K8SM_OK;
  struct k8smi_where where = json_where_at(j, j->at);
  k8smi_find_at(diags, K8SM_DIAG_TOO_LARGE, &where, NULL, "more than %u keys and values in one document",
                (unsigned)j->max_nodes);
  return K8SM_ERR_LIMIT;
}

static int json_open_level(struct json_tokens *j, bool object, struct k8sm_diags *diags) {
  if (j->depth == j->max_depth) {
    struct k8smi_where where = json_where_at(j, j->at);
    k8smi_find_at(diags, K8SM_DIAG_TOO_DEEP, &where, NULL, "nested deeper than %u levels", j->max_depth);
    return K8SM_ERR_LIMIT;
  }
  if (j->depth == j->level_cap) {
    uint32_t cap = j->level_cap == 0 ? JSON_FIRST_LEVELS : j->level_cap * 2;
    struct json_level *levels = k8smi_arena_array(j->arena, cap, sizeof *levels);
    if (levels == NULL) return k8smi_find_nomem(diags, k8smi_arena_error(j->arena));
    if (j->depth > 0) memcpy(levels, j->levels, j->depth * sizeof *levels);
    j->levels = levels;
    j->level_cap = cap;
  }
  j->levels[j->depth++] = (struct json_level){k8smi_keys_open(&j->keys), object};
  j->expect = object ? JSON_EXPECT_FIRST_KEY : JSON_EXPECT_FIRST_VALUE;
  j->at++;
  return K8SM_OK;
}

static void json_close_level(struct json_tokens *j, struct k8smi_token *ret) {
  struct json_level level = j->levels[--j->depth];
  if (level.object) k8smi_keys_close(&j->keys, level.mark);
  ret->kind = level.object ? K8SMI_TOKEN_OBJECT_END : K8SMI_TOKEN_ARRAY_END;
  j->expect = j->depth == 0 ? JSON_EXPECT_END : JSON_EXPECT_COMMA;
  j->at++;
}

/* A string with its quotes, at j->at. */
static int json_read_string(struct json_tokens *j, struct k8sm_slice *ret, struct k8sm_diags *diags) {
  struct k8smi_json_scan scan = k8smi_json_scan_string(j->at, j->end);
  if (scan.wrong != NULL) {
    struct k8smi_where where = json_where_at(j, scan.end);
    k8smi_find_at(diags, scan.code, &where, NULL, "%s", scan.wrong);
    return K8SM_ERR_SYNTAX;
  }
  struct k8sm_slice raw = {j->at + 1, (size_t)(scan.end - j->at) - 2};
  *ret = scan.escaped ? k8smi_json_unescape(j->arena, raw) : raw;
  if (ret->ptr == NULL) return k8smi_find_nomem(diags, k8smi_arena_error(j->arena));
  j->at = scan.end;
  return K8SM_OK;
}

static int json_read_key(struct json_tokens *j, struct k8smi_token *ret, struct k8sm_diags *diags) {
  const char *begin = j->at;
  int r = json_read_string(j, &ret->text, diags);
  if (r != K8SM_OK) return r;
  r = k8smi_keys_add(&j->keys, j->levels[j->depth - 1].mark, ret->text);
  if (r == K8SM_ERR_INVALID) {
    struct k8smi_where where = json_where_at(j, begin);
    k8smi_find_at(diags, K8SM_DIAG_DUPLICATE_KEY, &where, NULL, "the key \"%.*s\" stands twice in one object",
                  K8SMI_P(ret->text));
    return K8SM_ERR_SYNTAX;
  }
  if (r != K8SM_OK) return k8smi_find_nomem(diags, r);
  ret->kind = K8SMI_TOKEN_KEY;
  j->expect = JSON_EXPECT_COLON;
  return K8SM_OK;
}

static int json_read_word(struct json_tokens *j, const char *word, size_t len, int kind,
                          struct k8smi_token *ret, struct k8sm_diags *diags) {
  if ((size_t)(j->end - j->at) < len || memcmp(j->at, word, len) != 0) {
    return json_unexpected(j, j->at, "a value", diags);
  }
  j->at += len;
  ret->kind = kind;
  return K8SM_OK;
}

static int json_read_number(struct json_tokens *j, struct k8smi_token *ret, struct k8sm_diags *diags) {
  const char *begin = j->at, *wrong = NULL;
  j->at = k8smi_json_scan_number(begin, j->end, &wrong);
  if (wrong != NULL) return json_unexpected(j, j->at, wrong, diags);
  ret->kind = K8SMI_TOKEN_NUMBER;
  ret->text = (struct k8sm_slice){begin, (size_t)(j->at - begin)};
  return K8SM_OK;
}

static int json_read_scalar(struct json_tokens *j, struct k8smi_token *ret, struct k8sm_diags *diags) {
  switch (*j->at) {
  case '"': ret->kind = K8SMI_TOKEN_STRING; return json_read_string(j, &ret->text, diags);
  case 't': return json_read_word(j, "true", 4, K8SMI_TOKEN_TRUE, ret, diags);
  case 'f': return json_read_word(j, "false", 5, K8SMI_TOKEN_FALSE, ret, diags);
  case 'n': return json_read_word(j, "null", 4, K8SMI_TOKEN_NULL, ret, diags);
  default: break;
  }
  if (*j->at == '-' || (*j->at >= '0' && *j->at <= '9')) return json_read_number(j, ret, diags);
  return json_unexpected(j, j->at, "a value", diags);
}

static int json_read_value(struct json_tokens *j, struct k8smi_token *ret, struct k8sm_diags *diags) {
  bool object = *j->at == '{';
  if (object || *j->at == '[') {
    ret->kind = object ? K8SMI_TOKEN_OBJECT : K8SMI_TOKEN_ARRAY;
    return json_open_level(j, object, diags);
  }
  j->expect = j->depth == 0 ? JSON_EXPECT_END : JSON_EXPECT_COMMA;
  return json_read_scalar(j, ret, diags);
}

/* Goes over a comma or a colon that is due. *done: a token came out of it instead, the end of the level. */
static int json_read_separator(struct json_tokens *j, struct k8smi_token *ret, bool *done,
                               struct k8sm_diags *diags) {
  if (j->expect == JSON_EXPECT_COLON) {
    if (j->at == j->end || *j->at != ':') return json_unexpected(j, j->at, "':'", diags);
    j->expect = JSON_EXPECT_VALUE;
  } else {
    bool object = j->levels[j->depth - 1].object;
    if (j->at < j->end && *j->at == (object ? '}' : ']')) {
      json_close_level(j, ret);
      *done = true;
      return K8SM_OK;
    }
    if (j->at == j->end || *j->at != ',')
      return json_unexpected(j, j->at, object ? "',' or '}'" : "',' or ']'", diags);
    j->expect = object ? JSON_EXPECT_KEY : JSON_EXPECT_VALUE;
  }
  j->at++;
  json_skip_space(j);
  return K8SM_OK;
}

static int json_nothing_to_read(struct json_tokens *j, struct k8sm_diags *diags) {
  struct k8smi_where where = json_where_at(j, j->at);
  k8smi_find_at(diags, K8SM_DIAG_EMPTY_INPUT, &where, NULL, "no JSON value in the text");
  return K8SM_ERR_SYNTAX;
}

static int json_next(struct k8smi_tokens *tokens, struct k8smi_token *ret, struct k8sm_diags *diags) {
  struct json_tokens *j = json_of(tokens);
  bool done = false;
  *ret = (struct k8smi_token){.kind = K8SMI_TOKEN_END};
  if (j->expect == JSON_EXPECT_END) {
    ret->offset = (size_t)(j->at - j->begin);
    return K8SM_OK;
  }
  json_skip_space(j);
  if (j->expect >= JSON_EXPECT_COLON) {
    ret->offset = (size_t)(j->at - j->begin);
    int r = json_read_separator(j, ret, &done, diags);
    if (r != K8SM_OK || done) return r;
  }
  ret->offset = (size_t)(j->at - j->begin);
  bool keys = j->expect == JSON_EXPECT_KEY || j->expect == JSON_EXPECT_FIRST_KEY;
  if (j->at == j->end) {
    return j->expect == JSON_EXPECT_DOCUMENT ? json_nothing_to_read(j, diags)
                                             : json_unexpected(j, j->at, keys ? "a key" : "a value", diags);
  }
  if ((j->expect == JSON_EXPECT_FIRST_KEY && *j->at == '}') ||
      (j->expect == JSON_EXPECT_FIRST_VALUE && *j->at == ']')) {
    json_close_level(j, ret);
    return K8SM_OK;
  }
  if (keys && *j->at != '"') return json_unexpected(j, j->at, "a key in double quotes", diags);
  int r = json_count_node(j, diags);
  if (r != K8SM_OK) return r;
  return keys ? json_read_key(j, ret, diags) : json_read_value(j, ret, diags);
}

static int json_next_document(struct k8smi_tokens *tokens, struct k8sm_diags *diags) {
  struct json_tokens *j = json_of(tokens);
  if (j->expect != JSON_EXPECT_END) return json_unexpected(j, j->at, "the end of the document", diags);
  json_skip_space(j);
  if (j->at == j->end) return K8SM_ERR_NOT_FOUND;
  j->expect = JSON_EXPECT_DOCUMENT;
  j->document_begin = j->at;
  j->nodes = 0;
  j->document++;
  return K8SM_OK;
}

static void json_leave_levels(struct json_tokens *j) {
  while (j->depth > 0) {
    struct json_level level = j->levels[--j->depth];
    if (level.object) k8smi_keys_close(&j->keys, level.mark);
  }
}

static void json_rewind(struct k8smi_tokens *tokens) {
  struct json_tokens *j = json_of(tokens);
  json_leave_levels(j);
  j->at = j->document_begin;
  j->nodes = 0;
  j->expect = JSON_EXPECT_DOCUMENT;
}

static const struct k8smi_tokens_ops json_tokens_ops = {json_next, json_next_document, json_rewind,
                                                        json_where, NULL};

bool k8smi_tokens_json_place(const struct k8smi_tokens *tokens, struct k8smi_json_place *ret) {
  const struct json_tokens *j = (const struct json_tokens *)(const void *)tokens;
  if (tokens->ops != &json_tokens_ops || tokens->failed != K8SM_OK ||
      (j->expect != JSON_EXPECT_DOCUMENT && j->expect != JSON_EXPECT_END))
    return false;
  *ret = (struct k8smi_json_place){j->at, j->end, j->max_depth, j->max_nodes - j->nodes,
                                   j->expect == JSON_EXPECT_END};
  return true;
}

void k8smi_tokens_json_go(struct k8smi_tokens *tokens, const struct k8smi_json_place *place) {
  struct json_tokens *j = json_of(tokens);
  json_leave_levels(j);
  j->at = place->at;
  j->max_depth = place->levels;
  j->nodes = j->max_nodes - place->nodes;
  j->expect = place->done ? JSON_EXPECT_END : JSON_EXPECT_DOCUMENT;
  tokens->failed = K8SM_OK;
}

int k8smi_tokens_json(struct k8smi_arena *arena, const void *bytes, size_t len,
                      const struct k8smi_tokens_options *options, struct k8smi_tokens **ret,
                      struct k8sm_diags *diags) {
  static const char byte_order_mark[] = {'\xef', '\xbb', '\xbf'};
  struct json_tokens *j = k8smi_arena_zalloc(arena, sizeof *j);
  if (j == NULL) return k8smi_find_nomem(diags, k8smi_arena_error(arena));
  j->base.ops = &json_tokens_ops;
  j->arena = arena;
  j->begin = j->at = j->counted = j->line_begin = len == 0 ? "" : bytes;
  j->end = j->begin + len;
  j->line = 1;
  j->max_depth = options == NULL || options->max_depth == 0 ? JSON_DEFAULT_DEPTH : options->max_depth;
  j->max_nodes = options == NULL || options->max_nodes == 0 ? K8SMI_TOKENS_MAX_NODES : options->max_nodes;
  j->expect = JSON_EXPECT_DOCUMENT;
  k8smi_keys_init(&j->keys, arena);
  if (len >= sizeof byte_order_mark && memcmp(bytes, byte_order_mark, sizeof byte_order_mark) == 0) {
    j->at += sizeof byte_order_mark;
  }
  j->document_begin = j->at;
  *ret = &j->base;
  return K8SM_OK;
}
