/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_PROTO_MUTATOR_H
#define TESTS_FUZZ_PROTO_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

/* Changes a protobuf message that stands behind `head` bytes as a message: one of its fields, at any depth,
 * is changed, left out, doubled, moved, renumbered, or joined by another; lengths are made to fit (and
 * sometimes, for a change, not). Returns the new length, at most cap. The same seed gives the same. */
size_t proto_mutate(uint8_t *bytes, size_t len, size_t cap, size_t head, unsigned seed);

#endif
