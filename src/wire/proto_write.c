/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"

/* A message in memory → protobuf bytes: the fields by their number, then the unknown ones; every varint as
 * short as it can be. */

static void proto_put_varint(struct k8smi_buf *buf, uint64_t n) {
  char bytes[10];
  size_t len = 0;
  for (; n >= 0x80; n >>= 7) bytes[len++] = (char)(0x80 | (n & 0x7f));
  bytes[len++] = (char)n;
  k8smi_buf_put(buf, bytes, len);
}

static void proto_put_tag(struct k8smi_buf *buf, uint32_t id, ProtobufCWireType wire) {
  proto_put_varint(buf, (uint64_t)id << 3 | (uint64_t)wire);
}

static void proto_put_fixed(struct k8smi_buf *buf, uint64_t n, size_t size) {
  char bytes[8];
  for (size_t i = 0; i < size; i++) bytes[i] = (char)(n >> (8 * i) & 0xff);
  k8smi_buf_put(buf, bytes, size);
}

static void proto_put_bytes(struct k8smi_buf *buf, const void *bytes, size_t len) {
  proto_put_varint(buf, len);
  k8smi_buf_put(buf, bytes, len);
}

/* The length of what is written next is not known yet: a byte is left for it, */
static size_t proto_begin_length(struct k8smi_buf *buf) {
  k8smi_buf_putc(buf, '\0');
  return buf->len;
}

/* and what follows moves if it needs more. */
static void proto_end_length(struct k8smi_buf *buf, size_t begin) {
  if (buf->failed) return;
  size_t len = buf->len - begin, more = 0;
  for (size_t n = len; n >= 0x80; n >>= 7) more++;
  if (more > 0 && k8smi_buf_extend(buf, more) == NULL) return;
  if (more > 0) memmove(buf->ptr + begin + more, buf->ptr + begin, len);
  char *p = buf->ptr + begin - 1;
  for (; len >= 0x80; len >>= 7) *p++ = (char)(0x80 | (len & 0x7f));
  *p = (char)len;
}

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

static ProtobufCWireType proto_wire_of(ProtobufCType type) {
  switch (type) {
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
  case PROTOBUF_C_TYPE_MESSAGE: return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_DOUBLE: return PROTOBUF_C_WIRE_TYPE_64BIT;
  case PROTOBUF_C_TYPE_SFIXED32:
  case PROTOBUF_C_TYPE_FIXED32:
  case PROTOBUF_C_TYPE_FLOAT: return PROTOBUF_C_WIRE_TYPE_32BIT;
  default: return PROTOBUF_C_WIRE_TYPE_VARINT;
  }
}

static void proto_put_number(struct k8smi_buf *buf, ProtobufCType type, const void *from) {
  size_t size = k8smi_field_sizes[type];
  uint64_t n = proto_load(from, size);
  switch (type) {
  case PROTOBUF_C_TYPE_INT32:
  case PROTOBUF_C_TYPE_ENUM: n = proto_sign_extend(n); break;
  case PROTOBUF_C_TYPE_SINT32: n = (n << 1 ^ (0 - (n >> 31))) & UINT32_MAX; break;
  case PROTOBUF_C_TYPE_SINT64: n = n << 1 ^ (0 - (n >> 63)); break;
  case PROTOBUF_C_TYPE_BOOL: n = n != 0; break;
  default: break;
  }
  if (proto_wire_of(type) == PROTOBUF_C_WIRE_TYPE_VARINT) {
    proto_put_varint(buf, n);
  } else {
    proto_put_fixed(buf, n, size);
  }
}

static void proto_put_text(struct k8smi_buf *buf, const void *from) {
  const char *text;
  memcpy(&text, from, sizeof text);
  proto_put_bytes(buf, text, text == NULL ? 0 : strlen(text));
}

static void proto_put_data(struct k8smi_buf *buf, const void *from) {
  ProtobufCBinaryData data;
  memcpy(&data, from, sizeof data);
  proto_put_bytes(buf, data.data, data.len);
}

static void proto_put_message(struct k8smi_buf *buf, const void *from) {
  const ProtobufCMessage *message;
  memcpy(&message, from, sizeof message);
  size_t begin = proto_begin_length(buf);
  if (message != NULL) k8smi_message_encode(buf, message);
  proto_end_length(buf, begin);
}

static void proto_put_value(struct k8smi_buf *buf, ProtobufCType type, const void *from) {
  switch (type) {
  case PROTOBUF_C_TYPE_STRING: proto_put_text(buf, from); break;
  case PROTOBUF_C_TYPE_BYTES: proto_put_data(buf, from); break;
  case PROTOBUF_C_TYPE_MESSAGE: proto_put_message(buf, from); break;
  default: proto_put_number(buf, type, from);
  }
}

static void proto_put_field(struct k8smi_buf *buf, const ProtobufCFieldDescriptor *field, const char *values,
                            size_t n) {
  size_t size = k8smi_field_size(field);
  if (n > 0 && (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0) {
    proto_put_tag(buf, field->id, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    size_t begin = proto_begin_length(buf);
    for (size_t i = 0; i < n; i++) proto_put_value(buf, field->type, values + i * size);
    proto_end_length(buf, begin);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    proto_put_tag(buf, field->id, proto_wire_of(field->type));
    proto_put_value(buf, field->type, values + i * size);
  }
}

void k8smi_message_encode(struct k8smi_buf *buf, const ProtobufCMessage *message) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  for (unsigned i = 0; i < type->n_fields; i++) {
    const void *values;
    size_t n = k8smi_field_values(message, &type->fields[i], &values);
    proto_put_field(buf, &type->fields[i], values, n);
  }
  for (unsigned i = 0; i < message->n_unknown_fields; i++) {
    const ProtobufCMessageUnknownField *unknown = &message->unknown_fields[i];
    if (unknown->tag == 0) continue; /* a member of JSON: protobuf has no number for it */
    proto_put_tag(buf, unknown->tag, unknown->wire_type);
    k8smi_buf_put(buf, unknown->data, unknown->len);
  }
}
