/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload_check.h"

#include "pod/names.h"
#include "pod/prepare.h"
#include "pod/workload.h"

/* What the API server asks of a workload that is to be created, kind by kind, in its order; and of one that
 * it has, as its metadata tells, what an update asks: its name may be one of those that were fine once. */

enum { CHECK_CRON_NAME_MAX = 52 };

struct workload_check {
  struct k8smi_check *c;
  const struct k8sm_workload *w;
  const struct k8smi_record *object, *spec; /* the object's own spec: of a CronJob that around its Job's */
  const struct k8smi_path *to_object, *to_spec, *to_template;
};

/* ---- What kinds share ---- */

static struct k8smi_shown check_shown_labels(struct k8smi_check *c, const struct k8smi_record *template_) {
  const struct k8smi_record *metadata = k8smi_get_record(template_, K8SMI_PodTemplateSpec_metadata);
  return k8smi_v_map(c, k8smi_get_list(metadata, K8SMI_ObjectMeta_labels));
}

/* A workload must select the pods that it makes; one without a selector selects none. */
static void check_selects(const struct workload_check *k, const struct k8smi_label_selector *selector,
                          bool has_selector, const struct k8smi_record *template_) {
  const struct k8smi_record *metadata = k8smi_get_record(template_, K8SMI_PodTemplateSpec_metadata);
  struct k8smi_path of_metadata = K8SMI_PATH(k->to_template, PodTemplateSpec, metadata),
                    labels = K8SMI_PATH(&of_metadata, ObjectMeta, labels);
  if (has_selector &&
      k8smi_label_selector_matches(selector, k8smi_get_list(metadata, K8SMI_ObjectMeta_labels)))
    return;
  k8smi_check_invalid(k->c, &labels, check_shown_labels(k->c, template_),
                      "`selector` does not match template `labels`");
}

static struct k8smi_label_selector check_selector_of(const struct k8smi_record *selector) {
  return (struct k8smi_label_selector){k8smi_get_list(selector, K8SMI_LabelSelector_matchLabels),
                                       k8smi_get_list(selector, K8SMI_LabelSelector_matchExpressions)};
}

/* Pods that are kept running: they start again, and have no end. */
static void check_runs(const struct workload_check *k, const char *kind) {
  static const char *const policies[] = {"Always", NULL};
  const struct k8smi_record *pod = k8smi_get_record(k->w->template_, K8SMI_PodTemplateSpec_spec);
  struct k8sm_slice policy = k8smi_get_str(pod, K8SMI_PodSpec_restartPolicy);
  struct k8smi_path path = K8SMI_PATH(k->to_template, PodTemplateSpec, spec),
                    restart = K8SMI_PATH(&path, PodSpec, restartPolicy),
                    deadline = K8SMI_PATH(&path, PodSpec, activeDeadlineSeconds);
  if (!k8smi_is_among(policy, policies))
    k8smi_check_unsupported(k->c, &restart, k8smi_v_word(policy), policies);
  if (k8smi_has(pod, K8SMI_PodSpec_activeDeadlineSeconds))
    k8smi_check_forbidden(k->c, &deadline,
                          k8smi_check_text(k->c, "activeDeadlineSeconds in %s is not Supported", kind));
}

/* A selector that is required, and the template, which is looked at only if the selector is one. */
static void check_selected(const struct workload_check *k, const char *empty, const char *wrong,
                           void (*template_)(const struct workload_check *k)) {
  const struct k8smi_record *selector = k8smi_get_record(k->spec, k->w->kind->selector);
  const struct k8smi_label_selector of = check_selector_of(selector);
  struct k8smi_path path = K8SMI_AT(k->to_spec, "selector");
  bool good = true;
  if (selector == NULL) {
    k8smi_check_required(k->c, &path, NULL);
  } else {
    good = k8smi_check_selector(k->c, selector, &path);
    if (of.labels.count + of.expressions.count == 0)
      k8smi_check_invalid(k->c, &path, k8smi_v_json(k->c, K8SMI_TYPE_LabelSelector, selector), empty);
  }
  if (!good) {
    k8smi_check_invalid(k->c, &path, k8smi_v_json(k->c, K8SMI_TYPE_LabelSelector, selector), wrong);
    return;
  }
  check_selects(k, &of, selector != NULL, k->w->template_);
  template_(k);
}

