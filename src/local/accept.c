/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* ACCEPT: the offers are checked as a whole, then each operation spends of what they hold. */

static struct local_offer *accept_find(struct k8smi_local *local, const K8smMesos__OfferID *id) {
  return k8smi_local_index_get(&local->offer_index, k8smi_s(id->value));
}

/* What may be wrong with one of the offers; a fault is a text in the arena. Each rule sees all ids before
 * the next one does, and all but the first two only ids of offers that there are. */
typedef const char *accept_rule(struct local_accept *accept, struct local_offer *offer, const char *id);

static const char *accept_once(struct local_accept *accept, struct local_offer *offer, const char *id) {
  if (offer == NULL) return NULL;
  if (offer->accepted) return LOCAL_WORDS(accept->arena, "Duplicate offer ", id, " in offer list");
  offer->accepted = true;
  return NULL;
}

static const char *accept_standing(struct local_accept *accept, struct local_offer *offer, const char *id) {
  return offer != NULL ? NULL : LOCAL_WORDS(accept->arena, "Offer ", id, " is no longer valid");
}

static const char *accept_own(struct local_accept *accept, struct local_offer *offer, const char *id) {
  if (offer->framework == accept->framework) return NULL;
  return LOCAL_WORDS(accept->arena, "Offer ", id, " has invalid framework ", offer->framework->id,
                     " while framework ", accept->framework->id, " is expected");
}

static const char *accept_one_role(struct local_accept *accept, struct local_offer *offer, const char *id) {
  struct k8sm_slice role = offer->held.bag.amounts[0].role;
  if (accept->role.ptr == NULL) {
    accept->role = k8smi_arena_slice(accept->arena, role);
    if (accept->role.ptr == NULL) k8smi_local_fail(accept->framework->local);
    return NULL;
  }
  if (k8smi_eq(role, accept->role)) return NULL;
  return LOCAL_WORDS(accept->arena, "Aggregated offers must be allocated to the same role. Offer ", id,
                     " uses role '", role.ptr, " but another is using role '", accept->role.ptr);
}

static const char *accept_one_agent(struct local_accept *accept, struct local_offer *offer, const char *id) {
  if (accept->agent == NULL) accept->agent = offer->agent;
  if (offer->agent == accept->agent) return NULL;
  return LOCAL_WORDS(accept->arena, "Aggregated offers must belong to one single agent. Offer ", id,
                     " uses agent ", offer->agent->id, " and agent ", accept->agent->id);
}

static const char *accept_offers_fault(struct local_accept *accept, const K8smMesos__Call__Accept *call) {
  static accept_rule *const RULES[] = {accept_once, accept_standing, accept_own, accept_one_role,
                                       accept_one_agent};
  const char *fault = call->n_offer_ids == 0 ? "No offers specified" : NULL;
  for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
    for (size_t j = 0; j < call->n_offer_ids && fault == NULL; j++) {
      fault = RULES[i](accept, accept_find(accept->framework->local, call->offer_ids[j]),
                       call->offer_ids[j]->value);
    }
  }
  return fault;
}

/* Takes the offers out of the world; their resources are the accept's, or the agent's again. */
static void accept_take_offers(struct local_accept *accept, const K8smMesos__Call__Accept *call, bool good) {
  struct k8smi_local *local = accept->framework->local;
  for (size_t i = 0; i < call->n_offer_ids; i++) {
    struct local_offer *offer = accept_find(local, call->offer_ids[i]);
    struct local_bag copy;
    if (offer == NULL) continue;
    if (good && (!k8smi_local_bag_copy(accept->arena, &offer->held.bag, &copy) ||
                 !k8smi_local_bag_add(accept->arena, &accept->left, &copy, &accept->left))) {
      k8smi_local_fail(local);
    }
    k8smi_local_offer_free(offer, !good);
  }
}

static void accept_answer(struct local_framework *framework, const K8smMesos__TaskInfo *task, int state,
                          int reason, const char *message) {
  k8smi_local_answer(framework, &(struct local_answer){.task_id = task->task_id->value,
                                                       .agent_id = task->agent_id->value,
                                                       .state = state,
                                                       .reason = reason,
                                                       .message = message});
}

