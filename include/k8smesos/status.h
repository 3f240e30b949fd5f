/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_STATUS_H
#define K8SMESOS_STATUS_H

/* Demand + what happened → Status: the PodStatus that Kubernetes would show, and what to do next.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
 * https://mesos.apache.org/documentation/latest/task-state-reasons/ */

#include <k8smesos/demand.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_status; /* Value. */

/* How a status advances. */
struct k8sm_status_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  int64_t backoff_base_ms; /* of restarts; 0: Kubernetes' 10 s */
  int64_t backoff_cap_ms;  /* 0: Kubernetes' 300 s */
  int64_t backoff_reset_ms; /* a container that ran this long starts anew; 0: 600 s */
  int64_t unreachable_seconds; /* after so long without its agent the pod begins another attempt, elsewhere; what
                                  runs of the former is killed when the agent is back. 0: what the pod's toleration
                                  of the taint node.kubernetes.io/unreachable says (tolerationSeconds), and where it
                                  says nothing, the pod waits; -1: it waits, whatever it says */
  uint32_t gone;               /* K8SM_GONE_*: when the master gives the agent up for good */
  uint32_t reserved;
};
enum {
  K8SM_GONE_RESTART = 0, /* the pod goes on elsewhere, if its restartPolicy lets its containers start again */
  K8SM_GONE_FAIL = 1     /* it has failed: whoever made it makes another one, or does not */
};

/* The status of a pod that was just made: Pending, nothing placed. The options are kept.
 * Owns: *ret; the status keeps a reference to the demand. Errors: NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_status_new(const struct k8sm_demand *demand,
                                           const struct k8sm_status_options *options, struct k8sm_status **ret,
                                           struct k8sm_diags *diags);
K8SM_API struct k8sm_status *k8sm_status_ref(struct k8sm_status *status);
K8SM_API void k8sm_status_unref(struct k8sm_status *status);

enum {
  K8SM_CHANGE_TICK = 0,       /* time went on; number: 0, or K8SM_TICK_UNHEARD */
  K8SM_CHANGE_UPDATE = 1,     /* text: an UPDATE event, or its TaskStatus alone */
  K8SM_CHANGE_PLACED = 2,     /* text: hostname; agent_id; address; the first ACCEPT is about to be sent */
  K8SM_CHANGE_UNPLACED = 3,   /* text: why no agent takes it (the plan's summary); agent_id: the name
                                 of the node that it is nominated to, or empty */
  K8SM_CHANGE_LAUNCHED = 4,   /* text: the id of a task that an ACCEPT launches */
  K8SM_CHANGE_DELETED = 5,    /* number: grace in seconds; -1: the pod's own; text: empty, or why its
                                 scheduler ends it: the condition DisruptionTarget */
  K8SM_CHANGE_AGENT_LOST = 6, /* FAILURE of the agent or executor; text: message */
  K8SM_CHANGE_ATTEMPT = 7,    /* demand: the next attempt's; all tasks of the former have ended, or their agent has
                                 been unreachable for too long */
  K8SM_CHANGE_CONDITION = 9,  /* text: a PodCondition in JSON that somebody else sets, with type, status, and if it
                                 likes reason and message. It is kept and shown; the condition Ready waits for
                                 those that the pod's readinessGates name */
  K8SM_CHANGE_ABANDON = 8     /* the attempt can't go on (k8sm_demand_resume says STATE): what runs of it is killed
                                 with the pod's grace, and another attempt follows, unless the pod ends */
};

/* Of a TICK: something of the pod may have gone on unheard, since there is no subscription, or has not been one for
 * long enough to hear all that waited for it. A startup probe may have succeeded then that had not by what is known:
 * nothing is killed for it, and the next TICK is due in ten seconds. */
enum { K8SM_TICK_UNHEARD = 1 };

/* What happened: the type says which fields count. */
struct k8sm_change {
  uint32_t type;             /* K8SM_CHANGE_* */
  uint32_t format;           /* UPDATE: K8SM_FORMAT_JSON or _PROTOBUF */
  struct k8sm_slice text;
  struct k8sm_slice agent_id;
  int64_t number;
  uint64_t mono_ms;
  int64_t wall_ms; /* since 1970-01-01 UTC */
  const struct k8sm_demand *demand;
  struct k8sm_slice address; /* PLACED: the agent's IP address, for hostIP; may be empty */
};

/* Applies changes in order; the former status stays as it is. What is late, repeated or not of this
 * pod changes nothing and leaves a note.
 * Owns: *ret. Errors: SYNTAX (an update that can't be read), INVALID, NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_status_apply(const struct k8sm_status *status, const struct k8sm_change *changes,
                                             size_t change_size, size_t n,
                                             const struct k8sm_allocator *allocator, struct k8sm_status **ret,
                                             struct k8sm_diags *diags);

/* The PodStatus as Kubernetes writes it. Owns: *ret. Errors: NOMEM; UNSUPPORTED if not JSON or YAML. */
K8SM_API K8SM_MUST_USE int k8sm_status_encode(const struct k8sm_status *status, uint32_t format,
                                              const struct k8sm_allocator *allocator, struct k8sm_blob **ret);

