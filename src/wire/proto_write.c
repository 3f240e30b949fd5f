/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"
#include "wire/protobuf.h"

/* A message in memory → protobuf bytes: the fields by their number, then the unknown ones; every varint as
 * short as it can be. */

static void proto_put_fixed(struct k8smi_buf *buf, uint64_t n, size_t size) {
  char bytes[8];
  for (size_t i = 0; i < size; i++) bytes[i] = (char)(n >> (8 * i) & 0xff);
  k8smi_buf_put(buf, bytes, size);
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

static enum k8smi_proto_wire proto_wire_of(ProtobufCType type) {
  switch (type) {
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
  case PROTOBUF_C_TYPE_MESSAGE: return K8SMI_PROTO_BYTES;
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_DOUBLE: return K8SMI_PROTO_FIXED64;
  case PROTOBUF_C_TYPE_SFIXED32:
  case PROTOBUF_C_TYPE_FIXED32:
  case PROTOBUF_C_TYPE_FLOAT: return K8SMI_PROTO_FIXED32;
  default: return K8SMI_PROTO_VARINT;
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
  if (proto_wire_of(type) == K8SMI_PROTO_VARINT) {
    k8smi_proto_put_varint(buf, n);
  } else {
    proto_put_fixed(buf, n, size);
  }
}

static void proto_put_text(struct k8smi_buf *buf, const void *from) {
  const char *text;
  memcpy(&text, from, sizeof text);
  k8smi_proto_put_bytes(buf, text, text == NULL ? 0 : strlen(text));
}

static void proto_put_data(struct k8smi_buf *buf, const void *from) {
  ProtobufCBinaryData data;
  memcpy(&data, from, sizeof data);
  k8smi_proto_put_bytes(buf, data.data, data.len);
}

static void proto_put_message(struct k8smi_buf *buf, const void *from) {
  const ProtobufCMessage *message;
  memcpy(&message, from, sizeof message);
  size_t begin = k8smi_proto_begin(buf);
  if (message != NULL) k8smi_message_encode(buf, message);
  k8smi_proto_end(buf, begin);
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
    k8smi_proto_put_tag(buf, field->id, K8SMI_PROTO_BYTES);
    size_t begin = k8smi_proto_begin(buf);
    for (size_t i = 0; i < n; i++) proto_put_value(buf, field->type, values + i * size);
    k8smi_proto_end(buf, begin);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    k8smi_proto_put_tag(buf, field->id, proto_wire_of(field->type));
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
    k8smi_proto_put_tag(buf, unknown->tag, (enum k8smi_proto_wire)unknown->wire_type);
    k8smi_buf_put(buf, unknown->data, unknown->len);
  }
}
