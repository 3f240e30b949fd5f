/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_STATE_H
#define K8SMI_DRIVER_STATE_H

/* The driver as a whole, and the parts that need to see all of it. */

#include "driver/told.h"
#include "driver/tombs.h"
#include "driver/volumes.h"
#include "wire/mesos.h"

/* A role of the framework, as the master sees it; see roles.c. */
struct drv_role {
  bool wanted;       /* some pod may use its offers, now or later */
  bool suppressed;   /* the master sends none */
  bool refused;      /* some were declined for long: the master holds filters against us */
  bool unsure;       /* an answer is lost: it may send none, or all */
  uint64_t since_ms; /* when `wanted` last changed, or the subscription began */
};

/* An agent on which something is reserved for a pod that has ended. */
struct drv_owed {
  struct k8smi_link link;
  struct drv_key agent;
  struct k8sm_demand *demand; /* whose roles are wanted there */
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  uint64_t until_ms;
  int64_t left; /* that has not come back, as drv_place.reserved: not all comes with the same offer */
  size_t size;  /* of the whole */
  char text[];
};

/* A claim that is deleted; see claims.c. */
struct drv_claim {
  struct k8smi_link changed;   /* in the list of those that pods may have, or may have no more */
  struct k8sm_slice name;      /* "namespace/name" */
  struct k8sm_slice volume;    /* the id of its volume */
  const struct drv_call *call; /* that destroys it, and is not answered; NULL: none */
  uint64_t until_ms;           /* so long it is looked for; DRV_NEVER: not yet */
  uint64_t again_ms;           /* after a refusal: not removed from the record before */
  bool kept;                   /* the host has the record of it: it happens */
  bool used;                   /* some pod has it */
  bool wanting;                /* offers are wanted for it, as far as the sum of wants knows */
  bool answered;               /* the agent that is taken to have it has made an offer since, without it */
  bool removing;               /* from the record */
  size_t size;                 /* of the whole */
  char text[];
};

struct drv_claims {
  struct drv_claim **items;
  size_t count;
  size_t cap;
  struct k8smi_map by_name;  /* to the number in `items` */
  struct k8smi_link changed; /* those of which it is to be seen whether pods have them */
};

/* Offers: which are wanted, held, declined; see wanted.c, offers.c. */
struct drv_offers {
  struct k8sm_cluster *cluster;
  struct k8sm_wants *wants;   /* of all pods; NULL: not summed up yet */
  struct k8sm_wants *limits;  /* by whose constraints the master goes; NULL: by none */
  struct drv_role *roles;     /* as the options' */
  struct k8sm_slice *names;   /* room for as many */
  bool fresh;                 /* offers or needs have changed since the last match */
  bool unmatched;             /* some pods have not been in the round yet: their turn is in the next step */
  bool stale;                 /* agents have changed since the wants were summed up */
  bool sift;                  /* offers or wants have changed since offers were given back */
  bool revive;                /* a need has come up that filters may be in the way of */
  bool constrains;            /* the master knows constraints */
  bool never_constrain;       /* one has refused some */
  bool unsure;                /* it is not known by which constraints it goes */
  uint64_t revived_ms;        /* when the last REVIVE went out */
  uint64_t sift_ms;           /* when the next offer is to be given back */
  uint64_t limit_ms;          /* when narrower constraints are told; DRV_NEVER: there are none */
  uint64_t limit_hash;        /* of those */
  bool wanting;               /* some pod needs something now */
  uint64_t since_ms;          /* when that last changed, or the subscription began */
  uint64_t summed_ms;         /* when the wants were summed up last */
  struct drv_lookup accepted; /* offers of ACCEPTs on their way: drv_accepted */
  struct k8smi_link owed;     /* drv_owed, the first one to be waited for no longer first */
  struct drv_lookup owing;    /* the same, by the hashes of agent ids */
  bool sweeping;              /* what is left over is looked for; see sweep.c */
  uint64_t sweep_ms;          /* when that ends, or begins again; DRV_NEVER: not at all */
  uint64_t released; /* the generation of the cluster that was looked at for what is to be given back */
};

