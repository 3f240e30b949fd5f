/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes whose files are known before the pod runs: secret, configMap, downwardAPI, projected. */
#include "demand/build.h"

static void files_add(struct k8smi_demand_build *b, struct k8smi_demand_files *files, struct k8sm_slice path,
                      struct k8sm_slice value) {
  if (files->count == files->cap) {
    size_t cap = files->cap == 0 ? 4 : files->cap * 2;
    struct k8smi_demand_file *items = k8smi_demand_array(b, cap, sizeof *items);
    if (items == NULL) return;
    if (files->count > 0) memcpy(items, files->items, files->count * sizeof *items);
    files->items = items;
    files->cap = cap;
  }
  files->items[files->count++] = (struct k8smi_demand_file){path, value};
}

/* A secret or configMap: named keys under paths of their own, or every key. */
struct files_object {
  const char *kind; /* "Secret", "ConfigMap" */
  struct k8sm_slice name;
  struct k8smi_list items;
  bool optional;
};

static void files_of_items(struct k8smi_demand_build *b, struct k8smi_demand_files *files,
                           const struct files_object *o, const struct k8smi_path *path) {
  struct k8smi_path list_path = k8smi_path_field(path, K8SMI_S("items"));
  for (size_t i = 0; i < o->items.count; i++) {
    const struct k8smi_record *item = k8smi_list_record(o->items, i);
    struct k8sm_slice key = k8smi_get_str(item, K8SMI_KeyToPath_key);
    const struct k8sm_manifest_data *row = k8smi_demand_key(b, o->kind, o->name, key);
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    if (row != NULL) {
      files_add(b, files, k8smi_get_str(item, K8SMI_KeyToPath_path), k8smi_demand_copy(b, row->value));
    } else if (!o->optional) {
      k8smi_demand_refuse(b, &at, "the key '%.*s' of %s '%.*s' was not handed in", K8SMI_P(key), o->kind,
                          K8SMI_P(o->name));
    }
  }
}

static void files_of_object(struct k8smi_demand_build *b, struct k8smi_demand_files *files,
                            const struct files_object *o, const struct k8smi_path *path) {
  const struct k8sm_manifest_data *rows;
  size_t count = k8smi_demand_object(b, o->kind, o->name, &rows);
  if (count == 0 && !o->optional) {
    k8smi_demand_refuse(b, path, "the %s '%.*s' was not handed in", o->kind, K8SMI_P(o->name));
    return;
  }
  if (o->items.count > 0) {
    files_of_items(b, files, o, path);
    return;
  }
  for (size_t i = 0; i < count && !b->no_memory; i++) {
    if (rows[i].key.ptr == NULL) continue; /* an object without keys */
    files_add(b, files, k8smi_demand_copy(b, rows[i].key), k8smi_demand_copy(b, rows[i].value));
  }
}

static void files_of_downward(struct k8smi_demand_build *b, struct k8smi_demand_files *files,
                              struct k8smi_list items, const struct k8smi_path *path) {
  struct k8smi_path list_path = k8smi_path_field(path, K8SMI_S("items"));
  for (size_t i = 0; i < items.count && !b->no_memory; i++) {
    const struct k8smi_record *item = k8smi_list_record(items, i);
    const struct k8smi_record *field = k8smi_get_record(item, K8SMI_DownwardAPIVolumeFile_fieldRef);
    const struct k8smi_record *resource =
        k8smi_get_record(item, K8SMI_DownwardAPIVolumeFile_resourceFieldRef);
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    struct k8smi_path ref =
        k8smi_path_field(&at, field != NULL ? K8SMI_S("fieldRef") : K8SMI_S("resourceFieldRef"));
    struct k8sm_slice value;
    bool known = field != NULL ? k8smi_demand_field_value(b, field, &ref, &value)
                               : k8smi_demand_resource_value(b, resource, K8SMI_S(""), &ref, &value);
    if (known) files_add(b, files, k8smi_get_str(item, K8SMI_DownwardAPIVolumeFile_path), value);
  }
}

