/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_ABI_H
#define K8SMI_BASE_ABI_H

#include <k8smesos/diag.h>
#include <stdbool.h>

/* Copies an option struct in, whatever version of it the caller was compiled with: what is missing
 * is zero; a tail that the library does not know must be zero. NULL gives all zeros. `name` is for
 * the finding. Errors: ABI. */
int k8smi_options_read(void *dst, size_t known, const void *src, const char *name, struct k8sm_diags *diags);

/* Writes an output struct that starts with `size` (set by the caller): as much as both know. Errors: ABI. */
int k8smi_struct_write(void *dst, const void *src, size_t known);

/* Rows out: row i of the caller's array, row_size bytes apart. */
void k8smi_row_write(void *rows, size_t row_size, size_t i, const void *row, size_t known);
/* Rows in: reads element i of an option array whose elements are `size` bytes each. */
void k8smi_row_read(void *dst, size_t known, const void *rows, size_t size, size_t i);

/* How many of `count` rows from `first` on are to be written to n places. */
static inline size_t k8smi_rows_left(size_t count, size_t first) {
  return first < count ? count - first : 0;
}

#endif
