/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/defaults_private.h"

/* The kinds that hold templates, and those that pods refer to. */

static const struct k8smi_int_or_string workload_default_quarter = {0, {"25%", 3}};
static const struct k8smi_int_or_string workload_default_one = {1, {NULL, 0}};
static const struct k8smi_int_or_string workload_default_none = {0, {NULL, 0}};
static const union k8smi_slot workload_default_rolling_update = K8SMI_DEFAULT_TEXT("RollingUpdate");
static const union k8smi_slot workload_default_non_indexed = K8SMI_DEFAULT_TEXT("NonIndexed");
static const union k8smi_slot workload_default_failed = K8SMI_DEFAULT_TEXT("Failed");
static const union k8smi_slot workload_default_ended = K8SMI_DEFAULT_TEXT("TerminatingOrFailed");

/* A strategy is a rolling update where nothing else is said, and the values are for those. */
struct workload_default_rolling {
  unsigned type;
  unsigned rolling_update;
  unsigned max_unavailable; /* of the record in rolling_update */
  unsigned max_surge;
  const struct k8smi_int_or_string *unavailable;
  const struct k8smi_int_or_string *surge;
};

static bool workload_default_is_rolling(const struct k8smi_defaults *d, unsigned type) {
  k8smi_default_set_absent(d, type, workload_default_rolling_update);
  return k8smi_eqs(k8smi_text_slice(d->slots[type].text), "RollingUpdate");
}

static bool workload_default_roll(const struct k8smi_defaults *d, const struct workload_default_rolling *of) {
  union k8smi_slot slots[64];
  if (!workload_default_is_rolling(d, of->type)) return true;
  uint64_t present = k8smi_record_spread(k8smi_default_record(d, of->rolling_update), slots);
  const struct k8smi_defaults update = {d->arena, slots, &present};
  k8smi_default_set_absent(&update, of->max_unavailable,
                           (union k8smi_slot){.int_or_string = of->unavailable});
  k8smi_default_set_absent(&update, of->max_surge, (union k8smi_slot){.int_or_string = of->surge});
  const union k8smi_slot made = {.record = k8smi_record_new(d->arena, present, slots)};
  k8smi_default_set(d, of->rolling_update, made);
  return made.record != NULL;
}

bool k8smi_default_deployment_strategy(const struct k8smi_defaults *d) {
  static const struct workload_default_rolling of = {K8SMI_DeploymentStrategy_type,
                                                     K8SMI_DeploymentStrategy_rollingUpdate,
                                                     K8SMI_RollingUpdateDeployment_maxUnavailable,
                                                     K8SMI_RollingUpdateDeployment_maxSurge,
                                                     &workload_default_quarter,
                                                     &workload_default_quarter};
  return workload_default_roll(d, &of);
}

bool k8smi_default_daemon_set_strategy(const struct k8smi_defaults *d) {
  static const struct workload_default_rolling of = {K8SMI_DaemonSetUpdateStrategy_type,
                                                     K8SMI_DaemonSetUpdateStrategy_rollingUpdate,
                                                     K8SMI_RollingUpdateDaemonSet_maxUnavailable,
                                                     K8SMI_RollingUpdateDaemonSet_maxSurge,
                                                     &workload_default_one,
                                                     &workload_default_none};
  return workload_default_roll(d, &of);
}

/* Where the type is given without its values, it gets none. */
bool k8smi_default_stateful_set_strategy(const struct k8smi_defaults *d) {
  static const union k8smi_slot zero = {.number = 0}, one = {.int_or_string = &workload_default_one};
  const unsigned rolling = K8SMI_StatefulSetUpdateStrategy_rollingUpdate;
  bool given = k8smi_default_has(d, K8SMI_StatefulSetUpdateStrategy_type);
  if (!workload_default_is_rolling(d, K8SMI_StatefulSetUpdateStrategy_type) ||
      (given && !k8smi_default_has(d, rolling)))
    return true;
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(k8smi_default_record(d, rolling), slots);
  const struct k8smi_defaults update = {d->arena, slots, &present};
  k8smi_default_set_absent(&update, K8SMI_RollingUpdateStatefulSetStrategy_partition, zero);
  k8smi_default_set_absent(&update, K8SMI_RollingUpdateStatefulSetStrategy_maxUnavailable, one);
  const union k8smi_slot made = {.record = k8smi_record_new(d->arena, present, slots)};
  k8smi_default_set(d, rolling, made);
  return made.record != NULL;
}

/* An object without labels has those of its template. */
static bool workload_default_labels(const struct k8smi_defaults *d, unsigned metadata,
                                    const struct k8smi_list *labels) {
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(k8smi_default_record(d, metadata), slots);
  if (present >> K8SMI_ObjectMeta_labels & 1) return true;
  slots[K8SMI_ObjectMeta_labels].list = labels;
  const union k8smi_slot made = {
      .record = k8smi_record_new(d->arena, present | (uint64_t)1 << K8SMI_ObjectMeta_labels, slots)};
  k8smi_default_set(d, metadata, made);
  return made.record != NULL;
}

/* The labels of a template, in memory of the arena; *ret is NULL where there are none. */
static bool workload_default_template_labels(struct k8smi_arena *arena, const struct k8smi_record *template_,
                                             const struct k8smi_list **ret) {
  const struct k8smi_record *metadata = k8smi_get_record(template_, K8SMI_PodTemplateSpec_metadata);
  struct k8smi_list labels = k8smi_get_list(metadata, K8SMI_ObjectMeta_labels);
  *ret = NULL;
  if (labels.count == 0) return true;
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  if (list != NULL) *list = labels;
  *ret = list;
  return list != NULL;
}

