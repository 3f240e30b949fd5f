/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHMARKS_BENCH_DRIVER_H
#define BENCHMARKS_BENCH_DRIVER_H

/* A driver with many pods, its host, and its master: the host keeps records at once, the master takes every
 * call. */

#include <k8smesos/driver.h>

#include "support/failing.h"
#include "wire/mesos.h"

struct bench_answer { /* that the driver waits for */
  uint64_t id;
  bool record;
};

struct bench_task {
  char id[160];
  uint32_t agent;
};

struct bench {
  struct failing memory;
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  uint64_t now, stream;
  struct bench_answer *answers;
  size_t answer_count, answer_cap;
  struct bench_task *tasks;
  size_t task_count, task_cap;
  size_t pods, agents;
  const char *role;  /* of the framework, which has a principal, and of offers; NULL: "*", and no principal */
  bool claims;       /* each pod has one, "default/data-NUMBER"; only with a role */
  uint64_t adopt_ms; /* of the driver's options */
  bool quiet;        /* nothing is printed */
  size_t peak;       /* bytes held after a step, at most */
  double clock_s;    /* what it takes to read the clock */
  double step_s;     /* of the last step */
  bool in_a_row; /* steps are timed by who has them done, many at once: each reading of the clock is a call
                    of the kernel, which leaves the processor colder than a host would */
  double worst_s, sum_s;
  size_t steps;
};

/* Ends the program with a line. */
void bench_fail(const char *what);
/* Seconds of the processor's time. */
double bench_now(void);
/* From now on steps are timed. */
void bench_begin(struct bench *b);
void bench_say(const struct bench *b, const char *name, double value, const char *unit);
void bench_step(struct bench *b, struct k8sm_input in);
/* The records that wait, and all that does, with what comes of that. */
void bench_answer_records(struct bench *b);
void bench_answer_all(struct bench *b);

/* From Mesos' JSON, which is readable here, to a RecordIO record of protobuf. */
void bench_event(struct k8smi_buf *to, const char *json, size_t len);
void bench_chunk(struct bench *b, const struct k8smi_buf *bytes);
void bench_subscribe(struct bench *b);
/* An update; without a uuid it is a reconciliation's copy. */
void bench_update(struct k8smi_buf *to, const struct bench_task *t, const char *state, unsigned uuid,
                  const char *more);

/* `kind`: equal for replicas of one template. */
struct k8sm_pod *bench_pod(const struct bench *b, size_t i, size_t kind);
void bench_new_driver(struct bench *b);
/* All zeros, or with what it says of the driver. Subscribes. */
void bench_open(struct bench *b, size_t pods, size_t agents);
void bench_close(struct bench *b);
/* All pods, from one event with the offers of all agents. */
void bench_launch(struct bench *b, bool different);

/* ---- bench_driver.c ---- */

/* Each task gets this update. Prints what a step took that took one in; with the one that hears that the row
 * is kept, and sends the acknowledgement; and with those that hear the answer to that; each with the host's
 * look at what is to be done: the average of the best hundred in a row, since others use the machine, too.
 * And how often the first one asked for memory. */
void bench_updates(struct bench *b, const char *name, const char *state, unsigned uuid, const char *more);
/* Time goes on, and nothing happens but heartbeats: until all pods are at rest. */
void bench_rest(struct bench *b);

/* ---- bench_driver_walks.c ---- */

/* What concerns one pod out of many, or all of them at once. Returns an exit code. */
int bench_walks(size_t pods);

#endif
