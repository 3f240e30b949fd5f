/* SPDX-License-Identifier: Apache-2.0 */
#include "task/build.h"

static K8smMesos__Offer__Operation *operation_new(struct k8smi_task_build *b,
                                                  K8smMesos__Offer__Operation__Type type) {
  K8smMesos__Offer__Operation *operation = K8SMI_TASK_NEW(b, Offer__Operation, offer__operation);
  if (operation == NULL) return NULL;
  operation->has_type = true;
  operation->type = type;
  return operation;
}

bool k8smi_task_name(struct k8smi_task_build *b, K8smMesos__Offer__Operation *operation,
                     enum k8smi_operation what, struct k8sm_slice of) {
  char text[K8SMI_ID_MAX + 1];
  if (operation == NULL) return false;
  struct k8sm_slice id = k8smi_operation_id(what, of, text);
  if (id.len == 0) return true;
  operation->id = K8SMI_TASK_NEW(b, OperationID, operation_id);
  id = k8smi_arena_copy(&b->arena, id.ptr, id.len);
  if (operation->id == NULL || id.ptr == NULL) return false;
  operation->id->value = k8smi_task_text(id);
  return true;
}

K8smMesos__Offer__Operation *k8smi_task_launch_group(struct k8smi_task_build *b,
                                                     K8smMesos__ExecutorInfo *executor,
                                                     K8smMesos__TaskInfo *task) {
  K8smMesos__Offer__Operation *operation = operation_new(b, K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP);
  K8smMesos__Offer__Operation__LaunchGroup *launch =
      K8SMI_TASK_NEW(b, Offer__Operation__LaunchGroup, offer__operation__launch_group);
  K8smMesos__TaskGroupInfo *group = K8SMI_TASK_NEW(b, TaskGroupInfo, task_group_info);
  K8smMesos__TaskInfo **tasks = k8smi_task_array(b, 1, sizeof *tasks);
  if (operation == NULL || launch == NULL || group == NULL || tasks == NULL) return NULL;
  operation->launch_group = launch;
  launch->executor = executor;
  launch->task_group = group;
  group->tasks = tasks;
  group->n_tasks = 1;
  tasks[0] = task;
  return operation;
}

K8smMesos__Offer__Operation *k8smi_task_launch(struct k8smi_task_build *b, K8smMesos__TaskInfo *task) {
  K8smMesos__Offer__Operation *operation = operation_new(b, K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH);
  K8smMesos__Offer__Operation__Launch *launch =
      K8SMI_TASK_NEW(b, Offer__Operation__Launch, offer__operation__launch);
  K8smMesos__TaskInfo **tasks = k8smi_task_array(b, 1, sizeof *tasks);
  if (operation == NULL || launch == NULL || tasks == NULL) return NULL;
  operation->launch = launch;
  launch->task_infos = tasks;
  launch->n_task_infos = 1;
  tasks[0] = task;
  return operation;
}

K8smMesos__Offer__Operation *k8smi_task_reserve(struct k8smi_task_build *b,
                                                struct k8smi_resources resources) {
  K8smMesos__Offer__Operation *operation = operation_new(b, K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE);
  K8smMesos__Offer__Operation__Reserve *body =
      K8SMI_TASK_NEW(b, Offer__Operation__Reserve, offer__operation__reserve);
  if (operation == NULL || body == NULL) return NULL;
  operation->reserve = body;
  body->resources = resources.items;
  body->n_resources = resources.count;
  return operation;
}

K8smMesos__Offer__Operation *k8smi_task_unreserve(struct k8smi_task_build *b,
                                                  struct k8smi_resources resources) {
  K8smMesos__Offer__Operation *operation = operation_new(b, K8SM_MESOS__OFFER__OPERATION__TYPE__UNRESERVE);
  K8smMesos__Offer__Operation__Unreserve *body =
      K8SMI_TASK_NEW(b, Offer__Operation__Unreserve, offer__operation__unreserve);
  if (operation == NULL || body == NULL) return NULL;
  operation->unreserve = body;
  body->resources = resources.items;
  body->n_resources = resources.count;
  return operation;
}

K8smMesos__Offer__Operation *k8smi_task_create(struct k8smi_task_build *b, struct k8smi_resources volumes) {
  K8smMesos__Offer__Operation *operation = operation_new(b, K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE);
  K8smMesos__Offer__Operation__Create *body =
      K8SMI_TASK_NEW(b, Offer__Operation__Create, offer__operation__create);
  if (operation == NULL || body == NULL) return NULL;
  operation->create = body;
  body->volumes = volumes.items;
  body->n_volumes = volumes.count;
  return operation;
}

K8smMesos__Offer__Operation *k8smi_task_destroy(struct k8smi_task_build *b, struct k8smi_resources volumes) {
  K8smMesos__Offer__Operation *operation = operation_new(b, K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY);
  K8smMesos__Offer__Operation__Destroy *body =
      K8SMI_TASK_NEW(b, Offer__Operation__Destroy, offer__operation__destroy);
  if (operation == NULL || body == NULL) return NULL;
  operation->destroy = body;
  body->volumes = volumes.items;
  body->n_volumes = volumes.count;
  return operation;
}

K8smMesos__Call *k8smi_task_accept(struct k8smi_task_build *b, struct k8sm_slice framework_id,
                                   double refuse_seconds) {
  K8smMesos__Call *call = K8SMI_TASK_NEW(b, Call, call);
  K8smMesos__FrameworkID *framework = K8SMI_TASK_NEW(b, FrameworkID, framework_id);
  K8smMesos__Call__Accept *accept = K8SMI_TASK_NEW(b, Call__Accept, call__accept);
  K8smMesos__Filters *filters = K8SMI_TASK_NEW(b, Filters, filters);
  if (b->no_memory) return NULL;
  call->framework_id = framework;
  framework->value = k8smi_task_text(framework_id);
  call->has_type = true;
  call->type = K8SM_MESOS__CALL__TYPE__ACCEPT;
  call->accept = accept;
  accept->filters = filters;
  filters->has_refuse_seconds = true;
  filters->refuse_seconds = refuse_seconds;
  return call;
}

bool k8smi_task_name_offer(struct k8smi_task_build *b, struct k8sm_slice id,
                           K8smMesos__Call__Accept *accept) {
  K8smMesos__OfferID *message = K8SMI_TASK_NEW(b, OfferID, offer_id);
  if (message == NULL) return false;
  message->value = k8smi_task_text(id);
  accept->offer_ids[accept->n_offer_ids++] = message;
  return true;
}
