/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/defaults_private.h"

#include "pod/quantity.h"

static bool rule_has(uint64_t present, unsigned field) {
  return present >> field & 1;
}

static void rule_set_text(union k8smi_slot *slots, uint64_t *present, unsigned field, const void *text) {
  slots[field].text = text;
  *present |= (uint64_t)1 << field;
}

/* Texts that rules fill in, laid out as those in arenas are. */
#define RULE_TEXT(name, text)                                                                                \
  static const struct {                                                                                      \
    uint32_t len;                                                                                            \
    char bytes[sizeof(text)];                                                                                \
  } rule_text_##name = {sizeof(text) - 1, text}
RULE_TEXT(always, "Always");
RULE_TEXT(if_not_present, "IfNotPresent");

static const struct k8smi_record rule_empty = {0};

/* Always for an image that has the tag "latest", by name or by having neither tag nor digest. */
static const void *rule_pull_policy(struct k8sm_slice image) {
  size_t at = image.len, name = 0, tag = 0;
  for (size_t i = 0; i < image.len; i++) {
    if (image.ptr[i] == '@') {
      at = i;
      break;
    }
  }
  for (size_t i = 0; i < at; i++) {
    if (image.ptr[i] == '/') name = i + 1; /* a colon before this is a port's */
  }
  for (size_t i = name; i < at && tag == 0; i++) {
    if (image.ptr[i] == ':') tag = i + 1;
  }
  bool latest =
      tag == 0 ? at == image.len : k8smi_eqs((struct k8sm_slice){image.ptr + tag, at - tag}, "latest");
  return latest ? (const void *)&rule_text_always : (const void *)&rule_text_if_not_present;
}

static void rule_fill_pull_policy(union k8smi_slot *slots, uint64_t *present, unsigned policy,
                                  unsigned image) {
  struct k8sm_slice name = {NULL, 0};
  if (rule_has(*present, policy)) return;
  if (rule_has(*present, image)) name = k8smi_text_slice(slots[image].text);
  rule_set_text(slots, present, policy, rule_pull_policy(name));
}

/* A list of pairs: those of `requests`, and those of `limits` whose keys are not among them. */
static const struct k8smi_list *rule_merge(struct k8smi_arena *arena, struct k8smi_list requests,
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

/* Values finer than a thousandth are rounded up to it, in place: the list is new and ours. */
static bool rule_round(struct k8smi_arena *arena, struct k8smi_list list) {
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &arena->allocator)) return false;
  bool good = true;
  for (size_t i = 0; i < list.count && good; i++) {
    struct k8smi_pair *pair = (struct k8smi_pair *)k8smi_list_own(list) + i;
    k8smi_buf_clear(&buf);
    if (!k8smi_quantity_round_milli(pair->value, &buf)) continue;
    struct k8sm_slice rounded =
        buf.failed ? (struct k8sm_slice){NULL, 0} : k8smi_arena_copy(arena, buf.ptr, buf.len);
    good = rounded.ptr != NULL;
    if (good) pair->value = rounded;
  }
  k8smi_buf_free(&buf);
  return good;
}

/* Requests that are not given are the limits. */
static bool rule_requests(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t present) {
  if (!rule_has(present, K8SMI_Container_resources)) return true;
  const struct k8smi_record *resources = slots[K8SMI_Container_resources].record;
  struct k8smi_list limits = k8smi_get_list(resources, K8SMI_ResourceRequirements_limits);
  struct k8smi_list requests = k8smi_get_list(resources, K8SMI_ResourceRequirements_requests);
  if (limits.count > 0 && !rule_round(arena, limits)) return false;
  if (requests.count > 0 && !rule_round(arena, requests)) return false;
  if (limits.count == 0) return true;
  union k8smi_slot of[64];
  uint64_t has = k8smi_record_spread(resources, of);
  of[K8SMI_ResourceRequirements_requests].list = rule_merge(arena, requests, limits);
  if (of[K8SMI_ResourceRequirements_requests].list == NULL) return false;
  has |= (uint64_t)1 << K8SMI_ResourceRequirements_requests;
  slots[K8SMI_Container_resources].record = k8smi_record_new(arena, has, of);
  return slots[K8SMI_Container_resources].record != NULL;
}

