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
  size_t executor_count;
  struct k8sm_call_task *tasks;
  size_t task_count;
};

#endif
