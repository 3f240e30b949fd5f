/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *default_alloc(void *ctx, size_t n) {
  (void)ctx;
  return malloc(n);
}

static void default_free(void *ctx, void *p, size_t n) {
  (void)ctx;
  (void)n;
  free(p);
}

bool k8smi_allocator_init(struct k8sm_allocator *a, const struct k8sm_allocator *user) {
  if (user != NULL) {
    *a = *user;
    return user->size >= sizeof *user && user->alloc != NULL && user->free != NULL;
  }
  *a = (struct k8sm_allocator){sizeof *a, NULL, default_alloc, default_free};
  return true;
}

void *k8smi_alloc(const struct k8sm_allocator *a, size_t n) {
  return a->alloc(a->ctx, n == 0 ? 1 : n);
}

void *k8smi_zalloc(const struct k8sm_allocator *a, size_t n) {
  void *p = k8smi_alloc(a, n);
  if (p != NULL) memset(p, 0, n);
  return p;
}

void k8smi_free(const struct k8sm_allocator *a, void *p, size_t n) {
  if (p != NULL) a->free(a->ctx, p, n == 0 ? 1 : n);
}

bool k8smi_grow(const struct k8sm_allocator *a, void **items, size_t *cap, size_t want, size_t item_size) {
  if (want <= *cap) return true;
  size_t next = *cap < 8 ? 8 : *cap, bytes;
  while (next < want) {
    if (next > SIZE_MAX / 2) return false;
    next *= 2;
  }
  if (!k8smi_mul(next, item_size, &bytes)) return false;
  void *p = k8smi_alloc(a, bytes);
  if (p == NULL) return false;
  if (*items != NULL) memcpy(p, *items, *cap * item_size);
  k8smi_free(a, *items, *cap * item_size);
  *items = p;
  *cap = next;
  return true;
}
