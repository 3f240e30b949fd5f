/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

#include "base/sort.h"

/* CronJobs: a Job at each time of a schedule.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */

enum { CRON_MANY = 100 };

/* A look at one. All times are seconds since 1970. */
struct cron {
  struct k8sm_control *c;
  struct ctl_object *o;
  struct k8sm_cron_job_spec spec;
  struct k8smi_schedule schedule;
  const struct ctl_zone *zone;
  int64_t now;
  size_t active;
};

static bool cron_is_active(const struct ctl_object *job) {
  return !job->deleting && k8smi_ctl_job_end(job) == NULL;
}

static int cron_delete(struct cron *k, struct ctl_object *job) {
  int r =
      k8smi_ctl_event(k->c, k->o->key, "SuccessfulDelete", "Deleted job %.*s", K8SMI_P(job->workload->name));
  if (r == K8SM_OK) k8smi_ctl_object_delete(k->c, job, -1);
  return r;
}

/* ---- Its Jobs ---- */

/* Sees which have ended. */
static int cron_look_at_jobs(struct cron *k) {
  struct ctl_object *job = NULL;
  while ((job = k8smi_ctl_child(k->c, k->o, job)) != NULL) {
    const struct ctl_condition *end = k8smi_ctl_job_end(job);
    k->active += cron_is_active(job);
    if (end == NULL) continue;
    if (job->counts.completion_ms > k->o->counts.success_ms)
      k->o->counts.success_ms = job->counts.completion_ms;
    if (job->said_end) continue;
    int r = k8smi_ctl_event(k->c, k->o->key, "SawCompletedJob", "Saw completed job: %.*s, condition: %.*s",
                            K8SMI_P(job->workload->name), K8SMI_P(end->type));
    if (r != K8SM_OK) return r;
    job->said_end = true;
  }
  return K8SM_OK;
}

static int cron_by_start(const void *left, const void *right, const void *ctx) {
  const struct ctl_object *a = *(struct ctl_object *const *)left, *b = *(struct ctl_object *const *)right;
  (void)ctx;
  if (a->counts.start_ms != b->counts.start_ms) return a->counts.start_ms < b->counts.start_ms ? -1 : 1;
  return k8smi_cmp(a->key, b->key);
}

/* Of those that ended so, the oldest beyond the limit go. */
static int cron_forget(struct cron *k, const char *type, int32_t limit) {
  size_t count = 0, size = (k->o->child_count + 1) * sizeof(struct ctl_object *);
  struct ctl_object *job = NULL;
  int r = K8SM_OK;
  if (limit < 0) return K8SM_OK;
  struct ctl_object **jobs = k8smi_alloc(&k->c->allocator, size);
  if (jobs == NULL) return K8SM_ERR_NOMEM;
  while ((job = k8smi_ctl_child(k->c, k->o, job)) != NULL) {
    const struct ctl_condition *end = k8smi_ctl_job_end(job);
    if (end != NULL && !job->deleting && k8smi_eqs(end->type, type)) jobs[count++] = job;
  }
  k8smi_sort(jobs, count, sizeof *jobs, cron_by_start, NULL);
  for (size_t i = 0; r == K8SM_OK && i + (size_t)limit < count; i++) r = cron_delete(k, jobs[i]);
  k8smi_free(&k->c->allocator, jobs, size);
  return r;
}

/* ---- When ---- */

static int64_t cron_next(const struct cron *k, int64_t after) {
  return k8smi_ctl_schedule_next(&k->schedule, k->zone, after);
}

/* The last time that is due, after the last one that was taken; INT64_MIN: none is. *missed: about how many
 * are due. */
