/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/formats.h"
#include "pod/prepare_private.h"
#include "pod/profiles.h"

enum { APPARMOR_PATH_MAX = 4095 };

struct apparmor_of_pod {
  struct k8smi_list annotations;
  const struct k8smi_record *profile;
};

/* The annotation of the container; they are sorted by key. */
static struct k8sm_slice apparmor_annotation(const struct apparmor_of_pod *pod, struct k8sm_slice name) {
  const struct k8sm_slice prefix = K8SMI_APPARMOR;
  size_t low = 0, high = pod->annotations.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    struct k8smi_pair pair = k8smi_list_pair(pod->annotations, middle);
    struct k8sm_slice key = pair.key;
    struct k8sm_slice head = {key.ptr, key.len < prefix.len ? key.len : prefix.len};
    int c = k8smi_cmp(head, prefix);
    if (c == 0) c = k8smi_cmp((struct k8sm_slice){key.ptr + prefix.len, key.len - prefix.len}, name);
    if (c == 0) return pair.value;
    if (c < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (struct k8sm_slice){NULL, 0};
}

/* What an annotation says as a profile's fields; false if it says nothing that is one. */
static bool apparmor_read(struct k8sm_slice value, struct k8sm_slice *type, struct k8sm_slice *local) {
  const struct k8sm_slice prefix = K8SMI_PROFILE_LOCALHOST;
  *local = (struct k8sm_slice){NULL, 0};
  *type = k8smi_eqs(value, "unconfined") ? K8SMI_S("Unconfined") : K8SMI_S("RuntimeDefault");
  if (k8smi_eqs(value, "unconfined") || k8smi_eqs(value, "runtime/default")) return true;
  if (!k8smi_has_prefix(value, prefix)) return false;
  *type = K8SMI_S("Localhost");
  *local = (struct k8sm_slice){value.ptr + prefix.len, value.len - prefix.len};
  return local->len > 0 && local->len <= APPARMOR_PATH_MAX && !k8smi_is_padded(*local);
}

static bool apparmor_is(const struct k8smi_record *profile, struct k8sm_slice type, struct k8sm_slice local) {
  return profile != NULL && k8smi_eq(k8smi_get_str(profile, K8SMI_AppArmorProfile_type), type) &&
         k8smi_has(profile, K8SMI_AppArmorProfile_localhostProfile) == (local.ptr != NULL) &&
         k8smi_eq(k8smi_get_str(profile, K8SMI_AppArmorProfile_localhostProfile), local);
}

static const struct k8smi_record *apparmor_profile(struct k8smi_arena *arena, struct k8sm_slice type,
                                                   struct k8sm_slice local) {
  union k8smi_slot slots[64];
  uint64_t present = (uint64_t)1 << K8SMI_AppArmorProfile_type;
  slots[K8SMI_AppArmorProfile_type].text = k8smi_text_new(arena, type);
  if (slots[K8SMI_AppArmorProfile_type].text == NULL) return NULL;
  if (local.ptr != NULL) {
    present |= (uint64_t)1 << K8SMI_AppArmorProfile_localhostProfile;
    slots[K8SMI_AppArmorProfile_localhostProfile].text = k8smi_text_new(arena, local);
    if (slots[K8SMI_AppArmorProfile_localhostProfile].text == NULL) return NULL;
  }
  return k8smi_record_new(arena, present, slots);
}

static const struct k8smi_record *
apparmor_container(struct k8smi_arena *arena, const struct k8smi_record *container, const void *context) {
  const struct apparmor_of_pod *pod = context;
  const struct k8smi_record *security = k8smi_get_record(container, K8SMI_Container_securityContext);
  struct k8sm_slice type, local;
  struct k8sm_slice value = apparmor_annotation(pod, k8smi_get_str(container, K8SMI_Container_name));
  if (value.ptr == NULL || k8smi_has(security, K8SMI_SecurityContext_appArmorProfile)) return container;
  if (!apparmor_read(value, &type, &local) || apparmor_is(pod->profile, type, local)) return container;
  const union k8smi_slot profile = {.record = apparmor_profile(arena, type, local)};
  if (profile.record == NULL) return NULL;
  const union k8smi_slot made = {
      .record = k8smi_prepare_set(arena, security, K8SMI_SecurityContext_appArmorProfile, profile)};
  if (made.record == NULL) return NULL;
  return k8smi_prepare_set(arena, container, K8SMI_Container_securityContext, made);
}

const struct k8smi_record *k8smi_prepare_apparmor(struct k8smi_arena *arena,
                                                  const struct k8smi_record *metadata,
                                                  const struct k8smi_record *spec) {
  /* Ephemeral containers have these fields too. */
  static const uint8_t lists[] = {K8SMI_PodSpec_initContainers, K8SMI_PodSpec_containers,
                                  K8SMI_PodSpec_ephemeralContainers};
  const struct k8smi_record *os = k8smi_get_record(spec, K8SMI_PodSpec_os);
  const struct apparmor_of_pod pod = {k8smi_get_list(metadata, K8SMI_ObjectMeta_annotations),
                                      k8smi_get_record(k8smi_get_record(spec, K8SMI_PodSpec_securityContext),
                                                       K8SMI_PodSecurityContext_appArmorProfile)};
  if (pod.annotations.count == 0 || k8smi_eqs(k8smi_get_str(os, K8SMI_PodOS_name), "windows")) return spec;
  for (size_t i = 0; i < sizeof lists && spec != NULL; i++)
    spec = k8smi_prepare_items(arena, spec, lists[i], apparmor_container, &pod);
  return spec;
}
