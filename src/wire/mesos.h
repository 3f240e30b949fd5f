/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_MESOS_H
#define K8SMI_WIRE_MESOS_H

/* Mesos messages in memory: the structs that protobuf-c generates from mesos.proto, read and written by
 * our own walk over their descriptors (protobuf-c's unpack recurses without a bound and keeps no
 * lengths). All memory of a decoded message is in the arena; strings are UTF-8 without NUL. Other
 * folders include this header and never protobuf-c's. */

#include "base/arena.h"
#include "base/buf.h"
#include "base/findings.h"
#include "mesos.pb-c.h"
#include "overlay.pb-c.h"

enum { K8SMI_MESSAGE_MAX_DEPTH = 32 };

/* Protobuf bytes → message. Unknown fields are kept (in the message's unknown_fields); a required field
 * that is missing is a finding. `bytes` are not kept. *ret is written only on success.
 * A text that is not UTF-8, or has a NUL in it, is a finding, too; but not in an Event or a TaskStatus. No
 * master checks what it passes on (attributes as they were typed, words of programs), and what it says must
 * be heard: there each such byte becomes U+FFFD.
 * Errors: SYNTAX, INVALID, LIMIT, NOMEM. */
int k8smi_message_decode(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type, const void *bytes,
                         size_t len, ProtobufCMessage **ret, struct k8sm_diags *diags);
/* The same, for those who only read: messages with equal bytes next to one another may be one in memory. */
int k8smi_message_decode_shared(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                                const void *bytes, size_t len, ProtobufCMessage **ret,
                                struct k8sm_diags *diags);
/* The same from Mesos' JSON: enums as names, bytes in base64, "Infinity" as text. Unknown members are
 * kept as unknown fields with tag 0, whose data is the text `"name":value`. */
int k8smi_message_decode_json(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                              const void *bytes, size_t len, ProtobufCMessage **ret,
                              struct k8sm_diags *diags);
/* By format: K8SM_FORMAT_JSON or _PROTOBUF; AUTO takes JSON when the first byte is '{'. */
int k8smi_message_read(struct k8smi_arena *arena, uint32_t format, const ProtobufCMessageDescriptor *type,
                       const void *bytes, size_t len, ProtobufCMessage **ret, struct k8sm_diags *diags);
/* The same, by k8smi_message_decode_shared. */
int k8smi_message_read_shared(struct k8smi_arena *arena, uint32_t format,
                              const ProtobufCMessageDescriptor *type, const void *bytes, size_t len,
                              ProtobufCMessage **ret, struct k8sm_diags *diags);

/* The id of the task that an UPDATE in protobuf is about, before it is read: as it stands at the beginning of
 * most. Empty: it is not there; what is found may be no text, and the event none that can be read. */
struct k8sm_slice k8smi_update_peek(struct k8sm_slice bytes);

/* Reports each unknown field of a message that says only a part of what `whole` does, and of the messages in
 * it: under its name where `whole` has one. Errors: INVALID. */
int k8smi_message_known(const ProtobufCMessage *message, const ProtobufCMessageDescriptor *whole,
                        struct k8sm_diags *diags);

/* Message → bytes, at the end of the buffer. Failure shows in buf->failed. */
void k8smi_message_encode(struct k8smi_buf *buf, const ProtobufCMessage *message);
void k8smi_message_encode_json(struct k8smi_buf *buf, const ProtobufCMessage *message);
void k8smi_message_write(struct k8smi_buf *buf, uint32_t format, const ProtobufCMessage *message);

/* A deep copy in the arena. NULL when memory ran out. */
ProtobufCMessage *k8smi_message_copy(struct k8smi_arena *arena, const ProtobufCMessage *message);

/* The descriptor of a full name ("mesos.v1.scheduler.Call"), among Call, Event and all that they reach; NULL:
 * none. */
const ProtobufCMessageDescriptor *k8smi_message_type(const char *name);
/* The name of an enum's value ("TASK_RUNNING"), or NULL. */
const char *k8smi_enum_name(const ProtobufCEnumDescriptor *type, int value);

/* A new message in an arena, initialized (defaults set, all else absent); NULL when memory ran out. */
static inline void *k8smi_message_new(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type) {
  ProtobufCMessage *message = k8smi_arena_alloc(arena, type->sizeof_message);
  if (message != NULL) type->message_init(message);
  return message;
}
/* K8smMesos__TaskID *id = K8SMI_MESSAGE_NEW(arena, task_id); */
#define K8SMI_MESSAGE_NEW(arena, lower_name)                                                                 \
  k8smi_message_new((arena), &k8sm_mesos__##lower_name##__descriptor)

#endif
