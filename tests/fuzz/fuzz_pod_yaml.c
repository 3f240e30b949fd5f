/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_pods.h"

#include "support/yaml_tapes.h"

/* A pod from YAML; and what is read without libyaml is what libyaml says. */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  struct yaml_tapes tapes;
  if (len > 0 && memchr(bytes, 0, len) == NULL) {
    FUZZ_REQUIRE(yaml_tapes_load(&tapes, (const char *)bytes, len));
    FUZZ_REQUIRE(yaml_tapes_are_same(&tapes));
    yaml_tapes_free(&tapes);
  }
  fuzz_pods(bytes, len, K8SM_FORMAT_YAML);
  return 0;
}
