/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_DRIVER_H
#define K8SMESOS_DRIVER_H

/* The Mesos scheduler protocol as a state machine: step(input) → effects, and a deadline. It does no
 * I/O and reads no clock. The host carries effects out and feeds what comes back. With io.h that is
 * k8sm_client_next → k8sm_driver_step → k8sm_client_submit. */

#include <k8smesos/status.h>
#include <k8smesos/task.h>
#include <k8smesos/wants.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_driver;  /* Mutable. */
struct k8sm_effects; /* Mutable; the caller's. */

/* How a driver is made. */
struct k8sm_driver_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  const struct k8sm_framework *framework;   /* copied; NULL: all defaults */
  const struct k8sm_demand_options *demand; /* copied; nonce, attempt and done are ignored; NULL: all defaults */
  const struct k8sm_match_options *match;   /* copied, but for their allocators; NULL: all defaults */
  const struct k8sm_status_options *status; /* the same */
  struct k8sm_refuse refuse;
  const char *master;       /* host:port of a master; NULL: wait for INPUT_LEADER */
  uint64_t seed;            /* random; jitter and nonces are made from it. Two processes that share a
                               framework id must not share a seed */
  uint32_t format;          /* K8SM_FORMAT_JSON or _PROTOBUF; AUTO: PROTOBUF */
  uint32_t features;        /* K8SM_FEATURE_* of agents that say nothing of their own; 0: all */
  uint64_t backoff_base_ms; /* of subscriptions; 0: 1,000 */
  uint64_t backoff_cap_ms;  /* 0: 15,000 */
  uint64_t hold_ms;         /* offers that may be needed are held so long, twice at most; 0: 5,000 */
  uint64_t max_event_bytes; /* of one event; 0: 64 MiB */
  /* A pod's record has no more rows than these, a whole one and others appended to it; then a whole one takes
   * their place. 0: 64; 1: none is appended, for a store that can't. */
  uint32_t record_rows;
  /* 1: the operations that make and destroy volumes have no ids, and nobody tells what became of them but offers: for
   * agents without AGENT_OPERATION_FEEDBACK (see K8SM_CALLS_FEEDBACK). */
  uint32_t no_operation_feedback;
  uint64_t adopt_ms; /* not 0: the record is lost, but for the framework's id. For so long after the
                        subscription nothing is launched for pods that are given, and what runs of them is
                        taken up. Should be Mesos' agent_reregister_timeout, 600,000: then what has not
                        answered runs nowhere that the master knows of */
  struct k8sm_slice executor_overlay; /* copied, and read once: as those of k8sm_task_options with
                                         K8SM_CALLS_POD_WINS, so that no pod stops the others */
  struct k8sm_slice task_overlay;
  uint32_t overlay_format; /* of both */
  uint32_t reserved_2;
  /* A pod to which nothing has happened for so long is held packed, in about a third of the memory, and made
   * anew when something does: some 5 us more. 0: 60,000; UINT64_MAX: none is. */
  uint64_t rest_ms;
  /* A task that its agent has not begun to start so long after its launch (TASK_STAGING, or nothing was heard of it)
   * is killed, and an event says so; then it is launched again. In the forms `command` and `docker` an image is pulled
   * meanwhile: where some take longer, this is more, as is executor_registration_timeout of the agents; elsewhere the
   * executor starts first. 0: 300,000, as Marathon's task_launch_timeout; UINT64_MAX: none is killed.
   * https://mesos.apache.org/documentation/latest/configuration/agent/#executor_registration_timeout */
  uint64_t launch_timeout_ms;
};

/* Errors: INVALID, NOMEM, ABI; of overlays also SYNTAX, LIMIT, UNSUPPORTED. */
K8SM_API K8SM_MUST_USE int k8sm_driver_new(const struct k8sm_driver_options *options,
                                           struct k8sm_driver **ret, struct k8sm_diags *diags);
K8SM_API void k8sm_driver_free(struct k8sm_driver *driver);

