/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/base64.h"
#include "wire/field.h"
#include "wire/json.h"
#include "wire/number.h"
#include "wire/token.h"
#include "wire/utf8.h"

/* The JSON that Mesos writes → a message in memory. What the schema does not know (a member, the name of an
 * enum's value) is kept as text; null is as if the member were not there. */

struct mesos_reader {
  struct k8smi_arena *arena;
  struct k8sm_diags *diags;
  struct k8smi_tokens *tokens;
  bool mends; /* texts that are none are made some */
};

static int mesos_read_message(const struct mesos_reader *r, ProtobufCMessage *message,
                              const struct k8smi_frame *frame);

static int mesos_no_memory(const struct mesos_reader *r) {
  return k8smi_find_nomem(r->diags, k8smi_arena_error(r->arena));
}

static int mesos_next(const struct mesos_reader *r, struct k8smi_token *ret) {
  return k8smi_tokens_next(r->tokens, ret, r->diags);
}

static const char *mesos_kind_name(int kind) {
  static const char *const names[] = {
      [K8SMI_TOKEN_END] = "the end",     [K8SMI_TOKEN_OBJECT] = "an object", [K8SMI_TOKEN_OBJECT_END] = "'}'",
      [K8SMI_TOKEN_ARRAY] = "an array",  [K8SMI_TOKEN_ARRAY_END] = "']'",    [K8SMI_TOKEN_KEY] = "a key",
      [K8SMI_TOKEN_STRING] = "a string", [K8SMI_TOKEN_NUMBER] = "a number",  [K8SMI_TOKEN_TRUE] = "true",
      [K8SMI_TOKEN_FALSE] = "false",     [K8SMI_TOKEN_NULL] = "null",
  };
  return names[kind];
}

static int mesos_wrong(const struct mesos_reader *r, const struct k8smi_token *t, const char *expected,
                       const struct k8smi_frame *frame) {
  struct k8smi_frame_path path;
  struct k8smi_where where = k8smi_tokens_where(r->tokens, t);
  bool text = t->kind == K8SMI_TOKEN_STRING || t->kind == K8SMI_TOKEN_NUMBER;
  k8smi_find_at(r->diags, K8SM_DIAG_MESSAGE_FIELD_TYPE, &where, k8smi_frame_path(frame, &path),
                "found %s%s%.*s, expected %s", mesos_kind_name(t->kind), text ? " " : "", K8SMI_P(t->text),
                expected);
  return K8SM_ERR_INVALID;
}

/* Integers come as numbers, 64-bit ones also as text. */
static bool mesos_parse_integer(const struct k8smi_token *t, ProtobufCType type, uint64_t *ret) {
  int64_t n;
  bool wide = k8smi_field_sizes[type] == 8;
  if (t->kind != K8SMI_TOKEN_NUMBER && t->kind != K8SMI_TOKEN_STRING) return false;
  switch (type) {
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
    if (k8smi_parse_u64(t->text, ret)) return true;
    if (!k8smi_parse_json_i64(t->text, &n) || n < 0) return false;
    break;
  case PROTOBUF_C_TYPE_UINT32:
  case PROTOBUF_C_TYPE_FIXED32:
    if (!k8smi_parse_json_i64(t->text, &n) || n < 0 || n > UINT32_MAX) return false;
    break;
  default:
    if (!k8smi_parse_json_i64(t->text, &n) || (!wide && (n < INT32_MIN || n > INT32_MAX))) return false;
  }
  *ret = (uint64_t)n;
  return true;
}

static int mesos_store_integer(const struct mesos_reader *r, const struct k8smi_token *t, void *to,
                               const struct k8smi_frame *frame) {
  uint64_t n;
  if (!mesos_parse_integer(t, frame->field->type, &n))
    return mesos_wrong(r, t, "an integer in its range", frame);
  uint32_t low = (uint32_t)n;
  if (k8smi_field_size(frame->field) == sizeof n) {
    memcpy(to, &n, sizeof n);
  } else {
    memcpy(to, &low, sizeof low);
  }
  return K8SM_OK;
}

