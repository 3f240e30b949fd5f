/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod's status asks for next, carried out: kills, launches, attempts, the end. Derived anew from the
 * status each time a pod is looked at, so that nothing is lost when memory runs out in between. */
#include "base/slice.h"
#include "driver/state.h"
#include "status/status.h"
#include "wire/mesos.h"

enum {
  LIFE_KILL_AGAIN_MS = 10000, /* kills get lost without a word: while an image is pulled, for one */
  LIFE_HEAR_MS = 1000,        /* to the next look whether all was heard */
  LIFE_MIN_WAIT_MS = 100,     /* between two looks that only time asks for */
  LIFE_MOST = 500,            /* pods that are looked at in one go: one or two milliseconds, */
  LIFE_REST = 4,              /* where one that was at rest counts as so many more */
  LIFE_TURNS = 8              /* a status may lead to the next one so often in one look */
};

struct life_look {
  uint64_t due_ms;
  uint64_t next_need_ms;
  uint64_t deadline_ms; /* of `status`, and no other */
  const struct k8sm_status *status;
  uint64_t launch_hash;
  size_t launch_count;
  bool attempt;
  bool killed;  /* kills went out: the status is to know */
  bool blocked; /* something waits for a subscription */
  bool done;
};

static int life_tell_time(struct k8sm_driver *d, struct drv_pod *pod) {
  struct k8sm_change tick = k8smi_drv_change(d, K8SM_CHANGE_TICK);
  tick.number = k8smi_drv_reconcile_hears(d, pod) ? 0 : K8SM_TICK_UNHEARD;
  int r = k8smi_drv_pod_change(d, pod, &tick, NULL);
  if (r == K8SM_OK) pod->ticked_ms = d->core.mono_ms + 1;
  return r;
}

/* Once for each moment: a status whose deadline does not move on must not keep us here. */
static int life_tick(struct k8sm_driver *d, struct drv_pod *pod, struct life_look *look) {
  bool told = pod->ticked_ms == d->core.mono_ms + 1;
  look->deadline_ms = k8sm_status_deadline(pod->status);
  look->status = pod->status;
  return told || look->deadline_ms > d->core.mono_ms ? K8SM_OK : life_tell_time(d, pod);
}

static int life_send_kill(struct k8sm_driver *d, struct k8sm_slice task_id, struct k8sm_slice agent_id,
                          int64_t grace, const char *why) {
  struct drv_call *call;
  struct k8sm_call_args args = {
      .type = K8SM_CALL_KILL, .task_id = task_id, .agent_id = agent_id, .grace_seconds = (double)grace};
  int r = k8smi_drv_call_make(&d->core, &d->session, &args, why, &call);
  if (r == K8SM_OK) k8smi_drv_outbox_push(&d->outbox, call);
  return r;
}

static const char *life_why_kill(const struct drv_pod *pod, struct k8sm_slice task_id) {
  const struct k8sm_status *s = pod->status;
  for (size_t i = 0; i < s->stray_count; i++) {
    if (k8smi_eq(s->strays[i].task_id, task_id)) return "it is of another attempt than the pod's present one";
  }
  if (s->deleted) return pod->preempted ? "the pod is preempted" : "the pod is deleted";
  if (s->deadline_exceeded) return "the pod is past its activeDeadlineSeconds";
  if (s->ending) return "the pod's own containers are over";
  return s->lost ? "the pod's sandbox is lost" : "the container's startup probe has failed";
}

/* It is killed as it has not started: which it may have, unheard. */
static bool life_may_spare(const struct drv_pod *pod, const struct k8sm_action *a) {
  const struct k8sm_status *s = pod->status;
  const struct k8smi_status_task *t = &s->tasks[a->task];
  return t->startup_failed && !s->ending && !s->lost && k8smi_eq(t->task_id, a->task_id);
}

