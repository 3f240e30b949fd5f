/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_STATUS_STATUS_H
#define K8SMI_STATUS_STATUS_H

/* What a Status holds, and the steps by which a change becomes the next one. A status under
 * construction is written to freely; once it is given out it never changes. */

#include <k8smesos/status.h>
#include <k8smesos/task.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/expect.h"
#include "base/findings.h"
#include "base/refs.h"
#include "demand/demand.h"
#include "demand/placement.h"
#include "wire/json.h"
#include "wire/mesos.h"

/* How far the instance of a task has come that was launched last. In this order. */
enum k8smi_progress {
  K8SMI_PROGRESS_NONE = 0, /* to be launched, now or when its turn has come */
  K8SMI_PROGRESS_SENT,     /* in an ACCEPT; nothing was heard of it */
  K8SMI_PROGRESS_STAGING,
  K8SMI_PROGRESS_STARTING,
  K8SMI_PROGRESS_RUNNING,
  K8SMI_PROGRESS_KILLING,
  K8SMI_PROGRESS_ENDED /* for good: not to be launched again in this attempt */
};

/* How a container ended. */
struct k8smi_status_end {
  struct k8sm_slice reason;
  struct k8sm_slice message;
  struct k8sm_slice container_id;
  int64_t started_wall_ms;
  int64_t finished_wall_ms;
  int32_t exit_code;
  int32_t signal;
  bool set; /* the last one: before it is no gap */
};

struct k8smi_status_task {
  uint32_t progress; /* enum k8smi_progress */
  uint32_t restart;  /* starts of this attempt before the next or present one */
  uint32_t restarts; /* restartCount */
  bool restarting;   /* the next start counts as a restart */
  bool ran;          /* this instance was seen running */
  bool unhealthy;    /* its health check failed: when it is killed now, that is by its executor */
  bool started;      /* its startup probe, if any, has succeeded */
  bool ready;
  struct k8sm_slice task_id;
  struct k8sm_slice uuid; /* of the last update */
  struct k8sm_slice container_id;
  struct k8sm_slice reason; /* why it waits; empty: the usual */
  struct k8sm_slice message;
  int64_t started_wall_ms;
  uint64_t started_mono_ms;
  struct k8smi_status_end end;  /* when it has ended for good */
  struct k8smi_status_end last; /* lastState */
  uint32_t start_failures;      /* in a row */
  int64_t backoff_ms;           /* of the next restart */
  uint64_t due_mono_ms;         /* not launched before */
  /* A readiness result that waits for its threshold. */
  bool check_pending;
  bool check_result;
  uint64_t check_mono_ms; /* when it counts */
  /* A kill that is wanted. */
  bool kill;
  int64_t kill_grace;
  uint64_t kill_mono_ms; /* when to send it next */
  /* A startup probe that has not succeeded. */
  uint64_t startup_mono_ms; /* when it has failed; 0: it has succeeded, or nobody asks it */
  bool startup_failed;      /* which is what the kill is for, or was */
};

/* A task of another attempt, and that lives all the same: it is killed. */
struct k8smi_status_stray {
  struct k8sm_slice task_id;
  struct k8sm_slice agent_id;
  uint64_t kill_mono_ms; /* K8SMI_STATUS_NEVER: not while its agent is unreachable */
};
enum { K8SMI_STATUS_MAX_STRAYS = 32 };
#define K8SMI_STATUS_NEVER ((uint64_t)INT64_MAX) /* a record holds it */

struct k8smi_status_ack {
  struct k8sm_slice task_id;
  struct k8sm_slice agent_id;
  struct k8sm_slice uuid;
};

enum { K8SMI_PHASE_PENDING = 0, K8SMI_PHASE_RUNNING, K8SMI_PHASE_SUCCEEDED, K8SMI_PHASE_FAILED };

/* In the order in which the kubelet writes them. */
enum {
  K8SMI_CONDITION_READY_TO_START = 0,
  K8SMI_CONDITION_INITIALIZED,
  K8SMI_CONDITION_READY,
  K8SMI_CONDITION_CONTAINERS_READY,
  K8SMI_CONDITION_SCHEDULED,
  K8SMI_CONDITIONS
};
struct k8smi_status_condition {
  bool holds;
  int64_t since_wall_ms;
};

/* Texts that statuses have in common which follow one another: they never change, and outlive the first of
 * them. */
struct k8smi_status_store {
  k8smi_refs refs;
  struct k8smi_arena arena;
};

