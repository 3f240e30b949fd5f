/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_CONTROL_STATE_H
#define K8SMI_CONTROL_STATE_H

/* What a control knows: the workloads, their pods, and what it waits for.
 *
 * Work goes as the driver's does: an input changes state; the pump then looks at each workload that is dirty,
 * and derives from the state what is to be done. A look may stop at a failed allocation and be made again.
 * What it decides about pods stays marked on them (planned, delete_due) until the workload's row is kept. */

#include <k8smesos/control.h>

#include "base/map.h"
#include "cluster/node.h"
#include "driver/effects.h"
#include "pod/schedule.h"
#include "pod/workload.h"

#define CTL_NEVER INT64_MAX /* of the wall's milliseconds */

/* Pointers by key. The keys are the owners' memory. */
struct ctl_table {
  struct k8smi_map map;
  void **items; /* NULL: free */
  size_t count, cap, hole;
};

enum ctl_phase { CTL_PENDING = 0, CTL_RUNNING, CTL_SUCCEEDED, CTL_FAILED, CTL_UNKNOWN };

struct ctl_pod {
  struct ctl_pod *next;     /* of the same owner, in the order in which they came */
  struct ctl_pod **link;    /* what points to it in that list */
  struct ctl_object *owner; /* NULL: a bare pod, or one whose owner is not known */
  struct k8sm_pod *pod;
  struct k8sm_pod *again; /* of a bare one: to be run in its place when it is gone; or NULL */
  char *key_text;         /* "namespace/name" */
  struct k8sm_slice key, uid;
  enum ctl_phase phase;
  bool ready, assigned;
  bool planned;    /* the driver has not been told yet */
  bool deleting;   /* it is to go */
  bool counted;    /* by its Job */
  bool delete_due; /* and the driver has not been told */
  bool surplus;    /* a Job deletes it without counting it */
  bool seen;       /* by an APPLY since the last COMPLETE */
  bool gone;       /* the driver has it no more: the next look at its owner takes it away */
  int64_t grace_seconds;
  int64_t created_ms, ready_ms, finished_ms; /* 0: not yet */
  int64_t restarts;
  int64_t number;                    /* ordinal of a StatefulSet, index of a Job; -1: none */
  struct k8sm_slice revision;        /* its label for the template that it was made of */
  struct k8sm_slice target;          /* the node that it must run on; empty: any */
  struct k8smi_arena arena;          /* of status */
  const struct k8smi_record *status; /* PodStatus; NULL: none came, or nobody needs it */
};

enum { CTL_FALSE = 0, CTL_TRUE = 1, CTL_UNSURE = 2 };
struct ctl_condition {
  struct k8sm_slice type, reason, message; /* in `text` */
  char *text;
  size_t size;
  uint32_t status; /* CTL_FALSE, … */
  int64_t update_ms, transition_ms;
};
enum { CTL_CONDITIONS = 6 };

struct ctl_text {
  char *ptr; /* NULL: empty */
  size_t len;
};

/* The numbers of all statuses. Those that a kind does not have stay 0. */
struct ctl_counts {
  int64_t replicas, ready, available, updated, current, unavailable, terminating, labeled;
  int64_t wanted, misplaced;         /* DaemonSet */
  int64_t active, succeeded, failed; /* Job */
  int64_t start_ms, completion_ms;   /* Job */
  int64_t scheduled_ms, success_ms;  /* CronJob */
  int64_t collisions;                /* -1: none */
};

