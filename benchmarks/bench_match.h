/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_BENCH_MATCH_H
#define BENCHMARKS_BENCH_MATCH_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of a clock that only goes forward. */
uint64_t bench_now(void);

/* Prints match.node_affinity.*, anti_affinity, spread, mixed: pods with rules on so many agents. */
void bench_match_rules(size_t agents);
/* Prints match.packing.*: how much of full agents, cut into pods, is put together again. */
void bench_match_packing(size_t agents);

#endif
