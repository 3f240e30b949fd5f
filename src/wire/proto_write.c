/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"
#include "wire/protobuf.h"

/* A message in memory → protobuf bytes: the fields by their number, then the unknown ones; every varint as
 * short as it can be. It is written from its end to its beginning, into the back of the buffer's memory: so
 * the length of a message is known when it is to be written. */

/* A message that was written: it stands there again if it comes again, as executors and labels do. */
struct proto_written {
  const ProtobufCMessage *message;
  size_t from_end; /* where its bytes begin */
  size_t len;
};

enum { PROTO_WRITTEN = 16, PROTO_WRITTEN_MIN = 48 };

struct proto_out {
  struct k8smi_buf *buf;
  char *end;   /* of the buffer's memory, and of what is written */
  char *floor; /* behind the buffer's contents */
  struct proto_written written[PROTO_WRITTEN];
};

/* What has been written begins at p. Each writer puts something before it, and returns where it begins then:
 * in a register, which a chain of short writes waits for less than for memory. Without memory that is the
 * floor, where there is never any room: nothing is written any more. */

/* NULL when memory ran out: nothing is there any more. */
static char *proto_out_grow(struct proto_out *o, char *p, size_t n) {
  p = k8smi_buf_grow_front(o->buf, (size_t)(o->end - p), n);
  if (p == NULL) {
    o->end = o->floor;
    return NULL;
  }
  o->end = o->buf->ptr + o->buf->cap;
  o->floor = o->buf->ptr + o->buf->len;
  return p;
}

static inline char *proto_out_bytes(struct proto_out *o, char *p, const void *bytes, size_t len) {
  if (len == 0) return p;
  if ((size_t)(p - o->floor) < len) p = proto_out_grow(o, p, len);
  if (p == NULL) return o->floor;
  memcpy(p - len, bytes, len);
  return p - len;
}

static char *proto_out_long(struct proto_out *o, char *p, uint64_t n) {
  char bytes[10];
  size_t len = 0;
  if (n >= 0x80 && n < 0x4000 && p - o->floor >= 2) { /* lengths, mostly */
    *--p = (char)(n >> 7);
    *--p = (char)(0x80 | (n & 0x7f));
    return p;
  }
  for (; n >= 0x80; n >>= 7) bytes[len++] = (char)(0x80 | (n & 0x7f));
  bytes[len++] = (char)n;
  return proto_out_bytes(o, p, bytes, len);
}

static inline char *proto_out_varint(struct proto_out *o, char *p, uint64_t n) {
  if (n >= 0x80 || p == o->floor) return proto_out_long(o, p, n);
  *--p = (char)n;
  return p;
}

/* The lowest first: one store, for compilers. */
static inline char *proto_out_fixed32(struct proto_out *o, char *p, uint32_t n) {
  const uint8_t bytes[] = {n & 0xff, n >> 8 & 0xff, n >> 16 & 0xff, n >> 24};
  return proto_out_bytes(o, p, bytes, sizeof bytes);
}
static inline char *proto_out_fixed64(struct proto_out *o, char *p, uint64_t n) {
  const uint8_t bytes[] = {n & 0xff,       n >> 8 & 0xff,  n >> 16 & 0xff, n >> 24 & 0xff,
                           n >> 32 & 0xff, n >> 40 & 0xff, n >> 48 & 0xff, n >> 56};
  return proto_out_bytes(o, p, bytes, sizeof bytes);
}

static inline char *proto_out_tag(struct proto_out *o, char *p, uint32_t id, unsigned wire) {
  return proto_out_varint(o, p, (uint64_t)id << 3 | wire);
}

/* ---- Values ---- */

static inline uint32_t proto_load32(const void *from) {
  uint32_t n;
  memcpy(&n, from, sizeof n);
  return n;
}
static inline uint64_t proto_load64(const void *from) {
  uint64_t n;
  memcpy(&n, from, sizeof n);
  return n;
}

static uint64_t proto_sign_extend(uint64_t n) {
  return (n ^ UINT64_C(0x80000000)) - UINT64_C(0x80000000);
}
static uint64_t proto_out_zigzag(uint64_t n) {
  return n << 1 ^ (0 - (n >> 63));
}

static inline char *proto_out_number(struct proto_out *o, char *p, ProtobufCType type, const void *from) {
  switch (type) {
  case PROTOBUF_C_TYPE_INT32:
  case PROTOBUF_C_TYPE_ENUM: return proto_out_varint(o, p, proto_sign_extend(proto_load32(from)));
  case PROTOBUF_C_TYPE_UINT32: return proto_out_varint(o, p, proto_load32(from));
  case PROTOBUF_C_TYPE_BOOL: return proto_out_varint(o, p, proto_load32(from) != 0);
  case PROTOBUF_C_TYPE_SINT32:
    return proto_out_varint(o, p, proto_out_zigzag(proto_sign_extend(proto_load32(from))));
  case PROTOBUF_C_TYPE_SINT64: return proto_out_varint(o, p, proto_out_zigzag(proto_load64(from)));
  case PROTOBUF_C_TYPE_FIXED32:
  case PROTOBUF_C_TYPE_SFIXED32:
  case PROTOBUF_C_TYPE_FLOAT: return proto_out_fixed32(o, p, proto_load32(from));
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_DOUBLE: return proto_out_fixed64(o, p, proto_load64(from));
  default: return proto_out_varint(o, p, proto_load64(from));
  }
}

