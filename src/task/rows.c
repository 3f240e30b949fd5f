/* SPDX-License-Identifier: Apache-2.0 */
#include "base/abi.h"
#include "task/calls.h"

struct k8sm_calls *k8sm_calls_ref(struct k8sm_calls *calls) {
  k8smi_ref(&calls->refs);
  return calls;
}

void k8sm_calls_unref(struct k8sm_calls *calls) {
  if (calls != NULL && k8smi_unref(&calls->refs)) K8SMI_VALUE_FREE(k8sm_calls, calls);
}

size_t k8sm_calls_rows(const struct k8sm_calls *calls, size_t first, struct k8sm_call *rows, size_t row_size,
                       size_t n) {
  size_t left = k8smi_rows_left(calls->call_count, first);
  for (size_t i = 0; i < left && i < n; i++) {
    k8smi_row_write(rows, row_size, i, &calls->calls[first + i], sizeof calls->calls[0]);
  }
  return left;
}

size_t k8sm_calls_executors(const struct k8sm_calls *calls, size_t first, struct k8sm_call_executor *rows,
                            size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(calls->executor_count, first);
  for (size_t i = 0; i < left && i < n; i++) {
    k8smi_row_write(rows, row_size, i, &calls->executors[first + i], sizeof calls->executors[0]);
  }
  return left;
}

size_t k8sm_calls_tasks(const struct k8sm_calls *calls, size_t first, struct k8sm_call_task *rows,
                        size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(calls->task_count, first);
  for (size_t i = 0; i < left && i < n; i++) {
    k8smi_row_write(rows, row_size, i, &calls->tasks[first + i], sizeof calls->tasks[0]);
  }
  return left;
}

size_t k8sm_calls_offers(const struct k8sm_calls *calls, size_t first, struct k8sm_call_offer *rows,
                         size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(calls->offer_count, first);
  for (size_t i = 0; i < left && i < n; i++) {
    k8smi_row_write(rows, row_size, i, &calls->offers[first + i], sizeof calls->offers[0]);
  }
  return left;
}

size_t k8sm_calls_operations(const struct k8sm_calls *calls, size_t first, struct k8sm_call_operation *rows,
                             size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(calls->operation_count, first);
  for (size_t i = 0; i < left && i < n; i++) {
    k8smi_row_write(rows, row_size, i, &calls->operations[first + i], sizeof calls->operations[0]);
  }
  return left;
}

size_t k8sm_calls_releases(const struct k8sm_calls *calls, size_t first, struct k8sm_call_release *rows,
                           size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(calls->release_count, first);
  for (size_t i = 0; i < left && i < n; i++) {
    k8smi_row_write(rows, row_size, i, &calls->releases[first + i], sizeof calls->releases[0]);
  }
  return left;
}
