/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong, and when. */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

enum { FAULTS_FROM_MS = 2000, FAULTS_SPAN_MS = 220000 };

static void faults_cut(struct sim *s) {
  s->net.cut_next = sim_percent(s, SIM_CHANCE_FAULTS, 25);
  if (s->net.cut_next) return;
  if (sim_percent(s, SIM_CHANCE_FAULTS, 40)) {
    s->faults.cut_wishes = sim_percent(s, SIM_CHANCE_FAULTS, 50);
    if (!s->faults.cut_wishes) s->faults.cut_after = (uint32_t)sim_between(s, SIM_CHANCE_FAULTS, 1, 4);
    return;
  }
  unsigned which = (unsigned)sim_draw(s, SIM_CHANCE_FAULTS, 3);
  if (which != 0) sim_net_cut_stream(s);
  if (which != 1) sim_net_cut_calls(s);
}

static void faults_stall(struct sim *s) {
  s->net.stalled_until = s->now + sim_between(s, SIM_CHANCE_FAULTS, 500, 110000);
}

static void faults_slow(struct sim *s) {
  s->net.slow_until = s->now + sim_between(s, SIM_CHANCE_FAULTS, 5000, 60000);
}

static void faults_crash(struct sim *s) {
  s->process.crash_in = sim_between(s, SIM_CHANCE_FAULTS, 1, 25);
}

void sim_faults_refuse(struct sim *s) {
  s->process.refuse_until = s->now + sim_between(s, SIM_CHANCE_FAULTS, 1000, 40000);
}

static bool faults_any_gone(const struct sim *s) {
  for (size_t i = 0; i < SIM_AGENTS; i++) {
    if (s->faults.agents[i].gone) return true;
  }
  return false;
}

/* A master without a registry has never heard of an agent that does not come back, and nobody can ever say
 * that it is gone. So the two don't happen together. */
static void faults_fail_over(struct sim *s) {
  bool recovered = sim_percent(s, SIM_CHANCE_FAULTS, 50);
  if (recovered || faults_any_gone(s)) {
    k8smi_local_recover_master(s->local);
  } else {
    k8smi_local_fail_over(s->local);
  }
  sim_trace(s, "a new master, %s", recovered ? "with its registry" : "without a registry");
}

bool sim_faults_is_there(const struct sim *s, size_t i) {
  return s->faults.agents[i].back_ms == UINT64_MAX && !s->faults.agents[i].gone;
}

/* One that is there; SIM_AGENTS: none. */
static size_t faults_agent(struct sim *s) {
  size_t i = (size_t)sim_draw(s, SIM_CHANCE_FAULTS, s->agent_count);
  return sim_faults_is_there(s, i) ? i : SIM_AGENTS;
}

void sim_faults_back_later(struct sim *s, size_t i) {
  s->faults.agents[i].back_ms = s->now + sim_between(s, SIM_CHANCE_FAULTS, 1000, 150000);
}

static void faults_cut_agent(struct sim *s) {
  if (s->reserves && sim_traps_set(s, SIM_UNMADE, 20)) return;
  if (sim_traps_set(s, SIM_MISS, 15)) return;
  size_t i = faults_agent(s);
  if (i == SIM_AGENTS) return;
  bool noticed = sim_percent(s, SIM_CHANCE_FAULTS, 40);
  if (noticed) {
    k8smi_local_kill_agent(s->local, i);
  } else {
    k8smi_local_cut_agent(s->local, i);
  }
  sim_faults_back_later(s, i);
  if (sim_percent(s, SIM_CHANCE_FAULTS, 35)) sim_traps_patience(s, i);
  sim_trace(s, "agent %zu is cut off%s", i, noticed ? ", and the master knows" : "");
}

/* In place of one that is gone for good there comes another, so that there is room again. */
static void faults_replace(struct sim *s, size_t i) {
  s->faults.agents[i].gone = true;
  k8smi_local_restore_agent(s->local, s->agent_count);
  s->agent_count++;
}

