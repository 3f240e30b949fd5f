/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RANDOM_MESSAGE_H
#define TESTS_SUPPORT_RANDOM_MESSAGE_H

/* Messages of any type with random contents, for comparing one implementation with another. */

#include "wire/mesos.h"

#include <stdlib.h>
#include <string.h>

struct random_source {
  uint64_t state;
};

static inline uint64_t random_next(struct random_source *r) {
  r->state ^= r->state << 13;
  r->state ^= r->state >> 7;
  r->state ^= r->state << 17;
  return r->state;
}

static inline uint64_t random_below(struct random_source *r, uint64_t n) {
  return (random_next(r) >> 11) % n;
}

/* Numbers of every length. */
static inline uint64_t random_number(struct random_source *r) {
  return random_next(r) >> random_below(r, 64);
}

static inline void *random_memory(struct k8smi_arena *arena, size_t n) {
  void *p = k8smi_arena_zalloc(arena, n);
  if (p == NULL) abort();
  return p;
}

static inline char *random_text(struct k8smi_arena *arena, struct random_source *r) {
  static const char *const pieces[] = {
      "a",         "Z", "0", "\"", "\\", "\n", "\x01", "/", "\xc3\xa9", "\xe2\x80\xa8", "\xf0\x9f\x98\x80",
      "plain text"};
  char *text = random_memory(arena, 400);
  for (uint64_t n = random_below(r, random_below(r, 8) == 0 ? 30 : 6); n > 0; n--) {
    strcat(text, pieces[random_below(r, sizeof pieces / sizeof pieces[0])]);
  }
  return text;
}

static inline ProtobufCBinaryData random_bytes(struct k8smi_arena *arena, struct random_source *r) {
  ProtobufCBinaryData data = {random_below(r, 20), NULL};
  data.data = random_memory(arena, data.len);
  for (size_t i = 0; i < data.len; i++) data.data[i] = (uint8_t)random_next(r);
  return data;
}

/* Of a map: its keys are there, and differ. */
static inline bool random_is_entry(const ProtobufCMessageDescriptor *type) {
  size_t len = strlen(type->short_name);
  return len >= 5 && strcmp(type->short_name + len - 5, "Entry") == 0;
}

static inline char *random_key(struct k8smi_arena *arena, struct random_source *r) {
  char *key = random_memory(arena, 17);
  for (int i = 0; i < 16; i++) key[i] = (char)('a' + random_below(r, 26));
  return key;
}

static inline double random_double(struct random_source *r) {
  uint64_t bits = random_next(r);
  double d;
  switch (random_below(r, 8)) {
  case 0: bits = UINT64_C(0x7ff) << 52; break;
  case 1: bits = UINT64_C(0xfff) << 52; break;
  case 2: bits = 0; break;
  case 3: return (double)random_below(r, 1000000) / 1000.0;
  case 4: return (double)random_below(r, 100);
  default:
    if ((bits >> 52 & 0x7ff) == 0x7ff) bits = UINT64_C(0x7ff8) << 48; /* the one NaN that has a name */
  }
  memcpy(&d, &bits, sizeof d);
  return d;
}

static inline ProtobufCMessage *random_message(struct k8smi_arena *arena,
                                               const ProtobufCMessageDescriptor *type,
                                               struct random_source *r, unsigned depth);

static inline void random_value(struct k8smi_arena *arena, const ProtobufCFieldDescriptor *field, void *to,
                                struct random_source *r, unsigned depth) {
  const ProtobufCEnumDescriptor *values = field->descriptor;
  uint64_t n = random_number(r);
  uint32_t low = (uint32_t)n;
  switch (field->type) {
  case PROTOBUF_C_TYPE_STRING: *(char **)to = random_text(arena, r); break;
  case PROTOBUF_C_TYPE_BYTES: *(ProtobufCBinaryData *)to = random_bytes(arena, r); break;
  case PROTOBUF_C_TYPE_MESSAGE:
    *(ProtobufCMessage **)to = random_message(arena, field->descriptor, r, depth + 1);
    break;
  case PROTOBUF_C_TYPE_BOOL: *(protobuf_c_boolean *)to = n & 1; break;
  case PROTOBUF_C_TYPE_ENUM: *(int *)to = values->values[random_below(r, values->n_values)].value; break;
  case PROTOBUF_C_TYPE_DOUBLE: *(double *)to = random_double(r); break;
  case PROTOBUF_C_TYPE_FLOAT: *(float *)to = (float)random_below(r, 1000) / 4.0f; break;
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64: memcpy(to, &n, sizeof n); break;
  default: memcpy(to, &low, sizeof low);
  }
}

static inline size_t random_value_size(ProtobufCType type) {
  switch (type) {
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
  case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
  case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
  case PROTOBUF_C_TYPE_DOUBLE:
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64: return 8;
  default: return 4;
  }
}

static inline void random_field(struct k8smi_arena *arena, ProtobufCMessage *message,
                                const ProtobufCFieldDescriptor *field, struct random_source *r,
                                unsigned depth) {
  char *member = (char *)message + field->offset, *quantifier = (char *)message + field->quantifier_offset;
  bool oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
  if (field->label != PROTOBUF_C_LABEL_REQUIRED && random_below(r, 2 + depth / 2) != 0) return;
  if (oneof && *(uint32_t *)(void *)quantifier != 0) return;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    size_t n = random_below(r, 4), size = random_value_size(field->type);
    char *items = random_memory(arena, n * size);
    for (size_t i = 0; i < n; i++) random_value(arena, field, items + i * size, r, depth);
    memcpy(quantifier, &n, sizeof n);
    memcpy(member, &items, sizeof items);
    return;
  }
  random_value(arena, field, member, r, depth);
  if (oneof) {
    *(uint32_t *)(void *)quantifier = field->id;
  } else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING &&
             field->type != PROTOBUF_C_TYPE_MESSAGE) {
    *(protobuf_c_boolean *)(void *)quantifier = 1;
  }
}

static inline ProtobufCMessage *random_message(struct k8smi_arena *arena,
                                               const ProtobufCMessageDescriptor *type,
                                               struct random_source *r, unsigned depth) {
  ProtobufCMessage *message = random_memory(arena, type->sizeof_message);
  type->message_init(message);
  for (unsigned i = 0; i < type->n_fields; i++) random_field(arena, message, &type->fields[i], r, depth);
  if (random_is_entry(type))
    *(char **)(void *)((char *)message + type->fields[0].offset) = random_key(arena, r);
  return message;
}

#endif
