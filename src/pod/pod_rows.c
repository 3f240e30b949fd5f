/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/pod.h"

#include "base/abi.h"

static int64_t rows_amount(const struct k8smi_record *container, unsigned field, const char *resource,
                           bool (*number)(struct k8sm_slice text, int64_t *ret)) {
  const struct k8smi_record *resources = k8smi_get_record(container, K8SMI_Container_resources);
  struct k8sm_slice text = k8smi_get_pair(resources, field, resource);
  int64_t n;
  return text.ptr != NULL && number(text, &n) ? n : -1;
}

static struct k8sm_pod_container rows_container(const struct k8smi_record *container, uint32_t kind,
                                                size_t index) {
  enum { REQUESTS = K8SMI_ResourceRequirements_requests, LIMITS = K8SMI_ResourceRequirements_limits };
  struct k8sm_pod_container row;
  memset(&row, 0, sizeof row);
  row.name = k8smi_get_str(container, K8SMI_Container_name);
  row.image = k8smi_get_str(container, K8SMI_Container_image);
  row.kind = kind;
  row.index = (uint32_t)index;
  row.cpu_request_milli = rows_amount(container, REQUESTS, "cpu", k8smi_quantity_milli);
  row.cpu_limit_milli = rows_amount(container, LIMITS, "cpu", k8smi_quantity_milli);
  row.memory_request_bytes = rows_amount(container, REQUESTS, "memory", k8smi_quantity_value);
  row.memory_limit_bytes = rows_amount(container, LIMITS, "memory", k8smi_quantity_value);
  return row;
}

size_t k8sm_pod_containers(const struct k8sm_pod *pod, size_t first, struct k8sm_pod_container *rows,
                           size_t row_size, size_t n) {
  const struct k8smi_record *spec = k8smi_get_record(k8smi_pod_record(pod), K8SMI_Pod_spec);
  struct k8smi_list inits = k8smi_get_list(spec, K8SMI_PodSpec_initContainers);
  struct k8smi_list mains = k8smi_get_list(spec, K8SMI_PodSpec_containers);
  size_t count = inits.count + mains.count;
  for (size_t i = first; i < count && i - first < n; i++) {
    bool main_one = i >= inits.count;
    size_t index = main_one ? i - inits.count : i;
    const struct k8smi_record *container = k8smi_list_record(main_one ? mains : inits, index);
    bool always = k8smi_eqs(k8smi_get_str(container, K8SMI_Container_restartPolicy), "Always");
    struct k8sm_pod_container row = rows_container(container,
                                                   main_one ? K8SM_CONTAINER_MAIN
                                                   : always ? K8SM_CONTAINER_SIDECAR
                                                            : K8SM_CONTAINER_INIT,
                                                   index);
    k8smi_row_write(rows, row_size, i - first, &row, sizeof row);
  }
  return k8smi_rows_left(count, first);
}
