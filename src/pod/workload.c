/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload.h"

#include <k8smesos/manifest.h>

#include "base/abi.h"
#include "pod/defaults.h"
#include "pod/names.h"

struct k8sm_workload *k8sm_workload_ref(struct k8sm_workload *workload) {
  if (workload != NULL) k8smi_ref(&workload->refs);
  return workload;
}

void k8sm_workload_unref(struct k8sm_workload *workload) {
  if (workload == NULL || !k8smi_unref(&workload->refs)) return;
  k8sm_pod_unref(workload->pod);
  K8SMI_VALUE_FREE(k8sm_workload, workload);
}

int k8sm_workload_encode(const struct k8sm_workload *workload, uint32_t format,
                         const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  return k8smi_record_to_blob(workload->kind->type, workload->object, format, allocator, ret);
}

int k8sm_workload_get(const struct k8sm_workload *workload, const char *path,
                      const struct k8sm_allocator *allocator, struct k8sm_blob **ret) {
  return k8smi_record_get(workload->kind->type, workload->object, path, allocator, ret);
}

/* The template as a pod under the name and in the namespace of the object, with what pods are given that
 * templates are not. */
static const struct k8smi_record *workload_pod(const struct k8sm_workload *w, struct k8smi_arena *arena) {
  static const unsigned from_template[] = {K8SMI_ObjectMeta_labels, K8SMI_ObjectMeta_annotations,
                                           K8SMI_ObjectMeta_finalizers};
  static const unsigned from_object[] = {K8SMI_ObjectMeta_name, K8SMI_ObjectMeta_namespace};
  const struct k8smi_record *spec = k8smi_get_record(w->template_, K8SMI_PodTemplateSpec_spec);
  struct k8smi_edit pod, metadata;
  k8smi_edit_begin(&metadata, arena, NULL);
  for (size_t i = 0; i < sizeof from_template / sizeof from_template[0]; i++)
    k8smi_edit_take(&metadata, from_template[i],
                    k8smi_get_record(w->template_, K8SMI_PodTemplateSpec_metadata));
  for (size_t i = 0; i < sizeof from_object / sizeof from_object[0]; i++)
    k8smi_edit_take(&metadata, from_object[i], k8smi_get_record(w->object, K8SMI_Pod_metadata));
  k8smi_edit_begin(&pod, arena, NULL);
  k8smi_edit_text(&pod, K8SMI_Pod_kind, K8SMI_S("Pod"));
  k8smi_edit_text(&pod, K8SMI_Pod_apiVersion, K8SMI_S("v1"));
  k8smi_edit_record(&pod, K8SMI_Pod_metadata, k8smi_edit_end(&metadata));
  if (spec != NULL) k8smi_edit_record(&pod, K8SMI_Pod_spec, spec);
  const struct k8smi_record *record = k8smi_edit_end(&pod);
  return record != NULL && w->defaults ? k8smi_defaults_pod(arena, record) : record;
}

/* Its own, or one made of what the object is called. */
static bool workload_set_uid(struct k8sm_workload *w, struct k8smi_arena *arena) {
  char text[K8SMI_UID_LEN + 1];
  const struct k8sm_slice names[] = {k8smi_types[w->kind->type].name, w->name_space, w->name};
  w->uid = k8smi_get_str(k8smi_get_record(w->object, K8SMI_Pod_metadata), K8SMI_ObjectMeta_uid);
  if (w->uid.len > 0) return true;
  k8smi_name_uid(names, sizeof names / sizeof names[0], text);
  w->uid = k8smi_arena_copy(arena, text, K8SMI_UID_LEN);
  return w->uid.ptr != NULL;
}

static const struct k8sm_slice workload_job_uid = {"batch.kubernetes.io/controller-uid", 34};

