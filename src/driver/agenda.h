/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_AGENDA_H
#define K8SMI_DRIVER_AGENDA_H

/* What is due when: a heap of entries that lie in their owners. Room is made beforehand, so that setting a
 * time can't fail, and nothing ever looks at all owners. */

#include "driver/core.h"

struct drv_due {
  uint64_t at;    /* DRV_NEVER: it is not in the heap */
  uint64_t order; /* among those of one moment; no two are the same */
  uint32_t place; /* in the heap, from 1 */
};

struct drv_agenda {
  struct drv_due **heap;
  size_t count;
  size_t cap;
};

static inline void k8smi_drv_due_init(struct drv_due *due, uint64_t order) {
  *due = (struct drv_due){.at = DRV_NEVER, .order = order};
}
/* For so many entries in all. False: no memory. */
bool k8smi_drv_agenda_room(struct drv_agenda *agenda, const struct drv_core *core, size_t n);
void k8smi_drv_agenda_free(struct drv_agenda *agenda, const struct drv_core *core);
void k8smi_drv_agenda_set(struct drv_agenda *agenda, struct drv_due *due, uint64_t at);
/* The first entry that is due by then, which leaves the heap; NULL: none is. */
struct drv_due *k8smi_drv_agenda_take(struct drv_agenda *agenda, uint64_t now);

static inline uint64_t k8smi_drv_agenda_next(const struct drv_agenda *agenda) {
  return agenda->count == 0 ? DRV_NEVER : agenda->heap[0]->at;
}

#endif
