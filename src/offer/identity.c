/* SPDX-License-Identifier: Apache-2.0 */
#include "offer/identity.h"
#include "base/sort.h"
#include "offer/rules.h"

typedef K8smMesos__Resource identity_resource;
typedef K8smMesos__Resource__ReservationInfo identity_reservation;
typedef K8smMesos__Resource__DiskInfo__Source identity_source;

/* ---- Normal form ---- */

static int identity_label_order(const void *a, const void *b, const void *ctx) {
  const K8smMesos__Label *const *x = a, *const *y = b;
  (void)ctx;
  int c = k8smi_text_compare((*x)->key, (*y)->key);
  return c != 0 ? c : k8smi_text_compare((*x)->value, (*y)->value);
}

/* Labels are equal in any order. */
static bool identity_sort_labels(struct k8smi_arena *arena, K8smMesos__Labels **labels) {
  if (*labels == NULL || (*labels)->n_labels < 2) return true;
  size_t n = (*labels)->n_labels;
  K8smMesos__Labels *to = k8smi_arena_alloc(arena, sizeof *to);
  K8smMesos__Label **items = k8smi_arena_array(arena, n, sizeof(K8smMesos__Label *));
  if (to == NULL || items == NULL) return false;
  memcpy(items, (*labels)->labels, n * sizeof *items);
  k8smi_sort(items, n, sizeof *items, identity_label_order, NULL);
  *to = **labels;
  to->labels = items;
  *labels = to;
  return true;
}

static identity_reservation *identity_reserve(struct k8smi_arena *arena, const identity_reservation *from) {
  identity_reservation *to = k8smi_arena_alloc(arena, sizeof *to);
  if (to == NULL) return NULL;
  *to = *from;
  return identity_sort_labels(arena, &to->labels) ? to : NULL;
}

/* The two fields before RESERVATION_REFINEMENT as a reservation: DYNAMIC if there is `reservation`. */
static identity_reservation *identity_reserve_old(struct k8smi_arena *arena, const identity_resource *from) {
  identity_reservation none = K8SM_MESOS__RESOURCE__RESERVATION_INFO__INIT;
  identity_reservation *to = identity_reserve(arena, from->reservation == NULL ? &none : from->reservation);
  if (to == NULL) return NULL;
  to->has_type = 1;
  to->type = from->reservation == NULL ? K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__STATIC
                                       : K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC;
  to->role = from->role;
  return to;
}

static bool identity_reservations(struct k8smi_arena *arena, const identity_resource *from,
                                  identity_resource *to) {
  bool old = from->n_reservations == 0 && k8smi_rules_old_role(from) != NULL;
  size_t n = old ? 1 : from->n_reservations;
  to->n_reservations = n;
  to->reservations = NULL;
  to->reservation = NULL;
  if (n == 0) return true;
  to->reservations = k8smi_arena_array(arena, n, sizeof *to->reservations);
  if (to->reservations == NULL) return false;
  for (size_t i = 0; i < n; i++) {
    to->reservations[i] =
        old ? identity_reserve_old(arena, from) : identity_reserve(arena, from->reservations[i]);
    if (to->reservations[i] == NULL) return false;
  }
  return true;
}

static bool identity_disk(struct k8smi_arena *arena, K8smMesos__Resource__DiskInfo **disk) {
  if (*disk == NULL || (*disk)->source == NULL || (*disk)->source->metadata == NULL) return true;
  K8smMesos__Resource__DiskInfo *to = k8smi_arena_alloc(arena, sizeof *to);
  identity_source *source = k8smi_arena_alloc(arena, sizeof *source);
  if (to == NULL || source == NULL) return false;
  *source = *(*disk)->source;
  *to = **disk;
  to->source = source;
  *disk = to;
  return identity_sort_labels(arena, &source->metadata);
}

identity_resource *k8smi_identity_make(struct k8smi_arena *arena, const identity_resource *from) {
  identity_resource *to = K8SMI_MESSAGE_NEW(arena, resource);
  if (to == NULL) return NULL;
  char *no_role = to->role;
  *to = *from;
  to->role = no_role;
  to->scalar = NULL;
  to->ranges = NULL;
  to->set = NULL;
  return identity_reservations(arena, from, to) && identity_disk(arena, &to->disk) ? to : NULL;
}

identity_resource *k8smi_identity_copy(struct k8smi_arena *arena, const identity_resource *from) {
  return (identity_resource *)k8smi_message_copy(arena, &from->base);
}

/* ---- Order ---- */

static int identity_number_order(uint64_t a, uint64_t b) {
  return (a > b) - (a < b);
}

