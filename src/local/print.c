/* SPDX-License-Identifier: Apache-2.0 */
#include "local/text.h"
#include "wire/json.h"
#include "wire/number.h"

/* Protobuf's text format and JSON, by descriptor. Only messages that were decoded come here, so the depth is
 * bounded by the decoder. */

static void print_indent(struct k8smi_buf *buf, size_t depth) {
  for (size_t i = 0; i < depth; i++) k8smi_buf_puts(buf, "  ");
}

static void print_quoted(struct k8smi_buf *buf, const char *text, size_t len) {
  k8smi_buf_putc(buf, '"');
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') {
      k8smi_buf_putc(buf, '\\');
      k8smi_buf_putc(buf, (char)c);
    } else if (c == '\n') {
      k8smi_buf_puts(buf, "\\n");
    } else if (c < 0x20 || c >= 0x7f) {
      const char octal[4] = {'\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)), (char)('0' + (c & 7))};
      k8smi_buf_put(buf, octal, sizeof(octal));
    } else {
      k8smi_buf_putc(buf, (char)c);
    }
  }
  k8smi_buf_putc(buf, '"');
}

/* Whole numbers without the ".0" that JSON's form of them has. */
static void print_double(struct k8smi_buf *buf, double d) {
  int64_t milli;
  if (k8smi_milli_of_double(d, &milli) && k8smi_double_of_milli(milli) == d) {
    k8smi_put_milli(buf, milli);
  } else {
    k8smi_put_double(buf, d);
  }
}

static size_t print_value_size(const ProtobufCFieldDescriptor *field) {
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_UINT64: return sizeof(uint64_t);
  case PROTOBUF_C_TYPE_DOUBLE: return sizeof(double);
  case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
  case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
  default: return sizeof(int32_t);
  }
}

static void print_scalar(struct k8smi_buf *buf, const ProtobufCFieldDescriptor *field, const void *value) {
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT32: k8smi_buf_i64(buf, *(const int32_t *)value); break;
  case PROTOBUF_C_TYPE_UINT32: k8smi_buf_u64(buf, *(const uint32_t *)value); break;
  case PROTOBUF_C_TYPE_INT64: k8smi_buf_i64(buf, *(const int64_t *)value); break;
  case PROTOBUF_C_TYPE_UINT64: k8smi_buf_u64(buf, *(const uint64_t *)value); break;
  case PROTOBUF_C_TYPE_DOUBLE: print_double(buf, *(const double *)value); break;
  case PROTOBUF_C_TYPE_BOOL:
    k8smi_buf_puts(buf, *(const protobuf_c_boolean *)value ? "true" : "false");
    break;
  case PROTOBUF_C_TYPE_ENUM: {
    const char *name = k8smi_enum_name(field->descriptor, *(const int *)value);
    k8smi_buf_puts(buf, name == NULL ? "?" : name);
    break;
  }
  case PROTOBUF_C_TYPE_BYTES: {
    const ProtobufCBinaryData *bytes = value;
    print_quoted(buf, (const char *)bytes->data, bytes->len);
    break;
  }
  default: print_quoted(buf, *(char *const *)value, strlen(*(char *const *)value)); break;
  }
}

static void print_fields(struct k8smi_buf *buf, const ProtobufCMessage *message, size_t depth);

static void print_one(struct k8smi_buf *buf, const ProtobufCFieldDescriptor *field, const void *value,
                      size_t depth) {
  print_indent(buf, depth);
  k8smi_buf_puts(buf, field->name);
  if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
    k8smi_buf_puts(buf, " {\n");
    print_fields(buf, *(ProtobufCMessage *const *)value, depth + 1);
    print_indent(buf, depth);
    k8smi_buf_puts(buf, "}\n");
  } else {
    k8smi_buf_puts(buf, ": ");
    print_scalar(buf, field, value);
    k8smi_buf_putc(buf, '\n');
  }
}

