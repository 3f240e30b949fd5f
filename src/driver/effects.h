/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_EFFECTS_H
#define K8SMI_DRIVER_EFFECTS_H

#include <k8smesos/driver.h>
#include "base/buf.h"

/* Effects own their rows and the bytes that rows point to; both are kept when they are emptied, so a
 * host that uses one object for all steps soon allocates nothing. */

void k8smi_effects_clear(struct k8sm_effects *effects);
/* Copies the row and all its slices in. Errors: NOMEM; nothing is added then. */
int k8smi_effects_add(struct k8sm_effects *effects, const struct k8sm_effect *row);
/* Makes room for rows with so many bytes in their slices (and one per slice), so that as many adds can't
 * fail. Errors: NOMEM. */
int k8smi_effects_reserve(struct k8sm_effects *effects, size_t rows, size_t bytes);
/* Appends all of `from` and empties it. Errors: NOMEM; both are as before then. */
int k8smi_effects_move(struct k8sm_effects *effects, struct k8sm_effects *from);
size_t k8smi_effects_count(const struct k8sm_effects *effects);

#endif
