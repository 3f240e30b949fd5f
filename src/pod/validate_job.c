/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload_check.h"

#include "pod/schedule.h"

/* Jobs and CronJobs: https://kubernetes.io/docs/concepts/workloads/controllers/job/ */

enum {
  JOB_PARALLELISM_MAX = 100000, /* of indexed Jobs */
  JOB_FAILED_INDEXES_MAX = 100000,
  JOB_MANY_COMPLETIONS = 100000, /* above, and with a limit per index, there are tighter limits */
  JOB_MANY_PARALLELISM_MAX = 10000,
  JOB_MANY_FAILED_INDEXES_MAX = 10000,
  JOB_MANAGER_MAX = 63,
  JOB_ZONE_PART_MAX = 14,
};
#define JOB_LIMIT(n, when) "must be less than or equal to " #n when
#define JOB_WHEN_MANY      " when completions are above 100000 and used with backoff limit per index"

static const struct k8smi_field_rule job_numbers[] = {
    K8SMI_RULE_NOT_NEGATIVE(JobSpec, parallelism),
    K8SMI_RULE_NOT_NEGATIVE(JobSpec, completions),
    K8SMI_RULE_NOT_NEGATIVE(JobSpec, activeDeadlineSeconds),
    K8SMI_RULE_NOT_NEGATIVE(JobSpec, backoffLimit),
    K8SMI_RULE_NOT_NEGATIVE(JobSpec, ttlSecondsAfterFinished),
    K8SMI_RULE_NOT_NEGATIVE(JobSpec, backoffLimitPerIndex),
    K8SMI_RULE_NOT_NEGATIVE(JobSpec, maxFailedIndexes),
};

/* A number of the spec; -1: not set. Where it is more than it may be, a finding. */
struct job_number {
  struct k8smi_path path;
  bool is_set;
  int64_t value;
};

static struct job_number job_number(const struct k8smi_record *spec, struct k8smi_at at,
                                    const struct k8smi_path *parent) {
  return (struct job_number){k8smi_path_at(parent, at), k8smi_has(spec, at.field),
                             k8smi_get_i64(spec, at.field, -1)};
}

static void job_at_most(struct k8smi_check *c, const struct job_number *number, int64_t most,
                        const char *detail) {
  if (number->is_set && number->value > most)
    k8smi_check_invalid(c, &number->path, k8smi_v_number(number->value), detail);
}

/* "DOMAIN/PATH": who looks after the Job in place of its controller. */
static void job_manager(struct k8smi_check *c, const struct k8smi_record *spec,
                        const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_PATH(parent, JobSpec, managedBy);
  struct k8sm_slice name = k8smi_get_str(spec, K8SMI_JobSpec_managedBy);
  if (!k8smi_has(spec, K8SMI_JobSpec_managedBy)) return;
  const char *slash = name.len == 0 ? NULL : memchr(name.ptr, '/', name.len);
  size_t domain = slash == NULL ? 0 : (size_t)(slash - name.ptr);
  if (name.len == 0) {
    k8smi_check_required(c, &path, NULL);
  } else if (domain == 0 || domain + 1 == name.len) {
    k8smi_check_invalid(c, &path, k8smi_v_text(name),
                        "must be a domain-prefixed path (such as \"acme.io/foo\")");
  } else {
    k8smi_check_format(c, &path, (struct k8sm_slice){name.ptr, domain}, k8smi_format_subdomain);
    k8smi_check_format(c, &path, (struct k8sm_slice){slash + 1, name.len - domain - 1},
                       k8smi_format_http_path);
  }
  if (name.len > JOB_MANAGER_MAX) k8smi_check_too_long(c, &path, JOB_MANAGER_MAX);
}

static void job_indexed(struct k8smi_check *c, const struct k8smi_record *spec,
                        const struct k8smi_path *path) {
  struct job_number completions = job_number(spec, K8SMI_F(JobSpec, completions), path),
                    parallelism = job_number(spec, K8SMI_F(JobSpec, parallelism), path),
                    failed = job_number(spec, K8SMI_F(JobSpec, maxFailedIndexes), path);
  if (!completions.is_set) k8smi_check_required(c, &completions.path, "when completion mode is Indexed");
  job_at_most(c, &parallelism, JOB_PARALLELISM_MAX, JOB_LIMIT(100000, " when completion mode is Indexed"));
  if (completions.is_set)
    job_at_most(c, &failed, completions.value, "must be less than or equal to completions");
  job_at_most(c, &failed, JOB_FAILED_INDEXES_MAX, JOB_LIMIT(100000, ""));
  if (completions.value <= JOB_MANY_COMPLETIONS || !k8smi_has(spec, K8SMI_JobSpec_backoffLimitPerIndex))
    return;
  if (!failed.is_set)
    k8smi_check_required(c, &failed.path, "must be specified when completions is above 100000");
  job_at_most(c, &parallelism, JOB_MANY_PARALLELISM_MAX, JOB_LIMIT(10000, JOB_WHEN_MANY));
  job_at_most(c, &failed, JOB_MANY_FAILED_INDEXES_MAX, JOB_LIMIT(10000, JOB_WHEN_MANY));
}

