/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_PROTO_PRIVATE_H
#define K8SMI_POD_PROTO_PRIVATE_H

/* What proto_read.c and proto_values.c have in common. */

#include "pod/proto.h"
#include "wire/protobuf.h"

/* A malformed message: reported with the path, and the place. Returns SYNTAX. */
int k8smi_proto_broken(struct k8smi_bind *b, const struct k8smi_path *path, const uint8_t *at,
                       const char *wrong);
int k8smi_proto_no_room(struct k8smi_bind *b);

/* Text of any length that is UTF-8, or a finding and SYNTAX. */
int k8smi_proto_check_text(struct k8smi_bind *b, struct k8sm_slice text, const struct k8smi_path *path);

/* The text of a field of STRING, QUANTITY, TIME or RAW, from the bytes of the field. Empty where the value
 * is refused (b->invalid is set then), or zero. Lives until the next call or as long as the bytes. */
int k8smi_proto_text_of(struct k8smi_bind *b, unsigned kind, struct k8sm_slice bytes,
                        const struct k8smi_path *path, struct k8sm_slice *ret);
int k8smi_proto_int_or_string(struct k8smi_bind *b, struct k8sm_slice bytes, const struct k8smi_path *path,
                              union k8smi_slot *slot);
/* An entry of a map; the pair is in the arena. */
int k8smi_proto_pair(struct k8smi_bind *b, unsigned kind, struct k8sm_slice bytes,
                     const struct k8smi_path *path, struct k8smi_pair *ret);
/* A number as a field of the kind holds it. */
static inline int64_t k8smi_proto_number(unsigned kind, uint64_t n) {
  if (kind == K8SMI_KIND_BOOL) return n != 0;
  if (!k8smi_bind_is_narrow(kind)) return (int64_t)n;
  return (int32_t)(uint32_t)n; /* a negative one is ten bytes on the wire: the upper half says nothing */
}

/* Fills in the kind and apiVersion that the envelope names, if it does. False when memory ran out. */
bool k8smi_proto_name(struct k8smi_bind *b, const struct k8smi_envelope *from, union k8smi_slot *slots,
                      uint64_t *present);

#endif
