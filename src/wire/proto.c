/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"
#include "wire/protobuf.h"
#include "wire/utf8.h"

/* Protobuf bytes → a message in memory.
 * What a field's number does not promise (another wire type, a number that is not in the schema) is kept
 * as an unknown field, as every implementation of protobuf does. */

/* What is known of a field's messages: what they require, and the last one that was read. The next one often
 * has the same bytes. */
struct proto_memo {
  const ProtobufCFieldDescriptor *field;
  k8smi_field_set required;
  const uint8_t *bytes;
  size_t len;
  ProtobufCMessage *message;
};

enum {
  PROTO_SLOTS = 128,    /* of what is remembered: a field has its own, or one with few others */
  PROTO_MEMO_MAX = 128, /* bytes of a message */
  PROTO_MEMO_DEPTH = K8SMI_MESSAGE_MAX_DEPTH / 2
};

struct proto_reader {
  struct k8smi_arena *arena;
  struct k8sm_diags *diags;
  const uint8_t *begin;
  struct proto_memo *memo; /* PROTO_SLOTS; NULL: every message is read for itself */
  int result;              /* of who returned NULL */
  bool mends;              /* texts that are none are made some */
};

/* Descriptors lie in one place, at distances that do not change from run to run. */
static size_t proto_slot(const ProtobufCFieldDescriptor *field) {
  uintptr_t distance = (uintptr_t)field - (uintptr_t)&k8sm_mesos__event__descriptor;
  return (uint32_t)(distance >> 6) * UINT32_C(2654435761) >> 25;
}

static int proto_read_message(struct proto_reader *r, const uint8_t *p, const uint8_t *end,
                              ProtobufCMessage *message, k8smi_field_set expected,
                              const struct k8smi_frame *frame);

static int proto_broken(const struct proto_reader *r, const uint8_t *at, const char *what,
                        const struct k8smi_frame *frame) {
  struct k8smi_frame_path path;
  k8smi_find(r->diags, K8SM_DIAG_PROTOBUF_SYNTAX, k8smi_frame_path(frame, &path), "%s, at byte %zu", what,
             (size_t)(at - r->begin));
  return K8SM_ERR_SYNTAX;
}

static int proto_no_memory(const struct proto_reader *r) {
  return k8smi_find_nomem(r->diags, k8smi_arena_error(r->arena));
}

/* How many fields of bytes follow one another from `begin` on that have its tag, which is `tag` bytes long.
 * One that is broken ends them. */
static size_t proto_count_run(const uint8_t *begin, size_t tag, const uint8_t *end) {
  size_t run = 0;
  for (const uint8_t *p = begin;
       (size_t)(end - p) > tag && k8smi_same((const char *)p, (const char *)begin, tag); run++) {
    uint64_t n;
    p = k8smi_proto_varint(p + tag, end, &n);
    if (p == NULL || n > (uint64_t)(end - p)) break;
    p += n;
  }
  return run;
}

