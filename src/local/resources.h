/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_RESOURCES_H
#define K8SMI_LOCAL_RESOURCES_H

#include "wire/mesos.h"

/* The embedded Mesos' own arithmetic on resources, on purpose not that of src/offer: what one of them
 * gets wrong, the other finds.
 *
 * A bag is a sum of amounts. Two resources are of one kind when all is equal but the value: name,
 * reservations, disk (a volume by its id), provider, revocable and shared, and the role that they are
 * allocated to. Amounts of one kind are summed up, but for what is had as a whole or not at all: volumes, and
 * MOUNT and BLOCK disks. Bags are immutable and live in arenas. */

enum { LOCAL_MAX_KINDS = 512 }; /* in one bag: more are refused, so that a search by kind stays cheap */
#define LOCAL_MAX_MILLI (INT64_C(1) << 53) /* more than that is refused, so that sums stay exact */

struct local_range {
  uint64_t begin, end; /* both in it */
};

struct local_amount {
  struct k8sm_slice kind;           /* the same bytes for all of a kind */
  struct k8sm_slice role;           /* allocated to; ptr NULL: to none */
  const K8smMesos__Resource *form;  /* what the kind's bytes are; its values mean nothing */
  int64_t milli;                    /* SCALAR */
  const struct local_range *ranges; /* RANGES: in order, disjoint, not adjacent */
  const struct k8sm_slice *items;   /* SET: in order, each once */
  size_t count;                     /* of ranges or items */
  const K8smMesos__Resource
      *given; /* with ranges or items as they came, until some are added or taken; or NULL */
};

struct local_bag {
  const struct local_amount *amounts; /* none is empty */
  size_t count;
};

/* From messages, in the form that frameworks give them or the older one: of resources that were found fine,
 * or were made of such. False when memory ran out. */
bool k8smi_local_bag_sum(struct k8smi_arena *arena, K8smMesos__Resource *const *resources, size_t n,
                         struct local_bag *ret);
/* The same of resources that may have faults, as below: *why is the first. Errors: INVALID for that, or where
 * there are too many, NOMEM. */
int k8smi_local_bag_read(struct k8smi_arena *arena, K8smMesos__Resource *const *resources, size_t n,
                         struct local_bag *ret, const char **why);
/* From Mesos' text, "cpus:4;mem(analytics):1024;ports:[31000-32000];disks:{a,b}", or its JSON, a list of
 * resources: https://mesos.apache.org/documentation/latest/attributes-resources/. What is wrong with it is
 * found under the path of the option that it is. Errors: SYNTAX, NOMEM. */
int k8smi_local_bag_parse(struct k8smi_arena *arena, const char *text, const struct k8smi_path *path,
                          struct local_bag *ret, struct k8sm_diags *diags);

/* The bag of these amounts, of which some may be of one kind. False when memory ran out. */
bool k8smi_local_bag_collect(struct k8smi_arena *arena, const struct local_amount *amounts, size_t n,
                             struct local_bag *ret);
/* Sums and differences; false when memory ran out. What a has not, a difference leaves out. */
bool k8smi_local_bag_add(struct k8smi_arena *arena, const struct local_bag *a, const struct local_bag *b,
                         struct local_bag *ret);
bool k8smi_local_bag_sub(struct k8smi_arena *arena, const struct local_bag *a, const struct local_bag *b,
                         struct local_bag *ret);
/* The same amounts, allocated to a role (ptr NULL: to none). */
bool k8smi_local_bag_allocate(struct k8smi_arena *arena, const struct local_bag *a, struct k8sm_slice role,
                              struct local_bag *ret);
/* A deep copy. */
bool k8smi_local_bag_copy(struct k8smi_arena *arena, const struct local_bag *a, struct local_bag *ret);
/* The same amounts, in the order that `like` has their kinds in. */
bool k8smi_local_bag_arrange(struct k8smi_arena *arena, const struct local_bag *a,
                             const struct local_bag *like, struct local_bag *ret);
/* The amounts for which `keep` says so. */
bool k8smi_local_bag_pick(struct k8smi_arena *arena, const struct local_bag *a,
                          bool (*keep)(const struct local_amount *amount, const void *ctx), const void *ctx,
                          struct local_bag *ret);
bool k8smi_local_bag_contains(const struct local_bag *a, const struct local_bag *b);
bool k8smi_local_bag_equal(const struct local_bag *a, const struct local_bag *b);

/* The sum of a scalar over all kinds of that name; *found: any there. In thousandths. */
int64_t k8smi_local_bag_scalar(const struct local_bag *bag, const char *name, bool *found);
/* The role that an amount is reserved for (the last of its reservations); ptr NULL: unreserved. */
struct k8sm_slice k8smi_local_amount_reserved(const struct local_amount *amount);

/* As messages, in the arena; false when memory ran out. */
bool k8smi_local_bag_write(struct k8smi_arena *arena, const struct local_bag *bag,
                           K8smMesos__Resource ***ret);
/* As Mesos prints them, in the arena: "cpus(allocated: *):4; ports(allocated: *):[31000-32000]"; "" when
 * memory ran out. */
const char *k8smi_local_bag_text(struct k8smi_arena *arena, const struct local_bag *bag);
const char *k8smi_local_resource_text(struct k8smi_arena *arena, const K8smMesos__Resource *resource);
const char *k8smi_local_labels_text(struct k8smi_arena *arena, const K8smMesos__Labels *labels);

/* What a master refuses of a resource by itself; NULL: fine. */
const char *k8smi_local_resource_fault(struct k8smi_arena *arena, const K8smMesos__Resource *resource);
/* The older form of a reservation, `role` (and `reservation` when it is dynamic), as a stack of one, in
 * place. False when memory ran out. */
bool k8smi_local_resource_upgrade(struct k8smi_arena *arena, K8smMesos__Resource *resource);

/* What an agent holds: a bag with an arena of its own, replaced as a whole. */
struct local_held {
  struct k8smi_arena arena;
  struct local_bag bag;
};
bool k8smi_local_held_init(struct local_held *held, const struct k8sm_allocator *allocator);
void k8smi_local_held_free(struct local_held *held);
/* False when memory ran out: it holds what it held. */
bool k8smi_local_held_set(struct local_held *held, const struct local_bag *bag);

/* Sums and differences of single amounts (of one kind), for resources.c: false when memory ran out. */
bool k8smi_local_amount_add(struct k8smi_arena *arena, struct local_amount *a, const struct local_amount *b);
bool k8smi_local_amount_sub(struct k8smi_arena *arena, struct local_amount *a, const struct local_amount *b);
bool k8smi_local_amount_contains(const struct local_amount *a, const struct local_amount *b);
bool k8smi_local_amount_empty(const struct local_amount *a);
/* Had as a whole or not at all: the amount is part of what it is. */
bool k8smi_local_amount_whole(const struct local_amount *a);
/* Brings ranges or items into order, in place, and returns how many are left. */
size_t k8smi_local_ranges_sort(struct local_range *ranges, size_t n);
bool k8smi_local_ranges_write(struct k8smi_arena *arena, const struct local_range *ranges, size_t n,
                              K8smMesos__Value__Ranges *ret);
size_t k8smi_local_items_sort(struct k8sm_slice *items, size_t n);

#endif
