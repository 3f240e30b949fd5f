/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"

/* The event OFFERS. */

#define OFFER_NEW(arena, type) k8smi_message_new((arena), &k8sm_mesos__##type##__descriptor)

static bool offer_write_ids(struct k8smi_arena *arena, struct local_offer *offer, K8smMesos__Offer *to) {
  to->id = OFFER_NEW(arena, offer_id);
  to->framework_id = OFFER_NEW(arena, framework_id);
  to->agent_id = OFFER_NEW(arena, agent_id);
  to->allocation_info = OFFER_NEW(arena, resource__allocation_info);
  if (to->id == NULL || to->framework_id == NULL || to->agent_id == NULL || to->allocation_info == NULL)
    return false;
  to->id->value = offer->id;
  to->framework_id->value = offer->framework->id;
  to->agent_id->value = offer->agent->id;
  to->allocation_info->role = (char *)(uintptr_t)offer->held.bag.amounts[0].role.ptr;
  return true;
}

static bool offer_write_url(struct k8smi_arena *arena, const struct local_agent *agent,
                            K8smMesos__Offer *to) {
  static const char SCHEME[] = "http", PATH[] = "/slave(1)", ADDRESS[] = LOCAL_AGENT_ADDRESS;
  to->url = OFFER_NEW(arena, url);
  if (to->url == NULL || (to->url->address = OFFER_NEW(arena, address)) == NULL) return false;
  to->url->scheme = (char *)(uintptr_t)SCHEME;
  to->url->path = (char *)(uintptr_t)PATH;
  to->url->address->hostname = agent->hostname;
  to->url->address->ip = (char *)(uintptr_t)ADDRESS;
  to->url->address->port = k8smi_local_agent_port(agent);
  return true;
}

static bool offer_names(const struct local_executor *executor, const struct local_offer *offer) {
  return executor->known && executor->framework == offer->framework;
}

static bool offer_write_executors(struct k8smi_arena *arena, const struct local_offer *offer,
                                  K8smMesos__Offer *to) {
  size_t n = 0;
  K8SMI_EACH(link, &offer->agent->executors) {
    n += offer_names(K8SMI_OF(link, local_executor, link), offer);
  }
  if (n == 0) return true;
  to->executor_ids = k8smi_arena_array(arena, n, sizeof(K8smMesos__ExecutorID *));
  if (to->executor_ids == NULL) return false;
  K8SMI_EACH(at, &offer->agent->executors) {
    const struct local_executor *executor = K8SMI_OF(at, local_executor, link);
    if (!offer_names(executor, offer)) continue;
    K8smMesos__ExecutorID *id = OFFER_NEW(arena, executor_id);
    if (id == NULL) return false;
    id->value = (char *)(uintptr_t)executor->id;
    to->executor_ids[to->n_executor_ids++] = id;
  }
  return true;
}

/* The older form of reservations, for frameworks that do not know the stack: `role`, and `reservation`
 * for a dynamic one. What has more than one reservation is not offered to them. */
static void offer_write_older(K8smMesos__Resource *resource) {
  static char everybody[] = "*";
  resource->role = everybody;
  if (resource->n_reservations == 0) return;
  K8smMesos__Resource__ReservationInfo *only = resource->reservations[0];
  resource->role = only->role;
  if (only->type == K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC) resource->reservation = only;
  resource->n_reservations = 0;
  resource->reservations = NULL;
}

static K8smMesos__Offer *offer_write(struct k8smi_arena *arena, struct local_offer *offer) {
  K8smMesos__Offer *to = OFFER_NEW(arena, offer);
  if (to == NULL || !offer_write_ids(arena, offer, to) || !offer_write_url(arena, offer->agent, to) ||
      !offer_write_executors(arena, offer, to) ||
      !k8smi_local_bag_write(arena, &offer->held.bag, &to->resources)) {
    return NULL;
  }
  to->n_resources = offer->held.bag.count;
  for (size_t i = 0; !offer->framework->refinement && i < to->n_resources; i++)
    offer_write_older(to->resources[i]);
  to->hostname = offer->agent->hostname;
  to->attributes = offer->agent->attributes;
  to->n_attributes = offer->agent->attribute_count;
  return to;
}

void k8smi_local_offers_event(struct local_framework *framework, struct local_offer *const *offers,
                              size_t n) {
  struct k8smi_local *local = framework->local;
  struct k8smi_arena arena;
  K8smMesos__Event__Offers body = K8SM_MESOS__EVENT__OFFERS__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  k8smi_arena_init(&arena, &local->allocator, 0);
  body.offers = k8smi_arena_array(&arena, n, sizeof(K8smMesos__Offer *));
  for (size_t i = 0; body.offers != NULL && i < n; i++) {
    body.offers[i] = offer_write(&arena, offers[i]);
    if (body.offers[i] == NULL) break;
    body.n_offers++;
  }
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__OFFERS;
  event.offers = &body;
  if (body.n_offers == n) {
    k8smi_local_event(framework, &event);
  } else {
    k8smi_local_fail(local);
  }
  k8smi_arena_free(&arena);
}
