/* SPDX-License-Identifier: Apache-2.0 */
/* A TaskStatus: whose it is, whether it is news, and what it does to the task. */
#include "status/status.h"

#include "wire/number.h"

/* ---- Reading ---- */

/* The first byte tells an Event in protobuf (field 1 is an enum) from a TaskStatus (field 1 is a
 * message); in JSON an Event has a type. */
static int update_decode(struct k8smi_arena *scratch, const struct k8sm_change *change,
                         const K8smMesos__TaskStatus **ret, struct k8sm_diags *diags) {
  enum { EVENT_FIRST_BYTE = 0x08 };
  ProtobufCMessage *message = NULL;
  struct k8sm_slice text = change->text;
  bool json = change->format == K8SM_FORMAT_JSON ||
              (change->format == K8SM_FORMAT_AUTO && text.len > 0 && text.ptr[0] == '{');
  uint32_t format = json ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF;
  if (json || (text.len > 0 && text.ptr[0] == EVENT_FIRST_BYTE)) {
    int result = k8smi_message_read(scratch, format, &k8sm_mesos__event__descriptor, text.ptr, text.len,
                                    &message, json ? NULL : diags);
    const K8smMesos__Event *event = (const K8smMesos__Event *)message;
    if (result == K8SM_OK && event->update != NULL && event->update->status != NULL) {
      *ret = event->update->status;
      return K8SM_OK;
    }
    if (result == K8SM_ERR_NOMEM) return k8smi_find_nomem(diags, result);
    if (!json && result != K8SM_OK) return result;
    if (result == K8SM_OK && event->has_type) {
      k8smi_find(diags, K8SM_DIAG_MESSAGE_TYPE, NULL, "an event that is no UPDATE");
      return K8SM_ERR_INVALID;
    }
  }
  int result = k8smi_message_read(scratch, format, &k8sm_mesos__task_status__descriptor, text.ptr, text.len,
                                  &message, diags);
  if (result == K8SM_OK) *ret = (const K8smMesos__TaskStatus *)message;
  return result;
}

/* ---- Whose it is ---- */

struct update_target {
  struct k8sm_task_id id;  /* attempt and restart, at least */
  struct k8sm_slice text;  /* the id */
  struct k8sm_slice agent; /* may be empty */
  size_t task;
  bool known; /* it is of the task's last instance */
};

static void update_note(struct k8sm_diags *diags, uint32_t code, struct k8sm_slice id, const char *words) {
  k8smi_find(diags, code, NULL, "task '%.*s' %s", K8SMI_P(id), words);
}

/* Mostly it is an instance that is known, and lives: of this attempt, so that its id need not be read. */
static bool update_find_known(const struct k8sm_status *s, struct update_target *t) {
  for (t->task = 0; t->task < s->demand->task_count; t->task++) {
    const struct k8smi_status_task *known = &s->tasks[t->task];
    if (!k8smi_task_alive(known) || !k8smi_eq(known->task_id, t->text)) continue;
    t->id = (struct k8sm_task_id){.attempt = s->demand->attempt, .restart = known->restart};
    t->known = true;
    return true;
  }
  return false;
}

/* False: it is not a task of this pod. */
static bool update_find(const struct k8sm_status *s, struct update_target *t) {
  if (update_find_known(s, t)) return true;
  if (k8sm_task_id_parse(t->text.ptr, t->text.len, &t->id) != K8SM_OK) return false;
  if (!k8smi_eq(t->id.uid, s->demand->uid)) return false;
  for (t->task = 0; t->task < s->demand->task_count; t->task++) {
    if (!k8smi_eq(s->demand->tasks[t->task].container, t->id.container)) continue;
    t->known = k8smi_eq(s->tasks[t->task].task_id, t->text);
    return true;
  }
  return false;
}

/* To be launched, as far as is known; or given up, or presumed to have ended, before it was heard of. */
static bool update_is_unheard(const struct k8smi_status_task *t) {
  return t->progress == K8SMI_PROGRESS_NONE || (t->progress == K8SMI_PROGRESS_ENDED && t->task_id.len == 0);
}

/* An instance that nobody told of: what runs under a good id is the pod's own. That its agent can't be
 * reached is said of tasks that never were, too, and nobody will ever say that such a one has ended. */
