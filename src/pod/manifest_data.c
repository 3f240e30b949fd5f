/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

#include "pod/data.h"
#include "pod/formats.h"
#include "pod/names.h"
#include "pod/workload.h"

/* The kinds that pods refer to: a row for each object, and rows of what is in it. */

static int data_keys(const struct k8smi_object *object, const struct k8smi_record *record,
                     const struct k8sm_manifest_object *row);
static int data_claim(const struct k8smi_object *object, const struct k8smi_record *record,
                      const struct k8sm_manifest_object *row);
static int data_class(const struct k8smi_object *object, const struct k8smi_record *record,
                      const struct k8sm_manifest_object *row);

static int data_node(const struct k8smi_object *object, const struct k8smi_record *record,
                     const struct k8sm_manifest_object *row);

static const struct data_kind {
  uint8_t type;
  bool in_namespace;
  struct k8sm_slice api_version;
  /* Rows of what is in it; NULL: none. */
  int (*rows)(const struct k8smi_object *object, const struct k8smi_record *record,
              const struct k8sm_manifest_object *row);
} data_kinds[] = {
    {K8SMI_TYPE_ConfigMap, true, {"v1", 2}, data_keys},
    {K8SMI_TYPE_Secret, true, {"v1", 2}, data_keys},
    {K8SMI_TYPE_Namespace, false, {"v1", 2}, NULL},
    {K8SMI_TYPE_Node, false, {"v1", 2}, data_node},
    {K8SMI_TYPE_PersistentVolumeClaim, true, {"v1", 2}, data_claim},
    {K8SMI_TYPE_PriorityClass, false, {"scheduling.k8s.io/v1", 20}, data_class},
};

static bool data_validates(const struct k8smi_object *object) {
  return (object->parse->options.flags & K8SM_PARSE_NO_VALIDATE) == 0;
}

/* ---- ConfigMaps and Secrets: one row for each key ---- */

/* Two maps each; keys of the second win over those of the first. */
static const struct data_maps {
  struct k8sm_slice kind;
  unsigned fields[2];
  const char *names[2];
  uint32_t second_flags;
} data_maps[] = {
    {{"ConfigMap", 9},
     {K8SMI_ConfigMap_data, K8SMI_ConfigMap_binaryData},
     {"data", "binaryData"},
     K8SM_DATA_BINARY},
    {{"Secret", 6}, {K8SMI_Secret_data, K8SMI_Secret_stringData}, {"data", "stringData"}, 0},
};

static int data_add(const struct k8smi_object *object, struct k8sm_manifest_data row) {
  struct k8sm_manifest *m = object->manifest;
  struct k8sm_manifest_data *to = k8smi_rows_add(&m->data, &m->arena.allocator, sizeof row);
  if (to == NULL) return k8smi_find_nomem(object->parse->diags, K8SM_ERR_NOMEM);
  *to = row;
  return K8SM_OK;
}

/* False, with a finding: the key can't be one. */
static bool data_check_key(const struct k8smi_object *object, const char *map, struct k8sm_slice key) {
  const char *wrong[K8SMI_FORMAT_WRONG];
  size_t n = data_validates(object) ? k8smi_format_config_key(key, wrong) : 0;
  struct k8smi_path path = k8smi_path_field(object->path, k8smi_s(map));
  struct k8smi_path at = k8smi_path_key(&path, key);
  for (size_t i = 0; i < n; i++)
    k8smi_find(object->parse->diags, K8SM_DIAG_FIELD_INVALID, &at, "Invalid value: \"%.*s\": %s",
               K8SMI_P(key), wrong[i]);
  return n == 0;
}

static int data_keys(const struct k8smi_object *object, const struct k8smi_record *record,
                     const struct k8sm_manifest_object *row) {
  const struct data_maps *maps = &data_maps[k8smi_eq(row->kind, data_maps[0].kind) ? 0 : 1];
  struct k8sm_manifest_data data = {row->kind, row->name_space, row->name, {NULL, 0}, {NULL, 0}, 0, 0};
  bool good = true, empty = true;
  for (size_t i = 0; i < 2; i++) {
    struct k8smi_list list = k8smi_get_list(record, maps->fields[i]);
    for (size_t k = 0; k < list.count; k++) {
      struct k8smi_pair pair = k8smi_list_pair(list, k);
      if (!data_check_key(object, maps->names[i], pair.key)) good = false;
      if (i == 0 && k8smi_get_pair(record, maps->fields[1], pair.key.ptr).ptr != NULL) continue;
      data.key = pair.key;
      data.value = pair.value;
      data.flags = i == 0 ? 0 : maps->second_flags;
      int r = data_add(object, data);
      if (r != K8SM_OK) return r;
      empty = false;
    }
  }
  if (!good) return K8SM_ERR_INVALID;
  return empty ? data_add(object, data) : K8SM_OK;
}

