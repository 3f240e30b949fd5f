/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_OFFER_OFFER_H
#define K8SMI_OFFER_OFFER_H

#include <k8smesos/offer.h>
#include "base/arena.h"
#include "base/findings.h"
#include "base/refs.h"
#include "offer/value.h"
#include "wire/mesos.h"

/* The resources that pods ask for by name. The scalars come first: they index columns. */
enum {
  K8SMI_CPUS = 0,
  K8SMI_MEM = 1,
  K8SMI_DISK = 2,
  K8SMI_SCALARS = 3,
  K8SMI_PORTS = 3,
  K8SMI_OTHER = 4 /* gpus and what else has a name: spent where a pod asks for it by that name */
};

/* Who may spend a resource, in the order in which it is spent. */
enum {
  K8SMI_SPEND_OWNED = 0,    /* a reservation whose label names the pod that it is for */
  K8SMI_SPEND_LABELLED = 1, /* reserved with labels that are not ours: for pods that ask for them */
  K8SMI_SPEND_RESERVED = 2, /* reserved for the role: goes before what others could use too */
  K8SMI_SPEND_UNRESERVED = 3,
  K8SMI_SPEND_DISK = 4, /* a PATH or MOUNT disk, of the role's or not reserved: for volumes to be made of */
  K8SMI_SPEND_NEVER = 5 /* revocable, shared, a volume, another disk with a source, from a resource
                           provider, or reserved for a claim */
};

/* Labels of a reservation: the pod that it is for, by uid; or the claim whose volume it is for; and the
 * framework that made it. */
#define K8SMI_OWNER_LABEL     "pod"
#define K8SMI_CLAIM_LABEL     "claim"
#define K8SMI_FRAMEWORK_LABEL "framework"

/* A resource of an offer: as it came, and what it comes to. An offer has many: it is small. */
struct k8smi_resource {
  const K8smMesos__Resource *message;
  struct k8sm_slice owner; /* OWNED: the pod's uid */
  int64_t milli;           /* SCALAR */
  union {
    struct k8smi_ranges ranges; /* RANGES, in normal form; else none, unless it is a SET */
    struct k8smi_items set;     /* SET, sorted */
  };
  uint8_t kind;  /* K8SMI_CPUS … K8SMI_OTHER */
  uint8_t type;  /* K8SM_RESOURCE_* */
  uint8_t spend; /* K8SMI_SPEND_* */
  bool claimed;  /* its reservation names a claim */
  bool wishable; /* LABELLED or RESERVED, with labels or a principal that pods may ask for */
};

static inline struct k8smi_value k8smi_resource_value(const struct k8smi_resource *r) {
  struct k8smi_value value = {.type = r->type, .milli = r->milli};
  if (r->type == K8SM_RESOURCE_RANGES) value.ranges = r->ranges;
  if (r->type == K8SM_RESOURCE_SET) value.set = r->set;
  return value;
}

static inline void k8smi_resource_set_value(struct k8smi_resource *r, const struct k8smi_value *value) {
  r->milli = value->milli;
  if (r->type == K8SM_RESOURCE_SET) {
    r->set = value->set;
  } else {
    r->ranges = value->ranges;
  }
}

struct k8smi_offer {
  const K8smMesos__Offer *message;
  struct k8sm_slice id;
  struct k8sm_slice framework_id;
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice role;
  struct k8smi_items executors; /* of the framework, on the agent: their ids */
  struct k8smi_resource *resources;
  size_t resource_count;
  size_t first_row;            /* of k8sm_offers_resources */
  int64_t free[K8SMI_SCALARS]; /* what any pod may spend: RESERVED and UNRESERVED */
  bool owned;                  /* some of it names a pod: is OWNED, or a volume of its own */
  bool ports;                  /* some of it is ports that can be spent */
  bool extended;               /* some of it is other scalars that can be spent */
  bool disks;                  /* some of it is DISK */
  bool stranded;               /* some of it is reserved for a claim, and is no volume */
  bool noted;                  /* some of it is noted of its slot beside the sums; see cluster/blocks.h */
};

