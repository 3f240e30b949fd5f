/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_TASK_BUILD_H
#define K8SMI_TASK_BUILD_H

/* Mesos messages out of a Demand. They live in a scratch arena until they are encoded. A builder that
 * lacks memory returns NULL and sets `no_memory`; a message with holes is never encoded. */

#include "base/findings.h"
#include "base/map.h"
#include "call/operations.h"
#include "match/plan.h"
#include "wire/mesos.h"

#include <k8smesos/task.h>

/* What a placement has, as its executor and tasks name it: what the offers gave, once RESERVE and CREATE are
 * done. */
struct k8smi_task_holds {
  struct k8smi_resources executor;
  struct k8smi_resources *tasks;  /* by task */
  struct k8smi_resources reserve; /* to be reserved before */
  int64_t reserved;               /* of that, what is for the pod itself: k8smi_resource_amount of all */
  struct k8smi_resources create;  /* volumes to be made, after that */
};

/* Labels or variables that overlays append. */
struct k8smi_overlay_list {
  const ProtobufCMessage **items;
  size_t count;
  struct k8smi_map names; /* to the number of the item */
};

/* What is merged into executors and tasks; see overlay.c. */
struct k8smi_task_overlays {
  K8smMesos__ExecutorOverlay *executor; /* NULL: none */
  K8smMesos__TaskOverlay *task;         /* NULL: none */
  struct k8smi_overlay_list executor_labels, labels, variables;
  bool pod_wins; /* what it has already is no error */
};

struct k8smi_task_build {
  struct k8smi_arena arena; /* scratch */
  const struct k8sm_plan *plan;
  const struct k8smi_placement *placement; /* the one that is written now */
  const struct k8sm_demand *demand;        /* of the placement */
  K8smMesos__Labels *labels;               /* of the demand, for its executor and tasks */
  struct k8smi_task_holds holds;           /* of the placement */
  struct k8smi_task_overlays overlays;
  struct k8sm_diags *diags;
  bool address_noted; /* that an agent's hostname stands in for its address */
  bool no_memory;
};

