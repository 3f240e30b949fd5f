/* SPDX-License-Identifier: Apache-2.0 */
#include "local/resources.h"
#include "wire/number.h"

/* Rows under construction. Room for all is taken at once: a result never has more kinds than its inputs. */
struct bag_rows {
  struct local_amount *rows;
  size_t count;
};

static bool bag_same_role(struct k8sm_slice a, struct k8sm_slice b) {
  return (a.ptr == NULL) == (b.ptr == NULL) && k8smi_eq(a, b);
}

static struct local_amount *bag_find(const struct local_amount *rows, size_t n,
                                     const struct local_amount *like) {
  for (size_t i = 0; i < n; i++) {
    bool same = k8smi_eq(rows[i].kind, like->kind) && bag_same_role(rows[i].role, like->role);
    if (same && (!k8smi_local_amount_whole(like) || rows[i].milli == like->milli)) {
      return (struct local_amount *)(uintptr_t)&rows[i];
    }
  }
  return NULL;
}

static bool bag_rows_add(struct k8smi_arena *arena, struct bag_rows *b, const struct local_amount *amount) {
  struct local_amount *row = k8smi_local_amount_whole(amount) ? NULL : bag_find(b->rows, b->count, amount);
  if (row != NULL) return k8smi_local_amount_add(arena, row, amount);
  b->rows[b->count++] = *amount;
  return true;
}

static bool bag_rows_start(struct k8smi_arena *arena, struct bag_rows *b, size_t n) {
  b->rows = k8smi_arena_array(arena, n == 0 ? 1 : n, sizeof(struct local_amount));
  b->count = 0;
  return b->rows != NULL;
}

static void bag_rows_finish(struct bag_rows *b, struct local_bag *ret) {
  size_t kept = 0;
  for (size_t i = 0; i < b->count; i++) {
    if (!k8smi_local_amount_empty(&b->rows[i])) b->rows[kept++] = b->rows[i];
  }
  *ret = (struct local_bag){b->rows, kept};
}

bool k8smi_local_bag_collect(struct k8smi_arena *arena, const struct local_amount *amounts, size_t n,
                             struct local_bag *ret) {
  struct bag_rows sum;
  if (!bag_rows_start(arena, &sum, n)) return false;
  for (size_t i = 0; i < n; i++) {
    if (!bag_rows_add(arena, &sum, &amounts[i])) return false;
  }
  bag_rows_finish(&sum, ret);
  return true;
}

bool k8smi_local_bag_add(struct k8smi_arena *arena, const struct local_bag *a, const struct local_bag *b,
                         struct local_bag *ret) {
  struct bag_rows sum;
  if (!bag_rows_start(arena, &sum, a->count + b->count)) return false;
  for (size_t i = 0; i < a->count; i++) sum.rows[sum.count++] = a->amounts[i];
  for (size_t i = 0; i < b->count; i++) {
    if (!bag_rows_add(arena, &sum, &b->amounts[i])) return false;
  }
  bag_rows_finish(&sum, ret);
  return true;
}

/* The last takes the place of one that is used up, as in a master: what it prints later is in that order. */
bool k8smi_local_bag_sub(struct k8smi_arena *arena, const struct local_bag *a, const struct local_bag *b,
                         struct local_bag *ret) {
  struct bag_rows rest;
  if (!bag_rows_start(arena, &rest, a->count)) return false;
  for (size_t i = 0; i < a->count; i++) rest.rows[rest.count++] = a->amounts[i];
  for (size_t i = 0; i < b->count; i++) {
    struct local_amount *row = bag_find(rest.rows, rest.count, &b->amounts[i]);
    if (row == NULL) continue;
    if (!k8smi_local_amount_sub(arena, row, &b->amounts[i])) return false;
    if (k8smi_local_amount_empty(row)) *row = rest.rows[--rest.count];
  }
  *ret = (struct local_bag){rest.rows, rest.count};
  return true;
}

/* How often one that is had as a whole is there. */
static size_t bag_times(const struct local_amount *rows, size_t n, const struct local_amount *like) {
  size_t times = 0;
  for (size_t i = 0; i < n; i++) times += bag_find(&rows[i], 1, like) != NULL;
  return times;
}

bool k8smi_local_bag_contains(const struct local_bag *a, const struct local_bag *b) {
  for (size_t i = 0; i < b->count; i++) {
    const struct local_amount *want = &b->amounts[i];
    const struct local_amount *have = bag_find(a->amounts, a->count, want);
    if (have == NULL || !k8smi_local_amount_contains(have, want)) return false;
    if (k8smi_local_amount_whole(want) &&
        bag_times(a->amounts, a->count, want) < bag_times(b->amounts, i + 1, want)) {
      return false;
    }
  }
  return true;
}

bool k8smi_local_bag_equal(const struct local_bag *a, const struct local_bag *b) {
  return a->count == b->count && k8smi_local_bag_contains(a, b) && k8smi_local_bag_contains(b, a);
}

