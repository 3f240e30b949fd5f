/* SPDX-License-Identifier: Apache-2.0 */
/* What the predicates about other pods, and the texts about them, look up.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
#include "match/peers.h"

static const struct k8smi_counter *look_counter(const struct k8smi_match_check *check, uint32_t number) {
  return check->peers->counters.items[number];
}

uint32_t k8smi_spread_least(const struct k8smi_counter *counter, const struct k8smi_spread_term *term) {
  return term->min_domains > 0 && counter->present_count < (uint32_t)term->min_domains ? 0 : counter->least;
}

int k8smi_spread_verdict(const struct k8smi_match_check *check, size_t *ret_term) {
  const struct k8smi_spread_terms spread = check->need->rules->spread;
  for (size_t i = 0; i < spread.count; i++) {
    const struct k8smi_spread_term *term = &spread.items[i];
    const struct k8smi_counter *counter = look_counter(check, check->peer->spread[i]);
    uint32_t domain;
    if (term->soft) continue;
    *ret_term = i;
    int64_t there = k8smi_counter_at(counter, check->agent_row, &domain);
    if (domain == K8SMI_ROW_NONE) return K8SMI_SPREAD_NO_LABEL;
    if (there + term->self - k8smi_spread_least(counter, term) > term->max_skew) return K8SMI_SPREAD_SKEWED;
  }
  return K8SMI_SPREAD_FITS;
}

/* The first pod of a group that wants its like near it: there are none yet, and it is one itself. */
static bool look_is_first(const struct k8smi_match_check *check) {
  const struct k8smi_pod_terms terms = check->need->rules->affinity;
  for (size_t i = 0; i < terms.count; i++) {
    if (look_counter(check, check->peer->affinity[i])->total > 0) return false;
  }
  return check->peer->self;
}

size_t k8smi_affinity_unmet(const struct k8smi_match_check *check) {
  const struct k8smi_pod_terms terms = check->need->rules->affinity;
  size_t unmet = SIZE_MAX;
  for (size_t i = 0; i < terms.count; i++) {
    uint32_t domain;
    uint32_t there =
        k8smi_counter_at(look_counter(check, check->peer->affinity[i]), check->agent_row, &domain);
    if (domain == K8SMI_ROW_NONE) return i;
    if (there == 0 && unmet == SIZE_MAX) unmet = i;
  }
  return unmet != SIZE_MAX && look_is_first(check) ? SIZE_MAX : unmet;
}

size_t k8smi_anti_affinity_met(const struct k8smi_match_check *check) {
  const struct k8smi_pod_terms terms = check->need->rules->anti_affinity;
  for (size_t i = 0; i < terms.count; i++) {
    uint32_t domain;
    if (k8smi_counter_at(look_counter(check, check->peer->anti[i]), check->agent_row, &domain) > 0) return i;
  }
  return SIZE_MAX;
}

const struct k8smi_counter *k8smi_shunned_by(const struct k8smi_match_check *check) {
  for (size_t i = 0; i < check->peer->shunned_count; i++) {
    const struct k8smi_counter *counter = look_counter(check, check->peer->shunned[i]);
    uint32_t domain;
    if (k8smi_counter_at(counter, check->agent_row, &domain) > 0) return counter;
  }
  return NULL;
}

bool k8smi_is_excluded(const struct k8smi_match_check *check) {
  const struct k8smi_peers *peers = check->peers;
  if (peers->occupants == NULL) return false;
  bool other = peers->occupants[check->agent_row] > 0;
  return other && (check->need->rules->exclusive || peers->alone[check->agent_row] > 0);
}
