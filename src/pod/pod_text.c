/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/pod.h"

#include "pod/encode.h"
#include "pod/proto.h"
#include "wire/yaml_out.h"

static void pod_put(unsigned type, const struct k8smi_record *record, uint32_t format,
                    struct k8smi_buf *buf) {
  struct k8smi_json w;
  switch (format) {
  case K8SM_FORMAT_PROTOBUF: k8smi_proto_put_enveloped(buf, type, record); return;
  case K8SM_FORMAT_PROTOBUF_BARE: k8smi_proto_put_record(buf, type, record); return;
  default: k8smi_json_init(&w, buf, true); k8smi_encode_record(&w, type, record);
  }
}

int k8smi_record_to_blob(unsigned type, const struct k8smi_record *record, uint32_t format,
                         const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  struct k8smi_buf first, yaml;
  if (format == K8SM_FORMAT_AUTO || format > K8SM_FORMAT_PROTOBUF_BARE) return K8SM_ERR_UNSUPPORTED;
  if (!k8smi_buf_init(&first, allocator) || !k8smi_buf_init(&yaml, allocator)) return K8SM_ERR_NOMEM;
  pod_put(type, record, format, &first);
  int r = first.failed ? K8SM_ERR_NOMEM : K8SM_OK;
  if (r == K8SM_OK && format == K8SM_FORMAT_YAML)
    r = k8smi_put_yaml(&yaml, (struct k8sm_slice){first.ptr, first.len});
  if (r == K8SM_OK) r = k8smi_buf_to_blob(format == K8SM_FORMAT_YAML ? &yaml : &first, ret);
  k8smi_buf_free(&first);
  k8smi_buf_free(&yaml);
  return r;
}

int k8sm_pod_encode(const struct k8sm_pod *pod, uint32_t format, const struct k8sm_allocator *allocator,
                    struct k8sm_blob **ret) {
  return k8smi_record_to_blob(K8SMI_TYPE_Pod, k8smi_pod_record(pod), format, allocator, ret);
}

/* A PodList of the pods; NULL when memory ran out. */
static const struct k8smi_record *pod_list(struct k8smi_arena *arena, struct k8sm_pod *const *pods,
                                           size_t n) {
  union k8smi_slot slots[64];
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  const struct k8smi_record **items = k8smi_arena_array(arena, n, sizeof *items);
  if (list == NULL || items == NULL) return NULL;
  for (size_t i = 0; i < n; i++) items[i] = k8smi_pod_record(pods[i]);
  *list = (struct k8smi_list){items, n};
  slots[K8SMI_PodList_kind].text = k8smi_text_new(arena, K8SMI_S("PodList"));
  slots[K8SMI_PodList_apiVersion].text = k8smi_text_new(arena, K8SMI_S("v1"));
  slots[K8SMI_PodList_items].list = list;
  if (slots[K8SMI_PodList_kind].text == NULL || slots[K8SMI_PodList_apiVersion].text == NULL) return NULL;
  return k8smi_record_new(arena,
                          (uint64_t)1 << K8SMI_PodList_kind | (uint64_t)1 << K8SMI_PodList_apiVersion |
                              (uint64_t)1 << K8SMI_PodList_items,
                          slots);
}

int k8sm_pods_encode(struct k8sm_pod *const *pods, size_t n, uint32_t format,
                     const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  struct k8smi_arena arena;
  if (!k8smi_arena_init(&arena, allocator, 0)) return K8SM_ERR_NOMEM;
  const struct k8smi_record *list = pod_list(&arena, pods, n);
  int r = list == NULL ? K8SM_ERR_NOMEM
                       : k8smi_record_to_blob(K8SMI_TYPE_PodList, list, format, allocator, ret);
  k8smi_arena_free(&arena);
  return r;
}
