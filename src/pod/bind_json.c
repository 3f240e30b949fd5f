/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/bind.h"

#include "pod/defaults.h"
#include "wire/base64.h"
#include "wire/json_plain.h"
#include "wire/json_text.h"

/* JSON text → records in one go, without tokens: for objects in which all is as it should be. Nothing is
 * reported here. Whatever is odd (a name that the table does not have, or that stands twice, a value of
 * another type, a number that is no plain integer, wrong syntax, no memory) ends it, all that was done is
 * undone, and the tokens are asked: what an odd thing means, and what is said about it, stands in bind.c
 * alone. */

struct quick {
  struct k8smi_bind *b;
  const char *p, *end;
  const char *begin;
  uint32_t levels; /* of nesting that are left */
  uint32_t nodes;  /* names and values that are left */
};

static const struct k8smi_record *quick_object(struct quick *q, unsigned type);

static const char *quick_blanks(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  return p;
}

/* The next character that is no blank; NUL at the end. */
static inline char quick_peek(struct quick *q) {
  if (q->p<q->end && * q->p> ' ') return *q->p;
  q->p = quick_blanks(q->p, q->end);
  return q->p < q->end ? *q->p : '\0';
}

static inline bool quick_take(struct quick *q, char c) {
  if (quick_peek(q) != c) return false;
  q->p++;
  return true;
}

static bool quick_word(struct quick *q, const char *word, size_t len) {
  if ((size_t)(q->end - q->p) < len || memcmp(q->p, word, len) != 0) return false;
  q->p += len;
  return true;
}

/* Of n names and values. */
static inline bool quick_count(struct quick *q, uint32_t n) {
  if (q->nodes < n) return false;
  q->nodes -= n;
  return true;
}

static inline bool quick_open(struct quick *q, char bracket) {
  if (q->levels == 0 || !quick_take(q, bracket)) return false;
  q->levels--;
  return true;
}

/* After an item: whether another one follows. *fine: or the end did. */
static inline bool quick_more(struct quick *q, char bracket, bool *fine) {
  if (quick_take(q, ',')) return true;
  *fine = quick_take(q, bracket);
  q->levels++;
  return false;
}

/* A string with its quotes: what stands between them. */
static inline bool quick_raw_string(struct quick *q, struct k8sm_slice *ret, bool *escaped) {
  if (quick_peek(q) != '"') return false;
  const char *begin = q->p + 1, *end = k8smi_json_plain(begin, q->end);
  *escaped = false;
  if (end == q->end) return false;
  if (*end != '"') {
    struct k8smi_json_scan scan = k8smi_json_scan_string(q->p, q->end);
    if (scan.wrong != NULL) return false;
    end = scan.end - 1;
    *escaped = scan.escaped;
  }
  *ret = (struct k8sm_slice){begin, (size_t)(end - begin)};
  q->p = end + 1;
  return true;
}

static inline bool quick_unescaped(struct quick *q, struct k8sm_slice *ret) {
  bool escaped;
  return quick_raw_string(q, ret, &escaped) && !escaped;
}

/* A string in the arena. */
static bool quick_slice(struct quick *q, struct k8sm_slice *ret) {
  bool escaped;
  if (!quick_raw_string(q, ret, &escaped)) return false;
  *ret = escaped ? k8smi_json_unescape(q->b->arena, *ret) : k8smi_text_keep(q->b->arena, *ret);
  return ret->ptr != NULL;
}

static bool quick_integer(struct quick *q, unsigned kind, int64_t *ret) {
  enum { QUICK_DIGITS = 18 }; /* of them, any fit */
  quick_peek(q);
  const char *p = q->p, *digits;
  bool negative = p < q->end && *p == '-';
  int64_t n = 0;
  for (digits = p += negative; p < q->end && *p >= '0' && *p <= '9' && p - digits < QUICK_DIGITS; p++)
    n = n * 10 + (*p - '0');
  bool zero_first = p - digits > 1 && *digits == '0';
  if (p == digits || p == q->end || zero_first) return false;
  if ((*p >= '0' && *p <= '9') || *p == '.' || *p == 'e' || *p == 'E') return false;
  *ret = negative ? -n : n;
  q->p = p;
  return !k8smi_bind_is_narrow(kind) || (*ret >= INT32_MIN && *ret <= INT32_MAX);
}

