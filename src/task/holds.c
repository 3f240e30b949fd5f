/* SPDX-License-Identifier: Apache-2.0 */
/* What of a placement's resources is reserved for its pod, and which volumes are made, before anything is
 * launched: https://mesos.apache.org/documentation/latest/reservation/. A plan is never changed: these are
 * copies. */
#include "task/build.h"

#include "offer/offer.h"

/* Room in a list for all that a placement has: its resources, and a volume for each that it claims. */
static bool hold_room(struct k8smi_task_build *b, struct k8smi_resources *list, size_t n) {
  list->items = k8smi_task_array(b, n, sizeof(K8smMesos__Resource *));
  list->count = 0;
  return n == 0 || list->items != NULL;
}

static K8smMesos__Labels *hold_labels(struct k8smi_task_build *b, struct k8sm_slice key,
                                      struct k8sm_slice value) {
  const struct k8smi_pair pairs[] = {{key, value},
                                     {K8SMI_S(K8SMI_FRAMEWORK_LABEL), b->placement->framework_id}};
  return k8smi_task_labels(b, (struct k8smi_pair_list){pairs, 2});
}

/* The resource with a reservation more; NULL when memory ran out. */
static K8smMesos__Resource *hold_reserved(struct k8smi_task_build *b, const K8smMesos__Resource *from,
                                          K8smMesos__Labels *labels) {
  K8smMesos__Resource *to = K8SMI_TASK_NEW(b, Resource, resource);
  K8smMesos__Resource__ReservationInfo *own =
      K8SMI_TASK_NEW(b, Resource__ReservationInfo, resource__reservation_info);
  K8smMesos__Resource__ReservationInfo **stack =
      k8smi_task_array(b, from->n_reservations + 1, sizeof(K8smMesos__Resource__ReservationInfo *));
  if (b->no_memory) return NULL;
  *to = *from;
  if (from->n_reservations > 0) memcpy(stack, from->reservations, from->n_reservations * sizeof *stack);
  own->has_type = true;
  own->type = K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC;
  own->role = k8smi_task_text(b->placement->role);
  own->principal = k8smi_task_text(b->demand->principal);
  own->labels = labels;
  stack[from->n_reservations] = own;
  to->reservations = stack;
  to->n_reservations = from->n_reservations + 1;
  to->role = NULL; /* of the format before there were stacks: "*" */
  return to;
}

/* What is reserved for the very role has an owner already, or is free to all of the role: it stays as it is.
 */
static bool hold_needs_reserve(const struct k8smi_task_build *b, const K8smMesos__Resource *resource) {
  return !k8smi_eq(k8smi_resource_reservation(resource), b->placement->role);
}

/* Copies a list, each resource reserved where it is to be. */
static bool hold_list(struct k8smi_task_build *b, const struct k8smi_resources *from,
                      K8smMesos__Labels *labels, struct k8smi_resources *to) {
  struct k8smi_task_holds *h = &b->holds;
  if (to != NULL && !hold_room(b, to, from->count)) return false;
  for (size_t i = 0; i < from->count; i++) {
    K8smMesos__Resource *resource = from->items[i];
    if (hold_needs_reserve(b, resource)) {
      resource = hold_reserved(b, resource, labels);
      if (resource == NULL) return false;
      h->reserve.items[h->reserve.count++] = resource;
      h->reserved += k8smi_resource_amount(resource);
    }
    if (to != NULL) to->items[to->count++] = resource;
  }
  return true;
}

