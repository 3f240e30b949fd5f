/* SPDX-License-Identifier: Apache-2.0 */
#include "local/resources.h"

#include <stdlib.h>

/* Arithmetic on single amounts: thousandths, ordered disjoint ranges, ordered sets. */

static int amounts_range_order(const void *a, const void *b) {
  const struct local_range *x = a, *y = b;
  return (x->begin > y->begin) - (x->begin < y->begin);
}

size_t k8smi_local_ranges_sort(struct local_range *ranges, size_t n) {
  if (n < 2) return n;
  qsort(ranges, n, sizeof(struct local_range), amounts_range_order);
  size_t kept = 0;
  for (size_t i = 1; i < n; i++) {
    struct local_range *last = &ranges[kept];
    if (last->end == UINT64_MAX || ranges[i].begin <= last->end + 1) {
      if (ranges[i].end > last->end) last->end = ranges[i].end;
    } else {
      ranges[++kept] = ranges[i];
    }
  }
  return kept + 1;
}

static int amounts_item_order(const void *a, const void *b) {
  const struct k8sm_slice *x = a, *y = b;
  return k8smi_cmp(*x, *y);
}

size_t k8smi_local_items_sort(struct k8sm_slice *items, size_t n) {
  if (n < 2) return n;
  qsort(items, n, sizeof(struct k8sm_slice), amounts_item_order);
  size_t kept = 0;
  for (size_t i = 1; i < n; i++) {
    if (!k8smi_eq(items[i], items[kept])) items[++kept] = items[i];
  }
  return kept + 1;
}

bool k8smi_local_amount_empty(const struct local_amount *a) {
  return a->form->type == K8SM_MESOS__VALUE__TYPE__SCALAR ? a->milli <= 0 : a->count == 0;
}

static bool amounts_ranges_add(struct k8smi_arena *arena, struct local_amount *a,
                               const struct local_amount *b) {
  struct local_range *sum = k8smi_arena_array(arena, a->count + b->count, sizeof(struct local_range));
  if (sum == NULL) return false;
  for (size_t i = 0; i < a->count; i++) sum[i] = a->ranges[i];
  for (size_t i = 0; i < b->count; i++) sum[a->count + i] = b->ranges[i];
  a->count = k8smi_local_ranges_sort(sum, a->count + b->count);
  a->ranges = sum;
  return true;
}

static bool amounts_ranges_sub(struct k8smi_arena *arena, struct local_amount *a,
                               const struct local_amount *b) {
  /* Each range of b splits at most one of a. */
  struct local_range *rest = k8smi_arena_array(arena, a->count + b->count, sizeof(struct local_range));
  if (rest == NULL) return false;
  size_t n = 0, j = 0;
  for (size_t i = 0; i < a->count; i++) {
    struct local_range left = a->ranges[i];
    bool gone = false;
    while (j < b->count && b->ranges[j].end < left.begin) j++;
    for (size_t k = j; k < b->count && !gone && b->ranges[k].begin <= left.end; k++) {
      if (b->ranges[k].begin > left.begin)
        rest[n++] = (struct local_range){left.begin, b->ranges[k].begin - 1};
      gone = b->ranges[k].end >= left.end;
      if (!gone) left.begin = b->ranges[k].end + 1;
    }
    if (!gone) rest[n++] = left;
  }
  a->ranges = rest;
  a->count = n;
  return true;
}

static bool amounts_ranges_contain(const struct local_amount *a, const struct local_amount *b) {
  size_t i = 0;
  for (size_t j = 0; j < b->count; j++) {
    while (i < a->count && a->ranges[i].end < b->ranges[j].begin) i++;
    if (i == a->count || a->ranges[i].begin > b->ranges[j].begin || a->ranges[i].end < b->ranges[j].end)
      return false;
  }
  return true;
}

static bool amounts_items_add(struct k8smi_arena *arena, struct local_amount *a,
                              const struct local_amount *b) {
  struct k8sm_slice *sum = k8smi_arena_array(arena, a->count + b->count, sizeof(struct k8sm_slice));
  if (sum == NULL) return false;
  for (size_t i = 0; i < a->count; i++) sum[i] = a->items[i];
  for (size_t i = 0; i < b->count; i++) sum[a->count + i] = b->items[i];
  a->count = k8smi_local_items_sort(sum, a->count + b->count);
  a->items = sum;
  return true;
}

static bool amounts_items_sub(struct k8smi_arena *arena, struct local_amount *a,
                              const struct local_amount *b) {
  struct k8sm_slice *rest = k8smi_arena_array(arena, a->count, sizeof(struct k8sm_slice));
  if (rest == NULL) return false;
  size_t n = 0, j = 0;
  for (size_t i = 0; i < a->count; i++) {
    while (j < b->count && k8smi_cmp(b->items[j], a->items[i]) < 0) j++;
    if (j == b->count || !k8smi_eq(b->items[j], a->items[i])) rest[n++] = a->items[i];
  }
  a->items = rest;
  a->count = n;
  return true;
}

static bool amounts_items_contain(const struct local_amount *a, const struct local_amount *b) {
  size_t i = 0;
  for (size_t j = 0; j < b->count; j++) {
    while (i < a->count && k8smi_cmp(a->items[i], b->items[j]) < 0) i++;
    if (i == a->count || !k8smi_eq(a->items[i], b->items[j])) return false;
  }
  return true;
}

/* Amounts stay below 2^53 thousandths (bag_read refuses larger ones); sums of many are cut there. */
static const int64_t AMOUNTS_MAX = INT64_C(1) << 60;

bool k8smi_local_amount_add(struct k8smi_arena *arena, struct local_amount *a, const struct local_amount *b) {
  a->given = NULL;
  switch (a->form->type) {
  case K8SM_MESOS__VALUE__TYPE__RANGES: return amounts_ranges_add(arena, a, b);
  case K8SM_MESOS__VALUE__TYPE__SET: return amounts_items_add(arena, a, b);
  default: a->milli = a->milli > AMOUNTS_MAX - b->milli ? AMOUNTS_MAX : a->milli + b->milli; return true;
  }
}

bool k8smi_local_amount_sub(struct k8smi_arena *arena, struct local_amount *a, const struct local_amount *b) {
  a->given = NULL;
  switch (a->form->type) {
  case K8SM_MESOS__VALUE__TYPE__RANGES: return amounts_ranges_sub(arena, a, b);
  case K8SM_MESOS__VALUE__TYPE__SET: return amounts_items_sub(arena, a, b);
  default: a->milli = a->milli > b->milli ? a->milli - b->milli : 0; return true;
  }
}

bool k8smi_local_amount_whole(const struct local_amount *a) {
  const K8smMesos__Resource__DiskInfo *disk = a->form->disk;
  if (disk == NULL || disk->persistence != NULL || disk->source == NULL)
    return disk != NULL && disk->persistence != NULL;
  return disk->source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT ||
         disk->source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__BLOCK;
}

bool k8smi_local_amount_contains(const struct local_amount *a, const struct local_amount *b) {
  switch (a->form->type) {
  case K8SM_MESOS__VALUE__TYPE__RANGES: return amounts_ranges_contain(a, b);
  case K8SM_MESOS__VALUE__TYPE__SET: return amounts_items_contain(a, b);
  default: return k8smi_local_amount_whole(a) ? a->milli == b->milli : a->milli >= b->milli;
  }
}
