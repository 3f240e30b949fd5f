/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload.h"

/* https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */

enum selector_operator { SELECTOR_IN, SELECTOR_NOT_IN, SELECTOR_EXISTS, SELECTOR_ABSENT, SELECTOR_UNKNOWN };

static enum selector_operator selector_operator(const struct k8smi_record *expression) {
  static const char *const words[] = {"In", "NotIn", "Exists", "DoesNotExist"};
  struct k8sm_slice word = k8smi_get_str(expression, K8SMI_LabelSelectorRequirement_operator);
  unsigned i = 0;
  while (i < SELECTOR_UNKNOWN && !k8smi_eqs(word, words[i])) i++;
  return (enum selector_operator)i;
}

/* Labels are sorted by key. */
static const struct k8sm_slice *selector_label(struct k8smi_list labels, struct k8sm_slice key) {
  const struct k8smi_pair *pairs = labels.items;
  for (size_t low = 0, high = labels.count; low < high;) {
    size_t middle = low + (high - low) / 2;
    int order = k8smi_cmp(pairs[middle].key, key);
    if (order == 0) return &pairs[middle].value;
    low = order < 0 ? middle + 1 : low;
    high = order > 0 ? middle : high;
  }
  return NULL;
}

static bool selector_meets(const struct k8smi_record *expression, struct k8smi_list labels) {
  struct k8smi_list values = k8smi_get_list(expression, K8SMI_LabelSelectorRequirement_values);
  const struct k8sm_slice *label =
      selector_label(labels, k8smi_get_str(expression, K8SMI_LabelSelectorRequirement_key));
  bool among = false;
  for (size_t i = 0; label != NULL && i < values.count; i++)
    among = among || k8smi_eq(k8smi_list_str(values, i), *label);
  switch (selector_operator(expression)) {
  case SELECTOR_IN: return among;
  case SELECTOR_NOT_IN: return !among;
  case SELECTOR_EXISTS: return label != NULL;
  case SELECTOR_ABSENT: return label == NULL;
  default: return false;
  }
}

bool k8smi_label_selector_matches(const struct k8smi_label_selector *selector, struct k8smi_list labels) {
  for (size_t i = 0; i < selector->labels.count; i++) {
    struct k8smi_pair pair = k8smi_list_pair(selector->labels, i);
    const struct k8sm_slice *label = selector_label(labels, pair.key);
    if (label == NULL || !k8smi_eq(*label, pair.value)) return false;
  }
  for (size_t i = 0; i < selector->expressions.count; i++) {
    if (!selector_meets(k8smi_list_record(selector->expressions, i), labels)) return false;
  }
  return true;
}

static void selector_put_values(struct k8smi_buf *buf, struct k8smi_list values) {
  k8smi_buf_putc(buf, '(');
  for (size_t i = 0; i < values.count; i++) {
    if (i > 0) k8smi_buf_putc(buf, ',');
    k8smi_buf_slice(buf, k8smi_list_str(values, i));
  }
  k8smi_buf_putc(buf, ')');
}

static void selector_put_expression(struct k8smi_buf *buf, const struct k8smi_record *expression) {
  enum selector_operator operator_ = selector_operator(expression);
  if (operator_ == SELECTOR_ABSENT) k8smi_buf_putc(buf, '!');
  k8smi_buf_slice(buf, k8smi_get_str(expression, K8SMI_LabelSelectorRequirement_key));
  if (operator_ != SELECTOR_IN && operator_ != SELECTOR_NOT_IN) return;
  k8smi_buf_puts(buf, operator_ == SELECTOR_IN ? " in " : " notin ");
  selector_put_values(buf, k8smi_get_list(expression, K8SMI_LabelSelectorRequirement_values));
}

/* One requirement as text, under its key. */
static struct k8smi_pair selector_requirement(const struct k8smi_label_selector *selector, size_t i,
                                              struct k8smi_buf *buf, struct k8smi_arena *arena) {
  struct k8smi_pair ret;
  k8smi_buf_clear(buf);
  if (i < selector->labels.count) {
    struct k8smi_pair pair = k8smi_list_pair(selector->labels, i);
    ret.key = pair.key;
    k8smi_buf_slice(buf, pair.key);
    k8smi_buf_putc(buf, '=');
    k8smi_buf_slice(buf, pair.value);
  } else {
    const struct k8smi_record *expression =
        k8smi_list_record(selector->expressions, i - selector->labels.count);
    ret.key = k8smi_get_str(expression, K8SMI_LabelSelectorRequirement_key);
    selector_put_expression(buf, expression);
  }
  ret.value = buf->failed ? (struct k8sm_slice){NULL, 0} : k8smi_arena_copy(arena, buf->ptr, buf->len);
  return ret;
}

bool k8smi_label_selector_text(const struct k8smi_label_selector *selector, struct k8smi_arena *arena,
                               struct k8sm_slice *ret) {
  size_t n = selector->labels.count + selector->expressions.count;
  struct k8smi_buf buf;
  *ret = K8SMI_S("");
  if (n == 0) return true;
  struct k8smi_pair *texts = k8smi_arena_array(arena, n, sizeof *texts);
  if (texts == NULL || !k8smi_buf_init(&buf, &arena->allocator)) return false;
  bool good = true;
  for (size_t i = 0; i < n && good; i++) {
    texts[i] = selector_requirement(selector, i, &buf, arena);
    good = texts[i].value.ptr != NULL;
  }
  good = good && k8smi_bind_sort_pairs(arena, texts, n);
  k8smi_buf_clear(&buf);
  for (size_t i = 0; i < n && good; i++) {
    if (i > 0) k8smi_buf_putc(&buf, ',');
    k8smi_buf_slice(&buf, texts[i].value);
  }
  *ret = good && !buf.failed ? k8smi_arena_copy(arena, buf.ptr, buf.len) : (struct k8sm_slice){NULL, 0};
  k8smi_buf_free(&buf);
  return ret->ptr != NULL;
}

int k8sm_workload_selects(const struct k8sm_workload *w, const struct k8sm_pod *pod) {
  const struct k8smi_record *metadata = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_metadata);
  if (w->selector.labels.count + w->selector.expressions.count == 0) return 0;
  return k8smi_eq(w->name_space, k8smi_get_str(metadata, K8SMI_ObjectMeta_namespace)) &&
         k8smi_label_selector_matches(&w->selector, k8smi_get_list(metadata, K8SMI_ObjectMeta_labels));
}
