/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_PLACEMENT_PRIVATE_H
#define K8SMI_DEMAND_PLACEMENT_PRIVATE_H

#include "demand/build.h"

/* placement_selector.c: the expressions of a list of requirements (of nodes or of labels). False, beside
 * without memory, if one of them can never hold. */
bool k8smi_placement_expressions(struct k8smi_demand_build *b, struct k8smi_list list,
                                 struct k8smi_expressions *ret);
/* A LabelSelector; NULL selects nothing. `with` and `without`: keys of the pod's own labels whose values are
 * to be matched, or not to be. */
struct k8smi_selector k8smi_placement_selector(struct k8smi_demand_build *b,
                                               const struct k8smi_record *selector, struct k8smi_list with,
                                               struct k8smi_list without);

/* Canonical bytes: equal if what was written is. */
void k8smi_placement_put_text(struct k8smi_buf *to, struct k8sm_slice text);
void k8smi_placement_put_number(struct k8smi_buf *to, int64_t number);
void k8smi_placement_put_expressions(struct k8smi_buf *to, struct k8smi_expressions expressions);

/* placement_annotations.c: groups, and being alone. */
bool k8smi_placement_is_annotated(const struct k8smi_demand_build *b);
void k8smi_placement_annotated(struct k8smi_demand_build *b, struct k8smi_placement_rules *rules);

/* constraints.c: those of an annotation's text. Findings are below its path. */
void k8smi_placement_constraints(struct k8smi_demand_build *b, struct k8sm_slice text,
                                 const struct k8smi_path *path, struct k8smi_instance_rules *ret);

/* placement_nodes.c, placement_pods.c: their parts of the rules, and of the keys. */
void k8smi_placement_put_nodes(struct k8smi_buf *to, const struct k8sm_demand *demand,
                               const struct k8smi_placement_rules *rules);
void k8smi_placement_put_pods(struct k8smi_buf *to, const struct k8smi_placement_rules *rules);
void k8smi_placement_nodes(struct k8smi_demand_build *b, struct k8smi_placement_rules *rules);
void k8smi_placement_pods(struct k8smi_demand_build *b, struct k8smi_placement_rules *rules);

#endif
