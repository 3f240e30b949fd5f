/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_SCAN_H
#define K8SMI_MATCH_SCAN_H

#include "cluster/blocks.h"
#include "match/predicates.h"

/* The slots of a role asked 64 at a time, for a pod that fits nowhere, or may. */

/* Volumes of disks of their own that names are looked up for; slots are asked for the others. */
enum { K8SMI_SCAN_DISKS = 4 };

struct k8smi_scan_disk {
  const struct k8smi_demand_disk *wanted;
  int64_t milli;
  struct k8smi_name_set names; /* of disks that it can be made of */
};

struct k8smi_scan {
  struct k8smi_match_check *check;
  uint32_t role;                      /* row */
  size_t earlier;                     /* so many of the pod's roles come before it, and count in its place */
  uint32_t names[K8SMI_EXTENDED_MAX]; /* of its extended resources, in the blocks */
  struct k8smi_name_set reserved[K8SMI_SCALARS]; /* of the reservation that it is for */
  struct k8smi_scan_disk disks[K8SMI_SCAN_DISKS];
  size_t disk_count;
  bool asks_disks;     /* there are others, or one disk may have to do for several */
  int64_t plain_milli; /* volumes to be made of the agent's own disk */
  uint32_t sum, part;  /* names of that as far as it is reserved */
  bool lists, named,
      rows; /* it looks at what is not in the columns of scalars; at names; at k8smi_scan_rows */
  size_t heads, bodies, amounts; /* of so many blocks they were asked for from memory */
};

/* The rows of K8SMI_SCOPE_SLOT behind that of roles: the first that refuses ends the checks. */
enum {
  K8SMI_SCAN_RESERVATION = K8SMI_BY_RESERVATION - K8SMI_BY_RESERVATION,
  K8SMI_SCAN_PORTS = K8SMI_BY_PORTS - K8SMI_BY_RESERVATION,
  K8SMI_SCAN_NO_VOLUME = K8SMI_BY_NO_VOLUME - K8SMI_BY_RESERVATION,
  K8SMI_SCAN_STORAGE = K8SMI_BY_STORAGE - K8SMI_BY_RESERVATION,
  K8SMI_SCAN_ROWS = K8SMI_BY_SCALAR - K8SMI_BY_RESERVATION
};

/* Bits by slot of a block. */
struct k8smi_scan_words {
  uint64_t there; /* of the role, for which the pod asks the agent; and the agent takes it for what it is, as
                     far as that is known */
  uint64_t rows[K8SMI_SCAN_ROWS]; /* those that refuse */
  uint64_t less[K8SMI_SCALARS];
  uint64_t lacks[K8SMI_EXTENDED_MAX]; /* by extended resource */
  uint64_t refused;                   /* for one of these */
};

/* False if blocks don't say what the pod may spend: which ports, devices and disks others wait for is not in
 * them, nor where volumes are. */
bool k8smi_scan_can(const struct k8smi_match_check *check);
/* scan_rows.c: looks up the names that matter to the pod. */
void k8smi_scan_names(struct k8smi_scan *scan);
/* Whom the rows of the scope refuse, but for ports: words are 0 before; and whom for want of a scalar that
 * comes from a reservation. Slots that have to be asked are in *ask. */
void k8smi_scan_rows(const struct k8smi_scan *scan, const struct k8smi_block *block,
                     struct k8smi_scan_words *words, uint64_t *ask);
void k8smi_scan_reserved(const struct k8smi_scan *scan, const struct k8smi_block *block,
                         struct k8smi_scan_words *words, uint64_t *ask);

/* Of an amount as large as any in the blocks only a slot with the largest knows how much that is. */
static inline uint64_t k8smi_scan_large(const int32_t *numbers) {
  return numbers == NULL ? 0 : ~k8smi_lanes_less(numbers, INT32_MAX);
}
/* Whom a want of a free scalar refuses. */
static inline void k8smi_scan_free(const struct k8smi_block *block, int scalar, int64_t need,
                                   struct k8smi_scan_words *words, uint64_t *ask) {
  words->less[scalar] = k8smi_block_with_less_free(block, scalar, k8smi_number(need));
  if (need > INT32_MAX) *ask |= k8smi_scan_large(block->free[scalar]);
}

/* For a role of the pod's, by its number. False: nobody offers to it. */
bool k8smi_scan_begin(struct k8smi_scan *scan, struct k8smi_match_check *check, size_t number);
void k8smi_scan_block(struct k8smi_scan *scan, size_t block, struct k8smi_scan_words *ret);
/* Makes the slot of a lane the check's, with its agent. */
void k8smi_scan_set_slot(const struct k8smi_scan *scan, size_t block, int lane);

/* True if blocks can say that no slot of the role has what the pod asks for. */
bool k8smi_scan_finds_none(struct k8smi_match_check *check, size_t number);

#endif
