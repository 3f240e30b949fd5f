/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/defaults.h"

#include "pod/defaults_private.h"
#include "pod/prepare.h"

/* What pods get and their templates do not. Objects are copied as they change: what is in a template is
 * shared by all its pods. */

/* A list of pairs: those of `requests`, and those of `limits` whose keys are not among them. */
static const struct k8smi_list *pod_default_merge(struct k8smi_arena *arena, struct k8smi_list requests,
                                                  struct k8smi_list limits) {
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  struct k8smi_pair *pairs = k8smi_arena_array(arena, requests.count + limits.count, sizeof *pairs);
  size_t r = 0, l = 0;
  if (list == NULL || pairs == NULL) return NULL;
  *list = (struct k8smi_list){pairs, 0};
  while (r < requests.count || l < limits.count) {
    int c = r == requests.count ? 1
            : l == limits.count ? -1
                                : k8smi_cmp(k8smi_list_pair(requests, r).key, k8smi_list_pair(limits, l).key);
    pairs[list->count++] = c <= 0 ? k8smi_list_pair(requests, r) : k8smi_list_pair(limits, l);
    if (c <= 0) r++;
    if (c >= 0) l++;
  }
  return list;
}

/* Requests that are not given are the limits. NULL when memory ran out. */
static const struct k8smi_record *pod_default_requests(struct k8smi_arena *arena,
                                                       const struct k8smi_record *resources) {
  struct k8smi_list limits = k8smi_get_list(resources, K8SMI_ResourceRequirements_limits);
  struct k8smi_list requests = k8smi_get_list(resources, K8SMI_ResourceRequirements_requests);
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(resources, slots);
  slots[K8SMI_ResourceRequirements_requests].list = pod_default_merge(arena, requests, limits);
  if (slots[K8SMI_ResourceRequirements_requests].list == NULL) return NULL;
  return k8smi_record_new(arena, present | (uint64_t)1 << K8SMI_ResourceRequirements_requests, slots);
}

/* A port of the host's own network is the same on the host. NULL when memory ran out. */
static const struct k8smi_record *pod_default_port(struct k8smi_arena *arena,
                                                   const struct k8smi_record *port) {
  if (k8smi_has(port, K8SMI_ContainerPort_hostPort) || !k8smi_has(port, K8SMI_ContainerPort_containerPort))
    return port;
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(port, slots);
  slots[K8SMI_ContainerPort_hostPort] = slots[K8SMI_ContainerPort_containerPort];
  return k8smi_record_new(arena, present | (uint64_t)1 << K8SMI_ContainerPort_hostPort, slots);
}

/* A list of as many records, with room for them; NULL when memory ran out. */
static struct k8smi_list *pod_default_new_list(struct k8smi_arena *arena, size_t count) {
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  const struct k8smi_record **items = k8smi_arena_array(arena, count, sizeof *items);
  if (list == NULL || items == NULL) return NULL;
  *list = (struct k8smi_list){items, count};
  return list;
}

static const struct k8smi_list *pod_default_ports(struct k8smi_arena *arena, struct k8smi_list ports) {
  struct k8smi_list *list = pod_default_new_list(arena, ports.count);
  if (list == NULL) return NULL;
  const struct k8smi_record **items = k8smi_list_own(*list);
  for (size_t i = 0; i < ports.count; i++) {
    items[i] = pod_default_port(arena, k8smi_list_record(ports, i));
    if (items[i] == NULL) return NULL;
  }
  return list;
}

static const struct k8smi_record *
pod_default_container(struct k8smi_arena *arena, const struct k8smi_record *container, bool host_network) {
  const struct k8smi_record *resources = k8smi_get_record(container, K8SMI_Container_resources);
  struct k8smi_list ports = k8smi_get_list(container, K8SMI_Container_ports);
  bool limits = k8smi_get_list(resources, K8SMI_ResourceRequirements_limits).count > 0;
  host_network = host_network && ports.count > 0;
  if (!limits && !host_network) return container;
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(container, slots);
  if (limits) {
    slots[K8SMI_Container_resources].record = pod_default_requests(arena, resources);
    if (slots[K8SMI_Container_resources].record == NULL) return NULL;
  }
  if (host_network) {
    slots[K8SMI_Container_ports].list = pod_default_ports(arena, ports);
    if (slots[K8SMI_Container_ports].list == NULL) return NULL;
  }
  return k8smi_record_new(arena, present, slots);
}

static bool pod_default_containers(const struct k8smi_defaults *spec, unsigned field, bool host_network) {
  struct k8smi_list containers = k8smi_default_list(spec, field);
  if (containers.count == 0) return true;
  struct k8smi_list *list = pod_default_new_list(spec->arena, containers.count);
  if (list == NULL) return false;
  const struct k8smi_record **items = k8smi_list_own(*list);
  for (size_t i = 0; i < containers.count; i++) {
    items[i] = pod_default_container(spec->arena, k8smi_list_record(containers, i), host_network);
    if (items[i] == NULL) return false;
  }
  spec->slots[field].list = list;
  return true;
}

static bool pod_default_spec(const struct k8smi_defaults *spec) {
  static const union k8smi_slot on = {.number = true}, soon = {.number = 1};
  bool host_network = k8smi_default_has(spec, K8SMI_PodSpec_hostNetwork);
  k8smi_default_set_absent(spec, K8SMI_PodSpec_enableServiceLinks, on);
  if (k8smi_default_has(spec, K8SMI_PodSpec_terminationGracePeriodSeconds) &&
      spec->slots[K8SMI_PodSpec_terminationGracePeriodSeconds].number < 0)
    k8smi_default_set(spec, K8SMI_PodSpec_terminationGracePeriodSeconds, soon);
  return pod_default_containers(spec, K8SMI_PodSpec_initContainers, host_network) &&
         pod_default_containers(spec, K8SMI_PodSpec_containers, host_network);
}

/* The spec of a pod with what its templates do not get; NULL when memory ran out. */
static const struct k8smi_record *pod_default_record(struct k8smi_arena *arena,
                                                     const struct k8smi_record *record) {
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(record, slots);
  const struct k8smi_defaults spec = {arena, slots, &present};
  return pod_default_spec(&spec) ? k8smi_record_new(arena, present, slots) : NULL;
}

/* A pod that a server has got all of this when it was created, but for what is new since. */
bool k8smi_default_pod(const struct k8smi_defaults *d) {
  const struct k8smi_record *metadata = k8smi_default_record(d, K8SMI_Pod_metadata);
  union k8smi_slot made = {.record = pod_default_record(d->arena, k8smi_default_record(d, K8SMI_Pod_spec))};
  if (made.record != NULL && !k8smi_is_stored(metadata))
    made.record = k8smi_prepare_spec(d->arena, metadata, made.record);
  k8smi_default_set(d, K8SMI_Pod_spec, made);
  return made.record != NULL;
}

const struct k8smi_record *k8smi_defaults_pod(struct k8smi_arena *arena, const struct k8smi_record *pod) {
  const union k8smi_slot spec = {.record = pod_default_record(arena, k8smi_get_record(pod, K8SMI_Pod_spec))};
  union k8smi_slot slots[64];
  uint64_t present = k8smi_record_spread(pod, slots);
  slots[K8SMI_Pod_spec] = spec;
  return spec.record == NULL ? NULL : k8smi_record_new(arena, present | (uint64_t)1 << K8SMI_Pod_spec, slots);
}
