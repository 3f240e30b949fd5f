/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* What a master refuses of resources. */

const char *k8smi_local_roles_fault(struct k8smi_arena *arena, const char *what,
                                    K8smMesos__Resource *const *resources, size_t n) {
  const char *role = NULL;
  for (size_t i = 0; i < n; i++) {
    const K8smMesos__Resource__AllocationInfo *allocation = resources[i]->allocation_info;
    if (allocation == NULL) continue; /* it is that of the offers */
    if (allocation->role == NULL)
      return LOCAL_WORDS(arena, what, "The resources are not allocated to a role");
    if (role != NULL && strcmp(role, allocation->role) != 0) {
      return LOCAL_WORDS(arena, what, "The resources have multiple allocation roles ('", allocation->role,
                         "' and '", role, "') but only one allocation role is allowed");
    }
    role = allocation->role;
  }
  return NULL;
}

static const char *resources_fault(struct k8smi_arena *arena, K8smMesos__Resource *const *resources,
                                   size_t n) {
  if (n > LOCAL_MAX_KINDS) return "Too many resources";
  for (size_t i = 0; i < n; i++) {
    struct k8smi_buf printed;
    k8smi_buf_init(&printed, &arena->allocator);
    const char *why = k8smi_local_resource_fault(arena, resources[i], &printed);
    k8smi_buf_putc(&printed, '\0');
    const char *fault = why == NULL || printed.failed
                            ? why
                            : LOCAL_WORDS(arena, "Resource '", printed.ptr, "' is invalid: ", why);
    k8smi_buf_free(&printed);
    if (fault != NULL) return fault;
  }
  return NULL;
}

static const char *resources_executor_fault(struct k8smi_arena *arena,
                                            const K8smMesos__ExecutorInfo *executor) {
  return executor == NULL ? NULL : resources_fault(arena, executor->resources, executor->n_resources);
}

static const char *resources_tasks_fault(struct k8smi_arena *arena, K8smMesos__TaskInfo *const *tasks,
                                         size_t n) {
  const char *fault = NULL;
  for (size_t i = 0; i < n && fault == NULL; i++) {
    fault = resources_fault(arena, tasks[i]->resources, tasks[i]->n_resources);
    if (fault == NULL) fault = resources_executor_fault(arena, tasks[i]->executor);
  }
  return fault;
}

const char *k8smi_local_operation_fault(struct k8smi_arena *arena,
                                        const K8smMesos__Offer__Operation *operation) {
  const K8smMesos__Offer__Operation__LaunchGroup *group = operation->launch_group;
  const K8smMesos__Offer__Operation__Launch *launch = operation->launch;
  if (operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH)
    return launch == NULL ? NULL : resources_tasks_fault(arena, launch->task_infos, launch->n_task_infos);
  if (operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP) {
    const char *fault = group == NULL ? NULL : resources_executor_fault(arena, group->executor);
    if (fault != NULL || group == NULL) return fault;
    return resources_tasks_fault(arena, group->task_group->tasks, group->task_group->n_tasks);
  }
  K8smMesos__Resource **resources;
  size_t n;
  k8smi_local_operation_list(operation, &resources, &n);
  return resources_fault(arena, resources, n);
}