struct ctl_object {
  struct ctl_object *next;       /* of all, in the order in which they came */
  struct ctl_object **link;      /* what points to it in that list */
  struct ctl_object *next_dirty; /* of those to be looked at */
  struct ctl_object *next_waiting;
  struct ctl_object *owner;
  const struct ctl_kind *kind;
  struct k8sm_workload *workload;
  struct k8sm_workload *again; /* to be made in its place when it is gone; or NULL */
  char *key_text;              /* "Deployment/default/web", NUL, the uid */
  struct k8sm_slice key, uid;
  struct ctl_pod *pods, **pods_end;
  size_t pod_count, child_count;
  struct k8sm_workload *former; /* of a StatefulSet that rolls: that of currentRevision; or NULL */
  struct k8sm_demand *demand;   /* of a DaemonSet: what its pods ask of a node; NULL: not known */
  bool asked;                   /* `demand` has been made, if it could be */
  bool dirty, seen, deleting;
  int64_t grace_seconds, deleted_ms;
  int64_t created_ms, generation;
  int64_t replicas;    /* that there are to be now: of a ReplicaSet what its Deployment says */
  bool scaled;         /* they are not those of its manifest */
  int64_t claimed;     /* of a StatefulSet whose claims go with it: up to which ordinal there may be some */
  int64_t claims_left; /* the same, as the driver has been told since; -1: it was not */
  struct ctl_object *newest;       /* of a Deployment: the ReplicaSet of its template; NULL: not looked for */
  int64_t revision, desired, most; /* of a ReplicaSet: what its Deployment notes on it */
  int64_t size;                    /* of a ReplicaSet: what a look of its Deployment comes to */
  int64_t due_ms;                  /* on the wall: to be looked at again */
  int64_t retry_ms;                /* after a failure: no new pods before */
  int64_t again_ms;                /* after a record was refused: not looked at before */
  int64_t said_ms; /* of a CronJob: the time of its schedule of which it last said that nothing comes of it */
  bool show;       /* its owner may have seen counts that were not told */
  bool said_end;   /* of a Job: its CronJob has said that it ended */
  uint32_t failures;
  struct ctl_counts counts;
  struct ctl_counts told;       /* to its owner, when the driver knew */
  struct ctl_counted *restored; /* of a Job, until its pods are there */
  struct ctl_condition conditions[CTL_CONDITIONS];
  size_t condition_count;
  struct ctl_text current_revision, update_revision; /* StatefulSet */
  struct ctl_text completed_indexes, failed_indexes; /* Job */
  uint64_t row_hash, waiting_hash;                   /* of what is kept, of what waits for its answer */
  uint64_t number;                                   /* of the record that waits; 0: none */
  bool kept;                                         /* there is a row */
  bool removing;                                     /* the record that waits takes it away */
  uint64_t former_number; /* of the record of `former` that waits, or of its removal; 0: none */
  bool former_kept;       /* there is a row of it */
};

/* A pod that a Job has counted, as its row says, until the pod itself is there. */
struct ctl_counted {
  struct ctl_counted *next;
  struct k8sm_slice uid;
  char text[];
};

/* The row of a StatefulSet's `former`, until the set itself is there. */
struct ctl_former {
  struct ctl_former *next;
  struct k8sm_workload *workload;
};

/* The rule by which a zone goes on after its last change: a POSIX TZ string. */
struct ctl_zone_day {
  char kind; /* 'M': month, week, day; 'J': day of the year without leap days; 'D': with them */
  int month, week, day;
  int64_t seconds; /* of that day */
};
struct ctl_zone_rule {
  bool known, changes;
  int64_t standard, summer; /* seconds ahead of UTC */
  struct ctl_zone_day begin, end;
};

/* A zone that was handed in. */
struct ctl_zone {
  struct ctl_zone *next;
  struct k8sm_slice name;
  size_t size;            /* of all */
  const uint8_t *times;   /* of changes, eight bytes each, in the order of time */
  const uint8_t *types;   /* to which type it changes */
  const uint8_t *offsets; /* of the types, six bytes each */
  size_t time_count, type_count;
  struct ctl_zone_rule rule;
  char text[];
};

struct ctl_agent {
  struct k8sm_slice name;
  struct k8smi_node *node; /* NULL: nothing is stated */
};
struct ctl_agents {
  struct k8smi_arena arena;
  struct ctl_agent *rows; /* by name */
  size_t count;
  bool known; /* the host has said which there are */
};

struct k8sm_control {
  struct k8sm_allocator allocator;
  struct k8sm_effects *queue;
  uint64_t seed, drawn, last_number;
  uint64_t mono_ms;
  int64_t wall_ms;
  bool begun; /* an input other than RESTORE and FOUND has come */
  uint64_t starved_ms;
  int64_t due_ms; /* not after the first that is due */
  struct ctl_table objects, uids, pods;
  struct ctl_object *first, **end;
  struct ctl_object *dirty;
  struct ctl_object *waiting;         /* for a record's answer */
  struct ctl_pod *loose, **loose_end; /* bare pods, and those whose owner is not known */
  struct ctl_former *formers;
  struct ctl_zone *zones;
  struct ctl_agents agents;
};

