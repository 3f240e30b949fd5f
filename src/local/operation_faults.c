/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

/* What a master refuses of an operation whose resources are fine by themselves, in its order and its words.
 * Its agents can grow and shrink volumes, and have no resource providers. */

typedef K8smMesos__Offer__Operation fault_operation;
typedef K8smMesos__Resource fault_resource;

/* Instead of a fault, when memory ran out. */
static const char *fault_nomem(const struct local_accept *accept) {
  k8smi_local_fail(accept->framework->local);
  return "";
}

/* The agent, as a master prints it. */
static const char *fault_on_agent(const struct local_accept *accept, const char *fault) {
  struct k8smi_buf text;
  k8smi_buf_init(&text, &accept->arena->allocator);
  k8smi_buf_puts(&text, fault);
  k8smi_buf_puts(&text, "; on agent ");
  k8smi_buf_puts(&text, accept->agent->id);
  k8smi_buf_puts(&text, " at slave(1)@" LOCAL_AGENT_ADDRESS ":");
  k8smi_buf_u64(&text, (uint64_t)k8smi_local_agent_port(accept->agent));
  k8smi_buf_puts(&text, " (");
  k8smi_buf_puts(&text, accept->agent->hostname);
  k8smi_buf_putc(&text, ')');
  return k8smi_local_printed(accept->arena, &text);
}

/* The resources of one operation are of one provider, or of the agent itself. */
static const char *fault_provider(const struct local_accept *accept, fault_resource *const *resources,
                                  size_t n) {
  const char *first = NULL;
  bool differ = false;
  size_t with = 0;
  for (size_t i = 0; i < n; i++) {
    const char *id = resources[i]->provider_id == NULL ? NULL : resources[i]->provider_id->value;
    with += id != NULL;
    if (first == NULL) first = id;
    differ = differ || (id != NULL && strcmp(id, first) != 0);
  }
  if (with != 0 && with != n) return "Some resources have a resource provider and some do not";
  if (n != 0 && !differ) return NULL;
  struct k8smi_buf text;
  k8smi_buf_init(&text, &accept->arena->allocator);
  k8smi_buf_puts(&text, "The resources have multiple resource providers: ");
  for (size_t i = 0; i < n; i++) {
    k8smi_buf_puts(&text, i == 0 ? "" : ", ");
    k8smi_buf_puts(&text, resources[i]->provider_id->value);
  }
  return k8smi_local_printed(accept->arena, &text);
}

static bool fault_is_nothing(const fault_resource *r) {
  return (r->scalar == NULL || r->scalar->value == 0) && (r->ranges == NULL || r->ranges->n_range == 0) &&
         (r->set == NULL || r->set->n_item == 0);
}

/* What comes first for each kind of operation. Amounts of nothing count as none: a master takes them, and
 * dies of it. */
static const char *fault_of_list(const struct local_accept *accept, fault_resource *const *resources,
                                 size_t n) {
  const char *fault = k8smi_local_resources_fault(accept->arena, resources, n);
  size_t some = 0;
  for (size_t i = 0; i < n; i++) some += !fault_is_nothing(resources[i]);
  if (fault == NULL) fault = fault_provider(accept, resources, some == 0 ? 0 : n);
  return fault == NULL ? NULL : LOCAL_WORDS(accept->arena, "Invalid resources: ", fault);
}

static const K8smMesos__Resource__ReservationInfo *fault_last(const fault_resource *r) {
  return r->n_reservations == 0 ? NULL : r->reservations[r->n_reservations - 1];
}

static bool fault_is_dynamic(const fault_resource *r) {
  const K8smMesos__Resource__ReservationInfo *last = fault_last(r);
  return last != NULL && last->type == K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC;
}

static const char *fault_not_dynamic(const struct local_accept *accept, const fault_resource *r) {
  return LOCAL_WORDS(accept->arena, "Resource ", k8smi_local_resource_text(accept->arena, r),
                     " is not dynamically reserved");
}

static const char *fault_principal(const struct local_accept *accept, const fault_resource *r) {
  const char *mine = accept->framework->info->principal, *other = fault_last(r)->principal;
  if (mine == NULL || (other != NULL && strcmp(mine, other) == 0)) return NULL;
  if (other == NULL) {
    return LOCAL_WORDS(accept->arena, "A reserve operation was attempted by principal '", mine,
                       "', but there is a reserved resource in the request with no principal set");
  }
  return LOCAL_WORDS(accept->arena, "A reserve operation was attempted by authenticated principal '", mine,
                     "', which does not match a reserved resource in the request with principal '", other,
                     "'");
}

