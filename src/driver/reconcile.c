/* SPDX-License-Identifier: Apache-2.0 */
/* What runs is asked for after each subscription: by name, again and again for those that get no answer
 * (after a master's failover there is none until the agent is back), and then without names, which finds
 * what we do not know of. https://mesos.apache.org/documentation/latest/reconciliation/ */
#include "base/slice.h"
#include "driver/state.h"

enum {
  RECONCILE_ROUND_MS = 10000, /* to the second round; doubles */
  RECONCILE_ROUND_CAP_MS = 300000,
  RECONCILE_RUN_MS = 900000,  /* from the end of a run to the next */
  RECONCILE_ADOPT_MS = 60000, /* the same while it is found out what runs */
  RECONCILE_DOUBT_MS = 60000, /* a single task in doubt is asked for again */
  RECONCILE_BATCH = 1000      /* tasks that one call names, about */
};

void k8smi_drv_reconcile_start(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  for (size_t i = 0; i < d->pods.count; i++) {
    struct drv_task *t = d->pods.slots[i] == NULL ? NULL : d->pods.slots[i]->tasks;
    for (; t != NULL; t = t->next) t->asked = t->launch == NULL;
  }
  rc->begun = true;
  rc->asked = false;
  rc->rounds = 0;
  rc->cursor = 0;
  rc->due_ms = d->core.mono_ms;
}

void k8smi_drv_reconcile_stop(struct k8sm_driver *d) {
  d->reconcile.begun = false;
  d->reconcile.due_ms = DRV_NEVER;
}

void k8smi_drv_reconcile_doubt(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task,
                               uint64_t at_ms) {
  task->doubt_ms = k8smi_drv_min(task->doubt_ms, at_ms);
  if (!pod->doubtful && at_ms < pod->doubt.at) k8smi_drv_agenda_set(&d->pods.doubts, &pod->doubt, at_ms);
}

static int reconcile_ask(struct k8sm_driver *d, const struct k8sm_slice *items, size_t n) {
  struct drv_call *call;
  struct k8sm_call_args args = {.type = K8SM_CALL_RECONCILE, .items = items, .item_count = n};
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, &call);
  if (r == K8SM_OK) k8smi_drv_outbox_push(&d->outbox, call);
  return r;
}

/* Task ids and agent ids by turns: counted first, and then written where there is room. */
struct reconcile_items {
  struct k8sm_slice *items; /* NULL: only count */
  size_t count;
};

static void reconcile_name(struct reconcile_items *to, const struct drv_task *t) {
  if (to->items != NULL) to->items[to->count] = t->id;
  if (to->items != NULL) to->items[to->count + 1] = t->agent_id;
  to->count += 2;
}

/* Asks for the tasks that `list` names, if there are any: *ret_count says how many items. */
static int reconcile_ask_for(struct k8sm_driver *d,
                             void (*list)(const struct k8sm_driver *d, struct reconcile_items *to),
                             size_t *ret_count) {
  struct reconcile_items to = {NULL, 0};
  list(d, &to);
  size_t n = *ret_count = to.count;
  if (n == 0) return K8SM_OK;
  to = (struct reconcile_items){k8smi_alloc(&d->core.allocator, n * sizeof *to.items), 0};
  if (to.items == NULL) return K8SM_ERR_NOMEM;
  list(d, &to);
  int r = reconcile_ask(d, to.items, n);
  k8smi_free(&d->core.allocator, to.items, n * sizeof *to.items);
  return r;
}

/* ---- Rounds ---- */

/* From the cursor on; *ret is where the next batch begins. */
static void reconcile_batch(const struct k8sm_driver *d, struct reconcile_items *to, size_t *ret) {
  size_t i = d->reconcile.cursor;
  for (; i < d->pods.count && to->count < 2 * RECONCILE_BATCH; i++) {
    const struct drv_task *t = d->pods.slots[i] == NULL ? NULL : d->pods.slots[i]->tasks;
    for (; t != NULL; t = t->next) {
      if (t->launch == NULL && t->asked) reconcile_name(to, t);
    }
  }
  *ret = i;
}

static void reconcile_list_batch(const struct k8sm_driver *d, struct reconcile_items *to) {
  size_t end;
  reconcile_batch(d, to, &end);
}

static uint64_t reconcile_pause(uint32_t rounds) {
  uint64_t ms = rounds < 10 ? (uint64_t)RECONCILE_ROUND_MS << rounds : RECONCILE_ROUND_CAP_MS;
  return k8smi_drv_min(ms, RECONCILE_ROUND_CAP_MS);
}

/* All have been asked for; the run ends when all have answered. */
static int reconcile_end_round(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  if (rc->asked) {
    rc->asked = false;
    rc->due_ms = k8smi_drv_after(&d->core, reconcile_pause(rc->rounds++));
    return K8SM_OK;
  }
  int r = reconcile_ask(d, NULL, 0);
  if (r != K8SM_OK) return r;
  rc->begun = false;
  rc->due_ms = k8smi_drv_after(&d->core, k8smi_drv_adopting(d) ? RECONCILE_ADOPT_MS : RECONCILE_RUN_MS);
  return K8SM_OK;
}

static int reconcile_round(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  struct reconcile_items none = {NULL, 0};
  size_t n, end;
  if (d->core.mono_ms < rc->due_ms) return K8SM_OK;
  if (!rc->begun) k8smi_drv_reconcile_start(d);
  int r = reconcile_ask_for(d, reconcile_list_batch, &n);
  if (r != K8SM_OK) return r;
  reconcile_batch(d, &none, &end);
  rc->asked |= n != 0;
  rc->cursor = end;
  if (end < d->pods.count) return K8SM_OK; /* the rest is due in the next step */
  rc->cursor = 0;
  return reconcile_end_round(d);
}

/* ---- Doubts ---- */

static bool reconcile_in_doubt(const struct k8sm_driver *d, const struct drv_task *t) {
  return t->launch == NULL && t->doubt_ms <= d->core.mono_ms;
}

static void reconcile_list_doubtful(const struct k8sm_driver *d, struct reconcile_items *to) {
  for (const struct drv_pod *pod = d->pods.doubtful; pod != NULL; pod = pod->next_doubtful) {
    for (const struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
      if (reconcile_in_doubt(d, t)) reconcile_name(to, t);
    }
  }
}

static void reconcile_doubt_later(struct k8sm_driver *d, struct drv_pod *pod) {
  uint64_t next = DRV_NEVER;
  for (struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
    if (t->doubt_ms <= d->core.mono_ms) t->doubt_ms = k8smi_drv_after(&d->core, RECONCILE_DOUBT_MS);
    next = k8smi_drv_min(next, t->doubt_ms);
  }
  k8smi_drv_agenda_set(&d->pods.doubts, &pod->doubt, next);
}

static int reconcile_doubts(struct k8sm_driver *d) {
  struct drv_pod *pod;
  size_t n;
  while ((pod = k8smi_drv_agenda_take(&d->pods.doubts, d->core.mono_ms)) != NULL) {
    pod->doubtful = true;
    pod->next_doubtful = d->pods.doubtful;
    d->pods.doubtful = pod;
  }
  int r = reconcile_ask_for(d, reconcile_list_doubtful, &n);
  if (r != K8SM_OK) return r;
  while ((pod = d->pods.doubtful) != NULL) {
    d->pods.doubtful = pod->next_doubtful;
    pod->doubtful = false;
    reconcile_doubt_later(d, pod);
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
  return k8smi_drv_min(d->reconcile.due_ms, k8smi_drv_agenda_next(&d->pods.doubts));
}
