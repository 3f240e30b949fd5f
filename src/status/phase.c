/* SPDX-License-Identifier: Apache-2.0 */
/* Phase and conditions, as the kubelet finds them. */
#include "status/status.h"

const char *k8smi_phase_name(uint32_t phase) {
  static const char *const names[] = {"Pending", "Running", "Succeeded", "Failed"};
  return names[phase];
}

uint32_t k8smi_container_state(const struct k8smi_status_task *t) {
  if (t->progress == K8SMI_PROGRESS_RUNNING || t->progress == K8SMI_PROGRESS_KILLING)
    return K8SM_STATE_RUNNING;
  return t->progress == K8SMI_PROGRESS_ENDED && t->end.set ? K8SM_STATE_TERMINATED : K8SM_STATE_WAITING;
}

/* What it refers to is not there: the kubelet does not make it. */
static bool phase_lacks(const struct k8sm_status *s, size_t task) {
  uint32_t progress = s->tasks[task].progress;
  return s->demand->lacks.len > 0 && (progress == K8SMI_PROGRESS_NONE || progress == K8SMI_PROGRESS_ENDED);
}

/* Its time has come, and its agent offers nothing for it: s->unplaced says what is missing. */
static bool phase_lacks_room(const struct k8sm_status *s, size_t task) {
  return s->launched && s->unplaced.len > 0 && !s->ending && k8smi_task_wants_launch(s, task) &&
         s->tasks[task].due_mono_ms <= s->mono_ms;
}

struct k8sm_slice k8smi_waiting_message(const struct k8sm_status *s, size_t task) {
  if (phase_lacks(s, task)) return s->demand->lacks;
  return phase_lacks_room(s, task) ? s->unplaced : s->tasks[task].message;
}

struct k8sm_slice k8smi_waiting_reason(const struct k8sm_status *s, size_t task) {
  if (phase_lacks(s, task)) return K8SMI_S("CreateContainerConfigError");
  if (s->tasks[task].reason.len > 0) return s->tasks[task].reason;
  return s->demand->stages > 1 && s->stage + 1 < s->demand->stages ? K8SMI_S("PodInitializing")
                                                                   : K8SMI_S("ContainerCreating");
}

bool k8smi_container_started(const struct k8sm_status *s, size_t task) {
  const struct k8smi_status_task *t = &s->tasks[task];
  return k8smi_container_state(t) == K8SM_STATE_RUNNING && t->started;
}

bool k8smi_container_ready(const struct k8sm_status *s, size_t task) {
  const struct k8smi_status_task *t = &s->tasks[task];
  if (s->demand->tasks[task].kind == K8SM_TASK_INIT)
    return k8smi_container_state(t) == K8SM_STATE_TERMINATED && t->end.exit_code == 0;
  return k8smi_container_started(s, task) && t->ready;
}

uint32_t k8smi_status_holding_init(const struct k8sm_status *s) {
  for (uint32_t i = 1; i < s->demand->task_count && s->demand->tasks[i].kind != K8SM_TASK_MAIN; i++) {
    const struct k8smi_status_task *t = &s->tasks[i];
    bool done = k8smi_container_state(t) == K8SM_STATE_TERMINATED && t->end.exit_code == 0;
    bool serves = s->demand->tasks[i].kind == K8SM_TASK_SIDECAR && k8smi_container_started(s, i);
    if (!done && !serves) return i;
  }
  return 0;
}

struct k8sm_slice k8smi_container_shown_id(const struct k8smi_status_task *t) {
  if (k8smi_container_state(t) == K8SM_STATE_RUNNING) return t->container_id;
  return t->end.set ? t->end.container_id : t->last.container_id;
}

struct phase_counts {
  size_t pending; /* of initialization */
  size_t init_failed;
  size_t waiting;
  size_t running;
  size_t stopped; /* mains */
  size_t succeeded;
  bool started; /* some main, ever */
};

