/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a task's state, which reconciliations bring: of all tasks every quarter of an hour, and nearly
 * all of them say what is known. A copy that made no difference to a status makes none as long as the status
 * stays. */
#include "base/slice.h"
#include "driver/state.h"
#include "status/status.h"

uint64_t k8smi_drv_copy_hash(const struct k8sm_driver *d, const struct drv_pod *pod,
                             const K8smMesos__TaskStatus *s) {
  enum { LENT = 1024 };
  _Alignas(8) char lent[LENT];
  struct k8smi_buf bytes;
  bool is_copy = s->has_reason && s->reason == K8SM_MESOS__TASK_STATUS__REASON__REASON_RECONCILIATION;
  if (!is_copy || s->has_uuid || s->state != K8SM_MESOS__TASK_STATE__TASK_RUNNING) return 0;
  K8smMesos__TaskStatus copy = *s;
  copy.has_timestamp = false; /* when it was made */
  k8smi_buf_init(&bytes, &d->core.allocator);
  k8smi_buf_lend(&bytes, lent, sizeof lent);
  k8smi_message_encode(&bytes, &copy.base);
  uint64_t hash = bytes.failed ? 0 : k8smi_hash(bytes.ptr, bytes.len, d->pods.by_uid.seed + pod->changes);
  k8smi_buf_free(&bytes);
  return hash;
}

int k8smi_drv_copy_take(struct k8sm_driver *d, struct drv_pod *pod, const K8smMesos__TaskStatus *copy,
                        bool *ret_same) {
  const struct k8sm_change change = k8smi_drv_change(d, K8SM_CHANGE_UPDATE);
  struct k8sm_status *status;
  int r = k8smi_status_apply_read(pod->status, &change, copy, &d->core.allocator, &status, NULL);
  if (r != K8SM_OK) return r;
  *ret_same = k8smi_status_same_but_time(pod->status, status);
  if (!*ret_same) return k8smi_drv_pod_take_status(d, pod, status);
  k8sm_status_unref(status);
  return K8SM_OK;
}