static bool update_adopts(const struct k8smi_status_task *t, const struct k8sm_task_id *id,
                          enum k8smi_effect effect) {
  return effect != K8SMI_EFFECT_UNREACHABLE && update_is_unheard(t) && id->restart >= t->restart;
}

static void update_add_ack(struct k8sm_status *s, const struct update_target *t,
                           const K8smMesos__TaskStatus *u) {
  if (!u->has_uuid || u->uuid.len == 0) return;
  struct k8sm_slice uuid = {(const char *)u->uuid.data, u->uuid.len};
  struct k8smi_status_ack *ack = &s->acks[s->ack_count++]; /* there is room for one of each change */
  ack->task_id = t->known ? s->tasks[t->task].task_id : k8smi_status_text(s, t->text);
  ack->agent_id = k8smi_eq(t->agent, s->agent_id) ? s->agent_id : k8smi_status_text(s, t->agent);
  ack->uuid = k8smi_status_text(s, uuid);
}

/* ---- Other attempts ---- */

static bool update_terminal(enum k8smi_effect effect) {
  return effect >= K8SMI_EFFECT_EXIT && effect != K8SMI_EFFECT_UNREACHABLE;
}

/* NULL: there are too many, or no memory. */
static struct k8smi_status_stray *update_add_stray(struct k8sm_status *s, struct k8sm_slice task_id,
                                                   struct k8sm_slice agent_id) {
  if (s->stray_count >= K8SMI_STATUS_MAX_STRAYS || !k8smi_status_room_for_strays(s)) return NULL;
  struct k8smi_status_stray *stray = &s->strays[s->stray_count++];
  stray->task_id = k8smi_status_text(s, task_id);
  stray->agent_id = k8smi_status_text(s, agent_id);
  stray->kill_mono_ms = K8SMI_STATUS_NEVER;
  return stray;
}

void k8smi_status_leave_strays(struct k8sm_status *s) {
  for (size_t i = 0; i < s->demand->task_count; i++) {
    if (k8smi_task_alive(&s->tasks[i])) update_add_stray(s, s->tasks[i].task_id, s->agent_id);
  }
}

bool k8smi_status_stray_alive(const struct k8sm_status *s) {
  for (size_t i = 0; i < s->stray_count; i++) {
    if (s->strays[i].kill_mono_ms != K8SMI_STATUS_NEVER) return true;
  }
  return false;
}

/* A task of another attempt: while it lives it is killed. Most are over; one with a higher number than the
 * present was begun before a record was lost, and at most one instance of a pod is wanted. */
static void update_stray(struct k8sm_status *s, const struct update_target *t, enum k8smi_effect effect) {
  size_t i = 0;
  while (i < s->stray_count && !k8smi_eq(s->strays[i].task_id, t->text)) i++;
  if (update_terminal(effect)) {
    if (i < s->stray_count) s->strays[i] = s->strays[--s->stray_count];
    return;
  }
  if (effect == K8SMI_EFFECT_UNREACHABLE) return;
  struct k8smi_status_stray *stray =
      i < s->stray_count ? &s->strays[i] : update_add_stray(s, t->text, t->agent);
  if (stray != NULL) stray->kill_mono_ms = s->mono_ms;
}

/* ---- What it does ---- */

static bool update_check_result(const K8smMesos__CheckStatusInfo *check) {
  enum { HTTP_FIRST_GOOD = 200, HTTP_FIRST_BAD = 400 };
  if (check->command != NULL) return check->command->has_exit_code && check->command->exit_code == 0;
  if (check->http != NULL) {
    return check->http->has_status_code && check->http->status_code >= HTTP_FIRST_GOOD &&
           check->http->status_code < HTTP_FIRST_BAD;
  }
  return check->tcp != NULL && check->tcp->has_succeeded && check->tcp->succeeded;
}

static bool update_is_ipv6(struct k8sm_slice ip) {
  return ip.len > 0 && memchr(ip.ptr, ':', ip.len) != NULL;
}

static void update_set_text(struct k8sm_status *s, struct k8sm_slice *text, struct k8sm_slice value) {
  if (!k8smi_eq(*text, value)) *text = k8smi_status_text(s, value);
}