bool k8smi_default_replication_controller(const struct k8smi_defaults *d) {
  union k8smi_slot slots[64];
  const struct k8smi_list *labels;
  uint64_t present = k8smi_record_spread(k8smi_default_record(d, K8SMI_ReplicationController_spec), slots);
  const struct k8smi_defaults spec = {d->arena, slots, &present};
  const struct k8smi_record *of = k8smi_default_record(&spec, K8SMI_ReplicationControllerSpec_template);
  if (!workload_default_template_labels(d->arena, of, &labels)) return false;
  if (labels == NULL) return true;
  k8smi_default_set_absent(&spec, K8SMI_ReplicationControllerSpec_selector,
                           (union k8smi_slot){.list = labels});
  d->slots[K8SMI_ReplicationController_spec].record = k8smi_record_new(d->arena, present, slots);
  return d->slots[K8SMI_ReplicationController_spec].record != NULL &&
         workload_default_labels(d, K8SMI_ReplicationController_metadata, labels);
}

static void workload_default_job_spec(const struct k8smi_defaults *spec) {
  static const union k8smi_slot one = {.number = 1}, retries = {.number = 6}, many = {.number = INT32_MAX},
                                off = {.number = false};
  bool per_index = k8smi_default_has(spec, K8SMI_JobSpec_backoffLimitPerIndex);
  bool policy = k8smi_default_has(spec, K8SMI_JobSpec_podFailurePolicy);
  if (!k8smi_default_has(spec, K8SMI_JobSpec_parallelism))
    k8smi_default_set_absent(spec, K8SMI_JobSpec_completions, one);
  k8smi_default_set_absent(spec, K8SMI_JobSpec_parallelism, one);
  k8smi_default_set_absent(spec, K8SMI_JobSpec_backoffLimit, per_index ? many : retries);
  k8smi_default_set_absent(spec, K8SMI_JobSpec_completionMode, workload_default_non_indexed);
  k8smi_default_set_absent(spec, K8SMI_JobSpec_suspend, off);
  k8smi_default_set_absent(spec, K8SMI_JobSpec_podReplacementPolicy,
                           policy ? workload_default_failed : workload_default_ended);
  k8smi_default_set_absent(spec, K8SMI_JobSpec_manualSelector, off);
}

/* Of a Job; the spec in a CronJob waits for the Jobs that are made of it. */
bool k8smi_default_job(const struct k8smi_defaults *d) {
  union k8smi_slot slots[64];
  const struct k8smi_list *labels;
  uint64_t present = k8smi_record_spread(k8smi_default_record(d, K8SMI_Job_spec), slots);
  const struct k8smi_defaults spec = {d->arena, slots, &present};
  workload_default_job_spec(&spec);
  d->slots[K8SMI_Job_spec].record = k8smi_record_new(d->arena, present, slots);
  const struct k8smi_record *of = k8smi_default_record(&spec, K8SMI_JobSpec_template);
  if (d->slots[K8SMI_Job_spec].record == NULL || !workload_default_template_labels(d->arena, of, &labels))
    return false;
  return labels == NULL || workload_default_labels(d, K8SMI_Job_metadata, labels);
}

/* The pairs with one more, in the place of that with the same key, if there is one. NULL when memory ran out.
 */
static const struct k8smi_list *workload_default_with(struct k8smi_arena *arena, struct k8smi_list pairs,
                                                      struct k8smi_pair one) {
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  struct k8smi_pair *to = k8smi_arena_array(arena, pairs.count + 1, sizeof *to);
  size_t at = 0;
  if (list == NULL || to == NULL) return NULL;
  for (; at < pairs.count && k8smi_cmp(k8smi_list_pair(pairs, at).key, one.key) < 0; at++)
    to[at] = k8smi_list_pair(pairs, at);
  to[at] = one;
  *list = (struct k8smi_list){to, at + 1};
  if (at < pairs.count && k8smi_eq(k8smi_list_pair(pairs, at).key, one.key)) at++;
  for (; at < pairs.count; at++) to[list->count++] = k8smi_list_pair(pairs, at);
  return list;
}

/* A namespace has its name as a label, so that selectors can name it. */
bool k8smi_default_namespace(const struct k8smi_defaults *d) {
  const struct k8smi_record *metadata = k8smi_default_record(d, K8SMI_Namespace_metadata);
  struct k8sm_slice name = k8smi_get_str(metadata, K8SMI_ObjectMeta_name);
  union k8smi_slot slots[64];
  if (name.len == 0) return true;
  uint64_t present = k8smi_record_spread(metadata, slots);
  slots[K8SMI_ObjectMeta_labels].list =
      workload_default_with(d->arena, k8smi_get_list(metadata, K8SMI_ObjectMeta_labels),
                            (struct k8smi_pair){K8SMI_S("kubernetes.io/metadata.name"), name});
  if (slots[K8SMI_ObjectMeta_labels].list == NULL) return false;
  present |= (uint64_t)1 << K8SMI_ObjectMeta_labels;
  const union k8smi_slot made = {.record = k8smi_record_new(d->arena, present, slots)};
  k8smi_default_set(d, K8SMI_Namespace_metadata, made);
  return made.record != NULL;
}
