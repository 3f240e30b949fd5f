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

/* An item of a PodList need not say that it is a Pod; on its own it must. */
static int manifest_identify(struct k8smi_parse *p, struct k8sm_pod *pod) {
  static const struct {
    unsigned field;
    struct k8sm_slice text;
  } says[] = {{K8SMI_Pod_kind, {"Pod", 3}}, {K8SMI_Pod_apiVersion, {"v1", 2}}};
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(pod->record, slots), before = present;
  for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
    if (present >> says[i].field & 1) continue;
    slots[says[i].field].text = k8smi_text_new(&pod->arena, says[i].text);
    if (slots[says[i].field].text == NULL) return k8smi_find_nomem(p->diags, k8smi_arena_error(&pod->arena));
    present |= (uint64_t)1 << says[i].field;
  }
  if (present == before) return K8SM_OK;
  const struct k8smi_record *record = k8smi_record_new(&pod->arena, present, slots);
  if (record == NULL) return k8smi_find_nomem(p->diags, k8smi_arena_error(&pod->arena));
  pod->record = record;
  return K8SM_OK;
}

static int manifest_pod(const struct k8smi_object *object, unsigned type) {
  struct k8smi_parse *p = object->parse;
  struct k8sm_pod *pod = k8smi_parse_new_pod(p);
  if (pod == NULL) return K8SM_ERR_NOMEM;
  int wrong = k8smi_manifest_record(object, &pod->arena, type, &pod->record);
  int r = pod->record == NULL ? wrong : manifest_identify(p, pod);
  if (r == K8SM_OK && pod->record != NULL) r = k8smi_pod_complete(p, pod, object->path);
  if (r == K8SM_OK) r = wrong;
  if (r == K8SM_OK) return k8smi_manifest_add_pod(object, pod, 0, (struct k8sm_slice){NULL, 0});
  k8sm_pod_unref(pod);
  return r;
}

/* One item of a list, as the JSON that it was turned into. Items of "PodList" and the like may leave out
 * what they are. */
int k8smi_manifest_item(const struct k8smi_object *list, struct k8sm_slice json, size_t index) {
  static const char suffix[] = "List";
  struct k8smi_path items = k8smi_path_field(list->path, K8SMI_S("items"));
  struct k8smi_path path = k8smi_path_index(&items, index);
  struct k8smi_parse parse = *list->parse;
  struct k8smi_object item = {&parse,         list->manifest,  NULL, NULL, {NULL, 0}, {NULL, 0},
                              list->document, list->lists + 1, &path};
  bool is_null = false;
  if (!k8smi_arena_init(&parse.scratch, parse.options.allocator, (size_t)parse.options.max_memory))
    return K8SM_ERR_NOMEM;
  int r = k8smi_parse_tokens(&parse, json.ptr, json.len, K8SM_FORMAT_JSON, 0, &item.tokens);
  if (r == K8SM_OK) r = k8smi_manifest_peek(&item, &is_null);
  if (item.kind.len == 0 && list->kind.len > sizeof suffix - 1)
    item.kind = (struct k8sm_slice){list->kind.ptr, list->kind.len - (sizeof suffix - 1)};
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
  for (size_t i = 0; i < items.count; i++) {
    int r = k8smi_manifest_item(object, k8smi_list_str(items, i), i);
    if (r == K8SM_ERR_NOMEM || r == K8SM_ERR_LIMIT) return r;
    if (wrong == K8SM_OK) wrong = r;
  }
  return wrong;
}

