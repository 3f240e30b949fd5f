/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/record_private.h"

#include <string.h>

#include "pod/known.h"
#include "pod/labels.h"

/* How many bits are set: sums of pairs, of fours, of eights, and the eights in one product. The compilers'
 * own function is a call into a table where the instruction can't be taken for granted. */
static unsigned record_popcount(uint64_t word) {
  word -= word >> 1 & UINT64_C(0x5555555555555555);
  word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
  word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* The number of the lowest bit of a word that has one. */
static unsigned record_lowest(uint64_t word) {
#if defined(__GNUC__)
  return (unsigned)__builtin_ctzll(word);
#else
  return record_popcount((word & (0 - word)) - 1);
#endif
}

/* The slot of a field that is set, or NULL. */
static const union k8smi_slot *record_slot(const struct k8smi_record *record, unsigned field) {
  if (record == NULL || (record->present >> field & 1) == 0) return NULL;
  return &record->slots[record_popcount(record->present & (((uint64_t)1 << field) - 1))];
}

const struct k8smi_record k8smi_record_empty = {0};

const struct k8smi_record *k8smi_record_new(struct k8smi_arena *arena, uint64_t present,
                                            const union k8smi_slot *by_field) {
  unsigned count = record_popcount(present), n = 0;
  if (present == 0) return &k8smi_record_empty;
  struct k8smi_record *record = k8smi_arena_alloc(arena, sizeof *record + count * sizeof record->slots[0]);
  if (record == NULL) return NULL;
  record->present = present;
  for (uint64_t left = present; left != 0; left &= left - 1)
    record->slots[n++] = by_field[record_lowest(left)];
  return record;
}

uint64_t k8smi_record_spread(const struct k8smi_record *record, union k8smi_slot *by_field) {
  uint64_t present = record == NULL ? 0 : record->present;
  unsigned n = 0;
  for (uint64_t left = present; left != 0; left &= left - 1)
    by_field[record_lowest(left)] = record->slots[n++];
  return present;
}

const struct k8smi_text *k8smi_text_new(struct k8smi_arena *arena, struct k8sm_slice s) {
  const struct k8smi_text *known = k8smi_known_text(s);
  if (known != NULL) return known;
  struct k8smi_text *text = k8smi_text_room(arena, s.len);
  if (text == NULL) return NULL;
  k8smi_text_set_len(text, s.len);
  k8smi_copy(text->bytes, s.ptr, s.len);
  text->bytes[s.len] = '\0';
  return text;
}

struct k8sm_slice k8smi_text_keep(struct k8smi_arena *arena, struct k8sm_slice s) {
  const struct k8smi_text *known = k8smi_known_text(s);
  return known != NULL ? k8smi_text_slice(known) : k8smi_arena_copy(arena, s.ptr, s.len);
}

bool k8smi_has(const struct k8smi_record *record, unsigned field) {
  return record_slot(record, field) != NULL;
}

struct k8sm_slice k8smi_get_str(const struct k8smi_record *record, unsigned field) {
  const union k8smi_slot *slot = record_slot(record, field);
  if (slot == NULL) return (struct k8sm_slice){NULL, 0};
  return k8smi_text_slice(slot->text);
}

int64_t k8smi_get_i64(const struct k8smi_record *record, unsigned field, int64_t absent) {
  const union k8smi_slot *slot = record_slot(record, field);
  return slot == NULL ? absent : slot->number;
}

bool k8smi_get_bool(const struct k8smi_record *record, unsigned field, bool absent) {
  const union k8smi_slot *slot = record_slot(record, field);
  return slot == NULL ? absent : slot->number != 0;
}

const struct k8smi_record *k8smi_get_record(const struct k8smi_record *record, unsigned field) {
  const union k8smi_slot *slot = record_slot(record, field);
  return slot == NULL ? NULL : slot->record;
}

struct k8smi_int_or_string k8smi_get_int_or_string(const struct k8smi_record *record, unsigned field) {
  const union k8smi_slot *slot = record_slot(record, field);
  return slot == NULL ? (struct k8smi_int_or_string){0, {NULL, 0}} : *slot->int_or_string;
}

struct k8smi_list k8smi_get_list(const struct k8smi_record *record, unsigned field) {
  const union k8smi_slot *slot = record_slot(record, field);
  return slot == NULL ? (struct k8smi_list){NULL, 0} : *slot->list;
}

struct k8sm_slice k8smi_get_pair(const struct k8smi_record *record, unsigned field, const char *key) {
  return k8smi_pairs_get(k8smi_pairs_of(k8smi_get_list(record, field)), k8smi_s(key));
}