static bool mesos_parse_floating(const struct k8smi_token *t, double *ret) {
  static const struct {
    const char *text;
    uint64_t bits;
  } special[] = {{"Infinity", UINT64_C(0x7ff) << 52},
                 {"-Infinity", UINT64_C(0xfff) << 52},
                 {"NaN", UINT64_C(0x7ff8) << 48}};
  for (size_t i = 0; t->kind == K8SMI_TOKEN_STRING && i < sizeof special / sizeof special[0]; i++) {
    if (!k8smi_eqs(t->text, special[i].text)) continue;
    memcpy(ret, &special[i].bits, sizeof *ret);
    return true;
  }
  return (t->kind == K8SMI_TOKEN_NUMBER || t->kind == K8SMI_TOKEN_STRING) && k8smi_parse_double(t->text, ret);
}

static int mesos_store_floating(const struct mesos_reader *r, const struct k8smi_token *t, void *to,
                                const struct k8smi_frame *frame) {
  double d;
  if (!mesos_parse_floating(t, &d)) return mesos_wrong(r, t, "a number or \"Infinity\"", frame);
  float f = (float)d;
  if (frame->field->type == PROTOBUF_C_TYPE_FLOAT) {
    memcpy(to, &f, sizeof f);
  } else {
    memcpy(to, &d, sizeof d);
  }
  return K8SM_OK;
}

static int mesos_store_bool(const struct mesos_reader *r, const struct k8smi_token *t, void *to,
                            const struct k8smi_frame *frame) {
  if (t->kind != K8SMI_TOKEN_TRUE && t->kind != K8SMI_TOKEN_FALSE)
    return mesos_wrong(r, t, "true or false", frame);
  protobuf_c_boolean b = t->kind == K8SMI_TOKEN_TRUE;
  memcpy(to, &b, sizeof b);
  return K8SM_OK;
}

/* By name in the table that is sorted so. */
static bool mesos_enum_value(const ProtobufCEnumDescriptor *type, struct k8sm_slice name, int *ret) {
  size_t low = 0, high = type->n_value_names;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const ProtobufCEnumValueIndex *v = &type->values_by_name[middle];
    int c = k8smi_cmp(name, k8smi_s(v->name));
    if (c == 0) {
      *ret = type->values[v->index].value;
      return true;
    }
    if (c < 0) high = middle;
    if (c > 0) low = middle + 1;
  }
  return false;
}

static int mesos_store_enum(const struct mesos_reader *r, const struct k8smi_token *t, void *to,
                            const struct k8smi_frame *frame) {
  int64_t n;
  int value = 0;
  if (t->kind == K8SMI_TOKEN_NUMBER && k8smi_parse_json_i64(t->text, &n) && n >= INT32_MIN &&
      n <= INT32_MAX) {
    value = (int)n;
  } else if (t->kind != K8SMI_TOKEN_STRING || !mesos_enum_value(frame->field->descriptor, t->text, &value)) {
    return mesos_wrong(r, t, "the name of a value of the enum", frame);
  }
  memcpy(to, &value, sizeof value);
  return K8SM_OK;
}

static int mesos_store_text(const struct mesos_reader *r, const struct k8smi_token *t, void *to,
                            const struct k8smi_frame *frame) {
  if (t->kind != K8SMI_TOKEN_STRING) return mesos_wrong(r, t, "a string", frame);
  int result = r->mends ? K8SM_OK : k8smi_field_check_text(t->text.ptr, t->text.len, frame, r->diags);
  if (result != K8SM_OK) return result;
  const bool fine = !r->mends || k8smi_text_valid(t->text.ptr, t->text.len) == t->text.len;
  const char *text = fine ? k8smi_arena_copy(r->arena, t->text.ptr, t->text.len).ptr
                          : k8smi_text_replace(r->arena, t->text).ptr;
  if (text == NULL) return mesos_no_memory(r);
  memcpy(to, &text, sizeof text);
  return K8SM_OK;
}

