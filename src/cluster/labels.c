/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/labels.h"
#include "base/sort.h"

/* Later labels win over earlier ones of the same key: their text stands behind, so do they here. */
static int labels_order(const void *a, const void *b, const void *ctx) {
  const struct k8smi_pair *x = a, *y = b;
  (void)ctx;
  int by_key = k8smi_cmp(x->key, y->key);
  return by_key != 0 ? by_key : (x->key.ptr < y->key.ptr) - (x->key.ptr > y->key.ptr);
}

static struct k8sm_slice labels_next(const char **at) {
  struct k8sm_slice s = k8smi_s(*at);
  *at += s.len + 1;
  return s;
}

/* Nanoseconds, as Mesos has them; nothing overflows. */
static void labels_put_window(struct k8smi_buf *to, const K8smMesos__Unavailability *window) {
  int64_t times[2] = {INT64_MAX, INT64_MAX};
  if (window != NULL && window->start != NULL) {
    times[0] = window->start->nanoseconds / 1000000;
    int64_t lasts = window->duration == NULL ? INT64_MAX : window->duration->nanoseconds / 1000000;
    times[1] = lasts > INT64_MAX - (times[0] > 0 ? times[0] : 0) ? INT64_MAX : times[0] + lasts;
  }
  k8smi_buf_put(to, times, sizeof times);
}

static bool labels_size(struct k8smi_label_counts counts, size_t text, size_t *ret) {
  size_t labels, taints;
  return k8smi_mul(counts.labels, sizeof(struct k8smi_pair), &labels) &&
         k8smi_mul(counts.taints, sizeof(struct k8smi_taint), &taints) && k8smi_add(labels, taints, ret) &&
         k8smi_add(*ret, text, ret) && k8smi_add(*ret, sizeof(struct k8smi_label_set), ret);
}

/* Cuts the text up: labels, then taints. */
static void labels_fill(struct k8smi_label_set *set, struct k8smi_label_counts counts, const char *at) {
  struct k8smi_taint *taints = (struct k8smi_taint *)(void *)&set->items[counts.labels];
  for (size_t i = 0; i < counts.labels; i++) {
    set->items[i].key = labels_next(&at);
    set->items[i].value = labels_next(&at);
    if (k8smi_cmp(set->items[i].key, K8SMI_S(K8SMI_LABEL_HOSTNAME)) < 0) set->hostname_at++;
  }
  for (size_t i = 0; i < counts.taints; i++) {
    taints[i].key = labels_next(&at);
    taints[i].value = labels_next(&at);
    taints[i].effect = k8smi_effect_of(labels_next(&at));
  }
  set->pairs = (struct k8smi_pair_list){set->items, counts.labels};
  set->taints = (struct k8smi_taints){taints, counts.taints};
  k8smi_sort(set->items, counts.labels, sizeof *set->items, labels_order, NULL);
}

static struct k8smi_label_set *labels_set_make(const struct k8sm_allocator *allocator,
                                               struct k8smi_label_counts counts, struct k8sm_slice text) {
  size_t block, window = 2 * sizeof(int64_t);
  if (!labels_size(counts, text.len, &block)) return NULL;
  struct k8smi_label_set *set = k8smi_alloc(allocator, block);
  if (set == NULL) return NULL;
  char *own = (char *)set + block - text.len;
  memcpy(own, text.ptr, text.len);
  *set = (struct k8smi_label_set){
      .block = block, .users = 1, .text = {own, text.len}, .rewritten = counts.rewritten};
  memcpy(&set->away_from_ms, own + text.len - window, sizeof set->away_from_ms);
  memcpy(&set->away_until_ms, own + text.len - window / 2, sizeof set->away_until_ms);
  labels_fill(set, counts, own);
  return set;
}

/* The set with this text, with one user more; made if need be. NULL when memory ran out. */
static struct k8smi_label_set *labels_set_get(struct k8smi_label_sets *sets, struct k8smi_label_counts counts,
                                              struct k8sm_slice text) {
  const struct k8sm_allocator *allocator = &sets->by_text.allocator;
  uint32_t row = k8smi_map_get(&sets->by_text, text);
  if (row != K8SMI_MAP_NONE) {
    struct k8smi_label_row *known = k8smi_table_at(&sets->rows, row);
    known->set->users++;
    return known->set;
  }
  if (!k8smi_table_reserve(&sets->rows, allocator, 1)) return NULL;
  struct k8smi_label_set *set = labels_set_make(allocator, counts, text);
  if (set == NULL) return NULL;
  set->row = k8smi_table_take(&sets->rows);
  ((struct k8smi_label_row *)k8smi_table_at(&sets->rows, set->row))->set = set;
  if (k8smi_map_put(&sets->by_text, set->text, set->row)) return set;
  k8smi_table_give(&sets->rows, set->row);
  k8smi_free(allocator, set, set->block);
  return NULL;
}

static void labels_set_leave(struct k8smi_label_sets *sets, struct k8smi_label_set *set) {
  if (--set->users > 0) return;
  k8smi_map_remove(&sets->by_text, set->text);
  k8smi_table_give(&sets->rows, set->row);
  k8smi_free(&sets->by_text.allocator, set, set->block);
}

void k8smi_label_sets_init(struct k8smi_label_sets *sets, const struct k8sm_allocator *allocator,
                           uint64_t seed) {
  k8smi_table_init(&sets->rows, sizeof(struct k8smi_label_row));
  k8smi_map_init(&sets->by_text, allocator, seed);
}

void k8smi_label_sets_free(struct k8smi_label_sets *sets) {
  k8smi_table_free(&sets->rows, &sets->by_text.allocator);
  k8smi_map_free(&sets->by_text);
}

struct k8smi_labels *k8smi_labels_make(struct k8smi_label_sets *sets, const K8smMesos__Offer *offer,
                                       struct k8smi_labels *current, struct k8smi_buf *scratch) {
  k8smi_buf_clear(scratch);
  struct k8smi_label_counts counts = k8smi_attributes_put(scratch, offer);
  k8smi_buf_putc(scratch, (char)counts.rewritten);
  labels_put_window(scratch, offer->unavailability);
  if (scratch->failed) return NULL;
  const struct k8sm_slice text = {scratch->ptr, scratch->len}, host = k8smi_s(offer->hostname);
  if (current != NULL && k8smi_eq(current->set->text, text) && k8smi_eq(current->hostname, host)) {
    return current;
  }
  struct k8smi_labels *labels = k8smi_alloc(&scratch->allocator, sizeof *labels + host.len + 1);
  if (labels == NULL) return NULL;
  labels->set = labels_set_get(sets, counts, text);
  if (labels->set == NULL) {
    k8smi_free(&scratch->allocator, labels, sizeof *labels + host.len + 1);
    return NULL;
  }
  char *own = (char *)&labels[1];
  if (host.len > 0) memcpy(own, host.ptr, host.len);
  own[host.len] = '\0';
  labels->hostname = (struct k8sm_slice){own, host.len};
  return labels;
}

void k8smi_labels_free(struct k8smi_label_sets *sets, struct k8smi_labels *labels) {
  if (labels == NULL) return;
  labels_set_leave(sets, labels->set);
  k8smi_free(&sets->by_text.allocator, labels, sizeof *labels + labels->hostname.len + 1);
}
