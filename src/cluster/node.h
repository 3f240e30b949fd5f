/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_NODE_H
#define K8SMI_CLUSTER_NODE_H

#include <k8smesos/cluster.h>
#include "demand/selector.h"
#include "offer/offer.h"

/* What the caller says of an agent: one block of memory. */
struct k8smi_node {
  size_t block;                  /* bytes */
  struct k8smi_pair_list labels; /* sorted by key */
  struct k8smi_taints taints;
  int64_t size[K8SMI_SCALARS]; /* in all; 0: not stated */
  bool unschedulable;
};

/* Errors: INVALID, NOMEM, ABI. */
int k8smi_node_make(const struct k8sm_allocator *allocator, const struct k8sm_node *from,
                    struct k8smi_node **ret, struct k8sm_diags *diags);
void k8smi_node_free(struct k8smi_node *node, const struct k8sm_allocator *allocator);

#endif
