/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/tombs.h"
#include "base/findings.h"
#include "base/slice.h"
#include "driver/state.h"
#include "status/status.h"

enum {
  TOMB_KILL_AGAIN_MS = 10 * 1000,      /* a KILL may be lost without a word */
  TOMB_KILL_AGAIN_LATE_MS = 60 * 1000, /* TASK_KILLING was seen */
  TOMB_RECORD_AGAIN_MS = 5000,
  TOMB_BATCH = 1000, /* tasks that one question names, about */
  TOMB_MOST = 50000  /* each is a row, and asked for in every run of reconciliation */
};

/* ---- The table ---- */

void k8smi_drv_tombs_init(struct k8sm_driver *d) {
  k8smi_map_init(&d->tombs.by_uid, &d->core.allocator, d->core.random);
  d->tombs.due_ms = DRV_NEVER;
  d->tombs.most = TOMB_MOST;
}

static void tomb_free(struct k8sm_driver *d, struct drv_tomb *tomb) {
  k8smi_drv_tasks_free(&d->core, tomb->tasks);
  k8smi_free(&d->core.allocator, tomb, tomb->size);
}

void k8smi_drv_tombs_free(struct k8sm_driver *d) {
  struct drv_tombs *ts = &d->tombs;
  for (size_t i = 0; i < ts->count; i++) tomb_free(d, ts->items[i]);
  k8smi_free(&d->core.allocator, ts->items, ts->cap * sizeof(struct drv_tomb *));
  k8smi_map_free(&ts->by_uid);
}

static struct drv_tomb *tomb_find(const struct k8sm_driver *d, struct k8sm_slice uid) {
  uint32_t i = d->tombs.count == 0 ? K8SMI_MAP_NONE : k8smi_map_get(&d->tombs.by_uid, uid);
  return i == K8SMI_MAP_NONE ? NULL : d->tombs.items[i];
}

bool k8smi_drv_tomb_is(const struct k8sm_driver *d, struct k8sm_slice uid) {
  return tomb_find(d, uid) != NULL;
}

/* Without tasks. NULL: memory ran out. */
static struct drv_tomb *tomb_insert(struct k8sm_driver *d, struct k8sm_slice uid) {
  struct drv_tombs *ts = &d->tombs;
  void *items = ts->items;
  if (!k8smi_grow(&d->core.allocator, &items, &ts->cap, ts->count + 1, sizeof(struct drv_tomb *)))
    return NULL;
  ts->items = items;
  struct drv_tomb *tomb = k8smi_zalloc(&d->core.allocator, sizeof *tomb + uid.len + 1);
  if (tomb == NULL) return NULL;
  tomb->size = sizeof *tomb + uid.len + 1;
  k8smi_copy(tomb->text, uid.ptr, uid.len);
  tomb->uid = (struct k8sm_slice){tomb->text, uid.len};
  tomb->again_ms = DRV_NEVER;
  if (!k8smi_map_put(&ts->by_uid, tomb->uid, (uint32_t)ts->count)) {
    tomb_free(d, tomb);
    return NULL;
  }
  return ts->items[ts->count++] = tomb;
}

/* The last one takes its place. */
static void tomb_remove(struct k8sm_driver *d, struct drv_tomb *tomb) {
  struct drv_tombs *ts = &d->tombs;
  uint32_t i = k8smi_map_remove(&ts->by_uid, tomb->uid);
  struct drv_tomb *last = ts->items[--ts->count];
  ts->items[i] = last;
  if (last != tomb) (void)!k8smi_map_put(&ts->by_uid, last->uid, i); /* takes no memory: it is there */
  if (ts->cursor > i) ts->cursor = i;                                /* that one was not asked for, maybe */
  tomb_free(d, tomb);
}

/* ---- Pods become one ---- */

bool k8smi_drv_tomb_due(const struct k8sm_driver *d, const struct drv_pod *pod) {
  bool forced = pod->deleting && pod->status->deleted && pod->status->grace_seconds == 0;
  if (!forced || pod->launches > 0 || pod->adopts || pod->tasks == NULL) return false;
  return k8smi_drv_reconcile_misses(d, pod);
}

bool k8smi_drv_tombs_full(const struct k8sm_driver *d) {
  return d->tombs.count >= d->tombs.most;
}

int k8smi_drv_tomb_make(struct k8sm_driver *d, struct drv_pod *pod) {
  if (tomb_find(d, pod->uid) != NULL) return K8SM_OK;
  struct drv_tomb *tomb = tomb_insert(d, pod->uid);
  if (tomb == NULL) return K8SM_ERR_NOMEM;
  tomb->tasks = pod->tasks;
  pod->tasks = NULL;
  for (struct drv_task *t = tomb->tasks; t != NULL; t = t->next) t->doubt_ms = DRV_NEVER;
  return K8SM_OK;
}

