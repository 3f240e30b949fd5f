/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/bind.h"

#include "pod/defaults.h"
#include "wire/base64.h"

/* Names that come near an unknown one are looked for this often: it takes a while. */
enum { BIND_MAX_SUGGESTIONS = 32, BIND_FEW_PAIRS = 16 };

bool k8smi_bind_init(struct k8smi_bind *b, struct k8smi_tokens *tokens, struct k8smi_arena *arena,
                     struct k8sm_diags *diags) {
  memset(b, 0, offsetof(struct k8smi_bind, lent_items));
  b->tokens = tokens;
  b->arena = arena;
  b->diags = diags;
  if (!k8smi_buf_init(&b->items, &arena->allocator) || !k8smi_buf_init(&b->kept, &arena->allocator) ||
      !k8smi_buf_init(&b->raw, &arena->allocator))
    return false;
  k8smi_buf_lend(&b->items, b->lent_items, sizeof b->lent_items);
  k8smi_buf_lend(&b->raw, b->lent_raw, sizeof b->lent_raw);
  return true;
}

void k8smi_bind_free(struct k8smi_bind *b) {
  k8smi_buf_free(&b->items);
  k8smi_buf_free(&b->kept);
  k8smi_buf_free(&b->raw);
}

void k8smi_bind_try(struct k8smi_bind *b, struct k8smi_bind_try *t) {
  *t = (struct k8smi_bind_try){k8smi_arena_mark(b->arena),
                               b->items.len,
                               b->arena->input_read,
                               b->invalid,
                               b->diags,
                               {.size = sizeof t->unseen, .row_size = sizeof(struct k8sm_diag)}};
  b->diags = &t->unseen;
}

bool k8smi_bind_tried(struct k8smi_bind *b, struct k8smi_bind_try *t, bool through) {
  b->diags = t->diags;
  if (through && t->unseen.count == 0) return true;
  k8smi_arena_rewind(b->arena, t->mark);
  b->arena->input_read = t->read;
  b->items.len = t->items;
  b->items.failed = b->raw.failed = false;
  b->invalid = t->invalid;
  return false;
}

static int bind_next(struct k8smi_bind *b, struct k8smi_token *t) {
  return k8smi_tokens_next(b->tokens, t, b->diags);
}

static int bind_no_room(struct k8smi_bind *b) {
  return k8smi_find_nomem(b->diags, k8smi_arena_error(b->arena));
}

static bool bind_is_container(const struct k8smi_token *t) {
  return t->kind == K8SMI_TOKEN_OBJECT || t->kind == K8SMI_TOKEN_ARRAY;
}

static int bind_skip(struct k8smi_bind *b, const struct k8smi_token *t) {
  return bind_is_container(t) ? k8smi_tokens_skip(b->tokens, b->diags) : K8SM_OK;
}

/* Reads over what stands there, and reports it in place of what should (unless it can't be read). */
static int bind_refuse(struct k8smi_bind *b, const struct k8smi_token *t, const char *expected,
                       const struct k8smi_path *path) {
  int r = bind_skip(b, t);
  if (r == K8SM_OK) k8smi_bind_mismatch(b, t, expected, path);
  return r;
}

int k8smi_bind_raw(struct k8smi_bind *b, const struct k8smi_token *first) {
  struct k8smi_json w;
  struct k8smi_token t = *first;
  size_t depth = 0;
  k8smi_json_init(&w, &b->raw, true);
  for (;;) {
    switch (t.kind) {
    case K8SMI_TOKEN_OBJECT:
    case K8SMI_TOKEN_ARRAY:
      k8smi_json_open(&w, t.kind == K8SMI_TOKEN_OBJECT ? '{' : '[');
      depth++;
      break;
    case K8SMI_TOKEN_OBJECT_END:
    case K8SMI_TOKEN_ARRAY_END:
      k8smi_json_close(&w, t.kind == K8SMI_TOKEN_OBJECT_END ? '}' : ']');
      depth--;
      break;
    case K8SMI_TOKEN_KEY: k8smi_json_key_slice(&w, t.text); break;
    case K8SMI_TOKEN_STRING: k8smi_json_string(&w, t.text); break;
    case K8SMI_TOKEN_NUMBER: k8smi_json_raw(&w, t.text); break;
    case K8SMI_TOKEN_TRUE: k8smi_json_bool(&w, true); break;
    case K8SMI_TOKEN_FALSE: k8smi_json_bool(&w, false); break;
    default: k8smi_json_raw(&w, K8SMI_S("null"));
    }
    if (depth == 0) return b->raw.failed ? k8smi_find_nomem(b->diags, K8SM_ERR_NOMEM) : K8SM_OK;
    int r = bind_next(b, &t);
    if (r != K8SM_OK) return r;
  }
}

