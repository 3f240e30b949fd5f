/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/reader.h"

/* JSON in chunks: only brackets and strings are looked at here, to find where things end. */

enum {
  READER_BETWEEN,    /* documents */
  READER_DOCUMENT,   /* in one, outside of items */
  READER_WHOLE,      /* in one that is taken as a whole */
  READER_FIRST_ITEM, /* of a list, or its end */
  READER_NEXT_ITEM,  /* behind a comma */
  READER_ITEM,       /* in one */
  READER_COMMA       /* behind an item: a comma, or the end of the list */
};
enum { READER_ITEMS_DEPTH = 2 };

enum reader_found { READER_MORE, READER_END, READER_ITEMS };

/* ---- Places ---- */

/* The place of a byte of the input; they are asked for in their order. */
static struct k8smi_where reader_place(struct k8sm_reader *r, size_t at) {
  struct k8smi_reader_json *j = &r->json;
  const char *p = r->input.ptr + j->counted, *end = r->input.ptr + at, *newline;
  while (p < end && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
    j->here.line++;
    j->here.column = 1;
    p = newline + 1;
  }
  if (p < end) j->here.column += (uint32_t)(end - p);
  j->counted = at;
  return j->here;
}

static size_t reader_findings(const struct k8sm_reader *r) {
  return r->parse.diags == NULL ? 0 : r->parse.diags->count;
}

/* Findings of a text that begins at the place. */
static void reader_move_findings(struct k8sm_reader *r, size_t before, struct k8smi_where place) {
  const struct k8smi_find_move move = {{0, 1, 1}, place.line - 1, place.column - 1};
  k8smi_find_moved(r->parse.diags, before, &move);
}

/* Findings behind the items that were taken out of a document: in the whole document they stand further
 * behind. */
static void reader_move_behind(struct k8sm_reader *r, size_t before) {
  const struct k8smi_reader_json *j = &r->json;
  uint32_t line = j->behind.line - j->document.line + 1;
  uint32_t column = line == 1 ? j->behind.column - j->document.column + 1 : j->behind.column;
  const struct k8smi_find_move move = {j->cut, line - j->cut.line, column - j->cut.column};
  k8smi_find_moved(r->parse.diags, before, &move);
}

/* ---- Brackets and strings ---- */

/* True when the string has ended. */
static bool reader_string(struct k8sm_reader *r) {
  static const char name[] = "items";
  struct k8smi_reader_json *j = &r->json;
  const char *p = r->input.ptr + j->at, *end = r->input.ptr + r->input.len;
  if (j->escape && p < end) {
    j->escape = false;
    p++;
  }
  for (const char *quote = NULL; p < end;) {
    if (quote == NULL || quote < p) quote = memchr(p, '"', (size_t)(end - p));
    if (quote == NULL) quote = end;
    const char *backslash = memchr(p, '\\', (size_t)(quote - p));
    if (backslash == NULL) {
      p = quote;
      break;
    }
    j->escape = backslash + 1 == end; /* what it escapes has not come yet */
    p = j->escape ? end : backslash + 2;
  }
  j->at = (size_t)(p - r->input.ptr);
  if (p == end) return false;
  size_t len = j->at - j->string;
  j->items = j->key && len == sizeof name - 1 && memcmp(r->input.ptr + j->string, name, len) == 0;
  j->key = j->in_string = false;
  j->at++;
  return true;
}

/* Goes on in a value that lies at the depth `base`. READER_ITEMS: behind the bracket of a member "items". */
static enum reader_found reader_value(struct k8sm_reader *r, uint32_t base) {
  struct k8smi_reader_json *j = &r->json;
  while (j->at < r->input.len) {
    if (j->in_string) {
      if (!reader_string(r)) return READER_MORE;
      if (j->depth == base) return READER_END;
      continue;
    }
    char c = r->input.ptr[j->at];
    bool bare = j->depth == base && j->at > j->from; /* in a number or a word */
    switch (c) {
    case '"':
      if (bare) return READER_END;
      j->in_string = true;
      j->string = ++j->at;
      continue;
    case '{':
    case '[':
      if (bare) return READER_END;
      j->depth++;
      j->at++;
      if (c == '[' && j->items && j->depth == READER_ITEMS_DEPTH) return READER_ITEMS;
      j->key = c == '{' && j->depth == 1;
      break;
    case '}':
    case ']':
      if (j->depth == base) { /* of what is around the value; at the root it is a document of its own */
        if (base == 0 && !bare) j->at++;
        return READER_END;
      }
      j->at++;
      j->items = j->key = false;
      if (--j->depth == base) return READER_END;
      break;
    case ',':
      if (j->depth == base) {
        if (base == 0 && !bare) j->at++;
        return READER_END;
      }
      j->key = j->depth == 1;
      j->items = false;
      j->at++;
      break;
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      if (bare) return READER_END;
      j->at++;
      break;
    default:
      if (c != ':') j->items = false;
      j->at++;
    }
  }
  return r->last && j->depth == base && !j->in_string && j->at > j->from ? READER_END : READER_MORE;
}

