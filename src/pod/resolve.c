/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/resolve.h"

#include <stdarg.h>
#include <stdio.h>

void k8smi_resolve_init(struct k8smi_resolve *r, struct k8smi_arena *arena, const struct k8smi_record *pod,
                        struct k8sm_diags *diags) {
  memset(r, 0, sizeof *r);
  r->arena = arena;
  r->diags = diags;
  r->metadata = k8smi_get_record(pod, K8SMI_Pod_metadata);
  r->spec = k8smi_get_record(pod, K8SMI_Pod_spec);
  r->status = k8smi_get_record(pod, K8SMI_Pod_status);
}

void *k8smi_resolve_array(struct k8smi_resolve *r, size_t n, size_t item_size) {
  void *p = n == 0 ? NULL : k8smi_arena_array(r->arena, n, item_size);
  if (n != 0 && p == NULL) r->no_memory = true;
  return p;
}

struct k8sm_slice k8smi_resolve_take(struct k8smi_resolve *r, struct k8smi_buf *buf) {
  struct k8sm_slice s = {NULL, 0};
  if (!buf->failed) s = k8smi_arena_copy(r->arena, buf->ptr, buf->len);
  if (s.ptr == NULL) r->no_memory = true;
  k8smi_buf_free(buf);
  return s;
}

void *k8smi_resolve_grow(struct k8smi_resolve *r, void *items, size_t count, size_t *cap, size_t item_size) {
  if (count < *cap) return items;
  size_t more = *cap == 0 ? 4 : *cap * 2;
  void *grown = k8smi_resolve_array(r, more, item_size);
  if (grown == NULL) return NULL;
  if (count > 0) memcpy(grown, items, count * item_size);
  *cap = more;
  return grown;
}

void k8smi_resolve_find(struct k8smi_resolve *r, uint32_t code, const struct k8smi_path *path,
                        const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (n < 0) text[0] = '\0';
  k8smi_find(r->diags, code, path, "%s", text);
  if (code != K8SM_DIAG_FIELD_NOT_FOUND) {
    r->problems++;
  } else if (r->missing++ == 0) {
    r->first_missing = k8smi_arena_copy(r->arena, text, strlen(text));
    r->no_memory |= r->first_missing.ptr == NULL;
  }
}

void k8smi_resolve_no_object(struct k8smi_resolve *r, enum k8smi_data_kind kind, struct k8sm_slice name,
                             const struct k8smi_path *path) {
  k8smi_resolve_find(r, K8SM_DIAG_FIELD_NOT_FOUND, path, "%s \"%.*s\" not found", k8smi_data_words[kind],
                     K8SMI_P(name));
}
