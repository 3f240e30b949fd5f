/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/same.h"

static bool same_item(const struct k8smi_field *field, const struct k8smi_list *a, const struct k8smi_list *b,
                      size_t i) {
  struct k8smi_pair x, y;
  switch (field->kind) {
  case K8SMI_KIND_LIST_RECORD:
    return k8smi_same_record(field->child, k8smi_list_record(*a, i), k8smi_list_record(*b, i));
  case K8SMI_KIND_LIST_STRING:
  case K8SMI_KIND_LIST_RAW: return k8smi_eq(k8smi_list_str(*a, i), k8smi_list_str(*b, i));
  case K8SMI_KIND_LIST_I32:
  case K8SMI_KIND_LIST_I64: return ((const int64_t *)a->items)[i] == ((const int64_t *)b->items)[i];
  default:
    x = k8smi_list_pair(*a, i);
    y = k8smi_list_pair(*b, i);
    if (x.key.ptr == NULL || y.key.ptr == NULL) { /* of unknown fields in protobuf: only lengths */
      if (x.key.ptr != y.key.ptr || x.key.len != y.key.len) return false;
    } else if (!k8smi_eq(x.key, y.key)) {
      return false;
    }
    return k8smi_eq(x.value, y.value);
  }
}

static bool same_list(const struct k8smi_field *field, const struct k8smi_list *a,
                      const struct k8smi_list *b) {
  bool same = a->count == b->count;
  for (size_t i = 0; i < a->count && same; i++) same = same_item(field, a, b, i);
  return same;
}

static bool same_int_or_string(const struct k8smi_int_or_string *a, const struct k8smi_int_or_string *b) {
  if ((a->text.ptr == NULL) != (b->text.ptr == NULL)) return false;
  return a->text.ptr == NULL ? a->number == b->number : k8smi_eq(a->text, b->text);
}

bool k8smi_same_value(const struct k8smi_field *field, union k8smi_slot a, union k8smi_slot b) {
  switch (field->kind) {
  case K8SMI_KIND_BOOL:
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: return a.number == b.number;
  case K8SMI_KIND_STRING:
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_RAW: return k8smi_eq(k8smi_text_slice(a.text), k8smi_text_slice(b.text));
  case K8SMI_KIND_INT_OR_STRING: return same_int_or_string(a.int_or_string, b.int_or_string);
  case K8SMI_KIND_RECORD: return k8smi_same_record(field->child, a.record, b.record);
  default: return same_list(field, a.list, b.list);
  }
}

bool k8smi_same_record(unsigned type, const struct k8smi_record *a, const struct k8smi_record *b) {
  static const struct k8smi_field unknown = {.kind = K8SMI_KIND_MAP_STRING};
  uint64_t present = a == NULL ? 0 : a->present;
  unsigned slot = 0;
  if (a == b) return true;
  if (present != (b == NULL ? 0 : b->present)) return false;
  for (unsigned i = 0; i <= K8SMI_FIELD_UNKNOWN && present >> i != 0; i++) {
    if ((present >> i & 1) == 0) continue;
    const struct k8smi_field *field = i == K8SMI_FIELD_UNKNOWN ? &unknown : &k8smi_types[type].fields[i];
    if (!k8smi_same_value(field, a->slots[slot], b->slots[slot])) return false;
    slot++;
  }
  return true;
}
