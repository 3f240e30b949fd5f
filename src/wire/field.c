/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"

#include "wire/protobuf.h"
#include "wire/utf8.h"

const uint8_t k8smi_field_sizes[] = {
    [PROTOBUF_C_TYPE_INT32] = 4,
    [PROTOBUF_C_TYPE_SINT32] = 4,
    [PROTOBUF_C_TYPE_SFIXED32] = 4,
    [PROTOBUF_C_TYPE_INT64] = 8,
    [PROTOBUF_C_TYPE_SINT64] = 8,
    [PROTOBUF_C_TYPE_SFIXED64] = 8,
    [PROTOBUF_C_TYPE_UINT32] = 4,
    [PROTOBUF_C_TYPE_FIXED32] = 4,
    [PROTOBUF_C_TYPE_UINT64] = 8,
    [PROTOBUF_C_TYPE_FIXED64] = 8,
    [PROTOBUF_C_TYPE_FLOAT] = 4,
    [PROTOBUF_C_TYPE_DOUBLE] = 8,
    [PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
    [PROTOBUF_C_TYPE_ENUM] = sizeof(int),
    [PROTOBUF_C_TYPE_STRING] = sizeof(char *),
    [PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
    [PROTOBUF_C_TYPE_MESSAGE] = sizeof(ProtobufCMessage *),
};

const uint8_t k8smi_field_wires[] = {
    [PROTOBUF_C_TYPE_INT32] = K8SMI_PROTO_VARINT,     [PROTOBUF_C_TYPE_SINT32] = K8SMI_PROTO_VARINT,
    [PROTOBUF_C_TYPE_SFIXED32] = K8SMI_PROTO_FIXED32, [PROTOBUF_C_TYPE_INT64] = K8SMI_PROTO_VARINT,
    [PROTOBUF_C_TYPE_SINT64] = K8SMI_PROTO_VARINT,    [PROTOBUF_C_TYPE_SFIXED64] = K8SMI_PROTO_FIXED64,
    [PROTOBUF_C_TYPE_UINT32] = K8SMI_PROTO_VARINT,    [PROTOBUF_C_TYPE_FIXED32] = K8SMI_PROTO_FIXED32,
    [PROTOBUF_C_TYPE_UINT64] = K8SMI_PROTO_VARINT,    [PROTOBUF_C_TYPE_FIXED64] = K8SMI_PROTO_FIXED64,
    [PROTOBUF_C_TYPE_FLOAT] = K8SMI_PROTO_FIXED32,    [PROTOBUF_C_TYPE_DOUBLE] = K8SMI_PROTO_FIXED64,
    [PROTOBUF_C_TYPE_BOOL] = K8SMI_PROTO_VARINT,      [PROTOBUF_C_TYPE_ENUM] = K8SMI_PROTO_VARINT,
    [PROTOBUF_C_TYPE_STRING] = K8SMI_PROTO_BYTES,     [PROTOBUF_C_TYPE_BYTES] = K8SMI_PROTO_BYTES,
    [PROTOBUF_C_TYPE_MESSAGE] = K8SMI_PROTO_BYTES,
};

/* Numbers mostly run on from 1: a range is a run of them, the one behind the last says where it ends. */
const ProtobufCFieldDescriptor *k8smi_field_by_id(const ProtobufCMessageDescriptor *type, uint32_t id) {
  const ProtobufCIntRange *ranges = type->field_ranges;
  size_t low = 0, n = type->n_field_ranges;
  while (n > 1) { /* the last range that does not start behind id */
    size_t half = n / 2;
    if ((uint32_t)ranges[low + half].start_value <= id) low += half;
    n -= half;
  }
  if (n == 0 || id < (uint32_t)ranges[low].start_value) return NULL;
  uint32_t at = id - (uint32_t)ranges[low].start_value;
  return at < ranges[low + 1].orig_index - ranges[low].orig_index ? type->fields + ranges[low].orig_index + at
                                                                  : NULL;
}

const ProtobufCFieldDescriptor *k8smi_field_by_name(const ProtobufCMessageDescriptor *type,
                                                    struct k8sm_slice name) {
  size_t low = 0, high = type->n_fields;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const ProtobufCFieldDescriptor *field = &type->fields[type->fields_sorted_by_name[middle]];
    int c = k8smi_cmp(name, k8smi_s(field->name));
    if (c == 0) return field;
    if (c < 0) high = middle;
    if (c > 0) low = middle + 1;
  }
  return NULL;
}

/* protobuf-c does not tell; the compiler's name for the entries of a map does. */
bool k8smi_field_is_map(const ProtobufCFieldDescriptor *field) {
  static const char entry[] = "Entry";
  const ProtobufCMessageDescriptor *type = field->descriptor;
  if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE ||
      type->n_fields != 2) {
    return false;
  }
  size_t len = strlen(type->short_name);
  const ProtobufCFieldDescriptor *key = &type->fields[K8SMI_MAP_KEY];
  return len >= sizeof entry - 1 && strcmp(type->short_name + len - (sizeof entry - 1), entry) == 0 &&
         key->type == PROTOBUF_C_TYPE_STRING && strcmp(key->name, "key") == 0 &&
         strcmp(type->fields[K8SMI_MAP_VALUE].name, "value") == 0;
}

