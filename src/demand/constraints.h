/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_CONSTRAINTS_H
#define K8SMI_DEMAND_CONSTRAINTS_H

/* Constraints as Marathon has them, from an annotation: over a property of agents, and how the instances of
 * an application are to lie in it. https://mesosphere.github.io/marathon/docs/constraints.html */

#include "demand/selector.h"
#include "wire/regex.h"

#define K8SMI_ANNOTATION_CONSTRAINTS "k8s.mesosphere.io/constraints"

enum {
  K8SMI_INSTANCE_IS = 0,
  K8SMI_INSTANCE_LIKE,
  K8SMI_INSTANCE_UNLIKE,
  K8SMI_INSTANCE_CLUSTER,
  K8SMI_INSTANCE_UNIQUE,
  K8SMI_INSTANCE_GROUP_BY,
  K8SMI_INSTANCE_MAX_PER,
  K8SMI_INSTANCE_RULES
};
extern const char *const k8smi_instance_rule_names[K8SMI_INSTANCE_RULES]; /* "IS" and so on */

struct k8smi_instance_rule {
  uint32_t op;             /* K8SMI_INSTANCE_* */
  uint32_t number;         /* GROUP_BY: the least number of groups, 0: as many as there are; MAX_PER */
  struct k8sm_slice field; /* as it is written */
  struct k8sm_slice label; /* the key of the node label that the field is */
  struct k8sm_slice value; /* as it is written; empty: none */
  const struct k8smi_regex *regex; /* LIKE, UNLIKE */
  struct k8smi_strings texts;      /* LIKE, UNLIKE: all that the expression matches; none: too many to say */
};

/* All must hold. */
struct k8smi_instance_rules {
  const struct k8smi_instance_rule *items;
  size_t count;
  size_t of_pods;         /* how many look at other pods: from CLUSTER on */
  struct k8sm_slice text; /* of the annotation */
};

#endif