/* Not before the master has answered the task's ACCEPT: it would not know the task, and lose the kill. */
static int life_kill(struct k8sm_driver *d, struct drv_pod *pod, const struct k8sm_action *a,
                     struct life_look *look) {
  const struct drv_task *task = k8smi_drv_pod_task(pod, a->task_id);
  if (a->at_mono_ms > d->core.mono_ms) {
    look->due_ms = k8smi_drv_min(look->due_ms, a->at_mono_ms);
    return K8SM_OK;
  }
  look->blocked |= d->session.state != DRV_SESSION_SUBSCRIBED;
  if (!look->blocked && life_may_spare(pod, a) && !k8smi_drv_reconcile_hears(d, pod)) {
    look->due_ms = k8smi_drv_min(look->due_ms, k8smi_drv_after(&d->core, LIFE_HEAR_MS));
    return K8SM_OK;
  }
  if (look->blocked || (task != NULL && task->launch != NULL)) return K8SM_OK;
  look->killed = true;
  return a->type == K8SM_ACTION_SHUTDOWN
             ? k8smi_drv_shutdown(d, pod, a->task_id, a->agent_id)
             : life_send_kill(d, a->task_id, a->agent_id, a->grace_seconds, life_why_kill(pod, a->task_id));
}

/* The kubelet has no such end: it pulls as long as it takes. */
static int life_say_stuck(struct k8sm_driver *d, const struct drv_pod *pod, struct drv_task *t) {
  const unsigned long long seconds = (d->core.options.launch_timeout_ms + 999) / 1000;
  struct k8sm_task_id id;
  if (t->stuck || k8sm_task_id_parse(t->id.ptr, t->id.len, &id) != K8SM_OK) return K8SM_OK;
  bool pause = id.container.len == 0;
  int r = k8smi_drv_tellf(&d->core, pod->key, true,
                          "%s%.*s has not started on agent %.*s within %llu s of its launch: it is killed",
                          pause ? "FailedCreatePodSandBox: the pod's executor" : "Failed: Error: container ",
                          K8SMI_P(id.container), K8SMI_P(t->agent_id), seconds);
  t->stuck = r == K8SM_OK;
  return r;
}

/* Accepted, and never heard of again. */
static int life_stuck(struct k8sm_driver *d, struct drv_pod *pod, struct life_look *look) {
  for (struct drv_task *t = pod->tasks; t != NULL; t = t->next) {
    bool started = t->state >= 0 && t->state != K8SM_MESOS__TASK_STATE__TASK_STAGING;
    if (t->stuck_ms == 0 || t->launch != NULL || started) continue;
    look->blocked |= t->stuck_ms <= d->core.mono_ms && d->session.state != DRV_SESSION_SUBSCRIBED;
    if (t->stuck_ms <= d->core.mono_ms && d->session.state == DRV_SESSION_SUBSCRIBED) {
      int r = life_say_stuck(d, pod, t);
      if (r == K8SM_OK)
        r = life_send_kill(d, t->id, t->agent_id, -1, "it has not started within the time for launches");
      if (r != K8SM_OK) return r;
      t->stuck_ms = k8smi_drv_after(&d->core, LIFE_KILL_AGAIN_MS);
    }
    look->due_ms = k8smi_drv_min(look->due_ms, t->stuck_ms);
  }
  return K8SM_OK;
}

/* One that would begin beside a former one begins when that is known to be missing now, as is heard with the
 * next updates. */
static bool life_holds_attempt(const struct k8sm_driver *d, const struct drv_pod *pod) {
  if (pod->status->given_up && !k8smi_drv_reconcile_misses(d, pod)) return true;
  return k8smi_drv_volumes_hold(d, pod);
}