struct k8sm_offers {
  k8smi_refs refs;
  struct k8smi_arena arena;
  struct k8smi_offer *items;
  size_t count;
  size_t rows; /* of k8sm_offers_resources */
};

/* Reads a resource. False, with a finding below `path`, if it breaks Mesos' rules; or, with *ret_failed,
 * if memory ran out. */
bool k8smi_resource_read(struct k8smi_arena *arena, const K8smMesos__Resource *message,
                         const struct k8smi_path *path, struct k8smi_resource *ret, bool *ret_failed,
                         struct k8sm_diags *diags);

/* The role that a resource is reserved for; empty: unreserved. */
struct k8sm_slice k8smi_resource_reservation(const K8smMesos__Resource *message);

/* How much of it there is: thousandths of a scalar; of ranges and sets a thousand for each element. */
int64_t k8smi_resource_amount(const K8smMesos__Resource *message);

/* The IP address of the offer's agent; empty: it does not say. */
static inline struct k8sm_slice k8smi_offer_address(const struct k8smi_offer *offer) {
  const K8smMesos__URL *url = offer->message->url;
  return k8smi_s(url == NULL || url->address == NULL ? NULL : url->address->ip);
}

/* What disk it is of: K8SM_DISK_*, which have Mesos' numbers; and where its agent has that, empty: it does
 * not say. */
static inline uint32_t k8smi_resource_disk(const K8smMesos__Resource *message, struct k8sm_slice *ret_root) {
  const K8smMesos__Resource__DiskInfo__Source *source = message->disk == NULL ? NULL : message->disk->source;
  *ret_root = K8SMI_S("");
  if (source == NULL) return K8SM_DISK_NONE;
  if (source->path != NULL) *ret_root = k8smi_s(source->path->root);
  if (source->mount != NULL) *ret_root = k8smi_s(source->mount->root);
  return (uint32_t)source->type;
}

/* True if any pod of the role may spend the resource: it counts in the columns. */
static inline bool k8smi_resource_is_free(const struct k8smi_resource *resource) {
  return resource->spend == K8SMI_SPEND_RESERVED || resource->spend == K8SMI_SPEND_UNRESERVED;
}

/* True if sums of scalars don't tell all that pods may ask of it. */
static inline bool k8smi_resource_is_noted(const struct k8smi_resource *r) {
  return (r->kind >= K8SMI_PORTS && k8smi_resource_is_free(r)) || r->spend == K8SMI_SPEND_DISK ||
         r->wishable || (r->kind == K8SMI_DISK && r->spend == K8SMI_SPEND_RESERVED);
}

/* True for a persistent volume that can be spent by its id. Masters let none be made of disk that is not
 * reserved, and launch nothing that asks for one: it is no volume here.
 * https://mesos.apache.org/documentation/latest/persistent-volume/ */
static inline bool k8smi_resource_is_volume(const struct k8smi_resource *resource) {
  const K8smMesos__Resource *m = resource->message;
  return m->disk != NULL && m->disk->persistence != NULL && m->disk->persistence->id != NULL &&
         m->shared == NULL && m->revocable == NULL && resource->type == K8SM_RESOURCE_SCALAR &&
         k8smi_resource_reservation(m).len > 0;
}

/* Counts what a resource is to the offer that has it: what any pod may spend, and what sorts there are. */
void k8smi_offer_count(struct k8smi_offer *offer, const struct k8smi_resource *resource);

/* True if a persistent volume with this id is offered, and not taken. */
bool k8smi_offer_has_volume(const struct k8smi_offer *offer, struct k8sm_slice id);

/* Fills in the offers from messages whose memory lasts as long as theirs. Those that are invalid are
 * left out, each with a finding. Errors: NOMEM, LIMIT. */
int k8smi_offers_fill(struct k8sm_offers *offers, K8smMesos__Offer *const *messages, size_t count,
                      struct k8sm_diags *diags);

#endif
