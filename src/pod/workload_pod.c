/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload.h"

#include "base/abi.h"
#include "pod/encode.h"
#include "pod/names.h"
#include "pod/prepare.h"
#include "pod/validate.h"

/* Workloads → their pods, as their controllers make them. */

struct instance {
  const struct k8sm_workload *w;
  const struct k8sm_instance_options *o;
  struct k8smi_arena *arena;
  struct k8smi_edit metadata;
  struct k8smi_edit spec;
  struct k8smi_edit_pairs labels; /* added to those of the template; they win */
  struct k8smi_edit_pairs annotations;
  struct k8sm_slice ordinal; /* as text */
  struct k8sm_slice name;    /* empty: made of prefix and suffix */
  struct k8sm_slice prefix;  /* generateName */
};

/* ---- What all kinds have ---- */

struct k8sm_slice k8smi_workload_hash(const struct k8sm_workload *w, uint32_t collisions,
                                      struct k8smi_arena *arena) {
  struct k8sm_slice ret = {NULL, 0};
  struct k8smi_buf buf;
  struct k8smi_json json;
  char text[11];
  if (!k8smi_buf_init(&buf, &arena->allocator)) return ret;
  k8smi_json_init(&json, &buf, true);
  k8smi_encode_record(&json, K8SMI_TYPE_PodTemplateSpec, w->template_);
  if (collisions > 0) k8smi_buf_u64(&buf, collisions);
  k8smi_name_encode(k8smi_fnv32(K8SMI_FNV32, (struct k8sm_slice){buf.ptr, buf.len}), text);
  if (!buf.failed) ret = k8smi_arena_copy(arena, text, strlen(text));
  k8smi_buf_free(&buf);
  return ret;
}

const struct k8smi_record *k8smi_workload_reference(const struct k8sm_workload *w,
                                                    struct k8smi_arena *arena) {
  struct k8smi_edit e;
  k8smi_edit_begin(&e, arena, NULL);
  k8smi_edit_text(&e, K8SMI_OwnerReference_apiVersion, k8smi_get_str(w->object, K8SMI_Pod_apiVersion));
  k8smi_edit_text(&e, K8SMI_OwnerReference_kind, k8smi_types[w->kind->type].name);
  k8smi_edit_text(&e, K8SMI_OwnerReference_name, w->name);
  k8smi_edit_text(&e, K8SMI_OwnerReference_uid, w->uid);
  k8smi_edit_number(&e, K8SMI_OwnerReference_controller, 1);
  k8smi_edit_number(&e, K8SMI_OwnerReference_blockOwnerDeletion, 1);
  return k8smi_edit_end(&e);
}

/* Pieces one behind the other. A failure shows at the end. */
static struct k8sm_slice instance_join(struct instance *in, const struct k8sm_slice *pieces, size_t n) {
  struct k8sm_slice text = k8smi_name_join(in->arena, pieces, n);
  if (text.ptr == NULL) in->metadata.failed = true;
  return text;
}

/* "NAME-", or the name alone where it leaves no room for more. */
static struct k8sm_slice instance_prefix(struct instance *in) {
  const struct k8sm_slice pieces[] = {in->w->name, K8SMI_S("-")};
  return in->w->name.len < K8SMI_NAME_MAX ? instance_join(in, pieces, 2) : in->w->name;
}

static struct k8sm_slice instance_hash(struct instance *in) {
  struct k8sm_slice hash = in->o->revision != NULL
                               ? k8smi_arena_slice(in->arena, k8smi_s(in->o->revision))
                               : k8smi_workload_hash(in->w, in->o->collision_count, in->arena);
  if (hash.ptr == NULL) in->metadata.failed = true;
  return hash;
}

/* ---- What single kinds add ---- */

