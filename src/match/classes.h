/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_CLASSES_H
#define K8SMI_MATCH_CLASSES_H

#include "cluster/answers.h"
#include "match/predicates.h"

/* Pods that every agent refuses or takes alike, for what it is, are a class: each agent is asked once for all
 * of them. What was answered is the cluster's, for the next match. Answers are numbers of rows. */

struct k8smi_classes {
  struct k8sm_cluster *cluster;
  struct k8smi_arena *scratch;
};

/* The answers to a pod, all agents asked if need be (*ret_new: they were); NULL if they need not be. False
 * when memory ran out. */
bool k8smi_class_ask(struct k8smi_classes *classes, const struct k8smi_match_check *check,
                     const struct k8smi_answers **ret, bool *ret_new);

#endif