/* Reconciliation after each subscription, and in doubt; see reconcile.c. */
struct drv_reconcile {
  bool begun;       /* a run is under way */
  uint32_t run;     /* its number, or that of the last one: drv_task.heard */
  uint32_t rounds;  /* of it, so far */
  bool asked;       /* the round has named some task */
  size_t cursor;    /* the slot at which it goes on: a long one takes several steps */
  uint64_t due_ms;  /* the next round or run, or the rest of one */
  uint64_t cool_ms; /* all tasks are not asked for before */
  uint64_t all_ms; /* when the master has told of all that it knows, asked for or not; DRV_NEVER: not asked */
};

enum drv_life { DRV_RUNNING = 0, DRV_LEAVING, DRV_STOPPED };

struct k8sm_driver {
  struct drv_core core;
  struct drv_session session;
  struct drv_outbox outbox;
  struct drv_records records;
  struct drv_pods pods;
  struct drv_offers offers;
  struct drv_reconcile reconcile;
  struct drv_claims claims;
  struct drv_volumes volumes;
  struct drv_tombs tombs;
  struct drv_told told;
  enum drv_life life;
  uint64_t leave_ms;  /* LEAVING: when it is over at the latest */
  uint32_t stop_code; /* of the STOPPED effect that is due */
  bool stop_due;
  bool begun;                /* an input other than RESTORE has come */
  bool resync;               /* a chunk was lost for want of memory: subscribe again */
  uint64_t starved_ms;       /* when to try again what memory was lacking for; DRV_NEVER: nothing */
  bool framework_kept;       /* its id is recorded */
  uint64_t framework_due_ms; /* when to record it (again); DRV_NEVER: under way, or done */
  uint64_t adopt_until_ms;   /* see adopt.c; DRV_NEVER: no subscription has come yet */
};

/* ---- input.c ---- */

/* Takes an input in. Errors: as k8sm_driver_step. */
int k8smi_drv_take(struct k8sm_driver *d, const struct k8sm_input *in, struct k8sm_diags *diags);

/* ---- pump.c ---- */

/* Does what is to be done. Errors: NOMEM; what was not done is tried again by the next. */
int k8smi_drv_pump(struct k8sm_driver *d);
/* Draws the consequences of a subscription that ended. Takes no memory. */
void k8smi_drv_settle(struct k8sm_driver *d);

/* ---- operations.c: operations on volumes ---- */

/* What the master says of one. *ret_taken: it is of our making. Errors: NOMEM. */
int k8smi_drv_operation_take(struct k8sm_driver *d, const K8smMesos__OperationStatus *status,
                             bool *ret_taken);
/* Nobody knows whether the volumes of claims were made for the pod's present attempt, and in this run of
 * reconciliation no answer has come. The pod may be at rest. */
bool k8smi_drv_operation_is_unheard(const struct k8sm_driver *d, const struct drv_pod *pod);
/* Asks for those of these pods. *ret_any: there were some. Errors: NOMEM. */
int k8smi_drv_operations_ask(struct k8sm_driver *d, struct drv_pod *const *pods, size_t count, bool *ret_any);

/* ---- events.c: what the master says ---- */

/* It has ended, as is said here, for good or not. */
bool k8smi_drv_event_terminal(K8smMesos__TaskState state);
/* Somebody saw it alive. */
bool k8smi_drv_event_lives(const K8smMesos__TaskStatus *s);

/* One event. Errors: NOMEM. */
int k8smi_drv_event_in(struct k8sm_driver *d, struct k8sm_slice bytes);

/* ---- change.c: what happens to pods ---- */

static inline struct k8sm_change k8smi_drv_change(const struct k8sm_driver *d, uint32_t type) {
  return (struct k8sm_change){.type = type, .mono_ms = d->core.mono_ms, .wall_ms = d->core.wall_ms};
}

