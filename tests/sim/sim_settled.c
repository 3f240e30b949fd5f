/* SPDX-License-Identifier: Apache-2.0 */
/* Where every pod belongs, once nothing goes wrong any more. */
#include "sim/sim.h"
#include "base/slice.h"
#include "status/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SETTLED_KILL_MS = 100000 };

struct settled { /* the first thing that is not so, in words */
  char *words;
  size_t cap;
};

static void settled_not(struct settled *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void settled_not(struct settled *w, const char *format, ...) {
  va_list args;
  if (w->words[0] != '\0') return;
  va_start(args, format);
  vsnprintf(w->words, w->cap, format, args);
  va_end(args);
}

static bool settled_find(const struct sim *s, const struct sim_pod *p, struct k8sm_driver_pod *row) {
  for (size_t i = 0; k8sm_driver_pods(s->process.driver, i, row, sizeof *row, 1) != 0; i++) {
    if (k8smi_eqs(k8sm_pod_uid(row->pod), p->uid)) return true;
  }
  return false;
}

static void settled_gone(const struct sim *s, size_t i, struct settled *w) {
  const struct sim_pod *p = &s->pods[i];
  struct k8sm_driver_pod row;
  char key[SIM_TEXT + 8];
  snprintf(key, sizeof key, "pod/%s", p->uid);
  const struct sim_row *kept = sim_process_row(s, key);
  if (settled_find(s, p, &row)) settled_not(w, "%s is deleted, and the driver has it still", p->key);
  if (sim_truth_live(s, i) != 0)
    settled_not(w, "%s is deleted, and %zu tasks of it run", p->key, sim_truth_live(s, i));
  if (kept != NULL && kept->bytes.len != 0) settled_not(w, "%s is deleted, and has a record", p->key);
  if (!p->gone) settled_not(w, "%s is deleted, and its owner was not told that it is gone", p->key);
}

/* An agent that was given up did not tell how it ended: what is said may be of the instance before. */
static bool settled_is_untold(const struct sim *s, const struct sim_task *t) {
  return t->instance != SIZE_MAX && s->local->agents[s->truth.instances[t->instance].agent].gone;
}

/* The exit codes that are told are those that were. */
static void settled_codes(const struct sim *s, size_t i, const struct k8sm_status *status,
                          struct settled *w) {
  struct k8sm_container_status c;
  for (size_t k = 0; k8sm_status_containers(status, k, &c, sizeof c, 1) != 0; k++) {
    const struct sim_task *t = sim_truth_last(s, i, sim_container_find(&s->pods[i], c.name));
    bool told = c.state == K8SM_STATE_TERMINATED && !k8smi_eqs(c.reason, "ContainerStatusUnknown");
    if (!told || t == NULL || t->exit_code < 0 || t->exit_code == c.exit_code) continue;
    if (settled_is_untold(s, t)) continue;
    settled_not(w, "%s: container %s is said to have ended with %d, and did with %d", s->pods[i].key,
                c.name.ptr, c.exit_code, t->exit_code);
  }
}

/* Some container ended, and nobody was there to see how: with its agent, or its executor. Or its record is
 * lost, and nobody told of it since. */
static bool settled_unseen(const struct sim *s, const struct k8sm_status *status) {
  struct k8sm_container_status c;
  for (size_t k = 0; k8sm_status_containers(status, k, &c, sizeof c, 1) != 0; k++) {
    if (k8smi_eqs(c.reason, "ContainerStatusUnknown")) return true;
    if (s->process.forgot && c.state == K8SM_STATE_WAITING) return true;
  }
  return false;
}

/* It is of the attempt that the pod ended with. */
static bool settled_is_present(const struct sim_task *t, const struct k8sm_status *status) {
  struct k8sm_task_id id;
  return k8sm_task_id_parse(t->id, strlen(t->id), &id) == K8SM_OK &&
         id.attempt == k8sm_demand_attempt(status->demand);
}

static void settled_terminal(const struct sim *s, size_t i, const struct k8sm_status *status,
                             const struct k8sm_status_summary *sum, struct settled *w) {
  const struct sim_pod *p = &s->pods[i];
  bool failed = k8smi_eqs(sum->phase, "Failed");
  if (sim_truth_live(s, i) != 0)
    settled_not(w, "%s is %s, and %zu tasks of it run", p->key, sum->phase.ptr, sim_truth_live(s, i));
  if (!sum->finished) settled_not(w, "%s is %s, and not all is done", p->key, sum->phase.ptr);
  if (failed && p->deadline_s != 0) return;
  if (p->policy == SIM_ALWAYS)
    settled_not(w, "%s is %s, and is to be started again always", p->key, sum->phase.ptr);
  if (failed && p->policy == SIM_ON_FAILURE)
    settled_not(w, "%s is Failed, and is to be started again", p->key);
  bool bad = settled_unseen(s, status);
  for (size_t k = 0; k < p->container_count; k++) {
    const struct sim_task *t = sim_truth_last(s, i, k);
    if (!failed && p->containers[k].kind == SIM_MAIN && p->policy != SIM_NEVER && p->containers[k].fails &&
        p->containers[k].startup)
      settled_not(w, "%s is Succeeded, and %s never started", p->key, p->containers[k].name);
    if (p->containers[k].kind != SIM_SIDECAR)
      bad = bad || t == NULL || t->exit_code != 0 || !settled_is_present(t, status);
    if (!failed && p->containers[k].kind == SIM_MAIN && t != NULL && t->exit_code > 0)
      settled_not(w, "%s is Succeeded, and %s ended with %d", p->key, p->containers[k].name, t->exit_code);
  }
  if (failed && !bad) settled_not(w, "%s is Failed, and all of it ended well", p->key);
}

/* What stands before its main containers lets none of them begin. */
static bool settled_init_fails(const struct sim_pod *p) {
  for (size_t k = 0; k < p->init_count; k++) {
    const struct sim_container *c = &p->containers[k];
    if (c->fails && (c->kind == SIM_INIT || c->startup)) return true;
  }
  return false;
}

/* A restart needs a token of its own on its agent, or what it requests: where that is full, it waits. */
static bool settled_token_room(const struct sim *s, const struct sim_pod *p, const struct sim_container *c,
                               struct k8sm_slice agent_id) {
  bool whole = p->form != NULL && strcmp(p->form, "reserved") == 0;
  for (size_t i = 0; i < s->local->options.agent_count; i++) {
    const struct local_agent *agent = &s->local->agents[i];
    if (k8smi_eqs(agent_id, agent->id))
      return sim_holds_free(agent, "cpus", p) >= 60 + (whole ? c->cpus_milli : 0) &&
             sim_holds_free(agent, "mem", p) >= 64000 + (whole ? 64000 : 0);
  }
  return false;
}

/* It runs for longer than any startup probe here allows. */
static bool settled_overdue(const struct sim *s, const struct sim_task *t) {
  enum { STARTUP_MS = 120000 };
  K8SMI_EACH(link, &s->local->frameworks) {
    const struct local_framework *framework = K8SMI_OF(link, local_framework, link);
    const struct local_task *task = k8smi_local_index_get(&framework->task_index, k8smi_s(t->id));
    if (task != NULL && task->phase == LOCAL_TASK_RUNNING && s->now - task->running_since > STARTUP_MS)
      return true;
  }
  return false;
}

static void settled_container(const struct sim *s, size_t i, const struct k8sm_container_status *c,
                              bool reached, struct k8sm_slice agent_id, bool waits, struct settled *w) {
  const struct sim_pod *p = &s->pods[i];
  size_t k = sim_container_find(p, c->name);
  const struct sim_task *t = sim_truth_last(s, i, k);
  bool live = t != NULL && t->live, running = c->state == K8SM_STATE_RUNNING;
  if (running != live)
    settled_not(w, "%s: container %s is said to be %s, and %s", p->key, c->name.ptr,
                running ? "running" : "not running", live ? "runs" : "does not");
  if (waits && c->message.len == 0)
    settled_not(w, "%s: container %s is to be started, and nobody says what it waits for", p->key,
                c->name.ptr);
  if (live && p->containers[k].startup && p->containers[k].fails && settled_overdue(s, t))
    settled_not(w, "%s: container %s does not start, and is not killed for it", p->key, c->name.ptr);
  bool room = live || sim_truth_alone(s, t) || settled_token_room(s, p, &p->containers[k], agent_id);
  if (!reached || !p->containers[k].endless || !room) return;
  if (!live)
    settled_not(w, "%s: container %s is wanted, and does not run (%s)", p->key, c->name.ptr, c->reason.ptr);
  if (!c->ready) settled_not(w, "%s: container %s runs well, and is not ready", p->key, c->name.ptr);
}

/* Something is to be started of it: now, or when a back-off is over. */
static bool settled_is_due(const struct k8sm_status *status) {
  struct k8sm_action a;
  for (size_t k = 0; k8sm_status_actions(status, k, &a, sizeof a, 1) != 0; k++) {
    if (a.type == K8SM_ACTION_LAUNCH || a.type == K8SM_ACTION_ATTEMPT) return true;
  }
  return false;
}

/* A main container that ended, and is always started again, will be. */
static void settled_again(const struct sim *s, size_t i, const struct k8sm_status *status,
                          struct settled *w) {
  const struct sim_pod *p = &s->pods[i];
  if (p->policy != SIM_ALWAYS || settled_init_fails(p) || settled_is_due(status)) return;
  for (size_t k = p->init_count; k < p->container_count; k++) {
    const struct sim_task *t = sim_truth_last(s, i, k);
    if (t == NULL || !t->live)
      settled_not(w, "%s: container %s does not run, and is not to be started", p->key,
                  p->containers[k].name);
  }
}

static void settled_running(const struct sim *s, size_t i, const struct k8sm_driver_pod *row,
                            const struct k8sm_status_summary *sum, struct settled *w) {
  const struct sim_pod *p = &s->pods[i];
  const struct sim_task *pause = sim_truth_last(s, i, SIM_CONTAINERS);
  const uint64_t mono_ms = s->now - s->process.mono_base;
  struct k8sm_container_status c;
  size_t instances = 0;
  bool alone = sim_truth_alone(s, sim_truth_last(s, i, 0));
  if (p->deadline_s != 0 && s->process.wall_offset == 0)
    settled_not(w, "%s has a deadline, and goes on", p->key);
  if (!alone && (pause == NULL || !pause->live))
    settled_not(w, "%s has no executor (%s)", p->key, sum->shown.ptr);
  for (size_t k = 0; k < s->truth.instance_count; k++)
    instances += s->truth.instances[k].pod == i && s->truth.instances[k].live;
  if (instances > 1) settled_not(w, "%s has %zu executors", p->key, instances);
  for (size_t k = 0; k8sm_status_containers(row->status, k, &c, sizeof c, 1) != 0; k++)
    settled_container(s, i, &c, !settled_init_fails(p), sum->agent_id,
                      sim_shown_due(row->status, c.task, mono_ms), w);
  settled_again(s, i, row->status, w);
}

/* Another pod has the volume that it claims: one at a time. Or it is gone with its agent, and who has lost
 * the record does not know what to ask the master for. */
static bool settled_volume_is_taken(const struct sim *s, const struct sim_pod *p) {
  if (p->claim < SIM_CLAIMS && s->holds.volume_lost[p->claim] && s->process.forgot) return true;
  for (size_t i = 0; p->claim < SIM_CLAIMS && i < s->pod_count; i++) {
    if (&s->pods[i] != p && s->pods[i].claim == p->claim && sim_truth_live(s, i) != 0) return true;
  }
  return false;
}

/* What an executor has; that of a command task has nothing but its task. */
static int64_t settled_held(const struct local_executor *e, const char *name) {
  bool found;
  int64_t n = k8smi_local_bag_scalar(&e->held.bag, name, &found);
  if (e->info != NULL) return n;
  K8SMI_EACH(link, (struct k8smi_link *)(uintptr_t)&e->tasks) {
    n += k8smi_local_bag_scalar(&K8SMI_OF(link, local_task, by_executor)->held.bag, name, &found);
  }
  return n;
}

/* What pods of a lower priority have on the agent: they may end for it. */
static int64_t settled_lower(const struct sim *s, const struct local_agent *agent, const struct sim_pod *p,
                             const char *name) {
  struct sim *sim = (struct sim *)(uintptr_t)s;
  int64_t n = 0;
  K8SMI_EACH(link, (struct k8smi_link *)(uintptr_t)&agent->executors) {
    const struct local_executor *e = K8SMI_OF(link, local_executor, link);
    struct k8sm_task_id id;
    int r = e->info != NULL ? k8sm_executor_id_parse(e->id, strlen(e->id), &id)
                            : k8sm_task_id_parse(e->id, strlen(e->id), &id);
    if (!s->preempts || r != K8SM_OK) continue;
    const struct sim_pod *other = sim_pod_of_uid(sim, id.uid);
    if (other != NULL && other->priority < p->priority && e->phase != LOCAL_EXECUTOR_ENDED)
      n += settled_held(e, name);
  }
  return n;
}

/* Has an agent that much to give? Where its volume is, if there is one. */
static bool settled_room(const struct sim *s, const struct sim_pod *p) {
  size_t home = p->claim < SIM_CLAIMS ? s->holds.volume_agent[p->claim] : SIZE_MAX;
  if (settled_volume_is_taken(s, p)) return false;
  for (size_t i = 0; i < s->local->options.agent_count; i++) {
    const struct local_agent *agent = &s->local->agents[i];
    if (!agent->registered || (home != SIZE_MAX && home != i)) continue;
    if (sim_holds_free(agent, "cpus", p) >= p->cpus_milli) return true;
    int64_t cpus = settled_lower(s, agent, p, "cpus"), mem = settled_lower(s, agent, p, "mem");
    if (cpus > 0 && sim_holds_free(agent, "cpus", p) + cpus >= p->cpus_milli &&
        sim_holds_free(agent, "mem", p) + mem >= p->mem_milli)
      return true;
  }
  return false;
}

static void settled_unplaced(const struct sim *s, size_t i, const struct k8sm_status_summary *sum,
                             struct settled *w) {
  const struct sim_pod *p = &s->pods[i];
  if (sim_truth_live(s, i) != 0) settled_not(w, "%s has no place, and runs", p->key);
  if (sum->message.len == 0) settled_not(w, "%s has no place, and nobody says why", p->key);
  if (p->alone && !p->containers[0].endless) return; /* it ends, and is placed anew after its back-off */
  if (settled_room(s, p)) settled_not(w, "%s has no place, and there is room (%s)", p->key, sum->message.ptr);
}

static void settled_wanted(const struct sim *s, size_t i, struct settled *w) {
  const struct sim_pod *p = &s->pods[i];
  struct k8sm_driver_pod row;
  struct k8sm_status_summary sum = {.size = sizeof sum};
  if (p->let_go) return;
  if (!settled_find(s, p, &row)) {
    settled_not(w, "%s is wanted, and the driver does not have it", p->key);
    return;
  }
  if (k8sm_status_summarize(row.status, &sum) != K8SM_OK) return;
  settled_codes(s, i, row.status, w);
  if (k8smi_eqs(sum.phase, "Failed") || k8smi_eqs(sum.phase, "Succeeded")) {
    settled_terminal(s, i, row.status, &sum, w);
  } else if (sum.agent_id.len == 0) {
    settled_unplaced(s, i, &sum, w);
  } else {
    settled_running(s, i, &row, &sum, w);
  }
}

/* What agents have said of operations, and nobody has acknowledged. Where the master does not know one,
 * nobody can. */
static void settled_operations(const struct local_framework *framework, struct settled *w) {
  K8SMI_EACH(at, (struct k8smi_link *)(uintptr_t)&framework->operations) {
    const struct local_operation *operation = K8SMI_OF(at, local_operation, link);
    if (operation->known && operation->heard)
      settled_not(w, "the end of operation %s is not acknowledged", operation->id);
  }
}

/* What agents have said and nobody has acknowledged. */
static void settled_updates(const struct sim *s, struct settled *w) {
  K8SMI_EACH(link, &s->local->frameworks) {
    K8SMI_EACH(at, &K8SMI_OF(link, local_framework, link)->tasks) {
      const struct local_task *task = K8SMI_OF(at, local_task, by_framework);
      if (strncmp(task->id, "rival", 5) == 0 || task->lost || k8smi_list_empty(&task->updates)) continue;
      settled_not(w, "an update of %s is not acknowledged", task->id);
    }
    settled_operations(K8SMI_OF(link, local_framework, link), w);
  }
}

/* It was to die as it had not started, and had: its agent could not tell. */
static bool settled_spared(const struct sim *s, const struct sim_task *t) {
  const struct sim_pod *p = &s->pods[t->pod];
  if (p->deleted || t->container >= p->container_count) return false;
  return p->containers[t->container].startup && !p->containers[t->container].fails;
}

/* While a task lives that is to die, it is told so again and again. */
static void settled_kills(struct sim *s) {
  if (s->now < s->calm_ms + SETTLED_KILL_MS || s->net.stream == 0) return;
  for (size_t i = 0; i < s->truth.task_count; i++) {
    const struct sim_task *t = s->truth.tasks[i];
    if (!t->live || t->killed_ms == 0 || s->now - t->killed_ms < SETTLED_KILL_MS || settled_spared(s, t))
      continue;
    sim_broken(s, "kills are repeated until the end", "%s lives, and was sent its last KILL %llu ms ago",
               t->id, (unsigned long long)(s->now - t->killed_ms));
  }
}

void sim_check_settled(struct sim *s, char *words, size_t cap) {
  struct settled w = {words, cap};
  settled_kills(s);
  sim_check_forgotten(s);
  if (s->check.forgotten[0] != '\0')
    settled_not(&w, "%s was neither taken nor given back", s->check.forgotten);
  if (s->process.driver == NULL) settled_not(&w, "the process is not there");
  if (s->process.adopts && !s->process.said) settled_not(&w, "the record is lost, and nobody says so");
  for (size_t i = 0; i < s->pod_count && words[0] == '\0'; i++) {
    if (!s->pods[i].created) settled_not(&w, "%s is to come", s->pods[i].key);
    if (s->pods[i].deleted) {
      settled_gone(s, i, &w);
    } else {
      settled_wanted(s, i, &w);
    }
  }
  if (words[0] == '\0') settled_updates(s, &w);
}

void sim_check_empty(struct sim *s, char *words, size_t cap) {
  struct settled w = {words, cap};
  settled_kills(s);
  sim_check_forgotten(s);
  if (s->check.forgotten[0] != '\0')
    settled_not(&w, "%s was neither taken nor given back", s->check.forgotten);
  if (s->process.driver == NULL) settled_not(&w, "the process is not there");
  for (size_t i = 0; i < s->pod_count && words[0] == '\0'; i++) {
    if (!s->pods[i].deleted) settled_not(&w, "%s is not deleted yet", s->pods[i].key);
    if (words[0] == '\0') settled_gone(s, i, &w);
  }
  if (words[0] == '\0') settled_updates(s, &w);
  for (size_t i = 0; i < s->truth.instance_count; i++) {
    if (s->truth.instances[i].live) settled_not(&w, "executor %s lives", s->truth.instances[i].id);
  }
}
