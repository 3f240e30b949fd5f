/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors as the pod writes them → expressions. */
#include "demand/placement_private.h"

bool k8smi_placement_expressions(struct k8smi_demand_build *b, struct k8smi_list list,
                                 struct k8smi_expressions *ret) {
  struct k8smi_expression *items = k8smi_demand_array(b, list.count, sizeof *items);
  bool can_hold = true;
  *ret = (struct k8smi_expressions){items, items == NULL ? 0 : list.count};
  for (size_t i = 0; i < ret->count; i++) {
    can_hold = k8smi_expression_of(k8smi_list_record(list, i), &items[i]) && can_hold;
  }
  return can_hold;
}

static struct k8smi_expression terms_equals(struct k8smi_demand_build *b, uint32_t op, struct k8sm_slice key,
                                            struct k8sm_slice value) {
  struct k8sm_slice *values = k8smi_demand_array(b, 1, sizeof *values);
  if (values != NULL) values[0] = value;
  return (struct k8smi_expression){.key = key, .op = op, .values = {values, values == NULL ? 0 : 1}};
}

static size_t terms_own_labels(struct k8smi_demand_build *b, uint32_t op, struct k8smi_list keys,
                               struct k8smi_expression *to) {
  size_t count = 0;
  for (size_t i = 0; i < keys.count; i++) {
    struct k8sm_slice key = k8smi_list_str(keys, i);
    struct k8sm_slice value = k8smi_pairs_get(b->demand->pod_labels, key);
    if (value.ptr != NULL) to[count++] = terms_equals(b, op, key, value);
  }
  return count;
}

struct k8smi_selector k8smi_placement_selector(struct k8smi_demand_build *b,
                                               const struct k8smi_record *selector, struct k8smi_list with,
                                               struct k8smi_list without) {
  struct k8smi_list labels = k8smi_get_list(selector, K8SMI_LabelSelector_matchLabels);
  struct k8smi_list more = k8smi_get_list(selector, K8SMI_LabelSelector_matchExpressions);
  struct k8smi_selector ret = {.nothing = selector == NULL};
  size_t cap = labels.count + more.count + with.count + without.count, count = 0;
  struct k8smi_expression *items = ret.nothing ? NULL : k8smi_demand_array(b, cap, sizeof *items);
  if (items == NULL) return ret;
  for (; count < labels.count; count++) {
    struct k8smi_pair pair = k8smi_list_pair(labels, count);
    items[count] = terms_equals(b, K8SMI_OP_IN, pair.key, pair.value);
  }
  for (size_t i = 0; i < more.count; i++) {
    if (!k8smi_expression_of(k8smi_list_record(more, i), &items[count++])) ret.nothing = true;
  }
  count += terms_own_labels(b, K8SMI_OP_IN, with, items + count);
  count += terms_own_labels(b, K8SMI_OP_NOT_IN, without, items + count);
  ret.expressions = (struct k8smi_expressions){items, count};
  return ret;
}

void k8smi_placement_put_number(struct k8smi_buf *to, int64_t number) {
  k8smi_buf_put(to, &number, sizeof number);
}

void k8smi_placement_put_text(struct k8smi_buf *to, struct k8sm_slice text) {
  k8smi_placement_put_number(to, (int64_t)text.len);
  k8smi_buf_slice(to, text);
}

void k8smi_placement_put_expressions(struct k8smi_buf *to, struct k8smi_expressions expressions) {
  k8smi_placement_put_number(to, (int64_t)expressions.count);
  for (size_t i = 0; i < expressions.count; i++) {
    const struct k8smi_expression *e = &expressions.items[i];
    k8smi_placement_put_text(to, e->key);
    k8smi_placement_put_number(to, e->op);
    k8smi_placement_put_number(to, e->number);
    k8smi_placement_put_number(to, (int64_t)e->values.count);
    for (size_t v = 0; v < e->values.count; v++) k8smi_placement_put_text(to, e->values.items[v]);
  }
}