/* False: there are no more bytes. */
static bool reader_skip_space(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  while (j->at < r->input.len && memchr(" \t\r\n", r->input.ptr[j->at], 4) != NULL) j->at++;
  return j->at < r->input.len;
}

/* What has been looked at goes into the rest of the document. */
static void reader_keep(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  k8smi_buf_put(&j->rest, r->input.ptr + j->from, j->at - j->from);
  j->from = j->at;
}

/* ---- Documents ---- */

static void reader_end_document(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  k8smi_buf_clear(&j->rest);
  j->state = READER_BETWEEN;
  j->depth = 0;
  j->in_string = j->escape = j->key = j->items = false;
  j->index = 0;
  j->from = j->at;
  j->behind = (struct k8smi_where){0, 0, 0};
}

/* Reads the document, without the items that were taken out of it. */
static int reader_document(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  struct k8sm_slice text = {r->input.ptr + j->from, j->at - j->from};
  size_t before = reader_findings(r);
  int wrong = K8SM_OK;
  if (j->rest.len > 0) {
    reader_keep(r);
    text = (struct k8sm_slice){j->rest.ptr, j->rest.len};
  }
  if (j->rest.failed) return k8smi_reader_fail(r, k8smi_find_nomem(r->parse.diags, K8SM_ERR_NOMEM));
  if (text.len > r->parse.options.max_bytes) return k8smi_reader_too_large(r);
  int result = k8smi_manifest_piece(&r->parse, &r->manifest, text, K8SM_FORMAT_JSON, 0, &r->document, &wrong);
  if (j->behind.line > 0) reader_move_behind(r, before);
  reader_move_findings(r, before, j->document);
  reader_end_document(r);
  if (result != K8SM_OK || wrong == K8SM_ERR_SYNTAX)
    return k8smi_reader_fail(r, result != K8SM_OK ? result : wrong);
  return wrong;
}

/* Between documents: false: there is none yet. Lines of --- may part them where nothing says that this is
 * JSON. */
static bool reader_begin_document(struct k8sm_reader *r) {
  static const char mark[] = {'\xef', '\xbb', '\xbf'};
  struct k8smi_reader_json *j = &r->json;
  if (j->here.line == 1 && j->here.column == 1 && j->at == 0 && r->document == 0) {
    if (r->input.len < sizeof mark && !r->last) return false;
    if (r->input.len >= sizeof mark && memcmp(r->input.ptr, mark, sizeof mark) == 0) j->at = sizeof mark;
  }
  while (reader_skip_space(r)) {
    if (r->input.ptr[j->at] != '-' || r->parse.options.format != K8SM_FORMAT_AUTO) break;
    if (r->input.len - j->at < 3 && !r->last) return false;
    if (r->input.len - j->at < 3 || memcmp(r->input.ptr + j->at, "---", 3) != 0) break;
    j->at += 3;
  }
  j->from = j->at;
  j->document = reader_place(r, j->at);
  return j->at < r->input.len;
}

/* ---- Lists ---- */

/* What a text says that it is, in `names` (kind and apiVersion, one behind the other). NOT_FOUND: it is no
 * JSON; NOMEM. */
