/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_FIELD_H
#define K8SMI_WIRE_FIELD_H

/* The fields of a message in memory, by protobuf-c's descriptors: what the readers and writers of both
 * formats share. Private to src/wire. */

#include <assert.h>

#include "wire/mesos.h"

/* Bytes of one value of the type in a message's struct. */
extern const uint8_t k8smi_field_sizes[];
static inline size_t k8smi_field_size(const ProtobufCFieldDescriptor *field) {
  return k8smi_field_sizes[field->type];
}

/* How a value of the type is written in protobuf when it is not packed: enum k8smi_proto_wire. */
extern const uint8_t k8smi_field_wires[];

/* NULL: no such field. */
const ProtobufCFieldDescriptor *k8smi_field_by_id(const ProtobufCMessageDescriptor *type, uint32_t id);
const ProtobufCFieldDescriptor *k8smi_field_by_name(const ProtobufCMessageDescriptor *type,
                                                    struct k8sm_slice name);

/* A map: on the wire a repeated message with a key and a value, in JSON an object. Keys are strings. */
bool k8smi_field_is_map(const ProtobufCFieldDescriptor *field);
enum { K8SMI_MAP_KEY = 0, K8SMI_MAP_VALUE = 1 }; /* the fields of an entry */

static inline const void *k8smi_field_at(const ProtobufCMessage *message,
                                         const ProtobufCFieldDescriptor *field) {
  return (const char *)message + field->offset;
}

/* True if the field has no value. Inline, since most fields of most messages have none. protobuf-c leaves the
 * quantifier's offset 0 where presence shows in the pointer, or goes without saying. */
static inline bool k8smi_field_is_absent(const ProtobufCMessage *message,
                                         const ProtobufCFieldDescriptor *field) {
  if (field->quantifier_offset == 0) {
    const void *value;
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) return false;
    memcpy(&value, k8smi_field_at(message, field), sizeof value);
    return value == NULL || (value == field->default_value && field->label != PROTOBUF_C_LABEL_REQUIRED);
  }
  const char *quantifier = (const char *)message + field->quantifier_offset;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    size_t n;
    memcpy(&n, quantifier, sizeof n);
    return n == 0;
  }
  uint32_t word; /* which one of a oneof it is, or whether there is a value */
  static_assert(sizeof word == sizeof(protobuf_c_boolean), "the size of has_…");
  memcpy(&word, quantifier, sizeof word);
  return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 ? word != field->id : word == 0;
}

/* How many values the field holds: 0 or 1, or more if it is repeated; *ret is the first of them. */
static inline size_t k8smi_field_values(const ProtobufCMessage *message,
                                        const ProtobufCFieldDescriptor *field, const void **ret) {
  size_t n;
  if (k8smi_field_is_absent(message, field)) return 0;
  *ret = k8smi_field_at(message, field);
  if (field->label != PROTOBUF_C_LABEL_REPEATED) return 1;
  memcpy(&n, (const char *)message + field->quantifier_offset, sizeof n);
  memcpy(ret, *ret, sizeof *ret);
  return n;
}

/* Makes a field present and returns where its value goes; for a repeated one the place of another element.
 * `ahead`: how many elements come in all, as far as that is known. Only for messages that were made by
 * k8smi_message_new and filled by this function alone. NULL when memory ran out. */
void *k8smi_field_add(struct k8smi_arena *arena, ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field, size_t ahead);
/* The same for n elements of a repeated field at once; the place of the first one. */
void *k8smi_field_extend(struct k8smi_arena *arena, ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field, size_t n);
/* The same for a field that is neither repeated nor of a oneof. */
static inline void *k8smi_field_set_one(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  const protobuf_c_boolean has = 1;
  if (field->quantifier_offset != 0) memcpy((char *)message + field->quantifier_offset, &has, sizeof has);
  return (char *)message + field->offset;
}

/* One more unknown field; the data is not copied. False when memory ran out. */
bool k8smi_unknown_add(struct k8smi_arena *arena, ProtobufCMessage *message,
                       ProtobufCMessageUnknownField unknown);

/* Where a reader is: on the stack, from the leaf to the root, as a path is, and turned into one when
 * there is something to report. */
struct k8smi_frame {
  const struct k8smi_frame *parent;
  const ProtobufCFieldDescriptor *field;
  size_t index; /* of the element, if the field is repeated; SIZE_MAX: all of it is meant */
  unsigned depth;
};
struct k8smi_frame_path {
  struct k8smi_path nodes[2 * (K8SMI_MESSAGE_MAX_DEPTH + 2)];
};
/* NULL for a NULL frame: the message itself. */
const struct k8smi_path *k8smi_frame_path(const struct k8smi_frame *frame, struct k8smi_frame_path *ret);
static inline struct k8smi_frame k8smi_frame_in(const struct k8smi_frame *parent,
                                                const ProtobufCFieldDescriptor *field, size_t index) {
  return (struct k8smi_frame){parent, field, index, parent == NULL ? 1 : parent->depth + 1};
}

/* proto_update.c: an UPDATE as the Event that k8smi_message_decode would give, in most cases. NULL, and
 * nothing was taken from the arena: it is no UPDATE, or one that has to be read field by field; or memory ran
 * out. */
ProtobufCMessage *k8smi_proto_update(struct k8smi_arena *arena, const void *bytes, size_t len);

/* Fields that a reader has met, by their position in the descriptor; no message of Mesos has 64 or more. */
typedef uint64_t k8smi_field_set;
static inline k8smi_field_set k8smi_field_bit(const ProtobufCMessageDescriptor *type,
                                              const ProtobufCFieldDescriptor *field) {
  return UINT64_C(1) << ((size_t)(field - type->fields) & 63);
}
static inline k8smi_field_set k8smi_fields_all(const ProtobufCMessageDescriptor *type) {
  return ((k8smi_field_set)1 << (type->n_fields & 63)) - 1;
}
/* Reports each required field that is not in the set. Errors: INVALID. */
int k8smi_fields_check(const ProtobufCMessageDescriptor *type, k8smi_field_set seen,
                       const struct k8smi_frame *frame, struct k8sm_diags *diags);

/* What every reader has to do with text: UTF-8 and no NUL, or a finding and SYNTAX. */
/* Are the texts of a message of this type, as a whole, made good? See mesos.h. */
bool k8smi_message_mends(const ProtobufCMessageDescriptor *type);
int k8smi_field_check_text(const void *bytes, size_t len, const struct k8smi_frame *frame,
                           struct k8sm_diags *diags);

int k8smi_find_too_deep(const struct k8smi_frame *frame, struct k8sm_diags *diags);

#endif
