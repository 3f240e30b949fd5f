/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_TASK_H
#define K8SMESOS_TASK_H

/* Plan → ACCEPT and DECLINE bytes; the other calls of the Mesos v1 scheduler API; ids both ways.
 * https://mesos.apache.org/documentation/latest/scheduler-http-api/#calls */

#include <k8smesos/match.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_calls; /* the calls that a plan becomes. Value. */

enum {
  K8SM_CALLS_OPERATIONS = 1, /* the operations have rows of their own (k8sm_calls_operations), for who adds some
                               and makes the call himself */
  K8SM_CALLS_POD_WINS = 2,   /* a label or a variable of an overlay that the pod has, too, is left out; without
                               this such a pod is refused */
  K8SM_CALLS_FEEDBACK = 4    /* the operations of an ACCEPT that makes or destroys volumes have ids, so that the master
                               tells what became of each: see k8sm_plan_calls and k8sm_cluster_release. Each status
                               with a uuid is to be acknowledged (K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS). A master
                               refuses an operation with an id on an agent without AGENT_OPERATION_FEEDBACK, which
                               agents have from Mesos 1.8 on unless --agent_features leaves it out */
};

/* Overlays: parts of a mesos.v1.ExecutorInfo and of a mesos.v1.TaskInfo that are merged into those of every pod.
 * What the mapping sets stays; where it sets nothing, an overlay may set
 *
 * - of an ExecutorInfo: data, discovery, container.rlimit_info, and container.network_infos: all of them, where
 *   the pod is on no network of its own, and without its host ports mapped;
 * - of a TaskInfo: data, discovery, command.user, container.rlimit_info, container.tty_info. Where a container
 *   has ports, and so a discovery, the fields that it lacks.
 *
 * Labels of both, and command.uris and command.environment of a TaskInfo are appended. A label's key or a
 * variable's name that is there already is a conflict: see K8SM_CALLS_POD_WINS. Every other field is a finding,
 * and refused: ids, types, resources and limits, kill policy and checks are the mapping's, and a default
 * executor has no command.
 *
 * A command task (K8SM_FORM_COMMAND) has no ExecutorInfo, and of overlays only that of tasks.
 *
 * An ExecutorInfo is part of the record and is resent as it is: its overlay counts when an attempt begins. That of
 * tasks counts whenever a container is launched; the pause task has none. A container logger is told its settings by
 * variables (CONTAINER_LOGGER_...): https://mesos.apache.org/documentation/latest/logging/ */

/* How a plan becomes calls. */
struct k8sm_task_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  uint32_t format; /* K8SM_FORMAT_JSON or _PROTOBUF; AUTO: PROTOBUF */
  uint32_t flags;  /* K8SM_CALLS_* */
  double refuse_seconds; /* for what an ACCEPT leaves of its offers; negative is refused */
  struct k8sm_slice executor_overlay; /* a partial mesos.v1.ExecutorInfo; empty: none */
  struct k8sm_slice task_overlay;     /* a partial mesos.v1.TaskInfo; empty: none */
  uint32_t overlay_format;            /* of both: K8SM_FORMAT_JSON or _PROTOBUF; AUTO: JSON if it begins with '{' */
  uint32_t reserved;
};

/* One ACCEPT for each agent and role of the plan: the offers it spends, what is to be reserved and created for
 * a pod, and then a LAUNCH_GROUP for each task that its demand launches, or a LAUNCH for a command task. Stateless: the same plan gives the same bytes.
 * With K8SM_CALLS_FEEDBACK and volumes to be made their RESERVE and CREATE have the ids k8sm.reserve.<task id> and
 * k8sm.create.<task id>, with the id that the attempt's pause task has or would have.
 * Owns: *ret. Errors: INVALID (an id that Mesos does not accept, or that two tasks of the plan would have; an
 * overlay that can't be merged), SYNTAX and
 * LIMIT (an overlay that can't be read), UNSUPPORTED (its format), NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_plan_calls(const struct k8sm_plan *plan,
                                           const struct k8sm_task_options *options, struct k8sm_calls **ret,
                                           struct k8sm_diags *diags);
K8SM_API struct k8sm_calls *k8sm_calls_ref(struct k8sm_calls *calls);
K8SM_API void k8sm_calls_unref(struct k8sm_calls *calls);

/* A call that is to be sent. */
struct k8sm_call {
  struct k8sm_slice bytes; /* a v1 scheduler Call in the format asked for */
  struct k8sm_slice agent_id;
  uint32_t placements; /* how many of the plan's placements it launches */
  uint32_t reserved;
  double refuse_seconds; /* its filter */
};
K8SM_API size_t k8sm_calls_rows(const struct k8sm_calls *calls, size_t first, struct k8sm_call *rows,
                                size_t row_size, size_t n);

