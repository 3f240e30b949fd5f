/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_ALLOC_H
#define K8SMI_BASE_ALLOC_H

#include <k8smesos/base.h>
#include <stdbool.h>

/* A copy of the user's allocator, or malloc and free. Returns false for a table without functions. */
bool k8smi_allocator_init(struct k8sm_allocator *a, const struct k8sm_allocator *user);

void *k8smi_alloc(const struct k8sm_allocator *a, size_t n);
void *k8smi_zalloc(const struct k8sm_allocator *a, size_t n);
void k8smi_free(const struct k8sm_allocator *a, void *p, size_t n);

/* Makes room for at least `want` elements; doubles. The memory behind the old ones is not zeroed.
 * False when memory ran out (or the size does not fit): nothing has changed then. */
bool k8smi_grow(const struct k8sm_allocator *a, void **items, size_t *cap, size_t want, size_t item_size);

/* Overflow-checked sums and products: false when the result does not fit. */
static inline bool k8smi_add(size_t a, size_t b, size_t *ret) {
  *ret = a + b;
  return *ret >= a;
}
static inline bool k8smi_mul(size_t a, size_t b, size_t *ret) {
  *ret = a * b;
  return a == 0 || *ret / a == b;
}

#endif
