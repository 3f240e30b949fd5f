/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_DRIVER_VOLUMES_H
#define K8SMI_DRIVER_VOLUMES_H

/* Where the volumes of claims are, each recorded in a row of its own: so it is known while no pod has the
 * claim, and after a crash while the agent is away. What depends on it waits for the row. */

#include "driver/pods.h"

#define DRV_VOLUME_KEY "volume/"

struct drv_volume {
  struct k8smi_link due;      /* in the list of those whose row is not as it is to be */
  struct k8smi_link trial;    /* in the list of those that an offer shows soon, or that are not there */
  struct k8sm_slice id;       /* the persistence id */
  struct k8sm_slice claim;    /* "namespace/name" */
  struct k8sm_slice agent_id; /* each of these is a block of its own */
  struct k8sm_slice hostname;
  struct k8sm_slice storage_class;
  int64_t milli;
  bool made;     /* false: there is none any more, and the row is to go */
  bool supposed; /* its agent is away, and nobody knows whether it was made */
  bool shown;    /* by an offer, and no pod is known to have used it: the agent may not have heard of it */
  bool kept;     /* the host has the row as it is to be */
  bool writing;  /* one is on its way, … */
  bool changed;  /* … and old by now */
  uint64_t again_ms;   /* after a refusal: not before */
  uint64_t until_ms;   /* of the trial */
  struct drv_pod *pod; /* that waits for the row; NULL: none */
  size_t size;         /* of the whole */
  char text[];         /* id and claim, a NUL after each */
};

struct drv_volumes {
  struct drv_volume **items;
  size_t count;
  size_t cap;
  struct k8smi_map by_id; /* to the number in `items` */
  struct k8smi_link due;
  struct k8smi_link trials; /* each as long as the others: in order */
  uint64_t ask_ms; /* when the master is asked for agents that have some, and of which nothing is heard */
  size_t asked;    /* of `items`, how many that has come to */
};

/* What is known of one; empty: nothing new. */
struct drv_volume_facts {
  struct k8sm_slice id;
  struct k8sm_slice agent_id;
  struct k8sm_slice hostname;
  struct k8sm_slice storage_class;
  int64_t milli;
  bool supposed;
  bool shown;
  bool trial;          /* and for a short while only */
  struct drv_pod *pod; /* that waits for the row */
};

/* ---- volumes.c: the table, and the rows ---- */

void k8smi_drv_volumes_init(struct k8sm_driver *d);
void k8smi_drv_volumes_free(struct k8sm_driver *d);
/* NULL: it is nowhere, as far as is known. */
struct drv_volume *k8smi_drv_volume_find(const struct k8sm_driver *d, struct k8sm_slice id);
/* One is there, and its row to be written, unless that says so already. An id that names no claim is left
 * out. Errors: NOMEM. */
int k8smi_drv_volume_put(struct k8sm_driver *d, const struct drv_volume_facts *facts);
/* The same, where the cluster does not know it from offers: it is told first. Errors: NOMEM. */
int k8smi_drv_volume_tell(struct k8sm_driver *d, const struct drv_volume_facts *facts);
/* It is there no more, and its row is to go. Takes no memory. */
void k8smi_drv_volume_end(struct k8sm_driver *d, struct drv_volume *volume);
/* From a record; `key` begins with DRV_VOLUME_KEY. Errors: INVALID, SYNTAX, NOMEM. */
int k8smi_drv_volume_restore(struct k8sm_driver *d, struct k8sm_slice key, struct k8sm_slice bytes,
                             struct k8sm_diags *diags);