/* ---- PersistentVolumeClaims: one row for each thing that is said of the volume ---- */

/* Texts with commas between them; ptr NULL when memory ran out. */
static struct k8sm_slice data_join(const struct k8smi_object *object, struct k8smi_list list) {
  struct k8smi_arena *arena = &object->manifest->arena;
  struct k8smi_buf buf;
  struct k8sm_slice text = {NULL, 0};
  if (!k8smi_buf_init(&buf, &arena->allocator)) return text;
  for (size_t i = 0; i < list.count; i++) {
    if (i > 0) k8smi_buf_putc(&buf, ',');
    k8smi_buf_slice(&buf, k8smi_list_str(list, i));
  }
  if (!buf.failed) text = k8smi_arena_copy(arena, buf.ptr, buf.len);
  k8smi_buf_free(&buf);
  return text;
}

/* "Kind/name" of what the volume is to be a copy of; empty: nothing. ptr NULL when memory ran out. */
static struct k8sm_slice data_source(const struct k8smi_object *object, const struct k8smi_record *spec) {
  const struct k8smi_record *any = k8smi_get_record(spec, K8SMI_PersistentVolumeClaimSpec_dataSourceRef);
  const struct k8smi_record *local = k8smi_get_record(spec, K8SMI_PersistentVolumeClaimSpec_dataSource);
  const struct k8sm_slice pieces[] = {
      any != NULL ? k8smi_get_str(any, K8SMI_TypedObjectReference_kind)
                  : k8smi_get_str(local, K8SMI_TypedLocalObjectReference_kind),
      K8SMI_S("/"),
      any != NULL ? k8smi_get_str(any, K8SMI_TypedObjectReference_name)
                  : k8smi_get_str(local, K8SMI_TypedLocalObjectReference_name)};
  if (any == NULL && local == NULL) return K8SMI_S("");
  return k8smi_name_join(&object->manifest->arena, pieces, 3);
}

static int data_claim_spec(const struct k8smi_object *object, const struct k8smi_record *spec,
                           struct k8sm_slice name_space, struct k8sm_slice name) {
  const struct k8smi_record *resources = k8smi_get_record(spec, K8SMI_PersistentVolumeClaimSpec_resources);
  struct k8sm_slice modes =
      data_join(object, k8smi_get_list(spec, K8SMI_PersistentVolumeClaimSpec_accessModes));
  struct k8sm_slice source = data_source(object, spec);
  bool selects = k8smi_has(spec, K8SMI_PersistentVolumeClaimSpec_selector);
  if (modes.ptr == NULL || source.ptr == NULL) return k8smi_find_nomem(object->parse->diags, K8SM_ERR_NOMEM);
  const struct {
    struct k8sm_slice key, value;
  } says[] = {
      {K8SMI_S("storage"), k8smi_get_pair(resources, K8SMI_VolumeResourceRequirements_requests, "storage")},
      {K8SMI_S("storageClassName"), k8smi_get_str(spec, K8SMI_PersistentVolumeClaimSpec_storageClassName)},
      {K8SMI_S("volumeMode"), k8smi_get_str(spec, K8SMI_PersistentVolumeClaimSpec_volumeMode)},
      {K8SMI_S("accessModes"), modes},
      {K8SMI_S("volumeName"), k8smi_get_str(spec, K8SMI_PersistentVolumeClaimSpec_volumeName)},
      {K8SMI_S("dataSource"), source},
      {K8SMI_S("selector"), selects ? K8SMI_S("true") : K8SMI_S("")},
      {K8SMI_S("volumeAttributesClassName"),
       k8smi_get_str(spec, K8SMI_PersistentVolumeClaimSpec_volumeAttributesClassName)}};
  for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
    const struct k8sm_manifest_data data = {k8smi_types[K8SMI_TYPE_PersistentVolumeClaim].name,
                                            name_space,
                                            name,
                                            says[i].key,
                                            says[i].value,
                                            0,
                                            0};
    int r = says[i].value.len == 0 && i > 0 ? K8SM_OK : data_add(object, data);
    if (r != K8SM_OK) return r;
  }
  return K8SM_OK;
}