static void job_mode(struct k8smi_check *c, const struct k8smi_record *spec, const struct k8smi_path *path) {
  static const char *const modes[] = {"NonIndexed", "Indexed", NULL};
  static const struct k8smi_field_rule mode = {K8SMI_RULE_WORD_IF_SET,
                                               K8SMI_AT_FIELD(JobSpec, completionMode), .words = modes};
  struct job_number per_index = job_number(spec, K8SMI_F(JobSpec, backoffLimitPerIndex), path),
                    failed = job_number(spec, K8SMI_F(JobSpec, maxFailedIndexes), path);
  struct k8sm_slice word = k8smi_get_str(spec, K8SMI_JobSpec_completionMode);
  k8smi_check_rule(c, spec, &mode, path);
  if (k8smi_eqs(word, "Indexed")) job_indexed(c, spec, path);
  if (k8smi_has(spec, K8SMI_JobSpec_completionMode) && !k8smi_eqs(word, "NonIndexed")) return;
  job_at_most(c, &per_index, INT64_MIN, "requires indexed completion mode");
  job_at_most(c, &failed, INT64_MIN, "requires indexed completion mode");
}

static void job_replacement(struct k8smi_check *c, const struct k8smi_record *spec,
                            const struct k8smi_path *path) {
  static const char *const policies[] = {"Failed", "TerminatingOrFailed", NULL};
  static const char *const with_failure_policy[] = {"Failed", NULL};
  bool failure = k8smi_has(spec, K8SMI_JobSpec_podFailurePolicy);
  const struct k8smi_field_rule rule = {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(JobSpec, podReplacementPolicy),
                                        .words = failure ? with_failure_policy : policies};
  k8smi_check_rule(c, spec, &rule, path);
}

/* Its pods must come to an end. */
static void job_restart(struct k8smi_check *c, const struct k8smi_record *spec,
                        const struct k8smi_record *template_, const struct k8smi_path *path) {
  static const char *const policies[] = {"OnFailure", "Never", NULL};
  struct k8sm_slice policy =
      k8smi_get_str(k8smi_get_record(template_, K8SMI_PodTemplateSpec_spec), K8SMI_PodSpec_restartPolicy);
  struct k8smi_path of_template = K8SMI_PATH(path, JobSpec, template),
                    of_pod = K8SMI_PATH(&of_template, PodTemplateSpec, spec),
                    at = K8SMI_PATH(&of_pod, PodSpec, restartPolicy);
  if (policy.len == 0 || k8smi_eqs(policy, "Always")) {
    k8smi_check_required(c, &at, "valid values: \"OnFailure\", \"Never\"");
  } else if (!k8smi_is_among(policy, policies)) {
    k8smi_check_unsupported(c, &at, k8smi_v_word(policy), policies);
  } else if (k8smi_has(spec, K8SMI_JobSpec_podFailurePolicy) && !k8smi_eqs(policy, "Never")) {
    k8smi_check_invalid(c, &at, k8smi_v_word(policy),
                        "only \"Never\" is supported when podFailurePolicy is specified");
  }
}

void k8smi_check_job_spec(struct k8smi_check *c, const struct k8smi_record *spec,
                          const struct k8smi_record *template_, const struct k8smi_path *path) {
  struct k8smi_path of_template = K8SMI_PATH(path, JobSpec, template),
                    per_index = K8SMI_PATH(path, JobSpec, backoffLimitPerIndex);
  K8SMI_CHECK_RULES(c, spec, job_numbers, path);
  if (k8smi_has(spec, K8SMI_JobSpec_maxFailedIndexes) && !k8smi_has(spec, K8SMI_JobSpec_backoffLimitPerIndex))
    k8smi_check_required(c, &per_index, "when maxFailedIndexes is specified");
  job_manager(c, spec, path);
  job_mode(c, spec, path);
  k8smi_check_failure_policy(c, spec, path);
  k8smi_check_success_policy(c, spec, path);
  job_replacement(c, spec, path);
  k8smi_check_template(c, template_, &of_template);
  job_restart(c, spec, template_, path);
}

/* ---- CronJobs: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ ---- */

static bool job_mentions_zone(struct k8sm_slice schedule) {
  for (size_t i = 0; i + 1 < schedule.len; i++) {
    if (schedule.ptr[i] == 'T' && schedule.ptr[i + 1] == 'Z') return true;
  }
  return false;
}