/* The row, into `buf`, which the caller has initialized, and its key. Failure shows in buf->failed. */
void k8smi_drv_volume_row(const struct drv_volume *volume, struct k8smi_buf *buf);
struct k8sm_slice k8smi_drv_volume_key(const struct drv_volume *volume, char *text, size_t cap);
/* Writes the rows that are due. Errors: NOMEM. */
int k8smi_drv_volumes_pump(struct k8sm_driver *d);
void k8smi_drv_volume_answered(struct k8sm_driver *d, const struct drv_record *record);
uint64_t k8smi_drv_volumes_deadline(const struct k8sm_driver *d);
/* From now on there are offers to wait for. */
void k8smi_drv_volumes_subscribed(struct k8sm_driver *d);
/* The host has the rows of all that is known of what the pod claims: it may be placed. The pod is awake, here
 * and below. */
bool k8smi_drv_volumes_settled(const struct k8sm_driver *d, const struct drv_pod *pod);
/* A row that tells what is known by this pod is on its way: until the host has it the pod's own row stays,
 * and with it the pod's place. Then the pod is looked at. */
bool k8smi_drv_volumes_hold(const struct k8sm_driver *d, const struct drv_pod *pod);
/* The pod is about to be freed. */
void k8smi_drv_volumes_forget_pod(struct k8sm_driver *d, const struct drv_pod *pod);

/* ---- volumes_seen.c: how it becomes known ---- */

/* Offers show them. Errors: NOMEM. */
int k8smi_drv_volumes_offered(struct k8sm_driver *d, const struct k8sm_offers *offers);
/* An agent says that it has made those that the pod claims: as if it had offered them. The pod is placed
 * there. Errors: NOMEM. */
int k8smi_drv_volumes_made(struct k8sm_driver *d, struct drv_pod *pod);
/* The pod waits for what nobody is known to have used, and the agent makes offers without it: they are to
 * show it soon, or it is not there. Errors: NOMEM. */
int k8smi_drv_volumes_seek(struct k8sm_driver *d, struct drv_pod *pod);
/* What the pod claims is on its agent, once it has come there; looks at what is known of that. */
void k8smi_drv_volumes_note(struct k8sm_driver *d, struct drv_pod *pod);
/* After a restart: whether the row of the pod tells of volumes that have rows of their own. */
void k8smi_drv_volumes_restored(struct drv_pod *pod, const struct drv_snapshot *snapshot);
/* The agent that was to make what the pod claims is away: nobody knows whether it did. Or (trial) it is
 * there, and has not been asked to launch the pod: an offer will soon show what was made before. Errors:
 * NOMEM. */
int k8smi_drv_volumes_suppose(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_slice agent_id,
                              bool trial);
/* It is back without the pod's task: nobody has used what was only supposed. */
void k8smi_drv_volumes_doubt(struct k8sm_driver *d, const struct drv_pod *pod, struct k8sm_slice agent_id);
/* A task of the pod has come there, of whatever attempt: what it claims is there. Errors: NOMEM. */
int k8smi_drv_volumes_used(struct k8sm_driver *d, struct drv_pod *pod, struct k8sm_slice agent_id);
/* Its attempt came to the agent: what stood before the launch in its ACCEPT was done. The pod is awake. */
bool k8smi_drv_pod_ran(const struct drv_pod *pod);
/* The pod's row is to tell another thing of its volumes than it does. */
bool k8smi_drv_volumes_untold(const struct k8sm_driver *d, struct drv_pod *pod);

/* ---- volumes_agents.c: whether their agents will be back ---- */

/* The agent won't be back: it is forgotten, with its volumes, and people are told. Errors: NOMEM. */
int k8smi_drv_volumes_lose(struct k8sm_driver *d, struct k8sm_slice agent_id);
/* Asks for agents of which nothing is heard, in so many milliseconds and then now and then. */
void k8smi_drv_volumes_doubt_agents(struct k8sm_driver *d, uint64_t ms);
/* Errors: NOMEM. */
int k8smi_drv_volumes_ask(struct k8sm_driver *d);
/* Takes in the answer. *ret_taken: it was one. Errors: NOMEM. */
int k8smi_drv_volumes_hear(struct k8sm_driver *d, struct k8sm_slice task_id, bool gone, bool *ret_taken);

#endif
