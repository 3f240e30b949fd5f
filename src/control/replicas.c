/* SPDX-License-Identifier: Apache-2.0 */
#include "control/state.h"

/* ReplicaSet and ReplicationController: so many pods, all alike.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */

enum { REPLICAS_BURST = 500, REPLICAS_ENDED = 3 };

static int64_t replicas_min_ready(const struct ctl_object *o) {
  unsigned field = o->kind->number == K8SM_WORKLOAD_REPLICA_SET
                       ? (unsigned)K8SMI_ReplicaSetSpec_minReadySeconds
                       : (unsigned)K8SMI_ReplicationControllerSpec_minReadySeconds;
  return k8smi_get_i64(o->workload->spec, field, 0);
}

/* Pods that ended are kept for people to look at, but not without end: the newest few. */
static int replicas_sweep(struct k8sm_control *c, struct ctl_object *o, int64_t ended) {
  int r = K8SM_OK;
  for (struct ctl_pod *p = o->pods, *next; r == K8SM_OK && p != NULL && ended > REPLICAS_ENDED; p = next) {
    next = p->next;
    if (!k8smi_ctl_pod_ended(p) || p->deleting) continue;
    r = k8smi_ctl_end(c, o, p);
    ended--;
  }
  return r;
}

int k8smi_ctl_look_replicas(struct k8sm_control *c, struct ctl_object *o) {
  int64_t min_ready = replicas_min_ready(o);
  k8smi_ctl_pods_reap(c, o);
  struct ctl_tally t = k8smi_ctl_tally(c, o, min_ready);
  int64_t more = o->replicas - t.active;
  int r = replicas_sweep(c, o, t.ended);
  bool wait = more > 0 && o->retry_ms > c->wall_ms;
  if (wait) k8smi_ctl_due(c, o, o->retry_ms);
  if (more > REPLICAS_BURST || more < -REPLICAS_BURST) k8smi_ctl_due(c, o, c->wall_ms);
  if (r == K8SM_OK && more > 0 && !wait)
    r = k8smi_ctl_make_many(c, o, more < REPLICAS_BURST ? more : REPLICAS_BURST);
  if (r == K8SM_OK && more < 0)
    r = k8smi_ctl_end_many(c, o, -more < REPLICAS_BURST ? -more : REPLICAS_BURST, false);
  if (r != K8SM_OK) return r;
  t = k8smi_ctl_tally(c, o, min_ready);
  if (t.active >= o->replicas && o->retry_ms <= c->wall_ms)
    k8smi_ctl_condition_remove(c, o, "ReplicaFailure");
  o->counts.replicas = o->counts.labeled = t.active;
  o->counts.ready = t.ready;
  o->counts.available = t.available;
  o->counts.terminating = t.terminating;
  return K8SM_OK;
}

void k8smi_ctl_show_replicas(const struct ctl_object *o, struct k8sm_control_row *row) {
  const struct ctl_counts *n = &o->counts;
  row->wanted = o->replicas;
  row->current = n->replicas;
  row->ready = n->ready;
  row->updated = n->replicas;
  row->available = n->available;
  row->settled = n->replicas == o->replicas && n->available == o->replicas && n->terminating == 0;
}
