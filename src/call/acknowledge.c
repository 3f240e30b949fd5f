/* SPDX-License-Identifier: Apache-2.0 */
/* ACKNOWLEDGE in protobuf, the call that goes out most: written as it stands, without messages in memory.
 * Whatever is not as it should be is left to the general way, which says what is wrong. */
#include "call/acknowledge.h"

#include "wire/id.h"
#include "wire/mesos.h"

enum {                         /* tags of fields that are bytes: their numbers are those of mesos.proto */
       ACK_VALUE = 1 << 3 | 2, /* of FrameworkID, AgentID, TaskID */
       ACK_CALL_FRAMEWORK_ID = 1 << 3 | 2,
       ACK_CALL_TYPE = 2 << 3,
       ACK_CALL_ACKNOWLEDGE = 8 << 3 | 2,
       ACK_AGENT_ID = 1 << 3 | 2,
       ACK_TASK_ID = 2 << 3 | 2,
       ACK_UUID = 3 << 3 | 2,
       ACK_MAX = 127 * 128 /* bytes of the whole: a length takes one byte or two */
};

static size_t ack_len_size(size_t len) {
  return len < 128 ? 1 : 2;
}

static size_t ack_field_size(size_t len) {
  return 1 + ack_len_size(len) + len;
}

static size_t ack_id_size(struct k8sm_slice id) {
  return ack_field_size(ack_field_size(id.len));
}

static char *ack_put_head(char *to, int tag, size_t len) {
  *to++ = (char)tag;
  if (len >= 128) *to++ = (char)(len | 128);
  *to++ = (char)(len >= 128 ? len >> 7 : len);
  return to;
}

static char *ack_put(char *to, int tag, struct k8sm_slice bytes) {
  to = ack_put_head(to, tag, bytes.len);
  k8smi_copy(to, bytes.ptr, bytes.len);
  return to + bytes.len;
}

static char *ack_put_id(char *to, int tag, struct k8sm_slice id) {
  return ack_put(ack_put_head(to, tag, ack_field_size(id.len)), ACK_VALUE, id);
}

/* Of the fields of Acknowledge. */
static size_t ack_inner_size(const struct k8sm_call_args *args) {
  return ack_id_size(args->agent_id) + ack_id_size(args->task_id) + ack_field_size(args->uuid.len);
}

size_t k8smi_acknowledge_size(const struct k8sm_call_args *args) {
  if (args->type != K8SM_CALL_ACKNOWLEDGE || args->format != K8SM_FORMAT_PROTOBUF) return 0;
  if (args->uuid.len == 0 || args->uuid.len > K8SMI_ID_MAX || !k8smi_id_valid(args->framework_id) ||
      !k8smi_id_valid(args->agent_id) || !k8smi_id_valid(args->task_id))
    return 0;
  _Static_assert(5 * (K8SMI_ID_MAX + 8) < ACK_MAX, "all lengths take two bytes at most");
  return ack_id_size(args->framework_id) + 2 + ack_field_size(ack_inner_size(args));
}

void k8smi_acknowledge_write(char *to, const struct k8sm_call_args *args) {
  to = ack_put_id(to, ACK_CALL_FRAMEWORK_ID, args->framework_id);
  *to++ = ACK_CALL_TYPE;
  *to++ = K8SM_MESOS__CALL__TYPE__ACKNOWLEDGE;
  to = ack_put_head(to, ACK_CALL_ACKNOWLEDGE, ack_inner_size(args));
  to = ack_put_id(to, ACK_AGENT_ID, args->agent_id);
  to = ack_put_id(to, ACK_TASK_ID, args->task_id);
  ack_put(to, ACK_UUID, args->uuid);
}
