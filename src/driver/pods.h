/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_PODS_H
#define K8SMI_DRIVER_PODS_H

/* The registry of pods: what each one is, where it runs, which of its tasks have not ended. */

#include "base/list.h"
#include "base/map.h"
#include "driver/agenda.h"
#include "driver/lookup.h"
#include "driver/models.h"
#include "driver/records.h"
#include "driver/snapshot.h"

/* A task that an ACCEPT launches, or has launched, and that has not ended. */
struct drv_task {
  struct drv_task *next;
  struct drv_launch *launch; /* whose ACCEPT is not answered; NULL: it is */
  int32_t state;             /* the last TaskState that came; -1: none */
  uint32_t heard;            /* the last run of reconciliation that need not ask for it */
  uint64_t doubt_ms;         /* when to ask for it on its own; DRV_NEVER: no need */
  uint64_t copy;             /* of the last one that made no difference: see copies.c */
  uint64_t stuck_ms;         /* when it is killed if it still has not started; 0: never */
  struct k8sm_slice id;
  struct k8sm_slice agent_id; /* former attempts may have been elsewhere */
  size_t size;                /* of the whole */
  bool named; /* its id is one of ours, as all are but for those of a broken record; and says: */
  bool pause; /* of no container */
  bool stuck; /* it was killed since it had not started, and people know */
  uint32_t attempt;
  char text[]; /* both ids, a NUL after each */
};

/* Where an attempt of a pod runs. Made once per attempt, by its placement. */
struct drv_place {
  struct k8smi_arena arena;
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice executor; /* ExecutorInfo, sent again with each later launch */
  struct k8sm_plan_port *ports;
  size_t port_count;
  int64_t reserved; /* there for the pod, and not given back: of all resources together, in thousandths */
  bool said;        /* to people */
};

#define DRV_RESERVED_UNKNOWN (-1) /* from before it was recorded */

#define DRV_LATER (DRV_NEVER - 1) /* behind every round of matching */

enum drv_need {
  DRV_NEED_NOTHING = 0,
  DRV_NEED_PLACE, /* somewhere to run the attempt */
  DRV_NEED_RESUME /* resources for `resume`, on its own agent */
};

/* The agent that is nominated for a pod, which waits for others to end there: one block of memory. */
struct drv_nominee {
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice role;
  uint64_t until_ms;     /* when it has waited for long enough; */
  int64_t until_wall_ms; /* the same, for another process */
  size_t bytes;
};

struct drv_rest; /* rest.c */

/* A pod that names a claim, to be found by the hash of that. */
struct drv_claimant {
  struct drv_key claim;
  struct drv_pod *pod;
};

/* At rest `demand`, `resume` and the statuses are NULL, and mostly `pod`, too: k8smi_drv_pod_wake brings them
 * back. A pod that was touched is awake when the pump looks at it. */
