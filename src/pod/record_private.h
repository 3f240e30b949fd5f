/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_RECORD_PRIVATE_H
#define K8SMI_POD_RECORD_PRIVATE_H

/* The inside of records, for src/pod only: others use the getters of record.h. */

#include "pod/fields.h"
#include "pod/record.h"

/* Not aligned: texts are a large part of a value, and stand without gaps. */
struct k8smi_text {
  char len[sizeof(uint32_t)];
  char bytes[]; /* with a NUL behind them */
};
static inline struct k8sm_slice k8smi_text_slice(const struct k8smi_text *text) {
  uint32_t len;
  memcpy(&len, text->len, sizeof len);
  return (struct k8sm_slice){text->bytes, len};
}

union k8smi_slot {
  int64_t number; /* also booleans */
  const struct k8smi_text *text;
  const struct k8smi_record *record;
  const struct k8smi_list *list;
  const struct k8smi_int_or_string *int_or_string;
};

/* The bit and slot behind those of all fields: a list of pairs, the unknown fields that are kept. In JSON
 * the member's name and its value as compact JSON; in protobuf no key (its length says whether the field
 * stood in the inlined message), and the field with its tag. Each is written where it was read. */
enum { K8SMI_FIELD_UNKNOWN = 63 };

struct k8smi_record {
  uint64_t present;         /* bit i: field i is set */
  union k8smi_slot slots[]; /* of the fields that are set, in their order */
};

/* A record without fields. */
extern const struct k8smi_record k8smi_record_empty;

/* Packs the slots of a record; by_field is indexed by field. NULL when memory ran out; _empty where no
 * field is set. */
const struct k8smi_record *k8smi_record_new(struct k8smi_arena *arena, uint64_t present,
                                            const union k8smi_slot *by_field);
/* The other way, to change a copy: fills by_field[64] and returns the presence word. */
uint64_t k8smi_record_spread(const struct k8smi_record *record, union k8smi_slot *by_field);
/* A copy of a text, or a static one of the same letters; NULL when memory ran out. */
const struct k8smi_text *k8smi_text_new(struct k8smi_arena *arena, struct k8sm_slice s);
/* Room for a text of up to len bytes, and its length when that is known. */
static inline struct k8smi_text *k8smi_text_room(struct k8smi_arena *arena, size_t len) {
  if (len >= UINT32_MAX) return NULL;
  return (struct k8smi_text *)(void *)k8smi_arena_bytes(arena, sizeof(struct k8smi_text) + len + 1);
}
static inline void k8smi_text_set_len(struct k8smi_text *text, size_t len) {
  uint32_t n = (uint32_t)len;
  memcpy(text->len, &n, sizeof n);
}
/* The same as _new for a slice; ptr is NULL when memory ran out. */
struct k8sm_slice k8smi_text_keep(struct k8smi_arena *arena, struct k8sm_slice s);

/* The items of a list that has just been read and that nobody else knows yet. */
static inline void *k8smi_list_own(struct k8smi_list list) {
  return (void *)(uintptr_t)list.items;
}

#endif
