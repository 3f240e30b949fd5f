/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

/* The whole in virtual time, from one seed: a driver in a process that crashes and comes back from its
 * record, a network that is slow and breaks, the embedded Mesos with agents that get lost, and a second
 * framework that takes what it is offered. What holds all the while, and what must come true once the faults
 * are over, is in sim_check.c and sim_truth.c, each invariant with its name. The same seed gives the same
 * run.
 *
 * A run has three parts: pods come and go while faults happen; then the faults end, and every pod must come
 * to where it belongs; then all pods are deleted, and nothing may be left of them. */

#include <k8smesos/driver.h>
#include <stdbool.h>
#include "base/buf.h"
#include "base/map.h"
#include "local/objects.h"
#include "wire/mesos.h"
#include "wire/recordio.h"

/* What can go wrong. Each kind can be left out, to find out which ones a failure needs. */
enum sim_fault {
  SIM_CUT = 0,   /* a connection breaks, at any byte */
  SIM_STALL,     /* nothing comes through for a while */
  SIM_SLOW,      /* packets take up to seconds */
  SIM_CRASH,     /* our process dies between two effects */
  SIM_REFUSE,    /* records can't be kept for a while */
  SIM_FAIL_OVER, /* a new master, with an empty registry or a recovered one */
  SIM_AGENT,     /* an agent is cut off, and comes back */
  SIM_RESTART,   /* an agent's process starts again, with what it ran or without */
  SIM_GONE,      /* an operator gives an agent up for good */
  SIM_DRAIN,     /* an operator drains an agent */
  SIM_EXECUTOR,  /* an executor dies */
  SIM_RESCIND,   /* offers are taken back */
  SIM_RIVAL,     /* another framework takes offers */
  SIM_LOSE,      /* messages between master and agent get lost */
  SIM_WALL,      /* the wall clock jumps */
  SIM_REFUSAL,   /* the master refuses operations on resources */
  SIM_FORGET,    /* our process dies, and its record is lost but for the framework's id */
  SIM_FAULTS
};

enum {
  SIM_PODS = 6,
  SIM_AGENTS = 4,
  SIM_CLAIMS = 2,
  SIM_CONTAINERS = 6, /* of a pod */
  SIM_TEXT = 96,      /* ids */
  SIM_WORDS = 512,
  SIM_PLANNED = 24, /* faults of a run */
  SIM_ROWS = SIM_PODS + SIM_CLAIMS + 1
};

/* One of each, so that leaving faults out changes as little as can be of the rest. */
enum sim_chance {
  SIM_CHANCE_PODS,
  SIM_CHANCE_NET,
  SIM_CHANCE_FAULTS,
  SIM_CHANCE_HOST,
  SIM_CHANCE_RIVAL,
  SIM_CHANCE_FORMS,
  SIM_CHANCES
};

struct sim;

/* ---- sim_random.c ---- */
struct sim_random {
  uint64_t state;
};
uint64_t sim_random_next(struct sim_random *r);
uint64_t sim_draw(struct sim *s, enum sim_chance which, uint64_t n); /* 0 to n - 1 */
uint64_t sim_between(struct sim *s, enum sim_chance which, uint64_t from, uint64_t to);
bool sim_percent(struct sim *s, enum sim_chance which, unsigned percent);

