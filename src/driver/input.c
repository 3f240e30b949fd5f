/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs, one function each. They change state; pump.c does what follows. */
#include "driver/state.h"
#include "base/findings.h"
#include "base/slice.h"

static int input_bad(struct k8sm_diags *diags, const char *words) {
  k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "%s", words);
  return K8SM_ERR_INVALID;
}

static int input_on_tick(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  (void)d;
  (void)in;
  (void)diags;
  return K8SM_OK;
}

static int input_restore_pod(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_diags *diags) {
  k8smi_drv_adopt_restored(d, pod);
  int r = k8smi_drv_pods_add(&d->pods, &d->core, pod, diags);
  const struct k8sm_slice agent = k8smi_drv_pod_agent(pod);
  if (r == K8SM_OK && agent.len != 0) {
    r = k8sm_cluster_add_pod(d->offers.cluster, pod->demand, agent, diags);
    if (r != K8SM_OK) k8smi_drv_pods_remove(&d->pods, pod);
  }
  if (r == K8SM_OK && pod->nominee != NULL) {
    r = k8sm_cluster_nominate(d->offers.cluster, pod->demand, pod->nominee->agent_id, pod->nominee->role,
                              diags);
    if (r != K8SM_OK) k8smi_drv_pods_remove(&d->pods, pod);
  }
  if (r != K8SM_OK)
    k8smi_drv_pod_free(&d->core, pod);
  else if (!pod->adopts)
    k8smi_drv_pod_rest(d, pod);
  return r;
}

/* A pod, or what may be left of one that is gone. */
static int input_restore_row(struct k8sm_driver *d, struct k8sm_slice uid, const struct k8sm_input *in,
                             struct k8sm_diags *diags) {
  struct drv_pod *pod;
  struct drv_task *left;
  int r = k8smi_drv_pod_restore(&d->core, in->bytes, &pod, &left, diags);
  if (r != K8SM_OK) return r;
  if (pod != NULL) return input_restore_pod(d, pod, diags);
  r = k8smi_drv_tomb_restore(d, uid, left, diags);
  if (r != K8SM_OK) k8smi_drv_tasks_free(&d->core, left);
  return r;
}

static int input_on_restore(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  if (d->begun) return input_bad(diags, "RESTORE after another input; expected all rows first");
  if (k8smi_eqs(in->key, "framework")) {
    bool ok = in->bytes.len != 0 && k8smi_drv_text_set(&d->session.framework_id, in->bytes, DRV_ID_CAP);
    d->framework_kept = ok;
    if (ok) return K8SM_OK;
    k8smi_find(diags, K8SM_DIAG_RECORD_INVALID, NULL, "the record 'framework' has %zu bytes; expected an id",
               in->bytes.len);
    return K8SM_ERR_INVALID;
  }
  const size_t claim = sizeof DRV_CLAIM_KEY - 1;
  if (in->key.len > claim && memcmp(in->key.ptr, DRV_CLAIM_KEY, claim) == 0) {
    int r = k8smi_drv_claim_restore(d, in->key, in->bytes, diags);
    return r == K8SM_OK || r == K8SM_ERR_NOMEM ? r : K8SM_ERR_INVALID;
  }
  const size_t volume = sizeof DRV_VOLUME_KEY - 1;
  if (in->key.len > volume && memcmp(in->key.ptr, DRV_VOLUME_KEY, volume) == 0) {
    int r = k8smi_drv_volume_restore(d, in->key, in->bytes, diags);
    return r == K8SM_OK || r == K8SM_ERR_NOMEM ? r : K8SM_ERR_INVALID;
  }
  if (in->key.len < 4 || memcmp(in->key.ptr, "pod/", 4) != 0) {
    k8smi_find(diags, K8SM_DIAG_RECORD_INVALID, NULL, "the record '%.*s' is not one of ours",
               K8SMI_P(in->key));
    return K8SM_ERR_INVALID;
  }
  int r = input_restore_row(d, (struct k8sm_slice){in->key.ptr + 4, in->key.len - 4}, in, diags);
  return r == K8SM_OK || r == K8SM_ERR_NOMEM ? r : K8SM_ERR_INVALID;
}

