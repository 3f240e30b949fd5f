/* SPDX-License-Identifier: Apache-2.0 */
#include "local/state.h"
#include "wire/number.h"

/* Offers and filters: who has what of an agent, and who does not want it. */

static void offers_count(struct local_framework *framework, const struct local_bag *bag, int sign) {
  bool found;
  if (bag->count == 0) return;
  struct local_role *role = k8smi_local_framework_role(framework, bag->amounts[0].role);
  if (role == NULL) return;
  role->cpus += sign * k8smi_local_bag_scalar(bag, "cpus", &found);
  role->mem += sign * k8smi_local_bag_scalar(bag, "mem", &found);
  if (role->cpus < 0) role->cpus = 0; /* the role was given up and taken again meanwhile */
  if (role->mem < 0) role->mem = 0;
}

static void offers_change(struct local_agent *agent, const struct local_bag *bag,
                          bool (*change)(struct k8smi_arena *arena, const struct local_bag *a,
                                         const struct local_bag *b, struct local_bag *ret)) {
  struct k8smi_arena arena;
  struct local_bag plain, result;
  k8smi_arena_init(&arena, &agent->local->allocator, 0);
  if (!k8smi_local_bag_allocate(&arena, bag, (struct k8sm_slice){NULL, 0}, &plain) ||
      !change(&arena, &agent->free.bag, &plain, &result) || !k8smi_local_held_set(&agent->free, &result)) {
    k8smi_local_fail(agent->local);
  }
  k8smi_arena_free(&arena);
}

void k8smi_local_agent_take(struct local_agent *agent, struct local_framework *framework,
                            const struct local_bag *bag) {
  offers_count(framework, bag, 1);
  offers_change(agent, bag, k8smi_local_bag_sub);
}

void k8smi_local_agent_give(struct local_agent *agent, struct local_framework *framework,
                            const struct local_bag *bag) {
  offers_count(framework, bag, -1);
  offers_change(agent, bag, k8smi_local_bag_add);
}

struct local_offer *k8smi_local_offer_new(struct local_framework *framework, struct local_agent *agent,
                                          const struct local_bag *bag) {
  struct k8smi_local *local = framework->local;
  struct local_offer *offer = k8smi_zalloc(&local->allocator, sizeof(struct local_offer));
  if (!k8smi_local_have(local, offer)) return NULL;
  offer->framework = framework;
  offer->agent = agent;
  k8smi_local_id(local, 'O', local->next_offer++, offer->id);
  k8smi_local_held_init(&offer->held, &local->allocator);
  if (!k8smi_local_held_set(&offer->held, bag) ||
      !k8smi_local_index_put(&local->offer_index, k8smi_s(offer->id), offer)) {
    k8smi_local_fail(local);
    k8smi_local_held_free(&offer->held);
    k8smi_free(&local->allocator, offer, sizeof(struct local_offer));
    return NULL;
  }
  k8smi_list_add(&framework->offers, &offer->by_framework);
  k8smi_list_add(&agent->offers, &offer->by_agent);
  k8smi_local_agent_take(agent, framework, bag);
  return offer;
}

void k8smi_local_offer_free(struct local_offer *offer, bool give_back) {
  struct k8smi_local *local = offer->framework->local;
  if (give_back) k8smi_local_agent_give(offer->agent, offer->framework, &offer->held.bag);
  k8smi_local_index_remove(&local->offer_index, k8smi_s(offer->id));
  k8smi_list_remove(&offer->by_framework);
  k8smi_list_remove(&offer->by_agent);
  k8smi_local_held_free(&offer->held);
  k8smi_free(&local->allocator, offer, sizeof(struct local_offer));
}

void k8smi_local_offer_rescind(struct local_offer *offer) {
  K8smMesos__OfferID id = K8SM_MESOS__OFFER_ID__INIT;
  K8smMesos__Event__Rescind rescind = K8SM_MESOS__EVENT__RESCIND__INIT;
  K8smMesos__Event event = K8SM_MESOS__EVENT__INIT;
  id.value = offer->id;
  rescind.offer_id = &id;
  event.has_type = 1;
  event.type = K8SM_MESOS__EVENT__TYPE__RESCIND;
  event.rescind = &rescind;
  k8smi_local_event(offer->framework, &event);
  k8smi_local_offer_free(offer, true);
}

void k8smi_local_filter_free(struct local_filter *filter) {
  struct k8smi_local *local = filter->framework->local;
  k8smi_list_remove(&filter->link);
  k8smi_local_timer_leave(&local->timers, &filter->expiry);
  k8smi_local_held_free(&filter->refused);
  k8smi_free(&local->allocator, filter, sizeof(struct local_filter));
}

static void filter_expire(void *owner) {
  k8smi_local_filter_free(owner);
}

/* Absent and negative: 5 s. It lives an allocation interval at least, and a year at most; 0 is no filter. */
static uint64_t filter_time(const struct k8smi_local *local, const K8smMesos__Filters *filters) {
  static const double YEAR = 31536000;
  double seconds = filters == NULL || !filters->has_refuse_seconds ? 5 : filters->refuse_seconds;
  int64_t ms;
  if (!(seconds >= 0)) seconds = 5;
  if (seconds > YEAR) seconds = YEAR;
  if (!k8smi_milli_of_double(seconds, &ms) || ms == 0) return 0;
  return (uint64_t)ms < local->options.allocation_interval_ms ? local->options.allocation_interval_ms
                                                              : (uint64_t)ms;
}

void k8smi_local_filter_add(struct local_framework *framework, struct local_agent *agent,
                            const struct local_bag *refused, const K8smMesos__Filters *filters) {
  struct k8smi_local *local = framework->local;
  uint64_t time = filter_time(local, filters);
  if (time == 0 || refused->count == 0) return;
  struct local_filter *filter = k8smi_zalloc(&local->allocator, sizeof(struct local_filter));
  if (!k8smi_local_have(local, filter)) return;
  filter->framework = framework;
  filter->agent = agent;
  k8smi_list_init(&filter->link);
  k8smi_local_held_init(&filter->refused, &local->allocator);
  if (!k8smi_local_held_set(&filter->refused, refused) ||
      !k8smi_local_timer_join(&local->timers, &filter->expiry, filter_expire, filter)) {
    k8smi_local_fail(local);
    k8smi_local_filter_free(filter);
    return;
  }
  k8smi_list_add(&framework->filters, &filter->link);
  k8smi_local_timer_set(&local->timers, &filter->expiry, local->now + time);
}

void k8smi_local_decline(struct local_framework *framework, const K8smMesos__Call__Decline *decline) {
  for (size_t i = 0; i < decline->n_offer_ids; i++) {
    struct local_offer *offer =
        k8smi_local_index_get(&framework->local->offer_index, k8smi_s(decline->offer_ids[i]->value));
    if (offer == NULL || offer->framework != framework) continue;
    k8smi_local_filter_add(framework, offer->agent, &offer->held.bag, decline->filters);
    k8smi_local_offer_free(offer, true);
  }
}
