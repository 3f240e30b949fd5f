/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_RULES_H
#define K8SMI_DEMAND_RULES_H

/* What becomes of each field of a PodSpec: one row a field, so that none is dropped in silence. */

#include "demand/build.h"

enum k8smi_rule_policy {
  K8SMI_RULE_NONE = 0, /* no row: a mistake, which a test finds */
  K8SMI_RULE_MAPPED,   /* Mesos or the driver does it */
  K8SMI_RULE_RESOLVED, /* a value, before: of the pod itself or of data handed in */
  K8SMI_RULE_BELOW,    /* the rows of its own type decide */
  K8SMI_RULE_FREE,     /* nothing is lost without it */
  K8SMI_RULE_NOTE,     /* no effect here; worth knowing */
  K8SMI_RULE_IGNORED,  /* no effect here, and the pod may miss it: a warning */
  K8SMI_RULE_LOSS,     /* mapped with a loss: a warning */
  K8SMI_RULE_TOLD,     /* the same, where it is one: the step that maps it warns */
  K8SMI_RULE_REFUSED
};

enum k8smi_rule_when {
  K8SMI_WHEN_SET = 0, /* not the zero value of its kind */
  K8SMI_WHEN_FALSE    /* a bool that is set to false */
};

struct k8smi_rule {
  uint8_t policy;
  uint8_t when;
  const char *fine;  /* texts that are no deviation, with '|' between them; NULL: none */
  const char *words; /* to what it is mapped; why not, or what happens instead */
  const char *how;   /* to what the fine ones are mapped, for the page; NULL: nothing need be done for them */
};

/* The rows of a type, by field; NULL for types without a table of their own. */
const struct k8smi_rule *k8smi_rules_of(unsigned type);

/* Applies the rows to the whole spec: one finding for each field that is not done as asked. */
void k8smi_demand_check_rules(struct k8smi_demand_build *b);

#endif
