/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

#include <stdlib.h>

/* What a master refuses of a resource by itself, in its order and its words. */

static const char *unfit_scalar(const K8smMesos__Resource *r) {
  int64_t milli;
  if (r->scalar == NULL || r->ranges != NULL || r->set != NULL) return "Invalid scalar resource";
  bool fine = r->scalar->value == 0 ||
              (k8smi_milli_of_double(r->scalar->value, &milli) && milli > 0 && milli <= LOCAL_MAX_MILLI);
  return fine ? NULL : "Invalid scalar resource: value <= 0";
}

struct unfit_range {
  uint64_t begin, end;
  size_t place;
};

static int unfit_range_order(const void *a, const void *b) {
  const struct unfit_range *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

/* A master looks only whether a later range begins inside an earlier one: [5-9], [1-6] passes. Sorted by
 * where they begin, that is a range that begins before the end of one of an earlier place. Of those that have
 * not ended, only such matter that no other outlasts from an earlier place: a stack, the earliest on top. */
static bool unfit_overlap(struct unfit_range *ranges, size_t n) {
  size_t depth = 0; /* the stack is the part of the array that was read */
  qsort(ranges, n, sizeof(struct unfit_range), unfit_range_order);
  for (size_t i = 0; i < n; i++) {
    const struct unfit_range range = ranges[i];
    while (depth > 0 && ranges[depth - 1].end < range.begin) depth--;
    if (depth > 0 && ranges[depth - 1].place < range.place) return true;
    while (depth > 0 && ranges[depth - 1].end <= range.end) depth--;
    ranges[depth++] = range;
  }
  return false;
}

static const char *unfit_ranges(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  if (r->scalar != NULL || r->ranges == NULL || r->set != NULL) return "Invalid ranges resource";
  size_t n = r->ranges->n_range;
  bool sorted = true;
  for (size_t i = 0; i < n; i++) {
    const K8smMesos__Value__Range *range = r->ranges->range[i];
    if (range->begin > range->end) return "Invalid ranges resource: begin > end";
    sorted = sorted && (i == 0 || r->ranges->range[i - 1]->end < range->begin);
  }
  struct unfit_range *ranges = sorted ? NULL : k8smi_arena_array(arena, n, sizeof(struct unfit_range));
  if (ranges == NULL) return NULL;
  for (size_t i = 0; i < n; i++)
    ranges[i] = (struct unfit_range){r->ranges->range[i]->begin, r->ranges->range[i]->end, i};
  return unfit_overlap(ranges, n) ? "Invalid ranges resource: overlapping ranges" : NULL;
}

static const char *unfit_set(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  if (r->scalar != NULL || r->ranges != NULL || r->set == NULL) return "Invalid set resource";
  size_t n = r->set->n_item;
  struct k8sm_slice *items = n < 2 ? NULL : k8smi_arena_array(arena, n, sizeof(struct k8sm_slice));
  if (items == NULL) return NULL;
  for (size_t i = 0; i < n; i++) items[i] = k8smi_s(r->set->item[i]);
  return k8smi_local_items_sort(items, n) == n ? NULL : "Invalid set resource: duplicated elements";
}

static const char *unfit_value(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  switch (r->type) {
  case K8SM_MESOS__VALUE__TYPE__SCALAR: return unfit_scalar(r);
  case K8SM_MESOS__VALUE__TYPE__RANGES: return unfit_ranges(arena, r);
  case K8SM_MESOS__VALUE__TYPE__SET: return unfit_set(arena, r);
  default: return "Unsupported resource type";
  }
}

static const char *unfit_name(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  (void)arena;
  return r->name[0] == '\0' ? "Empty resource name" : NULL;
}

static const char *unfit_disk(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  if (r->disk == NULL) return NULL;
  if (strcmp(r->name, "disk") != 0)
    return LOCAL_WORDS(arena, "DiskInfo should not be set for ", r->name, " resource");
  const K8smMesos__Resource__DiskInfo__Source *source = r->disk->source;
  const char *whole = NULL;
  if (source == NULL) return NULL;
  switch (source->type) {
  case K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__PATH:
  case K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT: return NULL;
  case K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__BLOCK: whole = "BLOCK disk source"; break;
  case K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__RAW: whole = "RAW disk source"; break;
  default: return "Unsupported 'DiskInfo.Source.Type' in 'UNKNOWN'";
  }
  if (source->mount != NULL) return LOCAL_WORDS(arena, "Mount should not be set for ", whole);
  return source->path == NULL ? NULL : LOCAL_WORDS(arena, "Path should not be set for ", whole);
}

static bool unfit_has_role(const K8smMesos__Resource *r) {
  return r->role != k8sm_mesos__resource__role__default_value;
}

/* The older form, `role` and `reservation`. */
static const char *unfit_older(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  if (r->n_reservations > 0) return NULL;
  const char *fault = k8smi_local_role_fault(arena, r->role);
  if (fault != NULL || r->reservation == NULL) return fault;
  if (r->reservation->has_type)
    return "'Resource.ReservationInfo.type' must not be set for the 'Resource.reservation' field";
  if (r->reservation->role != NULL)
    return "'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field";
  return strcmp(r->role, "*") == 0 ? "Invalid reservation: role \"*\" cannot be dynamically reserved" : NULL;
}

/* The stack. */
static const char *unfit_stack(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  const char *fault = NULL;
  for (size_t i = 0; i < r->n_reservations && fault == NULL; i++) {
    const K8smMesos__Resource__ReservationInfo *one = r->reservations[i];
    if (!one->has_type) return "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.";
    if (one->role == NULL) return "Invalid reservation: 'Resource.ReservationInfo.role' field must be set.";
    fault = k8smi_local_role_fault(arena, one->role);
    if (fault == NULL && strcmp(one->role, "*") == 0)
      fault = "Invalid reservation: role \"*\" cannot be reserved";
  }
  for (size_t i = 1; i < r->n_reservations && fault == NULL; i++) {
    const K8smMesos__Resource__ReservationInfo *above = r->reservations[i - 1], *one = r->reservations[i];
    if (one->type == K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__STATIC)
      return "Invalid refined reservation: A refined reservation cannot be STATIC";
    if (!k8smi_local_role_is_below(k8smi_s(one->role), k8smi_s(above->role))) {
      fault = LOCAL_WORDS(arena, "Invalid refined reservation: role '", one->role,
                          "' is not a refinement of '", above->role, "'");
    }
  }
  return fault;
}

/* A dynamic reservation in both forms says the same in both. */
static const char *unfit_dynamic_twice(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  const K8smMesos__Resource__ReservationInfo *older = r->reservation, *now = r->reservations[0];
  if (unfit_has_role(r) != (older != NULL)) {
    return "Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be both set or "
           "both "
           "not set if the single reservation in 'Resource.reservations' is DYNAMIC";
  }
  if (older == NULL) return NULL;
  const char *before = older->principal == NULL ? "" : older->principal;
  const char *after = now->principal == NULL ? "" : now->principal;
  if (strcmp(before, after) != 0) {
    return LOCAL_WORDS(arena, "Invalid resource format: 'Resource.reservation.principal' field with '",
                       before, "' does not match the principal '", after, "' in 'Resource.reservations'");
  }
  before = k8smi_local_labels_text(arena, older->labels);
  after = k8smi_local_labels_text(arena, now->labels);
  if (strcmp(before, after) == 0) return NULL;
  return LOCAL_WORDS(arena, "Invalid resource format: 'Resource.reservation.labels' field with '", before,
                     "' does not match the labels '", after, "' in 'Resource.reservations'");
}

/* Both forms at once. */
static const char *unfit_both(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  if (r->n_reservations == 0) return NULL;
  if (r->n_reservations > 1) {
    if (!unfit_has_role(r) && r->reservation == NULL) return NULL;
    return LOCAL_WORDS(arena, "Invalid resource format: 'Resource.",
                       unfit_has_role(r) ? "role" : "reservation",
                       "' must not be set if there is more than one reservation in 'Resource.reservations'");
  }
  const K8smMesos__Resource__ReservationInfo *only = r->reservations[0];
  if (unfit_has_role(r) && strcmp(r->role, only->role) != 0) {
    return LOCAL_WORDS(arena, "Invalid resource format: 'Resource.role' field with '", r->role,
                       "' does not match the role '", only->role, "' in 'Resource.reservations'");
  }
  switch (only->type) {
  case K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__STATIC:
    return r->reservation == NULL ? NULL
                                  : "Invalid resource format: 'Resource.reservation' must not be set if the "
                                    "single reservation in 'Resource.reservations' is STATIC";
  case K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC: return unfit_dynamic_twice(arena, r);
  default: return "Unsupported 'Resource.ReservationInfo.Type'";
  }
}

static const char *unfit_shared(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  if (r->shared == NULL) return NULL;
  if (strcmp(r->name, "disk") != 0) return LOCAL_WORDS(arena, "Resource ", r->name, " cannot be shared");
  return r->disk != NULL && r->disk->persistence != NULL ? NULL : "Only persistent volumes can be shared";
}

const char *k8smi_local_resource_fault(struct k8smi_arena *arena, const K8smMesos__Resource *resource) {
  static const char *(*const RULES[])(struct k8smi_arena *, const K8smMesos__Resource *) = {
      unfit_name, unfit_value, unfit_disk, unfit_older, unfit_stack, unfit_both, unfit_shared};
  const char *fault = NULL;
  for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]) && fault == NULL; i++)
    fault = RULES[i](arena, resource);
  return fault;
}
