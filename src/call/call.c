/* SPDX-License-Identifier: Apache-2.0 */
#include <k8smesos/task.h>

#include "base/abi.h"
#include "call/acknowledge.h"
#include "call/build.h"
#include "call/framework.h"

/* The calls that say something short. ACCEPT is made of a plan, in task. */

typedef void call_build(struct k8smi_build *b, const struct k8sm_call_args *args, K8smMesos__Call *call);

static void call_put_task_id(struct k8smi_build *b, const struct k8sm_slice *id, K8smMesos__TaskID **ret) {
  *ret = K8SMI_BUILD(b, task_id);
  if (*ret != NULL) (*ret)->value = k8smi_build_id(b, "task_id", *id);
}

static void call_put_agent_id(struct k8smi_build *b, const struct k8sm_slice *id, K8smMesos__AgentID **ret) {
  *ret = K8SMI_BUILD(b, agent_id);
  if (*ret != NULL) (*ret)->value = k8smi_build_id(b, "agent_id", *id);
}

static void call_put_texts(struct k8smi_build *b, const char *name, const struct k8sm_slice *items, size_t n,
                           char ***ret, size_t *ret_n) {
  *ret = n == 0 ? NULL : k8smi_build_array(b, n, sizeof **ret);
  for (size_t i = 0; i < n && b->result == K8SM_OK; i++) {
    (*ret)[i] = k8smi_build_text(b, name, items[i]);
    *ret_n = i + 1;
  }
}

static void call_put_bytes(struct k8smi_build *b, struct k8sm_slice bytes, ProtobufCBinaryData *ret) {
  uint8_t *copy = k8smi_build_array(b, bytes.len, 1);
  if (copy == NULL) return;
  if (bytes.len > 0) memcpy(copy, bytes.ptr, bytes.len);
  *ret = (ProtobufCBinaryData){bytes.len, copy};
}

static void call_put_uuid(struct k8smi_build *b, struct k8sm_slice uuid, ProtobufCBinaryData *ret) {
  if (uuid.len == 0)
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, "uuid", "missing: an update without one wants no answer");
  call_put_bytes(b, uuid, ret);
}

/* An argument that is a message itself, in protobuf. Findings name the argument, not what is wrong inside:
 * the caller did not write these bytes by hand. */
static void *call_read_message(struct k8smi_build *b, const char *name, struct k8sm_slice bytes,
                               const ProtobufCMessageDescriptor *type) {
  ProtobufCMessage *message = NULL;
  if (b->result != K8SM_OK) return NULL;
  int r = k8smi_message_decode(b->arena, type, bytes.ptr, bytes.len, &message, NULL);
  if (r == K8SM_ERR_NOMEM) {
    b->result = k8smi_find_nomem(b->diags, r);
  } else if (r != K8SM_OK) {
    struct k8smi_path path = k8smi_path_field(NULL, k8smi_s(name));
    k8smi_find(b->diags, K8SM_DIAG_OPTION_INVALID, &path, "expected a mesos.v1 %s in protobuf",
               type->short_name);
    b->result = K8SM_ERR_INVALID;
  }
  return message;
}

/* What SUBSCRIBE and UPDATE_FRAMEWORK both say; their messages have the same fields. */
static void call_put_framework(struct k8smi_build *b, const struct k8sm_call_args *args,
                               K8smMesos__FrameworkInfo **info, char ***suppressed, size_t *suppressed_count,
                               K8smMesos__OfferConstraints **constraints) {
  b->result = k8smi_framework_info(b->arena, args->framework, args->framework_id, info, b->diags);
  call_put_texts(b, "suppressed", args->suppressed, args->suppressed_count, suppressed, suppressed_count);
  if (args->offer_constraints.len > 0)
    *constraints = call_read_message(b, "offer_constraints", args->offer_constraints,
                                     &k8sm_mesos__offer_constraints__descriptor);
}

static void call_make_subscribe(struct k8smi_build *b, const struct k8sm_call_args *args,
                                K8smMesos__Call *call) {
  K8smMesos__Call__Subscribe *subscribe = call->subscribe = K8SMI_BUILD(b, call__subscribe);
  if (subscribe == NULL) return;
  call_put_framework(b, args, &subscribe->framework_info, &subscribe->suppressed_roles,
                     &subscribe->n_suppressed_roles, &subscribe->offer_constraints);
}

