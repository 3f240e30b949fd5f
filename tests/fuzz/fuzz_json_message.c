/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/mesos.h"

#include "fuzz.h"

/* An Event or a Call in JSON: what can be read can be written, and from then on stays as it is. */

static void check_type(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t len) {
  struct k8smi_arena arena;
  struct k8smi_buf first, second;
  ProtobufCMessage *message;
  FUZZ_REQUIRE(k8smi_arena_init(&arena, NULL, 0));
  FUZZ_REQUIRE(k8smi_buf_init(&first, NULL) && k8smi_buf_init(&second, NULL));
  if (k8smi_message_decode_json(&arena, type, bytes, len, &message, NULL) == K8SM_OK) {
    k8smi_message_encode_json(&first, message);
    FUZZ_REQUIRE(k8smi_message_decode_json(&arena, type, first.ptr, first.len, &message, NULL) == K8SM_OK);
    k8smi_message_encode_json(&second, message);
    FUZZ_REQUIRE(second.len == first.len && memcmp(second.ptr, first.ptr, first.len) == 0);
    k8smi_buf_clear(&second);
    k8smi_message_encode(&second, message);
    FUZZ_REQUIRE(k8smi_message_decode(&arena, type, second.ptr, second.len, &message, NULL) == K8SM_OK);
  }
  k8smi_buf_free(&second);
  k8smi_buf_free(&first);
  k8smi_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  check_type(&k8sm_mesos__event__descriptor, bytes, len);
  check_type(&k8sm_mesos__call__descriptor, bytes, len);
  return 0;
}
