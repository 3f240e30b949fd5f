/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* Before a master carries out the first operation of an ACCEPT, it looks at the resources of all of them, and
 * brings them into one form: reservations as stacks, allocated to the role of the offers where they don't
 * say. */

typedef K8smMesos__Offer__Operation prepare_operation;

size_t k8smi_local_operation_lists(const prepare_operation *operation, struct local_resources lists[2]) {
  switch (operation->type) {
  case K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE:
    lists[0] = (struct local_resources){operation->reserve->resources, operation->reserve->n_resources};
    lists[1] = (struct local_resources){operation->reserve->source, operation->reserve->n_source};
    return 2;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__UNRESERVE:
    lists[0] = (struct local_resources){operation->unreserve->resources, operation->unreserve->n_resources};
    return 1;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE:
    lists[0] = (struct local_resources){operation->create->volumes, operation->create->n_volumes};
    return 1;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY:
    lists[0] = (struct local_resources){operation->destroy->volumes, operation->destroy->n_volumes};
    return 1;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__GROW_VOLUME:
    lists[0] = (struct local_resources){&operation->grow_volume->volume, 1};
    lists[1] = (struct local_resources){&operation->grow_volume->addition, 1};
    return 2;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__SHRINK_VOLUME:
    lists[0] = (struct local_resources){&operation->shrink_volume->volume, 1};
    return 1;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE_DISK:
    lists[0] = (struct local_resources){&operation->create_disk->source, 1};
    return 1;
  case K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY_DISK:
    lists[0] = (struct local_resources){&operation->destroy_disk->source, 1};
    return 1;
  default: return 0;
  }
}

/* What an operation is about is a message of its own in it. */
static const struct prepare_body {
  int type;
  size_t offset;
  const char *fault; /* when it is not there */
} PREPARE_BODIES[] = {
#define PREPARE_BODY(type, member, text)                                                                     \
  { K8SM_MESOS__OFFER__OPERATION__TYPE__##type, offsetof(prepare_operation, member), text }
    PREPARE_BODY(LAUNCH, launch, "A LAUNCH offer operation must have the Offer.Operation.launch field set."),
    PREPARE_BODY(LAUNCH_GROUP, launch_group,
                 "A LAUNCH_GROUP offer operation must have the Offer.Operation.launch_group field set."),
    PREPARE_BODY(RESERVE, reserve,
                 "A RESERVE offer operation must have the Offer.Operation.reserve field set."),
    PREPARE_BODY(UNRESERVE, unreserve,
                 "An UNRESERVE offer operation must have the Offer.Operation.unreserve field set."),
    PREPARE_BODY(CREATE, create, "A CREATE offer operation must have the Offer.Operation.create field set."),
    PREPARE_BODY(DESTROY, destroy,
                 "A DESTROY offer operation must have the Offer.Operation.destroy field set."),
    PREPARE_BODY(GROW_VOLUME, grow_volume,
                 "A GROW_VOLUME operation must have the Offer.Operation.grow_volume field set"),
    PREPARE_BODY(SHRINK_VOLUME, shrink_volume,
                 "A SHRINK_VOLUME offer operation must have the Offer.Operation.shrink_volume field set"),
    PREPARE_BODY(CREATE_DISK, create_disk,
                 "A CREATE_DISK offer operation must have the Offer.Operation.create_disk field set."),
    PREPARE_BODY(DESTROY_DISK, destroy_disk,
                 "A DESTROY_DISK offer operation must have the Offer.Operation.destroy_disk field set."),
#undef PREPARE_BODY
};

static const char *prepare_body_fault(const prepare_operation *operation) {
  for (size_t i = 0; i < sizeof(PREPARE_BODIES) / sizeof(PREPARE_BODIES[0]); i++) {
    const struct prepare_body *body = &PREPARE_BODIES[i];
    if (body->type != (int)operation->type) continue;
    return *(void *const *)(const void *)((const char *)operation + body->offset) == NULL ? body->fault
                                                                                          : NULL;
  }
  return "Unknown offer operation";
}

/* Stops at the first fault. */
typedef const char *prepare_visit(struct local_accept *accept, K8smMesos__Resource **resources, size_t n);

static const char *prepare_tasks(struct local_accept *accept, K8smMesos__TaskInfo *const *tasks, size_t n,
                                 prepare_visit *visit) {
  const char *fault = NULL;
  for (size_t i = 0; i < n && fault == NULL; i++) {
    fault = visit(accept, tasks[i]->resources, tasks[i]->n_resources);
    if (fault == NULL && tasks[i]->executor != NULL)
      fault = visit(accept, tasks[i]->executor->resources, tasks[i]->executor->n_resources);
  }
  return fault;
}

static const char *prepare_each(struct local_accept *accept, const prepare_operation *operation,
                                prepare_visit *visit) {
  if (operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH)
    return prepare_tasks(accept, operation->launch->task_infos, operation->launch->n_task_infos, visit);
  if (operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP) {
    const K8smMesos__Offer__Operation__LaunchGroup *group = operation->launch_group;
    const char *fault = visit(accept, group->executor->resources, group->executor->n_resources);
    if (fault != NULL) return fault;
    return prepare_tasks(accept, group->task_group->tasks, group->task_group->n_tasks, visit);
  }
  struct local_resources lists[2];
  const char *fault = NULL;
  size_t n = k8smi_local_operation_lists(operation, lists);
  for (size_t i = 0; i < n && fault == NULL; i++) fault = visit(accept, lists[i].resources, lists[i].n);
  return fault;
}

static const char *prepare_check(struct local_accept *accept, K8smMesos__Resource **resources, size_t n) {
  if (n > LOCAL_MAX_KINDS) return "Too many resources";
  for (size_t i = 0; i < n; i++) {
    const char *why = k8smi_local_resource_fault(accept->arena, resources[i]);
    if (why == NULL) continue;
    return LOCAL_WORDS(accept->arena, "Resource '", k8smi_local_resource_text(accept->arena, resources[i]),
                       "' is invalid: ", why);
  }
  return NULL;
}

/* A resource that is no list is not named. */
static const char *prepare_check_one(struct local_accept *accept, K8smMesos__Resource **resources, size_t n) {
  (void)n;
  return k8smi_local_resource_fault(accept->arena, resources[0]);
}

static const char *prepare_form(struct local_accept *accept, K8smMesos__Resource **resources, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!k8smi_local_resource_upgrade(accept->arena, resources[i]))
      k8smi_local_fail(accept->framework->local);
    if (resources[i]->allocation_info == NULL) resources[i]->allocation_info = accept->allocation;
  }
  return NULL;
}

const char *k8smi_local_operation_prepare(struct local_accept *accept, prepare_operation *operation) {
  bool lists =
      operation->type <= K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP; /* the later kinds have none */
  const char *fault = prepare_body_fault(operation);
  if (fault == NULL) fault = prepare_each(accept, operation, lists ? prepare_check : prepare_check_one);
  if (fault == NULL && operation->type == K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE &&
      operation->reserve->n_source > 0) {
    fault = "Reservation updates are not yet implemented for the scheduler API.";
  }
  if (fault == NULL) (void)prepare_each(accept, operation, prepare_form);
  return fault;
}
