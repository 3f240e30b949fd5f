/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_LABELS_H
#define K8SMI_CLUSTER_LABELS_H

#include "base/buf.h"
#include "base/slice.h"
#include "wire/mesos.h"

/* An agent as a node: its hostname, and a label for each of its attributes. */
#define K8SMI_LABEL_HOSTNAME  "kubernetes.io/hostname"
#define K8SMI_LABEL_ATTRIBUTE "k8s.mesosphere.io/attribute-" /* and the name behind */

struct k8smi_label {
  struct k8sm_slice name; /* of the attribute */
  struct k8sm_slice value;
};

/* One block of memory, with its texts behind the labels. */
struct k8smi_labels {
  size_t block;           /* bytes */
  struct k8sm_slice text; /* all of it: two agents' labels are equal if their texts are */
  struct k8sm_slice hostname;
  size_t count;
  struct k8smi_label items[]; /* sorted by name; of equal names the one that counts is first */
};

/* Makes the labels of an offer's agent. `scratch` is written over. A scalar's value is its shortest
 * decimal; ranges and sets have an empty one. `current` comes back if it says the same; NULL when
 * memory ran out. */
struct k8smi_labels *k8smi_labels_make(const K8smMesos__Offer *offer, struct k8smi_labels *current,
                                       struct k8smi_buf *scratch);
void k8smi_labels_free(struct k8smi_labels *labels, const struct k8sm_allocator *allocator);

/* The value of a node label; ptr NULL: the agent does not have it. */
struct k8sm_slice k8smi_labels_get(const struct k8smi_labels *labels, struct k8sm_slice key);

#endif
