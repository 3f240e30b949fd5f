/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the operations that make and destroy volumes: those have ids, so that the master and the
 * agents tell. An end decides at once what else waits for an offer of the agent, and people are told why one
 * was refused. Offers come after that, and say more: what they show counts. Ids are made of what the record
 * has, and so are those of an attempt that was launched by another process.
 * https://mesos.apache.org/documentation/latest/scheduler-http-api/#update_operation_status */
#include "call/operations.h"
#include "base/slice.h"
#include "driver/state.h"
#include "status/status.h"

#define OPERATIONS_STATE(name) K8SM_MESOS__OPERATION_STATE__OPERATION_##name

/* A status, and what it is about. */
struct operation_heard {
  const K8smMesos__OperationStatus *status;
  struct k8sm_slice id;
  struct k8sm_slice of;
  struct k8sm_slice agent_id; /* empty: it says none */
  enum k8smi_operation what;
  struct drv_pod *pod; /* that it was for; NULL: for none, or it is gone */
  bool present;        /* for its present attempt */
};

static void operations_find_pod(struct k8sm_driver *d, struct operation_heard *h) {
  struct k8sm_task_id id;
  bool launches = h->what == K8SMI_OPERATION_RESERVE || h->what == K8SMI_OPERATION_CREATE;
  if (!launches || k8sm_task_id_parse(h->of.ptr, h->of.len, &id) != K8SM_OK) return;
  h->pod = k8smi_drv_pods_by_uid(&d->pods, id.uid);
  if (h->pod == NULL) return;
  h->present = id.attempt == k8smi_drv_pod_attempt(h->pod) && k8smi_eqs(id.nonce, h->pod->nonce);
}

/* ---- What it says ---- */

/* Why one came to nothing, in Mesos' words. */
static int operations_say(struct k8sm_driver *d, const struct operation_heard *h) {
  static const struct k8sm_slice nobody = {NULL, 0};
  const struct k8sm_slice key = h->pod == NULL ? nobody : h->pod->key;
  const char *name = k8smi_operation_name(h->what);
  const char *message = h->status->message;
  const bool silent = message == NULL || message[0] == '\0';
  if (h->status->state == OPERATIONS_STATE(DROPPED))
    return k8smi_drv_eventf(&d->core, K8SM_DIAG_OPERATION_FAILED, key,
                            "FailedOperation: %s (%.*s) never came to agent %.*s", name, K8SMI_P(h->id),
                            K8SMI_P(h->agent_id));
  if (h->status->state != OPERATIONS_STATE(ERROR) && h->status->state != OPERATIONS_STATE(FAILED))
    return K8SM_OK;
  return k8smi_drv_eventf(&d->core, K8SM_DIAG_OPERATION_FAILED, key, "FailedOperation: %s (%.*s) failed: %s",
                          name, K8SMI_P(h->id), silent ? "Mesos does not say why" : message);
}

/* Nobody knows it yet: it is asked for again. */
static bool operations_is_open(K8smMesos__OperationState state) {
  return state == OPERATIONS_STATE(PENDING) || state == OPERATIONS_STATE(RECOVERING);
}

/* An end that is told late says nothing of another attempt, nor of a pod that is over: its volumes may have
 * been destroyed since. */
static int operations_decide(struct k8sm_driver *d, const struct operation_heard *h) {
  struct drv_pod *pod = h->pod;
  const K8smMesos__OperationState state = h->status->state;
  if (!operations_is_open(state)) pod->operation_heard = d->reconcile.run;
  bool over = pod->status->ending || k8smi_status_is_final(pod->status);
  if (over || pod->place == NULL || !k8smi_eq(pod->place->agent_id, h->agent_id)) return K8SM_OK;
  if (state == OPERATIONS_STATE(FINISHED)) return k8smi_drv_volumes_made(d, pod);
  bool failed = state == OPERATIONS_STATE(DROPPED) || state == OPERATIONS_STATE(FAILED);
  if (failed && !k8smi_drv_pod_ran(pod)) k8smi_drv_volumes_doubt(d, pod, h->agent_id);
  return K8SM_OK;
}

/* Only what has a uuid, and not before the rows are kept of the volumes that it tells of: the agent repeats
 * it. */
static int operations_acknowledge(struct k8sm_driver *d, const struct operation_heard *h) {
  const K8smMesos__UUID *uuid = h->status->uuid;
  struct drv_call *call;
  if (uuid == NULL || h->agent_id.len == 0) return K8SM_OK;
  if (h->what == K8SMI_OPERATION_CREATE && h->pod != NULL && !k8smi_drv_volumes_settled(d, h->pod))
    return K8SM_OK;
  struct k8sm_call_args args = {.type = K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS,
                                .operation_id = h->id,
                                .agent_id = h->agent_id,
                                .uuid = {(const char *)uuid->value.data, uuid->value.len}};
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, "the operation's status is taken in", &call);
  if (r == K8SM_OK) k8smi_drv_outbox_push(&d->outbox, call);
  return r == K8SM_ERR_NOMEM ? r : K8SM_OK;
}