struct drv_pod {
  struct drv_rest *rest;   /* NULL: it is awake; if not, and it has a status, it is only shown */
  struct k8smi_link awake; /* in one of the three lists of drv_pods, unless it is packed */
  uint64_t awake_ms;       /* when something happened to it last, or it was looked at in vain */
  uint32_t changes;        /* of its status, so far */
  struct k8smi_link dirty; /* in the list of those to be looked at */
  bool arrived;            /* the agent has spoken of a task of this attempt */
  bool volumes_noted;      /* it is known where those are that it claims */
  bool volumes_old;        /* what the pod tells of them is from before a restart */
  bool volumes_made;       /* they are, and have no rows of their own yet, … */
  bool volumes_told;       /* … as the pod's last row says */
  bool lack_said;          /* people have heard what its attempt lacks */
  bool blocked;            /* a call is due that could not be made without a subscription */
  uint32_t slot;
  uint32_t operation_heard; /* the last run of reconciliation that need not ask for what makes its volumes */
  uint32_t claimant_count;
  struct drv_claimant *claimants; /* one for each claim that it names */
  struct k8sm_pod *pod;
  struct k8sm_slice key; /* "namespace/name", with the uid in one block */
  struct k8sm_slice uid;
  struct k8sm_demand *demand; /* of the attempt, whole */
  struct k8sm_demand *resume; /* what is to be launched now on the executor that is there */
  struct k8sm_status *status;
  struct k8sm_status
      *said;        /* of the last STATUS effect, or one that shows the same; NULL: none has gone out */
  bool shows_other; /* `status` is known to show something else */
  struct drv_place *place; /* NULL until placed */
  struct drv_task *tasks;
  char nonce[12];
  enum drv_need need;
  uint32_t launches;           /* ACCEPTs on their way */
  bool recorded;               /* there is a record to be removed at the end */
  struct k8sm_status *kept;    /* of the last row; NULL: the next one must be whole */
  uint64_t row;                /* its number */
  uint32_t appended;           /* rows behind the whole one */
  bool tasks_changed;          /* since the last row */
  int64_t reserved_told;       /* of its place, in that row */
  struct drv_nominee *nominee; /* where others end for it; NULL: nowhere */
  bool preempted;              /* it ends for another pod */
  bool deleting;               /* and the host has the record of it */
  bool delete_asked;           /* the record is on its way */
  bool delete_again;           /* restored: its status may not know of the deletion that was recorded */
  uint64_t found_ms;           /* it was taken up: when the rest of what its agent has was heard of, too */
  bool adopts;                 /* given without a record: what runs of it is taken up, for a while */
  bool removed;                /* its row is: it can go */
  bool final_kept;             /* a row with its terminal phase is recorded: it may be told */
  uint32_t finals;             /* such rows that wait for their answers */
  struct drv_record *last_row; /* of those on their way; the others are before it */
  bool buried;                 /* the row that removes its own is a tombstone */
  bool unburied;               /* there are too many of those: it waits for its agent, and people know */
  uint64_t removing;           /* the number of the record that removes its row; 0: none is on its way */
  uint64_t again_ms;           /* after a refusal: not recorded again before */
  int64_t grace_seconds;
  uint64_t refusal_hash;    /* of the last "0/5 nodes are available" */
  uint32_t refusal_unknown; /* agents that had no offer then */
  uint32_t form;            /* of the demand, where pod and options do not tell it (any more); else AUTO */
  uint64_t resume_hash;     /* of what `resume` launches */
  struct drv_due due;       /* when to be looked at again */
  struct drv_due doubt;     /* when a task of it is asked for on its own, at the earliest */
  struct drv_due turn;      /* the round of matching that it is to be in; DRV_LATER: it needs nothing yet */
  uint64_t ticked_ms;       /* when its status was last told that time goes on, plus 1 */
  uint64_t next_need_ms;    /* when it will need an offer again; DRV_NEVER: not known to */
};

/* The pod that a list of them came to, and its slot. */
struct drv_seen {
  size_t number, slot;
};

struct drv_pods {
  struct drv_pod **slots; /* NULL: free */
  size_t count;
  size_t cap;
  struct k8smi_map by_uid;
  struct k8smi_map by_key;
  struct drv_lookup by_claim; /* drv_claimant */
  struct k8smi_link awake;    /* those that are not at rest: in the order of awake_ms, or … */
  struct k8smi_link drowsy;   /* … to go back to rest as soon as they may */
  struct k8smi_link shown;    /* at rest, and unpacked for somebody who looks */
  struct k8smi_link dirty;    /* looked at in this order */
  struct drv_models models;
  struct drv_seen seen;
  size_t hole; /* no slot before this one is free */
  struct drv_agenda due;
  struct drv_agenda doubts;
  struct drv_agenda turns; /* of all that need something, now or later; in a round by priority */
  uint64_t round;          /* of matching, under way or the last one */
  size_t needs;            /* pods whose need is not NOTHING */
  bool needs_changed;      /* of some pod, or the time of its next one */
};

void k8smi_drv_pods_init(struct drv_pods *pods, struct drv_core *core);
void k8smi_drv_pods_free(struct drv_pods *pods, struct drv_core *core);

