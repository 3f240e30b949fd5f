/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done, derived from the state, in one order: the subscription, records, answers, pods,
 * reconciliation, offers, and last the calls that came of all that. */
#include "driver/rest.h"
#include "base/slice.h"

/* A subscription that ended takes its offers and calls with it. */
void k8smi_drv_settle(struct k8sm_driver *d) {
  if (d->resync) {
    k8smi_drv_session_drop(&d->session, &d->core, K8SM_DIAG_NO_MEMORY,
                           "memory ran out while its words were read; subscribing again");
    d->resync = false;
  }
  if (d->outbox.rejected != 0 && d->session.state == DRV_SESSION_SUBSCRIBED) {
    k8smi_drv_session_drop(&d->session, &d->core, K8SM_DIAG_MASTER_RESPONSE,
                           "it knows nothing of our subscription (HTTP %u)", d->outbox.rejected);
  }
  if (!d->session.lost) return;
  d->session.lost = false;
  k8smi_drv_outbox_reset(&d->outbox, &d->core);
  k8smi_drv_offers_reset(d);
  k8smi_drv_reconcile_stop(d);
}

static int pump_session(struct k8sm_driver *d) {
  struct drv_subscribe how = {NULL, 0, {NULL, 0}};
  uint64_t before = d->session.exchange;
  int r = K8SM_OK;
  k8smi_drv_settle(d);
  if (k8smi_drv_session_will_ask(&d->session, &d->core)) {
    k8smi_drv_sweep_begin(d);
    r = k8smi_drv_roles_subscribe(d, &how);
  }
  if (r == K8SM_OK) r = k8smi_drv_session_pump(&d->session, &d->core, &how);
  k8smi_drv_settle(d);
  bool asked = d->session.exchange != before && d->session.state == DRV_SESSION_ASKING;
  if (asked) k8smi_drv_roles_subscribed(d);
  return r;
}

/* The framework's id is recorded before anything else. */
static int pump_framework(struct k8sm_driver *d) {
  struct drv_record *record;
  if (d->core.mono_ms < d->framework_due_ms || d->session.framework_id.len == 0) return K8SM_OK;
  int r = k8smi_drv_record_new(&d->core, DRV_RECORD_FRAMEWORK, &record);
  if (r != K8SM_OK) return r;
  r = k8smi_drv_record_put(&d->records, &d->core, record, K8SMI_S("framework"),
                           k8smi_drv_text(&d->session.framework_id));
  if (r != K8SM_OK)
    k8smi_free(&d->core.allocator, record, sizeof *record);
  else
    d->framework_due_ms = DRV_NEVER;
  return r;
}

enum { PUMP_RECORD_AGAIN_MS = 5000 };

/* The pod may have gone to rest: where the row of a first deletion was refused, and this is a second one's.
 */
static int pump_deleted(struct k8sm_driver *d, struct drv_pod *pod) {
  int r = k8smi_drv_pod_wake(d, pod);
  return r == K8SM_OK ? k8smi_drv_pod_delete(d, pod, pod->grace_seconds) : r;
}

static int pump_kept(struct k8sm_driver *d, const struct drv_record *record) {
  if (record->kind == DRV_RECORD_FRAMEWORK) {
    d->framework_kept = true;
    d->offers.fresh = true;
  }
  if (record->claim != NULL) return k8smi_drv_claim_answered(d, record);
  if (record->volume != NULL) k8smi_drv_volume_answered(d, record);
  if (record->tomb != NULL) k8smi_drv_tomb_answered(d, record);
  struct drv_pod *pod = record->pod;
  if (pod == NULL) return K8SM_OK;
  bool first = record->final && !pod->final_kept;
  bool removed = pod->removing == record->number.number; /* numbers begin with 1 */
  int r = record->kind == DRV_RECORD_DELETE ? pump_deleted(d, pod) : K8SM_OK;
  if (r != K8SM_OK) return r;
  pod->finals -= record->final;
  pod->final_kept |= record->final;
  pod->removed |= removed;
  if (first || removed) k8smi_drv_pods_touch(&d->pods, pod);
  return K8SM_OK;
}

/* It goes on, and does not make room for others. */
static int pump_not_deleted(struct k8sm_driver *d, struct drv_pod *pod) {
  int r = k8smi_drv_pod_wake(d, pod);
  if (r != K8SM_OK) return r;
  pod->delete_asked = pod->preempted = false;
  const struct k8sm_slice agent = k8smi_drv_pod_agent(pod);
  if (agent.len == 0) return K8SM_OK;
  /* Where it is known already this takes no memory. */
  (void)!k8sm_cluster_add_pod(d->offers.cluster, pod->demand, agent, NULL);
  return K8SM_OK;
}

