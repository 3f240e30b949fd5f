/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CALL_FRAMEWORK_H
#define K8SMI_CALL_FRAMEWORK_H

#include <k8smesos/task.h>
#include "wire/mesos.h"

/* What a framework tells of itself, with the capabilities that this library lives up to.
 * `id` is empty before the first subscription. Errors: INVALID, ABI, NOMEM. */
int k8smi_framework_info(struct k8smi_arena *arena, const struct k8sm_framework *framework,
                         struct k8sm_slice id, K8smMesos__FrameworkInfo **ret, struct k8sm_diags *diags);

#endif
