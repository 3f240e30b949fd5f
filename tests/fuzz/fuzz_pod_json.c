/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_pods.h"

#include "pod/bind.h"
#include "support/records.h"

/* A pod from JSON; and what is read in one go is what the tokens give. */

struct fuzz_reading {
  struct k8smi_arena arena, scratch;
  struct k8smi_bind bind;
  struct k8sm_diags diags;
  const struct k8smi_record *record;
};

static void fuzz_begin(struct fuzz_reading *r, const uint8_t *bytes, size_t len) {
  struct k8smi_tokens *tokens;
  r->diags = (struct k8sm_diags){.size = sizeof r->diags, .row_size = sizeof(struct k8sm_diag)};
  FUZZ_REQUIRE(k8smi_arena_init(&r->arena, NULL, 0) && k8smi_arena_init(&r->scratch, NULL, 0));
  FUZZ_REQUIRE(k8smi_tokens_json(&r->scratch, bytes, len, NULL, &tokens, NULL) == K8SM_OK);
  FUZZ_REQUIRE(k8smi_bind_init(&r->bind, tokens, &r->arena, &r->diags));
}

static void fuzz_end(struct fuzz_reading *r) {
  k8smi_bind_free(&r->bind);
  k8smi_arena_free(&r->arena);
  k8smi_arena_free(&r->scratch);
}

static void fuzz_both_ways(const uint8_t *bytes, size_t len) {
  struct fuzz_reading quick, slow;
  fuzz_begin(&quick, bytes, len);
  if (k8smi_bind_json(&quick.bind, K8SMI_TYPE_Pod, &quick.record)) {
    fuzz_begin(&slow, bytes, len);
    FUZZ_REQUIRE(k8smi_bind_record(&slow.bind, K8SMI_TYPE_Pod, NULL, &slow.record) == K8SM_OK);
    FUZZ_REQUIRE(slow.diags.count == 0 && !slow.bind.invalid);
    FUZZ_REQUIRE(records_are_same(K8SMI_TYPE_Pod, quick.record, slow.record));
    fuzz_end(&slow);
  }
  fuzz_end(&quick);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_both_ways(bytes, len);
  fuzz_pods(bytes, len, K8SM_FORMAT_JSON);
  return 0;
}
