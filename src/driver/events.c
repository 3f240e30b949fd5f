/* SPDX-License-Identifier: Apache-2.0 */
/* What the master says, event by event. */
#include "base/findings.h"
#include "base/slice.h"
#include "cluster/cluster.h"
#include "driver/state.h"
#include "status/status.h"
#include "wire/mesos.h"

enum {
  EVENTS_HINT_MS = 2000,   /* from a FAILURE to the question what is left: updates come by themselves */
  EVENTS_MEMORY = 1 << 20, /* that an event may take when it is read; and, besides, */
  EVENTS_GROWTH = 16,      /* so many bytes for each of its own */
  EVENTS_LENT = 4096       /* enough for an update, as most events are */
};

struct event_in {
  struct k8sm_slice bytes; /* as they came */
  const K8smMesos__Event *event;
  uint32_t expected; /* of the pod that it seems to be about; 0: none */
};

static const struct k8sm_slice events_nobody = {NULL, 0};

static int events_foreign(struct k8sm_driver *d, const struct event_in *in) {
  const struct k8sm_effect e = {.type = K8SM_EFFECT_FOREIGN, .to = K8SM_TO_HOST, .bytes = in->bytes};
  return k8smi_effects_add(d->core.queue, &e);
}

static int events_nothing(struct k8sm_driver *d, const struct event_in *in) {
  (void)d;
  (void)in;
  return K8SM_OK;
}

/* An event without the part that its type promises. */
static int events_hollow(struct k8sm_driver *d) {
  k8smi_drv_session_drop(&d->session, &d->core, K8SM_DIAG_MASTER_RESPONSE,
                         "an event lacks what its type promises");
  return K8SM_OK;
}

static int events_subscribed(struct k8sm_driver *d, const struct event_in *in) {
  const K8smMesos__Event__Subscribed *s = in->event->subscribed;
  struct drv_session *session = &d->session;
  if (s == NULL) return events_hollow(d);
  if (session->state == DRV_SESSION_SUBSCRIBED) {
    k8smi_drv_session_drop(session, &d->core, K8SM_DIAG_MASTER_RESPONSE, "SUBSCRIBED came twice");
    return K8SM_OK;
  }
  struct k8sm_slice id = k8smi_s(s->framework_id->value);
  bool same = k8smi_eq(id, k8smi_drv_text(&session->framework_id));
  double seconds = s->has_heartbeat_interval_seconds ? s->heartbeat_interval_seconds : 0;
  if (!k8smi_drv_session_subscribed(session, &d->core, id, seconds)) {
    k8smi_drv_session_drop(session, &d->core, K8SM_DIAG_MASTER_RESPONSE, "a framework id of %zu bytes",
                           id.len);
    return K8SM_OK;
  }
  if (!same) d->framework_kept = false;
  if (!d->framework_kept && d->framework_due_ms == DRV_NEVER) d->framework_due_ms = 0;
  d->offers.fresh = true;
  k8smi_drv_roles_master(d, k8smi_s(s->master_info == NULL ? NULL : s->master_info->version));
  k8smi_drv_reconcile_start(d);
  k8smi_drv_volumes_subscribed(d);
  int r = k8smi_drv_eventf(&d->core, 0, events_nobody, "Subscribed: at %s as framework %s",
                           session->authority.ptr, session->framework_id.ptr);
  return r == K8SM_OK ? k8smi_drv_adopt_begin(d) : r;
}

static int events_error(struct k8sm_driver *d, const struct event_in *in) {
  const char *words = in->event->error == NULL ? "" : in->event->error->message;
  int r = k8smi_drv_eventf(&d->core, K8SM_DIAG_MASTER_ERROR, events_nobody,
                           "the master ended the framework: %s", words);
  if (r != K8SM_OK) return r;
  k8smi_drv_session_stop(&d->session);
  d->life = DRV_STOPPED;
  d->stop_code = K8SM_DIAG_MASTER_ERROR;
  d->stop_due = true;
  return K8SM_OK;
}

