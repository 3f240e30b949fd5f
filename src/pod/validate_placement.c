/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

/* When and how evenly a pod is placed: gates, tolerations, spread:
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#scheduling */

void k8smi_check_gates(struct k8smi_check *c) {
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, schedulingGates);
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_schedulingGates);
  k8smi_map_clear(&c->seen);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice name = k8smi_get_str(k8smi_list_record(list, i), K8SMI_PodSchedulingGate_name);
    struct k8smi_path at = k8smi_path_index(&path, i);
    k8smi_check_format(c, &at, name, k8smi_format_qualified);
    if (!k8smi_check_add(c, &c->seen, name)) k8smi_check_duplicate(c, &at, k8smi_v_text(name));
  }
}

/* The topology and what to do there: no two constraints may have both alike. */
static struct k8sm_slice placement_pair(struct k8smi_check *c, const struct k8smi_record *spread) {
  return k8smi_check_join(c, k8smi_get_str(spread, K8SMI_TopologySpreadConstraint_topologyKey), '\0',
                          k8smi_get_str(spread, K8SMI_TopologySpreadConstraint_whenUnsatisfiable));
}

static void placement_domains(struct k8smi_check *c, const struct k8smi_record *spread,
                              const struct k8smi_path *parent) {
  struct k8smi_path path = K8SMI_PATH(parent, TopologySpreadConstraint, minDomains);
  struct k8sm_slice action = k8smi_get_str(spread, K8SMI_TopologySpreadConstraint_whenUnsatisfiable);
  int64_t domains = k8smi_get_i64(spread, K8SMI_TopologySpreadConstraint_minDomains, 0);
  if (!k8smi_has(spread, K8SMI_TopologySpreadConstraint_minDomains)) return;
  if (domains <= 0) k8smi_check_invalid(c, &path, k8smi_v_number(domains), "must be greater than zero");
  if (!k8smi_eqs(action, "DoNotSchedule"))
    k8smi_check_invalid(
        c, &path, k8smi_v_number(domains),
        k8smi_check_text(c, "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not %.*s",
                         K8SMI_P(action)));
}

/* `repeated`: a later constraint has the same topology and action. */
static void placement_spread(struct k8smi_check *c, const struct k8smi_record *spread, bool repeated,
                             const struct k8smi_path *path) {
  static const char *const actions[] = {"DoNotSchedule", "ScheduleAnyway", NULL};
  static const char *const policies[] = {"Honor", "Ignore", NULL};
  static const struct k8smi_field_rule first[] = {
      {K8SMI_RULE_REQUIRED, K8SMI_AT_FIELD(TopologySpreadConstraint, topologyKey),
       .detail = "can not be empty"},
      {K8SMI_RULE_WORD, K8SMI_AT_FIELD(TopologySpreadConstraint, whenUnsatisfiable), .words = actions},
  };
  static const struct k8smi_field_rule last[] = {
      {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(TopologySpreadConstraint, nodeAffinityPolicy),
       .words = policies},
      {K8SMI_RULE_WORD_IF_SET, K8SMI_AT_FIELD(TopologySpreadConstraint, nodeTaintsPolicy), .words = policies},
  };
  struct k8smi_path skew = K8SMI_PATH(path, TopologySpreadConstraint, maxSkew),
                    labels = K8SMI_PATH(path, TopologySpreadConstraint, labelSelector),
                    pair = K8SMI_AT(path, "{topologyKey, whenUnsatisfiable}");
  const struct k8smi_record *selector =
      k8smi_get_record(spread, K8SMI_TopologySpreadConstraint_labelSelector);
  int64_t n = k8smi_get_i64(spread, K8SMI_TopologySpreadConstraint_maxSkew, 0);
  struct k8sm_slice key = k8smi_get_str(spread, K8SMI_TopologySpreadConstraint_topologyKey);
  struct k8sm_slice action = k8smi_get_str(spread, K8SMI_TopologySpreadConstraint_whenUnsatisfiable);
  if (n <= 0) k8smi_check_invalid(c, &skew, k8smi_v_number(n), "must be greater than zero");
  K8SMI_CHECK_RULES(c, spread, first, path);
  if (repeated)
    k8smi_check_duplicate(
        c, &pair, k8smi_v_text(k8smi_s(k8smi_check_text(c, "{%.*s, %.*s}", K8SMI_P(key), K8SMI_P(action)))));
  placement_domains(c, spread, path);
  K8SMI_CHECK_RULES(c, spread, last, path);
  k8smi_check_label_keys(c, k8smi_get_list(spread, K8SMI_TopologySpreadConstraint_matchLabelKeys),
                         (struct k8smi_list){NULL, 0}, selector, path);
  k8smi_check_selector(c, selector, &labels);
}

