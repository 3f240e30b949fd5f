/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "base/sort.h"
#include "pod/documents.h"
#include "pod/steps.h"
#include "wire/token.h"

/* Where the values at many paths stand in a text, in one walk over it. The paths that lead into an object or
 * array are sorted by their next step; each of its members is looked up among them, and those that lead into
 * that one go on to their next steps. */

enum { LOCATE_DEPTH = 100 /* what the readers allow */ };

/* A path that is looked for. */
struct locate_want {
  struct k8smi_steps rest;
  struct k8smi_step step;   /* the next one, without escapes */
  struct k8smi_where where; /* of what was found of it so far; line 0: nothing */
  uint32_t document;
  size_t row; /* the caller's */
};

/* An object or array that is being read, and the paths that lead into it. */
struct locate_level {
  struct locate_want **from, **end;
  size_t index; /* of the next element */
  int kind;
  struct k8smi_step step; /* by which it was reached */
};

struct locate {
  struct k8smi_arena arena;   /* of all that is wanted */
  struct k8smi_arena scratch; /* of the reader of a piece */
  struct locate_want **wants; /* by document */
  size_t count;
  struct locate_want **left; /* the first of those whose document has not come */
  struct k8smi_tokens *tokens;
  struct locate_level levels[LOCATE_DEPTH];
  size_t depth;
  size_t open; /* paths of the document whose end was not found */
};

static int locate_by_document(const void *a, const void *b, const void *ctx) {
  const struct locate_want *x = *(struct locate_want *const *)a, *y = *(struct locate_want *const *)b;
  (void)ctx;
  return (x->document > y->document) - (x->document < y->document);
}

static int locate_by_name(const void *a, const void *b, const void *ctx) {
  const struct locate_want *x = *(struct locate_want *const *)a, *y = *(struct locate_want *const *)b;
  (void)ctx;
  return k8smi_cmp(x->step.name, y->step.name);
}

static size_t locate_index(const struct locate_want *want) {
  return want->step.is_index ? want->step.index : SIZE_MAX;
}

static int locate_by_index(const void *a, const void *b, const void *ctx) {
  const size_t x = locate_index(*(struct locate_want *const *)a),
               y = locate_index(*(struct locate_want *const *)b);
  (void)ctx;
  return (x > y) - (x < y);
}

/* On to the next step of the path. False: it ends here, or goes on with what is none. NOMEM shows in *fine.
 */
static bool locate_advance(struct locate *l, struct locate_want *want, bool *fine) {
  if (k8smi_steps_next(&want->rest, &want->step) <= 0) return false;
  want->step.name = k8smi_step_plain(&l->arena, &want->step);
  *fine = *fine && want->step.name.ptr != NULL;
  return *fine;
}

