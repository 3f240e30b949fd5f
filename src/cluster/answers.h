/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_ANSWERS_H
#define K8SMI_CLUSTER_ANSWERS_H

#include "cluster/cluster.h"

/* What the agents answer to a question that only their labels, taints and features decide: match/ asks it and
 * says what the numbers mean. Kept between matches, until one of these changes. */
enum { K8SMI_ANSWERS_ROWS = 63, K8SMI_ANSWERS_MAX = 64 }; /* kinds of answers; questions that are kept */

struct k8smi_answers {
  struct k8sm_slice key; /* the question: a block of its own */
  uint64_t rows;         /* and which of its parts were asked */
  uint64_t made;         /* cluster.label_changes then; 0: never */
  uint8_t *answers;      /* by agent: 0: fits, else 1 + what refuses, or that it is not known */
  size_t cap;            /* agents that there is room for */
  uint32_t *fits;        /* the agents that fit, and no more */
  size_t fit_count;
  uint32_t counts[K8SMI_ANSWERS_ROWS]; /* how many are refused, by what refuses */
};

struct k8smi_answers_list {
  struct k8smi_answers **items;
  size_t count, cap;
  struct k8smi_map by_key; /* to their numbers */
};

/* The answers to a question, if they are there and up to date; else NULL. */
struct k8smi_answers *k8smi_answers_find(const struct k8sm_cluster *cluster, struct k8sm_slice key,
                                         uint64_t rows);
enum { K8SMI_ANSWER_UNKNOWN = UINT8_MAX }; /* of an agent that is not known, or a row that has none */

/* The same, with room for answers that are to be filled in, and then gathered. They last until
 * k8smi_answers_trim. NULL, or false, when memory ran out. */
struct k8smi_answers *k8smi_answers_renew(struct k8sm_cluster *cluster, struct k8sm_slice key, uint64_t rows);
bool k8smi_answers_gather(const struct k8sm_cluster *cluster, struct k8smi_answers *answers);
/* Forgets them, after a match, if there are many. */
void k8smi_answers_trim(struct k8sm_cluster *cluster);
void k8smi_answers_clear(struct k8sm_cluster *cluster);

#endif