enum ctl_form { CTL_COUNT, CTL_OPTION /* -1: not set */, CTL_TIME, CTL_TEXT };
struct ctl_status_field {
  uint8_t field;
  uint8_t form;
  uint16_t offset; /* in struct ctl_object */
};

struct ctl_kind {
  uint32_t number;        /* K8SM_WORKLOAD_* */
  uint8_t status;         /* field of the object */
  uint8_t status_type;    /* K8SMI_TYPE_* */
  uint8_t observed;       /* field of the status for the generation; CTL_NO_FIELD */
  uint8_t conditions;     /* field of the status; CTL_NO_FIELD */
  uint8_t condition_type; /* K8SMI_TYPE_* */
  const struct ctl_status_field *fields;
  size_t field_count;
  const uint8_t *fixed; /* fields of the spec that may not change */
  size_t fixed_count;
  /* One look: what is there, what should be, what to do. Errors: NOMEM. */
  int (*look)(struct k8sm_control *c, struct ctl_object *o);
  /* What the kind adds to its row in view.c. */
  void (*show)(const struct ctl_object *o, struct k8sm_control_row *row);
};
enum { CTL_NO_FIELD = 255 };

/* ---- kinds.c ---- */

/* NULL: a kind that makes no pods. */
const struct ctl_kind *k8smi_ctl_kind(uint32_t number);

/* ---- table.c ---- */

void k8smi_ctl_table_init(struct ctl_table *t, const struct k8sm_allocator *allocator, uint64_t seed);
void k8smi_ctl_table_free(struct ctl_table *t, const struct k8sm_allocator *allocator);
void *k8smi_ctl_table_get(const struct ctl_table *t, struct k8sm_slice key);
bool k8smi_ctl_table_add(struct ctl_table *t, const struct k8sm_allocator *allocator, struct k8sm_slice key,
                         void *item);
void k8smi_ctl_table_remove(struct ctl_table *t, struct k8sm_slice key);

/* For what can't fail: reading the spec or the head of a workload whose kind is known. */
static inline void k8smi_ctl_sure(int result) {
  (void)result;
}

/* ---- control.c ---- */

