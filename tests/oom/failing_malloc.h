/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_OOM_FAILING_MALLOC_H
#define TESTS_OOM_FAILING_MALLOC_H

/* The program's malloc: it counts what is alive, and fails where it is told to. Being malloc itself, it
 * is also that of libyaml and of every other library in the process. One thread only. */

#include <stddef.h>

enum oom_mode {
  OOM_ONCE,   /* one allocation fails, later ones succeed */
  OOM_FOREVER /* all fail from there on */
};

/* From now on, the nth allocation (from 1) fails. */
void oom_arm(size_t nth, enum oom_mode mode);
/* All succeed again. Returns how many have failed since oom_arm. */
size_t oom_disarm(void);
/* Allocations that are not freed yet. */
long oom_live(void);

#endif
