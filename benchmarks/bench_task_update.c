/* SPDX-License-Identifier: Apache-2.0 */

/* How long it takes to read an UPDATE event and to write the ACKNOWLEDGE that answers it: what any scheduler
 * does for each update. The best of several rounds, in nanoseconds an update. */

#include "bench_task.h"

#include <k8smesos/task.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/slice.h"
#include "wire/mesos.h"

enum { UPDATE_ROUNDS = 50, UPDATE_CALLS = 2000 };

static const char update_json[] =
    "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":"
    "\"0f6b8a52-9d1c-4e57-8a3e-0000000004d2.0.nginx.0.abcdefghijk\"},\"state\":\"TASK_RUNNING\","
    "\"source\":\"SOURCE_EXECUTOR\",\"agent_id\":{\"value\":\"f865b66f-6e1b-46d2-b553-aec43e4a5525-S12\"},"
    "\"uuid\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"executor_id\":{\"value\":"
    "\"0f6b8a52-9d1c-4e57-8a3e-0000000004d2.0.1\"},\"timestamp\":1788000000.5,\"container_status\":{"
    "\"container_id\":{\"value\":\"9bea99d6-0ba6-403a-a0af-6f6e3c969131\",\"parent\":{\"value\":"
    "\"fd50dbe9-bc07-4ebb-8a8b-e026d07f737a\"}},\"network_infos\":[{\"ip_addresses\":[{\"ip_address\":"
    "\"10.1.2.3\"}]}]}}}}";

static double update_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static bool update_acknowledge(const K8smMesos__TaskStatus *s) {
  const struct k8sm_call_args args = {.size = sizeof args,
                                      .type = K8SM_CALL_ACKNOWLEDGE,
                                      .format = K8SM_FORMAT_PROTOBUF,
                                      .framework_id = K8SMI_S("f865b66f-6e1b-46d2-b553-aec43e4a5525-0010"),
                                      .task_id = k8smi_s(s->task_id->value),
                                      .agent_id = k8smi_s(s->agent_id->value),
                                      .uuid = {(const char *)s->uuid.data, s->uuid.len}};
  struct k8sm_blob *call;
  if (k8sm_call_encode(&args, NULL, &call, NULL) != K8SM_OK) return false;
  k8sm_blob_unref(call);
  return true;
}

static bool update_answer(struct k8sm_slice event) {
  struct k8smi_arena arena;
  ProtobufCMessage *message;
  if (!k8smi_arena_init(&arena, NULL, 0)) return false;
  bool fine = k8smi_message_read_shared(&arena, K8SM_FORMAT_PROTOBUF, &k8sm_mesos__event__descriptor,
                                        event.ptr, event.len, &message, NULL) == K8SM_OK &&
              update_acknowledge(((const K8smMesos__Event *)(const void *)message)->update->status);
  k8smi_arena_free(&arena);
  return fine;
}

static bool update_measure(struct k8sm_slice event) {
  double best = 0;
  for (int round = 0; round < UPDATE_ROUNDS; round++) {
    double begin = update_now();
    for (int i = 0; i < UPDATE_CALLS; i++) {
      if (!update_answer(event)) return false;
    }
    double ns = (update_now() - begin) / UPDATE_CALLS;
    if (best <= 0 || ns < best) best = ns;
  }
  printf("update.answer.ns\t%.0f\tns\n", best);
  return true;
}

bool bench_task_update(const char *folder) {
  struct k8sm_blob *blob;
  if (k8sm_message_convert(K8SM_MESSAGE_EVENT, update_json, strlen(update_json), K8SM_FORMAT_JSON,
                           K8SM_FORMAT_PROTOBUF, NULL, &blob, NULL) != K8SM_OK)
    return false;
  struct k8sm_slice event = k8sm_blob_bytes(blob);
  bool fine = bench_task_keep(folder, "update", event.ptr, event.len) && update_measure(event);
  k8sm_blob_unref(blob);
  return fine;
}
