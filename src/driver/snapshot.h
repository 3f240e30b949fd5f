/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_SNAPSHOT_H
#define K8SMI_DRIVER_SNAPSHOT_H

/* What is recorded of a pod, under the key "pod/<uid>": everything that a driver needs to take it up again,
 * as rows, each a JSON object in a line of its own, so that people and other programs can read it. The first
 * row is whole; each one behind it holds what has changed since the one before, and is numbered after it.
 * Rows that do not follow on are void: the host was told so (see records.h). Of earlier releases: rows of
 * version 6 do not tell what is reserved, which is then taken to come back with one offer; those of version 5
 * are from when volumes had no rows, those of version 4 do not tell for whom a pod ends, those of version 3
 * not the form, those of version 2 say nothing of nominations; a whole row of version 1 has no number, and
 * pod and status as texts.
 */

#include <k8smesos/match.h>
#include "base/arena.h"
#include "base/buf.h"

struct k8sm_status;

enum {
  DRV_SNAPSHOT_VERSION = 7,
  DRV_SNAPSHOT_VOLUMES = 6,  /* the first with rows of volumes */
  DRV_SNAPSHOT_RESERVED = 7, /* the first that tells what is reserved */
  DRV_SNAPSHOT_TOMB = 8      /* that of a tombstone, which nothing older may take for a pod */
};

struct drv_snapshot_task {
  struct k8sm_slice id;
  struct k8sm_slice agent_id;
};

struct drv_snapshot {
  int64_t version;
  int64_t number;        /* of the row, in the order in which they were made */
  struct k8sm_slice pod; /* its JSON */
  int64_t attempt;
  struct k8sm_slice nonce; /* of the attempt's demand */
  struct k8sm_slice form;  /* the name of its form; empty before version 4 */
  int64_t deleting;        /* 1: it is to be deleted */
  int64_t grace_seconds;   /* then; -1: its own */
  int64_t preempted;       /* then 1: for a pod of a higher priority; before version 5 always 0 */
  struct k8sm_slice nominated_agent_id; /* where others end for it, until it is placed; empty: nowhere */
  struct k8sm_slice nominated_hostname;
  struct k8sm_slice nominated_role;
  int64_t nominated_until_ms; /* since 1970 */
  struct k8sm_slice agent_id; /* empty until placed, as all that follows */
  struct k8sm_slice hostname;
  struct k8sm_slice executor;      /* ExecutorInfo */
  int64_t reserved;                /* there, in thousandths of all resources together; negative: not known */
  int64_t volumes_made;            /* 1: those that it claims were made there, and have no rows yet */
  struct drv_snapshot_task *tasks; /* that have not ended */
  size_t task_count;
  struct k8sm_plan_port *ports; /* container, name, protocol, both ports */
  size_t port_count;
  struct k8sm_slice status; /* read: rows of k8sm_status_save */
  int64_t gone;             /* 1: a tombstone: of all this it has the tasks only */
};

/* What of it a row holds behind others. */
struct drv_snapshot_change {
  bool deleting; /* with grace_seconds and preempted */
  bool volumes;  /* volumes_made */
  bool reserved;
  bool tasks; /* the list */
};

/* A row, and what it says of the status: all, or what has changed since. Failure shows in buf->failed. */
void k8smi_drv_snapshot_write(struct k8smi_buf *buf, const struct drv_snapshot *snapshot,
                              const struct k8sm_status *status);
void k8smi_drv_snapshot_write_change(struct k8smi_buf *buf, const struct drv_snapshot *snapshot,
                                     const struct drv_snapshot_change *change,
                                     const struct k8sm_status *status, const struct k8sm_status *since);

/* The row that takes the place of those of a pod that is gone, while tasks of it may be left (tombs.h). */
void k8smi_drv_snapshot_write_tomb(struct k8smi_buf *buf, const struct drv_snapshot *snapshot);

/* The row of a claim that is deleted, under the key "claim/<namespace>/<name>": the agent that has its
 * volume, as far as it is known. */
enum { DRV_SNAPSHOT_CLAIM_VERSION = 1 };
void k8smi_drv_snapshot_write_claim(struct k8smi_buf *buf, struct k8sm_slice agent_id);
/* Errors: as those of a pod's. */
int k8smi_drv_snapshot_read_claim(struct k8smi_arena *arena, struct k8sm_slice bytes,
                                  struct k8sm_slice *ret_agent_id, struct k8sm_diags *diags);

/* The row of a volume that a claim names, under the key "volume/<namespace>/<name>" of the claim: where it
 * is, as long as it is there. */
enum { DRV_SNAPSHOT_VOLUME_VERSION = 1 };
enum {
  DRV_SNAPSHOT_VOLUME_KNOWN = 0,
  DRV_SNAPSHOT_VOLUME_SUPPOSED, /* the agent was to make it, and nobody knows whether it did */
  DRV_SNAPSHOT_VOLUME_TRIED,    /* nor for long: an offer shows it soon, or it is not there */
  DRV_SNAPSHOT_VOLUME_SHOWN     /* offers have, and no pod has used it */
};
struct drv_snapshot_volume {
  int64_t version;
  struct k8sm_slice id; /* its persistence id */
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;      /* of the agent; empty: not known */
  struct k8sm_slice storage_class; /* as the claim names it; empty: none, or not known */
  int64_t milli;                   /* thousandths of a MB */
  int64_t supposed;                /* DRV_SNAPSHOT_VOLUME_* */
};
void k8smi_drv_snapshot_write_volume(struct k8smi_buf *buf, const struct drv_snapshot_volume *volume);
int k8smi_drv_snapshot_read_volume(struct k8smi_arena *arena, struct k8sm_slice bytes,
                                   struct drv_snapshot_volume *ret, struct k8sm_diags *diags);

/* All rows of a pod. Everything in the result is in the arena, or in `bytes`. Errors: SYNTAX, INVALID (not a
 * snapshot, or of a later version), LIMIT, NOMEM; each with a finding. */
int k8smi_drv_snapshot_read(struct k8smi_arena *arena, struct k8sm_slice bytes, struct drv_snapshot *ret,
                            struct k8sm_diags *diags);

#endif