static int reader_says(struct k8sm_reader *r, struct k8sm_slice text, struct k8smi_buf *names,
                       size_t *ret_kind_len) {
  struct k8smi_parse parse = r->parse;
  struct k8smi_object object = {.parse = &parse};
  bool is_null = false;
  parse.diags = NULL; /* it will be read again */
  if (!k8smi_arena_init(&parse.scratch, &r->allocator, (size_t)parse.options.max_memory))
    return K8SM_ERR_NOMEM;
  int result = k8smi_parse_tokens(&parse, text.ptr, text.len, K8SM_FORMAT_JSON, 0, &object.tokens);
  if (result == K8SM_OK) result = k8smi_manifest_peek(&object, &is_null);
  k8smi_buf_clear(names);
  if (result == K8SM_OK) {
    k8smi_buf_slice(names, object.kind);
    k8smi_buf_slice(names, object.api_version);
    *ret_kind_len = object.kind.len;
    if (names->failed) result = K8SM_ERR_NOMEM;
  }
  k8smi_tokens_free(object.tokens);
  k8smi_arena_free(&parse.scratch);
  return result == K8SM_OK || result == K8SM_ERR_NOMEM ? result : K8SM_ERR_NOT_FOUND;
}

static struct k8smi_object reader_list(struct k8sm_reader *r) {
  const struct k8smi_reader_json *j = &r->json;
  const char *names = j->names.len == 0 ? "" : j->names.ptr;
  return (struct k8smi_object){.parse = &r->parse,
                               .manifest = &r->manifest,
                               .kind = {names, j->kind_len},
                               .api_version = {names + j->kind_len, j->names.len - j->kind_len},
                               .document = r->document};
}

/* Behind "items": [, whether its items can be taken out: if this is a list, as far as one can see. */
static int reader_enter_items(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  reader_keep(r);
  size_t len = j->rest.len;
  k8smi_buf_puts(&j->rest, "]}"); /* so far it would be this document */
  j->kind_len = 0;
  j->state = READER_WHOLE;
  if (j->rest.failed) return k8smi_reader_fail(r, k8smi_find_nomem(r->parse.diags, K8SM_ERR_NOMEM));
  int result = reader_says(r, (struct k8sm_slice){j->rest.ptr, j->rest.len}, &j->names, &j->kind_len);
  if (result == K8SM_ERR_NOMEM) return k8smi_reader_fail(r, k8smi_find_nomem(r->parse.diags, result));
  j->rest.len = len;
  struct k8smi_object list = reader_list(r);
  if (result == K8SM_OK && (list.kind.len == 0 || k8smi_manifest_is_list(list.kind, list.api_version))) {
    j->state = READER_FIRST_ITEM;
    j->cut = (struct k8smi_where){0, 1, 1};
    for (size_t i = 0; i < len; i++) {
      j->cut.column++;
      if (j->rest.ptr[i] != '\n') continue;
      j->cut.line++;
      j->cut.column = 1;
    }
  }
  return K8SM_OK;
}

/* An item does not say what it is, and neither does the list yet: from here on the document has to wait for
 * its end. */
static void reader_wait(struct k8sm_reader *r) {
  r->json.behind = reader_place(r, r->json.from);
  reader_keep(r);
  r->json.state = READER_WHOLE;
}

static int reader_item(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  struct k8smi_object list = reader_list(r);
  struct k8sm_slice json = {r->input.ptr + j->from, j->at - j->from};
  size_t before = reader_findings(r);
  if (list.kind.len == 0) { /* then the item must say it */
    size_t kind_len = 0;
    int result = reader_says(r, json, &j->item_names, &kind_len);
    if (result == K8SM_ERR_NOMEM) return k8smi_reader_fail(r, k8smi_find_nomem(r->parse.diags, result));
    if (result != K8SM_OK || kind_len == 0 || kind_len == j->item_names.len) {
      reader_wait(r);
      return K8SM_OK;
    }
  }
  if (json.len > r->parse.options.max_bytes) return k8smi_reader_too_large(r);
  struct k8smi_where place = reader_place(r, j->from);
  int result = k8smi_manifest_item(&list, json, j->index);
  reader_move_findings(r, before, place);
  k8smi_find_document(r->parse.diags, before, r->document);
  j->index++;
  j->state = READER_COMMA;
  j->from = j->at;
  if (result == K8SM_ERR_SYNTAX || result == K8SM_ERR_NOMEM) return k8smi_reader_fail(r, result);
  return result;
}

