/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_WORDS_H
#define K8SMI_DRIVER_WORDS_H

#include "driver/pods.h"

/* EVENT effects about a pod, in the words of `kubectl describe`: what differs between two of its statuses, or
 * what differs of what their PodStatus does not show. Errors: NOMEM. */
int k8smi_drv_words_of_change(struct drv_core *core, const struct drv_pod *pod,
                              const struct k8sm_status *from, const struct k8sm_status *to, bool shows_same);

#endif
