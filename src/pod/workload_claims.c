/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload.h"

#include "pod/names.h"

/* The claims of a StatefulSet: each pod gets a volume for each of them, named as the claim is, and bound
 * to a claim of its own, CLAIM-POD. */

static struct k8sm_slice claim_name(struct k8smi_list claims, size_t i) {
  return k8smi_get_str(k8smi_get_record(k8smi_list_record(claims, i), K8SMI_PersistentVolumeClaim_metadata),
                       K8SMI_ObjectMeta_name);
}

static const struct k8smi_record *claim_volume(struct k8smi_arena *arena, struct k8sm_slice claim,
                                               struct k8sm_slice pod) {
  const struct k8sm_slice pieces[] = {claim, K8SMI_S("-"), pod};
  struct k8sm_slice own = k8smi_name_join(arena, pieces, 3);
  struct k8smi_edit source, volume;
  if (own.ptr == NULL) return NULL;
  k8smi_edit_begin(&source, arena, NULL);
  k8smi_edit_text(&source, K8SMI_PersistentVolumeClaimVolumeSource_claimName, own);
  k8smi_edit_begin(&volume, arena, NULL);
  k8smi_edit_text(&volume, K8SMI_Volume_name, claim);
  k8smi_edit_record(&volume, K8SMI_Volume_persistentVolumeClaim, k8smi_edit_end(&source));
  return k8smi_edit_end(&volume);
}

static bool claim_named(struct k8smi_list claims, struct k8sm_slice name) {
  for (size_t i = 0; i < claims.count; i++) {
    if (k8smi_eq(claim_name(claims, i), name)) return true;
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
    items[list->count] = claim_volume(arena, claim_name(claims, i), pod);
    if (items[list->count++] == NULL) return NULL;
  }
  return list;
}

void k8smi_workload_claims(struct k8smi_edit *spec, struct k8smi_list claims, struct k8sm_slice pod) {
  struct k8smi_list volumes = {NULL, 0};
  if (claims.count == 0) return;
  if (spec->present >> K8SMI_PodSpec_volumes & 1) volumes = *spec->slots[K8SMI_PodSpec_volumes].list;
  k8smi_edit_list(spec, K8SMI_PodSpec_volumes, claim_volumes(spec->arena, volumes, claims, pod));
}
