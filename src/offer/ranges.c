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

int k8smi_ranges_normalise(struct k8smi_ranges *ranges, struct k8smi_range *bad) {
  struct k8smi_range *items = ranges->items;
  for (size_t i = 0; i < ranges->count; i++) {
    if (items[i].begin <= items[i].end) continue;
    *bad = items[i];
    return K8SMI_RANGES_REVERSED;
  }
  k8smi_sort(items, ranges->count, sizeof *items, ranges_compare, NULL);
  size_t kept = 0;
  for (size_t i = 0; i < ranges->count; i++) {
    if (kept > 0 && items[i].begin <= items[kept - 1].end) {
      *bad = items[i];
      return K8SMI_RANGES_OVERLAP;
    }
    if (kept > 0 && items[i].begin == items[kept - 1].end + 1) {
      items[kept - 1].end = items[i].end;
    } else {
      items[kept++] = items[i];
    }
  }
  ranges->count = kept;
  return K8SMI_RANGES_FINE;
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
