/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WANT_WANT_H
#define K8SMI_WANT_WANT_H

#include <k8smesos/wants.h>
#include "base/map.h"
#include "base/refs.h"
#include "cluster/cluster.h"
#include "demand/demand.h"

/* What a constraint speaks of: an attribute by its name, or a pseudo-attribute. */
enum { K8SMI_WANT_ATTRIBUTE = 0, K8SMI_WANT_HOSTNAME, K8SMI_WANT_REGION, K8SMI_WANT_ZONE };
enum { K8SMI_WANT_EQUALS = 0, K8SMI_WANT_NOT_EQUALS, K8SMI_WANT_EXISTS, K8SMI_WANT_NOT_EXISTS };

struct k8smi_constraint {
  uint32_t subject;       /* K8SMI_WANT_ATTRIBUTE … */
  uint32_t op;            /* K8SMI_WANT_EQUALS … */
  struct k8sm_slice name; /* of the attribute */
  struct k8sm_slice value;
};

/* Agents for which all constraints hold; sorted, none twice, never none. */
struct k8smi_group {
  const struct k8smi_constraint *items;
  size_t count;
  uint64_t at_mono_ms; /* when the first demand for them wants offers */
};

/* Any of them; none at all: every agent. */
struct k8smi_groups {
  struct k8smi_group *items;
  size_t count, cap;
  size_t last; /* that was met: the next one is often the same */
};

struct k8smi_wanted_role {
  struct k8sm_slice name;
  uint32_t wants;
  bool any;            /* of every agent: the groups do not count */
  uint64_t at_mono_ms; /* the earliest of all wants; UINT64_MAX: there are none */
  struct k8smi_groups groups;
};

struct k8sm_wants {
  k8smi_refs refs;
  struct k8smi_arena arena;
  struct k8smi_wanted_role *roles;
  size_t role_count;
  struct k8sm_slice constraints; /* in protobuf */
};

/* What is known of the agents, asked for each key of a label once. */
struct k8smi_want_labels {
  const struct k8sm_cluster *cluster;
  struct k8smi_arena *arena;
  struct k8smi_map stated; /* key → 1: some Node object states it, 0: none does */
  bool nodes;              /* there are Node objects with labels */
  bool rewritten;          /* some agent's attributes had to be made valid as labels */
};

int k8smi_constraint_compare(const struct k8smi_constraint *a, const struct k8smi_constraint *b);
int k8smi_group_compare(const struct k8smi_group *a, const struct k8smi_group *b);

/* terms.c: the groups of agents that a demand's rules allow; none: it says nothing that can be said to a
 * master. False when memory ran out. */
bool k8smi_want_groups(struct k8smi_want_labels *labels, const struct k8sm_demand *demand,
                       struct k8smi_groups *ret);

/* constraints.c: as a message. False when memory ran out. */
bool k8smi_want_encode(struct k8sm_wants *wants);
/* True if the agent of the offer may be in the group. */
bool k8smi_group_holds(const struct k8smi_group *group, const K8smMesos__Offer *offer);

#endif
