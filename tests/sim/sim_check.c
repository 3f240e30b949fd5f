/* SPDX-License-Identifier: Apache-2.0 */
/* What the process says to the master and to its owner, held against what it was told and what it has kept.
 */
#include "sim/sim.h"
#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_HOLD_MS = 15000, CHECK_EVENT_MAX = 1 << 22, CHECK_KILLS_MS = 5000, CHECK_LATE_MS = 60000 };

void sim_check_open(struct sim *s) {
  k8smi_recordio_init(&s->check.recordio, NULL, CHECK_EVENT_MAX);
  struct k8sm_allocator standard;
  if (!k8smi_allocator_init(&standard, NULL)) abort();
  k8smi_map_init(&s->check.used_ids, &standard, s->seed);
}

void sim_check_free(struct sim *s) {
  struct sim_check *c = &s->check;
  k8smi_recordio_free(&c->recordio);
  k8smi_map_free(&c->used_ids);
  for (size_t i = 0; i < c->used_count; i++) free(c->used[i]);
  free(c->used);
  free(c->heard);
  sim_operations_free(s);
}

void sim_check_stream_began(struct sim *s) {
  k8smi_recordio_reset(&s->check.recordio);
  s->check.held_count = 0;
}

void sim_check_crashed(struct sim *s) {
  sim_check_stream_began(s);
  s->check.heard_count = 0;
  sim_operations_crashed(s);
  /* What its successor kills, and when, is for that one to find out. */
  for (size_t i = 0; i < s->truth.task_count; i++) s->truth.tasks[i]->killed_ms = 0;
}

static void *check_grow(void *items, size_t *cap, size_t count, size_t size) {
  if (count < *cap) return items;
  *cap = *cap == 0 ? 64 : *cap * 2;
  items = realloc(items, *cap * size);
  if (items == NULL) abort();
  return items;
}

/* ---- what comes ---- */

static bool check_terminal(int state) {
  return state == K8SM_MESOS__TASK_STATE__TASK_FINISHED || state == K8SM_MESOS__TASK_STATE__TASK_FAILED ||
         state == K8SM_MESOS__TASK_STATE__TASK_KILLED || state == K8SM_MESOS__TASK_STATE__TASK_ERROR ||
         state == K8SM_MESOS__TASK_STATE__TASK_DROPPED || state == K8SM_MESOS__TASK_STATE__TASK_GONE ||
         state == K8SM_MESOS__TASK_STATE__TASK_GONE_BY_OPERATOR;
}

static const char *check_name(const ProtobufCEnumDescriptor *type, bool has, int value) {
  const char *name = has ? k8smi_enum_name(type, value) : NULL;
  return name == NULL ? "-" : name;
}

static void check_update(struct sim *s, const K8smMesos__TaskStatus *u) {
  struct sim_check *c = &s->check;
  c->heard = check_grow(c->heard, &c->heard_cap, c->heard_count, sizeof *c->heard);
  struct sim_heard *h = &c->heard[c->heard_count++];
  memset(h, 0, sizeof *h);
  snprintf(h->task, sizeof h->task, "%s", u->task_id->value);
  h->stream = s->net.stream;
  h->terminal = check_terminal((int)u->state);
  h->lives =
      u->state == K8SM_MESOS__TASK_STATE__TASK_STAGING || u->state == K8SM_MESOS__TASK_STATE__TASK_STARTING ||
      u->state == K8SM_MESOS__TASK_STATE__TASK_RUNNING || u->state == K8SM_MESOS__TASK_STATE__TASK_KILLING;
  h->has_uuid = u->has_uuid && u->uuid.len == LOCAL_UUID_BYTES;
  if (h->has_uuid) memcpy(h->uuid, u->uuid.data, LOCAL_UUID_BYTES);
  sim_seen_update(s, u);
  if (!s->tracing) return;
  sim_trace(s, "< UPDATE %s %s %s %s %s%s", h->task,
            check_name(&k8sm_mesos__task_state__descriptor, true, (int)u->state),
            check_name(&k8sm_mesos__task_status__source__descriptor, u->has_source, (int)u->source),
            check_name(&k8sm_mesos__task_status__reason__descriptor, u->has_reason, (int)u->reason),
            u->message == NULL ? "" : u->message, h->has_uuid ? "" : " (no uuid)");
}

