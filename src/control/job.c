/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include <stdio.h>

#include "wire/number.h"

/* Jobs: pods until enough of them have succeeded, or too many have failed.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/ */

enum {
  JOB_FIRST_BACKOFF_MS = 10000,
  JOB_LAST_BACKOFF_MS = 600000,
  JOB_BURST = 500,
  JOB_ENDED = 500 /* pods that are kept when they have ended */
};

/* A look at one. */
struct job {
  struct k8sm_control *c;
  struct ctl_object *o;
  struct k8sm_job_spec spec;
  bool indexed, per_index;
  struct ctl_indexes succeeded, failed; /* of an indexed one */
  int64_t active, ready, terminating, ended;
  const char *reason; /* why it fails, or has succeeded; NULL: it goes on */
  bool success;
  char message[600];
};

/* ---- What there is ---- */

static bool job_only_failed(const struct job *j) {
  return j->spec.pod_replacement == K8SM_REPLACE_FAILED;
}

/* One that is to go counts as failed at once, unless the Job waits until it has. */
static bool job_pod_failed(const struct job *j, const struct ctl_pod *p) {
  if (p->phase == CTL_FAILED || p->phase == CTL_SUCCEEDED) return p->phase == CTL_FAILED;
  return !p->surplus && (p->gone || (p->deleting && !job_only_failed(j)));
}

static int64_t job_note(const struct ctl_pod *p, const char *key) {
  const struct k8smi_record *metadata = k8smi_get_record(k8smi_pod_record(p->pod), K8SMI_Pod_metadata);
  struct k8sm_slice text = k8smi_get_pair(metadata, K8SMI_ObjectMeta_annotations, key);
  int64_t number = 0;
  return text.ptr != NULL && k8smi_parse_i64(text, &number) ? number : 0;
}

static int64_t job_failures(const struct ctl_pod *p) {
  return job_note(p, "batch.kubernetes.io/job-index-failure-count");
}

static int64_t job_ignored(const struct ctl_pod *p) {
  return job_note(p, "batch.kubernetes.io/job-index-ignored-failure-count");
}

static bool job_has_index(const struct job *j, const struct ctl_pod *p) {
  return !j->indexed || (p->number >= 0 && p->number < j->spec.completions);
}

/* Why the Job fails, the first of the reasons. */
static void job_fail(struct job *j, const char *reason, const char *message) {
  if (j->reason != NULL) return;
  j->reason = reason;
  snprintf(j->message, sizeof j->message, "%s", message);
}

static void job_count_failed(struct job *j, struct ctl_pod *p) {
  char message[sizeof j->message];
  enum ctl_verdict verdict = k8smi_ctl_job_verdict(j->o, p, message, sizeof message);
  if (verdict == CTL_FAIL_JOB) job_fail(j, "PodFailurePolicy", message);
  if (verdict == CTL_IGNORE_FAILURE || !job_has_index(j, p)) return;
  if (j->per_index && (verdict == CTL_FAIL_INDEX || job_failures(p) >= j->spec.backoff_limit_per_index))
    k8smi_ctl_indexes_add(&j->failed, p->number);
  j->o->counts.failed += !p->counted;
  p->counted = true;
}

static void job_count(struct job *j) {
  for (struct ctl_pod *p = j->o->pods; p != NULL; p = p->next) {
    if (p->phase == CTL_SUCCEEDED && job_has_index(j, p)) {
      if (j->indexed) k8smi_ctl_indexes_add(&j->succeeded, p->number);
      if (!j->indexed && !p->counted) j->o->counts.succeeded++;
      p->counted = true;
    } else if (job_pod_failed(j, p)) {
      job_count_failed(j, p);
    }
    j->ended += k8smi_ctl_pod_ended(p) && !p->deleting;
    j->terminating += p->deleting && !p->gone && !k8smi_ctl_pod_ended(p);
    if (!k8smi_ctl_pod_active(p)) continue;
    j->active++;
    j->ready += p->ready;
  }
  if (j->indexed) j->o->counts.succeeded = j->succeeded.total;
}

