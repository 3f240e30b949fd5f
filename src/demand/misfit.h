/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_MISFIT_H
#define K8SMI_DEMAND_MISFIT_H

#include <stddef.h>

/* What a command task can't have, and why; `docker`: beside that, of the Docker containerizer. NULL: there
 * are no more. */
struct k8smi_misfit {
  const char *field, *why;
};
const struct k8smi_misfit *k8smi_demand_misfit(int docker, size_t i);

#endif
