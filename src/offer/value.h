/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_OFFER_VALUE_H
#define K8SMI_OFFER_VALUE_H

#include "base/arena.h"
#include "base/slice.h"
#include "offer/ranges.h"

/* How much of a resource there is: a scalar, ranges or a set, in normal form. Those that two arguments hold
 * are of one type. https://mesos.apache.org/documentation/latest/attributes-resources/ */

struct k8smi_items {
  struct k8sm_slice *items; /* sorted, none twice */
  size_t count;
};

struct k8smi_value {
  uint32_t type; /* K8SM_RESOURCE_* */
  int64_t milli;
  struct k8smi_ranges ranges;
  struct k8smi_items set;
};

/* No offer holds more of a scalar: far from where sums overflow, far above every machine. */
#define K8SMI_SCALAR_MAX INT64_C(1000000000000000)

bool k8smi_value_empty(const struct k8smi_value *value);
/* An order of all values: <0, 0, >0. */
int k8smi_value_compare(const struct k8smi_value *a, const struct k8smi_value *b);
bool k8smi_value_contains(const struct k8smi_value *a, const struct k8smi_value *b);

/* What n values come to that lie `stride` bytes apart: scalars add up, ranges and sets unite.
 * Errors: NOMEM, LIMIT (of the arena); INVALID (a scalar beyond K8SMI_SCALAR_MAX). */
int k8smi_value_sum(struct k8smi_arena *arena, const struct k8smi_value *first, size_t n, size_t stride,
                    struct k8smi_value *ret);
/* What of `a` is not in `b`, and what is in both. False when memory ran out. */
bool k8smi_value_minus(struct k8smi_arena *arena, const struct k8smi_value *a, const struct k8smi_value *b,
                       struct k8smi_value *ret);
bool k8smi_value_common(struct k8smi_arena *arena, const struct k8smi_value *a, const struct k8smi_value *b,
                        struct k8smi_value *ret);
/* A copy that needs nothing of `from`. False when memory ran out. */
bool k8smi_value_copy(struct k8smi_arena *arena, const struct k8smi_value *from, struct k8smi_value *ret);

/* Brings a list into a set's normal form, in place. False: an item stood twice, and `bad` is it. */
bool k8smi_items_normalise(struct k8smi_items *set, struct k8sm_slice *bad);

#endif