void sim_faults_restart_process(struct sim *s, size_t i) {
  struct local_agent *agent = &s->local->agents[i];
  sim_trace(s, "agent %zu: its process starts again", i);
  k8smi_local_restart_agent(s->local, i);
  K8SMI_EACH(link, &agent->executors) {
    s->seen[SIM_SEEN_TORN_LAUNCH] += K8SMI_OF(link, local_executor, link)->torn;
  }
}

static void faults_restart(struct sim *s) {
  if (sim_traps_set(s, SIM_TEAR, 40)) return;
  size_t i = faults_agent(s);
  if (i == SIM_AGENTS) return;
  if (sim_percent(s, SIM_CHANCE_FAULTS, 70) || faults_any_gone(s) || !s->local->agents[i].registered) {
    sim_faults_restart_process(s, i);
  } else {
    sim_trace(s, "agent %zu: its machine is set up anew", i);
    k8smi_local_wipe_agent(s->local, i);
    faults_replace(s, i);
  }
}

static void faults_gone(struct sim *s) {
  size_t i = faults_agent(s);
  if (i == SIM_AGENTS || faults_any_gone(s) || !s->local->agents[i].registered) return;
  sim_trace(s, "agent %zu is given up", i);
  k8smi_local_give_up_agent(s->local, i);
  faults_replace(s, i);
}

static void faults_drain(struct sim *s) {
  size_t i = faults_agent(s);
  if (i == SIM_AGENTS) return;
  sim_trace(s, "agent %zu is drained", i);
  k8smi_local_drain_agent(s->local, i);
}

static void faults_executor(struct sim *s) {
  s->faults.ambush = sim_percent(s, SIM_CHANCE_FAULTS, 65);
  if (s->faults.ambush) return;
  size_t live = 0;
  for (size_t i = 0; i < s->truth.instance_count; i++) live += s->truth.instances[i].live;
  if (live == 0) return;
  size_t which = (size_t)sim_draw(s, SIM_CHANCE_FAULTS, live);
  for (size_t i = 0; i < s->truth.instance_count; i++) {
    if (!s->truth.instances[i].live || which-- != 0) continue;
    sim_trace(s, "executor %s is killed", s->truth.instances[i].id);
    k8smi_local_kill_executor(s->local, s->truth.instances[i].id);
    return;
  }
}

static void faults_rescind(struct sim *s) {
  if (!sim_traps_set(s, SIM_SNATCH, 40)) k8smi_local_rescind_offers(s->local);
}

/* The rival comes and goes, so that what is freed may be taken by it. */
static void faults_rival(struct sim *s) {
  if (!s->rival.on) sim_rival_open(s);
}

static void faults_lose(struct sim *s) {
  /* Only who reserves has operations. */
  bool operations = s->reserves && sim_percent(s, SIM_CHANCE_FAULTS, 50);
  uint32_t from = operations ? K8SMI_LOCAL_OPERATION_ACKNOWLEDGEMENTS : 0,
           end = operations ? K8SMI_LOCAL_MESSAGES : K8SMI_LOCAL_OPERATION_ACKNOWLEDGEMENTS;
  uint32_t kind = (uint32_t)sim_between(s, SIM_CHANCE_FAULTS, from, end - 1);
  k8smi_local_lose(s->local, kind, (uint32_t)sim_between(s, SIM_CHANCE_FAULTS, 1, 4));
}

static void faults_wall(struct sim *s) {
  int64_t by = (int64_t)sim_draw(s, SIM_CHANCE_FAULTS, 7200000) - 3600000;
  s->process.wall_offset += by;
  s->seen[SIM_SEEN_WALL_BACK] += by < 0;
}

/* The master does not let us reserve, or make volumes, or give them back, for once. */
static void faults_refusal(struct sim *s) {
  k8smi_local_refuse_operations(s->local, (uint32_t)sim_between(s, SIM_CHANCE_FAULTS, 1, 3));
}

