/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_BENCH_RIVAL_H
#define BENCHMARKS_BENCH_RIVAL_H

#include <k8smesos/match.h>

#include <stdbool.h>

struct rival_pod {
  struct k8sm_demand *demand;
  long long cpus, mem, disk; /* thousandths, MiB, MiB */
};

/* Ends the program, and says what is wrong. */
void rival_require(bool fine, const char *what);
/* Seconds of processor time: others on the machine don't count. */
double rival_now(void);

/* Seconds that it takes to find the first offer with what each pod asks, and to take that from it, with the
 * algebra of resources alone: a loop, as a framework writes it that has no matcher. */
double rival_algebra_round(const struct k8sm_offers *offers, const struct rival_pod *pods, size_t count,
                           size_t *placed);

#endif
