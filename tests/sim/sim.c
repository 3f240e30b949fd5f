/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  RUN_CHAOS_MS = 240000,   /* how long pods come and go */
  RUN_SETTLE_MS = 3600000, /* and how long they may take to where they belong */
  RUN_LOOK_MS = 5000,      /* between two looks whether they are there */
  RUN_TURNS_MAX = 400000
};

/* ---- chance: splitmix64 ---- */

uint64_t sim_random_next(struct sim_random *r) {
  uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t sim_draw(struct sim *s, enum sim_chance which, uint64_t n) {
  return n == 0 ? 0 : sim_random_next(&s->chance[which]) % n;
}

uint64_t sim_between(struct sim *s, enum sim_chance which, uint64_t from, uint64_t to) {
  return from + sim_draw(s, which, to - from + 1);
}

bool sim_percent(struct sim *s, enum sim_chance which, unsigned percent) {
  return sim_draw(s, which, 100) < percent;
}

/* ---- words ---- */

void sim_trace(struct sim *s, const char *format, ...) {
  char line[4096];
  va_list args;
  if (!s->tracing) return;
  int n = snprintf(line, sizeof line, "%7llu.%03llu ", (unsigned long long)(s->now / 1000),
                   (unsigned long long)(s->now % 1000));
  va_start(args, format);
  vsnprintf(line + n, sizeof line - (size_t)n, format, args);
  va_end(args);
  k8smi_buf_puts(&s->trace, line);
  k8smi_buf_putc(&s->trace, '\n');
}

void sim_broken(struct sim *s, const char *invariant, const char *format, ...) {
  va_list args;
  if (s->invariant != NULL) return;
  s->invariant = invariant;
  va_start(args, format);
  vsnprintf(s->words, sizeof s->words, format, args);
  va_end(args);
  sim_trace(s, "BROKEN: %s: %s", s->invariant, s->words);
}

int64_t sim_wall(const struct sim *s) {
  return (int64_t)SIM_EPOCH_S * 1000 + (int64_t)s->now;
}

/* ---- a run ---- */

static void run_open_local(struct sim *s) {
  static const char *const sizes[] = {"cpus:4;mem:4096;disk:10000;ports:[31000-32000]",
                                      "cpus:2;mem:1024;disk:4000;ports:[31000-31100]"};
  struct k8smi_local_agent rows[SIM_AGENTS] = {{0}};
  s->agent_count = (size_t)sim_between(s, SIM_CHANCE_FAULTS, 1, 3);
  for (size_t i = 0; i < SIM_AGENTS; i++) {
    rows[i].resources = sizes[sim_draw(s, SIM_CHANCE_FAULTS, 2)];
    rows[i].absent = i >= s->agent_count;
  }
  const struct k8smi_local_options o = {
      .size = sizeof o, .agents = rows, .agent_count = SIM_AGENTS, .seed = s->seed};
  if (k8smi_local_new(&o, &s->local, NULL) != K8SM_OK) abort();
}

static void run_open(struct sim *s) {
  for (size_t i = 0; i < SIM_CHANCES; i++) {
    s->chance[i].state = s->seed * UINT64_C(0x2545f4914f6cdd1d) + i * UINT64_C(0x632be59bd9b4e019);
    sim_random_next(&s->chance[i]);
  }
  s->now = 100000;
  s->format = sim_percent(s, SIM_CHANCE_HOST, 10) ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF;
  s->net.incarnation = 1;
  k8smi_buf_init(&s->trace, NULL);
  run_open_local(s);
  sim_pods_make(s);
  sim_truth_open(s);
  sim_check_open(s);
  sim_holds_open(s);
  sim_process_open(s);
  sim_faults_plan(s);
  s->rival.kin = s->reserves && sim_percent(s, SIM_CHANCE_FAULTS, 50);
  if ((s->faults_on & 1u << SIM_RIVAL) != 0 && sim_percent(s, SIM_CHANCE_FAULTS, 40)) sim_rival_open(s);
}

void sim_free(struct sim *s) {
  sim_process_free(s);
  sim_net_free(s);
  sim_rival_free(s);
  sim_truth_free(s);
  sim_check_free(s);
  k8smi_local_free(s->local);
  sim_pods_free(s);
  k8smi_buf_free(&s->trace);
}

static uint64_t run_min(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t run_deadline(const struct sim *s) {
  uint64_t due = run_min(k8smi_local_deadline(s->local), sim_net_deadline(s));
  due = run_min(due, sim_process_deadline(s));
  due = run_min(due, sim_rival_deadline(s));
  return s->calm ? due : run_min(due, sim_faults_deadline(s));
}

static void run_turn(struct sim *s) {
  if (k8smi_local_deadline(s->local) <= s->now) {
    if (k8smi_local_advance(s->local, s->now, sim_wall(s)) != K8SM_OK) abort();
    sim_net_listen(s);
    sim_truth_look(s);
  }
  sim_net_turn(s);
  sim_process_turn(s);
  sim_rival_turn(s);
  if (!s->calm) sim_faults_turn(s);
  sim_check_offers(s);
}

/* Until then, or until something is broken. */
static void run_until(struct sim *s, uint64_t until) {
  size_t turns = 0;
  while (s->invariant == NULL) {
    uint64_t due = run_deadline(s);
    if (due > until) break;
    if (due > s->now) s->now = due;
    run_turn(s);
    if (++turns > RUN_TURNS_MAX) sim_broken(s, "time goes on", "%zu turns, and no end", turns);
  }
  if (until > s->now) s->now = until;
}

/* Until all pods are where they belong. */
static void run_settle(struct sim *s, const char *invariant,
                       void (*look)(struct sim *s, char *words, size_t cap)) {
  char words[SIM_WORDS], held[SIM_WORDS];
  uint64_t end = s->now + RUN_SETTLE_MS;
  do {
    run_until(s, s->now + RUN_LOOK_MS);
    if (s->invariant != NULL) return;
    words[0] = held[0] = '\0';
    look(s, words, sizeof words);
    sim_holds_left(s, held, sizeof held);
    if (words[0] == '\0' && held[0] == '\0') return;
  } while (s->now < end);
  if (words[0] != '\0') sim_broken(s, invariant, "%s", words);
  sim_broken(s, "nothing stays reserved", "%s", held);
}

static void run_delete_all(struct sim *s) {
  for (size_t i = 0; i < s->pod_count; i++) {
    struct sim_pod *p = &s->pods[i];
    if (!p->deleted) p->delete_ms = s->now + sim_draw(s, SIM_CHANCE_PODS, 2000);
    if (!p->deleted) p->grace = 1;
  }
}

bool sim_run(struct sim *s, uint64_t seed, uint32_t faults_on, bool tracing) {
  memset(s, 0, sizeof *s);
  s->seed = seed;
  s->replaces = seed % 3 == 0;
  s->faults_on = faults_on;
  s->tracing = tracing;
  run_open(s);
  run_until(s, s->now + RUN_CHAOS_MS);
  s->calm = true;
  s->calm_ms = s->now;
  sim_trace(s, "the faults are over");
  sim_faults_end(s);
  sim_rival_leave(s);
  run_settle(s, "every pod comes to where it belongs", sim_check_settled);
  run_delete_all(s);
  run_settle(s, "nothing is left of a deleted pod", sim_check_empty);
  return s->invariant == NULL;
}