/* "{ a, b }": a master has them in another order, if there is more than one. */
static const char *fault_roles(const struct local_accept *accept) {
  struct k8smi_buf text;
  k8smi_buf_init(&text, &accept->arena->allocator);
  for (size_t i = 0; i < accept->framework->role_count; i++) {
    k8smi_buf_puts(&text, i == 0 ? "{ " : ", ");
    k8smi_buf_slice(&text, accept->framework->roles[i].name);
  }
  k8smi_buf_puts(&text, " }");
  return k8smi_local_printed(accept->arena, &text);
}

static const char *fault_role(const struct local_accept *accept, const fault_resource *r) {
  const char *role = r->allocation_info->role, *reserved = fault_last(r)->role;
  if (role == NULL) {
    return LOCAL_WORDS(accept->arena, "A reserve operation was attempted on unallocated resource ",
                       k8smi_local_resource_text(accept->arena, r),
                       ", but frameworks can only perform reservations on allocated resources");
  }
  if (strcmp(role, reserved) != 0) {
    return LOCAL_WORDS(accept->arena, "A reserve operation was attempted for a resource with role '",
                       reserved, "', but the resource was allocated to role '", role, "'");
  }
  if (k8smi_local_framework_role(accept->framework, k8smi_s(role)) != NULL) return NULL;
  return LOCAL_WORDS(accept->arena, "A reserve operation was attempted for a resource allocated to role '",
                     role, "', but the framework only has roles '", fault_roles(accept), "'");
}

static const char *fault_reserve(const struct local_accept *accept, const fault_operation *operation) {
  fault_resource *const *resources = operation->reserve->resources;
  size_t n = operation->reserve->n_resources;
  const char *fault = fault_of_list(accept, resources, n);
  for (size_t i = 0; i < n && fault == NULL; i++) {
    if (!fault_is_dynamic(resources[i])) return fault_not_dynamic(accept, resources[i]);
    fault = fault_principal(accept, resources[i]);
    if (fault == NULL) fault = fault_role(accept, resources[i]);
  }
  if (fault != NULL) return fault;
  return k8smi_local_roles_fault(accept->arena, "Invalid reservation resources: ", resources, n);
}

static const char *fault_unreserve(const struct local_accept *accept, const fault_operation *operation) {
  fault_resource *const *resources = operation->unreserve->resources;
  size_t n = operation->unreserve->n_resources;
  const char *fault = fault_of_list(accept, resources, n);
  for (size_t i = 0; i < n && fault == NULL; i++) {
    if (!fault_is_dynamic(resources[i])) return fault_not_dynamic(accept, resources[i]);
    if (resources[i]->disk == NULL || resources[i]->disk->persistence == NULL) continue;
    fault = LOCAL_WORDS(accept->arena, "A dynamically reserved persistent volume ",
                        k8smi_local_resource_text(accept->arena, resources[i]),
                        " cannot be unreserved directly. Please destroy the persistent volume first then "
                        "unreserve the resource");
  }
  return fault;
}

static const char *fault_of_volumes(const struct local_accept *accept, fault_resource *const *volumes,
                                    size_t n) {
  for (size_t i = 0; i < n; i++) {
    const K8smMesos__Resource__DiskInfo *disk = volumes[i]->disk;
    if (disk == NULL)
      return LOCAL_WORDS(accept->arena, "Resource ", k8smi_local_resource_text(accept->arena, volumes[i]),
                         " does not have DiskInfo");
    if (disk->persistence == NULL) return "'persistence' is not set in DiskInfo";
    if (disk->volume == NULL) return "Expecting 'volume' to be set for persistent volume";
    if (disk->volume->mode == K8SM_MESOS__VOLUME__MODE__RO)
      return "Read-only persistent volume not supported";
  }
  return NULL;
}

static const char *fault_not_volumes(const struct local_accept *accept, const char *what,
                                     fault_resource *const *volumes, size_t n) {
  const char *fault = fault_of_volumes(accept, volumes, n);
  return fault == NULL ? NULL : LOCAL_WORDS(accept->arena, what, fault);
}

static bool fault_shares(const struct local_accept *accept) {
  const K8smMesos__FrameworkInfo *info = accept->framework->info;
  for (size_t i = 0; i < info->n_capabilities; i++) {
    if (info->capabilities[i]->type == K8SM_MESOS__FRAMEWORK_INFO__CAPABILITY__TYPE__SHARED_RESOURCES)
      return true;
  }
  return false;
}