static void instance_stateful_set(struct instance *in) {
  enum { REVISION_NAME_MAX = 223 };
  const struct k8sm_slice name[] = {in->w->name, K8SMI_S("-"), in->ordinal};
  struct k8sm_slice revision[] = {in->w->name, K8SMI_S("-"), instance_hash(in)};
  if (revision[0].len > REVISION_NAME_MAX) revision[0].len = REVISION_NAME_MAX;
  in->name = instance_join(in, name, 3);
  k8smi_edit_pairs_put(&in->labels, K8SMI_S("statefulset.kubernetes.io/pod-name"), in->name);
  k8smi_edit_pairs_put(&in->labels, K8SMI_S("apps.kubernetes.io/pod-index"), in->ordinal);
  k8smi_edit_pairs_put(&in->labels, K8SMI_S("controller-revision-hash"),
                       in->o->revision != NULL ? revision[2] : instance_join(in, revision, 3));
  k8smi_edit_text(&in->spec, K8SMI_PodSpec_hostname, in->name);
  struct k8sm_slice service = k8smi_get_str(in->w->spec, K8SMI_StatefulSetSpec_serviceName);
  k8smi_edit_unset(&in->spec, K8SMI_PodSpec_subdomain);
  if (service.len > 0) k8smi_edit_text(&in->spec, K8SMI_PodSpec_subdomain, service);
  k8smi_workload_claims(&in->spec, k8smi_get_list(in->w->spec, K8SMI_StatefulSetSpec_volumeClaimTemplates),
                        in->name);
}

/* The taints of nodes that a daemon must run on all the same; the last one only in the host's network. */
static const struct {
  const char *key, *effect;
} instance_taints[] = {
    {"node.kubernetes.io/not-ready", "NoExecute"},
    {"node.kubernetes.io/unreachable", "NoExecute"},
    {"node.kubernetes.io/disk-pressure", "NoSchedule"},
    {"node.kubernetes.io/memory-pressure", "NoSchedule"},
    {"node.kubernetes.io/pid-pressure", "NoSchedule"},
    {"node.kubernetes.io/unschedulable", "NoSchedule"},
    {"node.kubernetes.io/network-unavailable", "NoSchedule"},
};

/* Whether it is one of ours: the seconds, which ours has not, are not looked at. */
static bool instance_tolerates(const struct k8smi_record *toleration, const char *key, const char *effect) {
  return k8smi_eqs(k8smi_get_str(toleration, K8SMI_Toleration_key), key) &&
         k8smi_eqs(k8smi_get_str(toleration, K8SMI_Toleration_effect), effect) &&
         k8smi_eqs(k8smi_get_str(toleration, K8SMI_Toleration_operator), "Exists") &&
         k8smi_get_str(toleration, K8SMI_Toleration_value).len == 0;
}

static void instance_tolerate(struct instance *in, struct k8smi_list before, const char *key,
                              const char *effect) {
  struct k8smi_edit e;
  k8smi_edit_begin(&e, in->arena, NULL);
  k8smi_edit_text(&e, K8SMI_Toleration_key, k8smi_s(key));
  k8smi_edit_text(&e, K8SMI_Toleration_operator, K8SMI_S("Exists"));
  k8smi_edit_text(&e, K8SMI_Toleration_effect, k8smi_s(effect));
  const struct k8smi_record *toleration = k8smi_edit_end(&e);
  for (size_t i = 0; i < before.count; i++) {
    if (!instance_tolerates(k8smi_list_record(before, i), key, effect)) continue;
    const struct k8smi_record **items = k8smi_arena_array(in->arena, before.count, sizeof *items);
    struct k8smi_list *list = k8smi_arena_alloc(in->arena, sizeof *list);
    if (items != NULL && list != NULL) {
      memcpy(items, before.items, before.count * sizeof *items);
      items[i] = toleration;
      *list = (struct k8smi_list){items, before.count};
    }
    k8smi_edit_list(&in->spec, K8SMI_PodSpec_tolerations, items == NULL ? NULL : list);
    return;
  }
  k8smi_edit_append(&in->spec, K8SMI_PodSpec_tolerations, toleration);
}

/* A list with one text; NULL when memory ran out. */
static const struct k8smi_list *instance_text_list(struct k8smi_arena *arena, struct k8sm_slice text) {
  struct k8sm_slice *item = k8smi_arena_alloc(arena, sizeof *item);
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  if (item == NULL || list == NULL) return NULL;
  *item = k8smi_arena_slice(arena, text);
  *list = (struct k8smi_list){item, 1};
  return item->ptr == NULL ? NULL : list;
}

