/* SPDX-License-Identifier: Apache-2.0 */
#include "local/resources.h"
#include "wire/number.h"

#include <limits.h>

/* Resources as messages and as text. */

static K8smMesos__Resource *form_new(struct k8smi_arena *arena) {
  return k8smi_message_new(arena, &k8sm_mesos__resource__descriptor);
}

/* The older form of a reservation, `role` (and `reservation` when it is dynamic), as a stack of one. */
static bool form_upgrade(struct k8smi_arena *arena, K8smMesos__Resource *form) {
  if (form->n_reservations > 0 || strcmp(form->role, "*") == 0) return true;
  K8smMesos__Resource__ReservationInfo *r =
      k8smi_message_new(arena, &k8sm_mesos__resource__reservation_info__descriptor);
  form->reservations = k8smi_arena_array(arena, 1, sizeof(K8smMesos__Resource__ReservationInfo *));
  if (r == NULL || form->reservations == NULL) return false;
  if (form->reservation != NULL) *r = *form->reservation;
  r->has_type = 1;
  r->type = form->reservation == NULL ? K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__STATIC
                                      : K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC;
  r->role = form->role;
  form->reservations[0] = r;
  form->n_reservations = 1;
  form->reservation = NULL;
  return true;
}

/* The kind: the resource without what it is an amount of. `form` is a shallow copy for that. */
static bool form_kind(struct k8smi_arena *arena, const K8smMesos__Resource *from, struct local_amount *to) {
  K8smMesos__Resource *form = form_new(arena);
  struct k8smi_buf bytes;
  if (form == NULL || !k8smi_buf_init(&bytes, &arena->allocator)) return false;
  *form = *from;
  form->scalar = NULL;
  form->ranges = NULL;
  form->set = NULL;
  form->allocation_info = NULL;
  if (!form_upgrade(arena, form)) {
    k8smi_buf_free(&bytes);
    return false;
  }
  form->role = (char *)(uintptr_t)k8sm_mesos__resource__role__default_value;
  form->base.n_unknown_fields = 0;
  form->base.unknown_fields = NULL;
  k8smi_message_encode(&bytes, &form->base);
  to->kind = bytes.failed ? (struct k8sm_slice){NULL, 0} : k8smi_arena_copy(arena, bytes.ptr, bytes.len);
  to->form = form;
  k8smi_buf_free(&bytes);
  return to->kind.ptr != NULL;
}

static const char *form_read_scalar(const K8smMesos__Resource *r, struct local_amount *to) {
  if (r->scalar == NULL || r->ranges != NULL || r->set != NULL) return "Invalid scalar resource";
  if (!k8smi_milli_of_double(r->scalar->value, &to->milli) || to->milli > INT64_C(1) << 53) {
    return "Invalid scalar resource";
  }
  return r->scalar->value != 0 && to->milli <= 0 ? "Invalid scalar resource: value <= 0" : NULL;
}

static const char *form_read_ranges(struct k8smi_arena *arena, const K8smMesos__Resource *r,
                                    struct local_amount *to, bool *nomem) {
  if (r->scalar != NULL || r->ranges == NULL || r->set != NULL) return "Invalid ranges resource";
  struct local_range *ranges = k8smi_arena_array(arena, r->ranges->n_range, sizeof(struct local_range));
  *nomem = ranges == NULL;
  for (size_t i = 0; ranges != NULL && i < r->ranges->n_range; i++) {
    ranges[i] = (struct local_range){r->ranges->range[i]->begin, r->ranges->range[i]->end};
    if (ranges[i].begin > ranges[i].end) return "Invalid ranges resource: begin > end";
  }
  to->count = ranges == NULL ? 0 : k8smi_local_ranges_sort(ranges, r->ranges->n_range);
  to->ranges = ranges;
  return NULL;
}

static const char *form_read_set(struct k8smi_arena *arena, const K8smMesos__Resource *r,
                                 struct local_amount *to, bool *nomem) {
  if (r->scalar != NULL || r->ranges != NULL || r->set == NULL) return "Invalid set resource";
  struct k8sm_slice *items = k8smi_arena_array(arena, r->set->n_item, sizeof(struct k8sm_slice));
  *nomem = items == NULL;
  for (size_t i = 0; items != NULL && i < r->set->n_item; i++) items[i] = k8smi_s(r->set->item[i]);
  to->count = items == NULL ? 0 : k8smi_local_items_sort(items, r->set->n_item);
  to->items = items;
  return NULL;
}

