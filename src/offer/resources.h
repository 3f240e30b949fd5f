/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_OFFER_RESOURCES_H
#define K8SMI_OFFER_RESOURCES_H

#include "offer/bag.h"

struct k8sm_resources {
  k8smi_refs refs;
  struct k8smi_arena arena;
  struct k8smi_bag bag; /* all its memory is the arena's */
  size_t *first_rows;   /* of k8sm_resources_rows, by lot; then their number */
};

/* Resource messages → bag. A finding below `path` for each that is invalid. Errors: INVALID, NOMEM, LIMIT. */
int k8smi_resources_read(struct k8smi_arena *arena, K8smMesos__Resource *const *messages, size_t count,
                         const struct k8smi_path *path, struct k8smi_bag *ret, struct k8sm_diags *diags);
/* A value that holds a copy of the bag. Errors: NOMEM. */
int k8smi_resources_make(const struct k8smi_bag *bag, const struct k8sm_allocator *allocator,
                         struct k8sm_resources **ret, struct k8sm_diags *diags);
/* Says what is missing from what there is. Returns NOT_FOUND. */
int k8smi_resources_lack(const struct k8smi_lot *missing, struct k8sm_diags *diags);
/* Says that memory, a limit or the largest scalar is passed; returns `result`. */
int k8smi_resources_failed(int result, struct k8sm_diags *diags);

/* rows.c: the row of a resource, and how many it has. */
struct k8sm_resource k8smi_resource_row(const K8smMesos__Resource *message, const struct k8smi_value *value,
                                        size_t part);
size_t k8smi_resource_row_count(const struct k8smi_value *value);

/* The options' limit as bytes. */
size_t k8smi_offer_limit(uint64_t max_memory);

#endif
