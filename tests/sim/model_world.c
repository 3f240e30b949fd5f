/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/model.h"
#include "base/slice.h"

#include <k8smesos/task.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t MODEL_WALL = INT64_C(1788000000000);

static const char *const model_names[MODEL_MOVES] = {
    "place",     "launch",     "arrive",        "drop",       "step",
    "exit well", "exit badly", "executor dies", "deliver",    "deliver, acknowledgement lost",
    "copy",      "agent lost", "agent back",    "agent gone", "kill arrives",
    "kill lost", "delete",     "time",          "crash",      "attempt"};

const char *model_move_name(uint8_t type) {
  return model_names[type];
}

bool model_open(struct model *m, const char *spec) {
  char json[2048];
  struct k8sm_pod *pod;
  memset(m, 0, sizeof *m);
  snprintf(json, sizeof json,
           "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":\"d\",\"uid\":"
           "\"u\"},"
           "\"spec\":%s}",
           spec);
  if (k8sm_pod_parse(json, strlen(json), NULL, &pod, NULL) != K8SM_OK) return false;
  bool ok = true;
  for (uint32_t i = 0; ok && i < MODEL_ATTEMPTS; i++) {
    const struct k8sm_demand_options o = {.size = sizeof o, .nonce = "n", .attempt = i};
    ok = k8sm_demand_make(pod, &o, &m->demands[i], NULL) == K8SM_OK &&
         m->demands[i]->task_count == MODEL_TASKS;
  }
  k8sm_pod_unref(pod);
  return ok;
}

void model_close(struct model *m) {
  for (size_t i = 0; i < MODEL_ATTEMPTS; i++) k8sm_demand_unref(m->demands[i]);
}

struct model_node model_begin(struct model *m, const struct model_faults *faults) {
  struct model_node n;
  memset(&n, 0, sizeof n);
  if (k8sm_status_new(m->demands[0], NULL, &n.status, NULL) != K8SM_OK) abort();
  n.world.reachable = 1;
  n.world.sidecar = m->demands[0]->tasks[1].kind == K8SM_TASK_SIDECAR;
  n.world.left = *faults;
  return n;
}

void model_node_free(struct model_node *n) {
  k8sm_status_unref(n->status);
}

static void model_break(struct model *m, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void model_break(struct model *m, const char *invariant, const char *format, ...) {
  va_list args;
  if (m->broken != NULL) return;
  m->broken = invariant;
  va_start(args, format);
  vsnprintf(m->words, sizeof m->words, format, args);
  va_end(args);
}

/* ---- changes of the status ---- */

/* Time has no beginning: what is past is past, and what is to come is as far away as before. */
static void model_shift(uint64_t *at, uint64_t now) {
  if (*at != 0) *at = *at <= now ? MODEL_NOW : *at - now + MODEL_NOW;
}

static void model_normalize(struct k8sm_status *s) {
  uint64_t now = s->mono_ms;
  uint64_t *const times[] = {&s->started_mono_ms, &s->placed_mono_ms, &s->attempt_mono_ms, &s->ending_mono_ms,
                             &s->hurry_mono_ms};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) model_shift(times[i], now);
  for (size_t i = 0; i < MODEL_TASKS; i++) {
    struct k8smi_status_task *t = &s->tasks[i];
    uint64_t *const own[] = {&t->started_mono_ms, &t->due_mono_ms, &t->check_mono_ms, &t->kill_mono_ms};
    for (size_t k = 0; k < 4; k++) model_shift(own[k], now);
  }
  for (size_t i = 0; i < s->stray_count; i++) model_shift(&s->strays[i].kill_mono_ms, now);
  s->mono_ms = MODEL_NOW;
}

static uint64_t model_now(const struct k8sm_status *s) {
  return s->mono_ms == 0 ? MODEL_NOW : s->mono_ms;
}

static size_t model_acks(const struct k8sm_status *s) {
  struct k8sm_action a;
  size_t n = 0;
  for (size_t i = 0; k8sm_status_actions(s, i, &a, sizeof a, 1) != 0; i++)
    n += a.type == K8SM_ACTION_ACKNOWLEDGE;
  return n;
}

