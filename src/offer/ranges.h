/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_OFFER_RANGES_H
#define K8SMI_OFFER_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets of integers as Mesos writes them: ranges whose both ends belong to them. Normal form: sorted,
 * disjoint, and with a gap between any two. */
struct k8smi_range {
  uint64_t begin;
  uint64_t end;
};
struct k8smi_ranges {
  struct k8smi_range *items;
  size_t count;
};

enum { K8SMI_RANGES_FINE = 0, K8SMI_RANGES_REVERSED = 1, K8SMI_RANGES_OVERLAP = 2 };

/* Brings ranges into normal form, in place. *bad is the range that prevents it. */
int k8smi_ranges_normalise(struct k8smi_ranges *ranges, struct k8smi_range *bad);

/* The same where ranges may overlap: what they have in common counts once. None may be reversed. */
void k8smi_ranges_unite(struct k8smi_ranges *ranges);

/* On ranges in normal form. `ret` has room for a->count + b->count ranges; it is in normal form again. */
bool k8smi_ranges_meet(const struct k8smi_ranges *a, const struct k8smi_ranges *b,
                       uint64_t *ret); /* the first number that is in both */
bool k8smi_ranges_contain(const struct k8smi_ranges *a, const struct k8smi_ranges *b);
void k8smi_ranges_minus(const struct k8smi_ranges *a, const struct k8smi_ranges *b, struct k8smi_ranges *ret);
void k8smi_ranges_common(const struct k8smi_ranges *a, const struct k8smi_ranges *b,
                         struct k8smi_ranges *ret);

/* The number of the range that holds `value`, or `count` if none does. */
size_t k8smi_ranges_find(const struct k8smi_ranges *ranges, uint64_t value);

/* Takes `value` out. It must be there; there must be room for one range more. */
void k8smi_ranges_subtract(struct k8smi_ranges *ranges, uint64_t value);

#endif
