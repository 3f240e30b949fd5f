/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that end so that one of a higher priority gets their room: deleted as if they were asked to be, with
 * their own grace. The pod that waits is nominated in the cluster, which keeps the room for it. After a crash
 * nobody is nominated; but the victims end all the same, and are not chosen again. */
#include "driver/state.h"
#include "base/slice.h"
#include "demand/demand.h"

enum { PREEMPT_PATIENCE_MS = 60000 }; /* behind the victims' grace: for the master to offer what they had */

void k8smi_drv_pod_withdraw(struct k8sm_driver *d, struct drv_pod *pod) {
  if (pod->nominated_ms == 0) return;
  k8smi_free(&d->core.allocator, (char *)(uintptr_t)pod->nominated.ptr, pod->nominated.len + 1);
  pod->nominated = (struct k8sm_slice){NULL, 0};
  pod->nominated_ms = 0;
  if (k8sm_cluster_withdraw(d->offers.cluster, pod->uid)) d->offers.fresh = true;
}

/* Those of the nomination, from the row *at on. *ret_grace: the longest, in seconds. */
static int preempt_victims(struct k8sm_driver *d, const struct k8sm_plan *plan,
                           const struct k8sm_plan_nomination *n, const struct drv_pod *for_pod, size_t *at,
                           int64_t *ret_grace) {
  struct k8sm_plan_victim row;
  for (uint32_t i = 0; i < n->victims; i++) {
    if (k8sm_plan_victims(plan, (*at)++, &row, sizeof row, 1) == 0) break;
    struct drv_pod *victim = k8smi_drv_pods_by_uid(&d->pods, row.uid);
    if (victim == NULL) continue;
    bool first = !victim->deleting && !victim->delete_asked;
    victim->preempted = victim->preempted || first;
    int r = k8smi_drv_pod_end(d, victim, -1);
    if (r == K8SM_OK && first) {
      r = k8smi_drv_eventf(&d->core, 0, victim->key, "Preempted: by %.*s on node %.*s", K8SMI_P(for_pod->key),
                           K8SMI_P(n->hostname));
    }
    if (r != K8SM_OK) return r;
    k8smi_drv_pods_touch(&d->pods, victim);
    if (victim->demand->grace_seconds > *ret_grace) *ret_grace = victim->demand->grace_seconds;
  }
  return K8SM_OK;
}

static int preempt_wait(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_slice hostname,
                        int64_t grace) {
  char *text = k8smi_alloc(&d->core.allocator, hostname.len + 1);
  if (text == NULL) return K8SM_ERR_NOMEM;
  if (hostname.len > 0) memcpy(text, hostname.ptr, hostname.len);
  text[hostname.len] = '\0';
  k8smi_drv_pod_withdraw(d, pod);
  pod->nominated = (struct k8sm_slice){text, hostname.len};
  pod->nominated_ms = k8smi_drv_after(&d->core, (uint64_t)grace * 1000 + PREEMPT_PATIENCE_MS);
  k8smi_drv_pods_touch(&d->pods, pod);
  return K8SM_OK;
}

int k8smi_drv_preempt(struct k8sm_driver *d, const struct k8sm_plan *plan, struct drv_pod *const *pods) {
  struct k8sm_plan_nomination row;
  size_t victim = 0;
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && k8sm_plan_nominations(plan, i, &row, sizeof row, 1) != 0; i++) {
    struct drv_pod *pod = pods[row.demand];
    int64_t grace = 0;
    r = preempt_victims(d, plan, &row, pod, &victim, &grace);
    if (r == K8SM_OK) r = preempt_wait(d, pod, row.hostname, grace);
    if (r == K8SM_OK) {
      r = k8smi_drv_eventf(&d->core, 0, pod->key,
                           "Nominated: waits for room on node %.*s, %u pods end for it",
                           K8SMI_P(row.hostname), row.victims);
    }
  }
  return r;
}
