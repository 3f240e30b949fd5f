/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

/* What a master refuses of resources that are fine one by one (resource_faults.c), in its order and its
 * words. */

const char *k8smi_local_roles_fault(struct k8smi_arena *arena, const char *what,
                                    K8smMesos__Resource *const *resources, size_t n) {
  const char *role = NULL;
  for (size_t i = 0; i < n; i++) {
    const K8smMesos__Resource__AllocationInfo *allocation = resources[i]->allocation_info;
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

static const char *resources_gpus_fault(K8smMesos__Resource *const *resources, size_t n) {
  enum { RESOURCES_WHOLE = 1000 };
  int64_t sum = 0, milli;
  for (size_t i = 0; i < n; i++) {
    bool counted = strcmp(resources[i]->name, "gpus") == 0 && resources[i]->scalar != NULL &&
                   k8smi_milli_of_double(resources[i]->scalar->value, &milli);
    if (counted) sum += milli % RESOURCES_WHOLE;
  }
  return sum % RESOURCES_WHOLE == 0
             ? NULL
             : "Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer";
}

static const char *resources_disk_fault(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  if (r->disk == NULL) return NULL;
  if (r->disk->persistence == NULL) {
    if (r->disk->volume != NULL) return "Non-persistent volume not supported";
    return r->disk->source == NULL ? "DiskInfo is set but empty" : NULL;
  }
  if (r->revocable != NULL) return "Persistent volumes cannot be created from revocable resources";
  if (r->n_reservations == 0) return "Persistent volumes cannot be created from unreserved resources";
  if (r->disk->volume == NULL) return "Expecting 'volume' to be set for persistent volume";
  if (r->disk->volume->host_path != NULL) return "Expecting 'host_path' to be unset for persistent volume";
  const char *fault = k8smi_local_validate_id(arena, r->disk->persistence->id);
  return fault == NULL ? NULL : LOCAL_WORDS(arena, "Invalid persistence ID for persistent volume: ", fault);
}

static const char *resources_reservation_fault(struct k8smi_arena *arena, const K8smMesos__Resource *r) {
  bool dynamic = r->n_reservations > 0 && r->reservations[r->n_reservations - 1]->type ==
                                              K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC;
  if (!dynamic || r->revocable == NULL) return NULL;
  return LOCAL_WORDS(arena, "Dynamically reserved resource ", k8smi_local_resource_text(arena, r),
                     " cannot be created from revocable resources");
}

const char *k8smi_local_resources_fault(struct k8smi_arena *arena, K8smMesos__Resource *const *resources,
                                        size_t n) {
  static const struct {
    const char *what;
    const char *(*fault)(struct k8smi_arena *arena, const K8smMesos__Resource *resource);
  } RULES[] = {{"Invalid DiskInfo: ", resources_disk_fault},
               {"Invalid ReservationInfo: ", resources_reservation_fault}};
  const char *fault = resources_gpus_fault(resources, n);
  if (fault != NULL) return fault;
  for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
    for (size_t j = 0; j < n && fault == NULL; j++) fault = RULES[i].fault(arena, resources[j]);
    if (fault != NULL) return LOCAL_WORDS(arena, RULES[i].what, fault);
  }
  return NULL;
}

/* Of one role there is an id once on an agent. */
static const char *resources_note_volume(const struct local_accept *accept, struct k8smi_map *seen,
                                         const K8smMesos__Resource *r) {
  if (r->disk == NULL || r->disk->persistence == NULL || r->n_reservations == 0) return NULL;
  const char *id = r->disk->persistence->id, *role = r->reservations[r->n_reservations - 1]->role;
  struct k8sm_slice key = k8smi_s(LOCAL_WORDS(accept->arena, role, "\n", id));
  if (k8smi_map_get(seen, key) != K8SMI_MAP_NONE)
    return LOCAL_WORDS(accept->arena, "Persistence ID '", id, "' is not unique");
  if (!k8smi_map_put(seen, key, 0)) k8smi_local_fail(accept->framework->local);
  return NULL;
}

static bool resources_have_revocable(const struct local_resources *lists, size_t n) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < lists[i].n; j++) {
      if (lists[i].resources[j]->revocable != NULL) return true;
    }
  }
  return false;
}

/* Notes whether the first of the name is revocable. */
static const char *resources_note_name(const struct local_accept *accept, struct k8smi_map *seen,
                                       const K8smMesos__Resource *r) {
  uint32_t revocable = r->revocable != NULL, first = k8smi_map_get(seen, k8smi_s(r->name));
  if (first != K8SMI_MAP_NONE && first != revocable) {
    return LOCAL_WORDS(accept->arena, "Cannot use both revocable and non-revocable '", r->name,
                       "' at the same time");
  }
  if (!k8smi_map_put(seen, k8smi_s(r->name), revocable)) k8smi_local_fail(accept->framework->local);
  return NULL;
}

typedef const char *resources_note(const struct local_accept *accept, struct k8smi_map *seen,
                                   const K8smMesos__Resource *r);

static const char *resources_note_all(const struct local_accept *accept, const struct local_resources *lists,
                                      size_t n, resources_note *note) {
  struct k8smi_map seen;
  const char *fault = NULL;
  k8smi_map_init(&seen, &accept->arena->allocator, accept->framework->local->seed);
  for (size_t i = 0; i < n && fault == NULL; i++) {
    for (size_t j = 0; j < lists[i].n && fault == NULL; j++)
      fault = note(accept, &seen, lists[i].resources[j]);
  }
  k8smi_map_free(&seen);
  return fault;
}

const char *k8smi_local_volumes_fault(const struct local_accept *accept, const struct local_resources *lists,
                                      size_t n) {
  return resources_note_all(accept, lists, n, resources_note_volume);
}

const char *k8smi_local_revocable_fault(const struct local_accept *accept,
                                        const struct local_resources *lists, size_t n) {
  if (!resources_have_revocable(lists, n)) return NULL;
  return resources_note_all(accept, lists, n, resources_note_name);
}

const char *k8smi_local_use_fault(const struct local_accept *accept, const struct local_use *use) {
  struct k8smi_arena *arena = accept->arena;
  const struct local_resources *list = &use->list;
  const char *fault = k8smi_local_resources_fault(arena, list->resources, list->n);
  if (fault != NULL) return LOCAL_WORDS(arena, use->invalid, fault);
  fault = k8smi_local_volumes_fault(accept, list, 1);
  if (fault != NULL) return LOCAL_WORDS(arena, use->twice, fault);
  fault = k8smi_local_roles_fault(arena, use->roles, list->resources, list->n);
  if (fault != NULL) return fault;
  fault = k8smi_local_revocable_fault(accept, list, 1);
  return fault == NULL ? NULL : LOCAL_WORDS(arena, use->mixed, fault);
}