static void accept_tasks(const K8smMesos__Offer__Operation *operation, K8smMesos__TaskInfo ***tasks,
                         size_t *n) {
  *tasks = NULL;
  *n = 0;
  if (operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH && operation->launch != NULL) {
    *tasks = operation->launch->task_infos;
    *n = operation->launch->n_task_infos;
  } else if (operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP &&
             operation->launch_group != NULL) {
    *tasks = operation->launch_group->task_group->tasks;
    *n = operation->launch_group->task_group->n_tasks;
  }
}

static bool accept_is_launch(const K8smMesos__Offer__Operation *operation) {
  return operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH ||
         operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP;
}

/* One bad offer spoils all: nothing is done, and the good ones are gone too, without a word. */
static void accept_refuse(struct local_accept *accept, const K8smMesos__Call__Accept *call,
                          const char *fault) {
  struct local_framework *framework = accept->framework;
  const char *message = LOCAL_WORDS(accept->arena, "Task launched with invalid offers: ", fault);
  const char *dropped = LOCAL_WORDS(accept->arena, "Operation attempted with invalid offers: ", fault);
  int state =
      framework->partition_aware ? K8SM_MESOS__TASK_STATE__TASK_DROPPED : K8SM_MESOS__TASK_STATE__TASK_LOST;
  accept_take_offers(accept, call, false);
  for (size_t i = 0; i < call->n_operations; i++) {
    K8smMesos__TaskInfo **tasks;
    size_t n;
    accept_tasks(call->operations[i], &tasks, &n);
    for (size_t j = 0; j < n; j++) {
      accept_answer(framework, tasks[j], state, K8SM_MESOS__TASK_STATUS__REASON__REASON_INVALID_OFFERS,
                    message);
    }
    if (!accept_is_launch(call->operations[i]))
      k8smi_local_operation_drop(framework, call->operations[i], dropped);
  }
}

/* What the agent itself refuses of a launch that passed the master; NULL: nothing. */
static const char *accept_agent_fault(const struct local_agent *agent, const struct local_launch *launch) {
  for (size_t i = 0; i < launch->task_count && agent->no_cgroups; i++) {
    const K8smMesos__TaskInfo *task = launch->tasks[i];
    if (task->container != NULL && task->container->type == K8SM_MESOS__CONTAINER_INFO__TYPE__DOCKER)
      continue;
    bool cpus = false, mem = false;
    for (size_t j = 0; j < task->n_limits; j++) {
      cpus = cpus || (task->limits[j]->key != NULL && strcmp(task->limits[j]->key, "cpus") == 0);
      mem = mem || (task->limits[j]->key != NULL && strcmp(task->limits[j]->key, "mem") == 0);
    }
    if (cpus) {
      return "CPU limits can only be set on tasks launched in Mesos containers when the agent has loaded the "
             "'cgroups/cpu' isolator";
    }
    if (mem) {
      return "Memory limits can only be set on tasks launched in Mesos containers when the agent has loaded "
             "the "
             "'cgroups/mem' isolator";
    }
  }
  return NULL;
}

/* A launch that passed the master, at the agent. */
struct accept_order {
  struct local_launch *launch;
  struct local_executor *executor; /* NULL: the agent has refused */
  struct local_bag executor_bag;   /* of a new one */
  const char *fault;
  int reason;
  bool lost; /* it never reaches the agent */
};

static bool accept_read_bag(struct local_launch *launch, K8smMesos__Resource *const *resources, size_t n,
                            struct local_bag *ret) {
  struct local_accept *accept = launch->accept;
  if (k8smi_local_bag_sum(accept->arena, resources, n, ret)) return true;
  k8smi_local_fail(accept->framework->local);
  return false;
}

/* What the agent says to it. */
static void accept_ask_agent(struct accept_order *order) {
  const struct local_launch *launch = order->launch;
  const struct local_accept *accept = launch->accept;
  order->fault = accept_agent_fault(accept->agent, launch);
  order->reason = K8SM_MESOS__TASK_STATUS__REASON__REASON_GC_ERROR;
  if (order->fault != NULL || launch->existing != NULL || launch->executor == NULL) return;
  if (k8smi_local_executor_find(accept->agent, accept->framework, launch->executor->executor_id->value) !=
      NULL) {
    order->fault = "Master wants to launch executor, but one already exists";
    order->reason = K8SM_MESOS__TASK_STATUS__REASON__REASON_EXECUTOR_TERMINATED;
  }
}