/* The KILLs that are due afterwards go out at once. */
static void model_apply(struct model *m, struct model_node *n, struct k8sm_change *changes, size_t count,
                        uint64_t now) {
  struct k8sm_status *next;
  struct k8sm_action a;
  for (size_t i = 0; i < count; i++) {
    changes[i].mono_ms = now;
    changes[i].wall_ms = MODEL_WALL;
  }
  uint32_t phase = n->status->phase;
  int r = k8sm_status_apply(n->status, changes, sizeof *changes, count, NULL, &next, NULL);
  if (r != K8SM_OK) {
    model_break(m, "changes are taken", "%s: change %u", k8sm_result_name(r), changes[0].type);
    return;
  }
  k8sm_status_unref(n->status);
  n->status = next;
  if (phase >= K8SMI_PHASE_SUCCEEDED && next->phase != phase)
    model_break(m, "a terminal phase is final", "from %u to %u", phase, next->phase);
  model_normalize(next);
  bool killed = false;
  for (size_t i = 0; k8sm_status_actions(next, i, &a, sizeof a, 1) != 0; i++) {
    if (a.type != K8SM_ACTION_KILL || a.at_mono_ms > MODEL_NOW) continue;
    n->world.tasks[a.task].kill = 1;
    killed = true;
  }
  struct k8sm_change tick = {.type = K8SM_CHANGE_TICK};
  n->acks += model_acks(next);
  if (killed) model_apply(m, n, &tick, 1, MODEL_NOW);
}

static void model_id(const struct model_node *n, size_t task, char *text, size_t cap) {
  const struct k8sm_demand *d = n->status->demand;
  const struct k8sm_task_id id = {d->uid, d->tasks[task].container, K8SMI_S("n"), n->world.attempt,
                                  n->world.tasks[task].restart};
  if (k8sm_task_id_format(&id, text, cap) <= 0) abort();
}

static const struct model_words {
  int state, source, reason;
  const char *message;
} model_updates[] = {
    [MODEL_STARTING] = {K8SM_MESOS__TASK_STATE__TASK_STARTING, 2, -1, NULL},
    [MODEL_RUNNING] = {K8SM_MESOS__TASK_STATE__TASK_RUNNING, 2, -1, NULL},
    [MODEL_KILLING] = {K8SM_MESOS__TASK_STATE__TASK_KILLING, 2, -1, NULL},
    [MODEL_FINISHED] = {K8SM_MESOS__TASK_STATE__TASK_FINISHED, 2, -1, "Command exited with status 0"},
    [MODEL_FAILED] = {K8SM_MESOS__TASK_STATE__TASK_FAILED, 2, -1, "Command exited with status 1"},
    [MODEL_KILLED] = {K8SM_MESOS__TASK_STATE__TASK_KILLED, 2, -1,
                      "Command terminated with signal Terminated"},
    [MODEL_LOST] = {K8SM_MESOS__TASK_STATE__TASK_FAILED, 1,
                    K8SM_MESOS__TASK_STATUS__REASON__REASON_EXECUTOR_TERMINATED, "Executor terminated"},
    [MODEL_REFUSED] = {K8SM_MESOS__TASK_STATE__TASK_DROPPED, 1,
                       K8SM_MESOS__TASK_STATUS__REASON__REASON_EXECUTOR_TERMINATED, "one already exists"},
    [MODEL_DROPPED] = {K8SM_MESOS__TASK_STATE__TASK_DROPPED, 0,
                       K8SM_MESOS__TASK_STATUS__REASON__REASON_INVALID_OFFERS, "no longer valid"},
    [MODEL_GONE] = {K8SM_MESOS__TASK_STATE__TASK_GONE_BY_OPERATOR, 0,
                    K8SM_MESOS__TASK_STATUS__REASON__REASON_AGENT_REMOVED_BY_OPERATOR, "gone"},
    [MODEL_UNREACHABLE] = {K8SM_MESOS__TASK_STATE__TASK_UNREACHABLE, 0,
                           K8SM_MESOS__TASK_STATUS__REASON__REASON_AGENT_REMOVED, "health check timed out"},
};