static int life_action(struct k8sm_driver *d, struct drv_pod *pod, const struct k8sm_action *a,
                       struct life_look *look) {
  if (a->type == K8SM_ACTION_KILL || a->type == K8SM_ACTION_SHUTDOWN) {
    return life_kill(d, pod, a, look);
  } else if (a->type == K8SM_ACTION_ATTEMPT) {
    bool due = a->at_mono_ms <= d->core.mono_ms;
    look->attempt = due && !life_holds_attempt(d, pod);
    if (!due) look->due_ms = k8smi_drv_min(look->due_ms, a->at_mono_ms);
  } else if (a->type == K8SM_ACTION_DONE) {
    look->done = true;
  } else if (a->type == K8SM_ACTION_LAUNCH && a->at_mono_ms > d->core.mono_ms) {
    look->due_ms = k8smi_drv_min(look->due_ms, a->at_mono_ms);
    look->next_need_ms = k8smi_drv_min(look->next_need_ms, a->at_mono_ms);
  } else if (a->type == K8SM_ACTION_LAUNCH) {
    const uint32_t what[] = {a->task, a->restart};
    look->launch_hash = k8smi_hash(what, sizeof what, look->launch_hash);
    look->launch_count++;
  }
  return K8SM_OK;
}

static int life_actions(struct k8sm_driver *d, struct drv_pod *pod, struct life_look *look) {
  enum { AT_ONCE = 4 };
  struct k8sm_action rows[AT_ONCE];
  int r = K8SM_OK;
  size_t left = AT_ONCE + 1;
  for (size_t first = 0; r == K8SM_OK && left > AT_ONCE; first += AT_ONCE) {
    left = k8sm_status_actions(pod->status, first, rows, sizeof rows[0], AT_ONCE);
    for (size_t i = 0; r == K8SM_OK && i < left && i < AT_ONCE; i++) r = life_action(d, pod, &rows[i], look);
  }
  return r;
}

/* It runs there no more: those that wait may go where it was in their way. What lives of a former attempt,
 * elsewhere, may be out of reach for long. */
static void life_leave_agent(struct k8sm_driver *d, struct drv_pod *pod) {
  k8smi_drv_pod_withdraw(d, pod);
  if (!k8sm_cluster_remove_pod(d->offers.cluster, pod->uid)) return;
  d->offers.fresh = true;
  k8smi_drv_release_owe(d, pod);
}

static int life_say_attempt(struct k8sm_driver *d, const struct drv_pod *pod, uint32_t number,
                            bool given_up) {
  struct k8sm_slice agent = pod->place == NULL ? K8SMI_S("?") : pod->place->agent_id;
  if (!given_up) return k8smi_drv_eventf(&d->core, 0, pod->key, "Attempt: number %u begins", number);
  return k8smi_drv_eventf(&d->core, 0, pod->key,
                          "Attempt: number %u begins elsewhere: agent %.*s has been unreachable for too long",
                          number, K8SMI_P(agent));
}

/* What is left of an attempt that was given up is killed when its agent comes back: a crash must not make the
 * pod go on with it, half killed. */
static int life_keep_given_up(struct k8sm_driver *d, const struct drv_pod *pod) {
  const struct drv_pod_view view = k8smi_drv_pod_view(pod);
  return k8smi_drv_pod_keep(d, &view, DRV_RECORD_STATE, NULL);
}

/* The next attempt: a demand of its own, and a status that knows it. */
static int life_attempt(struct k8sm_driver *d, struct drv_pod *pod) {
  struct k8sm_demand *demand;
  char nonce[sizeof pod->nonce];
  k8smi_drv_nonce(&d->core, nonce, sizeof nonce);
  int r = k8smi_drv_pod_demand_next(&d->core, pod->pod, pod->status, k8smi_drv_adopt_next(d, pod), nonce,
                                    &demand);
  if (r != K8SM_OK) return r;
  struct k8sm_change change = k8smi_drv_change(d, K8SM_CHANGE_ATTEMPT);
  change.demand = demand;
  bool given_up = pod->status->given_up;
  r = k8smi_drv_pod_change(d, pod, &change, NULL);
  if (r == K8SM_OK) {
    r = life_say_attempt(d, pod, k8sm_demand_attempt(demand), given_up);
    life_leave_agent(d, pod);
    k8sm_demand_unref(pod->demand);
    pod->demand = demand;
    pod->form = K8SM_FORM_AUTO;
    memcpy(pod->nonce, nonce, sizeof nonce);
    k8smi_drv_place_free(pod->place);
    pod->place = NULL;
    pod->volumes_noted = pod->volumes_made = pod->volumes_old = pod->arrived = false;
    pod->refusal_hash = 0;
    pod->lack_said = false;
    if (r == K8SM_OK && given_up) r = life_keep_given_up(d, pod);
  } else {
    k8sm_demand_unref(demand);
  }
  return r;
}

