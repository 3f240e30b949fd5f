/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_ROOM_H
#define TESTS_SUPPORT_ROOM_H

/* A queue of effects keeps its memory for the next step, so that only few of them could ever fail to find some.
 * Without that room the first effect of each step needs memory. */

#include "driver/effects.h"

static inline void room_forget(struct k8sm_effects **queue, const struct k8sm_allocator *allocator) {
  struct k8sm_effects *empty;
  if (k8smi_effects_count(*queue) > 0 || k8sm_effects_new(allocator, &empty) != K8SM_OK) return;
  k8sm_effects_free(*queue);
  *queue = empty;
}

#endif
