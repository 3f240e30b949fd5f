/* SPDX-License-Identifier: Apache-2.0 */
/* RESCIND may overtake the offer that it means. */
#include "cluster/cluster.h"

enum { RESCINDED_ID_MAX = 255 }; /* of Mesos' ids */

void k8smi_rescinded_init(struct k8smi_rescinded *r, const struct k8sm_allocator *allocator, uint64_t seed) {
  k8smi_map_init(&r->map, allocator, seed);
}

static void rescinded_forget(struct k8smi_rescinded *r, size_t at) {
  if (r->ids[at].ptr == NULL) return;
  k8smi_map_remove(&r->map, r->ids[at]);
  k8smi_text_free(&r->map.allocator, r->ids[at]);
  r->ids[at] = (struct k8sm_slice){NULL, 0};
}

void k8smi_rescinded_clear(struct k8smi_rescinded *r) {
  for (size_t i = 0; i < K8SMI_RESCINDED_MAX; i++) rescinded_forget(r, i);
}

void k8smi_rescinded_put(struct k8smi_rescinded *r, struct k8sm_slice id) {
  if (id.len == 0 || id.len > RESCINDED_ID_MAX || k8smi_map_get(&r->map, id) != K8SMI_MAP_NONE) return;
  struct k8sm_slice own;
  if (!k8smi_text_own(&r->map.allocator, id, &own)) return;
  rescinded_forget(r, r->next);
  if (!k8smi_map_put(&r->map, own, (uint32_t)r->next)) {
    k8smi_text_free(&r->map.allocator, own);
    return;
  }
  r->ids[r->next] = own;
  r->next = (r->next + 1) % K8SMI_RESCINDED_MAX;
}

bool k8smi_rescinded_has(const struct k8smi_rescinded *r, struct k8sm_slice id) {
  return k8smi_map_get(&r->map, id) != K8SMI_MAP_NONE;
}

void k8smi_rescinded_remove(struct k8smi_rescinded *r, struct k8sm_slice id) {
  uint32_t at = k8smi_map_get(&r->map, id);
  if (at != K8SMI_MAP_NONE) rescinded_forget(r, at);
}
