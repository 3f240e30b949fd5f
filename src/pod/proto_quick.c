/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/proto_private.h"

#include "pod/defaults.h"
#include "pod/known.h"
#include "pod/proto_fields.h"
#include "wire/utf8.h"

/* Kubernetes protobuf → records in one go: for messages in which all is as Kubernetes writes it. Nothing is
 * reported here. Whatever is odd (a field that the table does not have, or that comes again between others,
 * another wire type, a length beyond the end, text that is not UTF-8, no memory) ends it, all that was done
 * is undone, and proto_read.c is asked: what an odd thing means, and what is said about it, stands there
 * alone. Readers return the place behind what they have read, or NULL: it is odd. */

struct pbquick {
  struct k8smi_bind *b;
  struct k8smi_arena *arena;
  uint32_t levels; /* of messages in one another that are left */
  uint32_t nodes;  /* fields that are left */
};

/* The object that is being read. */
struct pbquick_object {
  const struct k8smi_proto_type *type;
  union k8smi_slot *slots; /* by field */
  uint64_t present;        /* the fields that hold something */
  uint64_t seen;           /* those that came: none may come again */
  bool inlined;            /* the inlined message came */
};

static const struct k8smi_record *pbquick_message(struct pbquick *q, unsigned type, struct k8sm_slice bytes);

static inline const uint8_t *pbquick_bytes(const uint8_t *p, const uint8_t *end, struct k8sm_slice *ret) {
  uint64_t len;
  p = k8smi_proto_varint(p, end, &len);
  if (p == NULL || len > (uint64_t)(end - p)) return NULL;
  *ret = (struct k8sm_slice){(const char *)p, (size_t)len};
  return p + len;
}

static inline bool pbquick_count(struct pbquick *q) {
  if (q->nodes == 0) return false;
  q->nodes--;
  return true;
}

/* Text of a field; NULL when it is not UTF-8, too. */
static inline const struct k8smi_text *pbquick_text(struct pbquick *q, struct k8sm_slice s) {
  const struct k8smi_text *known = k8smi_known_text(s);
  if (known != NULL) return known;
  struct k8smi_text *text = k8smi_text_room(q->arena, s.len);
  if (text == NULL || !k8smi_utf8_copy(text->bytes, s.ptr, s.len)) return NULL;
  k8smi_text_set_len(text, s.len);
  text->bytes[s.len] = '\0';
  return text;
}

/* What is a message in protobuf and a text elsewhere. */
static bool pbquick_made_text(struct pbquick *q, const struct k8smi_proto_place *field,
                              struct k8sm_slice bytes, union k8smi_slot *slot, bool *set) {
  struct k8sm_slice text;
  if (k8smi_proto_text_of(q->b, field->kind, bytes, NULL, &text) != K8SM_OK) return false;
  *set = text.len > 0 || (field->keeps_zero && field->kind != K8SMI_KIND_TIME);
  if (!*set) return true;
  slot->text = k8smi_text_new(q->arena, text);
  return slot->text != NULL;
}

/* *set: whether the field holds anything. */
static inline bool pbquick_value(struct pbquick *q, const struct k8smi_proto_place *field,
                                 struct k8sm_slice bytes, union k8smi_slot *slot, bool *set) {
  switch (field->kind) {
  case K8SMI_KIND_STRING:
    *set = bytes.len > 0 || field->keeps_zero;
    slot->text = *set ? pbquick_text(q, bytes) : NULL;
    return slot->text != NULL || !*set;
  case K8SMI_KIND_RECORD:
    *set = true;
    slot->record = pbquick_message(q, field->child, bytes);
    return slot->record != NULL;
  case K8SMI_KIND_INT_OR_STRING:
    *set = true;
    return k8smi_proto_int_or_string(q->b, bytes, NULL, slot) == K8SM_OK;
  default: return pbquick_made_text(q, field, bytes, slot, set);
  }
}

