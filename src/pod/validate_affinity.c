/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/validate_private.h"

#include <assert.h>

/* Selectors, and affinity to nodes and to other pods:
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#affinity-and-anti-affinity */

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

static const char *const affinity_in[] = {"In", "NotIn", NULL};
static const char *const affinity_exists[] = {"Exists", "DoesNotExist", NULL};
static const char *const affinity_compare[] = {"Gt", "Lt", NULL};

/* One expression of a selector. `numbers`: Gt and Lt are allowed. */
static void affinity_expression(struct k8smi_check *c, const struct k8smi_record *e, bool numbers,
                                bool check_values, const struct k8smi_path *path) {
  struct k8sm_slice op = k8smi_get_str(e, K8SMI_NodeSelectorRequirement_operator);
  struct k8smi_list list = k8smi_get_list(e, K8SMI_NodeSelectorRequirement_values);
  struct k8smi_path values = K8SMI_PATH(path, NodeSelectorRequirement, values),
                    of_op = K8SMI_PATH(path, NodeSelectorRequirement, operator),
                    key = K8SMI_PATH(path, NodeSelectorRequirement, key);
  if (k8smi_is_among(op, affinity_in)) {
    if (list.count == 0)
      k8smi_check_required(c, &values, "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (k8smi_is_among(op, affinity_exists)) {
    if (list.count > 0)
      k8smi_check_forbidden(c, &values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else if (numbers && k8smi_is_among(op, affinity_compare)) {
    if (list.count != 1)
      k8smi_check_required(c, &values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
  } else {
    k8smi_check_invalid(c, &of_op, k8smi_v_word(op), "not a valid selector operator");
  }
  k8smi_check_format(c, &key, k8smi_get_str(e, K8SMI_NodeSelectorRequirement_key), k8smi_format_qualified);
  for (size_t i = 0; i < list.count && check_values; i++) {
    struct k8smi_path at = k8smi_path_index(&values, i);
    k8smi_check_format(c, &at, k8smi_list_str(list, i), k8smi_format_label_value);
  }
}

bool k8smi_check_selector(struct k8smi_check *c, const struct k8smi_record *selector,
                          const struct k8smi_path *path) {
  size_t before = c->found;
  struct k8smi_path labels = K8SMI_PATH(path, LabelSelector, matchLabels),
                    expressions = K8SMI_PATH(path, LabelSelector, matchExpressions);
  struct k8smi_list list = k8smi_get_list(selector, K8SMI_LabelSelector_matchExpressions);
  k8smi_check_labels(c, k8smi_get_list(selector, K8SMI_LabelSelector_matchLabels), &labels);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&expressions, i);
    affinity_expression(c, k8smi_list_record(list, i), false, !c->is_stored, &at);
  }
  return c->found == before;
}

/* Fields of nodes: there is one, its name. */
static void affinity_field(struct k8smi_check *c, const struct k8smi_record *e,
                           const struct k8smi_path *path) {
  struct k8sm_slice op = k8smi_get_str(e, K8SMI_NodeSelectorRequirement_operator);
  struct k8sm_slice name = k8smi_get_str(e, K8SMI_NodeSelectorRequirement_key);
  struct k8smi_list list = k8smi_get_list(e, K8SMI_NodeSelectorRequirement_values);
  struct k8smi_path values = K8SMI_PATH(path, NodeSelectorRequirement, values),
                    of_op = K8SMI_PATH(path, NodeSelectorRequirement, operator),
                    key = K8SMI_PATH(path, NodeSelectorRequirement, key);
  if (!k8smi_is_among(op, affinity_in)) {
    k8smi_check_invalid(c, &of_op, k8smi_v_word(op), "not a valid selector operator");
  } else if (list.count != 1) {
    k8smi_check_required(c, &values,
                         "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  }
  if (!k8smi_eqs(name, "metadata.name")) {
    k8smi_check_invalid(c, &key, k8smi_v_text(name), "not a valid field selector key");
    return;
  }
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&values, i);
    k8smi_check_format(c, &at, k8smi_list_str(list, i), k8smi_format_subdomain);
  }
}

static void affinity_node_term(struct k8smi_check *c, const struct k8smi_record *term, bool check_values,
                               const struct k8smi_path *path) {
  struct k8smi_list list = k8smi_get_list(term, K8SMI_NodeSelectorTerm_matchExpressions);
  struct k8smi_path expressions = K8SMI_PATH(path, NodeSelectorTerm, matchExpressions),
                    fields = K8SMI_PATH(path, NodeSelectorTerm, matchFields);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&expressions, i);
    affinity_expression(c, k8smi_list_record(list, i), true, check_values, &at);
  }
  list = k8smi_get_list(term, K8SMI_NodeSelectorTerm_matchFields);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&fields, i);
    affinity_field(c, k8smi_list_record(list, i), &at);
  }
}

