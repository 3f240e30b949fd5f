/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a pod, told to its status; and what follows from that at once. */
#include "base/slice.h"
#include "driver/state.h"
#include "driver/words.h"
#include "status/status.h"

/* What has not been sent of its launches is not sent any more. */
static void change_hold_back(struct k8sm_driver *d, struct drv_pod *pod) {
  for (struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
    if (t->launch != NULL) k8smi_drv_outbox_refuse(&d->outbox, t->launch->call);
  }
}

/* On an executor that is gone a launch would start another one, in an empty sandbox; where a former attempt
 * is back, there would be two; and a pod that ends begins nothing more. */
void k8smi_drv_pod_set_status(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_status *status) {
  k8sm_status_unref(pod->status);
  pod->status = status;
  pod->shows_other = false; /* as far as is known */
  pod->changes++;
  if (status->lost || status->ending || k8smi_status_stray_alive(status)) change_hold_back(d, pod);
  k8smi_drv_pods_touch(&d->pods, pod);
}

/* Mostly spares who tells of statuses the comparison with what was told last: but for one that shows
 * something else than its former, where that did, too; it may show what was told again. Returns whether it is
 * known to show something else. */
static bool change_note_shown(struct drv_pod *pod, struct k8sm_status *status, bool same) {
  const bool told = pod->said == pod->status;
  if (!same) return told;
  if (!told) return pod->shows_other;
  k8sm_status_unref(pod->said);
  pod->said = k8sm_status_ref(status);
  return false;
}

int k8smi_drv_pod_take_status(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_status *status) {
  const bool same = k8smi_status_shows_same(pod->status, status);
  int r = k8smi_drv_words_of_change(&d->core, pod, pod->status, status, same);
  if (r != K8SM_OK) {
    k8sm_status_unref(status);
    return r;
  }
  const bool other = change_note_shown(pod, status, same);
  k8smi_drv_pod_set_status(d, pod, status);
  pod->shows_other = other;
  return K8SM_OK;
}

int k8smi_drv_pod_tell(struct k8sm_driver *d, struct drv_pod *pod, const struct k8sm_change *change,
                       const K8smMesos__TaskStatus *update, struct k8sm_diags *diags) {
  struct k8sm_status *status;
  int r = k8smi_status_apply_read(pod->status, change, update, &d->core.allocator, &status, diags);
  return r == K8SM_OK ? k8smi_drv_pod_take_status(d, pod, status) : r;
}

int k8smi_drv_pod_change(struct k8sm_driver *d, struct drv_pod *pod, const struct k8sm_change *change,
                         const K8smMesos__TaskStatus *update) {
  return k8smi_drv_pod_tell(d, pod, change, update, NULL);
}

int k8smi_drv_pod_dropped(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task,
                          const char *why) {
  K8smMesos__TaskID id = K8SM_MESOS__TASK_ID__INIT;
  K8smMesos__TaskStatus status = K8SM_MESOS__TASK_STATUS__INIT;
  id.value = task->text;
  status.task_id = &id;
  status.state = K8SM_MESOS__TASK_STATE__TASK_DROPPED;
  status.has_source = true;
  status.source = K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_MASTER;
  status.message = (char *)(uintptr_t)why;
  const struct k8sm_change change = k8smi_drv_change(d, K8SM_CHANGE_UPDATE);
  int r = k8smi_drv_pod_change(d, pod, &change, &status);
  if (r == K8SM_OK) k8smi_drv_pod_end_task(&d->core, pod, task);
  return r;
}

/* An attempt that another version of the library began, or whose record is lost, is not continued: another
 * one takes its place. */
int k8smi_drv_pod_abandon(struct k8sm_driver *d, struct drv_pod *pod, uint32_t code, const char *why) {
  const struct k8sm_change change = k8smi_drv_change(d, K8SM_CHANGE_ABANDON);
  int r = k8smi_drv_pod_change(d, pod, &change, NULL);
  if (r != K8SM_OK) return r;
  return k8smi_drv_eventf(&d->core, code, pod->key, "Attempt: number %u %s, and is given up",
                          k8sm_demand_attempt(pod->demand), why);
}

/* Without a record: what runs of it is not known yet, and has to end first. Until all is that the master
 * knows of, or nothing can be, the deletion waits: its pause task must not end before the others, which
 * nobody would see end. */
static bool change_waits(const struct k8sm_driver *d, const struct drv_pod *pod) {
  bool known = pod->status->launched && k8smi_drv_adopt_known_ms(d, pod) <= d->core.mono_ms;
  return pod->adopts && k8smi_drv_adopting(d) && !known;
}

int k8smi_drv_pod_delete(struct k8sm_driver *d, struct drv_pod *pod, int64_t grace_seconds) {
  if (change_waits(d, pod)) {
    if (!pod->delete_again) k8smi_drv_pods_touch(&d->pods, pod); /* to know when it is looked at again */
    pod->deleting = pod->delete_again = true;
    pod->grace_seconds = grace_seconds;
    return K8SM_OK;
  }
  struct k8sm_change change = k8smi_drv_change(d, K8SM_CHANGE_DELETED);
  change.number = grace_seconds;
  if (pod->preempted) change.text = K8SMI_S("preempting to accommodate a higher priority pod");
  int r = k8smi_drv_pod_change(d, pod, &change, NULL);
  if (r != K8SM_OK) return r;
  k8sm_cluster_end_pod(d->offers.cluster, pod->uid);
  pod->deleting = true;
  pod->delete_asked = pod->delete_again = false;
  pod->grace_seconds = grace_seconds;
  change_hold_back(d, pod);
  return K8SM_OK;
}

int k8smi_drv_pod_end(struct k8sm_driver *d, struct drv_pod *pod, int64_t grace_seconds) {
  bool shorter = grace_seconds >= 0 && (pod->grace_seconds < 0 || grace_seconds < pod->grace_seconds);
  if ((pod->deleting || pod->delete_asked) && !shorter) return K8SM_OK;
  int r = k8smi_drv_pod_wake(d, pod);
  if (r != K8SM_OK) return r;
  if (!pod->recorded) return k8smi_drv_pod_delete(d, pod, grace_seconds);
  struct drv_pod_view view = k8smi_drv_pod_view(pod);
  view.deleting = true;
  view.grace_seconds = grace_seconds;
  r = k8smi_drv_pod_keep(d, &view, DRV_RECORD_DELETE, NULL);
  if (r != K8SM_OK) return r;
  pod->delete_asked = true;
  pod->grace_seconds = grace_seconds;
  return K8SM_OK;
}
