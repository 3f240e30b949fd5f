/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_OFFERS_H
#define TESTS_SUPPORT_OFFERS_H

/* Offers built by hand, as the messages that a master would send. All memory is the world's arena. */

#include "offer/offer.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORLD_MAX_RESOURCES = 32 };

struct world {
  struct k8smi_arena arena;
  K8smMesos__Offer **offers;
  size_t count, cap;
  size_t first; /* of those not handed to a cluster yet; for whoever wants to know */
};

/* A resource: name, then a scalar or ranges. Role, reservation and the rest as the test sets them. */
static inline void *world_new(struct world *w, size_t size) {
  void *p = k8smi_arena_zalloc(&w->arena, size);
  if (p == NULL) abort();
  return p;
}

#define WORLD_NEW(w, type, upper)                                                                            \
  ((type *)memcpy(world_new((w), sizeof(type)), &(type)K8SM_MESOS__##upper##__INIT, sizeof(type)))

static inline char *world_text(struct world *w, const char *text) {
  char *p = world_new(w, strlen(text) + 1);
  memcpy(p, text, strlen(text) + 1);
  return p;
}

static inline void world_init(struct world *w) {
  memset(w, 0, sizeof *w);
  if (!k8smi_arena_init(&w->arena, NULL, 0)) abort();
}

static inline void world_free(struct world *w) {
  free(w->offers);
  k8smi_arena_free(&w->arena);
}

static inline K8smMesos__Resource__AllocationInfo *world_allocation(struct world *w, const char *role) {
  K8smMesos__Resource__AllocationInfo *info =
      WORLD_NEW(w, K8smMesos__Resource__AllocationInfo, RESOURCE__ALLOCATION_INFO);
  info->role = world_text(w, role);
  return info;
}

/* An offer without resources. role NULL: an old master, without allocation_info. */
static inline K8smMesos__Offer *world_offer(struct world *w, const char *id, const char *agent,
                                            const char *role) {
  K8smMesos__Offer *o = WORLD_NEW(w, K8smMesos__Offer, OFFER);
  o->id = WORLD_NEW(w, K8smMesos__OfferID, OFFER_ID);
  o->framework_id = WORLD_NEW(w, K8smMesos__FrameworkID, FRAMEWORK_ID);
  o->agent_id = WORLD_NEW(w, K8smMesos__AgentID, AGENT_ID);
  o->id->value = world_text(w, id);
  o->framework_id->value = world_text(w, "framework");
  o->agent_id->value = world_text(w, agent);
  char host[300];
  snprintf(host, sizeof host, "%s.example", agent);
  o->hostname = world_text(w, host);
  if (role != NULL) o->allocation_info = world_allocation(w, role);
  o->resources = world_new(w, WORLD_MAX_RESOURCES * sizeof *o->resources);
  o->attributes = world_new(w, WORLD_MAX_RESOURCES * sizeof *o->attributes);
  if (w->count == w->cap) {
    w->cap = w->cap == 0 ? 64 : w->cap * 2;
    w->offers = realloc(w->offers, w->cap * sizeof *w->offers);
    if (w->offers == NULL) abort();
  }
  w->offers[w->count++] = o;
  return o;
}

static inline K8smMesos__Resource *world_resource(struct world *w, K8smMesos__Offer *o, const char *name,
                                                  K8smMesos__Value__Type type) {
  K8smMesos__Resource *r = WORLD_NEW(w, K8smMesos__Resource, RESOURCE);
  if (o->n_resources == WORLD_MAX_RESOURCES) abort();
  r->name = world_text(w, name);
  r->type = type;
  if (o->allocation_info != NULL) r->allocation_info = world_allocation(w, o->allocation_info->role);
  o->resources[o->n_resources++] = r;
  return r;
}

static inline K8smMesos__Resource *world_scalar(struct world *w, K8smMesos__Offer *o, const char *name,
                                                double value) {
  K8smMesos__Resource *r = world_resource(w, o, name, K8SM_MESOS__VALUE__TYPE__SCALAR);
  r->scalar = WORLD_NEW(w, K8smMesos__Value__Scalar, VALUE__SCALAR);
  r->scalar->value = value;
  return r;
}

static inline void world_range(struct world *w, K8smMesos__Resource *r, uint64_t begin, uint64_t end) {
  K8smMesos__Value__Range *range = WORLD_NEW(w, K8smMesos__Value__Range, VALUE__RANGE);
  range->begin = begin;
  range->end = end;
  if (r->ranges == NULL) {
    r->ranges = WORLD_NEW(w, K8smMesos__Value__Ranges, VALUE__RANGES);
    r->ranges->range = world_new(w, WORLD_MAX_RESOURCES * sizeof *r->ranges->range);
  }
  r->ranges->range[r->ranges->n_range++] = range;
}

static inline K8smMesos__Resource *world_ports(struct world *w, K8smMesos__Offer *o, uint64_t begin,
                                               uint64_t end) {
  K8smMesos__Resource *r = world_resource(w, o, "ports", K8SM_MESOS__VALUE__TYPE__RANGES);
  world_range(w, r, begin, end);
  return r;
}

/* Pushes a dynamic reservation; with a label pod=owner if owner is not NULL. */
static inline void world_reserve(struct world *w, K8smMesos__Resource *r, const char *role, const char *key,
                                 const char *owner) {
  K8smMesos__Resource__ReservationInfo *info =
      WORLD_NEW(w, K8smMesos__Resource__ReservationInfo, RESOURCE__RESERVATION_INFO);
  info->role = world_text(w, role);
  info->has_type = 1;
  info->type = K8SM_MESOS__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC;
  if (owner != NULL) {
    K8smMesos__Label *label = WORLD_NEW(w, K8smMesos__Label, LABEL);
    label->key = world_text(w, key);
    label->value = world_text(w, owner);
    info->labels = WORLD_NEW(w, K8smMesos__Labels, LABELS);
    info->labels->labels = world_new(w, sizeof *info->labels->labels);
    info->labels->labels[info->labels->n_labels++] = label;
  }
  K8smMesos__Resource__ReservationInfo **stack = world_new(w, (r->n_reservations + 1) * sizeof *stack);
  if (r->n_reservations > 0) memcpy(stack, r->reservations, r->n_reservations * sizeof *stack);
  stack[r->n_reservations++] = info;
  r->reservations = stack;
}

static inline void world_attribute(struct world *w, K8smMesos__Offer *o, const char *name, const char *text) {
  K8smMesos__Attribute *a = WORLD_NEW(w, K8smMesos__Attribute, ATTRIBUTE);
  a->name = world_text(w, name);
  a->type = K8SM_MESOS__VALUE__TYPE__TEXT;
  a->text = WORLD_NEW(w, K8smMesos__Value__Text, VALUE__TEXT);
  a->text->value = world_text(w, text);
  o->attributes[o->n_attributes++] = a;
}

static inline void world_attribute_scalar(struct world *w, K8smMesos__Offer *o, const char *name,
                                          double value) {
  world_attribute(w, o, name, "");
  K8smMesos__Attribute *a = o->attributes[o->n_attributes - 1];
  a->type = K8SM_MESOS__VALUE__TYPE__SCALAR;
  a->text = NULL;
  a->scalar = WORLD_NEW(w, K8smMesos__Value__Scalar, VALUE__SCALAR);
  a->scalar->value = value;
}

static inline void world_domain(struct world *w, K8smMesos__Offer *o, const char *region, const char *zone) {
  o->domain = WORLD_NEW(w, K8smMesos__DomainInfo, DOMAIN_INFO);
  o->domain->fault_domain = WORLD_NEW(w, K8smMesos__DomainInfo__FaultDomain, DOMAIN_INFO__FAULT_DOMAIN);
  K8smMesos__DomainInfo__FaultDomain *d = o->domain->fault_domain;
  d->region =
      WORLD_NEW(w, K8smMesos__DomainInfo__FaultDomain__RegionInfo, DOMAIN_INFO__FAULT_DOMAIN__REGION_INFO);
  d->zone = WORLD_NEW(w, K8smMesos__DomainInfo__FaultDomain__ZoneInfo, DOMAIN_INFO__FAULT_DOMAIN__ZONE_INFO);
  d->region->name = world_text(w, region);
  d->zone->name = world_text(w, zone);
}

/* Its agent is to leave for so long; negative: for good. In ms. */
static inline void world_leaves(struct world *w, K8smMesos__Offer *o, int64_t from, int64_t lasts) {
  o->unavailability = WORLD_NEW(w, K8smMesos__Unavailability, UNAVAILABILITY);
  o->unavailability->start = WORLD_NEW(w, K8smMesos__TimeInfo, TIME_INFO);
  o->unavailability->start->nanoseconds = from * 1000000;
  if (lasts < 0) return;
  o->unavailability->duration = WORLD_NEW(w, K8smMesos__DurationInfo, DURATION_INFO);
  o->unavailability->duration->nanoseconds = lasts * 1000000;
}

/* Its agent runs this executor, too. */
static inline void world_executor(struct world *w, K8smMesos__Offer *o, const char *id) {
  const size_t n = o->n_executor_ids;
  if ((n & (n - 1)) == 0) { /* a power of two, or none: there is no room for more */
    K8smMesos__ExecutorID **more = world_new(w, (n == 0 ? 1 : 2 * n) * sizeof *more);
    if (n > 0) memcpy(more, o->executor_ids, n * sizeof *more);
    o->executor_ids = more;
  }
  o->executor_ids[n] = WORLD_NEW(w, K8smMesos__ExecutorID, EXECUTOR_ID);
  o->executor_ids[n]->value = world_text(w, id);
  o->n_executor_ids++;
}

/* The plain offer: cpus, mem and disk in units, ports 31000 to 32000 when asked. */
static inline K8smMesos__Offer *world_simple(struct world *w, const char *id, const char *agent,
                                             const char *role, double cpus, double mem, bool ports) {
  K8smMesos__Offer *o = world_offer(w, id, agent, role);
  world_scalar(w, o, "cpus", cpus);
  world_scalar(w, o, "mem", mem);
  world_scalar(w, o, "disk", 10000);
  if (ports) world_ports(w, o, 31000, 32000);
  return o;
}

/* The offers from `first` on as the library holds them; NULL when the allocator failed. */
static inline struct k8sm_offers *world_offers_from(struct world *w, size_t first,
                                                    const struct k8sm_allocator *allocator,
                                                    struct k8sm_diags *diags) {
  struct k8sm_offers *offers = K8SMI_VALUE_NEW(k8sm_offers, allocator, 0);
  if (offers == NULL) return NULL;
  k8smi_refs_init(&offers->refs);
  if (k8smi_offers_fill(offers, w->offers + first, w->count - first, diags) == K8SM_OK) return offers;
  k8sm_offers_unref(offers);
  return NULL;
}

static inline struct k8sm_offers *world_offers(struct world *w) {
  return world_offers_from(w, 0, NULL, NULL);
}

#endif