/* Applies a change to the pod's status; an UPDATE is `update`, which has been read. Errors: as
 * k8sm_status_apply; nothing has changed then. */
int k8smi_drv_pod_change(struct k8sm_driver *d, struct drv_pod *pod, const struct k8sm_change *change,
                         const K8smMesos__TaskStatus *update);
/* The same, with what it finds. */
int k8smi_drv_pod_tell(struct k8sm_driver *d, struct drv_pod *pod, const struct k8sm_change *change,
                       const K8smMesos__TaskStatus *update, struct k8sm_diags *diags);
/* The next status, and what people are told of it: it is taken in any case. Errors: NOMEM; nothing has
 * changed then.
 */
int k8smi_drv_pod_take_status(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_status *status);
void k8smi_drv_pod_set_status(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_status *status);
/* Tells the pod that a task which was to be launched was not: as the master would. Errors: NOMEM. */
int k8smi_drv_pod_dropped(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task, const char *why);
/* The attempt is given up, and an event says why; `code`: K8SM_DIAG_*, or 0. Errors: NOMEM. */
int k8smi_drv_pod_abandon(struct k8sm_driver *d, struct drv_pod *pod, uint32_t code, const char *why);
/* Begins the deletion. Errors: NOMEM, INVALID. */
int k8smi_drv_pod_delete(struct k8sm_driver *d, struct drv_pod *pod, int64_t grace_seconds);
/* As a deletion that is asked for: recorded before it begins. Nothing new if it is under way with no more
 * grace. Errors: NOMEM, INVALID. */
int k8smi_drv_pod_end(struct k8sm_driver *d, struct drv_pod *pod, int64_t grace_seconds);

/* ---- copies.c ---- */

/* Of what an update says, and the status that it comes to: equal to drv_task.copy if it says nothing new. 0:
 * it is no copy of a task that runs, or memory ran out. */
uint64_t k8smi_drv_copy_hash(const struct k8sm_driver *d, const struct drv_pod *pod,
                             const K8smMesos__TaskStatus *s);
/* Takes a copy in. *ret_same: it made no difference. Errors: as k8smi_drv_pod_change. */
int k8smi_drv_copy_take(struct k8sm_driver *d, struct drv_pod *pod, const K8smMesos__TaskStatus *copy,
                        bool *ret_same);

/* ---- rest.c ---- */

/* Something happens to the pod: before anything of it but tasks and place is looked at. Errors: NOMEM. */
int k8smi_drv_pod_wake(struct k8sm_driver *d, struct drv_pod *pod);
/* The same for what will not lead to more, as a rule: one that was at rest goes back at the end of the step.
 */
int k8smi_drv_pod_stir(struct k8sm_driver *d, struct drv_pod *pod);
/* Puts a pod to rest that was just read from the record: all of them awake at once would take much. It wakes
 * when it is looked at. Can do without memory. */
void k8smi_drv_pod_rest(struct k8sm_driver *d, struct drv_pod *pod);

/* ---- life.c: what pods need ---- */

/* Looks at the pods that are dirty or due, as many as take little time. Errors: NOMEM. */
int k8smi_drv_pods_pump(struct k8sm_driver *d);
/* keep.c: records the pod as it is. `call`, if any, waits for it, and belongs to the outbox then. Errors:
 * NOMEM. */
int k8smi_drv_pod_keep(struct k8sm_driver *d, const struct drv_pod_view *view, enum drv_record_kind kind,
                       struct drv_call *call);

/* ---- shutdown.c ---- */

/* The executor of a task of the present attempt is told to end, with all that it runs. Errors: NOMEM. */
int k8smi_drv_shutdown(struct k8sm_driver *d, const struct drv_pod *pod, struct k8sm_slice task_id,
                       struct k8sm_slice agent_id);

/* ---- adopt.c: without a record ---- */

