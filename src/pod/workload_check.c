/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload.h"

#include <inttypes.h>

#include "pod/formats.h"
#include "pod/validate.h"

/* What the API server asks of a workload beside its template: numbers, words, name and selector. */

enum { CHECK_STEPS = 3, CHECK_WORDS = 3, CHECK_CRON_NAME_MAX = 52 };

/* A field that takes some words, or, without words, a number that is not negative. */
static const struct check_row {
  uint8_t type;
  uint8_t steps;
  uint8_t shown; /* how many of the steps the finding's path shows */
  uint8_t path[CHECK_STEPS];
  const char *words[CHECK_WORDS];
} check_rows[] = {
#define CHECK_NUMBER(T, field)                                                                               \
  {                                                                                                          \
    K8SMI_TYPE_##T, 2, 2, {K8SMI_##T##_spec, K8SMI_##T##Spec_##field}, {                                     \
      NULL                                                                                                   \
    }                                                                                                        \
  }
#define CHECK_WORD(T, field, ...)                                                                            \
  {                                                                                                          \
    K8SMI_TYPE_##T, 2, 2, {K8SMI_##T##_spec, K8SMI_##T##Spec_##field}, {                                     \
      __VA_ARGS__                                                                                            \
    }                                                                                                        \
  }
#define CHECK_TYPE(T, field, shown, Child, ...)                                                              \
  {                                                                                                          \
    K8SMI_TYPE_##T, 3, shown, {K8SMI_##T##_spec, K8SMI_##T##Spec_##field, K8SMI_##Child##_type}, {           \
      __VA_ARGS__                                                                                            \
    }                                                                                                        \
  }
    CHECK_NUMBER(ReplicationController, replicas),
    CHECK_NUMBER(ReplicationController, minReadySeconds),
    CHECK_NUMBER(ReplicaSet, replicas),
    CHECK_NUMBER(ReplicaSet, minReadySeconds),
    CHECK_NUMBER(Deployment, replicas),
    CHECK_NUMBER(Deployment, minReadySeconds),
    CHECK_NUMBER(Deployment, revisionHistoryLimit),
    CHECK_NUMBER(Deployment, progressDeadlineSeconds),
    CHECK_TYPE(Deployment, strategy, 3, DeploymentStrategy, "Recreate", "RollingUpdate"),
    CHECK_NUMBER(StatefulSet, replicas),
    CHECK_NUMBER(StatefulSet, minReadySeconds),
    CHECK_NUMBER(StatefulSet, revisionHistoryLimit),
    {K8SMI_TYPE_StatefulSet,
     3,
     3,
     {K8SMI_StatefulSet_spec, K8SMI_StatefulSetSpec_ordinals, K8SMI_StatefulSetOrdinals_start},
     {NULL}},
    CHECK_WORD(StatefulSet, podManagementPolicy, "OrderedReady", "Parallel"),
    CHECK_TYPE(StatefulSet, updateStrategy, 2, StatefulSetUpdateStrategy, "RollingUpdate", "OnDelete"),
    CHECK_NUMBER(DaemonSet, minReadySeconds),
    CHECK_NUMBER(DaemonSet, revisionHistoryLimit),
    CHECK_TYPE(DaemonSet, updateStrategy, 2, DaemonSetUpdateStrategy, "RollingUpdate", "OnDelete"),
    CHECK_NUMBER(Job, parallelism),
    CHECK_NUMBER(Job, completions),
    CHECK_NUMBER(Job, activeDeadlineSeconds),
    CHECK_NUMBER(Job, backoffLimit),
    CHECK_NUMBER(Job, backoffLimitPerIndex),
    CHECK_NUMBER(Job, maxFailedIndexes),
    CHECK_NUMBER(Job, ttlSecondsAfterFinished),
    CHECK_WORD(Job, completionMode, "NonIndexed", "Indexed"),
    CHECK_NUMBER(CronJob, startingDeadlineSeconds),
    CHECK_NUMBER(CronJob, successfulJobsHistoryLimit),
    CHECK_NUMBER(CronJob, failedJobsHistoryLimit),
    CHECK_WORD(CronJob, concurrencyPolicy, "Allow", "Forbid", "Replace"),
