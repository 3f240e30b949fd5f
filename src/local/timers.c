/* SPDX-License-Identifier: Apache-2.0 */
#include "local/timers.h"

#include <string.h>

void k8smi_local_timers_init(struct local_timers *timers, const struct k8sm_allocator *allocator) {
  memset(timers, 0, sizeof(*timers));
  timers->allocator = *allocator;
}

void k8smi_local_timers_free(struct local_timers *timers) {
  k8smi_free(&timers->allocator, timers->heap, timers->cap * sizeof(struct local_timer *));
  timers->heap = NULL;
  timers->cap = timers->set = timers->joined = 0;
}

bool k8smi_local_timer_join(struct local_timers *timers, struct local_timer *timer, void (*fire)(void *owner),
                            void *owner) {
  void *heap = timers->heap;
  if (!k8smi_grow(&timers->allocator, &heap, &timers->cap, timers->joined + 1,
                  sizeof(struct local_timer *))) {
    return false;
  }
  timers->heap = heap;
  timers->joined++;
  *timer = (struct local_timer){fire, owner, 0, 0, 0};
  return true;
}

static bool timer_before(const struct local_timer *a, const struct local_timer *b) {
  return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void timer_put(struct local_timers *timers, size_t place, struct local_timer *timer) {
  timers->heap[place - 1] = timer;
  timer->place = place;
}

static void timer_sift_up(struct local_timers *timers, size_t place) {
  struct local_timer *timer = timers->heap[place - 1];
  while (place > 1 && timer_before(timer, timers->heap[place / 2 - 1])) {
    timer_put(timers, place, timers->heap[place / 2 - 1]);
    place /= 2;
  }
  timer_put(timers, place, timer);
}

static void timer_sift_down(struct local_timers *timers, size_t place) {
  struct local_timer *timer = timers->heap[place - 1];
  for (;;) {
    size_t child = place * 2;
    if (child > timers->set) {
      break;
    }
    if (child < timers->set && timer_before(timers->heap[child], timers->heap[child - 1])) {
      child++;
    }
    if (timer_before(timer, timers->heap[child - 1])) {
      break;
    }
    timer_put(timers, place, timers->heap[child - 1]);
    place = child;
  }
  timer_put(timers, place, timer);
}

void k8smi_local_timer_clear(struct local_timers *timers, struct local_timer *timer) {
  size_t place = timer->place;
  if (place == 0) {
    return;
  }
  timer->place = 0;
  struct local_timer *last = timers->heap[--timers->set];
  if (last != timer) {
    timer_put(timers, place, last);
    timer_sift_up(timers, place);
    timer_sift_down(timers, last->place);
  }
}

void k8smi_local_timer_leave(struct local_timers *timers, struct local_timer *timer) {
  if (timer->fire != NULL) {
    k8smi_local_timer_clear(timers, timer);
    timers->joined--;
    timer->fire = NULL;
  }
}

void k8smi_local_timer_set(struct local_timers *timers, struct local_timer *timer, uint64_t at) {
  k8smi_local_timer_clear(timers, timer);
  timer->at = at;
  timer->order = timers->order++;
  timer_put(timers, ++timers->set, timer);
  timer_sift_up(timers, timer->place);
}

uint64_t k8smi_local_timers_next(const struct local_timers *timers) {
  return timers->set == 0 ? UINT64_MAX : timers->heap[0]->at;
}

void k8smi_local_timers_fire(struct local_timers *timers) {
  struct local_timer *timer = timers->heap[0];
  k8smi_local_timer_clear(timers, timer);
  timer->fire(timer->owner);
}
