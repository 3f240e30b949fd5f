/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/workload.h"

#include "base/map.h"
#include "pod/names.h"

/* The claims of a StatefulSet: each pod gets a volume for each of them, named as the claim is, and bound
 * to a claim of its own, CLAIM-POD. Of claims of one name there is one. */

static struct k8sm_slice claim_name(struct k8smi_list claims, size_t i) {
  return k8smi_get_str(k8smi_get_record(k8smi_list_record(claims, i), K8SMI_PersistentVolumeClaim_metadata),
                       K8SMI_ObjectMeta_name);
}

static const struct k8smi_record *claim_volume(struct k8smi_arena *arena, struct k8sm_slice claim,
                                               struct k8sm_slice pod) {
  const struct k8sm_slice pieces[] = {claim, K8SMI_S("-"), pod};
  struct k8sm_slice own = k8smi_name_join(arena, pieces, pod.ptr == NULL ? 1 : 3);
  struct k8smi_edit source, volume;
  if (own.ptr == NULL) return NULL;
  k8smi_edit_begin(&source, arena, NULL);
  k8smi_edit_text(&source, K8SMI_PersistentVolumeClaimVolumeSource_claimName, own);
  k8smi_edit_begin(&volume, arena, NULL);
  k8smi_edit_text(&volume, K8SMI_Volume_name, claim);
  k8smi_edit_record(&volume, K8SMI_Volume_persistentVolumeClaim, k8smi_edit_end(&source));
  return k8smi_edit_end(&volume);
}

/* The volumes of the claims, and those of the template that no claim takes the place of. `names` is empty. */
static bool claim_volumes(struct k8smi_arena *arena, struct k8smi_list volumes, struct k8smi_list claims,
                          struct k8sm_slice pod, struct k8smi_map *names, struct k8smi_list *ret) {
  const struct k8smi_record **items = k8smi_arena_array(arena, volumes.count + claims.count, sizeof *items);
  if (items == NULL) return false;
  *ret = (struct k8smi_list){items, 0};
  for (size_t i = 0; i < claims.count; i++) {
    struct k8sm_slice name = claim_name(claims, i);
    if (name.ptr == NULL) name = K8SMI_S("");
    if (k8smi_map_get(names, name) != K8SMI_MAP_NONE) continue;
    items[ret->count] = claim_volume(arena, name, pod);
    if (items[ret->count++] == NULL || !k8smi_map_put(names, name, 0)) return false;
  }
  for (size_t i = 0; i < volumes.count; i++) {
    const struct k8smi_record *volume = k8smi_list_record(volumes, i);
    struct k8sm_slice name = k8smi_get_str(volume, K8SMI_Volume_name);
    if (name.ptr == NULL || k8smi_map_get(names, name) == K8SMI_MAP_NONE) items[ret->count++] = volume;
  }
  return true;
}

void k8smi_workload_claims(struct k8smi_edit *spec, struct k8smi_list claims, struct k8sm_slice pod) {
  struct k8smi_list volumes = {NULL, 0};
  struct k8smi_map names;
  if (claims.count == 0 || spec->failed) return;
  if (spec->present >> K8SMI_PodSpec_volumes & 1) volumes = *spec->slots[K8SMI_PodSpec_volumes].list;
  struct k8smi_list *list = k8smi_arena_alloc(spec->arena, sizeof *list);
  /* The seed need not be a secret: who writes the names waits for the answer himself. */
  k8smi_map_init(&names, &spec->arena->allocator, claims.count);
  bool good = list != NULL && claim_volumes(spec->arena, volumes, claims, pod, &names, list);
  k8smi_map_free(&names);
  k8smi_edit_list(spec, K8SMI_PodSpec_volumes, good ? list : NULL);
}
