/* SPDX-License-Identifier: Apache-2.0 */
/* Which pods a pod wants near it, which it does not, and how it is to be spread among them:
 * https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
#include "demand/placement_private.h"

#include <assert.h>

static_assert((int)K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution ==
                      (int)K8SMI_PodAntiAffinity_requiredDuringSchedulingIgnoredDuringExecution &&
                  (int)K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution ==
                      (int)K8SMI_PodAntiAffinity_preferredDuringSchedulingIgnoredDuringExecution,
              "affinity and anti-affinity");

static bool pods_is_among(struct k8smi_strings texts, struct k8sm_slice text) {
  for (size_t i = 0; i < texts.count; i++) {
    if (k8smi_eq(texts.items[i], text)) return true;
  }
  return false;
}

bool k8smi_pod_term_selects(const struct k8smi_pod_term *term, struct k8sm_slice name_space,
                            struct k8smi_pair_list of_name_space, struct k8smi_pair_list labels) {
  if (!pods_is_among(term->namespaces, name_space) &&
      !k8smi_selector_matches(&term->name_spaces, of_name_space)) {
    return false;
  }
  return k8smi_selector_matches(&term->selector, labels);
}

static void pods_put_selector(struct k8smi_buf *to, const struct k8smi_selector *selector) {
  k8smi_placement_put_number(to, selector->nothing);
  k8smi_placement_put_expressions(to, selector->expressions);
}

static void pods_set_key(struct k8smi_demand_build *b, struct k8smi_pod_term *term) {
  struct k8smi_buf key;
  if (!k8smi_buf_init(&key, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return;
  }
  pods_put_selector(&key, &term->selector);
  pods_put_selector(&key, &term->name_spaces);
  for (size_t i = 0; i < term->namespaces.count; i++)
    k8smi_placement_put_text(&key, term->namespaces.items[i]);
  term->key = k8smi_demand_take(b, &key);
}

static void pods_own_namespace(struct k8smi_demand_build *b, struct k8smi_pod_term *term) {
  struct k8sm_slice *own = k8smi_demand_array(b, 1, sizeof *own);
  if (own == NULL) return;
  own[0] = b->demand->name_space;
  term->namespaces = (struct k8smi_strings){own, 1};
}

static void pods_term(struct k8smi_demand_build *b, const struct k8smi_record *from,
                      struct k8smi_pod_term *to) {
  const struct k8smi_list none = {NULL, 0};
  const struct k8smi_record *spaces = k8smi_get_record(from, K8SMI_PodAffinityTerm_namespaceSelector);
  to->topology = k8smi_get_str(from, K8SMI_PodAffinityTerm_topologyKey);
  to->selector = k8smi_placement_selector(b, k8smi_get_record(from, K8SMI_PodAffinityTerm_labelSelector),
                                          k8smi_get_list(from, K8SMI_PodAffinityTerm_matchLabelKeys),
                                          k8smi_get_list(from, K8SMI_PodAffinityTerm_mismatchLabelKeys));
  to->name_spaces = k8smi_placement_selector(b, spaces, none, none);
  to->namespaces = k8smi_strings_of(k8smi_get_list(from, K8SMI_PodAffinityTerm_namespaces));
  if (to->namespaces.count == 0 && spaces == NULL) pods_own_namespace(b, to);
  pods_set_key(b, to);
}

static struct k8smi_pod_terms pods_required(struct k8smi_demand_build *b,
                                            const struct k8smi_record *affinity) {
  struct k8smi_list list =
      k8smi_get_list(affinity, K8SMI_PodAffinity_requiredDuringSchedulingIgnoredDuringExecution);
  struct k8smi_pod_term *items = k8smi_demand_array(b, list.count, sizeof *items);
  if (items == NULL) return (struct k8smi_pod_terms){NULL, 0};
  for (size_t i = 0; i < list.count; i++) pods_term(b, k8smi_list_record(list, i), &items[i]);
  return (struct k8smi_pod_terms){items, list.count};
}

static void pods_preferred(struct k8smi_demand_build *b, const struct k8smi_record *affinity, int32_t sign,
                           struct k8smi_pod_term *to) {
  struct k8smi_list list =
      k8smi_get_list(affinity, K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution);
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *from = k8smi_list_record(list, i);
    pods_term(b, k8smi_get_record(from, K8SMI_WeightedPodAffinityTerm_podAffinityTerm), &to[i]);
    to[i].weight = sign * (int32_t)k8smi_get_i64(from, K8SMI_WeightedPodAffinityTerm_weight, 0);
  }
}

static void pods_liked(struct k8smi_demand_build *b, const struct k8smi_record *affinity,
                       const struct k8smi_record *anti, struct k8smi_placement_rules *rules) {
  const unsigned field = K8SMI_PodAffinity_preferredDuringSchedulingIgnoredDuringExecution;
  size_t likes = k8smi_get_list(affinity, field).count, count = likes + k8smi_get_list(anti, field).count;
  struct k8smi_pod_term *items = k8smi_demand_array(b, count, sizeof *items);
  if (items == NULL) return;
  pods_preferred(b, affinity, 1, items);
  pods_preferred(b, anti, -1, items + likes);
  rules->liked_pods = (struct k8smi_pod_terms){items, count};
}

static void pods_spread_term(struct k8smi_demand_build *b, const struct k8smi_record *from,
                             struct k8smi_spread_term *to) {
  const struct k8smi_list none = {NULL, 0};
  to->pods.topology = k8smi_get_str(from, K8SMI_TopologySpreadConstraint_topologyKey);
  to->pods.selector =
      k8smi_placement_selector(b, k8smi_get_record(from, K8SMI_TopologySpreadConstraint_labelSelector),
                               k8smi_get_list(from, K8SMI_TopologySpreadConstraint_matchLabelKeys), none);
  to->self = k8smi_selector_matches(&to->pods.selector, b->demand->pod_labels);
  if (to->pods.selector.expressions.count == 0)
    to->pods.selector.nothing = true; /* {} counts no pods, either */
  to->pods.name_spaces.nothing = true;
  pods_own_namespace(b, &to->pods);
  pods_set_key(b, &to->pods);
  to->max_skew = (int32_t)k8smi_get_i64(from, K8SMI_TopologySpreadConstraint_maxSkew, 1);
  to->min_domains = (int32_t)k8smi_get_i64(from, K8SMI_TopologySpreadConstraint_minDomains, 1);
  to->soft =
      k8smi_eqs(k8smi_get_str(from, K8SMI_TopologySpreadConstraint_whenUnsatisfiable), "ScheduleAnyway");
  to->honour_affinity =
      !k8smi_eqs(k8smi_get_str(from, K8SMI_TopologySpreadConstraint_nodeAffinityPolicy), "Ignore");
  to->honour_taints =
      k8smi_eqs(k8smi_get_str(from, K8SMI_TopologySpreadConstraint_nodeTaintsPolicy), "Honor");
}