struct k8sm_status {
  k8smi_refs refs;
  struct k8smi_arena arena;
  struct k8sm_demand *demand;       /* a reference; of the present attempt */
  struct k8smi_status_store *store; /* a reference; of texts that are not in the arena; NULL: all are */
  struct k8sm_status_options options;

  uint64_t mono_ms; /* of the last change */
  int64_t wall_ms;
  bool rebase; /* read from a record: monotonic times are of another clock */
  bool unsure; /* found without its record: more of it may turn up. Not in records: who reads one tells again
                */

  uint32_t phase; /* K8SMI_PHASE_* */
  int64_t created_wall_ms;
  int64_t started_wall_ms; /* status.startTime */
  uint64_t started_mono_ms;
  struct k8sm_slice unplaced;   /* why no agent takes it */
  struct k8sm_slice nominated;  /* the node that others make room on for it */
  struct k8sm_slice disruption; /* why it was deleted by someone else than its owner */
  int64_t disruption_wall_ms;
  struct k8sm_slice shown_init; /* "Init:1/3"; empty where no init container or sidecar is missing */
  struct k8sm_slice others;     /* conditions that others gave it: a JSON list of them, or empty */
  struct k8sm_slice gates;      /* which of its readiness gates still wait, in words */

  /* The attempt. */
  bool placed;
  bool launched; /* some task of it was */
  bool lost;     /* its sandbox is gone */
  uint32_t stage;
  uint64_t placed_mono_ms;
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice host_ip;
  struct k8sm_slice pod_ip;
  struct k8sm_slice pod_ip_other; /* of the other family */
  struct k8sm_slice container_id; /* of the attempt's executor: another one has another sandbox */
  int64_t attempt_backoff_ms;
  uint64_t attempt_mono_ms; /* the next one not before */
  bool unreachable;
  uint64_t unreachable_mono_ms; /* since then */
  bool given_up;                /* it was for too long: another attempt is due, though this one may live */

  /* The end. */
  bool deleted;
  bool deadline_exceeded;
  int64_t grace_seconds; /* of the end */
  bool ending;
  uint64_t ending_mono_ms;
  uint64_t hurry_mono_ms; /* when its executor is shut down, as what lives has had its time; 0: not at all */

  struct k8smi_status_condition conditions[K8SMI_CONDITIONS];
  struct k8smi_status_task *tasks;   /* as the demand's */
  struct k8smi_status_stray *strays; /* NULL, or room for K8SMI_STATUS_MAX_STRAYS */
  size_t stray_count;
  struct k8smi_status_ack *acks; /* of this status alone */
  size_t ack_count;
  bool no_memory; /* while under construction */
};

/* ---- fields.c: everything that is kept, as a table ---- */

enum k8smi_status_kind {
  K8SMI_STATUS_BOOL,
  K8SMI_STATUS_U32,
  K8SMI_STATUS_I32,
  K8SMI_STATUS_U64,
  K8SMI_STATUS_I64,
  K8SMI_STATUS_TEXT,
  K8SMI_STATUS_BYTES
};
struct k8smi_status_field {
  struct k8sm_slice name; /* in the record */
  size_t offset;
  enum k8smi_status_kind kind;
};
struct k8smi_status_fields {
  const struct k8smi_status_field *items;
  size_t count; /* 64 at most */
};
struct k8smi_status_fields k8smi_status_pod_fields(void);
struct k8smi_status_fields k8smi_status_task_fields(void);
struct k8smi_status_fields k8smi_status_stray_fields(void);
/* Fields of a table, a bit for each: the lowest is the first. */
typedef uint64_t k8smi_status_set;
/* Those that are another in two records; which are set, where the other is NULL. */
k8smi_status_set k8smi_status_pod_changed(const struct k8sm_status *s, const struct k8sm_status *since);
k8smi_status_set k8smi_status_task_changed(const struct k8smi_status_task *t,
                                           const struct k8smi_status_task *since);
k8smi_status_set k8smi_status_stray_changed(const struct k8smi_status_stray *stray,
                                            const struct k8smi_status_stray *since);
/* Takes the first field out of a set that has one, and returns its number. */
static inline unsigned k8smi_status_next_field(k8smi_status_set *set) {
  unsigned field = (unsigned)__builtin_ctzll(*set);
  *set &= *set - 1;
  return field;
}
/* Where the texts of a record of the kind are: those of the table, for who goes through them only. */
struct k8smi_status_texts {
  const uint16_t *offsets;
  size_t count;
};
struct k8smi_status_texts k8smi_status_pod_texts(void);
struct k8smi_status_texts k8smi_status_task_texts(void);
struct k8smi_status_texts k8smi_status_stray_texts(void);
/* Nothing that is kept is another, but for the time of the last change. */
bool k8smi_status_same_but_time(const struct k8sm_status *a, const struct k8sm_status *b);

