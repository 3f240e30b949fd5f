/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KM_RUNNER_H
#define KM_RUNNER_H

/* The host of a driver, and of the control that tells it which pods to run: carries their effects out and
 * feeds back what comes. */

#include "events.h"
#include "host.h"
#include "trace.h"

/* What was said last of no pod, and how often it was not said again. */
struct km_said {
  char *text;
  uint64_t at_ms;
  unsigned held;
};

/* What is recorded of a PersistentVolumeClaim. */
struct km_claim {
  char *name;  /* "namespace/name"; it ends with "*" for those that a StatefulSet makes for its pods */
  char *modes; /* of access, with commas between; NULL: not known, here and below */
  char *storage_class;
  char *pattern;      /* of those of a set: the object of each, as JSON without a name */
  int64_t created_ms; /* since 1970; 0: not known, as of those of a set together */
};

struct km_runner {
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  struct k8sm_control *workloads;
  struct k8sm_effects *workload_effects;
  const struct k8sm_admission_options *admission; /* of pods; NULL: none */
  struct k8sm_client *client;
  struct km_store *store;
  struct km_trace *trace;       /* NULL: not recorded */
  struct km_embedded *embedded; /* NULL: the master is elsewhere */
  struct km_control *control;
  struct km_event_log *events;
  char folder[1024]; /* of the state */
  char master[300];
  int signal_fd;
  bool live;         /* the table is redrawn in place */
  bool dirty;        /* something that it shows has changed */
  bool quiet;        /* events are not printed */
  bool stopped;      /* the driver said STOPPED */
  bool wary;         /* the record may be lost: no pod has been launched yet, and none may run */
  uint64_t stray_ms; /* when a task of a pod turned up that is not known; 0: never */
  uint64_t steps;    /* of driver and control */
  bool failed;       /* the library ran out of memory, or the embedded Mesos broke */
  uint32_t stop_code;
  bool cut;          /* the last thing that was heard of the master is that a connection to it failed */
  uint64_t heard_ms; /* when it last said anything; 0: never */
  uint64_t moved_ms; /* when a pod last changed, or went */
  struct km_said said;
  size_t lines;         /* of the table on the screen */
  struct km_mail *mail; /* what one of the two is to be told, in order */
  struct km_mail **mail_end;
  uint64_t agents;         /* a sum over those that the control was told of */
  struct km_claim *claims; /* those that are recorded */
  size_t claim_count;
  struct k8sm_manifest **claim_objects; /* of some of them: the memory of their data */
  size_t claim_object_count;
};

/* Feeds one input and everything that follows from it at once. Returns the driver's result. */
int km_runner_step(struct km_runner *r, struct k8sm_input *input, struct k8sm_diags *diags);
/* The same for the control. */
int km_runner_control(struct km_runner *r, struct k8sm_control_input *input, struct k8sm_diags *diags);
/* Tells the control which agents there are, if that has changed. */
void km_runner_look_at_agents(struct km_runner *r);
/* Tells it of the driver's pods, before anything else. */
bool km_runner_tell_found(struct km_runner *r);
/* Hands in the time zone of a CronJob. */
void km_runner_give_zone(struct km_runner *r, const struct k8sm_workload *workload);

/* ---- claims.c: PersistentVolumeClaims ---- */

/* "default/data" of "PersistentVolumeClaim/default/data"; NULL: it is something else. */
const char *km_claim_of_key(const char *key);
bool km_claims_know(const struct km_runner *r, const char *name);
/* The same, and of those that a StatefulSet makes for its pods: such a one is known from now on, until it is
 * gone. */
bool km_claims_find(struct km_runner *r, const char *name);
/* What is known of it, or of those of its set; NULL: nothing. */
const struct km_claim *km_claims_facts(const struct km_runner *r, const char *name);
/* Reads what the object of a claim, or of the StatefulSet that makes it, says of it. Returns the object as
 * JSON, to be freed, with the time of the claim's creation in it: what the claim has, or the object, or
 * now_ms. NULL: it can't be read. */
char *km_claim_read(struct km_claim *claim, struct k8sm_slice object, int64_t now_ms);
/* The object of one of a set's claims, as the set's controller makes it, to be freed. NULL: memory, or no
 * set's. */