static int data_claim(const struct k8smi_object *object, const struct k8smi_record *record,
                      const struct k8sm_manifest_object *row) {
  return data_claim_spec(object, k8smi_get_record(record, K8SMI_PersistentVolumeClaim_spec), row->name_space,
                         row->name);
}

/* Its controller makes a claim for each pod: rows under a name that stands for all of them. */
int k8smi_manifest_claims(const struct k8smi_object *object, const struct k8sm_workload *w) {
  struct k8smi_list claims = k8smi_get_list(w->spec, K8SMI_StatefulSetSpec_volumeClaimTemplates);
  int r = K8SM_OK;
  for (size_t i = 0; i < claims.count && r == K8SM_OK; i++) {
    const struct k8smi_record *claim = k8smi_list_record(claims, i);
    const struct k8smi_record *metadata = k8smi_get_record(claim, K8SMI_PersistentVolumeClaim_metadata);
    const struct k8sm_slice pieces[] = {k8smi_get_str(metadata, K8SMI_ObjectMeta_name), K8SMI_S("-"), w->name,
                                        K8SMI_S(K8SMI_DATA_EACH)};
    struct k8sm_slice name = k8smi_name_join(&object->manifest->arena, pieces, 4);
    if (name.ptr == NULL)
      return k8smi_find_nomem(object->parse->diags, k8smi_arena_error(&object->manifest->arena));
    r = data_claim_spec(object, k8smi_get_record(claim, K8SMI_PersistentVolumeClaim_spec), w->name_space,
                        name);
  }
  return r;
}

/* ---- PriorityClasses ---- */

static int data_class(const struct k8smi_object *object, const struct k8smi_record *record,
                      const struct k8sm_manifest_object *row) {
  enum { USER_PRIORITY_MAX = 1000000000 };
  static const char reserved[] = "system-";
  struct k8sm_manifest *m = object->manifest;
  int64_t value = k8smi_get_i64(record, K8SMI_PriorityClass_value, 0);
  bool system =
      row->name.len >= sizeof reserved - 1 && memcmp(row->name.ptr, reserved, sizeof reserved - 1) == 0;
  if (data_validates(object) && !system && value > USER_PRIORITY_MAX) {
    struct k8smi_path path = k8smi_path_field(object->path, K8SMI_S("value"));
    k8smi_find(object->parse->diags, K8SM_DIAG_FIELD_FORBIDDEN, &path,
               "Forbidden: maximum allowed value of a user defined priority is %d", USER_PRIORITY_MAX);
    return K8SM_ERR_INVALID;
  }
  struct k8sm_priority_class *to = k8smi_rows_add(&m->classes, &m->arena.allocator, sizeof *to);
  if (to == NULL) return k8smi_find_nomem(object->parse->diags, K8SM_ERR_NOMEM);
  struct k8sm_slice policy = k8smi_get_str(record, K8SMI_PriorityClass_preemptionPolicy);
  *to = (struct k8sm_priority_class){
      .name = row->name,
      .preemption_policy = policy.len == 0 ? K8SMI_S("PreemptLowerPriority") : policy,
      .value = (int32_t)value,
      .global_default = k8smi_get_bool(record, K8SMI_PriorityClass_globalDefault, false)};
  return K8SM_OK;
}

/* ---- Nodes: no rows, but taints that keep pods away ---- */

/* True if the effect is one; else with a finding. */
static bool data_check_effect(const struct k8smi_object *object, const struct k8smi_path *taint,
                              struct k8sm_slice effect) {
  static const char *const effects[] = {"NoExecute", "NoSchedule", "PreferNoSchedule"};
  for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
    if (k8smi_eqs(effect, effects[i])) return true;
  }
  struct k8smi_path at = k8smi_path_field(taint, K8SMI_S("effect"));
  if (effect.len == 0) {
    k8smi_find(object->parse->diags, K8SM_DIAG_FIELD_REQUIRED, &at, "Required value");
    return false;
  }
  k8smi_find(object->parse->diags, K8SM_DIAG_FIELD_UNSUPPORTED, &at,
             "Unsupported value: \"%.*s\": supported values: \"%s\", \"%s\", \"%s\"", K8SMI_P(effect),
             effects[0], effects[1], effects[2]);
  return false;
}

