/* SPDX-License-Identifier: Apache-2.0 */
/* What runs is asked for after each subscription: by name, again and again for those that get no answer
 * (after a master's failover there is none until the agent is back), and then without names, which finds
 * what we do not know of. https://mesos.apache.org/documentation/latest/reconciliation/ */
#include "base/slice.h"
#include "driver/state.h"

enum {
  RECONCILE_ROUND_MS = 10000, /* to the second round; doubles */
  RECONCILE_ROUND_CAP_MS = 300000,
  RECONCILE_RUN_MS = 900000, /* from the end of a run to the next */
  RECONCILE_DOUBT_MS = 60000 /* a single task in doubt is asked for again */
};

/* Which tasks a request names. */
enum reconcile_which { RECONCILE_ASKED, RECONCILE_IN_DOUBT };

void k8smi_drv_reconcile_start(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  for (size_t i = 0; i < d->pods.count; i++) {
    struct drv_task *t = d->pods.slots[i] == NULL ? NULL : d->pods.slots[i]->tasks;
    for (; t != NULL; t = t->next) t->asked = t->launch == NULL;
  }
  rc->begun = true;
  rc->rounds = 0;
  rc->due_ms = d->core.mono_ms;
}

void k8smi_drv_reconcile_stop(struct k8sm_driver *d) {
  d->reconcile.begun = false;
  d->reconcile.due_ms = DRV_NEVER;
}

void k8smi_drv_reconcile_doubt(struct k8sm_driver *d, struct drv_task *task, uint64_t at_ms) {
  task->doubt_ms = k8smi_drv_min(task->doubt_ms, at_ms);
  d->reconcile.doubt_ms = k8smi_drv_min(d->reconcile.doubt_ms, at_ms);
}

static bool reconcile_named(const struct k8sm_driver *d, const struct drv_task *t,
                            enum reconcile_which which) {
  return t->launch == NULL && (which == RECONCILE_ASKED ? t->asked : t->doubt_ms <= d->core.mono_ms);
}

/* Counts them, and writes task id and agent id by turns where there is room for it. */
static size_t reconcile_list(const struct k8sm_driver *d, enum reconcile_which which,
                             struct k8sm_slice *items) {
  size_t n = 0;
  for (size_t i = 0; i < d->pods.count; i++) {
    const struct drv_pod *pod = d->pods.slots[i];
    if (pod == NULL) continue;
    for (const struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
      if (!reconcile_named(d, t, which)) continue;
      if (items != NULL) items[n] = t->id;
      if (items != NULL) items[n + 1] = t->agent_id;
      n += 2;
    }
  }
  return n;
}

static int reconcile_ask(struct k8sm_driver *d, const struct k8sm_slice *items, size_t n) {
  struct drv_call *call;
  struct k8sm_call_args args = {.type = K8SM_CALL_RECONCILE, .items = items, .item_count = n};
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, &call);
  if (r == K8SM_OK) k8smi_drv_outbox_push(&d->outbox, call);
  return r;
}

/* Asks for those tasks, if there are any: *ret_count says how many items. */
static int reconcile_ask_for(struct k8sm_driver *d, enum reconcile_which which, size_t *ret_count) {
  size_t n = *ret_count = reconcile_list(d, which, NULL);
  if (n == 0) return K8SM_OK;
  struct k8sm_slice *items = k8smi_alloc(&d->core.allocator, n * sizeof *items);
  if (items == NULL) return K8SM_ERR_NOMEM;
  reconcile_list(d, which, items);
  int r = reconcile_ask(d, items, n);
  k8smi_free(&d->core.allocator, items, n * sizeof *items);
  return r;
}

static uint64_t reconcile_pause(uint32_t rounds) {
  uint64_t ms = rounds < 10 ? (uint64_t)RECONCILE_ROUND_MS << rounds : RECONCILE_ROUND_CAP_MS;
  return k8smi_drv_min(ms, RECONCILE_ROUND_CAP_MS);
}

static int reconcile_round(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  size_t n;
  if (d->core.mono_ms < rc->due_ms) return K8SM_OK;
  if (!rc->begun) k8smi_drv_reconcile_start(d);
  int r = reconcile_ask_for(d, RECONCILE_ASKED, &n);
  if (r == K8SM_OK && n != 0) {
    rc->due_ms = k8smi_drv_after(&d->core, reconcile_pause(rc->rounds++));
    return r;
  }
  if (r == K8SM_OK) r = reconcile_ask(d, NULL, 0);
  if (r != K8SM_OK) return r;
  rc->begun = false;
  rc->due_ms = k8smi_drv_after(&d->core, RECONCILE_RUN_MS);
  return K8SM_OK;
}

static int reconcile_doubts(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  size_t n;
  if (d->core.mono_ms < rc->doubt_ms) return K8SM_OK;
  int r = reconcile_ask_for(d, RECONCILE_IN_DOUBT, &n);
  if (r != K8SM_OK) return r;
  rc->doubt_ms = DRV_NEVER;
  for (size_t i = 0; i < d->pods.count; i++) {
    struct drv_task *t = d->pods.slots[i] == NULL ? NULL : d->pods.slots[i]->tasks;
    for (; t != NULL; t = t->next) {
      if (t->doubt_ms <= d->core.mono_ms) t->doubt_ms = k8smi_drv_after(&d->core, RECONCILE_DOUBT_MS);
      rc->doubt_ms = k8smi_drv_min(rc->doubt_ms, t->doubt_ms);
    }
  }
  return K8SM_OK;
}

int k8smi_drv_reconcile_pump(struct k8sm_driver *d) {
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return K8SM_OK;
  int r = reconcile_round(d);
  return r == K8SM_OK ? reconcile_doubts(d) : r;
}

uint64_t k8smi_drv_reconcile_deadline(const struct k8sm_driver *d) {
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return DRV_NEVER;
  return k8smi_drv_min(d->reconcile.due_ms, d->reconcile.doubt_ms);
}
