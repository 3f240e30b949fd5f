/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_STAGE_H
#define TESTS_SUPPORT_STAGE_H

/* A control in virtual time, with a record, and a driver that does with pods what the test says. */

#include <k8smesos/control.h>

#include <stdbool.h>

enum { STAGE_PODS = 256, STAGE_ROWS = 64, STAGE_EVENTS = 32 * 1024 };

struct stage_pod {
  char key[300]; /* empty: free */
  struct k8sm_pod *pod;
  char status[1500]; /* what was told last; empty: nothing */
  bool deleting, ready, ended;
  uint64_t born; /* a count */
};

struct stage {
  struct k8sm_control *control;
  struct k8sm_effects *effects;
  uint64_t mono, born;
  int64_t wall;
  struct stage_pod pods[STAGE_PODS];
  struct {
    char key[300];
    char *bytes;
    size_t len;
  } rows[STAGE_ROWS];
  uint64_t answers[512]; /* records that wait */
  bool refused[512];
  size_t answer_count;
  char events[STAGE_EVENTS]; /* "KEY: WORDS\n", "gone KEY\n", and "claim KEY\n" for one that is to be deleted
                              */
  bool idle;                 /* new pods stay pending */
  bool slow;                 /* pods that are to go stay until stage_gone */
  bool mute;                 /* records are not answered */
  bool refuse;               /* the next record is refused */
  const char *reject;        /* the driver takes no pods, for that reason */
  size_t most;               /* pods at once, that were not to go */
  int result;                /* of the last input */
};

void stage_begin(struct stage *s);
void stage_end(struct stage *s);
/* One input and all that follows from it at once. */
int stage_step(struct stage *s, struct k8sm_control_input in);
/* JSON or YAML. Returns the result. */
int stage_apply(struct stage *s, const char *manifest);
int stage_apply_flags(struct stage *s, const char *manifest, uint32_t flags);
/* As it is written: without defaults, and without the API server's rules. */
int stage_apply_bare(struct stage *s, const char *manifest);
int stage_delete(struct stage *s, const char *key, int64_t grace);
/* nodes NULL: nothing is stated of them. */
int stage_agents(struct stage *s, const char *const *names, const struct k8sm_node *nodes, size_t n);
/* Time goes on, with all deadlines in between. */
void stage_run(struct stage *s, int64_t ms);
/* The control dies, and another one starts from the record and the driver's pods. */
void stage_restart(struct stage *s);

/* Pods by the beginning of their keys: how many there are that are not to go. */
size_t stage_count(const struct stage *s, const char *prefix);
size_t stage_count_going(const struct stage *s, const char *prefix);
/* The oldest that begins so and is not to go. NULL: none. */
struct stage_pod *stage_pod(struct stage *s, const char *prefix);
/* What happens to it. */
void stage_ready(struct stage *s, struct stage_pod *p);
void stage_unready(struct stage *s, struct stage_pod *p);
void stage_exit(struct stage *s, struct stage_pod *p, int code);
/* Failed, with a condition beside. */
void stage_disrupt(struct stage *s, struct stage_pod *p, const char *condition);
void stage_gone(struct stage *s, struct stage_pod *p);
/* A PodStatus in JSON. */
void stage_status(struct stage *s, struct stage_pod *p, const char *json);
/* A value of the pod, as k8sm_pod_get writes it; stays until the next call. */
const char *stage_pod_get(const struct stage_pod *p, const char *path);

/* The object in JSON; stays until the next call. */
const char *stage_object(struct stage *s, const char *key);
/* A value of it, "": there is none. */
const char *stage_get(struct stage *s, const char *key, const char *path);
struct k8sm_control_row stage_row(struct stage *s, const char *key);
bool stage_said(const struct stage *s, const char *words);
void stage_quiet(struct stage *s); /* forgets the events */

#endif
