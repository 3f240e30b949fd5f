/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/containers.h"

#include <assert.h>

static_assert((int)K8SMI_EphemeralContainer_tty == (int)K8SMI_Container_tty &&
                  (int)K8SMI_EphemeralContainer_name == (int)K8SMI_Container_name &&
                  (int)K8SMI_EphemeralContainer_securityContext == (int)K8SMI_Container_securityContext,
              "an ephemeral container is not laid out as a container");

/* The lists, in the order of the rows. */
static const struct container_list {
  unsigned field;
  struct k8sm_slice name;
  uint32_t kind;
} container_lists[] = {
    {K8SMI_PodSpec_initContainers, {"initContainers", 14}, K8SM_CONTAINER_INIT},
    {K8SMI_PodSpec_containers, {"containers", 10}, K8SM_CONTAINER_MAIN},
    {K8SMI_PodSpec_ephemeralContainers, {"ephemeralContainers", 19}, K8SM_CONTAINER_EPHEMERAL},
};
enum { CONTAINER_LISTS = sizeof container_lists / sizeof container_lists[0] };

size_t k8smi_container_count(const struct k8smi_record *spec) {
  size_t count = 0;
  for (size_t i = 0; i < CONTAINER_LISTS; i++) count += k8smi_get_list(spec, container_lists[i].field).count;
  return count;
}

struct k8smi_container k8smi_container_at(const struct k8smi_record *spec, size_t i) {
  struct k8smi_container c = {NULL, 0, 0};
  for (size_t l = 0; l < CONTAINER_LISTS && c.record == NULL; l++) {
    struct k8smi_list list = k8smi_get_list(spec, container_lists[l].field);
    if (i >= list.count) {
      i -= list.count;
      continue;
    }
    c = (struct k8smi_container){k8smi_list_record(list, i), container_lists[l].kind, (uint32_t)i};
  }
  bool init = c.kind == K8SM_CONTAINER_INIT;
  if (init && k8smi_eqs(k8smi_get_str(c.record, K8SMI_Container_restartPolicy), "Always"))
    c.kind = K8SM_CONTAINER_SIDECAR;
  return c;
}

const struct k8smi_path *k8smi_container_path(struct k8smi_container_path *path, struct k8smi_container c) {
  uint32_t kind = c.kind == K8SM_CONTAINER_SIDECAR ? K8SM_CONTAINER_INIT : c.kind;
  size_t l = 0;
  while (l + 1 < CONTAINER_LISTS && container_lists[l].kind != kind) l++;
  path->spec = k8smi_path_field(NULL, K8SMI_S("spec"));
  path->list = k8smi_path_field(&path->spec, container_lists[l].name);
  path->item = k8smi_path_index(&path->list, c.index);
  return &path->item;
}
