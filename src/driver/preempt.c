/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that end so that one of a higher priority gets their room: deleted as if they were asked to be, with
 * their own grace. The pod that waits is nominated in the cluster, which keeps the room for it; and in its
 * record, in a row before those of the victims: after a crash it waits on, and no other pod ends for it. */
#include "driver/state.h"
#include "base/slice.h"
#include "demand/demand.h"

enum { PREEMPT_PATIENCE_MS = 60000 }; /* behind the victims' grace: for the master to offer what they had */

/* Puts a copy behind the others. */
static struct k8sm_slice preempt_copy(char **to, struct k8sm_slice text) {
  const struct k8sm_slice copy = {*to, text.len};
  if (text.len > 0) memcpy(*to, text.ptr, text.len);
  (*to)[text.len] = '\0';
  *to += text.len + 1;
  return copy;
}

struct drv_nominee *k8smi_drv_nominee_new(const struct drv_core *core, struct k8sm_slice agent_id,
                                          struct k8sm_slice hostname, struct k8sm_slice role,
                                          uint64_t wait_ms) {
  const size_t bytes = sizeof(struct drv_nominee) + agent_id.len + hostname.len + role.len + 3;
  struct drv_nominee *n = k8smi_alloc(&core->allocator, bytes);
  if (n == NULL) return NULL;
  char *to = (char *)&n[1];
  n->bytes = bytes;
  n->agent_id = preempt_copy(&to, agent_id);
  n->hostname = preempt_copy(&to, hostname);
  n->role = preempt_copy(&to, role);
  n->until_ms = k8smi_drv_after(core, wait_ms);
  n->until_wall_ms = core->wall_ms + (int64_t)wait_ms;
  return n;
}

void k8smi_drv_nominee_free(const struct drv_core *core, struct drv_nominee *n) {
  if (n != NULL) k8smi_free(&core->allocator, n, n->bytes);
}

void k8smi_drv_pod_withdraw(struct k8sm_driver *d, struct drv_pod *pod) {
  if (pod->nominee == NULL) return;
  k8smi_drv_nominee_free(&d->core, pod->nominee);
  pod->nominee = NULL;
  if (k8sm_cluster_withdraw(d->offers.cluster, pod->uid)) d->offers.fresh = true;
}

/* The pod waits for as long as the victims, which wake, may take to end, and a while more. `at`: the row of
 * the first. */
static int preempt_wait(struct k8sm_driver *d, const struct k8sm_plan *plan,
                        const struct k8sm_plan_nomination *n, size_t at, uint64_t *ret_ms) {
  struct k8sm_plan_victim row;
  int64_t grace = 0;
  for (uint32_t i = 0; i < n->victims && k8sm_plan_victims(plan, at + i, &row, sizeof row, 1) != 0; i++) {
    struct drv_pod *victim = k8smi_drv_pods_by_uid(&d->pods, row.uid);
    int r = victim == NULL ? K8SM_OK : k8smi_drv_pod_wake(d, victim);
    if (r != K8SM_OK) return r;
    if (victim != NULL && victim->demand->grace_seconds > grace) grace = victim->demand->grace_seconds;
  }
  *ret_ms = (uint64_t)grace * 1000 + PREEMPT_PATIENCE_MS;
  return K8SM_OK;
}

int k8smi_drv_preempt_nominate(struct k8sm_driver *d, const struct k8sm_plan *plan,
                               struct drv_pod *const *pods) {
  struct k8sm_plan_nomination row;
  size_t victim = 0;
  for (size_t i = 0; k8sm_plan_nominations(plan, i, &row, sizeof row, 1) != 0; i++) {
    struct drv_pod *pod = pods[row.demand];
    uint64_t wait_ms = 0;
    int r = preempt_wait(d, plan, &row, victim, &wait_ms);
    if (r != K8SM_OK) return r;
    struct drv_nominee *n = k8smi_drv_nominee_new(&d->core, row.agent_id, row.hostname, row.role, wait_ms);
    if (n == NULL) return K8SM_ERR_NOMEM;
    k8smi_drv_pod_withdraw(d, pod);
    pod->nominee = n;
    victim += row.victims;
    k8smi_drv_pods_touch(&d->pods, pod);
  }
  return K8SM_OK;
}

/* Those of the nomination, from the row *at on. */
static int preempt_victims(struct k8sm_driver *d, const struct k8sm_plan *plan,
                           const struct k8sm_plan_nomination *n, const struct drv_pod *for_pod, size_t *at) {
  struct k8sm_plan_victim row;
  for (uint32_t i = 0; i < n->victims; i++) {
    if (k8sm_plan_victims(plan, (*at)++, &row, sizeof row, 1) == 0) break;
    struct drv_pod *victim = k8smi_drv_pods_by_uid(&d->pods, row.uid);
    if (victim == NULL) continue;
    bool first = !victim->deleting && !victim->delete_asked;
    victim->preempted = victim->preempted || first;
    int r = k8smi_drv_pod_end(d, victim, -1);
    if (r == K8SM_OK && first) {
      r = k8smi_drv_eventf(&d->core, 0, victim->key, "Preempted: Preempted by pod %.*s on node %.*s",
                           K8SMI_P(for_pod->key), K8SMI_P(n->hostname));
    }
    if (r != K8SM_OK) return r;
    k8smi_drv_pods_touch(&d->pods, victim);
  }
  return K8SM_OK;
}

int k8smi_drv_preempt(struct k8sm_driver *d, const struct k8sm_plan *plan, struct drv_pod *const *pods) {
  struct k8sm_plan_nomination row;
  size_t victim = 0;
  int r = K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && k8sm_plan_nominations(plan, i, &row, sizeof row, 1) != 0; i++) {
    struct drv_pod *pod = pods[row.demand];
    const struct drv_pod_view view = k8smi_drv_pod_view(pod);
    r = k8smi_drv_pod_keep(d, &view, DRV_RECORD_STATE, NULL);
    if (r == K8SM_OK) r = preempt_victims(d, plan, &row, pod, &victim);
    if (r == K8SM_OK) {
      r = k8smi_drv_eventf(&d->core, 0, pod->key,
                           "Nominated: waits for room on node %.*s, %u pods end for it",
                           K8SMI_P(row.hostname), row.victims);
    }
  }
  return r;
}