int k8smi_drv_tomb_restore(struct k8sm_driver *d, struct k8sm_slice uid, struct drv_task *tasks,
                           struct k8sm_diags *diags) {
  if (tomb_find(d, uid) != NULL || k8smi_drv_pods_by_uid(&d->pods, uid) != NULL) {
    k8smi_find(diags, K8SM_DIAG_RECORD_INVALID, NULL, "the pod's record: uid '%.*s' comes twice",
               K8SMI_P(uid));
    return K8SM_ERR_INVALID;
  }
  struct drv_tomb *tomb = tomb_insert(d, uid);
  if (tomb == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  tomb->tasks = tasks;
  return K8SM_OK;
}

/* ---- The record ---- */

static int tomb_put_record(struct k8sm_driver *d, struct drv_tomb *tomb, struct drv_record *record,
                           const struct drv_task *less) {
  char key[DRV_ID_CAP + 8];
  struct k8smi_buf row;
  k8smi_buf_init(&row, &d->core.allocator);
  int r = k8smi_drv_row_write_tomb(&d->core, tomb->tasks, less, &row);
  if (r == K8SM_OK)
    r = k8smi_drv_record_put(&d->records, &d->core, record, k8smi_drv_row_key(tomb->uid, key, sizeof key),
                             (struct k8sm_slice){row.ptr, row.len});
  k8smi_buf_free(&row);
  return r;
}

/* Without one task, which may be NULL; `ack`, which may be, too, waits for it. Errors: NOMEM. */
static int tomb_record(struct k8sm_driver *d, struct drv_tomb *tomb, const struct drv_task *less,
                       struct drv_call *ack) {
  struct drv_record *record;
  int r = k8smi_drv_record_new(&d->core, DRV_RECORD_TOMB, &record);
  if (r != K8SM_OK) return r;
  record->tomb = tomb;
  record->call = ack;
  r = tomb_put_record(d, tomb, record, less);
  if (r != K8SM_OK) {
    k8smi_free(&d->core.allocator, record, sizeof *record);
    return r;
  }
  tomb->records++;
  tomb->again_ms = DRV_NEVER;
  if (ack != NULL) k8smi_drv_outbox_push(&d->outbox, ack);
  return K8SM_OK;
}

void k8smi_drv_tomb_answered(struct k8sm_driver *d, const struct drv_record *record) {
  struct drv_tomb *tomb = record->tomb;
  tomb->records--;
  if (record->answer == DRV_ANSWER_REFUSED) {
    tomb->again_ms = k8smi_drv_after(&d->core, TOMB_RECORD_AGAIN_MS);
    d->tombs.due_ms = k8smi_drv_min(d->tombs.due_ms, tomb->again_ms);
  }
  if (tomb->tasks == NULL && tomb->records == 0 && tomb->again_ms == DRV_NEVER) tomb_remove(d, tomb);
}

/* ---- Updates ---- */

static struct drv_task **tomb_task(struct drv_tomb *tomb, struct k8sm_slice id) {
  struct drv_task **at = &tomb->tasks;
  while (*at != NULL && !k8smi_eq((*at)->id, id)) at = &(*at)->next;
  return at;
}

/* One that is named no more may come again: the record of its end was refused, or is on its way. */
static int tomb_end_task(struct k8sm_driver *d, struct drv_tomb *tomb, struct drv_task **at,
                         struct drv_call *ack) {
  struct drv_task *task = *at;
  int r = task != NULL || ack != NULL ? tomb_record(d, tomb, task, ack) : K8SM_OK;
  if (r != K8SM_OK || task == NULL) return r;
  *at = task->next;
  task->next = NULL;
  k8smi_drv_tasks_free(&d->core, task);
  return K8SM_OK;
}

static int tomb_say(struct k8sm_driver *d, struct k8sm_slice task_id) {
  const struct k8sm_slice none = {NULL, 0};
  return k8smi_drv_eventf(&d->core, 0, none,
                          "Killing: task %.*s is of a pod that was deleted while its agent was away",
                          K8SMI_P(task_id));
}

/* It lives: killed now, and again unless it is heard to end. */
static int tomb_see_task(struct k8sm_driver *d, struct drv_task **at, const K8smMesos__TaskStatus *s) {
  if (*at != NULL && (*at)->state == (int32_t)s->state) return K8SM_OK;
  int r = *at == NULL || (*at)->doubt_ms == DRV_NEVER ? tomb_say(d, k8smi_s(s->task_id->value)) : K8SM_OK;
  if (r == K8SM_OK && *at == NULL) {
    *at = k8smi_drv_task_new(&d->core, k8smi_s(s->task_id->value), k8smi_s(s->agent_id->value));
    if (*at == NULL) r = K8SM_ERR_NOMEM;
  }
  if (r != K8SM_OK) return r;
  bool late = s->state == K8SM_MESOS__TASK_STATE__TASK_KILLING && (*at)->doubt_ms != DRV_NEVER;
  (*at)->state = (int32_t)s->state;
  (*at)->doubt_ms = late ? k8smi_drv_after(&d->core, TOMB_KILL_AGAIN_LATE_MS) : d->core.mono_ms;
  d->tombs.due_ms = k8smi_drv_min(d->tombs.due_ms, (*at)->doubt_ms);
  return K8SM_OK;
}

static void tomb_miss_task(struct drv_task *task, const K8smMesos__TaskStatus *s) {
  if (task == NULL) return;
  task->state = (int32_t)s->state;
  task->doubt_ms = DRV_NEVER;
}

/* A copy that says that it has ended is as good as any: nobody asks how. */
int k8smi_drv_tomb_update(struct k8sm_driver *d, struct k8sm_slice uid, const K8smMesos__TaskStatus *s,
                          struct drv_call *ack, bool *ret_taken) {
  struct drv_tomb *tomb = tomb_find(d, uid);
  *ret_taken = tomb != NULL;
  if (tomb == NULL) return K8SM_OK;
  struct drv_task **at = tomb_task(tomb, k8smi_s(s->task_id->value));
  if (k8smi_drv_event_terminal(s->state)) return tomb_end_task(d, tomb, at, ack);
  bool missed = !k8smi_drv_event_lives(s);
  int r = missed ? K8SM_OK : tomb_see_task(d, at, s);
  if (r != K8SM_OK) return r;
  if (missed) tomb_miss_task(*at, s);
  if (ack != NULL) k8smi_drv_outbox_push(&d->outbox, ack);
  return K8SM_OK;
}

/* ---- Asking and killing ---- */

/* Task ids and agent ids by turns, of as many as one call names. *ret_next: the first that is not. */
static size_t tombs_list(const struct drv_tombs *ts, struct k8sm_slice *items, size_t *ret_next) {
  size_t n = 0, i = ts->cursor;
  for (; i < ts->count && n < 2 * (size_t)TOMB_BATCH; i++) {
    for (const struct drv_task *t = ts->items[i]->tasks; t != NULL; t = t->next, n += 2) {
      if (items != NULL) items[n] = t->id;
      if (items != NULL) items[n + 1] = t->agent_id;
    }
  }
  *ret_next = i;
  return n;
}

/* Once in each run of reconciliation: agents are back unheard. */
static int tombs_ask(struct k8sm_driver *d) {
  struct drv_tombs *ts = &d->tombs;
  int r = K8SM_OK;
  if (ts->run == d->reconcile.run) return r;
  size_t next, n = tombs_list(ts, NULL, &next);
  struct k8sm_slice *items = k8smi_alloc(&d->core.allocator, n * sizeof *items);
  if (n != 0 && items == NULL) return K8SM_ERR_NOMEM;
  if (n != 0) {
    tombs_list(ts, items, &next);
    r = k8smi_drv_reconcile_ask(d, items, n, "these may be left of pods that are gone");
  }
  k8smi_free(&d->core.allocator, items, n * sizeof *items);
  if (r != K8SM_OK) return r;
  ts->cursor = next < ts->count ? next : 0;
  if (next >= ts->count) ts->run = d->reconcile.run;
  return K8SM_OK;
}

static int tomb_kill(struct k8sm_driver *d, struct drv_task *task) {
  struct drv_call *call;
  struct k8sm_call_args args = {
      .type = K8SM_CALL_KILL, .task_id = task->id, .agent_id = task->agent_id, .grace_seconds = 0};
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, "its pod was deleted while its agent was away",
                              &call);
  if (r != K8SM_OK) return r;
  k8smi_drv_outbox_push(&d->outbox, call);
  task->doubt_ms = k8smi_drv_after(&d->core, TOMB_KILL_AGAIN_MS);
  return K8SM_OK;
}

