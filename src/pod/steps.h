/* SPDX-License-Identifier: Apache-2.0 */
#ifndef K8SMI_POD_STEPS_H
#define K8SMI_POD_STEPS_H

#include "base/arena.h"
#include "base/slice.h"

/* Paths, one step at a time: as findings write them, "spec.containers[0].image" or "metadata.labels[app]"
 * (a key may stand in quotes, ['a.b/c']), or as JSON pointers, "/spec/containers/0/image" (RFC 6901). What a
 * step leads to shows where it is used: the text in brackets may be an index, a key or a choice. */
struct k8smi_step {
  struct k8sm_slice name; /* of a pointer: with its ~0 and ~1 */
  size_t index;
  bool is_index;   /* a number, and may be one */
  bool in_bracket; /* never the field of an object */
  bool quoted;     /* a key, whatever it looks like */
  bool escaped;    /* of a pointer */
};

struct k8smi_steps {
  const char *rest;
  bool pointer;
  bool first;
};

void k8smi_steps_init(struct k8smi_steps *steps, const char *path);
/* 1: a step; 0: the end; -1: this is no path. */
int k8smi_steps_next(struct k8smi_steps *steps, struct k8smi_step *ret);

/* Whether the step names this field or key. */
bool k8smi_step_is(const struct k8smi_step *step, struct k8sm_slice key);
/* The field or key that it names: without escapes, in the arena if there were any. ptr NULL: no memory. */
struct k8sm_slice k8smi_step_plain(struct k8smi_arena *arena, const struct k8smi_step *step);
/* "name=web" in brackets: the two sides, the right one without quotes. False: another kind of step. */
bool k8smi_step_choice(const struct k8smi_step *step, struct k8sm_slice *field, struct k8sm_slice *value);

#endif
