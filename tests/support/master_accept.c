/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/master_state.h"

/* The operations of an ACCEPT, and the call itself. */

static bool accept_is(const char *text, const char *want) {
  return text != NULL && strcmp(text, want) == 0;
}

/* What it is without a volume; `disk` is memory for that. */
static void accept_strip(K8smMesos__Resource *of, K8smMesos__Resource__DiskInfo *disk) {
  const K8smMesos__Resource__DiskInfo *before = of->disk;
  of->disk = NULL;
  if (before == NULL || before->source == NULL) return;
  *disk = *before;
  disk->persistence = NULL;
  disk->volume = NULL;
  of->disk = disk;
}

/* Every resource becomes another, in place of what the offers have. */
typedef const char *accept_become(const struct master *m, const K8smMesos__Resource *given, const char *role,
                                  K8smMesos__Resource *before, K8smMesos__Resource *after);

static accept_become accept_create, accept_destroy;

static const char *accept_convert(struct master *m, K8smMesos__Resource *const *resources, size_t n,
                                  const char *role, accept_become *become) {
  const char *fault = n == 0 ? "an operation has no resources" : master_rule_resources(resources, n, role);
  for (size_t i = 0; i < n && fault == NULL; i++) {
    K8smMesos__Resource before = *resources[i], after = *resources[i];
    K8smMesos__Resource__DiskInfo plain = K8SM_MESOS__RESOURCE__DISK_INFO__INIT;
    if (become == accept_create) accept_strip(&before, &plain);
    if (become == accept_destroy) accept_strip(&after, &plain);
    fault = become(m, resources[i], role, &before, &after);
    if (fault == NULL) fault = master_exchange(m, &before, &after);
  }
  return fault;
}

/* The reservation on top is of the role that the offers are for, and of the framework's own. */
static const char *accept_reservation(const struct master *m, const K8smMesos__Resource *r,
                                      const char *role) {
  if (r->n_reservations == 0) return "what is reserved, or not any more, states no reservation";
  const K8smMesos__Resource__ReservationInfo *top = r->reservations[r->n_reservations - 1];
  if (!top->has_type || top->type != K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC)
    return "a reservation is not dynamic";
  if (!accept_is(top->role, role) || strcmp(role, "*") == 0) return "a reservation is for another role";
  return accept_is(top->principal, m->principal) ? NULL : "a reservation is of another principal";
}

/* A disk, the agent's own or one with a source, and no volume. */
static bool accept_is_disk(const K8smMesos__Resource *given) {
  return given->disk == NULL || (given->disk->persistence == NULL && given->disk->volume == NULL);
}

static const char *accept_reserve(const struct master *m, const K8smMesos__Resource *given, const char *role,
                                  K8smMesos__Resource *before, K8smMesos__Resource *after) {
  const char *fault = accept_reservation(m, given, role);
  (void)after;
  if (fault != NULL) return fault;
  if (--before->n_reservations == 0) before->reservations = NULL;
  return accept_is_disk(given) ? NULL : "a volume is reserved";
}

static const char *accept_unreserve(const struct master *m, const K8smMesos__Resource *given,
                                    const char *role, K8smMesos__Resource *before,
                                    K8smMesos__Resource *after) {
  const char *fault = accept_reservation(m, given, role);
  (void)before;
  if (fault != NULL) return fault;
  if (--after->n_reservations == 0) after->reservations = NULL;
  return accept_is_disk(given) ? NULL : "a volume is given back before it is destroyed";
}

/* A persistent volume, which is a part of a reserved disk. */
static const char *accept_volume(const struct master *m, const K8smMesos__Resource *given, const char *role) {
  const K8smMesos__Resource__DiskInfo *disk = given->disk;
  if (strcmp(given->name, "disk") != 0 || given->n_reservations == 0)
    return "a volume is of no reserved disk";
  if (disk == NULL || disk->persistence == NULL || disk->volume == NULL) return "a volume is not persistent";
  if (!master_is_id(disk->persistence->id)) return "the id of a volume is none";
  if (!accept_is(disk->persistence->principal, m->principal)) return "a volume is of another principal";
  if (disk->volume->host_path != NULL || disk->volume->mode != K8SM_MESOS__VOLUME__MODE__RW)
    return "a persistent volume must be writable, and of no host path";
  if (disk->volume->container_path[0] == '/' || disk->volume->container_path[0] == '\0' ||
      strstr(disk->volume->container_path, "..") != NULL)
    return "the path of a persistent volume leaves the sandbox";
  (void)role;
  return NULL;
}