static const char *form_reservation_fault(const K8smMesos__Resource *r) {
  if (r->n_reservations == 0 && r->reservation != NULL && strcmp(r->role, "*") == 0)
    return "Invalid reservation: role \"*\" cannot be dynamically reserved";
  for (size_t i = 0; i < r->n_reservations; i++) {
    const K8smMesos__Resource__ReservationInfo *one = r->reservations[i];
    if (!one->has_type) return "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.";
    if (one->role == NULL) return "Invalid reservation: 'Resource.ReservationInfo.role' field must be set.";
    if (strcmp(one->role, "*") == 0) return "Invalid reservation: role \"*\" cannot be reserved";
  }
  return NULL;
}

static const char *form_read_value(struct k8smi_arena *arena, const K8smMesos__Resource *r,
                                   struct local_amount *to, bool *nomem) {
  switch (r->type) {
  case K8SM_MESOS__VALUE__TYPE__SCALAR: return form_read_scalar(r, to);
  case K8SM_MESOS__VALUE__TYPE__RANGES: return form_read_ranges(arena, r, to, nomem);
  case K8SM_MESOS__VALUE__TYPE__SET: return form_read_set(arena, r, to, nomem);
  default: return "Unsupported resource type";
  }
}

/* In a master's order. */
static const char *form_read(struct k8smi_arena *arena, const K8smMesos__Resource *r, struct local_amount *to,
                             bool *nomem) {
  if (r->name[0] == '\0') return "Empty resource name";
  const char *fault = form_read_value(arena, r, to, nomem);
  return fault == NULL ? form_reservation_fault(r) : fault;
}

int k8smi_local_bag_read(struct k8smi_arena *arena, K8smMesos__Resource *const *resources, size_t n,
                         struct k8sm_slice role, struct local_bag *ret, const char **why) {
  *why = n > LOCAL_MAX_KINDS ? "Too many resources" : NULL;
  if (*why != NULL) return K8SM_ERR_INVALID;
  struct local_amount *amounts = k8smi_arena_array(arena, n, sizeof(struct local_amount));
  if (amounts == NULL) return K8SM_ERR_NOMEM;
  for (size_t i = 0; i < n; i++) {
    bool nomem = false;
    amounts[i] = (struct local_amount){.role = role};
    *why = form_read(arena, resources[i], &amounts[i], &nomem);
    if (*why != NULL) return K8SM_ERR_INVALID;
    if (resources[i]->allocation_info != NULL && resources[i]->allocation_info->role != NULL) {
      amounts[i].role = k8smi_s(resources[i]->allocation_info->role);
    }
    if (nomem || !form_kind(arena, resources[i], &amounts[i])) return K8SM_ERR_NOMEM;
  }
  return k8smi_local_bag_collect(arena, amounts, n, ret) ? K8SM_OK : K8SM_ERR_NOMEM;
}