static int input_on_leader(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  if (k8smi_drv_session_leader(&d->session, &d->core, in->bytes)) return K8SM_OK;
  k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "'%.*s' is not host:port", K8SMI_P(in->bytes));
  return K8SM_ERR_INVALID;
}

static int input_on_response(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  (void)diags;
  k8smi_drv_session_response(&d->session, &d->core, in);
  k8smi_drv_outbox_response(&d->outbox, in->exchange, in->status);
  return K8SM_OK;
}

static int input_on_chunk(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  (void)diags;
  if (in->exchange == 0 || in->exchange != d->session.exchange) {
    k8smi_drv_outbox_chunk(&d->outbox, in->exchange, in->bytes);
    return K8SM_OK;
  }
  struct k8sm_slice chunk = in->bytes, event;
  int r;
  while ((r = k8smi_drv_session_next(&d->session, &d->core, &chunk, &event)) == K8SM_OK) {
    r = k8smi_drv_event_in(d, event);
    if (r != K8SM_OK) break;
    k8smi_drv_settle(d);
  }
  if (r == K8SM_ERR_NOT_FOUND) return K8SM_OK;
  d->resync = true; /* the rest of the chunk is lost */
  return r;
}

static int input_on_end(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  const struct k8sm_slice none = {NULL, 0};
  (void)diags;
  k8smi_drv_session_end(&d->session, &d->core, in->exchange, none);
  k8smi_drv_outbox_end(&d->outbox, &d->core, in->exchange);
  return K8SM_OK;
}

static int input_on_lost(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  (void)diags;
  struct k8sm_slice words = in->bytes.len == 0 ? K8SMI_S("the connection is gone") : in->bytes;
  k8smi_drv_session_end(&d->session, &d->core, in->exchange, words);
  k8smi_drv_outbox_lost(&d->outbox, &d->core, in->exchange);
  return K8SM_OK;
}

static int input_on_pod(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  struct drv_pod *pod;
  if (in->pod == NULL) return input_bad(diags, "POD without a pod");
  if (k8sm_pod_uid(in->pod).len == 0) return input_bad(diags, "POD without a uid: metadata.uid must be set");
  if (k8smi_drv_tomb_is(d, k8sm_pod_uid(in->pod)))
    return input_bad(diags, "POD with the uid of one that is gone, and of which tasks may be left");
  int r = k8smi_drv_pod_new(&d->core, in->pod, k8smi_drv_adopt_attempt(d), NULL, &pod, diags);
  if (r != K8SM_OK) return r == K8SM_ERR_NOMEM ? r : K8SM_ERR_INVALID;
  pod->adopts = k8smi_drv_adopting(d);
  r = k8smi_drv_pods_add(&d->pods, &d->core, pod, diags);
  if (r != K8SM_OK) k8smi_drv_pod_free(&d->core, pod);
  return r;
}

static int input_no_pod(const struct k8sm_input *in, struct k8sm_diags *diags) {
  k8smi_find(diags, K8SM_DIAG_POD_UNKNOWN, NULL, "no pod '%.*s'", K8SMI_P(in->key));
  return K8SM_ERR_NOT_FOUND;
}

static int input_on_delete(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  struct drv_pod *pod = k8smi_drv_pods_find(&d->pods, in->key);
  if (pod == NULL) return input_no_pod(in, diags);
  return k8smi_drv_pod_end(d, pod, in->grace_seconds);
}

/* Like the pod itself it is given again after a restart as long as there is no record of the pod: that begins
 * with its first launch. */