bool k8smi_default_container(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present) {
  rule_fill_pull_policy(slots, present, K8SMI_Container_imagePullPolicy, K8SMI_Container_image);
  return rule_requests(arena, slots, *present);
}

bool k8smi_default_ephemeral_container(struct k8smi_arena *arena, union k8smi_slot *slots,
                                       uint64_t *present) {
  (void)arena;
  rule_fill_pull_policy(slots, present, K8SMI_EphemeralContainer_imagePullPolicy,
                        K8SMI_EphemeralContainer_image);
  return true;
}

bool k8smi_default_image_volume(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present) {
  (void)arena;
  rule_fill_pull_policy(slots, present, K8SMI_ImageVolumeSource_pullPolicy,
                        K8SMI_ImageVolumeSource_reference);
  return true;
}

/* A volume without a source is an empty directory. */
bool k8smi_default_volume(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present) {
  (void)arena;
  if ((*present & ~((uint64_t)1 << K8SMI_Volume_name)) != 0) return true;
  slots[K8SMI_Volume_emptyDir].record = &rule_empty;
  *present |= (uint64_t)1 << K8SMI_Volume_emptyDir;
  return true;
}

/* A port of the host's own network is the same on the host. */
static const struct k8smi_record *rule_host_port(struct k8smi_arena *arena, const struct k8smi_record *port) {
  union k8smi_slot of[64];
  uint64_t has = k8smi_record_spread(port, of);
  if (rule_has(has, K8SMI_ContainerPort_hostPort) || !rule_has(has, K8SMI_ContainerPort_containerPort))
    return port;
  of[K8SMI_ContainerPort_hostPort] = of[K8SMI_ContainerPort_containerPort];
  return k8smi_record_new(arena, has | (uint64_t)1 << K8SMI_ContainerPort_hostPort, of);
}

/* The items are changed in place: lists that were just read are not shared yet. */
static bool rule_host_ports(struct k8smi_arena *arena, struct k8smi_list containers) {
  for (size_t i = 0; i < containers.count; i++) {
    struct k8smi_list ports = k8smi_get_list(k8smi_list_record(containers, i), K8SMI_Container_ports);
    const struct k8smi_record **items = k8smi_list_own(ports);
    for (size_t j = 0; j < ports.count; j++) {
      items[j] = rule_host_port(arena, items[j]);
      if (items[j] == NULL) return false;
    }
  }
  return true;
}

static struct k8smi_list rule_list(const union k8smi_slot *slots, uint64_t present, unsigned field) {
  return rule_has(present, field) ? *slots[field].list : (struct k8smi_list){NULL, 0};
}

bool k8smi_default_pod_spec(struct k8smi_arena *arena, union k8smi_slot *slots, uint64_t *present) {
  if (!rule_has(*present, K8SMI_PodSpec_securityContext)) {
    slots[K8SMI_PodSpec_securityContext].record = &rule_empty;
    *present |= (uint64_t)1 << K8SMI_PodSpec_securityContext;
  }
  /* The old name of the field and the new one say the same; the new one wins. */
  unsigned from = K8SMI_PodSpec_serviceAccountName, to = K8SMI_PodSpec_serviceAccount;
  if (!rule_has(*present, from)) {
    from = K8SMI_PodSpec_serviceAccount;
    to = K8SMI_PodSpec_serviceAccountName;
  }
  if (rule_has(*present, from)) rule_set_text(slots, present, to, slots[from].text);
  struct k8smi_list overhead = rule_list(slots, *present, K8SMI_PodSpec_overhead);
  if (overhead.count > 0 && !rule_round(arena, overhead)) return false;
  if (!rule_has(*present, K8SMI_PodSpec_hostNetwork)) return true;
  return rule_host_ports(arena, rule_list(slots, *present, K8SMI_PodSpec_containers)) &&
         rule_host_ports(arena, rule_list(slots, *present, K8SMI_PodSpec_initContainers));
}
