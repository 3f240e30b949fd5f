/* SPDX-License-Identifier: Apache-2.0 */
#include "status/status.h"

#include "base/abi.h"

int k8sm_status_new(const struct k8sm_demand *demand, const struct k8sm_status_options *options,
                    struct k8sm_status **ret, struct k8sm_diags *diags) {
  struct k8sm_status_options o;
  int result = k8smi_options_read(&o, sizeof o, options, "k8sm_status_options", diags);
  if (result != K8SM_OK) return result;
  struct k8sm_status *s = k8smi_status_empty(demand, &o, o.allocator, 0);
  if (s == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  *ret = s;
  return K8SM_OK;
}

struct k8sm_status *k8sm_status_ref(struct k8sm_status *status) {
  k8smi_ref(&status->refs);
  return status;
}

void k8sm_status_unref(struct k8sm_status *status) {
  if (status == NULL || !k8smi_unref(&status->refs)) return;
  k8sm_demand_unref(status->demand);
  k8smi_status_store_unref(status->store);
  K8SMI_VALUE_FREE(k8sm_status, status);
}

/* ---- Changes ---- */

static int status_invalid(struct k8sm_diags *diags, const char *words) {
  k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "%s", words);
  return K8SM_ERR_INVALID;
}

static int status_not_launched(struct k8sm_diags *diags, struct k8sm_slice id, const char *why) {
  k8smi_find(diags, K8SM_DIAG_INPUT_INVALID, NULL, "task '%.*s' was launched, %s", K8SMI_P(id), why);
  return K8SM_ERR_INVALID;
}

static int change_placed(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags) {
  (void)diags;
  s->placed = true;
  s->placed_mono_ms = s->mono_ms;
  s->agent_id = k8smi_status_text(s, change->agent_id);
  s->hostname = k8smi_status_text(s, change->text);
  s->host_ip = k8smi_status_text(s, change->address);
  s->unplaced = s->nominated = (struct k8sm_slice){NULL, 0};
  if (s->started_wall_ms != 0) return K8SM_OK;
  s->started_wall_ms = s->wall_ms;
  s->started_mono_ms = s->mono_ms;
  return K8SM_OK;
}

static int change_unplaced(struct k8sm_status *s, const struct k8sm_change *change,
                           struct k8sm_diags *diags) {
  (void)diags;
  s->unplaced = k8smi_status_text(s, change->text);
  if (s->launched) return K8SM_OK; /* a restart waits for an offer of its agent: the pod has its place */
  s->placed = false;
  s->nominated = k8smi_status_text(s, change->agent_id);
  return K8SM_OK;
}

static int change_launched(struct k8sm_status *s, const struct k8sm_change *change,
                           struct k8sm_diags *diags) {
  struct k8sm_task_id id;
  if (k8sm_task_id_parse(change->text.ptr, change->text.len, &id) != K8SM_OK ||
      !k8smi_eq(id.uid, s->demand->uid) || id.attempt != s->demand->attempt) {
    return status_not_launched(diags, change->text, "which is not of this attempt of the pod");
  }
  for (size_t i = 0; i < s->demand->task_count; i++) {
    if (!k8smi_eq(s->demand->tasks[i].container, id.container)) continue;
    if (s->tasks[i].progress != K8SMI_PROGRESS_NONE) {
      return status_not_launched(diags, change->text, "whose former instance has not ended");
    }
    k8smi_task_sent(s, i, change->text, id.restart);
    s->unplaced = (struct k8sm_slice){NULL, 0};
    if (s->agent_id.len == 0) s->agent_id = k8smi_status_text(s, change->agent_id);
    return K8SM_OK;
  }
  return status_not_launched(diags, change->text, "whose container the pod does not have");
}

/* A KILL that was sent is not hurried by another one, nor does a container hear of any while it is launched:
 * who has no more time than that is shut down with its executor. `killed`: KILLs with more grace were wanted.
 */
static void change_hurry(struct k8sm_status *s, int64_t grace, bool killed) {
  enum { LEAST_MS = 2000 }; /* for KILLs without grace to do it */
  if (!killed && grace > 0) return;
  s->hurry_mono_ms = s->mono_ms + (killed ? (uint64_t)grace * 1000 : LEAST_MS);
}

