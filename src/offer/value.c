/* SPDX-License-Identifier: Apache-2.0 */
#include "offer/value.h"
#include "base/sort.h"

#include <k8smesos/offer.h>

static int value_item_order(const void *a, const void *b, const void *ctx) {
  (void)ctx;
  return k8smi_cmp(*(const struct k8sm_slice *)a, *(const struct k8sm_slice *)b);
}

bool k8smi_items_normalise(struct k8smi_items *set, struct k8sm_slice *bad) {
  size_t kept = 0, count = set->count;
  k8smi_sort(set->items, count, sizeof *set->items, value_item_order, NULL);
  for (size_t i = 0; i < count; i++) {
    if (kept > 0 && k8smi_eq(set->items[kept - 1], set->items[i])) {
      *bad = set->items[i];
    } else {
      set->items[kept++] = set->items[i];
    }
  }
  set->count = kept;
  return kept == count;
}

bool k8smi_value_empty(const struct k8smi_value *value) {
  return value->milli == 0 && value->ranges.count == 0 && value->set.count == 0;
}

static int value_number_order(uint64_t a, uint64_t b) {
  return (a > b) - (a < b);
}

int k8smi_value_compare(const struct k8smi_value *a, const struct k8smi_value *b) {
  if (a->milli != b->milli) return a->milli < b->milli ? -1 : 1;
  for (size_t i = 0; i < a->ranges.count && i < b->ranges.count; i++) {
    int c = value_number_order(a->ranges.items[i].begin, b->ranges.items[i].begin);
    if (c == 0) c = value_number_order(a->ranges.items[i].end, b->ranges.items[i].end);
    if (c != 0) return c;
  }
  for (size_t i = 0; i < a->set.count && i < b->set.count; i++) {
    int c = k8smi_cmp(a->set.items[i], b->set.items[i]);
    if (c != 0) return c;
  }
  int c = value_number_order(a->ranges.count, b->ranges.count);
  return c != 0 ? c : value_number_order(a->set.count, b->set.count);
}

/* Walks two sets at once: the items of `a` that are in `b` (in_b) or are not; ret may be NULL. Returns how
 * many items of `b` are in `a`. */
static size_t value_set_walk(const struct k8smi_items *a, const struct k8smi_items *b, bool in_b,
                             struct k8smi_items *ret) {
  size_t met = 0, at = 0;
  for (size_t i = 0; i < a->count; i++) {
    int c = 1;
    while (at < b->count && (c = k8smi_cmp(b->items[at], a->items[i])) < 0) at++;
    bool same = at < b->count && c == 0;
    met += same;
    if (ret != NULL && same == in_b) ret->items[ret->count++] = a->items[i];
  }
  return met;
}

bool k8smi_value_contains(const struct k8smi_value *a, const struct k8smi_value *b) {
  return a->milli >= b->milli && k8smi_ranges_contain(&a->ranges, &b->ranges) &&
         value_set_walk(&a->set, &b->set, true, NULL) == b->set.count;
}

/* Room for so many ranges and items. */
static bool value_room(struct k8smi_arena *arena, struct k8smi_value *ret, uint32_t type, size_t ranges,
                       size_t items) {
  *ret = (struct k8smi_value){.type = type};
  if (ranges > 0) ret->ranges.items = k8smi_arena_array(arena, ranges, sizeof *ret->ranges.items);
  if (items > 0) ret->set.items = k8smi_arena_array(arena, items, sizeof *ret->set.items);
  return (ranges == 0 || ret->ranges.items != NULL) && (items == 0 || ret->set.items != NULL);
}

static void value_append(struct k8smi_value *to, const struct k8smi_value *from) {
  if (from->ranges.count > 0) {
    memcpy(to->ranges.items + to->ranges.count, from->ranges.items,
           from->ranges.count * sizeof *to->ranges.items);
  }
  if (from->set.count > 0) {
    memcpy(to->set.items + to->set.count, from->set.items, from->set.count * sizeof *to->set.items);
  }
  to->ranges.count += from->ranges.count;
  to->set.count += from->set.count;
}

static const struct k8smi_value *value_at(const struct k8smi_value *first, size_t i, size_t stride) {
  return (const struct k8smi_value *)(const void *)((const char *)first + i * stride);
}

int k8smi_value_sum(struct k8smi_arena *arena, const struct k8smi_value *first, size_t n, size_t stride,
                    struct k8smi_value *ret) {
  size_t ranges = 0, items = 0;
  for (size_t i = 0; i < n; i++) {
    ranges += value_at(first, i, stride)->ranges.count;
    items += value_at(first, i, stride)->set.count;
  }
  if (!value_room(arena, ret, first->type, ranges, items)) return k8smi_arena_error(arena);
  for (size_t i = 0; i < n; i++) {
    ret->milli += value_at(first, i, stride)->milli;
    if (ret->milli > K8SMI_SCALAR_MAX) return K8SM_ERR_INVALID;
    value_append(ret, value_at(first, i, stride));
  }
  struct k8sm_slice twice;
  k8smi_ranges_unite(&ret->ranges);
  k8smi_items_normalise(&ret->set, &twice);
  return K8SM_OK;
}

bool k8smi_value_minus(struct k8smi_arena *arena, const struct k8smi_value *a, const struct k8smi_value *b,
                       struct k8smi_value *ret) {
  if (!value_room(arena, ret, a->type, a->ranges.count + b->ranges.count, a->set.count)) return false;
  ret->milli = a->milli > b->milli ? a->milli - b->milli : 0;
  k8smi_ranges_minus(&a->ranges, &b->ranges, &ret->ranges);
  value_set_walk(&a->set, &b->set, false, &ret->set);
  return true;
}

bool k8smi_value_common(struct k8smi_arena *arena, const struct k8smi_value *a, const struct k8smi_value *b,
                        struct k8smi_value *ret) {
  if (!value_room(arena, ret, a->type, a->ranges.count + b->ranges.count, a->set.count)) return false;
  ret->milli = a->milli < b->milli ? a->milli : b->milli;
  k8smi_ranges_common(&a->ranges, &b->ranges, &ret->ranges);
  value_set_walk(&a->set, &b->set, true, &ret->set);
  return true;
}

bool k8smi_value_copy(struct k8smi_arena *arena, const struct k8smi_value *from, struct k8smi_value *ret) {
  struct k8smi_value to;
  if (!value_room(arena, &to, from->type, from->ranges.count, from->set.count)) return false;
  to.milli = from->milli;
  value_append(&to, from);
  for (size_t i = 0; i < to.set.count; i++) {
    to.set.items[i] = k8smi_arena_slice(arena, to.set.items[i]);
    if (to.set.items[i].ptr == NULL) return false;
  }
  *ret = to;
  return true;
}
