/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_PREEMPT_H
#define K8SMI_MATCH_PREEMPT_H

#include "match/match.h"

/* What an agent would be without some of the pods that run there. */
struct k8smi_try {
  struct k8smi_match *match;
  struct k8smi_match_check check; /* of the pod that has no place, at the agent */
  struct k8sm_slice role;         /* that it would use there */
  int64_t has[K8SMI_SCALARS];     /* of it, without those that are gone */
  uint32_t *pods;                 /* all that may go, the most important first; behind them those that end */
  bool *gone;                     /* by these */
  size_t victims;                 /* how many may go */
  size_t count;                   /* with those that end */
};

enum { K8SMI_TRY_FITS = 0, K8SMI_TRY_NOT_HELPFUL, K8SMI_TRY_NO_VICTIMS, K8SMI_TRY_REFUSED };

/* preempt_try.c: takes away all pods that are less important than the one that has no place, and puts back as
 * many as possible, the most important first. FITS: those that are still gone among the first `victims` are
 * to end. REFUSED: *ret_rows say why. False when memory ran out. */
bool k8smi_try_agent(struct k8smi_try *t, uint32_t agent, int *ret, uint64_t *ret_rows);

#endif