static void life_list_launches(const struct k8sm_driver *d, const struct drv_pod *pod,
                               struct k8sm_launch *list) {
  struct k8sm_action a;
  for (size_t i = 0; k8sm_status_actions(pod->status, i, &a, sizeof a, 1) != 0; i++) {
    if (a.type != K8SM_ACTION_LAUNCH || a.at_mono_ms > d->core.mono_ms) continue;
    *list++ = (struct k8sm_launch){a.task, a.restart};
  }
}

/* What is left of its activeDeadlineSeconds: when they are over it ends, and nothing of it is resumed. */
static int64_t life_seconds_left(const struct k8sm_driver *d, const struct drv_pod *pod) {
  uint64_t end_ms = k8smi_status_active_deadline(pod->status);
  return end_ms == UINT64_MAX ? 0 : (int64_t)((end_ms - d->core.mono_ms + 999) / 1000);
}

static int life_resume(struct k8sm_driver *d, struct drv_pod *pod, const struct life_look *look) {
  const struct k8sm_allocator *a = &d->core.allocator;
  char nonce[sizeof pod->nonce];
  struct k8sm_demand *resume;
  size_t bytes = look->launch_count * sizeof(struct k8sm_launch);
  struct k8sm_launch *launches = k8smi_alloc(a, bytes);
  if (launches == NULL) return K8SM_ERR_NOMEM;
  life_list_launches(d, pod, launches);
  do { /* a host may have begun with the seed that it had before */
    k8smi_drv_nonce(&d->core, nonce, sizeof nonce);
  } while (strcmp(nonce, pod->nonce) == 0);
  const struct k8sm_resume_options o = {.size = sizeof o,
                                        .allocator = a,
                                        .agent_id = pod->place->agent_id.ptr,
                                        .nonce = nonce,
                                        .executor = pod->place->executor.ptr,
                                        .executor_len = pod->place->executor.len,
                                        .launches = launches,
                                        .launch_count = look->launch_count,
                                        .launch_size = sizeof *launches,
                                        .ports = pod->place->ports,
                                        .port_count = pod->place->port_count,
                                        .port_size = sizeof *pod->place->ports,
                                        .deadline_seconds = life_seconds_left(d, pod)};
  int r = k8sm_demand_resume(pod->demand, &o, &resume, NULL);
  k8smi_free(a, launches, bytes);
  if (r != K8SM_OK) return r;
  k8sm_demand_unref(pod->resume);
  pod->resume = resume;
  pod->resume_hash = look->launch_hash;
  return K8SM_OK;
}

/* Whether the pod waits to hear what runs of it. */
static bool life_waits(struct k8sm_driver *d, struct drv_pod *pod, struct life_look *look) {
  pod->adopts = pod->adopts && k8smi_drv_adopting(d);
  if (pod->adopts) look->due_ms = k8smi_drv_min(look->due_ms, d->adopt_until_ms);
  const uint64_t known_ms = k8smi_drv_adopt_known_ms(d, pod);
  if (pod->adopts && pod->delete_again && d->core.mono_ms < known_ms)
    look->due_ms = k8smi_drv_min(look->due_ms, known_ms);
  return pod->adopts;
}

/* A Secret or ConfigMap is not given any more: what runs goes on, and nothing more is launched until a
 * process is given it. */
