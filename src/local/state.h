/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_STATE_H
#define K8SMI_LOCAL_STATE_H

/* What the files of the embedded Mesos call of each other. */

#include "local/objects.h"

struct local_news;

/* local.c: sticky failure, time and the life of the whole. */
void k8smi_local_fail(struct k8smi_local *local);
/* True when p is there; otherwise it fails the whole. */
bool k8smi_local_have(struct k8smi_local *local, const void *p);
/* Sees to it that allocation goes on. */
void k8smi_local_wake(struct k8smi_local *local);

/* ids.c: made from the seed, in Mesos' forms. */
void k8smi_local_uuid_bytes(struct k8smi_local *local, unsigned char bytes[LOCAL_UUID_BYTES]);
void k8smi_local_uuid(struct k8smi_local *local, char text[LOCAL_UUID_SIZE]);
/* MASTER-S0, MASTER-0007, MASTER-O12. */
void k8smi_local_id(const struct k8smi_local *local, char kind, uint64_t n, char text[LOCAL_ID_SIZE]);

/* output.c */
void k8smi_local_respond(struct k8smi_local *local, uint64_t exchange, uint32_t status, const char *text);
void k8smi_local_respond_json(struct k8smi_local *local, uint64_t exchange, struct k8sm_slice json);
void k8smi_local_respond_message(struct k8smi_local *local, uint64_t exchange, uint32_t format,
                                 const ProtobufCMessage *message);
void k8smi_local_redirect(struct k8smi_local *local, uint64_t exchange, const char *location);
void k8smi_local_open_stream(struct k8smi_local *local, uint64_t exchange, uint32_t format,
                             const char *stream_id);
void k8smi_local_end_stream(struct k8smi_local *local, uint64_t exchange);
void k8smi_local_chunk(struct k8smi_local *local, uint64_t exchange, uint32_t format,
                       const K8smMesos__Event *event);
/* To a framework, if it is connected. */
void k8smi_local_event(struct local_framework *framework, const K8smMesos__Event *event);
void k8smi_local_outputs_free(struct k8smi_local *local);

/* http.c, calls.c */
void k8smi_local_route(struct k8smi_local *local, const struct k8smi_local_request *request);
/* What a master refuses of a decoded call before it looks for its framework; NULL: nothing. */
const char *k8smi_local_call_check(const K8smMesos__Call *call);
void k8smi_local_call(struct local_framework *framework, const K8smMesos__Call *call, uint64_t exchange);

/* subscribe.c, framework.c */
void k8smi_local_subscribe(struct k8smi_local *local, const K8smMesos__Call__Subscribe *subscribe,
                           uint64_t exchange, uint32_t format);
/* NULL: fine; otherwise what the answer 400 says. */
const char *k8smi_local_update_framework(struct local_framework *framework,
                                         const K8smMesos__Call__UpdateFramework *call,
                                         struct k8smi_arena *arena);
struct local_framework *k8smi_local_framework_new(struct k8smi_local *local, const char *id);
/* Takes over the information of a SUBSCRIBE or UPDATE_FRAMEWORK. False when memory ran out. */
bool k8smi_local_framework_set(struct local_framework *framework, const K8smMesos__FrameworkInfo *info,
                               char *const *suppressed, size_t suppressed_count,
                               const K8smMesos__OfferConstraints *constraints);
struct local_framework *k8smi_local_framework_find(const struct k8smi_local *local, const char *id);
/* The connection is gone: offers come back, and the failover timeout runs. */
void k8smi_local_framework_disconnect(struct local_framework *framework);
/* With all that it runs; remembered as completed. */
void k8smi_local_framework_remove(struct local_framework *framework);
bool k8smi_local_framework_completed(const struct k8smi_local *local, const char *id);
void k8smi_local_framework_free(struct local_framework *framework);
struct local_role *k8smi_local_framework_role(const struct local_framework *framework,
                                              struct k8sm_slice name);
void k8smi_local_suppress(struct local_framework *framework, char *const *roles, size_t n);
void k8smi_local_revive(struct local_framework *framework, char *const *roles, size_t n);

/* offers.c, allocate.c */
void k8smi_local_allocate(struct k8smi_local *local);
struct local_offer *k8smi_local_offer_new(struct local_framework *framework, struct local_agent *agent,
                                          const struct local_bag *bag);
/* Its resources are the agent's again, unless the bag says that they were spent elsewhere. */
void k8smi_local_offer_free(struct local_offer *offer, bool give_back);
void k8smi_local_offer_rescind(struct local_offer *offer);
void k8smi_local_offers_event(struct local_framework *framework, struct local_offer *const *offers, size_t n);
void k8smi_local_decline(struct local_framework *framework, const K8smMesos__Call__Decline *decline);
void k8smi_local_filter_add(struct local_framework *framework, struct local_agent *agent,
                            const struct local_bag *refused, const K8smMesos__Filters *filters);
