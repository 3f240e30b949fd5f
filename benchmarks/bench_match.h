/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_BENCH_MATCH_H
#define BENCHMARKS_BENCH_MATCH_H

#include <stddef.h>
#include <stdint.h>

struct k8sm_demand;

/* Nanoseconds of the processor's time. */
uint64_t bench_now(void);

/* Prints match.refuse*.*: pods that fit nowhere on so many agents, the first time and later. */
void bench_match_refusals(size_t agents);
/* Prints match.node_affinity.*, anti_affinity, spread, mixed: pods with rules on so many agents. */
void bench_match_rules(size_t agents);
/* A pod that two racks of fifty may take, r0 and r1. */
struct k8sm_demand *bench_rack_demand(void);
/* Prints match.packing.*: how much of full agents, cut into pods, is put together again. */
void bench_match_packing(size_t agents);

#endif