static void pods_spread(struct k8smi_demand_build *b, struct k8smi_placement_rules *rules) {
  struct k8smi_list list = k8smi_get_list(b->spec, K8SMI_PodSpec_topologySpreadConstraints);
  struct k8smi_spread_term *items = k8smi_demand_array(b, list.count, sizeof *items);
  if (items == NULL) return;
  for (size_t i = 0; i < list.count; i++) pods_spread_term(b, k8smi_list_record(list, i), &items[i]);
  rules->spread = (struct k8smi_spread_terms){items, list.count};
}

void k8smi_placement_pods(struct k8smi_demand_build *b, struct k8smi_placement_rules *rules) {
  const struct k8smi_record *all = k8smi_get_record(b->spec, K8SMI_PodSpec_affinity);
  const struct k8smi_record *affinity = k8smi_get_record(all, K8SMI_Affinity_podAffinity);
  const struct k8smi_record *anti = k8smi_get_record(all, K8SMI_Affinity_podAntiAffinity);
  rules->affinity = pods_required(b, affinity);
  rules->anti_affinity = pods_required(b, anti);
  pods_liked(b, affinity, anti, rules);
  pods_spread(b, rules);
}

static void pods_put_terms(struct k8smi_buf *to, struct k8smi_pod_terms terms) {
  k8smi_placement_put_number(to, (int64_t)terms.count);
  for (size_t i = 0; i < terms.count; i++) {
    k8smi_placement_put_text(to, terms.items[i].topology);
    k8smi_placement_put_text(to, terms.items[i].key);
    k8smi_placement_put_number(to, terms.items[i].weight);
  }
}

void k8smi_placement_put_pods(struct k8smi_buf *to, const struct k8smi_placement_rules *rules) {
  pods_put_terms(to, rules->affinity);
  pods_put_terms(to, rules->anti_affinity);
  pods_put_terms(to, rules->liked_pods);
  for (size_t i = 0; i < rules->spread.count; i++) {
    const struct k8smi_spread_term *term = &rules->spread.items[i];
    k8smi_placement_put_text(to, term->pods.topology);
    k8smi_placement_put_text(to, term->pods.key);
    k8smi_placement_put_number(to, term->max_skew);
    k8smi_placement_put_number(to, term->min_domains);
    k8smi_placement_put_number(to, term->soft + 2 * term->honour_affinity + 4 * term->honour_taints);
  }
}