/* The same, of a list. */
static inline struct k8sm_slice pbquick_slice(struct pbquick *q, struct k8sm_slice s) {
  const struct k8smi_text *known = k8smi_known_text(s);
  if (known != NULL) return k8smi_text_slice(known);
  char *bytes = k8smi_arena_bytes(q->arena, s.len + 1);
  if (bytes == NULL || !k8smi_utf8_copy(bytes, s.ptr, s.len)) return (struct k8sm_slice){NULL, 0};
  bytes[s.len] = '\0';
  return (struct k8sm_slice){bytes, s.len};
}

/* An item of a list or map that is no number, onto the stack. */
static bool pbquick_push(struct pbquick *q, const struct k8smi_proto_place *field, struct k8sm_slice bytes) {
  struct k8smi_buf *items = &q->b->items;
  const struct k8smi_record *record;
  struct k8sm_slice text;
  struct k8smi_pair pair;
  switch (field->kind) {
  case K8SMI_KIND_LIST_RECORD:
    record = pbquick_message(q, field->child, bytes);
    k8smi_buf_put(items, &record, sizeof(record));
    return record != NULL;
  case K8SMI_KIND_LIST_STRING:
    text = pbquick_slice(q, bytes);
    k8smi_buf_put(items, &text, sizeof text);
    return text.ptr != NULL;
  case K8SMI_KIND_LIST_RAW: return false; /* no kind of manifest has one */
  default:
    if (k8smi_proto_pair(q->b, field->kind, bytes, NULL, &pair) != K8SM_OK) return false;
    k8smi_buf_put(items, &pair, sizeof pair);
    return true;
  }
}

static inline const uint8_t *pbquick_item(struct pbquick *q, const struct k8smi_proto_place *field,
                                          const uint8_t *p, const uint8_t *end) {
  struct k8sm_slice bytes;
  uint64_t n;
  if (field->wire == K8SMI_PROTO_BYTES) {
    p = pbquick_bytes(p, end, &bytes);
    return p != NULL && pbquick_push(q, field, bytes) ? p : NULL;
  }
  p = k8smi_proto_varint(p, end, &n);
  if (p == NULL) return NULL;
  int64_t number = k8smi_proto_number(field->kind, n);
  k8smi_buf_put(&q->b->items, &number, sizeof number);
  return p;
}

/* Sorts a map; false also when two keys are the same. */
static bool pbquick_sort(struct pbquick *q, size_t mark) {
  struct k8smi_buf *items = &q->b->items;
  struct k8smi_pair *pairs = (struct k8smi_pair *)(void *)(items->ptr + mark);
  const size_t count = (items->len - mark) / sizeof *pairs;
  if (items->failed || !k8smi_bind_sort_pairs(q->arena, pairs, count)) return false;
  for (size_t i = 1; i < count; i++) {
    if (k8smi_eq(pairs[i - 1].key, pairs[i].key)) return false;
  }
  return true;
}

/* All fields of this tag, which follow one another, from behind the first tag on. */
static const uint8_t *pbquick_items(struct pbquick *q, const struct k8smi_proto_place *field, uint64_t tag,
                                    const uint8_t *p, const uint8_t *end, union k8smi_slot *slot) {
  const size_t mark = q->b->items.len;
  for (const uint8_t *next = p;;) {
    uint64_t found;
    p = pbquick_item(q, field, next, end);
    if (p == NULL) return NULL;
    next = k8smi_proto_varint(p, end, &found); /* none is none of these; what is broken is found again */
    if (next == NULL || found != tag) break;
    if (!pbquick_count(q)) return NULL;
  }
  if (field->kind >= K8SMI_KIND_MAP_STRING && !pbquick_sort(q, mark)) return NULL;
  return k8smi_bind_take(q->b, mark, k8smi_bind_item_size(field->kind), &slot->list) == K8SM_OK ? p : NULL;
}