#undef CHECK_NUMBER
#undef CHECK_WORD
#undef CHECK_TYPE
};

struct check {
  const struct k8sm_workload *w;
  struct k8sm_diags *diags;
  struct k8smi_find_range unread; /* what was wrong with what could not be read */
  const struct k8smi_path *object;
  const struct k8smi_path *spec;      /* of that which has the template */
  const struct k8smi_path *template_; /* the template itself */
  bool bad;
};

static void check_find(struct check *c, uint32_t code, const struct k8smi_path *path, const char *message) {
  c->bad = true;
  k8smi_find(c->diags, code, path, "%s", message);
}

static void check_find_all(struct check *c, const struct k8smi_path *path, struct k8sm_slice value,
                           const char *const *wrong, size_t count) {
  for (size_t i = 0; i < count; i++) {
    c->bad = true;
    k8smi_find(c->diags, K8SM_DIAG_FIELD_INVALID, path, "Invalid value: \"%.*s\": %s", K8SMI_P(value),
               wrong[i]);
  }
}

static bool check_is_word(const struct check_row *row, struct k8sm_slice word) {
  for (size_t i = 0; i < CHECK_WORDS && row->words[i] != NULL; i++) {
    if (k8smi_eqs(word, row->words[i])) return true;
  }
  return false;
}

static void check_row(struct check *c, const struct check_row *row) {
  struct k8smi_path places[CHECK_STEPS];
  const struct k8smi_path *path = c->object;
  const struct k8smi_record *record = c->w->object;
  unsigned type = row->type, field = row->path[row->steps - 1];
  for (unsigned i = 0; i < row->steps; i++) {
    const struct k8smi_field *step = &k8smi_types[type].fields[row->path[i]];
    if (i < row->shown) {
      places[i] = k8smi_path_field(path, step->name);
      path = &places[i];
    }
    if (i + 1 < row->steps) record = k8smi_get_record(record, row->path[i]);
    type = step->child;
  }
  if (!k8smi_has(record, field)) return;
  if (row->words[0] == NULL) {
    int64_t number = k8smi_get_i64(record, field, 0);
    if (number >= 0) return;
    c->bad = true;
    k8smi_find(c->diags, K8SM_DIAG_FIELD_INVALID, path,
               "Invalid value: %" PRId64 ": must be greater than or equal to 0", number);
  } else if (!check_is_word(row, k8smi_get_str(record, field))) {
    bool third = row->words[2] != NULL;
    c->bad = true;
    k8smi_find(c->diags, K8SM_DIAG_FIELD_UNSUPPORTED, path,
               "Unsupported value: \"%.*s\": supported values: \"%s\", \"%s\"%s%s%s",
               K8SMI_P(k8smi_get_str(record, field)), row->words[0], row->words[1], third ? ", \"" : "",
               third ? row->words[2] : "", third ? "\"" : "");
  }
}

static void check_metadata(struct check *c) {
  struct k8smi_path metadata = k8smi_path_field(c->object, K8SMI_S("metadata"));
  struct k8smi_path name = k8smi_path_field(&metadata, K8SMI_S("name"));
  struct k8smi_path name_space = k8smi_path_field(&metadata, K8SMI_S("namespace"));
  const char *wrong[K8SMI_FORMAT_WRONG] = {NULL};
  size_t n = k8smi_format_subdomain(c->w->name, wrong);
  if (n == 0 && c->w->kind->number == K8SM_WORKLOAD_CRON_JOB && c->w->name.len > CHECK_CRON_NAME_MAX)
    wrong[n++] = "must be no more than 52 characters";
  check_find_all(c, &name, c->w->name, wrong, n);
  n = c->w->name_space.len == 0 ? 0 : k8smi_format_label(c->w->name_space, wrong);
  check_find_all(c, &name_space, c->w->name_space, wrong, n);
}

