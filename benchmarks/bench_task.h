/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_BENCH_TASK_H
#define BENCHMARKS_BENCH_TASK_H

#include <stdbool.h>

/* Prints task.encode.*. False when something went wrong. */
bool bench_task_encode(void);

#endif