static void files_of_projection(struct k8smi_demand_build *b, struct k8smi_demand_files *files,
                                const struct k8smi_record *source, const struct k8smi_path *path) {
  const struct k8smi_record *r;
  if ((r = k8smi_get_record(source, K8SMI_VolumeProjection_secret)) != NULL) {
    struct files_object o = {"Secret", k8smi_get_str(r, K8SMI_SecretProjection_name),
                             k8smi_get_list(r, K8SMI_SecretProjection_items),
                             k8smi_get_bool(r, K8SMI_SecretProjection_optional, false)};
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("secret"));
    files_of_object(b, files, &o, &at);
  } else if ((r = k8smi_get_record(source, K8SMI_VolumeProjection_configMap)) != NULL) {
    struct files_object o = {"ConfigMap", k8smi_get_str(r, K8SMI_ConfigMapProjection_name),
                             k8smi_get_list(r, K8SMI_ConfigMapProjection_items),
                             k8smi_get_bool(r, K8SMI_ConfigMapProjection_optional, false)};
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("configMap"));
    files_of_object(b, files, &o, &at);
  } else if ((r = k8smi_get_record(source, K8SMI_VolumeProjection_downwardAPI)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("downwardAPI"));
    files_of_downward(b, files, k8smi_get_list(r, K8SMI_DownwardAPIProjection_items), &at);
  } else {
    k8smi_demand_refuse(b, path, "only secrets, configMaps and fields of the pod can be projected");
  }
}

static void files_make(struct k8smi_demand_build *b, struct k8smi_demand_files *files,
                       const struct k8smi_record *volume, const struct k8smi_path *path) {
  const struct k8smi_record *r;
  if ((r = k8smi_get_record(volume, K8SMI_Volume_secret)) != NULL) {
    struct files_object o = {"Secret", k8smi_get_str(r, K8SMI_SecretVolumeSource_secretName),
                             k8smi_get_list(r, K8SMI_SecretVolumeSource_items),
                             k8smi_get_bool(r, K8SMI_SecretVolumeSource_optional, false)};
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("secret"));
    files_of_object(b, files, &o, &at);
  } else if ((r = k8smi_get_record(volume, K8SMI_Volume_configMap)) != NULL) {
    struct files_object o = {"ConfigMap", k8smi_get_str(r, K8SMI_ConfigMapVolumeSource_name),
                             k8smi_get_list(r, K8SMI_ConfigMapVolumeSource_items),
                             k8smi_get_bool(r, K8SMI_ConfigMapVolumeSource_optional, false)};
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("configMap"));
    files_of_object(b, files, &o, &at);
  } else if ((r = k8smi_get_record(volume, K8SMI_Volume_downwardAPI)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("downwardAPI"));
    files_of_downward(b, files, k8smi_get_list(r, K8SMI_DownwardAPIVolumeSource_items), &at);
  } else if ((r = k8smi_get_record(volume, K8SMI_Volume_projected)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("projected"));
    struct k8smi_path list_path = k8smi_path_field(&at, K8SMI_S("sources"));
    struct k8smi_list sources = k8smi_get_list(r, K8SMI_ProjectedVolumeSource_sources);
    for (size_t i = 0; i < sources.count && !b->no_memory; i++) {
      struct k8smi_path item = k8smi_path_index(&list_path, i);
      files_of_projection(b, files, k8smi_list_record(sources, i), &item);
    }
  }
}

const struct k8smi_demand_files *k8smi_demand_files_of(struct k8smi_demand_build *b, size_t i) {
  struct k8smi_demand_files *files = b->files == NULL ? NULL : &b->files[i];
  if (files == NULL || files->made) return files;
  files->made = true;
  struct k8smi_path spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  struct k8smi_path list_path = k8smi_path_field(&spec, K8SMI_S("volumes"));
  struct k8smi_path at = k8smi_path_index(&list_path, i);
  files_make(b, files, k8smi_list_record(k8smi_get_list(b->spec, K8SMI_PodSpec_volumes), i), &at);
  return files;
}
