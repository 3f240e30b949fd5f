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

enum { PROTO_WRITTEN = 8, PROTO_WRITTEN_MIN = 48 };

struct proto_out {
  struct k8smi_buf *buf;
  char *p;     /* what has been written begins here, … */
  char *end;   /* … and ends here, with the buffer's memory */
  char *floor; /* behind the buffer's contents */
  struct proto_written written[PROTO_WRITTEN];
};

static size_t proto_out_len(const struct proto_out *o) {
  return (size_t)(o->end - o->p);
}

/* Without memory there is never any room: nothing is written any more. */
static bool proto_out_grow(struct proto_out *o, size_t n) {
  char *p = k8smi_buf_grow_front(o->buf, proto_out_len(o), n);
  if (p == NULL) {
    o->p = o->floor;
    return false;
  }
  o->p = p;
  o->end = o->buf->ptr + o->buf->cap;
  o->floor = o->buf->ptr + o->buf->len;
  return true;
}

static inline bool proto_out_room(struct proto_out *o, size_t n) {
  return (size_t)(o->p - o->floor) >= n || proto_out_grow(o, n);
}

static inline void proto_out_bytes(struct proto_out *o, const void *bytes, size_t len) {
  if (len == 0 || !proto_out_room(o, len)) return;
  o->p -= len;
  memcpy(o->p, bytes, len);
}

static void proto_out_long(struct proto_out *o, uint64_t n) {
  char bytes[10];
  size_t len = 0;
  for (; n >= 0x80; n >>= 7) bytes[len++] = (char)(0x80 | (n & 0x7f));
  bytes[len++] = (char)n;
  proto_out_bytes(o, bytes, len);
}

static inline void proto_out_varint(struct proto_out *o, uint64_t n) {
  if (n < 0x80 && o->p > o->floor) {
    *--o->p = (char)n;
  } else {
    proto_out_long(o, n);
  }
}

static inline void proto_out_fixed(struct proto_out *o, uint64_t n, size_t size) {
  char bytes[8];
  for (size_t i = 0; i < size; i++) bytes[i] = (char)(n >> (8 * i) & 0xff);
  proto_out_bytes(o, bytes, size);
}

static void proto_out_tag(struct proto_out *o, uint32_t id, enum k8smi_proto_wire wire) {
  proto_out_varint(o, (uint64_t)id << 3 | (uint64_t)wire);
}

/* ---- Values: each returns its wire type, for the tag ---- */

static uint64_t proto_load(const void *from, size_t size) {
  uint64_t n = 0;
  uint32_t low;
  if (size == 8) {
    memcpy(&n, from, 8);
  } else {
    memcpy(&low, from, 4);
    n = low;
  }
  return n;
}

static uint64_t proto_sign_extend(uint64_t n) {
  return (n ^ UINT64_C(0x80000000)) - UINT64_C(0x80000000);
}

static enum k8smi_proto_wire proto_out_number(struct proto_out *o, ProtobufCType type, const void *from) {
  size_t size = k8smi_field_sizes[type];
  uint64_t n = proto_load(from, size);
  switch (type) {
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_DOUBLE: proto_out_fixed(o, n, 8); return K8SMI_PROTO_FIXED64;
  case PROTOBUF_C_TYPE_SFIXED32:
  case PROTOBUF_C_TYPE_FIXED32:
  case PROTOBUF_C_TYPE_FLOAT: proto_out_fixed(o, n, 4); return K8SMI_PROTO_FIXED32;
  case PROTOBUF_C_TYPE_INT32:
  case PROTOBUF_C_TYPE_ENUM: n = proto_sign_extend(n); break;
  case PROTOBUF_C_TYPE_SINT32: n = (n << 1 ^ (0 - (n >> 31))) & UINT32_MAX; break;
  case PROTOBUF_C_TYPE_SINT64: n = n << 1 ^ (0 - (n >> 63)); break;
  case PROTOBUF_C_TYPE_BOOL: n = n != 0; break;
  default: break;
  }
  proto_out_varint(o, n);
  return K8SMI_PROTO_VARINT;
}

static void proto_out_message(struct proto_out *o, const ProtobufCMessage *message);

