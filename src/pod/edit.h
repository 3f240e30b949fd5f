/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_EDIT_H
#define K8SMI_POD_EDIT_H

#include "pod/record_private.h"

/* A changed copy of a record: records themselves never change. A failed allocation sticks, so that one
 * look at the end is enough. */
struct k8smi_edit {
  struct k8smi_arena *arena;
  bool failed;
  uint64_t present;
  union k8smi_slot slots[64];
};

/* `record` may be NULL: then the copy begins with no field set. */
void k8smi_edit_begin(struct k8smi_edit *e, struct k8smi_arena *arena, const struct k8smi_record *record);
void k8smi_edit_text(struct k8smi_edit *e, unsigned field, struct k8sm_slice text);
void k8smi_edit_number(struct k8smi_edit *e, unsigned field, int64_t number);
/* NULL: memory ran out while it was made. */
void k8smi_edit_record(struct k8smi_edit *e, unsigned field, const struct k8smi_record *record);
void k8smi_edit_list(struct k8smi_edit *e, unsigned field, const struct k8smi_list *list);
void k8smi_edit_unset(struct k8smi_edit *e, unsigned field);
/* The field of another record of the same type, if that has it. */
void k8smi_edit_take(struct k8smi_edit *e, unsigned field, const struct k8smi_record *from);
/* NULL when memory ran out. */
const struct k8smi_record *k8smi_edit_end(struct k8smi_edit *e);

/* Pairs to be set in a map field. */
struct k8smi_edit_pairs {
  struct k8smi_pair items[8];
  size_t count;
};
/* What is put there must live as long as the arena. */
void k8smi_edit_pairs_put(struct k8smi_edit_pairs *pairs, struct k8sm_slice key, struct k8sm_slice value);
/* Sets the pairs in the map; those that it has already win when `keep` is set. */
void k8smi_edit_map(struct k8smi_edit *e, unsigned field, const struct k8smi_edit_pairs *pairs, bool keep);
/* Appends a record to a list of them. */
void k8smi_edit_append(struct k8smi_edit *e, unsigned field, const struct k8smi_record *item);

#endif
