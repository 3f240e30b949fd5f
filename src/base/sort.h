/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_SORT_H
#define K8SMI_BASE_SORT_H

#include <stddef.h>

/* Sorts in place, without memory and without a bad case (C libraries' qsort may allocate). Not stable:
 * where the order of equals matters, compare() decides it. `size` is at most K8SMI_SORT_MAX. */
enum { K8SMI_SORT_MAX = 64 };
typedef int k8smi_compare(const void *a, const void *b, const void *ctx);
void k8smi_sort(void *items, size_t count, size_t size, k8smi_compare *compare, const void *ctx);

#endif