bool k8smi_drv_adopting(const struct k8sm_driver *d);
/* A subscription has come. Errors: NOMEM. */
int k8smi_drv_adopt_begin(struct k8sm_driver *d);
/* A pod comes from a record that was begun after the other was lost, maybe. */
void k8smi_drv_adopt_restored(const struct k8sm_driver *d, struct drv_pod *pod);
/* When all that runs of the pod is known, as far as it can be. */
uint64_t k8smi_drv_adopt_known_ms(const struct k8sm_driver *d, const struct drv_pod *pod);
/* The number of the first attempt of a pod that is given now. */
uint32_t k8smi_drv_adopt_attempt(const struct k8sm_driver *d);
/* The number of its next attempt. Where the pod was taken up, there may have been some after that which was
 * found. */
uint32_t k8smi_drv_adopt_next(const struct k8sm_driver *d, const struct drv_pod *pod);
/* Somebody saw a task of the pod alive, and knows, or not, of an executor of the pod's own. Errors: NOMEM. */
int k8smi_drv_adopt(struct k8sm_driver *d, struct drv_pod *pod, uint32_t attempt, struct k8sm_slice agent_id,
                    bool has_executor);
/* Gives the attempt up if this says that the process before was ending it. Errors: NOMEM. */
int k8smi_drv_adopt_killed(struct k8sm_driver *d, struct drv_pod *pod, uint32_t attempt,
                           const K8smMesos__TaskStatus *s);
/* Of a pod that is awake. When the time to hear of what runs is over, what was not heard of does not run:
 * only then the pod may have come to its end. Errors: NOMEM. */
int k8smi_drv_adopt_end(struct k8sm_driver *d, struct drv_pod *pod);

/* ---- launch.c: pods meet offers ---- */

/* An offer of a launch, to be found when it is rescinded: by the hash of its id. */
struct drv_accepted {
  struct drv_key key;
  struct drv_launch *launch;
};

struct drv_launch {
  struct k8sm_plan *plan;   /* that it came from: `offers` are its memory; or that of: */
  struct k8sm_calls *calls; /* NULL, or what it is of, where it launches nothing, but … */
  uint32_t first_release;   /* … gives back these of them */
  uint32_t release_end;
  struct k8sm_slice *offers; /* that the ACCEPT names */
  size_t offer_count;
  size_t offer_cap;
  struct drv_accepted *accepted; /* all offers that it named; NULL: not to be found yet */
  size_t accepted_count;
  struct drv_call *call;
  uint32_t first_placement; /* of the plan, that belongs to it */
  size_t count;
  size_t cap;
  struct drv_pod *pods[]; /* alive as long as the launch is: drv_pod.launches */
};

/* Matches what is needed against the offers, records, and queues the ACCEPTs. Errors: NOMEM. */
int k8smi_drv_launch(struct k8sm_driver *d);
/* An ACCEPT is answered, or never went. Errors: NOMEM (may be called again). */
int k8smi_drv_launch_ended(struct k8sm_driver *d, struct drv_call *call);
/* An offer is gone: an ACCEPT of it that has not been sent must not go. */
void k8smi_drv_launch_rescinded(struct k8sm_driver *d, struct k8sm_slice offer_id);
/* Has the offers of the launch found by that. Errors: NOMEM. */
int k8smi_drv_launch_note_offers(struct k8sm_driver *d, struct drv_launch *launch);
void k8smi_drv_launch_free(struct k8sm_driver *d, struct drv_launch *launch);

/* ---- release.c: reservations of pods that have ended ---- */

/* The pod leaves its agent. Takes memory, and can do without. */
void k8smi_drv_release_owe(struct k8sm_driver *d, const struct drv_pod *pod);
/* What is still reserved there for a former attempt of it: the next one has that. And that it is begun. */
int64_t k8smi_drv_release_owed(struct k8sm_driver *d, const struct drv_pod *pod, struct k8sm_slice agent_id);
void k8smi_drv_release_begun(struct k8sm_driver *d, const struct drv_pod *pod);
/* Gives back what the offers held have of it. Errors: NOMEM. */
int k8smi_drv_release_pump(struct k8sm_driver *d);
/* The master has taken a call that does: so much less is owed. Where that is not known, the offers will come
 * again if it was lost. */