char *km_claim_make(const struct km_claim *each, const char *name);
/* The claims of sets that the pod names, and all pods of the driver do, are recorded as such, from now on or
 * from when the pod was made. */
void km_claims_see(struct km_runner *r, const struct k8sm_pod *pod);
void km_claims_see_all(struct km_runner *r);
/* Those that are recorded; what they say is added to the set's data, where its files do not say it. False,
 * with a line, when one can't be read. */
bool km_claims_load(struct km_runner *r, struct km_set *set);
/* It is gone, and so is its row. */
void km_claims_forget(struct km_runner *r, const char *name);
void km_claims_free(struct km_runner *r);
/* Records those of the files, and deletes what else is recorded if asked to. False when that fails. */
bool km_claims_give(struct km_runner *r, const struct km_set *set, bool prune);
/* The keys of those of the files. */
void km_claims_list(const struct km_set *set, void (*add)(void *ctx, const char *key), void *ctx);
/* Returns the driver's result. */
int km_claim_delete(struct km_runner *r, const char *name);

/* ---- mail.c: what follows from a step, and is not done yet ---- */

struct km_mail {
  struct km_mail *next;
  bool to_control;
  uint32_t type; /* K8SM_INPUT_*, K8SM_CONTROL_* */
  uint64_t number;
  int64_t grace_seconds;
  struct k8sm_pod *pod; /* a reference */
  struct k8sm_slice key, bytes;
  char text[];
};
void km_mail_put(struct km_runner *r, const struct km_mail *mail);
/* The first one; to be given back. NULL: none. */
struct km_mail *km_mail_take(struct km_runner *r);
void km_mail_free(struct km_mail *mail);
void km_runner_drop_mail(struct km_runner *r);

/* Waits for something to happen until mono_ms at the latest, and handles it. */
void km_runner_turn(struct km_runner *r, uint64_t until);
/* What has become of the pods. */
struct km_counts {
  size_t pods, placed, running, finished, failed;
  size_t lasting;   /* workloads that go on: all but Jobs */
  size_t unsettled; /* of them, that are not as they should be yet */
  size_t failing;   /* workloads that can't become so */
  size_t jobs;      /* that have not ended */
};
/* Nothing is left to be done. */
static inline bool km_counts_over(const struct km_counts *c) {
  return c->finished == c->pods && c->lasting == 0 && c->jobs == 0;
}
struct km_counts km_runner_count(const struct km_runner *r);
/* The same, kept as long as nothing has happened; of many pods it may be a moment old. */
struct km_tally {
  struct km_counts counts;
  uint64_t steps;  /* of the runner, when they were counted */
  uint64_t due_ms; /* not to be counted before */
  bool counted;
};
const struct km_counts *km_runner_tally(const struct km_runner *r, struct km_tally *tally);
/* When it is to be asked for again; UINT64_MAX: not before something happens. */
uint64_t km_tally_deadline(const struct km_runner *r, const struct km_tally *tally);
/* Until everything has ended, or somebody wants it to. timeout: seconds that pods may be without a place, 0:
 * any; parent: who waits to be told with one byte that they run, -1: nobody. Returns an exit code. */
int km_runner_loop(struct km_runner *r, int64_t timeout, int parent);

/* ---- say.c: what people see ---- */

/* The document of `km get -o json`. To be freed. */
char *km_view_json(const struct km_runner *r);
void km_runner_draw(struct km_runner *r);
/* A line of its own, above the table. */
void km_say(struct km_runner *r, const char *text);
/* Keeps an event, and prints it. What goes on and on, as that the master can't be reached, is printed once a
 * minute with how often it happened. */
void km_say_event(struct km_runner *r, const struct k8sm_effect *effect);

/* The lines of `km get`, `km delete` and `km scale`: a km_control_answer. */
char *km_runner_answer(void *ctx, const char *line);
/* That of `km scale`: see scale.c. current -1: whatever there is. */
char *km_scale_answer(struct km_runner *r, const char *key, int64_t replicas, int64_t current);
/* Asks all pods to end. */
void km_runner_delete_all(struct km_runner *r, int64_t grace);

#endif
