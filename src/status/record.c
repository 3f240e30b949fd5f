/* SPDX-License-Identifier: Apache-2.0 */
/* A status as a record, and back: one JSON object of the tables in fields.c. */
#include "status/status.h"

#include "base/abi.h"
#include "wire/base64.h"
#include "wire/json.h"
#include "wire/number.h"
#include "wire/token.h"

enum { RECORD_VERSION = 1 };

/* ---- Writing ---- */

static bool record_is_zero(const char *at, enum k8smi_status_kind kind) {
  static const char zeros[sizeof(struct k8sm_slice)];
  static const size_t sizes[] = {
      sizeof(bool),    sizeof(uint32_t),          sizeof(int32_t),          sizeof(uint64_t),
      sizeof(int64_t), sizeof(struct k8sm_slice), sizeof(struct k8sm_slice)};
  return memcmp(at, zeros, sizes[kind]) == 0;
}

static void record_write_bytes(struct k8smi_json *w, struct k8sm_slice bytes) {
  struct k8smi_buf text;
  if (!k8smi_buf_init(&text, &w->buf->allocator)) return;
  k8smi_put_base64(&text, bytes.ptr, bytes.len);
  if (text.failed) w->buf->failed = true;
  k8smi_json_string(w, (struct k8sm_slice){text.ptr, text.failed ? 0 : text.len});
  k8smi_buf_free(&text);
}

/* 64-bit counts of milliseconds fit into an int64_t: monotonic clocks begin at 0. */
static void record_write_value(struct k8smi_json *w, const char *at, enum k8smi_status_kind kind) {
  union {
    bool b;
    uint32_t u32;
    int32_t i32;
    uint64_t u64;
    int64_t i64;
    struct k8sm_slice s;
  } v;
  memset(&v, 0, sizeof v);
  switch (kind) {
  case K8SMI_STATUS_BOOL:
    memcpy(&v.b, at, sizeof v.b);
    k8smi_json_bool(w, v.b);
    break;
  case K8SMI_STATUS_U32:
    memcpy(&v.u32, at, sizeof v.u32);
    k8smi_json_i64(w, v.u32);
    break;
  case K8SMI_STATUS_I32:
    memcpy(&v.i32, at, sizeof v.i32);
    k8smi_json_i64(w, v.i32);
    break;
  case K8SMI_STATUS_U64:
    memcpy(&v.u64, at, sizeof v.u64);
    k8smi_json_i64(w, v.u64 > INT64_MAX ? INT64_MAX : (int64_t)v.u64);
    break;
  case K8SMI_STATUS_I64:
    memcpy(&v.i64, at, sizeof v.i64);
    k8smi_json_i64(w, v.i64);
    break;
  case K8SMI_STATUS_TEXT:
    memcpy(&v.s, at, sizeof v.s);
    k8smi_json_string(w, v.s);
    break;
  case K8SMI_STATUS_BYTES:
    memcpy(&v.s, at, sizeof v.s);
    record_write_bytes(w, v.s);
    break;
  }
}

static void record_write_fields(struct k8smi_json *w, const void *from, struct k8smi_status_fields fields) {
  for (size_t i = 0; i < fields.count; i++) {
    const char *at = (const char *)from + fields.items[i].offset;
    if (record_is_zero(at, fields.items[i].kind)) continue;
    k8smi_json_key(w, fields.items[i].name);
    record_write_value(w, at, fields.items[i].kind);
  }
}

int k8sm_status_save(const struct k8sm_status *status, const struct k8sm_allocator *allocator,
                     struct k8sm_blob **ret) {
  struct k8smi_buf buf;
  struct k8smi_json w;
  if (!k8smi_buf_init(&buf, allocator)) return K8SM_ERR_NOMEM;
  k8smi_json_init(&w, &buf, false);
  k8smi_json_open(&w, '{');
  k8smi_json_member_i64(&w, "version", RECORD_VERSION);
  k8smi_json_member(&w, "uid", status->demand->uid);
  k8smi_json_member_i64(&w, "attempt", status->demand->attempt);
  record_write_fields(&w, status, k8smi_status_pod_fields());
  k8smi_json_key(&w, "tasks");
  k8smi_json_open(&w, '[');
  for (size_t i = 0; i < status->demand->task_count; i++) {
    k8smi_json_open(&w, '{');
    k8smi_json_member(&w, "container", status->demand->tasks[i].container);
    record_write_fields(&w, &status->tasks[i], k8smi_status_task_fields());
    k8smi_json_close(&w, '}');
  }
  k8smi_json_close(&w, ']');
  k8smi_json_key(&w, "strays");
  k8smi_json_open(&w, '[');
  for (size_t i = 0; i < status->stray_count; i++) {
    k8smi_json_open(&w, '{');
    record_write_fields(&w, &status->strays[i], k8smi_status_stray_fields());
    k8smi_json_close(&w, '}');
  }
  k8smi_json_close(&w, ']');
  k8smi_json_close(&w, '}');
  int result = buf.failed ? K8SM_ERR_NOMEM : k8smi_buf_to_blob(&buf, ret);
  k8smi_buf_free(&buf);
  return result;
}

