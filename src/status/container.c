/* SPDX-License-Identifier: Apache-2.0 */
/* One task: how it starts, ends and starts again. */
#include "status/status.h"

#include "wire/mesos.h"

enum {
  CONTAINER_BACKOFF_BASE_MS = 10 * 1000,
  CONTAINER_BACKOFF_CAP_MS = 300 * 1000,
  CONTAINER_BACKOFF_RESET_MS = 600 * 1000,
  CONTAINER_DROPPED_MS = 1000, /* the other tasks of an ACCEPT that failed are heard of first */
  CONTAINER_MESSAGE_MAX = 1024,
  CONTAINER_EXIT_UNKNOWN = 137,
  CONTAINER_OUT_OF_TIME = K8SM_MESOS__TASK_STATUS__REASON__REASON_MAX_COMPLETION_TIME_REACHED
};

/* ---- Back-off ---- */

int64_t k8smi_status_next_backoff(const struct k8sm_status *s, int64_t backoff_ms) {
  int64_t base = s->options.backoff_base_ms > 0 ? s->options.backoff_base_ms : CONTAINER_BACKOFF_BASE_MS;
  int64_t cap = s->options.backoff_cap_ms > 0 ? s->options.backoff_cap_ms : CONTAINER_BACKOFF_CAP_MS;
  int64_t next = backoff_ms <= 0 ? base : backoff_ms > cap / 2 ? cap : backoff_ms * 2;
  return next < cap ? next : cap;
}

/* Before a container is tried again that could not be started so often in a row: that does not count as its
 * restarts do, as with the kubelet's pulls of images. */
static int64_t container_start_delay(const struct k8sm_status *s, uint32_t failures) {
  int64_t delay = 0, last;
  do {
    last = delay;
    delay = k8smi_status_next_backoff(s, last);
  } while (--failures > 0 && delay > last);
  return delay;
}

static int64_t container_reset_ms(const struct k8sm_status *s) {
  return s->options.backoff_reset_ms > 0 ? s->options.backoff_reset_ms : CONTAINER_BACKOFF_RESET_MS;
}

/* "10s", "1m20s": as Kubernetes writes durations. */
static void container_put_duration(struct k8smi_buf *buf, int64_t ms) {
  int64_t seconds = (ms + 999) / 1000;
  if (seconds >= 60) {
    k8smi_buf_i64(buf, seconds / 60);
    k8smi_buf_putc(buf, 'm');
  }
  k8smi_buf_i64(buf, seconds % 60);
  k8smi_buf_putc(buf, 's');
}

static struct k8sm_slice container_backoff_message(struct k8sm_status *s, size_t task, int64_t delay) {
  struct k8smi_buf buf;
  const struct k8sm_demand *d = s->demand;
  k8smi_buf_init(&buf, &s->arena.allocator);
  k8smi_buf_puts(&buf, "back-off ");
  container_put_duration(&buf, delay);
  k8smi_buf_puts(&buf, " restarting failed container=");
  k8smi_buf_slice(&buf, d->tasks[task].container);
  k8smi_buf_puts(&buf, " pod=");
  k8smi_buf_slice(&buf, d->name);
  k8smi_buf_putc(&buf, '_');
  k8smi_buf_slice(&buf, d->name_space);
  k8smi_buf_putc(&buf, '(');
  k8smi_buf_slice(&buf, d->uid);
  k8smi_buf_putc(&buf, ')');
  return k8smi_status_take(s, &buf);
}

/* ---- Starting ---- */

/* Forgets the instance that was, but for its id: late news of it are known by that. */
static void container_reset_instance(struct k8smi_status_task *t) {
  t->progress = K8SMI_PROGRESS_NONE;
  t->ran = t->unhealthy = t->started = t->ready = t->check_pending = t->kill = t->startup_failed = false;
  t->startup_mono_ms = 0;
  t->uuid = (struct k8sm_slice){NULL, 0};
}

