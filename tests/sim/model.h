/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIM_MODEL_H
#define TESTS_SIM_MODEL_H

/* One pod of two containers and two agents, small enough to be seen from every side: each state that it can
 * come to by any order of what may happen, so many faults of each kind and no more. The pod's status is the
 * real code; the world around it (an executor, its tasks, their updates on the way, KILLs on the way) is the
 * model. */

#include <stdbool.h>
#include "status/status.h"

enum { MODEL_TASKS = 3, MODEL_QUEUE = 6, MODEL_ATTEMPTS = 12, MODEL_NOW = 100000000 };

/* Updates, in the order in which a task can send them. */
enum model_update {
  MODEL_NOTHING = 0,
  MODEL_STARTING,
  MODEL_RUNNING,
  MODEL_KILLING,
  MODEL_FINISHED,
  MODEL_FAILED,
  MODEL_KILLED,
  MODEL_LOST,       /* with its executor */
  MODEL_REFUSED,    /* by the agent: the executor's id is still taken */
  MODEL_DROPPED,    /* by the master: the offer is gone */
  MODEL_GONE,       /* by an operator's word */
  MODEL_UNREACHABLE /* by the master */
};

enum model_real {
  MODEL_NONE = 0,
  MODEL_SENT,
  MODEL_STAGED,
  MODEL_STARTED,
  MODEL_RUNS,
  MODEL_DIES,
  MODEL_ENDED
};

struct model_task {
  uint8_t real; /* enum model_real */
  uint8_t restart;
  uint8_t parent;             /* which of the executors it runs in */
  uint8_t shown;              /* the last update that was acknowledged */
  uint8_t queue[MODEL_QUEUE]; /* updates that were not, oldest first */
  uint8_t queued;
  uint8_t kill; /* a KILL of it is on the way */
};

/* How often each kind of fault may still happen. */
struct model_faults {
  uint8_t exits, deaths, drops, agents, gone, kills, acks, copies, crashes, deletes;
};

struct model_world {
  struct model_task tasks[MODEL_TASKS];
  uint8_t attempt, agent, placed, executor, parent, deleted;
  uint8_t reachable;
  uint8_t begun;   /* in this sandbox: the first stage has done what the next waits for */
  uint8_t sidecar; /* the number of its task; 0: there is none */
  struct model_faults left;
};

struct model_node {
  struct k8sm_status *status;
  struct model_world world;
  size_t acks; /* that the last update brought */
};

enum model_move_type {
  MODEL_PLACE, /* on agent `task` */
  MODEL_LAUNCH,
  MODEL_ARRIVE, /* a launch reaches the agent */
  MODEL_DROP,   /* or never does */
  MODEL_STEP,
  MODEL_EXIT_WELL,
  MODEL_EXIT_BADLY,
  MODEL_EXECUTOR_DIES,
  MODEL_DELIVER,
  MODEL_DELIVER_UNACKNOWLEDGED,
  MODEL_COPY,
  MODEL_AGENT_LOST,
  MODEL_AGENT_BACK,
  MODEL_AGENT_GONE,
  MODEL_KILL_ARRIVES,
  MODEL_KILL_LOST,
  MODEL_DELETE,
  MODEL_TIME,
  MODEL_CRASH,
  MODEL_ATTEMPT,
  MODEL_MOVES
};
struct model_move {
  uint8_t type, task;
};
enum { MODEL_MOVES_MAX = MODEL_MOVES * MODEL_TASKS };

/* The pod's demands, one for each attempt. */
struct model {
  struct k8sm_demand *demands[MODEL_ATTEMPTS];
  const char *broken; /* an invariant's name; NULL: all hold */
  char words[256];
};

bool model_open(struct model *m, const char *spec);
void model_close(struct model *m);
struct model_node model_begin(struct model *m, const struct model_faults *faults);

/* All that may happen next; `faults`: what goes wrong among it. */
size_t model_moves(const struct model_node *n, bool faults, struct model_move moves[MODEL_MOVES_MAX]);
/* Makes it happen: a node of its own, to be freed. False: an invariant is broken. */
bool model_do(struct model *m, const struct model_node *n, struct model_move move, struct model_node *ret);
void model_node_free(struct model_node *n);
/* The pod is where it belongs. */
bool model_is_settled(const struct model_node *n);
const char *model_move_name(uint8_t type);

#endif