struct model_texts { /* of an update under construction */
  struct k8smi_buf buf;
};

/* `copy`: as a reconciliation tells it. */
static struct k8sm_change model_update(const struct model_node *n, size_t task, uint8_t what, bool copy,
                                       struct model_texts *texts) {
  static const int sources[] = {K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_MASTER,
                                K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_AGENT,
                                K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_EXECUTOR};
  const struct model_words *w = &model_updates[what];
  const struct model_task *t = &n->world.tasks[task];
  K8smMesos__TaskID task_id = K8SM_MESOS__TASK_ID__INIT;
  K8smMesos__AgentID agent_id = K8SM_MESOS__AGENT_ID__INIT;
  K8smMesos__ContainerID own = K8SM_MESOS__CONTAINER_ID__INIT, parent = K8SM_MESOS__CONTAINER_ID__INIT;
  K8smMesos__ContainerStatus container = K8SM_MESOS__CONTAINER_STATUS__INIT;
  K8smMesos__TaskStatus status = K8SM_MESOS__TASK_STATUS__INIT;
  char id[128], agent[] = {'S', (char)('0' + n->world.agent), '\0'},
                in[] = {'e', (char)('a' + t->parent), '\0'};
  uint8_t uuid[16] = {n->world.attempt, (uint8_t)task, t->restart, t->parent, what};
  model_id(n, task, id, sizeof id);
  task_id.value = id;
  agent_id.value = agent;
  own.value = in;
  parent.value = in;
  own.parent = &parent;
  container.container_id = &own;
  status.task_id = &task_id;
  status.agent_id = &agent_id;
  status.state = (K8smMesos__TaskState)w->state;
  status.has_source = true;
  status.source = (K8smMesos__TaskStatus__Source)(copy ? sources[0] : sources[w->source]);
  status.has_reason = copy || w->reason >= 0;
  status.reason =
      (K8smMesos__TaskStatus__Reason)(copy ? (int)K8SM_MESOS__TASK_STATUS__REASON__REASON_RECONCILIATION
                                           : w->reason);
  status.message = (char *)(uintptr_t)(copy ? "Reconciliation" : w->message);
  if (w->source == 2) status.container_status = &container;
  status.has_uuid = !copy && w->source != 0;
  status.uuid = (ProtobufCBinaryData){status.has_uuid ? sizeof uuid : 0, uuid};
  k8smi_buf_init(&texts->buf, NULL);
  k8smi_message_encode(&texts->buf, &status.base);
  return (struct k8sm_change){
      .type = K8SM_CHANGE_UPDATE, .format = K8SM_FORMAT_PROTOBUF, .text = {texts->buf.ptr, texts->buf.len}};
}

static void model_tell(struct model *m, struct model_node *n, size_t task, uint8_t what, bool copy) {
  struct model_texts texts;
  struct k8sm_change change = model_update(n, task, what, copy, &texts);
  n->acks = 0;
  model_apply(m, n, &change, 1, model_now(n->status));
  k8smi_buf_free(&texts.buf);
  size_t wanted = !copy && model_updates[what].source != 0;
  if (m->broken == NULL && n->acks != wanted)
    model_break(m, "acknowledged by the rule", "update %u of task %zu", what, task);
}

/* ---- the world ---- */

static bool model_lives(const struct model_task *t) {
  return t->real >= MODEL_STAGED && t->real < MODEL_ENDED;
}

static bool model_any_lives(const struct model_world *w) {
  for (size_t i = 0; i < MODEL_TASKS; i++) {
    if (model_lives(&w->tasks[i])) return true;
  }
  return false;
}

static void model_say(struct model_task *t, uint8_t what) {
  if (t->queued < MODEL_QUEUE) t->queue[t->queued++] = what;
}

static void model_end(struct model_world *w, size_t task, uint8_t what) {
  struct model_task *t = &w->tasks[task];
  t->real = MODEL_ENDED;
  t->kill = 0;
  model_say(t, what);
  if (!model_any_lives(w)) w->executor = 0;
}