bool k8smi_task_is_done(const struct k8sm_status *s, size_t task) {
  const struct k8smi_status_task *t = &s->tasks[task];
  const struct k8smi_demand_task *d = &s->demand->tasks[task];
  return d->kind == K8SM_TASK_MAIN && t->progress == K8SMI_PROGRESS_ENDED && t->end.set &&
         !k8smi_task_restarts(d, t->end.exit_code);
}

void k8smi_task_renew(struct k8smi_status_task *t) {
  container_reset_instance(t);
  if (t->end.set) t->last = t->end;
  t->end.set = false;
  t->restart = 0;
  t->due_mono_ms = 0;
}

void k8smi_task_give_up(struct k8smi_status_task *t) {
  if (t->progress != K8SMI_PROGRESS_NONE) return;
  t->progress = K8SMI_PROGRESS_ENDED;
  if (!t->restarting || !t->last.set) return;
  t->end = t->last;
  t->last.set = t->restarting = false;
}

void k8smi_task_sent(struct k8sm_status *s, size_t task, struct k8sm_slice id, uint32_t restart) {
  struct k8smi_status_task *t = &s->tasks[task];
  container_reset_instance(t);
  t->progress = K8SMI_PROGRESS_SENT;
  t->task_id = k8smi_status_text(s, id);
  t->restart = restart;
  t->container_id = (struct k8sm_slice){NULL, 0};
  s->launched = true;
}

void k8smi_task_running(struct k8sm_status *s, size_t task, const struct k8smi_happening *h) {
  struct k8smi_status_task *t = &s->tasks[task];
  const struct k8smi_demand_task *d = &s->demand->tasks[task];
  if (t->progress < K8SMI_PROGRESS_RUNNING) t->progress = K8SMI_PROGRESS_RUNNING;
  if (t->ran) return;
  t->ran = true;
  t->reason = t->message = (struct k8sm_slice){NULL, 0};
  t->start_failures = 0;
  t->started_wall_ms = h->wall_ms;
  t->started_mono_ms = s->mono_ms;
  t->started = d->startup.kind == K8SMI_CHECK_NONE;
  if (d->startup_seconds > 0) t->startup_mono_ms = s->mono_ms + (uint64_t)d->startup_seconds * 1000;
  t->ready = t->started && d->readiness.kind == K8SMI_CHECK_NONE;
  if (t->restarting) t->restarts++;
  t->restarting = false;
}

/* ---- Ending ---- */

static struct k8sm_slice container_cut(struct k8sm_status *s, struct k8sm_slice message) {
  size_t n = message.len < CONTAINER_MESSAGE_MAX ? message.len : CONTAINER_MESSAGE_MAX;
  while (n > 0 && n < message.len && ((unsigned char)message.ptr[n] & 0xc0) == 0x80)
    n--; /* a whole character */
  return k8smi_status_text(s, (struct k8sm_slice){message.ptr, n});
}

static struct k8sm_slice container_end_reason(int32_t exit_code, int reason) {
  if (reason == K8SM_MESOS__TASK_STATUS__REASON__REASON_CONTAINER_LIMITATION_MEMORY)
    return K8SMI_S("OOMKilled");
  if (reason == CONTAINER_OUT_OF_TIME) return K8SMI_S("DeadlineExceeded");
  return exit_code == 0 ? K8SMI_S("Completed") : K8SMI_S("Error");
}

static bool container_tells_end(const struct k8smi_happening *h) {
  struct k8sm_slice rest;
  int32_t exit_code, signal;
  return k8smi_exit_parse(h->message, &exit_code, &signal, &rest);
}

