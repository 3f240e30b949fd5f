/* SPDX-License-Identifier: Apache-2.0 */
/* JSON can say a NUL, and so can protobuf; no program, file name or variable can hold one, and what is to be
 * filled in later is marked with it. A pod that has one anywhere is refused. */
#include "demand/build.h"

#include "pod/fields.h"

static void texts_check_record(struct k8smi_demand_build *b, unsigned type, const struct k8smi_record *record,
                               const struct k8smi_path *path);

static void texts_check(struct k8smi_demand_build *b, struct k8sm_slice text, const struct k8smi_path *path) {
  if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL)
    k8smi_demand_refuse(b, path, "found a NUL in the text, expected none");
}

static void texts_check_items(struct k8smi_demand_build *b, const struct k8smi_field *field,
                              struct k8smi_list list, const struct k8smi_path *path) {
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(path, i);
    switch (field->kind) {
    case K8SMI_KIND_LIST_RECORD: texts_check_record(b, field->child, k8smi_list_record(list, i), &at); break;
    case K8SMI_KIND_LIST_STRING: texts_check(b, k8smi_list_str(list, i), &at); break;
    case K8SMI_KIND_MAP_STRING:
      texts_check(b, k8smi_list_pair(list, i).key, path);
      at = k8smi_path_key(path, k8smi_list_pair(list, i).key);
      texts_check(b, k8smi_list_pair(list, i).value, &at);
      break;
    case K8SMI_KIND_MAP_QUANTITY: texts_check(b, k8smi_list_pair(list, i).key, path); break;
    default: return;
    }
  }
}

/* As deep as the tables go: types of a pod do not contain themselves. */
static void texts_check_record(struct k8smi_demand_build *b, unsigned type, const struct k8smi_record *record,
                               const struct k8smi_path *path) {
  for (unsigned i = 0; record != NULL && i < k8smi_types[type].count; i++) {
    const struct k8smi_field *field = &k8smi_types[type].fields[i];
    if (!k8smi_has(record, i)) continue;
    struct k8smi_path at = k8smi_path_field(path, field->name);
    switch (field->kind) {
    case K8SMI_KIND_STRING: texts_check(b, k8smi_get_str(record, i), &at); break;
    case K8SMI_KIND_INT_OR_STRING: texts_check(b, k8smi_get_int_or_string(record, i).text, &at); break;
    case K8SMI_KIND_RECORD: texts_check_record(b, field->child, k8smi_get_record(record, i), &at); break;
    default:
      if (field->kind >= K8SMI_KIND_LIST_STRING) texts_check_items(b, field, k8smi_get_list(record, i), &at);
    }
  }
}

void k8smi_demand_check_texts(struct k8smi_demand_build *b) {
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  texts_check_record(b, K8SMI_TYPE_ObjectMeta, b->resolve.metadata, &metadata);
  texts_check_record(b, K8SMI_TYPE_PodSpec, b->spec, &spec);
}
