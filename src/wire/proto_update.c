/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"
#include "wire/protobuf.h"
#include "wire/utf8.h"

/* UPDATE in protobuf, the event that comes most: read by a table of what masters say in it, without a look at
 * descriptors. Whatever is not as it mostly is (other fields, fields that come twice, texts that are none) is
 * left to the general way, which reads all there is and says what is wrong. */

enum proto_update_kind {
  PROTO_UPDATE_OTHER = 0, /* left to the general way */
  PROTO_UPDATE_NUMBER,    /* an enum or a bool */
  PROTO_UPDATE_DOUBLE,
  PROTO_UPDATE_TEXT,
  PROTO_UPDATE_BYTES,
  PROTO_UPDATE_MESSAGE,
  PROTO_UPDATE_GENERAL, /* a message that is read in the general way */
  PROTO_UPDATE_LIST     /* of messages, with one in it */
};
static const uint8_t proto_update_wires[] = {
    [PROTO_UPDATE_NUMBER] = K8SMI_PROTO_VARINT, [PROTO_UPDATE_DOUBLE] = K8SMI_PROTO_FIXED64,
    [PROTO_UPDATE_TEXT] = K8SMI_PROTO_BYTES,    [PROTO_UPDATE_BYTES] = K8SMI_PROTO_BYTES,
    [PROTO_UPDATE_MESSAGE] = K8SMI_PROTO_BYTES, [PROTO_UPDATE_GENERAL] = K8SMI_PROTO_BYTES,
    [PROTO_UPDATE_LIST] = K8SMI_PROTO_BYTES,
};

struct proto_update_type;

struct proto_update_field {
  uint8_t kind;      /* enum proto_update_kind */
  uint8_t is_bool;   /* of a NUMBER */
  uint16_t offset;   /* of the value */
  uint16_t presence; /* of has_…, or a list's n_…; 0: none */
  const struct proto_update_type *of;
};

enum {
  PROTO_UPDATE_FIELDS = 16, /* those beyond have tags of two bytes */
  PROTO_UPDATE_DEPTH = 8    /* of messages: containers are nested in others */
};

struct proto_update_type {
  const ProtobufCMessageDescriptor *descriptor;
  uint32_t required; /* fields, a bit for each number */
  struct proto_update_field fields[PROTO_UPDATE_FIELDS];
};

/* What stands in a row for a member of `Type`. */
#define PROTO_UPDATE_AT(Type, member) offsetof(K8smMesos__##Type, member)
#define PROTO_UPDATE_ENUM(Type, member)                                                                      \
  { PROTO_UPDATE_NUMBER, 0, PROTO_UPDATE_AT(Type, member), 0, NULL }