static int job_begin(struct job *j) {
  j->spec.size = sizeof j->spec;
  k8smi_ctl_sure(k8sm_workload_get_job(j->o->workload, &j->spec));
  j->indexed = j->spec.completion_mode == K8SM_COMPLETION_INDEXED && j->spec.completions >= 0;
  j->per_index = j->indexed && j->spec.backoff_limit_per_index >= 0;
  if (!j->indexed) return K8SM_OK;
  int r = k8smi_ctl_indexes_new(j->c, &j->succeeded, j->spec.completions);
  if (r == K8SM_OK) r = k8smi_ctl_indexes_new(j->c, &j->failed, j->spec.completions);
  if (r != K8SM_OK) return r;
  k8smi_ctl_indexes_read(&j->succeeded, k8smi_ctl_text(&j->o->completed_indexes));
  k8smi_ctl_indexes_read(&j->failed, k8smi_ctl_text(&j->o->failed_indexes));
  return K8SM_OK;
}

/* ---- Is it over? ---- */

/* Containers that start again count against the limit, too. */
static bool job_restarts_too_often(const struct job *j) {
  const struct k8smi_record *spec = k8smi_get_record(j->o->workload->template_, K8SMI_PodTemplateSpec_spec);
  int64_t restarts = 0;
  if (!k8smi_eqs(k8smi_get_str(spec, K8SMI_PodSpec_restartPolicy), "OnFailure")) return false;
  for (const struct ctl_pod *p = j->o->pods; p != NULL; p = p->next)
    restarts += p->phase == CTL_RUNNING || p->phase == CTL_PENDING ? p->restarts : 0;
  return j->spec.backoff_limit == 0 ? restarts > 0 : restarts >= j->spec.backoff_limit;
}

static void job_judge_time(struct job *j) {
  if (j->spec.active_deadline_seconds < 0 || j->spec.suspend || j->o->counts.start_ms == 0) return;
  int64_t end = j->o->counts.start_ms + j->spec.active_deadline_seconds * 1000;
  if (end <= j->c->wall_ms)
    job_fail(j, "DeadlineExceeded", "Job was active longer than specified deadline");
  else
    k8smi_ctl_due(j->c, j->o, end);
}

static void job_judge_indexes(struct job *j) {
  if (j->per_index && j->spec.max_failed_indexes >= 0 && j->failed.total > j->spec.max_failed_indexes)
    job_fail(j, "MaxFailedIndexesExceeded",
             "Job has exceeded the specified maximal number of failed indexes");
  if (j->per_index && j->failed.total > 0 && j->failed.total + j->succeeded.total >= j->spec.completions)
    job_fail(j, "FailedIndexes", "Job has failed indexes");
  int64_t rule = j->reason == NULL && j->indexed ? k8smi_ctl_job_success(j->o, &j->succeeded) : -1;
  if (rule < 0) return;
  snprintf(j->message, sizeof j->message, "Matched rules at index %lld", (long long)rule);
  j->reason = "SuccessPolicy";
  j->success = true;
}

