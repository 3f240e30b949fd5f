/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/labels.h"

#include <assert.h>

#include "pod/fields.h"
#include "wire/number.h"

static_assert((int)K8SMI_LabelSelectorRequirement_key == (int)K8SMI_NodeSelectorRequirement_key &&
                  (int)K8SMI_LabelSelectorRequirement_operator ==
                      (int)K8SMI_NodeSelectorRequirement_operator &&
                  (int)K8SMI_LabelSelectorRequirement_values == (int)K8SMI_NodeSelectorRequirement_values,
              "requirements of labels and of nodes");

/* How an operator is called in manifests, and what stands between key and values in texts. */
static const struct {
  const char *name, *between;
} label_ops[K8SMI_OPS] = {
    [K8SMI_OP_IN] = {"In", " in ("},    [K8SMI_OP_NOT_IN] = {"NotIn", " notin ("},
    [K8SMI_OP_EXISTS] = {"Exists", ""}, [K8SMI_OP_NOT_EXISTS] = {"DoesNotExist", ""},
    [K8SMI_OP_GT] = {"Gt", ">"},        [K8SMI_OP_LT] = {"Lt", "<"},
};

struct k8sm_slice k8smi_pairs_get(struct k8smi_pair_list sorted, struct k8sm_slice key) {
  size_t low = 0, high = sorted.count;
  while (low < high) { /* the first whose key is not less */
    size_t middle = low + (high - low) / 2;
    if (k8smi_cmp(sorted.items[middle].key, key) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  bool found = low < sorted.count && k8smi_eq(sorted.items[low].key, key);
  return found ? sorted.items[low].value : (struct k8sm_slice){NULL, 0};
}

void k8smi_strings_put(struct k8smi_buf *to, struct k8smi_strings strings) {
  for (size_t i = 0; i < strings.count; i++) {
    if (i > 0) k8smi_buf_putc(to, ',');
    k8smi_buf_slice(to, strings.items[i]);
  }
}

bool k8smi_expression_of(const struct k8smi_record *requirement, struct k8smi_expression *ret) {
  struct k8sm_slice op = k8smi_get_str(requirement, K8SMI_LabelSelectorRequirement_operator);
  *ret = (struct k8smi_expression){
      .key = k8smi_get_str(requirement, K8SMI_LabelSelectorRequirement_key),
      .values = k8smi_strings_of(k8smi_get_list(requirement, K8SMI_LabelSelectorRequirement_values))};
  while (ret->op < K8SMI_OPS && !k8smi_eqs(op, label_ops[ret->op].name)) ret->op++;
  if (ret->op == K8SMI_OPS) return false;
  if (ret->op != K8SMI_OP_GT && ret->op != K8SMI_OP_LT) return true;
  return ret->values.count == 1 && k8smi_parse_i64(ret->values.items[0], &ret->number);
}

static bool label_is_among(struct k8smi_strings values, struct k8sm_slice value) {
  for (size_t i = 0; i < values.count; i++) {
    if (k8smi_eq(values.items[i], value)) return true;
  }
  return false;
}

bool k8smi_expression_holds(const struct k8smi_expression *e, struct k8sm_slice value) {
  int64_t number;
  bool there = value.ptr != NULL;
  switch (e->op) {
  case K8SMI_OP_IN: return there && label_is_among(e->values, value);
  case K8SMI_OP_NOT_IN: return !there || !label_is_among(e->values, value);
  case K8SMI_OP_EXISTS: return there;
  case K8SMI_OP_NOT_EXISTS: return !there;
  case K8SMI_OP_GT: return there && k8smi_parse_i64(value, &number) && number > e->number;
  case K8SMI_OP_LT: return there && k8smi_parse_i64(value, &number) && number < e->number;
  default: return false;
  }
}

void k8smi_expression_put(struct k8smi_buf *to, const struct k8smi_expression *e) {
  const bool listed = e->op == K8SMI_OP_IN || e->op == K8SMI_OP_NOT_IN;
  if (e->op == K8SMI_OP_NOT_EXISTS) k8smi_buf_putc(to, '!');
  k8smi_buf_slice(to, e->key);
  if (e->op < K8SMI_OPS) k8smi_buf_puts(to, label_ops[e->op].between);
  if (listed) {
    k8smi_strings_put(to, e->values);
    k8smi_buf_putc(to, ')');
  }
  if (e->op == K8SMI_OP_GT || e->op == K8SMI_OP_LT) k8smi_buf_i64(to, e->number);
}