/* What is known of how it ended. False: it never ran. */
static bool container_read_end(struct k8sm_status *s, const struct k8smi_status_task *t,
                               const struct k8smi_happening *h, int state_exit,
                               struct k8smi_status_end *end) {
  bool limited = h->reason == K8SM_MESOS__TASK_STATUS__REASON__REASON_CONTAINER_LIMITATION_MEMORY;
  struct k8sm_slice rest = {NULL, 0};
  memset(end, 0, sizeof *end);
  if (!k8smi_exit_parse(h->message, &end->exit_code, &end->signal, &rest)) {
    if (!t->ran && !limited && state_exit != 0) return false;
    end->exit_code = limited ? CONTAINER_EXIT_UNKNOWN : state_exit;
    end->signal = limited ? CONTAINER_EXIT_UNKNOWN - 128 : 0;
    rest = h->message;
  }
  end->set = true;
  end->reason = container_end_reason(end->exit_code, h->reason);
  end->message = rest.len > 0 ? container_cut(s, rest) : (struct k8sm_slice){NULL, 0};
  end->container_id = t->container_id;
  end->started_wall_ms = t->started_wall_ms != 0 && t->ran ? t->started_wall_ms : h->wall_ms;
  end->finished_wall_ms = h->wall_ms;
  return true;
}

static bool container_restarts(const struct k8sm_status *s, size_t task, int32_t exit_code) {
  return !s->ending && k8smi_task_restarts(&s->demand->tasks[task], exit_code);
}

/* Back to the start, with the end as lastState. The first restart is immediate. */
static void container_restart(struct k8sm_status *s, size_t task, const struct k8smi_status_end *end) {
  struct k8smi_status_task *t = &s->tasks[task];
  uint64_t ran_ms = t->ran ? s->mono_ms - t->started_mono_ms : 0;
  if (ran_ms >= (uint64_t)container_reset_ms(s)) t->backoff_ms = 0;
  int64_t delay = t->backoff_ms;
  container_reset_instance(t);
  t->restart++;
  t->restarting = true;
  t->start_failures = 0;
  t->last = *end;
  t->due_mono_ms = s->mono_ms + (uint64_t)delay;
  t->backoff_ms = k8smi_status_next_backoff(s, delay);
  t->reason = delay > 0 ? K8SMI_S("CrashLoopBackOff") : (struct k8sm_slice){NULL, 0};
  t->message = delay > 0 ? container_backoff_message(s, task, delay) : (struct k8sm_slice){NULL, 0};
}

/* For good. */
static void container_finish(struct k8smi_status_task *t, const struct k8smi_status_end *end) {
  container_reset_instance(t);
  t->progress = K8SMI_PROGRESS_ENDED;
  if (end != NULL) t->end = *end;
}

/* It could not be started: tried again with a back-off, whatever the policy. */
static void container_start_failed(struct k8sm_status *s, size_t task, const struct k8smi_happening *h) {
  struct k8smi_status_task *t = &s->tasks[task];
  if (s->ending) {
    container_finish(t, NULL);
    return;
  }
  container_reset_instance(t);
  t->start_failures++;
  int64_t delay = container_start_delay(s, t->start_failures);
  t->due_mono_ms = s->mono_ms + (uint64_t)delay;
  t->reason = k8smi_start_error(h->message, t->start_failures > 1);
  t->message = container_cut(s, h->message);
}

/* Its health check had it killed, or its startup probe: a failure, with whatever code it left. What is killed
 * before it has started, and nobody knows why, was so by a process that did not come to record it.
 * https://kubernetes.io/docs/concepts/workloads/pods/probes/#liveness-probe */
static bool container_fails(const struct k8sm_status *s, size_t task, const struct k8smi_happening *h) {
  const struct k8smi_status_task *t = &s->tasks[task];
  bool probed = t->startup_failed || (!t->kill && (t->unhealthy || t->startup_mono_ms != 0));
  return probed && h->killed && !s->ending && k8smi_task_may_restart(&s->demand->tasks[task]);
}

void k8smi_task_exited(struct k8sm_status *s, size_t task, const struct k8smi_happening *h) {
  struct k8smi_status_task *t = &s->tasks[task];
  struct k8smi_status_end end;
  /* By the time that its launch gave it, which is later than the pod's own: who can't tell when that began,
   * as its record is lost, hears of it so. */
  if (h->reason == CONTAINER_OUT_OF_TIME && !s->ending && s->demand->active_deadline_seconds > 0)
    s->deadline_exceeded = true;
  if (s->demand->tasks[task].kind == K8SM_TASK_PAUSE && !t->ran) {
    k8smi_task_dropped(s, task, h, false);
    return;
  }
  if (!container_read_end(s, t, h, h->succeeded ? 0 : 1, &end)) {
    container_start_failed(s, task, h);
  } else if (container_fails(s, task, h) || container_restarts(s, task, end.exit_code)) {
    if (t->restarting) t->restarts++; /* it ran unseen */
    container_restart(s, task, &end);
  } else {
    if (t->restarting) t->restarts++;
    t->restarting = false;
    container_finish(t, &end);
  }
}