static int bind_raw_text(struct k8smi_bind *b, const struct k8smi_token *t, struct k8sm_slice *ret) {
  b->raw.len = 0;
  int r = k8smi_bind_raw(b, t);
  *ret = (struct k8sm_slice){b->raw.ptr, b->raw.len};
  return r;
}

static int bind_object(struct k8smi_bind *b, unsigned type, const struct k8smi_path *path,
                       const struct k8smi_record **ret);

/* null among objects is one of which nothing is said. */
static int bind_null_item(struct k8smi_bind *b, unsigned type, const struct k8smi_record **ret) {
  union k8smi_slot slots[64];
  uint64_t present = 0;
  if (b->defaults && !k8smi_defaults_fill(b->arena, type, slots, &present)) return bind_no_room(b);
  *ret = k8smi_record_new(b->arena, present, slots);
  return *ret == NULL ? bind_no_room(b) : K8SM_OK;
}

/* One item of a list, on top of the stack. */
static int bind_item(struct k8smi_bind *b, const struct k8smi_field *field, const struct k8smi_token *t,
                     const struct k8smi_path *path) {
  struct k8sm_slice text = {NULL, 0};
  const struct k8smi_record *record = NULL;
  int64_t number = 0;
  int r = K8SM_OK;
  bool null = t->kind == K8SMI_TOKEN_NULL;
  switch (field->kind) {
  case K8SMI_KIND_LIST_RECORD:
    if (t->kind == K8SMI_TOKEN_OBJECT) {
      r = bind_object(b, field->child, path, &record);
    } else {
      r = null ? K8SM_OK : bind_refuse(b, t, "an object", path);
      if (r == K8SM_OK) r = bind_null_item(b, field->child, &record);
    }
    k8smi_buf_put(&b->items, &record, sizeof(record));
    return r;
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64:
    if (!null && !k8smi_bind_number(b, t, field->kind, path, &number)) r = bind_skip(b, t);
    k8smi_buf_put(&b->items, &number, sizeof number);
    return r;
  case K8SMI_KIND_LIST_RAW: r = bind_raw_text(b, t, &text); break;
  default:
    if (!null && !k8smi_bind_text(b, t, field->kind, path, &text)) r = bind_skip(b, t);
  }
  if (r != K8SM_OK) return r;
  text = k8smi_text_keep(b->arena, text);
  if (text.ptr == NULL) return bind_no_room(b);
  k8smi_buf_put(&b->items, &text, sizeof text);
  return K8SM_OK;
}

size_t k8smi_bind_item_size(unsigned kind) {
  switch (kind) {
  case K8SMI_KIND_LIST_RECORD: return sizeof(struct k8smi_record *);
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64: return sizeof(int64_t);
  case K8SMI_KIND_LIST_RAW:
  case K8SMI_KIND_LIST_STRING: return sizeof(struct k8sm_slice);
  default: return sizeof(struct k8smi_pair);
  }
}

static int bind_take_from(struct k8smi_bind *b, struct k8smi_buf *stack, size_t mark, size_t item_size,
                          const struct k8smi_list **ret) {
  if (stack->failed) return k8smi_find_nomem(b->diags, K8SM_ERR_NOMEM);
  size_t bytes = stack->len - mark;
  struct k8smi_list *list = k8smi_arena_alloc(b->arena, sizeof *list + bytes);
  if (list == NULL) return bind_no_room(b);
  list->count = bytes / item_size;
  list->items = list + 1;
  if (bytes > 0) memcpy(list + 1, stack->ptr + mark, bytes);
  stack->len = mark;
  *ret = list;
  return K8SM_OK;
}

int k8smi_bind_take(struct k8smi_bind *b, size_t mark, size_t item_size, const struct k8smi_list **ret) {
  return bind_take_from(b, &b->items, mark, item_size, ret);
}