/* ---- Reading ---- */

struct record_reader {
  struct k8sm_status *status;
  struct k8smi_tokens *tokens;
  struct k8sm_diags *diags;
  bool uid_fits;
  int64_t version;
  int64_t attempt;
};

static int record_invalid(struct record_reader *r, const char *words) {
  k8smi_find(r->diags, K8SM_DIAG_RECORD_INVALID, NULL, "%s", words);
  return K8SM_ERR_INVALID;
}

/* A number within the bounds of its kind. */
static bool record_set_number(char *at, enum k8smi_status_kind kind, int64_t n) {
  uint32_t u32 = (uint32_t)n;
  int32_t i32 = (int32_t)n;
  uint64_t u64 = (uint64_t)n;
  switch (kind) {
  case K8SMI_STATUS_U32: memcpy(at, &u32, sizeof u32); return n >= 0 && n <= UINT32_MAX;
  case K8SMI_STATUS_I32: memcpy(at, &i32, sizeof i32); return n >= INT32_MIN && n <= INT32_MAX;
  case K8SMI_STATUS_U64: memcpy(at, &u64, sizeof u64); return n >= 0;
  case K8SMI_STATUS_I64: memcpy(at, &n, sizeof n); return true;
  default: return false;
  }
}

static int record_set_text(struct record_reader *r, char *at, enum k8smi_status_kind kind,
                           struct k8sm_slice text) {
  bool bad = false;
  struct k8sm_slice value = kind == K8SMI_STATUS_BYTES ? k8smi_parse_base64(&r->status->arena, text, &bad)
                                                       : k8smi_status_text(r->status, text);
  if (bad) return record_invalid(r, "bytes of the record are not base64");
  if (value.ptr == NULL) return k8smi_find_nomem(r->diags, K8SM_ERR_NOMEM);
  memcpy(at, &value, sizeof value);
  return K8SM_OK;
}

static int record_read_value(struct record_reader *r, char *at, enum k8smi_status_kind kind) {
  struct k8smi_token token;
  int64_t n;
  int result = k8smi_tokens_next(r->tokens, &token, r->diags);
  if (result != K8SM_OK) return result;
  bool text = kind == K8SMI_STATUS_TEXT || kind == K8SMI_STATUS_BYTES;
  if (text && token.kind == K8SMI_TOKEN_STRING) return record_set_text(r, at, kind, token.text);
  if (kind == K8SMI_STATUS_BOOL && (token.kind == K8SMI_TOKEN_TRUE || token.kind == K8SMI_TOKEN_FALSE)) {
    bool b = token.kind == K8SMI_TOKEN_TRUE;
    memcpy(at, &b, sizeof b);
    return K8SM_OK;
  }
  if (!text && token.kind == K8SMI_TOKEN_NUMBER && k8smi_parse_i64(token.text, &n) &&
      record_set_number(at, kind, n)) {
    return K8SM_OK;
  }
  return record_invalid(r, "a member of the record holds another type than it should");
}

/* A member that no table names, of a newer version: left out. */
static int record_skip(struct record_reader *r) {
  struct k8smi_token token;
  int result = k8smi_tokens_next(r->tokens, &token, r->diags);
  if (result != K8SM_OK) return result;
  bool nested = token.kind == K8SMI_TOKEN_OBJECT || token.kind == K8SMI_TOKEN_ARRAY;
  return nested ? k8smi_tokens_skip(r->tokens, r->diags) : K8SM_OK;
}

static int record_read_member(struct record_reader *r, void *to, struct k8smi_status_fields fields,
                              struct k8sm_slice name) {
  for (size_t i = 0; i < fields.count; i++) {
    if (!k8smi_eqs(name, fields.items[i].name)) continue;
    return record_read_value(r, (char *)to + fields.items[i].offset, fields.items[i].kind);
  }
  return record_skip(r);
}

/* The members of an object whose brace was read. */
static int record_read_object(struct record_reader *r, void *to, struct k8smi_status_fields fields) {
  struct k8smi_token token;
  for (;;) {
    int result = k8smi_tokens_next(r->tokens, &token, r->diags);
    if (result == K8SM_OK && token.kind == K8SMI_TOKEN_OBJECT_END) return K8SM_OK;
    if (result == K8SM_OK) result = record_read_member(r, to, fields, token.text);
    if (result != K8SM_OK) return result;
  }
}

