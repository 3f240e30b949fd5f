/* SPDX-License-Identifier: Apache-2.0 */
/* A status from its record: one object with everything, and what changed since, object by object. */
#include "status/status.h"

#include "base/abi.h"
#include "wire/base64.h"
#include "wire/number.h"
#include "wire/token.h"

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
    if (!k8smi_eq(name, fields.items[i].name)) continue;
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
    if (!k8smi_status_room_for_strays(s)) return k8smi_find_nomem(r->diags, K8SM_ERR_NOMEM);
    memset(s->strays, 0, K8SMI_STATUS_MAX_STRAYS * sizeof *s->strays);
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

static int record_read_document(struct record_reader *r, size_t *tasks) {
  struct k8smi_token token;
  int result = k8smi_tokens_next(r->tokens, &token, r->diags);
  if (result == K8SM_OK && token.kind != K8SMI_TOKEN_OBJECT)
    result = record_invalid(r, "an object is expected");
  while (result == K8SM_OK) {
    result = k8smi_tokens_next(r->tokens, &token, r->diags);
    if (result == K8SM_OK && token.kind == K8SMI_TOKEN_OBJECT_END)
      return k8smi_tokens_next(r->tokens, &token, r->diags); /* the end of the document */
    if (result == K8SM_OK) result = record_read_top(r, token.text, tasks);
  }
  return result;
}

static int record_read(struct record_reader *r) {
  size_t tasks = 0;
  int result = record_read_document(r, &tasks);
  if (result != K8SM_OK) return result;
  if (r->version != K8SMI_STATUS_RECORD_VERSION)
    return record_invalid(r, "the first one is no whole record, or one of an unknown version");
  if (!r->uid_fits || r->attempt != r->status->demand->attempt || tasks != r->status->demand->task_count) {
    return record_invalid(r, "the record is of another pod, or another attempt of it");
  }
  r->version = 0;
  while (result == K8SM_OK && (result = k8smi_tokens_next_document(r->tokens, r->diags)) == K8SM_OK) {
    result = record_read_document(r, &tasks);
    if (result == K8SM_OK && r->version != 0)
      result = record_invalid(r, "a whole record stands behind another");
  }
  if (result != K8SM_ERR_NOT_FOUND) return result;
  return record_in_range(r->status) ? K8SM_OK : record_invalid(r, "a number of the record is out of range");
}

/* What has not begun may begin in another form than it was recorded in, with a pause task or without. */
static void record_fit_form(struct k8sm_status *s) {
  if (s->launched || s->ending) return;
  s->tasks[0].progress = K8SMI_PROGRESS_NONE;
  k8smi_status_omit_pause(s);
}

int k8sm_status_load(const struct k8sm_demand *demand, const void *bytes, size_t len,
                     const struct k8sm_status_options *options, struct k8sm_status **ret,
                     struct k8sm_diags *diags) {
  struct k8sm_status_options o;
  struct k8smi_arena scratch;
  int result = k8smi_options_read(&o, sizeof o, options, "k8sm_status_options", diags);
  if (result != K8SM_OK) return result;
  struct record_reader r = {k8smi_status_empty(demand, &o, o.allocator, 0), NULL, diags, false, 0, 0};
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
  record_fit_form(r.status);
  r.status->rebase = true;
  *ret = r.status;
  return K8SM_OK;
}