/* Queues an EVENT of the object: "REASON: …". Integers and strings only. Errors: NOMEM. */
int k8smi_ctl_event(struct k8sm_control *c, struct k8sm_slice key, const char *reason, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
/* A number that this control never gave out: of the seed, the time, and a count. */
uint64_t k8smi_ctl_draw(struct k8sm_control *c);
/* False: no memory; the old text stays. */
bool k8smi_ctl_text_set(const struct k8sm_control *c, struct ctl_text *text, struct k8sm_slice value);
void k8smi_ctl_text_free(const struct k8sm_control *c, struct ctl_text *text);
static inline struct k8sm_slice k8smi_ctl_text(const struct ctl_text *text) {
  return (struct k8sm_slice){text->ptr == NULL ? "" : text->ptr, text->len};
}

/* ---- input.c ---- */

int k8smi_ctl_take(struct k8sm_control *c, const struct k8sm_control_input *in, struct k8sm_diags *diags);

/* ---- objects.c ---- */

/* Takes a reference of the workload. Errors: NOMEM. */
int k8smi_ctl_object_new(struct k8sm_control *c, struct k8sm_workload *w, struct ctl_object *owner,
                         struct ctl_object **ret);
/* Out of everything, and freed: it has no pods and no children. */
void k8smi_ctl_object_drop(struct k8sm_control *c, struct ctl_object *o);
void k8smi_ctl_object_free(struct k8sm_control *c, struct ctl_object *o);
struct ctl_object *k8smi_ctl_object_find(const struct k8sm_control *c, struct k8sm_slice key);
void k8smi_ctl_touch(struct k8sm_control *c, struct ctl_object *o);
/* Looked at by then, if not before. */
void k8smi_ctl_due(struct k8sm_control *c, struct ctl_object *o, int64_t wall_ms);
/* It is to go, with all that it made. Takes no memory. */
void k8smi_ctl_object_delete(struct k8sm_control *c, struct ctl_object *o, int64_t grace_seconds);
/* And nothing is to come in its place. */
void k8smi_ctl_object_end(struct k8sm_control *c, struct ctl_object *o, int64_t grace_seconds);
/* Another form of it. */
void k8smi_ctl_object_set(struct k8sm_control *c, struct ctl_object *o, struct k8sm_workload *w);
/* It is gone, and begins anew as what is to come in its place. Takes no memory. */
void k8smi_ctl_object_renew(struct k8sm_control *c, struct ctl_object *o);
/* The next child of `owner` behind `after`; NULL: none. */
struct ctl_object *k8smi_ctl_child(const struct k8sm_control *c, const struct ctl_object *owner,
                                   const struct ctl_object *after);

/* How many replicas its manifest asks for. */
int64_t k8smi_ctl_asked(const struct k8sm_workload *w);
/* Whether it is of a kind that has replicas. */
static inline bool k8smi_ctl_can_scale(const struct ctl_object *o) {
  return o->workload->kind->replicas != K8SMI_WORKLOAD_NO_FIELD;
}

/* ---- apply.c ---- */

int k8smi_ctl_apply_workload(struct k8sm_control *c, struct k8sm_workload *w, bool replace,
                             struct k8sm_diags *diags);
int k8smi_ctl_apply_pod(struct k8sm_control *c, struct k8sm_pod *pod, bool replace, struct k8sm_diags *diags);
void k8smi_ctl_complete(struct k8sm_control *c);

/* ---- same.c ---- */

/* Whether a field of two records of the type, or all of them, are written alike. Errors: NOMEM. */
int k8smi_ctl_same_field(const struct k8sm_control *c, unsigned type, unsigned field,
                         const struct k8smi_record *a, const struct k8smi_record *b, bool *ret);
int k8smi_ctl_same_record(const struct k8sm_control *c, unsigned type, const struct k8smi_record *a,
                          const struct k8smi_record *b, bool *ret);

/* ---- pods.c ---- */

/* Takes a reference of the pod. owner NULL: loose. Errors: NOMEM. */
int k8smi_ctl_pod_add(struct k8sm_control *c, struct ctl_object *owner, struct k8sm_pod *kube,
                      struct ctl_pod **ret);
/* A bare pod is gone, and another one of its name begins in its place. Takes no memory. */
void k8smi_ctl_pod_renew(struct k8sm_control *c, struct ctl_pod *p, struct k8sm_pod *kube);
void k8smi_ctl_pod_free(struct k8sm_control *c, struct ctl_pod *p);
/* Out of its list and the table, and freed. */
void k8smi_ctl_pod_drop(struct k8sm_control *c, struct ctl_pod *p);
struct ctl_pod *k8smi_ctl_pod_find(const struct k8sm_control *c, struct k8sm_slice key);
/* One of the same namespace and name. */
struct ctl_pod *k8smi_ctl_pod_find_like(const struct k8sm_control *c, const struct k8sm_pod *pod);
/* Takes a PodStatus in. Errors: NOMEM, SYNTAX, INVALID. */
int k8smi_ctl_pod_status(struct k8sm_control *c, struct ctl_pod *p, struct k8sm_slice json,
                         struct k8sm_diags *diags);
/* It is to go; one that the driver does not know yet goes at once, and is freed. Takes no memory. */
void k8smi_ctl_pod_delete(struct k8sm_control *c, struct ctl_pod *p, int64_t grace_seconds);
/* And nothing is to come in its place. */
void k8smi_ctl_pod_end(struct k8sm_control *c, struct ctl_pod *p, int64_t grace_seconds);
/* The uid of the controller among the owner references; empty: none. */
struct k8sm_slice k8smi_ctl_controller(const struct k8smi_record *metadata);
/* Loose pods go to the objects that are their controllers. */
void k8smi_ctl_pods_adopt(struct k8sm_control *c);
/* Tells the driver what is marked. Errors: NOMEM. */
int k8smi_ctl_pods_release(struct k8sm_control *c, struct ctl_pod *first);
/* Drops those that are gone. */
void k8smi_ctl_pods_reap(struct k8sm_control *c, struct ctl_object *o);

static inline bool k8smi_ctl_pod_ended(const struct ctl_pod *p) {
  return p->phase == CTL_SUCCEEDED || p->phase == CTL_FAILED;
}
/* In the sense of Kubernetes' controllers: neither ended nor to go. */
static inline bool k8smi_ctl_pod_active(const struct ctl_pod *p) {
  return !p->deleting && !p->gone && !k8smi_ctl_pod_ended(p);
}
static inline bool k8smi_ctl_pod_available(const struct k8sm_control *c, const struct ctl_pod *p,
                                           int64_t min_ready_seconds) {
  return p->ready && p->ready_ms + min_ready_seconds * 1000 <= c->wall_ms;
}

/* ---- make.c: new pods, and which to delete ---- */

/* Plans a pod of the workload (that of the object, or of one of its revisions). *ret NULL: it could not be
 * made for a reason that an event tells, and the object is looked at again later. The options' allocator and
 * suffix are set here. Errors: NOMEM. */
int k8smi_ctl_make(struct k8sm_control *c, struct ctl_object *o, const struct k8sm_workload *w,
                   struct k8sm_instance_options *options, struct ctl_pod **ret);
/* A copy of a bare pod with the time of its creation and a uid. Errors: NOMEM, INVALID. */
int k8smi_ctl_stamp(struct k8sm_control *c, const struct k8sm_pod *pod, struct k8sm_pod **ret,
                    struct k8sm_diags *diags);
/* The same for `n` pods that are alike; stops at the first that could not be made. */
int k8smi_ctl_make_many(struct k8sm_control *c, struct ctl_object *o, int64_t n);
/* Deletes with an event. Errors: NOMEM, nothing has changed then. */
int k8smi_ctl_end(struct k8sm_control *c, struct ctl_object *o, struct ctl_pod *p);
/* Deletes the `n` of its active pods that are missed least. Errors: NOMEM. */
int k8smi_ctl_end_many(struct k8sm_control *c, struct ctl_object *o, int64_t n, bool surplus);
/* A pod could not be made, or was not taken: says so, and lets some time pass. Errors: NOMEM. */
int k8smi_ctl_say_failed(struct k8sm_control *c, struct ctl_object *o, struct k8sm_slice why);
/* No new ones for a while, longer each time. */
void k8smi_ctl_failed(struct k8sm_control *c, struct ctl_object *o);

/* What the active pods are, in numbers. */
struct ctl_tally {
  int64_t active, ready, available, terminating, ended;
};
/* Has the object looked at again when a ready pod becomes available. */
struct ctl_tally k8smi_ctl_tally(struct k8sm_control *c, struct ctl_object *o, int64_t min_ready_seconds);

/* ---- conditions.c ---- */

struct ctl_condition *k8smi_ctl_condition(struct ctl_object *o, const char *type);
/* Sets it; its times change only where status (or reason) do: as Kubernetes' controllers. Errors: NOMEM. */
int k8smi_ctl_condition_set(struct k8sm_control *c, struct ctl_object *o, const char *type, uint32_t status,
                            const char *reason, struct k8sm_slice message);
void k8smi_ctl_condition_remove(struct k8sm_control *c, struct ctl_object *o, const char *type);
void k8smi_ctl_conditions_free(struct k8sm_control *c, struct ctl_object *o);
bool k8smi_ctl_condition_is(const struct ctl_object *o, const char *type, uint32_t status);

/* ---- row.c: an object with its status as a document, and back ---- */

/* `record`: with the uids of pods that a Job has counted and that are still there. Errors: NOMEM,
 * UNSUPPORTED. */
int k8smi_ctl_row_write(const struct k8sm_control *c, const struct ctl_object *o, uint32_t format,
                        bool record, struct k8sm_blob **ret);
/* The key of the row of a StatefulSet's former template; false when there is no memory. */
bool k8smi_ctl_former_key(const struct ctl_object *o, struct k8smi_buf *buf);
/* Makes the object of a row, or keeps the former template for it. Errors: SYNTAX, INVALID, NOMEM. */
int k8smi_ctl_row_read(struct k8sm_control *c, struct k8sm_slice key, struct k8sm_slice bytes,
                       struct k8sm_diags *diags);

/* Marks the pods that the Job has counted, and forgets the rest. */
void k8smi_ctl_counted_settle(struct k8sm_control *c, struct ctl_object *o);
void k8smi_ctl_counted_free(struct k8sm_control *c, struct ctl_object *o);
/* Gives the former templates to their objects. */
void k8smi_ctl_formers_settle(struct k8sm_control *c);
void k8smi_ctl_formers_free(struct k8sm_control *c);

/* ---- pump.c ---- */

int k8smi_ctl_pump(struct k8sm_control *c);
/* Whether some record of it waits for an answer. */
static inline bool k8smi_ctl_waits(const struct ctl_object *o) {
  return o->number != 0 || o->former_number != 0;
}
/* RECORDED or REFUSED. False: no such record waits. */
bool k8smi_ctl_answer(struct k8sm_control *c, uint64_t number, bool kept);

/* ---- replicas.c: ReplicaSet and ReplicationController ---- */
int k8smi_ctl_look_replicas(struct k8sm_control *c, struct ctl_object *o);
void k8smi_ctl_show_replicas(const struct ctl_object *o, struct k8sm_control_row *row);

/* ---- deployment.c, rollout.c ---- */

/* A look at a Deployment. */
struct ctl_rollout {
  struct k8sm_control *c;
  struct ctl_object *o;
  struct k8sm_deployment_spec spec;
  int64_t replicas, surge, unavailable; /* the numbers that the shares come to */
  struct ctl_object **sets;             /* its ReplicaSets that are not to go */
  size_t count;
  struct ctl_object *newest; /* NULL: there is none yet */
};
void k8smi_ctl_rollout_shares(struct ctl_rollout *r);
/* The replicas of all sets, or of all but the newest. */
int64_t k8smi_ctl_rollout_sum(const struct ctl_rollout *r, bool old_only);
/* How many the newest may have now, if it had `have`. */
int64_t k8smi_ctl_rollout_new_size(const struct ctl_rollout *r, int64_t have);
/* Some set was told another number of replicas than the Deployment has now. */
bool k8smi_ctl_rollout_is_scaled(const struct ctl_rollout *r);
/* The steps. *changed: they scaled something. Errors: NOMEM. */
int k8smi_ctl_rollout_scale(struct ctl_rollout *r);
int k8smi_ctl_rollout_up(struct ctl_rollout *r, bool *changed);
int k8smi_ctl_rollout_down(struct ctl_rollout *r, bool *changed);
int k8smi_ctl_rollout_stop_old(struct ctl_rollout *r, bool *changed);
/* Deletes old sets without pods that are beyond the limit of the history. */
void k8smi_ctl_rollout_forget(struct ctl_rollout *r);

int64_t k8smi_ctl_share(struct k8sm_share share, int64_t total, bool up);
int k8smi_ctl_look_deployment(struct k8sm_control *c, struct ctl_object *o);
void k8smi_ctl_show_deployment(const struct ctl_object *o, struct k8sm_control_row *row);

/* ---- stateful_set.c ---- */
int k8smi_ctl_look_stateful_set(struct k8sm_control *c, struct ctl_object *o);
void k8smi_ctl_show_stateful_set(const struct ctl_object *o, struct k8sm_control_row *row);

/* ---- claims.c: of StatefulSets ---- */

/* After those that are gone have been dropped: the claims that no pod may have any more. Errors: NOMEM. */
int k8smi_ctl_claims_scaled(struct k8sm_control *c, struct ctl_object *o,
                            const struct k8sm_stateful_set_spec *spec);
/* The claims of one that is to go, and has no pods. *wait: it stays for another look. Errors: NOMEM. */
int k8smi_ctl_claims_deleted(struct k8sm_control *c, struct ctl_object *o, bool *wait);

/* ---- daemon_set.c, agents.c ---- */
int k8smi_ctl_look_daemon_set(struct k8sm_control *c, struct ctl_object *o);
void k8smi_ctl_show_daemon_set(const struct ctl_object *o, struct k8sm_control_row *row);

/* Takes the agents in, in place of those before. Errors: NOMEM, INVALID, ABI. */
int k8smi_ctl_agents_set(struct k8sm_control *c, const struct k8sm_control_input *in,
                         struct k8sm_diags *diags);
void k8smi_ctl_agents_free(struct k8sm_control *c);
/* Its number; SIZE_MAX: there is none of that name. */
size_t k8smi_ctl_agent_find(const struct k8sm_control *c, struct k8sm_slice name);
/* Whether a daemon is to run there, and whether one that does may stay. */
struct ctl_fit {
  bool runs, stays;
};
/* demand NULL: nothing is known of what it asks. */
struct ctl_fit k8smi_ctl_agent_fit(const struct ctl_agent *agent, const struct k8sm_demand *demand);

/* ---- job.c, job_indexes.c, job_policy.c ---- */

/* Which numbers of 0 to count - 1 are in, and how many. */
struct ctl_indexes {
  uint8_t *bits; /* NULL: there are none */
  int64_t count, total;
};
/* Errors: NOMEM. */
int k8smi_ctl_indexes_new(const struct k8sm_control *c, struct ctl_indexes *set, int64_t count);
void k8smi_ctl_indexes_free(const struct k8sm_control *c, struct ctl_indexes *set);
bool k8smi_ctl_indexes_has(const struct ctl_indexes *set, int64_t index);
void k8smi_ctl_indexes_add(struct ctl_indexes *set, int64_t index);
/* "0-3,7": adds what is in the text; and the text of what is in. */
void k8smi_ctl_indexes_read(struct ctl_indexes *set, struct k8sm_slice text);
/* The next range of such a text, from `at` on; false: there is none. */
bool k8smi_ctl_indexes_next(struct k8sm_slice text, size_t *at, int64_t *first, int64_t *last);
bool k8smi_ctl_indexes_write(const struct ctl_indexes *set, struct k8smi_buf *buf);

enum ctl_verdict { CTL_COUNT_FAILURE = 0, CTL_IGNORE_FAILURE, CTL_FAIL_INDEX, CTL_FAIL_JOB };
/* What the Job's podFailurePolicy says of a pod that failed; message: why the Job is to fail. */
enum ctl_verdict k8smi_ctl_job_verdict(const struct ctl_object *o, const struct ctl_pod *p, char *message,
                                       size_t cap);
/* The number of the rule of its successPolicy that is met; -1: none is. */
int64_t k8smi_ctl_job_success(const struct ctl_object *o, const struct ctl_indexes *succeeded);

int k8smi_ctl_look_job(struct k8sm_control *c, struct ctl_object *o);
void k8smi_ctl_show_job(const struct ctl_object *o, struct k8sm_control_row *row);
/* Complete or Failed; NULL: it goes on. */
const struct ctl_condition *k8smi_ctl_job_end(const struct ctl_object *o);

/* ---- zone.c: time zones, from TZif: RFC 9636 ---- */

/* A zone that was handed in; NULL: none of that name, and it is not UTC. */
const struct ctl_zone *k8smi_ctl_zone(const struct k8sm_control *c, struct k8sm_slice name);
/* Errors: INVALID, NOMEM. */
int k8smi_ctl_zone_add(struct k8sm_control *c, struct k8sm_slice name, struct k8sm_slice bytes,
                       struct k8sm_diags *diags);
/* How many seconds its clocks are ahead of UTC at that time. */
int64_t k8smi_ctl_zone_offset(const struct ctl_zone *zone, int64_t utc);

/* ---- schedule_next.c ---- */

/* The first time of the schedule after that one, in seconds since 1970; INT64_MAX: there is none in five
 * years. */
int64_t k8smi_ctl_schedule_next(const struct k8smi_schedule *schedule, const struct ctl_zone *zone,
                                int64_t after);

/* ---- cron_job.c ---- */
int k8smi_ctl_look_cron_job(struct k8sm_control *c, struct ctl_object *o);
void k8smi_ctl_show_cron_job(const struct ctl_object *o, struct k8sm_control_row *row);
/* Jobs of it that have not ended, as its status lists them. */
void k8smi_ctl_row_active(const struct k8sm_control *c, const struct ctl_object *o,
                          struct k8smi_edit *status);

#endif