void k8smi_check_spread(struct k8smi_check *c) {
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, topologySpreadConstraints);
  struct k8smi_list list = k8smi_get_list(c->spec, K8SMI_PodSpec_topologySpreadConstraints);
  k8smi_map_clear(&c->items);
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice pair = placement_pair(c, k8smi_list_record(list, i));
    if (pair.ptr != NULL) k8smi_check_put(c, &c->items, pair, i); /* the last one's index */
  }
  for (size_t i = 0; i < list.count; i++) {
    struct k8sm_slice pair = placement_pair(c, k8smi_list_record(list, i));
    uint32_t last = pair.ptr == NULL ? K8SMI_MAP_NONE : k8smi_map_get(&c->items, pair);
    struct k8smi_path at = k8smi_path_index(&path, i);
    placement_spread(c, k8smi_list_record(list, i), last != K8SMI_MAP_NONE && last > i, &at);
  }
}

/* All breaches of a label's value in one finding. */
static void placement_value(struct k8smi_check *c, struct k8sm_slice value, const struct k8smi_path *path) {
  const char *wrong[K8SMI_FORMAT_WRONG];
  size_t n = k8smi_format_label_value(value, wrong);
  if (n > 0)
    k8smi_check_invalid(c, path, k8smi_v_text(value),
                        n == 1 ? wrong[0] : k8smi_check_text(c, "%s;%s", wrong[0], wrong[1]));
}

static void placement_toleration(struct k8smi_check *c, const struct k8smi_record *t,
                                 const struct k8smi_path *path) {
  static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};
  static const char *const operators[] = {"Equal", "Exists", NULL};
  /* Comparisons are read, but their feature is off. */
  static const char *const comparisons[] = {"Equal", "Exists", "Lt", "Gt", NULL};
  static const struct k8smi_field_rule of_key = {K8SMI_RULE_FORMAT, K8SMI_AT_FIELD(Toleration, key),
                                                 .format = k8smi_format_qualified};
  struct k8sm_slice operator_ = k8smi_get_str(t, K8SMI_Toleration_operator);
  struct k8sm_slice value = k8smi_get_str(t, K8SMI_Toleration_value);
  struct k8sm_slice word = k8smi_get_str(t, K8SMI_Toleration_effect);
  struct k8smi_path at = K8SMI_PATH(path, Toleration, operator),
                    effect = K8SMI_PATH(path, Toleration, effect);
  bool exists = k8smi_eqs(operator_, "Exists");
  k8smi_check_rule(c, t, &of_key, path);
  if (k8smi_get_str(t, K8SMI_Toleration_key).len == 0 && !exists)
    k8smi_check_invalid(
        c, &at, k8smi_v_word(operator_),
        "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
  if (k8smi_has(t, K8SMI_Toleration_tolerationSeconds) && !k8smi_eqs(word, "NoExecute"))
    k8smi_check_invalid(c, &effect, k8smi_v_word(word),
                        "effect must be 'NoExecute' when `tolerationSeconds` is set");
  if (operator_.len == 0 || k8smi_eqs(operator_, "Equal")) {
    placement_value(c, value, &at);
  } else if (!exists) {
    bool compares = k8smi_is_among(operator_, comparisons);
    k8smi_check_unsupported(c, &at, k8smi_v_word(operator_), compares ? comparisons : operators);
  } else if (value.len > 0) {
    k8smi_check_invalid(c, &at, k8smi_v_text(value), "value must be empty when `operator` is 'Exists'");
  }
  if (word.len > 0 && !k8smi_is_among(word, effects))
    k8smi_check_unsupported(c, &effect, k8smi_v_word(word), effects);
}

void k8smi_check_toleration_list(struct k8smi_check *c, struct k8smi_list list,
                                 const struct k8smi_path *path) {
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(path, i);
    placement_toleration(c, k8smi_list_record(list, i), &at);
  }
}

void k8smi_check_tolerations(struct k8smi_check *c) {
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, tolerations);
  k8smi_check_toleration_list(c, k8smi_get_list(c->spec, K8SMI_PodSpec_tolerations), &path);
}
