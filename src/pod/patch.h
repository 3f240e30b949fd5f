/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PATCH_H
#define K8SMI_POD_PATCH_H

#include <k8smesos/pod.h>
#include "pod/record_private.h"
#include "wire/json.h"

/* Writes an object's members that turn `from` into `to` (between the braces, which are the caller's).
 * `kind` is K8SM_PATCH_*. Scratch memory is the arena's. False when it ran out. */
bool k8smi_patch_members(struct k8smi_json *w, struct k8smi_arena *arena, unsigned type,
                         const struct k8smi_record *from, const struct k8smi_record *to, uint32_t kind);

/* How a strategic merge patch treats a list: its objects are told apart by the field `key` of their type. */
struct k8smi_patch_list {
  uint8_t type; /* the list is a field of */
  uint8_t field;
  uint8_t key;    /* K8SMI_PATCH_NO_KEY: a list of texts, which are merged as a set */
  uint8_t retain; /* an object that changes states all fields that it keeps ($retainKeys) */
};
enum { K8SMI_PATCH_NO_KEY = UINT8_MAX };
/* NULL: the list is replaced as a whole. */
const struct k8smi_patch_list *k8smi_patch_list(unsigned type, unsigned field);

/* For patch.c and patch_list.c. */
struct k8smi_patch {
  struct k8smi_json *w;
  struct k8smi_arena *arena;
  uint32_t kind;
  bool no_memory;
};
void k8smi_patch_fields(struct k8smi_patch *p, unsigned type, const struct k8smi_record *from,
                        const struct k8smi_record *to, bool retain);
/* A list that is in both, and not the same. */
void k8smi_patch_put_list(struct k8smi_patch *p, const struct k8smi_patch_list *how,
                          const struct k8smi_field *field, const struct k8smi_list *from,
                          const struct k8smi_list *to);

#endif