static int mesos_store_bytes(const struct mesos_reader *r, const struct k8smi_token *t, void *to,
                             const struct k8smi_frame *frame) {
  bool bad = false;
  if (t->kind != K8SMI_TOKEN_STRING) return mesos_wrong(r, t, "bytes in base64", frame);
  struct k8sm_slice bytes = k8smi_parse_base64(r->arena, t->text, &bad);
  if (bad) return mesos_wrong(r, t, "bytes in base64", frame);
  if (bytes.ptr == NULL) return mesos_no_memory(r);
  ProtobufCBinaryData data = {bytes.len, (uint8_t *)(uintptr_t)bytes.ptr};
  memcpy(to, &data, sizeof data);
  return K8SM_OK;
}

static int mesos_store_message(const struct mesos_reader *r, const struct k8smi_token *t, void *to,
                               const struct k8smi_frame *frame) {
  if (t->kind != K8SMI_TOKEN_OBJECT) return mesos_wrong(r, t, "an object", frame);
  if (frame->depth >= K8SMI_MESSAGE_MAX_DEPTH) return k8smi_find_too_deep(frame, r->diags);
  ProtobufCMessage *message = k8smi_message_new(r->arena, frame->field->descriptor);
  if (message == NULL) return mesos_no_memory(r);
  memcpy(to, &message, sizeof message);
  return mesos_read_message(r, message, frame);
}

static int mesos_store(const struct mesos_reader *r, const struct k8smi_token *t, void *to,
                       const struct k8smi_frame *frame) {
  switch (frame->field->type) {
  case PROTOBUF_C_TYPE_STRING: return mesos_store_text(r, t, to, frame);
  case PROTOBUF_C_TYPE_BYTES: return mesos_store_bytes(r, t, to, frame);
  case PROTOBUF_C_TYPE_MESSAGE: return mesos_store_message(r, t, to, frame);
  case PROTOBUF_C_TYPE_ENUM: return mesos_store_enum(r, t, to, frame);
  case PROTOBUF_C_TYPE_BOOL: return mesos_store_bool(r, t, to, frame);
  case PROTOBUF_C_TYPE_DOUBLE:
  case PROTOBUF_C_TYPE_FLOAT: return mesos_store_floating(r, t, to, frame);
  default: return mesos_store_integer(r, t, to, frame);
  }
}

static int mesos_read_array(const struct mesos_reader *r, ProtobufCMessage *message,
                            struct k8smi_frame *frame) {
  struct k8smi_token t;
  for (frame->index = 0;; frame->index++) {
    int result = mesos_next(r, &t);
    if (result != K8SM_OK || t.kind == K8SMI_TOKEN_ARRAY_END) return result;
    void *to = k8smi_field_add(r->arena, message, frame->field, 4);
    if (to == NULL) return mesos_no_memory(r);
    result = mesos_store(r, &t, to, frame);
    if (result != K8SM_OK) return result;
  }
}

static int mesos_read_entry(const struct mesos_reader *r, const struct k8smi_token *key,
                            ProtobufCMessage *entry, const struct k8smi_frame *frame) {
  struct k8smi_token t;
  const ProtobufCFieldDescriptor *fields = entry->descriptor->fields;
  struct k8smi_frame key_frame = k8smi_frame_in(frame, &fields[K8SMI_MAP_KEY], SIZE_MAX);
  struct k8smi_frame value_frame = k8smi_frame_in(frame, &fields[K8SMI_MAP_VALUE], SIZE_MAX);
  struct k8smi_token text = *key;
  text.kind = K8SMI_TOKEN_STRING;
  int result = mesos_store_text(r, &text, k8smi_field_add(r->arena, entry, key_frame.field, 1), &key_frame);
  if (result == K8SM_OK) result = mesos_next(r, &t);
  if (result != K8SM_OK || t.kind == K8SMI_TOKEN_NULL) return result;
  return mesos_store(r, &t, k8smi_field_add(r->arena, entry, value_frame.field, 1), &value_frame);
}

