/* SPDX-License-Identifier: Apache-2.0 */
#include "match/predicates.h"
#include "cluster/slots.h"
#include "match/classes.h"
#include "match/disks.h"
#include "match/peers.h"
#include "match/texts.h"

#include <assert.h>

/* ---- Of the agent ---- */

static bool predicate_has_gates(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return k8smi_placement_is_gated(need->rules);
}

static bool predicate_gates(const struct k8smi_match_check *k) {
  return k8smi_placement_is_gated(k->need->rules);
}

static bool predicate_is_pinned(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->demand->agent_id.len != 0;
}

static bool predicate_pinned(const struct k8smi_match_check *k) {
  return !k8smi_eq(k->need->demand->agent_id, k->agent->id);
}

static bool predicate_meets_taints(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  return c->tainted > 0 && !need->resumed;
}

/* https://kubernetes.io/docs/concepts/architecture/nodes/#manual-node-administration */
static bool predicate_unschedulable(const struct k8smi_match_check *k) {
  const struct k8smi_taint taint = {
      K8SMI_S("node.kubernetes.io/unschedulable"), {"", 0}, K8SMI_EFFECT_NO_SCHEDULE};
  return k8smi_agent_is_cordoned(k->agent) && !k8smi_tolerates(k->need->rules->tolerations, &taint);
}

static bool predicate_names_node(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->demand->node_name.len != 0 && !need->resumed;
}

static bool predicate_name(const struct k8smi_match_check *k) {
  struct k8sm_slice name = k->need->demand->node_name;
  return !k8smi_eq(name, k8smi_hostname(k->agent->labels)) && !k8smi_eq(name, k->agent->id);
}

static bool predicate_taint(const struct k8smi_match_check *k) {
  return k8smi_untolerated_taint(k->agent, k->need->rules) != NULL;
}

static bool predicate_selects_nodes(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return (need->demand->node_selector.count > 0 || need->rules->selects_nodes) && !need->resumed;
}

static bool predicate_selector(const struct k8smi_match_check *k) {
  return k8smi_selector_mismatch(k) != NULL || !k8smi_node_affinity_holds(k->agent, k->need->rules);
}

static bool predicate_meets_maintenance(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  return c->leaving > 0 && need->now_ms > 0 && !need->resumed;
}

static bool predicate_maintenance(const struct k8smi_match_check *k) {
  const struct k8smi_window window = k8smi_label_set_window(k->agent->labels->set);
  return window.from_ms < k->need->until_ms && window.until_ms > k->need->now_ms;
}

static bool predicate_needs_features(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  uint32_t features = need->demand->features;
  if (need->resumed) return false;
  for (int bit = 0; bit < K8SMI_FEATURE_BITS; bit++) {
    if ((features >> bit & 1) != 0 && c->lacking[bit] > 0) return true;
  }
  return features >> K8SMI_FEATURE_BITS != 0;
}

static bool predicate_features(const struct k8smi_match_check *k) {
  return (k->need->demand->features & ~k->agent->features) != 0;
}

static bool predicate_has_volumes(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->volumes_known != 0;
}

static bool predicate_claims(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->demand->volume_count > 0;
}

static bool predicate_volume(const struct k8smi_match_check *k) {
  return k8smi_volume_elsewhere(k) != NULL;
}

static bool predicate_no_volume(const struct k8smi_match_check *k) {
  return k8smi_volume_not_offered(k) != NULL;
}

static bool predicate_needs_disks(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->of_disks != 0;
}

static bool predicate_storage(const struct k8smi_match_check *k) {
  return k8smi_disks_missing(k) != NULL;
}

static bool predicate_offer(const struct k8smi_match_check *k) {
  return k->agent->offers == 0;
}

/* ---- Of what it offers to a role ---- */

/* k8smi_check_all finds this out, while it looks for a role that fits. */
static bool predicate_role(const struct k8smi_match_check *k) {
  return k->slot == NULL;
}

static bool predicate_is_reserved(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->wish != NULL && !need->resumed;
}

static bool predicate_reservation(const struct k8smi_match_check *k) {
  return !k8smi_has_reservation(k);
}

