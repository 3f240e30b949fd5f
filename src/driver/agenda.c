/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/agenda.h"

bool k8smi_drv_agenda_room(struct drv_agenda *agenda, const struct drv_core *core, size_t n) {
  void *items = agenda->heap;
  if (!k8smi_grow(&core->allocator, &items, &agenda->cap, n, sizeof(struct drv_due *))) return false;
  agenda->heap = items;
  return true;
}

void k8smi_drv_agenda_free(struct drv_agenda *agenda, const struct drv_core *core) {
  k8smi_free(&core->allocator, agenda->heap, agenda->cap * sizeof(struct drv_due *));
}

static bool agenda_before(const struct drv_due *a, const struct drv_due *b) {
  return a->at != b->at ? a->at < b->at : a->order < b->order;
}

/* Moves an entry, whose place is free, to where it belongs: up as far as it goes, or else down. */
static void agenda_settle(struct drv_agenda *agenda, struct drv_due *due, size_t place) {
  struct drv_due **heap = agenda->heap - 1;
  for (; place > 1 && agenda_before(due, heap[place / 2]); place /= 2) {
    heap[place] = heap[place / 2];
    heap[place]->place = (uint32_t)place;
  }
  for (size_t child; (child = place * 2) <= agenda->count; place = child) {
    if (child < agenda->count && agenda_before(heap[child + 1], heap[child])) child++;
    if (!agenda_before(heap[child], due)) break;
    heap[place] = heap[child];
    heap[place]->place = (uint32_t)place;
  }
  heap[place] = due;
  due->place = (uint32_t)place;
}

static void agenda_remove(struct drv_agenda *agenda, struct drv_due *due) {
  size_t place = due->place;
  struct drv_due *last = agenda->heap[--agenda->count];
  due->place = 0;
  due->at = DRV_NEVER;
  if (last != due) agenda_settle(agenda, last, place);
}

void k8smi_drv_agenda_set(struct drv_agenda *agenda, struct drv_due *due, uint64_t at) {
  if (at == due->at) return;
  if (at == DRV_NEVER) {
    agenda_remove(agenda, due);
    return;
  }
  due->at = at;
  agenda_settle(agenda, due, due->place != 0 ? due->place : ++agenda->count);
}

struct drv_due *k8smi_drv_agenda_take(struct drv_agenda *agenda, uint64_t now) {
  if (k8smi_drv_agenda_next(agenda) > now || agenda->count == 0) return NULL;
  struct drv_due *due = agenda->heap[0];
  agenda_remove(agenda, due);
  return due;
}