/* Requires the node, in place of what the template requires of nodes: the controller has looked at that. */
static void instance_pin(struct instance *in, struct k8sm_slice node) {
  struct k8smi_edit field, term, selector, node_affinity, affinity;
  const struct k8smi_record *before =
      in->spec.present >> K8SMI_PodSpec_affinity & 1 ? in->spec.slots[K8SMI_PodSpec_affinity].record : NULL;
  k8smi_edit_begin(&field, in->arena, NULL);
  k8smi_edit_text(&field, K8SMI_NodeSelectorRequirement_key, K8SMI_S("metadata.name"));
  k8smi_edit_text(&field, K8SMI_NodeSelectorRequirement_operator, K8SMI_S("In"));
  k8smi_edit_list(&field, K8SMI_NodeSelectorRequirement_values, instance_text_list(in->arena, node));
  k8smi_edit_begin(&term, in->arena, NULL);
  k8smi_edit_append(&term, K8SMI_NodeSelectorTerm_matchFields, k8smi_edit_end(&field));
  k8smi_edit_begin(&selector, in->arena, NULL);
  k8smi_edit_append(&selector, K8SMI_NodeSelector_nodeSelectorTerms, k8smi_edit_end(&term));
  k8smi_edit_begin(&node_affinity, in->arena, k8smi_get_record(before, K8SMI_Affinity_nodeAffinity));
  k8smi_edit_record(&node_affinity, K8SMI_NodeAffinity_requiredDuringSchedulingIgnoredDuringExecution,
                    k8smi_edit_end(&selector));
  k8smi_edit_begin(&affinity, in->arena, before);
  k8smi_edit_record(&affinity, K8SMI_Affinity_nodeAffinity, k8smi_edit_end(&node_affinity));
  k8smi_edit_record(&in->spec, K8SMI_PodSpec_affinity, k8smi_edit_end(&affinity));
}

static void instance_daemon_set(struct instance *in) {
  struct k8sm_slice generation =
      k8smi_get_pair(k8smi_get_record(in->w->object, K8SMI_Pod_metadata), K8SMI_ObjectMeta_annotations,
                     "deprecated.daemonset.template.generation");
  size_t count = sizeof instance_taints / sizeof instance_taints[0];
  bool host_network = in->spec.present >> K8SMI_PodSpec_hostNetwork & 1 &&
                      in->spec.slots[K8SMI_PodSpec_hostNetwork].number != 0;
  if (!host_network) count--;
  k8smi_edit_pairs_put(&in->labels, K8SMI_S("controller-revision-hash"), instance_hash(in));
  k8smi_edit_pairs_put(&in->labels, K8SMI_S("pod-template-generation"),
                       generation.ptr == NULL ? K8SMI_S("1") : generation);
  for (size_t i = 0; i < count; i++) {
    struct k8smi_list tolerations = {NULL, 0};
    if (in->spec.present >> K8SMI_PodSpec_tolerations & 1)
      tolerations = *in->spec.slots[K8SMI_PodSpec_tolerations].list;
    instance_tolerate(in, tolerations, instance_taints[i].key, instance_taints[i].effect);
  }
  if (in->o->node_name != NULL) instance_pin(in, k8smi_s(in->o->node_name));
}

/* The index that the container is to work on, unless it has a variable of that name. */
static const struct k8smi_record *instance_index_env(const struct instance *in,
                                                     const struct k8smi_record *container) {
  static const char name[] = "JOB_COMPLETION_INDEX";
  struct k8smi_list env = k8smi_get_list(container, K8SMI_Container_env);
  struct k8smi_edit e, variable, source, field;
  for (size_t i = 0; i < env.count; i++) {
    if (k8smi_eqs(k8smi_get_str(k8smi_list_record(env, i), K8SMI_EnvVar_name), name)) return container;
  }
  k8smi_edit_begin(&field, in->arena, NULL);
  if (in->w->defaults) k8smi_edit_text(&field, K8SMI_ObjectFieldSelector_apiVersion, K8SMI_S("v1"));
  k8smi_edit_text(&field, K8SMI_ObjectFieldSelector_fieldPath,
                  K8SMI_S("metadata.labels['batch.kubernetes.io/job-completion-index']"));
  k8smi_edit_begin(&source, in->arena, NULL);
  k8smi_edit_record(&source, K8SMI_EnvVarSource_fieldRef, k8smi_edit_end(&field));
  k8smi_edit_begin(&variable, in->arena, NULL);
  k8smi_edit_text(&variable, K8SMI_EnvVar_name, k8smi_s(name));
  k8smi_edit_record(&variable, K8SMI_EnvVar_valueFrom, k8smi_edit_end(&source));
  k8smi_edit_begin(&e, in->arena, container);
  k8smi_edit_append(&e, K8SMI_Container_env, k8smi_edit_end(&variable));
  return k8smi_edit_end(&e);
}