/* ---- Kinds whose pods are all alike ---- */

static void check_pod_template(const struct workload_check *k) {
  k8smi_check_template(k->c, k->w->template_, k->to_template);
}

static void check_replicated(const struct workload_check *k) {
  k8smi_check_template(k->c, k->w->template_, k->to_template);
  check_runs(k, "ReplicaSet");
}

static void check_replica_set(const struct workload_check *k) {
  static const struct k8smi_field_rule rules[] = {
      K8SMI_RULE_NOT_NEGATIVE(ReplicaSetSpec, replicas),
      K8SMI_RULE_NOT_NEGATIVE(ReplicaSetSpec, minReadySeconds),
  };
  K8SMI_CHECK_RULES(k->c, k->spec, rules, k->to_spec);
  check_selected(k, "empty selector is invalid for deployment", "invalid label selector", check_replicated);
}

static void check_progress(const struct workload_check *k) {
  static const struct k8smi_field_rule rule =
      K8SMI_RULE_NOT_NEGATIVE(DeploymentSpec, progressDeadlineSeconds);
  struct k8smi_path path = K8SMI_PATH(k->to_spec, DeploymentSpec, progressDeadlineSeconds);
  int64_t deadline = k8smi_get_i64(k->spec, K8SMI_DeploymentSpec_progressDeadlineSeconds, INT64_MAX);
  k8smi_check_rule(k->c, k->spec, &rule, k->to_spec);
  if (deadline <= k8smi_get_i64(k->spec, K8SMI_DeploymentSpec_minReadySeconds, 0))
    k8smi_check_invalid(k->c, &path, k8smi_v_number(deadline), "must be greater than minReadySeconds");
}

static void check_deployment(const struct workload_check *k) {
  static const struct k8smi_field_rule replicas = K8SMI_RULE_NOT_NEGATIVE(DeploymentSpec, replicas);
  static const struct k8smi_field_rule rules[] = {
      K8SMI_RULE_NOT_NEGATIVE(DeploymentSpec, minReadySeconds),
      K8SMI_RULE_NOT_NEGATIVE(DeploymentSpec, revisionHistoryLimit),
  };
  struct k8smi_path strategy = K8SMI_PATH(k->to_spec, DeploymentSpec, strategy);
  k8smi_check_rule(k->c, k->spec, &replicas, k->to_spec);
  check_selected(k, "empty selector is invalid for deployment", "invalid label selector", check_replicated);
  k8smi_check_deployment_strategy(k->c, k8smi_get_record(k->spec, K8SMI_DeploymentSpec_strategy), &strategy);
  K8SMI_CHECK_RULES(k->c, k->spec, rules, k->to_spec);
  check_progress(k);
}

/* Some of its rules come last, as those that the server has in another form do. */
static void check_replication_controller(const struct workload_check *k) {
  static const struct k8smi_field_rule name = {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(ObjectMeta, name),
                                               .format = k8smi_format_long_name};
  static const struct k8smi_field_rule rules[] = {
      K8SMI_RULE_NOT_NEGATIVE(ReplicationControllerSpec, replicas),
      K8SMI_RULE_NOT_NEGATIVE(ReplicationControllerSpec, minReadySeconds),
  };
  struct k8smi_path selector = K8SMI_PATH(k->to_spec, ReplicationControllerSpec, selector),
                    metadata = K8SMI_PATH(k->to_object, ReplicationController, metadata),
                    replicas = K8SMI_PATH(k->to_spec, ReplicationControllerSpec, replicas);
  if (k->w->selector.labels.count == 0) k8smi_check_required(k->c, &selector, NULL);
  if (k->w->template_ == NULL) {
    k8smi_check_required(k->c, k->to_template, NULL);
  } else {
    check_selects(k, &k->w->selector, true, k->w->template_);
    k8smi_check_template(k->c, k->w->template_, k->to_template);
    check_runs(k, "ReplicationController");
  }
  if (!k->c->is_stored)
    k8smi_check_rule(k->c, k8smi_get_record(k->object, K8SMI_ReplicationController_metadata), &name,
                     &metadata);
  if (!k8smi_has(k->spec, K8SMI_ReplicationControllerSpec_replicas))
    k8smi_check_required(k->c, &replicas, NULL);
  K8SMI_CHECK_RULES(k->c, k->spec, rules, k->to_spec);
}

