/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"

/* Messages as values: made, copied, found by name; read and written in either format. */

static bool message_copy_into(struct k8smi_arena *arena, ProtobufCMessage *to, const ProtobufCMessage *from);

/* The value at `place` is a bitwise copy: what it points to becomes its own. */
static bool message_own_value(struct k8smi_arena *arena, ProtobufCType type, void *place) {
  const char *text;
  ProtobufCBinaryData data;
  ProtobufCMessage *from, *to;
  switch (type) {
  case PROTOBUF_C_TYPE_STRING:
    memcpy(&text, place, sizeof text);
    text = text == NULL ? "" : text;
    text = k8smi_arena_copy(arena, text, strlen(text)).ptr;
    memcpy(place, &text, sizeof text);
    return text != NULL;
  case PROTOBUF_C_TYPE_BYTES: {
    memcpy(&data, place, sizeof data);
    uint8_t *bytes = k8smi_arena_alloc(arena, data.len + 1);
    if (bytes == NULL) return false;
    if (data.len > 0) memcpy(bytes, data.data, data.len);
    bytes[data.len] = 0;
    data.data = bytes;
    memcpy(place, &data, sizeof data);
    return true;
  }
  case PROTOBUF_C_TYPE_MESSAGE:
    memcpy(&from, place, sizeof from);
    if (from == NULL) return true;
    to = k8smi_message_new(arena, from->descriptor);
    memcpy(place, &to, sizeof to);
    return to != NULL && message_copy_into(arena, to, from);
  default: return true;
  }
}

static bool message_copy_field(struct k8smi_arena *arena, ProtobufCMessage *to, const ProtobufCMessage *from,
                               const ProtobufCFieldDescriptor *field) {
  const void *values;
  size_t n = k8smi_field_values(from, field, &values), size = k8smi_field_size(field);
  for (size_t i = 0; i < n; i++) {
    void *place = k8smi_field_add(arena, to, field, n);
    if (place == NULL) return false;
    memcpy(place, (const char *)values + i * size, size);
    if (!message_own_value(arena, field->type, place)) return false;
  }
  return true;
}

static bool message_copy_unknown(struct k8smi_arena *arena, ProtobufCMessage *to,
                                 ProtobufCMessageUnknownField unknown) {
  uint8_t *data = k8smi_arena_alloc(arena, unknown.len);
  if (data == NULL) return false;
  if (unknown.len > 0) memcpy(data, unknown.data, unknown.len);
  unknown.data = data;
  return k8smi_unknown_add(arena, to, unknown);
}

static bool message_copy_into(struct k8smi_arena *arena, ProtobufCMessage *to, const ProtobufCMessage *from) {
  const ProtobufCMessageDescriptor *type = from->descriptor;
  for (unsigned i = 0; i < type->n_fields; i++) {
    if (!message_copy_field(arena, to, from, &type->fields[i])) return false;
  }
  for (unsigned i = 0; i < from->n_unknown_fields; i++) {
    if (!message_copy_unknown(arena, to, from->unknown_fields[i])) return false;
  }
  return true;
}

ProtobufCMessage *k8smi_message_copy(struct k8smi_arena *arena, const ProtobufCMessage *message) {
  ProtobufCMessage *copy = k8smi_message_new(arena, message->descriptor);
  return copy != NULL && message_copy_into(arena, copy, message) ? copy : NULL;
}

enum { MESSAGE_MAX_TYPES = 256 };

/* The types that are reached from `types[0..n)`, in the order of their distance. */
static size_t message_collect_types(const ProtobufCMessageDescriptor **types, size_t n) {
  for (size_t i = 0; i < n; i++) {
    for (unsigned f = 0; f < types[i]->n_fields && n < MESSAGE_MAX_TYPES; f++) {
      const ProtobufCFieldDescriptor *field = &types[i]->fields[f];
      if (field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
      size_t known = 0;
      while (known < n && types[known] != field->descriptor) known++;
      if (known == n) types[n++] = field->descriptor;
    }
  }
  return n;
}

/* Our schema has one package for both of Mesos'. */
static const char *message_plain_name(const char *name) {
  static const char *const packages[] = {"mesos.v1.scheduler.", "mesos.v1."};
  for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++) {
    if (strncmp(name, packages[i], strlen(packages[i])) == 0) return name + strlen(packages[i]);
  }
  return NULL;
}

const ProtobufCMessageDescriptor *k8smi_message_type(const char *name) {
  const ProtobufCMessageDescriptor *types[MESSAGE_MAX_TYPES] = {&k8sm_mesos__call__descriptor,
                                                                &k8sm_mesos__event__descriptor};
  const char *plain = message_plain_name(name);
  if (plain == NULL) return NULL;
  size_t n = 2;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(message_plain_name(types[i]->name), plain) == 0) return types[i];
    if (i + 1 == n) n = message_collect_types(types, n);
  }
  return NULL;
}

const char *k8smi_enum_name(const ProtobufCEnumDescriptor *type, int value) {
  const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
  return found == NULL ? NULL : found->name;
}

/* A protobuf message can't begin with '{': that is field 15 as a group. */
static uint32_t message_format(uint32_t format, const void *bytes, size_t len) {
  if (format != K8SM_FORMAT_AUTO) return format;
  return len > 0 && *(const char *)bytes == '{' ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF;
}

int k8smi_message_read(struct k8smi_arena *arena, uint32_t format, const ProtobufCMessageDescriptor *type,
                       const void *bytes, size_t len, ProtobufCMessage **ret, struct k8sm_diags *diags) {
  switch (message_format(format, bytes, len)) {
  case K8SM_FORMAT_JSON: return k8smi_message_decode_json(arena, type, bytes, len, ret, diags);
  case K8SM_FORMAT_PROTOBUF: return k8smi_message_decode(arena, type, bytes, len, ret, diags);
  default:
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "format %u: a Mesos message is JSON or protobuf",
               format);
    return K8SM_ERR_UNSUPPORTED;
  }
}

int k8smi_message_read_shared(struct k8smi_arena *arena, uint32_t format,
                              const ProtobufCMessageDescriptor *type, const void *bytes, size_t len,
                              ProtobufCMessage **ret, struct k8sm_diags *diags) {
  return message_format(format, bytes, len) == K8SM_FORMAT_PROTOBUF
             ? k8smi_message_decode_shared(arena, type, bytes, len, ret, diags)
             : k8smi_message_read(arena, format, type, bytes, len, ret, diags);
}

void k8smi_message_write(struct k8smi_buf *buf, uint32_t format, const ProtobufCMessage *message) {
  if (format == K8SM_FORMAT_JSON) {
    k8smi_message_encode_json(buf, message);
  } else {
    k8smi_message_encode(buf, message);
  }
}