/* ---- offers ---- */

static int events_offers(struct k8sm_driver *d, const struct event_in *in) {
  if (in->event->offers == NULL) return events_hollow(d);
  int r = k8smi_drv_offered(d, in->event->offers, in->bytes);
  return r == K8SM_OK || r == K8SM_ERR_NOMEM ? r : events_hollow(d);
}

static int events_rescind(struct k8sm_driver *d, const struct event_in *in) {
  if (in->event->rescind == NULL) return events_hollow(d);
  struct k8sm_slice id = k8smi_s(in->event->rescind->offer_id->value);
  k8sm_cluster_remove(d->offers.cluster, id);
  k8smi_drv_launch_rescinded(d, id);
  d->core.counters.offers_rescinded++;
  return K8SM_OK;
}

/* ---- updates ---- */

bool k8smi_drv_event_terminal(K8smMesos__TaskState state) {
  switch (state) {
  case K8SM_MESOS__TASK_STATE__TASK_FINISHED:
  case K8SM_MESOS__TASK_STATE__TASK_FAILED:
  case K8SM_MESOS__TASK_STATE__TASK_KILLED:
  case K8SM_MESOS__TASK_STATE__TASK_ERROR:
  case K8SM_MESOS__TASK_STATE__TASK_DROPPED:
  case K8SM_MESOS__TASK_STATE__TASK_GONE:
  case K8SM_MESOS__TASK_STATE__TASK_GONE_BY_OPERATOR: return true;
  default: return false;
  }
}

/* The task has ended, and this tells how. */
static bool events_ends(const K8smMesos__TaskStatus *s) {
  int reason = s->has_reason ? (int)s->reason : -1;
  return k8smi_drv_event_terminal(s->state) && !k8smi_status_is_bare_end((int)s->state, reason);
}

/* NULL when the update wants no acknowledgement. */
static int events_acknowledge(struct k8sm_driver *d, const K8smMesos__TaskStatus *s, struct drv_call **ret) {
  *ret = NULL;
  if (!s->has_uuid || s->uuid.len == 0 || s->agent_id == NULL) return K8SM_OK;
  struct k8sm_call_args args = {.type = K8SM_CALL_ACKNOWLEDGE,
                                .task_id = k8smi_s(s->task_id->value),
                                .agent_id = k8smi_s(s->agent_id->value),
                                .uuid = {(const char *)s->uuid.data, s->uuid.len}};
  return k8smi_drv_call_make(&d->core, &d->session, &args, "the update is taken in", ret);
}

static void events_push(struct k8sm_driver *d, struct drv_call *call) {
  if (call == NULL) return;
  k8smi_drv_outbox_push(&d->outbox, call);
  d->core.counters.acknowledged++;
}

static int events_say_stray(struct k8sm_driver *d, const K8smMesos__TaskStatus *s) {
  if (k8smi_drv_event_terminal(s->state) || s->state == K8SM_MESOS__TASK_STATE__TASK_UNKNOWN) return K8SM_OK;
  return k8smi_drv_eventf(&d->core, K8SM_DIAG_UPDATE_FOREIGN, events_nobody,
                          "task %s is of a pod that is not known here; it is left alone", s->task_id->value);
}

/* A task of our making, and no pod of ours. It may be left of one that was deleted while its agent was away.
 * If not, it is of a record that was lost: it is reported and acknowledged, since nobody else will, and not
 * touched. */
static int events_stray(struct k8sm_driver *d, struct k8sm_slice uid, const K8smMesos__TaskStatus *s,
                        struct drv_call *ack) {
  bool taken = false;
  int r = k8smi_drv_tomb_update(d, uid, s, ack, &taken);
  if (r == K8SM_OK && taken) {
    d->core.counters.acknowledged += ack != NULL;
    return K8SM_OK;
  }
  if (r == K8SM_OK) r = events_say_stray(d, s);
  if (r == K8SM_OK) events_push(d, ack);
  return r;
}

