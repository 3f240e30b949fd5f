/* SPDX-License-Identifier: Apache-2.0 */
/* Resources as a value: bytes in, bytes out. */
#include "offer/resources.h"
#include "base/abi.h"
#include "wire/number.h"

#include <stdio.h>

/* A list of resources as the field 1 of a message: of this one, for all. */
typedef K8smMesos__Offer__Operation__Unreserve resources_list;
#define RESOURCES_LIST (&k8sm_mesos__offer__operation__unreserve__descriptor)

struct k8sm_resources *k8sm_resources_ref(struct k8sm_resources *resources) {
  k8smi_ref(&resources->refs);
  return resources;
}

void k8sm_resources_unref(struct k8sm_resources *resources) {
  if (resources != NULL && k8smi_unref(&resources->refs)) K8SMI_VALUE_FREE(k8sm_resources, resources);
}

int k8smi_resources_failed(int result, struct k8sm_diags *diags) {
  if (result != K8SM_ERR_INVALID) return k8smi_find_nomem(diags, result);
  k8smi_find(diags, K8SM_DIAG_NUMBER_RANGE, NULL, "more of a resource than any machine has");
  return result;
}

static int resources_text(const struct k8smi_lot *lot, char *text, size_t cap) {
  const struct k8smi_value *v = &lot->value;
  if (v->type == K8SM_RESOURCE_SCALAR) {
    return snprintf(text, cap, "%lld.%03d", (long long)(v->milli / 1000), (int)(v->milli % 1000));
  }
  if (v->type == K8SM_RESOURCE_RANGES) {
    return snprintf(text, cap, "%llu-%llu%s", (unsigned long long)v->ranges.items[0].begin,
                    (unsigned long long)v->ranges.items[0].end, v->ranges.count > 1 ? ", …" : "");
  }
  return snprintf(text, cap, "%.*s%s", K8SMI_P(v->set.items[0]), v->set.count > 1 ? ", …" : "");
}

int k8smi_resources_lack(const struct k8smi_lot *missing, struct k8sm_diags *diags) {
  struct k8sm_resource row = k8smi_resource_row(missing->identity, &missing->value, 0);
  char value[320];
  resources_text(missing, value, sizeof value);
  k8smi_find(diags, K8SM_DIAG_RESOURCE_NOT_HELD, NULL,
             "%.*s: %s, %s%.*s%sreserved for '%.*s', volume '%.*s', is not there", K8SMI_P(row.name), value,
             row.role.len > 0 ? "allocated to '" : "", K8SMI_P(row.role), row.role.len > 0 ? "', " : "",
             K8SMI_P(row.reservation), K8SMI_P(row.volume));
  return K8SM_ERR_NOT_FOUND;
}

int k8smi_resources_read(struct k8smi_arena *arena, K8smMesos__Resource *const *messages, size_t count,
                         const struct k8smi_path *path, struct k8smi_bag *ret, struct k8sm_diags *diags) {
  struct k8smi_lot *lots = k8smi_arena_array(arena, count, sizeof *lots);
  bool fine = true, failed = lots == NULL;
  for (size_t i = 0; i < count && !failed; i++) {
    struct k8smi_path at = k8smi_path_index(path, i);
    struct k8smi_resource resource;
    if (!k8smi_resource_read(arena, messages[i], &at, &resource, &failed, diags)) {
      fine = false;
    } else if (fine) {
      failed = !k8smi_lot_make(arena, &resource, &lots[i]);
    }
  }
  if (failed) return k8smi_find_nomem(diags, k8smi_arena_error(arena));
  if (!fine) return K8SM_ERR_INVALID;
  int r = k8smi_bag_make(arena, lots, count, ret);
  return r == K8SM_OK ? r : k8smi_resources_failed(r, diags);
}

static bool resources_count_rows(struct k8sm_resources *resources) {
  const struct k8smi_bag *bag = &resources->bag;
  resources->first_rows = k8smi_arena_array(&resources->arena, bag->count + 1, sizeof(size_t));
  if (resources->first_rows == NULL) return false;
  resources->first_rows[0] = 0;
  for (size_t i = 0; i < bag->count; i++) {
    resources->first_rows[i + 1] = resources->first_rows[i] + k8smi_resource_row_count(&bag->lots[i].value);
  }
  return true;
}

