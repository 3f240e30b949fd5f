/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_OBJECTS_H
#define K8SMI_LOCAL_OBJECTS_H

/* The objects of the embedded Mesos.
 *
 * Memory: each object has an arena for what never changes in it. When memory runs out inside an action,
 * the object at hand is given up, `failed` is set, and every later call answers NOMEM: the state is safe
 * to free and no longer to be trusted. */

#include "base/list.h"
#include "local/command.h"
#include "local/index.h"
#include "local/local.h"
#include "local/networks.h"
#include "local/resources.h"
#include "local/timers.h"

enum { LOCAL_ID_SIZE = 64, LOCAL_UUID_SIZE = 37, LOCAL_UUID_BYTES = 16 };
#define LOCAL_AGENT_ADDRESS "127.0.0.1" /* of them all */
enum { LOCAL_COMPLETED_MAX = 50 };      /* frameworks that are remembered as gone */

/* How long things take that take no time of their own, in milliseconds. */
enum {
  LOCAL_EXECUTOR_START_MS = 100,
  LOCAL_TASK_RUN_MS = 50,       /* from TASK_STARTING to TASK_RUNNING */
  LOCAL_TASK_END_MS = 50,       /* from TERM to the end */
  LOCAL_EXECUTOR_END_MS = 1000, /* from the end of the last task to that of its executor */
  LOCAL_REREGISTER_MS = 1000,   /* of the agents, at a new master */
  LOCAL_RESTART_MS = 3000,      /* of an agent's process */
  LOCAL_SILENCE_MS = 75000,     /* five pings without an answer: the agent is unreachable */
  LOCAL_RECOVERY_MS = 600000,   /* what agents have to come back in after a master's recovery */
  LOCAL_REGISTRATION_MS = 60000 /* what an executor has to register in: a custom one never does */
};

struct local_framework;
struct local_executor;

struct local_agent {
  struct k8smi_local *local;
  struct k8smi_arena arena;
  char id[LOCAL_ID_SIZE];
  size_t number;
  char *hostname;
  K8smMesos__Attribute **attributes;
  size_t attribute_count;
  bool no_images, no_cgroups;
  bool registered;
  bool unreachable; /* at the present master; neither: it does not know the agent */
  bool away;        /* nothing passes between it and the master */
  bool down;        /* and the master knows it: its process is not there */
  bool recovered;   /* the master knows it from the registry alone */
  bool gone;        /* for good */
  bool marked;      /* the master was told so by an operator */
  bool listed;      /* in the registry that a new master is about to read */
  bool twice;       /* what it says next, it says twice */
  bool draining;
  int64_t unreachable_wall_ms;
  struct local_bag configured; /* what it was started with */
  struct local_held total, free;
  struct local_held
      known; /* if `behind`: what it has itself, the operations that it never heard of left out */
  bool behind;
  struct k8smi_link executors;
  struct k8smi_link offers;
  struct local_timer reregister, silence;
};

struct local_role {
  struct k8sm_slice name;
  bool suppressed;
  int64_t cpus, mem; /* allocated, in thousandths: what fairness goes by */
};

struct local_framework {
  struct k8smi_link link;
  struct k8smi_local *local;
  char id[LOCAL_ID_SIZE];
  struct k8smi_arena arena; /* of info and roles, replaced with them */
  K8smMesos__FrameworkInfo *info;
  const K8smMesos__OfferConstraints *constraints;
  struct local_role *roles;
  size_t role_count;
  bool partition_aware, killing_state, refinement;
  bool connected;
  uint64_t exchange;
  uint32_t format;
  char stream_id[LOCAL_UUID_SIZE];
  struct k8smi_link tasks, offers, filters, operations;
  struct local_index task_index;
  struct local_timer heartbeat, failover;
};

struct local_offer {
  struct k8smi_link by_framework, by_agent;
  struct local_framework *framework;
  struct local_agent *agent;
  char id[LOCAL_ID_SIZE];
  struct local_held held;
  bool accepted; /* by the ACCEPT that is at work */
};

/* What a framework has refused of an agent: not offered again in that role, nor any part of it. */
struct local_filter {
  struct k8smi_link link;
  struct local_framework *framework;
  struct local_agent *agent;
  struct local_held refused; /* its amounts are allocated to the role */
  struct local_timer expiry;
};

enum local_executor_phase {
  LOCAL_EXECUTOR_STARTING,
  LOCAL_EXECUTOR_RUNNING,
  LOCAL_EXECUTOR_ENDING, /* takes no more groups */
  LOCAL_EXECUTOR_ENDED   /* but an update of a task of it is not acknowledged yet */
};