static void call_make_update_framework(struct k8smi_build *b, const struct k8sm_call_args *args,
                                       K8smMesos__Call *call) {
  K8smMesos__Call__UpdateFramework *update = call->update_framework = K8SMI_BUILD(b, call__update_framework);
  if (update == NULL) return;
  call_put_framework(b, args, &update->framework_info, &update->suppressed_roles, &update->n_suppressed_roles,
                     &update->offer_constraints);
}

static void call_make_teardown(struct k8smi_build *b, const struct k8sm_call_args *args,
                               K8smMesos__Call *call) {
  (void)b;
  (void)args;
  (void)call; /* has no message of its own */
}

static void call_put_filters(struct k8smi_build *b, double seconds, K8smMesos__Filters **ret) {
  if (seconds < 0) return;
  k8smi_build_seconds(b, "refuse_seconds", seconds);
  *ret = K8SMI_BUILD(b, filters);
  if (*ret == NULL) return;
  (*ret)->has_refuse_seconds = 1;
  (*ret)->refuse_seconds = seconds;
}

static void call_put_offer_ids(struct k8smi_build *b, const struct k8sm_call_args *args,
                               K8smMesos__OfferID ***ret, size_t *ret_n) {
  if (args->item_count == 0)
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, "items", "missing, expected offer ids");
  *ret = k8smi_build_array(b, args->item_count, sizeof **ret);
  for (size_t i = 0; i < args->item_count && b->result == K8SM_OK; i++) {
    K8smMesos__OfferID *id = (*ret)[i] = K8SMI_BUILD(b, offer_id);
    if (id != NULL) id->value = k8smi_build_id(b, "items", args->items[i]);
    *ret_n = i + 1;
  }
}

static void call_make_decline(struct k8smi_build *b, const struct k8sm_call_args *args,
                              K8smMesos__Call *call) {
  K8smMesos__Call__Decline *decline = call->decline = K8SMI_BUILD(b, call__decline);
  if (decline == NULL) return;
  call_put_offer_ids(b, args, &decline->offer_ids, &decline->n_offer_ids);
  call_put_filters(b, args->refuse_seconds, &decline->filters);
}

static void call_make_accept_inverse(struct k8smi_build *b, const struct k8sm_call_args *args,
                                     K8smMesos__Call *call) {
  K8smMesos__Call__AcceptInverseOffers *accept = call->accept_inverse_offers =
      K8SMI_BUILD(b, call__accept_inverse_offers);
  if (accept == NULL) return;
  call_put_offer_ids(b, args, &accept->inverse_offer_ids, &accept->n_inverse_offer_ids);
  call_put_filters(b, args->refuse_seconds, &accept->filters);
}

static void call_make_decline_inverse(struct k8smi_build *b, const struct k8sm_call_args *args,
                                      K8smMesos__Call *call) {
  K8smMesos__Call__DeclineInverseOffers *decline = call->decline_inverse_offers =
      K8SMI_BUILD(b, call__decline_inverse_offers);
  if (decline == NULL) return;
  call_put_offer_ids(b, args, &decline->inverse_offer_ids, &decline->n_inverse_offer_ids);
  call_put_filters(b, args->refuse_seconds, &decline->filters);
}

static void call_make_revive(struct k8smi_build *b, const struct k8sm_call_args *args,
                             K8smMesos__Call *call) {
  K8smMesos__Call__Revive *revive = call->revive = K8SMI_BUILD(b, call__revive);
  if (revive != NULL)
    call_put_texts(b, "items", args->items, args->item_count, &revive->roles, &revive->n_roles);
}

static void call_make_suppress(struct k8smi_build *b, const struct k8sm_call_args *args,
                               K8smMesos__Call *call) {
  K8smMesos__Call__Suppress *suppress = call->suppress = K8SMI_BUILD(b, call__suppress);
  if (suppress != NULL)
    call_put_texts(b, "items", args->items, args->item_count, &suppress->roles, &suppress->n_roles);
}

static void call_put_grace(struct k8smi_build *b, double seconds, K8smMesos__KillPolicy **ret) {
  if (seconds < 0) return;
  k8smi_build_seconds(b, "grace_seconds", seconds);
  *ret = K8SMI_BUILD(b, kill_policy);
  if (*ret == NULL) return;
  (*ret)->grace_period = K8SMI_BUILD(b, duration_info);
  if ((*ret)->grace_period != NULL) (*ret)->grace_period->nanoseconds = (int64_t)(seconds * 1e9);
}

