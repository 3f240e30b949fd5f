/* SPDX-License-Identifier: Apache-2.0 */
/* A status as few bytes, for who keeps many of them: of each table of fields.c the fields that are another
 * than in the status `since`, or set, where there is none. They never leave the process. */
#include "status/status.h"

#include "wire/protobuf.h"

_Static_assert(sizeof(uint64_t) == sizeof(int64_t) && sizeof(uint32_t) == sizeof(int32_t),
               "signed numbers are packed as unsigned ones");

/* ---- Writing ---- */

static uint64_t status_pack_number(const char *at, enum k8smi_status_kind kind) {
  uint32_t u32;
  uint64_t u64;
  bool b;
  switch (kind) {
  case K8SMI_STATUS_BOOL: memcpy(&b, at, sizeof b); return b;
  case K8SMI_STATUS_U32:
  case K8SMI_STATUS_I32: memcpy(&u32, at, sizeof u32); return u32;
  default: memcpy(&u64, at, sizeof u64); return u64;
  }
}

static void status_pack_value(struct k8smi_buf *buf, const char *at, enum k8smi_status_kind kind) {
  struct k8sm_slice text;
  if (kind != K8SMI_STATUS_TEXT && kind != K8SMI_STATUS_BYTES) {
    k8smi_proto_put_varint(buf, status_pack_number(at, kind));
    return;
  }
  memcpy(&text, at, sizeof text);
  k8smi_proto_put_bytes(buf, text.ptr, text.len);
}

/* Which fields follow, a bit for each, and then those. */
static void status_pack_fields(struct k8smi_buf *buf, const void *from, struct k8smi_status_fields fields,
                               k8smi_status_set set) {
  k8smi_proto_put_varint(buf, set);
  while (set != 0) {
    const struct k8smi_status_field *field = &fields.items[k8smi_status_next_field(&set)];
    status_pack_value(buf, (const char *)from + field->offset, field->kind);
  }
}

void k8smi_status_pack(struct k8smi_buf *buf, const struct k8sm_status *s, const struct k8sm_status *since) {
  k8smi_buf_putc(buf, (char)s->rebase);
  status_pack_fields(buf, s, k8smi_status_pod_fields(), k8smi_status_pod_changed(s, since));
  for (size_t i = 0; i < s->demand->task_count; i++) {
    status_pack_fields(buf, &s->tasks[i], k8smi_status_task_fields(),
                       k8smi_status_task_changed(&s->tasks[i], since == NULL ? NULL : &since->tasks[i]));
  }
  k8smi_proto_put_varint(buf, s->stray_count);
  for (size_t i = 0; i < s->stray_count; i++)
    status_pack_fields(buf, &s->strays[i], k8smi_status_stray_fields(),
                       k8smi_status_stray_changed(&s->strays[i], NULL));
}

/* ---- Reading ---- */

struct status_pack_reader {
  struct k8sm_status *status;
  const uint8_t *at; /* NULL: the bytes ended too early */
  const uint8_t *end;
};

static uint64_t status_pack_next(struct status_pack_reader *r) {
  uint64_t n = 0;
  if (r->at != NULL) r->at = k8smi_proto_varint(r->at, r->end, &n);
  return n;
}

static void status_pack_read_text(struct status_pack_reader *r, char *to) {
  uint64_t len = status_pack_next(r);
  if (r->at == NULL || len > (uint64_t)(r->end - r->at)) {
    r->at = NULL;
    return;
  }
  struct k8sm_slice text = {(const char *)r->at, (size_t)len};
  r->at += len;
  text = k8smi_status_text(r->status, text);
  memcpy(to, &text, sizeof text);
}

static void status_pack_read_value(struct status_pack_reader *r, char *to, enum k8smi_status_kind kind) {
  if (kind == K8SMI_STATUS_TEXT || kind == K8SMI_STATUS_BYTES) {
    status_pack_read_text(r, to);
    return;
  }
  const uint64_t u64 = status_pack_next(r);
  const uint32_t u32 = (uint32_t)u64;
  const bool b = u64 != 0;
  switch (kind) {
  case K8SMI_STATUS_BOOL: memcpy(to, &b, sizeof b); break;
  case K8SMI_STATUS_U32:
  case K8SMI_STATUS_I32: memcpy(to, &u32, sizeof u32); break;
  default: memcpy(to, &u64, sizeof u64); break;
  }
}

static void status_pack_read_fields(struct status_pack_reader *r, void *to,
                                    struct k8smi_status_fields fields) {
  k8smi_status_set set = status_pack_next(r);
  while (set != 0 && r->at != NULL) {
    const struct k8smi_status_field *field = &fields.items[k8smi_status_next_field(&set)];
    status_pack_read_value(r, (char *)to + field->offset, field->kind);
  }
}

static void status_pack_read_strays(struct status_pack_reader *r) {
  struct k8sm_status *s = r->status;
  size_t count = (size_t)status_pack_next(r);
  s->stray_count = 0;
  if (count == 0 || count > K8SMI_STATUS_MAX_STRAYS || !k8smi_status_room_for_strays(s)) return;
  memset(s->strays, 0, K8SMI_STATUS_MAX_STRAYS * sizeof *s->strays);
  for (; s->stray_count < count; s->stray_count++)
    status_pack_read_fields(r, &s->strays[s->stray_count], k8smi_status_stray_fields());
}

struct k8sm_status *k8smi_status_unpack(struct k8sm_slice bytes, const struct k8sm_demand *demand,
                                        const struct k8sm_status *since,
                                        const struct k8sm_status_options *options,
                                        const struct k8sm_allocator *allocator) {
  struct status_pack_reader r = {NULL, (const uint8_t *)bytes.ptr, (const uint8_t *)bytes.ptr + bytes.len};
  r.status = since == NULL ? k8smi_status_empty(demand, options, allocator, bytes.len)
                           : k8smi_status_copy(since, allocator);
  if (r.status == NULL) return NULL;
  r.status->rebase = status_pack_next(&r) != 0;
  status_pack_read_fields(&r, r.status, k8smi_status_pod_fields());
  for (size_t i = 0; i < demand->task_count; i++)
    status_pack_read_fields(&r, &r.status->tasks[i], k8smi_status_task_fields());
  status_pack_read_strays(&r);
  if (r.at != NULL && !r.status->no_memory) return r.status;
  k8sm_status_unref(r.status);
  return NULL;
}
