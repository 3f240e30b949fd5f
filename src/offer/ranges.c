/* SPDX-License-Identifier: Apache-2.0 */
#include "offer/ranges.h"
#include "base/sort.h"

#include <string.h>

static int ranges_compare(const void *a, const void *b, const void *ctx) {
  const struct k8smi_range *x = a, *y = b;
  (void)ctx;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

/* Sorted ranges become one where nothing is between them. The last of all can't have a successor. */
static void ranges_merge(struct k8smi_ranges *ranges) {
  struct k8smi_range *items = ranges->items;
  size_t kept = 0;
  for (size_t i = 0; i < ranges->count; i++) {
    if (kept == 0 || (items[i].begin > items[kept - 1].end && items[i].begin - items[kept - 1].end > 1)) {
      items[kept++] = items[i];
    } else if (items[i].end > items[kept - 1].end) {
      items[kept - 1].end = items[i].end;
    }
  }
  ranges->count = kept;
}

int k8smi_ranges_normalise(struct k8smi_ranges *ranges, struct k8smi_range *bad) {
  struct k8smi_range *items = ranges->items;
  for (size_t i = 0; i < ranges->count; i++) {
    if (items[i].begin <= items[i].end) continue;
    *bad = items[i];
    return K8SMI_RANGES_REVERSED;
  }
  k8smi_sort(items, ranges->count, sizeof *items, ranges_compare, NULL);
  for (size_t i = 1; i < ranges->count; i++) {
    if (items[i].begin > items[i - 1].end) continue;
    *bad = items[i];
    return K8SMI_RANGES_OVERLAP;
  }
  ranges_merge(ranges);
  return K8SMI_RANGES_FINE;
}

void k8smi_ranges_unite(struct k8smi_ranges *ranges) {
  k8smi_sort(ranges->items, ranges->count, sizeof *ranges->items, ranges_compare, NULL);
  ranges_merge(ranges);
}

bool k8smi_ranges_meet(const struct k8smi_ranges *a, const struct k8smi_ranges *b, uint64_t *ret) {
  size_t i = 0, j = 0;
  while (i < a->count && j < b->count) {
    const struct k8smi_range *x = &a->items[i], *y = &b->items[j];
    if (x->end < y->begin) {
      i++;
    } else if (y->end < x->begin) {
      j++;
    } else {
      *ret = x->begin > y->begin ? x->begin : y->begin;
      return true;
    }
  }
  return false;
}

bool k8smi_ranges_contain(const struct k8smi_ranges *a, const struct k8smi_ranges *b) {
  size_t at = 0;
  for (size_t i = 0; i < b->count; i++) {
    while (at < a->count && a->items[at].end < b->items[i].begin) at++;
    if (at == a->count || a->items[at].begin > b->items[i].begin || a->items[at].end < b->items[i].end) {
      return false;
    }
  }
  return true;
}

static void ranges_put(struct k8smi_ranges *to, uint64_t begin, uint64_t end) {
  to->items[to->count++] = (struct k8smi_range){begin, end};
}

void k8smi_ranges_minus(const struct k8smi_ranges *a, const struct k8smi_ranges *b,
                        struct k8smi_ranges *ret) {
  size_t at = 0;
  ret->count = 0;
  for (size_t i = 0; i < a->count; i++) {
    uint64_t begin = a->items[i].begin, end = a->items[i].end;
    bool left = true; /* of begin to end */
    while (at < b->count && b->items[at].end < begin) at++;
    for (size_t j = at; left && j < b->count && b->items[j].begin <= end; j++) {
      if (b->items[j].begin > begin) ranges_put(ret, begin, b->items[j].begin - 1);
      left = b->items[j].end < end;
      if (left) begin = b->items[j].end + 1;
    }
    if (left) ranges_put(ret, begin, end);
  }
}

void k8smi_ranges_common(const struct k8smi_ranges *a, const struct k8smi_ranges *b,
                         struct k8smi_ranges *ret) {
  ret->count = 0;
  for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
    const struct k8smi_range *x = &a->items[i], *y = &b->items[j];
    uint64_t begin = x->begin > y->begin ? x->begin : y->begin;
    uint64_t end = x->end < y->end ? x->end : y->end;
    if (begin <= end) ranges_put(ret, begin, end);
    if (x->end < y->end) {
      i++;
    } else {
      j++;
    }
  }
}

size_t k8smi_ranges_find(const struct k8smi_ranges *ranges, uint64_t value) {
  size_t low = 0, high = ranges->count;
  while (low < high) { /* the first range that does not end below the value */
    size_t middle = low + (high - low) / 2;
    if (ranges->items[middle].end < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < ranges->count && ranges->items[low].begin <= value ? low : ranges->count;
}

void k8smi_ranges_subtract(struct k8smi_ranges *ranges, uint64_t value) {
  size_t at = k8smi_ranges_find(ranges, value);
  struct k8smi_range *range = &ranges->items[at];
  size_t behind = (ranges->count - at - 1) * sizeof *range;
  if (range->begin == range->end) {
    memmove(range, range + 1, behind);
    ranges->count--;
  } else if (range->begin == value) {
    range->begin++;
  } else if (range->end == value) {
    range->end--;
  } else {
    memmove(range + 2, range + 1, behind);
    range[1] = (struct k8smi_range){value + 1, range->end};
    range->end = value - 1;
    ranges->count++;
  }
}
