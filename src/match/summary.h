/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_SUMMARY_H
#define K8SMI_MATCH_SUMMARY_H

#include "match/predicates.h"

/* How many agents refuse a pod, by predicate. */
struct k8smi_histogram {
  size_t agents;                                /* known */
  struct k8smi_strings gates;                   /* of a pod that is not ready to be placed */
  const struct k8smi_demand_extended *extended; /* what the last counts are about */
  uint32_t counts[K8SMI_REASONS];
};

/* What came of looking for pods to preempt: the second half of the line. */
struct k8smi_preemption {
  bool tried;
  bool never; /* preemptionPolicy: Never */
  size_t agents;
  const struct k8smi_demand_extended *extended;
  uint32_t not_helpful;           /* agents that refuse the pod for what no pod's end changes */
  uint32_t no_victims;            /* where no pod of a lower priority runs */
  uint32_t counts[K8SMI_REASONS]; /* where it would not fit without them either */
};

/* Asks every agent, or counts without asking where that comes to the same. */
void k8smi_histogram_make(struct k8smi_match_check *check, struct k8smi_histogram *ret);
/* The same while a place is sought, for pods of one role of whom blocks and answers can tell. True: there is
 * none; false: there is, or it is not easily told. */
bool k8smi_histogram_can_scan(const struct k8smi_match_check *check);
bool k8smi_histogram_scan(struct k8smi_match_check *check, struct k8smi_histogram *ret);

/* " preemption: 0/3 nodes are available: …"; nothing where none was tried. */
void k8smi_preemption_write(const struct k8smi_preemption *preemption, struct k8smi_buf *to);

/* The line of kube-scheduler, at the end of the buffer. */
void k8smi_histogram_write(const struct k8smi_histogram *histogram, struct k8smi_buf *to);

#endif