static int64_t cron_due(const struct cron *k, int64_t *missed) {
  int64_t since = (k->o->counts.scheduled_ms != 0 ? k->o->counts.scheduled_ms : k->o->created_ms) / 1000;
  int64_t limit =
      k->spec.starting_deadline_seconds < 0 ? INT64_MIN : k->now - k->spec.starting_deadline_seconds;
  *missed = 0;
  if (limit > since) since = limit;
  int64_t first = cron_next(k, since);
  if (first > k->now) return INT64_MIN;
  int64_t second = cron_next(k, first), last = first;
  *missed = 1;
  if (second > k->now || second <= first) return first;
  *missed = (k->now - first) / (second - first) + 1;
  /* Not one after the other from there on: there may be very many. */
  int64_t near = first + (*missed - 2) * (second - first);
  if (near > first) last = INT64_MIN;
  for (int64_t t = cron_next(k, near > first ? near : first); t <= k->now; t = cron_next(k, t)) last = t;
  return last;
}

static void cron_wait(struct cron *k) {
  int64_t next = cron_next(k, k->now);
  if (next < INT64_MAX / 1000) k8smi_ctl_due(k->c, k->o, next * 1000);
}

/* Says once for each time why nothing comes of it. */
static int cron_pass(struct cron *k, int64_t time, const char *reason, const char *words) {
  if (k->o->said_ms == time * 1000) return K8SM_OK;
  int r = k8smi_ctl_event(k->c, k->o->key, reason, "%s", words);
  if (r == K8SM_OK) k->o->said_ms = time * 1000;
  return r;
}

/* ---- A Job ---- */

static struct ctl_object *cron_named(struct cron *k, const struct k8sm_workload *job) {
  struct ctl_object *o = k->c->first;
  while (o != NULL && (o->kind->number != K8SM_WORKLOAD_JOB || !k8smi_eq(o->workload->name, job->name) ||
                       !k8smi_eq(o->workload->name_space, job->name_space)))
    o = o->next;
  return o;
}

static int cron_make_room(struct cron *k) {
  struct ctl_object *job = NULL;
  int r = K8SM_OK;
  if (k->spec.concurrency != K8SM_CONCURRENCY_REPLACE) return K8SM_OK;
  while (r == K8SM_OK && (job = k8smi_ctl_child(k->c, k->o, job)) != NULL) {
    if (cron_is_active(job)) r = cron_delete(k, job);
  }
  return r;
}

static int cron_create(struct cron *k, struct k8sm_workload *w) {
  struct ctl_object *job;
  int r = cron_make_room(k);
  if (r == K8SM_OK) r = k8smi_effects_reserve(k->c->queue, 1, 1024 + k->o->key.len);
  if (r == K8SM_OK) r = k8smi_ctl_object_new(k->c, w, k->o, &job);
  if (r != K8SM_OK) return r;
  k->active++;
  return k8smi_ctl_event(k->c, k->o->key, "SuccessfulCreate", "Created job %.*s", K8SMI_P(w->name));
}

/* The time counts as taken when the row of its Job is kept: a crash in between must not lose it. */
static int cron_start(struct cron *k, int64_t time) {
  const struct k8sm_instance_options options = {
      .size = sizeof options, .allocator = &k->c->allocator, .scheduled_ms = time * 1000};
  struct k8sm_workload *w = NULL;
  int r = k8sm_workload_child(k->o->workload, &options, &w, NULL);
  if (r != K8SM_OK) return r;
  struct ctl_object *there = cron_named(k, w);
  if (there != NULL) {
    if (there->owner != k->o || there->kept) k->o->counts.scheduled_ms = time * 1000;
  } else if (k->spec.concurrency == K8SM_CONCURRENCY_FORBID && k->active > 0) {
    r = cron_pass(k, time, "JobAlreadyActive",
                  "Not starting job because prior execution is running and concurrency policy is Forbid");
  } else {
    r = cron_create(k, w);
  }
  k8sm_workload_unref(w);
  return r;
}

