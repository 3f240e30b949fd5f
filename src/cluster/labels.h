/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_LABELS_H
#define K8SMI_CLUSTER_LABELS_H

#include "base/buf.h"
#include "demand/selector.h"
#include "wire/mesos.h"

/* An agent as a node: what its offers say of it as labels and taints, by the table in doc/scheduling.md. */

/* One block of memory, with its texts behind the rows. */
struct k8smi_labels {
  size_t block;           /* bytes */
  struct k8sm_slice text; /* all of it: two agents' labels are equal if their texts are */
  struct k8sm_slice hostname;
  struct k8smi_pair_list pairs; /* sorted by key; of equal keys the one that counts is first */
  struct k8smi_taints taints;
  int64_t away_from_ms; /* planned maintenance, wall clock; INT64_MAX: none is planned */
  int64_t away_until_ms;
  bool rewritten; /* an attribute's name or text is no label as it is: others may make the same one */
  struct k8smi_pair items[];
};

/* Makes the labels of an offer's agent. `scratch` is written over. `current` comes back if it says the
 * same; NULL when memory ran out. */
struct k8smi_labels *k8smi_labels_make(const K8smMesos__Offer *offer, struct k8smi_labels *current,
                                       struct k8smi_buf *scratch);
void k8smi_labels_free(struct k8smi_labels *labels, const struct k8sm_allocator *allocator);

/* attributes.c: writes the labels of an offer's agent as "key\0value\0", later ones before earlier ones of
 * the same key, then its taints as "key\0value\0effect\0". Returns how many of each. */
struct k8smi_label_counts {
  size_t labels, taints;
  bool rewritten;
};
struct k8smi_label_counts k8smi_attributes_put(struct k8smi_buf *to, const K8smMesos__Offer *offer);

#endif
