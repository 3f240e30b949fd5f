/* SPDX-License-Identifier: Apache-2.0 */

/* How many updates a second a status takes in: a container of a pod with three of them starts, runs, fails
 * and starts again, one update a call, each with a uuid to acknowledge. The best of several rounds. Lines
 * of name, value and unit, tabs between. */

#include <k8smesos/status.h>
#include <k8smesos/task.h>
#include <time.h>

#include "support/pods.h"

enum { STATUS_ROUNDS = 20, STATUS_LIVES = 200, STATUS_STATES = 3, STATUS_CAP = 1024 };

static double status_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* An update as a master sends it, in protobuf. */
static struct k8sm_blob *status_update(unsigned restart, unsigned state) {
  static const char *const states[STATUS_STATES] = {"STARTING", "RUNNING", "FAILED"};
  char json[STATUS_CAP];
  struct k8sm_blob *blob = NULL;
  snprintf(json, sizeof json,
           "{\"type\":\"UPDATE\",\"update\":{\"status\":{\"task_id\":{\"value\":\"" PODS_UID
           ".0.kubedns.%u.n1\"},\"state\":\"TASK_%s\",\"source\":\"SOURCE_EXECUTOR\","
           "\"agent_id\":{\"value\":\"f865b66f-6e1b-46d2-b553-aec43e4a5525-S1\"},"
           "\"executor_id\":{\"value\":\"" PODS_UID ".0\"},\"timestamp\":1788000000.5,"
           "\"uuid\":\"%08x%08xAAAAAA==\",\"message\":\"Command exited with status 1\","
           "\"container_status\":{\"container_id\":{\"value\":\"9bea99d6-0ba6-403a-a0af-6f6e3c969131\","
           "\"parent\":{\"value\":\"fd50dbe9-bc07-4ebb-8a8b-e026d07f737a\"}}}}}}",
           restart, states[state], restart, state);
  int result = k8sm_message_convert(K8SM_MESSAGE_EVENT, json, strlen(json), K8SM_FORMAT_JSON,
                                    K8SM_FORMAT_PROTOBUF, NULL, &blob, NULL);
  return result == K8SM_OK ? blob : NULL;
}

/* Seconds for all updates, each applied to the status that the former left; 0 after an error. */
static double status_round(const struct k8sm_demand *demand, struct k8sm_blob *const *updates, size_t n) {
  struct k8sm_status *status = NULL;
  if (k8sm_status_new(demand, NULL, &status, NULL) != K8SM_OK) return 0;
  double begin = status_now();
  for (size_t i = 0; i < n; i++) {
    struct k8sm_status *next = NULL;
    struct k8sm_change change = {.type = K8SM_CHANGE_UPDATE,
                                 .format = K8SM_FORMAT_PROTOBUF,
                                 .text = k8sm_blob_bytes(updates[i]),
                                 .mono_ms = 1000 * i,
                                 .wall_ms = 1788000000000 + 1000 * (int64_t)i};
    int result = k8sm_status_apply(status, &change, sizeof change, 1, NULL, &next, NULL);
    k8sm_status_unref(status);
    if (result != K8SM_OK) return 0;
    status = next;
  }
  double seconds = status_now() - begin;
  struct k8sm_status_summary summary = {.size = sizeof summary};
  bool fine = k8sm_status_summarize(status, &summary) == K8SM_OK && summary.restarts == STATUS_LIVES - 1;
  k8sm_status_unref(status);
  return fine ? seconds : 0;
}

int main(void) {
  enum { UPDATES = STATUS_LIVES * STATUS_STATES };
  static struct k8sm_blob *updates[UPDATES];
  struct k8sm_demand *demand = pods_demand(PODS_THREE, 0);
  double best = 0;
  if (demand == NULL) return 1;
  for (unsigned i = 0; i < UPDATES; i++) {
    updates[i] = status_update(i / STATUS_STATES, i % STATUS_STATES);
    if (updates[i] == NULL) return 1;
  }
  for (int i = 0; i < STATUS_ROUNDS; i++) {
    double seconds = status_round(demand, updates, UPDATES);
    if (seconds <= 0) return 1;
    if (best <= 0 || seconds < best) best = seconds;
  }
  printf("status.apply.updates_per_s\t%.0f\t1/s\n", UPDATES / best);
  for (unsigned i = 0; i < UPDATES; i++) k8sm_blob_unref(updates[i]);
  k8sm_demand_unref(demand);
  return 0;
}
