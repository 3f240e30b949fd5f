/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"
#include "wire/utf8.h"

/* Protobuf bytes → a message in memory. https://protobuf.dev/programming-guides/encoding/
 * What a field's number does not promise (another wire type, a number that is not in the schema) is kept
 * as an unknown field, as every implementation of protobuf does. Groups are not: Mesos never had any. */

enum proto_wire { PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5 };

/* How a value of each type is written, when it is not packed. */
static const uint8_t proto_wires[] = {
    [PROTOBUF_C_TYPE_INT32] = PROTO_VARINT,     [PROTOBUF_C_TYPE_SINT32] = PROTO_VARINT,
    [PROTOBUF_C_TYPE_SFIXED32] = PROTO_FIXED32, [PROTOBUF_C_TYPE_INT64] = PROTO_VARINT,
    [PROTOBUF_C_TYPE_SINT64] = PROTO_VARINT,    [PROTOBUF_C_TYPE_SFIXED64] = PROTO_FIXED64,
    [PROTOBUF_C_TYPE_UINT32] = PROTO_VARINT,    [PROTOBUF_C_TYPE_FIXED32] = PROTO_FIXED32,
    [PROTOBUF_C_TYPE_UINT64] = PROTO_VARINT,    [PROTOBUF_C_TYPE_FIXED64] = PROTO_FIXED64,
    [PROTOBUF_C_TYPE_FLOAT] = PROTO_FIXED32,    [PROTOBUF_C_TYPE_DOUBLE] = PROTO_FIXED64,
    [PROTOBUF_C_TYPE_BOOL] = PROTO_VARINT,      [PROTOBUF_C_TYPE_ENUM] = PROTO_VARINT,
    [PROTOBUF_C_TYPE_STRING] = PROTO_BYTES,     [PROTOBUF_C_TYPE_BYTES] = PROTO_BYTES,
    [PROTOBUF_C_TYPE_MESSAGE] = PROTO_BYTES,
};

struct proto_reader {
  struct k8smi_arena *arena;
  struct k8sm_diags *diags;
  const uint8_t *begin;
};

/* A field on the wire. */
struct proto_item {
  const uint8_t *begin; /* of its tag */
  const uint8_t *value; /* behind the tag */
  const uint8_t *end;
  const uint8_t *bytes; /* BYTES: behind the length */
  uint64_t number;      /* VARINT, FIXED32, FIXED64 */
  uint32_t id;
  uint32_t wire;
};

static int proto_read_message(const struct proto_reader *r, const uint8_t *p, const uint8_t *end,
                              ProtobufCMessage *message, bool merged, const struct k8smi_frame *frame);

static int proto_broken(const struct proto_reader *r, const uint8_t *at, const char *what,
                        const struct k8smi_frame *frame) {
  struct k8smi_frame_path path;
  k8smi_find(r->diags, K8SM_DIAG_PROTOBUF_SYNTAX, k8smi_frame_path(frame, &path), "%s, at byte %zu", what,
             (size_t)(at - r->begin));
  return K8SM_ERR_SYNTAX;
}

static int proto_no_memory(const struct proto_reader *r) {
  return k8smi_find_nomem(r->diags, k8smi_arena_error(r->arena));
}

/* Behind the varint at p; NULL when it does not end, or is longer than 64 bits. */
static const uint8_t *proto_varint_long(const uint8_t *p, const uint8_t *end, uint64_t *ret) {
  uint64_t n = 0;
  for (unsigned shift = 0; shift < 70 && p < end; shift += 7) {
    uint8_t byte = *p++;
    if (shift == 63 && byte > 1) return NULL;
    n |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *ret = n;
      return p;
    }
  }
  return NULL;
}

static inline const uint8_t *proto_varint(const uint8_t *p, const uint8_t *end, uint64_t *ret) {
  if (p < end && *p < 0x80) {
    *ret = *p;
    return p + 1;
  }
  return proto_varint_long(p, end, ret);
}

static uint64_t proto_little_endian(const uint8_t *p, size_t size) {
  uint64_t n = 0;
  while (size-- > 0) n = n << 8 | p[size];
  return n;
}