/* By "namespace/name" or uid; NULL: none. */
struct drv_pod *k8smi_drv_pods_find(const struct drv_pods *pods, struct k8sm_slice key);
struct drv_pod *k8smi_drv_pods_by_uid(const struct drv_pods *pods, struct k8sm_slice uid);
/* What _by_uid will mostly give, step by step, with other work between them. The processor is told to bring
 * where the pod is looked for, then the pod, by what the first one returns (0: there was none), and then what
 * that leads to: with many pods each has mostly not been touched for long, and waiting for one part after
 * another takes longer than all that is to be done. */
uint32_t k8smi_drv_pods_expect(const struct drv_pods *pods, struct k8sm_slice uid);
struct drv_pod *k8smi_drv_pods_guess(const struct drv_pods *pods, uint32_t expected);
void k8smi_drv_pod_expect_parts(const struct drv_pod *pod);
/* And of an awake one, when those have come, what they lead to. */
void k8smi_drv_pod_expect_more(const struct drv_pod *pod);

/* A pod on its own: demand of the attempt, status as new. Takes a reference to the Kubernetes pod. Errors: as
 * k8sm_demand_make. */
int k8smi_drv_pod_new(struct drv_core *core, struct k8sm_pod *kube, uint32_t attempt, const char *nonce,
                      struct drv_pod **ret, struct k8sm_diags *diags);
/* From a record. *ret NULL: that is a tombstone, and *ret_left may be left of the pod. Errors: INVALID,
 * SYNTAX, NOMEM. */
int k8smi_drv_pod_restore(struct drv_core *core, struct k8sm_slice bytes, struct drv_pod **ret,
                          struct drv_task **ret_left, struct k8sm_diags *diags);
void k8smi_drv_pod_free(struct drv_core *core, struct drv_pod *pod);
/* Into the registry and out of it; out does not free it. Errors: NOMEM, INVALID (the name is taken). */
int k8smi_drv_pods_add(struct drv_pods *pods, struct drv_core *core, struct drv_pod *pod,
                       struct k8sm_diags *diags);
void k8smi_drv_pods_remove(struct drv_pods *pods, struct drv_pod *pod);

/* Some that may name the claim, "namespace/name"; NULL: there is none, or no other. They may be at rest. */
struct drv_claimant *k8smi_drv_pods_first_claimant(struct drv_pods *pods, struct k8sm_slice claim);
struct drv_claimant *k8smi_drv_pods_next_claimant(const struct drv_claimant *claimant);

/* Of one that may be at rest: the number of its attempt; whether it has ended, and nothing of it runs. */
uint32_t k8smi_drv_pod_attempt(const struct drv_pod *pod);
bool k8smi_drv_pod_over(const struct drv_pod *pod);

/* Of one that is awake, the agent that its attempt is on; one that was taken up without a record has that,
 * too, and no place. Empty: on none. */
struct k8sm_slice k8smi_drv_pod_agent(const struct drv_pod *pod);

/* Has the pod looked at by this step's pump. Takes no memory. */
void k8smi_drv_pods_touch(struct drv_pods *pods, struct drv_pod *pod);
void k8smi_drv_pod_set_need(struct drv_pods *pods, struct drv_pod *pod, enum drv_need need);
void k8smi_drv_pod_set_next_need(struct drv_pods *pods, struct drv_pod *pod, uint64_t at_ms);
/* Those that need something and have not been in the round yet, by priority and then in the order in which
 * they came: the next one is in it now. NULL: all have been. */
struct drv_pod *k8smi_drv_pods_next_turn(struct drv_pods *pods);
/* It was not, after all. */
void k8smi_drv_pod_return_turn(struct drv_pods *pods, struct drv_pod *pod);

/* The demand of an attempt, which may lack what it refers to. `form`: K8SM_FORM_* that it has, whatever is
 * asked for; AUTO: as the pod and the options ask. Errors: as k8sm_demand_make. */
int k8smi_drv_pod_demand(const struct drv_core *core, struct k8sm_pod *kube, uint32_t attempt,
                         const char *nonce, uint32_t form, struct k8sm_demand **ret,
                         struct k8sm_diags *diags);
/* That of an attempt that comes after others: what `former` says is done is not launched. Errors: the same.
 */