/* A scalar that is no object, as a token. */
static bool quick_token(struct quick *q, struct k8smi_token *ret) {
  const char *wrong = NULL;
  char c = quick_peek(q);
  *ret = (struct k8smi_token){.kind = c == '"' ? K8SMI_TOKEN_STRING : K8SMI_TOKEN_NUMBER};
  if (c == '"') return quick_unescaped(q, &ret->text);
  if (c != '-' && (c < '0' || c > '9')) return false;
  const char *end = k8smi_json_scan_number(q->p, q->end, &wrong);
  ret->text = (struct k8sm_slice){q->p, (size_t)(end - q->p)};
  q->p = end;
  return wrong == NULL;
}

/* A quantity or a time: checked, and made what it is, as it always is. */
static bool quick_checked(struct quick *q, unsigned kind, struct k8sm_slice *ret) {
  struct k8smi_token t;
  return quick_token(q, &t) && k8smi_bind_text(q->b, &t, kind, NULL, ret);
}

/* A value without a type: the tokens read it, from here on. */
static bool quick_any(struct quick *q, struct k8sm_slice *ret) {
  struct k8smi_bind *b = q->b;
  struct k8smi_token t;
  const struct k8smi_json_place here = {q->p, q->end, q->levels, q->nodes, false};
  struct k8smi_json_place behind;
  if (q->levels == 0) return false;
  k8smi_tokens_json_go(b->tokens, &here);
  b->raw.len = 0;
  if (k8smi_tokens_next(b->tokens, &t, b->diags) != K8SM_OK || k8smi_bind_raw(b, &t) != K8SM_OK ||
      !k8smi_tokens_json_place(b->tokens, &behind))
    return false;
  q->p = behind.at;
  q->nodes = behind.nodes;
  *ret = (struct k8sm_slice){b->raw.ptr, b->raw.len};
  return true;
}

/* A text of the record; an escaped one is made where it stays. */
static bool quick_text(struct quick *q, union k8smi_slot *slot, struct k8sm_slice *ret) {
  bool escaped;
  if (!quick_raw_string(q, ret, &escaped)) return false;
  if (!escaped) {
    slot->text = ret->len == 0 ? NULL : k8smi_text_new(q->b->arena, *ret);
    return ret->len == 0 || slot->text != NULL;
  }
  struct k8smi_text *text = k8smi_text_room(q->b->arena, ret->len);
  if (text == NULL) return false;
  ret->len = (size_t)(k8smi_json_unescape_to(text->bytes, *ret) - text->bytes);
  k8smi_text_set_len(text, ret->len);
  slot->text = text;
  return true;
}

static bool quick_string(struct quick *q, const struct k8smi_field *field, union k8smi_slot *slot,
                         bool *set) {
  struct k8sm_slice text;
  bool made = false;
  switch (field->kind) {
  case K8SMI_KIND_STRING: made = quick_text(q, slot, &text); break;
  case K8SMI_KIND_RAW: made = quick_any(q, &text); break;
  default: made = quick_checked(q, field->kind, &text);
  }
  if (!made) return false;
  *set = text.len > 0 || (k8smi_bind_keeps_zero(field) && field->kind != K8SMI_KIND_TIME);
  if (!*set || (field->kind == K8SMI_KIND_STRING && text.len > 0)) return true;
  slot->text = k8smi_text_new(q->b->arena, text);
  return slot->text != NULL;
}

static bool quick_int_or_string(struct quick *q, union k8smi_slot *slot, bool *set) {
  struct k8smi_int_or_string *value = k8smi_arena_zalloc(q->b->arena, sizeof *value);
  if (value == NULL) return false;
  slot->int_or_string = value;
  *set = true;
  return quick_peek(q) == '"' ? quick_slice(q, &value->text)
                              : quick_integer(q, K8SMI_KIND_I32, &value->number);
}

