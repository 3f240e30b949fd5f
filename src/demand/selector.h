/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DEMAND_SELECTOR_H
#define K8SMI_DEMAND_SELECTOR_H

/* Selectors over labels, taints and tolerations, as values: taken from a pod once, compared often.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */

#include "pod/labels.h"

/* The labels of an agent as a node that more than one place knows. */
#define K8SMI_LABEL_HOSTNAME  "kubernetes.io/hostname"
#define K8SMI_LABEL_REGION    "topology.kubernetes.io/region"
#define K8SMI_LABEL_ZONE      "topology.kubernetes.io/zone"
#define K8SMI_LABEL_ATTRIBUTE "k8s.mesosphere.io/attribute-" /* and the attribute's name behind */

/* Labels from several sources: the first that has one has the last word. */
struct k8smi_label_view {
  struct k8smi_pair_list first; /* sorted by key, as the second */
  struct k8sm_slice hostname;   /* ptr NULL: no label for it here */
  struct k8smi_pair_list second;
};

/* The value of a label; ptr NULL: it is not there. */
struct k8sm_slice k8smi_view_get(const struct k8smi_label_view *labels, struct k8sm_slice key);

bool k8smi_expressions_hold(struct k8smi_expressions expressions, const struct k8smi_label_view *labels);

/* A LabelSelector: without expressions it selects everything; one that is not there, nothing. */
struct k8smi_selector {
  struct k8smi_expressions expressions;
  bool nothing;
};
bool k8smi_selector_matches(const struct k8smi_selector *selector, struct k8smi_pair_list labels);

enum { K8SMI_EFFECT_ANY = 0, K8SMI_EFFECT_NO_SCHEDULE, K8SMI_EFFECT_PREFER, K8SMI_EFFECT_NO_EXECUTE };

struct k8smi_taint {
  struct k8sm_slice key, value;
  uint32_t effect; /* K8SMI_EFFECT_*, never ANY */
};

struct k8smi_taints {
  const struct k8smi_taint *items;
  size_t count;
};

struct k8smi_toleration {
  struct k8sm_slice key; /* empty: every key */
  struct k8sm_slice value;
  int64_t number;  /* GT, LT */
  uint32_t op;     /* K8SMI_OP_EXISTS, _IN (equal), _GT or _LT */
  uint32_t effect; /* K8SMI_EFFECT_* */
};

struct k8smi_tolerations {
  const struct k8smi_toleration *items;
  size_t count;
};

bool k8smi_tolerates(struct k8smi_tolerations tolerations, const struct k8smi_taint *taint);
/* "NoSchedule" and so on; ANY for a text that is none. */
uint32_t k8smi_effect_of(struct k8sm_slice text);
const char *k8smi_effect_name(uint32_t effect);

#endif