int k8smi_drv_operation_take(struct k8sm_driver *d, const K8smMesos__OperationStatus *status,
                             bool *ret_taken) {
  struct operation_heard h = {.status = status};
  if (status->operation_id != NULL) h.id = k8smi_s(status->operation_id->value);
  if (status->agent_id != NULL) h.agent_id = k8smi_s(status->agent_id->value);
  h.what = k8smi_operation_parse(h.id, &h.of);
  *ret_taken = h.what != K8SMI_OPERATIONS;
  if (!*ret_taken) return K8SM_OK;
  operations_find_pod(d, &h);
  int r = operations_say(d, &h);
  if (r == K8SM_OK && h.pod != NULL && h.what == K8SMI_OPERATION_CREATE) r = k8smi_drv_pod_stir(d, h.pod);
  if (r == K8SM_OK && h.present && h.what == K8SMI_OPERATION_CREATE) r = operations_decide(d, &h);
  return r == K8SM_OK ? operations_acknowledge(d, &h) : r;
}

/* ---- Asking for those whose answer is out ---- */

bool k8smi_drv_operation_is_unheard(const struct k8sm_driver *d, const struct drv_pod *pod) {
  if (pod->place == NULL || pod->claimant_count == 0 || pod->arrived) return false;
  if (pod->operation_heard == d->reconcile.run || d->core.options.no_operation_feedback) return false;
  for (const struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
    bool missed = t->state < 0 || t->state == K8SM_MESOS__TASK_STATE__TASK_UNREACHABLE ||
                  t->state == K8SM_MESOS__TASK_STATE__TASK_UNKNOWN;
    if (t->launch != NULL || !missed) return false; /* not answered yet; or it has come there */
  }
  return pod->tasks != NULL;
}

enum { OPERATIONS_ITEMS = 3 }; /* operation id, agent id, resource provider id */

typedef char operations_text[K8SMI_ID_MAX + 1];

/* What made the volumes of the pod's present attempt. */
static void operations_put(const struct drv_pod *pod, operations_text text, struct k8sm_slice *items) {
  operations_text of = ""; /* stays so if the record holds what is no id: then the call can't be made */
  const struct k8sm_task_id id = {
      .uid = pod->uid, .nonce = k8smi_s(pod->nonce), .attempt = k8smi_drv_pod_attempt(pod)};
  (void)k8sm_task_id_format(&id, of, sizeof of);
  items[0] = k8smi_operation_id(K8SMI_OPERATION_CREATE, k8smi_s(of), text);
  items[1] = pod->place->agent_id;
  items[2] = K8SMI_S("");
}

static int operations_send(struct k8sm_driver *d, const struct k8sm_slice *items, size_t n) {
  struct drv_call *call;
  struct k8sm_call_args args = {
      .type = K8SM_CALL_RECONCILE_OPERATIONS, .items = items, .item_count = OPERATIONS_ITEMS * n};
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, "it is not known whether these volumes were made",
                              &call);
  if (r == K8SM_OK) k8smi_drv_outbox_push(&d->outbox, call);
  return r == K8SM_ERR_NOMEM ? r : K8SM_OK;
}

/* The next one of the pods that is to be asked for, from a number on; `count`: there is none. */
static size_t operations_next(const struct k8sm_driver *d, struct drv_pod *const *pods, size_t count,
                              size_t from) {
  while (from < count && (pods[from] == NULL || !k8smi_drv_operation_is_unheard(d, pods[from]))) from++;
  return from;
}

/* Nothing is sent where none is to be asked for: that would ask for all. */
int k8smi_drv_operations_ask(struct k8sm_driver *d, struct drv_pod *const *pods, size_t count,
                             bool *ret_any) {
  const struct k8sm_allocator *a = &d->core.allocator;
  size_t n = 0, k = 0;
  for (size_t i = 0; (i = operations_next(d, pods, count, i)) < count; i++) n++;
  *ret_any = n != 0;
  if (n == 0) return K8SM_OK;
  size_t items_size = OPERATIONS_ITEMS * n * sizeof(struct k8sm_slice),
         texts_size = n * sizeof(operations_text);
  struct k8sm_slice *items = k8smi_alloc(a, items_size);
  operations_text *texts = k8smi_alloc(a, texts_size);
  bool fine = items != NULL && texts != NULL;
  for (size_t i = 0; fine && (i = operations_next(d, pods, count, i)) < count; i++, k++)
    operations_put(pods[i], texts[k], &items[OPERATIONS_ITEMS * k]);
  int r = fine ? operations_send(d, items, n) : K8SM_ERR_NOMEM;
  k8smi_free(a, texts, texts_size);
  k8smi_free(a, items, items_size);
  return r;
}
