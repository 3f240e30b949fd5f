/* SPDX-License-Identifier: Apache-2.0 */
/* What is of use to wants: offers, and the constraints of other wants. */
#include "want/want.h"

#define USE_IDLE_SECONDS     3600.0
#define USE_UNSUITED_SECONDS 5.0

static const struct k8smi_wanted_role *use_role(const struct k8sm_wants *wants, struct k8sm_slice name) {
  for (size_t i = 0; i < wants->role_count; i++) {
    if (k8smi_eq(wants->roles[i].name, name)) return &wants->roles[i];
  }
  return NULL;
}

/* True if `a` asks for no more than `b` does: all its constraints are among b's. Both are sorted. */
static bool use_group_within(const struct k8smi_group *a, const struct k8smi_group *b) {
  size_t at = 0;
  for (size_t i = 0; i < a->count; i++) {
    while (at < b->count && k8smi_constraint_compare(&b->items[at], &a->items[i]) < 0) at++;
    if (at == b->count || k8smi_constraint_compare(&b->items[at], &a->items[i]) != 0) return false;
  }
  return true;
}

static bool use_group_covered(const struct k8smi_group *group, const struct k8smi_wanted_role *by) {
  for (size_t i = 0; i < by->groups.count; i++) {
    if (use_group_within(&by->groups.items[i], group)) return true;
  }
  return false;
}

static bool use_role_covered(const struct k8smi_wanted_role *role, const struct k8smi_wanted_role *by) {
  bool covered = by == NULL || by->any || by->groups.count == 0 || role->wants == 0;
  if (covered || role->any) return covered;
  covered = true;
  for (size_t i = 0; covered && i < role->groups.count; i++) {
    covered = use_group_covered(&role->groups.items[i], by);
  }
  return covered;
}

int k8sm_wants_covered(const struct k8sm_wants *wants, const struct k8sm_wants *current) {
  for (size_t i = 0; i < wants->role_count; i++) {
    if (!use_role_covered(&wants->roles[i], use_role(current, wants->roles[i].name))) return 0;
  }
  return 1;
}

int k8sm_wants_offer(const struct k8sm_wants *wants, const struct k8sm_cluster *cluster,
                     struct k8sm_slice offer_id, uint64_t *ret_at_mono_ms) {
  uint32_t row = k8smi_held_find(cluster, offer_id);
  const struct k8smi_offer *offer = row == K8SMI_MAP_NONE ? NULL : k8smi_held_at(cluster, row)->offer;
  const struct k8smi_wanted_role *role = offer == NULL ? NULL : use_role(wants, offer->role);
  uint64_t at = UINT64_MAX;
  if (role == NULL || role->wants == 0) return 0;
  if (role->any) at = role->at_mono_ms;
  for (size_t i = 0; i < role->groups.count; i++) {
    const struct k8smi_group *group = &role->groups.items[i];
    if (group->at_mono_ms < at && k8smi_group_holds(group, offer->message)) at = group->at_mono_ms;
  }
  if (at == UINT64_MAX) return 0;
  if (ret_at_mono_ms != NULL) *ret_at_mono_ms = at;
  return 1;
}

double k8sm_wants_refuse_seconds(const struct k8sm_wants *wants, const struct k8sm_cluster *cluster,
                                 struct k8sm_slice offer_id, uint64_t mono_ms,
                                 const struct k8sm_refuse *refuse) {
  uint64_t at = 0;
  bool used = k8sm_wants_offer(wants, cluster, offer_id, &at) != 0;
  double idle = refuse == NULL || refuse->idle == 0 ? USE_IDLE_SECONDS : refuse->idle;
  double unsuited = refuse == NULL || refuse->unsuited == 0 ? USE_UNSUITED_SECONDS : refuse->unsuited;
  if (used && at <= mono_ms) return unsuited;
  double until = used ? (double)(at - mono_ms) / 1000 : idle;
  return until < idle ? until : idle;
}