/* `copy`: the hash of one; 0: it is none. *ret_same: nothing has changed. */
static int events_apply(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task, uint64_t copy,
                        const K8smMesos__TaskStatus *s, bool *ret_same) {
  const struct k8sm_change change = k8smi_drv_change(d, K8SM_CHANGE_UPDATE);
  *ret_same = false;
  if (copy == 0) return k8smi_drv_pod_change(d, pod, &change, s);
  int r = k8smi_drv_copy_take(d, pod, s, ret_same);
  if (r == K8SM_OK && *ret_same && task != NULL) task->copy = copy;
  return r;
}

/* An update that ends a task, brings it into another state or wants an acknowledgement is recorded; and the
 * acknowledgement waits for that, so that what it says is known here before the agent forgets it. `same`: a
 * copy says what is recorded; after a restart the state of no task is known, and that of its pod is. */
static int events_keep(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task,
                       const K8smMesos__TaskStatus *s, struct drv_call *ack, bool same) {
  bool ends = events_ends(s);
  struct drv_pod_view view = k8smi_drv_pod_view(pod);
  if (ends) view.less = task;
  same = same && pod->recorded && !pod->tasks_changed;
  if (!ends && ack == NULL && (same || task == NULL || task->state == (int32_t)s->state)) return K8SM_OK;
  int r = k8smi_drv_pod_keep(d, &view, DRV_RECORD_STATE, ack);
  if (r == K8SM_OK && ack != NULL) d->core.counters.acknowledged++;
  return r;
}

static void events_heard(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task,
                         const K8smMesos__TaskStatus *s) {
  if (task == NULL) return;
  if (events_ends(s)) {
    bool changed = pod->tasks_changed; /* that it has ended is in the record */
    k8smi_drv_pod_end_task(&d->core, pod, task);
    pod->tasks_changed = changed;
    return;
  }
  task->heard = d->reconcile.run;
  task->doubt_ms = DRV_NEVER;
  if (pod->need == DRV_NEED_PLACE) d->offers.fresh = true; /* it may have waited for this */
  if (pod->deleting) k8smi_drv_pods_touch(&d->pods, pod);  /* the same */
  if (k8smi_drv_event_terminal(s->state)) return;
  task->state = (int32_t)s->state;
}

bool k8smi_drv_event_lives(const K8smMesos__TaskStatus *s) {
  bool lives =
      s->state == K8SM_MESOS__TASK_STATE__TASK_STAGING || s->state == K8SM_MESOS__TASK_STATE__TASK_STARTING ||
      s->state == K8SM_MESOS__TASK_STATE__TASK_RUNNING || s->state == K8SM_MESOS__TASK_STATE__TASK_KILLING;
  return lives && s->agent_id != NULL;
}

/* A task of the pod that the record did not name is taken up, if somebody saw it alive: that an agent can't
 * be reached is said of tasks that never were, too. NULL: it has ended, and was forgotten. */
static int events_take_up(struct k8sm_driver *d, struct drv_pod *pod, const K8smMesos__TaskStatus *s,
                          struct drv_task **ret) {
  if (!k8smi_drv_event_lives(s)) return K8SM_OK;
  struct drv_task *task =
      k8smi_drv_task_new(&d->core, k8smi_s(s->task_id->value), k8smi_s(s->agent_id->value));
  if (task == NULL) return K8SM_ERR_NOMEM;
  task->next = pod->tasks;
  *ret = pod->tasks = task;
  pod->tasks_changed = true;
  return K8SM_OK;
}

/* What the id of a task says. */
struct event_task {
  uint32_t attempt;
  bool pause; /* it is of no container */
};

/* That of a command task has the task's id, and is not told of by all. */
static bool events_has_executor(const K8smMesos__TaskStatus *s, const struct event_task *of) {
  struct k8sm_task_id executor;
  if (of->pause) return true;
  if (s->executor_id == NULL) return false;
  const char *text = s->executor_id->value;
  return k8sm_executor_id_parse(text, strlen(text), &executor) == K8SM_OK;
}