/* Reads a field's tag and finds its end. NULL, or what is wrong. */
static inline const char *proto_read_item(const uint8_t *p, const uint8_t *end, struct proto_item *ret) {
  uint64_t tag, n = 0;
  ret->begin = p;
  p = proto_varint(p, end, &tag);
  if (p == NULL || tag >> 3 == 0 || tag > UINT32_MAX) return "a field's number is broken";
  ret->id = (uint32_t)tag >> 3;
  ret->wire = (uint32_t)tag & 7;
  ret->value = p;
  if (ret->wire == PROTO_BYTES) {
    p = proto_varint(p, end, &n);
    if (p == NULL || n > (uint64_t)(end - p)) return "a length goes beyond the end";
    ret->bytes = p;
    ret->end = p + n;
    return NULL;
  }
  if (ret->wire == PROTO_VARINT) {
    p = proto_varint(p, end, &ret->number);
    ret->end = p;
    return p == NULL ? "a number is broken" : NULL;
  }
  size_t size = ret->wire == PROTO_FIXED64 ? 8 : ret->wire == PROTO_FIXED32 ? 4 : 0;
  if (size == 0) return "a wire type that protobuf does not have";
  if ((size_t)(end - p) < size) return "a number goes beyond the end";
  ret->number = proto_little_endian(p, size);
  ret->end = p + size;
  return NULL;
}

/* How many fields with the tag of `item` follow one another, this one included: the size of an array. */
static size_t proto_count_run(struct proto_item item, const uint8_t *end) {
  const size_t tag = (size_t)(item.value - item.begin);
  const uint8_t *p = item.end;
  size_t run = 1;
  while ((size_t)(end - p) > tag && memcmp(p, item.begin, tag) == 0) {
    uint64_t n;
    p = proto_varint(p + tag, end, &n);
    if (p == NULL || n > (uint64_t)(end - p)) break;
    p += n;
    run++;
  }
  return run;
}

static int64_t proto_zigzag(uint64_t n) {
  return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

static void proto_store_number(void *to, ProtobufCType type, uint64_t n) {
  switch (type) {
  case PROTOBUF_C_TYPE_SINT32:
  case PROTOBUF_C_TYPE_SINT64: n = (uint64_t)proto_zigzag(n); break;
  case PROTOBUF_C_TYPE_BOOL: n = n != 0; break;
  default: break;
  }
  if (k8smi_field_sizes[type] == 8) {
    memcpy(to, &n, 8);
  } else {
    uint32_t low = (uint32_t)n; /* a negative int32 is ten bytes on the wire: the upper half says nothing */
    memcpy(to, &low, 4);
  }
}

static int proto_store_text(const struct proto_reader *r, const uint8_t *bytes, size_t len, void *to,
                            const struct k8smi_frame *frame) {
  if (k8smi_text_valid(bytes, len) != len) return k8smi_field_check_text(bytes, len, frame, r->diags);
  char *text = k8smi_arena_alloc(r->arena, len + 1);
  if (text == NULL) return proto_no_memory(r);
  memcpy(text, bytes, len);
  text[len] = '\0';
  memcpy(to, &text, sizeof text);
  return K8SM_OK;
}

static int proto_store_bytes(const struct proto_reader *r, const uint8_t *bytes, size_t len, void *to) {
  ProtobufCBinaryData data = {len, k8smi_arena_alloc(r->arena, len + 1)};
  if (data.data == NULL) return proto_no_memory(r);
  memcpy(data.data, bytes, len);
  data.data[len] = 0;
  memcpy(to, &data, sizeof data);
  return K8SM_OK;
}

/* A message that comes twice where one is allowed is read into the same place: both together are it. */
static int proto_store_message(const struct proto_reader *r, const uint8_t *bytes, const uint8_t *end,
                               void *to, const struct k8smi_frame *frame) {
  ProtobufCMessage *message;
  if (frame->depth >= K8SMI_MESSAGE_MAX_DEPTH) return k8smi_find_too_deep(frame, r->diags);
  memcpy(&message, to, sizeof message);
  bool merged = message != NULL;
  if (!merged) message = k8smi_message_new(r->arena, frame->field->descriptor);
  if (message == NULL) return proto_no_memory(r);
  memcpy(to, &message, sizeof message);
  return proto_read_message(r, bytes, end, message, merged, frame);
}

static size_t proto_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  size_t n = 0;
  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    memcpy(&n, (const char *)message + field->quantifier_offset, sizeof n);
  return n;
}

/* Where the value of a repeated field, or of one in a oneof, goes. */
static void *proto_place(const struct proto_reader *r, struct proto_item item, const uint8_t *end,
                         ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t count) {
  bool run = count == 0 && item.wire == PROTO_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED;
  return k8smi_field_add(r->arena, message, field, run ? proto_count_run(item, end) : 1);
}