void k8smi_local_filter_free(struct local_filter *filter);
/* Takes from and gives to what the agent has free; `bag` is allocated to a role of the framework. */
void k8smi_local_agent_take(struct local_agent *agent, struct local_framework *framework,
                            const struct local_bag *bag);
void k8smi_local_agent_give(struct local_agent *agent, struct local_framework *framework,
                            const struct local_bag *bag);

/* constraints.c: may this agent be offered in that role? */
bool k8smi_local_constraints_allow(const K8smMesos__OfferConstraints *constraints, struct k8sm_slice role,
                                   const struct local_agent *agent);

/* roles.c: what is wrong with a role's name, in a master's words. */
const char *k8smi_local_role_fault(struct k8smi_arena *arena, const char *role);
/* a/b is below a. */
bool k8smi_local_role_is_below(struct k8sm_slice role, struct k8sm_slice above);

/* accept.c, operations.c */
struct local_accept {
  struct local_framework *framework;
  struct local_agent *agent;
  struct k8smi_arena *arena;
  struct k8sm_slice role;
  K8smMesos__Resource__AllocationInfo *allocation; /* to that role */
  struct local_bag left;                           /* of the offers */
  struct local_bag resized; /* volumes of a new size, which no operation of this call may use */
};
/* Resources that belong together. */
struct local_resources {
  K8smMesos__Resource **resources;
  size_t n;
};
void k8smi_local_accept(struct local_framework *framework, const K8smMesos__Call__Accept *accept);
void k8smi_local_operation(struct local_accept *accept, const K8smMesos__Offer__Operation *operation);
/* A volume as the disk that it is made of; NULL when memory ran out. */
K8smMesos__Resource *k8smi_local_volume_strip(struct k8smi_arena *arena, const K8smMesos__Resource *volume);
/* The operations that the agent never heard of are undone. */
void k8smi_local_operations_undo(struct local_agent *agent);

/* feedback.c: what is heard of operations that have an id. */
/* Refuses an operation that is no launch; says so only to who gave it an id. */
void k8smi_local_operation_drop(struct local_framework *framework,
                                const K8smMesos__Offer__Operation *operation, const char *message);
/* One has been done: by the agent, too, unless that is behind. */
void k8smi_local_feedback_begin(const struct local_accept *accept, const char *id);
/* The agent has registered, and says what it has. */
void k8smi_local_feedback_return(const struct local_agent *agent);
/* The master takes it for unreachable; it is given up for good; the master that knew it is no more. */
void k8smi_local_feedback_unreachable(const struct local_agent *agent);
void k8smi_local_feedback_gone(const struct local_agent *agent);
void k8smi_local_feedback_forget(const struct local_agent *agent);
/* Its machine is no more, and with it what the master does not know. */
void k8smi_local_feedback_lose(const struct local_agent *agent);
void k8smi_local_operation_acknowledge(struct local_framework *framework,
                                       const K8smMesos__Call__AcknowledgeOperationStatus *call);
void k8smi_local_reconcile_operations(struct local_framework *framework,
                                      const K8smMesos__Call__ReconcileOperations *call);
void k8smi_local_operations_free(struct local_framework *framework);

/* operation_prepare.c: brings the resources of an operation into one form; or says, in a master's words, what
 * is wrong with one by itself, which comes before all else. */
const char *k8smi_local_operation_prepare(struct local_accept *accept,
                                          K8smMesos__Offer__Operation *operation);
/* Those that an operation names which is no launch, and how many lists they are. */
size_t k8smi_local_operation_lists(const K8smMesos__Offer__Operation *operation,
                                   struct local_resources lists[2]);

/* operation_faults.c: what is wrong with one whose resources are fine by themselves; NULL: fine. */
const char *k8smi_local_operation_fault(const struct local_accept *accept,
                                        const K8smMesos__Offer__Operation *operation);

/* validate.c and its neighbours: in a master's words; NULL: fine. The text is in the arena. */
struct local_launch {
  struct local_accept *accept;
  const K8smMesos__ExecutorInfo *executor; /* NULL: a command task */
  K8smMesos__TaskInfo *const *tasks;
  size_t task_count;
  struct local_executor *existing; /* which the master knows */
  struct local_bag needed;         /* of all tasks, and of a new executor: set when it is fine */
};
/* Sets launch->existing. */
void k8smi_local_launch_find_executor(struct local_launch *launch);
const char *k8smi_local_validate_group(struct local_launch *launch);
const char *k8smi_local_validate_task(struct local_launch *launch);
const char *k8smi_local_validate_task_info(const struct local_launch *launch,
                                           const K8smMesos__TaskInfo *task);
