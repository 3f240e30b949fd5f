/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/defaults_private.h"

#include "pod/image.h"
#include "pod/quantity.h"

/* The parts of a pod, wherever it comes from. */

static struct k8sm_slice rule_text(const struct k8smi_defaults *d, unsigned field) {
  return k8smi_default_has(d, field) ? k8smi_text_slice(d->slots[field].text) : (struct k8sm_slice){NULL, 0};
}

static const union k8smi_slot rule_always = K8SMI_DEFAULT_TEXT("Always");
static const union k8smi_slot rule_if_not_present = K8SMI_DEFAULT_TEXT("IfNotPresent");

/* Images of the tag "latest" are asked for each time: what it means may change. */
static bool rule_pull_policy(const struct k8smi_defaults *d, unsigned policy, unsigned image) {
  if (k8smi_default_has(d, policy)) return true;
  k8smi_default_set(d, policy,
                    k8smi_image_is_latest(rule_text(d, image)) ? rule_always : rule_if_not_present);
  return true;
}

bool k8smi_default_container(const struct k8smi_defaults *d) {
  return rule_pull_policy(d, K8SMI_Container_imagePullPolicy, K8SMI_Container_image);
}

bool k8smi_default_ephemeral_container(const struct k8smi_defaults *d) {
  return rule_pull_policy(d, K8SMI_EphemeralContainer_imagePullPolicy, K8SMI_EphemeralContainer_image);
}

bool k8smi_default_image_volume(const struct k8smi_defaults *d) {
  return rule_pull_policy(d, K8SMI_ImageVolumeSource_pullPolicy, K8SMI_ImageVolumeSource_reference);
}

/* A volume without a source is an empty directory. */
bool k8smi_default_volume(const struct k8smi_defaults *d) {
  const uint64_t name = (uint64_t)1 << K8SMI_Volume_name, unknown = (uint64_t)1 << K8SMI_FIELD_UNKNOWN;
  const union k8smi_slot empty = {.record = &k8smi_record_empty};
  if ((*d->present & ~(name | unknown)) == 0) k8smi_default_set(d, K8SMI_Volume_emptyDir, empty);
  return true;
}

/* Values finer than a thousandth are rounded up to it, in place: the list has just been read, and is ours. */
static bool rule_round(const struct k8smi_defaults *d, unsigned field) {
  struct k8smi_list list = k8smi_default_list(d, field);
  struct k8smi_buf buf;
  if (list.count == 0) return true;
  if (!k8smi_buf_init(&buf, &d->arena->allocator)) return false;
  bool good = true;
  for (size_t i = 0; i < list.count && good; i++) {
    struct k8smi_pair *pair = (struct k8smi_pair *)k8smi_list_own(list) + i;
    k8smi_buf_clear(&buf);
    if (!k8smi_quantity_round_milli(pair->value, &buf)) continue;
    struct k8sm_slice rounded =
        buf.failed ? (struct k8sm_slice){NULL, 0} : k8smi_arena_copy(d->arena, buf.ptr, buf.len);
    good = rounded.ptr != NULL;
    if (good) pair->value = rounded;
  }
  k8smi_buf_free(&buf);
  return good;
}

bool k8smi_default_resources(const struct k8smi_defaults *d) {
  return rule_round(d, K8SMI_ResourceRequirements_limits) &&
         rule_round(d, K8SMI_ResourceRequirements_requests);
}

bool k8smi_default_volume_resources(const struct k8smi_defaults *d) {
  return rule_round(d, K8SMI_VolumeResourceRequirements_limits) &&
         rule_round(d, K8SMI_VolumeResourceRequirements_requests);
}

bool k8smi_default_claim_status(const struct k8smi_defaults *d) {
  return rule_round(d, K8SMI_PersistentVolumeClaimStatus_capacity) &&
         rule_round(d, K8SMI_PersistentVolumeClaimStatus_allocatedResources);
}

/* Where pods may have all of a node, what they may have need not be said. */
bool k8smi_default_node_status(const struct k8smi_defaults *d) {
  if (!rule_round(d, K8SMI_NodeStatus_capacity) || !rule_round(d, K8SMI_NodeStatus_allocatable)) return false;
  if (!k8smi_default_has(d, K8SMI_NodeStatus_allocatable) && k8smi_default_has(d, K8SMI_NodeStatus_capacity))
    k8smi_default_set(d, K8SMI_NodeStatus_allocatable, d->slots[K8SMI_NodeStatus_capacity]);
  return true;
}

bool k8smi_default_container_status(const struct k8smi_defaults *d) {
  return rule_round(d, K8SMI_ContainerStatus_allocatedResources);
}

bool k8smi_default_pod_spec(const struct k8smi_defaults *d) {
  /* The old name of the field and the new one say the same; the new one wins. */
  unsigned from = K8SMI_PodSpec_serviceAccountName, to = K8SMI_PodSpec_serviceAccount;
  if (!k8smi_default_has(d, from)) {
    from = K8SMI_PodSpec_serviceAccount;
    to = K8SMI_PodSpec_serviceAccountName;
  }
  if (k8smi_default_has(d, from)) k8smi_default_set(d, to, d->slots[from]);
  return rule_round(d, K8SMI_PodSpec_overhead);
}

/* podIP is the first of podIPs; where both are given, podIP wins. */
bool k8smi_default_pod_status(const struct k8smi_defaults *d) {
  struct k8smi_list ips = k8smi_default_list(d, K8SMI_PodStatus_podIPs);
  struct k8sm_slice ip = rule_text(d, K8SMI_PodStatus_podIP);
  struct k8sm_slice first = {NULL, 0};
  if (!rule_round(d, K8SMI_PodStatus_allocatedResources)) return false;
  if (ips.count > 0) first = k8smi_get_str(k8smi_list_record(ips, 0), K8SMI_PodIP_ip);
  if (k8smi_eq(ip, first)) return true;
  if (ip.len == 0) {
    const union k8smi_slot text = {.text = k8smi_text_new(d->arena, first)};
    if (text.text != NULL) k8smi_default_set(d, K8SMI_PodStatus_podIP, text);
    return text.text != NULL;
  }
  struct k8smi_list *list = k8smi_arena_alloc(d->arena, sizeof *list);
  const struct k8smi_record **items = k8smi_arena_array(d->arena, 1, sizeof *items);
  union k8smi_slot slots[K8SMI_PodIP__COUNT];
  slots[K8SMI_PodIP_ip] = d->slots[K8SMI_PodStatus_podIP];
  if (list == NULL || items == NULL) return false;
  items[0] = k8smi_record_new(d->arena, (uint64_t)1 << K8SMI_PodIP_ip, slots);
  *list = (struct k8smi_list){items, 1};
  k8smi_default_set(d, K8SMI_PodStatus_podIPs, (union k8smi_slot){.list = list});
  return items[0] != NULL;
}
