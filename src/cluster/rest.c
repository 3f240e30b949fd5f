/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of an offer that the caller spent from. */
#include "cluster/cluster.h"

static const struct k8smi_offer *rest_whole(const struct k8smi_held *held) {
  return held->rest == NULL ? held->offer : held->rest->whole;
}

bool k8smi_rest_taken(struct k8smi_arena *arena, const struct k8smi_held *held, size_t resource,
                      struct k8smi_value *ret) {
  const struct k8smi_value whole = k8smi_resource_value(&rest_whole(held)->resources[resource]);
  const struct k8smi_value left = k8smi_resource_value(&held->offer->resources[resource]);
  return k8smi_value_minus(arena, &whole, &left, ret);
}

/* What is left of a resource when `moved` is taken, or is back. */
static bool rest_value(struct k8smi_arena *arena, const struct k8smi_held *held, size_t resource,
                       const struct k8smi_value *moved, bool back, struct k8smi_value *ret) {
  const struct k8smi_value whole = k8smi_resource_value(&rest_whole(held)->resources[resource]);
  const struct k8smi_value left = k8smi_resource_value(&held->offer->resources[resource]);
  struct k8smi_value taken, still;
  if (!back) return k8smi_value_minus(arena, &left, moved, ret);
  return k8smi_rest_taken(arena, held, resource, &taken) && k8smi_value_minus(arena, &taken, moved, &still) &&
         k8smi_value_minus(arena, &whole, &still, ret);
}

/* Fills in the resources. False when memory ran out; *ret_whole: they are all there again. */
static bool rest_fill(struct k8smi_rest *rest, const struct k8smi_held *held, const struct k8smi_value *moved,
                      bool back, bool *ret_whole) {
  const struct k8smi_offer *whole = rest_whole(held);
  struct k8smi_resource *to = k8smi_arena_array(&rest->arena, whole->resource_count, sizeof *to);
  if (to == NULL) return false;
  rest->whole = whole;
  rest->offer = *whole;
  rest->offer.resources = to;
  rest->offer.owned = rest->offer.ports = rest->offer.extended = rest->offer.stranded = false;
  rest->offer.noted = false;
  memset(rest->offer.free, 0, sizeof rest->offer.free);
  *ret_whole = true;
  for (size_t i = 0; i < whole->resource_count; i++) {
    const struct k8smi_value of_whole = k8smi_resource_value(&whole->resources[i]);
    struct k8smi_value left;
    to[i] = whole->resources[i];
    if (!rest_value(&rest->arena, held, i, &moved[i], back, &left)) return false;
    k8smi_resource_set_value(&to[i], &left);
    k8smi_offer_count(&rest->offer, &to[i]);
    *ret_whole = *ret_whole && k8smi_value_compare(&left, &of_whole) == 0;
  }
  return true;
}

bool k8smi_rest_make(const struct k8sm_allocator *allocator, const struct k8smi_held *held,
                     const struct k8smi_value *moved, bool back, struct k8smi_rest **ret_rest) {
  struct k8smi_rest *rest = K8SMI_VALUE_NEW(k8smi_rest, allocator, 0);
  bool whole = false, fine = rest != NULL && rest_fill(rest, held, moved, back, &whole);
  if (!fine || whole) {
    k8smi_rest_free(rest);
    rest = NULL;
  }
  *ret_rest = rest;
  return fine;
}

void k8smi_rest_free(struct k8smi_rest *rest) {
  if (rest != NULL) K8SMI_VALUE_FREE(k8smi_rest, rest);
}
