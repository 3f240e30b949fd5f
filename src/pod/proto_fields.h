/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PROTO_FIELDS_H
#define K8SMI_POD_PROTO_FIELDS_H

#include "pod/fields.h"

/* The fields of a type by their numbers in protobuf. Fields that are flat in JSON, but in a message of
 * their own in protobuf, have a table of their own. */
struct k8smi_proto_table {
  const uint8_t *fields; /* by number: the field + 1, or 0 */
  uint8_t count;         /* of numbers */
};

struct k8smi_proto_type {
  struct k8smi_proto_table own;
  struct k8smi_proto_table inlined;
  uint8_t via; /* the number of the inlined message; 0: there is none */
};

/* By enum k8smi_type_id. */
extern const struct k8smi_proto_type k8smi_proto_types[K8SMI_TYPE_COUNT];

/* The field with this number, or K8SMI_PROTO_NO_FIELD. */
enum { K8SMI_PROTO_NO_FIELD = UINT8_MAX };
static inline unsigned k8smi_proto_field(const struct k8smi_proto_table *table, uint32_t number) {
  return number < table->count && table->fields[number] != 0 ? table->fields[number] - 1u
                                                             : K8SMI_PROTO_NO_FIELD;
}

#endif