/* The first address is podIP; podIPs has the first of the other family, too. */
static void update_addresses(struct k8sm_status *s, const K8smMesos__ContainerStatus *c) {
  struct k8sm_slice first = {NULL, 0}, other = {NULL, 0};
  for (size_t i = 0; i < c->n_network_infos; i++) {
    const K8smMesos__NetworkInfo *network = c->network_infos[i];
    for (size_t j = 0; j < network->n_ip_addresses; j++) {
      struct k8sm_slice ip = k8smi_s(network->ip_addresses[j]->ip_address);
      if (ip.len == 0) continue;
      if (first.len == 0)
        first = ip;
      else if (other.len == 0 && update_is_ipv6(ip) != update_is_ipv6(first))
        other = ip;
    }
  }
  if (first.len == 0) return;
  update_set_text(s, &s->pod_ip, first);
  update_set_text(s, &s->pod_ip_other, other);
}

/* The addresses and the container's id come with some updates and not with others: the last ones stay. */
static void update_container(struct k8sm_status *s, struct k8smi_status_task *t,
                             const K8smMesos__ContainerStatus *c) {
  if (c == NULL) return;
  if (c->container_id != NULL && c->container_id->value != NULL &&
      !k8smi_eqs(t->container_id, c->container_id->value)) {
    t->container_id = k8smi_status_text(s, k8smi_s(c->container_id->value));
  }
  update_addresses(s, c);
}

/* Docker's executor, where it tells no network. */
static void update_address(struct k8sm_status *s, const K8smMesos__TaskStatus *u) {
  bool told = u->container_status != NULL && u->container_status->n_network_infos > 0;
  for (size_t i = 0; !told && u->labels != NULL && i < u->labels->n_labels; i++) {
    const K8smMesos__Label *label = u->labels->labels[i];
    if (!k8smi_eqs(k8smi_s(label->key), "Docker.NetworkSettings.IPAddress") || label->value == NULL ||
        label->value[0] == '\0' || k8smi_eqs(s->pod_ip, label->value))
      continue;
    s->pod_ip = k8smi_status_text(s, k8smi_s(label->value));
  }
}

/* The executor died, and a launch that was under way has started another in an empty sandbox, without a word:
 * what runs there is not what the pod was. */
static bool update_is_elsewhere(struct k8sm_status *s, const K8smMesos__TaskStatus *u) {
  const K8smMesos__ContainerStatus *c = u->container_status;
  if (c == NULL || c->container_id == NULL || c->container_id->parent == NULL) return false;
  struct k8sm_slice parent = k8smi_s(c->container_id->parent->value);
  if (s->container_id.len == 0) s->container_id = k8smi_status_text(s, parent);
  return !k8smi_eq(s->container_id, parent);
}

static uint32_t update_progress(const K8smMesos__TaskStatus *u) {
  switch (u->state) {
  case K8SM_MESOS__TASK_STATE__TASK_STAGING: return K8SMI_PROGRESS_STAGING;
  case K8SM_MESOS__TASK_STATE__TASK_STARTING: return K8SMI_PROGRESS_STARTING;
  case K8SM_MESOS__TASK_STATE__TASK_RUNNING: return K8SMI_PROGRESS_RUNNING;
  case K8SM_MESOS__TASK_STATE__TASK_KILLING: return K8SMI_PROGRESS_KILLING;
  default: return K8SMI_PROGRESS_ENDED;
  }
}

static void update_reach(struct k8sm_status *s, bool reached) {
  if (!reached && !s->unreachable) s->unreachable_mono_ms = s->mono_ms;
  if (reached && s->unreachable) k8smi_status_await_startups(s);
  s->unreachable = !reached;
  if (reached) s->given_up = false;
}

static void update_apply(struct k8sm_status *s, const struct update_target *target,
                         const K8smMesos__TaskStatus *u, enum k8smi_effect effect,
                         const struct k8smi_happening *h) {
  struct k8smi_status_task *t = &s->tasks[target->task];
  update_container(s, t, u->container_status);
  update_address(s, u);
  switch (effect) {
  case K8SMI_EFFECT_WAITING: t->progress = update_progress(u); break;
  case K8SMI_EFFECT_RUNNING: k8smi_task_running(s, target->task, h); break;
  case K8SMI_EFFECT_KILLING:
    k8smi_task_running(s, target->task, h);
    t->progress = K8SMI_PROGRESS_KILLING;
    break;
  case K8SMI_EFFECT_EXIT: k8smi_task_exited(s, target->task, h); break;
  case K8SMI_EFFECT_DROPPED: k8smi_task_dropped(s, target->task, h, false); break;
  case K8SMI_EFFECT_REFUSED: k8smi_task_dropped(s, target->task, h, true); break;
  case K8SMI_EFFECT_LOST: k8smi_task_lost(s, target->task, h); break;
  case K8SMI_EFFECT_GONE: k8smi_task_gone(s, target->task, h); break;
  case K8SMI_EFFECT_UNREACHABLE: break;
  }
  update_reach(s, effect != K8SMI_EFFECT_UNREACHABLE);
  /* A kill may have come too early for the executor: a sign of life is the moment to send it again. That the
   * agent can't be reached is none, and is what a master answers to a KILL: that would go round and round. */
  bool lives = effect == K8SMI_EFFECT_WAITING || effect == K8SMI_EFFECT_RUNNING;
  if (lives && k8smi_task_alive(t) && t->kill && !t->startup_failed) t->kill_mono_ms = s->mono_ms;
}