static size_t check_find_offer(const struct sim_check *c, const char *id) {
  size_t i = 0;
  while (i < c->held_count && strcmp(c->held[i].id, id) != 0) i++;
  return i;
}

static void check_drop_offer(struct sim_check *c, size_t i) {
  if (i < c->held_count) c->held[i] = c->held[--c->held_count];
}

static void check_event(struct sim *s, const K8smMesos__Event *e) {
  struct sim_check *c = &s->check;
  if (e->type == K8SM_MESOS__EVENT__TYPE__UPDATE) {
    check_update(s, e->update->status);
    return;
  }
  if (e->type == K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS) {
    sim_operations_heard(s, e->update_operation_status->status);
    return;
  }
  if (e->type == K8SM_MESOS__EVENT__TYPE__RESCIND)
    check_drop_offer(c, check_find_offer(c, e->rescind->offer_id->value));
  for (size_t i = 0; e->offers != NULL && i < e->offers->n_offers; i++) {
    if (c->held_count == SIM_HELD) {
      sim_broken(s, "no offer is held past its time", "%d offers are held", SIM_HELD);
      return;
    }
    struct sim_held *h = &c->held[c->held_count++];
    snprintf(h->id, sizeof h->id, "%s", e->offers->offers[i]->id->value);
    h->since = s->now;
    sim_trace(s, "< OFFER %s", h->id);
  }
  if (e->type != K8SM_MESOS__EVENT__TYPE__OFFERS && e->type != K8SM_MESOS__EVENT__TYPE__HEARTBEAT)
    sim_trace(s, "< %s", check_name(&k8sm_mesos__event__type__descriptor, true, (int)e->type));
}

void sim_check_chunk(struct sim *s, struct k8sm_slice bytes) {
  struct k8sm_slice event;
  while (k8smi_recordio_next(&s->check.recordio, &bytes.ptr, &bytes.len, &event, NULL) == K8SM_OK) {
    struct k8smi_arena arena;
    ProtobufCMessage *message;
    k8smi_arena_init(&arena, NULL, 0);
    if (k8smi_message_read(&arena, s->format, &k8sm_mesos__event__descriptor, event.ptr, event.len, &message,
                           NULL) == K8SM_OK) {
      check_event(s, (const K8smMesos__Event *)(const void *)message);
    }
    k8smi_arena_free(&arena);
  }
}

void sim_check_offers(struct sim *s) {
  for (size_t i = 0; i < s->check.held_count; i++) {
    if (s->now - s->check.held[i].since <= CHECK_HOLD_MS) continue;
    sim_broken(s, "no offer is held past its time", "%s is held for %llu ms", s->check.held[i].id,
               (unsigned long long)(s->now - s->check.held[i].since));
  }
}

static const struct local_offer *check_find_forgotten(const struct sim *s) {
  K8SMI_EACH(link, &s->local->frameworks) {
    K8SMI_EACH(at, &K8SMI_OF(link, local_framework, link)->offers) {
      const struct local_offer *o = K8SMI_OF(at, local_offer, by_framework);
      if (check_find_offer(&s->check, o->id) == s->check.held_count) return o;
    }
  }
  return NULL;
}

void sim_check_forgotten(struct sim *s) {
  struct sim_check *c = &s->check;
  const struct local_offer *o = check_find_forgotten(s);
  if (o == NULL || strcmp(o->id, c->forgotten) != 0) c->forgotten_ms = s->now;
  snprintf(c->forgotten, sizeof c->forgotten, "%s", o == NULL ? "" : o->id);
  if (s->now - c->forgotten_ms > CHECK_HOLD_MS + CHECK_LATE_MS)
    sim_broken(s, "no offer is held past its time", "%s was neither taken nor given back", o->id);
}

/* ---- what goes ---- */

/* The list of tasks in the last row that has one: it begins with "tasks":[{"id" where it is not empty, which
 * no other list does. */
