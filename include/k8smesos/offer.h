/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_OFFER_H
#define K8SMESOS_OFFER_H

/* OFFERS event bytes → offers, and the algebra of resources.
 * https://mesos.apache.org/documentation/latest/scheduler-http-api/#offers */

#include <k8smesos/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

struct k8sm_offers; /* the offers of an event. Value. */

/* How offers are read. */
struct k8sm_offers_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  uint64_t max_memory; /* 0: 256 MiB */
  uint32_t format;     /* K8SM_FORMAT_*: JSON or PROTOBUF */
};

/* Reads one v1 scheduler Event of type OFFERS. Scalars are rounded to three decimals, as Mesos does. An
 * offer that breaks Mesos' rules (negative or infinite scalars, reversed or overlapping ranges, no id)
 * is left out, with a finding; the others are read.
 * Owns: *ret. Errors: SYNTAX, INVALID (another event), LIMIT, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_offers_parse(const void *bytes, size_t len,
                                             const struct k8sm_offers_options *options,
                                             struct k8sm_offers **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_offers *k8sm_offers_ref(struct k8sm_offers *offers);
K8SM_API void k8sm_offers_unref(struct k8sm_offers *offers);

/* An offer as the master sent it. */
struct k8sm_offer {
  struct k8sm_slice id;
  struct k8sm_slice framework_id;
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice role; /* allocation_info.role; "*" where an old master leaves it out */
};
K8SM_API size_t k8sm_offers_rows(const struct k8sm_offers *offers, size_t first, struct k8sm_offer *rows,
                                 size_t row_size, size_t n);

enum { K8SM_RESOURCE_SCALAR = 0, K8SM_RESOURCE_RANGES = 1, K8SM_RESOURCE_SET = 2 };
enum {
  K8SM_DISK_NONE = 0, /* no disk, or one without a source: a part of the agent's own */
  K8SM_DISK_PATH = 1,
  K8SM_DISK_MOUNT = 2,
  K8SM_DISK_BLOCK = 3,
  K8SM_DISK_RAW = 4
};
enum { /* bits */
  K8SM_TRAIT_DYNAMIC = 1, /* its reservation can be undone by UNRESERVE */
  K8SM_TRAIT_REFINED = 2, /* it is reserved more than once, for ever narrower roles */
  K8SM_TRAIT_REVOCABLE = 4,
  K8SM_TRAIT_SHARED = 8,
  K8SM_TRAIT_WHOLE = 16 /* spent as a whole or not at all */
};

/* A resource. Ranges and sets have a row for each range and each item.
 * https://mesos.apache.org/documentation/latest/attributes-resources/ */
struct k8sm_resource {
  struct k8sm_slice name;
  struct k8sm_slice reservation; /* the role it is reserved for; empty: unreserved */
  struct k8sm_slice item;        /* SET */
  uint32_t offer;                /* of k8sm_offers_resources: the number of the offer's row */
  uint32_t type;                 /* K8SM_RESOURCE_* */
  int64_t milli;                 /* SCALAR: thousandths */
  uint64_t begin;                /* RANGES: both ends belong to it */
  uint64_t end;
  struct k8sm_slice role;      /* allocation_info.role; empty: not allocated */
  struct k8sm_slice principal; /* of the reservation */
  struct k8sm_slice volume;    /* the persistent volume's id; empty: none */
  struct k8sm_slice disk_id;   /* of the disk's source; may be empty */
  struct k8sm_slice profile;   /* of the disk's source; may be empty */
  struct k8sm_slice provider;  /* the resource provider's id; empty: the agent itself */
  uint32_t disk;               /* K8SM_DISK_* */
  uint32_t traits;             /* K8SM_TRAIT_* */
  uint32_t resource;           /* rows of one resource share its number in the offer, or in the value */
  uint32_t count;              /* of k8sm_resources_rows: how many of a WHOLE one there are; else 1 */
};
K8SM_API size_t k8sm_offers_resources(const struct k8sm_offers *offers, size_t first, struct k8sm_resource *rows,
                                      size_t row_size, size_t n);

/* Resources as a value that can be reckoned with, by the rules of a Mesos master: amounts of one resource
 * are one, whatever the format of its reservations; scalars have three decimals. Two resources are one if
 * name, type, reservations, allocation, disk, revocable, shared and provider are equal; only the value counts
 * for how much of it there is. Shared resources, persistent volumes, MOUNT and BLOCK disks, and RAW disks
 * with an id are WHOLE: never divided or united, but counted. Value. */
struct k8sm_resources;

