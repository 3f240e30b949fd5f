/* SPDX-License-Identifier: Apache-2.0 */
/* What a constraint wanted and had, as text. */
#include "match/peers.h"
#include "match/texts.h"

/* "rack LIKE r[12]" */
void k8smi_wanted_rule(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const struct k8smi_instance_rule *rule =
      &check->need->rules->constraints.items[k8smi_rule_broken(check, check->rule)];
  k8smi_buf_slice(to, rule->field);
  k8smi_buf_putc(to, ' ');
  k8smi_buf_puts(to, k8smi_instance_rule_names[rule->op]);
  if (rule->value.len > 0) k8smi_buf_putc(to, ' ');
  k8smi_buf_slice(to, rule->value);
}

static void texts_put_instances(const struct k8smi_instance_rule *rule, const struct k8smi_counter *counter,
                                uint32_t there, struct k8smi_buf *to) {
  k8smi_buf_puts(to, ": ");
  k8smi_buf_u64(to, there);
  if (rule->op == K8SMI_INSTANCE_CLUSTER) {
    k8smi_buf_puts(to, " of ");
    k8smi_buf_u64(to, counter->total + counter->outside);
  }
  k8smi_buf_puts(to, " instances");
  if (rule->op != K8SMI_INSTANCE_GROUP_BY) return;
  k8smi_buf_puts(to, ", in ");
  k8smi_buf_u64(to, counter->present_count);
  k8smi_buf_puts(to, " groups of ");
  k8smi_buf_u64(to, counter->least);
  k8smi_buf_puts(to, " at least");
}

/* "rack=r3", "rack=r1: 2 instances", "rack=r1: 2 of 3 instances"; nothing without the label. */
void k8smi_had_rule(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  size_t i = k8smi_rule_broken(check, check->rule);
  const struct k8smi_instance_rule *rule = &check->need->rules->constraints.items[i];
  const struct k8smi_instance_view *view = &check->peer->rules[i];
  struct k8sm_slice value = k8smi_agent_label(check->agent, rule->label);
  uint32_t domain;
  if (value.ptr == NULL) return;
  k8smi_put_pair(to, rule->field, value);
  if (view->counter == K8SMI_ROW_NONE) return;
  const struct k8smi_counter *counter = check->peers->counters.items[view->counter];
  texts_put_instances(rule, counter, k8smi_counter_at(counter, check->agent_row, &domain), to);
}

void k8smi_remedy_rule(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "the constraint ");
  k8smi_wanted_rule(check, to);
  k8smi_buf_puts(to, " were satisfied");
}