/* The smallest patch that makes of one PodStatus a later one, for PATCH on the pod's `status` subresource:
 * {"metadata":{"uid":…},"status":{…}}, the uid so that it never meets another pod of the same name; "{}" where
 * nothing that is shown has changed. `kind` is K8SM_PATCH_* (pod.h); without `from`, all of it.
 * Owns: *ret. Errors: UNSUPPORTED (another kind of patch), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_status_patch(const struct k8sm_status *from, const struct k8sm_status *to,
                                             uint32_t kind, const struct k8sm_allocator *allocator,
                                             struct k8sm_blob **ret);

/* A row for a record: everything that the Status knows, or what of it is another than in `since`, an earlier
 * status of the same attempt (NULL: everything). One JSON object without line breaks.
 * Owns: *ret. Errors: INVALID (`since` is of another attempt), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_status_save(const struct k8sm_status *status, const struct k8sm_status *since,
                                            const struct k8sm_allocator *allocator, struct k8sm_blob **ret);
/* The Status of such rows: one with everything, and behind it, in order, what was saved since, each since the one
 * before. `demand` is the attempt's. The options are kept; monotonic times are taken as of another clock, and are
 * shifted by the wall clock at the next change.
 * Owns: *ret; the status keeps a reference to the demand. Errors: SYNTAX, INVALID (of another pod or attempt),
 * NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_status_load(const struct k8sm_demand *demand, const void *bytes, size_t len,
                                            const struct k8sm_status_options *options,
                                            struct k8sm_status **ret, struct k8sm_diags *diags);

/* The pod at a glance. */
struct k8sm_status_summary {
  size_t size;
  struct k8sm_slice phase;    /* "Pending", "Running", "Succeeded", "Failed" */
  struct k8sm_slice shown;    /* as kubectl's STATUS column: "ContainerCreating", "CrashLoopBackOff", … */
  struct k8sm_slice message;  /* the most telling reason in words; may be empty */
  struct k8sm_slice agent_id; /* empty until placed */
  struct k8sm_slice hostname;
  struct k8sm_slice pod_ip;
  uint32_t ready; /* as kubectl's: mains and sidecars that are ready, but for those behind a sidecar that is missing */
  uint32_t containers;
  uint32_t restarts;        /* as kubectl's: of mains and sidecars; until they begin, of init containers */
  uint32_t finished;        /* 1: terminal, nothing of it runs, and every action is done */
  int64_t created_wall_ms;  /* of the first change; 0 before */
  int64_t started_wall_ms;  /* status.startTime; 0 before */
};
K8SM_API K8SM_MUST_USE int k8sm_status_summarize(const struct k8sm_status *status,
                                                 struct k8sm_status_summary *ret);

enum { K8SM_STATE_WAITING = 0, K8SM_STATE_RUNNING = 1, K8SM_STATE_TERMINATED = 2 };

/* What one container does. */
struct k8sm_container_status {
  struct k8sm_slice name;
  struct k8sm_slice reason; /* "ContainerCreating", "CrashLoopBackOff", "Completed", "Error", … */
  struct k8sm_slice message;
  uint32_t task;  /* the number of the row in k8sm_demand_tasks */
  uint32_t state; /* K8SM_STATE_* */
  uint32_t ready;
  uint32_t restarts;
  int32_t exit_code;
  int32_t signal;
  int64_t started_wall_ms;
  int64_t finished_wall_ms;
};
K8SM_API size_t k8sm_status_containers(const struct k8sm_status *status, size_t first,
                                       struct k8sm_container_status *rows, size_t row_size, size_t n);

enum {
  K8SM_ACTION_ACKNOWLEDGE = 1, /* task_id, agent_id, uuid: after the status is recorded. Given once, by the
                                  status that took the update in */
  K8SM_ACTION_LAUNCH = 2,      /* task, restart: a later stage, a restart or the pause task again, on the
                                  same executor, not before at_mono_ms */
  K8SM_ACTION_KILL = 3,        /* task_id, agent_id, grace_seconds; again at each at_mono_ms until terminal */
  K8SM_ACTION_ATTEMPT = 4,     /* a new attempt: make its Demand, give CHANGE_ATTEMPT, and match it. Which of
                                  spec.containers are terminated by now, its Demand is to leave out (`done`) */
  K8SM_ACTION_DONE = 5,        /* nothing is left to do; the pod stays as it is */
  K8SM_ACTION_SHUTDOWN = 6     /* task_id, agent_id: the executor of that task, with all that it runs; again at
                                  each at_mono_ms until nothing of the attempt lives. It has less time than a
                                  KILL gave it, and no other KILL can hurry it. Or no time, and is launched just
                                  now, when no KILL is heard. Given after a deletion with a shorter grace, or
                                  with none. https://mesos.apache.org/documentation/latest/scheduler-http-api/#shutdown */
};

/* What is to be done next. */
struct k8sm_action {
  struct k8sm_slice task_id;
  struct k8sm_slice agent_id;
  struct k8sm_slice uuid;
  uint32_t type; /* K8SM_ACTION_* */
  uint32_t task;
  uint32_t restart;
  uint32_t reserved;
  uint64_t at_mono_ms; /* due then; 0: now */
  int64_t grace_seconds;
};
/* What to do next. All but ACKNOWLEDGE are derived from the status alone: they stand until a change
 * (LAUNCHED, a terminal UPDATE, …) takes them away, so carrying one out twice must be prevented by
 * telling the status. An action is due when at_mono_ms is not after the last change's mono_ms. A KILL
 * that is due is taken as sent by the next call of k8sm_status_apply, which sets the time of the next
 * one: carry out what is due after each call. */
K8SM_API size_t k8sm_status_actions(const struct k8sm_status *status, size_t first, struct k8sm_action *rows,
                                    size_t row_size, size_t n);

/* When time alone changes something (give CHANGE_TICK then): mono_ms; UINT64_MAX: never. */
K8SM_API uint64_t k8sm_status_deadline(const struct k8sm_status *status);

#ifdef __cplusplus
}
#endif
#endif
