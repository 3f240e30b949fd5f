/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/task.h>

#include "wire/mesos.h"
#include "wire/recordio.h"
#include "wire/token.h"

/* Messages as a tool sees them: one form into the other, one after the other out of a file. */

enum { MESSAGE_MAX_MEMORY = 256 * 1024 * 1024 };

static int message_reformat(struct k8smi_arena *arena, const ProtobufCMessageDescriptor *type,
                            const void *bytes, size_t len, uint32_t from, uint32_t to, struct k8sm_blob **ret,
                            struct k8sm_diags *diags) {
  ProtobufCMessage *message;
  struct k8smi_buf buf;
  int result = k8smi_message_read(arena, from, type, bytes, len, &message, diags);
  if (result != K8SM_OK) return result;
  if (!k8smi_buf_init(&buf, &arena->allocator)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_message_write(&buf, to, message);
  result = k8smi_buf_to_blob(&buf, ret);
  k8smi_buf_free(&buf);
  return result == K8SM_OK ? K8SM_OK : k8smi_find_nomem(diags, result);
}

int k8sm_message_convert(const char *name, const void *bytes, size_t len, uint32_t from, uint32_t to,
                         const struct k8sm_allocator *allocator, struct k8sm_blob **ret,
                         struct k8sm_diags *diags) {
  struct k8smi_arena arena;
  const ProtobufCMessageDescriptor *type = k8smi_message_type(name);
  if (type == NULL) {
    k8smi_find(diags, K8SM_DIAG_MESSAGE_TYPE, NULL, "no message of Mesos is named %.200s", name);
    return K8SM_ERR_NOT_FOUND;
  }
  if (to != K8SM_FORMAT_JSON && to != K8SM_FORMAT_PROTOBUF) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL, "format %u: a Mesos message is JSON or protobuf", to);
    return K8SM_ERR_UNSUPPORTED;
  }
  if (!k8smi_arena_init(&arena, allocator, MESSAGE_MAX_MEMORY))
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  int result = message_reformat(&arena, type, bytes, len, from, to, ret, diags);
  k8smi_arena_free(&arena);
  return result;
}

int k8sm_event_type(const void *bytes, size_t len, uint32_t format, const char **ret) {
  struct k8smi_arena arena;
  ProtobufCMessage *message;
  if (!k8smi_arena_init(&arena, NULL, MESSAGE_MAX_MEMORY)) return K8SM_ERR_NOMEM;
  int result = k8smi_message_read(&arena, format, &k8sm_mesos__event__descriptor, bytes, len, &message, NULL);
  if (result == K8SM_OK) {
    const K8smMesos__Event *event = (const K8smMesos__Event *)(const void *)message;
    const char *name = k8smi_enum_name(&k8sm_mesos__event__type__descriptor, (int)event->type);
    *ret = name == NULL ? "UNKNOWN" : name;
  }
  k8smi_arena_free(&arena);
  return result;
}

static bool message_is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t message_skip_space(const char *p, size_t at, size_t len) {
  while (at < len && message_is_space(p[at])) at++;
  return at;
}

/* Digits and a newline: the head of a record. (A protobuf Event or Call never begins like that.) */
static bool message_is_record(const char *p, size_t at, size_t len) {
  size_t i = at;
  while (i < len && p[i] >= '0' && p[i] <= '9') i++;
  return i > at && i < len && p[i] == '\n';
}

static uint32_t message_format_of(const char *p, size_t len) {
  size_t at = message_skip_space(p, 0, len);
  return at < len && p[at] == '{' ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF;
}

static int message_next_record(const char *p, size_t at, size_t len, struct k8sm_slice *ret, size_t *ret_end,
                               struct k8sm_diags *diags) {
  struct k8smi_recordio reader;
  const char *chunk = p + at;
  size_t left = len - at;
  k8smi_recordio_init(&reader, NULL, left);
  int result = k8smi_recordio_next(&reader, &chunk, &left, ret, diags);
  k8smi_recordio_free(&reader);
  *ret_end = len - left;
  if (result == K8SM_ERR_NOT_FOUND) {
    k8smi_find(diags, K8SM_DIAG_RECORDIO_SYNTAX, NULL,
               "the text ends in the middle of the record at byte %zu", at);
  }
  return result == K8SM_OK ? K8SM_OK : K8SM_ERR_SYNTAX;
}

static int message_next_json(const char *p, size_t at, size_t len, struct k8sm_slice *ret, size_t *ret_end,
                             struct k8sm_diags *diags) {
  struct k8smi_arena arena;
  struct k8smi_tokens *tokens;
  struct k8smi_token t;
  if (!k8smi_arena_init(&arena, NULL, MESSAGE_MAX_MEMORY)) return K8SM_ERR_NOMEM;
  int result = k8smi_tokens_json(&arena, p + at, len - at, NULL, &tokens, diags);
  if (result == K8SM_OK) result = k8smi_tokens_next(tokens, &t, diags);
  if (result == K8SM_OK) result = k8smi_tokens_skip(tokens, diags);
  if (result == K8SM_OK) result = k8smi_tokens_next(tokens, &t, diags);
  if (result == K8SM_OK) {
    *ret = (struct k8sm_slice){p + at, t.offset};
    *ret_end = at + t.offset;
  }
  k8smi_arena_free(&arena);
  return result;
}

int k8sm_message_next(const void *bytes, size_t len, size_t *offset, struct k8sm_slice *ret,
                      uint32_t *ret_format, struct k8sm_diags *diags) {
  const char *p = bytes;
  struct k8sm_slice got = {NULL, 0};
  size_t begin = *offset, end = len;
  if (begin >= len) return K8SM_ERR_NOT_FOUND;
  size_t text = message_skip_space(p, begin, len);
  if (text == len) return K8SM_ERR_NOT_FOUND;
  int result = K8SM_OK;
  if (message_is_record(p, begin, len) || (begin > 0 && message_is_record(p, text, len))) {
    result = message_next_record(p, message_is_record(p, begin, len) ? begin : text, len, &got, &end, diags);
  } else if (p[text] == '{') {
    result = message_next_json(p, text, len, &got, &end, diags);
  } else if (begin == 0) {
    got = (struct k8sm_slice){p, len}; /* one message in protobuf */
  } else {
    k8smi_find(diags, K8SM_DIAG_RECORDIO_SYNTAX, NULL, "neither a record nor a JSON object, at byte %zu",
               text);
    result = K8SM_ERR_SYNTAX;
  }
  if (result != K8SM_OK) return result;
  *ret = got;
  *ret_format = message_format_of(got.ptr, got.len);
  *offset = end;
  return K8SM_OK;
}
