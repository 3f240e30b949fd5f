/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes whose files the pod states: https://kubernetes.io/docs/concepts/storage/projected-volumes/ */
#include "pod/resolve.h"

#include "base/sort.h"

enum { FILES_MAX_NAME = 255, FILES_MAX_PATH = 4096 };

/* A volume under way: where it is, and what holds for files that state no mode. */
struct files_volume {
  struct k8smi_resolve *r;
  struct k8smi_files *files;
  uint32_t mode;
};

void k8smi_files_free(struct k8smi_files *files) {
  k8smi_map_free(&files->paths);
}

bool k8smi_volume_is_api_access(const struct k8smi_record *volume) {
  static const char prefix[] = "kube-api-access-";
  struct k8sm_slice name = k8smi_get_str(volume, K8SMI_Volume_name);
  return k8smi_has(volume, K8SMI_Volume_projected) && name.len >= sizeof prefix - 1 &&
         memcmp(name.ptr, prefix, sizeof prefix - 1) == 0;
}

/* ---- Paths ---- */

/* Why a path can't be that of a file; NULL: it can. */
static const char *files_path_wrong(struct k8sm_slice path) {
  if (path.len == 0) return "must not be empty";
  if (path.ptr[0] == '/') return "must be a relative path";
  if (path.len > FILES_MAX_PATH) return "must be less than or equal to 4096 characters";
  for (size_t i = 0, n; i <= path.len; i += n + 1) {
    const char *slash = memchr(path.ptr + i, '/', path.len - i);
    n = slash == NULL ? path.len - i : (size_t)(slash - path.ptr) - i;
    bool dots = n >= 2 && path.ptr[i] == '.' && path.ptr[i + 1] == '.';
    if (dots && n == 2) return "must not contain '..'";
    if (dots && i == 0) return "must not start with '..'";
    if (n > FILES_MAX_NAME) return "filenames must be less than or equal to 255 characters";
  }
  return NULL;
}

/* Without empty names and single dots. */
static struct k8sm_slice files_clean(struct k8smi_resolve *r, struct k8sm_slice path) {
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &r->arena->allocator)) {
    r->no_memory = true;
    return path;
  }
  for (size_t i = 0, n; i < path.len; i += n + 1) {
    const char *slash = memchr(path.ptr + i, '/', path.len - i);
    n = slash == NULL ? path.len - i : (size_t)(slash - path.ptr) - i;
    if (n == 0 || (n == 1 && path.ptr[i] == '.')) continue;
    if (buf.len > 0) k8smi_buf_putc(&buf, '/');
    k8smi_buf_put(&buf, path.ptr + i, n);
  }
  return k8smi_resolve_take(r, &buf);
}

/* A later file takes the place of one with the same path. */
static void files_put(struct files_volume *v, const struct k8smi_file *file) {
  struct k8smi_files *f = v->files;
  uint32_t i = k8smi_map_get(&f->paths, file->path);
  if (i == K8SMI_MAP_NONE) {
    struct k8smi_file *items = k8smi_resolve_grow(v->r, f->items, f->count, &f->cap, sizeof *f->items);
    if (items == NULL) return;
    f->items = items;
    i = (uint32_t)f->count;
    if (!k8smi_map_put(&f->paths, file->path, i)) {
      v->r->no_memory = true;
      return;
    }
    f->count++;
  }
  f->items[i] = *file;
}

static void files_add(struct files_volume *v, struct k8sm_slice path, struct k8sm_slice value, int64_t mode,
                      bool secret, const struct k8smi_path *at) {
  const char *wrong = files_path_wrong(path);
  struct k8smi_file file = {files_clean(v->r, path), value, (uint32_t)mode, secret};
  if (wrong == NULL && file.path.len == 0) wrong = "must name a file";
  if (v->r->no_memory) return;
  if (wrong == NULL) {
    files_put(v, &file);
  } else {
    k8smi_resolve_find(v->r, K8SM_DIAG_FIELD_INVALID, at, "invalid path: %s: %.*s", wrong, K8SMI_P(path));
  }
}

