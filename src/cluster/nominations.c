/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that wait for room on an agent, which others make for them. There are few of them. */
#include "base/findings.h"
#include "cluster/cluster.h"

struct k8smi_nomination *k8smi_nomination_of(const struct k8sm_cluster *c, struct k8sm_slice uid) {
  for (size_t i = 0; i < c->nomination_count; i++) {
    if (k8smi_eq(c->nominations[i].demand->uid, uid)) return &c->nominations[i];
  }
  return NULL;
}

/* The order of the others does not matter: matching sorts them. */
void k8smi_nomination_end(struct k8sm_cluster *c, struct k8smi_nomination *nomination) {
  if (nomination == NULL) return;
  k8sm_demand_unref(nomination->demand);
  k8smi_text_free(&c->allocator, nomination->role);
  *nomination = c->nominations[--c->nomination_count];
}

void k8smi_nominations_end_at(struct k8sm_cluster *c, uint32_t agent) {
  for (size_t i = c->nomination_count; i > 0; i--) {
    if (c->nominations[i - 1].agent == agent) k8smi_nomination_end(c, &c->nominations[i - 1]);
  }
}

void k8smi_nominations_free(struct k8sm_cluster *c) {
  while (c->nomination_count > 0) k8smi_nomination_end(c, &c->nominations[c->nomination_count - 1]);
  k8smi_free(&c->allocator, c->nominations, c->nomination_cap * sizeof *c->nominations);
}

int k8smi_nominate(struct k8sm_cluster *c, const struct k8sm_demand *demand, uint32_t agent,
                   struct k8sm_slice role) {
  struct k8smi_nomination made = {.agent = agent};
  void *items = c->nominations;
  bool room = k8smi_grow(&c->allocator, &items, &c->nomination_cap, c->nomination_count + 1, sizeof made);
  c->nominations = items;
  if (!room || !k8smi_text_own(&c->allocator, role, &made.role)) return K8SM_ERR_NOMEM;
  memcpy(&made.demand, &demand, sizeof made.demand); /* a value: only its references are counted */
  k8sm_demand_ref(made.demand);
  k8smi_nomination_end(c, k8smi_nomination_of(c, demand->uid));
  c->nominations[c->nomination_count++] = made;
  return K8SM_OK;
}

int k8sm_cluster_nominate(struct k8sm_cluster *cluster, const struct k8sm_demand *demand,
                          struct k8sm_slice agent_id, struct k8sm_slice role, struct k8sm_diags *diags) {
  uint32_t agent;
  int result = k8smi_agent_get(cluster, agent_id, &agent);
  if (result == K8SM_OK) result = k8smi_nominate(cluster, demand, agent, role);
  if (result != K8SM_OK) return k8smi_find_nomem(diags, result);
  cluster->generation++;
  return K8SM_OK;
}

int k8sm_cluster_withdraw(struct k8sm_cluster *cluster, struct k8sm_slice uid) {
  struct k8smi_nomination *nomination = k8smi_nomination_of(cluster, uid);
  if (nomination == NULL) return 0;
  k8smi_nomination_end(cluster, nomination);
  cluster->generation++;
  return 1;
}