static void check_daemon_set(const struct workload_check *k) {
  static const struct k8smi_field_rule ready = K8SMI_RULE_NOT_NEGATIVE(DaemonSetSpec, minReadySeconds);
  static const struct k8smi_field_rule history = K8SMI_RULE_NOT_NEGATIVE(DaemonSetSpec, revisionHistoryLimit);
  const struct k8smi_record *selector = k8smi_get_record(k->spec, K8SMI_DaemonSetSpec_selector);
  const struct k8smi_label_selector of = check_selector_of(selector);
  struct k8smi_path path = K8SMI_PATH(k->to_spec, DaemonSetSpec, selector),
                    strategy = K8SMI_PATH(k->to_spec, DaemonSetSpec, updateStrategy);
  if (k8smi_check_selector(k->c, selector, &path)) check_selects(k, &of, selector != NULL, k->w->template_);
  if (selector != NULL && of.labels.count + of.expressions.count == 0)
    k8smi_check_invalid(k->c, &path, k8smi_v_json(k->c, K8SMI_TYPE_LabelSelector, selector),
                        "empty selector is invalid for daemonset");
  k8smi_check_template(k->c, k->w->template_, k->to_template);
  check_runs(k, "DaemonSet");
  k8smi_check_rule(k->c, k->spec, &ready, k->to_spec);
  k8smi_check_daemon_set_strategy(k->c, k8smi_get_record(k->spec, K8SMI_DaemonSetSpec_updateStrategy),
                                  &strategy);
  k8smi_check_rule(k->c, k->spec, &history, k->to_spec);
}

/* ---- StatefulSets ---- */

static void check_management(const struct workload_check *k) {
  static const char *const policies[] = {"OrderedReady", "Parallel", NULL};
  struct k8sm_slice policy = k8smi_get_str(k->spec, K8SMI_StatefulSetSpec_podManagementPolicy);
  struct k8smi_path path = K8SMI_PATH(k->to_spec, StatefulSetSpec, podManagementPolicy);
  if (policy.len == 0) {
    k8smi_check_required(k->c, &path, NULL);
  } else if (!k8smi_is_among(policy, policies)) {
    k8smi_check_invalid(k->c, &path, k8smi_v_word(policy), "must be 'OrderedReady' or 'Parallel'");
  }
}

/* What becomes of the claims of its pods, and the claims. */
static void check_claims(const struct workload_check *k) {
  static const char *const policies[] = {"Retain", "Delete", NULL};
  static const struct k8smi_field_rule rules[] = {
      {K8SMI_RULE_WORD, K8SMI_AT_FIELD(StatefulSetPersistentVolumeClaimRetentionPolicy, whenDeleted),
       .words = policies},
      {K8SMI_RULE_WORD, K8SMI_AT_FIELD(StatefulSetPersistentVolumeClaimRetentionPolicy, whenScaled),
       .words = policies},
  };
  const struct k8smi_record *retention =
      k8smi_get_record(k->spec, K8SMI_StatefulSetSpec_persistentVolumeClaimRetentionPolicy);
  struct k8smi_list claims = k8smi_get_list(k->spec, K8SMI_StatefulSetSpec_volumeClaimTemplates);
  struct k8smi_path of_retention =
                        K8SMI_PATH(k->to_spec, StatefulSetSpec, persistentVolumeClaimRetentionPolicy),
                    of_claims = K8SMI_PATH(k->to_spec, StatefulSetSpec, volumeClaimTemplates);
  if (retention != NULL) K8SMI_CHECK_RULES(k->c, retention, rules, &of_retention);
  for (size_t i = 0; i < claims.count; i++) {
    struct k8smi_path at = k8smi_path_index(&of_claims, i),
                      spec = K8SMI_PATH(&at, PersistentVolumeClaim, spec);
    k8smi_check_claim_spec(
        k->c, k8smi_get_record(k8smi_list_record(claims, i), K8SMI_PersistentVolumeClaim_spec), &spec);
  }
}