enum {
  K8SM_INPUT_TICK = 0,     /* time has come to the deadline, or any time */
  K8SM_INPUT_RESTORE = 1,  /* key, bytes: what was recorded under it; all keys before the first other input */
  K8SM_INPUT_LEADER = 2,   /* bytes: "host:port" of the leading master; empty: there is none now */
  K8SM_INPUT_RESPONSE = 3, /* exchange, status, stream_id, location, content_type: a response's head */
  K8SM_INPUT_CHUNK = 4,    /* exchange, bytes: any part of a response's body */
  K8SM_INPUT_END = 5,      /* exchange: the response is complete */
  K8SM_INPUT_LOST = 6,     /* exchange, bytes: no response, or no more of it; what went wrong, in words */
  K8SM_INPUT_POD = 7,      /* pod: run it; its uid must be set */
  K8SM_INPUT_DELETE = 8,   /* key: "namespace/name" or a uid; grace_seconds, -1: the pod's own. Again: only
                              a shorter grace changes something (of a command task none does: its executor
                              goes by the pod's own). The pod is there until it has ended and
                              its row is removed; one whose record is REFUSED may be given again. With a grace
                              of 0 it does not wait for an agent that the master can't reach: it is gone at once,
                              and what is left of it is killed when it is heard of
                              https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-forced */
  K8SM_INPUT_RECORDED = 9, /* number: the record is kept */
  K8SM_INPUT_REFUSED = 10, /* number: it could not be; what depends on it does not happen */
  K8SM_INPUT_STOP = 11,    /* leave: tasks stay; TEARDOWN if flags has K8SM_STOP_TEARDOWN */
  K8SM_INPUT_CONDITION = 13, /* key: as DELETE; bytes: a PodCondition in JSON that somebody else sets for the pod, see
                                K8SM_CHANGE_CONDITION: a readiness gate, for one. Kept in the pod's record, which
                                begins with its first launch: before that, after a restart, it is given again as
                                the pod is. Errors: NOT_FOUND (no such pod), SYNTAX, INVALID (no such condition) */
  K8SM_INPUT_DELETE_CLAIM = 12 /* key: "namespace/name" of a PersistentVolumeClaim: its volume is destroyed, and
                                  its disk unreserved. Recorded; a pod that has it keeps it until it is over,
                                  one that has no place yet waits for the end of the claim, as with Kubernetes'
                                  protection of claims in use. Then what agents offer of it is given back, again
                                  and again, until none offers it any more: CLAIM_GONE. Again: nothing new.
                                  https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection */
};
enum { K8SM_STOP_TEARDOWN = 1 };

/* What the host tells the driver: the type says which fields count. */
struct k8sm_input {
  size_t size;
  uint32_t type;    /* K8SM_INPUT_* */
  uint32_t status;  /* HTTP status */
  uint64_t mono_ms; /* never goes back */
  int64_t wall_ms;  /* since 1970-01-01 UTC; may jump */
  uint64_t exchange;
  uint64_t number;
  struct k8sm_slice key;
  struct k8sm_slice bytes;
  struct k8sm_slice content_type;
  struct k8sm_slice stream_id; /* the header Mesos-Stream-Id */
  struct k8sm_slice location;
  struct k8sm_pod *pod; /* a reference is taken */
  int64_t grace_seconds;
  uint32_t flags;
  uint32_t reserved;
};

enum {
  K8SM_EFFECT_REQUEST = 1, /* to mesos: an HTTP request; answer with RESPONSE, CHUNK …, END, or LOST */
  K8SM_EFFECT_CANCEL = 2,  /* to mesos: give the exchange up; no more inputs of it are wanted */
  K8SM_EFFECT_RECORD = 3,  /* to store: keep bytes under key (none: remove it), then RECORDED or REFUSED. With
                              K8SM_RECORD_APPEND they go behind the bytes that are kept there, else they take
                              their place; where nothing is kept, such a one is REFUSED. Those of one key are
                              kept and answered in order, each in whole or not at all; a row that was cut short
                              by a crash, and so never answered, may stay */
  K8SM_EFFECT_STATUS = 4, /* to host: key "namespace/name": its PodStatus has changed, from that of `former` (the
                             last that such an effect told; NULL: none was told by this driver) to that of `status`.
                             It is written when it is asked for, and never for who does not: k8sm_status_encode, or
                             k8sm_status_patch for an API server. One with a terminal phase comes when that is
                             recorded, and no other phase after it */
  K8SM_EFFECT_EVENT = 5,  /* to host: code, key (pod, workload, or empty), bytes: one line for people; about a
                             pod or a workload it is "Reason: message", in the words of `kubectl describe` where
                             Kubernetes has any. Its type is Warning where flags has K8SM_EVENT_WARNING, else
                             Normal.
                             https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
  K8SM_EFFECT_FOREIGN = 6, /* to host: bytes: an Event of the master that is not about our tasks, in the
                              driver's format. An UPDATE or UPDATE_OPERATION_STATUS among them is the host's to
                              acknowledge, if it has a uuid: the driver acknowledges only tasks and operations
                              whose ids are in its own form */
  K8SM_EFFECT_STOPPED = 7, /* to host: nothing more will come; code: why, or 0 */
  K8SM_EFFECT_GONE = 8,    /* to host: key: a pod that was deleted has ended, or can't be reached and had no
                              grace, and its row is removed, or is one that names the tasks that may be left */
  K8SM_EFFECT_POD = 9,     /* to driver: key, pod: the input POD (of control.h) */
  K8SM_EFFECT_DELETE = 10, /* to driver: key, grace_seconds: the input DELETE (of control.h) */
  K8SM_EFFECT_CLAIM_GONE = 11, /* to host: key: a claim that was deleted is gone, and its row is removed */
  K8SM_EFFECT_DELETE_CLAIM = 12 /* to driver: key: the input DELETE_CLAIM (of control.h) */
};
enum { K8SM_TO_MESOS = 1, K8SM_TO_KUBE = 2, K8SM_TO_STORE = 3, K8SM_TO_HOST = 4, K8SM_TO_DRIVER = 5 };
enum {
  K8SM_REQUEST_STREAMING = 1 /* the response has no end: a connection of its own. The others go one
                                after the other, in order, on one other connection */
};
enum { K8SM_RECORD_APPEND = 2 };
enum { K8SM_EVENT_WARNING = 4 };

