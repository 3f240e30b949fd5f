/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload.h"

#include "base/abi.h"
#include "pod/defaults.h"
#include "pod/names.h"
#include "pod/time.h"

/* Workloads that make workloads: a Deployment its ReplicaSets, a CronJob its Jobs. */

struct child {
  const struct k8sm_workload *w;
  const struct k8sm_instance_options *o;
  struct k8smi_arena *arena;
  struct k8smi_edit metadata, spec;
  struct k8sm_slice kind, api_version;
};

static struct k8sm_slice child_number(struct child *c, int64_t number) {
  struct k8sm_slice text = k8smi_name_number(c->arena, number);
  if (text.ptr == NULL) c->metadata.failed = true;
  return text;
}

/* "NAME-END", with the name cut so that all of it is a name. */
static void child_name(struct child *c, struct k8sm_slice end) {
  struct k8sm_slice pieces[] = {c->w->name, K8SMI_S("-"), end};
  size_t most = K8SMI_NAME_MAX - 1 - (end.len < K8SMI_NAME_MAX ? end.len : 0);
  if (pieces[0].len > most) pieces[0].len = most;
  struct k8sm_slice name = k8smi_name_join(c->arena, pieces, 3);
  if (name.ptr == NULL) c->metadata.failed = true;
  k8smi_edit_text(&c->metadata, K8SMI_ObjectMeta_name, name);
}

/* The field's record with the pairs in one of its maps. */
static const struct k8smi_record *child_with(struct child *c, const struct k8smi_record *record, unsigned map,
                                             const struct k8smi_edit_pairs *pairs) {
  struct k8smi_edit e;
  k8smi_edit_begin(&e, c->arena, record);
  k8smi_edit_map(&e, map, pairs, false);
  return k8smi_edit_end(&e);
}

/* ---- Deployment → ReplicaSet ---- */

/* Annotations of a Deployment that speak of itself only. */
static bool child_keeps(struct k8sm_slice key) {
  static const char *const own[] = {"kubectl.kubernetes.io/last-applied-configuration",
                                    "deployment.kubernetes.io/revision",
                                    "deployment.kubernetes.io/revision-history",
                                    "deployment.kubernetes.io/desired-replicas",
                                    "deployment.kubernetes.io/max-replicas",
                                    "deprecated.deployment.rollback.to"};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
    if (k8smi_eqs(key, own[i])) return false;
  }
  return true;
}

static void child_copy_annotations(struct child *c) {
  struct k8smi_list from =
      k8smi_get_list(k8smi_get_record(c->w->object, K8SMI_Pod_metadata), K8SMI_ObjectMeta_annotations);
  if (from.count == 0) return;
  struct k8smi_list *list = k8smi_arena_alloc(c->arena, sizeof *list);
  struct k8smi_pair *pairs = k8smi_arena_array(c->arena, from.count, sizeof *pairs);
  if (list != NULL && pairs != NULL) {
    *list = (struct k8smi_list){pairs, 0};
    for (size_t i = 0; i < from.count; i++) {
      if (child_keeps(k8smi_list_pair(from, i).key)) pairs[list->count++] = k8smi_list_pair(from, i);
    }
  }
  k8smi_edit_list(&c->metadata, K8SMI_ObjectMeta_annotations, pairs == NULL ? NULL : list);
}

/* A part of the replicas, rounded up. */
static int64_t child_surge(const struct k8sm_workload *w, int64_t replicas) {
  struct k8sm_deployment_spec spec = {.size = sizeof spec};
  if (k8sm_workload_get_deployment(w, &spec) != K8SM_OK || spec.strategy != K8SM_ROLLOUT_ROLLING_UPDATE ||
      spec.max_surge.value < 0)
    return 0;
  return spec.max_surge.is_percent ? (replicas * spec.max_surge.value + 99) / 100 : spec.max_surge.value;
}