/* An array of objects into a table of `cap` rows. */
static int record_read_rows(struct record_reader *r, void *rows, size_t row_size, size_t cap,
                            struct k8smi_status_fields fields, size_t *ret_count) {
  struct k8smi_token token;
  int result = k8smi_tokens_next(r->tokens, &token, r->diags);
  if (result == K8SM_OK && token.kind != K8SMI_TOKEN_ARRAY) result = record_invalid(r, "a list is expected");
  for (size_t n = 0; result == K8SM_OK; n++) {
    result = k8smi_tokens_next(r->tokens, &token, r->diags);
    if (result != K8SM_OK) return result;
    if (token.kind == K8SMI_TOKEN_ARRAY_END) {
      *ret_count = n;
      return K8SM_OK;
    }
    if (token.kind != K8SMI_TOKEN_OBJECT || n >= cap)
      return record_invalid(r, "the record is of another pod");
    result = record_read_object(r, (char *)rows + n * row_size, fields);
  }
  return result;
}

static int record_read_top(struct record_reader *r, struct k8sm_slice name, size_t *tasks) {
  struct k8sm_status *s = r->status;
  struct k8sm_slice uid = {NULL, 0};
  int result;
  if (k8smi_eqs(name, "version")) return record_read_value(r, (char *)&r->version, K8SMI_STATUS_I64);
  if (k8smi_eqs(name, "attempt")) return record_read_value(r, (char *)&r->attempt, K8SMI_STATUS_I64);
  if (k8smi_eqs(name, "uid")) {
    result = record_read_value(r, (char *)&uid, K8SMI_STATUS_TEXT);
    r->uid_fits = result == K8SM_OK && k8smi_eq(uid, s->demand->uid);
    return result;
  }
  if (k8smi_eqs(name, "tasks")) {
    return record_read_rows(r, s->tasks, sizeof *s->tasks, s->demand->task_count, k8smi_status_task_fields(),
                            tasks);
  }
  if (k8smi_eqs(name, "strays")) {
    return record_read_rows(r, s->strays, sizeof *s->strays, K8SMI_STATUS_MAX_STRAYS,
                            k8smi_status_stray_fields(), &s->stray_count);
  }
  return record_read_member(r, s, k8smi_status_pod_fields(), name);
}

static bool record_in_range(const struct k8sm_status *s) {
  if (s->phase > K8SMI_PHASE_FAILED || s->stage >= s->demand->stages) return false;
  for (size_t i = 0; i < s->demand->task_count; i++) {
    if (s->tasks[i].progress > K8SMI_PROGRESS_ENDED) return false;
  }
  return true;
}

static int record_read(struct record_reader *r) {
  struct k8smi_token token;
  size_t tasks = 0;
  int result = k8smi_tokens_next(r->tokens, &token, r->diags);
  if (result == K8SM_OK && token.kind != K8SMI_TOKEN_OBJECT)
    result = record_invalid(r, "an object is expected");
  while (result == K8SM_OK) {
    result = k8smi_tokens_next(r->tokens, &token, r->diags);
    if (result == K8SM_OK && token.kind == K8SMI_TOKEN_OBJECT_END) break;
    if (result == K8SM_OK) result = record_read_top(r, token.text, &tasks);
  }
  if (result != K8SM_OK) return result;
  if (r->version != RECORD_VERSION) return record_invalid(r, "a record of an unknown version");
  if (!r->uid_fits || r->attempt != r->status->demand->attempt || tasks != r->status->demand->task_count) {
    return record_invalid(r, "the record is of another pod, or another attempt of it");
  }
  return record_in_range(r->status) ? K8SM_OK : record_invalid(r, "a number of the record is out of range");
}

int k8sm_status_load(const struct k8sm_demand *demand, const void *bytes, size_t len,
                     const struct k8sm_status_options *options, struct k8sm_status **ret,
                     struct k8sm_diags *diags) {
  struct k8sm_status_options o;
  struct k8smi_arena scratch;
  int result = k8smi_options_read(&o, sizeof o, options, "k8sm_status_options", diags);
  if (result != K8SM_OK) return result;
  struct record_reader r = {k8smi_status_empty(demand, &o, o.allocator), NULL, diags, false, 0, 0};
  if (r.status == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_arena_init(&scratch, &r.status->arena.allocator, 0);
  result = k8smi_tokens_json(&scratch, bytes, len, NULL, &r.tokens, diags);
  if (result == K8SM_OK) {
    result = record_read(&r);
    k8smi_tokens_free(r.tokens);
  }
  k8smi_arena_free(&scratch);
  if (result != K8SM_OK) {
    k8sm_status_unref(r.status);
    return result;
  }
  r.status->rebase = true;
  *ret = r.status;
  return K8SM_OK;
}