void k8smi_drv_release_taken(struct k8sm_driver *d, const struct drv_launch *launch);
uint64_t k8smi_drv_release_deadline(const struct k8sm_driver *d);
void k8smi_drv_release_free(struct k8sm_driver *d);

/* ---- claims.c: claims that are deleted ---- */

void k8smi_drv_claims_init(struct k8sm_driver *d);
void k8smi_drv_claims_free(struct k8sm_driver *d);
/* Errors: INVALID (no "namespace/name"), NOMEM. */
int k8smi_drv_claim_delete(struct k8sm_driver *d, struct k8sm_slice name, struct k8sm_diags *diags);
/* From a record; `key` begins with DRV_CLAIM_KEY. Errors: INVALID, SYNTAX, NOMEM. */
#define DRV_CLAIM_KEY "claim/"
int k8smi_drv_claim_restore(struct k8sm_driver *d, struct k8sm_slice key, struct k8sm_slice bytes,
                            struct k8sm_diags *diags);
/* The row of one, into `buf`, which the caller has initialized, and its key. Failure shows in buf->failed. */
void k8smi_drv_claim_row(const struct k8sm_driver *d, const struct drv_claim *claim, struct k8smi_buf *buf);
struct k8sm_slice k8smi_drv_claim_key(const struct drv_claim *claim, char *text, size_t cap);
/* It is to be deleted, and the host has the record of that. */
bool k8smi_drv_claim_is_deleted(const struct k8sm_driver *d, struct k8sm_slice name);
/* A record about a claim is answered. Errors: NOMEM. */
int k8smi_drv_claim_answered(struct k8sm_driver *d, const struct drv_record *record);
/* The subscription is gone: what was asked of it has to be seen again. */
void k8smi_drv_claims_reset(struct k8sm_driver *d);
/* The claim for which the pod waits, since it is being deleted; NULL: for none. */
const struct drv_claim *k8smi_drv_claim_awaited(const struct k8sm_driver *d, const struct drv_pod *pod);
/* A pod that may have some has changed. */
void k8smi_drv_claims_touch(struct k8sm_driver *d, const struct drv_pod *pod);
/* Removes those that are gone. Errors: NOMEM. */
int k8smi_drv_claims_pump(struct k8sm_driver *d);
/* Those to be given back, at most `cap`, into `rows` (may be NULL). Returns how many there are. */
size_t k8smi_drv_claims_due(const struct k8sm_driver *d, struct k8sm_slice *rows);
/* What is reserved for the claim on the agent is about to be given back: says so. Errors: NOMEM. */
int k8smi_drv_claim_say(struct k8sm_driver *d, struct k8sm_slice name, struct k8sm_slice agent_id);
/* A call on its way does it. */
void k8smi_drv_claim_released(struct k8sm_driver *d, struct k8sm_slice name, const struct drv_call *call);
/* Such a call is answered, or never went. */
void k8smi_drv_claims_called(struct k8sm_driver *d, const struct drv_call *call);
/* What is wanted for them; `rows` may be NULL. */
size_t k8smi_drv_claims_want(const struct k8sm_driver *d, struct k8sm_want *rows);
uint64_t k8smi_drv_claims_deadline(const struct k8sm_driver *d);
/* Those that some agent has, or may have. */
size_t k8smi_drv_claims_open(const struct k8sm_driver *d);
/* ---- offered.c: offers that come in ---- */

/* Those of an event, which came as these bytes. Errors: NOMEM; any other: they can't be read at all. */
int k8smi_drv_offered(struct k8sm_driver *d, const K8smMesos__Event__Offers *event, struct k8sm_slice bytes);

/* ---- sweep.c: what is left over of others ---- */

/* The driver subscribes. */
void k8smi_drv_sweep_begin(struct k8sm_driver *d);
void k8smi_drv_sweep_pump(struct k8sm_driver *d);
/* What it wants now, if anything: returns how many rows; `row` may be NULL. */
size_t k8smi_drv_sweep_want(const struct k8sm_driver *d, struct k8sm_want *row);

