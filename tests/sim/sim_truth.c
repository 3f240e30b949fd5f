/* SPDX-License-Identifier: Apache-2.0 */
/* What really runs on the agents, seen from outside the driver: the embedded Mesos' own objects. Each
 * executor and task is looked at when it appears, for that is when something that should not be would come to
 * be. */
#include "sim/sim.h"
#include "base/slice.h"

#include <k8smesos/task.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_truth_open(struct sim *s) {
  struct k8sm_allocator standard;
  if (!k8smi_allocator_init(&standard, NULL)) abort();
  k8smi_map_init(&s->truth.by_id, &standard, s->seed);
}

void sim_truth_free(struct sim *s) {
  struct sim_truth *t = &s->truth;
  for (size_t i = 0; i < t->task_count; i++) free(t->tasks[i]);
  free(t->tasks);
  free(t->instances);
  k8smi_map_free(&t->by_id);
}

static void *truth_grow(void *items, size_t *cap, size_t count, size_t size) {
  if (count < *cap) return items;
  *cap = *cap == 0 ? 32 : *cap * 2;
  items = realloc(items, *cap * size);
  if (items == NULL) abort();
  return items;
}

const struct sim_task *sim_truth_task(const struct sim *s, struct k8sm_slice id) {
  uint32_t i = k8smi_map_get(&s->truth.by_id, id);
  return i == K8SMI_MAP_NONE ? NULL : s->truth.tasks[i];
}

/* Where the record was lost, a former attempt that is found may be the pod's, and the last one be over. */
const struct sim_task *sim_truth_last(const struct sim *s, size_t pod, size_t container) {
  const struct sim_task *last = NULL;
  for (size_t i = s->truth.task_count; i-- > 0;) {
    const struct sim_task *t = s->truth.tasks[i];
    if (t->pod != pod || t->container != container) continue;
    if (t->live || !s->process.forgot) return t;
    if (last == NULL) last = t;
  }
  return last;
}

const struct sim_task *sim_truth_other(const struct sim *s, size_t pod, uint32_t attempt, size_t from,
                                       size_t *ret_next) {
  for (size_t i = from; i < s->truth.task_count; i++) {
    const struct sim_task *t = s->truth.tasks[i];
    struct k8sm_task_id id;
    if (t->pod != pod || !t->live || k8sm_task_id_parse(t->id, strlen(t->id), &id) != K8SM_OK) continue;
    if (id.attempt == attempt) continue;
    *ret_next = i + 1;
    return t;
  }
  return NULL;
}

bool sim_truth_alone(const struct sim *s, const struct sim_task *task) {
  return task != NULL && task->instance != SIZE_MAX && s->truth.instances[task->instance].alone;
}

size_t sim_truth_live(const struct sim *s, size_t pod) {
  size_t n = 0;
  for (size_t i = 0; i < s->truth.task_count; i++) {
    n += s->truth.tasks[i]->pod == pod && s->truth.tasks[i]->live;
  }
  return n;
}

/* ---- executors ---- */

/* The master's word on an agent excuses a second instance: unreachable, gone, or unknown to it. Where pods
 * are replaced, one that has been away may be back when the other is on its way; that it was not known to be
 * is for sim_check.c to see. */
static bool truth_excused(const struct sim *s, size_t agent) {
  return !s->local->agents[agent].registered || (s->replaces && s->truth.away[agent]);
}

static void truth_new_instance(struct sim *s, const struct sim_instance *n) {
  for (size_t i = 0; i < s->truth.instance_count; i++) {
    const struct sim_instance *o = &s->truth.instances[i];
    if (o->pod != n->pod) continue;
    if (strcmp(o->id, n->id) == 0)
      sim_broken(s, "no executor id is used twice", "%s starts once more", n->id);
    if (o->live && !truth_excused(s, o->agent))
      sim_broken(s, "one instance of each pod", "%s starts on agent %zu while %s lives on agent %zu", n->id,
                 n->agent, o->id, o->agent);
  }
}

static size_t truth_instance(struct sim *s, const struct local_executor *e, size_t pod, size_t agent) {
  struct sim_truth *t = &s->truth;
  for (size_t i = 0; i < t->instance_count; i++) {
    if (strcmp(t->instances[i].container_id, e->container_id) == 0) return i;
  }
  struct sim_instance n = {.pod = pod, .agent = agent, .alone = e->info == NULL, .live = true};
  snprintf(n.id, sizeof n.id, "%s", e->id);
  memcpy(n.container_id, e->container_id, sizeof n.container_id);
  truth_new_instance(s, &n);
  sim_holds_instance(s, &s->pods[pod], e);
  t->instances = truth_grow(t->instances, &t->instance_cap, t->instance_count, sizeof *t->instances);
  t->instances[t->instance_count] = n;
  return t->instance_count++;
}

/* ---- tasks ---- */

static bool truth_stage_done(const struct sim *s, const struct sim_task *n, size_t container) {
  bool sidecar = s->pods[n->pod].containers[container].kind == SIM_SIDECAR;
  for (size_t i = 0; i < s->truth.task_count; i++) {
    const struct sim_task *t = s->truth.tasks[i];
    if (t->pod != n->pod || t->container != container || t->instance != n->instance) continue;
    if (sidecar ? t->started : t->ended_well) return true;
  }
  return false;
}

