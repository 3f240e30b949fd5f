/* SPDX-License-Identifier: Apache-2.0 */
/* Pod → placement rules. */
#include "demand/placement_private.h"

static bool place_says_something(const struct k8smi_demand_build *b) {
  static const unsigned fields[] = {
      K8SMI_PodSpec_affinity,        K8SMI_PodSpec_nodeSelector,
      K8SMI_PodSpec_tolerations,     K8SMI_PodSpec_topologySpreadConstraints,
      K8SMI_PodSpec_schedulingGates, K8SMI_PodSpec_schedulingGroup,
      K8SMI_PodSpec_workloadRef,
  };
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (k8smi_has(b->spec, fields[i])) return true;
  }
  return k8smi_placement_is_annotated(b);
}

void k8smi_demand_make_placement(struct k8smi_demand_build *b) {
  struct k8smi_list labels = k8smi_get_list(b->metadata, K8SMI_ObjectMeta_labels);
  struct k8sm_slice policy = k8smi_get_str(b->spec, K8SMI_PodSpec_preemptionPolicy);
  b->demand->pod_labels = (struct k8smi_pair_list){labels.items, labels.count};
  b->demand->priority = k8smi_get_i64(b->spec, K8SMI_PodSpec_priority, 0);
  b->demand->never_preempts = k8smi_eqs(policy, "Never");
  if (!place_says_something(b)) return;
  b->rules = k8smi_demand_array(b, 1, sizeof *b->rules);
  if (b->rules == NULL) return;
  b->demand->rules = b->rules;
  k8smi_placement_nodes(b, b->rules);
  k8smi_placement_pods(b, b->rules);
  b->rules->gates = k8smi_demand_texts(b, k8smi_get_list(b->spec, K8SMI_PodSpec_schedulingGates),
                                       K8SMI_PodSchedulingGate_name);
  k8smi_placement_annotated(b, b->rules);
}

/* The controller that the pod is one of the pods of; NULL: none. */
static const struct k8smi_record *place_controller(const struct k8smi_demand_build *b) {
  struct k8smi_list owners = k8smi_get_list(b->metadata, K8SMI_ObjectMeta_ownerReferences);
  for (size_t i = 0; i < owners.count; i++) {
    const struct k8smi_record *owner = k8smi_list_record(owners, i);
    bool named = k8smi_get_str(owner, K8SMI_OwnerReference_uid).len > 0;
    if (named && k8smi_get_bool(owner, K8SMI_OwnerReference_controller, false)) return owner;
  }
  return NULL;
}

/* Instances of one application have one controller; or, without any, the same constraints and labels. */
static void place_instances(struct k8smi_demand_build *b) {
  const struct k8smi_record *controller = place_controller(b);
  const struct k8smi_pair_list labels = b->demand->pod_labels;
  struct k8smi_buf key;
  if (controller == NULL && (b->rules == NULL || b->rules->constraints.count == 0)) return;
  if (!k8smi_buf_init(&key, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return;
  }
  k8smi_placement_put_text(&key, b->demand->name_space);
  if (controller != NULL) {
    k8smi_placement_put_text(&key, k8smi_get_str(controller, K8SMI_OwnerReference_uid));
  } else {
    k8smi_placement_put_text(&key, b->rules->constraints.text);
    for (size_t i = 0; i < labels.count; i++) {
      k8smi_placement_put_text(&key, labels.items[i].key);
      k8smi_placement_put_text(&key, labels.items[i].value);
    }
  }
  b->demand->instances = k8smi_demand_take(b, &key);
}

static struct k8sm_slice place_agent_key(struct k8smi_demand_build *b) {
  struct k8smi_buf key;
  if (!k8smi_buf_init(&key, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return (struct k8sm_slice){NULL, 0};
  }
  k8smi_placement_put_nodes(&key, b->demand, b->rules);
  return k8smi_demand_take(b, &key);
}

/* Spread looks at nodes too: which of them count. */
static struct k8sm_slice place_kind(struct k8smi_demand_build *b) {
  const struct k8sm_demand *d = b->demand;
  struct k8smi_buf key;
  if (!k8smi_buf_init(&key, &b->demand->arena.allocator)) {
    b->no_memory = true;
    return (struct k8sm_slice){NULL, 0};
  }
  k8smi_placement_put_text(&key, d->name_space);
  k8smi_placement_put_number(&key, (int64_t)d->pod_labels.count);
  for (size_t i = 0; i < d->pod_labels.count; i++) {
    k8smi_placement_put_text(&key, d->pod_labels.items[i].key);
    k8smi_placement_put_text(&key, d->pod_labels.items[i].value);
  }
  if (b->rules != NULL) {
    k8smi_placement_put_pods(&key, b->rules);
    k8smi_placement_put_text(&key, b->rules->gang);
    k8smi_placement_put_number(&key, b->rules->exclusive);
    k8smi_placement_put_text(&key, b->rules->constraints.text);
  }
  k8smi_placement_put_text(&key, d->instances);
  if (b->rules != NULL && b->rules->spread.count > 0) k8smi_buf_slice(&key, b->rules->agent_key);
  return k8smi_demand_take(b, &key);
}

void k8smi_demand_make_keys(struct k8smi_demand_build *b) {
  place_instances(b);
  if (b->rules != NULL) b->rules->agent_key = place_agent_key(b);
  b->demand->kind = place_kind(b);
}
