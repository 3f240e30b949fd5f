/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_MODELS_H
#define K8SMI_DRIVER_MODELS_H

/* Pods that others are like: replicas of one template are packed as what is another in them than in one of
 * their kind, which stays as it is. A table by likeness, where a newer kind may take the place of an older
 * one: pods that were packed by that hold it themselves. */

#include "driver/core.h"

struct drv_model {
  uint64_t likeness;
  struct k8sm_pod *pod; /* a reference; NULL: only one such pod was seen, which is no reason to keep it */
};

struct drv_models {
  struct drv_model *slots;
  size_t cap; /* a power of two, or 0 */
  size_t sweep;
};

/* The model of a pod, which may be that itself; NULL: it has none. Borrowed. `pods`: how many there are.
 * Without memory there are fewer models. */
struct k8sm_pod *k8smi_drv_model_of(struct drv_models *models, const struct drv_core *core,
                                    struct k8sm_pod *pod, size_t pods);
void k8smi_drv_models_free(struct drv_models *models, const struct drv_core *core);

#endif