/* Something else than a comma or an item. Where an item was taken out, one stands for it now: what is wrong
 * is found where the document is read. */
static int reader_between_items(struct k8sm_reader *r, bool comma) {
  struct k8smi_reader_json *j = &r->json;
  j->behind = reader_place(r, j->at);
  j->from = j->at++;
  k8smi_buf_puts(&j->rest, comma ? "0," : "0");
  j->cut.column += comma ? 2 : 1;
  int result = reader_document(r);
  return result == K8SM_OK ? k8smi_reader_fail(r, K8SM_ERR_SYNTAX) : result;
}

/* Before an item, or behind one. K8SM_OK: go on. */
static int reader_items(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  if (!reader_skip_space(r)) return K8SM_ERR_NOT_FOUND;
  char c = r->input.ptr[j->at];
  if (c == ']' && j->state != READER_NEXT_ITEM) {
    j->behind = reader_place(r, j->at);
    j->from = j->at;
    j->state = READER_DOCUMENT;
    j->items = j->key = false;
    return K8SM_OK;
  }
  if (j->state == READER_COMMA) {
    if (c != ',') return reader_between_items(r, false);
    j->at++;
    j->state = READER_NEXT_ITEM;
    return K8SM_OK;
  }
  if (memchr("]},:", c, 4) != NULL) {
    if (j->state == READER_NEXT_ITEM) return reader_between_items(r, true);
    j->from = j->at; /* at once behind the bracket: nothing is left out */
    reader_wait(r);
    return K8SM_OK;
  }
  j->from = j->at;
  j->state = READER_ITEM;
  return K8SM_OK;
}

/* ---- Steps ---- */

/* The bytes end inside of a document. */
static int reader_cut_off(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  if (j->state == READER_BETWEEN) return K8SM_ERR_NOT_FOUND;
  if (j->state == READER_COMMA || j->state == READER_NEXT_ITEM) {
    k8smi_buf_puts(&j->rest, j->state == READER_COMMA ? "0" : "0,");
    j->behind = reader_place(r, j->at);
    j->cut.column += j->state == READER_COMMA ? 1 : 2;
    j->from = j->at;
  } else if (j->state == READER_ITEM) {
    if (j->index > 0) k8smi_buf_puts(&j->rest, "0,");
    if (j->index > 0) j->cut.column += 2;
    j->behind = reader_place(r, j->from);
  }
  j->at = r->input.len;
  int result = reader_document(r);
  return result == K8SM_OK ? k8smi_reader_fail(r, K8SM_ERR_SYNTAX) : result;
}

static int reader_more(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  if (j->rest.len + (j->at - j->from) > r->parse.options.max_bytes) return k8smi_reader_too_large(r);
  return r->last ? reader_cut_off(r) : K8SM_ERR_NOT_FOUND;
}

int k8smi_reader_json_step(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  enum reader_found found;
  int result;
  switch (j->state) {
  case READER_BETWEEN:
    if (!reader_begin_document(r)) return K8SM_ERR_NOT_FOUND;
    j->state = READER_DOCUMENT;
    return K8SM_OK;
  case READER_ITEM:
    found = reader_value(r, READER_ITEMS_DEPTH);
    return found == READER_MORE ? reader_more(r) : reader_item(r);
  case READER_DOCUMENT:
  case READER_WHOLE:
    found = reader_value(r, 0);
    if (found == READER_ITEMS && j->state == READER_DOCUMENT && j->index == 0) return reader_enter_items(r);
    if (found == READER_ITEMS) return K8SM_OK;
    return found == READER_MORE ? reader_more(r) : reader_document(r);
  default: result = reader_items(r); return result == K8SM_ERR_NOT_FOUND ? reader_more(r) : result;
  }
}

size_t k8smi_reader_json_drop(struct k8sm_reader *r) {
  struct k8smi_reader_json *j = &r->json;
  bool between = j->state == READER_BETWEEN || j->state == READER_COMMA || j->state == READER_NEXT_ITEM ||
                 j->state == READER_FIRST_ITEM;
  size_t n = between ? j->at : j->from;
  if (n > j->counted) reader_place(r, n);
  j->at -= n;
  j->from = between ? 0 : j->from - n;
  j->string = j->string > n ? j->string - n : 0;
  j->counted -= n;
  return n;
}