static bool predicate_needs_ports(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->port_count + need->any_ports > 0;
}

static bool predicate_ports(const struct k8smi_match_check *k) {
  if (k8smi_missing_port(k) != 0) return true;
  return k->need->any_ports > 0 && k8smi_slot_ports(k) < k->need->port_count + k->need->any_ports;
}

static bool predicate_scalar(const struct k8smi_match_check *k, uint32_t scalar) {
  if (k->need->wish != NULL) return k8smi_slot_has(k, scalar) < k->need->scalars[scalar];
  if (k->slot->free[scalar] >= k->need->scalars[scalar]) return false;
  return k->slot->owned == 0 || k8smi_slot_has(k, scalar) < k->need->scalars[scalar];
}

static bool predicate_cpus(const struct k8smi_match_check *k) {
  return predicate_scalar(k, K8SMI_CPUS);
}

static bool predicate_mem(const struct k8smi_match_check *k) {
  return predicate_scalar(k, K8SMI_MEM);
}

static bool predicate_disk(const struct k8smi_match_check *k) {
  return predicate_scalar(k, K8SMI_DISK);
}

/* ---- Of other pods ---- */

static bool predicate_is_spread(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->rules->spread.count > 0;
}

static bool predicate_spread_label(const struct k8smi_match_check *k) {
  size_t term;
  return k8smi_spread_verdict(k, &term) == K8SMI_SPREAD_NO_LABEL;
}

static bool predicate_spread(const struct k8smi_match_check *k) {
  size_t term;
  return k8smi_spread_verdict(k, &term) == K8SMI_SPREAD_SKEWED;
}

static bool predicate_has_affinity(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->rules->affinity.count > 0;
}

static bool predicate_affinity(const struct k8smi_match_check *k) {
  return k8smi_affinity_unmet(k) != SIZE_MAX;
}

static bool predicate_has_anti_affinity(const struct k8sm_cluster *c, const struct k8smi_need *need) {
  (void)c;
  return need->rules->anti_affinity.count > 0;
}

static bool predicate_anti_affinity(const struct k8smi_match_check *k) {
  return k8smi_anti_affinity_met(k) != SIZE_MAX;
}

static bool predicate_shunned(const struct k8smi_match_check *k) {
  return k->peer != NULL && k8smi_shunned_by(k) != NULL;
}

static bool predicate_exclusive(const struct k8smi_match_check *k) {
  return k->peers != NULL && k8smi_is_excluded(k);
}

/* ---- Constraints ---- */

static bool predicate_has_rule(const struct k8smi_need *need, uint32_t op) {
  const struct k8smi_instance_rules *rules = &need->rules->constraints;
  for (size_t i = 0; i < rules->count; i++) {
    if (rules->items[i].op == op) return true;
  }
  return false;
}

#define PREDICATE_RULE(name, op)                                                                             \
  static bool predicate_has_##name(const struct k8sm_cluster *c, const struct k8smi_need *need) {            \
    (void)c;                                                                                                 \
    return predicate_has_rule(need, op);                                                                     \
  }                                                                                                          \
  static bool predicate_##name(const struct k8smi_match_check *k) {                                          \
    return k8smi_rule_broken(k, op) != SIZE_MAX;                                                             \
  }
PREDICATE_RULE(is, K8SMI_INSTANCE_IS)
PREDICATE_RULE(like, K8SMI_INSTANCE_LIKE)
PREDICATE_RULE(unlike, K8SMI_INSTANCE_UNLIKE)
PREDICATE_RULE(cluster, K8SMI_INSTANCE_CLUSTER)
PREDICATE_RULE(unique, K8SMI_INSTANCE_UNIQUE)
PREDICATE_RULE(group_by, K8SMI_INSTANCE_GROUP_BY)
PREDICATE_RULE(max_per, K8SMI_INSTANCE_MAX_PER)
#undef PREDICATE_RULE

/* A row of the table: its code, scope and name, the words, and the functions above. */
#define PREDICATE_RULE_ROW(code, scope, name, words, function, op)                                           \
  {                                                                                                          \
    K8SM_DIAG_CONSTRAINT_##code, K8SMI_SCOPE_##scope, "constraint-" name,                                    \
        "node(s) didn't satisfy " words " constraint", predicate_has_##function, predicate_##function,       \
        k8smi_wanted_rule, k8smi_had_rule, k8smi_remedy_rule, op                                             \
  }

