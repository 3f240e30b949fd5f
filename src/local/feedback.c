/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* What a framework hears of its operations: of those that it gave an id. The agent tells of an end until that
 * is acknowledged; what the master says of its own is said once, and whoever misses it asks. The master takes
 * an operation off its books when it hands the acknowledgement on: where that is lost, the agent tells on,
 * and each time the master passes that on, and knows nothing of the operation.
 * https://mesos.apache.org/documentation/latest/scheduler-http-api/#reconcile_operations */

#define FEEDBACK_STATE(name) K8SM_MESOS__OPERATION_STATE__OPERATION_##name

/* One status. */
struct feedback_said {
  const char *id, *message, *agent_id; /* NULL: none, but for the id */
  const unsigned char *uuid;           /* NULL: it wants no acknowledgement */
  int state;
};

static void feedback_send(struct local_framework *framework, const struct feedback_said *said) {
  K8smMesos__OperationID operation_id = K8SM_MESOS__OPERATION_ID__INIT;
  K8smMesos__AgentID agent_id = K8SM_MESOS__AGENT_ID__INIT;
  K8smMesos__UUID uuid = K8SM_MESOS__UUID__INIT;
  K8smMesos__OperationStatus status = K8SM_MESOS__OPERATION_STATUS__INIT;
  K8smMesos__Event__UpdateOperationStatus body = K8SM_MESOS__EVENT__UPDATE_OPERATION_STATUS__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  operation_id.value = (char *)(uintptr_t)said->id;
  status.operation_id = &operation_id;
  status.state = (K8smMesos__OperationState)said->state;
  status.message = (char *)(uintptr_t)said->message;
  agent_id.value = (char *)(uintptr_t)said->agent_id;
  if (said->agent_id != NULL) status.agent_id = &agent_id;
  uuid.value = (ProtobufCBinaryData){LOCAL_UUID_BYTES, (uint8_t *)(uintptr_t)said->uuid};
  if (said->uuid != NULL) status.uuid = &uuid;
  body.status = &status;
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__UPDATE_OPERATION_STATUS;
  event.update_operation_status = &body;
  k8smi_local_event(framework, &event);
}

static void feedback_tell(const struct local_operation *operation, int state, const char *message,
                          const unsigned char *uuid) {
  feedback_send(operation->framework, &(struct feedback_said){.id = operation->id,
                                                              .message = message,
                                                              .agent_id = operation->agent->id,
                                                              .uuid = uuid,
                                                              .state = state});
}

void k8smi_local_operation_drop(struct local_framework *framework,
                                const K8smMesos__Offer__Operation *operation, const char *message) {
  if (operation->id == NULL) return;
  feedback_send(framework, &(struct feedback_said){.id = operation->id->value,
                                                   .message = message,
                                                   .state = FEEDBACK_STATE(ERROR)});
}

/* ---- Those whose end is not acknowledged ---- */

static void feedback_free(struct local_operation *operation) {
  struct k8smi_local *local = operation->framework->local;
  k8smi_list_remove(&operation->link);
  k8smi_local_timer_leave(&local->timers, &operation->retry);
  k8smi_arena_free(&operation->arena);
  k8smi_free(&local->allocator, operation, sizeof(struct local_operation));
}

void k8smi_local_operations_free(struct local_framework *framework) {
  K8SMI_EACH(link, &framework->operations) {
    feedback_free(K8SMI_OF(link, local_operation, link));
  }
}

/* Calls `visit` for each operation of the agent; it may free that one. */
static void feedback_each(const struct local_agent *agent, void (*visit)(struct local_operation *operation)) {
  K8SMI_EACH(at, &agent->local->frameworks) {
    const struct local_framework *framework = K8SMI_OF(at, local_framework, link);
    K8SMI_EACH(link, (struct k8smi_link *)(uintptr_t)&framework->operations) {
      struct local_operation *operation = K8SMI_OF(link, local_operation, link);
      if (operation->agent == agent) visit(operation);
    }
  }
}

