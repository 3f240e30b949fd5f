/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/snapshot.h"
#include "base/findings.h"
#include "base/slice.h"
#include "wire/base64.h"
#include "wire/json.h"
#include "wire/number.h"
#include "wire/token.h"

enum snapshot_kind { SNAPSHOT_NUMBER, SNAPSHOT_TEXT, SNAPSHOT_BYTES, SNAPSHOT_TASKS, SNAPSHOT_PORTS };

struct snapshot_field {
  const char *name;
  size_t offset;
  enum snapshot_kind kind;
};

#define SNAPSHOT_FIELD(name, kind)                                                                           \
  { #name, offsetof(struct drv_snapshot, name), SNAPSHOT_##kind }
static const struct snapshot_field snapshot_fields[] = {
    SNAPSHOT_FIELD(version, NUMBER), SNAPSHOT_FIELD(pod, TEXT),        SNAPSHOT_FIELD(attempt, NUMBER),
    SNAPSHOT_FIELD(nonce, TEXT),     SNAPSHOT_FIELD(deleting, NUMBER), SNAPSHOT_FIELD(grace_seconds, NUMBER),
    SNAPSHOT_FIELD(agent_id, TEXT),  SNAPSHOT_FIELD(hostname, TEXT),   SNAPSHOT_FIELD(executor, BYTES),
    SNAPSHOT_FIELD(status, BYTES),   SNAPSHOT_FIELD(tasks, TASKS),     SNAPSHOT_FIELD(ports, PORTS),
};
enum { SNAPSHOT_FIELDS = sizeof snapshot_fields / sizeof snapshot_fields[0] };

/* ---- writing ---- */

static void snapshot_put_port(struct k8smi_json *w, const struct k8sm_plan_port *port) {
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "container", port->container);
  k8smi_json_member(w, "name", port->name);
  k8smi_json_member(w, "protocol", port->protocol);
  k8smi_json_member_i64(w, "container_port", port->container_port);
  k8smi_json_member_i64(w, "host_port", port->host_port);
  k8smi_json_close(w, '}');
}

static void snapshot_put_task(struct k8smi_json *w, const struct drv_snapshot_task *task) {
  k8smi_json_open(w, '{');
  k8smi_json_member(w, "id", task->id);
  k8smi_json_member(w, "agent_id", task->agent_id);
  k8smi_json_close(w, '}');
}

static void snapshot_put_bytes(struct k8smi_json *w, struct k8sm_slice bytes) {
  struct k8smi_buf text;
  k8smi_buf_init(&text, &w->buf->allocator);
  k8smi_put_base64(&text, bytes.ptr, bytes.len);
  k8smi_json_string(w, (struct k8sm_slice){text.ptr, text.len});
  w->buf->failed |= text.failed;
  k8smi_buf_free(&text);
}

static void snapshot_put(struct k8smi_json *w, const struct drv_snapshot *s, const struct snapshot_field *f) {
  const char *at = (const char *)s + f->offset;
  struct k8sm_slice text;
  int64_t number;
  k8smi_json_key(w, f->name);
  switch (f->kind) {
  case SNAPSHOT_NUMBER:
    memcpy(&number, at, sizeof number);
    k8smi_json_i64(w, number);
    break;
  case SNAPSHOT_TEXT:
    memcpy(&text, at, sizeof text);
    k8smi_json_string(w, text);
    break;
  case SNAPSHOT_BYTES:
    memcpy(&text, at, sizeof text);
    snapshot_put_bytes(w, text);
    break;
  case SNAPSHOT_TASKS:
    k8smi_json_open(w, '[');
    for (size_t i = 0; i < s->task_count; i++) snapshot_put_task(w, &s->tasks[i]);
    k8smi_json_close(w, ']');
    break;
  case SNAPSHOT_PORTS:
    k8smi_json_open(w, '[');
    for (size_t i = 0; i < s->port_count; i++) snapshot_put_port(w, &s->ports[i]);
    k8smi_json_close(w, ']');
    break;
  }
}