static int pump_refused(struct k8sm_driver *d, const struct drv_record *record) {
  const struct k8sm_slice none = {NULL, 0};
  struct k8sm_slice key = record->pod == NULL ? none : record->pod->key;
  bool deletion = record->pod != NULL && record->kind == DRV_RECORD_DELETE;
  int r = deletion ? pump_not_deleted(d, record->pod) : K8SM_OK;
  if (r != K8SM_OK) return r;
  r = k8smi_drv_eventf(&d->core, K8SM_DIAG_RECORD_REFUSED, key, "FailedRecord: record %llu was refused: %s",
                       (unsigned long long)record->number.number,
                       record->held_back ? "what depends on it does not happen" : "the stored row is old");
  if (r != K8SM_OK) return r;
  if (record->kind == DRV_RECORD_FRAMEWORK)
    d->framework_due_ms = k8smi_drv_after(&d->core, PUMP_RECORD_AGAIN_MS);
  if (record->claim != NULL) return k8smi_drv_claim_answered(d, record);
  if (record->volume != NULL) k8smi_drv_volume_answered(d, record);
  if (record->tomb != NULL) k8smi_drv_tomb_answered(d, record);
  struct drv_pod *pod = record->pod;
  if (pod == NULL) return K8SM_OK;
  if (pod->removing == record->number.number) pod->removing = 0;
  pod->finals -= record->final;
  pod->again_ms = k8smi_drv_after(&d->core, PUMP_RECORD_AGAIN_MS);
  k8smi_drv_pods_touch(&d->pods, pod);
  return K8SM_OK;
}

static int pump_records(struct k8sm_driver *d) {
  struct drv_record *record;
  while ((record = k8smi_drv_records_peek(&d->records)) != NULL) {
    int r = record->answer == DRV_ANSWER_KEPT ? pump_kept(d, record) : pump_refused(d, record);
    if (r == K8SM_ERR_NOMEM) return r;
    k8smi_drv_records_drop(&d->core, record);
  }
  return K8SM_OK;
}

static int pump_calls(struct k8sm_driver *d) {
  struct drv_call *call;
  int said = k8smi_drv_outbox_say(&d->outbox, &d->core);
  if (said != K8SM_OK) return said;
  while ((call = k8smi_drv_outbox_peek(&d->outbox)) != NULL) {
    int r = k8smi_drv_launch_ended(d, call);
    if (r != K8SM_OK) return r;
    if (call->type == K8SM_CALL_TEARDOWN) d->leave_ms = 0;
    k8smi_drv_roles_answered(d, call);
    k8smi_drv_outbox_drop(&d->core, call);
  }
  return K8SM_OK;
}

static int pump_work(struct k8sm_driver *d) {
  int r = pump_framework(d);
  if (r == K8SM_OK) r = pump_records(d);
  if (r == K8SM_OK) r = pump_calls(d);
  if (r == K8SM_OK) r = k8smi_drv_pods_pump(d);
  if (r == K8SM_OK) r = k8smi_drv_reconcile_pump(d);
  if (r == K8SM_OK) r = k8smi_drv_tombs_pump(d);
  if (r == K8SM_OK) r = k8smi_drv_volumes_pump(d);
  if (r == K8SM_OK) r = k8smi_drv_offers_pump(d);
  if (r == K8SM_OK) r = k8smi_drv_pods_pump(d); /* what the launches changed */
  k8smi_drv_rest_pump(d);
  return r == K8SM_OK ? k8smi_drv_outbox_pump(&d->outbox, &d->core, &d->session) : r;
}

static int pump_stop(struct k8sm_driver *d) {
  int r = pump_calls(d);
  if (r == K8SM_OK) r = k8smi_drv_outbox_pump(&d->outbox, &d->core, &d->session);
  if (r != K8SM_OK) return r;
  if (d->life == DRV_LEAVING && d->core.mono_ms >= d->leave_ms) {
    k8smi_drv_session_stop(&d->session);
    d->life = DRV_STOPPED;
    d->stop_due = true;
  }
  if (!d->stop_due) return K8SM_OK;
  k8smi_drv_outbox_reset(&d->outbox, &d->core);
  r = pump_session(d);
  if (r == K8SM_OK) r = k8smi_drv_outbox_say(&d->outbox, &d->core);
  if (r != K8SM_OK) return r;
  const struct k8sm_effect e = {.type = K8SM_EFFECT_STOPPED, .to = K8SM_TO_HOST, .code = d->stop_code};
  r = k8smi_effects_add(d->core.queue, &e);
  if (r == K8SM_OK) d->stop_due = false;
  return r;
}

int k8smi_drv_pump(struct k8sm_driver *d) {
  if (d->life == DRV_RUNNING) {
    int r = pump_session(d);
    if (r == K8SM_OK) r = pump_work(d);
    if (r != K8SM_OK) return r;
  }
  return d->life == DRV_RUNNING ? K8SM_OK : pump_stop(d);
}