static bool form_write_value(struct k8smi_arena *arena, const struct local_amount *from,
                             K8smMesos__Resource *to) {
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
  if (to->ranges == NULL) return false;
  to->ranges->range = k8smi_arena_array(arena, from->count, sizeof(K8smMesos__Value__Range *));
  for (size_t i = 0; to->ranges->range != NULL && i < from->count; i++) {
    K8smMesos__Value__Range *range = k8smi_message_new(arena, &k8sm_mesos__value__range__descriptor);
    if (range == NULL) return false;
    range->begin = from->ranges[i].begin;
    range->end = from->ranges[i].end;
    to->ranges->range[to->ranges->n_range++] = range;
  }
  return to->ranges->range != NULL;
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

static void form_print_reservations(struct k8smi_buf *buf, const K8smMesos__Resource *form) {
  k8smi_buf_puts(buf, "(reservations: [");
  for (size_t i = 0; i < form->n_reservations; i++) {
    const K8smMesos__Resource__ReservationInfo *r = form->reservations[i];
    k8smi_buf_puts(buf, i > 0 ? ",(" : "(");
    k8smi_buf_puts(buf,
                   r->type == K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__STATIC ? "STATIC," : "DYNAMIC,");
    k8smi_buf_puts(buf, r->role == NULL ? "" : r->role);
    if (r->principal != NULL) {
      k8smi_buf_putc(buf, ',');
      k8smi_buf_puts(buf, r->principal);
    }
    if (r->labels != NULL) {
      k8smi_buf_puts(buf, ",{");
      for (size_t j = 0; j < r->labels->n_labels; j++) {
        k8smi_buf_puts(buf, j > 0 ? ", " : "");
        k8smi_buf_puts(buf, r->labels->labels[j]->key);
        k8smi_buf_puts(buf, r->labels->labels[j]->value == NULL ? "" : ": ");
        k8smi_buf_puts(buf, r->labels->labels[j]->value == NULL ? "" : r->labels->labels[j]->value);
      }
      k8smi_buf_putc(buf, '}');
    }
    k8smi_buf_putc(buf, ')');
  }
  k8smi_buf_puts(buf, "])");
}

static void form_print_value(struct k8smi_buf *buf, const struct local_amount *amount) {
  if (amount->form->type == K8SM_MESOS__VALUE__TYPE__SCALAR) {
    k8smi_put_milli(buf, amount->milli);
    return;
  }
  bool set = amount->form->type == K8SM_MESOS__VALUE__TYPE__SET;
  k8smi_buf_putc(buf, set ? '{' : '[');
  for (size_t i = 0; i < amount->count; i++) {
    k8smi_buf_puts(buf, i > 0 ? ", " : "");
    if (set) {
      k8smi_buf_slice(buf, amount->items[i]);
    } else {
      k8smi_buf_u64(buf, amount->ranges[i].begin);
      k8smi_buf_putc(buf, '-');
      k8smi_buf_u64(buf, amount->ranges[i].end);
    }
  }
  k8smi_buf_putc(buf, set ? '}' : ']');
}

static void form_print(struct k8smi_buf *buf, const struct local_amount *amount) {
  const K8smMesos__Resource__DiskInfo *disk = amount->form->disk;
  k8smi_buf_puts(buf, amount->form->name);
  if (amount->role.ptr != NULL) {
    k8smi_buf_puts(buf, "(allocated: ");
    k8smi_buf_slice(buf, amount->role);
    k8smi_buf_putc(buf, ')');
  }
  if (amount->form->n_reservations > 0) form_print_reservations(buf, amount->form);
  if (disk != NULL) {
    k8smi_buf_putc(buf, '[');
    if (disk->persistence != NULL) k8smi_buf_puts(buf, disk->persistence->id);
    k8smi_buf_puts(buf, disk->volume == NULL ? "" : ":");
    k8smi_buf_puts(buf, disk->volume == NULL ? "" : disk->volume->container_path);
    k8smi_buf_putc(buf, ']');
  }
  k8smi_buf_puts(buf, amount->form->revocable == NULL ? "" : "{REV}");
  k8smi_buf_puts(buf, amount->form->shared == NULL ? "" : "<SHARED>");
  k8smi_buf_putc(buf, ':');
  form_print_value(buf, amount);
}

void k8smi_local_bag_print(struct k8smi_buf *buf, const struct local_bag *bag) {
  if (bag->count == 0) k8smi_buf_puts(buf, "{}");
  for (size_t i = 0; i < bag->count; i++) {
    k8smi_buf_puts(buf, i > 0 ? "; " : "");
    form_print(buf, &bag->amounts[i]);
  }
}

/* As far as it can be read. */
const char *k8smi_local_resource_fault(struct k8smi_arena *arena, const K8smMesos__Resource *resource,
                                       struct k8smi_buf *printed) {
  bool nomem = false;
  struct local_amount amount = {.form = (K8smMesos__Resource *)(uintptr_t)resource};
  (void)form_read_value(arena, resource, &amount, &nomem);
  const char *fault = form_read(arena, resource, &amount, &nomem);
  if (fault == NULL) return NULL;
  if (resource->allocation_info != NULL && resource->allocation_info->role != NULL)
    amount.role = k8smi_s(resource->allocation_info->role);
  form_print(printed, &amount);
  return fault;
}
