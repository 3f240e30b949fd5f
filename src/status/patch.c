/* SPDX-License-Identifier: Apache-2.0 */
#include "status/status.h"

#include "pod/bind.h"
#include "pod/patch.h"
#include "pod/same.h"

/* A status as the PodStatus that is written of it, read again: what a patch is about are the fields of
 * Kubernetes' type, and how they are told apart is known there. NULL: no status, no field is set. */
static int patch_read(const struct k8sm_status *status, struct k8smi_arena *arena,
                      const struct k8smi_record **ret) {
  struct k8sm_blob *json = NULL;
  struct k8smi_tokens *tokens = NULL;
  struct k8smi_bind bind;
  *ret = NULL;
  if (status == NULL) return K8SM_OK;
  int r = k8sm_status_encode(status, K8SM_FORMAT_JSON, &arena->allocator, &json);
  if (r != K8SM_OK) return r;
  struct k8sm_slice bytes = k8sm_blob_bytes(json);
  r = k8smi_tokens_json(arena, bytes.ptr, bytes.len, NULL, &tokens, NULL);
  if (r == K8SM_OK && !k8smi_bind_init(&bind, tokens, arena, NULL)) r = K8SM_ERR_NOMEM;
  if (r == K8SM_OK) {
    r = k8smi_bind_record(&bind, K8SMI_TYPE_PodStatus, NULL, ret);
    k8smi_bind_free(&bind);
  }
  k8sm_blob_unref(json);
  return r;
}

static int patch_write(const struct k8sm_status *to, const struct k8smi_record *before,
                       const struct k8smi_record *after, uint32_t kind, struct k8smi_arena *arena,
                       struct k8smi_buf *buf) {
  struct k8smi_json w;
  k8smi_json_init(&w, buf, true);
  k8smi_json_open(&w, '{');
  if (!k8smi_same_record(K8SMI_TYPE_PodStatus, before, after)) {
    k8smi_json_key(&w, "metadata");
    k8smi_json_open(&w, '{');
    k8smi_json_member(&w, "uid", to->demand->uid);
    k8smi_json_close(&w, '}');
    k8smi_json_key(&w, "status");
    k8smi_json_open(&w, '{');
    if (!k8smi_patch_members(&w, arena, K8SMI_TYPE_PodStatus, before, after, kind)) buf->failed = true;
    k8smi_json_close(&w, '}');
  }
  k8smi_json_close(&w, '}');
  return buf->failed ? K8SM_ERR_NOMEM : K8SM_OK;
}

int k8sm_status_patch(const struct k8sm_status *from, const struct k8sm_status *to, uint32_t kind,
                      const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  const struct k8smi_record *before = NULL, *after = NULL;
  if (kind != K8SM_PATCH_MERGE && kind != K8SM_PATCH_STRATEGIC) return K8SM_ERR_UNSUPPORTED;
  if (!k8smi_buf_init(&buf, allocator)) return K8SM_ERR_NOMEM;
  if (!k8smi_arena_init(&arena, allocator, 0)) return K8SM_ERR_NOMEM;
  int r = patch_read(from, &arena, &before);
  if (r == K8SM_OK) r = patch_read(to, &arena, &after);
  if (r == K8SM_OK) r = patch_write(to, before, after, kind, &arena, &buf);
  if (r == K8SM_OK) r = k8smi_buf_to_blob(&buf, ret);
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
  return r;
}
