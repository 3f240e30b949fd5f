/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_MATCH_H
#define K8SMI_MATCH_MATCH_H

#include "match/classes.h"
#include "match/peers.h"
#include "match/summary.h"

/* A match under way. */

struct k8smi_refused {
  struct k8smi_refused *next;
  uint32_t demand;
  struct k8smi_histogram histogram;
};

struct k8smi_match {
  struct k8sm_cluster *cluster;
  struct k8sm_plan *plan;
  struct k8smi_arena scratch;
  struct k8sm_match_options options;
  struct k8smi_classes classes;
  struct k8smi_peers peers;
  struct k8smi_pool *pools;    /* slots that are spent from: to be put back */
  struct k8smi_pool **pool_of; /* by placement */
  struct k8smi_refused *refused, **last_refused;
};

/* seek.c: the slot for a pod; K8SMI_ROW_NONE: it fits nowhere. */
uint32_t k8smi_match_seek(struct k8smi_match *match, struct k8smi_match_check *check);

/* finish.c: what can be said only at the end: which offers are spent from, and the refusals in words.
 * False when memory ran out. */
bool k8smi_match_finish(struct k8smi_match *match);

/* Copies the options in and checks them. Errors: ABI, INVALID. */
int k8smi_match_options_read(struct k8sm_match_options *ret, const struct k8sm_match_options *options,
                             struct k8sm_diags *diags);

#endif
