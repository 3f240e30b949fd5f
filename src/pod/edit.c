/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/edit.h"

void k8smi_edit_begin(struct k8smi_edit *e, struct k8smi_arena *arena, const struct k8smi_record *record) {
  e->arena = arena;
  e->failed = false;
  e->present = k8smi_record_spread(record, e->slots);
}

/* True if the field may be written. */
static bool edit_set(struct k8smi_edit *e, unsigned field, bool have) {
  if (!have) e->failed = true;
  if (e->failed) return false;
  e->present |= (uint64_t)1 << field;
  return true;
}

void k8smi_edit_text(struct k8smi_edit *e, unsigned field, struct k8sm_slice text) {
  const struct k8smi_text *copy = e->failed ? NULL : k8smi_text_new(e->arena, text);
  if (edit_set(e, field, copy != NULL)) e->slots[field].text = copy;
}

void k8smi_edit_number(struct k8smi_edit *e, unsigned field, int64_t number) {
  if (edit_set(e, field, true)) e->slots[field].number = number;
}

void k8smi_edit_record(struct k8smi_edit *e, unsigned field, const struct k8smi_record *record) {
  if (edit_set(e, field, record != NULL)) e->slots[field].record = record;
}

void k8smi_edit_list(struct k8smi_edit *e, unsigned field, const struct k8smi_list *list) {
  if (edit_set(e, field, list != NULL)) e->slots[field].list = list;
}

void k8smi_edit_unset(struct k8smi_edit *e, unsigned field) {
  e->present &= ~((uint64_t)1 << field);
}

void k8smi_edit_take(struct k8smi_edit *e, unsigned field, const struct k8smi_record *from) {
  union k8smi_slot slots[64];
  if ((k8smi_record_spread(from, slots) >> field & 1) == 0) return;
  if (edit_set(e, field, true)) e->slots[field] = slots[field];
}

const struct k8smi_record *k8smi_edit_end(struct k8smi_edit *e) {
  return e->failed ? NULL : k8smi_record_new(e->arena, e->present, e->slots);
}

void k8smi_edit_pairs_put(struct k8smi_edit_pairs *pairs, struct k8sm_slice key, struct k8sm_slice value) {
  if (pairs->count < sizeof pairs->items / sizeof pairs->items[0])
    pairs->items[pairs->count++] = (struct k8smi_pair){key, value};
}

static struct k8smi_list edit_list_of(const struct k8smi_edit *e, unsigned field) {
  return e->present >> field & 1 ? *e->slots[field].list : (struct k8smi_list){NULL, 0};
}

/* Puts a pair where it belongs; there is room for it. */
static void edit_put_pair(struct k8smi_pair *to, size_t *count, struct k8smi_pair pair, bool keep) {
  size_t low = 0, high = *count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (k8smi_cmp(to[middle].key, pair.key) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low < *count && k8smi_eq(to[low].key, pair.key)) {
    if (!keep) to[low] = pair;
    return;
  }
  memmove(to + low + 1, to + low, (*count - low) * sizeof *to);
  to[low] = pair;
  ++*count;
}

void k8smi_edit_map(struct k8smi_edit *e, unsigned field, const struct k8smi_edit_pairs *pairs, bool keep) {
  struct k8smi_list before = edit_list_of(e, field);
  if (pairs->count == 0 || e->failed) return;
  struct k8smi_list *list = k8smi_arena_alloc(e->arena, sizeof *list);
  struct k8smi_pair *items = k8smi_arena_array(e->arena, before.count + pairs->count, sizeof *items);
  if (!edit_set(e, field, list != NULL && items != NULL)) return;
  if (before.count > 0) memcpy(items, before.items, before.count * sizeof *items);
  *list = (struct k8smi_list){items, before.count};
  for (size_t i = 0; i < pairs->count; i++) edit_put_pair(items, &list->count, pairs->items[i], keep);
  e->slots[field].list = list;
}

void k8smi_edit_append(struct k8smi_edit *e, unsigned field, const struct k8smi_record *item) {
  struct k8smi_list before = edit_list_of(e, field);
  if (e->failed) return;
  struct k8smi_list *list = k8smi_arena_alloc(e->arena, sizeof *list);
  const struct k8smi_record **items = k8smi_arena_array(e->arena, before.count + 1, sizeof *items);
  if (!edit_set(e, field, item != NULL && list != NULL && items != NULL)) return;
  if (before.count > 0) memcpy(items, before.items, before.count * sizeof *items);
  items[before.count] = item;
  *list = (struct k8smi_list){items, before.count + 1};
  e->slots[field].list = list;
}
