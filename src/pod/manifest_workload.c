/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

#include "pod/defaults.h"
#include "pod/formats.h"

/* Workload kinds → the pods of their templates: what their controllers would make of them first. */

enum workload_restart { WORKLOAD_ANY, WORKLOAD_RUNS, WORKLOAD_ENDS };

/* Where in an object of the kind its template is, and how often it runs. */
static const struct workload_kind {
  uint8_t type;
  enum workload_restart restart;
  struct k8sm_slice path[4]; /* fields from the object to the template */
  const char *note;          /* what is not as under Kubernetes */
} workload_kinds[] = {
    {K8SMI_TYPE_PodTemplate, WORKLOAD_ANY, {{"template", 8}}, NULL},
    {K8SMI_TYPE_ReplicationController, WORKLOAD_RUNS, {{"spec", 4}, {"template", 8}}, NULL},
    {K8SMI_TYPE_ReplicaSet, WORKLOAD_RUNS, {{"spec", 4}, {"template", 8}}, NULL},
    {K8SMI_TYPE_Deployment, WORKLOAD_RUNS, {{"spec", 4}, {"template", 8}}, NULL},
    {K8SMI_TYPE_StatefulSet, WORKLOAD_RUNS, {{"spec", 4}, {"template", 8}}, NULL},
    {K8SMI_TYPE_DaemonSet,
     WORKLOAD_RUNS,
     {{"spec", 4}, {"template", 8}},
     "the pod is taken once, not once for each node"},
    {K8SMI_TYPE_Job, WORKLOAD_ENDS, {{"spec", 4}, {"template", 8}}, NULL},
    {K8SMI_TYPE_CronJob,
     WORKLOAD_ENDS,
     {{"spec", 4}, {"jobTemplate", 11}, {"spec", 4}, {"template", 8}},
     "the pod is taken once, whatever the schedule"},
};

struct workload {
  const struct k8smi_object *object;
  const struct workload_kind *kind;
  struct k8sm_pod *base; /* holds what the replicas share; the caller's */
  struct k8sm_slice name;
  struct k8sm_slice owner;
  struct k8smi_list claims;  /* of a StatefulSet */
  struct k8smi_path path[4]; /* to the template */
  size_t steps;
};

/* Follows the path of the kind; NULL if there is no template. */
static const struct k8smi_record *workload_template(struct workload *w, const struct k8smi_record *object,
                                                    const struct k8smi_record **spec) {
  const struct k8smi_type *type = &k8smi_types[w->kind->type];
  const struct k8smi_path *parent = w->object->path;
  const struct k8smi_record *at = object;
  for (w->steps = 0; w->steps < 4 && w->kind->path[w->steps].ptr != NULL; w->steps++) {
    unsigned field = k8smi_type_find(type, w->kind->path[w->steps], 0);
    w->path[w->steps] = k8smi_path_field(parent, w->kind->path[w->steps]);
    parent = &w->path[w->steps];
    *spec = at;
    at = k8smi_get_record(at, field);
    type = &k8smi_types[type->fields[field].child];
  }
  return at;
}

/* How many pods the object asks for, and the number of the first. */
static uint64_t workload_count(const struct workload *w, const struct k8smi_record *spec, int64_t *first) {
  int64_t count = 1;
  *first = 0;
  if (w->object->parse->options.flags & K8SM_PARSE_TEMPLATES) return 1;
  switch (w->kind->type) {
  case K8SMI_TYPE_ReplicationController:
    count = k8smi_get_i64(spec, K8SMI_ReplicationControllerSpec_replicas, 1);
    break;
  case K8SMI_TYPE_ReplicaSet: count = k8smi_get_i64(spec, K8SMI_ReplicaSetSpec_replicas, 1); break;
  case K8SMI_TYPE_Deployment: count = k8smi_get_i64(spec, K8SMI_DeploymentSpec_replicas, 1); break;
  case K8SMI_TYPE_StatefulSet:
    count = k8smi_get_i64(spec, K8SMI_StatefulSetSpec_replicas, 1);
    *first = k8smi_get_i64(k8smi_get_record(spec, K8SMI_StatefulSetSpec_ordinals),
                           K8SMI_StatefulSetOrdinals_start, 0);
    break;
  case K8SMI_TYPE_Job:
  case K8SMI_TYPE_CronJob: {
    int64_t most = k8smi_get_i64(spec, K8SMI_JobSpec_completions, INT64_MAX);
    count = k8smi_get_i64(spec, K8SMI_JobSpec_parallelism, 1);
    if (count > most) count = most;
    break;
  }
  default: break;
  }
  return count < 0 ? 0 : (uint64_t)count;
}

