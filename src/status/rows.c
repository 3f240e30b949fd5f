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

/* The first init container that holds the others up; 0: none. */
static uint32_t rows_holding_init(const struct k8sm_status *s) {
  for (uint32_t i = 1; i < s->demand->task_count; i++) {
    uint32_t kind = s->demand->tasks[i].kind;
    if (kind == K8SM_TASK_INIT && !k8smi_container_ready(s, i)) return i;
    if (kind == K8SM_TASK_SIDECAR && s->demand->tasks[i].stage >= s->stage && !s->tasks[i].started) return i;
  }
  return 0;
}

/* "Init:1/3" for any numbers: the text is in the status, made when it was. */
static struct k8sm_slice rows_shown_init(const struct k8sm_status *s, uint32_t task) {
  const struct k8smi_status_task *t = &s->tasks[task];
  uint32_t state = k8smi_container_state(t);
  if (state == K8SM_STATE_TERMINATED) return K8SMI_S("Init:Error");
  if (state == K8SM_STATE_WAITING && k8smi_eqs(t->reason, "CrashLoopBackOff"))
    return K8SMI_S("Init:CrashLoopBackOff");
  if (state == K8SM_STATE_WAITING && k8smi_eqs(t->reason, "ErrImagePull"))
    return K8SMI_S("Init:ErrImagePull");
  if (state == K8SM_STATE_WAITING && k8smi_eqs(t->reason, "ImagePullBackOff"))
    return K8SMI_S("Init:ImagePullBackOff");
  if (state == K8SM_STATE_WAITING && t->reason.len > 0) return K8SMI_S("Init:CreateContainerError");
  return s->shown_init;
}

/* As kubectl finds its STATUS: the first container that has something to say. */
static struct k8sm_slice rows_shown_mains(const struct k8sm_status *s) {
  struct k8sm_slice shown = {NULL, 0};
  bool running = false, over = s->ending && !k8smi_status_alive(s);
  for (uint32_t i = (uint32_t)s->demand->task_count; i-- > 1;) {
    if (s->demand->tasks[i].kind != K8SM_TASK_MAIN) continue;
    uint32_t state = k8smi_container_state(&s->tasks[i]);
    if (state == K8SM_STATE_WAITING && !over) shown = k8smi_waiting_reason(s, i);
    if (state == K8SM_STATE_TERMINATED) shown = s->tasks[i].end.reason;
    if (state == K8SM_STATE_RUNNING && k8smi_container_ready(s, i)) running = true;
  }
  if (shown.len == 0 || (k8smi_eqs(shown, "Completed") && running)) {
    return s->conditions[K8SMI_CONDITION_READY].holds || shown.len == 0 ? k8smi_s(k8smi_phase_name(s->phase))
                                                                        : K8SMI_S("NotReady");
  }
  return shown;
}

static struct k8sm_slice rows_shown(const struct k8sm_status *s) {
  if (s->deleted && k8smi_status_alive(s)) return K8SMI_S("Terminating");
  if (s->deadline_exceeded && s->phase == K8SMI_PHASE_FAILED) return K8SMI_S("DeadlineExceeded");
  if (!s->placed && s->phase == K8SMI_PHASE_PENDING)
    return k8smi_status_is_gated(s) ? K8SMI_S("SchedulingGated") : K8SMI_S("Pending");
  uint32_t init = rows_holding_init(s);
  return init != 0 ? rows_shown_init(s, init) : rows_shown_mains(s);
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
  for (size_t i = 1; i < s->demand->task_count; i++) {
    row.restarts += s->tasks[i].restarts;
    if (s->demand->tasks[i].kind == K8SM_TASK_INIT) continue;
    row.containers++;
    row.ready += k8smi_container_ready(s, i);
  }
  return k8smi_struct_write(ret, &row, sizeof row);
}
