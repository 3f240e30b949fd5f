/* SPDX-License-Identifier: Apache-2.0 */
#include "task/build.h"

void *k8smi_task_message(struct k8smi_task_build *b, const ProtobufCMessageDescriptor *type) {
  void *message = k8smi_message_new(&b->arena, type);
  if (message == NULL) b->no_memory = true;
  return message;
}

void *k8smi_task_array(struct k8smi_task_build *b, size_t n, size_t item_size) {
  void *items = n == 0 ? NULL : k8smi_arena_array(&b->arena, n, item_size);
  if (n > 0 && items == NULL) b->no_memory = true;
  return items;
}

char *k8smi_task_text(struct k8sm_slice s) {
  char *text = NULL;
  if (s.len > 0) memcpy(&text, &s.ptr, sizeof text);
  return text;
}

char *k8smi_task_text_or_empty(struct k8sm_slice s) {
  struct k8sm_slice empty = {"", 0};
  char *text;
  memcpy(&text, s.len > 0 ? &s.ptr : &empty.ptr, sizeof text);
  return text;
}

char *k8smi_task_joined(struct k8smi_task_build *b, struct k8sm_slice first, struct k8sm_slice second) {
  char *text = k8smi_task_array(b, first.len + second.len + 1, 1);
  if (text == NULL) return NULL;
  memcpy(text, first.ptr, first.len);
  memcpy(text + first.len, second.ptr, second.len);
  return text;
}

ProtobufCBinaryData k8smi_task_bytes(struct k8sm_slice s) {
  ProtobufCBinaryData data = {s.len, NULL};
  if (s.len > 0) memcpy(&data.data, &s.ptr, sizeof data.data);
  return data;
}

struct k8sm_slice k8smi_task_protocol(struct k8sm_slice protocol) {
  bool udp = k8smi_eqs(protocol, "UDP"), sctp = k8smi_eqs(protocol, "SCTP");
  return udp ? K8SMI_S("udp") : sctp ? K8SMI_S("sctp") : K8SMI_S("tcp");
}

K8smMesos__Secret *k8smi_task_secret(struct k8smi_task_build *b, struct k8sm_slice value) {
  K8smMesos__Secret *secret = K8SMI_TASK_NEW(b, Secret, secret);
  if (secret == NULL) return NULL;
  secret->has_type = true;
  secret->type = K8SM_MESOS__SECRET__TYPE__VALUE;
  secret->value = K8SMI_TASK_NEW(b, Secret__Value, secret__value);
  if (secret->value != NULL) secret->value->data = k8smi_task_bytes(value);
  return secret;
}

K8smMesos__Labels *k8smi_task_labels(struct k8smi_task_build *b, struct k8smi_pair_list labels) {
  K8smMesos__Labels *message = labels.count == 0 ? NULL : K8SMI_TASK_NEW(b, Labels, labels);
  if (message == NULL) return NULL;
  message->labels = k8smi_task_array(b, labels.count, sizeof *message->labels);
  for (size_t i = 0; message->labels != NULL && i < labels.count; i++) {
    K8smMesos__Label *label = K8SMI_TASK_NEW(b, Label, label);
    if (label == NULL) return NULL;
    label->key = k8smi_task_text(labels.items[i].key);
    label->value = k8smi_task_text(labels.items[i].value);
    message->labels[message->n_labels++] = label;
  }
  return message;
}

K8smMesos__DurationInfo *k8smi_task_seconds(struct k8smi_task_build *b, int64_t seconds) {
  const int64_t nanos = 1000 * 1000 * 1000;
  K8smMesos__DurationInfo *duration = K8SMI_TASK_NEW(b, DurationInfo, duration_info);
  if (duration != NULL)
    duration->nanoseconds = (seconds > INT64_MAX / nanos ? INT64_MAX / nanos : seconds) * nanos;
  return duration;
}
