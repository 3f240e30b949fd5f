/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_SCORE_H
#define K8SMI_MATCH_SCORE_H

#include "match/match.h"

/* Scores: one row each. All are integers, so that a plan is the same on every machine.
 * https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins */

/* A slot where a pod fits, and how good it is there. */
struct k8smi_candidate {
  uint32_t slot;
  uint32_t agent;
  int64_t scores[K8SMI_SCORES]; /* raw; then from 0 to 100 */
  int64_t total;
};

/* True if scores decide where the pod goes: not the strategy alone. */
bool k8smi_score_decides(const struct k8smi_match *match, const struct k8smi_match_check *check);

/* Scores candidates, of which there are some, and says which is the best. */
size_t k8smi_score_best(struct k8smi_match *match, struct k8smi_match_check *check,
                        struct k8smi_candidate *candidates, size_t count);

/* How much of an agent is in use with the pod there. */
struct k8smi_use k8smi_use_of(const struct k8sm_cluster *cluster, const struct k8smi_need *need,
                              uint32_t agent);

/* True if a score matters to the pod. */
bool k8smi_score_counts(const struct k8smi_match *match, const struct k8smi_match_check *check, int score);
/* The weight of a score, as the options have it; 0: none. */
uint32_t k8smi_score_weight(const struct k8smi_match *match, int score);
/* What the required affinity of a pod near an agent is worth to those that it selects; 0: nothing. */
int64_t k8smi_score_hard_affinity(const struct k8sm_match_options *options);
extern const char *const k8smi_score_names[K8SMI_SCORES];

#endif
