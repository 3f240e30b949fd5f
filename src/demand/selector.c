/* SPDX-License-Identifier: Apache-2.0 */
#include "demand/selector.h"
#include "wire/number.h"

struct k8sm_slice k8smi_view_get(const struct k8smi_label_view *labels, struct k8sm_slice key) {
  struct k8sm_slice value = {NULL, 0};
  if (labels->first.count > 0) value = k8smi_pairs_get(labels->first, key);
  if (value.ptr != NULL) return value;
  if (labels->hostname.ptr != NULL && k8smi_eqs(key, K8SMI_LABEL_HOSTNAME)) return labels->hostname;
  return k8smi_pairs_get(labels->second, key);
}

bool k8smi_expressions_hold(struct k8smi_expressions expressions, const struct k8smi_label_view *labels) {
  for (size_t i = 0; i < expressions.count; i++) {
    const struct k8smi_expression *e = &expressions.items[i];
    if (!k8smi_expression_holds(e, k8smi_view_get(labels, e->key))) return false;
  }
  return true;
}

bool k8smi_selector_matches(const struct k8smi_selector *selector, struct k8smi_pair_list labels) {
  const struct k8smi_label_view view = {.second = labels};
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