int k8smi_resources_make(const struct k8smi_bag *bag, const struct k8sm_allocator *allocator,
                         struct k8sm_resources **ret, struct k8sm_diags *diags) {
  struct k8sm_resources *resources = K8SMI_VALUE_NEW(k8sm_resources, allocator, 0);
  if (resources == NULL) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_refs_init(&resources->refs);
  int r = k8smi_bag_copy(&resources->arena, bag, &resources->bag);
  if (r == K8SM_OK && !resources_count_rows(resources)) r = K8SM_ERR_NOMEM;
  if (r != K8SM_OK) {
    k8sm_resources_unref(resources);
    return k8smi_find_nomem(diags, r);
  }
  *ret = resources;
  return K8SM_OK;
}

static int resources_fill(struct k8sm_resources *resources, uint32_t format, const void *bytes, size_t len,
                          struct k8sm_diags *diags) {
  struct k8smi_path path = k8smi_path_field(NULL, K8SMI_S("resources"));
  ProtobufCMessage *message;
  int r = k8smi_message_read(&resources->arena, format, RESOURCES_LIST, bytes, len, &message, diags);
  if (r != K8SM_OK) return r;
  const resources_list *list = (const resources_list *)message;
  r = k8smi_resources_read(&resources->arena, list->resources, list->n_resources, &path, &resources->bag,
                           diags);
  if (r != K8SM_OK || resources_count_rows(resources)) return r;
  return k8smi_find_nomem(diags, k8smi_arena_error(&resources->arena));
}

int k8sm_resources_parse(const void *bytes, size_t len, const struct k8sm_resources_options *options,
                         struct k8sm_resources **ret, struct k8sm_diags *diags) {
  struct k8sm_resources_options o;
  int r = k8smi_options_read(&o, sizeof o, options, "resources_options", diags);
  if (r != K8SM_OK) return r;
  struct k8sm_resources *resources =
      K8SMI_VALUE_NEW(k8sm_resources, o.allocator, k8smi_offer_limit(o.max_memory));
  if (resources == NULL)
    return k8smi_find_nomem(diags, K8SMI_VALUE_ERROR(k8sm_resources, k8smi_offer_limit(o.max_memory)));
  k8smi_refs_init(&resources->refs);
  r = resources_fill(resources, o.format, bytes, len, diags);
  if (r == K8SM_OK) {
    *ret = resources;
  } else {
    k8sm_resources_unref(resources);
  }
  return r;
}

int k8sm_offers_take(const struct k8sm_offers *offers, size_t offer, const struct k8sm_allocator *allocator,
                     struct k8sm_resources **ret, struct k8sm_diags *diags) {
  struct k8smi_arena scratch;
  struct k8smi_bag bag;
  if (offer >= offers->count) {
    k8smi_find(diags, K8SM_DIAG_OFFER_UNKNOWN, NULL, "offer %zu of %zu", offer, offers->count);
    return K8SM_ERR_NOT_FOUND;
  }
  const struct k8smi_offer *o = &offers->items[offer];
  if (!k8smi_arena_init(&scratch, allocator, 0)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  struct k8smi_lot *lots = k8smi_arena_array(&scratch, o->resource_count, sizeof *lots);
  int r = lots == NULL ? K8SM_ERR_NOMEM : K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < o->resource_count; i++) {
    if (!k8smi_lot_make(&scratch, &o->resources[i], &lots[i])) r = K8SM_ERR_NOMEM;
  }
  if (r == K8SM_OK) r = k8smi_bag_make(&scratch, lots, o->resource_count, &bag);
  if (r == K8SM_OK) {
    r = k8smi_resources_make(&bag, allocator, ret, diags);
  } else {
    k8smi_resources_failed(r, diags);
  }
  k8smi_arena_free(&scratch);
  return r;
}

/* ---- Bytes out ---- */

static bool resources_put_value(struct k8smi_arena *arena, const struct k8smi_value *value,
                                K8smMesos__Resource *to) {
  if (value->type == K8SM_RESOURCE_SCALAR) {
    to->scalar = K8SMI_MESSAGE_NEW(arena, value__scalar);
    if (to->scalar != NULL) to->scalar->value = k8smi_double_of_milli(value->milli);
    return to->scalar != NULL;
  }
  if (value->type == K8SM_RESOURCE_SET) {
    to->set = K8SMI_MESSAGE_NEW(arena, value__set);
    char **items = k8smi_arena_array(arena, value->set.count, sizeof(char *));
    if (to->set == NULL || items == NULL) return false;
    for (size_t i = 0; i < value->set.count; i++) memcpy(&items[i], &value->set.items[i].ptr, sizeof(char *));
    to->set->item = items;
    to->set->n_item = value->set.count;
    return true;
  }
  to->ranges = K8SMI_MESSAGE_NEW(arena, value__ranges);
  if (to->ranges == NULL) return false;
  to->ranges->range = k8smi_arena_array(arena, value->ranges.count, sizeof *to->ranges->range);
  if (to->ranges->range == NULL) return false;
  for (size_t i = 0; i < value->ranges.count; i++) {
    K8smMesos__Value__Range *range = K8SMI_MESSAGE_NEW(arena, value__range);
    if (range == NULL) return false;
    range->begin = value->ranges.items[i].begin;
    range->end = value->ranges.items[i].end;
    to->ranges->range[to->ranges->n_range++] = range;
  }
  return true;
}

