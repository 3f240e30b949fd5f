/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_SNAPSHOT_H
#define K8SMI_DRIVER_SNAPSHOT_H

/* What is recorded of a pod, under the key "pod/<uid>": everything that a driver needs to take it up again. A
 * flat JSON object, so that people and other programs can read it; bytes are in base64. */

#include <k8smesos/match.h>
#include "base/arena.h"
#include "base/buf.h"

enum { DRV_SNAPSHOT_VERSION = 1 };

struct drv_snapshot_task {
  struct k8sm_slice id;
  struct k8sm_slice agent_id;
};

struct drv_snapshot {
  int64_t version;
  struct k8sm_slice pod; /* its JSON */
  int64_t attempt;
  struct k8sm_slice nonce;    /* of the attempt's demand */
  int64_t deleting;           /* 1: it is to be deleted */
  int64_t grace_seconds;      /* then; -1: its own */
  struct k8sm_slice agent_id; /* empty until placed, as all that follows */
  struct k8sm_slice hostname;
  struct k8sm_slice executor;      /* ExecutorInfo */
  struct k8sm_slice status;        /* k8sm_status_save */
  struct drv_snapshot_task *tasks; /* that have not ended */
  size_t task_count;
  struct k8sm_plan_port *ports; /* container, name, protocol, both ports */
  size_t port_count;
};

/* Failure shows in buf->failed. */
void k8smi_drv_snapshot_write(struct k8smi_buf *buf, const struct drv_snapshot *snapshot);
/* Everything in the result is in the arena. Errors: SYNTAX, INVALID (not a snapshot, or of a later version),
 * LIMIT, NOMEM; each with a finding. */
int k8smi_drv_snapshot_read(struct k8smi_arena *arena, struct k8sm_slice bytes, struct drv_snapshot *ret,
                            struct k8sm_diags *diags);

#endif
