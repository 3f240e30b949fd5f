/* SPDX-License-Identifier: Apache-2.0 */

/* How long it takes to build and encode the ACCEPT of a pod with three containers: ids, an executor, four
 * groups. The best of several rounds, in nanoseconds a call. */

#include "bench_task.h"

#include <k8smesos/task.h>
#include <time.h>

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

static bool encode_print(const struct k8sm_plan *plan, uint32_t format, const char *name) {
  double best = 0;
  size_t bytes = 0;
  for (int i = 0; i < ENCODE_ROUNDS; i++) {
    double ns = encode_round(plan, format, &bytes);
    if (ns <= 0) return false;
    if (best <= 0 || ns < best) best = ns;
  }
  printf("%s\t%.0f\tns\n", name, best);
  fprintf(stderr, "%s: an ACCEPT of %zu bytes\n", name, bytes);
  return true;
}

bool bench_task_encode(void) {
  struct k8sm_demand *demand = pods_demand(PODS_THREE, 0);
  if (demand == NULL) return false;
  struct k8sm_plan *plan = pods_plan(&demand, 1);
  bool fine = encode_print(plan, K8SM_FORMAT_PROTOBUF, "task.encode.ns") &&
              encode_print(plan, K8SM_FORMAT_JSON, "task.encode.json.ns");
  pods_plan_free(plan);
  k8sm_demand_unref(demand);
  return fine;
}
