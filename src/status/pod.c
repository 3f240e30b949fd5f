/* SPDX-License-Identifier: Apache-2.0 */
/* What the states of its tasks mean for the pod: stages, the end, kills, a new attempt. */
#include "status/status.h"

enum {
  POD_KILL_AGAIN_MS = 10 * 1000,     /* a KILL may be lost without a word */
  POD_KILL_AGAIN_LATE_MS = 60 * 1000 /* TASK_KILLING was seen: the executor has it */
};

/* ---- Stages ---- */

/* Has this task done what the next stage waits for? */
static bool pod_task_lets_go_on(const struct k8sm_status *s, size_t i) {
  const struct k8smi_status_task *t = &s->tasks[i];
  if (s->demand->tasks[i].kind == K8SM_TASK_SIDECAR) return t->started;
  return t->progress == K8SMI_PROGRESS_ENDED && t->end.set && t->end.exit_code == 0;
}

static void pod_advance_stage(struct k8sm_status *s) {
  for (size_t i = 1; i < s->demand->task_count; i++) {
    const struct k8smi_demand_task *d = &s->demand->tasks[i];
    if (d->kind == K8SM_TASK_MAIN || d->stage < s->stage) continue;
    if (!pod_task_lets_go_on(s, i)) return;
    s->stage = d->stage + 1;
  }
}

/* ---- The end ---- */

static bool pod_init_failed(const struct k8sm_status *s) {
  for (size_t i = 1; i < s->demand->task_count; i++) {
    const struct k8smi_status_task *t = &s->tasks[i];
    if (s->demand->tasks[i].kind == K8SM_TASK_INIT && t->progress == K8SMI_PROGRESS_ENDED &&
        t->end.exit_code != 0) {
      return true;
    }
  }
  return false;
}

static bool pod_completed(const struct k8sm_status *s) {
  for (size_t i = 1; i < s->demand->task_count; i++) {
    if (s->demand->tasks[i].kind == K8SM_TASK_MAIN && s->tasks[i].progress != K8SMI_PROGRESS_ENDED)
      return false;
  }
  return true;
}

uint64_t k8smi_status_active_deadline(const struct k8sm_status *s) {
  int64_t seconds = s->demand->active_deadline_seconds;
  if (seconds <= 0 || s->started_wall_ms == 0 || s->ending) return UINT64_MAX;
  if (seconds > INT64_MAX / 1000) return UINT64_MAX;
  return s->started_mono_ms + (uint64_t)seconds * 1000;
}

/* Kubernetes' eviction from such a node, if the pod tolerates it for a time only.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions */
uint64_t k8smi_status_unreachable_deadline(const struct k8sm_status *s) {
  int64_t seconds =
      s->options.unreachable_seconds != 0 ? s->options.unreachable_seconds : s->demand->unreachable_seconds;
  if (!s->unreachable || s->given_up || s->ending || seconds < 0 || seconds > INT64_MAX / 1000)
    return UINT64_MAX;
  return s->unreachable_mono_ms + (uint64_t)seconds * 1000;
}

/* The kubelet makes no other sandbox for a pod with Never of which something has run.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy */
bool k8smi_status_ends_with_sandbox(const struct k8sm_status *s) {
  if (s->demand->restart_policy != K8SMI_RESTART_NEVER) return false;
  for (size_t i = 1; i < s->demand->task_count; i++) {
    if (s->tasks[i].ran || s->tasks[i].end.set || s->tasks[i].last.set) return true;
  }
  return false;
}

static void pod_begin_end(struct k8sm_status *s) {
  if (s->ending) return;
  if (k8smi_status_active_deadline(s) <= s->mono_ms) s->deadline_exceeded = true;
  bool over = pod_completed(s) || pod_init_failed(s) || (s->lost && k8smi_status_ends_with_sandbox(s));
  if (!s->deleted && !s->deadline_exceeded && !over) return;
  s->ending = true;
  s->ending_mono_ms = s->mono_ms;
  if (!s->deleted) s->grace_seconds = s->demand->grace_seconds;
}

/* ---- Kills ---- */

/* Which tasks are to die now: the mains first, then the sidecars from the last to the first, the pause
 * task at the end. UINT32_MAX: mains and init containers; else the number of one task. */
static uint32_t pod_next_victim(const struct k8sm_status *s) {
  uint32_t victim = 0;
  for (uint32_t i = 1; i < s->demand->task_count; i++) {
    if (!k8smi_task_alive(&s->tasks[i])) continue;
    if (s->demand->tasks[i].kind != K8SM_TASK_SIDECAR) return UINT32_MAX;
    victim = i;
  }
  return victim;
}

static int64_t pod_grace_left(const struct k8sm_status *s) {
  int64_t gone = (int64_t)((s->mono_ms - s->ending_mono_ms) / 1000);
  int64_t least =
      s->grace_seconds < K8SMI_SIDECAR_GRACE_SECONDS ? s->grace_seconds : K8SMI_SIDECAR_GRACE_SECONDS;
  int64_t left = s->grace_seconds - gone;
  return left > least ? left : least;
}