/* Those of the level that lead into this member: the place of the first, and behind the last. */
static struct locate_want **locate_find(const struct locate_level *level, const struct locate_want *member,
                                        struct locate_want ***ret_end) {
  k8smi_compare *compare = level->kind == K8SMI_TOKEN_OBJECT ? locate_by_name : locate_by_index;
  struct locate_want **low = level->from, **high = level->end;
  while (low < high) {
    struct locate_want **middle = low + (high - low) / 2;
    if (compare(middle, &member, NULL) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (*ret_end = low; *ret_end < level->end && compare(*ret_end, &member, NULL) == 0;) ++*ret_end;
  return low;
}

/* The value at the token is what these lead to. It is entered if some go on in it, and read over if not. */
static int locate_value(struct locate *l, const struct k8smi_token *value, struct locate_want **from,
                        struct locate_want **end) {
  const bool container = value->kind == K8SMI_TOKEN_OBJECT || value->kind == K8SMI_TOKEN_ARRAY;
  struct locate_level level = {from, end, 0, value->kind, {.name = {NULL, 0}}};
  bool fine = true;
  struct k8smi_where where = {0, 0, 0};
  if (from < end) {
    level.step = (*from)->step;
    where = k8smi_tokens_where(l->tokens, value);
  }
  for (; from < end; from++) {
    struct locate_want *want = *from;
    want->where = where;
    if (container && locate_advance(l, want, &fine)) continue;
    *from = *level.from; /* to the front, where it is not looked at any more */
    *level.from++ = want;
    l->open--;
  }
  if (!fine) return K8SM_ERR_NOMEM;
  if (!container) return K8SM_OK;
  if (level.from == end || l->depth == LOCATE_DEPTH) return k8smi_tokens_skip(l->tokens, NULL);
  k8smi_sort(level.from, (size_t)(end - level.from), sizeof *level.from,
             value->kind == K8SMI_TOKEN_OBJECT ? locate_by_name : locate_by_index, NULL);
  l->levels[l->depth++] = level;
  return K8SM_OK;
}

/* Behind an object or array: its paths are again what those around it are sorted by. */
static void locate_leave(struct locate *l) {
  const struct locate_level *level = &l->levels[--l->depth];
  for (struct locate_want **want = level->from; want < level->end; want++) (*want)->step = level->step;
}

/* The next member of the innermost object or array, or its end. */
static int locate_member(struct locate *l) {
  struct locate_level *level = &l->levels[l->depth - 1];
  struct locate_want member = {.step = {.index = level->index, .is_index = true}}, **end;
  struct k8smi_token t;
  int r = k8smi_tokens_next(l->tokens, &t, NULL);
  if (r != K8SM_OK) return r;
  if (t.kind == K8SMI_TOKEN_OBJECT_END || t.kind == K8SMI_TOKEN_ARRAY_END) {
    locate_leave(l);
    return K8SM_OK;
  }
  member.step.name = t.text;
  struct locate_want **from = locate_find(level, &member, &end);
  if (level->kind == K8SMI_TOKEN_OBJECT) r = k8smi_tokens_next(l->tokens, &t, NULL);
  level->index++;
  return r == K8SM_OK ? locate_value(l, &t, from, end) : r;
}

/* The paths of the document that comes next, as far as there is something to find of them. */
static int locate_document(struct locate *l, struct locate_want **from, struct locate_want **end) {
  struct k8smi_token t;
  l->depth = 0;
  l->open = (size_t)(end - from);
  int r = k8smi_tokens_next(l->tokens, &t, NULL);
  if (r == K8SM_OK) r = locate_value(l, &t, from, end);
  while (r == K8SM_OK && l->depth > 0 && l->open > 0) r = locate_member(l);
  return r;
}

/* To the end of a document, and on to the next one of the piece. */
static int locate_next(struct locate *l) {
  struct k8smi_token t;
  int r;
  do {
    r = k8smi_tokens_next(l->tokens, &t, NULL);
  } while (r == K8SM_OK && t.kind != K8SMI_TOKEN_END);
  return r == K8SM_OK ? k8smi_tokens_next_document(l->tokens, NULL) : r;
}

/* Counts documents as k8sm_manifest_parse does: one that can't be read is the last of its piece. Returns what
 * reading the last one with paths came to. */
static int locate_piece(struct locate *l, const struct k8smi_piece *piece, bool json, uint32_t *document) {
  const struct k8smi_tokens_options o = {.lines_before = piece->lines_before};
  struct locate_want **const all = l->wants + l->count;
  int result = K8SM_ERR_NOT_FOUND;
  int r = json ? k8smi_tokens_json(&l->scratch, piece->text.ptr, piece->text.len, &o, &l->tokens, NULL)
               : k8smi_tokens_yaml(&l->scratch, piece->text.ptr, piece->text.len, &o, &l->tokens, NULL);
  do {
    struct locate_want **end = l->left;
    while (end < all && (*end)->document == *document) end++;
    if (end > l->left) {
      if (r == K8SM_OK) r = locate_document(l, l->left, end);
      result = r;
    }
    l->left = end;
    ++*document;
    if (r == K8SM_OK && l->left < all) r = locate_next(l);
  } while (r == K8SM_OK && l->left < all);
  if (l->tokens != NULL) k8smi_tokens_free(l->tokens);
  l->tokens = NULL;
  k8smi_arena_free(&l->scratch);
  return r == K8SM_ERR_NOMEM ? r : result;
}

/* NOT_FOUND: there is no such document. NOMEM; SYNTAX, LIMIT: the last one could not be read. */
static int locate_all(struct locate *l, const void *bytes, size_t len) {
  struct k8smi_documents documents = {.input = {bytes, len}, .last = true};
  struct k8smi_piece piece;
  uint32_t document = 0;
  int result = K8SM_ERR_NOT_FOUND;
  documents.json = k8smi_documents_is_json(documents.input);
  k8smi_sort(l->wants, l->count, sizeof *l->wants, locate_by_document, NULL);
  l->left = l->wants;
  while (l->left < l->wants + l->count && result != K8SM_ERR_NOMEM &&
         k8smi_documents_next(&documents, &piece))
    result = locate_piece(l, &piece, documents.json, &document);
  return result;
}

static bool locate_init(struct locate *l, size_t most) {
  memset(l, 0, sizeof *l);
  if (!k8smi_arena_init(&l->arena, NULL, 0) || !k8smi_arena_init(&l->scratch, NULL, 0)) return false;
  l->wants = k8smi_arena_array(&l->arena, most, sizeof *l->wants);
  return l->wants != NULL;
}

static struct locate_want *locate_add(struct locate *l, uint32_t document, const char *path, size_t row) {
  struct locate_want *want = k8smi_arena_zalloc(&l->arena, sizeof *want);
  if (want == NULL) return NULL;
  k8smi_steps_init(&want->rest, path);
  want->document = document;
  want->row = row;
  return l->wants[l->count++] = want;
}

int k8sm_locate(const void *bytes, size_t len, uint32_t document, const char *path, uint32_t *ret_line,
                uint32_t *ret_column) {
  struct locate l;
  if (bytes == NULL || len == 0) return K8SM_ERR_NOT_FOUND;
  const struct locate_want *want = locate_init(&l, 1) ? locate_add(&l, document, path, 0) : NULL;
  int result = want == NULL ? K8SM_ERR_NOMEM : locate_all(&l, bytes, len);
  if (result == K8SM_OK) {
    *ret_line = want->where.line;
    *ret_column = want->where.column;
  }
  k8smi_arena_free(&l.arena);
  return result;
}

static char *locate_row(const struct k8sm_diags *diags, size_t row) {
  return (char *)diags->rows + row * diags->row_size;
}

/* The path of a row that has one in the text, and no line yet; NULL: another one. Cut ones end early. */
static const char *locate_path(const struct k8sm_diags *diags, size_t row, uint32_t *document) {
  struct k8sm_diag d = {0};
  memcpy(&d, locate_row(diags, row), diags->row_size < sizeof d ? diags->row_size : sizeof d);
  *document = d.document;
  bool told = d.line != 0 || d.code == K8SM_DIAG_OPTION_INVALID || d.path >= diags->text_cap;
  return told || diags->text[d.path] == '\0' ? NULL : diags->text + d.path;
}

static bool locate_add_rows(struct locate *l, const struct k8sm_diags *diags, size_t rows,
                            const char *prefix) {
  const size_t before = prefix == NULL ? 0 : strlen(prefix);
  for (size_t i = 0; i < rows; i++) {
    uint32_t document;
    const char *path = locate_path(diags, i, &document);
    if (path == NULL) continue;
    const size_t len = strlen(path) + 1;
    char *full = k8smi_arena_bytes(&l->arena, before + len);
    if (full == NULL) return false;
    if (before > 0) memcpy(full, prefix, before);
    memcpy(full + before, path, len);
    if (locate_add(l, document, full, i) == NULL) return false;
  }
  return true;
}

int k8sm_diags_locate(struct k8sm_diags *diags, const void *bytes, size_t len, const char *prefix) {
  struct locate l;
  const size_t rows = diags == NULL ? 0 : diags->count < diags->cap ? diags->count : diags->cap;
  uint32_t at[2]; /* line and column stand side by side */
  if (bytes == NULL || len == 0 || rows == 0) return K8SM_OK;
  if (diags->row_size < offsetof(struct k8sm_diag, line) + sizeof at) return K8SM_ERR_ABI;
  bool fine = locate_init(&l, rows) && locate_add_rows(&l, diags, rows, prefix);
  if (fine) fine = locate_all(&l, bytes, len) != K8SM_ERR_NOMEM;
  for (size_t i = 0; fine && i < l.count; i++) {
    at[0] = l.wants[i]->where.line;
    at[1] = l.wants[i]->where.column;
    memcpy(locate_row(diags, l.wants[i]->row) + offsetof(struct k8sm_diag, line), at, sizeof at);
  }
  k8smi_arena_free(&l.arena);
  return fine ? K8SM_OK : K8SM_ERR_NOMEM;
}