bool k8smi_refused_by_selector(const struct k8smi_match_check *check) {
  return predicate_selector(check);
}

bool k8smi_refused_by_taints(const struct k8smi_match_check *check) {
  return predicate_taint(check);
}

const struct k8smi_predicate k8smi_predicates[K8SMI_PREDICATES] = {
    [K8SMI_BY_GATES] = {K8SM_DIAG_SCHEDULING_GATED, K8SMI_SCOPE_AGENT, "scheduling-gate",
                        "node(s) wait for the pod's scheduling gates", predicate_has_gates, predicate_gates,
                        k8smi_wanted_no_gates, k8smi_had_gates, k8smi_remedy_gates},
    [K8SMI_BY_PIN] = {K8SM_DIAG_AGENT_PINNED, K8SMI_SCOPE_AGENT, "agent",
                      "node(s) didn't run the pod's executor", predicate_is_pinned, predicate_pinned,
                      k8smi_wanted_agent, k8smi_had_agent, k8smi_remedy_agent},
    [K8SMI_BY_NAME] = {K8SM_DIAG_NODE_NAME, K8SMI_SCOPE_AGENT, "node-name",
                       "node(s) didn't match the requested node name", predicate_names_node, predicate_name,
                       k8smi_wanted_name, k8smi_had_hostname, k8smi_remedy_name},
    [K8SMI_BY_UNSCHEDULABLE] = {K8SM_DIAG_UNSCHEDULABLE, K8SMI_SCOPE_AGENT, "unschedulable",
                                "node(s) were unschedulable", predicate_meets_taints, predicate_unschedulable,
                                k8smi_wanted_schedulable, k8smi_had_unschedulable,
                                k8smi_remedy_unschedulable},
    [K8SMI_BY_TAINT] = {K8SM_DIAG_UNTOLERATED_TAINT, K8SMI_SCOPE_AGENT, "taint",
                        "node(s) had untolerated taint(s)", predicate_meets_taints, predicate_taint,
                        k8smi_wanted_no_taint, k8smi_had_taint, k8smi_remedy_taint},
    [K8SMI_BY_SELECTOR] = {K8SM_DIAG_NODE_SELECTOR, K8SMI_SCOPE_AGENT, "node-selector",
                           "node(s) didn't match Pod's node affinity/selector", predicate_selects_nodes,
                           predicate_selector, k8smi_wanted_selector, k8smi_had_selector,
                           k8smi_remedy_selector},
    PREDICATE_RULE_ROW(IS, AGENT, "is", "an IS", is, K8SMI_INSTANCE_IS),
    PREDICATE_RULE_ROW(LIKE, AGENT, "like", "a LIKE", like, K8SMI_INSTANCE_LIKE),
    PREDICATE_RULE_ROW(UNLIKE, AGENT, "unlike", "an UNLIKE", unlike, K8SMI_INSTANCE_UNLIKE),
    [K8SMI_BY_MAINTENANCE] = {K8SM_DIAG_AGENT_MAINTENANCE, K8SMI_SCOPE_AGENT, "maintenance",
                              "node(s) had planned maintenance", predicate_meets_maintenance,
                              predicate_maintenance, k8smi_wanted_time, k8smi_had_window,
                              k8smi_remedy_window},
    [K8SMI_BY_FEATURES] = {K8SM_DIAG_AGENT_FEATURE, K8SMI_SCOPE_AGENT, "agent-feature",
                           "node(s) lacked an agent feature that the pod needs", predicate_needs_features,
                           predicate_features, k8smi_wanted_features, k8smi_had_features,
                           k8smi_remedy_features},
    [K8SMI_BY_VOLUME] = {K8SM_DIAG_VOLUME_ELSEWHERE, K8SMI_SCOPE_AGENT, "volume",
                         "node(s) had volume node affinity conflict", predicate_has_volumes, predicate_volume,
                         k8smi_wanted_volume, k8smi_had_hostname, k8smi_remedy_volume},
    [K8SMI_BY_OFFER] = {K8SM_DIAG_NO_OFFER, K8SMI_SCOPE_AGENT, "offer", "agent(s) had no offer", NULL,
                        predicate_offer, k8smi_wanted_offer, k8smi_had_nothing, k8smi_remedy_offer},
    [K8SMI_BY_ROLE] = {K8SM_DIAG_ROLE_MISSING, K8SMI_SCOPE_SLOT, "role",
                       "agent(s) had no offer of a role that the pod may use", NULL, predicate_role,
                       k8smi_wanted_roles, k8smi_had_roles, k8smi_remedy_role},
    [K8SMI_BY_RESERVATION] = {K8SM_DIAG_RESERVATION_MISSING, K8SMI_SCOPE_SLOT, "reservation",
                              "agent(s) had no offer of a reservation that the pod is for",
                              predicate_is_reserved, predicate_reservation, k8smi_wanted_reservation,
                              k8smi_had_reservation, k8smi_remedy_reservation},
    [K8SMI_BY_PORTS] = {K8SM_DIAG_PORT_TAKEN, K8SMI_SCOPE_SLOT, "host-port",
                        "node(s) didn't have free ports for the requested pod ports", predicate_needs_ports,
                        predicate_ports, k8smi_wanted_ports, k8smi_had_ports, k8smi_remedy_ports},
    [K8SMI_BY_NO_VOLUME] = {K8SM_DIAG_VOLUME_NOT_OFFERED, K8SMI_SCOPE_SLOT, "volume-offer",
                            "node(s) had no offer with the pod's persistent volume", predicate_claims,
                            predicate_no_volume, k8smi_wanted_volume_offer, k8smi_had_nothing,
                            k8smi_remedy_volume_offer},
    [K8SMI_BY_STORAGE] = {K8SM_DIAG_INSUFFICIENT_STORAGE, K8SMI_SCOPE_SLOT, "storage",
                          "node(s) did not have enough free storage", predicate_needs_disks,
                          predicate_storage, k8smi_wanted_storage, k8smi_had_storage, k8smi_remedy_storage},
    [K8SMI_BY_SCALAR] = {K8SM_DIAG_INSUFFICIENT_CPUS, K8SMI_SCOPE_RESOURCE, "cpus", "Insufficient cpu", NULL,
                         predicate_cpus, k8smi_wanted_cpus, k8smi_had_cpus, k8smi_remedy_cpus},
    {K8SM_DIAG_INSUFFICIENT_MEM, K8SMI_SCOPE_RESOURCE, "mem", "Insufficient memory", NULL, predicate_mem,
     k8smi_wanted_mem, k8smi_had_mem, k8smi_remedy_mem},
    {K8SM_DIAG_INSUFFICIENT_DISK, K8SMI_SCOPE_RESOURCE, "disk", "Insufficient ephemeral-storage", NULL,
     predicate_disk, k8smi_wanted_disk, k8smi_had_disk, k8smi_remedy_disk},
    [K8SMI_BY_SPREAD_LABEL] =
        {K8SM_DIAG_SPREAD_LABEL, K8SMI_SCOPE_PODS, "spread-label",
         "node(s) didn't match pod topology spread constraints (missing required label)", predicate_is_spread,
         predicate_spread_label, k8smi_wanted_spread, k8smi_had_nothing, k8smi_remedy_label},
    {K8SM_DIAG_SPREAD_SKEW, K8SMI_SCOPE_PODS, "spread",
     "node(s) didn't match pod topology spread constraints", predicate_is_spread, predicate_spread,
     k8smi_wanted_spread, k8smi_had_spread, k8smi_remedy_spread},
    [K8SMI_BY_AFFINITY] = {K8SM_DIAG_POD_AFFINITY, K8SMI_SCOPE_PODS, "pod-affinity",
                           "node(s) didn't match pod affinity rules", predicate_has_affinity,
                           predicate_affinity, k8smi_wanted_affinity, k8smi_had_affinity,
                           k8smi_remedy_affinity},
    {K8SM_DIAG_POD_ANTI_AFFINITY, K8SMI_SCOPE_PODS, "pod-anti-affinity",
     "node(s) didn't match pod anti-affinity rules", predicate_has_anti_affinity, predicate_anti_affinity,
     k8smi_wanted_anti_affinity, k8smi_had_anti_affinity, k8smi_remedy_anti_affinity},
    [K8SMI_BY_SHUNNED] = {K8SM_DIAG_POD_SHUNNED, K8SMI_SCOPE_PODS, "existing-anti-affinity",
                          "node(s) didn't satisfy existing pods anti-affinity rules", NULL, predicate_shunned,
                          k8smi_wanted_not_shunned, k8smi_had_shunned, k8smi_remedy_shunned},
    [K8SMI_BY_EXCLUSIVE] = {K8SM_DIAG_AGENT_EXCLUSIVE, K8SMI_SCOPE_PODS, "exclusive-agent",
                            "node(s) didn't satisfy exclusive agent rules", NULL, predicate_exclusive,
                            k8smi_wanted_alone, k8smi_had_pods, k8smi_remedy_alone},
    PREDICATE_RULE_ROW(CLUSTER, PODS, "cluster", "a CLUSTER", cluster, K8SMI_INSTANCE_CLUSTER),
    PREDICATE_RULE_ROW(UNIQUE, PODS, "unique", "a UNIQUE", unique, K8SMI_INSTANCE_UNIQUE),
    PREDICATE_RULE_ROW(GROUP_BY, PODS, "group-by", "a GROUP_BY", group_by, K8SMI_INSTANCE_GROUP_BY),
    PREDICATE_RULE_ROW(MAX_PER, PODS, "max-per", "a MAX_PER", max_per, K8SMI_INSTANCE_MAX_PER),
};
static_assert(K8SMI_REASONS <= 64, "sets of rows are 64 bits");

