/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/refs.h"

#include <string.h>

bool k8smi_buf_init(struct k8smi_buf *buf, const struct k8sm_allocator *user) {
  memset(buf, 0, sizeof *buf);
  return k8smi_allocator_init(&buf->allocator, user);
}

void k8smi_buf_lend(struct k8smi_buf *buf, void *memory, size_t size) {
  buf->ptr = buf->lent = memory;
  buf->cap = size;
}

void k8smi_buf_free(struct k8smi_buf *buf) {
  if (buf->ptr != buf->lent) k8smi_free(&buf->allocator, buf->ptr, buf->cap);
  buf->ptr = buf->lent = NULL;
  buf->len = buf->cap = 0;
}

void k8smi_buf_clear(struct k8smi_buf *buf) {
  buf->len = 0;
  buf->failed = false;
}

/* Out of what was lent, into memory of its own. */
static bool buf_leave(struct k8smi_buf *buf, size_t want) {
  void *items = NULL;
  size_t cap = 0;
  if (!k8smi_grow(&buf->allocator, &items, &cap, want > 2 * buf->cap ? want : 2 * buf->cap, 1)) return false;
  memcpy(items, buf->ptr, buf->len);
  buf->ptr = items;
  buf->cap = cap;
  buf->lent = NULL;
  return true;
}

char *k8smi_buf_extend_more(struct k8smi_buf *buf, size_t len) {
  size_t want;
  void *items = buf->ptr;
  bool room = !buf->failed && k8smi_add(buf->len, len, &want);
  if (room && buf->lent != NULL) {
    room = buf_leave(buf, want);
  } else if (room) {
    room = k8smi_grow(&buf->allocator, &items, &buf->cap, want, 1);
    buf->ptr = items;
  }
  if (!room) {
    buf->failed = true;
    return NULL;
  }
  char *p = buf->ptr + buf->len;
  buf->len = want;
  return p;
}

char *k8smi_buf_grow_front(struct k8smi_buf *buf, size_t tail, size_t more) {
  enum { BUF_FIRST = 512 };
  size_t want, cap = buf->cap > SIZE_MAX / 2 ? SIZE_MAX : 2 * buf->cap;
  bool fine = !buf->failed && k8smi_add(buf->len, tail, &want) && k8smi_add(want, more, &want);
  if (fine && cap < want) cap = want;
  if (cap < BUF_FIRST) cap = BUF_FIRST;
  char *to = fine ? k8smi_alloc(&buf->allocator, cap) : NULL;
  if (to == NULL) {
    buf->failed = true;
    return NULL;
  }
  if (buf->len > 0) memcpy(to, buf->ptr, buf->len);
  if (tail > 0) memcpy(to + cap - tail, buf->ptr + buf->cap - tail, tail);
  if (buf->ptr != buf->lent) k8smi_free(&buf->allocator, buf->ptr, buf->cap);
  buf->ptr = to;
  buf->cap = cap;
  buf->lent = NULL;
  return to + cap - tail;
}

void k8smi_buf_puts(struct k8smi_buf *buf, const char *text) {
  k8smi_buf_put(buf, text, strlen(text));
}

void k8smi_buf_slice(struct k8smi_buf *buf, struct k8sm_slice s) {
  k8smi_buf_put(buf, s.ptr, s.len);
}

/* Two digits at a time: most numbers are times, with thirteen. */
void k8smi_buf_u64(struct k8smi_buf *buf, uint64_t n) {
  static const char pairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
      "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
      "8081828384858687888990919293949596979899";
  char digits[20];
  size_t i = sizeof digits;
  for (; n >= 100; n /= 100) memcpy(digits + (i -= 2), pairs + n % 100 * 2, 2);
  if (n >= 10)
    memcpy(digits + (i -= 2), pairs + n * 2, 2);
  else
    digits[--i] = (char)('0' + n);
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
  const bool copied = buf->lent != NULL;
  const size_t behind = copied ? buf->len : 0;
  struct k8sm_blob *blob = buf->failed ? NULL : k8smi_alloc(&buf->allocator, sizeof *blob + behind);
  if (blob == NULL) return K8SM_ERR_NOMEM;
  k8smi_refs_init(&blob->refs);
  blob->allocator = buf->allocator;
  blob->ptr = copied ? memcpy(blob + 1, buf->ptr, behind) : buf->ptr;
  blob->len = buf->len - 1;
  blob->cap = copied ? 0 : buf->cap;
  if (!copied) buf->ptr = NULL;
  if (!copied) buf->cap = 0;
  buf->len = 0;
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
  const bool behind = blob->cap == 0;
  if (!behind) k8smi_free(&a, blob->ptr, blob->cap);
  k8smi_free(&a, blob, sizeof *blob + (behind ? blob->len + 1 : 0));
}
