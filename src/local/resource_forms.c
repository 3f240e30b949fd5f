/* SPDX-License-Identifier: Apache-2.0 */
#include "local/resources.h"
#include "wire/number.h"

/* Resources as messages. */

static K8smMesos__Resource *form_new(struct k8smi_arena *arena) {
  return k8smi_message_new(arena, &k8sm_mesos__resource__descriptor);
}

bool k8smi_local_resource_upgrade(struct k8smi_arena *arena, K8smMesos__Resource *resource) {
  const K8smMesos__Resource__ReservationInfo *older = resource->reservation;
  const char *role = resource->role;
  resource->role = (char *)(uintptr_t)k8sm_mesos__resource__role__default_value;
  resource->reservation = NULL;
  if (resource->n_reservations > 0 || strcmp(role, "*") == 0) return true;
  K8smMesos__Resource__ReservationInfo *r =
      k8smi_message_new(arena, &k8sm_mesos__resource__reservation_info__descriptor);
  resource->reservations = k8smi_arena_array(arena, 1, sizeof(K8smMesos__Resource__ReservationInfo *));
  if (r == NULL || resource->reservations == NULL) return false;
  if (older != NULL) *r = *older;
  r->has_type = 1;
  r->type = older == NULL ? K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__STATIC
                          : K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC;
  r->role = (char *)(uintptr_t)role;
  resource->reservations[0] = r;
  resource->n_reservations = 1;
  return true;
}

/* The bytes of a resource by which it is of a kind. Where a volume is mounted, and who made it, is not of it.
 */
static bool form_kind(struct k8smi_arena *arena, const K8smMesos__Resource *form, struct k8sm_slice *ret) {
  K8smMesos__Resource like = *form;
  K8smMesos__Resource__DiskInfo disk;
  K8smMesos__Resource__DiskInfo__Persistence persistence;
  struct k8smi_buf bytes;
  if (form->disk != NULL && form->disk->persistence != NULL) {
    disk = *form->disk;
    persistence = *disk.persistence;
    persistence.principal = NULL;
    disk.persistence = &persistence;
    disk.volume = NULL;
    like.disk = &disk;
  }
  if (!k8smi_buf_init(&bytes, &arena->allocator)) return false;
  k8smi_message_encode(&bytes, &like.base);
  *ret = bytes.failed ? (struct k8sm_slice){NULL, 0} : k8smi_arena_copy(arena, bytes.ptr, bytes.len);
  k8smi_buf_free(&bytes);
  return ret->ptr != NULL;
}

/* `form` is a shallow copy without what the resource is an amount of. */
static bool form_set(struct k8smi_arena *arena, const K8smMesos__Resource *from, struct local_amount *to) {
  K8smMesos__Resource *form = form_new(arena);
  if (form == NULL) return false;
  *form = *from;
  form->scalar = NULL;
  form->ranges = NULL;
  form->set = NULL;
  form->allocation_info = NULL;
  form->base.n_unknown_fields = 0;
  form->base.unknown_fields = NULL;
  to->form = form;
  return k8smi_local_resource_upgrade(arena, form) && form_kind(arena, form, &to->kind);
}

static bool form_read_ranges(struct k8smi_arena *arena, const K8smMesos__Value__Ranges *from,
                             struct local_amount *to) {
  struct local_range *ranges = k8smi_arena_array(arena, from->n_range, sizeof(struct local_range));
  if (ranges == NULL) return false;
  for (size_t i = 0; i < from->n_range; i++)
    ranges[i] = (struct local_range){from->range[i]->begin, from->range[i]->end};
  to->count = k8smi_local_ranges_sort(ranges, from->n_range);
  to->ranges = ranges;
  return true;
}

static bool form_read_set(struct k8smi_arena *arena, const K8smMesos__Value__Set *from,
                          struct local_amount *to) {
  struct k8sm_slice *items = k8smi_arena_array(arena, from->n_item, sizeof(struct k8sm_slice));
  if (items == NULL) return false;
  for (size_t i = 0; i < from->n_item; i++) items[i] = k8smi_s(from->item[i]);
  to->count = k8smi_local_items_sort(items, from->n_item);
  to->items = items;
  return true;
}

static bool form_read_value(struct k8smi_arena *arena, const K8smMesos__Resource *r,
                            struct local_amount *to) {
  to->given = r->type == K8SM_MESOS__VALUE__TYPE__SCALAR ? NULL : r;
  switch (r->type) {
  case K8SM_MESOS__VALUE__TYPE__RANGES: return form_read_ranges(arena, r->ranges, to);
  case K8SM_MESOS__VALUE__TYPE__SET: return form_read_set(arena, r->set, to);
  default: return k8smi_milli_of_double(r->scalar->value, &to->milli);
  }
}