/* What an agent does with a launch depends on the executor: there, gone, or gone and still in the way. */
static void model_arrive(struct model_world *w, size_t task) {
  struct model_task *t = &w->tasks[task];
  bool in_the_way = false;
  for (size_t i = 0; i < MODEL_TASKS; i++)
    in_the_way |= w->tasks[i].real == MODEL_ENDED && w->tasks[i].queued != 0;
  if (!w->executor && in_the_way && w->parent != 0) {
    model_end(w, task, MODEL_REFUSED);
    return;
  }
  if (!w->executor) {
    w->executor = 1;
    w->parent++;
    w->begun = 0;
  }
  t->parent = w->parent;
  t->real = MODEL_STAGED;
}

static void model_drop(struct model_world *w, size_t task) {
  model_end(w, task, MODEL_DROPPED);
}

/* What one ACCEPT launches comes to the agent together. */
static void model_each_sent(struct model_world *w, void (*happen)(struct model_world *w, size_t task)) {
  for (size_t i = 0; i < MODEL_TASKS; i++) {
    if (w->tasks[i].real == MODEL_SENT) happen(w, i);
  }
}

static void model_step(struct model_world *w, size_t task) {
  struct model_task *t = &w->tasks[task];
  if (t->real == MODEL_STAGED) {
    t->real = MODEL_STARTED;
    model_say(t, MODEL_STARTING);
  } else if (t->real == MODEL_STARTED) {
    t->real = MODEL_RUNS;
    model_say(t, MODEL_RUNNING);
    if (task == w->sidecar) w->begun = 1;
  } else {
    model_end(w, task, MODEL_KILLED);
  }
}

static void model_all_end(struct model_world *w, uint8_t what, bool forget) {
  for (size_t i = 0; i < MODEL_TASKS; i++) {
    struct model_task *t = &w->tasks[i];
    bool known = model_lives(t) || (forget && t->real == MODEL_ENDED && t->queued != 0);
    if (!known) continue;
    if (forget) t->queued = 0;
    model_end(w, i, what);
  }
  w->executor = 0;
}

/* ---- moves of ours ---- */

static void model_launch_one(struct model *m, struct model_node *n, uint32_t task, uint32_t restart,
                             struct k8sm_change *change, char *id, size_t cap) {
  struct model_task *t = &n->world.tasks[task];
  if (model_lives(t))
    model_break(m, "one instance of each container", "task %u is launched, and lives", task);
  if (n->status->demand->tasks[task].kind == K8SM_TASK_MAIN && n->status->demand->stages > 1 &&
      !n->world.begun)
    model_break(m, "stages in order", "task %u is launched before its turn has come", task);
  *t = (struct model_task){.real = MODEL_SENT, .restart = (uint8_t)restart};
  model_id(n, task, id, cap);
  *change = (struct k8sm_change){.type = K8SM_CHANGE_LAUNCHED, .text = k8smi_s(id)};
}

static void model_place(struct model *m, struct model_node *n, uint8_t agent) {
  struct k8sm_change changes[MODEL_TASKS + 1];
  char ids[MODEL_TASKS][128], name[] = {'S', (char)('0' + agent), '\0'};
  size_t count = 1;
  n->world.agent = agent;
  n->world.placed = 1;
  changes[0] =
      (struct k8sm_change){.type = K8SM_CHANGE_PLACED, .text = K8SMI_S("host"), .agent_id = k8smi_s(name)};
  for (uint32_t i = 0; i < MODEL_TASKS; i++) {
    if (!n->status->demand->tasks[i].launch) continue;
    model_launch_one(m, n, i, 0, &changes[count], ids[i], sizeof ids[i]);
    count++;
  }
  model_apply(m, n, changes, count, model_now(n->status));
}

static void model_launch(struct model *m, struct model_node *n) {
  struct k8sm_change changes[MODEL_TASKS];
  char ids[MODEL_TASKS][128];
  struct k8sm_action a;
  size_t count = 0;
  for (size_t i = 0; k8sm_status_actions(n->status, i, &a, sizeof a, 1) != 0; i++) {
    if (a.type != K8SM_ACTION_LAUNCH || a.at_mono_ms > MODEL_NOW) continue;
    model_launch_one(m, n, a.task, a.restart, &changes[count], ids[count], sizeof ids[0]);
    count++;
  }
  model_apply(m, n, changes, count, model_now(n->status));
}

