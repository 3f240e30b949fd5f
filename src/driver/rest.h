/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_REST_H
#define K8SMI_DRIVER_REST_H

/* A pod that nothing has happened to for rest_ms is put to rest: its Pod, Demand and statuses are packed into
 * one block (drv_pod.rest), and made again when they are needed. Tasks, place and times stay as they are. */

#include "driver/state.h"

/* Puts to rest whose turn it is, a few in each step. Can do without memory. */
void k8smi_drv_rest_pump(struct k8sm_driver *d);
uint64_t k8smi_drv_rest_deadline(const struct k8sm_driver *d);
void k8smi_drv_rest_free(struct drv_core *core, struct drv_pod *pod);
/* The last row of a pod, which may be at rest, could not be kept. */
void k8smi_drv_rest_forget_row(struct drv_pod *pod);

/* What is packed of a pod at rest, for a moment. Errors: NOMEM. */
struct drv_parts {
  struct k8sm_pod *pod;
  struct k8sm_demand *demand;
  struct k8sm_status *status;
  struct k8sm_status *kept;
};
int k8smi_drv_parts_open(const struct drv_core *core, const struct drv_pod *pod, struct drv_parts *ret);
void k8smi_drv_parts_close(struct drv_parts *parts);

/* For somebody who only looks: until the next step, or _hide. Errors: NOMEM. */
int k8smi_drv_pod_show(struct k8sm_driver *d, struct drv_pod *pod);
/* All that are shown. */
void k8smi_drv_rest_hide(struct k8sm_driver *d);

#endif