/* The executor of each placement: what the host records before it sends, and hands to
 * k8sm_demand_resume afterwards. One row per placement, in their order. A command task has none, and is never resumed:
 * its row has the task's id, which the agent gives to the executor that it makes, and no bytes. */
struct k8sm_call_executor {
  struct k8sm_slice executor_id;
  struct k8sm_slice bytes; /* ExecutorInfo, protobuf */
  uint32_t placement;
  uint32_t call; /* the number of the row in k8sm_calls_rows */
};
K8SM_API size_t k8sm_calls_executors(const struct k8sm_calls *calls, size_t first,
                                     struct k8sm_call_executor *rows, size_t row_size, size_t n);

/* Every task that the calls launch. */
struct k8sm_call_task {
  struct k8sm_slice task_id;
  uint32_t placement;
  uint32_t task; /* the number of the row in k8sm_demand_tasks */
};
K8SM_API size_t k8sm_calls_tasks(const struct k8sm_calls *calls, size_t first, struct k8sm_call_task *rows,
                                 size_t row_size, size_t n);

/* Every offer that the calls name: once for each call. */
struct k8sm_call_offer {
  struct k8sm_slice id;
  uint32_t call;
  uint32_t reserved;
};
K8SM_API size_t k8sm_calls_offers(const struct k8sm_calls *calls, size_t first, struct k8sm_call_offer *rows,
                                  size_t row_size, size_t n);

/* The operations of the calls, in their order; none without K8SM_CALLS_OPERATIONS. */
struct k8sm_call_operation {
  struct k8sm_slice bytes; /* a v1 Offer.Operation, in the format of the calls */
  uint32_t call;
  uint32_t placement; /* that it is for; UINT32_MAX: none */
};
K8SM_API size_t k8sm_calls_operations(const struct k8sm_calls *calls, size_t first,
                                      struct k8sm_call_operation *rows, size_t row_size, size_t n);

/* ---- What is over ---- */

/* A pod whose reservations stay. */
struct k8sm_keep {
  struct k8sm_slice uid;
  struct k8sm_slice agent_id; /* where it runs: what is reserved for it elsewhere is of a former attempt; empty:
                                 it stays on all agents */
};

/* What is given back. */
struct k8sm_release_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  uint32_t format;       /* K8SM_FORMAT_JSON or _PROTOBUF; AUTO: PROTOBUF */
  uint32_t flags;        /* K8SM_CALLS_FEEDBACK, or 0 */
  double refuse_seconds; /* for what is offered beside; negative is refused */
  const struct k8sm_keep *keep;
  size_t keep_count;
  size_t keep_size;                /* sizeof(struct k8sm_keep) */
  const struct k8sm_slice *claims; /* "namespace/name": their volumes are destroyed, and all that is in them */
  size_t claim_count;
};

