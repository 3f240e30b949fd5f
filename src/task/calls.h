/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_TASK_CALLS_H
#define K8SMI_TASK_CALLS_H

#include <k8smesos/task.h>
#include "base/arena.h"
#include "base/refs.h"

/* The calls that a plan becomes. All memory is the arena's. */
struct k8sm_calls {
  k8smi_refs refs;
  struct k8smi_arena arena;
  struct k8sm_call *calls;
  size_t call_count;
  struct k8sm_call_executor *executors; /* one for each placement */
  int64_t *reserved; /* for each placement, how much for the pod itself: k8smi_resource_amount of all */
  size_t executor_count;
  struct k8sm_call_task *tasks;
  size_t task_count;
  struct k8sm_call_offer *offers;
  size_t offer_count;
  struct k8sm_call_operation *operations; /* where they are asked for */
  size_t operation_count;
  struct k8sm_call_release *releases; /* of k8sm_cluster_release */
  int64_t *released;                  /* how much each of them is */
  size_t release_count;
};

/* calls.c: options of calls. Errors: INVALID. */
int k8smi_calls_check(uint32_t format, double refuse_seconds, struct k8sm_diags *diags);

/* overlay.c: reads the overlays of the options, for what is wrong in them. Errors: as k8sm_plan_calls. */
int k8smi_overlays_check(const struct k8sm_task_options *options, struct k8sm_diags *diags);

/* AUTO is protobuf. */
static inline uint32_t k8smi_calls_format(uint32_t format) {
  return format == K8SM_FORMAT_JSON ? K8SM_FORMAT_JSON : K8SM_FORMAT_PROTOBUF;
}

#endif