/* Where the executor finds the volume. */
static K8smMesos__Resource *hold_mounted(struct k8smi_task_build *b, const K8smMesos__Resource *from,
                                         const struct k8smi_demand_volume *volume) {
  K8smMesos__Resource *to = K8SMI_TASK_NEW(b, Resource, resource);
  K8smMesos__Resource__DiskInfo *disk = K8SMI_TASK_NEW(b, Resource__DiskInfo, resource__disk_info);
  K8smMesos__Volume *mount = K8SMI_TASK_NEW(b, Volume, volume);
  if (b->no_memory) return NULL;
  *to = *from;
  if (from->disk != NULL) *disk = *from->disk;
  to->disk = disk;
  disk->volume = mount;
  mount->container_path = k8smi_task_text(volume->path);
  mount->mode = K8SM_MESOS__VOLUME__MODE__RW;
  if (disk->persistence != NULL) return to;
  disk->persistence = K8SMI_TASK_NEW(b, Resource__DiskInfo__Persistence, resource__disk_info__persistence);
  if (disk->persistence == NULL) return NULL;
  disk->persistence->id = k8smi_task_text(volume->row.id);
  disk->persistence->principal = k8smi_task_text(b->demand->principal);
  return to;
}

static bool hold_volume(struct k8smi_task_build *b, size_t i) {
  const struct k8smi_demand_volume *volume = &b->demand->volumes[i];
  const struct k8smi_plan_volume *given = &b->placement->volumes[i];
  struct k8smi_task_holds *h = &b->holds;
  bool own = volume->row.claim.len == 0;
  K8smMesos__Resource *resource = given->resource;
  if (!given->there && hold_needs_reserve(b, resource)) {
    K8smMesos__Labels *labels = hold_labels(b, own ? K8SMI_S(K8SMI_OWNER_LABEL) : K8SMI_S(K8SMI_CLAIM_LABEL),
                                            own ? b->demand->uid : volume->row.claim);
    resource = hold_reserved(b, resource, labels);
    if (resource == NULL) return false;
    h->reserve.items[h->reserve.count++] = resource;
    if (own) h->reserved += k8smi_resource_amount(resource);
  }
  resource = hold_mounted(b, resource, volume);
  if (resource == NULL) return false;
  if (!given->there) h->create.items[h->create.count++] = resource;
  h->executor.items[h->executor.count++] = resource;
  return true;
}

static size_t hold_count(const struct k8smi_task_build *b) {
  size_t n = b->placement->spare.count + b->demand->volume_count;
  for (size_t i = 0; i < b->demand->task_count; i++) n += b->placement->tasks[i].count;
  return n;
}

static bool hold_executor(struct k8smi_task_build *b) {
  const struct k8smi_resources *given = &b->placement->executor;
  struct k8smi_task_holds *h = &b->holds;
  if (!hold_room(b, &h->executor, given->count + b->demand->volume_count)) return false;
  if (given->count > 0) memcpy(h->executor.items, given->items, given->count * sizeof *given->items);
  h->executor.count = given->count;
  for (size_t i = 0; i < b->demand->volume_count; i++) {
    if (!hold_volume(b, i)) return false;
  }
  return true;
}

static bool hold_tasks(struct k8smi_task_build *b) {
  const struct k8sm_demand *d = b->demand;
  K8smMesos__Labels *labels = hold_labels(b, K8SMI_S(K8SMI_OWNER_LABEL), d->uid);
  b->holds.tasks = k8smi_task_array(b, d->task_count, sizeof *b->holds.tasks);
  if (labels == NULL || b->holds.tasks == NULL) return false;
  for (size_t i = 0; i < d->task_count; i++) {
    if (!hold_list(b, &b->placement->tasks[i], labels, &b->holds.tasks[i])) return false;
  }
  return hold_list(b, &b->placement->spare, labels, NULL);
}

bool k8smi_task_hold(struct k8smi_task_build *b) {
  struct k8smi_task_holds *h = &b->holds;
  const struct k8sm_demand *d = b->demand;
  bool reserves = k8smi_form_reserves(d->form) && !k8smi_eqs(b->placement->role, "*");
  *h = (struct k8smi_task_holds){.executor = b->placement->executor, .tasks = b->placement->tasks};
  if (!reserves && d->volume_count == 0) return true;
  if (!hold_room(b, &h->reserve, hold_count(b)) || !hold_room(b, &h->create, d->volume_count)) return false;
  if (d->volume_count > 0 && !hold_executor(b)) return false;
  return !reserves || hold_tasks(b);
}
