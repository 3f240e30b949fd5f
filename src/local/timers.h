/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_TIMERS_H
#define K8SMI_LOCAL_TIMERS_H

#include "base/alloc.h"

/* What is due when: a heap of timers that lie in their owners. Those of one instant fire in the order
 * in which they were set. Room for a timer is made when it joins, so that setting it can't fail. */
struct local_timer {
  void (*fire)(void *owner);
  void *owner;
  uint64_t at;
  uint64_t order;
  size_t place; /* in the heap, from 1; 0: not set */
};

struct local_timers {
  struct k8sm_allocator allocator;
  struct local_timer **heap;
  size_t cap;
  size_t set;    /* how many are in the heap */
  size_t joined; /* how many may be */
  uint64_t order;
};

void k8smi_local_timers_init(struct local_timers *timers, const struct k8sm_allocator *allocator);
void k8smi_local_timers_free(struct local_timers *timers);

/* False when memory ran out: the timer must not be set then. */
bool k8smi_local_timer_join(struct local_timers *timers, struct local_timer *timer, void (*fire)(void *owner),
                            void *owner);
/* Does nothing for one that never joined (all zeros). */
void k8smi_local_timer_leave(struct local_timers *timers, struct local_timer *timer);
void k8smi_local_timer_set(struct local_timers *timers, struct local_timer *timer, uint64_t at);
void k8smi_local_timer_clear(struct local_timers *timers, struct local_timer *timer);
static inline bool k8smi_local_timer_is_set(const struct local_timer *timer) {
  return timer->place != 0;
}

/* The next one's time; UINT64_MAX: none. */
uint64_t k8smi_local_timers_next(const struct local_timers *timers);
/* Fires the next one, which is no longer set then. */
void k8smi_local_timers_fire(struct local_timers *timers);

#endif