static void instance_index_containers(struct instance *in, unsigned field) {
  if ((in->spec.present >> field & 1) == 0) return;
  struct k8smi_list before = *in->spec.slots[field].list;
  struct k8smi_list *list = k8smi_arena_alloc(in->arena, sizeof *list);
  const struct k8smi_record **items = k8smi_arena_array(in->arena, before.count, sizeof *items);
  bool good = list != NULL && items != NULL;
  for (size_t i = 0; good && i < before.count; i++) {
    items[i] = instance_index_env(in, k8smi_list_record(before, i));
    good = items[i] != NULL;
  }
  if (good) *list = (struct k8smi_list){items, before.count};
  k8smi_edit_list(&in->spec, field, good ? list : NULL);
}

static void instance_count(struct instance *in, struct k8sm_slice key, uint32_t number) {
  struct k8sm_slice text = k8smi_name_number(in->arena, number);
  if (text.ptr == NULL) in->metadata.failed = true;
  k8smi_edit_pairs_put(&in->annotations, key, text);
}

/* NAME-INDEX- is cut before the index. */
static void instance_indexed(struct instance *in) {
  static const char key[] = "batch.kubernetes.io/job-completion-index";
  const struct k8sm_slice hostname[] = {in->w->name, K8SMI_S("-"), in->ordinal};
  struct k8sm_slice prefix[] = {in->w->name, K8SMI_S("-"), in->ordinal, K8SMI_S("-")};
  size_t most = K8SMI_NAME_BASE_MAX - in->ordinal.len - 2;
  if (prefix[0].len > most) prefix[0].len = most;
  in->prefix = instance_join(in, prefix, 4);
  k8smi_edit_pairs_put(&in->labels, k8smi_s(key), in->ordinal);
  k8smi_edit_pairs_put(&in->annotations, k8smi_s(key), in->ordinal);
  if (k8smi_has(in->w->spec, K8SMI_JobSpec_backoffLimitPerIndex)) {
    instance_count(in, K8SMI_S("batch.kubernetes.io/job-index-failure-count"), in->o->index_failures);
    if (in->o->index_ignored > 0)
      instance_count(in, K8SMI_S("batch.kubernetes.io/job-index-ignored-failure-count"),
                     in->o->index_ignored);
  }
  k8smi_edit_text(&in->spec, K8SMI_PodSpec_hostname, instance_join(in, hostname, 3));
  instance_index_containers(in, K8SMI_PodSpec_initContainers);
  instance_index_containers(in, K8SMI_PodSpec_containers);
}

/* The labels by which a Job knows its pods stand in its template; what is there already stays. */
static void instance_job(struct instance *in) {
  struct k8smi_edit_pairs own;
  if (!k8smi_get_bool(in->w->spec, K8SMI_JobSpec_manualSelector, false)) {
    k8smi_workload_job_labels(in->w, &own);
    k8smi_edit_map(&in->metadata, K8SMI_ObjectMeta_labels, &own, true);
  }
  if (k8smi_workload_is_indexed(in->w)) instance_indexed(in);
}

static void instance_plain(struct instance *in) {
  (void)in;
}

/* A template has no controller: its pod is called as it is. */
static void instance_template(struct instance *in) {
  in->name = in->w->name;
}

static void (*const instance_kinds[])(struct instance *in) = {
    [K8SM_WORKLOAD_POD_TEMPLATE] = instance_template, [K8SM_WORKLOAD_REPLICATION_CONTROLLER] = instance_plain,
    [K8SM_WORKLOAD_REPLICA_SET] = instance_plain,     [K8SM_WORKLOAD_STATEFUL_SET] = instance_stateful_set,
    [K8SM_WORKLOAD_DAEMON_SET] = instance_daemon_set, [K8SM_WORKLOAD_JOB] = instance_job,
};

/* ---- The whole pod ---- */

static void instance_name(struct instance *in) {
  char made[K8SMI_NAME_SUFFIX + 1];
  struct k8sm_slice suffix = k8smi_s(made);
  if (in->name.len == 0) {
    k8smi_name_suffix(k8smi_fnv64(K8SMI_FNV64, in->w->uid), in->o->ordinal, made);
    suffix = k8smi_s(in->o->suffix == NULL ? made : in->o->suffix);
    in->name = k8smi_name_generate(in->arena, in->prefix, suffix);
    if (in->name.ptr == NULL) in->metadata.failed = true;
  }
  k8smi_edit_text(&in->metadata, K8SMI_ObjectMeta_name, in->name);
  if (in->w->kind->number != K8SM_WORKLOAD_POD_TEMPLATE)
    k8smi_edit_text(&in->metadata, K8SMI_ObjectMeta_generateName, in->prefix);
}

