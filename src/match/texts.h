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

#endif