void k8smi_workload_job_labels(const struct k8sm_workload *w, struct k8smi_edit_pairs *ret) {
  ret->count = 0;
  k8smi_edit_pairs_put(ret, workload_job_uid, w->uid);
  k8smi_edit_pairs_put(ret, K8SMI_S("batch.kubernetes.io/job-name"), w->name);
  k8smi_edit_pairs_put(ret, K8SMI_S("controller-uid"), w->uid);
  k8smi_edit_pairs_put(ret, K8SMI_S("job-name"), w->name);
}

const struct k8smi_record *k8smi_workload_job_selector(const struct k8sm_workload *w,
                                                       struct k8smi_arena *arena) {
  struct k8smi_edit_pairs pairs = {.count = 0};
  struct k8smi_edit e;
  k8smi_edit_pairs_put(&pairs, workload_job_uid, w->uid);
  k8smi_edit_begin(&e, arena, k8smi_get_record(w->spec, K8SMI_JobSpec_selector));
  k8smi_edit_map(&e, K8SMI_LabelSelector_matchLabels, &pairs, true);
  return k8smi_edit_end(&e);
}

/* A Job that is not told otherwise selects the pods that carry its uid, a ReplicationController those with
 * the template's labels. */
static bool workload_set_selector(struct k8sm_workload *w, struct k8smi_arena *arena) {
  const struct k8smi_record *selector = NULL;
  if (w->kind->number == K8SM_WORKLOAD_REPLICATION_CONTROLLER) {
    w->selector.labels = k8smi_has(w->spec, w->kind->selector)
                             ? k8smi_get_list(w->spec, w->kind->selector)
                             : k8smi_get_list(k8smi_get_record(w->template_, K8SMI_PodTemplateSpec_metadata),
                                              K8SMI_ObjectMeta_labels);
  } else if (w->kind->selector != K8SMI_WORKLOAD_NO_FIELD) {
    selector = k8smi_get_record(w->spec, w->kind->selector);
  }
  if (w->kind->number == K8SM_WORKLOAD_JOB && !k8smi_get_bool(w->spec, K8SMI_JobSpec_manualSelector, false)) {
    selector = k8smi_workload_job_selector(w, arena);
    if (selector == NULL) return false;
  }
  if (selector != NULL) {
    w->selector.labels = k8smi_get_list(selector, K8SMI_LabelSelector_matchLabels);
    w->selector.expressions = k8smi_get_list(selector, K8SMI_LabelSelector_matchExpressions);
  }
  return k8smi_label_selector_text(&w->selector, arena, &w->selector_text);
}

