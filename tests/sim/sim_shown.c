/* SPDX-License-Identifier: Apache-2.0 */
/* What users are shown: the statuses that the driver tells, written down, and whether it tells all of them.
 */
#include "sim.h"

#include "base/slice.h"
#include "status/status.h"

#include <stdio.h>
#include <string.h>

/* With the phase in it. */
static uint64_t shown_write(struct sim *s, const struct k8sm_status *status, char *phase, size_t cap) {
  static const char member[] = "\"phase\":\"";
  struct k8sm_blob *json;
  if (k8sm_status_encode(status, K8SM_FORMAT_JSON, NULL, &json) != K8SM_OK) {
    sim_broken(s, "statuses can be shown", "one can't be written");
    return 0;
  }
  const struct k8sm_slice text = k8sm_blob_bytes(json);
  const char *at = strstr(text.ptr, member);
  snprintf(phase, cap, "%.*s", at == NULL ? 0 : (int)strcspn(at + sizeof member - 1, "\""),
           at == NULL ? "" : at + sizeof member - 1);
  const uint64_t sum = k8smi_hash(text.ptr, text.len, 1);
  k8sm_blob_unref(json);
  return sum;
}

/* Statuses don't change: one that was looked at need not be looked at again as long as it is there. */
static void shown_see(struct sim_pod *p, const struct k8sm_status *status) {
  k8sm_status_unref(p->seen);
  p->seen = status == NULL ? NULL : k8sm_status_ref((struct k8sm_status *)(uintptr_t)status);
}

static bool shown_is_final(const char *phase) {
  return strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
}

/* What it was before is what was told last, by this process. */
static void shown_check_former(struct sim *s, const struct sim_pod *p, const struct k8sm_effect *e,
                               uint64_t now) {
  char phase[sizeof p->phase];
  uint64_t former = e->former == NULL      ? 0
                    : e->former == p->seen ? p->told
                                           : shown_write(s, e->former, phase, sizeof phase);
  if (former != p->told) sim_broken(s, "a status says what it was before", "%s was told otherwise", p->key);
  if (former == now) sim_broken(s, "what is told is new", "%s shows what it did", p->key);
}

/* Who hears that a pod is over makes another one. What is left of former attempts is to be killed, and counts
 * not; nor does what a lost record named, and nobody has told of. */
static void shown_check_end(struct sim *s, const struct sim_pod *p, const struct k8sm_effect *e) {
  const uint32_t attempt = k8sm_demand_attempt(e->status->demand);
  for (size_t i = 0; i < s->truth.task_count; i++) {
    const struct sim_task *t = s->truth.tasks[i];
    struct k8sm_task_id id;
    if (&s->pods[t->pod] != p || !t->live || t->container == SIM_CONTAINERS || t->instance == SIZE_MAX)
      continue;
    if (!s->local->agents[s->truth.instances[t->instance].agent].registered) continue;
    if (s->process.forgot && !sim_check_knows(s, p, t->id)) continue;
    if (k8sm_task_id_parse(t->id, strlen(t->id), &id) == K8SM_OK && id.attempt == attempt)
      sim_broken(s, "a pod is over when nothing of it runs", "%s is told to be over, and %s runs", p->key,
                 t->id);
  }
}

/* By the policy of the pod a main that has ended so is not begun again, in no attempt; nor is with Never what
 * has run, but beside a former attempt that is out of reach. */
static void shown_check_done(struct sim *s, struct sim_pod *p, const struct k8sm_status *status) {
  struct k8sm_container_status c;
  for (size_t i = 0; k8sm_status_containers(status, i, &c, sizeof c, 1) != 0; i++) {
    const size_t k = sim_container_find(p, c.name);
    const uint32_t bit = UINT32_C(1) << k;
    bool never = p->policy == SIM_NEVER, over = c.state == K8SM_STATE_TERMINATED;
    bool again = (p->done & bit) != 0 && !over;
    again |= (p->ran & bit) != 0 && c.state == K8SM_STATE_WAITING && status->stray_count == 0;
    if (p->containers[k].kind != SIM_MAIN) continue;
    if (again && !s->process.forgot)
      sim_broken(s, "what is done is not begun again", "%s: container %s is begun again", p->key, c.name.ptr);
    if (over && (never || (p->policy == SIM_ON_FAILURE && c.exit_code == 0))) p->done |= bit;
    if (never && c.state == K8SM_STATE_RUNNING) p->ran |= bit;
    if (status->stray_count != 0) p->ran = 0;
  }
}