/* The Pod that all replicas have in common: what the template says, under the owner's namespace. */
static bool workload_base(struct workload *w, const struct k8smi_record *owner,
                          const struct k8smi_record *template_) {
  static const unsigned from_template[] = {K8SMI_ObjectMeta_labels, K8SMI_ObjectMeta_annotations,
                                           K8SMI_ObjectMeta_finalizers};
  struct k8smi_arena *arena = &w->base->arena;
  const struct k8smi_record *own = k8smi_get_record(template_, K8SMI_PodTemplateSpec_metadata);
  union k8smi_slot pod[64], metadata[64], of_template[64], of_owner[64];
  uint64_t has = 0, has_template = k8smi_record_spread(own, of_template);
  uint64_t has_owner = k8smi_record_spread(k8smi_get_record(owner, K8SMI_Pod_metadata), of_owner);
  for (size_t i = 0; i < sizeof from_template / sizeof from_template[0]; i++) {
    metadata[from_template[i]] = of_template[from_template[i]];
    has |= has_template & (uint64_t)1 << from_template[i];
  }
  metadata[K8SMI_ObjectMeta_namespace] = of_owner[K8SMI_ObjectMeta_namespace];
  has |= has_owner & (uint64_t)1 << K8SMI_ObjectMeta_namespace;
  pod[K8SMI_Pod_kind].text = k8smi_text_new(arena, K8SMI_S("Pod"));
  pod[K8SMI_Pod_apiVersion].text = k8smi_text_new(arena, K8SMI_S("v1"));
  pod[K8SMI_Pod_metadata].record = k8smi_record_new(arena, has, metadata);
  pod[K8SMI_Pod_spec].record = k8smi_get_record(template_, K8SMI_PodTemplateSpec_spec);
  if (pod[K8SMI_Pod_kind].text == NULL || pod[K8SMI_Pod_apiVersion].text == NULL ||
      pod[K8SMI_Pod_metadata].record == NULL)
    return false;
  uint64_t set =
      (uint64_t)1 << K8SMI_Pod_kind | (uint64_t)1 << K8SMI_Pod_apiVersion | (uint64_t)1 << K8SMI_Pod_metadata;
  if (pod[K8SMI_Pod_spec].record != NULL) set |= (uint64_t)1 << K8SMI_Pod_spec;
  w->base->record = k8smi_record_new(arena, set, pod);
  if (w->base->record != NULL && (w->object->parse->options.flags & K8SM_PARSE_NO_DEFAULTS) == 0)
    w->base->record = k8smi_defaults_pod(arena, w->base->record);
  return w->base->record != NULL;
}

/* "NAME-3", or the bare name for templates. */
static struct k8sm_slice workload_name(struct workload *w, int64_t number) {
  if (w->object->parse->options.flags & K8SM_PARSE_TEMPLATES || w->kind->restart == WORKLOAD_ANY)
    return w->name;
  struct k8smi_buf buf;
  struct k8sm_slice name = {NULL, 0};
  if (!k8smi_buf_init(&buf, &w->base->arena.allocator)) return name;
  k8smi_buf_slice(&buf, w->name);
  k8smi_buf_putc(&buf, '-');
  k8smi_buf_i64(&buf, number);
  if (!buf.failed) name = k8smi_arena_copy(&w->base->arena, buf.ptr, buf.len);
  k8smi_buf_free(&buf);
  return name;
}

/* A pod that shares all but its name with the base. */
static struct k8sm_pod *workload_replica(struct workload *w, int64_t number) {
  struct k8sm_pod *pod = k8smi_parse_new_pod(w->object->parse);
  struct k8sm_slice name = workload_name(w, number);
  if (pod == NULL) return NULL;
  pod->record = w->base->record;
  pod->base = k8sm_pod_ref(w->base);
  if (name.ptr != NULL && k8smi_pod_set_metadata(pod, K8SMI_ObjectMeta_name, name) &&
      k8smi_manifest_claims(pod, w->claims))
    return pod;
  k8smi_find_nomem(w->object->parse->diags, K8SM_ERR_NOMEM);
  k8sm_pod_unref(pod);
  return NULL;
}

static int workload_check_restart(struct workload *w, const struct k8smi_record *template_) {
  struct k8sm_slice policy =
      k8smi_get_str(k8smi_get_record(template_, K8SMI_PodTemplateSpec_spec), K8SMI_PodSpec_restartPolicy);
  bool always = k8smi_eqs(policy, "Always");
  if (w->object->parse->options.flags & K8SM_PARSE_NO_VALIDATE || w->kind->restart == WORKLOAD_ANY ||
      policy.len == 0 || always == (w->kind->restart == WORKLOAD_RUNS))
    return K8SM_OK;
  struct k8smi_path spec = k8smi_path_field(&w->path[w->steps - 1], K8SMI_S("spec"));
  struct k8smi_path path = k8smi_path_field(&spec, K8SMI_S("restartPolicy"));
  k8smi_find(w->object->parse->diags, K8SM_DIAG_FIELD_UNSUPPORTED, &path,
             "Unsupported value: \"%.*s\": supported values: %s", K8SMI_P(policy),
             always ? "\"Never\", \"OnFailure\"" : "\"Always\"");
  return K8SM_ERR_INVALID;
}

