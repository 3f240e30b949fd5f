/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_TOMBS_H
#define K8SMI_DRIVER_TOMBS_H

/* Tombstones. A pod that is deleted with no grace does not wait for an agent that may never be back: it is
 * gone at once, and its row is replaced by one that names the tasks that may be left of it. Whatever is heard
 * of the pod later is killed, and when all of its tasks have ended the row goes, too. As Kubernetes does with
 * `kubectl delete --force`.
 * https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/ */

#include "base/map.h"
#include "driver/records.h"
#include "wire/mesos.h"

struct k8sm_driver;
struct drv_pod;
struct drv_task;

struct drv_tomb {
  size_t size; /* of the whole */
  struct k8sm_slice uid;
  struct drv_task *tasks; /* that have not ended, as far as is known; doubt_ms: when to be killed */
  uint32_t records;       /* on their way */
  uint64_t again_ms;      /* when to be recorded anew, after a refusal; DRV_NEVER: as it is */
  char text[];
};

struct drv_tombs {
  struct drv_tomb **items;
  size_t count, cap;
  struct k8smi_map by_uid;
  uint64_t due_ms; /* of the first kill, or record */
  uint32_t run;    /* of reconciliation, in which all were asked for */
  size_t cursor;   /* those that are still to be asked for in this one */
  size_t most;     /* then no pod becomes one: nothing but its agent's end, or word from it, ends one */
};

void k8smi_drv_tombs_init(struct k8sm_driver *d);
void k8smi_drv_tombs_free(struct k8sm_driver *d);
/* There is one of that pod. */
bool k8smi_drv_tomb_is(const struct k8sm_driver *d, struct k8sm_slice uid);
/* The pod is to be gone now: in this subscription the master has said that it misses what runs of it. */
bool k8smi_drv_tomb_due(const struct k8sm_driver *d, const struct drv_pod *pod);
/* There are so many that no other is to come. */
bool k8smi_drv_tombs_full(const struct k8sm_driver *d);
/* The pod's tasks are the tombstone's from now on; nothing happens if there is one. Errors: NOMEM. */
int k8smi_drv_tomb_make(struct k8sm_driver *d, struct drv_pod *pod);
/* From a record; takes the tasks over. Errors: INVALID (of a pod that is there), NOMEM: takes nothing. */
int k8smi_drv_tomb_restore(struct k8sm_driver *d, struct k8sm_slice uid, struct drv_task *tasks,
                           struct k8sm_diags *diags);
/* An update of a task of no pod that is known. *ret_taken: it was of such a one, and `ack`, which may be
 * NULL, belongs to the outbox or to a record. Errors: NOMEM. */
int k8smi_drv_tomb_update(struct k8sm_driver *d, struct k8sm_slice uid, const K8smMesos__TaskStatus *s,
                          struct drv_call *ack, bool *ret_taken);
/* A record about one is answered. */
void k8smi_drv_tomb_answered(struct k8sm_driver *d, const struct drv_record *record);
/* Asks and kills. Errors: NOMEM. */
int k8smi_drv_tombs_pump(struct k8sm_driver *d);
uint64_t k8smi_drv_tombs_deadline(const struct k8sm_driver *d);

#endif