/* ---- copy.c ---- */

/* Makes the table of strays, if there is none. False when memory ran out. */
bool k8smi_status_room_for_strays(struct k8sm_status *s);
/* A new status with everything that `from` keeps, without its acknowledgements; with the same allocator most
 * texts are in memory of both. NULL when memory ran out. */
struct k8sm_status *k8smi_status_copy(const struct k8sm_status *from, const struct k8sm_allocator *allocator);
/* A new status with nothing but its demand, and memory for about so many bytes. */
struct k8sm_status *k8smi_status_empty(const struct k8sm_demand *demand,
                                       const struct k8sm_status_options *options,
                                       const struct k8sm_allocator *allocator, size_t expected);
void k8smi_status_store_unref(struct k8smi_status_store *store);
/* The status (NULL: none) is read soon, with its first tasks, which lie behind it. */
static inline void k8smi_status_expect(const struct k8sm_status *s) {
  enum { TASKS = 2 };
  k8smi_expect(s, sizeof *s + TASKS * sizeof *s->tasks);
}
/* And the texts of one that has come by now. */
static inline void k8smi_status_expect_texts(const struct k8sm_status *s) {
  enum { TEXTS = 256 }; /* of a pod with one container */
  k8smi_expect(s->store, sizeof *s->store + TEXTS);
}

/* ---- pack.c ---- */

/* Appends all that a status keeps, or what is another than in `since`, a status of the same demand. */
void k8smi_status_pack(struct k8smi_buf *buf, const struct k8sm_status *status,
                       const struct k8sm_status *since);
/* The status again; demand, `since` and options as they were. NULL when memory ran out. */
struct k8sm_status *k8smi_status_unpack(struct k8sm_slice bytes, const struct k8sm_demand *demand,
                                        const struct k8sm_status *since,
                                        const struct k8sm_status_options *options,
                                        const struct k8sm_allocator *allocator);

/* ---- encode.c ---- */

/* One of each family. */
struct k8smi_status_addresses {
  struct k8sm_slice first; /* empty: none is known */
  struct k8sm_slice other; /* may be empty */
};
static inline struct k8smi_status_addresses k8smi_pod_addresses(const struct k8sm_status *s) {
  return (struct k8smi_status_addresses){s->pod_ip, s->pod_ip_other};
}
/* No update tells the agent's address; but on its agent's network a pod has that. */
static inline struct k8smi_status_addresses k8smi_host_addresses(const struct k8sm_status *s) {
  if (s->host_ip.len == 0 && s->demand->network.len == 0) return k8smi_pod_addresses(s);
  return (struct k8smi_status_addresses){s->host_ip, {NULL, 0}};
}
void k8smi_status_put_json(struct k8smi_buf *buf, const struct k8sm_status *status);

/* ---- shown.c ---- */
/* The PodStatus of two statuses of one pod is the same, byte for byte. */
bool k8smi_status_shows_same(const struct k8sm_status *a, const struct k8sm_status *b);

/* ---- record.c ---- */

enum { K8SMI_STATUS_RECORD_VERSION = 1 };
/* As k8sm_status_save, into a document. False, and nothing is written, if `since` is of another attempt. */
bool k8smi_status_put_record(struct k8smi_json *w, const struct k8sm_status *status,
                             const struct k8sm_status *since);

/* ---- Texts of a status under construction ---- */

struct k8sm_slice k8smi_status_text(struct k8sm_status *s, struct k8sm_slice text);
/* The contents of a buffer; frees it. */
struct k8sm_slice k8smi_status_take(struct k8sm_status *s, struct k8smi_buf *buf);

/* ---- rules.c: what a Mesos state means ---- */

