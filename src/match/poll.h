/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_POLL_H
#define K8SMI_MATCH_POLL_H

#include "cluster/answers.h"
#include "match/predicates.h"

/* All agents asked what they answer to a pod for what they are, 64 at a time: what their columns say is asked
 * once for each value that the pod names, and only where that does not decide is an agent asked by itself. */

/* For the rows of the answers. False when memory ran out. */
bool k8smi_poll_agents(struct k8smi_arena *scratch, const struct k8smi_match_check *check,
                       struct k8smi_answers *ret);

#endif
