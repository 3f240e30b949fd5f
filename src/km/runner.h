/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KM_RUNNER_H
#define KM_RUNNER_H

/* The host of a driver: carries its effects out and feeds back what comes. */

#include "host.h"
#include "trace.h"

struct km_runner {
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  struct k8sm_client *client;
  struct km_store *store;
  struct km_trace *trace;       /* NULL: not recorded */
  struct km_embedded *embedded; /* NULL: the master is elsewhere */
  struct km_control *control;
  struct km_events *events;
  char master[300];
  int signal_fd;
  bool live;    /* the table is redrawn in place */
  bool dirty;   /* something that it shows has changed */
  bool quiet;   /* events are not printed */
  bool stopped; /* the driver said STOPPED */
  bool failed;  /* the library ran out of memory, or the embedded Mesos broke */
  uint32_t stop_code;
  size_t lines; /* of the table on the screen */
  struct {
    uint64_t number;
    bool kept;
  } * answers; /* to RECORD effects, to be fed back */
  size_t answer_count;
};

/* Feeds one input and everything that follows from it at once. Returns the driver's result. */
int km_runner_step(struct km_runner *r, struct k8sm_input *input, struct k8sm_diags *diags);
/* Waits for something to happen until mono_ms at the latest, and handles it. */
void km_runner_turn(struct km_runner *r, uint64_t until);
/* What has become of the pods. */
struct km_counts {
  size_t pods, placed, running, finished, failed;
};
struct km_counts km_runner_count(const struct km_runner *r);
void km_runner_draw(struct km_runner *r);
/* The lines of `km get` and `km delete`: a km_control_answer. */
char *km_runner_answer(void *ctx, const char *line);
/* Asks all pods to end. */
void km_runner_delete_all(struct km_runner *r, int64_t grace);

#endif