static int cron_take(struct cron *k) {
  int64_t missed, time = cron_due(k, &missed);
  int r = K8SM_OK;
  if (missed > CRON_MANY)
    r = cron_pass(
        k, time, "TooManyMissedTimes",
        "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
  if (r != K8SM_OK || time == INT64_MIN) return r;
  return cron_start(k, time);
}

/* ---- The look ---- */

/* False: there is nothing to go by; an event says why. */
static int cron_read(struct cron *k, bool *ret) {
  struct k8smi_buf why;
  struct k8sm_slice zone = k->spec.time_zone;
  bool utc = zone.len == 0 || k8smi_eqs(zone, "UTC") || k8smi_eqs(zone, "Etc/UTC");
  k->zone = k8smi_ctl_zone(k->c, zone);
  *ret = false;
  if (k->zone == NULL && !utc)
    return k8smi_ctl_event(k->c, k->o->key, "UnknownTimeZone",
                           "invalid timeZone: \"%.*s\": unknown time zone %.*s", K8SMI_P(zone),
                           K8SMI_P(zone));
  k8smi_buf_init(&why, &k->c->allocator);
  *ret = k8smi_schedule_read(k->spec.schedule, &k->schedule, &why);
  int r = why.failed ? K8SM_ERR_NOMEM : K8SM_OK;
  if (r == K8SM_OK && !*ret)
    r = k8smi_ctl_event(k->c, k->o->key, "UnparseableSchedule", "unparseable schedule: \"%.*s\" : %.*s",
                        K8SMI_P(k->spec.schedule), (int)(why.len < 256 ? why.len : 256), why.ptr);
  k8smi_buf_free(&why);
  return r;
}

int k8smi_ctl_look_cron_job(struct k8sm_control *c, struct ctl_object *o) {
  struct cron k = {.c = c, .o = o, .spec.size = sizeof k.spec, .now = c->wall_ms / 1000};
  bool ready = false;
  k8smi_ctl_sure(k8sm_workload_get_cron_job(o->workload, &k.spec));
  int r = cron_look_at_jobs(&k);
  if (r == K8SM_OK) r = cron_forget(&k, "Complete", k.spec.successful_jobs_history_limit);
  if (r == K8SM_OK) r = cron_forget(&k, "Failed", k.spec.failed_jobs_history_limit);
  if (r == K8SM_OK && !k.spec.suspend) r = cron_read(&k, &ready);
  if (r == K8SM_OK && ready) r = cron_take(&k);
  if (r == K8SM_OK && ready) cron_wait(&k);
  o->counts.active = (int64_t)k.active;
  return r;
}

void k8smi_ctl_row_active(const struct k8sm_control *c, const struct ctl_object *o,
                          struct k8smi_edit *status) {
  struct ctl_object *job = NULL;
  while ((job = k8smi_ctl_child(c, o, job)) != NULL) {
    struct k8smi_edit e;
    if (!cron_is_active(job)) continue;
    k8smi_edit_begin(&e, status->arena, NULL);
    k8smi_edit_text(&e, K8SMI_ObjectReference_kind, K8SMI_S("Job"));
    k8smi_edit_text(&e, K8SMI_ObjectReference_namespace, job->workload->name_space);
    k8smi_edit_text(&e, K8SMI_ObjectReference_name, job->workload->name);
    k8smi_edit_text(&e, K8SMI_ObjectReference_uid, job->uid);
    k8smi_edit_text(&e, K8SMI_ObjectReference_apiVersion, K8SMI_S("batch/v1"));
    k8smi_edit_append(status, K8SMI_CronJobStatus_active, k8smi_edit_end(&e));
  }
}

void k8smi_ctl_show_cron_job(const struct ctl_object *o, struct k8sm_control_row *row) {
  struct k8sm_cron_job_spec spec = {.size = sizeof spec};
  k8smi_ctl_sure(k8sm_workload_get_cron_job(o->workload, &spec));
  row->current = o->counts.active;
  if (spec.suspend) row->state = K8SMI_S("Suspended");
  row->settled = 1;
}