static void child_annotate(struct child *c, int64_t replicas) {
  struct k8smi_edit_pairs pairs = {.count = 0};
  uint64_t revision = c->o->deployment_revision == 0 ? 1 : c->o->deployment_revision;
  k8smi_edit_pairs_put(&pairs, K8SMI_S("deployment.kubernetes.io/revision"),
                       child_number(c, (int64_t)revision));
  k8smi_edit_pairs_put(&pairs, K8SMI_S("deployment.kubernetes.io/desired-replicas"),
                       child_number(c, replicas));
  k8smi_edit_pairs_put(&pairs, K8SMI_S("deployment.kubernetes.io/max-replicas"),
                       child_number(c, replicas + child_surge(c->w, replicas)));
  k8smi_edit_map(&c->metadata, K8SMI_ObjectMeta_annotations, &pairs, false);
}

static void child_replica_set(struct child *c) {
  const struct k8smi_record *template_metadata =
      k8smi_get_record(c->w->template_, K8SMI_PodTemplateSpec_metadata);
  int64_t replicas = k8smi_get_i64(c->w->spec, K8SMI_DeploymentSpec_replicas, 1);
  struct k8sm_slice hash = k8smi_workload_hash(c->w, c->o->collision_count, c->arena);
  struct k8smi_edit_pairs label = {.count = 0};
  struct k8smi_edit template_;
  if (hash.ptr == NULL) c->metadata.failed = true;
  c->kind = K8SMI_S("ReplicaSet");
  c->api_version = K8SMI_S("apps/v1");
  child_name(c, hash);
  k8smi_edit_pairs_put(&label, K8SMI_S("pod-template-hash"), hash);
  k8smi_edit_take(&c->metadata, K8SMI_ObjectMeta_labels, template_metadata);
  k8smi_edit_map(&c->metadata, K8SMI_ObjectMeta_labels, &label, false);
  child_copy_annotations(c);
  child_annotate(c, replicas);
  k8smi_edit_begin(&template_, c->arena, c->w->template_);
  k8smi_edit_record(&template_, K8SMI_PodTemplateSpec_metadata,
                    child_with(c, template_metadata, K8SMI_ObjectMeta_labels, &label));
  k8smi_edit_begin(&c->spec, c->arena, NULL);
  k8smi_edit_number(&c->spec, K8SMI_ReplicaSetSpec_replicas, replicas);
  if (k8smi_has(c->w->spec, K8SMI_DeploymentSpec_minReadySeconds))
    k8smi_edit_number(&c->spec, K8SMI_ReplicaSetSpec_minReadySeconds,
                      k8smi_get_i64(c->w->spec, K8SMI_DeploymentSpec_minReadySeconds, 0));
  k8smi_edit_record(&c->spec, K8SMI_ReplicaSetSpec_selector,
                    child_with(c, k8smi_get_record(c->w->spec, K8SMI_DeploymentSpec_selector),
                               K8SMI_LabelSelector_matchLabels, &label));
  k8smi_edit_record(&c->spec, K8SMI_ReplicaSetSpec_template, k8smi_edit_end(&template_));
}

/* ---- CronJob → Job ---- */

/* RFC 3339, in UTC: Kubernetes writes the same moment in the job's own time zone. */
static struct k8sm_slice child_time(struct child *c) {
  char text[K8SMI_TIME_LEN];
  struct k8sm_slice time = {NULL, 0};
  if (k8smi_format_time(c->o->scheduled_ms / 1000, text))
    time = k8smi_arena_copy(c->arena, text, sizeof text);
  if (time.ptr == NULL) c->metadata.failed = true;
  return time;
}

