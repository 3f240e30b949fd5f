/* SPDX-License-Identifier: Apache-2.0 */
#include "match/holds.h"
#include "base/sort.h"
#include "cluster/slots.h"
#include "cluster/tree.h"
#include "match/match.h"

struct k8smi_hold *k8smi_holds_of(const struct k8smi_holds *holds, struct k8sm_slice uid) {
  for (size_t i = 0; i < holds->count; i++) {
    if (k8smi_eq(holds->items[i].demand->uid, uid)) return &holds->items[i];
  }
  return NULL;
}

bool k8smi_holds_port(const struct k8smi_holds *holds, uint32_t agent, uint16_t port) {
  for (size_t i = 0; holds != NULL && i < holds->count; i++) {
    const struct k8smi_hold *hold = &holds->items[i];
    for (size_t p = 0; hold->active && hold->agent == agent && p < hold->demand->port_count; p++) {
      if (hold->demand->ports[p].host_port == port) return true;
    }
  }
  return false;
}

int64_t k8smi_holds_extended(const struct k8smi_holds *holds, uint32_t agent, struct k8sm_slice mesos) {
  int64_t sum = 0;
  for (size_t i = 0; holds != NULL && i < holds->count; i++) {
    const struct k8smi_hold *hold = &holds->items[i];
    for (size_t e = 0; hold->active && hold->agent == agent && e < hold->demand->extended_count; e++) {
      if (k8smi_eq(hold->demand->extended[e].mesos, mesos)) sum += hold->demand->extended[e].milli;
    }
  }
  return sum;
}

static int holds_order(const void *a, const void *b, const void *ctx) {
  const struct k8smi_nomination *const *x = a, *const *y = b;
  const struct k8sm_demand *d = (*x)->demand, *e = (*y)->demand;
  (void)ctx;
  if (d->priority != e->priority) return d->priority > e->priority ? -1 : 1;
  return k8smi_cmp(d->uid, e->uid);
}

/* An agent that is not known yet has nothing to hold; pods of a group are placed all at once or not at all.
 */
static bool holds_counts(const struct k8sm_cluster *c, const struct k8smi_nomination *n) {
  bool grouped = n->demand->rules != NULL && n->demand->rules->gang.len > 0;
  return !grouped && k8smi_agent_at(c, n->agent)->labels != NULL;
}

bool k8smi_match_find_holds(struct k8smi_match *match, size_t more) {
  const struct k8sm_cluster *c = match->cluster;
  struct k8smi_holds *holds = &match->holds;
  size_t count = c->nomination_count;
  if (count + more == 0) return true;
  const struct k8smi_nomination **order =
      k8smi_arena_array(&match->scratch, count, sizeof(struct k8smi_nomination *));
  holds->items = k8smi_arena_array(&match->scratch, count + more, sizeof *holds->items);
  if (order == NULL || holds->items == NULL) return false;
  for (size_t i = 0; i < count; i++) order[i] = &c->nominations[i];
  k8smi_sort(order, count, sizeof(struct k8smi_nomination *), holds_order, NULL);
  for (size_t i = 0; i < count; i++) {
    if (!holds_counts(c, order[i])) continue;
    holds->items[holds->count++] = (struct k8smi_hold){
        .demand = order[i]->demand, .agent = order[i]->agent, .role = order[i]->role, .slot = K8SMI_ROW_NONE};
  }
  return true;
}

/* Takes from the slot what is there of the need. The slot gets a pool, which remembers what it had. */
static bool holds_take(struct k8smi_match *match, struct k8smi_hold *hold) {
  int64_t left[K8SMI_SCALARS];
  k8smi_demand_sum(hold->demand, hold->missing);
  memset(hold->taken, 0, sizeof hold->taken);
  hold->slot = k8smi_slot_find(match->cluster, hold->agent, hold->role);
  if (hold->slot == K8SMI_ROW_NONE) return true;
  if (k8smi_match_pool(match, hold->slot) == NULL) return false;
  memcpy(left, k8smi_slot_at(match->cluster, hold->slot)->free, sizeof left);
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    hold->taken[s] = left[s] < hold->missing[s] ? left[s] : hold->missing[s];
    hold->missing[s] -= hold->taken[s];
    left[s] -= hold->taken[s];
  }
  k8smi_tree_update(match->cluster, hold->slot, left);
  return true;
}

static bool holds_need(struct k8smi_match *match, const struct k8smi_hold *hold, struct k8smi_need *ret) {
  const struct k8smi_peer *peer;
  return k8smi_need_make(&match->scratch, match->cluster, hold->demand, &match->options, ret) &&
         k8smi_peers_find(&match->peers, ret, &peer);
}

bool k8smi_match_hold(struct k8smi_match *match, struct k8smi_hold *hold) {
  struct k8smi_need need;
  if (hold->active) return true;
  hold->active = true;
  match->placements++;
  return holds_take(match, hold) && holds_need(match, hold, &need) &&
         k8smi_peers_placed(&match->peers, &need, hold->agent);
}

bool k8smi_match_release(struct k8smi_match *match, struct k8smi_hold *hold) {
  struct k8smi_need need;
  int64_t left[K8SMI_SCALARS];
  if (!hold->active) return true;
  hold->active = false;
  match->placements++;
  if (hold->slot != K8SMI_ROW_NONE) {
    memcpy(left, k8smi_slot_at(match->cluster, hold->slot)->free, sizeof left);
    for (int s = 0; s < K8SMI_SCALARS; s++) left[s] += hold->taken[s];
    k8smi_tree_update(match->cluster, hold->slot, left);
  }
  return holds_need(match, hold, &need) && k8smi_peers_not_placed(&match->peers, &need, hold->agent);
}

bool k8smi_match_hold_for(struct k8smi_match *match, int64_t priority) {
  struct k8smi_holds *holds = &match->holds;
  bool fine = true;
  for (; fine && holds->next < holds->count; holds->next++) {
    struct k8smi_hold *hold = &holds->items[holds->next];
    if (hold->demand->priority < priority) break;
    fine = k8smi_match_hold(match, hold);
  }
  return fine;
}