static int input_on_condition(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  struct drv_pod *pod = k8smi_drv_pods_find(&d->pods, in->key);
  struct k8sm_change change = k8smi_drv_change(d, K8SM_CHANGE_CONDITION);
  if (pod == NULL) return input_no_pod(in, diags);
  change.text = in->bytes;
  int r = k8smi_drv_pod_wake(d, pod);
  if (r == K8SM_OK) r = k8smi_drv_pod_tell(d, pod, &change, NULL, diags);
  if (r != K8SM_OK) return r == K8SM_ERR_NOMEM || r == K8SM_ERR_SYNTAX ? r : K8SM_ERR_INVALID;
  const struct drv_pod_view view = k8smi_drv_pod_view(pod);
  if (!pod->recorded || pod->removing != 0 || pod->removed) return K8SM_OK;
  return k8smi_drv_pod_keep(d, &view, DRV_RECORD_STATE, NULL);
}

static int input_on_delete_claim(struct k8sm_driver *d, const struct k8sm_input *in,
                                 struct k8sm_diags *diags) {
  return k8smi_drv_claim_delete(d, in->key, diags);
}

static int input_on_answer(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  enum drv_answer answer = in->type == K8SM_INPUT_RECORDED ? DRV_ANSWER_KEPT : DRV_ANSWER_REFUSED;
  const struct drv_record *record =
      k8smi_drv_records_answer(&d->records, &d->outbox, &d->core, in->number, answer);
  if (record != NULL && record->answer == DRV_ANSWER_REFUSED && record->pod != NULL)
    k8smi_drv_row_forget(record->pod);
  if (record != NULL) return K8SM_OK;
  k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "no record %llu waits for an answer",
             (unsigned long long)in->number);
  return K8SM_ERR_INVALID;
}

enum { INPUT_LEAVE_MS = 10000 };

static int input_on_stop(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  struct drv_call *call;
  (void)diags;
  if (d->life == DRV_LEAVING) return K8SM_OK;
  bool teardown = (in->flags & K8SM_STOP_TEARDOWN) != 0 && d->session.state == DRV_SESSION_SUBSCRIBED;
  if (teardown) {
    struct k8sm_call_args args = {.type = K8SM_CALL_TEARDOWN};
    int r =
        k8smi_drv_call_make(&d->core, &d->session, &args, "asked to stop, and to end all that runs", &call);
    if (r != K8SM_OK) return r;
    k8smi_drv_outbox_push(&d->outbox, call);
  }
  d->life = DRV_LEAVING;
  d->leave_ms = teardown ? k8smi_drv_after(&d->core, INPUT_LEAVE_MS) : 0;
  return K8SM_OK;
}

static int (*const input_table[])(struct k8sm_driver *d, const struct k8sm_input *in,
                                  struct k8sm_diags *diags) = {
    [K8SM_INPUT_TICK] = input_on_tick,           [K8SM_INPUT_RESTORE] = input_on_restore,
    [K8SM_INPUT_LEADER] = input_on_leader,       [K8SM_INPUT_RESPONSE] = input_on_response,
    [K8SM_INPUT_CHUNK] = input_on_chunk,         [K8SM_INPUT_END] = input_on_end,
    [K8SM_INPUT_LOST] = input_on_lost,           [K8SM_INPUT_POD] = input_on_pod,
    [K8SM_INPUT_DELETE] = input_on_delete,       [K8SM_INPUT_RECORDED] = input_on_answer,
    [K8SM_INPUT_REFUSED] = input_on_answer,      [K8SM_INPUT_STOP] = input_on_stop,
    [K8SM_INPUT_CONDITION] = input_on_condition, [K8SM_INPUT_DELETE_CLAIM] = input_on_delete_claim,
};

int k8smi_drv_take(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags) {
  if (in->type >= sizeof input_table / sizeof input_table[0]) {
    k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "no input has the type %u", in->type);
    return K8SM_ERR_INVALID;
  }
  if (in->mono_ms > d->core.mono_ms) d->core.mono_ms = in->mono_ms;
  d->core.wall_ms = in->wall_ms;
  k8smi_drv_settle(d);
  const uint64_t random = d->core.random;
  int r = input_table[in->type](d, in, diags);
  if (r == K8SM_ERR_NOMEM) d->core.random = random; /* tried again, it draws the same numbers */
  if (in->type != K8SM_INPUT_RESTORE) d->begun = true;
  return r;
}
