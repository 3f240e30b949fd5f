/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

int k8smi_manifest_peek(struct k8smi_object *object, bool *is_null) {
  struct k8smi_token t;
  size_t left = 2;
  struct k8sm_diags *diags = object->parse->diags;
  int r = k8smi_tokens_next(object->tokens, &t, diags);
  *is_null = r == K8SM_OK && t.kind == K8SMI_TOKEN_NULL;
  while (r == K8SM_OK && left > 0 && t.kind != K8SMI_TOKEN_END && !*is_null) {
    r = k8smi_tokens_next(object->tokens, &t, diags);
    if (r != K8SM_OK || t.kind != K8SMI_TOKEN_KEY) break;
    struct k8sm_slice *into = k8smi_eqs(t.text, "kind")         ? &object->kind
                              : k8smi_eqs(t.text, "apiVersion") ? &object->api_version
                                                                : NULL;
    r = k8smi_tokens_next(object->tokens, &t, diags);
    if (r == K8SM_OK && into != NULL && t.kind == K8SMI_TOKEN_STRING) {
      *into = t.text;
      left--;
    } else if (r == K8SM_OK && (t.kind == K8SMI_TOKEN_OBJECT || t.kind == K8SMI_TOKEN_ARRAY)) {
      r = k8smi_tokens_skip(object->tokens, diags);
    }
  }
  if (r == K8SM_OK && !*is_null) k8smi_tokens_rewind(object->tokens);
  return r;
}

int k8smi_manifest_named(const struct k8smi_object *object, struct k8smi_arena *arena, unsigned type,
                         const struct k8smi_record **ret) {
  int r = k8smi_manifest_record(object, arena, type, ret);
  if (*ret == NULL || (r != K8SM_OK && r != K8SM_ERR_INVALID)) return r;
  const struct k8smi_record *metadata = k8smi_get_record(*ret, K8SMI_Pod_metadata);
  if (k8smi_get_str(metadata, K8SMI_ObjectMeta_name).len > 0) return r;
  struct k8smi_path parent = k8smi_path_field(object->path, K8SMI_S("metadata"));
  struct k8smi_path path = k8smi_path_field(&parent, K8SMI_S("name"));
  k8smi_find(object->parse->diags, K8SM_DIAG_FIELD_REQUIRED, &path,
             "Required value: name or generateName is required");
  return K8SM_ERR_INVALID;
}

/* An item of a PodList need not say that it is a Pod; on its own it must. */
static int manifest_identify(struct k8smi_parse *p, struct k8sm_pod *pod) {
  struct k8smi_edit e;
  if (k8smi_has(pod->record, K8SMI_Pod_kind) && k8smi_has(pod->record, K8SMI_Pod_apiVersion)) return K8SM_OK;
  k8smi_edit_begin(&e, &pod->arena, pod->record);
  k8smi_edit_text(&e, K8SMI_Pod_kind, K8SMI_S("Pod"));
  k8smi_edit_text(&e, K8SMI_Pod_apiVersion, K8SMI_S("v1"));
  const struct k8smi_record *record = k8smi_edit_end(&e);
  if (record == NULL) return k8smi_find_nomem(p->diags, k8smi_arena_error(&pod->arena));
  pod->record = record;
  return K8SM_OK;
}

static int manifest_pod(const struct k8smi_object *object, unsigned type) {
  struct k8smi_parse *p = object->parse;
  struct k8sm_pod *pod = NULL;
  int r = k8smi_parse_new_pod(p, &pod);
  if (r != K8SM_OK) return r;
  int wrong = k8smi_manifest_record(object, &pod->arena, type, &pod->record);
  r = pod->record == NULL ? wrong : manifest_identify(p, pod);
  if (r == K8SM_OK && pod->record != NULL && k8smi_parse_generates_name(p, pod))
    r = k8smi_parse_generate_name(p, pod, object->manifest->generated++);
  if (r == K8SM_OK && pod->record != NULL) r = k8smi_pod_complete(p, pod, object->path);
  if (r == K8SM_OK) r = wrong;
  if (r == K8SM_OK) return k8smi_manifest_add_pod(object, pod, object->path, 0, (struct k8sm_slice){NULL, 0});
  k8sm_pod_unref(pod);
  return r;
}