#define PROTO_UPDATE_MAYBE(Type, member)                                                                     \
  { PROTO_UPDATE_NUMBER, 0, PROTO_UPDATE_AT(Type, member), PROTO_UPDATE_AT(Type, has_##member), NULL }
#define PROTO_UPDATE_BOOL(Type, member)                                                                      \
  { PROTO_UPDATE_NUMBER, 1, PROTO_UPDATE_AT(Type, member), PROTO_UPDATE_AT(Type, has_##member), NULL }
#define PROTO_UPDATE_TIME(Type, member)                                                                      \
  { PROTO_UPDATE_DOUBLE, 0, PROTO_UPDATE_AT(Type, member), PROTO_UPDATE_AT(Type, has_##member), NULL }
#define PROTO_UPDATE_STRING(Type, member)                                                                    \
  { PROTO_UPDATE_TEXT, 0, PROTO_UPDATE_AT(Type, member), 0, NULL }
#define PROTO_UPDATE_DATA(Type, member)                                                                      \
  { PROTO_UPDATE_BYTES, 0, PROTO_UPDATE_AT(Type, member), PROTO_UPDATE_AT(Type, has_##member), NULL }
#define PROTO_UPDATE_ONE(Type, member, of)                                                                   \
  { PROTO_UPDATE_MESSAGE, 0, PROTO_UPDATE_AT(Type, member), 0, of }
#define PROTO_UPDATE_ANY(Type, member, of)                                                                   \
  { PROTO_UPDATE_GENERAL, 0, PROTO_UPDATE_AT(Type, member), 0, of }
#define PROTO_UPDATE_MANY(Type, member, of)                                                                  \
  { PROTO_UPDATE_LIST, 0, PROTO_UPDATE_AT(Type, member), PROTO_UPDATE_AT(Type, n_##member), of }

/* The numbers are those of mesos.proto. */
static const struct proto_update_type proto_update_task_id = {
    &k8sm_mesos__task_id__descriptor, 1 << 1, {[1] = PROTO_UPDATE_STRING(TaskID, value)}};
static const struct proto_update_type proto_update_agent_id = {
    &k8sm_mesos__agent_id__descriptor, 1 << 1, {[1] = PROTO_UPDATE_STRING(AgentID, value)}};
static const struct proto_update_type proto_update_executor_id = {
    &k8sm_mesos__executor_id__descriptor, 1 << 1, {[1] = PROTO_UPDATE_STRING(ExecutorID, value)}};
static const struct proto_update_type proto_update_container_id = {
    &k8sm_mesos__container_id__descriptor,
    1 << 1,
    {[1] = PROTO_UPDATE_STRING(ContainerID, value),
     [2] = PROTO_UPDATE_ONE(ContainerID, parent, &proto_update_container_id)}};
static const struct proto_update_type proto_update_address = {
    &k8sm_mesos__network_info__ipaddress__descriptor,
    0,
    {[1] = PROTO_UPDATE_MAYBE(NetworkInfo__IPAddress, protocol),
     [2] = PROTO_UPDATE_STRING(NetworkInfo__IPAddress, ip_address)}};
static const struct proto_update_type proto_update_network = {
    &k8sm_mesos__network_info__descriptor,
    0,
    {[5] = PROTO_UPDATE_MANY(NetworkInfo, ip_addresses, &proto_update_address),
     [6] = PROTO_UPDATE_STRING(NetworkInfo, name)}};
static const struct proto_update_type proto_update_cgroup = {.descriptor =
                                                                 &k8sm_mesos__cgroup_info__descriptor};
static const struct proto_update_type proto_update_labels = {.descriptor = &k8sm_mesos__labels__descriptor};
static const struct proto_update_type proto_update_check = {.descriptor =
                                                                &k8sm_mesos__check_status_info__descriptor};
static const struct proto_update_type proto_update_container = {
    &k8sm_mesos__container_status__descriptor,
    0,
    {[1] = PROTO_UPDATE_MANY(ContainerStatus, network_infos, &proto_update_network),
     [2] = PROTO_UPDATE_ANY(ContainerStatus, cgroup_info, &proto_update_cgroup),
     [3] = PROTO_UPDATE_MAYBE(ContainerStatus, executor_pid),
     [4] = PROTO_UPDATE_ONE(ContainerStatus, container_id, &proto_update_container_id)}};
static const struct proto_update_type proto_update_status = {
    &k8sm_mesos__task_status__descriptor,
    1 << 1 | 1 << 2,
    {[1] = PROTO_UPDATE_ONE(TaskStatus, task_id, &proto_update_task_id),
     [2] = PROTO_UPDATE_ENUM(TaskStatus, state),
     [3] = PROTO_UPDATE_DATA(TaskStatus, data),
     [4] = PROTO_UPDATE_STRING(TaskStatus, message),
     [5] = PROTO_UPDATE_ONE(TaskStatus, agent_id, &proto_update_agent_id),
     [6] = PROTO_UPDATE_TIME(TaskStatus, timestamp),
     [7] = PROTO_UPDATE_ONE(TaskStatus, executor_id, &proto_update_executor_id),
     [8] = PROTO_UPDATE_BOOL(TaskStatus, healthy),
     [9] = PROTO_UPDATE_MAYBE(TaskStatus, source),
     [10] = PROTO_UPDATE_MAYBE(TaskStatus, reason),
     [11] = PROTO_UPDATE_DATA(TaskStatus, uuid),
     [12] = PROTO_UPDATE_ANY(TaskStatus, labels, &proto_update_labels),
     [13] = PROTO_UPDATE_ONE(TaskStatus, container_status, &proto_update_container),
     [15] = PROTO_UPDATE_ANY(TaskStatus, check_status, &proto_update_check)}};
static const struct proto_update_type proto_update_update = {
    &k8sm_mesos__event__update__descriptor,
    1 << 1,
    {[1] = PROTO_UPDATE_ONE(Event__Update, status, &proto_update_status)}};
static const struct proto_update_type proto_update_event = {
    &k8sm_mesos__event__descriptor,
    1 << 5,
    {[1] = PROTO_UPDATE_MAYBE(Event, type), [5] = PROTO_UPDATE_ONE(Event, update, &proto_update_update)}};

static ProtobufCMessage *proto_update_read(struct k8smi_arena *arena, const uint8_t *p, const uint8_t *end,
                                           const struct proto_update_type *type, unsigned depth);

static bool proto_update_store_bytes(struct k8smi_arena *arena, struct k8sm_slice bytes, void *to) {
  ProtobufCBinaryData data = {bytes.len, k8smi_arena_alloc(arena, bytes.len + 1)};
  if (data.data == NULL) return false;
  memcpy(data.data, bytes.ptr, bytes.len);
  data.data[bytes.len] = 0;
  memcpy(to, &data, sizeof data);
  return true;
}

static bool proto_update_store_text(struct k8smi_arena *arena, struct k8sm_slice bytes, void *to) {
  char *text = k8smi_arena_bytes(arena, bytes.len + 1);
  if (text == NULL || !k8smi_text_copy(text, bytes.ptr, bytes.len)) return false;
  text[bytes.len] = '\0';
  memcpy(to, &text, sizeof text);
  return true;
}

/* The message in a field, or in a list of one. */
static bool proto_update_store_message(struct k8smi_arena *arena, const struct proto_update_field *field,
                                       struct k8sm_slice bytes, void *to, unsigned depth) {
  const uint8_t *p = (const uint8_t *)bytes.ptr;
  ProtobufCMessage *message = NULL;
  if (field->kind != PROTO_UPDATE_GENERAL)
    message = proto_update_read(arena, p, p + bytes.len, field->of, depth + 1);
  else if (k8smi_message_decode(arena, field->of->descriptor, p, bytes.len, &message, NULL) != K8SM_OK)
    return false;
  if (message == NULL) return false;
  if (field->kind != PROTO_UPDATE_LIST) {
    memcpy(to, &message, sizeof message);
    return true;
  }
  ProtobufCMessage **list = k8smi_arena_alloc(arena, sizeof(ProtobufCMessage *));
  if (list == NULL) return false;
  *list = message;
  memcpy(to, &list, sizeof list);
  return true;
}

/* The contents of a field of bytes. */
static inline bool proto_update_store(struct k8smi_arena *arena, const struct proto_update_field *field,
                                      struct k8sm_slice bytes, void *to, unsigned depth) {
  if (field->kind == PROTO_UPDATE_TEXT) return proto_update_store_text(arena, bytes, to);
  if (field->kind == PROTO_UPDATE_BYTES) return proto_update_store_bytes(arena, bytes, to);
  return proto_update_store_message(arena, field, bytes, to, depth);
}

static void proto_update_note_presence(ProtobufCMessage *message, const struct proto_update_field *field) {
  const protobuf_c_boolean has = 1;
  const size_t one = 1;
  if (field->presence == 0) return;
  if (field->kind == PROTO_UPDATE_LIST)
    memcpy((char *)message + field->presence, &one, sizeof one);
  else
    memcpy((char *)message + field->presence, &has, sizeof has);
}

/* The value behind a tag. The place behind it; NULL: left to the general way. */
static inline const uint8_t *proto_update_value(struct k8smi_arena *arena, const uint8_t *p,
                                                const uint8_t *end, const struct proto_update_field *field,
                                                ProtobufCMessage *message, unsigned depth) {
  char *to = (char *)message + field->offset;
  uint64_t n;
  proto_update_note_presence(message, field);
  if (field->kind == PROTO_UPDATE_DOUBLE) {
    p = k8smi_proto_fixed(p, end, sizeof n, &n);
    if (p != NULL) memcpy(to, &n, sizeof n);
    return p;
  }
  p = k8smi_proto_varint(p, end, &n);
  if (p == NULL) return NULL;
  if (field->kind == PROTO_UPDATE_NUMBER) {
    const uint32_t number = field->is_bool ? n != 0 : (uint32_t)n;
    memcpy(to, &number, sizeof number);
    return p;
  }
  if (n > (uint64_t)(end - p)) return NULL;
  const struct k8sm_slice bytes = {(const char *)p, (size_t)n};
  return proto_update_store(arena, field, bytes, to, depth) ? p + n : NULL;
}

static ProtobufCMessage *proto_update_read(struct k8smi_arena *arena, const uint8_t *p, const uint8_t *end,
                                           const struct proto_update_type *type, unsigned depth) {
  uint32_t seen = 0;
  if (depth >= PROTO_UPDATE_DEPTH) return NULL;
  ProtobufCMessage *message = k8smi_message_new(arena, type->descriptor);
  if (message == NULL) return NULL;
  while (p < end) {
    const unsigned tag = *p, id = tag >> 3;
    if (id >= PROTO_UPDATE_FIELDS) return NULL;
    const struct proto_update_field *field = &type->fields[id];
    const bool odd = field->kind == PROTO_UPDATE_OTHER || proto_update_wires[field->kind] != (tag & 7);
    if (odd || (seen >> id & 1) != 0) return NULL;
    seen |= 1u << id;
    p = proto_update_value(arena, p + 1, end, field, message, depth);
    if (p == NULL) return NULL;
  }
  return (type->required & ~seen) == 0 ? message : NULL;
}

ProtobufCMessage *k8smi_proto_update(struct k8smi_arena *arena, const void *bytes, size_t len) {
  const struct k8smi_arena_mark mark = k8smi_arena_mark(arena);
  ProtobufCMessage *event =
      proto_update_read(arena, bytes, (const uint8_t *)bytes + len, &proto_update_event, 0);
  if (event == NULL) k8smi_arena_rewind(arena, mark);
  return event;
}

/* Goes into the field of bytes that the contents begin with, if it has this tag. */
static struct k8sm_slice proto_update_enter(struct k8sm_slice bytes, unsigned tag) {
  const struct k8sm_slice none = {NULL, 0};
  const uint8_t *p = (const uint8_t *)bytes.ptr, *end = p + bytes.len;
  uint64_t n;
  if (bytes.len == 0 || *p != tag) return none;
  p = k8smi_proto_varint(p + 1, end, &n);
  if (p == NULL || n > (uint64_t)(end - p)) return none;
  return (struct k8sm_slice){(const char *)p, (size_t)n};
}

struct k8sm_slice k8smi_update_peek(struct k8sm_slice bytes) {
  enum { TYPE = 1 << 3, UPDATE = 5 << 3 | K8SMI_PROTO_BYTES, FIRST = 1 << 3 | K8SMI_PROTO_BYTES };
  if (bytes.len > 2 && bytes.ptr[0] == TYPE) bytes = (struct k8sm_slice){bytes.ptr + 2, bytes.len - 2};
  bytes = proto_update_enter(bytes, UPDATE);
  bytes = proto_update_enter(bytes, FIRST); /* status, */
  bytes = proto_update_enter(bytes, FIRST); /* task_id, */
  return proto_update_enter(bytes, FIRST);  /* value */
}
