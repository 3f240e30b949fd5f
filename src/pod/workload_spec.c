/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "pod/workload.h"

#include "base/abi.h"
#include "wire/number.h"

/* Specs of workloads as structs: by table, from the path of a field to a place in the struct. */

enum spec_form { SPEC_I32, SPEC_I64, SPEC_BOOL, SPEC_TEXT, SPEC_SHARE, SPEC_WORD };
enum { SPEC_STEPS = 3, SPEC_WORDS = 4 };

/* Words of one field, by the numbers that the header gives them, from 1 on. */
struct spec_words {
  const char *words[SPEC_WORDS];
};
static const struct spec_words spec_strategy = {{"RollingUpdate", "Recreate", "OnDelete"}};
static const struct spec_words spec_management = {{"OrderedReady", "Parallel"}};
static const struct spec_words spec_claims = {{"Retain", "Delete"}};
static const struct spec_words spec_completion = {{"NonIndexed", "Indexed"}};
static const struct spec_words spec_replacement = {{"TerminatingOrFailed", "Failed"}};
static const struct spec_words spec_concurrency = {{"Allow", "Forbid", "Replace"}};

struct spec_field {
  uint16_t offset;
  uint8_t form;
  uint8_t steps;
  uint8_t path[SPEC_STEPS]; /* from the spec of the kind on */
  const struct spec_words *words;
};

#define SPEC_1(S, member, form, a)                                                                           \
  { offsetof(struct S, member), form, 1, {a}, NULL }
#define SPEC_2(S, member, form, a, b)                                                                        \
  { offsetof(struct S, member), form, 2, {a, b}, NULL }
#define SPEC_3(S, member, form, a, b, c)                                                                     \
  { offsetof(struct S, member), form, 3, {a, b, c}, NULL }
#define SPEC_W1(S, member, words, a)                                                                         \
  { offsetof(struct S, member), SPEC_WORD, 1, {a}, &words }
#define SPEC_W2(S, member, words, a, b)                                                                      \
  { offsetof(struct S, member), SPEC_WORD, 2, {a, b}, &words }

