/* SPDX-License-Identifier: Apache-2.0 */
/* Resources of a container as values of variables and files:
 * https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#downwardapi-resourceFieldRef */
#include "pod/resolve.h"

#include "pod/requests.h"

const char *const k8smi_node_resources[K8SMI_NODE_RESOURCES] = {"cpu", "memory", "ephemeral-storage"};

/* Mains first, then init containers; `init` says which. */
static const struct k8smi_record *resource_container(const struct k8smi_resolve *r, struct k8sm_slice name,
                                                     bool *init) {
  static const unsigned lists[] = {K8SMI_PodSpec_containers, K8SMI_PodSpec_initContainers};
  for (size_t l = 0; l < 2; l++) {
    struct k8smi_list list = k8smi_get_list(r->spec, lists[l]);
    for (size_t i = 0; i < list.count; i++) {
      const struct k8smi_record *container = k8smi_list_record(list, i);
      *init = l == 1;
      if (k8smi_eq(k8smi_get_str(container, K8SMI_Container_name), name)) return container;
    }
  }
  return NULL;
}

/* "limits.cpu": the part behind the point, and which map it is of. NULL: there is no such resource. */
static const char *resource_name(struct k8sm_slice text, bool *limits) {
  static const char huge[] = "hugepages-";
  if (text.len < 7 ||
      (memcmp(text.ptr, "limits.", 7) != 0 && (text.len < 9 || memcmp(text.ptr, "requests.", 9) != 0)))
    return NULL;
  *limits = text.ptr[0] == 'l';
  const char *name = text.ptr + (*limits ? 7 : 9);
  for (size_t i = 0; i < K8SMI_NODE_RESOURCES; i++) {
    if (strcmp(name, k8smi_node_resources[i]) == 0) return name;
  }
  return strncmp(name, huge, sizeof huge - 1) == 0 ? name : NULL;
}

/* A limit that is not stated: the pod's own (variables are told it, files are not), else what the node can
 * give. False, with a finding, if that is not known. */
static bool resource_of_node(struct k8smi_resolve *r, const char *name, bool file,
                             const struct k8smi_path *path, struct k8smi_amount *ret) {
  const struct k8smi_record *own = k8smi_get_record(r->spec, K8SMI_PodSpec_resources);
  size_t i = 0;
  while (i < K8SMI_NODE_RESOURCES && strcmp(name, k8smi_node_resources[i]) != 0) i++;
  if (i == K8SMI_NODE_RESOURCES) return true; /* huge pages: none */
  if (!file && k8smi_resource_is_pod_level(k8smi_s(name)) &&
      k8smi_resource_get(own, K8SMI_ResourceRequirements_limits, name, ret) && !k8smi_amount_is_zero(*ret))
    return true;
  r->told_node = true;
  *ret = r->node.allocatable[i];
  if (!r->node.has[i])
    k8smi_resolve_find(r, K8SM_DIAG_VALUE_UNKNOWN, path,
                       "there is no limit of %s, and what the node can give is known only where the pod runs",
                       name);
  return r->node.has[i];
}

/* In divisors, rounded up. */
static bool resource_divide(struct k8smi_resolve *r, const char *name, struct k8smi_amount amount,
                            struct k8sm_slice divisor_text, struct k8sm_slice *ret) {
  bool cpu = strcmp(name, "cpu") == 0;
  struct k8smi_amount divisor = {1, 0}, stated;
  if (divisor_text.len > 0 && k8smi_quantity_amount(divisor_text, &stated) && !k8smi_amount_is_zero(stated))
    divisor = stated;
  int64_t n = cpu ? k8smi_amount_milli(amount) : k8smi_amount_value(amount);
  int64_t d = cpu ? k8smi_amount_milli(divisor) : k8smi_amount_value(divisor);
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &r->arena->allocator)) {
    r->no_memory = true;
    return false;
  }
  if (d <= 0) d = 1;
  k8smi_buf_i64(&buf, n / d + (n % d > 0));
  *ret = k8smi_resolve_take(r, &buf);
  return ret->ptr != NULL;
}

bool k8smi_resolve_resource(struct k8smi_resolve *r, const struct k8smi_record *selector,
                            const struct k8smi_record *own, const struct k8smi_path *path,
                            struct k8sm_slice *ret) {
  struct k8sm_slice resource = k8smi_get_str(selector, K8SMI_ResourceFieldSelector_resource);
  struct k8sm_slice named = k8smi_get_str(selector, K8SMI_ResourceFieldSelector_containerName);
  struct k8smi_amount amount = {0, 0};
  bool limits = false, init = false, file = own == NULL;
  const char *name = resource_name(resource, &limits);
  const struct k8smi_record *container = !file && named.len == 0 ? own : resource_container(r, named, &init);
  if (container == NULL || name == NULL) {
    if (container == NULL) {
      k8smi_resolve_find(r, K8SM_DIAG_FIELD_NOT_FOUND, path, "container %.*s not found", K8SMI_P(named));
    } else {
      k8smi_resolve_find(r, K8SM_DIAG_FIELD_UNSUPPORTED, path, "unsupported container resource : %.*s",
                         K8SMI_P(resource));
    }
    return false;
  }
  const struct k8smi_record *resources = k8smi_get_record(container, K8SMI_Container_resources);
  bool stated = k8smi_resource_get(
      resources, limits ? K8SMI_ResourceRequirements_limits : K8SMI_ResourceRequirements_requests, name,
      &amount);
  bool absent = limits && (!stated || k8smi_amount_is_zero(amount));
  bool told =
      file || !init; /* the kubelet tells variables nothing for the limits of another init container */
  if (absent && told && !resource_of_node(r, name, file, path, &amount)) return false;
  return resource_divide(r, name, amount, k8smi_get_str(selector, K8SMI_ResourceFieldSelector_divisor), ret);
}