static int tomb_look(struct k8sm_driver *d, struct drv_tomb *tomb, uint64_t *due_ms) {
  int r = tomb->again_ms <= d->core.mono_ms ? tomb_record(d, tomb, NULL, NULL) : K8SM_OK;
  for (struct drv_task *t = tomb->tasks; r == K8SM_OK && t != NULL; t = t->next) {
    if (t->doubt_ms <= d->core.mono_ms) r = tomb_kill(d, t);
    *due_ms = k8smi_drv_min(*due_ms, t->doubt_ms);
  }
  *due_ms = k8smi_drv_min(*due_ms, tomb->again_ms);
  return r;
}

int k8smi_drv_tombs_pump(struct k8sm_driver *d) {
  struct drv_tombs *ts = &d->tombs;
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return K8SM_OK;
  int r = tombs_ask(d);
  if (r != K8SM_OK || d->core.mono_ms < ts->due_ms) return r;
  uint64_t due_ms = DRV_NEVER;
  for (size_t i = 0; r == K8SM_OK && i < ts->count; i++) r = tomb_look(d, ts->items[i], &due_ms);
  if (r == K8SM_OK) ts->due_ms = due_ms;
  return r;
}

uint64_t k8smi_drv_tombs_deadline(const struct k8sm_driver *d) {
  if (d->session.state != DRV_SESSION_SUBSCRIBED) return DRV_NEVER;
  return d->tombs.run == d->reconcile.run ? d->tombs.due_ms : d->core.mono_ms;
}