const char *k8smi_local_validate_executor(const struct local_launch *launch);
/* What they hold together. Sets launch->needed, and compares it with what is left. */
const char *k8smi_local_validate_group_room(struct local_launch *launch);
const char *k8smi_local_validate_task_room(struct local_launch *launch);
const char *k8smi_local_roles_fault(struct k8smi_arena *arena, const char *what,
                                    K8smMesos__Resource *const *resources, size_t n);
/* What is wrong with several together: gpus, DiskInfo and reservations. */
const char *k8smi_local_resources_fault(struct k8smi_arena *arena, K8smMesos__Resource *const *resources,
                                        size_t n);
/* A volume's id that is there twice in these lists; a name that is revocable and not. */
const char *k8smi_local_volumes_fault(const struct local_accept *accept, const struct local_resources *lists,
                                      size_t n);
const char *k8smi_local_revocable_fault(const struct local_accept *accept,
                                        const struct local_resources *lists, size_t n);
/* All of these, of a task or an executor, and what is said before each fault. */
struct local_use {
  struct local_resources list;
  const char *invalid, *twice, *roles, *mixed;
};
const char *k8smi_local_use_fault(const struct local_accept *accept, const struct local_use *use);
const char *k8smi_local_container_fault(struct k8smi_arena *arena, const K8smMesos__ContainerInfo *container);
/* "'a/b' contains invalid characters" and its like. */
const char *k8smi_local_validate_id(struct k8smi_arena *arena, const char *id);
const char *k8smi_local_command_fault(struct k8smi_arena *arena, const K8smMesos__CommandInfo *command);
const char *k8smi_local_check_fault(struct k8smi_arena *arena, const K8smMesos__CheckInfo *check);
const char *k8smi_local_health_fault(struct k8smi_arena *arena, const K8smMesos__HealthCheck *check);
/* A text that is done, which it frees, in the arena; "" when memory ran out. */
const char *k8smi_local_printed(struct k8smi_arena *arena, struct k8smi_buf *text);
/* A text of pieces, in the arena; "" when memory ran out. */
const char *k8smi_local_words(struct k8smi_arena *arena, const char *const *pieces, size_t n);
#define LOCAL_WORDS(arena, ...)                                                                              \
  k8smi_local_words((arena), (const char *const[]){__VA_ARGS__},                                             \
                    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* agent.c */
int k8smi_local_agent_init(struct k8smi_local *local, size_t number, const struct k8smi_local_agent *options,
                           struct k8sm_diags *diags);
void k8smi_local_agent_free(struct local_agent *agent);
/* A new master does not know it; one that was not lost registers there by and by. */
void k8smi_local_agent_forget(struct local_agent *agent);
struct local_agent *k8smi_local_agent_find(const struct k8smi_local *local, const K8smMesos__AgentID *id);
/* It is registered, and what the master sends comes through. */
bool k8smi_local_agent_hears(const struct local_agent *agent);
/* As far as the master knows: what it sends may be lost. */
bool k8smi_local_agent_is_connected(const struct local_agent *agent);
/* It has no provider for the container's image. */
#define LOCAL_IMAGE_REFUSED "Unsupported container image type: DOCKER"
bool k8smi_local_image_refused(const struct local_agent *agent, const K8smMesos__ContainerInfo *container);
/* Calls `visit` for each task of the agent; it may free that task. */
void k8smi_local_agent_each_task(struct local_agent *agent,
                                 void (*visit)(struct local_task *task, const void *ctx), const void *ctx);
/* Its process, or its way to the master, is there again. */
void k8smi_local_agent_return(struct local_agent *agent);
void k8smi_local_agent_rescind(struct local_agent *agent);
/* What tasks and executors hold, allocated to nobody. False when memory ran out. */
bool k8smi_local_agent_used(struct local_agent *agent, struct k8smi_arena *arena, struct local_bag *ret);
/* Of its address. */
int32_t k8smi_local_agent_port(const struct local_agent *agent);

/* faults.c: its process is back, and looks after what was under way. */
void k8smi_local_agent_recover(struct local_agent *agent);
/* True when this message is one of those to be lost. */
bool k8smi_local_loses(struct k8smi_local *local, uint32_t kind);

/* executor.c */
struct local_executor *k8smi_local_executor_find(const struct local_agent *agent,
                                                 const struct local_framework *framework, const char *id);
/* That of a command task has the task's id, and counts here. */
struct local_executor *k8smi_local_executor_named(const struct local_agent *agent,
                                                  const struct local_framework *framework, const char *id);
/* `info` NULL: for a command task. */
struct local_executor *k8smi_local_executor_new(struct local_framework *framework, struct local_agent *agent,
                                                const char *id, const K8smMesos__ExecutorInfo *info,
                                                const struct local_bag *bag);
void k8smi_local_executor_free(struct local_executor *executor);
/* The master has it on its books, and the agent never hears of it. */
void k8smi_local_executor_lose(struct local_executor *executor);
/* Gives a task to its executor, now or when that has started. */
void k8smi_local_executor_launch(struct local_executor *executor, struct local_task *task);
/* A task of it has ended. */
void k8smi_local_executor_task_ended(struct local_executor *executor, struct local_task *task);
void k8smi_local_executor_shutdown(struct local_executor *executor);
#define LOCAL_EXECUTOR_TERMINATED "Executor terminated"
/* It ends, with that wait status; what still runs in it fails, for the reason REASON_*. It may be freed by
 * this. */
void k8smi_local_executor_end(struct local_executor *executor, int32_t status, int reason,
                              const char *message);
/* That of itself; that of a command executor is the one of its task. NULL: it asks for none. */
const K8smMesos__ContainerInfo *k8smi_local_executor_container(const struct local_executor *executor);
void k8smi_local_failure_event(struct local_framework *framework, const struct local_agent *agent,
                               const char *executor_id, int32_t status);

/* task.c */
struct local_task *k8smi_local_task_new(struct local_framework *framework, struct local_agent *agent,
                                        struct local_executor *executor, const K8smMesos__TaskInfo *info,
                                        uint64_t group, const struct local_bag *bag);
/* The master has it on its books, and neither its agent nor its executor ever hears of it. */
void k8smi_local_task_lose(struct local_task *task);
void k8smi_local_task_free(struct local_task *task);
struct local_task *k8smi_local_task_find(const struct local_framework *framework, const char *id);
void k8smi_local_task_start(struct local_task *task);
/* The end, from whatever source: the terminal status, and what follows for its group and executor. */
void k8smi_local_task_end(struct local_task *task, const struct local_news *news);
/* What a default executor gives those that nobody named: the rest of a group, and all at a SHUTDOWN. */
enum { LOCAL_KILL_GRACE_MS = 3000 };
/* TERM, and KILL when the grace is over. */
void k8smi_local_task_kill(struct local_task *task, uint64_t grace_ms);
/* The grace of a KILL call: its own policy, the task's, or what an executor gives. */
uint64_t k8smi_local_task_grace(const struct local_task *task, const K8smMesos__KillPolicy *policy);
void k8smi_local_task_release(struct local_task *task);

/* checks.c */
bool k8smi_local_probes_init(struct local_task *task);
void k8smi_local_probes_free(struct local_task *task);
void k8smi_local_probes_begin(struct local_task *task);
void k8smi_local_probes_end(struct local_task *task);

/* updates.c */
struct local_news {
  int state;
  int source;
  int reason; /* -1: none */
  const char *message;
  const bool *healthy; /* NULL: not said */
  bool probed;         /* with the last results of check and health check */
};
/* A new status of a task, to be sent until it is acknowledged. */
void k8smi_local_task_news(struct local_task *task, const struct local_news *news);
void k8smi_local_task_forward(struct local_task *task);
void k8smi_local_task_retry(void *owner);
void k8smi_local_acknowledge(struct local_framework *framework, const K8smMesos__Call__Acknowledge *call);
void k8smi_local_update_free(struct local_update *update);
/* A status that the master makes itself: sent once, if at all. */
struct local_answer {
  const char *task_id;
  const char *agent_id;
  int state;
  int reason;
  const char *message;
  const char *executor_id;
  const struct local_task *task;         /* for its executor and container; NULL: none */
  const struct local_agent *unreachable; /* since when; NULL: none */
};
void k8smi_local_answer(struct local_framework *framework, const struct local_answer *answer);
/* What the master takes for the task's state. */
int k8smi_local_task_state(const struct local_task *task);
/* How far it really is. */
int k8smi_local_task_latest(const struct local_task *task);
bool k8smi_local_state_is_terminal(int state);

/* reconcile.c */
void k8smi_local_reconcile(struct local_framework *framework, const K8smMesos__Call__Reconcile *call);
void k8smi_local_reconcile_one(struct local_framework *framework, const K8smMesos__TaskID *task_id,
                               const K8smMesos__AgentID *agent_id);

#endif