static const char *fault_maker(const struct local_accept *accept, const fault_resource *volume) {
  const char *mine = accept->framework->info->principal, *other = volume->disk->persistence->principal;
  if (volume->shared != NULL && !fault_shares(accept)) {
    return LOCAL_WORDS(accept->arena, "Create volume operation for '",
                       k8smi_local_resource_text(accept->arena, volume),
                       "' has been attempted by framework '", accept->framework->id,
                       "' with no SHARED_RESOURCES capability");
  }
  if (mine == NULL || (other != NULL && strcmp(mine, other) == 0)) return NULL;
  if (other == NULL) {
    return LOCAL_WORDS(
        accept->arena, "Create volume operation attempted by principal '", mine,
        "', but there is a volume in the operation with no principal set in 'disk.persistence'");
  }
  return LOCAL_WORDS(accept->arena, "Create volume operation attempted by authenticated principal '", mine,
                     "', which does not match a volume in the operation with principal '", other,
                     "' set in 'disk.persistence'");
}

static const char *fault_create(const struct local_accept *accept, const fault_operation *operation) {
  struct k8smi_arena *arena = accept->arena;
  fault_resource **volumes = operation->create->volumes;
  size_t n = operation->create->n_volumes;
  struct local_resources lists[2] = {{NULL, accept->agent->total.bag.count}, {volumes, n}};
  const char *fault = fault_of_list(accept, volumes, n);
  if (fault == NULL) fault = fault_not_volumes(accept, "Not a persistent volume: ", volumes, n);
  if (fault == NULL && !k8smi_local_bag_write(arena, &accept->agent->total.bag, &lists[0].resources))
    return fault_nomem(accept);
  if (fault == NULL) fault = k8smi_local_volumes_fault(accept, lists, 2);
  for (size_t i = 0; i < n && fault == NULL; i++) fault = fault_maker(accept, volumes[i]);
  return fault != NULL ? fault : k8smi_local_roles_fault(arena, "Invalid volume resources: ", volumes, n);
}

/* The volumes of a bag are on the agent, and nothing that runs there uses one. */
static const char *fault_had(const struct local_accept *accept, const struct local_bag *volumes) {
  struct local_bag used;
  for (size_t i = 0; i < volumes->count; i++) {
    const struct local_bag one = {&volumes->amounts[i], 1};
    if (one.amounts->form->provider_id == NULL && !k8smi_local_bag_contains(&accept->agent->total.bag, &one))
      return "Persistent volumes not found";
  }
  if (!k8smi_local_agent_used(accept->agent, accept->arena, &used)) return fault_nomem(accept);
  for (size_t i = 0; i < volumes->count; i++) {
    const struct local_bag one = {&volumes->amounts[i], 1};
    if (k8smi_local_bag_contains(&used, &one)) return "Persistent volumes in use";
  }
  return NULL;
}

/* Volumes are looked for by what they are, whoever they are allocated to. */
static const char *fault_destroy(const struct local_accept *accept, const fault_operation *operation) {
  static const struct k8sm_slice NOBODY = {NULL, 0};
  struct local_resources plain;
  struct local_bag bag;
  bool ok =
      k8smi_local_bag_sum(accept->arena, operation->destroy->volumes, operation->destroy->n_volumes, &bag) &&
      k8smi_local_bag_allocate(accept->arena, &bag, NOBODY, &bag) &&
      k8smi_local_bag_write(accept->arena, &bag, &plain.resources);
  if (!ok) return fault_nomem(accept);
  plain.n = bag.count;
  const char *fault = fault_of_list(accept, plain.resources, plain.n);
  if (fault == NULL) fault = fault_not_volumes(accept, "Not a persistent volume: ", plain.resources, plain.n);
  return fault == NULL ? fault_had(accept, &bag) : fault;
}

/* What would be left of a volume's disk without the volume, with more of it: is it one kind? */
static bool fault_adds_up(const struct local_accept *accept,
                          const K8smMesos__Offer__Operation__GrowVolume *grow) {
  fault_resource *both[] = {k8smi_local_volume_strip(accept->arena, grow->volume), grow->addition};
  struct local_bag sum;
  return both[0] != NULL && k8smi_local_bag_sum(accept->arena, both, 2, &sum) && sum.count == 1;
}

static const char *fault_grow(const struct local_accept *accept, const fault_operation *operation) {
  const K8smMesos__Offer__Operation__GrowVolume *grow = operation->grow_volume;
  int64_t more;
  if (grow->addition->scalar == NULL || !k8smi_milli_of_double(grow->addition->scalar->value, &more) ||
      more <= 0)
    return "The size of 'GrowVolume.addition' field must be greater than zero";
  if (grow->volume->provider_id != NULL) return "Growing a volume from a resource provider is not supported";
  const char *fault = fault_not_volumes(
      accept, "Invalid persistent volume in the 'GrowVolume.volume' field: ", &grow->volume, 1);
  if (fault != NULL) return fault;
  if (grow->volume->shared != NULL) return "Growing a shared persistent volume is not supported";
  return fault_adds_up(accept, grow)
             ? NULL
             : "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields";
}