void k8smi_task_dropped(struct k8sm_status *s, size_t task, const struct k8smi_happening *h, bool refused) {
  struct k8smi_status_task *t = &s->tasks[task];
  if (s->ending) {
    container_finish(t, NULL);
    return;
  }
  int64_t delay = t->start_failures == 0 ? CONTAINER_DROPPED_MS : container_start_delay(s, t->start_failures);
  container_reset_instance(t);
  t->start_failures++;
  t->due_mono_ms = s->mono_ms + (uint64_t)delay;
  t->reason = refused ? K8SMI_S("CreateContainerError") : (struct k8sm_slice){NULL, 0};
  t->message = container_cut(s, h->message);
}

/* The pod loses its sandbox once for all its tasks; a new attempt comes after a back-off of its own. */
void k8smi_status_lose_sandbox(struct k8sm_status *s) {
  if (s->lost || s->ending) return;
  s->lost = true;
  if (s->mono_ms - s->placed_mono_ms >= (uint64_t)container_reset_ms(s)) s->attempt_backoff_ms = 0;
  s->attempt_mono_ms = s->mono_ms + (uint64_t)s->attempt_backoff_ms;
  s->attempt_backoff_ms = k8smi_status_next_backoff(s, s->attempt_backoff_ms);
}

/* An end that nobody saw. */
static struct k8smi_status_end container_unseen_end(struct k8sm_status *s, const struct k8smi_status_task *t,
                                                    const struct k8smi_happening *h, const char *reason) {
  return (struct k8smi_status_end){.set = true,
                                   .exit_code = CONTAINER_EXIT_UNKNOWN,
                                   .reason = k8smi_s(reason),
                                   .message = container_cut(s, h->message),
                                   .container_id = t->container_id,
                                   .started_wall_ms = t->ran ? t->started_wall_ms : h->wall_ms,
                                   .finished_wall_ms = h->wall_ms};
}

/* The pod is started again as a whole: that is no restart of the container. Where an agent is drained the
 * message says how the container ended, else nobody knows. */
void k8smi_task_lost(struct k8sm_status *s, size_t task, const struct k8smi_happening *h) {
  struct k8smi_status_task *t = &s->tasks[task];
  struct k8smi_status_end end;
  bool ran = t->ran, over = s->ending || k8smi_status_ends_with_sandbox(s);
  /* Killed as the pod is ended: whether the container or its executor died first makes no difference. */
  if (container_tells_end(h))
    (void)container_read_end(s, t, h, 0, &end);
  else
    end = container_unseen_end(s, t, h, s->ending ? "Error" : "ContainerStatusUnknown");
  k8smi_status_lose_sandbox(s);
  if (over) {
    container_finish(t, ran ? &end : NULL);
    return;
  }
  container_reset_instance(t);
  if (ran) t->last = end;
  t->reason = (struct k8sm_slice){NULL, 0};
  t->message = end.message;
}

void k8smi_task_gone(struct k8sm_status *s, size_t task, const struct k8smi_happening *h) {
  struct k8smi_status_task *t = &s->tasks[task];
  bool fails = s->options.gone == K8SM_GONE_FAIL;
  if (!t->ran && !fails) {
    k8smi_task_dropped(s, task, h, false);
    return;
  }
  struct k8smi_status_end end = container_unseen_end(s, t, h, "ContainerStatusUnknown");
  if (!fails && container_restarts(s, task, end.exit_code)) {
    container_restart(s, task, &end);
  } else {
    container_finish(t, &end);
  }
  if (k8smi_status_ends_with_sandbox(s)) k8smi_status_lose_sandbox(s);
}