/* ---- Secrets and ConfigMaps: named keys under paths of their own, or every key ---- */

struct files_object {
  enum k8smi_data_kind kind;
  struct k8sm_slice name;
  struct k8smi_list items;
  bool optional;
};

static struct files_object files_object(enum k8smi_data_kind kind, const struct k8smi_record *record,
                                        unsigned name, unsigned items, unsigned optional) {
  return (struct files_object){kind, k8smi_get_str(record, name), k8smi_get_list(record, items),
                               k8smi_get_bool(record, optional, false)};
}

static void files_of_row(struct files_volume *v, struct k8smi_data_row *row, struct k8sm_slice path,
                         int64_t mode, const struct files_object *o, const struct k8smi_path *at) {
  if (row->d.key.len == 0) return;
  if (!k8smi_data_keep(row, v->r->arena)) {
    v->r->no_memory = true;
    return;
  }
  files_add(v, path.ptr == NULL ? row->d.key : path, row->d.value, mode, o->kind == K8SMI_DATA_SECRET, at);
}

static void files_of_items(struct files_volume *v, const struct files_object *o,
                           const struct k8smi_path *path) {
  static const char *const words[] = {"configmap references non-existent config key: ",
                                      "references non-existent secret key: "};
  struct k8smi_path list_path = k8smi_path_field(path, K8SMI_S("items"));
  for (size_t i = 0; i < o->items.count && !v->r->no_memory; i++) {
    const struct k8smi_record *item = k8smi_list_record(o->items, i);
    struct k8sm_slice key = k8smi_get_str(item, K8SMI_KeyToPath_key);
    struct k8sm_slice to = k8smi_get_str(item, K8SMI_KeyToPath_path);
    struct k8smi_data_row *row = k8smi_data_key(&v->r->data, o->kind, o->name, key);
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    if (row != NULL) {
      files_of_row(v, row, to.ptr == NULL ? K8SMI_S("") : to,
                   k8smi_get_i64(item, K8SMI_KeyToPath_mode, v->mode), o, &at);
    } else if (!o->optional) {
      k8smi_resolve_find(v->r, K8SM_DIAG_FIELD_NOT_FOUND, &at, "%s%.*s", words[o->kind], K8SMI_P(key));
    }
  }
}

static void files_of_object(struct files_volume *v, const struct files_object *o,
                            const struct k8smi_path *path) {
  struct k8smi_data_row *const *rows;
  size_t count = k8smi_data_object(&v->r->data, o->kind, o->name, &rows);
  if (count == 0) {
    if (!o->optional) k8smi_resolve_no_object(v->r, o->kind, o->name, path);
  } else if (o->items.count > 0) {
    files_of_items(v, o, path);
  } else {
    for (size_t i = 0; i < count && !v->r->no_memory; i++)
      files_of_row(v, rows[i], (struct k8sm_slice){NULL, 0}, v->mode, o, path);
  }
}

/* ---- The other sources ---- */

static void files_of_downward(struct files_volume *v, struct k8smi_list items,
                              const struct k8smi_path *path) {
  struct k8smi_path list_path = k8smi_path_field(path, K8SMI_S("items"));
  for (size_t i = 0; i < items.count && !v->r->no_memory; i++) {
    const struct k8smi_record *item = k8smi_list_record(items, i);
    const struct k8smi_record *field = k8smi_get_record(item, K8SMI_DownwardAPIVolumeFile_fieldRef);
    const struct k8smi_record *resource =
        k8smi_get_record(item, K8SMI_DownwardAPIVolumeFile_resourceFieldRef);
    struct k8smi_path at = k8smi_path_index(&list_path, i);
    struct k8smi_path ref =
        k8smi_path_field(&at, field != NULL ? K8SMI_S("fieldRef") : K8SMI_S("resourceFieldRef"));
    struct k8sm_slice value;
    bool known = field != NULL ? k8smi_resolve_field(v->r, field, &ref, true, &value)
                               : k8smi_resolve_resource(v->r, resource, NULL, &ref, &value);
    if (known)
      files_add(v, k8smi_get_str(item, K8SMI_DownwardAPIVolumeFile_path), value,
                k8smi_get_i64(item, K8SMI_DownwardAPIVolumeFile_mode, v->mode), false, &at);
  }
}

