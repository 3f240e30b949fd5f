/* SPDX-License-Identifier: Apache-2.0 */
/* What a host may read of a driver. */
#include "base/abi.h"
#include "driver/state.h"

struct k8sm_slice k8sm_driver_framework_id(const struct k8sm_driver *driver) {
  return k8smi_drv_text(&driver->session.framework_id);
}

size_t k8sm_driver_pods(const struct k8sm_driver *driver, size_t first, struct k8sm_driver_pod *rows,
                        size_t row_size, size_t n) {
  size_t left = k8smi_rows_left(driver->pods.by_uid.count, first), seen = 0, written = 0;
  for (size_t i = 0; i < driver->pods.count && written < n && written < left; i++) {
    const struct drv_pod *pod = driver->pods.slots[i];
    if (pod == NULL || seen++ < first) continue;
    const struct k8sm_driver_pod row = {pod->pod, pod->status, pod->demand,
                                        pod->deleting || pod->delete_asked, 0};
    k8smi_row_write(rows, row_size, written++, &row, sizeof row);
  }
  return left;
}

size_t k8sm_driver_ports(const struct k8sm_driver *driver, size_t first, struct k8sm_plan_port *rows,
                         size_t row_size, size_t n) {
  size_t total = 0, written = 0;
  uint32_t number = 0;
  for (size_t i = 0; i < driver->pods.count; i++) {
    const struct drv_pod *pod = driver->pods.slots[i];
    if (pod == NULL) continue;
    for (size_t k = 0; pod->place != NULL && k < pod->place->port_count; k++) {
      struct k8sm_plan_port row = pod->place->ports[k];
      row.placement = number;
      if (total++ >= first && written < n) k8smi_row_write(rows, row_size, written++, &row, sizeof row);
    }
    number++;
  }
  return k8smi_rows_left(total, first);
}

int k8sm_driver_count(const struct k8sm_driver *driver, struct k8sm_driver_counters *ret) {
  return k8smi_struct_write(ret, &driver->core.counters, sizeof driver->core.counters);
}
