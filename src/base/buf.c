/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/refs.h"

#include <string.h>

bool k8smi_buf_init(struct k8smi_buf *buf, const struct k8sm_allocator *user) {
  memset(buf, 0, sizeof *buf);
  return k8smi_allocator_init(&buf->allocator, user);
}

void k8smi_buf_free(struct k8smi_buf *buf) {
  k8smi_free(&buf->allocator, buf->ptr, buf->cap);
  buf->ptr = NULL;
  buf->len = buf->cap = 0;
}

void k8smi_buf_clear(struct k8smi_buf *buf) {
  buf->len = 0;
  buf->failed = false;
}

char *k8smi_buf_extend(struct k8smi_buf *buf, size_t len) {
  size_t want;
  if (buf->failed) return NULL;
  void *items = buf->ptr;
  if (!k8smi_add(buf->len, len, &want) || !k8smi_grow(&buf->allocator, &items, &buf->cap, want, 1)) {
    buf->failed = true;
    return NULL;
  }
  buf->ptr = items;
  char *p = buf->ptr + buf->len;
  buf->len = want;
  return p;
}

void k8smi_buf_put(struct k8smi_buf *buf, const void *bytes, size_t len) {
  if (len == 0) return;
  char *p = k8smi_buf_extend(buf, len);
  if (p != NULL) memcpy(p, bytes, len);
}

void k8smi_buf_putc(struct k8smi_buf *buf, char c) {
  k8smi_buf_put(buf, &c, 1);
}

void k8smi_buf_puts(struct k8smi_buf *buf, const char *text) {
  k8smi_buf_put(buf, text, strlen(text));
}

void k8smi_buf_slice(struct k8smi_buf *buf, struct k8sm_slice s) {
  k8smi_buf_put(buf, s.ptr, s.len);
}

void k8smi_buf_u64(struct k8smi_buf *buf, uint64_t n) {
  char digits[20];
  size_t i = sizeof digits;
  do {
    digits[--i] = (char)('0' + n % 10);
    n /= 10;
  } while (n != 0);
  k8smi_buf_put(buf, digits + i, sizeof digits - i);
}

void k8smi_buf_i64(struct k8smi_buf *buf, int64_t n) {
  if (n < 0) k8smi_buf_putc(buf, '-');
  k8smi_buf_u64(buf, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void k8smi_buf_consume(struct k8smi_buf *buf, size_t n) {
  if (n == 0) return;
  memmove(buf->ptr, buf->ptr + n, buf->len - n);
  buf->len -= n;
}

struct k8sm_blob {
  k8smi_refs refs;
  struct k8sm_allocator allocator;
  char *ptr;
  size_t len;
  size_t cap;
};

int k8smi_buf_to_blob(struct k8smi_buf *buf, struct k8sm_blob **ret) {
  k8smi_buf_putc(buf, '\0');
  struct k8sm_blob *blob = buf->failed ? NULL : k8smi_alloc(&buf->allocator, sizeof *blob);
  if (blob == NULL) return K8SM_ERR_NOMEM;
  k8smi_refs_init(&blob->refs);
  blob->allocator = buf->allocator;
  blob->ptr = buf->ptr;
  blob->len = buf->len - 1;
  blob->cap = buf->cap;
  buf->ptr = NULL;
  buf->len = buf->cap = 0;
  *ret = blob;
  return K8SM_OK;
}

struct k8sm_slice k8sm_blob_bytes(const struct k8sm_blob *blob) {
  return (struct k8sm_slice){blob->ptr, blob->len};
}

struct k8sm_blob *k8sm_blob_ref(struct k8sm_blob *blob) {
  k8smi_ref(&blob->refs);
  return blob;
}

void k8sm_blob_unref(struct k8sm_blob *blob) {
  if (blob == NULL || !k8smi_unref(&blob->refs)) return;
  struct k8sm_allocator a = blob->allocator;
  k8smi_free(&a, blob->ptr, blob->cap);
  k8smi_free(&a, blob, sizeof *blob);
}