/* What the driver wants done: the type says which fields count. */
struct k8sm_effect {
  uint32_t type;   /* K8SM_EFFECT_* */
  uint32_t to;     /* K8SM_TO_* */
  uint64_t number; /* of a RECORD, from 1 */
  uint64_t exchange;
  struct k8sm_slice authority; /* "host:port" */
  struct k8sm_slice method;
  struct k8sm_slice path;
  struct k8sm_slice content_type;
  struct k8sm_slice accept;
  struct k8sm_slice stream_id; /* header Mesos-Stream-Id; empty: leave it out */
  struct k8sm_slice key;
  struct k8sm_slice bytes;
  uint32_t flags;       /* K8SM_REQUEST_*, K8SM_RECORD_*, K8SM_EVENT_* */
  uint32_t code;        /* K8SM_DIAG_* */
  struct k8sm_pod *pod; /* borrowed, as the statuses: valid as long as the effects are; a reference lasts */
  int64_t grace_seconds;
  /* Who shows a pod less often than it changes keeps a reference to the last `status`, and for a patch to the
   * `former` of the first, until then. Statuses are values: any thread may read those that it has a reference to.
   * While somebody has one, the pod is not packed when it is at rest. */
  struct k8sm_status *status;
  struct k8sm_status *former;
  const char *reason; /* of a REQUEST: why the call is made, in words for people; static. NULL: no REQUEST */
};

/* Room for the effects of one step after the other. Errors: INVALID (the allocator), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_effects_new(const struct k8sm_allocator *allocator,
                                            struct k8sm_effects **ret);
K8SM_API void k8sm_effects_free(struct k8sm_effects *effects);
/* In the order in which they are to be carried out. Valid until the next step with these effects. */
K8SM_API size_t k8sm_effects_rows(const struct k8sm_effects *effects, size_t first, struct k8sm_effect *rows,
                                  size_t row_size, size_t n);

/* Takes one input in; effects holds afterwards what is to be done, in order.
 * When memory runs out: NOMEM means that the input was not taken; it may be given again, and nothing else has
 * changed. A CHUNK is the exception: the driver gives its stream up and subscribes again, which brings
 * everything back that was in it. Where memory lacks for what follows from an input that was taken, the step
 * is K8SM_OK with a finding (K8SM_DIAG_NO_MEMORY), and the rest comes with later steps: deadline() says when
 * to try. Nothing is lost, and nothing leaks. Errors: NOMEM; INVALID or NOT_FOUND (this input is refused: a
 * pod that can't be mapped, an unknown key; the driver goes on); STATE (after STOPPED); ABI. Whatever the
 * master sends is no error here, but an EVENT effect, and a new subscription where needed. */
K8SM_API K8SM_MUST_USE int k8sm_driver_step(struct k8sm_driver *driver, const struct k8sm_input *input,
                                            struct k8sm_effects *effects, struct k8sm_diags *diags);
/* mono_ms at which the next TICK is due; UINT64_MAX: only when something comes in. */
K8SM_API uint64_t k8sm_driver_deadline(const struct k8sm_driver *driver);

/* Empty until subscribed (or restored). */
K8SM_API struct k8sm_slice k8sm_driver_framework_id(const struct k8sm_driver *driver);