static int identity_labels_order(const K8smMesos__Labels *a, const K8smMesos__Labels *b) {
  if (a == NULL || b == NULL) return (a != NULL) - (b != NULL);
  for (size_t i = 0; i < a->n_labels && i < b->n_labels; i++) {
    int c = identity_label_order(&a->labels[i], &b->labels[i], NULL);
    if (c != 0) return c;
  }
  return identity_number_order(a->n_labels, b->n_labels);
}

static int identity_by_name(const identity_resource *a, const identity_resource *b) {
  int c = k8smi_text_compare(a->name, b->name);
  return c != 0 ? c : identity_number_order((uint64_t)a->type, (uint64_t)b->type);
}

static int identity_by_allocation(const identity_resource *a, const identity_resource *b) {
  const K8smMesos__Resource__AllocationInfo *x = a->allocation_info, *y = b->allocation_info;
  if (x == NULL || y == NULL) return (x != NULL) - (y != NULL);
  return k8smi_text_compare(x->role, y->role);
}

static int identity_by_provider(const identity_resource *a, const identity_resource *b) {
  const K8smMesos__ResourceProviderID *x = a->provider_id, *y = b->provider_id;
  return k8smi_text_compare(x == NULL ? NULL : x->value, y == NULL ? NULL : y->value);
}

static int identity_by_use(const identity_resource *a, const identity_resource *b) {
  int c = (a->revocable != NULL) - (b->revocable != NULL);
  return c != 0 ? c : (a->shared != NULL) - (b->shared != NULL);
}

static int identity_path_order(const identity_source *a, const identity_source *b) {
  if (a->path == NULL || b->path == NULL) return (a->path != NULL) - (b->path != NULL);
  return k8smi_text_compare(a->path->root, b->path->root);
}

static int identity_mount_order(const identity_source *a, const identity_source *b) {
  if (a->mount == NULL || b->mount == NULL) return (a->mount != NULL) - (b->mount != NULL);
  return k8smi_text_compare(a->mount->root, b->mount->root);
}

static int identity_source_order(const identity_source *a, const identity_source *b) {
  if (a == NULL || b == NULL) return (a != NULL) - (b != NULL);
  int c = identity_number_order((uint64_t)a->type, (uint64_t)b->type);
  if (c == 0) c = identity_path_order(a, b);
  if (c == 0) c = identity_mount_order(a, b);
  if (c == 0) c = k8smi_text_compare(a->vendor, b->vendor);
  if (c == 0) c = k8smi_text_compare(a->id, b->id);
  if (c == 0) c = identity_labels_order(a->metadata, b->metadata);
  return c != 0 ? c : k8smi_text_compare(a->profile, b->profile);
}

static int identity_by_disk(const identity_resource *a, const identity_resource *b) {
  const K8smMesos__Resource__DiskInfo *x = a->disk, *y = b->disk;
  if (x == NULL || y == NULL) return (x != NULL) - (y != NULL);
  int c = identity_source_order(x->source, y->source);
  if (c != 0) return c;
  return k8smi_text_compare(x->persistence == NULL ? NULL : x->persistence->id,
                            y->persistence == NULL ? NULL : y->persistence->id);
}

static int identity_reservation_order(const identity_reservation *a, const identity_reservation *b) {
  int c = k8smi_text_compare(a->role, b->role);
  if (c == 0) c = identity_number_order((uint64_t)a->type, (uint64_t)b->type);
  if (c == 0) c = k8smi_text_compare(a->principal, b->principal);
  return c != 0 ? c : identity_labels_order(a->labels, b->labels);
}

static int identity_by_reservations(const identity_resource *a, const identity_resource *b) {
  for (size_t i = 0; i < a->n_reservations && i < b->n_reservations; i++) {
    int c = identity_reservation_order(a->reservations[i], b->reservations[i]);
    if (c != 0) return c;
  }
  return identity_number_order(a->n_reservations, b->n_reservations);
}

int k8smi_identity_compare(const identity_resource *a, const identity_resource *b, bool reservations) {
  static int (*const parts[])(const identity_resource *, const identity_resource *) = {
      identity_by_name, identity_by_allocation, identity_by_disk, identity_by_use, identity_by_provider};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    int c = parts[i](a, b);
    if (c != 0) return c;
  }
  return reservations ? identity_by_reservations(a, b) : 0;
}

bool k8smi_identity_whole(const identity_resource *message) {
  if (message->shared != NULL) return true;
  if (message->disk == NULL) return false;
  if (message->disk->persistence != NULL) return true;
  const identity_source *source = message->disk->source;
  if (source == NULL) return false;
  return source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT ||
         source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__BLOCK ||
         (source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__RAW && source->id != NULL);
}
