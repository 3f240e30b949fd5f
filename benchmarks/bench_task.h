/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_BENCH_TASK_H
#define BENCHMARKS_BENCH_TASK_H

#include <stdbool.h>
#include <stddef.h>

/* Prints task.encode.* and keeps the ACCEPT. False when something went wrong. */
bool bench_task_encode(const char *folder);
/* Prints update.answer.ns and keeps the UPDATE. False when something went wrong. */
bool bench_task_update(const char *folder);
/* Writes a file into the folder, if there is one. False when it can't be written. */
bool bench_task_keep(const char *folder, const char *name, const void *bytes, size_t len);

#endif