enum k8smi_effect {
  K8SMI_EFFECT_WAITING = 0, /* on its way to running */
  K8SMI_EFFECT_RUNNING,
  K8SMI_EFFECT_KILLING,
  K8SMI_EFFECT_EXIT,    /* the container ended, or never came up: the message tells */
  K8SMI_EFFECT_DROPPED, /* never started: try again */
  K8SMI_EFFECT_REFUSED, /* never started: Mesos does not want it like this */
  K8SMI_EFFECT_LOST,    /* the sandbox is gone: no end of the container's own */
  K8SMI_EFFECT_GONE,    /* nobody knows how it ended */
  K8SMI_EFFECT_UNREACHABLE
};
/* `source` and `reason` are -1 where the status has none. */
enum k8smi_effect k8smi_status_effect(int state, int source, int reason);
/* A copy that a reconciliation brings does not say how a container ended; the agent tells again what was not
 * acknowledged, and that does. So nothing ends by a copy. */
bool k8smi_status_is_bare_end(int state, int reason);

/* ---- exits.c: Mesos' words on the end of a command ---- */

/* False: the message is about something else. *rest is what stands behind. */
bool k8smi_exit_parse(struct k8sm_slice message, int32_t *exit_code, int32_t *signal,
                      struct k8sm_slice *rest);
/* Why a container could not be started: "ErrImagePull", "CreateContainerError", … Static. */
struct k8sm_slice k8smi_start_error(struct k8sm_slice message, bool again);

/* ---- update.c ---- */
/* CHANGE_UPDATE: reads it, and takes it. */
int k8smi_status_update(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags);
/* Another attempt begins: what lives of this one is to be killed when it is heard of. */
void k8smi_status_leave_strays(struct k8sm_status *s);
void k8smi_status_take_update(struct k8sm_status *s, const K8smMesos__TaskStatus *update,
                              const struct k8sm_change *change, struct k8sm_diags *diags);
/* It is none of this pod's, or says nothing new, and wants no acknowledgement. */
bool k8smi_status_ignores(const struct k8sm_status *s, const K8smMesos__TaskStatus *update);

/* ---- others.c ---- */
/* CHANGE_CONDITION. */
int k8smi_status_condition(struct k8sm_status *s, const struct k8sm_change *change, struct k8sm_diags *diags);
/* The conditions of others, with commas between them; may be empty. */
struct k8sm_slice k8smi_status_others(const struct k8sm_status *s);
/* Brings `gates` up to date. */
void k8smi_status_find_gates(struct k8sm_status *s);

/* ---- status.c ---- */
/* One change, for an UPDATE its text or, where that has been read already, `update`. Errors: as
 * k8sm_status_apply. *ret is another reference to `status` when nothing changes. */
int k8smi_status_apply_read(const struct k8sm_status *status, const struct k8sm_change *change,
                            const K8smMesos__TaskStatus *update, const struct k8sm_allocator *allocator,
                            struct k8sm_status **ret, struct k8sm_diags *diags);

/* Time has gone on, and what was not heard of by now does not run. Errors: NOMEM. */
int k8smi_status_make_sure(const struct k8sm_status *status, const struct k8sm_change *tick,
                           const struct k8sm_allocator *allocator, struct k8sm_status **ret);

/* ---- container.c: what happens to one task ---- */

struct k8smi_happening {
  int64_t wall_ms;
  struct k8sm_slice message;
  int reason;     /* TaskStatus.Reason, or -1 */
  bool succeeded; /* TASK_FINISHED: with 0, whatever the message says or not */
  bool killed;    /* TASK_KILLED */
};
void k8smi_task_sent(struct k8sm_status *s, size_t task, struct k8sm_slice id, uint32_t restart);
void k8smi_task_running(struct k8sm_status *s, size_t task, const struct k8smi_happening *h);
void k8smi_task_exited(struct k8sm_status *s, size_t task, const struct k8smi_happening *h);
void k8smi_task_dropped(struct k8sm_status *s, size_t task, const struct k8smi_happening *h, bool refused);
void k8smi_task_lost(struct k8sm_status *s, size_t task, const struct k8smi_happening *h);
/* The executor that was is no more, whatever runs in its place. */
void k8smi_status_lose_sandbox(struct k8sm_status *s);
/* What runs of the pod can't go on in another sandbox, as nothing of it may run twice. */
bool k8smi_status_ends_with_sandbox(const struct k8sm_status *s);
void k8smi_task_gone(struct k8sm_status *s, size_t task, const struct k8smi_happening *h);
void k8smi_task_checked(struct k8sm_status *s, size_t task, bool success);
/* Its startup probe has succeeded at some time: so it has, whatever it says now. */
void k8smi_task_started(struct k8sm_status *s, size_t task);
/* When the startup probe has failed; UINT64_MAX: never, or not before more is heard. */
uint64_t k8smi_task_startup_deadline(const struct k8sm_status *s, size_t task);
/* Kills what has not started in time. `heard`: all that agents have to tell; else it has some more time. */
void k8smi_status_fail_startups(struct k8sm_status *s, bool heard);
/* What waits to be told comes soon: nothing is concluded until then. */
void k8smi_status_await_startups(struct k8sm_status *s);
/* A main that has ended for good, in this attempt and in all others. */
bool k8smi_task_is_done(const struct k8sm_status *s, size_t task);
/* A new attempt: as if it had never run, with what was in lastState. */
void k8smi_task_renew(struct k8smi_status_task *t);
/* Where the pod is one task: there is no pause task to wait for, in this attempt. */
static inline void k8smi_status_omit_pause(struct k8sm_status *s) {
  if (k8smi_demand_is_task(s->demand)) s->tasks[0].progress = K8SMI_PROGRESS_ENDED;
}
/* The pod ends: what waits is not launched any more; its last end stays. */
void k8smi_task_give_up(struct k8smi_status_task *t);
/* A result that has waited long enough counts. */
void k8smi_task_settle_check(struct k8sm_status *s, size_t task);