static void call_make_kill(struct k8smi_build *b, const struct k8sm_call_args *args, K8smMesos__Call *call) {
  K8smMesos__Call__Kill *kill = call->kill = K8SMI_BUILD(b, call__kill);
  if (kill == NULL) return;
  call_put_task_id(b, &args->task_id, &kill->task_id);
  if (args->agent_id.len > 0) call_put_agent_id(b, &args->agent_id, &kill->agent_id);
  call_put_grace(b, args->grace_seconds, &kill->kill_policy);
}

static void call_put_executor_id(struct k8smi_build *b, const struct k8sm_slice *id,
                                 K8smMesos__ExecutorID **ret) {
  *ret = K8SMI_BUILD(b, executor_id);
  if (*ret != NULL) (*ret)->value = k8smi_build_id(b, "executor_id", *id);
}

static void call_make_shutdown(struct k8smi_build *b, const struct k8sm_call_args *args,
                               K8smMesos__Call *call) {
  K8smMesos__Call__Shutdown *shutdown = call->shutdown = K8SMI_BUILD(b, call__shutdown);
  if (shutdown == NULL) return;
  call_put_executor_id(b, &args->executor_id, &shutdown->executor_id);
  call_put_agent_id(b, &args->agent_id, &shutdown->agent_id);
}

static void call_make_message(struct k8smi_build *b, const struct k8sm_call_args *args,
                              K8smMesos__Call *call) {
  K8smMesos__Call__Message *message = call->message = K8SMI_BUILD(b, call__message);
  if (message == NULL) return;
  call_put_agent_id(b, &args->agent_id, &message->agent_id);
  call_put_executor_id(b, &args->executor_id, &message->executor_id);
  call_put_bytes(b, args->data, &message->data);
}

static void call_make_request(struct k8smi_build *b, const struct k8sm_call_args *args,
                              K8smMesos__Call *call) {
  K8smMesos__Call__Request *requests = call->request = K8SMI_BUILD(b, call__request);
  K8smMesos__Request **one = requests == NULL ? NULL : k8smi_build_array(b, 1, sizeof(K8smMesos__Request *));
  K8smMesos__Request *request = one == NULL ? NULL : K8SMI_BUILD(b, request);
  if (request == NULL) return;
  *one = request;
  requests->requests = one;
  requests->n_requests = 1;
  if (args->agent_id.len > 0) call_put_agent_id(b, &args->agent_id, &request->agent_id);
  request->resources = k8smi_build_array(b, args->item_count, sizeof *request->resources);
  for (size_t i = 0; i < args->item_count && b->result == K8SM_OK; i++) {
    request->resources[i] = call_read_message(b, "items", args->items[i], &k8sm_mesos__resource__descriptor);
    request->n_resources = i + 1;
  }
}

static void call_make_acknowledge(struct k8smi_build *b, const struct k8sm_call_args *args,
                                  K8smMesos__Call *call) {
  K8smMesos__Call__Acknowledge *acknowledge = call->acknowledge = K8SMI_BUILD(b, call__acknowledge);
  if (acknowledge == NULL) return;
  call_put_agent_id(b, &args->agent_id, &acknowledge->agent_id);
  call_put_task_id(b, &args->task_id, &acknowledge->task_id);
  call_put_uuid(b, args->uuid, &acknowledge->uuid);
}

static void call_put_operation_id(struct k8smi_build *b, const char *name, const struct k8sm_slice *id,
                                  K8smMesos__OperationID **ret) {
  *ret = K8SMI_BUILD(b, operation_id);
  if (*ret != NULL) (*ret)->value = k8smi_build_id(b, name, *id);
}

/* Empty: the operation is on resources of the agent itself. */
static void call_put_provider(struct k8smi_build *b, const char *name, const struct k8sm_slice *id,
                              K8smMesos__ResourceProviderID **ret) {
  if (id->len == 0) return;
  *ret = K8SMI_BUILD(b, resource_provider_id);
  if (*ret != NULL) (*ret)->value = k8smi_build_id(b, name, *id);
}

static void call_make_acknowledge_operation(struct k8smi_build *b, const struct k8sm_call_args *args,
                                            K8smMesos__Call *call) {
  K8smMesos__Call__AcknowledgeOperationStatus *acknowledge = call->acknowledge_operation_status =
      K8SMI_BUILD(b, call__acknowledge_operation_status);
  if (acknowledge == NULL) return;
  call_put_agent_id(b, &args->agent_id, &acknowledge->agent_id);
  call_put_provider(b, "resource_provider_id", &args->resource_provider_id,
                    &acknowledge->resource_provider_id);
  call_put_operation_id(b, "operation_id", &args->operation_id, &acknowledge->operation_id);
  call_put_uuid(b, args->uuid, &acknowledge->uuid);
}

