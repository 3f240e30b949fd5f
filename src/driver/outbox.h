/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_OUTBOX_H
#define K8SMI_DRIVER_OUTBOX_H

/* The calls on their way to the master: those that wait for a record, those that can go, and those whose
 * answer is out. All of them belong to one subscription, and die with it. */

#include "base/list.h"
#include "driver/lookup.h"
#include "driver/session.h"

/* Beside K8SM_CALL_*: the one call that k8sm_call_encode does not make. */
enum { DRV_CALL_ACCEPT = 100 };

/* What came of a call, for its owner to act on. */
enum drv_outcome {
  DRV_CALL_PENDING = 0,
  DRV_CALL_DONE,    /* the master has taken it */
  DRV_CALL_REFUSED, /* the master, or the record that it depended on, said no: it did not happen */
  DRV_CALL_UNKNOWN  /* the answer is lost */
};

struct drv_launch; /* what an ACCEPT launches: launch.h */

struct drv_call {
  struct k8smi_link link;  /* in one of the outbox's lists */
  struct drv_key exchange; /* its number is 0 until it is sent */
  uint32_t type;           /* K8SM_CALL_*, DRV_CALL_ACCEPT */
  uint32_t waits;          /* for so many records, each of which points to it */
  uint64_t not_before_ms;  /* of a repetition */
  uint32_t status;         /* HTTP; 0: no answer yet */
  enum drv_outcome outcome;
  bool complain; /* an EVENT about the answer is due */
  bool cancel;   /* its exchange is to be given up */
  bool repeated; /* it was sent before: calls made after it may have reached the master before it */
  bool freed;    /* only records that it waits for keep it */
  struct k8sm_slice bytes;
  struct k8sm_blob *blob;    /* that they are in, a reference; NULL: behind the call */
  size_t size;               /* of the whole */
  const char *why;           /* it is made; static */
  struct drv_launch *launch; /* of an ACCEPT; its owner frees it */
  size_t words_len;
  char words[DRV_WORDS_CAP];
};

/* A call moves from list to list, and no input looks at calls that it is not about. Calls go out in the order
 * in which they became ready: as they were made, but for those that wait for records. */
struct drv_outbox {
  struct k8smi_link waiting;   /* for records */
  struct k8smi_link ready;     /* for a pump */
  struct k8smi_link later;     /* to be sent again, the first one due first */
  struct k8smi_link sent;      /* no answer yet */
  struct k8smi_link over;      /* with an outcome, and something to say */
  struct k8smi_link done;      /* with an outcome, to be taken */
  struct drv_lookup exchanges; /* of those sent */
  uint32_t rejected;           /* HTTP status that says that the subscription is no good; 0: none */
};

void k8smi_drv_outbox_init(struct drv_outbox *ob);

/* Takes the reference to bytes over on success. NULL: no memory. */
struct drv_call *k8smi_drv_call_new(struct drv_core *core, uint32_t type, struct k8sm_blob *bytes,
                                    const char *why);
/* Makes one from arguments, whose size, format and framework id are filled in. Errors: INVALID, NOMEM. */
int k8smi_drv_call_make(struct drv_core *core, const struct drv_session *session, struct k8sm_call_args *args,
                        const char *why, struct drv_call **ret);
void k8smi_drv_call_free(struct drv_core *core, struct drv_call *call);

void k8smi_drv_outbox_push(struct drv_outbox *ob, struct drv_call *call);
/* A record that the call waited for is kept, or is not: then the call does not happen. */
void k8smi_drv_outbox_answer(struct drv_outbox *ob, struct drv_core *core, struct drv_call *call, bool kept);
/* The call must not go, unless it has gone already. */
void k8smi_drv_outbox_refuse(struct drv_outbox *ob, struct drv_call *call);
/* The subscription is gone: what was not sent did not happen, what was sent is unknown. */
void k8smi_drv_outbox_reset(struct drv_outbox *ob, struct drv_core *core);
/* The first call with an outcome; NULL: none. */
struct drv_call *k8smi_drv_outbox_peek(const struct drv_outbox *ob);
/* Takes it off the list, and frees it. */
void k8smi_drv_outbox_drop(struct drv_core *core, struct drv_call *call);
/* Ends all calls without a word. What is left to do is to take them. */
void k8smi_drv_outbox_close(struct drv_outbox *ob, struct drv_core *core);

/* Inputs of the calls' exchanges; unknown ones are ignored. None takes memory. */
void k8smi_drv_outbox_response(struct drv_outbox *ob, uint64_t exchange, uint32_t status);
void k8smi_drv_outbox_chunk(struct drv_outbox *ob, uint64_t exchange, struct k8sm_slice bytes);
void k8smi_drv_outbox_end(struct drv_outbox *ob, struct drv_core *core, uint64_t exchange);
void k8smi_drv_outbox_lost(struct drv_outbox *ob, struct drv_core *core, uint64_t exchange);

/* Gives up exchanges and reports answers, where that is due; those calls can be taken afterwards.
 * Errors: NOMEM. */
int k8smi_drv_outbox_say(struct drv_outbox *ob, struct drv_core *core);
/* Sends what can go, when subscribed. Errors: NOMEM. */
int k8smi_drv_outbox_pump(struct drv_outbox *ob, struct drv_core *core, const struct drv_session *session);
/* 0: at once; DRV_NEVER: when an input asks for it. */
uint64_t k8smi_drv_outbox_deadline(const struct drv_outbox *ob);

/* "ACCEPT" and so on. */
const char *k8smi_drv_call_name(uint32_t type);

#endif
