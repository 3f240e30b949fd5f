/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_POD_ROWS_H
#define K8SMI_POD_POD_ROWS_H

#include "pod/containers.h"

/* Rows on their way to the caller: those before `first` and beyond n are only counted. */
struct k8smi_rows {
  void *rows;
  size_t row_size;
  size_t first;
  size_t n;
  size_t count;
};

void k8smi_rows_put(struct k8smi_rows *r, const void *row, size_t size);

/* Puts the rows of one container; `number` is that of its own row. */
typedef void k8smi_rows_of(struct k8smi_rows *r, const struct k8smi_record *container, uint32_t number);
/* Those of every container of the pod; returns what a row function returns. */
size_t k8smi_rows_of_containers(struct k8smi_rows *r, const struct k8sm_pod *pod, k8smi_rows_of *put);

#endif