/* Results count when they are new: a copy may be older than what was heard. But of a task that is found it is
 * all that there is, and unless the result changes no other comes. And who has succeeded once has started. */
static void update_check(struct k8sm_status *s, size_t task, const K8smMesos__TaskStatus *u, bool found) {
  bool news = u->has_reason && u->reason == K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_CHECK_STATUS_UPDATED;
  if (u->check_status == NULL) return;
  bool success = update_check_result(u->check_status);
  if (news || found)
    k8smi_task_checked(s, task, success);
  else if (success && s->tasks[task].startup_mono_ms != 0)
    k8smi_task_started(s, task);
}

/* Other updates carry what the last one of these said, of a neighbour even. */
static void update_health(struct k8smi_status_task *t, const K8smMesos__TaskStatus *u) {
  if (u->has_healthy && u->has_reason &&
      u->reason == K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_HEALTH_CHECK_STATUS_UPDATED)
    t->unhealthy = !u->healthy;
}

/* An update of the present attempt. False: it says nothing new. */
static bool update_is_news(const struct k8sm_status *s, const struct update_target *target,
                           const K8smMesos__TaskStatus *u, enum k8smi_effect effect) {
  const struct k8smi_status_task *t = &s->tasks[target->task];
  if (k8smi_status_is_bare_end((int)u->state, u->has_reason ? (int)u->reason : -1)) return false;
  if (!target->known) return update_adopts(t, &target->id, effect);
  if (!k8smi_task_alive(t)) return false;
  if (effect == K8SMI_EFFECT_UNREACHABLE) return true;
  if (update_terminal(effect)) return true;
  struct k8sm_slice uuid = {(const char *)u->uuid.data, u->has_uuid ? u->uuid.len : 0};
  if (uuid.len > 0 && k8smi_eq(uuid, t->uuid)) return false;
  return update_progress(u) >= t->progress;
}

/* Old news of a task that lives are a sign of life all the same, where it was out of reach: after a restart
 * the record may be ahead of the state that the master has. */
static bool update_is_back(const struct k8sm_status *s, const struct update_target *target,
                           enum k8smi_effect effect) {
  const struct k8smi_status_task *t = &s->tasks[target->task];
  return s->unreachable && effect <= K8SMI_EFFECT_KILLING && k8smi_task_alive(t) && target->known;
}

/* A task that nobody told of is there: then those of the stages before it have ended well. */
static void update_presume_stages(struct k8sm_status *s, size_t task) {
  for (size_t i = 1; i < s->demand->task_count; i++) {
    const struct k8smi_demand_task *d = &s->demand->tasks[i];
    struct k8smi_status_task *t = &s->tasks[i];
    if (d->kind == K8SM_TASK_PAUSE || d->stage >= s->demand->tasks[task].stage) continue;
    if (!update_is_unheard(t)) continue;
    if (d->kind == K8SM_TASK_SIDECAR) t->started = true; /* it was, once */
    if (d->kind != K8SM_TASK_INIT) continue;
    t->progress = K8SMI_PROGRESS_ENDED;
    t->end = (struct k8smi_status_end){.set = true, .reason = K8SMI_S("Completed")};
  }
}

