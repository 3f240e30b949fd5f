/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/manifest.h"

/* The claims of a StatefulSet: each pod gets a volume for each of them, named as the claim is, and bound
 * to a claim of its own, CLAIM-POD. */

static bool claim_text(struct k8smi_arena *arena, struct k8sm_slice claim, struct k8sm_slice pod,
                       const struct k8smi_text **ret) {
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, &arena->allocator)) return false;
  k8smi_buf_slice(&buf, claim);
  if (pod.len > 0) k8smi_buf_putc(&buf, '-');
  k8smi_buf_slice(&buf, pod);
  *ret = buf.failed ? NULL : k8smi_text_new(arena, (struct k8sm_slice){buf.ptr, buf.len});
  k8smi_buf_free(&buf);
  return *ret != NULL;
}

static const struct k8smi_record *claim_volume(struct k8smi_arena *arena, struct k8sm_slice claim,
                                               struct k8sm_slice pod) {
  union k8smi_slot source[64], volume[64];
  if (!claim_text(arena, claim, pod, &source[K8SMI_PersistentVolumeClaimVolumeSource_claimName].text) ||
      !claim_text(arena, claim, (struct k8sm_slice){NULL, 0}, &volume[K8SMI_Volume_name].text))
    return NULL;
  volume[K8SMI_Volume_persistentVolumeClaim].record =
      k8smi_record_new(arena, (uint64_t)1 << K8SMI_PersistentVolumeClaimVolumeSource_claimName, source);
  if (volume[K8SMI_Volume_persistentVolumeClaim].record == NULL) return NULL;
  return k8smi_record_new(
      arena, (uint64_t)1 << K8SMI_Volume_name | (uint64_t)1 << K8SMI_Volume_persistentVolumeClaim, volume);
}

static bool claim_named(struct k8smi_list claims, struct k8sm_slice name) {
  for (size_t i = 0; i < claims.count; i++) {
    const struct k8smi_record *metadata =
        k8smi_get_record(k8smi_list_record(claims, i), K8SMI_PersistentVolumeClaim_metadata);
    if (k8smi_eq(k8smi_get_str(metadata, K8SMI_ObjectMeta_name), name)) return true;
  }
  return false;
}

/* The volumes of the template that no claim takes the place of, then those of the claims. */
static const struct k8smi_list *claim_volumes(struct k8smi_arena *arena, struct k8smi_list volumes,
                                              struct k8smi_list claims, struct k8sm_slice pod) {
  struct k8smi_list *list = k8smi_arena_alloc(arena, sizeof *list);
  const struct k8smi_record **items = k8smi_arena_array(arena, volumes.count + claims.count, sizeof *items);
  if (list == NULL || items == NULL) return NULL;
  *list = (struct k8smi_list){items, 0};
  for (size_t i = 0; i < volumes.count; i++) {
    const struct k8smi_record *volume = k8smi_list_record(volumes, i);
    if (!claim_named(claims, k8smi_get_str(volume, K8SMI_Volume_name))) items[list->count++] = volume;
  }
  for (size_t i = 0; i < claims.count; i++) {
    const struct k8smi_record *metadata =
        k8smi_get_record(k8smi_list_record(claims, i), K8SMI_PersistentVolumeClaim_metadata);
    items[list->count] = claim_volume(arena, k8smi_get_str(metadata, K8SMI_ObjectMeta_name), pod);
    if (items[list->count++] == NULL) return NULL;
  }
  return list;
}

bool k8smi_manifest_claims(struct k8sm_pod *pod, struct k8smi_list claims) {
  const struct k8smi_record *spec = k8smi_get_record(pod->record, K8SMI_Pod_spec);
  union k8smi_slot of_spec[64], of_pod[64];
  if (claims.count == 0 || spec == NULL) return true;
  uint64_t has_spec = k8smi_record_spread(spec, of_spec), has_pod = k8smi_record_spread(pod->record, of_pod);
  of_spec[K8SMI_PodSpec_volumes].list =
      claim_volumes(&pod->arena, k8smi_get_list(spec, K8SMI_PodSpec_volumes), claims, k8sm_pod_name(pod));
  if (of_spec[K8SMI_PodSpec_volumes].list == NULL) return false;
  of_pod[K8SMI_Pod_spec].record =
      k8smi_record_new(&pod->arena, has_spec | (uint64_t)1 << K8SMI_PodSpec_volumes, of_spec);
  if (of_pod[K8SMI_Pod_spec].record == NULL) return false;
  const struct k8smi_record *record = k8smi_record_new(&pod->arena, has_pod, of_pod);
  if (record != NULL) pod->record = record;
  return record != NULL;
}
