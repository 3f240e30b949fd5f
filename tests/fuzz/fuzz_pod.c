/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/pod.h>

#include <string.h>

#include "fuzz.h"

/* What parses can be written, and reads back as the same pod, in both syntaxes; what does not parse says
 * why. */

static void fuzz_same_again(const struct k8sm_pod *pod, uint32_t format, uint64_t flags,
                            struct k8sm_slice json) {
  const struct k8sm_parse_options o = {.size = sizeof o, .flags = flags, .format = format};
  struct k8sm_blob *text = NULL, *again = NULL;
  struct k8sm_pod *back = NULL;
  FUZZ_REQUIRE(k8sm_pod_encode(pod, format, NULL, &text) == K8SM_OK);
  struct k8sm_slice s = k8sm_blob_bytes(text);
  FUZZ_REQUIRE(k8sm_pod_parse(s.ptr, s.len, &o, &back, NULL) == K8SM_OK);
  FUZZ_REQUIRE(k8sm_pod_encode(back, K8SM_FORMAT_JSON, NULL, &again) == K8SM_OK);
  s = k8sm_blob_bytes(again);
  FUZZ_REQUIRE(s.len == json.len && memcmp(s.ptr, json.ptr, s.len) == 0);
  k8sm_blob_unref(text);
  k8sm_blob_unref(again);
  k8sm_pod_unref(back);
}

static void fuzz_parse(const uint8_t *bytes, size_t len, uint64_t flags) {
  const struct k8sm_parse_options o = {
      .size = sizeof o, .flags = flags, .max_depth = 40, .max_alias_nodes = 1000, .max_memory = 4 << 20};
  struct k8sm_diag rows[4];
  char text[512];
  struct k8sm_diags diags = K8SM_DIAGS_INIT(rows, text);
  struct k8sm_pod *pod = NULL;
  struct k8sm_blob *json = NULL;
  int r = k8sm_pod_parse(bytes, len, &o, &pod, &diags);
  FUZZ_REQUIRE((r == K8SM_OK) == (diags.errors == 0) && (r == K8SM_OK) == (pod != NULL));
  if (r != K8SM_OK) return;
  FUZZ_REQUIRE(k8sm_pod_encode(pod, K8SM_FORMAT_JSON, NULL, &json) == K8SM_OK);
  fuzz_same_again(pod, K8SM_FORMAT_JSON, flags, k8sm_blob_bytes(json));
  fuzz_same_again(pod, K8SM_FORMAT_YAML, flags, k8sm_blob_bytes(json));
  k8sm_blob_unref(json);
  k8sm_pod_unref(pod);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  fuzz_parse(bytes, len, 0);
  fuzz_parse(bytes, len, K8SM_PARSE_NO_DEFAULTS | K8SM_PARSE_NO_VALIDATE);
  return 0;
}