static const char *check_row_tasks(const struct sim_row *row) {
  static const char some[] = "\"tasks\":[{\"id\"", none[] = "\"tasks\":[]";
  size_t whole = row->bytes.len;
  while (whole > 0 && row->bytes.ptr[whole - 1] != '\n')
    whole--; /* a row that was cut short counts for nothing */
  for (size_t i = whole; i-- > 0;) {
    size_t left = whole - i;
    const char *at = row->bytes.ptr + i;
    if (*at != '"') continue;
    if (left >= sizeof some - 1 && memcmp(at, some, sizeof some - 1) == 0) return at;
    if (left >= sizeof none - 1 && memcmp(at, none, sizeof none - 1) == 0) return at;
  }
  return NULL;
}

/* Is the task named by the rows that are kept of its pod? */
static bool check_row_names(const struct sim *s, const struct sim_pod *pod, const char *task) {
  char key[SIM_TEXT + 8], part[SIM_TEXT * 2 + 16];
  snprintf(key, sizeof key, "pod/%s", pod->uid);
  const struct sim_row *row = sim_process_row(s, key);
  const char *at = row == NULL ? NULL : check_row_tasks(row);
  size_t n = (size_t)snprintf(part, sizeof part, "\"id\":\"%s\"", task);
  for (; at != NULL && *at != ']'; at++) {
    if (*at == '"' && (size_t)(row->bytes.ptr + row->bytes.len - at) >= n && memcmp(at, part, n) == 0)
      return true;
  }
  return false;
}

bool sim_check_knows(const struct sim *s, const struct sim_pod *pod, const char *task) {
  size_t i = 0;
  while (i < s->check.heard_count && strcmp(s->check.heard[i].task, task) != 0) i++;
  return i < s->check.heard_count || check_row_names(s, pod, task);
}

static struct sim_pod *check_pod(struct sim *s, const char *task) {
  struct k8sm_task_id id;
  if (k8sm_task_id_parse(task, strlen(task), &id) != K8SM_OK) {
    sim_broken(s, "ids are in our form", "'%s'", task);
    return NULL;
  }
  return sim_pod_of_uid(s, id.uid);
}

/* Whether the process may take it for missing: it has ended, or the master of this stream does not reach it.
 */
static bool check_heard_missing(const struct sim *s, const char *task) {
  const struct sim_check *c = &s->check;
  for (size_t i = c->heard_count; i-- > 0;) {
    const struct sim_heard *h = &c->heard[i];
    if (strcmp(h->task, task) == 0) return h->terminal || (!h->lives && h->stream == s->net.stream);
  }
  return s->process.forgot; /* else its record names it */
}

/* What lives of it can't be reached, as far as the process has heard. */
void sim_check_gone(struct sim *s, const struct sim_pod *pod) {
  const struct sim_check *c = &s->check;
  for (size_t i = 0; i < s->truth.task_count; i++) {
    const struct sim_task *t = s->truth.tasks[i];
    if (&s->pods[t->pod] != pod || !t->live) continue;
    if (s->process.forgot && !sim_check_knows(s, pod, t->id)) continue; /* a lost record named it */
    size_t k = c->heard_count;
    while (k > 0 && strcmp(c->heard[k - 1].task, t->id) != 0) k--;
    if (k == 0 || c->heard[k - 1].lives)
      sim_broken(s, "a pod is gone when nothing of it can be reached",
                 "%s is gone, and %s may be known to live", pod->key, t->id);
  }
}

/* No attempt begins beside another one that lives, as far as the process can know: with its pause task,
 * unless it is `alone`. */
static void check_attempts(struct sim *s, const struct sim_pod *pod, const char *task, bool alone) {
  const struct sim_task *other;
  struct k8sm_task_id id;
  if (k8sm_task_id_parse(task, strlen(task), &id) != K8SM_OK) return;
  if (id.container.len != 0 && !alone) return;
  size_t at = 0, number = (size_t)(pod - s->pods);
  while ((other = sim_truth_other(s, number, id.attempt, at, &at)) != NULL) {
    if (!check_heard_missing(s, other->id))
      sim_broken(s, "one instance of each pod", "%s is launched while %s may be known to live", task,
                 other->id);
  }
}

/* The pause task ends with its executor: another one of that id would begin in an empty sandbox. As long as
 * its end is told by copies only, the agent has not let go of it. Where it was killed, others may keep the
 * executor. */