/* How resources are read. */
struct k8sm_resources_options {
  size_t size;
  const struct k8sm_allocator *allocator;
  uint64_t max_memory; /* 0: 256 MiB */
  uint32_t format;     /* K8SM_FORMAT_*: JSON or PROTOBUF */
  uint32_t reserved;
};

/* Reads a list of resources, in either format of reservations: JSON {"resources":[…]}, or protobuf with the
 * resources as field 1, as Offer.Operation.Reserve has them. One that breaks Mesos' rules refuses all.
 * Owns: *ret. Errors: SYNTAX, INVALID, LIMIT, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_resources_parse(const void *bytes, size_t len,
                                                const struct k8sm_resources_options *options,
                                                struct k8sm_resources **ret, struct k8sm_diags *diags);
/* All resources of an offer: its row number. Owns: *ret. Errors: NOT_FOUND (no such offer), NOMEM, INVALID. */
K8SM_API K8SM_MUST_USE int k8sm_offers_take(const struct k8sm_offers *offers, size_t offer,
                                            const struct k8sm_allocator *allocator,
                                            struct k8sm_resources **ret, struct k8sm_diags *diags);
K8SM_API struct k8sm_resources *k8sm_resources_ref(struct k8sm_resources *resources);
K8SM_API void k8sm_resources_unref(struct k8sm_resources *resources);

/* By name, then by what else tells them apart: equal values have equal rows. */
K8SM_API size_t k8sm_resources_rows(const struct k8sm_resources *resources, size_t first,
                                    struct k8sm_resource *rows, size_t row_size, size_t n);

/* 1 if all of `part` is in `all`, else 0. Two values that contain each other are equal. */
K8SM_API int k8sm_resources_contains(const struct k8sm_resources *all, const struct k8sm_resources *part);
/* Both together: scalars add up, ranges and sets unite.
 * Owns: *ret. Errors: NOMEM, INVALID (more of a scalar than any machine has). */
K8SM_API K8SM_MUST_USE int k8sm_resources_add(const struct k8sm_resources *a, const struct k8sm_resources *b,
                                              const struct k8sm_allocator *allocator,
                                              struct k8sm_resources **ret, struct k8sm_diags *diags);
/* What is left of `all` without `part`. Owns: *ret. Errors: NOT_FOUND (`all` does not contain `part`; the
 * finding names what is missing), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_resources_subtract(const struct k8sm_resources *all,
                                                   const struct k8sm_resources *part,
                                                   const struct k8sm_allocator *allocator,
                                                   struct k8sm_resources **ret, struct k8sm_diags *diags);
/* A part of `all` that has the amounts of `wanted`, whoever they are reserved for: of each first what has
 * the wanted reservation, then what is reserved for its role, then what is not reserved, then the rest. Nothing is
 * found twice.
 * Owns: *ret. Errors: NOT_FOUND (there is not enough; the finding names of what), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_resources_find(const struct k8sm_resources *all,
                                               const struct k8sm_resources *wanted,
                                               const struct k8sm_allocator *allocator,
                                               struct k8sm_resources **ret, struct k8sm_diags *diags);
/* What a master makes of the resources by an Offer.Operation (RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME,
 * SHRINK_VOLUME) in the options' format. What it checks against an agent, a principal or a framework's roles
 * is not checked here. https://mesos.apache.org/documentation/latest/persistent-volume/
 * Owns: *ret. Errors: NOT_FOUND (they do not hold what it consumes), INVALID, UNSUPPORTED (another operation),
 * SYNTAX, LIMIT, NOMEM, ABI. */
K8SM_API K8SM_MUST_USE int k8sm_resources_apply(const struct k8sm_resources *resources, const void *bytes,
                                                size_t len, const struct k8sm_resources_options *options,
                                                struct k8sm_resources **ret, struct k8sm_diags *diags);

enum {
  K8SM_RESERVATIONS_STACK = 0, /* `reservations`: for frameworks with RESERVATION_REFINEMENT */
  K8SM_RESERVATIONS_OLD = 1    /* `role` and `reservation`: for those without */
};
/* The list that k8sm_resources_parse reads, as JSON or PROTOBUF. A resource that there are several of stands so
 * often. Owns: *ret. Errors: UNSUPPORTED (a refined reservation has no old form; another format), NOMEM. */
K8SM_API K8SM_MUST_USE int k8sm_resources_encode(const struct k8sm_resources *resources, uint32_t format,
                                                 uint32_t reservations,
                                                 const struct k8sm_allocator *allocator,
                                                 struct k8sm_blob **ret, struct k8sm_diags *diags);

#ifdef __cplusplus
}
#endif
#endif