/* ---- sim_pods.c: what is to run ---- */
enum sim_kind { SIM_INIT, SIM_SIDECAR, SIM_MAIN };
struct sim_container {
  char name[8];
  enum sim_kind kind;
  bool startup; /* it has a startup probe, and no readiness probe in its way */
  bool endless; /* it does not end by itself, and nothing but us kills it */
  bool fails;   /* sooner or later, by itself or by its liveness probe; or its startup probe never succeeds */
  int64_t cpus_milli;
};
enum sim_policy { SIM_ALWAYS, SIM_ON_FAILURE, SIM_NEVER };
struct sim_pod {
  char name[8], uid[SIM_TEXT], key[SIM_TEXT];
  struct sim_container containers[SIM_CONTAINERS];
  size_t container_count, init_count;
  enum sim_policy policy;
  int64_t deadline_s; /* 0: none */
  bool too_big;       /* no agent has what it asks */
  int64_t cpus_milli; /* that is enough for it, whatever runs when */
  int64_t mem_milli;  /* the same */
  int priority;
  size_t nominations; /* how often others were to end for it */
  const char *form;   /* as its annotation has it; NULL: none */
  bool alone;         /* it may be a command task: then a start is an attempt, and no executor is left */
  size_t claim;       /* of a volume that outlives it; SIM_CLAIMS: none */
  bool own_volume;    /* one that goes with it */
  struct k8sm_pod *pod;
  /* What its owner wants. */
  uint64_t create_ms, delete_ms, hurry_ms, retry_ms; /* UINT64_MAX: never */
  int64_t grace, hurry_grace;
  bool created, deleted, hurried, gone;
  bool may_end; /* for another, which the process did not come to say before it died */
  bool let_go;  /* its end was told, and the record is lost: its owner does not give it again */
  /* What was said of it. */
  char phase[12];           /* of the last STATUS effect */
  uint64_t told;            /* a sum of all that it showed; 0: this process told none */
  uint32_t ran, done;       /* containers that this process told to run, and to have ended for good, by bit */
  struct k8sm_status *seen; /* that shows it, the last one: a reference */
};
void sim_pods_make(struct sim *s);
void sim_pods_free(struct sim *s);
struct sim_pod *sim_pod_of_uid(struct sim *s, struct k8sm_slice uid);
/* From the number of a container in the list: the stage that it belongs to. */
size_t sim_container_find(const struct sim_pod *pod, struct k8sm_slice name);

/* ---- sim_net.c: two connections to the master ---- */
struct sim_packet {
  struct sim_packet *next;
  uint64_t due;
  uint64_t exchange; /* the driver's number */
  uint32_t type;     /* K8SM_INPUT_*; requests: 0 */
  uint32_t status;
  bool streaming;
  char stream_id[64];
  char location[64];
  char content_type[40];
  size_t len;
  char bytes[];
};
struct sim_pipe { /* in order */
  struct sim_packet *first, *last;
};
enum { SIM_OPEN_MAX = 512 };
struct sim_net {
  struct sim_pipe up_stream, up_calls, down_stream, down_calls;
  uint64_t stream;             /* the exchange of the subscription as the process knows it; 0: none */
  uint64_t open[SIM_OPEN_MAX]; /* calls without an answer, oldest first */
  size_t open_count;
  bool cut_next; /* the stream breaks in the next bytes that it carries */
  uint64_t stalled_until;
  uint64_t slow_until;
  struct {
    uint64_t due, exchange;
  } gone[8]; /* streams whose end the master has not noticed */
  size_t gone_count;
  uint64_t incarnation; /* of the process: its exchanges are told from those of its forerunners */
};
void sim_net_request(struct sim *s, const struct k8sm_effect *e);
void sim_net_cancel(struct sim *s, uint64_t exchange);
/* What the master has to say. */
void sim_net_listen(struct sim *s);
uint64_t sim_net_deadline(const struct sim *s);
/* Delivers what is due. */
void sim_net_turn(struct sim *s);
void sim_net_cut_stream(struct sim *s);
void sim_net_cut_calls(struct sim *s);
/* The process has died. */
void sim_net_abandon(struct sim *s);
void sim_net_free(struct sim *s);
/* It is fast again, also for what is on the way. */
void sim_net_calm(struct sim *s);

