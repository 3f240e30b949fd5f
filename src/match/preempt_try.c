/* SPDX-License-Identifier: Apache-2.0 */
/* What if some pods were not there? Everything is put back before the next agent is looked at. */
#include "base/sort.h"
#include "cluster/slots.h"
#include "match/disks.h"
#include "match/preempt.h"

static struct k8smi_running *try_pod(const struct k8smi_try *t, size_t i) {
  return k8smi_running_at(t->match->cluster, t->pods[i]);
}

static const struct k8sm_demand *try_sample(const struct k8smi_try *t, size_t i) {
  return k8smi_kind_at(t->match->cluster, try_pod(t, i)->kind)->sample;
}

static void try_take(struct k8smi_try *t, size_t i) {
  for (int s = 0; s < K8SMI_SCALARS; s++) t->has[s] += try_pod(t, i)->held[s];
  k8smi_peers_leave(&t->match->peers, try_sample(t, i), t->check.agent_row);
  t->gone[i] = true;
}

static void try_put_back(struct k8smi_try *t, size_t i) {
  for (int s = 0; s < K8SMI_SCALARS; s++) t->has[s] -= try_pod(t, i)->held[s];
  k8smi_peers_return(&t->match->peers, try_sample(t, i), t->check.agent_row);
  t->gone[i] = false;
}

/* ---- Would it fit? ---- */

static bool try_frees_port(const struct k8smi_try *t, uint16_t port) {
  for (size_t i = 0; i < t->count; i++) {
    const struct k8sm_demand *d = t->gone[i] ? try_pod(t, i)->holds : NULL;
    for (size_t p = 0; d != NULL && p < d->port_count; p++) {
      if (d->ports[p].host_port == port) return true;
    }
  }
  return false;
}

static size_t try_freed_ports(const struct k8smi_try *t) {
  size_t count = 0;
  for (size_t i = 0; i < t->count; i++) {
    const struct k8sm_demand *d = t->gone[i] ? try_pod(t, i)->holds : NULL;
    for (size_t p = 0; d != NULL && p < d->port_count; p++)
      count += d->ports[p].host_port != 0 || d->ports[p].any;
  }
  return count;
}

static bool try_lacks_ports(const struct k8smi_try *t) {
  const struct k8smi_match_check *k = &t->check;
  for (size_t i = 0; i < k->need->port_count; i++) {
    uint16_t port = k->need->ports[i];
    bool there = k->slot != NULL && k8smi_slot_has_port(k, port);
    if (k8smi_holds_port(k->holds, k->agent_row, port) || (!there && !try_frees_port(t, port))) return true;
  }
  size_t offered = k->need->any_ports == 0 || k->slot == NULL ? 0 : k8smi_slot_ports(k);
  return k->need->any_ports > 0 && offered + try_freed_ports(t) < k->need->port_count + k->need->any_ports;
}

static int64_t try_has_extended(const struct k8smi_try *t, struct k8sm_slice mesos) {
  const struct k8smi_match_check *k = &t->check;
  int64_t has = k->slot != NULL ? k8smi_slot_has_extended(k, mesos)
                                : -k8smi_holds_extended(k->holds, k->agent_row, mesos);
  for (size_t i = 0; i < t->count; i++) {
    const struct k8sm_demand *d = t->gone[i] ? try_pod(t, i)->holds : NULL;
    for (size_t e = 0; d != NULL && e < d->extended_count; e++) {
      if (k8smi_eq(d->extended[e].mesos, mesos)) has += d->extended[e].milli;
    }
  }
  return has;
}

static bool try_frees_volume(const struct k8smi_try *t, struct k8sm_slice id) {
  for (size_t i = 0; i < t->count; i++) {
    const struct k8sm_demand *d = t->gone[i] ? try_pod(t, i)->holds : NULL;
    for (size_t v = 0; d != NULL && v < d->volume_count; v++) {
      if (k8smi_eq(d->volumes[v].row.id, id)) return true;
    }
  }
  return false;
}

static bool try_lacks_volumes(const struct k8smi_try *t) {
  const struct k8smi_need *need = t->check.need;
  for (uint64_t left = need->volumes_known; left != 0; left &= left - 1) {
    struct k8sm_slice id = need->demand->volumes[__builtin_ctzll(left)].row.id;
    if (!k8smi_slot_has_volume(&t->check, id) && !try_frees_volume(t, id)) return true;
  }
  return false;
}

/* The rows that refuse it. */
static uint64_t try_refused(const struct k8smi_try *t) {
  const struct k8smi_need *need = t->check.need;
  uint64_t refused = try_lacks_ports(t) ? K8SMI_ROW(K8SMI_BY_PORTS) : 0;
  if (refused == 0 && try_lacks_volumes(t)) refused = K8SMI_ROW(K8SMI_BY_NO_VOLUME);
  bool lacks_disks = need->of_disks != 0 && (t->check.slot == NULL || k8smi_disks_missing(&t->check) != NULL);
  if (refused == 0 && lacks_disks) refused = K8SMI_ROW(K8SMI_BY_STORAGE);
  if (refused != 0) return refused;
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    if (need->scalars[s] > 0 && t->has[s] < need->scalars[s]) refused |= K8SMI_ROW(K8SMI_BY_SCALAR + s);
  }
  for (size_t i = 0; i < need->extended_count; i++) {
    const struct k8smi_demand_extended *e = &need->demand->extended[i];
    if (try_has_extended(t, e->mesos) < e->milli) refused |= K8SMI_ROW(K8SMI_PREDICATES + i);
  }
  return refused != 0 ? refused : k8smi_check_pods(&t->check);
}