struct local_executor {
  struct k8smi_link link; /* of the agent */
  struct k8smi_arena arena;
  struct local_framework *framework;
  struct local_agent *agent;
  const char *id;
  K8smMesos__ExecutorInfo *info; /* NULL: the command executor of one task */
  int phase;
  bool known;     /* to the master: named in offers, and its end is reported */
  bool unhealthy; /* a task was killed for its health: every later terminal status says so */
  bool shutdown;
  bool lost;          /* the agent never heard of it */
  bool torn;          /* the agent's process died in a launch on it */
  int32_t end_status; /* that `step` brings when it is ending */
  size_t running;     /* tasks that have not ended */
  char container_id[LOCAL_UUID_SIZE];
  struct local_joined *joined; /* networks that its container is on */
  size_t joined_count;
  struct local_held held;
  struct k8smi_link tasks;
  struct local_index seen; /* every task id it has had, to the executor itself */
  struct local_timer step;
};

enum local_task_phase {
  LOCAL_TASK_STAGING, /* its executor has not started it */
  LOCAL_TASK_STARTING,
  LOCAL_TASK_RUNNING,
  LOCAL_TASK_KILLING,
  LOCAL_TASK_ENDED
};

struct local_update {
  struct k8smi_link link; /* of the task */
  struct k8smi_arena arena;
  K8smMesos__TaskStatus *status;
};

struct local_probe {
  struct local_script script;
  bool simulated; /* by a command; otherwise it succeeds */
  bool begun;     /* it has had a result */
  int result;
  uint32_t failures;
  struct local_timer timer;
};

struct local_task {
  struct k8smi_link by_framework, by_executor;
  struct k8smi_arena arena;
  struct local_framework *framework;
  struct local_agent *agent;
  struct local_executor *executor; /* NULL: the agent dropped it */
  K8smMesos__TaskInfo *info;
  const char *id;
  uint64_t group;
  int phase;
  bool group_killed; /* its siblings were told */
  bool out_of_time;  /* max_completion_time */
  bool drained;      /* it is killed because its agent is drained */
  bool lost;         /* the launch never reached the agent, or the agent's machine is no more */
  bool forced;       /* its grace is over before it ends by itself */
  bool sent;         /* one status reached the present master */
  bool settled;      /* the master has handed the last acknowledgement on, and knows the task no more */
  bool released;     /* its resources are free again */
  char container_id[LOCAL_UUID_SIZE];
  uint32_t pid;
  uint64_t running_since; /* mono_ms */
  struct local_script script;
  struct local_probe check, health;
  struct local_held held;
  struct k8smi_link updates;  /* not acknowledged, oldest first */
  struct local_update *shown; /* the last that was acknowledged; NULL: none */
  uint64_t retry_ms;
  struct local_timer step, completion, retry;
};

/* An operation on resources whose outcome is not acknowledged. */
struct local_operation {
  struct k8smi_link link;
  struct k8smi_arena arena;
  struct local_framework *framework;
  struct local_agent *agent;
  const char *id;
  unsigned char uuid[LOCAL_UUID_BYTES];
  bool heard; /* the agent has done it; else the master alone knows of it */
  bool known; /* to the present master */
  bool told;  /* and that it is done, too */
  uint64_t retry_ms;
  struct local_timer retry;
};

struct local_output {
  struct k8smi_link link;
  struct k8smi_local_output head;
  char stream_id[LOCAL_UUID_SIZE];
  struct k8smi_buf body;
};

struct k8smi_local {
  struct k8sm_allocator allocator;
  struct k8smi_local_options options;
  bool failed;
  uint64_t now; /* mono_ms */
  int64_t wall; /* ms */
  uint64_t seed, draws;
  char master_id[LOCAL_UUID_SIZE];
  uint64_t next_framework, next_offer, next_group;
  struct local_timers timers;
  struct local_agent *agents;
  struct local_networks networks;
  struct local_index agent_index, framework_index, offer_index;
  struct k8smi_link frameworks;
  char completed[LOCAL_COMPLETED_MAX][LOCAL_ID_SIZE]; /* a ring */
  size_t completed_next;
  struct local_timer allocation;
  uint32_t losses[K8SMI_LOCAL_MESSAGES]; /* messages of each kind that are to be lost */
  uint32_t lost[K8SMI_LOCAL_MESSAGES];   /* and that were */
  uint32_t refusals;                     /* operations on resources that are to be refused */
  struct k8smi_link outputs;
  struct local_output *taken; /* whose slices the caller may still read */
};

#endif
