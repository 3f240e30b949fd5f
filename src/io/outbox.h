/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_IO_OUTBOX_H
#define K8SMI_IO_OUTBOX_H

#include "base/buf.h"

/* Bytes that wait to be written. What was taken from the front is removed now and then only, so that a
 * slow reader does not make each write move the rest. */
struct k8smi_outbox {
  struct k8smi_buf buf;
  size_t taken;
};

enum { K8SMI_OUTBOX_KEEP = 256 * 1024 }; /* more memory than this is given back when it is empty */

static inline size_t k8smi_outbox_len(const struct k8smi_outbox *box) {
  return box->buf.len - box->taken;
}
static inline const char *k8smi_outbox_front(const struct k8smi_outbox *box) {
  return box->buf.ptr + box->taken;
}
static inline void k8smi_outbox_take(struct k8smi_outbox *box, size_t n) {
  box->taken += n;
  if (box->taken < box->buf.len && box->taken < box->buf.len / 2) return;
  k8smi_buf_consume(&box->buf, box->taken);
  box->taken = 0;
  if (box->buf.len == 0 && box->buf.cap > K8SMI_OUTBOX_KEEP) k8smi_buf_free(&box->buf);
}

#endif
