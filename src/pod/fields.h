/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_FIELDS_H
#define K8SMI_POD_FIELDS_H

/* What fields.def makes: the names of types and fields, and the table that reads and writes them. */

#include <stdint.h>

#include "base/slice.h"

enum k8smi_kind {
  K8SMI_KIND_STRING,
  K8SMI_KIND_BOOL,
  K8SMI_KIND_I32,
  K8SMI_KIND_I64,
  K8SMI_KIND_QUANTITY,      /* the text as typed */
  K8SMI_KIND_TIME,          /* RFC 3339 text, in UTC with seconds */
  K8SMI_KIND_INT_OR_STRING, /* struct k8smi_int_or_string */
  K8SMI_KIND_RAW,           /* compact JSON of what has no type here */
  K8SMI_KIND_RECORD,
  K8SMI_KIND_LIST_STRING,
  K8SMI_KIND_LIST_I32, /* items are int64_t */
  K8SMI_KIND_LIST_I64,
  K8SMI_KIND_LIST_RAW, /* items are slices */
  K8SMI_KIND_LIST_RECORD,
  K8SMI_KIND_MAP_STRING, /* struct k8smi_pair, sorted by key */
  K8SMI_KIND_MAP_QUANTITY,
  K8SMI_KIND_MAP_BYTES /* the bytes, not their base64 */
};

enum k8smi_mode { K8SMI_MODE_OMIT, K8SMI_MODE_ALWAYS, K8SMI_MODE_PTR, K8SMI_MODE_NULLABLE };

enum k8smi_type_id {
  K8SMI_TYPE_None,
#define BEGIN(T) K8SMI_TYPE_##T,
#define F(T, name, number, via, kind, child, mode)
#define END(T)
#include "pod/fields.def"
  K8SMI_TYPE_COUNT
};

#define BEGIN(T)                                   enum k8smi_fields_of_##T {
#define F(T, name, number, via, kind, child, mode) K8SMI_##T##_##name,
#define END(T)                                                                                               \
  K8SMI_##T##__COUNT                                                                                         \
  }                                                                                                          \
  ;
#include "pod/fields.def"

struct k8smi_field {
  struct k8sm_slice name; /* of the member in JSON */
  uint16_t number;        /* in protobuf */
  uint8_t via;            /* the number of the message that it is in there; 0: none */
  uint8_t kind;           /* enum k8smi_kind */
  uint8_t mode;           /* enum k8smi_mode */
  uint8_t child;          /* enum k8smi_type_id, of records */
};

struct k8smi_type {
  struct k8sm_slice name;
  const struct k8smi_field *fields;
  unsigned count;
};

/* By enum k8smi_type_id. */
extern const struct k8smi_type k8smi_types[K8SMI_TYPE_COUNT];

/* The field with this JSON name; the search begins at `hint`, where members that come in the usual
 * order are found at once. Count of the type's fields when there is none. */
unsigned k8smi_type_find(const struct k8smi_type *type, struct k8sm_slice name, unsigned hint);

/* Whether a name that is none comes nearer to this one than to those before, and near enough. *best: of
 * _begin at first. */
unsigned k8smi_suggest_begin(struct k8sm_slice name);
bool k8smi_suggest_nearer(struct k8sm_slice name, struct k8sm_slice other, unsigned *best);
/* The field whose name comes nearest to a name that is none; empty: none comes near. */
struct k8sm_slice k8smi_type_suggest(const struct k8smi_type *type, struct k8sm_slice name);

#endif