/* Doubles a back-off: 0 → base → … → cap. */
int64_t k8smi_status_next_backoff(const struct k8sm_status *s, int64_t backoff_ms);

static inline bool k8smi_task_alive(const struct k8smi_status_task *t) {
  return t->progress > K8SMI_PROGRESS_NONE && t->progress < K8SMI_PROGRESS_ENDED;
}
bool k8smi_status_alive(const struct k8sm_status *s);
/* Some task of another attempt is, and can be reached: no other one begins beside it. */
bool k8smi_status_stray_alive(const struct k8sm_status *s);
static inline bool k8smi_status_is_final(const struct k8sm_status *s) {
  return s->phase == K8SMI_PHASE_SUCCEEDED || s->phase == K8SMI_PHASE_FAILED;
}

/* ---- pod.c: what follows for the pod ---- */

/* Brings stages, the end, kills, phase and conditions up to date. */
void k8smi_status_evaluate(struct k8sm_status *s);
/* Before the first of the changes of a call: what was due is taken as done. */
void k8smi_status_begin(struct k8sm_status *s);
/* The grace of a task's kill, where containers get this one. */
int64_t k8smi_status_grace(const struct k8sm_status *s, size_t task, int64_t of_containers);
/* When the pod's activeDeadlineSeconds are over; UINT64_MAX: never. */
uint64_t k8smi_status_active_deadline(const struct k8sm_status *s);
/* When the agent will have been unreachable for too long; UINT64_MAX: never, or it has been already. */
uint64_t k8smi_status_unreachable_deadline(const struct k8sm_status *s);
/* Is a new attempt wanted? */
bool k8smi_status_wants_attempt(const struct k8sm_status *s);
/* Is there an executor to launch tasks on, and has somebody heard of it? And is it this task's turn, its time
 * apart? */
bool k8smi_status_launches(const struct k8sm_status *s);
bool k8smi_task_wants_launch(const struct k8sm_status *s, size_t task);

/* ---- phase.c ---- */

/* It waits, and its scheduler does not even try.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/pod-scheduling-readiness/ */
static inline bool k8smi_status_is_gated(const struct k8sm_status *s) {
  return !s->placed && k8smi_placement_is_gated(s->demand->rules);
}

void k8smi_status_set_phase(struct k8sm_status *s);
void k8smi_status_set_conditions(struct k8sm_status *s);
const char *k8smi_phase_name(uint32_t phase);
/* K8SM_STATE_* of a container. */
uint32_t k8smi_container_state(const struct k8smi_status_task *t);
/* Why it waits. */
struct k8sm_slice k8smi_waiting_reason(const struct k8sm_status *s, size_t task);
struct k8sm_slice k8smi_waiting_message(const struct k8sm_status *s, size_t task);
/* It runs, and its startup probe, if any, has succeeded. */
bool k8smi_container_started(const struct k8sm_status *s, size_t task);
bool k8smi_container_ready(const struct k8sm_status *s, size_t task);
/* The first init container that has not done its work, or sidecar that does not run; 0: none. */
uint32_t k8smi_status_holding_init(const struct k8sm_status *s);
/* Of the instance that it shows: that runs, or has run last. */
struct k8sm_slice k8smi_container_shown_id(const struct k8smi_status_task *t);
/* Before it has a place a pod has no condition, but for the one that says why not. */
bool k8smi_conditions_shown(const struct k8sm_status *s);

#endif
