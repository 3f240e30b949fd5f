/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_LABELS_H
#define K8SMI_CLUSTER_LABELS_H

#include "base/buf.h"
#include "base/map.h"
#include "cluster/table.h"
#include "demand/selector.h"
#include "wire/mesos.h"

/* An agent as a node: what its offers say of it as labels and taints, by the table in doc/scheduling.md. */

/* All of it but the hostname, which is each agent's own: of the rest, most agents say what others say, too,
 * and share it. One block of memory, with its texts behind the rows. */
struct k8smi_label_set {
  size_t block; /* bytes */
  uint32_t row; /* of k8smi_label_sets.rows */
  uint32_t users;
  struct k8sm_slice text;       /* all of it: two sets are equal if their texts are */
  struct k8smi_pair_list pairs; /* sorted by key; of equal keys the one that counts is first */
  size_t hostname_at;           /* how many of them come before the hostname's label */
  struct k8smi_taints taints;
  int64_t away_from_ms; /* planned maintenance, wall clock; INT64_MAX: none is planned */
  int64_t away_until_ms;
  bool rewritten; /* an attribute's name or text is no label as it is: others may make the same one */
  struct k8smi_pair items[];
};

/* The sets that agents have, each once. */
struct k8smi_label_sets {
  struct k8smi_table rows;  /* struct k8smi_label_row */
  struct k8smi_map by_text; /* to their rows */
};
struct k8smi_label_row {
  struct k8smi_cell cell;
  struct k8smi_label_set *set;
};

/* An agent's labels: one block of memory, with the hostname's text behind. */
struct k8smi_labels {
  struct k8smi_label_set *set; /* of whose users it is one */
  struct k8sm_slice hostname;
};

void k8smi_label_sets_init(struct k8smi_label_sets *sets, const struct k8sm_allocator *allocator,
                           uint64_t seed);
/* When no agent has labels any more. */
void k8smi_label_sets_free(struct k8smi_label_sets *sets);

/* Makes the labels of an offer's agent. `scratch` is written over. `current` comes back if it says the
 * same; NULL when memory ran out. */
struct k8smi_labels *k8smi_labels_make(struct k8smi_label_sets *sets, const K8smMesos__Offer *offer,
                                       struct k8smi_labels *current, struct k8smi_buf *scratch);
void k8smi_labels_free(struct k8smi_label_sets *sets, struct k8smi_labels *labels);

/* How many labels an agent has, and each of them, sorted by key. */
static inline size_t k8smi_labels_count(const struct k8smi_labels *labels) {
  return labels->set->pairs.count + 1;
}
static inline struct k8smi_pair k8smi_labels_at(const struct k8smi_labels *labels, size_t i) {
  const size_t host = labels->set->hostname_at;
  if (i == host) return (struct k8smi_pair){K8SMI_S(K8SMI_LABEL_HOSTNAME), labels->hostname};
  return labels->set->pairs.items[i < host ? i : i - 1];
}

/* attributes.c: writes the labels of an offer's agent, but for the hostname's, as "key\0value\0", later ones
 * before earlier ones of the same key, then its taints as "key\0value\0effect\0". Returns how many of each.
 */
struct k8smi_label_counts {
  size_t labels, taints;
  bool rewritten;
};
struct k8smi_label_counts k8smi_attributes_put(struct k8smi_buf *to, const K8smMesos__Offer *offer);

#endif
