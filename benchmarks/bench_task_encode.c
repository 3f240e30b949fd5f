/* SPDX-License-Identifier: Apache-2.0 */

/* How long it takes to build and encode the ACCEPT of a pod with three containers: ids, an executor, four
 * groups. The best of several rounds, in nanoseconds a call. Beside it protobuf-c's pack of the same
 * call, which it has as a message already. */

#include "bench_task.h"

#include <k8smesos/task.h>
#include <time.h>

#include "wire/mesos.h"

#include "support/pods.h"

enum { ENCODE_ROUNDS = 20, ENCODE_CALLS = 500 };

static double encode_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double encode_round(const struct k8sm_plan *plan, uint32_t format, size_t *bytes) {
  struct k8sm_task_options options = {.size = sizeof options, .format = format};
  double begin = encode_now();
  for (int i = 0; i < ENCODE_CALLS; i++) {
    struct k8sm_calls *calls = NULL;
    struct k8sm_call row;
    if (k8sm_plan_calls(plan, &options, &calls, NULL) != K8SM_OK) return 0;
    k8sm_calls_rows(calls, 0, &row, sizeof row, 1);
    *bytes = row.bytes.len;
    k8sm_calls_unref(calls);
  }
  return (encode_now() - begin) / ENCODE_CALLS;
}

/* Nanoseconds, or 0 when something went wrong. */
static double encode_print(const struct k8sm_plan *plan, uint32_t format, const char *name) {
  double best = 0;
  size_t bytes = 0;
  for (int i = 0; i < ENCODE_ROUNDS; i++) {
    double ns = encode_round(plan, format, &bytes);
    if (ns <= 0) return 0;
    if (best <= 0 || ns < best) best = ns;
  }
  printf("%s\t%.0f\tns\n", name, best);
  fprintf(stderr, "%s: an ACCEPT of %zu bytes\n", name, bytes);
  return best;
}

static double encode_theirs_round(const ProtobufCMessage *call, size_t expected) {
  double begin = encode_now();
  for (int i = 0; i < ENCODE_CALLS; i++) {
    size_t len = protobuf_c_message_get_packed_size(call);
    uint8_t *bytes = malloc(len);
    if (bytes == NULL) return 0;
    len = protobuf_c_message_pack(call, bytes);
    free(bytes);
    if (len != expected) return 0;
  }
  return (encode_now() - begin) / ENCODE_CALLS;
}

static bool encode_print_theirs(const struct k8sm_slice *bytes, double ours) {
  double best = 0;
  ProtobufCMessage *call =
      protobuf_c_message_unpack(&k8sm_mesos__call__descriptor, NULL, bytes->len, (const uint8_t *)bytes->ptr);
  for (int i = 0; i < ENCODE_ROUNDS && call != NULL; i++) {
    double ns = encode_theirs_round(call, bytes->len);
    if (i == 0 || ns < best) best = ns;
  }
  if (call != NULL) protobuf_c_message_free_unpacked(call, NULL);
  if (best <= 0) return false;
  printf("task.encode.protobuf_c.ns\t%.0f\tns\n", best);
  printf("task.encode.ratio\t%.2f\tx\n", best / ours);
  return true;
}

/* The others' part: they get the call as bytes, in a file or as a message made of it. */
static bool encode_others(const struct k8sm_plan *plan, const char *folder, double ours) {
  struct k8sm_task_options options = {.size = sizeof options, .format = K8SM_FORMAT_PROTOBUF};
  struct k8sm_calls *calls = NULL;
  struct k8sm_call row;
  if (k8sm_plan_calls(plan, &options, &calls, NULL) != K8SM_OK) return false;
  k8sm_calls_rows(calls, 0, &row, sizeof row, 1);
  bool fine = bench_task_keep(folder, "accept", row.bytes.ptr, row.bytes.len) &&
              encode_print_theirs(&row.bytes, ours);
  k8sm_calls_unref(calls);
  return fine;
}

bool bench_task_encode(const char *folder) {
  struct k8sm_demand *demand = pods_demand(PODS_THREE, 0);
  if (demand == NULL) return false;
  struct k8sm_plan *plan = pods_plan(&demand, 1);
  double ours = encode_print(plan, K8SM_FORMAT_PROTOBUF, "task.encode.ns");
  bool fine = ours > 0 && encode_others(plan, folder, ours) &&
              encode_print(plan, K8SM_FORMAT_JSON, "task.encode.json.ns") > 0;
  pods_plan_free(plan);
  k8sm_demand_unref(demand);
  return fine;
}
