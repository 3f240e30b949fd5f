/* SPDX-License-Identifier: Apache-2.0 */
#include "demand/selector.h"
#include "wire/number.h"

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

struct k8sm_slice k8smi_view_get(const struct k8smi_label_view *labels, struct k8sm_slice key) {
  struct k8sm_slice value = {NULL, 0};
  if (labels->first.count > 0) value = k8smi_pairs_get(labels->first, key);
  return value.ptr != NULL ? value : k8smi_pairs_get(labels->second, key);
}

static bool selector_is_among(struct k8smi_strings values, struct k8sm_slice value) {
  for (size_t i = 0; i < values.count; i++) {
    if (k8smi_eq(values.items[i], value)) return true;
  }
  return false;
}

bool k8smi_expression_holds(const struct k8smi_expression *e, struct k8sm_slice value) {
  int64_t number;
  bool there = value.ptr != NULL;
  switch (e->op) {
  case K8SMI_OP_IN: return there && selector_is_among(e->values, value);
  case K8SMI_OP_NOT_IN: return !there || !selector_is_among(e->values, value);
  case K8SMI_OP_EXISTS: return there;
  case K8SMI_OP_NOT_EXISTS: return !there;
  case K8SMI_OP_GT: return there && k8smi_parse_i64(value, &number) && number > e->number;
  default: return there && k8smi_parse_i64(value, &number) && number < e->number;
  }
}

bool k8smi_expressions_hold(struct k8smi_expressions expressions, const struct k8smi_label_view *labels) {
  for (size_t i = 0; i < expressions.count; i++) {
    const struct k8smi_expression *e = &expressions.items[i];
    if (!k8smi_expression_holds(e, k8smi_view_get(labels, e->key))) return false;
  }
  return true;
}

bool k8smi_selector_matches(const struct k8smi_selector *selector, struct k8smi_pair_list labels) {
  const struct k8smi_label_view view = {{NULL, 0}, labels};
  return !selector->nothing && k8smi_expressions_hold(selector->expressions, &view);
}

static bool selector_tolerates_value(const struct k8smi_toleration *t, struct k8sm_slice value) {
  int64_t number;
  switch (t->op) {
  case K8SMI_OP_EXISTS: return true;
  case K8SMI_OP_GT: return k8smi_parse_i64(value, &number) && number > t->number;
  case K8SMI_OP_LT: return k8smi_parse_i64(value, &number) && number < t->number;
  default: return k8smi_eq(t->value, value);
  }
}

bool k8smi_tolerates(struct k8smi_tolerations tolerations, const struct k8smi_taint *taint) {
  for (size_t i = 0; i < tolerations.count; i++) {
    const struct k8smi_toleration *t = &tolerations.items[i];
    if (t->effect != K8SMI_EFFECT_ANY && t->effect != taint->effect) continue;
    if (t->key.len > 0 && !k8smi_eq(t->key, taint->key)) continue;
    if (selector_tolerates_value(t, taint->value)) return true;
  }
  return false;
}

static const char *const selector_effects[] = {
    [K8SMI_EFFECT_ANY] = "",
    [K8SMI_EFFECT_NO_SCHEDULE] = "NoSchedule",
    [K8SMI_EFFECT_PREFER] = "PreferNoSchedule",
    [K8SMI_EFFECT_NO_EXECUTE] = "NoExecute",
};

uint32_t k8smi_effect_of(struct k8sm_slice text) {
  for (uint32_t i = K8SMI_EFFECT_NO_SCHEDULE; i <= K8SMI_EFFECT_NO_EXECUTE; i++) {
    if (k8smi_eqs(text, selector_effects[i])) return i;
  }
  return K8SMI_EFFECT_ANY;
}

const char *k8smi_effect_name(uint32_t effect) {
  return selector_effects[effect];
}