/* ---- Pods that may go ---- */

/* The more important one first: of the higher priority, then the one that runs for longer. */
static int try_order(const void *a, const void *b, const void *ctx) {
  const struct k8sm_cluster *c = ctx;
  const struct k8smi_running *x = k8smi_running_at(c, *(const uint32_t *)a);
  const struct k8smi_running *y = k8smi_running_at(c, *(const uint32_t *)b);
  if (x->priority != y->priority) return x->priority > y->priority ? -1 : 1;
  if (x->since != y->since) return x->since < y->since ? -1 : 1;
  return k8smi_cmp(x->uid, y->uid);
}

/* Those that are to be preempted already, or end, cost nothing more. False when memory ran out. */
static bool try_find_pods(struct k8smi_try *t) {
  const struct k8sm_cluster *c = t->match->cluster;
  const size_t most = t->check.agent->pods;
  t->pods = k8smi_arena_array(&t->match->scratch, most, sizeof *t->pods);
  t->gone = k8smi_arena_array(&t->match->scratch, most, sizeof *t->gone);
  if (t->pods == NULL || t->gone == NULL) return false;
  for (int ending = 0; ending < 2; ending++) {
    for (uint32_t p = t->check.agent->first_pod; p != K8SMI_ROW_NONE; p = k8smi_running_at(c, p)->next) {
      const struct k8smi_running *pod = k8smi_running_at(c, p);
      bool ends = pod->ending || pod->chosen;
      if (ends != (ending == 1) || (!ends && pod->priority >= t->check.need->demand->priority)) continue;
      t->pods[t->count++] = p;
    }
    if (ending == 0) t->victims = t->count;
  }
  k8smi_sort(t->pods, t->victims, sizeof *t->pods, try_order, c);
  return true;
}

/* What the role has there, less what those that wait have not got yet. */
static void try_measure(struct k8smi_try *t) {
  const struct k8smi_strings roles = t->check.need->demand->roles;
  const struct k8smi_holds *holds = t->check.holds;
  uint32_t slot = K8SMI_ROW_NONE;
  t->role = roles.items[0];
  for (size_t i = 0; i < roles.count && slot == K8SMI_ROW_NONE; i++) {
    slot = k8smi_slot_find(t->match->cluster, t->check.agent_row, roles.items[i]);
    if (slot != K8SMI_ROW_NONE) t->role = roles.items[i];
  }
  t->check.slot = slot == K8SMI_ROW_NONE ? NULL : k8smi_slot_at(t->match->cluster, slot);
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    t->has[s] = t->check.slot == NULL ? 0 : t->check.slot->free[s];
    for (size_t i = 0; holds != NULL && i < holds->count; i++) {
      const struct k8smi_hold *hold = &holds->items[i];
      if (hold->active && hold->agent == t->check.agent_row) t->has[s] -= hold->missing[s];
    }
  }
}

/* What all that may go hold is less than what is missing: no need to look closer. The rows that say so. */
static uint64_t try_hopeless(const struct k8smi_try *t) {
  uint64_t rows = 0;
  for (int s = 0; s < K8SMI_SCALARS; s++) {
    int64_t most = t->has[s];
    for (size_t i = 0; i < t->count; i++) most += try_pod(t, i)->held[s];
    if (t->check.need->scalars[s] > 0 && most < t->check.need->scalars[s])
      rows |= K8SMI_ROW(K8SMI_BY_SCALAR + s);
  }
  return rows;
}

/* Takes all away, and puts back what need not go. */
static int try_without(struct k8smi_try *t, uint64_t *ret_rows) {
  for (size_t i = 0; i < t->count; i++) try_take(t, i);
  *ret_rows = try_refused(t);
  bool fits = *ret_rows == 0;
  for (size_t i = 0; fits && i < t->victims; i++) {
    try_put_back(t, i);
    if (try_refused(t) != 0) try_take(t, i);
  }
  for (size_t i = 0; i < t->count; i++) {
    if (!t->gone[i]) continue;
    try_put_back(t, i);
    t->gone[i] = true; /* the answer */
  }
  if (fits) return K8SMI_TRY_FITS;
  return *ret_rows & K8SMI_ROWS_NOT_HELPED ? K8SMI_TRY_NOT_HELPFUL : K8SMI_TRY_REFUSED;
}

bool k8smi_try_agent(struct k8smi_try *t, uint32_t agent, int *ret, uint64_t *ret_rows) {
  const uint64_t of_agent = k8smi_check_agent(&t->check, agent);
  t->victims = t->count = 0;
  *ret = K8SMI_TRY_NOT_HELPFUL;
  *ret_rows = 0;
  if ((of_agent & ~K8SMI_ROW(K8SMI_BY_OFFER)) != 0) return true;
  if (!try_find_pods(t)) return false;
  *ret = K8SMI_TRY_NO_VICTIMS;
  if (t->count == 0) return true;
  try_measure(t);
  *ret_rows = try_hopeless(t);
  *ret = *ret_rows != 0 ? K8SMI_TRY_REFUSED : try_without(t, ret_rows);
  return true;
}