static inline int proto_store(const struct proto_reader *r, const struct proto_item *item, const uint8_t *end,
                              ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                              const struct k8smi_frame *parent) {
  bool one = field->label != PROTOBUF_C_LABEL_REPEATED && (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0;
  size_t n = one ? 0 : proto_count(message, field);
  void *to = one ? k8smi_field_set_one(message, field) : proto_place(r, *item, end, message, field, n);
  if (to == NULL) return proto_no_memory(r);
  if (proto_wires[field->type] != PROTO_BYTES) {
    proto_store_number(to, field->type, item->number);
    return K8SM_OK;
  }
  struct k8smi_frame frame = k8smi_frame_in(parent, field, n);
  size_t len = (size_t)(item->end - item->bytes);
  if (field->type == PROTOBUF_C_TYPE_STRING) return proto_store_text(r, item->bytes, len, to, &frame);
  if (field->type == PROTOBUF_C_TYPE_BYTES) return proto_store_bytes(r, item->bytes, len, to);
  return proto_store_message(r, item->bytes, item->end, to, &frame);
}

/* Many numbers in one field of bytes; a reader takes them whether the schema says "packed" or not. */
static int proto_store_packed(const struct proto_reader *r, struct proto_item item, ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field, const struct k8smi_frame *parent) {
  uint8_t wire = proto_wires[field->type];
  size_t size = wire == PROTO_FIXED64 ? 8 : 4, ahead = proto_count(message, field);
  for (const uint8_t *p = item.bytes; p < item.end; p++) ahead += *p < 0x80;
  if (wire != PROTO_VARINT) ahead = (size_t)(item.end - item.bytes) / size;
  for (const uint8_t *p = item.bytes; p < item.end;) {
    uint64_t n;
    const uint8_t *next = wire == PROTO_VARINT             ? proto_varint(p, item.end, &n)
                          : (size_t)(item.end - p) >= size ? p + size
                                                           : NULL;
    if (next == NULL) return proto_broken(r, p, "a packed number is broken", parent);
    if (wire != PROTO_VARINT) n = proto_little_endian(p, size);
    void *to = k8smi_field_add(r->arena, message, field, ahead);
    if (to == NULL) return proto_no_memory(r);
    proto_store_number(to, field->type, n);
    p = next;
  }
  return K8SM_OK;
}

static int proto_keep(const struct proto_reader *r, struct proto_item item, ProtobufCMessage *message) {
  ProtobufCMessageUnknownField unknown = {item.id, (ProtobufCWireType)item.wire,
                                          (size_t)(item.end - item.value), NULL};
  unknown.data = k8smi_arena_alloc(r->arena, unknown.len);
  if (unknown.data == NULL) return proto_no_memory(r);
  memcpy(unknown.data, item.value, unknown.len);
  return k8smi_unknown_add(r->arena, message, unknown) ? K8SM_OK : proto_no_memory(r);
}

/* The field with this number; mostly the same as the last time, or the next one in the schema. (A message
 * without fields has no array of them.) */
static inline const ProtobufCFieldDescriptor *proto_find(const ProtobufCMessageDescriptor *type,
                                                         const ProtobufCFieldDescriptor *last, uint32_t id) {
  if (last != NULL && last->id == id) return last;
  const ProtobufCFieldDescriptor *next = last == NULL ? type->fields : last + 1;
  if (next != NULL && next < type->fields + type->n_fields && next->id == id) return next;
  return k8smi_field_by_id(type, id);
}

static int proto_read_message(const struct proto_reader *r, const uint8_t *p, const uint8_t *end,
                              ProtobufCMessage *message, bool merged, const struct k8smi_frame *frame) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  const ProtobufCFieldDescriptor *last = NULL;
  k8smi_field_set seen = merged ? ~(k8smi_field_set)0 : 0;
  struct proto_item item = {0};
  for (int result; p < end; p = item.end) {
    const char *wrong = proto_read_item(p, end, &item);
    if (wrong != NULL) return proto_broken(r, p, wrong, frame);
    const ProtobufCFieldDescriptor *field = proto_find(type, last, item.id);
    if (field != NULL && proto_wires[field->type] == item.wire) {
      result = proto_store(r, &item, end, message, field, frame);
      seen |= k8smi_field_bit(type, field);
      last = field;
    } else if (field != NULL && item.wire == PROTO_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED) {
      result = proto_store_packed(r, item, message, field, frame);
    } else {
      result = proto_keep(r, item, message);
    }
    if (result != K8SM_OK) return result;
  }
  return k8smi_fields_check(type, seen, frame, r->diags);
}

int k8smi_message_decode(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type, const void *bytes,
                         size_t len, ProtobufCMessage **ret, struct k8sm_diags *diags) {
  static const uint8_t nothing[1];
  struct proto_reader r = {arena, diags, len == 0 ? nothing : bytes};
  ProtobufCMessage *message = k8smi_message_new(arena, type);
  if (message == NULL) return proto_no_memory(&r);
  int result = proto_read_message(&r, r.begin, r.begin + len, message, false, NULL);
  if (result == K8SM_OK) *ret = message;
  return result;
}
