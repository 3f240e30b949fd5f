/* SPDX-License-Identifier: Apache-2.0 */
#include "task/build.h"

#include <k8smesos/task.h>

/* An agent takes a second executor with the same id for the first one only if both say the same: a
 * demand under way sends what was sent before. */
static K8smMesos__ExecutorInfo *executor_again(struct k8smi_task_build *b, int *result) {
  const struct k8sm_slice bytes = b->demand->executor;
  ProtobufCMessage *message = NULL;
  *result = k8smi_message_decode(&b->arena, &k8sm_mesos__executor_info__descriptor, bytes.ptr, bytes.len,
                                 &message, b->diags);
  return *result == K8SM_OK ? (K8smMesos__ExecutorInfo *)message : NULL;
}

static char *executor_id(struct k8smi_task_build *b, int *result) {
  enum { CAP = 256 };
  struct k8sm_task_id id = {b->demand->uid,       {NULL, 0}, {NULL, 0}, b->demand->attempt, 0,
                            K8SM_MAPPING_VERSION, 0};
  char *text = k8smi_task_array(b, CAP, 1);
  if (text == NULL) {
    *result = K8SM_ERR_NOMEM;
  } else if (k8sm_executor_id_format(&id, text, CAP) < 0) {
    k8smi_find(b->diags, K8SM_DIAG_TASK_ID_INVALID, NULL, "uid '%.*s' makes no id that Mesos accepts",
               K8SMI_P(b->demand->uid));
    *result = K8SM_ERR_INVALID;
  } else {
    return text;
  }
  return NULL;
}

static K8smMesos__ContainerInfo *executor_container(struct k8smi_task_build *b) {
  K8smMesos__ContainerInfo *container = K8SMI_TASK_NEW(b, ContainerInfo, container_info);
  if (container == NULL) return NULL;
  container->type = K8SM_MESOS__CONTAINER_INFO__TYPE__MESOS;
  container->hostname = k8smi_task_text(b->demand->hostname);
  container->linux_info = k8smi_task_linux(b, NULL);
  return container;
}

K8smMesos__ExecutorInfo *k8smi_task_executor(struct k8smi_task_build *b, int *result) {
  *result = K8SM_OK;
  if (b->demand->executor.len > 0) return executor_again(b, result);
  char *id = executor_id(b, result);
  if (id == NULL) return NULL;
  K8smMesos__ExecutorInfo *info = K8SMI_TASK_NEW(b, ExecutorInfo, executor_info);
  *result = K8SM_ERR_NOMEM;
  if (info == NULL) return NULL;
  info->executor_id = K8SMI_TASK_NEW(b, ExecutorID, executor_id);
  info->framework_id = K8SMI_TASK_NEW(b, FrameworkID, framework_id);
  if (b->no_memory) return NULL;
  info->has_type = true;
  info->type = K8SM_MESOS__EXECUTOR_INFO__TYPE__DEFAULT;
  info->executor_id->value = id;
  info->framework_id->value = k8smi_task_text(b->placement->framework_id);
  info->name = k8smi_task_text(b->demand->name);
  info->resources = b->holds.executor.items;
  info->n_resources = b->holds.executor.count;
  info->container = executor_container(b);
  info->shutdown_grace_period = k8smi_task_seconds(b, b->demand->grace_seconds);
  info->labels = b->labels;
  if (b->no_memory) return NULL;
  *result = K8SM_OK;
  return info;
}