/* The stack of at most one reservation as the two fields of old. False when memory ran out. */
static bool resources_put_old(struct k8smi_arena *arena, K8smMesos__Resource *to) {
  if (to->n_reservations == 0) return true;
  const K8smMesos__Resource__ReservationInfo *from = to->reservations[0];
  to->role = from->role;
  to->n_reservations = 0;
  if (from->type != K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC) return true;
  to->reservation = k8smi_arena_alloc(arena, sizeof *to->reservation);
  if (to->reservation == NULL) return false;
  *to->reservation = *from;
  to->reservation->role = NULL;
  to->reservation->has_type = 0;
  return true;
}

static int resources_put_lot(struct k8smi_arena *arena, const struct k8smi_lot *lot, uint32_t reservations,
                             resources_list *list) {
  K8smMesos__Resource *to = k8smi_arena_alloc(arena, sizeof *to);
  if (to == NULL) return K8SM_ERR_NOMEM;
  *to = *lot->identity;
  if (reservations == K8SM_RESERVATIONS_OLD && to->n_reservations > 1) return K8SM_ERR_UNSUPPORTED;
  if (!resources_put_value(arena, &lot->value, to)) return K8SM_ERR_NOMEM;
  if (reservations == K8SM_RESERVATIONS_OLD && !resources_put_old(arena, to)) return K8SM_ERR_NOMEM;
  for (uint32_t i = 0; i < lot->count; i++) list->resources[list->n_resources++] = to;
  return K8SM_OK;
}

static int resources_put(struct k8smi_arena *arena, const struct k8smi_bag *bag, uint32_t reservations,
                         resources_list *list, struct k8sm_diags *diags) {
  size_t count = 0;
  for (size_t i = 0; i < bag->count; i++) count += bag->lots[i].count;
  list->resources = k8smi_arena_array(arena, count, sizeof *list->resources);
  int r = list->resources == NULL ? K8SM_ERR_NOMEM : K8SM_OK;
  for (size_t i = 0; r == K8SM_OK && i < bag->count; i++) {
    r = resources_put_lot(arena, &bag->lots[i], reservations, list);
  }
  if (r == K8SM_OK) return r;
  if (r != K8SM_ERR_UNSUPPORTED) return k8smi_find_nomem(diags, r);
  k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL,
             "a refined reservation can't be written as role and reservation");
  return r;
}

int k8sm_resources_encode(const struct k8sm_resources *resources, uint32_t format, uint32_t reservations,
                          const struct k8sm_allocator *allocator, struct k8sm_blob **ret,
                          struct k8sm_diags *diags) {
  struct k8smi_arena scratch;
  struct k8smi_buf buf;
  resources_list list = K8SM_MESOS__OFFER__OPERATION__UNRESERVE__INIT;
  if ((format != K8SM_FORMAT_JSON && format != K8SM_FORMAT_PROTOBUF) ||
      reservations > K8SM_RESERVATIONS_OLD) {
    k8smi_find(diags, K8SM_DIAG_OPTION_INVALID, NULL,
               "format %u, reservations %u: not among those that there are", format, reservations);
    return K8SM_ERR_UNSUPPORTED;
  }
  if (!k8smi_arena_init(&scratch, allocator, 0) || !k8smi_buf_init(&buf, allocator)) {
    return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  }
  int r = resources_put(&scratch, &resources->bag, reservations, &list, diags);
  if (r == K8SM_OK) {
    k8smi_message_write(&buf, format, &list.base);
    r = k8smi_buf_to_blob(&buf, ret);
    if (r != K8SM_OK) k8smi_find_nomem(diags, r);
  }
  k8smi_buf_free(&buf);
  k8smi_arena_free(&scratch);
  return r;
}
