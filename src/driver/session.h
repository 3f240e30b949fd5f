/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_SESSION_H
#define K8SMI_DRIVER_SESSION_H

/* The subscription: finding the leading master, the SUBSCRIBE request, its streaming answer, heartbeats,
 * and coming back after a loss. What the events say is not its business. */

#include "driver/core.h"
#include "wire/recordio.h"

enum drv_session_state {
  DRV_SESSION_ABSENT = 0, /* no master is known */
  DRV_SESSION_WAITING,    /* until due_ms, then a request */
  DRV_SESSION_ASKING,     /* the request is out */
  DRV_SESSION_REFUSED,    /* the head said no; the body may say why */
  DRV_SESSION_OPEN,       /* the head said yes; SUBSCRIBED has not come */
  DRV_SESSION_SUBSCRIBED,
  DRV_SESSION_STOPPED
};

struct drv_text { /* a NUL follows */
  char ptr[DRV_AUTHORITY_CAP];
  size_t len;
};

struct drv_session {
  enum drv_session_state state;
  struct drv_text leader;    /* where every attempt begins: by LEADER, or the options' master */
  struct drv_text authority; /* of the master to ask: the leader, or where it sent us */
  struct drv_text path;
  struct drv_text stream_id;
  struct drv_text framework_id;
  struct k8smi_recordio stream;
  uint64_t exchange; /* of the subscription; 0: none */
  uint64_t due_ms;
  uint64_t heard_ms;      /* when the last bytes came */
  uint64_t heartbeat_ms;  /* the master's interval */
  uint32_t failures;      /* in a row: drives the back-off */
  uint64_t subscribed_ms; /* since then; DRV_NEVER: it is not */
  uint32_t redirects;     /* in a row */
  uint32_t status;        /* of a refusal */
  bool lost;              /* a subscription ended since the owner last looked */

  /* Said at the next pump: */
  uint64_t cancel;      /* an exchange */
  uint32_t notice_code; /* 0: nothing */
  char notice[DRV_WORDS_CAP + DRV_AUTHORITY_CAP + 128];
  char words[DRV_WORDS_CAP]; /* of a refusal's body */
  size_t words_len;
};

/* What a SUBSCRIBE says beside who we are. */
struct drv_subscribe {
  const struct k8sm_slice *suppressed; /* roles that want no offers */
  size_t suppressed_count;
  struct k8sm_slice constraints; /* OfferConstraints; empty: none */
};

void k8smi_drv_session_init(struct drv_session *s, struct drv_core *core);
void k8smi_drv_session_free(struct drv_session *s);

/* Takes "host:port", or nothing: no master leads. False if it is neither. */
bool k8smi_drv_session_leader(struct drv_session *s, struct drv_core *core, struct k8sm_slice authority);

/* Inputs of the subscription's exchange; others are ignored. None takes memory, but _chunk. */
void k8smi_drv_session_response(struct drv_session *s, struct drv_core *core, const struct k8sm_input *input);
void k8smi_drv_session_end(struct drv_session *s, struct drv_core *core, uint64_t exchange,
                           struct k8sm_slice words);
/* The next event of a chunk (moved forward). K8SM_OK, or NOT_FOUND when the chunk is used up; what breaks the
 * protocol ends the subscription and is NOT_FOUND too. Errors: NOMEM. */
int k8smi_drv_session_next(struct drv_session *s, struct drv_core *core, struct k8sm_slice *chunk,
                           struct k8sm_slice *ret);

/* What the owner found in the events. */
bool k8smi_drv_session_subscribed(struct drv_session *s, struct drv_core *core,
                                  struct k8sm_slice framework_id, double heartbeat_seconds);
/* Gives the subscription up and comes back after the back-off; says why. */
void k8smi_drv_session_drop(struct drv_session *s, struct drv_core *core, uint32_t code, const char *format,
                            ...) __attribute__((format(printf, 4, 5)));
/* No more of it, ever. */
void k8smi_drv_session_stop(struct drv_session *s);

/* Whether the next pump asks for a subscription, if nothing else comes up. */
bool k8smi_drv_session_will_ask(const struct drv_session *s, const struct drv_core *core);
/* Carries out what is due: notices, time-outs, the request. Errors: NOMEM. */
int k8smi_drv_session_pump(struct drv_session *s, struct drv_core *core, const struct drv_subscribe *how);
uint64_t k8smi_drv_session_deadline(const struct drv_session *s);

static inline struct k8sm_slice k8smi_drv_text(const struct drv_text *t) {
  return (struct k8sm_slice){t->ptr, t->len};
}
/* False if it does not fit: nothing changed. */
bool k8smi_drv_text_set(struct drv_text *t, struct k8sm_slice s, size_t cap);

#endif
