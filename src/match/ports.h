/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_PORTS_H
#define K8SMI_MATCH_PORTS_H

#include "match/pool.h"

/* Which ports a pod gets that asks for any, and in how many ranges the others are left: the fewer, the more
 * choice has whoever wants a row of them, and the smaller is what offers and calls say. */

/* The ports of a slot that a pod may take, one part for each resource: those of offers that are spent from
 * already first, then as they are spent. */
struct k8smi_port_part {
  const struct k8smi_resource *resource;
  const struct k8smi_offer *offer;
  const struct k8smi_ranges *ports;
};
struct k8smi_port_parts {
  struct k8smi_port_part *items;
  size_t count;
};

/* All in the memory of `scratch`: false when it ran out. */
bool k8smi_port_parts_of(struct k8smi_arena *scratch, const struct k8sm_cluster *cluster, uint32_t slot,
                         const struct k8smi_need *need, struct k8smi_port_parts *ret);

/* Chooses `any_ports` of the need beside the fixed ones, which go: of the first parts, there the smallest
 * ranges as a whole, then the lowest of the next larger one. No other choice leaves fewer ranges of a part.
 * `ret` NULL: only *ret_ranges is wanted, how many are left in all parts. */
bool k8smi_ports_choose(struct k8smi_arena *scratch, const struct k8smi_port_parts *parts,
                        const struct k8smi_need *need, uint16_t *ret, uint32_t *ret_ranges);

#endif