/* ---- sim_process.c: the driver's host, and its record ---- */
struct sim_row {
  char key[SIM_TEXT];
  struct k8smi_buf bytes; /* empty: none */
};
struct sim_pending { /* a record that is being written */
  struct sim_pending *next;
  uint64_t due, number;
  bool refused, append;
  char key[SIM_TEXT];
  size_t len;
  char bytes[];
};
struct sim_process {
  struct k8sm_driver *driver; /* NULL: dead */
  struct k8sm_effects *effects;
  uint64_t mono_base;  /* its clock: now - base */
  int64_t wall_offset; /* and how far its wall clock is off */
  uint64_t start_ms;   /* when it is started again */
  uint64_t crash_in;   /* effects, and then it dies; 0: not */
  uint64_t refuse_until;
  struct sim_row rows[SIM_ROWS];
  size_t row_count;
  struct sim_pending *pending, *pending_last;
  uint64_t last_tick_ms;
  size_t ticks; /* at this instant */
  size_t crashes;
  bool forgets;         /* with its next death the record is lost */
  bool forgot;          /* it was, once */
  bool adopts;          /* and the present driver was told so */
  bool said;            /* what it says of that */
  uint64_t adopt_until; /* drivers that begin before are told so, too */
};
void sim_process_open(struct sim *s);
void sim_process_free(struct sim *s);
int sim_process_step(struct sim *s, struct k8sm_input input);
void sim_process_crash(struct sim *s);
uint64_t sim_process_deadline(const struct sim *s);
void sim_process_turn(struct sim *s);
const struct sim_row *sim_process_row(const struct sim *s, const char *key);

/* ---- sim_faults.c ---- */
struct sim_planned {
  uint64_t due;
  enum sim_fault kind;
};
struct sim_agent_state {
  uint64_t back_ms; /* when it is restored; UINT64_MAX: it is there */
  bool gone;
};
/* What happens when an ACCEPT that launches is on its way. */
enum sim_trap {
  SIM_NO_TRAP,
  SIM_SNATCH, /* offers are taken back */
  SIM_MISS,   /* its agent is cut off, and nobody has noticed */
  SIM_UNMADE, /* the same, if it is to make a volume; and soon the process does not know what became of it */
  SIM_TEAR    /* its agent's process dies, and is at the launch or not yet */
};
struct sim_faults {
  struct sim_planned planned[SIM_PLANNED];
  size_t count;
  struct sim_agent_state agents[SIM_AGENTS + 2];
  bool ambush;        /* the next executor dies whose pod is being recorded */
  bool struck;        /* it has: the master is listened to at the end of the turn */
  uint32_t cut_after; /* so many calls, and then their connection breaks; 0: not */
  bool cut_wishes;    /* it breaks with the next SUPPRESS, REVIVE or ACCEPT */
  enum sim_trap trap; /* for the next ACCEPT that launches */
  size_t torn_agent;
  uint64_t tear_ms; /* when its process starts again; UINT64_MAX: not */
};
void sim_faults_plan(struct sim *s);
uint64_t sim_faults_deadline(const struct sim *s);
void sim_faults_turn(struct sim *s);
/* A record was begun; true: it takes long. A call was sent. Both are moments for faults. */
bool sim_faults_record(struct sim *s, const struct k8sm_effect *e);
void sim_faults_call(struct sim *s);
/* Nothing goes wrong any more, and all that was lost for a while is back. */
void sim_faults_end(struct sim *s);
const char *sim_fault_name(enum sim_fault kind);
/* It was not cut off, nor is it gone. */
bool sim_faults_is_there(const struct sim *s, size_t agent);
/* One that is cut off comes back. */
void sim_faults_back_later(struct sim *s, size_t agent);
void sim_faults_restart_process(struct sim *s, size_t agent);
void sim_faults_refuse(struct sim *s);

/* ---- sim_traps.c: faults that lie in wait ---- */
/* Sets it, of a hundred times so often. */
bool sim_traps_set(struct sim *s, enum sim_trap trap, unsigned percent);
/* A call was sent: if it launches, what it launches on is taken away from under it. */
void sim_traps_spring(struct sim *s);
/* It is time for what was set off. */
void sim_traps_turn(struct sim *s);
/* The agent is cut off, and owners of pods there don't wait for it: they force deletions. */
void sim_traps_patience(struct sim *s, size_t agent);
/* The agent is about to be back. What it brings of pods that are gone is to be killed, and their last rows
 * are to be written: that goes wrong. */