bool k8smi_local_bag_sum(struct k8smi_arena *arena, K8smMesos__Resource *const *resources, size_t n,
                         struct local_bag *ret) {
  struct local_amount *amounts = k8smi_arena_array(arena, n, sizeof(struct local_amount));
  if (amounts == NULL) return false;
  for (size_t i = 0; i < n; i++) {
    const K8smMesos__Resource__AllocationInfo *allocation = resources[i]->allocation_info;
    amounts[i] = (struct local_amount){{NULL, 0}};
    if (allocation != NULL) amounts[i].role = k8smi_s(allocation->role == NULL ? "" : allocation->role);
    if (!form_read_value(arena, resources[i], &amounts[i]) || !form_set(arena, resources[i], &amounts[i]))
      return false;
  }
  return k8smi_local_bag_collect(arena, amounts, n, ret);
}

int k8smi_local_bag_read(struct k8smi_arena *arena, K8smMesos__Resource *const *resources, size_t n,
                         struct local_bag *ret, const char **why) {
  *why = n > LOCAL_MAX_KINDS ? "Too many resources" : NULL;
  for (size_t i = 0; i < n && *why == NULL; i++) *why = k8smi_local_resource_fault(arena, resources[i]);
  if (*why != NULL) return K8SM_ERR_INVALID;
  return k8smi_local_bag_sum(arena, resources, n, ret) ? K8SM_OK : K8SM_ERR_NOMEM;
}

bool k8smi_local_ranges_write(struct k8smi_arena *arena, const struct local_range *ranges, size_t n,
                              K8smMesos__Value__Ranges *ret) {
  ret->range = k8smi_arena_array(arena, n, sizeof(K8smMesos__Value__Range *));
  for (size_t i = 0; ret->range != NULL && i < n; i++) {
    K8smMesos__Value__Range *range = k8smi_message_new(arena, &k8sm_mesos__value__range__descriptor);
    if (range == NULL) return false;
    range->begin = ranges[i].begin;
    range->end = ranges[i].end;
    ret->range[ret->n_range++] = range;
  }
  return ret->range != NULL;
}

static bool form_write_value(struct k8smi_arena *arena, const struct local_amount *from,
                             K8smMesos__Resource *to) {
  if (from->given != NULL) {
    to->ranges = from->given->ranges;
    to->set = from->given->set;
    return true;
  }
  if (to->type == K8SM_MESOS__VALUE__TYPE__SCALAR) {
    to->scalar = k8smi_message_new(arena, &k8sm_mesos__value__scalar__descriptor);
    if (to->scalar == NULL) return false;
    to->scalar->value = k8smi_double_of_milli(from->milli);
    return true;
  }
  if (to->type == K8SM_MESOS__VALUE__TYPE__SET) {
    to->set = k8smi_message_new(arena, &k8sm_mesos__value__set__descriptor);
    if (to->set == NULL) return false;
    to->set->item = k8smi_arena_array(arena, from->count, sizeof(char *));
    for (size_t i = 0; to->set->item != NULL && i < from->count; i++) {
      to->set->item[to->set->n_item++] = (char *)(uintptr_t)from->items[i].ptr;
    }
    return to->set->item != NULL;
  }
  to->ranges = k8smi_message_new(arena, &k8sm_mesos__value__ranges__descriptor);
  return to->ranges != NULL && k8smi_local_ranges_write(arena, from->ranges, from->count, to->ranges);
}

bool k8smi_local_bag_write(struct k8smi_arena *arena, const struct local_bag *bag,
                           K8smMesos__Resource ***ret) {
  K8smMesos__Resource **out = k8smi_arena_array(arena, bag->count, sizeof(K8smMesos__Resource *));
  if (out == NULL) return false;
  for (size_t i = 0; i < bag->count; i++) {
    const struct local_amount *amount = &bag->amounts[i];
    out[i] = form_new(arena);
    if (out[i] == NULL) return false;
    *out[i] = *amount->form;
    if (!form_write_value(arena, amount, out[i])) return false;
    if (amount->role.ptr == NULL) continue;
    out[i]->allocation_info = k8smi_message_new(arena, &k8sm_mesos__resource__allocation_info__descriptor);
    if (out[i]->allocation_info == NULL) return false;
    out[i]->allocation_info->role = (char *)(uintptr_t)amount->role.ptr;
  }
  *ret = out;
  return true;
}
