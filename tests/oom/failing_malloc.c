/* SPDX-License-Identifier: Apache-2.0 */
#include "failing_malloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Two faces. Usually these functions are malloc, over glibc's own. A sanitizer wants to be malloc
 * itself: there, the linker redirects the calls of this program and of the static library here (--wrap). */
#ifdef OOM_WRAP
#define OOM_NAME(name)   __wrap_##name
#define OOM_REAL(name)   __real_##name
#define OOM_REAL_ALIGNED __real_aligned_alloc
#else
#define OOM_NAME(name)   name
#define OOM_REAL(name)   __libc_##name
#define OOM_REAL_ALIGNED __libc_memalign
#endif

void *OOM_REAL(malloc)(size_t n);
void *OOM_REAL(calloc)(size_t count, size_t n);
void *OOM_REAL(realloc)(void *p, size_t n);
void OOM_REAL(free)(void *p);
void *OOM_REAL_ALIGNED(size_t alignment, size_t n);

void *OOM_NAME(malloc)(size_t n);
void *OOM_NAME(calloc)(size_t count, size_t n);
void *OOM_NAME(realloc)(void *p, size_t n);
void OOM_NAME(free)(void *p);
void *OOM_NAME(aligned_alloc)(size_t alignment, size_t n);

static struct {
  bool armed;
  enum oom_mode mode;
  size_t nth;
  size_t calls;
  size_t failed;
  long live;
} oom;

void oom_arm(size_t nth, enum oom_mode mode) {
  oom.armed = true;
  oom.mode = mode;
  oom.nth = nth;
  oom.calls = 0;
  oom.failed = 0;
}

size_t oom_disarm(void) {
  oom.armed = false;
  return oom.failed;
}

long oom_live(void) {
  return oom.live;
}

static bool oom_refuses(void) {
  if (!oom.armed) return false;
  oom.calls++;
  if (oom.calls != oom.nth && !(oom.mode == OOM_FOREVER && oom.calls > oom.nth)) return false;
  oom.failed++;
  errno = ENOMEM;
  return true;
}

static void *oom_count(void *p) {
  if (p != NULL) oom.live++;
  return p;
}

void *OOM_NAME(malloc)(size_t n) {
  return oom_refuses() ? NULL : oom_count(OOM_REAL(malloc)(n));
}

void *OOM_NAME(calloc)(size_t count, size_t n) {
  return oom_refuses() ? NULL : oom_count(OOM_REAL(calloc)(count, n));
}

void *OOM_NAME(aligned_alloc)(size_t alignment, size_t n) {
  return oom_refuses() ? NULL : oom_count(OOM_REAL_ALIGNED(alignment, n));
}

void *OOM_NAME(realloc)(void *p, size_t n) {
  if (p == NULL) return OOM_NAME(malloc)(n);
  if (n == 0) {
    OOM_NAME(free)(p);
    return NULL;
  }
  return oom_refuses() ? NULL : OOM_REAL(realloc)(p, n);
}

void OOM_NAME(free)(void *p) {
  if (p == NULL) return;
  oom.live--;
  OOM_REAL(free)(p);
}
