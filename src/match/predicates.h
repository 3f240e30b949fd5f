/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_PREDICATES_H
#define K8SMI_MATCH_PREDICATES_H

#include "match/pool.h"

/* What keeps a pod from an agent, in the order of the checks: one row each. */

struct k8smi_match_check {
  const struct k8sm_cluster *cluster;
  const struct k8smi_need *need;
  const struct k8smi_agent *agent;
  const struct k8smi_cluster_slot *slot; /* for the checks of a role's resources */
};

enum {
  K8SMI_SCOPE_AGENT = 0,   /* of the agent; the first that refuses ends the checks */
  K8SMI_SCOPE_SLOT = 1,    /* of what it offers to a role; the first that refuses ends them too */
  K8SMI_SCOPE_RESOURCE = 2 /* the same, but all that refuse are counted */
};

struct k8smi_predicate {
  uint32_t code;     /* K8SM_DIAG_* */
  uint32_t scope;    /* K8SMI_SCOPE_* */
  const char *name;  /* in explanations */
  const char *words; /* in the summary: "3 " and these */
  bool (*refuses)(const struct k8smi_match_check *check);
  void (*wanted)(const struct k8smi_match_check *check, struct k8smi_buf *to);
  void (*had)(const struct k8smi_match_check *check, struct k8smi_buf *to);
};

enum { K8SMI_PREDICATES = 10 };
extern const struct k8smi_predicate k8smi_predicates[K8SMI_PREDICATES];

/* Checks return bits by the number of the predicate's row; 0: fits. */
enum { K8SMI_BY_PIN = 0, K8SMI_BY_OFFER = 4, K8SMI_BY_ROLE = 5, K8SMI_BY_SCALAR = 7 };
uint32_t k8smi_check_agent(struct k8smi_match_check *check, uint32_t agent);
uint32_t k8smi_check_slot(struct k8smi_match_check *check, uint32_t slot);
/* All checks, for each role of the demand until one fits: its slot, or for an explanation the one whose
 * refusal counts, is the check's. Refusals are those of the first role that is offered anything. */
uint32_t k8smi_check_all(struct k8smi_match_check *check, uint32_t agent, uint32_t *ret_slot);

/* look.c: the first pair of the node selector that the agent does not have; NULL: none. */
const struct k8smi_pair *k8smi_selector_mismatch(const struct k8smi_match_check *check);
/* The first host port that is not to be had; 0: none. */
uint16_t k8smi_missing_port(const struct k8smi_match_check *check);
/* What the pod may spend of a scalar: with what names it. */
int64_t k8smi_slot_has(const struct k8smi_match_check *check, uint32_t scalar);

#endif