static void affinity_weight(struct k8smi_check *c, int64_t weight, const struct k8smi_path *path) {
  if (weight < 1 || weight > 100)
    k8smi_check_invalid(c, path, k8smi_v_number(weight), "must be in the range 1-100");
}

static void affinity_nodes(struct k8smi_check *c, const struct k8smi_record *affinity,
                           const struct k8smi_path *path) {
  const struct k8smi_record *required =
      k8smi_get_record(affinity, K8SMI_NodeAffinity_requiredDuringSchedulingIgnoredDuringExecution);
  struct k8smi_path must = K8SMI_PATH(path, NodeAffinity, requiredDuringSchedulingIgnoredDuringExecution),
                    terms = K8SMI_PATH(&must, NodeSelector, nodeSelectorTerms),
                    may = K8SMI_PATH(path, NodeAffinity, preferredDuringSchedulingIgnoredDuringExecution);
  struct k8smi_list list = k8smi_get_list(required, K8SMI_NodeSelector_nodeSelectorTerms);
  if (required != NULL && list.count == 0)
    k8smi_check_required(c, &terms, "must have at least one node selector term");
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&terms, i);
    affinity_node_term(c, k8smi_list_record(list, i), !c->is_stored, &at);
  }
  list = k8smi_get_list(affinity, K8SMI_NodeAffinity_preferredDuringSchedulingIgnoredDuringExecution);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *term = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&may, i),
                      weight = K8SMI_PATH(&at, PreferredSchedulingTerm, weight),
                      preference = K8SMI_PATH(&at, PreferredSchedulingTerm, preference);
    affinity_weight(c, k8smi_get_i64(term, K8SMI_PreferredSchedulingTerm_weight, 0), &weight);
    /* Values of labels are not checked here: such a preference is met by nobody, and does no harm. */
    affinity_node_term(c, k8smi_get_record(term, K8SMI_PreferredSchedulingTerm_preference), false,
                       &preference);
  }
}

static void affinity_keys(struct k8smi_check *c, struct k8smi_list keys, const struct k8smi_record *selector,
                          const struct k8smi_path *path) {
  if (keys.count == 0) return;
  if (selector == NULL) {
    k8smi_check_forbidden(c, path, "must not be specified when labelSelector is not set");
    return;
  }
  for (size_t i = 0; i < keys.count; i++) {
    struct k8smi_path at = k8smi_path_index(path, i);
    k8smi_check_format(c, &at, k8smi_list_str(keys, i), k8smi_format_qualified);
  }
}

/* The keys have become expressions of the selector; a key that it has besides is one too many. Findings stand
 * at an index of the term, as the server has it. */
static void affinity_keys_in_selector(struct k8smi_check *c, struct k8smi_list match,
                                      const struct k8smi_record *selector, const struct k8smi_path *path) {
  struct k8smi_list labels = k8smi_get_list(selector, K8SMI_LabelSelector_matchLabels);
  struct k8smi_list expressions = k8smi_get_list(selector, K8SMI_LabelSelector_matchExpressions);
  k8smi_map_clear(&c->seen);
  k8smi_map_clear(&c->others);
  for (size_t i = 0; i < match.count; i++) k8smi_check_put(c, &c->seen, k8smi_list_str(match, i), i);
  for (size_t i = 0; i < labels.count; i++) k8smi_check_put(c, &c->others, k8smi_list_pair(labels, i).key, 0);
  for (size_t i = 0; i < expressions.count; i++) {
    struct k8sm_slice key =
        k8smi_get_str(k8smi_list_record(expressions, i), K8SMI_LabelSelectorRequirement_key);
    uint32_t index = k8smi_map_get(&c->seen, key);
    struct k8smi_path at = k8smi_path_index(path, index);
    if (!k8smi_check_add(c, &c->others, key) && index != K8SMI_MAP_NONE)
      k8smi_check_invalid(c, &at, k8smi_v_text(key), "exists in both matchLabelKeys and labelSelector");
  }
}