static void truth_new_task(struct sim *s, const struct sim_task *n) {
  const struct sim_pod *pod = &s->pods[n->pod];
  for (size_t i = 0; i < s->truth.task_count; i++) {
    const struct sim_task *o = s->truth.tasks[i];
    if (o->pod != n->pod || o->container != n->container || !o->live || o->instance == SIZE_MAX) continue;
    if (truth_excused(s, s->truth.instances[o->instance].agent)) continue;
    sim_broken(s, "one instance of each container", "%s starts while %s lives", n->id, o->id);
  }
  if (n->instance == SIZE_MAX || n->container == SIM_CONTAINERS) return;
  size_t before = n->container < pod->init_count ? n->container : pod->init_count;
  for (size_t i = 0; i < before; i++) {
    if (truth_stage_done(s, n, i)) continue;
    sim_broken(s, "stages in order", "%s starts before container %s of %s has done its part", n->id,
               pod->containers[i].name, pod->key);
  }
}

static struct sim_task *truth_add(struct sim *s, const struct local_task *task,
                                  const struct k8sm_task_id *id) {
  struct sim_truth *t = &s->truth;
  const struct sim_pod *pod = sim_pod_of_uid(s, id->uid);
  if (pod == NULL) return NULL;
  struct sim_task *n = calloc(1, sizeof *n);
  if (n == NULL) abort();
  snprintf(n->id, sizeof n->id, "%s", task->id);
  n->pod = (size_t)(pod - s->pods);
  n->container = sim_container_find(pod, id->container);
  n->exit_code = -1;
  n->instance = task->executor == NULL || task->lost
                    ? SIZE_MAX
                    : truth_instance(s, task->executor, n->pod, task->agent->number);
  truth_new_task(s, n);
  t->tasks = truth_grow(t->tasks, &t->task_cap, t->task_count, sizeof(struct sim_task *));
  t->tasks[t->task_count] = n;
  k8smi_map_put(&t->by_id, k8smi_s(n->id), (uint32_t)t->task_count++);
  return n;
}

/* From the words of its last status. */
static int truth_exit_code(const struct local_task *task) {
  static const char exited[] = "Command exited with status ", killed[] = "Command terminated with signal ";
  if (k8smi_list_empty(&task->updates)) return -1;
  const K8smMesos__TaskStatus *u = K8SMI_OF(task->updates.prev, local_update, link)->status;
  const char *words = u->message == NULL ? "" : u->message;
  if (strncmp(words, exited, sizeof exited - 1) == 0) return atoi(words + sizeof exited - 1);
  if (strncmp(words, killed, sizeof killed - 1) != 0) return -1;
  return strcmp(words + sizeof killed - 1, "Killed") == 0 ? 137 : 143;
}

static bool truth_started(const struct local_task *task) {
  if (task->phase != LOCAL_TASK_RUNNING && task->phase != LOCAL_TASK_KILLING) return false;
  return task->info->check == NULL || (task->check.begun && task->check.result == 0);
}

static void truth_update(struct sim *s, struct sim_task *t, const struct local_task *task) {
  bool live = task->phase != LOCAL_TASK_ENDED && !task->lost && task->executor != NULL;
  if (!live && task->phase == LOCAL_TASK_ENDED && t->exit_code == -1) {
    t->exit_code = truth_exit_code(task);
    t->ended_well = t->exit_code == 0;
  }
  t->live = live;
  t->started = t->started || truth_started(task);
  t->seen = s->truth.looks;
}

/* Each look asks for each task: mostly it is where it was. */
static struct sim_task *truth_find(struct sim *s, const struct local_task *task) {
  size_t i = (uintptr_t)task / sizeof *task % SIM_FOUND;
  struct sim_task *t = s->truth.found[i].task;
  if (s->truth.found[i].at == task && strcmp(t->id, task->id) == 0) return t;
  t = (struct sim_task *)(uintptr_t)sim_truth_task(s, k8smi_s(task->id));
  if (t == NULL) return NULL;
  s->truth.found[i].at = task;
  s->truth.found[i].task = t;
  return t;
}

/* False: it is of a pod, and not known yet. */
static bool truth_look_task(struct sim *s, const struct local_task *task, bool fresh) {
  struct k8sm_task_id id;
  if (strncmp(task->id, "rival", 5) == 0) return true;
  struct sim_task *t = truth_find(s, task);
  bool known = t != NULL;
  if (fresh == known) return known;
  if (fresh && k8sm_task_id_parse(task->id, strlen(task->id), &id) == K8SM_OK) t = truth_add(s, task, &id);
  if (t != NULL) truth_update(s, t, task);
  return known;
}

/* True: there are some that are not known yet. */
static bool truth_look_tasks(struct sim *s, bool fresh) {
  bool more = false;
  K8SMI_EACH(link, &s->local->frameworks) {
    K8SMI_EACH(at, &K8SMI_OF(link, local_framework, link)->tasks) {
      more |= !truth_look_task(s, K8SMI_OF(at, local_task, by_framework), fresh);
    }
  }
  return more;
}

/* An executor lives as long as a task of it does: what it does after that hurts nobody. */
static void truth_look_executors(struct sim *s) {
  struct sim_truth *t = &s->truth;
  for (size_t i = 0; i < t->instance_count; i++) t->instances[i].live = false;
  for (size_t i = 0; i < t->task_count; i++) {
    struct sim_task *task = t->tasks[i];
    if (task->seen != t->looks) task->live = false;
    if (task->live && task->instance != SIZE_MAX) t->instances[task->instance].live = true;
  }
}

void sim_truth_look(struct sim *s) {
  s->truth.looks++;
  for (size_t i = 0; i < s->agent_count; i++) {
    if (!s->local->agents[i].registered) s->truth.away[i] = true;
  }
  /* Those that were there before come first: what is new is held against what is left of them. */
  bool more = truth_look_tasks(s, false);
  truth_look_executors(s);
  if (more) truth_look_tasks(s, true);
  if (more) truth_look_executors(s);
  sim_holds_look(s);
}