/* The agent says that it is done, as long as what it says comes through: it begins anew with each
 * registration. */
static void feedback_finish(void *owner) {
  enum { FEEDBACK_RETRY_MAX_MS = 600000 };
  struct local_operation *operation = owner;
  struct k8smi_local *local = operation->framework->local;
  if (!k8smi_local_agent_hears(operation->agent)) return;
  k8smi_local_timer_set(&local->timers, &operation->retry, local->now + operation->retry_ms);
  operation->retry_ms *= 2;
  if (operation->retry_ms > FEEDBACK_RETRY_MAX_MS) operation->retry_ms = FEEDBACK_RETRY_MAX_MS;
  if (k8smi_local_loses(local, K8SMI_LOCAL_OPERATION_UPDATES)) return;
  operation->told = true;
  feedback_tell(operation, FEEDBACK_STATE(FINISHED), NULL, operation->uuid);
}

static void feedback_resume(struct local_operation *operation) {
  operation->retry_ms = operation->framework->local->options.ack_retry_ms;
  feedback_finish(operation);
}

void k8smi_local_feedback_begin(const struct local_accept *accept, const char *id) {
  struct k8smi_local *local = accept->framework->local;
  struct local_operation *operation = k8smi_zalloc(&local->allocator, sizeof(struct local_operation));
  if (!k8smi_local_have(local, operation)) return;
  operation->framework = accept->framework;
  operation->agent = accept->agent;
  operation->heard = !accept->agent->behind;
  operation->known = true;
  k8smi_list_init(&operation->link);
  k8smi_arena_init(&operation->arena, &local->allocator, 0);
  k8smi_local_uuid_bytes(local, operation->uuid);
  operation->id = k8smi_arena_copy(&operation->arena, id, strlen(id)).ptr;
  if (operation->id == NULL ||
      !k8smi_local_timer_join(&local->timers, &operation->retry, feedback_finish, operation)) {
    k8smi_local_fail(local);
    feedback_free(operation);
    return;
  }
  k8smi_list_add(&accept->framework->operations, &operation->link);
  if (operation->heard) feedback_resume(operation);
}

/* ---- Agents come and go ---- */

/* The master finds that the agent has never had it. One that the agent has is on the master's books again,
 * and told of. */
static void feedback_compare(struct local_operation *operation) {
  if (operation->heard) {
    operation->told = operation->told || !operation->known;
    operation->known = true;
    feedback_resume(operation);
    return;
  }
  feedback_tell(operation, FEEDBACK_STATE(DROPPED), NULL, NULL);
  feedback_free(operation);
}

void k8smi_local_feedback_return(const struct local_agent *agent) {
  feedback_each(agent, feedback_compare);
}

/* Off the master's books: the agent may bring it back, if it is there still and has it. */
static void feedback_forget(struct local_operation *operation) {
  operation->known = false;
  k8smi_local_timer_clear(&operation->framework->local->timers, &operation->retry);
  if (!operation->heard || operation->agent->gone) feedback_free(operation);
}

static void feedback_miss(struct local_operation *operation) {
  if (operation->known)
    feedback_tell(operation, FEEDBACK_STATE(UNREACHABLE), "Agent was marked unreachable", NULL);
  feedback_forget(operation);
}

void k8smi_local_feedback_unreachable(const struct local_agent *agent) {
  feedback_each(agent, feedback_miss);
}

static void feedback_give_up(struct local_operation *operation) {
  if (operation->known)
    feedback_tell(operation, FEEDBACK_STATE(GONE_BY_OPERATOR), "Agent has been marked gone", NULL);
  feedback_free(operation);
}

void k8smi_local_feedback_gone(const struct local_agent *agent) {
  feedback_each(agent, feedback_give_up);
}