bool k8smi_local_bag_allocate(struct k8smi_arena *arena, const struct local_bag *a, struct k8sm_slice role,
                              struct local_bag *ret) {
  struct bag_rows out;
  struct k8sm_slice kept = k8smi_arena_slice(arena, role);
  if ((role.ptr != NULL && kept.ptr == NULL) || !bag_rows_start(arena, &out, a->count)) return false;
  for (size_t i = 0; i < a->count; i++) {
    struct local_amount amount = a->amounts[i];
    amount.role = kept;
    if (!bag_rows_add(arena, &out, &amount)) return false;
  }
  bag_rows_finish(&out, ret);
  return true;
}

bool k8smi_local_bag_arrange(struct k8smi_arena *arena, const struct local_bag *a,
                             const struct local_bag *like, struct local_bag *ret) {
  struct bag_rows out;
  if (!bag_rows_start(arena, &out, a->count + like->count)) return false;
  for (size_t i = 0; i < like->count; i++) {
    const struct local_amount *row = bag_find(a->amounts, a->count, &like->amounts[i]);
    if (row != NULL) out.rows[out.count++] = *row;
  }
  for (size_t i = 0; i < a->count; i++) {
    if (bag_find(like->amounts, like->count, &a->amounts[i]) == NULL) out.rows[out.count++] = a->amounts[i];
  }
  *ret = (struct local_bag){out.rows, out.count};
  return true;
}

bool k8smi_local_bag_pick(struct k8smi_arena *arena, const struct local_bag *a,
                          bool (*keep)(const struct local_amount *amount, const void *ctx), const void *ctx,
                          struct local_bag *ret) {
  struct bag_rows out;
  if (!bag_rows_start(arena, &out, a->count)) return false;
  for (size_t i = 0; i < a->count; i++) {
    if (keep(&a->amounts[i], ctx)) out.rows[out.count++] = a->amounts[i];
  }
  bag_rows_finish(&out, ret);
  return true;
}

static bool bag_copy_values(struct k8smi_arena *arena, const struct local_amount *from,
                            struct local_amount *to) {
  struct local_range *ranges = NULL;
  struct k8sm_slice *items = NULL;
  if (from->ranges != NULL) {
    ranges = k8smi_arena_array(arena, from->count, sizeof(struct local_range));
    if (ranges == NULL) return false;
    for (size_t i = 0; i < from->count; i++) ranges[i] = from->ranges[i];
  }
  if (from->items != NULL) {
    items = k8smi_arena_array(arena, from->count, sizeof(struct k8sm_slice));
    if (items == NULL) return false;
    for (size_t i = 0; i < from->count; i++) {
      items[i] = k8smi_arena_slice(arena, from->items[i]);
      if (items[i].ptr == NULL) return false;
    }
  }
  to->ranges = ranges;
  to->items = items;
  return true;
}

bool k8smi_local_bag_copy(struct k8smi_arena *arena, const struct local_bag *a, struct local_bag *ret) {
  struct bag_rows out;
  if (!bag_rows_start(arena, &out, a->count)) return false;
  for (size_t i = 0; i < a->count; i++) {
    const struct local_amount *from = &a->amounts[i];
    struct local_amount *to = &out.rows[out.count++];
    *to = *from;
    to->given = NULL;
    to->kind = k8smi_arena_slice(arena, from->kind);
    to->role = k8smi_arena_slice(arena, from->role);
    to->form = (const K8smMesos__Resource *)(void *)k8smi_message_copy(arena, &from->form->base);
    if (to->kind.ptr == NULL || to->form == NULL || (from->role.ptr != NULL && to->role.ptr == NULL) ||
        !bag_copy_values(arena, from, to)) {
      return false;
    }
  }
  bag_rows_finish(&out, ret);
  return true;
}

int64_t k8smi_local_bag_scalar(const struct local_bag *bag, const char *name, bool *found) {
  int64_t sum = 0;
  *found = false;
  for (size_t i = 0; i < bag->count; i++) {
    const K8smMesos__Resource *form = bag->amounts[i].form;
    if (form->type == K8SM_MESOS__VALUE__TYPE__SCALAR && strcmp(form->name, name) == 0) {
      sum += bag->amounts[i].milli;
      *found = true;
    }
  }
  return sum;
}

struct k8sm_slice k8smi_local_amount_reserved(const struct local_amount *amount) {
  const K8smMesos__Resource *form = amount->form;
  return form->n_reservations == 0 ? (struct k8sm_slice){NULL, 0}
                                   : k8smi_s(form->reservations[form->n_reservations - 1]->role);
}

bool k8smi_local_held_init(struct local_held *held, const struct k8sm_allocator *allocator) {
  held->bag = (struct local_bag){NULL, 0};
  return k8smi_arena_init(&held->arena, allocator, 0);
}

void k8smi_local_held_free(struct local_held *held) {
  k8smi_arena_free(&held->arena);
  held->bag = (struct local_bag){NULL, 0};
}

bool k8smi_local_held_set(struct local_held *held, const struct local_bag *bag) {
  struct local_held next;
  if (!k8smi_local_held_init(&next, &held->arena.allocator)) return false;
  if (!k8smi_local_bag_copy(&next.arena, bag, &next.bag)) {
    k8smi_arena_free(&next.arena);
    return false;
  }
  k8smi_arena_free(&held->arena);
  *held = next;
  return true;
}
