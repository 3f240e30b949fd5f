/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KM_TRACE_H
#define KM_TRACE_H

/* The options and inputs of a driver, and of the control that tells it which pods to run, in a file: what
 * --record writes and `km replay` reads. A line of JSON for each; bytes are in hexadecimal. Neither has a
 * clock or randomness of its own, so the same inputs give the same effects, byte for byte; each line keeps a
 * sum over them to prove it. */

#include "km.h"

/* What makes a driver of `km run`, and its control. */
struct km_driver_setup {
  const char *master, *name, *user, *protocol;
  const struct km_demand_flags *mapping;
  bool preemption, no_feedback;
  uint64_t seed, control_seed, adopt_ms;
  uint64_t launch_timeout_ms; /* as the driver's option */
  const struct k8sm_manifest_data *data;
  size_t data_count;
};
int km_driver_make(const struct km_driver_setup *setup, struct k8sm_driver **ret, struct k8sm_diags *diags);
int km_workloads_make(const struct km_driver_setup *setup, struct k8sm_control **ret,
                      struct k8sm_diags *diags);

struct km_trace; /* NULL: nothing is recorded */
/* NULL, with a line, when the file can't be made. */
struct km_trace *km_trace_create(const char *file, const struct km_driver_setup *setup);
/* Appends an input, what the driver said, and the sum over its effects. */
void km_trace_write(struct km_trace *trace, const struct k8sm_input *input, int result,
                    const struct k8sm_effects *effects);
void km_trace_write_control(struct km_trace *trace, const struct k8sm_control_input *input, int result,
                            const struct k8sm_effects *effects);
void km_trace_close(struct km_trace *trace);

/* FNV-1a over every field of every effect. */
uint64_t km_trace_sum(const struct k8sm_effects *effects);

/* ---- trace_read.c ---- */
struct km_trace_reader;
/* NULL, with a line, if the file is none. */
struct km_trace_reader *km_trace_open(const char *file, struct km_driver_setup *setup);
/* An input, and what it led to when it was recorded. */
struct km_traced {
  bool of_control; /* says which of the two it is */
  struct k8sm_input driver;
  struct k8sm_control_input control;
  int result;
  uint64_t sum;
};
/* The next one. Valid until the next call. 1: read; 0: the end; -1: a line that can't be read, with a line on
 * standard error. */
int km_trace_next(struct km_trace_reader *reader, struct km_traced *ret);
void km_trace_reader_close(struct km_trace_reader *reader);

#endif