void sim_traps_back(struct sim *s, size_t agent);

/* ---- sim_rival.c ---- */
struct sim_rival {
  bool on;
  bool kin;          /* it has our role */
  uint64_t exchange; /* of its stream; 0: none */
  char framework_id[64], stream_id[64];
  struct k8smi_recordio recordio;
  uint64_t last_task;
  uint64_t retry_ms;
};
void sim_rival_open(struct sim *s);
void sim_rival_turn(struct sim *s);
uint64_t sim_rival_deadline(const struct sim *s);
void sim_rival_output(struct sim *s, const struct k8smi_local_output *out);
void sim_rival_leave(struct sim *s);
void sim_rival_free(struct sim *s);

/* ---- sim_truth.c: what really runs ---- */
struct sim_instance { /* of a pod's executor */
  char id[SIM_TEXT];
  char container_id[LOCAL_UUID_SIZE];
  size_t pod, agent;
  bool alone; /* of a command task */
  bool live;
};
struct sim_task {
  char id[SIM_TEXT * 2];
  size_t pod, container; /* SIM_CONTAINERS: the pause task */
  size_t instance;       /* SIZE_MAX: the agent took it not so far */
  bool live, started, ended_well;
  uint64_t killed_ms; /* when it was sent a KILL last; 0: never */
  int exit_code;      /* when it ended by itself or was killed; -1: not known */
  uint64_t seen;      /* by which look it was there last */
};
enum { SIM_FOUND = 256 };
struct sim_truth {
  struct sim_instance *instances;
  size_t instance_count, instance_cap;
  struct sim_task **tasks;
  size_t task_count, task_cap;
  struct k8smi_map by_id;
  struct { /* found before: by where it is, and by its id */
    const struct local_task *at;
    struct sim_task *task;
  } found[SIM_FOUND];
  uint64_t looks;
  bool away[SIM_AGENTS + 2]; /* the agent has been unknown to the master */
};
void sim_truth_open(struct sim *s);
void sim_truth_free(struct sim *s);
/* Looks at the embedded Mesos after it has done something. */
void sim_truth_look(struct sim *s);
/* Live tasks of a pod, wherever they are. */
size_t sim_truth_live(const struct sim *s, size_t pod);
/* Live ones of other attempts than this, from a number on; *ret_next is where to go on. */
const struct sim_task *sim_truth_other(const struct sim *s, size_t pod, uint32_t attempt, size_t from,
                                       size_t *ret_next);
const struct sim_task *sim_truth_task(const struct sim *s, struct k8sm_slice id);
/* It has no pause task, nor what lasts as long as that. */
bool sim_truth_alone(const struct sim *s, const struct sim_task *task);
/* The task of a container that came last; NULL: none. */
const struct sim_task *sim_truth_last(const struct sim *s, size_t pod, size_t container);

/* ---- sim_holds.c: reservations and volumes ---- */
struct sim_holds {
  size_t volume_agent[SIM_CLAIMS]; /* SIZE_MAX: it was never made, or its agent is gone for good */
  bool volume_lost[SIM_CLAIMS];    /* its agent is: whoever does not know waits for it */
};
void sim_holds_open(struct sim *s);
/* Looks at what the agents have. */
void sim_holds_look(struct sim *s);
/* An ACCEPT, about to be sent. */
void sim_holds_accept(struct sim *s, const K8smMesos__Call__Accept *accept);
/* An executor of the pod has started. */
void sim_holds_instance(struct sim *s, const struct sim_pod *pod, const struct local_executor *executor);
/* What of a scalar the pod could have on the agent: free, or in an offer, and of nobody else's. */
int64_t sim_holds_free(const struct local_agent *agent, const char *name, const struct sim_pod *pod);
/* Empty: all that is reserved belongs to a pod that is there, or to a claim; else what does not, in words. */
void sim_holds_left(const struct sim *s, char *words, size_t cap);