static int life_lacks(struct k8sm_driver *d, struct drv_pod *pod) {
  if (pod->lack_said) return K8SM_OK;
  int r = k8smi_drv_eventf(&d->core, K8SM_DIAG_FIELD_NOT_FOUND, pod->key, "Failed: Error: %.*s",
                           K8SMI_P(pod->demand->lacks));
  pod->lack_said = r == K8SM_OK;
  return r;
}

static int life_set_need(struct k8sm_driver *d, struct drv_pod *pod, struct life_look *look) {
  enum drv_need need = DRV_NEED_NOTHING;
  bool waits = life_waits(d, pod, look);
  if (pod->place == NULL && look->launch_count != 0 && !waits)
    return k8smi_drv_pod_abandon(d, pod, 0, "can't go on without its record");
  if (pod->place != NULL && look->launch_count != 0) need = DRV_NEED_RESUME;
  const struct k8sm_status *status = pod->status;
  bool homeless = pod->place == NULL && !status->ending && !pod->deleting && !waits && !status->launched;
  if (homeless && k8smi_drv_reconcile_misses(d, pod)) need = DRV_NEED_PLACE;
  if (need != DRV_NEED_NOTHING && pod->demand->lacks.len > 0) return life_lacks(d, pod);
  bool other = need != pod->need || (need == DRV_NEED_RESUME && look->launch_hash != pod->resume_hash);
  if (!other) return K8SM_OK;
  int r = need == DRV_NEED_RESUME ? life_resume(d, pod, look) : K8SM_OK;
  if (r == K8SM_ERR_STATE)
    return k8smi_drv_pod_abandon(d, pod, K8SM_DIAG_MAPPING_CHANGED,
                                 "was begun by another version of the mapping");
  if (r != K8SM_OK) return r;
  k8smi_drv_pod_set_need(&d->pods, pod, need);
  if (need != DRV_NEED_NOTHING) {
    d->offers.fresh = true;
    d->offers.revive = true;
  }
  return K8SM_OK;
}

/* A terminal phase is told when it is recorded: after a crash it must not be another. */
static int life_keep_final(struct k8sm_driver *d, struct drv_pod *pod, struct life_look *look) {
  const struct drv_pod_view view = k8smi_drv_pod_view(pod);
  if (!pod->recorded || pod->final_kept || pod->finals != 0 || !k8smi_status_is_final(pod->status))
    return K8SM_OK;
  look->due_ms = k8smi_drv_min(look->due_ms, pod->again_ms);
  if (d->core.mono_ms < pod->again_ms) return K8SM_OK;
  return k8smi_drv_pod_keep(d, &view, DRV_RECORD_STATE, NULL);
}

/* That its volumes are made, as long as they have no rows of their own; and how much is reserved. */
static int life_keep_place(struct k8sm_driver *d, struct drv_pod *pod, struct life_look *look) {
  const struct drv_pod_view view = k8smi_drv_pod_view(pod);
  bool untold = k8smi_drv_volumes_untold(d, pod);
  untold |= pod->place != NULL && pod->place->reserved != pod->reserved_told;
  if (!pod->recorded || pod->removing != 0 || pod->removed || !untold) return K8SM_OK;
  if (d->core.mono_ms < pod->again_ms) look->due_ms = k8smi_drv_min(look->due_ms, pod->again_ms);
  return d->core.mono_ms < pod->again_ms ? K8SM_OK : k8smi_drv_pod_keep(d, &view, DRV_RECORD_STATE, NULL);
}

/* What was said last is kept to see what needs to be said: mostly it is the present status. */
static int life_say_status(struct k8sm_driver *d, struct drv_pod *pod) {
  bool early = pod->recorded && !pod->final_kept && k8smi_status_is_final(pod->status);
  if (pod->said == pod->status || early) return K8SM_OK;
  bool same = pod->said != NULL && !pod->shows_other && k8smi_status_shows_same(pod->said, pod->status);
  const struct k8sm_effect e = {.type = K8SM_EFFECT_STATUS,
                                .to = K8SM_TO_HOST,
                                .key = pod->key,
                                .status = pod->status,
                                .former = pod->said};
  int r =
      same || pod->said == NULL ? K8SM_OK : k8smi_drv_pod_wake(d, pod); /* `former` will hold its demand */
  if (r == K8SM_OK && !same) r = k8smi_effects_add(d->core.queue, &e);
  if (r != K8SM_OK) return r;
  k8sm_status_unref(pod->said);
  pod->said = k8sm_status_ref(pod->status);
  pod->shows_other = false;
  return K8SM_OK;
}

