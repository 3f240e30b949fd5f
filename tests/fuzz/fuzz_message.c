/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/mesos.h"

#include "fuzz.h"

/* An Event or a Call in protobuf (the first byte says which). What can be read can be written, and from then
 * on stays as it is, through JSON and in a copy too. */

static void check_copy(struct k8smi_arena *arena, const ProtobufCMessage *message,
                       const struct k8smi_buf *want) {
  struct k8smi_buf again;
  const ProtobufCMessage *copy = k8smi_message_copy(arena, message);
  FUZZ_REQUIRE(copy != NULL && k8smi_buf_init(&again, NULL));
  k8smi_message_encode(&again, copy);
  FUZZ_REQUIRE(!again.failed && again.len == want->len &&
               (want->len == 0 || memcmp(again.ptr, want->ptr, want->len) == 0));
  k8smi_buf_free(&again);
}

static void check_message(struct k8smi_arena *arena, const ProtobufCMessage *message) {
  struct k8smi_buf first, second, json;
  ProtobufCMessage *again;
  FUZZ_REQUIRE(k8smi_buf_init(&first, NULL) && k8smi_buf_init(&second, NULL) && k8smi_buf_init(&json, NULL));
  k8smi_message_encode(&first, message);
  FUZZ_REQUIRE(k8smi_message_decode(arena, message->descriptor, first.ptr, first.len, &again, NULL) ==
               K8SM_OK);
  k8smi_message_encode(&second, again);
  FUZZ_REQUIRE(second.len == first.len && (first.len == 0 || memcmp(second.ptr, first.ptr, first.len) == 0));
  check_copy(arena, again, &first);
  k8smi_message_encode_json(&json, message);
  FUZZ_REQUIRE(k8smi_message_decode_json(arena, message->descriptor, json.ptr, json.len, &again, NULL) ==
               K8SM_OK);
  k8smi_buf_free(&json);
  k8smi_buf_free(&second);
  k8smi_buf_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  struct k8smi_arena arena;
  ProtobufCMessage *message;
  if (len == 0) return 0;
  const ProtobufCMessageDescriptor *type =
      bytes[0] % 2 == 0 ? &k8sm_mesos__event__descriptor : &k8sm_mesos__call__descriptor;
  FUZZ_REQUIRE(k8smi_arena_init(&arena, NULL, 0));
  int r = k8smi_message_decode(&arena, type, bytes + 1, len - 1, &message, NULL);
  if (r == K8SM_OK) check_message(&arena, message);
  FUZZ_REQUIRE(k8smi_message_decode_shared(&arena, type, bytes + 1, len - 1, &message, NULL) == r);
  if (r == K8SM_OK) check_message(&arena, message);
  k8smi_arena_free(&arena);
  return 0;
}
