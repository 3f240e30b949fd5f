/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* The calls of the scheduler API: what each must carry, and who answers it. */

typedef void call_handler(struct local_framework *framework, const K8smMesos__Call *call);

static void call_teardown(struct local_framework *framework, const K8smMesos__Call *call) {
  (void)call;
  k8smi_local_framework_remove(framework);
}

static void call_accept(struct local_framework *framework, const K8smMesos__Call *call) {
  k8smi_local_accept(framework, call->accept);
}

static void call_decline(struct local_framework *framework, const K8smMesos__Call *call) {
  k8smi_local_decline(framework, call->decline);
}

static void call_revive(struct local_framework *framework, const K8smMesos__Call *call) {
  k8smi_local_revive(framework, call->revive == NULL ? NULL : call->revive->roles,
                     call->revive == NULL ? 0 : call->revive->n_roles);
  k8smi_local_allocate(framework->local);
}

static void call_suppress(struct local_framework *framework, const K8smMesos__Call *call) {
  k8smi_local_suppress(framework, call->suppress == NULL ? NULL : call->suppress->roles,
                       call->suppress == NULL ? 0 : call->suppress->n_roles);
}

static void call_kill(struct local_framework *framework, const K8smMesos__Call *call) {
  const K8smMesos__Call__Kill *kill = call->kill;
  struct local_task *task = k8smi_local_task_find(framework, kill->task_id->value);
  if (task == NULL) {
    k8smi_local_reconcile_one(framework, kill->task_id, kill->agent_id);
  } else if (task->executor != NULL && !task->executor->shutdown &&
             (kill->agent_id == NULL || strcmp(kill->agent_id->value, task->agent->id) == 0) &&
             k8smi_local_agent_hears(task->agent) &&
             !k8smi_local_loses(framework->local, K8SMI_LOCAL_KILLS)) {
    k8smi_local_task_kill(task, k8smi_local_task_grace(task, kill->kill_policy));
  }
}

static void call_shutdown(struct local_framework *framework, const K8smMesos__Call *call) {
  struct local_agent *agent = k8smi_local_agent_find(framework->local, call->shutdown->agent_id);
  if (agent == NULL || !k8smi_local_agent_hears(agent)) return;
  struct local_executor *executor =
      k8smi_local_executor_named(agent, framework, call->shutdown->executor_id->value);
  if (executor != NULL) k8smi_local_executor_shutdown(executor);
}

static void call_acknowledge(struct local_framework *framework, const K8smMesos__Call *call) {
  k8smi_local_acknowledge(framework, call->acknowledge);
}

static void call_acknowledge_operation(struct local_framework *framework, const K8smMesos__Call *call) {
  k8smi_local_operation_acknowledge(framework, call->acknowledge_operation_status);
}

static void call_reconcile(struct local_framework *framework, const K8smMesos__Call *call) {
  k8smi_local_reconcile(framework, call->reconcile);
}

static void call_reconcile_operations(struct local_framework *framework, const K8smMesos__Call *call) {
  k8smi_local_reconcile_operations(framework, call->reconcile_operations);
}

/* There is nobody here to whom these would mean anything: no inverse offers are made, messages to an
 * executor have no reader, and a real master ignores REQUEST too. */
static void call_nothing(struct local_framework *framework, const K8smMesos__Call *call) {
  (void)framework;
  (void)call;
}

#define CALL_BODY(field) offsetof(K8smMesos__Call, field)
#define CALL_TYPE(name)  K8SM_MESOS__CALL__TYPE__##name

/* What must be there: `missing` names it. SUBSCRIBE and UPDATE_FRAMEWORK, whose answers are their own,
 * have no handler. */
