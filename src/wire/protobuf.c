/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/protobuf.h"

const uint8_t *k8smi_proto_varint_long(const uint8_t *p, const uint8_t *end, uint64_t *ret) {
  uint64_t n = 0;
  for (unsigned shift = 0; shift < 70 && p < end; shift += 7) {
    uint8_t byte = *p++;
    if (shift == 63 && byte > 1) return NULL;
    n |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *ret = n;
      return p;
    }
  }
  return NULL;
}

const char *k8smi_proto_next_number(const uint8_t *p, const uint8_t *end, struct k8smi_proto_item *ret) {
  if (ret->wire == K8SMI_PROTO_VARINT) {
    p = k8smi_proto_varint(p, end, &ret->number);
    ret->end = p;
    return p == NULL ? "a number is broken" : NULL;
  }
  size_t size = ret->wire == K8SMI_PROTO_FIXED64 ? 8 : ret->wire == K8SMI_PROTO_FIXED32 ? 4 : 0;
  if (size == 0) return "a wire type that protobuf does not have";
  ret->end = k8smi_proto_fixed(p, end, size, &ret->number);
  return ret->end == NULL ? "a number goes beyond the end" : NULL;
}

void k8smi_proto_put_varint(struct k8smi_buf *buf, uint64_t n) {
  char bytes[10];
  size_t len = 0;
  for (; n >= 0x80; n >>= 7) bytes[len++] = (char)(0x80 | (n & 0x7f));
  bytes[len++] = (char)n;
  k8smi_buf_put(buf, bytes, len);
}

void k8smi_proto_put_tag(struct k8smi_buf *buf, uint32_t id, enum k8smi_proto_wire wire) {
  k8smi_proto_put_varint(buf, (uint64_t)id << 3 | (uint64_t)wire);
}

void k8smi_proto_put_bytes(struct k8smi_buf *buf, const void *bytes, size_t len) {
  k8smi_proto_put_varint(buf, len);
  k8smi_buf_put(buf, bytes, len);
}

void k8smi_proto_put_text(struct k8smi_buf *buf, uint32_t id, struct k8sm_slice text) {
  k8smi_proto_put_tag(buf, id, K8SMI_PROTO_BYTES);
  k8smi_proto_put_bytes(buf, text.ptr, text.len);
}

void k8smi_proto_put_number(struct k8smi_buf *buf, uint32_t id, uint64_t n) {
  k8smi_proto_put_tag(buf, id, K8SMI_PROTO_VARINT);
  k8smi_proto_put_varint(buf, n);
}

size_t k8smi_proto_begin(struct k8smi_buf *buf) {
  k8smi_buf_putc(buf, '\0');
  return buf->len;
}

void k8smi_proto_end(struct k8smi_buf *buf, size_t begin) {
  if (buf->failed) return;
  size_t len = buf->len - begin, more = 0;
  for (size_t n = len; n >= 0x80; n >>= 7) more++;
  if (more > 0 && k8smi_buf_extend(buf, more) == NULL) return;
  if (more > 0) memmove(buf->ptr + begin + more, buf->ptr + begin, len);
  char *p = buf->ptr + begin - 1;
  for (; len >= 0x80; len >>= 7) *p++ = (char)(0x80 | (len & 0x7f));
  *p = (char)len;
}
