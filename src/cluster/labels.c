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
         k8smi_add(*ret, text, ret) && k8smi_add(*ret, sizeof(struct k8smi_labels), ret);
}

/* Cuts the text up: labels, then taints. */
static void labels_fill(struct k8smi_labels *labels, struct k8smi_label_counts counts, const char *at) {
  struct k8smi_taint *taints = (struct k8smi_taint *)(void *)&labels->items[counts.labels];
  for (size_t i = 0; i < counts.labels; i++) {
    labels->items[i].key = labels_next(&at);
    labels->items[i].value = labels_next(&at);
  }
  labels->hostname = labels->items[counts.labels - 1].value; /* it was written last */
  for (size_t i = 0; i < counts.taints; i++) {
    taints[i].key = labels_next(&at);
    taints[i].value = labels_next(&at);
    taints[i].effect = k8smi_effect_of(labels_next(&at));
  }
  labels->pairs = (struct k8smi_pair_list){labels->items, counts.labels};
  labels->taints = (struct k8smi_taints){taints, counts.taints};
  k8smi_sort(labels->items, counts.labels, sizeof *labels->items, labels_order, NULL);
}

struct k8smi_labels *k8smi_labels_make(const K8smMesos__Offer *offer, struct k8smi_labels *current,
                                       struct k8smi_buf *scratch) {
  size_t block, window = 2 * sizeof(int64_t);
  k8smi_buf_clear(scratch);
  struct k8smi_label_counts counts = k8smi_attributes_put(scratch, offer);
  k8smi_buf_putc(scratch, (char)counts.rewritten);
  labels_put_window(scratch, offer->unavailability);
  if (scratch->failed) return NULL;
  struct k8sm_slice text = {scratch->ptr, scratch->len};
  if (current != NULL && k8smi_eq(current->text, text)) return current;
  if (!labels_size(counts, text.len, &block)) return NULL;
  struct k8smi_labels *labels = k8smi_alloc(&scratch->allocator, block);
  if (labels == NULL) return NULL;
  char *own = (char *)labels + block - text.len;
  memcpy(own, text.ptr, text.len);
  labels->block = block;
  labels->text = (struct k8sm_slice){own, text.len};
  labels->rewritten = counts.rewritten;
  memcpy(&labels->away_from_ms, own + text.len - window, sizeof labels->away_from_ms);
  memcpy(&labels->away_until_ms, own + text.len - window / 2, sizeof labels->away_until_ms);
  labels_fill(labels, counts, own);
  return labels;
}

void k8smi_labels_free(struct k8smi_labels *labels, const struct k8sm_allocator *allocator) {
  if (labels != NULL) k8smi_free(allocator, labels, labels->block);
}