/* What only the Kubernetes API gives: tokens, trust bundles, certificates. */
static void files_of_api(struct files_volume *v, const struct k8smi_record *source,
                         const struct k8smi_path *path) {
  const struct k8smi_record *token = k8smi_get_record(source, K8SMI_VolumeProjection_serviceAccountToken);
  const struct k8smi_record *bundle = k8smi_get_record(source, K8SMI_VolumeProjection_clusterTrustBundle);
  if (token != NULL && v->r->node.token.len > 0) {
    files_add(v, k8smi_get_str(token, K8SMI_ServiceAccountTokenProjection_path), v->r->node.token, v->mode,
              true, path);
  } else if (bundle != NULL && k8smi_get_bool(bundle, K8SMI_ClusterTrustBundleProjection_optional, false)) {
    files_add(v, k8smi_get_str(bundle, K8SMI_ClusterTrustBundleProjection_path), K8SMI_S(""), v->mode, false,
              path);
  } else {
    k8smi_resolve_find(v->r, K8SM_DIAG_VALUE_UNKNOWN, path,
                       "only the Kubernetes API gives tokens, trust bundles and certificates");
  }
}

static void files_of_projection(struct files_volume *v, const struct k8smi_record *source,
                                const struct k8smi_path *path) {
  const struct k8smi_record *record;
  struct files_object o;
  if ((record = k8smi_get_record(source, K8SMI_VolumeProjection_secret)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("secret"));
    o = files_object(K8SMI_DATA_SECRET, record, K8SMI_SecretProjection_name, K8SMI_SecretProjection_items,
                     K8SMI_SecretProjection_optional);
    files_of_object(v, &o, &at);
  } else if ((record = k8smi_get_record(source, K8SMI_VolumeProjection_configMap)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("configMap"));
    o = files_object(K8SMI_DATA_CONFIG_MAP, record, K8SMI_ConfigMapProjection_name,
                     K8SMI_ConfigMapProjection_items, K8SMI_ConfigMapProjection_optional);
    files_of_object(v, &o, &at);
  } else if ((record = k8smi_get_record(source, K8SMI_VolumeProjection_downwardAPI)) != NULL) {
    struct k8smi_path at = k8smi_path_field(path, K8SMI_S("downwardAPI"));
    files_of_downward(v, k8smi_get_list(record, K8SMI_DownwardAPIProjection_items), &at);
  } else {
    files_of_api(v, source, path);
  }
}

static void files_of_projected(struct files_volume *v, const struct k8smi_record *record,
                               const struct k8smi_path *path) {
  struct k8smi_path list_path = k8smi_path_field(path, K8SMI_S("sources"));
  struct k8smi_list sources = k8smi_get_list(record, K8SMI_ProjectedVolumeSource_sources);
  for (size_t i = 0; i < sources.count && !v->r->no_memory; i++) {
    struct k8smi_path item = k8smi_path_index(&list_path, i);
    files_of_projection(v, k8smi_list_record(sources, i), &item);
  }
}

/* ---- A volume ---- */