/* The agent or its executor speaks of the task: what stood before the launch in its ACCEPT was
 * done. Errors: NOMEM. */
static int events_arrived(struct k8sm_driver *d, struct drv_pod *pod, const struct event_task *of,
                          const K8smMesos__TaskStatus *s) {
  bool there = s->has_source && (s->source == K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_AGENT ||
                                 s->source == K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_EXECUTOR);
  bool runs = s->state == K8SM_MESOS__TASK_STATE__TASK_RUNNING; /* whoever tells it has it from there */
  if (there && pod->place != NULL && of->attempt == k8smi_drv_pod_attempt(pod)) pod->arrived = true;
  if (!(there || runs) || s->agent_id == NULL) return K8SM_OK;
  return k8smi_drv_volumes_used(d, pod, k8smi_s(s->agent_id->value));
}

/* The master misses the agent that was to make the pod's volumes, or has it back without the task: what it
 * sent before the agent was away may have come there or not. Where it refuses the task itself, what stood
 * before the launch in the ACCEPT was done or not. Errors: NOMEM. */
static int events_missed(struct k8sm_driver *d, struct drv_pod *pod, const struct drv_task *task,
                         const struct event_task *of, const K8smMesos__TaskStatus *s) {
  bool said =
      s->agent_id != NULL && s->has_source && s->source == K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_MASTER;
  bool away = said && (s->state == K8SM_MESOS__TASK_STATE__TASK_UNREACHABLE ||
                       s->state == K8SM_MESOS__TASK_STATE__TASK_UNKNOWN); /* by a new master */
  bool back = said && s->state == K8SM_MESOS__TASK_STATE__TASK_GONE;
  bool refused = said && s->state == K8SM_MESOS__TASK_STATE__TASK_ERROR;
  if (back) k8smi_drv_volumes_doubt(d, pod, k8smi_s(s->agent_id->value));
  bool present = pod->place != NULL && of->attempt == k8smi_drv_pod_attempt(pod);
  if (!(away || refused) || !present || task == NULL) return K8SM_OK; /* it has ended: all is known */
  return k8smi_drv_volumes_suppose(d, pod, k8smi_s(s->agent_id->value), refused);
}

/* An agent that won't be back takes its volumes with it. */
static int events_gone(struct k8sm_driver *d, struct drv_pod *pod, const K8smMesos__TaskStatus *s) {
  if (s->state != K8SM_MESOS__TASK_STATE__TASK_GONE_BY_OPERATOR || s->agent_id == NULL) return K8SM_OK;
  struct k8sm_slice agent = k8smi_s(s->agent_id->value);
  int r = k8smi_drv_volumes_lose(d, agent);
  if (r != K8SM_OK || pod->place == NULL || !k8smi_eq(pod->place->agent_id, agent)) return r;
  pod->volumes_noted = true; /* there is nothing to be noted any more */
  pod->volumes_made = false;
  return K8SM_OK;
}

/* `task`: NULL: it is not known. `ack`, which a copy has none of, is the caller's where this fails. */
static int events_ours(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task,
                       const struct event_task *of, const K8smMesos__TaskStatus *s, struct drv_call *ack) {
  const uint64_t copy = k8smi_drv_copy_hash(d, pod, s);
  bool same;
  if (copy != 0 && task != NULL && task->launch == NULL && task->copy == copy) {
    events_heard(d, pod, task, s);
    return K8SM_OK;
  }
  int r = copy != 0 ? k8smi_drv_pod_stir(d, pod) : k8smi_drv_pod_wake(d, pod);
  if (r == K8SM_OK && pod->adopts && k8smi_drv_event_lives(s))
    r = k8smi_drv_adopt(d, pod, of->attempt, k8smi_s(s->agent_id->value), events_has_executor(s, of));
  if (r == K8SM_OK) r = k8smi_drv_adopt_killed(d, pod, of->attempt, s);
  if (r == K8SM_OK && task == NULL) r = events_take_up(d, pod, s, &task);
  if (r != K8SM_OK) return r;
  k8smi_drv_pod_expect_more(pod);
  r = events_arrived(d, pod, of, s);
  if (r == K8SM_OK) r = events_missed(d, pod, task, of, s);
  if (r == K8SM_OK) r = events_apply(d, pod, task, copy, s, &same);
  if (r == K8SM_OK) r = events_gone(d, pod, s);
  if (r == K8SM_OK) k8smi_drv_volumes_note(d, pod); /* before the row that tells of them */
  if (r == K8SM_OK) r = events_keep(d, pod, task, s, ack, same);
  if (r != K8SM_OK) return r;
  events_heard(d, pod, task, s);
  if (!same) k8smi_drv_pods_touch(&d->pods, pod);
  return K8SM_OK;
}

