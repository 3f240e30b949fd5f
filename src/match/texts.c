/* SPDX-License-Identifier: Apache-2.0 */
#include "match/texts.h"
#include "cluster/features.h"
#include "cluster/volumes.h"
#include "wire/number.h"

void k8smi_wanted_agent(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_slice(to, check->need->demand->agent_id);
}

void k8smi_had_agent(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_slice(to, check->agent->id);
}

void k8smi_wanted_name(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_slice(to, check->need->demand->node_name);
}

void k8smi_had_hostname(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_slice(to, k8smi_hostname(check->agent->labels));
}

void k8smi_put_pair(struct k8smi_buf *to, struct k8sm_slice key, struct k8sm_slice value) {
  k8smi_buf_slice(to, key);
  k8smi_buf_putc(to, '=');
  k8smi_buf_slice(to, value);
}

/* The selector's first pair that is missing; else of each term of the affinity what does not hold. */
void k8smi_wanted_selector(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const struct k8smi_pair *pair = k8smi_selector_mismatch(check);
  const struct k8smi_node_terms terms = check->need->rules->nodes;
  if (pair != NULL) {
    k8smi_put_pair(to, pair->key, pair->value);
    return;
  }
  for (size_t i = 0; i < terms.count; i++) {
    if (i > 0) k8smi_buf_puts(to, " or ");
    k8smi_expression_put(to, k8smi_node_term_mismatch(check->agent, &terms.items[i]));
  }
  if (terms.count == 0) k8smi_buf_puts(to, "no node at all");
}

static void texts_label(const struct k8smi_match_check *check, struct k8sm_slice key, struct k8smi_buf *to,
                        const char *before) {
  struct k8sm_slice value = k8smi_eqs(key, "metadata.name") ? k8smi_hostname(check->agent->labels)
                                                            : k8smi_agent_label(check->agent, key);
  if (value.ptr == NULL) return;
  k8smi_buf_puts(to, before);
  k8smi_put_pair(to, key, value);
}

void k8smi_had_selector(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const struct k8smi_pair *pair = k8smi_selector_mismatch(check);
  const struct k8smi_node_terms terms = check->need->rules->nodes;
  size_t start = to->len;
  if (pair != NULL) {
    texts_label(check, pair->key, to, "");
    return;
  }
  for (size_t i = 0; i < terms.count; i++) {
    struct k8sm_slice key = k8smi_node_term_mismatch(check->agent, &terms.items[i])->key;
    texts_label(check, key, to, to->len > start ? "," : "");
  }
}

void k8smi_wanted_no_gates(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  k8smi_buf_puts(to, "no scheduling gates");
}

void k8smi_had_gates(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_strings_put(to, check->need->rules->gates);
}

void k8smi_wanted_schedulable(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  k8smi_buf_puts(to, "schedulable");
}

void k8smi_had_unschedulable(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  k8smi_buf_puts(to, "unschedulable");
}

void k8smi_wanted_no_taint(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  k8smi_buf_puts(to, "no taint that the pod does not tolerate");
}

void k8smi_had_taint(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const struct k8smi_taint *taint = k8smi_untolerated_taint(check->agent, check->need->rules);
  k8smi_buf_slice(to, taint->key);
  if (taint->value.len > 0) k8smi_buf_putc(to, '=');
  k8smi_buf_slice(to, taint->value);
  k8smi_buf_putc(to, ':');
  k8smi_buf_puts(to, k8smi_effect_name(taint->effect));
}

void k8smi_wanted_time(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "no maintenance before ");
  k8smi_put_time(to, check->need->until_ms);
}

void k8smi_had_window(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "maintenance from ");
  k8smi_put_time(to, k8smi_label_set_window(check->agent->labels->set).from_ms);
}

void k8smi_wanted_features(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_features(to, check->need->demand->features);
}

void k8smi_had_features(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_features(to, check->agent->features);
}

