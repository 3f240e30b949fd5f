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

#define PROTO_WIRE(kind)                                                                                     \
  ((((kind) >= K8SMI_KIND_BOOL && (kind) <= K8SMI_KIND_I64) || (kind) == K8SMI_KIND_LIST_I32 ||              \
    (kind) == K8SMI_KIND_LIST_I64)                                                                           \
       ? K8SMI_PROTO_VARINT                                                                                  \
       : K8SMI_PROTO_BYTES)

#define BEGIN(T) static const struct k8smi_proto_place proto_places_of_##T[] = {
#define F(T, name, number, via, kind, child, mode)                                                           \
  [PROTO_PLACE(T, name, number, via)] = {                                                                    \
      K8SMI_##T##_##name + 1, K8SMI_KIND_##kind, K8SMI_TYPE_##child, PROTO_WIRE(K8SMI_KIND_##kind),          \
      K8SMI_MODE_##mode == K8SMI_MODE_PTR || K8SMI_MODE_##mode == K8SMI_MODE_NULLABLE},
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

#define PROTO_COUNT(T)    (sizeof proto_places_of_##T / sizeof proto_places_of_##T[0])
#define PROTO_OWN(count)  ((count) < PROTO_INLINED ? (count) : PROTO_INLINED)
#define PROTO_REST(count) (uint8_t)((count) > PROTO_INLINED ? (count)-PROTO_INLINED : 0)

const struct k8smi_proto_type k8smi_proto_types[K8SMI_TYPE_COUNT] = {
    {{NULL, 0}, {NULL, 0}, 0},
#define BEGIN(T)                                                                                             \
  {{proto_places_of_##T, PROTO_OWN(PROTO_COUNT(T))},                                                         \
   {proto_via_of_##T == 0 ? NULL : proto_places_of_##T + PROTO_INLINED,                                      \
    proto_via_of_##T == 0 ? 0 : PROTO_REST(PROTO_COUNT(T))},                                                 \
   proto_via_of_##T},
#define F(T, name, number, via, kind, child, mode)
#define END(T)
#include "pod/fields.def"
};
