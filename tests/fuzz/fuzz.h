/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What libFuzzer calls; replay.c calls it in a normal build. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Of targets that know what their bytes are made of: changes them in place. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t cap, unsigned seed);

/* A property that must hold, also where assert() is compiled out. */
#define FUZZ_REQUIRE(condition)                                                                              \
  do {                                                                                                       \
    if (!(condition)) abort();                                                                               \
  } while (0)

#endif
