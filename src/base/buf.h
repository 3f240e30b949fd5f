/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_BASE_BUF_H
#define K8SMI_BASE_BUF_H

#include <string.h>

#include "base/alloc.h"

/* Output that grows. A failed allocation sticks: later writes do nothing, and `failed` says so once
 * at the end, so that writers need no check after each piece. */
struct k8smi_buf {
  struct k8sm_allocator allocator;
  char *ptr;
  size_t len;
  size_t cap;
  char *lent; /* memory of the caller's that it begins with; or NULL */
  bool failed;
};

bool k8smi_buf_init(struct k8smi_buf *buf, const struct k8sm_allocator *user);
void k8smi_buf_free(struct k8smi_buf *buf);
/* An empty buffer begins in memory of the caller's, aligned to 8. */
void k8smi_buf_lend(struct k8smi_buf *buf, void *memory, size_t size);
/* Makes it empty; keeps the memory; forgets a failure. */
void k8smi_buf_clear(struct k8smi_buf *buf);

/* Makes room for len more bytes; NULL after a failure. */
char *k8smi_buf_extend_more(struct k8smi_buf *buf, size_t len);
/* len bytes to be written by the caller; NULL after a failure. Inline, as is _put: writers do little else. */
static inline char *k8smi_buf_extend(struct k8smi_buf *buf, size_t len) {
  if (buf->failed || buf->cap - buf->len < len) return k8smi_buf_extend_more(buf, len);
  char *p = buf->ptr + buf->len;
  buf->len += len;
  return p;
}
static inline void k8smi_buf_put(struct k8smi_buf *buf, const void *bytes, size_t len) {
  if (len == 0) return;
  char *p = k8smi_buf_extend(buf, len);
  if (p != NULL) memcpy(p, bytes, len);
}
/* For who writes from the end of the memory to its beginning, where `tail` bytes are written: makes room for
 * `more` before them. Returns where they are now; NULL after a failure. */
char *k8smi_buf_grow_front(struct k8smi_buf *buf, size_t tail, size_t more);
static inline void k8smi_buf_putc(struct k8smi_buf *buf, char c) {
  char *p = k8smi_buf_extend(buf, 1);
  if (p != NULL) *p = c;
}
void k8smi_buf_puts(struct k8smi_buf *buf, const char *text);
void k8smi_buf_slice(struct k8smi_buf *buf, struct k8sm_slice s);
/* Decimal, whatever the locale. */
void k8smi_buf_u64(struct k8smi_buf *buf, uint64_t n);
void k8smi_buf_i64(struct k8smi_buf *buf, int64_t n);
/* Removes the first n bytes. */
void k8smi_buf_consume(struct k8smi_buf *buf, size_t n);

/* Turns the contents into a blob and empties the buffer. What is in lent memory is copied, into one block
 * with the blob. Errors: NOMEM. */
int k8smi_buf_to_blob(struct k8smi_buf *buf, struct k8sm_blob **ret);

#endif
