/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "wire/base64.h"
#include "wire/field.h"
#include "wire/json.h"
#include "wire/number.h"

/* A message in memory → the JSON that Mesos writes: fields that are set, by number; enums as their names,
 * bytes in base64. Unknown fields of protobuf have no place in it. */

static void mesos_put_enum(struct k8smi_buf *buf, const ProtobufCEnumDescriptor *type, int value) {
  const char *name = k8smi_enum_name(type, value);
  if (name == NULL) {
    k8smi_buf_i64(buf, value); /* of a Mesos that is newer than the schema */
  } else {
    k8smi_put_json_string(buf, k8smi_s(name), false);
  }
}

static void mesos_put_floating(struct k8smi_buf *buf, ProtobufCType type, const void *from) {
  double d;
  float f;
  if (type == PROTOBUF_C_TYPE_FLOAT) {
    memcpy(&f, from, sizeof f);
    d = (double)f;
  } else {
    memcpy(&d, from, sizeof d);
  }
  k8smi_put_double(buf, d);
}

static void mesos_put_number(struct k8smi_buf *buf, const ProtobufCFieldDescriptor *field, const void *from) {
  uint32_t u32;
  uint64_t u64;
  int32_t i32;
  switch (field->type) {
  case PROTOBUF_C_TYPE_DOUBLE:
  case PROTOBUF_C_TYPE_FLOAT: mesos_put_floating(buf, field->type, from); break;
  case PROTOBUF_C_TYPE_BOOL:
    memcpy(&u32, from, sizeof u32);
    k8smi_buf_puts(buf, u32 != 0 ? "true" : "false");
    break;
  case PROTOBUF_C_TYPE_ENUM:
    memcpy(&i32, from, sizeof i32);
    mesos_put_enum(buf, field->descriptor, i32);
    break;
  case PROTOBUF_C_TYPE_UINT32:
  case PROTOBUF_C_TYPE_FIXED32:
    memcpy(&u32, from, sizeof u32);
    k8smi_buf_u64(buf, u32);
    break;
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
    memcpy(&u64, from, sizeof u64);
    k8smi_buf_u64(buf, u64);
    break;
  default:
    if (k8smi_field_size(field) == sizeof i32) {
      memcpy(&i32, from, sizeof i32);
      k8smi_buf_i64(buf, i32);
    } else {
      memcpy(&u64, from, sizeof u64);
      k8smi_buf_i64(buf, (int64_t)u64);
    }
  }
}

static void mesos_put_value(struct k8smi_buf *buf, const ProtobufCFieldDescriptor *field, const void *from) {
  const char *text;
  ProtobufCBinaryData data;
  const ProtobufCMessage *message;
  switch (field->type) {
  case PROTOBUF_C_TYPE_STRING:
    memcpy(&text, from, sizeof text);
    k8smi_put_json_string(buf, k8smi_s(text), false);
    break;
  case PROTOBUF_C_TYPE_BYTES:
    memcpy(&data, from, sizeof data);
    k8smi_buf_putc(buf, '"');
    k8smi_put_base64(buf, data.data, data.len);
    k8smi_buf_putc(buf, '"');
    break;
  case PROTOBUF_C_TYPE_MESSAGE:
    memcpy(&message, from, sizeof message);
    if (message == NULL) {
      k8smi_buf_puts(buf, "{}");
    } else {
      k8smi_message_encode_json(buf, message);
    }
    break;
  default: mesos_put_number(buf, field, from);
  }
}

static void mesos_put_list(struct k8smi_buf *buf, const ProtobufCFieldDescriptor *field, const char *values,
                           size_t n) {
  size_t size = k8smi_field_size(field);
  k8smi_buf_putc(buf, '[');
  for (size_t i = 0; i < n; i++) {
    if (i > 0) k8smi_buf_putc(buf, ',');
    mesos_put_value(buf, field, values + i * size);
  }
  k8smi_buf_putc(buf, ']');
}

static const ProtobufCMessage *mesos_map_entry(const char *entries, size_t i, struct k8sm_slice *ret_key) {
  const ProtobufCMessage *entry;
  const void *at;
  const char *text = "";
  memcpy(&entry, entries + i * sizeof entry, sizeof entry);
  if (k8smi_field_values(entry, &entry->descriptor->fields[K8SMI_MAP_KEY], &at) > 0)
    memcpy(&text, at, sizeof text);
  *ret_key = k8smi_s(text);
  return entry;
}

static void mesos_put_entry(struct k8smi_buf *buf, struct k8sm_slice key, const ProtobufCMessage *entry) {
  const void *value;
  const ProtobufCFieldDescriptor *field = &entry->descriptor->fields[K8SMI_MAP_VALUE];
  k8smi_put_json_string(buf, key, false);
  k8smi_buf_putc(buf, ':');
  if (k8smi_field_values(entry, field, &value) > 0) {
    mesos_put_value(buf, field, value);
  } else {
    k8smi_buf_puts(buf, "null");
  }
}

/* A key that comes twice on the wire counts as it came last, and JSON has it once. */
static void mesos_put_map(struct k8smi_buf *buf, const char *entries, size_t n) {
  struct k8smi_map last;
  struct k8sm_slice key;
  bool first = true;
  k8smi_map_init(&last, &buf->allocator, (uint64_t)(uintptr_t)entries);
  for (size_t i = 0; i < n && !buf->failed; i++) {
    mesos_map_entry(entries, i, &key);
    if (i >= UINT32_MAX || !k8smi_map_put(&last, key, (uint32_t)i)) buf->failed = true;
  }
  k8smi_buf_putc(buf, '{');
  for (size_t i = 0; i < n && !buf->failed; i++) {
    const ProtobufCMessage *entry = mesos_map_entry(entries, i, &key);
    if (k8smi_map_get(&last, key) != i) continue;
    if (!first) k8smi_buf_putc(buf, ',');
    first = false;
    mesos_put_entry(buf, key, entry);
  }
  k8smi_buf_putc(buf, '}');
  k8smi_map_free(&last);
}

static void mesos_put_field(struct k8smi_buf *buf, const ProtobufCFieldDescriptor *field, const char *values,
                            size_t n) {
  k8smi_buf_putc(buf, '"');
  k8smi_buf_puts(buf, field->name);
  k8smi_buf_puts(buf, "\":");
  if (field->label != PROTOBUF_C_LABEL_REPEATED) {
    mesos_put_value(buf, field, values);
  } else if (k8smi_field_is_map(field)) {
    mesos_put_map(buf, values, n);
  } else {
    mesos_put_list(buf, field, values, n);
  }
}

void k8smi_message_encode_json(struct k8smi_buf *buf, const ProtobufCMessage *message) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  bool first = true;
  k8smi_buf_putc(buf, '{');
  for (unsigned i = 0; i < type->n_fields; i++) {
    const void *values;
    size_t n = k8smi_field_values(message, &type->fields[i], &values);
    if (n == 0) continue;
    if (!first) k8smi_buf_putc(buf, ',');
    first = false;
    mesos_put_field(buf, &type->fields[i], values, n);
  }
  for (unsigned i = 0; i < message->n_unknown_fields; i++) {
    const ProtobufCMessageUnknownField *unknown = &message->unknown_fields[i];
    if (unknown->tag != 0) continue;
    if (!first) k8smi_buf_putc(buf, ',');
    first = false;
    k8smi_buf_put(buf, unknown->data, unknown->len);
  }
  k8smi_buf_putc(buf, '}');
}