static void phase_count_init(const struct k8sm_status *s, size_t i, struct phase_counts *c) {
  const struct k8smi_status_task *t = &s->tasks[i];
  uint32_t state = k8smi_container_state(t);
  if (s->demand->tasks[i].kind == K8SM_TASK_SIDECAR) {
    if (state == K8SM_STATE_RUNNING) c->running++;
    if (state == K8SM_STATE_RUNNING && !t->started) c->pending++;
    bool waits = t->progress != K8SMI_PROGRESS_ENDED; /* not one that was given up before it was heard of */
    if (state == K8SM_STATE_WAITING && !t->last.set && waits) {
      c->pending++;
      c->waiting++;
    }
    return;
  }
  const struct k8smi_status_end *end = state == K8SM_STATE_TERMINATED ? &t->end : &t->last;
  if (state == K8SM_STATE_RUNNING || !end->set) {
    c->pending++;
  } else if (end->exit_code != 0) {
    if (state == K8SM_STATE_TERMINATED) c->init_failed++;
  }
}

static void phase_count_main(const struct k8smi_status_task *t, struct phase_counts *c) {
  uint32_t state = k8smi_container_state(t);
  if (state != K8SM_STATE_WAITING || t->last.set) c->started = true;
  if (state == K8SM_STATE_RUNNING) {
    c->running++;
  } else if (state == K8SM_STATE_TERMINATED) {
    c->stopped++;
    if (t->end.exit_code == 0) c->succeeded++;
  } else if (t->last.set) {
    c->stopped++;
    if (t->last.exit_code == 0) c->succeeded++;
  } else {
    c->waiting++;
  }
}

/* All mains have stopped and nothing runs. */
static uint32_t phase_of_stopped(const struct k8sm_status *s, const struct phase_counts *c) {
  bool all = c->succeeded == c->stopped;
  if (s->ending) return all ? K8SMI_PHASE_SUCCEEDED : K8SMI_PHASE_FAILED;
  return K8SMI_PHASE_RUNNING; /* something will start again */
}

static uint32_t phase_find(const struct k8sm_status *s) {
  struct phase_counts c;
  memset(&c, 0, sizeof c);
  if (s->deadline_exceeded) return K8SMI_PHASE_FAILED;
  for (size_t i = 1; i < s->demand->task_count; i++) {
    if (s->demand->tasks[i].kind == K8SM_TASK_MAIN) {
      phase_count_main(&s->tasks[i], &c);
    } else {
      phase_count_init(s, i, &c);
    }
  }
  if (c.init_failed > 0) return K8SMI_PHASE_FAILED;
  bool cut = s->deleted || (s->lost && s->ending); /* what waits is not begun any more */
  if (cut && !k8smi_status_alive(s) && (c.waiting > 0 || c.pending > 0)) return K8SMI_PHASE_FAILED;
  if (c.pending > 0 && !c.started) return K8SMI_PHASE_PENDING;
  if (c.waiting > 0) return K8SMI_PHASE_PENDING;
  if (c.running > 0) return K8SMI_PHASE_RUNNING;
  return phase_of_stopped(s, &c);
}

/* Of one whose record was lost: it may run, but nobody has told of it so far. */
static bool phase_may_be_found(const struct k8sm_status *s, const struct k8smi_status_task *t) {
  return s->unsure && t->task_id.len == 0 && !t->end.set;
}

static bool phase_container_alive(const struct k8sm_status *s) {
  for (size_t i = 1; i < s->demand->task_count; i++) {
    if (k8smi_task_alive(&s->tasks[i]) || phase_may_be_found(s, &s->tasks[i])) return true;
  }
  return false;
}

/* Has anything been seen of it? */
static bool phase_was_begun(const struct k8smi_status_task *t) {
  return t->last.set || k8smi_container_state(t) != K8SM_STATE_WAITING;
}

/* From the first container on, how many of them the kubelet takes for begun: all, once the pod is
 * initialized, and at least one. */
static size_t phase_begun(const struct k8sm_status *s) {
  size_t n = s->demand->task_count, begun = 2, inits = 0;
  for (size_t i = 1; i < n; i++) {
    bool main = s->demand->tasks[i].kind == K8SM_TASK_MAIN;
    if (main && phase_was_begun(&s->tasks[i])) return n;
    if (!main) inits++;
    if (!main && phase_was_begun(&s->tasks[i])) begun = i + 1;
  }
  return inits == 0 || k8smi_container_ready(s, inits) ? n : begun;
}

