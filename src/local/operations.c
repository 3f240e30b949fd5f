/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* RESERVE, UNRESERVE, CREATE and DESTROY: resources of the offers become other resources. Operations on
 * resource providers and on the size of volumes are refused, as a master does whose agents can't. */

typedef K8smMesos__Offer__Operation operation_message;

void k8smi_local_operation_list(const operation_message *operation, K8smMesos__Resource ***resources,
                                size_t *n) {
  *resources = NULL;
  *n = 0;
  switch (operation->type) {
  case K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE:
    if (operation->reserve == NULL) return;
    *resources = operation->reserve->resources;
    *n = operation->reserve->n_resources;
    return;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__UNRESERVE:
    if (operation->unreserve == NULL) return;
    *resources = operation->unreserve->resources;
    *n = operation->unreserve->n_resources;
    return;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE:
    if (operation->create == NULL) return;
    *resources = operation->create->volumes;
    *n = operation->create->n_volumes;
    return;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY:
    if (operation->destroy == NULL) return;
    *resources = operation->destroy->volumes;
    *n = operation->destroy->n_volumes;
    return;
  default: return;
  }
}

/* The plain side of a conversion: without the last reservation, or without the volume. */
static K8smMesos__Resource *operation_strip(struct k8smi_arena *arena, const K8smMesos__Resource *from,
                                            bool volume) {
  K8smMesos__Resource *plain = k8smi_message_new(arena, &k8sm_mesos__resource__descriptor);
  if (plain == NULL) return NULL;
  *plain = *from;
  if (!volume) {
    plain->n_reservations--;
    return plain;
  }
  plain->disk = NULL;
  plain->shared = NULL;
  if (from->disk->source != NULL) {
    plain->disk = k8smi_message_new(arena, &k8sm_mesos__resource__disk_info__descriptor);
    if (plain->disk == NULL) return NULL;
    plain->disk->source = from->disk->source;
  }
  return plain;
}

static const char *operation_reserve_fault(const struct local_accept *accept,
                                           const K8smMesos__Resource *resource) {
  const char *principal = accept->framework->info->principal;
  if (resource->n_reservations == 0) return "Resource is not dynamically reserved";
  const K8smMesos__Resource__ReservationInfo *last = resource->reservations[resource->n_reservations - 1];
  if (!last->has_type || last->type != K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC) {
    return "Resource is not dynamically reserved";
  }
  if (last->role == NULL || !k8smi_eqs(accept->role, last->role)) {
    return LOCAL_WORDS(accept->arena, "A reserve operation was attempted for a resource with role '",
                       last->role == NULL ? "" : last->role, "', but the resource was allocated to role '",
                       accept->role.ptr, "'");
  }
  if (principal != NULL && last->principal == NULL) {
    return LOCAL_WORDS(accept->arena, "A reserve operation was attempted by principal '", principal,
                       "', but there is a reserved resource in the request with no principal set");
  }
  if (principal != NULL && strcmp(principal, last->principal) != 0) {
    return LOCAL_WORDS(
        accept->arena, "A reserve operation was attempted by authenticated principal '", principal,
        "', which does not match a reserved resource in the request with principal '", last->principal, "'");
  }
  return NULL;
}

static const char *operation_volume_fault(const K8smMesos__Resource *resource) {
  if (resource->disk == NULL) return "Resource does not have DiskInfo";
  if (resource->disk->persistence == NULL) return "'persistence' is not set in DiskInfo";
  if (resource->disk->volume == NULL) return "Expecting 'volume' to be set for persistent volume";
  if (resource->disk->volume->mode == K8SM_MESOS__VOLUME__MODE__RO)
    return "Read-only persistent volume not supported";
  if (resource->n_reservations == 0) return "Persistent volumes cannot be created from unreserved resources";
  return NULL;
}

static const char *operation_resource_fault(const struct local_accept *accept,
                                            const operation_message *operation,
                                            const K8smMesos__Resource *resource) {
  switch (operation->type) {
  case K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE: return operation_reserve_fault(accept, resource);
  case K8SM_MESOS__OFFER__OPERATION__TYPE__UNRESERVE:
    if (resource->disk != NULL && resource->disk->persistence != NULL) {
      return "A dynamically reserved persistent volume cannot be unreserved directly. Please destroy the "
             "persistent "
             "volume first then unreserve the resource";
    }
    return resource->n_reservations == 0 ? "Resource is not dynamically reserved" : NULL;
  default: return operation_volume_fault(resource);
  }
}