/* Once in a run: whoever restores a record from nothing twice in ten minutes has other worries. */
static void faults_forget(struct sim *s) {
  if (s->process.forgot) return;
  s->process.forgets = true;
  faults_crash(s);
}

static const struct {
  const char *name;
  unsigned weight;
  void (*happen)(struct sim *s);
} faults_table[SIM_FAULTS] = {
    [SIM_CUT] = {"cut", 14, faults_cut},
    [SIM_STALL] = {"stall", 5, faults_stall},
    [SIM_SLOW] = {"slow", 8, faults_slow},
    [SIM_CRASH] = {"crash", 16, faults_crash},
    [SIM_REFUSE] = {"refuse", 7, sim_faults_refuse},
    [SIM_FAIL_OVER] = {"fail-over", 8, faults_fail_over},
    [SIM_AGENT] = {"agent", 12, faults_cut_agent},
    [SIM_RESTART] = {"restart", 8, faults_restart},
    [SIM_GONE] = {"gone", 3, faults_gone},
    [SIM_DRAIN] = {"drain", 3, faults_drain},
    [SIM_EXECUTOR] = {"executor", 14, faults_executor},
    [SIM_RESCIND] = {"rescind", 10, faults_rescind},
    [SIM_RIVAL] = {"rival", 4, faults_rival},
    [SIM_LOSE] = {"lose", 14, faults_lose},
    [SIM_WALL] = {"wall", 5, faults_wall},
    [SIM_REFUSAL] = {"refusal", 5, faults_refusal},
    [SIM_FORGET] = {"forget", 3, faults_forget},
};

const char *sim_fault_name(enum sim_fault kind) {
  return faults_table[kind].name;
}

static enum sim_fault faults_draw(struct sim *s) {
  unsigned total = 0;
  for (size_t i = 0; i < SIM_FAULTS; i++) total += faults_table[i].weight;
  unsigned at = (unsigned)sim_draw(s, SIM_CHANCE_FAULTS, total);
  size_t i = 0;
  for (; at >= faults_table[i].weight; i++) at -= faults_table[i].weight;
  return (enum sim_fault)i;
}

/* Some come in bursts: a second fault in the middle of the first is what breaks things. */
void sim_faults_plan(struct sim *s) {
  struct sim_faults *f = &s->faults;
  for (size_t i = 0; i < sizeof f->agents / sizeof f->agents[0]; i++) f->agents[i].back_ms = UINT64_MAX;
  size_t count = (size_t)sim_draw(s, SIM_CHANCE_FAULTS, SIM_PLANNED + 1);
  uint64_t at = 0;
  f->tear_ms = UINT64_MAX;
  if (s->reserves && (s->faults_on & 1u << SIM_AGENT) != 0 && sim_percent(s, SIM_CHANCE_FAULTS, 12))
    f->trap = SIM_UNMADE; /* volumes are made early, or not at all */
  for (size_t i = 0; i < count; i++) {
    bool burst = i != 0 && sim_percent(s, SIM_CHANCE_FAULTS, 30);
    bool early = sim_percent(s, SIM_CHANCE_FAULTS, 35);
    uint64_t span = early ? 12000 : FAULTS_SPAN_MS;
    at = burst ? at + sim_draw(s, SIM_CHANCE_FAULTS, 3000) : s->now + sim_draw(s, SIM_CHANCE_FAULTS, span);
    enum sim_fault kind = faults_draw(s);
    if ((s->faults_on & 1u << kind) == 0) continue;
    f->planned[f->count++] =
        (struct sim_planned){at < s->now + FAULTS_FROM_MS / 10 ? s->now + 200 : at, kind};
  }
}

uint64_t sim_faults_deadline(const struct sim *s) {
  uint64_t due = s->faults.tear_ms;
  for (size_t i = 0; i < s->faults.count; i++) {
    if (s->faults.planned[i].due < due) due = s->faults.planned[i].due;
  }
  for (size_t i = 0; i < SIM_AGENTS; i++) {
    if (s->faults.agents[i].back_ms < due) due = s->faults.agents[i].back_ms;
  }
  return due;
}