/* Of no pod: of an agent that was asked for, or somebody else's. */
static int events_unnamed(struct k8sm_driver *d, const struct event_in *in) {
  const K8smMesos__TaskStatus *s = in->event->update->status;
  bool gone = s->state == K8SM_MESOS__TASK_STATE__TASK_GONE_BY_OPERATOR, taken;
  int r = k8smi_drv_volumes_hear(d, k8smi_s(s->task_id->value), gone, &taken);
  return taken ? r : events_foreign(d, in);
}

/* The pod whose uid is the first part of a task's id; NULL: none is. */
static struct drv_pod *events_pod(const struct k8sm_driver *d, struct k8sm_slice id, struct drv_pod *guess) {
  const size_t len = guess == NULL ? 0 : guess->uid.len;
  if (guess != NULL && id.len > len && id.ptr[len] == '.' && k8smi_same(id.ptr, guess->uid.ptr, len))
    return guess;
  const char *point = id.len == 0 ? NULL : memchr(id.ptr, '.', id.len);
  if (point == NULL) return NULL;
  return k8smi_drv_pods_by_uid(&d->pods, (struct k8sm_slice){id.ptr, (size_t)(point - id.ptr)});
}

/* `guess`: whose it mostly is. `ack` is the caller's where this fails. */
static int events_task(struct k8sm_driver *d, const struct event_in *in, struct drv_pod *guess,
                       struct drv_call *ack) {
  const K8smMesos__TaskStatus *s = in->event->update->status;
  const struct k8sm_slice text = k8smi_s(s->task_id->value);
  struct k8sm_task_id id;
  struct drv_pod *pod = events_pod(d, text, guess);
  if (pod != NULL) k8smi_drv_pod_expect_parts(pod);
  /* Most updates are of tasks that are known, whose ids were read before. */
  struct drv_task *task = pod == NULL ? NULL : k8smi_drv_pod_task(pod, text);
  if (task != NULL && task->named) {
    const struct event_task of = {task->attempt, task->pause};
    return events_ours(d, pod, task, &of, s, ack);
  }
  if (k8sm_task_id_parse(text.ptr, text.len, &id) != K8SM_OK) {
    int r = events_unnamed(d, in);
    if (r == K8SM_OK) k8smi_drv_call_free(&d->core, ack);
    return r;
  }
  const struct event_task of = {id.attempt, id.container.len == 0};
  return pod == NULL ? events_stray(d, id.uid, s, ack) : events_ours(d, pod, task, &of, s, ack);
}

/* The acknowledgement is made while the pod comes from memory. */
static int events_update(struct k8sm_driver *d, const struct event_in *in) {
  struct drv_call *ack;
  if (in->event->update == NULL) return events_hollow(d);
  struct drv_pod *guess = k8smi_drv_pods_guess(&d->pods, in->expected);
  d->core.counters.updates++;
  int r = events_acknowledge(d, in->event->update->status, &ack);
  if (r == K8SM_ERR_NOMEM) return r;
  if (r != K8SM_OK) ack = NULL;
  r = events_task(d, in, guess, ack);
  if (r != K8SM_OK) k8smi_drv_call_free(&d->core, ack);
  return r;
}