/* A role has a persistence id once on an agent. */
static const char *operation_create_fault(const struct local_accept *accept,
                                          const K8smMesos__Resource *volume) {
  const struct local_bag *bag = &accept->agent->total.bag;
  for (size_t i = 0; i < bag->count; i++) {
    const K8smMesos__Resource *form = bag->amounts[i].form;
    bool there = form->disk != NULL && form->disk->persistence != NULL &&
                 strcmp(form->disk->persistence->id, volume->disk->persistence->id) == 0;
    if (there && k8smi_eq(k8smi_local_amount_reserved(&bag->amounts[i]), accept->role))
      return LOCAL_WORDS(accept->arena, "Persistence ID '", volume->disk->persistence->id, "' is not unique");
  }
  return NULL;
}

/* What the operation turns into what. A fault, or NULL. */
static const char *operation_convert(const struct local_accept *accept, const operation_message *operation,
                                     struct local_bag *from, struct local_bag *to) {
  K8smMesos__Resource **given, **plain;
  size_t n;
  const char *why;
  bool volume = operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE ||
                operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY;
  bool forth = operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE ||
               operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE;
  k8smi_local_operation_list(operation, &given, &n);
  if (n == 0) return "Operation has no resources";
  plain = k8smi_arena_array(accept->arena, n, sizeof(K8smMesos__Resource *));
  for (size_t i = 0; plain != NULL && i < n; i++) {
    const char *fault = operation_resource_fault(accept, operation, given[i]);
    if (fault == NULL && operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE)
      fault = operation_create_fault(accept, given[i]);
    if (fault != NULL) return fault;
    plain[i] = operation_strip(accept->arena, given[i], volume);
    if (plain[i] == NULL) plain = NULL;
  }
  if (plain == NULL) {
    k8smi_local_fail(accept->framework->local);
    return "";
  }
  if (k8smi_local_bag_read(accept->arena, given, n, accept->role, forth ? to : from, &why) != K8SM_OK ||
      k8smi_local_bag_read(accept->arena, plain, n, accept->role, forth ? from : to, &why) != K8SM_OK) {
    return why == NULL ? "" : why;
  }
  return k8smi_local_bag_contains(&accept->left, from) ? NULL : "The offers do not contain the resources";
}

static bool operation_exchange(struct k8smi_arena *arena, const struct local_bag *bag,
                               const struct local_bag *from, const struct local_bag *to,
                               struct local_bag *ret) {
  struct local_bag rest;
  return k8smi_local_bag_sub(arena, bag, from, &rest) && k8smi_local_bag_add(arena, &rest, to, ret);
}

/* What an agent does not hear of changes the master's books, and nothing else. */
static bool operation_note_unheard(struct local_agent *agent) {
  if (agent->behind || k8smi_local_agent_hears(agent)) return true;
  agent->behind = true;
  return k8smi_local_held_set(&agent->known, &agent->total.bag);
}

static bool operation_apply(struct local_accept *accept, const struct local_bag *from,
                            const struct local_bag *to) {
  static const struct k8sm_slice NOBODY = {NULL, 0};
  struct local_bag plain_from, plain_to, total;
  return operation_note_unheard(accept->agent) &&
         operation_exchange(accept->arena, &accept->left, from, to, &accept->left) &&
         k8smi_local_bag_allocate(accept->arena, from, NOBODY, &plain_from) &&
         k8smi_local_bag_allocate(accept->arena, to, NOBODY, &plain_to) &&
         operation_exchange(accept->arena, &accept->agent->total.bag, &plain_from, &plain_to, &total) &&
         k8smi_local_held_set(&accept->agent->total, &total);
}

/* ---- An agent that comes back tells what it has ---- */

struct operation_use {
  struct k8smi_arena *arena;
  struct local_bag bag;
  bool fine;
};

static void operation_use(struct operation_use *use, const struct local_bag *held) {
  static const struct k8sm_slice NOBODY = {NULL, 0};
  struct local_bag plain;
  use->fine = use->fine && k8smi_local_bag_allocate(use->arena, held, NOBODY, &plain) &&
              k8smi_local_bag_add(use->arena, &use->bag, &plain, &use->bag);
}