static void check_executor(struct sim *s, const char *task) {
  const struct sim_check *c = &s->check;
  char pause[SIM_TEXT * 2];
  struct k8sm_task_id id;
  if (k8sm_task_id_parse(task, strlen(task), &id) != K8SM_OK || id.container.len == 0) return;
  int n = snprintf(pause, sizeof pause, "%.*s.%u.", (int)id.uid.len, id.uid.ptr, id.attempt);
  for (size_t i = 0; i < s->truth.instance_count; i++) {
    if (s->truth.instances[i].live && strncmp(s->truth.instances[i].id, pause, (size_t)n) == 0) return;
  }
  pause[n++] = '.';
  for (size_t i = 0; i < c->heard_count; i++) {
    if (c->heard[i].terminal && c->heard[i].has_uuid && strncmp(c->heard[i].task, pause, (size_t)n) == 0)
      sim_broken(s, "no launch on an executor that has ended", "%s, and %s has ended", task,
                 c->heard[i].task);
  }
}

/* False: the id of a task or an operation was used before. */
static bool check_use(struct sim_check *c, const char *id) {
  bool fresh = k8smi_map_get(&c->used_ids, k8smi_s(id)) == K8SMI_MAP_NONE;
  c->used = check_grow(c->used, &c->used_cap, c->used_count, sizeof(char *));
  if ((c->used[c->used_count] = strdup(id)) == NULL) abort();
  k8smi_map_put(&c->used_ids, k8smi_s(c->used[c->used_count]), (uint32_t)c->used_count);
  c->used_count++;
  return fresh;
}

static void check_launch(struct sim *s, const char *task, bool alone) {
  struct sim_check *c = &s->check;
  struct sim_pod *pod = check_pod(s, task);
  sim_trace(s, "    task %s%s", task, alone ? ", alone" : "");
  if (!check_use(c, task)) sim_broken(s, "no task id is used twice", "%s is launched once more", task);
  if (pod != NULL) check_attempts(s, pod, task, alone);
  if (pod != NULL && alone && !pod->alone)
    sim_broken(s, "pods have the form that was asked for", "%s is a command task", task);
  check_executor(s, task);
  if (pod != NULL && !check_row_names(s, pod, task))
    sim_broken(s, "recorded before it is launched", "%s is in an ACCEPT and in no record", task);
}

static size_t check_agent(const struct sim *s, const K8smMesos__TaskInfo *task) {
  size_t i = 0;
  while (i < SIM_AGENTS && strcmp(s->local->agents[i].id, task->agent_id->value) != 0) i++;
  return i;
}

static void check_accept(struct sim *s, const K8smMesos__Call__Accept *a) {
  struct sim_check *c = &s->check;
  sim_holds_accept(s, a);
  for (size_t i = 0; i < a->n_operations; i++) {
    const char *id = a->operations[i]->id == NULL ? NULL : a->operations[i]->id->value;
    c->creates = c->creates || a->operations[i]->create != NULL;
    if (id != NULL && !check_use(c, id)) sim_broken(s, "no operation id is used twice", "%s", id);
    const K8smMesos__Offer__Operation__Launch *l = a->operations[i]->launch;
    const K8smMesos__Offer__Operation__LaunchGroup *g = a->operations[i]->launch_group;
    if (l != NULL && l->n_task_infos != 0) c->launched_on = check_agent(s, l->task_infos[0]);
    if (g != NULL && g->task_group->n_tasks != 0) c->launched_on = check_agent(s, g->task_group->tasks[0]);
    for (size_t k = 0; l != NULL && k < l->n_task_infos; k++)
      check_launch(s, l->task_infos[k]->task_id->value, true);
    for (size_t k = 0; g != NULL && k < g->task_group->n_tasks; k++)
      check_launch(s, g->task_group->tasks[k]->task_id->value, false);
  }
  for (size_t i = 0; i < a->n_offer_ids; i++) {
    size_t at = check_find_offer(c, a->offer_ids[i]->value);
    if (at == c->held_count) sim_broken(s, "only offers that stand are taken", "%s", a->offer_ids[i]->value);
    check_drop_offer(c, at);
  }
  c->accepts++;
}

