/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_WIRE_RECORDIO_H
#define K8SMI_WIRE_RECORDIO_H

#include "base/buf.h"
#include "base/findings.h"

/* RecordIO: decimal length, LF, bytes, again and again; in chunks of any size.
 * https://mesos.apache.org/documentation/latest/recordio/ */
struct k8smi_recordio {
  struct k8smi_buf pending; /* a record that has not come whole */
  uint64_t need;            /* its length, when the head is read */
  uint64_t max;             /* the longest record that is taken */
  uint32_t digits;          /* of the head, so far */
  bool in_body;
};

void k8smi_recordio_init(struct k8smi_recordio *r, const struct k8sm_allocator *allocator, uint64_t max);
void k8smi_recordio_free(struct k8smi_recordio *r);
/* Forgets what was begun, for a new stream. */
void k8smi_recordio_reset(struct k8smi_recordio *r);

/* Takes from the chunk at *bytes, *len (moved forward). K8SM_OK: a whole record is in *ret, valid until
 * the next call (it may lie in the chunk itself). NOT_FOUND: the chunk is used up, more is needed.
 * Errors: SYNTAX (a length of 0 or that is none), LIMIT (longer than max; nothing of it is allocated), NOMEM. */
int k8smi_recordio_next(struct k8smi_recordio *r, const char **bytes, size_t *len, struct k8sm_slice *ret,
                        struct k8sm_diags *diags);
/* True in the middle of a record: the stream must not end here. */
bool k8smi_recordio_partial(const struct k8smi_recordio *r);

void k8smi_recordio_put(struct k8smi_buf *buf, struct k8sm_slice record);

#endif