int k8smi_bind_keep(struct k8smi_bind *b, size_t mark, union k8smi_slot *slots, uint64_t *present) {
  const uint64_t bit = (uint64_t)1 << K8SMI_FIELD_UNKNOWN;
  if (b->kept.len == mark && !b->kept.failed) return K8SM_OK;
  if (*present & bit) { /* a message in two parts: what the first one had comes first */
    const struct k8smi_list *before = slots[K8SMI_FIELD_UNKNOWN].list;
    size_t bytes = before->count * sizeof(struct k8smi_pair);
    if (k8smi_buf_extend(&b->kept, bytes) == NULL) return k8smi_find_nomem(b->diags, K8SM_ERR_NOMEM);
    memmove(b->kept.ptr + mark + bytes, b->kept.ptr + mark, b->kept.len - mark - bytes);
    memcpy(b->kept.ptr + mark, before->items, bytes);
  }
  *present |= bit;
  return bind_take_from(b, &b->kept, mark, sizeof(struct k8smi_pair), &slots[K8SMI_FIELD_UNKNOWN].list);
}

static int bind_list(struct k8smi_bind *b, const struct k8smi_field *field, const struct k8smi_path *path,
                     const struct k8smi_list **ret) {
  size_t mark = b->items.len;
  struct k8smi_path item = k8smi_path_index(path, 0);
  struct k8smi_token t;
  for (;; item.index++) {
    int r = bind_next(b, &t);
    if (r != K8SM_OK) return r;
    if (t.kind == K8SMI_TOKEN_ARRAY_END) break;
    r = bind_item(b, field, &t, &item);
    if (r != K8SM_OK) return r;
  }
  return k8smi_bind_take(b, mark, k8smi_bind_item_size(field->kind), ret);
}

static int bind_map_value(struct k8smi_bind *b, unsigned kind, const struct k8smi_token *t,
                          const struct k8smi_path *path, struct k8sm_slice *ret) {
  struct k8sm_slice text = kind == K8SMI_KIND_MAP_QUANTITY ? K8SMI_S("0") : K8SMI_S("");
  int r = K8SM_OK;
  bool is_null = t->kind == K8SMI_TOKEN_NULL;
  if (!is_null && !k8smi_bind_text(b, t, kind, path, &text)) r = bind_skip(b, t);
  if (r != K8SM_OK) return r;
  if (kind == K8SMI_KIND_MAP_BYTES) {
    bool bad = false;
    *ret = k8smi_parse_base64_lines(b->arena, text, &bad);
    if (bad) {
      k8smi_find(b->diags, K8SM_DIAG_FIELD_INVALID, path, "found text that is not base64, expected base64");
      b->invalid = true;
      *ret = K8SMI_S("");
    }
  } else {
    *ret = k8smi_text_keep(b->arena, text);
  }
  return ret->ptr == NULL ? bind_no_room(b) : K8SM_OK;
}

/* For a few pairs, where they stand. */
static void bind_insert_pairs(struct k8smi_pair *pairs, size_t sorted, size_t n) {
  for (; sorted < n; sorted++) {
    struct k8smi_pair pair = pairs[sorted];
    size_t at = sorted;
    for (; at > 0 && k8smi_cmp(pairs[at - 1].key, pair.key) > 0; at--) pairs[at] = pairs[at - 1];
    pairs[at] = pair;
  }
}

/* Merge sort: no worst case, no memory beyond the arena's; already sorted pairs cost one pass. */
bool k8smi_bind_sort_pairs(struct k8smi_arena *arena, struct k8smi_pair *pairs, size_t n) {
  size_t sorted = 1;
  while (sorted < n && k8smi_cmp(pairs[sorted - 1].key, pairs[sorted].key) <= 0) sorted++;
  if (n <= BIND_FEW_PAIRS) bind_insert_pairs(pairs, sorted, n);
  if (n <= BIND_FEW_PAIRS || sorted >= n) return true;
  struct k8smi_pair *spare = k8smi_arena_array(arena, n, sizeof *spare);
  if (spare == NULL) return false;
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t low = 0; low < n; low += 2 * width) {
      size_t middle = low + width < n ? low + width : n, high = middle + width < n ? middle + width : n;
      size_t a = low, c = middle;
      for (size_t out = low; out < high; out++) {
        bool first = a < middle && (c == high || k8smi_cmp(pairs[a].key, pairs[c].key) <= 0);
        spare[out] = first ? pairs[a++] : pairs[c++];
      }
    }
    memcpy(pairs, spare, n * sizeof *pairs);
  }
  return true;
}

