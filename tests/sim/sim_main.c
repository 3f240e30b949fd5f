/* SPDX-License-Identifier: Apache-2.0 */
/* Runs seeds, and tells of the first ones that break an invariant: the shortest list of faults that it takes,
 * and the trace. */
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAIN_TRACE_MAX = 24000, MAIN_FAILURES_MAX = 10, MAIN_SHRINK_TRIES = 2 };

struct main_options {
  uint64_t first_seed, seeds;
  uint32_t faults;
  bool trace, all, quiet, counts;
};

static int main_usage(void) {
  fprintf(stderr,
          "usage: sim [--first-seed=N] [--seeds=N] [--without=FAULT,…] [--only=FAULT,…] [--trace] [--quiet]\n"
          "           [--all] [--counts]\n"
          "faults:");
  for (int i = 0; i < SIM_FAULTS; i++) fprintf(stderr, " %s", sim_fault_name((enum sim_fault)i));
  fprintf(stderr, "\n");
  return 64;
}

static bool main_number(const char *text, uint64_t *ret) {
  char *end;
  *ret = strtoull(text, &end, 10);
  return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool main_faults(const char *text, uint32_t *ret) {
  *ret = 0;
  while (*text != '\0') {
    size_t n = strcspn(text, ",");
    int i = 0;
    while (i < SIM_FAULTS && (strlen(sim_fault_name((enum sim_fault)i)) != n ||
                              strncmp(sim_fault_name((enum sim_fault)i), text, n) != 0)) {
      i++;
    }
    if (i == SIM_FAULTS) return false;
    *ret |= 1u << i;
    text += n + (text[n] == ',');
  }
  return true;
}

static bool main_option(const char *arg, struct main_options *o) {
  uint32_t faults;
  if (strncmp(arg, "--first-seed=", 13) == 0) return main_number(arg + 13, &o->first_seed);
  if (strncmp(arg, "--seeds=", 8) == 0) return main_number(arg + 8, &o->seeds);
  if (strcmp(arg, "--trace") == 0) return o->trace = true;
  if (strcmp(arg, "--all") == 0) return o->all = true;
  if (strcmp(arg, "--quiet") == 0) return o->quiet = true;
  if (strcmp(arg, "--counts") == 0) return o->counts = true;
  if (strncmp(arg, "--without=", 10) == 0 && main_faults(arg + 10, &faults)) {
    o->faults &= ~faults;
    return true;
  }
  if (strncmp(arg, "--only=", 7) == 0 && main_faults(arg + 7, &faults)) {
    o->faults = faults;
    return true;
  }
  return false;
}

static bool main_breaks(struct sim *s, uint64_t seed, uint32_t faults, const char *invariant) {
  bool good = sim_run(s, seed, faults, false);
  bool same = !good && strcmp(s->invariant, invariant) == 0;
  sim_free(s);
  return same;
}

/* Leaves out every kind of fault without which the same invariant breaks. */
static uint32_t main_shrink(struct sim *s, uint64_t seed, uint32_t faults, const char *invariant) {
  for (int round = 0; round < MAIN_SHRINK_TRIES; round++) {
    for (int i = 0; i < SIM_FAULTS; i++) {
      uint32_t less = faults & ~(1u << i);
      if (less != faults && main_breaks(s, seed, less, invariant)) faults = less;
    }
  }
  return faults;
}

static void main_print_trace(const struct sim *s, bool whole) {
  size_t from = whole || s->trace.len < MAIN_TRACE_MAX ? 0 : s->trace.len - MAIN_TRACE_MAX;
  if (from != 0) printf("…");
  printf("%.*s", (int)(s->trace.len - from), s->trace.ptr + from);
}

static void main_report(struct sim *s, uint64_t seed, uint32_t faults, const struct main_options *o) {
  char invariant[64];
  snprintf(invariant, sizeof invariant, "%s", s->invariant);
  printf("seed %llu: %s: %s\n", (unsigned long long)seed, s->invariant, s->words);
  sim_free(s);
  if (o->quiet) return;
  uint32_t needed = main_shrink(s, seed, faults, invariant);
  printf("replay: sim --first-seed=%llu --seeds=1 --trace --only=", (unsigned long long)seed);
  const char *comma = "";
  for (int i = 0; i < SIM_FAULTS; i++) {
    if ((needed & 1u << i) == 0) continue;
    printf("%s%s", comma, sim_fault_name((enum sim_fault)i));
    comma = ",";
  }
  printf("\n");
  sim_run(s, seed, needed, true);
  main_print_trace(s, false);
  sim_free(s);
}

int main(int argc, char **argv) {
  struct main_options o = {.first_seed = 1, .seeds = 1, .faults = (1u << SIM_FAULTS) - 1};
  for (int i = 1; i < argc; i++) {
    if (!main_option(argv[i], &o)) return main_usage();
  }
  struct sim *s = malloc(sizeof *s);
  if (s == NULL) return 1;
  uint64_t failures = 0, inputs = 0, accepts = 0, acks = 0, crashes = 0, seen[SIM_SEENS] = {0};
  clock_t began = clock();
  for (uint64_t seed = o.first_seed; seed - o.first_seed < o.seeds; seed++) {
    bool good = sim_run(s, seed, o.faults, o.trace);
    inputs += s->inputs;
    accepts += s->check.accepts;
    acks += s->check.acks;
    crashes += s->process.crashes;
    sim_seen_add(s, seen);
    if (o.trace) main_print_trace(s, true);
    if (good) {
      sim_free(s);
      continue;
    }
    main_report(s, seed, o.faults, &o);
    if (++failures == MAIN_FAILURES_MAX && !o.all) break;
  }
  free(s);
  double ms = (double)(clock() - began) * 1000 / CLOCKS_PER_SEC;
  printf(
      "%llu seeds from %llu: %llu broken; %llu inputs, %llu launches, %llu acknowledgements, %llu crashes; "
      "%.2f ms of CPU a seed\n",
      (unsigned long long)o.seeds, (unsigned long long)o.first_seed, (unsigned long long)failures,
      (unsigned long long)inputs, (unsigned long long)accepts, (unsigned long long)acks,
      (unsigned long long)crashes, ms / (double)(o.seeds == 0 ? 1 : o.seeds));
  if (o.counts) sim_seen_print(seen);
  bool whole = failures == 0 && o.faults == (1u << SIM_FAULTS) - 1;
  return failures != 0 || (whole && !sim_seen_enough(seen, o.seeds));
}
