/* SPDX-License-Identifier: Apache-2.0 */
#include "offer/bag.h"
#include "base/sort.h"

_Static_assert(sizeof(struct k8smi_lot) <= K8SMI_SORT_MAX, "lots are sorted in place");

int k8smi_lot_compare(const struct k8smi_lot *a, const struct k8smi_lot *b) {
  int c = k8smi_identity_compare(a->identity, b->identity, true);
  return c != 0 || !a->whole ? c : k8smi_value_compare(&a->value, &b->value);
}

bool k8smi_lot_make(struct k8smi_arena *arena, const struct k8smi_resource *resource, struct k8smi_lot *ret) {
  K8smMesos__Resource *identity = k8smi_identity_make(arena, resource->message);
  if (identity == NULL) return false;
  *ret = (struct k8smi_lot){
      .identity = identity,
      .value = k8smi_resource_value(resource),
      .whole = k8smi_identity_whole(identity),
      .count = 1,
  };
  return true;
}

static int bag_order(const void *a, const void *b, const void *ctx) {
  (void)ctx;
  return k8smi_lot_compare(a, b);
}

/* Makes one lot of n that are of one resource. */
static int bag_unite(struct k8smi_arena *arena, const struct k8smi_lot *lots, size_t n,
                     struct k8smi_lot *ret) {
  struct k8smi_lot to = lots[0];
  for (size_t i = 1; lots[0].whole && i < n; i++) {
    if (lots[i].count > UINT32_MAX - to.count) return K8SM_ERR_INVALID;
    to.count += lots[i].count;
  }
  int r =
      lots[0].whole || n == 1 ? K8SM_OK : k8smi_value_sum(arena, &lots[0].value, n, sizeof *lots, &to.value);
  *ret = to;
  return r;
}

int k8smi_bag_make(struct k8smi_arena *arena, struct k8smi_lot *lots, size_t count, struct k8smi_bag *ret) {
  size_t kept = 0;
  k8smi_sort(lots, count, sizeof *lots, bag_order, NULL);
  for (size_t i = 0, n; i < count; i += n) {
    n = 1;
    while (i + n < count && k8smi_lot_compare(&lots[i], &lots[i + n]) == 0) n++;
    int r = bag_unite(arena, &lots[i], n, &lots[kept]);
    if (r != K8SM_OK) return r;
    if (!k8smi_value_empty(&lots[kept].value)) kept++;
  }
  *ret = (struct k8smi_bag){lots, kept};
  return K8SM_OK;
}

int k8smi_bag_add(struct k8smi_arena *arena, const struct k8smi_bag *a, const struct k8smi_bag *b,
                  struct k8smi_bag *ret) {
  struct k8smi_lot *lots = k8smi_arena_array(arena, a->count + b->count, sizeof *lots);
  if (lots == NULL) return k8smi_arena_error(arena);
  if (a->count > 0) memcpy(lots, a->lots, a->count * sizeof *lots);
  if (b->count > 0) memcpy(lots + a->count, b->lots, b->count * sizeof *lots);
  return k8smi_bag_make(arena, lots, a->count + b->count, ret);
}

static bool bag_lot_contains(const struct k8smi_lot *a, const struct k8smi_lot *b) {
  return a->whole ? a->count >= b->count : k8smi_value_contains(&a->value, &b->value);
}

const struct k8smi_lot *k8smi_bag_missing(const struct k8smi_bag *a, const struct k8smi_bag *b) {
  size_t at = 0;
  for (size_t i = 0; i < b->count; i++) {
    int c = -1;
    while (at < a->count && (c = k8smi_lot_compare(&a->lots[at], &b->lots[i])) < 0) at++;
    if (c != 0 || at == a->count || !bag_lot_contains(&a->lots[at], &b->lots[i])) return &b->lots[i];
  }
  return NULL;
}

/* Takes `part` out of `lot`, which contains it. False when memory ran out. */
static bool bag_lot_take(struct k8smi_arena *arena, struct k8smi_lot *lot, const struct k8smi_lot *part) {
  struct k8smi_value from = lot->value;
  if (!lot->whole) return k8smi_value_minus(arena, &from, &part->value, &lot->value);
  lot->count -= part->count;
  return true;
}

static bool bag_lot_empty(const struct k8smi_lot *lot) {
  return lot->count == 0 || k8smi_value_empty(&lot->value);
}

/* Closes the gaps that empty lots are. */
static void bag_close(struct k8smi_bag *bag) {
  size_t kept = 0;
  for (size_t i = 0; i < bag->count; i++) {
    if (!bag_lot_empty(&bag->lots[i])) bag->lots[kept++] = bag->lots[i];
  }
  bag->count = kept;
}

static bool bag_clone(struct k8smi_arena *arena, const struct k8smi_bag *from, struct k8smi_bag *ret) {
  *ret = (struct k8smi_bag){k8smi_arena_array(arena, from->count, sizeof *ret->lots), from->count};
  if (ret->lots == NULL) return false;
  if (from->count > 0) memcpy(ret->lots, from->lots, from->count * sizeof *ret->lots);
  return true;
}