static const char *fault_shrink(const struct local_accept *accept, const fault_operation *operation) {
  const K8smMesos__Offer__Operation__ShrinkVolume *shrink = operation->shrink_volume;
  const fault_resource *volume = shrink->volume;
  int64_t less, milli;
  if (!k8smi_milli_of_double(shrink->subtract->value, &less) || less <= 0)
    return "Value of 'ShrinkVolume.subtract' must be greater than zero";
  if (volume->scalar == NULL || !k8smi_milli_of_double(volume->scalar->value, &milli) || milli <= less)
    return "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'";
  if (volume->provider_id != NULL) return "Shrinking a volume from a resource provider is not supported";
  if (volume->disk != NULL && volume->disk->source != NULL &&
      volume->disk->source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT) {
    return "Shrinking a volume on a MOUNT disk is not supported";
  }
  const char *fault = fault_not_volumes(
      accept, "Invalid persistent volume in the 'ShrinkVolume.volume' field: ", &shrink->volume, 1);
  if (fault != NULL) return fault;
  return volume->shared == NULL ? NULL : "Shrinking a shared persistent volume is not supported";
}

static const char *fault_of_disk(const struct local_accept *accept, fault_resource *source) {
  const char *fault = k8smi_local_resources_fault(accept->arena, &source, 1);
  if (fault != NULL) return LOCAL_WORDS(accept->arena, "Invalid resource: ", fault);
  return source->provider_id == NULL ? "'source' is not managed by a resource provider" : NULL;
}

static const K8smMesos__Resource__DiskInfo__Source *fault_source(const fault_resource *r) {
  return strcmp(r->name, "disk") == 0 && r->disk != NULL ? r->disk->source : NULL;
}

static const char *fault_create_disk(const struct local_accept *accept, const fault_operation *operation) {
  const K8smMesos__Offer__Operation__CreateDisk *disk = operation->create_disk;
  const K8smMesos__Resource__DiskInfo__Source *source = fault_source(disk->source);
  const char *fault = fault_of_disk(accept, disk->source);
  if (fault != NULL) return fault;
  if (source == NULL || source->type != K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__RAW)
    return "'source' is not a RAW disk resource";
  if (disk->target_type != K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT &&
      disk->target_type != K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__BLOCK) {
    return "'target_type' is neither MOUNT or BLOCK";
  }
  if ((source->profile != NULL) != (disk->target_profile != NULL)) return NULL;
  return source->profile != NULL ? "'target_profile' must not be set when 'source' has a profile"
                                 : "'target_profile' must be set when 'source' has no profile";
}

static const char *fault_destroy_disk(const struct local_accept *accept, const fault_operation *operation) {
  fault_resource *resource = operation->destroy_disk->source;
  const K8smMesos__Resource__DiskInfo__Source *source = fault_source(resource);
  const char *fault = fault_of_disk(accept, resource);
  if (fault != NULL) return fault;
  if (source == NULL || source->type == K8SM_MESOS__RESOURCE__DISK_INFO__SOURCE__TYPE__PATH)
    return "'source' is neither a MOUNT, BLOCK or RAW disk resource";
  if (source->id == NULL) return "'source' is not backed by a CSI volume";
  if (resource->disk->persistence == NULL) return NULL;
  return LOCAL_WORDS(
      accept->arena, "A disk resource containing a persistent volume ",
      k8smi_local_resource_text(accept->arena, resource),
      " cannot be destroyed directly. Please destroy the persistent volume first then destroy the "
      "disk resource");
}

const char *k8smi_local_operation_fault(const struct local_accept *accept, const fault_operation *operation) {
  static const struct {
    int type;
    const char *(*fault)(const struct local_accept *accept, const fault_operation *operation);
  } RULES[] = {
      {K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE, fault_reserve},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__UNRESERVE, fault_unreserve},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE, fault_create},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY, fault_destroy},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__GROW_VOLUME, fault_grow},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__SHRINK_VOLUME, fault_shrink},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE_DISK, fault_create_disk},
      {K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY_DISK, fault_destroy_disk},
  };
  for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++) {
    if (RULES[i].type != (int)operation->type) continue;
    const char *fault = RULES[i].fault(accept, operation);
    return fault == NULL ? NULL : fault_on_agent(accept, fault);
  }
  return NULL;
}