static int bind_map(struct k8smi_bind *b, const struct k8smi_field *field, const struct k8smi_path *path,
                    const struct k8smi_list **ret) {
  size_t mark = b->items.len;
  for (;;) {
    struct k8smi_token t;
    struct k8smi_pair pair;
    int r = bind_next(b, &t);
    if (r != K8SM_OK) return r;
    if (t.kind == K8SMI_TOKEN_OBJECT_END) break;
    pair.key = k8smi_text_keep(b->arena, t.text);
    if (pair.key.ptr == NULL) return bind_no_room(b);
    struct k8smi_path at = k8smi_path_key(path, pair.key);
    r = bind_next(b, &t);
    if (r == K8SM_OK) r = bind_map_value(b, field->kind, &t, &at, &pair.value);
    if (r != K8SM_OK) return r;
    k8smi_buf_put(&b->items, &pair, sizeof pair);
  }
  if (!b->items.failed && b->items.len > mark &&
      !k8smi_bind_sort_pairs(b->arena, (struct k8smi_pair *)(void *)(b->items.ptr + mark),
                             (b->items.len - mark) / sizeof(struct k8smi_pair)))
    return bind_no_room(b);
  return k8smi_bind_take(b, mark, sizeof(struct k8smi_pair), ret);
}

static int bind_int_or_string(struct k8smi_bind *b, const struct k8smi_token *t,
                              const struct k8smi_path *path, union k8smi_slot *slot, bool *set) {
  struct k8smi_int_or_string *value = k8smi_arena_zalloc(b->arena, sizeof *value);
  if (value == NULL) return bind_no_room(b);
  if (t->kind == K8SMI_TOKEN_STRING) {
    value->text = k8smi_arena_copy(b->arena, t->text.ptr, t->text.len);
    if (value->text.ptr == NULL) return bind_no_room(b);
  } else if (t->kind != K8SMI_TOKEN_NUMBER) {
    return bind_refuse(b, t, "a number or a string", path);
  } else if (!k8smi_bind_number(b, t, K8SMI_KIND_I32, path, &value->number)) {
    return K8SM_OK;
  }
  slot->int_or_string = value;
  *set = true;
  return K8SM_OK;
}

static int bind_string(struct k8smi_bind *b, const struct k8smi_field *field, const struct k8smi_token *t,
                       const struct k8smi_path *path, union k8smi_slot *slot, bool *set) {
  struct k8sm_slice text;
  if (field->kind == K8SMI_KIND_RAW) {
    int r = bind_raw_text(b, t, &text);
    if (r != K8SM_OK) return r;
  } else if (!k8smi_bind_text(b, t, field->kind, path, &text)) {
    return bind_skip(b, t);
  }
  if (text.len == 0 && (!k8smi_bind_keeps_zero(field) || field->kind == K8SMI_KIND_TIME)) return K8SM_OK;
  slot->text = k8smi_text_new(b->arena, text);
  *set = slot->text != NULL;
  return *set ? K8SM_OK : bind_no_room(b);
}

static int bind_scalar(struct k8smi_bind *b, const struct k8smi_field *field, const struct k8smi_token *t,
                       const struct k8smi_path *path, union k8smi_slot *slot, bool *set) {
  slot->number = t->kind == K8SMI_TOKEN_TRUE;
  if (field->kind == K8SMI_KIND_BOOL) {
    if (t->kind != K8SMI_TOKEN_TRUE && t->kind != K8SMI_TOKEN_FALSE)
      return bind_refuse(b, t, "true or false", path);
  } else if (!k8smi_bind_number(b, t, field->kind, path, &slot->number)) {
    return bind_skip(b, t);
  }
  *set = k8smi_bind_keeps_zero(field) || slot->number != 0;
  return K8SM_OK;
}

static int bind_collection(struct k8smi_bind *b, const struct k8smi_field *field, const struct k8smi_token *t,
                           const struct k8smi_path *path, union k8smi_slot *slot, bool *set) {
  bool is_map = field->kind >= K8SMI_KIND_MAP_STRING;
  if (t->kind != (is_map ? K8SMI_TOKEN_OBJECT : K8SMI_TOKEN_ARRAY))
    return bind_refuse(b, t, is_map ? "an object" : "an array", path);
  int r = is_map ? bind_map(b, field, path, &slot->list) : bind_list(b, field, path, &slot->list);
  *set = r == K8SM_OK && (slot->list->count > 0 || field->mode == K8SMI_MODE_ALWAYS);
  return r;
}