static void operation_use_task(struct local_task *task, const void *ctx) {
  if (!task->released) operation_use((struct operation_use *)(uintptr_t)ctx, &task->held.bag);
}

void k8smi_local_operations_undo(struct local_agent *agent) {
  struct k8smi_arena arena;
  struct local_bag left;
  struct operation_use use = {.arena = &arena, .fine = true};
  if (!agent->behind) return;
  k8smi_local_agent_rescind(agent);
  k8smi_arena_init(&arena, &agent->local->allocator, 0);
  K8SMI_EACH(link, &agent->executors) {
    const struct local_executor *executor = K8SMI_OF(link, local_executor, link);
    if (executor->phase != LOCAL_EXECUTOR_ENDED) operation_use(&use, &executor->held.bag);
  }
  k8smi_local_agent_each_task(agent, operation_use_task, &use);
  bool fine = use.fine && k8smi_local_held_set(&agent->total, &agent->known.bag) &&
              k8smi_local_bag_sub(&arena, &agent->total.bag, &use.bag, &left) &&
              k8smi_local_held_set(&agent->free, &left);
  k8smi_arena_free(&arena);
  agent->behind = false;
  if (!fine) k8smi_local_fail(agent->local);
}

static void operation_send(struct local_framework *framework, const char *id, int state, const char *message,
                           const struct local_agent *agent, const unsigned char *uuid) {
  K8smMesos__OperationID operation_id = K8SM_MESOS__OPERATION_ID__INIT;
  K8smMesos__AgentID agent_id = K8SM_MESOS__AGENT_ID__INIT;
  K8smMesos__UUID wire_uuid = K8SM_MESOS__UUID__INIT;
  K8smMesos__OperationStatus status = K8SM_MESOS__OPERATION_STATUS__INIT;
  K8smMesos__Event__UpdateOperationStatus body = K8SM_MESOS__EVENT__UPDATE_OPERATION_STATUS__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  operation_id.value = (char *)(uintptr_t)id;
  status.operation_id = &operation_id;
  status.state = (K8smMesos__OperationState)state;
  status.message = (char *)(uintptr_t)message;
  if (agent != NULL) {
    agent_id.value = (char *)(uintptr_t)agent->id;
    status.agent_id = &agent_id;
  }
  if (uuid != NULL) {
    wire_uuid.value = (ProtobufCBinaryData){LOCAL_UUID_BYTES, (uint8_t *)(uintptr_t)uuid};
    status.uuid = &wire_uuid;
  }
  body.status = &status;
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS;
  event.update_operation_status = &body;
  k8smi_local_event(framework, &event);
}

void k8smi_local_operation_drop(struct local_framework *framework, const operation_message *operation,
                                const char *message) {
  if (operation->id == NULL) return;
  operation_send(framework, operation->id->value, K8SM_MESOS__OPERATION_STATE__OPERATION_ERROR, message, NULL,
                 NULL);
}

static void operation_tell(void *owner) {
  enum { OPERATION_RETRY_MAX_MS = 600000 };
  struct local_operation *operation = owner;
  struct k8smi_local *local = operation->framework->local;
  if (operation->agent->registered) {
    operation_send(operation->framework, operation->id, K8SM_MESOS__OPERATION_STATE__OPERATION_FINISHED, NULL,
                   operation->agent, operation->uuid);
  }
  k8smi_local_timer_set(&local->timers, &operation->retry, local->now + operation->retry_ms);
  operation->retry_ms =
      operation->retry_ms * 2 > OPERATION_RETRY_MAX_MS ? OPERATION_RETRY_MAX_MS : operation->retry_ms * 2;
}

static void operation_free(struct local_operation *operation) {
  struct k8smi_local *local = operation->framework->local;
  k8smi_list_remove(&operation->link);
  k8smi_local_timer_leave(&local->timers, &operation->retry);
  k8smi_arena_free(&operation->arena);
  k8smi_free(&local->allocator, operation, sizeof(struct local_operation));
}

void k8smi_local_operations_free(struct local_framework *framework) {
  K8SMI_EACH(link, &framework->operations) {
    operation_free(K8SMI_OF(link, local_operation, link));
  }
}