static int64_t proto_zigzag(uint64_t n) {
  return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

static void proto_store_number(void *to, ProtobufCType type, uint64_t n) {
  switch (type) {
  case PROTOBUF_C_TYPE_SINT32:
  case PROTOBUF_C_TYPE_SINT64: n = (uint64_t)proto_zigzag(n); break;
  case PROTOBUF_C_TYPE_BOOL: n = n != 0; break;
  default: break;
  }
  if (k8smi_field_sizes[type] == 8) {
    memcpy(to, &n, 8);
  } else {
    uint32_t low = (uint32_t)n; /* a negative int32 is ten bytes on the wire: the upper half says nothing */
    memcpy(to, &low, 4);
  }
}

/* False: it is no text, or there is no memory. */
static bool proto_store_text(struct k8smi_arena *arena, const uint8_t *bytes, size_t len, void *to) {
  char *text = k8smi_arena_bytes(arena, len + 1);
  if (text == NULL || !k8smi_text_copy(text, (const char *)bytes, len)) return false;
  text[len] = '\0';
  memcpy(to, &text, sizeof text);
  return true;
}

/* One that could not be stored as it is. */
static int proto_store_odd_text(const struct proto_reader *r, const ProtobufCFieldDescriptor *field,
                                const uint8_t *bytes, size_t len, void *to, const struct k8smi_frame *parent,
                                size_t index) {
  if (r->mends) {
    const char *text = k8smi_text_replace(r->arena, (struct k8sm_slice){(const char *)bytes, len}).ptr;
    if (text == NULL) return proto_no_memory(r);
    memcpy(to, &text, sizeof text);
    return K8SM_OK;
  }
  const struct k8smi_frame frame = k8smi_frame_in(parent, field, index);
  int result = k8smi_field_check_text(bytes, len, &frame, r->diags);
  return result != K8SM_OK ? result : proto_no_memory(r);
}

static int proto_store_bytes(const struct proto_reader *r, const uint8_t *bytes, size_t len, void *to) {
  ProtobufCBinaryData data = {len, k8smi_arena_alloc(r->arena, len + 1)};
  if (data.data == NULL) return proto_no_memory(r);
  memcpy(data.data, bytes, len);
  data.data[len] = 0;
  memcpy(to, &data, sizeof data);
  return K8SM_OK;
}

static k8smi_field_set proto_required(const ProtobufCMessageDescriptor *type) {
  k8smi_field_set required = 0;
  for (unsigned i = 0; i < type->n_fields; i++) {
    if (type->fields[i].label == PROTOBUF_C_LABEL_REQUIRED)
      required |= k8smi_field_bit(type, &type->fields[i]);
  }
  return required;
}

static struct proto_memo *proto_memo_of(const struct proto_reader *r, const ProtobufCFieldDescriptor *field) {
  struct proto_memo *memo = &r->memo[proto_slot(field)];
  if (memo->field != field)
    *memo = (struct proto_memo){.field = field, .required = proto_required(field->descriptor)};
  return memo;
}

static bool proto_is_same(const struct proto_memo *memo, const uint8_t *bytes, size_t len) {
  return memo->message != NULL && memo->len == len &&
         k8smi_same((const char *)memo->bytes, (const char *)bytes, len);
}

/* The same, where something is remembered of former messages. */
static int proto_store_shared(struct proto_reader *r, const uint8_t *bytes, size_t len, void *to,
                              const struct k8smi_frame *frame) {
  ProtobufCMessage *message;
  struct proto_memo *memo = proto_memo_of(r, frame->field);
  const k8smi_field_set required = memo->required;
  memcpy(&message, to, sizeof message);
  const bool merged = message != NULL;
  const bool shared = !merged && len <= PROTO_MEMO_MAX && frame->depth <= PROTO_MEMO_DEPTH;
  if (shared && proto_is_same(memo, bytes, len)) {
    memcpy(to, &memo->message, sizeof memo->message);
    return K8SM_OK;
  }
  message = merged ? k8smi_message_copy(r->arena, message) /* it may not be ours alone */
                   : k8smi_message_new(r->arena, frame->field->descriptor);
  if (message == NULL) return proto_no_memory(r);
  memcpy(to, &message, sizeof message);
  int result = proto_read_message(r, bytes, bytes + len, message, merged ? 0 : required, frame);
  if (shared && result == K8SM_OK) *memo = (struct proto_memo){frame->field, required, bytes, len, message};
  return result;
}

/* A message that comes twice where one is allowed is read into the same place: both together are it. */
static inline int proto_store_message(struct proto_reader *r, const ProtobufCFieldDescriptor *field,
                                      const uint8_t *bytes, size_t len, void *to,
                                      const struct k8smi_frame *parent, size_t index) {
  ProtobufCMessage *message;
  const struct k8smi_frame frame = k8smi_frame_in(parent, field, index);
  if (frame.depth >= K8SMI_MESSAGE_MAX_DEPTH) return k8smi_find_too_deep(&frame, r->diags);
  if (r->memo != NULL) return proto_store_shared(r, bytes, len, to, &frame);
  memcpy(&message, to, sizeof message);
  if (message != NULL) return proto_read_message(r, bytes, bytes + len, message, 0, &frame);
  message = k8smi_message_new(r->arena, field->descriptor);
  if (message == NULL) return proto_no_memory(r);
  memcpy(to, &message, sizeof message);
  return proto_read_message(r, bytes, bytes + len, message, k8smi_fields_all(field->descriptor), &frame);
}

static const uint8_t *proto_fail(struct proto_reader *r, int result) {
  r->result = result;
  return NULL;
}

/* Elements of a repeated field that follow one another: room for all of them is made with the first. */
struct proto_run {
  char *to;     /* where the next one goes; NULL when there is none */
  size_t left;  /* of them */
  size_t count; /* of all elements, with those that are left */
};

/* The run that begins at `begin`, with a tag up to `value`; numbers come one by one. */
static struct proto_run proto_begin_run(struct proto_reader *r, const ProtobufCFieldDescriptor *field,
                                        const uint8_t *begin, const uint8_t *value, const uint8_t *end,
                                        ProtobufCMessage *message) {
  struct proto_run run = {.left = 1};
  if (k8smi_field_wires[field->type] == K8SMI_PROTO_BYTES)
    run.left = proto_count_run(begin, (size_t)(value - begin), end);
  if (run.left == 0) return run;
  run.to = k8smi_field_extend(r->arena, message, field, run.left);
  if (run.to == NULL) r->result = proto_no_memory(r);
  memcpy(&run.count, (const char *)message + field->quantifier_offset, sizeof run.count);
  return run;
}

/* The index of the element whose place was the last; of no meaning when there is no run. */
static inline size_t proto_run_index(const struct proto_run *run) {
  return run->count - run->left - 1;
}
static inline char *proto_next_of(struct proto_run *run, const ProtobufCFieldDescriptor *field) {
  char *to = run->to;
  if (to != NULL) run->left--, run->to += k8smi_field_size(field);
  return to;
}

/* A value behind its tag, which says how it is written. The place behind it; NULL: it is broken, or r->result
 * says what else. */
static inline const uint8_t *proto_read_value(struct proto_reader *r, const ProtobufCFieldDescriptor *field,
                                              unsigned wire, const uint8_t *p, const uint8_t *end, void *to,
                                              const struct k8smi_frame *parent, const struct proto_run *run) {
  uint64_t n;
  int result;
  const ProtobufCType type = field->type;
  if (wire != K8SMI_PROTO_BYTES) {
    p = wire == K8SMI_PROTO_VARINT ? k8smi_proto_varint(p, end, &n)
                                   : k8smi_proto_fixed(p, end, k8smi_field_size(field), &n);
    if (p != NULL) proto_store_number(to, type, n);
    return p;
  }
  p = k8smi_proto_varint(p, end, &n);
  if (p == NULL || n > (uint64_t)(end - p)) return NULL;
  if (type == PROTOBUF_C_TYPE_STRING) {
    if (proto_store_text(r->arena, p, (size_t)n, to)) return p + n;
    result = proto_store_odd_text(r, field, p, (size_t)n, to, parent, proto_run_index(run));
  } else if (type == PROTOBUF_C_TYPE_MESSAGE) {
    result = proto_store_message(r, field, p, (size_t)n, to, parent, proto_run_index(run));
  } else {
    result = proto_store_bytes(r, p, (size_t)n, to);
  }
  return result == K8SM_OK ? p + n : proto_fail(r, result);
}

/* Many numbers in one field of bytes; a reader takes them whether the schema says "packed" or not. */
static int proto_store_packed(const struct proto_reader *r, struct k8smi_proto_item item,
                              ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                              const struct k8smi_frame *parent) {
  uint8_t wire = k8smi_field_wires[field->type];
  size_t size = wire == K8SMI_PROTO_FIXED64 ? 8 : 4, n = (size_t)(item.end - item.bytes) / size;
  if (wire == K8SMI_PROTO_VARINT) n = 0;
  for (const uint8_t *p = item.bytes; wire == K8SMI_PROTO_VARINT && p < item.end; p++) n += *p < 0x80;
  char *to = n == 0 ? NULL : k8smi_field_extend(r->arena, message, field, n);
  if (n > 0 && to == NULL) return proto_no_memory(r);
  for (const uint8_t *p = item.bytes, *next; p < item.end; p = next, to += k8smi_field_size(field)) {
    uint64_t number;
    next = wire == K8SMI_PROTO_VARINT ? k8smi_proto_varint(p, item.end, &number)
                                      : k8smi_proto_fixed(p, item.end, size, &number);
    if (next == NULL) return proto_broken(r, p, "a packed number is broken", parent);
    proto_store_number(to, field->type, number);
  }
  return K8SM_OK;
}

static int proto_keep(const struct proto_reader *r, struct k8smi_proto_item item, ProtobufCMessage *message) {
  ProtobufCMessageUnknownField unknown = {item.id, (ProtobufCWireType)item.wire,
                                          (size_t)(item.end - item.value), NULL};
  unknown.data = k8smi_arena_alloc(r->arena, unknown.len);
  if (unknown.data == NULL) return proto_no_memory(r);
  memcpy(unknown.data, item.value, unknown.len);
  return k8smi_unknown_add(r->arena, message, unknown) ? K8SM_OK : proto_no_memory(r);
}

/* What is not as the schema says, or can't be read. The place behind it, or NULL with r->result. */
static const uint8_t *proto_read_odd(struct proto_reader *r, const uint8_t *p, const uint8_t *end,
                                     ProtobufCMessage *message, const struct k8smi_frame *frame) {
  struct k8smi_proto_item item;
  const char *wrong = k8smi_proto_next(p, end, &item);
  if (wrong != NULL) return proto_fail(r, proto_broken(r, p, wrong, frame));
  const ProtobufCFieldDescriptor *field = k8smi_field_by_id(message->descriptor, item.id);
  bool packed = field != NULL && item.wire == K8SMI_PROTO_BYTES &&
                k8smi_field_wires[field->type] != K8SMI_PROTO_BYTES &&
                field->label == PROTOBUF_C_LABEL_REPEATED;
  int result = packed ? proto_store_packed(r, item, message, field, frame) : proto_keep(r, item, message);
  return result == K8SM_OK ? item.end : proto_fail(r, result);
}

/* The field with this number, *at in the schema, or NULL: in most messages they run on from 1. (A message
 * without fields has no array of them.) */
static inline const ProtobufCFieldDescriptor *proto_find(const ProtobufCMessageDescriptor *type, uint64_t id,
                                                         size_t *at) {
  *at = (size_t)(id - 1);
  if (id - 1 < type->n_fields && type->fields[*at].id == id) return &type->fields[*at];
  const ProtobufCFieldDescriptor *field = id <= UINT32_MAX ? k8smi_field_by_id(type, (uint32_t)id) : NULL;
  *at = field == NULL ? 0 : (size_t)(field - type->fields);
  return field;
}

/* `expected`: fields that may be required. */
static int proto_read_message(struct proto_reader *r, const uint8_t *p, const uint8_t *end,
                              ProtobufCMessage *message, k8smi_field_set expected,
                              const struct k8smi_frame *frame) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  struct proto_run run = {NULL, 0, 0};
  while (p < end) {
    const uint8_t *const begin = p;
    uint64_t tag = 0;
    size_t at;
    p = k8smi_proto_varint(p, end, &tag);
    const ProtobufCFieldDescriptor *field = proto_find(type, tag >> 3, &at);
    char *to = NULL;
    if (field == NULL || k8smi_field_wires[field->type] != (tag & 7)) {
      /* p becomes NULL: an odd one */
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      if (run.left == 0) run = proto_begin_run(r, field, begin, p, end, message);
      to = proto_next_of(&run, field);
    } else {
      to = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ? k8smi_field_set_one(message, field)
                                                             : k8smi_field_add(r->arena, message, field, 1);
      expected &= ~((k8smi_field_set)1 << (at & 63));
    }
    p = to == NULL ? NULL : proto_read_value(r, field, tag & 7, p, end, to, frame, &run);
    if (p == NULL && r->result == K8SM_OK) p = proto_read_odd(r, begin, end, message, frame);
    if (p == NULL) return r->result;
  }
  for (; expected != 0; expected &= expected - 1) {
    if (type->fields[__builtin_ctzll(expected)].label == PROTOBUF_C_LABEL_REQUIRED)
      return k8smi_fields_check(type, ~expected, frame, r->diags);
  }
  return K8SM_OK;
}

