/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMESOS_OFFER_H
#define K8SMESOS_OFFER_H

/* OFFERS event bytes → offers. https://mesos.apache.org/documentation/latest/scheduler-http-api/#offers */

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

/* A resource of an offer. Ranges and sets have a row for each range and each item. */
struct k8sm_resource {
  struct k8sm_slice name;
  struct k8sm_slice reservation; /* the role it is reserved for; empty: unreserved */
  struct k8sm_slice item;        /* SET */
  uint32_t offer;                /* the number of the offer's row */
  uint32_t type;                 /* K8SM_RESOURCE_* */
  int64_t milli;                 /* SCALAR: thousandths */
  uint64_t begin;                /* RANGES: both ends belong to it */
  uint64_t end;
};
K8SM_API size_t k8sm_offers_resources(const struct k8sm_offers *offers, size_t first, struct k8sm_resource *rows,
                                      size_t row_size, size_t n);

#ifdef __cplusplus
}
#endif
#endif