static int mesos_read_map(const struct mesos_reader *r, ProtobufCMessage *message,
                          struct k8smi_frame *frame) {
  struct k8smi_token t;
  if (frame->depth >= K8SMI_MESSAGE_MAX_DEPTH) return k8smi_find_too_deep(frame, r->diags);
  for (frame->index = 0;; frame->index++) {
    int result = mesos_next(r, &t);
    if (result != K8SM_OK || t.kind == K8SMI_TOKEN_OBJECT_END) return result;
    void *to = k8smi_field_add(r->arena, message, frame->field, 4);
    ProtobufCMessage *entry = to == NULL ? NULL : k8smi_message_new(r->arena, frame->field->descriptor);
    if (entry == NULL) return mesos_no_memory(r);
    memcpy(to, &entry, sizeof entry);
    result = mesos_read_entry(r, &t, entry, frame);
    if (result != K8SM_OK) return result;
  }
}

static int mesos_read_repeated(const struct mesos_reader *r, const struct k8smi_token *t,
                               ProtobufCMessage *message, struct k8smi_frame *frame) {
  if (k8smi_field_is_map(frame->field)) {
    return t->kind == K8SMI_TOKEN_OBJECT ? mesos_read_map(r, message, frame)
                                         : mesos_wrong(r, t, "an object", frame);
  }
  return t->kind == K8SMI_TOKEN_ARRAY ? mesos_read_array(r, message, frame)
                                      : mesos_wrong(r, t, "an array", frame);
}

/* Writes a value whose first token is `t`, with all that is in it, as compact JSON. */
static int mesos_copy_value(const struct mesos_reader *r, struct k8smi_token t, struct k8smi_json *w) {
  static const char words[][6] = {"true", "false", "null"};
  for (size_t depth = 0;;) {
    switch (t.kind) {
    case K8SMI_TOKEN_OBJECT: k8smi_json_open(w, '{'), depth++; break;
    case K8SMI_TOKEN_ARRAY: k8smi_json_open(w, '['), depth++; break;
    case K8SMI_TOKEN_OBJECT_END: k8smi_json_close(w, '}'), depth--; break;
    case K8SMI_TOKEN_ARRAY_END: k8smi_json_close(w, ']'), depth--; break;
    case K8SMI_TOKEN_STRING: k8smi_json_string(w, t.text); break;
    case K8SMI_TOKEN_NUMBER: k8smi_json_raw(w, t.text); break;
    case K8SMI_TOKEN_KEY:
      k8smi_json_string(w, t.text);
      k8smi_buf_putc(w->buf, ':');
      w->comma = false;
      break;
    default: k8smi_json_raw(w, k8smi_s(words[t.kind - K8SMI_TOKEN_TRUE]));
    }
    if (depth == 0 && t.kind != K8SMI_TOKEN_KEY) return K8SM_OK;
    int result = mesos_next(r, &t);
    if (result != K8SM_OK) return result;
  }
}

/* An unknown member: kept as the text "name":value. */
static int mesos_keep(const struct mesos_reader *r, struct k8sm_slice name, const struct k8smi_token *value,
                      ProtobufCMessage *message) {
  struct k8smi_buf buf;
  struct k8smi_json w;
  if (!k8smi_buf_init(&buf, &r->arena->allocator)) return mesos_no_memory(r);
  k8smi_put_json_string(&buf, name, false);
  k8smi_buf_putc(&buf, ':');
  k8smi_json_init(&w, &buf, false);
  int result = mesos_copy_value(r, *value, &w);
  uint8_t *data = result == K8SM_OK && !buf.failed ? k8smi_arena_alloc(r->arena, buf.len) : NULL;
  ProtobufCMessageUnknownField unknown = {0, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, buf.len, data};
  if (data != NULL) memcpy(data, buf.ptr, buf.len);
  k8smi_buf_free(&buf);
  if (result != K8SM_OK) return result;
  return data != NULL && k8smi_unknown_add(r->arena, message, unknown) ? K8SM_OK : mesos_no_memory(r);
}

/* An optional enum with a name that the schema does not have is unset for us, and kept. */
static bool mesos_unknown_name(const ProtobufCFieldDescriptor *field, const struct k8smi_token *t) {
  int value;
  return field->type == PROTOBUF_C_TYPE_ENUM && field->label == PROTOBUF_C_LABEL_OPTIONAL &&
         t->kind == K8SMI_TOKEN_STRING && !mesos_enum_value(field->descriptor, t->text, &value);
}