static int proto_decode(struct proto_reader *r, const ProtobufCMessageDescriptor *type, size_t len,
                        ProtobufCMessage **ret) {
  ProtobufCMessage *message = k8smi_message_new(r->arena, type);
  if (message == NULL) return proto_no_memory(r);
  int result = proto_read_message(r, r->begin, r->begin + len, message, k8smi_fields_all(type), NULL);
  if (result == K8SM_OK) *ret = message;
  return result;
}

static const uint8_t proto_nothing[1];

int k8smi_message_decode(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type, const void *bytes,
                         size_t len, ProtobufCMessage **ret, struct k8sm_diags *diags) {
  struct proto_reader r = {.arena = arena,
                           .diags = diags,
                           .begin = len == 0 ? proto_nothing : bytes,
                           .mends = k8smi_message_mends(type)};
  return proto_decode(&r, type, len, ret);
}

/* Takes the memory that an event mostly needs in one go: so a C library keeps it for the next one, where it
 * would give many smaller pieces back to the system each time. */
static void proto_expect(struct k8smi_arena *arena, size_t len) {
  enum { PROTO_EXPECTED = 5 /* times the bytes */, PROTO_LONG = 4096 };
  size_t room = arena->limit == 0 ? SIZE_MAX : arena->limit - arena->total;
  if (len >= PROTO_LONG && len <= room / (2 * PROTO_EXPECTED))
    (void)k8smi_arena_reserve(arena, PROTO_EXPECTED * len);
}

int k8smi_message_decode_shared(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                                const void *bytes, size_t len, ProtobufCMessage **ret,
                                struct k8sm_diags *diags) {
  enum { PROTO_SHORT = 1024 }; /* bytes, in which nothing comes twice: not worth the table */
  if (len < PROTO_SHORT) {
    const bool event = type == &k8sm_mesos__event__descriptor && len > 0;
    ProtobufCMessage *update = event ? k8smi_proto_update(arena, bytes, len) : NULL;
    if (update == NULL) return k8smi_message_decode(arena, type, bytes, len, ret, diags);
    *ret = update;
    return K8SM_OK;
  }
  struct proto_memo memo[PROTO_SLOTS] = {{.field = NULL}};
  struct proto_reader r = {
      .arena = arena, .diags = diags, .begin = bytes, .memo = memo, .mends = k8smi_message_mends(type)};
  proto_expect(arena, len);
  return proto_decode(&r, type, len, ret);
}
