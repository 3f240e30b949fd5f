/* SPDX-License-Identifier: Apache-2.0 */
/* What would have to be otherwise for a pod to fit: a column of the predicate table. */
#include "cluster/features.h"
#include "match/peers.h"
#include "match/texts.h"
#include "wire/number.h"

void k8smi_remedy_gates(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "it had no scheduling gate ");
  k8smi_had_gates(check, to);
}

void k8smi_remedy_agent(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  k8smi_buf_puts(to, "its executor ran there");
}

void k8smi_remedy_unschedulable(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  k8smi_buf_puts(to, "that were schedulable");
}

void k8smi_remedy_name(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "it named that node and not ");
  k8smi_wanted_name(check, to);
}

void k8smi_remedy_taint(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "it tolerated ");
  k8smi_had_taint(check, to);
}

void k8smi_remedy_selector(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "it did not select ");
  k8smi_wanted_selector(check, to);
}

void k8smi_remedy_window(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "that had no ");
  k8smi_had_window(check, to);
}

/* The features that are missing alone. */
void k8smi_remedy_features(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "that had ");
  k8smi_put_features(to, check->need->demand->features & ~check->agent->features);
}

void k8smi_remedy_volume(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "that had volume ");
  k8smi_buf_slice(to, k8smi_volume_elsewhere(check)->row.id);
}

void k8smi_remedy_volume_offer(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_wanted_volume_offer(check, to);
  k8smi_buf_puts(to, " were offered");
}

void k8smi_remedy_offer(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  (void)check;
  k8smi_buf_puts(to, "that had an offer");
}

void k8smi_remedy_role(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "it could use role ");
  k8smi_buf_slice(to,
                  k8smi_role_at(check->cluster, check->slot->role)->name); /* of the one that is nearest */
}

void k8smi_remedy_ports(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  uint16_t missing = k8smi_missing_port(check);
  if (missing == 0) {
    k8smi_buf_puts(to, "it asked for fewer ports");
    return;
  }
  k8smi_buf_puts(to, "host port ");
  k8smi_buf_u64(to, missing);
  k8smi_buf_puts(to, " were free");
}

static void remedy_scalar(const struct k8smi_match_check *check, uint32_t scalar, const char *unit,
                          struct k8smi_buf *to) {
  k8smi_buf_puts(to, "it asked for at most ");
  k8smi_put_milli(to, k8smi_slot_has(check, scalar));
  k8smi_buf_puts(to, unit);
}

void k8smi_remedy_cpus(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  remedy_scalar(check, K8SMI_CPUS, " cpus", to);
}

void k8smi_remedy_mem(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  remedy_scalar(check, K8SMI_MEM, " MB of memory", to);
}

void k8smi_remedy_disk(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  remedy_scalar(check, K8SMI_DISK, " MB of disk", to);
}

void k8smi_remedy_label(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  size_t term = 0;
  (void)k8smi_spread_verdict(check, &term);
  k8smi_buf_puts(to, "that had the label ");
  k8smi_buf_slice(to, check->need->rules->spread.items[term].pods.topology);
}

void k8smi_remedy_spread(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  size_t term = 0;
  (void)k8smi_spread_verdict(check, &term);
  k8smi_buf_puts(to, "it allowed more skew over ");
  k8smi_buf_slice(to, check->need->rules->spread.items[term].pods.topology);
}

void k8smi_remedy_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "there were ");
  k8smi_wanted_affinity(check, to);
}

void k8smi_remedy_anti_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "there were ");
  k8smi_wanted_anti_affinity(check, to);
}

void k8smi_remedy_shunned(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "there were ");
  k8smi_wanted_not_shunned(check, to);
}

void k8smi_remedy_alone(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "that were ");
  k8smi_wanted_alone(check, to);
}

void k8smi_remedy_extended(const struct k8smi_match_check *check, struct k8smi_buf *to) {
  k8smi_buf_puts(to, "it asked for at most ");
  k8smi_had_extended(check, to);
  k8smi_buf_putc(to, ' ');
  k8smi_buf_slice(to, check->extended->name);
}
