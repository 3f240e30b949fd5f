/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

#include "pod/formats.h"

/* ConfigMaps and Secrets: one row for each key. */

static const struct data_kind {
  uint8_t type;
  unsigned first, second; /* maps; keys of the second win over those of the first */
  const char *first_name, *second_name;
} data_kinds[] = {
    {K8SMI_TYPE_ConfigMap, K8SMI_ConfigMap_data, K8SMI_ConfigMap_binaryData, "data", "binaryData"},
    {K8SMI_TYPE_Secret, K8SMI_Secret_data, K8SMI_Secret_stringData, "data", "stringData"},
};

struct data_object {
  const struct k8smi_object *object;
  const struct k8smi_record *record;
  struct k8sm_manifest_data row; /* what all rows of the object have in common */
  bool bad;
};

static int data_add(struct data_object *d, struct k8smi_pair pair) {
  struct k8sm_manifest *m = d->object->manifest;
  void *rows = m->data;
  if (!k8smi_grow(&m->arena.allocator, &rows, &m->data_cap, m->data_count + 1, sizeof *m->data))
    return k8smi_find_nomem(d->object->parse->diags, K8SM_ERR_NOMEM);
  m->data = rows;
  d->row.key = pair.key;
  d->row.value = pair.value;
  m->data[m->data_count++] = d->row;
  return K8SM_OK;
}

/* The pairs of one map, without those that the other map has too. */
static int data_map(struct data_object *d, unsigned field, const char *name, unsigned other) {
  struct k8smi_list list = k8smi_get_list(d->record, field);
  struct k8smi_path path = k8smi_path_field(d->object->path, k8smi_s(name));
  bool validate = (d->object->parse->options.flags & K8SM_PARSE_NO_VALIDATE) == 0;
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < list.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(list, i);
    const char *wrong = validate ? k8smi_format_config_key(pair.key) : NULL;
    if (wrong != NULL) {
      struct k8smi_path at = k8smi_path_key(&path, pair.key);
      k8smi_find(d->object->parse->diags, K8SM_DIAG_FIELD_INVALID, &at, "Invalid value: \"%.*s\": %s",
                 K8SMI_P(pair.key), wrong);
      d->bad = true;
    }
    if (other == field || k8smi_get_pair(d->record, other, pair.key.ptr).ptr == NULL) r = data_add(d, pair);
  }
  return r;
}

/* Sets what all rows say. The kind is static text; the rest is in the manifest's arena. */
static int data_head(struct data_object *d, const struct data_kind *kind) {
  const struct k8smi_record *metadata = k8smi_get_record(d->record, K8SMI_Pod_metadata);
  const char *name_space = d->object->parse->options.default_namespace;
  d->row.kind = k8smi_types[kind->type].name;
  d->row.name = k8smi_get_str(metadata, K8SMI_ObjectMeta_name);
  d->row.name_space = k8smi_get_str(metadata, K8SMI_ObjectMeta_namespace);
  if (d->row.name.len == 0) {
    struct k8smi_path parent = k8smi_path_field(d->object->path, K8SMI_S("metadata"));
    struct k8smi_path path = k8smi_path_field(&parent, K8SMI_S("name"));
    k8smi_find(d->object->parse->diags, K8SM_DIAG_FIELD_REQUIRED, &path,
               "Required value: name or generateName is required");
    return K8SM_ERR_INVALID;
  }
  if (d->row.name_space.len > 0) return K8SM_OK;
  d->row.name_space =
      k8smi_arena_slice(&d->object->manifest->arena, k8smi_s(name_space == NULL ? "default" : name_space));
  return d->row.name_space.ptr == NULL ? k8smi_find_nomem(d->object->parse->diags, K8SM_ERR_NOMEM) : K8SM_OK;
}

int k8smi_manifest_data_of(const struct k8smi_object *object, unsigned type) {
  struct data_object d;
  const struct data_kind *kind = &data_kinds[type == K8SMI_TYPE_ConfigMap ? 0 : 1];
  memset(&d, 0, sizeof d);
  d.object = object;
  int wrong = k8smi_manifest_record(object, &object->manifest->arena, type, &d.record);
  if (wrong != K8SM_OK) return wrong;
  int r = data_head(&d, kind);
  if (r == K8SM_OK) r = data_map(&d, kind->first, kind->first_name, kind->second);
  if (r == K8SM_OK) r = data_map(&d, kind->second, kind->second_name, kind->second);
  return r == K8SM_OK && d.bad ? K8SM_ERR_INVALID : r;
}