/* The template with the volumes of its claims, and without the names that each pod gets anew. */
static void check_stateful_template(const struct workload_check *k) {
  struct k8smi_edit template_, spec;
  k8smi_edit_begin(&template_, &k->c->arena, k->w->template_);
  k8smi_edit_begin(&spec, &k->c->arena, k8smi_get_record(k->w->template_, K8SMI_PodTemplateSpec_spec));
  k8smi_edit_unset(&spec, K8SMI_PodSpec_hostname);
  k8smi_edit_unset(&spec, K8SMI_PodSpec_subdomain);
  k8smi_workload_claims(&spec, k8smi_get_list(k->spec, K8SMI_StatefulSetSpec_volumeClaimTemplates),
                        (struct k8sm_slice){NULL, 0});
  k8smi_edit_record(&template_, K8SMI_PodTemplateSpec_spec, k8smi_edit_end(&spec));
  const struct k8smi_record *completed = k8smi_edit_end(&template_);
  if (completed == NULL) {
    k->c->no_memory = true;
    return;
  }
  k8smi_check_template(k->c, completed, k->to_template);
}

static void check_stateful_set(const struct workload_check *k) {
  static const struct k8smi_field_rule rules[] = {
      K8SMI_RULE_NOT_NEGATIVE(StatefulSetSpec, replicas),
      K8SMI_RULE_NOT_NEGATIVE(StatefulSetSpec, minReadySeconds),
  };
  static const struct k8smi_field_rule start = K8SMI_RULE_NOT_NEGATIVE(StatefulSetOrdinals, start);
  static const struct k8smi_field_rule service = {
      K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(StatefulSetSpec, serviceName), .format = k8smi_format_label};
  struct k8smi_path strategy = K8SMI_PATH(k->to_spec, StatefulSetSpec, updateStrategy),
                    ordinals = K8SMI_PATH(k->to_spec, StatefulSetSpec, ordinals);
  check_management(k);
  k8smi_check_stateful_set_strategy(k->c, k8smi_get_record(k->spec, K8SMI_StatefulSetSpec_updateStrategy),
                                    &strategy);
  check_claims(k);
  K8SMI_CHECK_RULES(k->c, k->spec, rules, k->to_spec);
  k8smi_check_rule(k->c, k8smi_get_record(k->spec, K8SMI_StatefulSetSpec_ordinals), &start, &ordinals);
  k8smi_check_rule(k->c, k->spec, &service, k->to_spec);
  check_selected(k, "empty selector is invalid for statefulset", NULL, check_stateful_template);
  check_runs(k, "StatefulSet");
}

/* ---- Jobs ---- */

static bool check_is_manual(const struct workload_check *k) {
  return k8smi_get_bool(k->spec, K8SMI_JobSpec_manualSelector, false);
}

/* The template of a Job as a create leaves it, with the labels by which the Job knows its pods. */
static const struct k8smi_record *check_job_template(const struct workload_check *k) {
  struct k8smi_edit template_, metadata;
  struct k8smi_edit_pairs labels;
  if (check_is_manual(k)) return k->w->template_;
  k8smi_workload_job_labels(k->w, &labels);
  k8smi_edit_begin(&template_, &k->c->arena, k->w->template_);
  k8smi_edit_begin(&metadata, &k->c->arena,
                   k8smi_get_record(k->w->template_, K8SMI_PodTemplateSpec_metadata));
  k8smi_edit_map(&metadata, K8SMI_ObjectMeta_labels, &labels, true);
  k8smi_edit_record(&template_, K8SMI_PodTemplateSpec_metadata, k8smi_edit_end(&metadata));
  const struct k8smi_record *made = k8smi_edit_end(&template_);
  k->c->no_memory = k->c->no_memory || made == NULL;
  return made;
}