static bool print_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  const char *base = (const char *)message;
  if (field->label == PROTOBUF_C_LABEL_REQUIRED) return true;
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    return *(const uint32_t *)(const void *)(base + field->quantifier_offset) == field->id;
  }
  if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING) {
    const void *p = *(void *const *)(const void *)(base + field->offset);
    return p != NULL && p != field->default_value;
  }
  return *(const protobuf_c_boolean *)(base + field->quantifier_offset) != 0;
}

static void print_fields(struct k8smi_buf *buf, const ProtobufCMessage *message, size_t depth) {
  const char *base = (const char *)message;
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      size_t n = *(const size_t *)(const void *)(base + field->quantifier_offset);
      const char *values = *(char *const *)(const void *)(base + field->offset);
      for (size_t j = 0; j < n; j++) print_one(buf, field, values + j * print_value_size(field), depth);
    } else if (print_is_set(message, field)) {
      print_one(buf, field, base + field->offset, depth);
    }
  }
}

void k8smi_local_print_message(struct k8smi_buf *buf, const ProtobufCMessage *message) {
  print_fields(buf, message, 0);
}

/* ---- JSON: members in the order of their names ---- */

static void print_json_scalar(struct k8smi_json *w, const ProtobufCFieldDescriptor *field,
                              const void *value) {
  struct k8smi_buf *buf = w->buf;
  switch (field->type) {
  case PROTOBUF_C_TYPE_BYTES: {
    const ProtobufCBinaryData *bytes = value;
    k8smi_json_base64(w, (struct k8sm_slice){(const char *)bytes->data, bytes->len});
    return;
  }
  case PROTOBUF_C_TYPE_STRING: k8smi_json_string(w, k8smi_s(*(char *const *)value)); return;
  case PROTOBUF_C_TYPE_ENUM: {
    const char *name = k8smi_enum_name(field->descriptor, *(const int *)value);
    k8smi_json_string(w, k8smi_s(name == NULL ? "" : name));
    return;
  }
  default: break;
  }
  if (w->comma) k8smi_buf_putc(buf, ',');
  w->comma = true;
  if (field->type == PROTOBUF_C_TYPE_DOUBLE) {
    k8smi_put_double(buf, *(const double *)value);
  } else {
    print_scalar(buf, field, value);
  }
}

static void print_json_message(struct k8smi_json *w, const ProtobufCMessage *message);

static void print_json_value(struct k8smi_json *w, const ProtobufCFieldDescriptor *field, const void *value) {
  if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
    print_json_message(w, *(ProtobufCMessage *const *)value);
  } else {
    print_json_scalar(w, field, value);
  }
}

static void print_json_list(struct k8smi_json *w, const ProtobufCFieldDescriptor *field, const char *values,
                            size_t n) {
  if (n == 0) return;
  k8smi_json_key(w, field->name);
  k8smi_json_open(w, '[');
  for (size_t i = 0; i < n; i++) print_json_value(w, field, values + i * print_value_size(field));
  k8smi_json_close(w, '[');
}

static void print_json_message(struct k8smi_json *w, const ProtobufCMessage *message) {
  const char *base = (const char *)message;
  k8smi_json_open(w, '{');
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field =
        &message->descriptor->fields[message->descriptor->fields_sorted_by_name[i]];
    const void *value = base + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      print_json_list(w, field, *(char *const *)value,
                      *(const size_t *)(const void *)(base + field->quantifier_offset));
    } else if (print_is_set(message, field)) {
      k8smi_json_key(w, field->name);
      print_json_value(w, field, value);
    }
  }
  k8smi_json_close(w, '{');
}

void k8smi_local_print_json(struct k8smi_buf *buf, const ProtobufCMessage *const *messages, size_t n) {
  struct k8smi_json w;
  k8smi_json_init(&w, buf, false);
  k8smi_json_open(&w, '[');
  for (size_t i = 0; i < n; i++) print_json_message(&w, messages[i]);
  k8smi_json_close(&w, '[');
}