/* A second deletion may only shorten the grace. */
static int change_deleted(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags) {
  (void)diags;
  int64_t grace = change->number >= 0 ? change->number : s->demand->grace_seconds;
  bool shorter = !s->ending || grace < s->grace_seconds;
  if (shorter) s->grace_seconds = grace;
  s->deleted = true;
  if (change->text.len > 0 && s->disruption.len == 0) {
    s->disruption = k8smi_status_text(s, change->text);
    s->disruption_wall_ms = s->wall_ms;
  }
  bool killed = false;
  for (size_t i = 0; shorter && i < s->demand->task_count; i++) {
    if (!s->tasks[i].kill || s->tasks[i].kill_grace <= grace) continue;
    s->tasks[i].kill_grace = grace;
    s->tasks[i].kill_mono_ms = s->mono_ms;
    killed |= k8smi_task_alive(&s->tasks[i]);
  }
  if (shorter) change_hurry(s, grace, killed);
  return K8SM_OK;
}

/* Time went on; or an agent is said to be lost: a hint only, since its tasks' own updates tell what
 * became of them. */
static int change_nothing(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags) {
  (void)s;
  (void)change;
  (void)diags;
  return K8SM_OK;
}

static int change_tick(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags) {
  (void)diags;
  k8smi_status_fail_startups(s, change->number != K8SM_TICK_UNHEARD);
  return K8SM_OK;
}

/* What is killed for it does not end the pod, as if the sandbox had been lost. */
static int change_abandon(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags) {
  (void)change;
  (void)diags;
  if (s->ending) return K8SM_OK;
  k8smi_status_lose_sandbox(s);
  for (size_t i = 0; i < s->demand->task_count; i++) {
    struct k8smi_status_task *t = &s->tasks[i];
    if (!k8smi_task_alive(t) || t->kill) continue;
    t->kill = true;
    t->kill_mono_ms = s->mono_ms;
    t->kill_grace = k8smi_status_grace(s, i, s->demand->grace_seconds);
  }
  return K8SM_OK;
}

static int change_attempt(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags) {
  const struct k8sm_demand *d = change->demand;
  const struct k8sm_slice none = {NULL, 0};
  if (d == NULL || !k8smi_eq(d->uid, s->demand->uid) || d->attempt <= s->demand->attempt ||
      d->task_count != s->demand->task_count) {
    return status_invalid(diags, "a new attempt needs a demand of the same pod with a higher number");
  }
  struct k8sm_demand *former = s->demand;
  memcpy(&s->demand, &d, sizeof d);
  k8sm_demand_ref(s->demand);
  k8sm_demand_unref(former);
  k8smi_status_leave_strays(s);
  for (size_t i = 0; i < d->task_count; i++) {
    if (d->tasks[i].launch || !k8smi_task_is_done(s, i)) k8smi_task_renew(&s->tasks[i]);
  }
  k8smi_status_omit_pause(s);
  s->placed = s->launched = s->lost = s->unreachable = s->given_up = false;
  s->stage = 0;
  s->agent_id = s->hostname = s->container_id = none;
  s->host_ip = s->pod_ip = s->pod_ip_other = none;
  return K8SM_OK;
}

static int (*const change_steps[])(struct k8sm_status *, const struct k8sm_change *, struct k8sm_diags *) = {
    [K8SM_CHANGE_TICK] = change_tick,          [K8SM_CHANGE_UPDATE] = k8smi_status_update,
    [K8SM_CHANGE_PLACED] = change_placed,      [K8SM_CHANGE_UNPLACED] = change_unplaced,
    [K8SM_CHANGE_LAUNCHED] = change_launched,  [K8SM_CHANGE_DELETED] = change_deleted,
    [K8SM_CHANGE_AGENT_LOST] = change_nothing, [K8SM_CHANGE_ATTEMPT] = change_attempt,
    [K8SM_CHANGE_ABANDON] = change_abandon,    [K8SM_CHANGE_CONDITION] = k8smi_status_condition,
};

/* ---- Time ---- */

/* What is from before the clock began is past; 0 would say that there is no such time. */
static void time_shift(uint64_t *at, uint64_t from, uint64_t to) {
  if (*at == 0 || *at >= K8SMI_STATUS_NEVER) return;
  if (to >= from) {
    *at += to - from;
  } else {
    *at = *at > from - to ? *at - (from - to) : 1;
  }
}

/* A record's monotonic times are of a clock that is gone: what passed since is read off the wall. */
static void status_rebase(struct k8sm_status *s, const struct k8sm_change *change) {
  uint64_t gone = change->wall_ms > s->wall_ms ? (uint64_t)(change->wall_ms - s->wall_ms) : 0;
  uint64_t to = change->mono_ms > gone ? change->mono_ms - gone : 0, from = s->mono_ms;
  uint64_t *const times[] = {&s->started_mono_ms, &s->placed_mono_ms,      &s->attempt_mono_ms,
                             &s->ending_mono_ms,  &s->unreachable_mono_ms, &s->hurry_mono_ms};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) time_shift(times[i], from, to);
  for (size_t i = 0; i < s->demand->task_count; i++) {
    struct k8smi_status_task *t = &s->tasks[i];
    time_shift(&t->started_mono_ms, from, to);
    time_shift(&t->due_mono_ms, from, to);
    time_shift(&t->check_mono_ms, from, to);
    time_shift(&t->kill_mono_ms, from, to);
    time_shift(&t->startup_mono_ms, from, to);
  }
  for (size_t i = 0; i < s->stray_count; i++) time_shift(&s->strays[i].kill_mono_ms, from, to);
  s->mono_ms = to;
  s->rebase = false;
}

