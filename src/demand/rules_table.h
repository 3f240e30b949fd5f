/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_RULES_TABLE_H
#define K8SMI_DEMAND_RULES_TABLE_H

/* How the rows of the tables are written. Each has words, to what a field is mapped, or why not; those of
 * BELOW may be left to its own rows. */

#include "demand/rules.h"

#define RULE_HOW(words)                                                                                      \
  { K8SMI_RULE_MAPPED, 0, NULL, words }
#define RULE_BELOW                                                                                           \
  { K8SMI_RULE_BELOW, 0, NULL, NULL }
#define RULE_BELOW_AS(words)                                                                                 \
  { K8SMI_RULE_BELOW, 0, NULL, words }
#define RULE_FREE(words)                                                                                     \
  { K8SMI_RULE_FREE, 0, NULL, words }
#define RULE_RESOLVED(words)                                                                                 \
  { K8SMI_RULE_RESOLVED, 0, NULL, words }
#define RULE_NOTE(words)                                                                                     \
  { K8SMI_RULE_NOTE, 0, NULL, words }
#define RULE_IGNORED(words)                                                                                  \
  { K8SMI_RULE_IGNORED, 0, NULL, words }
#define RULE_LOSS(words)                                                                                     \
  { K8SMI_RULE_LOSS, 0, NULL, words }
#define RULE_TOLD(words)                                                                                     \
  { K8SMI_RULE_TOLD, 0, NULL, words }
#define RULE_REFUSED(words)                                                                                  \
  { K8SMI_RULE_REFUSED, 0, NULL, words }
#define RULE_UNLESS(policy, fine, words)                                                                     \
  { K8SMI_RULE_##policy, 0, fine, words }
#define RULE_UNLESS_AS(policy, fine, how, words)                                                             \
  { K8SMI_RULE_##policy, 0, fine, words, how }
#define RULE_FALSE(policy, words)                                                                            \
  { K8SMI_RULE_##policy, K8SMI_WHEN_FALSE, NULL, words }

/* Those of volumes and claims; NULL for other types. */
const struct k8smi_rule *k8smi_volume_rules_of(unsigned type);

#endif