static void model_attempt(struct model *m, struct model_node *n) {
  struct model_world *w = &n->world;
  if (model_any_lives(w))
    model_break(m, "one instance of each pod", "a new attempt begins while the old one lives");
  w->attempt++;
  w->placed = w->executor = w->parent = w->begun = 0;
  memset(w->tasks, 0, sizeof w->tasks);
  w->reachable = 1; /* of the agent that it comes to */
  struct k8sm_change change = {.type = K8SM_CHANGE_ATTEMPT, .demand = m->demands[w->attempt]};
  model_apply(m, n, &change, 1, model_now(n->status));
}

static void model_crash(struct model *m, struct model_node *n) {
  struct k8sm_blob *blob, *again;
  struct k8sm_status *loaded;
  struct k8sm_change tick = {.type = K8SM_CHANGE_TICK};
  if (k8sm_status_save(n->status, NULL, NULL, &blob) != K8SM_OK) abort();
  struct k8sm_slice bytes = k8sm_blob_bytes(blob);
  int r = k8sm_status_load(m->demands[n->world.attempt], bytes.ptr, bytes.len, NULL, &loaded, NULL);
  if (r != K8SM_OK) {
    model_break(m, "a record can be read", "%s", k8sm_result_name(r));
  } else {
    if (k8sm_status_save(loaded, NULL, NULL, &again) != K8SM_OK) abort();
    if (!k8smi_eq(bytes, k8sm_blob_bytes(again)))
      model_break(m, "a record keeps everything", "saved and read twice");
    k8sm_blob_unref(again);
    k8sm_status_unref(n->status);
    n->status = loaded;
    for (size_t i = 0; i < MODEL_TASKS; i++) n->world.tasks[i].kill = 0;
    model_apply(m, n, &tick, 1, MODEL_NOW);
  }
  k8sm_blob_unref(blob);
}

/* ---- moves of the master and its agents ---- */

static void model_deliver(struct model *m, struct model_node *n, size_t task, bool acknowledged) {
  struct model_task *t = &n->world.tasks[task];
  uint8_t what = t->queue[0];
  model_tell(m, n, task, what, false);
  if (!acknowledged) return;
  t->shown = what;
  memmove(t->queue, t->queue + 1, --t->queued);
  t->queue[t->queued] = 0;
}

/* What the master takes for its state, which lags; of one that has ended and was acknowledged it knows
 * nothing. */
static void model_copy(struct model *m, struct model_node *n, size_t task) {
  const struct model_task *t = &n->world.tasks[task];
  uint8_t what = !n->world.reachable ? MODEL_UNREACHABLE : t->queued != 0 ? t->queue[0] : t->shown;
  if (n->world.reachable && t->real == MODEL_ENDED && t->queued == 0) what = MODEL_GONE;
  if (what != MODEL_NOTHING) model_tell(m, n, task, what, true);
}

static void model_reachable(struct model *m, struct model_node *n, bool reachable) {
  n->world.reachable = reachable;
  for (size_t i = 0; i < MODEL_TASKS; i++) {
    const struct model_task *t = &n->world.tasks[i];
    if (!model_lives(t)) continue;
    uint8_t what = !reachable ? MODEL_UNREACHABLE : t->queued != 0 ? t->queue[0] : t->shown;
    if (what != MODEL_NOTHING) model_tell(m, n, i, what, reachable);
  }
}

static void model_kill_arrives(struct model_world *w, size_t task) {
  struct model_task *t = &w->tasks[task];
  t->kill = 0;
  if (t->real != MODEL_RUNS || !w->reachable) return; /* lost without a word */
  t->real = MODEL_DIES;
  model_say(t, MODEL_KILLING);
}