/* "volume default.data on b.example" */
void k8smi_wanted_volume(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  struct k8sm_slice id = k8smi_volume_elsewhere(check)->row.id;
  const struct k8smi_agent *agent = k8smi_agent_at(check->cluster, k8smi_volume_agent(check->cluster, id));
  k8smi_buf_puts(to, "volume ");
  k8smi_buf_slice(to, id);
  k8smi_buf_puts(to, " on ");
  k8smi_buf_slice(to, agent->labels == NULL ? agent->id : k8smi_hostname(agent->labels));
}

void k8smi_wanted_volume_offer(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "volume ");
  k8smi_buf_slice(to, k8smi_volume_not_offered(check)->row.id);
}

void k8smi_wanted_offer(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  k8smi_buf_puts(to, "an offer");
}

void k8smi_had_nothing(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  (void)to;
}

void k8smi_wanted_roles(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_strings_put(to, check->need->demand->roles);
}

/* The least of the agent's roles behind `after`; ptr NULL: none. */
static struct k8sm_slice texts_next_role(const struct k8smi_match_check *check, struct k8sm_slice after) {
  struct k8sm_slice next = {NULL, 0};
  for (uint32_t row = check->agent->first_slot; row != K8SMI_ROW_NONE;
       row = k8smi_slot_at(check->cluster, row)->next) {
    struct k8sm_slice name = k8smi_role_at(check->cluster, k8smi_slot_at(check->cluster, row)->role)->name;
    if (after.ptr != NULL && k8smi_cmp(name, after) <= 0) continue;
    if (next.ptr == NULL || k8smi_cmp(name, next) < 0) next = name;
  }
  return next;
}

void k8smi_had_roles(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const struct k8sm_slice none = {NULL, 0};
  struct k8sm_slice first = texts_next_role(check, none);
  for (struct k8sm_slice role = first; role.ptr != NULL; role = texts_next_role(check, role)) {
    if (role.ptr != first.ptr) k8smi_buf_putc(to, ',');
    k8smi_buf_slice(to, role);
  }
}

void k8smi_wanted_ports(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  for (size_t i = 0; i < check->need->port_count; i++) {
    if (i > 0) k8smi_buf_putc(to, ',');
    k8smi_buf_u64(to, check->need->ports[i]);
  }
  if (check->need->any_ports == 0) return;
  if (check->need->port_count > 0) k8smi_buf_puts(to, " and ");
  k8smi_buf_puts(to, "any ");
  k8smi_buf_u64(to, check->need->any_ports);
}

/* All ports that were asked and are offered: the others are what is missing. */
void k8smi_had_ports(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  const char *before = "";
  for (size_t i = 0; i < check->need->port_count; i++) {
    struct k8smi_need one = *check->need;
    struct k8smi_match_check of_one = *check;
    one.ports = &check->need->ports[i];
    one.port_count = 1;
    of_one.need = &one;
    if (k8smi_missing_port(&of_one) != 0) continue;
    k8smi_buf_puts(to, before);
    k8smi_buf_u64(to, check->need->ports[i]);
    before = ",";
  }
  if (check->need->any_ports == 0) return;
  k8smi_buf_puts(to, before[0] == '\0' ? "" : " of ");
  k8smi_buf_u64(to, k8smi_slot_ports(check));
}

void k8smi_wanted_cpus(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_milli(to, check->need->scalars[K8SMI_CPUS]);
}

void k8smi_had_cpus(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_milli(to, k8smi_slot_has(check, K8SMI_CPUS));
}

void k8smi_wanted_mem(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_milli(to, check->need->scalars[K8SMI_MEM]);
}

void k8smi_had_mem(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_milli(to, k8smi_slot_has(check, K8SMI_MEM));
}

void k8smi_wanted_disk(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_milli(to, check->need->scalars[K8SMI_DISK]);
}

void k8smi_had_disk(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_milli(to, k8smi_slot_has(check, K8SMI_DISK));
}

void k8smi_wanted_extended(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_milli(to, check->extended->milli);
}

void k8smi_had_extended(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_put_milli(to, k8smi_slot_has_extended(check, check->extended->mesos));
}