/* A workload must select the pods that it makes. A Job's selector is made for it, unless it says not to. */
static void check_selector(struct check *c) {
  const struct k8smi_workload_kind *kind = c->w->kind;
  bool of_job = kind->number == K8SM_WORKLOAD_JOB;
  if (kind->selector == K8SMI_WORKLOAD_NO_FIELD ||
      (of_job && !k8smi_get_bool(c->w->spec, K8SMI_JobSpec_manualSelector, false)))
    return;
  struct k8smi_path path = k8smi_path_field(c->spec, K8SMI_S("selector"));
  struct k8smi_path metadata = k8smi_path_field(c->template_, K8SMI_S("metadata"));
  struct k8smi_path labels = k8smi_path_field(&metadata, K8SMI_S("labels"));
  bool empty = c->w->selector.labels.count + c->w->selector.expressions.count == 0;
  bool controller = kind->number == K8SM_WORKLOAD_REPLICATION_CONTROLLER;
  if (controller ? empty : !k8smi_has(c->w->spec, kind->selector)) {
    check_find(c, K8SM_DIAG_FIELD_REQUIRED, &path, "Required value");
    return;
  }
  if (empty && !of_job) {
    check_find(c, K8SM_DIAG_FIELD_INVALID, &path, "Invalid value: empty selector is invalid");
    return;
  }
  const struct k8smi_record *of_template = k8smi_get_record(c->w->template_, K8SMI_PodTemplateSpec_metadata);
  if (!k8smi_label_selector_matches(&c->w->selector, k8smi_get_list(of_template, K8SMI_ObjectMeta_labels)))
    check_find(c, K8SM_DIAG_FIELD_INVALID, &labels,
               "Invalid value: `selector` does not match template `labels`");
}

static void check_template(struct check *c) {
  const struct k8smi_record *of_pod = k8smi_get_record(c->w->template_, K8SMI_PodTemplateSpec_spec);
  struct k8sm_slice policy = k8smi_get_str(of_pod, K8SMI_PodSpec_restartPolicy);
  struct k8smi_path spec = k8smi_path_field(c->template_, K8SMI_S("spec"));
  struct k8smi_path restart = k8smi_path_field(&spec, K8SMI_S("restartPolicy"));
  struct k8smi_path deadline = k8smi_path_field(&spec, K8SMI_S("activeDeadlineSeconds"));
  bool always = k8smi_eqs(policy, "Always");
  if (c->w->kind->number == K8SM_WORKLOAD_POD_TEMPLATE || policy.len == 0) return;
  if (c->w->kind->ends) {
    if (always)
      check_find(c, K8SM_DIAG_FIELD_REQUIRED, &restart,
                 "Required value: valid values: \"OnFailure\", \"Never\"");
    return;
  }
  if (!always) {
    c->bad = true;
    k8smi_find(c->diags, K8SM_DIAG_FIELD_UNSUPPORTED, &restart,
               "Unsupported value: \"%.*s\": supported values: \"Always\"", K8SMI_P(policy));
  }
  if (!k8smi_has(of_pod, K8SMI_PodSpec_activeDeadlineSeconds)) return;
  c->bad = true;
  k8smi_find(c->diags, K8SM_DIAG_FIELD_FORBIDDEN, &deadline,
             "Forbidden: activeDeadlineSeconds in %s is not Supported",
             c->w->kind->number == K8SM_WORKLOAD_DEPLOYMENT ? "ReplicaSet"
                                                            : k8smi_types[c->w->kind->type].name.ptr);
}

/* A StatefulSet's template with the volumes of its claims, and without the names that each pod gets anew.
 * NULL when memory ran out. */
