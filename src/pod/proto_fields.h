/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PROTO_FIELDS_H
#define K8SMI_POD_PROTO_FIELDS_H

#include "pod/fields.h"
#include "wire/protobuf.h"

/* The fields of a type by their numbers in protobuf. Fields that are flat in JSON, but in a message of
 * their own in protobuf, have a table of their own. */
struct k8smi_proto_table {
  const struct k8smi_proto_place *places; /* by number */
  uint8_t count;                          /* of numbers */
};

/* What a reader wants to know of a field at once. */
struct k8smi_proto_place {
  uint8_t next;    /* the field + 1; 0: there is none of this number */
  uint8_t kind;    /* enum k8smi_kind */
  uint8_t child;   /* enum k8smi_type_id, of records */
  uint8_t wire;    /* enum k8smi_proto_wire, of a value or an item */
  bool keeps_zero; /* a zero or empty value is one: else it is the same as none */
};

struct k8smi_proto_type {
  struct k8smi_proto_table own;
  struct k8smi_proto_table inlined;
  uint8_t via; /* the number of the inlined message; 0: there is none */
};

/* By enum k8smi_type_id. */
extern const struct k8smi_proto_type k8smi_proto_types[K8SMI_TYPE_COUNT];

/* The field with this number, or NULL. */
static inline const struct k8smi_proto_place *k8smi_proto_find(const struct k8smi_proto_table *table,
                                                               uint64_t number) {
  return number < table->count && table->places[number].next != 0 ? &table->places[number] : NULL;
}
static inline unsigned k8smi_proto_field(const struct k8smi_proto_place *place) {
  return place->next - 1u;
}

#endif
