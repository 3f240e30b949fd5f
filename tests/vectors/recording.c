/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "vectors/recording.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct k8sm_slice recording_file(struct recording *r, const char *directory, const char *name) {
  char path[1024];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  FILE *f = fopen(path, "rb");
  if (f == NULL) return (struct k8sm_slice){NULL, 0};
  fseek(f, 0, SEEK_END);
  size_t n = (size_t)ftell(f);
  rewind(f);
  char *bytes = k8smi_arena_alloc(&r->seen.arena, n + 1);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, n, f), n);
  bytes[n] = '\0';
  fclose(f);
  return (struct k8sm_slice){bytes, n};
}

/* The value of a header field, or NULL; of the message's head alone. */
static const char *recording_header(struct k8sm_slice message, const char *name, char *value, size_t cap) {
  const char *body = strstr(message.ptr, "\r\n\r\n");
  const char *at = strstr(message.ptr, name);
  assert_non_null(body);
  if (at == NULL || at > body) return NULL;
  at += strlen(name) + strlen(": ");
  snprintf(value, cap, "%.*s", (int)(strstr(at, "\r\n") - at), at);
  return value;
}

static struct k8sm_slice recording_body(struct k8sm_slice message) {
  const char *body = strstr(message.ptr, "\r\n\r\n") + 4;
  return (struct k8sm_slice){body, message.len - (size_t)(body - message.ptr)};
}

static K8smMesos__Call *recording_decode(struct recording *r, struct k8sm_slice body) {
  ProtobufCMessage *call;
  int result = k8smi_message_read(&r->seen.arena, r->format, &k8sm_mesos__call__descriptor, body.ptr,
                                  body.len, &call, NULL);
  assert_int_equal(result, K8SM_OK);
  return (void *)call;
}

static bool recording_call(struct recording *r, const char *directory, const char *name,
                           struct recorded_call *to) {
  char file[128], type[64];
  snprintf(file, sizeof(file), "%s.request", name);
  struct k8sm_slice request = recording_file(r, directory, file);
  if (request.ptr == NULL) return false;
  snprintf(to->name, sizeof(to->name), "%s", name);
  to->has_stream_id =
      recording_header(request, "Mesos-Stream-Id", to->stream_id, sizeof(to->stream_id)) != NULL;
  assert_non_null(recording_header(request, "Content-Type", type, sizeof(type)));
  r->format = strcmp(type, "application/json") == 0 ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF;
  to->call = recording_decode(r, recording_body(request));
  snprintf(file, sizeof(file), "%s.response", name);
  struct k8sm_slice response = recording_file(r, directory, file);
  assert_non_null(response.ptr);
  to->status = (uint32_t)strtoul(response.ptr + strlen("HTTP/1.1 "), NULL, 10);
  struct k8sm_slice body = recording_body(response);
  snprintf(to->answer, sizeof(to->answer), "%.*s", (int)(body.len < sizeof(to->answer) ? body.len : 0),
           body.ptr);
  return true;
}

/* A chunked body; a stream that was cut off ends where it ends. */
static void recording_stream(struct recording *r, const char *directory, const char *name, char *stream_id,
                             size_t cap) {
  struct k8sm_slice message = recording_file(r, directory, name);
  assert_non_null(message.ptr);
  assert_non_null(recording_header(message, "Mesos-Stream-Id", stream_id, cap));
  struct k8sm_slice body = recording_body(message);
  const char *at = body.ptr, *end = body.ptr + body.len;
  while (at < end) {
    char *digits_end;
    size_t n = strtoul(at, &digits_end, 16);
    at = digits_end + 2;
    if (n == 0 || at > end || n > (size_t)(end - at)) break;
    client_feed(&r->seen, (struct k8sm_slice){at, n});
    at += n + 2;
  }
}

static int recording_order(const void *a, const void *b) {
  return strcmp(a, b);
}

bool recording_load(struct recording *r, const char *directory) {
  static char names[RECORDING_MAX_CALLS][96];
  size_t n = 0;
  DIR *d = opendir(directory);
  if (d == NULL) return false;
  memset(r, 0, sizeof(*r));
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    const char *dot = strstr(e->d_name, ".request");
    if (dot == NULL || e->d_name[0] < '0' || e->d_name[0] > '9') continue;
    assert_true(n < RECORDING_MAX_CALLS);
    snprintf(names[n++], sizeof(names[0]), "%.*s", (int)(dot - e->d_name), e->d_name);
  }
  closedir(d);
  qsort(names, n, sizeof(names[0]), recording_order);
  client_init(&r->seen, NULL, K8SM_FORMAT_JSON);
  assert_true(recording_call(r, directory, "stream", &r->subscribe));
  r->seen.format = r->format;
  recording_stream(r, directory, "stream.response", r->stream_id, sizeof(r->stream_id));
  r->has_resubscribe = recording_call(r, directory, "stream-resubscribed", &r->resubscribe);
  if (r->has_resubscribe) {
    recording_stream(r, directory, "stream-resubscribed.response", r->resubscribed_id,
                     sizeof(r->resubscribed_id));
  }
  for (size_t i = 0; i < n; i++)
    assert_true(recording_call(r, directory, names[i], &r->calls[r->call_count++]));
  return true;
}

void recording_free(struct recording *r) {
  client_free(&r->seen);
}