/* Both or none: who counts pods must not hear it twice. */
static int life_say_gone(struct k8sm_driver *d, const struct drv_pod *pod) {
  const struct k8sm_slice words =
      pod->buried
          ? K8SMI_S("Deleted: the pod is gone; what may be left of it is killed when its agent is back")
          : K8SMI_S("Deleted: the pod is gone");
  const struct k8sm_effect gone = {.type = K8SM_EFFECT_GONE, .to = K8SM_TO_HOST, .key = pod->key};
  int r = k8smi_effects_reserve(d->core.queue, 2, 2 * pod->key.len + words.len + 1);
  if (r == K8SM_OK) r = k8smi_drv_event(&d->core, 0, pod->key, words);
  return r == K8SM_OK ? k8smi_effects_add(d->core.queue, &gone) : r;
}

/* Deleted, and nothing of it is left, or nothing that can be reached: out of the record, and then out of the
 * registry. */
static int life_remove(struct k8sm_driver *d, struct drv_pod *pod, enum drv_record_kind how) {
  const struct drv_pod_view view = k8smi_drv_pod_view(pod);
  if (pod->recorded && !pod->removed) {
    if (pod->removing != 0 || k8smi_drv_volumes_hold(d, pod)) return K8SM_OK;
    bool wait = pod->again_ms > d->core.mono_ms;
    k8smi_drv_agenda_set(&d->pods.due, &pod->due, wait ? pod->again_ms : DRV_NEVER);
    return wait ? K8SM_OK : k8smi_drv_pod_keep(d, &view, how, NULL);
  }
  int r = pod->buried ? k8smi_drv_tomb_make(d, pod) : K8SM_OK;
  if (r == K8SM_OK) r = life_say_gone(d, pod);
  if (r != K8SM_OK) return r;
  life_leave_agent(d, pod);
  k8smi_drv_volumes_forget_pod(d, pod);
  k8smi_drv_records_forget_pod(pod);
  k8smi_drv_pods_remove(&d->pods, pod);
  k8smi_drv_pod_free(&d->core, pod);
  return K8SM_OK;
}

/* *ret: it is to become a tombstone now, or is on its way to. Where there are too many it waits for its
 * agent, as one that has a grace. */
static int life_buries(struct k8sm_driver *d, struct drv_pod *pod, bool *ret) {
  *ret = pod->removed || k8smi_drv_tomb_due(d, pod);
  if (!*ret || pod->removed || pod->removing != 0 || !k8smi_drv_tombs_full(d)) return K8SM_OK;
  *ret = false;
  if (pod->unburied) return K8SM_OK;
  int r = k8smi_drv_tellf(
      &d->core, pod->key, true,
      "FailedKillPod: the pod waits for its agent: %zu pods are gone already of which tasks may be "
      "left on agents that are out of reach, and no more are remembered",
      d->tombs.count);
  pod->unburied = r == K8SM_OK;
  return r;
}

static int life_settle(struct k8sm_driver *d, struct drv_pod *pod, struct life_look *look) {
  int r = K8SM_OK;
  for (int turn = 0; r == K8SM_OK && turn < LIFE_TURNS; turn++) {
    *look = (struct life_look){.due_ms = DRV_NEVER, .next_need_ms = DRV_NEVER};
    r = life_tick(d, pod, look);
    if (r == K8SM_OK) r = life_actions(d, pod, look);
    if (r != K8SM_OK || (!look->attempt && !look->killed)) break;
    r = look->attempt ? life_attempt(d, pod) : life_tell_time(d, pod);
  }
  if (r == K8SM_OK && !look->attempt && !look->killed)
    k8smi_list_remove(&pod->dirty); /* what has changed was looked at */
  if (r == K8SM_OK) r = life_stuck(d, pod, look);
  return r;
}