void sim_shown_told(struct sim *s, const struct k8sm_effect *e) {
  for (size_t i = 0; i < s->pod_count; i++) {
    struct sim_pod *p = &s->pods[i];
    char phase[sizeof p->phase];
    if (!k8smi_eqs(e->key, p->key)) continue;
    const uint64_t now = shown_write(s, e->status, phase, sizeof phase);
    sim_trace(s, "  status %s %s", p->key, phase);
    if (shown_is_final(p->phase) && strcmp(phase, p->phase) != 0)
      sim_broken(s, "a terminal phase is final", "%s was %s and is %s", p->key, p->phase, phase);
    if (!shown_is_final(p->phase) && shown_is_final(phase)) shown_check_end(s, p, e);
    shown_check_former(s, p, e, now);
    shown_check_done(s, p, e->status);
    memcpy(p->phase, phase, sizeof phase);
    p->told = now;
    shown_see(p, e->status);
  }
}

bool sim_shown_due(const struct k8sm_status *status, uint32_t task, uint64_t mono_ms) {
  struct k8sm_action a;
  for (size_t i = 0; k8sm_status_actions(status, i, &a, sizeof a, 1) != 0; i++) {
    if (a.type == K8SM_ACTION_LAUNCH && a.task == task) return a.at_mono_ms <= mono_ms;
  }
  return false;
}

void sim_shown_waits(struct sim *s, const struct sim_pod *p, struct k8sm_slice words) {
  const uint64_t mono_ms = s->now - s->process.mono_base;
  struct k8sm_driver_pod row;
  struct k8sm_container_status c;
  for (size_t i = 0; k8sm_driver_pods(s->process.driver, i, &row, sizeof row, 1) != 0; i++) {
    if (!k8smi_eqs(k8sm_pod_uid(row.pod), p->uid)) continue;
    for (size_t k = 0; k8sm_status_containers(row.status, k, &c, sizeof c, 1) != 0; k++) {
      if (sim_shown_due(row.status, c.task, mono_ms) && !k8smi_eq(c.message, words))
        sim_broken(s, "who waits to start again says why", "%s: container %s says '%s'", p->key, c.name.ptr,
                   c.message.ptr == NULL ? "" : c.message.ptr);
    }
  }
}

void sim_shown_forget(struct sim *s) {
  for (size_t i = 0; i < s->pod_count; i++) {
    s->pods[i].told = s->pods[i].ran = s->pods[i].done = 0;
    shown_see(&s->pods[i], NULL);
  }
}

/* A terminal phase waits for its record. */
void sim_shown_check(struct sim *s) {
  struct k8sm_driver_pod row;
  for (size_t i = 0; k8sm_driver_pods(s->process.driver, i, &row, sizeof row, 1) != 0; i++) {
    struct sim_pod *p = sim_pod_of_uid(s, k8sm_pod_uid(row.pod));
    char phase[sizeof p->phase];
    if (p == NULL || p->told == 0 || row.status == p->seen) continue;
    const uint64_t now = shown_write(s, row.status, phase, sizeof phase);
    if (now == p->told)
      shown_see(p, row.status);
    else if (!shown_is_final(phase) || shown_is_final(p->phase))
      sim_broken(s, "what is shown is told", "%s shows something else than was told, and is %s", p->key,
                 phase);
  }
}

static void shown_form(struct sim *s, size_t pod, const struct k8sm_status *status) {
  const bool alone = status->demand->form == K8SM_FORM_COMMAND;
  for (size_t i = 0; i < s->truth.task_count; i++) {
    const struct sim_task *t = s->truth.tasks[i];
    struct k8sm_task_id id;
    if (t->pod != pod || !t->live || t->instance == SIZE_MAX) continue;
    bool it = k8sm_task_id_parse(t->id, strlen(t->id), &id) == K8SM_OK &&
              id.attempt == k8sm_demand_attempt(status->demand);
    if (it && s->truth.instances[t->instance].alone != alone)
      sim_broken(s, "what runs keeps its form", "%s is %sa command task, and taken for %s", t->id,
                 alone ? "not " : "", alone ? "one" : "none");
  }
}

/* A lost record names no form, and the ids tell of one only when they are heard of. */
void sim_shown_forms(struct sim *s) {
  struct k8sm_driver_pod row;
  if (s->process.driver == NULL || s->process.forgot) return;
  for (size_t i = 0; k8sm_driver_pods(s->process.driver, i, &row, sizeof row, 1) != 0; i++) {
    const struct sim_pod *p = sim_pod_of_uid(s, k8sm_pod_uid(row.pod));
    if (p != NULL) shown_form(s, (size_t)(p - s->pods), row.status);
  }
}