uint64_t k8smi_predicates_applying(const struct k8sm_cluster *cluster, const struct k8smi_need *need) {
  uint64_t rows = 0;
  for (int i = 0; i < K8SMI_PREDICATES; i++) {
    const struct k8smi_predicate *p = &k8smi_predicates[i];
    if (p->applies == NULL || p->applies(cluster, need)) rows |= K8SMI_ROW(i);
  }
  return rows;
}

static uint64_t predicates_extended(const struct k8smi_match_check *check) {
  const struct k8smi_need *need = check->need;
  uint64_t refused = 0;
  for (size_t i = 0; i < need->extended_count; i++) {
    const struct k8smi_demand_extended *e = &need->demand->extended[i];
    if (k8smi_slot_has_extended(check, e->mesos) < e->milli) refused |= K8SMI_ROW(K8SMI_PREDICATES + i);
  }
  return refused;
}

/* Of the agent and the slot that are set; without a slot its resources are not asked about. */
static uint64_t predicates_every(const struct k8smi_match_check *check) {
  uint64_t refused = 0, rows = check->need->rows;
  if (check->agent->offers == 0) rows &= ~K8SMI_ROW(K8SMI_BY_ROLE);
  for (; rows != 0; rows &= rows - 1) {
    int i = __builtin_ctzll(rows);
    uint32_t scope = k8smi_predicates[i].scope;
    bool of_slot = (scope == K8SMI_SCOPE_SLOT && i != K8SMI_BY_ROLE) || scope == K8SMI_SCOPE_RESOURCE;
    if (of_slot && check->slot == NULL) continue;
    if (scope == K8SMI_SCOPE_RESOURCE && (refused & K8SMI_ROW(K8SMI_BY_RESERVATION)) != 0)
      continue; /* all of it is missing */
    if (k8smi_predicates[i].refuses(check)) refused |= K8SMI_ROW(i);
  }
  return check->slot == NULL ? refused : refused | predicates_extended(check);
}

