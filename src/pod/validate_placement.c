/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include <assert.h>

/* Where the pod may go: tolerations, affinity, spread. */

/* Types with the same fields share a check. */
static_assert((int)K8SMI_LabelSelectorRequirement_key == (int)K8SMI_NodeSelectorRequirement_key &&
                  (int)K8SMI_LabelSelectorRequirement_operator ==
                      (int)K8SMI_NodeSelectorRequirement_operator &&
                  (int)K8SMI_LabelSelectorRequirement_values == (int)K8SMI_NodeSelectorRequirement_values,
              "expressions of labels and of nodes");
static_assert((int)K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution ==
                      (int)K8SMI_PodAntiAffinity_requiredDuringSchedulingIgnoredDuringExecution &&
                  (int)K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution ==
                      (int)K8SMI_PodAntiAffinity_preferredDuringSchedulingIgnoredDuringExecution,
              "affinity and anti-affinity");

static void placement_toleration(struct k8smi_check *c, const struct k8smi_record *t,
                                 const struct k8smi_path *path) {
  struct k8sm_slice key = k8smi_get_str(t, K8SMI_Toleration_key);
  struct k8sm_slice operator_ = k8smi_get_str(t, K8SMI_Toleration_operator);
  struct k8sm_slice value = k8smi_get_str(t, K8SMI_Toleration_value);
  struct k8smi_path at = K8SMI_AT(path, "operator"), effect = K8SMI_AT(path, "effect");
  bool exists = k8smi_eqs(operator_, "Exists");
  k8smi_check_optional(c, t, K8SMI_Toleration_key, "key", path, k8smi_format_qualified);
  if (key.len == 0 && !exists)
    k8smi_check_invalid(
        c, &at, operator_,
        "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
  if (k8smi_has(t, K8SMI_Toleration_tolerationSeconds) &&
      !k8smi_eqs(k8smi_get_str(t, K8SMI_Toleration_effect), "NoExecute"))
    k8smi_check_invalid(c, &effect, k8smi_get_str(t, K8SMI_Toleration_effect),
                        "effect must be 'NoExecute' when `tolerationSeconds` is set");
  if (exists && value.len > 0)
    k8smi_check_invalid(c, &at, operator_, "value must be empty when `operator` is 'Exists'");
  const char *wrong = exists ? NULL : k8smi_format_label_value(value);
  if (wrong != NULL) k8smi_check_invalid(c, &at, value, wrong);
  k8smi_check_words(c, K8SMI_TYPE_Toleration, t, path);
}

/* One expression of a selector. `numbers`: Gt and Lt are allowed. */
static void placement_expression(struct k8smi_check *c, const struct k8smi_record *e, bool numbers,
                                 const struct k8smi_path *path) {
  struct k8sm_slice op = k8smi_get_str(e, K8SMI_NodeSelectorRequirement_operator);
  size_t values = k8smi_get_list(e, K8SMI_NodeSelectorRequirement_values).count;
  struct k8smi_path at = K8SMI_AT(path, "values"), of_op = K8SMI_AT(path, "operator");
  if (k8smi_eqs(op, "In") || k8smi_eqs(op, "NotIn")) {
    if (values == 0) k8smi_check_required(c, &at, "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (k8smi_eqs(op, "Exists") || k8smi_eqs(op, "DoesNotExist")) {
    if (values > 0)
      k8smi_check_forbidden(c, &at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else if (numbers && (k8smi_eqs(op, "Gt") || k8smi_eqs(op, "Lt"))) {
    if (values != 1)
      k8smi_check_required(c, &at, "must be specified single value when `operator` is 'Lt' or 'Gt'");
  } else {
    k8smi_check_invalid(c, &of_op, op, "not a valid selector operator");
  }
  k8smi_check_text(c, e, K8SMI_NodeSelectorRequirement_key, "key", path, k8smi_format_qualified);
}

static void placement_expressions(struct k8smi_check *c, struct k8smi_list list, bool numbers,
                                  const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_AT(parent, "matchExpressions");
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&path, i);
    placement_expression(c, k8smi_list_record(list, i), numbers, &at);
  }
}

static void placement_selector(struct k8smi_check *c, const struct k8smi_record *selector,
                               const struct k8smi_path *path) {
  struct k8smi_path labels = K8SMI_AT(path, "matchLabels");
  if (selector == NULL) return;
  k8smi_check_labels(c, k8smi_get_list(selector, K8SMI_LabelSelector_matchLabels), &labels);
  placement_expressions(c, k8smi_get_list(selector, K8SMI_LabelSelector_matchExpressions), false, path);
}

static void placement_nodes(struct k8smi_check *c, const struct k8smi_record *affinity,
                            const struct k8smi_path *path) {
  const struct k8smi_record *required =
      k8smi_get_record(affinity, K8SMI_NodeAffinity_requiredDuringSchedulingIgnoredDuringExecution);
  struct k8smi_list preferred =
      k8smi_get_list(affinity, K8SMI_NodeAffinity_preferredDuringSchedulingIgnoredDuringExecution);
  struct k8smi_path must = K8SMI_AT(path, "requiredDuringSchedulingIgnoredDuringExecution"),
                    terms = K8SMI_AT(&must, "nodeSelectorTerms"),
                    may = K8SMI_AT(path, "preferredDuringSchedulingIgnoredDuringExecution");
  struct k8smi_list list = k8smi_get_list(required, K8SMI_NodeSelector_nodeSelectorTerms);
  if (required != NULL && list.count == 0)
    k8smi_check_required(c, &terms, "must have at least one node selector term");
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&terms, i);
    placement_expressions(
        c, k8smi_get_list(k8smi_list_record(list, i), K8SMI_NodeSelectorTerm_matchExpressions), true, &at);
  }
  for (size_t i = 0; i < preferred.count; i++) {
    const struct k8smi_record *term = k8smi_list_record(preferred, i);
    const struct k8smi_record *what = k8smi_get_record(term, K8SMI_PreferredSchedulingTerm_preference);
    struct k8smi_path at = k8smi_path_index(&may, i), weight = K8SMI_AT(&at, "weight"),
                      preference = K8SMI_AT(&at, "preference");
    int64_t n = k8smi_get_i64(term, K8SMI_PreferredSchedulingTerm_weight, 0);
    if (n < 1 || n > 100) k8smi_check_invalid_number(c, &weight, n, "must be in the range 1-100");
    placement_expressions(c, k8smi_get_list(what, K8SMI_NodeSelectorTerm_matchExpressions), true,
                          &preference);
  }
}