/* Who gave it an id is told of its end until that is acknowledged. */
static void operation_feedback(const struct local_accept *accept, const char *id) {
  struct k8smi_local *local = accept->framework->local;
  struct local_operation *operation = k8smi_zalloc(&local->allocator, sizeof(struct local_operation));
  if (!k8smi_local_have(local, operation)) return;
  operation->framework = accept->framework;
  operation->agent = accept->agent;
  operation->retry_ms = local->options.ack_retry_ms;
  k8smi_list_init(&operation->link);
  k8smi_arena_init(&operation->arena, &local->allocator, 0);
  k8smi_local_uuid_bytes(local, operation->uuid);
  operation->id = k8smi_arena_copy(&operation->arena, id, strlen(id)).ptr;
  if (operation->id == NULL ||
      !k8smi_local_timer_join(&local->timers, &operation->retry, operation_tell, operation)) {
    k8smi_local_fail(local);
    operation_free(operation);
    return;
  }
  k8smi_list_add(&accept->framework->operations, &operation->link);
  operation_tell(operation);
}

static bool operation_is_refused(struct k8smi_local *local) {
  if (local->refusals == 0) return false;
  local->refusals--;
  return true;
}

void k8smi_local_operation(struct local_accept *accept, const operation_message *operation) {
  struct local_bag from, to;
  const char *fault;
  if (operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__UNKNOWN) return;
  if (operation->type > K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY) {
    fault = "The agent does not support the operation";
  } else if (operation->reserve != NULL && operation->reserve->n_source > 0) {
    fault = "Reservation updates are not yet implemented for the scheduler API.";
  } else if (operation_is_refused(accept->framework->local)) {
    fault = "Not authorized";
  } else {
    fault = operation_convert(accept, operation, &from, &to);
  }
  if (fault != NULL) {
    k8smi_local_operation_drop(accept->framework, operation, fault);
  } else if (!operation_apply(accept, &from, &to)) {
    k8smi_local_fail(accept->framework->local);
  } else if (operation->id != NULL && !accept->agent->behind) {
    operation_feedback(accept, operation->id->value);
  }
}

static struct local_operation *operation_find(struct local_framework *framework, const char *id) {
  K8SMI_EACH(link, &framework->operations) {
    struct local_operation *operation = K8SMI_OF(link, local_operation, link);
    if (strcmp(operation->id, id) == 0) return operation;
  }
  return NULL;
}

void k8smi_local_operation_acknowledge(struct local_framework *framework,
                                       const K8smMesos__Call__AcknowledgeOperationStatus *call) {
  struct local_operation *operation = operation_find(framework, call->operation_id->value);
  if (operation != NULL && operation->agent->registered && call->uuid.len == LOCAL_UUID_BYTES &&
      memcmp(call->uuid.data, operation->uuid, LOCAL_UUID_BYTES) == 0) {
    operation_free(operation);
  }
}

static void operation_reconcile(struct local_framework *framework, const char *id,
                                const K8smMesos__AgentID *agent_id) {
  const struct local_operation *operation = operation_find(framework, id);
  const struct local_agent *agent = k8smi_local_agent_find(framework->local, agent_id);
  if (operation != NULL && operation->agent->registered) {
    operation_send(framework, id, K8SM_MESOS__OPERATION_STATE__OPERATION_FINISHED,
                   "Reconciliation: Latest operation status", operation->agent, NULL);
  } else if (agent != NULL && agent->unreachable) {
    operation_send(framework, id, K8SM_MESOS__OPERATION_STATE__OPERATION_UNREACHABLE,
                   "Reconciliation: Agent is unreachable", agent, NULL);
  } else {
    operation_send(framework, id, K8SM_MESOS__OPERATION_STATE__OPERATION_UNKNOWN,
                   "Reconciliation: Operation is unknown", agent, NULL);
  }
}

void k8smi_local_reconcile_operations(struct local_framework *framework,
                                      const K8smMesos__Call__ReconcileOperations *call) {
  for (size_t i = 0; i < call->n_operations; i++) {
    operation_reconcile(framework, call->operations[i]->operation_id->value, call->operations[i]->agent_id);
  }
  K8SMI_EACH(link, &framework->operations) {
    const struct local_operation *operation = K8SMI_OF(link, local_operation, link);
    if (call->n_operations == 0) operation_reconcile(framework, operation->id, NULL);
  }
}