/* ---- failures ---- */

static void events_doubt_pod(struct k8sm_driver *d, struct drv_pod *pod) {
  for (struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
    k8smi_drv_reconcile_doubt(d, pod, t, k8smi_drv_after(&d->core, EVENTS_HINT_MS));
  }
}

/* The pods that run on the agent, as far as the cluster knows. Errors: NOMEM. */
static int events_pods_of(const struct k8sm_driver *d, struct k8sm_slice agent, struct drv_pod ***ret,
                          size_t *ret_count) {
  const struct k8sm_allocator *a = &d->core.allocator;
  struct k8sm_cluster_pod row;
  size_t n = *ret_count = k8sm_cluster_pods(d->offers.cluster, agent, 0, NULL, sizeof row, 0);
  struct k8sm_cluster_pod *rows = k8smi_alloc(a, n * sizeof *rows);
  struct drv_pod **pods = *ret = k8smi_alloc(a, n * sizeof(struct drv_pod *));
  bool fine = rows != NULL && pods != NULL;
  if (fine) k8sm_cluster_pods(d->offers.cluster, agent, 0, rows, sizeof *rows, n);
  for (size_t i = 0; fine && i < n; i++) pods[i] = k8smi_drv_pods_by_uid(&d->pods, rows[i].uid);
  k8smi_free(a, rows, n * sizeof *rows);
  if (fine) return K8SM_OK;
  k8smi_free(a, pods, n * sizeof(struct drv_pod *));
  return K8SM_ERR_NOMEM;
}

/* What runs on an agent that is lost counts until it has ended. */
static int events_lose_agent(struct k8sm_driver *d, struct k8sm_slice agent) {
  struct drv_pod **pods;
  size_t n;
  int r = events_pods_of(d, agent, &pods, &n);
  if (r != K8SM_OK) return r;
  k8smi_cluster_lose_agent(d->offers.cluster, agent);
  for (size_t i = 0; r != K8SM_ERR_NOMEM && i < n; i++) {
    if (pods[i] == NULL) continue;
    events_doubt_pod(d, pods[i]);
    r = k8smi_drv_pod_wake(d, pods[i]);
    if (r == K8SM_OK) r = k8sm_cluster_add_pod(d->offers.cluster, pods[i]->demand, agent, NULL);
  }
  k8smi_free(&d->core.allocator, pods, n * sizeof(struct drv_pod *));
  return r == K8SM_ERR_NOMEM ? r : K8SM_OK;
}

/* Only a hint, which may come before the updates that tell what happened: so we ask, if they don't. */
static int events_failure(struct k8sm_driver *d, const struct event_in *in) {
  const K8smMesos__Event__Failure *f = in->event->failure;
  struct k8sm_task_id id;
  if (f == NULL) return events_hollow(d);
  if (f->executor_id != NULL) {
    const char *text = f->executor_id->value;
    size_t len = strlen(text); /* a command task's is its own id */
    if (k8sm_executor_id_parse(text, len, &id) != K8SM_OK && k8sm_task_id_parse(text, len, &id) != K8SM_OK)
      return events_foreign(d, in);
    struct drv_pod *pod = k8smi_drv_pods_by_uid(&d->pods, id.uid);
    if (pod != NULL && k8smi_drv_pod_attempt(pod) == id.attempt) events_doubt_pod(d, pod);
    return K8SM_OK;
  }
  if (f->agent_id == NULL) return events_foreign(d, in);
  struct k8sm_slice agent = k8smi_s(f->agent_id->value);
  int r = events_lose_agent(d, agent);
  k8smi_drv_volumes_doubt_agents(d, EVENTS_HINT_MS);
  return r == K8SM_OK ? events_foreign(d, in) : r;
}

/* ---- operations ---- */