void k8smi_drv_snapshot_write(struct k8smi_buf *buf, const struct drv_snapshot *snapshot) {
  struct k8smi_json w;
  k8smi_json_init(&w, buf, false);
  k8smi_json_open(&w, '{');
  for (size_t i = 0; i < SNAPSHOT_FIELDS; i++) snapshot_put(&w, snapshot, &snapshot_fields[i]);
  k8smi_json_close(&w, '}');
}

/* ---- reading ---- */

struct snapshot_reader {
  struct k8smi_arena *arena;
  struct k8smi_tokens *tokens;
  struct k8sm_diags *diags;
  struct k8smi_token token;
};

static int snapshot_bad(struct snapshot_reader *r, const char *name, const char *expected) {
  k8smi_find(r->diags, K8SM_DIAG_RECORD_INVALID, NULL, "the pod's record: %s: expected %s", name, expected);
  return K8SM_ERR_INVALID;
}

static int snapshot_next(struct snapshot_reader *r) {
  return k8smi_tokens_next(r->tokens, &r->token, r->diags);
}

static int snapshot_get_number(struct snapshot_reader *r, const char *name, int64_t *ret) {
  int result = snapshot_next(r);
  if (result != K8SM_OK) return result;
  bool ok = r->token.kind == K8SMI_TOKEN_NUMBER && k8smi_parse_i64(r->token.text, ret);
  return ok ? K8SM_OK : snapshot_bad(r, name, "an integer");
}

static int snapshot_get_text(struct snapshot_reader *r, const char *name, struct k8sm_slice *ret) {
  int result = snapshot_next(r);
  if (result != K8SM_OK) return result;
  if (r->token.kind != K8SMI_TOKEN_STRING) return snapshot_bad(r, name, "text");
  *ret = k8smi_arena_copy(r->arena, r->token.text.ptr, r->token.text.len);
  return ret->ptr == NULL ? k8smi_arena_error(r->arena) : K8SM_OK;
}

static int snapshot_get_bytes(struct snapshot_reader *r, const char *name, struct k8sm_slice *ret) {
  struct k8sm_slice text;
  bool bad;
  int result = snapshot_get_text(r, name, &text);
  if (result != K8SM_OK) return result;
  *ret = k8smi_parse_base64(r->arena, text, &bad);
  if (ret->ptr != NULL) return K8SM_OK;
  return bad ? snapshot_bad(r, name, "base64") : k8smi_arena_error(r->arena);
}

/* Doubles an array in the arena; the old one stays behind in it. */
static void *snapshot_grow(struct k8smi_arena *arena, void *items, size_t count, size_t item_size) {
  if (count != 0 && (count & (count - 1)) != 0) return items;
  void *more = k8smi_arena_array(arena, count == 0 ? 1 : count * 2, item_size);
  if (more != NULL && count != 0) memcpy(more, items, count * item_size);
  return more;
}

static int snapshot_get_task(struct snapshot_reader *r, void *item) {
  struct drv_snapshot_task *task = item;
  int result;
  while ((result = snapshot_next(r)) == K8SM_OK && r->token.kind == K8SMI_TOKEN_KEY) {
    bool id = k8smi_eqs(r->token.text, "id");
    result = snapshot_get_text(r, "tasks", id ? &task->id : &task->agent_id);
    if (result != K8SM_OK) return result;
  }
  return result;
}

static int snapshot_get_port(struct snapshot_reader *r, void *item) {
  struct k8sm_plan_port *port = item;
  int result;
  while ((result = snapshot_next(r)) == K8SM_OK && r->token.kind == K8SMI_TOKEN_KEY) {
    struct k8sm_slice key = r->token.text;
    int64_t number = 0;
    if (k8smi_eqs(key, "container")) {
      result = snapshot_get_text(r, "container", &port->container);
    } else if (k8smi_eqs(key, "name")) {
      result = snapshot_get_text(r, "name", &port->name);
    } else if (k8smi_eqs(key, "protocol")) {
      result = snapshot_get_text(r, "protocol", &port->protocol);
    } else {
      uint16_t *to = k8smi_eqs(key, "host_port") ? &port->host_port : &port->container_port;
      result = snapshot_get_number(r, "ports", &number);
      if (result == K8SM_OK && (number < 0 || number > UINT16_MAX))
        return snapshot_bad(r, "ports", "0 to 65535");
      *to = (uint16_t)number;
    }
    if (result != K8SM_OK) return result;
  }
  return result;
}