/* Calls that undo what this framework has reserved for pods that are not to be kept, as far as it is in the offers
 * held: an ACCEPT with DESTROY, for the volumes of such pods' own and of the claims, and UNRESERVE for each offer.
 * What is reserved for any claim and is offered without a volume is of no use, since its CREATE has failed: it is
 * unreserved, too, and the claim's volume is made anew where its pod goes.
 * Whose it is, the labels of the reservations tell; what another framework of the role has reserved, or what names
 * no pod and no claim, is never touched. The volume of a claim is the role's, whichever framework has made it: it
 * outlives that one, and pods of any other use it. Tasks that run keep what they hold: it is not offered. The calls' offers
 * are to be removed from the cluster. With K8SM_CALLS_FEEDBACK the operations of an offer whose volumes are destroyed
 * have the ids k8sm.destroy.<offer id> and k8sm.unreserve.<offer id>.
 * Owns: *ret; without calls if there is nothing to give back. Errors: INVALID, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_cluster_release(const struct k8sm_cluster *cluster,
                                                const struct k8sm_release_options *options,
                                                struct k8sm_calls **ret, struct k8sm_diags *diags);

/* What the calls give back, each a resource of an offer; none in calls of a plan. */
struct k8sm_call_release {
  struct k8sm_slice pod;    /* the uid that it was reserved for; empty: for a claim */
  struct k8sm_slice claim;  /* "namespace/name"; empty: for a pod */
  struct k8sm_slice volume; /* the id of the volume that is destroyed; empty: there is none */
  uint32_t call;            /* the number of the row in k8sm_calls_rows */
  uint32_t reserved;
};
K8SM_API size_t k8sm_calls_releases(const struct k8sm_calls *calls, size_t first, struct k8sm_call_release *rows,
                                    size_t row_size, size_t n);

/* ---- Ids. A task id is uid.attempt.container.restart.nonce, an executor id uid.attempt.mapping. The pause
 * task has an empty container. ---- */

/* The parts of a task id. */
struct k8sm_task_id {
  struct k8sm_slice uid; /* slices point into the text that was parsed */
  struct k8sm_slice container;
  struct k8sm_slice nonce;
  uint32_t attempt;
  uint32_t restart;
  uint32_t mapping; /* of an executor id: the version of the mapping that made it (K8SM_MAPPING_VERSION); 0:
                     * from before there were versions, when an id was uid.attempt. Of a task id: 0 */
  uint32_t reserved;
};

/* Takes a task id apart. Errors: NOT_FOUND for an id that is not of this form: somebody else's task. */
K8SM_API K8SM_MUST_USE int k8sm_task_id_parse(const char *id, size_t len, struct k8sm_task_id *ret);
/* The same for an executor id, in the older form too; container and nonce are empty, restart is 0. */
K8SM_API K8SM_MUST_USE int k8sm_executor_id_parse(const char *id, size_t len, struct k8sm_task_id *ret);
/* Writes an id with a NUL after it, at most cap bytes in all. Returns its length without the NUL.
 * Errors: INVALID (a part that Mesos does not accept, or more than 255 bytes), LIMIT (cap too small). */
K8SM_API int k8sm_task_id_format(const struct k8sm_task_id *id, char *text, size_t cap);
K8SM_API int k8sm_executor_id_format(const struct k8sm_task_id *id, char *text, size_t cap);

/* ---- The other calls ---- */

enum {
  K8SM_CALL_SUBSCRIBE = 1,
  K8SM_CALL_TEARDOWN = 2,
  K8SM_CALL_DECLINE = 3,     /* offers, refuse_seconds */
  K8SM_CALL_REVIVE = 4,      /* roles */
  K8SM_CALL_SUPPRESS = 5,    /* roles */
  K8SM_CALL_KILL = 6,        /* task_id, agent_id, grace_seconds */
  K8SM_CALL_SHUTDOWN = 7,    /* executor_id, agent_id */
  K8SM_CALL_ACKNOWLEDGE = 8, /* task_id, agent_id, uuid */
  K8SM_CALL_RECONCILE = 9,   /* items: task id and agent id by turns; none: implicit */
  K8SM_CALL_MESSAGE = 10,    /* agent_id, executor_id, data: to the executor, unreliable */
  K8SM_CALL_REQUEST = 11, /* agent_id (may be empty), items: mesos.v1.Resource in protobuf. A hint, which the
                           * default allocator ignores */
  K8SM_CALL_ACCEPT_INVERSE_OFFERS = 12,        /* items: inverse offers; refuse_seconds */
  K8SM_CALL_DECLINE_INVERSE_OFFERS = 13,       /* the same */
  K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS = 14, /* operation_id, agent_id, uuid; resource_provider_id as in the
                                                * status, may be empty */
  K8SM_CALL_RECONCILE_OPERATIONS = 15, /* items: operation id, agent id, resource provider id by turns (the
                                        * last two may be empty); none: implicit */
  K8SM_CALL_UPDATE_FRAMEWORK = 16      /* framework, suppressed, offer_constraints: they replace what was */
};