static char *proto_out_message(struct proto_out *o, char *p, const ProtobufCMessage *message);

/* With its length before it. One that stands there already is copied. */
static char *proto_out_child(struct proto_out *o, char *p, const ProtobufCMessage *message) {
  struct proto_written *w = &o->written[(uintptr_t)message >> 4 & (PROTO_WRITTEN - 1)];
  const size_t before = (size_t)(o->end - p);
  if (message == NULL) return proto_out_varint(o, p, 0);
  if (w->message == message && (size_t)(p - o->floor) >= w->len) {
    p -= w->len;
    memcpy(p, o->end - w->from_end, w->len);
    return proto_out_varint(o, p, w->len);
  }
  p = proto_out_message(o, p, message);
  const size_t behind = (size_t)(o->end - p), len = behind - before;
  if (len >= PROTO_WRITTEN_MIN && !o->buf->failed) *w = (struct proto_written){message, behind, len};
  return proto_out_varint(o, p, len);
}

static char *proto_out_value(struct proto_out *o, char *p, ProtobufCType type, const void *from) {
  const char *text;
  const ProtobufCMessage *message;
  ProtobufCBinaryData data;
  switch (type) {
  case PROTOBUF_C_TYPE_STRING:
    memcpy(&text, from, sizeof text);
    data.len = text == NULL ? 0 : strlen(text);
    return proto_out_varint(o, proto_out_bytes(o, p, text, data.len), data.len);
  case PROTOBUF_C_TYPE_BYTES:
    memcpy(&data, from, sizeof data);
    return proto_out_varint(o, proto_out_bytes(o, p, data.data, data.len), data.len);
  case PROTOBUF_C_TYPE_MESSAGE: memcpy(&message, from, sizeof message); return proto_out_child(o, p, message);
  default: return proto_out_number(o, p, type, from);
  }
}

/* ---- Fields ---- */

/* All numbers of a field, in one of bytes. */
static char *proto_out_packed(struct proto_out *o, char *p, const ProtobufCFieldDescriptor *field,
                              const char *values, size_t n) {
  const size_t before = (size_t)(o->end - p), size = k8smi_field_size(field);
  while (n-- > 0) p = proto_out_number(o, p, field->type, values + n * size);
  p = proto_out_varint(o, p, (size_t)(o->end - p) - before);
  return proto_out_tag(o, p, field->id, K8SMI_PROTO_BYTES);
}

static char *proto_out_repeated(struct proto_out *o, char *p, const ProtobufCMessage *message,
                                const ProtobufCFieldDescriptor *field) {
  const void *values;
  size_t n = k8smi_field_values(message, field, &values), size = k8smi_field_size(field);
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0) return proto_out_packed(o, p, field, values, n);
  while (n-- > 0) {
    p = proto_out_value(o, p, field->type, (const char *)values + n * size);
    p = proto_out_tag(o, p, field->id, k8smi_field_wires[field->type]);
  }
  return p;
}

static char *proto_out_unknown(struct proto_out *o, char *p, const ProtobufCMessage *message) {
  for (unsigned i = message->n_unknown_fields; i-- > 0;) {
    const ProtobufCMessageUnknownField *unknown = &message->unknown_fields[i];
    if (unknown->tag == 0) continue; /* a member of JSON: protobuf has no number for it */
    p = proto_out_bytes(o, p, unknown->data, unknown->len);
    p = proto_out_tag(o, p, unknown->tag, (unsigned)unknown->wire_type);
  }
  return p;
}

static char *proto_out_message(struct proto_out *o, char *p, const ProtobufCMessage *message) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  const ProtobufCFieldDescriptor *first = type->fields, *field = first; /* NULL: there are none */
  if (type->n_fields > 0) field += type->n_fields;
  if (message->n_unknown_fields > 0) p = proto_out_unknown(o, p, message);
  while (field != first) {
    if (k8smi_field_is_absent(message, --field)) continue;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      p = proto_out_repeated(o, p, message, field);
    } else {
      p = proto_out_value(o, p, field->type, k8smi_field_at(message, field));
      p = proto_out_tag(o, p, field->id, k8smi_field_wires[field->type]);
    }
  }
  return p;
}

void k8smi_message_encode(struct k8smi_buf *buf, const ProtobufCMessage *message) {
  struct proto_out o = {.buf = buf};
  if (buf->failed) return;
  o.floor = buf->ptr == NULL ? NULL : buf->ptr + buf->len;
  o.end = buf->ptr == NULL ? NULL : buf->ptr + buf->cap;
  const char *p = proto_out_message(&o, o.end, message);
  if (buf->failed || p == NULL) return;
  const size_t len = (size_t)(o.end - p);
  memmove(o.floor, p, len);
  buf->len += len;
}
