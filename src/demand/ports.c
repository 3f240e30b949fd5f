/* SPDX-License-Identifier: Apache-2.0 */
#include "demand/build.h"

static uint16_t port_number(const struct k8smi_record *port, unsigned field) {
  int64_t n = k8smi_get_i64(port, field, 0);
  return n > 0 && n <= UINT16_MAX ? (uint16_t)n : 0;
}

static size_t ports_of_list(const struct k8smi_demand_build *b, unsigned field) {
  struct k8smi_list containers = k8smi_get_list(b->spec, field);
  size_t n = 0;
  for (size_t i = 0; i < containers.count; i++) {
    n += k8smi_get_list(k8smi_list_record(containers, i), K8SMI_Container_ports).count;
  }
  return n;
}

static struct k8smi_demand_port *ports_fill(const struct k8smi_demand_build *b, unsigned field, uint32_t task,
                                            bool any, struct k8smi_demand_port *to) {
  struct k8smi_list containers = k8smi_get_list(b->spec, field);
  for (size_t i = 0; i < containers.count; i++, task++) {
    struct k8smi_list ports = k8smi_get_list(k8smi_list_record(containers, i), K8SMI_Container_ports);
    for (size_t j = 0; j < ports.count; j++, to++) {
      const struct k8smi_record *port = k8smi_list_record(ports, j);
      to->name = k8smi_get_str(port, K8SMI_ContainerPort_name);
      to->protocol = k8smi_get_str(port, K8SMI_ContainerPort_protocol);
      if (to->protocol.len == 0) to->protocol = K8SMI_S("TCP");
      to->task = task;
      to->container_port = port_number(port, K8SMI_ContainerPort_containerPort);
      to->host_port = port_number(port, K8SMI_ContainerPort_hostPort);
      to->any = any && to->host_port == 0;
    }
  }
  return to;
}

void k8smi_demand_make_ports(struct k8smi_demand_build *b) {
  size_t count = ports_of_list(b, K8SMI_PodSpec_initContainers) + ports_of_list(b, K8SMI_PodSpec_containers);
  struct k8smi_demand_port *ports = k8smi_demand_array(b, count, sizeof *ports);
  if (ports == NULL) return;
  uint32_t mains = 1 + (uint32_t)k8smi_get_list(b->spec, K8SMI_PodSpec_initContainers).count;
  bool any = k8smi_placement_maps_all_ports(b);
  struct k8smi_demand_port *next = ports_fill(b, K8SMI_PodSpec_initContainers, 1, false, ports);
  ports_fill(b, K8SMI_PodSpec_containers, mains, any, next);
  b->demand->ports = ports;
  b->demand->port_count = count;
}