/* Its selector, likewise. */
static const struct k8smi_record *check_job_selector(const struct workload_check *k) {
  const struct k8smi_record *selector = k8smi_get_record(k->spec, K8SMI_JobSpec_selector);
  if (check_is_manual(k)) return selector;
  selector = k8smi_workload_job_selector(k->w, &k->c->arena);
  k->c->no_memory = k->c->no_memory || selector == NULL;
  return selector;
}

/* Whether the selector can select, without a word on why it can't. */
static bool check_can_select(struct k8smi_check *c, const struct k8smi_record *selector) {
  struct k8sm_diags *diags = c->diags;
  size_t found = c->found;
  c->diags = NULL;
  bool good = k8smi_check_selector(c, selector, NULL);
  c->diags = diags;
  c->found = found;
  return good;
}

/* Labels that are made for the Job must not be there with other values, and its selector must want them. */
static void check_generated(const struct workload_check *k, const struct k8smi_record *selector,
                            const struct k8smi_record *template_) {
  static const uint8_t order[] = {2, 3, 0, 1}; /* the server's, of the labels as they are made */
  const struct k8smi_record *of_template = k8smi_get_record(template_, K8SMI_PodTemplateSpec_metadata);
  struct k8smi_edit_pairs made;
  struct k8smi_path metadata = K8SMI_PATH(k->to_template, PodTemplateSpec, metadata),
                    labels = K8SMI_PATH(&metadata, ObjectMeta, labels),
                    path = K8SMI_PATH(k->to_spec, JobSpec, selector);
  const struct k8smi_label_selector of = check_selector_of(selector);
  k8smi_workload_job_labels(k->w, &made);
  for (size_t i = 0; i < sizeof order; i++) {
    struct k8smi_pair want = made.items[order[i]];
    struct k8sm_slice value = k8smi_get_pair(of_template, K8SMI_ObjectMeta_labels, want.key.ptr);
    struct k8smi_path at = k8smi_path_key(&labels, want.key);
    if (!k8smi_eq(value, want.value))
      k8smi_check_invalid(k->c, &at, check_shown_labels(k->c, template_),
                          k8smi_check_text(k->c, "must be '%.*s'", K8SMI_P(want.value)));
  }
  const struct k8smi_list all = {made.items, made.count};
  if (check_can_select(k->c, selector) && !k8smi_label_selector_matches(&of, all))
    k8smi_check_invalid(k->c, &path, k8smi_v_json(k->c, K8SMI_TYPE_LabelSelector, selector),
                        "`selector` not auto-generated");
}

/* The pods of an indexed Job are called by its name and their index, and so are their hosts. */
static void check_hostnames(const struct workload_check *k) {
  int64_t completions = k8smi_get_i64(k->spec, K8SMI_JobSpec_completions, 0);
  struct k8smi_path metadata = K8SMI_PATH(k->to_object, Job, metadata),
                    name = K8SMI_PATH(&metadata, ObjectMeta, name);
  if (!k8smi_workload_is_indexed(k->w) || completions <= 0) return;
  struct k8sm_slice last = k8smi_name_number(&k->c->arena, completions - 1);
  struct k8sm_slice host = k8smi_check_join(k->c, k->w->name, '-', last);
  k->c->no_memory = k->c->no_memory || last.ptr == NULL;
  if (last.ptr != NULL && host.ptr != NULL && !k8smi_has_format(host, k8smi_format_label))
    k8smi_check_invalid(
        k->c, &name, k8smi_v_text(k->w->name),
        k8smi_check_text(k->c, "will not able to create pod with invalid DNS label: %.*s", K8SMI_P(host)));
}

