/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIM_SCRIPT_H
#define TESTS_SIM_SCRIPT_H

/* A driver in virtual time, with a host that keeps records and a master that says what the test writes.
 * Everything that the driver does is written down as lines of a trace:
 *
 *   > SUBSCRIBE 10.0.0.1:5050 /api/v1/scheduler
 *   > ACCEPT O1
 *   record framework
 *   event: Subscribed: at 10.0.0.1:5050 as framework F1
 *   status default/nginx Pending
 *
 * and compared with what the test expects. The driver speaks JSON here. */

#include <k8smesos/driver.h>
#include <stdbool.h>
#include <stdio.h>
#include "support/failing.h"

enum { SCRIPT_CALLS = 256, SCRIPT_ROWS = 64, SCRIPT_TASKS = 64 };

struct script_call { /* a request of the driver that is not answered */
  uint64_t exchange;
  bool streaming;
  char type[40];
};

struct script_row { /* what the host has recorded */
  char key[128];
  char *bytes; /* with a NUL behind */
  size_t len;
};

struct script {
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  struct failing memory; /* of driver and effects */
  uint64_t now;
  char *trace;
  size_t trace_len, trace_cap;
  uint64_t stream; /* the exchange of the subscription; 0: none */
  struct script_call calls[SCRIPT_CALLS];
  size_t call_count;
  struct script_row rows[SCRIPT_ROWS];
  size_t row_count;
  char tasks[SCRIPT_TASKS][256]; /* ids that ACCEPTs have launched, in order */
  size_t task_count;
  char accept[16384];   /* the last ACCEPT, cut */
  uint64_t open_record; /* the last RECORD that waits for an answer */
  bool hold_records;    /* records are not answered by themselves */
  bool hold_calls;      /* calls are not answered 202 by themselves */
  bool heartbeats;      /* come every 15 s while script_wait waits */
  bool quiet_status;    /* no lines for STATUS effects */
  bool reasons;         /* lines tell why calls are made, and which events are warnings */
  bool roles;           /* lines tell of roles, refused seconds and offer constraints, too */
  int result;           /* of the last step */
  char findings[1024];  /* of it */
};

struct k8sm_driver_options script_options(void);
void script_open(struct script *s, const struct k8sm_driver_options *options);
void script_close(struct script *s);
/* A new driver with the rows that were recorded: as after a crash of the host. */
void script_restart(struct script *s, const struct k8sm_driver_options *options);

/* One input, with the time filled in; answers to what it brings follow by themselves. */
int script_step(struct script *s, struct k8sm_input input);
void script_tick(struct script *s);
/* Lets time go on to `ms` from now, with a TICK at every deadline on the way. */
void script_wait(struct script *s, uint64_t ms);

/* The master: a response's head to the subscription, bytes of its body, an event as a record of it. */
void script_head(struct script *s, uint32_t status, const char *content_type, const char *stream_id,
                 const char *location);
void script_bytes(struct script *s, const void *bytes, size_t len);
void script_event(struct script *s, const char *json);
void script_end(struct script *s);
void script_lost(struct script *s, const char *words);
/* Head and SUBSCRIBED, with 15 s between heartbeats. */
void script_subscribe(struct script *s, const char *framework_id);
/* An OFFERS event: one offer of that agent, 4 cpus, 4096 mem, 10000 disk, ports 31000-32000, role *. */
void script_offer(struct script *s, const char *offer, const char *agent);
/* An UPDATE event. `more` is JSON members with a comma before them, or "". uuid: NULL for none; else 16
 * letters. */
void script_update(struct script *s, const char *task, const char *agent, const char *state, const char *uuid,
                   const char *more);
/* The answer to the oldest call of that type. */
void script_answer(struct script *s, const char *type, uint32_t status, const char *words);
void script_lose(struct script *s, const char *type);
/* The id of the latest task of that container ("": the pause task). */
const char *script_task(const struct script *s, const char *container);

/* Inputs of the host. */
int script_pod(struct script *s, const char *yaml);
int script_delete(struct script *s, const char *key, int64_t grace_seconds);
int script_record(struct script *s, uint32_t type, uint64_t number);

/* The trace since the last call equals these lines. Prints both if not. */
void script_expect(struct script *s, const char *lines);
/* It holds this line; what else it holds does not matter. Keeps the trace. */
bool script_has(const struct script *s, const char *part);
void script_forget(struct script *s);

#endif
