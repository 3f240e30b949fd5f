/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes a pod may go to, and which it likes: node affinity, tolerations. */
#include "demand/placement_private.h"

#include "wire/number.h"

/* False for a term that no node can match: without requirements, or with one that can't be read. */
static bool nodes_term(struct k8smi_demand_build *b, const struct k8smi_record *from,
                       struct k8smi_node_term *to) {
  struct k8smi_list labels = k8smi_get_list(from, K8SMI_NodeSelectorTerm_matchExpressions);
  struct k8smi_list fields = k8smi_get_list(from, K8SMI_NodeSelectorTerm_matchFields);
  bool can_hold = k8smi_placement_expressions(b, labels, &to->labels);
  can_hold = k8smi_placement_expressions(b, fields, &to->fields) && can_hold;
  return can_hold && labels.count + fields.count > 0;
}

static void nodes_required(struct k8smi_demand_build *b, const struct k8smi_record *affinity,
                           struct k8smi_placement_rules *rules) {
  const struct k8smi_record *selector =
      k8smi_get_record(affinity, K8SMI_NodeAffinity_requiredDuringSchedulingIgnoredDuringExecution);
  struct k8smi_list list = k8smi_get_list(selector, K8SMI_NodeSelector_nodeSelectorTerms);
  rules->selects_nodes = selector != NULL;
  struct k8smi_node_term *items = k8smi_demand_array(b, list.count, sizeof *items);
  size_t count = 0;
  for (size_t i = 0; items != NULL && i < list.count; i++) {
    if (nodes_term(b, k8smi_list_record(list, i), &items[count])) count++;
  }
  rules->nodes = (struct k8smi_node_terms){items, count};
}

static void nodes_liked(struct k8smi_demand_build *b, const struct k8smi_record *affinity,
                        struct k8smi_placement_rules *rules) {
  struct k8smi_list list =
      k8smi_get_list(affinity, K8SMI_NodeAffinity_preferredDuringSchedulingIgnoredDuringExecution);
  struct k8smi_node_term *items = k8smi_demand_array(b, list.count, sizeof *items);
  size_t count = 0;
  for (size_t i = 0; items != NULL && i < list.count; i++) {
    const struct k8smi_record *from = k8smi_list_record(list, i);
    struct k8smi_node_term *to = &items[count];
    to->weight = (int32_t)k8smi_get_i64(from, K8SMI_PreferredSchedulingTerm_weight, 0);
    if (nodes_term(b, k8smi_get_record(from, K8SMI_PreferredSchedulingTerm_preference), to)) count++;
  }
  rules->liked_nodes = (struct k8smi_node_terms){items, count};
}

/* False for one that tolerates nothing: its number can't be read. */
static bool nodes_toleration(const struct k8smi_record *from, struct k8smi_toleration *to) {
  struct k8sm_slice op = k8smi_get_str(from, K8SMI_Toleration_operator);
  to->key = k8smi_get_str(from, K8SMI_Toleration_key);
  to->value = k8smi_get_str(from, K8SMI_Toleration_value);
  to->effect = k8smi_effect_of(k8smi_get_str(from, K8SMI_Toleration_effect));
  to->op = K8SMI_OP_IN;
  if (k8smi_eqs(op, "Exists")) to->op = K8SMI_OP_EXISTS;
  if (k8smi_eqs(op, "Gt")) to->op = K8SMI_OP_GT;
  if (k8smi_eqs(op, "Lt")) to->op = K8SMI_OP_LT;
  return to->op < K8SMI_OP_GT || k8smi_parse_i64(to->value, &to->number);
}

static void nodes_tolerations(struct k8smi_demand_build *b, struct k8smi_placement_rules *rules) {
  struct k8smi_list list = k8smi_get_list(b->spec, K8SMI_PodSpec_tolerations);
  struct k8smi_toleration *items = k8smi_demand_array(b, list.count, sizeof *items);
  size_t count = 0;
  for (size_t i = 0; items != NULL && i < list.count; i++) {
    if (nodes_toleration(k8smi_list_record(list, i), &items[count])) count++;
  }
  rules->tolerations = (struct k8smi_tolerations){items, count};
}

/* The shortest of the times that it says, as Kubernetes' taint manager has it. */
int64_t k8smi_demand_unreachable_seconds(const struct k8smi_demand_build *b) {
  struct k8smi_list list = k8smi_get_list(b->spec, K8SMI_PodSpec_tolerations);
  int64_t shortest = -1;
  for (size_t i = 0; i < list.count; i++) {
    const struct k8smi_record *t = k8smi_list_record(list, i);
    struct k8sm_slice key = k8smi_get_str(t, K8SMI_Toleration_key);
    struct k8sm_slice effect = k8smi_get_str(t, K8SMI_Toleration_effect);
    bool any = k8smi_eqs(k8smi_get_str(t, K8SMI_Toleration_operator), "Exists");
    bool fits = any || k8smi_get_str(t, K8SMI_Toleration_value).len == 0; /* the taint has no value */
    fits = fits && (k8smi_eqs(key, "node.kubernetes.io/unreachable") || (any && key.len == 0));
    fits = fits && (effect.len == 0 || k8smi_eqs(effect, "NoExecute"));
    if (!fits || !k8smi_has(t, K8SMI_Toleration_tolerationSeconds)) continue;
    int64_t seconds = k8smi_get_i64(t, K8SMI_Toleration_tolerationSeconds, 0);
    if (seconds < 0) seconds = 0;
    if (shortest < 0 || seconds < shortest) shortest = seconds;
  }
  return shortest;
}

void k8smi_placement_put_nodes(struct k8smi_buf *to, const struct k8sm_demand *d,
                               const struct k8smi_placement_rules *rules) {
  k8smi_placement_put_number(to, d->features);
  k8smi_placement_put_number(to, d->active_deadline_seconds);
  k8smi_placement_put_text(to, d->node_name);
  k8smi_placement_put_number(to, (int64_t)d->node_selector.count);
  for (size_t i = 0; i < d->node_selector.count; i++) {
    k8smi_placement_put_text(to, d->node_selector.items[i].key);
    k8smi_placement_put_text(to, d->node_selector.items[i].value);
  }
  k8smi_placement_put_text(to, rules->constraints.text);
  k8smi_placement_put_number(to, rules->selects_nodes ? (int64_t)rules->nodes.count : -1);
  for (size_t i = 0; i < rules->nodes.count; i++) {
    k8smi_placement_put_expressions(to, rules->nodes.items[i].labels);
    k8smi_placement_put_expressions(to, rules->nodes.items[i].fields);
  }
  for (size_t i = 0; i < rules->tolerations.count; i++) {
    const struct k8smi_toleration *t = &rules->tolerations.items[i];
    k8smi_placement_put_text(to, t->key);
    k8smi_placement_put_text(to, t->value);
    k8smi_placement_put_number(to, t->op);
    k8smi_placement_put_number(to, t->effect);
  }
}

void k8smi_placement_nodes(struct k8smi_demand_build *b, struct k8smi_placement_rules *rules) {
  const struct k8smi_record *affinity =
      k8smi_get_record(k8smi_get_record(b->spec, K8SMI_PodSpec_affinity), K8SMI_Affinity_nodeAffinity);
  nodes_required(b, affinity, rules);
  nodes_liked(b, affinity, rules);
  nodes_tolerations(b, rules);
}