static void call_make_reconcile(struct k8smi_build *b, const struct k8sm_call_args *args,
                                K8smMesos__Call *call) {
  K8smMesos__Call__Reconcile *reconcile = call->reconcile = K8SMI_BUILD(b, call__reconcile);
  const size_t n = args->item_count / 2;
  if (reconcile == NULL || args->item_count == 0) return;
  if (args->item_count % 2 != 0) {
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, "items", "expected task ids and agent ids by turns");
  }
  reconcile->tasks = k8smi_build_array(b, n, sizeof *reconcile->tasks);
  for (size_t i = 0; i < n && b->result == K8SM_OK; i++) {
    K8smMesos__Call__Reconcile__Task *task = reconcile->tasks[i] = K8SMI_BUILD(b, call__reconcile__task);
    if (task == NULL) return;
    reconcile->n_tasks = i + 1;
    call_put_task_id(b, &args->items[2 * i], &task->task_id);
    if (args->items[2 * i + 1].len > 0) call_put_agent_id(b, &args->items[2 * i + 1], &task->agent_id);
  }
}

static void call_make_reconcile_operations(struct k8smi_build *b, const struct k8sm_call_args *args,
                                           K8smMesos__Call *call) {
  K8smMesos__Call__ReconcileOperations *reconcile = call->reconcile_operations =
      K8SMI_BUILD(b, call__reconcile_operations);
  const size_t n = args->item_count / 3;
  if (reconcile == NULL || args->item_count == 0) return;
  if (args->item_count % 3 != 0) {
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, "items",
                      "expected operation ids, agent ids and resource provider ids by turns");
  }
  reconcile->operations = k8smi_build_array(b, n, sizeof *reconcile->operations);
  for (size_t i = 0; i < n && b->result == K8SM_OK; i++) {
    const struct k8sm_slice *item = &args->items[3 * i];
    K8smMesos__Call__ReconcileOperations__Operation *operation = reconcile->operations[i] =
        K8SMI_BUILD(b, call__reconcile_operations__operation);
    if (operation == NULL) return;
    reconcile->n_operations = i + 1;
    call_put_operation_id(b, "items", &item[0], &operation->operation_id);
    if (item[1].len > 0) call_put_agent_id(b, &item[1], &operation->agent_id);
    call_put_provider(b, "items", &item[2], &operation->resource_provider_id);
  }
}

static const struct {
  K8smMesos__Call__Type type;
  call_build *build;
} call_table[] = {
    [K8SM_CALL_SUBSCRIBE] = {K8SM_MESOS__CALL__TYPE__SUBSCRIBE, call_make_subscribe},
    [K8SM_CALL_TEARDOWN] = {K8SM_MESOS__CALL__TYPE__TEARDOWN, call_make_teardown},
    [K8SM_CALL_DECLINE] = {K8SM_MESOS__CALL__TYPE__DECLINE, call_make_decline},
    [K8SM_CALL_REVIVE] = {K8SM_MESOS__CALL__TYPE__REVIVE, call_make_revive},
    [K8SM_CALL_SUPPRESS] = {K8SM_MESOS__CALL__TYPE__SUPPRESS, call_make_suppress},
    [K8SM_CALL_KILL] = {K8SM_MESOS__CALL__TYPE__KILL, call_make_kill},
    [K8SM_CALL_SHUTDOWN] = {K8SM_MESOS__CALL__TYPE__SHUTDOWN, call_make_shutdown},
    [K8SM_CALL_ACKNOWLEDGE] = {K8SM_MESOS__CALL__TYPE__ACKNOWLEDGE, call_make_acknowledge},
    [K8SM_CALL_RECONCILE] = {K8SM_MESOS__CALL__TYPE__RECONCILE, call_make_reconcile},
    [K8SM_CALL_MESSAGE] = {K8SM_MESOS__CALL__TYPE__MESSAGE, call_make_message},
    [K8SM_CALL_REQUEST] = {K8SM_MESOS__CALL__TYPE__REQUEST, call_make_request},
    [K8SM_CALL_ACCEPT_INVERSE_OFFERS] = {K8SM_MESOS__CALL__TYPE__ACCEPT_INVERSE_OFFERS,
                                         call_make_accept_inverse},
    [K8SM_CALL_DECLINE_INVERSE_OFFERS] = {K8SM_MESOS__CALL__TYPE__DECLINE_INVERSE_OFFERS,
                                          call_make_decline_inverse},
    [K8SM_CALL_ACKNOWLEDGE_OPERATION_STATUS] = {K8SM_MESOS__CALL__TYPE__ACKNOWLEDGE_OPERATION_STATUS,
                                                call_make_acknowledge_operation},
    [K8SM_CALL_RECONCILE_OPERATIONS] = {K8SM_MESOS__CALL__TYPE__RECONCILE_OPERATIONS,
                                        call_make_reconcile_operations},
    [K8SM_CALL_UPDATE_FRAMEWORK] = {K8SM_MESOS__CALL__TYPE__UPDATE_FRAMEWORK, call_make_update_framework},
};

