/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that lie in wait for the moment at which they hurt. */
#include "sim/sim.h"

static bool traps_on(const struct sim *s, enum sim_fault kind) {
  return (s->faults_on & 1u << kind) != 0;
}

bool sim_traps_set(struct sim *s, enum sim_trap trap, unsigned percent) {
  if (!sim_percent(s, SIM_CHANCE_FAULTS, percent)) return false;
  s->faults.trap = trap;
  return true;
}

/* ---- when an ACCEPT is on its way ---- */

/* For another framework, if there is one. */
static void traps_snatch(struct sim *s) {
  sim_trace(s, "offers are taken back, and an ACCEPT is on its way");
  k8smi_local_rescind_offers(s->local);
  if (traps_on(s, SIM_RIVAL) && !s->rival.on) sim_rival_open(s);
  s->faults.struck = true;
}

static void traps_miss(struct sim *s, size_t i) {
  if (!sim_faults_is_there(s, i)) return;
  sim_trace(s, "agent %zu is cut off, and a launch is on its way", i);
  k8smi_local_cut_agent(s->local, i);
  sim_faults_back_later(s, i);
}

/* Whoever subscribes anew asks the master. */
static void traps_unmade(struct sim *s, size_t i) {
  static const enum sim_fault kinds[] = {SIM_CUT, SIM_CUT, SIM_CRASH};
  struct sim_faults *f = &s->faults;
  traps_miss(s, i);
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    uint64_t due = s->now + sim_between(s, SIM_CHANCE_FAULTS, 100, 10000);
    if (traps_on(s, kinds[k]) && f->count < SIM_PLANNED)
      f->planned[f->count++] = (struct sim_planned){due, kinds[k]};
  }
}

void sim_traps_spring(struct sim *s) {
  struct sim_faults *f = &s->faults;
  const size_t agent = s->check.launched_on;
  if (agent == SIM_AGENTS || (f->trap == SIM_UNMADE && !s->check.creates)) return;
  switch (f->trap) {
  case SIM_SNATCH: traps_snatch(s); break;
  case SIM_MISS: traps_miss(s, agent); break;
  case SIM_UNMADE: traps_unmade(s, agent); break;
  case SIM_TEAR:
    f->torn_agent = agent;
    f->tear_ms = s->now + sim_between(s, SIM_CHANCE_FAULTS, 10, 170);
    break;
  default: break;
  }
  f->trap = SIM_NO_TRAP;
}

void sim_traps_turn(struct sim *s) {
  struct sim_faults *f = &s->faults;
  if (f->tear_ms > s->now) return;
  f->tear_ms = UINT64_MAX;
  if (sim_faults_is_there(s, f->torn_agent)) sim_faults_restart_process(s, f->torn_agent);
}

/* ---- when an agent is away ---- */

void sim_traps_patience(struct sim *s, size_t agent) {
  for (size_t i = 0; i < s->truth.instance_count; i++) {
    const struct sim_instance *n = &s->truth.instances[i];
    struct sim_pod *p = &s->pods[n->pod];
    if (!n->live || n->agent != agent || p->deleted) continue;
    p->grace = 0;
    p->delete_ms = s->now + sim_draw(s, SIM_CHANCE_FAULTS, 120000);
  }
}

static void traps_hinder(struct sim *s) {
  s->seen[SIM_SEEN_LEFT_BEHIND]++;
  if (traps_on(s, SIM_LOSE) && sim_percent(s, SIM_CHANCE_FAULTS, 60))
    k8smi_local_lose(s->local, K8SMI_LOCAL_KILLS, (uint32_t)sim_between(s, SIM_CHANCE_FAULTS, 1, 4));
  if (traps_on(s, SIM_REFUSE) && sim_percent(s, SIM_CHANCE_FAULTS, 60)) sim_faults_refuse(s);
}

void sim_traps_back(struct sim *s, size_t agent) {
  bool left = false;
  for (size_t i = 0; i < s->truth.instance_count; i++) {
    const struct sim_instance *n = &s->truth.instances[i];
    left = left || (n->live && n->agent == agent && s->pods[n->pod].gone);
  }
  if (left) traps_hinder(s);
}
