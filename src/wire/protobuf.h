/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_PROTOBUF_H
#define K8SMI_WIRE_PROTOBUF_H

/* The pieces that protobuf is made of, whatever the schema: fields one after another when reading, tags,
 * numbers and lengths when writing. https://protobuf.dev/programming-guides/encoding/ */

#include "base/buf.h"
#include "base/slice.h"

/* How a field's value is written. Groups are not read: neither Mesos nor Kubernetes ever had any. */
enum k8smi_proto_wire {
  K8SMI_PROTO_VARINT = 0,
  K8SMI_PROTO_FIXED64 = 1,
  K8SMI_PROTO_BYTES = 2,
  K8SMI_PROTO_FIXED32 = 5
};

/* A field on the wire. */
struct k8smi_proto_item {
  const uint8_t *begin; /* of its tag */
  const uint8_t *value; /* behind the tag */
  const uint8_t *end;
  const uint8_t *bytes; /* BYTES: behind the length */
  uint64_t number;      /* VARINT, FIXED32, FIXED64 */
  uint32_t id;
  uint32_t wire;
};

/* Behind the varint at p; NULL when it does not end, or is longer than 64 bits. */
const uint8_t *k8smi_proto_varint_long(const uint8_t *p, const uint8_t *end, uint64_t *ret);
static inline const uint8_t *k8smi_proto_varint(const uint8_t *p, const uint8_t *end, uint64_t *ret) {
  if (p < end && p[0] < 0x80) {
    *ret = p[0];
    return p + 1;
  }
  if (end - p > 1 && p[1] < 0x80) { /* tags and lengths are rarely longer than that */
    *ret = (uint64_t)p[1] << 7 | (p[0] & 0x7f);
    return p + 2;
  }
  uint64_t n = 0; /* so that *ret can stay in a register */
  p = k8smi_proto_varint_long(p, end, &n);
  *ret = n;
  return p;
}

/* The number in four bytes, the lowest first: one load, for compilers. */
static inline uint32_t k8smi_proto_low_first(const uint8_t *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
/* Behind the number of `size` bytes at p, 4 or 8, the lowest first; NULL when it goes beyond the end. */
static inline const uint8_t *k8smi_proto_fixed(const uint8_t *p, const uint8_t *end, size_t size,
                                               uint64_t *ret) {
  if ((size_t)(end - p) < size) return NULL;
  *ret = k8smi_proto_low_first(p);
  if (size == 8) *ret |= (uint64_t)k8smi_proto_low_first(p + 4) << 32;
  return p + size;
}

/* Reads a field's tag, of any wire type but BYTES, and finds its end. NULL, or what is wrong. */
const char *k8smi_proto_next_number(const uint8_t *p, const uint8_t *end, struct k8smi_proto_item *ret);

/* Reads a field's tag and finds its end. NULL, or what is wrong. */
static inline const char *k8smi_proto_next(const uint8_t *p, const uint8_t *end,
                                           struct k8smi_proto_item *ret) {
  uint64_t tag, n = 0;
  ret->begin = p;
  p = k8smi_proto_varint(p, end, &tag);
  if (p == NULL || tag >> 3 == 0 || tag > UINT32_MAX) return "a field's number is broken";
  ret->id = (uint32_t)tag >> 3;
  ret->wire = (uint32_t)tag & 7;
  ret->value = p;
  if (ret->wire != K8SMI_PROTO_BYTES) return k8smi_proto_next_number(p, end, ret);
  p = k8smi_proto_varint(p, end, &n);
  if (p == NULL || n > (uint64_t)(end - p)) return "a length goes beyond the end";
  ret->bytes = p;
  ret->end = p + n;
  return NULL;
}

/* The contents of a field of BYTES. */
static inline struct k8sm_slice k8smi_proto_bytes(const struct k8smi_proto_item *item) {
  return (struct k8sm_slice){(const char *)item->bytes, (size_t)(item->end - item->bytes)};
}

void k8smi_proto_put_varint(struct k8smi_buf *buf, uint64_t n);
void k8smi_proto_put_tag(struct k8smi_buf *buf, uint32_t id, enum k8smi_proto_wire wire);
/* A length and the bytes; a field of them; a field of a number. */
void k8smi_proto_put_bytes(struct k8smi_buf *buf, const void *bytes, size_t len);
void k8smi_proto_put_text(struct k8smi_buf *buf, uint32_t id, struct k8sm_slice text);
void k8smi_proto_put_number(struct k8smi_buf *buf, uint32_t id, uint64_t n);

/* The length of what is written next is not known yet: a byte is left for it, and what follows moves when
 * it needs more. _end takes what _begin has returned. */
size_t k8smi_proto_begin(struct k8smi_buf *buf);
void k8smi_proto_end(struct k8smi_buf *buf, size_t begin);

#endif