uint64_t k8smi_check_every(struct k8smi_match_check *check, uint32_t agent) {
  const struct k8smi_strings roles = check->need->demand->roles;
  uint32_t slot = K8SMI_ROW_NONE;
  check->agent = k8smi_agent_at(check->cluster, agent);
  check->agent_row = agent;
  for (size_t i = 0; i < roles.count && slot == K8SMI_ROW_NONE; i++) {
    slot = k8smi_slot_find(check->cluster, agent, roles.items[i]);
  }
  check->slot = slot == K8SMI_ROW_NONE ? NULL : k8smi_slot_at(check->cluster, slot);
  return predicates_every(check);
}

uint64_t k8smi_check_every_of_slot(struct k8smi_match_check *check, uint32_t slot) {
  check->slot = k8smi_slot_at(check->cluster, slot);
  check->agent_row = check->slot->agent;
  check->agent = k8smi_agent_at(check->cluster, check->agent_row);
  return predicates_every(check);
}

static uint64_t predicates_refuse(const struct k8smi_match_check *check, uint64_t rows) {
  uint64_t refused = 0;
  for (; rows != 0; rows &= rows - 1) {
    int i = __builtin_ctzll(rows);
    const struct k8smi_predicate *p = &k8smi_predicates[i];
    if (p->scope == K8SMI_SCOPE_PODS && refused != 0) break;
    if (!p->refuses(check)) continue;
    refused |= K8SMI_ROW(i);
    if (p->scope != K8SMI_SCOPE_RESOURCE) break;
  }
  return refused;
}