static void model_do_world(struct model_node *n, struct model_move move) {
  struct model_world *w = &n->world;
  uint32_t kind = n->status->demand->tasks[move.task].kind;
  switch (move.type) {
  case MODEL_ARRIVE: model_each_sent(w, model_arrive); break;
  case MODEL_DROP:
    w->left.drops--;
    model_each_sent(w, model_drop);
    break;
  case MODEL_STEP: model_step(w, move.task); break;
  case MODEL_EXIT_WELL:
    if (kind == K8SM_TASK_INIT) w->begun = 1;
    if (kind != K8SM_TASK_INIT) w->left.exits--;
    model_end(w, move.task, MODEL_FINISHED);
    break;
  case MODEL_EXIT_BADLY:
    w->left.exits--;
    model_end(w, move.task, MODEL_FAILED);
    break;
  case MODEL_EXECUTOR_DIES:
    w->left.deaths--;
    model_all_end(w, MODEL_LOST, false);
    break;
  case MODEL_AGENT_GONE:
    w->left.gone--;
    model_all_end(w, MODEL_GONE, true);
    break;
  case MODEL_KILL_ARRIVES: model_kill_arrives(w, move.task); break;
  case MODEL_KILL_LOST:
    w->left.kills--;
    w->tasks[move.task].kill = 0;
    break;
  default: break;
  }
}

static void model_do_ours(struct model *m, struct model_node *n, struct model_move move) {
  struct model_world *w = &n->world;
  struct k8sm_change change = {.type = K8SM_CHANGE_TICK};
  switch (move.type) {
  case MODEL_PLACE: model_place(m, n, move.task); break;
  case MODEL_LAUNCH: model_launch(m, n); break;
  case MODEL_ATTEMPT: model_attempt(m, n); break;
  case MODEL_DELIVER: model_deliver(m, n, move.task, true); break;
  case MODEL_DELIVER_UNACKNOWLEDGED:
    w->left.acks--;
    model_deliver(m, n, move.task, false);
    break;
  case MODEL_COPY:
    w->left.copies--;
    model_copy(m, n, move.task);
    break;
  case MODEL_AGENT_LOST:
    w->left.agents--;
    model_reachable(m, n, false);
    break;
  case MODEL_AGENT_BACK: model_reachable(m, n, true); break;
  case MODEL_DELETE:
    w->left.deletes--;
    w->deleted = 1;
    change = (struct k8sm_change){.type = K8SM_CHANGE_DELETED, .number = 1};
    model_apply(m, n, &change, 1, model_now(n->status));
    break;
  case MODEL_TIME: model_apply(m, n, &change, 1, k8sm_status_deadline(n->status)); break;
  case MODEL_CRASH:
    w->left.crashes--;
    model_crash(m, n);
    break;
  default: model_do_world(n, move); break;
  }
}

bool model_do(struct model *m, const struct model_node *n, struct model_move move, struct model_node *ret) {
  *ret = *n;
  k8sm_status_ref(ret->status);
  model_do_ours(m, ret, move);
  return m->broken == NULL;
}

/* ---- what may happen ---- */

struct model_list {
  struct model_move *moves;
  size_t count;
};

static void model_may(struct model_list *l, bool may, uint8_t type, size_t task) {
  if (may) l->moves[l->count++] = (struct model_move){type, (uint8_t)task};
}

static void model_moves_of_task(const struct model_node *n, bool faults, size_t i, struct model_list *l) {
  const struct model_world *w = &n->world;
  const struct model_task *t = &w->tasks[i];
  uint32_t kind = n->status->demand->tasks[i].kind;
  bool heard = t->queued != 0 && (w->reachable || t->queue[0] == MODEL_GONE || t->queue[0] == MODEL_DROPPED);
  model_may(l, heard, MODEL_DELIVER, i);
  model_may(l, t->real >= MODEL_STAGED && t->real <= MODEL_DIES && t->real != MODEL_RUNS, MODEL_STEP, i);
  model_may(l, t->kill && t->real != MODEL_SENT, MODEL_KILL_ARRIVES, i);
  model_may(l, t->real == MODEL_RUNS && kind == K8SM_TASK_INIT, MODEL_EXIT_WELL, i);
  if (!faults) return;
  model_may(l, t->real == MODEL_RUNS && kind == K8SM_TASK_MAIN && w->left.exits, MODEL_EXIT_WELL, i);
  model_may(l, t->real == MODEL_RUNS && kind != K8SM_TASK_PAUSE && w->left.exits, MODEL_EXIT_BADLY, i);
  model_may(l, heard && model_updates[t->queue[0]].source != 0 && w->left.acks, MODEL_DELIVER_UNACKNOWLEDGED,
            i);
  model_may(l, t->real > MODEL_SENT && w->left.copies, MODEL_COPY, i);
  model_may(l, t->kill && w->left.kills, MODEL_KILL_LOST, i);
}

