/* SPDX-License-Identifier: Apache-2.0 */
/* What runs is asked for after each subscription: by name, again and again for those that get no answer
 * (after a master's failover there is none until the agent is back), and then without names, which finds
 * what we do not know of. https://mesos.apache.org/documentation/latest/reconciliation/ */
#include "base/slice.h"
#include "driver/state.h"
#include "wire/mesos.h"

enum {
  RECONCILE_ROUND_MS = 10000, /* to the second round; doubles */
  RECONCILE_ROUND_CAP_MS = 300000,
  RECONCILE_RUN_MS = 900000,   /* from the end of a run to the next */
  RECONCILE_COOL_MS = 15000,   /* between two questions for all tasks, however often we subscribe */
  RECONCILE_ADOPT_MS = 60000,  /* the same while it is found out what runs */
  RECONCILE_AGENTS_MS = 60000, /* for agents to make offers, before those are asked for that make none */
  RECONCILE_ANSWERS_MS = 5000, /* for the answers to what names no task */
  RECONCILE_HEAR_MS = 10000,   /* from a subscription on, for agents to send what waited for it */
  RECONCILE_DOUBT_MS = 60000,  /* a single task in doubt is asked for again */
  RECONCILE_BATCH = 1000,      /* tasks that one call names, about */
  RECONCILE_SLOTS = 10000,     /* that one step of a round looks at */
  RECONCILE_DOUBTS = 250       /* pods in doubt that one step asks for */
};

void k8smi_drv_reconcile_start(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  rc->run++; /* tasks that were heard of in former ones only are asked for */
  rc->begun = true;
  rc->asked = false;
  rc->rounds = 0;
  rc->cursor = 0;
  rc->due_ms = d->core.mono_ms;
  k8smi_drv_volumes_doubt_agents(d, RECONCILE_AGENTS_MS);
}

void k8smi_drv_reconcile_stop(struct k8sm_driver *d) {
  d->reconcile.begun = false;
  d->reconcile.all_ms = DRV_NEVER;
  d->reconcile.due_ms = DRV_NEVER;
}

void k8smi_drv_reconcile_doubt(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task,
                               uint64_t at_ms) {
  task->doubt_ms = k8smi_drv_min(task->doubt_ms, at_ms);
  if (at_ms < pod->doubt.at) k8smi_drv_agenda_set(&d->pods.doubts, &pod->doubt, at_ms);
}

int k8smi_drv_reconcile_ask(struct k8sm_driver *d, const struct k8sm_slice *items, size_t n,
                            const char *why) {
  struct drv_call *call;
  struct k8sm_call_args args = {.type = K8SM_CALL_RECONCILE, .items = items, .item_count = n};
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, why, &call);
  if (r == K8SM_OK) k8smi_drv_outbox_push(&d->outbox, call);
  return r;
}

/* Which tasks of which pods are asked for. */
struct reconcile_what {
  struct drv_pod *const *pods; /* NULL: none */
  size_t count;
  bool (*asks)(const struct k8sm_driver *d, const struct drv_task *task);
  const char *why;
};

/* Task ids and agent ids by turns. Returns how many items; `items` may be NULL. */
static size_t reconcile_list(const struct k8sm_driver *d, const struct reconcile_what *what,
                             struct k8sm_slice *items) {
  size_t n = 0;
  for (size_t i = 0; i < what->count; i++) {
    const struct drv_task *t = what->pods[i] == NULL ? NULL : what->pods[i]->tasks;
    for (; t != NULL; t = t->next) {
      if (t->launch != NULL || !what->asks(d, t)) continue;
      if (items != NULL) items[n] = t->id;
      if (items != NULL) items[n + 1] = t->agent_id;
      n += 2;
    }
  }
  return n;
}

/* Nothing is sent where no task is to be asked for: that would ask for all. */
static int reconcile_ask_for(struct k8sm_driver *d, const struct reconcile_what *what, bool *ret_any) {
  size_t n = reconcile_list(d, what, NULL);
  *ret_any = n != 0;
  if (n == 0) return K8SM_OK;
  struct k8sm_slice *items = k8smi_alloc(&d->core.allocator, n * sizeof *items);
  if (items == NULL) return K8SM_ERR_NOMEM;
  reconcile_list(d, what, items);
  int r = k8smi_drv_reconcile_ask(d, items, n, what->why);
  k8smi_free(&d->core.allocator, items, n * sizeof *items);
  return r;
}

/* ---- Rounds ---- */

static bool reconcile_is_unheard(const struct k8sm_driver *d, const struct drv_task *t) {
  return t->heard != d->reconcile.run;
}

bool k8smi_drv_reconcile_misses(const struct k8sm_driver *d, const struct drv_pod *pod) {
  for (const struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
    bool missed = t->state == K8SM_MESOS__TASK_STATE__TASK_UNREACHABLE ||
                  t->state == K8SM_MESOS__TASK_STATE__TASK_UNKNOWN;
    if (!missed || reconcile_is_unheard(d, t)) return false;
  }
  return pod->tasks == NULL || d->session.state == DRV_SESSION_SUBSCRIBED;
}

bool k8smi_drv_reconcile_hears(const struct k8sm_driver *d, const struct drv_pod *pod) {
  if (d->session.state != DRV_SESSION_SUBSCRIBED ||
      d->core.mono_ms - d->session.subscribed_ms < RECONCILE_HEAR_MS)
    return false;
  for (const struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
    if (reconcile_is_unheard(d, t)) return false;
  }
  return true;
}