static bool quick_item(struct quick *q, const struct k8smi_field *field) {
  struct k8smi_buf *items = &q->b->items;
  const struct k8smi_record *record;
  struct k8sm_slice text;
  int64_t number;
  if (field->kind != K8SMI_KIND_LIST_RAW && !quick_count(q, 1)) return false;
  switch (field->kind) {
  case K8SMI_KIND_LIST_RECORD:
    record = quick_object(q, field->child);
    k8smi_buf_put(items, &record, sizeof(record));
    return record != NULL;
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64:
    if (!quick_integer(q, field->kind, &number)) return false;
    k8smi_buf_put(items, &number, sizeof number);
    return true;
  case K8SMI_KIND_LIST_RAW:
    if (!quick_any(q, &text)) return false;
    text = k8smi_text_keep(q->b->arena, text);
    break;
  default:
    if (!quick_slice(q, &text)) return false;
  }
  k8smi_buf_put(items, &text, sizeof text);
  return text.ptr != NULL;
}

static bool quick_pair(struct quick *q, const struct k8smi_field *field) {
  struct k8smi_pair pair;
  bool bad = false;
  if (!quick_count(q, 2) || !quick_slice(q, &pair.key) || !quick_take(q, ':')) return false;
  switch (field->kind) {
  case K8SMI_KIND_MAP_QUANTITY:
    if (!quick_checked(q, field->kind, &pair.value)) return false;
    pair.value = k8smi_text_keep(q->b->arena, pair.value);
    break;
  case K8SMI_KIND_MAP_BYTES:
    if (!quick_unescaped(q, &pair.value)) return false;
    pair.value = k8smi_parse_base64_lines(q->b->arena, pair.value, &bad);
    break;
  default:
    if (!quick_slice(q, &pair.value)) return false;
  }
  k8smi_buf_put(&q->b->items, &pair, sizeof pair);
  return pair.value.ptr != NULL && !bad;
}

/* What stands between the brackets, item by item, on the stack. */
static inline bool quick_items(struct quick *q, const struct k8smi_field *field, const char *brackets,
                               bool (*item)(struct quick *q, const struct k8smi_field *field)) {
  bool fine = true;
  if (!quick_open(q, brackets[0])) return false;
  if (quick_peek(q) == brackets[1]) return !quick_more(q, brackets[1], &fine) && fine;
  do {
    if (!item(q, field)) return false;
  } while (quick_more(q, brackets[1], &fine));
  return fine;
}

static bool quick_list(struct quick *q, const struct k8smi_field *field, const struct k8smi_list **ret) {
  const size_t mark = q->b->items.len;
  return quick_items(q, field, "[]", quick_item) &&
         k8smi_bind_take(q->b, mark, k8smi_bind_item_size(field->kind), ret) == K8SM_OK;
}

static bool quick_map(struct quick *q, const struct k8smi_field *field, const struct k8smi_list **ret) {
  struct k8smi_buf *items = &q->b->items;
  const size_t mark = items->len;
  if (!quick_items(q, field, "{}", quick_pair) || items->failed) return false;
  struct k8smi_pair *pairs = (struct k8smi_pair *)(void *)(items->ptr + mark);
  const size_t count = (items->len - mark) / sizeof *pairs;
  if (count > 1 && !k8smi_bind_sort_pairs(q->b->arena, pairs, count)) return false;
  for (size_t i = 1; i < count; i++) {
    if (k8smi_eq(pairs[i - 1].key, pairs[i].key)) return false;
  }
  return k8smi_bind_take(q->b, mark, sizeof *pairs, ret) == K8SM_OK;
}

static bool quick_collection(struct quick *q, const struct k8smi_field *field, union k8smi_slot *slot,
                             bool *set) {
  bool is_map = field->kind >= K8SMI_KIND_MAP_STRING;
  if (!(is_map ? quick_map(q, field, &slot->list) : quick_list(q, field, &slot->list))) return false;
  *set = slot->list->count > 0 || field->mode == K8SMI_MODE_ALWAYS;
  return true;
}