/* The executor: that of before, a new one, or none when the agent has refused. */
static void accept_give_executor(struct accept_order *order) {
  const struct local_launch *launch = order->launch;
  const struct local_accept *accept = launch->accept;
  const K8smMesos__ExecutorInfo *info = launch->executor;
  if (order->fault == NULL && launch->existing != NULL) {
    order->executor = launch->existing;
  } else if (order->fault == NULL) {
    const char *id = info == NULL ? launch->tasks[0]->task_id->value : info->executor_id->value;
    order->executor =
        k8smi_local_executor_new(accept->framework, accept->agent, id, info, &order->executor_bag);
    if (order->executor != NULL && order->lost) k8smi_local_executor_lose(order->executor);
  } else if (info != NULL && launch->existing == NULL) {
    k8smi_local_failure_event(accept->framework, accept->agent, info->executor_id->value, -1);
    k8smi_local_agent_give(accept->agent, accept->framework, &order->executor_bag);
  }
}

static void accept_give_task(struct accept_order *order, const K8smMesos__TaskInfo *info, uint64_t group) {
  const struct local_accept *accept = order->launch->accept;
  struct local_bag bag;
  if (!accept_read_bag(order->launch, info->resources, info->n_resources, &bag)) return;
  struct local_task *task =
      k8smi_local_task_new(accept->framework, accept->agent, order->executor, info, group, &bag);
  if (task == NULL) return;
  if (order->lost) {
    k8smi_local_task_lose(task);
    return;
  }
  if (order->fault == NULL) {
    k8smi_local_executor_launch(order->executor, task);
    return;
  }
  bool aware = accept->framework->partition_aware;
  int state = aware ? K8SM_MESOS__TASK_STATE__TASK_DROPPED : K8SM_MESOS__TASK_STATE__TASK_LOST;
  k8smi_local_task_end(task, &(struct local_news){.state = state,
                                                  .source = K8SM_MESOS__TASK_STATUS__SOURCE__SOURCE_AGENT,
                                                  .reason = order->reason,
                                                  .message = order->fault});
}

/* Resources change hands, and the agent gets to work. */
static void accept_start(struct local_launch *launch) {
  struct local_accept *accept = launch->accept;
  struct k8smi_local *local = accept->framework->local;
  struct accept_order order = {.launch = launch};
  const K8smMesos__ExecutorInfo *info = launch->existing == NULL ? launch->executor : NULL;
  if (info != NULL && !accept_read_bag(launch, info->resources, info->n_resources, &order.executor_bag))
    return;
  if (!k8smi_local_bag_sub(accept->arena, &accept->left, &launch->needed, &accept->left)) {
    k8smi_local_fail(local);
    return;
  }
  order.lost = !k8smi_local_agent_hears(accept->agent);
  if (!order.lost) accept_ask_agent(&order);
  accept_give_executor(&order);
  uint64_t group = local->next_group++;
  for (size_t i = 0; i < launch->task_count && !local->failed; i++)
    accept_give_task(&order, launch->tasks[i], group);
}

static void accept_error(const struct local_launch *launch, int reason, const char *fault) {
  for (size_t i = 0; i < launch->task_count; i++) {
    accept_answer(launch->accept->framework, launch->tasks[i], K8SM_MESOS__TASK_STATE__TASK_ERROR, reason,
                  fault);
  }
}

static void accept_launch_group(struct local_accept *accept, const K8smMesos__Offer__Operation *operation) {
  const K8smMesos__Offer__Operation__LaunchGroup *body = operation->launch_group;
  struct local_launch launch = {.accept = accept,
                                .executor = body->executor,
                                .tasks = body->task_group->tasks,
                                .task_count = body->task_group->n_tasks};
  if (launch.task_count == 0) return;
  const char *fault = k8smi_local_validate_group(&launch);
  if (fault != NULL) {
    accept_error(&launch, K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_GROUP_INVALID, fault);
  } else {
    accept_start(&launch);
  }
}

