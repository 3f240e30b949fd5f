/* SPDX-License-Identifier: Apache-2.0 */
/* What a predicate about other pods wanted and had, as text. */
#include "match/peers.h"
#include "match/texts.h"

static const struct k8smi_spread_term *texts_spread_term(const struct k8smi_match_check *check, size_t *ret) {
  (void)k8smi_spread_verdict(check, ret);
  return &check->need->rules->spread.items[*ret];
}

void k8smi_wanted_spread(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  size_t i;
  const struct k8smi_spread_term *term = texts_spread_term(check, &i);
  k8smi_buf_puts(to, "skew of at most ");
  k8smi_buf_i64(to, term->max_skew);
  k8smi_buf_puts(to, " over ");
  k8smi_buf_slice(to, term->pods.topology);
}

/* "3 of 1 at least in topology.kubernetes.io/zone=z1" */
void k8smi_had_spread(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  size_t i;
  uint32_t domain;
  const struct k8smi_spread_term *term = texts_spread_term(check, &i);
  const struct k8smi_counter *counter = check->peers->counters.items[check->peer->spread[i]];
  k8smi_buf_u64(to, k8smi_counter_at(counter, check->agent_row, &domain));
  k8smi_buf_puts(to, " pods in ");
  k8smi_put_pair(to, term->pods.topology, k8smi_agent_label(check->agent, term->pods.topology));
  k8smi_buf_puts(to, ", ");
  k8smi_buf_u64(to, k8smi_spread_least(counter, term));
  k8smi_buf_puts(to, " at least elsewhere");
}

/* "app in (db) by topology.kubernetes.io/zone" */
static void texts_term(const struct k8smi_pod_term *term, struct k8smi_buf *to) {
  if (term->selector.nothing) {
    k8smi_buf_puts(to, "nothing");
  } else if (term->selector.expressions.count == 0) {
    k8smi_buf_puts(to, "any");
  }
  for (size_t i = 0; i < term->selector.expressions.count; i++) {
    if (i > 0) k8smi_buf_putc(to, ',');
    k8smi_expression_put(to, &term->selector.expressions.items[i]);
  }
  k8smi_buf_puts(to, " by ");
  k8smi_buf_slice(to, term->topology);
}

static void texts_pods_there(const struct k8smi_match_check *check, const struct k8smi_counter *counter,
                             struct k8smi_buf *to) {
  uint32_t domain, there = k8smi_counter_at(counter, check->agent_row, &domain);
  struct k8sm_slice key = counter->topology->key;
  if (domain == K8SMI_ROW_NONE) return; /* it has no such label */
  k8smi_buf_u64(to, there);
  k8smi_buf_puts(to, " pods in ");
  k8smi_put_pair(to, key, k8smi_agent_label(check->agent, key));
}

void k8smi_wanted_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "pods ");
  texts_term(&check->need->rules->affinity.items[k8smi_affinity_unmet(check)], to);
}

void k8smi_had_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  uint32_t number = check->peer->affinity[k8smi_affinity_unmet(check)];
  texts_pods_there(check, check->peers->counters.items[number], to);
}

void k8smi_wanted_anti_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "no pods ");
  texts_term(&check->need->rules->anti_affinity.items[k8smi_anti_affinity_met(check)], to);
}

void k8smi_had_anti_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  uint32_t number = check->peer->anti[k8smi_anti_affinity_met(check)];
  texts_pods_there(check, check->peers->counters.items[number], to);
}

void k8smi_wanted_not_shunned(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "no pods that want no ");
  texts_term(k8smi_shunned_by(check)->terms, to);
}

void k8smi_had_shunned(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  texts_pods_there(check, k8smi_shunned_by(check), to);
}

void k8smi_wanted_alone(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, check->need->rules->exclusive ? "an agent without pods"
                                                   : "no pod that wants its agent alone");
}

void k8smi_had_pods(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_u64(to, check->peers->occupants[check->agent_row]);
  k8smi_buf_puts(to, " pods");
}