static bool quick_scalar(struct quick *q, const struct k8smi_field *field, union k8smi_slot *slot,
                         bool *set) {
  bool fine;
  if (field->kind == K8SMI_KIND_BOOL) {
    slot->number = quick_peek(q) == 't';
    fine = slot->number ? quick_word(q, "true", 4) : quick_word(q, "false", 5);
  } else {
    fine = quick_integer(q, field->kind, &slot->number);
  }
  *set = k8smi_bind_keeps_zero(field) || slot->number != 0;
  return fine;
}

/* *set: whether the field holds anything. */
static bool quick_value(struct quick *q, const struct k8smi_field *field, union k8smi_slot *slot, bool *set) {
  *set = false;
  if (quick_peek(q) == 'n') return quick_count(q, 1) && quick_word(q, "null", 4);
  if (field->kind != K8SMI_KIND_RAW && !quick_count(q, 1)) return false;
  switch (field->kind) {
  case K8SMI_KIND_BOOL:
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: return quick_scalar(q, field, slot, set);
  case K8SMI_KIND_INT_OR_STRING: return quick_int_or_string(q, slot, set);
  case K8SMI_KIND_STRING:
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_RAW: return quick_string(q, field, slot, set);
  case K8SMI_KIND_RECORD:
    slot->record = quick_object(q, field->child);
    *set = true;
    return slot->record != NULL;
  default: return quick_collection(q, field, slot, set);
  }
}

/* A name and its value. *hint: the field that is likely to be the next. */
static bool quick_member(struct quick *q, const struct k8smi_type *type, unsigned *hint,
                         union k8smi_slot *slots, uint64_t *present, uint64_t *seen) {
  struct k8sm_slice name;
  bool set;
  if (!quick_count(q, 1) || !quick_unescaped(q, &name) || !quick_take(q, ':')) return false;
  unsigned at = k8smi_type_find(type, name, *hint);
  const uint64_t bit = (uint64_t)1 << at;
  if (at == type->count || (*seen & bit) != 0) return false;
  if (!quick_value(q, &type->fields[at], &slots[at], &set)) return false;
  *seen |= bit;
  *present |= set ? bit : 0;
  *hint = at + 1;
  return true;
}

/* NULL: something is odd. */
static const struct k8smi_record *quick_object(struct quick *q, unsigned type) {
  const struct k8smi_type *of = &k8smi_types[type];
  struct k8smi_bind *b = q->b;
  union k8smi_slot slots[64];
  uint64_t present = 0, seen = 0;
  unsigned hint = 0;
  bool fine = true;
  if (!quick_open(q, '{')) return NULL;
  bool more = quick_peek(q) != '}' || quick_more(q, '}', &fine);
  while (more) {
    b->arena->input_read = (size_t)(q->p - q->begin);
    if (!quick_member(q, of, &hint, slots, &present, &seen)) return NULL;
    more = quick_more(q, '}', &fine);
  }
  if (!fine || (b->defaults && !k8smi_defaults_fill(b->arena, type, slots, &present))) return NULL;
  return k8smi_record_new(b->arena, present, slots);
}

bool k8smi_bind_json(struct k8smi_bind *b, enum k8smi_type_id type, const struct k8smi_record **ret) {
  struct k8smi_json_place home;
  if (!k8smi_tokens_json_place(b->tokens, &home) || home.done) return false;
  struct k8smi_bind_try attempt;
  struct quick q = {b, home.at, home.end, home.at, home.levels, home.nodes};
  k8smi_bind_try(b, &attempt);
  const struct k8smi_record *record = quick_count(&q, 1) ? quick_object(&q, type) : NULL;
  if (k8smi_bind_tried(b, &attempt, record != NULL)) {
    home = (struct k8smi_json_place){q.p, q.end, home.levels, q.nodes, true};
    *ret = record;
  }
  k8smi_tokens_json_go(b->tokens, &home);
  return home.done;
}
