/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_DISKS_H
#define K8SMI_MATCH_DISKS_H

#include "match/predicates.h"

/* Disks of their own that volumes are made of, by storage classes: the largest volume of a pod first, each of
 * the smallest disk that is large enough; of equals of what is reserved for the role. A volume is of one
 * resource, since disks are never united. https://mesos.apache.org/documentation/latest/multiple-disk/ */

/* True if a PATH or MOUNT disk is of the class. */
bool k8smi_disk_is_of(const struct k8smi_demand_disk *wanted, const K8smMesos__Resource *resource);

struct k8smi_disk_pick {
  const struct k8smi_resource *resource; /* NULL: none was looked for */
  const struct k8smi_offer *offer;
  struct k8smi_part *part; /* NULL: the slot has no pool */
  int64_t milli;           /* that the volume takes: all of a MOUNT disk */
};

/* A disk for each volume that is to be made of one: `ret` has room for all of the demand's. Returns the first
 * volume that there is none for; NULL: all have one. */
const struct k8smi_demand_volume *k8smi_disks_pick(const struct k8smi_match_check *check,
                                                   struct k8smi_disk_pick *ret);
const struct k8smi_demand_volume *k8smi_disks_missing(const struct k8smi_match_check *check);

#endif