/* ---- Probes ---- */

static void container_set_check(struct k8smi_status_task *t, bool success) {
  t->check_pending = false;
  t->ready = success;
}

/* It need not die for its startup probe: unless that is under way. */
static void container_spare(const struct k8sm_status *s, size_t task) {
  struct k8smi_status_task *t = &s->tasks[task];
  if (t->startup_failed && t->progress == K8SMI_PROGRESS_RUNNING && !s->ending && !s->lost) t->kill = false;
}

void k8smi_task_started(struct k8sm_status *s, size_t task) {
  struct k8smi_status_task *t = &s->tasks[task];
  t->started = true;
  t->startup_mono_ms = 0;
  container_spare(s, task); /* its agent could not tell before */
  if (s->demand->tasks[task].readiness.kind == K8SMI_CHECK_NONE) container_set_check(t, true);
}

/* A result counts once it has stood for as long as the threshold takes: Mesos tells of changes only. */
void k8smi_task_checked(struct k8sm_status *s, size_t task, bool success) {
  struct k8smi_status_task *t = &s->tasks[task];
  const struct k8smi_demand_task *d = &s->demand->tasks[task];
  const struct k8smi_demand_check *check = &d->readiness;
  if (success) k8smi_task_started(s, task);
  if (check->kind == K8SMI_CHECK_NONE)
    return; /* the startup probe: once it has succeeded nobody asks it again */
  if (!t->started || success == t->ready) {
    t->check_pending = false;
    return;
  }
  if (t->check_pending && t->check_result == success) return;
  int64_t more = (success ? check->successes : check->failures) - 1;
  t->check_pending = true;
  t->check_result = success;
  t->check_mono_ms = s->mono_ms + (uint64_t)(more > 0 ? more * check->interval * 1000 : 0);
  k8smi_task_settle_check(s, task);
}

void k8smi_task_settle_check(struct k8sm_status *s, size_t task) {
  struct k8smi_status_task *t = &s->tasks[task];
  if (t->check_pending && t->check_mono_ms <= s->mono_ms) container_set_check(t, t->check_result);
}

bool k8smi_status_alive(const struct k8sm_status *s) {
  for (size_t i = 0; i < s->demand->task_count; i++) {
    if (k8smi_task_alive(&s->tasks[i])) return true;
  }
  return false;
}

/* ---- Startup ----
 * https://kubernetes.io/docs/concepts/workloads/pods/probes/#startup-probe */

enum { STARTUP_HEAR_MS = 10 * 1000 };

/* Who is killed already needs no other reason. Of one that is out of reach nobody knows what it has done. */
uint64_t k8smi_task_startup_deadline(const struct k8sm_status *s, size_t task) {
  const struct k8smi_status_task *t = &s->tasks[task];
  bool open = t->startup_mono_ms != 0 && t->progress == K8SMI_PROGRESS_RUNNING && !t->kill;
  return open && !s->ending && !s->lost && !s->unreachable ? t->startup_mono_ms : UINT64_MAX;
}

void k8smi_status_fail_startups(struct k8sm_status *s, bool heard) {
  for (size_t i = 1; i < s->demand->task_count; i++) {
    struct k8smi_status_task *t = &s->tasks[i];
    if (k8smi_task_startup_deadline(s, i) > s->mono_ms) continue;
    if (!heard) {
      t->startup_mono_ms = s->mono_ms + STARTUP_HEAR_MS;
      continue;
    }
    t->startup_failed = t->kill = true;
    t->kill_mono_ms = s->mono_ms;
    t->kill_grace = s->demand->tasks[i].grace_seconds;
  }
}

void k8smi_status_await_startups(struct k8sm_status *s) {
  const uint64_t least = s->mono_ms + STARTUP_HEAR_MS;
  for (size_t i = 1; i < s->demand->task_count; i++) {
    struct k8smi_status_task *t = &s->tasks[i];
    if (t->startup_mono_ms == 0 || t->startup_mono_ms >= least) continue;
    t->startup_mono_ms = least;
    container_spare(s, i);
  }
}