/* https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
static int data_node(const struct k8smi_object *object, const struct k8smi_record *record,
                     const struct k8sm_manifest_object *row) {
  struct k8smi_path spec = k8smi_path_field(object->path, K8SMI_S("spec"));
  struct k8smi_path list = k8smi_path_field(&spec, K8SMI_S("taints"));
  struct k8smi_list taints = k8smi_get_list(k8smi_get_record(record, K8SMI_Node_spec), K8SMI_NodeSpec_taints);
  bool good = true;
  (void)row;
  for (size_t i = 0; data_validates(object) && i < taints.count; i++) {
    const struct k8smi_record *taint = k8smi_list_record(taints, i);
    struct k8smi_path at = k8smi_path_index(&list, i), key = k8smi_path_field(&at, K8SMI_S("key"));
    if (k8smi_get_str(taint, K8SMI_Taint_key).len == 0) {
      k8smi_find(object->parse->diags, K8SM_DIAG_FIELD_REQUIRED, &key,
                 "Required value: name part must be non-empty");
      good = false;
    }
    good = data_check_effect(object, &at, k8smi_get_str(taint, K8SMI_Taint_effect)) && good;
  }
  return good ? K8SM_OK : K8SM_ERR_INVALID;
}

/* ---- All of them ---- */

/* An item of a typed list need not say what it is, and a version that is gone is today's. */
static const struct k8smi_record *data_identify(const struct k8smi_object *object,
                                                const struct data_kind *kind,
                                                const struct k8smi_record *record) {
  struct k8smi_edit e;
  if (!object->legacy && k8smi_has(record, K8SMI_Pod_kind) && k8smi_has(record, K8SMI_Pod_apiVersion))
    return record;
  k8smi_edit_begin(&e, &object->manifest->arena, record);
  k8smi_edit_text(&e, K8SMI_Pod_kind, k8smi_types[kind->type].name);
  k8smi_edit_text(&e, K8SMI_Pod_apiVersion, kind->api_version);
  return k8smi_edit_end(&e);
}

/* The namespace of an object that names none; ptr NULL when memory ran out. */
static struct k8sm_slice data_namespace(const struct k8smi_object *object) {
  const char *name = object->parse->options.default_namespace;
  return k8smi_arena_slice(&object->manifest->arena, k8smi_s(name == NULL ? "default" : name));
}

static const struct data_kind *data_kind(unsigned type) {
  size_t i = 0;
  while (data_kinds[i].type != type) i++; /* the caller has looked it up by kind */
  return &data_kinds[i];
}

int k8smi_manifest_data_of(const struct k8smi_object *object, unsigned type) {
  const struct data_kind *kind = data_kind(type);
  struct k8sm_manifest *m = object->manifest;
  const struct k8smi_record *record = NULL;
  int r = k8smi_manifest_named(object, &m->arena, type, &record);
  if (r != K8SM_OK) return r;
  record = data_identify(object, kind, record);
  const struct k8smi_record *metadata = k8smi_get_record(record, K8SMI_Pod_metadata);
  struct k8sm_manifest_object row = {.kind = k8smi_types[type].name,
                                     .api_version = kind->api_version,
                                     .name_space = k8smi_get_str(metadata, K8SMI_ObjectMeta_namespace),
                                     .name = k8smi_get_str(metadata, K8SMI_ObjectMeta_name),
                                     .document = object->document};
  if (!kind->in_namespace) row.name_space = K8SMI_S("");
  if (kind->in_namespace && row.name_space.len == 0) row.name_space = data_namespace(object);
  if (record == NULL || row.name_space.ptr == NULL)
    return k8smi_find_nomem(object->parse->diags, k8smi_arena_error(&m->arena));
  if (kind->rows != NULL) r = kind->rows(object, record, &row);
  if (r != K8SM_OK) return r;
  struct k8smi_manifest_object *to = k8smi_rows_add(&m->objects, &m->arena.allocator, sizeof *to);
  if (to == NULL) return k8smi_find_nomem(object->parse->diags, K8SM_ERR_NOMEM);
  *to = (struct k8smi_manifest_object){row, record, type};
  return K8SM_OK;
}
