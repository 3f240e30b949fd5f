/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_pods.h"

#include "pod/proto.h"
#include "proto_mutator.h"
#include "support/records.h"

/* A pod from protobuf without an envelope; and what is read in one go is what the careful reader gives. */

struct fuzz_reading {
  struct k8smi_arena arena;
  struct k8smi_bind bind;
  struct k8sm_diags diags;
  const struct k8smi_record *record;
};

static void fuzz_begin(struct fuzz_reading *r) {
  enum { FUZZ_MAX_DEPTH = 20, FUZZ_MAX_NODES = 10000 };
  r->diags = (struct k8sm_diags){.size = sizeof r->diags, .row_size = sizeof(struct k8sm_diag)};
  FUZZ_REQUIRE(k8smi_arena_init(&r->arena, NULL, 0));
  FUZZ_REQUIRE(k8smi_bind_init(&r->bind, NULL, &r->arena, &r->diags));
  r->bind.max_depth = FUZZ_MAX_DEPTH;
  r->bind.max_nodes = FUZZ_MAX_NODES;
}

static void fuzz_end(struct fuzz_reading *r) {
  k8smi_bind_free(&r->bind);
  k8smi_arena_free(&r->arena);
}

static void fuzz_both_ways(const uint8_t *bytes, size_t len) {
  const struct k8smi_envelope from = {.object = {(const char *)bytes, len}};
  struct fuzz_reading quick, slow;
  fuzz_begin(&quick);
  if (k8smi_proto_quick(&quick.bind, K8SMI_TYPE_Pod, &from, &quick.record)) {
    fuzz_begin(&slow);
    FUZZ_REQUIRE(k8smi_proto_record(&slow.bind, K8SMI_TYPE_Pod, &from, NULL, &slow.record) == K8SM_OK);
    FUZZ_REQUIRE(slow.diags.count == 0 && !slow.bind.invalid);
    FUZZ_REQUIRE(records_are_same(K8SMI_TYPE_Pod, quick.record, slow.record));
    fuzz_end(&slow);
  }
  fuzz_end(&quick);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_both_ways(bytes, len);
  fuzz_pods(bytes, len, K8SM_FORMAT_PROTOBUF_BARE);
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t cap, unsigned seed) {
  return proto_mutate(bytes, len, cap, 0, seed);
}
