/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_RECORDS_H
#define TESTS_SUPPORT_RECORDS_H

#include "pod/record_private.h"

/* Whether two records of a type are the same to the last bit of presence. */
static inline bool records_are_same(unsigned type, const struct k8smi_record *a,
                                    const struct k8smi_record *b);

static inline bool records_same_items(const struct k8smi_field *field, struct k8smi_list a,
                                      struct k8smi_list b) {
  bool same = a.count == b.count;
  for (size_t i = 0; same && i < a.count; i++) {
    switch (field->kind) {
    case K8SMI_KIND_LIST_RECORD:
      same = records_are_same(field->child, k8smi_list_record(a, i), k8smi_list_record(b, i));
      break;
    case K8SMI_KIND_LIST_I32:
    case K8SMI_KIND_LIST_I64: same = ((const int64_t *)a.items)[i] == ((const int64_t *)b.items)[i]; break;
    case K8SMI_KIND_LIST_STRING:
    case K8SMI_KIND_LIST_RAW: same = k8smi_eq(k8smi_list_str(a, i), k8smi_list_str(b, i)); break;
    default:
      same = k8smi_eq(k8smi_list_pair(a, i).key, k8smi_list_pair(b, i).key) &&
             k8smi_eq(k8smi_list_pair(a, i).value, k8smi_list_pair(b, i).value);
    }
  }
  return same;
}

static inline bool records_same_slot(const struct k8smi_field *field, union k8smi_slot a,
                                     union k8smi_slot b) {
  switch (field->kind) {
  case K8SMI_KIND_BOOL:
  case K8SMI_KIND_I32:
  case K8SMI_KIND_I64: return a.number == b.number;
  case K8SMI_KIND_RECORD: return records_are_same(field->child, a.record, b.record);
  case K8SMI_KIND_INT_OR_STRING:
    return a.int_or_string->number == b.int_or_string->number &&
           (a.int_or_string->text.ptr == NULL) == (b.int_or_string->text.ptr == NULL) &&
           k8smi_eq(a.int_or_string->text, b.int_or_string->text);
  case K8SMI_KIND_STRING:
  case K8SMI_KIND_QUANTITY:
  case K8SMI_KIND_TIME:
  case K8SMI_KIND_RAW: return k8smi_eq(k8smi_text_slice(a.text), k8smi_text_slice(b.text));
  default: return records_same_items(field, *a.list, *b.list);
  }
}

static inline bool records_are_same(unsigned type, const struct k8smi_record *a,
                                    const struct k8smi_record *b) {
  union k8smi_slot of_a[64], of_b[64];
  uint64_t present = k8smi_record_spread(a, of_a);
  bool same = present == k8smi_record_spread(b, of_b);
  for (unsigned i = 0; same && i < k8smi_types[type].count; i++) {
    if (present >> i & 1) same = records_same_slot(&k8smi_types[type].fields[i], of_a[i], of_b[i]);
  }
  return same;
}

#endif