void *k8smi_task_message(struct k8smi_task_build *b, const ProtobufCMessageDescriptor *type);
/* A new, initialized message: K8SMI_TASK_NEW(b, TaskInfo, task_info). */
#define K8SMI_TASK_NEW(b, Type, type)                                                                        \
  ((K8smMesos__##Type *)k8smi_task_message((b), &k8sm_mesos__##type##__descriptor))
/* n pointers; NULL for none, or (no_memory) when memory ran out. */
void *k8smi_task_array(struct k8smi_task_build *b, size_t n, size_t item_size);

/* The text of a slice that has a NUL behind it, as all of a Demand's and a Plan's have; NULL when
 * empty. Messages are only read from here on, whatever protobuf-c's types say. */
char *k8smi_task_text(struct k8sm_slice s);
char *k8smi_task_text_or_empty(struct k8sm_slice s);
/* placed.c: a text of a task, with what the placement tells in the place of its stand-ins (K8SMI_PLACED_*).
 */
struct k8sm_slice k8smi_task_placed(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                                    struct k8sm_slice text);
/* One behind the other; NULL when memory ran out. */
char *k8smi_task_joined(struct k8smi_task_build *b, struct k8sm_slice first, struct k8sm_slice second);
ProtobufCBinaryData k8smi_task_bytes(struct k8sm_slice s);

/* "TCP" as Mesos has it. */
struct k8sm_slice k8smi_task_protocol(struct k8sm_slice protocol);
K8smMesos__Secret *k8smi_task_secret(struct k8smi_task_build *b, struct k8sm_slice value);
K8smMesos__Labels *k8smi_task_labels(struct k8smi_task_build *b, struct k8smi_pair_list labels);
K8smMesos__DurationInfo *k8smi_task_seconds(struct k8smi_task_build *b, int64_t seconds);

/* operations.c: the operation gets an id, if there is one for it. False when memory ran out. */
bool k8smi_task_name(struct k8smi_task_build *b, K8smMesos__Offer__Operation *operation,
                     enum k8smi_operation what, struct k8sm_slice of);
/* NULL when memory ran out. One LAUNCH_GROUP is a task alone, so that its end takes no other
 * with it. */
K8smMesos__Offer__Operation *k8smi_task_launch_group(struct k8smi_task_build *b,
                                                     K8smMesos__ExecutorInfo *executor,
                                                     K8smMesos__TaskInfo *task);
K8smMesos__Offer__Operation *k8smi_task_launch(struct k8smi_task_build *b, K8smMesos__TaskInfo *task);
K8smMesos__Offer__Operation *k8smi_task_reserve(struct k8smi_task_build *b, struct k8smi_resources resources);
K8smMesos__Offer__Operation *k8smi_task_unreserve(struct k8smi_task_build *b,
                                                  struct k8smi_resources resources);
K8smMesos__Offer__Operation *k8smi_task_create(struct k8smi_task_build *b, struct k8smi_resources volumes);
K8smMesos__Offer__Operation *k8smi_task_destroy(struct k8smi_task_build *b, struct k8smi_resources volumes);
/* An ACCEPT without offers and operations yet; and an offer more, for which there is room. */
K8smMesos__Call *k8smi_task_accept(struct k8smi_task_build *b, struct k8sm_slice framework_id,
                                   double refuse_seconds);
bool k8smi_task_name_offer(struct k8smi_task_build *b, struct k8sm_slice id, K8smMesos__Call__Accept *accept);

/* holds.c: fills in `holds`. False when memory ran out. */
bool k8smi_task_hold(struct k8smi_task_build *b);

/* executor.c: the placement's ExecutorInfo: made, or decoded from what was sent before. *result says
 * why it is NULL. */
K8smMesos__ExecutorInfo *k8smi_task_executor(struct k8smi_task_build *b, int *result);

/* What an executor, or a command task in its place, says of the pod: its labels, and its annotations under a
 * name that no label has; and the network that its container joins. */
K8smMesos__Labels *k8smi_task_pod_labels(struct k8smi_task_build *b);
bool k8smi_task_network(struct k8smi_task_build *b, K8smMesos__ContainerInfo *container);

/* info.c: TaskInfo of a task of the demand. `id` has a NUL behind it. */
K8smMesos__TaskInfo *k8smi_task_info(struct k8smi_task_build *b, size_t task, struct k8sm_slice id);

/* overlay.c: reads the overlays of the options, and merges them. `overlays` is zeroed before, and freed
 * whatever came of it; its messages are in the arena. Errors: INVALID, SYNTAX, LIMIT, UNSUPPORTED, NOMEM;
 * with findings. */
int k8smi_overlays_read(struct k8smi_task_build *b, const struct k8sm_task_options *options, uint64_t seed);
void k8smi_overlays_free(struct k8smi_task_overlays *overlays);
int k8smi_overlays_executor(struct k8smi_task_build *b, K8smMesos__ExecutorInfo *info);
int k8smi_overlays_task(struct k8smi_task_build *b, K8smMesos__TaskInfo *info);

/* container.c */
K8smMesos__ContainerInfo *k8smi_task_container(struct k8smi_task_build *b,
                                               const struct k8smi_demand_task *task);
K8smMesos__LinuxInfo *k8smi_task_linux(struct k8smi_task_build *b, const struct k8smi_demand_task *task);

K8smMesos__Volume__Source *k8smi_task_source(struct k8smi_task_build *b, const struct k8smi_demand_task *task,
                                             const struct k8smi_demand_mount *mount);

/* docker.c: the same for the Docker containerizer. */
K8smMesos__ContainerInfo *k8smi_task_docker(struct k8smi_task_build *b, const struct k8smi_demand_task *task);

/* command.c */
K8smMesos__CommandInfo *k8smi_task_command(struct k8smi_task_build *b, const struct k8smi_demand_task *task);
/* A command without environment: of checks. */
K8smMesos__CommandInfo *k8smi_task_argv(struct k8smi_task_build *b, struct k8smi_strings argv);

/* checks.c: NULL also when the task has none. */
K8smMesos__HealthCheck *k8smi_task_health(struct k8smi_task_build *b, const struct k8smi_demand_task *task);
K8smMesos__CheckInfo *k8smi_task_check(struct k8smi_task_build *b, const struct k8smi_demand_task *task);

#endif
