/* SPDX-License-Identifier: Apache-2.0 */
/* What to do next, derived from the status alone. */
#include "status/status.h"

#include "base/abi.h"

/* Rows between `first` and first + n are written, all are counted. */
struct action_rows {
  char *rows;
  size_t row_size;
  size_t first;
  size_t n;
  size_t count;
};

static void action_add(struct action_rows *to, const struct k8sm_action *row) {
  if (to->count >= to->first && to->count - to->first < to->n) {
    k8smi_row_write(to->rows, to->row_size, to->count - to->first, row, sizeof *row);
  }
  to->count++;
}

static void action_acks(const struct k8sm_status *s, struct action_rows *to) {
  for (size_t i = 0; i < s->ack_count; i++) {
    struct k8sm_action row = {.type = K8SM_ACTION_ACKNOWLEDGE,
                              .task_id = s->acks[i].task_id,
                              .agent_id = s->acks[i].agent_id,
                              .uuid = s->acks[i].uuid};
    action_add(to, &row);
  }
}

static void action_kills(const struct k8sm_status *s, struct action_rows *to) {
  for (uint32_t i = 0; i < s->demand->task_count; i++) {
    const struct k8smi_status_task *t = &s->tasks[i];
    if (!t->kill || !k8smi_task_alive(t)) continue;
    struct k8sm_action row = {.type = K8SM_ACTION_KILL,
                              .task_id = t->task_id,
                              .agent_id = s->agent_id,
                              .task = i,
                              .restart = t->restart,
                              .at_mono_ms = t->kill_mono_ms,
                              .grace_seconds = t->kill_grace};
    action_add(to, &row);
  }
  for (size_t i = 0; i < s->stray_count; i++) {
    struct k8sm_action row = {.type = K8SM_ACTION_KILL,
                              .task_id = s->strays[i].task_id,
                              .agent_id = s->strays[i].agent_id,
                              .at_mono_ms = s->strays[i].kill_mono_ms,
                              .grace_seconds = s->demand->grace_seconds};
    action_add(to, &row);
  }
}

/* Of the attempt's executor: named by a task of it that lives. */
static void action_shutdown(const struct k8sm_status *s, struct action_rows *to) {
  if (!s->ending || s->hurry_mono_ms == 0) return;
  for (uint32_t i = 0; i < s->demand->task_count; i++) {
    if (!k8smi_task_alive(&s->tasks[i])) continue;
    struct k8sm_action row = {.type = K8SM_ACTION_SHUTDOWN,
                              .task_id = s->tasks[i].task_id,
                              .agent_id = s->agent_id,
                              .task = i,
                              .restart = s->tasks[i].restart,
                              .at_mono_ms = s->hurry_mono_ms};
    action_add(to, &row);
    return;
  }
}

static void action_launches(const struct k8sm_status *s, struct action_rows *to) {
  if (!k8smi_status_launches(s)) return;
  for (uint32_t i = 0; i < s->demand->task_count; i++) {
    if (!k8smi_task_wants_launch(s, i)) continue;
    struct k8sm_action row = {.type = K8SM_ACTION_LAUNCH,
                              .agent_id = s->agent_id,
                              .task = i,
                              .restart = s->tasks[i].restart,
                              .at_mono_ms = s->tasks[i].due_mono_ms};
    action_add(to, &row);
  }
}

/* The pod's own back-off when its sandbox was lost, else that of its tasks. */
static uint64_t action_attempt_time(const struct k8sm_status *s) {
  uint64_t at = s->attempt_mono_ms;
  for (size_t i = 0; i < s->demand->task_count && !s->lost; i++) {
    if (s->tasks[i].due_mono_ms > at) at = s->tasks[i].due_mono_ms;
  }
  return at;
}

size_t k8sm_status_actions(const struct k8sm_status *status, size_t first, struct k8sm_action *rows,
                           size_t row_size, size_t n) {
  struct action_rows to = {(char *)rows, row_size, first, n, 0};
  action_acks(status, &to);
  action_kills(status, &to);
  action_shutdown(status, &to);
  action_launches(status, &to);
  if (k8smi_status_wants_attempt(status)) {
    struct k8sm_action row = {.type = K8SM_ACTION_ATTEMPT, .at_mono_ms = action_attempt_time(status)};
    action_add(&to, &row);
  }
  if (status->ending && !k8smi_status_alive(status) && status->stray_count == 0) {
    struct k8sm_action row = {.type = K8SM_ACTION_DONE};
    action_add(&to, &row);
  }
  return k8smi_rows_left(to.count, first);
}

/* The earlier of two times, the other one only if it is still to come. */
static uint64_t action_sooner(const struct k8sm_status *s, uint64_t at, uint64_t other) {
  return other > s->mono_ms && other < at ? other : at;
}

uint64_t k8sm_status_deadline(const struct k8sm_status *status) {
  const struct k8sm_status *s = status;
  if (s->rebase) return 0;
  uint64_t at = k8smi_status_active_deadline(s);
  at = action_sooner(s, at, k8smi_status_unreachable_deadline(s));
  bool launches = k8smi_status_launches(s);
  for (size_t i = 0; i < s->demand->task_count; i++) {
    const struct k8smi_status_task *t = &s->tasks[i];
    if (t->check_pending) at = action_sooner(s, at, t->check_mono_ms);
    if (t->kill && k8smi_task_alive(t)) at = action_sooner(s, at, t->kill_mono_ms);
    const uint64_t startup =
        k8smi_task_startup_deadline(s, i); /* a TICK alone lets it fail: it may be over */
    at = startup < at ? startup : at;
    if (launches && k8smi_task_wants_launch(s, i)) at = action_sooner(s, at, t->due_mono_ms);
  }
  if (s->ending && s->hurry_mono_ms != 0 && k8smi_status_alive(s))
    at = action_sooner(s, at, s->hurry_mono_ms);
  for (size_t i = 0; i < s->stray_count; i++) at = action_sooner(s, at, s->strays[i].kill_mono_ms);
  return k8smi_status_wants_attempt(s) ? action_sooner(s, at, action_attempt_time(s)) : at;
}