/* What a framework tells of itself (FrameworkInfo). */
struct k8sm_framework {
  size_t size;
  const char *name; /* NULL: "Kubernetes" */
  const char *user; /* that tasks run as; NULL: "root" */
  const char *principal;
  const char *hostname;
  const char *webui_url;
  const char *const *roles; /* NULL: "*" */
  size_t role_count;
  double failover_timeout_seconds; /* 0: four weeks */
  uint32_t no_checkpoint;
  uint32_t gpu_resources; /* 1: capability GPU_RESOURCES */
};

/* A call that needs no plan: the type says which fields count. */
struct k8sm_call_args {
  size_t size;
  uint32_t type;                          /* K8SM_CALL_* */
  uint32_t format;                        /* K8SM_FORMAT_JSON or _PROTOBUF; AUTO: PROTOBUF */
  const struct k8sm_framework *framework; /* SUBSCRIBE, UPDATE_FRAMEWORK */
  struct k8sm_slice framework_id;         /* required, but for the first SUBSCRIBE */
  struct k8sm_slice task_id;
  struct k8sm_slice agent_id; /* KILL: may be empty */
  struct k8sm_slice executor_id;
  struct k8sm_slice uuid;         /* raw bytes */
  const struct k8sm_slice *items; /* what the type says */
  size_t item_count;
  const struct k8sm_slice *suppressed; /* SUBSCRIBE, UPDATE_FRAMEWORK: roles that want no offers */
  size_t suppressed_count;
  double refuse_seconds; /* DECLINE and the answers to inverse offers; negative: the master's default */
  double grace_seconds;  /* KILL; negative: the task's own */
  struct k8sm_slice operation_id;
  struct k8sm_slice resource_provider_id;
  struct k8sm_slice data;              /* MESSAGE: any bytes */
  struct k8sm_slice offer_constraints; /* SUBSCRIBE, UPDATE_FRAMEWORK: a mesos.v1.scheduler.OfferConstraints
                                        * in protobuf (k8sm_message_convert makes it of JSON); empty: none */
};

/* Encodes a call. Owns: *ret. Errors: INVALID (an argument that is missing, or an id that Mesos does
 * not accept), NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_call_encode(const struct k8sm_call_args *args,
                                            const struct k8sm_allocator *allocator, struct k8sm_blob **ret,
                                            struct k8sm_diags *diags);

/* The names that k8sm_message_convert takes. */
#define K8SM_MESSAGE_CALL  "mesos.v1.scheduler.Call"
#define K8SM_MESSAGE_EVENT "mesos.v1.scheduler.Event"

/* Rewrites a Mesos message from protobuf to JSON or back; from == to makes it canonical. Unknown fields
 * of protobuf are kept in protobuf.
 * Errors: NOT_FOUND (no message of this name), SYNTAX, INVALID, LIMIT, UNSUPPORTED, NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_message_convert(const char *name, const void *bytes, size_t len,
                                                uint32_t from, uint32_t to,
                                                const struct k8sm_allocator *allocator,
                                                struct k8sm_blob **ret, struct k8sm_diags *diags);

/* Cuts the messages out of a file: RecordIO, newline-separated JSON, or one message; told apart by
 * content. Starts with *offset 0, writes the next message and moves *offset behind it.
 * Errors: NOT_FOUND at the end; SYNTAX. */
K8SM_API K8SM_MUST_USE int k8sm_message_next(const void *bytes, size_t len, size_t *offset,
                                             struct k8sm_slice *ret, uint32_t *ret_format,
                                             struct k8sm_diags *diags);
/* The type of an Event ("OFFERS"); static text. Errors: as k8sm_message_convert. */
K8SM_API K8SM_MUST_USE int k8sm_event_type(const void *bytes, size_t len, uint32_t format, const char **ret);

#ifdef __cplusplus
}
#endif
#endif