static void check_acknowledge(struct sim *s, const K8smMesos__Call__Acknowledge *a) {
  struct sim_check *c = &s->check;
  size_t i = 0;
  for (; i < c->heard_count; i++) {
    const struct sim_heard *h = &c->heard[i];
    if (h->has_uuid && a->uuid.len == LOCAL_UUID_BYTES &&
        memcmp(h->uuid, a->uuid.data, LOCAL_UUID_BYTES) == 0 && strcmp(h->task, a->task_id->value) == 0) {
      break;
    }
  }
  c->acks++;
  if (i == c->heard_count) {
    sim_broken(s, "acknowledged by the rule", "no update of %s with that uuid came", a->task_id->value);
    return;
  }
  struct sim_pod *pod = check_pod(s, a->task_id->value);
  if (c->heard[i].terminal && pod != NULL && check_row_names(s, pod, a->task_id->value))
    sim_broken(s, "recorded before it is acknowledged", "the end of %s is in no record", a->task_id->value);
}

static void check_subscribe(struct sim *s, const K8smMesos__Call__Subscribe *sub) {
  const struct sim_row *row = sim_process_row(s, "framework");
  if (row == NULL || row->bytes.len == 0) return;
  const char *id = sub->framework_info->id == NULL ? "" : sub->framework_info->id->value;
  if (!k8smi_eqs((struct k8sm_slice){row->bytes.ptr, row->bytes.len}, id))
    sim_broken(s, "one framework", "it subscribes as '%s' and was '%.*s'", id, (int)row->bytes.len,
               row->bytes.ptr);
}

/* A master that answers must not be asked again for that. */
static void check_kill(struct sim *s, const char *id) {
  struct sim_task *task = (struct sim_task *)(uintptr_t)sim_truth_task(s, k8smi_s(id));
  if (task != NULL) task->killed_ms = s->now;
  uint64_t *at = &s->check.kill_ms[s->check.kills++ % SIM_KILLS];
  if (*at != 0 && s->now - *at < CHECK_KILLS_MS)
    sim_broken(s, "kills are repeated in peace", "%d within %llu ms", SIM_KILLS,
               (unsigned long long)(s->now - *at));
  *at = s->now;
}

void sim_check_request(struct sim *s, const struct k8sm_effect *e) {
  struct k8smi_arena arena;
  ProtobufCMessage *message;
  k8smi_arena_init(&arena, NULL, 0);
  if (k8smi_message_read(&arena, s->format, &k8sm_mesos__call__descriptor, e->bytes.ptr, e->bytes.len,
                         &message, NULL) != K8SM_OK) {
    sim_broken(s, "calls can be read", "a request of %zu bytes can't", e->bytes.len);
    k8smi_arena_free(&arena);
    return;
  }
  const K8smMesos__Call *call = (const K8smMesos__Call *)(const void *)message;
  sim_trace(s, "> %s %s", check_name(&k8sm_mesos__call__type__descriptor, true, (int)call->type),
            call->kill != NULL          ? call->kill->task_id->value
            : call->acknowledge != NULL ? call->acknowledge->task_id->value
                                        : "");
  s->check.wish = call->type == K8SM_MESOS__CALL__TYPE__ACCEPT ||
                  call->type == K8SM_MESOS__CALL__TYPE__SUPPRESS ||
                  call->type == K8SM_MESOS__CALL__TYPE__REVIVE;
  s->check.launched_on = SIM_AGENTS;
  s->check.creates = false;
  if (call->accept != NULL) check_accept(s, call->accept);
  if (call->acknowledge != NULL) check_acknowledge(s, call->acknowledge);
  if (call->acknowledge_operation_status != NULL)
    sim_operations_acknowledge(s, call->acknowledge_operation_status);
  if (call->subscribe != NULL) check_subscribe(s, call->subscribe);
  for (size_t i = 0; call->decline != NULL && i < call->decline->n_offer_ids; i++)
    check_drop_offer(&s->check, check_find_offer(&s->check, call->decline->offer_ids[i]->value));
  if (call->kill != NULL) check_kill(s, call->kill->task_id->value);
  k8smi_arena_free(&arena);
}