/* ---- preempt.c: pods end for others ---- */

/* Notes who waits for others to end, of a plan whose demands are those of `pods`; then, when their statuses
 * say so, records that and ends the victims. Errors: NOMEM: both may be called again, with another plan. */
int k8smi_drv_preempt_nominate(struct k8sm_driver *d, const struct k8sm_plan *plan,
                               struct drv_pod *const *pods);
int k8smi_drv_preempt(struct k8sm_driver *d, const struct k8sm_plan *plan, struct drv_pod *const *pods);
/* It waits no more: it has a place, or others did not make one in time. */
void k8smi_drv_pod_withdraw(struct k8sm_driver *d, struct drv_pod *pod);

/* ---- wanted.c ---- */

/* Sums up what is wanted, if that has changed. Errors: NOMEM. */
int k8smi_drv_wanted_look(struct k8sm_driver *d);
/* At once, however many pods there are. */
int k8smi_drv_wanted_sum(struct k8sm_driver *d);
uint64_t k8smi_drv_wanted_deadline(const struct k8sm_driver *d);

/* ---- roles.c ---- */

/* What a SUBSCRIBE says of roles, and that it went out. Errors: NOMEM. */
int k8smi_drv_roles_subscribe(struct k8sm_driver *d, struct drv_subscribe *ret);
void k8smi_drv_roles_subscribed(struct k8sm_driver *d);
/* The version of the master that we are subscribed to. */
void k8smi_drv_roles_master(struct k8sm_driver *d, struct k8sm_slice version);
/* A call has an outcome: REVIVE, SUPPRESS and UPDATE_FRAMEWORK are looked at. */
void k8smi_drv_roles_answered(struct k8sm_driver *d, const struct drv_call *call);
void k8smi_drv_roles_reset(struct k8sm_driver *d);
int k8smi_drv_roles_pump(struct k8sm_driver *d);
uint64_t k8smi_drv_roles_deadline(const struct k8sm_driver *d);

/* ---- offers.c ---- */

void k8smi_drv_offers_reset(struct k8sm_driver *d);
int k8smi_drv_offers_pump(struct k8sm_driver *d);
uint64_t k8smi_drv_offers_deadline(const struct k8sm_driver *d);
/* Gives offers back to the master. Errors: NOMEM, and what k8sm_call_encode finds in the ids. */
int k8smi_drv_offers_decline(struct k8sm_driver *d, const struct k8sm_slice *ids, size_t n, double seconds,
                             const char *why);

/* ---- reconcile.c ---- */

void k8smi_drv_reconcile_start(struct k8sm_driver *d);
void k8smi_drv_reconcile_stop(struct k8sm_driver *d);
/* The task is asked for on its own at that time. */
void k8smi_drv_reconcile_doubt(struct k8sm_driver *d, struct drv_pod *pod, struct drv_task *task,
                               uint64_t at_ms);
int k8smi_drv_reconcile_pump(struct k8sm_driver *d);
/* Whether another attempt may begin beside what is left of the pod: in this subscription the master has said
 * of each task that it misses it. What was said before may be old: agents come back unheard. */
bool k8smi_drv_reconcile_misses(const struct k8sm_driver *d, const struct drv_pod *pod);
/* Whether all that the pod's tasks had to tell is known: they have been heard of in this subscription, and
 * agents had the time to send what they could not before. */
bool k8smi_drv_reconcile_hears(const struct k8sm_driver *d, const struct drv_pod *pod);
/* Task ids and agent ids by turns; none: all tasks are asked for. Errors: NOMEM, and what k8sm_call_encode
 * finds in the ids. */
int k8smi_drv_reconcile_ask(struct k8sm_driver *d, const struct k8sm_slice *items, size_t n, const char *why);
uint64_t k8smi_drv_reconcile_deadline(const struct k8sm_driver *d);

#endif