/* ---- sim_shown.c: what users are shown ---- */
/* A STATUS effect. */
void sim_shown_told(struct sim *s, const struct k8sm_effect *e);
/* The task is to be started now. */
bool sim_shown_due(const struct k8sm_status *status, uint32_t task, uint64_t mono_ms);
/* The driver says what a pod that has its place lacks to start a container: that container says it, too. */
void sim_shown_waits(struct sim *s, const struct sim_pod *p, struct k8sm_slice words);
/* After a step: what the pods show is what was told. */
void sim_shown_check(struct sim *s);
/* After a start: what runs is taken for what it was begun as. */
void sim_shown_forms(struct sim *s);
/* Another process has told nothing yet. */
void sim_shown_forget(struct sim *s);

/* ---- sim_check.c: the protocol, and the end ---- */
struct sim_heard { /* an update that reached the process */
  char task[SIM_TEXT * 2];
  unsigned char uuid[LOCAL_UUID_BYTES];
  bool has_uuid, terminal, lives;
  uint64_t stream; /* that told it */
};
struct sim_held { /* an offer */
  char id[SIM_TEXT];
  uint64_t since;
};
/* ---- sim_operations.c: what is told of operations on volumes ---- */
struct sim_operation { /* a status that reached the process, and wants an acknowledgement */
  char id[SIM_TEXT * 2];
  unsigned char uuid[LOCAL_UUID_BYTES];
  size_t times; /* that it came since all is calm, or was acknowledged */
  bool acknowledged;
};
struct sim_operations {
  struct sim_operation *heard; /* by the present process */
  size_t count, cap;
};
void sim_operations_free(struct sim *s);
void sim_operations_crashed(struct sim *s);
void sim_operations_heard(struct sim *s, const K8smMesos__OperationStatus *status);
void sim_operations_acknowledge(struct sim *s, const K8smMesos__Call__AcknowledgeOperationStatus *a);

enum { SIM_HELD = 64, SIM_KILLS = 128 };
struct sim_check {
  struct k8smi_recordio recordio; /* the stream as the process sees it */
  struct sim_heard *heard;        /* by the present process */
  size_t heard_count, heard_cap;
  struct sim_held held[SIM_HELD];
  size_t held_count;
  char forgotten[SIM_TEXT]; /* an offer that the master has out, and that the process does not know */
  uint64_t forgotten_ms;
  char **used; /* ids of tasks and operations that ACCEPTs have named, ever */
  size_t used_count, used_cap;
  struct k8smi_map used_ids;
  size_t acks, accepts, kills;
  bool wish;                   /* the last call was SUPPRESS, REVIVE or ACCEPT */
  size_t launched_on;          /* the agent that it launches on; SIM_AGENTS: it launches nothing */
  bool creates;                /* and makes volumes */
  uint64_t kill_ms[SIM_KILLS]; /* when the last ones went out, a ring */
};
void sim_check_open(struct sim *s);
void sim_check_free(struct sim *s);
void sim_check_stream_began(struct sim *s); /* or ended: offers are void */
void sim_check_crashed(struct sim *s);
/* A row that is kept names the task, or this process has heard of it. */
bool sim_check_knows(const struct sim *s, const struct sim_pod *pod, const char *task);
/* Bytes of the stream, about to be given to the driver. */
void sim_check_chunk(struct sim *s, struct k8sm_slice bytes);
/* A request, about to be sent. */
void sim_check_request(struct sim *s, const struct k8sm_effect *e);
/* The pod is said to be gone. */
void sim_check_gone(struct sim *s, const struct sim_pod *pod);
void sim_check_offers(struct sim *s);
/* The master's view of the same, once all is calm. */
void sim_check_forgotten(struct sim *s);
/* Empty: every pod is where it belongs; else the first that is not, in words. */
void sim_check_settled(struct sim *s, char *words, size_t cap);
void sim_check_empty(struct sim *s, char *words, size_t cap);