/* framework_id stands in every call but the first SUBSCRIBE. */
static void call_put_head(struct k8smi_build *b, const struct k8sm_call_args *args, K8smMesos__Call *call) {
  call->has_type = 1;
  call->type = call_table[args->type].type;
  if (args->type == K8SM_CALL_SUBSCRIBE && args->framework_id.len == 0) return;
  call->framework_id = K8SMI_BUILD(b, framework_id);
  if (call->framework_id != NULL)
    call->framework_id->value = k8smi_build_id(b, "framework_id", args->framework_id);
}

static int call_end(struct k8smi_buf *buf, struct k8sm_blob **ret, struct k8sm_diags *diags) {
  int result = k8smi_buf_to_blob(buf, ret);
  k8smi_buf_free(buf);
  return result == K8SM_OK ? K8SM_OK : k8smi_find_nomem(diags, result);
}

static int call_write(const struct k8sm_call_args *args, const struct k8sm_allocator *allocator,
                      const K8smMesos__Call *call, struct k8sm_blob **ret, struct k8sm_diags *diags) {
  struct k8smi_buf buf;
  if (!k8smi_buf_init(&buf, allocator)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  k8smi_message_write(&buf, args->format, &call->base);
  return call_end(&buf, ret, diags);
}

static int call_check(const struct k8sm_call_args *args, struct k8smi_build *b) {
  if (args->type == 0 || args->type >= sizeof call_table / sizeof call_table[0]) {
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, "type", "not a type of call");
  }
  if (args->format == K8SM_FORMAT_YAML || args->format > K8SM_FORMAT_PROTOBUF) {
    k8smi_build_wrong(b, K8SM_DIAG_OPTION_INVALID, "format", "expected JSON or protobuf");
  }
  return b->result;
}

/* By way of a message in memory. */
static int call_build_and_write(const struct k8sm_call_args *args, const struct k8sm_allocator *allocator,
                                struct k8sm_blob **ret, struct k8sm_diags *diags) {
  struct k8smi_arena arena;
  struct k8smi_build b = {&arena, diags, K8SM_OK};
  if (!k8smi_arena_init(&arena, allocator, 0)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  int result = call_check(args, &b);
  K8smMesos__Call *call = result == K8SM_OK ? K8SMI_BUILD(&b, call) : NULL;
  if (call != NULL) {
    call_put_head(&b, args, call);
    if (b.result == K8SM_OK) call_table[args->type].build(&b, args, call);
  }
  result = b.result;
  if (result == K8SM_OK) result = call_write(args, allocator, call, ret, diags);
  k8smi_arena_free(&arena);
  return result;
}

int k8sm_call_encode(const struct k8sm_call_args *user, const struct k8sm_allocator *allocator,
                     struct k8sm_blob **ret, struct k8sm_diags *diags) {
  enum { LENT = 512 };
  _Alignas(8) char lent[LENT];
  struct k8smi_buf buf;
  struct k8sm_call_args args;
  int result = k8smi_options_read(&args, sizeof args, user, "call_args", diags);
  if (result != K8SM_OK) return result;
  if (!k8smi_buf_init(&buf, allocator)) return k8smi_find_nomem(diags, K8SM_ERR_NOMEM);
  const size_t size = k8smi_acknowledge_size(&args);
  if (size == 0) return call_build_and_write(&args, allocator, ret, diags);
  k8smi_buf_lend(&buf, lent, sizeof lent);
  char *to = k8smi_buf_extend(&buf, size);
  if (to != NULL) k8smi_acknowledge_write(to, &args);
  return call_end(&buf, ret, diags);
}
