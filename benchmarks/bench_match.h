/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_BENCH_MATCH_H
#define BENCHMARKS_BENCH_MATCH_H

#include <stddef.h>
#include <stdint.h>

struct k8sm_cluster;
struct k8sm_demand;

/* Nanoseconds of the processor's time. */
uint64_t bench_now(void);
/* Nanoseconds for one match of a pod that fits nowhere. */
uint64_t bench_refusal(struct k8sm_cluster *cluster, struct k8sm_demand *demand);
/* Prints match.WHAT.agents_N.us and .ns_per_pod. */
void bench_refusals(const char *what, size_t agents, uint64_t ns);

/* Prints match.node_affinity.*, anti_affinity, spread, mixed: pods with rules on so many agents. */
void bench_match_rules(size_t agents);
/* Prints match.packing.*: how much of full agents, cut into pods, is put together again. */
void bench_match_packing(size_t agents);

#endif
