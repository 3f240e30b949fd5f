/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_FAILING_H
#define TESTS_SUPPORT_FAILING_H

/* An allocator that counts, and fails one allocation and all after it. */

#include <k8smesos/base.h>
#include <stdlib.h>

struct failing {
  struct k8sm_allocator allocator;
  size_t calls;
  size_t fail_at; /* the number of the call that fails, from 1; 0: none */
  size_t held;    /* bytes not freed yet */
};

static inline void *failing_alloc(void *ctx, size_t n) {
  struct failing *f = ctx;
  f->calls++;
  if (f->fail_at != 0 && f->calls >= f->fail_at) return NULL;
  f->held += n;
  return malloc(n);
}

static inline void failing_free(void *ctx, void *p, size_t n) {
  ((struct failing *)ctx)->held -= n;
  free(p);
}

static inline void failing_init(struct failing *f, size_t fail_at) {
  *f = (struct failing){{sizeof f->allocator, f, failing_alloc, failing_free}, 0, fail_at, 0};
}

#endif