/* One item of a list, as the JSON that it was turned into. Items of "PodList" and the like may leave out
 * what they are. */
int k8smi_manifest_item(const struct k8smi_object *list, struct k8sm_slice json, size_t index) {
  struct k8smi_path items = k8smi_path_field(list->path, K8SMI_S("items"));
  struct k8smi_path path = k8smi_path_index(&items, index);
  struct k8smi_parse parse = *list->parse;
  struct k8smi_object item = {.parse = &parse,
                              .manifest = list->manifest,
                              .document = list->document,
                              .lists = list->lists + 1,
                              .path = &path};
  bool is_null = false;
  if (!k8smi_arena_init(&parse.scratch, parse.options.allocator, (size_t)parse.options.max_memory))
    return K8SM_ERR_NOMEM;
  int r = k8smi_parse_tokens(&parse, json.ptr, json.len, K8SM_FORMAT_JSON, 0, &item.tokens);
  if (r == K8SM_OK) r = k8smi_manifest_peek(&item, &is_null);
  if (item.kind.len == 0) k8smi_manifest_list_of(list->kind, &item.kind);
  if (item.api_version.len == 0) item.api_version = list->api_version;
  if (r == K8SM_OK && !is_null) r = k8smi_manifest_object(&item);
  k8smi_tokens_free(item.tokens);
  k8smi_arena_free(&parse.scratch);
  return r;
}

static int manifest_list(const struct k8smi_object *object, unsigned type) {
  const struct k8smi_record *record = NULL;
  struct k8smi_parse *p = object->parse;
  if (object->lists == K8SMI_MANIFEST_MAX_LISTS) {
    k8smi_find(p->diags, K8SM_DIAG_TOO_DEEP, object->path, "lists of lists of lists");
    return K8SM_ERR_INVALID;
  }
  if (object->envelope != NULL) return k8smi_manifest_proto_list(object);
  int wrong = k8smi_manifest_record(object, &p->scratch, type, &record);
  if (wrong != K8SM_OK) return wrong;
  struct k8smi_list items = k8smi_get_list(record, K8SMI_List_items);
  if (items.count == 0) object->manifest->empty_list = true;
  for (size_t i = 0; i < items.count; i++) {
    int r = k8smi_manifest_item(object, k8smi_list_str(items, i), i);
    if (r == K8SM_ERR_NOMEM || r == K8SM_ERR_LIMIT) return r;
    if (wrong == K8SM_OK) wrong = r;
  }
  return wrong;
}

