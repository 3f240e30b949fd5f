/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_TEXTS_H
#define K8SMI_MATCH_TEXTS_H

#include "match/predicates.h"

/* What a predicate wanted and what the agent had, as text: two columns of the predicate table. None
 * depends on the order in which offers came. */
void k8smi_wanted_agent(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_agent(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_name(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_hostname(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_selector(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_selector(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_no_gates(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_gates(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_schedulable(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_unschedulable(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_no_taint(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_taint(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_time(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_window(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_features(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_features(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_volume(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_volume_offer(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_volume(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_volume_offer(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_offer(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_nothing(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_roles(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_roles(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_ports(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_ports(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_cpus(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_cpus(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_mem(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_mem(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_disk(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_disk(const struct k8smi_match_check *check, struct k8smi_buf *to);

void k8smi_wanted_extended(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_extended(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_extended(const struct k8smi_match_check *check, struct k8smi_buf *to);

/* texts_pods.c: the same of those that are about other pods. */
void k8smi_wanted_spread(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_spread(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_anti_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_anti_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_not_shunned(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_wanted_alone(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_pods(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_shunned(const struct k8smi_match_check *check, struct k8smi_buf *to);

/* texts_rules.c: of constraints. */
void k8smi_wanted_rule(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_rule(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_rule(const struct k8smi_match_check *check, struct k8smi_buf *to);

/* reservation.c */
void k8smi_wanted_reservation(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_reservation(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_reservation(const struct k8smi_match_check *check, struct k8smi_buf *to);

/* disks.c */
void k8smi_wanted_storage(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_had_storage(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_storage(const struct k8smi_match_check *check, struct k8smi_buf *to);

/* remedies.c: what would have to be otherwise, behind "fits AGENT if ". */
void k8smi_remedy_gates(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_agent(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_unschedulable(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_name(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_taint(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_selector(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_window(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_features(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_role(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_ports(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_cpus(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_mem(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_disk(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_spread(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_anti_affinity(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_shunned(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_alone(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_label(const struct k8smi_match_check *check, struct k8smi_buf *to);
void k8smi_remedy_offer(const struct k8smi_match_check *check, struct k8smi_buf *to);

/* "key=value". */
void k8smi_put_pair(struct k8smi_buf *to, struct k8sm_slice key, struct k8sm_slice value);

#endif
