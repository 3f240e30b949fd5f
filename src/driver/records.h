/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_RECORDS_H
#define K8SMI_DRIVER_RECORDS_H

/* The record rule: what depends on a record does not happen before the host has said that it is kept, and
 * not at all when it could not be. A record may hold back one call, and mean something to one pod. A row that
 * is appended to one that the host could not keep is as good as not kept, too. */

#include "driver/outbox.h"

struct drv_pod;
struct drv_claim;
struct drv_volume;
struct drv_tomb;

enum drv_record_kind {
  DRV_RECORD_FRAMEWORK = 1, /* nothing is launched before it */
  DRV_RECORD_STATE,         /* a pod as it is */
  DRV_RECORD_DELETE,        /* that a pod is to be deleted: then it begins */
  DRV_RECORD_REMOVE,        /* a pod is gone */
  DRV_RECORD_BURY,          /* the same, and a tombstone takes the place of its row */
  DRV_RECORD_TOMB,          /* a tombstone as it is */
  DRV_RECORD_CLAIM,         /* that a claim is to be deleted */
  DRV_RECORD_CLAIM_REMOVE,  /* it is gone */
  DRV_RECORD_VOLUME         /* where one is, or that there is none */
};
enum drv_answer { DRV_ANSWER_NONE = 0, DRV_ANSWER_KEPT, DRV_ANSWER_REFUSED };

struct drv_record {
  struct k8smi_link link; /* in one of the lists */
  struct drv_key number;
  enum drv_record_kind kind;
  enum drv_answer answer;
  struct drv_call *call;              /* that waits for it; NULL: none */
  struct drv_pod *pod;                /* that it is about; NULL: none, or gone */
  struct drv_claim *claim;            /* that it is about; NULL: none */
  struct drv_volume *volume;          /* that it is about; NULL: none */
  struct drv_tomb *tomb;              /* that it is about; NULL: none */
  struct drv_record *previous, *next; /* of the pod */
  bool final;                         /* the row has the pod's terminal phase */
  bool append;                        /* it goes behind what is there */
  bool broken;                        /* of which something is missing */
  bool held_back;                     /* a call waited for it */
};

struct drv_records {
  struct k8smi_link waiting;  /* in the order of their numbers */
  struct k8smi_link answered; /* in the order of the answers */
  struct drv_lookup numbers;  /* of those that wait */
  uint64_t last_number;
};

void k8smi_drv_records_init(struct drv_records *rs);

/* A record that is not taken up yet: _put does that, so that a caller can prepare several
 * things and then do all of them. Errors: NOMEM. */
int k8smi_drv_record_new(struct drv_core *core, enum drv_record_kind kind, struct drv_record **ret);
/* Takes it up, its call with it, and queues the effect. Errors: NOMEM (not if room was reserved): nothing
 * has changed then. */
int k8smi_drv_record_put(struct drv_records *rs, struct drv_core *core, struct drv_record *record,
                         struct k8sm_slice key, struct k8sm_slice bytes);

/* RECORDED or REFUSED, which its call is told. NULL: no such record waits for an answer. Takes no memory. */
struct drv_record *k8smi_drv_records_answer(struct drv_records *rs, struct drv_outbox *ob,
                                            struct drv_core *core, uint64_t number, enum drv_answer answer);
/* The first one that is answered; NULL: none. */
struct drv_record *k8smi_drv_records_peek(const struct drv_records *rs);
/* Takes it off the list, and frees it. */
void k8smi_drv_records_drop(struct drv_core *core, struct drv_record *record);
/* A pod that goes away is forgotten. */
void k8smi_drv_records_forget_pod(struct drv_pod *pod);
/* Calls that wait are told that they are not to happen. */
void k8smi_drv_records_free(struct drv_records *rs, struct drv_outbox *ob, struct drv_core *core);

#endif
