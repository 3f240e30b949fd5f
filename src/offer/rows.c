/* SPDX-License-Identifier: Apache-2.0 */
/* Resources as rows, whether they are an offer's or a value's own. */
#include "base/abi.h"
#include "offer/resources.h"
#include "offer/rules.h"

static const K8smMesos__Resource__ReservationInfo *rows_reservation(const K8smMesos__Resource *m) {
  return m->n_reservations > 0 ? m->reservations[m->n_reservations - 1] : m->reservation;
}

static uint32_t rows_traits(const K8smMesos__Resource *m) {
  const K8smMesos__Resource__ReservationInfo *reservation = rows_reservation(m);
  uint32_t traits = 0;
  if (reservation != NULL && (m->n_reservations == 0 ||
                              reservation->type == K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC)) {
    traits |= K8SM_TRAIT_DYNAMIC;
  }
  if (m->n_reservations > 1) traits |= K8SM_TRAIT_REFINED;
  if (m->revocable != NULL) traits |= K8SM_TRAIT_REVOCABLE;
  if (m->shared != NULL) traits |= K8SM_TRAIT_SHARED;
  if (k8smi_identity_whole(m)) traits |= K8SM_TRAIT_WHOLE;
  return traits;
}

static void rows_disk(const K8smMesos__Resource__DiskInfo *disk, struct k8sm_resource *row) {
  if (disk == NULL) return;
  if (disk->persistence != NULL) row->volume = k8smi_s(disk->persistence->id);
  if (disk->source == NULL) return;
  row->disk = (uint32_t)disk->source->type; /* K8SM_DISK_* have Mesos' numbers */
  row->disk_id = k8smi_s(disk->source->id);
  row->profile = k8smi_s(disk->source->profile);
}

size_t k8smi_resource_row_count(const struct k8smi_value *value) {
  return value->type == K8SM_RESOURCE_SCALAR   ? 1
         : value->type == K8SM_RESOURCE_RANGES ? value->ranges.count
                                               : value->set.count;
}

struct k8sm_resource k8smi_resource_row(const K8smMesos__Resource *message, const struct k8smi_value *value,
                                        size_t part) {
  const K8smMesos__Resource__ReservationInfo *reservation = rows_reservation(message);
  struct k8sm_resource row = {.name = k8smi_s(message->name),
                              .reservation = k8smi_resource_reservation(message),
                              .type = value->type,
                              .traits = rows_traits(message),
                              .count = 1};
  if (message->allocation_info != NULL) row.role = k8smi_s(message->allocation_info->role);
  if (message->provider_id != NULL) row.provider = k8smi_s(message->provider_id->value);
  if (reservation != NULL) row.principal = k8smi_s(reservation->principal);
  rows_disk(message->disk, &row);
  if (value->type == K8SM_RESOURCE_SCALAR) {
    row.milli = value->milli;
  } else if (value->type == K8SM_RESOURCE_RANGES) {
    row.begin = value->ranges.items[part].begin;
    row.end = value->ranges.items[part].end;
  } else {
    row.item = value->set.items[part];
  }
  return row;
}

/* The last lot whose rows begin at `row` or before. */
static size_t rows_lot_at(const struct k8sm_resources *resources, size_t row) {
  size_t low = 0, high = resources->bag.count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (resources->first_rows[middle] <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

size_t k8sm_resources_rows(const struct k8sm_resources *resources, size_t first, struct k8sm_resource *rows,
                           size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(resources->first_rows[resources->bag.count], first);
  size_t want = n < left ? n : left, lot = want == 0 ? 0 : rows_lot_at(resources, first);
  for (size_t done = 0; done < want; done++) {
    while (resources->first_rows[lot + 1] <= first + done) lot++;
    const struct k8smi_lot *l = &resources->bag.lots[lot];
    struct k8sm_resource row =
        k8smi_resource_row(l->identity, &l->value, first + done - resources->first_rows[lot]);
    row.resource = (uint32_t)lot;
    row.count = l->count;
    k8smi_row_write(rows, row_size, done, &row, sizeof row);
  }
  return left;
}