int k8smi_bag_subtract(struct k8smi_arena *arena, const struct k8smi_bag *a, const struct k8smi_bag *b,
                       struct k8smi_bag *ret) {
  struct k8smi_bag left;
  size_t at = 0;
  if (!bag_clone(arena, a, &left)) return k8smi_arena_error(arena);
  for (size_t i = 0; i < b->count; i++) {
    while (k8smi_lot_compare(&left.lots[at], &b->lots[i]) != 0) at++;
    if (!bag_lot_take(arena, &left.lots[at], &b->lots[i])) return k8smi_arena_error(arena);
  }
  bag_close(&left);
  *ret = left;
  return K8SM_OK;
}

int k8smi_bag_copy(struct k8smi_arena *arena, const struct k8smi_bag *from, struct k8smi_bag *ret) {
  struct k8smi_bag to;
  if (!bag_clone(arena, from, &to)) return k8smi_arena_error(arena);
  for (size_t i = 0; i < to.count; i++) {
    to.lots[i].identity = k8smi_identity_copy(arena, from->lots[i].identity);
    if (to.lots[i].identity == NULL || !k8smi_value_copy(arena, &from->lots[i].value, &to.lots[i].value)) {
      return k8smi_arena_error(arena);
    }
  }
  *ret = to;
  return K8SM_OK;
}

/* ---- Find ---- */

enum { BAG_SAME = 0, BAG_FOR_ROLE = 1, BAG_UNRESERVED = 2, BAG_ANY = 3, BAG_STAGES = 4 };

struct bag_search {
  struct k8smi_arena *arena;
  struct k8smi_bag left;   /* of the total, while it is spent; may have empty lots */
  struct k8smi_lot *found; /* grows */
  size_t count, cap;
  bool failed; /* memory */
};

static struct k8sm_slice bag_role(const struct k8smi_lot *lot) {
  return k8smi_resource_reservation(lot->identity);
}

static bool bag_in_stage(const struct k8smi_lot *lot, const struct k8smi_lot *wanted, int stage) {
  if (stage == BAG_SAME) return k8smi_identity_compare(lot->identity, wanted->identity, true) == 0;
  if (stage == BAG_FOR_ROLE) return bag_role(wanted).len > 0 && k8smi_eq(bag_role(lot), bag_role(wanted));
  return stage == BAG_ANY || bag_role(lot).len == 0;
}

static bool bag_put_found(struct bag_search *s, const struct k8smi_lot *lot) {
  if (s->count == s->cap) {
    size_t cap = s->cap == 0 ? 8 : s->cap * 2;
    struct k8smi_lot *found = k8smi_arena_array(s->arena, cap, sizeof *found);
    if (found == NULL) return false;
    if (s->count > 0) memcpy(found, s->found, s->count * sizeof *found);
    s->found = found;
    s->cap = cap;
  }
  s->found[s->count++] = *lot;
  return true;
}

/* Moves what both have from `lot` to what is found, and off `missing`. */
static bool bag_find_in(struct bag_search *s, struct k8smi_lot *lot, struct k8smi_lot *missing) {
  struct k8smi_lot part = *lot;
  if (lot->whole) {
    if (k8smi_value_compare(&lot->value, &missing->value) != 0) return true;
    part.count = lot->count < missing->count ? lot->count : missing->count;
  } else if (!k8smi_value_common(s->arena, &lot->value, &missing->value, &part.value)) {
    return false;
  }
  if (bag_lot_empty(&part)) return true;
  return bag_put_found(s, &part) && bag_lot_take(s->arena, lot, &part) &&
         bag_lot_take(s->arena, missing, &part);
}

/* The first lot that is not before those of the same identity, reservations aside. */
static size_t bag_lower_bound(const struct k8smi_bag *bag, const struct k8smi_lot *wanted) {
  size_t low = 0, high = bag->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (k8smi_identity_compare(bag->lots[middle].identity, wanted->identity, false) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static bool bag_find_one(struct bag_search *s, const struct k8smi_lot *wanted) {
  struct k8smi_lot missing = *wanted;
  size_t first = bag_lower_bound(&s->left, wanted);
  for (int stage = 0; stage < BAG_STAGES; stage++) {
    for (size_t i = first; i < s->left.count && !bag_lot_empty(&missing); i++) {
      struct k8smi_lot *lot = &s->left.lots[i];
      if (k8smi_identity_compare(lot->identity, wanted->identity, false) != 0) break;
      if (bag_lot_empty(lot) || !bag_in_stage(lot, wanted, stage)) continue;
      s->failed = s->failed || !bag_find_in(s, lot, &missing);
      if (s->failed) return false;
    }
  }
  return bag_lot_empty(&missing);
}

int k8smi_bag_find(struct k8smi_arena *arena, const struct k8smi_bag *total, const struct k8smi_bag *wanted,
                   struct k8smi_bag *ret, const struct k8smi_lot **ret_missing) {
  struct bag_search s = {.arena = arena};
  if (!bag_clone(arena, total, &s.left)) return k8smi_arena_error(arena);
  *ret_missing = NULL;
  for (size_t i = 0; i < wanted->count && *ret_missing == NULL; i++) {
    if (!bag_find_one(&s, &wanted->lots[i])) *ret_missing = &wanted->lots[i];
    if (s.failed) return k8smi_arena_error(arena);
  }
  return *ret_missing != NULL ? K8SM_OK : k8smi_bag_make(arena, s.found, s.count, ret);
}
