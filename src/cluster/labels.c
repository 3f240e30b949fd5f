/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/labels.h"
#include "base/sort.h"
#include "wire/number.h"

/* Writes "name\0value\0". False for a value that can't be written as a label. */
static bool labels_put(struct k8smi_buf *to, const K8smMesos__Attribute *attribute) {
  int64_t milli = 0;
  bool scalar = attribute->type == K8SM_MESOS__VALUE__TYPE__SCALAR && attribute->scalar != NULL;
  if (scalar && !k8smi_milli_of_double(attribute->scalar->value, &milli)) return false;
  k8smi_buf_puts(to, attribute->name == NULL ? "" : attribute->name);
  k8smi_buf_putc(to, '\0');
  if (scalar) k8smi_put_milli(to, milli);
  if (attribute->type == K8SM_MESOS__VALUE__TYPE__TEXT && attribute->text != NULL) {
    k8smi_buf_puts(to, attribute->text->value);
  }
  k8smi_buf_putc(to, '\0');
  return true;
}

/* Later attributes win over earlier ones of the same name: their text stands behind, so do they here. */
static int labels_order(const void *a, const void *b, const void *ctx) {
  const struct k8smi_label *x = a, *y = b;
  (void)ctx;
  int by_name = k8smi_cmp(x->name, y->name);
  return by_name != 0 ? by_name : (x->name.ptr < y->name.ptr) - (x->name.ptr > y->name.ptr);
}

static struct k8sm_slice labels_next(const char **at) {
  struct k8sm_slice s = k8smi_s(*at);
  *at += s.len + 1;
  return s;
}

struct k8smi_labels *k8smi_labels_make(const K8smMesos__Offer *offer, struct k8smi_labels *current,
                                       struct k8smi_buf *scratch) {
  size_t count = 0, items, block;
  k8smi_buf_clear(scratch);
  k8smi_buf_puts(scratch, offer->hostname == NULL ? "" : offer->hostname);
  k8smi_buf_putc(scratch, '\0');
  for (size_t i = 0; i < offer->n_attributes; i++) count += labels_put(scratch, offer->attributes[i]);
  if (scratch->failed) return NULL;
  struct k8sm_slice text = {scratch->ptr, scratch->len};
  if (current != NULL && k8smi_eq(current->text, text)) return current;
  if (!k8smi_mul(count, sizeof(struct k8smi_label), &items) ||
      !k8smi_add(items + sizeof(struct k8smi_labels), text.len, &block)) {
    return NULL;
  }
  struct k8smi_labels *labels = k8smi_alloc(&scratch->allocator, block);
  if (labels == NULL) return NULL;
  char *own = (char *)&labels->items[count];
  memcpy(own, text.ptr, text.len);
  const char *at = own;
  labels->block = block;
  labels->text = (struct k8sm_slice){own, text.len};
  labels->hostname = labels_next(&at);
  labels->count = count;
  for (size_t i = 0; i < count; i++) {
    labels->items[i].name = labels_next(&at);
    labels->items[i].value = labels_next(&at);
  }
  k8smi_sort(labels->items, count, sizeof *labels->items, labels_order, NULL);
  return labels;
}

void k8smi_labels_free(struct k8smi_labels *labels, const struct k8sm_allocator *allocator) {
  if (labels != NULL) k8smi_free(allocator, labels, labels->block);
}

struct k8sm_slice k8smi_labels_get(const struct k8smi_labels *labels, struct k8sm_slice key) {
  static const struct k8sm_slice none = {NULL, 0};
  struct k8sm_slice prefix = K8SMI_S(K8SMI_LABEL_ATTRIBUTE);
  if (k8smi_eqs(key, K8SMI_LABEL_HOSTNAME)) return labels->hostname;
  if (key.len < prefix.len || memcmp(key.ptr, prefix.ptr, prefix.len) != 0) return none;
  struct k8sm_slice name = {key.ptr + prefix.len, key.len - prefix.len};
  size_t low = 0, high = labels->count;
  while (low < high) { /* the first whose name is not less */
    size_t middle = low + (high - low) / 2;
    if (k8smi_cmp(labels->items[middle].name, name) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < labels->count && k8smi_eq(labels->items[low].name, name) ? labels->items[low].value : none;
}