static const char *accept_create(const struct master *m, const K8smMesos__Resource *given, const char *role,
                                 K8smMesos__Resource *before, K8smMesos__Resource *after) {
  (void)before;
  (void)after;
  const char *fault = accept_volume(m, given, role);
  if (fault == NULL && master_has_volume(m, given->disk->persistence->id))
    fault = "a volume of this id is there already";
  return fault;
}

static const char *accept_destroy(const struct master *m, const K8smMesos__Resource *given, const char *role,
                                  K8smMesos__Resource *before, K8smMesos__Resource *after) {
  (void)before;
  (void)after;
  return accept_volume(m, given, role);
}

/* Who acknowledges one of two with the same id ends a master, unless both are on one agent. */
static const char *accept_id(struct master *m, const K8smMesos__Offer__Operation *o) {
  if (o->launch_group != NULL || o->launch != NULL) return "a launch has an id";
  if (!master_is_id(o->id->value)) return "the id of an operation is none";
  return master_name_operation(m, o->id->value) ? NULL : "the id of an operation is used again";
}

static const char *accept_operation(struct master *m, const K8smMesos__Offer__Operation *o, const char *agent,
                                    const char *role) {
  const char *fault = o->id == NULL ? NULL : accept_id(m, o);
  if (fault != NULL) return fault;
  if (o->launch_group != NULL && o->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH_GROUP)
    return master_rule_group(m, o->launch_group, agent, role);
  if (o->launch != NULL && o->type == K8SM_MESOS__OFFER__OPERATION__TYPE__LAUNCH)
    return master_rule_launch(m, o->launch, agent, role);
  if (o->reserve != NULL && o->type == K8SM_MESOS__OFFER__OPERATION__TYPE__RESERVE)
    return accept_convert(m, o->reserve->resources, o->reserve->n_resources, role, accept_reserve);
  if (o->unreserve != NULL && o->type == K8SM_MESOS__OFFER__OPERATION__TYPE__UNRESERVE)
    return accept_convert(m, o->unreserve->resources, o->unreserve->n_resources, role, accept_unreserve);
  if (o->create != NULL && o->type == K8SM_MESOS__OFFER__OPERATION__TYPE__CREATE)
    return accept_convert(m, o->create->volumes, o->create->n_volumes, role, accept_create);
  if (o->destroy != NULL && o->type == K8SM_MESOS__OFFER__OPERATION__TYPE__DESTROY)
    return accept_convert(m, o->destroy->volumes, o->destroy->n_volumes, role, accept_destroy);
  return "an operation has no body, or is none that pods need";
}

static const char *accept_call(struct master *m, const K8smMesos__Call *call) {
  const K8smMesos__Call__Accept *accept = call->accept;
  const char *agent = NULL, *role = NULL, *fault = NULL;
  if (call->type != K8SM_MESOS__CALL__TYPE__ACCEPT || accept == NULL) return "the call is no ACCEPT";
  if (call->framework_id == NULL || strcmp(call->framework_id->value, m->framework_id) != 0)
    return "the call is of another framework";
  if (accept->filters == NULL || !accept->filters->has_refuse_seconds ||
      !(accept->filters->refuse_seconds >= 0) || accept->filters->refuse_seconds > 31536000)
    return "the call leaves it to the master how long what is left is refused";
  if (accept->n_offer_ids == 0) return "the call has no offers";
  for (size_t i = 0; i < accept->n_offer_ids && fault == NULL; i++)
    fault = master_take_offer(m, accept->offer_ids[i]->value, &agent, &role);
  for (size_t i = 0; i < accept->n_operations && fault == NULL; i++)
    fault = accept_operation(m, accept->operations[i], agent, role);
  return fault;
}

const char *master_accept(struct master *m, const void *bytes, size_t len) {
  ProtobufCMessage *message = protobuf_c_message_unpack(&k8sm_mesos__call__descriptor, NULL, len, bytes);
  if (message == NULL) return "the call can't be unpacked";
  master_begin(m);
  const char *fault = accept_call(m, (const K8smMesos__Call *)message);
  master_end(m, fault == NULL);
  protobuf_c_message_free_unpacked(message, NULL);
  return fault;
}
