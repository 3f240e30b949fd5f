/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

/* A driver and the embedded Mesos, connected, in virtual time. The host between them keeps all records. What
 * people are told is kept as a trace: one line for each EVENT. */

#include <k8smesos/driver.h>
#include <stdbool.h>
#include "base/buf.h"
#include "local/local.h"
#include "support/failing.h"

enum { WORLD_ROWS = 512, WORLD_INPUTS = 4096 };

struct world_row {
  char key[128];
  struct k8smi_buf bytes;
};

struct world_input {
  struct k8sm_input input;
  struct k8smi_buf bytes; /* input.bytes, while it waits */
  char content_type[64], stream_id[64], location[128];
};

struct world {
  struct k8sm_driver *driver;
  struct k8sm_effects *effects;
  struct failing memory; /* of the driver */
  bool refuse;           /* records can't be kept */
  bool failing;          /* allocations may fail: results of steps are not asserted */
  struct k8smi_local *local;
  uint64_t now;
  struct k8smi_buf trace;
  struct world_row rows[WORLD_ROWS];
  size_t row_count;
  struct world_input *inputs; /* that wait for the driver, a ring */
  size_t input_first, input_count;
  size_t requests, bad_answers; /* calls sent; those that were not answered 200 or 202 */
};

struct k8sm_driver_options world_options(void);
void world_open(struct world *w, const struct k8sm_driver_options *options, size_t agents);
void world_close(struct world *w);
/* The record is lost, but for the framework's id. */
void world_forget(struct world *w);
/* A new driver from the records. */
void world_restart(struct world *w, const struct k8sm_driver_options *options);

int world_step(struct world *w, struct k8sm_input input);
/* Time goes on by so many milliseconds. */
void world_wait(struct world *w, uint64_t ms);
/* Until the pod is shown so ("Running", "CrashLoopBackOff"; NULL: gone), at most a limit: false if it never
 * is. */
bool world_await(struct world *w, const char *key, const char *shown, uint64_t limit_ms);
bool world_pod(struct world *w, const char *yaml);
int world_delete(struct world *w, const char *key, int64_t grace_seconds);
/* How the pod is shown now: "" if there is none. */
const char *world_shown(struct world *w, const char *key);
struct k8sm_status_summary world_summary(struct world *w, const char *key);
bool world_said(const struct world *w, const char *part);

#endif
