/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/id_keys.h"

uint64_t k8smi_id_key(const struct k8sm_cluster *cluster, struct k8sm_slice id) {
  uint64_t key = 0;
  for (size_t i = 0; i < sizeof key; i++) {
    size_t at = cluster->id_prefix->len + i;
    key = key << 8 | (at < id.len ? (unsigned char)id.ptr[at] : 0);
  }
  return key;
}

/* It gets shorter at most as often as it has bytes. */
void k8smi_id_keys_learn(struct k8sm_cluster *cluster, struct k8sm_slice id) {
  struct k8smi_id_prefix *prefix = cluster->id_prefix;
  size_t common = 0, most = id.len < prefix->len ? id.len : prefix->len;
  if (cluster->agents.count == 0) {
    prefix->len = id.len < sizeof prefix->text ? id.len : sizeof prefix->text;
    memcpy(prefix->text, id.ptr, prefix->len);
    return;
  }
  while (common < most && id.ptr[common] == prefix->text[common]) common++;
  if (common == prefix->len) return;
  prefix->len = common;
  for (uint32_t i = 0; i < cluster->slots.high; i++) {
    struct k8smi_cluster_slot *slot = k8smi_slot_at(cluster, i);
    if (k8smi_table_used(&cluster->slots, i))
      slot->id_key = k8smi_id_key(cluster, k8smi_agent_at(cluster, slot->agent)->id);
  }
}
