/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_SCAN_H
#define K8SMI_MATCH_SCAN_H

#include "cluster/blocks.h"
#include "match/predicates.h"

/* The slots of a role asked 64 at a time, for a pod that fits nowhere, or may. */

struct k8smi_scan {
  struct k8smi_match_check *check;
  uint32_t role;                      /* row */
  size_t earlier;                     /* so many of the pod's roles come before it, and count in its place */
  uint32_t names[K8SMI_EXTENDED_MAX]; /* of its extended resources, in the blocks */
  size_t heads, lists;                /* of so many blocks they were asked for from memory */
};

/* Bits by slot of a block. */
struct k8smi_scan_words {
  uint64_t there; /* of the role, for which the pod asks the agent; and the agent takes it for what it is, as
                     far as that is known */
  uint64_t no_ports;
  uint64_t less[K8SMI_SCALARS];
  uint64_t lacks[K8SMI_EXTENDED_MAX]; /* by extended resource */
  uint64_t refused;                   /* for one of these */
};

/* False if blocks don't say what the pod may spend: what a reservation has is not in them, nor which ports
 * and devices others wait for. */
bool k8smi_scan_can(const struct k8smi_match_check *check);
/* For a role of the pod's, by its number. False: nobody offers to it. */
bool k8smi_scan_begin(struct k8smi_scan *scan, struct k8smi_match_check *check, size_t number);
void k8smi_scan_block(struct k8smi_scan *scan, size_t block, struct k8smi_scan_words *ret);
/* Makes the slot of a lane the check's, with its agent. */
void k8smi_scan_set_slot(const struct k8smi_scan *scan, size_t block, int lane);

/* True if blocks can say that no slot of the role has what the pod asks for. */
bool k8smi_scan_finds_none(struct k8smi_match_check *check, size_t number);

#endif