static void status_set_time(struct k8sm_status *s, const struct k8sm_change *change) {
  if (change->mono_ms > s->mono_ms) s->mono_ms = change->mono_ms;
  s->wall_ms = change->wall_ms;
  if (s->created_wall_ms == 0) s->created_wall_ms = change->wall_ms;
}

/* ---- The arrow ---- */

static int status_apply_one(struct k8sm_status *s, const struct k8sm_change *change,
                            const K8smMesos__TaskStatus *update, struct k8sm_diags *diags) {
  int result = K8SM_OK;
  if (change->type >= sizeof change_steps / sizeof change_steps[0]) {
    return status_invalid(diags, "a change of an unknown type");
  }
  status_set_time(s, change);
  if (update != NULL)
    k8smi_status_take_update(s, update, change, diags);
  else
    result = change_steps[change->type](s, change, diags);
  if (result == K8SM_OK) k8smi_status_evaluate(s);
  if (result == K8SM_OK && s->no_memory) result = k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  return result;
}

/* A copy with room for what `n` changes leave beside it, and as it is before the first of them. */
static struct k8sm_status *status_begin(const struct k8sm_status *status, size_t n,
                                        const struct k8sm_allocator *allocator) {
  struct k8sm_status *s = k8smi_status_copy(status, allocator);
  if (s == NULL) return NULL;
  s->acks = k8smi_arena_array(&s->arena, n, sizeof *s->acks);
  if (s->acks != NULL) return s;
  k8sm_status_unref(s);
  return NULL;
}

static int status_step(struct k8sm_status *s, size_t i, const struct k8sm_change *change,
                       const K8smMesos__TaskStatus *update, struct k8sm_diags *diags) {
  if (i == 0 && s->rebase) status_rebase(s, change);
  if (i == 0) k8smi_status_begin(s);
  return status_apply_one(s, change, update, diags);
}

static int status_end(struct k8sm_status *s, int result, struct k8sm_status **ret) {
  if (result == K8SM_OK)
    *ret = s;
  else
    k8sm_status_unref(s);
  return result;
}

int k8sm_status_apply(const struct k8sm_status *status, const struct k8sm_change *changes, size_t change_size,
                      size_t n, const struct k8sm_allocator *allocator, struct k8sm_status **ret,
                      struct k8sm_diags *diags) {
  struct k8sm_status *s = status_begin(status, n, allocator);
  if (s == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  int result = K8SM_OK;
  for (size_t i = 0; i < n && result == K8SM_OK; i++) {
    struct k8sm_change change;
    k8smi_row_read(&change, sizeof change, changes, change_size, i);
    result = status_step(s, i, &change, NULL, diags);
  }
  return status_end(s, result, ret);
}

/* Time alone changes nothing now, and the update does not either. */
static bool status_stays(const struct k8sm_status *status, const struct k8sm_change *change,
                         const K8smMesos__TaskStatus *update) {
  return !status->rebase && k8sm_status_deadline(status) > change->mono_ms &&
         k8smi_status_ignores(status, update);
}

int k8smi_status_apply_read(const struct k8sm_status *status, const struct k8sm_change *change,
                            const K8smMesos__TaskStatus *update, const struct k8sm_allocator *allocator,
                            struct k8sm_status **ret, struct k8sm_diags *diags) {
  if (update != NULL && status_stays(status, change, update)) {
    memcpy(ret, &status, sizeof status); /* statuses are immutable: only a reference is taken */
    k8sm_status_ref(*ret);
    return K8SM_OK;
  }
  struct k8sm_status *s = status_begin(status, 1, allocator);
  if (s == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  return status_end(s, status_step(s, 0, change, update, diags), ret);
}

int k8smi_status_make_sure(const struct k8sm_status *status, const struct k8sm_change *tick,
                           const struct k8sm_allocator *allocator, struct k8sm_status **ret) {
  struct k8sm_status *s = status_begin(status, 1, allocator);
  if (s == NULL) return K8SM_ERR_NOMEM;
  s->unsure = false;
  return status_end(s, status_step(s, 0, tick, NULL, NULL), ret);
}
