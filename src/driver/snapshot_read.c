/* SPDX-License-Identifier: Apache-2.0 */
#include "base/findings.h"
#include "base/slice.h"
#include "driver/snapshot.h"
#include "wire/base64.h"
#include "wire/number.h"
#include "wire/token.h"

#include <stdio.h>

enum snapshot_kind {
  SNAPSHOT_NUMBER,
  SNAPSHOT_TEXT,
  SNAPSHOT_BYTES,
  SNAPSHOT_POD,    /* JSON; as text in version 1 */
  SNAPSHOT_STATUS, /* JSON, of each row; as bytes in version 1 */
  SNAPSHOT_TASKS,
  SNAPSHOT_PORTS
};

struct snapshot_field {
  const char *name;
  size_t offset;
  enum snapshot_kind kind;
};

#define SNAPSHOT_FIELD_OF(type, name, kind)                                                                  \
  { #name, offsetof(struct type, name), SNAPSHOT_##kind }
#define SNAPSHOT_FIELD(name, kind) SNAPSHOT_FIELD_OF(drv_snapshot, name, kind)
static const struct snapshot_field snapshot_fields[] = {
    SNAPSHOT_FIELD(version, NUMBER),
    SNAPSHOT_FIELD(number, NUMBER),
    SNAPSHOT_FIELD(pod, POD),
    SNAPSHOT_FIELD(attempt, NUMBER),
    SNAPSHOT_FIELD(nonce, TEXT),
    SNAPSHOT_FIELD(deleting, NUMBER),
    SNAPSHOT_FIELD(agent_id, TEXT),
    SNAPSHOT_FIELD(grace_seconds, NUMBER),
    SNAPSHOT_FIELD(hostname, TEXT),
    SNAPSHOT_FIELD(executor, BYTES),
    SNAPSHOT_FIELD(tasks, TASKS),
    SNAPSHOT_FIELD(ports, PORTS),
    SNAPSHOT_FIELD(status, STATUS),
    SNAPSHOT_FIELD(form, TEXT),
    SNAPSHOT_FIELD(preempted, NUMBER),
    SNAPSHOT_FIELD(nominated_agent_id, TEXT),
    SNAPSHOT_FIELD(nominated_hostname, TEXT),
    SNAPSHOT_FIELD(nominated_role, TEXT),
    SNAPSHOT_FIELD(nominated_until_ms, NUMBER),
    SNAPSHOT_FIELD(volumes_made, NUMBER),
    SNAPSHOT_FIELD(reserved, NUMBER),
    SNAPSHOT_FIELD(gone, NUMBER),
};

struct snapshot_claim {
  int64_t version;
  struct k8sm_slice agent_id;
};
static const struct snapshot_field snapshot_claim_fields[] = {
    SNAPSHOT_FIELD_OF(snapshot_claim, version, NUMBER),
    SNAPSHOT_FIELD_OF(snapshot_claim, agent_id, TEXT),
};

static const struct snapshot_field snapshot_volume_fields[] = {
    SNAPSHOT_FIELD_OF(drv_snapshot_volume, version, NUMBER),
    SNAPSHOT_FIELD_OF(drv_snapshot_volume, id, TEXT),
    SNAPSHOT_FIELD_OF(drv_snapshot_volume, agent_id, TEXT),
    SNAPSHOT_FIELD_OF(drv_snapshot_volume, hostname, TEXT),
    SNAPSHOT_FIELD_OF(drv_snapshot_volume, storage_class, TEXT),
    SNAPSHOT_FIELD_OF(drv_snapshot_volume, milli, NUMBER),
    SNAPSHOT_FIELD_OF(drv_snapshot_volume, supposed, NUMBER),
};

/* What rows of a kind look like. Each begins with its version, a number. */
struct snapshot_form {
  const char *of;
  const struct snapshot_field *fields;
  size_t field_count;
  int64_t version; /* the newest that is known */
};
#define SNAPSHOT_FORM(of, fields, version)                                                                   \
  { of, fields, sizeof(fields) / sizeof(fields)[0], version }
static const struct snapshot_form snapshot_of_pod = SNAPSHOT_FORM("pod", snapshot_fields, DRV_SNAPSHOT_TOMB);
static const struct snapshot_form snapshot_of_claim =
    SNAPSHOT_FORM("claim", snapshot_claim_fields, DRV_SNAPSHOT_CLAIM_VERSION);
static const struct snapshot_form snapshot_of_volume =
    SNAPSHOT_FORM("volume", snapshot_volume_fields, DRV_SNAPSHOT_VOLUME_VERSION);

struct snapshot_reader {
  struct k8smi_arena *arena;
  struct k8smi_tokens *tokens;
  struct k8sm_diags *diags;
  struct k8smi_token token;
  const char *bytes;
  struct k8smi_buf statuses; /* of all rows so far, a line each */
  const struct snapshot_form *form;
};

/* Of the token that was read last. */
static int snapshot_bad(struct snapshot_reader *r, const char *name, const char *expected) {
  const struct k8smi_where where = k8smi_tokens_where(r->tokens, &r->token);
  k8smi_find_at(r->diags, K8SM_DIAG_RECORD_INVALID, &where, NULL, "the %s's record: %s: expected %s",
                r->form->of, name, expected);
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

/* A text that was read holds base64. */
static int snapshot_to_bytes(struct snapshot_reader *r, const char *name, struct k8sm_slice *text) {
  bool bad;
  *text = k8smi_parse_base64(r->arena, *text, &bad);
  if (text->ptr != NULL) return K8SM_OK;
  return bad ? snapshot_bad(r, name, "base64") : k8smi_arena_error(r->arena);
}

static int snapshot_get_bytes(struct snapshot_reader *r, const char *name, struct k8sm_slice *ret) {
  int result = snapshot_get_text(r, name, ret);
  return result == K8SM_OK ? snapshot_to_bytes(r, name, ret) : result;
}

/* The text of an object, as it stands there; that of a string, for version 1. */
static int snapshot_get_object(struct snapshot_reader *r, const char *name, struct k8sm_slice *ret,
                               bool *ret_text) {
  int result = snapshot_next(r);
  if (result != K8SM_OK) return result;
  *ret_text = r->token.kind == K8SMI_TOKEN_STRING;
  if (*ret_text) {
    *ret = k8smi_arena_copy(r->arena, r->token.text.ptr, r->token.text.len);
    return ret->ptr == NULL ? k8smi_arena_error(r->arena) : K8SM_OK;
  }
  if (r->token.kind != K8SMI_TOKEN_OBJECT) return snapshot_bad(r, name, "an object");
  size_t begin = r->token.offset, depth = 1;
  while (depth > 0) {
    if ((result = snapshot_next(r)) != K8SM_OK) return result;
    depth += r->token.kind == K8SMI_TOKEN_OBJECT || r->token.kind == K8SMI_TOKEN_ARRAY;
    depth -= r->token.kind == K8SMI_TOKEN_OBJECT_END || r->token.kind == K8SMI_TOKEN_ARRAY_END;
  }
  *ret = (struct k8sm_slice){r->bytes + begin, r->token.offset + 1 - begin};
  return K8SM_OK;
}

static int snapshot_get_status(struct snapshot_reader *r) {
  struct k8sm_slice status;
  bool text;
  int result = snapshot_get_object(r, "status", &status, &text);
  if (result == K8SM_OK && text) result = snapshot_to_bytes(r, "status", &status);
  if (result != K8SM_OK) return result;
  k8smi_buf_slice(&r->statuses, status);
  k8smi_buf_putc(&r->statuses, '\n');
  return r->statuses.failed ? k8smi_find_nomem(r->diags, K8SM_ERR_NOMEM) : K8SM_OK;
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

static int snapshot_get(struct snapshot_reader *r, void *s, const struct snapshot_field *f) {
  void *at = (char *)s + f->offset;
  bool text;
  switch (f->kind) {
  case SNAPSHOT_NUMBER: return snapshot_get_number(r, f->name, at);
  case SNAPSHOT_TEXT: return snapshot_get_text(r, f->name, at);
  case SNAPSHOT_BYTES: return snapshot_get_bytes(r, f->name, at);
  case SNAPSHOT_POD: return snapshot_get_object(r, f->name, at, &text);
  case SNAPSHOT_STATUS: return snapshot_get_status(r);
  case SNAPSHOT_TASKS: return snapshot_get_tasks(r, s);
  default: return snapshot_get_ports(r, s);
  }
}

static int snapshot_check_version(struct snapshot_reader *r, int64_t version) {
  char expected[32];
  if (version >= 1 && version <= r->form->version) return K8SM_OK;
  snprintf(expected, sizeof expected, r->form->version == 1 ? "1" : "1 to %d", (int)r->form->version);
  return snapshot_bad(r, "version", expected);
}

/* A row into the struct of its form, on top of what the former ones said. */
static int snapshot_get_row(struct snapshot_reader *r, void *s) {
  const struct snapshot_form *form = r->form;
  int result = snapshot_next(r);
  if (result == K8SM_OK && r->token.kind != K8SMI_TOKEN_OBJECT)
    return snapshot_bad(r, "all of it", "an object");
  while (result == K8SM_OK && (result = snapshot_next(r)) == K8SM_OK && r->token.kind == K8SMI_TOKEN_KEY) {
    size_t i = 0;
    while (i < form->field_count && !k8smi_eqs(r->token.text, form->fields[i].name)) i++;
    if (i == form->field_count) return snapshot_bad(r, "a field", "one that this version knows");
    result = snapshot_get(r, s, &form->fields[i]);
  }
  if (result == K8SM_OK) result = snapshot_next(r); /* the end of the row */
  return result == K8SM_OK ? snapshot_check_version(r, *(const int64_t *)s) : result;
}

/* The rows behind the first one, as far as they follow on. One that does not is older than the whole row, or
 * was made when the host could not keep the one before it. */
static int snapshot_get_changes(struct snapshot_reader *r, struct drv_snapshot *s) {
  int result;
  while ((result = k8smi_tokens_next_document(r->tokens, r->diags)) == K8SM_OK) {
    struct drv_snapshot next = *s;
    size_t statuses = r->statuses.len;
    result = snapshot_get_row(r, &next);
    if (result != K8SM_OK) return result;
    if (next.number == s->number + 1)
      *s = next;
    else
      r->statuses.len = statuses;
    if (next.number > s->number + 1) return K8SM_OK;
  }
  return result == K8SM_ERR_NOT_FOUND ? K8SM_OK : result;
}

static int snapshot_get_all(struct snapshot_reader *r, struct k8sm_slice bytes, struct drv_snapshot *s) {
  int result = k8smi_tokens_json(r->arena, bytes.ptr, bytes.len, NULL, &r->tokens, r->diags);
  if (result != K8SM_OK) return result;
  result = snapshot_get_row(r, s);
  if (result == K8SM_OK) result = snapshot_get_changes(r, s);
  if (result == K8SM_OK && (s->attempt < 0 || s->attempt > UINT32_MAX))
    result = snapshot_bad(r, "attempt", "a small number");
  if (result == K8SM_OK && (s->gone != 0) != (s->version == DRV_SNAPSHOT_TOMB))
    result = snapshot_bad(r, "version", "that of a tombstone in one, and in no other row");
  k8smi_tokens_free(r->tokens);
  if (result != K8SM_OK) return result;
  s->status = k8smi_arena_copy(r->arena, r->statuses.ptr, r->statuses.len);
  return s->status.ptr == NULL ? k8smi_arena_error(r->arena) : K8SM_OK;
}

/* A row that was not written to its end was not kept. One of version 1 has no line's end. */
static struct k8sm_slice snapshot_whole_lines(struct k8sm_slice bytes) {
  size_t n = bytes.len;
  while (n > 0 && bytes.ptr[n - 1] != '\n') n--;
  return n == 0 ? bytes : (struct k8sm_slice){bytes.ptr, n};
}

/* A process that begins on a row that was cut short writes a whole one first. Where the host can't keep that,
 * those behind it follow the stump on its line, and are void as it is. Only a whole row, which is the first,
 * has another version in it; in texts the quotes are escaped. */
static struct k8sm_slice snapshot_before_cut(struct k8sm_slice bytes) {
  static const char begin[] = "{\"version\":";
  const size_t n = sizeof begin - 1;
  const char *line = bytes.len == 0 ? NULL : memchr(bytes.ptr, '\n', bytes.len);
  const char *end = bytes.ptr + bytes.len;
  for (const char *at = line; at != NULL && (size_t)(end - at) > n; at++) {
    if (*at == '\n') line = at;
    if (at > line + 1 && memcmp(at, begin, n) == 0)
      return (struct k8sm_slice){bytes.ptr, (size_t)(line + 1 - bytes.ptr)};
  }
  return bytes;
}

int k8smi_drv_snapshot_read(struct k8smi_arena *arena, struct k8sm_slice bytes, struct drv_snapshot *ret,
                            struct k8sm_diags *diags) {
  struct snapshot_reader r = {.arena = arena, .diags = diags, .bytes = bytes.ptr, .form = &snapshot_of_pod};
  struct drv_snapshot s;
  memset(&s, 0, sizeof s);
  k8smi_buf_init(&r.statuses, &arena->allocator);
  int result = snapshot_get_all(&r, snapshot_before_cut(snapshot_whole_lines(bytes)), &s);
  k8smi_buf_free(&r.statuses);
  if (result == K8SM_OK) *ret = s;
  return result;
}

/* A record that is one row. */
static int snapshot_read_row(struct k8smi_arena *arena, const struct snapshot_form *form,
                             struct k8sm_slice bytes, void *ret, struct k8sm_diags *diags) {
  struct snapshot_reader r = {.arena = arena, .diags = diags, .bytes = bytes.ptr, .form = form};
  int result = k8smi_tokens_json(arena, bytes.ptr, bytes.len, NULL, &r.tokens, diags);
  if (result != K8SM_OK) return result;
  result = snapshot_get_row(&r, ret);
  k8smi_tokens_free(r.tokens);
  return result;
}

int k8smi_drv_snapshot_read_claim(struct k8smi_arena *arena, struct k8sm_slice bytes,
                                  struct k8sm_slice *ret_agent_id, struct k8sm_diags *diags) {
  struct snapshot_claim claim = {0, K8SMI_S("")};
  int result = snapshot_read_row(arena, &snapshot_of_claim, bytes, &claim, diags);
  *ret_agent_id = claim.agent_id;
  return result;
}

int k8smi_drv_snapshot_read_volume(struct k8smi_arena *arena, struct k8sm_slice bytes,
                                   struct drv_snapshot_volume *ret, struct k8sm_diags *diags) {
  const struct k8sm_slice none = K8SMI_S("");
  *ret = (struct drv_snapshot_volume){0, none, none, none, none, 0, 0};
  return snapshot_read_row(arena, &snapshot_of_volume, bytes, ret, diags);
}
