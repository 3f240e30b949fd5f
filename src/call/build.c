/* SPDX-License-Identifier: Apache-2.0 */
#include "call/build.h"

#include "wire/id.h"
#include "wire/utf8.h"

static void build_no_memory(struct k8smi_build *b) {
  if (b->result == K8SM_OK) b->result = k8smi_find_nomem(b->diags, k8smi_arena_error(b->arena));
}

void *k8smi_build_message(struct k8smi_build *b, const ProtobufCMessageDescriptor *type) {
  void *message = b->result == K8SM_OK ? k8smi_message_new(b->arena, type) : NULL;
  if (message == NULL) build_no_memory(b);
  return message;
}

void *k8smi_build_array(struct k8smi_build *b, size_t n, size_t size) {
  void *items = b->result == K8SM_OK ? k8smi_arena_array(b->arena, n, size) : NULL;
  if (items == NULL) build_no_memory(b);
  return items;
}

void k8smi_build_wrong(struct k8smi_build *b, uint32_t code, const char *name, const char *wrong) {
  struct k8smi_path path = k8smi_path_field(NULL, k8smi_s(name));
  k8smi_find(b->diags, code, &path, "%s", wrong);
  if (b->result == K8SM_OK) b->result = K8SM_ERR_INVALID;
}

static char *build_copy(struct k8smi_build *b, struct k8sm_slice text) {
  char *copy = b->result == K8SM_OK ? k8smi_arena_alloc(b->arena, text.len + 1) : NULL;
  if (copy == NULL) {
    build_no_memory(b);
    return NULL;
  }
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  return copy;
}

char *k8smi_build_text(struct k8smi_build *b, const char *name, struct k8sm_slice text) {
  if (text.len == 0) {
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, name, "empty, expected a text");
  } else if (k8smi_text_valid(text.ptr, text.len) != text.len) {
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, name, "not UTF-8, or with a NUL");
  }
  return build_copy(b, text);
}

char *k8smi_build_id(struct k8smi_build *b, const char *name, struct k8sm_slice id) {
  if (!k8smi_id_valid(id)) {
    k8smi_build_wrong(b, K8SM_DIAG_TASK_ID_INVALID, name,
                      id.len == 0 ? "missing"
                                  : "not an id that Mesos accepts: 1 to 255 bytes without '/' or '\\'");
  }
  return build_copy(b, id);
}

void k8smi_build_seconds(struct k8smi_build *b, const char *name, double seconds) {
  const double most = 9223372036.0; /* 2^63 nanoseconds */
  if (!(seconds >= 0 && seconds <= most)) {
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, name, "expected seconds, from 0 to 9223372036");
  }
}