/* One line for each member. */
/* clang-format off */
static const struct spec_field spec_deployment[] = {
  SPEC_W2(k8sm_deployment_spec, strategy, spec_strategy, K8SMI_DeploymentSpec_strategy, K8SMI_DeploymentStrategy_type),
  SPEC_1(k8sm_deployment_spec, paused, SPEC_BOOL, K8SMI_DeploymentSpec_paused),
  SPEC_3(k8sm_deployment_spec, max_surge, SPEC_SHARE, K8SMI_DeploymentSpec_strategy, K8SMI_DeploymentStrategy_rollingUpdate, K8SMI_RollingUpdateDeployment_maxSurge),
  SPEC_3(k8sm_deployment_spec, max_unavailable, SPEC_SHARE, K8SMI_DeploymentSpec_strategy, K8SMI_DeploymentStrategy_rollingUpdate, K8SMI_RollingUpdateDeployment_maxUnavailable),
  SPEC_1(k8sm_deployment_spec, min_ready_seconds, SPEC_I32, K8SMI_DeploymentSpec_minReadySeconds),
  SPEC_1(k8sm_deployment_spec, progress_deadline_seconds, SPEC_I32, K8SMI_DeploymentSpec_progressDeadlineSeconds),
  SPEC_1(k8sm_deployment_spec, revision_history_limit, SPEC_I32, K8SMI_DeploymentSpec_revisionHistoryLimit),
};
static const struct spec_field spec_stateful_set[] = {
  SPEC_W1(k8sm_stateful_set_spec, pod_management, spec_management, K8SMI_StatefulSetSpec_podManagementPolicy),
  SPEC_W2(k8sm_stateful_set_spec, strategy, spec_strategy, K8SMI_StatefulSetSpec_updateStrategy, K8SMI_StatefulSetUpdateStrategy_type),
  SPEC_3(k8sm_stateful_set_spec, partition, SPEC_I32, K8SMI_StatefulSetSpec_updateStrategy, K8SMI_StatefulSetUpdateStrategy_rollingUpdate, K8SMI_RollingUpdateStatefulSetStrategy_partition),
  SPEC_3(k8sm_stateful_set_spec, max_unavailable, SPEC_SHARE, K8SMI_StatefulSetSpec_updateStrategy, K8SMI_StatefulSetUpdateStrategy_rollingUpdate, K8SMI_RollingUpdateStatefulSetStrategy_maxUnavailable),
  SPEC_1(k8sm_stateful_set_spec, min_ready_seconds, SPEC_I32, K8SMI_StatefulSetSpec_minReadySeconds),
  SPEC_2(k8sm_stateful_set_spec, first_ordinal, SPEC_I32, K8SMI_StatefulSetSpec_ordinals, K8SMI_StatefulSetOrdinals_start),
  SPEC_1(k8sm_stateful_set_spec, revision_history_limit, SPEC_I32, K8SMI_StatefulSetSpec_revisionHistoryLimit),
  SPEC_W2(k8sm_stateful_set_spec, claims_when_deleted, spec_claims, K8SMI_StatefulSetSpec_persistentVolumeClaimRetentionPolicy, K8SMI_StatefulSetPersistentVolumeClaimRetentionPolicy_whenDeleted),
  SPEC_W2(k8sm_stateful_set_spec, claims_when_scaled, spec_claims, K8SMI_StatefulSetSpec_persistentVolumeClaimRetentionPolicy, K8SMI_StatefulSetPersistentVolumeClaimRetentionPolicy_whenScaled),
  SPEC_1(k8sm_stateful_set_spec, service_name, SPEC_TEXT, K8SMI_StatefulSetSpec_serviceName),
};
static const struct spec_field spec_daemon_set[] = {
  SPEC_W2(k8sm_daemon_set_spec, strategy, spec_strategy, K8SMI_DaemonSetSpec_updateStrategy, K8SMI_DaemonSetUpdateStrategy_type),
  SPEC_1(k8sm_daemon_set_spec, min_ready_seconds, SPEC_I32, K8SMI_DaemonSetSpec_minReadySeconds),
  SPEC_3(k8sm_daemon_set_spec, max_surge, SPEC_SHARE, K8SMI_DaemonSetSpec_updateStrategy, K8SMI_DaemonSetUpdateStrategy_rollingUpdate, K8SMI_RollingUpdateDaemonSet_maxSurge),
  SPEC_3(k8sm_daemon_set_spec, max_unavailable, SPEC_SHARE, K8SMI_DaemonSetSpec_updateStrategy, K8SMI_DaemonSetUpdateStrategy_rollingUpdate, K8SMI_RollingUpdateDaemonSet_maxUnavailable),
  SPEC_1(k8sm_daemon_set_spec, revision_history_limit, SPEC_I32, K8SMI_DaemonSetSpec_revisionHistoryLimit),
};
static const struct spec_field spec_job[] = {
  SPEC_W1(k8sm_job_spec, completion_mode, spec_completion, K8SMI_JobSpec_completionMode),
  SPEC_1(k8sm_job_spec, suspend, SPEC_BOOL, K8SMI_JobSpec_suspend),
  SPEC_1(k8sm_job_spec, parallelism, SPEC_I32, K8SMI_JobSpec_parallelism),
  SPEC_1(k8sm_job_spec, completions, SPEC_I32, K8SMI_JobSpec_completions),
  SPEC_1(k8sm_job_spec, backoff_limit, SPEC_I32, K8SMI_JobSpec_backoffLimit),
  SPEC_1(k8sm_job_spec, backoff_limit_per_index, SPEC_I32, K8SMI_JobSpec_backoffLimitPerIndex),
  SPEC_1(k8sm_job_spec, max_failed_indexes, SPEC_I32, K8SMI_JobSpec_maxFailedIndexes),
  SPEC_1(k8sm_job_spec, ttl_seconds_after_finished, SPEC_I32, K8SMI_JobSpec_ttlSecondsAfterFinished),
  SPEC_1(k8sm_job_spec, active_deadline_seconds, SPEC_I64, K8SMI_JobSpec_activeDeadlineSeconds),
  SPEC_1(k8sm_job_spec, manual_selector, SPEC_BOOL, K8SMI_JobSpec_manualSelector),
  SPEC_W1(k8sm_job_spec, pod_replacement, spec_replacement, K8SMI_JobSpec_podReplacementPolicy),
};
static const struct spec_field spec_cron_job[] = {
  SPEC_W1(k8sm_cron_job_spec, concurrency, spec_concurrency, K8SMI_CronJobSpec_concurrencyPolicy),
  SPEC_1(k8sm_cron_job_spec, suspend, SPEC_BOOL, K8SMI_CronJobSpec_suspend),
  SPEC_1(k8sm_cron_job_spec, starting_deadline_seconds, SPEC_I64, K8SMI_CronJobSpec_startingDeadlineSeconds),
  SPEC_1(k8sm_cron_job_spec, successful_jobs_history_limit, SPEC_I32, K8SMI_CronJobSpec_successfulJobsHistoryLimit),
  SPEC_1(k8sm_cron_job_spec, failed_jobs_history_limit, SPEC_I32, K8SMI_CronJobSpec_failedJobsHistoryLimit),
  SPEC_1(k8sm_cron_job_spec, schedule, SPEC_TEXT, K8SMI_CronJobSpec_schedule),
  SPEC_1(k8sm_cron_job_spec, time_zone, SPEC_TEXT, K8SMI_CronJobSpec_timeZone),
};
/* clang-format on */

static struct k8sm_share spec_share(const struct k8smi_record *record, unsigned field) {
  struct k8smi_int_or_string value = k8smi_get_int_or_string(record, field);
  struct k8sm_share share = {-1, 0};
  uint64_t percent = 0;
  if (!k8smi_has(record, field)) return share;
  if (value.text.ptr == NULL) {
    if (value.number >= 0 && value.number <= INT32_MAX) share.value = (int32_t)value.number;
    return share;
  }
  struct k8sm_slice digits = {value.text.ptr, value.text.len == 0 ? 0 : value.text.len - 1};
  if (value.text.len < 2 || value.text.ptr[digits.len] != '%' || !k8smi_parse_u64(digits, &percent) ||
      percent > INT32_MAX)
    return share;
  return (struct k8sm_share){(int32_t)percent, 1};
}

