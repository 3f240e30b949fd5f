/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints over the instances of an application. What a value alone says is asked once for each value that
 * the cluster has; what the instances say is counted by value.
 * https://mesosphere.github.io/marathon/docs/constraints.html */
#include "base/findings.h"
#include "match/peers.h"

enum { INSTANCES_NO = 1, INSTANCES_YES = 2 }; /* 0: not asked yet */

static bool instances_says_value(const struct k8smi_instance_rule *rule) {
  return rule->op <= K8SMI_INSTANCE_CLUSTER && rule->value.len > 0;
}

/* An expression that goes over its limits on one value matches nowhere, for LIKE and UNLIKE alike. */
static void instances_over_limit(const struct k8smi_peers *peers, const struct k8sm_demand *demand,
                                 const struct k8smi_instance_rule *rule, struct k8sm_slice value) {
  struct k8smi_path metadata = k8smi_path_field(NULL, K8SMI_S("metadata"));
  struct k8smi_path list = k8smi_path_field(&metadata, K8SMI_S("annotations"));
  struct k8smi_path path = k8smi_path_key(&list, K8SMI_S(K8SMI_ANNOTATION_CONSTRAINTS));
  k8smi_find(peers->diags, K8SM_DIAG_EXPRESSION_LIMIT, &path,
             "%.*s/%.*s: '%.*s' takes more than %d steps on '%.*s': no agent satisfies %s",
             K8SMI_P(demand->name_space), K8SMI_P(demand->name), K8SMI_P(rule->value), K8SMI_REGEX_MAX_STEPS,
             K8SMI_P(value), k8smi_instance_rule_names[rule->op]);
}

/* K8SMI_REGEX_*, also for values that are compared. */
static int instances_compare(const struct k8smi_instance_rule *rule, struct k8smi_arena *scratch,
                             struct k8sm_slice value) {
  if (rule->regex != NULL) return k8smi_regex_match(rule->regex, scratch, value);
  return k8smi_eq(rule->value, value) ? K8SMI_REGEX_MATCHES : K8SMI_REGEX_DIFFERS;
}

/* False when memory ran out. */
static bool instances_ask(struct k8smi_peers *peers, const struct k8sm_demand *demand,
                          const struct k8smi_instance_rule *rule, struct k8smi_instance_view *view) {
  const struct k8sm_cluster *c = peers->counters.cluster;
  int outcome = K8SMI_REGEX_DIFFERS;
  view->holds = k8smi_arena_array(peers->counters.scratch, view->topology->count, sizeof *view->holds);
  if (view->holds == NULL) return false;
  for (uint32_t i = 0; i < c->agents.high; i++) {
    uint32_t domain = view->topology->domains[i];
    if (domain == K8SMI_ROW_NONE || view->holds[domain] != 0) continue;
    struct k8sm_slice value = k8smi_agent_label(k8smi_agent_at(c, i), rule->label);
    if (outcome != K8SMI_REGEX_LIMIT) {
      outcome = instances_compare(rule, peers->counters.scratch, value);
      if (outcome == K8SMI_REGEX_NO_MEMORY) return false;
      if (outcome == K8SMI_REGEX_LIMIT) instances_over_limit(peers, demand, rule, value);
    }
    bool wanted = outcome == (rule->op == K8SMI_INSTANCE_UNLIKE ? K8SMI_REGEX_DIFFERS : K8SMI_REGEX_MATCHES);
    view->holds[domain] = wanted ? INSTANCES_YES : INSTANCES_NO;
  }
  if (outcome == K8SMI_REGEX_LIMIT) memset(view->holds, INSTANCES_NO, view->topology->count);
  return true;
}

bool k8smi_instances_find(struct k8smi_peers *peers, const struct k8smi_need *need, struct k8smi_peer *peer) {
  const struct k8smi_instance_rules *rules = &need->rules->constraints;
  peer->rules = k8smi_arena_array(peers->counters.scratch, rules->count, sizeof *peer->rules);
  if (peer->rules == NULL) return false;
  for (size_t i = 0; i < rules->count; i++) {
    const struct k8smi_instance_rule *rule = &rules->items[i];
    struct k8smi_instance_view *view = &peer->rules[i];
    view->counter = K8SMI_ROW_NONE;
    view->topology = k8smi_topology_get(peers->counters.cluster, rule->label);
    if (view->topology == NULL) return false;
    if (instances_says_value(rule) && !instances_ask(peers, need->demand, rule, view)) return false;
    if (rule->op < K8SMI_INSTANCE_CLUSTER) continue;
    view->counter = k8smi_counter_get_instances(&peers->counters, need->demand->instances, rule->label,
                                                rule->op == K8SMI_INSTANCE_GROUP_BY);
    if (view->counter == K8SMI_ROW_NONE) return false;
  }
  return true;
}

/* ---- Verdicts: the agent has the label ---- */

static bool instances_cluster(const struct k8smi_instance_rule *rule, const struct k8smi_counter *counter,
                              uint32_t there) {
  (void)rule;
  return there == counter->total && counter->outside == 0;
}

static bool instances_unique(const struct k8smi_instance_rule *rule, const struct k8smi_counter *counter,
                             uint32_t there) {
  (void)rule;
  (void)counter;
  return there == 0;
}

/* A value that has no instance yet, or one of those that have the fewest, once there are enough groups. */
static bool instances_group_by(const struct k8smi_instance_rule *rule, const struct k8smi_counter *counter,
                               uint32_t there) {
  uint32_t minimum = rule->number == 0 ? counter->topology->count : rule->number;
  return there == 0 || (counter->present_count >= minimum && there == counter->least);
}

static bool instances_max_per(const struct k8smi_instance_rule *rule, const struct k8smi_counter *counter,
                              uint32_t there) {
  (void)counter;
  return there < rule->number;
}

static bool instances_rule_holds(const struct k8smi_match_check *check, size_t i) {
  static bool (*const counted[K8SMI_INSTANCE_RULES])(const struct k8smi_instance_rule *,
                                                     const struct k8smi_counter *, uint32_t) = {
      [K8SMI_INSTANCE_CLUSTER] = instances_cluster,
      [K8SMI_INSTANCE_UNIQUE] = instances_unique,
      [K8SMI_INSTANCE_GROUP_BY] = instances_group_by,
      [K8SMI_INSTANCE_MAX_PER] = instances_max_per,
  };
  const struct k8smi_instance_rule *rule = &check->need->rules->constraints.items[i];
  const struct k8smi_instance_view *view = &check->peer->rules[i];
  uint32_t domain = view->topology->domains[check->agent_row];
  if (domain == K8SMI_ROW_NONE) return rule->op == K8SMI_INSTANCE_UNLIKE;
  if (view->holds != NULL && view->holds[domain] != INSTANCES_YES) return false;
  if (counted[rule->op] == NULL) return true;
  const struct k8smi_counter *counter = check->peers->counters.items[view->counter];
  return counted[rule->op](rule, counter, k8smi_counter_at(counter, check->agent_row, &domain));
}

size_t k8smi_rule_broken(const struct k8smi_match_check *check, uint32_t op) {
  const struct k8smi_instance_rules *rules = &check->need->rules->constraints;
  for (size_t i = 0; i < rules->count; i++) {
    if (rules->items[i].op == op && !instances_rule_holds(check, i)) return i;
  }
  return SIZE_MAX;
}