/* The kinds that are read, and what is made of each. */
static const struct manifest_kind {
  struct k8sm_slice api_version, kind;
  uint8_t type;
  int (*read)(const struct k8smi_object *object, unsigned type);
} manifest_kinds[] = {
#define MANIFEST_KIND(version, name, read)                                                                   \
  { {version, sizeof(version) - 1}, {#name, sizeof(#name) - 1}, K8SMI_TYPE_##name, read }
    MANIFEST_KIND("v1", Pod, manifest_pod),
    MANIFEST_KIND("v1", PodTemplate, k8smi_manifest_workload),
    MANIFEST_KIND("v1", ReplicationController, k8smi_manifest_workload),
    MANIFEST_KIND("apps/v1", ReplicaSet, k8smi_manifest_workload),
    MANIFEST_KIND("apps/v1", Deployment, k8smi_manifest_workload),
    MANIFEST_KIND("apps/v1", StatefulSet, k8smi_manifest_workload),
    MANIFEST_KIND("apps/v1", DaemonSet, k8smi_manifest_workload),
    MANIFEST_KIND("batch/v1", Job, k8smi_manifest_workload),
    MANIFEST_KIND("batch/v1", CronJob, k8smi_manifest_workload),
    MANIFEST_KIND("v1", ConfigMap, k8smi_manifest_data_of),
    MANIFEST_KIND("v1", Secret, k8smi_manifest_data_of),
    MANIFEST_KIND("v1", Namespace, k8smi_manifest_data_of),
    MANIFEST_KIND("v1", Node, k8smi_manifest_data_of),
    MANIFEST_KIND("v1", PersistentVolumeClaim, k8smi_manifest_data_of),
    MANIFEST_KIND("scheduling.k8s.io/v1", PriorityClass, k8smi_manifest_data_of),
#undef MANIFEST_KIND
};

/* Group versions that Kubernetes no longer serves, whose objects are those of the version that it does.
 * https://kubernetes.io/docs/reference/using-api/deprecation-guide/ */
static const struct {
  const char *api_version;
  const char *kinds[4];
} manifest_legacy[] = {
    {"extensions/v1beta1", {"Deployment", "DaemonSet", "ReplicaSet"}},
    {"apps/v1beta1", {"Deployment", "StatefulSet"}},
    {"apps/v1beta2", {"Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"}},
    {"batch/v1beta1", {"CronJob"}},
    {"batch/v2alpha1", {"CronJob"}},
    {"scheduling.k8s.io/v1beta1", {"PriorityClass"}},
    {"scheduling.k8s.io/v1alpha1", {"PriorityClass"}},
};

static const struct manifest_kind *manifest_kind_of(struct k8sm_slice kind) {
  for (size_t i = 0; i < sizeof manifest_kinds / sizeof manifest_kinds[0]; i++) {
    if (k8smi_eq(manifest_kinds[i].kind, kind)) return &manifest_kinds[i];
  }
  return NULL;
}

static bool manifest_is_legacy(struct k8sm_slice kind, struct k8sm_slice api_version) {
  for (size_t i = 0; i < sizeof manifest_legacy / sizeof manifest_legacy[0]; i++) {
    if (!k8smi_eqs(api_version, manifest_legacy[i].api_version)) continue;
    for (size_t k = 0; k < 4 && manifest_legacy[i].kinds[k] != NULL; k++) {
      if (k8smi_eqs(kind, manifest_legacy[i].kinds[k])) return true;
    }
  }
  return false;
}

bool k8smi_manifest_list_of(struct k8sm_slice list, struct k8sm_slice *ret) {
  static const char suffix[] = "List";
  size_t len = sizeof suffix - 1;
  if (list.len <= len || memcmp(list.ptr + list.len - len, suffix, len) != 0) return false;
  *ret = (struct k8sm_slice){list.ptr, list.len - len};
  return true;
}

bool k8smi_manifest_is_list(struct k8sm_slice kind, struct k8sm_slice api_version) {
  struct k8sm_slice of_items;
  if (k8smi_eqs(kind, "List")) return k8smi_eqs(api_version, "v1");
  if (manifest_kind_of(kind) != NULL || !k8smi_manifest_list_of(kind, &of_items)) return false;
  const struct manifest_kind *items = manifest_kind_of(of_items);
  return items != NULL &&
         (k8smi_eq(items->api_version, api_version) || manifest_is_legacy(of_items, api_version));
}

static int manifest_required(const struct k8smi_object *object, const char *name) {
  struct k8smi_path path = k8smi_path_field(object->path, k8smi_s(name));
  k8smi_find(object->parse->diags, K8SM_DIAG_FIELD_REQUIRED, &path, "Required value");
  return K8SM_ERR_INVALID;
}

/* The kind of the same version that was meant by one that comes near; empty: none. */
static struct k8sm_slice manifest_near(const struct k8smi_object *object) {
  struct k8sm_slice near = {NULL, 0};
  unsigned best = k8smi_suggest_begin(object->kind);
  for (size_t i = 0; i < sizeof manifest_kinds / sizeof manifest_kinds[0]; i++) {
    if (k8smi_eq(manifest_kinds[i].api_version, object->api_version) &&
        k8smi_suggest_nearer(object->kind, manifest_kinds[i].kind, &best))
      near = manifest_kinds[i].kind;
  }
  return near;
}

/* Other kinds are left to others; one that Kubernetes does not have either would be missed in silence. */
static int manifest_skip(const struct k8smi_object *object) {
  struct k8smi_path kind = k8smi_path_field(object->path, K8SMI_S("kind"));
  struct k8sm_slice near = manifest_near(object);
  if (near.len > 0) {
    k8smi_find(object->parse->diags, K8SM_DIAG_KIND_UNKNOWN, &kind,
               "found \"%.*s\", which %.*s does not have, did you mean %.*s?", K8SMI_P(object->kind),
               K8SMI_P(object->api_version), K8SMI_P(near));
    return K8SM_ERR_INVALID;
  }
  k8smi_find(object->parse->diags, K8SM_DIAG_KIND_SKIPPED, &kind, "found \"%.*s\" of %.*s, which is skipped",
             K8SMI_P(object->kind), K8SMI_P(object->api_version));
  return K8SM_OK;
}

/* An object of a kind of ours, or a list of them. One with a version of another time is read as the kind
 * is today; one with a version that never was would be missed in silence: that is an error. */
static int manifest_read_kind(const struct k8smi_object *object, const struct manifest_kind *kind,
                              bool list) {
  struct k8smi_object of = *object;
  struct k8smi_path path = k8smi_path_field(object->path, K8SMI_S("apiVersion"));
  of.legacy = manifest_is_legacy(kind->kind, object->api_version);
  if (!of.legacy && !k8smi_eq(kind->api_version, object->api_version)) {
    k8smi_find(object->parse->diags, K8SM_DIAG_KIND_UNKNOWN, &path,
               "found \"%.*s\", expected \"%s\" for a %s", K8SMI_P(object->api_version),
               kind->api_version.ptr, kind->kind.ptr);
    return K8SM_ERR_INVALID;
  }
  if (list) return manifest_list(&of, K8SMI_TYPE_List);
  if (of.legacy)
    k8smi_find(object->parse->diags, K8SM_DIAG_KIND_LEGACY, &path, "found \"%.*s\", which is read as \"%s\"",
               K8SMI_P(object->api_version), kind->api_version.ptr);
  return kind->read(&of, kind->type);
}

int k8smi_manifest_object(const struct k8smi_object *object) {
  struct k8sm_slice of_items = {NULL, 0};
  if (object->kind.len > 0 && object->api_version.len > 0) {
    const struct manifest_kind *kind = manifest_kind_of(object->kind);
    bool list = kind == NULL && k8smi_manifest_list_of(object->kind, &of_items);
    if (list) kind = manifest_kind_of(of_items);
    if (kind != NULL) return manifest_read_kind(object, kind, list);
    if (k8smi_manifest_is_list(object->kind, object->api_version)) /* of anything */
      return manifest_list(object, K8SMI_TYPE_List);
    return manifest_skip(object);
  }
  struct k8smi_token t = {.kind = K8SMI_TOKEN_OBJECT};
  int r = object->tokens == NULL ? K8SM_OK : k8smi_tokens_next(object->tokens, &t, object->parse->diags);
  if (r != K8SM_OK) return r;
  if (t.kind != K8SMI_TOKEN_OBJECT) {
    struct k8smi_where where = {0, t.line, t.column};
    k8smi_find_at(object->parse->diags, K8SM_DIAG_FIELD_TYPE, &where, object->path,
                  "found no object, expected one of Kubernetes");
    return K8SM_ERR_INVALID;
  }
  return manifest_required(object, object->kind.len == 0 ? "kind" : "apiVersion");
}