static int bind_field(struct k8smi_bind *b, const struct k8smi_field *field, const struct k8smi_path *path,
                      union k8smi_slot *slot, bool *set) {
  struct k8smi_token t;
  int r = bind_next(b, &t);
  *set = false;
  if (r != K8SM_OK || t.kind == K8SMI_TOKEN_NULL) return r; /* null is the same as absent */
  switch (field->kind) {
  case K8SMI_KIND_BOOL:
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: return bind_scalar(b, field, &t, path, slot, set);
  case K8SMI_KIND_INT_OR_STRING: return bind_int_or_string(b, &t, path, slot, set);
  case K8SMI_KIND_STRING:
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_RAW: return bind_string(b, field, &t, path, slot, set);
  case K8SMI_KIND_RECORD:
    if (t.kind != K8SMI_TOKEN_OBJECT) return bind_refuse(b, &t, "an object", path);
    *set = true;
    return bind_object(b, field->child, path, &slot->record);
  default: return bind_collection(b, field, &t, path, slot, set);
  }
}

/* The value of an unknown member, kept with its name. */
static int bind_keep_member(struct k8smi_bind *b, struct k8sm_slice name, const struct k8smi_token *t) {
  struct k8smi_pair pair;
  int r = bind_raw_text(b, t, &pair.value);
  if (r != K8SM_OK) return r;
  pair.key = k8smi_arena_copy(b->arena, name.ptr, name.len);
  pair.value = k8smi_arena_copy(b->arena, pair.value.ptr, pair.value.len);
  if (pair.key.ptr == NULL || pair.value.ptr == NULL) return bind_no_room(b);
  k8smi_buf_put(&b->kept, &pair, sizeof pair);
  return K8SM_OK;
}

static int bind_unknown(struct k8smi_bind *b, unsigned type, const struct k8smi_token *key,
                        const struct k8smi_path *parent) {
  struct k8smi_token t;
  struct k8smi_path path = k8smi_path_field(parent, key->text);
  struct k8sm_slice near = {NULL, 0};
  if (b->unknown++ < BIND_MAX_SUGGESTIONS) near = k8smi_type_suggest(&k8smi_types[type], key->text);
  b->invalid = b->invalid || b->strict;
  k8smi_find_as(b->diags, K8SM_DIAG_FIELD_UNKNOWN, b->strict ? K8SM_SEVERITY_ERROR : K8SM_SEVERITY_NOTE,
                &path, near.len > 0 ? "unknown field, did you mean %.*s?" : "unknown field", K8SMI_P(near));
  int r = bind_next(b, &t);
  if (r != K8SM_OK) return r;
  return b->keep_unknown ? bind_keep_member(b, key->text, &t) : bind_skip(b, &t);
}

/* After the OBJECT token: up to and with its end. */
static int bind_object(struct k8smi_bind *b, unsigned type, const struct k8smi_path *path,
                       const struct k8smi_record **ret) {
  const struct k8smi_type *of = &k8smi_types[type];
  union k8smi_slot slots[64];
  uint64_t present = 0;
  unsigned field = 0;
  size_t mark = b->kept.len;
  int r;
  for (;;) {
    struct k8smi_token t;
    r = bind_next(b, &t);
    if (r != K8SM_OK) return r;
    if (t.offset > b->arena->input_read) b->arena->input_read = t.offset;
    if (t.kind == K8SMI_TOKEN_OBJECT_END) break;
    field = k8smi_type_find(of, t.text, field);
    if (field == of->count) {
      r = bind_unknown(b, type, &t, path);
    } else {
      struct k8smi_path at = k8smi_path_field(path, of->fields[field].name);
      bool set;
      r = bind_field(b, &of->fields[field], &at, &slots[field], &set);
      present |= (uint64_t)set << field;
      field++;
    }
    if (r != K8SM_OK) return r;
  }
  r = k8smi_bind_keep(b, mark, slots, &present);
  if (r != K8SM_OK) return r;
  if (b->defaults && !k8smi_defaults_fill(b->arena, type, slots, &present)) return bind_no_room(b);
  *ret = k8smi_record_new(b->arena, present, slots);
  return *ret == NULL ? bind_no_room(b) : K8SM_OK;
}

int k8smi_bind_record(struct k8smi_bind *b, enum k8smi_type_id type, const struct k8smi_path *path,
                      const struct k8smi_record **ret) {
  struct k8smi_token t;
  int r = bind_next(b, &t);
  if (r != K8SM_OK) return r;
  if (t.kind == K8SMI_TOKEN_OBJECT) return bind_object(b, type, path, ret);
  r = bind_refuse(b, &t, "an object", path);
  return r == K8SM_OK ? K8SM_ERR_INVALID : r;
}