static int events_operation(struct k8sm_driver *d, const struct event_in *in) {
  bool taken;
  if (in->event->update_operation_status == NULL) return events_hollow(d);
  int r = k8smi_drv_operation_take(d, in->event->update_operation_status->status, &taken);
  return taken || r != K8SM_OK ? r : events_foreign(d, in);
}

/* ---- all of them ---- */

static const struct {
  int type;
  int (*take)(struct k8sm_driver *d, const struct event_in *in);
} events_table[] = {
    {K8SM_MESOS__EVENT__TYPE__SUBSCRIBED, events_subscribed},
    {K8SM_MESOS__EVENT__TYPE__OFFERS, events_offers},
    {K8SM_MESOS__EVENT__TYPE__RESCIND, events_rescind},
    {K8SM_MESOS__EVENT__TYPE__UPDATE, events_update},
    {K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS, events_operation},
    {K8SM_MESOS__EVENT__TYPE__FAILURE, events_failure},
    {K8SM_MESOS__EVENT__TYPE__ERROR, events_error},
    {K8SM_MESOS__EVENT__TYPE__HEARTBEAT, events_nothing},
};

static int events_dispatch(struct k8sm_driver *d, const struct event_in *in) {
  int type = in->event->has_type ? (int)in->event->type : K8SM_MESOS__EVENT__TYPE__UNKNOWN;
  bool first = d->session.state == DRV_SESSION_OPEN;
  if (first && type != K8SM_MESOS__EVENT__TYPE__SUBSCRIBED && type != K8SM_MESOS__EVENT__TYPE__ERROR) {
    k8smi_drv_session_drop(&d->session, &d->core, K8SM_DIAG_MASTER_RESPONSE,
                           "the first event is neither SUBSCRIBED nor ERROR");
    return K8SM_OK;
  }
  d->core.counters.events++;
  for (size_t i = 0; i < sizeof events_table / sizeof events_table[0]; i++) {
    if (events_table[i].type == type) return events_table[i].take(d, in);
  }
  return events_foreign(d, in);
}

/* Of the pod that an update seems to be about, before that is read: what the processor has to bring comes
 * meanwhile. */
static uint32_t events_expect(const struct k8sm_driver *d, struct k8sm_slice bytes) {
  if (d->core.options.format == K8SM_FORMAT_JSON) return 0;
  const struct k8sm_slice id = k8smi_update_peek(bytes);
  const char *point = id.len == 0 ? NULL : memchr(id.ptr, '.', id.len);
  if (point == NULL) return 0;
  return k8smi_drv_pods_expect(&d->pods, (struct k8sm_slice){id.ptr, (size_t)(point - id.ptr)});
}

int k8smi_drv_event_in(struct k8sm_driver *d, struct k8sm_slice bytes) {
  _Alignas(8) char lent[EVENTS_LENT];
  struct k8smi_arena arena;
  struct k8sm_diag rows[1];
  char text[DRV_WORDS_CAP];
  text[0] = '\0';
  struct k8sm_diags found = K8SM_DIAGS_INIT(rows, text);
  ProtobufCMessage *message;
  const uint32_t expected = events_expect(d, bytes);
  k8smi_arena_init(&arena, &d->core.allocator, EVENTS_MEMORY + EVENTS_GROWTH * bytes.len);
  k8smi_arena_lend(&arena, lent, sizeof lent);
  int r = k8smi_message_read_shared(&arena, d->core.options.format, &k8sm_mesos__event__descriptor, bytes.ptr,
                                    bytes.len, &message, &found);
  if (r == K8SM_OK) {
    const struct event_in in = {bytes, (const K8smMesos__Event *)(const void *)message, expected};
    r = events_dispatch(d, &in);
  } else if (r != K8SM_ERR_NOMEM) {
    k8smi_drv_session_drop(&d->session, &d->core, K8SM_DIAG_MASTER_RESPONSE,
                           "sent an event that can't be read: %s",
                           found.count == 0 ? k8sm_result_name(r) : text + rows[0].message);
    r = K8SM_OK;
  }
  k8smi_arena_free(&arena);
  return r;
}