/* An array of objects, each read by `get` into a zeroed item. */
static int snapshot_get_array(struct snapshot_reader *r, const char *name, size_t item_size,
                              int (*get)(struct snapshot_reader *r, void *item), void **ret,
                              size_t *ret_count) {
  size_t count = 0;
  char *items = NULL;
  int result = snapshot_next(r);
  if (result == K8SM_OK && r->token.kind != K8SMI_TOKEN_ARRAY) return snapshot_bad(r, name, "an array");
  while (result == K8SM_OK && (result = snapshot_next(r)) == K8SM_OK &&
         r->token.kind != K8SMI_TOKEN_ARRAY_END) {
    if (r->token.kind != K8SMI_TOKEN_OBJECT) return snapshot_bad(r, name, "an array of objects");
    items = snapshot_grow(r->arena, items, count, item_size);
    if (items == NULL) return k8smi_arena_error(r->arena);
    result = get(r, items + count++ * item_size);
  }
  *ret = items;
  *ret_count = count;
  return result;
}

static int snapshot_get_tasks(struct snapshot_reader *r, struct drv_snapshot *s) {
  void *items = NULL;
  int result = snapshot_get_array(r, "tasks", sizeof *s->tasks, snapshot_get_task, &items, &s->task_count);
  s->tasks = items;
  for (size_t i = 0; result == K8SM_OK && i < s->task_count; i++) {
    if (s->tasks[i].id.len == 0) return snapshot_bad(r, "tasks", "an id for each");
  }
  return result;
}

static int snapshot_get_ports(struct snapshot_reader *r, struct drv_snapshot *s) {
  void *items = NULL;
  int result = snapshot_get_array(r, "ports", sizeof *s->ports, snapshot_get_port, &items, &s->port_count);
  s->ports = items;
  return result;
}

static int snapshot_get(struct snapshot_reader *r, struct drv_snapshot *s, const struct snapshot_field *f) {
  void *at = (char *)s + f->offset;
  switch (f->kind) {
  case SNAPSHOT_NUMBER: return snapshot_get_number(r, f->name, at);
  case SNAPSHOT_TEXT: return snapshot_get_text(r, f->name, at);
  case SNAPSHOT_BYTES: return snapshot_get_bytes(r, f->name, at);
  case SNAPSHOT_TASKS: return snapshot_get_tasks(r, s);
  default: return snapshot_get_ports(r, s);
  }
}

static int snapshot_get_all(struct snapshot_reader *r, struct drv_snapshot *s) {
  int result = snapshot_next(r);
  if (result == K8SM_OK && r->token.kind != K8SMI_TOKEN_OBJECT)
    return snapshot_bad(r, "all of it", "an object");
  while (result == K8SM_OK && (result = snapshot_next(r)) == K8SM_OK && r->token.kind == K8SMI_TOKEN_KEY) {
    size_t i = 0;
    while (i < SNAPSHOT_FIELDS && !k8smi_eqs(r->token.text, snapshot_fields[i].name)) i++;
    if (i == SNAPSHOT_FIELDS) return snapshot_bad(r, "a field", "one that this version knows");
    result = snapshot_get(r, s, &snapshot_fields[i]);
  }
  return result;
}

int k8smi_drv_snapshot_read(struct k8smi_arena *arena, struct k8sm_slice bytes, struct drv_snapshot *ret,
                            struct k8sm_diags *diags) {
  struct snapshot_reader r = {.arena = arena, .diags = diags};
  struct drv_snapshot s;
  memset(&s, 0, sizeof s);
  int result = k8smi_tokens_json(arena, bytes.ptr, bytes.len, NULL, &r.tokens, diags);
  if (result != K8SM_OK) return result;
  result = snapshot_get_all(&r, &s);
  k8smi_tokens_free(r.tokens);
  if (result != K8SM_OK) return result;
  if (s.version != DRV_SNAPSHOT_VERSION) return snapshot_bad(&r, "version", "1");
  if (s.attempt < 0 || s.attempt > UINT32_MAX) return snapshot_bad(&r, "attempt", "a small number");
  *ret = s;
  return K8SM_OK;
}
