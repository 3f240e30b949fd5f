/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_pods.h"

#include "proto_mutator.h"

/* A pod from protobuf in its envelope. */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_pods(bytes, len, K8SM_FORMAT_PROTOBUF);
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t cap, unsigned seed) {
  return proto_mutate(bytes, len, cap, 4, seed);
}
