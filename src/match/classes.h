/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_CLASSES_H
#define K8SMI_MATCH_CLASSES_H

#include "match/predicates.h"

/* Pods that every agent refuses or takes alike, for what it is: it is asked once for all of them. */
struct k8smi_class {
  uint8_t *answers; /* by agent: 0: fits, else 1 + the row that refuses; NULL: only one pod came so far */
  uint32_t *fits;   /* the agents that fit */
  size_t fit_count;
};

/* The classes of a match, by the keys that demands have for it. */
struct k8smi_classes {
  struct k8smi_map by_key; /* to numbers */
  struct k8smi_class *items;
  size_t count, cap;
};

/* The class of a pod, with all agents asked; NULL if it is the first of it, or agents need not be asked.
 * False when memory ran out. */
bool k8smi_class_find(struct k8smi_classes *classes, struct k8smi_arena *scratch,
                      const struct k8smi_match_check *check, const struct k8smi_class **ret);

#endif