/* Schedules once had zones, and those that have one stay as they are. */
static void job_schedule(struct k8smi_check *c, struct k8sm_slice schedule, bool has_zone,
                         const struct k8smi_path *path) {
  struct k8smi_schedule read;
  if (schedule.len == 0) return;
  k8smi_buf_clear(&c->detail);
  if (!k8smi_schedule_read(schedule, &read, &c->detail)) {
    k8smi_buf_putc(&c->detail, '\0');
    k8smi_check_invalid(c, path, k8smi_v_text(schedule), c->detail.failed ? "" : c->detail.ptr);
  }
  c->no_memory = c->no_memory || c->detail.failed;
  if (job_mentions_zone(schedule) && (has_zone || !c->is_stored))
    k8smi_check_invalid(c, path, k8smi_v_text(schedule),
                        c->is_stored ? "cannot use both timeZone field and TZ or CRON_TZ in schedule"
                                     : "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
}

/* A part of a zone's name between slashes. */
static bool job_is_zone_part(struct k8sm_slice part) {
  if (part.len == 0 || part.len > JOB_ZONE_PART_MAX || part.ptr[0] == '-' || k8smi_eqs(part, ".") ||
      k8smi_eqs(part, ".."))
    return false;
  for (size_t i = 0; i < part.len; i++) {
    char ch = part.ptr[i];
    bool letter = ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') || (ch >= '0' && ch <= '9');
    if (!letter && (ch == '\0' || strchr(".-_+", ch) == NULL)) return false;
  }
  return true;
}

static bool job_is_zone(struct k8sm_slice name) {
  for (size_t from = 0, i = 0; i <= name.len; i++) {
    if (i < name.len && name.ptr[i] != '/') continue;
    if (!job_is_zone_part((struct k8sm_slice){name.ptr + from, i - from})) return false;
    from = i + 1;
  }
  return true;
}

static void job_time_zone(struct k8smi_check *c, const struct k8smi_record *spec,
                          const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_PATH(parent, CronJobSpec, timeZone);
  struct k8sm_slice zone = k8smi_get_str(spec, K8SMI_CronJobSpec_timeZone);
  if (!k8smi_has(spec, K8SMI_CronJobSpec_timeZone) || c->is_stored) return;
  struct k8sm_slice lower = k8smi_check_lower(c, zone);
  if (zone.len == 0) {
    k8smi_check_invalid(c, &path, k8smi_v_word(zone), "timeZone must be nil or non-empty string");
  } else if (k8smi_eqs(lower, "local")) {
    k8smi_check_invalid(
        c, &path, k8smi_v_word(zone),
        "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
    if (!k8smi_eqs(zone, "Local"))
      k8smi_check_invalid(c, &path, k8smi_v_word(zone),
                          k8smi_check_text(c, "unknown time zone %.*s", K8SMI_P(zone)));
  } else if (!job_is_zone(zone) || !k8smi_time_zone_known(zone)) {
    k8smi_check_invalid(c, &path, k8smi_v_word(zone),
                        k8smi_check_text(c, "unknown time zone %.*s", K8SMI_P(zone)));
  }
}

/* A template's selector is made when a Job is. */
static void job_template(struct k8smi_check *c, const struct k8smi_record *spec,
                         const struct k8smi_path *path) {
  static const char *const no[] = {"nil", "false", NULL};
  const struct k8smi_record *selector = k8smi_get_record(spec, K8SMI_JobSpec_selector);
  struct k8smi_path of_selector = K8SMI_PATH(path, JobSpec, selector),
                    manual = K8SMI_PATH(path, JobSpec, manualSelector);
  k8smi_check_job_spec(c, spec, k8smi_get_record(spec, K8SMI_JobSpec_template), path);
  if (selector != NULL)
    k8smi_check_invalid(c, &of_selector, k8smi_v_json(c, K8SMI_TYPE_LabelSelector, selector),
                        "`selector` will be auto-generated");
  if (k8smi_get_bool(spec, K8SMI_JobSpec_manualSelector, false))
    k8smi_check_unsupported(c, &manual, K8SMI_V_TRUE, no);
}

void k8smi_check_cron_job_spec(struct k8smi_check *c, const struct k8smi_record *spec,
                               const struct k8smi_path *path) {
  static const char *const policies[] = {"Allow", "Forbid", "Replace", NULL};
  static const struct k8smi_field_rule deadline =
      K8SMI_RULE_NOT_NEGATIVE(CronJobSpec, startingDeadlineSeconds);
  static const struct k8smi_field_rule policy = {
      K8SMI_RULE_WORD_REQUIRED, K8SMI_AT_FIELD(CronJobSpec, concurrencyPolicy), .words = policies};
  static const struct k8smi_field_rule limits[] = {
      K8SMI_RULE_NOT_NEGATIVE(CronJobSpec, successfulJobsHistoryLimit),
      K8SMI_RULE_NOT_NEGATIVE(CronJobSpec, failedJobsHistoryLimit),
  };
  struct k8smi_path schedule = K8SMI_PATH(path, CronJobSpec, schedule),
                    of_template = K8SMI_PATH(path, CronJobSpec, jobTemplate),
                    of_job = K8SMI_PATH(&of_template, JobTemplateSpec, spec);
  const struct k8smi_record *template_ = k8smi_get_record(spec, K8SMI_CronJobSpec_jobTemplate);
  job_schedule(c, k8smi_get_str(spec, K8SMI_CronJobSpec_schedule),
               k8smi_has(spec, K8SMI_CronJobSpec_timeZone), &schedule);
  k8smi_check_rule(c, spec, &deadline, path);
  job_time_zone(c, spec, path);
  k8smi_check_rule(c, spec, &policy, path);
  job_template(c, k8smi_get_record(template_, K8SMI_JobTemplateSpec_spec), &of_job);
  K8SMI_CHECK_RULES(c, spec, limits, path);
}