static const struct call_row {
  int type;
  size_t body; /* 0: none needed */
  const char *missing;
  call_handler *handler;
} CALL_ROWS[] = {
    {CALL_TYPE(SUBSCRIBE), CALL_BODY(subscribe), "Expecting 'subscribe' to be present", NULL},
    {CALL_TYPE(TEARDOWN), 0, NULL, call_teardown},
    {CALL_TYPE(ACCEPT), CALL_BODY(accept), "Expecting 'accept' to be present", call_accept},
    {CALL_TYPE(DECLINE), CALL_BODY(decline), "Expecting 'decline' to be present", call_decline},
    {CALL_TYPE(ACCEPT_INVERSE_OFFERS), CALL_BODY(accept_inverse_offers),
     "Expecting 'accept_inverse_offers' to be present", call_nothing},
    {CALL_TYPE(DECLINE_INVERSE_OFFERS), CALL_BODY(decline_inverse_offers),
     "Expecting 'decline_inverse_offers' to be present", call_nothing},
    {CALL_TYPE(REVIVE), 0, NULL, call_revive},
    {CALL_TYPE(KILL), CALL_BODY(kill), "Expecting 'kill' to be present", call_kill},
    {CALL_TYPE(SHUTDOWN), CALL_BODY(shutdown), "Expecting 'shutdown' to be present", call_shutdown},
    {CALL_TYPE(ACKNOWLEDGE), CALL_BODY(acknowledge), "Expecting 'acknowledge' to be present",
     call_acknowledge},
    {CALL_TYPE(ACKNOWLEDGE_OPERATION_STATUS), CALL_BODY(acknowledge_operation_status),
     "Expecting 'acknowledge_operation_status' to be present", call_acknowledge_operation},
    {CALL_TYPE(RECONCILE), CALL_BODY(reconcile), "Expecting 'reconcile' to be present", call_reconcile},
    {CALL_TYPE(RECONCILE_OPERATIONS), CALL_BODY(reconcile_operations),
     "Expecting 'reconcile_operations' to be present", call_reconcile_operations},
    {CALL_TYPE(MESSAGE), CALL_BODY(message), "Expecting 'message' to be present", call_nothing},
    {CALL_TYPE(REQUEST), CALL_BODY(request), "Expecting 'request' to be present", call_nothing},
    {CALL_TYPE(SUPPRESS), 0, NULL, call_suppress},
    {CALL_TYPE(UPDATE_FRAMEWORK), CALL_BODY(update_framework), "Expecting 'update_framework' to be present",
     NULL},
};

static const struct call_row *call_find(int type) {
  for (size_t i = 0; i < sizeof(CALL_ROWS) / sizeof(CALL_ROWS[0]); i++) {
    if (CALL_ROWS[i].type == type) return &CALL_ROWS[i];
  }
  return NULL;
}

static bool call_same_id(const K8smMesos__FrameworkID *a, const K8smMesos__FrameworkID *b) {
  return strcmp(a == NULL ? "" : a->value, b == NULL ? "" : b->value) == 0;
}

static const char *call_uuid_fault(const ProtobufCBinaryData *uuid) {
  return uuid->len == LOCAL_UUID_BYTES ? NULL : "Not a valid UUID";
}

const char *k8smi_local_call_check(const K8smMesos__Call *call) {
  const struct call_row *row = call_find((int)call->type);
  if (!call->has_type) return "Expecting 'type' to be present";
  if (row != NULL && row->body != 0 && row->type == CALL_TYPE(SUBSCRIBE) && call->subscribe == NULL) {
    return row->missing;
  }
  if (call->type == CALL_TYPE(SUBSCRIBE)) {
    return call_same_id(call->framework_id, call->subscribe->framework_info->id)
               ? NULL
               : "'framework_id' differs from 'subscribe.framework_info.id'";
  }
  if (call->framework_id == NULL) return "Expecting 'framework_id' to be present";
  if (row == NULL || row->body == 0) return NULL;
  if (*(void *const *)(const void *)((const char *)call + row->body) == NULL) return row->missing;
  if (call->type == CALL_TYPE(UPDATE_FRAMEWORK) &&
      !call_same_id(call->framework_id, call->update_framework->framework_info->id)) {
    return "'framework_id' differs from 'update_framework.framework_info.id'";
  }
  if (call->type == CALL_TYPE(ACKNOWLEDGE)) return call_uuid_fault(&call->acknowledge->uuid);
  if (call->type != CALL_TYPE(ACKNOWLEDGE_OPERATION_STATUS)) return NULL;
  const char *fault = call_uuid_fault(&call->acknowledge_operation_status->uuid);
  if (fault == NULL && call->acknowledge_operation_status->agent_id == NULL)
    fault = "Expecting 'agent_id' to be present";
  return fault;
}

static void call_update_framework(struct local_framework *framework, const K8smMesos__Call *call,
                                  uint64_t exchange) {
  struct k8smi_local *local = framework->local;
  struct k8smi_arena arena;
  k8smi_arena_init(&arena, &local->allocator, 0);
  const char *fault = k8smi_local_update_framework(framework, call->update_framework, &arena);
  k8smi_local_respond(local, exchange, fault == NULL ? 200 : 400, fault == NULL ? "" : fault);
  k8smi_arena_free(&arena);
}

void k8smi_local_call(struct local_framework *framework, const K8smMesos__Call *call, uint64_t exchange) {
  struct k8smi_local *local = framework->local;
  const struct call_row *row = call_find((int)call->type);
  if (call->type == CALL_TYPE(UPDATE_FRAMEWORK)) {
    call_update_framework(framework, call, exchange);
  } else if (row == NULL || row->handler == NULL) {
    k8smi_local_respond(local, exchange, 501, "501 Not Implemented.");
  } else {
    /* The answer comes first: what the call sets off goes to the stream. */
    k8smi_local_respond(local, exchange, 202, "");
    row->handler(framework, call);
  }
}