static void check_job(const struct workload_check *k) {
  const struct k8smi_record *template_ = check_job_template(k), *selector = check_job_selector(k);
  const struct k8smi_label_selector of = check_selector_of(selector);
  struct k8smi_path path = K8SMI_PATH(k->to_spec, JobSpec, selector);
  if (k->c->no_memory) return;
  if (!check_is_manual(k) && !k->c->is_stored) check_generated(k, selector, template_);
  k8smi_check_job_spec(k->c, k->spec, template_, k->to_spec);
  if (selector == NULL) k8smi_check_required(k->c, &path, NULL);
  if (k8smi_check_selector(k->c, selector, &path)) check_selects(k, &of, selector != NULL, template_);
  check_hostnames(k);
}

static void check_cron_job(const struct workload_check *k) {
  struct k8smi_path metadata = K8SMI_PATH(k->to_object, CronJob, metadata),
                    name = K8SMI_PATH(&metadata, ObjectMeta, name),
                    schedule = K8SMI_PATH(k->to_spec, CronJobSpec, schedule);
  k8smi_check_cron_job_spec(k->c, k->spec, k->to_spec);
  if (k->w->name.len > CHECK_CRON_NAME_MAX && !k->c->is_stored)
    k8smi_check_invalid(k->c, &name, k8smi_v_text(k->w->name), "must be no more than 52 characters");
  if (k8smi_get_str(k->spec, K8SMI_CronJobSpec_schedule).len == 0)
    k8smi_check_required(k->c, &schedule, NULL);
}

/* ---- All kinds ---- */

static const struct check_kind {
  struct k8smi_name_rules names;
  void (*rules)(const struct workload_check *k);
} check_kinds[] = {
#define CHECK_KIND(N, name, rules) [K8SM_WORKLOAD_##N] = {{name, name##_prefix}, rules}
    CHECK_KIND(POD_TEMPLATE, k8smi_format_subdomain, check_pod_template),
    [K8SM_WORKLOAD_REPLICATION_CONTROLLER] = {{NULL, NULL}, check_replication_controller},
    CHECK_KIND(REPLICA_SET, k8smi_format_subdomain, check_replica_set),
    CHECK_KIND(DEPLOYMENT, k8smi_format_subdomain, check_deployment),
    CHECK_KIND(STATEFUL_SET, k8smi_format_label, check_stateful_set),
    CHECK_KIND(DAEMON_SET, k8smi_format_subdomain, check_daemon_set),
    CHECK_KIND(JOB, k8smi_format_subdomain, check_job),
    CHECK_KIND(CRON_JOB, k8smi_format_subdomain, check_cron_job),
#undef CHECK_KIND
};

static void check_workload(struct k8smi_check *c, const struct k8smi_path *root, const void *object) {
  const struct k8sm_workload *w = object;
  const struct check_kind *kind = &check_kinds[w->kind->number];
  struct k8smi_path to_template[K8SMI_WORKLOAD_STEPS], metadata = K8SMI_AT(root, "metadata"),
                                                       spec = K8SMI_AT(root, "spec");
  const struct workload_check k = {c,
                                   w,
                                   w->object,
                                   k8smi_get_record(w->object, w->kind->path[0]),
                                   root,
                                   &spec,
                                   k8smi_workload_path(w->kind, w->kind->steps, root, to_template)};
  static const struct k8smi_name_rules any = {NULL, NULL};
  const struct k8smi_record *of_object = k8smi_get_record(w->object, K8SMI_Pod_metadata);
  c->is_stored = k8smi_is_stored(of_object);
  k8smi_check_metadata(c, of_object, c->is_stored ? &any : &kind->names, &metadata);
  kind->rules(&k);
}

int k8smi_workload_check(const struct k8sm_workload *w, const struct k8smi_path *path,
                         struct k8smi_find_range unread, struct k8sm_diags *diags) {
  const struct k8smi_validate_options o = {w->arena.allocator, path, unread};
  return k8smi_validate(check_workload, w, &o, diags);
}
