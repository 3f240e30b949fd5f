/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/labels.h"
#include "pod/workload.h"

bool k8smi_label_selector_matches(const struct k8smi_label_selector *selector, struct k8smi_list labels) {
  const struct k8smi_pair_list pairs = k8smi_pairs_of(labels);
  for (size_t i = 0; i < selector->labels.count; i++) {
    struct k8smi_pair wanted = k8smi_list_pair(selector->labels, i);
    struct k8sm_slice label = k8smi_pairs_get(pairs, wanted.key);
    if (label.ptr == NULL || !k8smi_eq(label, wanted.value)) return false;
  }
  for (size_t i = 0; i < selector->expressions.count; i++) {
    struct k8smi_expression e;
    if (!k8smi_expression_of(k8smi_list_record(selector->expressions, i), &e) || e.op >= K8SMI_OP_GT ||
        !k8smi_expression_holds(&e, k8smi_pairs_get(pairs, e.key)))
      return false;
  }
  return true;
}

/* One requirement as text, under its key. */
static struct k8smi_pair selector_requirement(const struct k8smi_label_selector *selector, size_t i,
                                              struct k8smi_buf *buf, struct k8smi_arena *arena) {
  struct k8smi_pair ret;
  struct k8smi_expression e;
  k8smi_buf_clear(buf);
  if (i < selector->labels.count) {
    struct k8smi_pair pair = k8smi_list_pair(selector->labels, i);
    ret.key = pair.key;
    k8smi_buf_slice(buf, pair.key);
    k8smi_buf_putc(buf, '=');
    k8smi_buf_slice(buf, pair.value);
  } else {
    (void)k8smi_expression_of(k8smi_list_record(selector->expressions, i - selector->labels.count), &e);
    ret.key = e.key;
    k8smi_expression_put(buf, &e);
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