/* Room for `more` elements behind n of an array whose capacity stands in the eight bytes before it. Doubles
 * at least, so that elements in any order cost no more than their number. */
static void *field_array_room(struct k8smi_arena *arena, void *items, size_t n, size_t more, size_t want,
                              size_t size) {
  enum { FIELD_ARRAY_HEAD = 8 };
  uint64_t cap = 0;
  size_t bytes;
  if (items != NULL) memcpy(&cap, (const char *)items - FIELD_ARRAY_HEAD, sizeof cap);
  if (n + more <= cap) return items;
  cap = want > n + more ? want : n + more;
  if (cap < 2 * n) cap = 2 * n;
  if (!k8smi_mul((size_t)cap, size, &bytes) || !k8smi_add(bytes, FIELD_ARRAY_HEAD, &bytes)) return NULL;
  char *head = k8smi_arena_alloc(arena, bytes);
  if (head == NULL) return NULL;
  memcpy(head, &cap, sizeof cap);
  if (n > 0) memcpy(head + FIELD_ARRAY_HEAD, items, n * size);
  return head + FIELD_ARRAY_HEAD;
}

/* `more` elements; room is made for them, or for `ahead` in all. */
static void *field_append(struct k8smi_arena *arena, ProtobufCMessage *message,
                          const ProtobufCFieldDescriptor *field, size_t more, size_t ahead) {
  size_t n, size = k8smi_field_size(field);
  void *items;
  char *member = (char *)message + field->offset, *quantifier = (char *)message + field->quantifier_offset;
  memcpy(&n, quantifier, sizeof n);
  memcpy(&items, member, sizeof items);
  items = field_array_room(arena, items, n, more, ahead, size);
  if (items == NULL) return NULL;
  void *place = (char *)items + n * size;
  memset(place, 0, more * size);
  n += more;
  memcpy(member, &items, sizeof items);
  memcpy(quantifier, &n, sizeof n);
  return place;
}

void *k8smi_field_extend(struct k8smi_arena *arena, ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field, size_t n) {
  return field_append(arena, message, field, n, 0);
}

void *k8smi_field_add(struct k8smi_arena *arena, ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field, size_t ahead) {
  if (field->label == PROTOBUF_C_LABEL_REPEATED) return field_append(arena, message, field, 1, ahead);
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) return k8smi_field_set_one(message, field);
  char *member = (char *)message + field->offset, *quantifier = (char *)message + field->quantifier_offset;
  uint32_t chosen;
  memcpy(&chosen, quantifier, sizeof chosen);
  if (chosen != field->id) memset(member, 0, k8smi_field_size(field)); /* what another member left there */
  memcpy(quantifier, &field->id, sizeof field->id);
  return member;
}