/* What was decided once stays so. */
static void job_judge(struct job *j) {
  const struct ctl_condition *met = k8smi_ctl_condition(j->o, "SuccessCriteriaMet");
  const struct ctl_condition *target = k8smi_ctl_condition(j->o, "FailureTarget");
  const struct ctl_condition *known = met != NULL ? met : target;
  if (known != NULL) {
    j->success = met != NULL;
    j->reason = known->reason.ptr;
    snprintf(j->message, sizeof j->message, "%s", known->message.ptr);
    return;
  }
  bool limited = j->spec.backoff_limit >= 0; /* an object that was read without defaults may have no limit */
  if (limited && (j->o->counts.failed > j->spec.backoff_limit || job_restarts_too_often(j)))
    job_fail(j, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
  job_judge_time(j);
  job_judge_indexes(j);
}

static bool job_is_complete(const struct job *j) {
  const struct ctl_counts *n = &j->o->counts;
  return j->active == 0 && (j->spec.completions < 0 ? n->succeeded > 0 : n->succeeded >= j->spec.completions);
}

static int job_end_active(struct job *j, bool surplus) {
  int r = K8SM_OK;
  for (struct ctl_pod *p = j->o->pods, *next; r == K8SM_OK && p != NULL; p = next) {
    next = p->next;
    if (!k8smi_ctl_pod_active(p)) continue;
    j->terminating += !p->planned;
    p->surplus |= surplus;
    r = k8smi_ctl_end(j->c, j->o, p);
    j->active--;
  }
  if (r == K8SM_OK) j->ready = 0;
  return r;
}

/* First the condition that says how it ends; the last one when no pod of it runs any more. */
static int job_finish(struct job *j) {
  struct ctl_object *o = j->o;
  const char *first = j->success ? "SuccessCriteriaMet" : "FailureTarget";
  const char *last = j->success ? "Complete" : "Failed";
  int r = k8smi_ctl_condition_set(j->c, o, first, CTL_TRUE, j->reason, k8smi_s(j->message));
  if (r == K8SM_OK) r = job_end_active(j, false);
  if (r != K8SM_OK || j->terminating > 0) return r;
  r = j->success ? k8smi_ctl_event(j->c, o->key, "Completed", "Job completed")
                 : k8smi_ctl_event(j->c, o->key, j->reason, "%s", j->message);
  if (r == K8SM_OK) r = k8smi_ctl_condition_set(j->c, o, last, CTL_TRUE, j->reason, k8smi_s(j->message));
  if (r == K8SM_OK && j->success) o->counts.completion_ms = j->c->wall_ms;
  return r;
}

/* ---- It goes on ---- */

static int64_t job_wait(int64_t failures) {
  if (failures <= 0) return 0;
  int64_t wait = failures > 7 ? JOB_LAST_BACKOFF_MS : (int64_t)JOB_FIRST_BACKOFF_MS << (failures - 1);
  return wait < JOB_LAST_BACKOFF_MS ? wait : JOB_LAST_BACKOFF_MS;
}

/* When new pods may come, after those that failed since the last that succeeded. */
static int64_t job_backoff_end(const struct job *j) {
  int64_t success = 0, last = 0, failures = 0;
  for (const struct ctl_pod *p = j->o->pods; p != NULL; p = p->next) {
    if (p->phase == CTL_SUCCEEDED && p->finished_ms > success) success = p->finished_ms;
  }
  for (const struct ctl_pod *p = j->o->pods; p != NULL; p = p->next) {
    if (p->phase != CTL_FAILED || p->finished_ms < success) continue;
    failures++;
    if (p->finished_ms > last) last = p->finished_ms;
  }
  return last + job_wait(failures);
}

/* The last pod of the index that failed; NULL: none has. */
static const struct ctl_pod *job_last_of(const struct job *j, int64_t index) {
  const struct ctl_pod *last = NULL;
  for (const struct ctl_pod *p = j->o->pods; p != NULL; p = p->next) {
    if (p->number == index && job_pod_failed(j, p) && (last == NULL || p->finished_ms >= last->finished_ms))
      last = p;
  }
  return last;
}

/* *made: false if nothing more can be made now. */
static int job_make_index(struct job *j, int64_t index, bool *made) {
  struct k8sm_instance_options options = {.size = sizeof options, .ordinal = (uint32_t)index};
  struct ctl_pod *pod = NULL;
  const struct ctl_pod *last = j->per_index ? job_last_of(j, index) : NULL;
  *made = true;
  if (last != NULL) {
    char unused[sizeof j->message];
    bool ignored = k8smi_ctl_job_verdict(j->o, last, unused, sizeof unused) == CTL_IGNORE_FAILURE;
    int64_t failures = job_failures(last) + !ignored, passed = job_ignored(last) + ignored;
    int64_t end = last->finished_ms + job_wait(failures + passed);
    if (last->finished_ms > 0 && end > j->c->wall_ms) {
      k8smi_ctl_due(j->c, j->o, end);
      return K8SM_OK;
    }
    options.index_failures = (uint32_t)failures;
    options.index_ignored = (uint32_t)passed;
  }
  int r = k8smi_ctl_make(j->c, j->o, j->o->workload, &options, &pod);
  *made = pod != NULL;
  j->active += pod != NULL;
  return r;
}

/* The lowest indexes that neither have ended nor have a pod. */
static int job_make_indexes(struct job *j, int64_t n) {
  struct ctl_indexes busy;
  bool made = true;
  int r = k8smi_ctl_indexes_new(j->c, &busy, j->spec.completions);
  for (const struct ctl_pod *p = j->o->pods; r == K8SM_OK && p != NULL; p = p->next) {
    bool goes = p->deleting && !k8smi_ctl_pod_ended(p) && (job_only_failed(j) || j->per_index);
    if (k8smi_ctl_pod_active(p) || goes) k8smi_ctl_indexes_add(&busy, p->number);
  }
  for (int64_t i = 0; r == K8SM_OK && made && n > 0 && i < j->spec.completions; i++) {
    if (k8smi_ctl_indexes_has(&j->succeeded, i) || k8smi_ctl_indexes_has(&j->failed, i) ||
        k8smi_ctl_indexes_has(&busy, i))
      continue;
    r = job_make_index(j, i, &made);
    n--;
  }
  k8smi_ctl_indexes_free(j->c, &busy);
  return r;
}

static int job_make(struct job *j, int64_t n) {
  int64_t end = j->per_index ? 0 : job_backoff_end(j);
  if (j->o->retry_ms > end) end = j->o->retry_ms;
  if (end > j->c->wall_ms) {
    k8smi_ctl_due(j->c, j->o, end);
    return K8SM_OK;
  }
  if (n > JOB_BURST) {
    n = JOB_BURST;
    k8smi_ctl_due(j->c, j->o, j->c->wall_ms);
  }
  if (j->indexed) return job_make_indexes(j, n);
  size_t before = j->o->pod_count;
  int r = k8smi_ctl_make_many(j->c, j->o, n);
  j->active += (int64_t)(j->o->pod_count - before);
  return r;
}

/* Those of an index that has another pod, or is beyond the last one, go first. */
static int job_end_surplus(struct job *j, int64_t n) {
  struct ctl_indexes seen = {.bits = NULL};
  int r = j->indexed ? k8smi_ctl_indexes_new(j->c, &seen, j->spec.completions) : K8SM_OK;
  for (struct ctl_pod *p = j->o->pods, *next; r == K8SM_OK && j->indexed && p != NULL; p = next) {
    bool twice = k8smi_ctl_indexes_has(&seen, p->number) || !job_has_index(j, p);
    next = p->next;
    if (!k8smi_ctl_pod_active(p)) continue;
    k8smi_ctl_indexes_add(&seen, p->number);
    if (!twice) continue;
    p->surplus = true;
    j->active--;
    n--;
    r = k8smi_ctl_end(j->c, j->o, p);
  }
  k8smi_ctl_indexes_free(j->c, &seen);
  if (r != K8SM_OK || n <= 0) return r;
  j->active -= n;
  return k8smi_ctl_end_many(j->c, j->o, n, true);
}

static int job_suspend(struct job *j) {
  int r = job_end_active(j, true);
  if (r != K8SM_OK || k8smi_ctl_condition_is(j->o, "Suspended", CTL_TRUE)) return r;
  r = k8smi_ctl_event(j->c, j->o->key, "Suspended", "Job suspended");
  if (r == K8SM_OK)
    r = k8smi_ctl_condition_set(j->c, j->o, "Suspended", CTL_TRUE, "JobSuspended", K8SMI_S("Job suspended"));
  j->o->counts.start_ms = 0;
  return r;
}

static int job_resume(struct job *j) {
  if (!k8smi_ctl_condition_is(j->o, "Suspended", CTL_TRUE)) return K8SM_OK;
  int r = k8smi_ctl_event(j->c, j->o->key, "Resumed", "Job resumed");
  return r != K8SM_OK ? r
                      : k8smi_ctl_condition_set(j->c, j->o, "Suspended", CTL_FALSE, "JobResumed",
                                                K8SMI_S("Job resumed"));
}

static int job_manage(struct job *j) {
  int64_t left = j->spec.completions - j->o->counts.succeeded, wanted = j->spec.parallelism;
  int64_t terminating = job_only_failed(j) ? j->terminating : 0;
  if (j->spec.suspend) return job_suspend(j);
  if (j->spec.completions < 0 && j->o->counts.succeeded > 0) wanted = j->active;
  if (j->spec.completions >= 0 && wanted > left) wanted = left < 0 ? 0 : left;
  if (j->active > wanted) return job_end_surplus(j, j->active - wanted);
  return wanted - terminating > j->active ? job_make(j, wanted - terminating - j->active) : K8SM_OK;
}

/* ---- The look ---- */

/* The oldest of those that ended go when there are too many. */
static int job_sweep(struct job *j) {
  int r = K8SM_OK;
  for (struct ctl_pod *p = j->o->pods, *next; r == K8SM_OK && p != NULL && j->ended > JOB_ENDED; p = next) {
    next = p->next;
    if (!k8smi_ctl_pod_ended(p) || p->deleting) continue;
    r = k8smi_ctl_end(j->c, j->o, p);
    j->ended--;
  }
  return r;
}

static int job_write(struct job *j) {
  struct k8smi_buf succeeded, failed;
  struct ctl_counts *n = &j->o->counts;
  n->active = j->active;
  n->ready = j->ready;
  n->terminating = j->terminating;
  if (!j->indexed) return K8SM_OK;
  k8smi_buf_init(&succeeded, &j->c->allocator);
  k8smi_buf_init(&failed, &j->c->allocator);
  bool ok =
      k8smi_ctl_indexes_write(&j->succeeded, &succeeded) && k8smi_ctl_indexes_write(&j->failed, &failed) &&
      k8smi_ctl_text_set(j->c, &j->o->completed_indexes, (struct k8sm_slice){succeeded.ptr, succeeded.len}) &&
      k8smi_ctl_text_set(j->c, &j->o->failed_indexes, (struct k8sm_slice){failed.ptr, failed.len});
  k8smi_buf_free(&succeeded);
  k8smi_buf_free(&failed);
  return ok ? K8SM_OK : K8SM_ERR_NOMEM;
}

static int job_steps(struct job *j) {
  if (j->o->counts.start_ms == 0 && !j->spec.suspend) j->o->counts.start_ms = j->c->wall_ms;
  job_count(j);
  job_judge(j);
  int r = K8SM_OK;
  if (j->reason == NULL) r = j->spec.suspend ? K8SM_OK : job_resume(j);
  if (r == K8SM_OK && j->reason == NULL) r = job_manage(j);
  if (r == K8SM_OK && j->reason == NULL && job_is_complete(j)) {
    j->success = true;
    job_fail(j, "CompletionsReached", "Reached expected number of succeeded pods");
  }
  if (r == K8SM_OK && j->reason != NULL) r = job_finish(j);
  return r == K8SM_OK ? job_sweep(j) : r;
}

const struct ctl_condition *k8smi_ctl_job_end(const struct ctl_object *o) {
  for (size_t i = 0; i < o->condition_count; i++) {
    const struct ctl_condition *c = &o->conditions[i];
    if (c->status == CTL_TRUE && (k8smi_eqs(c->type, "Complete") || k8smi_eqs(c->type, "Failed"))) return c;
  }
  return NULL;
}

/* One that has ended waits for its end of life, if it has one. */
static int job_rest(struct job *j, const struct ctl_condition *end) {
  int r = K8SM_OK;
  job_count(j);
  if (j->active > 0) r = job_end_active(j, true);
  if (r == K8SM_OK) r = job_sweep(j);
  if (j->spec.ttl_seconds_after_finished < 0) return r;
  int64_t due = end->transition_ms + (int64_t)j->spec.ttl_seconds_after_finished * 1000;
  if (due <= j->c->wall_ms)
    k8smi_ctl_object_delete(j->c, j->o, -1);
  else
    k8smi_ctl_due(j->c, j->o, due);
  return r;
}

int k8smi_ctl_look_job(struct k8sm_control *c, struct ctl_object *o) {
  struct job j = {.c = c, .o = o};
  const struct ctl_condition *end = k8smi_ctl_job_end(o);
  int r = job_begin(&j);
  if (r == K8SM_OK) r = end != NULL ? job_rest(&j, end) : job_steps(&j);
  if (r == K8SM_OK) r = job_write(&j);
  if (r == K8SM_OK) k8smi_ctl_pods_reap(c, o); /* now that they are counted */
  k8smi_ctl_indexes_free(c, &j.succeeded);
  k8smi_ctl_indexes_free(c, &j.failed);
  return r;
}

void k8smi_ctl_show_job(const struct ctl_object *o, struct k8sm_control_row *row) {
  const struct ctl_condition *end = k8smi_ctl_job_end(o);
  struct k8sm_job_spec spec = {.size = sizeof spec};
  k8smi_ctl_sure(k8sm_workload_get_job(o->workload, &spec));
  row->wanted = spec.completions;
  row->current = o->counts.active;
  row->ready = o->counts.ready;
  row->succeeded = o->counts.succeeded;
  row->failed = o->counts.failed;
  row->state = end != NULL                                        ? end->type
               : k8smi_ctl_condition_is(o, "Suspended", CTL_TRUE) ? K8SMI_S("Suspended")
                                                                  : K8SMI_S("Running");
  row->settled = end != NULL;
  row->failing = end != NULL && k8smi_eqs(end->type, "Failed");
}
