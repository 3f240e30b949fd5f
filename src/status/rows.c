/* SPDX-License-Identifier: Apache-2.0 */
/* What a status tells in rows. */
#include "status/status.h"

#include "base/abi.h"
#include "wire/number.h"

static void status_rows_container(const struct k8sm_status *s, uint32_t task,
                                  struct k8sm_container_status *row) {
  const struct k8smi_status_task *t = &s->tasks[task];
  memset(row, 0, sizeof *row);
  row->name = s->demand->tasks[task].container;
  row->task = task;
  row->state = k8smi_container_state(t);
  row->ready = k8smi_container_ready(s, task);
  row->restarts = t->restarts;
  if (row->state == K8SM_STATE_RUNNING) {
    row->started_wall_ms = t->started_wall_ms;
    return;
  }
  const struct k8smi_status_end *end = row->state == K8SM_STATE_TERMINATED ? &t->end : &t->last;
  row->reason = row->state == K8SM_STATE_TERMINATED ? end->reason : k8smi_waiting_reason(s, task);
  row->message = row->state == K8SM_STATE_TERMINATED ? end->message : k8smi_waiting_message(s, task);
  if (!end->set) return;
  row->exit_code = end->exit_code;
  row->signal = end->signal;
  row->started_wall_ms = end->started_wall_ms;
  row->finished_wall_ms = end->finished_wall_ms;
}

size_t k8sm_status_containers(const struct k8sm_status *status, size_t first,
                              struct k8sm_container_status *rows, size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(status->demand->task_count - 1, first); /* without the pause task */
  for (size_t i = 0; i < left && i < n; i++) {
    struct k8sm_container_status row;
    status_rows_container(status, (uint32_t)(first + i + 1), &row);
    k8smi_row_write(rows, row_size, i, &row, sizeof row);
  }
  return left;
}

/* ---- The summary ---- */

/* Waiting without a reason of its own, or running, it says how far initialization has come. */
static struct k8sm_slice rows_shown_init(const struct k8sm_status *s, uint32_t task) {
  static const char *const shown[] = {"Init:Error",
                                      "Init:OOMKilled",
                                      "Init:ContainerStatusUnknown",
                                      "Init:DeadlineExceeded",
                                      "Init:CrashLoopBackOff",
                                      "Init:ErrImagePull",
                                      "Init:ImagePullBackOff",
                                      "Init:CreateContainerError",
                                      "Init:CreateContainerConfigError",
                                      "Init:ContainerCreating"};
  struct k8sm_container_status row;
  status_rows_container(s, task, &row);
  for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
    if (k8smi_eqs(row.reason, shown[i] + strlen("Init:"))) return k8smi_s(shown[i]);
  }
  return s->shown_init;
}

/* The first by name that has something to say speaks for all; where that is a good end, whoever has a worse
 * one. */
static struct k8sm_slice rows_shown_mains(const struct k8sm_status *s, struct k8sm_slice otherwise) {
  uint32_t telling = 0, failed = 0;
  bool serves = false;
  for (uint32_t i = 1; i < s->demand->task_count; i++) {
    if (s->demand->tasks[i].kind != K8SM_TASK_MAIN) continue;
    struct k8sm_slice name = s->demand->tasks[i].container;
    uint32_t state = k8smi_container_state(&s->tasks[i]);
    if (state == K8SM_STATE_RUNNING) {
      serves |= k8smi_container_ready(s, i);
      continue;
    }
    if (telling == 0 || k8smi_cmp(name, s->demand->tasks[telling].container) < 0) telling = i;
    if (state != K8SM_STATE_TERMINATED || s->tasks[i].end.exit_code == 0) continue;
    if (failed == 0 || k8smi_cmp(name, s->demand->tasks[failed].container) < 0) failed = i;
  }
  if (telling == 0) return otherwise;
  struct k8sm_container_status row;
  status_rows_container(s, telling, &row);
  if (!k8smi_eqs(row.reason, "Completed")) return row.reason;
  if (serves && s->conditions[K8SMI_CONDITION_READY].holds) return K8SMI_S("Running");
  if (failed != 0) return s->tasks[failed].end.reason;
  return serves ? K8SMI_S("NotReady") : row.reason;
}

/* As kubectl finds its STATUS.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase */
static struct k8sm_slice rows_shown(const struct k8sm_status *s) {
  if (s->deleted && !k8smi_status_is_final(s)) return K8SMI_S("Terminating");
  if (k8smi_status_is_gated(s)) return K8SMI_S("SchedulingGated");
  struct k8sm_slice shown = k8smi_s(k8smi_phase_name(s->phase));
  if (s->deadline_exceeded && s->phase == K8SMI_PHASE_FAILED) shown = K8SMI_S("DeadlineExceeded");
  if (s->started_wall_ms == 0) return shown;
  uint32_t init = k8smi_status_holding_init(s);
  if (init != 0) shown = rows_shown_init(s, init);
  return init == 0 || s->conditions[K8SMI_CONDITION_INITIALIZED].holds ? rows_shown_mains(s, shown) : shown;
}

/* Of init containers as long as they are what the pod does, then of the others; of none behind a sidecar that
 * is missing. */
static bool rows_counts(const struct k8sm_status *s, uint32_t task) {
  uint32_t kind = s->demand->tasks[task].kind, init = k8smi_status_holding_init(s);
  bool initialized = init == 0 || s->conditions[K8SMI_CONDITION_INITIALIZED].holds;
  if (kind == K8SM_TASK_MAIN) return initialized;
  return (init == 0 || task <= init) && (kind == K8SM_TASK_SIDECAR || !initialized);
}

static struct k8sm_slice rows_message(const struct k8sm_status *s) {
  if (!s->placed && s->unplaced.len > 0) return s->unplaced;
  for (size_t i = 1; i < s->demand->task_count; i++) {
    const struct k8smi_status_task *t = &s->tasks[i];
    uint32_t state = k8smi_container_state(t);
    struct k8sm_slice waits = k8smi_waiting_message(s, i);
    if (state == K8SM_STATE_WAITING && waits.len > 0) return waits;
    if (state == K8SM_STATE_TERMINATED && t->end.message.len > 0) return t->end.message;
  }
  return s->tasks[0].message;
}

int k8sm_status_summarize(const struct k8sm_status *status, struct k8sm_status_summary *ret) {
  const struct k8sm_status *s = status;
  struct k8sm_status_summary row;
  memset(&row, 0, sizeof row);
  row.size = sizeof row;
  row.phase = k8smi_s(k8smi_phase_name(s->phase));
  row.shown = rows_shown(s);
  row.message = rows_message(s);
  row.agent_id = s->agent_id;
  row.hostname = s->hostname;
  row.pod_ip = s->pod_ip;
  row.created_wall_ms = s->created_wall_ms;
  row.started_wall_ms = s->started_wall_ms;
  row.finished = s->ending && !k8smi_status_alive(s);
  for (uint32_t i = 1; i < s->demand->task_count; i++) {
    const bool counts = rows_counts(s, i);
    if (counts) row.restarts += s->tasks[i].restarts;
    if (s->demand->tasks[i].kind == K8SM_TASK_INIT) continue;
    row.containers++;
    row.ready += counts && k8smi_container_ready(s, i);
  }
  return k8smi_struct_write(ret, &row, sizeof row);
}