/* As many pods from the cursor on as one step takes. */
static struct reconcile_what reconcile_batch(const struct k8sm_driver *d) {
  const struct drv_reconcile *rc = &d->reconcile;
  struct reconcile_what what = {d->pods.slots + rc->cursor, 0, reconcile_is_unheard,
                                rc->rounds == 0 ? "nothing was heard of these tasks in this run"
                                                : "these tasks have not answered yet"};
  size_t left = d->pods.count - rc->cursor, tasks = 0;
  for (; what.count < left && what.count < RECONCILE_SLOTS && tasks < RECONCILE_BATCH; what.count++) {
    const struct drv_task *t = what.pods[what.count] == NULL ? NULL : what.pods[what.count]->tasks;
    if (t != NULL) tasks += k8smi_drv_operation_is_unheard(d, what.pods[what.count]);
    for (; t != NULL; t = t->next) tasks += t->launch == NULL && reconcile_is_unheard(d, t);
  }
  return what;
}

static uint64_t reconcile_pause(uint32_t rounds) {
  uint64_t ms = rounds < 10 ? (uint64_t)RECONCILE_ROUND_MS << rounds : RECONCILE_ROUND_CAP_MS;
  return k8smi_drv_min(ms, RECONCILE_ROUND_CAP_MS);
}

/* Deletions of pods that were given without a record wait for the answers. */
static void reconcile_asked_all(struct k8sm_driver *d) {
  d->reconcile.all_ms = k8smi_drv_after(&d->core, RECONCILE_ANSWERS_MS);
  for (size_t i = 0; k8smi_drv_adopting(d) && i < d->pods.count; i++) {
    if (d->pods.slots[i] != NULL && d->pods.slots[i]->delete_again)
      k8smi_drv_pods_touch(&d->pods, d->pods.slots[i]);
  }
}

/* All have been asked for; the run ends when all have answered. */
static int reconcile_end_round(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  if (rc->asked) {
    rc->asked = false;
    rc->due_ms = k8smi_drv_after(&d->core, reconcile_pause(rc->rounds++));
    return K8SM_OK;
  }
  if (d->core.mono_ms < rc->cool_ms && !k8smi_drv_adopting(d)) { /* the run goes on until then */
    rc->due_ms = rc->cool_ms;
    return K8SM_OK;
  }
  int r = k8smi_drv_reconcile_ask(d, NULL, 0, "all known tasks were asked for: finds unknown ones");
  if (r != K8SM_OK) return r;
  if (rc->all_ms == DRV_NEVER) reconcile_asked_all(d);
  rc->cool_ms = k8smi_drv_after(&d->core, RECONCILE_COOL_MS);
  rc->begun = false;
  rc->due_ms = k8smi_drv_after(&d->core, k8smi_drv_adopting(d) ? RECONCILE_ADOPT_MS : RECONCILE_RUN_MS);
  return K8SM_OK;
}

static int reconcile_round(struct k8sm_driver *d) {
  struct drv_reconcile *rc = &d->reconcile;
  bool any, operations;
  if (d->core.mono_ms < rc->due_ms) return K8SM_OK;
  if (!rc->begun) k8smi_drv_reconcile_start(d);
  if (rc->cursor > d->pods.count) rc->cursor = d->pods.count; /* the last ones are gone */
  const struct reconcile_what what = reconcile_batch(d);
  int r = reconcile_ask_for(d, &what, &any);
  if (r == K8SM_OK) r = k8smi_drv_operations_ask(d, what.pods, what.count, &operations);
  if (r != K8SM_OK) return r;
  for (size_t i = 0; i < what.count; i++) { /* what could not be sent while there was no subscription */
    if (what.pods[i] != NULL && what.pods[i]->blocked) k8smi_drv_pods_touch(&d->pods, what.pods[i]);
  }
  rc->asked |= any || operations;
  rc->cursor += what.count;
  if (rc->cursor < d->pods.count) return K8SM_OK; /* the rest is due in the next step */
  rc->cursor = 0;
  return reconcile_end_round(d);
}

/* ---- Doubts ---- */

static bool reconcile_is_doubtful(const struct k8sm_driver *d, const struct drv_task *t) {
  return t->doubt_ms <= d->core.mono_ms;
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
  struct drv_pod *pods[RECONCILE_DOUBTS];
  struct drv_due *due;
  bool any;
  size_t n = 0;
  while (n < RECONCILE_DOUBTS && (due = k8smi_drv_agenda_take(&d->pods.doubts, d->core.mono_ms)) != NULL)
    pods[n++] = K8SMI_OF(due, drv_pod, doubt);
  const struct reconcile_what what = {pods, n, reconcile_is_doubtful, "these launches brought no status"};
  int r = reconcile_ask_for(d, &what, &any);
  for (size_t i = 0; i < n; i++) {
    if (r == K8SM_OK)
      reconcile_doubt_later(d, pods[i]);
    else
      k8smi_drv_agenda_set(&d->pods.doubts, &pods[i]->doubt, d->core.mono_ms);
  }
  return r;
}

int k8smi_drv_reconcile_pump(struct k8sm_driver *d) {
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return K8SM_OK;
  int r = reconcile_round(d);
  if (r == K8SM_OK) r = reconcile_doubts(d);
  return r == K8SM_OK ? k8smi_drv_volumes_ask(d) : r;
}

uint64_t k8smi_drv_reconcile_deadline(const struct k8sm_driver *d) {
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return DRV_NEVER;
  uint64_t due = k8smi_drv_min(d->reconcile.due_ms, k8smi_drv_agenda_next(&d->pods.doubts));
  return k8smi_drv_min(due, d->volumes.ask_ms);
}