/* Members are unique, so a oneof that is set already was set by another member of it. */
static bool mesos_oneof_taken(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  uint32_t chosen;
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) return false;
  memcpy(&chosen, (const char *)message + field->quantifier_offset, sizeof chosen);
  return chosen != 0;
}

static int mesos_read_member(const struct mesos_reader *r, struct k8sm_slice name, ProtobufCMessage *message,
                             k8smi_field_set *seen, const struct k8smi_frame *parent) {
  struct k8smi_token t;
  const ProtobufCFieldDescriptor *field = k8smi_field_by_name(message->descriptor, name);
  int result = mesos_next(r, &t);
  if (result != K8SM_OK) return result;
  if (field == NULL || mesos_unknown_name(field, &t)) return mesos_keep(r, name, &t, message);
  if (t.kind == K8SMI_TOKEN_NULL) return K8SM_OK;
  struct k8smi_frame frame = k8smi_frame_in(parent, field, SIZE_MAX);
  *seen |= k8smi_field_bit(message->descriptor, field);
  if (field->label == PROTOBUF_C_LABEL_REPEATED) return mesos_read_repeated(r, &t, message, &frame);
  if (mesos_oneof_taken(message, field))
    return mesos_wrong(r, &t, "only one of the members that exclude each other", &frame);
  void *to = k8smi_field_add(r->arena, message, field, 1);
  return to == NULL ? mesos_no_memory(r) : mesos_store(r, &t, to, &frame);
}

/* Behind its opening brace. */
static int mesos_read_message(const struct mesos_reader *r, ProtobufCMessage *message,
                              const struct k8smi_frame *frame) {
  struct k8smi_token t;
  k8smi_field_set seen = 0;
  for (;;) {
    int result = mesos_next(r, &t);
    if (result != K8SM_OK) return result;
    if (t.kind == K8SMI_TOKEN_OBJECT_END)
      return k8smi_fields_check(message->descriptor, seen, frame, r->diags);
    result = mesos_read_member(r, t.text, message, &seen, frame);
    if (result != K8SM_OK) return result;
  }
}

/* One document, and nothing behind it. */
static int mesos_read_document(const struct mesos_reader *r, ProtobufCMessage *message) {
  struct k8smi_token t;
  int result = mesos_next(r, &t);
  if (result != K8SM_OK) return result;
  if (t.kind != K8SMI_TOKEN_OBJECT) return mesos_wrong(r, &t, "an object, a Mesos message", NULL);
  result = mesos_read_message(r, message, NULL);
  if (result != K8SM_OK) return result;
  result = mesos_next(r, &t);
  if (result == K8SM_OK) result = k8smi_tokens_next_document(r->tokens, r->diags);
  if (result == K8SM_ERR_NOT_FOUND) return K8SM_OK;
  if (result == K8SM_OK) {
    struct k8smi_where where = k8smi_tokens_where(r->tokens, &t);
    k8smi_find_at(r->diags, K8SM_DIAG_JSON_SYNTAX, &where, NULL, "more text behind the message");
    result = K8SM_ERR_SYNTAX;
  }
  return result;
}

int k8smi_message_decode_json(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                              const void *bytes, size_t len, ProtobufCMessage **ret,
                              struct k8sm_diags *diags) {
  struct mesos_reader r = {arena, diags, NULL, k8smi_message_mends(type)};
  struct k8sm_slice json = {bytes, len};
  if (r.mends && k8smi_utf8_valid(bytes, len) != len) json = k8smi_utf8_replace(arena, json);
  if (json.ptr == NULL && len > 0) return mesos_no_memory(&r);
  int result = k8smi_tokens_json(arena, json.ptr, json.len, NULL, &r.tokens, diags);
  if (result != K8SM_OK) return result;
  ProtobufCMessage *message = k8smi_message_new(arena, type);
  result = message == NULL ? mesos_no_memory(&r) : mesos_read_document(&r, message);
  k8smi_tokens_free(r.tokens);
  if (result == K8SM_OK) *ret = message;
  return result;
}
