/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VECTORS_REPLAY_H
#define TESTS_VECTORS_REPLAY_H

/* A recording that is given to the embedded Mesos. */

#include "vectors/recording.h"

enum hook_action {
  HOOK_NONE,
  HOOK_WAIT,
  HOOK_KILL_AGENT,
  HOOK_RESTORE_AGENT,
  HOOK_FAIL_OVER,
  HOOK_KILL_EXECUTOR
};

struct scenario {
  const char *name;
  const char *until; /* the first call that is not given: the rest needs what is not simulated */
  struct {
    const char *before; /* this call */
    enum hook_action action;
    const char *executor;
  } hooks[3];
};

struct replay {
  const struct scenario *scenario;
  struct recording *recording;
  struct client local;
  bool resubscribed;
  char agents[2][64]; /* their ids at the embedded Mesos */
};

/* Writes the ids of the embedded Mesos into a recorded call. Offers, and the statuses that it acknowledges,
 * are waited for. */
void replay_rewrite(struct replay *p, K8smMesos__Call *call);

#endif
