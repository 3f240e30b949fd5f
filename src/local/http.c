/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/json.h"

/* The front: paths, methods, media types, and what a master says when one of them is wrong. */

static bool http_same_char(char a, char b) {
  return (a >= 'A' && a <= 'Z' ? a + 32 : a) == (b >= 'A' && b <= 'Z' ? b + 32 : b);
}

static bool http_same_type(struct k8sm_slice given, const char *type) {
  size_t n = strlen(type);
  if (given.len != n) return false;
  for (size_t i = 0; i < n; i++) {
    if (!http_same_char(given.ptr[i], type[i])) return false;
  }
  return true;
}

/* Is the type among those of an Accept header? Absent: every type is. Weights of 0 refuse. */
static bool http_accepts(struct k8sm_slice accept, const char *type) {
  if (accept.ptr == NULL || accept.len == 0) return true;
  size_t at = 0;
  while (at < accept.len) {
    size_t end = at, stop;
    while (end < accept.len && accept.ptr[end] != ',') end++;
    while (at < end && accept.ptr[at] == ' ') at++;
    for (stop = at; stop < end && accept.ptr[stop] != ';' && accept.ptr[stop] != ' '; stop++) {
    }
    struct k8sm_slice one = {accept.ptr + at, stop - at};
    struct k8sm_slice rest = {accept.ptr + stop, end - stop};
    bool refused = rest.len >= 4 && memcmp(rest.ptr + rest.len - 4, ";q=0", 4) == 0;
    if (!refused &&
        (http_same_type(one, type) || http_same_type(one, "*/*") || http_same_type(one, "application/*"))) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

/* 0: neither. JSON goes first, as a master has it. */
static uint32_t http_answer_format(struct k8sm_slice accept) {
  if (http_accepts(accept, "application/json")) return K8SM_FORMAT_JSON;
  return http_accepts(accept, "application/x-protobuf") ? K8SM_FORMAT_PROTOBUF : 0;
}

static uint32_t http_body_format(struct k8sm_slice type) {
  if (http_same_type(type, "application/json")) return K8SM_FORMAT_JSON;
  return http_same_type(type, "application/x-protobuf") ? K8SM_FORMAT_PROTOBUF : 0;
}

static void http_refuse(struct k8smi_local *local, const struct k8smi_local_request *request, uint32_t status,
                        const char *text) {
  k8smi_local_respond(local, request->exchange, status, text);
}

/* A call of a framework that must be there, subscribed, and on its own stream. */
static void http_framework_call(struct k8smi_local *local, const struct k8smi_local_request *request,
                                const K8smMesos__Call *call, struct k8smi_arena *arena) {
  struct local_framework *framework = k8smi_local_framework_find(local, call->framework_id->value);
  if (framework == NULL) {
    http_refuse(local, request, 400, "Framework cannot be found");
  } else if (!framework->connected) {
    http_refuse(local, request, 403, "Framework is not subscribed");
  } else if (request->stream_id.ptr == NULL) {
    http_refuse(local, request, 400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  } else if (!k8smi_eqs(request->stream_id, framework->stream_id)) {
    struct k8sm_slice given = k8smi_arena_slice(arena, request->stream_id);
    http_refuse(local, request, 400,
                LOCAL_WORDS(arena, "The stream ID '", given.ptr == NULL ? "" : given.ptr,
                            "' included in this request didn't match the stream ID currently associated with "
                            "framework ID ",
                            framework->id));
  } else {
    k8smi_local_call(framework, call, request->exchange);
  }
}

static void http_subscribe(struct k8smi_local *local, const struct k8smi_local_request *request,
                           const K8smMesos__Call *call) {
  uint32_t format = http_answer_format(request->accept);
  if (format == 0) {
    http_refuse(local, request, 406,
                "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
  } else if (request->stream_id.ptr != NULL) {
    http_refuse(local, request, 400, "Subscribe calls should not include the 'Mesos-Stream-Id' header");
  } else {
    k8smi_local_subscribe(local, call->subscribe, request->exchange, format);
  }
}

static void http_decoded(struct k8smi_local *local, const struct k8smi_local_request *request,
                         const K8smMesos__Call *call, struct k8smi_arena *arena) {
  const char *fault = k8smi_local_call_check(call);
  if (fault != NULL) {
    http_refuse(local, request, 400, LOCAL_WORDS(arena, "Failed to validate scheduler::Call: ", fault));
  } else if (call->type == K8SM_MESOS__CALL__TYPE__SUBSCRIBE) {
    http_subscribe(local, request, call);
  } else {
    http_framework_call(local, request, call, arena);
  }
}

static void http_decode(struct k8smi_local *local, const struct k8smi_local_request *request, uint32_t format,
                        struct k8smi_arena *arena) {
  struct k8sm_diag rows[1];
  char text[256];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  ProtobufCMessage *call;
  int result = k8smi_message_read(arena, format, &k8sm_mesos__call__descriptor, request->body.ptr,
                                  request->body.len, &call, &diags);
  if (result == K8SM_ERR_NOMEM) {
    k8smi_local_fail(local);
  } else if (result != K8SM_OK && format == K8SM_FORMAT_PROTOBUF) {
    http_refuse(local, request, 400, "Failed to parse body into Call protobuf");
  } else if (result != K8SM_OK) {
    const char *what = result == K8SM_ERR_SYNTAX ? "Failed to parse body into JSON: "
                                                 : "Failed to convert JSON into Call protobuf: ";
    http_refuse(local, request, 400,
                LOCAL_WORDS(arena, what, diags.count == 0 ? "" : text + rows[0].message));
  } else {
    http_decoded(local, request, (const void *)call, arena);
  }
}

static void http_scheduler(struct k8smi_local *local, const struct k8smi_local_request *request) {
  struct k8smi_arena arena;
  uint32_t format = http_body_format(request->content_type);
  if (!k8smi_eqs(request->method, "POST")) {
    k8smi_arena_init(&arena, &local->allocator, 0);
    struct k8sm_slice method = k8smi_arena_slice(&arena, request->method);
    http_refuse(local, request, 405,
                LOCAL_WORDS(&arena, "405 Method Not Allowed. Expecting one of { 'POST' }, but received '",
                            method.ptr == NULL ? "" : method.ptr, "'."));
    k8smi_arena_free(&arena);
  } else if (request->content_type.ptr == NULL) {
    http_refuse(local, request, 400, "Expecting 'Content-Type' to be present");
  } else if (format == 0) {
    http_refuse(local, request, 415,
                "Expecting 'Content-Type' of application/json or application/x-protobuf");
  } else {
    k8smi_arena_init(&arena, &local->allocator, 0);
    http_decode(local, request, format, &arena);
    k8smi_arena_free(&arena);
  }
}

static void http_health(struct k8smi_local *local, const struct k8smi_local_request *request) {
  k8smi_local_respond(local, request->exchange, 200, "");
}

static void http_version(struct k8smi_local *local, const struct k8smi_local_request *request) {
  k8smi_local_respond_json(local, request->exchange, K8SMI_S("{\"version\":\"1.12.0\"}"));
}

static void http_redirect(struct k8smi_local *local, const struct k8smi_local_request *request) {
  k8smi_local_redirect(local, request->exchange, "//127.0.0.1:5050");
}

static const struct http_path {
  const char *path;
  void (*handler)(struct k8smi_local *local, const struct k8smi_local_request *request);
} HTTP_PATHS[] = {
    {"/api/v1/scheduler", http_scheduler},
    {"/master/api/v1/scheduler", http_scheduler},
    {"/health", http_health},
    {"/master/health", http_health},
    {"/version", http_version},
    {"/redirect", http_redirect},
    {"/master/redirect", http_redirect},
};

void k8smi_local_route(struct k8smi_local *local, const struct k8smi_local_request *request) {
  for (size_t i = 0; i < sizeof(HTTP_PATHS) / sizeof(HTTP_PATHS[0]); i++) {
    if (k8smi_eqs(request->path, HTTP_PATHS[i].path)) {
      HTTP_PATHS[i].handler(local, request);
      return;
    }
  }
  k8smi_local_respond(local, request->exchange, 404, "404 Not Found.");
}
