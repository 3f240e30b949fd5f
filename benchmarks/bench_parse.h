/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_BENCH_PARSE_H
#define BENCHMARKS_BENCH_PARSE_H

#include <stddef.h>

/* Prints how fast a List of ten thousand of this pod (compact JSON, no newline) streams, and the most memory
 * that this takes. */
void bench_parse_stream(const char *pod, size_t len);

#endif