int k8smi_workload_make(struct k8sm_pod *pod, const struct k8smi_workload_kind *kind,
                        const struct k8smi_record *object, uint64_t parse_flags,
                        const struct k8sm_allocator *allocator, struct k8sm_workload **ret,
                        struct k8sm_diags *diags) {
  struct k8sm_workload *w = K8SMI_VALUE_NEW(k8sm_workload, allocator, 0);
  if (w == NULL) {
    k8sm_pod_unref(pod);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  const struct k8smi_record *metadata = k8smi_get_record(object, K8SMI_Pod_metadata);
  k8smi_refs_init(&w->refs);
  w->pod = pod;
  w->kind = kind;
  w->template_ = w->object = object;
  for (unsigned i = 0; i < kind->steps; i++) {
    w->spec = w->template_;
    w->template_ = k8smi_get_record(w->template_, kind->path[i]);
  }
  w->name = k8smi_get_str(metadata, K8SMI_ObjectMeta_name);
  w->name_space = k8smi_get_str(metadata, K8SMI_ObjectMeta_namespace);
  w->defaults = (parse_flags & K8SM_PARSE_NO_DEFAULTS) == 0;
  w->validate = (parse_flags & K8SM_PARSE_NO_VALIDATE) == 0;
  pod->record = workload_pod(w, &pod->arena);
  if (pod->record == NULL || !workload_set_uid(w, &pod->arena) || !workload_set_selector(w, &pod->arena)) {
    int r = k8smi_arena_error(&pod->arena);
    k8sm_workload_unref(w);
    return k8smi_find_nomem(diags, r);
  }
  *ret = w;
  return K8SM_OK;
}

int k8sm_workload_with_uid(const struct k8sm_workload *workload, const char *uid,
                           const struct k8sm_allocator *allocator, struct k8sm_workload **ret,
                           struct k8sm_diags *diags) {
  const struct k8sm_slice names[] = {k8smi_types[workload->kind->type].name, workload->name_space,
                                     workload->name};
  char made[K8SMI_UID_LEN + 1];
  struct k8sm_pod *pod = K8SMI_VALUE_NEW(k8sm_pod, allocator, 0);
  if (pod == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_name_uid(names, sizeof names / sizeof names[0], made);
  k8smi_refs_init(&pod->refs);
  pod->base = k8sm_pod_ref(workload->pod);
  pod->record = workload->object; /* its head is that of a pod */
  if (!k8smi_pod_set_metadata(pod, K8SMI_ObjectMeta_uid, k8smi_s(uid == NULL ? made : uid))) {
    k8sm_pod_unref(pod);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  uint64_t flags =
      (workload->defaults ? 0 : K8SM_PARSE_NO_DEFAULTS) | (workload->validate ? 0 : K8SM_PARSE_NO_VALIDATE);
  return k8smi_workload_make(pod, workload->kind, pod->record, flags, allocator, ret, diags);
}

int k8sm_workload_parse(const void *bytes, size_t len, const struct k8sm_parse_options *options,
                        struct k8sm_workload **ret, struct k8sm_diags *diags) {
  struct k8sm_manifest_workload rows[2];
  struct k8sm_parse_options o;
  struct k8sm_manifest *m = NULL;
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_parse_options", diags);
  if (r != K8SM_OK) return r;
  o.size = sizeof o;
  o.flags |= K8SM_PARSE_TEMPLATES; /* its pods are not asked for */
  r = k8sm_manifest_parse(bytes, len, &o, &m, diags);
  if (r != K8SM_OK) return r;
  size_t count = k8sm_manifest_workloads(m, 0, rows, sizeof rows[0], 1);
  size_t pods = k8sm_manifest_pods(m, 0, NULL, sizeof(struct k8sm_manifest_pod), 0);
  size_t others = k8sm_manifest_objects(m, 0, NULL, sizeof(struct k8sm_manifest_object), 0);
  if (count == 1 && pods == 1 && others == 0) {
    *ret = k8sm_workload_ref(rows[0].workload);
  } else {
    k8smi_find(diags, count == 0 ? K8SM_DIAG_KIND_UNKNOWN : K8SM_DIAG_FIELD_TOO_MANY, NULL,
               "found %zu workloads and %zu other objects, expected one workload", count,
               pods - count + others);
    r = K8SM_ERR_INVALID;
  }
  k8sm_manifest_unref(m);
  return r;
}

int k8sm_workload_get_info(const struct k8sm_workload *w, struct k8sm_workload_info *ret) {
  struct k8sm_workload_info info = {
      .size = sizeof info,
      .kind = w->kind->number,
      .kind_name = k8smi_types[w->kind->type].name,
      .api_version = k8smi_get_str(w->object, K8SMI_Pod_apiVersion),
      .name_space = w->name_space,
      .name = w->name,
      .uid = w->uid,
      .generation =
          k8smi_get_i64(k8smi_get_record(w->object, K8SMI_Pod_metadata), K8SMI_ObjectMeta_generation, 0),
      .replicas =
          w->kind->replicas == K8SMI_WORKLOAD_NO_FIELD ? -1 : k8smi_get_i64(w->spec, w->kind->replicas, -1),
      .pods = k8smi_workload_pods(w),
      .first_ordinal = k8smi_workload_first_ordinal(w),
      .selector = w->selector_text,
      .pod = w->pod,
  };
  return k8smi_struct_write(ret, &info, sizeof info);
}