static const struct k8smi_record *check_completed(struct check *c, struct k8smi_arena *arena) {
  struct k8smi_edit template_, spec;
  k8smi_edit_begin(&template_, arena, c->w->template_);
  k8smi_edit_begin(&spec, arena, k8smi_get_record(c->w->template_, K8SMI_PodTemplateSpec_spec));
  k8smi_edit_unset(&spec, K8SMI_PodSpec_hostname);
  k8smi_edit_unset(&spec, K8SMI_PodSpec_subdomain);
  k8smi_workload_claims(&spec, k8smi_get_list(c->w->spec, K8SMI_StatefulSetSpec_volumeClaimTemplates),
                        K8SMI_S("pod"));
  k8smi_edit_record(&template_, K8SMI_PodTemplateSpec_spec, k8smi_edit_end(&spec));
  return k8smi_edit_end(&template_);
}

/* What is asked of all templates. Errors: INVALID, NOMEM. */
static int check_pod_rules(struct check *c) {
  const struct k8smi_validate_options o = {c->w->arena.allocator, c->template_, c->unread};
  const struct k8smi_record *template_ = c->w->template_;
  struct k8smi_arena arena;
  if (!k8smi_arena_init(&arena, &o.allocator, 0)) return k8smi_find_nomem(c->diags, K8SM_ERR_NOMEM);
  if (c->w->kind->number == K8SM_WORKLOAD_STATEFUL_SET) template_ = check_completed(c, &arena);
  int r = template_ == NULL ? k8smi_find_nomem(c->diags, K8SM_ERR_NOMEM)
                            : k8smi_validate_template(template_, &o, c->diags);
  k8smi_arena_free(&arena);
  return r;
}

/* What has to be there for this kind, or because of something else that is. */
static void check_required(struct check *c) {
  struct k8smi_path object_spec = k8smi_path_field(c->object, K8SMI_S("spec"));
  struct k8smi_path schedule = k8smi_path_field(&object_spec, K8SMI_S("schedule"));
  struct k8smi_path completions = k8smi_path_field(c->spec, K8SMI_S("completions"));
  const struct k8smi_record *cron = k8smi_get_record(c->w->object, K8SMI_CronJob_spec);
  if (c->w->kind->number == K8SM_WORKLOAD_CRON_JOB &&
      k8smi_get_str(cron, K8SMI_CronJobSpec_schedule).len == 0)
    check_find(c, K8SM_DIAG_FIELD_REQUIRED, &schedule, "Required value");
  if (c->w->kind->ends && k8smi_eqs(k8smi_get_str(c->w->spec, K8SMI_JobSpec_completionMode), "Indexed") &&
      !k8smi_has(c->w->spec, K8SMI_JobSpec_completions))
    check_find(c, K8SM_DIAG_FIELD_REQUIRED, &completions, "Required value: when completion mode is Indexed");
}

int k8smi_workload_check(const struct k8sm_workload *w, const struct k8smi_path *path,
                         struct k8smi_find_range unread, struct k8sm_diags *diags) {
  struct k8smi_path to_spec[K8SMI_WORKLOAD_STEPS], to_template[K8SMI_WORKLOAD_STEPS];
  struct check c = {w, diags, unread, path, NULL, NULL, false};
  c.spec = k8smi_workload_path(w->kind, w->kind->steps - 1, path, to_spec);
  c.template_ = k8smi_workload_path(w->kind, w->kind->steps, path, to_template);
  check_metadata(&c);
  for (size_t i = 0; i < sizeof check_rows / sizeof check_rows[0]; i++) {
    if (check_rows[i].type == w->kind->type) check_row(&c, &check_rows[i]);
  }
  check_required(&c);
  check_selector(&c);
  int r = check_pod_rules(&c);
  check_template(&c);
  return r == K8SM_OK && c.bad ? K8SM_ERR_INVALID : r;
}