static uint32_t spec_word(const struct spec_words *of, struct k8sm_slice word) {
  for (uint32_t i = 0; i < SPEC_WORDS && of->words[i] != NULL; i++) {
    if (k8smi_eqs(word, of->words[i])) return i + 1;
  }
  return 0;
}

/* A number that is no pointer in Go is 0 where it is not set. */
static void spec_put(const struct spec_field *f, unsigned type, const struct k8smi_record *record, char *to) {
  unsigned field = f->path[f->steps - 1];
  int64_t number =
      k8smi_get_i64(record, field, k8smi_types[type].fields[field].mode == K8SMI_MODE_PTR ? -1 : 0);
  int32_t small = (int32_t)number;
  uint32_t word;
  struct k8sm_share share;
  struct k8sm_slice text;
  switch (f->form) {
  case SPEC_I32: memcpy(to, &small, sizeof small); break;
  case SPEC_I64: memcpy(to, &number, sizeof number); break;
  case SPEC_BOOL:
    word = k8smi_get_bool(record, field, false);
    memcpy(to, &word, sizeof word);
    break;
  case SPEC_TEXT:
    text = k8smi_get_str(record, field);
    memcpy(to, &text, sizeof text);
    break;
  case SPEC_SHARE:
    share = spec_share(record, field);
    memcpy(to, &share, sizeof share);
    break;
  default:
    word = spec_word(f->words, k8smi_get_str(record, field));
    memcpy(to, &word, sizeof word);
    break;
  }
}

#define SPEC_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int spec_read(unsigned type, const struct k8smi_record *spec, const struct spec_field *fields,
                     size_t count, void *row, size_t known, void *ret) {
  memcpy(row, &known, sizeof known); /* `size` is first in all of them */
  for (size_t i = 0; i < count; i++) {
    const struct k8smi_record *at = spec;
    unsigned of = type;
    for (unsigned step = 0; step + 1 < fields[i].steps; step++) {
      at = k8smi_get_record(at, fields[i].path[step]);
      of = k8smi_types[of].fields[fields[i].path[step]].child;
    }
    spec_put(&fields[i], of, at, (char *)row + fields[i].offset);
  }
  return k8smi_struct_write(ret, row, known);
}

int k8sm_workload_get_deployment(const struct k8sm_workload *w, struct k8sm_deployment_spec *ret) {
  struct k8sm_deployment_spec row = {0};
  if (w->kind->number != K8SM_WORKLOAD_DEPLOYMENT) return K8SM_ERR_NOT_FOUND;
  return spec_read(K8SMI_TYPE_DeploymentSpec, w->spec, spec_deployment, SPEC_COUNT(spec_deployment), &row,
                   sizeof row, ret);
}

int k8sm_workload_get_stateful_set(const struct k8sm_workload *w, struct k8sm_stateful_set_spec *ret) {
  struct k8sm_stateful_set_spec row = {0};
  if (w->kind->number != K8SM_WORKLOAD_STATEFUL_SET) return K8SM_ERR_NOT_FOUND;
  return spec_read(K8SMI_TYPE_StatefulSetSpec, w->spec, spec_stateful_set, SPEC_COUNT(spec_stateful_set),
                   &row, sizeof row, ret);
}

int k8sm_workload_get_daemon_set(const struct k8sm_workload *w, struct k8sm_daemon_set_spec *ret) {
  struct k8sm_daemon_set_spec row = {0};
  if (w->kind->number != K8SM_WORKLOAD_DAEMON_SET) return K8SM_ERR_NOT_FOUND;
  return spec_read(K8SMI_TYPE_DaemonSetSpec, w->spec, spec_daemon_set, SPEC_COUNT(spec_daemon_set), &row,
                   sizeof row, ret);
}

int k8sm_workload_get_job(const struct k8sm_workload *w, struct k8sm_job_spec *ret) {
  struct k8sm_job_spec row = {0};
  if (!w->kind->ends) return K8SM_ERR_NOT_FOUND;
  return spec_read(K8SMI_TYPE_JobSpec, w->spec, spec_job, SPEC_COUNT(spec_job), &row, sizeof row, ret);
}

int k8sm_workload_get_cron_job(const struct k8sm_workload *w, struct k8sm_cron_job_spec *ret) {
  struct k8sm_cron_job_spec row = {0};
  if (w->kind->number != K8SM_WORKLOAD_CRON_JOB) return K8SM_ERR_NOT_FOUND;
  return spec_read(K8SMI_TYPE_CronJobSpec, k8smi_get_record(w->object, K8SMI_CronJob_spec), spec_cron_job,
                   SPEC_COUNT(spec_cron_job), &row, sizeof row, ret);
}