uint64_t k8smi_check_pods(const struct k8smi_match_check *check) {
  return predicates_refuse(check, check->need->rows & K8SMI_ROWS_PODS);
}

uint64_t k8smi_check_agent(struct k8smi_match_check *check, uint32_t agent) {
  check->agent = k8smi_agent_at(check->cluster, agent);
  check->agent_row = agent;
  check->slot = NULL;
  if (check->same == NULL) return predicates_refuse(check, check->need->rows & K8SMI_ROWS_AGENT);
  if (!k8smi_answers_fit(check->same, agent)) return k8smi_answers_refusing(check->same, agent);
  return predicates_refuse(check, check->need->rows & K8SMI_ROWS_AGENT & ~check->same->rows);
}

struct k8smi_predicate k8smi_reason(const struct k8smi_need *need, int number) {
  if (number < K8SMI_PREDICATES) return k8smi_predicates[number];
  return (struct k8smi_predicate){.code = K8SM_DIAG_INSUFFICIENT_RESOURCE,
                                  .scope = K8SMI_SCOPE_RESOURCE,
                                  .name = need->demand->extended[number - K8SMI_PREDICATES].name.ptr,
                                  .words = "Insufficient ",
                                  .wanted = k8smi_wanted_extended,
                                  .had = k8smi_had_extended,
                                  .remedy = k8smi_remedy_extended};
}

uint64_t k8smi_check_slot(struct k8smi_match_check *check, uint32_t slot) {
  const uint64_t rows = check->need->rows & ~K8SMI_ROWS_AGENT;
  check->slot = k8smi_slot_at(check->cluster, slot);
  if (check->need->extended_count == 0) return predicates_refuse(check, rows);
  uint64_t refused = predicates_refuse(check, rows & ~K8SMI_ROWS_PODS);
  bool slot_fits = (refused & ~K8SMI_ROWS_SCALARS) == 0;
  if (slot_fits) refused |= predicates_extended(check);
  return refused != 0 ? refused : predicates_refuse(check, rows & K8SMI_ROWS_PODS);
}

uint64_t k8smi_check_all(struct k8smi_match_check *check, uint32_t agent, uint32_t *ret_slot) {
  const struct k8smi_strings roles = check->need->demand->roles;
  const struct k8smi_cluster_slot *first = NULL;
  uint64_t refused = k8smi_check_agent(check, agent), first_refused = K8SMI_ROW(K8SMI_BY_ROLE);
  if (refused != 0) return refused;
  for (size_t i = 0; i < roles.count; i++) {
    uint32_t slot = k8smi_slot_find(check->cluster, agent, roles.items[i]);
    if (slot == K8SMI_ROW_NONE) continue;
    refused = k8smi_check_slot(check, slot);
    if (refused == 0) {
      *ret_slot = slot;
      return 0;
    }
    if (first == NULL) {
      first = check->slot;
      first_refused = refused;
    }
  }
  check->slot = first;
  return first_refused;
}