int k8smi_drv_pod_demand_next(const struct drv_core *core, struct k8sm_pod *kube,
                              const struct k8sm_status *former, uint32_t attempt, const char *nonce,
                              struct k8sm_demand **ret);
/* It is of an attempt that is to be launched, and of which something is done: who makes its demand anew makes
 * it as the one above. */
bool k8smi_drv_status_leaves_out(const struct k8sm_status *status);
/* That of an attempt that was begun in this form, maybe with other options; AUTO: in one that is not known,
 * with an executor of its own or (maybe) not. *ret_form: for k8smi_drv_pod_demand, to make it again. */
struct drv_begun {
  uint32_t form;
  bool executor;
};
int k8smi_drv_pod_demand_begun(const struct drv_core *core, struct k8sm_pod *kube, uint32_t attempt,
                               const char *nonce, struct drv_begun begun, struct k8sm_demand **ret,
                               uint32_t *ret_form, struct k8sm_diags *diags);

/* preempt.c: NULL when memory ran out. */
struct drv_nominee *k8smi_drv_nominee_new(const struct drv_core *core, struct k8sm_slice agent_id,
                                          struct k8sm_slice hostname, struct k8sm_slice role,
                                          uint64_t wait_ms);
void k8smi_drv_nominee_free(const struct drv_core *core, struct drv_nominee *nominee);

struct drv_task *k8smi_drv_task_new(struct drv_core *core, struct k8sm_slice id, struct k8sm_slice agent_id);
void k8smi_drv_tasks_free(struct drv_core *core, struct drv_task *tasks);
struct drv_task *k8smi_drv_pod_task(const struct drv_pod *pod, struct k8sm_slice id);
void k8smi_drv_pod_end_task(struct drv_core *core, struct drv_pod *pod, struct drv_task *task);

/* With texts of its own, and memory for about so many bytes more. NULL: there is none. */
struct drv_place *k8smi_drv_place_new(const struct drv_core *core, struct k8sm_slice agent_id,
                                      struct k8sm_slice hostname, struct k8sm_slice executor, size_t more);
void k8smi_drv_place_free(struct drv_place *place);

/* A pod as it will be once what is being prepared has happened. */
struct drv_pod_view {
  const struct drv_pod *pod;
  const struct k8sm_pod *kube;
  const struct k8sm_status *status;
  const struct drv_place *place;
  const struct drv_task *more; /* tasks to be launched; NULL: none */
  const struct drv_task *less; /* a task that has ended; NULL: none */
  int64_t reserves;            /* what the launch of `more` reserves beside what place->reserved says */
  bool deleting;
  int64_t grace_seconds;
};
struct drv_pod_view k8smi_drv_pod_view(const struct drv_pod *pod);

/* ---- rows.c: the record of a pod ---- */

struct drv_row {
  struct k8smi_buf buf;
  uint64_t number;
  int64_t reserved; /* that it says */
  bool append;
};
/* Writes the next row into row->buf, which the caller has initialized: what has changed since the last one,
 * or all of it. Errors: NOMEM. */
int k8smi_drv_row_write(const struct drv_core *core, const struct drv_pod_view *view, struct drv_row *row);
/* A whole one, with the number of the last. Errors: NOMEM. */
int k8smi_drv_row_write_whole(const struct drv_core *core, const struct drv_pod_view *view,
                              struct drv_row *row);
/* That of a tombstone: the tasks, without one of them, which may be NULL. Nothing is written if there is
 * none. Errors: NOMEM. */
int k8smi_drv_row_write_tomb(const struct drv_core *core, const struct drv_task *tasks,
                             const struct drv_task *less, struct k8smi_buf *buf);
/* It is on its way to the host: the next one goes on from there. */
void k8smi_drv_row_commit(struct drv_pod *pod, const struct drv_row *row, struct k8sm_status *status);
/* The host could not keep one: those behind it are void. */
void k8smi_drv_row_forget(struct drv_pod *pod);
/* "pod/<uid>", at most cap bytes. */
struct k8sm_slice k8smi_drv_row_key(struct k8sm_slice uid, char *text, size_t cap);

#endif
