/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/field.h"

#include <stdio.h>

/* Which fields of a message are unknown. Readers keep them, which is right for what a master says; who merges
 * a message that somebody wrote wants all of it to count. */

struct known_walk {
  struct k8sm_diags *diags;
  int result;
};

/* The name of an unknown member of JSON, which is kept as the text "name":value. */
static struct k8sm_slice known_member(const ProtobufCMessageUnknownField *unknown) {
  const char *text = (const char *)unknown->data + 1;
  const char *end = memchr(text, '"', unknown->len - 1);
  return (struct k8sm_slice){text, (size_t)(end - text)};
}

/* "container, data, labels": those that the message has. */
static const char *known_names(const ProtobufCMessageDescriptor *type, char *text, size_t cap) {
  size_t used = 0;
  text[0] = '\0';
  for (unsigned i = 0; i < type->n_fields && used < cap; i++) {
    int n = snprintf(text + used, cap - used, "%s%s", i == 0 ? "" : ", ", type->fields[i].name);
    used += n < 0 ? 0 : (size_t)n;
  }
  return text;
}

static void known_report(struct known_walk *w, const ProtobufCMessage *message,
                         const ProtobufCMessageDescriptor *whole, const struct k8smi_frame *frame,
                         const ProtobufCMessageUnknownField *unknown) {
  char names[256];
  struct k8smi_frame_path above;
  const ProtobufCMessageDescriptor *type = message->descriptor;
  struct k8sm_slice name = unknown->tag == 0 ? known_member(unknown) : (struct k8sm_slice){NULL, 0};
  const ProtobufCFieldDescriptor *field =
      unknown->tag == 0 ? k8smi_field_by_name(whole, name) : k8smi_field_by_id(whole, unknown->tag);
  if (field != NULL) name = k8smi_s(field->name);
  const struct k8smi_path *parent = k8smi_frame_path(frame, &above);
  const struct k8smi_path path = k8smi_path_field(parent, name);
  known_names(type, names, sizeof names);
  w->result = K8SM_ERR_INVALID;
  if (field != NULL && k8smi_field_by_id(type, field->id) != NULL) {
    k8smi_find(w->diags, K8SM_DIAG_OVERLAY_FIELD, &path, "a value that is not known in %s",
               whole->short_name);
  } else if (name.ptr != NULL) {
    k8smi_find(w->diags, K8SM_DIAG_OVERLAY_FIELD, &path, "is none of what an overlay of %s can set: %s",
               whole->short_name, names);
  } else {
    k8smi_find(w->diags, K8SM_DIAG_OVERLAY_FIELD, parent,
               "field number %u is none of what an overlay of %s can set: %s", unknown->tag,
               whole->short_name, names);
  }
}

/* As deep as a reader has gone: K8SMI_MESSAGE_MAX_DEPTH. */
static void known_in(struct known_walk *w, const ProtobufCMessage *message,
                     const ProtobufCMessageDescriptor *whole, const struct k8smi_frame *frame) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  for (unsigned i = 0; i < message->n_unknown_fields; i++)
    known_report(w, message, whole, frame, &message->unknown_fields[i]);
  for (unsigned i = 0; i < type->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &type->fields[i];
    const void *values;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
    size_t n = k8smi_field_values(message, field, &values);
    for (size_t k = 0; k < n; k++) {
      const ProtobufCMessage *child;
      const struct k8smi_frame here = k8smi_frame_in(frame, field, k);
      memcpy(&child, (const char *)values + k * sizeof child, sizeof child);
      known_in(w, child, k8smi_field_by_id(whole, field->id)->descriptor, &here);
    }
  }
}

int k8smi_message_known(const ProtobufCMessage *message, const ProtobufCMessageDescriptor *whole,
                        struct k8sm_diags *diags) {
  struct known_walk w = {diags, K8SM_OK};
  known_in(&w, message, whole, NULL);
  return w.result;
}