static void files_of_volume(struct files_volume *v, unsigned kind, const struct k8smi_record *record,
                            const struct k8smi_path *path) {
  static const unsigned modes[K8SMI_Volume__COUNT] = {
      [K8SMI_Volume_secret] = K8SMI_SecretVolumeSource_defaultMode,
      [K8SMI_Volume_configMap] = K8SMI_ConfigMapVolumeSource_defaultMode,
      [K8SMI_Volume_downwardAPI] = K8SMI_DownwardAPIVolumeSource_defaultMode,
      [K8SMI_Volume_projected] = K8SMI_ProjectedVolumeSource_defaultMode};
  struct files_object o;
  v->mode = (uint32_t)k8smi_get_i64(record, modes[kind], K8SMI_DEFAULT_FILE_MODE);
  switch (kind) {
  case K8SMI_Volume_secret:
    o = files_object(K8SMI_DATA_SECRET, record, K8SMI_SecretVolumeSource_secretName,
                     K8SMI_SecretVolumeSource_items, K8SMI_SecretVolumeSource_optional);
    files_of_object(v, &o, path);
    break;
  case K8SMI_Volume_configMap:
    o = files_object(K8SMI_DATA_CONFIG_MAP, record, K8SMI_ConfigMapVolumeSource_name,
                     K8SMI_ConfigMapVolumeSource_items, K8SMI_ConfigMapVolumeSource_optional);
    files_of_object(v, &o, path);
    break;
  case K8SMI_Volume_downwardAPI:
    files_of_downward(v, k8smi_get_list(record, K8SMI_DownwardAPIVolumeSource_items), path);
    break;
  default: files_of_projected(v, record, path);
  }
}

/* By name, and what is below a path right behind it. */
static int files_compare(const void *a, const void *b, const void *ctx) {
  const struct k8smi_file *files = ctx;
  struct k8sm_slice x = files[*(const uint32_t *)a].path, y = files[*(const uint32_t *)b].path;
  size_t i = 0, n = x.len < y.len ? x.len : y.len;
  while (i < n && x.ptr[i] == y.ptr[i]) i++;
  if (i == n) return (x.len > y.len) - (x.len < y.len);
  int of_x = x.ptr[i] == '/' ? 0 : (unsigned char)x.ptr[i],
      of_y = y.ptr[i] == '/' ? 0 : (unsigned char)y.ptr[i];
  return of_x - of_y;
}

/* A file can't be a folder too: no path may go on where another ends. */
static void files_check(struct files_volume *v, const struct k8smi_path *path) {
  const struct k8smi_files *f = v->files;
  uint32_t *order = k8smi_resolve_array(v->r, f->count, sizeof *order);
  if (order == NULL) return;
  for (size_t i = 0; i < f->count; i++) order[i] = (uint32_t)i;
  k8smi_sort(order, f->count, sizeof *order, files_compare, f->items);
  for (size_t i = 1; i < f->count; i++) {
    struct k8sm_slice outer = f->items[order[i - 1]].path, inner = f->items[order[i]].path;
    bool below =
        inner.len > outer.len && inner.ptr[outer.len] == '/' && memcmp(inner.ptr, outer.ptr, outer.len) == 0;
    if (below)
      k8smi_resolve_find(v->r, K8SM_DIAG_FIELD_INVALID, path, "invalid path: %.*s: %.*s is a file",
                         K8SMI_P(inner), K8SMI_P(outer));
  }
}

void k8smi_resolve_files(struct k8smi_resolve *r, const struct k8smi_record *volume,
                         const struct k8smi_path *path, struct k8smi_files *ret) {
  static const unsigned kinds[] = {K8SMI_Volume_secret, K8SMI_Volume_configMap, K8SMI_Volume_downwardAPI,
                                   K8SMI_Volume_projected};
  struct files_volume v = {r, ret, K8SMI_DEFAULT_FILE_MODE};
  struct k8sm_slice uid = k8smi_get_str(r->metadata, K8SMI_ObjectMeta_uid);
  memset(ret, 0, sizeof *ret);
  k8smi_map_init(&ret->paths, &r->arena->allocator, k8smi_hash(uid.ptr, uid.len, 2));
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const struct k8smi_record *record = k8smi_get_record(volume, kinds[i]);
    if (record == NULL) continue;
    struct k8smi_path at = k8smi_path_field(path, k8smi_types[K8SMI_TYPE_Volume].fields[kinds[i]].name);
    files_of_volume(&v, kinds[i], record, &at);
    files_check(&v, &at);
    return;
  }
}
