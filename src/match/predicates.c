/* SPDX-License-Identifier: Apache-2.0 */
#include "match/predicates.h"
#include "cluster/slots.h"
#include "match/texts.h"

static bool predicate_pinned(const struct k8smi_match_check *k) {
  struct k8sm_slice pinned = k->need->demand->agent_id;
  return pinned.len != 0 && !k8smi_eq(pinned, k->agent->id);
}

static bool predicate_name(const struct k8smi_match_check *k) {
  struct k8sm_slice name = k->need->demand->node_name;
  return name.len != 0 && !k8smi_eq(name, k->agent->labels->hostname) && !k8smi_eq(name, k->agent->id);
}

static bool predicate_selector(const struct k8smi_match_check *k) {
  return k8smi_selector_mismatch(k) != NULL;
}

static bool predicate_features(const struct k8smi_match_check *k) {
  return (k->need->demand->features & ~k->agent->features) != 0;
}

static bool predicate_offer(const struct k8smi_match_check *k) {
  return k->agent->offers == 0;
}

/* k8smi_check_all finds this out, while it looks for a role that fits. */
static bool predicate_role(const struct k8smi_match_check *k) {
  return k->slot == NULL;
}

static bool predicate_ports(const struct k8smi_match_check *k) {
  return k8smi_missing_port(k) != 0;
}

static bool predicate_scalar(const struct k8smi_match_check *k, uint32_t scalar) {
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

const struct k8smi_predicate k8smi_predicates[K8SMI_PREDICATES] = {
    {K8SM_DIAG_AGENT_PINNED, K8SMI_SCOPE_AGENT, "agent", "node(s) didn't run the pod's executor",
     predicate_pinned, k8smi_wanted_agent, k8smi_had_agent},
    {K8SM_DIAG_NODE_NAME, K8SMI_SCOPE_AGENT, "node-name", "node(s) didn't match the requested node name",
     predicate_name, k8smi_wanted_name, k8smi_had_hostname},
    {K8SM_DIAG_NODE_SELECTOR, K8SMI_SCOPE_AGENT, "node-selector",
     "node(s) didn't match Pod's node affinity/selector", predicate_selector, k8smi_wanted_selector,
     k8smi_had_selector},
    {K8SM_DIAG_AGENT_FEATURE, K8SMI_SCOPE_AGENT, "agent-feature",
     "node(s) lacked an agent feature that the pod needs", predicate_features, k8smi_wanted_features,
     k8smi_had_features},
    {K8SM_DIAG_NO_OFFER, K8SMI_SCOPE_AGENT, "offer", "agent(s) had no offer", predicate_offer,
     k8smi_wanted_offer, k8smi_had_nothing},
    {K8SM_DIAG_ROLE_MISSING, K8SMI_SCOPE_SLOT, "role", "agent(s) had no offer of a role that the pod may use",
     predicate_role, k8smi_wanted_roles, k8smi_had_roles},
    {K8SM_DIAG_PORT_TAKEN, K8SMI_SCOPE_SLOT, "host-port",
     "node(s) didn't have free ports for the requested pod ports", predicate_ports, k8smi_wanted_ports,
     k8smi_had_ports},
    {K8SM_DIAG_INSUFFICIENT_CPUS, K8SMI_SCOPE_RESOURCE, "cpus", "Insufficient cpu", predicate_cpus,
     k8smi_wanted_cpus, k8smi_had_cpus},
    {K8SM_DIAG_INSUFFICIENT_MEM, K8SMI_SCOPE_RESOURCE, "mem", "Insufficient memory", predicate_mem,
     k8smi_wanted_mem, k8smi_had_mem},
    {K8SM_DIAG_INSUFFICIENT_DISK, K8SMI_SCOPE_RESOURCE, "disk", "Insufficient ephemeral-storage",
     predicate_disk, k8smi_wanted_disk, k8smi_had_disk},
};

static uint32_t predicates_refuse(const struct k8smi_match_check *check, bool of_agent) {
  uint32_t refused = 0;
  for (int i = 0; i < K8SMI_PREDICATES; i++) {
    const struct k8smi_predicate *p = &k8smi_predicates[i];
    if ((p->scope == K8SMI_SCOPE_AGENT) != of_agent || !p->refuses(check)) continue;
    refused |= 1u << i;
    if (p->scope != K8SMI_SCOPE_RESOURCE) break;
  }
  return refused;
}

uint32_t k8smi_check_agent(struct k8smi_match_check *check, uint32_t agent) {
  check->agent = k8smi_agent_at(check->cluster, agent);
  check->slot = NULL;
  return predicates_refuse(check, true);
}

uint32_t k8smi_check_slot(struct k8smi_match_check *check, uint32_t slot) {
  check->slot = k8smi_slot_at(check->cluster, slot);
  return predicates_refuse(check, false);
}

uint32_t k8smi_check_all(struct k8smi_match_check *check, uint32_t agent, uint32_t *ret_slot) {
  const struct k8smi_strings roles = check->need->demand->roles;
  const struct k8smi_cluster_slot *first = NULL;
  uint32_t refused = k8smi_check_agent(check, agent), first_refused = 1u << K8SMI_BY_ROLE;
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