void k8smi_check_label_keys(struct k8smi_check *c, struct k8smi_list match, struct k8smi_list mismatch,
                            const struct k8smi_record *selector, const struct k8smi_path *path) {
  struct k8smi_path of_match = K8SMI_PATH(path, PodAffinityTerm, matchLabelKeys),
                    of_mismatch = K8SMI_PATH(path, PodAffinityTerm, mismatchLabelKeys);
  affinity_keys(c, match, selector, &of_match);
  affinity_keys(c, mismatch, selector, &of_mismatch);
  if (match.count == 0) return;
  if (selector != NULL) affinity_keys_in_selector(c, match, selector, path);
  k8smi_map_clear(&c->others);
  for (size_t i = 0; i < mismatch.count; i++) k8smi_check_put(c, &c->others, k8smi_list_str(mismatch, i), i);
  for (size_t i = 0; i < match.count; i++) {
    struct k8smi_path at = k8smi_path_index(&of_match, i);
    if (k8smi_check_knows(&c->others, k8smi_list_str(match, i)))
      k8smi_check_invalid(c, &at, k8smi_v_text(k8smi_list_str(match, i)),
                          "exists in both matchLabelKeys and mismatchLabelKeys");
  }
}

static void affinity_pod_term(struct k8smi_check *c, const struct k8smi_record *term,
                              const struct k8smi_path *path) {
  struct k8smi_path labels = K8SMI_PATH(path, PodAffinityTerm, labelSelector),
                    spaces = K8SMI_PATH(path, PodAffinityTerm, namespaceSelector),
                    topology = K8SMI_PATH(path, PodAffinityTerm, topologyKey),
                    space = K8SMI_AT(path, "namespace"); /* the server's name for it */
  const struct k8smi_record *selector = k8smi_get_record(term, K8SMI_PodAffinityTerm_labelSelector);
  struct k8smi_list list = k8smi_get_list(term, K8SMI_PodAffinityTerm_namespaces);
  struct k8sm_slice key = k8smi_get_str(term, K8SMI_PodAffinityTerm_topologyKey);
  k8smi_check_selector(c, selector, &labels);
  k8smi_check_selector(c, k8smi_get_record(term, K8SMI_PodAffinityTerm_namespaceSelector), &spaces);
  for (size_t i = 0; i < list.count; i++)
    k8smi_check_format(c, &space, k8smi_list_str(list, i), k8smi_format_label);
  k8smi_check_label_keys(c, k8smi_get_list(term, K8SMI_PodAffinityTerm_matchLabelKeys),
                         k8smi_get_list(term, K8SMI_PodAffinityTerm_mismatchLabelKeys), selector, path);
  if (key.len == 0) k8smi_check_required(c, &topology, "can not be empty");
  k8smi_check_format(c, &topology, key, k8smi_format_qualified);
}

static void affinity_pods(struct k8smi_check *c, const struct k8smi_record *affinity,
                          const struct k8smi_path *path) {
  struct k8smi_path must = K8SMI_PATH(path, PodAffinity, requiredDuringSchedulingIgnoredDuringExecution),
                    may = K8SMI_PATH(path, PodAffinity, preferredDuringSchedulingIgnoredDuringExecution);
  struct k8smi_list list =
      k8smi_get_list(affinity, K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution);
  for (size_t i = 0; i < list.count; i++) {
    struct k8smi_path at = k8smi_path_index(&must, i);
    affinity_pod_term(c, k8smi_list_record(list, i), &at);
  }
  list = k8smi_get_list(affinity, K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *weighted = k8smi_list_record(list, i);
    struct k8smi_path at = k8smi_path_index(&may, i),
                      weight = K8SMI_PATH(&at, WeightedPodAffinityTerm, weight),
                      term = K8SMI_PATH(&at, WeightedPodAffinityTerm, podAffinityTerm);
    affinity_weight(c, k8smi_get_i64(weighted, K8SMI_WeightedPodAffinityTerm_weight, 0), &weight);
    affinity_pod_term(c, k8smi_get_record(weighted, K8SMI_WeightedPodAffinityTerm_podAffinityTerm), &term);
  }
}

void k8smi_check_affinity(struct k8smi_check *c) {
  const struct k8smi_record *affinity = k8smi_get_record(c->spec, K8SMI_PodSpec_affinity);
  struct k8smi_path path = K8SMI_PATH(c->at, PodSpec, affinity),
                    nodes = K8SMI_PATH(&path, Affinity, nodeAffinity),
                    pods = K8SMI_PATH(&path, Affinity, podAffinity),
                    anti = K8SMI_PATH(&path, Affinity, podAntiAffinity);
  affinity_nodes(c, k8smi_get_record(affinity, K8SMI_Affinity_nodeAffinity), &nodes);
  affinity_pods(c, k8smi_get_record(affinity, K8SMI_Affinity_podAffinity), &pods);
  affinity_pods(c, k8smi_get_record(affinity, K8SMI_Affinity_podAntiAffinity), &anti);
}