/* The spec as the API server leaves it, now that the pod's labels are known. */
static const struct k8smi_record *instance_spec(struct instance *in, const struct k8smi_record *metadata) {
  const struct k8smi_record *spec = k8smi_edit_end(&in->spec);
  return spec == NULL || !in->w->defaults ? spec : k8smi_prepare_spec(in->arena, metadata, spec);
}

static const struct k8smi_record *instance_record(struct instance *in, const struct k8smi_record *base) {
  struct k8smi_edit pod;
  k8smi_edit_begin(&in->metadata, in->arena, k8smi_get_record(base, K8SMI_Pod_metadata));
  k8smi_edit_begin(&in->spec, in->arena, k8smi_get_record(base, K8SMI_Pod_spec));
  in->ordinal = k8smi_name_number(in->arena, in->o->ordinal);
  if (in->ordinal.ptr == NULL) return NULL;
  in->prefix = instance_prefix(in);
  instance_kinds[in->w->kind->number](in);
  instance_name(in);
  k8smi_edit_map(&in->metadata, K8SMI_ObjectMeta_labels, &in->labels, false);
  k8smi_edit_map(&in->metadata, K8SMI_ObjectMeta_annotations, &in->annotations, false);
  if (in->w->kind->number != K8SM_WORKLOAD_POD_TEMPLATE)
    k8smi_edit_append(&in->metadata, K8SMI_ObjectMeta_ownerReferences,
                      k8smi_workload_reference(in->w, in->arena));
  const struct k8smi_record *metadata = k8smi_edit_end(&in->metadata);
  k8smi_edit_begin(&pod, in->arena, base);
  k8smi_edit_record(&pod, K8SMI_Pod_metadata, metadata);
  if (in->spec.present != 0) k8smi_edit_record(&pod, K8SMI_Pod_spec, instance_spec(in, metadata));
  return k8smi_edit_end(&pod);
}

int k8smi_workload_instance(const struct k8sm_workload *w, const struct k8sm_instance_options *o,
                            struct k8sm_pod **ret, struct k8sm_diags *diags) {
  struct instance in;
  struct k8sm_pod *pod = K8SMI_VALUE_NEW(k8sm_pod, o->allocator, 0);
  if (pod == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  memset(&in, 0, sizeof in);
  in.w = w;
  in.o = o;
  in.arena = &pod->arena;
  k8smi_refs_init(&pod->refs);
  pod->base = k8sm_pod_ref(w->pod);
  pod->record = instance_record(&in, w->pod->record);
  if (pod->record == NULL) {
    k8sm_pod_unref(pod);
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  *ret = pod;
  return K8SM_OK;
}

static int workload_pod_of(const struct k8sm_workload *w, const struct k8sm_instance_options *o,
                           struct k8sm_pod **ret, struct k8sm_diags *diags) {
  int r = k8smi_workload_instance(w, o, ret, diags);
  if (r != K8SM_OK || !w->validate) return r;
  struct k8smi_arena scratch;
  if (!k8smi_arena_init(&scratch, o->allocator, 0)) return K8SM_ERR_NOMEM; /* it was good a moment ago */
  struct k8smi_validate_options validate = {.allocator = scratch.allocator};
  r = k8smi_validate_pod((*ret)->record, &validate, diags);
  if (r != K8SM_OK) k8sm_pod_unref(*ret);
  return r;
}

int k8sm_workload_pod(const struct k8sm_workload *w, const struct k8sm_instance_options *options,
                      struct k8sm_pod **ret, struct k8sm_diags *diags) {
  struct k8sm_instance_options o;
  struct k8sm_workload *child = NULL;
  struct k8sm_pod *pod = NULL;
  int r = k8smi_options_read(&o, sizeof o, options, "k8sm_instance_options", diags);
  if (r == K8SM_OK) r = k8sm_workload_child(w, options, &child, diags);
  if (r == K8SM_ERR_UNSUPPORTED) r = K8SM_OK; /* it makes its pods itself */
  if (r == K8SM_OK) r = workload_pod_of(child == NULL ? w : child, &o, &pod, diags);
  k8sm_workload_unref(child);
  if (r == K8SM_OK) *ret = pod;
  return r;
}
