/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_LOCAL_COMMAND_H
#define K8SMI_LOCAL_COMMAND_H

#include "wire/mesos.h"

/* Simulated processes: a command line is read as a script of the few commands that have a meaning here
 * (sleep, exit, true, false, test -f, touch, rm, trap, echo and their like, in lists with ';', '&&' and
 * '||'); at the first one that has none, the process runs until it is killed. */

struct local_step {
  int kind;       /* COMMAND_* in command.c */
  int joint;      /* how it hangs on the one before: ';', '&' (and), '|' (or) */
  int64_t number; /* milliseconds to sleep; a status */
  struct k8sm_slice file;
  bool negated;
};

struct local_script {
  const struct local_step *steps;
  size_t count;
  bool check;                         /* a check's command: what has no meaning here succeeds */
  const struct local_script *on_term; /* what `trap` says; NULL: TERM ends it at once */
};

struct local_fate {
  bool ends;
  uint64_t after_ms; /* since it was started */
  int status;
};

/* NULL: the image's own command, which runs until it is killed. False when memory ran out. */
bool k8smi_local_script_read(struct k8smi_arena *arena, const K8smMesos__CommandInfo *command, bool check,
                             struct local_script *ret);
struct local_fate k8smi_local_script_fate(const struct local_script *script);
/* The exit status of a check's command, run beside a process that was started `elapsed_ms` ago and whose
 * files it sees. */
int k8smi_local_script_check(const struct local_script *check, const struct local_script *process,
                             uint64_t elapsed_ms);

#endif