/* Its bytes, copied from where they stand; false if they don't. */
static bool proto_out_again(struct proto_out *o, const struct proto_written *w,
                            const ProtobufCMessage *message) {
  if (w->message != message || !proto_out_room(o, w->len)) return false;
  o->p -= w->len;
  memcpy(o->p, o->end - w->from_end, w->len);
  return true;
}

static void proto_out_child(struct proto_out *o, const ProtobufCMessage *message) {
  struct proto_written *w = &o->written[(uintptr_t)message >> 4 & (PROTO_WRITTEN - 1)];
  size_t before = proto_out_len(o);
  if (message != NULL && !proto_out_again(o, w, message)) {
    proto_out_message(o, message);
    size_t end = proto_out_len(o);
    if (end - before >= PROTO_WRITTEN_MIN && !o->buf->failed) {
      *w = (struct proto_written){message, end, end - before};
    }
  }
  proto_out_varint(o, proto_out_len(o) - before);
}

static enum k8smi_proto_wire proto_out_value(struct proto_out *o, ProtobufCType type, const void *from) {
  const char *text;
  const ProtobufCMessage *message;
  ProtobufCBinaryData data;
  switch (type) {
  case PROTOBUF_C_TYPE_STRING:
    memcpy(&text, from, sizeof text);
    data.len = text == NULL ? 0 : strlen(text);
    proto_out_bytes(o, text, data.len);
    proto_out_varint(o, data.len);
    return K8SMI_PROTO_BYTES;
  case PROTOBUF_C_TYPE_BYTES:
    memcpy(&data, from, sizeof data);
    proto_out_bytes(o, data.data, data.len);
    proto_out_varint(o, data.len);
    return K8SMI_PROTO_BYTES;
  case PROTOBUF_C_TYPE_MESSAGE:
    memcpy(&message, from, sizeof message);
    proto_out_child(o, message);
    return K8SMI_PROTO_BYTES;
  default: return proto_out_number(o, type, from);
  }
}

/* ---- Fields ---- */

static void proto_out_packed(struct proto_out *o, const ProtobufCFieldDescriptor *field, const char *values,
                             size_t n) {
  size_t before = proto_out_len(o), size = k8smi_field_size(field);
  while (n-- > 0) proto_out_value(o, field->type, values + n * size);
  proto_out_varint(o, proto_out_len(o) - before);
  proto_out_tag(o, field->id, K8SMI_PROTO_BYTES);
}

static void proto_out_repeated(struct proto_out *o, const ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field) {
  const void *values;
  size_t n = k8smi_field_values(message, field, &values), size = k8smi_field_size(field);
  if (n > 0 && (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0) {
    proto_out_packed(o, field, values, n);
    return;
  }
  while (n-- > 0) {
    proto_out_tag(o, field->id, proto_out_value(o, field->type, (const char *)values + n * size));
  }
}

static void proto_out_message(struct proto_out *o, const ProtobufCMessage *message) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  for (unsigned i = message->n_unknown_fields; i-- > 0;) {
    const ProtobufCMessageUnknownField *unknown = &message->unknown_fields[i];
    if (unknown->tag == 0) continue; /* a member of JSON: protobuf has no number for it */
    proto_out_bytes(o, unknown->data, unknown->len);
    proto_out_tag(o, unknown->tag, (enum k8smi_proto_wire)unknown->wire_type);
  }
  for (unsigned n = type->n_fields; n-- > 0;) {
    const ProtobufCFieldDescriptor *field = &type->fields[n];
    if (k8smi_field_is_absent(message, field)) continue;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      proto_out_repeated(o, message, field);
    } else {
      proto_out_tag(o, field->id, proto_out_value(o, field->type, k8smi_field_at(message, field)));
    }
  }
}

void k8smi_message_encode(struct k8smi_buf *buf, const ProtobufCMessage *message) {
  struct proto_out o = {.buf = buf};
  if (buf->failed) return;
  o.floor = buf->ptr == NULL ? NULL : buf->ptr + buf->len;
  o.p = o.end = buf->ptr == NULL ? NULL : buf->ptr + buf->cap;
  proto_out_message(&o, message);
  if (buf->failed || o.p == NULL) return;
  size_t len = proto_out_len(&o);
  memmove(o.floor, o.p, len);
  buf->len += len;
}