/* The shortest record of what the driver knows: RECORD effects, one for each key, whole, with the number 0,
 * which is not answered. In place of all that a store has kept they bring a driver to the same point, and
 * what the next steps append follows on from them: to fill another store, or for one that is a log and has
 * grown too long. Errors: NOMEM (the effects are then of no use). */
K8SM_API K8SM_MUST_USE int k8sm_driver_snapshot(const struct k8sm_driver *driver,
                                                struct k8sm_effects *effects);

/* A pod of the driver. */
struct k8sm_driver_pod {
  const struct k8sm_pod *pod; /* all three borrowed until the next call of _step or _pods; references last */
  const struct k8sm_status *status;
  const struct k8sm_demand *demand;
  uint32_t deleting;
  uint32_t reserved;
};
/* Pods at rest are made again to be shown: ask for a few at a time. 0 also where memory lacked for that. */
K8SM_API size_t k8sm_driver_pods(struct k8sm_driver *driver, size_t first, struct k8sm_driver_pod *rows,
                                 size_t row_size, size_t n);

/* The host ports of a placed pod, as k8sm_plan_ports; `placement` is the number of the pod's row. */
K8SM_API size_t k8sm_driver_ports(const struct k8sm_driver *driver, size_t first, struct k8sm_plan_port *rows,
                                  size_t row_size, size_t n);

/* The agents that offers have come from, as k8sm_cluster_agents. */
K8SM_API size_t k8sm_driver_agents(const struct k8sm_driver *driver, size_t first, struct k8sm_agent *rows,
                                   size_t row_size, size_t n);
/* The executors that such an agent runs for the framework, as k8sm_cluster_executors. */
K8SM_API size_t k8sm_driver_agent_executors(const struct k8sm_driver *driver, struct k8sm_slice agent_id,
                                            size_t first, struct k8sm_executor *rows, size_t row_size,
                                            size_t n);
/* What such an agent is as a node: its labels and taints, made of its attributes by the table in
 * doc/scheduling.md. 0 for an agent that is not known. */
K8SM_API size_t k8sm_driver_agent_labels(const struct k8sm_driver *driver, struct k8sm_slice agent_id,
                                         size_t first, struct k8sm_node_label *rows, size_t row_size,
                                         size_t n);
K8SM_API size_t k8sm_driver_agent_taints(const struct k8sm_driver *driver, struct k8sm_slice agent_id,
                                         size_t first, struct k8sm_node_taint *rows, size_t row_size,
                                         size_t n);

/* Where the volume of a PersistentVolumeClaim is. Known from the record, offers and pods, whether or not a pod has
 * the claim; until it is destroyed, or its agent is gone for good. In no particular order; slices are good until
 * the next step. https://mesos.apache.org/documentation/latest/persistent-volume/ */
struct k8sm_driver_volume {
  struct k8sm_slice claim; /* "namespace/name" */
  struct k8sm_slice id;    /* the persistence id */
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;      /* of the agent; empty: not known */
  struct k8sm_slice storage_class; /* as the claim names it; empty: none, or not known */
  int64_t milli;                   /* thousandths of a MB; 0: not known */
  uint32_t supposed;               /* 1: the agent was to make it and is away: nobody knows whether it did */
  uint32_t deleting;               /* 1: the claim is deleted; the volume is destroyed when no pod has it */
};
K8SM_API size_t k8sm_driver_volumes(const struct k8sm_driver *driver, size_t first,
                                    struct k8sm_driver_volume *rows, size_t row_size, size_t n);

/* How often something happened since the driver was made; and what it still owes. */
struct k8sm_driver_counters {
  size_t size;
  uint64_t subscriptions;
  uint64_t events;
  uint64_t offers_received;
  uint64_t offers_accepted;
  uint64_t offers_declined;
  uint64_t offers_rescinded;
  uint64_t updates;
  uint64_t acknowledged;
  uint64_t records;
  uint64_t releases_due; /* pods that have ended, and claims that were deleted, whose reservations are not all given
                            back yet: their agent has not offered them again. Who stops before leaves them
                            reserved. */
  uint64_t tombstones; /* pods that were deleted with no grace, and that are gone, of which tasks may be left on agents
                          that are out of reach. Such a task ends by its agent's word, or when the master is told that
                          the agent is gone for good
                          https://mesos.apache.org/documentation/latest/operator-http-api/#mark_agent_gone */
};
K8SM_API K8SM_MUST_USE int k8sm_driver_count(const struct k8sm_driver *driver,
                                             struct k8sm_driver_counters *ret);

#ifdef __cplusplus
}
#endif
#endif
