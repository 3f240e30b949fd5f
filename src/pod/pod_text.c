/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/pod.h"

#include "pod/encode.h"
#include "pod/proto.h"
#include "pod/steps.h"
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

static int pod_encode(unsigned type, const struct k8smi_record *record, uint32_t format,
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
  return pod_encode(K8SMI_TYPE_Pod, k8smi_pod_record(pod), format, allocator, ret);
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
  int r = list == NULL ? K8SM_ERR_NOMEM : pod_encode(K8SMI_TYPE_PodList, list, format, allocator, ret);
  k8smi_arena_free(&arena);
  return r;
}

/* Where a path has led to: a field that is set, or one item of it. */
struct pod_place {
  const struct k8smi_field *field;
  union k8smi_slot slot;
  bool is_item;
  size_t item;
};

/* From an object into one of its fields. False: not set. */
static bool pod_step_field(struct pod_place *at, struct k8sm_slice name) {
  bool record = at->field->kind == K8SMI_KIND_RECORD,
       item = at->is_item && at->field->kind == K8SMI_KIND_LIST_RECORD;
  if (!record && !item) return false;
  const struct k8smi_record *of = record ? at->slot.record : k8smi_list_record(*at->slot.list, at->item);
  const struct k8smi_type *type = &k8smi_types[at->field->child];
  unsigned field = k8smi_type_find(type, name, 0);
  if (field == type->count || !k8smi_has(of, field)) return false;
  union k8smi_slot slots[64];
  k8smi_record_spread(of, slots);
  *at = (struct pod_place){&type->fields[field], slots[field], false, 0};
  return true;
}

/* From a list or a map to one of its items. */
static bool pod_step_item(struct pod_place *at, const struct k8smi_step *step) {
  bool map = at->field->kind >= K8SMI_KIND_MAP_STRING,
       list = at->field->kind >= K8SMI_KIND_LIST_STRING && !map;
  if (at->is_item || (!map && !list)) return false;
  at->is_item = true;
  at->item = step->index;
  if (list) return step->is_index && step->index < at->slot.list->count;
  for (at->item = 0; at->item < at->slot.list->count; at->item++) {
    if (k8smi_eq(k8smi_list_pair(*at->slot.list, at->item).key, step->name)) return true;
  }
  return false;
}

static void pod_put_place(struct k8smi_json *w, const struct pod_place *at) {
  struct k8sm_slice text = {NULL, 0};
  if (at->is_item) {
    if (at->field->kind == K8SMI_KIND_LIST_STRING) text = k8smi_list_str(*at->slot.list, at->item);
    if (at->field->kind >= K8SMI_KIND_MAP_STRING) text = k8smi_list_pair(*at->slot.list, at->item).value;
  } else if (at->field->kind == K8SMI_KIND_STRING || at->field->kind == K8SMI_KIND_QUANTITY ||
             at->field->kind == K8SMI_KIND_TIME) {
    text = k8smi_text_slice(at->slot.text);
  } else if (at->field->kind == K8SMI_KIND_INT_OR_STRING) {
    text = at->slot.int_or_string->text;
  }
  if (text.ptr != NULL) {
    k8smi_buf_slice(w->buf, text);
  } else if (at->is_item) {
    k8smi_encode_item(w, at->field, at->slot.list, at->item);
  } else {
    k8smi_encode_value(w, at->field, at->slot);
  }
}

int k8sm_pod_get(const struct k8sm_pod *pod, const char *path, const struct k8sm_allocator *allocator,
                 struct k8sm_blob **ret) {
  static const struct k8smi_field root = {{"", 0},       0, 0, K8SMI_KIND_RECORD, K8SMI_MODE_ALWAYS,
                                          K8SMI_TYPE_Pod};
  struct pod_place at = {&root, {.record = k8smi_pod_record(pod)}, false, 0};
  struct k8smi_step step;
  const char *rest = path == NULL ? "" : path;
  if (rest[0] == '\0') return K8SM_ERR_INVALID;
  while (rest[0] != '\0') {
    rest = k8smi_step_next(rest, rest == path, &step);
    if (rest == NULL) return K8SM_ERR_INVALID;
    if (!(step.is_field ? pod_step_field(&at, step.name) : pod_step_item(&at, &step)))
      return K8SM_ERR_NOT_FOUND;
  }
  struct k8smi_buf buf;
  struct k8smi_json w;
  if (!k8smi_buf_init(&buf, allocator)) return K8SM_ERR_NOMEM;
  k8smi_json_init(&w, &buf, true);
  pod_put_place(&w, &at);
  int r = k8smi_buf_to_blob(&buf, ret);
  k8smi_buf_free(&buf);
  return r;
}