/* Each task of a LAUNCH stands for itself. */
static void accept_launch(struct local_accept *accept, const K8smMesos__Offer__Operation *operation) {
  for (size_t i = 0; i < operation->launch->n_task_infos; i++) {
    K8smMesos__TaskInfo *const *task = &operation->launch->task_infos[i];
    struct local_launch launch = {
        .accept = accept, .executor = (*task)->executor, .tasks = task, .task_count = 1};
    const char *fault = k8smi_local_validate_task(&launch);
    if (fault != NULL) {
      accept_error(&launch, K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_INVALID, fault);
    } else {
      accept_start(&launch);
    }
  }
}

/* One of its resources is wrong by itself. */
static void accept_invalid(struct local_accept *accept, const K8smMesos__Offer__Operation *operation,
                           const char *fault) {
  struct local_launch launch = {.accept = accept};
  bool group = operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP;
  K8smMesos__TaskInfo **tasks;
  accept_tasks(operation, &tasks, &launch.task_count);
  launch.tasks = tasks;
  accept_error(&launch,
               group ? K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_GROUP_INVALID
                     : K8SM_MESOS__TASK_STATUS__REASON__REASON_TASK_INVALID,
               fault);
  if (accept_is_launch(operation)) return;
  k8smi_local_operation_drop(
      accept->framework, operation,
      LOCAL_WORDS(accept->arena, "Operation attempted with invalid resources: ", fault));
}

/* Whether it is to be carried out; if not, that is said here. */
static bool accept_prepare(struct local_accept *accept, K8smMesos__Offer__Operation *operation) {
  if (operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__UNKNOWN) return false;
  const char *fault = k8smi_local_operation_prepare(accept, operation);
  if (fault == NULL && operation->id != NULL && accept_is_launch(operation)) {
    fault = operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH
                ? "The `id` field cannot be set on LAUNCH operations"
                : "The `id` field cannot be set on LAUNCH_GROUP operations";
  }
  if (fault != NULL) accept_invalid(accept, operation, fault);
  return fault == NULL;
}

/* As a master: first all are looked at, then those are carried out that were fine. */
static void accept_operations(struct local_accept *accept, const K8smMesos__Call__Accept *call) {
  const struct k8smi_local *local = accept->framework->local;
  bool *fine = k8smi_arena_array(accept->arena, call->n_operations, sizeof(bool));
  accept->allocation = k8smi_message_new(accept->arena, &k8sm_mesos__resource__allocation_info__descriptor);
  if (fine == NULL || accept->allocation == NULL) {
    k8smi_local_fail(accept->framework->local);
    return;
  }
  accept->allocation->role = (char *)(uintptr_t)accept->role.ptr;
  for (size_t i = 0; i < call->n_operations && !local->failed; i++)
    fine[i] = accept_prepare(accept, call->operations[i]);
  for (size_t i = 0; i < call->n_operations && !local->failed; i++) {
    if (!fine[i]) continue;
    switch (call->operations[i]->type) {
    case K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH: accept_launch(accept, call->operations[i]); break;
    case K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP:
      accept_launch_group(accept, call->operations[i]);
      break;
    default: k8smi_local_operation(accept, call->operations[i]); break;
    }
  }
}

/* What is over is the agent's again, and refused for a while, but for volumes of a new size. */
static void accept_return(struct local_accept *accept, const K8smMesos__Call__Accept *call) {
  struct local_bag all;
  if (!k8smi_local_bag_add(accept->arena, &accept->left, &accept->resized, &all))
    k8smi_local_fail(accept->framework->local);
  else if (all.count > 0)
    k8smi_local_agent_give(accept->agent, accept->framework, &all);
  k8smi_local_filter_add(accept->framework, accept->agent, &accept->left, call->filters);
}

void k8smi_local_accept(struct local_framework *framework, const K8smMesos__Call__Accept *call) {
  struct k8smi_local *local = framework->local;
  struct k8smi_arena arena;
  struct local_accept accept = {.framework = framework, .arena = &arena};
  k8smi_arena_init(&arena, &local->allocator, 0);
  const char *fault = accept_offers_fault(&accept, call);
  if (fault != NULL) {
    accept_refuse(&accept, call, fault);
  } else {
    accept_take_offers(&accept, call, true);
    accept_operations(&accept, call);
    accept_return(&accept, call);
  }
  k8smi_arena_free(&arena);
}
