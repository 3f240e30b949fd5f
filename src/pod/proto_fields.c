/* SPDX-License-Identifier: Apache-2.0 */
#include "pod/proto_fields.h"

#include <assert.h>

/* One array for each type: its own numbers, below PROTO_INLINED, then those of its inlined message. Fields
 * that have no number (kind and apiVersion) have a place behind where none is looked for. */
enum { PROTO_INLINED = 64, PROTO_NUMBERLESS = 2 * PROTO_INLINED };
#define PROTO_PLACE(T, name, number, via)                                                                    \
  ((number) == 0 ? PROTO_NUMBERLESS + K8SMI_##T##_##name : (number) + ((via) == 0 ? 0 : PROTO_INLINED))

#define BEGIN(T)
#define F(T, name, number, via, kind, child, mode)                                                           \
  static_assert((number) < PROTO_INLINED && (via) < PROTO_INLINED, "a number that has no place");
#define END(T)
#include "pod/fields.def"

#define BEGIN(T) static const uint8_t proto_numbers_of_##T[] = {
#define F(T, name, number, via, kind, child, mode)                                                           \
  [PROTO_PLACE(T, name, number, via)] = K8SMI_##T##_##name + 1,
#define END(T)                                                                                               \
  }                                                                                                          \
  ;
#include "pod/fields.def"

/* All inlined fields of a type are in the same message, so that its number is what they have in common. */
#define BEGIN(T)                                   enum { proto_via_of_##T = 0
#define F(T, name, number, via, kind, child, mode) | (via)
#define END(T)                                                                                               \
  }                                                                                                          \
  ;
#include "pod/fields.def"

#define BEGIN(T)
#define F(T, name, number, via, kind, child, mode)                                                           \
  static_assert((via) == 0 || (via) == proto_via_of_##T, "two inlined messages in one type");
#define END(T)
#include "pod/fields.def"

#define PROTO_OWN(size)  ((size) < PROTO_INLINED ? (size) : PROTO_INLINED)
#define PROTO_REST(size) (uint8_t)((size) > PROTO_INLINED ? (size)-PROTO_INLINED : 0)

const struct k8smi_proto_type k8smi_proto_types[K8SMI_TYPE_COUNT] = {
    {{NULL, 0}, {NULL, 0}, 0},
#define BEGIN(T)                                                                                             \
  {{proto_numbers_of_##T, PROTO_OWN(sizeof proto_numbers_of_##T)},                                           \
   {proto_via_of_##T == 0 ? NULL : proto_numbers_of_##T + PROTO_INLINED,                                     \
    proto_via_of_##T == 0 ? 0 : PROTO_REST(sizeof proto_numbers_of_##T)},                                    \
   proto_via_of_##T},
#define F(T, name, number, via, kind, child, mode)
#define END(T)
#include "pod/fields.def"
};
