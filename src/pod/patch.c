/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/patch.h"

#include "pod/bind.h"
#include "pod/encode.h"
#include "pod/pod.h"
#include "pod/same.h"

static void patch_remove(struct k8smi_json *w, struct k8sm_slice key) {
  k8smi_json_key_slice(w, key);
  k8smi_json_raw(w, K8SMI_S("null"));
}

/* Two sorted lists of pairs. `field` is that of a map; NULL: the values are JSON. */
static void patch_pairs(struct k8smi_json *w, const struct k8smi_field *field, const struct k8smi_list *from,
                        const struct k8smi_list *to) {
  size_t i = 0, j = 0;
  while (i < from->count || j < to->count) {
    struct k8smi_pair a =
        i < from->count ? k8smi_list_pair(*from, i) : (struct k8smi_pair){{NULL, 0}, {NULL, 0}};
    struct k8smi_pair b = j < to->count ? k8smi_list_pair(*to, j) : a;
    int order = i == from->count ? 1 : j == to->count ? -1 : k8smi_cmp(a.key, b.key);
    if (order < 0) {
      patch_remove(w, a.key);
    } else if (order > 0 || !k8smi_eq(a.value, b.value)) {
      k8smi_json_key_slice(w, b.key);
      if (field != NULL) {
        k8smi_encode_item(w, field, to, j);
      } else {
        k8smi_json_raw(w, b.value);
      }
    }
    i += order <= 0;
    j += order >= 0;
  }
}

/* The members that no field is for, by name; those of protobuf have none, and can't be patched. */
static struct k8smi_list patch_unknown(struct k8smi_patch *p, const struct k8smi_record *record) {
  union k8smi_slot slots[64];
  struct k8smi_list none = {NULL, 0};
  uint64_t present = k8smi_record_spread(record, slots);
  if ((present >> K8SMI_FIELD_UNKNOWN & 1) == 0) return none;
  const struct k8smi_list *list = slots[K8SMI_FIELD_UNKNOWN].list;
  struct k8smi_pair *pairs = k8smi_arena_array(p->arena, list->count, sizeof *pairs);
  size_t n = 0;
  for (size_t i = 0; pairs != NULL && i < list->count; i++) {
    if (k8smi_list_pair(*list, i).key.ptr != NULL) pairs[n++] = k8smi_list_pair(*list, i);
  }
  if (pairs == NULL || !k8smi_bind_sort_pairs(p->arena, pairs, n)) {
    p->no_memory = true;
    return none;
  }
  return (struct k8smi_list){pairs, n};
}

/* A field that both have, with other values. */
static void patch_change(struct k8smi_patch *p, unsigned type, unsigned i, union k8smi_slot from,
                         union k8smi_slot to) {
  const struct k8smi_field *field = &k8smi_types[type].fields[i];
  const struct k8smi_patch_list *how = p->kind == K8SM_PATCH_STRATEGIC ? k8smi_patch_list(type, i) : NULL;
  bool map = field->kind >= K8SMI_KIND_MAP_STRING;
  if (how != NULL) {
    k8smi_patch_put_list(p, how, field, from.list, to.list);
    return;
  }
  k8smi_json_key_slice(p->w, field->name);
  if (field->kind != K8SMI_KIND_RECORD && !map) {
    k8smi_encode_value(p->w, field, to);
    return;
  }
  k8smi_json_open(p->w, '{');
  if (map) {
    patch_pairs(p->w, field, from.list, to.list);
  } else {
    k8smi_patch_fields(p, field->child, from.record, to.record, false);
  }
  k8smi_json_close(p->w, '}');
}

void k8smi_patch_fields(struct k8smi_patch *p, unsigned type, const struct k8smi_record *from,
                        const struct k8smi_record *to, bool retain) {
  union k8smi_slot a[64], b[64];
  uint64_t has = k8smi_record_spread(from, a), wants = k8smi_record_spread(to, b);
  for (unsigned i = 0; i < k8smi_types[type].count; i++) {
    const struct k8smi_field *field = &k8smi_types[type].fields[i];
    bool before = (has >> i & 1) != 0, after = (wants >> i & 1) != 0;
    if (before && after) {
      if (!k8smi_same_value(field, a[i], b[i])) patch_change(p, type, i, a[i], b[i]);
    } else if (after) {
      k8smi_json_key_slice(p->w, field->name);
      k8smi_encode_value(p->w, field, b[i]);
    } else if (before && !retain) {
      patch_remove(p->w, field->name);
    }
  }
  struct k8smi_list unknown = patch_unknown(p, from), wanted = patch_unknown(p, to);
  patch_pairs(p->w, NULL, &unknown, &wanted);
}

bool k8smi_patch_members(struct k8smi_json *w, struct k8smi_arena *arena, unsigned type,
                         const struct k8smi_record *from, const struct k8smi_record *to, uint32_t kind) {
  struct k8smi_patch p = {w, arena, kind, false};
  k8smi_patch_fields(&p, type, from, to, false);
  return !p.no_memory;
}

int k8sm_pod_patch(const struct k8sm_pod *from, const struct k8sm_pod *to, uint32_t kind,
                   const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  struct k8smi_arena arena;
  struct k8smi_buf buf;
  struct k8smi_json w;
  if (kind != K8SM_PATCH_MERGE && kind != K8SM_PATCH_STRATEGIC) return K8SM_ERR_UNSUPPORTED;
  if (!k8smi_buf_init(&buf, allocator)) return K8SM_ERR_NOMEM;
  if (!k8smi_arena_init(&arena, allocator, 0)) return K8SM_ERR_NOMEM;
  k8smi_json_init(&w, &buf, true);
  k8smi_json_open(&w, '{');
  if (!k8smi_patch_members(&w, &arena, K8SMI_TYPE_Pod, k8smi_pod_record(from), k8smi_pod_record(to), kind))
    buf.failed = true;
  k8smi_json_close(&w, '}');
  int r = k8smi_buf_to_blob(&buf, ret);
  k8smi_buf_free(&buf);
  k8smi_arena_free(&arena);
  return r;
}
