/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two statuses of a pod are the same to who sees the PodStatus: encode.c writes what is compared
 * here, and nothing else. A status changes more often than what is shown of it, and most of those who are
 * told do not want to write it down to find out. */
#include "status/status.h"

#include "wire/number.h"

static bool shown_same_time(int64_t a, int64_t b) {
  return a == b || (a != 0 && b != 0 && k8smi_seconds_of_milli(a) == k8smi_seconds_of_milli(b));
}

/* ---- Containers ---- */

static bool shown_same_end(const struct k8smi_status_end *a, const struct k8smi_status_end *b) {
  return a->exit_code == b->exit_code && a->signal == b->signal && k8smi_eq(a->reason, b->reason) &&
         k8smi_eq(a->message, b->message) && k8smi_eq(a->container_id, b->container_id) &&
         shown_same_time(a->started_wall_ms, b->started_wall_ms) &&
         shown_same_time(a->finished_wall_ms, b->finished_wall_ms);
}

static bool shown_same_state(const struct k8sm_status *a, const struct k8sm_status *b, size_t task) {
  const struct k8smi_status_task *x = &a->tasks[task], *y = &b->tasks[task];
  uint32_t state = k8smi_container_state(x);
  if (state != k8smi_container_state(y)) return false;
  if (state == K8SM_STATE_TERMINATED) return shown_same_end(&x->end, &y->end);
  if (state == K8SM_STATE_RUNNING)
    return shown_same_time(x->started_wall_ms, y->started_wall_ms) && x->started == y->started;
  return k8smi_eq(k8smi_waiting_reason(a, task), k8smi_waiting_reason(b, task)) &&
         k8smi_eq(k8smi_waiting_message(a, task), k8smi_waiting_message(b, task));
}

static bool shown_same_container(const struct k8sm_status *a, const struct k8sm_status *b, size_t task) {
  const struct k8smi_status_task *x = &a->tasks[task], *y = &b->tasks[task];
  return shown_same_state(a, b, task) && x->restarts == y->restarts && x->last.set == y->last.set &&
         (!x->last.set || shown_same_end(&x->last, &y->last)) &&
         k8smi_container_ready(a, task) == k8smi_container_ready(b, task) &&
         k8smi_eq(k8smi_container_shown_id(x), k8smi_container_shown_id(y));
}

/* Attempts of a pod have the same containers. */
static bool shown_same_containers(const struct k8sm_status *a, const struct k8sm_status *b) {
  for (size_t i = 1; i < a->demand->task_count; i++) {
    if (!shown_same_container(a, b, i)) return false;
  }
  return true;
}

/* ---- Conditions ---- */

/* For a place. */
static bool shown_same_wait(const struct k8sm_status *a, const struct k8sm_status *b) {
  bool gated = k8smi_status_is_gated(a);
  return gated == k8smi_status_is_gated(b) && (gated || k8smi_eq(a->unplaced, b->unplaced));
}

/* They are named where nothing else holds the pod up. */
static bool shown_same_gates(const struct k8sm_status *a, const struct k8sm_status *b) {
  const bool named = a->conditions[K8SMI_CONDITION_CONTAINERS_READY].holds;
  return named == b->conditions[K8SMI_CONDITION_CONTAINERS_READY].holds &&
         (!named || k8smi_eq(a->gates, b->gates));
}

/* With the same phase and containers, which the words of most are about, too. */
static bool shown_same_condition(const struct k8sm_status *a, const struct k8sm_status *b, int index) {
  const struct k8smi_status_condition *x = &a->conditions[index], *y = &b->conditions[index];
  if (x->holds != y->holds || !shown_same_time(x->since_wall_ms, y->since_wall_ms)) return false;
  if (x->holds) return true;
  if (index == K8SMI_CONDITION_SCHEDULED) return shown_same_wait(a, b);
  if (index != K8SMI_CONDITION_READY || k8smi_status_is_final(a)) return true;
  return a->unreachable == b->unreachable && (a->unreachable || shown_same_gates(a, b));
}

static bool shown_same_conditions(const struct k8sm_status *a, const struct k8sm_status *b) {
  const bool shown = k8smi_conditions_shown(a);
  if (shown != k8smi_conditions_shown(b)) return false;
  if (!shown) return true;
  if (!k8smi_eq(k8smi_status_others(a), k8smi_status_others(b))) return false;
  for (int i = 0; i < K8SMI_CONDITIONS; i++) {
    if (a->started_wall_ms == 0 && i != K8SMI_CONDITION_SCHEDULED) continue;
    if (!shown_same_condition(a, b, i)) return false;
  }
  return k8smi_eq(a->disruption, b->disruption) &&
         (a->disruption.len == 0 || shown_same_time(a->disruption_wall_ms, b->disruption_wall_ms));
}

/* ---- The pod ---- */

/* A second address is shown behind a first one only. */
static bool shown_same_addresses(struct k8smi_status_addresses a, struct k8smi_status_addresses b) {
  return k8smi_eq(a.first, b.first) && (a.first.len == 0 || k8smi_eq(a.other, b.other));
}

bool k8smi_status_shows_same(const struct k8sm_status *a, const struct k8sm_status *b) {
  if (a == b) return true;
  return a->phase == b->phase && shown_same_time(a->started_wall_ms, b->started_wall_ms) &&
         (a->started_wall_ms == 0 || shown_same_containers(a, b)) && shown_same_conditions(a, b) &&
         (a->phase != K8SMI_PHASE_FAILED || a->deadline_exceeded == b->deadline_exceeded) &&
         k8smi_eq(a->nominated, b->nominated) &&
         shown_same_addresses(k8smi_pod_addresses(a), k8smi_pod_addresses(b)) &&
         shown_same_addresses(k8smi_host_addresses(a), k8smi_host_addresses(b));
}