static int life_look_at(struct k8sm_driver *d, struct drv_pod *pod) {
  struct life_look look;
  int r = k8smi_drv_pod_stir(d, pod);
  if (r != K8SM_OK) return r;
  if (pod->nominee != NULL && pod->nominee->until_ms <= d->core.mono_ms) k8smi_drv_pod_withdraw(d, pod);
  k8smi_drv_claims_touch(d, pod);
  if (pod->delete_again) r = k8smi_drv_pod_delete(d, pod, pod->grace_seconds);
  if (r == K8SM_OK) r = k8smi_drv_adopt_end(d, pod);
  if (r == K8SM_OK) k8smi_drv_volumes_note(d, pod);
  if (r == K8SM_OK) r = life_settle(d, pod, &look);
  if (r == K8SM_OK) r = life_set_need(d, pod, &look);
  if (r == K8SM_OK) r = life_keep_final(d, pod, &look);
  if (r == K8SM_OK) r = life_keep_place(d, pod, &look);
  if (r == K8SM_OK) r = life_say_status(d, pod);
  if (r == K8SM_OK && k8smi_drv_pod_over(pod)) life_leave_agent(d, pod);
  if (r != K8SM_OK) return r;
  if (look.done && pod->deleting && pod->launches == 0 && !pod->adopts)
    return life_remove(d, pod, DRV_RECORD_REMOVE);
  bool buries;
  r = life_buries(d, pod, &buries);
  if (r != K8SM_OK || buries) return r != K8SM_OK ? r : life_remove(d, pod, DRV_RECORD_BURY);
  bool known = look.status == pod->status;
  uint64_t due = k8smi_drv_min(look.due_ms, known ? look.deadline_ms : k8sm_status_deadline(pod->status));
  if (pod->nominee != NULL) due = k8smi_drv_min(due, pod->nominee->until_ms);
  if (due <= d->core.mono_ms) due = k8smi_drv_after(&d->core, LIFE_MIN_WAIT_MS);
  k8smi_drv_pod_set_next_need(&d->pods, pod, look.next_need_ms);
  pod->blocked = look.blocked;
  k8smi_drv_agenda_set(&d->pods.due, &pod->due, due);
  return K8SM_OK;
}

/* What should not be: the pod's own parts contradict each other. Others go on. */
static int life_give_up(struct k8sm_driver *d, struct drv_pod *pod, int result) {
  k8smi_drv_agenda_set(&d->pods.due, &pod->due, DRV_NEVER);
  return k8smi_drv_eventf(&d->core, K8SM_DIAG_INPUT_INVALID, pod->key, "Failed: the pod can't go on: %s",
                          k8sm_result_name(result));
}

static struct drv_pod *life_next(struct k8sm_driver *d) {
  struct k8smi_link *first = d->pods.dirty.next;
  if (k8smi_list_empty(&d->pods.dirty)) {
    struct drv_due *due = k8smi_drv_agenda_take(&d->pods.due, d->core.mono_ms);
    return due == NULL ? NULL : K8SMI_OF(due, drv_pod, due);
  }
  k8smi_list_remove(first);
  return K8SMI_OF(first, drv_pod, dirty);
}

int k8smi_drv_pods_pump(struct k8sm_driver *d) {
  struct drv_pod *pod;
  for (int n = 0; n < LIFE_MOST && (pod = life_next(d)) != NULL; n++) {
    n += pod->rest != NULL ? LIFE_REST : 0;
    int r = life_look_at(d, pod);
    if (r != K8SM_OK && r != K8SM_ERR_NOMEM) r = life_give_up(d, pod, r);
    if (r != K8SM_OK) {
      k8smi_drv_pods_touch(&d->pods, pod);
      return r;
    }
  }
  return K8SM_OK;
}