/* ---- sim_seen.c: what runs have gone through ---- */
enum sim_seen {
  SIM_SEEN_LOST_KILL,
  SIM_SEEN_LOST_ACK,
  SIM_SEEN_LOST_UPDATE,
  SIM_SEEN_LOST_OPERATION_ACK,
  SIM_SEEN_LOST_OPERATION_UPDATE,
  SIM_SEEN_OFFER_GONE,
  SIM_SEEN_RIVAL_TOOK,
  SIM_SEEN_TORN_LAUNCH,
  SIM_SEEN_EXECUTOR_DIED,
  SIM_SEEN_UNREACHABLE,
  SIM_SEEN_REREGISTERED,
  SIM_SEEN_GONE,
  SIM_SEEN_GONE_BY_OPERATOR,
  SIM_SEEN_UNKNOWN,
  SIM_SEEN_DRAINED,
  SIM_SEEN_STICKY_HEALTH,
  SIM_SEEN_LAGGING_COPY,
  SIM_SEEN_LEFT_BEHIND,
  SIM_SEEN_CUT_IN_EVENT,
  SIM_SEEN_CRASH,
  SIM_SEEN_CUT_ROW,
  SIM_SEEN_REFUSED,
  SIM_SEEN_FORGOTTEN,
  SIM_SEEN_WALL_BACK,
  SIM_SEEN_OPERATION_REFUSED,
  SIM_SEEN_OPERATION_DROPPED,
  SIM_SEEN_OPERATION_PENDING,
  SIM_SEENS
};
/* What reached the process. */
void sim_seen_update(struct sim *s, const K8smMesos__TaskStatus *u);
void sim_seen_operation(struct sim *s, const K8smMesos__OperationStatus *status);
/* Counts the run: in how many there was each. */
void sim_seen_add(const struct sim *s, uint64_t *seeds);
void sim_seen_print(const uint64_t *seeds);
/* False: of so many seeds there was something in too few, and it says what. */
bool sim_seen_enough(const uint64_t *seeds, uint64_t count);

/* Pods that are command tasks: none, those whose annotation says so, or all that can be, as the options of
 * each driver say or not. */
enum sim_commands { SIM_NO_COMMANDS, SIM_SOME_COMMANDS, SIM_OPTIONAL_COMMANDS };

/* ---- sim.c ---- */
struct sim {
  uint64_t seed;
  uint32_t faults_on; /* 1 << enum sim_fault */
  struct sim_random chance[SIM_CHANCES];
  uint64_t now;
  uint32_t format;
  struct k8smi_local *local;
  size_t agent_count;
  struct sim_pod pods[SIM_PODS];
  size_t pod_count;
  struct sim_process process;
  struct sim_net net;
  struct sim_faults faults;
  struct sim_rival rival;
  struct sim_truth truth;
  struct sim_check check;
  struct sim_operations operations;
  struct sim_holds holds;
  bool reserves; /* the framework has a role of its own, and a principal */
  bool preempts; /* pods end for others of a higher priority */
  enum sim_commands commands;
  bool replaces; /* pods whose agent has been unreachable for long begin anew elsewhere */
  bool calm;     /* the faults are over */
  uint64_t calm_ms;
  uint64_t inputs;
  uint32_t seen[SIM_SEENS]; /* how often */
  bool tracing;
  struct k8smi_buf trace;
  const char *invariant; /* that was broken; NULL: none */
  char words[SIM_WORDS];
};
enum { SIM_EPOCH_S = 1767225600 };

/* Runs a seed. False: an invariant was broken; it is in s->invariant and s->words. Then sim_free. */
bool sim_run(struct sim *s, uint64_t seed, uint32_t faults_on, bool tracing);
void sim_free(struct sim *s);
void sim_broken(struct sim *s, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sim_trace(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
int64_t sim_wall(const struct sim *s); /* the true one */

#endif