/* One field, or a run of items, from behind the tag on. */
static inline const uint8_t *pbquick_field(struct pbquick *q, struct pbquick_object *o,
                                           const struct k8smi_proto_place *field, uint64_t tag,
                                           const uint8_t *p, const uint8_t *end) {
  const unsigned at = k8smi_proto_field(field);
  union k8smi_slot *slot = &o->slots[at];
  struct k8sm_slice bytes;
  bool set = true;
  if ((tag & 7) != field->wire || (o->seen >> at & 1) != 0) return NULL;
  o->seen |= (uint64_t)1 << at;
  if (field->kind >= K8SMI_KIND_LIST_STRING) {
    p = pbquick_items(q, field, tag, p, end, slot);
  } else if (field->wire == K8SMI_PROTO_VARINT) {
    uint64_t n = 0;
    p = k8smi_proto_varint(p, end, &n);
    slot->number = k8smi_proto_number(field->kind, n);
    set = field->keeps_zero || slot->number != 0;
  } else {
    p = pbquick_bytes(p, end, &bytes);
    if (p == NULL || !pbquick_value(q, field, bytes, slot, &set)) return NULL;
  }
  o->present |= (uint64_t)set << at;
  return p;
}

static bool pbquick_fields(struct pbquick *q, struct pbquick_object *o, const struct k8smi_proto_table *table,
                           struct k8sm_slice bytes) {
  const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
  while (p < end) {
    uint64_t tag;
    p = k8smi_proto_varint(p, end, &tag);
    if (p == NULL || !pbquick_count(q)) return false;
    const struct k8smi_proto_place *field = k8smi_proto_find(table, tag >> 3);
    if (field != NULL) {
      p = pbquick_field(q, o, field, tag, p, end);
      if (p == NULL) return false;
      continue;
    }
    struct k8sm_slice inlined;
    if (o->inlined || o->type->via == 0 || tag != ((uint64_t)o->type->via << 3 | K8SMI_PROTO_BYTES))
      return false;
    o->inlined = true;
    p = pbquick_bytes(p, end, &inlined);
    if (p == NULL || !pbquick_fields(q, o, &o->type->inlined, inlined)) return false;
  }
  return true;
}

/* A record, on top of what is in the slots. */
static const struct k8smi_record *pbquick_record(struct pbquick *q, unsigned type, struct k8sm_slice bytes,
                                                 union k8smi_slot *slots, uint64_t present) {
  struct pbquick_object o = {&k8smi_proto_types[type], slots, present, 0, false};
  if (q->levels == 0) return NULL;
  q->levels--;
  if (!pbquick_fields(q, &o, &o.type->own, bytes)) return NULL;
  q->levels++;
  q->arena->input_read = (size_t)(bytes.ptr + bytes.len - q->b->message.ptr);
  if (q->b->defaults && !k8smi_defaults_fill(q->arena, type, slots, &o.present)) return NULL;
  return k8smi_record_new(q->arena, o.present, slots);
}

static const struct k8smi_record *pbquick_message(struct pbquick *q, unsigned type, struct k8sm_slice bytes) {
  union k8smi_slot slots[64];
  return pbquick_record(q, type, bytes, slots, 0);
}

bool k8smi_proto_quick(struct k8smi_bind *b, enum k8smi_type_id type, const struct k8smi_envelope *from,
                       const struct k8smi_record **ret) {
  struct pbquick q = {b, b->arena, b->max_depth, b->max_nodes};
  union k8smi_slot slots[64];
  const struct k8smi_record *record = NULL;
  struct k8smi_bind_try attempt;
  uint64_t present;
  k8smi_bind_try(b, &attempt);
  b->message = from->object;
  if (k8smi_proto_name(b, from, slots, &present))
    record = pbquick_record(&q, type, from->object, slots, present);
  if (!k8smi_bind_tried(b, &attempt, record != NULL)) return false;
  *ret = record;
  return true;
}
