/* SPDX-License-Identifier: Apache-2.0 */
/* A start without the record: the pods that are given may be running already. Nothing is launched for them
 * until every agent has had the time to register, and what answers of them is taken up: it can be watched and
 * killed. It can't be continued, since its ExecutorInfo was in the record: where something more is to be
 * launched, another attempt takes its place. */
#include "base/slice.h"
#include "demand/demand.h"
#include "driver/state.h"
#include "status/status.h"

enum { ADOPT_FOUND_MS = 5000 }; /* for the updates about all that runs on an agent which is back */

bool k8smi_drv_adopting(const struct k8sm_driver *d) {
  return d->core.options.adopt_ms != 0 && d->core.mono_ms < d->adopt_until_ms;
}

int k8smi_drv_adopt_begin(struct k8sm_driver *d) {
  const struct k8sm_slice none = {NULL, 0};
  if (d->core.options.adopt_ms == 0 || d->adopt_until_ms != DRV_NEVER) return K8SM_OK;
  d->adopt_until_ms = k8smi_drv_after(&d->core, d->core.options.adopt_ms);
  for (size_t i = 0; i < d->pods.count; i++) { /* to look at them then */
    if (d->pods.slots[i] != NULL && d->pods.slots[i]->adopts)
      k8smi_drv_pods_touch(&d->pods, d->pods.slots[i]);
  }
  return k8smi_drv_eventf(
      &d->core, 0, none,
      "Adopting: without a record, nothing is launched for %llu s, and what runs is taken up",
      (unsigned long long)(d->core.options.adopt_ms / 1000));
}

/* Higher than that of any attempt before, since none takes less than a second: so those are former ones. */
static uint32_t adopt_fresh(const struct k8sm_driver *d) {
  int64_t seconds = d->core.wall_ms / 1000;
  return seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

uint64_t k8smi_drv_adopt_known_ms(const struct k8sm_driver *d, const struct drv_pod *pod) {
  return pod->found_ms > d->reconcile.all_ms ? pod->found_ms : d->reconcile.all_ms;
}

/* What was recorded may be a part. */
void k8smi_drv_adopt_restored(const struct k8sm_driver *d, struct drv_pod *pod) {
  pod->adopts = pod->status->unsure = d->core.options.adopt_ms != 0 && pod->place == NULL;
}

uint32_t k8smi_drv_adopt_attempt(const struct k8sm_driver *d) {
  return k8smi_drv_adopting(d) ? adopt_fresh(d) : 0;
}

uint32_t k8smi_drv_adopt_next(const struct k8sm_driver *d, const struct drv_pod *pod) {
  uint32_t next = k8sm_demand_attempt(pod->demand) + 1, fresh = adopt_fresh(d);
  return pod->place == NULL && fresh > next ? fresh : next;
}

/* The attempt that runs becomes the pod's. Of several the last one: the others are killed when they are heard
 * of, and so is what turns up when the pod has come to its end. */
static bool adopt_is_due(const struct k8sm_driver *d, const struct drv_pod *pod, uint32_t attempt) {
  if (!pod->adopts || !k8smi_drv_adopting(d) || k8smi_status_is_final(pod->status)) return false;
  uint32_t present = k8sm_demand_attempt(pod->demand);
  bool known = pod->status->launched || pod->recorded; /* then what is lower is a former attempt */
  return known ? attempt > present : attempt != present;
}

static int adopt_take(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_demand *demand,
                      struct k8sm_slice agent_id) {
  struct k8sm_status *status = NULL;
  int r = k8sm_status_new(demand, &d->core.options.status, &status, NULL);
  if (r == K8SM_OK) r = k8sm_cluster_add_pod(d->offers.cluster, demand, agent_id, NULL);
  if (r == K8SM_OK) {
    r = k8smi_drv_eventf(&d->core, 0, pod->key, "Adopted: attempt number %u, which runs on agent %.*s",
                         k8sm_demand_attempt(demand), K8SMI_P(agent_id));
  }
  if (r != K8SM_OK) {
    k8sm_status_unref(status);
    return r;
  }
  status->unsure = true;
  pod->found_ms = k8smi_drv_after(&d->core, ADOPT_FOUND_MS);
  k8smi_drv_pod_set_status(d, pod, status);
  k8sm_demand_unref(pod->demand);
  pod->demand = k8sm_demand_ref(demand);
  pod->delete_again = pod->deleting; /* once it knows what runs of it */
  return K8SM_OK;
}

int k8smi_drv_adopt(struct k8sm_driver *d, struct drv_pod *pod, uint32_t attempt, struct k8sm_slice agent_id,
                    bool has_executor) {
  char nonce[sizeof pod->nonce];
  struct k8sm_demand *demand;
  if (!adopt_is_due(d, pod, attempt)) return K8SM_OK;
  k8smi_drv_nonce(&d->core, nonce, sizeof nonce);
  const struct drv_begun begun = {K8SM_FORM_AUTO, has_executor};
  uint32_t form;
  int r = k8smi_drv_pod_demand_begun(&d->core, pod->pod, attempt, nonce, begun, &demand, &form, NULL);
  if (r != K8SM_OK) return r;
  r = adopt_take(d, pod, demand, agent_id);
  if (r == K8SM_OK) memcpy(pod->nonce, nonce, sizeof nonce);
  if (r == K8SM_OK) pod->form = form;
  k8sm_demand_unref(demand);
  return r;
}

/* Its health check has failed, as its executor has told. That its end says so tells nothing: that is said of
 * all that an executor runs once one of them was not healthy. */
static bool adopt_is_unhealthy(const struct drv_pod *pod, struct k8sm_slice task_id) {
  for (size_t i = 0; i < pod->demand->task_count; i++) {
    const struct k8smi_status_task *t = &pod->status->tasks[i];
    if (k8smi_eq(t->task_id, task_id)) return t->unhealthy;
  }
  return false;
}

/* It was told to end, not for its health or with its agent, and not by this process: so by the one whose
 * record is lost, which ended the attempt. What a container says when it is killed for that is no end of its
 * own. */
static bool adopt_was_killed(const struct drv_pod *pod, uint32_t attempt, const K8smMesos__TaskStatus *s) {
  if (!pod->adopts || pod->place != NULL || s->state != K8SM_MESOS__TASK_STATE__TASK_KILLED) return false;
  if (attempt != k8sm_demand_attempt(pod->demand) || adopt_is_unhealthy(pod, k8smi_s(s->task_id->value)))
    return false;
  if (s->has_reason && s->reason == K8SM_MESOS__TASK_STATUS__REASON__REASON_AGENT_DRAINING) return false;
  return !pod->deleting && !pod->status->ending && !pod->status->lost;
}

int k8smi_drv_adopt_killed(struct k8sm_driver *d, struct drv_pod *pod, uint32_t attempt,
                           const K8smMesos__TaskStatus *s) {
  if (!adopt_was_killed(pod, attempt, s)) return K8SM_OK;
  return k8smi_drv_pod_abandon(d, pod, 0, "was being ended when its record was lost");
}

int k8smi_drv_adopt_end(struct k8sm_driver *d, struct drv_pod *pod) {
  struct k8sm_status *status;
  if (!pod->status->unsure || k8smi_drv_adopting(d)) return K8SM_OK;
  const struct k8sm_change tick = k8smi_drv_change(d, K8SM_CHANGE_TICK);
  int r = k8smi_status_make_sure(pod->status, &tick, &d->core.allocator, &status);
  return r == K8SM_OK ? k8smi_drv_pod_take_status(d, pod, status) : r;
}