static void placement_pod_term(struct k8smi_check *c, const struct k8smi_record *term,
                               const struct k8smi_path *path) {
  struct k8smi_path labels = K8SMI_AT(path, "labelSelector"), spaces = K8SMI_AT(path, "namespaceSelector");
  placement_selector(c, k8smi_get_record(term, K8SMI_PodAffinityTerm_labelSelector), &labels);
  placement_selector(c, k8smi_get_record(term, K8SMI_PodAffinityTerm_namespaceSelector), &spaces);
  k8smi_check_text(c, term, K8SMI_PodAffinityTerm_topologyKey, "topologyKey", path, k8smi_format_qualified);
}

static void placement_pods(struct k8smi_check *c, const struct k8smi_record *affinity,
                           const struct k8smi_path *path) {
  struct k8smi_path must = K8SMI_AT(path, "requiredDuringSchedulingIgnoredDuringExecution"),
                    may = K8SMI_AT(path, "preferredDuringSchedulingIgnoredDuringExecution");
  struct k8smi_list list =
      k8smi_get_list(affinity, K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&must, i);
    placement_pod_term(c, k8smi_list_record(list, i), &at);
  }
  list = k8smi_get_list(affinity, K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *weighted = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&may, i), weight = K8SMI_AT(&at, "weight"),
                      term = K8SMI_AT(&at, "podAffinityTerm");
    int64_t n = k8smi_get_i64(weighted, K8SMI_WeightedPodAffinityTerm_weight, 0);
    if (n < 1 || n > 100) k8smi_check_invalid_number(c, &weight, n, "must be in the range 1-100");
    placement_pod_term(c, k8smi_get_record(weighted, K8SMI_WeightedPodAffinityTerm_podAffinityTerm), &term);
  }
}

static void placement_spread(struct k8smi_check *c, const struct k8smi_record *spread,
                             const struct k8smi_path *path) {
  struct k8smi_path skew = K8SMI_AT(path, "maxSkew"), labels = K8SMI_AT(path, "labelSelector");
  int64_t n = k8smi_get_i64(spread, K8SMI_TopologySpreadConstraint_maxSkew, 0);
  if (n <= 0) k8smi_check_invalid_number(c, &skew, n, "must be greater than zero");
  k8smi_check_text(c, spread, K8SMI_TopologySpreadConstraint_topologyKey, "topologyKey", path, NULL);
  k8smi_check_range(c, spread, K8SMI_TopologySpreadConstraint_minDomains, "minDomains", path, 1, INT32_MAX);
  k8smi_check_words(c, K8SMI_TYPE_TopologySpreadConstraint, spread, path);
  placement_selector(c, k8smi_get_record(spread, K8SMI_TopologySpreadConstraint_labelSelector), &labels);
}

static void placement_gates(struct k8smi_check *c, const struct k8smi_path *spec) {
  struct k8smi_path path = K8SMI_AT(spec, "schedulingGates");
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_schedulingGates);
  k8smi_map_clear(&c->scratch);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice name = k8smi_get_str(k8smi_list_record(list, i), K8SMI_PodSchedulingGate_name);
    struct k8smi_path at = k8smi_path_index(&path, i);
    const char *wrong = k8smi_format_qualified(name);
    if (wrong != NULL) k8smi_check_invalid(c, &at, name, wrong);
    if (!k8smi_check_unique(c, &c->scratch, name)) k8smi_check_duplicate(c, &at, name);
  }
}

void k8smi_check_placement(struct k8smi_check *c, const struct k8smi_path *spec) {
  const struct k8smi_record *affinity = k8smi_get_record(c->spec, K8SMI_PodSpec_affinity);
  struct k8smi_path path = K8SMI_AT(spec, "affinity"), nodes = K8SMI_AT(&path, "nodeAffinity"),
                    pods = K8SMI_AT(&path, "podAffinity"), anti = K8SMI_AT(&path, "podAntiAffinity"),
                    tolerations = K8SMI_AT(spec, "tolerations"),
                    spreads = K8SMI_AT(spec, "topologySpreadConstraints");
  placement_nodes(c, k8smi_get_record(affinity, K8SMI_Affinity_nodeAffinity), &nodes);
  placement_pods(c, k8smi_get_record(affinity, K8SMI_Affinity_podAffinity), &pods);
  placement_pods(c, k8smi_get_record(affinity, K8SMI_Affinity_podAntiAffinity), &anti);
  placement_gates(c, spec);
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_topologySpreadConstraints);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&spreads, i);
    placement_spread(c, k8smi_list_record(list, i), &at);
  }
  list = k8smi_get_list(c->spec, K8SMI_PodSpec_tolerations);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&tolerations, i);
    placement_toleration(c, k8smi_list_record(list, i), &at);
  }
}