void k8smi_local_feedback_forget(const struct local_agent *agent) {
  feedback_each(agent, feedback_forget);
}

static void feedback_lose(struct local_operation *operation) {
  if (!operation->known) feedback_free(operation);
}

void k8smi_local_feedback_lose(const struct local_agent *agent) {
  feedback_each(agent, feedback_lose);
}

/* ---- Calls ---- */

/* Of several with one id, which no framework should make, the last. NULL: the master knows none. */
static struct local_operation *feedback_find(struct local_framework *framework, const char *id) {
  struct local_operation *found = NULL;
  K8SMI_EACH(link, &framework->operations) {
    struct local_operation *operation = K8SMI_OF(link, local_operation, link);
    if (operation->known && strcmp(operation->id, id) == 0) found = operation;
  }
  return found;
}

void k8smi_local_operation_acknowledge(struct local_framework *framework,
                                       const K8smMesos__Call__AcknowledgeOperationStatus *call) {
  struct local_operation *operation = feedback_find(framework, call->operation_id->value);
  if (operation == NULL || !operation->told || !k8smi_local_agent_is_connected(operation->agent) ||
      memcmp(call->uuid.data, operation->uuid, LOCAL_UUID_BYTES) != 0) {
    return;
  }
  operation->known = false;
  bool lost =
      operation->agent->away || k8smi_local_loses(framework->local, K8SMI_LOCAL_OPERATION_ACKNOWLEDGEMENTS);
  if (!lost) feedback_free(operation);
}

/* As it was told last, but not to be acknowledged. */
static void feedback_repeat(const struct local_operation *operation) {
  feedback_tell(operation, operation->told ? FEEDBACK_STATE(FINISHED) : FEEDBACK_STATE(PENDING), NULL, NULL);
}

/* What a master says of an operation that it does not know. */
static void feedback_unknown(const struct local_agent *agent, struct feedback_said *said) {
  said->state = FEEDBACK_STATE(UNKNOWN);
  if (said->agent_id == NULL) {
    said->message = "Reconciliation: Operation is unknown and no 'agent_id' was provided";
  } else if (agent != NULL && agent->recovered) {
    said->state = FEEDBACK_STATE(RECOVERING);
    said->message = "Reconciliation: Agent is recovered but has not re-registered";
  } else if (agent != NULL && agent->registered) {
    said->message = "Reconciliation: Operation is unknown";
  } else if (agent != NULL && agent->marked) {
    said->state = FEEDBACK_STATE(GONE_BY_OPERATOR);
    said->message = "Reconciliation: Agent marked gone by operator";
  } else if (agent != NULL && agent->unreachable) {
    said->state = FEEDBACK_STATE(UNREACHABLE);
    said->message = "Reconciliation: Agent is unreachable";
  } else {
    said->message = "Reconciliation: Both operation and agent are unknown";
  }
}

static void feedback_reconcile(struct local_framework *framework,
                               const K8smMesos__Call__ReconcileOperations__Operation *asked) {
  const struct local_operation *operation = feedback_find(framework, asked->operation_id->value);
  struct feedback_said said = {.id = asked->operation_id->value,
                               .agent_id = asked->agent_id == NULL ? NULL : asked->agent_id->value};
  if (operation != NULL) {
    feedback_repeat(operation);
    return;
  }
  feedback_unknown(k8smi_local_agent_find(framework->local, asked->agent_id), &said);
  feedback_send(framework, &said);
}

void k8smi_local_reconcile_operations(struct local_framework *framework,
                                      const K8smMesos__Call__ReconcileOperations *call) {
  for (size_t i = 0; i < call->n_operations; i++) feedback_reconcile(framework, call->operations[i]);
  if (call->n_operations > 0) return;
  K8SMI_EACH(link, &framework->operations) {
    const struct local_operation *operation = K8SMI_OF(link, local_operation, link);
    if (operation->known) feedback_repeat(operation);
  }
}
