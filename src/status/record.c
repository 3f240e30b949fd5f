/* SPDX-License-Identifier: Apache-2.0 */
/* A status as a record: one JSON object of the tables in fields.c, with what is another than before. */
#include "status/status.h"

#include "wire/json.h"

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
    k8smi_json_base64(w, v.s);
    break;
  }
}

static void record_write_fields(struct k8smi_json *w, const void *from, struct k8smi_status_fields fields,
                                k8smi_status_set set) {
  while (set != 0) {
    const struct k8smi_status_field *field = &fields.items[k8smi_status_next_field(&set)];
    k8smi_json_key_name(w, field->name);
    record_write_value(w, (const char *)from + field->offset, field->kind);
  }
}

/* Strays come and go: if one is another, the list is written anew. */
static void record_write_strays(struct k8smi_json *w, const struct k8sm_status *s,
                                const struct k8sm_status *since) {
  bool same = s->stray_count == (since == NULL ? 0 : since->stray_count);
  for (size_t i = 0; same && i < s->stray_count; i++)
    same = k8smi_status_stray_changed(&s->strays[i], &since->strays[i]) == 0;
  if (same) return;
  k8smi_json_key(w, "strays");
  k8smi_json_open(w, '[');
  for (size_t i = 0; i < s->stray_count; i++) {
    k8smi_json_open(w, '{');
    record_write_fields(w, &s->strays[i], k8smi_status_stray_fields(),
                        k8smi_status_stray_changed(&s->strays[i], NULL));
    k8smi_json_close(w, '}');
  }
  k8smi_json_close(w, ']');
}

/* What is another than in `since`; NULL: all that is set. */
static void record_write(struct k8smi_json *w, const struct k8sm_status *s, const struct k8sm_status *since) {
  k8smi_json_open(w, '{');
  if (since == NULL) {
    k8smi_json_member_i64(w, "version", K8SMI_STATUS_RECORD_VERSION);
    k8smi_json_member(w, "uid", s->demand->uid);
    k8smi_json_member_i64(w, "attempt", s->demand->attempt);
  }
  record_write_fields(w, s, k8smi_status_pod_fields(), k8smi_status_pod_changed(s, since));
  k8smi_json_key(w, "tasks");
  k8smi_json_open(w, '[');
  for (size_t i = 0; i < s->demand->task_count; i++) {
    k8smi_json_open(w, '{');
    if (since == NULL) k8smi_json_member(w, "container", s->demand->tasks[i].container);
    record_write_fields(w, &s->tasks[i], k8smi_status_task_fields(),
                        k8smi_status_task_changed(&s->tasks[i], since == NULL ? NULL : &since->tasks[i]));
    k8smi_json_close(w, '}');
  }
  k8smi_json_close(w, ']');
  record_write_strays(w, s, since);
  k8smi_json_close(w, '}');
}

/* Mostly both have one demand, whose uid need not come from memory. */
static bool record_same_attempt(const struct k8sm_demand *a, const struct k8sm_demand *b) {
  return a == b || (a->attempt == b->attempt && a->task_count == b->task_count && k8smi_eq(a->uid, b->uid));
}

bool k8smi_status_put_record(struct k8smi_json *w, const struct k8sm_status *status,
                             const struct k8sm_status *since) {
  if (since != NULL && !record_same_attempt(since->demand, status->demand)) return false;
  record_write(w, status, since);
  return true;
}

int k8sm_status_save(const struct k8sm_status *status, const struct k8sm_status *since,
                     const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  struct k8smi_buf buf;
  struct k8smi_json w;
  if (!k8smi_buf_init(&buf, allocator)) return K8SM_ERR_NOMEM;
  k8smi_json_init(&w, &buf, false);
  int result = k8smi_status_put_record(&w, status, since) ? K8SM_OK : K8SM_ERR_INVALID;
  if (result == K8SM_OK) result = k8smi_buf_to_blob(&buf, ret);
  k8smi_buf_free(&buf);
  return result;
}