static void child_job(struct child *c) {
  const struct k8smi_record *template_ =
      k8smi_get_record(k8smi_get_record(c->w->object, K8SMI_CronJob_spec), K8SMI_CronJobSpec_jobTemplate);
  const struct k8smi_record *metadata = k8smi_get_record(template_, K8SMI_JobTemplateSpec_metadata);
  struct k8smi_edit_pairs time = {.count = 0};
  c->kind = K8SMI_S("Job");
  c->api_version = K8SMI_S("batch/v1");
  child_name(c, child_number(c, c->o->scheduled_ms / 60000));
  k8smi_edit_take(&c->metadata, K8SMI_ObjectMeta_labels, metadata);
  k8smi_edit_take(&c->metadata, K8SMI_ObjectMeta_annotations, metadata);
  k8smi_edit_pairs_put(&time, K8SMI_S("batch.kubernetes.io/cronjob-scheduled-timestamp"), child_time(c));
  k8smi_edit_map(&c->metadata, K8SMI_ObjectMeta_annotations, &time, false);
  k8smi_edit_begin(&c->spec, c->arena, c->w->spec);
}

/* ---- The whole child ---- */

static const struct {
  uint32_t parent;
  uint8_t type;
  unsigned spec; /* field of the type */
  void (*make)(struct child *c);
} child_kinds[] = {
    {K8SM_WORKLOAD_DEPLOYMENT, K8SMI_TYPE_ReplicaSet, K8SMI_ReplicaSet_spec, child_replica_set},
    {K8SM_WORKLOAD_CRON_JOB, K8SMI_TYPE_Job, K8SMI_Job_spec, child_job},
};

static const struct k8smi_record *child_object(struct child *c, size_t kind) {
  const struct k8smi_record *of_parent = k8smi_get_record(c->w->object, K8SMI_Pod_metadata);
  struct k8smi_edit object;
  k8smi_edit_begin(&c->metadata, c->arena, NULL);
  k8smi_edit_take(&c->metadata, K8SMI_ObjectMeta_namespace, of_parent);
  child_kinds[kind].make(c);
  k8smi_edit_append(&c->metadata, K8SMI_ObjectMeta_ownerReferences, k8smi_workload_reference(c->w, c->arena));
  k8smi_edit_begin(&object, c->arena, NULL);
  k8smi_edit_text(&object, K8SMI_Pod_kind, c->kind);
  k8smi_edit_text(&object, K8SMI_Pod_apiVersion, c->api_version);
  k8smi_edit_record(&object, K8SMI_Pod_metadata, k8smi_edit_end(&c->metadata));
  k8smi_edit_record(&object, child_kinds[kind].spec, k8smi_edit_end(&c->spec));
  /* As the API server fills it in: a CronJob's template of a Job is not filled in itself. */
  if (c->w->defaults && !object.failed &&
      !k8smi_defaults_fill(c->arena, child_kinds[kind].type, object.slots, &object.present))
    object.failed = true;
  return k8smi_edit_end(&object);
}

int k8sm_workload_child(const struct k8sm_workload *w, const struct k8sm_instance_options *options,
                        struct k8sm_workload **ret, struct k8sm_diags *diags) {
  size_t kind = 0, kinds = sizeof child_kinds / sizeof child_kinds[0];
  struct k8sm_instance_options o;
  struct child c;
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_instance_options", diags);
  while (kind < kinds && child_kinds[kind].parent != w->kind->number) kind++;
  if (r == K8SM_OK && kind == kinds) r = K8SM_ERR_UNSUPPORTED;
  if (r != K8SM_OK) return r;
  struct k8sm_pod *pod = K8SMI_VALUE_NEW(k8sm_pod, o.allocator, 0);
  if (pod == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  memset(&c, 0, sizeof c);
  c.w = w;
  c.o = &o;
  c.arena = &pod->arena;
  k8smi_refs_init(&pod->refs);
  pod->base = k8sm_pod_ref(w->pod);
  const struct k8smi_record *object = child_object(&c, kind);
  if (object == NULL) {
    k8sm_pod_unref(pod);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  uint64_t flags = (w->defaults ? 0 : K8SM_PARSE_NO_DEFAULTS) | (w->validate ? 0 : K8SM_PARSE_NO_VALIDATE);
  return k8smi_workload_make(pod, k8smi_workload_kind(child_kinds[kind].type), object, flags, o.allocator,
                             ret, diags);
}
