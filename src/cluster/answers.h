/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CLUSTER_ANSWERS_H
#define K8SMI_CLUSTER_ANSWERS_H

#include "base/lanes.h"
#include "cluster/cluster.h"

/* What the agents answer to a question that only their labels, taints, features and planned maintenance
 * decide: match/ asks it and says what the numbers mean. Kept between matches, until one of these changes; of
 * maintenance, until other agents' begins or ends. */
/* Kinds of answers; questions that are kept between matches, and in one. */
enum { K8SMI_ANSWERS_ROWS = 63, K8SMI_ANSWERS_MAX = 64, K8SMI_ANSWERS_OF_MATCH_MAX = 1024 };

/* Answers are bits by the number of the agent, in words of 64: whom the pod fits, and then, for each row that
 * was asked, whom that one refuses and none before it. Who is not known has no bit anywhere. */
struct k8smi_answers {
  struct k8sm_slice key;      /* the question: a block of its own */
  uint64_t rows;              /* and which of its parts were asked */
  uint64_t made;              /* cluster.label_changes then; 0: never */
  struct k8smi_window during; /* for this time, if it was asked for one */
  uint64_t *bits;             /* as many words for those that fit, and for each row */
  size_t words, cap;
  uint32_t *fits; /* the agents that fit, and no more */
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

/* The same, with room for answers that are to be filled in, for each 64 agents, and then gathered. They last
 * until k8smi_answers_trim. NULL, or false, when memory ran out. */
struct k8smi_answers *k8smi_answers_renew(struct k8sm_cluster *cluster, struct k8sm_slice key, uint64_t rows);
/* Of 64 agents those that are known, and by row whom it is the first to refuse. */
void k8smi_answers_put(struct k8smi_answers *answers, size_t number, uint64_t known, const uint64_t *refused);
bool k8smi_answers_gather(const struct k8sm_cluster *cluster, struct k8smi_answers *answers);
/* Forgets all, when none is in use, if they are more than so many. */
void k8smi_answers_trim(struct k8sm_cluster *cluster, size_t most);
void k8smi_answers_clear(struct k8sm_cluster *cluster);

static inline bool k8smi_answers_fit(const struct k8smi_answers *answers, uint32_t agent) {
  return (answers->bits[agent / K8SMI_LANES] >> agent % K8SMI_LANES & 1) != 0;
}
/* Of the 64 agents from one on those that fit. */
static inline uint64_t k8smi_answers_fitting(const struct k8smi_answers *answers, uint32_t first) {
  const size_t word = first / K8SMI_LANES, shift = first % K8SMI_LANES;
  const uint64_t low = answers->bits[word] >> shift;
  const bool more = shift > 0 && word + 1 < answers->words;
  return more ? low | answers->bits[word + 1] << (K8SMI_LANES - shift) : low;
}
/* The row that refuses an agent, as a bit; 0: none. */
uint64_t k8smi_answers_refusing(const struct k8smi_answers *answers, uint32_t agent);

#endif