/* The pause task holds nothing that needs time. And as process 1 of its own pid namespace it does not hear
 * SIGTERM: with a grace every pod would end that much later. */
int64_t k8smi_status_grace(const struct k8sm_status *s, size_t task, int64_t of_containers) {
  return s->demand->tasks[task].kind == K8SM_TASK_PAUSE ? 0 : of_containers;
}

static void pod_want_kills(struct k8sm_status *s) {
  uint32_t victim = pod_next_victim(s);
  for (uint32_t i = 0; i < s->demand->task_count; i++) {
    struct k8smi_status_task *t = &s->tasks[i];
    bool wave = s->demand->tasks[i].kind == K8SM_TASK_MAIN || s->demand->tasks[i].kind == K8SM_TASK_INIT;
    if (!k8smi_task_alive(t) || t->kill || (victim == UINT32_MAX ? !wave : i != victim)) continue;
    t->kill = true;
    t->kill_mono_ms = s->mono_ms;
    t->kill_grace = k8smi_status_grace(s, i, victim == UINT32_MAX ? s->grace_seconds : pod_grace_left(s));
  }
}

/* The sandbox is lost: most of what is left ends by itself in a moment, and is heard of; the rest must not
 * stay. */
static void pod_want_leftovers_killed(struct k8sm_status *s) {
  for (uint32_t i = 0; i < s->demand->task_count; i++) {
    struct k8smi_status_task *t = &s->tasks[i];
    if (!k8smi_task_alive(t) || t->kill) continue;
    t->kill = true;
    t->kill_mono_ms = s->mono_ms + POD_KILL_AGAIN_MS;
    t->kill_grace = k8smi_status_grace(s, i, s->demand->grace_seconds);
  }
}

void k8smi_status_begin(struct k8sm_status *s) {
  for (size_t i = 0; i < s->demand->task_count; i++) {
    struct k8smi_status_task *t = &s->tasks[i];
    if (!t->kill || t->kill_mono_ms > s->mono_ms) continue;
    t->kill_mono_ms =
        s->mono_ms + (t->progress == K8SMI_PROGRESS_KILLING ? POD_KILL_AGAIN_LATE_MS : POD_KILL_AGAIN_MS);
  }
  if (s->hurry_mono_ms != 0 && s->hurry_mono_ms <= s->mono_ms)
    s->hurry_mono_ms = s->mono_ms + POD_KILL_AGAIN_MS;
  for (size_t i = 0; i < s->stray_count; i++) {
    if (s->strays[i].kill_mono_ms <= s->mono_ms) s->strays[i].kill_mono_ms = s->mono_ms + POD_KILL_AGAIN_MS;
  }
}

/* ---- What is wanted ---- */

bool k8smi_status_launches(const struct k8sm_status *s) {
  if (!s->launched || s->lost || s->ending || s->given_up || k8smi_demand_is_task(s->demand)) return false;
  for (size_t i = 0; i < s->demand->task_count; i++) {
    if (k8smi_task_alive(&s->tasks[i]) && s->tasks[i].progress >= K8SMI_PROGRESS_STARTING) return true;
  }
  return false;
}

bool k8smi_task_wants_launch(const struct k8sm_status *s, size_t task) {
  return s->tasks[task].progress == K8SMI_PROGRESS_NONE && s->demand->tasks[task].stage <= s->stage;
}

bool k8smi_status_wants_attempt(const struct k8sm_status *s) {
  return s->launched && !s->ending && (s->given_up || !k8smi_status_alive(s));
}

/* How far initialization has come, in kubectl's words. */
static void pod_show_init(struct k8sm_status *s) {
  struct k8smi_buf buf;
  uint32_t init = k8smi_status_holding_init(s);
  s->shown_init = (struct k8sm_slice){NULL, 0};
  if (init == 0) return;
  k8smi_buf_init(&buf, &s->arena.allocator);
  k8smi_buf_puts(&buf, "Init:");
  k8smi_buf_u64(&buf, init - 1);
  k8smi_buf_putc(&buf, '/');
  k8smi_buf_u64(&buf, s->demand->stages - 1);
  s->shown_init = k8smi_status_take(s, &buf);
}

void k8smi_status_evaluate(struct k8sm_status *s) {
  for (size_t i = 0; i < s->demand->task_count; i++) k8smi_task_settle_check(s, i);
  pod_advance_stage(s);
  pod_show_init(s);
  pod_begin_end(s);
  if (k8smi_status_unreachable_deadline(s) <= s->mono_ms) s->given_up = true;
  if (s->ending) {
    for (size_t i = 0; i < s->demand->task_count; i++) k8smi_task_give_up(&s->tasks[i]);
    pod_want_kills(s);
  } else if (s->lost) {
    pod_want_leftovers_killed(s);
  }
  k8smi_status_set_phase(s);
  k8smi_status_set_conditions(s);
}