/* A pod that is over has no container that waits. Nobody knows how those ended that were begun, perhaps: the
 * kubelet calls that a failure. What no stage came to stays as it is. */
static void phase_end_unlocated(struct k8sm_status *s) {
  enum { EXIT_UNKNOWN = 137 };
  size_t begun = s->started_wall_ms != 0 ? phase_begun(s) : 0;
  for (size_t i = 1; i < begun; i++) {
    if (k8smi_container_state(&s->tasks[i]) == K8SM_STATE_TERMINATED) continue;
    s->tasks[i].end = (struct k8smi_status_end){
        .set = true,
        .exit_code = EXIT_UNKNOWN,
        .reason = K8SMI_S("ContainerStatusUnknown"),
        .message = K8SMI_S("The container could not be located when the pod was terminated")};
  }
}

/* An end is told when no container lives, or may: who makes another pod for one that has ended would have
 * two. */
void k8smi_status_set_phase(struct k8sm_status *s) {
  if (k8smi_status_is_final(s)) return;
  uint32_t phase = phase_find(s);
  bool final = phase == K8SMI_PHASE_SUCCEEDED || phase == K8SMI_PHASE_FAILED;
  if (final && phase_container_alive(s)) return;
  s->phase = phase;
  if (final) phase_end_unlocated(s);
}

/* ---- Conditions ---- */

static bool condition_sandbox(const struct k8sm_status *s) {
  for (size_t i = 0; i < s->demand->task_count; i++) {
    if (k8smi_task_alive(&s->tasks[i]) && s->tasks[i].progress >= K8SMI_PROGRESS_STARTING) return true;
  }
  return false;
}

static bool condition_containers_ready(const struct k8sm_status *s) {
  for (size_t i = 1; i < s->demand->task_count; i++) {
    if (s->demand->tasks[i].kind != K8SM_TASK_INIT && !k8smi_container_ready(s, i)) return false;
  }
  return s->phase != K8SMI_PHASE_SUCCEEDED && s->phase != K8SMI_PHASE_FAILED;
}

/* Where a main runs, or has done its work, all was initialized once, whatever has become of it. */
static bool condition_initialized(const struct k8sm_status *s) {
  bool all = true;
  for (size_t i = 1; i < s->demand->task_count; i++) {
    uint32_t kind = s->demand->tasks[i].kind;
    if (kind == K8SM_TASK_MAIN && k8smi_container_state(&s->tasks[i]) != K8SM_STATE_WAITING) return true;
    if (kind == K8SM_TASK_SIDECAR) all = all && k8smi_container_started(s, i);
    if (kind == K8SM_TASK_INIT) all = all && k8smi_container_ready(s, i);
  }
  return all;
}

bool k8smi_conditions_shown(const struct k8sm_status *s) {
  return s->placed || s->unplaced.len > 0 || s->started_wall_ms != 0 || s->others.len > 0 ||
         k8smi_status_is_gated(s);
}

void k8smi_status_set_conditions(struct k8sm_status *s) {
  bool ready = condition_containers_ready(s);
  k8smi_status_find_gates(s);
  bool holds[K8SMI_CONDITIONS];
  holds[K8SMI_CONDITION_READY_TO_START] = condition_sandbox(s);
  holds[K8SMI_CONDITION_INITIALIZED] = condition_initialized(s);
  holds[K8SMI_CONDITION_READY] = ready && !s->unreachable && s->gates.len == 0;
  holds[K8SMI_CONDITION_CONTAINERS_READY] = ready;
  holds[K8SMI_CONDITION_SCHEDULED] = s->placed;
  for (size_t i = 0; i < K8SMI_CONDITIONS; i++) {
    struct k8smi_status_condition *c = &s->conditions[i];
    if (c->holds == holds[i] && c->since_wall_ms != 0) continue;
    c->holds = holds[i];
    c->since_wall_ms = s->wall_ms;
  }
}
