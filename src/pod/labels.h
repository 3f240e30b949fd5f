/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_LABELS_H
#define K8SMI_POD_LABELS_H

/* Labels, and what selectors ask of them: known here alone, to all who select pods or nodes.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */

#include "base/buf.h"
#include "pod/record.h"

/* Sorted by key. */
struct k8smi_pair_list {
  const struct k8smi_pair *items;
  size_t count;
};
/* Of a map of a record. */
static inline struct k8smi_pair_list k8smi_pairs_of(struct k8smi_list map) {
  return (struct k8smi_pair_list){map.items, map.count};
}
/* The value of a key; ptr NULL: it is not there. */
struct k8sm_slice k8smi_pairs_get(struct k8smi_pair_list sorted, struct k8sm_slice key);

struct k8smi_strings {
  const struct k8sm_slice *items;
  size_t count;
};
/* Of a list of texts of a record. */
static inline struct k8smi_strings k8smi_strings_of(struct k8smi_list list) {
  return (struct k8smi_strings){list.items, list.count};
}
/* "a,b". */
void k8smi_strings_put(struct k8smi_buf *to, struct k8smi_strings strings);

/* The last two are of nodes' labels only. */
enum {
  K8SMI_OP_IN = 0,
  K8SMI_OP_NOT_IN,
  K8SMI_OP_EXISTS,
  K8SMI_OP_NOT_EXISTS,
  K8SMI_OP_GT,
  K8SMI_OP_LT,
  K8SMI_OPS
};

struct k8smi_expression {
  struct k8sm_slice key;
  struct k8smi_strings values; /* IN, NOT_IN */
  int64_t number;              /* GT, LT */
  uint32_t op;                 /* K8SMI_OP_*; K8SMI_OPS: none of them */
};

/* All must hold. */
struct k8smi_expressions {
  const struct k8smi_expression *items;
  size_t count;
};

/* What a LabelSelectorRequirement or NodeSelectorRequirement says, in the record's memory. False: it never
 * holds, as there is no such operator, or no number to compare with. */
bool k8smi_expression_of(const struct k8smi_record *requirement, struct k8smi_expression *ret);
/* Whether the label's value is as asked; ptr NULL: the label is not there. */
bool k8smi_expression_holds(const struct k8smi_expression *expression, struct k8sm_slice value);
/* "rack in (r1,r2)", "gpu", "!gpu", "cores>8": as kubectl writes selectors. */
void k8smi_expression_put(struct k8smi_buf *to, const struct k8smi_expression *expression);

#endif