/* The kinds that are read, and what is made of each. */
static const struct {
  struct k8sm_slice api_version, kind;
  uint8_t type;
  int (*read)(const struct k8smi_object *object, unsigned type);
} manifest_kinds[] = {
#define MANIFEST_KIND(version, name, type, read)                                                             \
  { {version, sizeof(version) - 1}, {name, sizeof(name) - 1}, K8SMI_TYPE_##type, read }
    MANIFEST_KIND("v1", "Pod", Pod, manifest_pod),
    MANIFEST_KIND("v1", "List", List, manifest_list),
    MANIFEST_KIND("v1", "PodList", List, manifest_list),
    MANIFEST_KIND("v1", "PodTemplate", PodTemplate, k8smi_manifest_workload),
    MANIFEST_KIND("v1", "ReplicationController", ReplicationController, k8smi_manifest_workload),
    MANIFEST_KIND("v1", "ReplicationControllerList", List, manifest_list),
    MANIFEST_KIND("apps/v1", "ReplicaSet", ReplicaSet, k8smi_manifest_workload),
    MANIFEST_KIND("apps/v1", "ReplicaSetList", List, manifest_list),
    MANIFEST_KIND("apps/v1", "Deployment", Deployment, k8smi_manifest_workload),
    MANIFEST_KIND("apps/v1", "DeploymentList", List, manifest_list),
    MANIFEST_KIND("apps/v1", "StatefulSet", StatefulSet, k8smi_manifest_workload),
    MANIFEST_KIND("apps/v1", "StatefulSetList", List, manifest_list),
    MANIFEST_KIND("apps/v1", "DaemonSet", DaemonSet, k8smi_manifest_workload),
    MANIFEST_KIND("apps/v1", "DaemonSetList", List, manifest_list),
    MANIFEST_KIND("batch/v1", "Job", Job, k8smi_manifest_workload),
    MANIFEST_KIND("batch/v1", "JobList", List, manifest_list),
    MANIFEST_KIND("batch/v1", "CronJob", CronJob, k8smi_manifest_workload),
    MANIFEST_KIND("batch/v1", "CronJobList", List, manifest_list),
    MANIFEST_KIND("v1", "ConfigMap", ConfigMap, k8smi_manifest_data_of),
    MANIFEST_KIND("v1", "ConfigMapList", List, manifest_list),
    MANIFEST_KIND("v1", "Secret", Secret, k8smi_manifest_data_of),
    MANIFEST_KIND("v1", "SecretList", List, manifest_list),
#undef MANIFEST_KIND
};

static int manifest_required(const struct k8smi_object *object, const char *name) {
  struct k8smi_path path = k8smi_path_field(object->path, k8smi_s(name));
  k8smi_find(object->parse->diags, K8SM_DIAG_FIELD_REQUIRED, &path, "Required value");
  return K8SM_ERR_INVALID;
}

/* A kind of ours with a version of another time would be missed silently: that is an error. */
static int manifest_unknown(const struct k8smi_object *object) {
  struct k8smi_path kind = k8smi_path_field(object->path, K8SMI_S("kind"));
  struct k8smi_path version = k8smi_path_field(object->path, K8SMI_S("apiVersion"));
  for (size_t i = 0; i < sizeof manifest_kinds / sizeof manifest_kinds[0]; i++) {
    if (!k8smi_eq(manifest_kinds[i].kind, object->kind)) continue;
    k8smi_find(object->parse->diags, K8SM_DIAG_KIND_UNKNOWN, &version,
               "found \"%.*s\", expected \"%s\" for a %s", K8SMI_P(object->api_version),
               manifest_kinds[i].api_version.ptr, manifest_kinds[i].kind.ptr);
    return K8SM_ERR_INVALID;
  }
  k8smi_find(object->parse->diags, K8SM_DIAG_KIND_SKIPPED, &kind, "found \"%.*s\" of %.*s, which is skipped",
             K8SMI_P(object->kind), K8SMI_P(object->api_version));
  return K8SM_OK;
}

int k8smi_manifest_object(const struct k8smi_object *object) {
  for (size_t i = 0; i < sizeof manifest_kinds / sizeof manifest_kinds[0]; i++) {
    if (k8smi_eq(manifest_kinds[i].kind, object->kind) &&
        k8smi_eq(manifest_kinds[i].api_version, object->api_version))
      return manifest_kinds[i].read(object, manifest_kinds[i].type);
  }
  if (object->kind.len > 0 && object->api_version.len > 0) return manifest_unknown(object);
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