size_t model_moves(const struct model_node *n, bool faults, struct model_move moves[MODEL_MOVES_MAX]) {
  const struct model_world *w = &n->world;
  struct model_list l = {moves, 0};
  struct k8sm_action a;
  bool launch = false, attempt = false, done = false;
  for (size_t i = 0; k8sm_status_actions(n->status, i, &a, sizeof a, 1) != 0; i++) {
    launch |= a.type == K8SM_ACTION_LAUNCH && a.at_mono_ms <= MODEL_NOW;
    attempt |= a.type == K8SM_ACTION_ATTEMPT && a.at_mono_ms <= MODEL_NOW;
    done |= a.type == K8SM_ACTION_DONE;
  }
  for (size_t i = 0; i < MODEL_TASKS; i++) model_moves_of_task(n, faults, i, &l);
  bool place = !w->placed && !done && !w->deleted;
  bool sent = false;
  for (size_t i = 0; i < MODEL_TASKS; i++) sent |= w->tasks[i].real == MODEL_SENT;
  model_may(&l, sent, MODEL_ARRIVE, 0);
  model_may(&l, sent && faults && w->left.drops, MODEL_DROP, 0);
  model_may(&l, place, MODEL_PLACE, 0);
  model_may(&l, place && faults, MODEL_PLACE, 1);
  model_may(&l, launch, MODEL_LAUNCH, 0);
  model_may(&l, attempt && w->attempt + 1 < MODEL_ATTEMPTS, MODEL_ATTEMPT, 0);
  model_may(&l, !w->reachable && w->placed, MODEL_AGENT_BACK, 0);
  uint64_t due = k8sm_status_deadline(n->status);
  model_may(&l, due != UINT64_MAX && due > MODEL_NOW, MODEL_TIME, 0);
  if (!faults) return l.count;
  model_may(&l, w->executor && w->left.deaths, MODEL_EXECUTOR_DIES, 0);
  model_may(&l, w->reachable && w->placed && w->left.agents, MODEL_AGENT_LOST, 0);
  model_may(&l, !w->reachable && w->left.gone, MODEL_AGENT_GONE, 0);
  model_may(&l, !w->deleted && w->left.deletes, MODEL_DELETE, 0);
  model_may(&l, w->left.crashes != 0, MODEL_CRASH, 0);
  return l.count;
}

bool model_is_settled(const struct model_node *n) {
  const struct k8sm_status *s = n->status;
  struct k8sm_action a;
  bool done = false;
  for (size_t i = 0; k8sm_status_actions(s, i, &a, sizeof a, 1) != 0; i++) done |= a.type == K8SM_ACTION_DONE;
  if (done) return !model_any_lives(&n->world) && s->phase >= K8SMI_PHASE_SUCCEEDED;
  for (size_t i = 0; i < MODEL_TASKS; i++) {
    const struct model_task *t = &n->world.tasks[i];
    if (s->demand->tasks[i].kind == K8SM_TASK_INIT) continue;
    if (t->real == MODEL_ENDED && t->queued == 0 && s->tasks[i].progress == K8SMI_PROGRESS_ENDED) continue;
    if (t->real != MODEL_RUNS || t->queued != 0 || s->tasks[i].progress != K8SMI_PROGRESS_RUNNING)
      return false;
  }
  return !n->world.deleted && s->phase == K8SMI_PHASE_RUNNING;
}