static int workload_replicas(struct workload *w, const struct k8smi_record *spec) {
  int64_t first;
  uint64_t count = workload_count(w, spec, &first);
  const struct k8smi_path *path = w->steps == 0 ? w->object->path : &w->path[w->steps - 1];
  for (uint64_t i = 0; i < count || i == 0; i++) {
    struct k8sm_pod *pod = workload_replica(w, first + (int64_t)i);
    if (pod == NULL) return K8SM_ERR_NOMEM;
    /* All are alike: one speaks for all, also when none is wanted. */
    int r = i == 0 ? k8smi_pod_complete(w->object->parse, pod, path)
                   : k8smi_parse_namespace(w->object->parse, pod);
    if (r != K8SM_OK || count == 0) {
      k8sm_pod_unref(pod);
      return r;
    }
    r = k8smi_manifest_add_pod(w->object, pod, (uint32_t)i, w->owner);
    if (r != K8SM_OK) return r;
  }
  return K8SM_OK;
}

/* "ReplicationController/kube-dns", in the manifest. */
static bool workload_owner(struct workload *w) {
  struct k8smi_arena *arena = &w->object->manifest->arena;
  struct k8sm_slice kind = w->object->kind;
  char *text = k8smi_arena_alloc(arena, kind.len + w->name.len + 2);
  if (text == NULL) return false;
  memcpy(text, kind.ptr, kind.len);
  text[kind.len] = '/';
  memcpy(text + kind.len + 1, w->name.ptr, w->name.len);
  text[kind.len + 1 + w->name.len] = '\0';
  w->owner = (struct k8sm_slice){text, kind.len + 1 + w->name.len};
  return true;
}

static int workload_read(struct workload *w) {
  struct k8smi_parse *p = w->object->parse;
  const struct k8smi_record *object = NULL, *spec = NULL;
  int wrong = k8smi_manifest_record(w->object, &w->base->arena, w->kind->type, &object);
  if (object == NULL || (wrong != K8SM_OK && wrong != K8SM_ERR_INVALID)) return wrong;
  const struct k8smi_record *template_ = workload_template(w, object, &spec);
  w->name = k8smi_get_str(k8smi_get_record(object, K8SMI_Pod_metadata), K8SMI_ObjectMeta_name);
  if (w->name.len == 0) {
    struct k8smi_path metadata = k8smi_path_field(w->object->path, K8SMI_S("metadata"));
    struct k8smi_path name = k8smi_path_field(&metadata, K8SMI_S("name"));
    k8smi_find(p->diags, K8SM_DIAG_FIELD_REQUIRED, &name, "Required value: name or generateName is required");
    return K8SM_ERR_INVALID;
  }
  if (template_ == NULL) {
    k8smi_find(p->diags, K8SM_DIAG_FIELD_REQUIRED, &w->path[w->steps - 1], "Required value");
    return K8SM_ERR_INVALID;
  }
  if (w->kind->type == K8SMI_TYPE_StatefulSet)
    w->claims = k8smi_get_list(spec, K8SMI_StatefulSetSpec_volumeClaimTemplates);
  if (!workload_owner(w)) return k8smi_find_nomem(p->diags, k8smi_arena_error(&w->object->manifest->arena));
  if (!workload_base(w, object, template_))
    return k8smi_find_nomem(p->diags, k8smi_arena_error(&w->base->arena));
  if (w->kind->note != NULL)
    k8smi_find_as(p->diags, K8SM_DIAG_TASK_FIELD_APPROXIMATED, K8SM_SEVERITY_NOTE, w->object->path,
                  "%.*s: %s", K8SMI_P(w->owner), w->kind->note);
  int bad = workload_check_restart(w, template_);
  return wrong == K8SM_OK && bad == K8SM_OK ? workload_replicas(w, spec) : K8SM_ERR_INVALID;
}

int k8smi_manifest_workload(const struct k8smi_object *object, unsigned type) {
  struct workload w;
  memset(&w, 0, sizeof w);
  w.object = object;
  for (size_t i = 0; i < sizeof workload_kinds / sizeof workload_kinds[0]; i++) {
    if (workload_kinds[i].type == type) w.kind = &workload_kinds[i];
  }
  w.base = k8smi_parse_new_pod(object->parse);
  if (w.base == NULL) return K8SM_ERR_NOMEM;
  int r = workload_read(&w);
  k8sm_pod_unref(w.base);
  return r;
}