bool k8smi_unknown_add(struct k8smi_arena *arena, ProtobufCMessage *message,
                       ProtobufCMessageUnknownField unknown) {
  size_t n = message->n_unknown_fields;
  ProtobufCMessageUnknownField *fields =
      field_array_room(arena, message->unknown_fields, n, 1, 1, sizeof *fields);
  if (fields == NULL || n == UINT32_MAX) return false;
  fields[n] = unknown;
  message->unknown_fields = fields;
  message->n_unknown_fields++;
  return true;
}

const struct k8smi_path *k8smi_frame_path(const struct k8smi_frame *frame, struct k8smi_frame_path *ret) {
  const struct k8smi_path *path = NULL;
  const size_t room = sizeof ret->nodes / sizeof ret->nodes[0];
  const struct k8smi_frame *frames[K8SMI_MESSAGE_MAX_DEPTH + 2];
  size_t depth = 0, used = 0;
  for (; frame != NULL && depth < sizeof frames / sizeof frames[0]; frame = frame->parent)
    frames[depth++] = frame;
  while (depth-- > 0) {
    const struct k8smi_frame *f = frames[depth];
    ret->nodes[used] = k8smi_path_field(path, k8smi_s(f->field->name));
    path = &ret->nodes[used++];
    if (f->field->label != PROTOBUF_C_LABEL_REPEATED || f->index == SIZE_MAX || used == room) continue;
    ret->nodes[used] = k8smi_path_index(path, f->index);
    path = &ret->nodes[used++];
  }
  return path;
}

static void field_report_missing(const ProtobufCMessageDescriptor *type,
                                 const ProtobufCFieldDescriptor *field, const struct k8smi_frame *frame,
                                 struct k8sm_diags *diags) {
  struct k8smi_frame_path path;
  struct k8smi_frame here = k8smi_frame_in(frame, field, 0);
  k8smi_find(diags, K8SM_DIAG_MESSAGE_FIELD_REQUIRED, k8smi_frame_path(&here, &path),
             "missing in the %s, which requires it", type->short_name);
}

int k8smi_fields_check(const ProtobufCMessageDescriptor *type, k8smi_field_set seen,
                       const struct k8smi_frame *frame, struct k8sm_diags *diags) {
  int result = K8SM_OK;
  const ProtobufCFieldDescriptor *field = type->fields;
  for (unsigned n = type->n_fields; n > 0; n--, field++) {
    if (field->label != PROTOBUF_C_LABEL_REQUIRED || (seen & k8smi_field_bit(type, field)) != 0) continue;
    field_report_missing(type, field, frame, diags);
    result = K8SM_ERR_INVALID;
  }
  return result;
}

bool k8smi_message_mends(const ProtobufCMessageDescriptor *type) {
  return type == &k8sm_mesos__event__descriptor || type == &k8sm_mesos__task_status__descriptor;
}

int k8smi_field_check_text(const void *bytes, size_t len, const struct k8smi_frame *frame,
                           struct k8sm_diags *diags) {
  struct k8smi_frame_path path;
  size_t valid = k8smi_text_valid(bytes, len);
  if (valid == len) return K8SM_OK;
  if (((const char *)bytes)[valid] == '\0') {
    k8smi_find(diags, K8SM_DIAG_NUL_BYTE, k8smi_frame_path(frame, &path), "a NUL at byte %zu of the text",
               valid);
  } else {
    k8smi_find(diags, K8SM_DIAG_NOT_UTF8, k8smi_frame_path(frame, &path),
               "not UTF-8 from byte %zu of the text on", valid);
  }
  return K8SM_ERR_SYNTAX;
}

int k8smi_find_too_deep(const struct k8smi_frame *frame, struct k8sm_diags *diags) {
  struct k8smi_frame_path path;
  k8smi_find(diags, K8SM_DIAG_TOO_DEEP, k8smi_frame_path(frame, &path), "nested deeper than %d messages",
             K8SMI_MESSAGE_MAX_DEPTH);
  return K8SM_ERR_LIMIT;
}