static void update_present(struct k8sm_status *s, const struct update_target *target,
                           const K8smMesos__TaskStatus *u, enum k8smi_effect effect,
                           const struct k8sm_change *change, struct k8sm_diags *diags) {
  int reason = u->has_reason ? (int)u->reason : -1;
  if (!update_is_news(s, target, u, effect)) {
    update_note(diags, K8SM_DIAG_UPDATE_STALE, target->text, "has gone further than this update says");
    if (update_is_back(s, target, effect)) update_reach(s, true);
    return;
  }
  bool found = !target->known;
  if (found) {
    k8smi_task_sent(s, target->task, target->text, target->id.restart);
    update_presume_stages(s, target->task);
  }
  bool copy = reason == K8SM_MESOS__TASK_STATUS__REASON__REASON_RECONCILIATION;
  struct k8smi_happening h = {change->wall_ms,
                              {NULL, 0},
                              reason,
                              u->state == K8SM_MESOS__TASK_STATE__TASK_FINISHED,
                              u->state == K8SM_MESOS__TASK_STATE__TASK_KILLED};
  int64_t stamp;
  if (!copy && u->has_timestamp && k8smi_milli_of_double(u->timestamp, &stamp) && stamp > 0)
    h.wall_ms = stamp;
  if (!copy || update_terminal(effect)) h.message = k8smi_s(u->message);
  if (!s->placed) {
    s->placed = true;
    s->placed_mono_ms = s->mono_ms;
  }
  if (s->agent_id.len == 0) s->agent_id = k8smi_status_text(s, target->agent);
  if (s->started_wall_ms == 0) {
    s->started_wall_ms = change->wall_ms;
    s->started_mono_ms = s->mono_ms;
  }
  struct k8smi_status_task *t = &s->tasks[target->task];
  if (u->has_uuid && u->uuid.len > 0) t->uuid = s->acks[s->ack_count - 1].uuid; /* of this update */
  bool elsewhere = update_is_elsewhere(s, u);
  /* Killed with its attempt. */
  bool swept = s->lost && (t->kill || found) && u->state == K8SM_MESOS__TASK_STATE__TASK_KILLED;
  if ((elsewhere || swept) && effect == K8SMI_EFFECT_EXIT) effect = K8SMI_EFFECT_LOST;
  update_apply(s, target, u, effect, &h);
  if (effect == K8SMI_EFFECT_RUNNING) {
    update_check(s, target->task, u, found);
    update_health(t, u);
  }
  if (elsewhere) k8smi_status_lose_sandbox(s);
}

/* Whose it is, and what it means. False: it is not a task of this pod. */
static bool update_aim(const struct k8sm_status *s, const K8smMesos__TaskStatus *u,
                       struct update_target *target, enum k8smi_effect *ret_effect) {
  *target = (struct update_target){.text = k8smi_s(u->task_id->value)};
  if (u->agent_id != NULL) target->agent = k8smi_s(u->agent_id->value);
  if (target->agent.len == 0) target->agent = s->agent_id;
  *ret_effect = k8smi_status_effect((int)u->state, u->has_source ? (int)u->source : -1,
                                    u->has_reason ? (int)u->reason : -1);
  return update_find(s, target);
}

bool k8smi_status_ignores(const struct k8sm_status *s, const K8smMesos__TaskStatus *u) {
  struct update_target target;
  enum k8smi_effect effect;
  if (u->has_uuid) return false;
  if (!update_aim(s, u, &target, &effect)) return true;
  return target.id.attempt == s->demand->attempt && !update_is_news(s, &target, u, effect) &&
         !update_is_back(s, &target, effect);
}

void k8smi_status_take_update(struct k8sm_status *s, const K8smMesos__TaskStatus *u,
                              const struct k8sm_change *change, struct k8sm_diags *diags) {
  struct update_target target;
  enum k8smi_effect effect;
  if (!update_aim(s, u, &target, &effect)) {
    update_note(diags, K8SM_DIAG_UPDATE_FOREIGN, target.text, "is not of this pod");
    return;
  }
  update_add_ack(s, &target, u);
  if (target.id.attempt != s->demand->attempt) {
    update_note(diags, K8SM_DIAG_UPDATE_STALE, target.text, "is of another attempt");
    update_stray(s, &target, effect);
    return;
  }
  update_present(s, &target, u, effect, change, diags);
}

int k8smi_status_update(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags) {
  struct k8smi_arena scratch;
  const K8smMesos__TaskStatus *update = NULL;
  k8smi_arena_init(&scratch, &s->arena.allocator, 0);
  int result = update_decode(&scratch, change, &update, diags);
  if (result == K8SM_OK) k8smi_status_take_update(s, update, change, diags);
  k8smi_arena_free(&scratch);
  return result;
}