static void faults_restore(struct sim *s, size_t i) {
  if (!s->calm) sim_traps_back(s, i);
  s->faults.agents[i].back_ms = UINT64_MAX;
  sim_trace(s, "agent %zu is back", i);
  k8smi_local_restore_agent(s->local, i);
}

void sim_faults_turn(struct sim *s) {
  struct sim_faults *f = &s->faults;
  if (sim_faults_deadline(s) > s->now && !f->struck) return;
  f->struck = false;
  for (size_t i = 0; i < f->count; i++) {
    if (f->planned[i].due > s->now) continue;
    enum sim_fault kind = f->planned[i].kind;
    f->planned[i--] = f->planned[--f->count];
    sim_trace(s, "fault: %s", sim_fault_name(kind));
    faults_table[kind].happen(s);
  }
  for (size_t i = 0; i < SIM_AGENTS; i++) {
    if (f->agents[i].back_ms <= s->now) faults_restore(s, i);
  }
  sim_traps_turn(s);
  sim_net_listen(s);
  sim_truth_look(s);
}

/* The row names a task that never was: it is to be launched. */
static bool faults_is_launch(const struct sim *s, struct k8sm_slice row) {
  static const char member[] = "\"id\":\"";
  for (size_t i = 0; i + sizeof member - 1 < row.len; i++) {
    if (memcmp(row.ptr + i, member, sizeof member - 1) != 0) continue;
    const char *id = row.ptr + i + sizeof member - 1, *end = memchr(id, '"', row.len - i - sizeof member + 1);
    if (end != NULL && sim_truth_task(s, (struct k8sm_slice){id, (size_t)(end - id)}) == NULL) return true;
  }
  return false;
}

/* The worst moment for an executor to die: something is about to be launched on it. */
bool sim_faults_record(struct sim *s, const struct k8sm_effect *e) {
  struct k8sm_slice key = e->key;
  if (!s->faults.ambush || !faults_is_launch(s, e->bytes)) return false;
  for (size_t i = 0; i < s->truth.instance_count; i++) {
    const struct sim_instance *n = &s->truth.instances[i];
    const char *uid = s->pods[n->pod].uid;
    bool it = n->live && key.len == strlen(uid) + 4 && memcmp(key.ptr + 4, uid, strlen(uid)) == 0;
    if (!it) continue;
    sim_trace(s, "executor %s is killed, in a launch", n->id);
    k8smi_local_kill_executor(s->local, n->id);
    s->faults.ambush = false;
    s->faults.struck = true;
    return true;
  }
  return false;
}

void sim_faults_call(struct sim *s) {
  struct sim_faults *f = &s->faults;
  sim_traps_spring(s);
  bool now = (f->cut_wishes && s->check.wish) || (f->cut_after != 0 && --f->cut_after == 0);
  if (!now) return;
  f->cut_wishes = false;
  sim_trace(s, "the connection of the calls breaks");
  sim_net_cut_calls(s);
}

void sim_faults_end(struct sim *s) {
  struct sim_faults *f = &s->faults;
  f->ambush = false;
  f->cut_after = 0;
  f->cut_wishes = false;
  f->trap = SIM_NO_TRAP;
  s->net.cut_next = false;
  f->tear_ms = UINT64_MAX;
  f->count = 0;
  s->process.crash_in = s->process.refuse_until = 0;
  s->process.forgets = false;
  sim_net_calm(s);
  for (uint32_t kind = 0; kind < K8SMI_LOCAL_MESSAGES; kind++) k8smi_local_lose(s->local, kind, 0);
  k8smi_local_refuse_operations(s->local, 0);
  for (size_t i = 0; i < SIM_AGENTS; i++) {
    if (f->agents[i].gone) {
      k8smi_local_give_up_agent(s->local, i);
    } else if (i < s->agent_count) {
      k8smi_local_reactivate_agent(s->local, i);
      faults_restore(s, i);
    }
  }
  sim_net_listen(s);
  sim_truth_look(s);
}
