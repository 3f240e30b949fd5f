/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_MATCH_MATCH_H
#define K8SMI_MATCH_MATCH_H

#include "match/classes.h"
#include "match/holds.h"
#include "match/peers.h"
#include "match/summary.h"

/* A match under way. */

/* A group of which too few have a place. */
struct k8smi_gang {
  struct k8sm_slice name;
  uint32_t placed, minimum; /* with those that run */
};

struct k8smi_refused {
  uint32_t demand;
  uint32_t placements;    /* of the match then */
  struct k8smi_gang gang; /* minimum 0: it was refused by agents */
  struct k8smi_histogram histogram;
  struct k8smi_preemption preemption;
};

struct k8smi_saved_pool;
struct k8smi_candidate;
struct k8smi_claimed;

struct k8smi_match {
  struct k8sm_cluster *cluster;
  struct k8sm_plan *plan; /* while it is made, its placements stand at their demands */
  struct k8smi_arena scratch;
  struct k8sm_match_options options;
  struct k8smi_classes classes;
  struct k8smi_peers peers;
  struct k8smi_holds holds;
  uint32_t *chosen; /* rows of the pods that are to be preempted */
  size_t chosen_count, chosen_cap;
  struct k8smi_pool *pools;           /* slots that are spent from: to be put back */
  uint32_t *order;                    /* of the demands: as they are placed */
  struct k8smi_pool **pool_of;        /* by demand; NULL: not placed */
  struct k8smi_refused **refused;     /* by demand */
  uint32_t *next_of_gang;             /* by demand: the next of its group; NULL: there are no groups */
  bool *in_gang;                      /* by demand: it was placed, or not, with its group */
  struct k8smi_candidate *candidates; /* room for every slot, made when scores first decide */
  uint32_t *seen;                     /* by domain, of any topology: in which count it was seen last */
  uint32_t seen_now;                  /* the count */
  uint8_t scores[K8SMI_SCORES];       /* of the place that was found last */
  uint16_t weights[K8SMI_SCORES];
  struct k8smi_map refused_kinds; /* kinds of pods: to the demand of each that was refused last */
  uint32_t placements;            /* counts them, and those that were taken back */
  uint32_t ranges_of, ranges; /* the best slot in a tie, and how many ranges of ports it would be left with */
  bool no_memory;             /* while a slot was sought */
  bool is_counted;            /* it was sought in vain, and who refuses the pod is counted already: */
  struct k8smi_histogram counted;
  struct k8smi_saved_pool *journal;
  uint32_t journal_number;
  bool journaling;
  struct k8smi_claimed *claimed; /* what pods placed here claim: noted in the cluster until the match ends */
  struct k8smi_claimed *claimed_before; /* the journal */
};

/* match.c: places a demand, or refuses it. False when memory ran out; so for all below. */
bool k8smi_match_one(struct k8smi_match *match, uint32_t demand);

/* place.c: spends what a pod needs from a slot where it fits. */
bool k8smi_match_place(struct k8smi_match *match, const struct k8smi_need *need, uint32_t demand,
                       uint32_t slot);
/* The pool of a slot, made if need be. NULL when memory ran out. */
struct k8smi_pool *k8smi_match_pool(struct k8smi_match *match, uint32_t slot);
/* From now on what is spent can be put back; puts it back. */
void k8smi_match_journal(struct k8smi_match *match);
/* Takes back that pods claim volumes, but for those of `kept` and before. */
void k8smi_match_unclaim(struct k8smi_match *match, struct k8smi_claimed *kept);
void k8smi_match_restore(struct k8smi_match *match);

/* gang.c: which demands are of one group; places the group of the demand, which is its first. */
bool k8smi_match_find_gangs(struct k8smi_match *match);
bool k8smi_match_gang(struct k8smi_match *match, uint32_t first);

/* holds.c: looks up who waits for room, with space for `more`; has pods of a priority leave it alone. */
bool k8smi_match_find_holds(struct k8smi_match *match, size_t more);
bool k8smi_match_hold_for(struct k8smi_match *match, int64_t priority);
/* Takes a hold's room, and gives it to the pod itself. */
bool k8smi_match_hold(struct k8smi_match *match, struct k8smi_hold *hold);
bool k8smi_match_release(struct k8smi_match *match, struct k8smi_hold *hold);

/* preempt.c: looks for pods to end so that this one, which has no place, gets one; nominates the agent. */
bool k8smi_match_preempt(struct k8smi_match *match, const struct k8smi_match_check *check, uint32_t demand,
                         struct k8smi_preemption *ret);

/* match.c: opens a match on the cluster, which is then as it was when it is closed. `pods`: that may be
 * placed. False when memory ran out: it is to be closed all the same. */
bool k8smi_match_open(struct k8smi_match *match, const struct k8sm_allocator *allocator, size_t pods,
                      struct k8sm_diags *diags);
void k8smi_match_close(struct k8smi_match *match);

/* seek.c: the slot for a pod; K8SMI_ROW_NONE: it fits nowhere. */
uint32_t k8smi_match_seek(struct k8smi_match *match, struct k8smi_match_check *check);

/* ties.c: true if a slot comes before another where the pod fits in both, by the strategy: by room, then the
 * one with fewer offers, then where fewer ranges of ports are left, then by the agent's id. */
bool k8smi_slot_before(struct k8smi_match *match, const struct k8smi_match_check *check, uint32_t a,
                       uint32_t b);
/* True if room and offers say the same of both. */
bool k8smi_slot_ties(const struct k8smi_match *match, uint32_t a, uint32_t b);

/* finish.c: what can be said only at the end: which offers are spent from, and the refusals in words.
 * False when memory ran out. */
bool k8smi_match_finish(struct k8smi_match *match);

/* explain.c: why each agent refuses the pod of the check, as things are now. NULL when memory ran out. */
struct k8sm_explain *k8smi_explain_make(const struct k8smi_match_check *check,
                                        const struct k8sm_match_options *options);

/* Copies the options in and checks them. Errors: ABI, INVALID. */
int k8smi_match_options_read(struct k8sm_match_options *ret, const struct k8sm_match_options *options,
                             struct k8sm_diags *diags);

#endif
